"""Record the golden histories: ``python -m tests.replay.record`` (docs/changing-a-workflow.md says when).

Each story is lived through on a real server, over a register in memory, at fixed civil times. Each of its runs becomes
a file in ``histories/``: what Temporal kept, and what the workflow asked of its activities.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio import client as temporal
from temporalio.client import WorkflowHistory
from temporalio.worker import Worker

from escalations.temporal import binaries, client, devserver
from escalations.workflows import attributes, contracts
from escalations.workflows.contracts import PostRoundResult
from escalations.workflows.post_round import PostRoundWorkflow
from tests.replay import stories
from tests.replay.replaying import HISTORIES, Asked, Golden, replayed
from tests.workflows.registers import FaultyRegister
from tests.workflows.running import runs, started, worker

QUEUE = "recording"
START = "2027-03-01 09:30"


async def main() -> None:
    """Record every story anew."""
    found = binaries.resolve(environ=os.environ, say=print, may_use_address=False)
    assert found.binary is not None
    with tempfile.TemporaryDirectory() as folder:
        server = devserver.DevServer(found.binary, Path(folder), virtual_time=True, search_attributes=attributes.ALL)
        async with server:
            connected = await client.connect(server.address, namespace=server.namespace)
            for old in HISTORIES.glob("*.json"):
                old.unlink()
            for name, story in stories.ALL.items():
                await _record(connected, name, story)
            await _record_post_round(connected)


async def _record(connected: temporal.Client, name: str, story: Callable[..., Awaitable[None]]) -> None:
    register, workflow_id = FaultyRegister(), f"golden-{name}"
    async with worker(connected, QUEUE, register):
        case = await started(connected, QUEUE, register, START, reference=workflow_id)
        await story(case, register)
        await case.idle()
    recorded = await runs(connected, workflow_id, str(case.handle.first_execution_run_id))
    for number, history in enumerate(recorded, 1):
        begun = history[0].workflow_execution_started_event_attributes
        run_id = begun.original_execution_run_id
        asked = await _keep(connected, f"{name}-{number}", workflow_id, run_id)
        lived = [one.model_dump(mode="json") for one in register.asked[run_id]]
        if [one.input for one in asked] != [[one] for one in lived]:
            raise RuntimeError(f"{name}-{number}: the replay asked for something else than the run had")
    described = await case.handle.describe()
    if described.status is temporal.WorkflowExecutionStatus.RUNNING:
        await case.handle.terminate()


async def _record_post_round(connected: temporal.Client) -> None:
    @activity.defn(name="post_round")
    async def post_round() -> PostRoundResult:
        return PostRoundResult(tried=0, reported=0)

    async with Worker(connected, task_queue=QUEUE, workflows=[PostRoundWorkflow], activities=[post_round]):
        handle = await connected.start_workflow(contracts.POST_ROUND, id="golden-post-round", task_queue=QUEUE)
        await handle.result()
    await _keep(connected, "post-round-1", "golden-post-round", str(handle.first_execution_run_id))


async def _keep(connected: temporal.Client, name: str, workflow_id: str, run_id: str) -> tuple[Asked, ...]:
    fetched = await connected.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
    text = json.dumps(_without_this_machine(json.loads(fetched.to_json())))
    history = WorkflowHistory.from_json(workflow_id, text)
    failure, asked = await replayed(history)
    if failure is not None:
        raise failure
    Golden(name, workflow_id, text, asked).write()
    sys.stdout.write(f"{name}: {len(history.events)} events, {len(asked)} calls of activities\n")
    return asked


def _without_this_machine(part: Any) -> Any:  # noqa: ANN401  JSON
    """Take out who recorded and where: names of processes, and stack traces with their folders."""
    if isinstance(part, list):
        return [_without_this_machine(value) for value in part]
    if not isinstance(part, dict):
        return part
    left_out = {"identity", "stackTrace", "encodedAttributes", "workerVersion", "binaryChecksum"}
    return {name: _without_this_machine(value) for name, value in part.items() if name not in left_out}


if __name__ == "__main__":
    asyncio.run(main())
