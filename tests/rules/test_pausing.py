"""The team pauses a case, lets it go on, and extends a time limit: what that moves, who hears, and what it never does.

Source: the conventions of time (W10; an extension counts from the present due time); the rules of practice, "Never by a
timer, a parser or a score"; peers' defects: resuming that passed a limit at once, or counted a weekend twice, and
reminders that went on although an extension was agreed.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalations.packs import reading
from escalations.policy import Awaits, Policy, Side, Track
from escalations.rules import acts, case, clocks, decider, events, evolving, notices, passing, workingtime
from escalations.rules.case import DeliveryState, Outcome, PauseReason, Status
from escalations.rules.notices import Ask, NoticeKind
from escalations.rules.workingtime import Amount, Unit
from tests import builders
from tests.builders import POLICE, SOCIAL_CARE, Story, civil


def pauses(story: Story, reason: PauseReason = PauseReason.COURT) -> None:
    story.act(acts.Pause(**story.by_team(), reason=reason))


def resumes(story: Story) -> None:
    story.act(acts.Resume(**story.by_team()))


def extension(story: Story, rule: str, amount: str) -> acts.Extend:
    return acts.Extend(**story.by_team(), clock_id=story.clock(rule).clock_id, by_amount=Amount.parse(amount))


def due(story: Story, rule: str) -> str:
    return workingtime.say(story.clock(rule).due_at)


def told(story: Story, kind: NoticeKind) -> list[str]:
    """Give whom the newest event of this kind of notice was told to, and what each is asked."""
    found = [(event, notice) for event, notice in story.notices() if notice.kind is kind]
    last = found[-1][0] if found else None
    return sorted(
        f"{notice.to.agency_id or notice.to.side} {notice.to.position} ({notice.asks})"
        for event, notice in found
        if event is last
    )


def with_policy(**rules: object) -> Policy:
    """Give the sample with these values in the rule `resolve` of its first stage, or in its standard limit."""
    values = reading.sample().model_dump()
    rule = next(clock for clock in values["stages"][0]["clocks"] if clock["id"] == "resolve")
    for name, value in rules.items():
        (rule["limits"][Track.STANDARD] if name == "extend_at_most" else rule)[name] = value
    return Policy.model_validate(values)


# ---- Paused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", PauseReason)
def test_while_a_case_is_paused_no_time_limit_passes_and_nobody_is_reminded(reason: PauseReason) -> None:
    story = Story().raised().later(hours=2)
    pauses(story, reason)
    seen = len(story.happened)
    story.later(days=15)
    assert {event.kind for event in story.happened[seen:]} == {"raiser_kept_informed"}
    assert story.case.status is Status.OPEN


def test_the_raiser_is_given_word_every_five_working_days_all_the_same() -> None:
    story = Story().raised().later(hours=2)
    pauses(story)
    story.at("2027-03-24 12:00")
    informed = [event.at for event in story.happened if isinstance(event, events.RaiserKeptInformed)]
    assert informed == [civil("2027-03-08 17:00"), civil("2027-03-15 17:00"), civil("2027-03-22 17:00")]


def test_after_as_long_as_the_policy_has_it_the_team_is_told_once_and_it_stays_paused() -> None:
    story = Story().raised().later(hours=2)
    pauses(story)
    story.at("2027-03-31 16:59")
    assert "paused_too_long" not in story.kinds()
    story.at("2027-06-30 12:00")
    (late,) = [event for event in story.happened if isinstance(event, events.PausedTooLong)]
    assert late.at == civil("2027-03-31 17:00"), "20 working days, with Good Friday and Easter Monday still ahead"
    assert told(story, NoticeKind.PAUSED_TOO_LONG) == ["team team (team)"]
    assert story.case.pause is not None
    assert story.causes() == []


def test_the_policy_says_how_long() -> None:
    policy = reading.sample().model_copy(update={"pause_at_most": Amount.parse("2 working days")})
    story = Story(policy=policy).raised().later(hours=2)
    pauses(story)
    story.at("2027-03-04 12:00")
    assert story.last(events.PausedTooLong).at == civil("2027-03-03 17:00")


def test_it_is_not_paused_twice_nor_resumed_when_it_runs() -> None:
    story = Story().raised().later(hours=2)
    assert story.refused(acts.Resume(**story.by_team())).code == "not_paused"
    pauses(story)
    assert story.refused(acts.Pause(**story.by_team(), reason=PauseReason.MEDICAL)).code == "already_paused"
    resumes(story)
    pauses(story)
    assert story.case.pauses == 2


def test_what_is_held_or_closed_is_not_paused() -> None:
    story = Story().raised(responding_agencies=())
    assert story.refused(acts.Pause(**story.by_team(), reason=PauseReason.COURT)).code == "held"
    story.passes_on()
    story.agrees()
    assert story.refused(acts.Pause(**story.by_team(), reason=PauseReason.COURT)).code == "closed"


def test_what_the_team_has_to_do_and_a_person_to_be_reached_do_not_wait() -> None:
    story = Story().raised(track=Track.URGENT).later(minutes=10)
    pauses(story)
    running = {clock.rule_id for clock in story.case.clocks if clock.running and clock.paused_since is None}
    assert running == {"reached"}
    story.delivered(state=DeliveryState.UNDELIVERED)
    assert story.clock("team-mend").paused_since is None
    story.later(days=2)
    assert {event.awaits for event in story.happened if isinstance(event, events.LimitPassed)} == {
        Awaits.BE_REACHED,
        Awaits.MEND_DELIVERY,
    }


def test_the_policy_says_which_clocks_go_on() -> None:
    story = Story(policy=with_policy(may_pause=False)).raised().later(hours=2)
    pauses(story)
    story.at("2027-03-09 09:00")
    assert [event.awaits for event in story.happened if isinstance(event, events.LimitPassed)] == [Awaits.RESPOND]


def test_a_limit_that_had_passed_stays_passed() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    pauses(story)
    story.at("2027-03-10 10:00")
    resumes(story)
    acknowledge = story.clock("acknowledge")
    assert acknowledge.due_at == civil("2027-03-02 17:00")
    assert acknowledge.limit_passed_at is not None
    assert due(story, "resolve") == "17:00 on Monday 15 March 2027", "five working days were taken from it"


def test_people_go_on_while_it_is_paused_and_an_answer_is_an_answer() -> None:
    story = Story().raised().later(hours=2)
    pauses(story)
    story.at("2027-03-10 10:00")
    story.responds()
    assert not story.runs("resolve")
    consider = story.clock("consider")
    assert consider.paused_since == story.now, "the raiser's time to consider it does not run yet"
    story.at("2027-03-17 10:00")
    resumes(story)
    assert story.clock("consider").due_at > story.now
    story.agrees()
    assert story.case.status is Status.CLOSED


def test_a_clock_that_began_meanwhile_has_as_many_days_when_it_goes_on_as_when_it_began() -> None:
    story = Story().raised().later(hours=2)
    pauses(story)
    story.at("2027-03-10 10:00")
    story.responds()
    assert due(story, "consider") == "17:00 on Monday 15 March 2027", "Thursday, Friday and Monday"
    story.at("2027-03-17 10:00")
    resumes(story)
    assert due(story, "consider") == "17:00 on Friday 19 March 2027", "Wednesday, Thursday and Friday"


def test_a_move_that_was_intended_takes_effect_and_the_new_stage_is_paused_too() -> None:
    story = Story().raised().later(hours=2)
    story.moves_up()
    pauses(story)
    story.at("2027-03-05 10:00")
    assert story.case.stage == 2
    assert story.case.pause is not None
    assert story.clock("resolve").paused_since is not None
    story.at("2027-03-30 10:00")
    assert story.causes() == []


def test_a_case_that_ends_while_it_is_paused_is_paused_no_more() -> None:
    story = Story().raised().later(hours=2)
    pauses(story)
    story.later(days=2)
    story.agrees()
    assert story.case.pause is None
    assert story.case.paused_for == timedelta(days=2)


def test_a_case_whose_limits_have_all_passed_can_be_paused_and_what_starts_then_does_not_run() -> None:
    story = Story().raised().at("2027-06-01 10:00")
    assert {clock.limit_passed_at is None for clock in story.case.clocks if clock.running} == {False}
    pauses(story)
    story.responds()
    assert story.clock("consider").paused_since is not None


def test_a_case_under_a_policy_that_pauses_nothing_is_not_paused() -> None:
    values = reading.sample().model_dump()
    for rule in (*values["stages"][0]["clocks"], *values["process_clocks"]):
        rule["may_pause"] = False
    story = Story(policy=Policy.model_validate(values)).raised().later(hours=2)
    assert story.refused(acts.Pause(**story.by_team(), reason=PauseReason.COURT)).code == "nothing_to_pause"


# ---- Resumed --------------------------------------------------------------------------------------------------------


def test_a_pause_gives_back_the_working_days_that_it_took() -> None:
    story = Story().raised().later(hours=2)
    assert due(story, "resolve") == "17:00 on Monday 8 March 2027"
    pauses(story)
    story.at("2027-03-04 11:00")
    resumes(story)
    assert due(story, "resolve") == "17:00 on Wednesday 10 March 2027", "Tuesday and Wednesday; Monday did not count"
    assert story.clock("resolve").reminders == (civil("2027-03-09 09:00"),)


def test_a_pause_over_the_night_after_it_was_raised_takes_no_day_that_counts() -> None:
    story = Story().raised().later(hours=2)
    before = due(story, "resolve")
    pauses(story)
    story.at("2027-03-02 08:00")
    resumes(story)
    assert due(story, "resolve") == before
    assert "clock_resumed" not in [event.kind for event in story.happened]


def test_on_the_urgent_track_it_gives_back_every_hour() -> None:
    story = Story().raised(track=Track.URGENT).later(hours=1)
    before = story.clock("resolve").due_at
    pauses(story)
    story.later(hours=70)
    resumes(story)
    assert story.clock("resolve").due_at == before + timedelta(hours=70)


def test_a_pause_over_a_weekend_moves_nothing_that_is_counted_in_working_time() -> None:
    """A defect that peers mended: the hold was counted twice over a weekend."""
    story = Story(start="2027-03-05 14:00").raised().at("2027-03-05 17:00")
    before = {clock.clock_id: (clock.due_at, clock.reminders) for clock in story.case.clocks}
    pauses(story)
    story.at("2027-03-08 09:00")
    resumes(story)
    assert {clock.clock_id: (clock.due_at, clock.reminders) for clock in story.case.clocks} == before
    assert "clock_resumed" not in story.kinds()


def test_resuming_does_not_pass_a_limit_at_once() -> None:
    """The same defect's other half."""
    story = Story().raised().at("2027-03-08 16:59")
    pauses(story)
    story.at("2027-03-22 12:00")
    resumes(story)
    assert clocks.next_wake(story.case) is not None
    assert passing.due(story.case, story.now) == ()
    assert story.clock("resolve").limit_passed_at is None
    story.at("2027-03-22 17:00")
    assert story.clock("resolve").limit_passed_at == civil("2027-03-22 17:00"), "its last minute is all that was left"


