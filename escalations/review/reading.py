"""Reading the register for a review: once from its beginning, and afterwards only what is new."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.review.dataset import LEFT_OUT, Agency, Known, Life, Message
from escalations.rules import events
from escalations.rules.case import Frame
from escalations.store import cases, mails, read_models, register, tables
from escalations.store.engine import Database

_REGISTER = tables.REGISTER
_PAGE: Final = 1000
_KINDS_LEFT_OUT: Final = [kind.model_fields["kind"].default for kind in LEFT_OUT]
_ROWS = (
    select(_REGISTER.c.position, _REGISTER.c.reference, _REGISTER.c.body)
    .where(_REGISTER.c.kind.not_in(_KINDS_LEFT_OUT))
    .order_by(_REGISTER.c.position)
    .limit(_PAGE)
)


@dataclass(slots=True)
class Reader:
    """Keeps the cases that it has read, as far as it has read them. The register only grows, so the rest is new."""

    database: Database
    _lives: dict[str, Life] = field(default_factory=dict)
    _frames: dict[tuple[str, str], Frame] = field(default_factory=dict)
    _position: int = 0
    _first: str = ""
    """The hash of the register's first row: another one is another register, such as one that was put back."""
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, *, now: datetime, at_position: int | None = None) -> Known:
        """Everything that the register tells, by now or by one of its positions.

        Raises:
            read_models.NotACase: an escalation does not begin with the event that raises it.
            frozen.NotFrozen: a policy or calendar that a case is frozen to is not kept.
            engine.DatabaseAway: the database cannot be reached.
        """
        if at_position is not None:
            other = Reader(self.database, _frames=self._frames)
            return await other._up_to(at_position, now=now)
        return await self._up_to(None, now=now)

    async def _up_to(self, position: int | None, *, now: datetime) -> Known:
        async with self._reading, self.database.read() as tx:
            last = await register.last_position(tx)
            began = await _row(tx, 1)
            if last < self._position or (began is not None and began[1] != self._first):
                self._lives, self._position = {}, 0
                self._first = "" if began is None else began[1]
            upto = last if position is None else min(position, last)
            await self._go_on(tx, upto)
            agencies = await _agencies(tx)
            end = await _row(tx, upto)
            known_at = now if position is None or end is None else end[0]
            messages = await _messages(tx, known_at)
        return Known(
            cases=tuple(life.told() for life in self._lives.values()),
            agencies=agencies,
            position=upto,
            known_at=known_at,
            began_at=None if began is None or not upto else began[0],
            messages=messages,
        )

    async def _go_on(self, tx: AsyncConnection, upto: int) -> None:
        while self._position < upto:
            page = (await tx.execute(_ROWS.where(_REGISTER.c.position > self._position))).all()
            for position, reference, body in page:
                if position > upto:
                    break
                event = events.loads(body)
                life = self._lives.get(reference)
                if life is None:
                    self._lives[reference] = await self._begin(tx, reference, event)
                else:
                    life.tell(event)
                    if isinstance(event, events.Redated):
                        life.framed(await self._frame(tx, event))
                self._position = position
            if len(page) < _PAGE or page[-1].position > upto:
                self._position = upto

    async def _begin(self, tx: AsyncConnection, reference: str, event: events.Event) -> Life:
        if not isinstance(event, events.Raised):
            raise read_models.NotACase("the first event of an escalation does not raise it")
        return Life.begun(reference, event, await self._frame(tx, event))

    async def _frame(self, tx: AsyncConnection, event: events.Raised | events.Redated) -> Frame:
        hashes = (event.policy_hash, event.calendar_hash)
        if hashes not in self._frames:
            self._frames[hashes] = await cases.frame_of(tx, event)
        return self._frames[hashes]


async def _messages(tx: AsyncConnection, known_at: datetime) -> tuple[Message, ...]:
    """What waited for the team by then, as it stood then."""
    return tuple(
        Message(one.received_at, one.due_at, one.looked_at, put_aside=one.put_aside, why=one.why)
        if one.looked_at is not None and one.looked_at <= known_at
        else Message(one.received_at, one.due_at, None)
        for one in await mails.waited(tx)
        if one.received_at <= known_at
    )


async def _row(tx: AsyncConnection, position: int) -> tuple[datetime, str] | None:
    row = (
        await tx.execute(select(_REGISTER.c.recorded_at, _REGISTER.c.hash).where(_REGISTER.c.position == position))
    ).one_or_none()
    return None if row is None else (row.recorded_at, row.hash)


async def _agencies(tx: AsyncConnection) -> Mapping[str, Agency]:
    """Every agency that the directory ever held: a case of an agency that has closed since keeps its type."""
    of = tables.AGENCIES.c
    rows = await tx.execute(select(of.agency_id, of.agency_type, of.active_from, of.active_to))
    return {row.agency_id: Agency(row.agency_id, row.agency_type, row.active_from, row.active_to) for row in rows}
