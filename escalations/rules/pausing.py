"""The team stops the time of a case and lets it go on, or gives one time limit longer. ``sooner`` makes them shorter.

Source: the conventions of time (a pause gives back what it took, ``workingtime`` W10; an extension counts from the
present due time; every due time that a clock ever had is kept) and the rules of practice ("Never by a timer": pausing).
Nothing here is done by time: a pause that has lasted for as long as the policy has it is told to the team, and
lasts on.
"""

from __future__ import annotations

from datetime import datetime

from escalations.rules import acts, claiming, clocks, events, workingtime
from escalations.rules.access import Refused
from escalations.rules.acts import Act
from escalations.rules.case import Case, Clock
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all
from escalations.rules.workingtime import Amount


def pause(case: Case, act: acts.Pause, now: datetime) -> tuple[Event, ...] | Refused:
    """Every clock that waits for a side stops, as far as the policy lets it. People may go on all the same."""
    if case.pause is not None:
        return Refused(
            "already_paused",
            f"This has been paused since {workingtime.say(case.pause.paused_at)}. Please resume it before you pause it "
            "again.",
        )
    stopping = [clock for clock in case.clocks if clock.running and clocks.rule_of(case, clock).pausable]
    if not stopping:
        return Refused("nothing_to_pause", "The policy lets no time limit be paused that runs here.")
    until = workingtime.deadline(case.frame.calendar, now, case.frame.policy.longest_pause)
    # A limit that has passed has nothing left to stop; what starts from here on does not run yet.
    clock_ids = tuple(clock.clock_id for clock in stopping if clock.limit_passed_at is None)
    return (
        events.Paused(
            **events.origin(act, now), reason=act.reason, until=until, clock_ids=clock_ids, known_by=act.known_by
        ),
    )


def resume(case: Case, act: acts.Resume, now: datetime) -> tuple[Event, ...] | Refused:
    """What stopped goes on, with as much time left as it had."""
    return let_go_on(case, act, now) or Refused("not_paused", "This is not paused, and its time limits run.")


def let_go_on(case: Case, act: Act, now: datetime, *, made_urgent: bool = False) -> tuple[Event, ...]:
    """What ends a pause, by whichever act; nothing where there is none."""
    if case.pause is None:
        return ()
    happened: tuple[Event, ...] = ()
    for clock in case.clocks:
        if clock.running and clock.paused_since is not None:
            happened = (*happened, *_resumed(case, clock, clock.paused_since, now))
    resumed = events.Resumed(**events.origin(act, now), paused_at=case.pause.paused_at, made_urgent=made_urgent)
    return (*happened, resumed)


def _resumed(case: Case, clock: Clock, since: datetime, now: datetime) -> tuple[Event, ...]:
    rule = clocks.rule_of(case, clock)
    limit = clocks.limit_of(case, rule)
    calendar = case.frame.calendar_for(clock.agency_id, side=clock.waits_for)
    began, _ = clocks.counted_from(clock, rule)
    try:
        due = workingtime.resume(calendar, began, clock.due_at, since, max(now, since), limit.within.unit)
    except workingtime.CalendarExhausted:
        # A case must not stay paused because the calendar ends. The last close of business that it knows has to do.
        due = max(clock.due_at, workingtime.instant_of(calendar.last, calendar.close_of_business))
    if due == clock.due_at:
        return ()
    return (
        events.ClockResumed(
            at=now,
            clock_id=clock.clock_id,
            awaits=clock.awaits,
            agency_id=clock.agency_id,
            was_due_at=clock.due_at,
            due_at=due,
            reminders=clocks.reminders_before(calendar, limit, due, after=now),
        ),
    )


def extend(case: Case, act: acts.Extend, now: datetime) -> tuple[Event, ...] | Refused:
    """One time limit is due later, counted from when it was due. A paused clock stays paused."""
    clock = next((clock for clock in case.clocks if clock.clock_id == act.clock_id), None)
    if clock is not None and clock.limit_passed_at is not None and act.happened_at is not None:
        return _agreed_before(case, clock, act, act.happened_at, now)
    if clock is None or not clock.running:
        return Refused("not_waiting", "This is not waited for any more, so there is no time limit to extend.")
    if clock.limit_passed_at is not None:
        return Refused(
            "limit_passed",
            f"This time limit passed at {workingtime.say(clock.due_at)}. It can be extended only where that had been "
            "agreed before it passed: please say when, and who agreed on each side.",
        )
    return _beyond_the_policy(case, clock, act) or (_extended(case, clock, act, now),)


