"""Why a limit passed, from evidence; what became of notices; and that nobody answers for what was ours or another's.

Source: the rules of practice, "Evidence is fair" and "A child must not wait in a queue of ours".
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from escalations.packs import reading
from escalations.policy import Policy, Side, Track, Undelivered
from escalations.rules import acts, clocks, events, evolving, passing
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.case import Cause, ClockEnd, DeliveryState, Done, Outcome, Status
from escalations.rules.notices import RAISER, notices_for
from tests import builders
from tests.builders import SCHOOL, SOCIAL_CARE, Story, civil, origin

FINAL_BODY = "partners-panel"


def starting_undelivered() -> Policy:
    return reading.sample().model_copy(update={"undelivered": Undelivered.START})


def undelivered(policy: Policy | None = None, state: DeliveryState = DeliveryState.UNDELIVERED) -> Story:
    story = Story(policy=policy)
    story.delivers = False
    story.raised()
    story.delivered(state=state)
    return story


def reported(story: Story, agency: str | None, state: DeliveryState, *, notice: str = "n9") -> acts.ReportDelivery:
    return acts.ReportDelivery(
        **origin(SYSTEM, story.now, channel=Channel.SYSTEM),
        notice_id=notice,
        agency_id=agency,
        stage=story.case.stage,
        starts_clocks=False,
        state=state,
    )


# ---- The first cause that fits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "cause"),
    [
        (lambda _: None, Cause.SILENT),
        (lambda story: story.message_comes("automatic_reply"), Cause.AUTOMATIC_REPLY_ONLY),
        (lambda story: story.message_comes("unreadable_reply"), Cause.UNREADABLE_REPLY),
        (lambda story: story.team_phones(reached=False), Cause.SILENT),
        (lambda story: story.team_phones(), Cause.ACKNOWLEDGED_ONLY),
        (lambda story: story.at("2027-03-01 12:00").says_done("2027-03-01 11:00"), Cause.SAID_DONE_UNCONFIRMED),
        (
            lambda story: (
                story.message_comes("automatic_reply"),
                story.at("2027-03-01 12:00"),
                story.says_done("2027-03-01 11:00"),
            ),
            Cause.SAID_DONE_UNCONFIRMED,
        ),
    ],
    ids=["nothing", "automatic", "unreadable", "phoned", "reached", "said", "said-and-automatic"],
)
def test_the_cause_of_a_limit_that_passes(story: object, cause: Cause) -> None:
    told = Story().raised()
    story(told)  # type: ignore[operator]  # one of the above
    told.at("2027-03-02 17:00")
    assert told.causes()[0] == cause


def test_an_answer_acknowledged_and_not_given_is_not_silence() -> None:
    story = Story().raised()
    story.acknowledges()
    story.at("2027-03-08 17:00")
    assert story.causes() == ["acknowledged_only"]


def test_what_was_said_to_be_spoken_is_no_cause_for_an_answer_that_is_awaited() -> None:
    story = Story().raised().at("2027-03-02 10:00")
    story.confirms(story.says_done("2027-03-01 11:00", done=Done.SPOKE))
    story.says_done("2027-03-01 12:00", done=Done.MET)
    story.at("2027-03-08 17:00")
    assert story.clock("resolve").cause is Cause.ACKNOWLEDGED_ONLY


def test_whoever_was_never_reminded_does_not_answer_for_it() -> None:
    story = Story().raised()
    story.now = civil("2027-03-02 18:00")
    story.until(story.now)
    assert story.causes() == ["our_outage"]
    assert "reminder_fell" not in story.kinds(), "reminders never come after the limit"


@pytest.mark.parametrize(("reminded", "cause"), [("2027-03-02 15:29", "silent"), ("2027-03-02 15:31", "our_outage")])
def test_a_reminder_that_left_less_than_half_of_its_time_was_no_reminder(reminded: str, cause: str) -> None:
    story = Story().raised()
    story.now = civil(reminded)
    story.until(story.now)
    assert story.kinds().count("reminder_fell") == 1
    assert story.at("2027-03-02 17:00").causes() == [cause]


def test_several_reminders_that_are_overdue_at_once_are_one() -> None:
    story = Story().raised()
    while story.case.stage < 4:
        story.later(minutes=1)
        story.moves_up()
        story.after(working_days=1)
    story.now = civil("2027-03-18 16:00")
    story.until(story.now)
    fell = story.last(events.ReminderFell)
    assert (fell.awaits, fell.reminder, fell.of) == ("decide", 2, 2)


def test_the_team_is_asked_to_phone_once_for_an_agency_and_a_stage() -> None:
    story = Story().raised().at("2027-03-12 09:00")
    asked = [event.phone_call_asked for event in story.happened if isinstance(event, events.ReminderFell)]
    assert asked == [True, False]


def test_nobody_is_asked_to_phone_an_agency_that_answered_something() -> None:
    story = Story().raised()
    story.acknowledges()
    story.at("2027-03-12 09:00")
    assert not [event for event in story.happened if isinstance(event, events.ReminderFell) and event.phone_call_asked]


def test_an_automatic_reply_stops_no_clock() -> None:
    story = Story().raised()
    story.message_comes("automatic_reply")
    assert story.runs("acknowledge")


def test_a_person_spoken_to_has_not_acknowledged_for_the_position() -> None:
    """A clerk's "passed on" is no acknowledgement."""
    story = Story().raised()
    story.team_phones()
    assert story.runs("acknowledge")
    story.acknowledges()
    assert not story.runs("acknowledge")


