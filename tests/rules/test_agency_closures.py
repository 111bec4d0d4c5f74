"""Days on which one agency is closed, under a policy by which they do not count for what waits for it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalations import explaining, second_opinion
from escalations.intake.opening import InForce
from escalations.intake.redates import Basis
from escalations.packs import reading, saying
from escalations.policy import Awaits, Policy, Side
from escalations.rules import acts, case, events, workingtime
from escalations.rules.case import Frame, PauseReason, RedateReason
from escalations.rules.civiltime import AgencyClosures
from escalations.rules.workingtime import Amount, Closure, Unit
from escalations.store.calendars import NO_DAYS_OFF
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, Story, civil, frame

WEEK = Closure(first=date(2027, 3, 3), last=date(2027, 3, 5), why="Invented holidays")


def policy(**said: str) -> Policy:
    return Policy.model_validate(
        reading.sample().model_dump(mode="json") | {"agency_closures": "days_do_not_count"} | said
    )


def closed(*agencies: str, closures: tuple[Closure, ...] = (WEEK,)) -> Frame:
    plain = frame(policy())
    return Frame(plain.policy, plain.calendar.with_agencies(dict.fromkeys(agencies, closures)))


def begun(of: Frame) -> Story:
    """Raised on Monday 1 March 2027 at 09:30; the answer is due the Monday after where nobody is closed."""
    story = Story(policy=of.policy)
    story.frame = of
    story.case = case.new(story.case.reference, of)
    return story.raised()


def test_days_on_which_it_is_closed_do_not_count_for_what_waits_for_it_alone() -> None:
    plain, school, care = begun(frame(policy())), begun(closed(SCHOOL)), begun(closed(SOCIAL_CARE))
    assert plain.clock("resolve").due_at == civil("2027-03-08 17:00")
    assert school.clock("resolve").due_at == civil("2027-03-08 17:00"), "it waits for the other side"
    assert care.clock("resolve").due_at == civil("2027-03-11 17:00")
    assert care.clock("acknowledge").due_at == civil("2027-03-02 17:00")
    for story in (school, care):
        assert story.clock("whole-process").due_at == plain.clock("whole-process").due_at, "it waits for both"


def test_what_the_raiser_is_asked_waits_for_the_end_of_their_school_s_holidays() -> None:
    story = begun(closed(SCHOOL))
    story.at("2027-03-02 10:00").responds()
    (consider,) = story.case.running(Awaits.CONSIDER)
    assert consider.due_at == civil("2027-03-10 17:00")


def test_the_holidays_of_an_agency_are_not_the_team_s() -> None:
    of = closed(SOCIAL_CARE)
    assert of.calendar_for(SOCIAL_CARE, side=Side.TEAM) == of.calendar
    assert of.calendar_for(None) == of.calendar
    assert of.calendar_for(POLICE) == of.calendar


def test_receipts_name_the_closure_and_the_second_opinion_agrees() -> None:
    story = begun(closed(SOCIAL_CARE)).at("2027-03-11 17:00")
    found = explaining.explain_all(story.case, story.happened)
    resolve = next(one for one in found if one.life.started.rule_id == "resolve")
    assert "Invented holidays" in resolve.receipt.text()
    assert resolve.receipt.content_hash == story.clock("resolve").receipt_hash
    given_ = list(second_opinion.proofs(json.loads(json.dumps(explaining.as_data(story.case, found)))))
    assert len(given_) == len(found)
    assert [second_opinion.differences(one) for one in given_] == [[]] * len(found)


def test_newly_loaded_days_move_an_open_case_only_when_it_is_counted_anew() -> None:
    story = begun(frame(policy()))
    assert story.clock("resolve").due_at == civil("2027-03-08 17:00")
    basis = Basis(NO_DAYS_OFF, of_agencies=(AgencyClosures(agencies=(SOCIAL_CARE,), closures=(WEEK,)),))
    new = basis.frame(story.case)
    story.frame = story.frame.offering(new)
    story.case = case.offering(story.case, new)
    story.act(
        acts.Redate(
            **story.by_team(),
            policy_hash=new.policy.content_hash,
            calendar_hash=new.calendar.content_hash,
            seen_seq=story.case.seq,
            because=RedateReason.CLOSURE,
        )
    )
    assert story.clock("resolve").due_at == civil("2027-03-11 17:00")
    moved = {clock.awaits for clock in story.last(events.Redated).clocks if clock.due_at != clock.was_due_at}
    assert moved == {Awaits.RESPOND}


def test_under_any_other_policy_the_same_days_change_no_calendar() -> None:
    story = Story().raised()
    basis = Basis(NO_DAYS_OFF, of_agencies=(AgencyClosures(agencies=(SOCIAL_CARE,), closures=(WEEK,)),))
    assert basis.frame(story.case).calendar == story.case.frame.calendar
    closed_days = {SOCIAL_CARE: (WEEK,)}
    assert InForce(policy()).frame(civil("2027-03-01 09:30"), closed_days).calendar.of_agencies
    far = Closure(first=date(2050, 1, 3), last=date(2050, 1, 7), why="Far away")
    plain = InForce(policy()).frame(civil("2027-03-01 09:30"))
    assert InForce(policy()).frame(civil("2027-03-01 09:30"), {SOCIAL_CARE: (far,)}) == plain


def test_a_pause_over_its_holidays_gives_back_only_days_that_count_for_it() -> None:
    story = begun(closed(SOCIAL_CARE)).at("2027-03-02 10:00")
    story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
    story.at("2027-03-08 10:00").act(acts.Resume(**story.by_team()))
    assert story.clock("resolve").due_at == civil("2027-03-12 17:00"), "Tuesday alone counted"


def test_the_policy_says_so_in_words() -> None:
    said = " ".join(saying.say(policy()).conventions)
    assert "Days on which an agency is closed do not count for what waits for it" in said
    assert "time limits stay" not in said


@pytest.mark.parametrize("unit", [Unit.WORKING_DAYS, Unit.WORKING_HOURS])
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 300), st.integers(0, 20), st.integers(0, 24 * 60), st.integers(1, 30))
def test_a_closure_of_an_agency_never_brings_its_deadline_forward(
    unit: Unit, after: int, length: int, start: int, value: int
) -> None:
    plain = frame(policy()).calendar
    first = date(2027, 1, 4) + timedelta(days=after)
    days = (Closure(first=first, last=first + timedelta(days=length), why="Invented holidays"),)
    with_days = plain.with_agencies({SOCIAL_CARE: days}).of_agency(SOCIAL_CARE)
    at = civil("2027-02-01 08:00") + timedelta(minutes=start)
    amount = Amount(value=value, unit=unit)
    assert workingtime.deadline(with_days, at, amount) >= workingtime.deadline(plain, at, amount)
