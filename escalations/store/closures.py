"""On which days agencies are closed: term dates of a council, and a school's own days on top.

A council's term dates hold for the agencies of the types that were named when they were loaded. Whose they follow is
found in this order, and never by best match: the nearest of their parents that has term dates; where none of them has,
the one council whose term dates are held here. Where several are held, and none of them is a parent, they follow none.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.packs.term_dates import Days
from escalations.rules.civiltime import Closure
from escalations.store import tables

_DAYS = tables.CLOSED_DAYS
_AGENCIES = tables.AGENCIES
_STANDING = select(_DAYS).where(_DAYS.c.replaced_at.is_(None)).order_by(_DAYS.c.first, _DAYS.c.day_id)
_ON = select(_DAYS.c.day_id).where(
    _DAYS.c.replaced_at.is_(None), _DAYS.c.first <= bindparam("day"), _DAYS.c.last >= bindparam("day")
)
_SATURDAY = 5
_LONGEST = 366


@dataclass(frozen=True, slots=True)
class Shut:
    """That an agency is closed on a day."""

    why: str
    opens_on: date
    """The first working day on which it is open again."""


@dataclass(frozen=True, slots=True)
class _Stored:
    owner: str
    types: tuple[str, ...]
    """Of a council; empty for an agency's own."""
    days: Days


@dataclass(frozen=True, slots=True)
class _Agency:
    agency_type: str
    parent: str | None


async def put(
    tx: AsyncConnection, owner: str, days: Sequence[Days], *, types: Sequence[str] = (), at: datetime
) -> tuple[int, int]:
    """Enter days, and give how many are new and how many took whose place.

    What stood there from the first of these days to the last is replaced: a file says all of its own time.

    Args:
        tx: a transaction that may write.
        owner: the council, or the agency.
        days: what was read.
        types: the types of agencies that follow a council's; none for an agency's own.
        at: the moment.
    """
    first, last = min(one.first for one in days), max(one.last for one in days)
    of_it = _DAYS.c.types.is_not(None) if types else _DAYS.c.types.is_(None)
    replaced = await tx.execute(
        update(_DAYS)
        .where(
            _DAYS.c.owner == owner, of_it, _DAYS.c.replaced_at.is_(None), _DAYS.c.first <= last, _DAYS.c.last >= first
        )
        .values(replaced_at=at)
    )
    await tx.execute(
        insert(_DAYS),
        [
            {
                "day_id": secrets.token_hex(16),
                "owner": owner,
                "types": ",".join(types) if types else None,
                "first": one.first,
                "last": one.last,
                "why": one.why,
                "opens": one.opens,
                "entered_at": at,
            }
            for one in days
        ],
    )
    return len(days), replaced.rowcount


async def shut(tx: AsyncConnection, agency_id: str, day: date) -> Shut | None:
    """Whether an agency is closed on a day, why, and when it opens again; None where it is open."""
    if (await tx.execute(_ON.limit(1), {"day": day})).first() is None:
        return None
    # All that stands: whose dates an agency follows is no question of the day.
    stored = [_stored(row) for row in await tx.execute(_STANDING)]
    own, followed = _of(agency_id, stored, await _agencies(tx))
    why = _closed_on(day, own, followed)
    if why is None:
        return None
    opens = day
    for _ in range(_LONGEST):
        opens += timedelta(days=1)
        if opens.weekday() < _SATURDAY and _closed_on(opens, own, followed) is None:
            break
    return Shut(why, opens)


async def closures(tx: AsyncConnection) -> dict[str, tuple[Closure, ...]]:
    """The closures of every agency that has any, by its id; without the days on which it says that it is open."""
    stored = [_stored(row) for row in await tx.execute(_STANDING)]
    if not stored:
        return {}
    agencies = await _agencies(tx)
    found = {agency_id: _closures(*_of(agency_id, stored, agencies)) for agency_id in agencies}
    return {agency_id: days for agency_id, days in sorted(found.items()) if days}


async def _agencies(tx: AsyncConnection) -> dict[str, _Agency]:
    columns = (_AGENCIES.c.agency_id, _AGENCIES.c.agency_type, _AGENCIES.c.parent)
    return {row.agency_id: _Agency(row.agency_type, row.parent) for row in await tx.execute(select(*columns))}


def _of(
    agency_id: str, stored: Sequence[_Stored], agencies: dict[str, _Agency]
) -> tuple[tuple[Days, ...], tuple[Days, ...]]:
    """An agency's own days, and those of the term dates that it follows."""
    own = tuple(one.days for one in stored if one.owner == agency_id and not one.types)
    agency = agencies.get(agency_id)
    if agency is None:
        return own, ()
    theirs = [one for one in stored if agency.agency_type in one.types]
    owners = {one.owner for one in theirs}
    follows = next((one for one in _chain(agency_id, agencies) if one in owners), None)
    if follows is None and len(owners) == 1:
        (follows,) = owners
    return own, tuple(one.days for one in theirs if one.owner == follows)


def _chain(agency_id: str, agencies: dict[str, _Agency]) -> Iterable[str]:
    seen: list[str] = []
    at: str | None = agency_id
    while at is not None and at not in seen:
        seen.append(at)
        at = agencies[at].parent if at in agencies else None
    return seen


def _closed_on(day: date, own: Iterable[Days], followed: Iterable[Days]) -> str | None:
    """Why it is closed: its own word comes first, that it is open as well."""
    said = [one for one in own if one.first <= day <= one.last]
    if said:
        return None if any(one.opens for one in said) else said[0].why
    return next((one.why for one in followed if one.first <= day <= one.last), None)


def _closures(own: Iterable[Days], followed: Iterable[Days]) -> tuple[Closure, ...]:
    own = tuple(own)
    found = [one.closure for one in own if not one.opens]
    for one in followed:
        found.extend(_without(one, [other for other in own if other.opens]))
    return tuple(sorted(found, key=lambda closure: (closure.first, closure.last, closure.why)))


def _without(one: Days, open_days: Iterable[Days]) -> list[Closure]:
    """A closure, less the days on which the agency says that it is open."""
    left = [(one.first, one.last)]
    for other in open_days:
        cut = []
        for first, last in left:
            if other.last < first or other.first > last:
                cut.append((first, last))
                continue
            if first < other.first:
                cut.append((first, other.first - timedelta(days=1)))
            if other.last < last:
                cut.append((other.last + timedelta(days=1), last))
        left = cut
    return [Closure(first=first, last=last, why=one.why) for first, last in left]


def _stored(row: Row[tuple[object, ...]]) -> _Stored:
    values = row._mapping  # noqa: SLF001  SQLAlchemy's public name for it
    types = tuple(values["types"].split(",")) if values["types"] else ()
    return _Stored(values["owner"], types, Days(values["first"], values["last"], values["why"], values["opens"]))
