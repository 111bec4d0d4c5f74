"""The directory in the words of the people who keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from escalations.agencies.history import Change, What
from escalations.rules.civiltime import say_day
from escalations.store.directory_file import Notices, PositionKind
from escalations.web import words

NOTICES: Final[Mapping[Notices, str]] = {
    Notices.OFF: "Off",
    Notices.TEAM_ONLY: "Team only",
    Notices.ON: "On",
}
NOTICES_MEAN: Final[Mapping[Notices, str]] = {
    Notices.OFF: "Nobody at the agency gets an email. The partnership team is reminded whom to tell.",
    Notices.TEAM_ONLY: "The partnership team alone gets the agency’s notices, and passes them on by phone. "
    "This is how every agency starts.",
    Notices.ON: "Whoever holds the position gets the notices by email, with a link to answer.",
}
KINDS: Final[Mapping[PositionKind, str]] = {
    PositionKind.PERSON: "A person",
    PositionKind.SHARED_MAILBOX: "A shared mailbox",
    PositionKind.ROTA: "A rota",
}
KINDS_SHORT: Final[Mapping[PositionKind, str]] = {
    PositionKind.PERSON: "",
    PositionKind.SHARED_MAILBOX: "shared mailbox",
    PositionKind.ROTA: "rota",
}
DAYS: Final[Mapping[str, str]] = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
DONE: Final[Mapping[str, str]] = {
    "added": "The agency was added.",
    "changed": "What you changed is stored.",
    "appointed": "It is entered.",
    "ended": "The last day is entered.",
    "notices": "From now on notices to this agency go as you chose. What was there before stays as it is.",
    "same": "It was so already. Nothing was changed.",
    "loaded": "The table was loaded.",
}
_FACTS: Final[Mapping[str, str]] = {
    "name": "the name",
    "type": "the type",
    "town": "the town",
    "parent": "the agency that it belongs to",
    "successor": "the agency that follows it",
    "notices": "the notices",
    "active_from": "the first day",
    "active_to": "the last day",
    "domains": "the mail domains",
}
_WORKING_WEEK: Final = tuple(range(5))


@dataclass(frozen=True, slots=True)
class Told:
    """One change, as the page tells of it."""

    at: datetime
    by: str
    sentence: str


def told(change: Change) -> Told:
    """A change in a sentence."""
    return Told(change.at, change.by or "somebody", _sentence(change))


def _sentence(change: Change) -> str:
    if change.erased:
        return "A change to a position. The details of the person have been erased."
    after = change.after
    match change.what:
        case What.AGENCY_ADDED:
            return "The agency was added."
        case What.AGENCY_CHANGED | What.AGENCY_ENDED | What.NOTICES_SET:
            return _facts(change)
        case What.APPOINTED | What.COVER_CHANGED:
            what = "" if change.what is What.APPOINTED else "deputy, days or details changed: "
            return f"{_position(after)}: {what}{_name(after.get('holder'))} {_span(after)}{_deputy(after)}."
        case What.HOLDING_ENDED:
            return f"{_position(after)}: the last day is {_day(after.get('until'))}."


def _facts(change: Change) -> str:
    changed = [
        f"{_FACTS.get(name, name)}: {_value(change.before.get(name))} became {_value(value)}"
        for name, value in change.after.items()
    ]
    said = "; ".join(changed)
    return f"{said[:1].upper()}{said[1:]}."


def _value(value: object) -> str:
    if value in (None, [], ""):
        return "none"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, str) and len(value) == 10 and value[4:5] == "-":  # noqa: PLR2004  an ISO date
        return _day(value)
    return str(value).replace("_", " ")


def _position(after: Mapping[str, object]) -> str:
    return f"{after.get('title', '')} ({words.position(str(after.get('position', '')))})"


def _name(person: object) -> str:
    return str(person.get("name", "")) if isinstance(person, Mapping) else "vacant"


def _deputy(after: Mapping[str, object]) -> str:
    deputy = after.get("deputy")
    return f", deputy {deputy.get('name', '')}" if isinstance(deputy, Mapping) else ""


def _span(after: Mapping[str, object]) -> str:
    until = f" to {_day(after['until'])}" if after.get("until") else ""
    return f"from {_day(after.get('since'))}{until}"


def _day(written: object) -> str:
    return say_day(date.fromisoformat(str(written)))


def working_days(weekdays: tuple[int, ...]) -> str:
    """Days of the week, where they are not the usual ones."""
    if weekdays == _WORKING_WEEK:
        return ""
    if len(weekdays) == len(DAYS):
        return "every day"
    names = list(DAYS.values())
    return ", ".join(names[day] for day in weekdays)
