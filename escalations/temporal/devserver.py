"""A real Temporal server of our own: on loopback, in one folder, started and stopped with the program.

The folder holds one data folder for each server version (``server-1.32.0/temporal.db``), because a server neither
migrates the file of another version nor says so. A kill during the very first set-up leaves a file that never starts
again; so the file is made in a temporary folder and renamed once the server was healthy on it. A file that does not
start is set aside, and the server begins empty: the register is the truth, and ``escalations workflows restore`` brings
every open case back from it. :attr:`DevServer.began` tells the caller which it was.

Two locks tell who is here. ``owner.lock`` is held by the program that started the server: two programs do not share a
folder. ``server.lock`` is inherited by the server itself: if it is held while nobody owns the folder, the owner was
killed, and the leftover is ended before a new one starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from google.protobuf import duration_pb2
from temporalio import client as temporal_client
from temporalio import common, service
from temporalio.api.enums import v1 as enums
from temporalio.api.operatorservice import v1 as operator
from temporalio.api.workflowservice import v1 as workflowservice

from escalations import errors
from escalations.temporal import binaries, serverconfig
from escalations.temporal.serverconfig import LOOPBACK, Ports

NAMESPACE = "escalations"
RETENTION = timedelta(days=3)
"""How long a finished run stays readable. Short: the register has the whole story, and for longer."""

HEALTHY_WITHIN_SECONDS = 60.0
"""Twenty times what it takes on two busy cores; past it a start counts as not succeeded."""

STOPS_WITHIN_SECONDS = 15.0
LEFTOVER_STOPS_WITHIN_SECONDS = 2.0
"""Short: what it was told is on the disk, and a start is ready within five seconds."""


class Began(StrEnum):
    """With what the server began."""

    AS_IT_WAS = "as_it_was"
    EMPTY = "empty"
    """There was nothing yet."""

    EMPTY_OTHER_VERSION = "empty_other_version"
    """There was data of another server version, which this one does not read."""

    EMPTY_SET_ASIDE = "empty_set_aside"
    """There was a file, the server did not start on it, and it was set aside."""


class AlreadyRunning(errors.FinalOurs):
    """Another program of this project runs its Temporal server in this folder."""

    code = "temporal_folder_in_use"


class DidNotStart(errors.RetryOurs):
    """The server did not become healthy. The text names the log file."""

    code = "temporal_did_not_start"


class DevServer:
    """A Temporal server under one folder, as an async context manager or by :meth:`start` and :meth:`stop`.

    Start it from the thread that lives as long as the program: on Linux the server ends with the thread that began it.
    """

    def __init__(
        self,
        binary: binaries.Binary,
        folder: Path,
        *,
        namespace: str = NAMESPACE,
        virtual_time: bool = False,
        search_attributes: Sequence[common.SearchAttributeKey[Any]] = (),
        port: int | None = None,
        say: binaries.Say = lambda _line: None,
    ) -> None:
        """Prepare; nothing is started or written yet.

        Args:
            binary: the program, from :func:`escalations.temporal.binaries.resolve`.
            folder: where data, configuration, locks and the log live.
            namespace: registered when the data is new.
            virtual_time: lets tests and the demo move one workflow's clock. Never on where real cases are.
            search_attributes: registered in the namespace at each start; those already there are left.
            port: of the address; a free one by default, the same one at each later start where it is still free.
            say: takes a line when something is said that a person should know.
        """
        self._binary = binary
        self._folder = folder.resolve()
        self._namespace = namespace
        self._virtual_time = virtual_time
        self._search_attributes = search_attributes
        self._port = port
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._ports: Ports | None = None
        self._owner_lock: int | None = None
        self._server_lock: int | None = None
        self.began = Began.EMPTY

    @property
    def address(self) -> str:
        """``host:port`` of the server, once started."""
        if self._ports is None:
            message = "the server has not been started"
            raise RuntimeError(message)
        return f"{LOOPBACK}:{self._ports.frontend}"

    @property
    def namespace(self) -> str:
        """The namespace that was registered."""
        return self._namespace

    @property
    def log_file(self) -> Path:
        """What the server says, of the present and the last start."""
        return self._folder / "server.log"

    @property
    def process_id(self) -> int | None:
        """The server's process while it runs; a test kills it."""
        return None if self._process is None else self._process.pid

    @property
    def data_folder(self) -> Path:
        """Where this server version keeps its file."""
        return self._folder / f"server-{self._binary.server_version}"

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, whatever happened."""
        await self.stop()

    async def start(self) -> None:
        """Start, and return when the server answers and the namespace is there.

        Raises:
            AlreadyRunning: another program uses this folder.
            DidNotStart: not even an empty server became healthy; the log says why.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_folder()
        try:
            await self._end_leftover()
            self.log_file.unlink(missing_ok=True)
            if (self.data_folder / "temporal.db").is_file():
                self.began = Began.AS_IT_WAS
                try:
                    await self._launch(self.data_folder, fresh=False)
                except DidNotStart:
                    self._set_aside()
                    self.began = Began.EMPTY_SET_ASIDE
                    await self._create()
            else:
                others = [path.parent.name for path in self._folder.glob("server-*/temporal.db")]
                self.began = Began.EMPTY_OTHER_VERSION if others else Began.EMPTY
                if others:
                    self._say(
                        f"Temporal {self._binary.server_version} does not read the data of {', '.join(sorted(others))}"
                        " and begins empty; open cases come back from the register.",
                    )
                await self._create()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the server cleanly, and by force where it does not within fifteen seconds. May be called twice."""
        process, self._process = self._process, None
        if process is not None:
            await _end(process, within_seconds=STOPS_WITHIN_SECONDS)
        for lock in (self._server_lock, self._owner_lock):
            if lock is not None:
                os.close(lock)
        self._server_lock = self._owner_lock = None

    async def died(self) -> int:
        """Wait until the server ends by itself, and give its exit code. `escalations run` starts it again."""
        if self._process is None:
            message = "the server has not been started"
            raise RuntimeError(message)
        return await self._process.wait()

    async def connect(self) -> temporal_client.Client:
        """Connect a plain client, without the project's plugin. For the namespace and for health."""
        return await temporal_client.Client.connect(self.address, namespace=self._namespace)

    # -- how it starts ------------------------------------------------------------------------------------------------

    async def _create(self) -> None:
        """Set up in a temporary folder, and rename it once a server was healthy on it and stopped cleanly."""
        making = Path(tempfile.mkdtemp(dir=self._folder, prefix="making-"))
        try:
            await self._launch(making, fresh=True)
            process, self._process = self._process, None
            if process is not None:
                await _end(process, within_seconds=STOPS_WITHIN_SECONDS)
            making.rename(self.data_folder)  # noqa: ASYNC240  one rename, within one disk
        finally:
            shutil.rmtree(making, ignore_errors=True)
        await self._launch(self.data_folder, fresh=False)

    async def _launch(self, data: Path, *, fresh: bool) -> None:
        """Start on a data folder, with the ports of last time where they are free, and once more with others."""
        for ports in (self._ports_of_last_time(), Ports.free(frontend=self._port)):
            if ports is None:
                continue
            self._ports = ports
            if not fresh:
                _forget_members(data / "temporal.db")
            try:
                await self._launch_once(data, ports, fresh=fresh)
            except DidNotStart:
                if not _port_was_taken(self.log_file):
                    raise
                self._say("A port of the Temporal server was taken by another program; trying others.")
            else:
                (self._folder / "ports.json").write_text(json.dumps(dataclasses.asdict(ports)), encoding="ascii")
                return
        raise DidNotStart(self._not_started())

    async def _launch_once(self, data: Path, ports: Ports, *, fresh: bool) -> None:
        command = self._command(data, ports, fresh=fresh)
        if self._server_lock is None:
            message = "the folder is taken before a server starts in it"
            raise RuntimeError(message)
        with self.log_file.open("ab") as log:
            self._process = process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                str(Path(__file__).with_name("tether.py")),
                str(self._folder / "server.pid"),
                str(self._server_lock),
                str(os.getpid()),
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                pass_fds=(self._server_lock,),
                # Ctrl-C at a terminal reaches the whole session; the program decides when its server stops: last.
                start_new_session=True,
                umask=0o077,  # its file holds the state of every escalation, for this user alone
            )
        healthy = asyncio.create_task(self._until_healthy())
        ended = asyncio.create_task(process.wait())
        up = False
        try:
            await asyncio.wait({healthy, ended}, timeout=HEALTHY_WITHIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            up = healthy.done() and healthy.exception() is None
        finally:
            for task in (healthy, ended):
                task.cancel()
            await asyncio.gather(healthy, ended, return_exceptions=True)
            if not up:
                self._process = None
                await _end(process, within_seconds=1.0)
        if not up:
            raise DidNotStart(self._not_started())

    async def _listens(self) -> None:
        """Try the port first: cheaper to ask often than a gRPC connection, which backs off by itself."""
        _, writer = await asyncio.open_connection(LOOPBACK, int(self.address.rpartition(":")[2]))
        writer.close()
        await writer.wait_closed()

    def _not_started(self) -> str:
        return f"The Temporal server did not become healthy; its messages are in {self.log_file}."

    async def _until_healthy(self) -> None:
        """Ask until the frontend serves, then see to namespace and search attributes."""
        await _until(self._listens)
        # Lazy: connecting asks the server what it can do, which a frontend that still starts refuses for good.
        connection = await temporal_client.Client.connect(self.address, namespace=self._namespace, lazy=True)
        await _until(lambda: connection.service_client.check_health(timeout=timedelta(seconds=2)))
        await _until(lambda: ensure_namespace(connection))
        if self._search_attributes:
            await _until(lambda: ensure_search_attributes(connection, self._search_attributes))

    def _command(self, data: Path, ports: Ports, *, fresh: bool) -> list[str]:
        dynamic = dict(serverconfig.DYNAMIC_CONFIG)
        if self._virtual_time:
            dynamic["frontend.WorkflowTimeSkippingEnabled"] = True
        if self._binary.flavour is binaries.Flavour.CLI:
            return serverconfig.cli_command(self._binary.path, data / "temporal.db", ports, self._namespace, dynamic)
        dynamic_file = self._folder / "dynamic.yaml"
        # JSON is YAML: no writer of YAML is needed, and no quoting can go wrong.
        dynamic_file.write_text(json.dumps({key: [{"value": dynamic[key]}] for key in dynamic}), encoding="utf-8")
        config_file = self._folder / "config.yaml"
        config = serverconfig.server_config(data / "temporal.db", ports, dynamic_file, set_up=fresh)
        config_file.write_text(json.dumps(config, indent=1), encoding="utf-8")
        return [str(self._binary.path), "--config-file", str(config_file), "--allow-no-auth", "start"]

    def _ports_of_last_time(self) -> Ports | None:
        if self._ports is not None and self._ports.are_free():
            return self._ports
        try:
            ports = Ports(**json.loads((self._folder / "ports.json").read_text(encoding="ascii")))
        except (OSError, ValueError, TypeError):
            return None
        if self._port is not None and ports.frontend != self._port:
            return None
        return ports if ports.are_free() else None

    # -- what was there before ----------------------------------------------------------------------------------------

    def _take_folder(self) -> None:
        self._owner_lock = os.open(self._folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _try_lock(self._owner_lock):
            os.close(self._owner_lock)
            self._owner_lock = None
            message = f"Another program already runs its Temporal server in {self._folder}."
            raise AlreadyRunning(message)
        self._server_lock = os.open(self._folder / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    async def _end_leftover(self) -> None:
        """End a server whose owner was killed, and clear away what a killed first set-up left."""
        if self._server_lock is None:
            return
        for sent, patience in ((signal.SIGTERM, LEFTOVER_STOPS_WITHIN_SECONDS), (signal.SIGKILL, 5.0)):
            waited = 0.0
            while not _try_lock(self._server_lock):
                if waited == 0.0:
                    self._say("Ending a Temporal server that an earlier program left behind.")
                    self._signal_leftover(sent)
                await asyncio.sleep(0.05)
                waited += 0.05
                if waited >= patience:
                    break
        if not _try_lock(self._server_lock):
            message = f"A Temporal server left behind in {self._folder} could not be ended."
            raise AlreadyRunning(message)
        for unfinished in self._folder.glob("making-*"):
            shutil.rmtree(unfinished, ignore_errors=True)

    def _signal_leftover(self, sent: signal.Signals) -> None:
        try:
            process_id = int((self._folder / "server.pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        # The number may have been given to another program since: where the system says what it runs, look.
        running = Path(f"/proc/{process_id}/cmdline")
        if running.exists() and str(self._folder).encode() not in running.read_bytes():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process_id, sent)

    def _set_aside(self) -> None:
        number = 1
        while (aside := self._folder / f"set-aside-{self._binary.server_version}-{number}").exists():
            number += 1
        self.data_folder.rename(aside)
        self._say(
            f"The Temporal server did not start on its file, which is set aside in {aside.name}; "
            "it begins empty, and open cases come back from the register.",
        )


def address_in(folder: Path) -> str | None:
    """Give the address that the server of this folder has, or had when it last ran. None where there never was one."""
    try:
        ports = Ports(**json.loads((folder / "ports.json").read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError):
        return None
    return f"{LOOPBACK}:{ports.frontend}"


async def ensure_namespace(client: temporal_client.Client, *, retention: timedelta = RETENTION) -> None:
    """Register the client's namespace where it is missing.

    Raises:
        temporalio.service.RPCError: the server refused or is not there.
    """
    kept = duration_pb2.Duration()
    kept.FromTimedelta(retention)
    try:
        await client.workflow_service.register_namespace(
            workflowservice.RegisterNamespaceRequest(
                namespace=client.namespace,
                workflow_execution_retention_period=kept,
            ),
        )
    except service.RPCError as problem:
        if problem.status is not service.RPCStatusCode.ALREADY_EXISTS:
            raise


async def ensure_search_attributes(
    client: temporal_client.Client,
    keys: Sequence[common.SearchAttributeKey[Any]],
) -> None:
    """Register the typed search attributes that the namespace lacks."""
    there = await client.operator_service.list_search_attributes(
        operator.ListSearchAttributesRequest(namespace=client.namespace),
    )
    missing = {
        key.name: enums.IndexedValueType.ValueType(int(key.indexed_value_type))
        for key in keys
        if key.name not in there.custom_attributes
    }
    if missing:
        await client.operator_service.add_search_attributes(
            operator.AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing),
        )


def _forget_members(database: Path) -> None:
    """Clear the list of servers that once were: one that ended badly stands there, and is waited for ten seconds."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(database, timeout=1)) as connection:
        connection.execute("DELETE FROM cluster_membership")
        connection.commit()


async def _until(attempt: Callable[[], Awaitable[object]]) -> None:
    """Repeat while the server's parts still find each other. Whoever calls sets the limit."""
    while True:
        try:
            await attempt()
        except (OSError, service.RPCError, RuntimeError):  # the SDK says RuntimeError where it could not even connect
            await asyncio.sleep(0.05)
        else:
            return


async def _end(process: asyncio.subprocess.Process, *, within_seconds: float) -> None:
    for end in (process.terminate, process.kill):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            end()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), within_seconds)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _port_was_taken(log: Path) -> bool:
    return b"address already in use" in log.read_bytes()[-20_000:]
