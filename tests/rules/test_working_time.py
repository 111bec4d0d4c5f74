"""Tables for the conventions W1 to W12 that `escalations.rules.workingtime` lists, one clause after the other."""

import ast
import inspect
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from escalations.rules import receipts, workingtime
from escalations.rules.workingtime import Amount, Closure, DayZero, OfficeHours, Region, Unit, Weekday
from escalations.store import calendars

ENGLAND = calendars.build(Region.ENGLAND_AND_WALES, 2026)
SAME_DAY = ENGLAND.model_copy(update={"day_zero": DayZero.SAME})
WITH_LUNCH = ENGLAND.model_copy(
    update={"office_hours": OfficeHours(opens=time(8, 30), closes=time(16, 30), breaks=((time(12), time(13)),))}
)


def at(civil: str) -> datetime:
    return datetime.fromisoformat(civil).replace(tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)


def read(instant: datetime) -> str:
    return instant.astimezone(ZoneInfo("Europe/London")).strftime("%Y-%m-%d %H:%M")


def due(calendar: workingtime.Calendar, start: str, amount: str) -> str:
    found = workingtime.deadline(calendar, at(start), Amount.parse(amount))
    assert found.tzinfo is UTC
    return read(found)


@pytest.mark.parametrize(
    ("start", "amount", "ends"),
    [
        pytest.param("2026-03-02 09:00", "1 working day", "2026-03-03 17:00", id="a Monday morning"),
        pytest.param("2026-03-02 00:00", "1 working day", "2026-03-03 17:00", id="midnight begins the day"),
        pytest.param("2026-03-02 23:59", "1 working day", "2026-03-03 17:00", id="a late evening"),
        pytest.param("2026-03-06 16:00", "1 working day", "2026-03-09 17:00", id="over a weekend"),
        pytest.param("2026-03-07 12:00", "1 working day", "2026-03-09 17:00", id="from a Saturday"),
        pytest.param("2026-03-08 12:00", "5 working days", "2026-03-13 17:00", id="from a Sunday"),
        pytest.param("2026-04-02 10:00", "1 working day", "2026-04-07 17:00", id="over Easter"),
        pytest.param("2026-04-03 10:00", "3 working days", "2026-04-09 17:00", id="from Good Friday"),
        pytest.param("2026-12-23 16:00", "2 working days", "2026-12-29 17:00", id="Christmas with a substitute day"),
        pytest.param("2027-12-24 16:00", "1 working day", "2027-12-29 17:00", id="Christmas on a weekend"),
        pytest.param("2026-12-31 09:00", "1 working day", "2027-01-04 17:00", id="over the year's end"),
        pytest.param("2026-12-23 09:00", "10 working days", "2027-01-11 17:00", id="the whole of Christmas"),
        pytest.param("2026-05-01 09:00", "20 working days", "2026-06-02 17:00", id="two bank holidays in May"),
    ],
)
def test_w3_working_days_end_at_close_of_business_of_the_last_one_counted(start: str, amount: str, ends: str) -> None:
    assert due(ENGLAND, start, amount) == ends


@pytest.mark.parametrize(
    ("start", "amount", "ends"),
    [
        pytest.param("2026-03-02 09:00", "1 working day", "2026-03-02 17:00", id="the same day"),
        pytest.param("2026-03-02 07:00", "1 working day", "2026-03-02 17:00", id="before the office opens"),
        pytest.param("2026-03-02 16:59", "1 working day", "2026-03-02 17:00", id="a minute before close"),
        pytest.param("2026-03-02 17:00", "1 working day", "2026-03-03 17:00", id="exactly at close"),
        pytest.param("2026-03-07 09:00", "1 working day", "2026-03-09 17:00", id="a Saturday never counts"),
        pytest.param("2026-04-03 09:00", "2 working days", "2026-04-08 17:00", id="a bank holiday never counts"),
        pytest.param("2026-03-07 09:00", "1 calendar day", "2026-03-07 17:00", id="a calendar Saturday does"),
        pytest.param("2026-03-07 17:00", "1 calendar day", "2026-03-08 17:00", id="but not after its close"),
    ],
)
def test_w4_the_day_of_the_start_counts_when_the_policy_says_same(start: str, amount: str, ends: str) -> None:
    assert due(SAME_DAY, start, amount) == ends


