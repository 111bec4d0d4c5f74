"""A second opinion on a deadline, for anybody who does not want to take ours.

    python second_opinion.py receipt.json        (or - for standard input)

It reads receipts as `escalations deadline --json` and `escalations policy explain --json` print them, or any JSON with
such receipts in it, and counts each deadline again: by another method (step by step over hours and days, with the
summer-time rule of 1996 written out), with nothing but Python 3.9 or newer, and without a list of bank holidays or
closures of its own: it takes those of the receipt, so that you can hold the few that matter against
gov.uk/bank-holidays yourself. Copy this one file anywhere.

It prints "Agreed" or each difference. The exit status is 0 where all agree, 1 where anything differs, and 2 where there
was nothing that it could count.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias  # newer than 3.9

    Marks: TypeAlias = dict[date, "tuple[str, timedelta | None]"]
    """For each day what becomes of it, and how much of it counted."""

UTC = timezone.utc  # noqa: UP017  older than datetime.UTC
HOUR, DAY, NONE = timedelta(hours=1), timedelta(days=1), timedelta(0)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DIFFERS, NOTHING_COUNTED = 1, 2
"""Exit codes."""
FIRST_YEAR = 1996
"""Since then the clocks have changed by the rule below."""


class NotCountableError(ValueError):
    """A receipt that cannot be counted again; says why."""


# ---- The clock in London --------------------------------------------------------------------------------------------


def change(year: int, month: int) -> datetime:
    """Return when the clocks change: at 01:00 UTC on the last Sunday of March, and of October."""
    last = date(year, month, 31)
    return datetime(year, month, 31, 1, tzinfo=UTC) - DAY * ((last.weekday() + 1) % 7)


def is_summer(instant: datetime) -> bool:
    """Whether summer time holds at an instant."""
    return change(instant.year, 3) <= instant < change(instant.year, 10)


def on_the_clock(instant: datetime) -> datetime:
    """Return what a clock in London shows, without a zone."""
    return (instant + (HOUR if is_summer(instant) else NONE)).replace(tzinfo=None)


def instant_of(day: date, clock: time) -> datetime:
    """Return the first instant of a day at which a clock in London shows this time, or a later one."""
    shown = datetime.combine(day, clock).replace(tzinfo=UTC)
    if is_summer(shown - HOUR):
        return shown - HOUR
    return change(day.year, 3) if is_summer(shown) else shown


def say(instant: datetime) -> str:
    """Return an instant in the words of a receipt."""
    shown = on_the_clock(instant)
    twice = change(instant.year, 10) - HOUR <= instant < change(instant.year, 10) + HOUR
    zone = "" if not twice else " BST" if is_summer(instant) else " GMT"
    return f"{shown:%H:%M}{zone} on {WEEKDAYS[shown.weekday()]} {shown.day} {MONTHS[shown.month - 1]} {shown.year}"


# ---- The office -----------------------------------------------------------------------------------------------------


class Office:
    """When somebody works, by what a receipt says of it."""

    def __init__(self, calendar: dict[str, Any]) -> None:
        hours = calendar["office_hours"]
        edges = [hours["opens"], *(edge for pair in hours["breaks"] for edge in pair), hours["closes"]]
        clocks = [time.fromisoformat(edge) for edge in edges]
        self.spells = list(zip(clocks[::2], clocks[1::2]))  # noqa: B905  strict= is newer than 3.9
        self.weekdays = {WEEKDAYS.index(day.capitalize()) for day in hours["weekdays"]}
        self.close = time.fromisoformat(calendar["close_of_business"])
        self.same_day = calendar["day_zero"] == "same"
        self.cut_off = time.fromisoformat(calendar["cut_off"]) if calendar.get("cut_off") else None
        self.ends_on_working_days = calendar.get("days_end", "any_day") == "next_working_day"
        self.bank_holidays = {date.fromisoformat(day): name for day, name in calendar["bank_holidays"]}
        self.closures = [
            (date.fromisoformat(one["first"]), date.fromisoformat(one["last"])) for one in calendar["closures"]
        ]
        self.first, self.last = date.fromisoformat(calendar["first"]), date.fromisoformat(calendar["last"])

    def day_off(self, day: date) -> str | None:
        """Return why nobody works on a day, in the receipt's terms, or None."""
        if day.weekday() not in self.weekdays:
            return "weekend" if day.weekday() >= WEEKDAYS.index("Saturday") else "not_worked"
        if day in self.bank_holidays:
            return "bank_holiday"
        return "closure" if any(first <= day <= last for first, last in self.closures) else None

    def look_up(self, day: date) -> date:
        """Return a day that the calendar has."""
        if not self.first <= day <= self.last:
            message = f"the count comes to {day}, outside the calendar ({self.first} to {self.last})"
            raise NotCountableError(message)
        return day


