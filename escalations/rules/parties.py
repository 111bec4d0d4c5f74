"""With whom a case is raised: one says that it is not theirs, others are added or taken out; and who is written to.

Source: the rules of practice ("Never by a timer": redirecting, choosing an agency; "Misdirected is an act: it kills
links"; "Evidence is fair") and the policies that several agencies answer under. Nobody is chosen and nothing is moved
by what one side says: the team is asked to look, by its own time limit, and a person changes the agencies. Time that
went by at the wrong agency is not the right one's: its clocks begin with its own notice.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Awaits, Side, StartsFrom
from escalations.rules import acts, clocks, delivering, drift, events, moving
from escalations.rules.access import Refused
from escalations.rules.case import Case, Cause, Clock, ClockEnd, PartyReason, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all


def misdirected(case: Case, act: acts.Misdirected, now: datetime) -> tuple[Event, ...] | Refused:
    """An agency says that it is not theirs; the team is asked to look, and the raiser hears of it."""
    party = case.party(act.agency_id)
    if party is None:
        return _not_a_party()
    if party.settled:
        return Refused("settled", "This is already settled with that agency. Nothing more is needed.")
    if party.not_theirs_at is not None:
        return Refused(
            "already_said",
            "That it is not theirs has been recorded already, and the partnership team has been asked to look.",
        )
    if act.should_be == act.agency_id:
        return Refused("same_agency", "You named the same agency as the one that says it is not theirs.")
    if case.raises(act.should_be):
        return Refused(
            "same_agency",
            "The agency that you named is the one that raised this. Please name another one, or none if you do not "
            "know.",
        )
    said = events.SaidMisdirected(
        **events.origin(act, now), agency_id=act.agency_id, stage=case.stage, should_be=act.should_be
    )
    happened: tuple[Event, ...] = (said, *delivering.seen_to(evolve_all(case, (said,)), now, act.agency_id))
    return (*happened, *_asks_the_team(evolve_all(case, happened), act.agency_id, now))


def _asks_the_team(case: Case, agency_id: str, now: datetime) -> tuple[Event, ...]:
    """The team's clock to look. It goes on beyond the stage: a move up does not answer whose it is."""
    started = clocks.start_all(
        case, clocks.rules_of_process(case, StartsFrom.HELD), now, agency_id=agency_id, about=agency_id
    )
    return tuple(
        event.model_copy(update={"stage": None}) if isinstance(event, events.ClockStarted) else event
        for event in started
    )


def find_theirs(case: Case, act: acts.FindTheirs, now: datetime) -> tuple[Event, ...] | Refused:
    """The team has looked, and it is theirs: what is noted of its limits is looked at again without its word."""
    party = case.party(act.agency_id)
    if party is None:
        return _not_a_party()
    if party.not_theirs_at is None:
        return Refused("not_said", "That agency has not said that this is not theirs, so there is nothing to answer.")
    found = events.FoundTheirs(**events.origin(act, now), agency_id=act.agency_id, stage=case.stage)
    happened: tuple[Event, ...] = (found, *clocks.meet(case, looked_at(case, act.agency_id), now, counts_from=now))
    after = evolve_all(case, happened)
    again = (
        _cause_changed(clock, now, drift.cause_now(after, clock))
        for clock in after.clocks
        if clock.agency_id == act.agency_id and clock.cause is Cause.MISDIRECTED and not clock.limit_withdrawn
    )
    return (*happened, *again)


def looked_at(case: Case, *agencies: str) -> tuple[Clock, ...]:
    """The team's clocks that wait for a word on whose it is."""
    return tuple(clock for clock in case.running(Awaits.LOOK) if clock.about in agencies)


def change(case: Case, act: acts.ChangeParties, now: datetime) -> tuple[Event, ...] | Refused:
    """Agencies are taken out, then others added; whoever is left waits on as before."""
    refused = _of_the_choice(case, act) or _leaves_nobody(case, act)
    if refused is not None:
        return refused
    happened: tuple[Event, ...] = ()
    for agency in act.remove:
        happened = (*happened, *_taken_out(evolve_all(case, happened), act, agency, now))
    for agency in act.add:
        added = events.PartyAdded(**events.origin(act, now), agency_id=agency, stage=case.stage)
        happened = (*happened, added)
        known = evolve_all(case, happened)
        starts = (StartsFrom.STAGE_STARTED, StartsFrom.RECEIVED)
        begun = delivering.start_what_is_missing(known, now, agency, *starts, started_by=events.PARTY_ADDED)
        happened = (*happened, *begun)
    after = evolve_all(case, happened)
    return (*happened, *moving.end_proposal(after, now, "removed")) if act.remove else happened


