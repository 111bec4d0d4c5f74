"""What our own record says of a time in which our system is said not to have run.

"Our system was not running" is a cause that excuses everybody else, so it is not taken on anybody's word where our own
record can say more: whatever was recorded in the middle of that time shows that the system ran, and a time limit that
was due then and was noted only afterwards shows that it did not.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.rules.case import OwnRecord
from escalations.store import tables

_REGISTER, _CLOCKS = tables.REGISTER, tables.CLOCKS


async def of(tx: AsyncConnection, *, since: datetime, until: datetime) -> tuple[OwnRecord, datetime | None]:
    """What it says, and where it contradicts, the first moment at which something was recorded.

    Args:
        tx: a transaction.
        since: the beginning of the time, which does not belong to it.
        until: its end, which does not either.
    """
    written = (
        select(_REGISTER.c.recorded_at)
        .where(_REGISTER.c.recorded_at > since, _REGISTER.c.recorded_at < until)
        .order_by(_REGISTER.c.recorded_at)
        .limit(1)
    )
    at = (await tx.execute(written)).scalar_one_or_none()
    if at is not None:
        return OwnRecord.CONTRADICTS, at
    noted_late = (
        select(_CLOCKS.c.clock_id)
        .where(_CLOCKS.c.due_at > since, _CLOCKS.c.due_at < until, _CLOCKS.c.limit_passed_at >= until)
        .limit(1)
    )
    agrees = (await tx.execute(noted_late)).one_or_none() is not None
    return (OwnRecord.AGREES if agrees else OwnRecord.SAYS_NOTHING), None
