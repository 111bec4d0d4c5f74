"""By link, with several responding agencies: what is said of one is said of that one, whatever became of the others."""

from __future__ import annotations

from typing import Any

import pytest

from escalations.rules.case import Case, Status
from escalations.rules.notices import NoticeKind
from tests.web import answering
from tests.web.conftest import Office, Page
from tests.web.forms_filled import raised

DONE: dict[str, Any] = {
    "done": "spoke",
    "done_at_day": "1",
    "done_at_month": "3",
    "done_at_year": "2027",
    "done_at_time": "10:40",
    "done_text": "We spoke.",
}


async def _case(office: Office, reference: str) -> Case:
    async with office.database.read() as tx:
        case = await office.cases.read(tx, reference)
    assert case is not None
    return case


async def _settled(office: Office, reference: str) -> set[str]:
    return {party.agency_id for party in (await _case(office, reference)).parties if party.settled}


@pytest.fixture
async def reference(office: Office) -> str:
    """Give the reference of an escalation with children's services and the police."""
    found = await raised(office, agencies={"with": ["childrens-services", "police"]})
    await office.settle()
    return found


@pytest.fixture
async def page(office: Office, reference: str) -> Page:
    """Give the raising side's page."""
    return await answering.enter(office, await answering.link(office, reference, NoticeKind.RECEIPT))


async def _agree(office: Office, page: Page, **fields: Any) -> Page:  # noqa: ANN401
    return await office.post("/answer/agree", token=page.token, outcome="agreed_as_asked", **fields)


async def test_settled_with_one_twice_does_not_settle_the_other(office: Office, reference: str, page: Page) -> None:
    second_tab = await office.get("/answer")
    await _agree(office, page, agree_agency="childrens-services")
    refused = await _agree(office, second_tab, agree_agency="childrens-services")
    assert "This is already settled with that agency." in refused.text
    assert await _settled(office, reference) == {"childrens-services"}
    assert (await _case(office, reference)).status is Status.OPEN


async def test_all_are_settled_only_where_it_was_said(office: Office, reference: str, page: Page) -> None:
    lacking = await _agree(office, page)
    assert lacking.problems == ["Say with which agency it is settled"]
    await _agree(office, page, agree_agency="police")
    # A page of before, on which nothing was chosen, and one agency left meanwhile.
    lacking = await _agree(office, await office.get("/answer"), agree_agency="")
    assert lacking.problems == ["Say with which agency it is settled"]
    assert await _settled(office, reference) == {"police"}
    await _agree(office, lacking, agree_agency="all")
    assert (await _case(office, reference)).status is Status.CLOSED


async def test_the_page_names_the_agency_that_is_left(office: Office, reference: str, page: Page) -> None:
    await _agree(office, page, agree_agency="childrens-services")
    left = await office.get("/answer")
    assert left.value("agree-agency") == left.value("done-agency") == "police"
    await _agree(office, left, agree_agency=left.value("agree-agency"))
    assert (await _case(office, reference)).status is Status.CLOSED


@pytest.mark.parametrize("named", [{}, {"done_agency": "police"}])
async def test_with_one_left_the_raiser_can_still_say_what_was_done(
    office: Office, reference: str, page: Page, named: dict[str, Any]
) -> None:
    await _agree(office, page, agree_agency="childrens-services")
    office.time = office.time.replace(hour=11)
    await office.post("/answer/say-done", token=(await office.get("/answer")).token, **DONE, **named)
    assert [claim.agency_id for claim in (await _case(office, reference)).claims] == ["police"]


async def test_with_both_open_the_raiser_is_asked_which(office: Office, reference: str, page: Page) -> None:
    office.time = office.time.replace(hour=11)
    lacking = await office.post("/answer/say-done", token=page.token, **DONE)
    assert lacking.problems == ["Choose the agency"]
    await office.post("/answer/say-done", token=lacking.token, **DONE, done_agency="childrens-services")
    assert [claim.agency_id for claim in (await _case(office, reference)).claims] == ["childrens-services"]
