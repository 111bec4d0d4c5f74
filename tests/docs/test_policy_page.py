"""The page on writing a policy has every field and every word that a policy file may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from pydantic import BaseModel

from escalations.packs import reading
from escalations.policy import (
    Adoption,
    Awaits,
    ClockRule,
    FinalBody,
    Limit,
    OnLimit,
    OutOfScope,
    Policy,
    PositionRule,
    PriorityRule,
    Side,
    Skipping,
    SkipReason,
    StageRule,
    StartsFrom,
    Thematic,
    Track,
    Undelivered,
)
from escalations.rules.codelists import CodeEntry, CodeLists
from escalations.rules.workingtime import DayZero, Region, Unit

PAGE = (Path(__file__).parents[2] / "docs" / "writing-a-policy.md").read_text("utf-8")
MODELS: tuple[type[BaseModel], ...] = (
    Policy,
    Adoption,
    FinalBody,
    StageRule,
    ClockRule,
    Limit,
    PriorityRule,
    Skipping,
    Thematic,
    OutOfScope,
    PositionRule,
    CodeLists,
    CodeEntry,
)
VOCABULARIES = (Awaits, DayZero, OnLimit, Region, Side, SkipReason, StartsFrom, Track, Undelivered)


def unexplained(names: Iterable[str], text: str) -> list[str]:
    """Give the names that stand nowhere in the text as code."""
    code = " ".join(re.findall(r"`([^`\n]+)`", text))
    return [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", code)]


@pytest.mark.parametrize("model", MODELS)
def test_every_field_of_a_policy_is_explained(model: type[BaseModel]) -> None:
    assert unexplained(model.model_fields, PAGE) == []


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_every_word_that_a_policy_may_hold_is_explained(vocabulary: type[Awaits]) -> None:
    assert unexplained((word.value for word in vocabulary), PAGE) == []


def test_every_unit_is_shown() -> None:
    assert [unit for unit in Unit if unit.value.replace("_", " ") not in PAGE] == []


def test_a_field_without_its_line_is_found() -> None:
    assert unexplained(["day_zero", "day", "said"], "`day_zero` is said; days are not") == ["day", "said"]


def test_the_mistake_on_the_page_is_said_as_the_page_says() -> None:
    said = re.findall(r"^(our-policy\.yaml:2: .*)$", PAGE, flags=re.MULTILINE)
    with pytest.raises(reading.NotAPolicyError) as problem:
        reading.read_text("id: ours\ntitel: Our policy\n", "our-policy.yaml")
    assert said
    assert set(said) <= {str(one) for one in problem.value.problems}
