"""Clocks: how they start, end, remind and pass their limit.

Every function returns events; none changes a case. A clock is counted in the calendar of the side it waits for, an act
at the due instant is in time, and a limit that passes tells people, proposes, or moves a case up where the document of
the partnership says so. It never closes, withdraws, redirects or pauses anything. A paused clock says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from escalations.policy import Allowance, Awaits, ClockRule, OnLimit, Side, StartsFrom, Track
from escalations.rules import drift, events, promises, workingtime
from escalations.rules.case import Case, Cause, Clock, ClockEnd, Seen, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all
from escalations.rules.workingtime import Amount, Calendar

TEAM_POSITION = "team"
TRACK_CHANGED = "track_changed"
"""What a receipt says that a limit counts from which counts from when its case became urgent."""
URGENT_WORDS = Seen.URGENT_WORDS.value
"""What a clock of the team is about which waits for it to look at words that can mean urgent; and what started it."""


def rules_of_stage(case: Case, starts_from: StartsFrom) -> tuple[ClockRule, ...]:
    """The clocks of the present stage that this event starts, on the case's track."""
    return _on_track(case, case.frame.policy.stage(case.stage).clocks, starts_from)


def rules_of_process(case: Case, starts_from: StartsFrom) -> tuple[ClockRule, ...]:
    """The clocks over all stages, of the raising side and of the team, that this event starts."""
    policy = case.frame.policy
    return _on_track(case, (*policy.process_clocks, *policy.raiser_clocks, *policy.team_clocks), starts_from)


def rules_of_span(case: Case, *, left: int) -> tuple[ClockRule, ...]:
    """The clocks over several stages whose first the case has come to, from the stage that it left."""
    return tuple(
        rule
        for rule in rules_of_process(case, StartsFrom.STAGE_STARTED)
        if left < (rule.from_stage or 1) <= case.stage <= (rule.to_stage or case.stage)
    )


def beyond(case: Case, number: int) -> tuple[Clock, ...]:
    """The clocks over several stages that end before a stage."""
    return tuple(
        clock
        for clock in case.clocks
        if clock.running and clock.stage is None and (rule_of(case, clock).to_stage or number) < number
    )


def target_of(case: Case, clock: Clock) -> int | None:
    """The stage to which a passed limit would take a case: the one above, or the one above all that the clock spans."""
    last = None if clock.stage is not None else rule_of(case, clock).to_stage
    above = case.frame.policy.next_stage(max(last or 0, case.stage))
    return None if above is None else above.number


def _on_track(case: Case, rules: Iterable[ClockRule], starts_from: StartsFrom) -> tuple[ClockRule, ...]:
    found = [rule for rule in rules if rule.starts_from is starts_from and track_of(case, rule) in rule.limits]
    sooner = [rule for rule in found if track_of(case, rule) is not case.track]
    # Where words can mean urgent the team looks once, and by the sooner of its limits.
    return tuple(rule for rule in found if not sooner or rule in sooner or rule.awaits is not Awaits.LOOK)


def track_of(case: Case, rule: ClockRule) -> Track:
    """The track by whose limit a rule's clock is counted: the case's.

    Where words in a mail can mean that it is urgent, the team looks as if it were. Nothing else follows from words.
    """
    looks = rule.awaits is Awaits.LOOK and Seen.URGENT_WORDS in case.seen and Track.URGENT in rule.limits
    return Track.URGENT if looks else case.track


def start(
    case: Case,
    rule: ClockRule,
    at: datetime,
    *,
    agency_id: str | None = None,
    waits_for: Side | None = None,
    about: str | None = None,
    known_at: datetime | None = None,
    started_by: str | None = None,
) -> events.ClockStarted:
    """The event that starts one clock.

    Args:
        case: as it stands when the clock starts.
        rule: the policy's rule for it.
        at: when it starts to count.
        agency_id: the responding agency it concerns; for a clock that waits for another side, that side's is taken.
        waits_for: the side, where the rule leaves it to the event (a claim waits for whoever did not make it).
        about: the claim, or the agency whose answer, it is about.
        known_at: when we came to know of it, where it began before that: nobody is reminded of what is past.
        started_by: what its receipt says that it counts from, where that is not what the rule says.

    Raises:
        workingtime.CalendarExhausted: the frozen calendar does not reach the deadline.
    """
    side = waits_for or rule.waits_for
    agency, position = _whom(case, side, agency_id)
    limit = limit_of(case, rule)
    calendar = case.frame.calendar_for(agency, side=side)
    due = workingtime.deadline(calendar, at, limit.within)
    spans, spanned = rule in case.frame.policy.process_clocks, _spanned(case, rule)
    number = case.started_clocks + 1
    since = started_by or rule.starts_from.value
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
        reminders=reminders_before(calendar, limit, due, after=max(at, known_at or at)),
        on_limit=rule.on_limit,
        receipt_hash=receipt_hash(calendar, at, since, limit.within, rule.id),
        started_by=since,
        about=about,
        paused=case.pause is not None and rule.pausable,
        from_stage=spanned[0],
        to_stage=spanned[1],
    )


