"""The team makes the cause of a delay final, and not before both agencies had their time to say how it was.

Source: the rules of practice, "Evidence is fair" and "Never by a timer, a parser or a score".
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalations.rules import acts, events
from escalations.rules.case import Cause, Done
from tests.builders import SOCIAL_CARE, Story, civil

NOTED = civil("2027-03-02 17:00")
ACCOUNTS_UNTIL = civil("2027-03-09 17:00")
"""Five working days after the limit was noted."""
AFTER = "2027-03-09 17:01"


def passed() -> Story:
    """Let the limit to acknowledge pass."""
    return Story().raised().at("2027-03-02 17:00")


def confirmation(story: Story, cause: Cause = Cause.SILENT, clock_id: str | None = None) -> acts.ConfirmCause:
    return acts.ConfirmCause(**story.by_team(), clock_id=clock_id or story.clock("acknowledge").clock_id, cause=cause)


def test_a_cause_is_provisional_until_the_team_confirms_it() -> None:
    story = passed()
    assert story.clock("acknowledge").cause is Cause.SILENT
    assert story.clock("acknowledge").accounts_until == ACCOUNTS_UNTIL
    story.at(AFTER)
    assert story.clock("acknowledge").cause_confirmed_at is None
    story.act(confirmation(story))
    assert story.clock("acknowledge").cause_confirmed_at == story.now
    confirmed = story.last(events.CauseConfirmed)
    assert (confirmed.was, confirmed.cause, confirmed.agency_id) == (Cause.SILENT, Cause.SILENT, SOCIAL_CARE)


@pytest.mark.parametrize("when", ["2027-03-02 17:00", "2027-03-05 12:00", "2027-03-09 17:00"])
def test_not_before_both_agencies_had_their_time_to_add_an_account(when: str) -> None:
    """An account at the due instant is in time, so at that instant it is still too early."""
    story = passed().at(when)
    refused = story.refused(confirmation(story))
    assert refused.code == "accounts_still_open"
    assert "17:00 on Tuesday 9 March 2027" in refused.sentence


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause not in {Cause.SILENT, Cause.RECORDED_LATE}])
def test_the_team_can_put_a_cause_right_and_what_evidence_said_stays_known(cause: Cause) -> None:
    story = passed().at(AFTER)
    story.act(confirmation(story, cause))
    clock = story.clock("acknowledge")
    assert (clock.cause, clock.evidence_cause) == (cause, Cause.SILENT)
    assert story.last(events.CauseConfirmed).was is Cause.SILENT


def test_done_in_time_is_said_and_confirmed_and_not_set_by_hand() -> None:
    story = passed().at(AFTER)
    assert story.refused(confirmation(story, Cause.RECORDED_LATE)).code == "to_be_said_done"


def test_it_is_confirmed_once_and_can_be_put_right_afterwards() -> None:
    story = passed().at(AFTER)
    story.act(confirmation(story))
    assert story.refused(confirmation(story)).code == "already_confirmed"
    story.act(confirmation(story, Cause.CLOSED))
    assert story.clock("acknowledge").cause is Cause.CLOSED


@pytest.mark.parametrize("rule", ["whole-process", "resolve"])
def test_a_clock_whose_limit_has_not_passed_has_no_cause(rule: str) -> None:
    story = passed().at("2027-03-03 12:00")
    assert story.refused(confirmation(story, clock_id=story.clock(rule).clock_id)).code == "no_passed_limit"
    assert story.refused(confirmation(story, clock_id="99-nothing")).code == "no_passed_limit"


def test_a_limit_that_was_kept_after_all_has_no_cause_to_confirm() -> None:
    story = passed().at("2027-03-03 12:00")
    story.confirms(story.says_done("2027-03-02 11:00", done=Done.SPOKE))
    story.at("2027-03-20 12:00")
    assert story.refused(confirmation(story)).code == "limit_kept"


def test_where_evidence_comes_to_say_something_else_the_cause_is_provisional_again() -> None:
    story = passed().at(AFTER)
    story.act(confirmation(story))
    story.acknowledges()
    clock = story.clock("acknowledge")
    assert (clock.cause, clock.evidence_cause) == (Cause.ANSWERED_LATE, Cause.ANSWERED_LATE)
    assert clock.cause_confirmed_at is None
    story.act(confirmation(story, Cause.ANSWERED_LATE))
    assert story.clock("acknowledge").cause_confirmed_at == story.now


def test_what_the_team_put_right_is_not_undone_by_a_late_answer() -> None:
    story = passed().at(AFTER)
    story.act(confirmation(story, Cause.WAITING_FOR_OTHER_PROCESS))
    story.acknowledges()
    assert story.clock("acknowledge").cause is Cause.WAITING_FOR_OTHER_PROCESS
    assert story.clock("acknowledge").cause_confirmed_at is not None


def test_a_limit_proved_to_be_kept_is_withdrawn_whatever_had_been_confirmed() -> None:
    story = passed().at(AFTER)
    story.act(confirmation(story))
    story.confirms(story.says_done("2027-03-02 11:00", done=Done.SPOKE))
    clock = story.clock("acknowledge")
    assert clock.limit_withdrawn
    assert (clock.cause, clock.cause_confirmed_at) == (Cause.RECORDED_LATE, None)


def test_after_a_case_has_closed_and_after_its_stage_is_left_its_causes_are_still_confirmed() -> None:
    story = passed().at("2027-03-03 09:00")
    clock_id = story.clock("acknowledge").clock_id
    story.moves_up()
    story.at("2027-03-04 12:00").agrees()
    story.until(ACCOUNTS_UNTIL + timedelta(minutes=1))
    story.act(confirmation(story, clock_id=clock_id))
    assert story.case.clock(clock_id).cause_confirmed_at == story.now


def test_nobody_is_written_to_about_it_and_time_never_does_it() -> None:
    story = passed().at(AFTER)
    before = len(list(story.notices()))
    story.act(confirmation(story))
    assert len(list(story.notices())) == before
    assert "cause_confirmed" not in passed().later(days=365).kinds()
