"""Bringing every open case back to Temporal from the register alone.

A timer service can lose its file; the register is the truth. A restored workflow starts from the state that the
register tells of, so nothing that was recorded fires again, and what fell due meanwhile is noted once, when it is
noticed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from escalations.intake import opening, unheard
from escalations.rules import passing
from escalations.store import register
from escalations.store.cases import Cases
from escalations.store.engine import Database
from escalations.workflows import attributes, contracts


class Found(StrEnum):
    """What was found of one case."""

    RESTORED = "restored"
    RUNNING = "running"
    ENDED = "ended"
    """Nothing is owed; no workflow waits for it."""


@dataclass(frozen=True, slots=True)
class Restored:
    """One case, and what was done about it."""

    reference: str
    found: Found


async def restore(
    *,
    database: Database,
    cases: Cases,
    client: Client,
    task_queue: str,
) -> AsyncIterator[Restored]:
    """Start a workflow for every case that is owed something and has none, one by one.

    Raises:
        temporalio.service.RPCError: the server is away; what was restored before stays so, and asking again goes on.
    """
    async with database.read() as tx:
        references = await register.references(tx)
    for reference in references:
        async with database.read() as tx:
            known = await cases.read(tx, reference)
            owed = await unheard.open_deliveries(tx, reference)
        if known is None or not (passing.is_owed(known) or owed):
            yield Restored(reference, Found.ENDED)
            continue
        try:
            await client.start_workflow(
                contracts.WORKFLOW,
                opening.for_known(known, to_deliver=owed),
                id=reference,
                task_queue=task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=attributes.of(known),
                static_summary=reference,
                rpc_timeout=timedelta(seconds=15),
            )
        except WorkflowAlreadyStartedError:
            yield Restored(reference, Found.RUNNING)
        else:
            yield Restored(reference, Found.RESTORED)
