"""How long a worker takes for many cases that fall due at one instant, nearly all of them evicted from its cache.

``python -m benchmarks burst [--cases N]``. Urgent cases are written to the register as received less than an hour ago,
all at one moment, and brought to Temporal from there; their first reminder falls for all at once. Measured is from that
instant until the last one is in the register, and until every message that they bring has left.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import func, select

from benchmarks import filling
from benchmarks.figures import Figure, Found
from benchmarks.installing import Installed, installed, progress, working
from escalations.intake import restoring
from escalations.policy import Track
from escalations.rules import case, clocks, decider, evolving
from escalations.store import tables
from escalations.store.notices import NoticeState
from escalations.temporal.client import TASK_QUEUE

LEAD = timedelta(seconds=30)
LEAD_EACH = timedelta(milliseconds=60)
"""Until the instant, for each case that is brought to Temporal before it."""
REMINDER = "reminder_fell"


class TooSlowError(Exception):
    """The instant came before every case was in Temporal, so nothing was measured."""


async def measure(cases: int) -> Found:
    """Measure with so many cases."""
    async with installed() as on:
        due = on.parts.now() + LEAD + cases * LEAD_EACH
        first = filling.raising(due, track=Track.URGENT)
        first = first.model_copy(update={"received_at": due - _until_the_first_wake(on, due)})
        await filling.fill(on, first, cases)
        async with working(on) as worker:
            with progress("cases brought to Temporal", cases) as counting:
                done = 0
                async for _ in restoring.restore(
                    database=on.parts.database, cases=on.parts.cases, client=on.client, task_queue=TASK_QUEUE
                ):
                    done += 1
                    counting.at(done)
            await worker.idle()
            left = due - on.parts.now()
            if left < timedelta(0):
                raise TooSlowError(f"{cases} cases took longer to start than the {LEAD_EACH} that each was given")
            await asyncio.sleep(left.total_seconds())
            recorded, told = await _worked_off(on, due, cases)
            most = worker.megabytes
    return Found(
        "burst",
        f"{cases:,} cases due at one instant, {on.settings.worker_cached_workflows:,} of them in the worker's cache",
        (
            Figure("until all are recorded", recorded, "s"),
            Figure("recorded a second", cases / recorded, ""),
            Figure("until every message has left", told, "s"),
            Figure("the worker afterwards", most, "MB"),
        ),
    )


def _until_the_first_wake(on: Installed, at: datetime) -> timedelta:
    """How long after its receipt an urgent case first has something due: asked of the rules, by raising one."""
    act = filling.raising(at, track=Track.URGENT)
    unopened = case.new("PD-26-0000-X", on.parts.in_force.frame(at))
    decided = decider.decide(unopened, act, at)
    assert not isinstance(decided, decider.Refused), decided
    wake = clocks.next_wake(evolving.evolve_all(unopened, decided))
    assert wake is not None
    return wake - at


async def _worked_off(on: Installed, due: datetime, cases: int) -> tuple[float, float]:
    """Seconds from the instant until every reminder is recorded, and until every notice has left."""
    register, notices = tables.REGISTER, tables.NOTICES
    fallen = select(func.count()).select_from(register).where(register.c.kind == REMINDER)
    waiting = select(func.count()).select_from(notices).where(notices.c.state == NoticeState.WAITING)
    recorded: float | None = None
    with progress("reminders recorded", cases) as counting:
        while True:
            async with on.parts.database.read() as tx:
                count = int((await tx.execute(fallen)).scalar_one())
                left = int((await tx.execute(waiting)).scalar_one())
            seconds = (on.parts.now() - due).total_seconds()
            counting.at(count)
            if count >= cases and recorded is None:
                recorded = seconds
            if recorded is not None and left == 0:
                return recorded, seconds
            await asyncio.sleep(0.5)
