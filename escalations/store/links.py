"""Links: how somebody who was written to reads and acts, without an account.

A link alone shows reference, stage and date. To read or act, a code of six digits goes to the address that the position
has today; whoever has it, and gives a name and a role, has a session bound to this one link until the end of the day
(who sees what, and when). The link serves everybody who reads the mailbox until what it asks is done.

Nothing here is changed by looking: :func:`find` and :func:`session` only read, so that a mail scanner which opens every
link uses nothing up and sends nothing (a defect that peers mended). Tokens, codes and cookies are kept as digests only.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.policy import Side
from escalations.rules import asking, workingtime
from escalations.rules.case import Case
from escalations.rules.notices import RAISER, Ask, Notice, Recipient
from escalations.rules.senders import RaiserAt
from escalations.store import tables
from escalations.store.engine import insert_unless_there
from escalations.store.vault import Sealed, Vault

_LINKS = tables.LINKS
_CODES = tables.LINK_CODES
_SESSIONS = tables.LINK_SESSIONS
# What asks for nothing is never done: one may always read again.
_ASKING = select(_LINKS).where(
    _LINKS.c.reference == bindparam("case"),
    _LINKS.c.closed_at.is_(None),
    _LINKS.c.asks.not_in([Ask.READ.value, Ask.TEAM.value]),
)

TOKEN_BYTES = 20
COOKIE_BYTES = 32
TRIES = 5
"""Wrong codes until a new one has to be sent."""
CODES_AN_HOUR = 6
"""Codes that one link sends in an hour. It bounds guessing as well: at most 30 guesses an hour at a million codes."""
OTHER_CODES = 3
"""Codes of other links to the same mailbox that somebody is told of when they enter one here."""
AT_LEAST = timedelta(hours=1)
"""How long a code is kept that was asked for shortly before midnight."""
READABLE_FOR = timedelta(days=90)
"""How long a link that asks for nothing can be used to read again."""


class LinkState(StrEnum):
    """What a link is good for now."""

    OPEN = "open"
    DONE = "done"
    """What it asked is done; it shows that, and nothing more."""
    OLD = "old"
    """It asked for nothing and has been there for long. The newest message has one that works."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it was issued. Of the case it shows no more than this holds."""

    link_id: str
    notice_id: str
    reference: str
    to: Recipient
    asks: Ask
    stage: int
    about: str | None
    created_at: datetime
    closed_at: datetime | None

    def state(self, now: datetime) -> LinkState:
        """What it is good for."""
        if self.closed_at is not None:
            return LinkState.DONE
        reads = self.asks in {Ask.READ, Ask.TEAM}
        return LinkState.OLD if reads and self.created_at + READABLE_FOR < now else LinkState.OPEN


async def issue(
    tx: AsyncConnection,
    keys: Vault,
    *,
    notice_id: str,
    reference: str,
    notice: Notice,
    now: datetime,
) -> str:
    """The token of a notice's link; the address is ``/l/`` and the token.

    Each try to send a notice has to carry the same link: a try whose outcome is unknown may have arrived, and a relay
    that is away all night must not leave a hundred links. So the token is not kept and not drawn anew, but comes from
    the vault's secret and the notice's id, 160 bits of it; without the secret it can no more be guessed than a random
    one.

    Args:
        tx: a transaction that may write; commit it before the message leaves.
        keys: whose secret it comes from.
        notice_id: the notice that carries it.
        reference: the case.
        notice: what is asked of whom.
        now: the moment.
    """
    return (await issue_all(tx, keys, {notice_id: notice}, reference=reference, now=now))[notice_id]


async def issue_all(
    tx: AsyncConnection,
    keys: Vault,
    asked: Mapping[str, Notice],
    *,
    reference: str,
    now: datetime,
) -> dict[str, str]:
    """The tokens of several notices' links of one case, by the notices' ids; otherwise as :func:`issue`."""
    tokens = {
        notice_id: _base32(bytes.fromhex(keys.digest(f"link token 1\n{notice_id}".encode()))[:TOKEN_BYTES])
        for notice_id in asked
    }
    if tokens:
        await tx.execute(
            insert_unless_there(tx, _LINKS),
            [
                {
                    "link_id": secrets.token_hex(16),
                    "token_hash": _hashed(tokens[notice_id]),
                    "notice_id": notice_id,
                    "reference": reference,
                    "agency_id": notice.to.agency_id,
                    "position": notice.to.position,
                    "side": notice.to.side.value,
                    "asks": notice.asks.value,
                    "stage": notice.stage,
                    "about": notice.about,
                    "created_at": now,
                }
                for notice_id, notice in asked.items()
            ],
        )
    return tokens


