"""Advice from somebody outside an escalation: who may be asked, what they read, who is told, and that nothing moves.

Source: the rules of practice ("Who sees what, and when"; "an adviser invited to one case").
"""

from __future__ import annotations

from typing import Any

import pytest

from escalations.policy import AdviserReads, AdviserRule, Policy, Side
from escalations.rules import access, acts, events, notices
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.case import DeliveryState, KnownBy, Outcome, PartyReason, ReopenReason, Status
from escalations.rules.notices import NoticeKind, Recipient
from escalations.rules.workingtime import Amount, Unit
from tests import builders
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, Story, civil, origin

DOCTOR = AdviserRule(
    role="designated_doctor",
    title="Designated doctor",
    asked_by=(Side.TEAM, Side.RAISING, Side.RESPONDING),
    reads=AdviserReads.SIDE_THAT_ASKED,
    within=Amount(value=5, unit=Unit.WORKING_DAYS),
)
LAWYER = AdviserRule(role="legal_adviser", title="Legal adviser", from_stage=2, reads=AdviserReads.BOTH_SIDES)


def with_advisers(*rules: AdviserRule) -> Policy:
    return builders.frame().policy.model_copy(update={"advisers": rules or (DOCTOR, LAWYER)})


def raised(policy: Policy | None = None, *, delivered: bool = True, **more: Any) -> Story:  # noqa: ANN401
    story = Story(policy=policy or with_advisers())
    story.delivers = delivered
    return story.raised(**more)


def invitation(story: Story, role: str = "designated_doctor", **more: Any) -> acts.InviteAdviser:  # noqa: ANN401
    return acts.InviteAdviser(**story.by_team(), role=role, **more)


def adviser(name: str = "adviser_a") -> Actor:
    return Actor(side=Side.OUTSIDE, position=name)


def advice(story: Story, name: str = "adviser_a", **more: Any) -> acts.GiveAdvice:  # noqa: ANN401
    return acts.GiveAdvice(**origin(adviser(name), story.now), adviser=name, **more)


def told(story: Story, *kinds: NoticeKind) -> list[str]:
    return [f"{one.to.agency_id or one.to.side} {one.to.position}" for _, one in story.notices() if one.kind in kinds]


def test_who_is_asked_and_both_sides_hear_of_it_by_role_and_no_clock_changes() -> None:
    story = raised()
    before = story.case.clocks
    story.act(invitation(story))
    asked = story.last(events.AdviserInvited)
    assert (asked.adviser, asked.role, asked.reads_of) == ("adviser_a", "designated_doctor", ())
    assert asked.until == civil("2027-03-08 17:00")
    assert story.case.clocks == before
    assert told(story, NoticeKind.ASKED_TO_ADVISE) == ["outside adviser_a"]
    assert told(story, NoticeKind.ADVISER_ASKED) == [f"{SCHOOL} raiser", f"{SOCIAL_CARE} practitioner"]


def test_advice_answers_for_nobody_and_is_told_to_both_sides_and_the_team() -> None:
    story = raised()
    story.act(invitation(story))
    before = (story.case.clocks, story.case.stage, story.case.parties)
    story.act(advice(story))
    assert (story.case.clocks, story.case.stage, story.case.parties) == before
    assert told(story, NoticeKind.ADVICE_GIVEN) == [f"{SCHOOL} raiser", f"{SOCIAL_CARE} practitioner", "team team"]
    given = story.case.adviser("adviser_a")
    assert given is not None
    assert given.advised_at == story.now


def test_whoever_cannot_advise_says_so_and_can_add_to_it() -> None:
    story = raised()
    story.act(invitation(story))
    story.act(advice(story, declined=True))
    story.act(advice(story))
    given = story.case.adviser("adviser_a")
    assert given is not None
    assert not given.declined


@pytest.mark.parametrize(
    ("more", "reads"),
    [
        ({}, ()),
        ({"on_word_of": Side.RAISING}, (SCHOOL,)),
        ({"on_word_of": Side.RESPONDING, "agency_id": SOCIAL_CARE}, (SOCIAL_CARE,)),
        ({"known_by": KnownBy.MEETING}, (SCHOOL, SOCIAL_CARE)),
    ],
)
def test_what_an_adviser_reads_is_the_side_that_asked_or_both_where_both_agreed(
    more: dict[str, Any], reads: tuple[str, ...]
) -> None:
    story = raised()
    story.act(invitation(story, **more))
    assert story.last(events.AdviserInvited).reads_of == reads
    of = {
        SCHOOL: Actor(side=Side.RAISING, agency_id=SCHOOL),
        SOCIAL_CARE: Actor(side=Side.RESPONDING, agency_id=SOCIAL_CARE),
    }
    assert tuple(agency for agency, by in of.items() if access.adviser_reads(story.case, "adviser_a", by)) == reads
    assert not access.adviser_reads(story.case, "adviser_a", builders.TEAM)


def test_a_policy_that_lets_an_adviser_read_both_holds_for_the_team_only_once_the_partnership_was_told() -> None:
    quiet = with_advisers(DOCTOR.model_copy(update={"reads": AdviserReads.BOTH_SIDES}))
    story = raised(quiet)
    assert story.case.partnership_told_at is None
    story.act(invitation(story))
    assert story.last(events.AdviserInvited).reads_of == ()
    wished = raised(quiet)
    wished.act(invitation(wished, on_word_of=Side.RAISING))
    assert wished.last(events.AdviserInvited).reads_of == (SCHOOL, SOCIAL_CARE)


