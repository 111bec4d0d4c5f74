"""One database, SQLite or PostgreSQL, with the same promises on both.

* ``read()`` sees one moment of the whole database and cannot write; ``write()`` commits on success and only then.
* On SQLite a writer begins with ``BEGIN IMMEDIATE``. With a deferred begin a transaction that read first cannot become
  a writer once another has committed, and no amount of waiting helps it: 53 of 60 concurrent writers failed that way.
* On PostgreSQL the application's role does not own the tables. Migrations run under the owner's address, after which
  the application is granted what it needs: on append-only tables that is SELECT and INSERT.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import cache, partial
from importlib import resources
from typing import Any, Self

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Table, UniqueConstraint, and_, event, exc, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from escalations import errors
from escalations.store import near, tables

_BUSY_SECONDS = 30.0
_PROBE_SECONDS = 2.0
_OLDEST_SQLITE = (3, 35, 0)
_MIGRATION_LOCK = 0x65736331
_SQLITE_PASSING = frozenset({5, 6, 10, 13, 14})
"""BUSY, LOCKED, IOERR, FULL and CANTOPEN: what waiting, or an operator, can mend. A missing table is none of these."""
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",  # without it REPLACE deletes a row and no trigger hears of it
    "secure_delete=ON",  # an erased key is overwritten, not left on a free page
)
_ROLE = re.compile(r"[A-Za-z_][A-Za-z0-9_$-]{0,62}")


class DatabaseAway(errors.RetryOurs):
    """The database could not be reached, or was busy for too long. Nothing was committed."""

    code = "database_away"


class DatabaseUnfit(errors.FinalOurs):
    """The database cannot be used as it is: not migrated, without its guards, or a version that is too old."""

    code = "database_unfit"


class Database:
    """An open database. Use :meth:`open`; close it with :meth:`close` or as a context."""

    def __init__(self, engine: AsyncEngine, *, readers: AsyncEngine, owner_url: str | None = None) -> None:
        self._engine = engine
        self._readers = readers
        self._owner_url = owner_url
        # One writer at a time in this process: SQLite's own waiting is a poll without a queue, under which a writer can
        # be passed over for as long as others keep coming.
        self._turn: asyncio.Lock | None = asyncio.Lock() if self.is_sqlite else None
        self._last_failed_write: float | None = None
        self._last_write: float | None = None

    @classmethod
    def open(cls, url: str, *, owner_url: str | None = None, pool_size: int = 8) -> Self:
        """Prepare a database; nothing connects before the first transaction.

        Args:
            url: ``sqlite:///path``, ``sqlite+aiosqlite:///path``, ``postgresql://…`` or ``postgresql+psycopg://…``.
            owner_url: for PostgreSQL, the role that owns the tables; only :meth:`migrate` uses it.
            pool_size: how many connections are kept open.

        Raises:
            DatabaseUnfit: the address names another kind of database, or the SQLite here is too old.
        """
        engine = _engine(url, pool_size=pool_size)
        return cls(engine, readers=_readers(engine, pool_size=pool_size), owner_url=owner_url)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite; otherwise it is PostgreSQL."""
        return self._engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one moment of the whole database and cannot change it.

        Raises:
            DatabaseAway: it cannot be reached.
        """
        with _translated():
            async with self._readers.begin() as tx:
                yield tx

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write. It commits when the block ends without an exception.

        Raises:
            DatabaseAway: it cannot be reached, or other writers held it for longer than half a minute.
        """
        try:
            with _translated():
                await self._take_turn()
                try:
                    async with self._engine.begin() as tx:
                        yield tx
                finally:
                    if self._turn is not None:
                        self._turn.release()
        except (DatabaseAway, exc.OperationalError):
            self._last_failed_write = time.monotonic()
            raise
        self._last_write = time.monotonic()

    async def _take_turn(self) -> None:
        if self._turn is None:
            return
        try:
            async with asyncio.timeout(_BUSY_SECONDS):
                await self._turn.acquire()
        except TimeoutError as error:
            raise DatabaseAway("other writers of this process held the database for too long") from error

    async def migrate(self) -> None:
        """Bring the schema to the newest revision, and check that every append-only table has its guards.

        Safe to run by several processes at once, and again.

        Raises:
            DatabaseAway: it cannot be reached.
            DatabaseUnfit: a migration lost a guard.
        """
        if self._owner_url is None or self.is_sqlite:
            await self._migrate_here(None)
            return
        owner = Database.open(self._owner_url, pool_size=1)
        try:
            await owner._migrate_here(self._engine.url.username)  # noqa: SLF001  of the same class
        finally:
            await owner.close()

    async def _migrate_here(self, application_role: str | None) -> None:
        async with self.write() as tx:
            if not self.is_sqlite:
                await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            await tx.run_sync(_upgrade)
            if application_role is not None:
                await _grant(tx, application_role)
            lacking = await missing_guards(tx)
        if lacking:
            raise DatabaseUnfit("append-only tables without all their guards: " + ", ".join(lacking))

    async def revision(self) -> str | None:
        """The revision that the schema is at; None for an empty database."""
        async with self.read() as tx:
            return await tx.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())

    async def ready(self) -> bool:
        """Whether the schema is at the newest revision. For ``/readyz``.

        Raises:
            DatabaseAway: it cannot be reached.
        """
        return await self.revision() == newest_revision()

    async def takes_writes(self) -> bool:
        """Whether the last write of this process went well. For ``/readyz``.

        After one that failed this tries one that changes nothing, so that a process to which nobody is sent while it is
        not ready hears that the database is well again.

        Raises:
            DatabaseAway: it failed again.
        """
        failed, wrote = self._last_failed_write, self._last_write
        if failed is None or (wrote is not None and wrote > failed):
            return True
        try:
            async with asyncio.timeout(_PROBE_SECONDS), self.write() as tx:
                await tx.execute(update(tables.COUNTERS).values(last=tables.COUNTERS.c.last))
        except (TimeoutError, exc.OperationalError):
            return False
        return True

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
        if self.is_sqlite:
            await self._readers.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def migration_config() -> Config:
    """Alembic's configuration for the migrations in this package."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("escalations.store") / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def newest_revision() -> str | None:
    """The revision that :meth:`Database.migrate` brings a database to."""
    return ScriptDirectory.from_config(migration_config()).get_current_head()


async def missing_guards(tx: AsyncConnection) -> list[str]:
    """The append-only tables that lack a trigger, by name.

    Asked after every migration: Alembic's batch mode rebuilds an SQLite table and drops its triggers without a word.
    """
    if tx.dialect.name == "sqlite":
        found = await tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    else:
        found = await tx.execute(
            text(
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'"
                " AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)"
            )
        )
    names = set(found.scalars())
    wanted = tables.SQLITE_GUARDS if tx.dialect.name == "sqlite" else tables.POSTGRESQL_GUARDS
    return sorted(
        table.name for table in tables.APPEND_ONLY if not {f"{table.name}_{guard}" for guard in wanted} <= names
    )


def insert_unless_there(tx: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that passes over a row whose key, or another unique value of it, is there already.

    Not for append-only tables: on SQLite their guards refuse before ``ON CONFLICT`` is considered.
    """
    return _unless_there(tx.dialect.name, table)