def test_the_team_s_phone_call_is_a_record_of_whom_it_spoke_to_on_the_urgent_track() -> None:
    story = Story().raised(track=Track.URGENT).later(hours=1)
    story.team_phones()
    assert not story.runs("reached")


def test_a_limit_over_the_whole_process_is_not_called_no_reply_where_there_was_one() -> None:
    story = Story().raised()
    story.responds()
    story.at("2027-04-28 17:00")
    assert story.clock("whole-process").cause is Cause.ACKNOWLEDGED_ONLY


# ---- What waits for the raiser --------------------------------------------------------------------------------------


def test_what_waited_for_the_raiser_never_counts_for_the_other_side() -> None:
    story = Story().raised()
    story.responds()
    story.after(working_days=30)
    waited = {clock.waits_for for clock in story.case.clocks if clock.limit_passed_at}
    assert waited == {Side.RAISING}
    assert story.case.stage == 1


def test_a_raiser_whom_our_question_did_not_reach_was_not_silent() -> None:
    story = Story().raised().at("2027-03-02 17:00")
    story.act(reported(story, SCHOOL, DeliveryState.UNDELIVERED))
    assert story.runs("team-mend", agency=SCHOOL)
    story.at("2027-03-03 17:00")
    assert story.clock("choose").cause is Cause.UNDELIVERED


def test_whoever_acts_has_been_reached() -> None:
    story = Story().raised().at("2027-03-02 17:00")
    story.act(reported(story, SCHOOL, DeliveryState.UNDELIVERED))
    story.stays()
    assert story.case.unreached == ()


def test_a_final_body_that_our_notice_did_not_reach_was_not_silent() -> None:
    story = Story().raised(track=Track.URGENT)
    while story.case.stage < 4:
        story.later(minutes=10)
        story.moves_up()
    story.act(reported(story, FINAL_BODY, DeliveryState.NO_ONE_IN_POST))
    assert story.runs("team-mend", agency=FINAL_BODY)
    story.team_phones(FINAL_BODY)
    assert not story.runs("team-mend")
    story.later(hours=49)
    assert story.clock("decide").cause is Cause.SILENT, "somebody there was reached by phone"


# ---- What became of notices -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [DeliveryState.UNDELIVERED, DeliveryState.NO_ONE_IN_POST])
def test_where_the_notice_does_not_arrive_the_team_s_clock_runs_and_the_agency_s_does_not(state: DeliveryState) -> None:
    story = undelivered(state=state)
    assert [clock.rule_id for clock in story.case.clocks if clock.running] == ["whole-process", "team-mend"]
    assert story.clock("team-mend").due_at == civil("2027-03-01 11:30")
    story.at("2027-03-01 11:00")
    story.delivered()
    assert not story.runs("team-mend")
    assert story.clock("acknowledge").due_at == civil("2027-03-02 17:00")


