"""A new bank holiday, a closure or a new version of the policy, for a case that is open: counted anew, and openly.

Source: conventions of time. A case keeps what it was frozen to until the team re-dates it. A re-date counts what runs
from its start, on the new basis; an extension, a pause and a sooner time that were given are given again; what has
ended is left alone; a limit that has passed stays passed, and its cause is for the team to confirm. What would become
sooner stays as it is unless that is chosen. Both sides are told, and every date that held before is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from escalations.rules import acts, clocks, events, workingtime
from escalations.rules.access import Refused
from escalations.rules.case import AgreedKind, Case, Clock, Frame
from escalations.rules.events import Event
from escalations.rules.workingtime import Amount, Calendar, Unit


class Becomes(StrEnum):
    """What a re-date makes of a clock."""

    LATER = "later"
    SOONER = "sooner"
    """It moves forward, because that was chosen."""
    SAME = "same"
    KEPT_SOONER = "kept_sooner"
    """It would move forward, and stays as it is."""
    KEPT_PASSED = "kept_passed"
    """Its limit has passed, and that stays so."""


@dataclass(frozen=True, slots=True)
class Recounted:
    """One running clock on the new basis."""

    clock: Clock
    becomes: Becomes
    due_at: datetime
    """Where the count on the new basis ends; for what stays as it is, where it would have ended."""
    event: events.RedatedClock | events.KeptClock | None
    """What is written of it; none where nothing of it changes."""


def redate(case: Case, act: acts.Redate, now: datetime) -> tuple[Event, ...] | Refused:
    """The case is frozen to something else from now on, and its running clocks are counted anew."""
    if case.seq != act.seen_seq:
        return Refused(
            "changed_since",
            "Something has happened here since the dates were looked at, so nothing was changed. Please look at the "
            "dates again.",
        )
    frame = case.frame.named(act.policy_hash, act.calendar_hash)
    if frame is None:
        return Refused(
            "not_on_file",
            "We do not have the calendar or the policy that this names. Please look at the dates again.",
        )
    found = recounted(case, frame, now, also_sooner=act.also_sooner)
    if isinstance(found, Refused):
        return found
    return (
        events.Redated(
            **events.origin(act, now),
            policy_hash=act.policy_hash,
            calendar_hash=act.calendar_hash,
            was_policy_hash=case.frame.policy.content_hash,
            was_calendar_hash=case.frame.calendar.content_hash,
            because=act.because,
            clocks=tuple(one.event for one in found if isinstance(one.event, events.RedatedClock)),
            kept=tuple(one.event for one in found if isinstance(one.event, events.KeptClock)),
        ),
    )


def recounted(case: Case, frame: Frame, now: datetime, *, also_sooner: bool = False) -> tuple[Recounted, ...] | Refused:
    """Every running clock of a case on another basis, or why the case cannot be put on it.

    Args:
        case: as it stands.
        frame: the other calendar, the other policy, or both.
        now: the moment. What would be due before it is due at once.
        also_sooner: whether what becomes sooner moves as well.
    """
    if frame == case.frame:
        return Refused("same_basis", "This is counted by that calendar and that policy already.")
    refused = _ladder_differs(case, frame)
    if refused is not None:
        return refused
    found: list[Recounted] = []
    for clock in case.clocks:
        if not clock.running:
            continue
        one = _recounted(case, clock, frame, now, also_sooner=also_sooner)
        if isinstance(one, Refused):
            return one
        found.append(one)
    return tuple(found)


def _ladder_differs(case: Case, frame: Frame) -> Refused | None:
    """Whoever was asked, and whoever may answer, stay the same: the links that they hold go on serving."""
    old, new = case.frame.policy, frame.policy
    if old == new:
        return None
    if case.priority is not None and new.priority(case.priority) is None:
        return Refused(
            "priority_gone",
            f"The new policy has no priority “{case.priority}”, which this has. Please set another priority first, or "
            "leave this one as it is.",
        )
    if old.final_body != new.final_body and case.decider_position is not None:
        return _ladder("The new policy has another final body, and this one has been asked to decide.")
    for number in range(1, case.stage + 1):
        had = old.stage(number)
        has = next((stage for stage in new.stages if stage.number == number), None)
        if has is None:
            return _ladder(f"The new policy has no stage {number}, which this has reached.")
        if (had.raising_position, had.responding_position) != (has.raising_position, has.responding_position):
            return _ladder(f"The new policy names other positions at stage {number}, which this has reached.")
        if had.decided_by_final_body != has.decided_by_final_body:
            return _ladder(
                f"By the new policy the final body has another part in stage {number}, which this has reached."
            )
    return None


def _ladder(sentence: str) -> Refused:
    return Refused("another_ladder", f"{sentence} Please leave it under the policy that it has.")


def _recounted(case: Case, clock: Clock, frame: Frame, now: datetime, *, also_sooner: bool) -> Recounted | Refused:
    on_new = replace(case, frame=frame)
    try:
        rule = clocks.rule_of(on_new, clock)
        limit = clocks.limit_of(on_new, rule)
    except KeyError:
        return Refused(
            "no_such_clock",
            f"The new policy has no time limit “{clock.rule_id}” there, and this one runs. Please leave the escalation "
            "under the policy that it has, or let that end first.",
        )
    calendar = frame.calendar_for(clock.agency_id, side=clock.waits_for)
    amount = _amount(case, clock, limit.within)
    start, started_by = clocks.counted_from(clock, rule)
    try:
        counted = workingtime.deadline(calendar, start, amount)
        due = given_again(calendar, clock, start, counted, amount.unit)
    except workingtime.CalendarExhausted:
        return Refused("calendar_ended", "The new calendar does not reach as far as a time limit that runs here.")
    if clock.limit_passed_at is not None:
        same = due == clock.due_at
        kept = None if same else _kept(clock, due, "limit_passed")
        return Recounted(clock, Becomes.SAME if same else Becomes.KEPT_PASSED, due, kept)
    if due < clock.due_at and not also_sooner:
        return Recounted(clock, Becomes.KEPT_SOONER, due, _kept(clock, due, "sooner"))
    # What is sooner than now is due at once: no timer is set in the past, and it is noted when it became known.
    due = max(due, now) if due < clock.due_at else due
    new = events.RedatedClock(
        clock_id=clock.clock_id,
        awaits=clock.awaits,
        waits_for=clock.waits_for,
        agency_id=clock.agency_id,
        amount=amount.words(),
        on_limit=rule.on_limit,
        was_due_at=clock.due_at,
        due_at=due,
        counted_to=counted,
        reminders=clocks.reminders_before(calendar, limit, due, after=now),
        receipt_hash=clocks.receipt_hash(calendar, start, started_by, amount, rule.id),
    )
    becomes = Becomes.SAME if due == clock.due_at else Becomes.LATER if due > clock.due_at else Becomes.SOONER
    changes = becomes is not Becomes.SAME or (new.amount, new.on_limit, new.receipt_hash) != (
        clock.amount,
        clock.on_limit,
        clock.receipt_hash,
    )
    return Recounted(clock, becomes, due, new if changes else None)


def _amount(case: Case, clock: Clock, within: Amount) -> Amount:
    """What it is counted with: the new policy's amount where that says another than the old one, else its own.

    A clock that people had moved before a priority was set has the amount that it began with.
    """
    had = clocks.limit_of(case, clocks.rule_of(case, clock)).within
    return within if clock.amount is None or within != had else Amount.parse(clock.amount)


def _kept(clock: Clock, due: datetime, because: str) -> events.KeptClock:
    return events.KeptClock.model_validate(
        {
            "clock_id": clock.clock_id,
            "awaits": clock.awaits,
            "waits_for": clock.waits_for,
            "agency_id": clock.agency_id,
            "due_at": clock.due_at,
            "would_be_due_at": due,
            "because": because,
        }
    )


def given_again(calendar: Calendar, clock: Clock, start: datetime, due: datetime, unit: Unit) -> datetime:
    """What people agreed on since a clock began, given to it again on another calendar, in its order.

    A sooner time is a time that somebody chose, and stays that time. A pause that lasts gives back when it ends.

    Raises:
        workingtime.CalendarExhausted: the calendar does not reach that far.
    """
    for agreed in clock.agreed:
        match agreed.kind:
            case AgreedKind.EXTENDED:
                if agreed.by_amount is not None:
                    due = workingtime.extend(calendar, due, agreed.by_amount)
            case AgreedKind.PAUSED:
                if agreed.since is not None and agreed.until is not None:
                    due = workingtime.resume(calendar, start, due, agreed.since, agreed.until, unit)
            case AgreedKind.SOONER:
                if agreed.until is not None:
                    due = min(due, agreed.until)
            case _:
                assert_never(agreed.kind)
    return due
