"""Both sides say how a delay came about before its cause is final.

Source: the rules of practice, "Evidence is fair" ("a cause is provisional until both agencies had 5 working days to add
their account and the team confirms it").
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalations.policy import Side
from escalations.rules import accounts, acts, asking, events
from escalations.rules.actors import Actor
from escalations.rules.case import Account, Cause, Clock, Done, Says
from escalations.rules.notices import RAISER, Ask, NoticeKind, Recipient
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, TEAM, Story, civil, origin, raiser, responder

UNTIL = civil("2027-03-09 17:00")
"""Five working days after the limit to acknowledge was noted."""


def passed(**more: object) -> Story:
    """Let the limit to acknowledge pass."""
    return Story().raised(**more).at("2027-03-02 17:00")


def account(
    story: Story,
    by: Actor | None = None,
    *,
    of: str = SOCIAL_CARE,
    says: Says = Says.NOBODY_THERE,
    clock: Clock | None = None,
) -> acts.Account:
    clock = clock or story.clock("acknowledge")
    by = by or (raiser() if of == SCHOOL else responder(agency=of))
    return acts.Account(**origin(by, story.now), clock_id=clock.clock_id, agency_id=of, says=says)


def confirmation(story: Story) -> acts.ConfirmCause:
    clock = story.clock("acknowledge")
    return acts.ConfirmCause(**story.by_team(), clock_id=clock.clock_id, cause=Cause.SILENT)


def test_each_side_gives_its_account_and_it_changes_no_cause() -> None:
    story = passed().at("2027-03-03 10:00")
    story.act(account(story))
    story.act(account(story, of=SCHOOL, says=Says.AS_RECORDED))
    clock = story.clock("acknowledge")
    assert clock.cause is Cause.SILENT
    assert clock.accounts == (
        Account(Side.RESPONDING, SOCIAL_CARE, Says.NOBODY_THERE, story.now),
        Account(Side.RAISING, SCHOOL, Says.AS_RECORDED, story.now),
    )
    assert [event.all_given for event in story.happened if isinstance(event, events.AccountAdded)] == [False, True]


@pytest.mark.parametrize(
    ("by", "of"),
    [
        (responder(agency=POLICE), POLICE),
        (responder(), SCHOOL),
        (raiser(), SOCIAL_CARE),
        (raiser(agency="elm-school"), "elm-school"),
        (Actor(side=Side.RESPONDING), SOCIAL_CARE),
    ],
)
def test_nobody_gives_the_account_of_another_agency(by: Actor, of: str) -> None:
    story = passed()
    assert story.refused(account(story, by, of=of)).code == "not_your_side"


@pytest.mark.parametrize("position", ["practitioner", "manager"])
def test_a_manager_who_was_told_of_the_delay_speaks_for_the_agency_too(position: str) -> None:
    story = passed()
    story.act(account(story, responder(position)))
    assert accounts.of(story.clock("acknowledge"), SOCIAL_CARE)


def test_whoever_raised_it_speaks_for_their_agency_at_their_own_address() -> None:
    story = passed()
    story.act(account(story, raiser(position=RAISER), of=SCHOOL))
    assert accounts.of(story.clock("acknowledge"), SCHOOL)


def test_the_team_writes_down_what_either_side_says_by_phone() -> None:
    story = passed()
    story.act(account(story, TEAM))
    story.act(account(story, TEAM, of=SCHOOL))
    assert accounts.all_given(story.case, story.clock("acknowledge"))
    assert story.refused(account(story, TEAM, of=POLICE)).code == "not_asked"


def test_both_accounts_let_the_team_confirm_before_the_time_is_over_and_one_does_not() -> None:
    story = passed().at("2027-03-03 10:00")
    assert story.refused(confirmation(story)).code == "accounts_still_open"
    story.act(account(story))
    assert story.refused(confirmation(story)).code == "accounts_still_open"
    story.act(account(story, of=SCHOOL))
    story.act(confirmation(story))
    assert story.clock("acknowledge").cause_confirmed_at == story.now


def test_with_several_agencies_only_the_one_that_was_waited_for_is_asked_beside_the_raising_one() -> None:
    story = passed(responding_agencies=(SOCIAL_CARE, POLICE))
    of_police = next(clock for clock in story.case.clocks if clock.agency_id == POLICE and clock.limit_passed_at)
    assert accounts.whose(story.case, of_police) == ((Side.RAISING, SCHOOL), (Side.RESPONDING, POLICE))
    assert story.refused(account(story, clock=of_police)).code == "not_asked"


def test_an_account_after_the_cause_was_confirmed_is_looked_at_within_its_time_and_refused_after_it() -> None:
    story = passed().at("2027-03-03 10:00")
    story.act(account(story))
    story.act(account(story, of=SCHOOL))
    story.act(confirmation(story))
    story.until(UNTIL)
    story.act(account(story, says=Says.OTHER))
    assert story.clock("acknowledge").cause_confirmed_at is None
    story.act(confirmation(story))
    story.until(UNTIL + timedelta(minutes=1))
    refused = story.refused(account(story))
    assert refused.code == "cause_confirmed"
    assert "please tell the partnership team" in refused.sentence


def test_an_account_is_late_only_once_the_cause_is_final() -> None:
    story = passed().until(UNTIL + timedelta(days=30))
    story.act(account(story))
    assert accounts.of(story.clock("acknowledge"), SOCIAL_CARE)


def test_there_is_no_account_of_a_limit_that_has_not_passed_or_was_kept() -> None:
    story = passed().at("2027-03-03 12:00")
    assert story.refused(account(story, clock=story.clock("resolve"))).code == "no_passed_limit"
    story.confirms(story.says_done("2027-03-02 11:00", done=Done.SPOKE))
    assert story.refused(account(story)).code == "limit_kept"


def test_what_waited_for_the_team_is_nobody_elses_to_account_for() -> None:
    story = Story().raised(hold=True, by=TEAM).until(civil("2027-03-02 17:00"))
    look = next(clock for clock in story.case.clocks if clock.waits_for is Side.TEAM and clock.limit_passed_at)
    assert accounts.whose(story.case, look) == ()
    assert not accounts.all_given(story.case, look)


def test_an_account_of_the_responding_agency_shows_that_somebody_there_has_our_notices() -> None:
    """The next limit is then no longer one with "no reply recorded"."""
    story = passed().at("2027-03-03 10:00")
    story.act(account(story))
    story.until(civil("2027-03-20 17:00"))
    assert story.clock("resolve").cause is Cause.ACKNOWLEDGED_ONLY
    by_team = passed().at("2027-03-03 10:00")
    by_team.act(account(by_team, TEAM))
    by_team.until(civil("2027-03-20 17:00"))
    assert by_team.clock("resolve").cause is Cause.SILENT


def test_both_sides_are_told_of_a_delay_of_the_raising_side_too_and_so_asked_for_their_account() -> None:
    story = Story().raised().at("2027-03-01 12:00")
    story.responds()
    story.until(civil("2027-03-20 17:00"))
    consider = next(clock for clock in story.case.clocks if clock.rule_id == "consider" and clock.limit_passed_at)
    told = {
        notice.to.agency_id
        for _, notice in story.notices()
        if notice.kind is NoticeKind.LIMIT_PASSED and notice.about == consider.clock_id
    }
    assert {SCHOOL, SOCIAL_CARE} <= told


def test_a_link_that_tells_of_a_delay_serves_until_the_account_is_given_too() -> None:
    story = passed().at("2027-03-03 10:00")
    to = Recipient(Side.RESPONDING, SOCIAL_CARE, "practitioner")
    clock = story.clock("acknowledge")

    def done() -> bool:
        return asking.is_done(story.case, Ask.RESPOND, to, stage=1, about=clock.clock_id)

    story.responds()
    assert asking.is_met(story.case, Ask.RESPOND, to, stage=1, about=clock.clock_id)
    assert not done()
    story.act(account(story))
    assert done()


def test_after_the_end_accounts_are_still_given() -> None:
    story = passed().at("2027-03-03 10:00")
    clock = story.clock("acknowledge")
    story.agrees()
    story.act(account(story, clock=clock))
    assert accounts.of(story.case.clock(clock.clock_id), SOCIAL_CARE)
