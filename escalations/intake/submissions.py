"""Every act of a person is a submission: stored, with its words sealed, before anybody is told "received".

Each case has a *lane*. Receiving takes the lane's next number, leasing takes the lane itself, so submissions of one
case go to its workflow one at a time and in the order in which they were received, however many dispatchers there are.
A lease ends by itself; what was leased then is given out again, and applying twice does nothing twice.
"""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BindParameter,
    Row,
    Select,
    String,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors
from escalations.rules.actors import Channel
from escalations.store import references, register, tables, vault

DEFAULT_PREFIX = "PD"
_ROWS = tables.SUBMISSIONS
_STATES = tables.SUBMISSION_STATES
_LANES = tables.LANES
_PRESS_SEED = 0x65736333


class State(StrEnum):
    """Where a submission is on its way to its case."""

    QUEUED = "queued"
    IN_FLIGHT = "in_flight"
    APPLIED = "applied"
    """Its events are in the register."""
    REFUSED = "refused"
    """The rules said no, with a code and a sentence."""
    HELD = "held"
    """It waits for the partnership team, and nothing waits for it."""


SETTLED = frozenset({State.APPLIED, State.REFUSED, State.HELD})
# Written out, not bound: only so does a database see that its index of what is unsettled answers the question.
_UNSETTLED = tuple(literal_column(f"'{state.value}'", String) for state in (State.QUEUED, State.IN_FLIGHT))


