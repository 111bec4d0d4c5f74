"""Signing in: a link that is mailed, and the session that it begins.

A link works for half an hour and once, by a press of a button; looking at it uses nothing up (mail scanners open every
link). A session ends eight hours after it began, or after two hours without a page. Tokens and cookies are kept as
digests only. What somebody may do is read from their row at every page, so that a change counts at once.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.store import people, tables
from escalations.store.people import Person
from escalations.store.vault import Vault

_LINKS = tables.SIGN_IN_LINKS
_SESSIONS = tables.PERSON_SESSIONS

TOKEN_BYTES: Final = 20
COOKIE_BYTES: Final = 32
LINK_FOR: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=8)
"""How long a session lasts, however much it is used."""
IDLE: Final = timedelta(hours=2)
"""How long it lasts without a page."""
LINKS_WHILE_GOOD: Final = 5
"""To one person within the time that a link is good for: whoever is sent no more has one that works, so nobody who only
presses the button locks somebody else out."""
ALL_LINKS_AN_HOUR: Final = 200
"""To everybody together: nobody fills mailboxes through us."""
_SEEN_EVERY: Final = timedelta(minutes=1)
_FORGOTTEN_AFTER: Final = timedelta(days=2)


class LinkState(StrEnum):
    """What a link to sign in is good for."""

    GOOD = "good"
    USED = "used"
    OLD = "old"
    UNKNOWN = "unknown"
    """Nobody was ever given it, or whoever was may sign in no more."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link to send, now; afterwards it can only be used."""

    link_id: str
    """For the message's id; it opens nothing."""
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in."""

    person: Person
    to_be_seen: bool
    """Whether it is long enough ago that it was last noted."""


async def new_link(tx: AsyncConnection, person_id: str, *, now: datetime, limited: bool = True) -> NewLink | None:
    """A new link for somebody, or none where so many were sent within the hour that another would help nobody.

    Args:
        tx: a transaction that may write; commit it before the link leaves.
        person_id: whose.
        now: the moment.
        limited: whether it counts how many were sent. The command line's do not leave by mail.
    """
    if limited:
        # Locks the person, so that presses at the same moment are counted one after the other.
        await tx.execute(
            select(tables.PEOPLE.c.person_id).where(tables.PEOPLE.c.person_id == person_id).with_for_update()
        )
        lately = select(func.count()).select_from(_LINKS).where(_LINKS.c.sent_at > now - timedelta(hours=1))
        theirs = lately.where(_LINKS.c.person_id == person_id, _LINKS.c.expires_at > now)
        if (await tx.execute(theirs)).scalar_one() >= LINKS_WHILE_GOOD:
            return None
        if (await tx.execute(lately)).scalar_one() >= ALL_LINKS_AN_HOUR:
            return None
    await tx.execute(delete(_LINKS).where(_LINKS.c.expires_at < now - _FORGOTTEN_AFTER))
    token = base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().lower()
    made = NewLink(secrets.token_hex(16), token, now + LINK_FOR)
    await tx.execute(
        insert(_LINKS).values(
            token_hash=_hashed(token), person_id=person_id, sent_at=now, expires_at=made.expires_at, used_at=None
        )
    )
    return made


async def look(tx: AsyncConnection, keys: Vault, token: str, *, now: datetime) -> tuple[LinkState, Person | None]:
    """What a link is good for, and for whom. Only reads."""
    row = (await tx.execute(select(_LINKS).where(_LINKS.c.token_hash == _hashed(_read(token))))).one_or_none()
    person = await people.get(tx, keys, row.person_id) if row is not None else None
    if row is None or person is None or person.until is not None:
        return LinkState.UNKNOWN, None
    if row.used_at is not None:
        return LinkState.USED, person
    return (LinkState.GOOD if now < row.expires_at else LinkState.OLD), person


async def use(tx: AsyncConnection, keys: Vault, token: str, *, now: datetime) -> tuple[Person, str] | None:
    """Use a link up, and give whose it was and the cookie of a new session; none where it is not good any more.

    Args:
        tx: a transaction that may write. Of two who use a link at the same moment only one gets a session.
        keys: opens whose it is.
        token: of the link.
        now: the moment.
    """
    state, person = await look(tx, keys, token, now=now)
    if state is not LinkState.GOOD or person is None:
        return None
    done = await tx.execute(
        update(_LINKS)
        .where(_LINKS.c.token_hash == _hashed(_read(token)), _LINKS.c.used_at.is_(None))
        .values(used_at=now)
    )
    return (person, await start(tx, person.person_id, now=now)) if done.rowcount == 1 else None


async def start(tx: AsyncConnection, person_id: str, *, now: datetime) -> str:
    """Begin a session, and give the value of its cookie, which is kept nowhere."""
    await tx.execute(delete(_SESSIONS).where(_SESSIONS.c.expires_at < now))
    cookie = secrets.token_urlsafe(COOKIE_BYTES)
    await tx.execute(
        insert(_SESSIONS).values(
            session_hash=_hashed(cookie), person_id=person_id, started_at=now, seen_at=now, expires_at=now + LONGEST
        )
    )
    return cookie


async def session(tx: AsyncConnection, keys: Vault, cookie: str, *, now: datetime) -> Session | None:
    """The session behind a cookie, or none where it is over or its person may sign in no more. Only reads."""
    row = (
        await tx.execute(
            select(_SESSIONS).where(
                _SESSIONS.c.session_hash == _hashed(cookie),
                _SESSIONS.c.expires_at > now,
                _SESSIONS.c.seen_at > now - IDLE,
            )
        )
    ).one_or_none()
    person = await people.get(tx, keys, row.person_id) if row is not None else None
    if row is None or person is None or person.until is not None:
        return None
    return Session(person, row.seen_at < now - _SEEN_EVERY)


async def seen(tx: AsyncConnection, cookie: str, *, now: datetime) -> None:
    """Note that a session was used."""
    await tx.execute(update(_SESSIONS).where(_SESSIONS.c.session_hash == _hashed(cookie)).values(seen_at=now))


async def stop(tx: AsyncConnection, cookie: str) -> None:
    """End a session: its cookie opens nothing from now on."""
    await tx.execute(delete(_SESSIONS).where(_SESSIONS.c.session_hash == _hashed(cookie)))


def _read(token: str) -> str:
    return token.strip().lower()


def _hashed(secret: str) -> str:
    # A plain digest is enough for what has 160 bits and more.
    return hashlib.sha256(secret.encode()).hexdigest()
