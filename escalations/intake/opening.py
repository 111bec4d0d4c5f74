"""What a workflow of a case is started with, for a new case and for one that the register knows."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import policy
from escalations.policy import Policy
from escalations.rules import acts, case, workingtime
from escalations.rules.workingtime import Calendar
from escalations.store import calendars, frozen
from escalations.store.calendars import NO_DAYS_OFF, DaysOff
from escalations.workflows.contracts import FrameText, Opening


class InForce:
    """The policy that new cases are opened under, with a calendar for the year in which each was received."""

    def __init__(self, in_force: Policy, days_off: DaysOff = NO_DAYS_OFF) -> None:
        """Take the policy in force, and what the installation says of its own days."""
        self.policy = in_force
        self.days_off = days_off

    def frame(self, received_at: datetime) -> case.Frame:
        """What a case received at this instant is frozen to: the calendar covers its year and five more."""
        year = workingtime.civil(received_at).year
        return case.Frame(self.policy, _calendar(self.policy.region, year, self.policy.day_zero, self.days_off))


@lru_cache(maxsize=16)
def _calendar(region: workingtime.Region, year: int, day_zero: workingtime.DayZero, days_off: DaysOff) -> Calendar:
    return days_off.on(calendars.build(region, year, day_zero=day_zero))


async def freeze(tx: AsyncConnection, frame: case.Frame, *, at: datetime) -> None:
    """Keep what a case is frozen to, by its hash, before the case can name it."""
    await frozen.put(tx, "policy", policy.canonical(frame.policy), now=at)
    await frozen.put(tx, "calendar", workingtime.canonical_json(frame.calendar), now=at)


def frame_text(frame: case.Frame) -> FrameText:
    """The texts of what a case is to be frozen to, for its workflow."""
    return FrameText(policy=_policy_text(frame.policy), calendar=_calendar_text(frame.calendar))


def for_new(reference: str, frame: case.Frame, first: acts.Raise) -> Opening:
    """The opening of a case that is raised."""
    return Opening(
        reference=reference,
        policy=_policy_text(frame.policy),
        calendar=_calendar_text(frame.calendar),
        first=first,
    )


def for_known(known: case.Case, *, to_deliver: tuple[str, ...] = ()) -> Opening:
    """The opening of a run that goes on from what the register tells of a case."""
    return Opening(
        reference=known.reference,
        policy=_policy_text(known.frame.policy),
        calendar=_calendar_text(known.frame.calendar),
        state=case.snapshot(known),
        to_deliver=to_deliver,
    )


# A few texts for thousands of cases, each under the hash of its content.
_texts: dict[str, str] = {}


def _policy_text(of: Policy) -> str:
    if of.content_hash not in _texts:
        _texts[of.content_hash] = policy.canonical(of)
    return _texts[of.content_hash]


def _calendar_text(of: Calendar) -> str:
    if of.content_hash not in _texts:
        _texts[of.content_hash] = workingtime.canonical_json(of)
    return _texts[of.content_hash]
