"""The charts of a review, as SVG: drawn offline by Vega, readable on a phone, and without colour.

Below `figures.SMALL` cases each case is a dot, and nobody has to trust a bar made of three. Kinds are told apart by
shape and filling, labels stand above what they name, and every number of a chart stands in the table beside it.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, assert_never

import altair as alt
import vl_convert

from escalations.review.figures import SMALL, Bars, Chart, Mark, Part, Strips

WIDTH: Final = 360
"""Of the drawing's own coordinates, a phone's width: its letters are then 14 of a phone's pixels."""
FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif"
"""The fonts of the pages; nothing is loaded."""
INK, QUIET, BLUE, PALE, PAPER, LINE = "#0b0c0c", "#505a5f", "#1d4f6e", "#d2e2ee", "#ffffff", "#b1b4b6"
"""Colours of the pages; each is told from the next by its lightness too."""
_ROW: Final = 48
"""The height of a row: its label, and what it counts below."""
_LABEL_AT: Final = 15
_MARKS_AT: Final = 33
_DOT: Final = 17
"""From one dot to the next."""
_MOST_DOTS: Final = SMALL - 1
"""In a row; more become bars."""
_LETTER: Final = 9
"""The room for one figure of a number beside a bar."""
_LETTERS: Final = 50
_STACK: Final = 11
_MOST_STACKED: Final = 6
_MOST_TICKS: Final = 8
_STYLE = re.compile(r'\sstyle="[^"]*"')


def svg(chart: Chart) -> str:
    """The drawing. The same chart gives the same bytes."""
    match chart:
        case Bars():
            drawing = _bars(chart)
        case Strips():
            drawing = _strips(chart)
        case _:
            assert_never(chart)
    return _rendered(json.dumps(drawing.to_dict(), sort_keys=True))


def words(chart: Chart) -> str:
    """What a chart shows, for those who do not see it."""
    match chart:
        case Bars():
            kinds = {key: said for key, _, said in chart.legend}
            rows = [f"{label}: {_counted(parts, kinds)}" for label, parts in chart.rows]
            return (
                f"{'Dots' if dotted(chart) else 'Bars'}, one row each. {'; '.join(rows) or 'There is nothing to draw'}."
            )
        case Strips():
            rows = [
                f"{label}: {len(values)} from {values[0][0]:g} to {values[-1][0]:g}" if values else f"{label}: none"
                for label, values in chart.rows
            ]
            return f"Each dot is one time, in {chart.unit.value}. {'; '.join(rows)}."
        case _:
            assert_never(chart)


def legend(chart: Chart) -> tuple[tuple[str, Mark, str], ...]:
    """The marks that a chart uses: whether as dots or bars, which one, and what it stands for."""
    match chart:
        case Bars():
            there = {part.key for _, parts in chart.rows for part in parts if part.count}
            drawn = "dots" if dotted(chart) else "bars"
            return tuple((drawn, mark, said) for key, mark, said in chart.legend if key in there)
        case Strips():
            verdicts = {verdict for _, values in chart.rows for _, verdict in values}
            said = ((True, Mark.FILLED, "in time"), (False, Mark.RING, "after the time limit"))
            known = tuple(("dots", mark, text) for verdict, mark, text in said if verdict in verdicts)
            return (*known, ("dots", Mark.SQUARE, "no time limit")) if None in verdicts else known
        case _:
            assert_never(chart)


def dotted(chart: Bars) -> bool:
    """Whether each case is a dot."""
    return all(sum(part.count for part in parts) <= _MOST_DOTS for _, parts in chart.rows)


def _counted(parts: Sequence[Part], kinds: dict[str, str]) -> str:
    if len(kinds) == 1:
        return str(sum(part.count for part in parts))
    return ", ".join(f"{part.count} {kinds[part.key]}" for part in parts) or "0"


# ---- Rows of dots or bars -------------------------------------------------------------------------------------------


