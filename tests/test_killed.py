"""``kill -9`` of any process at any moment: after a restart nothing is lost and nothing doubled (issue 3, "faults").

Real processes on one folder: ``escalations run`` (web, dispatcher, worker, Temporal), a worker of its own, and one that
receives and dispatches. With ten cases in flight, one of them or the Temporal server itself is killed, again and again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random  # noqa: TID251  seeded, so that a failing order of kills can be had again
import signal
import sys
from collections import Counter
from pathlib import Path

from sqlalchemy import select
from temporalio import client as temporal
from temporalio.service import RPCError

from escalations import parts
from escalations.intake import submissions, unheard
from escalations.intake.submissions import State, Submission
from escalations.policy import Awaits
from escalations.rules import events
from escalations.rules.case import Status
from escalations.settings import Settings
from escalations.store import register, tables
from escalations.store.notices import of_case
from escalations.temporal import client, devserver
from tests.harness import eventually

CASES = 10
KILLS = 6
SEED = int(os.environ.get("KILL_SEED", "20270301"))
_MAIN_EVENT = {
    "raise": "raised",
    "acknowledge": "acknowledged",
    "note_phone_call": "phone_call_noted",
    "agree": "settled",
}


class Process:
    """A process of ours that is killed and started again, and what it wrote in all its lives."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._arguments = arguments
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ESCALATIONS_", "TEMPORAL_"))},
            "ESCALATIONS_FOLDER": str(folder),
            "ESCALATIONS_WEB_PORT": "0",
            "ESCALATIONS_LOG_LEVEL": "WARNING",
            "ESCALATIONS_LOG_FORMAT": "json",
        }
        self._process: asyncio.subprocess.Process | None = None
        self._reading: list[asyncio.Task[None]] = []
        self.lines: list[str] = []

    async def start(self) -> None:
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *self._arguments,
            env=self._environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._reading.append(asyncio.create_task(self._read(process)))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            if line.endswith(b"\n"):  # A line that the kill cut off was no receipt yet.
                self.lines.append(line.decode().strip())

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), 30)
        await self.kill()
        await asyncio.gather(*self._reading)


def _kill_server(folder: Path) -> None:
    """Kill the Temporal server of this folder, which ``escalations run`` has started for us."""
    with contextlib.suppress(OSError, ValueError):
        process_id = int((folder / "temporal" / "server.pid").read_text(encoding="ascii"))
        if str(folder).encode() in Path(f"/proc/{process_id}/cmdline").read_bytes():
            os.kill(process_id, signal.SIGKILL)


