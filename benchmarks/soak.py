"""Many escalations for long, while the worker is killed now and then; at the end everything has to agree.

``python -m benchmarks soak [--minutes N] [--seed N]``. What is done to which case, and when the worker dies, is chosen
by the seed. Checked at the end: the register verifies; every act is settled; each case was closed once; no notice
waits, and none left twice.
"""

from __future__ import annotations

import asyncio
import random  # noqa: TID251  chosen by a seed, so that a run can be had again
import time
from collections.abc import Callable

from sqlalchemy import func, select

from benchmarks import filling, throughput
from benchmarks.figures import Figure, Found
from benchmarks.installing import Installed, WorkerProcess, dispatching, installed, progress, working
from escalations.intake import submissions
from escalations.rules import acts
from escalations.rules.case import Outcome
from escalations.store import register, tables
from escalations.store.notices import NoticeState

AT_ONCE = 10
"""Cases that are lived through at the same time."""
LIFE_SECONDS = (10.0, 30.0)
"""How long a worker lives."""
PATIENCE_SECONDS = 180.0
"""Until what was begun has to be done, once nothing new is."""


async def measure(*, minutes: float, seed: int) -> Found:
    """Run for so many minutes, and check."""
    chance = random.Random(seed)  # noqa: S311  see above
    async with installed() as on, dispatching(on) as wake:
        until = time.perf_counter() + minutes * 60
        kills = asyncio.create_task(_kills(on, until, random.Random(chance.random())))  # noqa: S311
        lived = [_lives(on, wake, until, random.Random(chance.random())) for _ in range(AT_ONCE)]  # noqa: S311
        with progress("minutes of soaking", round(minutes)) as counting:
            cases = sum(await asyncio.gather(*lived))
            killed = await kills
            counting.at(round(minutes))
        wrong = await _wrong(on, cases)
    return Found(
        "soak",
        f"{minutes:g} minutes, seed {seed}, the worker killed {killed} times",
        (
            *(Figure(what, count, "", "0", kept=count == 0) for what, count in wrong.items()),
            Figure("escalations lived through", cases),
            Figure("a minute", cases / minutes),
        ),
    )


async def _kills(on: Installed, until: float, chance: random.Random) -> int:
    """Keep a worker running, kill it now and then, and leave one that works off what is left."""
    killed = 0
    while (left := until - time.perf_counter()) > 0:
        async with working(on) as worker:
            await asyncio.sleep(min(left, chance.uniform(*LIFE_SECONDS)))
            await worker.kill()
            killed += 1
    async with working(on) as last:
        await _settled(on, last)
    return killed


async def _settled(on: Installed, worker: WorkerProcess) -> None:
    notices = select(func.count()).select_from(tables.NOTICES).where(tables.NOTICES.c.state == NoticeState.WAITING)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with on.parts.database.read() as tx:
                waiting = await submissions.waiting(tx)
                left = int((await tx.execute(notices)).scalar_one())
            if not waiting and not left:
                await worker.idle()
                return
            await asyncio.sleep(0.5)


async def _lives(on: Installed, wake: Callable[[], None], until: float, chance: random.Random) -> int:
    """Raise cases and settle them, one after another; give how many."""
    lived = 0
    while time.perf_counter() < until:
        reference = await throughput.submit(on.parts, wake, filling.raising(on.parts.now()), None)
        if chance.random() < 0.5:  # noqa: PLR2004  a coin
            await asyncio.sleep(chance.uniform(0, 2))
        if chance.random() < 0.8:  # noqa: PLR2004  most are acknowledged
            acknowledged = acts.Acknowledge(**throughput.origin(on.parts, throughput.RESPONDER))
            await throughput.submit(on.parts, wake, acknowledged, reference)
        await asyncio.sleep(chance.uniform(0, 2))
        agreed = acts.Agree(**throughput.origin(on.parts, throughput.RAISER), outcome=Outcome.AGREED_AS_ASKED)
        await throughput.submit(on.parts, wake, agreed, reference)
        lived += 1
    return lived


async def _wrong(on: Installed, cases: int) -> dict[str, int]:
    events, outbox, notices = tables.REGISTER, tables.OUTBOX, tables.NOTICES
    async with on.parts.database.read() as tx:
        closed = (
            await tx.execute(
                select(events.c.reference, func.count()).where(events.c.kind == "closed").group_by(events.c.reference)
            )
        ).all()
        twice = (
            await tx.execute(select(outbox.c.notice_id).group_by(outbox.c.notice_id).having(func.count() > 1))
        ).all()
        waiting = (await tx.execute(select(notices.c.notice_id).where(notices.c.state == NoticeState.WAITING))).all()
        return {
            "rows that do not verify": len(await register.verify(tx)),
            "acts that are not settled": sum((await submissions.waiting(tx)).values()),
            "cases not closed": cases - len(closed),
            "cases closed twice": sum(1 for row in closed if row[1] > 1),
            "notices that still wait": len(waiting),
            "notices that left twice": len(twice),
        }
