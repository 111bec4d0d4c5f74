"""Calendars and civil time: the frozen vocabulary in which every deadline is counted.

A calendar is data: it is built once, stored by the hash of its content and handed to the rules with the case. Nothing
here asks what time it is. Instants are timezone-aware; civil times are those of Europe/London, for all regions.
"""

import difflib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from importlib import resources
from itertools import pairwise
from operator import not_
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, field_validator, model_validator
from typing_extensions import override


def _london() -> ZoneInfo:
    # The zone is read from the pinned package and never from the machine: `ZoneInfo("Europe/London")` prefers the
    # operating system's copy, and two workers with different copies would then disagree about one receipt.
    with resources.files("tzdata.zoneinfo.Europe").joinpath("London").open("rb") as compiled:
        return ZoneInfo.from_file(compiled, key="Europe/London")


LONDON = _london()

# London changes its clocks at 01:00 UTC, both ways: only civil times from 01:00 to 02:00 come twice, or never.
_CHANGING_HOUR = 1

# Written out because `strftime` follows the locale of the machine.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class Unit(StrEnum):
    """What an amount of time is counted in."""

    WORKING_DAYS = "working_days"
    WORKING_HOURS = "working_hours"
    ELAPSED_HOURS = "elapsed_hours"
    CALENDAR_DAYS = "calendar_days"


class Region(StrEnum):
    """The parts of the United Kingdom that have bank holidays of their own."""

    ENGLAND_AND_WALES = "england-and-wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"

    def words(self) -> str:
        """Return the name as a person writes it: "England and Wales"."""
        return " ".join(part if part == "and" else part.capitalize() for part in self.value.split("-"))


class DayZero(StrEnum):
    """Whether the day of the start event can be the first day counted.

    `next`: it never counts. `same`: it counts when the event came before close of business (of a working day, where
    working days are counted).
    """

    NEXT = "next"
    SAME = "same"


class DaysEnd(StrEnum):
    """On which days a time in calendar days may end."""

    ANY_DAY = "any_day"
    """On the day that it comes to, also where nobody works then."""
    NEXT_WORKING_DAY = "next_working_day"
    """Where it comes to a day on which nobody works, on the next one on which somebody does."""


def _is_any_day(value: object) -> bool:
    return value is DaysEnd.ANY_DAY


def _not_said(value: object) -> bool:
    return value is None


class Weekday(StrEnum):
    """The days of the week; `Weekday.of(date)` is how rules ask for one."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the day of the week on which a date falls."""
        return cls(_WEEKDAYS[day.weekday()].lower())


MONDAY_TO_FRIDAY = (Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY)


class CalendarExhausted(LookupError):
    """A date outside the calendar was needed. Its message is a sentence that says which calendar, and what it covers.

    The calendar of a case covers the year of its opening and five more and is extended before it ends, so this is an
    error of ours and never of the person whose act met it.
    """


_UNITS = ", ".join(unit.value.replace("_", " ") for unit in Unit)


