"""A plan: what is to be done, by whom and by when; whether the others agree; and whether it was done.

Source: issue 5, "All acts"; the domain, "What gets recorded"; the rules of practice ("What one side says was done shows
as said to be done").
"""

from __future__ import annotations

from datetime import date

import pytest

from escalations.packs import reading
from escalations.policy import Side
from escalations.rules import acts, asking, clocks, events, passing
from escalations.rules.case import Outcome, WithdrawReason
from escalations.rules.notices import RAISER, Ask, Notice, NoticeKind, Recipient
from escalations.rules.plan import NotDone, PlanSays
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, TEAM, Story, civil, origin, raiser, responder

OWN = (SOCIAL_CARE, "2027-03-10")
SCHOOLS = (SCHOOL, "2027-03-12")


@pytest.fixture
def story() -> Story:
    """Answered, and before the raising side: a Monday at noon."""
    without_follow_up = reading.sample().model_copy(update={"closing": None})
    story = Story(policy=without_follow_up).raised().at("2027-03-01 12:00")
    story.responds()
    return story


def told(story: Story, kind: NoticeKind) -> list[Notice]:
    return [notice for _, notice in story.notices() if notice.kind is kind]


def test_the_other_side_is_asked_and_nobody_else(story: Story) -> None:
    plan_id = story.proposes(OWN)
    asked = told(story, NoticeKind.PLAN_PROPOSED)
    assert [(one.to.agency_id, one.to.position, one.asks, one.about) for one in asked] == [
        (SCHOOL, RAISER, Ask.PLAN, plan_id)
    ]
    assert [action.stands for action in story.case.plans[0].actions] == [True], "whoever proposes it takes it on"


def test_of_several_agencies_each_owner_of_an_action_is_asked() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE))
    story.proposes(OWN, (POLICE, "2027-03-11"))
    assert [one.to.agency_id for one in told(story, NoticeKind.PLAN_PROPOSED)] == [SCHOOL, POLICE]
    story.proposes(OWN, by=responder(agency=SOCIAL_CARE))
    assert story.case.plans[1].asked == ((Side.RAISING, SCHOOL),)
    story.proposes(OWN, by=raiser())
    assert story.case.plans[2].asked == ((Side.RESPONDING, SOCIAL_CARE), (Side.RESPONDING, POLICE))
    story.proposes(OWN, by=TEAM)
    assert len(story.case.plans[3].asked) == 3, "what the team wrote down after a meeting, everybody is asked"


def test_an_action_stands_once_its_owner_has_taken_it_on_and_nobody_is_against_it(story: Story) -> None:
    story.proposes(OWN, SCHOOLS)
    social_care, school = story.case.plans[0].actions
    assert (social_care.stands, school.stands) == (True, False)
    story.answers_plan(PlanSays.IN_PART, without=("a1",))
    social_care, school = story.case.plans[0].actions
    assert (social_care.stands, school.stands) == (False, True)
    story.answers_plan(PlanSays.NOT_AGREED)
    assert not any(action.stands for action in story.case.plans[0].actions)
    story.answers_plan()
    assert all(action.stands for action in story.case.plans[0].actions)
    assert [one.to.agency_id for one in told(story, NoticeKind.PLAN_ANSWERED)] == [SOCIAL_CARE] * 3


@pytest.mark.parametrize(
    ("says", "without", "code"),
    [
        (PlanSays.IN_PART, (), "which_actions"),
        (PlanSays.IN_PART, ("a1", "a2"), "which_actions"),
        (PlanSays.IN_PART, ("a7",), "which_actions"),
        (PlanSays.AGREED, (), "already_answered"),
    ],
)
def test_an_answer_that_says_nothing_is_refused(
    story: Story, says: PlanSays, without: tuple[str, ...], code: str
) -> None:
    story.proposes(OWN, SCHOOLS)
    story.answers_plan()
    act = acts.AnswerPlan(**story.by_raiser(), plan_id="p1", agency_id=SCHOOL, says=says, without=without)
    assert story.refused(act).code == code


def plan_of(story: Story, agency: str, day: str) -> acts.ProposePlan:
    action = acts.ProposedAction(agency_id=agency, due_on=date.fromisoformat(day))
    return acts.ProposePlan(**origin(responder(), story.now), actions=(action,))


