"""What a table would change in the directory: worked out first, shown, and carried out as a whole or not at all.

An empty cell changes nothing, and what the table does not name stays as it is: most tables are a part of the whole. The
same table twice changes nothing the second time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.agencies import cells, keeping, ladder, types
from escalations.agencies.keeping import Keeper, Refused
from escalations.agencies.table import Column, Row, Table, Wrong
from escalations.policy import Policy
from escalations.rules.civiltime import say_day
from escalations.store import directory
from escalations.store.directory import LEAD
from escalations.store.directory_file import AgencyEntry, Holding, Person, PositionKind, Weekday
from escalations.store.vault import Vault

_PARTS: Mapping[str, Column] = {
    "parent": Column.PARENT,
    "successor": Column.SUCCESSOR,
    "active_to": Column.ACTIVE_TO,
    "domains": Column.DOMAINS,
}


class Kind(StrEnum):
    """What a line comes to."""

    NEW = "new"
    CHANGED = "changed"
    ENDED = "ended"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Line:
    """What one line of a table comes to, for whoever decides whether to go on."""

    line: int
    kind: Kind
    agency: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a table would change, or everything that is wrong with it."""

    lines: tuple[Line, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    unread: tuple[str, ...] = ()
    entries: tuple[AgencyEntry, ...] = ()
    """Agencies to be put, each after the one that it belongs to."""
    holdings: tuple[tuple[str, Holding], ...] = ()
    new_types: tuple[str, ...] = ()
    """Types that are not known, and that nobody has said to be new."""

    @property
    def only_new_types(self) -> bool:
        """Whether nothing is wrong but that types are not known: saying that they are new is enough."""
        return bool(self.new_types) and all(one.column is Column.TYPE for one in self.wrong)

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return any(line.kind is not Kind.SAME for line in self.lines)

    @property
    def digest(self) -> str:
        """The same for plans that come to the same, so that what is carried out is what was shown."""
        return hashlib.sha256(repr((self.lines, self.wrong)).encode()).hexdigest()

    def count(self, kind: Kind) -> int:
        """How many lines come to that."""
        return sum(line.kind is kind for line in self.lines)


async def make(
    tx: AsyncConnection,
    keys: Vault,
    table: Table,
    *,
    now: datetime,
    positions: tuple[str, ...],
    policy: Policy | None = None,
    new_types: frozenset[str] = frozenset(),
) -> Plan:
    """Work out what a table would change.

    Args:
        tx: a transaction; nothing is written.
        keys: opens what is sealed.
        table: what was read.
        now: the moment. What has no date begins today.
        positions: the codes that a position may have.
        policy: the one in force: what it calls a position at a type of agency names it too, and is its title.
        new_types: the types that somebody has said to be new.
    """
    domains = await directory.all_domains(tx)
    known = {
        found.agency_id: keeping.entry_of(found, domains.get(found.agency_id, ()))
        for found in (await directory.all_agencies(tx)).values()
    }
    held: dict[tuple[str, str], list[Holding]] = {}
    for one in await directory.holdings(tx, keys):
        held.setdefault((one.agency_id, one.position), []).append(keeping.holding_of(one))
    return _Planner(known, held, keeping.today(now), positions, new_types=new_types, policy=policy).plan(table)


async def carry_out(keeper: Keeper, plan: Plan) -> Refused | None:
    """Carry out a plan in the keeper's transaction. Where it is refused, the transaction has to be given up."""
    for entry in plan.entries:
        done = await keeper.put(entry)
        if isinstance(done, Refused):
            return done
    for agency_id, holding in plan.holdings:
        done = await keeper.appoint(agency_id, holding)
        if isinstance(done, Refused):
            return done
    return None


@dataclass(slots=True)
class _Group:
    """The lines of one agency."""

    agency_id: str
    rows: list[Row] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)
    said_on: dict[str, int] = field(default_factory=dict)