def test_an_agency_that_comes_later_has_agreed_to_nothing_and_one_taken_out_is_read_no_more() -> None:
    story = raised(responding_agencies=(SOCIAL_CARE, POLICE))
    story.act(invitation(story, known_by=KnownBy.PHONE))
    change = acts.ChangeParties(**story.by_team(), add=("health",), remove=(POLICE,), because=PartyReason.OTHER)
    story.act(change)
    for agency, reads in ((SOCIAL_CARE, True), ("health", False), (POLICE, False)):
        by = Actor(side=Side.RESPONDING, agency_id=agency)
        assert access.adviser_reads(story.case, "adviser_a", by) is reads


@pytest.mark.parametrize(
    ("role", "more", "code"),
    [
        ("chair", {}, "no_such_role"),
        ("legal_adviser", {}, "not_at_this_stage"),
        ("designated_doctor", {"on_word_of": Side.RESPONDING}, "not_a_party"),
        ("designated_doctor", {"on_word_of": Side.RESPONDING, "agency_id": "health"}, "not_a_party"),
    ],
)
def test_whom_the_policy_does_not_let_be_asked_is_not_asked(role: str, more: dict[str, Any], code: str) -> None:
    story = raised()
    assert story.refused(invitation(story, role, **more)).code == code


def test_a_side_cannot_wish_for_an_adviser_whom_the_policy_leaves_to_the_team() -> None:
    story = raised(with_advisers(DOCTOR.model_copy(update={"asked_by": (Side.TEAM,)})))
    assert story.refused(invitation(story, on_word_of=Side.RAISING)).code == "not_by_this_side"


def test_without_a_word_in_the_policy_the_team_asks_somebody_who_reads_the_question_alone() -> None:
    story = raised(builders.frame().policy)
    story.act(invitation(story, "adviser"))
    assert story.last(events.AdviserInvited).reads_of == ()
    assert story.refused(invitation(story, "adviser")).code == "already_asked"


def test_nobody_is_asked_before_every_agency_has_been_told() -> None:
    story = raised(delivered=False)
    assert story.refused(invitation(story)).code == "not_told_yet"
    story.delivered(state=DeliveryState.UNDELIVERED)
    assert story.refused(invitation(story)).code == "not_told_yet"
    story.team_phones()
    story.act(invitation(story))
    held = raised(responding_agencies=(), delivered=False)
    assert held.refused(invitation(held)).code == "held"


def test_only_whoever_was_asked_advises_and_only_while_it_lasts() -> None:
    story = raised()
    story.act(invitation(story))
    other = acts.GiveAdvice(**origin(adviser("adviser_b"), story.now), adviser="adviser_a")
    assert story.refused(other).code == "not_your_side"
    link = Recipient(Side.OUTSIDE, None, "adviser_a")
    assert access.reads_by_link(story.case, link, now=story.now)
    story.at("2027-03-08 17:01")
    assert not access.reads_by_link(story.case, link, now=story.now)
    assert story.refused(advice(story)).code == "advice_over"
    story.act(acts.GiveAdvice(**story.by_team(), adviser="adviser_a"))


def test_what_the_team_ends_shows_nothing_any_more_and_whoever_was_asked_is_told() -> None:
    story = raised()
    story.act(invitation(story))
    story.act(acts.EndAdvice(**story.by_team(), adviser="adviser_a"))
    assert not access.reads_by_link(story.case, Recipient(Side.OUTSIDE, None, "adviser_a"), now=story.now)
    assert told(story, NoticeKind.ADVICE_ENDED) == ["outside adviser_a"]
    assert story.refused(acts.EndAdvice(**story.by_team(), adviser="adviser_a")).code == "already_ended"
    story.act(invitation(story))
    assert [one.adviser_id for one in story.case.advisers] == ["adviser_a", "adviser_b"]


def test_it_ends_with_the_escalation_and_whoever_was_still_asked_is_told_also_if_it_opens_again() -> None:
    story = raised()
    story.act(invitation(story))
    story.agrees(Outcome.AGREED_AS_ASKED)
    assert story.case.status is Status.CLOSED
    assert told(story, NoticeKind.ADVICE_ENDED) == ["outside adviser_a"]
    story.act(acts.Reopen(**story.by_team(), because=ReopenReason.NOT_DONE))
    assert not access.reads_by_link(story.case, Recipient(Side.OUTSIDE, None, "adviser_a"), now=story.now)


def test_whoever_has_advised_is_not_told_of_the_end() -> None:
    story = raised()
    story.act(invitation(story))
    story.act(advice(story))
    story.agrees(Outcome.AGREED_AS_ASKED)
    assert told(story, NoticeKind.ADVICE_ENDED) == []


def test_a_message_that_does_not_reach_an_adviser_is_told_to_the_team_and_starts_nothing() -> None:
    story = raised()
    story.act(invitation(story))
    before, unreached = story.case.clocks, story.case.unreached
    story.act(
        acts.ReportDelivery(
            submission_id="d1",
            by=SYSTEM,
            channel=Channel.SYSTEM,
            received_at=story.now,
            notice_id="n-adviser",
            outside="adviser_a",
            stage=1,
            starts_clocks=False,
            state=DeliveryState.UNDELIVERED,
        )
    )
    assert (story.case.clocks, story.case.unreached) == (before, unreached)
    assert told(story, NoticeKind.DELIVERY_TROUBLE) == ["team team"]
    asked = story.case.adviser("adviser_a")
    assert asked is not None
    assert asked.unreached


def test_what_has_ended_before_it_left_is_not_sent() -> None:
    story = raised()
    story.act(invitation(story))
    assert not notices.overtaken(story.case, NoticeKind.ASKED_TO_ADVISE, stage=1, about="adviser_a")
    story.act(acts.EndAdvice(**story.by_team(), adviser="adviser_a"))
    assert notices.overtaken(story.case, NoticeKind.ASKED_TO_ADVISE, stage=1, about="adviser_a")
