"""``escalations deadline``: a deadline alone, with the receipt that a case would show for it.

Questions come as text, one from the command line or many from a table, and are read in one place. What cannot be meant
is said in a sentence; of a table, beside its line, and the other lines are answered.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import pydantic
from rich.console import Console
from rich.table import Table

from escalations import errors
from escalations.packs import term_dates
from escalations.rules import civilwords, workingtime
from escalations.rules.workingtime import (
    Amount,
    Calendar,
    CalendarExhausted,
    Closure,
    DaysEnd,
    DayZero,
    OfficeHours,
    Proof,
    Region,
    Weekday,
)
from escalations.store import calendars

FIRST_YEAR, LAST_YEAR = 2000, 2090
"""Further off nobody knows the bank holidays."""
COLUMNS: Final = (
    "from",
    "within",
    "or by",
    "region",
    "day zero",
    "closures",
    "office hours",
    "weekdays",
    "close",
    "cut off",
    "calendar days end",
    "event",
    "rule",
)
"""What a table may hold; the first two it has to."""
ANSWERS: Final = ("due", "due in words", "receipt hash", "error")
"""What is added to a table."""
Code = TypeVar("Code", bound=StrEnum)
Read = TypeVar("Read")


class NoDeadline(errors.FinalTheirs):
    """A deadline cannot be worked out from what was asked; the text says why, and what to write instead."""

    code = "no_deadline"


@dataclass(frozen=True, slots=True)
class Question:
    """What a deadline is asked of."""

    start: datetime
    amounts: tuple[Amount, ...]
    """Of more than one, whichever is sooner."""
    calendar: Calendar
    or_by: datetime | None
    event: str
    rule: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A deadline with the receipts that it rests on: one for each amount, the earliest of which counts."""

    due: datetime
    proofs: tuple[Proof, ...]
    or_by: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Everything, for a machine; `second_opinion.py` reads it."""
        return {
            "due": self.due.isoformat().replace("+00:00", "Z"),
            "due_words": workingtime.say(self.due),
            "or_by": self.or_by.isoformat().replace("+00:00", "Z") if self.or_by else None,
            "receipts": [proof.model_dump(mode="json") for proof in self.proofs],
        }


def read(said: Mapping[str, str]) -> Question:
    """Read a question from what was typed for each of ``COLUMNS``; what is empty has not been said.

    Raises:
        NoDeadline: with every sentence at once.
    """
    return _Reading({name: text.strip() for name, text in said.items() if text.strip()}).question()


class _Reading:
    """Reads one question, and gathers what is wrong with it."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said
        self._wrong: list[str] = []

    def question(self) -> Question:
        self._wrong += [
            f'"{name}" is empty: it has to say {needed}.' for name, needed in _NEEDED.items() if name not in self._said
        ]
        start = self._read("from", _moment)
        amounts = self._read("within", _amounts) or ()
        or_by = self._read("or by", civilwords.moment)
        region = self._read("region", lambda text: _one_of(Region, text, "a region")) or Region.ENGLAND_AND_WALES
        day_zero = self._read("day zero", lambda text: _one_of(DayZero, text, "a day-zero rule")) or DayZero.NEXT
        closures = self._read("closures", _closures) or ()
        weekdays = self._read("weekdays", _weekdays)
        hours = self._read("office hours", lambda text: civilwords.office_hours(text, weekdays=weekdays))
        if hours is None:
            hours = OfficeHours() if weekdays is None else OfficeHours(weekdays=weekdays)
        close = self._read("close", civilwords.clock) or hours.closes
        cut_off = self._read("cut off", civilwords.clock)
        days_end = self._read("calendar days end", lambda text: _one_of(DaysEnd, text, "a day on which they end"))
        calendar = None
        if start is not None and not self._wrong:
            counted = _Counted(region, day_zero, closures, hours, close, cut_off, days_end or DaysEnd.ANY_DAY)
            calendar = self._calendar(start, counted)
        if self._wrong or start is None or calendar is None:
            raise NoDeadline(" ".join(self._wrong))
        event, rule = self._said.get("event", "the start given"), self._said.get("rule", "as asked")
        return Question(start, amounts, calendar, or_by, event, rule)

    def _read(self, name: str, reader: Callable[[str], Read]) -> Read | None:
        if name not in self._said:
            return None
        try:
            return reader(self._said[name])
        except ValueError as problem:
            self._wrong.append(_sentence(problem))
            return None

    def _calendar(self, start: datetime, counted: _Counted) -> Calendar | None:
        try:
            calendar = _calendar(counted, workingtime.civil(start).year)
        except ValueError as problem:
            self._wrong.append(_sentence(problem))
            return None
        for one in counted.closures:
            if one.last < calendar.first or calendar.last < one.first:
                self._wrong.append(
                    f"The closure from {one.first} to {one.last} lies outside the calendar, which covers "
                    f"{workingtime.say_day(calendar.first)} to {workingtime.say_day(calendar.last)}. Check the year."
                )
        return calendar


