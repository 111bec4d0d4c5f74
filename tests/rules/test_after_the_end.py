"""What is asked after the end, and dissent that is kept with the outcome.

Source: the rules of practice, "The review's readers"; issue 5, "closing, follow-up and feedback" and "formal or
recorded dissent". The follow-up is the policy's; nobody who does not answer is ever more than reminded, and told of.
"""

from __future__ import annotations

import pytest

from escalations.packs import reading
from escalations.policy import Closing, FollowUpRule, Plans, Policy, Side, Unanswered, canonical, load_canonical
from escalations.rules import acts, clocks, events, passing
from escalations.rules.case import CHANGED_NOTHING, Changed, Outcome, Route, Status
from escalations.rules.notices import LEAD, RAISER, NoticeKind
from escalations.rules.plan import LEARNT_NOTHING, Kept, Learning
from escalations.rules.workingtime import Amount
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, TEAM, Story, civil, origin, raiser, responder


def policy(**more: object) -> Policy:
    rule = {
        "after": Amount.parse("20 working days"),
        "answer_within": Amount.parse("5 working days"),
        "remind_before": (Amount.parse("2 working days"),),
        "unanswered": Unanswered.TEAM_AND_LEADS,
        **more,
    }
    values = reading.sample().model_dump()
    values["closing"] = {"follow_up": rule, "source": "paragraph 9"}
    return Policy.model_validate(values)


def closed(of: Policy | None = None) -> Story:
    story = Story(policy=of or policy()).raised().at("2027-03-01 12:00")
    story.responds()
    story.agrees()
    return story


def answer(story: Story, of: str = SCHOOL, **more: object) -> acts.AnswerFollowUp:
    by = raiser() if of == SCHOOL else responder(agency=of)
    fields: dict[str, object] = {"kept": Kept.ALL, "changed": (Changed.PLAN_AMENDED,), "learning": (Learning.TRAINING,)}
    return acts.AnswerFollowUp.model_validate({**origin(by, story.now), "agency_id": of, **fields, **more})


def follow_up_of(story: Story) -> list[str]:
    return [event.kind for event in story.happened if event.kind.startswith("follow_up")]


def test_each_side_is_asked_so_long_after_the_end_reminded_and_the_team_is_told_and_nothing_more() -> None:
    story = closed()
    assert passing.is_owed(story.case)
    story.at("2027-06-30 12:00")
    said = [(event.kind, event.at) for event in story.happened if event.kind.startswith("follow_up")]
    assert said == [
        ("follow_up_asked", civil("2027-03-31 17:00")),
        ("follow_up_reminded", said[1][1]),
        ("follow_up_unanswered", civil("2027-04-07 17:00")),
    ]
    assert civil("2027-04-05 09:00") <= said[1][1] <= civil("2027-04-05 17:00")
    asked = [notice for _, notice in story.notices() if notice.kind is NoticeKind.FOLLOW_UP]
    assert [(one.to.agency_id, one.to.position) for one in asked] == [(SCHOOL, RAISER), (SOCIAL_CARE, "practitioner")]
    late = [notice.to for _, notice in story.notices() if notice.kind is NoticeKind.FOLLOW_UP_UNANSWERED]
    assert [(to.side, to.position) for to in late] == [
        (Side.TEAM, "team"),
        (Side.RAISING, LEAD),
        (Side.RESPONDING, LEAD),
    ]
    assert story.case.status is Status.CLOSED
    assert not passing.is_owed(story.case)


def test_only_the_team_is_told_where_the_policy_does_not_name_the_leads() -> None:
    story = closed(policy(unanswered=Unanswered.TEAM)).at("2027-06-30 12:00")
    late = [notice.to.side for _, notice in story.notices() if notice.kind is NoticeKind.FOLLOW_UP_UNANSWERED]
    assert late == [Side.TEAM]


def test_whoever_has_answered_is_not_reminded_and_once_all_have_nothing_is_owed() -> None:
    story = closed().at("2027-04-01 10:00")
    story.act(answer(story))
    story.at("2027-04-06 10:00")
    reminded = [event for event in story.happened if isinstance(event, events.FollowUpReminded)]
    assert [[one.agency_id for one in event.unanswered] for event in reminded] == [[SOCIAL_CARE]]
    story.act(answer(story, SOCIAL_CARE))
    assert clocks.next_wake(story.case) is None
    story.act(answer(story, SOCIAL_CARE, kept=Kept.SOME))  # The last word counts.


def test_an_answer_is_taken_after_the_time_for_it_as_well() -> None:
    story = closed().at("2027-05-30 12:00")
    story.act(answer(story))
    assert follow_up_of(story)[-1] == "follow_up_answered"


def test_what_is_answered_too_early_or_contradicts_itself_is_refused() -> None:
    story = closed().at("2027-03-30 12:00")
    assert story.refused(answer(story)).code == "not_asked_yet"
    story.at("2027-04-01 10:00")
    for alone in CHANGED_NOTHING:
        assert story.refused(answer(story, changed=(Changed.PLAN_AMENDED, alone))).code == "contradicts"
    for nothing in LEARNT_NOTHING:
        assert story.refused(answer(story, learning=(Learning.TRAINING, nothing))).code == "contradicts"
    by_team = acts.AnswerFollowUp(
        **story.by_team(), agency_id=POLICE, kept=Kept.ALL, changed=(Changed.NOTHING,), learning=(Learning.NONE,)
    )
    assert story.refused(by_team).code == "not_asked"
    story.act(by_team.model_copy(update={"agency_id": SOCIAL_CARE}))