@pytest.mark.parametrize(
    ("agency", "day", "code"),
    [
        ("nobody-here", "2027-03-10", "not_a_party"),
        (SOCIAL_CARE, "2027-02-28", "date_past"),
        (SOCIAL_CARE, "2072-03-10", "date_too_far"),
    ],
)
def test_an_action_is_of_an_agency_of_the_case_and_its_date_is_to_come(
    story: Story, agency: str, day: str, code: str
) -> None:
    assert story.refused(plan_of(story, agency, day)).code == code


def test_today_is_still_to_come_until_close_of_business(story: Story) -> None:
    story.act(plan_of(story, SOCIAL_CARE, "2027-03-01"))
    story.at("2027-03-02 17:00")
    assert story.refused(plan_of(story, SOCIAL_CARE, "2027-03-02")).code == "date_past"


def test_its_owner_is_reminded_two_working_days_before_and_on_the_day_and_its_date_is_noted_once(story: Story) -> None:
    story.proposes((SOCIAL_CARE, "2027-03-16"))
    story.agrees()
    story.at("2027-04-20 09:00")
    said = [(event.kind, event.at) for event in story.happened if isinstance(event, events.Promised)]
    assert said[1:] == [
        ("action_reminded", civil("2027-03-12 09:00")),
        ("action_reminded", civil("2027-03-16 09:00")),
        ("action_date_passed", civil("2027-03-16 17:00")),
    ]
    assert [(one.to.agency_id, one.asks) for one in told(story, NoticeKind.ACTION_DATE_PASSED)] == [
        (SOCIAL_CARE, Ask.ACTION),
        (SCHOOL, Ask.READ),
    ]
    assert clocks.next_wake(story.case) is None
    assert not passing.is_owed(story.case)


def test_a_date_that_has_passed_closes_moves_and_stops_nothing(story: Story) -> None:
    story.proposes((SOCIAL_CARE, "2027-03-03"))
    before = [clock for clock in story.case.clocks if clock.running]
    brought = passing.due(story.case, civil("2027-03-03 17:00"))
    assert {event.kind for event in brought} <= {"action_reminded", "action_date_passed", "reminder_fell"}
    story.at("2027-03-03 17:00")
    assert not isinstance(story.happened[-1], events.Closed)
    assert [clock.clock_id for clock in story.case.clocks if clock.running] == [clock.clock_id for clock in before]


def test_a_bank_holiday_does_not_move_the_date_that_stands_in_a_plan(story: Story) -> None:
    story.proposes((SOCIAL_CARE, "2027-03-26"))  # Good Friday
    assert story.case.plans[0].actions[0].due_at == civil("2027-03-26 17:00")


def test_what_was_agreed_to_late_reminds_only_of_what_is_still_to_come(story: Story) -> None:
    story.proposes((SOCIAL_CARE, "2027-03-04"), by=raiser())
    story.at("2027-03-04 12:00")
    assert not any(isinstance(event, events.ActionReminded) for event in story.happened)
    story.answers_plan(of=SOCIAL_CARE)
    story.at("2027-03-08 12:00")
    kinds = [event.kind for event in story.happened if isinstance(event, events.Promised)]
    assert kinds == ["plan_proposed", "plan_answered", "action_date_passed"]


def test_said_to_be_done_it_shows_as_said_and_confirmed_as_confirmed(story: Story) -> None:
    story.proposes(OWN)
    story.reports("a1", happened_at="2027-03-01 12:00")
    action = story.case.plans[0].actions[0]
    assert (action.done, action.checked, action.done_at) == (True, None, civil("2027-03-01 12:00"))
    assert [(one.to.agency_id, one.asks) for one in told(story, NoticeKind.ACTION_REPORTED)] == [(SCHOOL, Ask.CHECK)]
    story.checks("a1")
    assert story.case.plans[0].actions[0].checked is True
    story.at("2027-04-20 09:00")
    assert not any(isinstance(event, events.ActionDatePassed) for event in story.happened)


