"""The raiser is never left without word: every event that they hear of says when the next word is due.

Source: the rules of practice ("The raiser hears at received, passed on ... and is never left 5 working days without
word"). What counts as word is what ``notices`` sends to whoever raised the case, so that the two cannot come to differ.
"""

from __future__ import annotations

from datetime import datetime

from escalations.rules import clocks, notices, workingtime
from escalations.rules.case import Case, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve


def next_due(case: Case, at: datetime) -> datetime | None:
    """When the raiser, told something at this moment, is due the next word; none past the end of the calendar."""
    try:
        due = workingtime.deadline(case.frame.calendar, at, case.frame.policy.word_to_raiser_every)
    except workingtime.CalendarExhausted:
        return None  # A word that cannot be dated is not a reason to stop the case; the calendar is to be extended.
    # An act applied late counts from when it was received, and takes no word back that was given since.
    return due if case.word_due_at is None else max(due, case.word_due_at)


def marked(case: Case, happened: tuple[Event, ...]) -> tuple[Event, ...]:
    """The same events, with the next word's due time on each that the raiser hears of.

    The first that finds the calendar too short for some clock says so.
    """
    told: list[Event] = []
    for event in happened:
        after = evolve(case, event)
        if after.status is not Status.CLOSED and not after.calendar_ended and not clocks.reaches(after, event.at):
            event = event.model_copy(update={"calendar_ended": True})  # noqa: PLW2901  the same, marked
            after = evolve(case, event)
        if after.status is not Status.CLOSED and _raiser_hears(after, event):
            event = event.model_copy(update={"word_due_at": next_due(case, event.at)})  # noqa: PLW2901  the same, marked
            after = evolve(case, event)
        told.append(event)
        case = after
    return tuple(told)


def _raiser_hears(case: Case, event: Event) -> bool:
    return any(notice.to.position == notices.RAISER for notice in notices.notices_for(case, event))
