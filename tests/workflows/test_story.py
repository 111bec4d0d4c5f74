"""The workflow carries out what the rules decide: on the real server, with virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from temporalio import client as temporal
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from escalations import policy
from escalations.rules import acts, workingtime
from escalations.workflows.contracts import ActOutcome, ActRequest, Opening
from escalations.workflows.escalation import EscalationWorkflow
from tests import builders
from tests.builders import civil, origin
from tests.fakes import MemoryRegister


class Running:
    """One case on the real server, whose clock the test moves."""

    def __init__(self, skipper: TimeSkipper, handle: temporal.WorkflowHandle[EscalationWorkflow, None]) -> None:
        self.skipper = skipper
        self.handle = handle

    async def now(self) -> datetime:
        return await self.skipper.get_current_time(self.handle)

    async def until(self, text: str) -> None:
        left = civil(text) - await self.now()
        assert left > timedelta(0)
        assert await self.skipper.fast_forward(self.handle, left)

    async def act(self, act: acts.Act) -> ActOutcome:
        return await self.handle.execute_update(EscalationWorkflow.act, ActRequest(act=act))


@asynccontextmanager
async def worker(
    client: temporal.Client, task_queue: str, register: MemoryRegister,
) -> AsyncIterator[None]:
    async with Worker(
        client, task_queue=task_queue, workflows=[EscalationWorkflow], activities=[register.record, register.deliver],
        max_cached_workflows=0,
    ):
        yield


async def started(client: temporal.Client, task_queue: str, register: MemoryRegister, at: str) -> Running:
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    opening = Opening(
        reference=task_queue, policy=policy.canonical(register.frame.policy),
        calendar=workingtime.canonical_json(register.frame.calendar), first=builders.raise_(civil(at)))
    handle = await skipper.client.start_workflow(
        EscalationWorkflow.run, opening, id=task_queue, task_queue=task_queue)
    running = Running(skipper, handle)
    await running.until(at)
    await skipper.fast_forward(handle, timedelta(seconds=30))
    return running


async def test_an_escalation_is_raised_reminded_moved_up_answered_and_closed(
    escalations_client: temporal.Client, task_queue: str,
) -> None:
    register = MemoryRegister(builders.frame())
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, "2027-03-01 09:30")
        await case.until("2027-03-03 09:00")
        assert "limit_passed" in [event.kind for event in register.events(task_queue)]
        outcome = await case.act(acts.MoveUp(**origin(builders.raiser(), await case.now())))
        assert outcome.applied
        await case.until("2027-03-04 09:00")
        assert register.case(task_queue).stage == 2
        outcome = await case.act(acts.Respond(
            **origin(builders.responder("manager"), await case.now()), offers="agreed_in_part"))
        assert outcome.applied, outcome
        outcome = await case.act(acts.Agree(**origin(builders.raiser(), await case.now()), outcome="agreed_in_part"))
        assert outcome.applied
        await case.handle.result()
        assert register.case(task_queue).status == "closed"
