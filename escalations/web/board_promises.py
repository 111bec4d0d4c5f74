"""What was agreed to be done by a date, and who is asked what came of it: the lines that the board has of them.

Of open and of closed escalations. Nothing here says what an action is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, assert_never

from escalations.rules.civiltime import civil, say, say_day
from escalations.store.promises import Kind, Promise, Standing
from escalations.web import promised
from escalations.web.board_filters import Filters
from escalations.web.telling import Names

SHOWN: Final = 50
"""How many lines the board shows of each part; the nearest first."""
LONG_OVER: Final = timedelta(days=28)
"""After which a date that is over stands apart: what is to come must not be the line after fifty old ones."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that somebody is waited for."""

    reference: str
    what: str
    who: str
    by: str
    stands: str
    closed: bool
    passed: bool


@dataclass(frozen=True, slots=True)
class Promises:
    """All of them, as the board shows them."""

    lines: tuple[Line, ...]
    """To come, or over for a short time."""
    later: int
    """How many more there are, with a later date."""
    long_over: tuple[Line, ...]
    """Over for long; the newest first. They leave the list once somebody's word on them is recorded."""
    earlier: int
    """How many more there are, over for longer still."""
    count: int
    passed: int
    """Of how many the date is over."""


def lines(waiting: Sequence[Promise], names: Names, filters: Filters, *, now: datetime) -> Promises:
    """The lines of the board, of one agency where it was chosen."""
    found = [one for one in waiting if filters.agency in {None, one.agency_id}]
    long_over = [one for one in found if _is_over(one, now - LONG_OVER)]
    near = [one for one in found if not _is_over(one, now - LONG_OVER)]
    return Promises(
        lines=tuple(_line(one, names, now) for one in near[:SHOWN]),
        later=max(0, len(near) - SHOWN),
        long_over=tuple(_line(one, names, now) for one in long_over[::-1][:SHOWN]),
        earlier=max(0, len(long_over) - SHOWN),
        count=len(found),
        passed=sum(_is_over(one, now) for one in found),
    )


def _is_over(one: Promise, now: datetime) -> bool:
    return one.due_at is not None and one.due_at < now


def _line(one: Promise, names: Names, now: datetime) -> Line:
    over = _is_over(one, now)
    match one.kind:
        case Kind.ACTION:
            number = promised.number_of(one.item_id)
            what = f"{number[:1].upper()}{number[1:]} of a plan"
            stands = (
                "Said not to be done" if one.state is Standing.NOT_DONE else "Date passed" if over else "To be done"
            )
        case Kind.PLAN:
            what, stands = "Word on a plan", "Not answered yet"
        case Kind.FOLLOW_UP:
            what, stands = "What came of it", "Time to answer is over" if over else "Asked"
        case _:
            assert_never(one.kind)
    by = "" if one.due_at is None else _by(one, one.due_at)
    return Line(one.reference, what, names.agency(one.agency_id), by, stands, one.closed, over)


def _by(one: Promise, due: datetime) -> str:
    """An action's date is a day; a time to answer is a moment."""
    return say_day(civil(due).date()) if one.kind is Kind.ACTION else say(due)
