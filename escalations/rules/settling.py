"""How a difference ends: the raising side says that the worry is dealt with, or the final body decides.

They say it themselves, or to the partnership's team, which records on whose word it ended. The team's own judgement
ends nothing but what is held, and of which no agency has been told.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Awaits, Side
from escalations.rules import acts, clocks, events, moving, together
from escalations.rules.access import Refused
from escalations.rules.case import WITHOUT_SETTLEMENT, Case, Clock, Outcome, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all


def agree(case: Case, act: acts.Agree, now: datetime) -> tuple[Event, ...] | Refused:
    """The worry is dealt with, with one responding agency or with all; with the last of them the case closes."""
    agencies = tuple(party.agency_id for party in case.open_parties) if act.agency_id is None else (act.agency_id,)
    if act.agency_id is not None and case.party(act.agency_id) is None:
        return Refused("not_a_party", "That agency is not part of this escalation.")
    if any(party.settled for party in case.parties if party.agency_id in agencies):
        return Refused("settled", "This is already settled with that agency. Nothing more is needed.")
    against = together.over_dissent(case)
    if against:
        return together.note_agreement(case, act, agencies, against, now)
    return _with(case, act, agencies, act.outcome, now)


def answer_agreement(case: Case, act: acts.AnswerAgreement, now: datetime) -> tuple[Event, ...] | Refused:
    """The team's word on an agreement over a dissent: it settles it, or it goes on and the next step is offered."""
    waiting = case.agreement
    if waiting is None:
        return Refused("nothing_to_decide", "No agreement waits for the partnership team's word here.")
    looked = clocks.meet(case, together.looks(case, waiting.dissenting), now, counts_from=now)
    answered = events.AgreementAnswered(**events.origin(act, now), stage=case.stage, settles=act.settles)
    happened: tuple[Event, ...] = (*looked, answered)
    if not act.settles:
        return happened
    agencies = tuple(party.agency_id for party in case.open_parties if party.agency_id in waiting.agencies)
    return (*happened, *_with(evolve_all(case, happened), act, agencies, waiting.outcome, now))


def _with(
    case: Case, act: acts.Agree | acts.AnswerAgreement, agencies: tuple[str, ...], outcome: Outcome, now: datetime
) -> tuple[Event, ...]:
    """It is settled with these agencies; with the last of them the case closes."""
    ends = {party.agency_id for party in case.open_parties} == set(agencies)
    happened = _settled(case, act, agencies, outcome, now, ends=ends)
    settled = evolve_all(case, happened)
    if not settled.open_parties:
        word = Side.RAISING if isinstance(act, acts.AnswerAgreement) else None
        return (*happened, *moving.close(settled, now, by=act.by, outcome=_overall(settled), on_word_of=word))
    considered = [clock for clock in settled.running(Awaits.CONSIDER) if clock.about in agencies]
    happened = (*happened, *clocks.meet(settled, considered, now, counts_from=now))
    left = evolve_all(case, happened).clocks
    happened = (*happened, *clocks.stop((clock for clock in left if _is_about(case, clock, agencies)), now))
    return (*happened, *moving.end_proposal(evolve_all(case, happened), now, "settled"))


def _settled(
    case: Case,
    act: acts.Agree | acts.AnswerAgreement | acts.Close,
    agencies: tuple[str, ...],
    outcome: Outcome,
    now: datetime,
    *,
    ends: bool,
) -> tuple[Event, ...]:
    return tuple(
        events.Settled(
            **events.origin(act, now), agency_id=agency, stage=case.stage, outcome=outcome, ends_the_case=ends
        )
        for agency in agencies
    )


def _is_about(case: Case, clock: Clock, agencies: tuple[str, ...]) -> bool:
    """Whether a clock waits for one of these agencies, or for the raising side about something that one of them did."""
    if clock.awaits is Awaits.LOOK:
        return clock.about in agencies  # Whose it is need not be found out any more.
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


_AGREED = (Outcome.AGREED_AS_ASKED, Outcome.AGREED_IN_PART, Outcome.AGREED_ANOTHER_WAY)
_DECIDED = (Outcome.DECIDED_AS_ASKED, Outcome.DECIDED_ANOTHER_WAY, Outcome.NOT_AGREED_DECIDED)
_ON_WORD_OF: dict[Side, tuple[Outcome, ...]] = {
    Side.RAISING: (*_AGREED, *WITHOUT_SETTLEMENT),
    Side.FINAL_BODY: (*_DECIDED, Outcome.REDIRECTED, Outcome.OVERTAKEN),
}
"""What an open case can end with, by whose word it is."""


def take_back(case: Case, act: acts.Withdraw | acts.Redirect, now: datetime) -> tuple[Event, ...]:
    """The raising side withdraws it, or says that it goes another way; also while it is held. It meets no clock."""
    closed = events.Closed(
        at=now,
        by=act.by,
        stage=case.stage,
        outcome=Outcome.WITHDRAWN if isinstance(act, acts.Withdraw) else Outcome.REDIRECTED,
        route=None if isinstance(act, acts.Withdraw) else act.route,
        withdrawn_because=act.reason if isinstance(act, acts.Withdraw) else None,
        happened_at=act.happened_at,
        submission_id=act.submission_id,
        content_digest=act.content_digest,
    )
    return moving.close_without_settlement(case, closed)


