"""Linking two escalations: each register has its own entry, and nothing else of either changes.

Whether the other escalation is there at all, and still has its words, no case knows of another: whoever sends the two
acts asks each case (`decider.decide`) before it stores them.
"""

from __future__ import annotations

from datetime import datetime

from escalations.rules import acts, events
from escalations.rules.access import Refused
from escalations.rules.case import Case
from escalations.rules.events import Event

LINKED_ALREADY = "linked_already"
NOT_LINKED = "not_linked"


def link(case: Case, act: acts.Link, now: datetime) -> tuple[Event, ...] | Refused:
    """The team links it with another one; once."""
    if act.other == case.reference:
        return Refused("itself", "That is the reference of this escalation itself. Please give that of the other one.")
    if case.erased_at is not None:
        return Refused("erased", f"The words of {case.reference} have been erased, so nothing is linked with it.")
    if case.link_with(act.other) is not None:
        return Refused(LINKED_ALREADY, f"{case.reference} and {act.other} are linked already.")
    return (events.Linked(**events.origin(act, now), other=act.other, because=act.because),)


def unlink(case: Case, act: acts.Unlink, now: datetime) -> tuple[Event, ...] | Refused:
    """The team links it no longer. That it was linked stays on record."""
    link = case.link_with(act.other)
    if link is None:
        return Refused(NOT_LINKED, f"{case.reference} and {act.other} are not linked.")
    return (events.Unlinked(**events.origin(act, now), other=act.other, because=link.because),)
