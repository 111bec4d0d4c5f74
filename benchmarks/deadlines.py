"""How long one deadline takes, whatever its length, and what else would do the same.

    python benchmarks/deadlines.py [--json] [--calls N]

Measured in one run on one machine: `deadline()` by its index, the same count day by day (the plainest loop that knows
the calendar's working days, and not the receipt, which explains each day), and `numpy.busday_offset` for one date,
which counts working days alone: no civil time, no hours, no clock change. Ratios are to `deadline()`, so a number over
1 says how many times longer the other takes. Exits with 1 when a call takes more than the five microseconds promised.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np

from escalations.rules import workingtime
from escalations.rules.workingtime import Amount, Calendar, Region, Unit, Weekday
from escalations.store import calendars

PROMISED_MICROSECONDS = 5.0
DAY = timedelta(days=1)
WORKING_DAYS = (1, 5, 20, 250, 1000)
OTHERS = (
    "8 working hours",
    "1000 working hours",
    "8000 working hours",
    "48 elapsed hours",
    "10000 elapsed hours",
    "10 calendar days",
    "1000 calendar days",
)

Row = dict[str, Any]


def microseconds(call: Callable[[], object], calls: int) -> float:
    """Return the median of seven rounds, a call, in microseconds: a busy machine spoils a mean."""
    rounds = list[float]()
    for _ in range(7):
        began = time.perf_counter()
        for _ in range(calls):
            call()
        rounds.append((time.perf_counter() - began) / calls * 1e6)
    return sorted(rounds)[len(rounds) // 2]


def counted_day_by_day(calendar: Calendar, off: frozenset[date], start: datetime, days: int) -> datetime:
    """Return what `deadline()` returns for working days, by walking over the days between."""
    day, left = workingtime.civil(start).date(), days
    while left:
        day += DAY
        left -= Weekday.of(day) in calendar.office_hours.weekdays and day not in off
    return workingtime.instant_of(day, calendar.close_of_business)


def busday_offset(calendar: Calendar) -> Callable[[date, int], object]:
    """Return numpy's count of working days for one date."""
    holidays = np.array([day for day, _ in calendar.bank_holidays], dtype="datetime64[D]")
    theirs = np.busdaycalendar(holidays=holidays)

    def offset(day: date, days: int) -> object:
        # `next` day-zero: a start on a day off is the working day before it, then n working days on.
        return np.busday_offset(np.datetime64(day), days, roll="backward", busdaycal=theirs)

    return offset


def measure(calls: int) -> list[Row]:
    """Return one row for each amount."""
    calendar = calendars.build(Region.ENGLAND_AND_WALES, 2026)
    off = frozenset(day for day, _ in calendar.bank_holidays)
    theirs = busday_offset(calendar)
    start = datetime(2026, 1, 5, 10, 17, tzinfo=UTC)
    rows = list[Row]()
    for amount in (*(Amount(value=days, unit=Unit.WORKING_DAYS) for days in WORKING_DAYS), *map(Amount.parse, OTHERS)):
        due = workingtime.deadline(calendar, start, amount)
        row: Row = {"amount": amount.words()}
        row["deadline_us"] = microseconds(partial(workingtime.deadline, calendar, start, amount), calls)
        if amount.unit is Unit.WORKING_DAYS:
            days = amount.value
            assert counted_day_by_day(calendar, off, start, days) == due, "the loop disagrees with deadline()"
            row["day_by_day_us"] = microseconds(
                partial(counted_day_by_day, calendar, off, start, days), max(1, calls // (20 * days))
            )
            assert str(theirs(start.date(), days)) == str(due.date()), "numpy disagrees with deadline()"
            row["busday_offset_us"] = microseconds(partial(theirs, start.date(), days), max(1, calls // 5))
        for other in ("day_by_day", "busday_offset"):
            if f"{other}_us" in row:
                row[f"{other}_ratio"] = row[f"{other}_us"] / row["deadline_us"]
        rows.append(row)
    return rows


def receipts(calls: int) -> float:
    """Return what the receipt of an ordinary deadline costs, with its hash, in microseconds."""
    calendar = calendars.build(Region.ENGLAND_AND_WALES, 2026)
    start, amount = datetime(2026, 1, 5, 10, 17, tzinfo=UTC), Amount.parse("5 working days")

    def one() -> str:
        return workingtime.receipt(
            calendar, start=start, start_event="notified", amount=amount, rule="stage 1"
        ).content_hash

    return microseconds(one, max(1, calls // 100))


def table(rows: list[Row]) -> str:
    """Return the rows to read."""

    def cell(row: Row, name: str) -> str:
        if f"{name}_us" not in row:
            return f"{'-':>24}"
        ratio = f" ({row[f'{name}_ratio']:8.1f} x)" if f"{name}_ratio" in row else ""
        return f"{row[f'{name}_us']:>12.2f}{ratio}".rjust(24)

    names = ("deadline", "busday_offset", "day_by_day")
    heading = f"{'microseconds a call':<22}" + "".join(f"{name:>24}" for name in names)
    return "\n".join([heading, *(f"{row['amount']:<22}" + "".join(cell(row, name) for name in names) for row in rows)])


def main() -> int:
    """Measure, print, and say by the exit status whether the promise holds."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    options.add_argument("--json", action="store_true", help="for machines")
    options.add_argument("--calls", type=int, default=20_000, help="calls in each of seven rounds (default 20,000)")
    given = options.parse_args()
    rows = measure(given.calls)
    slowest = max(row["deadline_us"] for row in rows)
    receipt_us = receipts(given.calls)
    kept = slowest <= PROMISED_MICROSECONDS
    if given.json:
        found = {
            "python": platform.python_version(),
            "rows": rows,
            "receipt_of_5_working_days_us": receipt_us,
            "slowest_deadline_us": slowest,
            "promised_us": PROMISED_MICROSECONDS,
            "kept": kept,
        }
        print(json.dumps(found, indent=2))
    else:
        print(table(rows))
        print(f"receipt of 5 working days, explained day by day and hashed: {receipt_us:.0f} microseconds")
        print(
            f"slowest deadline: {slowest:.2f} of {PROMISED_MICROSECONDS} microseconds {'kept' if kept else 'NOT KEPT'}"
        )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
