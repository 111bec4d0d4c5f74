"""A migrated database of each kind, and a vault whose keys nobody keeps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from escalations.store import tables
from escalations.store.engine import Database
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


class Intruder:
    """Somebody who owns the database, and changes what must not be changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def does(self, statement: str, **values: object) -> None:
        """Take the guards down, and do it."""
        async with self._database.write() as tx:
            for table in tables.APPEND_ONLY:
                if self._database.is_sqlite:
                    for guard in tables.SQLITE_GUARDS:
                        await tx.execute(text(f"DROP TRIGGER IF EXISTS {table.name}_{guard}"))
                else:
                    for guard in tables.POSTGRESQL_GUARDS:
                        await tx.execute(text(f"DROP TRIGGER IF EXISTS {table.name}_{guard} ON {table.name}"))
            await tx.execute(text(statement), values)


@pytest.fixture
def intruder(database: Database) -> Intruder:
    """Give somebody to check the checks with."""
    return Intruder(database)
