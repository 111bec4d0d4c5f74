"""The year that a review is about: twelve months, from April unless an installation says otherwise.

A partnership's year is the financial year (the yearly report of a safeguarding partnership covers April to March).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from escalations.rules import workingtime

APRIL: Final = 4
EARLIEST: Final = 2000
"""Before the local boards there was nobody to review a year; see ``policy.EARLIEST_ADOPTION``."""
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_WRITTEN = re.compile(r"(\d{4})(?:\s*[/\-–]\s*(\d{2}|\d{4}))?")
_LONG = 4


@dataclass(frozen=True, slots=True)
class WrongYear:
    """A year that there is no review of, with a sentence that whoever asked can act on."""

    sentence: str


@dataclass(frozen=True, slots=True, order=True)
class Year:
    """Twelve months, by the calendar year in which they begin."""

    begins_in: int
    starts_in: int = APRIL
    """The month."""

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.begins_in, self.starts_in, 1)

    @property
    def after(self) -> date:
        """The first day that is no longer of it."""
        return date(self.begins_in + 1, self.starts_in, 1)

    @property
    def begins(self) -> datetime:
        """The instant, midnight in London, at which it begins."""
        return workingtime.instant_of(self.first, time(0))

    @property
    def ends(self) -> datetime:
        """The instant at which the next one begins; no longer of it."""
        return workingtime.instant_of(self.after, time(0))

    @property
    def key(self) -> str:
        """How it stands in addresses and file names."""
        return str(self.begins_in)

    @property
    def short(self) -> str:
        """As people write it: 2025/26, or 2025 where it is a calendar year."""
        return self.key if self.starts_in == 1 else f"{self.begins_in}/{(self.begins_in + 1) % 100:02}"

    @property
    def words(self) -> str:
        """Its months: April 2025 to March 2026."""
        last_month = MONTHS[self.starts_in - 2]
        last_year = self.begins_in if self.starts_in == 1 else self.begins_in + 1
        return f"{MONTHS[self.starts_in - 1]} {self.begins_in} to {last_month} {last_year}"

    @property
    def before(self) -> Year:
        """The year before it."""
        return Year(self.begins_in - 1, self.starts_in)

    def holds(self, moment: datetime | None) -> bool:
        """Whether a moment lies in it; none does not."""
        return moment is not None and self.begins <= moment < self.ends


def of(moment: datetime, *, starts_in: int = APRIL) -> Year:
    """The year that a moment lies in."""
    day = workingtime.civil(moment).date()
    return Year(day.year if day.month >= starts_in else day.year - 1, starts_in)


def read(text: str, *, now: datetime, starts_in: int = APRIL) -> Year | WrongYear:
    """The year that somebody wrote: 2025, 2025/26 or 2025-26 for the one that begins in April 2025."""
    written = _WRITTEN.fullmatch(text.strip())
    example = of(now, starts_in=starts_in).before
    if written is None:
        return WrongYear(f"That is not a year. Write {example.key} for {example.words}.")
    begins, ends = int(written[1]), written[2]
    year = Year(begins, starts_in) if EARLIEST <= begins < date.max.year - 1 else None
    if year is None or (ends is not None and not _goes_with(begins, ends, starts_in)):
        return WrongYear(f"There is no such year here. Write {example.key} for {example.words}.")
    if year.begins > now:
        return WrongYear(
            f"{year.short} has not begun: it begins on {workingtime.say_day(year.first)}. "
            f"Write {example.key} for {example.words}."
        )
    return year


def _goes_with(begins: int, ends: str, starts_in: int) -> bool:
    following = begins + (starts_in != 1)
    return int(ends) == (following if len(ends) == _LONG else following % 100)
