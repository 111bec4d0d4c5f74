"""Calls of SQLite on the loop's own thread: which are, which are not, and that the library still lets us choose."""

import asyncio
import inspect
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor
from sqlalchemy.exc import IntegrityError

from escalations.store import near, tables
from escalations.store.engine import Database


def test_the_library_still_has_what_is_overridden() -> None:
    assert list(inspect.signature(aiosqlite.Connection._execute).parameters) == ["self", "fn", "args", "kwargs"]
    assert inspect.iscoroutinefunction(aiosqlite.Connection._execute)
    assert list(inspect.signature(aiosqlite.Connection.__init__).parameters)[:3] == [
        "self",
        "connector",
        "iter_chunk_size",
    ]
    made = aiosqlite.Connection(lambda: sqlite3.connect(":memory:"), 1)
    assert isinstance(made._thread, threading.Thread)
    assert made._connection is None


def test_the_cursor_of_the_library_still_asks_its_connection() -> None:
    for name in ("execute", "executemany", "fetchall", "close"):
        assert "self._execute(" in inspect.getsource(getattr(aiosqlite.Cursor, name)), name


def test_sqlite_takes_calls_from_any_thread() -> None:
    assert sqlite3.threadsafety == 3


@pytest.fixture
async def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that went to the connection's thread, by what they ran."""
    calls: list[str] = []
    elsewhere = near.NearConnection._elsewhere

    async def noted(self: near.NearConnection, fn: Callable[..., object], *args: object, **kwargs: object) -> object:
        calls.append(str(args[0]).split("(", maxsplit=1)[0].strip() if args else fn.__name__)
        return await elsewhere(self, fn, *args, **kwargs)

    monkeypatch.setattr(near.NearConnection, "_elsewhere", noted)
    return calls


async def test_only_what_can_wait_leaves_the_loop_s_thread(tmp_path: Path, seen: list[str]) -> None:
    async with Database.open(f"sqlite:///{tmp_path}/near.db") as database:
        await database.migrate()
        async with database.write() as tx:
            await tx.execute(tables.OUTBOX.select())
        seen.clear()
        async with database.write() as tx:
            await tx.execute(tables.OUTBOX.select())
            await tx.execute(tables.OUTBOX.select())
        assert seen == ["commit"]
        async with database.read() as tx:
            await tx.execute(tables.OUTBOX.select())
        seen.clear()
        async with database.read() as tx:
            for _ in range(3):
                await tx.execute(tables.OUTBOX.select())
        assert seen == []


async def test_who_finds_another_writer_waits_in_the_thread(tmp_path: Path, seen: list[str]) -> None:
    url = f"sqlite:///{tmp_path}/near.db"
    async with Database.open(url) as database, Database.open(url) as other:
        await database.migrate()
        await _outbox(other)
        async with database.write():
            seen.clear()
            waits = asyncio.create_task(_outbox(other))
            await asyncio.sleep(0.1)
            assert seen == ["BEGIN IMMEDIATE"]
        assert await waits == 0


async def test_a_new_file_is_opened_by_many_at_once(tmp_path: Path) -> None:
    """Of those who put a file into WAL mode at once, SQLite tells all but one that it is locked, and waits for none."""

    async def opens(number: int) -> None:
        async with Database.open(f"sqlite:///{tmp_path}/{number}.db") as database, database.write() as tx:
            assert (await tx.exec_driver_sql("PRAGMA journal_mode")).scalar_one() == "wal"

    for number in range(20):
        await asyncio.gather(*(opens(number) for _ in range(6)))


async def test_a_reader_does_not_wait_to_become_a_writer_once_another_has_committed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/near.db"
    async with Database.open(url) as database:
        await database.migrate()
        reader = await near.connect(f"{tmp_path}/near.db", {"isolation_level": None}, busy_seconds=30)
        try:
            await reader.execute("BEGIN")
            await reader.execute("SELECT count(*) FROM outbox")
            await _executed(database, "INSERT INTO reference_counters VALUES ('PD', 26, 1)")
            async with asyncio.timeout(5):
                with pytest.raises(sqlite3.OperationalError) as caught:
                    await reader.execute("INSERT INTO reference_counters VALUES ('PD', 27, 1)")
            assert caught.value.sqlite_errorcode == sqlite3.SQLITE_BUSY_SNAPSHOT
        finally:
            await reader.close()


