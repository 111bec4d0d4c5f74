"""What a worker and the server keep: of open cases, and of closed ones whose workflows wait for their follow-up.

``python -m benchmarks memory [--cases N]``. The cases are written to the register and brought to Temporal from there,
as after the loss of its file; the worker is the shipped one in a process of its own, and nothing else runs in it. Open
and closed cases are measured one after the other, each in an installation of their own.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from benchmarks import filling
from benchmarks.figures import Figure, Found
from benchmarks.installing import MEGABYTE, Installed, WorkerProcess, installed, progress, working
from escalations.intake import restoring
from escalations.temporal.client import TASK_QUEUE

AT_MOST_MEGABYTES = 400
WARM = 50
"""Workflows until the worker has imported and compiled what it needs."""
IDLE_SECONDS = 10
"""For how long the load of those that only wait is looked at."""
CLOSED_AGO = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Megabytes, and percents of one core while nothing happens."""

    without: float
    warm: float
    full: float
    with_all: float
    server: float
    worker_idle: float
    server_idle: float


async def measure(cases: int) -> Found:
    """Measure with so many open cases, and with as many closed ones."""
    opened = await _kept(cases, closed=False)
    closed = await _kept(cases, closed=True)
    async with installed() as on:
        most = on.settings.worker_cached_workflows
    cached = min(most, cases)

    def resident(what: str, kept: _Kept) -> Figure:
        promised = f"{AT_MOST_MEGABYTES} MB at most"
        return Figure(what, kept.with_all, "MB", promised, kept=kept.with_all <= AT_MOST_MEGABYTES)

    def each(kept: _Kept) -> float:
        return (kept.full - kept.warm) * 1024 / (cached - WARM)

    return Found(
        "memory",
        f"A worker with {cases:,} cases and a cache of {most:,} workflows",
        (
            resident("resident with all, open", opened),
            resident("resident with all, closed and waiting", closed),
            Figure("a cached workflow, open", each(opened), "KB"),
            Figure("a cached workflow, closed and waiting", each(closed), "KB"),
            Figure("resident without any case", opened.without, "MB"),
            Figure(f"resident when the cache is full ({cached:,})", opened.full, "MB"),
            Figure("the server with all, open", opened.server, "MB"),
            Figure("the server with all, closed and waiting", closed.server, "MB"),
            Figure("the server while all of these wait", closed.server_idle, "% of a core"),
            Figure("the worker while all of these wait", closed.worker_idle, "% of a core"),
        ),
    )


async def _kept(cases: int, *, closed: bool) -> _Kept:
    async with installed() as on:
        cached = min(on.settings.worker_cached_workflows, cases)
        first = filling.raising(on.parts.now() - (CLOSED_AGO if closed else timedelta(0)))
        await filling.fill(on, first, cases, closed=closed)
        async with working(on) as worker:
            await worker.idle()
            without = worker.megabytes
            reached = await _restore(on, worker, cases, (WARM, cached))
            with_all, server = worker.megabytes, float(on.server.memory_info().rss) / MEGABYTE
            worker.percent()
            on.server.cpu_percent()
            await asyncio.sleep(IDLE_SECONDS)
            return _Kept(
                without=without,
                warm=reached[WARM],
                full=reached[cached],
                with_all=with_all,
                server=server,
                worker_idle=worker.percent(),
                server_idle=float(on.server.cpu_percent()),
            )


async def _restore(on: Installed, worker: WorkerProcess, cases: int, marks: tuple[int, ...]) -> dict[int, float]:
    """Bring every case to Temporal, and give what the worker took at each of these counts."""
    reached: dict[int, float] = {}
    with progress("cases brought to Temporal", cases) as counting:
        done = 0
        async for brought in restoring.restore(
            database=on.parts.database, cases=on.parts.cases, client=on.client, task_queue=TASK_QUEUE
        ):
            assert brought.found is restoring.Found.RESTORED, brought
            done += 1
            counting.at(done)
            if done in marks:
                await worker.idle()
                reached[done] = worker.megabytes
    await worker.idle()
    return reached
