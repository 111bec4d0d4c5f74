"""Two links in one browser: what is pressed on the page of one case is never done to another."""

from __future__ import annotations

import pytest

from escalations.rules.case import Case, Status
from escalations.rules.notices import NoticeKind
from tests.web import answering
from tests.web.conftest import Office
from tests.web.forms_filled import raised


async def _case(office: Office, reference: str) -> Case:
    async with office.database.read() as tx:
        case = await office.cases.read(tx, reference)
    assert case is not None
    return case


@pytest.fixture
async def two(office: Office) -> tuple[str, str]:
    """Give the references of two escalations between the same agencies."""
    found = []
    for minute in (30, 40):
        office.time = office.time.replace(minute=minute)
        found.append(await raised(office))
        await office.settle()
    return found[0], found[1]


async def test_an_answer_typed_on_the_page_of_one_case_reaches_no_other(office: Office, two: tuple[str, str]) -> None:
    one, other = two
    first = await answering.enter(office, await answering.link(office, one, NoticeKind.ASKED))
    second = await answering.enter(office, await answering.link(office, other, NoticeKind.ASKED))
    refused = await office.post(
        "/answer/answer", token=first.token, offers="agreed_as_asked", reasons="We visit the first child tomorrow."
    )
    assert refused.status == 409
    assert f"The page was about {one}" in refused.title
    assert "Nothing was sent" in refused.text
    assert f"the link of escalation {other}" in refused.text
    assert "We visit the first child tomorrow." in refused.text
    for reference in two:
        assert (await _case(office, reference)).parties[0].answered_at is None
    await office.post("/answer/answer", token=second.token, offers="agreed_as_asked", reasons="The second child.")
    assert (await _case(office, other)).parties[0].answered_at is not None
    assert (await _case(office, one)).parties[0].answered_at is None


async def test_dealt_with_on_the_page_of_one_case_closes_no_other(office: Office, two: tuple[str, str]) -> None:
    one, other = two
    first = await answering.enter(office, await answering.link(office, one, NoticeKind.RECEIPT))
    await answering.enter(office, await answering.link(office, other, NoticeKind.RECEIPT))
    refused = await office.post("/answer/agree", token=first.token, outcome="agreed_as_asked")
    assert refused.status == 409
    for reference in two:
        assert (await _case(office, reference)).status is Status.OPEN


async def test_a_code_belongs_to_the_page_on_which_it_was_asked_for(office: Office, two: tuple[str, str]) -> None:
    one, other = two
    opened = await answering.open_link(office, await answering.link(office, one, NoticeKind.ASKED))
    await office.post("/answer/send-code", token=opened.token)
    code_page = await office.get("/answer/code")
    await answering.open_link(office, await answering.link(office, other, NoticeKind.ASKED))
    mails = len(await office.mails())
    again = await office.post("/answer/send-code", token=opened.token)
    assert again.status == 409
    assert len(await office.mails()) == mails
    refused = await office.post("/answer/code", token=code_page.token, code="123456", name="Tamsin Okoro", role="Nurse")
    assert refused.status == 409
    assert "Tamsin Okoro" in refused.text
    assert f"The page was about {one}" in refused.title


async def test_two_messages_about_one_case_are_told_apart_too(office: Office, two: tuple[str, str]) -> None:
    page = await answering.enter(office, await answering.link(office, two[0], NoticeKind.RECEIPT))
    await answering.open_link(office, await answering.link(office, two[0], NoticeKind.ASKED))
    refused = await office.post("/answer/agree", token=page.token, outcome="agreed_as_asked")
    assert refused.status == 409
    assert "another message about escalation" in refused.text


async def test_a_form_that_names_no_link_is_refused(office: Office, two: tuple[str, str]) -> None:
    page = await answering.enter(office, await answering.link(office, two[0], NoticeKind.RECEIPT))
    for link in ("", "0" * 32, "../x"):
        refused = await office.post("/answer/agree", token=page.token, link=link, outcome="agreed_as_asked")
        assert refused.status == 409
    assert (await _case(office, two[0])).status is Status.OPEN