def _spanned(case: Case, rule: ClockRule) -> tuple[int | None, int | None]:
    """The first and the last of the stages that a clock spans, where it spans several and these are not all."""
    first, last = rule.from_stage or 1, rule.to_stage or len(case.frame.policy.stages)
    is_all = rule not in case.frame.policy.process_clocks or (first, last) == (1, len(case.frame.policy.stages))
    return (None, None) if is_all else (first, last)


def limit_of(case: Case, rule: ClockRule) -> Allowance:
    """What the policy allows on the case's track, at its priority.

    Raises ``KeyError`` where the track has no such clock.
    """
    return rule.limits[track_of(case, rule)].for_priority(case.priority)


def reminders_before(calendar: Calendar, limit: Allowance, due: datetime, *, after: datetime) -> tuple[datetime, ...]:
    """When a clock that is due then reminds, from a moment on."""
    moments = sorted({workingtime.before(calendar, due, amount) for amount in limit.remind_before})
    return tuple(moment for moment in moments if after < moment < due)


def rules_beside(case: Case, clock: Clock) -> tuple[ClockRule, ...]:
    """The policy's rules of the clock's stage, and those that belong to no stage."""
    policy = case.frame.policy
    of_stage = policy.stage(clock.stage).clocks if clock.stage else ()
    return (*of_stage, *policy.process_clocks, *policy.raiser_clocks, *policy.team_clocks)


def rule_of(case: Case, clock: Clock) -> ClockRule:
    """The policy's rule that a clock runs by. Raises ``KeyError`` where its policy has none."""
    for rule in rules_beside(case, clock):
        if (rule.id, rule.awaits) == (clock.rule_id, clock.awaits):
            return rule
    raise KeyError(clock.rule_id)


def counted_from(clock: Clock, rule: ClockRule) -> tuple[datetime, str]:
    """From when a clock counts, and what its receipt says that this is."""
    if clock.counted_from is not None:
        return clock.counted_from, TRACK_CHANGED
    return clock.started_at, clock.started_by or rule.starts_from.value


def recount(
    case: Case,
    clock: Clock,
    rule: ClockRule,
    due: datetime,
    now: datetime,
    *,
    since: tuple[datetime, str],
    track: Track | None = None,
    counted_from: datetime | None = None,
) -> events.ClockRecounted:
    """The event of a clock that is counted by another limit of its rule, and is due at another time.

    Args:
        case: as it stands, with what makes the limit another one.
        clock: the clock.
        rule: its rule.
        due: when it is due from now on.
        now: the moment.
        since: from when it counts, and what its receipt says that this is.
        track: the track, where the case was changed to it.
        counted_from: from when it counts, where that is no longer its start.
    """
    limit = limit_of(case, rule)
    calendar = case.frame.calendar_for(clock.agency_id, side=clock.waits_for)
    return events.ClockRecounted(
        at=now,
        clock_id=clock.clock_id,
        awaits=clock.awaits,
        agency_id=clock.agency_id,
        amount=limit.within.words(),
        was_due_at=clock.due_at,
        due_at=due,
        reminders=reminders_before(calendar, limit, due, after=now),
        receipt_hash=receipt_hash(calendar, *since, limit.within, rule.id),
        track=track,
        counted_from=counted_from,
    )


