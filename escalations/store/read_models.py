"""What pages and lists read: one row a case and one row a clock, derived from the register and rebuilt from it.

:func:`project` runs in the transaction that appends, so a person who was told "recorded" finds it on the next page.
Nothing here decides: every value is the event's, or the case's as the rules made it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors
from escalations.rules import case, events, evolving
from escalations.rules.events import Event
from escalations.rules.senders import RaiserAt
from escalations.store import cases, promises, register, tables

_CASES = tables.CASES
_CLOCKS = tables.CLOCKS
_ACCOUNTS = TypeAdapter(tuple[case.Account, ...])
_RAISER_AT = select(_CASES.c.raiser_at, _CASES.c.raising_agency).where(_CASES.c.reference == bindparam("case"))
_ADD_CASE = insert(_CASES)
_CHANGE_CASE = update(_CASES).where(_CASES.c.reference == bindparam("case"))
_ADD_CLOCK = insert(_CLOCKS)
_CHANGE_CLOCK = update(_CLOCKS).where(
    _CLOCKS.c.reference == bindparam("case"), _CLOCKS.c.clock_id == bindparam("clock")
)


class ClockState(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"
    LIMIT_PASSED = "limit_passed"
    """Its limit has passed and it still waits."""
    PAUSED = "paused"
    """It does not run, because the case is paused."""
    MET = "met"
    STOPPED = "stopped"


class NotACase(errors.FinalOurs):
    """The first event of an escalation is not the one that raises it."""

    code = "not_a_case"


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case, as lists show it."""

    reference: str
    seq: int
    position: int
    """The register's position that this row is as of."""
    status: str
    track: str
    asked_if_urgent: bool
    """Words in a mail can mean that it is urgent, and nobody has said yet whether it is."""
    stage: int
    raising_agency: str | None
    """None while the sender has not been recognised; such a case is held."""
    sender_known: str | None
    sender_checked: str | None
    """How it is known who raised it; None for what was raised before that was written down."""
    raiser_at: str | None
    """Who holds the links of whoever raised it; None for the address that they gave."""
    co_raisers: tuple[str, ...]
    """The agencies that raise it with the one that leads."""
    responding_agencies: tuple[str, ...]
    concern: str | None
    reason: str | None
    level_of_need: int | None
    legal_status: str | None
    policy_hash: str | None
    calendar_hash: str | None
    edition: int
    received_at: datetime
    stage_started_at: datetime | None
    partnership_told_at: datetime | None
    word_due_at: datetime | None
    next_due_at: datetime | None
    """The nearest limit that has not passed; None where no clock runs towards one."""
    move_to_stage: int | None
    move_takes_effect_at: datetime | None
    """None for a move that is proposed and that nobody has taken up."""
    closed_at: datetime | None
    outcome: str | None
    on_word_of: str | None
    """On whose word it ended; None for what was held, and the team ended."""
    route: str | None
    """Where it goes instead, for what was redirected."""
    paused_since: datetime | None
    pause_reason: str | None
    paused_until: datetime | None
    """When it has been paused for as long as the policy has it."""
    pauses: int
    """How often it was paused, with a pause that lasts."""
    paused_minutes: int
    """Elapsed, over all pauses that have ended."""
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class KeptDate:
    """A due time that a clock has, or had."""

    due_at: datetime
    since: datetime
    because: str
    """The kind of event that gave it."""


