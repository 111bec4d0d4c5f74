"""Whose it is: an agency says that it is not theirs, agencies come and go, and each has its own time.

Source: the rules of practice ("Never by a timer"; "Misdirected is an act"; "Evidence is fair"): time that went by at
the wrong agency is not the right one's.
"""

from __future__ import annotations

import pytest

from escalations.policy import Side
from escalations.rules import access, acts, events, notices
from escalations.rules.case import Cause, PartyReason, Status
from escalations.rules.notices import NoticeKind, Recipient
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, TEAM, Story, civil, origin, raiser, responder

HEALTH = "health"


def not_ours(story: Story, agency: str = SOCIAL_CARE, should_be: str | None = None) -> tuple[events.Event, ...]:
    return story.act(acts.Misdirected(**story.by_responder(agency=agency), agency_id=agency, should_be=should_be))


def change(
    story: Story,
    *,
    add: tuple[str, ...] = (),
    remove: tuple[str, ...] = (),
    because: PartyReason | None = None,
) -> tuple[events.Event, ...]:
    return story.act(acts.ChangeParties(**story.by_team(), add=add, remove=remove, because=because))


def told(story: Story, kind: NoticeKind) -> list[str]:
    return [
        f"{notice.to.agency_id or 'team'} {notice.to.position}" for _, notice in story.notices() if notice.kind is kind
    ]


# ---- Not theirs ------------------------------------------------------------------------------------------------------


def test_what_is_said_not_to_be_theirs_moves_nothing_and_asks_the_team_by_its_own_clock() -> None:
    story = Story().raised().at("2027-03-01 11:00")
    before = [clock for clock in story.case.clocks if clock.waits_for is Side.RESPONDING]
    not_ours(story, should_be=HEALTH)
    assert [clock for clock in story.case.clocks if clock.waits_for is Side.RESPONDING] == before
    assert [party.agency_id for party in story.case.parties] == [SOCIAL_CARE]
    look = story.clock("team-look")
    assert (look.waits_for, look.about, look.due_at) == (Side.TEAM, SOCIAL_CARE, civil("2027-03-01 13:00"))
    assert told(story, NoticeKind.MISDIRECTED) == ["team team", f"{SCHOOL} raiser"]


def test_the_team_that_does_not_look_in_time_is_reminded_through_its_deputy() -> None:
    story = Story().raised().at("2027-03-01 11:00")
    not_ours(story)
    story.at("2027-03-01 14:00")
    passed = story.last(events.LimitPassed)
    assert (passed.awaits, passed.waits_for, passed.agency_id) == ("look", Side.TEAM, SOCIAL_CARE)
    assert "team team_deputy" in told(story, NoticeKind.LIMIT_PASSED)


def test_a_limit_that_passes_while_the_team_looks_is_not_theirs() -> None:
    story = Story().raised()
    not_ours(story)
    story.at("2027-03-02 18:00")
    assert story.clock("acknowledge").cause is Cause.MISDIRECTED


def test_where_it_is_theirs_after_all_its_causes_are_looked_at_again_and_it_goes_on() -> None:
    story = Story().raised()
    not_ours(story)
    story.at("2027-03-02 18:00")
    story.act(acts.FindTheirs(**story.by_team(), agency_id=SOCIAL_CARE))
    assert story.clock("acknowledge").cause is Cause.ACKNOWLEDGED_ONLY
    assert not story.runs("team-look")
    assert story.runs("acknowledge")
    assert told(story, NoticeKind.THEIRS) == [f"{SOCIAL_CARE} practitioner", f"{SCHOOL} raiser"]


def test_an_answer_of_the_agency_itself_takes_it_back() -> None:
    story = Story().raised()
    not_ours(story)
    story.later(minutes=30)
    story.responds()
    assert not story.runs("team-look")
    refused = story.refused(acts.FindTheirs(**story.by_team(), agency_id=SOCIAL_CARE))
    assert refused.code == "not_said"


