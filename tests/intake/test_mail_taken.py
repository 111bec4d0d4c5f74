"""A message is taken once, after it is stored, and within limits (issue 4, "bad input and faults")."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosmtplib
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from escalations import parts
from escalations.intake import mail_routing
from escalations.intake.mail_codes import Code
from escalations.mail import smtp_server
from escalations.rules.notices import NoticeKind
from escalations.settings import MailProtocol, Settings, WrongSettings
from escalations.store import mails, tables
from escalations.store.engine import DatabaseAway
from escalations.store.mails import Envelope, MailState
from tests.mailroom import KEY, MAILBOX, Clock, MailRoomAt, mail_room, message

WHOLE = "To agency: Wyeford Council children's services\nProblem: Nobody came.\n"
OTHER = "team@partnership.example"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[MailRoomAt]:
    async with mail_room(tmp_path) as opened:
        yield opened


async def answered(room: MailRoomAt, raw: bytes, *, to: str = MAILBOX) -> int:
    """Send a message, and give what was answered last."""
    try:
        await room.hands_over(raw, to=(to,))
    except aiosmtplib.SMTPRecipientsRefused as refused:
        return refused.recipients[0].code
    except aiosmtplib.SMTPResponseException as no:
        return no.code
    return 250


# ---- Stored once ----------------------------------------------------------------------------------------------------


async def test_the_bytes_are_stored_as_they_came_and_sealed(room: MailRoomAt, tmp_path: Path) -> None:
    raw = message("Persephone Canarybird was not seen.")
    await room.hands_over(raw)
    row = await room.only()
    assert row.state is MailState.RECEIVED
    async with room.parts.database.read() as tx:
        envelope, kept = await mails.content(tx, room.parts.vault, row.mail_id)
    assert kept == raw
    assert envelope == Envelope("noor.haverstock@oaklane.example", (MAILBOX,), over_loopback=True)
    assert not any(b"Canarybird" in read for read in _files(tmp_path))


def _files(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.glob("escalations.db*")]


async def test_a_retry_of_the_same_message_is_the_same_message(room: MailRoomAt) -> None:
    raw = message(WHOLE, message_id="<once@oaklane.example>")
    for _ in range(3):
        assert await answered(room, raw) == 250
        await room.router.drain()
        await room.settle()
    assert len(await room.references()) == 1
    assert len(await room.mails()) == 1


async def test_one_mail_to_two_mailboxes_is_one_escalation(room: MailRoomAt) -> None:
    """The second copy came another way: its headers differ, and a server put a line below it."""
    first = message(WHOLE, message_id="<two@oaklane.example>")
    second = b"Received: from elsewhere.example\r\n" + first + b"-- \r\nScanned.\r\n"
    await asyncio.gather(room.sends(first), room.sends(second))
    assert len(await room.references()) == 1


async def test_without_a_message_id_the_same_words_of_the_same_sender_are_one(room: MailRoomAt) -> None:
    await room.sends(message(WHOLE))
    await room.sends(b"Received: from elsewhere.example\r\n" + message(WHOLE))
    await room.sends(message(WHOLE, sender="somebody@elsewhere.example"))
    assert len(await room.references()) == 2


async def test_the_same_words_to_two_signed_addresses_are_two(room: MailRoomAt) -> None:
    for number in (1, 2):
        await room.sends(message(f"{WHOLE} Number {number}."))
    replies = [await room.reply_address(reference, NoticeKind.ASKED) for reference in await room.references()]
    await room.sends(message("We have this.", sender="tamsin.okoro@council.example"), to=tuple(replies))
    for reference in await room.references():
        assert (await room.case(reference)).parties[0].evidence.acknowledged


async def test_somebody_elses_message_with_the_same_id_is_not_lost(room: MailRoomAt) -> None:
    await room.sends(message(WHOLE, message_id="<same@oaklane.example>"))
    await room.sends(message("Another.", sender="somebody@elsewhere.example", message_id="<same@oaklane.example>"))
    assert len(await room.mails()) == 2


# ---- 451, 552, 550, and what else there is to say -------------------------------------------------------------------


async def test_with_the_database_away_the_sender_is_told_to_try_again(
    room: MailRoomAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def away() -> AsyncIterator[AsyncConnection]:
        raise DatabaseAway("switched off")
        yield  # type: ignore[unreachable]  # a context manager has one

    with monkeypatch.context() as patch:
        patch.setattr(room.parts.database, "write", away)
        assert await answered(room, message(WHOLE)) == 451
    assert await room.mails() == []
    assert await answered(room, message(WHOLE)) == 250


async def test_what_is_too_long_is_refused_and_the_size_is_advertised(tmp_path: Path) -> None:
    async with mail_room(tmp_path, mail_in_megabytes=1) as room:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=room.port, start_tls=False) as client:
            await client.ehlo()
            assert client.esmtp_extensions["size"] == str(1024 * 1024)
            answer = await client.execute_command(b"MAIL", b"FROM:<a@b.example>", b"SIZE=9999999")
            assert answer.code == 552
        line = b"x" * 70 + b"\r\n"
        assert await answered(room, message("") + line * (1024 * 1024 // 72 + 1)) == 552
        assert await answered(room, message("") + b"y" * (smtp_server.LINE_OCTETS + 10) + b"\r\n") == 500
        assert await room.mails() == []


async def test_mail_that_is_not_for_us_is_refused_before_it_is_sent(room: MailRoomAt) -> None:
    assert await answered(room, message(WHOLE), to=OTHER) == 550
    assert await answered(room, message(WHOLE), to="Escalations@Partnership.example") == 250


async def test_only_so_many_connections_are_served(tmp_path: Path) -> None:
    async with mail_room(tmp_path, mail_in_connections=2) as room:
        held = [await asyncio.open_connection("127.0.0.1", room.port) for _ in range(2)]
        for reader, _ in held:
            await reader.readline()
        reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
        assert (await reader.readline()).startswith(b"421 ")
        for _, one in (*held, (reader, writer)):
            one.close()
            await one.wait_closed()
        while await answered(room, message(WHOLE)) != 250:  # noqa: ASYNC110  the server has no event of its own
            await asyncio.sleep(0.05)


async def test_whoever_says_nothing_is_left(tmp_path: Path) -> None:
    async with mail_room(tmp_path, mail_in_seconds=0.2) as room:
        reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
        await reader.readline()
        while await reader.read(100):
            pass
        writer.close()


async def test_lmtp_answers_for_each_recipient(tmp_path: Path) -> None:
    async with mail_room(tmp_path, mail_in_protocol=MailProtocol.LMTP) as room:
        reader, writer = await asyncio.open_connection("127.0.0.1", room.port)

        async def say(line: bytes) -> bytes:
            writer.write(line + b"\r\n")
            while (answer := await reader.readline())[3:4] == b"-":
                pass
            return answer[:3]

        await reader.readline()
        assert await say(b"LHLO mx.partnership.example") == b"250"
        assert await say(b"MAIL FROM:<a@b.example>") == b"250"
        assert await say(b"RCPT TO:<escalations@partnership.example>") == b"250"
        assert await say(b"RCPT TO:<escalations+old@partnership.example>") == b"250"
        assert await say(b"DATA") == b"354"
        assert await say(message(WHOLE) + b".") == b"250"
        assert (await reader.readline())[:3] == b"250"
        writer.close()


def test_a_certificate_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("nothing", encoding="ascii")
    chosen = Settings(mail_in_tls_certificate_file=wrong, mail_in_tls_key_file=wrong)
    with pytest.raises(WrongSettings, match="MAIL_IN_TLS_CERTIFICATE_FILE"):
        parts.certificate_of(chosen)


async def test_a_mailbox_whose_signed_addresses_would_be_too_long_is_said(tmp_path: Path) -> None:
    chosen = Settings(
        folder=tmp_path,
        keys=KEY,  # type: ignore[arg-type]  # as the environment gives it
        mail_in_address="a-mailbox-with-a-very-long-name@partnership.example",
    )
    with pytest.raises(WrongSettings, match="MAIL_REPLY_DOMAIN"):
        async with parts.opened(chosen):
            pass


# ---- Decided on afterwards ------------------------------------------------------------------------------------------


async def test_a_message_that_cannot_be_decided_on_is_held_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock("2027-03-01 09:30")
    async with mail_room(tmp_path, clock=clock) as room:
        decide = mail_routing.Routing.decide

        async def breaks(routing: mail_routing.Routing) -> mail_routing.Routed:
            if "Canarybird" in routing.mail.text:
                raise RuntimeError("Canarybird")
            return await decide(routing)

        monkeypatch.setattr(mail_routing.Routing, "decide", breaks)
        await room.hands_over(message("Canarybird"))
        await room.hands_over(message(WHOLE, message_id="<fine@oaklane.example>"))
        with capture_logs() as lines:
            for _ in range(20):
                await room.router.drain()
                clock.time = clock.time.replace(hour=clock.time.hour + 1 if clock.time.hour < 23 else 23)
                clock.time = clock.time.replace(minute=(clock.time.minute + 7) % 60)
        stuck, fine = await room.mails()
        assert fine.code == Code.RAISED
        assert (stuck.state, stuck.code) == (MailState.HELD, Code.COULD_NOT_BE_ROUTED)
        assert not any("Canarybird" in str(value) for line in lines for key, value in line.items() if key != "exc_info")


async def test_nothing_of_a_message_or_a_command_is_logged(room: MailRoomAt, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as lines, caplog.at_level(logging.WARNING):
        await room.sends(message("Persephone Canarybird", subject="Canarybird"))
        await answered(room, message(WHOLE), to="canarybird@partnership.example")
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=room.port, start_tls=False) as client:
            await client.execute_command(b"CANARYBIRD")
    assert "Canarybird" not in str(lines)
    async with room.parts.database.read() as tx:
        rows = (await tx.execute(select(tables.MAIL_STATES))).mappings().all()
        plain = (await tx.execute(select(tables.MAILS))).mappings().all()
    assert "canarybird" not in str(rows).lower()
    assert "canarybird" not in str([{k: v for k, v in row.items() if k != "sealed"} for row in plain]).lower()