def reminded(story: Story) -> list[tuple[object, object]]:
    """Give when somebody was reminded to answer, and of what time."""
    return [
        (event.at, event.due_at)
        for event in story.happened
        if isinstance(event, events.ReminderFell) and event.awaits is Awaits.RESPOND
    ]


def test_a_reminder_falls_before_the_new_time_and_not_for_the_old_one() -> None:
    story = Story().raised().at("2027-03-04 10:00")
    pauses(story)
    story.at("2027-03-10 10:00")
    resumes(story)
    story.at("2027-03-12 16:00")
    assert reminded(story) == [(civil("2027-03-11 09:00"), civil("2027-03-12 17:00"))]


def test_a_reminder_that_fell_before_the_pause_does_not_fall_again_with_the_same_time_left() -> None:
    story = Story().raised().at("2027-03-05 10:00")
    pauses(story)
    story.at("2027-03-10 10:00")
    resumes(story)
    story.at("2027-03-11 16:00")
    assert reminded(story) == [(civil("2027-03-05 09:00"), civil("2027-03-08 17:00"))]
    assert due(story, "resolve") == "17:00 on Thursday 11 March 2027"


def test_a_pause_is_not_the_outage_of_our_system() -> None:
    """The cause of a limit that passes after a pause is found as if there had been none."""
    story = Story().raised().at("2027-03-05 10:00")
    pauses(story)
    story.at("2027-03-17 10:00")
    resumes(story)
    story.at("2027-03-25 10:00")
    assert set(story.causes()) == {"silent"}


