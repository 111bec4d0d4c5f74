"""The register: what happened, append-only, hash-chained per escalation. All else is derived from it.

A row's hash covers the exact text of its body and every other column, and the hash of the row before it in the same
escalation. Nothing personal stands in a body: it names a submission and the digest of what is sealed there, so erasing
a key erases the words and leaves the chain as it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, RowMapping, Select, and_, bindparam, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors
from escalations.store import tables

_REGISTER = tables.REGISTER
_APPEND_LOCK = 0x65736332
_PAGE = 500
_COLUMNS = tuple(column.name for column in _REGISTER.c)
_ADD = insert(_REGISTER)
_READ = (
    select(_REGISTER)
    .where(_REGISTER.c.reference == bindparam("reference"), _REGISTER.c.seq > bindparam("after_seq"))
    .order_by(_REGISTER.c.seq)
)
_LAST = select(func.coalesce(func.max(_REGISTER.c.position), 0).label("last")).subquery("newest")
_TAIL = (
    select(_LAST.c.last, _REGISTER)
    .select_from(_LAST)
    .outerjoin(
        _REGISTER, and_(_REGISTER.c.reference == bindparam("reference"), _REGISTER.c.seq > bindparam("after_seq"))
    )
    .order_by(_REGISTER.c.seq)
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the register."""

    position: int
    """Its place among all rows: 1, 2, 3 … without gaps, in the order in which they were committed."""
    reference: str
    seq: int
    """Its place within its escalation, from 1."""
    kind: str
    recorded_at: datetime
    body: str
    """The event's JSON, exactly as it was hashed."""
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that does not verify."""

    table: str
    row: str
    """The row's key, as text."""
    wrong: str
    """What is wrong with it, in a sentence."""
    position: int | None = None
    reference: str | None = None
    seq: int | None = None


class RegisterAhead(errors.FinalOurs):
    """The register already holds other events after ``after_seq``; go on from :attr:`entries`, which are all those."""

    code = "register_ahead"

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__(f"the register holds {len(entries)} other events after the expected place")
        self.entries = tuple(entries)


class RegisterGap(errors.FinalOurs):
    """The caller believes in events that the register does not hold. Stop, and have an operator look."""

    code = "register_gap"


def first_previous_hash(reference: str) -> str:
    """What the first row of an escalation has in place of a row before it: the SHA-256 of the reference."""
    return hashlib.sha256(reference.encode()).hexdigest()


