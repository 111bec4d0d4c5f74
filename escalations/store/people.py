"""Who may sign in, with which roles, from when to when.

Name and address are sealed under a key of each person's own; the address is found by a keyed digest. Who leaves and
comes back is a new row: what they did before stays with the old one, and so do its sessions.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.rules.access import Refused, Role
from escalations.store import access_log, tables
from escalations.store.access_log import What
from escalations.store.vault import Sealed, Vault

_PEOPLE = tables.PEOPLE

SAMPLES: Final = (
    ("team@partnership.example", "Sample team member", Role.TEAM),
    ("reviewer@partnership.example", "Sample reviewer", Role.REVIEWER),
    ("administrator@partnership.example", "Sample administrator", Role.ADMINISTRATOR),
)
"""Invented people of a first look: address, name and role."""

LAST_ADMINISTRATOR: Final = Refused(
    "last_administrator",
    "Nobody else is an administrator, so nobody could let anybody in any more. Make somebody else an administrator "
    "first.",
)
ALREADY_THERE: Final = Refused("already_there", "Somebody with this address may sign in already. Change their roles.")
NOBODY: Final = Refused("no_such_person", "Nobody with this address may sign in.")
NO_ROLE: Final = Refused("no_role", "Choose at least one role. To let somebody in no more, end their access.")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in, or could."""

    person_id: str
    name: str
    address: str
    roles: frozenset[Role]
    since: datetime
    until: datetime | None
    sample: bool


async def add(
    tx: AsyncConnection,
    keys: Vault,
    *,
    address: str,
    name: str,
    roles: Collection[Role],
    now: datetime,
    by: str | None,
    sample: bool = False,
) -> str | Refused:
    """Let somebody sign in from now on, and give their id.

    Args:
        tx: a transaction that may write.
        keys: seals name and address.
        address: where their links go.
        name: as it stands beside what they do.
        roles: one or more.
        now: the moment.
        by: the administrator who does it; none for the command line.
        sample: whether the person is invented.
    """
    if not roles:
        return NO_ROLE
    if await _current(tx, keys, address) is not None:
        return ALREADY_THERE
    person_id = secrets.token_hex(16)
    plain = json.dumps({"name": name.strip(), "address": address.strip()}, ensure_ascii=False).encode()
    box = await keys.seal(tx, plain, table=_PEOPLE.name, column="sealed", row=person_id)
    await tx.execute(
        insert(_PEOPLE).values(
            person_id=person_id,
            sealed=box.data,
            key_id=box.key_id,
            address_digest=address_digest(keys, address),
            roles=_written(roles),
            since=now,
            sample=sample,
        )
    )
    await access_log.write(tx, What.PERSON_ADDED, at=now, role=Role.ADMINISTRATOR, person_id=by, about_person=person_id)
    return person_id


async def add_samples(tx: AsyncConnection, keys: Vault, *, now: datetime) -> int:
    """Let the invented people of a first look sign in, where nobody was ever let in; give how many."""
    if (await tx.execute(select(func.count()).select_from(_PEOPLE))).scalar_one():
        return 0
    for address, name, role in SAMPLES:
        await add(tx, keys, address=address, name=name, roles=(role,), now=now, by=None, sample=True)
    return len(SAMPLES)


async def find(tx: AsyncConnection, keys: Vault, address: str) -> Person | None:
    """Who may sign in with this address now, or none."""
    row = await _current(tx, keys, address)
    return None if row is None else await _opened(tx, keys, row)


async def is_sample(tx: AsyncConnection, keys: Vault, address: str) -> bool:
    """Whether an address is that of an invented person of a first look. It takes as long for everybody."""
    row = await _current(tx, keys, address)
    return row is not None and row.sample


async def get(tx: AsyncConnection, keys: Vault, person_id: str) -> Person | None:
    """The person of that id, also one whose access has ended."""
    row = (await tx.execute(select(_PEOPLE).where(_PEOPLE.c.person_id == person_id))).one_or_none()
    return None if row is None else await _opened(tx, keys, row)


async def listed(tx: AsyncConnection, keys: Vault) -> list[Person]:
    """Everybody who may sign in or once could: those of today first, by name."""
    rows = (await tx.execute(select(_PEOPLE))).all()
    found = [await _opened(tx, keys, row) for row in rows]
    return sorted(found, key=lambda person: (person.until is not None, person.name.casefold()))


