"""Mail as it was received: its bytes sealed, what it was taken for, and what became of it.

A row of ``mails`` is written before the sender is told that the message was taken, and never changed. What became of it
stands apart (``mail_states``), and what the team did with it is written down (``mail_acts``). The same message that
comes twice, because its sender tried again or because it went to two mailboxes of ours, is one row (defect 17).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors
from escalations.rules.senders import PutAside
from escalations.store import mail_anew, mail_asides, register, tables
from escalations.store.mail_asides import Aside
from escalations.store.vault import Erased, Sealed, Vault

_MAILS = tables.MAILS
_STATES = tables.MAIL_STATES
_ACTS = tables.MAIL_ACTS
_PERSON = "person"
_REFUTED = "refuted"
_SAME_SEED = 0x65736364
SAME_WORDS_WITHIN = timedelta(hours=24)
"""For how long the same words of the same sender are taken for one message, where its Message-ID does not say so."""
LEASE = timedelta(seconds=20)
"""For how long a message is left to whoever decides on it. Deciding twice does nothing twice, so it can be short."""


class MailState(StrEnum):
    """What became of a message."""

    RECEIVED = "received"
    """Stored; what it brings is decided next."""
    FILED = "filed"
    """It raised an escalation, or was added to one."""
    HELD = "held"
    """It waits for the partnership's team."""
    SET_ASIDE = "set_aside"
    """A machine's, with nothing to be done about it."""
    NOT_FOR_US = "not_for_us"
    """The team looked, and it is nobody's escalation."""


class MailAct(StrEnum):
    """What the team does with a held message."""

    PASS_TO_CASE = "pass_to_case"  # noqa: S105  not a password
    NOT_FOR_US = "not_for_us"
    CONFIRM_UNDELIVERED = "confirm_undelivered"
    """Confirm a report that a notice did not arrive, which was not believed by itself."""


class UnknownMail(errors.FinalOurs):
    """No message has this id."""

    code = "unknown_mail"


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """What the sending server said, apart from the message."""

    sender: str
    """Empty for what a machine sends and wants no answer to."""
    recipients: tuple[str, ...]
    over_loopback: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What is written down of a message with its bytes, and needs no key."""

    kind: str
    arrival: str | None
    """For a report: what it says of our message's arrival."""
    markers: tuple[str, ...]
    vouched: str
    notice_id: str | None
    """The notice whose signed address it was sent to."""
    message_key: str | None
    """A keyed digest of its Message-ID, its sender and whom it is for; none where it has no Message-ID."""
    words_key: str
    """A keyed digest of its words, its sender and whom it is for."""
    sender_key: str | None
    """A keyed digest of its sender's address."""
    says_urgent: bool | None = None
    """What its labelled line says of whether a case is urgent; none where it has no such line."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that is stored."""

    mail_id: str
    repeated: bool
    """Whether it had been stored before."""


@dataclass(frozen=True, slots=True)
class MailRow:
    """A message without its bytes, and what has become of it."""

    mail_id: str
    received_at: datetime
    kind: str
    arrival: str | None
    markers: tuple[str, ...]
    vouched: str
    notice_id: str | None
    sender_key: str | None
    size: int
    state: MailState
    reference: str | None
    code: str | None
    attempts: int
    changed_at: datetime
    about: str | None
    """The notice that it was found to be about."""
    urgent: bool
    """For one that waits, or waited, for the team: whether it may be urgent, and is looked at sooner."""
    due_at: datetime | None
    """By when the team has, or had, to look at it; none where it never waited for the team."""
    looked_at: datetime | None
    """When the team did something with it."""
    not_answered: NotAnswered | None
    """Why whoever wrote it was not answered by ourselves, where they would have been."""
    repeats: int
    """How often the same words came again within a day, from the same sender."""


class NotAnswered(StrEnum):
    """Why whoever wrote was not answered."""

    OFTEN = "often"
    """So much came from that address."""
    FLOOD = "flood"
    """So much came from all whom we do not know."""


def address_key(keys: Vault, address: str) -> str:
    """The keyed digest by which an address is known again: it gives nothing away."""
    return keys.digest(f"mail 1\nsender\n{address.strip().lower()}".encode("utf-8", "replace"))


