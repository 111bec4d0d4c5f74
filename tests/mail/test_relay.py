"""How a message leaves, over real SMTP: what each answer of a relay means, and that its words go no further."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from email import message_from_bytes
from email.message import EmailMessage

import aiosmtplib
import pytest
import structlog
from aiosmtpd.smtp import SMTP
from sqlalchemy import select

from escalations.mail import relay as relays
from escalations.mail.relay import OutboxRelay, Sent, SentCode, SmtpRelay
from escalations.settings import MailSecurity
from escalations.store import tables
from escalations.store.engine import Database
from tests import builders
from tests.mail.conftest import Certificate, TestRelay

CANARY = "zelda.quillfeather@canary.example"
OURS = "<PD-27-0001-X-3-1@partnership.example>"
SENDER = "escalations@partnership.example"


def message() -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = "PD-27-0001-X: please answer"
    made["From"] = SENDER
    made["Message-ID"] = OURS
    made.set_content("Please open the link.\n.\nA line with only a dot is above.\n")
    return made


def through(port: int, **more: object) -> SmtpRelay:
    fields: dict[str, object] = {"sender": SENDER, "security": MailSecurity.NONE, "seconds": 5.0, **more}
    return SmtpRelay("127.0.0.1", port, **fields)  # type: ignore[arg-type]  # the fields that a test changes


async def test_what_the_relay_takes_is_accepted_and_goes_to_this_one_recipient(relay: TestRelay) -> None:
    sent = await through(relay.port).send(message(), to=CANARY)
    assert sent == Sent(SentCode.ACCEPTED, OURS, 250)
    (envelope,) = relay.taken
    assert envelope.mail_from == SENDER
    assert envelope.rcpt_tos == [CANARY]
    assert isinstance(envelope.content, bytes)
    received = message_from_bytes(envelope.content)
    assert received["To"] == CANARY
    assert received["Message-ID"] == OURS
    assert "\r\n.\r\nA line" in received.get_payload()


async def test_a_notice_leaves_under_its_own_return_path_and_what_is_none_under_ours(relay: TestRelay) -> None:
    paths = {OURS: "escalations+token@partnership.example"}
    through_it = through(relay.port, return_path=paths.get)
    await through_it.send(message(), to=CANARY)
    other = message()
    other.replace_header("Message-ID", "<answer-1@partnership.example>")
    other["Reply-To"] = "escalations+another@partnership.example"
    await through_it.send(other, to=CANARY)
    assert [envelope.mail_from for envelope in relay.taken] == [paths[OURS], SENDER]


async def test_a_message_can_be_sent_to_another_afterwards_without_naming_the_first(relay: TestRelay) -> None:
    written = message()
    await through(relay.port).send(written, to=CANARY)
    await through(relay.port).send(written, to="head@school.example")
    assert CANARY.encode() not in (relay.taken[1].content or b"")
    assert written["To"] is None


@pytest.mark.parametrize("answer", [f"550 5.1.1 <{CANARY}>: no such user", f"553 {CANARY} unknown", "552 over quota"])
async def test_a_final_no_to_the_recipient_is_refused_without_its_words(
    relay: TestRelay,
    answer: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    relay.rcpt = answer
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, logger="mail.log")  # the test's own relay, not what is tested
    with structlog.testing.capture_logs() as logged:
        sent = await through(relay.port).send(message(), to=CANARY)
    assert sent == Sent(SentCode.REFUSED, None, int(answer[:3]))
    assert logged == [
        {
            "event": "mail_not_accepted",
            "log_level": "warning",
            "code": "refused",
            "phase": "recipient",
            "reply": int(answer[:3]),
        }
    ]
    assert CANARY not in repr(sent) + repr(logged) + caplog.text
    assert relay.taken == []


async def test_the_library_alone_would_have_passed_the_words_on(relay: TestRelay) -> None:
    """The canary above can sing: what the relay said is in the exception that is not let out."""
    relay.rcpt = f"550 5.1.1 <{CANARY}>: no such user"
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=relay.port, start_tls=False, local_hostname="test.example")
    async with client:
        await client.mail(SENDER)
        with pytest.raises(aiosmtplib.SMTPRecipientRefused, match="zelda"):
            await client.rcpt(CANARY)


async def test_a_final_no_to_the_message_is_refused(relay: TestRelay) -> None:
    relay.data = f"554 5.7.1 rejected for {CANARY}"
    assert await through(relay.port).send(message(), to=CANARY) == Sent(SentCode.REFUSED, None, 554)


@pytest.mark.parametrize("where", ["mail", "rcpt", "data"])
async def test_a_relay_that_says_later_is_tried_later(relay: TestRelay, where: str) -> None:
    setattr(relay, where, f"451 4.7.1 {CANARY} is greylisted")
    assert await through(relay.port).send(message(), to=CANARY) == Sent(SentCode.TRY_LATER, None, 451)


@pytest.mark.parametrize(("where", "answer"), [("mail", "550 5.7.1 sender not allowed"), ("rcpt", "530 sign in first")])
async def test_a_no_to_ourselves_says_nothing_about_the_recipient(relay: TestRelay, where: str, answer: str) -> None:
    """Counted as refused, it would be recorded as an address of the agency's that does not work."""
    setattr(relay, where, answer)
    assert (await through(relay.port).send(message(), to=CANARY)).code is SentCode.TRY_LATER


