"""Every pack that is shipped, driven by the rules from raising to the final body: with silence, with answers, urgent.

The packs are samples in the shape of published policies. What holds of each of them, whatever it says, is here.
"""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import pytest

from escalations.packs import checking, reading
from escalations.policy import OUR_CHOICE, Awaits, OnLimit, Policy, Side, SkipReason, Track, canonical, load_canonical
from escalations.rules import acts, events, notices
from escalations.rules.actors import Actor
from escalations.rules.case import Outcome, Status
from tests.builders import Story, origin

PACKS = sorted(
    path.stem
    for path in (Path(__file__).parents[2] / "escalations" / "packs").glob("*-sample.yaml")
    if path.stem != "directory-sample"
)
NAMED = (
    "coventry-sample",
    "croydon-sample",
    "default-sample",
    "pan-lancashire-adults-sample",
    "pan-sussex-sample",
    "somerset-sample",
    "strict-sample",
    "sunderland-adults-sample",
)
every_pack = pytest.mark.parametrize("pack", PACKS)


def decided(story: Story) -> None:
    body = story.frame.policy.final_body
    by = Actor(side=Side.FINAL_BODY, agency_id=body.agency, position=story.case.decider_position)
    story.act(acts.Decide(**origin(by, story.now), outcome=Outcome.DECIDED_AS_ASKED))


def begun(pack: str, track: Track) -> Story:
    return Story(policy=reading.sample(pack)).raised(track=track, happened_at=None)


def reaches_the_final_body(story: Story, *, answers: bool) -> list[int]:
    """Let both sides do as little as the policy lets them, or answer at every stage and be taken further."""
    policy, seen = story.frame.policy, [story.case.stage]
    while story.case.stage < len(policy.stages):
        stage = story.case.stage
        for _ in range(400):
            if answers and story.case.move is None:
                position = policy.stage(stage).responding_position
                story.acknowledges(position)
                story.responds(position)
            if (story.case.move is not None and story.case.move.takes_effect_at is None) or (
                answers and story.case.move is None
            ):
                story.moves_up()
            story.later(hours=6)
            if story.case.stage != stage:
                break
        assert story.case.stage > stage, f"{policy.id} stays at stage {stage} for a hundred days"
        seen.append(story.case.stage)
    return seen


def test_the_packs_that_are_promised_are_there() -> None:
    assert tuple(PACKS) == NAMED


@every_pack
def test_it_is_marked_as_a_sample_with_its_assumptions_and_nothing_in_it_will_hurt(pack: str) -> None:
    policy = reading.sample(pack)
    assert policy.id == pack
    assert policy.sample
    assert "sample" in policy.title.casefold()
    assert len(policy.assumptions) >= 4
    path = Path(__file__).parents[2] / "escalations" / "packs" / f"{pack}.yaml"
    assert "SAMPLE." in path.read_text("utf-8")
    found = checking.check(path, today=policy.adoption.in_force_from)
    assert [str(one) for one in (*found.problems, *found.warnings)] == []


@every_pack
def test_every_rule_says_where_it_comes_from_and_only_a_document_moves_by_itself(pack: str) -> None:
    policy = reading.sample(pack)
    assert all(clock.source for clock in policy.clocks)
    by_itself = [clock for clock in policy.clocks if clock.on_limit is OnLimit.ESCALATE]
    assert all(clock.source != OUR_CHOICE for clock in by_itself)
    assert bool(by_itself) is (pack == "strict-sample")


@every_pack
def test_its_text_gives_it_back(pack: str) -> None:
    policy = reading.sample(pack)
    assert load_canonical(canonical(policy)) == policy


@every_pack
@pytest.mark.parametrize("track", list(Track))
@pytest.mark.parametrize("answers", [False, True], ids=["silence", "answers"])
def test_it_comes_from_raising_to_the_final_body_whose_decision_ends_it(
    pack: str, track: Track, *, answers: bool
) -> None:
    story = begun(pack, track)
    stages = reaches_the_final_body(story, answers=answers)
    assert stages == sorted(set(stages))
    assert story.case.closed_at is None
    assert story.case.partnership_told_at is not None, "the partnership has been told by then"
    assert story.runs("decide")
    decided(story)
    assert story.case.status is Status.CLOSED
    assert not [clock for clock in story.case.clocks if clock.running]


