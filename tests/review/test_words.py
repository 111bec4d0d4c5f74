"""The words of a review: one for each code, and none that blames (rules of practice, "Words")."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import pytest

from escalations.policy import Awaits, Side, Track
from escalations.review import charts, measures, words
from escalations.review.dataset import State, Why
from escalations.review.figures import HEADINGS, Section
from escalations.review.years import Year
from escalations.rules.acts import Concern
from escalations.rules.case import Cause, PauseReason
from tests.review.told import known, settled_at_two
from tests.web.conftest import BANNED


@pytest.mark.parametrize(
    ("vocabulary", "said"),
    [
        (Concern, words.CONCERNS),
        (Cause, words.CAUSES),
        (PauseReason, words.PAUSES),
        (State, words.STATES),
        (Why, words.WHY),
        (Awaits, words.AWAITED),
        (Side, words.SIDES),
        (Track, words.TRACKS),
        (Section, HEADINGS),
    ],
)
def test_every_code_has_words_and_none_is_banned(vocabulary: type[StrEnum], said: Mapping[StrEnum, str]) -> None:
    assert set(said) == set(vocabulary)
    assert BANNED.findall(" ".join(said.values())) == []


def test_no_title_definition_label_or_sentence_says_a_banned_word() -> None:
    review = measures.review(known(settled_at_two()), Year(2026))
    texts = [*review.says, measures.CAVEAT]
    for measure in measures.EVERY:
        texts += [measure.title, measure.definition]
    for figure in review.figures:
        texts += [*figure.table.says, figure.table.of]
        texts += [row.label for row in figure.table.rows] + [column.label for column in figure.table.columns]
        texts += [charts.words(figure.table.chart)] if figure.table.chart else []
    assert BANNED.findall(" ".join(texts)) == []


def test_several_of_a_type_are_said_as_people_say_them() -> None:
    assert [words.agencies(code) for code in ("school", "police", "gp", "adult-services", "academy-trust")] == [
        "schools",
        "police agencies",
        "GP practices",
        "adult services",
        "academy trusts",
    ]
    assert words.agency_type("academy-trust") == "Academy trust"
    assert [words.counted(number, "case") for number in (0, 1, 2)] == ["no cases", "1 case", "2 cases"]
