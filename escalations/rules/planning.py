"""Plans: what is to be done, by whom and by when; whether the others agree; and whether it was done.

Source: what published policies record ("plan of actions with owner and date"; domain, "What gets recorded") and the
rules of practice ("What one side says was done shows as said to be done"). A plan settles nothing, stops no clock and
closes nothing by its dates. It can be written down after the end as well: much is agreed in a meeting.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from escalations.policy import Side
from escalations.rules import acts, events, workingtime
from escalations.rules.access import NO_ACTION, Refused
from escalations.rules.case import WITHOUT_SETTLEMENT, Case, Status
from escalations.rules.events import Event
from escalations.rules.plan import Action, Plan, PlanSays, Whose
from escalations.rules.telling import LEAD, RAISER

MOST = 40
"""How many actions one case holds: beyond that nobody keeps an eye on them."""
LONGEST = timedelta(days=732)
"""How far off an action's date may be. A later one is a slip of the pen."""

NO_PLAN = Refused(
    "no_such_plan",
    "We have no record of this plan. Please open the newest message about this escalation, or ask the partnership "
    "team.",
)


def lives(case: Case) -> bool:
    """Whether what was agreed in a case is in force: it is open, or was settled or decided."""
    if case.status is Status.CLOSED:
        return case.outcome not in WITHOUT_SETTLEMENT
    return case.status is Status.OPEN


def to_do(case: Case) -> Iterator[Action]:
    """The actions that were taken on and are not recorded as done, plan by plan; none where nothing is in force."""
    if lives(case):
        yield from (action for plan in case.plans for action in plan.actions if action.stands and not action.done)


def owners(case: Case) -> tuple[str, ...]:
    """The agencies whose an action can be."""
    return (*case.raisers, *(party.agency_id for party in case.parties))


def propose(case: Case, act: acts.ProposePlan, now: datetime) -> tuple[Event, ...] | Refused:
    """Somebody proposes actions; whoever they concern is asked."""
    refused = _not_now(case) or _owners(case, act) or _dates(case, act, now)
    if refused is not None:
        return refused
    proposer = None if act.by.side is Side.TEAM else act.by.agency_id or case.raising_agency
    number = sum(len(plan.actions) for plan in case.plans)
    calendar = case.frame.calendar
    actions = tuple(
        events.PlannedAction(
            action_id=f"a{number + place}",
            agency_id=one.agency_id,
            position=one.position or _position(case, one.agency_id),
            due_at=(due := workingtime.instant_of(one.due_on, calendar.close_of_business)),
            reminders=_reminders(case, one, due, now),
        )
        for place, one in enumerate(act.actions, 1)
    )
    return (
        events.PlanProposed(
            **events.origin(act, now),
            plan_id=f"p{len(case.plans) + 1}",
            stage=case.stage,
            agency_id=proposer,
            actions=actions,
            asked=tuple(events.Concerned(side=side, agency_id=agency) for side, agency in _asked(case, act, proposer)),
        ),
    )


def _not_now(case: Case) -> Refused | None:
    if case.raising_agency is None:
        return Refused(
            "raising_agency_needed",
            "We do not know yet which agency raised this, so nothing can be planned with it. Please wait until the "
            "partnership team has passed it on.",
        )
    if not lives(case):
        return Refused(
            "nothing_agreed",
            "This ended without anything having been agreed or decided, so there is no plan to keep here. If there is "
            "a new difference, please raise a new one.",
        )
    return None


def _owners(case: Case, act: acts.ProposePlan) -> Refused | None:
    there = owners(case)
    if any(one.agency_id not in there for one in act.actions):
        return Refused(
            "not_a_party",
            "An action is for an agency that is part of this escalation. What somebody else is to do, please write "
            "as an action of the agency that will ask them.",
        )
    if sum(len(plan.actions) for plan in case.plans) + len(act.actions) > MOST:
        return Refused("too_many", f"This has {MOST} actions at most. Please take up again what is there already.")
    return None


def _dates(case: Case, act: acts.ProposePlan, now: datetime) -> Refused | None:
    calendar = case.frame.calendar
    last = min(calendar.last, workingtime.civil(now + LONGEST).date())
    for one in act.actions:
        if workingtime.instant_of(one.due_on, calendar.close_of_business) <= now:
            return Refused(
                "date_past",
                f"{workingtime.say_day(one.due_on)} is over. Please give a date that is still to come; what has been "
                "done already, please write up as done.",
            )
        if one.due_on > last:
            return Refused(
                "date_too_far", f"{workingtime.say_day(one.due_on)} is too far off. Please check the year of the date."
            )
    return None


def _position(case: Case, agency_id: str) -> str:
    """Who is reminded, where the plan does not say: whoever raised it, or the position of the stage."""
    if case.raises(agency_id):
        return RAISER if agency_id == case.raising_agency else LEAD
    return case.frame.policy.stage(max(case.stage, 1)).responding_position


def _reminders(case: Case, one: acts.ProposedAction, due: datetime, now: datetime) -> tuple[datetime, ...]:
    rule, calendar = case.frame.policy.reminds_of_actions, case.frame.calendar
    moments = [workingtime.before(calendar, due, amount) for amount in rule.remind_before]
    if rule.on_the_day:
        moments.append(workingtime.instant_of(one.due_on, calendar.office_hours.opens))
    return tuple(sorted({moment for moment in moments if now < moment < due}))


