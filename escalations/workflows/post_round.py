"""The post round: what could not be delivered at once is tried again, by a Temporal Schedule."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from escalations.workflows import contracts

ROUND_TIMEOUT = timedelta(minutes=5)


@workflow.defn(name=contracts.POST_ROUND)
class PostRoundWorkflow:
    """One round. The next one is the schedule's."""

    @workflow.run
    async def run(self) -> contracts.PostRoundResult:
        """Go round once; a round that fails is the next round's."""
        return await workflow.execute_activity(
            contracts.post_round, start_to_close_timeout=ROUND_TIMEOUT, retry_policy=RetryPolicy(maximum_attempts=1)
        )
