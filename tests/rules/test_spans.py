"""Clocks over several stages, and those that count from the disagreement or from an acknowledgement.

Source: West Yorkshire (steps 1 to 5 together at most 5 working days, step 6 apart), Sefton (raised within 2 working
days of the disagreement or of receiving the decision), housing complaints (a stage answered within so long of its
acknowledgement).
"""

from __future__ import annotations

from typing import Any

import pytest

from escalations.packs import reading
from escalations.policy import Awaits, Policy, Side, SkipReason
from escalations.rules import acts, events
from escalations.rules.case import Cause, ClockEnd, Done, Outcome, Route
from escalations.rules.notices import NoticeKind
from escalations.web import clock_lives
from tests.builders import SOCIAL_CARE, Story, civil, raise_


def policy(*process: dict[str, Any], **stage_one: Any) -> Policy:  # noqa: ANN401
    """The sample with these clocks over several stages, and the answer of stage 1 changed."""
    values = reading.sample().model_dump()
    values["process_clocks"] = [*process]
    values["stages"] = [dict(stage) for stage in values["stages"]]
    values["stages"][0]["clocks"] = [
        *values["stages"][0]["clocks"][:-1],
        {**values["stages"][0]["clocks"][-1], **stage_one},
    ]
    return Policy.model_validate(values)


def span(**more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "id": "together",
        "awaits": "settle_all",
        "waits_for": "both",
        "starts_from": "received",
        "limits": {"standard": {"within": "5 working days"}, "urgent": {"within": "24 elapsed hours"}},
        "source": "steps 1 to 3",
        **more,
    }


def from_acknowledgement() -> Policy:
    """The sample, whose answer at stage 1 is due 5 working days after it was acknowledged."""
    return policy(starts_from="acknowledged", limits={"standard": {"within": "5 working days"}})


RAISED_IN_TIME = {
    "id": "raised-in-time",
    "awaits": "raise",
    "waits_for": "raising",
    "starts_from": "disagreement",
    "limits": {"standard": {"within": "2 working days"}},
}


# ---- Several stages together ----------------------------------------------------------------------------------------


def test_stages_together_have_one_clock_that_ends_with_the_last_of_them() -> None:
    story = Story(policy=policy(span(to_stage=3))).raised(track="urgent")
    for stage in (2, 3):
        story.later(minutes=10)
        story.moves_up()
        assert story.case.stage == stage
        assert story.runs("together")
    story.later(minutes=10)
    story.moves_up()
    assert not story.runs("together"), "stage 4 is beyond it"
    ended = [event for event in story.happened if isinstance(event, events.ClockEnded)]
    assert [event.end for event in ended if event.clock_id.endswith("-together")] == [ClockEnd.STOPPED]


def test_its_limit_proposes_the_stage_above_all_that_it_spans() -> None:
    story = Story(policy=policy(span(to_stage=3, on_limit="propose"))).raised()
    story.acknowledges()
    story.at("2027-03-04 10:00")
    story.responds()
    story.at("2027-03-08 17:00")
    assert story.last(events.MoveProposed).to_stage == 4
    story.moves_up()
    story.at("2027-03-10 18:00")
    assert story.case.stage == 4
    assert story.case.skipped == (2, 3)
    assert len(story.case.stage_starts) == 4


def test_the_raising_side_may_take_the_next_stage_instead() -> None:
    story = Story(policy=policy(span(to_stage=3, on_limit="propose"))).raised()
    story.acknowledges()
    story.at("2027-03-04 10:00")
    story.responds()
    story.at("2027-03-08 17:00")
    story.act(acts.MoveUp(**story.by_raiser(), to_stage=2))
    story.at("2027-03-10 18:00")
    assert (story.case.stage, story.case.skipped) == (2, ())


def test_one_that_begins_with_a_later_stage_starts_there() -> None:
    later = span(id="later", starts_from="stage_started", from_stage=2, to_stage=3)
    story = Story(policy=policy(later)).raised(track="urgent")
    assert not story.runs("later")
    story.later(minutes=10)
    story.moves_up()
    assert story.clock("later").started_at == story.case.stage_starts[-1]
    story.later(minutes=10)
    story.moves_up()
    assert story.runs("later")
    assert [clock.rule_id for clock in story.case.clocks].count("later") == 1


