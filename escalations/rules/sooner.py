"""A sooner time that keeps the child safe, and the priority of a case: what makes time limits shorter.

Source: published policies allow a working week or a time that protects the child, whichever is less (London,
Pan-Sussex), and response times by agreed priority level (Cheshire East). A person sets either, with a reason that is
sealed; time never does. Conventions of time: a sooner time that has passed already is noted when it became known, and
no timer is set in the past; every due time that a clock ever had is kept.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Track
from escalations.rules import acts, clocks, events, workingtime
from escalations.rules.access import Refused
from escalations.rules.case import Case, Clock, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve


def can_be_sooner(case: Case) -> tuple[Clock, ...]:
    """The time limits for which the policy lets a sooner time be set now, the nearest first."""
    if case.status is not Status.OPEN:
        return ()
    found = (
        clock
        for clock in case.clocks
        if clock.running
        and clock.limit_passed_at is None
        and clock.paused_since is None
        and clocks.limit_of(case, clocks.rule_of(case, clock)).or_sooner
    )
    return tuple(sorted(found, key=lambda clock: clock.due_at))


def set_sooner(case: Case, act: acts.SetSooner, now: datetime) -> tuple[Event, ...] | Refused:
    """What a clock waits for is awaited sooner. It is never awaited later by this: that is an extension."""
    clock = next((clock for clock in case.clocks if clock.clock_id == act.clock_id), None)
    if clock is None or not clock.running:
        return Refused("not_waiting", "This is not waited for any more, so there is no time limit to set sooner.")
    if clock.limit_passed_at is not None:
        return Refused("limit_passed", f"This time limit has passed already, at {workingtime.say(clock.due_at)}.")
    limit = clocks.limit_of(case, clocks.rule_of(case, clock))
    if not limit.or_sooner:
        return Refused(
            "not_or_sooner",
            "The policy does not let a sooner time be set here. If the child is not safe meanwhile, please use the "
            "numbers on this page; the raising side can also move this up at any time.",
        )
    if clock.paused_since is not None:
        return Refused("paused", "This is paused. Please let it go on first, and then set the sooner time.")
    if act.due_at >= clock.due_at:
        return Refused(
            "not_sooner",
            f"That is not sooner than it is due now, at {workingtime.say(clock.due_at)}. Please give an earlier time.",
        )
    due = max(act.due_at, now)
    calendar = case.frame.calendar_for(clock.agency_id, side=clock.waits_for)
    return (
        events.ClockSetSooner(
            **events.origin(act, now),
            clock_id=clock.clock_id,
            awaits=clock.awaits,
            waits_for=clock.waits_for,
            agency_id=clock.agency_id,
            was_due_at=clock.due_at,
            due_at=due,
            reminders=clocks.reminders_before(calendar, limit, due, after=now),
        ),
    )


def set_priority(case: Case, act: acts.SetPriority, now: datetime) -> tuple[Event, ...] | Refused:
    """The case gets a priority: what starts from now on has its time limits, and what runs is counted anew.

    What a person has moved already (an extension, a sooner time, a pause) stays as it was agreed, and a limit that has
    passed stays passed.
    """
    if case.frame.policy.priority(act.priority) is None:
        return no_such_priority(case)
    if case.priority == act.priority:
        return Refused("same_priority", "This has that priority already.")
    given = events.PrioritySet(**events.origin(act, now), priority=act.priority, was=case.priority)
    after = evolve(case, given)
    return (*(moved for clock in case.clocks for moved in _recounted(after, clock, now)), given)


def no_such_priority(case: Case) -> Refused:
    """Why a priority is refused that the policy does not have."""
    titles = [level.title for level in case.frame.policy.priorities]
    known = f" It has: {', '.join(titles)}." if titles else " It has no priorities."
    return Refused("no_such_priority", f"The policy has no such priority.{known}")


def _recounted(case: Case, clock: Clock, now: datetime) -> tuple[Event, ...]:
    agreed = clock.extensions or clock.set_sooner or clock.paused_since is not None or case.pauses
    # Due sooner than the urgent limit already when the case became urgent: it keeps the limit that it began with.
    earlier = case.track_since is not None and clock.started_at < case.track_since and clock.counted_from is None
    agreed = agreed or (earlier and case.track is Track.URGENT)
    if not clock.running or clock.limit_passed_at is not None or agreed:
        return ()
    rule = clocks.rule_of(case, clock)
    calendar = case.frame.calendar_for(clock.agency_id, side=clock.waits_for)
    since = clocks.counted_from(clock, rule)
    try:
        due = max(workingtime.deadline(calendar, since[0], clocks.limit_of(case, rule).within), now)
    except workingtime.CalendarExhausted:
        return ()  # It keeps the time limit that it has.
    if due == clock.due_at:
        return ()
    return (clocks.recount(case, clock, rule, due, now, since=since),)