async def receive(
    tx: AsyncConnection,
    keys: Vault,
    raw: bytes,
    envelope: Envelope,
    known: Known,
    *,
    mail_id: str,
    received_at: datetime,
) -> Taken:
    """Store a message, once. Only after the commit may its sender be told that it was taken.

    Args:
        tx: a transaction that may write.
        keys: seals the bytes, under a key of this message's own.
        raw: as it came.
        envelope: what the sending server said.
        known: what it was taken for, and the digests by which it is known again.
        mail_id: a new id, unless it is known already.
        received_at: the moment.
    """
    for key in sorted({known.words_key, known.message_key or known.words_key}):
        if tx.dialect.name != "sqlite":
            # Two copies at once, from two mailboxes: the second waits here until the first is committed, and finds it.
            await tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, _SAME_SEED))))
    first = (await tx.execute(_same(known, received_at))).one_or_none()
    if first is not None and not await _means_it_anew(tx, known, first):
        if _is_said_again(known, first.message_key):
            # Their mail program sent it anew: whoever waits for a word on it is told that we have it.
            again = {"repeated_at": received_at, "repeats": _STATES.c.repeats + 1}
            await tx.execute(update(_STATES).where(_STATES.c.mail_id == first.mail_id).values(**again))
        return Taken(first.mail_id, repeated=True)
    head = json.dumps(
        {"from": envelope.sender, "to": list(envelope.recipients), "loopback": envelope.over_loopback},
        ensure_ascii=True,
    ).encode("ascii")
    box = await keys.seal(tx, head + b"\n" + raw, table=_MAILS.name, column="sealed", row=mail_id)
    row = {
        "mail_id": mail_id,
        "received_at": received_at,
        "kind": known.kind,
        "arrival": known.arrival,
        "markers": " ".join(known.markers),
        "vouched": known.vouched,
        "notice_id": known.notice_id,
        "message_key": known.message_key,
        "words_key": known.words_key,
        "sender_key": known.sender_key,
        "size": len(raw),
        "sealed": box.data,
        "key_id": box.key_id,
        "content_digest": box.digest,
    }
    await tx.execute(insert(_MAILS).values(**row, row_digest=register.row_digest(_MAILS, row)))
    await tx.execute(
        insert(_STATES).values(
            mail_id=mail_id, state=MailState.RECEIVED.value, next_attempt_at=received_at, changed_at=received_at
        )
    )
    return Taken(mail_id, repeated=False)


def _is_said_again(known: Known, message_key: str | None) -> bool:
    """Whether a person sent the same words as another message, rather than a server the same message again."""
    if known.kind != _PERSON or known.vouched == _REFUTED:
        return False
    return known.message_key is not None and known.message_key != message_key


async def _means_it_anew(tx: AsyncConnection, known: Known, first: Row[str, str, datetime]) -> bool:
    """Whether the same words answer something that was answered or taken back since they came first."""
    if known.message_key is not None and first.message_key == known.message_key:
        return False  # A server handed the very same message over again.
    if known.says_urgent is None or known.notice_id is None:
        return False
    return await mail_anew.says_if_urgent(tx, known.notice_id, urgent=known.says_urgent, since=first.received_at)


def _same(known: Known, now: datetime) -> Select[str, str, datetime]:
    words = and_(_MAILS.c.words_key == known.words_key, _MAILS.c.received_at > now - SAME_WORDS_WITHIN)
    same = words if known.message_key is None else or_(_MAILS.c.message_key == known.message_key, words)
    by_id = case((_MAILS.c.message_key == known.message_key, 0), else_=1)
    found = select(_MAILS.c.mail_id, _MAILS.c.message_key, _MAILS.c.received_at).where(same)
    return found.order_by(by_id, _MAILS.c.received_at.desc()).limit(1)


async def said_again(tx: AsyncConnection) -> MailRow | None:
    """A message whose words came again, of which its sender was not told yet; none before it was decided on."""
    row = (await tx.execute(_AGAIN)).one_or_none()
    return None if row is None else _row(row)


async def told_of_again(tx: AsyncConnection, mail_id: str) -> bool:
    """Note that a sender was told that we have their words already, before they are; give whether that was to do."""
    waits = (_STATES.c.mail_id == mail_id, _STATES.c.repeated_at.is_not(None))
    return (await tx.execute(update(_STATES).where(*waits).values(repeated_at=None))).rowcount == 1


async def not_answered(tx: AsyncConnection, mail_id: str, why: NotAnswered) -> None:
    """Note that whoever wrote a message was not answered. The team sees it."""
    await tx.execute(update(_STATES).where(_STATES.c.mail_id == mail_id).values(not_answered=why.value))


