"""A frozen text is kept once, under the hash of its bytes."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from escalations.store import frozen, tables
from escalations.store.engine import Database

TEXT = '{"title":"Sample policy","é":1}'


async def test_a_text_comes_back_by_its_hash(database: Database, now: datetime) -> None:
    async with database.write() as tx:
        content_hash = await frozen.put(tx, "policy", TEXT, now=now)
        assert content_hash == hashlib.sha256(TEXT.encode()).hexdigest()
        assert await frozen.get(tx, content_hash) == TEXT


async def test_the_same_text_is_kept_once_however_many_put_it(database: Database, now: datetime) -> None:
    async def put(number: int) -> str:
        async with database.write() as tx:
            return await frozen.put(tx, frozen.Kind.POLICY, TEXT, now=now + timedelta(seconds=number))

    assert len(set(await asyncio.gather(*(put(number) for number in range(20))))) == 1
    async with database.read() as tx:
        assert len((await tx.execute(select(tables.FROZEN))).all()) == 1


async def test_a_hash_that_was_never_frozen_is_a_fault(database: Database) -> None:
    with pytest.raises(frozen.NotFrozen):
        async with database.read() as tx:
            await frozen.get(tx, "0" * 64)
