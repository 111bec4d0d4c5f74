"""The urgent track: who phones whom, by when, on which number (practice, "must not wait in a queue")."""

from __future__ import annotations

import re

import pytest

from escalations.policy import Track
from escalations.rules.notices import NoticeKind
from escalations.store import directory
from tests.web import answering
from tests.web.conftest import Office, Page
from tests.web.forms_filled import CHILD, raised
from tests.web.test_completing import mailed


@pytest.fixture
async def reference(office: Office) -> str:
    """Give the reference of an urgent escalation."""
    found = await raised(office, safety={"urgent": "yes"})
    await office.settle()
    return found


async def test_the_responding_side_reads_whom_to_phone_by_when_and_the_number(office: Office, reference: str) -> None:
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    said = (
        "Please phone by 11:30 on Monday 1 March 2027: "
        "Ottoline Brack, Designated safeguarding lead, Oak Lane Primary School, 01632 960 301"
    )
    assert said in page.text
    assert 'href="tel:01632960301"' in page.html
    assert "Speak to the person who raised it, and record the call: by 11:30" in page.text


async def test_the_raising_side_reads_the_position_and_its_number_and_no_name(office: Office, reference: str) -> None:
    token = await answering.link(office, reference, NoticeKind.RECEIPT)
    page = await answering.enter(office, token, name="Ottoline Brack", role="Lead")
    said = "Social worker at Wyeford Council children's services, 01632 960201 (from the directory)"
    assert said in page.text
    assert "Tamsin" not in page.text
    done = await office.post("/answer/reached", token=page.token, spoken_to="The social worker")
    assert "Recorded" in done.title
    assert "Please phone" not in (await office.get("/answer")).text


async def _mailed_urgently(office: Office, sender: str) -> Page:
    """Give what the responding side reads of an urgent escalation raised by a mail that says no number."""
    reference = await mailed(office, CHILD, sender=sender, with_=("childrens-services",), track=Track.URGENT)
    return await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))


async def test_of_one_raised_by_mail_the_number_is_that_of_the_sender_in_the_directory(office: Office) -> None:
    async with office.database.read() as tx:
        lead = await directory.holders(tx, office.vault, "oak-school", directory.LEAD, office.now())
    assert lead is not None
    page = await _mailed_urgently(office, lead.email)
    assert f"Oak Lane Primary School, {lead.phone} (their number in the directory)" in page.text
    assert "No number is recorded" not in page.text


async def test_where_the_sender_is_not_in_the_directory_it_is_their_agencys_number(office: Office) -> None:
    page = await _mailed_urgently(office, "somebody.else@oaklane.example")
    assert re.search(
        r"Oak Lane Primary School, 01632 \d+ \(from the directory: [^)]+, Oak Lane Primary School\)", page.text
    )


async def test_without_the_code_no_number_of_a_person_is_shown(office: Office, reference: str) -> None:
    for kind in (NoticeKind.ASKED, NoticeKind.RECEIPT):
        page = await answering.open_link(office, await answering.link(office, reference, kind))
        assert "960201" not in page.text.replace(" ", "")
        assert "960301" not in page.text.replace(" ", "")


async def test_after_its_limit_the_call_is_still_asked_for(office: Office, reference: str) -> None:
    await office.until("2027-03-01 12:00")
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    assert "Please phone now:" in page.text
    assert "The time limit passed at 11:30 on Monday 1 March 2027" in page.text


async def test_of_several_agencies_the_raiser_says_with_which_they_spoke(office: Office) -> None:
    found = await raised(office, safety={"urgent": "yes"}, agencies={"with": ["childrens-services", "police"]})
    await office.settle()
    page = await answering.enter(office, await answering.link(office, found, NoticeKind.RECEIPT))
    assert page.text.count("Please phone by") == 2
    lacking = await office.post("/answer/reached", token=page.token, spoken_to="The desk")
    assert lacking.problems == ["Choose the agency"]
    assert lacking.value("spoken-to") == "The desk"
    done = await office.post("/answer/reached", token=lacking.token, spoken_to="The desk", reached_agency="police")
    assert "Recorded" in done.title


async def test_the_form_says_what_urgent_means_and_the_receipt_what_to_do(office: Office) -> None:
    await raised(office, safety={"urgent": "yes"})
    receipt = await office.get("/raise/receipt")
    assert "Please phone the other agency now" in receipt.text
    assert "2 hours to speak with you by phone and 24 hours to answer, counted by day and night" in receipt.text
    await office.press("/raise", referred="yes")
    asked = await office.get("/raise/safety")
    assert (
        "the other agency has 2 hours to speak with you by phone and 24 hours to answer, by day and night" in asked.text
    )
