"""Deadlines and everything else that is counted in working time, by lookup in an index of the calendar.

The conventions, which hold unless a policy's calendar says otherwise. Tests cite them by number, and each receipt
shows which were met.

W1   A deadline is a civil time in Europe/London: 17:00 stays 17:00 when the clocks change.
W2   A working day is a weekday that the office works, which is neither a bank holiday of its region nor in a closure.
W3   *n* working days end at close of business of the *n*th working day counted.
W4   Day zero `next`: the day of the start event does not count. `same`: it counts when the event came before close of
     business, and (for working days) when it is a working day. Exactly at close of business is not before it.
     Where there is a cut-off, what comes at or after it, or on a day on which nobody works, counts as having come on
     the next working day, for working days and for calendar days.
W5   *n* calendar days count every day, by the same day-zero rule, and end at close of business of the *n*th even when
     nobody works on it. A policy that writes calendar days means a date, so the date is not moved; reminders are (W9).
     Only where the policy says so (`days_end`) is it moved, to the next working day, also when extended or resumed.
W6   Elapsed hours are real hours, by night and through both clock changes. No day-zero rule, no office hours.
W7   Working hours run only while the office is open, breaks excluded, from the start event on; there is no day-zero
     rule. What would end at the moment of opening ends at the close before it: 8 hours from 09:00 end at 17:00.
W8   An act at the due instant is in time. (The decider compares with `<=`; nothing here rounds a due time down.)
W9   A reminder lies inside office hours on its own day: *n* working days before or after are the *n*th working day
     before or after the day of the deadline, at the deadline's own time of day when the office is open then, at the
     end of the break when it falls in one, and otherwise at opening. So one working day before Friday 17:00 is
     Thursday 09:00: at Thursday 17:00 nobody would read it. Calendar days do the same from their date, and where that
     is not a working day take the working day before it (`before`) or after it (`after`). Working hours count office
     time and land where the office is open. Elapsed hours are exact: an urgent reminder does not wait for morning.
W10  A pause gives back what it took: as many of the working days counted as closed (passed close of business) during
     it, so that on resuming as many are left as before; likewise calendar days; working hours and elapsed hours to the
     microsecond. The time of day of the deadline stays. Time that does not count is not given back: neither a weekend,
     for a deadline in working time, nor day zero, where that is not counted. Pausing and resuming at once changes
     nothing.
W11  Working time between two instants is office time. A whole working day is one office day's length of it, so from
     Friday 17:00 to Monday 17:00 is one working day, as it is from Monday 09:00.
W12  Nothing is guessed outside the calendar: `CalendarExhausted`.
W13  Of several amounts, or an amount and a moment, *whichever is sooner* is the earliest of the deadlines. One past the
     calendar's end is not the earliest where another lies inside.

A lookup costs the same whatever the length of the amount. The receipt (`receipts`) counts day by day instead and
shares none of this index, so that the two hold each other to account.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import assert_never

from escalations.rules.civiltime import (
    LONDON,
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
    canonical_json,
    civil,
    instant_of,
    load_calendar,
    say,
    say_day,
    say_duration,
)
from escalations.rules.receipts import DayMark, Proof, Receipt, ReceiptDay, prove, receipt
from escalations.rules.spent import WorkingTime

__all__ = [
    "MONDAY_TO_FRIDAY",
    "Amount",
    "Calendar",
    "CalendarExhausted",
    "Closure",
    "DayMark",
    "DayZero",
    "DaysEnd",
    "OfficeHours",
    "Proof",
    "Receipt",
    "ReceiptDay",
    "Region",
    "Unit",
    "Weekday",
    "WorkingTime",
    "after",
    "before",
    "canonical_json",
    "civil",
    "deadline",
    "earliest",
    "extend",
    "instant_of",
    "lateness",
    "load_calendar",
    "next_open",
    "prove",
    "receipt",
    "resume",
    "say",
    "say_day",
    "say_duration",
    "working_time_between",
]

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Index:
    """What a calendar comes to, counted once. Days are offsets from the calendar's first; instants are UTC."""

    first: int
    """Ordinal of the first day."""
    begins: datetime
    ends: datetime
    """Midnight after the last day: outside."""
    closes: list[datetime]
    """Close of business of every calendar day."""
    before: list[int]
    """How many working days come before each day, and one entry more: how many there are."""
    working: list[int]
    """The working days."""
    working_closes: list[datetime]
    """Close of business of every working day."""
    opened: list[datetime]
    """The beginning of each spell in which the office is open ..."""
    shut: list[datetime]
    """... and its end ..."""
    worked_before: list[timedelta]
    """... with the office time before it ..."""
    worked_through: list[timedelta]
    """... and up to and with it."""


