"""Whose it is and who has it, by the pages of both sides and of the team."""

from __future__ import annotations

from typing import Any

import pytest

from escalations.intake import recipients
from escalations.policy import Side
from escalations.rules.case import PartyReason
from escalations.rules.notices import RAISER, NoticeKind, Recipient
from tests.builders import SCHOOL, SOCIAL_CARE
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import raised
from tests.web.test_team_acts import case_of

WHY = "He moved to another area in May, Zanzibar."
OTHER = "police"


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    return found


async def test_an_agency_says_by_link_that_it_is_not_theirs_and_the_team_puts_another_in_its_place(
    office: Office, reference: str
) -> None:
    asked = await answering.link(office, reference, NoticeKind.ASKED)
    page = await answering.enter(office, asked)
    assert "This is not ours" in page.text
    empty = await office.post("/answer/misdirected", token=page.token, link=page.value("link"), once=page.value("once"))
    assert "Say why it is not theirs" in empty.text
    sent = await office.post(
        "/answer/misdirected",
        token=page.token,
        link=page.value("link"),
        once=page.value("once"),
        should_be=OTHER,
        misdirected_text=WHY,
    )
    assert "says that this is not theirs" in sent.text
    assert (await case_of(office, reference)).parties[0].not_theirs_at is not None
    board = await office.get("/board")
    assert reference in board.text
    form = await office.get(f"/board/{reference}/parties")
    assert form.value("take-out") == SOCIAL_CARE
    added = form.html.partition('name="add-agency"')[2].partition("</select>")[0]
    assert f'value="{OTHER}"' in added
    assert 'value="oak-school"' not in added, "it raised it"
    assert f'value="{SOCIAL_CARE}"' not in added, "it is raised with it"
    check = await teamwork.fills(
        office,
        reference,
        "parties",
        add_agency=OTHER,
        take_out=SOCIAL_CARE,
        take_out_because="misdirected",
        parties_text="Both spoke on the phone.",
    )
    assert check.title.startswith(teamwork.CHECK)
    done = await teamwork.sends(office, check)
    assert "took" in done.text
    case = await case_of(office, reference)
    assert [party.agency_id for party in case.parties] == [OTHER]
    assert case.removed[0].because is PartyReason.MISDIRECTED
    gone = await answering.open_link(office, asked)
    assert "This is no longer with your agency" in gone.text
    removed = await answering.open_link(office, await answering.link(office, reference, NoticeKind.REMOVED))
    assert "This is no longer with your agency" in removed.text
    assert all("Zanzibar" not in mail for mail in await office.mails())
    page = await office.get(f"/board/{reference}")
    assert "Its time limits are its own" in page.text
    assert "it was never for this agency; its page was read 2 times there" in page.text


async def test_the_team_says_that_it_is_theirs(office: Office, reference: str) -> None:
    page = await teamwork.does(
        office, reference, "misdirected", misdirected_by="Ola Quill, duty manager", misdirected_text=WHY
    )
    assert "wrote down that" in page.text
    offers = await office.get(f"/board/{reference}")
    assert "Answer whose it is" in offers.text
    page = await teamwork.does(office, reference, "theirs", theirs_text="The address is in their area after all.")
    assert "has looked: this is" in page.text
    assert (await case_of(office, reference)).parties[0].not_theirs_at is None


async def test_whoever_raised_it_changes_the_agencies_by_link(office: Office, reference: str) -> None:
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.REACHED))
    only: dict[str, Any] = {"take_out": SOCIAL_CARE, "take_out_because": "named_in_error", "parties_text": WHY}
    refused = await office.post("/answer/parties", token=page.token, link=page.value("link"), once="a" * 16, **only)
    assert "This would leave no agency to answer it." in refused.text
    assert WHY in refused.text
    both = await office.post(
        "/answer/parties", token=refused.token, link=page.value("link"), once="b" * 16, add_agency=OTHER, **only
    )
    assert "Recorded" in both.title
    assert [party.agency_id for party in (await case_of(office, reference)).parties] == [OTHER]


async def test_a_new_contact_gets_the_messages_and_the_old_one_is_no_longer_let_in(
    office: Office, reference: str
) -> None:
    link = await answering.link(office, reference, NoticeKind.REACHED)
    page = await answering.enter(office, link)
    named: dict[str, Any] = {"contact_name": "Femi Adair", "contact_role": "Deputy head", "contact_phone": ""}
    press: dict[str, Any] = {"token": page.token, "link": page.value("link"), "once": page.value("once")}
    strange = await office.post("/answer/contact", **press, **named, contact_email="femi.adair@elsewhere.example")
    assert "We do not know this address to be one of the agency’s own" in strange.text
    assert strange.value("contact-name") == "Femi Adair"
    done = await office.post("/answer/contact", **press, **named, contact_email="femi.adair@oaklane.example")
    assert "Recorded" in done.title
    told = [row.notice.to.position for row in await office.notices(reference) if row.notice.kind is NoticeKind.CONTACT]
    assert told == ["raiser", "escalation_lead", "practitioner"]
    async with office.database.read() as tx:
        to = Recipient(Side.RAISING, SCHOOL, RAISER)
        found = await recipients.find(tx, office.vault, reference, to, at=office.now())
    assert isinstance(found, recipients.Addressee)
    assert found.address == "femi.adair@oaklane.example"
    assert "Send me a code" in (await office.get("/answer")).text
    page = await answering.enter(
        office, await answering.link(office, reference, NoticeKind.CONTACT, agency=SOCIAL_CARE)
    )
    assert "Femi Adair, Deputy head" in page.text
