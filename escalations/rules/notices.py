"""Who must be told what: positions, never addresses. The directory is read when a notice is delivered.

The partnership's team hears of a case's agencies, dates and delivery trouble; what it is about reaches it only from the
point at which the policy tells the partnership.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from escalations.policy import Awaits, Side
from escalations.rules import events
from escalations.rules.actors import Channel
from escalations.rules.case import MEETS, Case, Clock, DeliveryState, Status
from escalations.rules.clocks import TEAM_POSITION
from escalations.rules.events import Event

RAISER = "raiser"
"""Whoever raised the case, at the address that they gave; every other recipient is a position."""
LEAD = "escalation_lead"
"""An agency's lead for escalations, to whom empty positions fall."""
TEAM_DEPUTY = "team_deputy"
"""The deputy outside the team, for what the team itself has not done in time."""


class NoticeKind(StrEnum):
    """What a notice tells; each has one template."""

    RECEIPT = "receipt"
    HELD = "held"
    ASKED = "asked"
    """The notice of a stage, to each responding agency. Its arrival starts clocks."""
    ASKED_TO_DECIDE = "asked_to_decide"
    REACHED = "reached"
    """To the raiser: the notice of the stage has arrived."""
    NOT_DELIVERED = "not_delivered"
    DELIVERY_TROUBLE = "delivery_trouble"
    REMINDER = "reminder"
    PLEASE_PHONE = "please_phone"
    LIMIT_PASSED = "limit_passed"
    ASKED_TO_CHOOSE = "asked_to_choose"
    MOVE_INTENDED = "move_intended"
    STAYING = "staying"
    MOVED = "moved"
    PARTNERSHIP_STAGE = "partnership_stage"
    PARTNERSHIP_RESOLUTION = "partnership_resolution"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    ASKED_TO_CONFIRM = "asked_to_confirm"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    NO_ACTION_NEEDED = "no_action_needed"
    SETTLED = "settled"
    CLOSED = "closed"
    STILL_OPEN = "still_open"
    UNREADABLE = "unreadable"


class Ask(StrEnum):
    """What the link in a notice lets its reader do; the link serves until that is done."""

    READ = "read"
    RESPOND = "respond"
    CHOOSE = "choose"
    CONSIDER = "consider"
    CONFIRM = "confirm"
    DECIDE = "decide"
    TEAM = "team"
    """The team's own page of the case, behind its own way in."""