class UnknownSubmission(errors.FinalOurs):
    """No submission has this id."""

    code = "unknown_submission"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a person is shown once their act is stored."""

    submission_id: str
    reference: str
    received_at: datetime
    repeated: bool = False
    """Whether the same button had been pressed before; this is then the first receipt."""
    differs: bool = False
    """Whether a repeated one held other words than the first. Those were not stored: tell the person, lose nothing."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A submission to deliver to its case, until the lease ends."""

    submission_id: str
    reference: str
    received_at: datetime
    act_kind: str
    channel: str
    act: str
    content_digest: str
    attempts: int
    """How many times it has been leased, this one included."""
    leased_until: datetime
    owner: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission as it is known now, without what is sealed."""

    submission_id: str
    reference: str
    received_at: datetime
    act_kind: str
    channel: str
    act: str
    content_digest: str
    key_id: str
    state: State
    attempts: int
    next_attempt_at: datetime | None
    outcome_code: str | None
    outcome_sentence: str | None
    settled_at: datetime | None
    first_position: int | None


def new_id(received_at: datetime) -> str:
    """An id that sorts by time and cannot be guessed: a UUID of version 7 (RFC 9562)."""
    milliseconds = int(received_at.timestamp() * 1000) & ((1 << 48) - 1)
    value = (milliseconds << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return str(uuid.UUID(int=value))


async def receive(
    tx: AsyncConnection,
    keys: vault.Vault,
    *,
    act_kind: str,
    act_json: str,
    channel: str,
    received_at: datetime,
    sealed: dict[str, object],
    reference: str | None,
    idempotency_key: str | None = None,
    submission_id: str | None = None,
    prefix: str = DEFAULT_PREFIX,
) -> Receipt:
    """Store an act. Only after the commit may anybody be told that it was received.

    Args:
        tx: a transaction that may write.
        keys: seals the words, under a key of this submission's own.
        act_kind: the act's kind.
        act_json: codes, ids, positions and times; nothing personal.
        channel: the way by which it reached us.
        received_at: when it did.
        sealed: who and what: JSON values, stored only encrypted.
        reference: the case; None for an act that opens one, which then gets the next reference.
        idempotency_key: equal for a second press of the same button; the first receipt is then given again.
        submission_id: an id from :func:`new_id`, where ``act_json`` has to name it.
        prefix: of the partnership, for a new reference.
    """
    plain = json.dumps(sealed, ensure_ascii=False, sort_keys=True).encode()
    keyed = keys.digest(b"\n".join((act_kind.encode(), plain)))
    if idempotency_key is not None:
        first = await _first(tx, idempotency_key, keyed)
        if first is not None:
            return first
    submission_id = submission_id or new_id(received_at)
    box = await keys.seal(tx, plain, table=_ROWS.name, column="sealed", row=submission_id)
    if reference is None:
        reference = await references.allocate(tx, prefix, references.civil_year(received_at))
    row: dict[str, object] = {
        "submission_id": submission_id,
        "reference": reference,
        "act_kind": act_kind,
        "channel": channel,
        "received_at": received_at,
        "act": act_json,
        "sealed": box.data,
        "key_id": box.key_id,
        "content_digest": box.digest,
        "keyed_digest": keyed,
        "idempotency_key": idempotency_key,
    }
    await tx.execute(_ADD, {**row, "row_digest": register.submission_digest(row)})
    await tx.execute(
        _ADD_STATE,
        {
            "submission_id": submission_id,
            "reference": reference,
            "received_at": received_at,
            "arrival": await _next_arrival(tx, reference),
            "state": State.QUEUED.value,
        },
    )
    return Receipt(submission_id, reference, received_at)


async def lease_next(tx: AsyncConnection, *, now: datetime, lease_for: timedelta, owner: str) -> Leased | None:
    """Lease the oldest submission that may go to its case now; None where there is nothing to do.

    A case with a submission in flight, or whose oldest one waits for its next attempt, is passed over: what came later
    to it waits too, and other cases go on.

    Args:
        tx: a transaction that may write; commit it before delivering.
        now: the moment.
        lease_for: after this the submission is given out again, so it must be longer than a delivery may take.
        owner: who takes it, unlike any other dispatcher's name.
    """
    return next(iter(await lease_due(tx, now=now, lease_for=lease_for, owner=owner, at_most=1)), None)


async def lease_due(
    tx: AsyncConnection,
    *,
    now: datetime,
    lease_for: timedelta,
    owner: str,
    at_most: int,
) -> list[Leased]:
    """Lease several at once, each of another case, oldest first; otherwise as :func:`lease_next`."""
    while True:
        lanes = (await tx.execute(_lanes_to_lease(now, at_most))).all()
        if not lanes:
            return []
        # Between choosing a lane and locking it another submission may have come, or an act been settled; so its
        # oldest one is read again under the lock. Nothing due: the query above no longer finds this lane.
        chosen = [
            row
            for row in await tx.execute(_OLDEST_OF, {"references": [lane.reference for lane in lanes]})
            if row.next_attempt_at is None or row.next_attempt_at <= now
        ]
        if chosen:
            lapsed = [lane.reference for lane in lanes if lane.submission_id is not None]
            return await _lease(tx, chosen, lapsed, until=now + lease_for, owner=owner)


async def release(
    tx: AsyncConnection,
    submission_id: str,
    *,
    next_attempt_at: datetime | None,
    owner: str | None = None,
) -> bool:
    """Put a submission back into its case's queue: after a delivery that did not work, or one that the team had held.

    Args:
        tx: a transaction that may write.
        submission_id: which.
        next_attempt_at: not before; None is at once.
        owner: whose lease it was. Where the lease has passed to another meanwhile, nothing is changed.

    Returns:
        Whether it was put back.

    Raises:
        UnknownSubmission: there is none of this id.
    """
    row = await _locked(tx, submission_id)
    if row.state in {State.APPLIED, State.REFUSED} or (owner is not None and row.owner not in {None, owner}):
        return False
    await tx.execute(
        update(_STATES)
        .where(_STATES.c.submission_id == submission_id)
        .values(
            state=State.QUEUED.value,
            next_attempt_at=next_attempt_at,
            leased_until=None,
            outcome_code=None,
            outcome_sentence=None,
            settled_at=None,
        )
    )
    await _free_lane(tx, row.reference, submission_id)
    return True


async def settle(
    tx: AsyncConnection,
    submission_id: str,
    *,
    state: State,
    code: str,
    sentence: str,
    at: datetime,
    first_position: int | None = None,
) -> bool:
    """Say what became of a submission, once: applied and refused are final, held can be released.

    Args:
        tx: the transaction that writes the events, so that both stand or fall together.
        submission_id: which.
        state: applied, refused or held.
        code: the outcome's code.
        sentence: what the person is told; nothing personal.
        at: the moment.
        first_position: of its first event in the register.

    Returns:
        False where it was applied or refused before; what was said then stays.

    Raises:
        UnknownSubmission: there is none of this id.
        ValueError: the state settles nothing.
    """
    if state not in SETTLED:
        raise ValueError("a submission is settled as applied, refused or held")
    if tx.dialect.name != "sqlite":  # there, BEGIN IMMEDIATE has done it
        await tx.execute(_LOCK_LANE, {"id": submission_id})
    done = await tx.execute(
        _SETTLE,
        {
            "settled": submission_id,
            "state": state.value,
            "outcome_code": code,
            "outcome_sentence": sentence,
            "settled_at": at,
            "first_position": first_position,
        },
    )
    reference: str | None = done.scalar_one_or_none()
    if reference is None:
        await get(tx, submission_id)  # It was settled before, or is not there at all.
        return False
    await _free_lane(tx, reference, submission_id)
    return True


async def unsettled(
    tx: AsyncConnection,
    reference: str,
    *,
    received_by: datetime,
    other_than: str | None = None,
) -> list[str]:
    """The submissions of a case, oldest first, that were received by a moment and have not reached it yet.

    Held ones are not among them: they wait for a person, and a clock must not wait with them.
    """
    rows = await tx.execute(
        select(_STATES.c.submission_id)
        .where(
            _STATES.c.reference == reference,
            _STATES.c.state.in_(_UNSETTLED),
            _STATES.c.received_at <= received_by,
            _STATES.c.submission_id != (other_than or ""),
        )
        .order_by(_STATES.c.received_at, _STATES.c.arrival)
    )
    return list(rows.scalars())


async def state(tx: AsyncConnection, submission_id: str) -> Submission | None:
    """A submission as it is known now; None where there is none of this id."""
    row = (await tx.execute(_KNOWN_AS, {"id": submission_id})).one_or_none()
    return None if row is None else _submission(row)


async def get(tx: AsyncConnection, submission_id: str) -> Submission:
    """A submission as it is known now.

    Raises:
        UnknownSubmission: there is none of this id.
    """
    known = await state(tx, submission_id)
    if known is None:
        raise UnknownSubmission("there is no submission of this id")
    return known


async def with_key(tx: AsyncConnection, idempotency_key: str) -> str | None:
    """The id of the submission that a press of a button brought; none where it brought none."""
    found = await tx.execute(select(_ROWS.c.submission_id).where(_ROWS.c.idempotency_key == idempotency_key))
    return found.scalar_one_or_none()


async def of_case(tx: AsyncConnection, reference: str, *, act_kind: str | None = None) -> list[Submission]:
    """Every submission of a case, in order of receipt; of one kind of act alone, where it is given."""
    query = _known().where(_ROWS.c.reference == reference).order_by(_ROWS.c.received_at, _STATES.c.arrival)
    rows = await tx.execute(query if act_kind is None else query.where(_ROWS.c.act_kind == act_kind))
    return [_submission(row) for row in rows]


async def raised_with(tx: AsyncConnection, keys: vault.Vault, reference: str) -> dict[str, Any] | None:
    """The words of what raised a case, opened; None where nothing raised one of this reference.

    Raises:
        vault.Erased, vault.CannotOpen: as :func:`content`.
    """
    row = (await tx.execute(_RAISED_WITH, {"reference": reference})).one_or_none()
    return None if row is None else await _opened(tx, keys, row)


async def contact_of(tx: AsyncConnection, keys: vault.Vault, reference: str) -> dict[str, Any] | None:
    """The words in which whoever is written to for the raising side was last named; None where nothing raised it.

    Raises:
        vault.Erased, vault.CannotOpen: as :func:`content`.
    """
    row = (await tx.execute(_NEWEST_CONTACT, {"reference": reference})).first()
    return await raised_with(tx, keys, reference) if row is None else await _opened(tx, keys, row)


async def raised_by(tx: AsyncConnection, reference: str) -> Channel | None:
    """The channel by which a case was raised; None where nothing raised one of this reference."""
    row = (await tx.execute(_RAISED_WITH, {"reference": reference})).one_or_none()
    return None if row is None else Channel(row.channel)


async def content(tx: AsyncConnection, keys: vault.Vault, submission_id: str) -> dict[str, Any]:
    """The words of a submission, opened.

    Raises:
        UnknownSubmission: there is none of this id.
        vault.Erased: its key was erased.
        vault.CannotOpen: the stored bytes were changed, or the settings lack the key.
    """
    row = (await tx.execute(_SEALED, {"id": submission_id})).one_or_none()
    if row is None:
        raise UnknownSubmission("there is no submission of this id")
    return await _opened(tx, keys, row)


async def _opened(tx: AsyncConnection, keys: vault.Vault, row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    box = vault.Sealed(row.key_id, row.sealed)
    plain = await keys.open(tx, box, table=_ROWS.name, column="sealed", row=row.submission_id)
    opened: dict[str, Any] = json.loads(plain)
    return opened


async def waiting(tx: AsyncConnection) -> dict[State, int]:
    """How many submissions are queued, in flight or held. For the board and the metrics."""
    waits = (State.QUEUED.value, State.IN_FLIGHT.value, State.HELD.value)
    rows = await tx.execute(
        select(_STATES.c.state, func.count()).where(_STATES.c.state.in_(waits)).group_by(_STATES.c.state)
    )
    return {State(state): count for state, count in rows}


async def _first(tx: AsyncConnection, idempotency_key: str, keyed: str) -> Receipt | None:
    if tx.dialect.name != "sqlite":
        # Two presses at once: the second waits here until the first is committed, and then finds it.
        await tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(idempotency_key, _PRESS_SEED))))
    row = (await tx.execute(select(_ROWS).where(_ROWS.c.idempotency_key == idempotency_key))).one_or_none()
    if row is None:
        return None
    return Receipt(row.submission_id, row.reference, row.received_at, repeated=True, differs=row.keyed_digest != keyed)


async def _next_arrival(tx: AsyncConnection, reference: str) -> int:
    return int((await tx.execute(_ARRIVE[tx.dialect.name], {"reference": reference, "arrivals": 1})).scalar_one())


_EARLIER = _STATES.alias("earlier")
_IS_OLDEST = ~exists().where(
    _EARLIER.c.reference == _STATES.c.reference,
    _EARLIER.c.state.in_(_UNSETTLED),
    tuple_(_EARLIER.c.received_at, _EARLIER.c.arrival) < tuple_(_STATES.c.received_at, _STATES.c.arrival),
)


def _lanes_to_lease(now: datetime, at_most: int) -> Select[*tuple[Any, ...]]:
    return (
        select(_LANES.c.reference, _LANES.c.submission_id)
        .join(_STATES, _STATES.c.reference == _LANES.c.reference)
        .where(
            _STATES.c.state.in_(_UNSETTLED),
            _IS_OLDEST,
            or_(_STATES.c.next_attempt_at.is_(None), _STATES.c.next_attempt_at <= now),
            or_(_LANES.c.leased_until.is_(None), _LANES.c.leased_until <= now),
        )
        # By this alone, so that the index gives the first that fit and no backlog is ever sorted.
        .order_by(_STATES.c.received_at)
        .limit(at_most)
        .with_for_update(of=_LANES, skip_locked=True)
    )


async def _lease(
    tx: AsyncConnection,
    chosen: list[Row[*tuple[Any, ...]]],
    lapsed: list[str],
    *,
    until: datetime,
    owner: str,
) -> list[Leased]:
    if lapsed:
        # Whatever of a case was in flight under a lease that has ended is queued again: one in flight, never two.
        await tx.execute(
            update(_STATES)
            .where(
                _STATES.c.reference.in_(lapsed),
                _STATES.c.state == State.IN_FLIGHT.value,
            )
            .values(state=State.QUEUED.value, leased_until=None)
        )
    await tx.execute(_IN_FLIGHT, {"chosen": [row.submission_id for row in chosen], "leased_until": until})
    await tx.execute(
        _TAKE_LANE,
        [
            {"lane": row.reference, "submission_id": row.submission_id, "leased_until": until, "owner": owner}
            for row in chosen
        ],
    )
    return [
        Leased(
            submission_id=row.submission_id,
            reference=row.reference,
            received_at=row.received_at,
            act_kind=row.act_kind,
            channel=row.channel,
            act=row.act,
            content_digest=row.content_digest,
            attempts=row.attempts + 1,
            leased_until=until,
            owner=owner,
        )
        for row in chosen
    ]


async def _locked(tx: AsyncConnection, submission_id: str) -> Row[*tuple[Any, ...]]:
    """The state of a submission, and who leased it, with its lane locked first: the order in which all others lock."""
    if tx.dialect.name != "sqlite":  # there, BEGIN IMMEDIATE has done it
        await tx.execute(_LOCK_LANE, {"id": submission_id})
    found = (await tx.execute(_STATE_AND_OWNER, {"id": submission_id})).one_or_none()
    if found is None:
        raise UnknownSubmission("there is no submission of this id")
    return found


async def _free_lane(tx: AsyncConnection, reference: str, submission_id: str) -> None:
    await tx.execute(_FREE_LANE, {"lane": reference, "held_by": submission_id})


def _known() -> Select[*tuple[Any, ...]]:
    return select(
        _ROWS.c.submission_id,
        _ROWS.c.reference,
        _ROWS.c.received_at,
        _ROWS.c.act_kind,
        _ROWS.c.channel,
        _ROWS.c.act,
        _ROWS.c.content_digest,
        _ROWS.c.key_id,
        _STATES.c.state,
        _STATES.c.attempts,
        _STATES.c.next_attempt_at,
        _STATES.c.outcome_code,
        _STATES.c.outcome_sentence,
        _STATES.c.settled_at,
        _STATES.c.first_position,
    ).join(_STATES, _STATES.c.submission_id == _ROWS.c.submission_id)


def _submission(row: Row[*tuple[Any, ...]]) -> Submission:
    return Submission(**{**row._mapping, "state": State(row.state)})  # noqa: SLF001  SQLAlchemy's public name for it


# Built once: what is executed for every act costs more to build than to run.
_ID: BindParameter[str] = bindparam("id")
_SEALED = select(_ROWS.c.submission_id, _ROWS.c.sealed, _ROWS.c.key_id).where(_ROWS.c.submission_id == _ID)
_ADD = insert(_ROWS)
_ADD_STATE = insert(_STATES)
_ARRIVE = {
    name: build(_LANES)
    .on_conflict_do_update(index_elements=[_LANES.c.reference], set_={"arrivals": _LANES.c.arrivals + 1})
    .returning(_LANES.c.arrivals)
    for name, build in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_KNOWN_AS = _known().where(_ROWS.c.submission_id == _ID)
_RAISED_WITH = (
    select(_ROWS.c.submission_id, _ROWS.c.sealed, _ROWS.c.key_id, _ROWS.c.channel)
    .where(_ROWS.c.reference == bindparam("reference"), _ROWS.c.act_kind == "raise")
    .order_by(_ROWS.c.received_at)
    .limit(1)
)
_NEWEST_CONTACT = (
    select(_ROWS.c.submission_id, _ROWS.c.sealed, _ROWS.c.key_id)
    .join(_STATES, _STATES.c.submission_id == _ROWS.c.submission_id)
    .where(
        _ROWS.c.reference == bindparam("reference"),
        _ROWS.c.act_kind == "change_contact",
        _STATES.c.state == State.APPLIED.value,
    )
    .order_by(_STATES.c.arrival.desc())
    .limit(1)
)
_OLDEST_OF = (
    select(_ROWS, _STATES.c.attempts, _STATES.c.next_attempt_at)
    .join(_STATES, _STATES.c.submission_id == _ROWS.c.submission_id)
    .where(
        _STATES.c.reference.in_(bindparam("references", expanding=True)), _STATES.c.state.in_(_UNSETTLED), _IS_OLDEST
    )
    .order_by(_STATES.c.received_at)
)
_IN_FLIGHT = (
    update(_STATES)
    .where(_STATES.c.submission_id.in_(bindparam("chosen", expanding=True)))
    .values(
        state=State.IN_FLIGHT.value,
        attempts=_STATES.c.attempts + 1,
        next_attempt_at=None,
        leased_until=bindparam("leased_until"),
    )
)
_TAKE_LANE = (
    update(_LANES)
    .where(_LANES.c.reference == bindparam("lane"))
    .values(submission_id=bindparam("submission_id"), leased_until=bindparam("leased_until"), owner=bindparam("owner"))
)
_LOCK_LANE = (
    select(_LANES.c.reference)
    .join(_STATES, _STATES.c.reference == _LANES.c.reference)
    .where(_STATES.c.submission_id == _ID)
    .with_for_update(of=_LANES)
)
_STATE_AND_OWNER = (
    select(
        _STATES.c.reference,
        _STATES.c.state,
        case((_LANES.c.submission_id == _ID, _LANES.c.owner), else_=None).label("owner"),
    )
    .join(_LANES, _STATES.c.reference == _LANES.c.reference)
    .where(_STATES.c.submission_id == _ID)
)
_SETTLE = (
    update(_STATES)
    .where(_STATES.c.submission_id == bindparam("settled"), _STATES.c.state.not_in(["applied", "refused"]))
    .values(
        state=bindparam("state"),
        outcome_code=bindparam("outcome_code"),
        outcome_sentence=bindparam("outcome_sentence"),
        settled_at=bindparam("settled_at"),
        first_position=bindparam("first_position"),
        next_attempt_at=None,
        leased_until=None,
    )
    .returning(_STATES.c.reference)
)
_FREE_LANE = (
    update(_LANES)
    .where(
        _LANES.c.reference == bindparam("lane"),
        _LANES.c.submission_id == bindparam("held_by"),
    )
    .values(submission_id=None, leased_until=None, owner=None)
)
