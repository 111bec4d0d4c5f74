"""What a machine sends is never answered, opens no case and counts as no answer (defects 13 to 21)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from escalations.intake.mail_codes import Code
from escalations.mail.address import Replies
from escalations.mail.relay import SmtpRelay
from escalations.rules import events
from escalations.rules.case import DeliveryState
from escalations.rules.notices import NoticeKind
from escalations.settings import MailSecurity, Settings
from escalations.store import links, tables
from escalations.store.mails import MailState
from escalations.store.notices import NoticeState
from escalations.store.vault import Vault
from tests.mail import messages
from tests.mail.conftest import TestRelay, serving
from tests.mailroom import KEY, MAILBOX, Clock, MailRoomAt, mail_room, message

OLD_ID = b"<PD-27-0001-V-4-1@partnership.example>"
WHOLE = "To agency: Wyeford Council children's services\nProblem: Nobody came.\n"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[MailRoomAt]:
    """Give one whose notices leave under our own address, as behind a relay that lets no other through."""
    async with mail_room(tmp_path, mail_signed_return_path=False) as opened:
        yield opened


@pytest.fixture
async def relay() -> AsyncIterator[TestRelay]:
    async with serving() as behaviour:
        yield behaviour


async def raised(room: MailRoomAt) -> str:
    await room.sends(message(WHOLE))
    (reference,) = await room.references()
    return reference


async def about_ours(room: MailRoomAt, reference: str, name: str) -> bytes:
    """Give a message of the corpus, about the notice that asked the agency."""
    notice = await room.notice(reference, NoticeKind.ASKED)
    ours = room.replies.message_id(notice.notice_id, "escalations@partnership.example").encode()
    found = messages.raw(name)
    assert OLD_ID in found or b"In-Reply-To" not in found
    return found.replace(OLD_ID, ours)


@pytest.mark.parametrize(
    "name", [name for name in messages.names() if name.startswith(("auto", "bounce", "receipt", "own"))]
)
async def test_alone_it_raises_nothing_and_is_answered_by_nothing(room: MailRoomAt, name: str) -> None:
    await room.sends(messages.raw(name), sender="")
    assert await room.references() == []
    assert (await room.only()).state is MailState.SET_ASIDE
    assert await room.outbox() == []


@pytest.mark.parametrize("name", ["list_newsletter", "list_feedback_id"])
async def test_what_goes_to_many_waits_for_the_team_and_is_not_answered(room: MailRoomAt, name: str) -> None:
    await room.sends(messages.raw(name))
    assert await room.references() == []
    assert (await room.only()).state is MailState.HELD
    assert [str(found["Subject"]) for found in await room.outbox()] == ["1 message for the partnership team"]


@pytest.mark.parametrize("name", ["auto_exchange", "auto_rfc3834", "auto_exchange_stripped", "auto_precedence"])
async def test_an_automatic_reply_stops_no_clock_and_is_evidence_of_itself(room: MailRoomAt, name: str) -> None:
    reference = await raised(room)
    before = len(await room.outbox())
    await room.sends(await about_ours(room, reference, name), sender="")
    case = await room.case(reference)
    evidence = case.parties[0].evidence
    assert (evidence.automatic_reply, evidence.acknowledged, evidence.wrote) == (True, False, False)
    assert {clock.rule_id for clock in case.clocks if clock.running} >= {"acknowledge", "resolve"}
    assert len(await room.outbox()) == before, "nobody is told and nothing is answered"
    assert (await room.mails())[-1].code == Code.AUTOMATIC_REPLY


@pytest.mark.parametrize("name", ["bounce_permanent", "bounce_exchange", "bounce_qmail", "bounce_exim"])
async def test_a_permanent_bounce_reaches_the_team_and_takes_the_clocks_back(room: MailRoomAt, name: str) -> None:
    reference = await raised(room)
    notice = await room.notice(reference, NoticeKind.ASKED)
    await room.sends(await about_ours(room, reference, name), sender="")
    case = await room.case(reference)
    assert case.parties[0].evidence.delivery is DeliveryState.UNDELIVERED
    running = {clock.rule_id for clock in case.clocks if clock.running}
    assert "team-mend" in running
    assert not {"acknowledge", "resolve"} & running
    assert (await room.notice(reference, NoticeKind.ASKED)).state is NoticeState.UNDELIVERED
    assert (await room.notice(reference, NoticeKind.DELIVERY_TROUBLE)).notice.to.position == "team"
    reported = [event for event in await room.happened(reference) if isinstance(event, events.NoticeReported)]
    assert [(event.notice_id, event.state) for event in reported][-1] == (notice.notice_id, DeliveryState.UNDELIVERED)


@pytest.mark.parametrize("name", ["bounce_transient", "bounce_delayed"])
async def test_a_report_that_it_is_late_changes_nothing(room: MailRoomAt, name: str) -> None:
    reference = await raised(room)
    await room.sends(await about_ours(room, reference, name), sender="")
    assert (await room.case(reference)).parties[0].evidence.delivery is DeliveryState.DELIVERED
    assert (await room.mails())[-1].state is MailState.SET_ASIDE


async def return_path(room: MailRoomAt, reference: str) -> str:
    """Give the address that reports on the notice to the agency go to, where the relay allows it."""
    notice = await room.notice(reference, NoticeKind.ASKED)
    path = room.replies.return_path(room.replies.message_id(notice.notice_id, MAILBOX))
    assert path is not None
    return path


async def is_held_and_stops_nothing(room: MailRoomAt, reference: str, code: Code) -> None:
    """The report stays with the team, who are told; what the agency is waited for runs on."""
    case = await room.case(reference)
    assert case.parties[0].evidence.delivery is DeliveryState.DELIVERED
    assert {clock.rule_id for clock in case.clocks if clock.running} >= {"resolve"}
    assert (await room.notice(reference, NoticeKind.ASKED)).state is NoticeState.SENT
    report = (await room.mails())[-1]
    assert (report.state, report.code, report.reference) == (MailState.HELD, code, reference)
    assert report.about == (await room.notice(reference, NoticeKind.ASKED)).notice_id
    assert "message for the partnership team" in str((await room.outbox())[-1]["Subject"])


@pytest.mark.parametrize("chosen", [{}, {"mail_signed_return_path": True}])
async def test_a_bounce_to_the_signed_return_path_needs_to_name_nothing(tmp_path: Path, chosen: dict[str, Any]) -> None:
    async with mail_room(tmp_path, **chosen) as room:
        reference = await raised(room)
        stripped = messages.raw("bounce_qmail").partition(b"--- Below")[0]
        await room.sends(stripped, sender="", to=(await return_path(room, reference),))
        assert (await room.case(reference)).parties[0].evidence.delivery is DeliveryState.UNDELIVERED


@pytest.mark.parametrize("signed_return_path", [False, True])
async def test_a_bounce_to_the_address_for_replies_waits_for_the_team(
    tmp_path: Path, *, signed_return_path: bool
) -> None:
    """Whoever was written to has that address, and gains time by it."""
    async with mail_room(tmp_path, mail_signed_return_path=signed_return_path) as room:
        reference = await raised(room)
        address = await room.reply_address(reference, NoticeKind.ASKED)
        await room.sends(await about_ours(room, reference, "bounce_permanent"), sender="", to=(address,))
        await is_held_and_stops_nothing(room, reference, Code.BOUNCE_NOT_SIGNED)


async def test_with_return_paths_of_their_own_a_bounce_to_the_mailbox_waits_for_the_team(tmp_path: Path) -> None:
    """Whoever was written to can copy the Message-ID into a report of their own, with an empty sender."""
    async with mail_room(tmp_path) as room:
        reference = await raised(room)
        await room.sends(await about_ours(room, reference, "bounce_permanent"), sender="")
        await is_held_and_stops_nothing(room, reference, Code.BOUNCE_NOT_SIGNED)


async def test_a_bounce_of_a_notice_that_left_before_return_paths_were_signed_is_believed_as_it_was(
    tmp_path: Path,
) -> None:
    async with mail_room(tmp_path) as room:
        reference = await raised(room)
        async with room.parts.database.write() as tx:
            await tx.execute(update(tables.NOTICES).values(return_path=None))
        await room.sends(await about_ours(room, reference, "bounce_permanent"), sender="")
        assert (await room.case(reference)).parties[0].evidence.delivery is DeliveryState.UNDELIVERED


@pytest.mark.parametrize("where", ["mail", "rcpt", "data"])
async def test_behind_a_relay_that_lets_no_other_sender_through_notices_leave_and_bounces_are_believed(
    tmp_path: Path, relay: TestRelay, where: str
) -> None:
    """It says so at the sender, at the recipient, or only after the message; and nobody's address is blamed for it."""
    setattr(relay, f"{where}_of_another", "550 5.7.1 sender not owned")
    relay.only_from = MAILBOX
    settings = Settings(folder=tmp_path, keys=KEY)  # type: ignore[arg-type]  # as the environment gives it
    vault = Vault(settings.wrapping_keys())
    replies = Replies.of(settings, vault)
    assert replies is not None
    through = SmtpRelay(
        "127.0.0.1", relay.port, sender=MAILBOX, security=MailSecurity.NONE, return_path=replies.return_path
    )
    async with mail_room(tmp_path, relay=through) as room:
        reference = await raised(room)
        notice = await room.notice(reference, NoticeKind.ASKED)
        assert (notice.state, notice.return_path) == (NoticeState.SENT, False)
        assert {envelope.mail_from for envelope in relay.taken} == {MAILBOX}
        await room.sends(await about_ours(room, reference, "bounce_permanent"), sender="")
        assert (await room.case(reference)).parties[0].evidence.delivery is DeliveryState.UNDELIVERED


