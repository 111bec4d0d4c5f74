"""After every migration, whoever they are: nothing in an append-only table is changed or taken away."""

# ruff: noqa: S608  the statements are made of the names of our own tables

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Boolean, Integer, LargeBinary, Table, exc, func, insert, select, text
from sqlalchemy.engine import make_url

from escalations.store import tables
from escalations.store.engine import Database

TABLES = {table.name: table for table in tables.APPEND_ONLY}
REFUSED = (exc.IntegrityError, exc.DatabaseError)


def _row(table: Table, now: datetime, number: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column in table.c:
        if isinstance(column.type, tables.Instant):
            values[column.name] = now
        elif isinstance(column.type, Boolean):
            values[column.name] = True
        elif isinstance(column.type, Integer):
            values[column.name] = number
        elif isinstance(column.type, LargeBinary):
            values[column.name] = b"sealed"
        else:
            values[column.name] = f"{column.name} {number}"[:26]
    return values


async def _filled(database: Database, table: Table, now: datetime) -> None:
    async with database.write() as tx:
        await tx.execute(insert(table), [_row(table, now, 1), _row(table, now, 2)])


async def _unchanged(database: Database, table: Table, now: datetime) -> bool:
    async with database.read() as tx:
        rows = (await tx.execute(select(table).order_by(table.primary_key.columns[0]))).mappings().all()
    return [dict(row) for row in rows] == [_row(table, now, 1), _row(table, now, 2)]


def _attempts(table: Table, *, sqlite: bool) -> list[str]:
    name, key = table.name, table.primary_key.columns[0].name
    other = [column.name for column in table.c if not column.primary_key][-1]
    columns = ", ".join(column.name for column in table.c)
    both = [
        f"UPDATE {name} SET {other} = {other}",
        f"UPDATE {name} SET {key} = {key} WHERE 1 = 0" if not sqlite else f"UPDATE {name} SET {key} = {key}",
        f"DELETE FROM {name}",
        (
            f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {name} WHERE true"
            f" ON CONFLICT ({key}) DO UPDATE SET {other} = {other if sqlite else name + '.' + other}"
        ),
    ]
    if not sqlite:
        return [*both, f"TRUNCATE {name}", f"TRUNCATE {name} CASCADE"]
    return [
        *both,
        f"REPLACE INTO {name} ({columns}) SELECT {columns} FROM {name}",
        f"INSERT OR REPLACE INTO {name} ({columns}) SELECT {columns} FROM {name} LIMIT 1",
        f"UPDATE OR REPLACE {name} SET {key} = (SELECT max({key}) FROM {name})",
    ]


@pytest.mark.parametrize("name", TABLES)
async def test_every_way_to_change_or_remove_a_row_is_refused(database: Database, name: str, now: datetime) -> None:
    table = TABLES[name]
    await _filled(database, table, now)
    for attempt in _attempts(table, sqlite=database.is_sqlite):
        # A plain TRUNCATE of a table that another refers to is refused before any trigger is asked.
        with pytest.raises(REFUSED, match=r"append-only|cannot truncate a table referenced"):
            async with database.write() as tx:
                await tx.execute(text(attempt))
        assert await _unchanged(database, table, now), attempt


@pytest.mark.parametrize("name", TABLES)
async def test_a_shell_on_the_file_cannot_replace_a_row_either(sqlite_url: str, name: str, now: datetime) -> None:
    # A connection that is not ours has recursive_triggers off, and then REPLACE tells no delete trigger.
    table = TABLES[name]
    async with Database.open(sqlite_url) as database:
        await database.migrate()
        await _filled(database, table, now)
        columns = ", ".join(column.name for column in table.c)
        shell = sqlite3.connect(make_url(sqlite_url).database or "", isolation_level=None)
        try:
            assert shell.execute("PRAGMA recursive_triggers").fetchone() == (0,)
            for attempt in (
                f"REPLACE INTO {name} SELECT * FROM {name} LIMIT 1",
                (
                    f"INSERT OR REPLACE INTO {name} (rowid, {columns}) SELECT rowid, 99, {columns.split(', ', 1)[1]}"
                    f" FROM {name} LIMIT 1"
                ),
            ):
                with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                    shell.execute(attempt)
            if name == "register":
                with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                    shell.execute(f"REPLACE INTO register SELECT 99, {columns.split(', ', 1)[1]} FROM register LIMIT 1")
        finally:
            shell.close()
        assert await _unchanged(database, table, now)


async def test_a_session_that_plays_a_replica_is_refused_too(postgres_url: str, now: datetime) -> None:
    async with Database.open(postgres_url) as database:
        await database.migrate()
        await _filled(database, tables.REGISTER, now)
        with pytest.raises(REFUSED, match="append-only"):  # noqa: PT012  one transaction
            async with database.write() as tx:
                await tx.execute(text("SET LOCAL session_replication_role = replica"))
                await tx.execute(text("DELETE FROM register"))
        assert await _unchanged(database, tables.REGISTER, now)


async def test_the_guards_are_what_refuses(database: Database, intruder: Any, now: datetime) -> None:  # noqa: ANN401
    await _filled(database, tables.REGISTER, now)
    await intruder.does("DELETE FROM register")
    async with database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(tables.REGISTER))).scalar_one() == 0


def test_the_tables_that_hold_the_truth_are_append_only() -> None:
    assert set(TABLES) == {"register", "frozen", "submissions", "access_log", "directory_changes", "mails", "mail_acts"}
