"""Who is told what at each thing that happens, and that nobody else is told anything.

Source: practice, "Who sees what, and when", "Never by a timer, a parser or a score" and "A child must not wait in a
queue of ours".
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from escalations.packs import reading
from escalations.policy import FinalBody, Policy, Side, Track
from escalations.rules import acts, case, evolving, notices
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.case import DeliveryState, Done, Outcome
from escalations.rules.notices import RAISER, Ask, Notice, NoticeKind, Recipient
from tests import builders
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, Story


class Post:
    """What a story's events oblige us to tell: each notice is named once, as "kind: whom (asked)"."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._state = case.new(builders.REFERENCE, story.frame)
        self._seen = 0
        self.all: list[Notice] = []

    def notices(self) -> list[Notice]:
        """Give what was told since the last time that somebody asked."""
        told: list[Notice] = []
        for event in self.story.happened[self._seen :]:
            self._state = evolving.evolve(self._state, event)
            told += notices.notices_for(self._state, event)
        self._seen = len(self.story.happened)
        self.all += told
        return told

    def told(self) -> list[str]:
        """Give the same in words, sorted."""
        return sorted(in_words(notice) for notice in self.notices())


def in_words(notice: Notice) -> str:
    return f"{notice.kind.value}: {who(notice.to)} ({notice.asks.value})"


def who(to: Recipient) -> str:
    if to.side is Side.RAISING:
        return RAISER if to.position == RAISER else f"raising {to.position}"
    if to.side is Side.RESPONDING:
        return f"{to.agency_id} {to.position}"
    return f"{to.side.value} {to.position}" if to.side is Side.FINAL_BODY else to.position


def exactly(*lines: str) -> list[str]:
    return sorted(lines)


def of_kind(told: Iterable[str], kind: str) -> list[str]:
    return [line.removeprefix(f"{kind}: ") for line in told if line.startswith(f"{kind}: ")]


@pytest.fixture
def story() -> Story:
    """Give a case that was raised on Monday 1 March 2027 at 09:30 and whose notice arrived at once."""
    return Story().raised()


@pytest.fixture
def post(story: Story) -> Post:
    """Give its post, with what the raising brought already looked at."""
    post = Post(story)
    post.notices()
    return post


def act(story: Story, kind: type[acts.ActModel], by: Actor, **more: object) -> None:
    story.act(kind(**builders.origin(by, story.now), **more))  # type: ignore[arg-type]  # one of the acts


# ---- Raised ---------------------------------------------------------------------------------------------------------


def test_at_the_raising_the_raiser_gets_a_receipt_and_the_agency_is_asked(story: Story) -> None:
    assert Post(story).told() == exactly(
        f"asked: {SOCIAL_CARE} practitioner (respond)", "reached: raiser (read)", "receipt: raiser (read)"
    )


def test_the_notice_of_the_stage_and_no_other_starts_clocks(story: Story) -> None:
    assert [in_words(notice) for notice in Post(story).notices() if notice.starts_clocks] == [
        f"asked: {SOCIAL_CARE} practitioner (respond)"
    ]


def test_each_of_several_agencies_is_asked() -> None:
    post = Post(Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)))
    assert of_kind(post.told(), "asked") == [
        f"{SOCIAL_CARE} practitioner (respond)",
        f"{POLICE} practitioner (respond)",
    ]


def test_what_is_held_is_told_to_the_raiser_and_the_team_and_to_no_agency() -> None:
    assert Post(Story().raised(responding_agencies=())).told() == exactly("held: team (team)", "receipt: raiser (read)")


def test_what_the_team_entered_for_somebody_mails_nobody_until_it_is_passed_on() -> None:
    story = Story().raised(hold=True, channel=Channel.TEAM, by=builders.TEAM)
    post = Post(story)
    assert post.told() == ["held: team (team)"]
    act(story, acts.PassOn, builders.TEAM, responding_agencies=(SOCIAL_CARE,))
    told = post.told()
    assert f"asked: {SOCIAL_CARE} practitioner (respond)" in told
    assert "receipt: raiser (read)" in told, "whoever it was entered for hears of it now, for the first time"


def test_the_raiser_hears_that_it_was_passed_on() -> None:
    story = Story().raised(responding_agencies=())
    post = Post(story)
    post.notices()
    act(story, acts.PassOn, builders.TEAM, responding_agencies=(SOCIAL_CARE,))
    assert post.told() == exactly(
        f"asked: {SOCIAL_CARE} practitioner (respond)", "passed_on: raiser (read)", "reached: raiser (read)"
    )


