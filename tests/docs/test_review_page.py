"""The page on the review has every measure's definition, every column and every rule of few cases, as in the code."""

from __future__ import annotations

import re
from pathlib import Path

from escalations.review import exports, measures, rows
from escalations.review.figures import FEW, HEADINGS, SMALL, Audience, Section

PAGE = (Path(__file__).parents[2] / "docs" / "review.md").read_text("utf-8")


def plain(text: str) -> str:
    """Give a text in one line, with plain apostrophes."""
    return " ".join(text.split()).replace("’", "'")


def defined(text: str) -> dict[str, tuple[str, str]]:
    """Give title and definition of each measure that a page defines."""
    found = re.findall(r"^\*\*`(\w+)`: (.*?)\.\*\* (.*?)\n\n", text + "\n\n", flags=re.MULTILINE | re.DOTALL)
    return {name: (plain(title), plain(words)) for name, title, words in found}


def test_every_measure_is_defined_on_the_page_in_its_own_words() -> None:
    there = {measure.id: (plain(measure.title), plain(measure.definition)) for measure in measures.EVERY}
    assert defined(PAGE) == there


def test_a_measure_without_its_definition_is_found() -> None:
    assert defined("**`a`: A title.** What it\ncounts.\n\n**b**: no.\n") == {"a": ("A title", "What it counts.")}


def test_every_section_audience_and_column_stands_on_the_page() -> None:
    for section in Section:
        assert f"### {plain(HEADINGS[section])}\n" in PAGE
    for audience in Audience:
        assert f"| `{audience.value}` |" in PAGE
    for column in (*rows.COLUMNS, *exports.MEASURE_COLUMNS):
        assert f"`{column}`" in PAGE, column
    assert f"`{exports.FORMAT}`" in PAGE


def test_the_numbers_below_which_less_is_said_are_the_codes() -> None:
    assert f"fewer than {SMALL} |" in PAGE
    assert f"fewer than {FEW} notified cases" in PAGE
