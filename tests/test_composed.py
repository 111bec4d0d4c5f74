"""The services of `docker-compose.yml`, each by its own command and environment, as one installation (issue 4, item 7).

There is no container engine where this runs. So the images that are not ours have stand-ins: a real PostgreSQL on which
the compose file's own script makes the roles, the real Temporal server, and a mail catcher that speaks SMTP. Ours run
by the image's entry point, with what the compose file tells them; names of the compose network become addresses.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import httpx
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from escalations.temporal import devserver
from tests import composing, postgres
from tests.composing import ROOT
from tests.harness import eventually
from tests.web.forms_filled import CHILD, YOU, answers

OURS = ("web", "worker", "dispatcher", "mail")


class Catcher:
    """In place of the mail catcher: keeps what it takes."""

    def __init__(self) -> None:
        self.caught: list[tuple[str, EmailMessage]] = []
        self.port = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.caught += [(to, message) for to in envelope.rcpt_tos]
        return "250 kept"

    def of(self, reference: str) -> list[tuple[str, EmailMessage]]:
        """Give what was caught about a case."""
        return [(to, message) for to, message in self.caught if reference in str(message["subject"])]


@pytest.fixture
async def catcher() -> AsyncIterator[Catcher]:
    found = Catcher()
    served = await asyncio.get_running_loop().create_server(
        lambda: SMTP(found, hostname="mailpit.test"), "127.0.0.1", 0
    )
    found.port = served.sockets[0].getsockname()[1]
    async with served:
        yield found


@pytest.fixture
def given() -> dict[str, str]:
    """Give an `.env` that was filled in."""
    filled = {name: secrets.token_hex(12) for name in composing.example("deploy/example.env")}
    return filled | {"ESCALATIONS_KEYS": "A" * 43 + "=", "ESCALATIONS_PUBLIC_URL": "", "ESCALATIONS_MAIL_PASSWORD": ""}


@pytest.fixture
def postgresql(given: dict[str, str], tmp_path: Path) -> Iterator[Path]:
    """Give the folder of the socket of a PostgreSQL of its own, with the roles that the compose file's script makes."""
    service = composing.compose()["services"]["postgresql"]
    with postgres.serving(tmp_path) as address:
        found = re.search(r"host=([^&]+)", address)
        assert found is not None
        reach = {"PATH": f"{postgres.programs()}:/usr/bin:/bin", "PGHOST": found[1], "POSTGRES_USER": "postgres"}
        subprocess.run(
            ["/bin/sh", ROOT / "deploy" / "postgres-roles.sh"],
            env=composing.environment(service, given) | reach,
            check=True,
            capture_output=True,
        )
        yield Path(found[1])


class Service:
    """One of our services, beside us in place of in a container."""

    def __init__(self, name: str, told: dict[str, str], folder: Path) -> None:
        self.name = name
        self.written = folder / f"{name}.log"
        self.where = folder / f"{name}-works-here"
        self.where.mkdir()
        self._description = composing.compose()["services"][name]
        self._told = told | {
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
        }
        self._process: asyncio.subprocess.Process | None = None

    async def _run(self, program: list[str], out: Any) -> asyncio.subprocess.Process:  # noqa: ANN401
        program = [sys.executable if part == "python" else part for part in program]
        return await asyncio.create_subprocess_exec(
            *program, cwd=self.where, env=self._told, stdout=out, stderr=subprocess.STDOUT
        )

    async def start(self) -> None:
        with self.written.open("ab") as out:
            self._process = await self._run([*composing.entrypoint(), *self._description["command"]], out)

    async def ends(self) -> int:
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), 60)

    async def is_healthy(self) -> bool:
        """Ask as the compose file's health check does."""
        kind, *program = self._description["healthcheck"]["test"]
        assert kind == "CMD"
        port = self._told.get("ESCALATIONS_WEB_PORT", "8000")
        asked = await self._run([part.replace(":8000", f":{port}") for part in program], subprocess.DEVNULL)
        return await asyncio.wait_for(asked.wait(), 60) == 0

    async def becomes_healthy(self) -> None:
        async with asyncio.timeout(120):
            while not await self.is_healthy():
                assert self._process is not None
                assert self._process.returncode is None, self.written.read_text("utf-8")
                await asyncio.sleep(1)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return await self.ends()


