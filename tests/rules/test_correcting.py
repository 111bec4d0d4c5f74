"""An entry was a mistake: it stays on record, and the rules go on from what is believed now.

Source: "correct an earlier entry (the old one stays)"; the rules of practice, "Evidence is fair".
"""

from __future__ import annotations

import pytest

from escalations.review.dataset import Life
from escalations.rules import acts, events
from escalations.rules.case import Cause, ClockEnd, Done, Status
from escalations.rules.notices import NoticeKind
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, Story, civil, origin, raiser, responder


def entry(story: Story, kind: str) -> str:
    """Give the submission of the newest entry of a kind."""
    return [one.submission_id for one in story.case.entries if one.kind == kind][-1]


def mistake(story: Story, kind: str, *, by_team: bool = False) -> tuple[events.Event, ...]:
    by = story.by_team() if by_team else story.by_responder()
    return story.act(acts.Correct(**by, entry=entry(story, kind)))


def test_an_acknowledgement_that_was_a_mistake_is_awaited_again_by_the_limit_that_it_had() -> None:
    story = Story().raised().at("2027-03-01 11:00")
    story.acknowledges()
    assert not story.runs("acknowledge")
    mistake(story, "acknowledged")
    clock = story.clock("acknowledge")
    assert (clock.running, clock.due_at) == (True, civil("2027-03-02 17:00"))
    assert not story.case.parties[0].evidence.acknowledged
    assert "acknowledged" in story.kinds(), "the entry stays"
    story.at("2027-03-02 18:00")
    assert story.clock("acknowledge").cause is Cause.ACKNOWLEDGED_ONLY
    story.acknowledges()


def test_a_limit_that_lies_in_the_past_is_noted_when_the_mistake_became_known() -> None:
    story = Story().raised().at("2027-03-01 11:00")
    story.acknowledges()
    story.at("2027-03-04 10:00")
    mistake(story, "acknowledged", by_team=True)
    assert story.clock("acknowledge").limit_passed_at is None
    story.later(minutes=1)
    clock = story.clock("acknowledge")
    assert (clock.limit_passed_at, clock.due_at, clock.cause) == (
        civil("2027-03-04 10:00"),
        civil("2027-03-02 17:00"),
        Cause.SILENT,
    )


def test_what_still_stands_goes_on_to_meet_it() -> None:
    story = Story().raised().at("2027-03-01 11:00")
    story.acknowledges()
    story.at("2027-03-03 09:30")
    story.responds()
    mistake(story, "acknowledged")
    clock = story.clock("acknowledge")
    assert (clock.end, clock.ended_at) == (ClockEnd.MET, civil("2027-03-03 09:30"))
    assert clock.cause is Cause.ANSWERED_LATE, "the acknowledgement before was none"
    assert story.case.parties[0].evidence.acknowledged


def test_an_answer_that_was_a_mistake_is_no_longer_before_the_raising_side() -> None:
    story = Story().raised().at("2027-03-01 11:00")
    story.responds()
    assert story.runs("consider")
    mistake(story, "responded")
    assert not story.runs("consider")
    assert story.runs("resolve")
    assert story.runs("acknowledge")
    assert story.case.parties[0].answered_at is None
    story.responds()
    assert story.runs("consider")


def test_a_limit_that_had_been_noted_stays_noted_with_the_cause_that_evidence_has_without_it() -> None:
    story = Story().raised().at("2027-03-03 11:00")
    assert story.clock("acknowledge").cause is Cause.SILENT
    story.acknowledges()
    assert story.clock("acknowledge").cause is Cause.ANSWERED_LATE
    mistake(story, "acknowledged", by_team=True)
    clock = story.clock("acknowledge")
    assert (clock.running, clock.limit_passed_at is not None, clock.cause) == (True, True, Cause.SILENT)
    assert len([one for one in story.happened if isinstance(one, events.LimitPassed)]) == 1


