"""How a case goes through its stages: the start, a move up, a settlement, the end."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from escalations.policy import Awaits, StageRule, StartsFrom
from escalations.rules import clocks, events, workingtime
from escalations.rules.actors import Actor, Channel
from escalations.rules.case import Case, ClockEnd, Outcome
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all


def word_due(case: Case, at: datetime) -> datetime:
    """When the raiser, told something at this moment, is due the next word."""
    return workingtime.deadline(case.frame.calendar, at, case.frame.policy.word_to_raiser_every)


def start_stage(
    case: Case,
    number: int,
    at: datetime,
    *,
    by: Actor | None = None,
    channel: Channel | None = None,
    happened_at: datetime | None = None,
) -> tuple[Event, ...]:
    """The case goes to a stage: what ran for the stage left stops, the new stage's clocks start, both sides are told.

    Clocks over all stages go on. Where the policy tells the partnership of this stage, that is an event of its own.
    """
    rule = case.frame.policy.stage(number)
    left = [clock for clock in case.clocks if clock.running and clock.stage is not None]
    asked = [clock for clock in left if clock.awaits is Awaits.CHOOSE and by is not None]
    ended = (*(clocks.end(clock, at, ClockEnd.MET) for clock in asked),
             *clocks.stop((clock for clock in left if clock not in asked), at))
    position, because = _decider(case, rule)
    started = events.StageStarted(
        at=at, stage=number, from_stage=case.stage, by=by, channel=channel, happened_at=happened_at,
        word_due_at=word_due(case, at), decider_position=position, alternate_because=because)
    happened: tuple[Event, ...] = (*ended, started)
    now_there = evolve_all(case, happened)
    happened = (*happened, *clocks.start_all(
        now_there, clocks.rules_of_stage(now_there, StartsFrom.STAGE_STARTED), at))
    if rule.partnership_told:
        happened = (*happened, events.PartnershipNotified(at=at, of="stage", stage=number))
    return happened


def _decider(case: Case, rule: StageRule) -> tuple[str | None, Literal["works_for_a_party", "decided_before"] | None]:
    if not rule.decided_by_final_body:
        return None, None
    body = case.frame.policy.final_body
    involved = {case.raising_agency, *(party.agency_id for party in case.parties)}
    if body.works_for in involved:
        return body.alternate_position, "works_for_a_party"
    if body.position in case.decided_by:
        return body.alternate_position, "decided_before"
    return body.position, None


def close(case: Case, at: datetime, *, by: Actor, outcome: Outcome) -> tuple[Event, ...]:
    """A person said that it is over: everything that ran ends, and the partnership is told where it was told before."""
    running = [clock for clock in case.clocks if clock.running]
    settled = (Awaits.SETTLE_ALL, Awaits.CONSIDER, Awaits.DECIDE)
    met = tuple(clocks.end(clock, at, ClockEnd.MET) for clock in running if clock.awaits in settled)
    stopped = clocks.stop((clock for clock in running if clock.awaits not in settled), at)
    happened: tuple[Event, ...] = (*met, *stopped, events.Closed(at=at, by=by, stage=case.stage, outcome=outcome))
    if case.partnership_told_at is not None and case.frame.policy.resolution_told:
        happened = (*happened, events.PartnershipNotified(at=at, of="resolution", stage=case.stage))
    return happened
