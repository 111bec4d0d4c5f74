"""The register: what happened, append-only, hash-chained per escalation. All else is derived from it.

A row's hash covers the exact text of its body and every other column, and the hash of the row before it in the same
escalation. Nothing personal stands in a body: it names a submission and the digest of what is sealed there, so erasing
a key erases the words and leaves the chain as it was.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    RowMapping,
    Select,
    String,
    Table,
    and_,
    bindparam,
    exc,
    func,
    insert,
    literal_column,
    select,
    text,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors
from escalations.store import tables

_REGISTER = tables.REGISTER
_APPEND_LOCK = 0x65736332
_PAGE = 500
_SHOWN = 80
_SQLITE_DAMAGED = frozenset({1, 11, 26})
"""ERROR (a table that is gone), CORRUPT and NOTADB."""
_FROZEN_KINDS = frozenset({"policy", "calendar", "codes"})
_MAIL_STATES_KNOWN = frozenset({"received", "filed", "held", "set_aside", "not_for_us"})
_STATES_KNOWN = frozenset({"queued", "in_flight", "held", "applied", "refused"})
_BY_MAIL = re.compile(r"mail:([0-9a-f-]{36}):\d+")
_REFERENCE = re.compile(r"([A-Z]{2,6})-([0-9]{2})-([0-9]{4,9})-.")
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
    return row_digest(tables.SUBMISSIONS, row)


def row_digest(table: Table, row: Mapping[str, Any]) -> str:
    """The digest that a row of something received ought to have; what is sealed is in it by its own digest."""
    values = (
        row[column.name]
        for column in table.c
        if column.name not in {"sealed", "row_digest"}
        and not (column.info == tables.LATER and row[column.name] is None)
    )
    texts = [_said(value) for value in values]
    return hashlib.sha256(json.dumps(texts, ensure_ascii=True).encode()).hexdigest()


def _said(value: Any) -> Any:  # noqa: ANN401  of whatever type the column is
    """A value as both databases read it."""
    if isinstance(value, bool):
        return int(value)
    return tables.instant_text(value) if isinstance(value, datetime) else value


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

    Checked: that each value can be read as what it is; positions without gaps; each escalation's numbers and hashes;
    each submission's sealed bytes and its other columns, also against the digest that the register holds; each message
    that came by mail and each act of the team on one, in the same way, and that it has a state; each frozen
    text, and that those are there which the register names; that every submission which arrived is there with its
    state, and was settled as the register says. Lists and notices that know of later events than the register bear
    witness to newest rows that are gone. No key is needed, so what was erased verifies like everything else.
    """
    told = _Told()
    findings: list[Finding] = []
    for table, check in (
        ("register", _verify_chain),
        ("submissions", _verify_submissions),
        ("frozen", _verify_frozen),
        ("submission_states", _verify_states),
        ("submission_lanes", _verify_lanes),
        ("reference_counters", _verify_counters),
        ("mails", _verify_mails),
        ("mail_states", _verify_mail_states),
        ("mail_acts", _verify_mail_acts),
        ("data_keys", _verify_keys),
        ("cases", _verify_end),
    ):
        try:
            findings += await check(tx, told)
        except exc.DatabaseError as error:
            if (getattr(error.orig, "sqlite_errorcode", None) or 0) & 0xFF not in _SQLITE_DAMAGED:
                raise
            findings.append(Finding(table=table, row="all", wrong="it cannot be read: the file is damaged"))
    return findings


