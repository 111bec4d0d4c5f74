"""The days on which agencies are closed, loaded and shown from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalations import closed_days, parts
from escalations.closed_days import Given, NotLoaded
from escalations.settings import Settings
from escalations.store import directory, directory_file
from tests.harness import settings

TABLE = "first,last,why\n2090-03-27,2090-04-09,Easter holidays\n2090-05-28,,INSET day\n"


@pytest.fixture
async def chosen(tmp_path: Path) -> Settings:
    chosen = settings(tmp_path)
    async with parts.opened(chosen, migrate=True) as opened, opened.database.write() as tx:
        await directory.load(tx, opened.vault, directory_file.sample())
    return chosen


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "days.csv"
    file.write_text(TABLE, encoding="utf-8")
    return file


async def said(chosen: Settings, given: Given, *, only_check: bool = False) -> list[str]:
    lines: list[str] = []
    await closed_days.load(chosen, given, only_check=only_check, say=lines.append)
    return lines


async def shown(chosen: Settings, agency: str | None = None) -> list[str]:
    lines: list[str] = []
    await closed_days.show(chosen, agency, say=lines.append)
    return lines


async def test_a_council_s_dates_are_looked_at_first_and_then_loaded(chosen: Settings, table: Path) -> None:
    checked = await said(chosen, Given(table, council="wyeford"), only_check=True)
    assert checked[-1] == "2 read. Nothing was changed."
    assert checked[1] == "Closed: Sunday 28 May 2090 (INSET day)"
    assert await shown(chosen) == ["No days are entered on which an agency is closed."]
    loaded = await said(chosen, Given(table, council="wyeford"))
    assert loaded[-1] == "2 entered for wyeford. No time limit has moved."
    again = await said(chosen, Given(table, council="wyeford"))
    assert again[-1] == "2 entered for wyeford, in the place of 2 that stood there. No time limit has moved."
    listed = await shown(chosen)
    assert [line for line in listed if not line.startswith(" ")] == [
        "Oak Lane Primary School (oak-school)",
        "Ridgeway Academy (ridgeway-academy)",
    ]
    assert "  Closed: Monday 27 March 2090 to Sunday 9 April 2090 (Easter holidays)" in listed


async def test_one_agency_s_days_hold_for_that_one(chosen: Settings, table: Path) -> None:
    await said(chosen, Given(table, agency="police"))
    assert (await shown(chosen))[0] == "Three Rivers Police, public protection (police)"
    assert await shown(chosen, "oak-school") == ["No days are entered on which oak-school is closed."]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Say whose days they are"),
        ({"council": "a", "agency": "police"}, "Say whose days they are"),
        ({"agency": "nobody"}, "There is no agency nobody"),
        ({"council": "Wye Ford"}, "is no short name"),
        ({"council": "wyeford", "types": ("shcool",)}, "No agency is of the type shcool"),
        ({"agency": "police", "types": ("school",)}, "--type is for a council's dates"),
        ({"council": "wyeford", "only": ("Christmas",)}, "has no days of that name"),
    ],
)
async def test_what_cannot_be_meant_changes_nothing_and_is_said(
    chosen: Settings, table: Path, given: dict[str, str], sentence: str
) -> None:
    with pytest.raises(NotLoaded, match=sentence):
        await said(chosen, Given(table, **given))  # type: ignore[arg-type]  # the fields that a test changes
    assert await shown(chosen) == ["No days are entered on which an agency is closed."]


async def test_only_an_agency_is_open_when_others_are_closed(chosen: Settings, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("first,open\n2090-03-28,yes\n", encoding="utf-8")
    with pytest.raises(NotLoaded, match="use --agency"):
        await said(chosen, Given(file, council="wyeford"))
