"""Mail that reaches an office: stored and routed by the real parts, without a port."""

from __future__ import annotations

from datetime import timedelta

from escalations.intake.mail_answering import Post
from escalations.intake.mail_in import MailRoom, Reader
from escalations.intake.mail_router import Router
from escalations.intake.mail_routing import Ways
from escalations.mail.address import Replies
from escalations.mail.authentication import Trust
from escalations.mail.outgoing import House
from escalations.store import mails
from escalations.store.mails import Envelope, MailRow, MailState
from tests.mailroom import MAILBOX
from tests.web.conftest import Office

ON_LOOPBACK = Trust(loopback=True)


async def receive(
    office: Office,
    raw: bytes,
    *,
    to: str = MAILBOX,
    sender: str = "noor.haverstock@oaklane.example",
    trust: Trust = ON_LOOPBACK,
) -> MailRow:
    """Let a message come in, and give what became of it."""
    office.time += timedelta(seconds=1)
    replies = Replies.of(office.settings, office.vault)
    assert replies is not None
    reader = Reader(replies, trust, frozenset({MAILBOX}))
    room = MailRoom(office.database, office.vault, reader, now=office.now)
    await room.take(raw, Envelope(sender, (to,), over_loopback=True))
    router = Router(
        database=office.database,
        vault=office.vault,
        ways=Ways(office.vault, office.cases, reader, "PD", office.in_force),
        post=Post(office.relay, House.of(office.settings, trial=True), MAILBOX, office.address),
        now=office.now,
    )
    await router.drain()
    await office.settle()
    async with office.database.read() as tx:
        found = await mails.listed(tx, *MailState)
    return max(found, key=lambda row: (row.received_at, row.mail_id))