@pytest.mark.parametrize(
    ("state", "cause"), [(DeliveryState.UNDELIVERED, "undelivered"), (DeliveryState.NO_ONE_IN_POST, "no_one_in_post")]
)
def test_a_policy_may_start_the_time_all_the_same_and_the_cause_says_so(state: DeliveryState, cause: str) -> None:
    story = undelivered(starting_undelivered(), state).at("2027-03-02 17:00")
    assert story.clock("acknowledge").cause == cause


def test_a_notice_that_has_not_left_is_ours_and_starts_nobody_s_time() -> None:
    story = Story(policy=starting_undelivered())
    story.delivers = False
    story.raised()
    story.delivered(state=DeliveryState.UNDELIVERED)
    story.at("2027-03-01 10:00")
    other = Story(policy=starting_undelivered())
    other.delivers = False
    other.raised()
    report = reported(other, SOCIAL_CARE, DeliveryState.NOT_SENT).model_copy(update={"starts_clocks": True})
    other.act(report)
    assert other.runs("team-mend")
    assert not other.runs("acknowledge")


def test_what_a_bounce_takes_back_starts_afresh_when_it_is_sent_again() -> None:
    """Accepted by a relay is not read; a bounce that comes later shows that it had not even arrived."""
    story = Story().raised().later(hours=1)
    story.delivered(state=DeliveryState.UNDELIVERED)
    assert not story.runs("acknowledge")
    story.at("2027-03-03 10:00")
    story.delivered()
    assert story.clock("acknowledge").due_at == civil("2027-03-04 17:00")
    assert "silent" not in story.causes()


def test_a_bounce_of_what_a_person_has_answered_takes_nothing_back() -> None:
    story = Story().raised()
    story.acknowledges()
    story.delivered(state=DeliveryState.UNDELIVERED)
    assert story.runs("resolve")
    story.at("2027-03-08 17:00")
    assert story.clock("resolve").cause is Cause.ACKNOWLEDGED_ONLY


def test_a_person_who_acts_has_been_reached_whatever_became_of_the_notice() -> None:
    story = undelivered().at("2027-03-01 10:00")
    story.acknowledges()
    assert not story.runs("team-mend")
    assert story.runs("resolve"), "its time starts, or nobody would wait for an answer"
    story.delivered()
    assert story.kinds().count("clock_started") == 3, "and it does not start twice"


def test_the_team_that_reached_somebody_by_phone_has_mended_it() -> None:
    story = undelivered().at("2027-03-01 10:00")
    story.team_phones(reached=False)
    assert story.runs("team-mend")
    story.team_phones()
    assert not story.runs("team-mend")
    assert story.runs("acknowledge")


def test_a_reminder_that_bounces_is_the_team_s_to_mend_and_changes_nothing_else() -> None:
    story = Story().raised()
    story.act(reported(story, SOCIAL_CARE, DeliveryState.UNDELIVERED))
    assert story.runs("team-mend", agency=SOCIAL_CARE)
    assert story.runs("acknowledge")
    story.act(reported(story, SOCIAL_CARE, DeliveryState.DELIVERED))
    assert not story.runs("team-mend")


def test_the_same_report_again_is_no_news() -> None:
    story = Story().raised()
    report = reported(story, SOCIAL_CARE, DeliveryState.DELIVERED).model_copy(update={"starts_clocks": True})
    assert story.refused(report).code == "already_reported"


def test_two_mailboxes_of_the_team_that_do_not_work_do_not_write_to_each_other_without_end() -> None:
    """What peers shipped: one bounce that told of another, 8,000 times."""
    story = Story().raised()
    told = []
    for number in range(5):
        (event,) = story.act(reported(story, None, DeliveryState.UNDELIVERED, notice=f"n{number}"))
        told.append([notice.to.position for notice in notices_for(story.case, event)])
    assert told == [["team_deputy"], [], [], [], []]


# ---- Held, and entered for somebody ---------------------------------------------------------------------------------


