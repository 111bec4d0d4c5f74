"""A plain email raises an escalation, and a reply to a signed address adds to it (issue 4, build 1)."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from escalations import upkeep
from escalations.intake import submissions
from escalations.intake.mail_codes import Code
from escalations.intake.mail_raising import PEOPLE
from escalations.intake.mail_routing import FILED_TO_ONE_CASE, RAISED_BY_ONE
from escalations.mail.address import Signer
from escalations.policy import Track
from escalations.rules import acts, events
from escalations.rules.case import Status
from escalations.rules.notices import NoticeKind
from escalations.settings import Settings
from escalations.store import directory, register, tables
from escalations.store.mails import MailState
from escalations.store.notices import NoticeRow, of_case
from tests import builders
from tests.mail import messages
from tests.mailroom import KEY, MAILBOX, MailRoomAt, mail_room, message

TAMSIN = "Tamsin Okoro <tamsin.okoro@council.example>"
WHOLE = """To agency: Wyeford Council children's services
Child: Persephone Canarybird
Date of birth: 4 May 2019
Reason: plan not followed
Level of need: 3
Problem: The plan says weekly visits, and nobody came.
"""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[MailRoomAt]:
    async with mail_room(tmp_path) as opened:
        yield opened


async def raised(room: MailRoomAt) -> str:
    await room.sends(message(WHOLE))
    (reference,) = await room.references()
    return reference


async def replies(room: MailRoomAt, reference: str, text: str, *, kind: NoticeKind = NoticeKind.ASKED) -> None:
    address = await room.reply_address(reference, kind)
    await room.sends(message(text, sender=TAMSIN, to=address), sender="tamsin.okoro@council.example", to=(address,))


# ---- Raising --------------------------------------------------------------------------------------------------------


async def test_a_mail_that_names_everything_starts_at_once(room: MailRoomAt) -> None:
    reference = await raised(room)
    case = await room.case(reference)
    assert (case.status, case.stage, case.raising_agency) == (Status.OPEN, 1, "oak-school")
    assert [party.agency_id for party in case.parties] == ["childrens-services"]
    first = (await room.happened(reference))[0]
    assert isinstance(first, events.Raised)
    assert (first.reason, first.concern, first.level_of_need) == (acts.Reason.PLAN, acts.Concern.CHILD, 3)
    words = await room.words(reference)
    assert words["problem"] == "The plan says weekly visits, and nobody came."
    assert words["people"][0]["name"] == "Persephone Canarybird"
    assert words["people"][0]["born_or_due"] == "2019-05-04"
    assert words["raiser"] == {
        "name": "Noor Haverstock",
        "email": "noor.haverstock@oaklane.example",
        "phone": "",
        "role": "",
    }
    mail = await room.only()
    assert (mail.state, mail.code, mail.reference, mail.vouched) == (
        MailState.FILED,
        Code.RAISED,
        reference,
        "by_loopback",
    )
    assert (await room.notice(reference, NoticeKind.RECEIPT)).notice.asks == "read"


async def test_the_answer_has_the_reference_the_numbers_and_a_link_and_nothing_of_what_was_written(
    room: MailRoomAt,
) -> None:
    await room.sends(messages.raw("raise_plain"))
    (reference,) = await room.references()
    receipt = next(found for found in await room.outbox() if "we have received" in str(found["Subject"]))
    text = receipt.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one
    assert str(receipt["Subject"]).startswith(reference)
    assert "999" in text
    assert "01632 960199" in text
    assert "/l/" in text
    assert "child in my class" not in text
    assert (await room.notice(reference, NoticeKind.RECEIPT)).notice.asks == "complete"


async def test_a_mail_without_an_agency_is_held_on_the_teams_clock_and_no_agency_is_told(room: MailRoomAt) -> None:
    await room.sends(messages.raw("raise_plain"))
    (reference,) = await room.references()
    case = await room.case(reference)
    assert (case.status, case.raising_agency, case.parties) == (Status.HELD, "oak-school", ())
    assert {clock.rule_id for clock in case.clocks if clock.running} >= {"team-look"}
    assert {str(found["Subject"]).partition(": ")[2] for found in await room.outbox()} == {
        "we have received your escalation, please complete it",
        "please look at this and pass it on",
    }


async def test_an_unknown_sender_is_held_whatever_agency_is_named(room: MailRoomAt) -> None:
    await room.sends(message(WHOLE, sender="Somebody <somebody@elsewhere.example>"))
    (reference,) = await room.references()
    case = await room.case(reference)
    assert (case.status, case.raising_agency) == (Status.HELD, None)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("wyeford council  CHILDREN’S services", ("childrens-services",)),
        ("Wyeford Council children's services, Wyeford", ("childrens-services",)),
        ("Wyeford Council", ()),
        ("children's services", ()),
        ("Wyeford Council children's service", ()),
        ("The partnership team", ()),
        ("Oak Lane Primary School", ()),
    ],
)
async def test_an_agency_is_recognised_by_its_exact_name_and_never_by_best_match(
    room: MailRoomAt, written: str, expected: tuple[str, ...]
) -> None:
    await room.sends(message(f"To agency: {written}\n\nNobody came."))
    (reference,) = await room.references()
    assert tuple(party.agency_id for party in (await room.case(reference)).parties) == expected


async def test_several_agencies_are_named_on_lines_or_with_semicolons_and_one_unknown_holds_it(
    room: MailRoomAt,
) -> None:
    async with room.parts.database.read() as tx:
        agencies = await directory.agencies(tx, room.parts.now())
    police = next(agency for agency in agencies if agency.agency_type == "police")
    await room.sends(message(f"To agency: Wyeford Council children's services; {police.name}\n\nNobody came."))
    await room.sends(message("To agency: Wyeford Council children's services; Somewhere\n\nNobody else came."))
    both, unknown = await room.references()
    assert len((await room.case(both)).parties) == 2
    assert (await room.case(unknown)).parties == ()


async def test_a_name_that_is_two_agencies_is_neither_and_the_team_is_shown_both(room: MailRoomAt) -> None:
    async with room.parts.database.write() as tx:
        for number in (1, 2):
            await tx.execute(
                insert(tables.AGENCIES).values(
                    agency_id=f"st-marys-{number}",
                    name="St Mary's",
                    agency_type="school",
                    town=f"Town {number}",
                    notices="on",
                    active_from=date(2020, 1, 1),
                    sample=True,
                )
            )
    await room.sends(message("To agency: St. Mary's\n\nNobody came."))
    (reference,) = await room.references()
    assert (await room.case(reference)).status is Status.HELD
    assert (await room.words(reference))["mail"]["candidates"] == ["st-marys-1", "st-marys-2"]
    await room.sends(message("To agency: St Mary's, Town 2\n\nNobody came either."))
    assert [party.agency_id for party in (await room.case((await room.references())[1])).parties] == ["st-marys-2"]


async def test_only_a_labelled_line_puts_it_on_the_urgent_track(room: MailRoomAt) -> None:
    await room.sends(message(WHOLE + "Urgent: yes\n"))
    await room.sends(message(WHOLE, subject="URGENT please", message_id="<u2@oaklane.example>"))
    urgent, standard = await room.references()
    assert (await room.case(urgent)).track is Track.URGENT
    assert not (await room.case(urgent)).asked_if_urgent
    assert (await room.case(standard)).track is Track.STANDARD
    assert (await room.case(standard)).asked_if_urgent


@pytest.mark.parametrize("name", ["not_mail", "raise_windows_charset", "raise_html_table", "cut_off", "reply_smime"])
async def test_whatever_a_mail_is_made_of_it_is_stored_and_somebody_has_it(room: MailRoomAt, name: str) -> None:
    await room.sends(messages.raw(name))
    assert (await room.only()).state in {MailState.FILED, MailState.HELD}


async def test_a_mail_that_names_very_many_people_is_decided_on_like_any_other(room: MailRoomAt) -> None:
    kinds = ("Child", "Adult", "Unborn baby")
    lines = [f"{kind}: {kind} number {number}" for number in range(12) for kind in kinds]
    await room.sends(message("\n".join((WHOLE, *lines))))
    assert ((await room.only()).state, (await room.only()).code) == (MailState.FILED, Code.RAISED)
    first = (await room.happened((await room.references())[0]))[0]
    assert isinstance(first, events.Raised)
    assert first.people == PEOPLE


async def test_an_empty_mail_raises_nothing_and_waits_for_the_team(room: MailRoomAt) -> None:
    await room.sends(message("", subject=""))
    assert ((await room.only()).state, (await room.only()).code) == (MailState.HELD, Code.NOTHING_IN_IT)
    assert await room.references() == []


async def test_one_sender_raises_only_so_many_in_an_hour(room: MailRoomAt) -> None:
    for number in range(RAISED_BY_ONE + 2):
        await room.sends(message(f"Worry number {number}."))
    assert len(await room.references()) == RAISED_BY_ONE
    assert [row.code for row in await room.mails()][RAISED_BY_ONE:] == [Code.TOO_MANY] * 2


async def test_a_sender_whose_domain_disowns_the_mail_is_held_and_not_even_answered(tmp_path: Path) -> None:
    async with mail_room(
        tmp_path,
        mail_in=True,
        public_url="https://escalations.partnership.example",
        mail_trusted_hop="mx.partnership.example",
    ) as room:
        forged = (("Authentication-Results", "mx.partnership.example; dmarc=fail header.from=oaklane.example"),)
        await room.sends(message(WHOLE, headers=forged))
        assert ((await room.only()).state, (await room.only()).code) == (MailState.HELD, Code.SENDER_REFUTED)
        assert [str(found["Subject"]) for found in await room.outbox()] == ["1 message for the partnership team"]


HOP: dict[str, Any] = {
    "mail_in": True,
    "public_url": "https://escalations.partnership.example",
    "mail_trusted_hop": "mx.partnership.example",
}
VOUCHED = (("Authentication-Results", "mx.partnership.example; dmarc=pass header.from=oaklane.example"),)


async def test_what_others_send_under_an_address_uses_up_nothing_of_whoever_has_it(tmp_path: Path) -> None:
    """Anybody can write a head teacher's address into a From line; their own escalation starts all the same."""
    async with mail_room(tmp_path, **HOP) as room:
        for number in range(RAISED_BY_ONE + 1):
            await room.sends(message(f"Forged number {number}."))
        assert [row.code for row in await room.mails()][-1] == Code.TOO_MANY
        await room.sends(message(WHOLE, headers=VOUCHED))
        assert [row.code for row in await room.mails()][-1] == Code.RAISED
        assert (await room.case((await room.references())[-1])).raising_agency == "oak-school"