@pytest.mark.parametrize(
    ("start", "amount", "ends"),
    [
        pytest.param("2026-03-02 09:00", "3 calendar days", "2026-03-05 17:00", id="three days"),
        pytest.param(
            "2026-03-06 09:00", "1 calendar day", "2026-03-07 17:00", id="the date is not moved off a Saturday"
        ),
        pytest.param("2026-04-01 09:00", "2 calendar days", "2026-04-03 17:00", id="nor off Good Friday"),
    ],
)
def test_w5_calendar_days_count_every_day(start: str, amount: str, ends: str) -> None:
    assert due(ENGLAND, start, amount) == ends


@pytest.mark.parametrize(
    ("start", "amount", "ends"),
    [
        pytest.param("2026-03-06 16:00", "48 elapsed hours", "2026-03-08 16:00", id="through a weekend"),
        pytest.param("2026-04-02 23:30", "24 elapsed hours", "2026-04-03 23:30", id="through Good Friday"),
    ],
)
def test_w6_elapsed_hours_run_by_night_and_at_weekends(start: str, amount: str, ends: str) -> None:
    assert due(ENGLAND, start, amount) == ends


@pytest.mark.parametrize(
    ("calendar", "start", "amount", "ends"),
    [
        pytest.param(ENGLAND, "2026-03-02 09:30", "2 working hours", "2026-03-02 11:30", id="in the morning"),
        pytest.param(ENGLAND, "2026-03-02 09:00", "8 working hours", "2026-03-02 17:00", id="ends at the close"),
        pytest.param(ENGLAND, "2026-03-02 16:30", "2 working hours", "2026-03-03 10:30", id="over the night"),
        pytest.param(ENGLAND, "2026-03-02 06:00", "1 working hour", "2026-03-02 10:00", id="before opening"),
        pytest.param(ENGLAND, "2026-03-02 20:00", "1 working hour", "2026-03-03 10:00", id="after closing"),
        pytest.param(ENGLAND, "2026-03-06 16:30", "1 working hour", "2026-03-09 09:30", id="over a weekend"),
        pytest.param(ENGLAND, "2026-04-02 16:30", "1 working hour", "2026-04-07 09:30", id="over Easter"),
        pytest.param(WITH_LUNCH, "2026-03-02 11:30", "1 working hour", "2026-03-02 13:30", id="over lunch"),
        pytest.param(WITH_LUNCH, "2026-03-02 12:30", "1 working hour", "2026-03-02 14:00", id="from within lunch"),
        pytest.param(WITH_LUNCH, "2026-03-02 11:00", "1 working hour", "2026-03-02 12:00", id="ends as lunch begins"),
        pytest.param(WITH_LUNCH, "2026-03-02 08:30", "14 working hours", "2026-03-03 16:30", id="two whole days"),
    ],
)
def test_w7_working_hours_run_only_while_the_office_is_open(
    calendar: workingtime.Calendar, start: str, amount: str, ends: str
) -> None:
    assert due(calendar, start, amount) == ends


def test_w7_a_start_keeps_its_seconds() -> None:
    start = at("2026-03-02 16:30:15.000007")

    assert workingtime.deadline(ENGLAND, start, Amount.parse("1 working hour")) == at("2026-03-03 09:30:15.000007")