@lru_cache(maxsize=256)
def _index(calendar: Calendar) -> _Index:
    first, last = calendar.first.toordinal(), calendar.last.toordinal()
    off = {day.toordinal() for day, _ in calendar.bank_holidays}
    for closure in calendar.closures:
        off.update(range(max(closure.first.toordinal(), first), min(closure.last.toordinal(), last) + 1))
    weekdays = {list(Weekday).index(day) for day in calendar.office_hours.weekdays}
    days = [date.fromordinal(ordinal) for ordinal in range(first, last + 1)]
    closes = [instant_of(day, calendar.close_of_business) for day in days]
    before, working = [0], list[int]()
    opened, shut, worked_through = list[datetime](), list[datetime](), list[timedelta]()
    worked = timedelta(0)
    for offset, day in enumerate(days):
        if day.weekday() in weekdays and first + offset not in off:
            working.append(offset)
            for start, end in calendar.office_hours.spells():
                spell = (instant_of(day, start), instant_of(day, end))
                if spell[0] < spell[1]:  # a spell inside the hour that never comes has no length
                    worked += spell[1] - spell[0]
                    opened.append(spell[0])
                    shut.append(spell[1])
                    worked_through.append(worked)
        before.append(len(working))
    return _Index(
        first=first,
        begins=instant_of(calendar.first, time(0)),
        ends=instant_of(calendar.last, time(0)) + _length_of(calendar.last),
        closes=closes,
        before=before,
        working=working,
        working_closes=[closes[offset] for offset in working],
        opened=opened,
        shut=shut,
        worked_before=[timedelta(0), *worked_through[:-1]],
        worked_through=worked_through,
    )


def _length_of(day: date) -> timedelta:
    return instant_of(day + _DAY, time(0)) - instant_of(day, time(0))


def _ran_out(calendar: Calendar, unit: Unit) -> CalendarExhausted:
    return calendar.exhausted(f"The end of that many {unit.value.replace('_', ' ')}")


def _day(calendar: Calendar, index: _Index, instant: datetime) -> int:
    if not index.begins <= instant < index.ends:
        raise calendar.exhausted(say(instant))
    return instant.astimezone(LONDON).toordinal() - index.first


def _within(calendar: Calendar, index: _Index, instant: datetime) -> datetime:
    if not index.begins <= instant < index.ends:
        raise calendar.exhausted(say(instant))
    return instant.astimezone(UTC)


def _worked(index: _Index, instant: datetime) -> timedelta:
    """Return the office time from the beginning of the calendar to an instant inside it."""
    spell = bisect_right(index.opened, instant) - 1
    if spell < 0:
        return timedelta(0)
    return index.worked_before[spell] + (min(instant, index.shut[spell]) - index.opened[spell])


def _reach(calendar: Calendar, index: _Index, worked: timedelta, *, open_then: bool) -> datetime:
    """Return when this much office time has been worked: at a close, or (`open_then`) at the opening after it."""
    search = bisect_right if open_then else bisect_left
    spell = search(index.worked_through, worked)
    if worked < timedelta(0) or spell == len(index.opened):
        raise _ran_out(calendar, Unit.WORKING_HOURS)
    return index.opened[spell] + (worked - index.worked_before[spell])


def _working_day(calendar: Calendar, index: _Index, place: int) -> int:
    """Return the day at this place among the working days."""
    if not 0 <= place < len(index.working):
        raise _ran_out(calendar, Unit.WORKING_DAYS)
    return index.working[place]


def _calendar_day(calendar: Calendar, index: _Index, day: int) -> int:
    if not 0 <= day < len(index.closes):
        raise _ran_out(calendar, Unit.CALENDAR_DAYS)
    return day


def deadline(calendar: Calendar, start: datetime, amount: Amount) -> datetime:
    """Return the instant (UTC) at which an amount of time from a start event ends. Conventions W1 to W7.

    Raises CalendarExhausted where start or end lies outside the calendar, TypeError for a start without time zone.
    """
    index = _index(calendar)
    match amount.unit:
        case Unit.WORKING_DAYS:
            place = _first_working_day(calendar, index, start) + amount.value - 1
            return index.closes[_working_day(calendar, index, place)]
        case Unit.CALENDAR_DAYS:
            day = _first_calendar_day(calendar, index, start) + amount.value - 1
            return index.closes[_ends_on(calendar, index, _calendar_day(calendar, index, day))]
        case Unit.WORKING_HOURS:
            worked = _worked(index, _within(calendar, index, start))
            return _reach(calendar, index, worked + _HOUR * amount.value, open_then=False)
        case Unit.ELAPSED_HOURS:
            return _within(calendar, index, _within(calendar, index, start) + _HOUR * amount.value)
        case _:
            assert_never(amount.unit)