async def test_the_same_words_that_might_have_been_anybodys_do_not_take_a_persons_place(tmp_path: Path) -> None:
    async with mail_room(tmp_path, **HOP) as room:
        refused = (("Authentication-Results", "mx.partnership.example; dmarc=fail header.from=oaklane.example"),)
        await room.sends(message(WHOLE, headers=refused, message_id="<same@oaklane.example>"))
        await room.sends(message(WHOLE, message_id="<same@oaklane.example>"))
        await room.sends(message(WHOLE, headers=VOUCHED, message_id="<same@oaklane.example>"))
        assert [row.code for row in await room.mails()] == [Code.SENDER_REFUTED, Code.RAISED, Code.RAISED]
        assert (await room.case((await room.references())[-1])).raising_agency == "oak-school"
        await room.sends(message(WHOLE, headers=VOUCHED, message_id="<same@oaklane.example>"))
        assert len(await room.mails()) == 3


async def test_away_from_the_embedded_default_loopback_vouches_for_nobody(tmp_path: Path) -> None:
    async with mail_room(
        tmp_path,
        mail_in=True,
        public_url="https://escalations.partnership.example",
        mail_trusted_hop="mx.partnership.example",
    ) as room:
        await room.sends(message(WHOLE))
        vouched = (("Authentication-Results", "mx.partnership.example; dmarc=pass header.from=oaklane.example"),)
        await room.sends(message(WHOLE, headers=vouched, message_id="<v@oaklane.example>", subject="Again"))
        nobodys, known = await room.references()
        assert (await room.case(nobodys)).raising_agency is None
        assert (await room.case(known)).raising_agency == "oak-school"


