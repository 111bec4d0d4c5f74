"""What was agreed to be done by a date, what is proposed, and who is asked what came of it: a read model of its own.

One row for each thing that somebody is still waited for, of open and of closed cases. Rebuilt from the register like
the other read models; nothing here decides. No row says what an action is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.policy import Side
from escalations.rules import planning
from escalations.rules.case import Case, Status
from escalations.store import tables

_PROMISES = tables.PROMISES
_CASES = tables.CASES
_CLEAR = delete(_PROMISES).where(_PROMISES.c.reference == bindparam("case"))
_ADD = insert(_PROMISES)
_WAITING = (
    select(_PROMISES, _CASES.c.status)
    .join(_CASES, _CASES.c.reference == _PROMISES.c.reference)
    .order_by(_PROMISES.c.due_at.is_(None), _PROMISES.c.due_at, _PROMISES.c.reference, _PROMISES.c.item_id)
)


class Kind(StrEnum):
    """What is waited for."""

    ACTION = "action"
    PLAN = "plan"
    """Word on a plan that was proposed."""
    FOLLOW_UP = "follow_up"


class Standing(StrEnum):
    """Where it stands."""

    TO_DO = "to_do"
    NOT_DONE = "not_done"
    """Its owner said that it is not done, and why."""
    DATE_PASSED = "date_passed"
    """It was noted that the date, or the time to answer, is over."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that somebody is waited for."""

    reference: str
    item_id: str
    kind: Kind
    side: Side
    agency_id: str
    due_at: datetime | None
    """None for word on a plan, which has no time limit of its own."""
    state: Standing
    closed: bool = False
    """Whether the case has closed."""


async def project(tx: AsyncConnection, before: Case | None, after: Case) -> None:
    """Bring the rows of a case up to how it stands, where something of this changed."""
    if before is not None and _same(before, after):
        return
    await tx.execute(_CLEAR, {"case": after.reference})
    rows = [
        {
            "reference": one.reference,
            "item_id": one.item_id,
            "kind": one.kind.value,
            "side": one.side.value,
            "agency_id": one.agency_id,
            "due_at": one.due_at,
            "state": one.state.value,
        }
        for one in of(after)
    ]
    if rows:
        await tx.execute(_ADD, rows)


def _same(before: Case, after: Case) -> bool:
    if not after.plans and after.follow_up is None and before.follow_up is None:
        return True
    return (before.plans, before.follow_up, before.status) == (after.plans, after.follow_up, after.status)


def of(case: Case) -> tuple[Promise, ...]:
    """What of a case somebody is still waited for."""
    return (*_actions(case), *_plans(case), *_follow_up(case))


def _actions(case: Case) -> list[Promise]:
    found = []
    for action in planning.to_do(case):
        side = Side.RAISING if case.raises(action.agency_id) else Side.RESPONDING
        state = Standing.NOT_DONE if action.done is False else Standing.TO_DO
        if action.passed_at is not None and state is Standing.TO_DO:
            state = Standing.DATE_PASSED
        found.append(
            Promise(case.reference, action.action_id, Kind.ACTION, side, action.agency_id, action.due_at, state)
        )
    return found


def _plans(case: Case) -> list[Promise]:
    if not planning.lives(case):
        return []
    return [
        Promise(case.reference, f"{plan.plan_id}:{agency}", Kind.PLAN, side, agency, None, Standing.TO_DO)
        for plan in case.plans
        for side, agency in plan.unanswered
    ]


def _follow_up(case: Case) -> list[Promise]:
    found = case.follow_up
    if case.status is not Status.CLOSED or found is None:
        return []
    state = Standing.TO_DO if found.over_at is None else Standing.DATE_PASSED
    return [
        Promise(case.reference, f"f:{agency}", Kind.FOLLOW_UP, side, agency, found.until, state)
        for side, agency in found.unanswered
    ]


async def waiting(tx: AsyncConnection) -> tuple[Promise, ...]:
    """Everything that somebody is waited for, the nearest date first, in one statement."""
    rows = (await tx.execute(_WAITING)).mappings()
    return tuple(
        Promise(
            row["reference"],
            row["item_id"],
            Kind(row["kind"]),
            Side(row["side"]),
            row["agency_id"],
            row["due_at"],
            Standing(row["state"]),
            row["status"] == Status.CLOSED.value,
        )
        for row in rows
    )
