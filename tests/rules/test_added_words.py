"""Words that are added by mail: evidence, and an answer to nothing (the design, "Mail").

Whoever wrote is not proved by the address that a reply came to, so no clock is met and nothing is settled by it.
"""

from __future__ import annotations

import pytest

from escalations.rules import acts, decider, events
from escalations.rules.actors import Actor, Channel
from escalations.rules.case import Cause, DeliveryState, Status
from escalations.rules.notices import RAISER
from tests import builders
from tests.builders import SCHOOL, SOCIAL_CARE, TEAM, Story, origin, plain_mail, raiser, responder


def told(story: Story, kind: type[events.EventModel] = events.WordsAdded) -> list[str]:
    return [
        f"{notice.kind}: {notice.to.side} {notice.to.position} ({notice.asks})"
        for event, notice in story.notices()
        if isinstance(event, kind)
    ]


def test_they_meet_no_clock_and_acknowledge_nothing() -> None:
    story = Story().raised().later(hours=1)
    story.adds_words(files=2)
    assert story.runs("acknowledge")
    assert story.runs("resolve")
    assert not story.case.parties[0].evidence.acknowledged
    added = story.last(events.WordsAdded)
    assert (added.agency_id, added.stage, added.files) == (SOCIAL_CARE, 1, 2)
    assert told(story) == ["words_added: raising raiser (read)"]


def test_whoever_added_words_is_not_shown_as_somebody_who_did_not_reply() -> None:
    story = Story().raised().later(hours=1)
    story.message_comes("automatic_reply")
    story.adds_words()
    story.at("2027-03-02 17:30")
    assert story.causes() == [Cause.ACKNOWLEDGED_ONLY]


def test_words_of_the_raising_side_are_no_reply_of_the_other() -> None:
    story = Story().raised().later(hours=1)
    story.adds_words(raiser(position=RAISER))
    story.at("2027-03-02 17:30")
    assert story.causes() == [Cause.SILENT]
    assert told(story) == ["words_added: responding practitioner (respond)"]


def test_a_reply_shows_that_our_notice_has_arrived_whatever_a_relay_said() -> None:
    story = Story()
    story.delivers = False
    story.raised()
    story.delivered(state=DeliveryState.UNDELIVERED)
    assert not story.runs("acknowledge")
    story.later(minutes=30).adds_words()
    assert story.runs("acknowledge")
    assert not story.runs("team-mend")


def test_while_it_is_held_the_team_reads_them_and_nobody_else_is_told() -> None:
    story = Story().raised(**plain_mail())
    story.later(minutes=5).adds_words(Actor(side=builders.raiser().side, agency_id=None, position=RAISER))
    assert story.case.status is Status.HELD
    assert story.runs("team-look")
    assert told(story) == ["words_added: team team (team)"]


def test_after_the_end_they_are_kept_with_it_and_open_nothing_again() -> None:
    story = Story().raised().later(hours=1)
    story.agrees()
    story.later(hours=1).adds_words()
    story.adds_words(raiser(position=RAISER))
    assert story.case.status is Status.CLOSED
    assert told(story) == ["words_added: raising raiser (read)"]


def test_of_what_the_team_adds_both_sides_hear_and_it_says_when_it_came() -> None:
    story = Story().raised().later(hours=1)
    came = story.now
    story.later(hours=1).adds_words(TEAM, came_at=came)
    assert told(story) == [
        "added_by_team: raising raiser (read)",
        "added_by_team: responding practitioner (respond)",
    ]
    assert story.last(events.WordsAdded).came_at == came
    assert not story.case.parties[0].evidence.wrote, "whose words they are nobody has proved"


def test_of_what_the_team_adds_after_the_end_only_whoever_raised_it_hears() -> None:
    story = Story().raised().later(hours=1)
    story.agrees()
    story.later(hours=1).adds_words(TEAM)
    assert told(story) == ["added_by_team: raising raiser (read)"]


def test_of_what_the_team_adds_while_it_holds_the_case_nobody_hears() -> None:
    story = Story().raised(**plain_mail())
    story.later(minutes=5).adds_words(TEAM)
    assert told(story) == []


def test_what_was_recorded_of_words_before_they_had_a_time_of_coming_stays_the_same_to_the_byte() -> None:
    story = Story().raised().later(hours=1)
    story.adds_words()
    assert "came_at" not in events.dumps(story.last(events.WordsAdded))
    assert "came_at" not in acts.dumps(acts.AddWords(**origin(TEAM, story.now, channel=Channel.TEAM)))


@pytest.mark.parametrize(
    "by", [responder("head"), responder(agency="health"), raiser("elm-school"), raiser("elm-school", RAISER)]
)
def test_whoever_was_not_written_to_adds_nothing(by: Actor) -> None:
    story = Story().raised().later(hours=1)
    refused = decider.decide(
        story.case,
        acts.AddWords(**origin(by, story.now, channel=Channel.MAIL)),
        story.now,
    )
    assert isinstance(refused, decider.Refused)
    assert story.case.raising_agency == SCHOOL
