"""An entry was a mistake: it stays on record and is shown to be one, and the rules go on from what is believed now.

Source: the acts that issue 5 lists ("correct an earlier entry (the old one stays)") and the rules of practice
("Evidence is fair"). Only whoever made it, or the team, says so, with a reason; both sides are told. As with what was
denied, it never counted: what it had met is awaited again, by the time limit that it had, and a limit that lies in the
past is noted when that became known. What was right in it is entered anew. Corrected is what is believed of the present
stage; of a stage that was left, the entry is shown as a mistake, and what was noted there stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from escalations.policy import Awaits, ClockRule, Side, StartsFrom
from escalations.rules import acts, clocks, drift, events, reopening
from escalations.rules.access import Refused
from escalations.rules.case import MEETS, Case, Cause, ClaimState, Clock, ClockEnd, Done, Entry, Party, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all

_MET_BY: dict[str, tuple[Awaits, ...]] = {
    "acknowledged": (Awaits.ACKNOWLEDGE,),
    "responded": MEETS[Done.ANSWERED],
    "person_reached": (Awaits.BE_REACHED,),
    "phone_call_noted": (Awaits.BE_REACHED,),
}
"""What each kind of entry meets."""


def correct(case: Case, act: acts.Correct, now: datetime) -> tuple[Event, ...] | Refused:
    """An entry never counted; whatever else is believed stands, and what it alone had met is awaited again."""
    found = [entry for entry in case.entries if entry.submission_id == act.entry]
    if not found:
        return Refused(
            "no_such_entry", "We have no entry of this kind that can be corrected. Please tell the partnership team."
        )
    if all(entry.struck for entry in found):
        return Refused("already_corrected", "This entry has been corrected already. Nothing more is needed.")
    moved = next((entry for entry in found if entry.kind == "stage_started"), None)
    if moved is not None and not (case.status is Status.OPEN and moved.stage == case.stage and not moved.over):
        return Refused(
            "moved_on", "It has gone on from that stage since. What has happened there stays as it was recorded."
        )
    of = moved or found[0]
    corrected = events.Corrected(
        **events.origin(act, now),
        entry=act.entry,
        entry_kind=of.kind,
        agency_id=of.agency_id,
        stage=of.stage,
        back_to=moved.from_stage if moved is not None else None,
    )
    if moved is not None:
        return _back(case, corrected, now)
    after = evolve_all(case, (corrected,))
    if of.over or of.stage != case.stage or case.status is not Status.OPEN or of.agency_id is None:
        return (corrected,)
    return (*_looked_at_again(after, of.agency_id, found, now), corrected)


def _back(case: Case, corrected: events.Corrected, now: datetime) -> tuple[Event, ...]:
    """It had been taken up by mistake: the stage that it left begins anew, with its own notices."""
    ended = clocks.stop((clock for clock in case.clocks if clock.stage is not None), now)
    there = evolve_all(case, (*ended, corrected))
    return (*ended, corrected, *reopening.begin_again(there, now, events.CORRECTED))


def _looked_at_again(case: Case, agency_id: str, struck: list[Entry], now: datetime) -> tuple[Event, ...]:
    claims = {entry.claim_id for entry in struck if entry.claim_id}
    unasked = clocks.stop((one for one in case.running(Awaits.CONFIRM) if one.about in claims), now)
    happened: tuple[Event, ...] = unasked
    for clock in clocks.of_agency(case, agency_id, case.stage, *MEETS[Done.ANSWERED]):
        happened = (*happened, *_again(evolve_all(case, happened), clock, now))
    known = evolve_all(case, happened)
    party = known.party(agency_id)
    if party is None:
        return happened
    ended: list[Clock] = []
    if party.answered_at is None:
        ended.extend(clock for clock in known.running(Awaits.CONSIDER) if clock.about == agency_id)
    from_it = {rule.id for rule in _from_what_is_not_so(known, party)}
    if from_it:
        ended.extend(
            clock
            for clock in known.clocks
            if clock.running
            and clock.agency_id == agency_id
            and clock.stage == known.stage
            and clock.rule_id in from_it
        )
    return (*happened, *clocks.stop(ended, now))


def _from_what_is_not_so(case: Case, party: Party) -> tuple[ClockRule, ...]:
    """The clocks that start from an acknowledgement, or from a conversation, of which none is believed any more."""
    acknowledged = () if party.evidence.acknowledged else clocks.rules_of_stage(case, StartsFrom.ACKNOWLEDGED)
    said = any(
        claim.state is ClaimState.CONFIRMED and (claim.agency_id, claim.stage) == (party.agency_id, case.stage)
        for claim in case.claims
        if not claim.over
    )
    reached = party.evidence.person_reached or said
    return (*acknowledged, *(() if reached else clocks.rules_of_stage(case, StartsFrom.REACHED)))


def _again(case: Case, clock: Clock, now: datetime) -> tuple[Event, ...]:
    """A clock that had been met: by what still stands, or not at all, and then it waits again."""
    if clock.end is not ClockEnd.MET:
        return ()
    met_at = min((at for at in _believed(case, clock)), default=None)
    if met_at is not None and max(met_at, clock.started_at) == clock.ended_at:
        return ()
    noted = clock.limit_passed_at is not None and not clock.limit_withdrawn
    calendar = case.frame.calendar_for(clock.agency_id)
    rule = clocks.rule_of(case, clock)
    limit = clocks.limit_of(case, rule)
    again = events.ClockReopened(
        at=now,
        clock_id=clock.clock_id,
        awaits=clock.awaits,
        agency_id=clock.agency_id,
        due_at=clock.due_at,
        reminders=clocks.reminders_before(calendar, limit, clock.due_at, after=now),
        limit_stands=noted,
        paused=case.pause is not None and rule.pausable,
    )
    waits = evolve_all(case, (again,))
    happened: tuple[Event, ...] = (again,)
    if met_at is None:
        cause = drift.cause_now(waits, clock)
        if noted and clock.cause is not None and cause is not clock.cause:
            happened = (*happened, events.CauseChanged(at=now, clock_id=clock.clock_id, was=clock.cause, cause=cause))
        return happened
    if not noted and met_at > clock.due_at:
        late = clocks.pass_limit(waits, waits.clock(clock.clock_id), now, cause=Cause.ANSWERED_LATE)
        happened, waits = (*happened, late), evolve_all(waits, (late,))
    return (*happened, *clocks.meet(waits, (clock,), now, counts_from=met_at))


def _believed(case: Case, clock: Clock) -> Iterator[datetime]:
    """When each thing happened that still stands and meets the clock."""
    for entry in case.entries:
        same = (entry.agency_id, entry.stage) == (clock.agency_id, clock.stage)
        if same and not entry.struck and not entry.over and clock.awaits in _MET_BY.get(entry.kind, ()):
            # What the team itself records of a conversation counts from when it happened.
            by_team = entry.kind == "person_reached" and entry.by.side is Side.TEAM
            yield entry.happened_at if by_team and entry.happened_at is not None else entry.at
    for claim in case.claims:
        same = (claim.agency_id, claim.stage) == (clock.agency_id, clock.stage)
        if same and claim.state is ClaimState.CONFIRMED and not claim.over and clock.awaits in MEETS[claim.done]:
            yield claim.happened_at


def of_side(case: Case, side: Side, agency_id: str | None) -> tuple[Entry, ...]:
    """What a side made itself and can say was a mistake, the newest first; one for each submission."""
    found: dict[str, Entry] = {}
    for entry in reversed(case.entries):
        whose = case.speaker(side, entry.by.agency_id)
        own = side is Side.TEAM or (entry.by.side is side and whose == case.speaker(side, agency_id))
        moved_on = entry.kind == "stage_started" and (entry.stage != case.stage or case.status is not Status.OPEN)
        if own and not entry.struck and not entry.over and not moved_on:
            found.setdefault(entry.submission_id, entry)
    return tuple(found.values())
