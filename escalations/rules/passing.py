"""What time alone brings: reminders, passed limits, proposals, a move that a person intended, a word to the raiser."""

from __future__ import annotations

from datetime import datetime

from escalations.policy import OnLimit, StartsFrom
from escalations.rules import clocks, events, moving
from escalations.rules.case import Case, Clock, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all


def due(case: Case, now: datetime) -> tuple[Event, ...]:
    """What is due at this instant, in one batch.

    Once these events have been applied nothing more is due, and ``clocks.next_wake`` is later than ``now`` or none.
    """
    return _due(case, now, inclusive=True)


def due_before(case: Case, now: datetime) -> tuple[Event, ...]:
    """What was due before this instant. Where an act and a deadline coincide the act goes first."""
    return _due(case, now, inclusive=False)


def _due(case: Case, now: datetime, *, inclusive: bool) -> tuple[Event, ...]:
    happened: tuple[Event, ...] = ()
    while (wake := clocks.next_wake(case)) is not None and (wake < now or (inclusive and wake == now)):
        brought = _first(case, now, inclusive=inclusive)
        case = evolve_all(case, brought)
        happened = (*happened, *brought)
    return happened


def _first(case: Case, now: datetime, *, inclusive: bool) -> tuple[Event, ...]:
    """The earliest thing that is due. Limits go before the move that may follow from them, a word to the raiser last."""
    waiting = [(instant, clock.clock_id, clock) for clock in case.clocks
               if (instant := clocks.next_instant(clock)) is not None]
    wake = clocks.next_wake(case)
    for instant, _, clock in sorted(waiting, key=lambda item: item[:2]):
        if instant == wake:
            passed = clock.due_at < now or (inclusive and clock.due_at == now)
            return _limit(case, clock, now) if passed else clocks.remind(case, clock, now)
    move = case.move
    if move is not None and move.takes_effect_at == wake:
        return moving.start_stage(
            case, move.to_stage, now, by=move.intended_by, channel=move.channel, happened_at=move.happened_at)
    return (events.RaiserKeptInformed(at=now, word_due_at=moving.word_due(case, now)),)


def _limit(case: Case, clock: Clock, now: datetime) -> tuple[Event, ...]:
    passed = clocks.pass_limit(case, clock, now)
    here = clock.stage is None or clock.stage == case.stage
    above = case.frame.policy.next_stage(case.stage)
    if not here or above is None or case.status is not Status.OPEN:
        return (passed,)
    match clock.on_limit:
        case OnLimit.TELL:
            return (passed,)
        case OnLimit.ESCALATE:
            return (passed, *moving.start_stage(evolve_all(case, (passed,)), above.number, now))
        case OnLimit.PROPOSE:
            if case.move is not None:
                return (passed,)
            proposed = events.MoveProposed(at=now, to_stage=above.number, because_of=clock.clock_id)
            asked = evolve_all(case, (passed, proposed))
            return (passed, proposed, *clocks.start_all(
                asked, clocks.rules_of_process(asked, StartsFrom.PROPOSED), now))


def is_owed(case: Case) -> bool:
    """Whether anything is still owed, by anybody or by time; a run of the workflow ends when nothing is."""
    return case.status is not Status.CLOSED

