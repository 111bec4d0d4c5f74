"""What the team's board reads: every open case with what it waits for, in a handful of statements.

Four for a thousand cases as for one; a test counts them. Only the columns that the board shows are read.
Codes, ids and instants alone: nothing that says what a case is about is asked for.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.policy import Awaits, Side
from escalations.rules.actors import Channel
from escalations.rules.case import Cause, Status
from escalations.rules.notices import NoticeKind
from escalations.store import tables
from escalations.store.notices import NEEDS_THE_TEAM, NoticeState
from escalations.store.read_models import ClockState

_CASES = tables.CASES
_CLOCKS = tables.CLOCKS
_NOTICES = tables.NOTICES
_REGISTER = tables.REGISTER
_STATES = tables.SUBMISSION_STATES
_SUBMISSIONS = tables.SUBMISSIONS


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case, as the board shows it."""

    reference: str
    status: Status
    track: str
    stage: int
    raising_agency: str | None
    """None where it was not recognised."""
    sender_known: str | None
    sender_checked: str | None
    """How it is known who raised it; None for what was raised before that was written down."""
    raiser_at: str | None
    """Who holds the links of whoever raised it; None for the address that they gave."""
    co_raisers: tuple[str, ...]
    """The agencies that raise it with the one that leads."""
    responding_agencies: tuple[str, ...]
    received_at: datetime
    move_to_stage: int | None
    move_takes_effect_at: datetime | None
    """None for a move that is proposed and that nobody has taken up."""
    paused_since: datetime | None
    pause_reason: str | None
    paused_until: datetime | None
    """When the team is asked to look at a pause that lasts."""
    closed_at: datetime | None
    outcome: str | None
    asked_if_urgent: bool = False
    """Words in a mail can mean that it is urgent, and nobody has said yet whether it is."""

    @property
    def agencies(self) -> frozenset[str]:
        """Every agency that is known to raise it, or that it is raised with."""
        raising = () if self.raising_agency is None else (self.raising_agency,)
        return frozenset((*raising, *self.co_raisers, *self.responding_agencies))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A clock that still waits."""

    awaits: Awaits
    waits_for: Side
    agency_id: str | None
    due_at: datetime
    limit_passed: bool
    """Whether its limit was noted as passed."""
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A notice that did not reach whom it was for, and that nobody has seen to yet."""

    kind: NoticeKind
    agency_id: str | None
    """None for the partnership's team."""
    state: NoticeState


@dataclass(frozen=True, slots=True)
class Unopened:
    """Something received that no case has been opened for yet."""

    reference: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Everything:
    """Every open case, with what each waits for, and what is not open yet."""

    cases: tuple[OpenCase, ...]
    waiting: Mapping[str, Sequence[Waiting]] = field(default_factory=dict)
    troubles: Mapping[str, Sequence[Trouble]] = field(default_factory=dict)
    unopened: tuple[Unopened, ...] = ()


_OF_CASE = (
    _CASES.c.reference,
    _CASES.c.status,
    _CASES.c.track,
    _CASES.c.asked_if_urgent,
    _CASES.c.stage,
    _CASES.c.raising_agency,
    _CASES.c.sender_known,
    _CASES.c.sender_checked,
    _CASES.c.raiser_at,
    _CASES.c.co_raisers,
    _CASES.c.responding_agencies,
    _CASES.c.received_at,
    _CASES.c.move_to_stage,
    _CASES.c.move_takes_effect_at,
    _CASES.c.paused_since,
    _CASES.c.pause_reason,
    _CASES.c.paused_until,
    _CASES.c.closed_at,
    _CASES.c.outcome,
)
_IS_CLOSED = _CASES.c.status == Status.CLOSED.value
_OPEN = select(*_OF_CASE).where(~_IS_CLOSED).order_by(_CASES.c.received_at, _CASES.c.reference)
_WAITING = (
    select(
        _CLOCKS.c.reference,
        _CLOCKS.c.awaits,
        _CLOCKS.c.waits_for,
        _CLOCKS.c.agency_id,
        _CLOCKS.c.due_at,
        _CLOCKS.c.state,
        _CLOCKS.c.cause,
    )
    .join(_CASES, _CASES.c.reference == _CLOCKS.c.reference)
    .where(~_IS_CLOSED, _CLOCKS.c.state.in_([ClockState.RUNNING.value, ClockState.LIMIT_PASSED.value]))
    .order_by(_CLOCKS.c.due_at, _CLOCKS.c.clock_id)
)
_UNOPENED = (
    select(_STATES.c.reference, _STATES.c.received_at)
    .join(_SUBMISSIONS, _SUBMISSIONS.c.submission_id == _STATES.c.submission_id)
    .where(_SUBMISSIONS.c.act_kind == "raise", _STATES.c.state.in_(["queued", "in_flight"]))
    .order_by(_STATES.c.received_at)
)


