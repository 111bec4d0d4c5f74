"""What is sealed opens in its place with its key, and nowhere else, and never again once the key is erased."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from escalations.store import vault
from escalations.store.engine import Database
from escalations.store.vault import CannotOpen, DigestsUnknown, Erased, Sealed, Vault, WrongKeys

OLD, NEW = bytes(32), bytes([1]) * 32
PLACE = {"table": "submissions", "column": "sealed", "row": "s1"}
WORDS = b"Canary Quillfeather"


async def _sealed(database: Database, keys: Vault, **more: str) -> Sealed:
    async with database.write() as tx:
        return await keys.seal(tx, WORDS, **PLACE, **more)


async def _opened(database: Database, keys: Vault, sealed: Sealed, **place: str) -> bytes:
    async with database.read() as tx:
        return await keys.open(tx, sealed, **(PLACE | place))


async def test_what_was_sealed_opens(database: Database, keys: Vault) -> None:
    sealed = await _sealed(database, keys)
    assert WORDS not in sealed.data
    assert await _opened(database, keys, sealed) == WORDS


async def test_the_same_words_never_look_the_same(database: Database, keys: Vault) -> None:
    one, other = await _sealed(database, keys), await _sealed(database, keys)
    assert one.key_id != other.key_id
    assert one.data[12:] != other.data[12:]


@pytest.mark.parametrize("place", [{"table": "drafts"}, {"column": "act"}, {"row": "s2"}])
async def test_what_was_moved_elsewhere_does_not_open(database: Database, keys: Vault, place: dict[str, str]) -> None:
    sealed = await _sealed(database, keys)
    with pytest.raises(CannotOpen):
        await _opened(database, keys, sealed, **place)


async def test_what_was_changed_or_cut_does_not_open(database: Database, keys: Vault) -> None:
    sealed = await _sealed(database, keys)
    for data in (sealed.data[:-1], bytes([sealed.data[0] ^ 1]) + sealed.data[1:], b"", sealed.data[:12]):
        with pytest.raises(CannotOpen):
            await _opened(database, keys, Sealed(sealed.key_id, data))


async def test_a_key_wrapped_for_one_name_does_not_serve_another(
    database: Database,
    keys: Vault,
    intruder: Any,  # noqa: ANN401
) -> None:
    one, other = await _sealed(database, keys), await _sealed(database, keys)
    await intruder.does(
        "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE key_id = :other) WHERE key_id = :one",
        one=one.key_id,
        other=other.key_id,
    )
    with pytest.raises(CannotOpen):
        await _opened(database, keys, Sealed(one.key_id, other.data))


async def test_an_erased_key_opens_nothing_ever_again(database: Database, keys: Vault, now: datetime) -> None:
    sealed, kept = await _sealed(database, keys), await _sealed(database, keys)
    async with database.write() as tx:
        assert await keys.erase(tx, sealed.key_id, at=now)
        assert not await keys.erase(tx, sealed.key_id, at=now)
        assert not await keys.erase(tx, "no such key", at=now)
    with pytest.raises(Erased):
        await _opened(database, keys, sealed)
    with pytest.raises(Erased):
        await _sealed(database, keys, key_id=sealed.key_id)
    assert await _opened(database, keys, kept) == WORDS


async def test_an_erased_key_is_nowhere_in_the_file(sqlite_url: str, keys: Vault, now: datetime) -> None:
    path = sqlite_url.removeprefix("sqlite+aiosqlite:///")
    async with Database.open(sqlite_url) as database:
        await database.migrate()
        sealed = await _sealed(database, keys)
        async with database.read() as tx:
            wrapped = (await tx.execute(text("SELECT wrapped FROM data_keys"))).scalar_one()
        async with database.write() as tx:
            await keys.erase(tx, sealed.key_id, at=now)
    with open(path, "rb") as file:  # noqa: ASYNC230, PTH123  closed database, small file
        assert wrapped not in file.read()


async def test_one_key_can_seal_two_things_that_are_erased_together(database: Database, keys: Vault) -> None:
    one = await _sealed(database, keys)
    async with database.write() as tx:
        other = await keys.seal(tx, b"deputy", table="positions", column="sealed_deputy", row="p1", key_id=one.key_id)
    assert other.key_id == one.key_id
    async with database.read() as tx:
        assert await keys.open(tx, other, table="positions", column="sealed_deputy", row="p1") == b"deputy"


async def test_after_rotation_the_old_wrapping_key_is_not_needed(database: Database, now: datetime) -> None:
    before, both, after = Vault([OLD]), Vault([NEW, OLD]), Vault([NEW])
    sealed, erased = await _sealed(database, before), await _sealed(database, before)
    async with database.write() as tx:
        await before.erase(tx, erased.key_id, at=now)
    with pytest.raises(CannotOpen):
        await _opened(database, after, sealed)
    assert await _opened(database, both, sealed) == WORDS
    async with database.write() as tx:
        assert await both.rotate(tx) == 1
        assert await both.rotate(tx) == 0
    assert await _opened(database, after, sealed) == WORDS
    with pytest.raises(CannotOpen):
        await _opened(database, before, sealed)
    with pytest.raises(Erased):
        await _opened(database, after, erased)


async def test_a_rotation_without_the_old_key_stops(database: Database) -> None:
    await _sealed(database, Vault([OLD]))
    with pytest.raises(CannotOpen):
        async with database.write() as tx:
            await Vault([NEW]).rotate(tx)


def test_digests_are_keyed() -> None:
    assert Vault([OLD]).digest(b"x") == Vault([NEW, OLD]).digest(b"x")
    assert Vault([OLD]).digest(b"x") != Vault([NEW]).digest(b"x")


async def test_digests_outlive_the_key_that_they_came_from(database: Database) -> None:
    before = Vault([OLD]).digest(b"x")
    newest = bytes([2]) * 32
    for keys in ([NEW, OLD], [newest, NEW]):
        both = Vault(keys, asks=True)
        async with database.write() as tx:
            await both.check(tx)
            assert both.digest(b"x") == before
            await both.rotate(tx)
            assert both.digest(b"x") == before
            while await both.rotate(tx):
                pass
    alone = Vault([newest], asks=True)
    async with database.read() as tx:
        await alone.check(tx)
        assert list((await alone.wraps(tx)).values()) == [1]
    assert alone.digest(b"x") == before


def test_no_digest_is_made_before_the_database_said_of_which_key() -> None:
    with pytest.raises(DigestsUnknown):
        Vault([OLD], asks=True).digest(b"x")


async def test_it_is_said_how_much_each_wrapping_key_still_wraps(database: Database) -> None:
    await _sealed(database, Vault([OLD]))
    erased = await _sealed(database, Vault([OLD]))
    await _sealed(database, Vault([NEW]))
    both = Vault([NEW, OLD])
    async with database.write() as tx:
        await both.erase(tx, erased.key_id, at=datetime(2027, 3, 1, tzinfo=UTC))
        assert list((await both.wraps(tx)).values()) == [1, 1]
        while await both.rotate(tx):
            pass
        assert list((await both.wraps(tx)).values()) == [3, 0]  # with the key of digests


@pytest.mark.parametrize("wrong", [[], [b"short"], [bytes(32), bytes(31)]])
def test_keys_that_are_no_keys_are_refused(wrong: list[bytes]) -> None:
    with pytest.raises(vault.BadKey):
        Vault(wrong)


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_no_two_places_are_bound_alike(one: list[str], other: list[str]) -> None:
    assert (vault._bound(*one) == vault._bound(*other)) == (one == other)


async def test_keys_that_open_what_is_there_are_told_from_others(database: Database, now: datetime) -> None:
    async with database.read() as tx:
        await Vault([NEW]).check(tx)  # nothing was sealed yet
    sealed = await _sealed(database, Vault([OLD]))
    await _sealed(database, Vault([NEW, OLD]))
    async with database.read() as tx:
        await Vault([NEW, OLD]).check(tx)
        for lacking in ([NEW], [OLD], [bytes([2]) * 32]):
            with pytest.raises(WrongKeys, match="Put that key back"):
                await Vault(lacking).check(tx)
    async with database.write() as tx:
        await Vault([OLD]).erase(tx, sealed.key_id, at=now)
    async with database.read() as tx:
        await Vault([NEW]).check(tx)  # what was erased asks for no key


async def test_a_file_is_asked_for_data_keys_without_being_touched(sqlite_url: str, tmp_path: Path) -> None:
    file = Path(sqlite_url.split("///", 1)[1])
    assert not vault.holds_data_keys(file)
    async with Database.open(sqlite_url) as opened:
        await opened.migrate()
        assert not vault.holds_data_keys(file)
        await _sealed(opened, Vault([OLD]))
        assert vault.holds_data_keys(file)
    assert vault.holds_data_keys(file)
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database" * 100)
    assert vault.holds_data_keys(broken)
