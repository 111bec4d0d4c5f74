"""Several agencies raise one escalation: one leads, the others stand beside it, and nothing is settled over them.

Source: the domain ("several agencies may raise together") and the rules of practice (who is told, and what only a
person does). The stricter holds where a policy says nothing.
"""

from __future__ import annotations

from typing import Any, get_args

import pytest

from escalations.policy import OverDissent, Policy, RaisedTogether, Side, Track
from escalations.rules import access, accounts, acts, asking, events, following_up, notices
from escalations.rules.actors import Actor
from escalations.rules.acts import Act
from escalations.rules.case import FileNote, LeaveReason, Outcome, Says, Status
from escalations.rules.notices import LEAD, RAISER, Ask, NoticeKind, Recipient
from escalations.rules.plan import PlanSays
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, Story, civil, frame, origin, plain_mail, raiser

HEALTH = "health-visiting"
NURSERY = "nursery"


def beside(agency: str = HEALTH) -> Actor:
    return Actor(side=Side.RAISING, agency_id=agency, position=LEAD)


def policy(**said: Any) -> Policy:  # noqa: ANN401
    return frame().policy.model_copy(update={"raised_together": RaisedTogether(**said)})


def together(*others: str, under: Policy | None = None, **more: Any) -> Story:  # noqa: ANN401
    return Story(policy=under).raised(co_raisers=others or (HEALTH,), **more)


def told(story: Story, kind: NoticeKind) -> list[str]:
    return [
        f"{notice.to.agency_id or 'team'} {notice.to.position}" for _, notice in story.notices() if notice.kind is kind
    ]


def change(story: Story, by: Actor | None = None, **said: Any) -> None:  # noqa: ANN401
    made = story.by_team() if by is None else origin(by, story.now)
    story.act(acts.ChangeRaisers(**made, **said))


def disagrees(story: Story, agency: str = HEALTH, *, formal: bool = False) -> None:
    story.act(acts.RecordDissent(**origin(beside(agency), story.now), agency_id=agency, formal=formal))


def over_a_dissent(under: Policy | None = None) -> Story:
    story = together(under=under)
    story.later(hours=1).responds()
    disagrees(story)
    return story


# ---- Raised ----------------------------------------------------------------------------------------------------------


def test_whoever_raises_it_with_the_lead_is_told_so_at_its_own_contact_and_no_clock_waits_for_it() -> None:
    story = together()
    assert story.case.raisers == (SCHOOL, HEALTH)
    assert told(story, NoticeKind.TOGETHER) == [f"{HEALTH} {LEAD}"]
    assert HEALTH not in {clock.agency_id for clock in story.case.clocks}


@pytest.mark.parametrize(
    ("others", "code"),
    [((SOCIAL_CARE,), "same_agency"), ((SCHOOL,), "named_twice"), ((HEALTH, HEALTH), "named_twice")],
)
def test_nobody_raises_it_twice_or_answers_what_they_raise(others: tuple[str, ...], code: str) -> None:
    story = Story()
    raised = acts.Raise(
        **origin(raiser(), story.now),
        raising_agency=SCHOOL,
        responding_agencies=(SOCIAL_CARE,),
        co_raisers=others,
        concern=acts.Concern.CHILD,
        reason=acts.Reason.PLAN,
    )
    assert story.refused(raised).code == code


@pytest.mark.parametrize(
    ("rule", "track", "refused"),
    [
        ({"taken": False}, Track.STANDARD, True),
        ({"tracks": (Track.URGENT,)}, Track.STANDARD, True),
        ({"tracks": (Track.URGENT,)}, Track.URGENT, False),
        ({}, Track.STANDARD, False),
    ],
)
def test_a_policy_can_refuse_it_or_keep_it_to_a_track(rule: dict[str, Any], track: Track, *, refused: bool) -> None:
    story = Story(policy=policy(**rule)).raised(track=track)
    act = acts.ChangeRaisers(**story.by_team(), add=(HEALTH,))
    if refused:
        assert story.refused(act).code == "not_together"
    else:
        story.act(act)
        assert story.case.co_raisers == (HEALTH,)


