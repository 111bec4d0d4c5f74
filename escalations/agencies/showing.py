"""The directory as it is today: as a table that can be loaded again, as data, and for a terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.agencies import cells, keeping
from escalations.agencies.table import Column
from escalations.store import directory
from escalations.store.directory import LEAD, Agency, Held
from escalations.store.directory_file import Notices, Person
from escalations.store.vault import Vault

NOTICES = {Notices.OFF: "off", Notices.TEAM_ONLY: "team only", Notices.ON: "on"}


@dataclass(frozen=True, slots=True)
class Listed:
    """An agency with what it has on a day and from then on."""

    agency: Agency
    domains: tuple[str, ...]
    holdings: tuple[Held, ...]
    """Those in force on the day or later, by position."""

    def in_post(self, position: str, day: date) -> Held | None:
        """Who holds a position on a day; None where nobody is entered for it or it is vacant."""
        found = [one for one in self.holdings if one.position == position and one.on(day) and not one.vacant]
        return found[-1] if found else None

    def vacancies(self, day: date) -> tuple[str, ...]:
        """The positions that the agency has, and that nobody holds on a day."""
        positions = dict.fromkeys(one.position for one in self.holdings)
        return tuple(position for position in positions if self.in_post(position, day) is None)

    def has_lead(self, day: date) -> bool:
        """Whether somebody is there to whom its empty positions fall."""
        return self.in_post(LEAD, day) is not None


async def listed(tx: AsyncConnection, keys: Vault, now: datetime) -> list[Listed]:
    """Every agency that exists today or later, by type and name.

    Raises:
        vault.CannotOpen: what is stored was changed, or the settings lack the key.
    """
    day = keeping.today(now)
    domains = await directory.all_domains(tx)
    held: dict[str, list[Held]] = {}
    for one in await directory.holdings(tx, keys):
        if one.until is None or one.until >= day:
            held.setdefault(one.agency_id, []).append(one)
    found = [
        Listed(agency, domains.get(agency.agency_id, ()), tuple(held.get(agency.agency_id, ())))
        for agency in (await directory.all_agencies(tx)).values()
        if agency.active_to is None or agency.active_to >= day
    ]
    return sorted(found, key=lambda one: (one.agency.agency_type, one.agency.name.casefold(), one.agency.agency_id))


def as_csv(agencies: Sequence[Listed]) -> str:
    """A table that a spreadsheet opens and that can be loaded again. No cell of it is a formula."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([column.value for column in Column])
    for one in agencies:
        for held in one.holdings or (None,):
            texts = {**_agency_cells(one), **(_held_cells(held) if held else {})}
            writer.writerow([cells.guarded(texts.get(column, "")) for column in Column])
    return written.getvalue()


def _agency_cells(one: Listed) -> dict[Column, str]:
    of = one.agency
    return {
        Column.AGENCY_ID: of.agency_id,
        Column.AGENCY: of.name,
        Column.TYPE: of.agency_type,
        Column.TOWN: of.town,
        Column.PARENT: of.parent or "",
        Column.NOTICES: NOTICES[of.notices],
        Column.DOMAINS: " ".join(one.domains),
        Column.ACTIVE_FROM: of.active_from.isoformat(),
        Column.ACTIVE_TO: of.active_to.isoformat() if of.active_to else "",
        Column.SUCCESSOR: of.successor or "",
    }


def _held_cells(held: Held) -> dict[Column, str]:
    return {
        Column.POSITION: held.position.replace("_", " "),
        Column.TITLE: held.title,
        Column.KIND: held.kind.value.replace("_", " "),
        **_person_cells(held.holder, (Column.NAME, Column.EMAIL, Column.PHONE), nobody="vacant"),
        Column.WORKING_DAYS: cells.said_days(held.weekdays),
        **_person_cells(held.deputy, (Column.DEPUTY_NAME, Column.DEPUTY_EMAIL, Column.DEPUTY_PHONE), nobody="none"),
        Column.SINCE: held.since.isoformat(),
        Column.UNTIL: held.until.isoformat() if held.until else "",
    }


def _person_cells(person: Person | None, columns: tuple[Column, Column, Column], *, nobody: str) -> dict[Column, str]:
    name, email, phone = columns
    if person is None:
        return {name: nobody}
    return {name: person.name, email: person.email, phone: person.phone or ""}


def as_data(agencies: Sequence[Listed], now: datetime) -> list[Mapping[str, object]]:
    """The same for a machine."""
    day = keeping.today(now)
    return [
        {
            **{
                name: value.isoformat() if isinstance(value, date) else value
                for name, value in keeping.entry_of(one.agency, one.domains).facts().items()
            },
            "has_lead": one.has_lead(day),
            "vacant": one.vacancies(day),
            "positions": [keeping.holding_of(held).model_dump(mode="json") for held in one.holdings],
        }
        for one in agencies
    ]


def show(agencies: Sequence[Listed], console: Console, now: datetime) -> None:
    """Print the list of agencies, at the console's width."""
    day = keeping.today(now)
    shown = _table(("Agency", 5), ("Told by email", 2), ("Escalation lead", 3), ("Nobody in post", 3))
    for one in agencies:
        of, lead = one.agency, one.in_post(LEAD, day)
        who = (lead.holder or lead.deputy) if lead else None
        shown.add_row(
            f"[bold]{escape(of.name)}[/bold]\n{of.agency_id}\n{of.agency_type.replace('-', ' ')}, {escape(of.town)}",
            NOTICES[of.notices],
            escape(who.name) if who else "nobody",
            ", ".join(position.replace("_", " ") for position in one.vacancies(day)) or "-",
        )
    console.print(shown)
    console.print("escalations directory show AGENCY-ID shows its positions.")


def show_one(one: Listed, console: Console, now: datetime) -> None:
    """Print one agency with its positions, at the console's width."""
    of, day = one.agency, keeping.today(now)
    console.print(
        f"[bold]{escape(of.name)}[/bold] ({of.agency_id}): {of.agency_type.replace('-', ' ')}, {escape(of.town)}"
    )
    console.print(
        f"Belongs to: {of.parent or 'no other'}. Told by email: {NOTICES[of.notices]}. "
        f"Mail domains: {', '.join(one.domains) or 'none'}."
    )
    if not one.has_lead(day):
        console.print("Nobody is its escalation lead: what is meant for an empty position reaches nobody.")
    shown = _table(("Position", 1), ("Held by", 1), ("Deputy", 1))
    for held in one.holdings:
        until = f" to {_short(held.until)}" if held.until else ""
        days = "" if held.weekdays == tuple(range(5)) else f"\nworks {cells.said_days(held.weekdays)}"
        shown.add_row(
            f"[bold]{held.position.replace('_', ' ')}[/bold]\n{escape(held.title)}\n"
            f"from {_short(held.since)}{until}{days}",
            _lines(held.holder) or "vacant",
            _lines(held.deputy) or "-",
        )
    console.print(shown)


def _table(*columns: tuple[str, int]) -> Table:
    found = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    for head, ratio in columns:
        found.add_column(head, ratio=ratio, overflow="fold")
    return found


def _short(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _lines(person: Person | None) -> str:
    return "" if person is None else escape("\n".join(filter(None, (person.name, person.email, person.phone))))
