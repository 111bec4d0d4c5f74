"""What was agreed or done in time and is recorded after the limit: the finding is made anew.

Source: the rules of practice, "How it really starts and ends" and "Evidence is fair".
"""

from __future__ import annotations

from typing import Any

import pytest

from escalations.policy import Side
from escalations.review.dataset import Life
from escalations.rules import accounts, acts, clocks, confirming, events
from escalations.rules.case import Case, Cause, Clock, KnownBy, OwnRecord, Says
from escalations.rules.notices import NoticeKind
from escalations.rules.workingtime import Amount
from tests.builders import SCHOOL, SOCIAL_CARE, TEAM, Story, civil, origin, responder

LIMIT = civil("2027-03-08 17:00")
"""To answer; five working days from Monday 1 March."""
LATER = civil("2027-03-10 17:00")
"""The same with two working days more."""


def passed(at: str = "2027-03-08 17:30") -> Story:
    """Let it be acknowledged in time, and the limit to answer pass."""
    story = Story().raised().at("2027-03-01 11:00")
    story.acknowledges()
    return story.at(at)


def more_time(story: Story, agreed_at: str = "2027-03-05 10:00", days: int = 2, **more: Any) -> acts.Extend:  # noqa: ANN401
    return acts.Extend(
        **story.by_team(happened_at=civil(agreed_at)),
        clock_id=story.clock("resolve").clock_id,
        by_amount=Amount.parse(f"{days} working days"),
        known_by=KnownBy.PHONE,
        **more,
    )


def told(story: Story, kind: NoticeKind, since: int) -> list[str]:
    """Give the sides that were told of something, after so many notices."""
    later = list(story.notices())[since:]
    return [f"{notice.to.side}/{notice.to.position}" for _, notice in later if notice.kind is kind]


def counted(case: Case, story: Story, clock_id: str) -> Any:  # noqa: ANN401
    """Give the clock as a review counts it."""
    first = story.happened[0]
    assert isinstance(first, events.Raised)
    life = Life.begun(case.reference, first, case.frame)
    for event in story.happened:
        life.tell(event)
    return next(span for span in life.told().clocks if span.clock_id == clock_id)


# ---- More time that had been agreed before ----


def test_a_limit_that_has_passed_is_extended_only_where_that_had_been_agreed_before() -> None:
    story = passed()
    plain = acts.Extend(
        **story.by_team(), clock_id=story.clock("resolve").clock_id, by_amount=Amount.parse("2 working days")
    )
    refused = story.refused(plain)
    assert refused.code == "limit_passed"
    assert "say when, and who agreed on each side" in refused.sentence
    assert story.refused(more_time(story, "2027-03-08 17:01")).code == "agreed_after_limit"
    assert story.refused(more_time(story, "2027-03-01 09:29")).code == "before_its_clock"
    assert story.refused(more_time(story, days=6)).code == "extended_too_long"


def test_what_still_waits_runs_on_to_the_new_time_and_the_limit_does_not_count_as_passed() -> None:
    story = passed()
    assert story.clock("resolve").cause is Cause.ACKNOWLEDGED_ONLY
    before = len(list(story.notices()))
    story.act(more_time(story))
    clock = story.clock("resolve")
    assert (clock.due_at, clock.limit_passed_at, clock.cause, clock.limit_withdrawn) == (LATER, None, None, False)
    extended = story.last(events.ClockExtended)
    assert (extended.recorded_late, extended.happened_at, extended.at) == (True, civil("2027-03-05 10:00"), story.now)
    assert story.last(events.LimitWithdrawn).more_time
    assert story.case.move is None, "the proposal rested on this limit alone"
    assert not story.runs("choose")
    assert "responding/practitioner" in told(story, NoticeKind.EXTENDED, before)
    assert "responding/practitioner" not in told(story, NoticeKind.NO_ACTION_NEEDED, before)
    assert "raising/raiser" in told(story, NoticeKind.NO_ACTION_NEEDED, before), "nobody has to choose any more"
    assert clocks.next_wake(story.case) is not None


def test_the_new_limit_passes_in_its_turn_with_a_finding_of_its_own() -> None:
    story = passed()
    story.act(more_time(story))
    story.until(LATER)
    clock = story.clock("resolve")
    assert clock.limit_passed_at == LATER
    assert [event.due_at for event in story.happened if isinstance(event, events.LimitPassed)][-1] == LATER
    assert clock.accounts == ()
    assert counted(story.case, story, clock.clock_id).limit_passed_at == LATER