class Amount(BaseModel, frozen=True, extra="forbid"):
    """A length of time as a policy writes it, for example "3 working days". It is never zero or negative."""

    value: Annotated[int, Field(strict=True, gt=0, le=100_000)]
    unit: Unit

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, data: object) -> object:
        if isinstance(data, int | float):
            sentence = f'{data} has no unit: write "{data} working days", say, or another of {_UNITS}'
            raise ValueError(sentence)  # noqa: TRY004  a TypeError is no problem of a field, and would name no line
        return cls._fields_in(data) if isinstance(data, str) else data

    @staticmethod
    def _fields_in(text: str) -> dict[str, object]:
        found = re.fullmatch(r"\s*([0-9]{1,6})\s+([a-z]+)[ _]([a-z]+?)s?\s*", text, re.IGNORECASE)
        unit = f"{found[2]}_{found[3]}s".lower() if found else ""
        if found is None or unit not in [known.value for known in Unit]:
            sentence = (
                f'"{text}" is not an amount of time: write a whole number and one of: {_UNITS}.{_nearest_amount(text)}'
            )
            raise ValueError(sentence)
        if not int(found[1]):
            sentence = f'"{text}" is no time at all: write 1 or more, or leave it out'
            raise ValueError(sentence)
        return {"value": int(found[1]), "unit": Unit(unit)}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "3 working days", "1 working hour", "48 elapsed hours" or "10 calendar days".

        Raises ValueError (pydantic's ValidationError is one) with a sentence when the text is nothing of the kind.
        "2 hours" is refused on purpose: whether they run overnight is what a policy must say.
        """
        return cls.model_validate(cls._fields_in(text))

    def words(self) -> str:
        """Return the amount as a person writes it: "3 working days", "1 working day"."""
        unit = self.unit.value.replace("_", " ")
        return f"{self.value} {unit.removesuffix('s') if self.value == 1 else unit}"


_BARE_UNITS = {
    "h": "hours",
    "hour": "hours",
    "d": "days",
    "day": "days",
    "wd": "working days",
    "workday": "working days",
    "business day": "working days",
    "week day": "working days",
    "weekday": "working days",
    "office hour": "working hours",
    "business hour": "working hours",
    "clock hour": "elapsed hours",
}
_EITHER = {
    "hours": ("working hours", "elapsed hours"),
    "days": ("working days", "calendar days"),
}


def _nearest_amount(text: str) -> str:
    """What was perhaps meant, as a question at the end of the sentence that refuses it; empty where nothing is near."""
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*([a-z][a-z _-]*?)\s*", text, re.IGNORECASE)
    if found is None:
        return ""
    number, said = int(found[1]), re.sub(r"[ _-]+", " ", found[2].lower())
    if said in {"week", "weeks"}:
        return f' Did you mean "{5 * number} working days" or "{7 * number} calendar days"?'
    said = _BARE_UNITS.get(said.removesuffix("s"), said)
    if said in _EITHER:
        both = " or ".join(f'"{number} {unit}"' for unit in _EITHER[said])
        return f" Did you mean {both}?"
    known = [unit.value.replace("_", " ") for unit in Unit]
    near = difflib.get_close_matches(said, [*known, *(unit.removesuffix("s") for unit in known)], n=1, cutoff=0.6)
    if not near:
        return ""
    unit = near[0].removesuffix("s")
    return f' Did you mean "{number} {unit if number == 1 else f"{unit}s"}"?'


class OfficeHours(BaseModel, frozen=True, extra="forbid"):
    """When an office works: opening and closing time, breaks between them, and the days of the week."""

    opens: time = time(9)
    closes: time = time(17)
    breaks: tuple[tuple[time, time], ...] = ()
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] = MONDAY_TO_FRIDAY

    @field_validator("opens", "closes", "breaks")
    @classmethod
    def _whole_minutes(cls, value: object) -> object:
        times = [value] if isinstance(value, time) else [edge for pair in _pairs(value) for edge in pair]
        if any(edge.second or edge.microsecond or edge.tzinfo for edge in times):
            sentence = "Office hours are civil times in whole minutes, without a time zone."
            raise ValueError(sentence)
        return value

    @field_validator("weekdays")
    @classmethod
    def _in_order(cls, weekdays: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        return tuple(day for day in Weekday if day in weekdays)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        edges = [self.opens, *(edge for pair in self.breaks for edge in pair), self.closes]
        if any(earlier >= later for earlier, later in pairwise(edges)):
            sentence = "An office opens before it closes, and its breaks lie between, in order and apart."
            raise ValueError(sentence)
        return self

    def spells(self) -> tuple[tuple[time, time], ...]:
        """Return the stretches of a working day in which work is done, each from and to."""
        edges = [self.opens, *(edge for pair in self.breaks for edge in pair), self.closes]
        return tuple(zip(edges[::2], edges[1::2], strict=True))


def _pairs(value: object) -> tuple[tuple[time, time], ...]:
    return value if isinstance(value, tuple) else ()


class Closure(BaseModel, frozen=True, extra="forbid"):
    """Days, first to last inclusive, on which an office is closed, and why (shown in every receipt)."""

    first: date
    last: date
    why: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.last < self.first:
            sentence = f"The closure ({self.why}) ends before it begins."
            raise ValueError(sentence)
        return self


class AgencyClosures(BaseModel, frozen=True, extra="forbid"):
    """Days on which some agencies are closed and others are not: the holidays of schools, say."""

    agencies: tuple[str, ...]
    closures: tuple[Closure, ...]


class Calendar(BaseModel, frozen=True, extra="forbid"):
    """Everything that decides whether a day or an hour counts, frozen; equal when the content is equal.

    `first` and `last` are inclusive. `bank_holidays` holds the days off as the government lists them (a substitute
    day stands in place of a holiday on a weekend). The two versions say which packages the content came from.
    """

    region: Region
    first: date
    last: date
    bank_holidays: tuple[tuple[date, str], ...] = ()
    closures: tuple[Closure, ...] = ()
    of_agencies: Annotated[tuple[AgencyClosures, ...], Field(exclude_if=not_)] = ()
    """Closures that count for what waits for these agencies alone, where the policy has it so."""
    office_hours: OfficeHours = OfficeHours()
    close_of_business: time = time(17)
    day_zero: DayZero = DayZero.NEXT
    cut_off: Annotated[time | None, Field(exclude_if=_not_said)] = None
    """What starts a time in days from this time of day on counts as having come on the next working day."""
    days_end: Annotated[DaysEnd, Field(exclude_if=_is_any_day)] = DaysEnd.ANY_DAY
    holidays_version: str
    tzdata_version: str

    @field_validator("bank_holidays")
    @classmethod
    def _holidays_in_order(cls, given: tuple[tuple[date, str], ...]) -> tuple[tuple[date, str], ...]:
        # Sorted, so that the same days make the same hash in whatever order they came.
        if len(dict(given)) != len(given):
            sentence = "A bank holiday is listed twice: give each date once, with one name."
            raise ValueError(sentence)
        return tuple(sorted(given))

    @field_validator("closures")
    @classmethod
    def _closures_in_order(cls, given: tuple[Closure, ...]) -> tuple[Closure, ...]:
        return tuple(sorted(given, key=lambda closure: (closure.first, closure.last, closure.why)))

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.last < self.first:
            sentence = "The calendar ends before it begins."
            raise ValueError(sentence)
        close = self.close_of_business
        if close <= self.office_hours.opens or close.second or close.microsecond or close.tzinfo:
            sentence = "Close of business is a civil time in whole minutes, later than the office opens."
            raise ValueError(sentence)
        cut = self.cut_off
        if cut is None:
            return self
        if not self.office_hours.opens < cut <= close or cut.second or cut.microsecond or cut.tzinfo:
            sentence = "A cut-off is a civil time in whole minutes, after the office opens and by close of business."
            raise ValueError(sentence)
        return self

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the canonical JSON: the name under which the calendar is stored and quoted."""
        return hashlib.sha256(canonical_json(self).encode()).hexdigest()

    # Hash and equality go by content and are asked for at every lookup; pydantic's own would walk every holiday.
    @override
    def __hash__(self) -> int:
        return hash(self.content_hash)

    @override
    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Calendar) and self.content_hash == other.content_hash

    @override
    def model_copy(self, *, update: Mapping[str, object] | None = None, deep: bool = False) -> Self:
        """Return a calendar with these fields changed, checked anew.

        Pydantic's own copy takes the cached hash along and checks nothing: a calendar with one more closure would
        answer to the old hash.
        """
        del deep  # all of it is frozen
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(fields | dict(update or {}))

    def with_agencies(self, closed: Mapping[str, Sequence[Closure]]) -> Self:
        """Return this calendar with the closures of agencies, as far as it reaches; those that share them are one."""
        shared: dict[tuple[Closure, ...], list[str]] = {}
        for agency_id, closures in sorted(closed.items()):
            inside = tuple(one for one in closures if one.first <= self.last and one.last >= self.first)
            if inside:
                shared.setdefault(inside, []).append(agency_id)
        groups = tuple(AgencyClosures(agencies=tuple(who), closures=days) for days, who in shared.items())
        return self if groups == self.of_agencies else self.model_copy(update={"of_agencies": groups})

    def of_agency(self, agency_id: str | None) -> "Calendar":
        """Return the calendar by which what waits for an agency is counted."""
        if not self.of_agencies or not any(agency_id in group.agencies for group in self.of_agencies):
            return self
        return _of_agency(self, str(agency_id))

    def with_closure(self, closure: Closure) -> Self:
        """Return this calendar with one closure more."""
        return self.model_copy(update={"closures": (*self.closures, closure)})

    def exhausted(self, needed: str) -> CalendarExhausted:
        """Return the error for something needed outside the calendar; `needed` begins the sentence."""
        covered = f"{say_day(self.first)} to {say_day(self.last)}"
        return CalendarExhausted(
            f"{needed} lies outside the calendar for {self.region.words()}, which covers {covered}. Extend it first."
        )


