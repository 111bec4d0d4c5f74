"""Mail is stored before anything is made of it.

What a message is (a person's or a machine's, whose word, whether it came before) is found while it is stored, and
written down beside its sealed bytes. What it brings is decided afterwards (`mail_routing`), from the stored bytes: no
message is lost because deciding went wrong.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from escalations.intake import submissions
from escalations.mail import authentication, classify, labels, parser
from escalations.mail.address import Replies
from escalations.mail.authentication import PROVEN, Trust, Vouched
from escalations.mail.classify import Classified, Kind
from escalations.mail.labels import Label
from escalations.mail.parser import Mail
from escalations.store import mails
from escalations.store.engine import Database
from escalations.store.mails import Envelope, Known
from escalations.store.vault import Vault

IN_THREAD_OCTETS: Final = 64 * 1024
"""From which length on a message is read beside the loop, which serves others meanwhile."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads messages as this installation sees them."""

    replies: Replies
    trust: Trust
    own_addresses: Collection[str]
    """In lower case: whatever comes from one of these is our own."""

    async def parsed(self, raw: bytes) -> Mail:
        """The message behind some bytes, without keeping others waiting."""
        return await asyncio.to_thread(parser.parse, raw) if len(raw) > IN_THREAD_OCTETS else parser.parse(raw)

    def classified(self, mail: Mail, envelope: Envelope) -> Classified:
        """Whether a message is a person's."""
        return classify.classify(
            mail,
            return_path=envelope.sender,
            own_addresses=self.own_addresses,
            is_our_id=lambda found: self.replies.notice_with(found) is not None,
        )

    def targets(self, envelope: Envelope) -> tuple[str | None, ...]:
        """The notices that it answers by its addresses; None for the mailbox itself."""
        found = tuple(dict.fromkeys(self.replies.notice_at(address) for address in envelope.recipients))
        signed = tuple(notice for notice in found if notice is not None)
        return signed or (None,)


class MailRoom:
    """Stores what comes, and wakes whoever decides on it."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        reader: Reader,
        *,
        now: Callable[[], datetime],
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """Take where mail is stored, and how it is read."""
        self._database = database
        self._vault = vault
        self._reader = reader
        self._now = now
        self._wake = wake

    async def take(self, raw: bytes, envelope: Envelope) -> None:
        """Store a message, once for each notice that it answers; when this returns it is committed.

        Raises:
            engine.DatabaseAway: nothing was stored.
        """
        mail = await self._reader.parsed(raw)
        classified = self._reader.classified(mail, envelope)
        received_at = self._now()
        taken = []
        async with self._database.write() as tx:
            for target in self._reader.targets(envelope):
                known = self._known(mail, classified, envelope, raw, target)
                taken.append(
                    await mails.receive(
                        tx,
                        self._vault,
                        raw,
                        envelope,
                        known,
                        mail_id=submissions.new_id(received_at),
                        received_at=received_at,
                    )
                )
        for one in taken:
            _log.info("mail_received", inbound_id=one.mail_id, kind=classified.kind, repeated=one.repeated)
        self._wake()

    def _known(self, mail: Mail, classified: Classified, envelope: Envelope, raw: bytes, target: str | None) -> Known:
        sender = mail.sender or envelope.sender.strip().lower()
        vouched = authentication.vouched(mail, self._reader.trust, over_loopback=envelope.over_loopback)
        whose = f"{sender}\n{target or ''}{_apart(classified.kind, vouched)}"
        words = f"{mail.subject}\n{mail.text}\n{mail.history}"
        # Without words it is its bytes that are the same, headers and all: two empty messages are two.
        body = words if words.strip() else hashlib.sha256(raw).hexdigest()
        files = "\n".join(f"{file.name} {file.size}" for file in mail.attachments)
        # Machines say the same of each of our messages: what they say it of makes the difference.
        of = " ".join((*mail.in_reply_to, *mail.mentions, *(mail.report.about if mail.report else ())))
        return Known(
            kind=classified.kind.value,
            arrival=classified.arrival.value if classified.arrival else None,
            markers=tuple(marker.value for marker in classified.because),
            vouched=vouched.value,
            notice_id=target,
            message_key=self._key("message", mail.message_id, whose) if mail.message_id else None,
            words_key=self._key("words", whose, body, files, of),
            sender_key=mails.address_key(self._vault, sender) if sender else None,
            says_urgent=labels.yes(mail.labelled.first(Label.URGENT)),
        )

    def _key(self, *parts: str) -> str:
        return self._vault.digest("\n".join(("mail 1", *parts)).encode("utf-8", "replace"))


def _apart(kind: Kind, vouched: Vouched) -> str:
    """What makes the same words another message: what a machine sent, and what might be anybody's.

    Otherwise a copy that was set aside, or that somebody else wrote under their address, would take a person's place.
    """
    if kind is not Kind.PERSON:
        return f"\n{kind}"
    if vouched in PROVEN:
        return ""
    return "\nrefuted" if vouched is Vouched.REFUTED else "\nnobody"