async def lease_next(tx: AsyncConnection, *, now: datetime) -> MailRow | None:
    """The oldest message whose way is to be decided; nobody else is given it until its lease runs out."""
    row = (await tx.execute(_DUE, {"now": now})).one_or_none()
    if row is None:
        return None
    await tx.execute(
        update(_STATES)
        .where(_STATES.c.mail_id == row.mail_id)
        .values(attempts=_STATES.c.attempts + 1, next_attempt_at=now + LEASE)
    )
    return await get(tx, row.mail_id)


async def settle(
    tx: AsyncConnection,
    mail_id: str,
    *,
    state: MailState,
    code: str,
    at: datetime,
    reference: str | None = None,
    notice_id: str | None = None,
    only_from: Collection[MailState] = (MailState.RECEIVED,),
) -> bool:
    """Say what became of a message, and give whether it was still in one of these states.

    Args:
        tx: a transaction that may write.
        mail_id: the message.
        state: what became of it.
        code: why.
        at: the moment.
        reference: the case that it belongs to, or may belong to.
        notice_id: the notice that it was found to be about; what was found before stays.
        only_from: states from which it may go to this one.
    """
    about: dict[str, object] = {} if notice_id is None else {"notice_id": notice_id}
    if MailState.HELD in only_from:
        about["looked_at"] = at
    done = await tx.execute(
        update(_STATES)
        .where(_STATES.c.mail_id == mail_id, _STATES.c.state.in_([state.value for state in only_from]))
        .values(state=state.value, code=code, reference=reference, changed_at=at, next_attempt_at=None, **about)
    )
    return done.rowcount == 1


async def hold_until(tx: AsyncConnection, mail_id: str, *, due_at: datetime | None, urgent: bool) -> None:
    """Say by when the team has to look at a message that waits for it."""
    await tx.execute(update(_STATES).where(_STATES.c.mail_id == mail_id).values(due_at=due_at, urgent=urgent))


async def late(tx: AsyncConnection, *, now: datetime) -> int:
    """How many messages have waited for the team beyond its own time limit."""
    query = select(func.count()).select_from(_STATES).where(_IS_LATE, _STATES.c.due_at < now)
    return int((await tx.execute(query)).scalar_one())


async def newly_late(tx: AsyncConnection, *, now: datetime) -> int:
    """Note for which messages the team's time limit has passed, and give how many nobody was told of before."""
    noted = await tx.execute(
        update(_STATES)
        .where(_IS_LATE, _STATES.c.due_at < now, _STATES.c.late_told_at.is_(None))
        .values(late_told_at=now)
    )
    return noted.rowcount


@dataclass(frozen=True, slots=True)
class Waited:
    """A message that waited for the team."""

    received_at: datetime
    due_at: datetime
    looked_at: datetime | None
    """None where it still waits."""
    put_aside: bool = False
    """Whether the team put it aside when it looked."""
    why: PutAside | None = None
    """Why it did; none where that was not asked yet."""


async def waited(tx: AsyncConnection) -> list[Waited]:
    """Every message that ever waited for the team, oldest first. For the review of a year."""
    aside = and_(_ACTS.c.mail_id == _MAILS.c.mail_id, _ACTS.c.what == MailAct.NOT_FOR_US.value)
    rows = await tx.execute(
        select(_MAILS.c.received_at, _STATES.c.due_at, _STATES.c.looked_at, _ACTS.c.what, _ACTS.c.why)
        .join(_STATES, _STATES.c.mail_id == _MAILS.c.mail_id)
        .outerjoin(_ACTS, aside)
        .where(_STATES.c.due_at.is_not(None))
        .order_by(_MAILS.c.received_at, _MAILS.c.mail_id)
    )
    return [
        Waited(
            row.received_at,
            row.due_at,
            row.looked_at,
            put_aside=row.what is not None,
            why=None if row.why is None else PutAside(row.why),
        )
        for row in rows
    ]


async def retry(tx: AsyncConnection, mail_id: str, *, at: datetime, code: str) -> None:
    """Decide again later on the way of a message."""
    await tx.execute(
        update(_STATES)
        .where(_STATES.c.mail_id == mail_id, _STATES.c.state == MailState.RECEIVED.value)
        .values(next_attempt_at=at, code=code)
    )


async def get(tx: AsyncConnection, mail_id: str) -> MailRow:
    """A message without its bytes.

    Raises:
        UnknownMail: there is none of this id.
    """
    row = (await tx.execute(_rows().where(_MAILS.c.mail_id == mail_id))).one_or_none()
    if row is None:
        raise UnknownMail("there is no message of this id")
    return _row(row)


