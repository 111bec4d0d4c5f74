"""The follow-up: some time after the end each side is asked whether it was done, what changed, and what was learnt.

Source: the rules of practice, "The review's readers" ("At closing and three months later each side is asked"). When,
whom and what follows where nobody answers are the policy's (``closing.follow_up``). People are told, and nothing else
ever comes of it. What was withdrawn or overtaken is asked as well, for the child is the same; what was redirected
or transferred is not, for it goes another way; and nobody is asked of what no agency was told of.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Side
from escalations.rules import acts, events, workingtime
from escalations.rules.access import Refused
from escalations.rules.case import CHANGED_NOTHING, Case, Outcome, Status
from escalations.rules.events import Concerned, Event
from escalations.rules.plan import LEARNT_NOTHING

_GOES_ON_ELSEWHERE = (Outcome.REDIRECTED, Outcome.TRANSFERRED)


def asked_at(case: Case, closed: events.Closed) -> datetime | None:
    """When each side is to be asked; none where nobody is, and past the calendar's end."""
    rule = case.frame.policy.follow_up
    if rule is None or not case.stage or closed.outcome in _GOES_ON_ELSEWHERE or case.raising_agency is None:
        return None
    try:
        return workingtime.deadline(case.frame.calendar, closed.at, rule.after)
    except workingtime.CalendarExhausted:
        return None


def _whom(case: Case) -> tuple[Concerned, ...]:
    rule = case.frame.policy.follow_up
    sides = () if rule is None else rule.asks
    raising = [Concerned(side=Side.RAISING, agency_id=agency) for agency in case.raisers]
    responding = [Concerned(side=Side.RESPONDING, agency_id=party.agency_id) for party in case.parties]
    return tuple(one for one in (*raising, *responding) if one.side in sides)


def ask(case: Case, now: datetime) -> events.FollowUpAsked:
    """The question, with the time to answer it and its reminders."""
    rule, calendar = case.frame.policy.follow_up, case.frame.calendar
    if rule is None:
        # Re-dated to a policy that asks nothing: nobody is asked, and that ends it.
        return events.FollowUpAsked(at=now, asked=(), until=now, reminders=())
    try:
        until = workingtime.deadline(calendar, now, rule.answer_within)
        moments = {workingtime.before(calendar, until, amount) for amount in rule.remind_before}
    except workingtime.CalendarExhausted:
        until, moments = max(now, workingtime.instant_of(calendar.last, calendar.close_of_business)), set()
    reminders = tuple(sorted(moment for moment in moments if now < moment < until))
    return events.FollowUpAsked(at=now, asked=_whom(case), until=until, reminders=reminders)


def open_to(case: Case, agency_id: str | None) -> bool:
    """Whether an agency is asked, and can answer or answer again."""
    follow_up = case.follow_up
    if case.status is not Status.CLOSED or follow_up is None or agency_id is None:
        return False
    return any(agency == agency_id for _, agency in follow_up.asked)


def has_answered(case: Case, agency_id: str | None) -> bool:
    """Whether an agency has answered."""
    return case.follow_up is not None and agency_id in case.follow_up.answered


def answer(case: Case, act: acts.AnswerFollowUp, now: datetime) -> tuple[Event, ...] | Refused:
    """One agency's answer; a later one of the same agency takes its place in the review."""
    refused = _not_asked(case, act.agency_id)
    if refused is not None:
        return refused
    if len(act.changed) > 1 and any(one in CHANGED_NOTHING for one in act.changed):
        return Refused(
            "contradicts",
            "You chose something that changed, and also that nothing did or that it is not known yet. Please choose "
            "one or the other.",
        )
    if len(act.learning) > 1 and any(one in LEARNT_NOTHING for one in act.learning):
        return Refused(
            "contradicts",
            "You chose where the learning went, and also that there was none or that it is not known yet. Please "
            "choose one or the other.",
        )
    side = Side.RAISING if case.raises(act.agency_id) else Side.RESPONDING
    return (
        events.FollowUpAnswered(
            **events.origin(act, now),
            side=side,
            agency_id=act.agency_id,
            kept=act.kept,
            changed=tuple(dict.fromkeys(act.changed)),
            learning=tuple(dict.fromkeys(act.learning)),
        ),
    )


def _not_asked(case: Case, agency_id: str) -> Refused | None:
    follow_up = case.follow_up
    if case.status is not Status.CLOSED:
        return Refused("not_closed", "This escalation is still open. What came of it is asked some time after its end.")
    if follow_up is None:
        return Refused("not_asked", "Nothing more is asked of this escalation after its end.")
    if follow_up.asked_at is None:
        return Refused("not_asked_yet", f"What came of it is asked at {workingtime.say(follow_up.at)}, and not before.")
    if not open_to(case, agency_id):
        return Refused("not_asked", "That agency is not asked what came of this escalation.")
    return None
