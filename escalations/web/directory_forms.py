"""Reading the directory's forms: an agency, who holds a position. What cannot be is said beside its field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from pydantic import ValidationError

from escalations.agencies import cells, keeping, types
from escalations.agencies.cells import Unreadable
from escalations.store.directory import LEAD, Held
from escalations.store.directory_file import AgencyEntry, Holding, Notices, Person, PositionKind, Weekday
from escalations.web.forms import Raw, Reading, first

VACANT: Final = "vacant"
"""The choice that nobody is in post."""
FIELDS: Final[Mapping[str, str]] = {
    "parent": "parent",
    "successor": "successor",
    "active_to": "until-day",
    "until": "until-day",
    "since": "since-day",
    "domains": "domains",
}
"""Beside which field stands what was refused."""


def agency(
    reading: Reading,
    *,
    agency_id: str,
    known: Mapping[str, str],
    old: AgencyEntry | None,
    in_use: Collection[str],
) -> AgencyEntry | None:
    """The agency of the form to add or change one.

    Args:
        reading: what was typed.
        agency_id: its id.
        known: the other agencies, by id.
        old: as it is; none where it is added.
        in_use: the types that the directory has.
    """
    name = reading.text("name", "The name", missing="Enter the agency’s name")
    kind = _type(reading, in_use, missing="Enter what type of agency it is, like School")
    town = reading.text("town", "The town", missing="Enter the town", most=80)
    parent = reading.one_of("parent", ["", *known], missing="Choose the agency that it belongs to, or none") or None
    try:
        domains = cells.domains(first(reading.raw, "domains"))
    except Unreadable as problem:
        reading.problem("domains", f"{problem}.")
        domains = ()
    notices = (
        reading.choice("notices", Notices, missing="Choose how the agency is told") if old is None else old.notices
    )
    begins = old.active_from if old else keeping.today(reading.now)
    if reading.problems or kind is None or notices is None:
        return None
    facts = {
        **(old.facts() if old else {"active_from": begins}),
        "id": agency_id,
        "name": name,
        "type": kind,
        "town": town,
        "parent": parent,
        "domains": domains,
        "notices": notices,
    }
    try:
        return AgencyEntry.model_validate(facts)
    except ValidationError:
        reading.problem("name", "This cannot be kept. Check the name, the type and the town")
        return None


def lead(reading: Reading) -> Holding | None:
    """The one contact that is enough to start with; None where nothing of it was filled in."""
    if not any(first(reading.raw, name).strip() for name in ("lead-name", "lead-email", "lead-phone")):
        return None
    person = _person(reading, "lead-", "the contact’s name")
    title = reading.text("lead-title", "The job title", most=120) or "Escalation lead"
    if person is None:
        return None
    return Holding(position=LEAD, title=title, since=keeping.today(reading.now), holder=person)


def holding(reading: Reading, positions: Mapping[str, str]) -> Holding | None:
    """Who holds a position from a day on."""
    position = reading.one_of("position", positions, missing="Choose the position")
    title = reading.text("title", "The job title", missing="Enter what the agency calls this position", most=120)
    chosen = reading.one_of(
        "kind", [*(kind.value for kind in PositionKind), VACANT], missing="Choose what holds it, or that it is vacant"
    )
    vacant = chosen == VACANT
    holder = None if vacant else _person(reading, "", "the name")
    if vacant and (first(reading.raw, "name").strip() or first(reading.raw, "email").strip()):
        reading.problem("kind", "You chose vacant and named somebody. Choose who holds it, or clear the name and email")
    days = tuple(day for day in Weekday if day.value in reading.raw.get("days", ()))
    if not days and not vacant:
        reading.problem("days", "Tick the days on which messages can be answered")
    deputy = None
    if any(first(reading.raw, f"deputy-{part}").strip() for part in ("name", "email", "phone")):
        deputy = _person(reading, "deputy-", "the deputy’s name")
    since = reading.day("since", "The first day", missing="Enter from which day", future=True)
    until = reading.day("until", "The last day", missing=None, future=True)
    if reading.problems or since is None:
        return None
    return Holding(
        position=position,
        title=title,
        kind=PositionKind.PERSON if vacant else PositionKind(chosen),
        since=since,
        until=until,
        working_days=days or tuple(Weekday)[:5],
        holder=holder,
        deputy=deputy,
    )


def _person(reading: Reading, prefix: str, who: str) -> Person | None:
    before = len(reading.problems)
    name = reading.text(f"{prefix}name", "The name", missing=f"Enter {who}")
    email = reading.email(
        f"{prefix}email",
        missing="Enter the email address: nobody can be told without one",
    )
    phone = reading.phone(f"{prefix}phone", missing=None)
    if len(phone) > 40:  # noqa: PLR2004  as the directory keeps it
        reading.problem(f"{prefix}phone", "Enter one phone number, like 01632 960 001")
    if len(reading.problems) > before:
        return None
    try:
        return Person(name=name, email=email, phone=phone or None)
    except ValidationError:
        reading.problem(f"{prefix}email", "Enter an email address in the right form, like name@example.org")
        return None


def _type(reading: Reading, in_use: Collection[str], *, missing: str) -> str | None:
    text = reading.text("type", "The type", missing=missing, most=48)
    if not text:
        return None
    try:
        code = cells.code(text)
    except Unreadable as problem:
        reading.problem("type", f"{problem}.")
        return None
    if not types.is_known(code, in_use) and not reading.ticked("new-type"):
        how = "If it is a new type, tick that it is new"
        reading.problem("type", types.not_known(code, in_use, how=how))
        return None
    return code


# ---- What the fields hold before anybody typed ----------------------------------------------------------------------


def of_agency(entry: AgencyEntry) -> Raw:
    """The fields of an agency as it is."""
    return {
        "name": [entry.name],
        "type": [entry.type.replace("-", " ").capitalize()],
        "town": [entry.town],
        "parent": [entry.parent or ""],
        "domains": [" ".join(entry.domains)],
        "notices": [entry.notices.value],
    }


def new_agency() -> Raw:
    """The fields of an agency that is to be added."""
    return {"notices": [Notices.TEAM_ONLY.value]}


def of_holding(held: Held, *, since: date) -> Raw:
    """The fields of a position as it is held, to be changed from a day on."""
    kind = VACANT if held.holder is None else held.kind.value
    return {
        "position": [held.position],
        "title": [held.title],
        "kind": [kind],
        **_of_person(held.holder, ""),
        **_of_person(held.deputy, "deputy-"),
        "days": [tuple(Weekday)[day].value for day in held.weekdays],
        **of_day("since", since),
        **(of_day("until", held.until) if held.until else {}),
    }


def new_holding(position: str, title: str, *, since: date) -> Raw:
    """The fields of a position that somebody else is to hold."""
    return {
        "position": [position],
        "title": [title],
        "kind": [PositionKind.PERSON.value],
        "days": [day.value for day in tuple(Weekday)[:5]],
        **of_day("since", since),
    }


def of_day(name: str, day: date) -> Raw:
    """The three fields of a date."""
    return {f"{name}-day": [str(day.day)], f"{name}-month": [str(day.month)], f"{name}-year": [str(day.year)]}


def _of_person(person: Person | None, prefix: str) -> Raw:
    if person is None:
        return {}
    return {f"{prefix}name": [person.name], f"{prefix}email": [person.email], f"{prefix}phone": [person.phone or ""]}