class _Planner:
    def __init__(
        self,
        known: dict[str, AgencyEntry],
        held: dict[tuple[str, str], list[Holding]],
        today: date,
        positions: tuple[str, ...],
        *,
        new_types: frozenset[str],
        policy: Policy | None,
    ) -> None:
        self._known = known
        self._policy = policy
        self._held = held
        self._today = today
        self._positions = tuple(dict.fromkeys((*positions, *(position for _, position in held))))
        self._groups: dict[str, _Group] = {}
        self._new: dict[tuple[str, str], str] = {}
        self._lines: list[Line] = []
        self._types = frozenset(entry.type for entry in known.values()) | new_types
        self._unknown_types: dict[str, None] = {}

    def plan(self, table: Table) -> Plan:
        for row in table.rows:
            self._sort(row)
        for group in self._groups.values():
            self._read_facts(group)
        for group in self._groups.values():
            self._relate(group)
        entries = self._entries()
        holdings = [
            (group.agency_id, holding)
            for group in self._groups.values()
            for holding in self._positions_of(group, entries.get(group.agency_id))
        ]
        wrong = (*table.wrong, *sorted((one for row in table.rows for one in row.wrong), key=lambda one: one.line))
        if wrong:
            return Plan(wrong=wrong, unread=table.unread, new_types=tuple(self._unknown_types))
        return Plan(
            tuple(sorted(self._lines, key=lambda line: line.line)),
            (),
            table.unread,
            tuple(_parents_first(entry for entry in entries.values() if entry != self._known.get(entry.id))),
            tuple(holdings),
        )

    # ---- Which agency a line is about -------------------------------------------------------------------------------

    def _sort(self, row: Row) -> None:
        agency_id = self._of(row)
        if agency_id is not None:
            self._groups.setdefault(agency_id, _Group(agency_id)).rows.append(row)

    def _of(self, row: Row) -> str | None:
        if row.text(Column.AGENCY_ID):
            return row.read(Column.AGENCY_ID, cells.code)
        name, town = row.text(Column.AGENCY), row.text(Column.TOWN)
        if not name:
            row.problem(Column.AGENCY, "Write the agency’s name")
            return None
        same = [
            entry
            for entry in self._known.values()
            if entry.name.casefold() == name.casefold() and (not town or entry.town.casefold() == town.casefold())
        ]
        if len(same) > 1:
            row.problem(Column.TOWN, "Several agencies have this name. Write the town, or the agency’s id")
            return None
        if same:
            return same[0].id
        if not town and (already := [of for (also, _), of in self._new.items() if also == name.casefold()]):
            return already[0]
        return self._new.get((name.casefold(), town.casefold())) or self._fresh(row, name, town)

    def _fresh(self, row: Row, name: str, town: str) -> str | None:
        base = row.read(Column.AGENCY, lambda text: cells.code(text)[:40].rstrip("-"))
        if base is None:
            return None
        taken = {*self._known, *self._new.values()}
        options = (base, *(f"{base}-{number}" for number in range(2, 1000)))
        agency_id = next(option for option in options if option not in taken)
        self._new[name.casefold(), town.casefold()] = agency_id
        return agency_id

    # ---- What is said of an agency ----------------------------------------------------------------------------------

    def _read_facts(self, group: _Group) -> None:
        readers: dict[str, tuple[Column, Callable[[str], object]]] = {
            "name": (Column.AGENCY, _within(200)),
            "type": (Column.TYPE, self._type),
            "town": (Column.TOWN, _within(80)),
            "notices": (Column.NOTICES, cells.notices),
            "domains": (Column.DOMAINS, cells.domains),
            "active_from": (Column.ACTIVE_FROM, cells.day),
            "active_to": (Column.ACTIVE_TO, cells.day),
        }
        for row in group.rows:
            for name, (column, reader) in readers.items():
                self._note(group, row, name, column, row.read(column, reader))

    def _type(self, text: str) -> str:
        code = cells.code(text)
        if not types.is_known(code, self._types):
            self._unknown_types[code] = None
            raise cells.Unreadable(types.not_known(code, self._types, how="A new type has to be said to be new"))
        return code

    def _note(self, group: _Group, row: Row, name: str, column: Column, value: object) -> None:
        if value is None:
            return
        if name not in group.facts:
            group.facts[name], group.said_on[name] = value, row.line
        elif _folded(group.facts[name]) != _folded(value):
            row.problem(column, f"Line {group.said_on[name]} says something else of the same agency")

    def _relate(self, group: _Group) -> None:
        for row in group.rows:
            for name, column in (("parent", Column.PARENT), ("successor", Column.SUCCESSOR)):
                text = row.text(column)
                if text:
                    self._note(group, row, name, column, self._named(row, column, text))

    def _named(self, row: Row, column: Column, text: str) -> str | None:
        """The agency that another one belongs to, or that follows it: by its id or its whole name."""
        names: dict[str, set[str]] = {}
        for entry in self._known.values():
            names.setdefault(entry.name.casefold(), set()).add(entry.id)
        for group in self._groups.values():
            names.setdefault(str(group.facts.get("name", "")).casefold(), set()).add(group.agency_id)
        if text in self._known or text in self._groups:
            return text
        found = names.get(text.casefold(), set())
        if len(found) == 1:
            return next(iter(found))
        row.problem(
            column,
            "Several agencies have this name. Write the agency’s id"
            if found
            else "No agency has this name, in the directory or in this file",
        )
        return None

    def _entries(self) -> dict[str, AgencyEntry]:
        entries: dict[str, AgencyEntry] = {}
        for group in self._groups.values():
            entry = self._entry(group)
            if entry is not None:
                entries[entry.id] = entry
        everything = {**self._known, **entries}
        for agency_id, entry in entries.items():
            refused = keeping.check(entry, everything) if entry != self._known.get(agency_id) else None
            if refused is not None:
                self._groups[agency_id].rows[0].problem(_PARTS.get(refused.part), refused.sentence)
        return entries

    def _entry(self, group: _Group) -> AgencyEntry | None:
        old, first = self._known.get(group.agency_id), group.rows[0]
        if old is None:
            for name, column, example in (
                ("name", Column.AGENCY, "the agency’s name"),
                ("type", Column.TYPE, "its type, like School"),
                ("town", Column.TOWN, "its town"),
            ):
                if name not in group.facts:
                    first.problem(column, f"This agency is new. Write {example}")
        if any(row.wrong for row in group.rows):
            return None
        # Found by its name, however that was written: capitals alone are no new name.
        said = {
            name: value
            for name, value in group.facts.items()
            if old is None or _folded(value) != _folded(old.facts()[name])
        }
        facts = {"active_from": self._today, **(old.facts() if old else {}), "id": group.agency_id, **said}
        try:
            entry = AgencyEntry.model_validate(facts)
        except ValidationError:
            first.problem(None, "What this line says of the agency cannot be kept. Check its id, name, type and town")
            return None
        self._say_agency(first, old, entry)
        return entry

    def _say_agency(self, row: Row, old: AgencyEntry | None, entry: AgencyEntry) -> None:
        if old is None:
            self._lines.append(
                Line(row.line, Kind.NEW, entry.name, f"A new agency: {entry.type.replace('-', ' ')}, {entry.town}")
            )
            return
        changed = [name for name, value in entry.facts().items() if value != old.facts()[name]]
        if not changed:
            return
        ended = "active_to" in changed and entry.active_to is not None
        said = "; ".join(f"{_FACTS[name]}: {_said(entry.facts()[name])}" for name in changed)
        self._lines.append(Line(row.line, Kind.ENDED if ended else Kind.CHANGED, entry.name, said))

    # ---- Who holds a position ---------------------------------------------------------------------------------------

    def _positions_of(self, group: _Group, entry: AgencyEntry | None) -> list[Holding]:
        found: list[Holding] = []
        lines: dict[tuple[str, date], int] = {}
        for row in group.rows:
            if not row.names_a_contact:
                if entry is not None and all(line.line != row.line for line in self._lines):
                    self._lines.append(Line(row.line, Kind.SAME, entry.name, "Nothing new"))
                continue
            holding = self._holding(group, row)
            if holding is None:
                continue
            said = lines.setdefault((holding.position, holding.since), row.line)
            if said != row.line:
                row.problem(
                    Column.POSITION,
                    f"Line {said} says already who holds this position from that day. Write another position, or name "
                    "this person as the deputy there",
                )
            elif entry is not None and entry.active_to is not None and holding.since > entry.active_to:
                row.problem(Column.SINCE, f"The agency ended on {say_day(entry.active_to)}")
            elif entry is not None and self._say_holding(group, row, holding, entry.name):
                found.append(holding)
        return found

    def _holding(self, group: _Group, row: Row) -> Holding | None:
        titles = self._titles(group)
        position = row.read(Column.POSITION, lambda text: cells.position(text, self._positions, titles)) or LEAD
        since, until = row.read(Column.SINCE, cells.day), row.read(Column.UNTIL, cells.day)
        kind, days = row.read(Column.KIND, cells.kind), row.read(Column.WORKING_DAYS, cells.working_days)
        title = row.read(Column.TITLE, _within(120))
        holder, deputy = row.holder(), row.deputy()
        if since is not None and until is not None and until < since:
            row.problem(Column.UNTIL, "The last day must not be before the first one")
        if row.wrong:
            return None
        before = self._before(group.agency_id, position, since or self._today)
        if before is not None:
            holder = _keeping_phone(holder, before)
            if deputy is None and not row.says_no_deputy:
                deputy = before.deputy
        opened = group.facts.get("active_from")
        begins = max(self._today, opened) if isinstance(opened, date) else self._today
        holding = Holding(
            position=position,
            title=title or (before.title if before else _title(titles.get(position) or position.replace("_", " "))),
            kind=kind or (before.kind if before else PositionKind.PERSON),
            since=since or begins,
            until=until,
            working_days=days or (before.working_days if before else tuple(Weekday)[:5]),
            holder=holder,
            deputy=deputy,
        )
        if holding.until is not None and holding.until < holding.since:
            if before is None or not keeping.same_content(before, holding):
                row.problem(Column.SINCE, "Write since when, for a last day that is over")
                return None
            holding = holding.model_copy(update={"since": max(before.since, min(holding.since, holding.until))})
        return holding

    def _titles(self, group: _Group) -> dict[str, str]:
        """What the policy calls positions at this type of agency."""
        known = self._known.get(group.agency_id)
        agency_type = group.facts.get("type") or (known.type if known is not None else None)
        return {} if self._policy is None else ladder.titles(self._policy, str(agency_type) if agency_type else None)

    def _before(self, agency_id: str, position: str, day: date) -> Holding | None:
        """Who holds a position on a day, by the directory as it is."""
        standing = [
            one for one in self._held.get((agency_id, position), []) if one.since <= day <= (one.until or date.max)
        ]
        return standing[-1] if standing else None

    def _say_holding(self, group: _Group, row: Row, holding: Holding, agency: str) -> bool:
        """Say what a line comes to, and give whether it changes anything."""
        before = self._before(group.agency_id, holding.position, holding.since)
        who = holding.holder.name if holding.holder else "vacant"
        said = f"{holding.title} ({holding.position.replace('_', ' ')}): {who}"
        if before is not None and keeping.same_content(before, holding):
            if holding.until is None or holding.until == before.until:
                self._lines.append(Line(row.line, Kind.SAME, agency, f"{said}, as it is"))
                return False
            self._lines.append(Line(row.line, Kind.ENDED, agency, f"{said}, until {say_day(holding.until)}"))
            return True
        said += f", from {say_day(holding.since)}" + (f" to {say_day(holding.until)}" if holding.until else "")
        if before is None:
            self._lines.append(Line(row.line, Kind.NEW, agency, said))
            return True
        was = before.holder.name if before.holder else "vacant"
        same = before.holder == holding.holder
        said += "; other details than before" if same else f"; before: {was}"
        self._lines.append(Line(row.line, Kind.CHANGED, agency, said))
        return True


