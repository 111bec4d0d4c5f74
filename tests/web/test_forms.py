"""Reading what a person typed: dates, times in civil London time, addresses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from escalations.web.forms import Raw, Reading, clean, number_of
from tests.builders import civil

NOW = civil("2027-11-01 09:00")


def _moment(day: str, clock: str, *, now: datetime = NOW) -> tuple[datetime | None, list[str]]:
    year, month, date = day.split("-")
    raw: Raw = {"at-day": [date], "at-month": [month], "at-year": [year], "at-time": [clock]}
    reading = Reading(raw, now=now)
    found = reading.moment("at", "The time", missing_day="Enter the date", missing_time="Enter the time")
    return found, [problem.sentence for problem in reading.problems]


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("14:30", "14:30"),
        ("2:30pm", "14:30"),
        ("2.30 pm", "14:30"),
        ("14.30", "14:30"),
        ("1430", "14:30"),
        ("9am", "09:00"),
        ("12am", "00:00"),
        ("noon", "12:00"),
        ("12pm", "12:00"),
        ("0905", "09:05"),
    ],
)
def test_a_time_is_read_as_people_write_it(written: str, utc: str) -> None:
    found, problems = _moment("2027-02-01", written)
    assert problems == []
    assert found is not None
    assert found.astimezone(UTC).strftime("%H:%M") == utc


@pytest.mark.parametrize("written", ["25:00", "14:60", "half past two", "13pm", "9", "-1:00", "1:2:3"])
def test_what_is_no_time_is_asked_for_again(written: str) -> None:
    assert _moment("2027-02-01", written) == (None, ["Enter a time like 14:30 or 2:30pm"])


def test_a_summer_time_is_an_hour_earlier_in_utc() -> None:
    found, _ = _moment("2027-07-01", "16:00")
    assert found == datetime(2027, 7, 1, 15, 0, tzinfo=UTC)


def test_a_time_that_never_was_is_said_to_be_so() -> None:
    found, problems = _moment("2027-03-28", "01:30")
    assert found is None
    assert problems == [
        (
            "There was no 01:30 on Sunday 28 March 2027: the clocks went forward from 1am to 2am. Enter a time "
            "before 1am, or from 2am on."
        )
    ]


def test_a_time_that_came_twice_is_not_guessed() -> None:
    found, problems = _moment("2027-10-31", "01:30")
    assert found is None
    assert "came twice" in problems[0]
    assert _moment("2027-10-31", "01:30 BST")[0] == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert _moment("2027-10-31", "1.30am gmt")[0] == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_a_moment_in_the_future_is_refused_and_this_very_minute_is_not() -> None:
    assert _moment("2027-11-01", "09:00")[0] == NOW
    assert _moment("2027-11-01", "09:01")[1] == ["The time must be in the past. That is later than now."]


@pytest.mark.parametrize(
    "address",
    ["a@b", "a b@example.org", "a@example..org", "@example.org", "a@-example.org", "a@example.org\nBcc: x@y.z"],
)
def test_an_address_of_the_wrong_shape_is_asked_for_again(address: str) -> None:
    reading = Reading({"email": [address]}, now=NOW)
    reading.email("email", missing="Enter it")
    assert len(reading.problems) == 1


def test_control_characters_are_taken_out_and_line_breaks_stay() -> None:
    assert clean(" a\x00b\r\nc\u202ed \x07") == "ab\ncd"


def test_months_are_read_by_name() -> None:
    reading = Reading({"d-day": ["1"], "d-month": ["Sept"], "d-year": ["2026"]}, now=NOW)
    found = reading.day("d", "The date", missing=None)
    assert found is not None
    assert found.isoformat() == "2026-09-01"
    ambiguous = Reading({"d-day": ["1"], "d-month": ["Ju"], "d-year": ["2026"]}, now=NOW)
    assert ambiguous.day("d", "The date", missing=None) is None


@pytest.mark.parametrize("part", ["day", "month", "year"])
def test_a_number_of_thousands_of_figures_is_put_right_like_any_other(part: str) -> None:
    raw: Raw = {"at-day": ["1"], "at-month": ["3"], "at-year": ["2027"], f"at-{part}": ["9" * 5_000]}
    reading = Reading(raw, now=NOW)
    assert reading.day("at", "The date", missing=None) is None
    assert [problem.field for problem in reading.problems] == [f"at-{part}"]


@pytest.mark.parametrize(("written", "number"), [("12", 12), ("0", 0), ("", None), ("²", None), ("9" * 5_000, None)])
def test_a_small_number_is_read_and_no_other(written: str, number: int | None) -> None:
    assert number_of(written) == number
