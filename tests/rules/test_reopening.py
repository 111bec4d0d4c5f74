"""A case that had closed is opened again, and one that another partnership takes over is closed here and not settled.

Source: the acts of published policies ("reopen"; "transfer to another partnership"), and the rules of practice ("It
ends when the raising side or the final body says so"; "It may be transferred").
"""

from __future__ import annotations

from datetime import datetime

import pytest

from escalations.policy import Side
from escalations.review.dataset import Life
from escalations.rules import acts, events, receipts
from escalations.rules.case import Case, Cause, Outcome, ReopenReason, Status, TransferReason, TransferredTo
from escalations.rules.notices import NoticeKind
from escalations.rules.workingtime import Amount
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, Story, civil, origin, raise_
from tests.deeds import ACTORS

PASSED = [Cause.SILENT, Cause.ANSWERED_LATE]
"""What had been late before it was closed: nobody answered at stage 1, and the manager acknowledged late."""


def settled(at: str = "2027-03-03 10:00") -> Story:
    """Give a case that the managers settled, after nothing was said at stage 1."""
    story = Story().raised().at(at)
    story.moves_up()
    story.at("2027-03-05 10:00")
    story.responds("manager")
    story.agrees()
    assert story.case.status is Status.CLOSED
    return story


def reopen(story: Story, *, at_stage: int | None = None, **by: object) -> tuple[events.Event, ...]:
    act = acts.Reopen.model_validate(
        {**(by or story.by_raiser()), "because": ReopenReason.NOT_DONE, "at_stage": at_stage}
    )
    return story.act(act)


def transfer(story: Story, happened: datetime | None = None) -> acts.Transfer:
    return acts.Transfer(
        **story.by_team(happened_at=happened), to=TransferredTo.ANOTHER_PARTNERSHIP, because=TransferReason.MOVED
    )


# ---- Opened again ----------------------------------------------------------------------------------------------------


def test_it_goes_on_where_it_was_closed_with_a_new_clock_from_the_act_and_everything_before_kept() -> None:
    story = settled().at("2027-04-06 10:00")
    before = list(story.happened)
    reopen(story)
    assert (story.case.status, story.case.stage, story.case.outcome) == (Status.OPEN, 2, None)
    clock = story.clock("acknowledge")
    assert (clock.stage, clock.started_at, clock.due_at) == (2, story.now, civil("2027-04-07 17:00"))
    assert story.clock("whole-process").started_at == story.now
    assert story.happened[: len(before)] == before
    assert [one.cause for one in story.case.clocks if one.over] == PASSED


def test_the_time_in_which_it_was_closed_is_nobodys_delay_and_what_comes_later_mends_nothing_of_before() -> None:
    story = settled().at("2027-04-06 10:00")
    reopen(story)
    assert not [one for one in story.case.clocks if one.running and one.limit_passed_at is not None]
    story.acknowledges("manager")
    story.responds("manager")
    assert [one.cause for one in story.case.clocks if one.over] == PASSED


def test_it_can_go_on_at_an_earlier_stage_that_it_was_at_and_move_up_from_there_again() -> None:
    story = settled()
    reopen(story, at_stage=1)
    assert story.case.stage == 1
    story.responds()
    story.later(minutes=5)
    story.moves_up()
    story.at("2027-03-09 10:00")
    assert story.case.stage == 2
    story.responds("manager")
    story.agrees()
    assert story.case.outcome is Outcome.AGREED_AS_ASKED


@pytest.mark.parametrize(("at_stage", "code"), [(3, "not_reached"), (4, "not_reached")])
def test_it_goes_on_at_no_stage_that_it_never_reached(at_stage: int, code: str) -> None:
    story = settled()
    act = acts.Reopen(**story.by_raiser(), because=ReopenReason.OTHER, at_stage=at_stage)
    assert story.refused(act).code == code


def test_whoever_answers_is_asked_anew_and_everybody_who_had_heard_of_the_end_is_told() -> None:
    story = settled()
    reopen(story)
    told = [
        (notice.kind, notice.to.agency_id, notice.to.position) for e, notice in story.notices() if e.kind == "reopened"
    ]
    assert (NoticeKind.ASKED, SOCIAL_CARE, "manager") in told
    assert (NoticeKind.REOPENED, SOCIAL_CARE, "practitioner") in told
    assert (NoticeKind.REOPENED, SCHOOL, "raiser") in told
    assert (NoticeKind.REOPENED, SCHOOL, "manager") in told


