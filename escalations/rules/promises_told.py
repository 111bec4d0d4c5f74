"""Who hears of a plan, of its actions' dates, of dissent and of the follow-up.

The other side hears of what one side proposes or says, the owner of an action of its date, and the team of what nobody
answered. A message never says what an action is: the page does, behind a code.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from escalations.policy import Side, Unanswered
from escalations.rules import events
from escalations.rules.case import Case
from escalations.rules.clocks import TEAM_POSITION
from escalations.rules.plan import Action, Plan, Whose, action_of
from escalations.rules.telling import LEAD, RAISER, Ask, Notice, NoticeKind, Recipient


def of_promise(case: Case, event: events.Promised) -> tuple[Notice, ...]:  # noqa: C901  one line a kind, and closed
    """Who is told of it."""
    match event:
        case events.PlanProposed():
            asked = ((one.side, one.agency_id) for one in event.asked)
            return _to_each(case, NoticeKind.PLAN_PROPOSED, asked, Ask.PLAN, about=event.plan_id)
        case events.PlanAnswered():
            return _answered(case, event)
        case events.ActionReminded():
            return (_to_owner(case, NoticeKind.ACTION_REMINDER, event.action_id, event.due_at),)
        case events.ActionDatePassed():
            owner = _to_owner(case, NoticeKind.ACTION_DATE_PASSED, event.action_id, event.due_at)
            others = _others(case, event.action_id)
            told = _to_each(
                case, NoticeKind.ACTION_DATE_PASSED, others, Ask.READ, about=event.action_id, due_at=event.due_at
            )
            return (owner, *told, *_team(case, NoticeKind.ACTION_DATE_PASSED, event.action_id, event.due_at))
        case events.ActionReported():
            others = _others(case, event.action_id)
            return _to_each(case, NoticeKind.ACTION_REPORTED, others, Ask.CHECK, about=event.action_id)
        case events.ActionChecked():
            if event.so:
                return ()  # Nobody has to do anything, and the page shows it.
            owner = _to_owner(case, NoticeKind.ACTION_DENIED, event.action_id, None)
            return (owner, *_team(case, NoticeKind.ACTION_DENIED, event.action_id))
        case events.DissentRecorded():
            others = _of_other_side(case, event.side)
            if event.agency_id in case.co_raisers:
                others = ((Side.RAISING, str(case.raising_agency)), *others)
            return (
                *_to_each(case, NoticeKind.DISSENT, others, Ask.READ),
                *(() if event.by.side is Side.TEAM else _team(case, NoticeKind.DISSENT)),
            )
        case events.FollowUpAsked():
            asked = ((one.side, one.agency_id) for one in event.asked)
            return _to_each(case, NoticeKind.FOLLOW_UP, asked, Ask.FOLLOW_UP, due_at=event.until)
        case events.FollowUpReminded():
            late = ((one.side, one.agency_id) for one in event.unanswered)
            return _to_each(case, NoticeKind.FOLLOW_UP_REMINDER, late, Ask.FOLLOW_UP, due_at=event.until)
        case events.FollowUpUnanswered():
            return _unanswered(case, event)
        case events.FollowUpAnswered():
            return ()
        case _:
            assert_never(event)


def overtaken(case: Case, kind: NoticeKind, about: str | None) -> bool:
    """Whether what such a notice asks has been done before it left."""
    match kind:
        case NoticeKind.PLAN_PROPOSED:
            plan = case.plan(about)
            return plan is not None and not plan.unanswered
        case NoticeKind.ACTION_REMINDER | NoticeKind.ACTION_DATE_PASSED:
            action = case.action(about)
            return action is None or bool(action.done) or not action.stands
        case NoticeKind.ACTION_REPORTED:
            action = case.action(about)
            return action is None or action.checked is not None or action.done is None
        case NoticeKind.FOLLOW_UP | NoticeKind.FOLLOW_UP_REMINDER | NoticeKind.FOLLOW_UP_UNANSWERED:
            # After all have answered nobody is asked; and nobody where it was opened again.
            return case.follow_up is None or not case.follow_up.unanswered
        case _:
            return False


def position_of(case: Case, whose: Whose) -> Recipient:
    """Who of an agency is written to: whoever raised it, or the responding agency's position of the last stage."""
    side, agency = whose
    if side is Side.RAISING:
        return Recipient(side, agency, LEAD) if agency in case.co_raisers else to_lead(case)
    return Recipient(side, agency, case.frame.policy.stage(max(case.stage, 1)).responding_position)