def test_of_a_mail_that_names_others_nobody_is_told_before_the_team_has_looked() -> None:
    story = Story().raised(**plain_mail(raising_agency=SCHOOL, responding_agencies=(SOCIAL_CARE,)))
    assert story.case.status is Status.OPEN
    held = Story().raised(
        **plain_mail(
            raising_agency=SCHOOL, responding_agencies=(SOCIAL_CARE,), co_raisers=(HEALTH,), raisers_to_look_at=True
        )
    )
    assert held.case.status is Status.HELD
    held.completes(SOCIAL_CARE)
    assert held.case.status is Status.HELD
    assert {notice.to.agency_id for _, notice in held.notices()} == {SCHOOL, None}
    change(held, add=(NURSERY,))
    held.passes_on()
    assert told(held, NoticeKind.TOGETHER) == [f"{HEALTH} {LEAD}", f"{NURSERY} {LEAD}"]


def test_whoever_turns_out_to_lead_is_not_one_of_the_others() -> None:
    story = Story().raised(**plain_mail(co_raisers=(HEALTH, NURSERY), raisers_to_look_at=True))
    story.passes_on(raised_by=HEALTH)
    assert (story.case.raising_agency, story.case.co_raisers) == (HEALTH, (NURSERY,))


# ---- What they are told, and what they may do ------------------------------------------------------------------------


def test_each_hears_what_the_raising_side_hears_and_is_asked_for_nothing_that_the_lead_answers() -> None:
    story = together(NURSERY, HEALTH)
    story.later(hours=1).acknowledges()
    story.later(hours=1).responds()
    story.moves_up()
    story.at("2027-03-12 18:00")
    of_lead = {notice.kind for _, notice in story.notices() if notice.to.agency_id == SCHOOL}
    for other in (HEALTH, NURSERY):
        own = [notice for _, notice in story.notices() if notice.to.agency_id == other]
        asked_alone = {NoticeKind.RECEIPT, NoticeKind.REMINDER}
        assert of_lead - asked_alone <= {notice.kind for notice in own}
        assert {notice.asks for notice in own} == {Ask.READ}
    rung = story.case.frame.policy.stage(2).raising_position
    assert f"{HEALTH} {rung}" in told(story, NoticeKind.MOVED)


_LEADS_ALONE: dict[str, dict[str, Any]] = {
    "agree": {"outcome": Outcome.AGREED_AS_ASKED},
    "move_up": {},
    "stay": {},
    "withdraw": {"reason": "other"},
    "redirect": {"route": "complaint"},
    "change_parties": {"add": (POLICE,)},
    "change_contact": {},
    "propose_plan": {"actions": (acts.ProposedAction(agency_id=SCHOOL, due_on=civil("2027-03-20 10:00").date()),)},
    "change_track": {"track": Track.URGENT},
}
_OF_ALL: dict[str, type[Act]] = {kind.model_fields["kind"].default: kind for kind in get_args(Act)}


@pytest.mark.parametrize("kind", _LEADS_ALONE)
def test_the_lead_answers_for_the_raising_side(kind: str) -> None:
    story = together()
    story.later(hours=1).responds()
    act = _OF_ALL[kind].model_validate({**origin(beside(), story.now), **_LEADS_ALONE[kind]})
    assert story.refused(act).code == access.NOT_YOUR_SIDE


