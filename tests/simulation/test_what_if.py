"""The same acts under another policy: the same policy brings the same life, another one brings its own clocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from typing_extensions import override

from escalations.policy import Awaits, OnLimit, Policy, Side
from escalations.rules import acts, case
from escalations.rules.acts import Act
from escalations.rules.case import Cause, DeliveryState, PauseReason, RedateReason, Says
from escalations.rules.workingtime import Amount, Unit
from escalations.simulation import what_if
from escalations.simulation.what_if import Recorded
from tests import builders
from tests.builders import POLICE, SOCIAL_CARE, Story, civil


class Told(Story):
    """A story that keeps what people did."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401
        super().__init__(**more)
        self.deeds: list[Act] = []

    @override
    def act(self, act: Act) -> tuple[Any, ...]:
        brought = super().act(act)
        self.deeds.append(act)
        return brought

    def recorded(self) -> Recorded:
        return Recorded(builders.REFERENCE, tuple(self.happened), tuple(self.deeds))


def silent(story: Told) -> None:
    story.raised().at("2027-04-30 12:00")


def in_time(story: Told) -> None:
    story.raised().at("2027-03-01 15:00").acknowledges()
    story.at("2027-03-04 11:00").responds()
    story.at("2027-03-05 11:00").agrees()


def late_and_up(story: Told) -> None:
    story.raised().at("2027-03-03 10:00").acknowledges()
    story.at("2027-03-09 10:00").moves_up()
    story.at("2027-03-18 10:00").responds(position="manager")
    story.at("2027-03-18 12:00").agrees()


def said_and_confirmed(story: Told) -> None:
    story.raised().at("2027-03-04 12:00")
    claim = story.says_done("2027-03-02 10:00")
    story.at("2027-03-05 12:00").confirms(claim)
    story.at("2027-03-08 12:00").agrees()


def two_agencies_one_not_reached(story: Told) -> None:
    story.delivers = False
    story.raised(responding_agencies=(SOCIAL_CARE, POLICE))
    story.delivered(SOCIAL_CARE)
    story.later(hours=1).delivered(POLICE, DeliveryState.UNDELIVERED)
    story.at("2027-03-03 12:00").delivered(POLICE)
    story.at("2027-03-08 12:00").agrees(agency=SOCIAL_CARE)
    story.at("2027-03-20 12:00")


def paused_and_extended(story: Told) -> None:
    story.raised().at("2027-03-02 10:00").acknowledges()
    respond = story.clock("respond") if story_has(story, "respond") else story.case.running(Awaits.RESPOND)[0]
    story.act(
        acts.Extend(**story.by_team(), clock_id=respond.clock_id, by_amount=Amount(value=2, unit=Unit.WORKING_DAYS))
    )
    story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
    story.at("2027-03-10 10:00")
    story.act(acts.Resume(**story.by_team()))
    story.at("2027-04-10 10:00")


def story_has(story: Told, rule: str) -> bool:
    return any(clock.rule_id == rule for clock in story.case.clocks)


def urgent(story: Told) -> None:
    story.raised(track="urgent").later(hours=30)


STORIES: list[Callable[[Told], None]] = [
    silent,
    in_time,
    late_and_up,
    said_and_confirmed,
    two_agencies_one_not_reached,
    paused_and_extended,
    urgent,
]


@pytest.mark.parametrize("tell", STORIES)
def test_under_its_own_policy_an_escalation_goes_as_it_went(tell: Callable[[Told], None]) -> None:
    story = Told()
    tell(story)
    told = what_if.compare(story.recorded(), story.frame, until=story.now)
    assert told.would == told.was
    assert told.was.not_taken == ()


def shorter(policy: Policy) -> Policy:
    """The same with an answer within one working day."""
    data = policy.model_dump()
    for clock in data["stages"][0]["clocks"]:
        if clock["awaits"] is Awaits.RESPOND:
            clock["limits"]["standard"] = {"within": {"value": 1, "unit": "working_days"}}
    return Policy.model_validate(data)


def by_itself(policy: Policy) -> Policy:
    data = policy.model_dump()
    for clock in data["stages"][0]["clocks"]:
        if clock["awaits"] is Awaits.RESPOND:
            clock |= {"on_limit": OnLimit.ESCALATE, "source": "paragraph 7"}
    return Policy.model_validate(data)


