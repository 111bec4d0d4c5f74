"""What time alone brings: reminders, passed limits, proposals, a move that a person intended, a word to the raiser.

And what ``promises`` has of a plan's actions and of the follow-up, also after the end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from escalations.policy import Awaits, OnLimit, StartsFrom
from escalations.rules import clocks, events, moving, promises, word
from escalations.rules.case import Case, Clock, Move, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all

_INSTANT = timedelta(microseconds=1)


def due(case: Case, now: datetime) -> tuple[Event, ...]:
    """What is due at this instant, in one batch.

    Once these events have been applied nothing more is due, and ``clocks.next_wake`` is later than ``now`` or none.
    Also past the end of the frozen calendar: what cannot be dated does not start, and the team is told.
    """
    return _due(case, now, now)


def due_before(case: Case, now: datetime) -> tuple[Event, ...]:
    """What was due before this instant. Where an act and a deadline coincide the act goes first."""
    return _due(case, now, now - _INSTANT)


def _due(case: Case, now: datetime, until: datetime) -> tuple[Event, ...]:
    happened: tuple[Event, ...] = ()
    while (wake := clocks.next_wake(case)) is not None and wake <= until:
        brought = word.marked(case, _first(case, now, until))
        case = evolve_all(case, brought)
        happened = (*happened, *brought)
    return happened


def _first(case: Case, now: datetime, until: datetime) -> tuple[Event, ...]:
    """The earliest thing that is due.

    At one instant limits go before the move that they may stop, and a word to the raiser last. Where we come late, what
    was to happen first still goes first: a limit that lay behind a move is stopped by it, as it would have been.
    """
    waiting = [
        (instant, place, clock)
        for place, clock in enumerate(case.clocks)
        if (instant := clocks.next_instant(clock, by=until)) is not None and instant <= until
    ]
    instant, _, clock = min(waiting, key=lambda item: item[:2], default=(None, None, None))
    promised = promises.first(case, now, until)
    if case.status is Status.CLOSED:
        # Nothing else is waited for any more, and where nothing of this is due nothing is.
        return () if promised is None else (promised[1],)
    move = case.move
    effect = None if move is None or move.takes_effect_at is None or move.takes_effect_at > until else move
    if (
        clock is not None
        and instant is not None
        and (effect is None or effect.takes_effect_at is None or instant <= effect.takes_effect_at)
    ):
        return _limit(case, clock, now) if instant == clock.due_at else clocks.remind(case, clock, now)
    if effect is not None:
        return _moves(case, effect, now)
    if promised is not None:
        return (promised[1],)
    pause = case.pause
    if pause is not None and not pause.told and pause.until <= until:
        return (events.PausedTooLong(at=now, paused_at=pause.paused_at, until=pause.until),)
    return (events.RaiserKeptInformed(at=now),)


def _moves(case: Case, move: Move, now: datetime) -> tuple[Event, ...]:
    """The move that a person intends, or a rule of the policy by itself."""
    by_rule = move.by_rule if move.intended_at is None else None
    return moving.start_stage(
        case,
        move.to_stage,
        now,
        by=move.intended_by,
        channel=move.channel,
        happened_at=move.happened_at,
        by_rule=None if by_rule is None else clocks.rule_of(case, case.clock(str(move.because_of))),
        because_of=move.because_of if by_rule is not None else None,
        skip_because=move.skip_because,
        skip_side=move.skip_side,
    )


def _limit(case: Case, clock: Clock, now: datetime) -> tuple[Event, ...]:
    passed = clocks.pass_limit(case, clock, now)
    known = evolve_all(case, (passed,))
    match clocks.what_follows(known, known.clock(clock.clock_id)):
        case OnLimit.TELL:
            return (passed,)
        case OnLimit.ESCALATE:
            return _escalate(case, clock, now)
        case OnLimit.PROPOSE:
            to_stage = clocks.target_of(case, clock) or case.stage + 1
            proposed = events.MoveProposed(at=now, to_stage=to_stage, because_of=clock.clock_id)
            asked = evolve_all(case, (passed, proposed))
            return (
                passed,
                proposed,
                *clocks.start_all(asked, clocks.rules_of_process(asked, StartsFrom.PROPOSED), now),
            )
        case follows:
            assert_never(follows)


def _escalate(case: Case, clock: Clock, now: datetime) -> tuple[Event, ...]:
    """The document says so: the case moves up, once the level passed over has been told.

    Where it moves at once, every limit that passed by then is noted first, for it did pass.
    """
    passed = clocks.pass_limit(case, clock, now)
    known = evolve_all(case, (passed,))
    rule, to_stage = clocks.rule_of(case, clock), clocks.target_of(case, clock) or case.stage + 1
    effect = moving.takes_effect(known, now)
    if effect > now:
        coming = events.MoveDue(
            at=now,
            to_stage=to_stage,
            because_of=clock.clock_id,
            by_rule=rule.id,
            source=rule.source,
            takes_effect_at=effect,
        )
        return (passed, coming, *clocks.stop(known.running(Awaits.CHOOSE), now))
    happened: tuple[Event, ...] = ()
    for other in case.clocks:
        runs = other.running and other.limit_passed_at is None and other.paused_since is None
        if runs and other.due_at <= clock.due_at:
            happened = (*happened, clocks.pass_limit(case, other, now))
    moved = moving.start_stage(evolve_all(case, happened), to_stage, now, by_rule=rule, because_of=clock.clock_id)
    return (*happened, *moved)


def is_owed(case: Case) -> bool:
    """Whether anything is still owed, by anybody or by time; a run of the workflow ends when nothing is.

    After the end that is what was agreed to be done by a date, and the follow-up.
    """
    return case.status is not Status.CLOSED or clocks.next_wake(case) is not None