# ---- Extended -------------------------------------------------------------------------------------------------------


def test_an_extension_counts_from_the_present_due_time() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    story.act(extension(story, "resolve", "2 working days"))
    assert due(story, "resolve") == "17:00 on Wednesday 10 March 2027"
    story.act(extension(story, "resolve", "1 working day"))
    assert due(story, "resolve") == "17:00 on Thursday 11 March 2027"
    assert (story.clock("resolve").extensions, story.clock("resolve").extended_by) == (2, 3)


def test_nobody_is_reminded_of_a_time_that_no_longer_holds() -> None:
    """A defect that peers mended: the system nagged although an extension was agreed."""
    story = Story().raised().at("2027-03-03 10:00")
    story.act(extension(story, "resolve", "3 working days"))
    story.at("2027-03-10 12:00")
    assert reminded(story) == [(civil("2027-03-10 09:00"), civil("2027-03-11 17:00"))]
    story.at("2027-03-11 17:00")
    assert story.clock("resolve").limit_passed_at == civil("2027-03-11 17:00")


def test_a_reminder_of_the_earlier_time_that_has_not_left_yet_is_not_sent() -> None:
    story = Story().raised().at("2027-03-05 09:00")
    (reminder,) = [
        notice for _, notice in story.notices() if notice.kind is NoticeKind.REMINDER and notice.asks is Ask.RESPOND
    ][-1:]

    def overtaken() -> bool:
        return notices.overtaken(
            story.case, reminder.kind, stage=reminder.stage, about=reminder.about, due_at=reminder.due_at
        )

    assert not overtaken()
    pauses(story)
    assert overtaken(), "it is paused"
    resumes(story)
    assert not overtaken()
    story.act(extension(story, "resolve", "1 working day"))
    assert overtaken(), "it says another time"


