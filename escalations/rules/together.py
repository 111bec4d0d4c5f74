"""Several agencies raise one escalation: one leads and answers for the raising side, the others stand beside it.

Source: the domain ("several agencies may raise together") and the rules of practice ("Never by a timer, a parser or a
score: choosing an agency, giving a new person access"; the stricter holds). Each of the others has links of its own, is
told of what the raising side is told, and says for itself what it adds, how a delay came about, what came of it and
that it disagrees. Where one that is on record as disagreeing stands beside a lead that agrees, nothing is settled
silently: the team decides, unless the policy says that the agreement settles it.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Awaits, OverDissent, StartsFrom, Track
from escalations.rules import acts, clocks, dissenting, events
from escalations.rules.access import Refused
from escalations.rules.case import Case, Clock, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all


def not_together(case: Case, track: Track, lead: str | None, others: tuple[str, ...]) -> Refused | None:
    """Why these agencies cannot raise it together, or none where they can."""
    if not others:
        return None
    together = case.frame.policy.together
    if not together.taken:
        return Refused(
            "not_together",
            "Under this policy each agency raises its own escalation. Please raise it for your agency alone; the "
            "other one can raise its own.",
        )
    if not together.on(track):
        tracks = " or ".join(one.value for one in together.tracks)
        return Refused(
            "not_together",
            f"Under this policy several agencies raise something together only on the {tracks} track. Please raise it "
            "for your agency alone; the other one can raise its own.",
        )
    if lead in others or len(set(others)) != len(others):
        return Refused("named_twice", "The same agency is named twice. Please name each agency once.")
    return None


def change(case: Case, act: acts.ChangeRaisers, now: datetime) -> tuple[Event, ...] | Refused:
    """An agency more raises it, one no longer does, or another one leads. It ends nothing, and no time limit moves."""
    refused = _of_the_choice(case, act)
    if refused is not None:
        return refused
    led = case.raising_agency if act.lead is not None else None
    changed = events.RaisersChanged(
        **events.origin(act, now),
        stage=case.stage,
        added=act.add,
        left=act.leave,
        because=act.because if act.leave else None,
        lead=act.lead,
        led=led,
    )
    happened: tuple[Event, ...] = (changed,)
    after = evolve_all(case, happened)
    if case.agreement is None or after.agreement is not None:
        return happened
    # Nobody is left who disagrees, or another one leads: the lead says whether it is settled, and the team need not.
    return (*happened, *clocks.stop(looks(after, case.agreement.dissenting), now))


def _of_the_choice(case: Case, act: acts.ChangeRaisers) -> Refused | None:
    named = (*act.add, *act.leave)
    if not named and act.lead is None:
        return Refused("nothing_chosen", "Please choose which agency raises it too, no longer raises it, or leads.")
    if len(set(named)) != len(named):
        return Refused("named_twice", "The same agency is named twice. Please name each agency once.")
    if any(case.raises(agency) for agency in act.add):
        return Refused("raises_already", "That agency raises this already.")
    if any(case.party(agency) is not None for agency in act.add):
        return Refused("same_agency", "That agency is asked to answer this, so it cannot raise it too.")
    if any(not case.raises(agency) for agency in act.leave):
        return Refused("not_a_raiser", "That agency does not raise this, so there is nothing to change.")
    if act.leave and act.because is None:
        return Refused("reason_needed", "Please say why the agency no longer raises it.")
    refused = None if not act.add else not_together(case, case.track, case.raising_agency, act.add)
    return refused or _of_the_lead(case, act)


def _of_the_lead(case: Case, act: acts.ChangeRaisers) -> Refused | None:
    if act.lead is None:
        if case.raising_agency in act.leave:
            return Refused(
                "lead_needed",
                "The agency that leads cannot leave it without one that leads in its place. Please choose which of the "
                "others does. If nobody raises it any more, it is withdrawn.",
            )
        return None
    if act.lead == case.raising_agency:
        return Refused("leads_already", "That agency leads already.")
    if act.lead not in (*case.co_raisers, *act.add) or act.lead in act.leave:
        return Refused("not_a_raiser", "Only an agency that raises this with the others can lead.")
    if case.status is Status.HELD:
        return Refused(
            "held",
            "This is held. Which agency raised it is said when it is passed on, and another can lead after that.",
        )
    return None


def over_dissent(case: Case) -> tuple[str, ...]:
    """The agencies that raise it with the lead, are on record as disagreeing, and hold its agreement up."""
    if case.frame.policy.together.over_dissent is OverDissent.SETTLES:
        return ()
    return tuple(agency for agency in case.co_raisers if dissenting.has(case, agency, formal=False))


def note_agreement(
    case: Case, act: acts.Agree, agencies: tuple[str, ...], against: tuple[str, ...], now: datetime
) -> tuple[Event, ...] | Refused:
    """The lead agrees over a dissent: it has said its word, nothing is settled, and the team is asked to decide."""
    if case.agreement is not None and set(case.agreement.agencies) >= set(agencies):
        return Refused(
            "agreement_waits",
            "That you agree is recorded. An agency that raises this with you disagrees, so the partnership team "
            "decides whether it is settled.",
        )
    noted = events.AgreementNoted(
        **events.origin(act, now), stage=case.stage, agencies=agencies, outcome=act.outcome, dissenting=against
    )
    happened: tuple[Event, ...] = (noted,)
    considered = [clock for clock in case.running(Awaits.CONSIDER) if clock.about in agencies]
    happened = (*happened, *clocks.meet(evolve_all(case, happened), considered, now, counts_from=now))
    after = evolve_all(case, happened)
    if looks(after, against):
        return happened
    rules = clocks.rules_of_process(after, StartsFrom.HELD)
    return (*happened, *clocks.start_all(after, rules, now, about=against[0]))


def looks(case: Case, agencies: tuple[str, ...]) -> tuple[Clock, ...]:
    """The team's clocks to decide over the dissent of one of these."""
    return tuple(clock for clock in case.running(Awaits.LOOK) if clock.about in agencies)
