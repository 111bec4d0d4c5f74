"""A policy in the terminal: the ladder with its clocks drawn, each in words. It fits into 80 columns."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from escalations.packs import saying
from escalations.packs.saying import Clock, Ladder, Rung, Span
from escalations.policy import Policy

WIDEST: Final = 80
_LABEL: Final = 20
"""How many columns stand before a bar; what is longer stands on a line of its own."""
_BAR: Final = 30
"""How many columns the longest time limit takes."""


def show(policy: Policy, console: Console, *, notes: tuple[str, ...] = ()) -> None:
    """Print a policy's ladder with its clocks, after what is to be said of it first."""
    width = min(console.width, WIDEST)
    for line in lines(saying.say(policy), width=width, notes=notes):
        console.print(line, highlight=False, soft_wrap=True)


def lines(ladder: Ladder, *, width: int = WIDEST, notes: tuple[str, ...] = ()) -> Iterator[Text]:
    """The policy as lines of at most so many columns."""
    policy = ladder.policy
    yield from _bold(f"{policy.title}, version {policy.version}", width)
    for what, who in saying.adoption(policy):
        yield from _plain(f"{what + ':':<15}{who}", width, hang=15)
    for note in notes:
        yield from _bold(note, width)
    if policy.sample:
        yield Text("")
        yield from _bold("A sample: nobody's policy. It assumes:", width)
        for assumption in policy.assumptions:
            yield from _plain(f"- {assumption}", width, hang=2)
    yield Text("")
    for rung in ladder.rungs:
        yield from _rung(rung, ladder, width)
    for group in ladder.groups:
        yield Text("")
        yield from _bold(group.title, width)
        for clock in group.clocks:
            yield from _clock(clock, max(span.length for one in group.clocks for span in one.spans), width, "  ")
    yield Text("")
    yield from _bold("At every stage", width)
    for convention in ladder.conventions:
        yield from _plain(f"- {convention}", width, hang=2)
    yield Text("")
    yield from _bold("What people choose from", width)
    yield from _plain(ladder.lists_note, width, hang=0)
    for listed in ladder.lists:
        yield from _bold(listed.title, width)
        for words, more in listed.entries:
            yield from _plain(f"- {words}{': ' if more else ''}{more}", width, hang=2)


def _rung(rung: Rung, ladder: Ladder, width: int) -> Iterator[Text]:
    """One stage, held together by the line at its left; the arrow leads to the next one."""
    for number, text in enumerate(textwrap.wrap(rung.heading, width - 3)):
        yield Text.assemble("┌─ " if number == 0 else "│  ", (text, "bold"))
    sides = f"{rung.raising} of the raising side ↔ {rung.responding} of each responding agency"
    yield from _framed((sides, *rung.notes, f"Source: {rung.source}."), width)
    for clock in rung.clocks:
        yield Text("│")
        yield from _clock(clock, ladder.longest, width, "│  ")
    if rung.onward:
        yield Text("│")
        yield Text(f"▼  {rung.onward}")
    else:
        yield Text("└─")


def _framed(sentences: Iterable[str], width: int) -> Iterator[Text]:
    for sentence in sentences:
        for text in textwrap.wrap(sentence, width - 3):
            yield Text(f"│  {text}")


def _clock(clock: Clock, longest: float, width: int, edge: str) -> Iterator[Text]:
    """A clock: its name, a bar for each track with reminders as marks in it, and what it says."""
    yield Text.assemble(edge, (clock.title, "bold"))
    widest = max(9, *(len(label) + 1 for label, _ in clock.rows))
    for label, span in clock.rows:
        drawn = "none" if span is None else f"{bar(span, longest)} {span.words}"
        if widest > _LABEL:
            yield Text(f"{edge}  {label}")
        before = label.ljust(widest) if widest <= _LABEL else " " * _LABEL
        yield Text(f"{edge}  {before}{drawn}")
    for text in textwrap.wrap(clock.text, width - len(edge) - 2):
        yield Text(f"{edge}  {text}")


def bar(span: Span, longest: float, *, columns: int = _BAR) -> str:
    """A time limit as a bar: longer for longer, though not in proportion; ``|`` is a reminder, ``┃`` the limit."""
    length = max(2, round(columns * math.sqrt(span.length / longest)))
    drawn = ["▒"] * (length - 1)
    for mark in span.marks:
        drawn[min(int(mark * len(drawn)), len(drawn) - 1)] = "|"
    return f"{''.join(drawn)}┃"


def _bold(text: str, width: int) -> Iterator[Text]:
    return (Text(line, style="bold") for line in textwrap.wrap(text, width))


def _plain(text: str, width: int, *, hang: int) -> Iterator[Text]:
    return (Text(line) for line in textwrap.wrap(text, width, subsequent_indent=" " * hang))
