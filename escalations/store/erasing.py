"""What erasing the words of a case reaches: every place where something of it is sealed, its mail included.

A case's words stand under many data keys: one for each submission, each message by email that raised it or was added to
it, what the team did with such a message, and each session of somebody who used a link of it. Erasing them leaves every
row and every hash as it was, so the register still verifies. Who had it erased and why stays: that is no word of the
case. That somebody may have a case erased is decided elsewhere: by a person, never by time (rules of practice, "Never
by a timer, a parser or a score").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, delete, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.store import tables
from escalations.store.mails import MailState
from escalations.store.vault import Vault

_ERASED_BY: Final = "erase"
"""The act by which a case is erased: who had it done, and why."""
_KEYS = tables.DATA_KEYS
_AT_ONCE: Final = 500
_WAITING: Final = (MailState.RECEIVED.value, MailState.HELD.value)


@dataclass(frozen=True, slots=True)
class Holds:
    """What of a case can still be read: how many data keys are there, by what they seal."""

    submissions: int
    """What people did by form, link or email, and what they wrote with it."""
    mails: int
    """Messages by email, as they came."""
    notes: int
    """What the team did with such messages."""
    sessions: int
    """Name and role of whoever used a link."""
    waiting: int
    """Messages that name the case and still wait to be looked at. Nobody knows yet whether they belong to it, so they
    stay: the team decides on them, and the case is erased again."""

    @property
    def keys(self) -> int:
        """How many data keys erasing destroys."""
        return self.submissions + self.mails + self.notes + self.sessions


async def holds(tx: AsyncConnection, reference: str) -> Holds:
    """What erasing a case would destroy now."""
    found = {}
    for name, sealed_with in _sealed_with(reference).items():
        keys = sealed_with.subquery()
        query = (
            select(func.count(distinct(keys.c.key_id)))
            .select_from(keys)
            .join(_KEYS, _KEYS.c.key_id == keys.c.key_id)
            .where(_KEYS.c.erased_at.is_(None))
        )
        found[name] = int((await tx.execute(query)).scalar_one())
    waiting = _of_case(reference).where(tables.MAIL_STATES.c.state.in_(_WAITING)).subquery()
    left = (await tx.execute(select(func.count()).select_from(waiting))).scalar_one()
    return Holds(**found, waiting=int(left))


async def keys_of(tx: AsyncConnection, reference: str) -> tuple[str, ...]:
    """The ids of the data keys that erasing a case would destroy now, in their order."""
    found: set[str] = set()
    for sealed_with in _sealed_with(reference).values():
        found |= set((await tx.execute(sealed_with)).scalars().all())
    return await there_again(tx, sorted(found))


async def there_again(tx: AsyncConnection, key_ids: Sequence[str]) -> tuple[str, ...]:
    """Those of these data keys that are there and not erased: in a restored backup, what was erased after it."""
    there: list[str] = []
    for first in range(0, len(key_ids), _AT_ONCE):
        these = _KEYS.c.key_id.in_(key_ids[first : first + _AT_ONCE])
        query = select(_KEYS.c.key_id).where(these, _KEYS.c.erased_at.is_(None)).order_by(_KEYS.c.key_id)
        there += (await tx.execute(query)).scalars().all()
    return tuple(there)


async def case(tx: AsyncConnection, keys: Vault, reference: str, *, at: datetime) -> Holds:
    """Erase everything that people wrote in a case, on whichever way it came; give what that destroyed.

    Args:
        tx: a transaction that may write; from its commit on nothing of it can be read.
        keys: erases.
        reference: the case.
        at: the moment.
    """
    there = await holds(tx, reference)
    for sealed_with in _sealed_with(reference).values():
        for key_id in (await tx.execute(sealed_with)).scalars().all():
            await keys.erase(tx, key_id, at=at)
    # A session without its name is none: whoever still has its cookie is asked for a code again.
    links = select(tables.LINKS.c.link_id).where(tables.LINKS.c.reference == reference)
    await tx.execute(delete(tables.LINK_SESSIONS).where(tables.LINK_SESSIONS.c.link_id.in_(links)))
    return there


def _of_case(reference: str) -> Select[str]:
    return select(tables.MAIL_STATES.c.mail_id).where(tables.MAIL_STATES.c.reference == reference)


def _sealed_with(reference: str) -> dict[str, Select[str]]:
    """The keys of what is sealed in a case, by what that is."""
    received, acts, sessions, links = tables.MAILS, tables.MAIL_ACTS, tables.LINK_SESSIONS, tables.LINKS
    settled = _of_case(reference).where(tables.MAIL_STATES.c.state.not_in(_WAITING))
    submissions = tables.SUBMISSIONS.c
    return {
        "submissions": select(submissions.key_id).where(
            submissions.reference == reference, submissions.act_kind != _ERASED_BY
        ),
        "mails": select(received.c.key_id).where(received.c.mail_id.in_(settled)),
        "notes": select(acts.c.key_id).where(acts.c.mail_id.in_(settled)),
        "sessions": select(sessions.c.key_id)
        .join(links, links.c.link_id == sessions.c.link_id)
        .where(links.c.reference == reference),
    }
