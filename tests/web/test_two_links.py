"""Two links in one browser: what is pressed on the page of one case is never done to another."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from escalations.rules.case import Case, Status
from escalations.rules.notices import NoticeKind
from escalations.store import tables
from tests.web import answering
from tests.web.conftest import Office, Page
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


# ---- Codes, and who it is -------------------------------------------------------------------------------------------


async def _asks_for_a_code(office: Office, reference: str, kind: NoticeKind = NoticeKind.ASKED) -> tuple[Page, str]:
    opened = await answering.open_link(office, await answering.link(office, reference, kind))
    page = await office.post("/answer/send-code", token=opened.token)
    return page, await answering.newest_code(office)


async def test_a_code_of_another_message_is_named_as_that_and_opens_nothing(
    office: Office, two: tuple[str, str]
) -> None:
    one, other = two
    _, code = await _asks_for_a_code(office, one)
    page, _ = await _asks_for_a_code(office, other)
    wrong = await office.post("/answer/code", token=page.token, code=code, name="Tamsin Okoro", role="Social worker")
    assert wrong.status == 422
    assert wrong.problems[0].startswith(f"This code belongs to another message of ours, about escalation {one}.")
    assert wrong.value("name") == "Tamsin Okoro"


async def test_a_code_of_another_mailbox_is_only_wrong(office: Office, two: tuple[str, str]) -> None:
    one, other = two
    _, code = await _asks_for_a_code(office, one, NoticeKind.RECEIPT)
    page, _ = await _asks_for_a_code(office, other)
    wrong = await office.post("/answer/code", token=page.token, code=code, name="Tamsin Okoro", role="Social worker")
    assert wrong.problems == ["This code is not right. Check the newest message and enter its 6 numbers again."]


async def test_where_no_try_counts_nothing_is_said_of_other_codes(office: Office, two: tuple[str, str]) -> None:
    one, other = two
    _, code = await _asks_for_a_code(office, one)
    page = await answering.open_link(office, await answering.link(office, other, NoticeKind.ASKED))
    for _ in range(8):
        wrong = await office.post("/answer/code", token=page.token, code=code, name="T", role="S")
        assert wrong.problems == ["This code can no longer be used. Please ask for a new one with the button below."]


async def test_a_page_for_a_code_that_was_never_sent_offers_to_send_one(office: Office, two: tuple[str, str]) -> None:
    await _asks_for_a_code(office, two[0])
    await answering.open_link(office, await answering.link(office, two[1], NoticeKind.ASKED))
    page = await office.get("/answer/code")
    assert "No code was sent today for the message that you opened last" in page.text
    assert 'name="code"' not in page.html
    assert "Send me a code" in page.text


async def test_name_and_role_are_remembered_for_the_same_mailbox_and_the_code_is_not(
    office: Office, two: tuple[str, str]
) -> None:
    one, other = two
    await answering.enter(office, await answering.link(office, one, NoticeKind.ASKED))
    page, _ = await _asks_for_a_code(office, other)
    assert (page.value("name"), page.value("role"), page.value("code")) == ("Tamsin Okoro", "Social worker", "")
    assert "Change them if you are somebody else." in page.text
    raiser, _ = await _asks_for_a_code(office, other, NoticeKind.RECEIPT)
    assert raiser.value("name") == "", "another mailbox is another person"
    cookie = next(cookie for cookie in office.browser.cookies.jar if cookie.name == "who")
    assert cookie.expires is None, "it ends with the browser"
    assert "Tamsin" not in (cookie.value or "")


async def test_what_was_typed_stays_where_another_code_is_sent(office: Office, two: tuple[str, str]) -> None:
    page, _ = await _asks_for_a_code(office, two[0])
    again = await office.post("/answer/send-code", token=page.token, name="Tamsin Okoro", role="Social worker")
    assert (again.value("name"), again.value("role")) == ("Tamsin Okoro", "Social worker")


async def test_on_a_shared_computer_name_and_role_are_forgotten_on_leaving(
    office: Office, two: tuple[str, str]
) -> None:
    one, other = two
    await answering.enter(office, await answering.link(office, one, NoticeKind.ASKED))
    await office.press("/answer/leave")
    assert "who" not in office.browser.cookies
    async with office.database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(tables.DRAFTS))).scalar_one() == 0
    page, _ = await _asks_for_a_code(office, other)
    assert page.value("name") == ""


async def test_the_first_page_of_a_link_shows_the_stage_that_the_case_is_at_now(
    office: Office, two: tuple[str, str]
) -> None:
    page = await answering.open_link(office, await answering.link(office, two[0], NoticeKind.RECEIPT))
    assert "Stage 1 Date" in page.text, "the receipt was sent before stage 1 began"