@dataclass(slots=True)
class _Told:
    """What the rows that were read so far say of others."""

    last: int = 0
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Of each escalation: number and hash of its newest event."""
    digests: dict[str, str] = field(default_factory=dict)
    """Of each submission that an event names: the digest of what is sealed."""
    named: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Of each such submission: the first position that names it, and the escalation."""
    names: dict[int, str] = field(default_factory=dict)
    """The submission that the event at a position names."""
    reported: dict[str, int] = field(default_factory=dict)
    """Of each escalation the last event that reports a notice or a message: it names that, and no submission."""
    reports: set[str] = field(default_factory=set)
    """The submissions that brought such an event, or would have."""
    frozen: dict[str, str] = field(default_factory=dict)
    """The kind of each frozen text that an event names by its hash."""
    submissions: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Of each submission: reference, and data key."""
    arrivals: dict[str, set[int]] = field(default_factory=dict)
    """Of each escalation: the arrivals that have a state."""
    by_mail: dict[str, str] = field(default_factory=dict)
    """Of each message that brought a submission: that submission."""
    mails: dict[str, str | None] = field(default_factory=dict)
    """Of each message that was received: its state, once that was read."""
    sealed_with: dict[str, str] = field(default_factory=dict)
    """Of each data key that a message or an act on one was sealed with: what that is."""
    ends: dict[str, int] = field(default_factory=dict)
    """Of each escalation: the highest event that anything else knows of."""

    def read(self, entry: Entry) -> None:
        event = _event(entry.body)
        submission, content = event.get("submission_id"), event.get("content_digest")
        if isinstance(submission, str):
            self.named.setdefault(submission, (entry.position, entry.reference))
            self.names[entry.position] = submission
            if isinstance(content, str):
                self.digests[submission] = content
        if entry.kind in {"notice_reported", "message_reported"}:
            self.reported[entry.reference] = entry.position
        for kind in ("policy", "calendar"):
            name = event.get(f"{kind}_hash")
            if entry.kind in {"raised", "redated"} and isinstance(name, str):
                self.frozen[name] = kind


async def _verify_chain(tx: AsyncConnection, told: _Told) -> list[Finding]:
    findings: list[Finding] = []
    async for row in _register_rows(tx):
        position, reference, seq = (row.values[name] for name in ("position", "reference", "seq"))
        wrong = row.wrong
        if wrong is None:
            entry = Entry(**{name: row.values[name] for name in _COLUMNS})
            before, previous = told.heads.get(entry.reference, (0, first_previous_hash(entry.reference)))
            wrong = _wrong(entry, last=told.last, seq=before, previous=previous)
            told.read(entry)
        if wrong is not None:
            findings.append(
                Finding(
                    table="register",
                    row=row.name,
                    wrong=wrong,
                    position=position,
                    reference=reference,
                    seq=seq,
                )
            )
        # Go on from what the row says, so that one changed row is one finding and not all that follow it.
        if reference is not None and row.values["hash"] is not None:
            before = told.heads.get(reference, (0, ""))[0]
            told.heads[reference] = (before + 1 if seq is None else seq, row.values["hash"])
        told.last = told.last + 1 if position is None else position
    return findings


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


def _event(body: str) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}  # a body that is no JSON has been found by its hash, or was never ours
    return event if isinstance(event, dict) else {}


async def _verify_submissions(tx: AsyncConnection, told: _Told) -> list[Finding]:
    findings = []
    async for row in _rows(tx, tables.SUBMISSIONS):
        values, wrong = row.values, row.wrong
        name = values["submission_id"]
        if name is not None:
            told.submissions[name] = (values["reference"], values["key_id"])
            brought_by = _BY_MAIL.fullmatch(values["idempotency_key"] or "")
            if brought_by is not None:
                told.by_mail[brought_by[1]] = name
            if values["act_kind"] in {"report_delivery", "report_message"}:
                told.reports.add(name)
        if wrong is None:
            stored = hashlib.sha256(values["sealed"]).hexdigest()
            if stored != values["content_digest"]:
                wrong = "its sealed text is not the one that was received"
            elif submission_digest(values) != values["row_digest"]:
                wrong = "it does not agree with its own digest"
            elif name is not None and stored != told.digests.get(name, stored):
                wrong = "its sealed text is not the one that the register vouches for"
        if wrong is not None:
            findings.append(Finding(table="submissions", row=row.name, wrong=wrong, reference=values["reference"]))
    findings += [
        Finding(table="submissions", row=lost, wrong="the register names it, and it is not there")
        for lost in sorted(told.digests.keys() - told.submissions.keys())
    ]
    return findings


async def _verify_frozen(tx: AsyncConnection, told: _Told) -> list[Finding]:
    findings = []
    missing = set(told.frozen)
    async for row in _rows(tx, tables.FROZEN):
        values, wrong = row.values, row.wrong
        missing.discard(values["content_hash"])
        if wrong is None:
            named_as = told.frozen.get(values["content_hash"], values["kind"])
            if hashlib.sha256(values["content"].encode()).hexdigest() != values["content_hash"]:
                wrong = "its text does not agree with its hash"
            elif values["kind"] != named_as or values["kind"] not in _FROZEN_KINDS:
                wrong = f"it is kept as another kind than the {named_as} that it is"
        if wrong is not None:
            findings.append(Finding(table="frozen", row=row.name, wrong=wrong))
    findings += [
        Finding(table="frozen", row=lost, wrong="the register names it, and it is not there")
        for lost in sorted(missing)
    ]
    return findings


async def _verify_states(tx: AsyncConnection, told: _Told) -> list[Finding]:
    findings = []
    stateless = set(told.submissions)
    async for row in _rows(tx, tables.SUBMISSION_STATES):
        values, wrong = row.values, row.wrong
        name, reference = values["submission_id"], values["reference"]
        stateless.discard(name)
        if reference is not None and values["arrival"] is not None:
            told.arrivals.setdefault(reference, set()).add(values["arrival"])
        if wrong is None and name not in told.submissions:
            findings.append(
                Finding(
                    table="submissions", row=row.name, wrong="its state is there, and it is not", reference=reference
                )
            )
        elif wrong is None and values["state"] == "applied" and (values["first_position"] or 0) > told.last:
            # The chain cannot miss its own newest rows; that an act was settled at a position still can.
            findings.append(
                Finding(
                    table="register",
                    row="end",
                    wrong=f"the event of submission {row.name} is not there",
                    reference=reference,
                )
            )
        elif wrong is None:
            wrong = _wrong_state(values, told)
        if wrong is not None:
            findings.append(Finding(table="submission_states", row=row.name, wrong=wrong, reference=reference))
    findings += [
        Finding(table="submission_states", row=name, wrong="it is not there", reference=told.submissions[name][0])
        for name in sorted(stateless)
    ]
    return findings


def _wrong_state(values: Mapping[str, Any], told: _Told) -> str | None:
    name, state, first = values["submission_id"], values["state"], values["first_position"]
    if values["reference"] != told.submissions[name][0]:
        return "it names another escalation than its submission"
    if state not in _STATES_KNOWN:
        return "its state is none that there is"
    if state in {"applied", "refused"} and (values["settled_at"] is None or values["outcome_code"] is None):
        return f"it says {state}, and not when or with what outcome"
    named_at, named_in = told.named.get(name, (None, None))
    if state != "applied":
        return None if named_at is None else f"it says {state}, and the register holds its event at {named_at}"
    if first is None:
        return "it says applied, and not where in the register"
    if name in told.reports:
        # What time brought before it was received stands first, so the report may come after that position.
        there = told.reported.get(values["reference"], 0) >= first
        return None if there else f"it says applied at {first}, and the register holds no such report there"
    if named_at is None or named_in != values["reference"] or named_at < first or told.names.get(first, name) != name:
        return f"it says applied at {first}, and the register does not hold its event there"
    return None


async def _verify_lanes(tx: AsyncConnection, told: _Told) -> list[Finding]:
    findings = []
    without = set(told.arrivals)
    async for row in _rows(tx, tables.LANES):
        reference, count, wrong = row.values["reference"], row.values["arrivals"], row.wrong
        without.discard(reference)
        there = told.arrivals.get(reference, set())
        if wrong is None and max(there, default=0) > count:
            wrong = f"it counts {count} submissions, and there is a number {max(there)}"
        elif wrong is None and (lost := _first_missing(there, count)) is not None:
            wrong = f"it counts {count} submissions, and number {lost} is not there"
        if wrong is not None:
            findings.append(Finding(table="submission_lanes", row=row.name, wrong=wrong, reference=reference))
    findings += [
        Finding(table="submission_lanes", row=name, wrong="it is not there", reference=name) for name in sorted(without)
    ]
    return findings


async def _verify_counters(tx: AsyncConnection, told: _Told) -> list[Finding]:
    findings = []
    numbers: dict[tuple[str, int], set[int]] = {}
    for reference, _ in told.submissions.values():
        shape = _REFERENCE.fullmatch(reference or "")
        if shape is not None:
            numbers.setdefault((shape[1], int(shape[2])), set()).add(int(shape[3]))
    async for row in _rows(tx, tables.COUNTERS):
        last, wrong = row.values["last"], row.wrong
        given = numbers.pop((row.values["prefix"], row.values["year"]), set())
        if wrong is None and max(given, default=0) > last:
            wrong = f"the last reference given is number {last}, and there is a number {max(given)}"
        elif wrong is None and (lost := _first_missing(given, last)) is not None:
            wrong = f"the last reference given is number {last}, and number {lost} has no submission"
        if wrong is not None:
            findings.append(Finding(table="reference_counters", row=row.name, wrong=wrong))
    findings += [
        Finding(table="reference_counters", row=f"{prefix} {year}", wrong="references were given, and it is not there")
        for prefix, year in sorted(numbers)
    ]
    return findings


def _wrong_digests(table: Table, values: Mapping[str, Any]) -> str | None:
    if hashlib.sha256(values["sealed"]).hexdigest() != values["content_digest"]:
        return "its sealed bytes are not the ones that were received"
    return None if row_digest(table, values) == values["row_digest"] else "it does not agree with its own digest"


async def _verify_mails(tx: AsyncConnection, told: _Told) -> list[Finding]:
    findings = []
    async for row in _rows(tx, tables.MAILS):
        name, key = row.values["mail_id"], row.values["key_id"]
        if name is not None:
            told.mails[name] = None
        if key is not None:
            told.sealed_with[key] = f"message {row.name}"
        wrong = row.wrong or _wrong_digests(tables.MAILS, row.values)
        if wrong is not None:
            findings.append(Finding(table="mails", row=row.name, wrong=wrong))
    findings += [
        Finding(table="mails", row=lost, wrong=f"submission {told.by_mail[lost]} came of it, and it is not there")
        for lost in sorted(told.by_mail.keys() - told.mails.keys())
    ]
    return findings


async def _verify_mail_states(tx: AsyncConnection, told: _Told) -> list[Finding]:
    findings = []
    stateless = set(told.mails)
    references = {reference for reference, _ in told.submissions.values()}
    async for row in _rows(tx, tables.MAIL_STATES):
        values, wrong = row.values, row.wrong
        name, state, reference = values["mail_id"], values["state"], values["reference"]
        stateless.discard(name)
        if wrong is None and name not in told.mails:
            findings.append(Finding(table="mails", row=row.name, wrong="its state is there, and it is not"))
        elif wrong is None and state not in _MAIL_STATES_KNOWN:
            wrong = "its state is none that there is"
        elif wrong is None and state != "received" and values["code"] is None:
            wrong = f"it says {state}, and not why"
        elif wrong is None and state == "filed" and reference is None:
            wrong = "it says filed, and not to which escalation"
        elif wrong is None and reference is not None and reference not in references:
            wrong = "it names an escalation that is not there"
        elif wrong is None:
            told.mails[name] = state
        if wrong is not None:
            findings.append(Finding(table="mail_states", row=row.name, wrong=wrong, reference=reference))
    findings += [Finding(table="mail_states", row=name, wrong="it is not there") for name in sorted(stateless)]
    return findings


async def _verify_mail_acts(tx: AsyncConnection, told: _Told) -> list[Finding]:
    findings = []
    async for row in _rows(tx, tables.MAIL_ACTS):
        values, wrong = row.values, row.wrong
        if values["key_id"] is not None:
            told.sealed_with[values["key_id"]] = f"what the team did {row.name}"
        if wrong is None:
            wrong = _wrong_digests(tables.MAIL_ACTS, values)
        if wrong is None and values["mail_id"] not in told.mails:
            wrong = "the message that it is about is not there"
        elif wrong is None and told.mails[values["mail_id"]] in {"received", "held"}:
            wrong = "the team did this with a message that still waits"
        if wrong is not None:
            findings.append(Finding(table="mail_acts", row=row.name, wrong=wrong, reference=values["reference"]))
    return findings


async def _verify_keys(tx: AsyncConnection, told: _Told) -> list[Finding]:
    findings = []
    needed = {key: f"submission {name}" for name, (_, key) in told.submissions.items() if key is not None}
    needed |= told.sealed_with
    async for row in _rows(tx, tables.DATA_KEYS):
        needed.pop(row.values["key_id"], None)
        if row.wrong is not None:
            findings.append(Finding(table="data_keys", row=row.name, wrong=row.wrong))
    findings += [
        Finding(table="data_keys", row=key, wrong=f"{name} was sealed with it, and it is not there")
        for key, name in sorted(needed.items())
    ]
    return findings


async def _verify_end(tx: AsyncConnection, told: _Told) -> list[Finding]:
    # The newest rows of a chain can be taken off without breaking it. What was derived from them still knows of them.
    findings = []
    known: dict[str, tuple[int, str]] = {}
    for table in (tables.CASES, tables.NOTICES, tables.CLOCKS):
        async for row in _rows(tx, table):
            reference, seq = row.values["reference"], row.values.get("seq", 1)
            if row.wrong is not None:
                findings.append(Finding(table=table.name, row=row.name, wrong=row.wrong, reference=reference))
            if reference is not None and seq is not None and seq > known.get(reference, (0, ""))[0]:
                known[reference] = (seq, table.name)
    for reference, (seq, table_name) in sorted(known.items()):
        newest = told.heads.get(reference, (0, ""))[0]
        if seq > newest:
            wrong = f"{table_name} knows of event {seq} of {reference}, and the newest there is {newest}"
            findings.append(Finding(table="register", row="end", wrong=wrong, reference=reference))
    return findings


def _first_missing(there: set[int], count: int) -> int | None:
    number = 1
    while number in there:
        number += 1
    return number if number <= count else None


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as it is stored: what cannot be read as its column's type is None, and the first such thing is named."""

    name: str
    values: dict[str, Any]
    wrong: str | None


