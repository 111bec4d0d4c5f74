"""The worked example, from a page in words to a policy that runs: read from the page itself, and played."""

from __future__ import annotations

import re
from pathlib import Path

from escalations.packs import reading, warning
from escalations.policy import Policy, Side
from escalations.rules import acts, events
from escalations.rules.actors import Actor
from escalations.rules.case import Outcome, Status
from tests.builders import Story, civil, origin

PAGE = (Path(__file__).parents[2] / "docs" / "from-a-document.md").read_text("utf-8")


def written() -> Policy:
    (text,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    return reading.read_text(text, "our-policy.yaml")


def test_the_file_of_the_page_is_a_policy_in_which_nothing_will_hurt() -> None:
    policy = written()
    assert warning.warnings(policy, today=policy.adoption.in_force_from) == ()


def test_practitioners_have_two_working_days_or_sooner() -> None:
    story = Story(policy=written()).raised()
    assert story.clock("answer").due_at == civil("2027-03-03 17:00")
    sooner = acts.SetSooner(
        **story.by_raiser(), clock_id=story.clock("answer").clock_id, due_at=civil("2027-03-02 10:00")
    )
    story.act(sooner)
    assert story.clock("answer").due_at == civil("2027-03-02 10:00")


def test_managers_have_three_and_the_team_is_told_and_the_chair_has_ten() -> None:
    story = Story(policy=written()).raised().at("2027-03-03 17:00")
    assert story.last(events.MoveProposed).to_stage == 2
    story.moves_up()
    story.at("2027-03-04 17:00")
    assert story.case.stage == 2
    assert story.case.partnership_told_at is not None
    assert story.clock("answer").due_at == civil("2027-03-09 17:00")
    story.at("2027-03-09 17:00")
    story.moves_up()
    story.at("2027-03-10 17:00")
    assert story.clock("decide").due_at == civil("2027-03-24 17:00")
    chair = Actor(side=Side.FINAL_BODY, agency_id="partners-panel", position="chair")
    story.act(acts.Decide(**origin(chair, story.now), outcome=Outcome.DECIDED_AS_ASKED))
    assert story.case.status is Status.CLOSED
