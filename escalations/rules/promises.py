"""What time alone brings of a plan's actions and of the follow-up: it reminds, and it tells. It never does more.

Every instant stands in the case already: here they are only read. After the end of a case these are all that it still
waits for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from escalations.policy import Side
from escalations.rules import events, following_up, planning
from escalations.rules.case import Case, Status
from escalations.rules.events import Concerned, Event
from escalations.rules.plan import Action, FollowUp, Whose


def next_wake(case: Case) -> datetime | None:
    """When one of them next has something to say."""
    if not case.plans and case.follow_up is None:
        return None
    instants = [instant for action in _actions(case) if (instant := _next_of(action)) is not None]
    if (follow_up := _follow_up(case)) is not None and (instant := _next_follow_up(follow_up)) is not None:
        instants.append(instant)
    return min(instants, default=None)


def first(case: Case, now: datetime, until: datetime) -> tuple[datetime, Event] | None:
    """The earliest that is due, with its instant: of actions in the order of their plans, then of the follow-up."""
    found: list[tuple[datetime, int, Event]] = []
    for place, action in enumerate(_actions(case)):
        instant = _next_of(action, by=until)
        if instant is not None and instant <= until:
            found.append((instant, place, _of_action(action, instant, now)))
    follow_up = _follow_up(case)
    instant = None if follow_up is None else _next_follow_up(follow_up)
    if follow_up is not None and instant is not None and instant <= until:
        found.append((instant, len(found) + 1000, _of_follow_up(case, follow_up, now)))
    if not found:
        return None
    instant, _, event = min(found, key=lambda one: one[:2])
    return instant, event


def _actions(case: Case) -> Iterator[Action]:
    """Those that time still has something to say of: taken on, not recorded as done, and their date not yet noted."""
    return (action for action in planning.to_do(case) if action.passed_at is None)


def _next_of(action: Action, *, by: datetime | None = None) -> datetime | None:
    """Its next reminder, as long as nothing has been said of it; or its date.

    ``by`` is an instant up to which everything is due: a reminder of a date that lies before it has lost its purpose.
    """
    reminds = action.done is None and action.reminded < len(action.reminders)
    if reminds and (by is None or action.due_at > by):
        return action.reminders[action.reminded]
    return action.due_at


def _of_action(action: Action, instant: datetime, now: datetime) -> Event:
    """Several reminders that are overdue at once are one."""
    if instant == action.due_at:
        return events.ActionDatePassed(
            at=now,
            action_id=action.action_id,
            agency_id=action.agency_id,
            position=action.position,
            due_at=action.due_at,
        )
    return events.ActionReminded(
        at=now,
        action_id=action.action_id,
        agency_id=action.agency_id,
        position=action.position,
        due_at=action.due_at,
        reminder=sum(1 for moment in action.reminders if moment <= now),
        of=len(action.reminders),
    )


def _follow_up(case: Case) -> FollowUp | None:
    return case.follow_up if case.status is Status.CLOSED else None


def _next_follow_up(follow_up: FollowUp) -> datetime | None:
    if follow_up.asked_at is None:
        return follow_up.at
    if follow_up.over_at is not None or not follow_up.unanswered or follow_up.until is None:
        return None
    if follow_up.reminded < len(follow_up.reminders):
        return follow_up.reminders[follow_up.reminded]
    return follow_up.until


def _of_follow_up(case: Case, follow_up: FollowUp, now: datetime) -> Event:
    if follow_up.asked_at is None or follow_up.until is None:
        return following_up.ask(case, now)
    unanswered = _concerned(follow_up.unanswered)
    fallen = sum(1 for moment in follow_up.reminders if moment <= now)
    if follow_up.until <= now or fallen <= follow_up.reminded:
        return events.FollowUpUnanswered(at=now, unanswered=unanswered, until=follow_up.until)
    return events.FollowUpReminded(
        at=now, unanswered=unanswered, until=follow_up.until, reminder=fallen, of=len(follow_up.reminders)
    )


def _concerned(whose: tuple[Whose, ...]) -> tuple[Concerned, ...]:
    return tuple(Concerned(side=Side(side), agency_id=agency) for side, agency in whose)