@lru_cache(maxsize=1024)
def _of_agency(calendar: Calendar, agency_id: str) -> Calendar:
    own = [closure for group in calendar.of_agencies if agency_id in group.agencies for closure in group.closures]
    return calendar.model_copy(update={"closures": (*calendar.closures, *own), "of_agencies": ()})


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(model: BaseModel) -> str:
    """Return a calendar (or a receipt) as JSON with sorted keys and no spaces: the same content, the same bytes."""
    return canonical_text(model.model_dump(mode="json"))


def canonical_text(values: object) -> str:
    """Return JSON values as such text."""
    return _CANONICAL.encode(values)


@lru_cache(maxsize=256)
def load_calendar(content: str) -> Calendar:
    """Return the calendar of stored canonical JSON; the same content gives the same object.

    Thousands of open cases share a handful of calendars, and with the object they share its lookup index. Raises
    pydantic's ValidationError for content that is not a calendar.
    """
    return Calendar.model_validate_json(content)


def civil(instant: datetime) -> datetime:
    """Return an instant as it reads on a clock in London. Raises ValueError for a time without a zone."""
    if instant.tzinfo is None:
        sentence = "An instant needs its time zone: a bare civil time is ambiguous when the clocks go back."
        raise ValueError(sentence)
    return instant.astimezone(LONDON)


