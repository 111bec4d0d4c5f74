"""What a side says at the end: read from its own page, or from the form on which the team writes down a phone call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from escalations.rules import acts, looking_back
from escalations.rules.acts import Act
from escalations.rules.case import CHANGED_NOTHING, Case, Changed, Felt
from escalations.web.forms import LONG, Raw, Reading, first


def read(reading: Reading, sealed: dict[str, object]) -> tuple[tuple[Changed, ...], Felt | None]:
    """What changed, and how it felt; nothing changed where something is to be put right."""
    chosen = tuple(Changed(value) for value in reading.raw.get("changed", []) if value in set(Changed))
    if not chosen:
        reading.problem("changed", "Say what changed, or that nothing did, or that it is not known yet")
    elif len(chosen) > 1 and any(one in CHANGED_NOTHING for one in chosen):
        reading.problem("changed", "Choose either what changed, or that nothing did, or that it is not known yet")
    felt = reading.choice("felt", Felt, missing="") if first(reading.raw, "felt") else None
    sealed["text"] = reading.text("changed-text", "What you say", most=LONG)
    return chosen, felt


def asked(case: Case) -> tuple[str, ...]:
    """The agencies that are asked at the end."""
    there = (*case.raisers, *(party.agency_id for party in case.parties))
    return tuple(agency for agency in there if looking_back.side_of(case, agency) is not None)


def of_a_call(reading: Reading, case: Case, origin: Mapping[str, Any], sealed: dict[str, object]) -> Act | None:
    """What somebody told the team by phone, for their agency."""
    agency = reading.one_of("agency", asked(case), missing="Choose whose view this is")
    chosen, felt = read(reading, sealed)
    sealed["spoken_to"] = reading.text("told-by", "The name", missing="Say who told you, with their role")
    if not agency or reading.problems:
        return None
    return acts.LookBack.model_validate({**origin, "agency_id": agency, "changed": chosen, "felt": felt})


def typed(act: acts.LookBack, sealed: Mapping[str, Any]) -> Raw:
    """The team's form, filled in as it was."""
    return {
        "agency": [act.agency_id],
        "changed": [one.value for one in act.changed],
        "felt": [act.felt.value if act.felt else ""],
        "told-by": [str(sealed.get("spoken_to") or "")],
        "changed-text": [str(sealed.get("text") or "")],
    }
