"""Takes mail in, over SMTP or LMTP, on the application's own loop.

250 is said only once the message is stored; with our database away the sender hears 451 and tries again. Nothing of a
message, of an address or of a command is logged: aiosmtpd's own loggers stand at WARNING, and what they would say there
is not kept (`telemetry`). Size, lines, time, connections and the number of messages on their way at once are bounded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as Received
from typing_extensions import override

from escalations import errors
from escalations.settings import MailProtocol
from escalations.store.mails import Envelope

LINE_OCTETS: Final = 64 * 1024
"""Of one line. The standard allows 998 and some programs send more; what is longer is refused, not cut."""
RECIPIENTS: Final = 20
"""Of one message; the sender is told to send the rest by itself (RFC 5321, 4.5.3.1.10)."""
COMMANDS: Final = 200
"""Of one kind on one connection."""
AT_ONCE: Final = 4
"""Messages that are on their way into memory at the same moment. Others wait for a place, and then hear 451."""
PLACE_SECONDS: Final = 60.0
STORING_SECONDS: Final = 60.0

OURS: Final = "250 2.1.5 OK"
NOT_OURS: Final = "550 5.1.1 There is no such mailbox here"
TOO_MANY_RECIPIENTS: Final = "452 4.5.3 Too many recipients; send the rest by itself"
STORED: Final = "250 2.0.0 Received"
LATER: Final = "451 4.3.0 Nothing was stored; please try again later"
BUSY: Final = "421 4.3.2 Too many connections; please try again later"

_log = structlog.get_logger()

Take = Callable[[bytes, Envelope], Awaitable[None]]
"""Stores a message. It returns once that is committed, and raises a ``Retry`` where it could not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much we take on."""

    megabytes: int = 25
    connections: int = 50
    silent_seconds: float = 300.0

    @property
    def octets(self) -> int:
        """The longest message."""
        return self.megabytes * 1024 * 1024


class Server:
    """Serves one port. Use :meth:`serving`."""

    def __init__(
        self,
        take: Take,
        *,
        is_ours: Callable[[str], bool],
        hostname: str,
        limits: Limits | None = None,
        protocol: MailProtocol = MailProtocol.SMTP,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take what stores a message, and how it greets.

        Args:
            take: stores a message.
            is_ours: whether mail to an address is for us.
            hostname: the name that we greet with.
            limits: how much we take on.
            protocol: SMTP or LMTP.
            tls: offers STARTTLS with this, where it is given.
        """
        self._take = take
        self._is_ours = is_ours
        self._hostname = hostname
        self._limits = limits or Limits()
        self._protocol = protocol
        self._tls = tls
        self._open: set[_Connection | _LocalConnection] = set()
        self._places = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[int]:
        """Listen, and give the port. On leaving, nobody new is served and what is being stored is awaited.

        Raises:
            OSError: it cannot be listened on.
        """
        server = await asyncio.get_running_loop().create_server(self._connection, host=host, port=port)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            for connection in list(self._open):
                connection.leave()
            await server.wait_closed()

    def _connection(self) -> asyncio.BaseProtocol:
        if len(self._open) >= self._limits.connections:
            _log.warning("mail_in_full", connections=len(self._open))
            return _TooMany()
        of = _LocalConnection if self._protocol is MailProtocol.LMTP else _Connection
        return of(self)

    # ---- aiosmtpd's hooks -------------------------------------------------------------------------------------------

    async def handle_RCPT(  # noqa: N802  aiosmtpd's names and signatures, here and below
        self, _server: SMTP, _session: Session, received: Received, address: str, _options: list[str]
    ) -> str:
        """Take what is for us, and nothing else."""
        if not self._is_ours(address):
            return NOT_OURS
        if len(received.rcpt_tos) >= RECIPIENTS:
            return TOO_MANY_RECIPIENTS
        received.rcpt_tos.append(address)
        return OURS

    async def handle_DATA(self, _server: SMTP, session: Session, received: Received) -> str:  # noqa: N802
        """Store it, and only then say so."""
        content = received.content
        raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else bytes(content or b"")
        sender = (received.mail_from or "").strip("<> ")
        envelope = Envelope(sender, tuple(received.rcpt_tos), _is_loopback(session))
        answer = await self._stored(raw, envelope)
        # LMTP answers for each recipient (RFC 2033, 4.2).
        return "\r\n".join([answer] * len(received.rcpt_tos)) if self._protocol is MailProtocol.LMTP else answer

    async def _stored(self, raw: bytes, envelope: Envelope) -> str:
        try:
            async with asyncio.timeout(STORING_SECONDS):
                await self._take(raw, envelope)
        except (errors.Retry, TimeoutError) as error:
            _log.warning("mail_not_stored", code=getattr(error, "code", "too_slow"))
            return LATER
        except Exception as error:  # noqa: BLE001  what is not stored is not taken; the sender still has it
            _log.error("mail_stuck", code=type(error).__name__, exc_info=error)
            return LATER
        return STORED

    async def handle_exception(self, error: Exception) -> str:
        """Answer where aiosmtpd would repeat an exception's words to whoever is at the other end."""
        _log.error("mail_in_crashed", code=type(error).__name__, exc_info=error)
        return "451 4.3.0 Something is wrong on our side; please try again later"

    # ---- For the connections ----------------------------------------------------------------------------------------

    @asynccontextmanager
    async def place(self) -> AsyncIterator[bool]:
        """Wait for a place for one more message, and give whether there was one."""
        try:
            async with asyncio.timeout(PLACE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            self._places.release()

    def arguments(self) -> dict[str, object]:
        """What a connection is made with."""
        return {
            "data_size_limit": self._limits.octets,
            "hostname": self._hostname,
            "ident": "mail in",
            "tls_context": self._tls,
            "timeout": self._limits.silent_seconds,
            "command_call_limit": COMMANDS,
        }

    def came(self, connection: _Connection | _LocalConnection) -> None:
        """Note that somebody is there."""
        self._open.add(connection)

    def went(self, connection: _Connection | _LocalConnection) -> None:
        """Note that somebody has gone."""
        self._open.discard(connection)


class _Bounded(SMTP):
    """One connection, within our limits."""

    line_length_limit = LINE_OCTETS
    _server: Server

    def __init__(self, server: Server) -> None:
        super().__init__(server, **server.arguments())  # type: ignore[arg-type]  # as the dictionary is made
        self._server = server
        self._storing = False
        self._leaving = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._server.came(self)  # type: ignore[arg-type]  # one of the two below

    @override
    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._server.went(self)  # type: ignore[arg-type]  # one of the two below

    @override
    async def smtp_DATA(self, arg: str) -> None:
        async with self._server.place() as there:
            if not there:
                await self.push("451 4.3.2 Busy; please try again later")
                return
            self._storing = True
            try:
                await super().smtp_DATA(arg)
            finally:
                self._storing = False
        if self._leaving and self.transport is not None:
            self.transport.close()

    def leave(self) -> None:
        """Close, unless a message is being stored: whoever sent it hears first what became of it."""
        self._leaving = True
        if not self._storing and self.transport is not None:
            self.transport.close()


class _Connection(_Bounded):
    """SMTP."""


class _LocalConnection(LMTP, _Bounded):
    """LMTP."""


class _TooMany(asyncio.Protocol):
    """Says that we are busy, and goes."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(f"{BUSY}\r\n".encode("ascii"))
            transport.close()


def _is_loopback(session: Session) -> bool:
    peer: object = session.peer
    try:
        return isinstance(peer, tuple) and ipaddress.ip_address(str(peer[0])).is_loopback
    except (ValueError, IndexError):
        return False
