"""A plan by link and on the team's pages, to the follow-up; to read what an action is needs a code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalations.policy import Side
from escalations.rules.case import Case, Status
from escalations.rules.notices import NoticeKind
from escalations.rules.plan import NotDone, PlanSays
from escalations.store import promises, read_models
from escalations.store.promises import Kind, Promise, Standing
from escalations.web import board_promises
from escalations.web.board_filters import Filters
from escalations.web.telling import Names
from tests.web import answering, teamwork
from tests.web.conftest import Office, Page
from tests.web.forms_filled import raised
from tests.web.test_team_acts import case_of

SCHOOL, SOCIAL_CARE = "oak-school", "childrens-services"
VISIT = "A visit each Tuesday, Zanzibar."
"""Made-up words that must stand nowhere but where they are read."""
SUMS = "A note home each Friday, Wombat."


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    return found


async def enters(office: Office, reference: str, kind: NoticeKind, agency: str | None = None) -> Page:
    return await answering.enter(office, await answering.link(office, reference, kind, agency=agency))


async def does(office: Office, page: Page, doing: str, **fields: Any) -> Page:  # noqa: ANN401
    return await office.post(f"/answer/{doing}", token=page.token, once=page.value("once"), **fields)


PLANNED: dict[str, Any] = {
    "what_1": VISIT,
    "who_1": f"{SOCIAL_CARE}|practitioner",
    "by_1_day": "9",
    "by_1_month": "3",
    "by_1_year": "2027",
    "what_2": SUMS,
    "who_2": f"{SCHOOL}|raiser",
    "by_2_day": "12",
    "by_2_month": "3",
    "by_2_year": "2027",
}


async def proposed(office: Office, reference: str) -> Case:
    page = await enters(office, reference, NoticeKind.ASKED)
    assert (await does(office, page, "plan", **PLANNED)).title.startswith("Recorded")
    return await case_of(office, reference)


async def test_a_plan_goes_from_the_proposal_to_the_follow_up_by_link(office: Office, reference: str) -> None:
    case = await proposed(office, reference)
    assert [(one.agency_id, one.stands) for one in case.plans[0].actions] == [(SOCIAL_CARE, True), (SCHOOL, False)]
    page = await enters(office, reference, NoticeKind.PLAN_PROPOSED)
    assert page.title.startswith("Do you agree to this plan?")
    assert VISIT in page.text
    await does(office, page, "plan-answer", plan_says="agreed")
    page = await enters(office, reference, NoticeKind.REACHED)
    await does(office, page, "agree", outcome="agreed_as_asked")
    case = await case_of(office, reference)
    assert (case.status, [one.stands for one in case.plans[0].actions]) == (Status.CLOSED, [True, True])
    assert "Please do what your agency has agreed to do by a date" in " ".join(
        mail for mail in await office.mails()
    ).replace("=\r\n", "").replace("\r\n", " ")

    await office.until("2027-03-05 09:00")
    page = await enters(office, reference, NoticeKind.ACTION_REMINDER, SOCIAL_CARE)
    assert f"Action 1: {VISIT}" in page.text
    done = await does(office, page, "action", action_done="yes")
    assert done.title.startswith("Recorded")
    page = await enters(office, reference, NoticeKind.ACTION_REPORTED, SCHOOL)
    assert "said to be done" in page.text
    await does(office, page, "check", check_so="yes")
    await office.until("2027-03-12 17:00")
    page = await enters(office, reference, NoticeKind.ACTION_DATE_PASSED, SCHOOL)
    lacking = await does(office, page, "action", action_done="no", action_text="")
    assert lacking.status == 422
    await does(office, lacking, "action", action_done="no", action_why="under_way", action_text="Next week.")
    actions = (await case_of(office, reference)).plans[0].actions
    assert [(one.done, one.checked, one.why) for one in actions] == [
        (True, True, None),
        (False, None, NotDone.UNDER_WAY),
    ]

    await office.until("2027-06-15 10:00")
    page = await enters(office, reference, NoticeKind.FOLLOW_UP, SCHOOL)
    assert "Was what was agreed or decided done?" in page.text
    thanks = await does(
        office,
        page,
        "follow-up",
        follow_kept="some",
        follow_changed=["plan_amended"],
        follow_learning=["supervision", "training"],
        follow_text="Okapi: it was worth it.",
    )
    assert "the other side does not see it" in thanks.text
    page = await enters(office, reference, NoticeKind.FOLLOW_UP, SOCIAL_CARE)
    assert "Okapi" not in page.text
    follow_up = (await case_of(office, reference)).follow_up
    assert follow_up is not None
    assert follow_up.unanswered == ((Side.RESPONDING, SOCIAL_CARE),)


async def test_no_message_says_what_an_action_is(office: Office, reference: str) -> None:
    await proposed(office, reference)
    await office.until("2027-03-10 09:00")
    mails = " ".join(await office.mails())
    assert "reminder of an action" in mails
    for word in ("Zanzibar", "Wombat", "visit each"):
        assert word not in mails


async def test_what_a_form_lacks_is_said_at_its_field_and_nothing_typed_is_lost(office: Office, reference: str) -> None:
    page = await enters(office, reference, NoticeKind.ASKED)
    lacking = await does(office, page, "plan", what_1=VISIT, who_1="nobody|here", by_1_day="31", by_1_month="2")
    assert lacking.status == 422
    assert lacking.value("what-1") == VISIT
    assert "Choose who does it" in lacking.problems
    assert (await case_of(office, reference)).plans == ()
    past = await does(office, lacking, "plan", **{**PLANNED, "by_1_day": "1", "by_1_month": "2"})
    assert "is over" in past.text
    assert past.value("what-1") == VISIT
    assert past.value("what-2") == SUMS


async def test_a_plan_is_agreed_in_part_with_which_and_why(office: Office, reference: str) -> None:
    await proposed(office, reference)
    page = await enters(office, reference, NoticeKind.PLAN_PROPOSED)
    lacking = await does(office, page, "plan-answer", plan_says="in_part")
    assert "Choose the actions that are not agreed: some of them, and not all" in lacking.problems
    await does(
        office, lacking, "plan-answer", plan_says="in_part", plan_without=["a2"], plan_answer_text="We have no time."
    )
    case = await case_of(office, reference)
    assert [(one.agency_id, one.says) for one in case.plans[0].answers] == [(SCHOOL, PlanSays.IN_PART)]
    page = await enters(office, reference, NoticeKind.PLAN_ANSWERED)
    assert "agreed in part" in page.text
    assert "We have no time." in page.text


async def test_dissent_by_link_stands_beside_how_it_ended(office: Office, reference: str) -> None:
    await does(
        office, await enters(office, reference, NoticeKind.ASKED), "answer", offers="agreed_in_part", reasons="x"
    )
    await does(office, await enters(office, reference, NoticeKind.ANSWERED), "agree", outcome="agreed_in_part")
    page = await enters(office, reference, NoticeKind.CLOSED, SOCIAL_CARE)
    await does(office, page, "dissent", dissent_kind="formal", dissent_text="We go along, and think it is too much.")
    for path in (f"/board/{reference}", "/answer"):
        assert "Formal dissent: Wyeford Council children's services" in (await office.get(path)).text


async def test_the_team_writes_down_a_plan_and_what_it_was_told_by_phone(office: Office, reference: str) -> None:
    told: dict[str, Any] = {"planned_said_by": "J. Marsh, team manager"}
    check = await teamwork.fills(office, reference, "plan", **PLANNED)
    assert check.title.startswith(teamwork.CHECK)
    assert VISIT in check.text
    assert "(who raised it)" in check.text
    await teamwork.sends(office, check)
    lacking = await teamwork.fills(office, reference, "plan-answer", plan_which=f"p1:{SOCIAL_CARE}", plan_says="agreed")
    assert "Enter who told you: name and role" in lacking.problems
    await teamwork.does(office, reference, "plan-answer", plan_which=f"p1:{SOCIAL_CARE}", plan_says="agreed", **told)
    await teamwork.does(
        office, reference, "action", action_which="a1", action_done="no", action_why="no_capacity",
        action_text="Two are ill.", **told,
    )  # fmt: skip
    await teamwork.does(office, reference, "check", check_which="a1", check_so="yes", **told)
    await teamwork.does(
        office,
        reference,
        "dissent",
        dissent_agency=SOCIAL_CARE,
        dissent_kind="record",
        dissent_text="Too soon.",
        **told,
    )
    case = await case_of(office, reference)
    action = case.plans[0].actions[0]
    assert (action.done, action.why, action.checked) == (False, NotDone.NO_CAPACITY, True)
    assert [one.formal for one in case.dissents] == [False]
    page = await office.get(f"/board/{reference}")
    assert "What is planned" in page.text
    assert VISIT not in page.text, "the partnership has not been told of this case"


async def test_the_team_writes_down_what_a_side_says_came_of_it(office: Office, reference: str) -> None:
    await does(office, await enters(office, reference, NoticeKind.REACHED), "agree", outcome="agreed_as_asked")
    assert "What came of it is asked at" in (await office.get(f"/board/{reference}")).text
    await office.until("2027-06-25 17:00")
    page = await office.get(f"/board/{reference}")
    assert "Not answered yet: Oak Lane Primary School and Wyeford Council children's services." in page.text
    await teamwork.does(
        office, reference, "follow-up", follow_agency=SCHOOL, follow_kept="all", follow_changed=["nothing"],
        follow_learning=["none"], planned_said_by="The head",
    )  # fmt: skip
    assert "Not answered yet: Wyeford" in (await office.get(f"/board/{reference}")).text


async def test_the_board_shows_what_is_due_also_of_what_is_closed(office: Office, reference: str) -> None:
    await proposed(office, reference)
    board = await office.get("/board")
    assert "Actions due, plans to answer, and follow-ups (2)" in board.text
    assert "Word on a plan: Oak Lane Primary School" in board.text
    assert "Action 1 of a plan: Wyeford Council children's services" in board.text
    for word in ("Zanzibar", "Wombat"):
        assert word not in board.text
    await does(office, await enters(office, reference, NoticeKind.PLAN_PROPOSED), "plan-answer", plan_says="agreed")
    await does(office, await enters(office, reference, NoticeKind.REACHED), "agree", outcome="agreed_as_asked")
    await office.until("2027-03-10 09:00")
    board = await office.get("/board")
    assert "Closed" in board.text
    assert "Date passed" in board.text
    assert "Of 1 the date is over." in board.text
    narrowed = await office.get(f"/board?agency={SCHOOL}")
    assert "Actions due, plans to answer, and follow-ups (1)" in narrowed.text
    assert "Over for more than four weeks" not in narrowed.text
    await office.until("2027-04-15 09:00")
    old = (await office.get("/board")).text
    assert "Nothing is to come, and nothing ended in the last four weeks." in old
    assert "Over for more than four weeks (2)" in old
    await office.until("2027-06-10 09:00")
    assert "What came of it: Oak Lane Primary School" in (await office.get("/board")).text


def test_what_is_to_come_is_shown_however_much_is_over_for_long() -> None:
    now = datetime(2027, 6, 1, 9, tzinfo=UTC)

    def due(days: int) -> Promise:
        return Promise(
            f"PD-{days}", "a1", Kind.ACTION, Side.RESPONDING, SCHOOL, now + timedelta(days=days), Standing.TO_DO
        )

    waiting = [due(days) for days in (*range(-150, -29), -28, -1, 3)]
    found = board_promises.lines(waiting, Names({}), Filters(), now=now)
    assert [one.reference for one in found.lines] == ["PD--28", "PD--1", "PD-3"]
    assert [one.reference for one in found.long_over[:2]] == ["PD--30", "PD--31"]
    assert (len(found.long_over), found.earlier, found.later) == (board_promises.SHOWN, 71, 0)
    assert (found.count, found.passed) == (124, 123)


async def test_what_the_board_shows_of_promises_comes_back_from_the_register(office: Office, reference: str) -> None:
    await proposed(office, reference)
    async with office.database.write() as tx:
        before = await promises.waiting(tx)
        await read_models.rebuild(tx)
        assert await promises.waiting(tx) == before
    assert len(before) == 2


async def test_after_the_end_a_page_says_what_is_still_to_be_done(office: Office, reference: str) -> None:
    await proposed(office, reference)
    done = await does(office, await enters(office, reference, NoticeKind.REACHED), "agree", outcome="agreed_as_asked")
    assert "Action 1 of a plan, from Wyeford Council children's services: by 17:00 on Tuesday 9 March 2027" in done.text
    assert "Say whether you agree to the plan" in done.text
    assert "Nothing more is asked of anybody" not in done.text
