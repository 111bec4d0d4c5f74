"""What is told of several agencies that raise together: who does, who leads, and what an agreement came to."""

from __future__ import annotations

from escalations.policy import Side
from escalations.rules import events
from escalations.web import words
from escalations.web.naming import Naming


def sentence(event: events.RaisersChanged | events.AgreementNoted | events.AgreementAnswered, names: Naming) -> str:
    """What one of these events tells, in sentences."""
    match event:
        case events.RaisersChanged():
            return _changed(event, names)
        case events.AgreementNoted():
            return (
                f"The agency that leads agrees: {names.outcome(event.outcome)}. On record that they disagree: "
                f"{names.each(event.dissenting)}. Nothing is settled by the agreement alone; the partnership "
                "team decides."
            )
        case events.AgreementAnswered():
            if event.settles:
                return "The partnership team has decided that the agreement settles it. The dissent stays on record."
            return "The partnership team has decided that the agreement does not settle it. It goes on."


def _changed(event: events.RaisersChanged, names: Naming) -> str:
    who = names.actor(event.by)
    parts = []
    if event.added:
        parts.append(f"{who} recorded that {names.each(event.added)} raises this too.")
    if event.left and event.because is not None:
        why = words.LEAVES[event.because]
        gone = names.each(event.left)
        said = f"{gone} says that it" if event.by.side is Side.RAISING else f"{who} recorded that {gone}"
        parts.append(f"{said} no longer raises this: {why[:1].lower()}{why[1:]}.")
    if event.lead is not None:
        parts.append(f"{names.agency(event.lead)} leads from here on, in the place of {names.agency(event.led)}.")
    return " ".join((*parts, "It goes on, and no time limit has moved."))


def bare(event: events.RaisersChanged | events.AgreementNoted | events.AgreementAnswered) -> str:
    """The same without saying anything of what it is about."""
    match event:
        case events.RaisersChanged():
            return "Who raises it has changed"
        case events.AgreementNoted():
            return "An agreement was recorded, and the partnership team decides whether it settles it"
        case events.AgreementAnswered():
            return "The partnership team said whether an agreement settles it"