def test_no_more_than_the_policy_lets() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    story.act(extension(story, "resolve", "3 working days"))
    refused = story.refused(extension(story, "resolve", "3 working days"))
    assert refused.code == "extended_too_long"
    assert "5 working days in all, and 3 working days of that is used" in refused.sentence
    story.act(extension(story, "resolve", "2 working days"))


def test_the_policy_says_how_much_and_whether() -> None:
    story = Story(policy=with_policy(extend_at_most={"value": 1, "unit": "working_days"})).raised().later(hours=2)
    assert story.refused(extension(story, "resolve", "2 working days")).code == "extended_too_long"
    story.act(extension(story, "resolve", "1 working day"))
    story = Story(policy=with_policy(may_extend=False)).raised().later(hours=2)
    assert story.refused(extension(story, "resolve", "1 working day")).code == "not_extendable"


def test_in_the_unit_of_the_limit() -> None:
    story = Story().raised().later(hours=2)
    refused = story.refused(extension(story, "resolve", "48 elapsed hours"))
    assert refused.code == "other_unit"
    assert "counted in working days" in refused.sentence


def test_what_is_past_or_done_is_not_extended() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    assert story.refused(extension(story, "acknowledge", "1 working day")).code == "limit_passed"
    story.responds()
    assert story.refused(extension(story, "resolve", "1 working day")).code == "not_waiting"


def test_at_the_due_instant_it_is_in_time() -> None:
    story = Story().raised()
    act = acts.Extend(
        **builders.origin(builders.TEAM, civil("2027-03-02 17:00")),
        clock_id=story.clock("acknowledge").clock_id,
        by_amount=Amount.parse("1 working day"),
    )
    story.act(act)
    assert due(story, "acknowledge") == "17:00 on Wednesday 3 March 2027"


def test_a_paused_clock_can_be_extended_and_stays_paused() -> None:
    story = Story().raised().later(hours=2)
    pauses(story)
    story.act(extension(story, "resolve", "1 working day"))
    assert story.clock("resolve").paused_since is not None
    story.at("2027-03-03 11:00")
    resumes(story)
    assert due(story, "resolve") == "17:00 on Wednesday 10 March 2027", "a day of the pause and a day of extension"


