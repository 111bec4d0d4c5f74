"""Driving one installation's cases through time: the real server, with each case's clock moved from outside.

Time skipping is off when a case starts, and each move is bounded, because a clock that skips by itself would run ahead
of whoever acts. Before every move the case has to be idle: a timer set by work that is still under way would be missed,
and so would one that was passed but which the server, a moment behind its own clock, has not fired yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from escalations.intake import submissions
from escalations.intake.dispatcher import Dispatcher
from escalations.intake.submissions import Receipt, Submission
from escalations.parts import Parts
from escalations.rules import acts, events
from escalations.rules.acts import Act
from escalations.rules.case import Case
from escalations.store import register
from escalations.store.notices import NoticeState, of_case
from escalations.temporal.client import TASK_QUEUE

_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 90
"""Several calls of a server that is busy with others; nobody waits for so long where all is well."""
_QUIET_LOOKS = 2


async def is_busy(handle: WorkflowHandle[Any, Any], skipper: TimeSkipper) -> bool:
    """Whether something of a workflow is under way: a task, an activity, or a timer whose moment has come."""
    described = (await handle.describe()).raw_description
    now = await skipper.get_current_time(handle)
    trying = any(not _waits_for_its_next_try(pending, now) for pending in described.pending_activities)
    if trying or described.HasField("pending_workflow_task"):
        return True
    open_timers: dict[str, datetime] = {}
    for event in (await handle.fetch_history()).events:
        match event.event_type:
            case EventType.EVENT_TYPE_TIMER_STARTED:
                timer = event.timer_started_event_attributes
                since = event.event_time.ToDatetime(tzinfo=UTC)
                open_timers[timer.timer_id] = since + timer.start_to_fire_timeout.ToTimedelta()
            case EventType.EVENT_TYPE_TIMER_FIRED:
                open_timers.pop(event.timer_fired_event_attributes.timer_id, None)
            case EventType.EVENT_TYPE_TIMER_CANCELED:
                open_timers.pop(event.timer_canceled_event_attributes.timer_id, None)
            case _:
                pass
    return bool(open_timers) and min(open_timers.values()) <= now


def _waits_for_its_next_try(pending: PendingActivityInfo, now: datetime) -> bool:
    """An activity that failed waits for its next try as for a timer, and a clock that is moved gets it there."""
    return (
        pending.attempt > 1
        and pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
        and pending.next_attempt_schedule_time.ToDatetime(tzinfo=UTC) > now
    )


async def until_idle(handle: WorkflowHandle[Any, Any], skipper: TimeSkipper) -> None:
    """Wait until nothing of a workflow is under way.

    Raises:
        TimeoutError: it did not come to rest.
    """
    async with asyncio.timeout(_PATIENCE_SECONDS):
        quiet = 0
        while quiet < _QUIET_LOOKS:
            await asyncio.sleep(_LOOK_SECONDS)
            quiet = 0 if await is_busy(handle, skipper) else quiet + 1


class ClockNotMovedError(RuntimeError):
    """A case's clock did not reach the moment it was moved to."""


class Drive:
    """One installation whose cases' clocks are moved. Acts come in as from the web, and go to Temporal as any other."""

    def __init__(self, parts: Parts, client: Client, *, prefix: str, task_queue: str = TASK_QUEUE) -> None:
        """Take an open installation and a client of a server that allows time skipping."""
        self.parts = parts
        self.client = client
        self.prefix = prefix
        self.skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        self.dispatcher: Dispatcher = parts.dispatcher(
            lambda: self.skipper.client, owner="drive", task_queue=task_queue
        )

    async def raises(self, act: acts.Raise, *, words: Mapping[str, Any]) -> Receipt:
        """Raise an escalation in the future, move its clock to that moment, and wait until its own clocks run."""
        receipt = await self.receive(act, reference=None, words=words)
        await self.until_started(receipt.reference)
        await self.idle(receipt.reference)
        await self.until(receipt.reference, act.received_at)
        await self.settled(receipt.submission_id)
        await self.idle(receipt.reference)
        return receipt

    async def receive(self, act: Act, *, reference: str | None, words: Mapping[str, Any] | None = None) -> Receipt:
        """Take in an act as the web does."""
        submission_id = submissions.new_id(act.received_at)
        act = act.model_copy(update={"submission_id": submission_id})
        async with self.parts.database.write() as tx:
            receipt = await submissions.receive(
                tx,
                self.parts.vault,
                act_kind=act.kind,
                act_json=acts.dumps(act),
                channel=act.channel,
                received_at=act.received_at,
                sealed=dict(words or {}),
                reference=reference,
                submission_id=submission_id,
                prefix=self.prefix,
            )
        self.dispatcher.wake()
        return receipt

    async def act(self, reference: str, act: Act, *, words: Mapping[str, Any] | None = None) -> Submission:
        """Take in an act at the moment it says, and give what became of it once its case has done what it brings."""
        await self.until(reference, act.received_at)
        receipt = await self.receive(act, reference=reference, words=words)
        found = await self.settled(receipt.submission_id)
        await self.idle(reference)
        return found

    async def until_started(self, reference: str) -> None:
        """Wait until Temporal knows the case."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                with suppress(RPCError):
                    await self.handle(reference).describe()
                    return
                await asyncio.sleep(_LOOK_SECONDS)

    async def settled(self, submission_id: str) -> Submission:
        """Wait until it is known what became of a submission."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                async with self.parts.database.read() as tx:
                    found = await submissions.get(tx, submission_id)
                if found.state in submissions.SETTLED:
                    return found
                await asyncio.sleep(_LOOK_SECONDS)

    async def idle(self, reference: str) -> None:
        """Wait until nothing of the case is under way: no task, no activity, no notice waiting for its first try."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            quiet = 0
            while quiet < _QUIET_LOOKS:
                await asyncio.sleep(_LOOK_SECONDS)
                async with self.parts.database.read() as tx:
                    waiting = any(
                        row.state is NoticeState.WAITING and row.last_code is None
                        for row in await of_case(tx, reference)
                    )
                quiet = 0 if waiting or await is_busy(self.handle(reference), self.skipper) else quiet + 1

    async def until(self, reference: str, moment: datetime) -> None:
        """Let time pass for an idle case until a moment; nothing happens where that is over already.

        Raises:
            ClockNotMovedError: the case ended, or its clock stopped on the way.
        """
        left = moment - await self.now(reference)
        if left > timedelta(0) and not await self.skipper.fast_forward(self.handle(reference), left):
            raise ClockNotMovedError(reference)

    async def now(self, reference: str) -> datetime:
        """The case's own time."""
        return await self.skipper.get_current_time(self.handle(reference))

    def handle(self, reference: str) -> WorkflowHandle[Any, Any]:
        """The workflow of a case, whichever run it is in."""
        return self.client.get_workflow_handle(reference)

    async def case(self, reference: str) -> Case:
        """The case that the register tells of."""
        async with self.parts.database.read() as tx:
            found = await self.parts.cases.read(tx, reference)
        if found is None:
            raise KeyError(reference)
        return found

    async def events(self, reference: str) -> list[events.Event]:
        """What is in the register of a case."""
        async with self.parts.database.read() as tx:
            return [events.loads(row.body) for row in await register.read(tx, reference)]
