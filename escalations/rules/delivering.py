"""What became of our notices, and what that starts: the responding side's clocks, or the team's clock to mend it.

Source: the rules of practice ("the responding agency's clocks start, by default, when the notice reached the right
agency"). What an undelivered notice does is the policy's to say. A person who acts has been reached, whatever became of
the notice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from escalations.policy import Awaits, Side, StartsFrom, Undelivered
from escalations.rules import acts, clocks, events
from escalations.rules.access import Refused
from escalations.rules.case import Case, Clock, ClockEnd, DeliveryState, Party, Status
from escalations.rules.events import Event
from escalations.rules.evolving import evolve_all


def delivery(case: Case, act: acts.ReportDelivery, now: datetime) -> tuple[Event, ...] | Refused:
    """The system reports what became of a notice that matters; or the team, that one did not arrive."""
    reported = events.NoticeReported(
        at=now,
        notice_id=act.notice_id,
        agency_id=act.agency_id,
        to_raiser=act.to_raiser,
        outside=act.outside,
        stage=act.stage,
        starts_clocks=act.starts_clocks,
        state=act.state,
        **({} if act.known_by is None else _of_the_team(act)),
        told_instead=act.told_instead,
    )
    after = evolve_all(case, (reported,))
    if case.status is not Status.OPEN or act.agency_id is None:
        return (reported,)
    party = case.party(act.agency_id)
    if party is None:
        return (reported, *_of_another(after, act, now))
    if act.stage != case.stage or party.settled:
        return (reported,)
    before = party.evidence.delivery
    # "Not sent" is how every notice begins. Reported, it is news: the agency is not told by mail, the team tells it.
    if act.starts_clocks and act.state is before and act.state is not DeliveryState.NOT_SENT:
        return Refused("already_reported", "What became of this notice has been reported already.")
    if act.state is not DeliveryState.DELIVERED:
        return (reported, *_not_delivered(after, act, now, act.agency_id))
    if act.starts_clocks:
        mended = seen_to(after, now, act.agency_id)
        return (reported, *mended, *_start(evolve_all(after, mended), now, act.agency_id))
    # Another notice got there: that mends the address, unless the stage's own notice is still to arrive.
    return (reported, *seen_to(after, now, act.agency_id)) if before is DeliveryState.DELIVERED else (reported,)


def _of_the_team(act: acts.ReportDelivery) -> dict[str, Any]:
    """Who of a side says it, and how they know: in the register of what the team confirmed."""
    return {
        "by": act.by,
        "known_by": act.known_by,
        "submission_id": act.submission_id,
        "content_digest": act.content_digest,
    }


def _of_another(case: Case, act: acts.ReportDelivery, now: datetime) -> tuple[Event, ...]:
    """A notice to the raising side or the final body: whoever cannot be asked must not be waited for unseen."""
    agency = str(act.agency_id)
    if act.state is DeliveryState.DELIVERED:
        return seen_to(case, now, agency)
    return _mend(case, now, agency)


def _mend(case: Case, now: datetime, agency_id: str) -> tuple[Event, ...]:
    if case.running(Awaits.MEND_DELIVERY, agency_id=agency_id):
        return ()
    return clocks.start_all(case, clocks.rules_of_process(case, StartsFrom.DELIVERY_FAILED), now, agency_id=agency_id)


def seen_to(case: Case, now: datetime, agency_id: str) -> tuple[Event, ...]:
    """A notice that did not arrive has been seen to: a later one arrived, or a person of the agency was reached."""
    return clocks.meet(case, case.running(Awaits.MEND_DELIVERY, agency_id=agency_id), now, counts_from=now)


def _not_delivered(case: Case, act: acts.ReportDelivery, now: datetime, agency_id: str) -> tuple[Event, ...]:
    mending = _mend(case, now, agency_id)
    if not act.starts_clocks or act.state is DeliveryState.NOT_SENT:
        return mending  # What has not left yet is ours, and starts nobody's time.
    after = evolve_all(case, mending)
    if case.frame.policy.undelivered is Undelivered.START:
        return (*mending, *_start(after, now, agency_id))
    return (*mending, *clocks.stop(_started_by_delivery(after, agency_id), now))


def _started_by_delivery(case: Case, agency_id: str) -> tuple[Clock, ...]:
    """The clocks that a relay's word started and a bounce takes back, unless a person there has shown to have it.

    Sending again starts them afresh. One whose limit has passed stays: its cause says that the notice did not arrive.
    """
    party = case.party(agency_id)
    if party is None or party.evidence.acknowledged or party.evidence.person_reached or party.answered_at is not None:
        return ()
    rules = {rule.id for rule in clocks.rules_of_stage(case, StartsFrom.DELIVERED)}
    return tuple(
        clock
        for clock in case.clocks
        if clock.running
        and clock.agency_id == agency_id
        and clock.stage == case.stage
        and clock.rule_id in rules
        and clock.limit_passed_at is None
    )


def _start(case: Case, now: datetime, agency_id: str) -> tuple[Event, ...]:
    """The clocks that the arrival of the stage's notice starts."""
    return start_what_is_missing(case, now, agency_id, StartsFrom.DELIVERED)