def _extended(case: Case, clock: Clock, act: acts.Extend, now: datetime) -> events.ClockExtended:
    calendar = case.frame.calendar_for(clock.agency_id, side=clock.waits_for)
    limit = clocks.limit_of(case, clocks.rule_of(case, clock))
    due = workingtime.extend(calendar, clock.due_at, act.by_amount)
    return events.ClockExtended(
        **events.origin(act, now),
        clock_id=clock.clock_id,
        awaits=clock.awaits,
        waits_for=clock.waits_for,
        agency_id=clock.agency_id,
        by_amount=act.by_amount,
        was_due_at=clock.due_at,
        due_at=due,
        reminders=clocks.reminders_before(calendar, limit, due, after=now),
        recorded_late=clock.limit_passed_at is not None,
        known_by=act.known_by,
    )


def _agreed_before(
    case: Case, clock: Clock, act: acts.Extend, agreed_at: datetime, now: datetime
) -> tuple[Event, ...] | Refused:
    """More time that had been agreed before the limit passed, and is recorded after: the finding is made anew.

    Source: the rules of practice, "How it really starts and ends" (what is settled by phone is written up days later;
    a limit noted as passed is withdrawn). What still waits runs on to the new time; where that is over too, its limit
    passed then, and both sides account for that anew.
    """
    refused = _not_agreed_before(case, clock, agreed_at) or _beyond_the_policy(case, clock, act)
    if refused is not None:
        return refused
    extended = _extended(case, clock, act, now)
    after = evolve_all(case, (extended,))
    if not clock.running:
        kept = clock.ended_at is not None and clock.ended_at <= extended.due_at
        if not kept:
            return (extended,)
        return (
            extended,
            *clocks.withdraw(after, after.clock(clock.clock_id), now, kept_at=clock.ended_at or now, more_time=True),
        )
    if now > extended.due_at:
        return (extended, clocks.pass_limit(after, after.clock(clock.clock_id), now))
    return (*clocks.withdraw(case, clock, now, kept_at=agreed_at, more_time=True), extended)


def _not_agreed_before(case: Case, clock: Clock, agreed_at: datetime) -> Refused | None:
    if clock.limit_withdrawn:
        return Refused("limit_kept", "This time limit was kept after all, and does not count as passed.")
    if case.pause is not None and clock.running:
        return Refused("paused_now", "This is paused. Please let its time limits go on before you record more time.")
    if agreed_at > clock.due_at:
        return Refused(
            "agreed_after_limit",
            f"That is after the time limit passed, at {workingtime.say(clock.due_at)}. Only what had been agreed "
            "before can be recorded now; anything else belongs to the account of the delay.",
        )
    if agreed_at < claiming.to_the_minute(clock.started_at):
        return Refused(
            "before_its_clock",
            f"That is before the time for it began, at {workingtime.say(clock.started_at)}. Please check the date and "
            "time.",
        )
    return None


def _beyond_the_policy(case: Case, clock: Clock, act: acts.Extend) -> Refused | None:
    """Why the policy does not let this limit be extended so; none where it does."""
    rule = clocks.rule_of(case, clock)
    if not rule.extendable:
        return Refused("not_extendable", "The policy does not let this time limit be extended.")
    limit = clocks.limit_of(case, rule)
    if limit.extend_times is not None and clock.extensions >= limit.extend_times:
        times = "once" if limit.extend_times == 1 else f"{limit.extend_times} times"
        return Refused("extended_enough", f"The policy lets this time limit be extended {times}, and it has been.")
    return _too_long(clock, limit.longest_extension, act.by_amount)


def _too_long(clock: Clock, at_most: Amount, by_amount: Amount) -> Refused | None:
    if by_amount.unit is not at_most.unit:
        unit = at_most.unit.value.replace("_", " ")
        return Refused(
            "other_unit", f"This time limit is counted in {unit}. Please give the extension in {unit} as well."
        )
    if clock.extended_by + by_amount.value <= at_most.value:
        return None
    used = Amount(value=clock.extended_by, unit=at_most.unit).words() if clock.extended_by else "nothing"
    return Refused(
        "extended_too_long",
        f"The policy lets this time limit be extended by {at_most.words()} in all, and {used} of that is used.",
    )
