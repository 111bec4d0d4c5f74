"""The words of an escalation are erased after its end, by the team, and never by time."""

from __future__ import annotations

from escalations.rules import acts, case, events
from escalations.rules.case import EraseReason
from tests.builders import Story


def _erased(story: Story) -> acts.Erase:
    return acts.Erase(**story.by_team(), because=EraseReason.RETENTION)


def test_what_both_sides_still_need_is_not_erased() -> None:
    story = Story().raised()
    refused = story.refused(_erased(story))
    assert refused.code == "still_open"
    assert "Close it first" in refused.sentence


def test_after_the_end_it_is_recorded_why_it_was_erased_and_nobody_is_told_and_nothing_else_changes() -> None:
    story = Story().raised()
    story.agrees()
    ended = story.case
    story.later(days=400)
    story.act(_erased(story))
    assert story.last(events.Erased).because is EraseReason.RETENTION
    assert story.case.erased_at == story.now
    assert (story.case.status, story.case.outcome) == (case.Status.CLOSED, ended.outcome)
    assert [notice for event, notice in story.notices() if isinstance(event, events.Erased)] == []


def test_what_came_in_afterwards_can_be_erased_again() -> None:
    story = Story().raised()
    story.agrees()
    story.act(_erased(story))
    story.adds_words()
    first = story.case.erased_at
    story.later(days=1).act(_erased(story))
    assert story.case.erased_at != first


def test_time_alone_erases_nothing() -> None:
    story = Story().raised()
    story.agrees()
    story.later(days=3650)
    assert "erased" not in story.kinds()
