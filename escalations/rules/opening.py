"""How a case begins: raised, and held for the partnership team or passed on."""

from __future__ import annotations

from datetime import datetime

from escalations.policy import Awaits, ClockRule, StartsFrom
from escalations.rules import acts, clocks, events, listed, moving, skipping, sooner, together, urgent_words
from escalations.rules.access import Refused
from escalations.rules.actors import Channel
from escalations.rules.case import EDITION, Case, Cause, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all
from escalations.rules.senders import Stands


def raise_case(case: Case, act: acts.Raise, now: datetime) -> tuple[Event, ...] | Refused:
    """An escalation is raised. The clock over the whole process starts at its receipt, held or not.

    Nothing fires for what is past: when it really began is kept with it, and no clock counts from then.
    """
    if case.seq:
        return Refused("already_raised", "This escalation has already been raised.")
    if act.happened_at is not None and act.happened_at > now:
        return Refused("in_the_future", "The date of the disagreement is in the future. Please give when it arose.")
    refused = _agencies((act.raising_agency, *act.co_raisers), act.responding_agencies)
    refused = refused or together.not_together(case, act.track, act.raising_agency, act.co_raisers)
    if refused is not None:
        return refused
    number = skipping.first_stage(case, act)
    if isinstance(number, Refused):
        return number
    if act.priority is not None and case.frame.policy.priority(act.priority) is None:
        return sooner.no_such_priority(case)
    elsewhere = skipping.goes_elsewhere(case, act.concern)
    held = act.hold or not act.responding_agencies or act.raising_agency is None or elsewhere or act.raisers_to_look_at
    raised = events.Raised(
        **events.origin(act, now),
        policy_hash=case.frame.policy.content_hash,
        calendar_hash=case.frame.calendar.content_hash,
        edition=EDITION,
        track=act.track,
        raising_agency=act.raising_agency,
        responding_agencies=act.responding_agencies,
        concern=act.concern,
        people=act.people,
        **listed.codes(case, act),
        priority=act.priority,
        start_stage=None if number == 1 else number,
        start_because=skipping.because(act) if number > 1 else None,
        sender_known=act.sender_known,
        sender_checked=act.sender_checked,
        seen=act.seen,
        co_raisers=act.co_raisers,
        raisers_to_look_at=act.raisers_to_look_at,
        held=held,
        # Entered for somebody, by the team or by an agency's lead: nobody is mailed until "tell them" is pressed.
        quiet=held and (act.hold or act.channel is Channel.TEAM),
    )
    opened = evolve_all(case, (raised,))
    still = _still_to_come(clocks.rules_of_process(opened, StartsFrom.RECEIVED), number)
    spanning = clocks.start_all(opened, still, now)
    opened = evolve_all(opened, spanning)
    arisen = _since_it_arose(opened, act, now)
    spanning, opened = (*spanning, *arisen), evolve_all(opened, arisen)
    if held:
        return (raised, *spanning, *clocks.start_all(opened, clocks.rules_of_process(opened, StartsFrom.HELD), now))
    begun = (raised, *spanning, *moving.start_stage(opened, number, now, skip_because=raised.start_because))
    return urgent_words.raised(case, begun, now)


def _still_to_come(rules: tuple[ClockRule, ...], first_stage: int) -> tuple[ClockRule, ...]:
    """Without those that span only stages below the one at which it starts: nobody is asked there."""
    return tuple(rule for rule in rules if rule.to_stage is None or first_stage <= rule.to_stage)


def _since_it_arose(case: Case, act: acts.Raise, now: datetime) -> tuple[Event, ...]:
    """The clocks that count from the disagreement, or from the decision challenged, where somebody said when that was.

    What they say of the past is noted when it became known, and nobody is told: it was raised, which is what counts.
    """
    rules = _still_to_come(clocks.rules_of_process(case, StartsFrom.DISAGREEMENT), case.start_stage)
    since = now if act.happened_at is None else act.happened_at
    if act.happened_at is None:
        rules = tuple(rule for rule in rules if rule.awaits is not Awaits.RAISE)
    happened = clocks.start_all(case, rules, since, known_at=now)
    case = evolve_all(case, happened)
    for clock in case.running(Awaits.RAISE):
        if now > clock.due_at:
            late = clocks.pass_limit(case, clock, now, cause=Cause.ANSWERED_LATE)
            happened, case = (*happened, late), evolve_all(case, (late,))
        met = clocks.meet(case, (clock,), now, counts_from=now)
        happened, case = (*happened, *met), evolve_all(case, met)
    return happened