async def test_after_a_failed_statement_the_lock_is_given_back(tmp_path: Path) -> None:
    async with Database.open(f"sqlite:///{tmp_path}/near.db") as database:
        await database.migrate()
        for _ in range(3):
            with pytest.raises(Exception, match="no such table"):
                async with database.write() as tx:
                    await tx.exec_driver_sql("INSERT INTO nothing_of_this_name VALUES (1)")
        async with asyncio.timeout(5), Database.open(f"sqlite:///{tmp_path}/near.db") as other, other.write() as tx:
            await tx.execute(tables.OUTBOX.select())


async def test_a_cancelled_wait_for_the_lock_leaves_a_connection_that_works(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/near.db"
    async with Database.open(url) as database, Database.open(url, pool_size=1) as other:
        await database.migrate()
        async with database.write():
            waits = asyncio.create_task(_outbox(other))
            await asyncio.sleep(0.2)
            waits.cancel()
            await asyncio.sleep(0.1)
        with pytest.raises(asyncio.CancelledError):
            await waits
        async with asyncio.timeout(10):
            assert await _outbox(other) == 0
            assert await _outbox(database) == 0


async def test_the_loop_serves_others_while_a_writer_waits_for_another_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/near.db"
    async with Database.open(url) as database, Database.open(url) as other:
        await database.migrate()
        async with database.write():
            waits = asyncio.create_task(_outbox(other))
            async with asyncio.timeout(2):
                for _ in range(20):
                    await asyncio.sleep(0.01)
            assert not waits.done()
        assert await waits == 0


async def _executed(database: Database, statement: str) -> None:
    async with database.write() as tx:
        await tx.exec_driver_sql(statement)


async def _outbox(database: Database) -> int:
    async with database.write() as tx:
        return len((await tx.execute(tables.OUTBOX.select())).all())


def test_sqlalchemy_still_has_what_is_overridden() -> None:
    base = AsyncAdapt_aiosqlite_cursor
    assert list(inspect.signature(base._execute_async).parameters) == ["self", "operation", "parameters"]
    assert list(inspect.signature(base._executemany_async).parameters) == ["self", "operation", "seq_of_parameters"]
    made = "".join(inspect.getsource(base.__init__).split())
    assert "self._make_new_cursor(" in made
    assert "self._aenter_cursor(" in made
    for name in ("execute", "executemany"):
        assert f"self._{name}_async(" in "".join(inspect.getsource(getattr(base, name)).split()), name
    assert inspect.iscoroutinefunction(base._async_soft_close)
    assert "self._cursor_cls(self)" in inspect.getsource(AsyncAdapt_aiosqlite_connection.cursor)


async def test_the_cursor_that_makes_statements_at_once_is_used(tmp_path: Path) -> None:
    async with Database.open(f"sqlite:///{tmp_path}/near.db") as database:
        await database.migrate()
        async with database.write() as tx:
            found = await tx.execute(tables.OUTBOX.select())
            cursor: object = found.context.cursor
            assert isinstance(cursor, near.NearCursor)
            assert found.keys() == tables.OUTBOX.c.keys()


async def test_a_statement_that_ends_its_transaction_is_noticed(tmp_path: Path) -> None:
    async with Database.open(f"sqlite:///{tmp_path}/near.db") as database:
        await database.migrate()
        async with database.write() as tx:
            await tx.exec_driver_sql("CREATE TABLE once (a INTEGER PRIMARY KEY)")
            await tx.exec_driver_sql("INSERT INTO once VALUES (1)")
        with pytest.raises(IntegrityError):
            await _executed(database, "INSERT OR ROLLBACK INTO once VALUES (1)")
        assert await _outbox(database) == 0