def _whom(case: Case, side: Side, agency_id: str | None) -> tuple[str | None, str | None]:
    policy = case.frame.policy
    rung = policy.stage(max(case.stage, 1))  # A clock over all stages may start before the first.
    match side:
        case Side.RESPONDING:
            return agency_id, rung.responding_position
        case Side.RAISING:
            return case.raising_agency, rung.raising_position
        case Side.FINAL_BODY:
            return policy.final_body.agency, case.decider_position or policy.final_body.position
        case Side.TEAM:
            # The agency that the team is to see to, if any: two agencies not reached are two clocks.
            return agency_id, TEAM_POSITION
        case Side.BOTH | Side.OUTSIDE:
            return None, None


# Remembered, because what starts a clock is decided by whoever takes the act to its case and again by the case itself.
@lru_cache(maxsize=1024)
def receipt_hash(calendar: Calendar, at: datetime, start_event: str, amount: Amount, rule: str) -> str:
    """The hash of the account of how a deadline is counted."""
    receipt = workingtime.receipt(calendar, start=at, start_event=start_event, amount=amount, rule=rule)
    return receipt.content_hash


def start_all(
    case: Case,
    rules: Iterable[ClockRule],
    at: datetime,
    *,
    agency_id: str | None = None,
    waits_for: Side | None = None,
    about: str | None = None,
    known_at: datetime | None = None,
    started_by: str | None = None,
) -> tuple[Event, ...]:
    """Each rule's clock; one for every responding agency that is not settled, where none is named.

    One that ends past the frozen calendar is left out, so that nothing else has to wait for the calendar; ``word`` says
    on the events of such a case that the calendar has ended (``reaches``), and the team hears of it.
    """
    happened: tuple[Event, ...] = ()
    for rule in rules:
        agencies: tuple[str | None, ...] = (agency_id,)
        if agency_id is None and (waits_for or rule.waits_for) is Side.RESPONDING:
            agencies = tuple(party.agency_id for party in case.open_parties)
        for agency in agencies:
            try:
                started = start(
                    case,
                    rule,
                    at,
                    agency_id=agency,
                    waits_for=waits_for,
                    about=about,
                    known_at=known_at,
                    started_by=started_by,
                )
            except workingtime.CalendarExhausted:
                continue
            case = evolve_all(case, (started,))
            happened = (*happened, started)
    return happened


def _can_be_dated(case: Case, rule: ClockRule, at: datetime) -> bool:
    try:
        workingtime.deadline(case.frame.calendar, at, limit_of(case, rule).within)
    except workingtime.CalendarExhausted:
        return False
    return True


_LONGER_THAN_ANY_CLOCK = timedelta(days=800)
"""A policy's longest is a year of working days."""


def reaches(case: Case, at: datetime, *, spanning: bool = False) -> bool:
    """Whether every clock that could start at this stage and moment ends within the frozen calendar.

    ``spanning`` asks it of the clocks over all stages as well, which start once.
    """
    calendar = case.frame.calendar
    if at + _LONGER_THAN_ANY_CLOCK < workingtime.instant_of(calendar.last, calendar.close_of_business):
        return True
    policy = case.frame.policy
    stage = policy.stage(case.stage).clocks if case.stage else ()
    rules = (*stage, *policy.raiser_clocks, *policy.team_clocks, *(policy.process_clocks if spanning else ()))
    return all(_can_be_dated(case, rule, at) for rule in rules if case.track in rule.limits)


def of_agency(case: Case, agency_id: str, stage: int, *awaits: Awaits) -> tuple[Clock, ...]:
    """The clocks of one responding agency at one stage that wait, or waited, for one of these.

    Those that ended are among them: what was noted of their limits can still be put right.
    """
    return tuple(
        clock
        for clock in case.clocks
        if clock.agency_id == agency_id
        and clock.stage == stage
        and clock.waits_for is Side.RESPONDING
        and clock.awaits in awaits
        and not clock.over
    )


def end(clock: Clock, at: datetime, how: ClockEnd, *, counts_from: datetime | None = None) -> events.ClockEnded:
    """The event that ends one clock. An act applied late may be older than the clock: nothing ends before it began."""
    return events.ClockEnded(
        at=at,
        clock_id=clock.clock_id,
        awaits=clock.awaits,
        end=how,
        counts_from=max(counts_from or at, clock.started_at),
    )