def test_one_whose_first_stage_is_passed_over_starts_with_the_stage_after() -> None:
    later = span(id="later", starts_from="stage_started", from_stage=2, to_stage=3)
    values = policy(later).model_dump()
    values["skipping"] = {"levels": True, "because": ["flat_organisation"]}
    story = Story(policy=Policy.model_validate(values)).raised(track="urgent").later(minutes=10)
    story.act(acts.MoveUp(**story.by_raiser(), to_stage=3, skip_because=SkipReason.FLAT_ORGANISATION))
    assert story.runs("later")


@pytest.mark.parametrize(
    ("clock", "sentence"),
    [
        (span(to_stage=9), "to_stage is 9, and the last stage is 4"),
        (span(from_stage=3, to_stage=2, starts_from="stage_started"), "from_stage (3) is after to_stage (2)"),
        (span(starts_from="stage_started"), "starts from stage_started; say which with from_stage"),
        (span(from_stage=2), "begins with stage 2; write starts_from: stage_started"),
        ({**RAISED_IN_TIME, "to_stage": 2}, "awaits raise, which is before every stage"),
        ({**RAISED_IN_TIME, "on_limit": "propose"}, "write on_limit: tell"),
    ],
)
def test_what_contradicts_itself_is_refused(clock: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as refused:
        policy(clock)
    assert sentence in str(refused.value)


def test_the_stages_of_a_clock_of_one_stage_are_refused() -> None:
    with pytest.raises(ValueError, match="for a clock over several stages"):
        policy(to_stage=2)


# ---- From the disagreement ------------------------------------------------------------------------------------------


def raised_after(disagreement: str | None, **more: Any) -> Story:  # noqa: ANN401
    happened = None if disagreement is None else civil(disagreement)
    return Story(policy=policy(RAISED_IN_TIME, **more)).raised(happened_at=happened)


def test_raising_in_time_meets_the_clock_and_nobody_hears_of_it() -> None:
    story = raised_after("2027-02-26 00:00")
    ended = [event for event in story.happened if isinstance(event, events.ClockEnded)]
    assert [(event.clock_id, event.end) for event in ended] == [("1-raised-in-time", ClockEnd.MET)]
    assert story.causes() == []


def test_raising_late_is_noted_when_it_became_known_and_asks_nothing_of_anybody() -> None:
    story = raised_after("2027-02-15 00:00")
    clock = story.clock("raised-in-time")
    assert clock.due_at == civil("2027-02-17 17:00")
    assert clock.limit_passed_at == civil("2027-03-01 09:30")
    assert (clock.cause, clock.end) == (Cause.ANSWERED_LATE, ClockEnd.MET)
    assert [notice for _, notice in story.notices() if notice.kind is NoticeKind.LIMIT_PASSED] == []
    assert story.case.stage == 1, "what is late is raised all the same"


def test_without_a_date_there_is_no_such_clock() -> None:
    assert "raised-in-time" not in {clock.rule_id for clock in raised_after(None).case.clocks}


def test_what_is_older_than_the_calendar_is_raised_all_the_same() -> None:
    story = raised_after("2019-02-15 00:00")
    assert story.case.stage == 1
    assert story.case.clocks[0].rule_id != "raised-in-time"


def test_a_clock_over_the_process_may_count_from_the_decision_that_is_challenged() -> None:
    from_decision = span(id="from-decision", starts_from="disagreement")
    story = Story(policy=policy(from_decision)).raised(happened_at=civil("2027-02-25 00:00"))
    assert story.clock("from-decision").due_at == civil("2027-03-04 17:00")
    story = Story(policy=policy(from_decision)).raised()
    assert story.clock("from-decision").due_at == civil("2027-03-08 17:00"), "not said: from receipt"


# ---- From the acknowledgement ---------------------------------------------------------------------------------------


def test_an_answer_may_be_due_from_the_acknowledgement() -> None:
    story = Story(policy=from_acknowledgement()).raised().at("2027-03-02 10:00")
    assert not story.runs("resolve")
    story.acknowledges()
    assert story.clock("resolve").started_at == civil("2027-03-02 10:00")
    assert story.clock("resolve").due_at == civil("2027-03-09 17:00")
    story.responds()
    assert story.clock("resolve").end is ClockEnd.MET


def test_what_was_said_to_be_done_and_confirmed_starts_it_from_when_it_happened() -> None:
    story = Story(policy=from_acknowledgement()).raised().at("2027-03-02 16:00")
    claim = story.says_done("2027-03-01 11:00", done=Done.SPOKE)
    assert not story.runs("resolve")
    story.confirms(claim)
    assert story.clock("resolve").started_at == civil("2027-03-01 11:00")


def test_an_answer_without_an_acknowledgement_starts_nothing() -> None:
    story = Story(policy=from_acknowledgement()).raised()
    story.responds()
    assert "resolve" not in {clock.rule_id for clock in story.case.clocks}


def test_where_nobody_is_asked_to_acknowledge_it_is_refused() -> None:
    values = policy().model_dump()
    values["stages"][0]["clocks"] = [{**values["stages"][0]["clocks"][-1], "starts_from": "acknowledged"}]
    with pytest.raises(ValueError, match="nothing awaits that on the standard track"):
        Policy.model_validate(values)


def test_urgent_clocks_that_start_from_it_need_an_acknowledgement_on_that_track_too() -> None:
    with pytest.raises(ValueError, match="nothing awaits that on the urgent track"):
        policy(starts_from="acknowledged", limits={"urgent": {"within": "24 elapsed hours"}})


# ---- Starting higher, and passing a level over ----------------------------------------------------------------------


def skipping(**more: Any) -> Policy:  # noqa: ANN401
    values = reading.sample().model_dump()
    values["skipping"] = {"start_at_most": 3, "levels": True, "because": ["risk", "flat_organisation"], **more}
    return Policy.model_validate(values)


def test_an_escalation_may_start_higher_for_a_reason_that_the_policy_knows() -> None:
    story = Story(policy=skipping()).raised(start_stage=2, start_because="risk")
    started = story.last(events.StageStarted)
    assert (started.stage, started.from_stage, started.skip_because) == (2, 0, "risk")
    assert story.case.partnership_told_at is not None, "stage 2 tells the partnership"
    told = {(notice.to.agency_id, notice.to.position) for _, notice in story.notices()}
    assert ("oak-school", "manager") in told
    assert (SOCIAL_CARE, "manager") in told
    assert (SOCIAL_CARE, "practitioner") not in told, "nobody at the level passed over was asked"
    assert story.refused(acts.Acknowledge(**story.by_responder("practitioner"))).code == "not_your_stage"
    story.acknowledges("manager")


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        ({"start_stage": 4, "start_because": "risk"}, "starts_too_high"),
        ({"start_stage": 2}, "reason_needed"),
        ({"start_stage": 2, "start_because": "both_agree"}, "reason_needed"),
    ],
)
def test_only_as_far_as_the_policy_lets_it_and_with_a_reason(raised: dict[str, Any], code: str) -> None:
    story = Story(policy=skipping())
    assert story.refused(raise_(story.now, **raised)).code == code


