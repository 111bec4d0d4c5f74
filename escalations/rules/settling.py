"""How a difference ends: the raising side says that the worry is dealt with, or the final body decides."""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Awaits
from escalations.rules import acts, clocks, events, moving
from escalations.rules.access import Refused
from escalations.rules.case import Case, Clock, Outcome
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all


def agree(case: Case, act: acts.Agree, now: datetime) -> tuple[Event, ...] | Refused:
    """The worry is dealt with, with one responding agency or with all; with the last of them the case closes."""
    agencies = tuple(party.agency_id for party in case.open_parties) if act.agency_id is None else (act.agency_id,)
    if act.agency_id is not None and case.party(act.agency_id) is None:
        return Refused("not_a_party", "That agency is not part of this escalation.")
    if any(party.settled for party in case.parties if party.agency_id in agencies):
        return Refused("settled", "This is already settled with that agency. Nothing more is needed.")
    ends = {party.agency_id for party in case.open_parties} == set(agencies)
    happened: tuple[Event, ...] = tuple(
        events.Settled(
            **events.origin(act, now), agency_id=agency, stage=case.stage, outcome=act.outcome, ends_the_case=ends
        )
        for agency in agencies
    )
    settled = evolve_all(case, happened)
    if not settled.open_parties:
        return (*happened, *moving.close(settled, now, by=act.by, outcome=_overall(settled)))
    considered = [clock for clock in settled.running(Awaits.CONSIDER) if clock.about in agencies]
    happened = (*happened, *clocks.meet(settled, considered, now, counts_from=now))
    left = evolve_all(case, happened).clocks
    happened = (*happened, *clocks.stop((clock for clock in left if _is_about(case, clock, agencies)), now))
    return (*happened, *moving.end_proposal(evolve_all(case, happened), now, "settled"))


def _is_about(case: Case, clock: Clock, agencies: tuple[str, ...]) -> bool:
    """Whether a clock waits for one of these agencies, or for the raising side about something that one of them did."""
    if clock.stage is None or clock.awaits is Awaits.CONSIDER:
        return False
    claim = None if clock.about is None else case.claim(clock.about)
    return clock.agency_id in agencies or (claim is not None and claim.agency_id in agencies)


def _overall(case: Case) -> Outcome:
    """How the case ended: as with each agency where that is one outcome, and in part where it is several."""
    outcomes = {party.outcome for party in case.parties}
    only = next(iter(outcomes)) if len(outcomes) == 1 else None
    return only or Outcome.AGREED_IN_PART


def final_decision(case: Case, act: acts.Decide, now: datetime) -> tuple[Event, ...]:
    """The final body decides, and the case closes."""
    decided = events.Decided(**events.origin(act, now), position=str(act.by.position), outcome=act.outcome)
    return (decided, *moving.close(evolve_all(case, (decided,)), now, by=act.by, outcome=act.outcome))
