"""The parts of this process say, every few seconds, that they work. A composition root's helper for each of them.

What is written is a row in the database (`escalations.store.heartbeats`), so that whoever asks need not reach this
process. A part that hangs does not beat: each says by itself whether it works, and the loop that writes shares its
event loop with it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import structlog
from sqlalchemy import exc

from escalations import errors, parts
from escalations.intake.dispatcher import Dispatcher
from escalations.store import heartbeats, tallies
from escalations.store.heartbeats import Part

DISPATCHER_LOOKS_WITHIN = heartbeats.EVERY * 2
"""It looks at least every few seconds; one that does not has stopped, though its process lives."""

_log = structlog.get_logger()


def this_machine() -> str:
    """What this machine, or this container, is called."""
    return socket.gethostname()[:128]


class Heart:
    """Beats for the parts of one process."""

    def __init__(self, opened: parts.Parts) -> None:
        """Take what is open. Nothing beats before :meth:`run`."""
        self._database = opened.database
        self._vault = opened.vault
        self._now = opened.now
        self._started_at = opened.now()
        self._works: dict[Part, Callable[[], bool]] = {}
        self._dispatcher: Dispatcher | None = None
        self._rounds = 0
        self._woken = asyncio.Event()

    def watch(self, part: Part, works: Callable[[], bool]) -> None:
        """Beat for a part as long as it says that it works."""
        self._works[part] = works

    def watch_dispatcher(self, dispatcher: Dispatcher) -> None:
        """Beat for a dispatcher as long as it looks for work, and count how often it does."""
        self._dispatcher = dispatcher

        def looks() -> bool:
            last = dispatcher.last_round_at
            return last is not None and self._now() - last <= DISPATCHER_LOOKS_WITHIN

        self.watch(Part.DISPATCHER, looks)

    @contextmanager
    def at_work(self, part: Part) -> Iterator[None]:
        """Beat for a part while this block runs; the first beat comes at once."""
        self.watch(part, lambda: True)
        self._woken.set()
        try:
            yield
        finally:
            del self._works[part]

    async def run(self) -> None:
        """Beat until cancelled. A database that is away is no reason to stop."""
        forgotten = False
        while True:
            try:
                await self._beat(forget=not forgotten)
                forgotten = True
            except errors.Retry:
                pass  # It is away: whoever needs it says so.
            except exc.DBAPIError as problem:
                _log.warning("heartbeat_not_written", code=type(problem).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), heartbeats.EVERY.total_seconds())
            self._woken.clear()

    async def _beat(self, *, forget: bool) -> None:
        working = [part for part, works in self._works.items() if works()]
        rounds = self._dispatcher.rounds if self._dispatcher else 0
        now = self._now()
        if not self._vault.knows_digests:  # The database was away when this process started.
            async with self._database.read() as tx:
                await self._vault.check(tx)
        async with self._database.write() as tx:
            await heartbeats.beat(tx, working, host=this_machine(), started_at=self._started_at, at=now)
            if rounds > self._rounds:
                await tallies.add(tx, tallies.Tally.DISPATCHER_ROUNDS, by=rounds - self._rounds)
            if forget:
                await heartbeats.forget(tx, at=now)
        self._rounds = rounds
