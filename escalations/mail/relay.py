"""How a message leaves: a port, an SMTP relay, and the local outbox of the embedded default.

What a relay answers is never repeated, neither in a result nor in an exception nor in a log: its text holds addresses,
and failures travel far (the design, "Failures leak most"). A result is one of four codes and, for an operator, the
three digits of the reply.
"""

from __future__ import annotations

import abc
import asyncio
import re
import secrets
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from email import policy as mail_policy
from email.message import EmailMessage
from enum import StrEnum

import aiosmtplib
import structlog
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from escalations.mail import outgoing
from escalations.settings import MailSecurity
from escalations.store import tables
from escalations.store.engine import Database

_log = structlog.get_logger()

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_KEEP = insert(tables.OUTBOX)
_LATER = 400
_NO = 500
_SIGN_IN_FIRST = 530
_QUIT_SECONDS = 1.0


class SentCode(StrEnum):
    """What became of a message at the relay."""

    ACCEPTED = "accepted"
    """The relay took it. That is not the same as read."""
    REFUSED = "refused"
    """It will not take this message for this recipient, however often it is tried."""
    TRY_LATER = "try_later"
    """Nothing was taken: the relay is away, says so, or will not serve us. Nothing is known about the recipient."""
    UNKNOWN = "unknown"
    """The connection was lost after the message went, so it may have been taken."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How one try went."""

    code: SentCode
    message_id: str | None = None
    """For an accepted message, the Message-ID that its reader will see: ours, or the one the relay put in its place."""
    reply: int | None = None
    """The relay's three digits, where it answered."""
    return_path: bool = False
    """Whether it went, or may have gone, under a return path of its own."""


class Relay(abc.ABC):
    """Takes one message for one recipient. What goes wrong on the way is a value, never an exception."""

    @abc.abstractmethod
    async def send(self, message: EmailMessage, *, to: str) -> Sent:
        """Try once to hand a message on.

        Args:
            message: as :mod:`escalations.mail.outgoing` composed it, without a recipient.
            to: the address, which stands nowhere else.
        """


class Keeper(Relay):
    """A relay that only writes to our own database: what it takes, and that it was taken, can be one commit."""

    @abc.abstractmethod
    async def keep(self, tx: AsyncConnection, message: EmailMessage, *, to: str) -> Sent:
        """Take a message within a transaction of the caller; see :meth:`send`."""


class _Phase(StrEnum):
    """How far a conversation with a relay came; an answer means something else in each."""

    OURS = "ours"
    """Connection, encryption, sign-in and sender. A "no" here is about us."""
    RECIPIENT = "recipient"
    MESSAGE = "message"
    """Once the message is on its way, silence no longer means that it was not taken."""


@dataclass(slots=True)
class _Progress:
    phase: _Phase = _Phase.OURS