def meet(case: Case, met: Iterable[Clock], at: datetime, *, counts_from: datetime) -> tuple[Event, ...]:
    """What was awaited came: the clocks end, and what was noted of their limits is put right.

    ``counts_from`` is when it was received or, where it was confirmed, when it happened. A clock that ended before (its
    stage was left, or a late act met it) does not end again, but its finding is still put right: what was done in time
    was in time. Each is looked up as it stands by then, for one that is met can bring another one's end.
    """
    happened: tuple[Event, ...] = ()
    for clock in met:
        brought = _met(case, case.clock(clock.clock_id), at, max(counts_from, clock.started_at))
        happened, case = (*happened, *brought), evolve_all(case, brought)
    return happened


def _met(case: Case, clock: Clock, at: datetime, counts_from: datetime) -> tuple[Event, ...]:
    ended = (end(clock, at, ClockEnd.MET, counts_from=counts_from),) if clock.running else ()
    if clock.limit_passed_at is None or clock.limit_withdrawn or clock.cause is None:
        return ended
    if counts_from <= clock.due_at:
        return (*ended, *withdraw(evolve_all(case, ended), clock, at, kept_at=counts_from))
    if clock.cause in drift.MENDED_BY_AN_ANSWER:
        changed = events.CauseChanged(
            at=at,
            clock_id=clock.clock_id,
            awaits=clock.awaits,
            waits_for=clock.waits_for,
            agency_id=clock.agency_id,
            was=clock.cause,
            cause=Cause.ANSWERED_LATE,
        )
        return (*ended, changed)
    return ended


def withdraw(
    case: Case, clock: Clock, at: datetime, *, kept_at: datetime, more_time: bool = False
) -> tuple[Event, ...]:
    """The limit had been kept, or had not come yet, for there was ``more_time``.

    A proposal that rested on it alone ends with it, and so does what is noted of that.

    What a person intends stays: they decided it, they hear of this, and they can say that the case stays.
    """
    proposed = case.move is not None and case.move.intended_at is None
    undoes = proposed and [other.clock_id for other in speaking_for_a_move(case)] == [clock.clock_id]
    withdrawn = _withdrawn(clock, at, kept_at, undoes_proposal=undoes, more_time=more_time)
    if not undoes:
        return (withdrawn,)
    asked = case.running(Awaits.CHOOSE)
    # Nobody was late with an answer to a question that should not have been asked.
    unasked = tuple(
        _withdrawn(choice, at, kept_at)
        for choice in asked
        if choice.limit_passed_at is not None and not choice.limit_withdrawn
    )
    return (withdrawn, *stop(asked, at), *unasked)


def _withdrawn(
    clock: Clock, at: datetime, kept_at: datetime, *, undoes_proposal: bool = False, more_time: bool = False
) -> events.LimitWithdrawn:
    return events.LimitWithdrawn(
        at=at,
        clock_id=clock.clock_id,
        awaits=clock.awaits,
        agency_id=clock.agency_id,
        kept_at=min(max(kept_at, clock.started_at), clock.due_at),
        undoes_proposal=undoes_proposal,
        more_time=more_time,
    )


def speaking_for_a_move(case: Case) -> tuple[Clock, ...]:
    """The clocks whose passed limit proposes a move up from the present stage, of agencies that have not settled."""
    settled = {party.agency_id for party in case.parties if party.settled}
    return tuple(
        clock
        for clock in case.clocks
        if clock.on_limit in {OnLimit.PROPOSE, OnLimit.ESCALATE}
        and clock.waits_for is not Side.RAISING
        and clock.limit_passed_at is not None
        and not clock.limit_withdrawn
        and not clock.over
        and clock.stage in {None, case.stage}
        and clock.agency_id not in settled
    )


def what_follows(case: Case, clock: Clock) -> OnLimit:
    """What a limit that passes now brings: a proposal or a move only where there is somewhere to go."""
    here = clock.stage is None or clock.stage == case.stage
    if not here or target_of(case, clock) is None or case.status is not Status.OPEN or not case.stage:
        return OnLimit.TELL
    if drift.is_from_before(case, clock):
        return OnLimit.TELL  # Nobody has been asked anything yet that could have gone unanswered.
    party = case.party(clock.agency_id)
    follows = clock.on_limit
    if follows is OnLimit.ESCALATE and party is not None and party.not_theirs_at is not None:
        follows = OnLimit.PROPOSE  # Nothing moves by itself to the next level of an agency that says it is not theirs.
    if follows is OnLimit.ESCALATE and (_is_moving(case) or not _can_tell_first(case, clock)):
        return OnLimit.TELL
    if follows is OnLimit.PROPOSE and (case.move is not None or not _can_ask(case, clock)):
        return OnLimit.TELL
    return follows


