"""A case's life, drawn: time runs down, stages are bands, clocks are bars, acts and notices are points.

Rows follow the moments at which something happened, so that what matters stays readable at the width of a phone; a
longer wait makes a longer way, but not in proportion. Everything that is drawn also stands in ``Drawing.facts``, for
the table.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from markupsafe import Markup, escape

from escalations.rules import events
from escalations.rules.case import Status
from escalations.rules.civiltime import civil
from escalations.web import story, telling
from escalations.web.clock_lives import ClockLife, lives
from escalations.web.story import Story
from escalations.web.telling import Names

WIDTH: Final = 360
"""Of the drawing's own coordinates: a phone's width, so that its letters are 14 of a phone's pixels."""
_LINE: Final = 18
_LANE: Final = 16
_BAR: Final = 7
_LEFT: Final = 12
_LETTERS: Final = 31
"""How many letters of a label fit on a line beside four bars."""
_BOLD_LETTERS: Final = 27
_MOST_GAP: Final = 44
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Mark(StrEnum):
    """The shape of a point."""

    ACT = "act"
    """A person did something: a filled circle."""
    NOTICE = "notice"
    """Something was told, or time brought it: a small square."""
    HAPPENED = "happened"
    """When something happened that was written up later: a ring."""
    LIMIT = "limit"
    """A time limit passed: a diamond."""
    DUE = "due"
    """A time limit still to come: an empty diamond."""
    WAS_DUE = "was_due"
    """A time limit that was moved: a short line."""
    STAGE = "stage"
    """A stage began: the head of a band."""
    NOW = "now"
    """The line of the present moment."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the drawing, and of the table beside it."""

    at: datetime
    mark: Mark
    words: str
    about: int | None = None
    """The clock that it is about, by its number."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing, with the same facts as rows."""

    svg: Markup
    facts: tuple[Fact, ...]
    clocks: tuple[ClockLife, ...]


_NOTICES: Final = (
    events.ReminderFell,
    events.MoveProposed,
    events.PartnershipNotified,
    events.NoticeReported,
    events.MessageReported,
    events.RaiserKeptInformed,
    events.ProposalEnded,
    events.LimitWithdrawn,
    events.PausedTooLong,
    events.ActionReminded,
    events.ActionDatePassed,
    events.FollowUpAsked,
    events.FollowUpReminded,
    events.FollowUpUnanswered,
)


def draw(found: Story, names: Names, *, now: datetime) -> Drawing:
    """Draw the life of a case as it is known at this moment."""
    clocks = lives(told.event for told in found.told)
    facts = _facts(found, clocks, names, now)
    return Drawing(_svg(found, facts, clocks, now), facts, clocks)


# ---- What is drawn --------------------------------------------------------------------------------------------------


def _facts(found: Story, clocks: Sequence[ClockLife], names: Names, now: datetime) -> tuple[Fact, ...]:
    numbers = {clock.started.clock_id: clock.number for clock in clocks}
    facts: list[Fact] = []
    mistakes = story.mistakes(found)
    for told in found.told:
        event = told.event
        label = telling.label(event, names)
        if label is None:
            continue
        if event.submission_id in mistakes and not isinstance(event, events.MoveIntended):
            label = f"{label} (a mistake)"
        facts.append(Fact(event.at, _mark(event), label, numbers.get(getattr(event, "clock_id", ""))))
        happened = getattr(event, "happened_at", None)
        if isinstance(event, events.SaidDone) and happened is not None:
            facts.append(
                Fact(happened, Mark.HAPPENED, f"{label.removeprefix('Said: ').capitalize()} (written up later)")
            )
    facts.extend(
        Fact(moved.was_due_at, Mark.WAS_DUE, f"Was due: {_lower(clock.title)}", clock.number)
        for clock in clocks
        for moved in clock.moved
        if clock.ended_at is None or moved.was_due_at <= clock.ended_at
    )
    if found.case.status is not Status.CLOSED:
        facts.extend(
            Fact(clock.due_at, Mark.DUE, f"Due: {_lower(clock.title)}", clock.number)
            for clock in clocks
            if clock.end is None and clock.limit_passed_at is None and not clock.paused
        )
        facts.append(Fact(now, Mark.NOW, "Now"))
    # In the order of time; what happened at one moment in the order of the register, and "now" after it.
    return tuple(sorted(facts, key=lambda fact: (fact.at, fact.mark is Mark.NOW, fact.mark is Mark.DUE)))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _mark(event: events.Event) -> Mark:
    if isinstance(event, events.StageStarted):
        return Mark.STAGE
    if isinstance(event, events.LimitPassed):
        return Mark.LIMIT
    return Mark.NOTICE if isinstance(event, _NOTICES) else Mark.ACT