def pass_on(case: Case, act: acts.PassOn, now: datetime) -> tuple[Event, ...] | Refused:
    """The team passes a held case on: now the agencies of both sides are known, and can be told."""
    if case.status is not Status.HELD:
        return Refused("already_passed_on", "This has already been passed on.")
    raising = act.raising_agency or case.raising_agency
    if raising is None:
        return Refused(
            "raising_agency_needed",
            "We do not know yet which agency raised this. Please say which it is; it can then be passed on.",
        )
    # Whoever leads after all is not one of the others any more.
    others = tuple(agency for agency in case.co_raisers if agency != raising)
    refused = _agencies((raising, *others), act.responding_agencies) or _unsure(act)
    if refused is not None:
        return refused
    looked = clocks.meet(case, case.running(Awaits.LOOK), now, counts_from=now)
    said = None if raising == case.raising_agency else raising
    passed = _passed_on(case, looked, act, act.responding_agencies, now, raising=said)
    # To pass it on does not say whether it is urgent: as long as nobody has, that waits for the team by its own limit.
    return urgent_words.raised(case, passed, now)


def _passed_on(
    case: Case,
    happened: tuple[Event, ...],
    act: acts.PassOn | acts.Complete,
    responding: tuple[str, ...],
    now: datetime,
    *,
    raising: str | None = None,
) -> tuple[Event, ...]:
    passed = events.PassedOn(
        at=now,
        by=act.by,
        responding_agencies=responding,
        raising_agency=raising,
        sender_known=act.sender_known if isinstance(act, acts.PassOn) else None,
        sender_stands=act.sender_stands if isinstance(act, acts.PassOn) else None,
        sender_known_by=act.sender_known_by if isinstance(act, acts.PassOn) else None,
        submission_id=act.submission_id,
        content_digest=act.content_digest,
    )
    happened = (*happened, passed)
    return (*happened, *moving.start_stage(evolve_all(case, happened), case.start_stage, now))


def _unsure(act: acts.PassOn) -> Refused | None:
    """Nobody is taken for somebody of an agency without a word on how that is known."""
    if act.sender_stands is not Stands.TAKEN or act.sender_known_by is not None:
        return None
    return Refused(
        "how_known_needed",
        "Please say how you know that whoever raised this works for that agency: whom you rang, and on which number.",
    )


def await_agency(case: Case, act: acts.AwaitAgency, now: datetime) -> tuple[Event, ...] | Refused:
    """An agency is added to the directory first. The team's clock goes on: whoever wrote must not wait for that."""
    if case.status is not Status.HELD:
        return Refused("already_passed_on", "This has already been passed on.")
    return (events.AgencyAwaited(**events.origin(act, now)),)


def complete(case: Case, act: acts.Complete, now: datetime) -> tuple[Event, ...] | Refused:
    """What a plain mail did not say is said.

    It passes a held case on where it was held for nothing but an agency to raise it with: a person has now chosen one.
    A case whose sender was not recognised, or that was entered quietly, stays the team's to pass on.
    """
    named = tuple(party.agency_id for party in case.parties)
    refused = (
        _named(case, act, named)
        or _agencies((case.raising_agency, *case.co_raisers), act.responding_agencies)
        or listed.no_such_reason(case, act)
    )
    if refused is not None:
        return refused
    answered = urgent_words.by_completing(case, act, now)
    if isinstance(answered, Refused):
        return answered
    return (*answered, *_completed(evolve_all(case, answered), act, act.responding_agencies or named, now))


def _completed(case: Case, act: acts.Complete, responding: tuple[str, ...], now: datetime) -> tuple[Event, ...]:
    completed = events.Completed(
        **events.origin(act, now),
        responding_agencies=responding,
        concern=act.concern,
        people=act.people,
        **listed.codes(case, act),
    )
    if case.status is not Status.HELD or case.raising_agency is None or case.quiet or not responding:
        return (completed,)
    if skipping.goes_elsewhere(case, act.concern) or case.raisers_to_look_at:
        return (completed,)
    # The team has not looked, and does not have to any more; so its clock stops, and it is not told either.
    looked = clocks.stop(case.running(Awaits.LOOK), now)
    passed = _passed_on(case, (*looked, completed), act, responding, now)
    # Where it was not said whether it is urgent, the team still has to look at that.
    return urgent_words.raised(case, passed, now)


def _named(case: Case, act: acts.Complete, named: tuple[str, ...]) -> Refused | None:
    """What is complete stays as it was said; and an agency that has been told is not changed by filling in a form."""
    if not case.incomplete:
        return Refused(
            "already_complete",
            "This has been completed already. If something in it is not right, please tell the partnership team.",
        )
    if case.status is Status.OPEN and frozenset(act.responding_agencies) not in {frozenset(), frozenset(named)}:
        return Refused(
            "already_passed_on",
            "This has been passed on already, so the agency that it is raised with cannot be changed here. "
            "Please tell the partnership team which agency you mean.",
        )
    return None


def _agencies(raising: tuple[str | None, ...], responding: tuple[str, ...]) -> Refused | None:
    if any(agency in responding for agency in raising):
        return Refused(
            "same_agency",
            "The agency that raises this and the agency it is raised with are the same. A "
            "disagreement inside one agency goes through that agency's own managers.",
        )
    if len(set(responding)) != len(responding):
        return Refused("named_twice", "The same agency is named twice. Please name each agency once.")
    return None
