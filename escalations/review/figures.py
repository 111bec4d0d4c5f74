"""What a review is made of: figures in sections, each with its definition, its table, and how many cases it rests on.

A figure is data. How it looks on a page, in a terminal, as CSV or as JSON is decided elsewhere, and no other number
than these is shown anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from escalations.review.years import Year

SMALL: Final = 20
"""Below so many cases: "7 of 11" and a dot for each, and no percentages, percentiles or rates (rules of practice)."""
FEW: Final = 30
"""Below so many cases the public report drops breakdowns (rules of practice)."""


class Audience(StrEnum):
    """For whom a review is made."""

    PARTNERSHIP = "partnership"
    """All figures; not for publication."""
    AGENCY = "agency"
    """One agency: the cases that it raised or that were raised with it."""
    PUBLIC = "public"


class Section(StrEnum):
    """The parts of a review, in their order: what can be trusted first, counts last (rules of practice)."""

    QUALITY = "quality"
    CHILDREN = "children"
    LEARNT = "learnt"
    ACTIONS = "actions"
    PROCESS = "process"
    COUNTS = "counts"


HEADINGS: Final = {
    Section.QUALITY: "How far these figures can be trusted",
    Section.CHILDREN: "What changed for children",
    Section.LEARNT: "What was learnt and changed",
    Section.ACTIONS: "Last year’s actions",
    Section.PROCESS: "How the process worked, and for whom",
    Section.COUNTS: "How many",
}


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; a percentage only where it rests on enough cases."""

    count: int
    of: int
    cases: int
    """On how many cases it rests; one case can have several clocks."""

    @property
    def percent(self) -> int | None:
        """Whole per cent, a half upwards; none below `SMALL` cases."""
        return None if self.cases < SMALL or not self.of else (200 * self.count + self.of) // (2 * self.of)

    def words(self) -> str:
        """As people read it: 7 of 11, or 78 of 104 (75%)."""
        said = f"{self.count} of {self.of}"
        return said if self.percent is None else f"{said} ({self.percent}%)"


Cell = int | float | str | Share | None
"""What stands in a table: a count, a length of time in the column's unit, words, a share, or nothing to be said."""


class Unit(StrEnum):
    """What the numbers of a column count."""

    CASES = "cases"
    AGENCIES = "agencies"
    TIMES = "times"
    """Clocks, questions, notices: a case can have several."""
    WORKING_DAYS = "working days"
    WORKING_HOURS = "working hours"
    HOURS = "hours"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    key: str
    label: str
    unit: Unit = Unit.CASES


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    key: str
    label: str
    cells: tuple[Cell, ...]
    definition: str = ""
    """What is meant by it, where it is an entry of a list."""


class Mark(StrEnum):
    """How a part of a chart is drawn. Shape and filling tell them apart without colour."""

    FILLED = "filled"
    RING = "ring"
    SQUARE = "square"


@dataclass(frozen=True, slots=True)
class Part:
    """So many cases of one kind in a row of a chart."""

    key: str
    """Of the kind, as in the legend."""
    count: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Rows of counts: a dot for each where they are few, bars where they are many."""

    rows: tuple[tuple[str, tuple[Part, ...]], ...]
    legend: tuple[tuple[str, Mark, str], ...]
    """Each kind: its key, its mark, its words."""


@dataclass(frozen=True, slots=True)
class Strips:
    """Lengths of time along a line, one line for each row; whether each was in time is its mark."""

    rows: tuple[tuple[str, tuple[tuple[float, bool | None], ...]], ...]
    unit: Unit


Chart = Bars | Strips


@dataclass(frozen=True, slots=True)
class Table:
    """What a measure found."""

    rests_on: int
    """How many cases it rests on."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    says: tuple[str, ...] = ()
    """What can be said of it in sentences."""
    chart: Chart | None = None
    of: str = "cases"
    """What the cases are that it rests on, in words: "cases notified in the year"."""

    @property
    def rests(self) -> str:
        """On how many of what it rests, in words: 1 case, 2 cases."""
        of = f"case{self.of.removeprefix('cases')}" if self.rests_on == 1 and self.of.startswith("cases") else self.of
        return f"Rests on {self.rests_on:,} {of}."


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one year."""

    id: str
    title: str
    section: Section
    definition: str
    """What is counted and how, and where that rule comes from."""
    table: Table
    breakdown: bool


@dataclass(frozen=True, slots=True)
class Review:
    """The review of one year, for one audience."""

    year: Year
    audience: Audience
    agency: str | None
    position: int
    known_at: datetime
    cases: int
    """How many cases belong to the year: notified in it, or settled before notification in it."""
    says: tuple[str, ...]
    """What goes before everything: the caveat, and what kind of year it is."""
    figures: tuple[Figure, ...]

    def of(self, section: Section) -> tuple[Figure, ...]:
        """The figures of one section."""
        return tuple(figure for figure in self.figures if figure.section is section)

    def figure(self, figure_id: str) -> Figure:
        """One figure. Raises ``KeyError`` where this review has none of that id."""
        for figure in self.figures:
            if figure.id == figure_id:
                return figure
        raise KeyError(figure_id)
