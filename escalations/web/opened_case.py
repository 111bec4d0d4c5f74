"""What every page of one case does first: read the reference in the address, and write down that somebody read it."""

from __future__ import annotations

import secrets

from fastapi import HTTPException
from sqlalchemy import insert

from escalations.store import references, tables
from escalations.web.parts import Parts


def canonical(reference: str) -> str:
    """A reference as the register writes it; what has not the form of one is no page of ours."""
    found = references.parse(reference)
    if isinstance(found, references.Problem):
        raise HTTPException(404)
    return str(found)


async def log_reading(parts: Parts, reference: str) -> None:
    """Write down that the team read what a case is about."""
    async with parts.database.write() as tx:
        await tx.execute(
            insert(tables.ACCESS_LOG).values(
                access_id=secrets.token_hex(16),
                at=parts.now(),
                role="team",
                agency_id=None,
                reference=reference,
                what="read_by_team",
            )
        )
