"""What a person changes in the directory: checked, made and written down in one transaction.

Nothing dated is written over. Who holds a position from a day on follows whoever held it until the day before; what was
entered wrongly is replaced and kept. Doing the same thing twice changes nothing the second time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import delete, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.agencies import history
from escalations.agencies.history import What
from escalations.rules.civiltime import civil, say_day
from escalations.store import directory, tables
from escalations.store.directory import Held
from escalations.store.directory_file import AgencyEntry, Holding, Notices, Weekday
from escalations.store.vault import Vault

_AGENCIES = tables.AGENCIES
_POSITIONS = tables.POSITIONS
_DOMAINS = tables.AGENCY_DOMAINS
_LOCK: Final = 7_316_003
_DAYS: Final = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that is not done: which part of it, and a sentence that the person can act on."""

    part: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Done:
    """Something that is done; ``changed`` is false where it was so already."""

    changed: bool
    holding_id: str | None = None


def entry_of(found: directory.Agency, domains: tuple[str, ...] = ()) -> AgencyEntry:
    """An agency of the directory as a file has it, without its positions."""
    return AgencyEntry(
        id=found.agency_id,
        name=found.name,
        type=found.agency_type,
        town=found.town,
        parent=found.parent,
        successor=found.successor,
        notices=found.notices,
        active_from=found.active_from,
        active_to=found.active_to,
        domains=domains,
    )


def holding_of(held: Held) -> Holding:
    """A holding of the directory as a file has it."""
    return Holding(
        position=held.position,
        title=held.title,
        kind=held.kind,
        since=held.since,
        until=held.until,
        working_days=tuple(_DAYS[day] for day in held.weekdays),
        holder=held.holder,
        deputy=held.deputy,
    )


def same_content(one: Holding, other: Holding) -> bool:
    """Whether two holdings say the same of a position, whatever their days."""
    ignored = {"since", "until", "working_days"}
    return one.weekdays == other.weekdays and one.model_dump(exclude=ignored) == other.model_dump(exclude=ignored)


class Keeper:
    """Changes the directory for somebody, in one transaction."""

    def __init__(self, tx: AsyncConnection, keys: Vault, *, at: datetime, by: str) -> None:
        """Take a transaction, what seals, the moment, and the name of who does it."""
        self._tx = tx
        self._keys = keys
        self._at = at
        self._by = by

    async def lock(self) -> None:
        """Let nobody else change the directory until the end of the transaction. SQLite's writers wait anyway."""
        if self._tx.dialect.name != "sqlite":
            await self._tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})

    # ---- Agencies ---------------------------------------------------------------------------------------------------

    async def put(self, entry: AgencyEntry) -> Done | Refused:
        """Add an agency, or change what is said of one: everything but its positions."""
        await self.lock()
        domains = await directory.all_domains(self._tx)
        known = {
            agency_id: entry_of(found, domains.get(agency_id, ()))
            for agency_id, found in (await directory.all_agencies(self._tx)).items()
        }
        wrong = check(entry, known)
        if wrong is not None:
            return wrong
        old = known.get(entry.id)
        if old is None:
            await self._tx.execute(insert(_AGENCIES).values(agency_id=entry.id, sample=False, **_columns(entry)))
            await self._domains(entry)
            await self._write(What.AGENCY_ADDED, entry.id, {}, entry.facts())
            return Done(changed=True)
        before, after = _difference(old.facts(), entry.facts())
        if not after:
            return Done(changed=False)
        await self._tx.execute(update(_AGENCIES).where(_AGENCIES.c.agency_id == entry.id).values(**_columns(entry)))
        if "domains" in after:
            await self._domains(entry)
        what = What.AGENCY_CHANGED
        if set(after) == {"notices"}:
            what = What.NOTICES_SET
        elif after.get("active_to") is not None:
            what = What.AGENCY_ENDED
        await self._write(what, entry.id, before, after)
        return Done(changed=True)

    async def set_notices(self, agency_id: str, notices: Notices) -> Done | Refused:
        """Say whether an agency is told by mail, from now on."""
        return await self._changed(agency_id, notices=notices)

    async def end(self, agency_id: str, last_day: date, successor: str | None) -> Done | Refused:
        """Say which is an agency's last day, and which follows it."""
        return await self._changed(agency_id, active_to=last_day, successor=successor)

    async def _changed(self, agency_id: str, **facts: object) -> Done | Refused:
        await self.lock()
        found = await directory.agency(self._tx, agency_id)
        if found is None:
            return Refused("agency", "The directory has no such agency.")
        entry = entry_of(found, await directory.domains_of(self._tx, agency_id))
        return await self.put(AgencyEntry.model_validate({**entry.facts(), **facts}))

    async def _domains(self, entry: AgencyEntry) -> None:
        await self._tx.execute(delete(_DOMAINS).where(_DOMAINS.c.agency_id == entry.id))
        for domain in dict.fromkeys(entry.domains):
            await self._tx.execute(insert(_DOMAINS).values(domain=domain, agency_id=entry.id))

    # ---- Positions --------------------------------------------------------------------------------------------------

    async def appoint(self, agency_id: str, holding: Holding) -> Done | Refused:
        """Enter who holds a position from a day on; nobody, for a vacancy."""
        await self.lock()
        agency = await directory.agency(self._tx, agency_id)
        if agency is None:
            return Refused("agency", "The directory has no such agency.")
        wrong = _check_days(agency, holding)
        if wrong is not None:
            return wrong
        standing = [
            one
            for one in await directory.holdings(self._tx, self._keys, agency_id)
            if one.position == holding.position and one.on(holding.since)
        ]
        before = standing[-1] if standing else None
        if before is not None and same_content(holding_of(before), holding):
            if holding.until is None or holding.until == before.until:
                return Done(changed=False, holding_id=before.holding_id)
            return await self.end_holding(before.holding_id, holding.until)
        holding_id = await directory.appoint(self._tx, self._keys, agency_id, holding, at=self._at)
        entered = next(
            one for one in await directory.holdings(self._tx, self._keys, agency_id) if one.holding_id == holding_id
        )
        what = What.APPOINTED
        if before is not None and holding.holder is not None and before.holder == holding.holder:
            what = What.COVER_CHANGED
        await self._write(
            what,
            agency_id,
            {},
            holding_of(entered).model_dump(mode="json"),
            holding_id=holding_id,
            key_id=entered.key_id,
        )
        return Done(changed=True, holding_id=holding_id)

    async def end_holding(self, holding_id: str, last_day: date) -> Done | Refused:
        """Say which day is the last on which somebody holds a position."""
        await self.lock()
        held = await self.held(holding_id)
        if held is None:
            return Refused("holding", "The directory has no such entry any more. Please look at the agency’s page.")
        if last_day < held.since:
            return Refused("until", f"The last day must not be before the first one, {say_day(held.since)}.")
        if held.until == last_day:
            return Done(changed=False, holding_id=holding_id)
        if held.until is not None and last_day > held.until:
            return Refused(
                "until", f"It ends on {say_day(held.until)} already. To extend it, enter the person again from then on."
            )
        await self._tx.execute(update(_POSITIONS).where(_POSITIONS.c.holding_id == holding_id).values(until=last_day))
        await self._write(
            What.HOLDING_ENDED,
            held.agency_id,
            {"until": held.until},
            {"position": held.position, "title": held.title, "until": last_day},
            holding_id=holding_id,
            key_id=held.key_id,
        )
        return Done(changed=True, holding_id=holding_id)

    async def held(self, holding_id: str) -> Held | None:
        """A holding that stands."""
        return await directory.holding(self._tx, self._keys, holding_id)

    async def _write(
        self,
        what: What,
        agency_id: str,
        before: dict[str, object],
        after: dict[str, object],
        *,
        holding_id: str | None = None,
        key_id: str | None = None,
    ) -> None:
        await history.write(
            self._tx,
            self._keys,
            at=self._at,
            by=self._by,
            agency_id=agency_id,
            what=what,
            before=before,
            after=after,
            holding_id=holding_id,
            key_id=key_id,
        )


