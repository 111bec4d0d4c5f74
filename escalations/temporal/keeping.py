"""Keeping a timer service within reach while the rest of the program goes on.

The web serves and receives before there is a Temporal server, while it is built, and when it is away: what is received
waits in the database. So nobody here waits for Temporal; whoever needs it asks :attr:`Timers.client` at each try, and
gets None while there is none.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog
from temporalio import common, service
from temporalio.client import Client

from escalations import errors
from escalations.temporal import binaries, devserver

STARTS_AGAIN_AFTER_SECONDS = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""How long to rest before each further try. From the sixth on, half a minute."""

HEALTHY_FOR_SECONDS = 60.0
"""A server that ran for this long counts as having been well: the next try is at once."""

_log = structlog.get_logger()


class State(StrEnum):
    """Where the timer service is, as a page says it."""

    GETTING = "getting"
    """A server is being found, downloaded or built."""

    STARTING = "starting"
    UP = "up"
    AWAY = "away"
    """It was up, or was expected to be, and is tried again."""

    MISSING = "missing"
    """There is no server and none can be made. The reason was said; a person has to mend it."""


Connect = Callable[[str], Awaitable[Client]]
"""Connects to ``host:port`` with the project's plugin."""

Prepare = Callable[[Client, devserver.Began | None], Awaitable[None]]
"""Runs each time that a server has come up, before it is offered: restores what it lost, sees to its schedules."""


class Timers:
    """A Temporal server, ours or somebody else's, kept up for as long as :meth:`run` runs."""

    def __init__(
        self,
        *,
        connect: Connect,
        prepare: Prepare,
        say: binaries.Say,
        folder: Path,
        environ: Mapping[str, str],
        address: str | None = None,
        namespace: str = devserver.NAMESPACE,
        port: int | None = None,
        virtual_time: bool = False,
        search_attributes: Sequence[common.SearchAttributeKey[Any]] = (),
    ) -> None:
        """Prepare; nothing is started yet. With ``address``, nothing ever is: somebody else keeps that server."""
        self._connect = connect
        self._prepare = prepare
        self._say = say
        self._folder = folder
        self._environ = environ
        self._address = address
        self._namespace = namespace
        self._port = port
        self._virtual_time = virtual_time
        self._search_attributes = search_attributes
        self._up = asyncio.Event()
        self._gone = asyncio.Event()
        self.client: Client | None = None
        self.state = State.GETTING
        self.server: devserver.DevServer | None = None
        """The server of our own while there is one. A test ends it."""

    async def run(self) -> None:
        """Keep a server within reach until cancelled."""
        if self._address is not None:
            await self._keep_reaching(self._address)
            return
        stop = threading.Event()
        try:
            found = await asyncio.to_thread(
                binaries.resolve, environ=self._environ, say=self._say, may_use_address=False, stop=stop
            )
        except binaries.NoServer as problem:
            self.state = State.MISSING
            self._say(f"There is no Temporal server, and none could be made. {problem}")
            self._say("What is received is stored, and starts when there is one.")
            await asyncio.Event().wait()
            return
        finally:
            stop.set()
        if found.binary is not None:
            self._say(found.sentence())
            await self._keep_running(found.binary)

    async def wait_until_up(self) -> Client:
        """Wait for the service, and give its client."""
        await self._up.wait()
        if self.client is None:
            raise errors.RetryOurs("the timer service went away again")
        return self.client

    async def wait_until_away(self) -> None:
        """Wait until the service that is up now has gone."""
        await self._gone.wait()

    async def answers(self) -> bool:
        """Whether it can be used at this moment."""
        client = self.client
        if client is None:
            return False
        try:
            return await client.service_client.check_health(timeout=timedelta(seconds=2))
        except (service.RPCError, RuntimeError):
            return False

    async def _keep_running(self, binary: binaries.Binary) -> None:
        clock = asyncio.get_running_loop().time
        failures = 0
        while True:
            await asyncio.sleep(STARTS_AGAIN_AFTER_SECONDS[min(failures, len(STARTS_AGAIN_AFTER_SECONDS) - 1)])
            self.state = State.STARTING
            self.server = devserver.DevServer(
                binary,
                self._folder,
                namespace=self._namespace,
                virtual_time=self._virtual_time,
                search_attributes=self._search_attributes,
                port=self._port,
                say=self._say,
            )
            began = clock()
            try:
                async with self.server:
                    await self._offer(self.server.address, self.server.began)
                    began = clock()
                    await self.server.died()
            except devserver.AlreadyRunning as problem:
                self.state = State.MISSING
                self._say(str(problem))
                raise
            except (errors.Retry, service.RPCError, RuntimeError) as problem:
                _log.warning("temporal_not_started", code=getattr(problem, "code", type(problem).__name__))
            finally:
                self._away()
            failures = 0 if clock() - began > HEALTHY_FOR_SECONDS else failures + 1
            self._say(
                "The Temporal server ended by itself; starting it again."
                if failures <= 1
                else f"The Temporal server does not stay up; its messages are in {self._folder / 'server.log'}."
            )

    async def _keep_reaching(self, address: str) -> None:
        """Connect to somebody else's server, and try until it is there. Its client comes back by itself later."""
        failures = 0
        while True:
            self.state = State.STARTING
            try:
                await self._offer(address, None)
            except (errors.Retry, service.RPCError, RuntimeError, OSError) as problem:
                self._away()
                if failures == 0:
                    self._say(f"The Temporal server at {address} does not answer yet; trying on.")
                _log.warning("temporal_not_reached", code=getattr(problem, "code", type(problem).__name__))
                failures += 1
                await asyncio.sleep(STARTS_AGAIN_AFTER_SECONDS[min(failures, len(STARTS_AGAIN_AFTER_SECONDS) - 1)])
            else:
                await asyncio.Event().wait()

    async def _offer(self, address: str, began: devserver.Began | None) -> None:
        client = await self._connect(address)
        await self._prepare(client, began)
        self.client = client
        self.state = State.UP
        self._gone.clear()
        self._up.set()
        _log.info("temporal_up", temporal_address=address)

    def _away(self) -> None:
        self.client = None
        self._up.clear()
        self._gone.set()
        self.state = State.AWAY
