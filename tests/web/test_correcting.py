"""An entry was a mistake, by the pages: it stays, is shown as one, and both sides are told."""

from __future__ import annotations

import pytest

from escalations.rules.notices import NoticeKind
from tests.builders import SOCIAL_CARE
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import raised
from tests.web.test_team_acts import case_of

WHY = "That was for another family, Zanzibar."


@pytest.fixture
async def acknowledged(office: Office) -> str:
    """Give an escalation that was acknowledged by a press of the wrong button."""
    reference = await raised(office)
    await office.settle()
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    assert "was a mistake" not in page.text
    await office.post("/answer/acknowledge", token=page.token, once=page.value("once"))
    return reference


async def test_whoever_acknowledged_it_says_by_link_that_it_was_a_mistake(office: Office, acknowledged: str) -> None:
    page = await office.get("/answer")
    assert "Something that we sent was a mistake" in page.text
    empty = await office.post("/answer/correct", token=page.token, once=page.value("once"))
    assert "Say what was wrong with it" in empty.text
    done = await office.post("/answer/correct", token=empty.token, once=page.value("once"), correct_text=WHY)
    assert "says that an entry was a mistake (acknowledged" in done.text
    assert (await case_of(office, acknowledged)).clock("2-acknowledge").running
    assert all("Zanzibar" not in mail for mail in await office.mails())
    told = await answering.link(office, acknowledged, NoticeKind.CORRECTED, agency=SOCIAL_CARE)
    assert "Acknowledge it" in (await answering.enter(office, told)).text


async def test_the_team_says_so_and_the_register_shows_both(office: Office, acknowledged: str) -> None:
    check = await teamwork.fills(office, acknowledged, "correct", correct_text="They rang to say so.")
    assert check.title.startswith(teamwork.CHECK)
    page = await teamwork.sends(office, check)
    assert "Acknowledged (a mistake)" in page.text
    assert "<s>" in page.html
    assert "Corrected by The partnership team at" in page.text
    assert "Waited for again: an acknowledgement" in page.text
    again = await office.get(f"/board/{acknowledged}/correct")
    assert "This cannot be done on this escalation now." in again.text
