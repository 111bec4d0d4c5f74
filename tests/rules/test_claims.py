"""What was settled by phone or in a meeting and written up later: said, confirmed, denied, and what it puts right.

Source: the rules of practice, "How it really starts and ends" and "Evidence is fair".
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from escalations.policy import Side, Track
from escalations.rules import acts, events
from escalations.rules.actors import Actor
from escalations.rules.case import Cause, ClaimState, ClockEnd, Done, Outcome, Status
from tests import builders
from tests.builders import POLICE, SOCIAL_CARE, TEAM, Story, civil, origin


def test_what_was_said_to_be_done_counts_from_when_it_happened_once_it_is_confirmed() -> None:
    """A manager phones within the hour and writes it up two days later; the school confirms: that was in time."""
    story = Story().raised().at("2027-03-03 10:00")
    assert story.causes() == ["silent"]
    claim = story.says_done("2027-03-01 10:15", done=Done.SPOKE)
    assert story.causes() == ["silent"], "what one side says counts for nothing yet"
    story.confirms(claim)
    clock = story.clock("acknowledge")
    assert clock.limit_withdrawn
    assert (clock.cause, clock.ended_at, clock.end) == (Cause.RECORDED_LATE, civil("2027-03-01 10:15"), ClockEnd.MET)
    assert story.case.move is None, "the proposal rested on that limit alone"
    assert not story.runs("choose")


def test_what_was_denied_never_stopped_a_clock() -> None:
    story = Story().raised().at("2027-03-02 10:00")
    claim = story.says_done("2027-03-01 10:15", done=Done.SPOKE)
    story.denies(claim)
    assert story.runs("acknowledge")
    story.at("2027-03-02 17:00")
    assert story.clock("acknowledge").limit_passed_at == civil("2027-03-02 17:00")


def test_whoever_says_something_that_is_denied_has_still_answered() -> None:
    """No "no reply recorded" is written of an agency that replied, whatever became of what it said."""
    story = Story().raised().at("2027-03-02 10:00")
    story.denies(story.says_done("2027-03-01 10:15", done=Done.SPOKE))
    assert story.at("2027-03-02 17:00").causes() == ["acknowledged_only"]


def test_a_limit_noted_as_said_to_be_done_is_looked_at_again_when_that_is_denied() -> None:
    story = Story().raised().at("2027-03-02 10:00")
    claim = story.says_done("2027-03-01 10:15", done=Done.SPOKE)
    assert story.at("2027-03-02 17:00").causes() == ["said_done_unconfirmed"]
    story.denies(claim)
    assert story.causes() == ["acknowledged_only"]


def test_the_raising_side_s_word_for_the_other_side_is_evidence_too() -> None:
    story = Story().raised().at("2027-03-02 10:00")
    story.act(acts.SayDone(**story.by_raiser(happened_at="2027-03-01 11:00"), done=Done.SPOKE, agency_id=SOCIAL_CARE))
    asked = story.last(events.ClockStarted)
    assert (asked.waits_for, asked.agency_id) == (Side.RESPONDING, SOCIAL_CARE)
    assert story.at("2027-03-02 17:00").causes() == ["said_done_unconfirmed"]


def test_a_limit_met_late_is_still_withdrawn_when_an_earlier_conversation_is_confirmed() -> None:
    story = Story().raised().at("2027-03-03 09:00")
    story.acknowledges()
    assert story.causes() == ["answered_late"]
    story.confirms(story.says_done("2027-03-01 10:15", done=Done.SPOKE))
    assert story.causes() == ["recorded_late"]
    assert story.clock("acknowledge").limit_withdrawn


def test_two_limits_that_one_conversation_kept_are_both_withdrawn_and_the_proposal_with_them() -> None:
    story = Story().raised().at("2027-03-09 10:00")
    assert story.causes() == ["silent", "silent", "silent"]
    claim = story.says_done("2027-03-01 10:15")
    story.confirms(claim)
    assert [clock.limit_withdrawn for clock in story.case.clocks if clock.rule_id in {"acknowledge", "resolve"}] == [
        True,
        True,
    ]
    assert story.case.move is None


def test_nobody_was_late_with_an_answer_to_a_question_that_should_not_have_been_asked() -> None:
    story = Story().raised().at("2027-03-04 10:00")
    assert story.clock("choose").limit_passed_at is not None
    story.confirms(story.says_done("2027-03-01 10:15", done=Done.SPOKE))
    assert story.clock("choose").limit_withdrawn


def test_a_proposal_that_also_rests_on_another_limit_stays() -> None:
    story = Story().raised().at("2027-03-09 10:00")
    story.confirms(story.says_done("2027-03-01 10:15", done=Done.SPOKE))
    assert story.clock("acknowledge").limit_withdrawn
    assert story.case.move is not None
    assert story.case.move.proposed_at is not None


def test_a_move_that_a_person_intends_stays_when_the_limit_behind_it_is_withdrawn() -> None:
    story = Story().raised().at("2027-03-03 09:00")
    story.moves_up()
    story.confirms(story.says_done("2027-03-01 10:15", done=Done.SPOKE))
    assert story.case.move is not None
    assert story.at("2027-03-03 17:00").case.stage == 2


def test_a_claim_for_a_stage_already_left_puts_that_stage_right_and_does_not_go_back() -> None:
    story = Story().raised().at("2027-03-03 09:00")
    story.moves_up()
    story.at("2027-03-04 09:00")
    assert story.case.stage == 2
    claim = story.says_done("2027-03-01 10:15", done=Done.SPOKE)
    assert story.case.claims[-1].stage == 1
    story.confirms(claim)
    assert story.clock("acknowledge").stage == 2
    assert story.runs("acknowledge"), "the clock of the present stage goes on"
    assert story.causes() == ["recorded_late"]
    assert story.case.stage == 2


def test_a_claim_may_be_confirmed_after_the_case_has_closed() -> None:
    story = Story().raised().at("2027-03-03 09:00")
    claim = story.says_done("2027-03-01 10:15", done=Done.SPOKE)
    story.agrees()
    assert story.case.status is Status.CLOSED
    before = len(list(story.notices()))
    story.confirms(claim)
    assert story.causes() == ["recorded_late"]
    assert story.case.status is Status.CLOSED
    assert {notice.asks.value for _, notice in list(story.notices())[before:]} == {"read"}, "nobody is asked anything"
    assert not [clock for clock in story.case.clocks if clock.running]


@pytest.mark.parametrize("by", [TEAM, builders.raiser()])
def test_the_other_side_or_the_team_confirms(by: Actor) -> None:
    story = Story().raised().at("2027-03-02 10:00")
    claim = story.says_done("2027-03-01 10:15")
    story.act(acts.ConfirmDone(**origin(by, story.now), claim_id=claim))
    assert not story.runs("resolve")
    assert story.clock("confirm").end is (ClockEnd.STOPPED if by is TEAM else ClockEnd.MET)


@pytest.mark.parametrize("does", [Story.acknowledges, Story.responds], ids=["acknowledge", "respond"])
def test_an_act_written_up_late_counts_from_receipt_until_the_other_side_confirms_its_own_time(
    does: Callable[..., None],
) -> None:
    happened, rule = "2027-03-02 11:00", "acknowledge"
    story = Story().raised().at("2027-03-03 10:00")
    does(story, happened_at=happened)
    assert story.clock(rule).cause is Cause.ANSWERED_LATE
    claim = story.case.claims[-1]
    assert (claim.state, claim.happened_at) == (ClaimState.SAID, civil(happened))
    assert story.runs("confirm"), "the other side is asked"
    story.confirms(claim.claim_id)
    assert story.clock(rule).cause is Cause.RECORDED_LATE
    assert story.clock(rule).limit_withdrawn


def test_an_act_written_up_late_that_puts_nothing_right_bothers_nobody() -> None:
    story = Story().raised().at("2027-03-02 10:00")
    story.acknowledges(happened_at="2027-03-01 15:00")
    assert story.case.claims == ()
    assert story.last(events.Acknowledged).happened_at == civil("2027-03-01 15:00")


def test_the_team_s_own_record_of_a_conversation_counts_from_when_it_happened() -> None:
    story = Story().raised(track=Track.URGENT).at("2027-03-01 13:00")
    assert story.causes() == ["silent"]
    story.act(
        acts.ReachedByPerson(
            **story.by_team(happened_at="2027-03-01 10:40"), agency_id=SOCIAL_CARE, position="duty_worker"
        )
    )
    assert story.causes() == ["recorded_late"]
    assert story.case.claims == ()


def test_a_side_s_record_of_a_conversation_counts_from_then_once_confirmed() -> None:
    story = Story().raised(track=Track.URGENT).at("2027-03-01 13:00")
    story.act(
        acts.ReachedByPerson(
            **story.by_raiser(happened_at="2027-03-01 10:40"), agency_id=SOCIAL_CARE, position="duty_worker"
        )
    )
    assert story.causes() == ["answered_late"]
    story.act(acts.ConfirmDone(**story.by_responder(), claim_id=story.case.claims[-1].claim_id))
    assert story.causes() == ["recorded_late"]


def test_something_done_in_the_minute_in_which_its_clock_began_did_not_happen_before_it() -> None:
    story = Story()
    story.now = story.now.replace(second=42)
    story.raised().later(hours=1)
    story.says_done("2027-03-01 09:30", done=Done.SPOKE)
    assert story.case.claims[-1].stage == 1


@pytest.mark.parametrize(
    ("happened", "code"),
    [
        ("2027-03-01 09:29", "before_its_clock"),
        ("2027-02-20 12:00", "before_its_clock"),
        ("2027-03-02 10:01", "in_the_future"),
        (None, "no_time"),
    ],
)
def test_a_time_that_cannot_be_is_refused(happened: str | None, code: str) -> None:
    story = Story().raised().at("2027-03-02 10:00")
    more = {} if happened is None else {"happened_at": happened}
    refused = story.refused(acts.SayDone(**story.by_responder(**more), done=Done.SPOKE, agency_id=SOCIAL_CARE))
    assert refused.code == code
    assert refused.sentence.startswith(("That is before", "The date and time", "Please say"))


@pytest.mark.parametrize(
    "act",
    [
        lambda story, when: acts.Acknowledge(**story.by_responder(happened_at=when)),
        lambda story, when: acts.Respond(**story.by_responder(happened_at=when), offers=Outcome.AGREED_IN_PART),
        lambda story, when: acts.Agree(**story.by_raiser(happened_at=when), outcome=Outcome.AGREED_AS_ASKED),
        lambda story, when: acts.MoveUp(**story.by_raiser(happened_at=when)),
        lambda story, when: acts.NotePhoneCall(**story.by_team(happened_at=when), agency_id=SOCIAL_CARE, reached=True),
    ],
    ids=["acknowledge", "respond", "agree", "move_up", "note_phone_call"],
)
@pytest.mark.parametrize(
    ("when", "code"), [("2027-02-26 09:00", "before_its_clock"), ("2027-03-02 10:01", "in_the_future")]
)
def test_no_act_happened_in_the_future_or_before_the_case_was_raised(act: object, when: str, code: str) -> None:
    story = Story().raised().at("2027-03-02 10:00")
    assert story.refused(act(story, when)).code == code  # type: ignore[operator]  # one of the above


@pytest.mark.parametrize(
    ("answer", "code"), [(None, "already_said"), ("confirms", "already_confirmed"), ("denies", "already_denied")]
)
def test_the_same_thing_is_not_said_twice(answer: str | None, code: str) -> None:
    story = Story().raised().at("2027-03-02 10:00")
    claim = story.says_done("2027-03-01 15:00")
    if answer is not None:
        getattr(story, answer)(claim)
    again = acts.SayDone(
        **story.by_responder(happened_at="2027-03-01 15:00"), done=Done.ANSWERED, agency_id=SOCIAL_CARE
    )
    assert story.refused(again).code == code


@pytest.mark.parametrize(
    ("first", "again", "code"),
    [
        ("confirms", acts.ConfirmDone, "already_confirmed"),
        ("confirms", acts.DenyDone, "already_confirmed"),
        ("denies", acts.ConfirmDone, "already_denied"),
        ("denies", acts.DenyDone, "already_denied"),
    ],
)
def test_a_claim_is_answered_once(
    first: str,
    again: type[acts.ConfirmDone | acts.DenyDone],
    code: str,
) -> None:
    story = Story().raised().at("2027-03-02 10:00")
    claim = story.says_done("2027-03-01 15:00")
    getattr(story, first)(claim)
    assert story.refused(again(**story.by_raiser(), claim_id=claim)).code == code


def test_a_confirmed_answer_is_put_before_the_raiser_like_one_in_writing() -> None:
    story = Story().raised().at("2027-03-02 10:00")
    story.confirms(story.says_done("2027-03-01 15:00"))
    assert story.clock("consider").about == SOCIAL_CARE
    assert story.runs("consider")


def test_a_settled_agency_can_only_say_what_puts_a_limit_right() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE))
    story.agrees(agency=POLICE)
    story.at("2027-03-02 10:00")
    said = acts.SayDone(
        **story.by_responder(agency=POLICE, happened_at="2027-03-01 11:00"), done=Done.SPOKE, agency_id=POLICE
    )
    assert story.refused(said).code == "settled"
    late = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).at("2027-03-03 09:00")
    late.agrees(agency=POLICE)
    late.says_done("2027-03-01 11:00", done=Done.SPOKE, agency=POLICE)
    late.confirms("c1")
    assert late.clock("acknowledge", agency=POLICE).limit_withdrawn