# ---- Who hears ------------------------------------------------------------------------------------------------------


def at_stage_two() -> Story:
    story = Story().raised(track=Track.URGENT).later(minutes=10)
    story.moves_up()
    return story.later(minutes=10)


def test_everyone_who_was_told_of_it_hears_that_it_is_paused_and_that_it_goes_on() -> None:
    story = at_stage_two()
    pauses(story)
    assert told(story, NoticeKind.PAUSED) == [
        "childrens-services manager (respond)",
        "childrens-services practitioner (read)",
        "oak-school manager (read)",
        "oak-school raiser (read)",
    ]
    story.later(hours=1)
    resumes(story)
    assert told(story, NoticeKind.RESUMED) == [
        "childrens-services manager (respond)",
        "childrens-services practitioner (read)",
        "oak-school manager (read)",
        "oak-school raiser (read)",
    ]


def test_whoever_is_waited_for_hears_by_when_it_goes_on() -> None:
    story = Story().raised().later(hours=2)
    story.acknowledges()
    pauses(story)
    story.at("2027-03-04 11:00")
    resumes(story)
    goes_on = {notice.to.side: notice.due_at for _, notice in story.notices() if notice.kind is NoticeKind.RESUMED}
    assert goes_on == {Side.RESPONDING: civil("2027-03-10 17:00"), Side.RAISING: None}


def test_the_raiser_hears_by_when_where_the_answer_waits_for_them() -> None:
    story = Story().raised().later(hours=2)
    story.responds()
    pauses(story)
    story.at("2027-03-04 11:00")
    resumes(story)
    assert "oak-school raiser (consider)" in told(story, NoticeKind.RESUMED)


def test_both_sides_hear_of_an_extension_and_another_agency_does_not() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).later(hours=2)
    clock = story.clock("resolve", agency=POLICE).clock_id
    story.act(acts.Extend(**story.by_team(), clock_id=clock, by_amount=Amount.parse("1 working day")))
    assert told(story, NoticeKind.EXTENDED) == ["oak-school raiser (read)", "police practitioner (respond)"]
    (extended,) = {notice.due_at for _, notice in story.notices() if notice.kind is NoticeKind.EXTENDED}
    assert extended == civil("2027-03-09 17:00")
    story.responds(agency=POLICE)
    clock = story.clock("consider").clock_id
    story.act(acts.Extend(**story.by_team(), clock_id=clock, by_amount=Amount.parse("1 working day")))
    assert told(story, NoticeKind.EXTENDED) == [
        "childrens-services practitioner (read)",
        "oak-school raiser (consider)",
        "police practitioner (read)",
    ]


def test_what_is_told_of_a_pause_is_not_sent_once_it_is_over() -> None:
    story = Story().raised().later(hours=2)
    pauses(story)
    assert not notices.overtaken(story.case, NoticeKind.PAUSED, stage=1, about=None)
    resumes(story)
    assert notices.overtaken(story.case, NoticeKind.PAUSED, stage=1, about=None)
    assert not notices.overtaken(story.case, NoticeKind.RESUMED, stage=1, about=None)
    pauses(story)
    assert notices.overtaken(story.case, NoticeKind.RESUMED, stage=1, about=None)


# ---- Past the calendar's end ----------------------------------------------------------------------------------------


def test_past_the_calendar_s_end_a_case_can_still_be_resumed() -> None:
    story = Story().raised()
    last = workingtime.instant_of(story.frame.calendar.last, story.frame.calendar.close_of_business)
    pauses(story)
    story.until(last + timedelta(days=40))
    resumes(story)
    assert story.case.pause is None
    assert all(clock.due_at <= last for clock in story.case.clocks if clock.running)


# ---- Whatever happens -----------------------------------------------------------------------------------------------

STARTS = ("2027-03-01 09:30", "2027-03-25 16:59", "2027-10-29 23:30", "2027-12-23 12:00")


def begun(start: str, track: Track, minutes: int) -> Story:
    return Story(start=start).raised(track=track).later(minutes=minutes)


