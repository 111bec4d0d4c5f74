"""A table that one area published, told by the rules: 2015/16, nine escalations, and seventeen the year before.

Raised by health 6, primary school 2, GP 1; all to children's social care; reached stage 1: 7, stage 2: 1, stage 3: 1;
level of need 2: 1, 3: 2, 4: 6. There the partnership was told at every use.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from escalations.packs import reading
from escalations.policy import Policy
from escalations.review import measures
from escalations.review.dataset import Agency, Known
from escalations.review.years import Year
from escalations.rules import acts
from escalations.rules.case import Outcome
from tests.builders import SOCIAL_CARE, Story, civil, origin, raiser
from tests.review.told import record

AGENCIES = {
    agency_id: Agency(agency_id, agency_type, date(2000, 4, 1))
    for agency_id, agency_type in (
        (SOCIAL_CARE, "childrens-services"),
        ("trust", "health"),
        ("hill-school", "primary-school"),
        ("vale-school", "primary-school"),
        ("surgery", "gp"),
        ("police", "police"),
    )
}
HEALTH, PRIMARY, GP = "trust", "hill-school", "surgery"


def told_at_every_use() -> Policy:
    """Give the sample policy, but for when the partnership is told."""
    sample = reading.sample()
    first, *others = sample.stages
    return Policy.model_validate(
        {
            **sample.model_dump(),
            "stages": [
                {**first.model_dump(), "partnership_told": True},
                *({**stage.model_dump(), "partnership_told": True} for stage in others),
            ],
        }
    )


def one(start: str, agency: str, *, level: int, stage: int) -> Story:
    """Give one that is settled at a stage, after the stages below it brought no reply."""
    story = Story(policy=told_at_every_use(), start=start)
    story.raised(by=raiser(agency), raising_agency=agency, level_of_need=level)
    for number in range(1, stage):
        story.after(working_days=1)
        story.later(minutes=1)
        story.act(acts.MoveUp(**origin(raiser(agency), story.now)))
        story.after(working_days=1)
        assert story.case.stage == number + 1
    story.after(working_hours=1)
    story.act(acts.Agree(**origin(raiser(agency), story.now), outcome=Outcome.AGREED_AS_ASKED))
    return story


async def test_the_published_table_comes_out() -> None:
    stories = [
        one("2015-04-07 10:00", HEALTH, level=4, stage=1),
        one("2015-05-12 10:00", HEALTH, level=4, stage=1),
        one("2015-06-16 10:00", PRIMARY, level=3, stage=1),
        one("2015-07-14 10:00", HEALTH, level=4, stage=1),
        one("2015-09-15 10:00", GP, level=2, stage=1),
        one("2015-10-13 10:00", HEALTH, level=4, stage=2),
        one("2015-11-17 10:00", HEALTH, level=3, stage=1),
        one("2016-01-12 10:00", PRIMARY, level=4, stage=3),
        one("2016-03-30 10:00", HEALTH, level=4, stage=1),
    ]
    before = record(one("2014-06-10 10:00", HEALTH, level=3, stage=1), "B")
    cases = [record(story, f"A{number}") for number, story in enumerate(stories)]
    cases += [replace(before, reference=f"B{number}") for number in range(17)]
    known = Known(tuple(cases), AGENCIES, len(cases), civil("2016-06-01 10:00"), civil("2014-04-01 10:00"))
    review = measures.review(known, Year(2015))
    rows = {figure.id: {row.key: row.cells for row in figure.table.rows} for figure in review.figures}
    assert rows["counts"]["notified"] == (9,)
    assert {kind: cells[0] for kind, cells in rows["who_raised"].items()} == {
        "childrens-services": 0,
        "gp": 1,
        "health": 6,
        "police": 0,
        "primary-school": 2,
    }
    assert rows["who_received"]["childrens-services"] == (9, 0)
    assert [cells[-1] for cells in rows["where_resolved"].values()] == [7, 1, 1, 0]
    assert {key: cells[0] for key, cells in rows["levels_of_need"].items()} == {
        "level_1": 0,
        "level_2": 1,
        "level_3": 2,
        "level_4": 6,
        "not_stated": 0,
    }
    assert rows["years"] == {"2014": (17, 0), "2015": (9, 0)}
    assert review.figure("where_resolved").table.says[1] == "Settled at the stage at which it began: 7 of 9."
    assert not [cell for cells in rows["times"].values() for cell in cells if isinstance(cell, float)]