# ---- How it is laid out ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    fact: Fact
    y: float
    """The middle of its first line of words, where its mark stands."""
    lines: tuple[str, ...]
    dated: bool
    """Whether the moment is written above it; not where the row before has the same."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a moment lies between the rows."""

    moments: tuple[tuple[datetime, float], ...]

    def y(self, moment: datetime) -> float:
        before = [place for place in self.moments if place[0] <= moment]
        after = [place for place in self.moments if place[0] >= moment]
        if not before:
            return after[0][1]
        if not after or before[-1][0] == moment:
            return before[-1][1]
        (start, top), (end, bottom) = before[-1], after[0]
        return top + (bottom - top) * ((moment - start) / (end - start))


def _rows(facts: Sequence[Fact]) -> tuple[tuple[_Row, ...], float]:
    rows: list[_Row] = []
    y = 14.0
    last: datetime | None = None
    for fact in facts:
        dated = last is None or fact.at - last >= timedelta(minutes=1)
        if dated and last is not None:
            days = (fact.at - last) / timedelta(days=1)
            y += 8 + min(_MOST_GAP, 9 * days**0.5)
        number = f" ({fact.about})" if fact.about is not None else ""
        letters = _BOLD_LETTERS if fact.mark in {Mark.LIMIT, Mark.STAGE, Mark.NOW} else _LETTERS
        lines = tuple(textwrap.wrap(f"{fact.words}{number}", letters)) or ("",)
        y += _LINE if dated else 0
        rows.append(_Row(fact, y, lines, dated))
        y += _LINE * len(lines) + 4
        last = fact.at
    return tuple(rows), y + 6


def _scale(rows: Iterable[_Row]) -> _Scale:
    places: dict[datetime, float] = {}
    for row in rows:
        places.setdefault(row.fact.at, _now_line(row) if row.fact.mark is Mark.NOW else row.y)
    return _Scale(tuple(sorted(places.items())))


def _now_line(row: _Row) -> float:
    """Where the line of the present moment lies: above its words."""
    return row.y - (_LINE if row.dated else 0) - 11


def _lanes(clocks: Sequence[ClockLife], end: datetime) -> dict[int, int]:
    """A lane for each bar, so that no two bars lie on each other."""
    free_from: list[datetime] = []
    lanes: dict[int, int] = {}
    for clock in clocks:
        until = clock.ended_at or max(end, clock.due_at)
        lane = next((place for place, free in enumerate(free_from) if free < clock.started.at), None)
        if lane is None:
            lane = len(free_from)
            free_from.append(until)
        else:
            free_from[lane] = until
        lanes[clock.number] = lane
    return lanes


# ---- How it is written ----------------------------------------------------------------------------------------------


def _svg(found: Story, facts: Sequence[Fact], clocks: Sequence[ClockLife], now: datetime) -> Markup:
    rows, height = _rows(facts)
    scale = _scale(rows)
    lanes = _lanes(clocks, now)
    spine = _LEFT + _LANE * (max(lanes.values(), default=-1) + 1) + 6
    width = max(WIDTH, spine + 14 + 8 * _LETTERS)
    title = f"The life of {found.case.reference}"
    pieces: list[Markup] = [
        Markup(
            '<svg class="life" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" role="img" '
            'aria-labelledby="life-title life-desc"><title id="life-title">{2}</title><desc id="life-desc">{3}</desc>'
        ).format(f"{width:.0f}", f"{height:.0f}", title, _description(found, facts, clocks)),
        *_bands(rows, height, width),
        Markup('<line class="life-spine" x1="{0}" y1="6" x2="{0}" y2="{1}"/>').format(spine, f"{height - 6:.0f}"),
        *(_bar(clock, lanes[clock.number], scale, found, now) for clock in clocks),
        *(_point(row, spine, width) for row in rows),
        Markup("</svg>"),
    ]
    return Markup("\n").join(pieces)


def _description(found: Story, facts: Sequence[Fact], clocks: Sequence[ClockLife]) -> str:
    passed = sum(1 for clock in clocks if clock.passed)
    return (
        f"Time runs from top to bottom. Stage {found.case.stage} of {len(found.case.frame.policy.stages)}. "
        f"{len(facts)} moments, {len(clocks)} clocks, {passed} time limits passed. The same facts stand in the table "
        "that follows."
    )


def _bands(rows: Sequence[_Row], height: float, width: float) -> list[Markup]:
    starts = [row.y - 12 - (_LINE if row.dated else 0) for row in rows if row.fact.mark is Mark.STAGE]
    ends = [*starts[1:], height][: len(starts)]
    return [
        Markup('<rect class="life-band life-band--{0}" x="0" y="{1}" width="{2}" height="{3}"/>').format(
            place % 2, f"{top:.0f}", f"{width:.0f}", f"{max(0.0, bottom - top):.0f}"
        )
        for place, (top, bottom) in enumerate(zip(starts, ends, strict=True))
    ]