def test_without_a_word_in_the_policy_every_stage_is_gone_through() -> None:
    story = Story()
    assert story.refused(raise_(story.now, start_stage=2, start_because="risk")).code == "starts_too_high"
    story.raised()
    move = acts.MoveUp(**story.by_raiser(), to_stage=3, skip_because=SkipReason.RISK)
    assert story.refused(move).code == "no_skipping"


def test_what_is_held_starts_where_it_was_to_start() -> None:
    story = Story(policy=skipping()).raised(start_stage=2, start_because="risk", responding_agencies=())
    assert story.case.stage == 0
    story.passes_on()
    assert story.case.stage == 2


def test_a_level_that_one_side_does_not_have_is_passed_over_and_recorded_for_that_side() -> None:
    story = Story(policy=skipping()).raised(track="urgent").later(minutes=10)
    story.act(
        acts.MoveUp(
            **story.by_raiser(), to_stage=3, skip_because=SkipReason.FLAT_ORGANISATION, skip_side=Side.RESPONDING
        )
    )
    started = story.last(events.StageStarted)
    assert (started.stage, started.from_stage, started.skip_side) == (3, 1, "responding")
    assert story.case.skipped == (2,)


def test_an_intended_move_keeps_why_a_level_is_passed_over() -> None:
    story = Story(policy=skipping()).raised()
    story.act(acts.MoveUp(**story.by_raiser(), to_stage=3, skip_because=SkipReason.RISK))
    assert story.case.stage == 1
    story.at("2027-03-02 18:00")
    started = story.last(events.StageStarted)
    assert (started.stage, started.skip_because) == (3, "risk")