async def test_a_sign_in_that_is_not_possible_is_ours_to_mend(relay: TestRelay) -> None:
    sent = await through(relay.port, user="escalations", password="wrong").send(message(), to=CANARY)
    assert sent.code is SentCode.TRY_LATER
    assert relay.recipients_asked == []


async def test_a_connection_refused_is_tried_later() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: connecting is refused, and nobody else takes the port
        sent = await through(held.getsockname()[1]).send(message(), to=CANARY)
    assert sent == Sent(SentCode.TRY_LATER)


async def test_a_connection_lost_before_the_message_is_tried_later(relay: TestRelay) -> None:
    async def hang_up() -> None:
        transport = relay.connections[-1].transport
        assert transport is not None
        transport.close()

    relay.before_rcpt = hang_up
    assert await through(relay.port).send(message(), to=CANARY) == Sent(SentCode.TRY_LATER)


async def test_a_connection_lost_after_the_message_leaves_open_whether_it_was_taken(relay: TestRelay) -> None:
    async def hang_up(server: SMTP) -> None:
        assert server.transport is not None
        server.transport.close()

    relay.before_answer = hang_up
    assert await through(relay.port).send(message(), to=CANARY) == Sent(SentCode.UNKNOWN)
    assert len(relay.taken) == 1, "it had been taken, and who sends cannot know"


async def test_a_slow_relay_is_left_within_the_bound_and_tried_later(relay: TestRelay) -> None:
    relay.before_rcpt = lambda: asyncio.sleep(30)
    began = time.monotonic()
    assert await through(relay.port, seconds=0.3).send(message(), to=CANARY) == Sent(SentCode.TRY_LATER)
    assert time.monotonic() - began < 3


async def test_a_relay_that_is_slow_after_the_message_leaves_it_open(relay: TestRelay) -> None:
    relay.before_answer = lambda _: asyncio.sleep(30)
    began = time.monotonic()
    assert await through(relay.port, seconds=0.3).send(message(), to=CANARY) == Sent(SentCode.UNKNOWN)
    assert time.monotonic() - began < 3


async def test_the_bound_holds_for_all_steps_together(relay: TestRelay) -> None:
    """Each step within its own limit, and all of them together longer than the activity that sends."""
    relay.before_rcpt = lambda: asyncio.sleep(0.35)
    relay.before_answer = lambda _: asyncio.sleep(0.35)
    assert (await through(relay.port, seconds=0.5).send(message(), to=CANARY)).code is SentCode.UNKNOWN


async def test_something_that_does_not_speak_smtp_is_tried_later() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert (await through(port).send(message(), to=CANARY)).code is SentCode.TRY_LATER


async def test_starttls_encrypts_where_it_is_set(relay: TestRelay, certificate: Certificate) -> None:
    relay.tls = certificate.server
    sent = await through(relay.port, security=MailSecurity.STARTTLS, tls=certificate.client).send(message(), to=CANARY)
    assert sent.code is SentCode.ACCEPTED
    assert relay.encrypted


