"""Messages that the team put aside: why, where that goes instead, and to whom a word of it is still owed.

Codes, and the words of the policy: nothing that anybody wrote. They stand in the append-only row of what the team did
(``mail_acts``). That a word is owed is noted with the act, and taken away before it leaves: it leaves at most once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.rules.case import Route
from escalations.rules.senders import PutAside
from escalations.store import tables

_ACTS = tables.MAIL_ACTS
_STATES = tables.MAIL_STATES


@dataclass(frozen=True, slots=True)
class Aside:
    """Why a message was put aside, and where it goes."""

    why: PutAside
    route: Route | None = None
    """Where it goes instead; none where it goes nowhere."""
    elsewhere: str | None = None
    """The same in the words of the policy, where that says where something goes that it is not for."""
    sent_there: bool | None = None
    """Whether the team has sent it there."""


def columns(aside: Aside | None) -> dict[str, object]:
    """As it is stored; for what is not put aside, empty."""
    return {
        "why": None if aside is None else aside.why.value,
        "route": None if aside is None or aside.route is None else aside.route.value,
        "elsewhere": None if aside is None else aside.elsewhere,
        "sent_there": None if aside is None else aside.sent_there,
    }


def of_row(row: Row[*tuple[Any, ...]]) -> Aside | None:
    """What a row of ``mail_acts`` says of it; none for other acts, and for what was put aside before it was asked."""
    if row.why is None:
        return None
    route = None if row.route is None else Route(row.route)
    return Aside(PutAside(row.why), route, row.elsewhere, row.sent_there)


async def of(tx: AsyncConnection, mail_id: str) -> Aside | None:
    """Why a message was put aside, where it was."""
    query = select(_ACTS).where(_ACTS.c.mail_id == mail_id, _ACTS.c.why.is_not(None)).limit(1)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else of_row(row)


async def owe(tx: AsyncConnection, mail_id: str, *, at: datetime) -> None:
    """Note that whoever wrote a message is to be told that it was put aside."""
    await tx.execute(update(_STATES).where(_STATES.c.mail_id == mail_id).values(aside_owed_at=at))


async def owed(tx: AsyncConnection) -> str | None:
    """A message of which whoever wrote it was not told yet that it was put aside."""
    waits = _STATES.c.aside_owed_at.is_not(None)
    query = select(_STATES.c.mail_id).where(waits).order_by(_STATES.c.aside_owed_at, _STATES.c.mail_id).limit(1)
    found = (await tx.execute(query)).scalar_one_or_none()
    return None if found is None else str(found)


async def word_leaves(tx: AsyncConnection, mail_id: str) -> bool:
    """Note that a word of it leaves, before it does, and give whether one was still owed."""
    waits = (_STATES.c.mail_id == mail_id, _STATES.c.aside_owed_at.is_not(None))
    return (await tx.execute(update(_STATES).where(*waits).values(aside_owed_at=None))).rowcount == 1