def _bar(clock: ClockLife, lane: int, scale: _Scale, found: Story, now: datetime) -> Markup:
    x = _LEFT + lane * _LANE
    top = scale.y(clock.started.at)
    until = clock.ended_at or found.case.closed_at or max(now, clock.started.at)
    bottom = max(scale.y(until), top + 10)
    due = scale.y(clock.due_at)
    pieces = [
        Markup('<rect class="life-bar" x="{0}" y="{1}" width="{2}" height="{3}" rx="3"/>').format(
            x, f"{top:.1f}", _BAR, f"{min(bottom, due) - top if clock.passed and due < bottom else bottom - top:.1f}"
        )
    ]
    pieces.extend(
        Markup('<rect class="life-pause" x="{0}" y="{1}" width="{2}" height="{3}"/>').format(
            x, f"{scale.y(since):.1f}", _BAR, f"{max(scale.y(min(end or until, until)) - scale.y(since), 2):.1f}"
        )
        for since, end in clock.pauses
        if since < until
    )
    if clock.passed and due < bottom:
        pieces.append(
            Markup('<rect class="life-bar life-bar--after" x="{0}" y="{1}" width="{2}" height="{3}" rx="3"/>').format(
                x, f"{due:.1f}", _BAR, f"{bottom - due:.1f}"
            )
        )
    if clock.end is None and not clock.passed and due > bottom:
        pieces.append(
            Markup('<line class="life-ahead" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/>').format(
                x + _BAR / 2, f"{bottom:.1f}", f"{due:.1f}"
            )
        )
    if clock.end is None or clock.passed:
        pieces.append(_diamond(x + _BAR / 2, due, filled=clock.passed))
    pieces.append(
        Markup('<text class="life-number" x="{0}" y="{1}">{2}</text>').format(
            x + _BAR / 2, f"{top - 2:.1f}", clock.number
        )
    )
    return Markup("").join(pieces)


def _point(row: _Row, spine: float, width: float) -> Markup:
    x = spine + 14
    y = row.y
    pieces: list[Markup] = []
    if row.dated:
        pieces.append(
            Markup('<text class="life-when" x="{0}" y="{1}">{2}</text>').format(
                x, f"{y + 5 - _LINE:.1f}", when(row.fact.at)
            )
        )
    if row.fact.mark is Mark.NOW:
        pieces.append(
            Markup('<line class="life-now" x1="0" y1="{0}" x2="{1}" y2="{0}"/>').format(
                f"{_now_line(row):.1f}", f"{width:.0f}"
            )
        )
    pieces.append(_shape(row.fact.mark, spine, y))
    for place, line in enumerate(row.lines):
        pieces.append(
            Markup('<text class="life-words life-words--{0}" x="{1}" y="{2}">{3}</text>').format(
                row.fact.mark.value, x, f"{y + 5 + place * _LINE:.1f}", escape(line)
            )
        )
    return Markup("").join(pieces)


def _shape(mark: Mark, x: float, y: float) -> Markup:
    match mark:
        case Mark.ACT:
            return Markup('<circle class="life-act" cx="{0}" cy="{1}" r="5"/>').format(x, f"{y:.1f}")
        case Mark.HAPPENED:
            return Markup('<circle class="life-happened" cx="{0}" cy="{1}" r="5"/>').format(x, f"{y:.1f}")
        case Mark.NOTICE | Mark.STAGE:
            return Markup('<rect class="life-notice" x="{0}" y="{1}" width="7" height="7"/>').format(
                x - 3.5, f"{y - 3.5:.1f}"
            )
        case Mark.LIMIT:
            return _diamond(x, y, filled=True)
        case Mark.DUE:
            return _diamond(x, y, filled=False)
        case Mark.WAS_DUE:
            return Markup('<line class="life-was-due" x1="{0}" y1="{2}" x2="{1}" y2="{2}"/>').format(
                x - 6, x + 6, f"{y:.1f}"
            )
        case Mark.NOW:
            return Markup("")


def _diamond(x: float, y: float, *, filled: bool) -> Markup:
    return Markup('<path class="life-diamond{0}" d="M{1} {2}l6 6l-6 6l-6 -6z"/>').format(
        " life-diamond--passed" if filled else "", f"{x:.1f}", f"{y - 6:.1f}"
    )


def when(moment: datetime) -> str:
    """A moment in few letters: "Mon 1 Mar 2027, 09:30"."""
    local = civil(moment)
    return f"{_WEEKDAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"