def _bars(chart: Bars) -> alt.LayerChart:
    rows = chart.rows
    layers = [_labels([(label, number) for number, (label, _) in enumerate(rows)])]
    layers += [_dots(chart)] if dotted(chart) else list(_solid(chart))
    return _finished(*layers, height=_ROW * len(rows))


def _dots(chart: Bars) -> alt.Chart:
    marks = {key: mark for key, mark, _ in chart.legend}
    points = [
        {"x": 8 + _DOT * place, "y": _ROW * number + _MARKS_AT, "mark": marks[key].value}
        for number, (_, parts) in enumerate(chart.rows)
        for place, key in enumerate(part.key for part in parts for _ in range(part.count))
    ]
    return _points(points, height=_ROW * len(chart.rows), size=130)


def _points(points: list[dict[str, Any]], *, height: float, size: int) -> alt.Chart:
    kinds = [mark.value for mark in Mark]
    drawn: alt.Chart = (
        alt.Chart(_data(points))
        .mark_point(filled=True, size=size, stroke=BLUE, strokeWidth=2, opacity=1)
        .encode(
            x=_across("x"),
            y=_down("y", height),
            shape=alt.Shape("mark:N", scale=alt.Scale(domain=kinds, range=["circle", "circle", "square"]), legend=None),
            fill=alt.Fill("mark:N", scale=alt.Scale(domain=kinds, range=[BLUE, PAPER, PAPER]), legend=None),
        )
    )
    return drawn


def _solid(chart: Bars) -> Iterator[alt.Chart]:
    height = _ROW * len(chart.rows)
    marks = {key: mark for key, mark, _ in chart.legend}
    longest = max((sum(part.count for part in parts) for _, parts in chart.rows), default=1)
    said = [" + ".join(str(part.count) for part in parts if part.count) or "0" for _, parts in chart.rows]
    room = WIDTH - 8 - _LETTER * max((len(text) for text in said), default=1)
    bars, numbers = [], []
    for number, (_, parts) in enumerate(chart.rows):
        x, top = 0.0, _ROW * number + _MARKS_AT - 9
        for part in parts:
            end = x + room * part.count / max(longest, 1)
            bars.append({"x": x, "x2": end, "y": top, "y2": top + 18, "mark": marks[part.key].value})
            x = end
        numbers.append({"x": x + 6, "y": top + 9, "text": said[number]})
    kinds = [mark.value for mark in Mark]
    yield (
        alt.Chart(_data(bars))
        .mark_rect(stroke=BLUE, strokeWidth=2, opacity=1)
        .encode(
            x=_across("x"),
            x2="x2:Q",
            y=_down("y", height),
            y2="y2:Q",
            fill=alt.Fill("mark:N", scale=alt.Scale(domain=kinds, range=[BLUE, PAPER, PALE]), legend=None),
        )
    )
    yield _text(numbers, height=height, bold=True)


# ---- Times along a line ---------------------------------------------------------------------------------------------


