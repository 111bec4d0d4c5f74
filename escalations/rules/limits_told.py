"""Who hears of a reminder, of a time limit that passed, and that it had been kept after all."""

from __future__ import annotations

from escalations.policy import Awaits, OnLimit, Side
from escalations.rules import accounts, clocks, events
from escalations.rules.case import Case, Clock
from escalations.rules.clocks import TEAM_POSITION
from escalations.rules.telling import ASKED_FOR, LEAD, RAISER, TEAM_DEPUTY, Ask, Notice, NoticeKind, Recipient

_TEAM = Recipient(Side.TEAM, None, TEAM_POSITION)


def waited_for(case: Case, clock: Clock) -> tuple[Recipient, ...]:
    """Whom a clock waits for, and who can do what it awaits."""
    raiser = Recipient(Side.RAISING, case.raising_agency, RAISER)
    match clock.waits_for:
        case Side.RESPONDING | Side.FINAL_BODY:
            return (Recipient(clock.waits_for, clock.agency_id, clock.position or LEAD),)
        case Side.RAISING:
            return (raiser,)
        case Side.TEAM:
            return (_TEAM,)
        case Side.OUTSIDE:
            return ()  # Nothing ever waits for an adviser.
        case Side.BOTH:
            return (raiser, *level_of_responding_side(case))


def of_reminder(case: Case, event: events.ReminderFell) -> tuple[Notice, ...]:
    """Whom the clock waits for; the team as well, where it is asked to phone before "no reply recorded" is written."""
    clock = case.clock(event.clock_id)
    told = tuple(
        Notice(NoticeKind.REMINDER, to, ASKED_FOR[event.awaits], case.stage, event.due_at, event.clock_id)
        for to in waited_for(case, clock)
    )
    if not event.phone_call_asked:
        return told
    return (*told, Notice(NoticeKind.PLEASE_PHONE, _TEAM, Ask.TEAM, case.stage, event.due_at, event.clock_id))


def of_passed_limit(case: Case, event: events.LimitPassed) -> tuple[Notice, ...]:
    """Whom the clock waited for, both sides' next level, and the raiser; the team once the partnership was told.

    Where the limit brings the question whether to move up, the raiser hears of both in that one message.
    """
    clock = case.clock(event.clock_id)
    if clock.awaits is Awaits.RAISE:
        return ()  # It has been raised. That it was late is a finding, and nothing that anybody is asked to do.
    recipients = _concerned(case, clock, case.stage)
    if clocks.what_follows(case, clock) is not OnLimit.TELL:
        recipients = tuple(to for to in recipients if to.position != RAISER)
    asked = waited_for(case, clock)
    return tuple(
        Notice(
            NoticeKind.LIMIT_PASSED,
            to,
            ASKED_FOR[event.awaits] if to in asked else reading(to),
            case.stage,
            event.due_at,
            event.clock_id,
        )
        for to in recipients
    )


def of_extension(case: Case, event: events.ClockExtended) -> tuple[Notice, ...]:
    """Both sides hear of more time, where there still is some."""
    if not case.clock(event.clock_id).running or event.due_at < event.at:
        return ()
    return _of_a_moved_time(case, event, NoticeKind.EXTENDED)


def of_sooner_time(case: Case, event: events.ClockSetSooner) -> tuple[Notice, ...]:
    """Both sides hear of a sooner time."""
    return _of_a_moved_time(case, event, NoticeKind.SOONER)


def _of_a_moved_time(
    case: Case, event: events.ClockExtended | events.ClockSetSooner, kind: NoticeKind
) -> tuple[Notice, ...]:
    """Whom the clock waits for, whoever raised it, and the other side at its present level.

    A responding agency hears nothing of the time that another one has.
    """
    clock = case.clock(event.clock_id)
    asked = waited_for(case, clock)
    others = () if clock.waits_for is Side.RESPONDING else level_of_responding_side(case)
    recipients = dict.fromkeys((*asked, Recipient(Side.RAISING, case.raising_agency, RAISER), *others))
    return tuple(
        Notice(
            kind,
            to,
            ASKED_FOR[event.awaits] if to in asked else reading(to),
            case.stage,
            event.due_at,
            event.clock_id,
        )
        for to in recipients
    )


def level_of_responding_side(case: Case) -> tuple[Recipient, ...]:
    """The present level of each responding agency with which it is not settled."""
    position = case.frame.policy.stage(max(case.stage, 1)).responding_position
    return tuple(Recipient(Side.RESPONDING, party.agency_id, position) for party in case.open_parties)


def of_withdrawn_limit(case: Case, event: events.LimitWithdrawn) -> tuple[Notice, ...]:
    """Everyone who was told that the limit had passed hears that nothing more is needed about it.

    Where several were kept in truth, and it comes out at one moment, each hears of all of theirs in one message.
    """
    clock = case.clock(event.clock_id)
    heard = {to for other in kept_with(case, clock) if other is not clock for to in _heard(case, other)}
    stage = case.stage if clock.stage is None else clock.stage
    # Whom it still waits for is told of the new time limit, and not that nothing is needed.
    asked = waited_for(case, clock) if event.more_time and clock.running else ()
    return tuple(
        Notice(NoticeKind.NO_ACTION_NEEDED, to, reading(to), stage, event.kept_at, event.clock_id)
        for to in _heard(case, clock)
        if to not in heard and to not in asked
    )


def kept_with(case: Case, clock: Clock, to: Recipient | None = None) -> tuple[Clock, ...]:
    """Clocks whose limits were withdrawn at one moment with this one's; those alone that a recipient hears of."""
    return tuple(
        other
        for other in case.clocks
        if other.limit_withdrawn
        and other.limit_withdrawn_at == clock.limit_withdrawn_at
        and (to is None or to in _heard(case, other))
    )


def _heard(case: Case, clock: Clock) -> tuple[Recipient, ...]:
    return _concerned(case, clock, case.stage if clock.stage is None else clock.stage)


def _concerned(case: Case, clock: Clock, stage: int) -> tuple[Recipient, ...]:
    """Everyone who hears that a limit passed at a stage."""
    told = list(waited_for(case, clock))
    above = case.frame.policy.next_stage(stage)
    raiser = Recipient(Side.RAISING, case.raising_agency, RAISER)
    match clock.waits_for:
        case Side.RESPONDING:
            if above is not None:
                told.append(Recipient(Side.RESPONDING, clock.agency_id, above.responding_position))
                told.append(Recipient(Side.RAISING, case.raising_agency, above.raising_position))
            told.append(raiser)
        case Side.RAISING:
            told += [Recipient(Side.RAISING, case.raising_agency, LEAD), *_others(case, clock), _TEAM]
        case Side.TEAM:
            told.append(Recipient(Side.TEAM, None, TEAM_DEPUTY))
        case Side.FINAL_BODY:
            told += [raiser, *_others(case, clock), _TEAM]
        case Side.BOTH | Side.OUTSIDE:
            pass
    if case.partnership_told_at is not None and (
        clock.limit_passed_at is None or case.partnership_told_at <= clock.limit_passed_at
    ):
        told.append(_TEAM)
    return tuple(dict.fromkeys(told))


def _others(case: Case, clock: Clock) -> tuple[Recipient, ...]:
    """The responding side of a delay that was not its own: it is asked for its account of that as well."""
    asked = {agency for side, agency in accounts.whose(case, clock) if side is Side.RESPONDING}
    return tuple(to for to in level_of_responding_side(case) if to.agency_id in asked)


def reading(to: Recipient) -> Ask:
    """What is asked of somebody who is only told."""
    return Ask.TEAM if to.side is Side.TEAM else Ask.READ
