"""The forms by which the team links two escalations, or links them no longer, and how a link reads.

What a press stores, for each of the two, is in `linked_both`. Only the team reads of a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from escalations.rules import acts, events
from escalations.rules.acts import Act
from escalations.rules.case import Case
from escalations.rules.civiltime import say
from escalations.rules.linked import LinkReason
from escalations.store import references
from escalations.web import words
from escalations.web.forms import LONG, Raw, Reading, first

READ: Final = (events.Linked, events.Unlinked)
"""The entries whose notes are the team's own."""
LABELS: Final[Mapping[str, str]] = {"link-text": "The note", "unlink-text": "Why they are linked no longer"}
"""What each field for a person's own words is called where it is given back."""


def make(reading: Reading, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    """The act that links, for the escalation on whose page it was pressed."""
    found = references.parse(first(reading.raw, "link-other"))
    if isinstance(found, references.Problem):
        reading.problem("link-other", found.sentence)
    because = reading.choice("link-because", LinkReason, missing="Say why they belong together")
    sealed["text"] = reading.text("link-text", "The note", most=LONG)
    if because is None or reading.problems:
        return None
    return acts.Link.model_validate({**origin, "other": str(found), "because": because})


def make_unlinked(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    """The act that links them no longer."""
    there = tuple(one.other for one in case.links)
    other = reading.one_of("unlink-other", there, missing="Choose the escalation that it is linked with no longer")
    sealed["text"] = reading.text("unlink-text", "The reason", missing="Say in a few words why", most=LONG)
    return None if not other or reading.problems else acts.Unlink.model_validate({**origin, "other": other})


def typed(act: acts.Link | acts.Unlink, sealed: Mapping[str, Any]) -> Raw:
    """The form that an act came from, filled in."""
    text = [str(sealed.get("text") or "")]
    if isinstance(act, acts.Unlink):
        return {"unlink-other": [act.other], "unlink-text": text}
    return {"link-other": [act.other], "link-because": [act.because.value], "link-text": text}


def shown(case: Case) -> dict[str, str]:
    """With which others it is linked, by reference: why, and since when."""
    return {one.other: f"{_within(one.because)}, since {say(one.at)}" for one in case.links}


def _within(because: LinkReason) -> str:
    said = words.LINKED[because]
    return said[:1].lower() + said[1:]


def sentence(event: events.Linking) -> str:
    """What happened, for the team."""
    if isinstance(event, events.Linked):
        return f"The partnership team linked it with {event.other}: {_within(event.because)}."
    return f"The partnership team no longer links it with {event.other}."
