"""Notices that are to leave: what became of each, and which are due.

A row is made in the transaction that records the event which it tells of, and leaves later. Whoever delivers takes a
short lease on a row, so that the first attempt and the post round never send one notice at the same time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.policy import Side
from escalations.rules.instead import ToldInstead
from escalations.rules.notices import Ask, Notice, NoticeKind, Recipient
from escalations.store import tables
from escalations.store.engine import insert_unless_there

_NOTICES = tables.NOTICES
LEASE = timedelta(minutes=2)
"""How long a notice that was taken is left to whoever took it. Longer than one try at a relay may take."""


# The oldest try first, and within a case in the order of its events: who is asked hears before who is told.
_DUE = (
    select(_NOTICES)
    .where(_NOTICES.c.state == "waiting", _NOTICES.c.next_attempt_at <= bindparam("now"))
    .order_by(_NOTICES.c.next_attempt_at, _NOTICES.c.created_at, _NOTICES.c.seq, _NOTICES.c.notice_id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_OF_THESE = _NOTICES.c.notice_id.in_(bindparam("ids", expanding=True))
_OF_ONE_CASE = _NOTICES.c.reference == bindparam("case")
# Made once: SQLAlchemy finds what it has compiled by the statement, and takes long to compare one that is new.
_DUE_OF_THESE = _DUE.where(_OF_THESE)
_DUE_OF_ONE_CASE = _DUE.where(_OF_ONE_CASE)
_DUE_OF_THESE_OF_ONE_CASE = _DUE_OF_THESE.where(_OF_ONE_CASE)
_TAKE = (
    update(_NOTICES)
    .where(_NOTICES.c.notice_id.in_(bindparam("taken", expanding=True)))
    .values(attempts=_NOTICES.c.attempts + 1, next_attempt_at=bindparam("until"))
)
_STILL_WAITING = update(_NOTICES).where(_NOTICES.c.notice_id == bindparam("notice"), _NOTICES.c.state == "waiting")
_OF_CASE = (
    select(_NOTICES).where(_NOTICES.c.reference == bindparam("case")).order_by(_NOTICES.c.seq, _NOTICES.c.notice_id)
)


class NoticeState(StrEnum):
    """What became of a notice."""

    WAITING = "waiting"
    """To be sent, for the first time or again."""
    SENT = "sent"
    """A relay took it."""
    UNDELIVERED = "undelivered"
    UNKNOWN = "unknown"
    """The connection was lost after the message went, and trying again did not settle whether it was taken."""
    SUPERSEDED = "superseded"
    """Overtaken by events before it left."""
    NO_ONE = "no_one"
    """Nobody holds the position, nor stands in."""
    OFF = "off"
    """The agency is not told by mail; the team tells it."""


NEEDS_THE_TEAM: Final = frozenset({NoticeState.UNDELIVERED, NoticeState.UNKNOWN, NoticeState.NO_ONE, NoticeState.OFF})
"""What became of a notice that somebody has to see to."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice and what has become of it."""

    notice_id: str
    reference: str
    seq: int
    """The event that it tells of."""
    notice: Notice
    state: NoticeState
    attempts: int
    """How many tries have begun."""
    next_attempt_at: datetime | None
    created_at: datetime
    sent_at: datetime | None = None
    last_code: str | None = None
    message_id: str | None = None
    return_path: bool | None = None
    """Whether it went under a return path of its own; None where that was not noted yet."""
    told_instead: ToldInstead | None = None
    """Who got it in the place of whoever it was meant for."""

    @classmethod
    def new(cls, reference: str, seq: int, number: int, notice: Notice, *, at: datetime) -> NoticeRow:
        """A notice that an event brings. Its id follows from the event, so recording it twice makes one row.

        Args:
            reference: the case.
            seq: the event that it tells of.
            number: its place among what that event brings, from 1.
            notice: what is to be told.
            at: when it was recorded; it is due at once.
        """
        return cls(f"{reference}-{seq}-{number}", reference, seq, notice, NoticeState.WAITING, 0, at, at)


async def add(tx: AsyncConnection, rows: Iterable[NoticeRow]) -> list[str]:
    """Put notices to be sent, and give the ids of those that were not there yet."""
    rows = list(rows)
    if not rows:
        return []
    added = await tx.execute(
        insert_unless_there(tx, _NOTICES).returning(_NOTICES.c.notice_id), [_values(row) for row in rows]
    )
    new = set(added.scalars())
    return [row.notice_id for row in rows if row.notice_id in new]


def _values(row: NoticeRow) -> dict[str, object]:
    notice = row.notice
    return {
        "notice_id": row.notice_id,
        "reference": row.reference,
        "seq": row.seq,
        "kind": notice.kind.value,
        "side": notice.to.side.value,
        "agency_id": notice.to.agency_id,
        "position": notice.to.position,
        "asks": notice.asks.value,
        "stage": notice.stage,
        "due_at": notice.due_at,
        "about": notice.about,
        "starts_clocks": notice.starts_clocks,
        "state": row.state.value,
        "attempts": row.attempts,
        "next_attempt_at": row.next_attempt_at,
        "created_at": row.created_at,
        "sent_at": row.sent_at,
        "last_code": row.last_code,
        "message_id": row.message_id,
    }


