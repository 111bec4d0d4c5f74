"""Why a time limit passed: a finding from evidence, the first cause that fits.

The order is that of the house's rules of drift: what is ours first, then what kept the notice from anybody, then what
came back. A cause is provisional until both agencies had their say.
"""

from __future__ import annotations

from escalations.policy import Side
from escalations.rules.case import Case, Cause, ClaimState, Clock, DeliveryState, Party

MENDED_BY_AN_ANSWER = (
    Cause.SAID_DONE_UNCONFIRMED, Cause.ACKNOWLEDGED_ONLY, Cause.AUTOMATIC_REPLY_ONLY, Cause.SILENT)
"""The causes that a late answer turns into ``answered_late``, and a confirmed earlier one into ``recorded_late``."""


def cause_of(case: Case, clock: Clock) -> Cause:
    """The first cause that fits a clock whose limit passes now.

    A reminder of the clock that had not left when its limit passed means that our system did not run in between: who was
    never reminded is not to answer for that.
    """
    if clock.reminded < len(clock.reminders):
        return Cause.OUR_OUTAGE
    party = case.party(clock.agency_id)
    if clock.waits_for is not Side.RESPONDING or party is None:
        return Cause.SILENT
    return _cause_of_party(case, clock, party)


def _cause_of_party(case: Case, clock: Clock, party: Party) -> Cause:
    evidence = party.evidence
    match evidence.delivery:
        case DeliveryState.NOT_SENT:
            return Cause.NOT_SENT
        case DeliveryState.UNDELIVERED:
            return Cause.UNDELIVERED
        case DeliveryState.NO_ONE_IN_POST:
            return Cause.NO_ONE_IN_POST
        case DeliveryState.DELIVERED:
            pass
    if evidence.unreadable_reply:
        return Cause.UNREADABLE_REPLY
    if any(claim.state is ClaimState.SAID and claim.agency_id == party.agency_id and claim.stage == clock.stage
           and claim.by_side is Side.RESPONDING for claim in case.claims):
        return Cause.SAID_DONE_UNCONFIRMED
    if evidence.acknowledged:
        return Cause.ACKNOWLEDGED_ONLY
    if evidence.automatic_reply:
        return Cause.AUTOMATIC_REPLY_ONLY
    return Cause.SILENT


def nothing_recorded(case: Case, clock: Clock) -> bool:
    """Whether nothing at all is recorded: only then is the team asked to phone once."""
    party = case.party(clock.agency_id)
    return party is not None and _cause_of_party(case, clock, party) in {Cause.SILENT, Cause.AUTOMATIC_REPLY_ONLY}
