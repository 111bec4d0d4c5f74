"""What people type of civil time is read as they mean it, and what cannot be meant is said in a sentence."""

from __future__ import annotations

import re
from datetime import date, time
from typing import TYPE_CHECKING

import pytest

from escalations.rules import civilwords, workingtime
from escalations.rules.workingtime import Amount, Weekday
from tests.builders import civil

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("2027-03-26T15:30", "2027-03-26 15:30"),
        ("2027-03-26 15:30", "2027-03-26 15:30"),
        ("26/03/2027 15:30", "2027-03-26 15:30"),
        (" 5/7/2027, 09:00 ", "2027-07-05 09:00"),
        ("2027-07-05T08:00Z", "2027-07-05 09:00"),
        ("2027-07-05T09:00+01:00", "2027-07-05 09:00"),
    ],
)
def test_a_moment_is_read_as_a_person_or_a_machine_writes_it(typed: str, means: str) -> None:
    assert civilwords.moment(typed) == civil(means)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2027-03-28T01:30", "01:30 on Sunday 28 March 2027 never comes"),
        ("2027-10-31T01:30", "comes twice, because the clocks go back. Write 2027-10-31T01:30+01:00"),
        ("2027-03-26", "has no time of day: write it with one, such as 2027-03-26T09:30"),
        ("26/03/2027", "has no time of day"),
        ("2027-02-30T09:00", "is not a date and time"),
        ("31/02/2027 09:00", "is not a date and time"),
        ("tomorrow", "is not a date and time: write it as 2027-03-26T15:30"),
        ("9999-12-31T23:59-14:00", "is not a date and time"),
        ("", "is not a date and time"),
    ],
)
def test_a_moment_that_cannot_be_meant_is_said(typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        civilwords.moment(typed)


def test_of_the_hour_that_comes_twice_the_one_with_its_offset_is_taken() -> None:
    first, second = civilwords.moment("2027-10-31T01:30+01:00"), civilwords.moment("2027-10-31T01:30+00:00")
    assert workingtime.say_duration(second - first) == "1 hour"


def test_a_closure_is_read_with_its_reason_or_without() -> None:
    assert civilwords.closure("2027-04-01..2027-04-05=Easter holiday").why == "Easter holiday"
    one = civilwords.closure("01/04/2027")
    assert (one.first, one.last, one.why) == (date(2027, 4, 1), date(2027, 4, 1), "the office is closed")


def test_office_hours_are_read_with_their_breaks() -> None:
    read = civilwords.office_hours("9:00-12:30, 13:30 to 17:00", weekdays=[Weekday.MONDAY])
    assert read.spells() == ((time(9), time(12, 30)), (time(13, 30), time(17)))
    assert read.weekdays == (Weekday.MONDAY,)


@pytest.mark.parametrize(
    ("read", "typed", "said"),
    [
        (civilwords.closure, "2027-04-05..2027-04-01", "ends before it begins"),
        (civilwords.closure, "Easter", '"Easter" is not a date: write it as 2027-04-01'),
        (civilwords.office_hours, "nine to five", "are no office hours: write them as 09:00-17:00"),
        (civilwords.office_hours, "25:00-26:00", "are no office hours"),
        (civilwords.office_hours, "09:00-13:00,12:30-17:00", "is out of order"),
        (civilwords.clock, "5pm", "is not a time of day: write it as 17:00"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(read: Callable[[str], object], typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read(typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("3 working dys", '"3 working days"'),
        ("1 workday", '"1 working day"'),
        ("48 hours", '"48 working hours" or "48 elapsed hours"'),
        ("48h", '"48 working hours" or "48 elapsed hours"'),
        ("5 days", '"5 working days" or "5 calendar days"'),
        ("2 weeks", '"10 working days" or "14 calendar days"'),
        ("2 calender days", '"2 calendar days"'),
    ],
)
def test_of_an_unknown_unit_the_nearest_known_one_is_asked_for(typed: str, meant: str) -> None:
    with pytest.raises(ValueError, match="is not an amount of time") as refused:
        Amount.parse(typed)
    assert str(refused.value).endswith(f"Did you mean {meant}?")


def test_what_is_near_nothing_is_refused_without_a_guess() -> None:
    for typed in ("soon", "3 bananas", "-1 working days"):
        with pytest.raises(ValueError, match=r"calendar days\.$"):
            Amount.parse(typed)
