"""Who wrote, as far as it is known: said in the same words wherever it stands, and never more than was checked.

Issue 4, build 1; the rules of practice, "Who sees what, and when". A sender is known by the directory, or by no more
than an agency's mail domain, or not at all; and a message is vouched for, refused, or not checked. Each of the nine is
another thing, and the pages say which.
"""

from __future__ import annotations

from typing import Final

import pytest

from escalations.mail.authentication import Trust
from escalations.rules.case import Case, Status
from escalations.rules.notices import NoticeKind
from escalations.rules.senders import Checked, Known
from escalations.store.mails import MailState
from escalations.web import sender_words
from tests.mailroom import message
from tests.web import answering, mailing
from tests.web.conftest import Office
from tests.web.forms_filled import fill

HOP: Final = Trust(hop="mx.partnership.example")
WHOLE: Final = (
    "To agency: Wyeford Council children's services\nChild: Persephone Canarybird\nReason: plan not followed\n"
)
SENDERS: Final = {
    Known.PERSON: "callum.threlkeld@oaklane.example",
    Known.DOMAIN: "supply.teacher@oaklane.example",
    Known.NOBODY: "ottoline.brack@mail.example",
}
RESULTS: Final = {
    Checked.VOUCHED: "dmarc=pass header.from={domain}",
    Checked.REFUSED: "dmarc=fail header.from={domain}",
    Checked.NOBODY_VOUCHES: "dmarc=none header.from={domain}; spf=softfail smtp.mailfrom={domain}",
    Checked.NOT_CHECKED: None,
}
KNOWN: Final = {
    Known.PERSON: "The directory names somebody with this address at Oak Lane Primary School.",
    Known.DOMAIN: (
        "The address is of the mail domain of Oak Lane Primary School only: the directory names nobody with it."
    ),
    Known.NOBODY: "The directory does not know this address as any one agency’s.",
}
CHECKED: Final = {
    Checked.VOUCHED: "Checked: our mail server found that its mail domain vouches for the message.",
    Checked.REFUSED: "Checked: our mail server found that its mail domain says the message is not from there.",
    Checked.NOBODY_VOUCHES: "Nobody vouches for it: it may be anybody.",
    Checked.NOT_CHECKED: "Not checked: nothing shows whether it is really from there.",
}


def mail(known: Known, checked: Checked, *, text: str = WHOLE) -> bytes:
    sender, result = SENDERS[known], RESULTS[checked]
    domain = sender.rpartition("@")[2]
    found = () if result is None else (("Authentication-Results", f"mx.partnership.example; {result}"),)
    headers = tuple((name, value.format(domain=domain)) for name, value in found)
    return message(text, sender=f"Somebody <{sender}>", headers=headers)


async def case_of(office: Office, reference: str) -> Case:
    async with office.database.read() as tx:
        found = await office.cases.read(tx, reference)
    assert found is not None
    return found


@pytest.mark.parametrize("checked", list(RESULTS))
@pytest.mark.parametrize("known", list(SENDERS))
async def test_what_is_known_of_a_sender_is_said_as_it_is(office: Office, known: Known, checked: Checked) -> None:
    row = await mailing.receive(office, mail(known, checked), sender=SENDERS[known], trust=HOP)
    read = await office.get(f"/messages/{row.mail_id}")
    if checked is Checked.REFUSED:
        assert (row.state, row.reference) == (MailState.HELD, None)
        assert f"{KNOWN[known]} {CHECKED[checked]}" in read.text
        return
    assert row.reference is not None
    case = await case_of(office, row.reference)
    own = known is not Known.NOBODY and checked is Checked.VOUCHED
    assert (case.raising_agency, case.status) == (("oak-school", Status.OPEN) if own else (None, Status.HELD))
    assert (case.sender_known, case.sender_checked) == (known, checked)
    page = await office.get(f"/board/{row.reference}")
    agency = "Oak Lane Primary School" if own else ""
    assert sender_words.sentences(known, checked, agency=agency) in page.text
    board = await office.get("/board")
    short = sender_words.short(known, checked)
    assert f"({short[0].lower()}{short[1:]})" in board.text


async def test_what_came_over_loopback_is_believed_and_not_said_to_be_checked(office: Office) -> None:
    row = await mailing.receive(office, mail(Known.DOMAIN, Checked.NOT_CHECKED), sender=SENDERS[Known.DOMAIN])
    case = await case_of(office, row.reference or "")
    assert (case.raising_agency, case.sender_checked) == ("oak-school", Checked.NOT_CHECKED)
    board = await office.get("/board")
    assert "mail domain only, no person in the directory; not checked" in board.text


async def test_an_address_typed_into_a_form_is_not_checked_until_a_code_sent_there_was_entered(office: Office) -> None:
    check = await fill(office, you={"email": SENDERS[Known.DOMAIN]})
    receipt = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    reference = next(word for word in receipt.text.split() if word.startswith("PD-27-"))
    page = await office.get(f"/board/{reference}")
    assert "it was typed into the form" in page.text
    opened = await answering.enter(office, await answering.link(office, reference, NoticeKind.RECEIPT))
    await office.post("/answer/recorded", token=opened.token)
    assert (await case_of(office, reference)).sender_checked is Checked.CODE
    assert (
        "A code that was sent to this address has been entered since." in (await office.get(f"/board/{reference}")).text
    )


def test_nothing_is_said_where_nothing_was_written_down() -> None:
    assert sender_words.short(None, None) == sender_words.sentences(None, None) == ""