async def test_without_starttls_in_the_settings_nothing_is_encrypted(
    relay: TestRelay,
    certificate: Certificate,
) -> None:
    relay.tls = certificate.server
    assert (await through(relay.port).send(message(), to=CANARY)).code is SentCode.ACCEPTED
    assert not relay.encrypted


async def test_a_relay_that_does_not_offer_starttls_is_given_nothing_where_it_is_set(relay: TestRelay) -> None:
    sent = await through(relay.port, security=MailSecurity.STARTTLS).send(message(), to=CANARY)
    assert sent.code is SentCode.TRY_LATER
    assert relay.recipients_asked == []


async def test_a_relay_with_a_certificate_that_nobody_vouches_for_is_given_nothing(
    relay: TestRelay,
    certificate: Certificate,
) -> None:
    relay.tls = certificate.server
    sent = await through(relay.port, security=MailSecurity.STARTTLS).send(message(), to=CANARY)
    assert sent.code is SentCode.TRY_LATER
    assert relay.recipients_asked == []


@pytest.mark.parametrize(
    ("answer", "recorded"),
    [
        (
            "250 2.6.0 <CWXP123@prod.outlook.example> [InternalId=77] Queued mail for delivery",
            "<CWXP123@prod.outlook.example>",
        ),
        ("250 OK Message-ID: <abc.1@relay.example>", "<abc.1@relay.example>"),
        (
            "250 Ok 0102018f3c2a9d7e-5b1d6a2c-0f3e-4a7b-9c1d-2e3f4a5b6c7d-000000",
            "0102018f3c2a9d7e-5b1d6a2c-0f3e-4a7b-9c1d-2e3f4a5b6c7d-000000",
        ),
        ("250 2.0.0 Ok: queued as 4F1A2B3C", OURS),
    ],
)
async def test_the_message_id_that_a_relay_puts_in_the_place_of_ours_is_the_one_recorded(
    relay: TestRelay,
    answer: str,
    recorded: str,
) -> None:
    relay.data = answer
    assert (await through(relay.port).send(message(), to=CANARY)).message_id == recorded


@pytest.mark.parametrize(
    "answer",
    [
        f"250 2.1.5 forwarded to <{CANARY}>",
        f"250 2.6.0 <{CANARY}> queued",
        f"250 message-id <{CANARY.upper()}>",
        "250 OK relayed for <another.person@school.example>",
    ],
)
async def test_an_address_in_an_accepting_answer_is_not_taken_for_a_message_id(
    relay: TestRelay,
    answer: str,
) -> None:
    relay.data = answer
    assert (await through(relay.port).send(message(), to=CANARY)).message_id == OURS


@pytest.mark.parametrize(
    "address",
    [
        "",
        "no-at-sign",
        "two@at@signs.example",
        "a@b.example\r\nRCPT TO:<c@d.example>",
        "spaced out@school.example",
        "zoë@school.example",
        "<a@b.example>",
    ],
)
async def test_what_is_no_address_reaches_no_relay(relay: TestRelay, address: str) -> None:
    assert (await through(relay.port).send(message(), to=address)).code is SentCode.REFUSED
    assert relay.connections == []


async def test_the_outbox_keeps_the_message_and_only_a_hint_of_the_address(database_url: str) -> None:
    at = builders.civil("2027-03-01 09:30")
    async with Database.open(database_url) as database:
        await database.migrate()
        sent = await OutboxRelay(database, lambda: at).send(message(), to=CANARY)
        async with database.read() as tx:
            (row,) = (await tx.execute(select(tables.OUTBOX))).all()
    assert sent == Sent(SentCode.ACCEPTED, OURS)
    assert (row.notice_id, row.made_at, row.to_hint) == ("PD-27-0001-X-3-1", at, "z...@canary.example")
    assert message_from_bytes(row.raw)["Subject"] == "PD-27-0001-X: please answer"
    assert CANARY.encode() not in row.raw


def test_a_hint_shows_the_first_letter_and_the_domain() -> None:
    assert relays.hint("d.jones@school.example") == "d...@school.example"