def _first_working_day(calendar: Calendar, index: _Index, start: datetime) -> int:
    """Return the place, among the working days, of the first that counts (W4)."""
    day = _came_on(calendar, index, start)
    place = index.before[day + 1]
    works = place > index.before[day]
    return place - 1 if calendar.day_zero is DayZero.SAME and works and start < index.closes[day] else place


def _first_calendar_day(calendar: Calendar, index: _Index, start: datetime) -> int:
    """Return the first day that counts (W4)."""
    day = _came_on(calendar, index, start)
    return day if calendar.day_zero is DayZero.SAME and start < index.closes[day] else day + 1


def _came_on(calendar: Calendar, index: _Index, start: datetime) -> int:
    """Return the day on which a start event counts as having come (W4): its own, where there is no cut-off."""
    day = _day(calendar, index, start)
    if calendar.cut_off is None:
        return day
    works = index.before[day + 1] > index.before[day]
    in_time = start < instant_of(date.fromordinal(index.first + day), calendar.cut_off)
    return day if works and in_time else _working_day(calendar, index, index.before[day + 1])


def _ends_on(calendar: Calendar, index: _Index, day: int) -> int:
    """Return the day on which calendar days end that come to this one (W5)."""
    if calendar.days_end is DaysEnd.ANY_DAY or index.before[day + 1] > index.before[day]:
        return day
    return _working_day(calendar, index, index.before[day])


def earliest(
    calendar: Calendar, start: datetime, amounts: Sequence[Amount], *, or_by: datetime | None = None
) -> datetime:
    """Return the earliest of several deadlines from one start: "whichever is sooner". Convention W13.

    `or_by` is a moment that a person gave, and may lie in the past. Raises CalendarExhausted where no deadline lies
    inside the calendar, ValueError where none is asked for.
    """
    found, beyond = [] if or_by is None else [or_by.astimezone(UTC)], None
    for amount in amounts:
        try:
            found.append(deadline(calendar, start, amount))
        except CalendarExhausted as past:
            beyond = past
    if not found:
        sentence = "The earliest of no deadlines was asked for."
        raise beyond or ValueError(sentence)
    return min(found)


def before(calendar: Calendar, due: datetime, amount: Amount) -> datetime:
    """Return when to remind people of a deadline, an amount of time before it. Convention W9.

    It is always earlier than `due`. It may well be earlier than the start of a short clock: whoever sets timers leaves
    such a reminder out. Raises CalendarExhausted before the calendar's beginning.
    """
    return _beside(calendar, due, amount, forward=False)


def after(calendar: Calendar, due: datetime, amount: Amount) -> datetime:
    """Return when to remind people of a passed deadline, an amount of time after it. Convention W9.

    It is always later than `due`. Raises CalendarExhausted past the calendar's end.
    """
    return _beside(calendar, due, amount, forward=True)


def _beside(calendar: Calendar, due: datetime, amount: Amount, *, forward: bool) -> datetime:
    index = _index(calendar)
    steps = amount.value if forward else -amount.value
    match amount.unit:
        case Unit.WORKING_DAYS:
            day = _working_day(calendar, index, _place(index, _day(calendar, index, due), forward=forward) + steps)
            return _in_the_office(calendar, index, day, civil(due).time())
        case Unit.CALENDAR_DAYS:
            target = _calendar_day(calendar, index, _day(calendar, index, due) + steps)
            if index.before[target + 1] > index.before[target]:
                return _in_the_office(calendar, index, target, civil(due).time())
            place = _place(index, target, forward=forward) + (1 if forward else -1)
            return _in_the_office(calendar, index, _working_day(calendar, index, place), calendar.office_hours.opens)
        case Unit.WORKING_HOURS:
            worked = _worked(index, _within(calendar, index, due))
            return _reach(calendar, index, worked + _HOUR * steps, open_then=True)
        case Unit.ELAPSED_HOURS:
            return _within(calendar, index, _within(calendar, index, due) + _HOUR * steps)
        case _:
            assert_never(amount.unit)


def _place(index: _Index, day: int, *, forward: bool) -> int:
    """Return the place among the working days from which steps forward, or back, are taken."""
    return index.before[day + 1] - 1 if forward else index.before[day]


def _in_the_office(calendar: Calendar, index: _Index, day: int, clock: time) -> datetime:
    """Return the time of a working day at which to reach people: this one, else after the break, else opening."""
    hours = calendar.office_hours
    reached = hours.opens
    if hours.opens <= clock < hours.closes:
        reached = next((end for begin, end in hours.breaks if begin <= clock < end), clock)
    return instant_of(date.fromordinal(index.first + day), reached)


