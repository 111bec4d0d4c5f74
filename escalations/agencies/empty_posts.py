"""What of the open escalations hangs on the directory: who is waited for, who is away, and whom the team has to tell.

References, agencies and positions only; nothing here tells what a case is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.agencies import keeping
from escalations.policy import Awaits, Side
from escalations.rules.notices import RAISER
from escalations.store import directory, tables
from escalations.store.directory import LEAD, Span
from escalations.store.notices import NoticeState
from escalations.store.read_models import ClockState

SOON: Final = timedelta(days=14)
"""How long before somebody leaves the pages say so."""

_NEVER: Final = date.max - SOON
_CLOCKS = tables.CLOCKS
_NOTICES = tables.NOTICES
_STATES: Final = (ClockState.RUNNING.value, ClockState.LIMIT_PASSED.value)
_NOT_TOLD: Final = (NoticeState.NO_ONE, NoticeState.UNDELIVERED, NoticeState.UNKNOWN, NoticeState.OFF)


@dataclass(frozen=True, slots=True)
class Unfilled:
    """A position for which open escalations wait, and in which nobody is, or soon is not."""

    agency_id: str
    position: str
    references: tuple[str, ...]
    last_day: date | None
    """The last day of whoever is in post; None where nobody is."""
    falls_to: str | None
    """The title of whom it falls to; None where it reaches nobody."""


@dataclass(frozen=True, slots=True)
class ToTell:
    """A notice that the team has to tell an agency of, because that agency is not told by mail."""

    agency_id: str
    reference: str
    kind: str
    position: str
    since: datetime


async def waited_for(tx: AsyncConnection, agency_id: str | None = None) -> dict[tuple[str, str], tuple[str, ...]]:
    """The references of the open escalations that wait for each position, by agency and position.

    A clock waits for it, or a notice to it has not arrived, so that its clock has not begun.
    """
    clocks = select(_CLOCKS.c.agency_id, _CLOCKS.c.position, _CLOCKS.c.reference).where(
        *_running(), _CLOCKS.c.waits_for != Side.TEAM.value, _CLOCKS.c.position.is_not(None)
    )
    notices = select(_NOTICES.c.agency_id, _NOTICES.c.position, _NOTICES.c.reference).where(
        _NOTICES.c.state.in_([state.value for state in _NOT_TOLD]), _NOTICES.c.position != RAISER
    )
    if agency_id is not None:
        clocks = clocks.where(_CLOCKS.c.agency_id == agency_id)
        notices = notices.where(_NOTICES.c.agency_id == agency_id)
    mending = await _mending(tx)
    waits = {tuple(row) for row in await tx.execute(clocks)}
    waits |= {tuple(row) for row in await tx.execute(notices) if (row.reference, row.agency_id) in mending}
    found: dict[tuple[str, str], list[str]] = {}
    for of, position, reference in sorted(waits):
        found.setdefault((of, position), []).append(reference)
    return {key: tuple(references) for key, references in found.items()}


async def _mending(tx: AsyncConnection) -> set[tuple[str, str]]:
    """For which case and agency the team still has to see to a notice that was not told."""
    rows = await tx.execute(
        select(_CLOCKS.c.reference, _CLOCKS.c.agency_id).where(
            *_running(), _CLOCKS.c.awaits == Awaits.MEND_DELIVERY.value
        )
    )
    return {(row.reference, row.agency_id) for row in rows}


def _running() -> tuple[ColumnElement[bool], ...]:
    return (_CLOCKS.c.state.in_(_STATES), _CLOCKS.c.ended_at.is_(None), _CLOCKS.c.agency_id.is_not(None))


async def unfilled(tx: AsyncConnection, now: datetime, agency_id: str | None = None) -> list[Unfilled]:
    """The positions that open escalations wait for, and in which nobody is, or will not be within two weeks."""
    day, held = keeping.today(now), await directory.spans(tx)
    found = []
    for (of, position), references in sorted((await waited_for(tx, agency_id)).items()):
        last = _last_day([one for one in held if (one.agency_id, one.position) == (of, position)], day)
        if last is not None and last > day + SOON:
            continue
        after = day if last is None else last + timedelta(days=1)
        lead = [one for one in held if (one.agency_id, one.position) == (of, LEAD) and one.held and one.on(after)]
        falls_to = lead[-1].title if lead and position != LEAD else None
        found.append(Unfilled(of, position, references, last, falls_to))
    return found


def _last_day(of_position: list[Span], day: date) -> date | None:
    """The last day on which somebody is in post without a gap from today on; None where nobody is today."""
    last: date | None = None
    for one in of_position:
        begins = day if last is None else last + timedelta(days=1)
        if one.held and one.on(begins):
            last = one.until or _NEVER
    return last


async def to_tell(tx: AsyncConnection, agency_id: str | None = None) -> list[ToTell]:
    """The notices that the team still has to tell somebody of, the oldest first.

    One is told once a person there was reached: the team's clock to see to it then ends, and the notice is not listed
    any more.
    """
    waiting = await _mending(tx)
    query = select(_NOTICES).where(_NOTICES.c.state == NoticeState.OFF.value).order_by(_NOTICES.c.created_at)
    if agency_id is not None:
        query = query.where(_NOTICES.c.agency_id == agency_id)
    return [
        ToTell(row.agency_id, row.reference, row.kind, row.position, row.created_at)
        for row in await tx.execute(query)
        if (row.reference, row.agency_id) in waiting
    ]