def digest(entry: Entry) -> str:
    """The hash that a row ought to have, from its other columns: SHA-256, in hex, over lines of text.

    The lines are: previous hash, seq, reference, recorded at (as stored), position, kind, body.
    """
    lines = (
        entry.previous_hash,
        str(entry.seq),
        entry.reference,
        tables.instant_text(entry.recorded_at),
        str(entry.position),
        entry.kind,
        entry.body,
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def submission_digest(row: Mapping[str, Any]) -> str:
    """The digest that a submission's row ought to have over its columns, so that none can be changed unseen."""
    columns = (column.name for column in tables.SUBMISSIONS.c if column.name not in {"sealed", "row_digest"})
    values = (row[name] for name in columns)
    texts = [tables.instant_text(value) if isinstance(value, datetime) else value for value in values]
    return hashlib.sha256(json.dumps(texts, ensure_ascii=True).encode()).hexdigest()


async def read(
    tx: AsyncConnection,
    reference: str,
    *,
    after_seq: int = 0,
    kind: str | None = None,
) -> list[Entry]:
    """The events of an escalation after a place, in order; of one kind alone, where it is given."""
    query = _READ if kind is None else _READ.where(_REGISTER.c.kind == kind)
    rows = await tx.execute(query, {"reference": reference, "after_seq": after_seq})
    return [_entry(row) for row in rows.mappings()]


async def head(tx: AsyncConnection, reference: str) -> Entry | None:
    """The newest event of an escalation; None where there is none."""
    return await _one(
        tx, select(_REGISTER).where(_REGISTER.c.reference == reference).order_by(_REGISTER.c.seq.desc()).limit(1)
    )


async def references(tx: AsyncConnection) -> list[str]:
    """Every escalation, in the order of its first event."""
    rows = await tx.execute(select(_REGISTER.c.reference).where(_REGISTER.c.seq == 1).order_by(_REGISTER.c.position))
    return list(rows.scalars())


async def last_position(tx: AsyncConnection) -> int:
    """The position of the newest row of all; 0 for an empty register."""
    return int((await tx.execute(select(func.coalesce(func.max(_REGISTER.c.position), 0)))).scalar_one())


async def everything(tx: AsyncConnection) -> AsyncIterator[Entry]:
    """Every row in the order of positions, fetched by the page."""
    after = -1
    while True:
        rows = await tx.execute(
            select(_REGISTER).where(_REGISTER.c.position > after).order_by(_REGISTER.c.position).limit(_PAGE)
        )
        page = [_entry(row) for row in rows.mappings()]
        for entry in page:
            yield entry
        if len(page) < _PAGE:
            return
        after = page[-1].position


async def append(
    tx: AsyncConnection,
    reference: str,
    *,
    after_seq: int,
    bodies: Sequence[tuple[str, str]],
    recorded_at: datetime,
) -> list[Entry]:
    """Add events to an escalation, or find that they are there already.

    Idempotent by content: where the same kinds and bodies already follow ``after_seq``, those rows are returned as they
    are, with the moment at which they were first recorded.

    Args:
        tx: a transaction that may write. From here to its end no other append gets in, on either database.
        reference: the escalation.
        after_seq: how many events the caller knows of.
        bodies: kind and JSON of each event, without anything personal.
        recorded_at: the moment that the caller counts as now.

    Raises:
        RegisterAhead: other events follow ``after_seq``.
        RegisterGap: there are fewer than ``after_seq`` events.
    """
    if tx.dialect.name != "sqlite":  # there, BEGIN IMMEDIATE has done it
        await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _APPEND_LOCK})
    # The newest position of all, the row that the caller ends with and all after it, in one look.
    looked = (await tx.execute(_TAIL, {"reference": reference, "after_seq": after_seq - 1})).mappings().all()
    position = looked[0]["last"]
    tail = [_entry(row) for row in looked if row["seq"] is not None]
    if after_seq and not tail:
        raise RegisterGap(f"the register does not hold event {after_seq} of an escalation")
    newest = tail[-1] if tail else None
    present = [entry for entry in tail if entry.seq > after_seq]
    if present:
        same = present[: len(bodies)]
        if [(entry.kind, entry.body) for entry in same] == list(bodies):
            return same
        raise RegisterAhead(present)
    added = _follow(newest, reference, bodies, recorded_at=recorded_at, position=position)
    if added:
        await tx.execute(
            _ADD, [{column.name: getattr(entry, column.name) for column in _REGISTER.c} for entry in added]
        )
    return added


async def verify(tx: AsyncConnection) -> list[Finding]:
    """Recompute everything that can be, and name each row that does not agree. An empty list is good news.

    Checked: positions without gaps; each escalation's numbers and hashes; each submission's sealed bytes and its other
    columns, also against the digest that the register holds; each frozen text; each settled submission's place in the
    register. No key is needed, so what was erased verifies like everything else.
    """
    findings, vouched, last = await _verify_chain(tx)
    findings += await _verify_submissions(tx, vouched)
    findings += await _verify_frozen(tx)
    findings += await _verify_settled(tx, last)
    return findings


async def _verify_chain(tx: AsyncConnection) -> tuple[list[Finding], dict[str, str], int]:
    findings: list[Finding] = []
    vouched: dict[str, str] = {}
    heads: dict[str, tuple[int, str]] = {}
    last = 0
    async for entry in everything(tx):
        seq, previous = heads.get(entry.reference, (0, first_previous_hash(entry.reference)))
        wrong = _wrong(entry, last=last, seq=seq, previous=previous)
        if wrong is not None:
            findings.append(
                Finding(
                    table="register",
                    row=str(entry.position),
                    wrong=wrong,
                    position=entry.position,
                    reference=entry.reference,
                    seq=entry.seq,
                )
            )
        # Go on from what the row says, so that one changed row is one finding and not all that follow it.
        heads[entry.reference] = (entry.seq, entry.hash)
        last = entry.position
        submission, content = _vouches(entry.body)
        if submission is not None and content is not None:
            vouched[submission] = content
    return findings, vouched, last


