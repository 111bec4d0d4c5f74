"""Term dates as councils publish them: read as days on which schools are closed, or refused with a sentence."""

from __future__ import annotations

from datetime import date

import pytest

from escalations.packs import term_dates
from escalations.packs.term_dates import Days, NotTermDates

EASTER = Days(date(2027, 3, 29), date(2027, 4, 9), "Easter holidays")
TABLE = "first,last,why\n2027-03-29,2027-04-09,Easter holidays\n28/05/2027,,INSET day\n"
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1@council.example
DTSTART;VALUE=DATE:20270329
DTEND;VALUE=DATE:20270410
SUMMARY:Easter holi
 days
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20270528
SUMMARY:INSET day\\, all schools
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20270601
SUMMARY:Open evening
END:VEVENT
END:VCALENDAR
"""
TERMS = (
    "Name;Start;End\nSummer term 1;12/04/2027;28/05/2027\nSpring term 2;22/02/2027;26/03/2027\n"
    "Summer term 2;07/06/2027;21/07/2027\n"
)


def test_a_table_of_holidays_is_read() -> None:
    assert term_dates.read_text(TABLE, "days.csv") == (EASTER, Days(date(2027, 5, 28), date(2027, 5, 28), "INSET day"))


def test_a_calendar_is_read_with_the_day_before_its_end_as_the_last() -> None:
    found = term_dates.read_text(CALENDAR.replace("\n", "\r\n"), "days.ics", only=("holiday", "inset"))
    assert found == (EASTER, Days(date(2027, 5, 28), date(2027, 5, 28), "INSET day, all schools"))


def test_of_terms_the_days_between_are_closed() -> None:
    found = term_dates.read_text(TERMS, "terms.csv", terms=True)
    assert [(one.first, one.last) for one in found] == [
        (date(2027, 3, 27), date(2027, 4, 11)),
        (date(2027, 5, 29), date(2027, 6, 6)),
    ]
    assert found[0].why == "between Spring term 2 and Summer term 1"


def test_a_school_s_own_day_can_be_one_on_which_it_is_open() -> None:
    (found,) = term_dates.read_text("first,why,open\n2027-03-29,Revision day,yes\n", "own.csv")
    assert found.opens


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "needs a first line that names its columns"),
        ("day,what\n2027-03-29,Easter\n", "needs a first line that names its columns"),
        ("first,last\n", "has no days"),
        ("first,last\n2027-03-32,2027-04-09\n", "line 2"),
        ("first,last\n2027-04-09,2027-03-29\n", "ends (2027-03-29) before it begins"),
        ("first,last,why\n2027-01-04,2027-07-21,The year\n", "say so with --terms"),
        (CALENDAR.replace("SUMMARY:Open", "RRULE:FREQ=WEEKLY\nSUMMARY:Open"), "repeats"),
        (CALENDAR.replace("20270601", "next week"), "is not a date of a calendar file"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(NotTermDates) as refused:
        term_dates.read_text(text, "days")
    assert sentence in str(refused.value)


def test_terms_that_overlap_are_refused() -> None:
    with pytest.raises(NotTermDates, match="overlap"):
        term_dates.read_text("first,last,why\n2027-01-04,2027-02-12,A\n2027-02-01,2027-03-26,B\n", "t.csv", terms=True)


def test_a_name_that_nothing_has_is_said() -> None:
    with pytest.raises(NotTermDates, match="of that name"):
        term_dates.read_text(TABLE, "days.csv", only=("Christmas",))
