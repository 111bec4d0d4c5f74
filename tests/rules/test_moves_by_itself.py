"""A case that a rule of the policy moves up by itself: told first, said by which rule, and open to objection.

Source: the rules of practice ("Only a policy that says so escalates by itself"; "Before a move up, the level passed
over is told"); a published rule of that kind is the alert of independent reviewing officers, where no answer in time
leads to the next stage.
"""

from __future__ import annotations

from typing import Any

import pytest

from escalations.policy import Policy
from escalations.rules import acts, events
from escalations.rules.case import Cause, Done, Outcome
from escalations.rules.notices import NoticeKind
from tests.builders import POLICE, SOCIAL_CARE, Story, civil, origin, raiser, responder
from tests.rules.test_the_ladder import escalating


def silent(**more: Any) -> Story:  # noqa: ANN401
    """Raised on Monday; acknowledged by Tuesday 17:00, which passes, and it moves up on Wednesday 17:00 by itself."""
    return Story(policy=escalating()).raised(**more).at("2027-03-02 17:00")


def objection(story: Story, by: Any) -> acts.Object:  # noqa: ANN401
    return acts.Object(**origin(by, story.now))


def told(story: Story, kind: NoticeKind) -> list[str]:
    return sorted(
        f"{notice.to.agency_id} {notice.to.position} ({notice.asks})"
        for _, notice in story.notices()
        if notice.kind is kind
    )


def test_the_level_passed_over_and_both_sides_are_told_before_it_moves() -> None:
    story = silent()
    assert (story.case.stage, story.case.move is not None) == (1, True)
    assert story.last(events.MoveDue).takes_effect_at == civil("2027-03-03 17:00")
    assert told(story, NoticeKind.MOVE_DUE) == [
        "childrens-services practitioner (respond)",
        "oak-school manager (read)",
        "oak-school raiser (choose)",
    ]
    assert told(story, NoticeKind.ASKED_TO_CHOOSE) == [], "nobody is asked: the document says so"
    # The raiser hears of the limit and of the move in one message.
    assert "oak-school raiser (read)" not in told(story, NoticeKind.LIMIT_PASSED)


def test_the_event_says_by_which_rule_of_the_policy_it_moved() -> None:
    story = silent().at("2027-03-03 17:00")
    moved = story.last(events.StageStarted)
    assert (moved.stage, moved.by) == (2, None)
    assert (moved.by_rule, moved.source) == ("acknowledge", "paragraph 4.2")
    assert moved.because_of == story.last(events.MoveDue).because_of
    assert story.case.moves_by_itself


def test_on_the_urgent_track_it_moves_at_once_and_says_so_too() -> None:
    story = Story(policy=escalating()).raised(track="urgent").at("2027-03-01 11:30")
    assert story.case.stage == 2
    assert story.last(events.StageStarted).by_rule == "reached"


def test_an_answer_before_then_keeps_it_at_its_stage() -> None:
    story = silent()
    story.later(hours=1)
    story.responds()
    assert story.case.move is None
    assert story.last(events.ProposalEnded).because == "answered"
    story.at("2027-03-03 18:00")
    assert story.case.stage == 1
    assert story.runs("consider")


def test_the_answer_of_one_agency_does_not_end_what_rests_on_two() -> None:
    story = silent(responding_agencies=(SOCIAL_CARE, POLICE))
    story.responds()
    assert story.case.move is not None
    story.responds(agency=POLICE)
    assert story.case.move is None


def test_the_raising_side_can_say_that_it_stays() -> None:
    story = silent()
    story.stays()
    story.at("2027-03-03 18:00")
    assert story.case.stage == 1


def test_an_objection_of_the_raising_side_before_it_moves_holds_it() -> None:
    story = silent()
    story.act(objection(story, raiser()))
    assert story.kinds()[-2:] == ["move_objected", "move_dropped"]
    story.at("2027-03-03 18:00")
    assert story.case.stage == 1
    assert "None team (team)" in told(story, NoticeKind.OBJECTED)


def test_an_objection_of_the_responding_side_is_told_and_holds_nothing() -> None:
    story = silent()
    story.act(objection(story, responder()))
    assert told(story, NoticeKind.OBJECTED) == ["None team (team)", "oak-school raiser (read)"]
    assert story.refused(objection(story, responder())).code == "already_objected"
    story.at("2027-03-03 17:00")
    assert story.case.stage == 2


def test_what_has_moved_does_not_go_back_and_can_be_objected_to() -> None:
    story = silent().at("2027-03-03 17:00").later(minutes=5)
    story.act(objection(story, responder()))
    story.act(objection(story, raiser()))
    assert story.case.stage == 2
    assert story.kinds().count("move_objected") == 2
    assert story.last(events.MoveObjected).by_rule == "acknowledge"


def test_where_a_person_moved_it_there_is_nothing_to_object_to() -> None:
    story = Story(policy=escalating()).raised()
    assert story.refused(objection(story, raiser())).code == "not_by_itself"
    story.moves_up()
    story.at("2027-03-02 17:00")
    assert story.refused(objection(story, responder())).code == "not_by_itself"


def test_a_move_that_is_on_its_way_is_not_taken_up_twice() -> None:
    story = silent()
    refused = story.refused(acts.MoveUp(**story.by_raiser()))
    assert refused.code == "already_moving"
    story.at("2027-03-08 17:00")
    assert [event.stage for event in story.happened if isinstance(event, events.StageStarted)][:2] == [1, 2]


def test_a_limit_kept_in_truth_takes_the_move_with_it() -> None:
    """Phoned within the hour, written up after the limit, confirmed: nothing rests on silence any more."""
    story = silent().later(hours=2)
    claim = story.says_done("2027-03-01 10:30", done=Done.SPOKE)
    story.confirms(claim)
    assert story.clock("acknowledge").cause is Cause.RECORDED_LATE
    assert story.case.move is None
    story.at("2027-03-03 18:00")
    assert story.case.stage == 1


def test_it_goes_up_to_the_final_body_by_itself_and_no_further() -> None:
    story = silent().at("2027-06-01 12:00")
    assert story.case.stage == 4
    assert story.case.status == "open", "time closes nothing"
    by_rule = [event.by_rule for event in story.happened if isinstance(event, events.StageStarted)]
    assert by_rule == [None, "acknowledge", "acknowledge", "acknowledge"]


def choosing_escalates() -> Policy:
    """The sample, where the raising side's silence after a proposal moves it up."""
    values = escalating().model_dump()
    for stage in values["stages"][:3]:
        for clock in stage["clocks"]:
            clock.update(on_limit="propose")
    values["raiser_clocks"][0].update(on_limit="escalate", source="paragraph 4.3")
    return Policy.model_validate(values)


def test_where_nobody_chooses_the_level_passed_over_has_been_told_by_the_proposal() -> None:
    story = Story(policy=choosing_escalates()).raised().at("2027-03-03 16:59")
    assert story.case.stage == 1
    story.at("2027-03-03 17:00")
    assert story.case.stage == 2
    assert story.last(events.StageStarted).by_rule == "choose"


@pytest.mark.parametrize("settled", [True, False])
def test_settling_ends_it(settled: bool) -> None:  # noqa: FBT001
    story = silent(responding_agencies=(SOCIAL_CARE, POLICE))
    story.agrees(agency=SOCIAL_CARE)
    if settled:
        story.agrees(agency=POLICE)
        assert story.case.outcome is Outcome.AGREED_AS_ASKED
    story.at("2027-03-04 17:00")
    assert story.case.stage == (1 if settled else 2)
