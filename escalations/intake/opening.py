"""What a workflow of a case is started with, for a new case and for one that the register knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from functools import lru_cache
from typing import NamedTuple, Self

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import policy
from escalations.policy import AgencyClosed, Policy
from escalations.rules import acts, case, workingtime
from escalations.rules.workingtime import Calendar, Closure, OfficeHours
from escalations.store import calendars, closures, frozen
from escalations.store.calendars import NO_DAYS_OFF, DaysOff
from escalations.workflows.contracts import FrameText, Opening


class InForce:
    """The policy that new cases are opened under, with a calendar for the year in which each was received."""

    def __init__(self, in_force: Policy, days_off: DaysOff = NO_DAYS_OFF) -> None:
        """Take the policy in force, and what the installation says of its own days."""
        self.policy = in_force
        self.days_off = days_off

    def frame(self, received_at: datetime, closed: Closed | None = None) -> case.Frame:
        """What a case received at this instant is frozen to: the calendar covers its year and five more.

        Args:
            received_at: the instant.
            closed: the days on which agencies are closed, which count where the policy has it so.
        """
        year = workingtime.civil(received_at).year
        calendar = _calendar(_Counting.by(self.policy), year, self.days_off)
        return case.Frame(self.policy, calendar.with_agencies(closed or {}))


Closed = Mapping[str, Sequence[Closure]]
"""The closures of agencies, by their ids."""


async def closed_by(of: Policy, tx: AsyncConnection) -> Closed:
    """The days on which agencies are closed, for a policy by which they do not count; none for any other."""
    if of.agency_closures is not AgencyClosed.DAYS_DO_NOT_COUNT:
        return {}
    return await closures.closures(tx)


class _Counting(NamedTuple):
    """What a policy says of how time is counted."""

    region: workingtime.Region
    day_zero: workingtime.DayZero
    office_hours: OfficeHours
    close_of_business: time
    cut_off: time | None
    days_end: workingtime.DaysEnd

    @classmethod
    def by(cls, of: Policy) -> Self:
        return cls(of.region, of.day_zero, of.hours, of.closes, of.cuts_off, of.calendar_days_end)


def counts_as(of: Policy, calendar: Calendar) -> bool:
    """Whether a calendar counts time as a policy says."""
    counted = (calendar.region, calendar.day_zero, calendar.office_hours, calendar.close_of_business)
    return _Counting.by(of) == (*counted, calendar.cut_off, calendar.days_end)


@lru_cache(maxsize=16)
def _calendar(by: _Counting, year: int, days_off: DaysOff) -> Calendar:
    built = calendars.build(
        by.region,
        year,
        day_zero=by.day_zero,
        office_hours=by.office_hours,
        close_of_business=by.close_of_business,
        cut_off=by.cut_off,
        days_end=by.days_end,
    )
    return days_off.on(built)


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
