"""Which cases a year's figures are about, and what every measure asks of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from escalations.policy import Awaits, Side, Track
from escalations.review import words
from escalations.review.dataset import NOT_KNOWN, NOT_THEIRS, UNCOUNTED, CaseRecord, ClockSpan, Known
from escalations.review.figures import SMALL, Audience, Bars, Column, Mark, Part, Row, Share, Table
from escalations.review.years import Year
from escalations.rules import workingtime

Code = TypeVar("Code", bound=StrEnum)
NOTIFIED = "cases notified in the year"
BOTH = (
    Column("notified", "Notified"),
    Column("settled_before", "Settled before notification (new)"),
)
"""The two groups that are never added up: what settled early was not counted in earlier years' reports."""
ONE = (("cases", Mark.FILLED, "one case"),)


@dataclass(frozen=True, slots=True)
class Timed:
    """A clock with the case that it belongs to, and how long what it waited for took."""

    case: CaseRecord
    clock: ClockSpan
    took: float | None
    """In working days, or in hours where the clock runs in hours; none where it never came."""
    unpaused: float | None
    """The same without the time for which the case was paused."""


@dataclass(frozen=True, slots=True)
class View:
    """One year of what is known, for one audience."""

    known: Known
    year: Year
    audience: Audience = Audience.PARTNERSHIP
    notified: tuple[CaseRecord, ...] = field(init=False)
    """Those that the partnership was told of in the year: to these the year's figures belong."""
    settled_before: tuple[CaseRecord, ...] = field(init=False)
    """Those that ended in the year before the policy would have told the partnership."""

    def __post_init__(self) -> None:
        """Sort the cases into the year's two groups."""
        year = self.year
        notified = tuple(case for case in self.known.cases if year.holds(case.notified_at))
        before = tuple(case for case in self.known.cases if case.notified_at is None and year.holds(case.closed_at))
        object.__setattr__(self, "notified", notified)
        object.__setattr__(self, "settled_before", before)

    @property
    def cases(self) -> tuple[CaseRecord, ...]:
        """Both groups."""
        return (*self.notified, *self.settled_before)

    @property
    def groups(self) -> tuple[tuple[CaseRecord, ...], tuple[CaseRecord, ...]]:
        """The two groups, in the order of `BOTH`."""
        return self.notified, self.settled_before

    @property
    def types(self) -> tuple[str, ...]:
        """Every type of the directory, and of the cases, in the order of their words."""
        there = {agency.agency_type for agency in self.known.agencies.values()} - {UNCOUNTED}
        if any(not self.raised_by_known(case) for case in self.cases):
            there.add(NOT_KNOWN)
        there |= {one for case in self.cases for one in self.types_of(case)}
        return tuple(sorted(there, key=lambda code: (code == NOT_KNOWN, words.agency_type(code))))

    @property
    def raising_types(self) -> tuple[str, ...]:
        """The same, and last what was raised in the name of an agency that says it is not its own."""
        return (*self.types, NOT_THEIRS) if any(case.disowned for case in self.cases) else self.types

    def raising_type(self, case: CaseRecord) -> str:
        """The type of the agency that raised a case, as far as that is its own."""
        return NOT_THEIRS if case.disowned else self.known.type_of(case.raising_agency)

    def raised_by_known(self, case: CaseRecord) -> bool:
        """Whether the raising agency stands in the directory."""
        return case.raising_agency in self.known.agencies

    def types_of(self, case: CaseRecord) -> tuple[str, ...]:
        """The types that a case was raised with, each once."""
        return tuple(dict.fromkeys(self.known.type_of(agency) for agency in case.responding_agencies))

    def agencies_of(self, agency_type: str) -> int:
        """How many agencies of a type existed at some time in the year."""
        return sum(
            1
            for agency in self.known.agencies.values()
            if agency.agency_type == agency_type
            and agency.active_from < self.year.after
            and (agency.active_to is None or agency.active_to >= self.year.first)
        )

    def clocks(self, cases: Iterable[CaseRecord], *awaits: Awaits, track: Track | None = None) -> tuple[Timed, ...]:
        """The clocks of these cases that waited for one of these."""
        return tuple(
            Timed(
                case, clock, took(case, clock), took(case, clock, unpaused=True) if case.pauses else took(case, clock)
            )
            for case in cases
            for clock in case.clocks
            if clock.awaits in awaits and (track is None or clock.track is track)
        )


