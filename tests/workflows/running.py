"""One case on the real server over a register in memory, whose clock the test moves and whose history it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from temporalio import client as temporal
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from escalations import policy
from escalations.rules import acts, events, workingtime
from escalations.simulation.driving import until_idle
from escalations.workflows import contracts
from escalations.workflows.contracts import ActOutcome, ActRequest, Opening
from escalations.workflows.escalation import EscalationWorkflow
from tests import builders
from tests.builders import civil
from tests.fakes import MemoryRegister

_OF_VIRTUAL_TIME = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED,
    }
)
"""What moving a clock leaves in a history, and what no history outside a test holds."""


async def runs(client: temporal.Client, workflow_id: str, first_run: str) -> list[list[HistoryEvent]]:
    """Give the history of every run of a workflow, the first one first, without what moving its clock left there."""
    told: list[list[HistoryEvent]] = []
    run: str = first_run
    while run:
        history = await client.get_workflow_handle(workflow_id, run_id=run).fetch_history()
        told.append([event for event in history.events if event.event_type not in _OF_VIRTUAL_TIME])
        run = history.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return told


def kinds(history: list[HistoryEvent]) -> Counter[str]:
    """Count the events of a history by kind."""
    return Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower() for event in history)


def timers(history: list[HistoryEvent]) -> Iterator[timedelta]:
    """Give the length of every timer that was set, in order."""
    for event in history:
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED:
            yield event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()


class Running:
    """One case on the real server, whose clock the test moves."""

    def __init__(
        self,
        skipper: TimeSkipper,
        handle: temporal.WorkflowHandle[EscalationWorkflow, None],
        register: MemoryRegister,
    ) -> None:
        self.skipper = skipper
        self.handle = handle
        self.register = register
        self.reference = handle.id

    async def now(self) -> datetime:
        return await self.skipper.get_current_time(self.handle)

    async def until(self, text: str) -> None:
        """Let time pass until a civil time, and until what it brought is done."""
        await self.until_instant(civil(text))

    async def until_instant(self, moment: datetime) -> None:
        await self.idle()
        left = moment - await self.now()
        if left > timedelta(0):
            assert await self.skipper.fast_forward(self.handle, left)
            await self.idle()

    async def idle(self) -> None:
        """Wait until nothing of the case is under way."""
        await until_idle(self.handle, self.skipper)

    async def act(self, act: acts.Act, *, known_seq: int = 0) -> ActOutcome:
        request = ActRequest(act=act, known_seq=known_seq)
        outcome: ActOutcome = await self.handle.execute_update(contracts.ACT, request, result_type=ActOutcome)
        return outcome

    async def outcome(self, act: acts.Act, *, known_seq: int = 0) -> ActOutcome:
        """Act, and give what became of it: also where the validator refused it, before it was history."""
        try:
            return await self.act(act, known_seq=known_seq)
        except temporal.WorkflowUpdateFailedError as error:
            refused = error.cause
        if not isinstance(refused, ApplicationError):
            raise TypeError(type(refused).__name__)
        return ActOutcome(applied=False, code=str(refused.type), sentence=refused.message, seq=-1)

    def events(self) -> list[events.Event]:
        return self.register.events(self.reference)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events()]

    async def runs(self) -> list[list[HistoryEvent]]:
        """Give the histories of all runs so far."""
        return await runs(self.skipper.client, self.reference, str(self.handle.first_execution_run_id))


@asynccontextmanager
async def worker(client: temporal.Client, task_queue: str, register: MemoryRegister) -> AsyncIterator[Worker]:
    """Work without a cache: every workflow task replays the whole history, and finds what does not replay."""
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=[EscalationWorkflow],
        activities=[register.record, register.deliver],
        max_cached_workflows=0,
    ) as running:
        yield running


def opening(register: MemoryRegister, reference: str, first: acts.Raise) -> Opening:
    """Open a case over this register."""
    return Opening(
        reference=reference,
        policy=policy.canonical(register.frame.policy),
        calendar=workingtime.canonical_json(register.frame.calendar),
        first=first,
    )


async def start(
    client: temporal.Client,
    task_queue: str,
    register: MemoryRegister,
    first: acts.Raise,
    *,
    reference: str | None = None,
) -> Running:
    """Start a case, and wait for nothing."""
    skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
    reference = reference or task_queue
    handle = await skipper.client.start_workflow(
        EscalationWorkflow.run, opening(register, reference, first), id=reference, task_queue=task_queue
    )
    return Running(skipper, handle, register)


async def started(
    client: temporal.Client,
    task_queue: str,
    register: MemoryRegister,
    at: str,
    *,
    reference: str | None = None,
) -> Running:
    """Start a case that is raised at a civil time, and wait until its clocks run."""
    running = await start(client, task_queue, register, builders.raise_(civil(at)), reference=reference)
    await running.until(at)
    return running


async def raised_now(client: temporal.Client, task_queue: str, register: MemoryRegister) -> Running:
    """Start a case that is raised at this moment of the wall's clock, where no time has to pass."""
    running = await start(client, task_queue, register, builders.raise_(datetime.now(UTC)))
    await running.idle()
    return running
