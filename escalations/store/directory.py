"""Agencies, their positions, and who holds a position on a day.

Agencies and titles are no secret; names, addresses and numbers are sealed, under a key of each holding's own. The
directory is asked when a notice is delivered, so a change of staff reaches the cases that are open.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors
from escalations.rules.senders import Known
from escalations.store import domains, tables, vault
from escalations.store.directory_file import DirectoryFile, Holding, Notices, Person, PositionKind
from escalations.store.references import CIVIL

TEAM_AGENCY = "partnership-team"
"""The partnership team's own agency: whoever belongs to no other is looked for here."""
LEAD = "escalation_lead"
"""The position to which an agency's empty ones fall."""
_AGENCIES = tables.AGENCIES
_POSITIONS = tables.POSITIONS
_DOMAINS = tables.AGENCY_DOMAINS
_KEYS = tables.DATA_KEYS
_AGENCY = select(_AGENCIES).where(_AGENCIES.c.agency_id == bindparam("agency"))
_ON_DAY = select(_POSITIONS).where(
    _POSITIONS.c.replaced_at.is_(None),
    _POSITIONS.c.since <= bindparam("day"),
    or_(_POSITIONS.c.until.is_(None), _POSITIONS.c.until >= bindparam("day")),
)
_STANDING = select(_POSITIONS).where(_POSITIONS.c.replaced_at.is_(None))
_HELD = (
    _ON_DAY.where(_POSITIONS.c.agency_id == bindparam("agency"), _POSITIONS.c.position == bindparam("position"))
    .order_by(_POSITIONS.c.since.desc(), _POSITIONS.c.holding_id)
    .limit(1)
)


class Rule(StrEnum):
    """By which rule somebody was found. Whoever stands in is told so."""

    HOLDER = "holder"
    DEPUTY = "deputy"
    """The holder does not work on that day, or the agency is closed."""
    LEAD = "lead"
    """Nobody holds the position, so it fell to the agency's escalation lead, or to the lead's deputy."""
    STAND_IN = "stand_in"
    """The agency is closed and has no deputy, so it fell to its parent's lead (a trust's, or the council's)."""

    NEXT_PERSON = "next_person"
    """One person holds the position and the one on the rung below, so it went to the next rung held by another."""


class NotEmpty(errors.FinalOurs):
    """A file is loaded only into a directory without agencies: it must not undo what people have entered since."""

    code = "directory_not_empty"


class UnknownAgency(errors.FinalOurs):
    """The directory has no agency of this id."""

    code = "unknown_agency"


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency, or the partnership's team or final body (both of type ``partnership``)."""

    agency_id: str
    name: str
    agency_type: str
    town: str
    parent: str | None
    successor: str | None
    """The agency that follows it from the day after ``active_to``. Never put in its place without a person's word."""
    notices: Notices
    active_from: date
    active_to: date | None
    sample: bool

    def active(self, on: datetime) -> bool:
        """Whether it exists on the civil day of a moment."""
        return self.active_from <= _day(on) <= (self.active_to or date.max)


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to write to or to phone."""

    agency_id: str
    position: str
    """The position that was asked for."""
    held: str
    """The position that this person holds, or is deputy of; another one where it fell to the lead."""
    title: str
    """The title of the position held, in the agency's own words."""
    kind: PositionKind
    name: str
    email: str
    phone: str | None
    rule: Rule


async def load(tx: AsyncConnection, keys: vault.Vault, file: DirectoryFile) -> int:
    """Fill an empty directory from a file, and give the number of agencies.

    Raises:
        NotEmpty: there are agencies already.
    """
    if not await is_empty(tx):
        raise NotEmpty("the directory has agencies already")
    # Parents first, then what refers to them: the file checks that each is named and that none is its own ancestor.
    for agency in file.in_order():
        await tx.execute(
            insert(_AGENCIES).values(
                agency_id=agency.id,
                name=agency.name,
                agency_type=agency.type,
                town=agency.town,
                parent=agency.parent,
                notices=agency.notices.value,
                active_from=agency.active_from,
                active_to=agency.active_to,
                sample=file.sample,
            )
        )
        for domain in dict.fromkeys(agency.domains):
            await tx.execute(insert(_DOMAINS).values(domain=domain, agency_id=agency.id))
        for holding in agency.positions:
            await appoint(tx, keys, agency.id, holding)
    for agency in file.agencies:
        await tx.execute(update(_AGENCIES).where(_AGENCIES.c.agency_id == agency.id).values(successor=agency.successor))
    return len(file.agencies)


