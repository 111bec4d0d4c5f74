"""Both sides say how a delay came about, before the team makes its cause final.

Source: the rules of practice ("A cause is provisional until both agencies had 5 working days to add their account and
the team confirms it; reports show agreed, disputed and unreviewed apart"). An account decides nothing: it stands beside
what the evidence says. Where every agency that is asked has given its own, the team need not wait any longer.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Awaits, Side
from escalations.rules import acts, events, workingtime
from escalations.rules.access import Refused
from escalations.rules.case import Case, Clock, Status
from escalations.rules.events import Event
from escalations.rules.plan import Whose


def whose(case: Case, clock: Clock) -> tuple[Whose, ...]:
    """Whose account of a passed limit is asked for: of whom the clock waited for, and of the other side.

    What waited for the team, or for us, is nobody else's to account for. That it was raised late is noted, and the
    other side is told nothing of it: the raising side alone says how that came about.
    """
    if clock.waits_for is Side.TEAM or case.raising_agency is None:
        return ()
    asked: list[Whose] = [(Side.RAISING, case.raising_agency)]
    if clock.awaits is Awaits.RAISE:
        return tuple(asked)
    if clock.waits_for is Side.FINAL_BODY:
        asked.append((Side.FINAL_BODY, case.frame.policy.final_body.agency))
    asked.extend((Side.RESPONDING, agency) for agency in _responding(case, clock))
    return tuple(asked)


def may_give(case: Case, clock: Clock) -> tuple[Whose, ...]:
    """Who can give an account of it: whoever is asked, and those that raise it together with the lead.

    Nobody waits for theirs: the lead answers for the raising side.
    """
    asked = whose(case, clock)
    others = case.co_raisers if any(side is Side.RAISING for side, _ in asked) else ()
    return (*asked, *((Side.RAISING, agency) for agency in others))


def _responding(case: Case, clock: Clock) -> tuple[str, ...]:
    """The responding agencies that a delay concerns: the one that a clock is about, where it is about one."""
    if clock.over and case.party(clock.agency_id) is None:
        return ()  # It has no part in this any more, and no link that serves.
    claim = case.claim(clock.about or "")
    for agency in (clock.agency_id, clock.about, claim.agency_id if claim is not None else None):
        if case.party(agency) is not None:
            return (str(agency),)
    return tuple(party.agency_id for party in case.parties)


def of(clock: Clock, agency_id: str) -> bool:
    """Whether an agency has given its account of a delay."""
    return any(account.agency_id == agency_id for account in clock.accounts)


def all_given(case: Case, clock: Clock) -> bool:
    """Whether every agency that is asked has given its account."""
    asked = whose(case, clock)
    return bool(asked) and all(of(clock, agency) for _, agency in asked)


def open_to(case: Case, side: Side, agency_id: str | None) -> tuple[Clock, ...]:
    """The delays of which an agency can still give an account, or add to it: until the team confirms the cause.

    Whoever raised it, at their own address, speaks for the raising side.
    """
    if case.status is Status.HELD:
        return ()
    return tuple(
        clock
        for clock in case.clocks
        if clock.limit_passed_at is not None
        and not clock.limit_withdrawn
        and clock.cause_confirmed_at is None
        and _of_side(case, clock, side, agency_id) is not None
    )


def asked_of(case: Case, clock_id: str | None, side: Side, agency_id: str | None) -> bool:
    """Whether an agency is still asked for its account of one delay."""
    return any(
        clock.clock_id == clock_id and not of(clock, _of_side(case, clock, side, agency_id) or "")
        for clock in open_to(case, side, agency_id)
    )


def _of_side(case: Case, clock: Clock, side: Side, agency_id: str | None) -> str | None:
    agency = case.speaker(side, agency_id)
    return agency if (side, agency) in may_give(case, clock) else None


def add(case: Case, act: acts.Account, now: datetime) -> tuple[Event, ...] | Refused:
    """One agency's account of one delay; a second one of the same agency adds to its first."""
    clock = next((clock for clock in case.clocks if clock.clock_id == act.clock_id), None)
    if clock is None or clock.limit_passed_at is None or clock.cause is None:
        return Refused("no_passed_limit", "No time limit of this kind is recorded as passed here. Nothing is asked.")
    if clock.limit_withdrawn:
        return Refused(
            "limit_kept", "This time limit was kept after all, and does not count as passed. Nothing more is needed."
        )
    side = next((side for side, agency in may_give(case, clock) if agency == act.agency_id), None)
    if side is None:
        return Refused(
            "not_asked", "This delay does not concern that agency, so it is not asked for its account of it."
        )
    if clock.cause_confirmed_at is not None and (clock.accounts_until is None or now > clock.accounts_until):
        return Refused(
            "cause_confirmed",
            f"The partnership team confirmed the cause of this delay at {workingtime.say(clock.cause_confirmed_at)}. "
            "If that is not right, please tell the partnership team; what you wrote is kept.",
        )
    given = {account.agency_id for account in clock.accounts} | {act.agency_id}
    return (
        events.AccountAdded(
            **events.origin(act, now),
            clock_id=clock.clock_id,
            awaits=clock.awaits,
            side=side,
            agency_id=act.agency_id,
            says=act.says,
            cause=clock.cause,
            all_given=all(agency in given for _, agency in whose(case, clock)),
        ),
    )
