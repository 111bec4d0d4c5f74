"""The receipt of a deadline: every day counted or skipped, and why, so that anyone can recompute it.

It is counted here day by day from the calendar's own content, and imports nothing of the index by which
`workingtime.deadline` looks a deadline up. A property test holds the two against each other; that would prove nothing
if they shared a method. The conventions (W1 to W7) are those that `workingtime` lists.
"""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Annotated, assert_never

from pydantic import BaseModel, ConfigDict, Field

from escalations.rules.civiltime import (
    Amount,
    Calendar,
    DaysEnd,
    DayZero,
    Region,
    Unit,
    Weekday,
    canonical_json,
    canonical_text,
    civil,
    instant_of,
    say,
    say_day,
    say_duration,
)

_DAY = timedelta(days=1)


def _not_said(value: object) -> bool:
    return value is None


def _is_any_day(value: object) -> bool:
    return value is DaysEnd.ANY_DAY


_NONE = timedelta(0)


class DayMark(StrEnum):
    """Why a day on a receipt counts, or does not."""

    COUNTED = "counted"
    DAY_ZERO = "day_zero"
    """The day of the start event, under the day-zero rule `next`."""
    AFTER_CLOSE = "after_close"
    """The start event came at or after close of business (or, for working hours, after the office closed)."""
    AFTER_CUT_OFF = "after_cut_off"
    """The start event came at or after the cut-off, and counts as having come on the next working day."""
    MOVED_TO = "moved_to"
    """The working day on which a time in calendar days ends that came to a day on which nobody works."""
    WEEKEND = "weekend"
    """A Saturday or Sunday on which this office does not work."""
    NOT_WORKED = "not_worked"
    """A Monday to Friday on which this office does not work."""
    BANK_HOLIDAY = "bank_holiday"
    CLOSURE = "closure"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReceiptDay(_Frozen):
    """One civil day: whether it counts, why, and for hours how much of it."""

    day: date
    mark: DayMark
    words: str
    time_counted: timedelta | None = None

    @property
    def counted(self) -> bool:
        """Whether the day, or some of it, counts."""
        return self.mark is DayMark.COUNTED

    @cached_property
    def canonical(self) -> str:
        """The day as canonical JSON."""
        return canonical_json(self)


class Receipt(_Frozen):
    """How a deadline came about. Times are UTC, with the civil time in words beside them."""

    rule: str
    start_event: str
    start: datetime
    start_words: str
    amount: Amount
    region: Region
    day_zero: DayZero
    close_of_business: time
    cut_off: Annotated[time | None, Field(exclude_if=_not_said)] = None
    days_end: Annotated[DaysEnd, Field(exclude_if=_is_any_day)] = DaysEnd.ANY_DAY
    days: tuple[ReceiptDay, ...]
    due: datetime
    due_words: str
    calendar_hash: str
    holidays_version: str
    tzdata_version: str

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the receipt's canonical JSON."""
        # The days are most of it, and those of one receipt are those of a hundred others.
        without = canonical_text({**self.model_dump(mode="json", exclude={"days"}), "days": []})
        days = ",".join(day.canonical for day in self.days)
        return hashlib.sha256(without.replace('"days":[]', f'"days":[{days}]', 1).encode()).hexdigest()

    def text(self) -> str:
        """Return the receipt as lines to read."""
        sources = f"holidays {self.holidays_version}, tzdata {self.tzdata_version}"
        close = f"close of business {self.close_of_business:%H:%M}"
        lines = [
            f"{self.amount.words()} from {self.start_event}, {self.start_words} ({self.rule})",
            *(f"  {'+' if day.counted else '-'} {say_day(day.day)}: {day.words}" for day in self.days),
            f"Due {self.due_words}",
            f"Calendar for {self.region.words()} {self.calendar_hash[:12]} ({sources})",
            f"Day zero: {self.day_zero.value}; {close}{self.more()}",
        ]
        return "\n".join(lines)

    def more(self) -> str:
        """What a policy has besides, in words: a cut-off, and days that end on working days."""
        cut = "" if self.cut_off is None else f"; cut-off {self.cut_off:%H:%M}"
        return cut + ("" if self.days_end is DaysEnd.ANY_DAY else "; calendar days end on a working day")


class Proof(_Frozen):
    """A receipt with the calendar that it was counted in: all that a stranger needs to count it again.

    `second_opinion.py` does, by another method, and recomputes both hashes.
    """

    receipt: Receipt
    receipt_hash: str
    calendar: Calendar


