"""The sample policy, stage by stage: what runs, when it is due, what a passed limit brings, and how a case ends."""

from __future__ import annotations

import pytest

from escalations.packs import reading
from escalations.policy import Awaits, Policy, Side, Track
from escalations.rules import acts, events
from escalations.rules.actors import Actor
from escalations.rules.case import Cause, ClockEnd, Outcome, Status
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, Story, civil, origin

FINAL_BODY = "partners-panel"


def with_final_body(**changes: str) -> Policy:
    values = reading.sample().model_dump()
    return Policy.model_validate({**values, "final_body": {**values["final_body"], **changes}})


def escalating() -> Policy:
    """The sample, but its document says that silence moves a case up by itself."""
    values = reading.sample().model_dump()
    for stage in values["stages"][:3]:
        for clock in stage["clocks"]:
            clock.update(on_limit="escalate", source="paragraph 4.2")
    return Policy.model_validate(values)


# ---- What runs, and until when --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("track", "rule", "reminders", "due"),
    [
        # The sample policy, stage 1: acknowledged within 1 working day of its arrival, reminded 3 hours before.
        ("standard", "acknowledge", ("2027-03-02 14:00",), "2027-03-02 17:00"),
        # The sample policy, stage 1: answered within 5 working days.
        ("standard", "resolve", ("2027-03-05 09:00",), "2027-03-08 17:00"),
        # The sample policy, the urgent track: a person is reached within 2 elapsed hours of the stage's beginning.
        ("urgent", "reached", ("2027-03-01 10:30",), "2027-03-01 11:30"),
        # The sample policy, the urgent track: answered within 24 elapsed hours.
        ("urgent", "resolve", ("2027-03-02 05:30",), "2027-03-02 09:30"),
        # The sample policy, the whole process: 40 working days; Good Friday and Easter Monday do not count.
        ("standard", "whole-process", ("2027-04-21 09:00",), "2027-04-28 17:00"),
    ],
)
def test_the_clocks_of_the_first_stage(track: str, rule: str, reminders: tuple[str, ...], due: str) -> None:
    clock = Story().raised(track=track).clock(rule)
    assert clock.due_at == civil(due)
    assert clock.reminders == tuple(civil(moment) for moment in reminders)


def test_an_answer_at_the_due_instant_is_in_time() -> None:
    """Where an act and a deadline coincide the act goes first."""
    story = Story().raised()
    story.now = civil("2027-03-02 17:00")
    story.acknowledges()
    story.at("2027-03-02 18:00")
    assert "limit_passed" not in story.kinds()


def test_an_answer_a_moment_after_the_limit_is_an_answer_after_it_however_late_either_is_applied() -> None:
    story = Story().raised()
    story.now = civil("2027-03-02 17:00").replace(microsecond=1)
    story.acknowledges()
    assert story.causes() == ["our_outage"], "nobody was reminded, because nothing ran"
    punctual = Story().raised().at("2027-03-02 16:00")
    punctual.now = civil("2027-03-02 17:00").replace(microsecond=1)
    punctual.acknowledges()
    assert punctual.causes() == ["answered_late"]


def test_an_answer_received_in_time_and_applied_after_the_limit_was_noted_was_in_time() -> None:
    story = Story().raised().at("2027-03-02 17:30")
    assert story.causes() == ["silent"]
    story.now = civil("2027-03-02 16:59")
    story.acknowledges()
    assert story.clock("acknowledge").limit_withdrawn
    assert story.case.move is None


def test_an_answer_received_at_the_due_instant_and_applied_after_the_limit_was_noted_was_in_time() -> None:
    story = Story().raised().at("2027-03-02 17:30")
    story.now = civil("2027-03-02 17:00")
    story.acknowledges()
    assert story.clock("acknowledge").limit_withdrawn


def test_settling_with_all_at_once_tells_each_agency_once() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE))
    before = len(list(story.notices()))
    story.agrees()
    told = [(notice.kind.value, notice.to.agency_id) for _, notice in story.notices()][before:]
    assert told == [("closed", SCHOOL), ("closed", SOCIAL_CARE), ("closed", POLICE)]


