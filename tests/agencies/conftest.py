"""A directory on a database of each kind, kept by somebody on a Monday morning."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from escalations.agencies import history, ladder, plan, showing, table
from escalations.agencies.keeping import Done, Keeper, Refused
from escalations.agencies.plan import Plan
from escalations.packs import reading
from escalations.store import directory
from escalations.store.directory_file import AgencyEntry, DirectoryFile, Holding
from escalations.store.engine import Database
from escalations.store.vault import Vault

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BY = "Mirela Stanhope"
POSITIONS = ladder.positions(reading.sample())


class Desk:
    """Where the directory is kept."""

    def __init__(self, database: Database, keys: Vault) -> None:
        self.database = database
        self.keys = keys
        self.now = MONDAY

    async def has(self, *agencies: AgencyEntry) -> None:
        async with self.database.write() as tx:
            await directory.load(tx, self.keys, DirectoryFile(sample=False, agencies=agencies))

    @asynccontextmanager
    async def keeper(self) -> AsyncIterator[Keeper]:
        async with self.database.write() as tx:
            yield Keeper(tx, self.keys, at=self.now, by=BY)

    async def appoint(self, agency_id: str, holding: Holding) -> Done | Refused:
        async with self.keeper() as keeper:
            return await keeper.appoint(agency_id, holding)

    async def holder(self, agency_id: str, position: str = "manager", on: datetime | None = None) -> str | None:
        async with self.database.read() as tx:
            found = await directory.holders(tx, self.keys, agency_id, position, on or self.now)
        return None if found is None else found.name

    async def changes(self, agency_id: str) -> list[history.Change]:
        async with self.database.read() as tx:
            return await history.read(tx, self.keys, agency_id)

    async def check(self, content: str | bytes) -> Plan:
        """Say what a table would change."""
        read = table.read(content.encode() if isinstance(content, str) else content)
        async with self.database.read() as tx:
            return await plan.make(tx, self.keys, read, now=self.now, positions=POSITIONS)

    async def load(self, content: str | bytes, *, new_types: frozenset[str] = frozenset()) -> Plan:
        """Load a table as a whole."""
        read = table.read(content.encode() if isinstance(content, str) else content)
        async with self.keeper() as keeper, self.database.read() as tx:
            made = await plan.make(tx, self.keys, read, now=self.now, positions=POSITIONS, new_types=new_types)
            assert not made.wrong, said(made)
            assert await plan.carry_out(keeper, made) is None
        return made

    async def listed(self) -> list[showing.Listed]:
        async with self.database.read() as tx:
            return await showing.listed(tx, self.keys, self.now)


def said(made: Plan) -> list[str]:
    return [str(wrong) for wrong in made.wrong]


def lines(made: Plan) -> list[tuple[int, str, str]]:
    return [(line.line, line.kind.value, f"{line.agency}: {line.sentence}") for line in made.lines]


def rows(*texts: str) -> str:
    return "\n".join(texts) + "\n"


def kinds(made: Iterable[plan.Line]) -> list[str]:
    return [line.kind.value for line in made]


@pytest.fixture
def desk(database: Database) -> Desk:
    """Give the desk of the partnership's team."""
    return Desk(database, Vault([bytes(range(32))]))
