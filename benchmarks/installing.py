"""What every measurement on a real server stands on: an installation in a folder of its own, and a worker beside it."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it brings no types of its own
from temporalio.client import Client

from escalations import parts, telemetry
from escalations.settings import Settings
from escalations.store import directory, directory_file
from escalations.temporal import binaries, client, devserver
from escalations.workflows import attributes

MEGABYTE = 1024 * 1024
SILENT_SECONDS = 2.0
"""For how long nothing is said of progress."""
_WORKER = Path(__file__).parent.parent / "worker.py"


class NoServer(Exception):
    """There is no Temporal server to measure on."""


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation that is open, with its server."""

    parts: parts.Parts
    client: Client
    address: str
    server: psutil.Process
    """The Temporal server's."""

    @property
    def settings(self) -> Settings:
        """Of the installation."""
        return self.parts.settings


@asynccontextmanager
async def installed() -> AsyncIterator[Installed]:
    """Open an installation with the sample policy and directory, and a Temporal server with empty data.

    Raises:
        NoServer: none can be had.
    """
    found = binaries.resolve(environ=os.environ, say=lambda line: print(line, file=sys.stderr), may_use_address=False)
    if found.binary is None:
        raise NoServer("There is no Temporal server: `make build-temporal` builds one.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = folder / "keys.txt"
        keys.write_text(base64.b64encode(secrets.token_bytes(32)).decode(), encoding="ascii")
        keys.chmod(0o600)
        settings = Settings(folder=folder, keys_file=keys, log_level="ERROR")
        telemetry.configure(settings)
        server = devserver.DevServer(found.binary, folder / "temporal", search_attributes=attributes.ALL)
        async with server, parts.opened(settings, migrate=True) as opened:
            async with opened.database.write() as tx:
                await directory.load(tx, opened.vault, directory_file.sample())
            connected = await client.connect(server.address, namespace=server.namespace)
            yield Installed(opened, connected, server.address, psutil.Process(server.process_id))


@asynccontextmanager
async def dispatching(on: Installed) -> AsyncIterator[Callable[[], None]]:
    """Run a dispatcher in this process; gives what wakes it."""
    dispatcher = on.parts.dispatcher(lambda: on.client, owner="benchmark")
    running = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher.wake
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


class WorkerProcess:
    """The shipped worker, in a process of its own, so that what it takes is its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take the process."""
        self._process = process
        self._seen = psutil.Process(process.pid)

    @property
    def megabytes(self) -> float:
        """What of it is resident in memory now."""
        return float(self._seen.memory_info().rss) / MEGABYTE

    def percent(self) -> float:
        """How much of one core it took since this was last asked."""
        return float(self._seen.cpu_percent())

    async def idle(self) -> None:
        """Wait until it has had next to nothing to do for two seconds."""
        quiet = 0
        self._seen.cpu_percent()
        while quiet < 4:  # noqa: PLR2004  halves of a second
            await asyncio.sleep(0.5)
            quiet = quiet + 1 if self._seen.cpu_percent() < 15 else 0  # noqa: PLR2004  percent of one core

    async def kill(self) -> None:
        """End it without a warning."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def working(on: Installed) -> AsyncIterator[WorkerProcess]:
    """Run the worker beside this process, with the settings as shipped."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ESCALATIONS_")}
    environ |= {
        "ESCALATIONS_FOLDER": str(on.settings.folder),
        "ESCALATIONS_KEYS_FILE": str(on.settings.keys_file),
        "ESCALATIONS_LOG_LEVEL": "ERROR",
        "TEMPORAL_ADDRESS": on.address,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(_WORKER), env=environ, cwd=_WORKER.parent, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        yield WorkerProcess(process)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


class Progress:
    """Says how far something is, once it takes longer than two seconds, and then every two."""

    def __init__(self, what: str, of: int) -> None:
        """Begin; ``what`` names what is counted."""
        self._what = what
        self._of = of
        self._began = self._said = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self._began

    def at(self, count: int) -> None:
        """Say that so many are done, if it is time to say something."""
        now = time.perf_counter()
        if now - self._said >= SILENT_SECONDS:
            self._said = now
            print(f"  {self._what}: {count:,} of {self._of:,}, {now - self._began:.0f} s", file=sys.stderr, flush=True)


@contextmanager
def progress(what: str, of: int) -> Iterator[Progress]:
    """Count something; what took longer than two seconds is said at its end too."""
    counting = Progress(what, of)
    yield counting
    if counting.seconds >= SILENT_SECONDS:
        print(f"  {what}: {of:,} in {counting.seconds:.0f} s", file=sys.stderr, flush=True)