# ---- Not delivered --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [DeliveryState.UNDELIVERED, DeliveryState.NO_ONE_IN_POST])
def test_a_notice_that_does_not_arrive_is_told_at_once_to_the_team_and_the_raiser(state: DeliveryState) -> None:
    """A defect that peers mended: a level that resolves to nobody waited its full delay and told no one."""
    story = Story()
    story.delivers = False
    story.raised()
    post = Post(story)
    post.notices()
    story.delivered(state=state)
    assert post.told() == exactly("delivery_trouble: team (team)", "not_delivered: raiser (read)")


def test_what_the_team_leaves_undone_goes_to_its_deputy() -> None:
    story = Story()
    story.delivers = False
    story.raised()
    story.delivered(state=DeliveryState.UNDELIVERED)
    post = Post(story)
    post.notices()
    story.at("2027-03-01 10:30")
    assert post.told() == ["reminder: team (team)"]
    story.at("2027-03-01 11:30")
    assert post.told() == exactly("limit_passed: team (team)", "limit_passed: team_deputy (team)")


# ---- Time -----------------------------------------------------------------------------------------------------------


def test_a_reminder_goes_to_whom_the_clock_waits_for_and_the_last_one_asks_the_team_to_phone(
    story: Story,
    post: Post,
) -> None:
    story.at("2027-03-02 14:00")
    assert post.told() == exactly("please_phone: team (team)", f"reminder: {SOCIAL_CARE} practitioner (respond)")


def test_where_something_is_recorded_nobody_is_asked_to_phone(story: Story, post: Post) -> None:
    story.acknowledges()
    post.notices()
    story.at("2027-03-05 09:00")
    assert post.told() == [f"reminder: {SOCIAL_CARE} practitioner (respond)"]


def test_at_a_passed_limit_both_sides_and_their_managers_are_told_and_the_raiser_is_asked(
    story: Story,
    post: Post,
) -> None:
    story.at("2027-03-02 14:00")
    post.notices()
    story.at("2027-03-02 17:00")
    assert post.told() == exactly(
        "asked_to_choose: raiser (choose)",
        f"limit_passed: {SOCIAL_CARE} manager (read)",
        f"limit_passed: {SOCIAL_CARE} practitioner (respond)",
        "limit_passed: raising manager (read)",
    ), "the raiser hears of the limit in the message that asks them, and not in two at once"


def test_a_question_to_the_raiser_that_stays_open_goes_to_their_lead_the_team_and_the_other_side(
    story: Story, post: Post
) -> None:
    story.at("2027-03-02 17:00")
    post.notices()
    story.at("2027-03-03 17:00")
    assert post.told() == exactly(
        f"limit_passed: {SOCIAL_CARE} practitioner (read)",
        "limit_passed: raiser (choose)",
        "limit_passed: raising escalation_lead (read)",
        "limit_passed: team (team)",
    ), "both sides are asked for their account of a delay, whoever it waited for"


def test_on_the_urgent_track_a_conversation_is_asked_for_within_hours() -> None:
    story = Story().raised(track=Track.URGENT)
    post = Post(story)
    post.notices()
    story.at("2027-03-01 11:30")
    told = post.told()
    assert f"{SOCIAL_CARE} practitioner (respond)" in of_kind(told, "reminder")
    assert of_kind(told, "limit_passed") == [
        f"{SOCIAL_CARE} manager (read)",
        f"{SOCIAL_CARE} practitioner (respond)",
        "raising manager (read)",
    ]
    assert of_kind(told, "asked_to_choose") == ["raiser (choose)"]


def test_the_raiser_is_not_left_five_working_days_without_word() -> None:
    story = Story()
    story.delivers = False
    story.raised()
    post = Post(story)
    post.notices()
    story.at("2027-03-08 17:00")
    assert post.told() == ["still_open: raiser (read)"]


# ---- Answers --------------------------------------------------------------------------------------------------------


def test_an_acknowledgement_is_told_to_the_raiser_alone(story: Story, post: Post) -> None:
    story.acknowledges()
    assert post.told() == ["acknowledged: raiser (read)"]


def test_an_answer_is_told_to_the_raiser_who_is_asked_to_consider_it(story: Story, post: Post) -> None:
    story.responds()
    assert post.told() == ["answered: raiser (consider)"]


def test_an_answer_for_a_stage_left_is_there_to_read_and_asks_nothing(story: Story, post: Post) -> None:
    story.moves_up()
    story.at("2027-03-03 12:00")
    assert story.case.stage == 2
    post.notices()
    story.responds(position="practitioner")
    assert post.told() == ["answered: raiser (read)"]


