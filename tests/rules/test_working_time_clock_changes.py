"""Convention W1, and W6 and W7 where they meet it: both nights of the clock change, year after year.

Peers shipped this wrong: windows moved by an hour when the clocks did.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalations.rules import workingtime
from escalations.rules.workingtime import Amount, OfficeHours, Region, Unit, Weekday
from escalations.store import calendars

LONDON = ZoneInfo("Europe/London")
ENGLAND = calendars.build(Region.ENGLAND_AND_WALES, 2026)
BY_NIGHT = ENGLAND.model_copy(
    update={
        "office_hours": OfficeHours(opens=time(0), closes=time(6), weekdays=tuple(Weekday)),
        "close_of_business": time(6),
    }
)

# The last Sundays of March and October, as the Summer Time Order 2002 has them.
FORWARD = [date(2026, 3, 29), date(2027, 3, 28), date(2028, 3, 26), date(2029, 3, 25), date(2030, 3, 31),
           date(2031, 3, 30)]  # fmt: skip
BACK = [date(2026, 10, 25), date(2027, 10, 31), date(2028, 10, 29), date(2029, 10, 28), date(2030, 10, 27),
        date(2031, 10, 26)]  # fmt: skip
NIGHTS = [(night, timedelta(hours=23)) for night in FORWARD] + [(night, timedelta(hours=25)) for night in BACK]

nights = pytest.mark.parametrize(("night", "length"), NIGHTS, ids=[str(night) for night, _ in NIGHTS])
DAY = timedelta(days=1)


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), LONDON).astimezone(UTC)


def clock_of(instant: datetime) -> tuple[date, str]:
    local = instant.astimezone(LONDON)
    return local.date(), local.strftime("%H:%M")


@nights
@pytest.mark.parametrize("days", [1, 2, 5])
def test_five_o_clock_stays_five_o_clock(night: date, length: timedelta, days: int) -> None:
    friday = night - 2 * DAY
    due = workingtime.deadline(ENGLAND, at(friday, "12:00"), Amount(value=days, unit=Unit.WORKING_DAYS))

    ends_on, clock = clock_of(due)
    assert clock == "17:00"
    # One hour more or less has passed than the calendar's days would say, and only one.
    assert due - at(friday, "12:00") == (ends_on - friday) + timedelta(hours=5) + (length - DAY)


@nights
def test_calendar_days_end_at_five_on_the_day_itself(night: date, length: timedelta) -> None:
    due = workingtime.deadline(ENGLAND, at(night - DAY, "17:00"), Amount.parse("1 calendar day"))

    assert clock_of(due) == (night, "17:00")
    assert due - at(night - DAY, "17:00") == length


@nights
def test_elapsed_hours_are_real_hours(night: date, length: timedelta) -> None:
    start = at(night - DAY, "20:00")
    due = workingtime.deadline(ENGLAND, start, Amount.parse("24 elapsed hours"))

    assert due - start == DAY
    assert clock_of(due) == (night, "21:00" if length < DAY else "19:00")


@nights
def test_an_office_that_works_through_the_night_works_the_hours_that_there_are(night: date, length: timedelta) -> None:
    worked = workingtime.working_time_between(BY_NIGHT, at(night, "00:00"), at(night, "06:00"))

    assert worked.worked == length - timedelta(hours=18)
    due = workingtime.deadline(BY_NIGHT, at(night, "00:00"), Amount.parse("4 working hours"))
    assert clock_of(due) == (night, "05:00" if length < DAY else "03:00")


@nights
@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize("value", [1, 3, 30])
def test_receipt_and_lookup_agree_over_the_night(night: date, length: timedelta, unit: Unit, value: int) -> None:
    amount = Amount(value=value, unit=unit)
    for calendar in (ENGLAND, BY_NIGHT):
        for minutes in range(0, int(2 * DAY / timedelta(minutes=1)), 97):
            start = at(night - DAY, "00:00") + timedelta(minutes=minutes)
            receipt = workingtime.receipt(calendar, start=start, start_event="raised", amount=amount, rule="stage 1")
            assert receipt.due == workingtime.deadline(calendar, start, amount)
            if unit is Unit.ELAPSED_HOURS and value > 24 + 24:
                assert any(f"{length // timedelta(hours=1)} hours" in day.words for day in receipt.days)


@pytest.mark.parametrize("night", FORWARD, ids=str)
def test_an_hour_that_never_comes_begins_at_the_change(night: date) -> None:
    assert workingtime.instant_of(night, time(1, 30)) == datetime.combine(night, time(1), UTC)
    assert workingtime.instant_of(night, time(0, 59)) < workingtime.instant_of(night, time(1, 30))
    assert workingtime.instant_of(night, time(1, 30)) <= workingtime.instant_of(night, time(2))


@pytest.mark.parametrize("night", BACK, ids=str)
def test_an_hour_that_comes_twice_is_taken_the_first_time_and_told_apart(night: date) -> None:
    first = workingtime.instant_of(night, time(1, 30))

    assert first == datetime.combine(night, time(0, 30), UTC)
    assert workingtime.say(first).startswith("01:30 BST on")
    assert workingtime.say(first + timedelta(hours=1)).startswith("01:30 GMT on")


@nights
def test_a_reminder_and_a_pause_keep_the_time_of_day(night: date, length: timedelta) -> None:
    assert abs(length - DAY) == timedelta(hours=1)
    wednesday = at(night + 3 * DAY, "11:00")
    friday, saturday = at(night - 2 * DAY, "10:00"), at(night - DAY, "10:00")
    start = at(night - 9 * DAY, "10:00")

    assert clock_of(workingtime.before(ENGLAND, wednesday, Amount.parse("5 working days")))[1] == "11:00"
    resumed = workingtime.resume(ENGLAND, start, friday, friday, saturday, Unit.CALENDAR_DAYS)
    assert clock_of(resumed) == (night - DAY, "10:00")
    later = workingtime.resume(ENGLAND, start, saturday, friday, saturday, Unit.CALENDAR_DAYS)
    assert clock_of(later) == (night, "10:00")
