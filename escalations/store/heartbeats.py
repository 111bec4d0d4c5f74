"""When each part was last seen: the dead-man signal of an installation of several processes.

A part writes one row, again and again, and only while it does its work. What a part cannot say any more, its old row
says. Names of machines stand in the rows, for `escalations alive` and the doctor, and leave by no other way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.store import tables
from escalations.store.engine import insert_unless_there

_BEATS = tables.HEARTBEATS

EVERY: Final = timedelta(seconds=15)
"""How often a part says that it works."""
LOST_AFTER: Final = timedelta(seconds=60)
"""Not seen for this long, a part is taken for away: four beats."""
POST_LOST_AFTER: Final = timedelta(minutes=5)
"""The post round comes every minute, and one with a slow relay may take its time."""
FORGOTTEN_AFTER: Final = timedelta(days=7)
"""A machine that has not been seen for so long is not one of ours any more: a container that was made anew."""


class Part(StrEnum):
    """What runs, of an installation."""

    WEB = "web"
    DISPATCHER = "dispatcher"
    WORKER = "worker"
    MAIL = "mail"
    """The mail intake, where there is one."""
    POST = "post"
    """The post round: it beats only where Temporal, its schedule, a worker and the database all do their part."""


NEEDED: Final = (Part.DISPATCHER, Part.WORKER, Part.POST)
"""Without one of these what was received waits, or no reminder leaves."""


@dataclass(frozen=True, slots=True)
class Seen:
    """When a part was last seen, on whichever machine that was."""

    part: Part
    at: datetime
    machines: int
    """How many machines ran one lately."""

    def is_lost(self, now: datetime) -> bool:
        """Whether it was not seen for too long."""
        return now - self.at > lost_after(self.part)


def lost_after(part: Part) -> timedelta:
    """How long a part may be out of sight."""
    return POST_LOST_AFTER if part is Part.POST else LOST_AFTER


async def beat(tx: AsyncConnection, parts: Collection[Part], *, host: str, started_at: datetime, at: datetime) -> None:
    """Say that these parts work, on this machine.

    Args:
        tx: a transaction that may write.
        parts: those that do.
        host: the machine, or the container.
        started_at: since when.
        at: the moment.
    """
    for part in sorted(parts):
        row = {"part": part.value, "host": host, "started_at": started_at, "seen_at": at}
        await tx.execute(insert_unless_there(tx, _BEATS), row)
        await tx.execute(
            update(_BEATS)
            .where(_BEATS.c.part == part.value, _BEATS.c.host == host)
            .values(started_at=started_at, seen_at=at)
        )


async def forget(tx: AsyncConnection, *, at: datetime) -> None:
    """Take away machines that have not been seen for a week, unless they are the last that ran a part."""
    newest = select(_BEATS.c.part, _BEATS.c.host).order_by(_BEATS.c.part, _BEATS.c.seen_at.desc())
    kept: dict[str, str] = {}
    for part, host in await tx.execute(newest):
        kept.setdefault(part, host)
    for part, host in kept.items():
        await tx.execute(
            delete(_BEATS).where(_BEATS.c.part == part, _BEATS.c.host != host, _BEATS.c.seen_at < at - FORGOTTEN_AFTER)
        )


async def seen(tx: AsyncConnection, *, now: datetime) -> Mapping[Part, Seen]:
    """When each part was last seen. One that never was is not in it."""
    found: dict[Part, Seen] = {}
    # A part of a newer version, which runs beside this one for the moment of an upgrade, is passed over.
    known = _BEATS.c.part.in_([part.value for part in Part])
    for name, at in await tx.execute(select(_BEATS.c.part, _BEATS.c.seen_at).where(known).order_by(_BEATS.c.seen_at)):
        part = Part(name)
        lately = now - at <= lost_after(part)
        so_far = found[part].machines if part in found else 0
        found[part] = Seen(part, at, so_far + lately)
    return found


async def seen_here(tx: AsyncConnection, part: Part, *, host: str) -> datetime | None:
    """When a part was last seen on one machine; None: never."""
    row = await tx.execute(select(_BEATS.c.seen_at).where(_BEATS.c.part == part.value, _BEATS.c.host == host))
    return row.scalar_one_or_none()