@every_pack
@pytest.mark.parametrize("track", list(Track))
def test_left_alone_it_tells_people_and_never_closes(pack: str, track: Track) -> None:
    story = begun(pack, track).later(days=120)
    assert story.case.status is Status.OPEN
    moved = [event for event in story.happened if isinstance(event, events.StageStarted) and event.from_stage]
    assert all(event.by is None and event.by_rule and event.source for event in moved)
    assert bool(moved) is (pack == "strict-sample")
    kept = [event.at for event, notice in story.notices() if notice.to.position == notices.RAISER]
    gaps = [later - earlier for earlier, later in itertools.pairwise(kept)]
    assert max(gaps) < timedelta(days=14), "five working days, and whatever holidays lie between"


@every_pack
@pytest.mark.parametrize("track", list(Track))
def test_at_every_stage_the_raising_side_can_end_it(pack: str, track: Track) -> None:
    stages = len(reading.sample(pack).stages)
    for stage in range(1, stages + 1):
        story = begun(pack, track)
        while story.case.stage < stage:
            if story.case.move is None or story.case.move.takes_effect_at is None:
                story.moves_up()
            story.later(hours=6)
        story.agrees()
        assert story.case.status is Status.CLOSED


# ---- What each shape is about ---------------------------------------------------------------------------------------


def limit(policy: Policy, stage: int, awaits: Awaits) -> str:
    (found,) = [clock for clock in policy.stage(stage).clocks if clock.awaits is awaits]
    return found.limits[Track.STANDARD].within.words()


def test_coventry_has_one_working_day_each_for_practitioners_and_their_managers() -> None:
    policy = reading.sample("coventry-sample")
    assert [limit(policy, stage, Awaits.RESPOND) for stage in (1, 2)] == ["1 working day", "1 working day"]


def test_croydon_has_two_informal_stages_and_three_formal_ones() -> None:
    assert [stage.formal for stage in reading.sample("croydon-sample").stages] == [False, False, True, True, True]


def test_pan_sussex_has_a_working_week_or_sooner() -> None:
    policy = reading.sample("pan-sussex-sample")
    (clock,) = [clock for clock in policy.stage(1).clocks if clock.awaits is Awaits.RESPOND]
    assert (limit(policy, 1, Awaits.RESPOND), clock.limits[Track.STANDARD].or_sooner) == ("5 working days", True)


def test_somerset_ends_with_a_panel_and_lets_what_was_tried_start_with_the_managers() -> None:
    policy = reading.sample("somerset-sample")
    assert policy.stages[-1].title == "Panel"
    story = Story(policy=policy).raised(start_stage=2, start_because="tried_before")
    assert story.case.stage == 2


def test_sunderland_counts_three_working_days_from_when_the_concern_was_identified() -> None:
    policy = reading.sample("sunderland-adults-sample")
    assert limit(policy, 1, Awaits.RESPOND) == "3 working days"
    story = Story(policy=policy, start="2027-03-01 09:30")
    story.raised(happened_at=story.now - timedelta(days=10))
    assert story.clock("raised-in-time").limit_passed_at is not None


def test_pan_lancashire_lets_a_flat_organisation_pass_a_level_over_and_tells_the_other_side_first() -> None:
    policy = reading.sample("pan-lancashire-adults-sample")
    assert policy.told_before_move[Track.STANDARD] is not None
    story = Story(policy=policy).raised()
    move = acts.MoveUp(
        **story.by_raiser(), to_stage=3, skip_because=SkipReason.FLAT_ORGANISATION, skip_side=Side.RESPONDING
    )
    story.act(move)
    assert "move_intended" in story.kinds()
    story.after(working_days=2)
    assert (story.case.stage, story.case.skipped) == (3, (2,))


def test_the_strict_one_moves_up_by_itself_faster_where_the_priority_is_high() -> None:
    policy = reading.sample("strict-sample")
    reached = {}
    for priority in ("high", "low"):
        story = Story(policy=policy).raised(priority=priority)
        story.acknowledges()
        while story.case.stage == 1:
            story.later(hours=6)
        reached[priority] = story.now
    assert reached["high"] < reached["low"]