def test_answering_meets_what_the_stage_awaits_and_asks_the_raiser() -> None:
    story = Story().raised().at("2027-03-01 15:00")
    story.responds()
    assert [clock.rule_id for clock in story.case.clocks if clock.running] == ["whole-process", "consider"]


def test_an_answer_for_a_stage_already_left_is_recorded_there_and_closes_nothing_here() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    story.moves_up()
    story.at("2027-03-04 09:00")
    story.responds(position="practitioner")
    assert story.last(events.Responded).stage == 1
    assert story.causes() == ["answered_late"]
    assert story.case.stage == 2
    assert story.runs("resolve")
    assert not story.runs("consider")


def test_each_stage_awaits_an_answer_of_its_own_whatever_was_answered_before() -> None:
    story = Story().raised().at("2027-03-01 15:00")
    story.responds()
    story.moves_up()
    story.at("2027-03-02 17:00")
    assert story.case.stage == 2
    assert [clock.rule_id for clock in story.case.clocks if clock.running] == [
        "whole-process",
        "acknowledge",
        "resolve",
    ]


def test_an_acknowledgement_for_a_stage_already_left_mends_what_was_noted_there_and_is_then_no_longer_awaited() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    story.moves_up()
    story.at("2027-03-04 09:00")
    story.acknowledges()
    assert story.causes() == ["answered_late"]
    refused = story.refused(acts.Acknowledge(**story.by_responder()))
    assert refused.code == "stage_left"
    assert "If you have an answer, please give it" in refused.sentence


# ---- Moving up ------------------------------------------------------------------------------------------------------


def test_silence_proposes_a_move_and_a_person_makes_it() -> None:
    story = Story().raised().after(working_days=20)
    assert story.case.stage == 1, "time alone moves nothing"
    story.moves_up()
    assert story.case.stage == 2, "the level passed over was told long ago"


def test_the_level_passed_over_is_told_a_working_day_before() -> None:
    story = Story().raised()
    story.moves_up()
    assert story.case.stage == 1
    assert story.case.move is not None
    assert story.case.move.takes_effect_at == civil("2027-03-02 17:00")
    assert story.at("2027-03-02 17:00").case.stage == 2


def test_the_time_it_was_told_counts_from_the_proposal() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    story.moves_up()
    assert story.case.move is not None
    assert story.case.move.takes_effect_at == civil("2027-03-03 17:00")


def test_on_the_urgent_track_a_move_up_waits_for_nobody() -> None:
    story = Story().raised(track=Track.URGENT).later(minutes=5)
    story.moves_up()
    assert story.case.stage == 2


def test_two_people_who_both_press_move_up_move_it_up_once() -> None:
    story = Story().raised(track=Track.URGENT).later(minutes=5)
    story.act(acts.MoveUp(**story.by_raiser(), at_stage=1))
    assert story.refused(acts.MoveUp(**story.by_raiser())).code == "already_moved", "received at the same instant"
    story.later(minutes=1)
    refused = story.refused(acts.MoveUp(**story.by_raiser(), at_stage=1))
    assert refused.code == "already_moved"
    assert "already moved up, to stage 2" in refused.sentence


def test_a_move_that_is_under_way_is_not_made_twice() -> None:
    story = Story().raised()
    story.moves_up()
    refused = story.refused(acts.MoveUp(**story.by_raiser()))
    assert refused.code == "already_moving"
    assert "17:00 on Tuesday 2 March 2027" in refused.sentence


def test_staying_ends_the_question_and_the_case_stays() -> None:
    story = Story().raised().at("2027-03-03 09:00")
    story.stays()
    assert story.case.move is None
    assert not story.runs("choose")
    assert story.refused(acts.Stay(**story.by_raiser())).code == "no_move"
    assert story.after(working_days=10).case.stage == 1


def test_a_move_dropped_before_it_takes_effect_does_not_take_effect() -> None:
    story = Story().raised()
    story.moves_up()
    story.later(hours=1)
    story.stays()
    assert story.at("2027-03-03 09:00").case.stage == 1