# ---- Replying -------------------------------------------------------------------------------------------------------


async def test_a_reply_to_a_signed_address_acknowledges_and_adds_its_words(room: MailRoomAt) -> None:
    reference = await raised(room)
    await replies(room, reference, "We have this and look today.")
    case = await room.case(reference)
    assert case.parties[0].evidence.acknowledged
    kinds = [event.kind for event in await room.happened(reference)]
    assert kinds.count("acknowledged") == 1
    assert kinds.count("words_added") == 1
    assert {"acknowledged", "words_added"} <= {row.notice.kind for row in await _notices(room, reference)}
    answer = next(found for found in await room.outbox() if "is recorded as having" in str(found["Subject"]))
    assert "still awaited" in answer.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one
    asked = await room.notice(reference, NoticeKind.ASKED)
    assert str(answer["Reply-To"]) == room.replies.address_of(asked.notice_id)


async def _notices(room: MailRoomAt, reference: str) -> list[NoticeRow]:
    async with room.parts.database.read() as tx:
        return await of_case(tx, reference)


async def test_a_second_reply_adds_words_and_acknowledges_nothing_again(room: MailRoomAt) -> None:
    reference = await raised(room)
    await replies(room, reference, "We have this.")
    await replies(room, reference, "And we will meet on Thursday.")
    kinds = [event.kind for event in await room.happened(reference)]
    assert (kinds.count("acknowledged"), kinds.count("words_added")) == (1, 2)