@pytest.mark.parametrize(("to_stage", "code"), [(5, "no_such_stage"), (9, "no_such_stage")])
def test_there_is_nothing_above_the_last_stage(to_stage: int, code: str) -> None:
    story = Story(policy=skipping()).raised()
    move = acts.MoveUp(**story.by_raiser(), to_stage=to_stage, skip_because=SkipReason.RISK)
    assert story.refused(move).code == code


def test_a_level_below_is_no_move_up() -> None:
    story = Story(policy=skipping()).raised(start_stage=3, start_because="risk").later(minutes=1)
    assert (
        story.refused(acts.MoveUp(**story.by_raiser(), to_stage=2, skip_because=SkipReason.RISK)).code == "not_higher"
    )


# ---- Thematic -------------------------------------------------------------------------------------------------------


def thematic(**rule: Any) -> Story:  # noqa: ANN401
    values = {**reading.sample().model_dump(), "thematic": rule}
    return Story(policy=Policy.model_validate(values))


def test_a_thematic_one_may_start_where_the_policy_says() -> None:
    story = thematic(start_stage=2).raised(concern=acts.Concern.THEMATIC)
    assert story.case.stage == 2
    assert story.last(events.StageStarted).skip_because == "thematic"
    assert thematic(start_stage=2).raised().case.stage == 1


def test_one_that_is_not_for_the_policy_is_held_for_the_team_and_nobody_refuses_it() -> None:
    story = thematic(taken=False).raised(concern=acts.Concern.THEMATIC)
    assert story.case.status == "held"
    assert story.runs("team-look")
    story.act(acts.Close(**story.by_team(), outcome=Outcome.REDIRECTED, route=Route.OTHER))
    assert story.case.status == "closed"


def test_a_clock_over_some_of_the_stages_says_which_and_one_over_all_does_not() -> None:
    story = Story(policy=policy(span(to_stage=3))).raised()
    (spanning,) = [clock for clock in story.case.clocks if clock.awaits is Awaits.SETTLE_ALL]
    assert spanning.spans == (1, 3)
    (life,) = [life for life in clock_lives.lives(story.happened) if life.started.clock_id == spanning.clock_id]
    assert life.title == "Stages 1 to 3 together"
    whole = Story().raised()
    (clock,) = [clock for clock in whole.case.clocks if clock.awaits is Awaits.SETTLE_ALL]
    assert clock.spans is None
    assert "from_stage" not in events.dumps(next(e for e in whole.happened if isinstance(e, events.ClockStarted)))


def test_what_starts_above_the_stages_that_a_clock_spans_has_no_such_clock() -> None:
    together = span(to_stage=2)
    values = policy(together).model_dump()
    values["skipping"] = {"start_at_most": 3, "because": ["risk"]}
    higher = Story(policy=Policy.model_validate(values)).raised(start_stage=3, start_because="risk")
    assert not higher.runs("together")
    within = Story(policy=Policy.model_validate(values)).raised(start_stage=2, start_because="risk")
    assert within.runs("together")


# ---- The first stage from receipt, of a case that was held ----------------------------------------------------------


def held(passed_on: str) -> Story:
    """A case whose first answer is due 2 working days after receipt, held until the team passes it on."""
    limits = {"standard": {"within": "2 working days", "remind_before": ["1 working day"]}}
    story = Story(policy=policy(starts_from="received", limits=limits)).raised(hold=True)
    story.at(passed_on)
    story.act(acts.PassOn(**story.by_team(), responding_agencies=(SOCIAL_CARE,)))
    return story


def test_the_first_stage_counts_from_receipt_and_nobody_is_reminded_of_what_was_past_when_they_were_asked() -> None:
    story = held("2027-03-02 11:00")
    clock = story.clock("resolve")
    assert (clock.due_at, clock.reminders) == (civil("2027-03-03 17:00"), ())
    assert clock.started_at == civil("2027-03-01 09:30")


def test_what_was_over_before_an_agency_was_asked_begins_as_it_is_asked_and_is_no_delay_of_theirs() -> None:
    story = held("2027-03-04 11:00")
    clock = story.clock("resolve")
    assert (clock.due_at, clock.started_by) == (civil("2027-03-08 17:00"), "stage_started")
    of_theirs = [one for one in story.happened if isinstance(one, events.LimitPassed) and one.agency_id == SOCIAL_CARE]
    assert of_theirs == []
    assert not any(isinstance(one, events.MoveProposed) for one in story.happened)


