"""Clocks: how they start, end, remind and pass their limit.

Every function returns events; none changes a case. A clock is counted in the calendar of the side it waits for, an act
at the due instant is in time, and a limit that passes tells people, proposes, or moves a case up where the partnership's
document says so. It never closes, withdraws, redirects or pauses anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from escalations.policy import Awaits, ClockRule, OnLimit, Side, StartsFrom
from escalations.rules import drift, events, workingtime
from escalations.rules.case import Case, Cause, Clock, ClockEnd, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all

TEAM_POSITION = "team"


def rules_of_stage(case: Case, starts_from: StartsFrom) -> tuple[ClockRule, ...]:
    """The clocks of the present stage that this event starts, on the case's track."""
    return _on_track(case, case.frame.policy.stage(case.stage).clocks, starts_from)


def rules_of_process(case: Case, starts_from: StartsFrom) -> tuple[ClockRule, ...]:
    """The clocks over all stages, of the raising side and of the team, that this event starts."""
    policy = case.frame.policy
    return _on_track(case, (*policy.process_clocks, *policy.raiser_clocks, *policy.team_clocks), starts_from)


def _on_track(case: Case, rules: Iterable[ClockRule], starts_from: StartsFrom) -> tuple[ClockRule, ...]:
    return tuple(rule for rule in rules if rule.starts_from is starts_from and case.track in rule.limits)


def start(
    case: Case,
    rule: ClockRule,
    at: datetime,
    *,
    agency_id: str | None = None,
    waits_for: Side | None = None,
    about: str | None = None,
) -> events.ClockStarted:
    """The event that starts one clock.

    Args:
        case: as it stands when the clock starts.
        rule: the policy's rule for it.
        at: when it starts to count.
        agency_id: the responding agency it concerns; for a clock that waits for another side, that side's is taken.
        waits_for: the side, where the rule leaves it to the event (a claim waits for whoever did not make it).
        about: the claim that it is about.

    Raises:
        workingtime.CalendarExhausted: the frozen calendar does not reach the deadline.
    """
    side = waits_for or rule.waits_for
    agency, position = _whom(case, side, agency_id)
    limit = rule.limits[case.track]
    calendar = case.frame.calendar_for(agency)
    due = workingtime.deadline(calendar, at, limit.within)
    reminders = sorted({workingtime.before(calendar, due, amount) for amount in limit.remind_before})
    receipt = workingtime.receipt(
        calendar, start=at, start_event=rule.starts_from.value, amount=limit.within, rule=rule.id)
    spans = rule in case.frame.policy.process_clocks
    number = case.started_clocks + 1
    return events.ClockStarted(
        at=at,
        clock_id=f"{number}-{rule.id}",
        rule_id=rule.id,
        awaits=rule.awaits,
        waits_for=side,
        agency_id=agency,
        position=position,
        stage=None if spans else case.stage,
        amount=limit.within.words(),
        due_at=due,
        reminders=tuple(moment for moment in reminders if at < moment < due),
        on_limit=rule.on_limit,
        receipt_hash=receipt.content_hash,
        started_by=rule.starts_from.value,
        about=about,
    )


def _whom(case: Case, side: Side, agency_id: str | None) -> tuple[str | None, str | None]:
    policy = case.frame.policy
    match side:
        case Side.RESPONDING:
            return agency_id, policy.stage(case.stage).responding_position
        case Side.RAISING:
            return case.raising_agency, policy.stage(case.stage).raising_position
        case Side.FINAL_BODY:
            return policy.final_body.agency, case.decider_position or policy.final_body.position
        case Side.TEAM:
            # The agency that the team is to see to, if any: two failed deliveries are two clocks.
            return agency_id, TEAM_POSITION
        case Side.BOTH:
            return None, None


def start_all(
    case: Case,
    rules: Iterable[ClockRule],
    at: datetime,
    *,
    agency_id: str | None = None,
    waits_for: Side | None = None,
    about: str | None = None,
) -> tuple[Event, ...]:
    """Each rule's clock; one for every responding agency that is not settled, where none is named."""
    happened: tuple[Event, ...] = ()
    for rule in rules:
        agencies: tuple[str | None, ...] = (agency_id,)
        if agency_id is None and (waits_for or rule.waits_for) is Side.RESPONDING:
            agencies = tuple(party.agency_id for party in case.open_parties)
        for agency in agencies:
            started = start(case, rule, at, agency_id=agency, waits_for=waits_for, about=about)
            case = evolve_all(case, (started,))
            happened = (*happened, started)
    return happened


