"""Whoever raised it takes it back: withdrawn, or gone another way. Never by time, and never on the other side's word.

Source: the rules of practice ("Never by a timer, a parser or a score"; "withdrawals with the raiser's own reason").
"""

from __future__ import annotations

import pytest

from escalations.rules import acts, events
from escalations.rules.case import ClockEnd, Outcome, PauseReason, Route, Status, WithdrawReason
from escalations.rules.notices import NoticeKind
from tests.builders import POLICE, SENDER, SOCIAL_CARE, TEAM, Story, origin, plain_mail, responder


def withdrawn(story: Story, **by: object) -> acts.Withdraw:
    return acts.Withdraw.model_validate({**(by or story.by_raiser()), "reason": WithdrawReason.NO_ANSWER})


def redirected(story: Story) -> acts.Redirect:
    return acts.Redirect(**story.by_raiser(), route=Route.LADO)


def told(story: Story) -> list[str]:
    return sorted(
        f"{notice.to.side} {notice.to.position}: {notice.kind}"
        for event, notice in story.notices()
        if isinstance(event, events.Closed)
    )


def test_whoever_raised_it_withdraws_it_with_a_reason_and_both_sides_are_told() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).at("2027-03-01 12:00")
    story.act(withdrawn(story))
    assert (story.case.status, story.case.outcome) == (Status.CLOSED, Outcome.WITHDRAWN)
    assert story.last(events.Closed).withdrawn_because is WithdrawReason.NO_ANSWER
    assert not [clock for clock in story.case.clocks if clock.running or clock.end is ClockEnd.MET]
    assert told(story) == [
        "raising raiser: closed",
        "responding practitioner: closed",
        "responding practitioner: closed",
    ]


def test_it_goes_another_way_and_the_raiser_is_told_to_read_which() -> None:
    story = Story().raised().at("2027-03-01 12:00")
    story.act(redirected(story))
    assert (story.case.outcome, story.case.route) == (Outcome.REDIRECTED, Route.LADO)
    assert told(story) == ["raising raiser: redirected", "responding practitioner: closed"]


def test_what_is_held_is_taken_back_as_well_and_the_team_that_held_it_hears_of_it() -> None:
    story = Story().raised(**plain_mail()).later(minutes=10)
    story.act(acts.Withdraw(**origin(SENDER, story.now), reason=WithdrawReason.RAISED_IN_ERROR))
    assert story.case.status is Status.CLOSED
    assert told(story) == ["raising raiser: closed", "team team: closed"]
    assert story.clock("team-look").end is ClockEnd.STOPPED


def test_a_paused_one_and_one_before_the_final_body_are_taken_back_as_well() -> None:
    story = Story().raised().at("2027-03-01 12:00")
    story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
    story.act(withdrawn(story))
    assert story.case.pause is None
    high = Story().raised().at("2027-03-01 12:00")
    while high.case.stage < 4:
        high.moves_up()
        high.after(working_days=2)
    high.act(redirected(high))
    assert "final_body chair: closed" in told(high)
    assert high.last(events.PartnershipNotified).of == "resolution"


@pytest.mark.parametrize("by", [responder(), TEAM])
def test_nobody_else_takes_it_back(by: object) -> None:
    story = Story().raised().at("2027-03-01 12:00")
    assert story.refused(withdrawn(story, **{**story.by_raiser(), "by": by})).code == "not_your_side"


def test_what_is_closed_is_not_taken_back_again() -> None:
    story = Story().raised().at("2027-03-01 12:00")
    story.act(withdrawn(story))
    assert story.refused(withdrawn(story)).code == "closed"
    assert story.refused(redirected(story)).code == "closed"


def test_a_limit_that_had_passed_stays_on_record_with_its_cause() -> None:
    story = Story().raised().at("2027-03-09 12:00")
    before = [(clock.rule_id, clock.cause) for clock in story.case.clocks if clock.limit_passed_at]
    story.act(withdrawn(story))
    assert [(clock.rule_id, clock.cause) for clock in story.case.clocks if clock.limit_passed_at] == before
    assert {kind for kind in story.kinds() if kind == "limit_withdrawn"} == set()
    assert not [notice for _, notice in story.notices() if notice.kind is NoticeKind.NO_ACTION_NEEDED]