def test_whoever_recorded_a_conversation_is_not_told_of_it() -> None:
    story = Story().raised(track=Track.URGENT)
    post = Post(story)
    post.notices()
    act(story, acts.ReachedByPerson, builders.raiser(), agency_id=SOCIAL_CARE, position="practitioner")
    assert post.told() == []


def test_a_conversation_that_the_agency_recorded_is_told_to_the_raiser() -> None:
    story = Story().raised(track=Track.URGENT)
    post = Post(story)
    post.notices()
    act(story, acts.ReachedByPerson, builders.responder(), agency_id=SOCIAL_CARE, position="practitioner")
    assert post.told() == ["acknowledged: raiser (read)"]


def test_an_automatic_reply_tells_nobody_and_one_that_cannot_be_read_tells_the_team(story: Story, post: Post) -> None:
    for message, told in (("automatic_reply", []), ("unreadable_reply", ["unreadable: team (team)"])):
        story.act(
            acts.ReportMessage(
                **{**builders.origin(SYSTEM, story.now), "channel": Channel.SYSTEM},
                agency_id=SOCIAL_CARE,
                message=message,  # type: ignore[arg-type]  # one of the two
            )
        )
        assert post.told() == told


def test_what_one_side_says_was_done_the_other_side_is_asked_to_confirm(story: Story, post: Post) -> None:
    story.at("2027-03-01 15:00")
    story.says_done("2027-03-01 11:00")
    assert post.told() == ["asked_to_confirm: raiser (confirm)"]
    act(story, acts.SayDone, builders.raiser(), done=Done.SPOKE, agency_id=SOCIAL_CARE, happened_at=story.now)
    assert post.told() == [f"asked_to_confirm: {SOCIAL_CARE} practitioner (confirm)"]


def test_a_confirmed_answer_is_put_before_the_raiser_like_one_in_writing(story: Story, post: Post) -> None:
    story.at("2027-03-01 15:00")
    claim = story.says_done("2027-03-01 11:00")
    post.notices()
    story.confirms(claim)
    assert post.told() == exactly("answered: raiser (consider)", f"confirmed: {SOCIAL_CARE} practitioner (respond)")


def test_whoever_said_it_hears_that_it_was_denied(story: Story, post: Post) -> None:
    story.at("2027-03-01 15:00")
    claim = story.says_done("2027-03-01 11:00")
    post.notices()
    story.denies(claim)
    assert post.told() == [f"denied: {SOCIAL_CARE} practitioner (respond)"]


def test_everyone_who_was_told_of_a_limit_that_was_kept_hears_that_no_action_is_needed(
    story: Story,
    post: Post,
) -> None:
    story.at("2027-03-02 17:00")
    told = {
        notice.to for notice in post.notices() if notice.kind in {NoticeKind.LIMIT_PASSED, NoticeKind.ASKED_TO_CHOOSE}
    }
    story.at("2027-03-03 10:00")
    story.confirms(story.says_done("2027-03-02 11:00"))
    undone = [notice for notice in post.notices() if notice.kind is NoticeKind.NO_ACTION_NEEDED]
    assert {notice.to for notice in undone} == told
    assert len(undone) == len(told)
    assert {notice.asks for notice in undone} == {Ask.READ}


# ---- Moving up ------------------------------------------------------------------------------------------------------


def test_before_a_move_up_the_level_passed_over_is_told(story: Story, post: Post) -> None:
    story.moves_up()
    (notice,) = post.notices()
    assert in_words(notice) == f"move_intended: {SOCIAL_CARE} practitioner (respond)"
    assert notice.due_at == builders.civil("2027-03-02 17:00")


def test_on_the_urgent_track_a_move_up_waits_for_nobody_to_be_told() -> None:
    story = Story().raised(track=Track.URGENT)
    post = Post(story)
    post.notices()
    story.moves_up()
    told = post.told()
    assert not of_kind(told, "move_intended")
    assert of_kind(told, "asked") == [f"{SOCIAL_CARE} manager (respond)"]


def test_whoever_was_told_of_a_move_up_hears_that_it_is_not_made(story: Story, post: Post) -> None:
    story.moves_up()
    post.notices()
    act(story, acts.Stay, builders.raiser())
    assert post.told() == [f"staying: {SOCIAL_CARE} practitioner (respond)"]