async def find(tx: AsyncConnection, token: str) -> Link | None:
    """The link behind a token, or none where nobody was ever given it. Only reads."""
    row = (await tx.execute(select(_LINKS).where(_LINKS.c.token_hash == _hashed(token.strip().lower())))).one_or_none()
    return None if row is None else _link(row)


async def get(tx: AsyncConnection, link_id: str) -> Link | None:
    """The link of that id."""
    row = (await tx.execute(select(_LINKS).where(_LINKS.c.link_id == link_id))).one_or_none()
    return None if row is None else _link(row)


async def was_used(tx: AsyncConnection, notice_id: str) -> bool:
    """Whether somebody asked for a code at the link of a notice: whoever did so has the notice, so it arrived."""
    asked = (
        select(_CODES.c.code_id)
        .join(_LINKS, _LINKS.c.link_id == _CODES.c.link_id)
        .where(_LINKS.c.notice_id == notice_id)
        .limit(1)
    )
    return (await tx.execute(asked)).one_or_none() is not None


async def close_done(tx: AsyncConnection, case: Case, *, at: datetime) -> int:
    """Close the links of a case whose asking has been met, and give how many were closed.

    Args:
        tx: the transaction that records what was done, so that nobody finds an open link to something done.
        case: as it stands after it.
        at: the moment.
    """
    rows = await tx.execute(_ASKING, {"case": case.reference})
    done = [
        link.link_id
        for link in map(_link, rows)
        if asking.is_done(case, link.asks, link.to, stage=link.stage, about=link.about)
    ]
    if done:
        await tx.execute(update(_LINKS).where(_LINKS.c.link_id.in_(done)).values(closed_at=at))
    return len(done) + await _close_no_longer_held(tx, case, at=at)


async def _close_no_longer_held(tx: AsyncConnection, case: Case, *, at: datetime) -> int:
    """Close the raiser's links where their address holds none any more, and give how many were closed."""
    if case.raiser_at is RaiserAt.ADDRESS:
        return 0
    theirs = [_LINKS.c.reference == case.reference, _LINKS.c.position == RAISER, _LINKS.c.closed_at.is_(None)]
    if case.raiser_at is RaiserAt.CONTACT:
        # Those that the agency's own contact was given since are its own.
        theirs.append(_LINKS.c.agency_id.is_distinct_from(case.raising_agency))
    return (await tx.execute(update(_LINKS).where(*theirs).values(closed_at=at))).rowcount


# ---- Codes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Code:
    """A code to send, now; afterwards it can only be checked."""

    code_id: str
    digits: str
    expires_at: datetime


class NotSent(StrEnum):
    """Why no code is sent."""

    TOO_MANY = "too_many"
    """So many were sent within the hour that another would help nobody."""
    NOT_OPEN = "not_open"
    """What the link asked is done, or it is old."""


class Checked(StrEnum):
    """What came of a code that somebody entered."""

    RIGHT = "right"
    WRONG = "wrong"
    ASK_ANEW = "ask_anew"
    """There is none that could be right: it expired, was tried too often, or the position has another address now."""


def kept_until(now: datetime) -> datetime:
    """Until when a code and its session are kept: the end of the civil day, and an hour at the least."""
    tomorrow = workingtime.civil(now).date() + timedelta(days=1)
    return max(workingtime.instant_of(tomorrow, time(0)), now + AT_LEAST)


async def new_code(tx: AsyncConnection, keys: Vault, link: Link, *, address: str, now: datetime) -> Code | NotSent:
    """A new code for a link. Codes sent before stay good, because a colleague may have one open.

    Args:
        tx: a transaction that may write; commit it before the code leaves.
        keys: for keyed digests: six digits behind a plain one could be tried through in a second.
        link: the link that was opened.
        address: where it goes: the position's address today.
        now: the moment.
    """
    if link.state(now) is not LinkState.OPEN:
        return NotSent.NOT_OPEN
    # Locks the link, so that presses at the same moment are counted one after the other.
    await tx.execute(select(_LINKS.c.link_id).where(_LINKS.c.link_id == link.link_id).with_for_update())
    sent = (
        await tx.execute(
            select(func.count())
            .select_from(_CODES)
            .where(_CODES.c.link_id == link.link_id, _CODES.c.sent_at > now - timedelta(hours=1))
        )
    ).scalar_one()
    if sent >= CODES_AN_HOUR:
        return NotSent.TOO_MANY
    code = Code(secrets.token_hex(16), f"{secrets.randbelow(1_000_000):06d}", kept_until(now))
    await tx.execute(
        insert(_CODES).values(
            code_id=code.code_id,
            link_id=link.link_id,
            code_hash=_code_digest(keys, code.code_id, code.digits),
            address_digest=address_digest(keys, address),
            sent_at=now,
            expires_at=code.expires_at,
        )
    )
    return code


