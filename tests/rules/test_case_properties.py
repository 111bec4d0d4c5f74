"""What holds of every story: of time, however it is cut, and of acts that have nothing to do with each other.

Source: the design, "The rules are pure" and "Time"; the rules of practice, "Never by a timer, a parser or a score".
"""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalations.policy import Track
from escalations.rules import acts, case, clocks, decider, events, evolving, passing
from escalations.rules.actors import SYSTEM, Channel
from escalations.rules.case import Case, Cause, DeliveryState, Done, Status
from tests import builders
from tests.builders import POLICE, SOCIAL_CARE, Story, civil
from tests.deeds import ACTORS, KINDS, deed

STARTS = ("2027-03-01 09:30", "2027-03-25 16:59", "2027-10-29 23:30", "2027-12-23 12:00")
steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                acts.Acknowledge,
                acts.Respond,
                acts.SayDone,
                acts.MoveUp,
                acts.Stay,
                acts.ConfirmDone,
                acts.DenyDone,
                acts.NotePhoneCall,
                acts.ReportMessage,
                acts.AddWords,
                acts.ReportDelivery,
                acts.Pause,
                acts.Resume,
                acts.Extend,
                acts.ConfirmCause,
            ]
        ),
        st.sampled_from(["raiser", "practitioner", "manager", "police practitioner", "team", "system"]),
        st.integers(0, 30),
        st.integers(1, 72 * 60),
    ),
    max_size=8,
)
begun = st.tuples(st.sampled_from(STARTS), st.sampled_from(Track), st.booleans())


def told(beginning: tuple[str, Track, bool], deeds: list[tuple[type[acts.ActModel], str, int, int]]) -> Story:
    """Give a case to which this happened, with whatever of it the rules accept."""
    start, track, both = beginning
    story = Story(start=start).raised(
        track=track, responding_agencies=(SOCIAL_CARE, POLICE) if both else (SOCIAL_CARE,)
    )
    for kind, who, choice, minutes in deeds:
        story.later(minutes=minutes)
        act = deed(kind, ACTORS[who], story.case, story.now, choice=choice)
        decided = decider.decide(story.case, act, story.now)
        if not isinstance(decided, decider.Refused):
            story.act(act)
    return story


def passes(state: Case, moments: list[datetime]) -> tuple[Case, list[events.Event]]:
    """Give what time brings to a case that is looked at at these moments alone."""
    happened: list[events.Event] = []
    for now in moments:
        brought = passing.due(state, now)
        happened += brought
        state = evolving.evolve_all(state, brought)
    return state, happened


def punctually(state: Case, until: datetime) -> tuple[Case, list[events.Event]]:
    """Give what time brings to a case that is looked at whenever it wants to be."""
    happened: list[events.Event] = []
    while (wake := clocks.next_wake(state)) is not None and wake <= until:
        brought = passing.due(state, wake)
        assert brought, "it wanted to be woken for nothing"
        happened += brought
        state = evolving.evolve_all(state, brought)
    return state, happened


@settings(max_examples=60)
@given(begun, steps, st.integers(1, 60 * 24))
def test_time_alone_closes_withdraws_drops_and_moves_nothing(
    beginning: tuple[str, Track, bool],
    deeds: list[tuple[type[acts.ActModel], str, int, int]],
    hours: int,
) -> None:
    story = told(beginning, deeds)
    intended = story.case.move is not None and story.case.move.intended_at is not None
    after, happened = punctually(story.case, story.now + timedelta(hours=hours))
    assert after.status is story.case.status
    assert after.claims == story.case.claims
    assert after.stage <= story.case.stage + intended
    brings = {"reminder_fell", "limit_passed", "move_proposed", "clock_started", "raiser_kept_informed"}
    brings |= {"paused_too_long"}
    by_a_move = {"clock_ended", "stage_started", "partnership_notified", "cause_changed"} if intended else set()
    assert {event.kind for event in happened} <= brings | by_a_move


@settings(max_examples=60)
@given(begun, steps, st.lists(st.integers(1, 24 * 60), max_size=12))
def test_however_time_is_cut_every_limit_is_noted_once_and_late_only_for_what_is_ours(
    beginning: tuple[str, Track, bool],
    deeds: list[tuple[type[acts.ActModel], str, int, int]],
    pieces: list[int],
) -> None:
    story = told(beginning, deeds)
    running = [clock.clock_id for clock in story.case.clocks if clock.running and clock.limit_passed_at is None]
    moments = list(
        itertools.accumulate(
            (timedelta(hours=hours) for hours in pieces), lambda at, more: at + more, initial=story.now
        )
    )
    _, in_time = punctually(story.case, moments[-1])
    _, in_pieces = passes(story.case, moments)
    _, at_the_end = passes(story.case, moments[-1:])
    expected = limits(in_time, running)
    for late in (in_pieces, at_the_end):
        noted = limits(late, running)
        assert noted.keys() == expected.keys()
        assert all(cause in {expected[clock], Cause.OUR_OUTAGE} for clock, cause in noted.items())
        reminded = {event.clock_id for event in late if isinstance(event, events.ReminderFell)}
        assert not [
            clock
            for clock, cause in noted.items()
            if cause is Cause.OUR_OUTAGE
            and clock in reminded
            and expected[clock] is not Cause.OUR_OUTAGE
            and not _fell_late(late, clock)
        ]