def test_with_a_shorter_limit_an_answer_that_was_in_time_would_have_been_late() -> None:
    story = Told()
    in_time(story)
    told = what_if.compare(story.recorded(), builders.frame(shorter(story.frame.policy)), until=story.now)
    assert told.was.drifted == ()
    [late] = told.would.drifted
    assert (late.awaits, late.waits_for, late.stage) == (Awaits.RESPOND, Side.RESPONDING, 1)
    assert late.due_at == civil("2027-03-02 17:00")
    assert late.cause is Cause.ANSWERED_LATE
    [unasked] = told.would.unknowable
    assert unasked.awaits is Awaits.CHOOSE, "nobody was really asked whether it should move up"
    assert told.would.closed_at == told.was.closed_at
    assert told.would.not_taken == ()


def test_a_policy_that_moves_up_by_itself_reaches_the_stage_that_nobody_took_it_to() -> None:
    story = Told()
    silent(story)
    told = what_if.compare(story.recorded(), builders.frame(by_itself(story.frame.policy)), until=story.now)
    assert (told.was.highest_stage, told.would.highest_stage) == (1, 2)
    assert 2 not in {one.stage for one in told.would.drifted}
    assert any(one.stage == 2 for one in told.would.unknowable), "nobody was really asked there"


def test_what_the_other_policy_would_not_have_taken_is_said() -> None:
    story = Told()
    late_and_up(story)
    told = what_if.compare(story.recorded(), builders.frame(by_itself(story.frame.policy)), until=story.now)
    assert [(one.act_kind, one.code) for one in told.would.not_taken] == [("move_up", "already_moved")]


def test_an_open_case_is_looked_at_up_to_now_and_no_further() -> None:
    story = Told()
    story.raised().at("2027-03-02 09:00")
    told = what_if.compare(story.recorded(), story.frame, until=story.now)
    assert told.would.passed == ()
    later = what_if.compare(story.recorded(), story.frame, until=story.now + timedelta(days=3))
    assert later.would.passed


def test_what_people_did_about_one_time_limit_is_about_the_same_one_under_the_other_policy() -> None:
    policy = builders.with_priorities(or_sooner=True)
    story = Told(policy=policy)
    story.raised().at("2027-03-01 12:00")
    answer = story.case.running(Awaits.RESPOND)[0]
    until = civil("2027-03-03 12:00")
    story.act(acts.SetSooner(**story.by_team(), clock_id=answer.clock_id, due_at=until))
    story.at("2027-03-10 12:00")
    told_us = story.by_responder()
    story.act(acts.Account(**told_us, clock_id=answer.clock_id, agency_id=SOCIAL_CARE, says=Says.AS_RECORDED))
    values = policy.model_dump()
    # In another order, so that its clocks have other numbers there.
    values["stages"][0]["clocks"] = values["stages"][0]["clocks"][::-1]
    told = what_if.compare(story.recorded(), builders.frame(Policy.model_validate(values)), until=story.now)
    assert told.would.not_taken == ()
    assert until in {one.due_at for one in told.would.drifted}


def test_an_escalation_that_was_counted_anew_is_lived_under_the_other_policy_from_its_beginning() -> None:
    story = Told()
    story.raised().at("2027-03-02 10:00").acknowledges()
    closure = builders.closed(story.frame, "2027-03-04", "2027-03-04")
    story.case = case.offering(story.case, closure)
    redate = acts.Redate(
        **story.by_team(),
        policy_hash=closure.policy.content_hash,
        calendar_hash=closure.calendar.content_hash,
        seen_seq=story.case.seq,
        because=RedateReason.CLOSURE,
    )
    story.act(redate)
    story.at("2027-03-09 10:00").responds()
    told = what_if.compare(story.recorded(), story.frame, until=story.now)
    assert told.was.drifted == ()
    assert [one.due_at for one in told.would.drifted if one.awaits is Awaits.RESPOND] == [civil("2027-03-08 17:00")]
    assert told.would.not_taken == ()


def test_a_limit_of_the_team_is_no_agency_s_drift() -> None:
    story = Told()
    story.raised(responding_agencies=()).at("2027-03-05 12:00")
    told = what_if.compare(story.recorded(), story.frame, until=story.now)
    assert told.was.passed
    assert {one.waits_for for one in told.was.passed} == {Side.TEAM}
    assert told.was.drifted == ()
    assert told.would == told.was