def test_each_of_the_others_adds_words_says_that_it_is_recorded_and_nobody_is_told_of_their_own() -> None:
    story = together()
    before = len(list(story.notices()))
    story.adds_words(beside())
    added = [notice.to for _, notice in list(story.notices())[before:]]
    practitioner = Recipient(Side.RESPONDING, SOCIAL_CARE, "practitioner")
    assert set(added) == {Recipient(Side.RAISING, SCHOOL, RAISER), practitioner}
    before = len(list(story.notices()))
    story.adds_words(raiser())
    added = [notice.to for _, notice in list(story.notices())[before:]]
    assert set(added) == {Recipient(Side.RAISING, HEALTH, LEAD), practitioner}
    story.act(acts.NoteFile(**origin(beside(), story.now), note=FileNote.RECORDED))
    assert [(one.agency_id, one.note) for one in story.case.files] == [(HEALTH, FileNote.RECORDED)]


def test_each_may_account_for_a_delay_and_nobody_waits_for_theirs() -> None:
    story = together().at("2027-03-02 18:00")
    clock = story.clock("acknowledge")
    assert [agency for _, agency in accounts.whose(story.case, clock)] == [SCHOOL, SOCIAL_CARE]
    assert clock in accounts.open_to(story.case, Side.RAISING, HEALTH)
    act = acts.Account(**origin(beside(), story.now), clock_id=clock.clock_id, agency_id=HEALTH, says=Says.AS_RECORDED)
    story.act(act)
    assert story.last(events.AccountAdded).agency_id == HEALTH
    other = act.model_copy(update={"submission_id": "s-other", "agency_id": SCHOOL})
    assert story.refused(other).code == access.NOT_YOUR_SIDE


def test_an_action_of_one_of_the_others_is_its_own_to_agree_to_and_to_report() -> None:
    story = together()
    plan = story.proposes((HEALTH, "2027-03-10"), (SOCIAL_CARE, "2027-03-11"))
    assert [agency for _, agency in story.case.plans[-1].asked] == [SCHOOL, HEALTH]
    assert f"{HEALTH} {LEAD}" in told(story, NoticeKind.PLAN_PROPOSED)
    agreed = origin(beside(), story.now)
    story.act(acts.AnswerPlan(**agreed, plan_id=plan, agency_id=HEALTH, says=PlanSays.AGREED))
    story.act(acts.ReportAction(**origin(beside(), story.now), action_id="a1", done=True))
    checks = acts.CheckAction(**origin(raiser(), story.now), action_id="a1", so=True)
    assert story.refused(checks).code == access.NOT_YOUR_SIDE
    story.act(acts.CheckAction(**story.by_responder(), action_id="a1", so=True))


def test_after_the_end_each_of_them_is_asked_for_itself() -> None:
    story = together()
    story.later(hours=1).responds()
    story.agrees()
    assert {f"{HEALTH} {LEAD}", f"{SCHOOL} {RAISER}"} <= set(told(story, NoticeKind.CLOSED))
    story.at("2027-08-01 10:00")
    assert [agency for _, agency in story.case.follow_up.asked] == [SCHOOL, HEALTH, SOCIAL_CARE]  # type: ignore[union-attr]  # it has closed
    assert following_up.open_to(story.case, HEALTH)
    to = Recipient(Side.RAISING, HEALTH, LEAD)
    assert not asking.is_met(story.case, Ask.FOLLOW_UP, to, stage=1, about=None)


# ---- Agreed over a dissent -------------------------------------------------------------------------------------------


def test_what_the_lead_agrees_is_not_silently_settled_over_a_recorded_dissent() -> None:
    story = over_a_dissent()
    assert f"{SCHOOL} {RAISER}" in told(story, NoticeKind.DISSENT)
    story.agrees()
    assert story.case.status is Status.OPEN
    assert not story.runs("consider")
    assert story.clock("team-look").waits_for is Side.TEAM
    assert told(story, NoticeKind.AGREEMENT_WAITS) == [f"{SCHOOL} {RAISER}", "team team", f"{HEALTH} {LEAD}"]
    again = acts.Agree(**story.by_raiser(), outcome=Outcome.AGREED_AS_ASKED)
    assert story.refused(again).code == "agreement_waits"