async def _register_rows(tx: AsyncConnection) -> AsyncIterator[_Row]:
    """Every row in the order of positions, and last those whose position is no number."""
    position: ColumnElement[Any] = literal_column("position")
    number = literal_column("typeof(position)") == "integer" if tx.dialect.name == "sqlite" else true()
    async for row in _rows(tx, _REGISTER, key=position, where=number):
        yield row
    if tx.dialect.name == "sqlite":
        async for row in _rows(tx, _REGISTER, where=~number):
            yield row


async def _rows(
    tx: AsyncConnection,
    table: Table,
    *,
    key: ColumnElement[Any] | None = None,
    where: ColumnElement[bool] | None = None,
) -> AsyncIterator[_Row]:
    """Every row by the page, as it is stored: SQLite keeps anything in any column, and decodes nothing here."""
    is_sqlite = tx.dialect.name == "sqlite"
    names = [column.name for column in table.c]
    keys: tuple[ColumnElement[Any], ...]
    wanted: list[ColumnElement[Any]]
    if is_sqlite:
        keys = (literal_column("rowid") if key is None else key,)
        wanted = [expression for name in names for expression in (_type_of(name), _bytes_of(name))]
    else:
        keys = tuple(literal_column(column.name) for column in table.primary_key) if key is None else (key,)
        wanted = [type_coerce(column, String) if _is_instant(column) else column for column in table.c]
    query = select(*keys, *wanted).select_from(table).order_by(*keys).limit(_PAGE)
    query = query if where is None else query.where(where)
    after: tuple[Any, ...] | None = None
    while True:
        paged = query if after is None else query.where(tuple_(*keys) > tuple_(*after))
        page = (await tx.execute(paged)).all()
        for row in page:
            stored = tuple(row)[len(keys) :]
            pairs = zip(stored[::2], stored[1::2], strict=True) if is_sqlite else ((None, value) for value in stored)
            yield _read_row(table, dict(zip(names, pairs, strict=True)))
        if len(page) < _PAGE:
            return
        after = tuple(page[-1])[: len(keys)]