async def content(tx: AsyncConnection, keys: Vault, mail_id: str) -> tuple[Envelope, bytes]:
    """A message's bytes, opened.

    Raises:
        UnknownMail: there is none of this id.
        vault.Erased: its key was erased.
        vault.CannotOpen: the stored bytes were changed, or the settings lack the key.
    """
    row = (await tx.execute(select(_MAILS.c.sealed, _MAILS.c.key_id).where(_MAILS.c.mail_id == mail_id))).one_or_none()
    if row is None:
        raise UnknownMail("there is no message of this id")
    plain = await keys.open(tx, Sealed(row.key_id, row.sealed), table=_MAILS.name, column="sealed", row=mail_id)
    head, _, raw = plain.partition(b"\n")
    said = json.loads(head)
    return Envelope(said["from"], tuple(said["to"]), said["loopback"]), raw


async def listed(tx: AsyncConnection, *states: MailState, at_most: int = 200, after: int = 0) -> list[MailRow]:
    """Messages in these states: what waits by when it is to be looked at, what is over newest first.

    Args:
        tx: a transaction.
        states: which.
        at_most: how many of them.
        after: how many come before.
    """
    waits = (_STATES.c.due_at.nulls_first(), _MAILS.c.received_at, _MAILS.c.mail_id)
    order = waits if MailState.HELD in states else (_MAILS.c.received_at.desc(), _MAILS.c.mail_id)
    query = _rows().where(_STATES.c.state.in_([state.value for state in states]))
    return [_row(row) for row in await tx.execute(query.order_by(*order).limit(at_most).offset(after))]


async def waiting(tx: AsyncConnection) -> dict[MailState, int]:
    """How many messages wait for us, or for the team. For the board and the metrics."""
    waits = (MailState.RECEIVED.value, MailState.HELD.value)
    rows = await tx.execute(
        select(_STATES.c.state, func.count()).where(_STATES.c.state.in_(waits)).group_by(_STATES.c.state)
    )
    return {MailState(state): count for state, count in rows}


async def count_since(
    tx: AsyncConnection,
    since: datetime,
    *,
    sender_key: str | None = None,
    reference: str | None = None,
    code: str | None = None,
    about: str | None = None,
    vouched: Collection[str] | None = None,
) -> int:
    """How many messages have been filed since a moment. Caps count so.

    Args:
        tx: a transaction.
        since: the moment.
        sender_key: of one sender.
        reference: to one case.
        code: in one way.
        about: found to be about one notice.
        vouched: of senders who are known in one of these ways.
    """
    query = (
        select(func.count())
        .select_from(_MAILS)
        .join(_STATES, _STATES.c.mail_id == _MAILS.c.mail_id)
        .where(_MAILS.c.received_at > since, _STATES.c.state == MailState.FILED.value)
    )
    if sender_key is not None:
        query = query.where(_MAILS.c.sender_key == sender_key)
    if reference is not None:
        query = query.where(_STATES.c.reference == reference)
    if code is not None:
        query = query.where(_STATES.c.code == code)
    if about is not None:
        query = query.where(_STATES.c.notice_id == about)
    if vouched is not None:
        query = query.where(_MAILS.c.vouched.in_([str(one) for one in vouched]))
    return int((await tx.execute(query)).scalar_one())


async def was_answered(tx: AsyncConnection, notice_id: str) -> bool:
    """Whether a person's message that answers a notice was filed: whoever wrote it has the notice, so it arrived."""
    found = (
        select(_STATES.c.mail_id)
        .join(_MAILS, _MAILS.c.mail_id == _STATES.c.mail_id)
        .where(
            _STATES.c.notice_id == notice_id,
            _STATES.c.state == MailState.FILED.value,
            _MAILS.c.kind == _PERSON,
        )
        .limit(1)
    )
    return (await tx.execute(found)).one_or_none() is not None


async def mark_answered(tx: AsyncConnection, mail_id: str, *, at: datetime) -> bool:
    """Note that a message is answered, before it is: at most once, whatever happens to us in between."""
    done = await tx.execute(
        update(_STATES).where(_STATES.c.mail_id == mail_id, _STATES.c.answered_at.is_(None)).values(answered_at=at)
    )
    return done.rowcount == 1