def test_at_the_next_stage_a_second_person_on_each_side_is_told_and_the_partnership(story: Story, post: Post) -> None:
    story.acknowledges()
    story.moves_up()
    post.notices()
    story.at("2027-03-02 17:00")
    assert post.told() == exactly(
        f"asked: {SOCIAL_CARE} manager (respond)",
        f"moved: {SOCIAL_CARE} practitioner (read)",
        "moved: raiser (read)",
        "moved: raising manager (read)",
        "partnership_stage: team (team)",
        "reached: raiser (read)",
    )


def test_a_settled_agency_does_not_move_up_with_the_other() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE))
    post = Post(story)
    act(story, acts.Agree, builders.raiser(), outcome=Outcome.AGREED_AS_ASKED, agency_id=POLICE)
    post.notices()
    story.moves_up()
    story.at("2027-03-02 17:00")
    assert not [line for line in post.told() if POLICE in line]


def at_the_final_stage(policy: Policy | None = None) -> Story:
    story = Story(policy=policy).raised(track=Track.URGENT)
    for _ in range(3):
        story.later(minutes=10)
        story.moves_up()
    assert story.case.stage == 4
    return story


def test_at_the_last_stage_the_final_body_is_asked_to_decide() -> None:
    told = Post(at_the_final_stage()).told()
    assert of_kind(told, "asked_to_decide") == ["final_body chair (decide)"]


def test_where_the_final_body_s_holder_works_for_a_party_the_alternate_is_asked_and_nobody_else() -> None:
    sample = reading.sample()
    body = FinalBody.model_validate({**sample.final_body.model_dump(), "works_for": SOCIAL_CARE})
    policy = Policy.model_validate({**sample.model_dump(), "final_body": body.model_dump()})
    told = Post(at_the_final_stage(policy)).told()
    assert of_kind(told, "asked_to_decide") == ["final_body alternate_chair (decide)"]


# ---- The end --------------------------------------------------------------------------------------------------------


def test_at_the_end_everyone_on_the_ladder_so_far_is_told_once(story: Story, post: Post) -> None:
    story.moves_up()
    story.at("2027-03-02 17:00")
    post.notices()
    story.agrees()
    assert post.told() == exactly(
        f"closed: {SOCIAL_CARE} manager (read)",
        f"closed: {SOCIAL_CARE} practitioner (read)",
        "closed: raiser (read)",
        "closed: raising manager (read)",
        "partnership_resolution: team (team)",
    )


def test_a_case_that_settles_before_the_partnership_was_told_is_not_told_to_it(story: Story, post: Post) -> None:
    story.agrees()
    assert post.told() == exactly(f"closed: {SOCIAL_CARE} practitioner (read)", "closed: raiser (read)")


def test_the_final_body_that_was_asked_hears_that_it_need_not_decide() -> None:
    story = at_the_final_stage()
    post = Post(story)
    post.notices()
    story.agrees()
    assert "closed: final_body chair (read)" in post.told()


def test_an_agency_hears_that_it_is_settled_with_it_while_it_goes_on_with_another() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE))
    post = Post(story)
    post.notices()
    act(story, acts.Agree, builders.raiser(), outcome=Outcome.AGREED_AS_ASKED, agency_id=POLICE)
    assert post.told() == [f"settled: {POLICE} practitioner (read)"]
    act(story, acts.Agree, builders.raiser(), outcome=Outcome.AGREED_AS_ASKED, agency_id=SOCIAL_CARE)
    assert of_kind(post.told(), "closed") == [
        f"{SOCIAL_CARE} practitioner (read)",
        f"{POLICE} practitioner (read)",
        "raiser (read)",
    ]


# ---- The partnership's team -----------------------------------------------------------------------------------------

BEFORE_IT_IS_TOLD = {
    NoticeKind.HELD,
    NoticeKind.DELIVERY_TROUBLE,
    NoticeKind.PLEASE_PHONE,
    NoticeKind.REMINDER,
    NoticeKind.LIMIT_PASSED,
    NoticeKind.UNREADABLE,
}
"""What the team sees to: dates, delivery trouble and what is held. None of these tells what a case is about."""


def lives() -> list[Story]:
    """Cases that stay at the first stage, each with much that happens there."""
    quiet = Story().raised().at("2027-03-09 12:00")
    talked = Story().raised().at("2027-03-01 15:00")
    talked.acknowledges()
    talked.denies(talked.says_done("2027-03-01 11:00"))
    talked.at("2027-03-04 12:00")
    talked.responds()
    talked.at("2027-03-12 12:00")
    talked.agrees()
    lost = Story()
    lost.delivers = False
    lost.raised()
    lost.delivered(state=DeliveryState.UNDELIVERED)
    lost.at("2027-03-05 12:00")
    held = Story().raised(responding_agencies=()).at("2027-03-02 12:00")
    return [quiet, talked, lost, held]


