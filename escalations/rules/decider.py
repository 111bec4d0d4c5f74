"""The rules of escalation: what an act brings. ``passing.due`` says what time brings, ``notices`` who is told.

``decide`` is pure. The workflow, the year simulation, the replay of old cases and the tests all drive this one function.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_never

from escalations.policy import Awaits, Side, StartsFrom, Undelivered
from escalations.rules import access, acts, clocks, events, moving, passing, workingtime
from escalations.rules.access import Refused
from escalations.rules.acts import Act
from escalations.rules.case import (
    EDITION,
    MEETS,
    Case,
    Claim,
    ClaimState,
    Clock,
    ClockEnd,
    DeliveryState,
    Status,
)
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all

__all__ = ["Refused", "decide"]


def decide(case: Case, act: Act, now: datetime) -> tuple[Event, ...] | Refused:
    """What an act brings, or why it is refused.

    Args:
        case: as it stands.
        act: what was done.
        now: when it was received. What time alone brought before that instant comes first, so that an answer received
            after a limit is an answer after that limit however late either of them is applied.
    """
    if isinstance(act, acts.Raise):
        return _raise(case, act, now)
    if case.seq == 0:
        return Refused("not_raised", "We have no escalation of this reference yet.")
    passed = passing.due_before(case, now)
    reached = evolve_all(case, passed)
    brought = _impossible(reached, act, now) or access.refusal(reached, act) or _decide(reached, act, now)
    if isinstance(brought, Refused):
        return brought
    return (*passed, *brought)


def _impossible(case: Case, act: Act, now: datetime) -> Refused | None:
    if act.happened_at is not None and act.happened_at > now:
        return Refused("in_the_future", "The date and time that you gave are in the future. Please give when it "
                                        "happened.")
    if case.status is Status.CLOSED and not isinstance(act, acts.ReportDelivery | acts.ReportMessage):
        return Refused("closed", f"This escalation was closed on {_said(case.closed_at)}. If there is a new "
                                 "difference, please raise a new one.")
    if case.status is Status.HELD and not isinstance(
            act, acts.PassOn | acts.ReportDelivery | acts.ReportMessage | acts.NotePhoneCall):
        return Refused("held", "The partnership team has this and has not yet passed it on. What you sent is kept with "
                               "it.")
    return None


def _said(moment: datetime | None) -> str:
    return workingtime.say(moment) if moment is not None else "an unknown date"


def _decide(case: Case, act: Act, now: datetime) -> tuple[Event, ...] | Refused:  # noqa: C901, PLR0911, PLR0912  one line a kind, and closed
    match act:
        case acts.PassOn():
            return _pass_on(case, act, now)
        case acts.Acknowledge():
            return _acknowledge(case, act, now)
        case acts.ReachedByPerson():
            return _reached(case, act, now)
        case acts.Respond():
            return _respond(case, act, now)
        case acts.SayDone():
            return _say_done(case, act, now)
        case acts.ConfirmDone():
            return _confirm(case, act, now)
        case acts.DenyDone():
            return _deny(case, act, now)
        case acts.Agree():
            return _agree(case, act, now)
        case acts.MoveUp():
            return _move_up(case, act, now)
        case acts.Stay():
            return _stay(case, act, now)
        case acts.Decide():
            return _final_decision(case, act, now)
        case acts.NotePhoneCall():
            return _phone_call(case, act, now)
        case acts.ReportDelivery():
            return _delivery(case, act, now)
        case acts.ReportMessage():
            return _message(case, act, now)
        case acts.Raise():
            return Refused("already_raised", "This escalation has already been raised.")
        case _:
            assert_never(act)


def _origin(act: Act, now: datetime) -> dict[str, Any]:
    """What every event that an act brings says of it."""
    return {"at": now, "by": act.by, "channel": act.channel, "happened_at": act.happened_at,
            "submission_id": act.submission_id, "content_digest": act.content_digest}


def _raise(case: Case, act: acts.Raise, now: datetime) -> tuple[Event, ...] | Refused:
    if case.seq:
        return Refused("already_raised", "This escalation has already been raised.")
    if act.happened_at is not None and act.happened_at > now:
        return Refused("in_the_future", "The date of the disagreement is in the future. Please give when it arose.")
    if act.raising_agency in act.responding_agencies:
        return Refused("same_agency", "The agency that raises this and the agency it is raised with are the same. A "
                                      "disagreement inside one agency goes through that agency's own managers.")
    if len(set(act.responding_agencies)) != len(act.responding_agencies):
        return Refused("named_twice", "The same agency is named twice. Please name each agency once.")
    held = act.hold or not act.responding_agencies
    raised = events.Raised(
        **_origin(act, now),
        policy_hash=case.frame.policy.content_hash,
        calendar_hash=case.frame.calendar.content_hash,
        edition=EDITION,
        track=act.track,
        raising_agency=act.raising_agency,
        responding_agencies=act.responding_agencies,
        concern=act.concern,
        people=act.people,
        reason=act.reason,
        level_of_need=act.level_of_need,
        legal_status=act.legal_status,
        held=held,
        word_due_at=moving.word_due(case, now),
    )
    opened = evolve_all(case, (raised,))
    spanning = clocks.start_all(opened, clocks.rules_of_process(opened, StartsFrom.RECEIVED), now)
    opened = evolve_all(opened, spanning)
    if held:
        return (raised, *spanning, *clocks.start_all(opened, clocks.rules_of_process(opened, StartsFrom.HELD), now))
    return (raised, *spanning, *moving.start_stage(opened, 1, now))


def _pass_on(case: Case, act: acts.PassOn, now: datetime) -> tuple[Event, ...] | Refused:
    if case.status is not Status.HELD:
        return Refused("already_passed_on", "This has already been passed on.")
    if case.raising_agency in act.responding_agencies:
        return Refused("same_agency", "The agency that raised this cannot also be the one it is raised with.")
    looked = tuple(clocks.end(clock, now, ClockEnd.MET) for clock in case.running(Awaits.LOOK))
    passed = events.PassedOn(
        at=now, by=act.by, responding_agencies=act.responding_agencies, submission_id=act.submission_id,
        content_digest=act.content_digest)
    happened: tuple[Event, ...] = (*looked, passed)
    return (*happened, *moving.start_stage(evolve_all(case, happened), 1, now))


def _of(case: Case, agency_id: str, stage: int, *awaits: Awaits) -> tuple[Clock, ...]:
    """The clocks of one agency at one stage that wait, or waited, for one of these; ended ones count for findings."""
    return tuple(clock for clock in case.clocks
                 if clock.agency_id == agency_id and clock.stage == stage and clock.waits_for is Side.RESPONDING
                 and clock.awaits in awaits and clock.end is not ClockEnd.MET)


def _acknowledge(case: Case, act: acts.Acknowledge, now: datetime) -> tuple[Event, ...] | Refused:
    agency, stage = str(act.by.agency_id), access.stage_of(case, act.by.position) or case.stage
    party = case.party(agency)
    if stage == case.stage and party is not None and (party.evidence.acknowledged or party.settled):
        return Refused("already_acknowledged", "Your agency has already acknowledged this at this stage. Nothing more "
                                               "is needed for that.")
    acknowledged = events.Acknowledged(**_origin(act, now), agency_id=agency, stage=stage)
    return (acknowledged, *clocks.meet(case, _of(case, agency, stage, Awaits.ACKNOWLEDGE), now, counts_from=now))


def _reached(case: Case, act: acts.ReachedByPerson, now: datetime) -> tuple[Event, ...] | Refused:
    waiting = case.running(Awaits.BE_REACHED, agency_id=act.agency_id)
    if not waiting:
        return Refused("not_awaited", "Nobody is waiting for a call to be recorded here: either somebody was reached "
                                      "already, or this is not on the urgent track.")
    reached = events.PersonReached(**_origin(act, now), agency_id=act.agency_id, position=act.position)
    return (reached, *clocks.meet(case, waiting, now, counts_from=now))


def _respond(case: Case, act: acts.Respond, now: datetime) -> tuple[Event, ...] | Refused:
    agency, stage = str(act.by.agency_id), access.stage_of(case, act.by.position) or case.stage
    party = case.party(agency)
    if party is not None and party.settled:
        return Refused("settled", "This is already settled with your agency.")
    responded = events.Responded(**_origin(act, now), agency_id=agency, stage=stage, offers=act.offers)
    met = clocks.meet(case, _of(case, agency, stage, *MEETS_OF_AN_ANSWER), now, counts_from=now)
    happened: tuple[Event, ...] = (responded, *met)
    if stage != case.stage:
        return happened
    return (*happened, *_consider(evolve_all(case, happened), now, agency))


MEETS_OF_AN_ANSWER = (Awaits.ACKNOWLEDGE, Awaits.BE_REACHED, Awaits.RESPOND)


def _consider(case: Case, now: datetime, agency: str) -> tuple[Event, ...]:
    if case.running(Awaits.CONSIDER):
        return ()  # The raising side already has an answer before it; a second one does not start it afresh.
    return clocks.start_all(
        case, clocks.rules_of_process(case, StartsFrom.ANSWERED), now, agency_id=agency)


def _say_done(case: Case, act: acts.SayDone, now: datetime) -> tuple[Event, ...] | Refused:
    party = case.party(act.agency_id)
    if party is None:
        return Refused("not_a_party", "That agency is not part of this escalation.")
    if act.happened_at is None:
        return Refused("no_time", "Please say on which day and at what time it happened.")
    stage = case.stage_at(act.happened_at)
    awaited = [clock for clock in case.clocks
               if clock.agency_id == act.agency_id and clock.awaits in MEETS[act.done]
               and clock.waits_for is Side.RESPONDING and clock.stage == (stage or case.stage)]
    began = min((clock.started_at for clock in awaited), default=case.stage_starts[0])
    # Forms ask for minutes: what happened in the minute in which the clock began did not happen before it.
    if act.happened_at < began.replace(second=0, microsecond=0) or stage == 0 and act.happened_at < began.replace(
            second=0, microsecond=0):
        return Refused("before_its_clock", f"That is before the time for it began, on {workingtime.say(began)}. Please "
                                           "check the date and time; what was tried earlier belongs in the text.")
    claim_id = f"c{len(case.claims) + 1}"
    said = events.SaidDone(
        **_origin(act, now), claim_id=claim_id, done=act.done, agency_id=act.agency_id, stage=stage or case.stage)
    other = Side.RAISING if act.by.side is Side.RESPONDING else Side.RESPONDING
    claimed = evolve_all(case, (said,))
    return (said, *clocks.start_all(
        claimed, clocks.rules_of_process(claimed, StartsFrom.SAID_DONE), now, agency_id=act.agency_id, waits_for=other,
        about=claim_id))


def _open_claim(case: Case, claim_id: str) -> Claim | Refused:
    claim = case.claim(claim_id)
    if claim is None:
        return Refused("no_such_claim", "We have no record of what this is about.")
    if claim.state is ClaimState.CONFIRMED:
        return Refused("already_confirmed", "This has already been confirmed. Nothing more is needed.")
    if claim.state is ClaimState.DENIED:
        return Refused("already_denied", "The answer that it was not done is already recorded. If that was a mistake, "
                                         "please tell the partnership team.")
    return claim


def _confirm(case: Case, act: acts.ConfirmDone, now: datetime) -> tuple[Event, ...] | Refused:
    claim = _open_claim(case, act.claim_id)
    if isinstance(claim, Refused):
        return claim
    confirmed = events.DoneConfirmed(
        **_origin(act, now), claim_id=claim.claim_id, done=claim.done, agency_id=claim.agency_id, stage=claim.stage,
        counts_from=claim.happened_at)
    asked = _asked_about(case, claim, now)
    kept = [clock for clock in _of(case, claim.agency_id, claim.stage, *MEETS[claim.done])
            if clock.started_at.replace(second=0, microsecond=0) <= claim.happened_at]
    happened: tuple[Event, ...] = (confirmed, *asked, *clocks.meet(case, kept, now, counts_from=claim.happened_at))
    if claim.stage != case.stage or Awaits.RESPOND not in MEETS[claim.done]:
        return happened
    return (*happened, *_consider(evolve_all(case, happened), now, claim.agency_id))


def _asked_about(case: Case, claim: Claim, now: datetime) -> tuple[Event, ...]:
    return tuple(clocks.end(clock, now, ClockEnd.MET)
                 for clock in case.running(Awaits.CONFIRM) if clock.about == claim.claim_id)


def _deny(case: Case, act: acts.DenyDone, now: datetime) -> tuple[Event, ...] | Refused:
    claim = _open_claim(case, act.claim_id)
    if isinstance(claim, Refused):
        return claim
    denied = events.DoneDenied(
        **_origin(act, now), claim_id=claim.claim_id, done=claim.done, agency_id=claim.agency_id)
    return (denied, *_asked_about(case, claim, now))


def _agree(case: Case, act: acts.Agree, now: datetime) -> tuple[Event, ...] | Refused:
    agencies = tuple(party.agency_id for party in case.open_parties) if act.agency_id is None else (act.agency_id,)
    if act.agency_id is not None and case.party(act.agency_id) is None:
        return Refused("not_a_party", "That agency is not part of this escalation.")
    if any(party.settled for party in case.parties if party.agency_id in agencies):
        return Refused("settled", "This is already settled with that agency.")
    happened: tuple[Event, ...] = tuple(
        events.Settled(**_origin(act, now), agency_id=agency, stage=case.stage, outcome=act.outcome)
        for agency in agencies)
    settled = evolve_all(case, happened)
    if not settled.open_parties:
        return (*happened, *moving.close(settled, now, by=act.by, outcome=act.outcome))
    theirs = [clock for clock in case.clocks if clock.running and clock.agency_id in agencies and clock.stage]
    return (*happened, *clocks.stop(theirs, now))


def _move_up(case: Case, act: acts.MoveUp, now: datetime) -> tuple[Event, ...] | Refused:
    above = case.frame.policy.next_stage(case.stage)
    if above is None:
        return Refused("top", "This is at the last stage, so there is none to move up to. The final body decides.")
    if case.move is not None and case.move.intended_at is not None:
        return Refused("already_moving", f"This is already on its way to stage {above.number}, on "
                                         f"{_said(case.move.takes_effect_at)}.")
    notice = case.frame.policy.told_before_move[case.track]
    # A level that was told of the proposal has been told: the time it is given counts from then.
    told_at = case.move.proposed_at if case.move is not None and case.move.proposed_at is not None else now
    effect = now if notice is None else max(now, workingtime.deadline(case.frame.calendar, told_at, notice))
    if effect <= now:
        return _moved(case, act, now, above.number)
    chosen = tuple(clocks.end(clock, now, ClockEnd.MET) for clock in case.running(Awaits.CHOOSE))
    return (events.MoveIntended(**_origin(act, now), to_stage=above.number, takes_effect_at=effect), *chosen)


def _moved(case: Case, act: acts.MoveUp, now: datetime, to_stage: int) -> tuple[Event, ...]:
    happened = moving.start_stage(
        case, to_stage, now, by=act.by, channel=act.channel, happened_at=act.happened_at)
    return tuple(
        event.model_copy(update={"submission_id": act.submission_id, "content_digest": act.content_digest})
        if isinstance(event, events.StageStarted) else event
        for event in happened)


def _stay(case: Case, act: acts.Stay, now: datetime) -> tuple[Event, ...] | Refused:
    if case.move is None:
        return Refused("no_move", f"No move up is open: this is at stage {case.stage}. It stays there until somebody of "
                                  "your side takes it up.")
    chosen = tuple(clocks.end(clock, now, ClockEnd.MET) for clock in case.running(Awaits.CHOOSE))
    return (events.MoveDropped(**_origin(act, now), to_stage=case.move.to_stage), *chosen)


def _final_decision(case: Case, act: acts.Decide, now: datetime) -> tuple[Event, ...]:
    decided = events.Decided(**_origin(act, now), position=str(act.by.position), outcome=act.outcome)
    return (decided, *moving.close(evolve_all(case, (decided,)), now, by=act.by, outcome=act.outcome))


def _phone_call(case: Case, act: acts.NotePhoneCall, now: datetime) -> tuple[Event, ...] | Refused:
    if case.party(act.agency_id) is None:
        return Refused("not_a_party", "That agency is not part of this escalation.")
    return (events.PhoneCallNoted(
        **_origin(act, now), agency_id=act.agency_id, reached=act.reached, position=act.position),)


def _delivery(case: Case, act: acts.ReportDelivery, now: datetime) -> tuple[Event, ...]:
    reported = events.NoticeReported(
        at=now, notice_id=act.notice_id, agency_id=act.agency_id, stage=act.stage, starts_clocks=act.starts_clocks,
        state=act.state)
    happened: tuple[Event, ...] = (reported,)
    party = case.party(act.agency_id)
    if case.status is not Status.OPEN or act.stage != case.stage or party is None or party.settled:
        return happened
    before = party.evidence.delivery
    case = evolve_all(case, happened)
    mending = [clock for clock in case.running(Awaits.MEND_DELIVERY, agency_id=act.agency_id)]
    if act.state is DeliveryState.DELIVERED:
        if not act.starts_clocks or before is DeliveryState.DELIVERED:
            return happened
        mended = tuple(clocks.end(clock, now, ClockEnd.MET) for clock in mending)
        return (*happened, *mended, *_delivered(evolve_all(case, mended), now, party.agency_id))
    if not mending:
        failed = clocks.start_all(case, clocks.rules_of_process(case, StartsFrom.DELIVERY_FAILED), now,
                                  agency_id=act.agency_id)
        happened, case = (*happened, *failed), evolve_all(case, failed)
    if act.starts_clocks and case.frame.policy.undelivered is Undelivered.START:
        happened = (*happened, *_delivered(case, now, party.agency_id))
    return happened


def _delivered(case: Case, now: datetime, agency: str) -> tuple[Event, ...]:
    """The clocks that the arrival of the stage's notice starts, unless a failed try has started them already."""
    started = {clock.rule_id for clock in case.clocks if clock.agency_id == agency and clock.stage == case.stage}
    rules = [rule for rule in clocks.rules_of_stage(case, StartsFrom.DELIVERED) if rule.id not in started]
    party = case.party(agency)
    if party is not None and party.evidence.acknowledged:
        rules = [rule for rule in rules if rule.awaits is not Awaits.ACKNOWLEDGE]
    if party is not None and party.answered_at is not None:
        rules = [rule for rule in rules if rule.awaits is not Awaits.RESPOND]
    return clocks.start_all(case, rules, now, agency_id=agency)


def _message(case: Case, act: acts.ReportMessage, now: datetime) -> tuple[Event, ...] | Refused:
    if case.party(act.agency_id) is None:
        return Refused("not_a_party", "That agency is not part of this escalation.")
    return (events.MessageReported(at=now, agency_id=act.agency_id, message=act.message),)
