"""The year that is worked out by hand in ``docs/review.md``, lived through and counted: every figure, to the cell."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from escalations import parts
from escalations.review import exports, measures
from escalations.review.dataset import Known
from escalations.review.figures import Audience, Strips
from escalations.review.reading import Reader
from escalations.review.years import Year
from escalations.store import directory, register
from tests.builders import civil
from tests.harness import settings
from tests.review import worked

TEXT = worked.PAGE.read_text("utf-8")


@pytest.fixture(scope="module")
async def known(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Known]:
    """Give what the register knows once everything on the page has happened."""
    async with parts.opened(settings(tmp_path_factory.mktemp("worked"), policy_file=None), migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, worked.its_directory())
        await worked.live_through(opened, TEXT)
        async with opened.database.read() as tx:
            assert await register.verify(tx) == []
        yield await Reader(opened.database).read(now=civil(worked.NOW))


async def test_every_figure_is_the_one_that_is_worked_out_by_hand(known: Known) -> None:
    made = worked.as_figures(measures.review(known, Year(2025)))
    by_hand = worked.figures(TEXT)
    assert list(by_hand) == list(made)
    for name, (heads, rows) in made.items():
        assert by_hand[name] == (heads, rows), name


async def test_every_sentence_of_a_figure_and_what_it_rests_on_stand_on_the_page(known: Known) -> None:
    text = " ".join(TEXT.split())
    for figure in measures.review(known, Year(2025)).figures:
        if figure.table.rows:
            assert f"### Worked: `{figure.id}` {figure.table.rests}" in text
            for sentence in figure.table.says:
                assert f'It says: "{worked.plain(sentence)}"' in text


async def test_every_dot_of_a_length_of_time_is_the_one_on_the_page(known: Known) -> None:
    text = " ".join(TEXT.split())
    drawn = [figure.table.chart for figure in measures.review(known, Year(2025)).figures]
    strips = [chart for chart in drawn if isinstance(chart, Strips)]
    assert len(strips) == 3
    for chart in strips:
        for label, values in chart.rows:
            assert f"Its dots, {label}: {', '.join(f'{value:g}' for value, _ in values)} {chart.unit.value}." in text


async def test_its_rows_are_eleven_and_say_what_the_figures_say(known: Known) -> None:
    made = exports.export(known, Year(2025))
    assert [row.number for row in made.rows] == list(range(1, 12))
    assert sum(1 for row in made.rows if row.group == "notified") == 7
    final = next(row for row in made.rows if row.highest_stage == 4)
    assert (final.received_month, final.closed_month, final.ended_after, final.unit) == (
        "2026-01",
        "2026-02",
        "15",
        "working days",
    )
    assert (final.raised_by_type, final.raised_with_types) == ("school", "childrens-services")
    urgent = next(row for row in made.rows if row.track == "urgent")
    assert (urgent.first_answered_after, urgent.ended_after, urgent.unit) == ("2", "4", "hours")


async def test_the_public_hears_of_it_in_words(known: Known) -> None:
    figure = measures.review(known, Year(2025), audience=Audience.PUBLIC).figure("in_words")
    assert {row.key: row.cells[0] for row in figure.table.rows} == {
        "pooled": "8 cases",
        "raising": "Health, Police, School",
        "received": "Children’s services, Police",
        "stage": "Stage 2",
    }


def test_a_cell_that_differs_and_a_row_that_is_missing_are_found() -> None:
    page = "### Worked: `a`\n\nWords.\n\n| | One | Two |\n|---|---|---|\n| Row | 1 | 2 of 3 |\n| Other | 0 | |\n"
    assert worked.figures(page) == {"a": (["One", "Two"], {"Row": ["1", "2 of 3"], "Other": ["0", ""]})}