_NEEDED = {"from": "when the time begins, such as 2027-03-26T15:30", "within": "how long, such as 3 working days"}


class _Counted(NamedTuple):
    """How time is counted, as it was asked for."""

    region: Region
    day_zero: DayZero
    closures: tuple[Closure, ...]
    hours: OfficeHours
    close: time
    cut_off: time | None
    days_end: DaysEnd


@lru_cache(maxsize=64)
def _calendar(counted: _Counted, year: int) -> Calendar:
    """The calendar that a case received in this year is frozen to, with what was asked for besides."""
    return calendars.build(
        counted.region,
        year,
        day_zero=counted.day_zero,
        closures=counted.closures,
        office_hours=counted.hours,
        close_of_business=counted.close,
        cut_off=counted.cut_off,
        days_end=counted.days_end,
    )


def _moment(text: str) -> datetime:
    start = civilwords.moment(text)
    if not FIRST_YEAR <= workingtime.civil(start).year <= LAST_YEAR:
        sentence = (
            f'"{text}" is outside {FIRST_YEAR} to {LAST_YEAR}: further off nobody knows the bank holidays. '
            "Check the year."
        )
        raise ValueError(sentence)
    return start


def _amounts(text: str) -> tuple[Amount, ...]:
    return tuple(Amount.parse(part) for part in text.split(" or "))


def closed_days(file: Path | None) -> tuple[str, ...]:
    """The closures of a file of term dates or holidays, as they are typed.

    Raises:
        NoDeadline: they cannot be read.
    """
    if file is None:
        return ()
    try:
        days = term_dates.read(file)
    except term_dates.NotTermDates as problem:
        raise NoDeadline(str(problem)) from None
    return tuple(f"{one.first}..{one.last}={one.why.replace(';', ',')}" for one in days if not one.opens)


def _closures(text: str) -> tuple[Closure, ...]:
    return tuple(civilwords.closure(part) for part in text.split(";") if part.strip())


def _weekdays(text: str) -> tuple[Weekday, ...]:
    return tuple(_one_of(Weekday, part, "a day of the week") for part in text.split(","))


def _one_of(vocabulary: type[Code], text: str, what: str) -> Code:
    said = "-".join(text.lower().split())
    said = said if said in list(vocabulary) else said.replace("-", "_")
    try:
        return vocabulary(said)
    except ValueError:
        near = difflib.get_close_matches(said, list(vocabulary), n=1)
        asked = f' Did you mean "{near[0]}"?' if near else ""
        sentence = f'"{text.strip()}" is not {what}: write one of {", ".join(vocabulary)}.{asked}'
        raise ValueError(sentence) from None


def _sentence(problem: ValueError) -> str:
    if not isinstance(problem, pydantic.ValidationError):
        return str(problem)
    found = problem.errors()[0]
    if found["loc"] == ("value",):
        return f"{found['input']} is not a number of hours or days: write one from 1 to 100,000."
    return found["msg"].removeprefix("Value error, ")


def answer(question: Question) -> Answer:
    """Work a deadline out, twice: by lookup, and day by day for the receipt.

    Raises:
        NoDeadline: it lies outside the calendar.
    """
    calendar, start = question.calendar, question.start
    try:
        due = workingtime.earliest(calendar, start, question.amounts, or_by=question.or_by)
    except CalendarExhausted as past:
        raise NoDeadline(str(past).removesuffix(" Extend it first.")) from None
    proofs = []
    for amount in question.amounts:
        try:
            counted = workingtime.receipt(
                calendar, start=start, start_event=question.event, amount=amount, rule=question.rule
            )
        except CalendarExhausted:
            continue  # past the calendar's end, and so not the sooner one
        proofs.append(workingtime.prove(calendar, counted))
    return Answer(due, tuple(proofs), question.or_by)