async def act(
    tx: AsyncConnection,
    keys: Vault,
    mail_id: str,
    what: MailAct,
    *,
    at: datetime,
    sealed: dict[str, object],
    idempotency_key: str,
    reference: str | None = None,
    aside: Aside | None = None,
) -> bool:
    """Write down what the team did with a held message, and give whether that was new.

    Args:
        tx: a transaction that may write.
        keys: seals who did it, and their note.
        mail_id: the message.
        what: what was done.
        at: the moment.
        sealed: who, and what they noted.
        idempotency_key: equal for a second press of the same button.
        reference: the case that it was passed to.
        aside: for what is put aside, why and where it goes.
    """
    again = await tx.execute(select(_ACTS.c.act_id).where(_ACTS.c.idempotency_key == idempotency_key))
    if again.one_or_none() is not None:
        return False
    act_id = secrets.token_hex(16)
    plain = json.dumps(sealed, ensure_ascii=False, sort_keys=True).encode()
    box = await keys.seal(tx, plain, table=_ACTS.name, column="sealed", row=act_id)
    row = {
        "act_id": act_id,
        "mail_id": mail_id,
        "at": at,
        "what": what.value,
        "reference": reference,
        "sealed": box.data,
        "key_id": box.key_id,
        "idempotency_key": idempotency_key,
        "content_digest": box.digest,
        **mail_asides.columns(aside),
    }
    await tx.execute(insert(_ACTS).values(**row, row_digest=register.row_digest(_ACTS, row)))
    return True


@dataclass(frozen=True, slots=True)
class MailDeed:
    """What the team did with a message."""

    what: MailAct
    at: datetime
    who: str
    """Empty where it was erased."""
    reference: str | None
    aside: Aside | None = None
    note: str = ""
    """What they noted; empty where it was erased."""


async def deeds(tx: AsyncConnection, keys: Vault, mail_id: str) -> tuple[MailDeed, ...]:
    """What the team did with a message, and who of it did; oldest first."""
    query = select(_ACTS).where(_ACTS.c.mail_id == mail_id).order_by(_ACTS.c.at, _ACTS.c.act_id)
    found = []
    for row in (await tx.execute(query)).all():
        try:
            box = Sealed(row.key_id, row.sealed)
            plain = await keys.open(tx, box, table=_ACTS.name, column="sealed", row=row.act_id)
            sealed = json.loads(plain)
        except Erased:
            sealed = {}
        who, note = str((sealed.get("by") or {}).get("name") or ""), str(sealed.get("note") or "")
        found.append(MailDeed(MailAct(row.what), row.at, who, row.reference, mail_asides.of_row(row), note))
    return tuple(found)


async def waiting_about(tx: AsyncConnection, reference: str) -> tuple[MailRow, ...]:
    """The messages that wait for the team and may concern a case, oldest first."""
    held = (_STATES.c.state == MailState.HELD.value, _STATES.c.reference == reference)
    rows = await tx.execute(_rows().where(*held).order_by(_MAILS.c.received_at, _MAILS.c.mail_id))
    return tuple(_row(row) for row in rows)


def _rows() -> Select[*tuple[Any, ...]]:
    return select(
        _MAILS.c.mail_id,
        _MAILS.c.received_at,
        _MAILS.c.kind,
        _MAILS.c.arrival,
        _MAILS.c.markers,
        _MAILS.c.vouched,
        _MAILS.c.notice_id,
        _MAILS.c.sender_key,
        _MAILS.c.size,
        _STATES.c.state,
        _STATES.c.reference,
        _STATES.c.code,
        _STATES.c.attempts,
        _STATES.c.changed_at,
        _STATES.c.notice_id.label("about"),
        func.coalesce(_STATES.c.urgent, False).label("urgent"),
        _STATES.c.due_at,
        _STATES.c.looked_at,
        _STATES.c.not_answered,
        _STATES.c.repeats,
    ).join(_STATES, _STATES.c.mail_id == _MAILS.c.mail_id)


def _row(row: Row[*tuple[Any, ...]]) -> MailRow:
    values = {**row._mapping, "state": MailState(row.state), "markers": tuple(row.markers.split())}  # noqa: SLF001  SQLAlchemy's public name for it
    values["not_answered"] = None if row.not_answered is None else NotAnswered(row.not_answered)
    return MailRow(**values)


_AGAIN = (
    _rows()
    .where(_STATES.c.repeated_at.is_not(None), _STATES.c.state != MailState.RECEIVED.value)
    .order_by(_STATES.c.repeated_at)
    .limit(1)
)
_IS_LATE = _STATES.c.state == MailState.HELD.value
_DUE = (
    select(_STATES.c.mail_id)
    .where(_STATES.c.state == MailState.RECEIVED.value, _STATES.c.next_attempt_at <= bindparam("now"))
    .order_by(_STATES.c.next_attempt_at, _STATES.c.mail_id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
