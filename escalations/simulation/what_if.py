"""The same acts under another policy: which escalations would have drifted, and when.

What people did is taken as it was recorded, at the moments at which it reached us; the clocks, and what a passed limit
brings, are those of the other policy. That is an assumption and no finding: with other time limits people would have
done other things at other times. So nothing here is kept, and no cause of a delay is said of anybody by it. Where the
other policy asks for what nobody was really asked for, such as an answer at a stage that was never reached, nobody can
know what would have come of it, and that is said instead.

Pure: the rules alone, over what a caller has read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from escalations.policy import Awaits, Side
from escalations.rules import acts, decider, events
from escalations.rules.acts import Act
from escalations.rules.case import Cause, DeliveryState, Frame
from escalations.rules.events import Event
from escalations.rules.notices import Notice
from escalations.simulation.alone import Alone

_AT_ONCE = ((timedelta(0), DeliveryState.DELIVERED),)
"""A notice that nobody sent under the real policy: that it would have arrived is assumed."""

Arrivals = Mapping[tuple[int, str], tuple[tuple[timedelta, DeliveryState], ...]]
"""By stage and agency: what became of the notice of a stage, and how long after the stage had begun."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One escalation as it was lived: what people did, and what is known of the notices."""

    reference: str
    happened: tuple[Event, ...]
    """All of its events, in their order."""
    deeds: tuple[Act, ...]
    """The acts that were applied, in the order in which they were; those of the system need not be among them. What
    counted it anew under another calendar or policy is left out: here it is under another one throughout."""


@dataclass(frozen=True, slots=True)
class PassedLimit:
    """A time limit that passed, and was not found kept afterwards."""

    awaits: Awaits
    waits_for: Side
    stage: int | None
    """None for a clock over all stages."""
    due_at: datetime
    cause: Cause
    asked: bool = True
    """Whether the same was really asked of the same side at that stage. If not, nobody knows what would have come."""

    def as_data(self) -> dict[str, object]:
        """For machines."""
        return {
            "awaits": self.awaits.value,
            "waits_for": self.waits_for.value,
            "stage": self.stage,
            "due_at": self.due_at.isoformat(),
            "cause": self.cause.value,
            "asked": self.asked,
        }