@pytest.mark.parametrize(
    ("first", "last", "ends"),
    [
        pytest.param("2026-03-04", "2026-03-04", "2026-03-06 17:00", id="one day"),
        pytest.param("2026-03-04", "2026-03-08", "2026-03-10 17:00", id="several days and a weekend"),
        pytest.param("2026-03-07", "2026-03-08", "2026-03-05 17:00", id="a weekend alone changes nothing"),
        pytest.param("2025-12-01", "2026-03-02", "2026-03-05 17:00", id="the start in a closure"),
        pytest.param("2019-01-01", "2019-12-31", "2026-03-05 17:00", id="a closure outside the calendar"),
    ],
)
def test_w2_a_closure_is_no_working_day(first: str, last: str, ends: str) -> None:
    closure = Closure(first=date.fromisoformat(first), last=date.fromisoformat(last), why="moving house")

    assert due(ENGLAND.with_closure(closure), "2026-03-02 09:00", "3 working days") == ends


def test_w2_an_office_that_works_monday_to_wednesday_counts_those_days_alone() -> None:
    hours = OfficeHours(weekdays=(Weekday.WEDNESDAY, Weekday.MONDAY, Weekday.TUESDAY))

    assert due(ENGLAND.model_copy(update={"office_hours": hours}), "2026-03-03 09:00", "2 working days") == (
        "2026-03-09 17:00"
    )


@pytest.mark.parametrize(
    ("region", "ends"),
    [
        (Region.ENGLAND_AND_WALES, "2026-03-18 17:00"),
        (Region.SCOTLAND, "2026-03-18 17:00"),
        (Region.NORTHERN_IRELAND, "2026-03-19 17:00"),
    ],
)
def test_w2_a_bank_holiday_counts_only_in_its_region(region: Region, ends: str) -> None:
    assert due(calendars.build(region, 2026), "2026-03-16 09:00", "2 working days") == ends


def test_w3_close_of_business_may_come_before_the_office_closes() -> None:
    early = ENGLAND.model_copy(update={"close_of_business": time(16, 30)})

    assert due(early, "2026-03-02 09:00", "1 working day") == "2026-03-03 16:30"


@pytest.mark.parametrize(
    ("deadline", "amount", "reminded"),
    [
        pytest.param("2026-03-06 17:00", "1 working day", "2026-03-05 09:00", id="the morning of the day before"),
        pytest.param("2026-03-09 17:00", "1 working day", "2026-03-06 09:00", id="over a weekend"),
        pytest.param("2026-04-07 17:00", "2 working days", "2026-04-01 09:00", id="over Easter"),
        pytest.param("2026-03-06 11:15", "1 working day", "2026-03-05 11:15", id="an hour that is worked stays"),
        pytest.param("2026-03-08 17:00", "1 working day", "2026-03-06 09:00", id="of a Sunday"),
        pytest.param("2026-03-06 17:00", "2 calendar days", "2026-03-04 09:00", id="two calendar days"),
        pytest.param("2026-03-09 17:00", "1 calendar day", "2026-03-06 09:00", id="a Sunday moves to the Friday"),
        pytest.param("2026-03-06 17:00", "2 working hours", "2026-03-06 15:00", id="two working hours"),
        pytest.param("2026-03-06 10:00", "2 working hours", "2026-03-05 16:00", id="working hours over the night"),
        pytest.param("2026-03-06 10:00", "1 working hour", "2026-03-06 09:00", id="at opening, not at the last close"),
        pytest.param("2026-03-07 03:00", "1 elapsed hour", "2026-03-07 02:00", id="elapsed hours by night"),
    ],
)
def test_w9_a_reminder_before_a_deadline_comes_while_the_office_is_open(
    deadline: str, amount: str, reminded: str
) -> None:
    assert read(workingtime.before(ENGLAND, at(deadline), Amount.parse(amount))) == reminded