def test_before_the_partnership_is_told_its_team_hears_only_what_it_has_to_see_to() -> None:
    for story in lives():
        assert story.case.partnership_told_at is None
        to_team = [notice for notice in Post(story).notices() if notice.to.side is Side.TEAM]
        assert {notice.kind for notice in to_team} <= BEFORE_IT_IS_TOLD
        assert {notice.asks for notice in to_team} <= {Ask.TEAM}


def test_what_waits_for_the_responding_side_is_told_to_the_team_only_from_then_on(story: Story, post: Post) -> None:
    story.at("2027-03-02 17:00")
    assert "limit_passed: team (team)" not in post.told()
    story.moves_up()
    story.at("2027-03-03 17:00")
    post.notices()
    story.at("2027-03-04 17:00")
    assert "limit_passed: team (team)" in post.told()


def test_a_notice_names_positions_and_never_a_person() -> None:
    positions = {RAISER, notices.LEAD, notices.TEAM_DEPUTY, "team", "chair", "alternate_chair"}
    for stage in reading.sample().stages:
        positions |= {stage.raising_position, stage.responding_position}
    for story in [*lives(), at_the_final_stage()]:
        for notice in Post(story).notices():
            assert notice.to.position in positions
            assert notice.to.agency_id in {None, SCHOOL, SOCIAL_CARE, story.frame.policy.final_body.agency}


# ---- Overtaken ------------------------------------------------------------------------------------------------------


def overtaken(story: Story, notice: Notice) -> bool:
    return notices.overtaken(story.case, notice.kind, stage=notice.stage, about=notice.about)


def newest(post: Post, kind: NoticeKind) -> Notice:
    post.notices()
    return next(notice for notice in reversed(post.all) if notice.kind is kind)


def test_a_reminder_that_has_not_left_when_the_answer_comes_is_not_sent(story: Story, post: Post) -> None:
    story.at("2027-03-02 14:00")
    reminder, phone = newest(post, NoticeKind.REMINDER), newest(post, NoticeKind.PLEASE_PHONE)
    assert not overtaken(story, reminder)
    story.acknowledges()
    assert overtaken(story, reminder)
    assert overtaken(story, phone)


def test_a_passed_limit_that_has_not_left_when_it_is_found_kept_is_not_sent(story: Story, post: Post) -> None:
    story.at("2027-03-02 17:00")
    told = newest(post, NoticeKind.LIMIT_PASSED)
    assert not overtaken(story, told)
    story.confirms(story.says_done("2027-03-02 11:00"))
    assert overtaken(story, told)


def test_a_question_that_has_not_left_when_it_is_answered_is_not_sent(story: Story, post: Post) -> None:
    story.at("2027-03-02 17:00")
    asked = newest(post, NoticeKind.ASKED_TO_CHOOSE)
    act(story, acts.Stay, builders.raiser())
    assert overtaken(story, asked)


def test_the_notice_of_a_stage_left_is_not_sent_and_that_of_the_present_one_is(story: Story, post: Post) -> None:
    first = newest(Post(story), NoticeKind.ASKED)
    story.moves_up()
    intended = newest(post, NoticeKind.MOVE_INTENDED)
    assert not overtaken(story, intended)
    story.at("2027-03-02 17:00")
    assert overtaken(story, first)
    assert overtaken(story, intended)
    assert not overtaken(story, newest(post, NoticeKind.ASKED))


@pytest.mark.parametrize(
    "kind",
    [
        NoticeKind.RECEIPT,
        NoticeKind.ANSWERED,
        NoticeKind.MOVED,
        NoticeKind.CLOSED,
        NoticeKind.NO_ACTION_NEEDED,
        NoticeKind.PARTNERSHIP_STAGE,
        NoticeKind.NOT_DELIVERED,
    ],
)
def test_what_tells_of_something_that_happened_is_sent_however_late(story: Story, kind: NoticeKind) -> None:
    story.agrees()
    assert not notices.overtaken(story.case, kind, stage=1, about=None)


def test_nothing_that_asks_is_sent_once_a_case_is_closed(story: Story, post: Post) -> None:
    story.at("2027-03-02 17:00")
    asked = [
        notice
        for notice in post.notices()
        if notice.kind
        in {NoticeKind.REMINDER, NoticeKind.PLEASE_PHONE, NoticeKind.LIMIT_PASSED, NoticeKind.ASKED_TO_CHOOSE}
    ]
    story.agrees()
    assert asked
    assert all(overtaken(story, notice) for notice in asked)
