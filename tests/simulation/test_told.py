"""Who is told of what, as the rules have it: it changes when they change, and is written down nowhere else."""

from __future__ import annotations

import json

import pytest

from escalations.packs import reading
from escalations.policy import Policy, Side
from escalations.rules import notices
from escalations.simulation import stories, told, trying
from escalations.simulation.told import Row
from tests.packs.calling import call
from tests.web.conftest import BANNED


@pytest.fixture(scope="module")
def sample() -> told.Table:
    return told.table(reading.sample())


def row(found: told.Table, label: str) -> Row:
    return next(one for one in found.rows if one.label == label)


def whom(found: told.Table, label: str, side: Side) -> list[str]:
    return [f"{one.whom}: {one.notice}" for one in row(found, label).of(side)]


def changed(old: str, new: str) -> Policy:
    text = reading.sample_text()
    assert old in text
    return reading.read_text(text.replace(old, new, 1), "ours.yaml")


def test_what_a_partnership_asks_about_is_met(sample: told.Table) -> None:
    asked = (
        "Raised", "Held for the team", "Passed on", "Stage 1 begins", "Stage 4 begins", "Acknowledged", "Answered",
        "Reminder, waiting for each responding agency", "Time limit passed, waiting for each responding agency",
        "Asked: choose whether it moves up", "Move intended", "Move dropped", "Settled", "Decided", "Closed", "Paused",
        "Resumed", "Clock extended", "A notice: not delivered", "The policy tells the partnership of a stage",
        "The policy tells the partnership how it ended", "Raiser kept informed", "Done confirmed", "Done denied",
        "Person reached", "Completed", "Track changed", "Cause changed",
    )  # fmt: skip
    labels = {one.label for one in sample.rows}
    assert [label for label in asked if label not in labels] == []


def test_what_the_stories_do_not_bring_about_is_said(sample: told.Table) -> None:
    assert "clock_set_sooner" in sample.not_met, "the sample has no limit that may be sooner"
    assert "raised" not in sample.not_met
    assert "clock set sooner" in " ".join(" ".join(told.lines(sample)).split())


def test_every_story_can_be_played_under_the_sample() -> None:
    policy = reading.sample()
    for number, text in enumerate(told.texts(policy)):
        trying.play(stories.read_text(text, f"story-{number}"), policy)


@pytest.mark.parametrize(
    ("pack", "label"),
    [
        ("strict-sample", "Move objected"),
        ("strict-sample", "Priority set"),
        ("pan-sussex-sample", "Clock set sooner"),
        ("croydon-sample", "Answered"),
        ("sunderland-adults-sample", "Stage 1 begins"),
    ],
)
def test_what_another_policy_has_more_is_met_under_it(pack: str, label: str) -> None:
    assert row(told.table(reading.sample(pack)), label).told


def test_the_raiser_hears_of_an_answer_and_the_other_side_of_what_it_is_asked(sample: told.Table) -> None:
    assert whom(sample, "Answered", Side.RAISING) == [
        "whoever raised it: Answered",
        "the contact of an agency that raises it too: Answered",
    ]
    assert whom(sample, "Stage 1 begins", Side.RESPONDING) == ["who is asked at the stage: Notice of the stage"]
    passed = "Time limit passed, waiting for each responding agency"
    assert "who would be asked at the next stage: Time limit passed" in whom(sample, passed, Side.RESPONDING)


def test_the_team_reads_what_it_is_about_only_from_when_the_policy_tells_it(sample: told.Table) -> None:
    assert list(row(sample, "Raised").team_sees) == ["reference, agencies and dates"]
    assert list(row(sample, "The policy tells the partnership of a stage").team_sees) == ["everything"]
    assert list(row(sample, "Held for the team").team_sees) == ["everything"]
    never = reading.sample_text().replace("    partnership_told: true\n", "")
    found = told.table(reading.read_text(never, "ours.yaml"))
    assert "The policy tells the partnership of a stage" not in {one.label for one in found.rows}
    assert list(row(found, "Stage 4 begins").team_sees) == ["reference, agencies and dates"]


def test_another_policy_has_another_table() -> None:
    at_once = told.table(changed("    formal: false\n", "    formal: false\n    partnership_told: true\n"))
    assert list(row(at_once, "Stage 1 begins").team_sees) == ["everything"]
    assert list(row(at_once, "Acknowledged").team_sees) == ["everything"]


def test_it_says_what_the_rules_say(sample: told.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were nobody told of anything, the table would say so: no line of it is written by hand."""
    monkeypatch.setattr(notices, "notices_for", lambda *_: ())
    silent = told.table(reading.sample())
    assert [one.label for one in silent.rows if one.told] == []
    assert [one.label for one in sample.rows if one.told]


def test_nobody_is_told_but_the_two_sides_the_final_body_and_the_team() -> None:
    policy = reading.sample()
    ladder = {stage.raising_position for stage in policy.stages} | {
        stage.responding_position for stage in policy.stages
    }
    known = {*ladder, policy.final_body.position, policy.final_body.alternate_position}
    known |= {notices.RAISER, notices.LEAD, "team", notices.TEAM_DEPUTY, "adviser_a"}
    recipients = {notice.to for happened in told.played(policy) for one in happened.happenings for notice in one.told}
    assert {to.side for to in recipients} == set(told.TOLD_SIDES)
    assert {to.position for to in recipients} <= known, "then the table has to say so, and its last sentence too"


def test_it_is_printed_in_eighty_columns_and_for_a_machine() -> None:
    code, said = call("policy", "show", "--told")
    assert code == 0
    assert max(len(line) for line in said.splitlines()) <= 80
    assert BANNED.findall(said) == []
    assert "\nRaised\n  raising side     whoever raised it: “Receipt”, by mail" in said
    assert "lead professional" in said
    code, said = call("policy", "show", "--told", "--json")
    raised = next(one for one in json.loads(said)["events"] if one["event"] == "Raised")
    assert raised["told"][0]["how"] == "mail"
    assert raised["not_told"] == ["responding", "final_body", "outside"]
    assert call("policy", "show", "--told", "--format", "svg")[0] == 2
