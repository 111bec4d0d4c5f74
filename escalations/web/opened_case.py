"""What every page of one case does first: read the reference in the address, and write down that somebody read it."""

from __future__ import annotations

from fastapi import HTTPException, Request

from escalations.rules.access import Role
from escalations.store import access_log, references
from escalations.store.access_log import What
from escalations.web.parts import Parts
from escalations.web.viewer import signed_in


def canonical(reference: str) -> str:
    """A reference as the register writes it; what has not the form of one is no page of ours."""
    found = references.parse(reference)
    if isinstance(found, references.Problem):
        raise HTTPException(404)
    return str(found)


async def log_reading(parts: Parts, request: Request, reference: str, *, text: bool) -> None:
    """Write down who of the team read a case, before they are shown it.

    Args:
        parts: where it is kept.
        request: for who has signed in.
        reference: the case.
        text: whether they are shown what it is about, rather than reference, agencies and dates.
    """
    async with parts.database.write() as tx:
        await access_log.write(
            tx,
            What.READ_BY_TEAM if text else What.SEEN_BY_TEAM,
            at=parts.now(),
            role=Role.TEAM,
            person_id=signed_in(request).person_id,
            reference=reference,
        )
