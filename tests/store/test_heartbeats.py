"""What parts say of themselves is kept, and what is not said any more is noticed."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import insert, text

from escalations.store import heartbeats, tables, tallies
from escalations.store.engine import Database
from escalations.store.heartbeats import FORGOTTEN_AFTER, LOST_AFTER, POST_LOST_AFTER, Part, Seen
from escalations.store.tallies import Tally

NOW = datetime.fromisoformat("2027-03-01T09:30:00Z")


class Became(StrEnum):
    FILED = "filed"
    HELD = "held"


class LostError(Exception):
    """What was counted did not come to be."""


async def beat(database: Database, *parts: Part, host: str = "one", at: datetime = NOW) -> None:
    async with database.write() as tx:
        await heartbeats.beat(tx, parts, host=host, started_at=NOW, at=at)


async def seen(database: Database, *, now: datetime) -> dict[Part, Seen]:
    async with database.read() as tx:
        return dict(await heartbeats.seen(tx, now=now))


async def test_a_part_is_seen_where_it_was_seen_last_and_lost_after_a_minute(database: Database) -> None:
    assert await seen(database, now=NOW) == {}
    await beat(database, Part.WORKER, Part.DISPATCHER)
    later = NOW + timedelta(seconds=50)
    await beat(database, Part.WORKER, host="two", at=later)
    found = await seen(database, now=NOW + LOST_AFTER)
    assert found == {Part.WORKER: Seen(Part.WORKER, later, 2), Part.DISPATCHER: Seen(Part.DISPATCHER, NOW, 1)}
    assert not found[Part.DISPATCHER].is_lost(NOW + LOST_AFTER)
    found = await seen(database, now=later + LOST_AFTER)
    assert found[Part.DISPATCHER].is_lost(later + LOST_AFTER)
    assert (found[Part.WORKER].machines, found[Part.WORKER].is_lost(later + LOST_AFTER)) == (1, False)


async def test_a_round_of_the_post_may_take_longer(database: Database) -> None:
    await beat(database, Part.POST)
    post = (await seen(database, now=NOW))[Part.POST]
    assert not post.is_lost(NOW + POST_LOST_AFTER)
    assert post.is_lost(NOW + POST_LOST_AFTER + timedelta(seconds=1))


async def test_each_machine_answers_for_itself(database: Database) -> None:
    await beat(database, Part.WORKER)
    async with database.read() as tx:
        assert await heartbeats.seen_here(tx, Part.WORKER, host="one") == NOW
        assert await heartbeats.seen_here(tx, Part.WORKER, host="two") is None
        assert await heartbeats.seen_here(tx, Part.WEB, host="one") is None


async def test_containers_of_long_ago_are_forgotten_but_never_the_last_of_a_part(database: Database) -> None:
    for number in range(3):
        await beat(database, Part.WORKER, host=f"container-{number}", at=NOW + timedelta(hours=number))
    async with database.write() as tx:
        await heartbeats.forget(tx, at=NOW + timedelta(hours=3) + FORGOTTEN_AFTER)
    async with database.read() as tx:
        hosts = (await tx.execute(text("SELECT host FROM heartbeats"))).scalars().all()
    assert hosts == ["container-2"], "that it has not been seen for a week is what somebody has to hear"


async def test_a_part_that_only_a_newer_version_knows_is_passed_over(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(insert(tables.HEARTBEATS).values(part="oracle", host="one", started_at=NOW, seen_at=NOW))
        await tx.execute(insert(tables.TALLIES).values(what="prophecies", outcome="", count=3))
    async with database.read() as tx:
        assert await heartbeats.seen(tx, now=NOW) == {}
        assert await tallies.read(tx) == {}


async def test_what_is_counted_adds_up_and_is_lost_with_the_transaction_that_it_stands_in(database: Database) -> None:
    async with database.write() as tx:
        await tallies.add(tx, Tally.DISPATCHER_ROUNDS, Became.FILED)
        await tallies.add(tx, Tally.DISPATCHER_ROUNDS, Became.HELD, by=2)
    with suppress(LostError):
        async with database.write() as tx:
            await tallies.add(tx, Tally.DISPATCHER_ROUNDS, Became.FILED, by=100)
            raise LostError
    async with database.write() as tx:
        await tallies.add(tx, Tally.DISPATCHER_ROUNDS, Became.FILED)
        await tallies.add(tx, Tally.DISPATCHER_ROUNDS)
    async with database.read() as tx:
        assert await tallies.read(tx) == {
            (Tally.DISPATCHER_ROUNDS, "filed"): 2,
            (Tally.DISPATCHER_ROUNDS, "held"): 2,
            (Tally.DISPATCHER_ROUNDS, ""): 1,
        }
