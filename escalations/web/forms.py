"""Reading what a person typed: values where they are possible, and sentences in the person's own words where not.

A page of a form is read once, from top to bottom, so that the problems come in the order of the page. What was typed is
kept as it came (`Raw`), so that a page with problems shows it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final, TypeVar

from escalations.agencies import phones
from escalations.rules.civiltime import LONDON, civil, instant_of, say_day

Raw = dict[str, list[str]]
"""What was typed on a page, by the name of its fields."""

SHORT: Final = 200
"""The most characters of a name, role or number."""
LONG: Final = 6_000
"""The most characters of an account in a person's own words: about a thousand."""

MOST_FIGURES: Final = 4
"""The most figures of a day, a month, a year, or a place in a list."""

_MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:\"\\]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
_TIME: Final = re.compile(r"(\d{1,2})(?:\s*[:.h ]?\s*(\d{2}))?\s*(am|pm)?\s*(bst|gmt)?", re.IGNORECASE)
# What must not reach a database, a mail or a screen reader: control characters other than line breaks and tabs.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: the id of the field that it concerns, and what to do."""

    field: str
    sentence: str


def clean(text: str) -> str:
    """What was typed, with line breaks as one character and without control characters."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def raw_of(items: Iterable[tuple[str, object]], *, without: Sequence[str] = ("token", "do")) -> Raw:
    """The texts of a posted form; files and the form's own machinery are left out."""
    raw: Raw = {}
    for name, value in items:
        if isinstance(value, str) and name not in without:
            raw.setdefault(name, []).append(_CONTROL.sub("", value.replace("\r\n", "\n")))
    return raw


def first(raw: Mapping[str, Sequence[str]], name: str) -> str:
    """The first value of a field, or nothing."""
    values = raw.get(name) or ("",)
    return values[0]


class Reading:
    """Reads one page. Ask for its fields in the order of the page; then look at ``problems``."""

    def __init__(self, raw: Mapping[str, Sequence[str]], *, now: datetime) -> None:
        """Take what was typed, and the present instant."""
        self.raw = raw
        self.now = now
        self.problems: list[Problem] = []

    def problem(self, field: str, sentence: str) -> None:
        """Note something to put right; one for each field is enough."""
        if all(known.field != field for known in self.problems):
            self.problems.append(Problem(field, sentence))

    def text(self, name: str, what: str, *, missing: str | None = None, most: int = SHORT) -> str:
        """A text. ``what`` begins the sentence when it is too long; ``missing`` is said when there is none."""
        value = clean(first(self.raw, name))
        if not value and missing is not None:
            self.problem(name, missing)
        if len(value) > most:
            self.problem(name, f"{what} must have {most:,} characters or fewer. You have {len(value):,}.")
        return value

    def email(self, name: str, *, missing: str) -> str:
        """An address of electronic mail. Only its shape is looked at: whether it exists, the post finds out."""
        value = self.text(name, "The email address", missing=missing)
        if value and not _EMAIL.fullmatch(value):
            self.problem(name, "Enter an email address in the right form, like name@example.org")
        return value

    def phone(self, name: str, *, missing: str | None) -> str:
        """A phone number, with an extension or not."""
        value = self.text(name, "The phone number", missing=missing)
        if value and (wrong := phones.problem(value)) is not None:
            self.problem(name, wrong.replace("Write ", "Enter ", 1))
        return value

    def choice(self, name: str, vocabulary: type[Choice], *, missing: str) -> Choice | None:
        """One of a closed vocabulary."""
        try:
            return vocabulary(first(self.raw, name))
        except ValueError:
            self.problem(name, missing)
            return None

    def one_of(self, name: str, allowed: Iterable[str], *, missing: str) -> str:
        """One of the values that the page offered."""
        value = first(self.raw, name)
        if value not in set(allowed):
            self.problem(name, missing)
            return ""
        return value

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(first(self.raw, name))

    def day(self, name: str, what: str, *, missing: str | None, future: bool = False) -> date | None:
        """A date of three fields. ``what`` begins the sentences: "The date of birth".

        ``future`` is for what has not happened yet, like a due date.
        """
        parts = [first(self.raw, f"{name}-{part}").strip() for part in ("day", "month", "year")]
        if not any(parts):
            if missing is not None:
                self.problem(f"{name}-day", missing)
            return None
        lacking = [part for part, value in zip(("day", "month", "year"), parts, strict=True) if not value]
        if lacking:
            self.problem(f"{name}-{lacking[0]}", f"{what} must include a {' and a '.join(lacking)}")
            return None
        return self._possible(name, what, parts, future=future)

    def _possible(self, name: str, what: str, parts: list[str], *, future: bool) -> date | None:
        day, month, year = (parts[0], _month(parts[1]), parts[2])
        if not 1 <= (number_of(day) or 0) <= 31:  # noqa: PLR2004  days of a month
            self.problem(f"{name}-day", f"{what} must be a real date. Check the day.")
            return None
        if month is None:
            self.problem(f"{name}-month", f"{what} must be a real date. Check the month.")
            return None
        if not re.fullmatch(r"(?:19|20)[0-9]{2}", year):
            self.problem(f"{name}-year", f"{what} must have a year of 4 numbers, like 2026")
            return None
        try:
            value = date(int(year), month, int(day))
        except ValueError:
            self.problem(f"{name}-day", f"{what} must be a real date. That month does not have {int(day)} days.")
            return None
        if not future and value > civil(self.now).date():
            self.problem(f"{name}-day", f"{what} must be today or in the past. {say_day(value)} is in the future.")
            return None
        return value

    def moment(
        self, name: str, what: str, *, missing_day: str, missing_time: str, future: bool = False
    ) -> datetime | None:
        """A date and a civil time in London, as an instant in UTC; never in the future, or only there (``future``).

        A time that did not exist or came twice, when the clocks changed, is not guessed: the sentence says what to do.
        """
        day = self.day(name, what, missing=missing_day, future=future)
        written = first(self.raw, f"{name}-time").strip()
        if not written:
            self.problem(f"{name}-time", missing_time)
            return None
        read = _clock(written)
        if read is None:
            self.problem(f"{name}-time", "Enter a time like 14:30 or 2:30pm")
            return None
        if day is None:
            return None
        instant = _instant(day, *read)
        if isinstance(instant, str):
            self.problem(f"{name}-time", instant)
            return None
        if future and instant <= self.now:
            self.problem(f"{name}-time", f"{what} must be still to come. That is earlier than now.")
            return None
        if not future and instant > self.now:
            self.problem(f"{name}-time", f"{what} must be in the past. That is later than now.")
            return None
        return instant


