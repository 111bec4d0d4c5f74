"""Who read which case, who exported what, and who let whom in. Append-only: what stands here is never changed.

A row holds a role, an agency or a person's id, a reference and a word of :class:`What`; never a name.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.store import tables

_LOG = tables.ACCESS_LOG
MOST: Final = 1_000
"""So many rows of one case are shown, the newest."""


class What(StrEnum):
    """What somebody did who changed nothing on a case."""

    READ_BY_LINK = "read_by_link"
    """The page of a link, with what the case is about."""
    READ_BY_TEAM = "read_by_team"
    """The team's page of a case, with what it is about."""
    SEEN_BY_TEAM = "seen_by_team"
    """The team's page of a case, with reference, agencies and dates only."""
    MAIL_READ = "mail_read"
    """A message that was held for the team, or filed."""
    EXPORTED = "exported"
    """Figures or rows of the review, as a file."""
    LOG_READ = "log_read"
    """Who read a case."""
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    PERSON_ADDED = "person_added"
    ROLES_CHANGED = "roles_changed"
    ACCESS_ENDED = "access_ended"
    LINK_PRINTED = "link_printed"
    """A link to sign in was made on the command line."""


async def write(
    tx: AsyncConnection,
    what: What,
    *,
    at: datetime,
    role: str,
    person_id: str | None = None,
    agency_id: str | None = None,
    reference: str | None = None,
    about_person: str | None = None,
) -> None:
    """Write down what somebody did; commit it before they are shown anything.

    Args:
        tx: a transaction that may write.
        what: what was done.
        at: the moment.
        role: the role or position in which they did it.
        person_id: who, where somebody had signed in; none on the command line, and by link.
        agency_id: by link: the agency of the position.
        reference: the case.
        about_person: whose access it was about.
    """
    await tx.execute(
        insert(_LOG).values(
            access_id=secrets.token_hex(16),
            at=at,
            role=role,
            agency_id=agency_id,
            reference=reference,
            what=what.value,
            person_id=person_id,
            about_person=about_person,
        )
    )


async def of_case(tx: AsyncConnection, reference: str) -> list[Row[tuple[object, ...]]]:
    """Who read a case, the newest first."""
    query = select(_LOG).where(_LOG.c.reference == reference).order_by(_LOG.c.at.desc(), _LOG.c.access_id).limit(MOST)
    return list((await tx.execute(query)).all())


async def about_people(tx: AsyncConnection, *, most: int = 100) -> list[Row[tuple[object, ...]]]:
    """What was changed about who may sign in, the newest first."""
    query = (
        select(_LOG).where(_LOG.c.about_person.is_not(None)).order_by(_LOG.c.at.desc(), _LOG.c.access_id).limit(most)
    )
    return list((await tx.execute(query)).all())
