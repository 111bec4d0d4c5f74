"""A worker dies between the commit of a record and the completion of its task (docs/adr/0003).

A local activity has left nothing in history then, so the next worker runs it again, at another moment. What the first
one committed is adopted: nothing is doubled, and the case goes on.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from temporalio import client as temporal
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from escalations import parts
from escalations.intake import opening
from escalations.rules import acts, events
from escalations.settings import Settings
from escalations.simulation.driving import until_idle
from escalations.store import directory, directory_file, register, tables
from escalations.workflows import contracts
from escalations.workflows.contracts import ActOutcome, ActRequest
from tests import builders
from tests.builders import civil, origin, raiser
from tests.harness import settings
from tests.reading import everything_said


@asynccontextmanager
async def _dying_worker(
    chosen: Settings,
    client: temporal.Client,
    task_queue: str,
    kind: str,
) -> AsyncIterator[asyncio.subprocess.Process]:
    environ = {
        **os.environ,
        "ESCALATIONS_FOLDER": str(chosen.folder),
        "ESCALATIONS_KEYS": chosen.keys[0].get_secret_value(),
        "ESCALATIONS_POLICY_FILE": str(chosen.policy_file),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.workflows.dying_worker",
        client.service_client.config.target_host,
        client.namespace,
        task_queue,
        kind,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 60)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("kind", ["notice_reported", "limit_passed"])
async def test_what_a_worker_committed_before_it_died_is_adopted_and_nothing_is_doubled(
    kind: str,
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    chosen = settings(tmp_path)
    skipper = TimeSkipper(escalations_client, config=TimeSkippingConfig(enabled=False))
    raised = builders.raise_(civil("2027-03-01 09:30"))
    async with parts.opened(chosen, migrate=True) as opened:
        frame = opened.in_force.frame(raised.received_at)
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
            await opening.freeze(tx, frame, at=raised.received_at)
        handle = await skipper.client.start_workflow(
            contracts.WORKFLOW,
            opening.for_new("PD-27-0001-X", frame, raised),
            id=task_queue,
            task_queue=task_queue,
            # A task whose worker died is given out again after this; the default is ten seconds.
            task_timeout=timedelta(seconds=2),
        )

        async def until(moment: datetime) -> None:
            left = moment - await skipper.get_current_time(handle)
            assert await skipper.fast_forward(handle, left)

        async with _dying_worker(chosen, escalations_client, task_queue, kind) as dying:
            await until_idle(handle, skipper)
            moving = asyncio.create_task(until(civil("2027-03-01 09:30")))
            if kind == "limit_passed":
                await moving
                await until_idle(handle, skipper)
                moving = asyncio.create_task(until(civil("2027-03-02 17:01")))
            assert await asyncio.wait_for(dying.wait(), 60) < 0, "it died of a signal"
        async with opened.database.read() as tx:
            committed = await register.read(tx, "PD-27-0001-X")
        assert kind in [entry.kind for entry in committed]

        async with opened.worker(escalations_client, task_queue=task_queue):
            await moving
            await until_idle(handle, skipper)
            outcome = await handle.execute_update(
                contracts.ACT,
                ActRequest(act=acts.MoveUp(**origin(raiser(), civil("2027-03-02 17:05")))),
                result_type=ActOutcome,
            )
            said = everything_said(await handle.fetch_history())

        assert outcome.applied, outcome
        async with opened.database.read() as tx:
            entries = await register.read(tx, "PD-27-0001-X")
            assert await register.verify(tx) == []
            sent = (await tx.execute(select(tables.OUTBOX.c.notice_id))).scalars().all()
        assert entries[: len(committed)] == committed
        assert b'"answer":"ahead"' in said, "the second run of it came at another moment, and adopted the first"
        happened = Counter(entry.kind for entry in entries)
        assert happened["notice_reported"] == 1
        assert happened["limit_passed"] == 1, "the act of 17:05 comes after the limit of 17:00 in either case"
        clocks = [
            event.rule_id for entry in entries if isinstance(event := events.loads(entry.body), events.ClockStarted)
        ]
        assert len(clocks) == len(set(clocks))
        assert len(sent) == len(set(sent)), "no notice left twice"