def test_the_team_says_that_it_settles_it_on_the_word_of_the_raising_side() -> None:
    story = over_a_dissent()
    story.agrees(Outcome.AGREED_IN_PART)
    story.act(acts.AnswerAgreement(**story.by_team(), settles=True))
    assert (story.case.status, story.case.outcome) == (Status.CLOSED, Outcome.AGREED_IN_PART)
    assert story.case.on_word_of is Side.RAISING
    assert story.case.dissents
    assert not story.runs("team-look")


def test_the_team_says_that_it_goes_on_and_the_lead_is_asked_what_comes_next() -> None:
    story = over_a_dissent()
    story.agrees()
    story.act(acts.AnswerAgreement(**story.by_team(), settles=False))
    assert (story.case.status, story.case.agreement) == (Status.OPEN, None)
    assert told(story, NoticeKind.NOT_SETTLED) == [f"{SCHOOL} {RAISER}", f"{HEALTH} {LEAD}"]
    assert not story.runs("team-look")
    nothing = acts.AnswerAgreement(**story.by_team(), settles=True)
    assert story.refused(nothing).code == "nothing_to_decide"


def test_only_the_team_says_what_the_agreement_comes_to() -> None:
    story = over_a_dissent()
    story.agrees()
    for by in (raiser(), beside()):
        act = acts.AnswerAgreement(**origin(by, story.now), settles=True)
        assert story.refused(act).code == access.NOT_YOUR_SIDE


def test_whoever_is_on_record_against_it_may_take_it_up_and_nobody_else_beside_the_lead() -> None:
    story = together(HEALTH, NURSERY)
    story.later(hours=1).responds()
    disagrees(story)
    story.agrees()
    assert story.refused(acts.MoveUp(**origin(beside(NURSERY), story.now))).code == access.NOT_YOUR_SIDE
    story.act(acts.MoveUp(**origin(beside(), story.now)))
    story.later(days=3)
    assert (story.case.stage, story.case.agreement) == (2, None)
    assert not story.runs("team-look")


def test_where_the_policy_says_so_the_agreement_settles_it_and_the_dissent_stands_beside() -> None:
    story = over_a_dissent(policy(over_dissent=OverDissent.SETTLES))
    story.agrees()
    assert story.case.status is Status.CLOSED
    assert [one.agency_id for one in story.case.dissents] == [HEALTH]


# ---- Who raises it changes -------------------------------------------------------------------------------------------


def test_one_of_them_leaves_and_it_goes_on() -> None:
    story = together(HEALTH, NURSERY)
    running = [clock for clock in story.case.clocks if clock.running]
    change(story, beside(), leave=(HEALTH,), because=LeaveReason.NO_LONGER_OURS)
    assert (story.case.co_raisers, story.case.left_raising) == ((NURSERY,), (HEALTH,))
    assert [clock for clock in story.case.clocks if clock.running] == running
    assert not access.reads_by_link(story.case, Recipient(Side.RAISING, HEALTH, LEAD), now=story.now)
    assert told(story, NoticeKind.RAISERS) == [
        f"{SCHOOL} {RAISER}",
        f"{SOCIAL_CARE} practitioner",
        "team team",
        f"{NURSERY} {LEAD}",
    ]
    heard = len([notice for _, notice in story.notices() if notice.to.agency_id == HEALTH])
    story.later(hours=1).responds()
    assert heard == len([notice for _, notice in story.notices() if notice.to.agency_id == HEALTH])
    assert story.refused(acts.AddWords(**origin(beside(), story.now))).code == access.NOT_YOUR_SIDE


@pytest.mark.parametrize("said", [{"add": (NURSERY,)}, {"leave": (NURSERY,)}, {"leave": (HEALTH,), "lead": NURSERY}])
def test_an_agency_says_for_itself_alone_that_it_leaves_and_the_team_does_all_else(said: dict[str, Any]) -> None:
    story = together(HEALTH, NURSERY)
    act = acts.ChangeRaisers(**origin(beside(), story.now), because=LeaveReason.OTHER, **said)
    assert story.refused(act).code == access.NOT_YOUR_SIDE