async def test_over_a_relay_each_notice_leaves_under_the_return_path_that_its_bounces_are_believed_from(
    tmp_path: Path, relay: TestRelay
) -> None:
    settings = Settings(folder=tmp_path, keys=KEY)  # type: ignore[arg-type]  # as the environment gives it
    replies = Replies.of(settings, Vault(settings.wrapping_keys()))
    assert replies is not None
    through = SmtpRelay(
        "127.0.0.1", relay.port, sender=MAILBOX, security=MailSecurity.NONE, return_path=replies.return_path
    )
    async with mail_room(tmp_path, relay=through) as room:
        reference = await raised(room)
        notice = await room.notice(reference, NoticeKind.ASKED)
        assert notice.return_path is True
        (asked,) = [one for one in relay.taken if one.rcpt_tos == ["tamsin.okoro@council.example"]]
        assert asked.mail_from is not None
        assert room.replies.reported_at(asked.mail_from) == notice.notice_id
        stripped = messages.raw("bounce_qmail").partition(b"--- Below")[0]
        await room.sends(stripped, sender="", to=(asked.mail_from,))
        assert (await room.case(reference)).parties[0].evidence.delivery is DeliveryState.UNDELIVERED


async def test_the_return_path_of_another_notice_vouches_for_nothing(tmp_path: Path) -> None:
    async with mail_room(tmp_path, mail_signed_return_path=True) as room:
        reference = await raised(room)
        receipt = await room.notice(reference, NoticeKind.RECEIPT)
        path = room.replies.return_path(room.replies.message_id(receipt.notice_id, MAILBOX))
        reply = await room.reply_address(reference, NoticeKind.ASKED)
        bounce = await about_ours(room, reference, "bounce_permanent")
        await room.sends(bounce, sender="", to=(str(path), reply))
        assert (await room.case(reference)).parties[0].evidence.delivery is DeliveryState.DELIVERED


