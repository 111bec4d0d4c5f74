"""A policy drawn as SVG: the ladder from top to bottom, two sides to each rung, a bar for each time limit.

It is 328 units wide, what a phone of 360 pixels leaves between its margins, so that its letters are 13 to 16 pixels.
All that it says is text, it has a title and a description, and every style is an attribute: it stands alone as a file,
and needs nothing of the page that it is put into.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from typing import Final

from markupsafe import Markup

from escalations.packs import saying
from escalations.packs.saying import Clock, Ladder, Rung, Span
from escalations.policy import Policy, Track

WIDTH: Final = 328
_LEFT: Final = 10
_BAR_LEFT: Final = 84
_BAR_WIDTH: Final = 100
_INK: Final = "#0b0c0c"
_BLUE: Final = "#1d4f6e"
_RED: Final = "#942514"
_GREY: Final = "#505a5f"
_PALE: Final = "#dde7ee"
_FONTS: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif"
_FILLS: Final = {Track.STANDARD.value: _BLUE, Track.URGENT.value: _RED}
_LETTERS: Final = 39
"""How many letters of 14 units fit between the edges."""
_TITLE: Final = 30
"""How many letters of a title fit on a line."""
_LABEL: Final = 9
"""How many fit before a bar; what is longer stands on a line of its own."""
_HALF: Final = 14
"""How many fit into the box of one side."""


def draw(policy: Policy) -> Markup:
    """The ladder as an SVG document."""
    ladder = saying.say(policy)
    pen = _Pen()
    for rung in ladder.rungs:
        _rung(pen, rung, ladder.longest)
    for group in ladder.groups:
        _group(pen, group.title, group.clocks)
    _key(pen, ladder)
    return pen.document(title=f"{policy.title}, version {policy.version}: the ladder", desc=description(ladder))


def description(ladder: Ladder) -> str:
    """What the drawing shows, for whoever does not see it."""
    rungs = " ".join(f"{rung.heading}: {_limits(rung.clocks) or 'no time limit of its own'}." for rung in ladder.rungs)
    return (
        f"{len(ladder.rungs)} stages from top to bottom, each with the position that is asked on either side and a bar "
        f"for each time limit. {rungs}"
    )


def _limits(clocks: Iterable[Clock]) -> str:
    return "; ".join(
        f"{clock.title.lower()} {', '.join(f'{span.label} {span.words}' for span in clock.spans)}" for clock in clocks
    )


class _Pen:
    """Writes from top to bottom, and knows how far it is."""

    def __init__(self) -> None:
        self.y = 4.0
        self._pieces: list[Markup] = []

    def put(self, piece: str, *values: object) -> None:
        """Add a piece; the values are escaped."""
        self._pieces.append(Markup(piece).format(*values))  # noqa: S704  every piece is written below, in this file

    def text(self, words: str, x: float, *, size: float = 14, fill: str = _INK, bold: bool = False) -> None:
        """Write on the present line."""
        weight = ' font-weight="700"' if bold else ""
        self.put(
            '<text x="{0}" y="{1}" font-size="{2}" fill="{3}"' + weight + ">{4}</text>",
            _n(x), _n(self.y), _n(size), fill, words,
        )  # fmt: skip

    def paragraph(
        self, words: str, *, x: float = _LEFT, size: float = 14, fill: str = _INK, bold: bool = False
    ) -> None:
        """Write lines, and go below them."""
        letters = int(_LETTERS * 14 / size * (0.88 if bold else 1) - (x - _LEFT) / 7)
        for line in textwrap.wrap(words, letters):
            self.y += size * 1.3
            self.text(line, x, size=size, fill=fill, bold=bold)

    def document(self, *, title: str, desc: str) -> Markup:
        """Everything that was written."""
        height = _n(self.y + 8)
        opening = Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" role="img" '
            'aria-labelledby="ladder-title ladder-desc" font-family="{2}"><title id="ladder-title">{3}</title>'
            '<desc id="ladder-desc">{4}</desc><rect width="{0}" height="{1}" fill="#ffffff"/>'
        ).format(WIDTH, height, _FONTS, title, desc)
        return Markup("\n").join([opening, *self._pieces, Markup("</svg>\n")])


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _rung(pen: _Pen, rung: Rung, longest: float) -> None:
    lines = textwrap.wrap(rung.heading, _TITLE)
    _band(pen, lines, _BLUE, "#ffffff")
    _sides(pen, rung)
    for note in rung.notes:
        pen.paragraph(note, size=13, fill=_GREY)
    for clock in rung.clocks:
        _clock(pen, clock, longest)
    pen.y += 10
    if rung.onward:
        _onward(pen, rung.onward)


def _band(pen: _Pen, lines: list[str], fill: str, ink: str) -> None:
    height = 12 + 20 * len(lines)
    pen.put('<rect x="0" y="{0}" width="328" height="{1}" fill="{2}"/>', _n(pen.y), height, fill)
    for line in lines:
        pen.y += 20
        pen.text(line, _LEFT, size=16, fill=ink, bold=True)
    pen.y += 12


def _sides(pen: _Pen, rung: Rung) -> None:
    """Whom the stage brings together: one from either side, with the rung between them."""
    texts = [textwrap.wrap(position, _HALF) for position in (rung.raising, rung.responding)]
    height = 28 + 17 * max(len(text) for text in texts)
    top = pen.y + 8
    for x, side, text in ((0.5, "Raising side", texts[0]), (185.5, "Responding side", texts[1])):
        pen.put(
            '<rect x="{0}" y="{1}" width="142" height="{2}" fill="{3}" stroke="{4}"/>', x, _n(top), height, _PALE, _BLUE
        )
        pen.y = top + 17
        pen.text(side, x + 8, size=13, fill=_GREY)
        for line in text:
            pen.y += 17
            pen.text(line, x + 8, bold=True)
    middle = _n(top + height / 2)
    pen.put('<line x1="147" y1="{0}" x2="181" y2="{0}" stroke="{1}" stroke-width="2"/>', middle, _BLUE)
    pen.put('<path d="M147 {0}l8 -4v8zM181 {0}l-8 -4v8z" fill="{1}"/>', middle, _BLUE)
    pen.y = top + height + 2


def _clock(pen: _Pen, clock: Clock, longest: float) -> None:
    pen.y += 6
    pen.paragraph(clock.title, bold=True)
    for label, span in clock.rows:
        if len(label) > _LABEL:
            pen.paragraph(label, x=_LEFT + 6, size=13, fill=_GREY)
            pen.y += 2
        pen.y += 19
        if len(label) <= _LABEL:
            pen.text(label, _LEFT + 6, size=13, fill=_GREY)
        if span is None:
            pen.text("none", _BAR_LEFT, size=13, fill=_GREY)
            continue
        end = _bar(pen, span, longest)
        pen.text(span.words, end + 8)


def _bar(pen: _Pen, span: Span, longest: float) -> float:
    """A time limit: longer for longer, not in proportion. White lines are reminders. Gives where it ends."""
    length = max(8.0, _BAR_WIDTH * math.sqrt(span.length / longest))
    top, end = pen.y - 10, _BAR_LEFT + length
    fill = _FILLS.get(span.track, _GREY)
    pen.put('<rect x="{0}" y="{1}" width="{2}" height="10" fill="{3}"/>', _BAR_LEFT, _n(top), _n(length), fill)
    for mark in span.marks:
        x = _n(_BAR_LEFT + min(max(length * mark, 2), length - 3))
        pen.put(
            '<line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="#ffffff" stroke-width="2"/>', x, _n(top), _n(top + 10)
        )
    pen.put(
        '<line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="{3}" stroke-width="3"/>',
        _n(end), _n(top - 3), _n(top + 13), _INK,
    )  # fmt: skip
    return end


def _onward(pen: _Pen, words: str) -> None:
    pen.put('<path d="M20 {0}v14h-6l10 12l10 -12h-6v-14z" fill="{1}"/>', _n(pen.y), _BLUE)
    lines = textwrap.wrap(words, 36)
    top = pen.y
    pen.y += 1
    for line in lines:
        pen.y += 17
        pen.text(line, 40)
    pen.y = max(top + 32, pen.y + 12)


def _group(pen: _Pen, title: str, clocks: tuple[Clock, ...]) -> None:
    pen.y += 8
    _band(pen, textwrap.wrap(title, _TITLE), _PALE, _INK)
    longest = max(span.length for clock in clocks for span in clock.spans)
    for clock in clocks:
        _clock(pen, clock, longest)
    pen.y += 8


def _key(pen: _Pen, ladder: Ladder) -> None:
    pen.y += 10
    pen.put('<line x1="0" y1="{0}" x2="328" y2="{0}" stroke="{1}"/>', _n(pen.y), _GREY)
    pen.paragraph(
        "The black end of a bar is the time limit, a white line in it a reminder. A longer bar is a longer time, "
        "though not in proportion.",
        size=13,
        fill=_GREY,
    )
    if ladder.policy.sample:
        pen.paragraph("A sample: nobody's policy.", size=13, bold=True)


def as_document(policy: Policy) -> str:
    """The drawing as a file of its own."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{draw(policy)}'
