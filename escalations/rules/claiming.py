"""What was done away from the system and written up later: said, then confirmed or denied.

Source: the rules of practice ("It is mostly settled by phone and in meetings, and written up days later"). What one
side says counts for nothing until the other side or the team confirms it; then it counts from when it happened. Denied,
it never counted.
"""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Awaits, Side, StartsFrom
from escalations.rules import acts, clocks, delivering, drift, events, moving, workingtime
from escalations.rules.access import Refused
from escalations.rules.acts import Act
from escalations.rules.case import MEETS, Case, Cause, Claim, ClaimState, Clock, Done, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all


def to_the_minute(moment: datetime) -> datetime:
    """Forms ask for minutes: what happened in the minute in which a clock began did not happen before it."""
    return moment.replace(second=0, microsecond=0)


def _stage_then(case: Case, happened_at: datetime) -> int:
    """The stage that the case was at when something happened; 0 before the first."""
    return sum(1 for start in case.stage_starts if to_the_minute(start) <= happened_at)


def _awaited(case: Case, agency_id: str, stage: int, done: Done) -> tuple[Clock, ...]:
    return clocks.of_agency(case, agency_id, stage, *MEETS[done])


def before_its_clock(case: Case, agency_id: str, done: Done, happened_at: datetime) -> Refused | None:
    """Refuse what is said to have happened before the clock began that it would meet."""
    stage = _stage_then(case, happened_at)
    awaited = _awaited(case, agency_id, max(stage, 1), done)
    first = case.stage_starts[max(stage, 1) - 1]
    began = min((clock.started_at for clock in awaited), default=first)
    if stage > 0 and happened_at >= to_the_minute(began):
        return None
    return Refused(
        "before_its_clock",
        f"That is before the time for it began, at {workingtime.say(began)}. Please check "
        "the date and time; what was tried earlier belongs in the text.",
    )


def say_done(case: Case, act: acts.SayDone, now: datetime) -> tuple[Event, ...] | Refused:
    """One side says that something was done, and when; the other side is asked to confirm it."""
    party = case.party(act.agency_id)
    if party is None:
        return Refused("not_a_party", "That agency is not part of this escalation.")
    if act.happened_at is None:
        return Refused("no_time", "Please say on which day and at what time it happened.")
    refused = before_its_clock(case, act.agency_id, act.done, act.happened_at) or _said_before(case, act)
    if refused is not None:
        return refused
    if party.settled and not _puts_right(case, act.agency_id, act.done, act.happened_at):
        return Refused(
            "settled",
            "This is already settled with that agency, and no time limit is recorded as passed that "
            "this would put right.",
        )
    claimed = claim(case, act, now, done=act.done, agency_id=act.agency_id, happened_at=act.happened_at)
    if not any(isinstance(event, events.ClockStarted) for event in claimed):
        # The question to the other side has no time limit past the calendar's end, and nobody would be asked.
        needed = "The time limit to confirm it"
        raise case.frame.calendar.exhausted(needed)
    return claimed


def _said_before(case: Case, act: acts.SayDone) -> Refused | None:
    for said in case.claims:
        if (said.agency_id, said.done, said.happened_at) == (act.agency_id, act.done, act.happened_at):
            match said.state:
                case ClaimState.SAID:
                    return Refused(
                        "already_said",
                        "This has already been recorded, and the other side has been asked to "
                        "confirm it. Nothing more is needed.",
                    )
                case ClaimState.CONFIRMED:
                    return Refused(
                        "already_confirmed", "This has already been recorded and confirmed. Nothing more is needed."
                    )
                case ClaimState.DENIED:
                    return Refused(
                        "already_denied",
                        "This was recorded before, and the answer was that it was not done. "
                        "If that is a mistake, please tell the partnership team.",
                    )
    return None


def claim(
    case: Case,
    act: Act,
    now: datetime,
    *,
    done: Done,
    agency_id: str,
    happened_at: datetime,
) -> tuple[Event, ...]:
    """What was said, with the question to the other side whether it was so."""
    claim_id = f"c{len(case.claims) + 1}"
    said = events.SaidDone(
        **events.origin(act, now),
        claim_id=claim_id,
        done=done,
        agency_id=agency_id,
        stage=_stage_then(case, happened_at),
    )
    other = Side.RAISING if act.by.side is Side.RESPONDING else Side.RESPONDING
    claimed = evolve_all(case, (said,))
    return (
        said,
        *clocks.start_all(
            claimed,
            clocks.rules_of_process(claimed, StartsFrom.SAID_DONE),
            now,
            agency_id=agency_id,
            waits_for=other,
            about=claim_id,
        ),
    )