def _fell_late(happened: list[events.Event], clock_id: str) -> bool:
    passed = next(event for event in happened if isinstance(event, events.LimitPassed) and event.clock_id == clock_id)
    last = [event for event in happened if isinstance(event, events.ReminderFell) and event.clock_id == clock_id][-1]
    return last.reminder < last.of or last.at < passed.due_at


def limits(happened: list[events.Event], clock_ids: list[str]) -> dict[str, Cause]:
    noted = [
        (event.clock_id, event.cause)
        for event in happened
        if isinstance(event, events.LimitPassed) and event.clock_id in clock_ids
    ]
    assert len(dict(noted)) == len(noted)
    return dict(noted)


@settings(max_examples=60)
@given(begun, steps, st.integers(0, 60 * 24 * 30))
def test_after_what_was_due_nothing_is_due_and_the_next_wake_is_later_or_none(
    beginning: tuple[str, Track, bool],
    deeds: list[tuple[type[acts.ActModel], str, int, int]],
    minutes: int,
) -> None:
    story = told(beginning, deeds)
    now = story.now + timedelta(minutes=minutes)
    after, _ = passes(story.case, [now])
    assert passing.due(after, now) == ()
    wake = clocks.next_wake(after)
    assert wake is None or wake > now


@settings(max_examples=60)
@given(begun, steps)
def test_the_register_s_text_gives_the_state_and_so_does_a_snapshot(
    beginning: tuple[str, Track, bool],
    deeds: list[tuple[type[acts.ActModel], str, int, int]],
) -> None:
    story = told(beginning, deeds)
    state = case.new(builders.REFERENCE, story.frame)
    for event in story.happened:
        state = evolving.evolve(state, events.loads(events.dumps(event)))
    assert state == story.case
    assert case.restore(case.snapshot(state), story.frame) == state


def seen(state: Case) -> object:
    """What a case comes to, whatever its clocks and claims are numbered."""
    running = sorted(
        (clock.rule_id, clock.agency_id or "", clock.about or "", clock.due_at, str(clock.end), str(clock.cause))
        for clock in state.clocks
    )
    return running, state.parties, state.stage, state.status, state.word_due_at, bool(state.move)


@pytest.mark.parametrize("first", [acts.Acknowledge, acts.Respond])
@pytest.mark.parametrize("second", [acts.Acknowledge, acts.Respond, acts.ReportDelivery])
@pytest.mark.parametrize("when", ["2027-03-01 10:00", "2027-03-02 17:00", "2027-03-03 12:00", "2027-03-10 12:00"])
def test_acts_of_two_agencies_that_have_nothing_to_do_with_each_other_may_come_in_either_order(
    first: type[acts.ActModel],
    second: type[acts.ActModel],
    when: str,
) -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).at(when)
    one = deed(first, ACTORS["practitioner"], story.case, story.now)
    other = deed(second, ACTORS["police practitioner"], story.case, story.now)
    if second is acts.ReportDelivery:
        other = acts.ReportDelivery(
            **builders.origin(SYSTEM, story.now, channel=Channel.SYSTEM),
            notice_id="n1",
            agency_id=POLICE,
            stage=1,
            starts_clocks=True,
            state=DeliveryState.UNDELIVERED,
        )
    ends = []
    for order in ((one, other), (other, one)):
        state = story.case
        for act in order:
            decided = decider.decide(state, act, story.now)
            assert not isinstance(decided, decider.Refused), decided
            state = evolving.evolve_all(state, decided)
        ends.append(seen(state))
    assert ends[0] == ends[1]


@settings(max_examples=60)
@given(st.integers(1, 3_000), st.integers(1, 3_000), st.booleans())
def test_a_conversation_counts_from_when_it_happened_if_confirmed_and_never_if_denied(
    happened: int,
    until_written: int,
    confirmed: bool,  # noqa: FBT001  hypothesis passes by place
) -> None:
    story = Story().raised().later(minutes=happened)
    then = story.now.replace(second=0, microsecond=0)
    story.later(minutes=until_written)
    act = acts.SayDone(**story.by_responder(happened_at=then), done=Done.SPOKE, agency_id=SOCIAL_CARE)
    story.act(act)
    due, noted = civil("2027-03-02 17:00"), story.now > civil("2027-03-02 17:00")
    assert (story.clock("acknowledge").limit_passed_at is not None) == noted
    if confirmed:
        story.confirms("c1")
        clock = story.clock("acknowledge")
        assert clock.ended_at == then
        assert clock.limit_withdrawn == (noted and then <= due)
    else:
        story.denies("c1")
        assert story.runs("acknowledge")
        assert not story.clock("acknowledge").limit_withdrawn


def test_the_same_story_twice_is_the_same_to_the_letter() -> None:
    """No clock of our own, no chance, and no order of a set decides anything."""
    texts = []
    for _ in range(2):
        story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).at("2027-03-20 10:00")
        texts.append([events.dumps(event) for event in story.happened[1:] if event.kind != "notice_reported"])
    assert texts[0] == texts[1]


@pytest.mark.parametrize("kind", KINDS)
def test_every_act_is_read_back_as_it_was_written(kind: type[acts.ActModel]) -> None:
    story = Story().raised()
    act = deed(kind, ACTORS["raiser"], story.case, story.now)
    assert acts.loads(acts.dumps(act)) == act
    assert story.case.status is Status.OPEN
