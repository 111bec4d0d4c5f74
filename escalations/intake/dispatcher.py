"""The dispatcher: takes submissions, per case in order of receipt, to Temporal.

A submission is settled by ``record`` alone, or here where the rules refuse it before it is history. Everything that
can come back from Temporal is one of a few named cases, and only one of them (the refusal) is final: a timer service
that is away means later, never lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from escalations import errors
from escalations.intake import opening, submissions, unheard
from escalations.intake.submissions import Leased
from escalations.rules import acts, case, decider, evolving, passing
from escalations.store.cases import Cases
from escalations.store.engine import Database
from escalations.workflows import attributes, contracts
from escalations.workflows.contracts import ActOutcome, ActRequest

CALL_SECONDS = 15
"""How long one call to Temporal may take. Shorter than a lease, so that no other dispatcher takes the same case."""
LEASE = timedelta(seconds=45)
IDLE_SECONDS = 1.0
AT_ONCE = 16
BACK_OFF = (1, 2, 5, 15, 30, 60)
"""Seconds until a submission is tried again, by how often it was."""
ALERT_AFTER_ATTEMPTS = 5

_log = structlog.get_logger()


class Went(StrEnum):
    """How one try to take a submission to Temporal went."""

    SETTLED = "settled"
    """Applied or refused; nothing is left to do."""
    AWAY = "away"
    """Temporal cannot be reached, or no worker answers."""
    EXHAUSTED = "exhausted"
    """Temporal asks for less."""
    STUCK = "stuck"
    """It failed in a way that nobody foresaw; it is tried again, and an operator hears of it."""


class Dispatcher:
    """Takes submissions to Temporal until it is stopped. As many as wanted can run at once."""

    def __init__(
        self,
        *,
        database: Database,
        cases: Cases,
        in_force: opening.InForce,
        client: Callable[[], Client | None],
        now: Callable[[], datetime],
        task_queue: str,
        owner: str,
    ) -> None:
        """Take what it needs; ``client`` gives none while Temporal is away, and is asked at each try."""
        self._database = database
        self._cases = cases
        self._in_force = in_force
        self._client = client
        self._now = now
        self._task_queue = task_queue
        self._owner = owner
        self._woken = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._slower_until: datetime | None = None
        self._frozen: list[case.Frame] = []
        self.last_round_at: datetime | None = None
        """When it last looked for work; its heartbeat asks for that."""
        self.rounds = 0
        """How often it has looked."""

    def wake(self) -> None:
        """Look for work now; a submission has just come."""
        self._woken.set()

    async def run(self) -> None:
        """Take submissions until cancelled; what is under way is then given up, and taken again by its lease."""
        try:
            while True:
                worked = await self._round()
                if not worked:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), IDLE_SECONDS)
                    self._woken.clear()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def drain(self) -> None:
        """Take everything that is due now to Temporal, and wait for it; for those who drive a story."""
        while await self._round() or self._running:
            await asyncio.gather(*self._running)

    async def _round(self) -> bool:
        now = self._now()
        self.last_round_at = now
        self.rounds += 1
        if self._client() is None or (self._slower_until is not None and now < self._slower_until):
            return False
        if len(self._running) >= AT_ONCE:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        try:
            async with self._database.write() as tx:
                leased = await submissions.lease_due(
                    tx, now=now, lease_for=LEASE, owner=self._owner, at_most=AT_ONCE - len(self._running)
                )
        except errors.Retry:
            _log.warning("dispatcher_database_away")
            return False
        for one in leased:
            task = asyncio.create_task(self._take(one))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return bool(leased)

    async def _take(self, leased: Leased) -> None:
        try:
            went = await self._deliver(leased)
        except errors.Retry as error:
            went = Went.AWAY
            _log.warning("submission_waits", reference=leased.reference, code=error.code)
        except Exception as error:  # noqa: BLE001  a stuck case does not stop the others
            went = Went.STUCK
            _log.error(
                "submission_stuck", reference=leased.reference, code=type(error).__name__, attempts=leased.attempts
            )
        if went is Went.SETTLED:
            self._woken.set()
            return
        if went is Went.EXHAUSTED:
            self._slower_until = self._now() + timedelta(seconds=2)
        if leased.attempts >= ALERT_AFTER_ATTEMPTS:
            _log.error("submission_keeps_waiting", reference=leased.reference, attempts=leased.attempts, went=went)
        again = BACK_OFF[min(leased.attempts, len(BACK_OFF) - 1)]
        with suppress(errors.Retry):  # With the database away the lease runs out by itself.
            async with self._database.write() as tx:
                # Unless its lease has run out and another dispatcher has it: that one's work is not put back.
                await submissions.release(
                    tx, leased.submission_id, next_attempt_at=self._now() + timedelta(seconds=again), owner=self._owner
                )

    async def _deliver(self, leased: Leased) -> Went:
        client = self._client()
        if client is None:
            return Went.AWAY
        # What is sealed with it was sealed after the act was written down, so its digest comes from the row.
        act = acts.loads(leased.act).model_copy(
            update={"submission_id": leased.submission_id, "content_digest": leased.content_digest}
        )
        if isinstance(act, acts.Raise) and leased.attempts == 1:
            # What opens a case has no case yet. Were it there after all, `record` would say so.
            return await self._start(client, leased, act)
        async with self._database.read() as tx:
            known = await self._cases.read(tx, leased.reference)
            frame = await self._cases.named_by(tx, act)
        if known is None:
            return await self._start(client, leased, act)
        if frame is not None:
            known = case.offering(known, frame)
        if not passing.is_owed(known):
            # No workflow waits for a closed case. What the rules refuse needs none.
            refused = decider.decide(known, act, act.received_at)
            if isinstance(refused, decider.Refused):
                return await self._refuse(leased, refused)
        return await self._update(client, leased, act, known, frame)

    async def _start(self, client: Client, leased: Leased, act: acts.Act) -> Went:
        if not isinstance(act, acts.Raise):
            _log.error("act_before_its_case", reference=leased.reference)
            return Went.STUCK
        async with self._database.read() as tx:
            closed = await opening.closed_by(self._in_force.policy, tx)
        frame = self._in_force.frame(act.received_at, closed)
        unopened = case.new(leased.reference, frame)
        decided = decider.decide(unopened, act, act.received_at)
        if isinstance(decided, decider.Refused):
            return await self._refuse(leased, decided)
        await self._freeze(frame, act.received_at)
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            contracts.WORKFLOW,
            opening.for_new(leased.reference, frame, act),
            id=leased.reference,
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=attributes.of(evolving.evolve_all(unopened, decided)),
            static_summary=leased.reference,
        )
        return await self._called(leased, self._with_start(client, start, leased, ActRequest(act=act)))

    async def _freeze(self, frame: case.Frame, at: datetime) -> None:
        """Keep what cases are frozen to; once for each frame is enough, since what is kept is never taken away."""
        if frame not in self._frozen:
            async with self._database.write() as tx:
                await opening.freeze(tx, frame, at=at)
            self._frozen.append(frame)

    async def _update(
        self, client: Client, leased: Leased, act: acts.Act, known: case.Case, frame: case.Frame | None
    ) -> Went:
        text = None if frame is None else opening.frame_text(frame)
        request = ActRequest(act=act, frame=text, known_seq=known.seq)
        return await self._called(leased, self._updated(client, leased, request, known))

    async def _updated(self, client: Client, leased: Leased, request: ActRequest, known: case.Case) -> ActOutcome:
        handle = client.get_workflow_handle(leased.reference)
        try:
            outcome: ActOutcome = await handle.execute_update(
                contracts.ACT,
                request,
                id=leased.submission_id,
                result_type=ActOutcome,
                rpc_timeout=timedelta(seconds=CALL_SECONDS),
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            return outcome
        # The last run has ended, or Temporal has lost the case: go on from the register, in the same call.
        async with self._database.read() as tx:
            to_deliver = await unheard.open_deliveries(tx, leased.reference)
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            contracts.WORKFLOW,
            opening.for_known(known, to_deliver=to_deliver),
            id=leased.reference,
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=attributes.of(known),
            static_summary=leased.reference,
        )
        return await self._with_start(client, start, leased, request)

    async def _with_start(
        self,
        client: Client,
        start: WithStartWorkflowOperation[Any, Any],
        leased: Leased,
        request: ActRequest,
    ) -> ActOutcome:
        outcome: ActOutcome = await client.execute_update_with_start_workflow(
            contracts.ACT,
            request,
            start_workflow_operation=start,
            id=leased.submission_id,
            result_type=ActOutcome,
            rpc_timeout=timedelta(seconds=CALL_SECONDS),
        )
        return outcome

    async def _called(self, leased: Leased, call: Awaitable[ActOutcome]) -> Went:
        """How a call went. Whoever got an answer can rely on it: the record was written before it was given."""
        try:
            await asyncio.wait_for(call, CALL_SECONDS)
        except WorkflowUpdateFailedError as error:
            return await self._failed(leased, error)
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            return Went.AWAY
        except (RPCError, TimeoutError) as error:
            return _named(error)
        return Went.SETTLED

    async def _failed(self, leased: Leased, error: WorkflowUpdateFailedError) -> Went:
        cause = error.cause
        if isinstance(cause, ApplicationError) and cause.type and cause.non_retryable:
            return await self._refuse(leased, decider.Refused(cause.type, cause.message))
        return Went.STUCK  # The run ended under it, or its worker could not read it.

    async def _refuse(self, leased: Leased, refused: decider.Refused) -> Went:
        async with self._database.write() as tx:
            state = await submissions.state(tx, leased.submission_id)
            if state is None or state.state not in submissions.SETTLED:
                await submissions.settle(
                    tx,
                    leased.submission_id,
                    state=submissions.State.REFUSED,
                    code=refused.code,
                    sentence=refused.sentence,
                    at=self._now(),
                )
        return Went.SETTLED


def _named(error: RPCError | TimeoutError) -> Went:
    if isinstance(error, TimeoutError):
        return Went.AWAY
    match error.status:
        case RPCStatusCode.RESOURCE_EXHAUSTED:
            return Went.EXHAUSTED
        case (
            RPCStatusCode.UNAVAILABLE
            | RPCStatusCode.DEADLINE_EXCEEDED
            | RPCStatusCode.CANCELLED
            | (RPCStatusCode.ABORTED | RPCStatusCode.NOT_FOUND)
        ):
            return Went.AWAY
        case _:
            _log.error("temporal_refused_a_call", code=error.status.name)
            return Went.STUCK