def show(said: Mapping[str, str], console: Console, *, as_json: bool) -> None:
    """Answer one question: to read, or for a machine.

    Raises:
        NoDeadline: it cannot be answered; says why.
    """
    question = read(said)
    found = answer(question)
    if as_json:
        console.file.write(json.dumps(found.as_json(), ensure_ascii=False, indent=2) + "\n")
        return
    for proof in found.proofs:
        _show(proof, console)
    if found.or_by is not None:
        console.print(f"Or by {workingtime.say(found.or_by)}, if that is sooner.")
    sooner = len(found.proofs) + (found.or_by is not None) > 1
    console.print(f"[bold]{'The sooner: due' if sooner else 'Due'} {workingtime.say(found.due)}[/bold]")


def _show(proof: Proof, console: Console) -> None:
    counted = proof.receipt
    console.print(f"{counted.amount.words()} from {counted.start_event}, {counted.start_words} ({counted.rule})")
    table = Table(expand=False)
    table.add_column("Day", no_wrap=True)
    table.add_column("Counts", no_wrap=True)
    table.add_column("Why", overflow="fold")
    for line in counted.days:
        table.add_row(f"{line.day:%Y-%m-%d} {_SHORT[line.day.weekday()]}", "yes" if line.counted else "-", line.words)
    console.print(table)
    hours = ", ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in proof.calendar.office_hours.spells())
    console.print(
        f"Ends {counted.due_words}. Calendar of {counted.region.words()}; day zero: {counted.day_zero.value}; office "
        f"hours {hours}; close of business {counted.close_of_business:%H:%M}{counted.more()}; bank holidays of "
        f"holidays {counted.holidays_version}, clock changes of tzdata {counted.tzdata_version}."
    )
    console.print(f"Receipt {proof.receipt_hash}")


_SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Answered:
    """A table with its answers."""

    text: str
    lines: int
    wrong: int


def answer_table(file: Path, said: Mapping[str, str]) -> Answered:
    """Answer every line of a table. What is said on the command line holds where a line says nothing.

    Raises:
        NoDeadline: it is no table of deadlines.
    """
    rows = csv.reader(io.StringIO(_text_of(file)), _dialect(_text_of(file)))
    heading = next((row for row in rows if any(cell.strip() for cell in row)), [])
    names = [" ".join(cell.lower().replace("_", " ").replace("-", " ").split()) for cell in heading]
    _look_at_heading(file, names, said)
    kept = [place for place, name in enumerate(names) if name not in ANSWERS]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*(heading[place] for place in kept), *ANSWERS])
    lines = wrong = 0
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        found = _answer_row(names, row, said)
        lines, wrong = lines + 1, wrong + bool(found[-1])
        writer.writerow([*(row[place] if place < len(row) else "" for place in kept), *found])
    return Answered(out.getvalue(), lines, wrong)


def _answer_row(names: list[str], row: list[str], said: Mapping[str, str]) -> tuple[str, str, str, str]:
    if len(row) > len(names):
        return "", "", "", f"This line has {len(row)} cells, and the heading {len(names)}."
    line = {name: text for name, text in zip(names, row, strict=False) if name in COLUMNS and text.strip()}
    try:
        found = answer(read({**said, **line}))
    except NoDeadline as problem:
        return "", "", "", str(problem)
    # Where two are asked for, the receipt of the one that counts; a moment that somebody gave has none.
    counts = [proof.receipt_hash for proof in found.proofs if proof.receipt.due == found.due][:1]
    civil = workingtime.civil(found.due).isoformat(timespec="auto")
    return civil, workingtime.say(found.due), "".join(counts), ""


def _look_at_heading(file: Path, names: list[str], said: Mapping[str, str]) -> None:
    missing = [name for name in _NEEDED if name not in names and name not in said]
    if missing:
        there = ", ".join(filter(None, names)) or "nothing"
        raise NoDeadline(
            f"{file.name} needs a first line that names its columns, {' and '.join(missing)} among them, and it names "
            f"{there}. The columns that are read are: {', '.join(COLUMNS)}."
        )
    twice = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    if twice:
        raise NoDeadline(f"{file.name} names the column {twice[0]} twice; keep one.")


def _text_of(file: Path) -> str:
    try:
        found = file.read_bytes()
    except OSError as problem:
        raise NoDeadline(f"{file} cannot be read: {problem.strerror}.") from None
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return found.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NoDeadline(f"{file.name} is not a table as text: save it as CSV.")


def _dialect(text: str) -> type[csv.Dialect]:
    """Commas, or what a spreadsheet of another country writes in their place."""
    heading = next((line for line in text.splitlines() if line.strip()), "")

    class Written(csv.excel):
        delimiter = max(",;\t", key=heading.count)

    return Written
