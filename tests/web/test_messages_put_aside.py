"""A message that the team puts aside has a reason, a way to go, and a fixed word to whoever wrote (issue 4, build 1).

The same as of an escalation that is held and not for this process: nothing that anybody wrote leaves the house.
"""

from __future__ import annotations

from typing import Any

import pytest

from escalations.mail.words import TURN_TO
from escalations.rules.case import Route
from escalations.rules.senders import Outside, PutAside
from escalations.store import mails, register
from escalations.store.mails import MailRow, MailState
from tests.mail import messages
from tests.mailroom import message
from tests.web import mailing
from tests.web.conftest import Office, Page
from tests.web.test_mail_pages import emailed
from tests.web.test_moves_by_itself import skipping, under

WORDS = "My daughter's social worker does not ring me back."
NOTE = "A mother; handed to the complaints officer, extension 960 104."
GOES: dict[str, Any] = {
    "aside_why": "family", "aside_goes": "complaint", "aside_sent": "no", "aside_note": NOTE
}  # fmt: skip
MOTHER = "A mother <mother@elsewhere.example>"


async def held(office: Office, raw: bytes | None = None) -> MailRow:
    reference = await emailed(office, "To agency: Wyeford Council children's services\nProblem: Nobody came.")
    row = await mailing.receive(office, raw or message(WORDS, sender=MOTHER, subject=reference))
    assert row.state is MailState.HELD
    return row


async def asides(office: Office, row: MailRow, *, do: str = "send", once: str = "", **fields: Any) -> Page:  # noqa: ANN401
    page = await office.get(f"/messages/{row.mail_id}")
    where = f"/messages/{row.mail_id}/not-for-us"
    return await office.post(where, token=page.token, once=once or page.value("once"), do=do, **fields)


async def word(office: Office) -> list[str]:
    """Let the mail room send what it owes, and give what it sent to whoever wrote."""
    await mailing.receive(office, message("Something else altogether.", sender="Else <else@elsewhere.example>"))
    found = [mail.replace("=\r\n", "").replace("\r\n", " ") for mail in await office.mails()]
    return [mail for mail in found if "Message-ID: <aside-" in mail]


async def test_what_it_does_and_who_is_told_is_read_before_anything_is_stored_or_sent(office: Office) -> None:
    row = await held(office)
    check = await asides(office, row, do="", **GOES)
    assert "Check before you put it aside" in check.text
    assert "A parent or somebody of the family" in check.text
    assert TURN_TO[Route.COMPLAINT] in check.text
    assert "without anything of the message or of your note" in check.text
    again = await asides(office, row, do="change", **GOES)
    assert (again.value("aside-why"), again.value("aside-note")) == ("family", NOTE)
    async with office.database.read() as tx:
        assert (await mails.get(tx, row.mail_id)).state is MailState.HELD
    assert await word(office) == []


async def test_whoever_wrote_is_told_where_to_turn_once_and_without_a_word_of_it(office: Office) -> None:
    row = await held(office)
    await asides(office, row, **GOES)
    (mail,) = await word(office)
    assert "Subject: This is not the place for what you sent" in mail
    assert "Please turn to the right place for it: the complaints procedure of the service that it is about" in mail
    assert "999" in mail
    for said in ("social worker", "extension", str(row.reference), "daughter"):
        assert said not in mail
    assert len(await word(office)) == 1, "and not again"


async def test_the_register_keeps_why_and_where_and_the_page_shows_them_with_what_was_noted(office: Office) -> None:
    row = await held(office)
    await asides(office, row, **{**GOES, "aside_sent": "yes"})
    page = await office.get(f"/messages/{row.mail_id}")
    assert "A parent or somebody of the family, or the child or adult themselves." in page.text
    assert "Where it goes: A complaint (sent there by the team)." in page.text
    assert NOTE in page.text
    async with office.database.write() as tx:
        assert await register.verify(tx) == []
        assert [(one.put_aside, one.why) for one in await mails.waited(tx)] == [(True, PutAside.FAMILY)]
        await tx.exec_driver_sql("DROP TRIGGER mail_acts_no_update")
        await tx.exec_driver_sql("UPDATE mail_acts SET why = 'nobody'")
        assert [found.table for found in await register.verify(tx)] == ["mail_acts"]


async def test_the_ways_of_the_policys_document_are_offered_and_said_in_its_words(office: Office) -> None:
    row = await held(office)
    elsewhere = [{"what": "A complaint about somebody’s conduct", "where": "that agency’s complaints route"}]
    await under(office, skipping(out_of_scope=elsewhere))
    page = await office.get(f"/messages/{row.mail_id}")
    assert "A complaint about somebody’s conduct: that agency’s complaints route" in page.text
    own = page.html.split('value="policy-')[1].split('"')[0]
    await asides(office, row, **{**GOES, "aside_goes": f"policy-{own}"})
    assert "Where it goes: that agency’s complaints route" in (await office.get(f"/messages/{row.mail_id}")).text


async def test_what_is_missing_is_said_and_nothing_typed_is_lost(office: Office) -> None:
    row = await held(office)
    again = await asides(office, row, aside_why="public", aside_note=NOTE)
    assert again.status == 422
    assert set(again.problems) == {"Say where it goes instead", "Say whether you have sent it there"}
    assert (again.value("aside-why"), again.value("aside-note")) == ("public", NOTE)
    empty = await asides(office, row)
    assert "Say who wrote it, or why it needs nothing" in empty.problems


async def test_what_needs_nothing_goes_nowhere_and_says_so(office: Office) -> None:
    row = await held(office)
    await asides(office, row, aside_why="seen_to", aside_goes="complaint")
    (mail,) = await word(office)
    assert "needs nothing more from you" in mail
    assert "right place" not in mail


@pytest.mark.parametrize("why", ["nobody", "family"])
async def test_nobody_is_written_to_of_what_a_program_sent_or_nobody_waits_for(office: Office, why: str) -> None:
    row = await held(office, messages.raw("list_newsletter") if why == "family" else None)
    before = len(await office.mails())
    check = await asides(office, row, do="", **{**GOES, "aside_why": why})
    assert "Who is told Nobody" in " ".join(check.text.split())
    await asides(office, row, **{**GOES, "aside_why": why})
    assert await word(office) == []
    assert len(await office.mails()) <= before + 2, "the receipt, and the team's own word, of what came next"


def test_the_reasons_of_an_escalation_that_is_held_are_all_offered() -> None:
    assert {who.value for who in Outside} == {why.value for why in PutAside if why.goes_elsewhere}
