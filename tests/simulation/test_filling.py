"""What a first look finds: a few invented escalations, written through the real rules and register."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalations import parts
from escalations.rules.case import Status
from escalations.simulation import filling
from escalations.store import directory, directory_file, read_models, register
from tests.builders import civil
from tests.harness import settings


@pytest.mark.parametrize("now", ["2026-11-23 03:00", "2026-03-30 09:00", "2027-01-02 12:00", "2026-06-17 16:59"])
async def test_a_first_look_finds_escalations_of_the_last_days_on_whatever_day_it_is(tmp_path: Path, now: str) -> None:
    async with parts.opened(settings(tmp_path), migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        assert await filling.fill(opened, civil(now)) == 5
        async with opened.database.read() as tx:
            there = await read_models.listed(tx)
            closed = await read_models.listed(tx, closed=True)
            assert await register.verify(tx) == []
            rows = [row async for row in register.everything(tx)]
        assert len(closed) == 1
        assert sorted(row.status for row in there) == [Status.HELD, Status.OPEN, Status.OPEN, Status.OPEN]
        assert sorted(row.stage for row in there) == [0, 1, 1, 2]
        assert all(row.recorded_at <= civil(now) for row in rows)


async def test_a_second_start_writes_nothing(tmp_path: Path) -> None:
    async with parts.opened(settings(tmp_path), migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        await filling.fill(opened, civil("2026-11-23 12:00"))
        assert await filling.fill(opened, civil("2026-11-24 12:00")) == 0