async def test_whatever_is_killed_nothing_is_lost_and_nothing_is_doubled(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311  an order of kills
    everything = Process(tmp_path, "escalations.cli", "run")
    worker = Process(tmp_path, "escalations.cli", "worker")
    receiver = Process(tmp_path, "tests.processes.receiver", str(CASES))
    killed: Counter[str] = Counter()
    try:
        await everything.start()
        await eventually(lambda: any(line.startswith("Ready") for line in everything.lines), seconds=60)
        await worker.start()
        await receiver.start()
        await eventually(lambda: receiver.lines, seconds=60)

        # Each of them dies at least once; after the first rounds in an order that the seed decides.
        victims = ["receiver", "worker", "server", "everything"]
        chance.shuffle(victims)
        for name in [*victims, *chance.choices(victims, k=KILLS - len(victims))]:
            await asyncio.sleep(chance.uniform(0.1, 1.5))
            killed[name] += 1
            if name == "server":
                _kill_server(tmp_path)
                continue
            victim = {"receiver": receiver, "worker": worker, "everything": everything}[name]
            await victim.kill()
            await victim.start()

        await _until_received(receiver)
        async with parts.opened(Settings(folder=tmp_path)) as opened:
            receipts = dict(line.split()[1:] for line in receiver.lines if line.startswith("receipt "))
            assert len(set(receipts.values())) == CASES, "no double press made a second case"
            settled = await _until_settled(opened, set(receipts.values()))
            await _check(opened, settled, receipts, kills=killed.total())
            await _check_temporal(opened, tmp_path, sorted(set(receipts.values())))
    finally:
        for process in (receiver, worker, everything):
            await process.stop()


async def _until_received(receiver: Process) -> None:
    """A receiver that found no server when it started has ended; like any service it is started again."""
    async with asyncio.timeout(60):
        while "all" not in receiver.lines:
            await asyncio.sleep(0.5)
            if receiver._process is None or receiver._process.returncode is not None:
                await receiver.start()


async def _until_settled(opened: parts.Parts, references: set[str]) -> list[Submission]:
    """Wait until every submission of these cases, also those of the post, is applied or refused."""
    async with asyncio.timeout(90):
        while True:
            async with opened.database.read() as tx:
                found = [row for reference in references for row in await submissions.of_case(tx, reference)]
            if all(row.state in {State.APPLIED, State.REFUSED} for row in found):
                return found
            await asyncio.sleep(0.5)


async def _check(
    opened: parts.Parts,
    settled: list[Submission],
    receipts: dict[str, str],
    *,
    kills: int,
) -> None:
    by_id = {row.submission_id: row for row in settled}
    assert set(receipts) <= set(by_id), "every receipt is of something that is there"
    refused = Counter(row.outcome_code for row in settled if row.state is State.REFUSED)
    assert refused == {"already_acknowledged": CASES}, "each second acknowledgement, and nothing else"

    async with opened.database.read() as tx:
        assert await register.verify(tx) == []
        for reference in sorted(set(receipts.values())):
            happened = [events.loads(entry.body) for entry in await register.read(tx, reference)]
            of_acts: Counter[tuple[str | None, str]] = Counter(
                (event.submission_id, event.kind) for event in happened if event.submission_id in by_id
            )
            mine = [row for row in settled if row.reference == reference and row.act_kind in _MAIN_EVENT]
            for row in mine:
                count = of_acts[row.submission_id, _MAIN_EVENT[row.act_kind]]
                assert count == (row.state is State.APPLIED), (reference, row.act_kind)
            reported = Counter(event.notice_id for event in happened if isinstance(event, events.NoticeReported))
            assert set(reported.values()) <= {1}
            started = Counter(
                (event.rule_id, event.stage, event.agency_id, event.about)
                for event in happened
                if isinstance(event, events.ClockStarted)
            )
            assert set(started.values()) == {1}
            rows = {row.notice_id: row for row in await of_case(tx, reference)}
            for notice_id, count in (await _sent(opened, reference)).items():
                # Sent again only by somebody who could not know: killed between the relay's answer and its note.
                assert count <= rows[notice_id].attempts
    doubled = [count for count in (await _sent(opened, "")).values() if count > 1]
    assert len(doubled) <= kills


async def _sent(opened: parts.Parts, reference: str) -> Counter[str]:
    async with opened.database.read() as tx:
        every = (await tx.execute(select(tables.OUTBOX.c.notice_id))).scalars()
        return Counter(notice_id for notice_id in every if notice_id.startswith(reference))


async def _check_temporal(opened: parts.Parts, folder: Path, references: list[str]) -> None:
    """Every open case has a workflow, and the clocks that it is owed, or the delivery that will start them."""
    address = devserver.address_in(folder / "temporal")
    assert address is not None
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(RuntimeError, RPCError):
                connected = await client.connect(address, namespace=devserver.NAMESPACE)
                break
            await asyncio.sleep(0.5)
    async with opened.database.read() as tx:
        cases = [await opened.cases.read(tx, reference) for reference in references]
        unheard_of = {case.reference: await unheard.open_deliveries(tx, case.reference) for case in cases if case}
    for case in cases:
        assert case is not None
        if case.status is Status.CLOSED:
            continue
        described = await connected.get_workflow_handle(case.reference).describe()
        assert described.status is temporal.WorkflowExecutionStatus.RUNNING
        awaited = {clock.awaits for clock in case.clocks if clock.running}
        assert Awaits.SETTLE_ALL in awaited
        pending = {activity.activity_type.name for activity in described.raw_description.pending_activities}
        assert Awaits.RESPOND in awaited or ("deliver" in pending and unheard_of[case.reference])
