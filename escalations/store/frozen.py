"""Policies, calendars and code lists as they were when a case was opened, kept for ever by the hash of their text."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors
from escalations.store import engine, tables


class Kind(StrEnum):
    """What a frozen text is."""

    POLICY = "policy"
    CALENDAR = "calendar"
    CODES = "codes"


class NotFrozen(errors.FinalOurs):
    """No text with this hash was ever frozen here."""

    code = "not_frozen"


async def put(
    tx: AsyncConnection,
    kind: Kind | Literal["policy", "calendar", "codes"],
    content: str,
    *,
    now: datetime,
) -> str:
    """Keep a text, if it is not kept already, and give its hash: SHA-256 in hex."""
    content_hash = hashlib.sha256(content.encode()).hexdigest()
    await engine.insert_new(
        tx,
        tables.FROZEN,
        {"content_hash": content_hash, "kind": Kind(kind).value, "content": content, "first_used_at": now},
    )
    return content_hash


async def get(tx: AsyncConnection, content_hash: str) -> str:
    """The text behind a hash.

    Raises:
        NotFrozen: there is none.
    """
    query = select(tables.FROZEN.c.content).where(tables.FROZEN.c.content_hash == content_hash)
    content: str | None = (await tx.execute(query)).scalar_one_or_none()
    if content is None:
        raise NotFrozen("no text with this hash is kept")
    return content