def next_open(calendar: Calendar, instant: datetime) -> datetime:
    """Return the first instant at or after this one at which the office is open (it is not at its closing time).

    Raises CalendarExhausted outside the calendar, or when the office does not open again in it.
    """
    index = _index(calendar)
    instant = _within(calendar, index, instant)
    spell = bisect_right(index.shut, instant)
    if spell == len(index.opened):
        needed = f"The next opening of the office after {say(instant)}"
        raise calendar.exhausted(needed)
    return max(instant, index.opened[spell])


def working_time_between(calendar: Calendar, start: datetime, end: datetime) -> WorkingTime:
    """Return the office time and the elapsed time between two instants. Convention W11.

    Raises ValueError when the end comes before the start: in a review's figures that would hide a defect. Raises
    CalendarExhausted outside the calendar.
    """
    if end < start:
        sentence = "Working time is counted forward: the end given comes before the start."
        raise ValueError(sentence)
    index = _index(calendar)
    worked = _worked(index, _within(calendar, index, end)) - _worked(index, _within(calendar, index, start))
    return WorkingTime(worked=worked, elapsed=end - start, working_day=_office_day(calendar))


def lateness(calendar: Calendar, due: datetime, at: datetime) -> WorkingTime:
    """Return how late something that happened `at` an instant was: nothing at all when it was in time (W8)."""
    return working_time_between(calendar, due, max(due, at))


def _office_day(calendar: Calendar) -> timedelta:
    def since_midnight(clock: time) -> timedelta:
        return timedelta(hours=clock.hour, minutes=clock.minute)

    spells = calendar.office_hours.spells()
    return sum((since_midnight(end) - since_midnight(begin) for begin, end in spells), timedelta(0))


def extend(calendar: Calendar, due: datetime, amount: Amount) -> datetime:
    """Return a deadline moved on by an amount, counted from the deadline and not from the moment of extending.

    Days keep the deadline's time of day; hours run on from it. Raises CalendarExhausted past the calendar's end.
    """
    index = _index(calendar)
    match amount.unit:
        case Unit.WORKING_DAYS | Unit.CALENDAR_DAYS:
            return _moved(calendar, due, amount.value, amount.unit)
        case Unit.WORKING_HOURS:
            worked = _worked(index, _within(calendar, index, due))
            return _reach(calendar, index, worked + _HOUR * amount.value, open_then=False)
        case Unit.ELAPSED_HOURS:
            return _within(calendar, index, _within(calendar, index, due) + _HOUR * amount.value)
        case _:
            assert_never(amount.unit)


def resume(  # noqa: PLR0917  the pause, and what it is taken from
    calendar: Calendar, start: datetime, due: datetime, paused_at: datetime, resumed_at: datetime, unit: Unit
) -> datetime:
    """Return a deadline moved on by what a pause took from it, in the clock's unit. Convention W10.

    `start` is that of the clock: where its day does not count, a pause takes nothing from it. Raises ValueError when
    the pause ends before it begins, CalendarExhausted outside the calendar.
    """
    if resumed_at < paused_at:
        sentence = "A pause ends after it begins."
        raise ValueError(sentence)
    index = _index(calendar)
    paused_at, resumed_at = _within(calendar, index, paused_at), _within(calendar, index, resumed_at)
    due = _within(calendar, index, due)
    match unit:
        case Unit.WORKING_DAYS:
            first = _first_working_day(calendar, index, start)
            taken = _taken(index.working_closes, first, paused_at, resumed_at)
            return _moved(calendar, due, taken, unit) if taken else due
        case Unit.CALENDAR_DAYS:
            first = _first_calendar_day(calendar, index, start)
            taken = _taken(index.closes, first, paused_at, resumed_at)
            return _moved(calendar, due, taken, unit) if taken else due
        case Unit.WORKING_HOURS:
            lost = _worked(index, resumed_at) - _worked(index, paused_at)
            return _reach(calendar, index, _worked(index, due) + lost, open_then=False) if lost else due
        case Unit.ELAPSED_HOURS:
            return _within(calendar, index, due + (resumed_at - paused_at))
        case _:
            assert_never(unit)


def _taken(closes: list[datetime], first: int, paused_at: datetime, resumed_at: datetime) -> int:
    """Return how many of the days that count, from the first on, passed their close of business in a pause."""
    return max(bisect_right(closes, resumed_at) - max(bisect_right(closes, paused_at), first), 0)


def _moved(calendar: Calendar, due: datetime, days: int, unit: Unit) -> datetime:
    """Return the same time of day, so many working or calendar days later."""
    index = _index(calendar)
    day = _day(calendar, index, due)
    if unit is Unit.WORKING_DAYS:
        target = _working_day(calendar, index, _place(index, day, forward=True) + days)
    else:
        target = _ends_on(calendar, index, _calendar_day(calendar, index, day + days))
    return instant_of(date.fromordinal(index.first + target), civil(due).time())
