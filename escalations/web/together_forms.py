"""The forms for several agencies that raise together: who does, who leads, and what the lead's agreement comes to.

Whether it is carried out is said in `rules.together`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, Final

from escalations.rules import acts
from escalations.rules.acts import Act
from escalations.rules.case import Case, LeaveReason
from escalations.web import words
from escalations.web.answers import YesNo
from escalations.web.forms import LONG, Raw, Reading, first

NOBODY: Final = "nobody"
"""In the form: no agency leaves, or the same one goes on leading."""
LABELS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "leave-because": ("Why your agency no longer raises it", {code.value: text for code, text in words.LEAVES.items()}),
    "leave-text": ("In your own words", {}),
}
"""What each field is called where it is given back, and the words of its choices."""


def leave(reading: Reading, agency: str, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    """An agency that raises it with others says that it no longer does."""
    because = reading.choice("leave-because", LeaveReason, missing="Say why your agency no longer raises it")
    missing = "Say in a few words why"
    sealed["text"] = reading.text("leave-text", "The reason", missing=missing, most=LONG)
    if because is None or reading.problems:
        return None
    return acts.ChangeRaisers.model_validate({**origin, "leave": (agency,), "because": because})


def raisers(
    reading: Reading, case: Case, agencies: Container[str], origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """The team adds an agency that raises it, takes one out, or has another one lead."""
    add = first(reading.raw, "add-raiser")
    if add and add not in agencies:
        reading.problem("add-raiser", "Choose the agency from the list")
    out = first(reading.raw, "leaves") or NOBODY
    lead = first(reading.raw, "leads") or NOBODY
    if out != NOBODY:
        out = reading.one_of("leaves", case.raisers, missing="Choose the agency from the list")
    if lead != NOBODY:
        lead = reading.one_of("leads", case.co_raisers, missing="Choose the agency from the list")
    because = None
    if out != NOBODY:
        because = reading.choice("leave-because", LeaveReason, missing="Say why it no longer raises this")
    if not add and out == NOBODY and lead == NOBODY:
        reading.problem("add-raiser", "Choose an agency to add, one that no longer raises it, or one to lead")
    missing = "Say in a few words why, and who said so"
    sealed["text"] = reading.text("raisers-text", "The reason", missing=missing, most=LONG)
    if reading.problems:
        return None
    return acts.ChangeRaisers.model_validate(
        {
            **origin,
            "add": (add,) if add else (),
            "leave": () if out == NOBODY else (out,),
            "because": because,
            "lead": None if lead == NOBODY else lead,
        }
    )


def agreement(reading: Reading, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    """The team's word on an agreement over a dissent."""
    settles = reading.choice("settles", YesNo, missing="Say whether it is settled")
    missing = "Say why, and with whom you spoke on both sides of the disagreement"
    sealed["text"] = reading.text("agreement-text", "The reason", missing=missing, most=LONG)
    if settles is None or reading.problems:
        return None
    return acts.AnswerAgreement.model_validate({**origin, "settles": settles is YesNo.YES})


def typed(act: acts.ChangeRaisers | acts.AnswerAgreement, sealed: Mapping[str, Any]) -> Raw:
    """The team's form that an act came from, filled in; of an agency's own leaving, the form of its link."""
    text = str(sealed.get("text") or "")
    if isinstance(act, acts.AnswerAgreement):
        return {"settles": ["yes" if act.settles else "no"], "agreement-text": [text]}
    because = {} if act.because is None else {"leave-because": [act.because.value]}
    return {
        "add-raiser": [act.add[0] if act.add else ""],
        "leaves": [act.leave[0] if act.leave else NOBODY],
        "leads": [act.lead or NOBODY],
        **because,
        "raisers-text": [text],
        "leave-text": [text],
    }


def choices(case: Case, named: Mapping[str, str]) -> dict[str, Any]:
    """What the team's form offers: who can leave, and who can lead."""
    others = {agency: named[agency] for agency in case.co_raisers}
    return {
        "leaves": {NOBODY: "No agency leaves", **{agency: named[agency] for agency in case.raisers}},
        "leads": {NOBODY: "The same agency goes on leading", **others},
        "leave_because": {code.value: text for code, text in words.LEAVES.items()},
        "together": bool(others),
    }