@pytest.fixture
async def services(
    given: dict[str, str],
    postgresql: Path,
    temporal_server: devserver.DevServer,
    catcher: Catcher,
    tmp_path: Path,
) -> AsyncIterator[dict[str, Service]]:
    """Give the services that are ours, migrated and not started, told what the compose file tells them."""
    with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("127.0.0.1", 0)) as another:
        port, mail_port = free.getsockname()[1], another.getsockname()[1]
    reached = {
        "temporal:7233": temporal_server.address,
        "http://localhost:8000": f"http://127.0.0.1:{port}",
    }

    def told(name: str) -> dict[str, str]:
        found = composing.environment(composing.compose()["services"][name], given)
        for variable, value in found.items():
            there = re.sub(r"@postgresql/(\w+)", rf"@/\1?host={postgresql}", value)
            for of_the_network, here in reached.items():
                there = there.replace(of_the_network, here)
            found[variable] = there
        # A namespace of its own, since other tests use this server too; a port of its own, since others listen as well.
        return found | {
            "ESCALATIONS_TEMPORAL_NAMESPACE": f"composed-{port}",
            "ESCALATIONS_WEB_PORT": str(port),
            "ESCALATIONS_MAIL_IN_PORT": str(mail_port),
            # To see what leaves. Told nothing, a trial keeps it in its outbox.
            "ESCALATIONS_TRIAL_OUTBOX": f"127.0.0.1:{catcher.port}",
        }

    made = {name: Service(name, told(name), tmp_path) for name in ("migrate", *OURS)}
    try:
        await made["migrate"].start()
        assert await made["migrate"].ends() == 0, made["migrate"].written.read_text("utf-8")
        yield made
    finally:
        for service in made.values():
            await service.kill()


class Practitioner:
    """Somebody with a browser."""

    def __init__(self, web: Service) -> None:
        self.address = f"http://127.0.0.1:{web._told['ESCALATIONS_WEB_PORT']}"

    async def raises(self) -> str:
        """Fill in the form, and give the reference of the receipt."""
        async with httpx.AsyncClient(base_url=self.address, follow_redirects=True, timeout=30) as browser:
            token = re.search(r'name="token" value="([0-9a-f]+)"', (await browser.get("/raise")).text)
            assert token is not None
            receipt = await browser.post(
                "/raise/check",
                data={
                    "token": token[1],
                    "answers": answers(
                        difference={"arose_day": "2", "arose_month": "3", "arose_year": "2026"}
                    ).model_dump_json(),
                },
            )
        found = re.search(r"PD-\d\d-\d{4}-\w", receipt.text)
        assert found is not None, receipt.text
        return found[0]

    async def is_ready(self) -> dict[str, str]:
        async with httpx.AsyncClient(base_url=self.address) as browser:
            return (await browser.get("/readyz")).json()  # type: ignore[no-any-return]


async def comes(services: dict[str, Service], catcher: Catcher, look: Callable[[], object]) -> None:
    """Wait until something is so; otherwise say what the services wrote."""
    try:
        await eventually(look, seconds=60)
    except TimeoutError:
        written = [f"{name}: {service.written.read_text('utf-8')}" for name, service in services.items()]
        pytest.fail("\n".join([*(f"{to}: {message['subject']}" for to, message in catcher.caught), *written]))


async def sends(mail: Service, sender: str, subject: str) -> None:
    """Send a plain mail to the mailbox, as the council's mail server hands it on."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "escalations@partnership.example", subject
    message["Message-ID"] = f"<{secrets.token_hex(8)}@ridgeway.example>"
    message.set_content("The plan of 3 February is not followed. Nobody has come for four weeks.")
    port = int(mail._told["ESCALATIONS_MAIL_IN_PORT"])
    await aiosmtplib.send(message, hostname="127.0.0.1", port=port, start_tls=False)


async def test_an_escalation_goes_from_the_form_to_the_mail_catcher_and_a_killed_service_comes_back(
    services: dict[str, Service], catcher: Catcher
) -> None:
    for name in OURS:
        await services[name].start()
    await asyncio.gather(*(services[name].becomes_healthy() for name in OURS))
    practitioner = Practitioner(services["web"])
    assert (await practitioner.is_ready())["status"] == "ok"

    first = await practitioner.raises()
    told = {YOU["email"], "tamsin.okoro@council.example"}
    await comes(services, catcher, lambda: told <= {to for to, _ in catcher.of(first)})
    asked = [message for to, message in catcher.of(first) if to == "tamsin.okoro@council.example"]
    assert f"{practitioner.address}/l/" in str(asked[0].get_body(("plain",)))
    for _, message in catcher.of(first):
        assert CHILD not in message.as_string()

    # By mail as well: nobody vouches for the sender here, so it is held for the team, and the sender has a reference.
    await sends(services["mail"], "hamish.oduya@ridgeway.example", "A visit that did not happen")
    await comes(services, catcher, lambda: [to for to, _ in catcher.caught if to == "hamish.oduya@ridgeway.example"])

    # Without a worker what is received waits, and is said to be received.
    await services["worker"].kill()
    second = await practitioner.raises()
    await asyncio.sleep(1)
    assert catcher.of(second) == []
    await services["worker"].start()
    await comes(services, catcher, lambda: told <= {to for to, _ in catcher.of(second)})
    await services["worker"].becomes_healthy()
    messages = [str(message["message-id"]) for _, message in catcher.caught]
    assert len(messages) == len(set(messages)), "nothing was sent twice"

    assert await asyncio.gather(*(services[name].stop() for name in OURS)) == [0] * len(OURS)
    # The image's file system is read-only: nothing was written where they worked.
    assert {name: list(service.where.iterdir()) for name, service in services.items()} == {
        name: [] for name in services
    }


async def test_a_part_that_is_gone_is_not_healthy(
    services: dict[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher = services["dispatcher"]
    assert not await dispatcher.is_healthy(), "it was never there"
    assert not await services["web"].is_healthy()