def took(case: CaseRecord, clock: ClockSpan, *, unpaused: bool = False) -> float | None:
    """How long what a clock waited for took: in working days; in hours on the urgent track and of the team."""
    if clock.answered_at is None:
        return None
    in_hours = clock.waits_for is Side.TEAM
    return _length(case, clock.started_at, clock.answered_at, clock.track, in_hours=in_hours, unpaused=unpaused)


def whole(case: CaseRecord, *, unpaused: bool = False) -> float | None:
    """How long a case took from receipt until it was settled or decided; none where it was not."""
    if case.settled_at is None:
        return None
    return _length(case, case.received_at, case.settled_at, case.track, in_hours=False, unpaused=unpaused)


def _length(
    case: CaseRecord, start: datetime, end: datetime, track: Track, *, in_hours: bool, unpaused: bool
) -> float | None:
    total = _amount(case, start, end, track, in_hours=in_hours)
    if total is None or not unpaused:
        return None if total is None else _tenths(total)
    for pause in case.pauses:
        first, last = max(start, pause.at), min(end, pause.until or end)
        total -= (_amount(case, first, last, track, in_hours=in_hours) or 0.0) if first < last else 0.0
    return _tenths(max(total, 0.0))


def _amount(case: CaseRecord, start: datetime, end: datetime, track: Track, *, in_hours: bool) -> float | None:
    spent = between(case, start, end)
    if spent is None:
        return None
    if track is Track.URGENT:
        return spent.elapsed.total_seconds() / 3600
    return spent.worked.total_seconds() / 3600 if in_hours else spent.worked / spent.working_day


def between(case: CaseRecord, start: datetime, end: datetime) -> workingtime.WorkingTime | None:
    """The time between two moments in the calendar that a case is frozen to; none past that calendar's end."""
    try:
        return workingtime.working_time_between(case.frame.calendar, start, max(start, end))
    except workingtime.CalendarExhausted:
        return None


def _tenths(value: float) -> float:
    """To a tenth, a half upwards: what a person with a calendar and a pencil would write."""
    return int(value * 10 + 0.5 + 1e-9) / 10


def median(values: Sequence[float], *, cases: int) -> float | None:
    """The middle one, or halfway between the two in the middle; none below `SMALL` cases."""
    if cases < SMALL or not values:
        return None
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else _tenths((ordered[half - 1] + ordered[half]) / 2)


def ninetieth(values: Sequence[float], *, cases: int) -> float | None:
    """The smallest value that at least nine in ten do not exceed; none below `SMALL` cases."""
    if cases < SMALL or not values:
        return None
    return sorted(values)[-(-len(values) * 9 // 10) - 1]


def distinct(timed: Iterable[Timed]) -> int:
    """On how many cases these clocks rest."""
    return len({one.case.reference for one in timed})


def share(timed: Sequence[Timed], verdict: Callable[[ClockSpan], bool | None]) -> Share:
    """How many of those that can be judged were in time."""
    judged = [one for one in timed if verdict(one.clock) is not None]
    return Share(sum(1 for one in judged if verdict(one.clock)), len(judged), distinct(judged))


def by_code(
    view: View,
    said: Mapping[Code, str],
    code_of: Callable[[CaseRecord], Code | None],
    *,
    none: tuple[str, str] | None = None,
) -> Table:
    """Count the cases of both groups by a code, with zeros; and those without one, where that can be."""
    codes: list[tuple[Code | None, str, str]] = [(code, str(code.value), text) for code, text in said.items()]
    if none is not None:
        codes.append((None, *none))
    rows = tuple(
        Row(key, label, tuple(sum(1 for case in group if code_of(case) == code) for group in view.groups))
        for code, key, label in codes
    )
    return Table(
        rests_on=len(view.notified), of=NOTIFIED, columns=BOTH, rows=rows, chart=dots((row.label, row) for row in rows)
    )


def dots(rows: Iterable[tuple[str, Row]]) -> Bars:
    """A chart of the first column: the cases notified, without the rows that have none."""
    return Bars(
        tuple((label, (Part("cases", int(first)),)) for label, row in rows if (first := _number(row.cells[0])) > 0),
        ONE,
    )


def _number(cell: object) -> int:
    return cell.count if isinstance(cell, Share) else cell if isinstance(cell, int) else 0


def as_cases(count: int) -> str:
    """So many cases, in words."""
    return words.counted(count, "case")