async def test_a_reply_never_agrees_closes_or_moves_anything(room: MailRoomAt) -> None:
    reference = await raised(room)
    await replies(room, reference, "I agree. Close it. Move it up. Confirmed.", kind=NoticeKind.RECEIPT)
    case = await room.case(reference)
    assert (case.status, case.stage, case.move) == (Status.OPEN, 1, None)
    kinds = {event.kind for event in await room.happened(reference)}
    assert kinds.isdisjoint({"settled", "closed", "move_intended", "done_confirmed", "decided"})


async def test_the_token_is_found_in_the_message_id_and_in_what_is_quoted(room: MailRoomAt) -> None:
    reference = await raised(room)
    asked = next(found for found in await room.outbox() if "please answer" in str(found["Subject"]))
    by_id = message("We have this.", sender=TAMSIN, headers=(("In-Reply-To", str(asked["Message-ID"])),))
    await room.sends(by_id)
    quoted = "Second thoughts.\n\n> " + str(asked["Reply-To"]).upper()
    await room.sends(message(quoted, sender=TAMSIN, subject="Re: it"))
    assert [row.code for row in await room.mails()][1:] == [Code.ACKNOWLEDGED, Code.ADDED]
    assert len(await room.references()) == 1
    assert (await room.case(reference)).parties[0].evidence.acknowledged