async def is_empty(tx: AsyncConnection) -> bool:
    """Whether there is no agency yet."""
    return (await tx.execute(select(func.count()).select_from(_AGENCIES))).scalar_one() == 0


async def appoint(
    tx: AsyncConnection, keys: vault.Vault, agency_id: str, holding: Holding, *, at: datetime | None = None
) -> str:
    """Enter who holds a position from a day on, and give the holding's id.

    Whoever held it before does so until the day before, and what was entered from a later day on stays as it is: this
    one then ends the day before that. What was entered from the very same day is replaced, and kept.

    Args:
        tx: a transaction.
        keys: seals the names and addresses.
        agency_id: the agency.
        holding: who, and from which day.
        at: the moment, for a holding of the same day that this one replaces; none where there can be no such.
    """
    holding_id = secrets.token_hex(16)
    of_it = (
        _POSITIONS.c.agency_id == agency_id,
        _POSITIONS.c.position == holding.position,
        _POSITIONS.c.replaced_at.is_(None),
    )
    if at is not None:
        await tx.execute(update(_POSITIONS).where(*of_it, _POSITIONS.c.since == holding.since).values(replaced_at=at))
    await tx.execute(
        update(_POSITIONS)
        .where(
            *of_it,
            _POSITIONS.c.since < holding.since,
            or_(_POSITIONS.c.until.is_(None), _POSITIONS.c.until >= holding.since),
        )
        .values(until=holding.since - timedelta(days=1))
    )
    later = await tx.execute(select(func.min(_POSITIONS.c.since)).where(*of_it, _POSITIONS.c.since > holding.since))
    followed = later.scalar_one_or_none()
    until = min(
        (day for day in (holding.until, followed and followed - timedelta(days=1)) if day is not None), default=None
    )
    holder = await _sealed(tx, keys, holding.holder, column="sealed_holder", row=holding_id, key_id=None)
    key_id = holder.key_id if holder else None
    deputy = await _sealed(tx, keys, holding.deputy, column="sealed_deputy", row=holding_id, key_id=key_id)
    await tx.execute(
        insert(_POSITIONS).values(
            holding_id=holding_id,
            agency_id=agency_id,
            position=holding.position,
            title=holding.title,
            kind=holding.kind.value,
            working_days=",".join(str(day) for day in holding.weekdays),
            since=holding.since,
            until=until,
            sealed_holder=holder.data if holder else None,
            sealed_deputy=deputy.data if deputy else None,
            key_id=key_id or (deputy.key_id if deputy else None),
            holder_digest=holding.holder and _digest(keys, holding.holder.email),
            deputy_digest=holding.deputy and _digest(keys, holding.deputy.email),
        )
    )
    return holding_id


async def agency(tx: AsyncConnection, agency_id: str) -> Agency | None:
    """One agency; None where the directory has none of this id."""
    row = (await tx.execute(_AGENCY, {"agency": agency_id})).one_or_none()
    return None if row is None else _agency(row)


async def agencies(tx: AsyncConnection, on: datetime) -> list[Agency]:
    """The agencies that exist on a day, by name: to choose from, with town and type, never by best match."""
    rows = await tx.execute(select(_AGENCIES))
    active = (found for found in map(_agency, rows) if found.active(on))
    return sorted(active, key=lambda found: (found.name.casefold(), found.agency_id))


@dataclass(frozen=True, slots=True)
class Held:
    """A holding as it is stored, opened."""

    holding_id: str
    agency_id: str
    position: str
    title: str
    kind: PositionKind
    weekdays: tuple[int, ...]
    """Monday is 0."""
    since: date
    until: date | None
    holder: Person | None
    """None where it is vacant, and where the details were erased."""
    deputy: Person | None
    key_id: str | None

    def on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.since <= day <= (self.until or date.max)

    @property
    def vacant(self) -> bool:
        """Whether nobody is named, not even a deputy."""
        return self.holder is None and self.deputy is None


