"""A published policy that is not shipped, written as a file alone: nothing of it needs code (issue 5, item 3)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from escalations.packs import checking, reading, unmapped
from escalations.rules.codelists import ListKind
from escalations.simulation import stories, trying

HERE = Path(__file__).parent / "elsewhere"
PACKS = sorted(HERE.glob("*.yaml"))
STORIES = [(pack, story) for pack in PACKS for story in sorted((HERE / pack.stem).glob("*.yaml"))]


def test_there_is_one_with_stories() -> None:
    assert PACKS
    assert len(STORIES) >= 2


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.stem)
def test_it_passes_and_nothing_of_it_will_hurt(pack: Path) -> None:
    found = checking.check(pack, today=date(2027, 3, 1))
    assert (found.problems, found.warnings) == ((), ())


@pytest.mark.parametrize(("pack", "story"), STORIES, ids=lambda path: path.stem)
def test_its_stories_have_the_timelines_that_are_expected(pack: Path, story: Path) -> None:
    found = trying.text(trying.play(stories.read(story), reading.read(pack)))
    assert found == story.with_suffix(".expected").read_text("utf-8")


def test_beside_the_usual_lists_it_says_what_nothing_takes_the_place_of() -> None:
    policy = reading.read(HERE / "lincolnshire.yaml")
    left = [one.sentence for one in unmapped.unmapped(reading.sample(), policy)]
    assert any("assessment_outcome" in sentence for sentence in left)
    assert not any("plan_not_followed" in sentence for sentence in left)
    assert policy.codes(ListKind.REASONS).present("plan_not_followed") == "drift"
