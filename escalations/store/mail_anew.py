"""The same word on whether a case is urgent, a second time: a new answer, or what a mail program sent twice.

Within a day the same words of the same sender are one message. A reply of one line, ``Urgent: yes``, can be meant twice
with the same words: where the question was answered, or the case was put back, in between.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.policy import Track
from escalations.store import tables

_SAID = ("track_changed", "said_not_urgent")
"""The events by which somebody has said whether a case is urgent."""


async def says_if_urgent(tx: AsyncConnection, notice_id: str, *, urgent: bool, since: datetime) -> bool:
    """Whether it would change something now, and somebody has said which it is since the same words came first.

    Where nobody has, what came first is still on its way.

    Args:
        tx: a transaction.
        notice_id: the notice that is answered.
        urgent: what the answer says.
        since: when the same words came first.
    """
    notices, cases, entries = tables.NOTICES.c, tables.CASES.c, tables.REGISTER.c
    reference = select(notices.reference).where(notices.notice_id == notice_id).scalar_subquery()
    query = select(cases.track, cases.asked_if_urgent).where(cases.reference == reference)
    case = (await tx.execute(query)).one_or_none()
    if case is None or case.track != Track.STANDARD.value or not (urgent or case.asked_if_urgent):
        return False
    said = select(func.count()).where(
        entries.reference == reference, entries.kind.in_(_SAID), entries.recorded_at >= since
    )
    return int((await tx.execute(said)).scalar_one()) > 0
