"""The page on the rules and the code say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from escalations.policy import Awaits, StartsFrom
from escalations.rules import acts, events
from escalations.rules.case import Cause
from tests.deeds import BY_A_PERSON

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")


def table(heading: str) -> dict[str, list[str]]:
    """Give the rows of the table under a heading, by the name in the first column."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells] for cells in rows}


def kind_of(model: type[acts.ActModel | events.EventModel]) -> str:
    return str(model.model_fields["kind"].default)


ACTS: dict[str, type[acts.ActModel]] = {kind_of(model): model for model in get_args(acts.Act)}
EVENTS: dict[str, type[events.EventModel]] = {kind_of(model): model for model in get_args(events.Event)}


def test_every_act_is_on_the_page_in_its_order() -> None:
    assert sorted(table("Acts")) == sorted(ACTS)


@pytest.mark.parametrize("kind", ACTS)
def test_what_an_act_needs_is_what_its_model_needs(kind: str) -> None:
    own = {
        name: field
        for name, field in ACTS[kind].model_fields.items()
        if name not in acts.ActModel.model_fields and name != "kind"
    }
    needs, _, optional = table("Acts")[kind][2].partition("(")
    assert set(re.findall(r"`(\w+)`", needs)) == {name for name, field in own.items() if field.is_required()}
    assert set(re.findall(r"`(\w+)`", optional)) == {name for name, field in own.items() if not field.is_required()}


def test_every_event_is_on_the_page() -> None:
    assert sorted(table("Events")) == sorted(EVENTS)


@pytest.mark.parametrize("kind", EVENTS)
def test_what_time_alone_brings_is_what_the_machine_of_the_tests_lets_it_bring(kind: str) -> None:
    by_time = table("Events")[kind][2]
    assert (by_time == "no") == (EVENTS[kind] in BY_A_PERSON)


def test_every_clock_is_on_the_page_with_what_starts_it() -> None:
    rows = table("Clocks")
    assert sorted(rows) == sorted(awaits.value for awaits in Awaits)
    named = {name for cells in rows.values() for name in re.findall(r"`(\w+)`", cells[2])}
    assert named == {start.value for start in StartsFrom}


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_on_the_page(cause: Cause) -> None:
    assert f"`{cause.value}`" in PAGE
