"""Watching one case from outside: what had to happen, kept apart from the rules, and what happened.

It believes a clock's instants as they were set (and counts a sample of them again, day by day), and nothing after that:
neither ``next_wake`` nor the state of the case. A limit, a reminder, a move or a word to the raiser that comes late,
twice, out of order or not at all is a fault, with a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from escalations.policy import StartsFrom
from escalations.rules import events, workingtime
from escalations.rules.case import Case, Status
from escalations.rules.events import Event
from escalations.rules.notices import RAISER, Notice
from escalations.rules.workingtime import Amount, CalendarExhausted
from escalations.simulation import watching_after
from escalations.simulation.alone import Happening

Moves: TypeAlias = events.ClockResumed | events.ClockExtended | events.ClockSetSooner | events.ClockRecounted
_MOVES = (events.ClockResumed, events.ClockExtended, events.ClockSetSooner, events.ClockRecounted)
_BY_SOMEBODY = (
    *watching_after.BY_SOMEBODY,
    events.Closed,
    events.Settled,
    events.Decided,
    events.Paused,
    events.Resumed,
    events.MoveDropped,
)
"""What time alone never brings."""


_BEFORE = frozenset(
    {StartsFrom.RECEIVED, StartsFrom.DISAGREEMENT, StartsFrom.ACKNOWLEDGED, StartsFrom.REACHED},
)
"""What a clock can count from that was before anybody could start it."""


@dataclass(slots=True)
class _Expected:
    """One clock that runs, as it was set."""

    due_at: datetime
    known_at: datetime
    """When it was set: what lay before that already could only be noted then."""
    reminders: tuple[datetime, ...]
    fallen: int = 0
    paused: bool = False
    passed: bool = False


@dataclass(slots=True)
class Watch:
    """One case, watched."""

    counts_again: bool
    """Whether each deadline is counted again, day by day."""
    faults: list[str] = field(default_factory=list)
    acting: bool = False
    """Whether somebody is doing something, or time alone passes."""
    told: int = 0
    _clocks: dict[str, _Expected] = field(default_factory=dict)
    _last: datetime | None = None
    _stage: int = 0
    _word_by: datetime | None = None
    _effect: datetime | None = None
    _to: int | None = None
    """Where it was said to go: a limit over several stages leads beyond them, and a level can be passed over."""
    _limits: int = 0
    _promises: watching_after.Promises = field(default_factory=watching_after.Promises)
    latest: float = 0.0
    """Seconds between the latest event and the instant at which it was due."""

    def hears(self, case: Case, happening: Happening) -> None:
        """Take in one thing that happened."""
        event, known_at = happening.event, self._known_at(happening.event)
        if self._last is not None and known_at < self._last:
            self._fault(event, "out of order", f"before {self._last}")
        if isinstance(event, (events.LimitPassed, events.ReminderFell)):
            self._event(case, event)  # late rather than missed
            self._overdue(known_at, case)
        else:
            self._overdue(known_at, case)
            self._event(case, event)
        for what, why, due in self._promises.hears(event):
            if due is None:
                self._fault(event, what, why)
            else:
                self._on_time(event, due)
        self.faults.extend(self._promises.overdue(known_at))
        self._last = known_at
        self._notices(case, event, happening.told)

    def _known_at(self, event: Event) -> datetime:
        """When a thing came to be known: a clock may count from before that, as from receipt of what was held."""
        counts_from_before = isinstance(event, events.ClockStarted) and event.started_by in _BEFORE
        return max(event.at, self._last or event.at) if counts_from_before else event.at

    def ends(self, case: Case, at: datetime) -> None:
        """No more of it is lived through."""
        self._overdue(at, case)
        self.faults.extend(self._promises.overdue(at))
        if case.status is Status.CLOSED and self._clocks:
            self.faults.append(f"closed, and {', '.join(self._clocks)} still running")

    def _fault(self, event: Event, what: str, why: str) -> None:
        self.faults.append(f"{what}: {event.kind} at {event.at.isoformat()} ({why})")

    def _overdue(self, now: datetime, case: Case) -> None:
        """Whatever lay before this instant has to have happened by now."""
        for name, one in self._clocks.items():
            if one.passed or one.paused:
                continue
            if max(one.due_at, one.known_at) < now:
                self.faults.append(f"missed: the limit of {name}, due {one.due_at.isoformat()}, not noted by {now}")
                one.passed = True
            coming = one.reminders[one.fallen : one.fallen + 1]
            if coming and max(coming[0], one.known_at) < now and coming[0] < one.due_at:
                self.faults.append(f"missed: a reminder of {name} at {coming[0].isoformat()}, not fallen by {now}")
                one.fallen += 1
        if self._word_by is not None and self._word_by < now and case.status is not Status.CLOSED:
            self.faults.append(f"missed: a word to the raiser by {self._word_by.isoformat()}, not given by {now}")
            self._word_by = None
        if self._effect is not None and self._effect < now:
            self.faults.append(f"missed: a move up at {self._effect.isoformat()}")
            self._effect = None

    def _event(self, case: Case, event: Event) -> None:  # noqa: C901, PLR0912  one line a kind
        match event:
            case events.ClockStarted():
                if event.clock_id in self._clocks:
                    self._fault(event, "doubled", event.clock_id)
                self._clocks[event.clock_id] = _Expected(
                    event.due_at, self._known_at(event), event.reminders, paused=event.paused
                )
                if self.counts_again:
                    self._count(case, event)
            case events.ClockExtended(recorded_late=True):
                # What had passed, and has more time by what was agreed before, passes again or runs on.
                if (late := self._clocks.get(event.clock_id)) is not None:
                    late.due_at, late.known_at, late.reminders = event.due_at, event.at, event.reminders
                    late.fallen, late.passed = 0, False
            case events.ClockResumed() | events.ClockExtended() | events.ClockSetSooner() | events.ClockRecounted():
                one = self._clocks[event.clock_id]
                if one.due_at != event.was_due_at:
                    self._fault(event, "out of order", f"was due {one.due_at.isoformat()}")
                one.due_at, one.known_at, one.reminders, one.fallen = event.due_at, event.at, event.reminders, 0
            case events.Paused():
                for name in event.clock_ids:
                    self._clocks[name].paused = True
            case events.Resumed():
                for one in self._clocks.values():
                    one.known_at = max(one.known_at, event.at) if one.paused else one.known_at
                    one.paused = False
            case events.ReminderFell():
                self._reminder(event)
            case events.LimitPassed():
                self._limit(event)
            case events.ClockEnded():
                if self._clocks.pop(event.clock_id, None) is None:
                    self._fault(event, "doubled", event.clock_id)
            case events.Raised():
                self._to = event.start_stage
            case events.MoveProposed():
                self._to = event.to_stage
            case events.MoveIntended() | events.MoveDue():
                self._to, self._effect = event.to_stage, event.takes_effect_at
            case events.StageStarted():
                self._started(event)
            case events.MoveDropped() | events.ProposalEnded():
                self._to = self._effect = None
            case events.LimitWithdrawn():
                if event.undoes_proposal:
                    self._to = self._effect = None
            case events.Closed():
                self._effect = self._word_by = None
            case _:
                pass
        if isinstance(event, _BY_SOMEBODY) and not self.acting:
            self._fault(event, "by time alone", "nobody did it")

    def _count(self, case: Case, event: events.ClockStarted) -> None:
        """Count a deadline again, where it was counted in the calendar alone."""
        calendar = case.frame.calendar_for(event.agency_id, side=event.waits_for)
        counted = workingtime.receipt(
            calendar,
            start=event.at,
            start_event=event.started_by,
            amount=Amount.parse(event.amount),
            rule=event.rule_id,
        )
        if counted.content_hash == event.receipt_hash and counted.due != event.due_at:
            self._fault(event, "miscounted", f"{counted.due.isoformat()} day by day, {event.due_at.isoformat()} set")

    def _reminder(self, event: events.ReminderFell) -> None:
        one = self._clocks.get(event.clock_id)
        if one is None or one.passed or one.paused or event.reminder <= one.fallen:
            self._fault(event, "doubled", event.clock_id)
            return
        self._on_time(event, max(one.reminders[event.reminder - 1], one.known_at))
        one.fallen = event.reminder

    def _limit(self, event: events.LimitPassed) -> None:
        one = self._clocks.get(event.clock_id)
        if one is None or one.passed or one.paused:
            self._fault(event, "doubled", event.clock_id)
            return
        self._on_time(event, max(one.due_at, one.known_at))
        one.passed = True
        self._limits += 1

    def _on_time(self, event: Event, due: datetime) -> None:
        late = (event.at - due).total_seconds()
        self.latest = max(self.latest, late)
        if late:
            self._fault(event, "late" if late > 0 else "early", f"due {due.isoformat()}")

    def _started(self, event: events.StageStarted) -> None:
        if event.stage not in {self._stage + 1, self._to}:
            self._fault(event, "out of order", f"from stage {self._stage}")
        if self._effect is not None:
            self._on_time(event, self._effect)
        self._stage, self._to, self._effect = event.stage, None, None

    def _notices(self, case: Case, event: Event, told: tuple[Notice, ...]) -> None:
        self.told += len(told)
        if len(set(told)) != len(told):
            self._fault(event, "doubled", "one notice twice")
        if case.status is Status.CLOSED or not any(notice.to.position == RAISER for notice in told):
            return
        try:
            by = workingtime.deadline(case.frame.calendar, event.at, case.frame.policy.word_to_raiser_every)
        except CalendarExhausted:
            self._word_by = None
            return
        self._word_by = by if self._word_by is None else max(by, self._word_by)
