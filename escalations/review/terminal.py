"""A review in a terminal: the same figures as everywhere, as tables that fit its width."""

from __future__ import annotations

import string

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from escalations.review.exports import Export, cell_words
from escalations.review.figures import HEADINGS, Figure, Section, Unit
from escalations.review.figures import Table as Found
from escalations.rules.civiltime import say

_LABEL = 30
"""The columns of a row's own label, at least, where a table has to be narrowed."""
_GAP, _INDENT = 2, 2


def show(made: Export, console: Console) -> None:
    """Print a review."""
    review = made.review
    console.print(Text(f"Escalations: the review of {review.year.short} ({review.year.words})", style="bold"))
    console.print(Text(f"As known at {say(review.known_at)}, position {review.position} of the register.", style="dim"))
    for sentence in review.says:
        console.print(Text(sentence))
    for section in Section:
        figures = review.of(section)
        if figures:
            console.print(Text(f"\n{HEADINGS[section]}", style="bold underline"))
        for figure in figures:
            _figure(figure, console)


def _figure(figure: Figure, console: Console) -> None:
    table = figure.table
    console.print()
    console.print(Text(figure.title, style="bold"))
    console.print(Text(table.rests, style="dim"))
    for sentence in table.says:
        console.print(Text(sentence))
    if not table.rows:
        return
    heads = [column.label for column in table.columns]
    if not _fits(table, console.width):
        # The heads are what is wide. A letter stands for each, and says above which it is.
        letters = [*string.ascii_uppercase, *(f"A{letter}" for letter in string.ascii_uppercase)][: len(heads)]
        for letter, head in zip(letters, heads, strict=True):
            console.print(Padding(Text(f"{letter}: {head}", style="dim"), (0, 0, 0, _INDENT)))
        heads = letters
    shown = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    shown.add_column("", overflow="fold")
    for column, head in zip(table.columns, heads, strict=True):
        is_words = column.unit is Unit.WORDS
        shown.add_column(head, justify="left" if is_words else "right", overflow="fold", no_wrap=not is_words)
    for row in table.rows:
        shown.add_row(row.label, *(cell_words(cell) for cell in row.cells))
    console.print(Padding(shown, (0, 0, 0, _INDENT)))


def _fits(table: Found, width: int) -> bool:
    """Whether a table stands in this width with its heads unbroken; words in cells may break."""
    cells = [
        max(
            len(column.label),
            *(0 if column.unit is Unit.WORDS else len(cell_words(row.cells[at])) for row in table.rows),
        )
        for at, column in enumerate(table.columns)
    ]
    return _INDENT + _LABEL + sum(_GAP + cell for cell in cells) <= width
