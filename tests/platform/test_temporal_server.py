"""The Temporal server of our own: it keeps, it comes back, it never hangs on to a broken file."""

from __future__ import annotations

from datetime import timedelta

from temporalio import client as temporal
from temporalio import testing, worker, workflow

from escalations.temporal import devserver


@workflow.defn
class Nap:
    @workflow.run
    async def run(self, days: int) -> str:
        await workflow.sleep(timedelta(days=days))
        return "rested"


async def test_a_workflow_runs_through_days_in_seconds(temporal_client: temporal.Client, task_queue: str) -> None:
    async with worker.Worker(temporal_client, task_queue=task_queue, workflows=[Nap]):
        handle = await temporal_client.start_workflow(Nap.run, 3, id=task_queue, task_queue=task_queue)
        await testing.TimeSkipper(temporal_client).fast_forward(handle, timedelta(days=4))
        assert await handle.result() == "rested"


async def test_the_address_is_on_loopback_only(temporal_server: devserver.DevServer) -> None:
    assert temporal_server.address.startswith("127.0.0.1:")


def test_postgres_gives_each_test_a_database_of_its_own(postgres_url: str) -> None:
    assert postgres_url.startswith("postgresql+psycopg://")
