"""A case that becomes urgent while it runs, and the way back.

Source: the rules of practice ("A child must not wait in a queue of ours"); ``rules/tracks.py``.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalations.policy import Policy, Track
from escalations.rules import acts, clocks, decider, events, evolving
from escalations.rules.case import ClockEnd, DeliveryState, Frame, PauseReason, Status
from escalations.rules.notices import NoticeKind
from escalations.rules.workingtime import Amount, receipt
from tests.builders import POLICE, SOCIAL_CARE, Story, _sample, civil, with_priorities
from tests.rules import test_redating


def urgent(story: Story, **by: object) -> acts.ChangeTrack:
    return acts.ChangeTrack.model_validate({**(by or story.by_raiser()), "track": Track.URGENT})


def standard(story: Story) -> acts.ChangeTrack:
    return acts.ChangeTrack(**story.by_team(), track=Track.STANDARD)


def told(story: Story) -> list[str]:
    return [
        f"{notice.to.side} {notice.to.position} ({notice.asks})"
        for event, notice in story.notices()
        if isinstance(event, events.TrackChanged)
    ]


def test_the_urgent_clocks_start_now_and_what_only_the_standard_track_has_stops() -> None:
    story = Story().raised().at("2027-03-01 18:00")
    story.act(urgent(story))
    assert story.case.track is Track.URGENT
    assert story.clock("reached").due_at == civil("2027-03-01 20:00")
    assert story.clock("resolve").due_at == civil("2027-03-02 18:00")
    assert story.clock("acknowledge").end is ClockEnd.STOPPED
    assert story.clock("whole-process").due_at == civil("2027-03-08 18:00")
    # What had been waited for is waited for still, with both dates on record.
    moved = story.last(events.ClockRecounted)
    assert (moved.track, moved.counted_from) == (Track.URGENT, civil("2027-03-01 18:00"))
    assert story.kinds()[-1] == "track_changed"


def test_what_is_due_sooner_already_stays_due_then() -> None:
    story = Story().raised().at("2027-03-08 16:30")
    assert story.clock("resolve").due_at == civil("2027-03-08 17:00")
    story.act(urgent(story))
    assert story.clock("resolve").due_at == civil("2027-03-08 17:00")
    assert story.clock("reached").due_at == civil("2027-03-08 18:30")


def test_a_limit_that_has_passed_stays_passed() -> None:
    story = Story().raised().at("2027-03-09 10:00")
    assert story.clock("resolve").limit_passed_at == civil("2027-03-08 17:00")
    story.act(urgent(story))
    assert story.clock("resolve").due_at == civil("2027-03-08 17:00")
    assert story.clock("resolve").running
    assert story.runs("reached")


def test_the_receipt_of_an_urgent_limit_counts_from_when_it_became_urgent() -> None:
    story = Story().raised().at("2027-03-01 18:00")
    story.act(urgent(story))
    moved = next(
        event for event in story.happened if isinstance(event, events.ClockRecounted) and "resolve" in event.clock_id
    )
    again = receipt(
        story.frame.calendar,
        start=story.now,
        start_event="track_changed",
        amount=Amount.parse("24 elapsed hours"),
        rule="resolve",
    )
    assert (again.due, again.content_hash) == (moved.due_at, moved.receipt_hash)
    assert story.clock("resolve").receipt_hash == again.content_hash


def test_everybody_who_was_told_is_told_at_once_and_the_responding_side_by_when_it_is_waited_for() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).later(hours=1)
    story.act(urgent(story))
    assert sorted(told(story)) == [
        "raising raiser (read)",
        "responding practitioner (respond)",
        "responding practitioner (respond)",
    ]
    due = [notice.due_at for event, notice in story.notices() if notice.kind is NoticeKind.TRACK]
    assert civil("2027-03-01 12:30") in due


def test_the_team_is_told_of_it_where_it_has_been_told_of_the_case() -> None:
    story = Story().raised().at("2027-03-01 12:00")
    story.moves_up()
    story.at("2027-03-03 12:00")
    assert story.case.partnership_told_at is not None
    story.act(urgent(story))
    assert "team team (team)" in told(story)
    by_team = Story().raised().at("2027-03-01 12:00")
    by_team.act(urgent(by_team, **by_team.by_team()))
    assert not [one for one in told(by_team) if one.startswith("team")]


def test_a_pause_ends_and_only_that_it_is_urgent_is_told() -> None:
    story = Story().raised().at("2027-03-01 12:00")
    story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
    story.at("2027-03-03 12:00")
    story.act(urgent(story))
    assert story.case.pause is None
    assert not [clock for clock in story.case.clocks if clock.paused_since is not None]
    assert story.clock("resolve").due_at == civil("2027-03-04 12:00")
    assert not [1 for _, notice in story.notices() if notice.kind is NoticeKind.RESUMED]


def test_what_is_held_can_become_urgent_and_the_team_has_less_time() -> None:
    story = Story().raised(responding_agencies=()).at("2027-03-01 09:40")
    assert story.clock("team-look").due_at == civil("2027-03-01 11:30")
    story.act(urgent(story))
    assert story.case.status is Status.HELD
    assert story.clock("team-look").due_at == civil("2027-03-01 10:40")
    assert told(story) == ["raising raiser (read)", "team team (team)"]
    story.passes_on()
    assert story.runs("reached")
    assert not story.runs("acknowledge")


def test_whoever_has_spoken_or_answered_already_is_not_waited_for_again() -> None:
    story = Story().raised().at("2027-03-01 12:00")
    story.responds()
    story.act(urgent(story))
    assert not story.runs("reached")
    assert not story.runs("resolve")
    assert story.clock("consider").due_at == civil("2027-03-01 16:00")


def test_a_notice_that_has_not_arrived_starts_its_clocks_only_when_it_does() -> None:
    story = Story()
    story.delivers = False
    story.raised().later(hours=1)
    story.act(urgent(story))
    assert story.runs("reached")
    assert not story.runs("resolve")
    story.later(hours=1)
    story.delivered(SOCIAL_CARE, DeliveryState.DELIVERED)
    assert story.clock("resolve").due_at == civil("2027-03-02 11:30")


def test_only_the_team_puts_it_back_and_nothing_becomes_sooner_by_it() -> None:
    story = Story().raised().at("2027-03-01 10:00")
    story.act(urgent(story))
    story.at("2027-03-01 11:00")
    refused = story.refused(acts.ChangeTrack(**story.by_raiser(), track=Track.STANDARD))
    assert refused.code == "not_your_side"
    story.act(standard(story))
    assert story.clock("reached").end is ClockEnd.STOPPED
    assert story.clock("resolve").due_at == civil("2027-03-08 17:00")
    assert story.clock("acknowledge").due_at == civil("2027-03-02 17:00")


def test_it_is_refused_where_it_is_on_that_track_closed_or_to_be_put_back_while_paused() -> None:
    story = Story().raised().at("2027-03-01 10:00")
    assert story.refused(standard(story)).code == "same_track"
    story.act(urgent(story))
    again = story.refused(urgent(story))
    assert again.code == "same_track"
    assert "phone" in again.sentence
    story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
    assert story.refused(standard(story)).code == "paused"
    story.agrees()
    assert story.refused(urgent(story)).code == "closed"


def by_other_rules() -> Policy:
    """A policy whose two tracks have rules of their own for the same."""
    values = _sample().model_dump()
    for stage in values["stages"][:3]:
        resolve = stage["clocks"][-1]
        stage["clocks"] = [
            {**resolve, "id": f"resolve-{track}", "limits": {track: resolve["limits"][track]}} for track in Track
        ]
    return Policy.model_validate(values)


def test_where_the_tracks_await_the_same_by_rules_of_their_own_one_takes_the_place_of_the_other() -> None:
    story = Story(policy=by_other_rules()).raised().at("2027-03-01 10:00")
    story.act(urgent(story))
    assert not story.runs("resolve-standard")
    assert story.clock("resolve-urgent").due_at == civil("2027-03-02 10:00")
    late = Story(policy=by_other_rules()).raised().at("2027-03-08 16:30")
    late.act(urgent(late))
    assert late.clock("resolve-urgent").due_at == civil("2027-03-08 17:00")


@given(
    hours=st.integers(0, 24 * 30),
    acknowledged=st.booleans(),
    answered=st.booleans(),
    paused=st.booleans(),
    policy=st.sampled_from([None, by_other_rules()]),
)
def test_nothing_that_is_waited_for_becomes_later_by_it(
    policy: Policy | None, hours: int, *, acknowledged: bool, answered: bool, paused: bool
) -> None:
    story = Story(policy=policy).raised().later(hours=1)
    if acknowledged:
        story.acknowledges()
    if answered:
        story.responds()
    if paused:
        story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
    story.later(hours=hours)
    # What a pause gives back is its own: what is compared is the case as it stands without one.
    before = story.case
    if paused:
        resumed = decider.decide(before, acts.Resume(**story.by_team()), story.now)
        assert isinstance(resumed, tuple)
        before = evolving.evolve_all(before, resumed)
    story.act(urgent(story))
    for earlier, later in itertools.product(before.clocks, story.case.clocks):
        if (
            earlier.running
            and later.running
            and not (earlier.limit_passed_at and earlier.rule_id != later.rule_id)
            and (earlier.awaits, earlier.agency_id, earlier.about) == (later.awaits, later.agency_id, later.about)
        ):
            assert later.due_at <= earlier.due_at
            assert later.limit_passed_at == earlier.limit_passed_at
    assert all(story.case.track in clocks.rule_of(story.case, one).limits for one in story.case.clocks if one.running)


@pytest.mark.parametrize("times", [2, 3])
def test_there_and_back_again_leaves_no_clock_twice(times: int) -> None:
    story = Story().raised().at("2027-03-01 10:00")
    for _ in range(times):
        story.later(minutes=10)
        story.act(urgent(story))
        story.later(minutes=10)
        story.act(standard(story))
    running = [(clock.rule_id, clock.agency_id) for clock in story.case.clocks if clock.running]
    assert len(running) == len(set(running))


def test_a_priority_set_later_counts_from_when_it_became_urgent_and_never_from_before() -> None:
    values = with_priorities().model_dump()
    for stage in values["stages"][:3]:
        urgent_limit = stage["clocks"][-1]["limits"][Track.URGENT]
        urgent_limit["by_priority"] = {"high": {"within": Amount.parse("12 elapsed hours")}}
    story = Story(policy=Policy.model_validate(values)).raised().at("2027-03-03 10:00")
    story.act(urgent(story))
    story.act(acts.SetPriority(**story.by_team(), priority="high"))
    assert story.clock("resolve").due_at == civil("2027-03-03 22:00")
    late = Story(policy=Policy.model_validate(values)).raised().at("2027-03-08 16:30")
    late.act(urgent(late))
    late.act(acts.SetPriority(**late.by_team(), priority="high"))
    assert late.clock("resolve").due_at == civil("2027-03-08 17:00")


def test_a_new_policy_counts_an_urgent_limit_from_when_it_became_urgent() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    story.act(urgent(story))
    values = story.frame.policy.model_dump()
    for stage in values["stages"][:3]:
        stage["clocks"][-1]["limits"][Track.URGENT] = {"within": Amount.parse("30 elapsed hours")}
    frame = Frame(Policy.model_validate({**values, "version": "2027-2"}), story.frame.calendar)
    story.act(test_redating.act(story, frame))
    assert story.clock("resolve").due_at == civil("2027-03-04 16:00")
