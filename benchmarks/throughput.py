"""Escalations against a bare workflow with the same commands: same server, same run, in turn.

``python -m benchmarks.throughput [--cases N] [--rounds N] [--json]``. Absolute figures on a shared machine mean little;
the ratio is what is held: at least one half. A start counts until what raised the case is in the register, on the bare
side until its first record; a resolution until the last message that closing brings has left, on the bare side until
its last delivery. Then both wait: a case that has closed for the day on which what came of it is asked.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDConflictPolicy
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from benchmarks import bare, filling
from benchmarks.figures import Figure, Found
from benchmarks.installing import Installed, dispatching, installed, progress
from escalations import parts, policy
from escalations.intake import submissions
from escalations.rules import acts, workingtime
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Outcome
from escalations.store import tables
from escalations.store.notices import NoticeState

RAISER = filling.RAISER
RESPONDER = filling.RESPONDER
AT_ONCE = 40
HALF = 0.5
"""The ratio that is held."""
COUNTED = 20
"""Runs whose events are counted."""
DELIVERIES = 3
"""Of a bare run: one for its opening, and one for each act."""
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 300
WARM = 20
"""Cases before anything is measured."""


@dataclass(frozen=True, slots=True)
class _Round:
    """One side of one round, a second, and how long its histories were."""

    starts: float
    resolutions: float
    events: float


async def measure(cases: int, *, rounds: int = 1) -> Found:
    """Measure so many cases of each, in turn, in as many rounds as wanted; the median round counts.

    Raises:
        installing.NoServer: no Temporal server can be had.
    """
    async with installed() as on, dispatching(on) as wake:
        frame = on.parts.in_force.frame(on.parts.now())
        text = policy.canonical(frame.policy) + workingtime.canonical_json(frame.calendar)
        bare_worker = Worker(
            on.client,
            task_queue="bare",
            workflows=[bare.BareWorkflow],
            activities=[bare.record, bare.deliver],
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        )
        ours: list[_Round] = []
        plain: list[_Round] = []
        async with on.parts.worker(on.client), bare_worker:
            await _ours(on, wake, WARM)
            await _bare(on.client, WARM, text)
            with progress("rounds of throughput", rounds) as counting:
                for number in range(1, rounds + 1):
                    # Who goes first changes: a shared machine's speed drifts for minutes, and would always be one's.
                    if number % 2:
                        ours.append(await _ours(on, wake, cases))
                    plain.append(await _bare(on.client, cases, text))
                    if not number % 2:
                        ours.append(await _ours(on, wake, cases))
                    counting.at(number)
    return _found(cases, ours, plain)


def _found(cases: int, ours: list[_Round], plain: list[_Round]) -> Found:
    figures: list[Figure] = []
    rates: dict[str, Callable[[_Round], float]] = {
        "starts": lambda one: one.starts,
        "stage-1 resolutions": lambda one: one.resolutions,
    }
    for what, rate in rates.items():
        ratio = statistics.median(rate(one) / rate(other) for one, other in zip(ours, plain, strict=True))
        figures += [
            Figure(f"{what}, ours to bare", ratio, "", f"{HALF:.2f} or more", kept=ratio >= HALF),
            Figure(f"{what}, ours", statistics.median(map(rate, ours)), "a second"),
            Figure(f"{what}, bare", statistics.median(map(rate, plain)), "a second"),
        ]
    figures += [
        Figure("history events of a resolution, ours", statistics.median(one.events for one in ours)),
        Figure("history events of a resolution, bare", statistics.median(one.events for one in plain)),
    ]
    rounds = f", median of {len(ours)} rounds" if len(ours) > 1 else ""
    how = f"{cases} cases, {AT_ONCE} at once, against a bare workflow with the same commands{rounds}"
    # Ratios first: absolute figures of a shared machine mean little.
    return Found("throughput", how, tuple(sorted(figures, key=lambda figure: not figure.wanted)))


async def _ours(on: Installed, wake: Callable[[], None], cases: int) -> _Round:
    async def raised(_: int) -> str:
        return await submit(on.parts, wake, filling.raising(on.parts.now()), None)

    async def acknowledged(reference: str) -> None:
        await submit(on.parts, wake, acts.Acknowledge(**origin(on.parts, RESPONDER)), reference)

    async def agreed(reference: str) -> None:
        act = acts.Agree(**origin(on.parts, RAISER), outcome=Outcome.AGREED_AS_ASKED)
        await submit(on.parts, wake, act, reference)

    began = time.perf_counter()
    references = await _at_once(raised, range(cases))
    await _until(partial(_all_settled, on.parts))
    started = time.perf_counter()
    await _at_once(acknowledged, references)
    await _at_once(agreed, references)
    await _until(partial(_all_told, on.parts))
    ended = time.perf_counter()
    return _Round(cases / (started - began), cases / (ended - began), await _events(on.client, references))


def origin(opened: parts.Parts, by: Actor) -> dict[str, Any]:
    """What an act needs to say of where it came from."""
    return {"submission_id": "", "by": by, "channel": Channel.LINK, "received_at": opened.now()}


async def submit(opened: parts.Parts, wake: Callable[[], None], act: Act, reference: str | None) -> str:
    """Receive an act as the web does, wake the dispatcher, and give the case's reference."""
    submission_id = submissions.new_id(act.received_at)
    act = act.model_copy(update={"submission_id": submission_id})
    async with opened.database.write() as tx:
        receipt = await submissions.receive(
            tx,
            opened.vault,
            act_kind=act.kind,
            act_json=acts.dumps(act),
            channel=act.channel,
            received_at=act.received_at,
            sealed={"raiser": {"email": "invented@oaklane.example"}},
            reference=reference,
            submission_id=submission_id,
        )
    wake()
    return receipt.reference