def test_with_whom_it_was_settled_before_it_stays_settled() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).at("2027-03-01 11:00")
    story.agrees(agency=POLICE)
    story.later(hours=1)
    story.agrees(agency=SOCIAL_CARE)
    story.later(hours=1)
    reopen(story)
    assert [party.agency_id for party in story.case.open_parties] == [SOCIAL_CARE]
    assert not story.runs("acknowledge", agency=POLICE)


def test_what_the_final_body_decided_the_team_alone_opens_again_and_the_alternate_then_decides() -> None:
    story = Story().raised()
    while story.case.stage < 4:
        story.moves_up()
        story.until(
            story.case.move.takes_effect_at if story.case.move and story.case.move.takes_effect_at else story.now
        )
        story.later(minutes=1)
    story.act(acts.Decide(**origin(ACTORS["chair"], story.now), outcome=Outcome.DECIDED_AS_ASKED))
    refused = story.refused(acts.Reopen(**story.by_raiser(), because=ReopenReason.NOT_DONE))
    assert refused.code == "decided"
    story.act(acts.AskToReopen(**story.by_raiser()))
    assert story.refused(acts.AskToReopen(**story.by_raiser())).code == "already_asked"
    story.act(acts.AskToReopen(**story.by_responder("head")))
    reopen(story, **story.by_team())
    assert story.case.decider_position == "alternate_chair"
    assert story.runs("decide")
    assert story.case.reopening_asked == ()


def test_what_no_agency_had_been_told_of_is_held_again() -> None:
    story = Story().raised(responding_agencies=())
    story.act(acts.Close(**story.by_team(), outcome=Outcome.OVERTAKEN))
    reopen(story, **story.by_team())
    assert story.case.status is Status.HELD
    assert story.runs("team-look")
    story.passes_on()
    assert story.case.stage == 1


def test_an_open_case_is_not_opened_again_and_a_repeat_says_so() -> None:
    story = settled()
    reopen(story)
    for act in (
        acts.Reopen(**story.by_raiser(), because=ReopenReason.NOT_DONE),
        acts.AskToReopen(**story.by_responder("manager")),
    ):
        assert story.refused(act).code == "not_closed"


def test_its_receipts_say_from_what_its_limits_count() -> None:
    story = settled().at("2027-04-06 10:00")
    started = [event for event in reopen(story) if isinstance(event, events.ClockStarted)]
    whole = next(event for event in started if event.awaits == "settle_all")
    receipt = receipts.receipt(
        story.frame.calendar,
        start=whole.at,
        start_event="reopened",
        amount=Amount.parse(whole.amount),
        rule=whole.rule_id,
    )
    assert receipt.content_hash == whole.receipt_hash


def test_the_review_counts_it_once_as_it_ends_at_last() -> None:
    story = settled().at("2027-04-06 10:00")
    closed_at = story.case.closed_at
    reopen(story)
    story.responds("manager")
    story.agrees(Outcome.AGREED_IN_PART)
    raised = story.happened[0]
    assert isinstance(raised, events.Raised)
    life = Life.begun("PD-27-0001-X", raised, story.frame)
    for event in story.happened[1:]:
        life.tell(event)
    record = life.told()
    assert record.outcome is Outcome.AGREED_IN_PART
    assert record.reopened == ((closed_at, civil("2027-04-06 10:00")),)
    assert [agency for agency, _ in record.settled] == [SOCIAL_CARE]


# ---- Transferred -----------------------------------------------------------------------------------------------------


def test_what_is_transferred_is_closed_and_not_settled_and_both_sides_are_told_where_it_goes_on() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    story.act(transfer(story, civil("2027-03-02 15:00")))
    assert (story.case.status, story.case.outcome) == (Status.CLOSED, Outcome.TRANSFERRED)
    assert not story.kinds().count("settled")
    assert story.clock("whole-process").end == "stopped" if story.clock("whole-process").limit_passed_at else True
    told = {notice.to.side for _, notice in story.notices() if notice.kind is NoticeKind.TRANSFERRED}
    assert told == {Side.RAISING, Side.RESPONDING}


def test_it_says_when_it_was_taken_over_and_closes_by_no_other_form() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    assert story.refused(transfer(story)).code == "no_time"
    close = acts.Close(**story.by_team(), outcome=Outcome.TRANSFERRED, on_word_of=Side.RAISING)
    assert story.refused(close).code == "transfer_instead"


def test_what_is_held_can_be_handed_over_too() -> None:
    story = Story()
    story.act(raise_(story.now, responding_agencies=()))
    story.later(minutes=30)
    story.act(transfer(story, story.now))
    case: Case = story.case
    assert case.outcome is Outcome.TRANSFERRED
    assert not case.running()