@pytest.mark.parametrize(
    ("deadline", "amount", "reminded"),
    [
        pytest.param("2026-03-06 17:00", "1 working day", "2026-03-09 09:00", id="the next working morning"),
        pytest.param("2026-03-05 11:15", "1 working day", "2026-03-06 11:15", id="an hour that is worked stays"),
        pytest.param("2026-03-07 17:00", "1 working day", "2026-03-09 09:00", id="of a Saturday"),
        pytest.param("2026-03-06 17:00", "1 calendar day", "2026-03-09 09:00", id="a Saturday moves to the Monday"),
        pytest.param("2026-03-04 17:00", "1 calendar day", "2026-03-05 09:00", id="one calendar day"),
        pytest.param("2026-03-06 17:00", "2 working hours", "2026-03-09 11:00", id="two working hours"),
        pytest.param("2026-03-06 16:00", "1 working hour", "2026-03-09 09:00", id="at opening, not at the close"),
        pytest.param("2026-03-06 23:00", "2 elapsed hours", "2026-03-07 01:00", id="elapsed hours by night"),
    ],
)
def test_w9_a_reminder_after_a_deadline_comes_while_the_office_is_open(
    deadline: str, amount: str, reminded: str
) -> None:
    assert read(workingtime.after(ENGLAND, at(deadline), Amount.parse(amount))) == reminded


def test_w9_a_reminder_that_falls_in_the_lunch_break_comes_after_it() -> None:
    assert read(workingtime.before(WITH_LUNCH, at("2026-03-06 12:20"), Amount.parse("1 working day"))) == (
        "2026-03-05 13:00"
    )


@pytest.mark.parametrize(
    ("paused", "resumed", "unit", "deadline", "moved"),
    [
        pytest.param("2026-03-02 10:00", "2026-03-02 15:00", Unit.WORKING_DAYS, "2026-03-06 17:00", "2026-03-06 17:00",
                     id="within one day takes no working day"),
        pytest.param("2026-03-02 16:00", "2026-03-03 10:00", Unit.WORKING_DAYS, "2026-03-06 17:00", "2026-03-09 17:00",
                     id="a close of business passed"),
        pytest.param("2026-03-06 18:00", "2026-03-09 08:00", Unit.WORKING_DAYS, "2026-03-11 17:00", "2026-03-11 17:00",
                     id="a weekend takes nothing"),
        pytest.param("2026-03-06 10:00", "2026-03-09 10:00", Unit.WORKING_DAYS, "2026-03-11 17:00", "2026-03-12 17:00",
                     id="a weekend is not counted twice"),
        pytest.param("2026-03-02 10:00", "2026-03-04 10:00", Unit.WORKING_DAYS, "2026-03-06 11:30", "2026-03-10 11:30",
                     id="a time of day that a person set stays"),
        pytest.param("2026-03-06 10:00", "2026-03-09 10:00", Unit.CALENDAR_DAYS, "2026-03-11 17:00", "2026-03-14 17:00",
                     id="calendar days count the weekend"),
        pytest.param("2026-03-06 16:00", "2026-03-09 10:00", Unit.WORKING_HOURS, "2026-03-09 16:00", "2026-03-10 10:00",
                     id="working hours"),
        pytest.param("2026-03-06 18:00", "2026-03-09 08:00", Unit.WORKING_HOURS, "2026-03-09 16:00", "2026-03-09 16:00",
                     id="working hours when nobody works"),
        pytest.param("2026-03-06 18:00", "2026-03-07 00:30", Unit.ELAPSED_HOURS, "2026-03-07 01:00", "2026-03-07 07:30",
                     id="elapsed hours"),
    ],
)  # fmt: skip
def test_w10_a_pause_gives_back_what_it_took(paused: str, resumed: str, unit: Unit, deadline: str, moved: str) -> None:
    start = at("2026-02-23 09:00")
    assert read(workingtime.resume(ENGLAND, start, at(deadline), at(paused), at(resumed), unit)) == moved


