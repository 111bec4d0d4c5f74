"""How late we were is counted from rows that stay, so a restart changes no figure."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, text

from escalations.metrics import lateness
from escalations.metrics.lateness import BOUNDS, SETTLES_WITHIN, Histogram, Lateness
from escalations.policy import Awaits, Side
from escalations.rules import events
from escalations.rules.case import Cause
from escalations.store import tables
from escalations.store.engine import Database
from escalations.store.tables import instant_text

DUE = datetime.fromisoformat("2027-03-02T17:00:00Z")
NOW = DUE + timedelta(days=1)


class Register:
    """Rows as `record` writes them, of limits alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._position = 0

    async def has_a_limit(
        self, *, recorded: datetime, due: datetime = DUE, known: datetime = DUE - timedelta(days=1)
    ) -> None:
        self._position += 1
        reference, clock = f"PD-27-{self._position:04}-X", "3-acknowledge"
        passed = events.LimitPassed(
            at=recorded,
            clock_id=clock,
            awaits=Awaits.ACKNOWLEDGE,
            waits_for=Side.RESPONDING,
            due_at=due,
            cause=Cause.SILENT,
            accounts_until=recorded,
        )
        kept = [{"due_at": instant_text(due), "since": instant_text(known), "because": "clock_started"}]
        async with self._database.write() as tx:
            await tx.execute(
                insert(tables.REGISTER).values(
                    position=self._position,
                    reference=reference,
                    seq=5,
                    kind=passed.kind,
                    recorded_at=recorded,
                    body=events.dumps(passed),
                    previous_hash="",
                    hash="",
                )
            )
            await tx.execute(
                insert(tables.CLOCKS).values(
                    reference=reference,
                    clock_id=clock,
                    rule_id="acknowledge",
                    awaits="acknowledge",
                    waits_for="responding",
                    started_at=known,
                    due_at=due,
                    kept_dates=json.dumps(kept),
                    reminders="[]",
                    reminded=0,
                    receipt_hash="",
                    state="limit_passed",
                    limit_withdrawn=False,
                )
            )

    async def has_a_notice(self, *, created: datetime, sent: datetime | None, state: str = "sent") -> None:
        self._position += 1
        async with self._database.write() as tx:
            await tx.execute(
                insert(tables.NOTICES).values(
                    notice_id=str(self._position),
                    reference="PD-27-0001-X",
                    seq=1,
                    kind="asked",
                    side="responding",
                    state=state,
                    created_at=created,
                    sent_at=sent,
                    starts_clocks=False,
                )
            )


@pytest.fixture
def register(database: Database) -> Register:
    return Register(database)


def counted(histogram: Histogram) -> dict[float, int]:
    """Give what is in each bucket that holds something, by its upper bound in seconds."""
    return {bound: count for bound, count in zip((*BOUNDS, float("inf")), histogram.counts, strict=True) if count}


async def test_a_limit_counts_from_when_it_was_due(database: Database, register: Register) -> None:
    await register.has_a_limit(recorded=DUE + timedelta(seconds=0.2))
    await register.has_a_limit(recorded=DUE + timedelta(minutes=14))
    await register.has_a_limit(recorded=DUE + timedelta(days=30))
    late = await Lateness(database).look(NOW)
    assert counted(late.recorded) == {1: 1, 900: 1, float("inf"): 1}
    assert late.recorded.total_seconds == pytest.approx(0.2 + 14 * 60 + 30 * 86_400)
    assert counted(late.sent) == {}


async def test_a_limit_in_the_past_counts_from_when_we_could_know_it(database: Database, register: Register) -> None:
    raised = DUE + timedelta(days=3)
    await register.has_a_limit(recorded=raised + timedelta(seconds=3), known=raised)
    assert counted((await Lateness(database).look(NOW)).recorded) == {5: 1}


async def test_a_clock_ahead_of_ours_makes_nothing_early(database: Database, register: Register) -> None:
    await register.has_a_limit(recorded=DUE - timedelta(seconds=2))
    late = await Lateness(database).look(NOW)
    assert (counted(late.recorded), late.recorded.total_seconds) == ({1: 1}, 0)


async def test_a_notice_counts_from_its_record_to_its_leaving_and_only_if_it_left(
    database: Database, register: Register
) -> None:
    await register.has_a_notice(created=DUE, sent=DUE + timedelta(seconds=4))
    await register.has_a_notice(created=NOW - timedelta(hours=2), sent=NOW)
    await register.has_a_notice(created=DUE, sent=None, state="waiting")
    await register.has_a_notice(created=DUE, sent=DUE + timedelta(hours=5), state="unknown")
    assert counted((await Lateness(database).look(NOW)).sent) == {5: 1, 14_400: 1}


async def test_whoever_looks_often_and_whoever_has_just_started_count_the_same(
    database: Database, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lateness, "AT_ONCE", 2)
    always = Lateness(database)
    for hour in range(7):
        at = NOW + timedelta(hours=hour)
        for late in (1, 30, 7_000):
            await register.has_a_limit(recorded=at, due=at - timedelta(seconds=late))
            # Three at one instant, with two read at once: none is passed over, and none is counted twice.
            await register.has_a_notice(created=at - timedelta(seconds=late), sent=at)
        await always.look(at + SETTLES_WITHIN * (hour % 3))
    end = NOW + timedelta(hours=7)
    assert await always.look(end) == await Lateness(database).look(end)
    assert sum(counted((await always.look(end)).sent).values()) == 21
    assert sum(counted((await always.look(end)).recorded).values()) == 21


async def test_a_notice_whose_row_is_committed_a_little_later_is_not_passed_over(
    database: Database, register: Register
) -> None:
    always = Lateness(database)
    await always.look(NOW)
    await register.has_a_notice(created=NOW - timedelta(minutes=1), sent=NOW - timedelta(seconds=30))
    assert counted((await always.look(NOW + timedelta(hours=1))).sent) == {60: 1}


async def test_both_questions_are_answered_from_an_index(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL decides by how full a table is; on an empty one it reads the table")
    asked = {
        "SELECT position FROM register WHERE kind = 'limit_passed' AND position > 5 ORDER BY position LIMIT 9": (
            "ix_register_limits_passed"
        ),
        "SELECT sent_at, created_at FROM notices WHERE state = 'sent' AND sent_at > 'x' ORDER BY sent_at": (
            "ix_notices_state_sent_at_created_at"
        ),
    }
    async with database.read() as tx:
        for question, index in asked.items():
            plan = " ".join(row.detail for row in await tx.execute(text(f"EXPLAIN QUERY PLAN {question}")))
            assert index in plan
            assert "TEMP B-TREE" not in plan