async def test_a_bounce_with_a_sender_waits_for_the_team(room: MailRoomAt) -> None:
    """A relay's report has an empty one (RFC 5321, 4.5.5)."""
    reference = await raised(room)
    await room.sends(await about_ours(room, reference, "bounce_permanent"), sender="tamsin.okoro@council.example")
    await is_held_and_stops_nothing(room, reference, Code.BOUNCE_NOT_SIGNED)


@pytest.mark.parametrize(("days", "believed"), [(4, True), (6, False)])
async def test_a_bounce_is_believed_for_as_long_as_servers_try_and_no_longer(
    tmp_path: Path, days: int, *, believed: bool
) -> None:
    clock = Clock("2027-03-01 09:30")
    async with mail_room(tmp_path, clock=clock, mail_signed_return_path=False) as room:
        reference = await raised(room)
        bounce = await about_ours(room, reference, "bounce_permanent")
        clock.time += timedelta(days=days)
        await room.sends(bounce, sender="")
        if believed:
            assert (await room.case(reference)).parties[0].evidence.delivery is DeliveryState.UNDELIVERED
        else:
            await is_held_and_stops_nothing(room, reference, Code.BOUNCE_LATE)


async def test_a_bounce_after_somebody_asked_for_a_code_stops_nothing(room: MailRoomAt) -> None:
    reference = await raised(room)
    notice = await room.notice(reference, NoticeKind.ASKED)
    bounce = await about_ours(room, reference, "bounce_permanent")
    async with room.parts.database.write() as tx:
        token = await links.issue(
            tx,
            room.parts.vault,
            notice_id=notice.notice_id,
            reference=reference,
            notice=notice.notice,
            now=room.parts.now(),
        )
        link = await links.find(tx, token)
        assert link is not None
        await links.new_code(tx, room.parts.vault, link, address="tamsin.okoro@council.example", now=room.parts.now())
    await room.sends(bounce, sender="")
    await is_held_and_stops_nothing(room, reference, Code.BOUNCE_THOUGH_REACHED)