@cache
def _unless_there(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


async def insert_new(tx: AsyncConnection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row unless its key, or another unique value of it, is there already; give whether it was inserted.

    On SQLite a look comes first, since the guards of an append-only table refuse before ``ON CONFLICT`` is considered,
    and nobody else writes meanwhile. On PostgreSQL somebody else may, so there the database decides.
    """
    if tx.dialect.name != "sqlite":
        done = await tx.execute(postgresql.insert(table).values(**values).on_conflict_do_nothing())
        return done.rowcount == 1
    keys: list[Collection[Column[Any]]] = [table.primary_key.columns.values()]
    keys += [rule.columns.values() for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    same = or_(*(and_(*(column == values.get(column.name) for column in key)) for key in keys))
    if (await tx.execute(select(table.primary_key.columns.values()[0]).where(same).limit(1))).first() is not None:
        return False
    await tx.execute(insert(table).values(**values))
    return True


def _engine(url: str, *, pool_size: int) -> AsyncEngine:
    address = make_url(url)
    kind = address.get_backend_name()
    # hide_parameters: a failed statement otherwise prints the values it was given, and those reach logs.
    if kind == "sqlite":
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise DatabaseUnfit("SQLite 3.35 or newer is needed")
        # One connection is enough, since writers take turns.
        return _sqlite(address.set(drivername="sqlite+aiosqlite"), pool_size=1, begins="BEGIN IMMEDIATE")
    if kind == "postgresql":
        return create_async_engine(
            address.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
        )
    raise DatabaseUnfit("the database's address must begin with sqlite or postgresql")


def _readers(engine: AsyncEngine, *, pool_size: int) -> AsyncEngine:
    """What transactions begin on that cannot write."""
    if engine.dialect.name == "sqlite":
        return _sqlite(engine.url, pool_size=pool_size, begins="BEGIN")
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _sqlite(address: URL, *, pool_size: int, begins: str) -> AsyncEngine:
    (path, *_), options = address.get_dialect()().create_connect_args(address)
    engine = create_async_engine(
        address,
        hide_parameters=True,
        pool_size=pool_size,
        module=near.driver(),
        async_creator=partial(near.connect, path, options, busy_seconds=_BUSY_SECONDS),
    )

    def prepare(connection: DBAPIConnection, _record: object) -> None:
        raw: Any = connection
        raw.isolation_level = None  # the driver must not begin transactions of its own
        cursor = raw.cursor()
        try:
            for pragma in (*_PRAGMAS, f"query_only={'ON' if begins == 'BEGIN' else 'OFF'}"):
                cursor.execute(f"PRAGMA {pragma}")
        finally:
            cursor.close()

    def begin(connection: Connection) -> None:
        try:
            near.begin(connection.connection.dbapi_connection, begins)
        except sqlite3.OperationalError as error:
            raise exc.OperationalError(begins, None, error) from error

    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


def _upgrade(connection: Connection) -> None:
    config = migration_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def _grant(tx: AsyncConnection, role: str) -> None:
    if _ROLE.fullmatch(role) is None:
        raise DatabaseUnfit("the application's role has a name that cannot be granted to")
    schema = (await tx.execute(text("SELECT current_schema()"))).scalar_one()
    await tx.execute(text(f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"'))
    await tx.execute(text(f'GRANT SELECT ON alembic_version TO "{role}"'))
    for table in tables.METADATA.sorted_tables:
        may = "SELECT, INSERT" if table in tables.APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        await tx.execute(text(f'GRANT {may} ON "{table.name}" TO "{role}"'))


@contextmanager
def _translated() -> Iterator[None]:
    """Turn a driver's "not now" into :class:`DatabaseAway`; what a caller did wrong stays as it is."""
    try:
        yield
    except (exc.InterfaceError, exc.TimeoutError) as error:
        raise DatabaseAway("the database did not answer") from error
    except exc.OperationalError as error:
        primary = getattr(error.orig, "sqlite_errorcode", None)
        if primary is not None and (primary & 0xFF) not in _SQLITE_PASSING:
            raise
        if primary is None and isinstance(error.orig, sqlite3.Error):
            raise  # of the driver itself: bytes that are no UTF-8 stay so, however long anybody waits
        raise DatabaseAway("the database did not answer, or was busy for too long") from error