@dataclass(frozen=True, slots=True)
class ClockRow:
    """A clock, as case pages and lists show it."""

    reference: str
    clock_id: str
    rule_id: str
    awaits: str
    waits_for: str
    agency_id: str | None
    position: str | None
    stage: int | None
    started_at: datetime
    due_at: datetime
    kept_dates: tuple[KeptDate, ...]
    """Every due time, oldest first; the last is the present one."""
    reminders: tuple[datetime, ...]
    reminded: int
    amount: str | None
    receipt_hash: str
    state: ClockState
    cause: str | None
    """As it stands: from evidence, or as the team put it right."""
    evidence_cause: str | None
    """What evidence alone says."""
    cause_confirmed_at: datetime | None
    """None while the cause is provisional."""
    accounts_until: datetime | None
    limit_passed_at: datetime | None
    limit_withdrawn: bool
    ended_at: datetime | None
    paused_since: datetime | None
    extensions: int
    """How often it was extended; ``kept_dates`` has every due time that it had."""
    accounts: tuple[case.Account, ...]
    """What each side says of its passed limit, oldest first."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event, the case as it left it, and its row in the register."""

    event: Event
    after: case.Case
    entry: register.Entry


async def project(tx: AsyncConnection, before: case.Case | None, steps: Sequence[Step]) -> None:
    """Carry events of one case into the read models: what they come to in the end, each row once.

    Args:
        tx: the transaction that appended them.
        before: the case as it was; None, or a case without events, for the first.
        steps: what happened, in its order.

    Raises:
        NotACase: the first event is not the one that raises a case.
    """
    if not steps:
        return
    last = steps[-1]
    if before is None or before.seq == 0:
        opening = steps[0].event
        if not isinstance(opening, events.Raised):
            raise NotACase("the first event of an escalation does not raise it")
        values = {**_case_values(last.after, last.entry), **_codes(opening), **_completed_values(steps)}
        await tx.execute(_ADD_CASE, values)
    else:
        values = {**_case_values(last.after, last.entry), **_completed_values(steps)}
        await tx.execute(_CHANGE_CASE, {"case": last.after.reference, **values})
    await promises.project(tx, before, last.after)
    new, changed = await _clock_rows(tx, before, steps)
    if new:
        await tx.execute(_ADD_CLOCK, list(new.values()))
    for clock_id, values in changed.items():
        await tx.execute(_CHANGE_CLOCK, {"case": last.after.reference, "clock": clock_id, **values})