async def check_code(
    tx: AsyncConnection,
    keys: Vault,
    link: Link,
    digits: str,
    *,
    address: str,
    now: datetime,
) -> Checked:
    """Check what somebody entered. A right code stays right for the day: others read the same mailbox.

    Args:
        tx: a transaction that may write, to be committed also when the code is wrong: that try counts.
        keys: for keyed digests.
        link: the link that was opened.
        digits: what was entered; blanks and dashes in it are forgiven.
        address: the position's address today. A code that went to another one is no longer good.
        now: the moment.
    """
    live = (
        await tx.execute(
            select(_CODES).where(_CODES.c.link_id == link.link_id, *_live(keys, address, now)).with_for_update()
        )
    ).all()
    if not live or link.state(now) is not LinkState.OPEN:
        return Checked.ASK_ANEW
    entered = _figures(digits)
    for row in live:
        if secrets.compare_digest(row.code_hash, _code_digest(keys, row.code_id, entered)):
            await tx.execute(
                update(_CODES).where(_CODES.c.code_id == row.code_id, _CODES.c.used_at.is_(None)).values(used_at=now)
            )
            return Checked.RIGHT
    # A guess is a guess at each of them.
    await tx.execute(
        update(_CODES).where(_CODES.c.code_id.in_([row.code_id for row in live])).values(tries=_CODES.c.tries + 1)
    )
    return Checked.ASK_ANEW if all(row.tries + 1 >= TRIES for row in live) else Checked.WRONG


async def sent_code(tx: AsyncConnection, keys: Vault, link: Link, *, address: str, now: datetime) -> bool:
    """Whether a code of this link can still be entered: one that went to the position's address of today. Only reads.

    Args:
        tx: a transaction.
        keys: for the keyed digest of the address.
        link: the link that was opened.
        address: the position's address today.
        now: the moment.
    """
    query = select(func.count()).select_from(_CODES).where(_CODES.c.link_id == link.link_id, *_live(keys, address, now))
    return (await tx.execute(query)).scalar_one() > 0


async def of_another(
    tx: AsyncConnection, keys: Vault, link: Link, digits: str, *, address: str, now: datetime
) -> Link | None:
    """The other link whose code was entered here, where it went to the same address: whose message was read instead.

    It opens nothing. Ask only where :func:`check_code` has counted the try: otherwise codes could be guessed here
    without end; and only the newest few are compared, so that a guess does not become one at every code of a mailbox.

    Args:
        tx: a transaction.
        keys: for keyed digests.
        link: the link that was opened.
        digits: what was entered.
        address: the position's address today.
        now: the moment.
    """
    query = (
        select(_CODES)
        .where(_CODES.c.link_id != link.link_id, *_live(keys, address, now))
        .order_by(_CODES.c.sent_at.desc(), _CODES.c.code_id)
        .limit(OTHER_CODES)
    )
    entered = _figures(digits)
    for row in (await tx.execute(query)).all():
        if secrets.compare_digest(row.code_hash, _code_digest(keys, row.code_id, entered)):
            return await get(tx, row.link_id)
    return None


def _live(keys: Vault, address: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        _CODES.c.address_digest == address_digest(keys, address),
        _CODES.c.expires_at > now,
        _CODES.c.tries < TRIES,
    )


def _figures(digits: str) -> str:
    return "".join(sign for sign in digits if sign.isascii() and sign.isdigit())


def address_digest(keys: Vault, address: str) -> str:
    """A keyed digest of an address: equal for the same mailbox, and it gives nothing away."""
    return keys.digest(f"link address 1\n{address.strip().casefold()}".encode())