@dataclass(frozen=True, slots=True)
class NotTaken:
    """An act that the rules would not have taken under the other policy, and why."""

    act_kind: str
    received_at: datetime
    code: str
    sentence: str

    def as_data(self) -> dict[str, object]:
        """For machines."""
        return {
            "act": self.act_kind,
            "received_at": self.received_at.isoformat(),
            "code": self.code,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Lived:
    """How one escalation went under one policy."""

    passed: tuple[PassedLimit, ...]
    """By the moment at which they were due."""
    highest_stage: int
    closed_at: datetime | None
    not_taken: tuple[NotTaken, ...] = ()

    @property
    def drifted(self) -> tuple[PassedLimit, ...]:
        """The limits that waited for an agency or the final body: a limit of the team's own is no agency's drift."""
        return tuple(one for one in self.passed if one.asked and one.waits_for is not Side.TEAM)

    @property
    def unknowable(self) -> tuple[PassedLimit, ...]:
        """The limits of what nobody was really asked for."""
        return tuple(one for one in self.passed if not one.asked and one.waits_for is not Side.TEAM)

    def as_data(self) -> dict[str, object]:
        """For machines."""
        return {
            "limits_passed": [one.as_data() for one in self.passed],
            "highest_stage": self.highest_stage,
            "closed_at": None if self.closed_at is None else self.closed_at.isoformat(),
            "not_taken": [one.as_data() for one in self.not_taken],
        }


@dataclass(frozen=True, slots=True)
class Compared:
    """One escalation as it was, and as it would have been."""

    reference: str
    was: Lived
    would: Lived

    def as_data(self) -> dict[str, object]:
        """For machines."""
        return {"reference": self.reference, "was": self.was.as_data(), "would_have_been": self.would.as_data()}


def compare(recorded: Recorded, frame: Frame, *, until: datetime) -> Compared:
    """One escalation beside itself under another policy.

    Args:
        recorded: as it was lived.
        frame: the other policy, with the calendar of the case's year.
        until: up to when time passes for a case that is open; one that was closed is looked at up to then.

    Raises:
        workingtime.CalendarExhausted: the other frame's calendar does not reach.
    """
    was = _lived(recorded.happened, ())
    end = until if was.closed_at is None else max(was.closed_at, recorded.happened[-1].at)
    return Compared(recorded.reference, was, _Again(recorded, frame).lived(until=end))


def arrivals(happened: Iterable[Event]) -> Arrivals:
    """What became of the notices of each stage, and how long after it had begun."""
    found: dict[tuple[int, str], list[tuple[timedelta, DeliveryState]]] = {}
    began: dict[int, datetime] = {}
    for event in happened:
        match event:
            case events.StageStarted():
                began[event.stage] = event.at
            case events.NoticeReported(agency_id=str(agency), starts_clocks=True) if event.stage in began:
                after = event.at - began[event.stage]
                found.setdefault((event.stage, agency), []).append((after, event.state))
            case _:
                pass
    return {key: tuple(reports) for key, reports in found.items()}


@dataclass(frozen=True, slots=True, order=True)
class _Report:
    """What is to be reported of a notice, and when."""

    at: datetime
    place: int
    notice: Notice = field(compare=False)
    state: DeliveryState = field(compare=False)


class _Again:
    """One escalation that is lived again."""

    def __init__(self, recorded: Recorded, frame: Frame) -> None:
        self._alone = Alone(frame, reference=recorded.reference, post=self._posted)
        self._deeds = [deed for deed in recorded.deeds if not isinstance(deed, acts.ReportDelivery | acts.Redate)]
        self._arrivals = arrivals(recorded.happened)
        self._clocks = {one.clock_id: one for one in recorded.happened if isinstance(one, events.ClockStarted)}
        self._claims = {
            one.claim_id: one.submission_id for one in recorded.happened if isinstance(one, events.SaidDone)
        }
        self._began = [one for one in recorded.happened if isinstance(one, events.StageStarted)]
        self._reports: list[_Report] = []
        self._not_taken: list[NotTaken] = []
        self._places = itertools.count()

    @property
    def _happened(self) -> list[Event]:
        return [happening.event for happening in self._alone.happened]

    def lived(self, *, until: datetime) -> Lived:
        """Let everything happen in its order: at one instant what people did goes before what time brings."""
        for deed in self._deeds:
            self._pass(deed.received_at)
            self._act(deed)
        self._pass(until + timedelta(microseconds=1))
        asked = frozenset(map(_question, self._clocks.values()))
        return _lived(self._happened, tuple(self._not_taken), asked=asked)

    def _posted(self, notice: Notice, at: datetime) -> None:
        """Nothing is heard of a notice at once; that of a stage arrives as long after it as it really did."""
        if notice.starts_clocks:
            for after, state in self._arrivals.get((notice.stage, str(notice.to.agency_id)), _AT_ONCE):
                self._reports.append(_Report(at + after, next(self._places), notice, state))

    def _pass(self, before: datetime) -> None:
        """What time brings before an instant, with the notices that arrive meanwhile."""
        while True:
            wake = self._alone.next_wake
            report = min(self._reports, default=None)
            if report is not None and report.at < before and (wake is None or report.at <= wake):
                self._reports.remove(report)
                notice_id = f"{self._alone.case.reference}-assumed-{report.place}"
                self._alone.report(report.notice, report.state, report.at, notice_id=notice_id)
            elif wake is not None and wake < before:
                self._alone.until(wake)
            else:
                return

    def _act(self, deed: Act) -> None:
        here = self._as_it_would_be(deed)
        gone = decider.Refused("not_there", "What it is about would not have been there.")
        decided = gone if here is None else self._alone.act(here)
        if isinstance(decided, decider.Refused) and not isinstance(deed, acts.ReportMessage):
            self._not_taken.append(NotTaken(deed.kind, deed.received_at, decided.code, decided.sentence))

    def _as_it_would_be(self, deed: Act) -> Act | None:
        """An act with the clock or the claim that it is about named as it is named here; none where there is none."""
        match deed:
            case acts.Extend() | acts.SetSooner() | acts.Account() | acts.ConfirmCause():
                clock_id = self._same_clock(deed.clock_id)
                return None if clock_id is None else deed.model_copy(update={"clock_id": clock_id})
            case acts.ConfirmDone() | acts.DenyDone():
                said = self._claims.get(deed.claim_id)
                claim_id = next(
                    (
                        one.claim_id
                        for one in self._happened
                        if isinstance(one, events.SaidDone) and said is not None and one.submission_id == said
                    ),
                    None,
                )
                return None if claim_id is None else deed.model_copy(update={"claim_id": claim_id})
            case acts.MoveUp(at_stage=None) | acts.Stay(at_stage=None):
                # Of the stage that it was at: nobody asked for the one above that.
                return deed.model_copy(update={"at_stage": self._stage_before(deed.received_at)})
            case _:
                return deed

    def _stage_before(self, moment: datetime) -> int:
        return max((one.stage for one in self._began if one.at < moment), default=1)

    def _same_clock(self, clock_id: str) -> str | None:
        """The clock of the other policy that waits, or waited, for the same of the same agency at the same stage."""
        there = self._clocks.get(clock_id)
        if there is None:
            return None
        alike = (
            clock.clock_id
            for clock in reversed(self._alone.case.clocks)
            if (clock.awaits, clock.waits_for, clock.agency_id, clock.stage)
            == (there.awaits, there.waits_for, there.agency_id, there.stage)
        )
        return next(alike, None)


_Question = tuple[Awaits, Side, str | None, int | None]
"""What a clock waits for, from whom, and at which stage."""


def _question(asked: events.ClockStarted | events.LimitPassed) -> _Question:
    agency = asked.agency_id if asked.waits_for is Side.RESPONDING else None
    return asked.awaits, asked.waits_for, agency, asked.stage


def _lived(
    happened: Iterable[Event],
    not_taken: tuple[NotTaken, ...],
    *,
    asked: frozenset[_Question] | None = None,
) -> Lived:
    passed: dict[str, PassedLimit] = {}
    highest = 0
    closed_at: datetime | None = None
    for event in happened:
        match event:
            case events.StageStarted():
                highest = max(highest, event.stage)
            case events.Closed():
                closed_at = event.at
            case events.LimitPassed():
                passed[event.clock_id] = PassedLimit(
                    event.awaits,
                    event.waits_for,
                    event.stage,
                    event.due_at,
                    event.cause,
                    asked=asked is None or _question(event) in asked,
                )
            case events.LimitWithdrawn():
                passed.pop(event.clock_id, None)
            case events.CauseChanged() | events.CauseConfirmed() if event.clock_id in passed:
                passed[event.clock_id] = replace(passed[event.clock_id], cause=event.cause)
            case _:
                pass
    ordered = sorted(passed.values(), key=lambda one: (one.due_at, one.awaits))
    return Lived(tuple(ordered), highest, closed_at, not_taken)
