"""Words that can mean urgent ask somebody, and start the team's own clock; they put nothing on another track.

Source: the rules of practice, "Never by a timer, a parser or a score" and "A child must not wait in a queue of ours".
"""

from __future__ import annotations

import pytest

from escalations.policy import Awaits, Side, Track
from escalations.rules import acts, decider, events
from escalations.rules.actors import Channel
from escalations.rules.case import ClockEnd, Seen, Status
from escalations.rules.notices import RAISER, NoticeKind
from tests.builders import SCHOOL, SOCIAL_CARE, Story, plain_mail, raiser
from tests.deeds import ACTORS

WORDS = (Seen.URGENT_WORDS,)


def from_a_school(*, seen: tuple[Seen, ...] = WORDS, **more: object) -> Story:
    by = {"by": raiser(position=RAISER), "raising_agency": SCHOOL, "responding_agencies": (SOCIAL_CARE,)}
    return Story().raised(**plain_mail(**{**by, "seen": seen, **more}))


def to_the_team(story: Story) -> list[NoticeKind]:
    return [notice.kind for _, notice in story.notices() if notice.to.side is Side.TEAM]


def look(story: Story) -> list[tuple[str, bool]]:
    return [(f"{clock.due_at:%H:%M}", clock.running) for clock in story.case.clocks if clock.awaits is Awaits.LOOK]


def test_words_leave_the_track_and_every_limit_of_both_sides_as_they_were() -> None:
    said, silent = from_a_school().case, from_a_school(seen=()).case
    assert said.track is Track.STANDARD
    assert said.asked_if_urgent
    of_sides = [clock for clock in said.clocks if clock.waits_for is not Side.TEAM]
    assert [(one.rule_id, one.due_at) for one in of_sides] == [(one.rule_id, one.due_at) for one in silent.clocks]


def test_the_team_is_told_at_once_and_has_one_hour_by_day_and_by_night() -> None:
    story = from_a_school()
    assert to_the_team(story) == [NoticeKind.SAYS_URGENT]
    assert look(story) == [("10:30", True)]
    story.later(minutes=61)
    assert NoticeKind.LIMIT_PASSED in to_the_team(story)
    assert story.case.asked_if_urgent, "no timer answers it"


def test_without_such_words_nobody_is_asked() -> None:
    story = from_a_school(seen=(Seen.NOT_TO_TELL, Seen.NOT_RECOGNISED))
    assert not story.case.asked_if_urgent
    assert to_the_team(story) == []
    assert look(story) == []


def test_what_says_that_it_is_urgent_is_asked_nothing() -> None:
    story = from_a_school(track=Track.URGENT)
    assert not story.case.asked_if_urgent
    assert to_the_team(story) == []


def test_what_is_held_is_looked_at_within_the_hour_and_stays_the_teams_to_pass_on() -> None:
    story = from_a_school(responding_agencies=())
    assert look(story) == [("10:30", True)]
    assert to_the_team(story) == [NoticeKind.HELD], "one message, and not two"
    story.act(acts.SayNotUrgent(**story.by_raiser()))
    assert story.case.status is Status.HELD
    assert look(story) == [("10:30", True)], "nothing becomes later by an answer"


@pytest.mark.parametrize("held", [False, True])
def test_yes_puts_it_on_the_urgent_track_and_no_leaves_it_where_it_is(*, held: bool) -> None:
    named = {"responding_agencies": ()} if held else {}
    yes, no = from_a_school(**named), from_a_school(**named)
    yes.act(acts.ChangeTrack(**yes.by_raiser(), track=Track.URGENT))
    no.act(acts.SayNotUrgent(**no.by_raiser()))
    assert (yes.case.track, yes.case.asked_if_urgent) == (Track.URGENT, False)
    assert (no.case.track, no.case.asked_if_urgent) == (Track.STANDARD, False)
    if not held:
        assert not yes.case.running(Awaits.LOOK)
        assert not no.case.running(Awaits.LOOK)


@pytest.mark.parametrize(("by_team", "end"), [(False, ClockEnd.STOPPED), (True, ClockEnd.MET)])
def test_the_teams_clock_is_met_by_the_team_alone(*, by_team: bool, end: ClockEnd) -> None:
    story = from_a_school().later(minutes=20)
    story.act(acts.SayNotUrgent(**(story.by_team() if by_team else story.by_raiser())))
    ended = [event for event in story.happened if isinstance(event, events.ClockEnded)]
    assert [(event.awaits, event.end) for event in ended] == [(Awaits.LOOK, end)]


def test_whoever_may_make_it_urgent_may_say_that_it_is_not_and_nobody_else() -> None:
    story = from_a_school()

    def may(kind: type[acts.ChangeTrack | acts.SayNotUrgent], **more: object) -> set[str]:
        found = set()
        for who, by in ACTORS.items():
            act = kind.model_validate({**story.by_team(), "by": by, "channel": Channel.LINK, **more})
            if not isinstance(decider.decide(story.case, act, story.now), decider.Refused):
                found.add(who)
        return found

    assert may(acts.SayNotUrgent) == may(acts.ChangeTrack, track=Track.URGENT)
    assert {"raiser", "team"} <= may(acts.SayNotUrgent)
    assert not may(acts.SayNotUrgent) & {"practitioner", "manager", "chair", "system"}