def close_on_word(case: Case, act: acts.Close, now: datetime) -> tuple[Event, ...] | Refused:
    """The team ends a case on somebody's word, or one that is held."""
    refused = _route(act) or _outside(case, act)
    refused = refused or (_held(act) if case.status is Status.HELD else _open(case, act)) or _transferred(act)
    if refused is not None:
        return refused
    happened: tuple[Event, ...] = ()
    outcome = act.outcome
    if case.status is Status.HELD:
        # That is what the team was to look at, and it has.
        happened = clocks.meet(case, case.running(Awaits.LOOK), now, counts_from=now)
    elif outcome in _AGREED:
        agencies = tuple(party.agency_id for party in case.open_parties)
        happened = _settled(case, act, agencies, outcome, now, ends=True)
        outcome = _overall(evolve_all(case, happened))
    elif outcome in _DECIDED:
        happened = (events.Decided(**events.origin(act, now), position=str(case.decider_position), outcome=outcome),)
    return (*happened, *moving.close_by_team(evolve_all(case, happened), act, now, outcome=outcome))


def transfer(case: Case, act: acts.Transfer, now: datetime) -> tuple[Event, ...] | Refused:
    """It goes on with whoever has taken it, and is closed here: neither agreed nor decided, and no clock is met."""
    if act.happened_at is None:
        return Refused("no_time", "Please say on which day and at what time it was taken over.")
    closed = events.Closed(
        at=now,
        by=act.by,
        stage=case.stage,
        outcome=Outcome.TRANSFERRED,
        happened_at=act.happened_at,
        transferred_to=act.to,
        transferred_because=act.because,
        submission_id=act.submission_id,
        content_digest=act.content_digest,
    )
    if case.status is not Status.HELD:
        return moving.close_without_settlement(case, closed)
    # That is what the team was to look at, and it has.
    looked = clocks.meet(case, case.running(Awaits.LOOK), now, counts_from=now)
    return (*looked, *moving.close_without_settlement(evolve_all(case, looked), closed))


def _transferred(act: acts.Close) -> Refused | None:
    if act.outcome is not Outcome.TRANSFERRED:
        return None
    return Refused(
        "transfer_instead",
        "What another partnership or board has taken over is transferred, with who took it and when. Please use that "
        "form.",
    )


def _route(act: acts.Close) -> Refused | None:
    if act.outcome is Outcome.REDIRECTED and act.route is None:
        return Refused("route_needed", "Please say which way this goes instead, for example a complaint or a referral.")
    if act.outcome is not Outcome.REDIRECTED and act.route is not None:
        return Refused(
            "route_not_needed",
            "Only what is redirected goes another way. Please choose redirected, or leave the way out.",
        )
    return None


def _outside(case: Case, act: acts.Close) -> Refused | None:
    """What nobody of an agency wrote is held, and goes another way: an agency that has it was told of an escalation."""
    if act.outside is None:
        return None
    if case.status is not Status.HELD:
        return Refused(
            "already_passed_on",
            "This has been passed on, so agencies have been told of an escalation. It ends on the word of the raising "
            "side, or is redirected.",
        )
    return None if act.outcome is Outcome.REDIRECTED else Refused("route_needed", "Please say where this goes instead.")


_NOT_AT_FINAL_STAGE = Refused(
    "not_at_final_stage",
    "This has not reached the final body. It can decide once the raising side has taken it there.",
)


def _held(act: acts.Close) -> Refused | None:
    if act.outcome not in WITHOUT_SETTLEMENT:
        return Refused(
            "not_passed_on",
            "No agency has been told of this yet, so nobody has agreed or decided anything. It can be withdrawn by "
            "whoever raised it, redirected, or overtaken by events.",
        )
    if act.outcome is Outcome.WITHDRAWN and act.on_word_of is None:
        return Refused(
            "word_needed", "Only whoever raised it withdraws it. Please record that they said so, in their own words."
        )
    return _NOT_AT_FINAL_STAGE if act.on_word_of is Side.FINAL_BODY else None


def _open(case: Case, act: acts.Close) -> Refused | None:
    if act.on_word_of is None:
        return Refused(
            "word_needed",
            "This is open, so it ends when the raising side or the final body says so. Please record which of them "
            "did.",
        )
    if act.on_word_of is Side.FINAL_BODY and case.decider_position is None:
        return _NOT_AT_FINAL_STAGE
    if act.outcome not in _ON_WORD_OF[act.on_word_of]:
        whose = "The raising side agrees or withdraws" if act.on_word_of is Side.RAISING else "The final body decides"
        return Refused("not_theirs_to_say", f"{whose}. Please choose an outcome that is theirs to say.")
    return None
