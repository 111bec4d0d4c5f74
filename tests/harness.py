"""A whole installation for a test: real database, register, dispatcher, worker and Temporal, with virtual time."""

from __future__ import annotations

import asyncio
import base64
import os
import random
import string
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio import client as temporal

from escalations import parts
from escalations.settings import Settings
from escalations.simulation.driving import Drive
from escalations.store import directory, directory_file, tables
from tests import builders
from tests.builders import civil


def settings(folder: Path, database_url: str | None = None) -> Settings:
    """Give settings for a folder of the test's own."""
    key = base64.b64encode(os.urandom(32)).decode()
    return Settings(folder=folder, database_url=database_url, keys=key)  # type: ignore[arg-type]  # as the environment gives it


RAISER_WORDS: dict[str, Any] = {
    "raiser": {"name": "Zebedee Quartermaine", "email": "z.quartermaine@oaklane.example", "phone": "01632 960300",
               "role": "Class teacher"},
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
    chosen: Settings, client: temporal.Client, task_queue: str, *, with_worker: bool = True,
) -> AsyncIterator[Installation]:
    """Open an installation with the sample directory, a worker and a dispatcher."""
    async with parts.opened(chosen, migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        # All tests share one Temporal server, where the reference is the workflow's id.
        prefix = "".join(random.choices(string.ascii_uppercase, k=4))  # noqa: S311  nothing secret
        home = Installation(opened, client, prefix=prefix, task_queue=task_queue)
        running = asyncio.create_task(home.dispatcher.run())
        try:
            if with_worker:
                async with opened.worker(client, task_queue=task_queue):
                    yield home
            else:
                yield home
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
