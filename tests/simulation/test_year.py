"""An invented year and what is open now: lived through by the real rules, in the real register, the same each time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from escalations import parts
from escalations.policy import Side
from escalations.review import measures
from escalations.review.dataset import Known
from escalations.review.figures import Share
from escalations.review.reading import Reader
from escalations.review.years import Year
from escalations.rules.case import Status
from escalations.simulation import year
from escalations.store import directory, directory_file, open_cases, register
from tests.builders import civil
from tests.harness import settings

NOW = "2026-11-23 12:00"


async def filled(folder: Path, now: str = NOW, *, seed: int = year.SEED) -> Known:
    """Give what the register knows after an invented year."""
    async with parts.opened(settings(folder, policy_file=None), migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        await year.fill(opened, civil(now), seed=seed)
        async with opened.database.read() as tx:
            assert await register.verify(tx) == []
        return await Reader(opened.database).read(now=civil(now))


async def test_a_past_year_is_plausible_and_what_is_open_now_is_of_today(tmp_path: Path) -> None:
    known = await filled(tmp_path)
    review = measures.review(known, Year(2025))
    assert 38 <= review.cases <= 46
    stages = {row.key: row.cells for row in review.figure("where_resolved").table.rows}
    came, settled = stages["stage_2"][:2]
    assert isinstance(came, int)
    assert isinstance(settled, int)
    assert settled > came / 2, "most that get to the managers are settled there"
    raised = {row.key: row.cells[:2] for row in review.figure("who_raised").table.rows}
    notified = {kind: first for kind, (first, _) in raised.items() if isinstance(first, int)}
    assert notified["school"] + notified["health"] > sum(notified.values()) / 2
    received = {row.key: row.cells[0] for row in review.figure("who_received").table.rows}
    assert max(received, key=lambda kind: (received[kind], kind)) == "childrens-services"
    counts = {row.key: row.cells[0] for row in review.figure("counts").table.rows}
    assert counts["open_at_start"] == 1
    assert counts["open_at_end"] == 2
    causes = {clock.cause for case in known.cases for clock in case.clocks if clock.limit_passed_at is not None}
    assert len(causes) > 4
    sides = Counter(
        clock.waits_for
        for case in known.cases
        for clock in case.clocks
        if clock.limit_passed_at and not clock.withdrawn
    )
    assert sides[Side.RESPONDING] > sides[Side.RAISING] > 0
    gaps = {row.key: row.cells[0] for row in review.figure("gaps").table.rows}
    assert all(isinstance(gaps[key], Share) and gaps[key].count for key in ("entered", "undelivered", "said"))  # type: ignore[union-attr]  # shares


async def test_two_runs_with_one_seed_agree_and_another_seed_tells_another_year(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
    first, second = await filled(folders[0]), await filled(folders[1])
    other = await filled(folders[2], seed=7)
    assert measures.review(first, Year(2025)) == measures.review(second, Year(2025))
    assert [case.reference for case in first.cases] == [case.reference for case in second.cases]
    assert measures.review(first, Year(2025)) != measures.review(other, Year(2025))


@pytest.mark.parametrize("now", ["2026-11-23 03:00", "2026-04-02 09:00", "2027-01-02 12:00", "2026-06-17 16:59"])
async def test_a_first_look_finds_escalations_of_the_last_days_on_whatever_day_it_is(tmp_path: Path, now: str) -> None:
    async with parts.opened(settings(tmp_path, policy_file=None), migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        assert await year.fill(opened, civil(now)) > 40
        async with opened.database.read() as tx:
            there = (await open_cases.read(tx)).cases
            assert await register.verify(tx) == []
            rows = [row async for row in register.everything(tx)]
        recent = [row for row in there if row.received_at > civil(now) - year.RECENT]
        assert sorted(row.status for row in recent)[:1] == [Status.HELD]
        assert {0, 1, 2} <= {row.stage for row in recent}
        assert all(row.recorded_at <= civil(now) for row in rows)
        assert [row.recorded_at for row in rows] == sorted(row.recorded_at for row in rows), "as if it had happened"


async def test_a_second_start_writes_nothing(tmp_path: Path) -> None:
    async with parts.opened(settings(tmp_path, policy_file=None), migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        assert await year.fill(opened, civil(NOW))
        assert await year.fill(opened, civil("2026-11-24 12:00")) == 0


async def test_nothing_is_invented_beside_a_real_directory_or_for_a_year_that_still_runs(tmp_path: Path) -> None:
    async with parts.opened(settings(tmp_path, policy_file=None), migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        with pytest.raises(year.NotForAYear, match="is not over"):
            await year.fill(opened, civil(NOW), begins=Year(2026).first)
    real = directory_file.sample().model_copy(update={"sample": False})
    (tmp_path / "real").mkdir()
    async with parts.opened(settings(tmp_path / "real"), migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, real)
        with pytest.raises(year.NotForAYear, match="sample directory"):
            await year.fill(opened, civil(NOW))
        async with opened.database.read() as tx:
            assert await register.last_position(tx) == 0