def test_agreeing_before_a_move_takes_effect_ends_the_case_and_the_move() -> None:
    story = Story().raised()
    story.moves_up()
    story.later(hours=1)
    story.agrees()
    assert story.at("2027-04-30 09:00").case.stage == 1
    assert story.case.status is Status.CLOSED


def test_an_answer_before_an_intended_move_leaves_the_move_to_the_raiser() -> None:
    story = Story().raised()
    story.moves_up()
    story.later(hours=1)
    story.responds()
    assert story.case.move is not None
    story.stays()
    assert story.runs("consider")
    assert story.at("2027-03-03 09:00").case.stage == 1


def test_a_late_answer_takes_the_place_of_the_question_whether_to_move_up() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    assert story.runs("choose")
    story.responds()
    assert story.last(events.ProposalEnded).because == "answered"
    assert story.case.move is None
    assert not story.runs("choose")
    assert story.runs("consider")
    story.moves_up()
    assert story.case.move is not None, "the raising side may still take it up"


def test_whoever_takes_it_up_has_considered_the_answer() -> None:
    story = Story().raised().at("2027-03-02 10:00")
    story.responds()
    story.moves_up()
    assert story.clock("consider").end is ClockEnd.MET


def test_so_has_whoever_takes_it_up_at_once_and_a_late_choice_is_recorded_as_late() -> None:
    story = Story().raised(track=Track.URGENT).later(minutes=30)
    story.responds()
    story.later(minutes=5)
    story.moves_up()
    ends = {event.awaits: event.end for event in story.happened if isinstance(event, events.ClockEnded)}
    assert ends[Awaits.CONSIDER] is ClockEnd.MET
    late = Story().raised().at("2027-03-04 10:00")
    late.moves_up()
    assert late.case.stage == 2
    assert late.clock("choose").cause is Cause.ANSWERED_LATE


def test_moving_on_stops_the_stage_left_and_a_clock_over_all_stages_goes_on() -> None:
    story = Story().raised()
    story.moves_up()
    story.at("2027-03-02 16:59")
    before = story.clock("resolve")
    story.at("2027-03-02 17:00")
    assert story.runs("whole-process")
    assert before.clock_id not in [clock.clock_id for clock in story.case.clocks if clock.running]


def test_a_limit_that_falls_on_the_instant_of_the_move_is_noted_before_it() -> None:
    story = Story().raised()
    story.moves_up()
    story.at("2027-03-02 17:00")
    kinds = story.kinds()
    assert kinds.index("limit_passed") < len(kinds) - 1 - kinds[::-1].index("stage_started")


def test_a_system_that_comes_late_lets_a_move_stop_the_limits_behind_it() -> None:
    """What was to happen first still goes first, so that nobody is found late who would have been left in peace."""
    story = Story().raised()
    story.acknowledges()
    story.at("2027-03-04 10:00")
    story.moves_up()  # takes effect on Friday at 17:00; the answer is due on Monday, reminded on Friday at 9:00
    story.now = civil("2027-03-10 12:00")
    story.until(story.now)
    assert story.case.stage == 2
    assert not [clock for clock in story.case.clocks if clock.rule_id == "resolve" and clock.stage == 1]


def test_only_a_document_that_says_so_moves_a_case_up_by_itself() -> None:
    story = Story(policy=escalating()).raised().at("2027-03-02 17:00")
    assert story.case.stage == 1, "the level passed over is told first"
    story.at("2027-03-03 17:00")
    assert story.case.stage == 2
    assert story.last(events.StageStarted).by is None
    assert "move_proposed" not in story.kinds()


def test_every_limit_that_passed_is_noted_before_a_case_moves_up_by_itself() -> None:
    urgent = {"track": Track.URGENT, "responding_agencies": (SOCIAL_CARE, POLICE)}
    story = Story(policy=escalating()).raised(**urgent).at("2027-03-01 11:30")
    passed = [event.agency_id for event in story.happened if isinstance(event, events.LimitPassed)]
    assert passed == [SOCIAL_CARE, POLICE]
    assert story.kinds().count("stage_started") == 2, "and it moves up once"