def instant_of(day: date, clock: time) -> datetime:
    """Return, in UTC, the first instant of a day at which a clock in London shows this time or later.

    Where the clocks go back the time comes twice, and the first is taken; where they go forward it never comes, and
    the instant of the change is taken. So later civil times of a day are never earlier instants.
    """
    reading = datetime.combine(day, clock, LONDON)
    first = reading.astimezone(UTC)
    if clock.hour != _CHANGING_HOUR:
        return first
    # Inside the hour that never comes the later fold comes out earlier; the change is on the hour.
    second = reading.replace(fold=1).astimezone(UTC)
    return first.replace(minute=0, second=0, microsecond=0) if second < first else first


def say_day(day: date) -> str:
    """Return a date in words: "Wednesday 4 March 2026"."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def say(instant: datetime) -> str:
    """Return an instant in words and civil time: "17:00 on Wednesday 4 March 2026".

    Seconds are dropped, so what is said is never later than what holds. In the hour that comes twice when the clocks
    go back, GMT or BST is added.
    """
    local = civil(instant)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M}{f' {local.tzname()}' if twice else ''} on {say_day(local.date())}"


def say_duration(length: timedelta) -> str:
    """Return a length of time in words, in whole minutes: "7 hours 30 minutes", "0 minutes"."""
    hours, minutes = divmod(length // timedelta(minutes=1), 60)
    parts = [(hours, "hour"), (minutes, "minute")]
    said = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count]
    return " ".join(said) or "0 minutes"
