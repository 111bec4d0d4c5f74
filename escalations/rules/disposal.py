"""Erasing the words of an escalation: a person's decision, and never time's (rules of practice, "Never by a timer")."""

from __future__ import annotations

from datetime import datetime

from escalations.rules import acts, events
from escalations.rules.access import Refused
from escalations.rules.case import Case, Status
from escalations.rules.events import Event


def erase(case: Case, act: acts.Erase, now: datetime) -> tuple[Event, ...] | Refused:
    """The words of what has ended are erased. What came in afterwards can be erased again."""
    if case.status is not Status.CLOSED:
        return Refused(
            "still_open",
            "This escalation has not ended, so both sides still need its words. Close it first, on the word of whoever "
            "may end it; then it can be erased.",
        )
    return (events.Erased(**events.origin(act, now), because=act.because),)