class SmtpRelay(Relay):
    """Any SMTP relay. One connection a message; the whole conversation is bounded in time.

    The bound has to be shorter than that of the activity that sends, because a relay slower than the activity would
    otherwise be given the same message twice.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        security: MailSecurity = MailSecurity.STARTTLS,
        user: str | None = None,
        password: str | None = None,
        seconds: float = 20.0,
        tls: ssl.SSLContext | None = None,
        return_path: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """Take what the settings say; nothing connects before the first message.

        Args:
            host: the relay.
            port: its port.
            sender: the envelope's sender; reports that a message did not arrive go there.
            security: ``starttls`` insists on it: a relay that does not offer it is given nothing.
            user: to sign in with, if anything.
            password: that user's.
            seconds: the longest that one message may take, from connection to answer.
            tls: what to trust, where it is not what this machine trusts.
            return_path: gives for a Message-ID the envelope's sender, where it has one of its own: a report then says
                by it which message did not arrive. Where the relay refuses it, the message goes without.
        """
        self._host = host
        self._port = port
        self._sender = sender
        self._security = security
        self._user = user
        self._password = password
        self._seconds = seconds
        self._tls = tls
        self._own_return_path = return_path

    @override
    async def send(self, message: EmailMessage, *, to: str) -> Sent:
        if _ADDRESS.fullmatch(to) is None:
            # A line break in an address would be a command of its own to the relay.
            return self._went(Sent(SentCode.REFUSED), _Phase.RECIPIENT)
        own, until = (
            self._own_return_path(str(message["Message-ID"])),
            asyncio.get_running_loop().time() + self._seconds,
        )
        if own is not None:
            sent, phase = await self._try(message, to, own, until)
            if sent.reply is None or sent.reply < _NO:
                return self._went(replace(sent, return_path=True), phase)
            # A "no" for good may be to the return path: some relays let nobody but one sender through, and say so with
            # the recipient or after the message. Whether it was, the same message under our own address shows.
        sent, phase = await self._try(message, to, self._sender, until)
        if own is not None and sent.code is SentCode.ACCEPTED:
            _log.warning("return_path_not_taken")
        return self._went(sent, phase)

    async def _try(self, message: EmailMessage, to: str, sender: str, until: float) -> tuple[Sent, _Phase]:
        progress = _Progress()
        client = self._client()
        try:
            async with asyncio.timeout_at(until):
                sent = await self._converse(client, message, to, sender, progress)
        except aiosmtplib.SMTPResponseException as answer:
            sent = _refusal(answer.code, progress.phase)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError):
            # Silence, a lost connection, no STARTTLS where it is insisted on, an answer that is not SMTP. A lost
            # connection after DATA leaves open whether the message was taken; before it, nothing can have been.
            sent = Sent(SentCode.UNKNOWN if progress.phase is _Phase.MESSAGE else SentCode.TRY_LATER)
        finally:
            client.close()
        return sent, progress.phase

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            # Our own domain: asking the machine for its name can take as long as the DNS likes.
            local_hostname=self._sender.rpartition("@")[2] or "localhost",
            timeout=self._seconds,
            use_tls=self._security is MailSecurity.TLS,
            start_tls=self._security is MailSecurity.STARTTLS,
            username=self._user,
            password=self._password,
            tls_context=None if self._security is MailSecurity.NONE else self._tls,
        )

    @staticmethod
    async def _converse(
        client: aiosmtplib.SMTP, message: EmailMessage, to: str, sender: str, progress: _Progress
    ) -> Sent:
        await client.connect()
        await client.mail(sender)
        progress.phase = _Phase.RECIPIENT
        await client.rcpt(to)
        progress.phase = _Phase.MESSAGE
        answer = await client.data(addressed(message, to))
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            # It has been taken; how we part changes nothing.
            await client.quit(timeout=_QUIT_SECONDS)
        ours = str(message["Message-ID"])
        return Sent(SentCode.ACCEPTED, theirs(answer.message, to=to) or ours, answer.code)

    def _went(self, sent: Sent, phase: _Phase) -> Sent:
        if sent.code is not SentCode.ACCEPTED:
            _log.warning("mail_not_accepted", code=sent.code.value, phase=phase.value, reply=sent.reply)
        return sent


def _refusal(code: int, phase: _Phase) -> Sent:
    """What a relay's "no" means.

    A final "no" to our sender, our sign-in or our greeting says nothing about the recipient: it is our setting that has
    to be mended, and until then the notice waits. Counted as undelivered it would be put down to the agency's address.
    """
    if code >= _NO and code != _SIGN_IN_FIRST and phase is not _Phase.OURS:
        return Sent(SentCode.REFUSED, reply=code)
    if phase is _Phase.MESSAGE and code < _LATER:
        return Sent(SentCode.UNKNOWN, reply=code)  # Neither yes nor no, after the message.
    return Sent(SentCode.TRY_LATER, reply=code if code > 0 else None)


_THEIRS = re.compile(r"(?:^2\.6\.0\s+|\bmessage-?id\s*[:=]?\s*)(<[^<>\s@]{1,200}@[^<>\s@]{1,200}>)", re.IGNORECASE)
_AMAZON = re.compile(r"^Ok ([0-9a-f]{16}-[0-9a-f-]{20,80})$", re.IGNORECASE)


def theirs(answer: str, *, to: str) -> str | None:
    """The Message-ID that a relay says it put in the place of ours, if it says so.

    Exchange answers ``2.6.0 <id> [InternalId=...] Queued``; others name it; Amazon's answer is the id without its
    domain. Nothing else in angle brackets is taken: it may as well be an address.
    """
    if (named := _THEIRS.search(answer)) is not None and to.casefold() not in named[1].casefold():
        return named[1]
    amazon = _AMAZON.fullmatch(answer.strip())
    return amazon[1] if amazon else None


def addressed(message: EmailMessage, to: str) -> bytes:
    """The message as it goes over the wire, with its recipient, who stands in no object that outlives the call."""
    return f"To: {to}\r\n".encode("ascii") + message.as_bytes(policy=mail_policy.SMTP)


class OutboxRelay(Keeper):
    """The embedded default: keeps each message for the outbox page, and sends nothing.

    The address is not kept, only a hint of it. What is kept stands unsealed in the database, and the notice's own row
    says for which position it was.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        *,
        return_path: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """Keep messages in this database, at the times of this clock; see :class:`SmtpRelay` for the return path."""
        self._database = database
        self._now = now
        self._own_return_path = return_path

    @override
    async def send(self, message: EmailMessage, *, to: str) -> Sent:
        async with self._database.write() as tx:
            return await self.keep(tx, message, to=to)

    @override
    async def keep(self, tx: AsyncConnection, message: EmailMessage, *, to: str) -> Sent:
        ours = str(message["Message-ID"])
        own = self._own_return_path(ours)
        # As the last server on the way writes it down (RFC 5321, 4.4): a trial shows where a report would go.
        envelope = b"" if own is None else f"Return-Path: <{own}>\r\n".encode("ascii")
        await tx.execute(
            _KEEP,
            {
                "id": secrets.token_hex(16),
                "notice_id": outgoing.notice_id(ours),
                "made_at": self._now(),
                "raw": envelope + message.as_bytes(policy=mail_policy.SMTP),
                "to_hint": hint(to),
            },
        )
        return Sent(SentCode.ACCEPTED, ours, return_path=own is not None)


def hint(address: str) -> str:
    """Enough of an address to recognise one's own, and no more: ``d...@school.example``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}...@{domain}"
