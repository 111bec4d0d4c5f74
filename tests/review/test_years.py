"""Which year a review is about, and what is said of one that there is not."""

from __future__ import annotations

import pytest

from escalations.review import years
from escalations.review.years import WrongYear, Year
from tests.builders import civil

NOW = civil("2026-11-25 10:00")


@pytest.mark.parametrize("text", ["2025", " 2025 ", "2025/26", "2025-26", "2025/2026", "2025–26"])
def test_a_year_is_written_as_people_write_it(text: str) -> None:
    assert years.read(text, now=NOW) == Year(2025)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("last year", "That is not a year. Write 2025 for April 2025 to March 2026."),
        ("", "That is not a year. Write 2025 for April 2025 to March 2026."),
        ("2025/27", "There is no such year here. Write 2025 for April 2025 to March 2026."),
        ("1999", "There is no such year here. Write 2025 for April 2025 to March 2026."),
        ("9999", "There is no such year here. Write 2025 for April 2025 to March 2026."),
        (
            "2027",
            "2027/28 has not begun: it begins on Thursday 1 April 2027. Write 2025 for April 2025 to March 2026.",
        ),
        ("25; DROP TABLE", "That is not a year. Write 2025 for April 2025 to March 2026."),
    ],
)
def test_what_is_no_year_here_gets_a_sentence(text: str, said: str) -> None:
    assert years.read(text, now=NOW) == WrongYear(said)


def test_it_begins_and_ends_at_midnight_in_london() -> None:
    year = Year(2025)
    assert year.begins == civil("2025-04-01 00:00")
    assert year.ends == civil("2026-04-01 00:00")
    assert year.holds(civil("2026-03-31 23:59"))
    assert not year.holds(civil("2026-04-01 00:00"))
    assert not year.holds(None)


def test_an_installation_can_have_another_first_month() -> None:
    assert years.of(NOW, starts_in=9) == Year(2026, 9)
    assert years.of(civil("2026-08-31 23:59"), starts_in=9) == Year(2025, 9)
    assert Year(2025, 9).words == "September 2025 to August 2026"
    assert (Year(2025, 1).words, Year(2025, 1).short) == ("January 2025 to December 2025", "2025")
    assert years.read("2025/26", now=NOW, starts_in=1) == WrongYear(
        "There is no such year here. Write 2025 for January 2025 to December 2025."
    )