def end(clock: Clock, at: datetime, how: ClockEnd, *, counts_from: datetime | None = None) -> events.ClockEnded:
    """The event that ends one clock."""
    return events.ClockEnded(
        at=at, clock_id=clock.clock_id, awaits=clock.awaits, end=how, counts_from=counts_from or at)


def meet(case: Case, met: Iterable[Clock], at: datetime, *, counts_from: datetime) -> tuple[Event, ...]:
    """What was awaited came: the clocks end, and what was noted of their limits is put right.

    ``counts_from`` is when it was received or, where it was confirmed, when it happened. A clock that ended before (its
    stage was left) is not met again, but its finding is still put right: an answer in time was in time.
    """
    happened: tuple[Event, ...] = ()
    for clock in met:
        if clock.running:
            happened = (*happened, end(clock, at, ClockEnd.MET, counts_from=counts_from))
        if clock.limit_passed_at is None or clock.limit_withdrawn or clock.cause is None:
            continue
        if counts_from <= clock.due_at:
            happened = (*happened, *_withdraw(case, clock, at, kept_at=counts_from))
        elif clock.cause in drift.MENDED_BY_AN_ANSWER:
            happened = (*happened, events.CauseChanged(
                at=at, clock_id=clock.clock_id, was=clock.cause, cause=Cause.ANSWERED_LATE))
    return happened


def _withdraw(case: Case, clock: Clock, at: datetime, *, kept_at: datetime) -> tuple[Event, ...]:
    move = case.move
    rests_on_it = move is not None and move.because_of == clock.clock_id and move.intended_at is None
    others = any(other.limit_passed_at is not None and not other.limit_withdrawn and other.clock_id != clock.clock_id
                 and other.stage == case.stage and other.on_limit is OnLimit.PROPOSE for other in case.clocks)
    undoes = rests_on_it and not others
    withdrawn = events.LimitWithdrawn(
        at=at, clock_id=clock.clock_id, awaits=clock.awaits, agency_id=clock.agency_id, kept_at=kept_at,
        undoes_proposal=undoes)
    if not undoes:
        return (withdrawn,)
    return (withdrawn, *(end(asked, at, ClockEnd.STOPPED) for asked in case.running(Awaits.CHOOSE)))


def stop(clocks: Iterable[Clock], at: datetime) -> tuple[Event, ...]:
    """The clocks stop without having been met."""
    return tuple(end(clock, at, ClockEnd.STOPPED) for clock in clocks if clock.running)


def next_instant(clock: Clock) -> datetime | None:
    """When a clock next has something to say; none once its limit has passed or it has ended."""
    if not clock.running or clock.limit_passed_at is not None:
        return None
    if clock.reminded < len(clock.reminders):
        return clock.reminders[clock.reminded]
    return clock.due_at


def remind(case: Case, clock: Clock, now: datetime) -> tuple[Event, ...]:
    """The reminder whose moment has come. Several that are overdue at once are one: nobody is told twice."""
    fallen = sum(1 for moment in clock.reminders if moment <= now)
    if fallen <= clock.reminded:
        return ()
    last = fallen == len(clock.reminders)
    return (events.ReminderFell(
        at=now, clock_id=clock.clock_id, awaits=clock.awaits, waits_for=clock.waits_for, agency_id=clock.agency_id,
        position=clock.position, due_at=clock.due_at, reminder=fallen, of=len(clock.reminders),
        phone_call_asked=last and clock.waits_for is Side.RESPONDING
        and drift.nothing_recorded(case, clock)),)


def pass_limit(case: Case, clock: Clock, now: datetime) -> events.LimitPassed:
    """The event of a limit that has passed, with its cause from evidence."""
    accounts = case.frame.policy.accounts_within
    return events.LimitPassed(
        at=now,
        clock_id=clock.clock_id,
        awaits=clock.awaits,
        waits_for=clock.waits_for,
        agency_id=clock.agency_id,
        position=clock.position,
        stage=clock.stage,
        due_at=clock.due_at,
        cause=drift.cause_of(case, clock),
        accounts_until=workingtime.deadline(case.frame.calendar, now, accounts),
    )


def next_wake(case: Case) -> datetime | None:
    """When time alone next brings something; none when nothing is owed. Only reads instants."""
    if case.status is Status.CLOSED:
        return None
    instants = [next_instant(clock) for clock in case.clocks]
    instants.append(case.word_due_at)
    if case.move is not None:
        instants.append(case.move.takes_effect_at)
    return min((instant for instant in instants if instant is not None), default=None)
