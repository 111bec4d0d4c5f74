"""What the team passes on as an agency's, and was raised from an address that is not one of the agency's own.

The rules of practice, "Who sees what, and when": a new person outside the agency's own addresses waits for the
holder or the team. The agency itself is told, and has the last word on whose it is.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from sqlalchemy import select

from escalations.mail import relay
from escalations.mail.authentication import Trust
from escalations.policy import Side
from escalations.rules.case import Case, Status
from escalations.rules.notices import LEAD, Ask, NoticeKind, Recipient
from escalations.rules.onward import onward
from escalations.rules.senders import Known, RaiserAt, Stands
from escalations.store import directory, tables
from escalations.store.directory_file import Notices
from escalations.store.notices import NoticeState
from tests.mailroom import message
from tests.web import answering, mailing, teamwork
from tests.web.conftest import Office, Page

PRIVATE: Final = "ottoline.brack@mail.example"
CHILD: Final = "Persephone Canarybird"
MAIL: Final = (
    f"To agency: Wyeford Council children's services\nChild: {CHILD}\nReason: plan not followed\nProblem: Nobody came."
)
RANG: Final = {
    "stands": "taken",
    "sure_by": "phoned",
    "spoken_to": "Ms Abel, school office",
    "rang": "01632 960212",
}


async def held(office: Office, text: str = MAIL, *, sender: str = PRIVATE) -> str:
    row = await mailing.receive(office, message(text, sender=f"Ottoline <{sender}>"), sender=sender)
    assert row.reference is not None
    return row.reference


async def case_of(office: Office, reference: str) -> Case:
    async with office.database.read() as tx:
        found = await office.cases.read(tx, reference)
    assert found is not None
    return found


async def to_private(office: Office) -> list[str]:
    """Give the messages that went to the address from outside."""
    async with office.database.read() as tx:
        rows = (await tx.execute(select(tables.OUTBOX).where(tables.OUTBOX.c.to_hint == relay.hint(PRIVATE)))).all()
    return [row.raw.decode() for row in rows]


async def asks_who(office: Office, reference: str, **fields: Any) -> Page:  # noqa: ANN401
    chosen = {"raising_agency": "oak-school", "with": "childrens-services", **fields}
    return await teamwork.fills(office, reference, "pass-on", **chosen)


async def answers(office: Office, page: Page, **fields: Any) -> Page:  # noqa: ANN401
    """Answer the page that asks who holds the links; give the page to check, or the same page again."""
    carried = {**teamwork.carried(page), **{name.replace("_", "-"): value for name, value in fields.items()}}
    return await office.post(page.path, token=page.token, **carried)


async def passed_on(office: Office, reference: str, **fields: Any) -> Page:  # noqa: ANN401
    check = await answers(office, await asks_who(office, reference), **(fields or RANG))
    assert check.title.startswith(teamwork.CHECK), check.problems
    return await teamwork.sends(office, check)


async def test_the_page_names_the_address_and_what_follows_and_asks_how_the_team_knows(office: Office) -> None:
    reference = await held(office)
    form = await office.get(f"/board/{reference}/pass-on")
    assert f"It was raised from {PRIVATE} . The directory does not know this address" in form.text
    page = await asks_who(office, reference)
    assert f"It was raised from {PRIVATE} . That is not one of the addresses of Oak Lane Primary School" in page.text
    assert "It holds the links of whoever raised it" in page.text
    assert "01632 960212 (Designated safeguarding lead, Oak Lane Primary School: from the directory)" in page.text
    again = await answers(office, page)
    assert "Choose who holds the links of whoever raised it" in again.text
    unsaid = await answers(office, page, stands="taken", sure_by="phoned")
    assert {"Say whom you spoke to", "Say on which number you rang"} <= set(unsaid.problems)
    assert (await case_of(office, reference)).status is Status.HELD


async def test_what_was_chosen_and_who_was_rung_is_read_once_more_and_stands_with_the_case(office: Office) -> None:
    reference = await held(office)
    check = await answers(office, await asks_who(office, reference), **RANG)
    for said in (PRIVATE, "the team rang the agency", "Ms Abel, school office", "01632 960212", "escalation lead"):
        assert said.lower() in check.text.lower()
    await teamwork.sends(office, check)
    case = await case_of(office, reference)
    assert (case.status, case.sender_stands, case.sender_known) == (Status.OPEN, Stands.TAKEN, Known.NOBODY)
    page = await office.get(f"/board/{reference}")
    assert "the team took whoever wrote for somebody of it. How it knows: the team rang the agency." in page.text


async def test_the_agencys_contact_is_told_reads_which_address_and_nothing_of_what_it_is_about(office: Office) -> None:
    reference = await held(office)
    await passed_on(office, reference)
    mail = next(mail for mail in await office.mails() if "was this raised by your agency?" in mail)
    assert PRIVATE not in mail
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.IN_YOUR_NAME))
    assert PRIVATE in page.text
    assert "Nobody came" not in page.text
    assert CHILD not in page.text


async def test_where_it_is_not_theirs_the_team_is_told_and_the_address_holds_no_link_any_more(office: Office) -> None:
    reference = await held(office)
    await passed_on(office, reference)
    own = await answering.link(office, reference, NoticeKind.PASSED_ON)
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.IN_YOUR_NAME))
    await office.post("/answer/vouch", token=page.token, theirs="no", vouch_text="Nobody of that name works here.")
    case = await case_of(office, reference)
    assert (case.raiser_at, case.status) == (RaiserAt.NOBODY, Status.OPEN)
    assert any("an agency says that this is not theirs" in mail for mail in await office.mails())
    old = await answering.open_link(office, own)
    assert old.title.startswith("This link no longer opens the escalation")
    assert "says that it is not theirs" in old.text
    assert "Nothing that was sent is lost" in old.text
    board = await office.get("/board")
    assert "the agency says that it is not theirs" in board.text.lower()
    read = await office.get(f"/board/{reference}")
    assert "Nobody of that name works here." in read.text
    (told,) = [mail for mail in await office.mails() if "do not have to do anything new" in " ".join(mail.split())]
    assert "that it is not theirs" in " ".join(told.split())
    assert "Nobody" not in told
    (word,) = [mail for mail in await to_private(office) if "we write to somebody else" in mail]
    assert "/l/" not in word
    assert "Nobody came." in read.text


async def test_what_would_be_asked_of_whoever_raised_it_then_comes_to_the_team(office: Office) -> None:
    reference = await held(office)
    await passed_on(office, reference)
    await teamwork.does(office, reference, "whose", theirs="no", spoken_to="The head teacher")
    before = len(await to_private(office))
    asked = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    await office.post("/answer/answer", token=asked.token, offers="agreed_in_part", reasons="We visit weekly.")
    assert before
    assert len(await to_private(office)) == before
    row = next(row for row in await office.notices(reference) if row.notice.kind is NoticeKind.ANSWERED)
    assert row.state is NoticeState.OFF
    assert any("in the place of whoever raised it" in mail.replace("=\r\n", "") for mail in await office.mails())


async def test_the_team_records_what_the_agency_says_and_that_it_was_theirs_after_all(office: Office) -> None:
    reference = await held(office)
    await passed_on(office, reference)
    await teamwork.does(office, reference, "whose", theirs="no", spoken_to="The head teacher")
    assert (await case_of(office, reference)).raiser_at is RaiserAt.NOBODY
    await teamwork.does(office, reference, "whose", theirs="yes", spoken_to="The head teacher, again")
    assert (await case_of(office, reference)).raiser_at is RaiserAt.ADDRESS
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.STILL_OPEN))
    assert "Nobody came." in page.text


async def test_the_agencys_own_contact_can_hold_the_links_instead(office: Office) -> None:
    reference = await held(office)
    first = await answering.link(office, reference, NoticeKind.RECEIPT)
    await passed_on(office, reference, stands="contact")
    case = await case_of(office, reference)
    assert (case.raiser_at, case.raising_agency) == (RaiserAt.CONTACT, "oak-school")
    old = await answering.open_link(office, first)
    assert "The agency’s own contact now has it." in old.text
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.PASSED_ON))
    assert "Nobody came." in page.text
    assert any("your escalation has been passed on" in mail for mail in await office.mails())
    theirs = await to_private(office)
    assert not any("your escalation has been passed on" in mail for mail in theirs)
    (word,) = [mail for mail in theirs if "we write to somebody else about this now" in mail]
    assert "the links in our messages to this address no longer work" in " ".join(word.split())
    assert "/l/" not in word
    assert "Nobody came" not in word


async def test_an_agency_that_is_told_by_the_team_alone_has_the_team_ask_its_contact(office: Office) -> None:
    async with office.database.write() as tx:
        await directory.set_notices(tx, "oak-school", Notices.TEAM_ONLY)
    reference = await held(office)
    page = await asks_who(office, reference)
    assert "to be told by you" in page.text
    await passed_on(office, reference)
    assert any("is it theirs" in mail.replace("=\r\n", "") for mail in await office.mails())


@pytest.mark.parametrize("sender", ["callum.threlkeld@oaklane.example", "supply.teacher@oaklane.example"])
async def test_nobody_is_asked_about_an_address_of_the_agencys_own(office: Office, sender: str) -> None:
    row = await mailing.receive(
        office, message(MAIL, sender=f"Somebody <{sender}>"), sender=sender, trust=Trust(hop="mx.partnership.example")
    )
    assert row.reference is not None
    check = await asks_who(office, row.reference)
    assert check.title.startswith(teamwork.CHECK)


async def test_another_agency_is_asked_about_anew_and_nothing_typed_is_lost(office: Office) -> None:
    reference = await held(office)
    page = await asks_who(office, reference)
    back = await answers(office, page, **RANG, do="change")
    assert back.value("raising-agency") == "oak-school"
    other = await asks_who(office, reference, raising_agency="police")
    assert "That is not one of the addresses of" in other.text
    assert "Oak Lane" not in other.text


async def test_an_urgent_raiser_without_a_number_is_warned_of_and_a_number_can_be_given(office: Office) -> None:
    reference = await held(office, f"{MAIL}\nUrgent: yes")
    form = await office.get(f"/board/{reference}/pass-on")
    assert "This is urgent, and whoever raised it gave no number to ring." in form.text
    page = await asks_who(office, reference, raiser_phone="01632 960 777")
    await teamwork.sends(office, await answers(office, page, **RANG))
    asked = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    assert "01632 960 777" in asked.text
    assert "the partnership team was given it" in asked.text


async def test_the_number_of_one_taken_from_outside_is_that_of_the_agencys_contact(office: Office) -> None:
    reference = await held(office, f"{MAIL}\nUrgent: yes")
    await passed_on(office, reference)
    asked = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    assert "01632 960212 (from the directory: Designated safeguarding lead, Oak Lane Primary School)" in asked.text


async def test_a_reply_of_the_contact_leads_to_that_question_and_not_to_the_case(office: Office) -> None:
    reference = await held(office)
    await passed_on(office, reference)
    case = await case_of(office, reference)
    contact = Recipient(Side.RAISING, "oak-school", LEAD)
    assert onward(case, contact).asks is Ask.VOUCH
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.IN_YOUR_NAME))
    await office.post("/answer/vouch", token=page.token, theirs="yes")
    assert onward(await case_of(office, reference), contact).asks is Ask.READ
