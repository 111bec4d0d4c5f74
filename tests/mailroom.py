"""A mail room for tests: real SMTP over loopback, real storing and routing, the real rules and post, and no Temporal.

`MailRoomAt.settle` applies what was submitted as dispatcher and workflow would. The story with all parts is told in
`tests/workflows/test_by_mail_alone.py`.
"""

from __future__ import annotations

import base64
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
from sqlalchemy import select

from escalations import parts
from escalations.activities.record import record
from escalations.intake import opening, submissions
from escalations.mail.address import Replies
from escalations.mail.relay import Relay
from escalations.rules import acts, case, clocks, decider, events, passing
from escalations.rules.notices import NoticeKind
from escalations.settings import Settings
from escalations.store import directory, directory_file, mails, register, tables
from escalations.store.mails import MailRow, MailState
from escalations.store.notices import NoticeRow, of_case
from escalations.workflows.contracts import DeliverRequest, RecordRequest, Refusal, delivery_act
from tests import furnished
from tests.builders import civil

MAILBOX = "escalations@partnership.example"
KEY = base64.b64encode(furnished.KEY).decode()


def message(
    text: str,
    *,
    sender: str = "Noor Haverstock <noor.haverstock@oaklane.example>",
    to: str = MAILBOX,
    subject: str = "A difference",
    message_id: str = "",
    headers: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """Give a plain message."""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = to
    made["Subject"] = subject
    if message_id:
        made["Message-ID"] = message_id
    for name, value in headers:
        made[name] = value
    made.set_content(text)
    return made.as_bytes(policy=email.policy.SMTP)


class MailRoomAt:
    """One installation that takes mail, its clock, and its port."""

    def __init__(self, opened: parts.Parts, port: int) -> None:
        assert opened.replies is not None
        self.parts = opened
        self.port = port
        self.replies: Replies = opened.replies
        self.router = opened.mail_router(self.replies)

    # ---- Sending ----------------------------------------------------------------------------------------------------

    async def sends(
        self, raw: bytes, *, sender: str = "noor.haverstock@oaklane.example", to: tuple[str, ...] = (MAILBOX,)
    ) -> None:
        """Send a message with a real SMTP client, and let it be routed and applied."""
        await self.hands_over(raw, sender=sender, to=to)
        await self.router.drain()
        await self.settle()

    async def hands_over(
        self, raw: bytes, *, sender: str = "noor.haverstock@oaklane.example", to: tuple[str, ...] = (MAILBOX,)
    ) -> None:
        """Send a message, and leave it as it is stored."""
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port, start_tls=False) as client:
            await client.sendmail(sender, list(to), raw)

    # ---- What dispatcher and workflow would do ----------------------------------------------------------------------

    async def settle(self) -> None:
        """Apply what waits, and deliver what that brings."""
        while True:
            async with self.parts.database.write() as tx:
                leased = await submissions.lease_next(
                    tx, now=self.parts.now(), lease_for=timedelta(seconds=30), owner="test"
                )
            if leased is None:
                return
            act = acts.loads(leased.act).model_copy(update={"content_digest": leased.content_digest})
            await self._apply(leased.reference, act, leased.submission_id)

    async def does(self, reference: str, act: acts.Act) -> None:
        """Let somebody do something on another way than by mail, which the rules accept."""
        decided = decider.decide(await self.case(reference), act, act.received_at)
        assert not isinstance(decided, decider.Refused), decided
        await self._apply(reference, act, None)

    async def passes(self, reference: str, *, until: datetime) -> None:
        """Let time pass for a case, with what it brings; the clock of everything else stands."""
        while (wake := clocks.next_wake(await self.case(reference))) is not None and wake <= until:
            known = await self.case(reference)
            async with self.parts.database.write() as tx:
                result = await record(
                    tx,
                    self.parts.cases,
                    RecordRequest(
                        reference=reference, after_seq=known.seq, recorded_at=wake, events=passing.due(known, wake)
                    ),
                )
            await self._deliver(reference, result.to_deliver, wake)

    async def _apply(self, reference: str, act: acts.Act, submission_id: str | None) -> None:
        at = self.parts.now()
        async with self.parts.database.write() as tx:
            known = await self.parts.cases.read(tx, reference)
            if known is None:
                frame = self.parts.in_force.frame(act.received_at)
                await opening.freeze(tx, frame, at=at)
                known = case.new(reference, frame)
            decided = decider.decide(known, act, act.received_at)
            no = isinstance(decided, decider.Refused)
            result = await record(
                tx,
                self.parts.cases,
                RecordRequest(
                    reference=reference,
                    after_seq=known.seq,
                    recorded_at=at,
                    events=() if isinstance(decided, decider.Refused) else decided,
                    submission_id=submission_id,
                    refusal=Refusal(code=decided.code, sentence=decided.sentence) if no else None,  # type: ignore[union-attr]  # no says it
                ),
            )
        await self._deliver(reference, result.to_deliver, at)

    async def _deliver(self, reference: str, notice_ids: tuple[str, ...], at: datetime) -> None:
        delivered = await self.parts.postman().deliver(
            DeliverRequest(reference=reference, notice_ids=notice_ids, at=at)
        )
        for delivery in delivered.deliveries:
            await self._apply(reference, delivery_act(delivery, submission_id="system", at=at), None)

    # ---- Looking ----------------------------------------------------------------------------------------------------

    async def mails(self) -> list[MailRow]:
        """Give every message that is stored, oldest first."""
        async with self.parts.database.read() as tx:
            found = await mails.listed(tx, *MailState)
        return sorted(found, key=lambda row: (row.received_at, row.mail_id))

    async def only(self) -> MailRow:
        """Give the one message that is stored."""
        (found,) = await self.mails()
        return found

    async def references(self) -> list[str]:
        """Give the reference of every escalation."""
        async with self.parts.database.read() as tx:
            return await register.references(tx)

    async def case(self, reference: str) -> case.Case:
        async with self.parts.database.read() as tx:
            found = await self.parts.cases.read(tx, reference)
        assert found is not None
        return found

    async def happened(self, reference: str) -> list[events.Event]:
        async with self.parts.database.read() as tx:
            return [events.loads(row.body) for row in await register.read(tx, reference)]

    async def words(self, reference: str) -> dict[str, Any]:
        """Give what was sealed with what raised it."""
        async with self.parts.database.read() as tx:
            found = await submissions.raised_with(tx, self.parts.vault, reference)
        assert found is not None
        return found

    async def notice(self, reference: str, kind: NoticeKind) -> NoticeRow:
        """Give the newest notice of a kind."""
        async with self.parts.database.read() as tx:
            return [row for row in await of_case(tx, reference) if row.notice.kind is kind][-1]

    async def outbox(self) -> list[EmailMessage]:
        """Give what left, oldest first."""
        async with self.parts.database.read() as tx:
            rows = (await tx.execute(select(tables.OUTBOX.c.raw).order_by(tables.OUTBOX.c.made_at))).scalars().all()
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in rows]

    async def reply_address(self, reference: str, kind: NoticeKind) -> str:
        """Give the address at which the newest notice of a kind is answered."""
        return self.replies.address_of((await self.notice(reference, kind)).notice_id)


class Clock:
    """A clock that a test moves."""

    def __init__(self, text: str) -> None:
        self.time = civil(text)

    def __call__(self) -> datetime:
        # A little later each time, so that what came first is first.
        self.time += timedelta(milliseconds=1)
        return self.time


@asynccontextmanager
async def mail_room(
    folder: Path,
    *,
    clock: Clock | None = None,
    relay: Relay | None = None,
    **chosen: Any,  # noqa: ANN401
) -> AsyncIterator[MailRoomAt]:
    """Open one, with the sample directory."""
    settings = Settings(folder=folder, **{"keys": KEY, **chosen})
    clock = clock or Clock("2027-03-01 09:30")
    if not {"keys", "database_url"} & set(chosen):
        await furnished.with_directory(settings.database)
    async with parts.opened(settings, migrate=True, now=clock, relay=relay) as opened:
        async with opened.database.write() as tx:
            if await directory.is_empty(tx):
                await directory.load(tx, opened.vault, directory_file.sample())
        assert opened.replies is not None
        async with opened.mail_server(opened.replies).serving("127.0.0.1", 0) as port:
            yield MailRoomAt(opened, port)
