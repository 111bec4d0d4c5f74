"""The team's list: what is open, by when, what is waited for and from whom, and what needs the team itself.

Nothing here tells what a case is about.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import Response

from escalations.intake.submissions import State
from escalations.policy import Awaits, Side
from escalations.rules.access import Page
from escalations.rules.case import Cause, Status
from escalations.store import directory, read_models, references, tables
from escalations.store.notices import NoticeState
from escalations.store.read_models import CaseRow, ClockRow, ClockState
from escalations.web import telling, words
from escalations.web.auth import allowed
from escalations.web.forms import Problem, Raw, first
from escalations.web.parts import Parts
from escalations.web.telling import Names

_NOTICES = tables.NOTICES
_STATES = tables.SUBMISSION_STATES
_SUBMISSIONS = tables.SUBMISSIONS


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that a case waits for."""

    what: str
    """And from whom."""
    due_at: datetime
    passed: bool
    """Whether the time limit has passed, by this clock or by the moment of looking."""
    cause: str


@dataclass(frozen=True, slots=True)
class Line:
    """One case of the list."""

    row: CaseRow
    raising: str
    responding: tuple[str, ...]
    waiting: tuple[Waiting, ...]
    undelivered: tuple[str, ...]
    stage: str


@dataclass(frozen=True, slots=True)
class Stored:
    """Something received that no case has been opened for yet."""

    reference: str
    received_at: datetime


def routes(parts: Parts) -> APIRouter:
    """The list, the closed ones, and the way to a case by its reference."""
    router = APIRouter(prefix="/board", dependencies=[allowed(parts, Page.BOARD)], include_in_schema=False)

    @router.get("")
    async def board(request: Request) -> Response:
        return await _show(parts, request)

    @router.get("/closed")
    async def closed(request: Request) -> Response:
        return await _show(parts, request, closed=True)

    @router.post("/find")
    async def find(request: Request) -> Response:
        raw, _, genuine = await parts.posted(request)
        found = references.parse(first(raw, "reference"))
        if isinstance(found, references.Problem) or not genuine:
            sentence = found.sentence if isinstance(found, references.Problem) else "Please press the button again."
            return await _show(parts, request, raw=raw, problems=(Problem("reference", sentence),))
        return parts.go(request, f"/board/{found}")

    return router


async def _show(
    parts: Parts,
    request: Request,
    *,
    closed: bool = False,
    raw: Raw | None = None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    now = parts.now()
    names = Names(await parts.agencies.read(now))
    async with parts.database.read() as tx:
        rows = await read_models.listed(tx, closed=closed)
        clocks: dict[str, list[ClockRow]] = defaultdict(list)
        for clock in await read_models.clocks_of(tx, *(row.reference for row in rows)):
            clocks[clock.reference].append(clock)
        troubles: dict[str, list[str]] = defaultdict(list)
        for notice in (
            await tx.execute(
                select(_NOTICES)
                .where(_NOTICES.c.state.in_([state.value for state in words.NEEDS_THE_TEAM]))
                .order_by(_NOTICES.c.created_at)
            )
        ).all():
            troubles[notice.reference].append(
                f"{words.NOTICES[notice.kind]} to {names.agency(notice.agency_id)}: "
                f"{words.NOTICE_STATES[NoticeState(notice.state)].lower()}"
            )
        stored = (
            ()
            if closed
            else tuple(
                Stored(row.reference, row.received_at)
                for row in (
                    await tx.execute(
                        select(_STATES.c.reference, _STATES.c.received_at)
                        .join(_SUBMISSIONS, _SUBMISSIONS.c.submission_id == _STATES.c.submission_id)
                        .where(
                            _SUBMISSIONS.c.act_kind == "raise",
                            _STATES.c.state.in_([State.QUEUED.value, State.IN_FLIGHT.value]),
                        )
                        .order_by(_STATES.c.received_at)
                    )
                ).all()
            )
        )
        team = await directory.holders(tx, parts.vault, None, "team", now)
    titles = {stage.number: stage.title for stage in parts.policy.stages}
    lines = [_line(row, clocks[row.reference], troubles[row.reference], names, now, titles) for row in rows]
    return parts.show(
        request,
        "board.html",
        status=422 if problems else 200,
        now=now,
        closed=closed,
        stored=stored,
        held=[line for line in lines if line.row.status == Status.HELD],
        team=team,
        lines=[line for line in lines if line.row.status != Status.HELD],
        timers_up=await parts.timers_up(),
        f=parts.form(request, raw, problems),
    )


def _line(  # noqa: PLR0917  what one row of the list is made of
    row: CaseRow,
    clocks: list[ClockRow],
    troubles: list[str],
    names: Names,
    now: datetime,
    titles: dict[int, str],
) -> Line:
    running = sorted(
        (clock for clock in clocks if clock.state in {ClockState.RUNNING, ClockState.LIMIT_PASSED}),
        key=lambda clock: clock.due_at,
    )
    return Line(
        row,
        names.raising(row.raising_agency),
        tuple(names.agency(agency) for agency in row.responding_agencies),
        tuple(_waiting(clock, names, now) for clock in running if _worth_a_line(clock, now)),
        tuple(troubles),
        f"Stage {row.stage}: {titles.get(row.stage, '')}" if row.stage else "Not begun",
    )


def _worth_a_line(clock: ClockRow, now: datetime) -> bool:
    """The clock over the whole process stands on the case's page; in the list only once its limit has passed."""
    return clock.awaits != Awaits.SETTLE_ALL or clock.due_at < now


def _waiting(clock: ClockRow, names: Names, now: datetime) -> Waiting:
    passed = clock.state is ClockState.LIMIT_PASSED or clock.due_at < now
    return Waiting(
        telling.awaited(Awaits(clock.awaits), Side(clock.waits_for), clock.agency_id, names),
        clock.due_at,
        passed,
        words.CAUSES[Cause(clock.cause)] if clock.cause else "",
    )