@pytest.mark.parametrize("on_limit", ["propose", "escalate"])
def test_a_time_from_the_disagreement_that_was_over_when_it_was_raised_proposes_and_moves_nothing(
    on_limit: str,
) -> None:
    ours = span(starts_from="disagreement", to_stage=1, on_limit=on_limit)
    story = Story(policy=policy(ours)).raised(happened_at=civil("2027-02-08 10:00"))
    story.later(minutes=1)
    assert story.clock("together").cause is Cause.RAISED_LATE
    assert not any(isinstance(one, (events.MoveProposed, events.MoveDue)) for one in story.happened)
    assert story.case.stage == 1


def test_a_time_from_the_disagreement_that_passes_later_is_one_of_this_escalation() -> None:
    ours = span(starts_from="disagreement", to_stage=1, on_limit="propose")
    story = Story(policy=policy(ours)).raised(happened_at=civil("2027-02-26 10:00"))
    story.at("2027-03-05 17:00")
    assert story.clock("together").cause is Cause.SILENT
    assert story.last(events.MoveProposed).to_stage == 2


# ---- An answer so long after both sides spoke -----------------------------------------------------------------------


def speaks_first() -> Policy:
    """The sample, at whose stage 1 both sides speak within 3 working days, and the answer is due 2 days after that."""
    values = reading.sample().model_dump()
    stage = dict(values["stages"][0])
    answer = {
        **stage["clocks"][-1],
        "starts_from": "reached",
        "limits": {"standard": {"within": "2 working days", "remind_before": ["1 working day"]}},
    }
    speak = {
        **answer,
        "id": "speak",
        "awaits": "be_reached",
        "starts_from": "delivered",
        "limits": {"standard": {"within": "3 working days"}, "urgent": {"within": "2 elapsed hours"}},
    }
    stage["clocks"] = [speak, answer]
    values["stages"] = [stage, *values["stages"][1:]]
    return Policy.model_validate(values)


def spoke(story: Story, **more: Any) -> None:  # noqa: ANN401
    story.act(acts.ReachedByPerson(**story.by_raiser(**more), agency_id=SOCIAL_CARE, position="practitioner"))


def test_the_answer_counts_from_the_conversation() -> None:
    story = Story(policy=speaks_first()).raised()
    assert not story.runs("resolve")
    story.at("2027-03-03 11:00")
    spoke(story)
    assert (story.clock("speak").end, story.clock("resolve").due_at) == (ClockEnd.MET, civil("2027-03-05 17:00"))
    story.responds()
    assert story.clock("resolve").end is ClockEnd.MET


def test_a_conversation_that_was_written_up_later_starts_it_when_it_was_held() -> None:
    story = Story(policy=speaks_first()).raised().at("2027-03-04 10:00")
    claim = story.says_done("2027-03-03 16:00", done=Done.SPOKE)
    assert not story.runs("resolve")
    story.at("2027-03-05 09:30")
    story.confirms(claim)
    clock = story.clock("resolve")
    assert (clock.started_at, clock.due_at) == (civil("2027-03-03 16:00"), civil("2027-03-05 17:00"))
    assert clock.reminders == (), "the moment of the reminder was past when it became known"


def test_who_answers_without_having_spoken_has_done_both() -> None:
    story = Story(policy=speaks_first()).raised().later(hours=1)
    story.responds()
    assert story.clock("speak").end is ClockEnd.MET
    assert not story.runs("resolve")


def test_a_call_of_the_team_starts_it_and_a_call_that_was_a_mistake_never_did() -> None:
    story = Story(policy=speaks_first()).raised().later(hours=1)
    story.act(acts.NotePhoneCall(**story.by_team(), agency_id=SOCIAL_CARE, reached=True))
    assert story.runs("resolve")
    story.act(acts.Correct(**story.by_team(), entry=story.case.entries[-1].submission_id))
    assert not story.runs("resolve")
    assert story.runs("speak")


def test_a_clock_from_a_conversation_that_nobody_awaits_is_refused() -> None:
    with pytest.raises(ValueError, match="starts from reached, and nothing awaits that on the standard track"):
        policy(starts_from="reached")
