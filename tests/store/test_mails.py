"""Received mail on both databases: stored once, leased to one, settled once; its bytes only under its own key."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from escalations.store import mails, register, vault
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
            done = await mails.settle(
                tx, "a", state=MailState.FILED, code="raised", at=now, reference="PD-27-0001-V", notice_id="n1"
            )
            assert done is expected
        since = now - timedelta(hours=1)
        assert await mails.count_since(tx, since, sender_key="s1", code="raised") == 1
        assert await mails.count_since(tx, since, reference="PD-27-0001-V") == 1
        assert await mails.count_since(tx, since, sender_key="s2") == 0
        assert [await mails.count_since(tx, since, vouched=ways) for ways in ({"not", "refuted"}, {"by_hop"})] == [1, 0]
        assert [await mails.count_since(tx, since, about=notice) for notice in ("n1", "n2")] == [1, 0]
        assert await mails.count_since(tx, now, sender_key="s1") == 0
        assert [await mails.mark_answered(tx, "a", at=now) for _ in range(2)] == [True, False]
        assert await mails.waiting(tx) == {}


async def test_what_waits_is_listed_by_when_it_is_to_be_looked_at_and_all_of_it_page_by_page(
    database: Database, keys: Vault, now: datetime
) -> None:
    for number, hours in enumerate((2, 2, 2, 1)):
        name, at = f"mail-{number}", now + timedelta(minutes=number)
        await stored(database, keys, at, name, known(message=name, words=name))
        async with database.write() as tx:
            await mails.settle(tx, name, state=MailState.HELD, code="outside", at=at)
            await mails.hold_until(tx, name, due_at=now + timedelta(hours=hours), urgent=hours == 1)
    async with database.read() as tx:
        pages = [await mails.listed(tx, MailState.HELD, at_most=3, after=after) for after in (0, 3)]
    assert [[row.mail_id for row in page] for page in pages] == [["mail-3", "mail-0", "mail-1"], ["mail-2"]]


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


# ---- Verified like the other tables ---------------------------------------------------------------------------------


async def _held_and_put_aside(database: Database, keys: Vault, now: datetime) -> None:
    await stored(database, keys, now, "a")
    await stored(database, keys, now, "b", known(message="m2", words="w2"))
    async with database.write() as tx:
        await mails.settle(tx, "a", state=MailState.HELD, code="to_many", at=now)
        await mails.settle(tx, "a", state=MailState.NOT_FOR_US, code="not_for_us", at=now, only_from=(MailState.HELD,))
        await mails.act(
            tx, keys, "a", MailAct.NOT_FOR_US, at=now, sealed={"by": "team", "note": ""}, idempotency_key="press"
        )
        await mails.settle(tx, "b", state=MailState.HELD, code="to_many", at=now)


async def _wrong(database: Database) -> list[tuple[str, str, str]]:
    async with database.read() as tx:
        return [(found.table, found.row, found.wrong) for found in await register.verify(tx)]


async def test_mail_that_nobody_changed_verifies_and_goes_on_to_after_its_key_was_erased(
    database: Database, keys: Vault, now: datetime
) -> None:
    await _held_and_put_aside(database, keys, now)
    assert await _wrong(database) == []
    async with database.write() as tx:
        for key in (await tx.exec_driver_sql("SELECT key_id FROM mails")).scalars().all():
            await keys.erase(tx, key, at=now)
    assert await _wrong(database) == []


@pytest.mark.parametrize(
    ("statement", "table", "wrong"),
    [
        ("UPDATE mails SET kind = 'list' WHERE mail_id = 'a'", "mails", "its own digest"),
        ("UPDATE mails SET sealed = key_sealed WHERE mail_id = 'a'", "mails", "not the ones that were received"),
        ("UPDATE mails SET row_digest = NULL WHERE mail_id = 'a'", "mails", "its own digest"),
        ("UPDATE mail_acts SET what = 'pass_to_case'", "mail_acts", "its own digest"),
        ("DELETE FROM mail_states WHERE mail_id = 'b'", "mail_states", "is not there"),
        ("UPDATE mail_states SET state = 'gone' WHERE mail_id = 'b'", "mail_states", "none that there is"),
        ("UPDATE mail_states SET state = 'filed' WHERE mail_id = 'b'", "mail_states", "not to which escalation"),
        ("UPDATE mail_states SET reference = 'PD-27-0009-X' WHERE mail_id = 'b'", "mail_states", "is not there"),
        ("UPDATE mail_states SET state = 'held' WHERE mail_id = 'a'", "mail_acts", "still waits"),
        ("UPDATE mail_states SET code = NULL WHERE mail_id = 'b'", "mail_states", "and not why"),
        (
            "DELETE FROM data_keys WHERE key_id = (SELECT key_id FROM mails WHERE mail_id = 'b')",
            "data_keys",
            "message b",
        ),
    ],
)
async def test_each_change_to_mail_is_found(  # noqa: PLR0917  what the table gives
    sqlite_url: str, keys: Vault, now: datetime, statement: str, table: str, wrong: str
) -> None:
    async with Database.open(sqlite_url) as database:
        await database.migrate()
        await _held_and_put_aside(database, keys, now)
        async with database.write() as tx:
            for name in ("mails", "mail_acts"):
                await tx.exec_driver_sql(f"DROP TRIGGER {name}_no_update")
            await tx.exec_driver_sql(statement.replace("key_sealed", "zeroblob(80)"))
        found = await _wrong(database)
    assert len(found) == 1, found
    assert found[0][0] == table
    assert wrong in found[0][2]
