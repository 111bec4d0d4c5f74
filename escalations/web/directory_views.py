"""What the directory's pages show of an agency, its positions and its people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.agencies import empty_posts, history, keeping, showing
from escalations.agencies.empty_posts import ToTell, Unfilled
from escalations.store import directory
from escalations.store.directory import LEAD, Agency, Held, Span
from escalations.store.directory_file import Person
from escalations.store.vault import Vault
from escalations.web import directory_words, words
from escalations.web.directory_words import Told


@dataclass(frozen=True, slots=True)
class Line:
    """One agency of the list."""

    agency_id: str
    name: str
    town: str
    parent: str
    notices: str
    vacant: tuple[str, ...]
    lead: bool
    ends: date | None


@dataclass(frozen=True, slots=True)
class Post:
    """One position of an agency: who holds it today, and who before and after."""

    position: str
    title: str
    now: Held | None
    """In force today, vacant or not."""
    kind: str
    days: str
    later: tuple[Held, ...]
    before: tuple[Held, ...]
    falls_to: str
    """For a vacant one, whose title it falls to."""
    unfilled: Unfilled | None


@dataclass(frozen=True, slots=True)
class AgencyView:
    """Everything that an agency's page shows."""

    agency: directory.Agency
    parent: directory.Agency | None
    children: tuple[directory.Agency, ...]
    successor: directory.Agency | None
    domains: tuple[str, ...]
    posts: tuple[Post, ...]
    lead: bool
    changes: tuple[Told, ...]
    to_tell: tuple[ToTell, ...]
    waiting: tuple[str, ...]
    """The references of the open escalations that wait for it."""


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody whose name was searched for."""

    name: str
    agency_id: str
    agency: str
    title: str
    position: str
    deputy: bool
    since: date
    until: date | None


def lines(agencies: Mapping[str, Agency], held: list[Span], now: datetime) -> dict[str, list[Line]]:
    """The agencies that exist today or later, by type, each by name."""
    day = keeping.today(now)
    positions: dict[str, dict[str, bool]] = {}
    for one in held:
        if one.until is None or one.until >= day:
            of_agency = positions.setdefault(one.agency_id, {})
            of_agency[one.position] = of_agency.get(one.position, False) or (one.held and one.on(day))
    grouped: dict[str, list[Line]] = {}
    for of in sorted(agencies.values(), key=lambda one: one.name.casefold()):
        if of.active_to is not None and of.active_to < day:
            continue
        has = positions.get(of.agency_id, {})
        parent = agencies.get(of.parent or "")
        grouped.setdefault(of.agency_type, []).append(
            Line(
                of.agency_id,
                of.name,
                of.town,
                parent.name if parent else "",
                directory_words.NOTICES[of.notices],
                tuple(words.position(position) for position, there in has.items() if not there),
                has.get(LEAD, False),
                of.active_to,
            )
        )
    return dict(sorted(grouped.items(), key=lambda item: words.agency_type(item[0])))


async def view(
    tx: AsyncConnection, keys: Vault, agency_id: str, now: datetime, rungs: tuple[str, ...]
) -> AgencyView | None:
    """An agency's page; None where the directory has no such agency.

    Args:
        tx: a transaction.
        keys: opens what is sealed.
        agency_id: the agency.
        now: the moment.
        rungs: the positions of the ladder, in their order; the others follow.
    """
    everybody = await directory.all_agencies(tx)
    of = everybody.get(agency_id)
    if of is None:
        return None
    day = keeping.today(now)
    held = await directory.holdings(tx, keys, agency_id)
    listed = showing.Listed(of, await directory.domains_of(tx, agency_id), tuple(held))
    lead = listed.in_post(LEAD, day)
    unfilled = {one.position: one for one in await empty_posts.unfilled(tx, now, agency_id)}
    waiting = await empty_posts.waited_for(tx, agency_id)
    positions = {one.position for one in held} | {position for _, position in waiting}
    order = [*rungs, *sorted(positions - set(rungs))]
    return AgencyView(
        of,
        everybody.get(of.parent) if of.parent else None,
        tuple(sorted((one for one in everybody.values() if one.parent == agency_id), key=lambda one: one.name)),
        everybody.get(of.successor) if of.successor else None,
        listed.domains,
        tuple(_post(position, held, day, lead, unfilled.get(position)) for position in order if position in positions),
        lead is not None,
        tuple(directory_words.told(change) for change in await history.read(tx, keys, agency_id)),
        tuple(await empty_posts.to_tell(tx, agency_id)),
        tuple(sorted({reference for references in waiting.values() for reference in references})),
    )


def _post(position: str, held: list[Held], day: date, lead: Held | None, unfilled: Unfilled | None) -> Post:
    of_it = [one for one in held if one.position == position]
    today = [one for one in of_it if one.on(day)]
    now = today[-1] if today else None
    newest = now or (of_it[-1] if of_it else None)
    vacant = now is None or now.vacant
    return Post(
        position,
        newest.title if newest else "",
        now,
        directory_words.KINDS_SHORT[now.kind] if now else "",
        directory_words.working_days(now.weekdays) if now else "",
        tuple(one for one in of_it if one.since > day),
        tuple(one for one in reversed(of_it) if one.until is not None and one.until < day),
        lead.title if vacant and lead is not None and position != LEAD else "",
        unfilled,
    )


async def search(tx: AsyncConnection, keys: Vault, name: str, now: datetime) -> list[Found]:
    """Everybody with this in their name or address who is or will be in post, or deputises."""
    wanted, day = name.casefold(), keeping.today(now)
    agencies = await directory.all_agencies(tx)
    found = []
    for held in await directory.holdings(tx, keys):
        if held.until is not None and held.until < day:
            continue
        for person, deputy in ((held.holder, False), (held.deputy, True)):
            if person is not None and _matches(person, wanted):
                of = agencies[held.agency_id]
                found.append(
                    Found(person.name, of.agency_id, of.name, held.title, held.position, deputy, held.since, held.until)
                )
    return sorted(found, key=lambda one: (one.name.casefold(), one.agency, one.position))


def _matches(person: Person, wanted: str) -> bool:
    return wanted in person.name.casefold() or wanted in person.email.casefold()