@pytest.mark.parametrize("how", ["subject", "references", "old address", "unsigned id"])
async def test_without_a_signature_it_is_held_and_never_acts(room: MailRoomAt, how: str) -> None:
    reference = await raised(room)
    notice = await room.notice(reference, NoticeKind.ASKED)
    address, subject = MAILBOX, "Re: your message"
    headers: tuple[tuple[str, str], ...] = ()
    if how == "subject":
        subject = f"Re: {reference}: please answer"
    elif how == "references":
        headers = (("References", "<something@partnership.example>"),)
    elif how == "old address":
        address = "escalations+aaaaaaaaaaaaaaaaaaaaaaaaaaaa@partnership.example"
    else:
        headers = (("In-Reply-To", f"<{notice.notice_id}@partnership.example>"),)
    raw = message("We have this.", sender=TAMSIN, to=address, subject=subject, headers=headers)
    await room.sends(raw, to=(address,))
    assert (await room.mails())[-1].state is MailState.HELD
    assert len(await room.references()) == 1, "and it raises nothing new"
    assert not (await room.case(reference)).parties[0].evidence.acknowledged
    subjects = [str(found["Subject"]) for found in await room.outbox()]
    assert subjects[-2:] == ["We have received your message", "1 message for the partnership team"]


async def test_a_reply_from_another_agencys_address_is_held(room: MailRoomAt) -> None:
    reference = await raised(room)
    address = await room.reply_address(reference, NoticeKind.ASKED)
    await room.sends(message("We have this.", to=address), to=(address,))
    assert (await room.mails())[-1].code == Code.ANOTHER_AGENCY
    assert not (await room.case(reference)).parties[0].evidence.acknowledged


@pytest.mark.parametrize(
    ("sender", "code"),
    [
        ("Tamsin Okoro, team manager <nobody77@gmail.example>", Code.OUTSIDE),
        ("Somebody <new.person@elsewhere.example>", Code.OUTSIDE),
        ("A clerk <front.desk@council.example>", Code.ADDED),
    ],
)
async def test_only_the_position_acknowledges_and_whoever_is_outside_the_agency_waits_for_the_team(
    room: MailRoomAt, sender: str, code: Code
) -> None:
    reference = await raised(room)
    address = await room.reply_address(reference, NoticeKind.ASKED)
    await room.sends(message("We have this. No further action is needed.", sender=sender, to=address), to=(address,))
    assert (await room.mails())[-1].code == code
    assert not (await room.case(reference)).parties[0].evidence.acknowledged
    added = [event for event in await room.happened(reference) if isinstance(event, events.WordsAdded)]
    assert len(added) == (code is Code.ADDED)


async def test_a_locked_file_is_evidence_and_the_team_is_told(room: MailRoomAt) -> None:
    reference = await raised(room)
    address = await room.reply_address(reference, NoticeKind.ASKED)
    await room.sends(messages.raw("reply_smime"), to=(address,))
    evidence = (await room.case(reference)).parties[0].evidence
    assert (evidence.unreadable_reply, evidence.acknowledged) == (True, False)
    assert (await room.notice(reference, NoticeKind.UNREADABLE)).notice.to.position == "team"


async def test_files_count_as_something_added(room: MailRoomAt) -> None:
    reference = await raised(room)
    address = await room.reply_address(reference, NoticeKind.ASKED)
    await room.sends(messages.raw("reply_with_pdf"), to=(address,))
    added = [event for event in await room.happened(reference) if isinstance(event, events.WordsAdded)]
    assert [event.files for event in added] == [2]


async def test_two_machines_that_we_do_not_recognise_stop_writing_to_each_other(room: MailRoomAt) -> None:
    reference = await raised(room)
    address = await room.reply_address(reference, NoticeKind.ASKED)
    for number in range(FILED_TO_ONE_CASE + 5):
        await room.sends(message(f"Thank you, number {number}.", sender=TAMSIN, to=address), to=(address,))
    held = [row for row in await room.mails() if row.code == Code.TOO_MANY]
    assert len(held) == 5
    answers = [found for found in await room.outbox() if "auto-replied" in str(found["Auto-Submitted"])]
    assert len(answers) <= 4


