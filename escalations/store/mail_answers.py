"""What we have answered to whom: the budget of an address is counted from it. No address stands in it, and no word.

One row for each answer to a message that came. Addresses are known again by their keyed digests, like those of senders.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.store import tables

KEPT: Final = timedelta(days=2)
"""How long an answer is known. A budget looks back a day."""

_ANSWERS = tables.MAIL_ANSWERS


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that an address was given."""

    at: datetime
    what: str
    quiet_until: datetime | None = None
    """Until when it gets no other, where it was told so."""


async def to_address(
    tx: AsyncConnection, address_key: str, *, proven: bool, since: datetime, to_writer: bool = True
) -> tuple[Given, ...]:
    """What an address was answered since a moment, oldest first.

    Args:
        tx: a transaction.
        address_key: the keyed digest of the address.
        proven: whether its mail server vouched for what was answered. What somebody sends in another's name, and nobody
            vouches for, uses up nothing of what that other one is answered.
        since: the moment.
        to_writer: what answered their own messages; or else what told them of somebody else's.
    """
    rows = await tx.execute(
        select(_ANSWERS.c.at, _ANSWERS.c.what, _ANSWERS.c.quiet_until)
        .where(
            _ANSWERS.c.address_key == address_key,
            _ANSWERS.c.at > since,
            _ANSWERS.c.proven == proven,
            _ANSWERS.c.to_writer == to_writer,
        )
        .order_by(_ANSWERS.c.at, _ANSWERS.c.answer_id)
    )
    return tuple(Given(row.at, row.what, row.quiet_until) for row in rows)


async def to_others(tx: AsyncConnection, *, since: datetime) -> int:
    """How many answers have gone since a moment to addresses that we do not write to about a case."""
    query = select(func.count()).select_from(_ANSWERS).where(_ANSWERS.c.at > since, _ANSWERS.c.of_party.is_(False))
    return int((await tx.execute(query)).scalar_one())


async def forget(tx: AsyncConnection, *, now: datetime) -> int:
    """Take out what no budget is counted from any more, and give how many there were."""
    over = (_ANSWERS.c.at < now - KEPT, or_(_ANSWERS.c.quiet_until.is_(None), _ANSWERS.c.quiet_until < now))
    return (await tx.execute(delete(_ANSWERS).where(*over))).rowcount


async def quiet(tx: AsyncConnection, *, now: datetime) -> int:
    """How many addresses are not answered at present, because so much came from them. For the team's page."""
    query = select(func.count(func.distinct(_ANSWERS.c.address_key))).where(_ANSWERS.c.quiet_until > now)
    return int((await tx.execute(query)).scalar_one())


async def write(
    tx: AsyncConnection,
    mail_id: str,
    *,
    at: datetime,
    address_key: str,
    what: str,
    proven: bool,
    of_party: bool,
    to_writer: bool,
    quiet_until: datetime | None = None,
) -> None:
    """Note an answer before it leaves: one that is lost is a courtesy lost, and two of it are a loop begun.

    Args:
        tx: a transaction that may write.
        mail_id: the message that it answers.
        at: the moment.
        address_key: the keyed digest of the address that it goes to.
        what: which answer.
        proven: whether the sender's mail server vouched for what it answers.
        of_party: whether the address is one that we write to about a case.
        to_writer: whether whoever wrote gets it.
        quiet_until: until when the address gets no other.
    """
    await tx.execute(
        insert(_ANSWERS).values(
            answer_id=secrets.token_hex(16),
            mail_id=mail_id,
            at=at,
            address_key=address_key,
            what=what,
            proven=proven,
            of_party=of_party,
            to_writer=to_writer,
            quiet_until=quiet_until,
        )
    )