async def holdings(tx: AsyncConnection, keys: vault.Vault, agency_id: str | None = None) -> list[Held]:
    """Every holding that stands, of one agency or of all: by agency and position, the earliest first.

    Raises:
        vault.CannotOpen: what is stored was changed, or the settings lack the key.
    """
    query = _STANDING.order_by(_POSITIONS.c.agency_id, _POSITIONS.c.position, _POSITIONS.c.since)
    if agency_id is not None:
        query = query.where(_POSITIONS.c.agency_id == agency_id)
    return [await _held(tx, keys, row) for row in (await tx.execute(query)).all()]


async def holding(tx: AsyncConnection, keys: vault.Vault, holding_id: str) -> Held | None:
    """A holding that stands; None where there is none of this id.

    Raises:
        vault.CannotOpen: what is stored was changed, or the settings lack the key.
    """
    row = (await tx.execute(_STANDING.where(_POSITIONS.c.holding_id == holding_id))).one_or_none()
    return None if row is None else await _held(tx, keys, row)


async def _held(tx: AsyncConnection, keys: vault.Vault, row: Row[*tuple[Any, ...]]) -> Held:
    return Held(
        holding_id=row.holding_id,
        agency_id=row.agency_id,
        position=row.position,
        title=row.title,
        kind=PositionKind(row.kind),
        weekdays=tuple(int(day) for day in row.working_days.split(",") if day),
        since=row.since,
        until=row.until,
        holder=await _person(tx, keys, row, "sealed_holder"),
        deputy=await _person(tx, keys, row, "sealed_deputy"),
        key_id=row.key_id,
    )


@dataclass(frozen=True, slots=True)
class Span:
    """Whether a position is held from one day to another, without who holds it."""

    agency_id: str
    position: str
    title: str
    since: date
    until: date | None
    held: bool
    """Whether somebody is named, were it a deputy alone, and not erased."""

    def on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.since <= day <= (self.until or date.max)


async def spans(tx: AsyncConnection) -> list[Span]:
    """Every holding that stands, the earliest first, with nothing opened: for lists, which name nobody."""
    named = or_(_POSITIONS.c.sealed_holder.is_not(None), _POSITIONS.c.sealed_deputy.is_not(None))
    query = (
        select(
            *(_POSITIONS.c[name] for name in ("agency_id", "position", "title", "since", "until")),
            (named & _KEYS.c.wrapped.is_not(None)).label("held"),
        )
        .outerjoin(_KEYS, _KEYS.c.key_id == _POSITIONS.c.key_id)
        .where(_POSITIONS.c.replaced_at.is_(None))
        .order_by(_POSITIONS.c.agency_id, _POSITIONS.c.position, _POSITIONS.c.since)
    )
    return [
        Span(row.agency_id, row.position, row.title, row.since, row.until, bool(row.held))
        for row in await tx.execute(query)
    ]


async def all_agencies(tx: AsyncConnection) -> dict[str, Agency]:
    """Every agency that there ever was, by its id."""
    return {row.agency_id: _agency(row) for row in await tx.execute(select(_AGENCIES))}


async def all_domains(tx: AsyncConnection) -> dict[str, tuple[str, ...]]:
    """The domains that are an agency's own, by the agency's id."""
    found: dict[str, list[str]] = {}
    for row in await tx.execute(select(_DOMAINS).order_by(_DOMAINS.c.domain)):
        found.setdefault(row.agency_id, []).append(row.domain)
    return {agency_id: tuple(names) for agency_id, names in found.items()}


async def domains_of(tx: AsyncConnection, agency_id: str) -> tuple[str, ...]:
    """The mail domains that are an agency's own, by name."""
    rows = await tx.execute(
        select(_DOMAINS.c.domain).where(_DOMAINS.c.agency_id == agency_id).order_by(_DOMAINS.c.domain)
    )
    return tuple(rows.scalars())


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose own an address is, and how that is known."""

    agency_id: str | None = None
    known: Known = Known.NOBODY
    """A person whom the directory names, or no more than the agency's mail domain."""


async def whose_address(tx: AsyncConnection, keys: vault.Vault, address: str, on: datetime) -> Whose:
    """Whose own an address is, on the civil day of a moment.

    It is an agency's, where its domain is one of the agency's own, or where it is the address of somebody who holds a
    position there or deputises. An address that could be more than one agency's is nobody's: never by best match.

    Raises:
        vault.CannotOpen: what is stored was changed, or the settings lack the key.
    """
    domain = domains.domain_of(address)
    if domain is None:
        return Whose()
    claimed = await tx.execute(select(_DOMAINS.c.agency_id).where(_DOMAINS.c.domain == domain))
    named = set(await _agencies_with(tx, keys, address, on))
    found = sorted({*claimed.scalars(), *named})
    active = [one for one in found if (of := await agency(tx, one)) is not None and of.active(on)]
    if len(active) != 1:
        return Whose()
    return Whose(active[0], Known.PERSON if active[0] in named else Known.DOMAIN)