def is_told(case: Case, party: Party) -> bool:
    """Whether what the arrival of the stage's notice starts has begun for an agency."""
    evidence = party.evidence
    by_a_person = evidence.acknowledged or evidence.person_reached or evidence.wrote or party.answered_at is not None
    counts = {DeliveryState.DELIVERED: True, DeliveryState.NOT_SENT: False}
    return by_a_person or counts.get(evidence.delivery, case.frame.policy.undelivered is Undelivered.START)


def start_what_is_missing(
    case: Case, now: datetime, agency_id: str, *starts: StartsFrom, started_by: str | None = None
) -> tuple[Event, ...]:
    """The clocks of an agency at this stage that one of these starts, without those that have run or are done."""
    has_run = {
        clock.rule_id
        for clock in case.clocks
        if clock.agency_id == agency_id
        and clock.stage == case.stage
        and not clock.over
        and (clock.end is not ClockEnd.STOPPED or clock.limit_passed_at is not None)
    }
    party = case.party(agency_id)
    done: tuple[Awaits, ...] = ()
    if party is not None and party.evidence.acknowledged:
        done = (Awaits.ACKNOWLEDGE,)
    if party is not None and (party.evidence.person_reached or party.answered_at is not None):
        done = (*done, Awaits.BE_REACHED)
    if party is not None and party.answered_at is not None:
        done = (*done, Awaits.ACKNOWLEDGE, Awaits.RESPOND)
    rules = [
        rule
        for start in starts
        for rule in clocks.rules_of_stage(case, start)
        if rule.waits_for is Side.RESPONDING and rule.id not in has_run and rule.awaits not in done
    ]
    return clocks.start_all(case, rules, now, agency_id=agency_id, started_by=started_by)


def acknowledged(case: Case, at: datetime, agency_id: str, *, known_at: datetime | None = None) -> tuple[Event, ...]:
    """What starts from the acknowledgement of an agency at this stage; once, and not where it has answered."""
    return _started_by(StartsFrom.ACKNOWLEDGED, case, at, agency_id, known_at)


def spoken(case: Case, at: datetime, agency_id: str, *, known_at: datetime | None = None) -> tuple[Event, ...]:
    """What starts from somebody of an agency having been spoken to at this stage; as for the acknowledgement."""
    begun = max(at, case.stage_starts[-1]) if case.stage_starts else at
    return _started_by(StartsFrom.REACHED, case, begun, agency_id, known_at)


def _started_by(
    starts: StartsFrom, case: Case, at: datetime, agency_id: str, known_at: datetime | None
) -> tuple[Event, ...]:
    party = case.party(agency_id)
    if party is None or party.settled or party.answered_at is not None or case.status is not Status.OPEN:
        return ()
    has_run = {
        clock.rule_id
        for clock in case.clocks
        if clock.agency_id == agency_id and clock.stage == case.stage and not clock.over
    }
    rules = [rule for rule in clocks.rules_of_stage(case, starts) if rule.id not in has_run]
    return clocks.start_all(case, rules, at, agency_id=agency_id, known_at=known_at)


def arrived(case: Case, now: datetime, agency_id: str) -> tuple[Event, ...]:
    """A person of the agency has the matter, whatever became of our notice: what its arrival starts, starts."""
    party = case.party(agency_id)
    if party is None or party.settled or case.status is not Status.OPEN:
        return ()
    mended = seen_to(case, now, agency_id)
    if party.evidence.delivery is DeliveryState.DELIVERED:
        return mended
    return (*mended, *_start(evolve_all(case, mended), now, agency_id))


def message(case: Case, act: acts.ReportMessage, now: datetime) -> tuple[Event, ...] | Refused:
    """An automatic reply, or one that cannot be read, came; it starts, stops and meets nothing."""
    if case.party(act.agency_id) is None:
        return Refused("not_a_party", "That agency is not part of this escalation.")
    return (events.MessageReported(at=now, agency_id=act.agency_id, message=act.message),)
