"""An act is stored before anybody is told "received", and goes to its case once, in order of receipt."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from escalations.intake import submissions
from escalations.intake.submissions import Leased, Receipt, State
from escalations.store import references, tables, vault
from escalations.store.engine import Database
from escalations.store.vault import Vault

MINUTE = timedelta(minutes=1)


class Intake:
    """What people, dispatchers and the record do, each in a transaction of its own."""

    def __init__(self, database: Database, keys: Vault, now: datetime) -> None:
        self.database, self.keys, self.now = database, keys, now

    async def receive(
        self,
        reference: str | None = None,
        at: datetime | None = None,
        **more: Any,  # noqa: ANN401
    ) -> Receipt:
        given: dict[str, Any] = {
            "act_kind": "raise",
            "act_json": "{}",
            "channel": "form",
            "sealed": {"words": "Canary Quillfeather"},
        } | more
        async with self.database.write() as tx:
            return await submissions.receive(tx, self.keys, received_at=at or self.now, reference=reference, **given)

    async def lease(self, at: datetime | None = None, owner: str = "one") -> Leased | None:
        async with self.database.write() as tx:
            return await submissions.lease_next(tx, now=at or self.now, lease_for=MINUTE, owner=owner)

    async def release(self, submission_id: str, at: datetime | None = None, owner: str | None = None) -> bool:
        async with self.database.write() as tx:
            return await submissions.release(tx, submission_id, next_attempt_at=at, owner=owner)

    async def settle(self, submission_id: str, state: State = State.APPLIED, code: str = "applied") -> bool:
        async with self.database.write() as tx:
            return await submissions.settle(
                tx, submission_id, state=state, code=code, sentence="It was recorded.", at=self.now, first_position=1
            )

    async def known(self, submission_id: str) -> submissions.Submission:
        async with self.database.read() as tx:
            return await submissions.get(tx, submission_id)

    async def unsettled(self, reference: str, by: datetime | None = None, **more: str) -> list[str]:
        async with self.database.read() as tx:
            return await submissions.unsettled(tx, reference, received_by=by or self.now, **more)


@pytest.fixture
def intake(database: Database, keys: Vault, now: datetime) -> Intake:
    return Intake(database, keys, now)


async def test_a_receipt_names_the_next_reference_of_the_year(intake: Intake) -> None:
    receipts = [await intake.receive(at=intake.now + timedelta(days=300 * number)) for number in range(3)]
    read = [references.parse(receipt.reference) for receipt in receipts]
    assert read == [references.Reference("PD", year, number) for year, number in ((26, 1), (26, 2), (27, 1))]


async def test_words_are_stored_only_sealed(intake: Intake) -> None:
    receipt = await intake.receive()
    async with intake.database.read() as tx:
        for table in tables.METADATA.sorted_tables:
            assert b"Canary" not in str((await tx.execute(select(table))).all()).encode()
        assert await submissions.content(tx, intake.keys, receipt.submission_id) == {"words": "Canary Quillfeather"}


async def test_words_come_back_as_they_were_written(intake: Intake) -> None:
    words = {"name": "Siân Ó Briain 王", "list": [1, None, {"a": True}], "empty": "", "lines": "one\r\ntwo\u2028three"}
    receipt = await intake.receive(sealed=words)
    async with intake.database.read() as tx:
        assert await submissions.content(tx, intake.keys, receipt.submission_id) == words


async def test_sealed_words_do_not_open_under_another_submission(intake: Intake) -> None:
    one, other = await intake.receive(), await intake.receive()
    async with intake.database.read() as tx:
        rows = {row.submission_id: row for row in (await tx.execute(select(tables.SUBMISSIONS))).all()}
        moved = rows[one.submission_id]
        with pytest.raises(vault.CannotOpen):
            await intake.keys.open(
                tx,
                vault.Sealed(moved.key_id, moved.sealed),
                table="submissions",
                column="sealed",
                row=other.submission_id,
            )


async def test_a_second_press_gets_the_first_receipt(intake: Intake) -> None:
    first = await intake.receive(idempotency_key="draft-1")
    again = await intake.receive(idempotency_key="draft-1", at=intake.now + MINUTE)
    assert (again.submission_id, again.reference, again.received_at) == (
        first.submission_id,
        first.reference,
        first.received_at,
    )
    assert (first.repeated, again.repeated, again.differs) == (False, True, False)
    assert (await intake.receive()).reference != first.reference


async def test_a_second_press_with_other_words_says_so(intake: Intake) -> None:
    await intake.receive(idempotency_key="draft-1")
    again = await intake.receive(idempotency_key="draft-1", sealed={"words": "other"})
    assert (again.repeated, again.differs) == (True, True)


async def test_what_did_not_commit_was_not_received(intake: Intake) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012  the transaction is what is tested
        async with intake.database.write() as tx:
            await submissions.receive(
                tx,
                intake.keys,
                act_kind="raise",
                act_json="{}",
                channel="form",
                received_at=intake.now,
                sealed={},
                reference=None,
            )
            raise RuntimeError
    async with intake.database.read() as tx:
        for table in (tables.SUBMISSIONS, tables.SUBMISSION_STATES, tables.DATA_KEYS, tables.COUNTERS, tables.LANES):
            assert (await tx.execute(select(table))).all() == []


async def test_a_lease_gives_the_act_as_it_was_received(intake: Intake) -> None:
    act_id = submissions.new_id(intake.now)
    receipt = await intake.receive(act_json=f'{{"submission_id":"{act_id}"}}', submission_id=act_id, channel="link")
    leased = await intake.lease()
    assert leased is not None
    assert (leased.submission_id, leased.reference, leased.act) == (
        act_id,
        receipt.reference,
        f'{{"submission_id":"{act_id}"}}',
    )
    assert (leased.channel, leased.act_kind, leased.received_at) == ("link", "raise", intake.now)
    known = await intake.known(act_id)
    assert (known.state, known.attempts, known.content_digest) == (State.IN_FLIGHT, 1, leased.content_digest)


async def test_acts_of_one_case_go_one_at_a_time_in_order_of_receipt(intake: Intake) -> None:
    first = await intake.receive()
    ids = [first.submission_id] + [(await intake.receive(first.reference)).submission_id for _ in range(3)]
    for expected in ids:
        leased = await intake.lease()
        assert leased is not None
        assert leased.submission_id == expected
        assert await intake.lease() is None
        await intake.settle(expected)
    assert await intake.lease() is None


async def test_what_was_received_earlier_goes_first_though_it_was_stored_later(intake: Intake) -> None:
    first = await intake.receive(at=intake.now)
    fetched = await intake.receive(first.reference, at=intake.now - MINUTE)  # a mail that lay in its mailbox
    leased = await intake.lease()
    assert leased is not None
    assert leased.submission_id == fetched.submission_id


async def test_an_earlier_one_that_comes_meanwhile_waits_for_the_one_in_flight(intake: Intake) -> None:
    first = await intake.receive(at=intake.now)
    assert await intake.lease() is not None
    await intake.receive(first.reference, at=intake.now - MINUTE)
    assert await intake.lease() is None


async def test_the_oldest_of_all_cases_goes_first_and_others_need_not_wait_for_it(intake: Intake) -> None:
    late, early = await intake.receive(at=intake.now), await intake.receive(at=intake.now - MINUTE)
    assert [leased.reference for leased in [await intake.lease(), await intake.lease()] if leased] == [
        early.reference,
        late.reference,
    ]


async def test_a_case_that_waits_for_its_next_attempt_stops_no_other(intake: Intake) -> None:
    stuck = await intake.receive()
    behind = await intake.receive(stuck.reference)
    leased = await intake.lease()
    assert leased is not None
    await intake.release(stuck.submission_id, at=intake.now + 5 * MINUTE)
    other = await intake.receive(at=intake.now + MINUTE)
    leased = await intake.lease(intake.now + MINUTE)
    assert leased is not None
    assert leased.submission_id == other.submission_id
    await intake.settle(other.submission_id)
    assert await intake.lease(intake.now + 4 * MINUTE) is None
    leased = await intake.lease(intake.now + 5 * MINUTE)
    assert leased is not None
    assert (leased.submission_id, leased.attempts) == (stuck.submission_id, 2)
    await intake.settle(stuck.submission_id)
    leased = await intake.lease(intake.now + 5 * MINUTE)
    assert leased is not None
    assert leased.submission_id == behind.submission_id


async def test_what_is_held_stops_nothing_until_it_is_released(intake: Intake) -> None:
    held = await intake.receive()
    behind = await intake.receive(held.reference)
    await intake.lease()
    await intake.settle(held.submission_id, State.HELD, "held")
    leased = await intake.lease()
    assert leased is not None
    assert leased.submission_id == behind.submission_id
    assert await intake.unsettled(held.reference) == [behind.submission_id]
    await intake.settle(behind.submission_id)
    assert await intake.lease() is None
    assert await intake.release(held.submission_id)
    leased = await intake.lease()
    assert leased is not None
    assert leased.submission_id == held.submission_id


async def test_a_lease_that_ended_is_given_again_and_its_old_owner_changes_nothing(intake: Intake) -> None:
    receipt = await intake.receive()
    first = await intake.lease(owner="one")
    assert first is not None
    assert await intake.lease(intake.now + MINUTE - timedelta(microseconds=1), owner="two") is None
    second = await intake.lease(intake.now + MINUTE, owner="two")
    assert second is not None
    assert (second.submission_id, second.attempts) == (receipt.submission_id, 2)
    assert not await intake.release(receipt.submission_id, owner="one")
    assert await intake.lease(intake.now + MINUTE, owner="three") is None
    assert await intake.release(receipt.submission_id, owner="two")
    assert await intake.lease(intake.now + MINUTE, owner="three") is not None


async def test_an_outcome_is_said_once(intake: Intake) -> None:
    receipt = await intake.receive()
    await intake.lease()
    assert await intake.settle(receipt.submission_id, State.REFUSED, "already_closed")
    assert not await intake.settle(receipt.submission_id, State.APPLIED)
    assert not await intake.release(receipt.submission_id)
    known = await intake.known(receipt.submission_id)
    assert (known.state, known.outcome_code, known.outcome_sentence, known.settled_at, known.first_position) == (
        State.REFUSED,
        "already_closed",
        "It was recorded.",
        intake.now,
        1,
    )


async def test_the_slow_owner_of_an_ended_lease_may_still_settle(intake: Intake) -> None:
    receipt = await intake.receive()
    behind = await intake.receive(receipt.reference)
    await intake.lease(owner="slow")
    await intake.lease(intake.now + MINUTE, owner="fast")
    assert await intake.settle(receipt.submission_id)
    leased = await intake.lease(intake.now + MINUTE)
    assert leased is not None
    assert leased.submission_id == behind.submission_id
    # A late word of the first one's settlement does not take the lane from the second.
    assert not await intake.settle(receipt.submission_id)
    assert await intake.lease(intake.now + MINUTE) is None


async def test_a_clock_sees_what_was_received_by_its_limit(intake: Intake) -> None:
    first = await intake.receive(at=intake.now)
    second = await intake.receive(first.reference, at=intake.now + MINUTE)
    await intake.receive(at=intake.now)
    assert await intake.unsettled(first.reference, by=intake.now) == [first.submission_id]
    assert await intake.unsettled(first.reference, by=intake.now + MINUTE) == [
        first.submission_id,
        second.submission_id,
    ]
    assert await intake.unsettled(first.reference, by=intake.now - MINUTE) == []
    assert await intake.unsettled(first.reference, other_than=first.submission_id) == []
    await intake.lease()
    assert await intake.unsettled(first.reference) == [first.submission_id]
    await intake.settle(first.submission_id)
    assert await intake.unsettled(first.reference) == []


async def test_what_waits_is_counted(intake: Intake) -> None:
    held = await intake.receive()
    await intake.lease()
    await intake.settle(held.submission_id, State.HELD)
    for _ in range(2):
        await intake.receive()
    await intake.lease()
    async with intake.database.read() as tx:
        assert await submissions.waiting(tx) == {State.HELD: 1, State.QUEUED: 1, State.IN_FLIGHT: 1}
        assert [one.submission_id for one in await submissions.of_case(tx, held.reference)] == [held.submission_id]


async def test_an_id_that_nobody_has_is_a_fault(intake: Intake) -> None:
    with pytest.raises(submissions.UnknownSubmission):
        await intake.settle("nobody's")
    with pytest.raises(submissions.UnknownSubmission):
        await intake.release("nobody's")
    async with intake.database.read() as tx:
        assert await submissions.state(tx, "nobody's") is None
        with pytest.raises(submissions.UnknownSubmission):
            await submissions.content(tx, intake.keys, "nobody's")


async def test_a_state_that_settles_nothing_is_refused(intake: Intake) -> None:
    receipt = await intake.receive()
    with pytest.raises(ValueError, match="settled"):
        await intake.settle(receipt.submission_id, State.QUEUED)


def test_ids_sort_by_time_and_are_uuids_of_version_seven(now: datetime) -> None:
    ids = [submissions.new_id(now + timedelta(milliseconds=number)) for number in range(50)]
    assert ids == sorted(ids)
    assert {(one[14], one[19] in "89ab", len(one)) for one in ids} == {("7", True, 36)}
    assert len({submissions.new_id(now) for _ in range(1000)}) == 1000
