"""Each side looks back at a case that has closed: what changed for the child or adult, and how it felt.

Source: the rules of practice, "The review's readers" (effect is first what changed, then each side's view; "not asked"
and "not yet known" are counted; the other side never sees the raw answers). Nothing is judged by it, and nobody has to
answer.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Side
from escalations.rules import acts, events
from escalations.rules.access import Refused
from escalations.rules.case import CHANGED_NOTHING, Case, Status
from escalations.rules.events import Event


def side_of(case: Case, agency_id: str | None) -> Side | None:
    """The side of an agency that is asked; none where it is no party, or the case never reached another agency.

    And where the policy asks nothing at the end.
    """
    if case.status is not Status.CLOSED or not case.stage or agency_id is None:
        return None
    if not case.frame.policy.asks_at_the_end:
        return None
    if case.raises(agency_id):
        return Side.RAISING
    return Side.RESPONDING if case.party(agency_id) is not None else None


def look_back(case: Case, act: acts.LookBack, now: datetime) -> tuple[Event, ...] | Refused:
    """One agency's view of what came of it; a later one of the same agency takes its place in the review."""
    if case.status is not Status.CLOSED:
        return Refused(
            "not_closed", "This escalation is still open. What changed by it is asked when it has been closed."
        )
    side = side_of(case, act.agency_id)
    if side is None:
        if not case.frame.policy.asks_at_the_end:
            return Refused("not_asked", "The policy of this partnership asks nothing at the end of an escalation.")
        return Refused("not_asked", "No agency was told of this escalation, so there is nothing to look back at.")
    if len(act.changed) > 1 and any(changed in CHANGED_NOTHING for changed in act.changed):
        return Refused(
            "contradicts",
            "You chose something that changed, and also that nothing did or that it is not known yet. Please choose "
            "one or the other.",
        )
    return (
        events.LookedBack(
            **events.origin(act, now),
            side=side,
            agency_id=act.agency_id,
            changed=tuple(dict.fromkeys(act.changed)),
            felt=act.felt,
        ),
    )