@pytest.mark.parametrize(("stage", "told"), [(1, 0), (2, 1), (3, 2), (4, 3)])
def test_the_partnership_is_told_from_stage_two_on_and_how_it_ended(stage: int, told: int) -> None:
    story = Story().raised(track=Track.URGENT)
    while story.case.stage < stage:
        story.later(minutes=10)
        story.moves_up()
    assert story.kinds().count("partnership_notified") == told
    story.later(minutes=10)
    story.agrees()
    assert story.kinds().count("partnership_notified") == told + (1 if told else 0)


# ---- The final body -------------------------------------------------------------------------------------------------


def at_the_final_stage(policy: Policy | None = None, **raised: object) -> Story:
    story = Story(policy=policy).raised(track=Track.URGENT, **raised)
    while story.case.stage < 4:
        story.later(minutes=10)
        story.moves_up()
    return story


def decide(story: Story, position: str) -> acts.Decide:
    by = Actor(side=Side.FINAL_BODY, agency_id=FINAL_BODY, position=position)
    return acts.Decide(**origin(by, story.now), outcome=Outcome.DECIDED_ANOTHER_WAY)


def test_the_final_body_decides_and_that_ends_it() -> None:
    story = at_the_final_stage().later(hours=1)
    story.act(decide(story, "chair"))
    assert (story.case.status, story.case.outcome) == (Status.CLOSED, Outcome.DECIDED_ANOTHER_WAY)
    assert story.clock("whole-process").end is ClockEnd.MET


def test_a_decision_after_its_limit_is_recorded_as_late() -> None:
    story = at_the_final_stage().later(hours=49)
    story.act(decide(story, "chair"))
    assert story.clock("decide").cause is Cause.ANSWERED_LATE


def test_agreeing_at_the_final_stage_stops_the_clock_of_the_final_body_and_does_not_meet_it() -> None:
    story = at_the_final_stage()
    story.agrees()
    assert "decided" not in story.kinds()
    ended = [event for event in story.happened if isinstance(event, events.ClockEnded) and event.awaits == "decide"]
    assert [event.end for event in ended] == [ClockEnd.STOPPED]


@pytest.mark.parametrize(
    ("works_for", "alternate_works_for", "decider", "because"),
    [
        ("", "", "chair", None),
        ("health", "", "chair", None),
        (SCHOOL, "", "alternate_chair", "works_for_a_party"),
        (SOCIAL_CARE, "", "alternate_chair", "works_for_a_party"),
        (SOCIAL_CARE, SCHOOL, "alternate_chair", "both_work_for_a_party"),
    ],
)
def test_the_alternate_decides_where_the_holder_works_for_a_party(
    works_for: str,
    alternate_works_for: str,
    decider: str,
    because: str | None,
) -> None:
    given = {"works_for": works_for, "alternate_works_for": alternate_works_for}
    story = at_the_final_stage(with_final_body(**{name: value for name, value in given.items() if value}))
    started = story.last(events.StageStarted)
    assert (started.decider_position, started.alternate_because) == (decider, because)
    other = "chair" if decider == "alternate_chair" else "alternate_chair"
    assert story.refused(decide(story, other)).code == "not_the_decider"
    story.act(decide(story, decider))


def test_before_the_last_stage_nobody_decides() -> None:
    story = Story().raised()
    assert story.refused(decide(story, "chair")).code == "not_at_final_stage"


def test_there_is_nothing_above_the_last_stage() -> None:
    story = at_the_final_stage().later(minutes=1)
    refused = story.refused(acts.MoveUp(**story.by_raiser()))
    assert refused.code == "top"
    assert "The final body decides it." in refused.sentence


# ---- Several responding agencies ------------------------------------------------------------------------------------


@pytest.fixture
def two() -> Story:
    """Give a case raised with children's services and the police."""
    return Story().raised(responding_agencies=(SOCIAL_CARE, POLICE))


def test_each_agency_has_clocks_of_its_own(two: Story) -> None:
    two.acknowledges(agency=POLICE)
    two.at("2027-03-02 17:00")
    passed = [clock.agency_id for clock in two.case.clocks if clock.limit_passed_at]
    assert passed == [SOCIAL_CARE]