def test_a_lead_passes_to_another_whose_own_contact_has_it_from_then_on() -> None:
    story = together()
    story.later(hours=1).responds()
    assert story.clock("consider").agency_id == SCHOOL
    change(story, lead=HEALTH, leave=(SCHOOL,), because=LeaveReason.NO_LONGER_OURS)
    assert (story.case.raising_agency, story.case.co_raisers) == (HEALTH, ())
    assert story.clock("consider").agency_id == HEALTH
    assert f"{SCHOOL} {LEAD}" in told(story, NoticeKind.REMOVED)
    old = acts.Agree(**story.by_raiser(), outcome=Outcome.AGREED_AS_ASKED)
    assert story.refused(old).code == access.NOT_YOUR_SIDE
    story.act(acts.Agree(**origin(raiser(HEALTH, RAISER), story.now), outcome=Outcome.AGREED_AS_ASKED))
    assert story.case.status is Status.CLOSED


def test_a_lead_that_passes_stays_beside_the_new_one() -> None:
    story = over_a_dissent()
    story.agrees()
    change(story, lead=HEALTH)
    assert (story.case.raising_agency, story.case.co_raisers) == (HEALTH, (SCHOOL,))
    # What the other lead agreed waits for nobody any more: the new one says whether it is settled.
    assert story.case.agreement is None
    assert not story.runs("team-look")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "nothing_chosen"),
        ({"add": (SCHOOL,)}, "raises_already"),
        ({"add": (SOCIAL_CARE,)}, "same_agency"),
        ({"leave": (POLICE,)}, "not_a_raiser"),
        ({"leave": (HEALTH,), "because": None}, "reason_needed"),
        ({"leave": (SCHOOL,)}, "lead_needed"),
        ({"lead": SCHOOL}, "leads_already"),
        ({"lead": POLICE}, "not_a_raiser"),
        ({"add": (POLICE, POLICE)}, "named_twice"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(said: dict[str, Any], code: str) -> None:
    story = together()
    act = acts.ChangeRaisers(**{**story.by_team(), "because": LeaveReason.OTHER, **said})
    assert story.refused(act).code == code


def test_when_nobody_is_left_who_disagrees_the_lead_says_anew_whether_it_is_settled() -> None:
    story = over_a_dissent()
    story.agrees()
    change(story, beside(), leave=(HEALTH,), because=LeaveReason.DEALT_WITH)
    assert story.case.agreement is None
    assert not story.runs("team-look")
    story.agrees()
    assert story.case.status is Status.CLOSED


def test_an_agency_that_raises_it_is_not_asked_to_answer_it_as_well() -> None:
    story = together()
    act = acts.ChangeParties(**story.by_team(), add=(HEALTH,))
    assert story.refused(act).code == "same_agency"


def test_time_alone_changes_nothing_of_who_raises_it() -> None:
    story = together(under=frame().policy).at("2027-06-01 10:00")
    assert story.case.co_raisers == (HEALTH,)
    assert "raisers_changed" not in story.kinds()


def test_a_notice_to_one_that_has_left_is_settled_instead_of_sent() -> None:
    story = together()
    change(story, beside(), leave=(HEALTH,), because=LeaveReason.NAMED_IN_ERROR)
    to = Recipient(Side.RAISING, HEALTH, LEAD)
    told = next(notice for _, notice in story.notices() if notice.kind is NoticeKind.TOGETHER)
    assert not notices.overtaken(together().case, told.kind, stage=told.stage, about=None, to=to), "a stage began since"
    assert notices.overtaken(story.case, NoticeKind.ACKNOWLEDGED, stage=1, about=None, to=to)
    assert not notices.overtaken(story.case, NoticeKind.REMOVED, stage=1, about=None, to=to)
