"""Each side looks back once a case has closed: what changed, and how it felt.

Source: the rules of practice, "The review's readers".
"""

from __future__ import annotations

import pytest

from escalations.policy import Side
from escalations.rules import acts, events
from escalations.rules.case import CHANGED_NOTHING, Changed, Felt, Outcome
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, TEAM, Story, origin, raiser, responder


@pytest.fixture
def closed() -> Story:
    story = Story().raised().at("2027-03-01 12:00")
    story.responds()
    story.agrees()
    return story


def look_back(story: Story, *changed: Changed, of: str = SCHOOL, felt: Felt | None = None) -> acts.LookBack:
    by = raiser() if of == SCHOOL else responder(agency=of)
    return acts.LookBack(**origin(by, story.now), agency_id=of, changed=changed, felt=felt)


def test_each_side_says_what_changed_and_nothing_of_the_case_changes(closed: Story) -> None:
    before, told = closed.case, len(list(closed.notices()))
    closed.act(look_back(closed, Changed.MEETING_HELD, Changed.PLAN_AMENDED, felt=Felt.CLEAR_AND_FAIR))
    closed.act(look_back(closed, Changed.NOTHING, of=SOCIAL_CARE))
    said = [event for event in closed.happened if isinstance(event, events.LookedBack)]
    assert [(event.side, event.agency_id, event.felt) for event in said] == [
        (Side.RAISING, SCHOOL, Felt.CLEAR_AND_FAIR),
        (Side.RESPONDING, SOCIAL_CARE, None),
    ]
    assert closed.case.clocks == before.clocks
    assert closed.case.outcome is before.outcome
    assert len(list(closed.notices())) == told, "nobody is written to about it"


def test_it_is_asked_when_a_case_has_closed_and_not_before() -> None:
    story = Story().raised()
    assert story.refused(look_back(story, Changed.NOTHING)).code == "not_closed"


@pytest.mark.parametrize("alone", CHANGED_NOTHING)
def test_what_changed_and_that_nothing_did_are_not_said_at_once(closed: Story, alone: Changed) -> None:
    assert closed.refused(look_back(closed, Changed.PLAN_AMENDED, alone)).code == "contradicts"


def test_nobody_says_it_for_another_agency_but_the_team_which_was_told_by_phone(closed: Story) -> None:
    for by, agency in ((responder(), SCHOOL), (raiser(), SOCIAL_CARE), (responder(agency=POLICE), POLICE)):
        act = acts.LookBack(**origin(by, closed.now), agency_id=agency, changed=(Changed.NOTHING,))
        assert closed.refused(act).code == "not_your_side"
    of_nobody = acts.LookBack(**origin(TEAM, closed.now), agency_id=POLICE, changed=(Changed.NOTHING,))
    assert closed.refused(of_nobody).code == "not_asked"
    closed.act(acts.LookBack(**origin(TEAM, closed.now), agency_id=SCHOOL, changed=(Changed.NOTHING,)))
    assert (closed.last(events.LookedBack).side, closed.last(events.LookedBack).by) == ("raising", TEAM)


def test_no_agency_is_asked_of_what_none_was_told_of() -> None:
    story = Story().raised(hold=True, by=TEAM)
    story.act(acts.Close(**story.by_team(), outcome=Outcome.OVERTAKEN))
    assert story.refused(look_back(story, Changed.NOTHING)).code == "not_asked"
