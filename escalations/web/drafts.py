"""What somebody has typed so far, kept encrypted on our side, with nothing but a random name in their browser.

A draft is never a submission: nothing reads it but the form that wrote it. It is erased when it was sent, and of no use
to anybody after a working day, since these pages are used on shared computers.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.store import tables
from escalations.store.engine import Database
from escalations.store.vault import CannotOpen, Erased, Sealed, Vault
from escalations.web.answers import Answers

KEPT: Final = timedelta(hours=12)
"""How long a draft is kept after the last change to it."""

_DRAFTS = tables.DRAFTS
_PLACE: Final = {"table": "drafts", "column": "sealed"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft, and the name by which the browser knows it."""

    name: str
    answers: Answers
    expires_at: datetime | None = None
    """Until when it is kept; none while nothing of it is."""


def fresh() -> Draft:
    """A new draft, not kept yet."""
    return Draft(secrets.token_urlsafe(24), Answers(key=secrets.token_urlsafe(24)))


def _id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


class Drafts:
    """Keeps drafts in the database."""

    def __init__(self, database: Database, vault: Vault, now: Callable[[], datetime]) -> None:
        """Take where they are kept, what seals them, and the clock."""
        self._database = database
        self._vault = vault
        self._now = now

    async def read(self, name: str) -> Draft | None:
        """The draft of that name, or none where its time is over or it was sent.

        Raises:
            engine.DatabaseAway: the database cannot be reached.
        """
        if not name:
            return None
        async with self._database.read() as tx:
            row = (
                await tx.execute(
                    select(_DRAFTS).where(_DRAFTS.c.draft_id == _id(name), _DRAFTS.c.expires_at > self._now())
                )
            ).one_or_none()
            if row is None:
                return None
            try:
                text = await self._vault.open(tx, Sealed(row.key_id, row.sealed), row=row.draft_id, **_PLACE)
                return Draft(name, Answers.model_validate_json(text), row.expires_at)
            except (Erased, CannotOpen, ValidationError):
                return None  # Written under a key, or by an edition of the form, that is gone: as if it had expired.

    async def keep(self, draft: Draft) -> Draft:
        """Keep a draft as it is now; give it with the time until which it is kept.

        Raises:
            engine.DatabaseAway: the database cannot be reached, and what was typed is not kept.
        """
        now = self._now()
        draft_id = _id(draft.name)
        text = draft.answers.model_dump_json().encode()
        async with self._database.write() as tx:
            known = (
                await tx.execute(select(_DRAFTS.c.key_id).where(_DRAFTS.c.draft_id == draft_id))
            ).scalar_one_or_none()
            sealed = await self._vault.seal(tx, text, row=draft_id, key_id=known, **_PLACE)
            kept = {"sealed": sealed.data, "key_id": sealed.key_id, "updated_at": now, "expires_at": now + KEPT}
            if known is None:
                await tx.execute(insert(_DRAFTS).values(draft_id=draft_id, **kept))
            else:
                await tx.execute(update(_DRAFTS).where(_DRAFTS.c.draft_id == draft_id).values(**kept))
            await self._forget_expired(tx, now)
        return replace(draft, expires_at=now + KEPT)

    async def forget(self, tx: AsyncConnection, name: str) -> None:
        """Erase a draft that was sent, in the transaction that stores what was sent."""
        await self._forget(tx, _DRAFTS.c.draft_id == _id(name))

    async def clear(self, name: str) -> None:
        """Erase a draft because whoever typed it says so, and whatever else is over.

        Raises:
            engine.DatabaseAway: the database cannot be reached, and what was typed is there until it expires.
        """
        async with self._database.write() as tx:
            await self.forget(tx, name)
            await self._forget_expired(tx, self._now())

    async def erase_expired(self) -> int:
        """Erase every draft whose time is over, with its key; give how many there were.

        Raises:
            engine.DatabaseAway: the database cannot be reached.
        """
        async with self._database.write() as tx:
            return await self._forget_expired(tx, self._now())

    async def _forget_expired(self, tx: AsyncConnection, now: datetime) -> int:
        return await self._forget(tx, _DRAFTS.c.expires_at <= now)

    async def _forget(self, tx: AsyncConnection, which: object) -> int:
        rows = (await tx.execute(select(_DRAFTS.c.draft_id, _DRAFTS.c.key_id).where(which))).all()  # type: ignore[arg-type]  # a column expression
        for row in rows:
            await self._vault.erase(tx, row.key_id, at=self._now())
            await tx.execute(delete(_DRAFTS).where(_DRAFTS.c.draft_id == row.draft_id))
        return len(rows)
