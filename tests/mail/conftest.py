"""A relay of the test's own: real SMTP over loopback, on the test's loop, behaving as the test says."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class TestRelay:
    """Answers as it was told to, and keeps what it took."""

    __test__ = False

    greeting: str = "relay.test"
    mail: str = "250 2.1.0 OK"
    rcpt: str = "250 2.1.5 OK"
    data: str = "250 2.0.0 Ok: queued as 4F1A"
    only_from: str = ""
    """The one sender that it lets through; for any other it answers what follows."""
    mail_of_another: str = ""
    rcpt_of_another: str = ""
    data_of_another: str = ""
    before_rcpt: Callable[[], Awaitable[object]] | None = None
    before_answer: Callable[[SMTP], Awaitable[object]] | None = None
    tls: ssl.SSLContext | None = None
    taken: list[Envelope] = field(default_factory=list)
    recipients_asked: list[str] = field(default_factory=list)
    encrypted: bool = False
    port: int = 0
    connections: list[SMTP] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802  aiosmtpd's names and signatures, here and below
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        envelope.mail_from = address
        answer = self._of_another(envelope, self.mail_of_another) or self.mail
        if not answer.startswith("2"):
            envelope.mail_from = None
        return answer

    async def handle_RCPT(  # noqa: N802
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        self.recipients_asked.append(address)
        if self.before_rcpt is not None:
            await self.before_rcpt()
        answer = self._of_another(envelope, self.rcpt_of_another) or self.rcpt
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.encrypted = session.ssl is not None
        answer = self._of_another(envelope, self.data_of_another) or self.data
        if answer.startswith("2"):
            self.taken.append(envelope)
        if self.before_answer is not None:
            await self.before_answer(server)
        return answer

    def _of_another(self, envelope: Envelope, answer: str) -> str:
        return answer if self.only_from and envelope.mail_from != self.only_from else ""

    def connection(self) -> SMTP:
        """Serve one connection; called by the loop."""
        # aiosmtpd otherwise greets with the machine's name, for which it asks the DNS.
        self.connections.append(SMTP(self, hostname=self.greeting, tls_context=self.tls))
        return self.connections[-1]


@asynccontextmanager
async def serving() -> AsyncIterator[TestRelay]:
    """Serve SMTP on a free loopback port. What it answers is set before the message is sent."""
    behaviour = TestRelay()
    server = await asyncio.get_running_loop().create_server(behaviour.connection, host="127.0.0.1", port=0)
    behaviour.port = int(server.sockets[0].getsockname()[1])
    try:
        yield behaviour
    finally:
        server.close()
        for connection in behaviour.connections:
            if connection.transport is not None:
                connection.transport.close()
        await server.wait_closed()
        await asyncio.sleep(0)


@pytest.fixture
async def relay() -> AsyncIterator[TestRelay]:
    """Give a relay of the test's own."""
    async with serving() as behaviour:
        yield behaviour


@dataclass(frozen=True)
class Certificate:
    """What a relay shows, and what trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make a certificate for 127.0.0.1 that signs itself."""
    folder = tmp_path_factory.mktemp("tls")
    key_file, certificate_file = _certificate(folder)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate_file, key_file)
    return Certificate(server, ssl.create_default_context(cafile=str(certificate_file)))


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "key.pem", folder / "certificate.pem"
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate_file