def check(entry: AgencyEntry, known: dict[str, AgencyEntry]) -> Refused | None:
    """Why an agency cannot stand so beside the others, or none where it can."""
    others = {agency_id: other for agency_id, other in known.items() if agency_id != entry.id}
    if entry.parent is not None and entry.parent not in others:
        return Refused("parent", "The agency that it belongs to is not in the directory. Enter that one first.")
    above, parent = {entry.id}, entry.parent
    while parent is not None:
        if parent in above:
            return Refused("parent", "An agency cannot belong to itself, by way of others or at once.")
        above.add(parent)
        parent = others[parent].parent if parent in others else None
    if entry.successor is not None and entry.successor not in others:
        return Refused("successor", "The agency that follows it is not in the directory. Enter that one first.")
    if entry.active_to is not None:
        if entry.active_to < entry.active_from:
            return Refused("active_to", f"The last day must not be before the first, {say_day(entry.active_from)}.")
        if entry.id == directory.TEAM_AGENCY:
            return Refused("active_to", "The partnership team cannot be ended: it is told what nobody else can be.")
    if entry.successor is not None and entry.active_to is None:
        return Refused("active_to", "Say the last day of the agency that another one follows.")
    for other in others.values():
        for domain in entry.clashes(other):
            return Refused(
                "domains",
                f"{other.name} has {domain} already, and only an agency and the one it belongs to may share a domain. "
                "Give it to one of them: the addresses of the people named in an agency’s positions count as that "
                "agency’s by themselves.",
            )
    return None


def _check_days(agency: directory.Agency, holding: Holding) -> Refused | None:
    if holding.until is not None and holding.until < holding.since:
        return Refused("until", f"The last day must not be before the first one, {say_day(holding.since)}.")
    if agency.active_to is not None and holding.since > agency.active_to:
        return Refused("since", f"{agency.name} ended on {say_day(agency.active_to)}.")
    return None


def _columns(entry: AgencyEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "agency_type": entry.type,
        "town": entry.town,
        "parent": entry.parent,
        "successor": entry.successor,
        "notices": entry.notices.value,
        "active_from": entry.active_from,
        "active_to": entry.active_to,
    }


def _difference(before: dict[str, object], after: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    changed = [name for name, value in after.items() if before[name] != value]
    return {name: before[name] for name in changed}, {name: after[name] for name in changed}


def today(now: datetime) -> date:
    """The civil day of a moment."""
    return civil(now).date()


def from_day(held: Held, day: date) -> Holding:
    """The same holding from a later day on, to be changed."""
    return holding_of(replace(held, since=max(day, held.since)))