def test_an_answer_by_the_new_time_is_in_time_and_not_in_the_first_time() -> None:
    story = passed()
    story.act(more_time(story))
    story.at("2027-03-09 12:00")
    story.responds()
    span = counted(story.case, story, story.clock("resolve").clock_id)
    assert (span.in_time, span.in_first_time, span.limit_passed_at) == (True, False, None)


def test_where_the_new_time_is_over_too_it_passed_then_and_its_cause_is_counted_anew() -> None:
    story = passed("2027-03-12 10:00")
    story.act(
        acts.Account(
            **origin(responder(), story.now),
            clock_id=story.clock("resolve").clock_id,
            agency_id=SOCIAL_CARE,
            says=Says.OTHER,
        )
    )
    move = story.case.move
    story.act(more_time(story))
    clock = story.clock("resolve")
    assert (clock.due_at, clock.limit_passed_at, clock.cause) == (LATER, story.now, Cause.ACKNOWLEDGED_ONLY)
    assert clock.accounts == (), "both sides account for the delay that there is now"
    assert clock.accounts_until is not None
    assert clock.accounts_until > story.now
    assert story.case.move == move, "whether it moves up is still asked"
    assert clocks.next_wake(story.case) is not None


def test_what_was_answered_between_the_two_was_in_time() -> None:
    story = passed("2027-03-09 12:00")
    story.responds()
    assert story.clock("resolve").cause is Cause.ANSWERED_LATE
    story.at("2027-03-12 10:00").act(more_time(story))
    clock = story.clock("resolve")
    assert clock.limit_withdrawn
    assert counted(story.case, story, clock.clock_id).in_time


def test_what_was_answered_after_both_is_late_by_the_new_one_and_looked_at_again() -> None:
    story = passed("2027-03-11 12:00")
    story.responds()
    clock_id = story.clock("resolve").clock_id
    story.at("2027-03-20 12:00")
    story.act(acts.ConfirmCause(**story.by_team(), clock_id=clock_id, cause=Cause.ANSWERED_LATE))
    story.act(more_time(story))
    clock = story.case.clock(clock_id)
    assert (clock.due_at, clock.cause, clock.cause_confirmed_at) == (LATER, Cause.ANSWERED_LATE, None)
    assert not clock.limit_withdrawn


def test_it_is_recorded_after_the_end_too() -> None:
    story = passed("2027-03-09 12:00")
    story.responds()
    story.agrees()
    story.at("2027-03-12 10:00").act(more_time(story))
    assert story.clock("resolve").limit_withdrawn


# ---- Done in time, recorded later ----


def done_in_time(story: Story, clock: Clock, at: str) -> acts.ConfirmCause:
    return acts.ConfirmCause(
        **story.by_team(happened_at=civil(at)),
        clock_id=clock.clock_id,
        cause=Cause.RECORDED_LATE,
        known_by=KnownBy.MEETING,
    )


def considered_late() -> Story:
    """Let the raising side say too late whether the answer deals with its worry."""
    story = Story().raised().at("2027-03-01 12:00")
    story.responds()
    story.at("2027-03-20 12:00").agrees()
    return story.at("2027-04-20 12:00")


def test_what_the_raising_side_had_said_in_time_counts_from_then_once_the_team_confirms_it() -> None:
    story = considered_late()
    clock = story.clock("consider")
    assert clock.cause is Cause.ANSWERED_LATE
    assert story.refused(done_in_time(story, clock, "2027-04-20 11:00")).code == "after_the_limit"
    assert story.refused(done_in_time(story, clock, "2027-03-01 11:58")).code == "before_its_clock"
    story.act(done_in_time(story, clock, "2027-03-02 10:00"))
    clock = story.clock("consider")
    assert (clock.limit_withdrawn, clock.cause) == (True, Cause.RECORDED_LATE)
    assert story.last(events.LimitWithdrawn).kept_at == civil("2027-03-02 10:00")
    span = counted(story.case, story, clock.clock_id)
    assert (span.in_time, span.by_what_was_said) == (True, True)
    assert story.refused(done_in_time(story, clock, "2027-03-02 10:00")).code == "limit_kept"


def test_what_is_still_waited_for_is_said_to_be_done_first() -> None:
    story = Story().raised().until(civil("2027-03-12 17:00"))
    refused = story.refused(done_in_time(story, story.clock("acknowledge"), "2027-03-02 10:00"))
    assert refused.code == "to_be_said_done"