def test_what_is_not_so_was_never_done_and_its_date_still_comes(story: Story) -> None:
    story.proposes(OWN)
    story.reports("a1")
    story.checks("a1", so=False)
    action = story.case.plans[0].actions[0]
    assert (action.done, action.denied) == (None, True)
    assert [one.to.agency_id for one in told(story, NoticeKind.ACTION_DENIED)] == [SOCIAL_CARE]
    story.at("2027-03-10 17:00")
    assert any(isinstance(event, events.ActionDatePassed) for event in story.happened)
    story.reports("a1")
    assert story.case.plans[0].actions[0].done is True


def test_what_is_not_done_says_why_and_can_be_done_later(story: Story) -> None:
    story.proposes(OWN)
    act = acts.ReportAction(**story.by_responder(), action_id="a1", done=False)
    assert story.refused(act).code == "why_needed"
    story.reports("a1", why=NotDone.UNDER_WAY)
    assert [action.why for action in story.case.plans[0].actions] == [NotDone.UNDER_WAY]
    story.reports("a1")
    assert [action.why for action in story.case.plans[0].actions] == [None]
    assert story.refused(acts.ReportAction(**story.by_responder(), action_id="a1", done=True)).code == "already_done"


def test_nobody_confirms_their_own_action_and_the_team_writes_down_what_it_was_told_by_phone(story: Story) -> None:
    story.proposes(OWN, SCHOOLS, by=TEAM)
    check = acts.CheckAction(**story.by_responder(), action_id="a1", so=True)
    assert story.refused(check).code == "not_your_side"
    story.act(acts.ReportAction(**story.by_team(), action_id="a1", done=True))
    assert story.refused(check).code == "not_your_side"
    story.act(acts.CheckAction(**story.by_team(), action_id="a1", so=True))
    story.reports("a2", of=SCHOOL)
    assert [one.to.agency_id for one in told(story, NoticeKind.ACTION_REPORTED)] == [SCHOOL, SOCIAL_CARE]
    story.act(acts.CheckAction(**story.by_responder(), action_id="a2", so=True))


def test_whoever_an_action_is_for_says_whether_it_is_done_whatever_their_position(story: Story) -> None:
    story.proposes(OWN, position="service_lead")
    lead = origin(responder("service_lead"), story.now)
    story.act(acts.ReportAction(**lead, action_id="a1", done=True))
    another = origin(responder("clerk"), story.now)
    assert story.refused(acts.ReportAction(**another, action_id="a1", done=True)).code == "not_your_side"


def test_what_ended_without_anything_agreed_reminds_nobody_any_more(story: Story) -> None:
    story.proposes(OWN)
    story.act(acts.Withdraw(**story.by_raiser(), reason=WithdrawReason.DEALT_WITH))
    assert clocks.next_wake(story.case) is None
    assert story.refused(plan_of(story, SOCIAL_CARE, "2027-03-20")).code == "nothing_agreed"


def test_what_was_agreed_in_a_meeting_is_written_down_after_the_end_and_then_goes_on(story: Story) -> None:
    story.agrees(Outcome.AGREED_ANOTHER_WAY)
    assert not passing.is_owed(story.case)
    story.proposes(OWN, by=TEAM)
    story.answers_plan(of=SOCIAL_CARE)
    assert passing.is_owed(story.case)
    story.at("2027-03-10 17:00")
    assert any(isinstance(event, events.ActionDatePassed) for event in story.happened)
    assert not passing.is_owed(story.case)


def test_a_link_serves_until_what_it_asks_is_said(story: Story) -> None:
    story.proposes(OWN)
    raising = Recipient(Side.RAISING, SCHOOL, RAISER)
    owner = Recipient(Side.RESPONDING, SOCIAL_CARE, "practitioner")

    def done(asks: Ask, to: Recipient, about: str) -> bool:
        return asking.is_done(story.case, asks, to, stage=1, about=about)

    assert not done(Ask.PLAN, raising, "p1")
    story.answers_plan()
    assert done(Ask.PLAN, raising, "p1")
    assert not done(Ask.ACTION, owner, "a1")
    story.agrees()
    assert not done(Ask.ACTION, owner, "a1"), "the end of the case is not the end of what was agreed"
    story.reports("a1")
    assert done(Ask.ACTION, owner, "a1")
    assert not done(Ask.CHECK, raising, "a1")
    story.checks("a1")
    assert done(Ask.CHECK, raising, "a1")
