"""A sooner time that keeps the child safe, and priorities by which time limits differ."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalations.packs import reading
from escalations.policy import Policy, Track, canonical, load_canonical
from escalations.rules import acts, clocks, events
from escalations.rules.case import ClockEnd, PauseReason
from escalations.rules.notices import NoticeKind
from escalations.rules.workingtime import Amount
from tests import builders
from tests.builders import POLICE, SOCIAL_CARE, Story, civil, origin, raiser, responder, with_priorities

OR_SOONER = with_priorities(or_sooner=True)


def begun(**more: Any) -> Story:  # noqa: ANN401
    """Raised on Monday morning; the answer is due the Monday after at 17:00, or sooner."""
    return Story(policy=OR_SOONER).raised(**more)


def sooner(story: Story, when: str, *, rule: str = "resolve", **by: Any) -> acts.SetSooner:  # noqa: ANN401
    return acts.SetSooner(**(by or story.by_raiser()), clock_id=story.clock(rule).clock_id, due_at=civil(when))


def given_priority(story: Story, priority: str) -> acts.SetPriority:
    return acts.SetPriority(**story.by_team(), priority=priority)


def told(story: Story, kind: NoticeKind) -> list[str]:
    return sorted(
        f"{notice.to.agency_id} {notice.to.position} ({notice.asks})"
        for _, notice in story.notices()
        if notice.kind is kind
    )


# ---- Or sooner ------------------------------------------------------------------------------------------------------


def test_a_sooner_time_is_the_time_limit_from_then_on() -> None:
    story = begun()
    assert story.clock("resolve").due_at == civil("2027-03-08 17:00")
    story.act(sooner(story, "2027-03-03 12:00"))
    assert story.clock("resolve").due_at == civil("2027-03-03 12:00")
    # One working day before, the reminder: it follows the sooner time.
    assert story.clock("resolve").reminders == (civil("2027-03-02 12:00"),)
    story.at("2027-03-03 11:59")
    assert story.clock("resolve").limit_passed_at is None
    story.at("2027-03-03 12:00")
    assert story.clock("resolve").limit_passed_at == civil("2027-03-03 12:00")
    assert "move_proposed" in story.kinds()


def test_an_answer_within_the_sooner_time_is_in_time() -> None:
    story = begun()
    story.act(sooner(story, "2027-03-03 12:00"))
    story.now = civil("2027-03-03 12:00")
    story.responds()
    assert story.clock("resolve").end is ClockEnd.MET
    assert story.clock("resolve").limit_passed_at is None


def test_the_team_may_set_it_and_both_sides_are_told() -> None:
    story = begun(responding_agencies=(SOCIAL_CARE, POLICE))
    story.act(sooner(story, "2027-03-03 12:00", **story.by_team()))
    # The clock of one agency: the other agency hears nothing of it.
    assert len(told(story, NoticeKind.SOONER)) == 2
    assert "oak-school raiser (read)" in told(story, NoticeKind.SOONER)


def test_a_sooner_time_that_has_passed_already_is_noted_when_it_became_known() -> None:
    story = begun().at("2027-03-04 10:00")
    story.act(sooner(story, "2027-03-02 12:00"))
    assert story.last(events.ClockSetSooner).due_at == civil("2027-03-04 10:00")
    story.later(minutes=1)
    assert story.clock("resolve").limit_passed_at == civil("2027-03-04 10:00")


@pytest.mark.parametrize(
    ("when", "rule", "code"),
    [
        ("2027-03-08 17:00", "resolve", "not_sooner"),
        ("2027-03-20 12:00", "resolve", "not_sooner"),
        ("2027-03-01 12:00", "acknowledge", "not_or_sooner"),
    ],
)
def test_it_never_makes_anything_later_and_only_where_the_policy_says_so(when: str, rule: str, code: str) -> None:
    story = begun()
    assert story.refused(sooner(story, when, rule=rule)).code == code


def test_it_is_refused_for_what_has_passed_or_is_not_awaited_or_stands_still() -> None:
    story = begun().at("2027-03-09 10:00")
    assert story.refused(sooner(story, "2027-03-09 12:00")).code == "limit_passed"
    story.responds()
    assert story.refused(sooner(story, "2027-03-09 12:00")).code == "not_waiting"
    paused = begun()
    paused.act(acts.Pause(**paused.by_team(), reason=PauseReason.COURT))
    assert paused.refused(sooner(paused, "2027-03-03 12:00")).code == "paused"


def test_the_responding_side_does_not_set_it() -> None:
    story = begun()
    assert story.refused(sooner(story, "2027-03-03 12:00", **origin(responder(), story.now))).code == "not_your_side"
    other = sooner(story, "2027-03-03 12:00", **origin(raiser("elm-school"), story.now))
    assert story.refused(other).code == "not_your_side"


def test_an_extension_after_it_counts_from_the_sooner_time() -> None:
    story = begun()
    story.act(sooner(story, "2027-03-03 17:00"))
    more = Amount.parse("1 working day")
    story.act(acts.Extend(**story.by_team(), clock_id=story.clock("resolve").clock_id, by_amount=more))
    assert story.clock("resolve").due_at == civil("2027-03-04 17:00")


@given(minutes=st.integers(-5_000, 20_000))
def test_no_sooner_time_is_ever_later_than_what_it_was_or_in_the_past(minutes: int) -> None:
    story = begun().at("2027-03-02 10:00")
    was, when = story.clock("resolve").due_at, story.now.timestamp() + 60 * minutes
    due = story.now.fromtimestamp(when, tz=story.now.tzinfo)
    act = acts.SetSooner(**story.by_raiser(), clock_id=story.clock("resolve").clock_id, due_at=due)
    if due >= was:
        assert story.refused(act).code == "not_sooner"
        return
    story.act(act)
    assert story.now <= story.clock("resolve").due_at < was
    wake = clocks.next_wake(story.case)
    assert wake is not None
    assert wake >= story.now


# ---- Priorities -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("priority", "due"),
    [(None, "2027-03-08 17:00"), ("high", "2027-03-03 17:00"), ("low", "2027-03-08 17:00")],
)
def test_a_case_has_the_time_limits_of_its_priority(priority: str | None, due: str) -> None:
    """A level that the limit does not name has the limit of the track."""
    assert begun(priority=priority).clock("resolve").due_at == civil(due)


def test_a_priority_set_later_counts_what_runs_anew_from_its_start() -> None:
    story = begun().at("2027-03-02 10:00")
    story.act(given_priority(story, "high"))
    clock = story.clock("resolve")
    assert clock.due_at == civil("2027-03-03 17:00")
    assert clock.reminders == (), "the reminder's moment, 2 March at 09:00, has gone"
    assert story.case.priority == "high"
    # What is not limited by priority stays as it is.
    assert story.clock("acknowledge").due_at == civil("2027-03-02 17:00")
    # It goes back as well: a person may put right what a person set.
    story.act(given_priority(story, "low"))
    assert story.clock("resolve").due_at == civil("2027-03-08 17:00")


def test_a_limit_that_the_priority_puts_into_the_past_is_noted_when_it_became_known() -> None:
    story = begun().at("2027-03-05 10:00")
    story.act(given_priority(story, "high"))
    story.later(minutes=1)
    assert story.clock("resolve").limit_passed_at == civil("2027-03-05 10:00")


def test_what_people_agreed_stays_as_they_agreed_it() -> None:
    extended, set_sooner, paused = begun(), begun(), begun()
    more = Amount.parse("1 working day")
    extended.act(acts.Extend(**extended.by_team(), clock_id=extended.clock("resolve").clock_id, by_amount=more))
    set_sooner.act(sooner(set_sooner, "2027-03-04 12:00"))
    paused.act(acts.Pause(**paused.by_team(), reason=PauseReason.COURT))
    for story in (extended, set_sooner, paused):
        due = story.clock("resolve").due_at
        story.act(given_priority(story, "high"))
        assert story.clock("resolve").due_at == due


def test_later_stages_have_the_limits_of_the_priority() -> None:
    story = begun(priority="high")
    story.moves_up()
    story.at("2027-03-02 18:00")
    assert story.case.stage == 2
    assert story.clock("resolve").due_at == civil("2027-03-04 17:00")


def test_both_sides_are_told_by_when_something_is_asked_of_them() -> None:
    story = begun()
    story.act(given_priority(story, "high"))
    assert told(story, NoticeKind.PRIORITY) == ["childrens-services practitioner (respond)", "oak-school raiser (read)"]


def test_a_priority_that_the_policy_does_not_have_is_refused_with_those_that_it_has() -> None:
    story = begun()
    refused = story.refused(given_priority(story, "urgentest"))
    assert refused.code == "no_such_priority"
    assert "High, Low" in refused.sentence
    unraised = Story(policy=OR_SOONER)
    assert unraised.refused(builders.raise_(unraised.now, priority="urgentest")).code == "no_such_priority"
    plain = Story().raised()
    assert plain.refused(given_priority(plain, "high")).code == "no_such_priority"


def test_the_same_priority_twice_is_said_to_be_there_already() -> None:
    story = begun(priority="high")
    assert story.refused(given_priority(story, "high")).code == "same_priority"


def test_a_held_case_can_be_given_one_and_nobody_is_told() -> None:
    story = Story(policy=OR_SOONER).raised(responding_agencies=(), hold=False)
    before = len(list(story.notices()))
    story.act(given_priority(story, "high"))
    assert len(list(story.notices())) == before
    story.passes_on()
    assert story.clock("resolve").due_at == civil("2027-03-03 17:00")


# ---- In the policy --------------------------------------------------------------------------------------------------


def wrong(**limit: Any) -> str:  # noqa: ANN401
    values = OR_SOONER.model_dump()
    values["stages"][0]["clocks"][-1]["limits"][Track.STANDARD].update(limit)
    with pytest.raises(ValueError, match=r"\S") as found:
        Policy.model_validate(values)
    return str(found.value)


def test_a_priority_that_is_not_named_is_refused() -> None:
    assert "is not one of the policy's priorities; there is high or low" in wrong(
        by_priority={"hihg": {"within": "1 working day"}}
    )


def test_every_limit_of_a_priority_is_held_to_the_same_rules() -> None:
    assert "priority high: the reminder 3 working days before" in wrong(
        by_priority={"high": {"within": "2 working days", "remind_before": ["3 working days"]}}
    )
    assert "priority high: extend_at_most has to be in the unit" in wrong(
        by_priority={"high": {"within": "2 working days", "extend_at_most": "3 calendar days"}}
    )
    assert "priority low: 900 working days is more than a year" in wrong(
        by_priority={"low": {"within": "900 working days"}}
    )


def test_an_older_policy_keeps_its_text_and_its_hash() -> None:
    """What came later and is not said is not in the text: nothing of it changes what was frozen before."""
    older = reading.read(builders.OLDER)
    for name in ("priorities", "by_priority", "or_sooner", "extend_times", "lists", "closing"):
        assert name not in canonical(older)
    assert older.content_hash == "ec6146c52efd2e13a11a5d830b7d941ec4a9218ea66d8ad8b0f8dbf6fe1552b8"


def test_what_a_policy_says_of_them_comes_back_from_its_text() -> None:
    assert load_canonical(canonical(OR_SOONER)) == OR_SOONER


def test_how_often_it_may_be_extended_is_the_policys_to_say() -> None:
    values = OR_SOONER.model_dump()
    values["stages"][0]["clocks"][-1]["limits"][Track.STANDARD].update(extend_times=1)
    story = Story(policy=Policy.model_validate(values)).raised()
    clock_id = story.clock("resolve").clock_id
    more = Amount.parse("1 working day")
    for number in itertools.count():
        act = acts.Extend(**story.by_team(), clock_id=clock_id, by_amount=more)
        if number:
            assert story.refused(act).code == "extended_enough"
            return
        story.act(act)
