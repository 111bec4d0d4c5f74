"""The calendar file of an installation: what it adds, what it takes away, and how it says what is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from escalations import parts
from escalations.intake.opening import InForce
from escalations.packs import days_off, reading
from escalations.rules.workingtime import Amount, Region, deadline
from escalations.settings import WrongSettings
from escalations.store import calendars
from escalations.store.calendars import NO_DAYS_OFF
from tests.builders import civil

FILE = """
bank_holidays:
  - {day: 2027-03-05, name: A day of national thanks}
not_bank_holidays:
  - 2027-03-29
closures:
  - {first: 2027-12-29, last: 2027-12-31, why: Between Christmas and New Year}
"""
ENGLAND = calendars.build(Region.ENGLAND_AND_WALES, 2027)


def due(text: str, start: str, amount: str = "1 working day") -> str:
    calendar = days_off.read_text(text, "calendar.yaml").on(ENGLAND)
    return deadline(calendar, civil(start), Amount.parse(amount)).strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    ("start", "without", "ends"),
    [
        ("2027-03-04 10:00", "2027-03-05", "2027-03-08"),
        ("2027-03-25 10:00", "2027-03-30", "2027-03-29"),
        ("2027-12-29 10:00", "2027-12-30", "2028-01-04"),
    ],
)
def test_its_days_are_counted_by(start: str, without: str, ends: str) -> None:
    assert due("", start) == without
    assert due(FILE, start) == ends


def test_an_empty_file_changes_nothing_of_the_calendar_or_its_hash() -> None:
    assert days_off.read_text("# nothing yet\n", "calendar.yaml") == NO_DAYS_OFF
    assert days_off.read(None) == NO_DAYS_OFF
    assert NO_DAYS_OFF.on(ENGLAND).content_hash == ENGLAND.content_hash


def test_what_lies_outside_a_calendar_leaves_its_hash_as_it_is() -> None:
    far = "closures:\n  - {first: 2050-01-04, last: 2050-01-05, why: Far away}\n"
    assert days_off.read_text(far, "calendar.yaml").on(ENGLAND).content_hash == ENGLAND.content_hash


def test_new_escalations_are_counted_by_what_is_in_force() -> None:
    days = days_off.read_text(FILE, "calendar.yaml")
    frame = InForce(reading.sample(), days).frame(civil("2027-03-01 09:30"))
    assert (date(2027, 3, 5), "A day of national thanks") in frame.calendar.bank_holidays
    assert frame.calendar != InForce(reading.sample()).frame(civil("2027-03-01 09:30")).calendar


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "closures:\n  - {first: 2027-12-31, last: 2027-12-29, why: Odd}\n",
            "calendar.yaml:2: closures, 0: The closure",
        ),
        ("closures:\n  - {first: 2027-12-29, why: Odd}\n", "is missing"),
        ("closures: 2027-12-29\n", "has to be a list"),
        ("holidays:\n  - 2027-12-29\n", "is not a part of a calendar file; it has bank_holidays"),
        ("bank_holidays:\n  - {day: 2027-02-30, name: Odd}\n", "2027-02-30 is not a date that exists"),
        (
            "bank_holidays:\n  - {day: 2027-03-05, name: One}\n  - {day: 2027-03-05, name: Two}\n",
            "a bank holiday is listed twice",
        ),
        ("- 2027-12-29\n", "has to begin with the name of a list"),
        ("closures: [" * 60, "lists within lists"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(reading.NotAPolicyError) as found:
        days_off.read_text(text, "calendar.yaml")
    assert said in str(found.value)


def test_a_calendar_file_that_cannot_be_used_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "calendar.yaml"
    file.write_text("closures: 2027-12-29\n", encoding="utf-8")
    with pytest.raises(WrongSettings, match="ESCALATIONS_CALENDAR_FILE cannot be used"):
        parts.days_off_of(file)
    with pytest.raises(WrongSettings, match="cannot be read"):
        parts.days_off_of(tmp_path / "none.yaml")
