"""STARTTLS, where an installation has a certificate for it."""

from __future__ import annotations

import aiosmtplib

from escalations.mail.smtp_server import Limits, Server
from escalations.store.mails import Envelope
from tests.mail.conftest import Certificate

MAILBOX = "escalations@partnership.example"


async def test_starttls_is_offered_where_there_is_a_certificate(certificate: Certificate) -> None:
    taken = []

    async def take(raw: bytes, _envelope: Envelope) -> None:
        taken.append(raw)

    server = Server(take, is_ours=lambda _: True, hostname="mx.example", limits=Limits(), tls=certificate.server)
    async with (
        server.serving("127.0.0.1", 0) as port,
        aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=True, tls_context=certificate.client) as client,
    ):
        await client.sendmail("a@b.example", [MAILBOX], b"From: a@b.example\r\n\r\nNobody came.\r\n")
    assert len(taken) == 1
