"""A review in a terminal: the same figures as everywhere, as tables."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from escalations.review.exports import Export, cell_words
from escalations.review.figures import HEADINGS, Figure, Section, Unit
from escalations.rules.civiltime import say


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
    console.print(Text(f"Rests on {table.rests_on} {table.of}.", style="dim"))
    for sentence in table.says:
        console.print(Text(sentence))
    if not table.rows:
        return
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    shown.add_column("", overflow="fold")
    for column in table.columns:
        shown.add_column(column.label, justify="left" if column.unit is Unit.WORDS else "right", overflow="fold")
    for row in table.rows:
        shown.add_row(row.label, *(cell_words(cell) for cell in row.cells))
    console.print(Padding(shown, (0, 0, 0, 2)))