async def agency_of_address(tx: AsyncConnection, keys: vault.Vault, address: str, on: datetime) -> str | None:
    """The agency whose own an address is, however that is known; otherwise as :func:`whose_address`."""
    return (await whose_address(tx, keys, address, on)).agency_id


async def phone_of_address(
    tx: AsyncConnection, keys: vault.Vault, agency_id: str, address: str, on: datetime
) -> str | None:
    """The number of whoever has this address at an agency on a day, as the directory has it.

    Raises:
        vault.CannotOpen: what is stored was changed, or the settings lack the key.
    """
    phones = [
        person.phone for of, person in await _people_with(tx, keys, address, on) if of == agency_id and person.phone
    ]
    return phones[0] if phones else None


async def _agencies_with(tx: AsyncConnection, keys: vault.Vault, address: str, on: datetime) -> list[str]:
    """The agencies at which somebody of this address holds a position, or is a deputy."""
    return [agency_id for agency_id, _ in await _people_with(tx, keys, address, on)]


async def _people_with(tx: AsyncConnection, keys: vault.Vault, address: str, on: datetime) -> list[tuple[str, Person]]:
    """Whoever has this address and holds a position or deputises, with their agency."""
    digest, wanted = _digest(keys, address), domains.same_address(address)
    by_digest = or_(_POSITIONS.c.holder_digest == digest, _POSITIONS.c.deputy_digest == digest)
    found = []
    for row in (await tx.execute(_ON_DAY.where(by_digest), {"day": _day(on)})).all():
        # Opened as well: whoever was erased is nobody, whatever digest still stands there.
        people = [await _person(tx, keys, row, column) for column in ("sealed_holder", "sealed_deputy")]
        found += [
            (row.agency_id, person)
            for person in people
            if person is not None and domains.same_address(person.email) == wanted
        ]
    return found


async def titles(tx: AsyncConnection, agency_id: str, on: datetime) -> dict[str, str]:
    """What an agency calls its positions on a day, by their codes."""
    rows = await tx.execute(
        _ON_DAY.where(_POSITIONS.c.agency_id == agency_id).order_by(_POSITIONS.c.since), {"day": _day(on)}
    )
    return {row.position: row.title for row in rows}


async def set_notices(tx: AsyncConnection, agency_id: str, notices: Notices) -> None:
    """Say whether an agency is told by mail.

    Raises:
        UnknownAgency: there is none of this id.
    """
    done = await tx.execute(update(_AGENCIES).where(_AGENCIES.c.agency_id == agency_id).values(notices=notices.value))
    if done.rowcount != 1:
        raise UnknownAgency("there is no agency of this id")


async def holders(
    tx: AsyncConnection,
    keys: vault.Vault,
    agency_id: str | None,
    position: str,
    on: datetime,
    *,
    closed: bool = False,
) -> Contact | None:
    """Who is to be told, for a position, on the civil day of a moment; None where there is nobody in post.

    The holder; the deputy on a day on which the holder does not work; for an empty position the agency's escalation
    lead. Where the agency is closed: the deputy, then the lead of its parent.

    Args:
        tx: a transaction.
        keys: opens what is sealed.
        agency_id: the agency; None is the partnership team.
        position: the position's code.
        on: the moment.
        closed: whether the agency is closed on that day.

    Raises:
        vault.CannotOpen: what is stored was changed, or the settings lack the key.
    """
    agency_id = agency_id or TEAM_AGENCY
    if closed:
        return await _while_closed(tx, keys, agency_id, position, on)
    found = await _of_position(tx, keys, agency_id, position, on)
    if found is not None or position == LEAD:
        return found
    return await _as(Rule.LEAD, position, _of_position(tx, keys, agency_id, LEAD, on))