def prove(calendar: Calendar, counted: Receipt) -> Proof:
    """Return a receipt with its calendar. Raises ValueError for another calendar than the receipt's."""
    if counted.calendar_hash != calendar.content_hash:
        sentence = "This receipt was counted in another calendar."
        raise ValueError(sentence)
    return Proof(receipt=counted, receipt_hash=counted.content_hash, calendar=calendar)


def receipt(calendar: Calendar, *, start: datetime, start_event: str, amount: Amount, rule: str) -> Receipt:
    """Count a deadline day by day and return the account of it.

    `start_event` names what started the clock and `rule` the clause that asks for the amount. The cost grows with the
    number of days, so it is made on demand. Raises CalendarExhausted as `workingtime.deadline` does, and ValueError
    for a start without time zone.
    """
    start = start.astimezone(UTC) if start.tzinfo else start
    _page(calendar, civil(start).date())
    match amount.unit:
        case Unit.WORKING_DAYS | Unit.CALENDAR_DAYS:
            days, due = _count_days(calendar, start, amount)
        case Unit.WORKING_HOURS:
            days, due = _count_working_hours(calendar, start, amount.value)
        case Unit.ELAPSED_HOURS:
            days, due = _count_elapsed_hours(calendar, start, amount.value)
        case _:
            assert_never(amount.unit)
    return Receipt(
        rule=rule,
        start_event=start_event,
        start=start,
        start_words=say(start),
        amount=amount,
        region=calendar.region,
        day_zero=calendar.day_zero,
        close_of_business=calendar.close_of_business,
        cut_off=calendar.cut_off,
        days_end=calendar.days_end,
        days=days,
        due=due,
        due_words=say(due),
        calendar_hash=calendar.content_hash,
        holidays_version=calendar.holidays_version,
        tzdata_version=calendar.tzdata_version,
    )


def _page(calendar: Calendar, day: date) -> date:
    """Return the day, when the calendar has a page for it."""
    if not calendar.first <= day <= calendar.last:
        raise calendar.exhausted(say_day(day))
    return day


# Remembered a day at a time, because every clock that starts makes a receipt over much the same days.
@lru_cache(maxsize=8192)
def _day_off(calendar: Calendar, day: date) -> ReceiptDay | None:
    """Return why nobody works on a day, or None when it is a working day (W2)."""
    weekday = Weekday.of(day)
    if weekday not in calendar.office_hours.weekdays:
        name = f"{weekday.value.capitalize()}, not a working day"
        weekend = weekday in (Weekday.SATURDAY, Weekday.SUNDAY)
        return ReceiptDay(day=day, mark=DayMark.WEEKEND if weekend else DayMark.NOT_WORKED, words=f"{name} here")
    for holiday, name in calendar.bank_holidays:
        if holiday == day:
            return ReceiptDay(day=day, mark=DayMark.BANK_HOLIDAY, words=f"bank holiday: {name}")
    for closure in calendar.closures:
        if closure.first <= day <= closure.last:
            return ReceiptDay(day=day, mark=DayMark.CLOSURE, words=f"closed: {closure.why}")
    return None


def _count_days(calendar: Calendar, start: datetime, amount: Amount) -> tuple[tuple[ReceiptDay, ...], datetime]:
    first, cut = civil(start).date(), calendar.cut_off
    return _days_from(
        calendar,
        first,
        amount,
        after_close=start >= instant_of(first, calendar.close_of_business),
        after_cut_off=cut is not None and start >= instant_of(first, cut),
    )


# Remembered, because all that starts on one day, in time, counts the same days.
@lru_cache(maxsize=4096)
def _days_from(
    calendar: Calendar, day: date, amount: Amount, *, after_close: bool, after_cut_off: bool
) -> tuple[tuple[ReceiptDay, ...], datetime]:
    working = amount.unit is Unit.WORKING_DAYS
    noun = "working day" if working else "calendar day"
    days = _until_it_came(calendar, day, after_cut_off=after_cut_off)
    first = day = _page(calendar, days[-1].day + _DAY) if days else day
    after_close = after_close and not days
    counted = 0
    while True:
        off = _day_off(calendar, day) if working else None
        if off is not None:
            days.append(off)
        elif day == first and calendar.day_zero is DayZero.NEXT:
            words = "day zero: the day of the start event does not count"
            days.append(ReceiptDay(day=day, mark=DayMark.DAY_ZERO, words=words))
        elif day == first and after_close:
            words = f"the start event did not come before close of business ({calendar.close_of_business:%H:%M})"
            days.append(ReceiptDay(day=day, mark=DayMark.AFTER_CLOSE, words=words))
        else:
            counted += 1
            words = f"{noun} {counted} of {amount.value}"
            days.append(ReceiptDay(day=day, mark=DayMark.COUNTED, words=words))
        if counted == amount.value:
            days.extend(() if working else _to_a_working_day(calendar, day))
            return tuple(days), instant_of(days[-1].day, calendar.close_of_business)
        day = _page(calendar, day + _DAY)


