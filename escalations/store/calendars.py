"""Calendars built from the `holidays` package, ready to be frozen with a case.

Not part of the rules: what comes out depends on the packages installed, and says which. A case never asks again; it
carries the calendar that it was opened with, by the hash of its content.
"""

from collections.abc import Sequence
from datetime import date, time
from importlib import metadata
from typing import Annotated

import holidays
from pydantic import BaseModel, Field, field_validator

from escalations.rules.civiltime import Calendar, Closure, DaysEnd, DayZero, OfficeHours, Region

# England stands for England and Wales: their lists are the same by law, and a test says so of every year we build.
_SUBDIVISIONS = {Region.ENGLAND_AND_WALES: "ENG", Region.SCOTLAND: "SCT", Region.NORTHERN_IRELAND: "NIR"}

# The names on gov.uk/bank-holidays, which people know, for those that the package words otherwise.
_GOV_UK_NAMES = {
    "New Year Holiday": "2nd January",
    "Saint Patrick's Day": "St Patrick's Day",
    "May Day": "Early May bank holiday",
    "Spring Bank Holiday": "Spring bank holiday",
    "Battle of the Boyne": "Battle of the Boyne (Orangemen's Day)",
    "Summer Bank Holiday": "Summer bank holiday",
    "Late Summer Bank Holiday": "Summer bank holiday",
    "Saint Andrew's Day": "St Andrew's Day",
}

_SATURDAY = 5


class ExtraHoliday(BaseModel, frozen=True, extra="forbid"):
    """A bank holiday that the software does not know: proclaimed for one year, say."""

    day: date
    name: Annotated[str, Field(min_length=1, max_length=80)]


class DaysOff(BaseModel, frozen=True, extra="forbid"):
    """What an installation says of its own days, beside the bank holidays that come with the software."""

    bank_holidays: Annotated[tuple[ExtraHoliday, ...], Field(max_length=200)] = ()
    not_bank_holidays: Annotated[tuple[date, ...], Field(max_length=200)] = ()
    """Days that the software takes for bank holidays and that are none: one that was moved, say."""
    closures: Annotated[tuple[Closure, ...], Field(max_length=400)] = ()
    """Days on which the partnership's offices are closed, first to last."""

    @field_validator("bank_holidays")
    @classmethod
    def _once(cls, given: tuple[ExtraHoliday, ...]) -> tuple[ExtraHoliday, ...]:
        if len({one.day for one in given}) != len(given):
            sentence = "a bank holiday is listed twice: give each date once, with one name"
            raise ValueError(sentence)
        return given

    def on(self, calendar: Calendar) -> Calendar:
        """A calendar with these days, as far as it reaches: what lies outside it leaves its hash as it is."""
        known = dict(calendar.bank_holidays)
        for day in self.not_bank_holidays:
            known.pop(day, None)
        known.update({one.day: one.name for one in self.bank_holidays if calendar.first <= one.day <= calendar.last})
        closures = tuple(one for one in self.closures if one.first <= calendar.last and one.last >= calendar.first)
        if (tuple(sorted(known.items())), closures) == (calendar.bank_holidays, ()):
            return calendar
        return calendar.model_copy(
            update={"bank_holidays": tuple(known.items()), "closures": (*calendar.closures, *closures)}
        )


NO_DAYS_OFF = DaysOff()

_NINE_TO_FIVE = OfficeHours()


def build(
    region: Region,
    first_year: int,
    *,
    years: int = 6,
    years_before: int = 1,
    closures: Sequence[Closure] = (),
    office_hours: OfficeHours = _NINE_TO_FIVE,
    close_of_business: time = time(17),
    day_zero: DayZero = DayZero.NEXT,
    cut_off: time | None = None,
    days_end: DaysEnd = DaysEnd.ANY_DAY,
) -> Calendar:
    """Return the calendar of a region for a case opened in `first_year`: that year, and five more unless told.

    It begins `years_before` whole years earlier, because what happened in December is often entered in January, and
    its clock is counted from when it happened. Raises ValueError for fewer than one year.
    """
    if years < 1 or years_before < 0:
        sentence = "A calendar covers at least one year, from the year of opening on."
        raise ValueError(sentence)
    first, last = first_year - years_before, first_year + years - 1
    return Calendar(
        region=region,
        first=date(first, 1, 1),
        last=date(last, 12, 31),
        bank_holidays=_bank_holidays(region, first, last),
        closures=tuple(closures),
        office_hours=office_hours,
        close_of_business=close_of_business,
        day_zero=day_zero,
        cut_off=cut_off,
        days_end=days_end,
        holidays_version=metadata.version("holidays"),
        tzdata_version=metadata.version("tzdata"),
    )


def _bank_holidays(region: Region, first: int, last: int) -> tuple[tuple[date, str], ...]:
    listed = holidays.country_holidays(
        "GB", subdiv=_SUBDIVISIONS[region], years=range(first, last + 1), observed=True, language="en_GB"
    )
    # The package lists a holiday on a weekend and its substitute; the government lists the substitute alone. For an
    # office that works at weekends the difference is a working day, so the government's list is the one that counts.
    return tuple((day, _name(name)) for day, name in sorted(listed.items()) if _counts(day, first, last))


def _counts(day: date, first: int, last: int) -> bool:
    # A substitute day may fall into the year after, which the package adds to its list unasked.
    return day.weekday() < _SATURDAY and first <= day.year <= last


def _name(name: str) -> str:
    return "; ".join(_one_name(part) for part in name.split("; "))


def _one_name(name: str) -> str:
    plain = name.removesuffix(" (observed)")
    known = _GOV_UK_NAMES.get(plain, plain)
    return known if plain == name else f"{known} (substitute day)"
