"""A whole installation for a test: real database, register, dispatcher, worker and Temporal, with virtual time."""

from __future__ import annotations

import asyncio
import base64
import os
import random
import string
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio import client as temporal
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from escalations import parts
from escalations.intake import submissions
from escalations.intake.dispatcher import Dispatcher
from escalations.intake.submissions import Receipt, Submission
from escalations.rules import acts, events
from escalations.rules.acts import Act
from escalations.rules.case import Case
from escalations.settings import Settings
from escalations.store import directory, directory_file, register, tables
from escalations.store.notices import NoticeState, of_case
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


class Installation:
    """One installation whose cases' clocks the test moves."""

    def __init__(
        self, opened: parts.Parts, dispatcher: Dispatcher, skipper: TimeSkipper, plain: temporal.Client,
    ) -> None:
        self.parts = opened
        self.dispatcher = dispatcher
        self.skipper = skipper
        self.plain = plain
        # All tests share one Temporal server, where the reference is the workflow's id.
        self.prefix = "".join(random.choices(string.ascii_uppercase, k=4))  # noqa: S311  nothing secret

    async def raises(self, at: str, *, words: dict[str, Any] | None = None, **more: Any) -> Receipt:  # noqa: ANN401
        """Raise an escalation at a civil time, and wait until its clocks run."""
        act = builders.raise_(civil(at), **more)
        receipt = await self.receive(act, words=words or RAISER_WORDS, reference=None)
        await self.until_started(receipt.reference)
        await self._forward(receipt.reference, civil(at) - await self.now(receipt.reference))
        await self.settled(receipt.submission_id)
        await self.idle(receipt.reference)
        return receipt

    async def receive(
        self, act: Act, *, reference: str | None, words: dict[str, Any] | None = None,
    ) -> Receipt:
        """Take in an act as the web does."""
        submission_id = submissions.new_id(act.received_at)
        act = act.model_copy(update={"submission_id": submission_id})
        async with self.parts.database.write() as tx:
            receipt = await submissions.receive(
                tx, self.parts.vault, act_kind=act.kind, act_json=acts.dumps(act), channel=act.channel,
                received_at=act.received_at, sealed=words or {}, reference=reference, submission_id=submission_id,
                prefix=self.prefix)
        self.dispatcher.wake()
        return receipt

    async def act(self, reference: str, act: Act, *, words: dict[str, Any] | None = None) -> Submission:
        """Take in an act, and give what became of it once its case has done what it brings."""
        receipt = await self.receive(act, reference=reference, words=words)
        found = await self.settled(receipt.submission_id)
        await self.idle(reference)
        return found

    async def until_started(self, reference: str) -> None:
        """Wait until Temporal knows the case."""
        async with asyncio.timeout(20):
            while True:
                with suppress(temporal.RPCError):
                    await self.handle(reference).describe()
                    return
                await asyncio.sleep(0.05)

    async def settled(self, submission_id: str) -> Submission:
        """Wait until it is known what became of a submission."""
        async with asyncio.timeout(30):
            while True:
                async with self.parts.database.read() as tx:
                    found = await submissions.get(tx, submission_id)
                if found.state in submissions.SETTLED:
                    return found
                await asyncio.sleep(0.05)

    async def idle(self, reference: str) -> None:
        """Wait until the case has nothing under way: no activity pending, no notice waiting for its first try."""
        async with asyncio.timeout(30):
            quiet = 0
            while quiet < 2:
                await asyncio.sleep(0.05)
                async with self.parts.database.read() as tx:
                    waiting = [row for row in await of_case(tx, reference)
                               if row.state is NoticeState.WAITING and row.attempts == 0]
                description = await self.handle(reference).describe()
                pending = description.raw_description.pending_activities
                task = description.raw_description.HasField("pending_workflow_task")
                quiet = 0 if waiting or pending or task else quiet + 1

    async def until(self, reference: str, text: str) -> None:
        """Let time pass for a case until a civil time."""
        await self._forward(reference, civil(text) - await self.now(reference))
        await self.idle(reference)

    async def _forward(self, reference: str, length: timedelta) -> None:
        if length <= timedelta(0):
            return
        assert await self.skipper.fast_forward(self.handle(reference), length)

    async def now(self, reference: str) -> datetime:
        """Give the case's own time."""
        return await self.skipper.get_current_time(self.handle(reference))

    def handle(self, reference: str) -> temporal.WorkflowHandle[Any, Any]:
        """Give the workflow of a case, whichever run it is."""
        return self.plain.get_workflow_handle(reference)

    async def case(self, reference: str) -> Case:
        """Give the case that the register tells of."""
        async with self.parts.database.read() as tx:
            found = await self.parts.cases.read(tx, reference)
        assert found is not None
        return found

    async def events(self, reference: str) -> list[events.Event]:
        """Give what is in the register."""
        async with self.parts.database.read() as tx:
            return [events.loads(row.body) for row in await register.read(tx, reference)]

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
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        dispatcher = opened.dispatcher(lambda: skipper.client, owner="test", task_queue=task_queue)
        running = asyncio.create_task(dispatcher.run())
        try:
            if with_worker:
                async with opened.worker(client, task_queue=task_queue):
                    yield Installation(opened, dispatcher, skipper, client)
            else:
                yield Installation(opened, dispatcher, skipper, client)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