def test_nobody_answers_for_another_agency() -> None:
    story = closed().at("2027-04-01 10:00")
    act = answer(story).model_copy(update={"by": responder()})
    assert story.refused(act).code == "not_your_side"


def test_only_the_sides_that_the_policy_names_are_asked() -> None:
    story = closed(policy(asks=(Side.RAISING,))).at("2027-04-01 10:00")
    assert story.case.follow_up is not None
    assert story.case.follow_up.asked == ((Side.RAISING, SCHOOL),)


def test_what_goes_another_way_is_not_followed_up_and_neither_is_what_no_agency_was_told_of() -> None:
    story = Story(policy=policy()).raised().at("2027-03-01 12:00")
    story.act(acts.Redirect(**story.by_raiser(), route=Route.COMPLAINT))
    assert story.case.follow_up is None
    held = Story(policy=policy()).raised(hold=True, by=TEAM)
    held.act(acts.Close(**held.by_team(), outcome=Outcome.OVERTAKEN))
    assert (held.case.follow_up, passing.is_owed(held.case)) == (None, False)


def test_a_policy_without_a_follow_up_asks_nobody() -> None:
    story = closed(reading.sample().model_copy(update={"closing": None}))
    assert not passing.is_owed(story.case)
    assert story.refused(answer(story)).code == "not_asked"


def test_a_policy_of_before_keeps_its_text_to_the_byte_and_one_that_says_it_is_read_again() -> None:
    before = reading.sample().model_copy(update={"closing": None, "plans": None})
    assert '"closing"' not in canonical(before)
    assert '"plans"' not in canonical(before)
    after = policy()
    assert load_canonical(canonical(after)) == after


def test_where_the_policy_asks_nothing_at_the_end_nobody_says_what_changed() -> None:
    story = closed(reading.sample().model_copy(update={"closing": Closing(feedback=False)}))
    act = acts.LookBack(**story.by_raiser(), agency_id=SCHOOL, changed=(Changed.NOTHING,))
    assert story.refused(act).code == "not_asked"


def test_actions_remind_as_the_policy_says() -> None:
    plans = Plans(remind_before=(Amount.parse("5 working days"),), on_the_day=False)
    story = Story(policy=policy().model_copy(update={"plans": plans})).raised()
    story.proposes((SOCIAL_CARE, "2027-03-16"))
    assert story.case.plans[0].actions[0].reminders == (civil("2027-03-09 09:00"),)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"after": Amount.parse("400 working days")}, "is more than a year"),
        ({"asks": (Side.RAISING, Side.RAISING)}, "names one side twice"),
        ({"remind_before": (Amount.parse("5 working days"),)}, "before anybody is asked"),
    ],
)
def test_a_follow_up_that_cannot_be_is_said(more: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        policy(**more)
    with pytest.raises(ValueError, match="asks"):
        FollowUpRule(after=Amount.parse("20 working days"), asks=(Side.TEAM,))  # type: ignore[arg-type]


# ---- Dissent --------------------------------------------------------------------------------------------------------


def dissent(story: Story, of: str = SOCIAL_CARE, *, formal: bool = False) -> acts.RecordDissent:
    by = raiser() if of == SCHOOL else responder(agency=of)
    return acts.RecordDissent(**origin(by, story.now), agency_id=of, formal=formal)


def test_dissent_stands_beside_the_outcome_and_moves_nothing() -> None:
    story = closed()
    before = story.case
    story.act(dissent(story))
    assert [(one.agency_id, one.formal) for one in story.case.dissents] == [(SOCIAL_CARE, False)]
    assert (story.case.outcome, story.case.clocks) == (before.outcome, before.clocks)
    told = [notice.to for _, notice in story.notices() if notice.kind is NoticeKind.DISSENT]
    assert [to.agency_id for to in told] == [SCHOOL], "the partnership has not been told of this case"
    assert story.refused(dissent(story)).code == "already_recorded"
    story.act(dissent(story, formal=True))
    assert [one.formal for one in story.case.dissents] == [True]
    assert story.refused(dissent(story)).code == "already_recorded"
    story.act(dissent(story, SCHOOL))


def test_there_has_to_be_something_to_dissent_from() -> None:
    story = Story().raised()
    assert story.refused(dissent(story)).code == "nothing_to_dissent_from"
    assert (
        story.refused(dissent(story, SCHOOL).model_copy(update={"agency_id": POLICE, "by": TEAM})).code == "not_a_party"
    )
    story.proposes((SOCIAL_CARE, "2027-03-10"))
    story.act(dissent(story, SCHOOL))
    story.act(acts.Withdraw(**story.by_raiser(), reason="other"))  # type: ignore[arg-type]
    assert story.refused(dissent(story)).code == "nothing_to_dissent_from"
