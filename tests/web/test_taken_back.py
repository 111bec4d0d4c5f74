"""Whoever raised it takes it back, by link."""

from __future__ import annotations

import pytest

from escalations.rules.case import Outcome, Route, Status
from escalations.rules.notices import NoticeKind
from tests.web import answering
from tests.web.conftest import Office, Page
from tests.web.forms_filled import raised
from tests.web.test_team_acts import case_of

WHY = "The plan was put right on the phone, Zanzibar."


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    return found


async def page_of(office: Office, reference: str) -> Page:
    return await answering.enter(office, await answering.link(office, reference, NoticeKind.REACHED))


async def test_it_is_withdrawn_with_a_reason_and_in_the_raiser_s_own_words(office: Office, reference: str) -> None:
    page = await page_of(office, reference)
    empty = await office.post("/answer/withdraw", token=page.token, once=page.value("once"), withdraw_text=WHY)
    assert empty.status == 422
    assert "Say why you withdraw it" in empty.text
    assert WHY in empty.text
    done = await office.post(
        "/answer/withdraw",
        token=page.token,
        once=page.value("once"),
        withdraw_reason="dealt_with_otherwise",
        withdraw_text=WHY,
    )
    case = await case_of(office, reference)
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.WITHDRAWN)
    assert "Recorded" in done.text
    told = [row.notice.to.position for row in await office.notices(reference) if row.notice.kind is NoticeKind.CLOSED]
    assert sorted(told) == ["practitioner", "raiser"]
    assert all("Zanzibar" not in mail for mail in await office.mails())
    board = await office.get(f"/board/{reference}")
    assert "The worry was dealt with in another way" in board.text


async def test_it_goes_another_way_and_the_page_says_that_nothing_is_sent_there(office: Office, reference: str) -> None:
    page = await page_of(office, reference)
    assert "Nothing is sent that way for you" in page.text
    await office.post("/answer/redirect", token=page.token, once=page.value("once"), route="lado", redirect_text=WHY)
    case = await case_of(office, reference)
    assert (case.outcome, case.route) == (Outcome.REDIRECTED, Route.LADO)


async def test_the_responding_side_is_offered_neither(office: Office, reference: str) -> None:
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    assert "Withdraw it" not in page.text
    assert "It is not for this policy" not in page.text