_FACTS: Mapping[str, str] = {
    "id": "id",
    "name": "name",
    "type": "type",
    "town": "town",
    "parent": "belongs to",
    "successor": "followed by",
    "notices": "notices",
    "active_from": "active from",
    "active_to": "last day",
    "domains": "mail domains",
}


def _said(value: object) -> str:
    if isinstance(value, date):
        return say_day(value)
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value) or "none"
    return "none" if value is None else str(value).replace("_", " ")


def _folded(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value


def _within(most: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > most:
            raise cells.Unreadable(f"Write {most} characters at most")
        return text

    return read


def _keeping_phone(holder: Person | None, before: Holding) -> Person | None:
    """The holder with the number that we have, where the line gives the same person and no number."""
    if holder is None or before.holder is None or holder.phone is not None:
        return holder
    same = holder.model_copy(update={"phone": before.holder.phone}) == before.holder
    return before.holder if same else holder


def _parents_first(entries: Iterable[AgencyEntry]) -> list[AgencyEntry]:
    left = list(entries)
    ordered: list[AgencyEntry] = []
    while left:
        waiting = {entry.id for entry in left}
        ready = [entry for entry in left if not {entry.parent, entry.successor} & (waiting - {entry.id})] or left
        ordered.extend(ready)
        left = [entry for entry in left if entry not in ready]
    return ordered


def _title(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