def test_what_was_confirmed_and_had_kept_a_limit_keeps_it_no_more_where_it_was_a_mistake() -> None:
    story = Story().raised().at("2027-03-03 11:00")
    claim = story.says_done("2027-03-02 10:00", done=Done.SPOKE)
    story.confirms(claim)
    assert story.clock("acknowledge").limit_withdrawn
    mistake(story, "said_done", by_team=True)
    story.later(minutes=1)
    clock = story.clock("acknowledge")
    assert (clock.limit_withdrawn, clock.running) == (False, True)
    assert clock.limit_passed_at is not None
    refused = story.refused(acts.ConfirmDone(**story.by_raiser(), claim_id=claim))
    assert refused.code == "already_denied"


def test_a_move_up_that_was_a_mistake_goes_back_and_the_stage_begins_anew() -> None:
    story = Story().raised().at("2027-03-03 09:30")
    story.moves_up()
    story.at("2027-03-04 10:00")
    assert story.case.stage == 2
    story.act(acts.Correct(**story.by_raiser(), entry=entry(story, "stage_started")))
    assert story.case.stage == 1
    clock = story.clock("acknowledge")
    assert (clock.stage, clock.started_at) == (1, civil("2027-03-04 10:00"))
    asked = [
        notice.to.position for event, notice in story.notices() if event.kind == "corrected" and notice.starts_clocks
    ]
    assert asked == ["practitioner"]
    story.responds()
    story.agrees()
    assert story.case.status is Status.CLOSED


def test_a_stage_from_which_it_has_gone_on_stays_as_it_was_recorded() -> None:
    story = Story().raised().at("2027-03-01 11:00")
    story.acknowledges()
    acknowledged = entry(story, "acknowledged")
    story.moves_up()
    story.at("2027-03-03 09:30")
    moved = entry(story, "stage_started")
    story.moves_up()
    story.at("2027-03-05 09:30")
    assert story.refused(acts.Correct(**story.by_raiser(), entry=moved)).code == "moved_on"
    brought = story.act(acts.Correct(**story.by_team(), entry=acknowledged))
    assert [event.kind for event in brought] == ["corrected"]


def test_both_sides_are_told_and_whoever_is_waited_for_again_hears_by_when() -> None:
    story = Story().raised().at("2027-03-01 11:00")
    story.acknowledges()
    mistake(story, "acknowledged")
    told = {
        (notice.to.agency_id, notice.to.position): notice.due_at
        for _, notice in story.notices()
        if notice.kind is NoticeKind.CORRECTED
    }
    assert set(told) == {(SCHOOL, "raiser"), (SOCIAL_CARE, "practitioner"), (None, "team")}
    assert told[SOCIAL_CARE, "practitioner"] == civil("2027-03-02 17:00")


def test_only_whoever_made_it_or_the_team_corrects_it_and_once() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).at("2027-03-01 11:00")
    story.acknowledges()
    made = entry(story, "acknowledged")
    for by in (raiser(), responder(agency=POLICE)):
        assert story.refused(acts.Correct(**origin(by, story.now), entry=made)).code == "not_your_side"
    assert story.refused(acts.Correct(**story.by_team(), entry="nothing")).code == "no_such_entry"
    mistake(story, "acknowledged")
    again = story.refused(acts.Correct(**story.by_team(), entry=made))
    assert again.code == "already_corrected"


@pytest.mark.parametrize("kind", ["responded", "acknowledged"])
def test_the_review_does_not_count_what_was_a_mistake(kind: str) -> None:
    story = Story().raised().at("2027-03-01 11:00")
    story.acknowledges()
    story.responds()
    mistake(story, kind, by_team=True)
    raised = story.happened[0]
    assert isinstance(raised, events.Raised)
    life = Life.begun("PD-27-0001-X", raised, story.frame)
    for event in story.happened[1:]:
        life.tell(event)
    record = life.told()
    assert record.corrected == 1
    assert len(record.answered) == (0 if kind == "responded" else 1)
    waits = {clock.awaits for clock in record.clocks if clock.end is None}
    assert ("respond" in waits) == (kind == "responded")
