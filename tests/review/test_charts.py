"""The charts of a review: a dot for each case where they are few, readable without colour, styled by the page."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from escalations.review import charts, measures
from escalations.review.figures import Bars, Chart, Mark, Part, Strips, Unit
from escalations.review.years import Year
from tests.review.told import known, settled_at_two

KINDS = (("done", Mark.FILLED, "done"), ("higher", Mark.RING, "went higher"), ("open", Mark.SQUARE, "still open"))


def bars(*counts: int) -> Bars:
    parts = tuple(Part(key, count) for (key, _, _), count in zip(KINDS, counts, strict=False))
    return Bars((("Stage 1", parts),), KINDS)


def shapes(svg: str) -> list[str]:
    """Give the fillings of the marks that are drawn."""
    return re.findall(r'<path[^>]* fill="(#[0-9a-f]{6})"[^>]*stroke="#1d4f6e"', svg)


def test_few_cases_are_a_dot_each() -> None:
    drawn = charts.svg(bars(7, 3, 1))
    assert len(shapes(drawn)) == 11
    assert shapes(drawn).count(charts.BLUE) == 7
    assert charts.dotted(bars(19))
    assert not charts.dotted(bars(20))


def test_many_cases_are_a_bar_with_its_number() -> None:
    drawn = charts.svg(bars(25, 6))
    assert len(shapes(drawn)) == 2
    assert ">25 + 6<" in drawn


@pytest.mark.parametrize("counts", [(25, 6, 1), (180, 600, 1), (12_345, 6_789, 1_234)])
def test_no_number_beside_a_bar_is_cut_off(counts: tuple[int, int, int]) -> None:
    said = " + ".join(str(count) for count in counts)
    placed = re.search(rf"translate\(([\d.]+),[\d.]+\)[^>]*>{re.escape(said)}<", charts.svg(bars(*counts)))
    assert placed is not None
    assert float(placed[1]) + 8 * len(said) <= charts.WIDTH


def test_kinds_are_told_apart_by_shape_and_filling() -> None:
    assert len({(mark, drawn) for drawn, mark, _ in charts.legend(bars(2, 2, 2))}) == 3
    paths = re.findall(
        r'<path[^>]* d="([^"]+)"[^>]*fill="(#[0-9a-f]{6})"|<path[^>]*fill="(#[0-9a-f]{6})"[^>]* d="([^"]+)"',
        charts.svg(bars(1, 1, 1)),
    )
    assert len(set(paths)) >= 3


def test_a_kind_that_is_not_there_is_not_in_the_legend() -> None:
    assert [said for _, _, said in charts.legend(bars(2, 0, 1))] == ["done", "still open"]


def test_what_is_drawn_is_said_for_those_who_do_not_see_it() -> None:
    assert charts.words(bars(7, 3)) == "Dots, one row each. Stage 1: 7 done, 3 went higher."
    strips = Strips((("Answer", ((0.5, True), (6.0, False))),), Unit.WORKING_DAYS)
    assert charts.words(strips) == "Each dot is one time, in working days. Answer: 2 from 0.5 to 6."


def test_times_lie_along_a_line_and_what_was_late_is_a_ring() -> None:
    strips = Strips((("Answer", ((0.5, True), (2.0, True), (6.0, False))), ("None", ())), Unit.WORKING_DAYS)
    drawn = charts.svg(strips)
    assert shapes(drawn).count(charts.BLUE) == 2
    assert shapes(drawn).count(charts.PAPER) == 1
    assert ">working days<" in drawn


def test_the_same_chart_gives_the_same_bytes() -> None:
    first = charts.svg(bars(3, 2))
    charts._rendered.cache_clear()
    assert charts.svg(bars(3, 2)) == first


@pytest.mark.parametrize(
    "chart", [bars(), bars(0, 0), Bars((), KINDS), Strips((("One", ((0.0, None),)),), Unit.HOURS), bars(100_000, 1)]
)
def test_nothing_and_very_much_can_be_drawn(chart: Chart) -> None:
    drawn = charts.svg(chart)
    assert drawn.startswith("<svg")
    assert "NaN" not in drawn
    assert charts.words(chart)


def test_a_drawing_brings_no_style_no_role_and_no_address_and_its_letters_are_the_pages_own() -> None:
    drawings = [figure.table.chart for figure in measures.review(known(settled_at_two()), Year(2026)).figures]
    assert len([chart for chart in drawings if chart is not None]) > 7
    for chart in drawings:
        if chart is None:
            continue
        drawn = charts.svg(chart)
        assert not re.search(r" (?:style|role|aria-(?!hidden)\w+|href|xlink)=", drawn)
        assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
        fonts = set(re.findall(r'font-family="([^"]+)"', drawn))
        assert fonts == {charts.FONT}


def test_the_styles_of_figures_are_the_same_on_the_page_and_in_the_file_that_stands_alone() -> None:
    ours = resources.files("escalations.review").joinpath("templates", "figures.css").read_text("utf-8")
    pages = resources.files("escalations.web").joinpath("assets", "site.css").read_text("utf-8")
    assert ours.strip() in pages
