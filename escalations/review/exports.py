"""A review as files: one page that stands alone, two tables for a spreadsheet, and JSON.

None of them holds a name, an address, a reference or a word that somebody wrote: they are made from figures and rows,
which have none.
"""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from escalations.review import charts, measures
from escalations.review import rows as case_rows
from escalations.review.dataset import Known
from escalations.review.figures import HEADINGS, Audience, Cell, Chart, Figure, Mark, Review, Section, Share
from escalations.review.rows import CaseRow
from escalations.review.view import View
from escalations.review.years import Year
from escalations.rules.civiltime import say

FORMAT: Final = "escalations-review/1"
"""The shape of the JSON; a change that a reader would notice gets another number."""
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
MEASURE_COLUMNS: Final = (
    *("year", "audience", "section", "figure", "title", "rests_on", "rests_on_what"),
    *("row", "row_label", "column", "column_label", "unit", "value", "of", "percent", "row_definition"),
)
_AUDIENCES: Final = {
    Audience.PARTNERSHIP: "For the partnership, not for publication",
    Audience.AGENCY: "For one agency, about its own cases",
    Audience.PUBLIC: "For publication",
}
_STROKE = f'stroke="{charts.BLUE}" stroke-width="2"'
_ROUND, _SQUARE = '<circle cx="7" cy="7" r="5.5"', '<rect x="2" y="2" width="10" height="10"'
_MARKS: Final = {
    (drawn, mark): Markup(f'{shape} fill="{fill}" {_STROKE}/>')  # noqa: S704  all of it ours
    for drawn, mark, shape, fill in (
        ("dots", Mark.FILLED, _ROUND, charts.BLUE),
        ("dots", Mark.RING, _ROUND, charts.PAPER),
        ("dots", Mark.SQUARE, _SQUARE, charts.PAPER),
        ("bars", Mark.FILLED, _SQUARE, charts.BLUE),
        ("bars", Mark.RING, _SQUARE, charts.PAPER),
        ("bars", Mark.SQUARE, _SQUARE, charts.PALE),
    )
}
"""The marks of a legend, as they stand in the chart above it."""


@dataclass(frozen=True, slots=True)
class Export:
    """A review with the rows of its cases."""

    review: Review
    rows: tuple[CaseRow, ...]


def export(known: Known, year: Year, *, audience: Audience = Audience.PARTNERSHIP, agency: str | None = None) -> Export:
    """Everything that is exported of a year, for an audience."""
    known = measures.for_audience(known, audience, agency)
    made = measures.review(known, year, audience=audience, agency=agency)
    return Export(made, case_rows.rows(View(known, year, audience)))


# ---- Tables for a spreadsheet ---------------------------------------------------------------------------------------


def cases_csv(made: Export) -> str:
    """One row a case, tidy: no merged cells, no totals, one header."""
    return _csv(case_rows.COLUMNS, ({name: getattr(row, name) for name in case_rows.COLUMNS} for row in made.rows))


def measures_csv(made: Export) -> str:
    """One row for each number of the review."""
    return _csv(MEASURE_COLUMNS, _numbers(made.review))


def _numbers(review: Review) -> Iterable[Mapping[str, object]]:
    for figure in review.figures:
        for row in figure.table.rows:
            for column, cell in zip(figure.table.columns, row.cells, strict=True):
                shared = cell if isinstance(cell, Share) else None
                yield {
                    "year": review.year.short,
                    "audience": review.audience.value,
                    "section": figure.section.value,
                    "figure": figure.id,
                    "title": figure.title,
                    "rests_on": figure.table.rests_on,
                    "rests_on_what": figure.table.of,
                    "row": row.key,
                    "row_label": row.label,
                    "column": column.key,
                    "column_label": column.label,
                    "unit": column.unit.value,
                    "value": shared.count if shared else cell,
                    "of": shared.of if shared else None,
                    "percent": shared.percent if shared else None,
                    "row_definition": row.definition,
                }


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_harmless(row[column]) for column in columns])
    return file.getvalue()


def _harmless(value: object) -> object:
    """A cell that no spreadsheet takes for a formula, whatever a policy or a directory was called."""
    if isinstance(value, str) and value.startswith(_STARTS_A_FORMULA):
        return f"'{value}"
    return "" if value is None else value


# ---- JSON -----------------------------------------------------------------------------------------------------------


def as_json(made: Export) -> str:
    """The review for a machine; its shape is described in the docs."""
    review = made.review
    return json.dumps(
        {
            "format": FORMAT,
            "year": {"key": review.year.key, "short": review.year.short, "words": review.year.words},
            "audience": review.audience.value,
            "as_of": {"position": review.position, "known_at": review.known_at.isoformat()},
            "says": list(review.says),
            "figures": [_figure_json(figure) for figure in review.figures],
            "cases": [{name: getattr(row, name) for name in case_rows.COLUMNS} for row in made.rows],
        },
        ensure_ascii=False,
        indent=2,
    )


def _figure_json(figure: Figure) -> dict[str, Any]:
    table = figure.table
    return {
        "id": figure.id,
        "title": figure.title,
        "section": figure.section.value,
        "definition": figure.definition,
        "rests_on": {"cases": table.rests_on, "what": table.of},
        "says": list(table.says),
        "columns": [{"key": one.key, "label": one.label, "unit": one.unit.value} for one in table.columns],
        "rows": [
            {
                "key": row.key,
                "label": row.label,
                "cells": [_cell_json(cell) for cell in row.cells],
                **({"definition": row.definition} if row.definition else {}),
            }
            for row in table.rows
        ],
    }


def _cell_json(cell: Cell) -> object:
    return {"count": cell.count, "of": cell.of, "percent": cell.percent} if isinstance(cell, Share) else cell


# ---- A page ---------------------------------------------------------------------------------------------------------


FOLDED_FROM: Final = 2
"""A table of more rows than this is folded on a page; what its chart or its sentences say stands there all the same."""


def body(made: Export, *, unfolded: bool = True) -> Markup:
    """The review as a part of a page, in GOV.UK's own classes; the page brings the styles.

    Args:
        made: what is shown.
        unfolded: whether long tables stand open, as in what is printed and in a file; a page on a screen folds them.
    """
    review = made.review
    sections = [(section, HEADINGS[section], review.of(section)) for section in Section]
    return Markup(  # noqa: S704  rendered by a template that escapes
        environment()
        .get_template("body.html")
        .render(
            review=review,
            sections=[one for one in sections if one[2]],
            audience=_AUDIENCES[review.audience],
            folded_from=None if unfolded else FOLDED_FROM,
        )
    )


def as_html(made: Export, *, partnership: str) -> str:
    """The review as one file that needs nothing else: it opens from a mail, and prints."""
    return (
        environment()
        .get_template("alone.html")
        .render(review=made.review, body=body(made), partnership=partnership, audience=_AUDIENCES[made.review.audience])
    )


def cell_words(cell: Cell) -> str:
    """A cell as people read it."""
    if isinstance(cell, Share):
        return cell.words()
    if isinstance(cell, float):
        return f"{cell:g}"
    return "–" if cell is None else f"{cell:,}" if isinstance(cell, int) else cell


@functools.cache
def environment() -> Environment:
    """The templates of reviews, made once."""
    found = Environment(
        loader=PackageLoader("escalations.review"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(words=cell_words, said=say, chart=_chart, chart_words=charts.words, legend=charts.legend)
    found.globals.update(marks=_MARKS)
    return found


def _chart(chart: Chart) -> Markup:
    return Markup(charts.svg(chart))  # noqa: S704  drawn by us, from text that Vega escapes