@settings(max_examples=80)
@given(st.sampled_from(STARTS), st.sampled_from(Track), st.integers(0, 20_000), st.sampled_from(PauseReason))
def test_paused_and_resumed_at_once_changes_nothing(
    start: str, track: Track, minutes: int, reason: PauseReason
) -> None:
    story = begun(start, track, minutes)
    before = story.case.clocks
    pauses(story, reason)
    resumes(story)
    assert story.case.clocks == before
    assert story.case.pause is None


@settings(max_examples=80)
@given(st.sampled_from(STARTS), st.sampled_from(Track), st.integers(0, 6_000), st.integers(0, 60 * 24 * 60))
def test_a_pause_never_brings_a_due_time_forward_and_leaves_as_much_working_time_as_there_was(
    start: str, track: Track, minutes: int, length: int
) -> None:
    story = begun(start, track, minutes)
    calendar = story.frame.calendar

    def left() -> dict[str, timedelta]:
        return {
            clock.clock_id: workingtime.working_time_between(calendar, story.now, clock.due_at).worked
            if track is Track.STANDARD
            else clock.due_at - story.now
            for clock in story.case.clocks
            if clock.running
            and clock.limit_passed_at is None
            and clock.due_at > story.now
            and clock.awaits is not Awaits.BE_REACHED
        }

    before, dues = left(), {clock.clock_id: clock.due_at for clock in story.case.clocks}
    pauses(story)
    story.later(minutes=length)
    resumes(story)
    assert all(clock.due_at >= dues.get(clock.clock_id, clock.due_at) for clock in story.case.clocks)
    day = timedelta(hours=8)
    for clock_id, time_left in left().items():
        if clock_id not in before:
            continue
        if track is Track.URGENT and story.case.clock(clock_id).stage is not None:
            assert time_left == before[clock_id]
        else:
            # Working days are given back whole (W10), so the rest of the day of pausing and of resuming may differ.
            assert abs(time_left - before[clock_id]) < day * 3


@settings(max_examples=60)
@given(st.sampled_from(STARTS), st.sampled_from(Track), st.integers(0, 6_000), st.integers(1, 400))
def test_time_alone_pauses_resumes_and_extends_nothing(start: str, track: Track, minutes: int, days: int) -> None:
    story = begun(start, track, minutes)
    pauses(story)
    seen = len(story.happened)
    story.later(days=days)
    brought = {event.kind for event in story.happened[seen:]}
    assert not brought & {"paused", "resumed", "clock_resumed", "clock_extended", "cause_confirmed", "closed"}
    assert story.case.pause is not None


@settings(max_examples=60)
@given(st.integers(0, 400), st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_extensions_add_up_whenever_they_are_made(hours: int, days: list[int]) -> None:
    story = Story().raised()
    before = story.clock("whole-process").due_at
    story.later(hours=min(hours, 300))
    total = 0
    for value in days:
        act = extension(story, "whole-process", f"{value} working days")
        decided = decider.decide(story.case, act, story.now)
        if not isinstance(decided, decider.Refused):
            story.act(act)
            total += value
    more = Amount(value=max(total, 1), unit=Unit.WORKING_DAYS)
    expected = workingtime.extend(story.frame.calendar, before, more) if total else before
    assert story.clock("whole-process").due_at == expected


def test_the_register_s_text_gives_a_paused_and_extended_case() -> None:
    story = Story().raised().later(hours=2)
    pauses(story)
    story.act(extension(story, "resolve", "1 working day"))
    story.at("2027-03-04 11:00")
    state = case.new(builders.REFERENCE, story.frame)
    for event in story.happened:
        state = evolving.evolve(state, events.loads(events.dumps(event)))
    assert state == story.case
    assert case.restore(case.snapshot(state), story.frame) == state


def test_a_case_that_is_agreed_by_phone_while_paused_ends() -> None:
    story = Story(policy=reading.read(builders.OLDER)).raised().later(hours=2)
    pauses(story, PauseReason.AGREED_BY_BOTH)
    story.act(acts.Close(**story.by_team(), outcome=Outcome.AGREED_AS_ASKED, on_word_of=Side.RAISING))
    assert clocks.next_wake(story.case) is None