@pytest.mark.parametrize(
    ("calendar", "unit", "resumed", "moved"),
    [
        pytest.param(ENGLAND, Unit.WORKING_DAYS, "2026-03-03 09:00", "2026-03-05 17:00", id="day zero alone"),
        pytest.param(ENGLAND, Unit.WORKING_DAYS, "2026-03-04 09:00", "2026-03-06 17:00", id="day zero and a day"),
        pytest.param(ENGLAND, Unit.CALENDAR_DAYS, "2026-03-03 09:00", "2026-03-05 17:00", id="calendar days"),
        pytest.param(SAME_DAY, Unit.WORKING_DAYS, "2026-03-03 09:00", "2026-03-06 17:00", id="where it counts"),
        pytest.param(SAME_DAY, Unit.CALENDAR_DAYS, "2026-03-03 09:00", "2026-03-06 17:00", id="calendar, it counts"),
    ],
)
def test_w10_a_pause_over_the_close_of_business_of_day_zero_gives_it_back_only_where_it_counts(
    calendar: workingtime.Calendar, unit: Unit, resumed: str, moved: str
) -> None:
    start, paused, due = at("2026-03-02 10:00"), at("2026-03-02 11:00"), at("2026-03-05 17:00")
    assert read(workingtime.resume(calendar, start, due, paused, at(resumed), unit)) == moved


def test_w10_a_pause_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after it begins"):
        workingtime.resume(
            ENGLAND,
            at("2026-03-02 09:00"),
            at("2026-03-06 17:00"),
            at("2026-03-03 10:00"),
            at("2026-03-02 10:00"),
            Unit.WORKING_DAYS,
        )


@pytest.mark.parametrize(
    ("deadline", "amount", "moved"),
    [
        ("2026-03-06 17:00", "2 working days", "2026-03-10 17:00"),
        ("2026-03-06 11:30", "1 working day", "2026-03-09 11:30"),
        ("2026-03-06 17:00", "2 calendar days", "2026-03-08 17:00"),
        ("2026-03-06 16:00", "2 working hours", "2026-03-09 10:00"),
        ("2026-03-06 16:00", "2 elapsed hours", "2026-03-06 18:00"),
    ],
)
def test_an_extension_counts_from_the_deadline_in_either_day_zero_rule(deadline: str, amount: str, moved: str) -> None:
    for calendar in (ENGLAND, SAME_DAY):
        assert read(workingtime.extend(calendar, at(deadline), Amount.parse(amount))) == moved


@pytest.mark.parametrize(
    ("start", "end", "days", "minutes", "words"),
    [
        ("2026-03-02 10:00", "2026-03-02 10:00", 0, 0, "0 minutes"),
        ("2026-03-02 10:00", "2026-03-02 11:30", 0, 90, "1 hour 30 minutes"),
        ("2026-03-02 10:00", "2026-03-03 10:00", 1, 480, "1 working day"),
        ("2026-03-02 10:00", "2026-03-03 09:00", 0, 420, "7 hours"),
        ("2026-03-06 17:00", "2026-03-09 17:00", 1, 480, "1 working day"),
        ("2026-03-07 12:00", "2026-03-09 17:00", 1, 480, "1 working day"),
        ("2026-04-02 17:00", "2026-04-09 10:00", 2, 1020, "2 working days and 1 hour"),
    ],
)
def test_w11_working_time_is_office_time(start: str, end: str, days: int, minutes: int, words: str) -> None:
    spent = workingtime.working_time_between(ENGLAND, at(start), at(end))

    assert (spent.working_days, spent.working_minutes, spent.words()) == (days, minutes, words)


def test_w8_an_answer_at_the_due_instant_is_not_late_and_one_microsecond_later_is() -> None:
    deadline = at("2026-03-06 10:00")

    assert workingtime.lateness(ENGLAND, deadline, deadline).elapsed == timedelta(0)
    assert workingtime.lateness(ENGLAND, deadline, deadline - timedelta(days=1)).worked == timedelta(0)
    assert workingtime.lateness(ENGLAND, deadline, deadline + timedelta(microseconds=1)).elapsed > timedelta(0)


def test_w11_time_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="counted forward"):
        workingtime.working_time_between(ENGLAND, at("2026-03-06 17:00"), at("2026-03-06 16:00"))


