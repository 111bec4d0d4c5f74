"""How late we were: from a time limit to its record, and from a record to the notice that left. As histograms.

Both are derived from rows that stay: passed limits from the register, notices from their own rows. So every process
that is asked gives the same figures, and gives them again after a restart. What was counted before is remembered and
only newer rows are read, a thousand at a time; the first look of a process reads everything.
"""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.rules import events
from escalations.store import tables
from escalations.store.engine import Database
from escalations.store.notices import NoticeState

BOUNDS: Final = (1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400, 259_200, 604_800)
"""Upper bounds in seconds: from one second to seven days."""
SETTLES_WITHIN: Final = timedelta(minutes=15)
"""Notices that left longer ago are counted for good. A row that says when its notice left is committed within seconds
of that; what is younger is read anew each time."""
AT_ONCE: Final = 1_000
_BEFORE_ALL: Final = datetime(2000, 1, 1, tzinfo=UTC)

_REGISTER, _CLOCKS, _NOTICES = tables.REGISTER, tables.CLOCKS, tables.NOTICES
# Written out, not bound: only so does a database see that its index of these rows alone answers the question.
_IS_LIMIT = _REGISTER.c.kind == literal_column("'limit_passed'")
_IS_SENT = _NOTICES.c.state == NoticeState.SENT.value


@dataclass(slots=True)
class Histogram:
    """Counts by bucket. The last bucket has no upper bound."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total_seconds: float = 0.0

    def observe(self, late: timedelta) -> None:
        """Count one. What seems early, as clocks of two machines may make it, was in time."""
        seconds = max(late.total_seconds(), 0.0)
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total_seconds += seconds

    def with_these(self, more: Iterable[timedelta]) -> Histogram:
        """The same with more, which are not counted for good."""
        copy = Histogram(list(self.counts), self.total_seconds)
        for late in more:
            copy.observe(late)
        return copy

    def cumulative(self) -> list[tuple[str, float]]:
        """Upper bound and how many lie within it, as a scraper is told."""
        within, told = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self.counts, strict=True):
            within += count
            told.append((bound if bound == "+Inf" else f"{bound}.0", float(within)))
        return told


@dataclass(frozen=True, slots=True)
class Late:
    """Both histograms at one moment."""

    recorded: Histogram
    """From a time limit to the record that it passed."""
    sent: Histogram
    """From the record of what happened to the moment at which its notice left."""


class Lateness:
    """Counts what is new at each look. One for each process that is asked; looks at once take turns."""

    def __init__(self, database: Database) -> None:
        """Take the database; nothing is read yet."""
        self._database = database
        self._turn = asyncio.Lock()
        self._recorded = Histogram()
        self._position = 0
        self._sent = Histogram()
        self._sent_until = _BEFORE_ALL

    async def look(self, now: datetime) -> Late:
        """Both histograms as of now.

        Raises:
            DatabaseAway: it cannot be reached. What was counted stays counted.
        """
        async with self._turn:
            while await self._count_limits():
                pass
            return Late(self._recorded.with_these(()), await self._count_sent(now))

    async def _count_limits(self) -> bool:
        """Count the next limits of the register; whether there may be more."""
        async with self._database.read() as tx:
            rows = (
                await tx.execute(
                    select(_REGISTER.c.position, _REGISTER.c.reference, _REGISTER.c.recorded_at, _REGISTER.c.body)
                    .where(_IS_LIMIT, _REGISTER.c.position > self._position)
                    .order_by(_REGISTER.c.position)
                    .limit(AT_ONCE)
                )
            ).all()
            known = await _known_since(tx, sorted({row.reference for row in rows}))
        for row in rows:
            passed = events.loads(row.body)
            if isinstance(passed, events.LimitPassed):
                # A limit that lay in the past when it became known was noted then. We were not late.
                since = known.get((row.reference, passed.clock_id, passed.due_at), passed.due_at)
                self._recorded.observe(row.recorded_at - max(passed.due_at, since))
            self._position = row.position
        return len(rows) == AT_ONCE

    async def _count_sent(self, now: datetime) -> Histogram:
        for_good = max(now - SETTLES_WITHIN, self._sent_until)
        while await self._count_sent_by(for_good):
            pass
        async with self._database.read() as tx:
            recent = await _sent(tx, after=for_good)
        return self._sent.with_these(row.sent_at - row.created_at for row in recent)

    async def _count_sent_by(self, until: datetime) -> bool:
        """Count the next notices that left by then; whether there may be more."""
        async with self._database.read() as tx:
            rows = await _sent(tx, after=self._sent_until, until=until, limit=AT_ONCE)
            more = len(rows) == AT_ONCE
            if more:
                # Whole instants only, since the next look goes on behind the last one.
                until = rows[-1].sent_at
                rows = await _sent(tx, after=self._sent_until, until=until)
        for row in rows:
            self._sent.observe(row.sent_at - row.created_at)
        self._sent_until = until
        return more


async def _known_since(tx: AsyncConnection, references: Sequence[str]) -> dict[tuple[str, str, datetime], datetime]:
    """Since when each due time of these cases' clocks is known to us."""
    rows = await tx.execute(
        select(_CLOCKS.c.reference, _CLOCKS.c.clock_id, _CLOCKS.c.kept_dates).where(_CLOCKS.c.reference.in_(references))
    )
    found: dict[tuple[str, str, datetime], datetime] = {}
    for reference, clock_id, kept in rows:
        for date in json.loads(kept):
            due_at, since = datetime.fromisoformat(date["due_at"]), datetime.fromisoformat(date["since"])
            found.setdefault((reference, clock_id, due_at), since)
    return found


async def _sent(
    tx: AsyncConnection, *, after: datetime, until: datetime | None = None, limit: int | None = None
) -> Sequence[Row[Any, Any]]:
    asked = select(_NOTICES.c.sent_at, _NOTICES.c.created_at).where(_IS_SENT, _NOTICES.c.sent_at > after)
    if until is not None:
        asked = asked.where(_NOTICES.c.sent_at <= until)
    return (await tx.execute(asked.order_by(_NOTICES.c.sent_at).limit(limit))).all()
