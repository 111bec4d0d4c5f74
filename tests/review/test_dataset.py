"""What a review makes of what happened: verdicts on time limits, why a case went higher, what stands for what."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from escalations.policy import Awaits, Side
from escalations.review.dataset import LEFT_OUT, Accounted, Life, State, Why
from escalations.rules import acts, decider, events
from escalations.rules.case import Cause, Outcome, PauseReason, RedateReason, Says, offering
from escalations.rules.senders import Stands, SureBy
from escalations.rules.workingtime import Amount
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, Story, civil, closed, plain_mail
from tests.review.told import record, settled_at_two


def test_an_answer_in_time_is_in_time_and_one_after_the_limit_is_not() -> None:
    story = Story().raised()
    story.at("2027-03-02 17:00").acknowledges()
    story.at("2027-03-09 09:30").responds()
    clocks = {clock.awaits: clock for clock in record(story, "A").clocks if clock.waits_for is Side.RESPONDING}
    assert clocks[Awaits.ACKNOWLEDGE].in_time is True
    assert clocks[Awaits.RESPOND].in_time is False
    assert clocks[Awaits.RESPOND].cause is Cause.ANSWERED_LATE


def test_nobody_judges_a_clock_that_still_runs_or_that_nobody_needs_any_more() -> None:
    story = Story().raised()
    running = record(story, "A").clocks
    assert {clock.in_time for clock in running} == {None}
    story.agrees()
    assert {clock.in_time for clock in record(story, "A").clocks if clock.waits_for is Side.RESPONDING} == {None}


def test_what_was_done_in_time_and_recorded_later_counts_from_when_it_happened() -> None:
    story = Story().raised()
    story.at("2027-03-02 12:00").acknowledges()
    story.at("2027-03-09 11:00")
    claim = story.says_done("2027-03-04 10:00")
    story.confirms(claim)
    clock = next(clock for clock in record(story, "A").clocks if clock.awaits is Awaits.RESPOND)
    assert clock.withdrawn
    assert clock.in_time is True
    assert clock.by_what_was_said
    assert clock.answered_at == civil("2027-03-04 10:00")


def test_a_question_that_should_not_have_been_asked_is_in_no_figure() -> None:
    story = Story().raised()
    story.at("2027-03-04 18:00")
    claim = story.says_done("2027-03-02 10:00")
    story.confirms(claim)
    choices = [clock for clock in record(story, "A").clocks if clock.awaits is Awaits.CHOOSE]
    assert len(choices) == 1
    assert choices[0].in_time is None


def test_why_a_case_went_higher() -> None:
    silent = Story().raised()
    silent.at("2027-03-03 09:30").moves_up()
    silent.later(days=2)
    answered = settled_at_two()
    early = Story().raised()
    early.after(working_hours=1).moves_up()
    early.later(days=3)
    found = [record(story, "A") for story in (silent, answered, early)]
    assert [case.why_moved(case.stages[1]) for case in found] == [Why.DELAY, Why.ANSWER, Why.EARLY]


def test_a_delay_that_turns_out_to_be_none_was_no_reason() -> None:
    story = Story().raised()
    story.at("2027-03-02 11:00").acknowledges()
    story.at("2027-03-09 09:30")
    claim = story.says_done("2027-03-08 10:00")
    story.moves_up()
    story.later(days=3)
    assert record(story, "A").why_moved(record(story, "A").stages[1]) is Why.DELAY
    story.confirms(claim)
    assert record(story, "A").why_moved(record(story, "A").stages[1]) is Why.ANSWER


def test_a_cause_is_open_then_unreviewed_then_confirmed() -> None:
    story = Story().raised()
    story.at("2027-03-02 17:00").later(minutes=1)
    clock = next(clock for clock in record(story, "A").clocks if clock.limit_passed_at is not None)
    assert clock.state(civil("2027-03-09 17:00")) is State.OPEN, "an account at the last instant is in time"
    assert clock.state(civil("2027-03-09 17:00") + timedelta(microseconds=1)) is State.UNREVIEWED
    story.at("2027-03-10 10:00")
    story.act(acts.ConfirmCause(**story.by_team(), clock_id=clock.clock_id, cause=Cause.NO_ONE_IN_POST))
    after = next(one for one in record(story, "A").clocks if one.clock_id == clock.clock_id)
    assert after.state(civil("2027-03-10 10:00")) is State.CONFIRMED
    assert after.cause is Cause.NO_ONE_IN_POST


@pytest.mark.parametrize("beside", [timedelta(microseconds=-1), timedelta(0), timedelta(microseconds=1)])
def test_a_finding_is_open_exactly_as_long_as_the_rules_let_nobody_confirm_it(beside: timedelta) -> None:
    story = Story().raised().at("2027-03-02 17:00")
    clock = story.clock("acknowledge")
    assert clock.accounts_until is not None
    story.until(clock.accounts_until + beside)
    span = next(one for one in record(story, "A").clocks if one.clock_id == clock.clock_id)
    confirmation = acts.ConfirmCause(**story.by_team(), clock_id=clock.clock_id, cause=Cause.SILENT)
    decided = decider.decide(story.case, confirmation, story.now)
    assert (span.state(story.now) is State.OPEN) is isinstance(decided, decider.Refused)


def test_what_both_sides_say_of_a_delay_is_agreed_disputed_or_one_sided() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    clock_id = story.clock("acknowledge").clock_id

    def says(code: Says, by: dict[str, object], agency: str) -> Accounted:
        story.act(acts.Account.model_validate({**by, "clock_id": clock_id, "agency_id": agency, "says": code}))
        return next(one for one in record(story, "A").clocks if one.clock_id == clock_id).accounted

    assert next(one for one in record(story, "A").clocks if one.clock_id == clock_id).accounted is Accounted.NONE
    assert says(Says.AS_RECORDED, story.by_raiser(), SCHOOL) is Accounted.IN_PART
    assert says(Says.NOT_REACHED, story.by_responder(), SOCIAL_CARE) is Accounted.DISPUTED
    assert says(Says.AS_RECORDED, story.by_responder(), SOCIAL_CARE) is Accounted.AGREED, "the last word counts"
    span = next(one for one in record(story, "A").clocks if one.clock_id == clock_id)
    assert span.state(story.now) is State.UNREVIEWED, "nobody is waited for any more"


def test_a_case_that_ended_without_anybody_agreeing_was_not_settled() -> None:
    story = Story().raised()
    story.later(hours=1)
    story.act(acts.Close(**story.by_team(), outcome=Outcome.WITHDRAWN, on_word_of=Side.RAISING))
    case = record(story, "A")
    assert case.closed_at is not None
    assert case.settled_at is None


def test_a_case_that_was_held_is_known_by_whom_it_was_passed_on_to() -> None:
    story = Story().raised(responding_agencies=(), hold=True)
    story.later(minutes=30)
    story.passes_on(SOCIAL_CARE, POLICE)
    assert record(story, "A").responding_agencies == (SOCIAL_CARE, POLICE)


def test_what_is_left_out_changes_nothing() -> None:
    story = settled_at_two()
    whole = record(story, "A")
    first = story.happened[0]
    assert isinstance(first, events.Raised)
    life = Life.begun("A", first, story.frame)
    for event in story.happened[1:]:
        if not isinstance(event, LEFT_OUT):
            life.tell(event)
    assert life.told() == whole
    assert set(LEFT_OUT) < set(get_args(events.Event))


def test_time_is_shown_with_and_without_what_a_pause_and_an_extension_gave() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    resolve = story.clock("resolve").clock_id
    by_amount = Amount.parse("1 working day")
    story.act(acts.Extend(**story.by_team(), clock_id=resolve, by_amount=by_amount))
    story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
    story.at("2027-03-04 10:00")
    story.act(acts.Resume(**story.by_team()))
    story.at("2027-03-10 12:00")
    story.responds()
    lived = record(story, "A")
    clock = next(one for one in lived.clocks if one.clock_id == resolve)
    assert (clock.first_due_at, clock.due_at) == (civil("2027-03-08 17:00"), civil("2027-03-10 17:00"))
    assert (clock.in_time, clock.in_first_time) == (True, False)
    assert lived.paused


def test_a_cause_is_unreviewed_again_where_evidence_came_to_say_something_else() -> None:
    story = Story().raised().at("2027-03-09 17:01")
    clock = story.clock("acknowledge").clock_id
    story.act(acts.ConfirmCause(**story.by_team(), clock_id=clock, cause=Cause.SILENT))
    confirmed = next(one for one in record(story, "A").clocks if one.clock_id == clock)
    assert confirmed.state(story.now) is State.CONFIRMED
    story.acknowledges()
    late = next(one for one in record(story, "A").clocks if one.clock_id == clock)
    assert (late.cause, late.state(story.now)) == (Cause.ANSWERED_LATE, State.UNREVIEWED)


def test_what_was_counted_anew_is_late_by_the_date_that_was_in_force() -> None:
    story = Story().raised()
    story.acknowledges()
    frame = closed(story.frame, "2027-03-04", "2027-03-05")
    story.frame = story.frame.offering(frame)
    story.case = offering(story.case, frame)
    story.act(
        acts.Redate(
            **story.by_team(),
            policy_hash=frame.policy.content_hash,
            calendar_hash=frame.calendar.content_hash,
            seen_seq=story.case.seq,
            because=RedateReason.CLOSURE,
        )
    )
    story.at("2027-03-10 12:00").responds()
    found = record(story, "A")
    answer = next(clock for clock in found.clocks if clock.awaits is Awaits.RESPOND)
    assert answer.due_at == civil("2027-03-10 17:00")
    assert answer.in_time is True
    assert answer.in_first_time is True, "the closure is no pause and no extension"
    assert (found.redated, found.paused) == (1, False)


def test_an_agencys_last_word_on_whether_it_is_theirs_counts_until_somebody_else_is_named() -> None:
    story = Story().raised(**plain_mail())
    story.act(
        acts.PassOn(
            **story.by_team(),
            responding_agencies=(SOCIAL_CARE,),
            raising_agency=SCHOOL,
            sender_stands=Stands.TAKEN,
            sender_known_by=SureBy.PHONED,
        )
    )
    found = []
    for theirs in (False, True, False):
        story.act(acts.VouchForSender(**story.by_team(), theirs=theirs))
        found.append(record(story, "A").disowned)
    story.act(acts.ChangeContact(**story.by_team()))
    assert (found, record(story, "A").disowned) == ([True, False, True], False)
