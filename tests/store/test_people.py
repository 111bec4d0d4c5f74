"""Who may sign in, and how: links that work once, sessions that end, an administrator who always remains."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from escalations.rules.access import Refused, Role
from escalations.store import access_log, people, sign_ins, tables
from escalations.store.access_log import What
from escalations.store.engine import Database
from escalations.store.sign_ins import LinkState
from escalations.store.vault import Vault

ADDRESS = "perpetua.lisle@partnership.example"
NAME = "Perpetua Lisle"


async def let_in(
    database: Database, keys: Vault, now: datetime, *roles: Role, address: str = ADDRESS, sample: bool = False
) -> str:
    async with database.write() as tx:
        added = await people.add(
            tx, keys, address=address, name=NAME, roles=roles or (Role.TEAM,), now=now, by=None, sample=sample
        )
    assert isinstance(added, str)
    return added


async def a_link(database: Database, person: str, now: datetime) -> str:
    async with database.write() as tx:
        made = await sign_ins.new_link(tx, person, now=now)
    assert made is not None
    return made.token


async def test_name_and_address_are_nowhere_to_be_read(database: Database, keys: Vault, now: datetime) -> None:
    await let_in(database, keys, now)
    async with database.read() as tx:
        (row,) = (await tx.execute(select(tables.PEOPLE))).all()
        logged = (await tx.execute(select(tables.ACCESS_LOG))).all()
    for told in (NAME, "Perpetua", ADDRESS, "perpetua"):
        assert told not in repr((row, logged))
        assert told.encode() not in row.sealed


async def test_an_address_is_found_however_it_is_written(database: Database, keys: Vault, now: datetime) -> None:
    person = await let_in(database, keys, now)
    async with database.read() as tx:
        found = await people.find(tx, keys, f" {ADDRESS.upper()} ")
        assert found is not None
        assert (found.person_id, found.name, found.address) == (person, NAME, ADDRESS)
        assert await people.find(tx, keys, "somebody.else@partnership.example") is None


async def test_nobody_is_let_in_twice_or_without_a_role(database: Database, keys: Vault, now: datetime) -> None:
    await let_in(database, keys, now)
    async with database.write() as tx:
        for roles, refused in (((Role.REVIEWER,), people.ALREADY_THERE), ((), people.NO_ROLE)):
            again = await people.add(tx, keys, address=ADDRESS, name=NAME, roles=roles, now=now, by=None)
            assert again == refused


async def test_who_comes_back_is_another_row_and_old_sessions_stay_dead(
    database: Database, keys: Vault, now: datetime
) -> None:
    person = await let_in(database, keys, now)
    async with database.write() as tx:
        cookie = await sign_ins.start(tx, person, now=now)
        assert await people.end(tx, person, now=now, by=None) is None
    back = await let_in(database, keys, now + timedelta(minutes=1))
    assert back != person
    async with database.read() as tx:
        assert await sign_ins.session(tx, keys, cookie, now=now + timedelta(minutes=2)) is None
        assert [known.person_id for known in await people.listed(tx, keys)] == [back, person]


async def test_the_last_administrator_stays(database: Database, keys: Vault, now: datetime) -> None:
    only = await let_in(database, keys, now, Role.ADMINISTRATOR)
    invented = await let_in(database, keys, now, Role.ADMINISTRATOR, address="invented@x.example", sample=True)
    async with database.write() as tx:
        assert await people.end(tx, only, now=now, by=None) == people.LAST_ADMINISTRATOR
        assert await people.change_roles(tx, only, (Role.TEAM,), now=now, by=None) == people.LAST_ADMINISTRATOR
        assert await people.end(tx, invented, now=now, by=None) is None
    await let_in(database, keys, now, Role.ADMINISTRATOR, address="second@partnership.example")
    async with database.write() as tx:
        assert await people.change_roles(tx, only, (Role.TEAM,), now=now, by=None) is None


async def test_two_administrators_who_end_each_other_leave_one(database: Database, keys: Vault, now: datetime) -> None:
    both = [await let_in(database, keys, now, Role.ADMINISTRATOR, address=f"{who}@partnership.example") for who in "ab"]

    async def ends(person: str) -> Refused | None:
        async with database.write() as tx:
            return await people.end(tx, person, now=now, by=None)

    done = await asyncio.gather(*map(ends, both))
    assert sorted(done, key=str) == sorted([None, people.LAST_ADMINISTRATOR], key=str)


async def test_ending_or_changing_somebody_who_is_not_there_is_refused(
    database: Database, keys: Vault, now: datetime
) -> None:
    person = await let_in(database, keys, now)
    async with database.write() as tx:
        assert await people.change_roles(tx, person, (), now=now, by=None) == people.NO_ROLE
        assert await people.end(tx, person, now=now, by=None) is None
        assert await people.end(tx, person, now=now, by=None) == people.NOBODY
        assert await people.change_roles(tx, person, (Role.TEAM,), now=now, by=None) == people.NOBODY


async def test_what_is_changed_about_people_is_written_down_with_who_did_it(
    database: Database, keys: Vault, now: datetime
) -> None:
    boss = await let_in(database, keys, now, Role.ADMINISTRATOR)
    person = await let_in(database, keys, now, address="other@partnership.example")
    async with database.write() as tx:
        await people.change_roles(tx, person, (Role.REVIEWER,), now=now + timedelta(minutes=1), by=boss)
        await people.end(tx, person, now=now + timedelta(minutes=2), by=boss)
    async with database.read() as tx:
        rows = [row for row in await access_log.about_people(tx) if row.about_person == person]
    assert [(row.what, row.person_id) for row in rows] == [
        (What.ACCESS_ENDED, boss),
        (What.ROLES_CHANGED, boss),
        (What.PERSON_ADDED, None),
    ]


async def test_samples_come_only_where_nobody_was_ever_let_in(database: Database, keys: Vault, now: datetime) -> None:
    async with database.write() as tx:
        assert await people.add_samples(tx, keys, now=now) == 3
        assert await people.add_samples(tx, keys, now=now) == 0
        found = await people.listed(tx, keys)
        assert {role for person in found for role in person.roles} == set(Role)
        assert all(person.sample and person.address.endswith(".example") for person in found)
        assert await people.counted(tx) == dict.fromkeys(Role, 1)
        assert await people.is_sample(tx, keys, people.SAMPLES[0][0])
        assert not await people.is_sample(tx, keys, ADDRESS)


# ---- Links ----------------------------------------------------------------------------------------------------------


async def test_a_link_works_once(database: Database, keys: Vault, now: datetime) -> None:
    token = await a_link(database, await let_in(database, keys, now), now)
    async with database.write() as tx:
        used = await sign_ins.use(tx, keys, f" {token.upper()} ", now=now)
        assert used is not None
        assert used[0].name == NAME
        assert await sign_ins.use(tx, keys, token, now=now) is None
        assert (await sign_ins.look(tx, keys, token, now=now))[0] is LinkState.USED


async def test_of_two_who_press_at_once_one_is_let_in(database: Database, keys: Vault, now: datetime) -> None:
    token = await a_link(database, await let_in(database, keys, now), now)

    async def presses() -> object:
        async with database.write() as tx:
            return await sign_ins.use(tx, keys, token, now=now)

    assert sum(found is not None for found in await asyncio.gather(*(presses() for _ in range(5)))) == 1


async def test_looking_at_a_link_uses_nothing_up(database: Database, keys: Vault, now: datetime) -> None:
    token = await a_link(database, await let_in(database, keys, now), now)
    async with database.read() as tx:
        for _ in range(3):
            assert (await sign_ins.look(tx, keys, token, now=now))[0] is LinkState.GOOD


async def test_a_link_lasts_half_an_hour(database: Database, keys: Vault, now: datetime) -> None:
    token = await a_link(database, await let_in(database, keys, now), now)
    async with database.write() as tx:
        last = now + timedelta(minutes=29, seconds=59)
        assert (await sign_ins.look(tx, keys, token, now=last))[0] is LinkState.GOOD
        late = now + timedelta(minutes=30)
        assert (await sign_ins.look(tx, keys, token, now=late))[0] is LinkState.OLD
        assert await sign_ins.use(tx, keys, token, now=late) is None


async def test_the_link_of_somebody_who_left_lets_nobody_in(database: Database, keys: Vault, now: datetime) -> None:
    person = await let_in(database, keys, now)
    token = await a_link(database, person, now)
    async with database.write() as tx:
        await people.end(tx, person, now=now, by=None)
        assert (await sign_ins.look(tx, keys, token, now=now)) == (LinkState.UNKNOWN, None)
        assert await sign_ins.use(tx, keys, token, now=now) is None


async def test_neither_token_nor_cookie_is_kept(database: Database, keys: Vault, now: datetime) -> None:
    token = await a_link(database, await let_in(database, keys, now), now)
    async with database.write() as tx:
        used = await sign_ins.use(tx, keys, token, now=now)
        assert used is not None
        kept = repr(
            [(await tx.execute(select(table))).all() for table in (tables.SIGN_IN_LINKS, tables.PERSON_SESSIONS)]
        )
    assert token not in kept
    assert used[1] not in kept


async def test_whoever_is_sent_no_more_links_has_one_that_is_good(
    database: Database, keys: Vault, now: datetime
) -> None:
    person = await let_in(database, keys, now)
    for _ in range(sign_ins.LINKS_WHILE_GOOD):
        await a_link(database, person, now)
    async with database.write() as tx:
        assert await sign_ins.new_link(tx, person, now=now + timedelta(minutes=29)) is None
        # The command line's leaves by no mail.
        assert await sign_ins.new_link(tx, person, now=now, limited=False) is not None
    await a_link(database, person, now + timedelta(minutes=31))


async def test_so_many_links_an_hour_to_everybody_together(
    database: Database, keys: Vault, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "ALL_LINKS_AN_HOUR", 3)
    for number in range(3):
        person = await let_in(database, keys, now, address=f"person.{number}@partnership.example")
        await a_link(database, person, now)
    last = await let_in(database, keys, now)
    async with database.write() as tx:
        assert await sign_ins.new_link(tx, last, now=now) is None
        assert await sign_ins.new_link(tx, last, now=now + timedelta(hours=1, seconds=1)) is not None


async def test_links_of_long_ago_are_forgotten(database: Database, keys: Vault, now: datetime) -> None:
    person = await let_in(database, keys, now)
    await a_link(database, person, now)
    await a_link(database, person, now + timedelta(days=3))
    async with database.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(tables.SIGN_IN_LINKS))).scalar_one() == 1


# ---- Sessions -------------------------------------------------------------------------------------------------------


async def _session(database: Database, keys: Vault, cookie: str, now: datetime) -> sign_ins.Session | None:
    async with database.write() as tx:
        found = await sign_ins.session(tx, keys, cookie, now=now)
        if found is not None:
            await sign_ins.seen(tx, cookie, now=now)
    return found


async def test_a_session_ends_after_eight_hours_however_much_it_is_used(
    database: Database, keys: Vault, now: datetime
) -> None:
    person = await let_in(database, keys, now)
    async with database.write() as tx:
        cookie = await sign_ins.start(tx, person, now=now)
    for hours in range(8):
        assert await _session(database, keys, cookie, now + timedelta(hours=hours)) is not None, hours
    assert await _session(database, keys, cookie, now + timedelta(hours=8)) is None


async def test_a_session_ends_after_two_hours_without_a_page(database: Database, keys: Vault, now: datetime) -> None:
    person = await let_in(database, keys, now)
    async with database.write() as tx:
        cookie = await sign_ins.start(tx, person, now=now)
    assert await _session(database, keys, cookie, now + timedelta(hours=1, minutes=59)) is not None
    assert await _session(database, keys, cookie, now + timedelta(hours=3, minutes=59)) is None


async def test_new_roles_count_at_the_next_page_and_an_end_too(database: Database, keys: Vault, now: datetime) -> None:
    person = await let_in(database, keys, now)
    async with database.write() as tx:
        cookie = await sign_ins.start(tx, person, now=now)
        await people.change_roles(tx, person, (Role.REVIEWER,), now=now, by=None)
        found = await sign_ins.session(tx, keys, cookie, now=now)
        assert found is not None
        assert found.person.roles == {Role.REVIEWER}
        await people.end(tx, person, now=now, by=None)
        assert await sign_ins.session(tx, keys, cookie, now=now) is None


async def test_a_session_that_was_ended_opens_nothing(database: Database, keys: Vault, now: datetime) -> None:
    person = await let_in(database, keys, now)
    async with database.write() as tx:
        cookie = await sign_ins.start(tx, person, now=now)
        await sign_ins.stop(tx, cookie)
        assert await sign_ins.session(tx, keys, cookie, now=now) is None
        assert await sign_ins.session(tx, keys, "never-given", now=now) is None
