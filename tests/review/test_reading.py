"""Reading the register for a review: once, then only what is new, and the same for ever as known at a position."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from escalations import parts
from escalations.parts import Parts
from escalations.review.dataset import CaseRecord
from escalations.review.reading import Reader
from escalations.rules import acts
from escalations.rules.case import Outcome
from escalations.simulation.direct import Direct
from escalations.store import directory, directory_file, register
from tests import builders
from tests.builders import SCHOOL, SOCIAL_CARE, civil, origin, raiser, responder
from tests.harness import settings

NOW = civil("2027-06-01 12:00")


@pytest.fixture
async def installed(tmp_path: Path, database_url: str) -> AsyncIterator[Parts]:
    """Give an installation with the sample directory, on each database."""
    async with parts.opened(settings(tmp_path, database_url, policy_file=None), migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        yield opened


async def lived(on: Parts, start: str, **raised: Any) -> Direct:  # noqa: ANN401
    """Let one be raised, acknowledged and agreed."""
    life = Direct(on, posts=False)
    begins = civil(start)
    await life.raises(builders.raise_(begins, **raised), words={})
    await life.act(acts.Acknowledge(**origin(responder(), begins.replace(hour=15))))
    await life.act(acts.Agree(**origin(raiser(), begins.replace(hour=16)), outcome=Outcome.AGREED_AS_ASKED))
    return life


def ended(cases: tuple[CaseRecord, ...]) -> list[bool]:
    return [case.closed_at is not None for case in cases]


async def test_what_is_new_is_added_and_what_was_read_stays_the_same(installed: Parts) -> None:
    reader = Reader(installed.database)
    assert (await reader.read(now=NOW)).cases == ()
    await lived(installed, "2027-03-01 09:30")
    first = await reader.read(now=NOW)
    assert ended(first.cases) == [True]
    await lived(installed, "2027-03-02 09:30")
    both = await reader.read(now=NOW)
    assert both.cases[0] == first.cases[0]
    assert both == await Reader(installed.database).read(now=NOW), "as if it were read anew"


async def test_as_known_at_a_position_it_is_the_same_for_ever(installed: Parts) -> None:
    await lived(installed, "2027-03-01 09:30")
    reader = Reader(installed.database)
    whole = await reader.read(now=NOW)
    early = await reader.read(now=NOW, at_position=4)
    assert (early.position, ended(early.cases)) == (4, [False])
    assert early.known_at == civil("2027-03-01 09:30")
    await lived(installed, "2027-03-02 09:30")
    assert await reader.read(now=NOW, at_position=4) == early
    assert await reader.read(now=NOW, at_position=whole.position) == await Reader(installed.database).read(
        now=NOW, at_position=whole.position
    )
    beyond = await reader.read(now=NOW, at_position=10_000)
    async with installed.database.read() as tx:
        assert beyond.position == await register.last_position(tx)


async def test_another_register_in_its_place_is_read_from_its_beginning(installed: Parts, tmp_path: Path) -> None:
    await lived(installed, "2027-03-01 09:30")
    reader = Reader(installed.database)
    await reader.read(now=NOW)
    (tmp_path / "other").mkdir()
    async with parts.opened(settings(tmp_path / "other", policy_file=None), migrate=True) as other:
        async with other.database.write() as tx:
            await directory.load(tx, other.vault, directory_file.sample())
        await lived(other, "2027-03-03 09:30")
        reader.database = other.database
        assert [case.received_at for case in (await reader.read(now=NOW)).cases] == [civil("2027-03-03 09:30")]


async def test_types_are_of_the_directory_also_for_agencies_that_have_closed(installed: Parts) -> None:
    await lived(installed, "2027-03-01 09:30")
    known = await Reader(installed.database).read(now=NOW)
    assert known.type_of(SCHOOL) == "school"
    assert known.type_of(SOCIAL_CARE) == "childrens-services"
    assert known.type_of(None) == known.type_of("never-heard-of") == "not-known"
