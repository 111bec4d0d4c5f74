"""The partnership team's own clock for a message that waits for it: as long as for an escalation that is held.

Source: the rules of practice, "A child must not wait in a queue of ours": what is held runs on a clock of the team's,
2 working hours to look, urgent 1 hour. The policy in force says how long; where it has no such clock, it is that.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from escalations.intake.opening import InForce
from escalations.mail import labels, urgency
from escalations.mail.parser import Mail
from escalations.policy import Awaits, Policy, Side, Track
from escalations.rules import workingtime
from escalations.rules.workingtime import Amount, CalendarExhausted, Receipt, Unit

_RULE: Final = "team-look"
_STARTED_BY: Final = "the message reached us"
_WITHOUT_A_RULE: Final = {
    Track.STANDARD: Amount(value=2, unit=Unit.WORKING_HOURS),
    Track.URGENT: Amount(value=1, unit=Unit.ELAPSED_HOURS),
}


def looked_at_sooner(mail: Mail) -> bool:
    """Whether somebody is to look at it sooner: it says that it is urgent, or has words that can mean it or danger.

    That it has none means nothing: it is looked at in any case.
    """
    if labels.urgent(mail.labelled):
        return True
    return bool(urgency.found(mail.subject, mail.text, mail.history))


def due(in_force: InForce, received_at: datetime, *, urgent: bool) -> datetime | None:
    """By when the team has to look; none beyond the end of the calendar, which is now."""
    _, amount = _limit(in_force.policy, urgent=urgent)
    try:
        return workingtime.deadline(in_force.frame(received_at).calendar, received_at, amount)
    except CalendarExhausted:
        return None


def receipt(in_force: InForce, received_at: datetime, *, urgent: bool) -> Receipt | None:
    """How that was counted."""
    rule, amount = _limit(in_force.policy, urgent=urgent)
    calendar = in_force.frame(received_at).calendar
    try:
        return workingtime.receipt(calendar, start=received_at, start_event=_STARTED_BY, amount=amount, rule=rule)
    except CalendarExhausted:
        return None


def _limit(policy: Policy, *, urgent: bool) -> tuple[str, Amount]:
    track = Track.URGENT if urgent else Track.STANDARD
    for rule in policy.team_clocks:
        if rule.awaits is Awaits.LOOK and rule.waits_for is Side.TEAM and track in rule.limits:
            return rule.id, rule.limits[track].within
    return _RULE, _WITHOUT_A_RULE[track]
