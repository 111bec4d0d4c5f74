"""The forms for whose it is, and who has it: the same fields by link and for the team, read into acts and back.

Which of them a page offers is said in `link_acts` and `team_acts`; whether it is carried out, in `rules.parties`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, Final

from escalations.rules import acts
from escalations.rules.acts import Act
from escalations.rules.case import Case, Entry, PartyReason, ReopenReason, TransferReason, TransferredTo
from escalations.web import words
from escalations.web.forms import LONG, Raw, Reading, first

NOBODY: Final = "nobody"
"""In the form: no agency is taken out."""
LABELS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "should-be": ("Whose it should be", {}),
    "misdirected-text": ("Why it is not theirs", {}),
    "theirs-text": ("Why it is theirs", {}),
    "take-out-because": ("Why it is taken out", {code.value: text for code, text in words.REMOVED.items()}),
    "parties-text": ("Why the agencies change", {}),
    "contact-name": ("Their name", {}),
    "contact-role": ("Their role", {}),
    "contact-email": ("Their email address", {}),
    "contact-phone": ("Their phone number", {}),
    "contact-text": ("Why", {}),
    "reopen-because": ("Why it is opened again", {code.value: text for code, text in words.REOPEN_REASONS.items()}),
    "reopen-text": ("What has happened", {}),
    "ask-reopen-text": ("Why it should be opened again", {}),
    "correct-text": ("Why it was a mistake", {}),
    "transfer-where": ("Which partnership or board", {}),
    "transfer-who": ("Who took it there", {}),
    "transfer-text": ("Why", {}),
}
"""What each field is called where it is given back, and the words of its choices."""


def may_say(case: Case) -> tuple[str, ...]:
    """The agencies of which it can be said that it is not theirs."""
    return tuple(party.agency_id for party in case.open_parties if party.not_theirs_at is None)


def said_not_theirs(case: Case) -> tuple[str, ...]:
    """The agencies that said so, and that the team is to look at."""
    return tuple(party.agency_id for party in case.open_parties if party.not_theirs_at is not None)


def to_take_out(case: Case) -> tuple[str, ...]:
    """The agencies that can be taken out: those with which it is not settled."""
    return tuple(party.agency_id for party in case.open_parties)


def misdirected(
    reading: Reading, agency: str, agencies: Container[str], origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """An agency says that it is not theirs."""
    should_be = first(reading.raw, "should-be")
    if should_be and should_be not in agencies:
        reading.problem("should-be", "Choose the agency from the list, or leave it as it is if you do not know")
    missing = "Say why it is not theirs, and whose it is as far as you know"
    sealed["text"] = reading.text("misdirected-text", "The reason", missing=missing, most=LONG)
    if not agency or reading.problems:
        return None
    return acts.Misdirected.model_validate({**origin, "agency_id": agency, "should_be": should_be or None})


def parties(
    reading: Reading, case: Case, agencies: Container[str], origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """An agency is added, taken out, or comes in the place of another one."""
    remove = first(reading.raw, "take-out") or NOBODY
    if remove != NOBODY:
        remove = reading.one_of("take-out", to_take_out(case), missing="Choose the agency from the list")
    add = first(reading.raw, "add-agency")
    if add and add not in agencies:
        reading.problem("add-agency", "Choose the agency from the list")
    if not add and remove == NOBODY:
        reading.problem("add-agency", "Choose an agency to add, or one to take out")
    because = None
    if remove != NOBODY:
        because = reading.choice("take-out-because", PartyReason, missing="Say why it is taken out")
    sealed["text"] = reading.text(
        "parties-text", "The reason", missing="Say in a few words why, and who said so", most=LONG
    )
    if reading.problems:
        return None
    return acts.ChangeParties.model_validate(
        {
            **origin,
            "add": (add,) if add else (),
            "remove": () if remove == NOBODY else (remove,),
            "because": because,
        }
    )


def contact(reading: Reading, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    """Somebody else is written to for the raising side."""
    raiser = {
        "name": reading.text("contact-name", "The name", missing="Enter their full name"),
        "role": reading.text("contact-role", "The role", missing="Enter their job title or role"),
        "email": reading.email("contact-email", missing="Enter their email address"),
        "phone": reading.phone("contact-phone", missing=None),
    }
    sealed["text"] = reading.text("contact-text", "The reason", most=LONG)
    sealed["raiser"] = raiser
    return None if reading.problems else acts.ChangeContact.model_validate(origin)


def stages_to_reopen(case: Case) -> tuple[int, ...]:
    """The stages at which it can be opened again: those that it had been at, the last one first."""
    return tuple(number for number in range(case.stage, 0, -1) if number not in case.skipped)


def reopen(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    """A case that had closed is opened again."""
    stages = [str(number) for number in stages_to_reopen(case)]
    at_stage = first(reading.raw, "reopen-stage") or (stages[0] if stages else "")
    if at_stage not in (stages or [""]):
        reading.problem("reopen-stage", "Choose the stage at which it goes on")
    because = reading.choice("reopen-because", ReopenReason, missing="Say why it is opened again")
    missing = "Say in a few words what has happened"
    sealed["text"] = reading.text("reopen-text", "What has happened", missing=missing, most=LONG)
    if because is None or reading.problems:
        return None
    stage = int(at_stage) if at_stage and int(at_stage) != case.stage else None
    return acts.Reopen.model_validate({**origin, "because": because, "at_stage": stage})


def correct(
    reading: Reading, entries: tuple[Entry, ...], origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """An entry was a mistake."""
    known = [entry.submission_id for entry in entries]
    missing = "Choose the entry that was a mistake"
    only = known[0] if len(known) == 1 and not first(reading.raw, "entry") else ""
    found = only or reading.one_of("entry", known, missing=missing)
    why = "Say what was wrong with it"
    sealed["text"] = reading.text("correct-text", "The reason", missing=why, most=LONG)
    return acts.Correct.model_validate({**origin, "entry": found}) if found and not reading.problems else None


def ask_to_reopen(reading: Reading, origin: dict[str, Any], sealed: dict[str, object]) -> Act:
    """Either side asks the team to open it again."""
    missing = "Say why it should be opened again"
    sealed["text"] = reading.text("ask-reopen-text", "The reason", missing=missing, most=LONG)
    return acts.AskToReopen.model_validate(origin)


def transfer(reading: Reading, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    """It goes on with another partnership or board, which has taken it."""
    to = reading.choice("transfer-to", TransferredTo, missing="Say who takes it over")
    sealed["transferred_to"] = reading.text(
        "transfer-where", "The name", missing="Enter the name of the partnership or board"
    )
    sealed["spoken_to"] = reading.text("transfer-who", "The name", missing="Say who took it there: name and role")
    when = reading.moment(
        "transfer-at",
        "The time",
        missing_day="Enter the date on which they took it",
        missing_time="Enter the time, as well as you know it",
    )
    because = reading.choice("transfer-because", TransferReason, missing="Say why it goes there")
    missing = "Say in a few words why it goes there, and what was handed over"
    sealed["text"] = reading.text("transfer-text", "The reason", missing=missing, most=LONG)
    if to is None or because is None or reading.problems:
        return None
    return acts.Transfer.model_validate({**origin, "to": to, "because": because, "happened_at": when})


def typed(act: Act, sealed: Mapping[str, Any]) -> Raw | None:
    """The fields of the form that an act came from, filled in; none for an act of another kind."""
    text = str(sealed.get("text") or "")
    match act:
        case acts.Misdirected():
            return {"agency": [act.agency_id], "should-be": [act.should_be or ""], "misdirected-text": [text]}
        case acts.ChangeParties():
            because = {} if act.because is None else {"take-out-because": [act.because.value]}
            return {
                "take-out": [act.remove[0] if act.remove else NOBODY],
                "add-agency": [act.add[0] if act.add else ""],
                **because,
                "parties-text": [text],
            }
        case acts.ChangeContact():
            who = sealed.get("raiser") or {}
            named = {f"contact-{part}": [str(who.get(part) or "")] for part in ("name", "role", "email", "phone")}
            return {**named, "contact-text": [text]}
        case acts.Reopen():
            stage = {} if act.at_stage is None else {"reopen-stage": [str(act.at_stage)]}
            return {**stage, "reopen-because": [act.because.value], "reopen-text": [text]}
        case acts.Correct():
            return {"entry": [act.entry], "correct-text": [text]}
        case acts.AskToReopen():
            return {"ask-reopen-text": [text]}
        case acts.Transfer():
            return {
                "transfer-to": [act.to.value],
                "transfer-where": [str(sealed.get("transferred_to") or "")],
                "transfer-who": [str(sealed.get("spoken_to") or "")],
                "transfer-because": [act.because.value],
                "transfer-text": [text],
            }
        case _:
            return None