@pytest.mark.parametrize(
    ("instant", "opens"),
    [
        ("2026-03-02 10:00", "2026-03-02 10:00"),
        ("2026-03-02 09:00", "2026-03-02 09:00"),
        ("2026-03-02 03:00", "2026-03-02 09:00"),
        ("2026-03-02 17:00", "2026-03-03 09:00"),
        ("2026-04-02 18:00", "2026-04-07 09:00"),
    ],
)
def test_the_next_opening_is_at_once_when_the_office_is_open(instant: str, opens: str) -> None:
    assert read(workingtime.next_open(ENGLAND, at(instant))) == opens


@pytest.mark.parametrize("unit", list(Unit))
def test_w12_past_the_end_of_the_calendar_nothing_is_guessed(unit: Unit) -> None:
    amount = Amount(value=3, unit=unit)
    last_evening = at("2031-12-31 22:30")

    with pytest.raises(workingtime.CalendarExhausted, match="England and Wales, which covers Wednesday 1 January 2025"):
        workingtime.deadline(ENGLAND, last_evening, amount)
    with pytest.raises(workingtime.CalendarExhausted):
        workingtime.receipt(ENGLAND, start=last_evening, start_event="raised", amount=amount, rule="stage 1")
    with pytest.raises(workingtime.CalendarExhausted):
        workingtime.after(ENGLAND, last_evening, amount)
    with pytest.raises(workingtime.CalendarExhausted):
        workingtime.extend(ENGLAND, last_evening, amount)


@pytest.mark.parametrize("unit", list(Unit))
def test_w12_before_the_beginning_of_the_calendar_nothing_is_guessed(unit: Unit) -> None:
    amount = Amount(value=3, unit=unit)
    the_year_before = at("2024-12-31 23:59")

    with pytest.raises(workingtime.CalendarExhausted, match="23:59 on Tuesday 31 December 2024 lies outside"):
        workingtime.deadline(ENGLAND, the_year_before, amount)
    with pytest.raises(workingtime.CalendarExhausted):
        workingtime.receipt(ENGLAND, start=the_year_before, start_event="raised", amount=amount, rule="stage 1")
    with pytest.raises(workingtime.CalendarExhausted):
        workingtime.before(ENGLAND, at("2025-01-01 01:30"), amount)


def test_w12_an_office_that_never_opens_again_says_so() -> None:
    shut = ENGLAND.with_closure(Closure(first=date(2031, 12, 1), last=date(2031, 12, 31), why="wound up"))

    with pytest.raises(workingtime.CalendarExhausted, match="next opening"):
        workingtime.next_open(shut, at("2031-12-05 10:00"))


def test_a_time_without_a_zone_is_refused() -> None:
    bare = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - the point of the test

    with pytest.raises(TypeError):
        workingtime.deadline(ENGLAND, bare, Amount.parse("1 working day"))
    with pytest.raises(ValueError, match="needs its time zone"):
        workingtime.say(bare)
    with pytest.raises(ValueError, match="needs its time zone"):
        workingtime.receipt(
            ENGLAND, start=bare, start_event="raised", amount=Amount.parse("1 working day"), rule="stage 1"
        )


@pytest.mark.parametrize(
    ("text", "value", "unit", "words"),
    [
        ("3 working days", 3, Unit.WORKING_DAYS, "3 working days"),
        ("1 working day", 1, Unit.WORKING_DAYS, "1 working day"),
        ("1 working days", 1, Unit.WORKING_DAYS, "1 working day"),
        ("  48  Elapsed Hours ", 48, Unit.ELAPSED_HOURS, "48 elapsed hours"),
        ("2 working_hours", 2, Unit.WORKING_HOURS, "2 working hours"),
        ("10 calendar days", 10, Unit.CALENDAR_DAYS, "10 calendar days"),
    ],
)
def test_an_amount_is_read_as_a_policy_writes_it(text: str, value: int, unit: Unit, words: str) -> None:
    amount = Amount.parse(text)

    assert (amount.value, amount.unit, amount.words()) == (value, unit, words)
    assert Amount.parse(words) == amount
    assert Amount.model_validate(text) == amount


