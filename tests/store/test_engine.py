"""The database keeps its promises on both kinds, also when many want it at once and when it is away."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import exc, insert, select, text, update

from escalations.store import engine, tables
from escalations.store.engine import Database

WRITERS = 60
COUNTERS = tables.COUNTERS


async def _read_then_write(database: Database, who: int) -> None:
    """Look, think, and write: with a deferred begin this is what fails."""
    async with database.write() as tx:
        counter = select(COUNTERS.c.last).where(COUNTERS.c.prefix == "PD").with_for_update()
        last = (await tx.execute(counter)).scalar_one()
        await asyncio.sleep(0)
        await tx.execute(update(COUNTERS).where(COUNTERS.c.prefix == "PD").values(last=last + 1))
        await tx.execute(insert(COUNTERS).values(prefix="W", year=who, last=who))


async def _total(database: Database) -> tuple[int, int]:
    async with database.read() as tx:
        rows = (await tx.execute(select(COUNTERS))).all()
    return next(row.last for row in rows if row.prefix == "PD"), sum(row.prefix == "W" for row in rows)


async def test_sixty_writers_at_once_all_get_through(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(insert(COUNTERS).values(prefix="PD", year=26, last=0))
    await asyncio.gather(*(_read_then_write(database, who) for who in range(WRITERS)))
    assert await _total(database) == (WRITERS, WRITERS)


async def test_writers_of_several_processes_all_get_through(database: Database, migrated_url: str) -> None:
    # Each opened database has connections and a queue of its own, like a process.
    async with database.write() as tx:
        await tx.execute(insert(COUNTERS).values(prefix="PD", year=26, last=0))
    others = [Database.open(migrated_url, pool_size=2) for _ in range(4)]
    try:
        await asyncio.gather(*(_read_then_write(others[who % 4], who) for who in range(WRITERS)))
    finally:
        for other in others:
            await other.close()
    assert await _total(database) == (WRITERS, WRITERS)


async def test_readers_go_on_while_somebody_writes(database: Database) -> None:
    async with database.write() as writing:
        await writing.execute(insert(COUNTERS).values(prefix="PD", year=26, last=1))
        async with database.read() as reading:
            assert (await reading.execute(select(COUNTERS))).all() == []


async def test_a_reader_sees_one_moment_of_the_whole_database(database: Database) -> None:
    async with database.read() as reading:
        assert (await reading.execute(select(COUNTERS))).all() == []
        async with database.write() as writing:
            await writing.execute(insert(COUNTERS).values(prefix="PD", year=26, last=1))
        assert (await reading.execute(select(COUNTERS))).all() == []


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises((exc.OperationalError, exc.InternalError, engine.DatabaseAway)):
        async with database.read() as tx:
            await tx.execute(insert(COUNTERS).values(prefix="PD", year=26, last=1))
    async with database.write() as tx:  # and whoever writes next on that connection can
        await tx.execute(insert(COUNTERS).values(prefix="PD", year=26, last=1))


async def test_what_a_failed_block_wrote_is_gone(database: Database) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012  the transaction is what is tested
        async with database.write() as tx:
            await tx.execute(insert(COUNTERS).values(prefix="PD", year=26, last=1))
            raise RuntimeError
    async with database.read() as tx:
        assert (await tx.execute(select(COUNTERS))).all() == []


async def test_a_cancelled_writer_lets_the_next_one_in(database: Database) -> None:
    entered = asyncio.Event()

    async def hangs() -> None:
        async with database.write() as tx:
            await tx.execute(insert(COUNTERS).values(prefix="PD", year=26, last=1))
            entered.set()
            await asyncio.Event().wait()

    hanging = asyncio.create_task(hangs())
    await entered.wait()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    async with asyncio.timeout(5), database.write() as tx:
        await tx.execute(insert(COUNTERS).values(prefix="PD", year=26, last=2))


async def test_a_writer_who_waits_too_long_hears_that_the_database_is_busy(
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "_BUSY_SECONDS", 0.1)
    async with Database.open(sqlite_url) as one, Database.open(sqlite_url) as other:
        await one.migrate()
        async with one.write():
            with pytest.raises(engine.DatabaseAway):
                async with one.write():
                    pytest.fail("two writers of one process at once")
            with pytest.raises(engine.DatabaseAway):
                async with other.write():
                    pytest.fail("two writers of two processes at once")


async def test_a_database_that_is_not_there_is_away_and_worth_another_try(tmp_path: Path) -> None:
    for url in (
        f"postgresql://nobody@/nothing?host={tmp_path}",
        f"sqlite:///{tmp_path / 'missing' / 'folder' / 'x.db'}",
    ):
        async with Database.open(url) as nowhere:
            with pytest.raises(engine.DatabaseAway) as caught:
                async with nowhere.read() as tx:
                    await tx.execute(text("SELECT 1"))
            assert caught.value.retry


async def test_a_missing_table_is_a_fault_and_not_worth_another_try(database: Database) -> None:
    with pytest.raises(exc.DBAPIError) as caught:
        async with database.read() as tx:
            await tx.execute(text("SELECT 1 FROM no_such_table"))
    assert not isinstance(caught.value, engine.DatabaseAway)


async def test_a_failed_statement_does_not_repeat_its_values(database: Database) -> None:
    row = {"prefix": "PD", "year": 26, "last": 1}
    async with database.write() as tx:
        await tx.execute(insert(COUNTERS).values(row))
    with pytest.raises(exc.IntegrityError) as caught:
        async with database.write() as tx:
            await tx.execute(
                text("INSERT INTO reference_counters (prefix, year, last) SELECT :p, 26, length(:name)"),
                {"p": "PD", "name": "Canary Quillfeather"},
            )
    assert "Canary" not in str(caught.value)


async def test_sqlite_is_set_up_for_safety(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as opened, opened.write() as tx:
        found = {
            pragma: (await tx.execute(text(f"PRAGMA {pragma}"))).scalar_one()
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "secure_delete")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "secure_delete": 1,
    }


def _modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.glob("new.db*")}


async def test_a_new_file_and_its_side_files_are_for_this_user_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        async with Database.open(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}") as opened, opened.write() as tx:
            await tx.execute(text("CREATE TABLE one (id INTEGER)"))
            await tx.execute(text("INSERT INTO one VALUES (1)"))
            modes = _modes(tmp_path)
    finally:
        os.umask(before)
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(engine.DatabaseUnfit):
        Database.open("mysql://localhost/x")


async def test_bytes_that_are_no_text_are_a_fault_and_not_worth_another_try(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        await database.migrate()
        async with database.write() as tx:
            await tx.execute(text("INSERT INTO reference_counters VALUES (CAST(x'fffe' AS TEXT), 26, 1)"))
        with pytest.raises(exc.OperationalError):
            async with database.read() as tx:
                await tx.execute(select(COUNTERS.c.prefix))


async def test_after_a_write_that_failed_it_is_not_ready_until_one_goes_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_BUSY_SECONDS", 0.1)
    async with Database.open(f"sqlite:///{tmp_path / 'a.db'}") as database:
        await database.migrate()
        assert await database.takes_writes()
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert await database.takes_writes()  # nobody has tried
        with pytest.raises(engine.DatabaseAway):
            async with database.write() as tx:
                await tx.execute(insert(COUNTERS).values(prefix="PD", year=26, last=1))
        with pytest.raises(engine.DatabaseAway):
            await database.takes_writes()
        other.rollback()
        other.close()
        assert await database.takes_writes()
        assert await database.takes_writes()