async def answers_for(
    tx: AsyncConnection,
    keys: vault.Vault,
    agency_id: str | None,
    position: str,
    *,
    address: str,
    on: datetime,
    closed: bool = False,
) -> bool:
    """Whether an address is the position's own on a day: of its holder, of its deputy, or of whoever stands in for it.

    What acknowledges comes from there; a clerk's "passed on", from another address of the agency, does not.

    Raises:
        vault.CannotOpen: what is stored was changed, or the settings lack the key.
    """
    own: set[str] = set()
    contact = await holders(tx, keys, agency_id, position, on, closed=closed)
    if contact is not None:
        own.add(contact.email.strip().lower())
    row = await _row(tx, agency_id or TEAM_AGENCY, position, on)
    for column in ("sealed_holder", "sealed_deputy"):
        person = None if row is None else await _person(tx, keys, row, column)
        if person is not None:
            own.add(person.email.strip().lower())
    return address.strip().lower() in own - {""}


async def _while_closed(
    tx: AsyncConnection,
    keys: vault.Vault,
    agency_id: str,
    position: str,
    on: datetime,
) -> Contact | None:
    for code in dict.fromkeys((position, LEAD)):
        row = await _row(tx, agency_id, code, on)
        deputy = None if row is None else await _person(tx, keys, row, "sealed_deputy")
        if row is not None and deputy is not None:
            return _contact(row, deputy, Rule.DEPUTY, position=position)
    of = await agency(tx, agency_id)
    if of is None or of.parent is None:
        return None
    return await _as(Rule.STAND_IN, position, _of_position(tx, keys, of.parent, LEAD, on))


async def _of_position(
    tx: AsyncConnection,
    keys: vault.Vault,
    agency_id: str,
    position: str,
    on: datetime,
) -> Contact | None:
    row = await _row(tx, agency_id, position, on)
    if row is None:
        return None
    holder = await _person(tx, keys, row, "sealed_holder")
    works = str(_day(on).weekday()) in row.working_days.split(",")
    if holder is not None and works:
        return _contact(row, holder, Rule.HOLDER, position=position)
    deputy = await _person(tx, keys, row, "sealed_deputy")
    if deputy is not None:
        return _contact(row, deputy, Rule.DEPUTY, position=position)
    return None if holder is None else _contact(row, holder, Rule.HOLDER, position=position)


async def _as(rule: Rule, position: str, search: Awaitable[Contact | None]) -> Contact | None:
    found = await search
    return None if found is None else replace(found, rule=rule, position=position)


async def _row(tx: AsyncConnection, agency_id: str, position: str, on: datetime) -> Row[*tuple[Any, ...]] | None:
    found: Row[*tuple[Any, ...]] | None = (
        await tx.execute(_HELD, {"day": _day(on), "agency": agency_id, "position": position})
    ).one_or_none()
    return found


async def _sealed(
    tx: AsyncConnection,
    keys: vault.Vault,
    person: Person | None,
    *,
    column: str,
    row: str,
    key_id: str | None,
) -> vault.Sealed | None:
    if person is None:
        return None
    plain = json.dumps(person.model_dump(mode="json"), ensure_ascii=False).encode()
    return await keys.seal(tx, plain, table=_POSITIONS.name, column=column, row=row, key_id=key_id)


def _digest(keys: vault.Vault, address: str) -> str:
    return keys.digest(b"directory address " + domains.same_address(address).encode())


async def _person(
    tx: AsyncConnection,
    keys: vault.Vault,
    row: Row[*tuple[Any, ...]],
    column: str,
) -> Person | None:
    data = getattr(row, column)
    if data is None:
        return None
    try:
        plain = await keys.open(
            tx, vault.Sealed(row.key_id, data), table=_POSITIONS.name, column=column, row=row.holding_id
        )
    except vault.Erased:
        return None  # somebody whose details were erased can no more be written to than nobody
    return Person.model_validate_json(plain)


def _contact(row: Row[*tuple[Any, ...]], person: Person, rule: Rule, *, position: str) -> Contact:
    return Contact(
        agency_id=row.agency_id,
        position=position,
        held=row.position,
        title=row.title,
        kind=PositionKind(row.kind),
        name=person.name,
        email=person.email,
        phone=person.phone,
        rule=rule,
    )


def _agency(row: Row[*tuple[Any, ...]]) -> Agency:
    return Agency(**{**row._mapping, "notices": Notices(row.notices)})  # noqa: SLF001  SQLAlchemy's public name for it


def _day(on: datetime) -> date:
    return on.astimezone(CIVIL).date()