def to_lead(case: Case) -> Recipient:
    """Whoever raised it, at the agency that leads."""
    return Recipient(Side.RAISING, case.raising_agency, RAISER)


def _to_each(
    case: Case,
    kind: NoticeKind,
    whom: Iterable[Whose],
    asks: Ask,
    *,
    about: str | None = None,
    due_at: datetime | None = None,
) -> tuple[Notice, ...]:
    recipients = (position_of(case, whose) for whose in whom)
    return tuple(Notice(kind, to, asks, case.stage, due_at, about) for to in recipients)


def _to_owner(case: Case, kind: NoticeKind, action_id: str, due_at: datetime | None) -> Notice:
    action = _action(case, action_id)
    side = Side.RAISING if case.raises(action.agency_id) else Side.RESPONDING
    to = Recipient(side, action.agency_id, action.position)
    return Notice(kind, to, Ask.ACTION, case.stage, due_at, action_id)


def _team(case: Case, kind: NoticeKind, about: str | None = None, due_at: datetime | None = None) -> tuple[Notice, ...]:
    """The team, once the partnership has been told of the case."""
    if case.partnership_told_at is None:
        return ()
    return (Notice(kind, Recipient(Side.TEAM, None, TEAM_POSITION), Ask.TEAM, case.stage, due_at, about),)


def _action(case: Case, action_id: str) -> Action:
    found = action_of(case.plans, action_id)
    if found is None:
        raise KeyError(action_id)
    return found[1]


def _others(case: Case, action_id: str) -> tuple[Whose, ...]:
    """The other side of an action: whoever raised it; or of the raiser's own action, those whom the plan concerns."""
    found = action_of(case.plans, action_id)
    if found is None:
        return ()
    plan, action = found
    if not case.raises(action.agency_id):
        return ((Side.RAISING, str(case.raising_agency)),)
    return _responding_of(plan, case)


def _responding_of(plan: Plan, case: Case) -> tuple[Whose, ...]:
    concerned = {agency for _, agency in plan.asked} | {plan.agency_id}
    return tuple((Side.RESPONDING, party.agency_id) for party in case.parties if party.agency_id in concerned)


def _of_other_side(case: Case, side: Side) -> tuple[Whose, ...]:
    if side is Side.RESPONDING:
        return ((Side.RAISING, str(case.raising_agency)),)
    return tuple((Side.RESPONDING, party.agency_id) for party in case.parties)


def _answered(case: Case, event: events.PlanAnswered) -> tuple[Notice, ...]:
    """Whoever proposed the plan hears what is said to it."""
    plan = case.plan(event.plan_id)
    if plan is None or plan.side is Side.FINAL_BODY:
        return ()
    if plan.side is Side.TEAM:
        # What the team has written down itself it knows.
        return () if event.by.side is Side.TEAM else _team(case, NoticeKind.PLAN_ANSWERED, event.plan_id)
    whose = (plan.side, str(plan.agency_id))
    return _to_each(case, NoticeKind.PLAN_ANSWERED, (whose,), Ask.READ, about=event.plan_id)


def _unanswered(case: Case, event: events.FollowUpUnanswered) -> tuple[Notice, ...]:
    """The team, which sees dates and agencies of every case; and the agency's lead where the policy says so."""
    kind = NoticeKind.FOLLOW_UP_UNANSWERED
    team = Notice(kind, Recipient(Side.TEAM, None, TEAM_POSITION), Ask.TEAM, case.stage, event.until)
    rule = case.frame.policy.follow_up
    if rule is None or rule.unanswered is not Unanswered.TEAM_AND_LEADS:
        return (team,)
    leads = tuple(
        Notice(kind, Recipient(one.side, one.agency_id, LEAD), Ask.FOLLOW_UP, case.stage, event.until)
        for one in event.unanswered
    )
    return (team, *leads)
