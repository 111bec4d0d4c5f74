"""A whole installation for a test: real database, register, dispatcher, worker and Temporal, with virtual time."""

from __future__ import annotations

import asyncio
import base64
import os
import random  # noqa: TID251  nothing secret, and no more than a name
import string
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio import client as temporal

from escalations import parts
from escalations.intake.dispatcher import Dispatcher
from escalations.mail.relay import Relay
from escalations.settings import Settings
from escalations.simulation.driving import Drive
from escalations.store import directory, directory_file, tables
from escalations.store.notices import NoticeRow, of_case
from tests import builders
from tests.builders import OLDER, civil


def settings(folder: Path, database_url: str | None = None, *, policy_file: Path | None = OLDER) -> Settings:
    """Give settings for a folder of the test's own, with a policy by which a case that has closed is over."""
    key = base64.b64encode(os.urandom(32)).decode()
    return Settings(folder=folder, database_url=database_url, keys=key, policy_file=policy_file)  # type: ignore[arg-type]  # as the environment gives it


RAISER_WORDS: dict[str, Any] = {
    "raiser": {
        "name": "Zebedee Quartermaine",
        "email": "z.quartermaine@oaklane.example",
        "phone": "01632 960300",
        "role": "Class teacher",
    },
    "people": [{"name": "Persephone Canarybird", "date_of_birth": "2019-05-04"}],
    "problem": "Persephone Canarybird was not seen although the plan says weekly visits.",
    "wanted": "A visit this week.",
}
"""Invented. The name of the child is a canary: it is looked for where it must never be."""


class Installation(Drive):
    """A drive in the words of the tests: civil times as text, an invented raiser, an outbox to look into."""

    async def raised(self, at: str, *, words: dict[str, Any] | None = None, **more: Any) -> str:  # noqa: ANN401
        """Raise an escalation at a civil time, and give its reference once its clocks run."""
        act = builders.raise_(civil(at), **more)
        return (await self.raises(act, words=words or RAISER_WORDS)).reference

    async def raised_now(self, *, words: dict[str, Any] | None = None, **more: Any) -> str:  # noqa: ANN401
        """Raise an escalation at this moment, and give its reference once it is told to everybody."""
        act = builders.raise_(self.parts.now(), **more)
        receipt = await self.receive(act, reference=None, words=words or RAISER_WORDS)
        await self.settled(receipt.submission_id)
        await self.idle(receipt.reference)
        return receipt.reference

    async def notices(self, reference: str) -> list[NoticeRow]:
        """Give every notice of a case, in the order of its events."""
        async with self.parts.database.read() as tx:
            return await of_case(tx, reference)

    async def sent(self) -> Counter[str]:
        """Count the messages that left, by notice."""
        async with self.parts.database.read() as tx:
            return Counter((await tx.execute(select(tables.OUTBOX.c.notice_id))).scalars())

    async def reaches(self, reference: str, text: str) -> None:
        """Let time pass for a case until a civil time, and wait until it is idle."""
        await self.until(reference, civil(text))
        await self.idle(reference)

    async def outbox(self) -> list[bytes]:
        """Give every message that left, oldest first."""
        async with self.parts.database.read() as tx:
            rows = await tx.execute(select(tables.OUTBOX.c.raw).order_by(tables.OUTBOX.c.made_at))
            return [bytes(raw) for raw in rows.scalars()]


@asynccontextmanager
async def installation(
    chosen: Settings,
    client: temporal.Client,
    task_queue: str,
    *,
    with_worker: bool = True,
    with_dispatcher: bool = True,
    relay: Relay | None = None,
    now: Callable[[], datetime] = parts.wall_clock,
) -> AsyncIterator[Installation]:
    """Open an installation with the sample directory, a worker and a dispatcher."""
    async with parts.opened(chosen, migrate=True, relay=relay, now=now) as opened:
        async with opened.database.write() as tx:
            if await directory.is_empty(tx):
                await directory.load(tx, opened.vault, directory_file.sample())
        # All tests share one Temporal server, where the reference is the workflow's id.
        prefix = "".join(random.choices(string.ascii_uppercase, k=4))  # noqa: S311  nothing secret
        home = Installation(opened, client, prefix=prefix, task_queue=task_queue)
        async with AsyncExitStack() as stack:
            if with_dispatcher:
                await stack.enter_async_context(dispatching(home.dispatcher))
            if with_worker:
                await stack.enter_async_context(opened.worker(client, task_queue=task_queue))
            yield home


async def eventually(look: Callable[[], object], *, seconds: float = 30) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not look():  # noqa: ASYNC110  what is looked at has no event of its own
            await asyncio.sleep(0.05)


@asynccontextmanager
async def dispatching(dispatcher: Dispatcher) -> AsyncIterator[None]:
    """Let a dispatcher run."""
    running = asyncio.create_task(dispatcher.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