async def test_a_bounce_after_the_agency_wrote_back_stops_nothing(room: MailRoomAt) -> None:
    reference = await raised(room)
    bounce = await about_ours(room, reference, "bounce_permanent")
    address = await room.reply_address(reference, NoticeKind.ASKED)
    tamsin = "tamsin.okoro@council.example"
    await room.sends(message("We have it.", sender=tamsin, to=address), sender=tamsin, to=(address,))
    await room.sends(bounce, sender="")
    await is_held_and_stops_nothing(room, reference, Code.BOUNCE_THOUGH_REACHED)


async def test_a_bounce_that_anybody_could_have_made_up_takes_no_clock_back(room: MailRoomAt) -> None:
    reference = await raised(room)
    notice = await room.notice(reference, NoticeKind.ASKED)
    forged = messages.raw("bounce_permanent").replace(OLD_ID, f"<{notice.notice_id}@partnership.example>".encode())
    forged = forged.replace(b"PD-27-0001-V: please", reference.encode() + b": please")
    await room.sends(forged, sender="")
    assert (await room.case(reference)).parties[0].evidence.delivery is DeliveryState.DELIVERED
    assert (await room.mails())[-1].state is not MailState.FILED


async def test_a_hundred_bounces_bring_one_report_and_no_case(room: MailRoomAt) -> None:
    reference = await raised(room)
    bounce = await about_ours(room, reference, "bounce_permanent")
    for number in range(30):
        again = bounce.replace(b"<bounce_permanent@", f"<bounce-{number}@".encode())
        await room.hands_over(again.replace(b"I'm sorry", f"I'm sorry ({number})".encode()), sender="")
    before = len(await room.outbox())
    await room.router.drain()
    await room.settle()
    assert await room.references() == [reference]
    kinds = [event.kind for event in await room.happened(reference)]
    assert kinds.count("notice_reported") == 2, "delivered, and then not"
    assert len(await room.outbox()) - before <= 3


async def test_our_own_message_that_comes_back_is_known_and_put_aside(room: MailRoomAt) -> None:
    reference = await raised(room)
    for ours in await room.outbox():
        await room.sends(ours.as_bytes(), sender="loop@council.example")
    assert {row.code for row in (await room.mails())[1:]} == {Code.OWN}
    assert await room.references() == [reference]


async def test_a_read_receipt_is_no_acknowledgement(room: MailRoomAt) -> None:
    reference = await raised(room)
    await room.sends(await about_ours(room, reference, "receipt_mdn"))
    assert not (await room.case(reference)).parties[0].evidence.acknowledged
    assert (await room.mails())[-1].code == Code.READ_RECEIPT


async def test_what_a_machine_sent_does_not_take_the_place_of_the_same_words_of_a_person(room: MailRoomAt) -> None:
    """A school's system sends it with a mark of its own and nothing comes of it; then its author sends it again."""
    text = "Nobody came since January."
    await room.sends(message(text, headers=(("Auto-Submitted", "auto-generated"),)))
    assert (await room.only()).state is MailState.SET_ASIDE
    await room.sends(message(text))
    assert [row.code for row in await room.mails()] == [Code.NOT_ABOUT_OURS, Code.RAISED]


async def test_an_escalation_that_a_program_sends_opens_nothing_and_waits_for_the_team(room: MailRoomAt) -> None:
    await room.sends(message(WHOLE, headers=(("Auto-Submitted", "auto-generated"),)))
    row = await room.only()
    assert (row.state, row.code, row.not_answered) == (MailState.HELD, Code.TO_MANY, None)
    assert row.due_at is not None
    assert await room.references() == []
    assert [str(found["Subject"]) for found in await room.outbox()] == ["1 message for the partnership team"]


async def test_a_case_hears_once_a_day_that_a_notice_was_answered_by_a_machine(room: MailRoomAt) -> None:
    reference = await raised(room)
    notice = await room.notice(reference, NoticeKind.ASKED)
    for number in range(4):
        headers = (("Auto-Submitted", "auto-replied"),)
        said = message(f"Away, number {number}.", sender="tamsin.okoro@council.example", headers=headers)
        await room.sends(said, to=(room.replies.address_of(notice.notice_id),))
    assert [row.code for row in await room.mails()].count(Code.AUTOMATIC_REPLY) == 4
    assert [event.kind for event in await room.happened(reference)].count("message_reported") == 1
