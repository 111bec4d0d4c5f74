"""Reading the term dates of schools: a table (CSV) or a calendar (ICS), as days on which they are closed.

A council publishes one or the other, of its holidays or of its terms. What is read is days from first to last with a
name; nothing is guessed of an event that repeats or of a date that two readers would read differently.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from escalations.rules import civilwords
from escalations.rules.civiltime import Closure

LARGEST_FILE = 1024 * 1024
MOST_DAYS = 400
"""Closures in one file: ten years of a school's holidays and single days off."""
LONGEST_CLOSURE = 100
"""Days. A summer holiday has some 45; what is longer is a slip, or a list of terms."""
_COLUMNS: Final = {
    "first": ("first", "first day", "from", "start", "starts", "start date", "begins", "begin"),
    "last": ("last", "last day", "to", "until", "end", "ends", "end date"),
    "why": ("why", "name", "what", "title", "summary", "description", "term", "holiday"),
    "open": ("open",),
}


class NotTermDates(ValueError):
    """A file from which no days can be read; the text says why, and at which line."""


@dataclass(frozen=True, slots=True)
class Days:
    """Days of a school, or of every school of a council."""

    first: date
    last: date
    why: str
    opens: bool = False
    """Whether a school is open on days on which others of its council are closed."""

    @property
    def closure(self) -> Closure:
        """The same as a closure of a calendar."""
        return Closure(first=self.first, last=self.last, why=self.why)


def read(file: Path, *, terms: bool = False, only: Sequence[str] = ()) -> tuple[Days, ...]:
    """The closed days that a file says, the earliest first.

    Args:
        file: a table or a calendar.
        terms: whether it lists the terms; closed is what lies between one and the next.
        only: takes only what has one of these in its name, for a calendar that holds other events too.

    Raises:
        NotTermDates: nothing can be read from it.
    """
    try:
        content = file.read_bytes()
    except OSError as problem:
        raise NotTermDates(f"{file} cannot be read: {problem.strerror}.") from None
    return read_text(_decoded(content, file.name), file.name, terms=terms, only=only)


def read_text(text: str, name: str, *, terms: bool = False, only: Sequence[str] = ()) -> tuple[Days, ...]:
    """The same of a text; ``name`` is what problems call it."""
    found = list(_events(text, name) if "BEGIN:VCALENDAR" in text[:200].upper() else _rows(text, name))
    wanted = [wish.casefold() for wish in only]
    found = [one for one in found if not wanted or any(wish in one.why.casefold() for wish in wanted)]
    if not found:
        raise NotTermDates(f"{name} has no days{' of that name' if only else ''}.")
    found = sorted(set(found), key=lambda one: (one.first, one.last, one.why))
    if terms:
        found = list(_between(found, name))
    if len(found) > MOST_DAYS:
        raise NotTermDates(f"{name} has {len(found)} closures, and at most {MOST_DAYS} are read.")
    for one in found:
        if (one.last - one.first).days >= LONGEST_CLOSURE:
            raise NotTermDates(
                f"{name}: “{one.why}”, {one.first} to {one.last}, is longer than any holiday. If the file lists terms, "
                "say so with --terms."
            )
    return tuple(found)


def _decoded(content: bytes, name: str) -> str:
    if len(content) > LARGEST_FILE:
        raise NotTermDates(f"{name} is larger than a calendar of schools is.")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotTermDates(f"{name} is neither a table as text (CSV) nor a calendar (ICS).")


def _between(terms: list[Days], name: str) -> Iterator[Days]:
    for one, following in pairwise(terms):
        if following.first <= one.last:
            raise NotTermDates(f"{name}: the terms “{one.why}” and “{following.why}” overlap.")
        if following.first > one.last + timedelta(days=1):
            first, last = one.last + timedelta(days=1), following.first - timedelta(days=1)
            yield Days(first, last, f"between {one.why} and {following.why}")


# ---- A table --------------------------------------------------------------------------------------------------------


def _rows(text: str, name: str) -> Iterator[Days]:
    heading, *_ = [line for line in text.splitlines() if line.strip()] or [""]
    rows = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=heading.count), strict=True)
    try:
        numbered = [(number, row) for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]
    except csv.Error as problem:
        raise NotTermDates(f"{name} is not a table: {problem}.") from None
    places = _places(numbered[0][1] if numbered else [], name)
    for number, row in numbered[1:]:
        said = {column: row[place].strip() for column, place in places.items() if place < len(row)}
        try:
            first = civilwords.day(said.get("first", ""))
            last = civilwords.day(said["last"]) if said.get("last") else first
        except ValueError as problem:
            raise NotTermDates(f"{name}, line {number}: {problem}") from None
        opens = said.get("open", "").casefold() in {"yes", "y", "true", "1", "open"}
        yield _days(first, last, said.get("why") or "school holidays", f"{name}, line {number}", opens=opens)


def _places(heading: list[str], name: str) -> dict[str, int]:
    names = [cell.strip().casefold() for cell in heading]
    places = {
        column: names.index(next(one for one in known if one in names))
        for column, known in _COLUMNS.items()
        if any(one in names for one in known)
    }
    if "first" not in places:
        raise NotTermDates(
            f"{name} needs a first line that names its columns: first, last and why; and open, with yes where a school "
            "is open on such days."
        )
    return places


def _days(first: date, last: date, why: str, where: str, *, opens: bool = False) -> Days:
    if last < first:
        raise NotTermDates(f"{where}: “{why}” ends ({last}) before it begins ({first}).")
    return Days(first, last, " ".join(why.split())[:120], opens)


# ---- A calendar (RFC 5545) ------------------------------------------------------------------------------------------

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(T\d{6}Z?)?")


def _events(text: str, name: str) -> Iterator[Days]:
    event: dict[str, str] | None = None
    for line in _unfolded(text):
        key, _, value = line.partition(":")
        key = key.partition(";")[0].strip().upper()
        if (key, value.strip().upper()) == ("BEGIN", "VEVENT"):
            event = {}
        elif (key, value.strip().upper()) == ("END", "VEVENT") and event is not None:
            yield _event(event, name)
            event = None
        elif event is not None:
            event.setdefault(key, value.strip())


def _unfolded(text: str) -> Iterable[str]:
    return re.sub(r"\r?\n[ \t]", "", text).splitlines()


def _event(event: dict[str, str], name: str) -> Days:
    why = re.sub(r"\\(.)", lambda found: " " if found[1] in "nN" else found[1], event.get("SUMMARY", "")).strip()
    why = why or "school holidays"
    where = f"{name}, event “{why}”"
    if "RRULE" in event or "RDATE" in event:
        raise NotTermDates(f"{where} repeats. Write each time of it as an event of its own.")
    first, _ = _ics_day(event.get("DTSTART", ""), where)
    if "DTEND" not in event:
        return _days(first, first, why, where)
    last, whole_day = _ics_day(event["DTEND"], where)
    # The end of an event of whole days is the day after its last.
    return _days(first, max(first, last - timedelta(days=1)) if whole_day else last, why, where)


def _ics_day(text: str, where: str) -> tuple[date, bool]:
    found = _DATE.fullmatch(text)
    try:
        if found is not None:
            return date(int(found[1]), int(found[2]), int(found[3])), found[4] is None
    except ValueError:
        pass
    raise NotTermDates(f"{where}: “{text}” is not a date of a calendar file.")
