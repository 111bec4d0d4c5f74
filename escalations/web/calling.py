"""Whom to phone on the urgent track, by when, and on which number: shown behind the code alone.

Either side may make the call, and whoever made it records whom they spoke to. The responding side reads who raised it,
with the number that they gave; where they gave none, as in an email, the directory's: their own, or their agency's.
The raising side reads the position at the other agency and its number, and no name. Where a number comes from is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.policy import Awaits, Side, StageRule
from escalations.rules.case import Case
from escalations.rules.civiltime import civil
from escalations.store import directory
from escalations.store.links import Link
from escalations.store.vault import Vault
from escalations.web.telling import Names


@dataclass(frozen=True, slots=True)
class Call:
    """A call that somebody has to make."""

    whom: str
    phone: str
    """Empty where none is recorded."""
    source: str
    """Whose number it is, where it is the directory's; empty for one that they gave themselves."""
    due_at: datetime
    past: bool
    """Whether its time limit has passed; the call is still asked for."""


async def wanted(
    tx: AsyncConnection,
    vault: Vault,
    *,
    case: Case,
    link: Link,
    sealed: Mapping[str, Any] | None,
    names: Names,
    at: datetime,
) -> tuple[Call, ...]:
    """The calls that whoever reads this page is to make."""
    numbers = Numbers(tx, vault, case, names, at)
    found = []
    for clock in case.running(Awaits.BE_REACHED):
        if link.to.side is Side.RESPONDING:
            if clock.agency_id != link.to.agency_id:
                continue
            raiser = (sealed or {}).get("raiser") or {}
            who = ", ".join(str(part) for part in (raiser.get("name"), raiser.get("role")) if part)
            whom = f"{who or 'whoever raised it'}, {names.agency(case.raising_agency)}"
            number = await numbers.of_raiser(raiser)
        elif link.to.side is Side.RAISING:
            title, number = await numbers.of_agency(clock.agency_id)
            whom = f"{title or 'somebody'} at {names.agency(clock.agency_id)}"
        else:
            continue
        past = clock.limit_passed_at is not None and not clock.limit_withdrawn
        found.append(Call(whom, number.phone, number.source, clock.due_at, past=past))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and whose it is."""

    phone: str = ""
    source: str = ""
    """Empty for one that somebody gave for themselves."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of whoever can be phoned in a case, as the directory has them at a moment."""

    tx: AsyncConnection
    vault: Vault
    case: Case
    names: Names
    at: datetime

    async def of_raiser(self, raiser: Mapping[str, Any]) -> Number:
        """What they gave; or the directory's of their address; or that of the level of their agency that has it."""
        if raiser.get("phone"):
            return Number(str(raiser["phone"]), str(raiser.get("phone_from") or ""))
        agency = self.case.raising_agency
        if agency is None:
            return Number()
        address = str(raiser.get("email") or "")
        own = await directory.phone_of_address(self.tx, self.vault, agency, address, self.at)
        if own:
            return Number(own, "their number in the directory")
        # A teacher of that rung knows nothing of what somebody else raised in the school's name; its contact was told.
        knows = self._stage.raising_position if self.case.sender_stands is None else directory.LEAD
        _, of_whom, number = await self._of(agency, knows)
        return Number(number, f"from the directory: {of_whom}, {self.names.agency(agency)}") if number else Number()

    async def of_agency(self, agency_id: str | None) -> tuple[str, Number]:
        """The title of whoever answers for an agency at the present stage, and their number."""
        title, of_whom, number = await self._of(agency_id, self._stage.responding_position)
        source = "from the directory" if of_whom == title else f"from the directory: {of_whom}"
        return title, Number(number, source) if number else Number()

    @property
    def _stage(self) -> StageRule:
        return self.case.frame.policy.stage(max(self.case.stage, 1))

    async def _of(self, agency_id: str | None, position: str) -> tuple[str, str, str]:
        """The title of whoever holds a position, and a number with the title of whose it is.

        Where they have none, it is that of the agency's escalation lead.
        """
        contact = await directory.holders(self.tx, self.vault, agency_id, position, self.at)
        lead = await directory.holders(self.tx, self.vault, agency_id, directory.LEAD, self.at)
        title = "" if contact is None else contact.title
        for one in (contact, lead):
            if one is not None and one.phone:
                return title, one.title, one.phone
        return title, "", ""


async def of_contact(
    tx: AsyncConnection, vault: Vault, agency_id: str, names: Names, at: datetime
) -> tuple[str, tuple[Number, ...]]:
    """The title of an agency's own contact, and the numbers that the directory has of them and of their deputy."""
    title, found = "", list[Number]()
    for held in await directory.holdings(tx, vault, agency_id):
        if held.position != directory.LEAD or not held.on(civil(at).date()):
            continue
        title = held.title
        whose = {"": held.holder, ", deputy": held.deputy}
        found += [
            Number(person.phone, f"{held.title}{deputy}, {names.agency(agency_id)}: from the directory")
            for deputy, person in whose.items()
            if person is not None and person.phone
        ]
    return title, tuple(found)
