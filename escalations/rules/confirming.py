"""The team makes the cause of a delay final.

Source: the rules of practice ("A cause is provisional until both agencies had 5 working days to add their account and
the team confirms it"). What evidence says stays known beside what the team made of it, so that a report can show both.
"""

from __future__ import annotations

from datetime import datetime

from escalations.rules import accounts, acts, events, workingtime
from escalations.rules.access import Refused
from escalations.rules.case import Case, Cause, Clock
from escalations.rules.events import Event


def confirm_cause(case: Case, act: acts.ConfirmCause, now: datetime) -> tuple[Event, ...] | Refused:
    """The cause of one passed limit, as it is or put right; also once the case has closed."""
    clock = next((clock for clock in case.clocks if clock.clock_id == act.clock_id), None)
    if clock is None or clock.limit_passed_at is None or clock.cause is None:
        return Refused(
            "no_passed_limit", "No time limit of this kind is recorded as passed here, so there is no cause to confirm."
        )
    refused = _too_early(case, clock, now) or _not_to_be_confirmed(clock, act.cause)
    if refused is not None:
        return refused
    return (
        events.CauseConfirmed(
            **events.origin(act, now),
            clock_id=clock.clock_id,
            awaits=clock.awaits,
            agency_id=clock.agency_id,
            was=clock.cause,
            cause=act.cause,
        ),
    )


def ready(case: Case, clock: Clock, now: datetime) -> bool:
    """Whether both sides had their say: each gave its account, or had its time to.

    An account that comes at the last instant is in time; so the time is over after it.
    """
    return clock.accounts_until is None or now > clock.accounts_until or accounts.all_given(case, clock)


def _too_early(case: Case, clock: Clock, now: datetime) -> Refused | None:
    if clock.accounts_until is None or ready(case, clock, now):
        return None
    return Refused(
        "accounts_still_open",
        f"Both agencies can still add their account of this delay, until {workingtime.say(clock.accounts_until)}. "
        "Please confirm the cause after that, or once each has given its own.",
    )


def _not_to_be_confirmed(clock: Clock, cause: Cause) -> Refused | None:
    if clock.limit_withdrawn:
        return Refused(
            "limit_kept",
            "This time limit was kept after all, and does not count as passed. There is no cause to confirm.",
        )
    if cause is Cause.RECORDED_LATE:
        return Refused(
            "to_be_said_done",
            "What was done in time is said to be done, with its date and time, and confirmed by the other side or by "
            "you. The time limit then no longer counts as passed.",
        )
    if clock.cause_confirmed_at is not None and clock.cause is cause:
        return Refused("already_confirmed", "This cause has been confirmed already. Nothing more is needed.")
    return None