def test_what_is_held_runs_on_the_team_s_clock_and_no_agency_s() -> None:
    story = Story().raised(responding_agencies=())
    assert story.case.status is Status.HELD
    assert [clock.rule_id for clock in story.case.clocks] == ["whole-process", "team-look"]
    assert story.clock("team-look").due_at == civil("2027-03-01 11:30")
    story.at("2027-03-01 11:00")
    story.passes_on()
    assert not story.runs("team-look")
    assert story.runs("acknowledge")


def test_the_team_that_passes_it_on_late_is_recorded_as_late() -> None:
    story = Story().raised(responding_agencies=()).at("2027-03-01 15:00")
    story.passes_on()
    assert story.clock("team-look").cause is Cause.ANSWERED_LATE


@pytest.mark.parametrize(
    ("more", "heard"),
    [
        ({"responding_agencies": ()}, {"raiser", "team", "team_deputy"}),
        (
            {"hold": True, "channel": Channel.TEAM, "by": builders.TEAM, "happened_at": civil("2027-02-01 10:00")},
            {"team", "team_deputy"},
        ),
    ],
)
def test_while_it_is_held_no_agency_hears_of_it_and_nobody_at_all_but_the_team_where_it_was_entered_for_somebody(
    more: dict[str, object],
    heard: set[str],
) -> None:
    story = Story().raised(**more).at("2027-06-30 12:00")
    told = {notice.to.position for _, notice in story.notices()}
    assert told == heard


def test_nothing_fires_for_what_is_past() -> None:
    story = Story().raised(hold=True, channel=Channel.TEAM, by=builders.TEAM, happened_at=civil("2027-01-04 10:00"))
    assert story.happened[0].kind == "raised"
    story.later(hours=1)
    story.passes_on()
    assert all(clock.started_at >= civil("2027-03-01 09:30") for clock in story.case.clocks)
    assert "limit_passed" not in story.kinds()


@pytest.mark.parametrize(("agencies", "code"), [((SCHOOL,), "same_agency"), ((SOCIAL_CARE,) * 2, "named_twice")])
def test_agencies_that_cannot_be_are_refused_when_raised_and_when_passed_on(
    agencies: tuple[str, ...],
    code: str,
) -> None:
    assert Story().refused(builders.raise_(Story().now, responding_agencies=agencies)).code == code
    held = Story().raised(responding_agencies=())
    assert held.refused(acts.PassOn(**held.by_team(), responding_agencies=agencies)).code == code


# ---- Word to the raiser ---------------------------------------------------------------------------------------------


def word(story: Story) -> list[str]:
    """Give the civil days on which the raiser was told anything."""
    days = [
        event.at.astimezone(builders.LONDON).strftime("%m-%d")
        for event, notice in story.notices()
        if notice.to.position == RAISER
    ]
    return list(dict.fromkeys(days))


def test_the_raiser_gets_word_five_working_days_after_the_last_and_not_more_often() -> None:
    story = undelivered().at("2027-03-25 12:00")
    assert word(story) == ["03-01", "03-08", "03-15", "03-22"]


def test_whatever_the_raiser_hears_of_is_word() -> None:
    story = Story().raised().at("2027-03-05 10:00")
    story.acknowledges()
    story.at("2027-03-12 16:59")
    assert story.kinds().count("raiser_kept_informed") == 0
    story.at("2027-03-31 10:00")
    assert story.kinds().count("raiser_kept_informed") > 0


def test_an_act_applied_late_takes_back_no_word_that_was_given_since() -> None:
    story = Story().raised().at("2027-03-02 17:30")
    due = story.case.word_due_at
    story.now = civil("2027-03-01 16:00")
    story.acknowledges()
    assert story.case.word_due_at == due


# ---- The end of the calendar ----------------------------------------------------------------------------------------


def test_what_needs_a_time_limit_past_the_end_of_the_calendar_is_refused_and_does_not_stop_the_case() -> None:
    story = Story().raised()
    story.now = civil("2032-12-31 12:00")
    for act in (
        acts.MoveUp(**story.by_raiser()),
        acts.SayDone(**story.by_responder(happened_at="2027-03-02 10:00"), done=Done.ANSWERED, agency_id=SOCIAL_CARE),
    ):
        refused = story.refused(act)
        assert refused.code == "calendar_ended"
        assert "partnership team" in refused.sentence


