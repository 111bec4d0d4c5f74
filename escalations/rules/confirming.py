"""The team makes the cause of a delay final.

Source: the rules of practice ("A cause is provisional until both agencies had 5 working days to add their account and
the team confirms it"). What evidence says stays known beside what the team made of it, so that a report can show both.
"""

from __future__ import annotations

from datetime import datetime

from escalations.rules import accounts, acts, claiming, clocks, events, workingtime
from escalations.rules.access import Refused
from escalations.rules.case import Case, Cause, Clock, OwnRecord
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all


def confirm_cause(case: Case, act: acts.ConfirmCause, now: datetime) -> tuple[Event, ...] | Refused:
    """The cause of one passed limit, as it is or put right; also once the case has closed."""
    clock = next((clock for clock in case.clocks if clock.clock_id == act.clock_id), None)
    if clock is None or clock.limit_passed_at is None or clock.cause is None:
        return Refused(
            "no_passed_limit", "No time limit of this kind is recorded as passed here, so there is no cause to confirm."
        )
    refused = _too_early(case, clock, now) or _not_to_be_confirmed(clock, act) or _was_running(clock, act, now)
    if refused is not None:
        return refused
    confirmed = events.CauseConfirmed(
        **events.origin(act, now),
        clock_id=clock.clock_id,
        awaits=clock.awaits,
        agency_id=clock.agency_id,
        was=clock.cause,
        cause=act.cause,
        known_by=act.known_by,
        away_from=act.away_from,
        away_until=act.away_until,
        own_record=act.own_record,
    )
    if act.cause is not Cause.RECORDED_LATE or act.happened_at is None:
        return (confirmed,)
    # It counts from when it was done, as what is said to be done and confirmed does.
    after = evolve_all(case, (confirmed,))
    return (confirmed, *clocks.meet(after, (clock,), now, counts_from=act.happened_at))


def ready(case: Case, clock: Clock, now: datetime) -> bool:
    """Whether everybody who is asked had their say: each gave its account, or had its time to.

    An account that comes at the last instant is in time; so the time is over after it. Where nobody is asked, for it
    waited for the team, there is nothing to wait for.
    """
    if clock.accounts_until is None or now > clock.accounts_until:
        return True
    return not accounts.whose(case, clock) or accounts.all_given(case, clock)


def _too_early(case: Case, clock: Clock, now: datetime) -> Refused | None:
    if clock.accounts_until is None or ready(case, clock, now):
        return None
    return Refused(
        "accounts_still_open",
        "Whoever was asked for an account of this delay can still add it, until "
        f"{workingtime.say(clock.accounts_until)}. Please confirm the cause after that, or once each has given one.",
    )


def _not_to_be_confirmed(clock: Clock, act: acts.ConfirmCause) -> Refused | None:
    if clock.limit_withdrawn:
        return Refused(
            "limit_kept",
            "This time limit was kept after all, and does not count as passed. There is no cause to confirm.",
        )
    if act.cause is Cause.RECORDED_LATE:
        return _not_done_in_time(clock, act.happened_at)
    if clock.cause_confirmed_at is not None and clock.cause is act.cause:
        return Refused("already_confirmed", "This cause has been confirmed already. Nothing more is needed.")
    return None


def _not_done_in_time(clock: Clock, done_at: datetime | None) -> Refused | None:
    """What was done in time and recorded later; what is still waited for, its own side says and the other confirms."""
    if done_at is None or clock.running:
        return Refused(
            "to_be_said_done",
            "What was done in time, and is not recorded yet, is said to be done, with its date and time, and confirmed "
            "by the other side or by you. The time limit then no longer counts as passed.",
        )
    if done_at > clock.due_at:
        return Refused(
            "after_the_limit",
            f"That is after the time limit, which was {workingtime.say(clock.due_at)}, so it was not done in time.",
        )
    if done_at < claiming.to_the_minute(clock.started_at):
        return Refused(
            "before_its_clock",
            f"That is before the time for it began, at {workingtime.say(clock.started_at)}. Please check the date and "
            "time.",
        )
    return None


def _was_running(clock: Clock, act: acts.ConfirmCause, now: datetime) -> Refused | None:
    """That our system did not run, where a time is given for it: while this was waited for, and not against our record.

    What evidence says of it was checked by the evidence itself.
    """
    if act.cause is not Cause.OUR_OUTAGE or act.away_from is None or act.away_until is None:
        return None
    if not act.away_from < act.away_until <= now:
        return Refused("not_a_time", "The end of that time is not after its beginning. Please check both.")
    if act.away_from >= clock.due_at or act.away_until <= clock.started_at:
        return Refused(
            "not_then",
            f"This time limit ran from {workingtime.say(clock.started_at)} to {workingtime.say(clock.due_at)}, and the "
            "time that you gave lies outside that.",
        )
    if act.own_record is OwnRecord.CONTRADICTS:
        return Refused(
            "was_running",
            "Our own record has something in the middle of that time, so our system was running then. Please give the "
            "time without that, or choose another cause.",
        )
    return None
