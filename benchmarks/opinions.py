"""Random deadlines, each worked out by lookup, by its receipt, and by the second opinion: all three have to agree.

``python -m benchmarks opinions [--deadlines N] [--seed N]``. All units and regions, both day-zero rules, office hours
with breaks and at night, days worked, closures; half of the starts lie near a clock change, a year's end or Easter.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import random  # noqa: TID251  chosen by a seed, so that a run can be had again
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from benchmarks import installing
from benchmarks.figures import Figure, Found
from escalations import second_opinion
from escalations.rules import workingtime
from escalations.rules.workingtime import (
    MONDAY_TO_FRIDAY,
    Amount,
    Calendar,
    CalendarExhausted,
    Closure,
    DaysEnd,
    DayZero,
    OfficeHours,
    Region,
    Unit,
    Weekday,
)
from escalations.store import calendars

FIRST_YEAR, LAST_YEAR = 2020, 2032
A_CALENDAR = 250
"""How many deadlines are asked of one calendar; a new one costs an index."""
PER_PROCESS = 10
"""Calendars that a process is given at a time."""
LONGEST = {Unit.WORKING_DAYS: 60, Unit.CALENDAR_DAYS: 90, Unit.WORKING_HOURS: 200, Unit.ELAPSED_HOURS: 400}
SEAMS = ((3, 28), (10, 27), (12, 24), (12, 31), (4, 3), (5, 28))
"""Days near which the clocks change, a year ends, or many days off come together."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A deadline to be worked out."""

    calendar: Calendar
    start: datetime
    amount: Amount


def _happens(chance: random.Random, share: float) -> bool:
    return chance.random() < share


def asked(chance: random.Random, count: int) -> Iterator[Asked]:
    """Give so many random deadlines."""
    calendar = None
    for number in range(count):
        if calendar is None or number % A_CALENDAR == 0:
            calendar = _calendar(chance)
        unit = chance.choice(list(Unit))
        value = chance.randint(1, 5) if _happens(chance, 0.6) else chance.randint(1, LONGEST[unit])  # mostly short
        yield Asked(calendar, _start(chance, calendar), Amount(value=value, unit=unit))


def _calendar(chance: random.Random) -> Calendar:
    hours = chance.choice((OfficeHours(), _hours(chance)))
    year = chance.randint(FIRST_YEAR, LAST_YEAR)
    closures = []
    for _ in range(chance.choice((0, 0, 1, 3))):
        first = date(year, 1, 1) + timedelta(days=chance.randint(0, 700))
        closures.append(Closure(first=first, last=first + timedelta(days=chance.randint(0, 16)), why="of the test"))
    latest = hours.closes.hour * 60 + hours.closes.minute
    close = hours.closes if _happens(chance, 0.7) else _clock(chance.randint(_minutes(hours.opens) + 1, latest))
    return calendars.build(
        chance.choice(list(Region)),
        year,
        years=3,
        closures=closures,
        office_hours=hours,
        close_of_business=close,
        day_zero=chance.choice(list(DayZero)),
        cut_off=None if _happens(chance, 0.7) else _clock(chance.randint(_minutes(hours.opens) + 1, _minutes(close))),
        days_end=chance.choice((DaysEnd.ANY_DAY, DaysEnd.ANY_DAY, DaysEnd.NEXT_WORKING_DAY)),
    )


def _hours(chance: random.Random) -> OfficeHours:
    """Office hours with none, one or two breaks; some by night, so that the clocks change while the office is open."""
    edges = sorted(chance.sample(range(24 * 4), chance.choice((2, 4, 6))))
    clocks = [_clock(edge * 15) for edge in edges]
    days = chance.sample(list(Weekday), chance.randint(1, 7)) if _happens(chance, 0.5) else list(MONDAY_TO_FRIDAY)
    return OfficeHours(
        opens=clocks[0],
        closes=clocks[-1],
        breaks=tuple(zip(clocks[1:-1:2], clocks[2:-1:2], strict=True)),
        weekdays=tuple(days),
    )


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _clock(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)


def _start(chance: random.Random, calendar: Calendar) -> datetime:
    year = chance.randint(calendar.first.year, calendar.last.year - 1)
    if _happens(chance, 0.5):  # a coin
        month, day = chance.choice(SEAMS)
        near = datetime(year, month, day, tzinfo=UTC) + timedelta(minutes=chance.randint(-6 * 1440, 6 * 1440))
    else:
        near = datetime(year, 1, 2, tzinfo=UTC) + timedelta(minutes=chance.randint(0, 363 * 1440))
    seconds = chance.choice((0, 0, 59, chance.randint(0, 59)))
    return near.replace(
        minute=chance.choice((0, near.minute)), second=seconds, microsecond=chance.choice((0, 1, 999_999))
    )


def disagreement(one: Asked, office: second_opinion.Office) -> str | None:
    """Work a deadline out in all three ways, and say where they differ; none where they agree."""
    try:
        due = workingtime.deadline(one.calendar, one.start, one.amount)
    except CalendarExhausted:
        due = None
    try:
        again, marks = second_opinion.count(office, one.start, one.amount.value, one.amount.unit.value)
    except second_opinion.NotCountableError as problem:
        return None if due is None else f"{_said(one)}: not counted again ({problem})"
    if due is None:
        return f"{_said(one)}: past the calendar's end, and counted again {again}"
    receipt = workingtime.receipt(one.calendar, start=one.start, start_event="start", amount=one.amount, rule="soak")
    days = {line.day: (line.mark.value, line.time_counted) for line in receipt.days}
    if not due == receipt.due == again:
        return f"{_said(one)}: {due} by lookup, {receipt.due} by its receipt, {again} counted again"
    return None if days == marks else f"{_said(one)}: the receipt's days differ from those counted again"


def _said(one: Asked) -> str:
    return f"{one.amount.words()} from {one.start} in the calendar {one.calendar.content_hash[:12]}"


def office_of(calendar: Calendar) -> second_opinion.Office:
    """Give what the second opinion knows of a calendar: what is in its JSON."""
    return second_opinion.Office(json.loads(workingtime.canonical_json(calendar)))


def _some(of: tuple[int, int, int]) -> tuple[int, list[str]]:
    seed, part, count = of
    offices: dict[str, second_opinion.Office] = {}
    wrong = []
    for one in asked(random.Random(f"{seed}/{part}"), count):  # noqa: S311  nothing secret
        name = one.calendar.content_hash
        if name not in offices:
            offices[name] = office_of(one.calendar)
        found = disagreement(one, offices[name])
        if found is not None:
            wrong.append(found)
    return count, wrong


def measure(*, deadlines: int, seed: int) -> Found:
    """Work so many out on all cores."""
    part = A_CALENDAR * PER_PROCESS
    counts = [min(part, deadlines - begun) for begun in range(0, deadlines, part)]
    work = zip(itertools.repeat(seed), itertools.count(), counts, strict=False)
    done, wrong = 0, list[str]()
    with installing.progress("deadlines", deadlines) as counting, multiprocessing.Pool() as pool:
        for count, found in pool.imap_unordered(_some, work):
            done, wrong = done + count, [*wrong, *found]
            counting.at(done)
        seconds = counting.seconds
    for one in wrong[:20]:
        print(one)
    return Found(
        "opinions",
        f"{deadlines:,} random deadlines, seed {seed}, by lookup, by receipt and by the second opinion",
        (
            Figure("deadlines on which they differ", len(wrong), "", "0", kept=not wrong),
            Figure("a second", deadlines / max(seconds, 0.001)),
            Figure("cores", os.cpu_count() or 1),
        ),
    )
