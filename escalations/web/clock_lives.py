"""Every clock that a case ever had: when it ran, what became of it, and the receipt of its deadline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from escalations.policy import Awaits, Side
from escalations.rules import clocks, events, workingtime
from escalations.rules.case import Case, Cause, ClockEnd, RedateReason
from escalations.rules.events import Event
from escalations.rules.workingtime import Amount, Receipt
from escalations.web import telling, words
from escalations.web.telling import Names


@dataclass(frozen=True, slots=True)
class KeptDate:
    """A due time that a clock had, and what moved it."""

    was_due_at: datetime
    due_at: datetime
    moved_at: datetime
    because: str
    receipt: Receipt | None


def extension_receipt(case: Case, event: events.ClockExtended) -> Receipt | None:
    """How an extension is counted on from when the clock was due, day by day.

    None where counting from there does not lead to the date that the rules gave, which keeps the time of day of the
    old one: nothing is shown as an account that is none.
    """
    try:
        counted = workingtime.receipt(
            case.frame.calendar_for(event.agency_id, side=event.waits_for),
            start=event.was_due_at,
            start_event="extended",
            amount=event.by_amount,
            rule=event.clock_id,
        )
    except workingtime.CalendarExhausted:
        return None
    return counted if counted.due == event.due_at else None


@dataclass(frozen=True, slots=True)
class Redated:
    """What a re-date made of one clock."""

    at: datetime
    was_due_at: datetime
    due_at: datetime
    because: RedateReason
    reminders: tuple[datetime, ...]


Moved = events.ClockResumed | events.ClockExtended | events.ClockSetSooner | events.ClockRecounted | Redated
"""What moves a due time."""


def _because(event: Moved) -> str:
    match event:
        case events.ClockResumed():
            return "a pause gave back what it had taken"
        case events.ClockExtended():
            return f"extended by {event.by_amount.words()}{telling.agreed_before(event)}"
        case events.ClockSetSooner():
            return "a sooner time was set"
        case events.ClockRecounted():
            if event.track is None:
                return f"its priority was set, which gives it {event.amount}"
            since = " from then" if event.counted_from else ", from its start"
            return f"it was put on the {event.track} track, which gives it {event.amount}{since}"
        case Redated():
            return f"counted anew ({words.REDATES[event.because].lower()})"
        case _:
            assert_never(event)


@dataclass(frozen=True, slots=True)
class ClockLife:
    """One clock from its start to its end."""

    number: int
    """As the drawing and the list number it."""
    started: events.ClockStarted
    ended_at: datetime | None = None
    """When it stopped to run; what met it may have happened before."""
    end: ClockEnd | None = None
    counts_from: datetime | None = None
    limit_passed_at: datetime | None = None
    cause: Cause | None = None
    evidence: Cause | None = None
    """The cause by the evidence alone, whatever the team confirmed."""
    cause_confirmed: bool = False
    accounts_until: datetime | None = None
    """Until when those who are asked can add their account of the delay; the team confirms the cause after that."""
    withdrawn: bool = False
    paused: bool = False
    moved: tuple[Moved, ...] = ()
    """What moved its due time, in its order."""
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()
    """From when to when it did not run; the last one lasts where it has no end."""
    amount: str = ""
    """What it is counted with: as it began, or as a priority or a re-date gave it later."""
    calendar_hash: str = ""
    """Of the calendar that it is counted in."""
    receipt_hash: str = ""
    """Of the account of its count, as the register has it."""
    counted_from: datetime | None = None
    """From when it counts, where that is not its start: it became urgent."""

    @property
    def due_at(self) -> datetime:
        """By when it is met in time."""
        return self.moved[-1].due_at if self.moved else self.started.due_at

    def dates(self, case: Case) -> tuple[KeptDate, ...]:
        """Every due time that it had before the present one: when it was moved, why, and how the new one counts."""
        return tuple(
            KeptDate(
                event.was_due_at,
                event.due_at,
                event.at,
                _because(event),
                extension_receipt(case, event) if isinstance(event, events.ClockExtended) else None,
            )
            for event in self.moved
        )

    @property
    def passed(self) -> bool:
        """Whether its limit passed, and that still stands."""
        return self.limit_passed_at is not None and not self.withdrawn

    @property
    def title(self) -> str:
        """What it waits for, in a few words."""
        last = self.started.to_stage
        if last is not None and self.started.awaits is Awaits.SETTLE_ALL:
            return words.together(self.started.from_stage or 1, last)
        return words.SHORT_AWAITED[self.started.awaits]

    def whom(self, names: Names) -> str:
        """Whom it waits for."""
        return names.waited(self.started.waits_for, self.started.agency_id)

    @property
    def over(self) -> str:
        """The stage it belongs to."""
        if self.started.to_stage is not None:
            return f"stages {self.started.from_stage or 1} to {self.started.to_stage}"
        if self.started.stage is None:
            return "all stages"
        return f"stage {self.started.stage}" if self.started.stage else "before stage 1"

    @property
    def state(self) -> str:
        """What became of it."""
        cause = f": {self._cause(self.cause)}" if self.cause else ""
        if self.withdrawn and self.started.awaits is Awaits.CHOOSE:
            return "Not counted: it rested on a time limit that had been kept"
        if self.withdrawn:
            return f"Done on time, recorded later ({workingtime.say(self.counts_from or self.due_at)})"
        if self.end is ClockEnd.MET and self.counts_from is not None:
            late = f", after the time limit{cause}" if self.passed else ""
            return f"Done at {workingtime.say(self.counts_from)}{late}"
        if self.end is ClockEnd.STOPPED:
            return f"Stopped{', after the time limit had passed' + cause if self.passed else ''}"
        running = "Paused" if self.paused else "Running"
        return f"Time limit passed{cause}" if self.passed else running

    def _cause(self, cause: Cause) -> str:
        """Why its limit passed, and how sure that is."""
        said = words.cause(cause, self.started.awaits)
        if not self.cause_confirmed:
            return f"{said} (provisional)"
        if self.evidence in {None, cause}:
            return f"{said} (confirmed)"
        evidence = words.cause(self.evidence or cause, self.started.awaits)
        return f"{said} (confirmed; by the evidence alone: {evidence})"

    @property
    def confirmable_from(self) -> datetime | None:
        """After when the team can confirm the cause; none where there is none to confirm."""
        return self.accounts_until if self.passed and not self.cause_confirmed else None

    @property
    def waits_for_the_team(self) -> bool:
        """Whether it is ours."""
        return self.started.waits_for is Side.TEAM or self.started.awaits in {Awaits.LOOK, Awaits.MEND_DELIVERY}

    def moved_by(self, event: Moved) -> ClockLife:
        """The same, with its due time moved."""
        life = replace(self, moved=(*self.moved, event))
        if isinstance(event, events.ClockRecounted):
            counted_from = self.counted_from if event.track is None else event.counted_from
            return replace(life, amount=event.amount, receipt_hash=event.receipt_hash, counted_from=counted_from)
        return life

    def redated(self, event: events.Redated, clock: events.RedatedClock) -> ClockLife:
        """The same, counted anew; where that leads to the date that it had, no date moved."""
        life = replace(self, amount=clock.amount, calendar_hash=event.calendar_hash, receipt_hash=clock.receipt_hash)
        if clock.due_at == clock.was_due_at:
            return life
        return life.moved_by(Redated(event.at, clock.was_due_at, clock.due_at, event.because, clock.reminders))

    def not_passed(self) -> ClockLife:
        """The same, where more time had been agreed before its limit: it does not count as passed."""
        return replace(
            self, limit_passed_at=None, cause=None, evidence=None, cause_confirmed=False, accounts_until=None
        )

    def paused_at(self, moment: datetime) -> ClockLife:
        """The same, from a pause on."""
        return replace(self, paused=True, pauses=(*self.pauses, (moment, None)))

    def resumed_at(self, moment: datetime) -> ClockLife:
        """The same, once a pause has ended; one that did not pause is as it was."""
        if not self.paused or not self.pauses:
            return self
        return replace(self, paused=False, pauses=(*self.pauses[:-1], (self.pauses[-1][0], moment)))

    def receipt(self, case: Case) -> Receipt:
        """Count the deadline anew, day by day. Equal hashes show that nothing has changed since it was set."""
        calendar = case.frame.calendar_named(self.calendar_hash)
        if self.started.waits_for is not Side.TEAM:
            calendar = calendar.of_agency(self.started.agency_id)
        return workingtime.receipt(
            calendar,
            start=self.counted_from or self.started.at,
            start_event=clocks.TRACK_CHANGED if self.counted_from else self.started.started_by,
            amount=Amount.parse(self.amount),
            rule=self.started.rule_id,
        )


def lives(happened: Iterable[Event]) -> tuple[ClockLife, ...]:  # noqa: C901, PLR0912  one line a kind
    """Every clock of a case, in the order in which they started."""
    found: dict[str, ClockLife] = {}
    calendar_hash = ""
    for event in happened:
        match event:
            case events.ClockStarted():
                found[event.clock_id] = ClockLife(
                    len(found) + 1,
                    event,
                    paused=event.paused,
                    pauses=((event.at, None),) if event.paused else (),
                    amount=event.amount,
                    calendar_hash=calendar_hash,
                    receipt_hash=event.receipt_hash,
                )
            case events.ClockExtended(recorded_late=True):
                life = found[event.clock_id].moved_by(event)
                found[event.clock_id] = life.not_passed() if life.end is None else replace(life, cause_confirmed=False)
            case events.ClockResumed() | events.ClockExtended() | events.ClockSetSooner() | events.ClockRecounted():
                found[event.clock_id] = found[event.clock_id].moved_by(event)
            case events.Raised():
                calendar_hash = event.calendar_hash
            case events.Redated():
                calendar_hash = event.calendar_hash
                for clock in event.clocks:
                    found[clock.clock_id] = found[clock.clock_id].redated(event, clock)
            case events.Paused():
                found.update({one: found[one].paused_at(event.at) for one in event.clock_ids})
            case events.Resumed():
                found = {one: life.resumed_at(event.at) for one, life in found.items()}
            case events.LimitPassed():
                found[event.clock_id] = replace(
                    found[event.clock_id],
                    limit_passed_at=event.at,
                    cause=event.cause,
                    evidence=event.cause,
                    accounts_until=event.accounts_until,
                )
            case events.CauseChanged():
                found[event.clock_id] = replace(
                    found[event.clock_id], cause=event.cause, evidence=event.cause, cause_confirmed=False
                )
            case events.CauseConfirmed():
                found[event.clock_id] = replace(found[event.clock_id], cause=event.cause, cause_confirmed=True)
            case events.LimitWithdrawn(more_time=True):
                found[event.clock_id] = found[event.clock_id].not_passed()
            case events.LimitWithdrawn():
                found[event.clock_id] = replace(
                    found[event.clock_id], withdrawn=True, cause=event.cause, counts_from=event.kept_at
                )
            case events.ClockEnded():
                found[event.clock_id] = replace(
                    found[event.clock_id], ended_at=event.at, end=event.end, counts_from=event.counts_from
                )
            case events.ClockReopened():
                life = replace(found[event.clock_id], ended_at=None, end=None, counts_from=None, paused=event.paused)
                found[event.clock_id] = life if event.limit_stands else life.not_passed()
            case _:
                pass
    return tuple(found.values())
