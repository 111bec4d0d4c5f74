"""What people write into the cells of a table, read as they mean it; a sentence where that cannot be known.

Nothing is guessed that could be wrong: a date that may be two days, or a number that lost its first nought, is refused
with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from escalations.agencies import phones
from escalations.policy import POSITION_FORM, SLUG_FORM
from escalations.store.directory_file import Notices, PositionKind, Weekday
from escalations.store.domains import NotADomain, own_domain


class Unreadable(ValueError):
    """A cell that cannot be read. The text is a sentence that says what to write, and repeats nothing personal."""


_EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:\"\\]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
_LONGEST_EMAIL: Final = 254
_FIRST_OF_FORMULA: Final = "=+-@\t\r"
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = tuple(Weekday)
_EVERY_DAY: Final = frozenset({"all", "all week", "every day", "everyday", "7 days", "24/7", "daily"})
_WEEKDAYS: Final = frozenset({"weekdays", "full time", "full-time", "all weekdays", "5 days"})

KINDS: Final[Mapping[str, PositionKind]] = {
    "person": PositionKind.PERSON,
    "individual": PositionKind.PERSON,
    "named person": PositionKind.PERSON,
    "shared mailbox": PositionKind.SHARED_MAILBOX,
    "mailbox": PositionKind.SHARED_MAILBOX,
    "shared": PositionKind.SHARED_MAILBOX,
    "inbox": PositionKind.SHARED_MAILBOX,
    "shared inbox": PositionKind.SHARED_MAILBOX,
    "team inbox": PositionKind.SHARED_MAILBOX,
    "rota": PositionKind.ROTA,
    "duty": PositionKind.ROTA,
    "duty rota": PositionKind.ROTA,
}
NOTICES: Final[Mapping[str, Notices]] = {
    "off": Notices.OFF,
    "no": Notices.OFF,
    "none": Notices.OFF,
    "team only": Notices.TEAM_ONLY,
    "team": Notices.TEAM_ONLY,
    "on": Notices.ON,
    "yes": Notices.ON,
}
VACANT: Final = frozenset({"vacant", "vacancy", "nobody", "no one", "noone", "tbc", "n/a"})
"""What people write in the place of a name when nobody is in post."""


def plain(cell: str) -> str:
    """A cell without the spaces around it, the apostrophe of a spreadsheet before a formula, or doubled spaces."""
    text = cell.strip()
    if text[:1] == "'" and text[1:2] in set(_FIRST_OF_FORMULA):
        text = text[1:]
    return re.sub(r"[\s\u00a0\u200b\ufeff]+", " ", text).strip()


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, and that :func:`plain` reads as it was."""
    return f"'{text}" if text[:1] in set(_FIRST_OF_FORMULA) else text


def words(cell: str) -> str:
    """A cell as a key to look up: in lower case, with spaces for marks."""
    return re.sub(r"[\s_\-]+", " ", plain(cell).casefold()).strip(" .:")


def code(cell: str) -> str:
    """The code of a type or an agency, of its words: ``academy-trust`` of "Academy trust"."""
    found = re.sub(r"[^a-z0-9]+", "-", plain(cell).casefold().replace("’", "").replace("'", "")).strip("-")
    if not re.fullmatch(SLUG_FORM, found):
        raise Unreadable("Write a few words that begin with a letter, like Academy trust")
    return found


def position(cell: str, known: tuple[str, ...], titles: Mapping[str, str] | None = None) -> str:
    """The code of a position: one of those that the policy in force and the directory know.

    ``titles`` is what the policy calls some of them at this type of agency: such a title names its position.
    """
    called = {words(title): code for code, title in (titles or {}).items()}
    found = called.get(words(cell), words(cell).replace(" ", "_"))
    if found in {"lead", "main_contact", "contact", "single_contact"}:
        found = "escalation_lead"
    if found not in known or not re.fullmatch(POSITION_FORM, found):
        raise Unreadable("Write one of " + ", ".join(_hint(one, titles or {}) for one in known))
    return found


def _hint(code: str, titles: Mapping[str, str]) -> str:
    plain = code.replace("_", " ")
    title = titles.get(code)
    return plain if title is None or title == plain else f"{plain} ({title})"