async def lease_due(
    tx: AsyncConnection,
    *,
    now: datetime,
    limit: int,
    ids: Collection[str] | None = None,
    reference: str | None = None,
    lease_for: timedelta = LEASE,
) -> list[NoticeRow]:
    """Take notices that are due, oldest first; nobody else is given them until the lease runs out or they are settled.

    Args:
        tx: a transaction that may write; the lease holds from its commit on.
        now: what is due by then is due.
        limit: how many at most.
        ids: only these.
        reference: only those of this case.
        lease_for: how long they are left to the caller.
    """
    given: dict[str, object] = {"now": now, "at_most": limit}
    if ids is not None:
        given["ids"] = list(ids)
    if reference is not None:
        given["case"] = reference
    due = {
        (False, False): _DUE,
        (True, False): _DUE_OF_THESE,
        (False, True): _DUE_OF_ONE_CASE,
        (True, True): _DUE_OF_THESE_OF_ONE_CASE,
    }[ids is not None, reference is not None]
    rows = (await tx.execute(due, given)).all()
    taken = [replace(_row(row), attempts=row.attempts + 1, next_attempt_at=now + lease_for) for row in rows]
    if taken:
        await tx.execute(_TAKE, {"taken": [row.notice_id for row in taken], "until": now + lease_for})
    return taken


async def settle(
    tx: AsyncConnection,
    notice_id: str,
    *,
    state: NoticeState,
    code: str,
    at: datetime,
    message_id: str | None = None,
    return_path: bool = False,
    told_instead: ToldInstead | None = None,
) -> bool:
    """Say what became of a notice, for good. What was settled before stays as it was.

    Args:
        tx: a transaction that may write.
        notice_id: the notice.
        state: what became of it; anything but ``waiting``.
        code: a short static word on how, never a relay's own.
        at: when it was settled; kept as when it was sent, where it was.
        message_id: for a sent one, the Message-ID that its reader sees.
        return_path: whether it went under a return path of its own, to which reports on it come.
        told_instead: who got it in the place of whoever it was meant for.

    Returns:
        Whether it was still waiting.
    """
    if state is NoticeState.WAITING:
        raise ValueError("a notice that waits is not settled: use retry")
    done = await tx.execute(
        _STILL_WAITING,
        {
            "notice": notice_id,
            "state": state.value,
            "last_code": code,
            "next_attempt_at": None,
            "message_id": message_id,
            "sent_at": at if state in {NoticeState.SENT, NoticeState.UNKNOWN} else None,
            "return_path": return_path,
            "told_instead": None if told_instead is None else told_instead.model_dump_json(),
        },
    )
    return done.rowcount == 1


async def retry(tx: AsyncConnection, notice_id: str, *, next_attempt_at: datetime, code: str) -> None:
    """Leave a notice to be tried again, and say why it was not settled."""
    await tx.execute(_STILL_WAITING, {"notice": notice_id, "next_attempt_at": next_attempt_at, "last_code": code})


async def waiting_for(tx: AsyncConnection, reference: str, *, after_seq: int = 0) -> list[NoticeRow]:
    """The notices of a case that have not left yet, those that are being tried included; of later events only."""
    rows = await tx.execute(
        select(_NOTICES)
        .where(_NOTICES.c.reference == reference, _NOTICES.c.state == NoticeState.WAITING, _NOTICES.c.seq > after_seq)
        .order_by(_NOTICES.c.seq, _NOTICES.c.notice_id)
    )
    return [_row(row) for row in rows]


async def of_case(tx: AsyncConnection, reference: str) -> list[NoticeRow]:
    """Every notice of a case, in the order of the events that they tell of; what the case page shows."""
    rows = await tx.execute(_OF_CASE, {"case": reference})
    return [_row(row) for row in rows]


async def get(tx: AsyncConnection, notice_id: str) -> NoticeRow | None:
    """The notice of that id."""
    row = (await tx.execute(select(_NOTICES).where(_NOTICES.c.notice_id == notice_id))).one_or_none()
    return None if row is None else _row(row)


async def sent_as(tx: AsyncConnection, message_ids: Collection[str]) -> NoticeRow | None:
    """The notice that left under one of these Message-IDs, for a relay that puts its own in the place of ours."""
    if not message_ids:
        return None
    query = select(_NOTICES).where(_NOTICES.c.message_id.in_(list(message_ids))).limit(1)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else _row(row)


async def bounced(tx: AsyncConnection, notice_id: str, *, code: str) -> bool:
    """Say that a notice which a relay took did not arrive after all, and give whether that was new."""
    done = await tx.execute(
        update(_NOTICES)
        .where(
            _NOTICES.c.notice_id == notice_id,
            _NOTICES.c.state.in_([NoticeState.SENT.value, NoticeState.UNKNOWN.value]),
        )
        .values(state=NoticeState.UNDELIVERED.value, last_code=code)
    )
    return done.rowcount == 1


def _row(row: Row[tuple[object, ...]]) -> NoticeRow:
    values = row._mapping  # noqa: SLF001  SQLAlchemy's public name for it
    to = Recipient(Side(values["side"]), values["agency_id"], values["position"])
    notice = Notice(
        NoticeKind(values["kind"]),
        to,
        Ask(values["asks"]),
        values["stage"],
        values["due_at"],
        values["about"],
        values["starts_clocks"],
    )
    return NoticeRow(
        values["notice_id"],
        values["reference"],
        values["seq"],
        notice,
        NoticeState(values["state"]),
        values["attempts"],
        values["next_attempt_at"],
        values["created_at"],
        values["sent_at"],
        values["last_code"],
        values["message_id"],
        values["return_path"],
        None if values["told_instead"] is None else ToldInstead.model_validate_json(values["told_instead"]),
    )
