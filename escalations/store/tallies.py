"""Counts of what leaves no row of its own behind: kept in the database, so that a restart does not begin at zero.

Whoever counts does so in the transaction of what is counted, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.store import tables
from escalations.store.engine import insert_unless_there

_TALLIES = tables.TALLIES


class Tally(StrEnum):
    """What is counted."""

    DISPATCHER_ROUNDS = "dispatcher_rounds"
    """How often a dispatcher looked for work."""


async def add(tx: AsyncConnection, what: Tally, outcome: StrEnum | None = None, *, by: int = 1) -> None:
    """Count.

    Args:
        tx: the transaction of what is counted.
        what: the tally.
        outcome: of a closed vocabulary, so that the figures have a bounded number of lines; None: there is only one.
        by: how many.
    """
    named = "" if outcome is None else outcome.value
    await tx.execute(insert_unless_there(tx, _TALLIES), {"what": what.value, "outcome": named, "count": 0})
    await tx.execute(
        update(_TALLIES)
        .where(_TALLIES.c.what == what.value, _TALLIES.c.outcome == named)
        .values(count=_TALLIES.c.count + by)
    )


async def read(tx: AsyncConnection) -> Mapping[tuple[Tally, str], int]:
    """Every count, by tally and outcome."""
    known = _TALLIES.c.what.in_([tally.value for tally in Tally])
    rows = await tx.execute(select(_TALLIES.c.what, _TALLIES.c.outcome, _TALLIES.c["count"]).where(known))
    return {(Tally(what), outcome): count for what, outcome, count in rows}
