"""What is so now, asked of the database: what waits, what is open, what should have happened and is not recorded.

Every question is answered from an index, or from the open cases alone, so that asking stays quick as the years gather.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Column, ColumnElement, case, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake.submissions import State
from escalations.rules.case import Status
from escalations.store import heartbeats, tables, tallies
from escalations.store.heartbeats import Part, Seen
from escalations.store.mails import MailState
from escalations.store.notices import NoticeState
from escalations.store.read_models import ClockState
from escalations.store.tallies import Tally

Known = TypeVar("Known", bound=StrEnum)

_STATES, _NOTICES, _CASES, _CLOCKS = tables.SUBMISSION_STATES, tables.NOTICES, tables.CASES, tables.CLOCKS
_MAILS = tables.MAIL_STATES
WAITS = (MailState.RECEIVED, MailState.HELD)
ON_THEIR_WAY = (State.QUEUED, State.IN_FLIGHT, State.HELD)


class Due(StrEnum):
    """What time alone brings, and what must therefore be recorded soon after it is due."""

    LIMIT = "limit"
    """The time limit of a clock that waits."""
    MOVE = "move"
    """A move up that a person intended, once those passed over were told."""
    WORD = "word"
    """A word to the raiser."""


@dataclass(frozen=True, slots=True)
class Queue:
    """How many, and since when the oldest."""

    count: int
    oldest: datetime | None


EMPTY = Queue(0, None)


@dataclass(frozen=True, slots=True)
class Figures:
    """An installation at one moment."""

    submissions: Mapping[State, Queue]
    """Those that are on their way: the oldest by its time of receipt."""
    waiting_notices: Queue
    settled_notices: Mapping[NoticeState, int]
    mail: Mapping[MailState, int]
    """What came in by mail, by what became of it."""
    waiting_mail: Mapping[MailState, Queue]
    """What waits to be decided on, by us or by the team: the oldest by when it came to that."""
    cases: Mapping[Status, int]
    running_clocks: int
    overdue: Mapping[Due, Queue]
    """What is due and not recorded: the oldest by when it was due. The audit figure."""
    seen: Mapping[Part, Seen]
    tallies: Mapping[tuple[Tally, str], int]
    outbox_messages: int
    database_bytes: int


async def read(tx: AsyncConnection, *, now: datetime) -> Figures:
    """Ask for everything."""
    by_state = await _by(tx, _NOTICES.c.state, NoticeState)
    return Figures(
        submissions=await _submissions(tx),
        waiting_notices=await _queue(tx, _NOTICES.c.created_at, _NOTICES.c.state == NoticeState.WAITING.value),
        settled_notices={state: by_state.get(state, 0) for state in NoticeState if state is not NoticeState.WAITING},
        mail=dict.fromkeys(MailState, 0) | await _by(tx, _MAILS.c.state, MailState),
        waiting_mail={state: await _queue(tx, _MAILS.c.changed_at, _MAILS.c.state == state.value) for state in WAITS},
        cases=dict.fromkeys(Status, 0) | await _by(tx, _CASES.c.status, Status),
        running_clocks=await _count(tx, _CLOCKS.c.state == ClockState.RUNNING.value),
        overdue=await overdue(tx, now=now),
        seen=await heartbeats.seen(tx, now=now),
        tallies=await tallies.read(tx),
        outbox_messages=(await tx.execute(select(func.count()).select_from(tables.OUTBOX))).scalar_one(),
        database_bytes=await _bytes(tx),
    )


async def overdue(tx: AsyncConnection, *, now: datetime) -> Mapping[Due, Queue]:
    """What time should have brought by now, and the register does not hold."""
    limits = (
        await tx.execute(
            select(func.count(), func.min(_CLOCKS.c.due_at))
            .join(_CASES, _CASES.c.reference == _CLOCKS.c.reference)
            .where(
                _CLOCKS.c.state == ClockState.RUNNING.value,
                _CLOCKS.c.due_at < now,
                _CLOCKS.c.limit_passed_at.is_(None),
                _CASES.c.status != Status.CLOSED.value,
            )
        )
    ).one()
    move, word = _CASES.c.move_takes_effect_at, _CASES.c.word_due_at
    late_move, late_word = case((move < now, move)), case((word < now, word))
    of_cases = (
        await tx.execute(
            select(func.count(late_move), func.min(late_move), func.count(late_word), func.min(late_word)).where(
                _CASES.c.status.in_((Status.OPEN.value, Status.HELD.value))
            )
        )
    ).one()
    return {
        Due.LIMIT: Queue(limits[0], limits[1]),
        Due.MOVE: Queue(of_cases[0], of_cases[1]),
        Due.WORD: Queue(of_cases[2], of_cases[3]),
    }


async def _submissions(tx: AsyncConnection) -> Mapping[State, Queue]:
    found = dict.fromkeys(ON_THEIR_WAY, EMPTY)
    # Each state by itself, and written out: only so does a database see that it has an index of these rows alone.
    for states in ("state IN ('queued', 'in_flight')", "state = 'held'"):
        rows = await tx.execute(
            select(_STATES.c.state, func.count(), func.min(_STATES.c.received_at))
            .where(text(states))
            .group_by(_STATES.c.state)
        )
        found |= {State(state): Queue(count, oldest) for state, count, oldest in rows}
    return found


async def _queue(tx: AsyncConnection, since: Column[datetime], which: ColumnElement[bool]) -> Queue:
    count, oldest = (await tx.execute(select(func.count(), func.min(since)).where(which))).one()
    return Queue(count, oldest)


async def _count(tx: AsyncConnection, which: ColumnElement[bool]) -> int:
    return (await tx.execute(select(func.count()).where(which))).scalar_one()


async def _by(tx: AsyncConnection, column: Column[str], vocabulary: type[Known]) -> dict[Known, int]:
    rows = await tx.execute(select(column, func.count()).group_by(column))
    there = {one.value: one for one in vocabulary}
    return {there[name]: count for name, count in rows if name in there}


async def _bytes(tx: AsyncConnection) -> int:
    if tx.dialect.name == "sqlite":
        pages = (await tx.execute(text("PRAGMA page_count"))).scalar_one()
        return int(pages * (await tx.execute(text("PRAGMA page_size"))).scalar_one())
    return int((await tx.execute(text("SELECT pg_database_size(current_database())"))).scalar_one())
