"""Why a time limit passed: a finding from evidence, the first cause that fits.

The order is that of the house's rules of drift: what is ours first, then what kept the notice from anybody, then what
came back. A cause is provisional until both agencies had their say.
"""

from __future__ import annotations

from escalations.policy import Side
from escalations.rules.case import MEETS, Case, Cause, Claim, ClaimState, Clock, DeliveryState, Party
from escalations.rules.instead import Because

MENDED_BY_AN_ANSWER = (Cause.SAID_DONE_UNCONFIRMED, Cause.ACKNOWLEDGED_ONLY, Cause.AUTOMATIC_REPLY_ONLY, Cause.SILENT)
"""The causes that a late answer turns into ``answered_late``, and a confirmed earlier one into ``recorded_late``."""

_UNDELIVERED = {
    DeliveryState.NOT_SENT: Cause.NOT_SENT,
    DeliveryState.UNDELIVERED: Cause.UNDELIVERED,
    DeliveryState.NO_ONE_IN_POST: Cause.NO_ONE_IN_POST,
}


def cause_of(case: Case, clock: Clock) -> Cause:
    """The first cause that fits a clock whose limit passes now."""
    if not _was_reminded_in_time(clock):
        return Cause.OUR_OUTAGE
    match clock.waits_for:
        case Side.RESPONDING:
            party = case.party(clock.agency_id)
            return Cause.SILENT if party is None else _cause_of_party(case, clock, party)
        case Side.RAISING | Side.FINAL_BODY | Side.TEAM | Side.OUTSIDE:
            agency = None if clock.waits_for is Side.TEAM else clock.agency_id
            unreached = next((one for one in case.unreached if one.agency_id == agency), None)
            return Cause.SILENT if unreached is None else _UNDELIVERED.get(unreached.state, Cause.UNDELIVERED)
        case Side.BOTH:
            if is_from_before(case, clock):
                return Cause.RAISED_LATE
            # "No reply recorded" of a case in which somebody answered would be untrue, whoever it is still waiting for.
            answered = any(party.settled or _answered(case, party, case.stage) for party in case.parties)
            return Cause.ACKNOWLEDGED_ONLY if answered else Cause.SILENT


def is_from_before(case: Case, clock: Clock) -> bool:
    """Whether its time, which counts from the disagreement, was over before it was raised: nobody could keep it."""
    return case.received_at is not None and clock.due_at <= case.received_at


def _was_reminded_in_time(clock: Clock) -> bool:
    """Whether our system ran when it had to: who was never reminded, or too late to use it, is not to answer for that.

    A reminder that left half of its time or more was in time. A clock without reminders tells nothing of this.
    """
    if clock.reminded < len(clock.reminders):
        return False
    if not clock.reminders or clock.reminded_at is None:
        return True
    moment = clock.reminders[clock.reminded - 1]
    return 2 * (clock.reminded_at - moment) <= clock.due_at - moment


def cause_now(case: Case, clock: Clock) -> Cause:
    """The first cause that fits a limit of a responding agency that has passed, by what is known of it now."""
    party = case.party(clock.agency_id)
    return Cause.SILENT if party is None else _cause_of_party(case, clock, party)


def _cause_of_party(case: Case, clock: Clock, party: Party) -> Cause:
    if party.not_theirs_at is not None:
        return Cause.MISDIRECTED
    evidence = party.evidence
    stage = case.stage if clock.stage is None else clock.stage
    answered = _answered(case, party, stage)
    if evidence.delivery is not DeliveryState.DELIVERED and not answered:
        told = evidence.told_instead
        if evidence.delivery is DeliveryState.NO_ONE_IN_POST and told is not None and told.because is Because.CLOSED:
            return Cause.CLOSED
        return _UNDELIVERED[evidence.delivery]
    if evidence.unreadable_reply:
        return Cause.UNREADABLE_REPLY
    if any(
        claim.state is ClaimState.SAID and clock.awaits in MEETS[claim.done] for claim in _claims(case, party, stage)
    ):
        return Cause.SAID_DONE_UNCONFIRMED
    if answered:
        return Cause.ACKNOWLEDGED_ONLY
    if evidence.automatic_reply:
        return Cause.AUTOMATIC_REPLY_ONLY
    return Cause.SILENT


def _claims(case: Case, party: Party, stage: int) -> tuple[Claim, ...]:
    """What either side said was done with this agency at this stage."""
    return tuple(
        claim for claim in case.claims if claim.agency_id == party.agency_id and claim.stage == stage and not claim.over
    )


def _answered(case: Case, party: Party, stage: int) -> bool:
    """Whether a person of the agency did anything at the stage, so that our notice reached somebody.

    Whoever says that something was done has answered, also where that is denied; it only never counted.
    """
    evidence = party.evidence
    return (
        evidence.acknowledged
        or evidence.person_reached
        or evidence.wrote
        or party.answered_at is not None
        or any(claim.by_side is Side.RESPONDING for claim in _claims(case, party, stage))
    )


def cause_without(case: Case, clock: Clock, denied: Claim) -> Cause:
    """The cause of a limit noted as "said to be done", once that was denied.

    What else was known at a stage already left is not known any more. There whoever said it did answer, and what the
    raising side said leaves the finding as it is.
    """
    party = case.party(clock.agency_id)
    if party is None:
        return Cause.SAID_DONE_UNCONFIRMED
    if clock.stage == case.stage:
        return _cause_of_party(case, clock, party)
    still_said = any(
        claim.state is ClaimState.SAID and clock.awaits in MEETS[claim.done]
        for claim in _claims(case, party, denied.stage)
    )
    return (
        Cause.ACKNOWLEDGED_ONLY
        if denied.by_side is Side.RESPONDING and not still_said
        else (Cause.SAID_DONE_UNCONFIRMED)
    )


def nothing_recorded(case: Case, clock: Clock) -> bool:
    """Whether nothing at all is recorded: only then is the team asked to phone, once for an agency and a stage."""
    party = case.party(clock.agency_id)
    return (
        party is not None
        and not party.evidence.phone_asked
        and _cause_of_party(case, clock, party) in {Cause.SILENT, Cause.AUTOMATIC_REPLY_ONLY}
    )
