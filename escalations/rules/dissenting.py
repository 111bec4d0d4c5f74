"""Dissent: an agency goes along with how it stands or ended, and puts on record that it disagrees.

Source: what published policies record ("dissent, formal or recorded only"; domain, "What gets recorded"), and what
Herefordshire's yearly report asks for: where professionals disagreed, that needs clear recording. It moves nothing up,
holds nothing up and is no appeal: it stands beside the outcome, and a review counts it.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Side
from escalations.rules import acts, events
from escalations.rules.access import Refused
from escalations.rules.case import WITHOUT_SETTLEMENT, Case, Status
from escalations.rules.events import Event


def possible(case: Case) -> bool:
    """Whether there is anything to dissent from: an answer, a plan, or how it ended."""
    if case.status is Status.CLOSED:
        return case.outcome not in WITHOUT_SETTLEMENT
    told = case.status is Status.OPEN and bool(case.stage)
    answered = any(party.settled or party.answered_at is not None for party in case.parties)
    return told and (answered or bool(case.plans))


def has(case: Case, agency_id: str | None, *, formal: bool) -> bool:
    """Whether an agency's dissent of that kind is on record. A formal one covers a note as well."""
    return any(one.agency_id == agency_id and (one.formal or not formal) for one in case.dissents)


def record(case: Case, act: acts.RecordDissent, now: datetime) -> tuple[Event, ...] | Refused:
    """One agency's dissent; one that was noted can become formal."""
    if case.raises(act.agency_id):
        side = Side.RAISING
    elif case.party(act.agency_id) is not None:
        side = Side.RESPONDING
    else:
        return Refused("not_a_party", "That agency is not part of this escalation.")
    if not possible(case):
        return Refused(
            "nothing_to_dissent_from",
            "There is nothing to dissent from: no answer, no plan, and nothing that was settled or decided.",
        )
    if has(case, act.agency_id, formal=act.formal):
        return Refused("already_recorded", "That your agency disagrees has been recorded already.")
    return (
        events.DissentRecorded(
            **events.origin(act, now),
            side=side,
            agency_id=act.agency_id,
            stage=case.stage,
            formal=act.formal,
            beside=act.agency_id in case.co_raisers,
        ),
    )