async def _all_settled(opened: parts.Parts) -> bool:
    async with opened.database.read() as tx:
        return not await submissions.waiting(tx)


async def _all_told(opened: parts.Parts) -> bool:
    """Whether nothing is waiting to be applied, and no message to leave."""
    waiting = select(tables.NOTICES.c.notice_id).where(tables.NOTICES.c.state == NoticeState.WAITING).limit(1)
    async with opened.database.read() as tx:
        return not await submissions.waiting(tx) and (await tx.execute(waiting)).first() is None


async def _until(so: Callable[[], Awaitable[bool]]) -> None:
    """Look until something is so; it may take as long as it takes, and not as long as a case waits for its follow-up.

    Raises:
        TimeoutError: it was not, for five minutes.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await so():  # noqa: ASYNC110  the database and the server have no event of ours
            await asyncio.sleep(LOOK_SECONDS)


async def _bare(connected: Client, cases: int, text: str) -> _Round:
    async def all_delivered() -> bool:
        return bare.delivered(run) == cases * DELIVERIES

    run = secrets.token_hex(4)
    act = text[: bare.ACTED]

    async def started(number: int) -> str:
        name = f"bare-{run}-{number}"
        start = WithStartWorkflowOperation(
            bare.BareWorkflow.run,
            bare.Bare(acts=2, text=text, of=run),
            id=name,
            task_queue="bare",
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(bare.STATUS, "open"),
                    SearchAttributePair(bare.TRACK, "standard"),
                    SearchAttributePair(bare.STAGE, 1),
                ]
            ),
            static_summary=name,
        )
        await connected.execute_update_with_start_workflow(
            bare.BareWorkflow.opened, act, start_workflow_operation=start, rpc_timeout=timedelta(seconds=60)
        )
        return name

    async def acted(name: str) -> None:
        await connected.get_workflow_handle(name).execute_update(bare.BareWorkflow.act, act)

    began = time.perf_counter()
    names = await _at_once(started, range(cases))
    opened = time.perf_counter()
    await _at_once(acted, names)
    await _at_once(acted, names)
    await _until(all_delivered)
    ended = time.perf_counter()
    return _Round(cases / (opened - began), cases / (ended - began), await _events(connected, names))


async def _events(connected: Client, names: list[str]) -> float:
    """How many events a run's history has: that both sides give the same commands is seen by it."""
    counts = [
        sum([1 async for _ in connected.get_workflow_handle(name).fetch_history_events()]) for name in names[-COUNTED:]
    ]
    return statistics.median(counts)


async def _at_once(what: Callable[[Any], Awaitable[Any]], over: Any) -> list[Any]:  # noqa: ANN401
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item: object) -> object:
        async with gate:
            return await what(item)

    return list(await asyncio.gather(*(one(item) for item in over)))


if __name__ == "__main__":
    from benchmarks.__main__ import main

    raise SystemExit(main(["throughput", *sys.argv[1:]]))
