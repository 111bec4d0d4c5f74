"""SQLite's short calls on the loop's own thread.

``aiosqlite`` makes every call in a thread of the connection's own. A statement takes four calls (cursor, execute,
fetch, close), and going to another thread and back costs more than most of ours take: 0.45 ms of a statement's time in
all, against 0.18 ms where the calls are made at once. What a call can *wait* for is the reason for the thread, and
that is known of each:

* A commit waits for the disk. It, and all that stands outside a transaction, stays in the thread.
* ``BEGIN IMMEDIATE`` waits for other writers, and the first statement of a reading transaction for a recovery or a last
  close, in another process. Mostly there is none: they are tried here, and again in the thread where that did not do.
* Within a transaction that has its lock or its snapshot nothing waits for anybody. Those calls are made here.

The thread waits by trying again, as SQLite's own waiting does, and SQLite itself never waits. So nothing has to be said
to it before a call that may not wait; and what SQLite does not wait for at all is waited for too: of several processes
that put a new file into WAL mode at once, all but one are told at once that it is locked, whatever its busy timeout.

So a statement holds up the loop for as long as it runs: read by the page what may be long.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum, auto
from typing import Any, TypeVar, cast

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import await_only
from typing_extensions import override

_T = TypeVar("_T")
_ROWS_AT_ONCE = 64
_BEGIN = "BEGIN"
_TAKE_LOCK = "BEGIN IMMEDIATE"
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PAUSES = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.025, 0.025, 0.025, 0.05, 0.05, 0.1)
"""Seconds between one try and the next; the last of them from then on. SQLite's own."""
_CHANGES = frozenset({"execute", "executemany", "commit", "rollback"})
"""The calls after which a transaction may hold something else than before."""


class _Holds(Enum):
    """What a connection's transaction holds."""

    NOTHING = auto()
    """There is none, or it began and has looked at nothing yet."""
    SNAPSHOT = auto()
    LOCK = auto()


class NearConnection(aiosqlite.Connection):
    """A connection whose calls leave the loop's thread only where they can wait for another process or the disk."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], *, busy_seconds: float) -> None:
        """Take what opens the connection.

        Args:
            connector: opens it, so that it allows calls from other threads than the one that opened it, and does not
                wait for other processes itself.
            busy_seconds: for how long a call in the thread waits for other processes.
        """
        super().__init__(connector, _ROWS_AT_ONCE)
        self._busy_seconds = busy_seconds
        self._thread.daemon = True
        self._holds = _Holds.NOTHING
        self._given = 0
        self._done = 0

    @override
    async def _execute(self, fn: Callable[..., _T], *args: object, **kwargs: object) -> _T:
        name = getattr(fn, "__name__", "")
        try:
            # While the thread has something of a task that was cancelled, what comes next queues behind it.
            if self._connection is not None and self._given == self._done:
                if self._waits_for_nobody(fn, name, args):
                    return fn(*args, **kwargs)
                if name == "execute" and (args[0] == _TAKE_LOCK or self._connection.in_transaction):
                    try:
                        return fn(*args, **kwargs)
                    except sqlite3.OperationalError as error:
                        if not _is_busy(error):
                            raise
            return await self._elsewhere(fn, *args, **kwargs)
        finally:
            if name in _CHANGES:
                self._note(name, args)

    async def begin(self, statement: str) -> None:
        """Begin a transaction: a statement that gives nothing back, and for which no cursor of the library's is needed.

        Args:
            statement: ``BEGIN`` or ``BEGIN IMMEDIATE``.
        """
        assert self._connection is not None  # noqa: S101  the library connects before anything else
        await self._execute(self._connection.execute, statement)

    @property
    def is_near(self) -> bool:
        """Whether a statement can be made at once: its transaction has what it needs, and the thread has nothing."""
        return self._holds is not _Holds.NOTHING and self._given == self._done and self._connection is not None

    def made(self) -> None:
        """Take note of a statement that was made at once: one that did not work may have ended its transaction."""
        self._note("", ())

    def _waits_for_nobody(self, fn: Callable[..., object], name: str, args: tuple[object, ...]) -> bool:
        match name:
            case "cursor" | "fetchone" | "fetchmany" | "fetchall":
                return True
            case "close":
                return isinstance(getattr(fn, "__self__", None), sqlite3.Cursor)
            case "execute" | "executemany":
                return self._holds is not _Holds.NOTHING or args[0] == _BEGIN
            case "commit" | "rollback":
                return self._holds is not _Holds.LOCK
            case _:
                return False

    def _note(self, name: str, args: tuple[object, ...]) -> None:
        """Keep what the transaction holds after a call, also after one that did not work."""
        if self._connection is None or not self._connection.in_transaction:
            self._holds = _Holds.NOTHING
        elif name == "execute" and self._holds is _Holds.NOTHING and args[0] != _BEGIN:
            self._holds = _Holds.LOCK if args[0] == _TAKE_LOCK else _Holds.SNAPSHOT

    async def _elsewhere(self, fn: Callable[..., _T], *args: object, **kwargs: object) -> _T:
        def counted() -> _T:
            try:
                return _patiently(fn, self._busy_seconds, *args, **kwargs)
            finally:
                self._done += 1

        self._given += 1
        result: _T = await super()._execute(counted)  # type: ignore[no-untyped-call]
        return result


def _patiently(fn: Callable[..., _T], seconds: float, *args: object, **kwargs: object) -> _T:
    until = time.monotonic() + seconds
    for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
        try:
            return fn(*args, **kwargs)
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() + pause > until:
                raise
        time.sleep(pause)  # noqa: TID251  in the connection's own thread
    raise AssertionError("the last pause is without an end")


def _is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether waiting can help; it does not help a reader to become a writer once another has committed."""
    code = error.sqlite_errorcode
    return code != sqlite3.SQLITE_BUSY_SNAPSHOT and (code & 0xFF) in _BUSY


class NearCursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor of SQLAlchemy's that makes a statement in one call, where that waits for nobody."""

    __slots__ = ()

    @override
    def _make_new_cursor(self, connection: Any) -> Any:
        return aiosqlite.Cursor(connection, connection._conn.cursor())  # noqa: SLF001  it touches no file

    @override
    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    @override
    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        near = cast("NearConnection", self._connection)
        if not near.is_near:
            return await super()._execute_async(operation, parameters)
        raw = self._raw
        try:
            raw.execute(operation, () if parameters is None else parameters)
            if raw.description:
                self._rows = deque(raw.fetchall())
        finally:
            near.made()
        return self._cursor

    @override
    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        near = cast("NearConnection", self._connection)
        if not near.is_near:
            return await super()._executemany_async(operation, seq_of_parameters)
        try:
            self._raw.executemany(operation, seq_of_parameters)
        finally:
            near.made()
        return self._cursor

    @property
    def _raw(self) -> sqlite3.Cursor:
        return cast("aiosqlite.Cursor", self._cursor)._cursor  # noqa: SLF001  the one of sqlite3

    @override
    async def _async_soft_close(self) -> None:
        if cast("NearConnection", self._connection).is_near:
            self._soft_closed_memoized = self._soft_closed_memoized.union({"description": self._cursor.description})
            self._raw.close()
        else:
            await super()._async_soft_close()


class _Adapted(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls = NearCursor

    def begin(self, statement: str) -> None:
        await_only(cast("NearConnection", self._connection).begin(statement))


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    @override
    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:
        return _Adapted(self, await_only(kw.pop("async_creator_fn")(*arg, **kw)))


def driver() -> AsyncAdapt_aiosqlite_dbapi:
    """What SQLAlchemy calls for these connections: the ``module`` of ``create_async_engine``."""
    return _Driver(aiosqlite, sqlite3)


def begin(connection: object, statement: str) -> None:
    """Begin a transaction on a connection of :func:`driver`'s, within SQLAlchemy's greenlet.

    Args:
        connection: as SQLAlchemy gives it.
        statement: ``BEGIN`` or ``BEGIN IMMEDIATE``.
    """
    cast("_Adapted", connection).begin(statement)


async def connect(path: str, options: Mapping[str, Any], *, busy_seconds: float) -> aiosqlite.Connection:
    """Open a connection.

    Args:
        path: the file, as ``sqlite3.connect`` takes it.
        options: as ``sqlite3.connect`` takes them.
        busy_seconds: for how long a call waits for other processes.
    """

    def open_it() -> sqlite3.Connection:
        _make_for_this_user_alone(path)
        # One call at a time, from whichever thread: SQLite is built for that (`sqlite3.threadsafety` is 3).
        connection: sqlite3.Connection = sqlite3.connect(path, **{**options, "check_same_thread": False, "timeout": 0})
        return connection

    opened: aiosqlite.Connection = await NearConnection(open_it, busy_seconds=busy_seconds)
    return opened


def _make_for_this_user_alone(path: str) -> None:
    """Make a new file so that other users of the machine cannot read it; SQLite gives its side files the same mode.

    A file that is there is not even opened: closing it again would let go of the locks that this process holds on it.
    """
    if not path or path == ":memory:" or path.startswith("file:"):
        return
    with suppress(OSError):  # it is there, or cannot be made; SQLite says which
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
