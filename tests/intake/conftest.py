"""A migrated database of each kind, and a vault whose keys nobody keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from escalations.store.engine import Database
from escalations.store.vault import Vault

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Give an empty database at the newest revision, once of each kind."""
    async with Database.open(database_url) as opened:
        await opened.migrate()
        yield opened


@pytest.fixture
def keys() -> Vault:
    """Give a vault with one wrapping key."""
    return Vault([bytes(range(32))])


@pytest.fixture
def now() -> datetime:
    """Give a Monday morning in winter."""
    return NOW