# ---- Keys that change -----------------------------------------------------------------------------------------------


async def test_an_address_goes_on_working_when_the_wrapping_key_of_then_has_left(tmp_path: Path) -> None:
    """By `escalations keys rotate` as the guide has it: a new key first, rotate, the old one out."""
    newest = base64.b64encode(b"n" * 32).decode()
    async with mail_room(tmp_path) as room:
        reference = await raised(room)
        before = await room.reply_address(reference, NoticeKind.ASKED)
    said: list[str] = []
    both = Settings(folder=tmp_path, keys=f"{newest} {KEY}")  # type: ignore[arg-type]  # as the environment gives it
    await upkeep.rotate_keys(both, say=said.append)
    assert "can leave the list" in said[-1]
    async with mail_room(tmp_path, keys=newest) as room:
        assert await room.reply_address(reference, NoticeKind.ASKED) == before
        await room.sends(
            message("We have it.", sender=TAMSIN, to=before), sender="tamsin.okoro@council.example", to=(before,)
        )
        assert (await room.case(reference)).parties[0].evidence.acknowledged


async def test_an_address_of_before_addresses_had_a_secret_of_their_own_is_read_while_its_key_is_there(
    room: MailRoomAt,
) -> None:
    reference = await raised(room)
    notice = await room.notice(reference, NoticeKind.ASKED)
    then = room.replies.addresses.of(Signer(lambda: base64.b64decode(KEY)).token(notice.notice_id))
    assert then != room.replies.address_of(notice.notice_id)
    await room.sends(message("We have it.", sender=TAMSIN, to=then), sender="tamsin.okoro@council.example", to=(then,))
    assert (await room.case(reference)).parties[0].evidence.acknowledged


async def test_a_message_that_brought_an_act_and_is_gone_is_found(room: MailRoomAt) -> None:
    await raised(room)
    async with room.parts.database.write() as tx:
        await tx.exec_driver_sql("DROP TRIGGER mails_no_delete")
        await tx.exec_driver_sql("DELETE FROM mail_states")
        await tx.exec_driver_sql("DELETE FROM mails")
        assert [(found.table, "came of it" in found.wrong) for found in await register.verify(tx)] == [("mails", True)]


# ---- Advice ---------------------------------------------------------------------------------------------------------

ORLA = "Orla Penhallow <orla.penhallow@hospital.example>"


async def test_a_reply_to_what_asks_for_advice_adds_nothing_and_waits_for_the_team(room: MailRoomAt) -> None:
    """Advice is given on its page. It is an answer of no side, so a reply is no entry of either."""
    reference = await raised(room)
    act = acts.InviteAdviser(**{**builders.origin(builders.TEAM, room.parts.now()), "role": "adviser"})
    who = {"name": "Orla Penhallow", "role": "Designated doctor", "email": "orla.penhallow@hospital.example"}
    async with room.parts.database.write() as tx:
        await submissions.receive(
            tx,
            room.parts.vault,
            act_kind=act.kind,
            act_json=acts.dumps(act),
            channel=act.channel,
            received_at=act.received_at,
            sealed={"text": "Is this seen at that age?", "adviser": who},
            reference=reference,
            submission_id=act.submission_id,
            idempotency_key="asks",
        )
    await room.settle()
    asked = next(mail for mail in await room.outbox() if "advice is asked for" in mail["Subject"])
    assert asked["Reply-To"] is None
    before = [event.kind for event in await room.happened(reference)]
    reply = message("It is rare.", sender=ORLA, headers=(("In-Reply-To", asked["Message-ID"]),))
    await room.sends(reply, sender="orla.penhallow@hospital.example")
    newest = (await room.mails())[-1]
    assert (newest.state, newest.code, newest.reference) == (MailState.HELD, Code.TO_AN_ADVISER, reference)
    assert [event.kind for event in await room.happened(reference)] == before
