"""An escalation that had closed is opened again, or handed over to another partnership, by the pages."""

from __future__ import annotations

from typing import Any

import pytest

from escalations.rules.case import Outcome, Status
from escalations.rules.notices import NoticeKind
from escalations.web import party_forms
from escalations.web.forms import Reading
from tests.builders import SCHOOL, SOCIAL_CARE, Story, civil
from tests.web import answering, teamwork
from tests.web.conftest import MONDAY, Office
from tests.web.forms_filled import raised
from tests.web.test_team_acts import case_of

WHY = "The visit that was agreed did not take place, Zanzibar."


@pytest.fixture
async def closed(office: Office) -> str:
    """Give an escalation that its raiser said was dealt with."""
    reference = await raised(office)
    await office.settle()
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.REACHED))
    once = page.value("once")
    await office.post("/answer/agree", token=page.token, once=once, outcome="agreed_as_asked")
    assert (await case_of(office, reference)).status is Status.CLOSED
    return reference


async def test_whoever_raised_it_opens_it_again_by_the_link_of_its_end(office: Office, closed: str) -> None:
    link = await answering.link(office, closed, NoticeKind.CLOSED, agency=SCHOOL)
    page = await answering.enter(office, link)
    empty = await office.post("/answer/reopen", token=page.token, once=page.value("once"), reopen_text=WHY)
    assert "Say why it is opened again" in empty.text
    assert WHY in empty.text
    done = await office.post(
        "/answer/reopen", token=empty.token, once=page.value("once"), reopen_because="not_done", reopen_text=WHY
    )
    assert "opened it again, at stage 1: what was agreed or decided was not done" in done.text
    case = await case_of(office, closed)
    assert (case.status, case.reopened) == (Status.OPEN, 1)
    assert all("Zanzibar" not in mail for mail in await office.mails())
    asked = await answering.enter(office, await answering.link(office, closed, NoticeKind.ASKED, agency=SOCIAL_CARE))
    assert "Acknowledge it" in asked.text
    assert WHY in asked.text
    board = await office.get(f"/board/{closed}")
    assert "Open again, at stage 1" in board.text


async def test_the_other_side_asks_the_team_which_opens_it_again_or_does_not(office: Office, closed: str) -> None:
    page = await answering.enter(office, await answering.link(office, closed, NoticeKind.CLOSED, agency=SOCIAL_CARE))
    done = await office.post("/answer/ask-reopen", token=page.token, once=page.value("once"), ask_reopen_text=WHY)
    assert "asked the partnership team to open it again" in done.text
    told = [row.notice.to.side for row in await office.notices(closed) if row.notice.kind is NoticeKind.REOPENING_ASKED]
    assert told == ["team"]
    assert "Ask the partnership team to open it again" not in (await office.get("/answer")).text
    page = await teamwork.does(office, closed, "reopen", reopen_because="same_worry", reopen_text="Both sides agree.")
    assert "opened it again, at stage 1: the same worry came up again" in page.text
    assert (await case_of(office, closed)).status is Status.OPEN


async def test_the_team_hands_it_over_to_another_partnership_which_has_taken_it(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    await office.until("2027-03-02 10:00")
    taken: dict[str, Any] = {
        "transfer_at_day": "1",
        "transfer_at_month": "3",
        "transfer_at_year": "2027",
        "transfer_at_time": "15:00",
    }
    check = await teamwork.fills(
        office,
        reference,
        "transfer",
        transfer_to="another_partnership",
        transfer_where="Vale Partnership",
        transfer_who="Ola Quill, business manager",
        transfer_because="moved",
        transfer_text=WHY,
        **taken,
    )
    assert "Vale Partnership" in check.text
    page = await teamwork.sends(office, check)
    assert "Taken over at 15:00 on Monday 1 March 2027 by the partnership of another area" in page.text
    case = await case_of(office, reference)
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.TRANSFERRED)
    link = await answering.link(office, reference, NoticeKind.TRANSFERRED, agency=SOCIAL_CARE)
    assert "Vale Partnership" in (await answering.enter(office, link)).text


@pytest.mark.parametrize("stage", ["x", "-1", "9" * 5_000])
def test_a_stage_that_no_page_offered_is_said_to_be_none(stage: str) -> None:
    held = Story().raised(responding_agencies=()).case
    raw = {"reopen-stage": [stage], "reopen-because": ["as_before"], "reopen-text": ["Nobody came."]}
    read = Reading(raw, now=civil(MONDAY))
    assert party_forms.reopen(read, held, {}, {}) is None
    assert "reopen-stage" in [problem.field for problem in read.problems]