def start_of(day: date) -> datetime:
    """The first instant of a civil day, for what is known by its date alone."""
    return instant_of(day, time(0))


def number_of(written: str) -> int | None:
    """A small number in figures. What is longer is none: a conversion of thousands of them is refused by Python."""
    return int(written) if written.isdecimal() and len(written) <= MOST_FIGURES else None


def _month(written: str) -> int | None:
    if written.isdecimal():
        number = number_of(written) or 0
        return number if 1 <= number <= len(_MONTHS) else None
    name = written.casefold().rstrip(".")
    found = [place for place, month in enumerate(_MONTHS, 1) if len(name) >= 3 and month.startswith(name)]  # noqa: PLR2004  "Jan"
    return found[0] if len(found) == 1 else None


def _clock(written: str) -> tuple[time, str] | None:
    """The time, and which clock it was read from where the person said so: "bst" or "gmt"."""
    found = _TIME.fullmatch({"noon": "12:00", "midday": "12:00", "midnight": "00:00"}.get(written.casefold(), written))
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if found[2] is None and not half:
        return None  # "9" may be morning or evening; "0930" and "9am" are times.
    if half:
        if not 1 <= hour <= 12:  # noqa: PLR2004  a clock face
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:  # noqa: PLR2004  a day
        return None
    return time(hour, minute), (found[4] or "").lower()


def _instant(day: date, clock: time, zone: str) -> datetime | str:
    reading = datetime.combine(day, clock, LONDON)
    first_time, second_time = reading.astimezone(UTC), reading.replace(fold=1).astimezone(UTC)
    if first_time == second_time:
        return first_time
    said = f"{clock:%H:%M}"
    if second_time < first_time:
        return (
            f"There was no {said} on {say_day(day)}: the clocks went forward from 1am to 2am. Enter a time before "
            "1am, or from 2am on."
        )
    if zone == "bst":
        return first_time
    if zone == "gmt":
        return second_time
    return (
        f"{said} came twice on {say_day(day)}, because the clocks went back. Write “{said} BST” for the first time "
        f"or “{said} GMT” for the second."
    )