def _is_moving(case: Case) -> bool:
    return case.move is not None and case.move.takes_effect_at is not None


def _can_tell_first(case: Case, clock: Clock) -> bool:
    """Whether the time for which the level passed over is told first can be dated within the calendar."""
    notice, at = case.frame.policy.told_before_move[case.track], clock.limit_passed_at
    if notice is None or at is None:
        return True
    try:
        workingtime.deadline(case.frame.calendar, at, notice)
    except workingtime.CalendarExhausted:
        return False
    return True


def _can_ask(case: Case, clock: Clock) -> bool:
    """Whether the question to move up, asked when this limit is noted, can have a time limit of its own.

    Where the calendar does not reach, the limit is told like one that proposes nothing: nobody is asked without end.
    """
    at = clock.limit_passed_at
    return at is None or all(_can_be_dated(case, rule, at) for rule in rules_of_process(case, StartsFrom.PROPOSED))


def stop(clocks: Iterable[Clock], at: datetime) -> tuple[Event, ...]:
    """The clocks stop without having been met."""
    return tuple(end(clock, at, ClockEnd.STOPPED) for clock in clocks if clock.running)


def next_instant(clock: Clock, *, by: datetime | None = None) -> datetime | None:
    """When a clock next has something to say; none once its limit has passed or it has ended, and while it is paused.

    ``by`` is an instant up to which everything is due: a reminder whose limit lies before it has lost its purpose.
    """
    if not clock.running or clock.limit_passed_at is not None or clock.paused_since is not None:
        return None
    if clock.reminded < len(clock.reminders) and (by is None or clock.due_at > by):
        return clock.reminders[clock.reminded]
    return clock.due_at


def remind(case: Case, clock: Clock, now: datetime) -> tuple[Event, ...]:
    """The reminder whose moment has come. Several that are overdue at once are one: nobody is told twice."""
    fallen = sum(1 for moment in clock.reminders if moment <= now)
    if fallen <= clock.reminded:
        return ()
    last = fallen == len(clock.reminders)
    return (
        events.ReminderFell(
            at=now,
            clock_id=clock.clock_id,
            awaits=clock.awaits,
            waits_for=clock.waits_for,
            agency_id=clock.agency_id,
            position=clock.position,
            due_at=clock.due_at,
            reminder=fallen,
            of=len(clock.reminders),
            phone_call_asked=last and clock.waits_for is Side.RESPONDING and drift.nothing_recorded(case, clock),
        ),
    )


def pass_limit(case: Case, clock: Clock, now: datetime, *, cause: Cause | None = None) -> events.LimitPassed:
    """The event of a limit that has passed, with its cause from evidence, or as it is known otherwise."""
    return events.LimitPassed(
        at=now,
        clock_id=clock.clock_id,
        awaits=clock.awaits,
        waits_for=clock.waits_for,
        agency_id=clock.agency_id,
        position=clock.position,
        stage=clock.stage,
        due_at=clock.due_at,
        cause=cause or drift.cause_of(case, clock),
        accounts_until=_accounts_until(case, now),
    )


def _accounts_until(case: Case, now: datetime) -> datetime:
    try:
        return workingtime.deadline(case.frame.calendar, now, case.frame.policy.accounts_within)
    except workingtime.CalendarExhausted:
        # That a limit passed is noted in any case. Both sides then have until the calendar is extended.
        return max(now, workingtime.instant_of(case.frame.calendar.last, case.frame.calendar.close_of_business))


def next_wake(case: Case) -> datetime | None:
    """When time alone next brings something; none when nothing is owed. Only reads instants."""
    promised = promises.next_wake(case)
    if case.status is Status.CLOSED:
        return promised
    instants = [next_instant(clock) for clock in case.clocks]
    instants.append(promised)
    instants.append(case.word_due_at)
    if case.move is not None:
        instants.append(case.move.takes_effect_at)
    if case.pause is not None and not case.pause.told:
        instants.append(case.pause.until)
    return min((instant for instant in instants if instant is not None), default=None)