def with_earlier_time(
    case: Case,
    act: Act,
    now: datetime,
    happened: tuple[Event, ...],
    *,
    done: Done,
    agency_id: str,
) -> tuple[Event, ...]:
    """An act written up later counts from its receipt. Where its own time would keep a limit, it is also a claim.

    Where it changes nothing the other side is not bothered: the time then stands in the event as it was given.
    """
    if act.happened_at is None:
        return happened
    after = evolve_all(case, happened)
    if not _puts_right(after, agency_id, done, act.happened_at):
        return happened
    return (*happened, *claim(after, act, now, done=done, agency_id=agency_id, happened_at=act.happened_at))


def _puts_right(case: Case, agency_id: str, done: Done, happened_at: datetime) -> bool:
    """Whether something that happened then would keep a limit that is noted as passed."""
    return any(
        clock.limit_passed_at is not None
        and not clock.limit_withdrawn
        and to_the_minute(clock.started_at) <= happened_at <= clock.due_at
        for clock in _awaited(case, agency_id, _stage_then(case, happened_at), done)
    )


def _open_claim(case: Case, claim_id: str) -> Claim | Refused:
    found = case.claim(claim_id)
    if found is None:
        return Refused(
            "no_such_claim",
            "We have no record of what this is about. Please open the newest message about "
            "this escalation, or ask the partnership team.",
        )
    if found.state is ClaimState.CONFIRMED:
        return Refused("already_confirmed", "This has already been confirmed. Nothing more is needed.")
    if found.state is ClaimState.DENIED:
        return Refused(
            "already_denied",
            "The answer that it was not done is already recorded. If that was a mistake, "
            "please tell the partnership team.",
        )
    return found


def confirm(case: Case, act: acts.ConfirmDone, now: datetime) -> tuple[Event, ...] | Refused:
    """What was said to be done counts from when it happened; also where its stage is left, or all is over."""
    said = _open_claim(case, act.claim_id)
    if isinstance(said, Refused):
        return said
    confirmed = events.DoneConfirmed(
        **events.origin(act, now),
        claim_id=said.claim_id,
        done=said.done,
        agency_id=said.agency_id,
        stage=said.stage,
        counts_from=said.happened_at,
    )
    asked = _asked_about(case, said, act, now)
    known = evolve_all(case, (confirmed, *asked))
    kept = [
        clock
        for clock in _awaited(known, said.agency_id, said.stage, said.done)
        if to_the_minute(clock.started_at) <= said.happened_at
    ]
    met = clocks.meet(known, kept, now, counts_from=said.happened_at)
    happened: tuple[Event, ...] = (confirmed, *asked, *met)
    if said.stage != case.stage or case.status is not Status.OPEN or case.party(said.agency_id) is None:
        return happened
    after = evolve_all(case, happened)
    happened = (*happened, *delivering.arrived(after, now, said.agency_id))
    begun = max(said.happened_at, case.stage_starts[-1])
    for begins in (delivering.acknowledged, delivering.spoken):
        happened = (*happened, *begins(evolve_all(case, happened), begun, said.agency_id, known_at=now))
    if Awaits.RESPOND not in MEETS[said.done]:
        return happened
    return (*happened, *moving.put_before_raiser(evolve_all(case, happened), now, said.agency_id))


def _asked_about(case: Case, said: Claim, act: acts.ConfirmDone | acts.DenyDone, now: datetime) -> tuple[Event, ...]:
    """The question is answered. Where the team answered it, whoever was asked did not, and the clock only stops."""
    asked = [clock for clock in case.running(Awaits.CONFIRM) if clock.about == said.claim_id]
    if act.by.side is Side.TEAM:
        return clocks.stop(asked, now)
    return clocks.meet(case, asked, now, counts_from=now)


def deny(case: Case, act: acts.DenyDone, now: datetime) -> tuple[Event, ...] | Refused:
    """It was not done, and never counted. A limit noted as "said to be done" is looked at again without it."""
    said = _open_claim(case, act.claim_id)
    if isinstance(said, Refused):
        return said
    denied = events.DoneDenied(
        **events.origin(act, now), claim_id=said.claim_id, done=said.done, agency_id=said.agency_id
    )
    happened: tuple[Event, ...] = (denied, *_asked_about(case, said, act, now))
    return (*happened, *_looked_at_again(evolve_all(case, happened), said, now))


def _looked_at_again(case: Case, said: Claim, now: datetime) -> tuple[Event, ...]:
    happened: tuple[Event, ...] = ()
    for clock in _awaited(case, said.agency_id, said.stage, said.done):
        if clock.cause is not Cause.SAID_DONE_UNCONFIRMED:
            continue
        cause = drift.cause_without(case, clock, said)
        if cause is not Cause.SAID_DONE_UNCONFIRMED:
            happened = (
                *happened,
                events.CauseChanged(at=now, clock_id=clock.clock_id, was=Cause.SAID_DONE_UNCONFIRMED, cause=cause),
            )
    return happened
