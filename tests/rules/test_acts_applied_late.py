"""Acts that are applied after later things were noted: they count from receipt, and put no fact before its beginning.

Source: the design, "Time" (an act at the due instant is in time) and "The rules are pure".
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from escalations.policy import Awaits, Track
from escalations.rules import acts, case, decider, events, evolving
from escalations.rules.actors import Channel
from escalations.rules.case import Cause, Outcome, Status
from tests import builders
from tests.builders import POLICE, SOCIAL_CARE, TEAM, Story
from tests.deeds import ACTORS, KINDS, deed

SHORTLY = timedelta(seconds=5)


def test_an_agreement_received_before_a_limit_withdraws_that_one_alone_and_ends_each_clock_once() -> None:
    story = Story().raised()
    due = story.clock("whole-process").due_at
    story.until(due)
    choose = story.clock("choose")
    assert choose.limit_passed_at is not None
    seen = len(story.happened)
    story.act(acts.Agree(**builders.origin(builders.raiser(), due - SHORTLY), outcome=Outcome.AGREED_AS_ASKED))
    brought = story.happened[seen:]
    withdrawn = [event for event in brought if isinstance(event, events.LimitWithdrawn)]
    assert [(event.awaits, event.kept_at, event.undoes_proposal) for event in withdrawn] == [
        (Awaits.SETTLE_ALL, due - SHORTLY, False)
    ]
    ended = [event.clock_id for event in brought if isinstance(event, events.ClockEnded)]
    assert len(ended) == len(set(ended)) == 4
    assert story.case.clock(choose.clock_id).cause is Cause.ANSWERED_LATE
    assert story.case.status is Status.CLOSED


def test_a_move_received_before_the_stage_that_it_leaves_starts_no_stage_before_that_one() -> None:
    story = Story().raised(hold=True, by=TEAM, channel=Channel.TEAM)
    raised = story.now
    story.later(hours=2)
    story.passes_on()
    began = story.now
    story.act(acts.MoveUp(**builders.origin(builders.raiser(), raised + timedelta(hours=1))))
    story.at("2027-03-10 12:00")
    assert story.case.stage == 2
    assert story.case.stage_starts[1] >= story.case.stage_starts[0] == began


steps = st.lists(
    st.tuples(
        st.sampled_from(KINDS[1:]),
        st.sampled_from([*list(ACTORS)[:9], "team", "system", "chair"]),
        st.integers(0, 60),
        st.integers(1, 96 * 60),
        st.one_of(st.just(0), st.integers(1, 6_000)),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=150)
@given(
    steps,
    st.sampled_from(Track),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["2027-03-01 09:30", "2027-03-26 16:59", "2027-12-24 12:00"]),
)
def test_however_late_acts_are_applied_nothing_ends_or_is_kept_before_it_began(
    deeds: list[tuple[type[acts.ActModel], str, int, int, int, bool]],
    track: Track,
    both: bool,  # noqa: FBT001  hypothesis passes it by position
    held: bool,  # noqa: FBT001
    start: str,
) -> None:
    story = Story(start=start)
    story.delivers = False
    agencies = (SOCIAL_CARE, POLICE) if both else (SOCIAL_CARE,)
    story.raised(track=track, responding_agencies=agencies, hold=held)
    for kind, who, choice, minutes, late, noted in deeds:
        if noted:
            story.later(minutes=minutes)
        else:
            story.now += timedelta(minutes=minutes)
        received = story.now - timedelta(minutes=late)
        if story.case.received_at is not None and received < story.case.received_at:
            continue
        act = deed(kind, ACTORS[who], story.case, received, choice=choice)
        if not isinstance(decider.decide(story.case, act, received), decider.Refused):
            story.act(act)
    holds(story)


def holds(story: Story) -> None:
    """Check each event against the case as it stood before it."""
    state = case.new(builders.REFERENCE, story.frame)
    for event in story.happened:
        match event:
            case events.ClockEnded():
                clock = state.clock(event.clock_id)
                assert clock.running, "a clock ends once"
                assert event.counts_from >= clock.started_at
            case events.LimitWithdrawn():
                clock = state.clock(event.clock_id)
                assert clock.limit_passed_at is not None
                assert not clock.limit_withdrawn, "a limit is withdrawn once"
                assert clock.started_at <= event.kept_at <= clock.due_at
            case events.StageStarted():
                assert all(event.at >= began for began in state.stage_starts)
            case events.LimitPassed():
                assert event.at >= event.due_at
                assert state.clock(event.clock_id).limit_passed_at is None
            case _:
                pass
        state = evolving.evolve(state, event)
    assert state == story.case


@settings(max_examples=60)
@given(
    steps,
    st.sampled_from(Track),
    st.sampled_from(["2032-12-20 10:00", "2032-11-10 09:00", "2032-12-31 16:59", "2033-01-04 09:00"]),
)
def test_where_the_calendar_ends_time_goes_on_and_a_case_can_always_be_ended(
    deeds: list[tuple[type[acts.ActModel], str, int, int, int, bool]], track: Track, resumed: str
) -> None:
    """Time brings what it can at any instant, wakes later than it, and the raising side can end the case."""
    story = Story()
    story.delivers = False
    story.raised(track=track)
    story.at(resumed)
    for kind, who, choice, minutes, _, noted in deeds:
        if noted:
            story.later(minutes=minutes)
        act = deed(kind, ACTORS[who], story.case, story.now, choice=choice)
        if not isinstance(decider.decide(story.case, act, story.now), decider.Refused):
            story.act(act)
    story.later(days=60)
    assert sum(event.calendar_ended is True for event in story.happened) <= 1
    assert all(event.accounts_until >= event.at for event in story.happened if isinstance(event, events.LimitPassed))
    holds(story)
    if story.case.status is Status.OPEN:
        story.agrees()
    assert story.case.status is Status.CLOSED