def _type_of(name: str) -> ColumnElement[Any]:
    return literal_column(f'typeof("{name}")').label(f"type_of_{name}")


def _bytes_of(name: str) -> ColumnElement[Any]:
    return literal_column(f'CAST("{name}" AS BLOB)').label(f"bytes_of_{name}")


def _is_instant(column: Column[Any]) -> bool:
    return isinstance(column.type, tables.Instant)


def _read_row(table: Table, stored: Mapping[str, tuple[str | None, Any]]) -> _Row:
    values: dict[str, Any] = {}
    wrong = None
    for column in table.c:
        try:
            values[column.name] = _value(column, *stored[column.name])
        except (ValueError, OverflowError) as error:
            values[column.name] = None
            says = str(error) if type(error) is ValueError else "is not in UTF-8"
            wrong = wrong or f"its {column.name} {says}"
    return _Row(" ".join(_shown(stored[column.name][1]) for column in table.primary_key), values, wrong)


def _value(column: Column[Any], kind: str | None, stored: Any) -> Any:  # noqa: ANN401  of whatever type the column is
    if stored is None:
        if not column.nullable:
            raise ValueError("is not there")
        return None
    if kind is not None:
        wanted = _stored_as(column)
        if kind != wanted:
            raise ValueError(f"is stored as {kind}, not as {wanted}")
        if kind != "blob":
            stored = stored.decode()
        if kind == "integer":
            stored = int(stored)
    return _instant(stored) if _is_instant(column) else stored


def _stored_as(column: Column[Any]) -> str:
    if isinstance(column.type, LargeBinary):
        return "blob"
    return "integer" if isinstance(column.type, Integer | Boolean) else "text"


def _instant(stored: str) -> datetime:
    try:
        moment = datetime.fromisoformat(stored)
        readable = tables.instant_text(moment) == stored
    except (ValueError, OverflowError):
        raise ValueError("is not an instant") from None
    if not readable:
        raise ValueError("is not an instant")
    return moment


def _shown(stored: object) -> str:
    """A key for a terminal, whatever somebody wrote there."""
    shown = stored.decode(errors="backslashreplace") if isinstance(stored, bytes) else str(stored)
    return shown[:_SHOWN] if shown.isprintable() else ascii(shown[:_SHOWN])


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
