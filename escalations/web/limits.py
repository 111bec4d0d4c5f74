"""The time limits of the policy in force in plain words, for whoever is about to raise something."""

from __future__ import annotations

from typing import Final

from escalations.policy import Awaits, Policy, Side, Track
from escalations.rules.civiltime import Amount

_ASKED: Final = {
    Awaits.BE_REACHED: "to speak with you by phone",
    Awaits.ACKNOWLEDGE: "to acknowledge it",
    Awaits.RESPOND: "to answer",
}


def of_first_stage(policy: Policy, track: Track, *, priority: str | None = None, stage: int = 1) -> tuple[str, ...]:
    """What the stage at which it starts asks of the responding agency, and within what.

    So: ``1 working day to acknowledge it``.
    """
    return tuple(
        f"{amount(clock.limits[track].for_priority(priority).within)} {_ASKED[clock.awaits]}"
        for clock in policy.stage(stage).clocks
        if clock.waits_for is Side.RESPONDING and track in clock.limits and clock.awaits in _ASKED
    )


def amount(of: Amount) -> str:
    """An amount as people say it: hours that run by day and night are simply hours."""
    return of.words().replace("elapsed ", "")


def in_one_line(policy: Policy, track: Track, *, priority: str | None = None, stage: int = 1) -> str:
    """The same in one line."""
    said = of_first_stage(policy, track, priority=priority, stage=stage)
    return " and ".join(filter(None, (", ".join(said[:-1]), said[-1] if said else "")))


def to_look(policy: Policy, track: Track) -> str:
    """Within what the partnership team looks at what is held for it: ``2 working hours``."""
    return next(
        (
            amount(clock.limits[track].within)
            for clock in policy.team_clocks
            if clock.awaits is Awaits.LOOK and track in clock.limits
        ),
        "",
    )
