"""A new bank holiday, a closure or a new policy does not move an open deadline by itself; the team moves it openly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalations.packs import reading
from escalations.policy import OnLimit, Policy, Track
from escalations.rules import acts, case, clocks, decider, events, evolving, redating
from escalations.rules.case import Cause, Frame, PauseReason, RedateReason
from escalations.rules.notices import NoticeKind, notices_for
from escalations.rules.redating import Becomes
from escalations.rules.workingtime import Amount, deadline, receipt
from tests import builders
from tests.builders import POLICE, SOCIAL_CARE, Story, civil, closed, origin, raiser, responder, with_priorities

ONE_DAY = Amount.parse("1 working day")


def begun(*, policy: Policy | None = None, **more: Any) -> Story:  # noqa: ANN401
    """Raised on Monday 1 March 2027 at 09:30; an acknowledgement is due on Tuesday, the answer the Monday after."""
    return Story(policy=policy).raised(**more)


def another(story: Story, change: str = "resolve", **changes: Any) -> Frame:  # noqa: ANN401
    """Give a new version of the policy, in which one time limit of stage 1 is another."""
    values = story.frame.policy.model_dump()
    values["version"] = "2"
    for clock in values["stages"][0]["clocks"]:
        if clock["id"] == change:
            limits = clock["limits"][Track.STANDARD]
            clock.update({name: value for name, value in changes.items() if name in clock})
            limits.update({name: value for name, value in changes.items() if name in limits})
    return Frame(Policy.model_validate(values), story.frame.calendar)


def act(story: Story, frame: Frame, *, also_sooner: bool = False, **more: Any) -> acts.Redate:  # noqa: ANN401
    story.case = case.offering(story.case, frame)
    fields: dict[str, Any] = {
        "policy_hash": frame.policy.content_hash,
        "calendar_hash": frame.calendar.content_hash,
        "seen_seq": story.case.seq,
        "because": RedateReason.CLOSURE,
        "also_sooner": also_sooner,
        **more,
    }
    return acts.Redate(**story.by_team(), **fields)


def redates(story: Story, frame: Frame, **more: Any) -> events.Redated:  # noqa: ANN401
    story.act(act(story, frame, **more))
    return story.last(events.Redated)


def told(story: Story, kind: NoticeKind = NoticeKind.REDATED) -> list[str]:
    state = case.new(builders.REFERENCE, story.frame.offering(story.case.frame))
    found = []
    for event in story.happened:
        state = evolving.evolve(state, event)
        found += [notice for notice in notices_for(state, event) if notice.kind is kind]
    return sorted(f"{notice.to.agency_id} {notice.to.position} ({notice.asks})" for notice in found)


# ---- A closure, a bank holiday -------------------------------------------------------------------------------------


def test_nothing_moves_until_the_team_moves_it() -> None:
    story = begun()
    due = story.clock("resolve").due_at
    assert builders.closed(story.frame, "2027-03-03", "2027-03-04") != story.frame
    assert story.clock("resolve").due_at == due == civil("2027-03-08 17:00")


@pytest.mark.parametrize(
    ("first", "last", "acknowledge", "answer"),
    [
        ("2027-03-03", "2027-03-04", "2027-03-02 17:00", "2027-03-10 17:00"),
        ("2027-03-02", "2027-03-02", "2027-03-03 17:00", "2027-03-09 17:00"),
        ("2027-03-06", "2027-03-07", "2027-03-02 17:00", "2027-03-08 17:00"),
        ("2027-03-01", "2027-03-05", "2027-03-08 17:00", "2027-03-12 17:00"),
        ("2027-04-05", "2027-04-09", "2027-03-02 17:00", "2027-03-08 17:00"),
    ],
)
def test_a_closure_counts_what_runs_anew_from_its_start(first: str, last: str, acknowledge: str, answer: str) -> None:
    story = begun()
    redates(story, closed(story.frame, first, last))
    assert story.clock("acknowledge").due_at == civil(acknowledge)
    assert story.clock("resolve").due_at == civil(answer)


def test_both_dates_are_kept_and_the_reminders_follow_the_new_one() -> None:
    story = begun()
    happened = redates(story, closed(story.frame, "2027-03-05", "2027-03-05"))
    moved = {clock.clock_id: clock for clock in happened.clocks}[story.clock("resolve").clock_id]
    assert (moved.was_due_at, moved.due_at) == (civil("2027-03-08 17:00"), civil("2027-03-09 17:00"))
    assert story.clock("resolve").redated_from == civil("2027-03-08 17:00")
    assert story.clock("resolve").reminders == (civil("2027-03-08 09:00"),)
    assert story.clock("resolve").reminded == 0


def test_the_receipt_of_the_new_date_names_the_closure_and_its_hash_is_the_one_recorded() -> None:
    story = begun()
    frame = closed(story.frame, "2027-03-05", "2027-03-05", "The council is closed")
    redates(story, frame)
    clock = story.clock("resolve")
    counted = receipt(
        frame.calendar,
        start=clock.started_at,
        start_event="delivered",
        amount=Amount.parse(clock.amount or ""),
        rule="resolve",
    )
    assert counted.content_hash == clock.receipt_hash
    assert counted.due == clock.due_at
    assert "closed: The council is closed" in counted.text()


def test_time_goes_by_the_new_date() -> None:
    story = begun()
    story.acknowledges()
    redates(story, closed(story.frame, "2027-03-05", "2027-03-05"))
    story.at("2027-03-09 16:59")
    assert story.clock("resolve").limit_passed_at is None
    story.at("2027-03-09 17:00")
    assert story.clock("resolve").limit_passed_at == civil("2027-03-09 17:00")


def test_later_clocks_are_counted_by_the_new_calendar() -> None:
    story = begun()
    redates(story, closed(story.frame, "2027-03-09", "2027-03-09"))
    story.at("2027-03-08 18:00").moves_up()
    assert story.case.stage == 2
    assert story.clock("acknowledge").due_at == civil("2027-03-10 17:00")


def test_what_runs_by_day_and_night_is_where_it_was() -> None:
    story = begun(track=Track.URGENT)
    dues = [clock.due_at for clock in story.case.clocks if clock.agency_id == SOCIAL_CARE]
    redates(story, closed(story.frame, "2027-03-01", "2027-03-05"))
    assert [clock.due_at for clock in story.case.clocks if clock.agency_id == SOCIAL_CARE] == dues


# ---- What people agreed on is given again --------------------------------------------------------------------------


def test_an_extension_is_given_again_from_the_new_date() -> None:
    story = begun()
    story.act(acts.Extend(**story.by_team(), clock_id=story.clock("resolve").clock_id, by_amount=ONE_DAY))
    assert story.clock("resolve").due_at == civil("2027-03-09 17:00")
    redates(story, closed(story.frame, "2027-03-04", "2027-03-04"))
    assert story.clock("resolve").due_at == civil("2027-03-10 17:00")
    assert story.clock("resolve").extensions == 1


def test_a_closure_on_the_days_of_an_extension_moves_it_too() -> None:
    story = begun()
    story.act(acts.Extend(**story.by_team(), clock_id=story.clock("resolve").clock_id, by_amount=ONE_DAY))
    redates(story, closed(story.frame, "2027-03-09", "2027-03-09"))
    assert story.clock("resolve").due_at == civil("2027-03-10 17:00")


def test_a_pause_that_ended_is_given_again_and_not_twice_for_a_day_that_nobody_worked() -> None:
    story = begun()
    story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
    story.at("2027-03-03 10:00")
    story.act(acts.Resume(**story.by_team()))
    assert story.clock("resolve").due_at == civil("2027-03-09 17:00")
    redates(story, closed(story.frame, "2027-03-02", "2027-03-02"))
    # The closed day lay in the pause, which already gave it back.
    assert story.clock("resolve").due_at == civil("2027-03-09 17:00")
    redates(story, closed(story.case.frame, "2027-03-05", "2027-03-05"))
    assert story.clock("resolve").due_at == civil("2027-03-10 17:00")


def test_a_paused_clock_stays_paused_and_gives_back_by_the_new_calendar() -> None:
    story = begun()
    story.at("2027-03-02 10:00")
    story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
    redates(story, closed(story.frame, "2027-03-03", "2027-03-03"))
    assert story.clock("resolve").paused_since == civil("2027-03-02 10:00")
    assert story.clock("resolve").due_at == civil("2027-03-09 17:00")
    story.at("2027-03-04 10:00")
    assert story.clock("resolve").limit_passed_at is None
    story.act(acts.Resume(**story.by_team()))
    # Tuesday alone was taken: Wednesday is closed.
    assert story.clock("resolve").due_at == civil("2027-03-10 17:00")


def test_a_sooner_time_stays_the_time_that_was_chosen() -> None:
    story = begun(policy=with_priorities(or_sooner=True))
    clock_id = story.clock("resolve").clock_id
    story.act(acts.SetSooner(**story.by_raiser(), clock_id=clock_id, due_at=civil("2027-03-04 12:00")))
    redates(story, closed(story.frame, "2027-03-03", "2027-03-05"))
    assert story.clock("resolve").due_at == civil("2027-03-04 12:00")


def test_what_a_priority_gave_is_what_is_counted() -> None:
    story = begun(policy=with_priorities())
    story.act(acts.SetPriority(**story.by_team(), priority="high"))
    assert story.clock("resolve").due_at == civil("2027-03-03 17:00")
    redates(story, closed(story.frame, "2027-03-03", "2027-03-03"))
    assert story.clock("resolve").due_at == civil("2027-03-04 17:00")


def test_a_clock_that_people_moved_before_a_priority_was_set_keeps_the_amount_that_it_began_with() -> None:
    story = begun(policy=with_priorities())
    story.act(acts.Extend(**story.by_team(), clock_id=story.clock("resolve").clock_id, by_amount=ONE_DAY))
    story.act(acts.SetPriority(**story.by_team(), priority="high"))
    redates(story, closed(story.frame, "2027-03-03", "2027-03-03"))
    assert story.clock("resolve").due_at == civil("2027-03-10 17:00")


# ---- Limits that have passed ---------------------------------------------------------------------------------------


def test_a_limit_that_has_passed_stays_passed_and_says_what_it_would_be_now() -> None:
    story = begun().at("2027-03-03 10:00")
    assert story.clock("acknowledge").limit_passed_at == civil("2027-03-02 17:00")
    happened = redates(story, closed(story.frame, "2027-03-02", "2027-03-02"))
    (kept,) = [one for one in happened.kept if one.clock_id == story.clock("acknowledge").clock_id]
    assert kept.because == "limit_passed"
    assert (kept.due_at, kept.would_be_due_at) == (civil("2027-03-02 17:00"), civil("2027-03-03 17:00"))
    clock = story.clock("acknowledge")
    assert clock.limit_passed_at is not None
    assert not clock.limit_withdrawn
    assert clock.due_at == civil("2027-03-02 17:00")
    story.at("2027-03-20 10:00")
    story.act(acts.ConfirmCause(**story.by_team(), clock_id=clock.clock_id, cause=Cause.CLOSED))
    assert story.clock("acknowledge").cause is Cause.CLOSED


def test_what_has_ended_is_left_alone() -> None:
    story = begun()
    story.acknowledges()
    happened = redates(story, closed(story.frame, "2027-03-02", "2027-03-02"))
    ended = story.clock("acknowledge")
    assert ended.due_at == civil("2027-03-02 17:00")
    counted = {one.clock_id for one in happened.clocks} | {one.clock_id for one in happened.kept}
    assert ended.clock_id not in counted


# ---- Sooner --------------------------------------------------------------------------------------------------------


def test_what_would_become_sooner_stays_unless_that_is_chosen() -> None:
    story = begun()
    redates(story, closed(story.frame, "2027-03-05", "2027-03-05"))
    taken_back = redates(story, story.frame)
    (kept,) = [one for one in taken_back.kept if one.clock_id == story.clock("resolve").clock_id]
    assert kept.because == "sooner"
    assert story.clock("resolve").due_at == civil("2027-03-09 17:00")
    chosen = begun()
    redates(chosen, closed(chosen.frame, "2027-03-05", "2027-03-05"))
    redates(chosen, chosen.frame, also_sooner=True)
    assert chosen.clock("resolve").due_at == civil("2027-03-08 17:00")


def test_what_would_have_been_due_before_now_is_due_at_once() -> None:
    story = begun()
    redates(story, closed(story.frame, "2027-03-05", "2027-03-08"))
    story.acknowledges()
    story.at("2027-03-09 10:00")
    assert story.clock("resolve").due_at == civil("2027-03-10 17:00")
    redates(story, story.frame, also_sooner=True)
    assert story.clock("resolve").due_at == civil("2027-03-09 10:00")
    story.later(minutes=1)
    assert story.clock("resolve").limit_passed_at == civil("2027-03-09 10:00")


# ---- A new version of the policy -----------------------------------------------------------------------------------


def test_a_new_version_gives_what_runs_its_time_limits() -> None:
    story = begun()
    frame = another(story, within=Amount.parse("7 working days"), on_limit=OnLimit.TELL)
    happened = redates(story, frame, because=RedateReason.POLICY)
    assert story.case.frame.policy.version == "2"
    assert story.clock("resolve").due_at == civil("2027-03-10 17:00")
    assert story.clock("resolve").on_limit is OnLimit.TELL
    assert {clock.clock_id: clock.amount for clock in happened.clocks}[story.clock("resolve").clock_id] == (
        "7 working days"
    )


def _without(story: Story, clock_id: str) -> Frame:
    values = story.frame.policy.model_dump()
    for stage in values["stages"]:
        for clock in stage["clocks"]:
            if clock["id"] == clock_id:
                clock["id"] = f"{clock_id}-two"
    return Frame(Policy.model_validate(values), story.frame.calendar)


def test_a_clock_that_the_new_policy_does_not_have_is_refused_with_a_sentence() -> None:
    story = begun()
    refused = story.refused(act(story, _without(story, "resolve")))
    assert refused.code == "no_such_clock"
    assert "“resolve”" in refused.sentence
    assert story.clock("resolve").due_at == civil("2027-03-08 17:00")


def test_another_ladder_is_refused_from_the_stage_that_it_has_reached_on() -> None:
    story = begun()
    values = story.frame.policy.model_dump()
    values["stages"][1]["responding_position"] = "service_manager"
    frame = Frame(Policy.model_validate(values), story.frame.calendar)
    later = begun().at("2027-03-01 10:00")
    later.moves_up()
    later.at("2027-03-02 18:00")
    assert later.case.stage == 2
    assert later.refused(act(later, frame)).code == "another_ladder"
    redates(story, frame)
    assert story.case.frame.policy.stage(2).responding_position == "service_manager"


def test_a_priority_that_is_gone_is_refused() -> None:
    story = begun(policy=with_priorities(), priority="high")
    assert story.refused(act(story, Frame(reading.sample(), story.frame.calendar))).code == "priority_gone"


# ---- Who may, and what is applied is what was seen -----------------------------------------------------------------


def test_only_the_team_may() -> None:
    story = begun()
    frame = closed(story.frame, "2027-03-03", "2027-03-03")
    for by in (raiser(), responder()):
        other = act(story, frame).model_copy(update=origin(by, story.now))
        assert story.refused(other).code == "not_your_side"


def test_a_case_that_went_on_since_the_preview_is_refused() -> None:
    story = begun()
    seen = act(story, closed(story.frame, "2027-03-03", "2027-03-03"))
    story.acknowledges()
    assert story.refused(seen).code == "changed_since"


def test_a_limit_that_passed_since_the_preview_is_a_change_too() -> None:
    story = begun()
    seen = act(story, closed(story.frame, "2027-03-02", "2027-03-02"))
    late = seen.model_copy(update={"received_at": civil("2027-03-02 18:00")})
    assert story.refused(late).code == "changed_since"


def test_the_same_basis_changes_nothing_and_is_said_to() -> None:
    story = begun()
    assert story.refused(act(story, story.frame)).code == "same_basis"


def test_what_is_not_kept_here_is_refused() -> None:
    story = begun()
    assert story.refused(act(story, story.frame, calendar_hash="0" * 64)).code == "not_on_file"


def test_a_calendar_that_does_not_reach_is_refused() -> None:
    story = begun()
    short = story.frame.calendar.model_copy(update={"last": civil("2027-03-05 12:00").date()})
    assert story.refused(act(story, Frame(story.frame.policy, short))).code == "calendar_ended"


def test_a_closed_case_keeps_what_it_was_counted_by() -> None:
    story = begun()
    story.agrees()
    assert story.refused(act(story, closed(story.frame, "2027-03-03", "2027-03-03"))).code == "closed"


def test_a_held_case_can_be_counted_anew_and_nobody_but_whoever_raised_it_is_told() -> None:
    story = begun(responding_agencies=())
    redates(story, closed(story.frame, "2027-03-01", "2027-03-02"))
    assert told(story) == ["oak-school raiser (read)"]
    quiet = begun(by=builders.TEAM, hold=True)
    redates(quiet, closed(quiet.frame, "2027-03-01", "2027-03-02"))
    assert told(quiet) == []


# ---- Who is told ---------------------------------------------------------------------------------------------------


def test_both_sides_are_told_and_no_agency_of_the_time_that_another_has() -> None:
    story = begun(responding_agencies=(SOCIAL_CARE, POLICE))
    redates(story, closed(story.frame, "2027-03-05", "2027-03-05"))
    assert told(story) == [
        "childrens-services practitioner (respond)",
        "oak-school raiser (read)",
        "police practitioner (respond)",
    ]


def test_nobody_is_written_to_where_no_date_moved() -> None:
    story = begun()
    far = closed(story.frame, "2030-07-01", "2030-07-05")
    redates(story, far)
    assert told(story) == []
    assert story.case.frame.calendar == far.calendar


# ---- What holds of every re-date -----------------------------------------------------------------------------------

DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("extend"), st.integers(1, 2)),
        st.tuples(st.just("pause"), st.integers(1, 120)),
        st.tuples(st.just("wait"), st.integers(1, 30)),
    ),
    max_size=4,
)
DAYS = st.tuples(st.integers(0, 30), st.integers(0, 9))


def lived(deeds: list[tuple[str, int]]) -> Story:
    story = begun()
    story.acknowledges()
    for deed, much in deeds:
        if deed == "extend":
            by = Amount.model_validate({"value": much, "unit": "working_days"})
            more = acts.Extend(**story.by_team(), clock_id=story.clock("resolve").clock_id, by_amount=by)
            if not isinstance(decider.decide(story.case, more, story.now), decider.Refused):
                story.act(more)
        elif deed == "pause" and story.case.pause is None:
            story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
            story.later(hours=much)
            story.act(acts.Resume(**story.by_team()))
        else:
            story.later(hours=much)
    return story


@given(deeds=DEEDS)
def test_counted_anew_on_what_it_has_every_clock_is_due_when_it_is(deeds: list[tuple[str, int]]) -> None:
    story = lived(deeds)
    for clock in story.case.clocks:
        if not clock.running:
            continue
        limit = clocks.limit_of(story.case, clocks.rule_of(story.case, clock)).within
        calendar = story.frame.calendar
        counted = deadline(calendar, clock.started_at, limit)
        assert redating.given_again(calendar, clock, clock.started_at, counted, limit.unit) == clock.due_at


@given(deeds=DEEDS, days=DAYS)
def test_a_closure_never_brings_a_deadline_forward_and_keeps_both_dates(
    deeds: list[tuple[str, int]], days: tuple[int, int]
) -> None:
    story = lived(deeds)
    first = (civil("2027-03-01 12:00") + timedelta(days=days[0])).date()
    frame = closed(story.frame, first.isoformat(), (first + timedelta(days=days[1])).isoformat())
    before = {clock.clock_id: clock for clock in story.case.clocks}
    found = redating.recounted(story.case, frame, story.now)
    assert not isinstance(found, decider.Refused)
    assert not [one for one in found if one.becomes is Becomes.SOONER]
    happened = redates(story, frame)
    assert all(story.case.clock(clock_id).due_at >= clock.due_at for clock_id, clock in before.items())
    for moved in happened.clocks:
        assert moved.was_due_at == before[moved.clock_id].due_at <= moved.due_at
        assert story.case.clock(moved.clock_id).due_at == moved.due_at


@given(deeds=DEEDS, days=DAYS)
def test_the_register_tells_a_case_that_was_counted_anew(deeds: list[tuple[str, int]], days: tuple[int, int]) -> None:
    story = lived(deeds)
    first = (civil("2027-03-01 12:00") + timedelta(days=days[0])).date()
    redates(story, closed(story.frame, first.isoformat(), (first + timedelta(days=days[1])).isoformat()))
    story.later(days=3)
    replayed = case.new(builders.REFERENCE, story.frame.offering(story.case.frame))
    for event in story.happened:
        replayed = evolving.evolve(replayed, events.loads(events.dumps(event)))
    assert replayed == story.case
    assert replayed.frame == story.case.frame
    assert case.restore(case.snapshot(story.case), story.case.frame) == story.case


def test_an_event_that_names_what_is_not_beside_the_case_stops_loudly() -> None:
    """Nothing may go on under another calendar than the register names."""
    story = begun()
    happened = redates(story, closed(story.frame, "2027-03-05", "2027-03-05"))
    with pytest.raises(case.FrameNotOfferedError):
        evolving.evolve(case.new(builders.REFERENCE, story.frame), happened)
