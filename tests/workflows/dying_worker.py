"""A worker that kills itself between the commit of a record and the completion of its workflow task.

Run as a process of its own: ``python -m tests.workflows.dying_worker ADDRESS NAMESPACE TASK_QUEUE KIND``, with the
installation's settings in the environment. It dies, as by ``kill -9``, once an event of that kind has been committed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from temporalio import activity
from temporalio.worker import Worker
from typing_extensions import override

from escalations import parts, settings
from escalations.activities.record import Recorder
from escalations.temporal import client
from escalations.workflows.contracts import RecordRequest, RecordResult
from escalations.workflows.escalation import EscalationWorkflow


class DyingRecorder(Recorder):
    """Records, and then the machine is gone."""

    kind = ""

    @activity.defn(name="record")
    @override
    async def record(self, request: RecordRequest) -> RecordResult:
        result = await super().record(request)
        if any(event.kind == self.kind for event in result.events):
            os.kill(os.getpid(), signal.SIGKILL)
        return result


async def main() -> None:
    """Work until that event."""
    address, namespace, task_queue, kind = sys.argv[1:]
    connected = await client.connect(address, namespace=namespace)
    async with parts.opened(settings.read()) as opened:
        recorder = DyingRecorder(opened.database, opened.cases, opened.now)
        recorder.kind = kind
        worker = Worker(
            connected,
            task_queue=task_queue,
            workflows=[EscalationWorkflow],
            activities=[recorder.record, opened.postman().deliver],
            max_cached_workflows=0,
        )
        print("working", flush=True)  # noqa: T201  read by the test
        await worker.run()


if __name__ == "__main__":
    asyncio.run(main())
