"""What a worker keeps in memory: KB a cached workflow, and all of it with many open cases and the shipped settings.

``python -m benchmarks memory [--cases N]``. The cases are written to the register and brought to Temporal from there,
as after the loss of its file; the worker is the shipped one in a process of its own, and nothing else runs in it.
"""

from __future__ import annotations

from benchmarks import filling
from benchmarks.figures import Figure, Found
from benchmarks.installing import Installed, WorkerProcess, installed, progress, working
from escalations.intake import restoring
from escalations.temporal.client import TASK_QUEUE

AT_MOST_MEGABYTES = 400
WARM = 50
"""Workflows until the worker has imported and compiled what it needs."""


async def measure(cases: int) -> Found:
    """Measure with so many open cases."""
    async with installed() as on:
        cached = min(on.settings.worker_cached_workflows, cases)
        await filling.fill(on, filling.raising(on.parts.now()), cases)
        async with working(on) as worker:
            await worker.idle()
            without = worker.megabytes
            reached = await _restore(on, worker, cases, (WARM, cached))
            warm, full = reached[WARM], reached[cached]
            with_all = worker.megabytes
    return Found(
        "memory",
        f"A worker with {cases:,} open cases and a cache of {on.settings.worker_cached_workflows:,} workflows",
        (
            Figure(
                "resident with all open cases",
                with_all,
                "MB",
                f"{AT_MOST_MEGABYTES} MB at most",
                kept=with_all <= AT_MOST_MEGABYTES,
            ),
            Figure("a cached workflow", (full - warm) * 1024 / (cached - WARM), "KB"),
            Figure("resident without any case", without, "MB"),
            Figure(f"resident when the cache is full ({cached:,})", full, "MB"),
        ),
    )


async def _restore(on: Installed, worker: WorkerProcess, cases: int, marks: tuple[int, ...]) -> dict[int, float]:
    """Bring every case to Temporal, and give what the worker took at each of these counts."""
    reached: dict[int, float] = {}
    with progress("cases brought to Temporal", cases) as counting:
        done = 0
        async for _ in restoring.restore(
            database=on.parts.database, cases=on.parts.cases, client=on.client, task_queue=TASK_QUEUE
        ):
            done += 1
            counting.at(done)
            if done in marks:
                await worker.idle()
                reached[done] = worker.megabytes
    await worker.idle()
    return reached