def _until_it_came(calendar: Calendar, day: date, *, after_cut_off: bool) -> list[ReceiptDay]:
    """Return the days before the one on which a start event counts as having come; none where there is no cut-off."""
    passed = list[ReceiptDay]()
    if calendar.cut_off is None:
        return passed
    off = _day_off(calendar, day)
    if off is None and after_cut_off:
        words = f"the start event did not come before the cut-off ({calendar.cut_off:%H:%M})"
        off = ReceiptDay(day=day, mark=DayMark.AFTER_CUT_OFF, words=words)
    while off is not None:
        passed.append(off)
        day = _page(calendar, day + _DAY)
        off = _day_off(calendar, day)
    return passed


def _to_a_working_day(calendar: Calendar, day: date) -> list[ReceiptDay]:
    """Return the days by which calendar days end later than on a day on which nobody works."""
    later = list[ReceiptDay]()
    if calendar.days_end is DaysEnd.ANY_DAY or _day_off(calendar, day) is None:
        return later
    while not later or later[-1].mark is not DayMark.MOVED_TO:
        day = _page(calendar, day + _DAY)
        words = "the end: the next working day"
        later.append(_day_off(calendar, day) or ReceiptDay(day=day, mark=DayMark.MOVED_TO, words=words))
    return later


def _count_working_hours(calendar: Calendar, start: datetime, hours: int) -> tuple[tuple[ReceiptDay, ...], datetime]:
    left = timedelta(hours=hours)
    days = list[ReceiptDay]()
    day = civil(start).date()
    while True:
        off = _day_off(calendar, day)
        counted, due = (_NONE, None) if off else _work_through(calendar, day, start, left)
        left -= counted
        days.append(off or _office_day(calendar, day, start, counted))
        if due is not None:
            return tuple(days), due
        day = _page(calendar, day + _DAY)


def _work_through(calendar: Calendar, day: date, start: datetime, left: timedelta) -> tuple[timedelta, datetime | None]:
    """Return the office time that counts on one working day, and the end when it comes on that day."""
    counted = _NONE
    for opens, closes in calendar.office_hours.spells():
        since, until = max(start, instant_of(day, opens)), instant_of(day, closes)
        if until <= since:
            continue
        if until - since >= left - counted:
            return left, since + (left - counted)
        counted += until - since
    return counted, None


def _office_day(calendar: Calendar, day: date, start: datetime, counted: timedelta) -> ReceiptDay:
    hours = calendar.office_hours
    if not counted:
        words = f"the start event came after office hours ({hours.opens:%H:%M} to {hours.closes:%H:%M})"
        return ReceiptDay(day=day, mark=DayMark.AFTER_CLOSE, words=words, time_counted=counted)
    words = say_duration(counted)
    if civil(start).date() == day and start < instant_of(day, hours.opens):
        words += f"; the start event came before office hours, counted from {hours.opens:%H:%M}"
    return ReceiptDay(day=day, mark=DayMark.COUNTED, words=words, time_counted=counted)


def _count_elapsed_hours(calendar: Calendar, start: datetime, hours: int) -> tuple[tuple[ReceiptDay, ...], datetime]:
    left, at, day = timedelta(hours=hours), start, civil(start).date()
    days = list[ReceiptDay]()
    while True:
        midnight = instant_of(day + _DAY, time(0))
        counted = min(left, midnight - at)
        length = midnight - instant_of(day, time(0))
        words = say_duration(counted)
        if length != _DAY:
            words += f"; the clocks go {'back' if length > _DAY else 'forward'}, the day has {say_duration(length)}"
        days.append(ReceiptDay(day=day, mark=DayMark.COUNTED, words=words, time_counted=counted))
        left, at = left - counted, at + counted
        if not left and at < midnight:
            return tuple(days), at
        day = _page(calendar, day + _DAY)
        if not left:  # the end is midnight, which belongs to the day that it begins
            return tuple(days), at
