"""How a case goes through its stages: the start, a move up as intended or at once, a proposal dropped, the end."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from escalations.policy import Awaits, ClockRule, Side, SkipReason, StageRule, StartsFrom
from escalations.rules import acts, clocks, events, following_up, skipping, workingtime
from escalations.rules.access import Refused
from escalations.rules.actors import Actor, Channel
from escalations.rules.case import WITHOUT_SETTLEMENT, Case, Outcome
from escalations.rules.events import AlternateBecause, Event
from escalations.rules.evolving import evolve_all


def start_stage(
    case: Case,
    number: int,
    at: datetime,
    *,
    by: Actor | None = None,
    channel: Channel | None = None,
    happened_at: datetime | None = None,
    by_rule: ClockRule | None = None,
    because_of: str | None = None,
    skip_because: SkipReason | None = None,
    skip_side: Side | None = None,
) -> tuple[Event, ...]:
    """The case goes to a stage: what ran for the stage left stops, the new stage's clocks start, both sides are told.

    Clocks over all stages go on. Where the policy tells the partnership of this stage, that is an event of its own.
    An act applied late may be older than the stage that it leaves; the next one then begins when that one did.
    """
    at = max((at, *case.stage_starts[-1:]))
    rule = case.frame.policy.stage(number)
    left = [clock for clock in case.clocks if clock.running and clock.stage is not None]
    over = {clock.clock_id for clock in clocks.beyond(case, number)}
    # Whoever takes it up has said that the answer does not settle it, and that the case moves.
    said = [clock for clock in left if clock.awaits in {Awaits.CHOOSE, Awaits.CONSIDER} and by is not None]
    met = clocks.meet(case, said, at, counts_from=at)
    ended = (
        *met,
        *clocks.stop(
            (clock for clock in evolve_all(case, met).clocks if clock.stage is not None or clock.clock_id in over),
            at,
        ),
    )
    position, because = _decider(case, rule)
    started = events.StageStarted(
        at=at,
        stage=number,
        from_stage=case.stage,
        by=by,
        channel=channel,
        happened_at=happened_at,
        decider_position=position,
        alternate_because=because,
        because_of=because_of,
        by_rule=None if by_rule is None else by_rule.id,
        source=None if by_rule is None else by_rule.source,
        skip_because=skip_because,
        skip_side=skip_side,
    )
    happened: tuple[Event, ...] = (*ended, started)
    now_there = evolve_all(case, happened)
    if case.stage == 0:
        happened = (*happened, *_since_receipt(now_there, at))
        now_there = evolve_all(case, happened)
    begun = (
        *clocks.rules_of_stage(now_there, StartsFrom.STAGE_STARTED),
        *clocks.rules_of_span(now_there, left=case.stage),
    )
    happened = (*happened, *clocks.start_all(now_there, begun, at))
    if rule.partnership_told:
        happened = (*happened, events.PartnershipNotified(at=at, of="stage", stage=number))
    return happened


def _since_receipt(case: Case, at: datetime) -> tuple[Event, ...]:
    """The clocks of the first stage that a policy counts from receipt, also where the team held the case in between.

    Nobody is reminded of what was past before they were asked. And a time that was over by then begins as they are: it
    was ours, and an agency is not late with what it had not been told.
    """
    happened: tuple[Event, ...] = ()
    for rule in clocks.rules_of_stage(case, StartsFrom.RECEIVED):
        known = evolve_all(case, happened)
        begun = clocks.start_all(known, (rule,), case.received_at or at, known_at=at)
        if any(isinstance(one, events.ClockStarted) and one.due_at <= at for one in begun):
            begun = clocks.start_all(known, (rule,), at, started_by=StartsFrom.STAGE_STARTED.value)
        happened = (*happened, *begun)
    return happened


def decider_of(case: Case, number: int) -> tuple[str | None, AlternateBecause | None]:
    """Who of the final body decides at a stage, and why it is the alternate; nobody where it does not decide there."""
    return _decider(case, case.frame.policy.stage(number)) if number else (None, None)


def _decider(case: Case, rule: StageRule) -> tuple[str | None, AlternateBecause | None]:
    """Who of the final body decides: the alternate where its holder works for a party or decided before."""
    if not rule.decided_by_final_body:
        return None, None
    body = case.frame.policy.final_body
    involved = {*case.raisers, *(party.agency_id for party in case.parties)}
    if body.works_for in involved:
        both = body.alternate_works_for in involved
        return body.alternate_position, "both_work_for_a_party" if both else "works_for_a_party"
    if body.position in case.decided_by:
        return body.alternate_position, "decided_before"
    return body.position, None


def move_up(case: Case, act: acts.MoveUp, now: datetime) -> tuple[Event, ...] | Refused:
    """The raising side takes it up; at once, or when the level passed over has been told long enough."""
    above = case.frame.policy.next_stage(case.stage)
    if case.stage > case.first_stage and (now <= case.stage_starts[-1] or act.at_stage not in {None, case.stage}):
        return Refused(
            "already_moved",
            f"This has already moved up, to stage {case.stage}. Please open it again, and "
            "look at what has changed, before you take it further.",
        )
    if above is None:
        ends = (
            "The final body decides it."
            if case.decider_position is not None
            else ("You can still agree with the other side here.")
        )
        return Refused("top", f"This is at the last stage, so there is none to move up to. {ends}")
    if case.move is not None and case.move.takes_effect_at is not None:
        return Refused(
            "already_moving",
            f"This is already on its way to stage {case.move.to_stage}, on {_said(case.move.takes_effect_at)}.",
        )
    number = above.number if case.move is None else case.move.to_stage
    if act.to_stage is not None and act.to_stage != number:
        refused = skipping.refused(case, act, number)
        if refused is not None:
            return refused
        number = act.to_stage
    effect = takes_effect(case, now)
    if effect <= now:
        return _moved(case, act, now, number)
    intended = events.MoveIntended(
        **events.origin(act, now),
        to_stage=number,
        takes_effect_at=effect,
        skip_because=act.skip_because,
        skip_side=act.skip_side,
    )
    known = evolve_all(case, (intended,))
    return (intended, *clocks.meet(known, known.running(Awaits.CHOOSE, Awaits.CONSIDER), now, counts_from=now))


def takes_effect(case: Case, now: datetime) -> datetime:
    """When a move that is taken up now takes effect: once the level passed over has been told long enough.

    Raises:
        workingtime.CalendarExhausted: the frozen calendar does not reach so far.
    """
    notice = case.frame.policy.told_before_move[case.track]
    if notice is None:
        return now
    return max(now, workingtime.deadline(case.frame.calendar, _told_at(case, now), notice))


def _told_at(case: Case, now: datetime) -> datetime:
    """When the level passed over was told that the case may move up.

    A proposal tells it of the agencies whose limit passed; any other agency hears of a move only now.
    """
    move = case.move
    if move is None or move.proposed_at is None:
        return now
    told = {clock.agency_id for clock in clocks.speaking_for_a_move(case)}
    return move.proposed_at if all(party.agency_id in told for party in case.open_parties) else now


def _said(moment: datetime | None) -> str:
    return workingtime.say(moment) if moment is not None else "a date that is not known"


def _moved(case: Case, act: acts.MoveUp, now: datetime, to_stage: int) -> tuple[Event, ...]:
    happened = start_stage(
        case,
        to_stage,
        now,
        by=act.by,
        channel=act.channel,
        happened_at=act.happened_at,
        skip_because=act.skip_because,
        skip_side=act.skip_side,
    )
    return tuple(
        event.model_copy(update={"submission_id": act.submission_id, "content_digest": act.content_digest})
        if isinstance(event, events.StageStarted)
        else event
        for event in happened
    )


def stay(case: Case, act: acts.Stay, now: datetime) -> tuple[Event, ...] | Refused:
    """The raising side stays at this stage."""
    if act.at_stage not in {None, case.stage}:
        return Refused(
            "already_moved",
            f"This has moved to stage {case.stage} since you were asked. It does not go back; "
            "please open it again to see what it waits for.",
        )
    if case.move is None:
        return Refused(
            "no_move",
            f"No move up is open: this is at stage {case.stage}, and stays there until somebody of "
            "your side takes it up.",
        )
    chosen = clocks.meet(case, case.running(Awaits.CHOOSE), now, counts_from=now)
    return (events.MoveDropped(**events.origin(act, now), to_stage=case.move.to_stage), *chosen)


def object_to(case: Case, act: acts.Object, now: datetime) -> tuple[Event, ...] | Refused:
    """Somebody objects that a rule alone moves the case; the raising side's objection holds a move that is to come.

    What has moved does not go back: it is told to the other side and to the team, which speaks with both.
    """
    coming = case.move is not None and case.move.by_rule is not None
    rule = case.move.by_rule if case.move is not None and coming else case.moved_by_rule
    if rule is None:
        return Refused("not_by_itself", "Nothing moves this by itself, so there is no move of that kind to object to.")
    agency = act.by.agency_id or ""
    if agency in case.objected:
        return Refused("already_objected", "That your agency objects has been recorded already.")
    objected = events.MoveObjected(
        **events.origin(act, now), stage=case.stage, agency_id=act.by.agency_id, by_rule=rule
    )
    if not coming or case.move is None or act.by.side is not Side.RAISING:
        return (objected,)
    return (objected, events.MoveDropped(**events.origin(act, now), to_stage=case.move.to_stage))


def put_before_raiser(case: Case, at: datetime, agency_id: str) -> tuple[Event, ...]:
    """An answer of the present stage is asked about: does it deal with the worry? Each agency's has a clock of its own.

    A second answer of the same agency does not start it afresh. A proposal that rested on there being none ends.
    """
    ended = end_proposal(case, at, "answered")
    if any(clock.about == agency_id for clock in case.running(Awaits.CONSIDER)):
        return ended
    return (
        *ended,
        *clocks.start_all(
            evolve_all(case, ended), clocks.rules_of_process(case, StartsFrom.ANSWERED), at, about=agency_id
        ),
    )


def end_proposal(case: Case, at: datetime, because: Literal["answered", "settled", "removed"]) -> tuple[Event, ...]:
    """A proposal ends by itself once every agency that it rested on has answered, settled or been taken out.

    What a person intends does not, and a late acknowledgement is no answer: the raising side has been asked by then.
    """
    move = case.move
    if move is None or move.proposed_at is None or move.intended_at is not None:
        return ()
    answered = {party.agency_id for party in case.parties if party.answered_at is not None}
    if any(clock.agency_id not in answered for clock in clocks.speaking_for_a_move(case)):
        return ()
    ended = events.ProposalEnded(at=at, to_stage=move.to_stage, because=because)
    return (ended, *clocks.stop(case.running(Awaits.CHOOSE), at))


_MET_AT_THE_END = {
    Side.RAISING: (Awaits.SETTLE_ALL, Awaits.CONSIDER, Awaits.CHOOSE),
    Side.FINAL_BODY: (Awaits.SETTLE_ALL, Awaits.DECIDE),
}


def close(
    case: Case, at: datetime, *, by: Actor, outcome: Outcome, on_word_of: Side | None = None
) -> tuple[Event, ...]:
    """A person said that it is over: everything that ran ends, and the partnership is told where it was told before.

    Where the team records it, it says on whose word.
    """
    closed = events.Closed(at=at, by=by, stage=case.stage, outcome=outcome, on_word_of=on_word_of)
    return _close(case, at, on_word_of or by.side, closed)


def close_without_settlement(case: Case, closed: events.Closed) -> tuple[Event, ...]:
    """Whoever raised it took it back: what ran stops, and nothing is met by that."""
    return _close(case, closed.at, None, closed)


def close_by_team(case: Case, act: acts.Close, at: datetime, *, outcome: Outcome) -> tuple[Event, ...]:
    """The same, recorded by the team. What ends without settlement or decision has met no clock."""
    closed = events.Closed(
        at=at,
        by=act.by,
        stage=case.stage,
        outcome=outcome,
        on_word_of=act.on_word_of,
        route=act.route,
        outside=act.outside,
        sent_there=act.sent_there,
        happened_at=act.happened_at,
        submission_id=act.submission_id,
        content_digest=act.content_digest,
    )
    return _close(case, at, None if outcome in WITHOUT_SETTLEMENT else act.on_word_of, closed)


def _close(case: Case, at: datetime, on_word_of: Side | None, closed: events.Closed) -> tuple[Event, ...]:
    met = () if on_word_of is None else case.running(*_MET_AT_THE_END[on_word_of])
    happened: tuple[Event, ...] = clocks.meet(case, met, at, counts_from=at)
    closed = closed.model_copy(update={"follow_up_at": following_up.asked_at(case, closed)})
    happened = (*happened, *clocks.stop(evolve_all(case, happened).clocks, at), closed)
    if case.partnership_told_at is not None and case.frame.policy.resolution_told:
        happened = (*happened, events.PartnershipNotified(at=at, of="resolution", stage=case.stage))
    return happened
