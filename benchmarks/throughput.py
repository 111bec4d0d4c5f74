"""Escalations against a bare workflow with the same commands: same server, same run, in turn.

``python -m benchmarks.throughput [--cases N] [--json]``. Absolute figures on a shared machine mean little; the ratio is
what is held: at least one half.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from benchmarks import bare
from escalations import parts, policy, telemetry
from escalations.intake import submissions
from escalations.policy import Side
from escalations.rules import acts, workingtime
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Outcome
from escalations.settings import Settings
from escalations.store import directory, directory_file, read_models
from escalations.temporal import binaries, client, devserver
from escalations.workflows import attributes

RAISER = Actor(side=Side.RAISING, agency_id="oak-school", position="practitioner")
RESPONDER = Actor(side=Side.RESPONDING, agency_id="childrens-services", position="practitioner")
AT_ONCE = 40
HALF = 0.5
"""The ratio that is held."""


async def main(cases: int, *, as_json: bool) -> int:
    """Measure, print, and give the exit status."""
    found = binaries.resolve(environ=os.environ, say=lambda line: print(line, file=sys.stderr), may_use_address=False)
    if found.binary is None:
        print("No Temporal server: make build-temporal builds one.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        async with devserver.DevServer(
            found.binary, Path(folder) / "temporal", search_attributes=attributes.ALL
        ) as server:
            connected = await client.connect(server.address, namespace=server.namespace)
            figures = await _measure(connected, Path(folder), cases)
    if as_json:
        print(json.dumps(figures, indent=2))
    else:
        _show(figures)
    return 0 if all(row["ratio"] >= HALF for row in figures["rows"]) else 1


async def _measure(connected: Client, folder: Path, cases: int) -> dict[str, Any]:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    settings = Settings(folder=folder, keys=key, log_level="ERROR")  # type: ignore[arg-type]  # as the environment gives it
    telemetry.configure(settings)
    async with parts.opened(settings, migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        dispatcher = opened.dispatcher(lambda: connected, owner="bench")
        frame = opened.in_force.frame(opened.now())
        text = policy.canonical(frame.policy) + workingtime.canonical_json(frame.calendar)
        running = asyncio.create_task(dispatcher.run())
        bare_worker = Worker(
            connected,
            task_queue="bare",
            workflows=[bare.BareWorkflow],
            activities=[bare.record, bare.deliver],
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        )
        async with opened.worker(connected), bare_worker:
            await _ours(opened, dispatcher.wake, 5)
            await _bare(connected, 5, text)
            starts_ours, whole_ours = await _ours(opened, dispatcher.wake, cases)
            starts_bare, whole_bare = await _bare(connected, cases, text)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return {
        "cases": cases,
        "rows": [
            {"what": "starts a second", "ours": starts_ours, "bare": starts_bare, "ratio": starts_ours / starts_bare},
            {
                "what": "stage-1 resolutions a second",
                "ours": whole_ours,
                "bare": whole_bare,
                "ratio": whole_ours / whole_bare,
            },
        ],
    }


async def _ours(opened: parts.Parts, wake: Callable[[], None], cases: int) -> tuple[float, float]:
    async def submit(act: Act, reference: str | None) -> tuple[str, str]:
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
        return receipt.reference, submission_id

    def origin(by: Actor) -> dict[str, Any]:
        return {"submission_id": "", "by": by, "channel": Channel.LINK, "received_at": opened.now()}

    async def raised(_: int) -> str:
        return (
            await submit(
                acts.Raise(
                    **origin(RAISER),
                    raising_agency="oak-school",
                    responding_agencies=("childrens-services",),
                    concern=acts.Concern.CHILD,
                    reason=acts.Reason.PLAN,
                ),
                None,
            )
        )[0]

    async def acknowledged(reference: str) -> None:
        await submit(acts.Acknowledge(**origin(RESPONDER)), reference)

    async def agreed(reference: str) -> None:
        await submit(acts.Agree(**origin(RAISER), outcome=Outcome.AGREED_AS_ASKED), reference)

    began = time.perf_counter()
    references = await _at_once(raised, range(cases))
    await _all_settled(opened)
    started = time.perf_counter()
    await _at_once(acknowledged, references)
    await _at_once(agreed, references)
    await _all_settled(opened)
    ended = time.perf_counter()
    async with opened.database.read() as tx:
        open_ones = await read_models.listed(tx)
    if open_ones:
        raise RuntimeError(f"{len(open_ones)} cases are not closed")
    return cases / (started - began), cases / (ended - began)


async def _all_settled(opened: parts.Parts) -> None:
    while True:
        async with opened.database.read() as tx:
            if not await submissions.waiting(tx):
                return
        await asyncio.sleep(0.1)


async def _bare(connected: Client, cases: int, text: str) -> tuple[float, float]:
    run = secrets.token_hex(4)

    async def started(number: int) -> str:
        name = f"bare-{run}-{number}"
        start = WithStartWorkflowOperation(
            bare.BareWorkflow.run,
            bare.Bare(acts=2, text=text),
            id=name,
            task_queue="bare",
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        await connected.execute_update_with_start_workflow(
            bare.BareWorkflow.opened, start_workflow_operation=start, rpc_timeout=timedelta(seconds=60)
        )
        return name

    async def settled(name: str) -> None:
        handle = connected.get_workflow_handle(name)
        for _ in range(2):
            await handle.execute_update(bare.BareWorkflow.act, "act")

    began = time.perf_counter()
    names = await _at_once(started, range(cases))
    opened = time.perf_counter()
    await _at_once(settled, names)
    ended = time.perf_counter()
    return cases / (opened - began), cases / (ended - began)


async def _at_once(what: Callable[[Any], Awaitable[Any]], over: Any) -> list[Any]:  # noqa: ANN401
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item: object) -> object:
        async with gate:
            return await what(item)

    return list(await asyncio.gather(*(one(item) for item in over)))


def _show(figures: dict[str, Any]) -> None:
    table = Table(title=f"{figures['cases']} cases, {AT_ONCE} at once, one server, SQLite")
    for heading in ("", "escalations", "bare workflow", "ratio", "wanted"):
        table.add_column(heading, justify="left" if not heading else "right")
    for row in figures["rows"]:
        table.add_row(row["what"], f"{row['ours']:.1f}", f"{row['bare']:.1f}", f"{row['ratio']:.2f}", "0.50 or more")
    Console().print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    raise SystemExit(asyncio.run(main(chosen.cases, as_json=chosen.json)))