async def _clock_rows(
    tx: AsyncConnection,
    before: case.Case | None,
    steps: Sequence[Step],
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The rows of the clocks that these steps started, and what they changed of others; each by the clock's id."""
    known = {} if before is None else {clock.clock_id: clock for clock in before.clocks}
    new: dict[str, dict[str, Any]] = {}
    changed: dict[str, dict[str, Any]] = {}
    for step in steps:
        for clock in step.after.clocks:
            earlier = known.get(clock.clock_id)
            if earlier == clock:
                continue
            values = _clock_values(clock)
            if earlier is None:
                new[clock.clock_id] = {
                    "reference": step.after.reference,
                    **values,
                    "amount": getattr(step.event, "amount", None),
                    "kept_dates": _kept([], clock.due_at, since=step.entry.recorded_at, because=step.event.kind),
                }
            else:
                row = new.get(clock.clock_id) or changed.setdefault(clock.clock_id, {})
                kept = row.get("kept_dates")
                row.update(values)
                if clock.amount is not None and clock.amount != earlier.amount:
                    row["amount"] = clock.amount
                if earlier.due_at != clock.due_at:
                    so_far = kept or await _kept_so_far(tx, step.after.reference, clock.clock_id)
                    row["kept_dates"] = _kept(
                        json.loads(so_far), clock.due_at, since=step.entry.recorded_at, because=step.event.kind
                    )
            known[clock.clock_id] = clock
    return new, changed


async def _kept_so_far(tx: AsyncConnection, reference: str, clock_id: str) -> str:
    kept: str = (
        await tx.execute(
            select(_CLOCKS.c.kept_dates).where(_CLOCKS.c.reference == reference, _CLOCKS.c.clock_id == clock_id)
        )
    ).scalar_one()
    return kept


async def rebuild(tx: AsyncConnection) -> int:
    """Empty the read models, fill them again from the register, and give the number of events replayed.

    Raises:
        NotACase: an escalation does not begin with the event that raises it.
        frozen.NotFrozen: a policy or calendar that a case is frozen to is not kept.
    """
    # DELETE, not TRUNCATE: the application's role does not own the tables.
    for table in tables.READ_MODELS:
        await tx.execute(delete(table))
    frames: dict[tuple[str, str], case.Frame] = {}
    replayed = 0
    for reference in await register.references(tx):
        entries = await register.read(tx, reference)
        happened = [events.loads(entry.body) for entry in entries]
        unopened = case.new(reference, await _frame(tx, happened[0], frames))
        redates = [event for event in happened if isinstance(event, events.Redated)]
        unopened = case.offering(unopened, *[await _named(tx, event, frames) for event in redates])
        steps: list[Step] = []
        for event, entry in zip(happened, entries, strict=True):
            steps.append(Step(event, evolving.evolve(steps[-1].after if steps else unopened, event), entry))
        await project(tx, unopened, steps)
        replayed += len(steps)
    return replayed


async def case_of(tx: AsyncConnection, reference: str) -> CaseRow | None:
    """One case; None where the register has none of this reference."""
    rows = await tx.execute(select(_CASES).where(_CASES.c.reference == reference))
    row = rows.mappings().one_or_none()
    return None if row is None else _case_row(row)


async def clocks_of(tx: AsyncConnection, *references: str) -> list[ClockRow]:
    """Every clock of these cases, in the order in which they started."""
    rows = await tx.execute(
        select(_CLOCKS)
        .where(_CLOCKS.c.reference.in_(references))
        .order_by(_CLOCKS.c.reference, _CLOCKS.c.started_at, _CLOCKS.c.due_at, _CLOCKS.c.clock_id)
    )
    return [_clock_row(row) for row in rows.mappings()]


async def raiser_at(tx: AsyncConnection, reference: str) -> tuple[RaiserAt, str | None]:
    """Who holds the links of whoever raised a case, and the agency that raised it.

    Before it is opened, that is the address that they gave, and no agency.
    """
    row = (await tx.execute(_RAISER_AT, {"case": reference})).one_or_none()
    if row is None:
        return RaiserAt.ADDRESS, None
    return RaiserAt(row.raiser_at) if row.raiser_at else RaiserAt.ADDRESS, row.raising_agency


def clock_state(clock: case.Clock) -> ClockState:
    """Where a clock of a case stands."""
    if clock.end is case.ClockEnd.MET:
        return ClockState.MET
    if clock.end is case.ClockEnd.STOPPED:
        return ClockState.STOPPED
    if not _before_its_limit(clock):
        return ClockState.LIMIT_PASSED
    return ClockState.RUNNING if clock.paused_since is None else ClockState.PAUSED


def _before_its_limit(clock: case.Clock) -> bool:
    return clock.limit_passed_at is None or clock.limit_withdrawn


async def _frame(tx: AsyncConnection, opening: Event, frames: dict[tuple[str, str], case.Frame]) -> case.Frame:
    if not isinstance(opening, events.Raised):
        raise NotACase("the first event of an escalation does not raise it")
    return await _named(tx, opening, frames)


async def _named(
    tx: AsyncConnection, named: events.Raised | events.Redated, frames: dict[tuple[str, str], case.Frame]
) -> case.Frame:
    hashes = (named.policy_hash, named.calendar_hash)
    if hashes not in frames:
        frames[hashes] = await cases.frame_of(tx, named)
    return frames[hashes]


def _completed_values(steps: Sequence[Step]) -> dict[str, Any]:
    completed = [step.event for step in steps if isinstance(step.event, events.Completed)]
    return _codes(completed[-1]) if completed else {}


def _codes(event: events.Raised | events.Completed) -> dict[str, Any]:
    return {
        "concern": event.concern.value,
        "reason": event.reason,
        "level_of_need": event.level_of_need,
        "legal_status": event.legal_status,
    }


def _case_values(after: case.Case, entry: register.Entry) -> dict[str, Any]:
    limits = [clock.due_at for clock in after.clocks if clock_state(clock) is ClockState.RUNNING]
    return {
        "reference": after.reference,
        "asked_if_urgent": after.asked_if_urgent,
        "seq": entry.seq,
        "position": entry.position,
        "status": after.status.value,
        "track": after.track.value,
        "stage": after.stage,
        "raising_agency": after.raising_agency,
        "sender_known": after.sender_known.value if after.sender_known else None,
        "sender_checked": after.sender_checked.value if after.sender_checked else None,
        "raiser_at": None if after.raiser_at is RaiserAt.ADDRESS else after.raiser_at.value,
        "co_raisers": json.dumps(after.co_raisers),
        "responding_agencies": json.dumps([party.agency_id for party in after.parties]),
        "edition": after.edition,
        "policy_hash": after.frame.policy.content_hash,
        "calendar_hash": after.frame.calendar.content_hash,
        "received_at": after.received_at,
        "stage_started_at": after.stage_starts[-1] if after.stage_starts else None,
        "partnership_told_at": after.partnership_told_at,
        "word_due_at": after.word_due_at,
        "next_due_at": min(limits, default=None),
        "move_to_stage": after.move.to_stage if after.move else None,
        "move_takes_effect_at": after.move.takes_effect_at if after.move else None,
        "closed_at": after.closed_at,
        "outcome": after.outcome.value if after.outcome else None,
        "on_word_of": after.on_word_of.value if after.on_word_of else None,
        "route": after.route.value if after.route else None,
        "paused_since": after.pause.paused_at if after.pause else None,
        "pause_reason": after.pause.reason.value if after.pause else None,
        "paused_until": after.pause.until if after.pause else None,
        "pauses": after.pauses,
        "paused_minutes": after.paused_for // timedelta(minutes=1),
        "changed_at": entry.recorded_at,
    }


def _clock_values(clock: case.Clock) -> dict[str, Any]:
    return {
        "clock_id": clock.clock_id,
        "rule_id": clock.rule_id,
        "awaits": clock.awaits.value,
        "waits_for": clock.waits_for.value,
        "agency_id": clock.agency_id,
        "position": clock.position,
        "stage": clock.stage,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "reminders": json.dumps([tables.instant_text(moment) for moment in clock.reminders]),
        "reminded": clock.reminded,
        "receipt_hash": clock.receipt_hash,
        "state": clock_state(clock).value,
        "cause": clock.cause.value if clock.cause else None,
        "evidence_cause": clock.evidence_cause.value if clock.evidence_cause else None,
        "cause_confirmed_at": clock.cause_confirmed_at,
        "accounts_until": clock.accounts_until,
        "limit_passed_at": clock.limit_passed_at,
        "limit_withdrawn": clock.limit_withdrawn,
        "ended_at": clock.ended_at,
        "paused_since": clock.paused_since,
        "extensions": clock.extensions,
        "accounts": _ACCOUNTS.dump_json(clock.accounts).decode(),
    }


def _kept(earlier: list[dict[str, str]], due_at: datetime, *, since: datetime, because: str) -> str:
    one = {"due_at": tables.instant_text(due_at), "since": tables.instant_text(since), "because": because}
    return json.dumps([*earlier, one])


def _case_row(row: RowMapping) -> CaseRow:
    lists = {name: tuple(json.loads(row[name])) for name in ("co_raisers", "responding_agencies")}
    return CaseRow(**{**row, **lists})


def _clock_row(row: RowMapping) -> ClockRow:
    kept = tuple(
        KeptDate(datetime.fromisoformat(one["due_at"]), datetime.fromisoformat(one["since"]), one["because"])
        for one in json.loads(row["kept_dates"])
    )
    return ClockRow(
        **{
            **row,
            "kept_dates": kept,
            "state": ClockState(row["state"]),
            "reminders": tuple(datetime.fromisoformat(moment) for moment in json.loads(row["reminders"])),
            "accounts": _ACCOUNTS.validate_json(row["accounts"]),
        }
    )