_ASKED_FOR = {
    Awaits.ACKNOWLEDGE: Ask.RESPOND, Awaits.BE_REACHED: Ask.RESPOND, Awaits.RESPOND: Ask.RESPOND,
    Awaits.CONSIDER: Ask.CONSIDER, Awaits.CHOOSE: Ask.CHOOSE, Awaits.CONFIRM: Ask.CONFIRM, Awaits.DECIDE: Ask.DECIDE,
    Awaits.LOOK: Ask.TEAM, Awaits.MEND_DELIVERY: Ask.TEAM, Awaits.SETTLE_ALL: Ask.READ,
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """A position of an agency, on a side."""

    side: Side
    agency_id: str | None
    position: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one recipient."""

    kind: NoticeKind
    to: Recipient
    asks: Ask
    stage: int
    due_at: datetime | None = None
    """By when what it asks is awaited, or when what it tells takes effect."""
    about: str | None = None
    """The clock or the claim that it concerns."""
    starts_clocks: bool = False


def notices_for(case: Case, event: Event) -> tuple[Notice, ...]:  # noqa: C901, PLR0911, PLR0912  one line a kind, and closed
    """Who must be told of an event.

    Args:
        case: as it stands after the event.
        event: what happened.
    """
    match event:
        case events.Raised():
            return _raised(case, event)
        case events.StageStarted():
            return _stage(case, event)
        case events.NoticeReported():
            return _reported(case, event)
        case events.ReminderFell():
            return _reminder(case, event)
        case events.LimitPassed():
            return _limit(case, event)
        case events.LimitWithdrawn():
            return _withdrawn(case, event)
        case events.ClockStarted():
            return _question(case, event)
        case events.MoveIntended():
            return _to_parties(case, NoticeKind.MOVE_INTENDED, due_at=event.takes_effect_at)
        case events.MoveDropped():
            return _to_parties(case, NoticeKind.STAYING)
        case events.Acknowledged() | events.PersonReached():
            return (_to_raiser(case, NoticeKind.ACKNOWLEDGED),)
        case events.DoneConfirmed():
            return _claim_answered(case, event.claim_id, NoticeKind.CONFIRMED)
        case events.DoneDenied():
            return _claim_answered(case, event.claim_id, NoticeKind.DENIED)
        case events.Settled():
            return _settled(case, event)
        case events.Closed():
            return _closed(case)
        case events.PartnershipNotified():
            kind = NoticeKind.PARTNERSHIP_STAGE if event.of == "stage" else NoticeKind.PARTNERSHIP_RESOLUTION
            return (_to_team(case, kind),)
        case events.MessageReported():
            return (_to_team(case, NoticeKind.UNREADABLE),) if event.message == "unreadable_reply" else ()
        case events.RaiserKeptInformed():
            return (_to_raiser(case, NoticeKind.STILL_OPEN),)
        case events.Responded():
            return (_to_raiser(case, NoticeKind.ANSWERED, asks=Ask.CONSIDER),)
        case (events.PassedOn() | events.ClockEnded() | events.CauseChanged() | events.MoveProposed()
              | events.SaidDone() | events.Decided() | events.PhoneCallNoted()):
            return ()
        case _:
            assert_never(event)


def _to_raiser(
    case: Case, kind: NoticeKind, *, asks: Ask = Ask.READ, due_at: datetime | None = None, about: str | None = None,
) -> Notice:
    return Notice(kind, Recipient(Side.RAISING, case.raising_agency, RAISER), asks, case.stage, due_at, about)


def _to_team(case: Case, kind: NoticeKind, *, due_at: datetime | None = None, about: str | None = None) -> Notice:
    return Notice(kind, Recipient(Side.TEAM, None, TEAM_POSITION), Ask.TEAM, case.stage, due_at, about)


def _to_parties(case: Case, kind: NoticeKind, *, due_at: datetime | None = None) -> tuple[Notice, ...]:
    position = case.frame.policy.stage(case.stage).responding_position
    return tuple(
        Notice(kind, Recipient(Side.RESPONDING, party.agency_id, position), Ask.RESPOND, case.stage, due_at)
        for party in case.open_parties)


def _raised(case: Case, event: events.Raised) -> tuple[Notice, ...]:
    if not event.held:
        return (_to_raiser(case, NoticeKind.RECEIPT),)
    # Entered by the team for somebody: nobody is mailed until the team presses "tell them".
    team = (_to_team(case, NoticeKind.HELD),)
    return team if event.channel is Channel.TEAM else (_to_raiser(case, NoticeKind.RECEIPT), *team)


def _stage(case: Case, event: events.StageStarted) -> tuple[Notice, ...]:
    policy = case.frame.policy
    rule = policy.stage(event.stage)
    told: list[Notice] = []
    for party in case.open_parties:
        to = Recipient(Side.RESPONDING, party.agency_id, rule.responding_position)
        told.append(Notice(NoticeKind.ASKED, to, Ask.RESPOND, event.stage, starts_clocks=True))
    if event.decider_position is not None:
        to = Recipient(Side.FINAL_BODY, policy.final_body.agency, event.decider_position)
        told.append(Notice(NoticeKind.ASKED_TO_DECIDE, to, Ask.DECIDE, event.stage))
    if event.from_stage == 0:
        return tuple(told)
    told.append(_to_raiser(case, NoticeKind.MOVED))
    told.append(Notice(NoticeKind.MOVED, Recipient(Side.RAISING, case.raising_agency, rule.raising_position), Ask.READ,
                       event.stage))
    left = policy.stage(event.from_stage).responding_position
    if left != rule.responding_position:
        told.extend(Notice(NoticeKind.MOVED, Recipient(Side.RESPONDING, party.agency_id, left), Ask.READ, event.stage)
                    for party in case.open_parties)
    return tuple(told)


def _reported(case: Case, event: events.NoticeReported) -> tuple[Notice, ...]:
    if event.state is DeliveryState.DELIVERED:
        arrived = event.starts_clocks and event.stage == case.stage and case.status is Status.OPEN
        return (_to_raiser(case, NoticeKind.REACHED, about=event.agency_id),) if arrived else ()
    if event.agency_id is None or case.status is not Status.OPEN:
        return (_to_team(case, NoticeKind.DELIVERY_TROUBLE, about=event.notice_id),)
    trouble = _to_team(case, NoticeKind.DELIVERY_TROUBLE, about=event.notice_id)
    return (trouble, _to_raiser(case, NoticeKind.NOT_DELIVERED)) if event.starts_clocks else (trouble,)


def _waited_for(case: Case, event: events.ReminderFell | events.LimitPassed) -> tuple[Recipient, ...]:
    """Whom a clock waits for, and who can do what it awaits."""
    match event.waits_for:
        case Side.RESPONDING | Side.FINAL_BODY:
            return (Recipient(event.waits_for, event.agency_id, event.position or LEAD),)
        case Side.RAISING:
            return (Recipient(Side.RAISING, case.raising_agency, RAISER),)
        case Side.TEAM:
            return (Recipient(Side.TEAM, None, TEAM_POSITION),)
        case Side.BOTH:
            position = case.frame.policy.stage(max(case.stage, 1)).responding_position
            return (Recipient(Side.RAISING, case.raising_agency, RAISER), *(
                Recipient(Side.RESPONDING, party.agency_id, position) for party in case.open_parties))


def _reminder(case: Case, event: events.ReminderFell) -> tuple[Notice, ...]:
    asks = _ASKED_FOR[event.awaits]
    told = tuple(Notice(NoticeKind.REMINDER, to, asks, case.stage, event.due_at, event.clock_id)
                 for to in _waited_for(case, event))
    if event.phone_call_asked:
        return (*told, _to_team(case, NoticeKind.PLEASE_PHONE, due_at=event.due_at, about=event.clock_id))
    return told


def _limit(case: Case, event: events.LimitPassed) -> tuple[Notice, ...]:
    """Whom the clock waited for, both sides' next level, and the raiser; the team from when the partnership was told."""
    recipients = list(_waited_for(case, event))
    above = case.frame.policy.next_stage(case.stage)
    raiser = Recipient(Side.RAISING, case.raising_agency, RAISER)
    match event.waits_for:
        case Side.RESPONDING:
            if above is not None:
                recipients.append(Recipient(Side.RESPONDING, event.agency_id, above.responding_position))
                recipients.append(Recipient(Side.RAISING, case.raising_agency, above.raising_position))
            recipients.append(raiser)
        case Side.RAISING:
            recipients.append(Recipient(Side.RAISING, case.raising_agency, LEAD))
            recipients.append(Recipient(Side.TEAM, None, TEAM_POSITION))
        case Side.TEAM:
            recipients.append(Recipient(Side.TEAM, None, TEAM_DEPUTY))
        case Side.FINAL_BODY:
            recipients += [raiser, Recipient(Side.TEAM, None, TEAM_POSITION)]
        case Side.BOTH:
            pass
    team = Recipient(Side.TEAM, None, TEAM_POSITION)
    if case.partnership_told_at is not None and team not in recipients:
        recipients.append(team)
    asked = set(_waited_for(case, event))
    return tuple(
        Notice(NoticeKind.LIMIT_PASSED, to, _ASKED_FOR[event.awaits] if to in asked else _reading(to), case.stage,
               event.due_at, event.clock_id)
        for to in dict.fromkeys(recipients))


def _reading(to: Recipient) -> Ask:
    return Ask.TEAM if to.side is Side.TEAM else Ask.READ


def _withdrawn(case: Case, event: events.LimitWithdrawn) -> tuple[Notice, ...]:
    """Everyone who was told that the limit had passed hears that nothing more is needed about it."""
    clock = _clock(case, event.clock_id)
    stage = clock.stage or case.stage
    told = {to: None for to in _told_of_limit(case, stage, event.agency_id, clock)}
    return tuple(Notice(NoticeKind.NO_ACTION_NEEDED, to, _reading(to), stage, event.kept_at, event.clock_id)
                 for to in told)


def _told_of_limit(case: Case, stage: int, agency_id: str | None, clock: Clock) -> tuple[Recipient, ...]:
    policy = case.frame.policy
    recipients = [Recipient(Side.RAISING, case.raising_agency, RAISER)]
    if agency_id is not None and clock.position is not None:
        recipients.append(Recipient(Side.RESPONDING, agency_id, clock.position))
    above = policy.next_stage(stage)
    if above is not None:
        recipients.append(Recipient(Side.RESPONDING, agency_id, above.responding_position))
        recipients.append(Recipient(Side.RAISING, case.raising_agency, above.raising_position))
    if case.partnership_told_at is not None:
        recipients.append(Recipient(Side.TEAM, None, TEAM_POSITION))
    return tuple(recipients)


def _clock(case: Case, clock_id: str) -> Clock:
    return next(clock for clock in case.clocks if clock.clock_id == clock_id)


def _question(case: Case, event: events.ClockStarted) -> tuple[Notice, ...]:
    """A clock that asks somebody something is told of when it starts; the notice of a stage tells of the others."""
    if event.awaits is Awaits.CHOOSE:
        return (_to_raiser(case, NoticeKind.ASKED_TO_CHOOSE, asks=Ask.CHOOSE, due_at=event.due_at,
                           about=event.clock_id),)
    if event.awaits is Awaits.CONFIRM:
        if event.waits_for is Side.RAISING:
            return (_to_raiser(case, NoticeKind.ASKED_TO_CONFIRM, asks=Ask.CONFIRM, due_at=event.due_at,
                               about=event.about),)
        to = Recipient(Side.RESPONDING, event.agency_id, event.position or LEAD)
        return (Notice(NoticeKind.ASKED_TO_CONFIRM, to, Ask.CONFIRM, case.stage, event.due_at, event.about),)
    return ()


def _claim_answered(case: Case, claim_id: str, kind: NoticeKind) -> tuple[Notice, ...]:
    claim = case.claim(claim_id)
    if claim is None:
        return ()
    if claim.by_side is Side.RAISING:
        return (_to_raiser(case, kind, about=claim_id),)
    position = case.frame.policy.stage(claim.stage).responding_position
    told: tuple[Notice, ...] = (Notice(
        kind, Recipient(Side.RESPONDING, claim.agency_id, position), Ask.RESPOND, case.stage, about=claim_id),)
    answers = kind is NoticeKind.CONFIRMED and Awaits.RESPOND in MEETS[claim.done] and claim.stage == case.stage
    # What was confirmed to be the answer is now before the raising side like one given in writing.
    return (*told, _to_raiser(case, NoticeKind.ANSWERED, asks=Ask.CONSIDER)) if answers else told


def _settled(case: Case, event: events.Settled) -> tuple[Notice, ...]:
    if not case.open_parties:
        return ()  # The last of them: the case closes, and that is what is told.
    position = case.frame.policy.stage(event.stage).responding_position
    to = Recipient(Side.RESPONDING, event.agency_id, position)
    return (Notice(NoticeKind.SETTLED, to, Ask.READ, event.stage),)


def _closed(case: Case) -> tuple[Notice, ...]:
    """Everyone on the ladder so far, on both sides."""
    told = [_to_raiser(case, NoticeKind.CLOSED)]
    for rule in case.frame.policy.stages[:case.stage]:
        told.extend(Notice(NoticeKind.CLOSED, Recipient(Side.RESPONDING, party.agency_id, rule.responding_position),
                           Ask.READ, case.stage) for party in case.parties)
        if rule.number > 1:
            told.append(Notice(NoticeKind.CLOSED, Recipient(
                Side.RAISING, case.raising_agency, rule.raising_position), Ask.READ, case.stage))
    return tuple(dict.fromkeys(told))


_PASSING = (NoticeKind.REMINDER, NoticeKind.PLEASE_PHONE, NoticeKind.LIMIT_PASSED, NoticeKind.ASKED_TO_CHOOSE,
            NoticeKind.ASKED_TO_CONFIRM, NoticeKind.ASKED, NoticeKind.ASKED_TO_DECIDE, NoticeKind.MOVE_INTENDED,
            NoticeKind.STILL_OPEN)


def overtaken(case: Case, kind: NoticeKind, *, stage: int, about: str | None) -> bool:
    """Whether a notice that has not left yet has been overtaken by events, and is settled instead of sent."""
    if kind not in _PASSING:
        return False
    if case.status is Status.CLOSED or stage < case.stage:
        return True
    clock = next((clock for clock in case.clocks if clock.clock_id == about), None)
    if kind in {NoticeKind.REMINDER, NoticeKind.PLEASE_PHONE, NoticeKind.ASKED_TO_CHOOSE}:
        return clock is None or not clock.running
    if kind is NoticeKind.LIMIT_PASSED:
        return clock is not None and (clock.limit_withdrawn or not clock.running)
    return kind is NoticeKind.MOVE_INTENDED and (case.move is None or case.move.intended_at is None)
