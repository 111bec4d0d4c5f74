"""What erasing the words of a case reaches: every place where something of it is sealed, its mail included.

A case's words stand under many data keys: one for each submission, each message by email that raised it or was added to
it, what the team did with such a message, and each session of somebody who used a link of it. Erasing them leaves every
row and every hash as it was, so the register still verifies. That somebody may have a case erased is decided elsewhere:
by a person, never by time (rules of practice, "Never by a timer, a parser or a score").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.store import tables
from escalations.store.mails import MailState
from escalations.store.vault import Vault

_WAITING: Final = (MailState.RECEIVED.value, MailState.HELD.value)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased of a case."""

    keys: int
    """How many data keys were erased; what was erased before is not counted again."""
    waiting: int
    """Messages that name the case and still wait to be looked at. Nobody knows yet whether they belong to it, so they
    stay: the team decides on them, and the case is erased again."""


async def case(tx: AsyncConnection, keys: Vault, reference: str, *, at: datetime) -> Erasure:
    """Erase everything that people wrote in a case, on whichever way it came.

    Args:
        tx: a transaction that may write; from its commit on nothing of it can be read.
        keys: erases.
        reference: the case.
        at: the moment.
    """
    states, received, acts = tables.MAIL_STATES.c, tables.MAILS.c, tables.MAIL_ACTS.c
    links, sessions, submissions = tables.LINKS.c, tables.LINK_SESSIONS.c, tables.SUBMISSIONS.c
    of_case = select(states.mail_id).where(states.reference == reference)
    settled = of_case.where(states.state.not_in(_WAITING))
    sealed_with = union(
        select(submissions.key_id).where(submissions.reference == reference),
        select(received.key_id).where(received.mail_id.in_(settled)),
        select(acts.key_id).where(acts.mail_id.in_(settled)),
        select(sessions.key_id)
        .join_from(tables.LINK_SESSIONS, tables.LINKS, links.link_id == sessions.link_id)
        .where(links.reference == reference),
    )
    erased = 0
    for key_id in (await tx.execute(sealed_with)).scalars().all():
        erased += await keys.erase(tx, key_id, at=at)
    waiting = of_case.where(states.state.in_(_WAITING)).subquery()
    left = (await tx.execute(select(func.count()).select_from(waiting))).scalar_one()
    return Erasure(erased, int(left))