def _wrong(entry: Entry, *, last: int, seq: int, previous: str) -> str | None:
    if entry.hash != digest(entry):
        return "its hash does not agree with what it holds"
    if entry.position != last + 1:
        return f"positions go from {last} to {entry.position}"
    if entry.seq != seq + 1:
        return f"the escalation's events go from {seq} to {entry.seq}"
    if entry.previous_hash != previous:
        return "it does not follow from the event before it"
    return None


def _vouches(body: str) -> tuple[str | None, str | None]:
    try:
        event = json.loads(body)
    except ValueError:
        return None, None  # a body that is no JSON has been found by its hash, or was never ours
    if not isinstance(event, dict):
        return None, None
    return event.get("submission_id"), event.get("content_digest")


async def _verify_submissions(tx: AsyncConnection, vouched: dict[str, str]) -> list[Finding]:
    findings = []
    missing = set(vouched)
    table = tables.SUBMISSIONS
    async for row in _pages(tx, table.c.submission_id, select(table)):
        missing.discard(row["submission_id"])
        stored = hashlib.sha256(row["sealed"]).hexdigest()
        wrong = None
        if stored != row["content_digest"]:
            wrong = "its sealed text is not the one that was received"
        elif submission_digest(dict(row)) != row["row_digest"]:
            wrong = "it does not agree with its own digest"
        elif stored != vouched.get(row["submission_id"], stored):
            wrong = "its sealed text is not the one that the register vouches for"
        if wrong is not None:
            findings.append(
                Finding(table="submissions", row=row["submission_id"], wrong=wrong, reference=row["reference"])
            )
    findings += [
        Finding(table="submissions", row=lost, wrong="the register names it, and it is not there")
        for lost in sorted(missing)
    ]
    return findings


async def _verify_frozen(tx: AsyncConnection) -> list[Finding]:
    return [
        Finding(table="frozen", row=row["content_hash"], wrong="its text does not agree with its hash")
        async for row in _pages(tx, tables.FROZEN.c.content_hash, select(tables.FROZEN))
        if hashlib.sha256(row["content"].encode()).hexdigest() != row["content_hash"]
    ]


async def _verify_settled(tx: AsyncConnection, last: int) -> list[Finding]:
    # The chain cannot miss its own newest rows; that an act was settled at a position still can.
    states = tables.SUBMISSION_STATES
    rows = await tx.execute(
        select(states.c.submission_id, states.c.reference)
        .where(states.c.first_position > last)
        .order_by(states.c.submission_id)
    )
    return [
        Finding(
            table="register",
            row="end",
            wrong=f"the event of submission {row.submission_id} is not there",
            reference=row.reference,
        )
        for row in rows
    ]


async def _pages(tx: AsyncConnection, key: Column[str], query: Select[*tuple[Any, ...]]) -> AsyncIterator[RowMapping]:
    after = ""
    while True:
        page = (await tx.execute(query.where(key > after).order_by(key).limit(_PAGE))).mappings().all()
        for row in page:
            yield row
        if len(page) < _PAGE:
            return
        after = page[-1][key.name]


def _follow(
    newest: Entry | None,
    reference: str,
    bodies: Sequence[tuple[str, str]],
    *,
    recorded_at: datetime,
    position: int,
) -> list[Entry]:
    added: list[Entry] = []
    seq, previous = (newest.seq, newest.hash) if newest else (0, first_previous_hash(reference))
    for offset, (kind, body) in enumerate(bodies, start=1):
        bare = Entry(
            position=position + offset,
            reference=reference,
            seq=seq + offset,
            kind=kind,
            recorded_at=recorded_at,
            body=body,
            previous_hash=previous,
            hash="",
        )
        previous = digest(bare)
        added.append(replace(bare, hash=previous))
    return added


async def _one(tx: AsyncConnection, query: Select[*tuple[Any, ...]]) -> Entry | None:
    row = (await tx.execute(query)).mappings().one_or_none()
    return None if row is None else _entry(row)


def _entry(row: RowMapping) -> Entry:
    return Entry(**{name: row[name] for name in _COLUMNS})
