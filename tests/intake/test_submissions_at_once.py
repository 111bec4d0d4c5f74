"""However many people send and however many dispatchers deliver: one at a time a case, in order, nothing lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy.dialects import sqlite

from escalations.intake import submissions
from escalations.intake.submissions import State
from escalations.store import register, tables
from escalations.store.engine import Database
from escalations.store.vault import Vault

CASES, ACTS, DISPATCHERS = 8, 8, 6
MINUTE = timedelta(minutes=1)


async def _receive(
    database: Database,
    keys: Vault,
    now: datetime,
    reference: str | None,
    **more: str,
) -> submissions.Receipt:
    async with database.write() as tx:
        return await submissions.receive(
            tx,
            keys,
            act_kind="act",
            act_json="{}",
            channel="form",
            received_at=now,
            sealed={"w": 1},
            reference=reference,
            **more,
        )


class Deliveries:
    """Dispatchers that deliver, and watch that nobody else has the same case."""

    def __init__(self, databases: list[Database], now: datetime, expected: int) -> None:
        self.databases, self.now, self.left = databases, now, expected
        self.in_flight: Counter[str] = Counter()
        self.most_at_once = 0
        self.delivered: dict[str, list[str]] = {}

    async def dispatcher(self, number: int) -> None:
        database = self.databases[number % len(self.databases)]
        while self.left > 0:
            async with database.write() as tx:
                leased = await submissions.lease_next(tx, now=self.now, lease_for=MINUTE, owner=f"d{number}")
            if leased is None:
                await asyncio.sleep(0.01)
                continue
            self.in_flight[leased.reference] += 1
            self.most_at_once = max(self.most_at_once, self.in_flight[leased.reference])
            await asyncio.sleep(0.002)
            async with database.write() as tx:
                self.in_flight[leased.reference] -= 1
                if leased.attempts == 1 and hash(leased.submission_id) % 5 == 0:
                    await submissions.release(tx, leased.submission_id, next_attempt_at=None, owner=f"d{number}")
                    continue
                await submissions.settle(
                    tx, leased.submission_id, state=State.APPLIED, code="applied", sentence="", at=self.now
                )
            self.delivered.setdefault(leased.reference, []).append(leased.submission_id)
            self.left -= 1


async def test_no_case_is_ever_with_two_dispatchers_and_order_of_receipt_is_kept(
    database: Database,
    migrated_url: str,
    keys: Vault,
    now: datetime,
) -> None:
    references = [(await _receive(database, keys, now, None)).reference for _ in range(CASES)]
    others = [database, Database.open(migrated_url, pool_size=4), Database.open(migrated_url, pool_size=4)]
    deliveries = Deliveries(others, now, CASES * (ACTS + 1))

    async def sender(reference: str) -> None:
        for _ in range(ACTS):
            await _receive(others[hash(reference) % 3], keys, now, reference)

    try:
        async with asyncio.timeout(60):
            await asyncio.gather(
                *(sender(reference) for reference in references),
                *(deliveries.dispatcher(number) for number in range(DISPATCHERS)),
            )
    finally:
        for other in others[1:]:
            await other.close()
    assert deliveries.most_at_once == 1
    async with database.read() as tx:
        for reference in references:
            received = [one.submission_id for one in await submissions.of_case(tx, reference)]
            assert deliveries.delivered[reference] == received
            assert len(received) == ACTS + 1


async def test_sixty_who_send_at_once_all_get_a_receipt_of_their_own(
    database: Database,
    keys: Vault,
    now: datetime,
) -> None:
    receipts = await asyncio.gather(*(_receive(database, keys, now, None) for _ in range(60)))
    assert len({receipt.reference for receipt in receipts}) == 60
    assert len({receipt.submission_id for receipt in receipts}) == 60


async def test_twenty_presses_of_one_button_are_one_submission(database: Database, keys: Vault, now: datetime) -> None:
    receipts = await asyncio.gather(
        *(_receive(database, keys, now, None, idempotency_key="draft-1") for _ in range(20))
    )
    assert len({(receipt.submission_id, receipt.reference) for receipt in receipts}) == 1
    assert Counter(receipt.repeated for receipt in receipts) == {False: 1, True: 19}
    assert (await _receive(database, keys, now, None)).reference.startswith("PD-26-0002-")


async def test_many_dispatchers_and_one_submission_give_it_out_once(
    database: Database,
    keys: Vault,
    now: datetime,
) -> None:
    receipt = await _receive(database, keys, now, None)

    async def lease(number: int) -> submissions.Leased | None:
        async with database.write() as tx:
            return await submissions.lease_next(tx, now=now, lease_for=MINUTE, owner=f"d{number}")

    leased = [one for one in await asyncio.gather(*(lease(number) for number in range(20))) if one is not None]
    assert [one.submission_id for one in leased] == [receipt.submission_id]


async def test_acts_that_are_recorded_and_settled_together_stand_together(
    database: Database,
    keys: Vault,
    now: datetime,
) -> None:
    receipts = await asyncio.gather(*(_receive(database, keys, now, None) for _ in range(20)))

    async def record(receipt: submissions.Receipt) -> None:
        async with database.write() as tx:
            leased = await submissions.lease_next(tx, now=now, lease_for=MINUTE, owner=receipt.submission_id)
        assert leased is not None
        body = f'{{"submission_id":"{leased.submission_id}","content_digest":"{leased.content_digest}"}}'
        async with database.write() as tx:
            added = await register.append(tx, leased.reference, after_seq=0, bodies=[("raised", body)], recorded_at=now)
            await submissions.settle(
                tx,
                leased.submission_id,
                state=State.APPLIED,
                code="applied",
                sentence="",
                at=now,
                first_position=added[0].position,
            )

    await asyncio.gather(*(record(receipt) for receipt in receipts))
    async with database.read() as tx:
        assert await register.verify(tx) == []
        assert await register.last_position(tx) == 20
        assert await submissions.waiting(tx) == {}


async def test_a_dispatcher_finds_its_next_act_by_index(sqlite_url: str, now: datetime) -> None:
    query = submissions._lanes_to_lease(now, 1).compile(dialect=sqlite.dialect())
    async with Database.open(sqlite_url) as database:
        await database.migrate()
        async with database.read() as tx:
            values = tuple(tables.instant_text(now) if value == now else value for value in query.params.values())
            plan = str((await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)).all())
    assert "ix_submission_states_unsettled_oldest" in plan
    assert "TEMP B-TREE" not in plan
