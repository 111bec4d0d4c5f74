"""A migrated database of each kind, and a vault whose keys nobody keeps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from escalations.store.vault import Vault

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def keys() -> Vault:
    """Give a vault with one wrapping key."""
    return Vault([bytes(range(32))])


@pytest.fixture
def now() -> datetime:
    """Give a Monday morning in winter."""
    return NOW
