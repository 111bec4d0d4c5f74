"""SQLite's short calls on the loop's own thread.

``aiosqlite`` makes every call in a thread of the connection's own. A statement takes four calls (cursor, execute,
fetch, close), and going to another thread and back costs more than most of ours take: 0.45 ms of a statement's time in
all, against 0.18 ms where the calls are made at once. What a call can *wait* for is the reason for the thread, and
that is known of each:

* ``BEGIN IMMEDIATE`` waits for other writers, the first statement of a reading transaction for a recovery or a last
  close in another process, and a commit for the disk. These, and all that stands outside a transaction, stay in the
  thread.
* Within a transaction that has its lock or its snapshot nothing waits for anybody. Those calls are made here.

So a statement holds up the loop for as long as it runs: read by the page what may be long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, TypeVar

import aiosqlite
from typing_extensions import override

_T = TypeVar("_T")
_ROWS_AT_ONCE = 64
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

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        """Take what opens the connection; it has to allow calls from other threads than its own."""
        super().__init__(connector, _ROWS_AT_ONCE)
        self._thread.daemon = True
        self._holds = _Holds.NOTHING
        self._given = 0
        self._done = 0

    @override
    async def _execute(self, fn: Callable[..., _T], *args: object, **kwargs: object) -> _T:
        name = getattr(fn, "__name__", "")
        try:
            # While the thread has something of a task that was cancelled, what comes next queues behind it.
            if self._connection is not None and self._given == self._done and self._is_near(fn, name, args):
                return fn(*args, **kwargs)
            return await self._elsewhere(fn, *args, **kwargs)
        finally:
            if name in _CHANGES:
                self._note(name, args)

    def _is_near(self, fn: Callable[..., object], name: str, args: tuple[object, ...]) -> bool:
        match name:
            case "cursor" | "fetchone" | "fetchmany" | "fetchall":
                return True
            case "close":
                return isinstance(getattr(fn, "__self__", None), sqlite3.Cursor)
            case "execute" | "executemany":
                return self._holds is not _Holds.NOTHING or args[0] == "BEGIN"
            case "commit" | "rollback":
                return self._holds is not _Holds.LOCK
            case _:
                return False

    def _note(self, name: str, args: tuple[object, ...]) -> None:
        """Keep what the transaction holds after a call, also after one that did not work."""
        if self._connection is None or not self._connection.in_transaction:
            self._holds = _Holds.NOTHING
        elif name == "execute" and self._holds is _Holds.NOTHING and args[0] != "BEGIN":
            self._holds = _Holds.LOCK if args[0] == "BEGIN IMMEDIATE" else _Holds.SNAPSHOT

    async def _elsewhere(self, fn: Callable[..., _T], *args: object, **kwargs: object) -> _T:
        def counted() -> _T:
            try:
                return fn(*args, **kwargs)
            finally:
                self._done += 1

        self._given += 1
        result: _T = await super()._execute(counted)  # type: ignore[no-untyped-call]
        return result


async def connect(path: str, options: Mapping[str, Any]) -> aiosqlite.Connection:
    """Open a connection.

    Args:
        path: the file, as ``sqlite3.connect`` takes it.
        options: as ``sqlite3.connect`` takes them.
    """

    def open_it() -> sqlite3.Connection:
        # One call at a time, from whichever thread: SQLite is built for that (`sqlite3.threadsafety` is 3).
        connection: sqlite3.Connection = sqlite3.connect(path, **{**options, "check_same_thread": False})
        return connection

    opened: aiosqlite.Connection = await NearConnection(open_it)
    return opened
