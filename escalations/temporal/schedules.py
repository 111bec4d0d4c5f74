"""What Temporal starts by the clock."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

from escalations.workflows import contracts

POST_ROUND_ID = "post-round"
POST_ROUND_EVERY = timedelta(minutes=1)


async def ensure(client: Client, *, task_queue: str) -> None:
    """Create the schedules that are not there yet. A round never overlaps the one before.

    Raises:
        temporalio.service.RPCError: the server refused.
    """
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            contracts.POST_ROUND, id=POST_ROUND_ID, task_queue=task_queue, execution_timeout=timedelta(minutes=10)
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=POST_ROUND_EVERY)], time_zone_name="Europe/London"),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=5)),
    )
    try:
        await client.create_schedule(POST_ROUND_ID, schedule)
    except ScheduleAlreadyRunningError:
        return
