"""Two escalations that the team links: each has its own entry, and nothing else of either changes (issue 5: link)."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from escalations.rules import acts, case, decider, events
from escalations.rules.case import Case, EraseReason, Outcome, ReopenReason, Status
from escalations.rules.linked import LinkReason
from tests.builders import REFERENCE, Story

OTHER = "PD-27-0002-H"


def linking(story: Story, other: str = OTHER, because: LinkReason = LinkReason.SAME_PEOPLE) -> acts.Link:
    return acts.Link(**story.by_team(), other=other, because=because)


def closed() -> Story:
    story = Story().raised()
    story.agrees(Outcome.AGREED_AS_ASKED)
    assert story.case.status is Status.CLOSED
    return story


def without_links(found: Case) -> Case:
    return case.restore(case.snapshot(found), found.frame).__class__(**{**found.__dict__, "links": (), "seq": 0})


@pytest.mark.parametrize("because", list(LinkReason))
def test_a_link_is_an_entry_that_changes_nothing_else_and_tells_nobody(because: LinkReason) -> None:
    story = Story().raised()
    before, told = story.case, len(list(story.notices()))
    story.act(linking(story, because=because))
    assert story.last(events.Linked).because is because
    assert [(one.other, one.because, one.at) for one in story.case.links] == [(OTHER, because, story.now)]
    assert without_links(story.case) == without_links(before)
    assert len(list(story.notices())) == told
    assert story.last(events.Linked).word_due_at is None


def test_a_link_that_is_taken_back_says_why_it_was_there_and_can_be_made_again() -> None:
    story = Story().raised()
    story.act(linking(story))
    story.act(linking(story, "PD-27-0003-F", LinkReason.SAME_THEME))
    told = len(list(story.notices()))
    story.act(acts.Unlink(**story.by_team(), other=OTHER))
    assert story.last(events.Unlinked).because is LinkReason.SAME_PEOPLE
    assert [one.other for one in story.case.links] == ["PD-27-0003-F"]
    assert len(list(story.notices())) == told
    story.act(linking(story, because=LinkReason.OTHER))
    assert [one.other for one in story.case.links] == ["PD-27-0003-F", OTHER]


def test_what_cannot_be_linked_is_refused_in_a_sentence() -> None:
    story = Story().raised()
    itself = story.refused(linking(story, REFERENCE))
    assert (itself.code, REFERENCE in itself.sentence) == ("itself", False)
    story.act(linking(story))
    again = story.refused(linking(story, because=LinkReason.OTHER))
    assert (again.code, again.sentence) == ("linked_already", f"{REFERENCE} and {OTHER} are linked already.")
    none = story.refused(acts.Unlink(**story.by_team(), other="PD-27-0003-F"))
    assert (none.code, none.sentence) == ("not_linked", f"{REFERENCE} and PD-27-0003-F are not linked.")
    with pytest.raises(ValidationError):
        linking(story, "the one of the Quillon family")


def test_it_is_linked_while_it_is_held_and_after_its_end_and_a_link_stays_when_it_opens_again() -> None:
    held = Story().raised(responding_agencies=(), hold=True)
    held.act(linking(held))
    assert held.case.status is Status.HELD
    story = closed()
    story.act(linking(story))
    story.act(acts.Reopen(**story.by_team(), because=ReopenReason.NOT_DONE))
    assert [one.other for one in story.case.links] == [OTHER]


def test_what_was_erased_is_linked_with_nothing_and_a_link_of_it_can_still_be_taken_back() -> None:
    story = closed()
    story.act(linking(story))
    story.act(acts.Erase(**story.by_team(), because=EraseReason.RETENTION))
    refused = story.refused(linking(story, "PD-27-0003-F"))
    assert refused.code == "erased"
    story.act(acts.Unlink(**story.by_team(), other=OTHER))
    assert story.case.links == ()


def test_a_link_is_still_known_after_a_run_begins_anew() -> None:
    story = Story().raised()
    story.act(linking(story))
    again = case.restore(case.snapshot(story.case), story.case.frame)
    assert again.links == story.case.links
    assert isinstance(decider.decide(again, linking(story), story.now), decider.Refused)
