"""Whom to phone on the urgent track, by when, and on which number: shown behind the code alone.

Either side may make the call, and whoever made it records whom they spoke to. The responding side reads who raised it,
with the number that they gave. The raising side reads the position at the other agency and its number, and no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.policy import Awaits, Side
from escalations.rules.case import Case
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
    found = []
    for clock in case.running(Awaits.BE_REACHED):
        if link.to.side is Side.RESPONDING:
            if clock.agency_id != link.to.agency_id:
                continue
            raiser = (sealed or {}).get("raiser") or {}
            who = ", ".join(str(part) for part in (raiser.get("name"), raiser.get("role")) if part)
            whom = f"{who or 'whoever raised it'}, {names.agency(case.raising_agency)}"
            phone = str(raiser.get("phone") or "")
        elif link.to.side is Side.RAISING:
            position = case.frame.policy.stage(max(case.stage, 1)).responding_position
            contact = await directory.holders(tx, vault, clock.agency_id, position, at)
            whom = f"{contact.title if contact else 'somebody'} at {names.agency(clock.agency_id)}"
            phone = (contact.phone if contact else None) or ""
        else:
            continue
        found.append(
            Call(whom, phone, clock.due_at, past=clock.limit_passed_at is not None and not clock.limit_withdrawn)
        )
    return tuple(found)
