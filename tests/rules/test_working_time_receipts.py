"""What a receipt tells a person who does not trust us: each day, counted or not, and why."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalations.rules import workingtime
from escalations.rules.workingtime import Amount, Closure, DayMark, DayZero, OfficeHours, Receipt, Region, Weekday
from escalations.store import calendars

ENGLAND = calendars.build(
    Region.ENGLAND_AND_WALES,
    2026,
    closures=[Closure(first=date(2026, 4, 8), last=date(2026, 4, 8), why="moving to the new office")],
)


def at(civil: str) -> datetime:
    return datetime.fromisoformat(civil).replace(tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)


def receipt(start: str, amount: str, *, calendar: workingtime.Calendar = ENGLAND) -> Receipt:
    return workingtime.receipt(
        calendar, start=at(start), start_event="notified", amount=Amount.parse(amount), rule="stage 1: answer"
    )


def test_a_receipt_reads_as_an_account_of_every_day() -> None:
    found = receipt("2026-04-02 15:00", "2 working days")

    assert found.text().splitlines()[:-2] == [
        "2 working days from notified, 15:00 on Thursday 2 April 2026 (stage 1: answer)",
        "  - Thursday 2 April 2026: day zero: the day of the start event does not count",
        "  - Friday 3 April 2026: bank holiday: Good Friday",
        "  - Saturday 4 April 2026: Saturday, not a working day here",
        "  - Sunday 5 April 2026: Sunday, not a working day here",
        "  - Monday 6 April 2026: bank holiday: Easter Monday",
        "  + Tuesday 7 April 2026: working day 1 of 2",
        "  - Wednesday 8 April 2026: closed: moving to the new office",
        "  + Thursday 9 April 2026: working day 2 of 2",
        "Due 17:00 on Thursday 9 April 2026",
    ]


def test_a_receipt_names_what_it_was_counted_with() -> None:
    found = receipt("2026-04-02 15:00", "2 working days")

    assert found.start_words == "15:00 on Thursday 2 April 2026"
    assert (found.due, found.due_words) == (at("2026-04-09 17:00"), "17:00 on Thursday 9 April 2026")
    assert found.calendar_hash == ENGLAND.content_hash
    assert (found.region, found.holidays_version, found.tzdata_version) == (
        ENGLAND.region,
        ENGLAND.holidays_version,
        ENGLAND.tzdata_version,
    )
    assert found.text().endswith("Day zero: next; close of business 17:00")


@pytest.mark.parametrize(
    ("start", "amount", "mark", "words"),
    [
        ("2026-04-01 14:00", "1 working day", DayMark.AFTER_CLOSE, "did not come before close of business (14:00)"),
        ("2026-04-01 13:59", "1 working day", DayMark.COUNTED, "working day 1 of 1"),
        ("2026-04-05 13:00", "1 working day", DayMark.WEEKEND, "Sunday"),
        ("2026-04-06 13:00", "1 working day", DayMark.BANK_HOLIDAY, "Easter Monday"),
        ("2026-04-08 13:00", "1 working day", DayMark.CLOSURE, "moving to the new office"),
        ("2026-04-09 13:00", "1 working day", DayMark.NOT_WORKED, "Thursday, not a working day here"),
        ("2026-04-05 13:00", "1 calendar day", DayMark.COUNTED, "calendar day 1 of 1"),
        ("2026-04-07 06:00", "2 working hours", DayMark.COUNTED, "came before office hours, counted from 09:00"),
        ("2026-04-07 18:00", "2 working hours", DayMark.AFTER_CLOSE, "came after office hours (09:00 to 17:00)"),
        ("2026-04-07 15:30", "2 working hours", DayMark.COUNTED, "1 hour 30 minutes"),
        ("2026-04-05 13:00", "2 working hours", DayMark.WEEKEND, "Sunday"),
        ("2026-03-29 00:30", "48 elapsed hours", DayMark.COUNTED, "22 hours 30 minutes; the clocks go forward"),
        ("2026-10-25 00:30", "48 elapsed hours", DayMark.COUNTED, "24 hours 30 minutes; the clocks go back"),
    ],
)
def test_the_first_day_says_why_it_counts_or_does_not(start: str, amount: str, mark: DayMark, words: str) -> None:
    thursdays_off = tuple(day for day in workingtime.MONDAY_TO_FRIDAY if day is not Weekday.THURSDAY)
    calendar = ENGLAND.model_copy(
        update={
            "day_zero": DayZero.SAME,
            "close_of_business": time(14),
            "office_hours": OfficeHours(weekdays=thursdays_off),
        }
    )

    first = receipt(start, amount, calendar=calendar).days[0]

    assert first.mark is mark
    assert words in first.words


def test_elapsed_hours_that_end_at_midnight_end_on_the_day_that_begins() -> None:
    found = receipt("2026-03-02 12:00", "12 elapsed hours")

    assert found.due == at("2026-03-03 00:00")
    assert [day.time_counted for day in found.days] == [timedelta(hours=12)]


def test_the_same_receipt_has_the_same_hash_and_any_change_another() -> None:
    found = receipt("2026-04-02 15:00", "2 working days")

    assert receipt("2026-04-02 15:00", "2 working days").content_hash == found.content_hash
    assert Receipt.model_validate_json(found.model_dump_json()).content_hash == found.content_hash
    other_words = ENGLAND.model_copy(update={"bank_holidays": (*ENGLAND.bank_holidays[:-1],)})
    assert receipt("2026-04-02 15:01", "2 working days").content_hash != found.content_hash
    assert receipt("2026-04-02 15:00", "2 working days", calendar=other_words).content_hash != found.content_hash


def test_the_comparison_of_receipt_and_lookup_is_able_to_fail() -> None:
    without_easter = ENGLAND.model_copy(update={"bank_holidays": ()})

    found = receipt("2026-04-02 15:00", "2 working days", calendar=without_easter)

    assert found.due != workingtime.deadline(ENGLAND, found.start, found.amount)