def test_agreeing_with_one_stops_its_clocks_and_leaves_the_other_s(two: Story) -> None:
    two.agrees(agency=POLICE)
    assert two.case.closed_at is None
    assert {clock.agency_id for clock in two.case.clocks if clock.running} == {SOCIAL_CARE, None}
    assert two.refused(acts.Acknowledge(**two.by_responder(agency=POLICE))).code == "settled"
    two.agrees(Outcome.AGREED_IN_PART)
    assert (two.case.status, two.case.outcome) == (Status.CLOSED, Outcome.AGREED_IN_PART), "as asked, and in part"


def test_agreeing_with_both_alike_ends_alike(two: Story) -> None:
    two.agrees(Outcome.AGREED_ANOTHER_WAY)
    assert two.case.outcome is Outcome.AGREED_ANOTHER_WAY


def test_each_answer_is_considered_in_its_own_time(two: Story) -> None:
    two.at("2027-03-02 09:00")
    two.responds(agency=POLICE)
    two.at("2027-03-05 16:00")
    two.responds()
    assert [(clock.about, clock.due_at) for clock in two.case.clocks if clock.awaits == "consider"] == [
        (POLICE, civil("2027-03-05 17:00")),
        (SOCIAL_CARE, civil("2027-03-10 17:00")),
    ]
    two.agrees(agency=POLICE)
    assert [clock.about for clock in two.case.clocks if clock.awaits == "consider" and clock.running] == [SOCIAL_CARE]


def test_a_second_answer_does_not_start_the_time_to_consider_afresh(two: Story) -> None:
    two.acknowledges(agency=POLICE)
    two.at("2027-03-02 09:00")
    two.responds()
    two.at("2027-03-04 09:00")
    two.responds()
    assert two.kinds().count("clock_started") == 6


def test_a_proposal_that_rested_on_one_agency_ends_when_it_is_settled_with_that_one(two: Story) -> None:
    two.acknowledges(agency=POLICE)
    two.at("2027-03-02 18:00")
    two.agrees(agency=SOCIAL_CARE)
    assert two.last(events.ProposalEnded).because == "settled"
    assert two.case.move is None
    assert not two.runs("choose")


def test_a_proposal_that_rests_on_the_other_agency_too_goes_on(two: Story) -> None:
    two.at("2027-03-02 18:00")
    two.responds(agency=POLICE)
    assert two.case.move is not None
    assert two.runs("choose")


def test_an_agency_that_was_told_of_no_proposal_has_its_working_day_before_the_move(two: Story) -> None:
    two.acknowledges(agency=POLICE)
    two.at("2027-03-03 10:00")
    two.moves_up()
    assert two.case.move is not None
    assert two.case.move.takes_effect_at == civil("2027-03-04 17:00")


def test_an_agency_that_is_settled_does_not_move_up(two: Story) -> None:
    two.agrees(agency=POLICE)
    two.moves_up()
    two.at("2027-03-03 09:00")
    assert two.case.stage == 2
    assert {clock.agency_id for clock in two.case.clocks if clock.stage == 2} == {SOCIAL_CARE}


def test_a_question_about_a_settled_agency_is_not_asked_any_more(two: Story) -> None:
    two.at("2027-03-02 10:00")
    two.says_done("2027-03-01 11:00", agency=POLICE)
    two.agrees(agency=POLICE)
    assert not two.runs("confirm")


def test_an_act_that_comes_again_is_refused_with_a_sentence(two: Story) -> None:
    two.acknowledges()
    assert two.refused(acts.Acknowledge(**two.by_responder())).code == "already_acknowledged"
    two.agrees(agency=POLICE)
    again = acts.Agree(**two.by_raiser(), outcome=Outcome.AGREED_AS_ASKED, agency_id=POLICE)
    assert two.refused(again).code == "settled"
    two.agrees()
    refused = two.refused(acts.Agree(**two.by_raiser(), outcome=Outcome.AGREED_AS_ASKED))
    assert refused.code == "closed"
    assert "closed at 09:30 on Monday 1 March 2027" in refused.sentence
