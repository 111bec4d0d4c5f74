"""The urgent track, chosen while a case runs; and the way back.

Source: the rules of practice ("A child must not wait in a queue of ours": limits of the urgent track run in elapsed
hours, with a clock to reach a person) and the conventions of time (every due time that a clock ever had is kept). A
person says that it is urgent; no word in a text, and no time that passes, ever does.

* To urgent: what the urgent track alone has starts now. What both have takes the sooner of its present due time and the
  urgent limit from now: nothing becomes later by it. What the standard track alone has stops. A pause ends, for what is
  urgent does not wait.
* Back to standard: what both have is counted by the standard limit from its start, and becomes no sooner by it. What
  only the standard track has starts now, where it is not done.
* A limit that has passed stays passed.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Awaits, ClockRule, Side, StartsFrom, Track
from escalations.rules import acts, clocks, delivering, events, pausing, workingtime
from escalations.rules.access import Refused
from escalations.rules.actors import Actor
from escalations.rules.case import Case, Clock, Status
from escalations.rules.changing import replace
from escalations.rules.events import Event
from escalations.rules.evolving import evolve, evolve_all


def change(case: Case, act: acts.ChangeTrack, now: datetime) -> tuple[Event, ...] | Refused:
    """The case goes on by the other track's time limits."""
    if case.track is act.track:
        return Refused(
            "same_track",
            "This is urgent already. If somebody has to act at once, please phone: the numbers are on this page."
            if act.track is Track.URGENT
            else "This is on the standard track already.",
        )
    if act.track is Track.STANDARD and case.pause is not None:
        return Refused("paused", "This is paused. Please let it go on first, and then put it back.")
    answered = looked(case, act.by, now)
    went_on = (*answered, *pausing.let_go_on(evolve_all(case, answered), act, now, made_urgent=True))
    changed = events.TrackChanged(**events.origin(act, now), track=act.track, was=case.track)
    there = evolve(evolve_all(case, went_on), changed)
    moved = _running(there, act, now)
    started = _missing(evolve_all(there, moved), now)
    return (*went_on, *moved, *started, changed)


def looked(case: Case, by: Actor, now: datetime) -> tuple[Event, ...]:
    """Once a person has said whether it is urgent, the team does not have to look. What is held it still passes on."""
    if case.status is not Status.OPEN or not case.asked_if_urgent:
        return ()
    waiting = [clock for clock in case.running(Awaits.LOOK) if clock.about == clocks.URGENT_WORDS]
    return clocks.meet(case, waiting, now, counts_from=now) if by.side is Side.TEAM else clocks.stop(waiting, now)


def _running(case: Case, act: acts.ChangeTrack, now: datetime) -> tuple[Event, ...]:
    """What becomes of each clock that runs: another due time, another clock in its place, or none."""
    happened: tuple[Event, ...] = ()
    for clock in case.clocks:
        if not clock.running:
            continue
        rule = _rule_on_track(evolve_all(case, happened), clock)
        if rule is None:
            happened = (*happened, *clocks.stop((clock,), now))
        elif rule.id != clock.rule_id:
            happened = (*happened, *_in_its_place(evolve_all(case, happened), clock, rule, act, now))
        elif clock.limit_passed_at is None:
            happened = (*happened, *_recounted(case, clock, rule, now))
    return happened


def _rule_on_track(case: Case, clock: Clock) -> ClockRule | None:
    """The rule by which the case's track awaits the same, the clock's own if it has it; none where nothing does."""
    found = [
        rule for rule in clocks.rules_beside(case, clock) if rule.awaits is clock.awaits and case.track in rule.limits
    ]
    own = next((rule for rule in found if rule.id == clock.rule_id), None)
    taken = {
        other.rule_id
        for other in case.clocks
        if other.running and (other.agency_id, other.about) == (clock.agency_id, clock.about)
    }
    return own or next((rule for rule in found if rule.id not in taken), None)


def _recounted(case: Case, clock: Clock, rule: ClockRule, now: datetime) -> tuple[Event, ...]:
    calendar = case.frame.calendar_for(clock.agency_id, side=clock.waits_for)
    urgent = case.track is Track.URGENT
    since = (now, clocks.TRACK_CHANGED) if urgent else clocks.counted_from(replace(clock, counted_from=None), rule)
    try:
        counted = workingtime.deadline(calendar, since[0], clocks.limit_of(case, rule).within)
    except workingtime.CalendarExhausted:
        return ()  # It keeps the time limit that it has.
    if (counted >= clock.due_at) if urgent else (counted <= clock.due_at):
        return ()
    moved_to = now if urgent else None
    return (clocks.recount(case, clock, rule, counted, now, since=since, track=case.track, counted_from=moved_to),)


def _in_its_place(case: Case, clock: Clock, rule: ClockRule, act: acts.ChangeTrack, now: datetime) -> tuple[Event, ...]:
    """The track awaits the same by another rule. What was to be done sooner still is."""
    started = clocks.start_all(
        evolve_all(case, stopped := clocks.stop((clock,), now)),
        (rule,),
        now,
        agency_id=clock.agency_id,
        waits_for=clock.waits_for,
        about=clock.about,
    )
    sooner = tuple(
        events.ClockSetSooner(
            **events.origin(act, now),
            clock_id=begun.clock_id,
            awaits=begun.awaits,
            waits_for=begun.waits_for,
            agency_id=begun.agency_id,
            was_due_at=begun.due_at,
            due_at=clock.due_at,
            reminders=tuple(moment for moment in begun.reminders if moment < clock.due_at),
        )
        for begun in started
        if isinstance(begun, events.ClockStarted)
        and case.track is Track.URGENT
        and now <= clock.due_at < begun.due_at
        and clock.limit_passed_at is None
    )
    return (*stopped, *started, *sooner)


def _missing(case: Case, now: datetime) -> tuple[Event, ...]:
    """The clocks of this stage, and over all stages, that the track has and the other one had not."""
    happened: tuple[Event, ...] = ()
    others = clocks.rules_of_process(case, StartsFrom.RECEIVED)
    if case.status is Status.OPEN:
        for party in case.open_parties:
            starts = (StartsFrom.STAGE_STARTED, StartsFrom.RECEIVED)
            told = (StartsFrom.DELIVERED,) if delivering.is_told(case, party) else ()
            known = evolve_all(case, happened)
            happened = (
                *happened,
                *delivering.start_what_is_missing(known, now, party.agency_id, *starts, *told),
            )
        of_stage = clocks.rules_of_stage(case, StartsFrom.STAGE_STARTED)
        others = (*(rule for rule in of_stage if rule.waits_for is not Side.RESPONDING), *others)
    known = evolve_all(case, happened)
    had = {
        (clock.rule_id, clock.awaits)
        for clock in known.clocks
        if clock.running or (clock.limit_passed_at is not None and clock.stage in {None, case.stage})
    }
    return (*happened, *clocks.start_all(known, (rule for rule in others if (rule.id, rule.awaits) not in had), now))
