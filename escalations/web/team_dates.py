"""The dates of time limits before and after an act of the team, to be read before it is sent.

A pause has no new dates yet: the clocks stand still, and what each would become depends on the day on which the case
goes on. So two such days are worked out, by the rules themselves: five working days from now, and the last day that the
policy has for a pause.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from escalations.rules import acts, decider, workingtime
from escalations.rules.access import Refused
from escalations.rules.acts import Act
from escalations.rules.case import Case, Clock
from escalations.rules.civiltime import say
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all
from escalations.rules.workingtime import Amount, Unit
from escalations.web import telling
from escalations.web.telling import Names

_SOON: Final = Amount(value=5, unit=Unit.WORKING_DAYS)


def lines(before: Case, act: Act, happened: tuple[Event, ...], names: Names, *, now: datetime) -> tuple[str, ...]:
    """A sentence for each time limit that the act concerns; none for an act that moves none.

    Args:
        before: the case as it stands.
        act: what is to be done.
        happened: what it would bring.
        names: of the agencies.
        now: the moment.
    """
    after = evolve_all(before, happened)
    if isinstance(act, acts.Pause):
        return tuple(_of_pause(before, after, act, names, now))
    if isinstance(act, acts.Resume):
        return tuple(
            _before_and_after(clock, after.clock(clock.clock_id), names)
            for clock in before.clocks
            if clock.running and clock.paused_since is not None
        )
    return ()


def _before_and_after(was: Clock, now: Clock, names: Names) -> str:
    if was.due_at == now.due_at:
        return f"{_first_up(was, names)}: it stays due {say(was.due_at)}, for the pause took none of its time"
    return f"{_first_up(was, names)}: it was due {say(was.due_at)}, and is then due {say(now.due_at)}"


def _of_pause(before: Case, after: Case, act: acts.Pause, names: Names, now: datetime) -> Iterator[str]:
    stopped = {clock.clock_id for clock in after.clocks if clock.paused_since is not None}
    resumed = tuple((moment, _resumed(after, act, moment)) for moment in _moments(after, now))
    for clock in before.clocks:
        if clock.clock_id not in stopped:
            continue
        then = "; ".join(
            f"if it goes on at {say(moment)}, it is due {say(case.clock(clock.clock_id).due_at)}"
            for moment, case in resumed
            if case is not None
        )
        yield f"{_first_up(clock, names)}: due {say(clock.due_at)} so far, and stands still from now; {then}"


def _moments(after: Case, now: datetime) -> tuple[datetime, ...]:
    """Days on which it may go on: soon, and when it has been paused for as long as the policy has it."""
    if after.pause is None:
        return ()
    try:
        soon = workingtime.deadline(after.frame.calendar, now, _SOON)
    except workingtime.CalendarExhausted:
        return (after.pause.until,)
    return (soon, after.pause.until) if soon < after.pause.until else (after.pause.until,)


def _resumed(paused: Case, act: acts.Pause, moment: datetime) -> Case | None:
    resume = acts.Resume(
        submission_id=act.submission_id, by=act.by, channel=act.channel, received_at=moment, content_digest=None
    )
    happened = decider.decide(paused, resume, moment)
    return None if isinstance(happened, Refused) else evolve_all(paused, happened)


def _first_up(clock: Clock, names: Names) -> str:
    said = telling.clock(clock, names)
    return said[:1].upper() + said[1:]