# ---- Our own system ----


def outage(story: Story, since: str, until: str, own: OwnRecord | None = OwnRecord.SAYS_NOTHING) -> acts.ConfirmCause:
    return acts.ConfirmCause(
        **story.by_team(),
        clock_id=story.clock("acknowledge").clock_id,
        cause=Cause.OUR_OUTAGE,
        away_from=civil(since),
        away_until=civil(until),
        own_record=own,
    )


@pytest.mark.parametrize(
    ("since", "until", "own", "code"),
    [
        ("2027-03-02 12:00", "2027-03-02 11:00", OwnRecord.SAYS_NOTHING, "not_a_time"),
        ("2027-03-02 12:00", "2027-03-30 11:00", OwnRecord.SAYS_NOTHING, "not_a_time"),
        ("2027-03-02 17:00", "2027-03-02 18:00", OwnRecord.AGREES, "not_then"),
        ("2027-02-01 09:00", "2027-02-01 10:00", OwnRecord.AGREES, "not_then"),
        ("2027-03-02 10:00", "2027-03-02 12:00", OwnRecord.CONTRADICTS, "was_running"),
    ],
)
def test_that_our_system_did_not_run_has_a_time_that_fits_and_is_not_taken_against_our_record(
    since: str, until: str, own: OwnRecord, code: str
) -> None:
    story = Story().raised().until(civil("2027-03-10 10:00"))
    assert story.refused(outage(story, since, until, own)).code == code


@pytest.mark.parametrize("own", [OwnRecord.AGREES, OwnRecord.SAYS_NOTHING])
def test_what_our_record_says_of_that_time_stands_in_the_register(own: OwnRecord) -> None:
    story = Story().raised().until(civil("2027-03-10 10:00"))
    story.act(outage(story, "2027-03-02 10:00", "2027-03-02 12:00", own))
    confirmed = story.last(events.CauseConfirmed)
    assert (confirmed.own_record, confirmed.away_from) == (own, civil("2027-03-02 10:00"))
    assert events.loads(events.dumps(confirmed)) == confirmed


# ---- Who is asked ----


def test_of_the_teams_own_delay_nobody_is_asked_and_its_cause_can_be_confirmed_at_once() -> None:
    story = Story().raised(hold=True, by=TEAM).until(civil("2027-03-02 17:00"))
    look = next(clock for clock in story.case.clocks if clock.waits_for is Side.TEAM and clock.limit_passed_at)
    assert confirming.ready(story.case, look, story.now)
    story.act(acts.ConfirmCause(**story.by_team(), clock_id=look.clock_id, cause=Cause.SILENT))
    assert story.case.clock(look.clock_id).cause_confirmed_at == story.now


def test_every_agency_that_is_asked_for_an_account_was_told_of_the_delay() -> None:
    """Whatever a clock waits for: nobody is said to be able to add an account who has heard nothing."""
    silent = Story().raised().until(civil("2027-05-20 17:00"))
    answered = Story().raised().at("2027-03-01 12:00")
    answered.responds()
    answered.until(civil("2027-05-20 17:00"))
    seen = set()
    for story in (silent, answered):
        heard: dict[str | None, set[str | None]] = {}
        for _, notice in story.notices():
            if notice.kind in {NoticeKind.LIMIT_PASSED, NoticeKind.ASKED_TO_CHOOSE}:
                heard.setdefault(notice.about, set()).add(notice.to.agency_id)
        choose = {clock.clock_id for clock in story.case.clocks if clock.awaits == "choose"}
        for clock in story.case.clocks:
            if clock.limit_passed_at is None:
                continue
            seen.add(clock.awaits)
            told_of_it = heard.get(clock.clock_id, set()) | set().union(*(heard.get(one, set()) for one in choose))
            for _, agency in accounts.whose(story.case, clock):
                assert agency in told_of_it, (clock.awaits, agency)
    assert len(seen) >= 3
    assert SCHOOL not in {agency for _, agency in accounts.whose(silent.case, _team_clock(silent.case))}


def _team_clock(case: Case) -> Clock:
    held = Story().raised(hold=True, by=TEAM).until(civil("2027-03-02 17:00"))
    assert case.raising_agency == held.case.raising_agency
    return next(clock for clock in held.case.clocks if clock.waits_for is Side.TEAM)