def test_the_question_whose_it_is_outlasts_a_move_up() -> None:
    story = Story().raised()
    not_ours(story)
    story.later(minutes=5)
    story.moves_up()
    story.at("2027-03-03 09:30")
    assert story.case.stage == 2
    assert story.runs("team-look")


def test_a_rule_alone_does_not_move_it_to_the_next_level_of_an_agency_that_says_it_is_not_theirs() -> None:
    values = Story().frame.policy.model_dump()
    for clock in values["stages"][0]["clocks"]:
        clock.update(on_limit="escalate", source="paragraph 4.2")
    policy = type(Story().frame.policy).model_validate(values)
    moved = Story(policy=policy).raised().at("2027-03-05 12:00")
    assert moved.case.stage == 2
    story = Story(policy=policy).raised()
    not_ours(story)
    story.at("2027-03-05 12:00")
    assert story.case.stage == 1
    assert "move_proposed" in story.kinds()


@pytest.mark.parametrize(("by", "agency"), [(responder(agency=POLICE), SOCIAL_CARE), (raiser(), SOCIAL_CARE)])
def test_nobody_says_of_another_agency_that_it_is_not_theirs(by: object, agency: str) -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE))
    refused = story.refused(acts.Misdirected(**origin(by, story.now), agency_id=agency))  # type: ignore[arg-type]  # an actor
    assert refused.code == "not_your_side"


def test_it_is_said_once_and_of_an_agency_that_can_have_it() -> None:
    story = Story().raised()
    for should_be in (SOCIAL_CARE, SCHOOL):
        act = acts.Misdirected(**story.by_responder(), agency_id=SOCIAL_CARE, should_be=should_be)
        assert story.refused(act).code == "same_agency"
    not_ours(story)
    again = acts.Misdirected(**story.by_responder(), agency_id=SOCIAL_CARE)
    assert story.refused(again).code == "already_said"


# ---- Another agency --------------------------------------------------------------------------------------------------


def test_the_right_agency_has_all_of_its_own_time_and_the_wrong_one_s_was_not_its_delay() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    assert story.clock("acknowledge").cause is Cause.SILENT
    not_ours(story, should_be=HEALTH)
    change(story, add=(HEALTH,), remove=(SOCIAL_CARE,), because=PartyReason.MISDIRECTED)
    of_care = [clock for clock in story.case.clocks if clock.agency_id == SOCIAL_CARE]
    assert not [clock for clock in of_care if clock.running]
    assert {clock.cause for clock in of_care if clock.cause} == {Cause.MISDIRECTED}
    assert story.clock("acknowledge", agency=HEALTH).due_at == civil("2027-03-04 17:00")
    assert not story.runs("team-look")
    assert story.case.removed[0].because is PartyReason.MISDIRECTED


def test_a_proposal_that_rested_on_the_agency_alone_ends_with_it() -> None:
    story = Story().raised().at("2027-03-03 10:00")
    assert story.kinds().count("move_proposed") == 1
    change(story, add=(HEALTH,), remove=(SOCIAL_CARE,), because=PartyReason.MISDIRECTED)
    assert story.case.move is None
    assert story.last(events.ProposalEnded).because == "removed"
    assert not story.runs("choose")


def test_whoever_is_taken_out_is_told_that_and_nothing_of_what_comes_later() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).at("2027-03-01 11:00")
    claim = story.says_done("2027-03-01 10:00", agency=POLICE)
    change(story, remove=(POLICE,), because=PartyReason.NAMED_IN_ERROR)
    assert told(story, NoticeKind.REMOVED) == [f"{POLICE} practitioner"]
    story.confirms(claim)
    after = [notice for event, notice in story.notices() if event.kind != "party_removed"]
    assert not [notice for notice in after[-3:] if notice.to.agency_id == POLICE]
    assert notices.overtaken(
        story.case,
        NoticeKind.CLOSED,
        stage=1,
        about=None,
        to=notices.Recipient(Side.RESPONDING, POLICE, "practitioner"),
    )