def kind(cell: str) -> PositionKind:
    """What holds a position."""
    if (found := KINDS.get(words(cell))) is None:
        raise Unreadable("Write person, shared mailbox or rota")
    return found


def notices(cell: str) -> Notices:
    """How an agency is told."""
    if (found := NOTICES.get(words(cell))) is None:
        raise Unreadable("Write off, team only or on")
    return found


def email(cell: str) -> str:
    """An address."""
    text = plain(cell).removeprefix("mailto:")
    if not _EMAIL.fullmatch(text) or len(text) > _LONGEST_EMAIL:
        raise Unreadable("Write one email address in the form name@example.org")
    return text


def phone(cell: str) -> str:
    """A number, as it was written."""
    text = plain(cell)
    if re.fullmatch(r"\d(?:[.,]\d+)?e\+?\d+", text, flags=re.IGNORECASE):
        raise Unreadable("The spreadsheet shortened this number. Format the column as text and write it again")
    if re.fullmatch(r"[1-9]\d{8,9}", text):
        raise Unreadable("This number seems to have lost its first 0. Format the column as text and write it again")
    if len(text) > 40 or phones.problem(text):  # noqa: PLR2004  as the directory keeps it
        raise Unreadable(phones.problem(text) or "Write one phone number, like 01632 960 001")
    return text


def day(cell: str) -> date:
    """A date: 2026-09-01, 1/9/2026 (day first, as here), 1 September 2026 or 1-Sep-26."""
    text = words(re.sub(r"\s+00:00(:00)?$", "", plain(cell))).replace(",", "")
    for form in (
        r"(?P<year>\d{4})[ /.](?P<month>\d{1,2})[ /.](?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})[ /.](?P<month>\d{1,2})[ /.](?P<year>\d{4}|\d{2})",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)? (?P<month>[a-z]{3,9}) (?P<year>\d{4}|\d{2})",
    ):
        found = re.fullmatch(form, text)
        month = _month(found["month"]) if found else None
        if found is None or month is None:
            continue
        year = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0)  # noqa: PLR2004  two figures
        try:
            return date(year, month, int(found["day"]))
        except ValueError:
            break
    raise Unreadable("Write a real date with the day first, like 1/9/2026, or 2026-09-01")


def _month(written: str) -> int | None:
    if written.isdecimal():
        return int(written)
    return next((place for place, name in enumerate(_MONTHS, 1) if written.startswith(name)), None)


def working_days(cell: str) -> tuple[Weekday, ...]:
    """Days of the week: "Mon to Wed, Fri", "mon;tue", "weekdays", "every day"."""
    text = plain(cell).casefold()
    if text in _EVERY_DAY:
        return _DAYS
    if text in _WEEKDAYS:
        return _DAYS[:5]
    text = re.sub(r"\s*(?:-|–|\bto\b)\s*", "-", text)
    found: set[int] = set()
    for part in filter(None, re.split(r"[,;/&+\s]+|\band\b", text)):
        first, dash, last = part.partition("-")
        begins = _weekday(first)
        ends = _weekday(last) if dash else begins
        found |= {place % 7 for place in range(begins, ends + 1 if ends >= begins else ends + 8)}
    if not found:
        raise Unreadable("Write days of the week, like Mon to Wed, Fri, or weekdays, or every day")
    return tuple(_DAYS[place] for place in sorted(found))


def _weekday(written: str) -> int:
    for place, one in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")):
        if len(written) >= 2 and one.startswith(written.rstrip(".s") if written not in {"tues", "thurs"} else written):  # noqa: PLR2004  "Mo"
            return place
    raise Unreadable("Write days of the week, like Mon to Wed, Fri, or weekdays, or every day")


def domains(cell: str) -> tuple[str, ...]:
    """An agency's own mail domains, one or several."""
    try:
        return tuple(dict.fromkeys(own_domain(part) for part in re.split(r"[,;\s]+", plain(cell)) if part))
    except NotADomain as problem:
        raise Unreadable(str(problem)) from None


def said_days(weekdays: tuple[int, ...]) -> str:
    """Days of the week as a cell has them."""
    if weekdays == tuple(range(7)):
        return "every day"
    return " ".join(_DAYS[place].value for place in weekdays)
