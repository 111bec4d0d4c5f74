"""Notices that are to leave: each is taken by one deliverer at a time, and settled once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from escalations.policy import Side
from escalations.rules.notices import Ask, Notice, NoticeKind, Recipient
from escalations.store import notices
from escalations.store.engine import Database
from escalations.store.notices import LEASE, NoticeRow, NoticeState
from tests import builders

REFERENCE = builders.REFERENCE
NOW = builders.civil("2027-03-01 09:30")
ASKED = Notice(
    NoticeKind.ASKED,
    Recipient(Side.RESPONDING, builders.SOCIAL_CARE, "practitioner"),
    Ask.RESPOND,
    1,
    builders.civil("2027-03-08 17:00"),
    "3-resolve",
    starts_clocks=True,
)
TOLD = Notice(NoticeKind.HELD, Recipient(Side.TEAM, None, "team"), Ask.TEAM, 0)


def row(number: int = 1, *, seq: int = 3, reference: str = REFERENCE, notice: Notice = ASKED) -> NoticeRow:
    return NoticeRow.new(reference, seq, number, notice, at=NOW)


async def add(database: Database, *rows: NoticeRow) -> list[str]:
    async with database.write() as tx:
        return await notices.add(tx, rows)


async def lease(database: Database, *, later: timedelta = timedelta(0), **more: object) -> list[NoticeRow]:
    async with database.write() as tx:
        return await notices.lease_due(tx, now=NOW + later, **{"limit": 10, **more})  # type: ignore[arg-type]


async def known(database: Database, reference: str = REFERENCE) -> list[NoticeRow]:
    async with database.read() as tx:
        return await notices.of_case(tx, reference)


async def settle(database: Database, notice_id: str, state: NoticeState, *, code: str = "x") -> bool:
    async with database.write() as tx:
        return await notices.settle(tx, notice_id, state=state, code=code, at=NOW, message_id="<theirs@relay.example>")


async def test_a_notice_comes_back_as_it_was_put(database: Database) -> None:
    assert await add(database, row(), row(2, notice=TOLD)) == [f"{REFERENCE}-3-1", f"{REFERENCE}-3-2"]
    assert [there.notice for there in await known(database)] == [ASKED, TOLD]
    (first, _) = await known(database)
    assert (first.state, first.attempts, first.next_attempt_at) == (NoticeState.WAITING, 0, NOW)


async def test_recording_an_event_twice_puts_its_notices_once(database: Database) -> None:
    await add(database, row())
    await lease(database)
    assert await add(database, row(), row(2)) == [f"{REFERENCE}-3-2"]
    assert [there.attempts for there in await known(database)] == [1, 0], "and what it had become stays"


async def test_adding_nothing_is_no_error(database: Database) -> None:
    assert await add(database) == []


async def test_what_is_taken_is_taken_by_one_until_the_lease_ends(database: Database) -> None:
    await add(database, row())
    (taken,) = await lease(database)
    assert taken.attempts == 1
    assert await lease(database, later=LEASE - timedelta(seconds=1)) == []
    (again,) = await lease(database, later=LEASE)
    assert again.attempts == 2


async def test_deliverers_at_the_same_moment_never_take_the_same_notice(database: Database) -> None:
    await add(database, *(row(number) for number in range(1, 13)))
    taken = await asyncio.gather(*(lease(database, limit=4) for _ in range(6)))
    ids = [there.notice_id for batch in taken for there in batch]
    assert sorted(ids) == sorted({f"{REFERENCE}-3-{number}" for number in range(1, 13)})


async def test_the_oldest_are_taken_first_and_in_the_order_of_their_events(database: Database) -> None:
    await add(database, row(seq=10), row(seq=9), row(2, seq=9))
    await add(database, NoticeRow.new("PD-27-0002-X", 1, 1, ASKED, at=NOW - timedelta(minutes=1)))
    assert [there.notice_id for there in await lease(database, limit=3)] == [
        "PD-27-0002-X-1-1",
        f"{REFERENCE}-9-1",
        f"{REFERENCE}-9-2",
    ]


async def test_some_can_be_asked_for_by_id_or_by_case(database: Database) -> None:
    await add(database, row(), row(2), row(reference="PD-27-0002-X"))
    assert [there.notice_id for there in await lease(database, ids=[f"{REFERENCE}-3-2", "unknown"])] == [
        f"{REFERENCE}-3-2"
    ]
    assert [there.reference for there in await lease(database, reference="PD-27-0002-X")] == ["PD-27-0002-X"]
    assert await lease(database, ids=[]) == []


async def test_what_is_to_be_tried_again_waits_until_then(database: Database) -> None:
    await add(database, row())
    await lease(database)
    async with database.write() as tx:
        await notices.retry(tx, f"{REFERENCE}-3-1", next_attempt_at=NOW + timedelta(minutes=5), code="try_later")
    assert await lease(database, later=timedelta(minutes=4)) == []
    (again,) = await lease(database, later=timedelta(minutes=5))
    assert (again.last_code, again.state) == ("try_later", NoticeState.WAITING)


@pytest.mark.parametrize("state", [state for state in NoticeState if state is not NoticeState.WAITING])
async def test_a_notice_is_settled_once_and_not_taken_again(database: Database, state: NoticeState) -> None:
    await add(database, row())
    assert await settle(database, f"{REFERENCE}-3-1", state)
    assert not await settle(database, f"{REFERENCE}-3-1", NoticeState.OFF, code="late")
    assert await lease(database, later=timedelta(days=400)) == []
    (there,) = await known(database)
    assert (there.state, there.last_code) == (state, "x")
    assert (there.sent_at is not None) == (state in {NoticeState.SENT, NoticeState.UNKNOWN})
    async with database.read() as tx:
        assert await notices.waiting_for(tx, REFERENCE) == []


async def test_to_be_waiting_is_not_to_be_settled(database: Database) -> None:
    await add(database, row())
    with pytest.raises(ValueError, match="use retry"):
        await settle(database, f"{REFERENCE}-3-1", NoticeState.WAITING)


async def test_a_settled_notice_is_not_put_back_by_a_late_retry(database: Database) -> None:
    await add(database, row())
    await settle(database, f"{REFERENCE}-3-1", NoticeState.SENT)
    async with database.write() as tx:
        await notices.retry(tx, f"{REFERENCE}-3-1", next_attempt_at=NOW, code="try_later")
    assert await lease(database, later=timedelta(days=1)) == []


async def test_what_waits_of_a_case_includes_what_is_being_tried(database: Database) -> None:
    await add(database, row(seq=3), row(seq=4), row(reference="PD-27-0002-X"))
    await lease(database, limit=1)
    async with database.read() as tx:
        assert [there.seq for there in await notices.waiting_for(tx, REFERENCE)] == [3, 4]
        assert [there.seq for there in await notices.waiting_for(tx, REFERENCE, after_seq=3)] == [4]
