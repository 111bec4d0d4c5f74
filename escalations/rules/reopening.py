"""A case that had closed is opened again: by whoever raised it or the team, with a reason, at a stage that it was at.

Source: the acts that published policies let people do ("reopen"), and the rules of practice ("It ends when the raising
side or the final body says so": what either of them said to end it does not hold any more; "reopened" is shown beside
the figures). Everything that was recorded stays. The stage begins anew from the act: nobody is late by the time in
which it was closed. What the final body has decided, only the team opens again; either side can ask it to.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Side, StartsFrom
from escalations.rules import acts, clocks, delivering, events, moving
from escalations.rules.access import Refused
from escalations.rules.case import Case, Outcome, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all

DECIDED = (Outcome.DECIDED_AS_ASKED, Outcome.DECIDED_ANOTHER_WAY, Outcome.NOT_AGREED_DECIDED)
"""What ended by the final body's word."""


def reopen(case: Case, act: acts.Reopen, now: datetime) -> tuple[Event, ...] | Refused:
    """It goes on at the stage at which it was closed, or at an earlier one that is named."""
    number = case.stage if act.at_stage is None else act.at_stage
    refused = _refused(case, act, number)
    if refused is not None:
        return refused
    body, because = moving.decider_of(case, number)
    reopened = events.Reopened(
        **events.origin(act, now),
        stage=number,
        from_stage=case.stage,
        because=act.because,
        was=case.outcome or Outcome.OVERTAKEN,
        decider_position=body,
        alternate_because=because,
    )
    again = evolve_all(case, (reopened,))
    if again.status is Status.HELD:
        held = clocks.rules_of_process(again, StartsFrom.HELD)
        whole = clocks.rules_of_process(again, StartsFrom.RECEIVED)
        return (reopened, *clocks.start_all(again, (*whole, *held), now, started_by=events.REOPENED))
    return (reopened, *begin_again(again, now, events.REOPENED))


def begin_again(case: Case, now: datetime, started_by: str) -> tuple[Event, ...]:
    """The clocks of a stage that begins anew; those that its own notice starts, start with its arrival."""
    happened: tuple[Event, ...] = ()
    for party in case.open_parties:
        starts = (StartsFrom.STAGE_STARTED, StartsFrom.RECEIVED)
        known = evolve_all(case, happened)
        happened = (
            *happened,
            *delivering.start_what_is_missing(known, now, party.agency_id, *starts, started_by=started_by),
        )
    of_stage = clocks.rules_of_stage(case, StartsFrom.STAGE_STARTED)
    others = [rule for rule in of_stage if rule.waits_for is not Side.RESPONDING]
    running = {clock.rule_id for clock in case.clocks if clock.running}
    spanning = (*clocks.rules_of_process(case, StartsFrom.RECEIVED), *clocks.rules_of_span(case, left=0))
    rules = (*others, *(rule for rule in spanning if rule.id not in running))
    return (*happened, *clocks.start_all(evolve_all(case, happened), rules, now, started_by=started_by))


def _refused(case: Case, act: acts.Reopen, number: int) -> Refused | None:
    if case.status is not Status.CLOSED:
        return Refused("not_closed", "This is open, so there is nothing to open again.")
    if case.erased_at is not None:
        return Refused(
            "erased",
            "Its words were erased after its end. If the worry is there again, please raise it as a new one.",
        )
    if act.by.side is Side.RAISING and case.outside is not None:
        return Refused(
            "not_for_this", "This was not for this process. If that is not right, please tell the partnership team."
        )
    if act.by.side is Side.RAISING and case.outcome in DECIDED:
        return Refused(
            "decided",
            "The final body has decided this, so only the partnership team opens it again. Please ask the team, and "
            "say what has changed.",
        )
    if number > case.stage:
        return Refused(
            "not_reached",
            f"This had reached stage {case.stage} when it was closed. It is opened again there or at an earlier stage, "
            "and moves up from there by an act of its own.",
        )
    if number in case.skipped or (case.stage and not number):
        return Refused("passed_over", f"Nobody was asked at stage {number}. Please choose a stage that it had been at.")
    return None


def ask(case: Case, act: acts.AskToReopen, now: datetime) -> tuple[Event, ...] | Refused:
    """Either side asks the team to open it again. Nothing runs by that, and nobody is kept waiting by a time limit."""
    if case.status is not Status.CLOSED:
        return Refused("not_closed", "This is open, so there is nothing to open again.")
    agency = act.by.agency_id or ""
    if agency in case.reopening_asked:
        return Refused("already_asked", "Your agency has asked for this already. The partnership team has been told.")
    return (events.ReopeningAsked(**events.origin(act, now), agency_id=act.by.agency_id, stage=case.stage),)