def count(office: Office, start: datetime, value: int, unit: str) -> tuple[datetime, Marks]:
    """Count a deadline again. Return when it ends, and for each day from first to last its mark and what counted."""
    if unit in ("working_days", "calendar_days"):
        return count_days(office, start, value, working=unit == "working_days")
    if unit in ("working_hours", "elapsed_hours"):
        return count_hours(office, start, value, working=unit == "working_hours")
    message = f"the unit {unit!r} is not known here"
    raise NotCountableError(message)


def count_days(office: Office, start: datetime, value: int, *, working: bool) -> tuple[datetime, Marks]:
    """Cross off one day after the other."""
    marks: Marks = {}
    first = came_on(office, start, marks)
    left, day = value, first
    while True:
        mark = (office.day_off(day) if working else None) or "counted"
        if mark == "counted" and day == first:
            if not office.same_day:
                mark = "day_zero"
            elif start >= instant_of(day, office.close):
                mark = "after_close"
        marks[day] = (mark, None)
        left -= mark == "counted"
        if not left:
            break
        day = office.look_up(day + DAY)
    if not working and office.ends_on_working_days and office.day_off(day):
        while office.day_off(day):
            day = office.look_up(day + DAY)
            marks[day] = (office.day_off(day) or "moved_to", None)
    return instant_of(day, office.close), marks


def came_on(office: Office, start: datetime, marks: Marks) -> date:
    """Return the day on which the start counts as having come, and mark those before it: it may be after a cut-off."""
    day = office.look_up(on_the_clock(start).date())
    if office.cut_off is None:
        return day
    mark = office.day_off(day) or ("after_cut_off" if start >= instant_of(day, office.cut_off) else None)
    while mark:
        marks[day] = (mark, None)
        day = office.look_up(day + DAY)
        mark = office.day_off(day)
    return day


def count_hours(office: Office, start: datetime, value: int, *, working: bool) -> tuple[datetime, Marks]:
    """Walk through each day's open hours (or all of its hours), and count until none is left."""
    marks: Marks = {}
    left, at = HOUR * value, start
    day = office.look_up(on_the_clock(start).date())
    while True:
        midnight = instant_of(day + DAY, time(0))
        off = office.day_off(day) if working else None
        spells = [(instant_of(day, begin), instant_of(day, end)) for begin, end in office.spells]
        counted, end = (NONE, at) if off else walk(at, spells if working else [(at, midnight)], left)
        left -= counted
        mark = off or ("counted" if counted or not working else "after_close")
        marks[day] = (mark, None if off else counted)
        if not left and (working or end < midnight):
            return end, marks
        day = office.look_up(day + DAY)
        if not left:  # midnight belongs to the day that it begins, and nothing of that day counted
            return end, marks
        at = midnight


def walk(at: datetime, spells: list[tuple[datetime, datetime]], left: timedelta) -> tuple[timedelta, datetime]:
    """Go from one whole hour, opening or closing to the next; return what counted, and where it ended."""
    counted = NONE
    for begin, end in spells:
        at = max(at, begin)
        while at < end and counted < left:
            whole = at.replace(minute=0, second=0, microsecond=0) + HOUR
            until = min(whole, end, at + (left - counted))
            counted, at = counted + (until - at), until
        if counted == left:
            break
    return counted, at


# ---- A receipt ------------------------------------------------------------------------------------------------------


def instant(text: str) -> datetime:
    """Return an instant of a receipt."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)  # noqa: FURB162  Z is newer than 3.9


def duration(text: str) -> timedelta:
    """Return a length of time of a receipt, such as PT7H30M."""
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6}))?S)?)?", text)
    if found is None:
        message = f"{text!r} is not a length of time"
        raise NotCountableError(message)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[:4])
    microseconds = int((found[5] or "").ljust(6, "0"))
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds)


def digest(content: object) -> str:
    """Return the SHA-256 of JSON with sorted keys and no spaces."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(proof: dict[str, Any]) -> list[str]:
    """Count the receipt of a proof again, and return each difference as a sentence; none where all agree."""
    receipt, calendar = proof["receipt"], proof["calendar"]
    office, start = Office(calendar), instant(receipt["start"])
    if start.year < FIRST_YEAR:
        message = f"it begins before {FIRST_YEAR}, when the clocks changed by other rules"
        raise NotCountableError(message)
    due, marks = count(office, start, receipt["amount"]["value"], receipt["amount"]["unit"])
    found = []
    if instant(receipt["due"]) != due:
        found.append(
            f"the receipt says that it ends at {say(instant(receipt['due']))}; counted again, it ends at {say(due)}"
        )
    found += differing_days(receipt["days"], marks)
    for said, meant in ((receipt["start_words"], start), (receipt["due_words"], instant(receipt["due"]))):
        if said != say(meant):
            found.append(f'the words "{said}" stand for {say(meant)}')
    always = ("region", "day_zero", "close_of_business", "holidays_version", "tzdata_version")
    pairs = [(name, receipt[name], calendar[name]) for name in always]
    pairs += [(name, receipt.get(name), calendar.get(name)) for name in ("cut_off", "days_end")]
    for name, said, has in pairs:
        if said != has:
            found.append(f"the receipt says {said} for {name}, and its calendar {has}")
    if digest(calendar) != receipt["calendar_hash"]:
        found.append("the calendar beside the receipt is not the one that its hash names")
    if digest(receipt) != proof["receipt_hash"]:
        found.append("the receipt is not the one that its hash names: something in it was changed")
    return found