def _asked(case: Case, act: acts.ProposePlan, proposer: str | None) -> tuple[Whose, ...]:
    """Whose word is asked: the other side's.

    Of a responding agency's plan that is the raising side, and whichever other agency an action is for.
    """
    its = {one.agency_id for one in act.actions}
    of_one = act.by.side is Side.RESPONDING
    raising = (Side.RAISING, str(case.raising_agency))
    responding = ((Side.RESPONDING, party.agency_id) for party in case.parties)
    # Of those that raise it with the lead, whoever has something to do by it.
    together = ((Side.RAISING, agency) for agency in case.co_raisers if agency in its)
    concerned = (raising, *together, *(whose for whose in responding if not of_one or whose[1] in its))
    return tuple(whose for whose in concerned if whose[1] != proposer)


def waiting_for(case: Case, agency_id: str | None) -> tuple[Plan, ...]:
    """The plans that an agency is asked about and has not answered yet."""
    if not lives(case):
        return ()
    return tuple(plan for plan in case.plans if any(agency == agency_id for _, agency in plan.unanswered))


def answer(case: Case, act: acts.AnswerPlan, now: datetime) -> tuple[Event, ...] | Refused:
    """Somebody who is asked agrees, agrees in part, or does not agree. Another word of theirs takes its place."""
    plan = case.plan(act.plan_id)
    if plan is None:
        return NO_PLAN
    side = next((side for side, agency in plan.asked if agency == act.agency_id), None)
    if side is None:
        return Refused("not_asked", "That agency is not asked whether it agrees to this plan.")
    if not lives(case):
        return Refused("nothing_agreed", "This ended without anything having been agreed, so the plan does not count.")
    there = {action.action_id for action in plan.actions}
    without = tuple(dict.fromkeys(act.without)) if act.says is PlanSays.IN_PART else ()
    if act.says is PlanSays.IN_PART and (not without or set(without) >= there or not set(without) <= there):
        return Refused(
            "which_actions",
            "Please say to which of the actions you do not agree: to some of them, and not to all.",
        )
    before = plan.answer_of(act.agency_id)
    refused = {action.action_id for action in plan.actions if act.agency_id in action.refused_by}
    same = before is not None and before.says is act.says
    if same and (act.says is not PlanSays.IN_PART or refused == set(without)):
        return Refused("already_answered", "Your agency has said so already. Nothing more is needed.")
    return (
        events.PlanAnswered(
            **events.origin(act, now),
            plan_id=plan.plan_id,
            side=side,
            agency_id=act.agency_id,
            says=act.says,
            without=without,
        ),
    )


def report(case: Case, act: acts.ReportAction, now: datetime) -> tuple[Event, ...] | Refused:
    """Its owner says that an action is done, or that it is not and why. It can be said again as long as it is not."""
    action = case.action(act.action_id)
    if action is None:
        return NO_ACTION
    if action.done:
        return Refused("already_done", "This action is recorded as done already. Nothing more is needed.")
    if not act.done and act.why is None:
        return Refused("why_needed", "Please say why it has not been done.")
    return (
        events.ActionReported(
            **events.origin(act, now),
            action_id=action.action_id,
            agency_id=action.agency_id,
            done=act.done,
            why=None if act.done else act.why,
            due_at=action.due_at,
        ),
    )


def check(case: Case, act: acts.CheckAction, now: datetime) -> tuple[Event, ...] | Refused:
    """The other side says whether what was said of an action is so. What is not so was never done."""
    action = case.action(act.action_id)
    if action is None:
        return NO_ACTION
    if action.done is None:
        return Refused("not_reported", "Nothing has been said of this action yet, so there is nothing to confirm.")
    if action.checked is not None:
        return Refused("already_checked", "This has been answered already. Nothing more is needed.")
    return (
        events.ActionChecked(
            **events.origin(act, now), action_id=action.action_id, agency_id=action.agency_id, so=act.so
        ),
    )


def has_to_do(case: Case, agency_id: str | None) -> bool:
    """Whether an agency has taken something on that is not recorded as done."""
    there = (action for plan in case.plans for action in plan.actions)
    return lives(case) and any(one.agency_id == agency_id and one.stands and not one.done for one in there)


def to_report(case: Case, agency_id: str | None) -> tuple[str, ...]:
    """The actions of an agency that are not recorded as done."""
    found = (action for plan in case.plans for action in plan.actions)
    return tuple(one.action_id for one in found if one.agency_id == agency_id and not one.done and not one.refused_by)


def to_check(case: Case, side: Side, agency_id: str | None) -> tuple[str, ...]:
    """The actions of the other side of which something was said that is not confirmed yet."""
    found = (action for plan in case.plans for action in plan.actions)
    return tuple(
        one.action_id
        for one in found
        if one.done is not None and one.checked is None and _is_of_other(case, one.agency_id, side, agency_id)
    )


def _is_of_other(case: Case, owner: str, side: Side, agency_id: str | None) -> bool:
    if side is Side.RAISING:
        return not case.raises(owner) and agency_id not in case.co_raisers
    return side is Side.RESPONDING and case.raises(owner) and case.party(agency_id) is not None