async def counted(tx: AsyncConnection) -> Mapping[Role, int]:
    """How many may sign in now, by role; nobody is named, and no key is needed."""
    rows = (await tx.execute(select(_PEOPLE.c.roles).where(_PEOPLE.c.until.is_(None)))).scalars().all()
    return {role: sum(role in roles_of(written) for written in rows) for role in Role}


async def names(tx: AsyncConnection, keys: Vault, person_ids: Iterable[str]) -> Mapping[str, str]:
    """The names of these people."""
    wanted = set(person_ids)
    rows = (await tx.execute(select(_PEOPLE).where(_PEOPLE.c.person_id.in_(wanted)))).all() if wanted else ()
    return {row.person_id: (await _opened(tx, keys, row)).name for row in rows}


async def change_roles(
    tx: AsyncConnection, person_id: str, roles: Collection[Role], *, now: datetime, by: str | None
) -> Refused | None:
    """Give somebody other roles, from the next page that they open."""
    if not roles:
        return NO_ROLE
    if Role.ADMINISTRATOR not in roles and (refused := await _leaves_nobody(tx, person_id)) is not None:
        return refused
    done = await tx.execute(
        update(_PEOPLE).where(_PEOPLE.c.person_id == person_id, _PEOPLE.c.until.is_(None)).values(roles=_written(roles))
    )
    if done.rowcount != 1:
        return NOBODY
    await access_log.write(
        tx, What.ROLES_CHANGED, at=now, role=Role.ADMINISTRATOR, person_id=by, about_person=person_id
    )
    return None


async def end(tx: AsyncConnection, person_id: str, *, now: datetime, by: str | None) -> Refused | None:
    """Let somebody in no more, from the next page that they open. Their links stop working too."""
    if (refused := await _leaves_nobody(tx, person_id)) is not None:
        return refused
    done = await tx.execute(
        update(_PEOPLE).where(_PEOPLE.c.person_id == person_id, _PEOPLE.c.until.is_(None)).values(until=now)
    )
    if done.rowcount != 1:
        return NOBODY
    await access_log.write(tx, What.ACCESS_ENDED, at=now, role=Role.ADMINISTRATOR, person_id=by, about_person=person_id)
    return None


def address_digest(keys: Vault, address: str) -> str:
    """A keyed digest of an address: equal for the same mailbox, and it gives nothing away."""
    return keys.digest(f"person address 1\n{address.strip().casefold()}".encode())


def roles_of(written: str) -> frozenset[Role]:
    """The roles as they stand in a row."""
    return frozenset(Role(role) for role in written.split(","))


async def _leaves_nobody(tx: AsyncConnection, person_id: str) -> Refused | None:
    """Whether this person is the last administrator. Invented ones do not count beside real ones."""
    # Locks them all, so that two who take each other's role away at the same moment come one after the other.
    rows = (await tx.execute(select(_PEOPLE).where(_PEOPLE.c.until.is_(None)).with_for_update())).all()
    administrators = {row.person_id: row for row in rows if Role.ADMINISTRATOR in roles_of(row.roles)}
    ending = administrators.pop(person_id, None)
    if ending is None or any(ending.sample or not other.sample for other in administrators.values()):
        return None
    return LAST_ADMINISTRATOR


async def _current(tx: AsyncConnection, keys: Vault, address: str) -> Row[Any] | None:
    return (
        await tx.execute(
            select(_PEOPLE).where(_PEOPLE.c.address_digest == address_digest(keys, address), _PEOPLE.c.until.is_(None))
        )
    ).one_or_none()


async def _opened(tx: AsyncConnection, keys: Vault, row: Row[Any]) -> Person:
    sealed = Sealed(row.key_id, row.sealed)
    plain = json.loads(await keys.open(tx, sealed, table=_PEOPLE.name, column="sealed", row=row.person_id))
    return Person(row.person_id, plain["name"], plain["address"], roles_of(row.roles), row.since, row.until, row.sample)


def _written(roles: Collection[Role]) -> str:
    return ",".join(sorted(role.value for role in roles))