def test_its_links_show_nothing_any_more_and_it_can_do_nothing() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE))
    assert access.reads_by_link(story.case, Recipient(Side.RESPONDING, POLICE, "practitioner"), now=story.now)
    change(story, remove=(POLICE,), because=PartyReason.MISDIRECTED)
    assert not access.reads_by_link(story.case, Recipient(Side.RESPONDING, POLICE, "practitioner"), now=story.now)
    assert story.refused(acts.Acknowledge(**story.by_responder(agency=POLICE))).code == "not_your_side"


def test_an_agency_that_comes_again_begins_afresh() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).at("2027-03-03 10:00")
    change(story, remove=(POLICE,), because=PartyReason.NO_LONGER_INVOLVED)
    story.at("2027-03-04 10:00")
    change(story, add=(POLICE,))
    clock = story.clock("acknowledge", agency=POLICE)
    assert clock.started_at == civil("2027-03-04 10:00")
    story.acknowledges(agency=POLICE)
    assert [(one.cause, one.over) for one in story.case.clocks if one.agency_id == POLICE and one.cause] == [
        (Cause.SILENT, True)
    ]


def test_an_agency_that_is_added_later_is_asked_at_the_level_that_the_case_has_reached() -> None:
    story = Story().raised()
    story.moves_up()
    story.at("2027-03-03 10:00")
    change(story, add=(POLICE,))
    asked = [notice for event, notice in story.notices() if event.kind == "party_added" and notice.starts_clocks]
    assert [(notice.to.agency_id, notice.to.position, notice.stage) for notice in asked] == [(POLICE, "manager", 2)]
    assert story.runs("acknowledge", agency=POLICE)


@pytest.mark.parametrize(
    ("add", "remove", "because", "code"),
    [
        ((), (), None, "nothing_chosen"),
        ((SOCIAL_CARE,), (), None, "already_party"),
        ((SCHOOL,), (), None, "same_agency"),
        ((HEALTH, HEALTH), (), None, "named_twice"),
        ((), (HEALTH,), PartyReason.OTHER, "not_a_party"),
        ((), (SOCIAL_CARE,), PartyReason.OTHER, "last_agency"),
        ((HEALTH,), (SOCIAL_CARE,), None, "reason_needed"),
    ],
)
def test_what_would_make_no_sense_is_refused_with_a_sentence(
    add: tuple[str, ...], remove: tuple[str, ...], because: PartyReason | None, code: str
) -> None:
    story = Story().raised()
    act = acts.ChangeParties(**story.by_raiser(), add=add, remove=remove, because=because)
    assert story.refused(act).code == code


def test_with_whom_it_is_settled_stays_on_record() -> None:
    story = Story().raised(responding_agencies=(SOCIAL_CARE, POLICE)).at("2027-03-01 11:00")
    story.agrees(agency=POLICE)
    remove = acts.ChangeParties(**story.by_team(), remove=(POLICE,), because=PartyReason.OTHER)
    assert story.refused(remove).code == "settled"
    last = acts.ChangeParties(**story.by_team(), remove=(SOCIAL_CARE,), because=PartyReason.OTHER)
    assert story.refused(last).code == "last_agency"
    story.agrees(agency=SOCIAL_CARE)
    assert story.case.status is Status.CLOSED


# ---- Who is written to -----------------------------------------------------------------------------------------------


def test_both_sides_hear_that_somebody_else_is_written_to() -> None:
    story = Story().raised()
    story.act(acts.ChangeContact(**story.by_raiser()))
    assert told(story, NoticeKind.CONTACT) == [
        f"{SCHOOL} raiser",
        f"{SCHOOL} escalation_lead",
        f"{SOCIAL_CARE} practitioner",
    ]


def test_while_it_is_held_only_the_team_says_whom_to_write_to() -> None:
    story = Story().raised(responding_agencies=())
    assert story.refused(acts.ChangeContact(**story.by_raiser())).code == "held"
    story.act(acts.ChangeContact(**origin(TEAM, story.now)))