def _troubles() -> Select[Any, Any, Any, Any]:
    """Notices that did not arrive, without those that have been seen to.

    A later notice to the same position that left sees to one, though not to the notice of a stage, for which a reminder
    is no substitute; so does whatever ended the team's clock to mend it. What was for a stage left is moot.
    """
    later, mended = _NOTICES.alias("later"), _CLOCKS.alias("mended")
    followed = exists().where(
        later.c.reference == _NOTICES.c.reference,
        later.c.side == _NOTICES.c.side,
        later.c.agency_id.is_not_distinct_from(_NOTICES.c.agency_id),
        later.c.position.is_not_distinct_from(_NOTICES.c.position),
        later.c.state == NoticeState.SENT.value,
        later.c.sent_at > _NOTICES.c.created_at,
        or_(later.c.starts_clocks, ~_NOTICES.c.starts_clocks),
    )
    seen_to = exists().where(
        mended.c.reference == _NOTICES.c.reference,
        mended.c.agency_id == _NOTICES.c.agency_id,
        mended.c.awaits == Awaits.MEND_DELIVERY.value,
        mended.c.state == ClockState.MET.value,
        mended.c.ended_at >= _NOTICES.c.created_at,
    )
    moot = and_(_NOTICES.c.side == Side.RESPONDING.value, _NOTICES.c.stage < _CASES.c.stage, ~_IS_CLOSED)
    return (
        select(_NOTICES.c.reference, _NOTICES.c.kind, _NOTICES.c.agency_id, _NOTICES.c.state)
        .join(_CASES, _CASES.c.reference == _NOTICES.c.reference)
        .where(_NOTICES.c.state.in_([state.value for state in NEEDS_THE_TEAM]), ~moot, ~followed, ~seen_to)
        .order_by(_NOTICES.c.created_at, _NOTICES.c.notice_id)
    )


_OPEN_TROUBLES = _troubles().where(~_IS_CLOSED)


async def references(tx: AsyncConnection) -> list[str]:
    """Every case that is not closed, oldest first."""
    rows = await tx.execute(
        select(_CASES.c.reference).where(~_IS_CLOSED).order_by(_CASES.c.received_at, _CASES.c.reference)
    )
    return list(rows.scalars())


async def read(tx: AsyncConnection) -> Everything:
    """Every open case, with what it waits for and which notices have not arrived."""
    cases = tuple(_case(row) for row in (await tx.execute(_OPEN)).mappings())
    waiting: dict[str, list[Waiting]] = defaultdict(list)
    for row in await tx.execute(_WAITING):
        waiting[row.reference].append(
            Waiting(
                Awaits(row.awaits),
                Side(row.waits_for),
                row.agency_id,
                row.due_at,
                row.state == ClockState.LIMIT_PASSED.value,
                Cause(row.cause) if row.cause else None,
            )
        )
    troubles = _by_case(await tx.execute(_OPEN_TROUBLES))
    unopened = tuple(Unopened(row.reference, row.received_at) for row in await tx.execute(_UNOPENED))
    return Everything(cases, waiting, troubles, unopened)


async def closed(
    tx: AsyncConnection,
    *,
    agency: str | None = None,
    stage: int | None = None,
    track: str | None = None,
    offset: int = 0,
    limit: int = 50,
) -> tuple[int, Everything]:
    """How many closed cases there are, and one page of them, the newest first, with notices that did not arrive.

    Args:
        tx: a transaction.
        agency: only those that this agency raised, alone or with others, or that were raised with it.
        stage: only those that ended at this stage.
        track: only those of this track.
        offset: how many to leave out.
        limit: how many at most.
    """
    chosen: list[ColumnElement[bool]] = [_IS_CLOSED]
    if agency is not None:
        # An agency's id is a slug: it holds nothing that LIKE reads as a sign.
        listed = f'%"{agency}"%'
        chosen.append(
            or_(
                _CASES.c.raising_agency == agency,
                _CASES.c.co_raisers.like(listed),
                _CASES.c.responding_agencies.like(listed),
            )
        )
    if stage is not None:
        chosen.append(_CASES.c.stage == stage)
    if track is not None:
        chosen.append(_CASES.c.track == track)
    count: int = (await tx.execute(select(func.count()).select_from(_CASES).where(*chosen))).scalar_one()
    rows = await tx.execute(
        select(*_OF_CASE)
        .where(*chosen)
        .order_by(_CASES.c.closed_at.desc(), _CASES.c.reference)
        .offset(offset)
        .limit(limit)
    )
    cases = tuple(_case(row) for row in rows.mappings())
    shown = [case.reference for case in cases]
    troubles = _by_case(await tx.execute(_troubles().where(_NOTICES.c.reference.in_(shown)))) if shown else {}
    return count, Everything(cases, troubles=troubles)


async def began(tx: AsyncConnection, references: Collection[str]) -> dict[str, datetime]:
    """When those of them that the team entered for somebody began, as that person said; by reference."""
    if not references:
        return {}
    rows = await tx.execute(
        select(_REGISTER.c.reference, _REGISTER.c.body).where(
            _REGISTER.c.seq == 1, _REGISTER.c.reference.in_(sorted(references))
        )
    )
    opened = {row.reference: json.loads(row.body) for row in rows}
    return {
        reference: datetime.fromisoformat(said["happened_at"])
        for reference, said in opened.items()
        if said["channel"] == Channel.TEAM.value and "happened_at" in said
    }


def _case(row: RowMapping) -> OpenCase:
    return OpenCase(
        **{
            **row,
            "status": Status(row["status"]),
            "co_raisers": tuple(json.loads(row["co_raisers"])),
            "responding_agencies": tuple(json.loads(row["responding_agencies"])),
        }
    )


def _by_case(rows: Iterable[Any]) -> dict[str, list[Trouble]]:
    found: dict[str, list[Trouble]] = defaultdict(list)
    for row in rows:
        found[row.reference].append(Trouble(NoticeKind(row.kind), row.agency_id, NoticeState(row.state)))
    return found