def test_what_was_answered_is_not_answered_again() -> None:
    story = from_a_school()
    story.act(acts.SayNotUrgent(**story.by_raiser()))
    assert story.refused(acts.SayNotUrgent(**story.by_raiser())).code == "not_asked"
    story.act(acts.ChangeTrack(**story.by_raiser(), track=Track.URGENT))
    assert story.refused(acts.SayNotUrgent(**story.by_raiser())).code == "urgent_already"


@pytest.mark.parametrize(("urgent", "track"), [(True, Track.URGENT), (False, Track.STANDARD), (None, Track.STANDARD)])
def test_completing_answers_it_before_anybody_is_told(*, urgent: bool | None, track: Track) -> None:
    story = from_a_school(responding_agencies=())
    story.act(
        acts.Complete(
            **story.by_raiser(),
            responding_agencies=(SOCIAL_CARE,),
            concern=acts.Concern.CHILD,
            reason=acts.Reason.PLAN,
            urgent=urgent,
        )
    )
    assert (story.case.status, story.case.track) == (Status.OPEN, track)
    assert story.case.asked_if_urgent is (urgent is None)
    begun = next(event for event in story.happened if isinstance(event, events.StageStarted))
    changed = [event for event in story.happened if isinstance(event, events.TrackChanged)]
    assert all(story.happened.index(event) < story.happened.index(begun) for event in changed)
    assert bool(story.case.running(Awaits.LOOK)) is (urgent is None), "unanswered, the team still looks"


def test_further_words_ask_it_again_and_the_other_sides_too() -> None:
    story = from_a_school()
    story.act(acts.SayNotUrgent(**story.by_raiser()))
    story.later(minutes=30).act(acts.AddWords(**story.by_responder("practitioner"), seen=WORDS))
    assert story.case.asked_if_urgent
    assert story.case.track is Track.STANDARD
    assert to_the_team(story) == [NoticeKind.SAYS_URGENT] * 2
    assert look(story)[-1] == ("11:00", True)


def test_of_what_is_held_further_words_make_the_team_look_sooner_and_never_later() -> None:
    story = from_a_school(responding_agencies=(), seen=())
    assert look(story) == [("11:30", True)]
    story.act(acts.AddWords(**story.by_raiser(), seen=WORDS))
    assert look(story)[-1] == ("10:30", True)
    story.later(minutes=20).act(acts.AddWords(**story.by_raiser(), seen=WORDS))
    assert [one for one in look(story) if one[1]] == [("10:30", True)]


def test_what_is_passed_on_with_the_question_open_waits_for_the_team_by_its_urgent_limit() -> None:
    story = from_a_school(responding_agencies=())
    story.later(minutes=20)
    story.act(acts.PassOn(**story.by_team(), responding_agencies=(SOCIAL_CARE,)))
    assert (story.case.status, story.case.asked_if_urgent) == (Status.OPEN, True)
    assert look(story) == [("10:50", True)]
    story.later(minutes=61)
    late = [one for one in story.happened if one.kind == "limit_passed"]
    assert [story.case.clock(one.clock_id).waits_for for one in late] == [Side.TEAM], "and nobody else's delay"
    story.act(acts.SayNotUrgent(**story.by_team()))
    assert not story.case.running(Awaits.LOOK)


def test_what_is_passed_on_without_such_words_leaves_the_team_nothing_to_look_at() -> None:
    story = from_a_school(seen=(), responding_agencies=())
    story.act(acts.PassOn(**story.by_team(), responding_agencies=(SOCIAL_CARE,)))
    assert not story.case.running(Awaits.LOOK)


def test_what_has_closed_and_what_is_urgent_is_asked_nothing_more() -> None:
    urgent, closed = from_a_school(track=Track.URGENT), from_a_school(seen=())
    closed.act(acts.Withdraw(**closed.by_raiser(), reason="other"))  # type: ignore[arg-type]  # pydantic reads it
    for story in (urgent, closed):
        story.act(acts.AddWords(**story.by_raiser(), seen=WORDS))
        assert not story.case.asked_if_urgent


def test_where_the_policy_has_no_such_clock_the_team_is_told_all_the_same() -> None:
    by = {"by": raiser(position=RAISER), "raising_agency": SCHOOL, "responding_agencies": (SOCIAL_CARE,)}
    policy = Story().frame.policy.model_copy(update={"team_clocks": ()})
    story = Story(policy=policy).raised(**plain_mail(**by, seen=WORDS))
    assert to_the_team(story) == [NoticeKind.SAYS_URGENT]
    assert story.case.asked_if_urgent
    assert look(story) == []
