"""Received mail on both databases: stored once, leased to one, settled once; its bytes only under its own key."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from escalations.store import mails, vault
from escalations.store.engine import Database
from escalations.store.mails import LEASE, Envelope, Known, MailAct, MailState
from escalations.store.vault import Vault

ENVELOPE = Envelope("noor.haverstock@oaklane.example", ("escalations@partnership.example",), over_loopback=False)
RAW = b"From: Noor <noor.haverstock@oaklane.example>\r\n\r\nNobody came.\r\n"


def known(*, message: str | None = "m1", words: str = "w1", sender: str | None = "s1") -> Known:
    return Known("person", None, ("own_loop", "list_header"), "not", None, message, words, sender)


async def stored(database: Database, keys: Vault, now: datetime, mail_id: str, of: Known | None = None) -> mails.Taken:
    async with database.write() as tx:
        return await mails.receive(tx, keys, RAW, ENVELOPE, of or known(), mail_id=mail_id, received_at=now)


async def test_what_comes_twice_at_once_is_stored_once(database: Database, keys: Vault, now: datetime) -> None:
    taken = await asyncio.gather(*(stored(database, keys, now, f"mail-{number}") for number in range(4)))
    assert len({one.mail_id for one in taken}) == 1
    assert sorted(one.repeated for one in taken) == [False, True, True, True]


async def test_the_same_words_are_one_within_a_day_and_two_after_it(
    database: Database, keys: Vault, now: datetime
) -> None:
    first = await stored(database, keys, now, "a", known(message=None))
    assert (await stored(database, keys, now + timedelta(hours=20), "b", known(message="m2"))).mail_id == first.mail_id
    assert (await stored(database, keys, now + timedelta(hours=30), "c", known(message=None))).mail_id == "c"


async def test_its_bytes_are_given_back_as_they_came_and_not_after_their_key_was_erased(
    database: Database, keys: Vault, now: datetime
) -> None:
    await stored(database, keys, now, "a")
    async with database.write() as tx:
        assert await mails.content(tx, keys, "a") == (ENVELOPE, RAW)
        row = await mails.get(tx, "a")
        assert (row.markers, row.size, row.state) == (("own_loop", "list_header"), len(RAW), MailState.RECEIVED)
        for key in (await tx.exec_driver_sql("SELECT key_id FROM mails")).scalars().all():
            await keys.erase(tx, key, at=now)
    async with database.read() as tx:
        with pytest.raises(vault.Erased):
            await mails.content(tx, keys, "a")
        with pytest.raises(mails.UnknownMail):
            await mails.get(tx, "b")
        with pytest.raises(mails.UnknownMail):
            await mails.content(tx, keys, "b")


async def test_a_message_is_leased_to_one_and_given_out_again_when_that_one_is_gone(
    database: Database, keys: Vault, now: datetime
) -> None:
    await stored(database, keys, now, "a")

    async def lease(at: datetime) -> mails.MailRow | None:
        async with database.write() as tx:
            return await mails.lease_next(tx, now=at)

    given = await asyncio.gather(lease(now), lease(now))
    assert sum(one is not None for one in given) == 1
    assert await lease(now + LEASE / 2) is None
    again = await lease(now + LEASE)
    assert again is not None
    assert again.attempts == 2


async def test_it_is_settled_once_and_counted_by_sender_case_and_way(
    database: Database, keys: Vault, now: datetime
) -> None:
    await stored(database, keys, now, "a")
    async with database.write() as tx:
        for expected in (True, False):
            done = await mails.settle(tx, "a", state=MailState.FILED, code="raised", at=now, reference="PD-27-0001-V")
            assert done is expected
        since = now - timedelta(hours=1)
        assert await mails.count_since(tx, since, sender_key="s1", code="raised") == 1
        assert await mails.count_since(tx, since, reference="PD-27-0001-V") == 1
        assert await mails.count_since(tx, since, sender_key="s2") == 0
        assert await mails.count_since(tx, now, sender_key="s1") == 0
        assert [await mails.mark_answered(tx, "a", at=now) for _ in range(2)] == [True, False]
        assert await mails.answered_since(tx, since, sender_key="s1", reference="PD-27-0001-V") == 1
        assert await mails.waiting(tx) == {}


async def test_what_the_team_did_is_written_down_once(database: Database, keys: Vault, now: datetime) -> None:
    await stored(database, keys, now, "a")
    async with database.write() as tx:
        await mails.settle(tx, "a", state=MailState.HELD, code="to_many", at=now)
        assert await mails.waiting(tx) == {MailState.HELD: 1}
        done = [
            await mails.act(tx, keys, "a", MailAct.NOT_FOR_US, at=now, sealed={"by": "Robin"}, idempotency_key="once")
            for _ in range(2)
        ]
    assert done == [True, False]
    async with database.read() as tx:
        (sealed,) = (await tx.exec_driver_sql("SELECT sealed FROM mail_acts")).scalars().all()
    assert b"Robin" not in sealed