def _strips(chart: Strips) -> alt.LayerChart:
    longest = max((values[-1][0] for _, values in chart.rows if values), default=1.0)
    step = _step(longest)
    end = step * -(-longest // step) or step
    scale = (WIDTH - 40) / end
    labels, points, lines = [], [], []
    y = 0.0
    for label, values in chart.rows:
        columns: dict[int, list[bool | None]] = {}
        for value, verdict in values:
            columns.setdefault(round(value * scale / _STACK), []).append(verdict)
        deepest = min(max((len(column) for column in columns.values()), default=1), _MOST_STACKED)
        base = y + 24 + _STACK * deepest
        labels.append({"x": 0, "y": y + _LABEL_AT, "text": label})
        lines.append(base + 8)
        for place, column in sorted(columns.items()):
            squeezed = min(_STACK, _STACK * _MOST_STACKED / len(column))
            points += [
                {"x": 8 + place * _STACK, "y": base - squeezed * at, "mark": _mark_of(verdict).value}
                for at, verdict in enumerate(sorted(column, key=lambda one: one is not True))
            ]
        y = base + 34
    ticks = [step * number for number in range(int(end / step) + 1)]
    height = y + 12
    axis = [{"x": 8 + tick * scale, "y": line + 14, "text": f"{tick:g}"} for line in lines for tick in ticks]
    unit = {"x": WIDTH, "y": height - 2, "text": chart.unit.value}
    return _finished(
        _rules(lines, ticks, scale, height=height),
        _text(axis, height=height, align="center", color=QUIET, size=12),
        _text([unit], height=height, align="right", color=QUIET, size=12),
        _text(labels, height=height),
        _points(points, height=height, size=80),
        height=height,
    )


def _mark_of(verdict: bool | None) -> Mark:  # noqa: FBT001  a value of the data, not an option
    return Mark.SQUARE if verdict is None else Mark.FILLED if verdict else Mark.RING


def _step(longest: float) -> float:
    steps = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
    return next((step for step in steps if longest / step <= _MOST_TICKS), 5000.0)


def _rules(lines: Sequence[float], ticks: Sequence[float], scale: float, *, height: float) -> alt.Chart:
    along = [{"x": 8, "x2": 8 + ticks[-1] * scale, "y": line, "y2": line} for line in lines]
    small = [{"x": 8 + t * scale, "x2": 8 + t * scale, "y": line, "y2": line + 5} for line in lines for t in ticks]
    drawn: alt.Chart = (
        alt.Chart(_data([*along, *small]))
        .mark_rule(color=LINE, strokeWidth=1.5)
        .encode(x=_across("x"), x2="x2:Q", y=_down("y", height), y2="y2:Q")
    )
    return drawn


# ---- What both are made of ------------------------------------------------------------------------------------------


def _data(values: list[dict[str, Any]]) -> alt.Data:
    return alt.Data(values=values)  # type: ignore[no-untyped-call]  # altair's own signature has no types


def _across(name: str) -> alt.X:
    return alt.X(f"{name}:Q", scale=alt.Scale(domain=[0, WIDTH], nice=False, zero=False), axis=None)


def _down(name: str, height: float) -> alt.Y:
    return alt.Y(f"{name}:Q", scale=alt.Scale(domain=[0, max(height, 1)], reverse=True, nice=False), axis=None)


def _labels(rows: Sequence[tuple[str, int]]) -> alt.Chart:
    texts = [{"x": 0, "y": _ROW * number + _LABEL_AT, "text": _shortened(label)} for label, number in rows]
    return _text(texts, height=_ROW * len(rows))


def _shortened(label: str) -> str:
    return label if len(label) <= _LETTERS else f"{label[: _LETTERS - 1].rstrip()}…"


def _text(
    texts: list[dict[str, Any]],
    *,
    height: float,
    align: Literal["left", "center", "right"] = "left",
    color: str = INK,
    size: int = 14,
    bold: bool = False,
) -> alt.Chart:
    drawn: alt.Chart = (
        alt.Chart(_data(texts))
        .mark_text(
            align=align,
            baseline="middle" if bold else "alphabetic",
            color=color,
            fontSize=size,
            fontWeight="bold" if bold else "normal",
        )
        .encode(x=_across("x"), y=_down("y", height), text="text:N")
    )
    return drawn


def _finished(*layers: alt.Chart, height: float) -> alt.LayerChart:
    drawn: alt.LayerChart = (
        alt.LayerChart(layer=list(layers))
        .properties(width=WIDTH, height=max(height, 1), padding={"left": 2, "right": 8, "top": 2, "bottom": 4})
        .configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
    )
    return drawn


@functools.lru_cache(maxsize=256)
def _rendered(spec: str) -> str:
    drawn = vl_convert.vegalite_to_svg(spec)
    # The page's policy lets no style through that stands in a page, and a picture's own roles say nothing to a reader.
    drawn = _STYLE.sub("", drawn)
    drawn = re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", drawn)
    head = '<svg xmlns="http://www.w3.org/2000/svg"'
    drawn = drawn.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "", 1)
    return drawn.replace(head, f'{head} aria-hidden="true" focusable="false"', 1)