def _code_digest(keys: Vault, code_id: str, digits: str) -> str:
    return keys.digest(f"link code 1\n{code_id}\n{digits}".encode())


# ---- Sessions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has shown that they read the mailbox, at one link, until the end of the day."""

    link_id: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime


async def start_session(
    tx: AsyncConnection,
    keys: Vault,
    link: Link,
    *,
    name: str,
    role: str,
    address: str,
    now: datetime,
) -> str:
    """The value of the cookie of a new session, which is kept nowhere. Only after a right code.

    Args:
        tx: a transaction that may write.
        keys: seals name and role.
        link: the one link that it is for.
        name: who it is, as they say.
        role: their role, as they say.
        address: the address that the code went to.
        now: the moment.
    """
    cookie = secrets.token_urlsafe(COOKIE_BYTES)
    row = _hashed(cookie)
    plain = json.dumps({"name": name, "role": role}, ensure_ascii=False).encode()
    box = await keys.seal(tx, plain, table=_SESSIONS.name, column="sealed", row=row)
    await tx.execute(
        insert(_SESSIONS).values(
            session_hash=row,
            link_id=link.link_id,
            sealed=box.data,
            key_id=box.key_id,
            address_digest=address_digest(keys, address),
            created_at=now,
            expires_at=kept_until(now),
        )
    )
    return cookie


async def session(
    tx: AsyncConnection,
    keys: Vault,
    cookie: str,
    *,
    link: Link,
    address: str | None,
    now: datetime,
) -> Session | None:
    """The session behind a cookie, or none where it is over or is for another link. Only reads.

    Args:
        tx: a transaction.
        keys: opens name and role.
        cookie: its value.
        link: the link that is being used.
        address: the position's address today; whoever used another one has to ask for a code again.
        now: the moment.
    """
    row = (
        await tx.execute(
            select(_SESSIONS).where(
                _SESSIONS.c.session_hash == _hashed(cookie),
                _SESSIONS.c.link_id == link.link_id,
                _SESSIONS.c.expires_at > now,
            )
        )
    ).one_or_none()
    if row is None or address is None or row.address_digest != address_digest(keys, address):
        return None
    opened = json.loads(
        await keys.open(tx, Sealed(row.key_id, row.sealed), table=_SESSIONS.name, column="sealed", row=row.session_hash)
    )
    return Session(link.link_id, opened["name"], opened["role"], row.created_at, row.expires_at)


async def end_session(tx: AsyncConnection, keys: Vault, cookie: str, *, now: datetime) -> None:
    """End a session because whoever began it leaves the computer to others. A session that is none is left alone.

    Args:
        tx: a transaction that may write.
        keys: erases name and role.
        cookie: its value.
        now: the moment.
    """
    this = _SESSIONS.c.session_hash == _hashed(cookie)
    key_id = (await tx.execute(select(_SESSIONS.c.key_id).where(this))).scalar_one_or_none()
    if key_id is not None:
        await tx.execute(delete(_SESSIONS).where(this))
        await keys.erase(tx, key_id, at=now)


async def erase_expired(tx: AsyncConnection, keys: Vault, *, now: datetime) -> int:
    """Erase every session whose time is over, with the name and the role in it; give how many there were.

    That somebody asked for a code stays: it shows that a notice arrived, and holds nobody's name.
    """
    over = _SESSIONS.c.expires_at <= now
    rows = (await tx.execute(select(_SESSIONS.c.session_hash, _SESSIONS.c.key_id).where(over))).all()
    for row in rows:
        await keys.erase(tx, row.key_id, at=now)
        await tx.execute(delete(_SESSIONS).where(_SESSIONS.c.session_hash == row.session_hash))
    return len(rows)


def _link(row: Row[tuple[object, ...]]) -> Link:
    values = row._mapping  # noqa: SLF001  SQLAlchemy's public name for it
    return Link(
        values["link_id"],
        values["notice_id"],
        values["reference"],
        Recipient(Side(values["side"]), values["agency_id"], values["position"]),
        Ask(values["asks"]),
        values["stage"],
        values["about"],
        values["created_at"],
        values["closed_at"],
    )


def _hashed(secret: str) -> str:
    # A plain digest is enough for what has 160 bits and more; six digits get a keyed one.
    return hashlib.sha256(secret.encode()).hexdigest()


def _base32(data: bytes) -> str:
    """In one case only: some mail programs and people change it."""
    return base64.b32encode(data).decode().rstrip("=").lower()