def _of_the_choice(case: Case, act: acts.ChangeParties) -> Refused | None:
    named = (*act.add, *act.remove)
    if not named:
        return Refused("nothing_chosen", "Please choose an agency to add, or one to take out.")
    if len(set(named)) != len(named):
        return Refused("named_twice", "The same agency is named twice. Please name each agency once.")
    if any(case.raises(agency) for agency in act.add):
        return Refused(
            "same_agency",
            "The agency that raised this cannot also be asked to answer it. A disagreement inside one agency goes "
            "through that agency's own managers.",
        )
    if any(case.party(agency) is not None for agency in act.add):
        return Refused("already_party", "This is raised with that agency already.")
    if any(case.party(agency) is None for agency in act.remove):
        return _not_a_party()
    if any(party.settled for party in case.parties if party.agency_id in act.remove):
        return Refused("settled", "This is already settled with that agency. What was settled stays on record.")
    if act.remove and act.because is None:
        return Refused("reason_needed", "Please say why an agency is taken out.")
    return None


def _leaves_nobody(case: Case, act: acts.ChangeParties) -> Refused | None:
    """An open case waits for somebody: it ends by what its raiser or the final body says, not for want of an agency."""
    if act.add or any(party.agency_id not in act.remove for party in case.open_parties):
        return None
    return Refused(
        "last_agency",
        "This would leave no agency to answer it. Please name in the same step the agency that is to have it. If it "
        "is over, it is withdrawn, or goes another way, on the word of whoever raised it.",
    )


def _not_a_party() -> Refused:
    return Refused("not_a_party", "That agency is not part of this escalation.")


def _taken_out(case: Case, act: acts.ChangeParties, agency: str, now: datetime) -> tuple[Event, ...]:
    """What waited for it stops, and so does what the raising side and the team were asked about it.

    Where it was never theirs, what had been noted of its limits was not theirs either.
    """
    because = act.because or PartyReason.OTHER
    happened: tuple[Event, ...] = clocks.meet(case, looked_at(case, agency), now, counts_from=now)
    left = evolve_all(case, happened)
    happened = (*happened, *clocks.stop((clock for clock in left.clocks if _concerns(left, clock, agency)), now))
    if because is PartyReason.MISDIRECTED:
        happened = (
            *happened,
            *(
                _cause_changed(clock, now, Cause.MISDIRECTED)
                for clock in case.clocks
                if clock.agency_id == agency
                and clock.waits_for is Side.RESPONDING
                and clock.limit_passed_at is not None
                and not clock.limit_withdrawn
                and clock.cause is not Cause.MISDIRECTED
                and not clock.over
            ),
        )
    removed = events.PartyRemoved(**events.origin(act, now), agency_id=agency, stage=case.stage, because=because)
    return (*happened, removed)


def _concerns(case: Case, clock: Clock, agency: str) -> bool:
    claim = None if clock.about is None else case.claim(clock.about)
    return agency in {clock.agency_id, clock.about} or (claim is not None and claim.agency_id == agency)


def _cause_changed(clock: Clock, now: datetime, cause: Cause) -> events.CauseChanged:
    # Whoever met it late is not late any more than whoever never did, where it was not theirs.
    if cause is not Cause.MISDIRECTED and clock.end is ClockEnd.MET:
        cause = Cause.ANSWERED_LATE
    return events.CauseChanged(at=now, clock_id=clock.clock_id, was=clock.cause or Cause.SILENT, cause=cause)


def change_contact(case: Case, act: acts.ChangeContact, now: datetime) -> tuple[Event, ...] | Refused:
    """Somebody else is written to for the raising side from here on, at the address that is sealed with it.

    While it is held, that is the team's to say: it is still to make sure who is who.
    """
    if case.status is Status.HELD and act.by.side is not Side.TEAM:
        return Refused(
            "held",
            "The partnership team has this and has not yet passed it on. Please tell the team whom it should write to.",
        )
    changed = events.ContactChanged(**events.origin(act, now), stage=case.stage)
    # Where the agency had said that it is not theirs, this is what the team was to find out.
    asked = () if case.raising_agency is None else looked_at(case, case.raising_agency)
    return (changed, *clocks.meet(case, asked, now, counts_from=now))


def vouch_for_sender(case: Case, act: acts.VouchForSender, now: datetime) -> tuple[Event, ...] | Refused:
    """The raising agency says whether what was raised in its name is theirs. Nothing is lost by it, and nothing ends.

    Where it is not, nobody holds the links of whoever raised it any more, and the team is asked to find out whose it
    is, by its own time limit (practice, "Who sees what, and when": a new person outside the agency's own addresses
    waits for the holder or the team).
    """
    agency = case.raising_agency
    if agency is None or case.status is Status.HELD:
        return Refused("held", "This has not been passed on yet, so no agency has been asked whether it is theirs.")
    if case.sender_owned is act.theirs:
        return Refused("said_before", "That is recorded already. Nothing more is needed.")
    said = events.SenderVouched(**events.origin(act, now), agency_id=agency, theirs=act.theirs, was=case.sender_owned)
    if act.theirs:
        return (said, *clocks.meet(case, looked_at(case, agency), now, counts_from=now))
    if case.status is Status.CLOSED:
        return (said,)
    return (said, *_asks_the_team(evolve_all(case, (said,)), agency, now))
