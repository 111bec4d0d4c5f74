"""Looking back by link: asked in the message that tells of the end, and not for the other side to read."""

from __future__ import annotations

import pytest

from escalations.rules import events
from escalations.rules.case import Changed, Felt
from escalations.rules.notices import NoticeKind
from escalations.store import register
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import raised

OURS = "The visits are back, Wombat."
"""Made-up words that the other side must not read."""


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    page = await answering.enter(office, await answering.link(office, found, NoticeKind.RECEIPT))
    await office.post("/answer/agree", token=page.token, once="z", outcome="agreed_as_asked")
    await office.settle()
    return found


async def said(office: Office, reference: str) -> list[events.LookedBack]:
    async with office.database.read() as tx:
        rows = await register.read(tx, reference)
    return [event for row in rows if isinstance(event := events.loads(row.body), events.LookedBack)]


async def test_the_closing_message_asks_and_its_link_takes_the_answer(office: Office, reference: str) -> None:
    mails = [" ".join(mail.replace("=\r\n", "").split()) for mail in await office.mails()]
    assert any("The page also asks what changed for the child or adult" in mail for mail in mails)
    page = await answering.enter(
        office, await answering.link(office, reference, NoticeKind.CLOSED, agency="oak-school")
    )
    assert "What changed for the child or adult?" in page.text
    assert "How was it to raise this?" in page.text
    done = await office.post(
        "/answer/look-back",
        token=page.token,
        once="a",
        changed=["meeting_held", "plan_amended"],
        felt="clear_and_fair",
        changed_text=OURS,
    )
    assert "the other side does not see it" in done.text
    await office.settle()
    (event,) = await said(office, reference)
    assert (event.changed, event.felt) == ((Changed.MEETING_HELD, Changed.PLAN_AMENDED), Felt.CLEAR_AND_FAIR)
    page = await answering.enter(
        office, await answering.link(office, reference, NoticeKind.CLOSED, agency="childrens-services")
    )
    assert "How was it to receive this?" in page.text
    assert OURS not in page.text
    assert "said what changed" not in page.text


@pytest.mark.parametrize("changed", [[], ["nothing", "plan_amended"], ["not-a-code"]])
async def test_what_it_lacks_is_said_and_nothing_typed_is_lost(
    office: Office, reference: str, changed: list[str]
) -> None:
    page = await answering.enter(
        office, await answering.link(office, reference, NoticeKind.CLOSED, agency="oak-school")
    )
    lacking = await office.post("/answer/look-back", token=page.token, once="a", changed=changed, changed_text=OURS)
    assert lacking.status == 422
    assert lacking.value("changed-text") == OURS
    for code in changed:
        assert f'value="{code}" checked' in lacking.html or code == "not-a-code"
    assert await said(office, reference) == []


async def test_the_team_writes_down_what_somebody_said_by_phone(office: Office, reference: str) -> None:
    page = await office.get(f"/board/{reference}")
    assert "Write down what an agency says changed" in page.text
    lacking = await teamwork.fills(office, reference, "look-back", changed=["nothing", "plan_amended"])
    assert lacking.problems == [
        "Choose whose view this is",
        "Choose either what changed, or that nothing did, or that it is not known yet",
        "Say who told you, with their role",
    ]
    done = await teamwork.does(
        office,
        reference,
        "look-back",
        agency="oak-school",
        changed=["plan_amended"],
        felt="mixed",
        told_by="Head of Oak Lane",
        changed_text=OURS,
    )
    assert done.path == f"/board/{reference}"
    assert "Oak Lane Primary School said what changed." in done.text
    (event,) = await said(office, reference)
    assert (event.by.side, event.agency_id, event.felt) == ("team", "oak-school", Felt.MIXED)
    theirs = await answering.enter(
        office, await answering.link(office, reference, NoticeKind.CLOSED, agency="childrens-services")
    )
    assert OURS not in theirs.text