def differing_days(lines: list[dict[str, Any]], marks: Marks) -> list[str]:
    """Compare the receipt's account of the days with this count."""
    said = {date.fromisoformat(line["day"]): line for line in lines}
    found = []
    for day in sorted({*said, *marks}):
        line, (mark, counted) = said.get(day), marks.get(day, (None, None))
        shown = f"{WEEKDAYS[day.weekday()]} {day}"
        if line is None or mark is None:
            found.append(f"{shown} is {'left out of' if line is None else 'too much on'} the receipt")
        elif line["mark"] != mark:
            found.append(f"{shown} is {line['mark']} on the receipt, and {mark} counted again")
        elif (duration(line["time_counted"]) if line["time_counted"] else None) != counted:
            found.append(f"on {shown} the receipt counts {line['time_counted']}; counted again, it is {counted}")
    return found


def proofs(content: object, calendars: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Return every receipt with its calendar, wherever in some JSON they are.

    A calendar stands beside its receipt, or once for many under `calendars`, by its hash.
    """
    if isinstance(content, dict):
        named = content.get("calendars")
        if isinstance(named, dict):
            calendars = {**(calendars or {}), **named}
        receipt = content.get("receipt")
        if isinstance(receipt, dict) and "receipt_hash" in content:
            beside = (calendars or {}).get(str(receipt.get("calendar_hash")))
            yield {"calendar": beside, **content} if beside else content
            return
        content = list(content.values())
    if isinstance(content, list):
        for part in content:
            yield from proofs(part, calendars)


def sooner(content: object) -> str | None:
    """Where several deadlines were asked for, hold the one that is said to count against the earliest."""
    if not isinstance(content, dict) or not {"due", "receipts"} <= set(content):
        return None
    ends = [instant(proof["receipt"]["due"]) for proof in content["receipts"]]
    ends += [instant(content["or_by"])] if content.get("or_by") else []
    if ends and min(ends) != instant(content["due"]):
        return f"the sooner one is {say(min(ends))}, and it says {say(instant(content['due']))}"
    return None


def main(arguments: list[str]) -> int:
    """Read, count, print; return the exit status."""
    if len(arguments) != 1 or arguments[0] in {"-h", "--help"}:
        print(__doc__)
        return 0 if arguments else NOTHING_COUNTED
    try:
        if arguments[0] == "-":
            content = json.load(sys.stdin)
        else:
            content = json.loads(Path(arguments[0]).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as problem:
        print(f"{arguments[0]} cannot be read as JSON: {problem}")
        return NOTHING_COUNTED
    found = list(proofs(content))
    if not found:
        print("There is no receipt in it: `escalations deadline ... --json` prints one.")
        return NOTHING_COUNTED
    worst = max(report(proof) for proof in found)
    earliest = sooner(content)
    if earliest:
        print(f"DIFFERS: {earliest}.")
    return max(worst, DIFFERS) if earliest else worst


def report(proof: dict[str, Any]) -> int:
    """Print what is found of one receipt, and return its exit status."""
    try:
        receipt = proof["receipt"]
        amount = receipt["amount"]
        what = f"{amount['value']} {amount['unit'].replace('_', ' ')} from {receipt['start_words']}"
        found = differences(proof)
    except KeyError as missing:
        print(f"NOT COUNTED: the receipt or its calendar does not say {missing}.")
        return NOTHING_COUNTED
    except (TypeError, ValueError, AttributeError, OverflowError) as problem:
        print(f"NOT COUNTED: {problem}.")
        return NOTHING_COUNTED
    for one in found:
        print(f"DIFFERS: {what}: {one}.")
    if not found:
        print(f"Agreed: {what} end at {receipt['due_words']}.")
    return DIFFERS if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