@pytest.mark.parametrize(
    "text",
    ["2 hours", "3 days", "0 working days", "-1 working day", "1.5 working days", "soon", "", "3 elapsed days",
     "9999999 working days", "3 working days or sooner"],
)  # fmt: skip
def test_an_amount_that_a_policy_cannot_mean_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an amount of time|is no time at all"):
        Amount.parse(text)


@pytest.mark.parametrize(
    "hours",
    [
        {"opens": "17:00", "closes": "09:00"},
        {"opens": "09:00", "closes": "09:00"},
        {"breaks": [["12:00", "11:00"]]},
        {"breaks": [["08:00", "08:30"]]},
        {"breaks": [["12:00", "13:00"], ["12:30", "14:00"]]},
        {"opens": "09:00:30"},
        {"weekdays": []},
        {"weekdays": ["someday"]},
    ],
)
def test_office_hours_that_cannot_be_are_refused(hours: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OfficeHours.model_validate(hours)


@pytest.mark.parametrize(
    "change",
    [
        {"last": date(2024, 12, 31)},
        {"close_of_business": time(8)},
        {"bank_holidays": ((date(2026, 4, 3), "Good Friday"), (date(2026, 4, 3), "Friday"))},
        {"closures": [{"first": "2026-04-03", "last": "2026-04-02", "why": "back to front"}]},
    ],
)
def test_a_calendar_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ENGLAND.model_copy(update=change)


def test_calendars_with_the_same_content_are_one_calendar() -> None:
    content = workingtime.canonical_json(ENGLAND)

    assert workingtime.load_calendar(content) is workingtime.load_calendar(content)
    assert workingtime.load_calendar(content) == ENGLAND
    assert workingtime.load_calendar(content).content_hash == ENGLAND.content_hash
    assert workingtime.canonical_json(workingtime.load_calendar(content)) == content


def test_a_changed_copy_of_a_calendar_has_a_hash_and_an_index_of_its_own() -> None:
    assert due(ENGLAND, "2026-03-02 09:00", "1 working day") == "2026-03-03 17:00"

    changed = ENGLAND.model_copy(update={"close_of_business": time(16)})

    assert changed.content_hash != ENGLAND.content_hash
    assert changed != ENGLAND
    assert due(changed, "2026-03-02 09:00", "1 working day") == "2026-03-03 16:00"


@pytest.mark.parametrize(
    ("civil", "said"),
    [
        ("2026-03-04 17:00", "17:00 on Wednesday 4 March 2026"),
        ("2026-07-04 09:05:59", "09:05 on Saturday 4 July 2026"),
        ("2026-10-25 01:30", "01:30 BST on Sunday 25 October 2026"),
        ("2026-10-25 03:00", "03:00 on Sunday 25 October 2026"),
    ],
)
def test_instants_are_said_in_civil_time(civil: str, said: str) -> None:
    assert workingtime.say(at(civil)) == said


def test_the_receipt_shares_nothing_with_the_index_that_it_checks() -> None:
    imported = [node for node in ast.walk(ast.parse(inspect.getsource(receipts))) if isinstance(node, ast.ImportFrom)]

    ours = [node.module for node in imported if (node.module or "").startswith("escalations")]
    assert ours == ["escalations.rules.civiltime"]


def test_w13_of_several_the_earliest_counts_and_what_lies_past_the_calendar_is_not_it() -> None:
    calendar = calendars.build(Region.ENGLAND_AND_WALES, 2027, years=1)
    start = workingtime.instant_of(date(2027, 12, 29), time(12))
    far, near = Amount.parse("20 working days"), Amount.parse("24 elapsed hours")
    assert workingtime.earliest(calendar, start, [far, near]) == start + timedelta(hours=24)
    with pytest.raises(workingtime.CalendarExhausted):
        workingtime.earliest(calendar, start, [far])
    with pytest.raises(ValueError, match="earliest of no deadlines"):
        workingtime.earliest(calendar, start, [])