def test_a_case_is_not_begun_where_its_clocks_cannot_be_dated() -> None:
    story = Story(start="2027-03-01 09:30")
    story.now = civil("2032-12-15 12:00")
    assert story.refused(builders.raise_(story.now)).code == "calendar_ended"


def test_an_answer_past_the_end_of_the_calendar_is_taken_and_the_team_is_told_once() -> None:
    story = Story().raised()
    story.now = civil("2032-12-30 12:00")
    story.responds()
    assert not story.runs("consider")
    assert sum(event.calendar_ended is True for event in story.happened) == 1
    assert story.case.calendar_ended
    told = [notice for event, notice in story.notices() if event.calendar_ended and notice.to.side is Side.TEAM]
    assert told


ENDINGS = ("agree", "decide", "stay", "confirm", "deny")


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_never_needs_a_calendar(ending: str) -> None:
    story = Story().raised()
    claim = story.says_done("2027-03-01 09:30") if ending in {"confirm", "deny"} else ""
    if ending == "decide":
        for _ in range(3):
            story.moves_up()
            story.after(working_days=2)
    if ending == "stay":
        story.moves_up()
        assert story.case.move is not None
        story.case = replace(story.case, move=replace(story.case.move, takes_effect_at=civil("2034-01-01 12:00")))
    story.now = civil("2033-02-01 12:00")
    match ending:
        case "agree":
            story.agrees()
        case "decide":
            chair = Actor(side=Side.FINAL_BODY, agency_id="partners-panel", position="chair")
            story.act(acts.Decide(**builders.origin(chair, story.now), outcome=Outcome.DECIDED_AS_ASKED))
        case "stay":
            story.stays()
        case "confirm":
            story.confirms(claim)
        case _:
            story.denies(claim)
    assert clocks.next_wake(story.case) is None or clocks.next_wake(story.case) > story.now  # type: ignore[operator]


@pytest.mark.parametrize("moved", ["2032-12-28 12:00", "2032-12-29 15:00", "2032-12-30 09:00"])
def test_a_move_that_takes_effect_where_the_calendar_ends_goes_on_without_the_clocks_that_cannot_be_dated(
    moved: str,
) -> None:
    story = Story().raised()
    story.at(moved)
    story.moves_up()
    story.at("2033-06-01 12:00")
    assert story.case.stage == 2
    assert sum(event.calendar_ended is True for event in story.happened) == 1
    assert clocks.next_wake(story.case) is None
    assert all(event.accounts_until >= event.at for event in story.happened if isinstance(event, events.LimitPassed))
    story.agrees()
    assert story.case.status is Status.CLOSED


def test_no_move_is_proposed_where_the_question_cannot_be_dated_and_the_raiser_hears_of_the_limit() -> None:
    story = Story().raised()
    clock = story.clock("resolve")
    last = civil("2032-12-31 16:30")
    moved = replace(clock, due_at=last, reminders=(), limit_passed_at=None)
    others = tuple(one for one in story.case.clocks if one.rule_id not in {"resolve", "acknowledge"})
    ended = tuple(replace(one, end=ClockEnd.STOPPED, ended_at=story.now) for one in others)
    state = replace(story.case, clocks=(*ended, moved), word_due_at=None)
    brought = passing.due(state, last)
    assert [event.kind for event in brought] == ["limit_passed"]
    told = notices_for(evolving.evolve(state, brought[0]), brought[0])
    assert RAISER in {notice.to.position for notice in told}
    assert clocks.next_wake(evolving.evolve_all(state, brought)) is None


def test_time_past_the_end_of_the_calendar_still_notes_what_passed() -> None:
    story = Story().raised()
    story.acknowledges()
    story.responds()
    story.now = civil("2032-12-31 16:00")
    story.until(story.now)
    assert story.clock("whole-process").limit_passed_at is not None
    assert clocks.next_wake(story.case) is None
