"""Who must be told what: positions, never addresses. The directory is read when a notice is delivered.

The partnership's team hears of a case's agencies, dates and delivery trouble; what it is about reaches it only from the
point at which the policy tells the partnership. The words for all of this are in ``telling``.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from escalations.policy import Awaits, Side
from escalations.rules import advising, events, limits_told, promises_told, remembering, together_told
from escalations.rules.access import has_a_part
from escalations.rules.case import MEETS, Case, Clock, DeliveryState, Seen, Status
from escalations.rules.changing import replace
from escalations.rules.clocks import TEAM_POSITION
from escalations.rules.events import Event
from escalations.rules.instead import Because
from escalations.rules.senders import Stands
from escalations.rules.telling import ASKED_FOR, LEAD, RAISER, TEAM_DEPUTY, WRITER, Ask, Notice, NoticeKind, Recipient

__all__ = [
    "LEAD",
    "RAISER",
    "TEAM_DEPUTY",
    "WRITER",
    "Ask",
    "Notice",
    "NoticeKind",
    "Recipient",
    "notices_for",
    "overtaken",
    "waits_on",
]


@remembering.of_the_same
def notices_for(case: Case, event: Event) -> tuple[Notice, ...]:
    """Who must be told of an event.

    While a case is held, nobody but the team is told anything, and whoever raised it unless it was entered for them.

    Args:
        case: as it stands after the event.
        event: what happened.
    """
    told = _told(case, event)
    if case.co_raisers:
        told = together_told.with_the_others(case, event, told)
    if (case.removed or case.left_raising) and not isinstance(event, events.PartyRemoved | events.RaisersChanged):
        # Whatever comes of what an agency did before it was taken out, it is not told of.
        told = tuple(one for one in told if has_a_part(case, one.to))
    if event.calendar_ended:
        told = (*told, _to_team(case, NoticeKind.STILL_OPEN))
    if case.status is not Status.HELD:
        return told
    return tuple(
        notice for notice in told if notice.to.side is Side.TEAM or (notice.to.position == RAISER and not case.quiet)
    )


def _told(case: Case, event: Event) -> tuple[Notice, ...]:  # noqa: C901, PLR0911, PLR0912, PLR0915  one line a kind
    if isinstance(event, events.Promised):
        return promises_told.of_promise(case, event)
    if isinstance(event, events.Advising):
        return advising.told(case, event)
    match event:
        case events.Raised():
            return _raised(case)
        case events.StageStarted():
            return _stage(case, event)
        case events.NoticeReported():
            return _reported(case, event)
        case events.ReminderFell():
            return limits_told.of_reminder(case, event)
        case events.LimitPassed():
            return limits_told.of_passed_limit(case, event)
        case events.LimitWithdrawn():
            return limits_told.of_withdrawn_limit(case, event)
        case events.ClockStarted():
            return _question(case, event)
        case events.MoveIntended():
            return _to_parties(case, NoticeKind.MOVE_INTENDED, due_at=event.takes_effect_at)
        case events.MoveDue():
            return _move_due(case, event)
        case events.MoveObjected():
            return _objected(case, event)
        case events.MoveDropped():
            return _to_parties(case, NoticeKind.STAYING)
        case events.Completed():
            return _completed(case, event)
        case events.PassedOn():
            # Whoever it was entered for hears of it here for the first time.
            kind = NoticeKind.RECEIPT if case.quiet else NoticeKind.PASSED_ON
            return (_to_raiser(case, kind, asks=_reads_or_completes(case)), *_in_its_name(case, event))
        case events.AgencyAwaited():
            return (_to_raiser(case, NoticeKind.AGENCY_AWAITED, asks=_reads_or_completes(case)),)
        case events.SenderVouched():
            return _vouched(case, event)
        case events.Acknowledged():
            return (_to_raiser(case, NoticeKind.ACKNOWLEDGED),)
        case events.PersonReached():
            # Nobody is told what they have just told us.
            return () if event.by.side is Side.RAISING else (_to_raiser(case, NoticeKind.ACKNOWLEDGED),)
        case events.DoneConfirmed():
            return _claim_answered(case, event.claim_id, NoticeKind.CONFIRMED)
        case events.DoneDenied():
            return _claim_answered(case, event.claim_id, NoticeKind.DENIED)
        case events.Settled():
            return _settled(case, event)
        case events.SaidMisdirected():
            return _misdirected(case, event)
        case events.FoundTheirs():
            return _theirs(case, event)
        case events.PartyAdded():
            return _party_added(case, event)
        case events.PartyRemoved():
            return _party_removed(case, event)
        case events.ContactChanged() | events.RaisersChanged() | events.AgreementNoted() | events.AgreementAnswered():
            return _of_raisers(case, event)
        case events.Closed():
            return _closed(case, event)
        case events.Reopened():
            return _reopened(case, event)
        case events.Corrected():
            return _corrected(case, event)
        case events.ReopeningAsked():
            return (_to_team(case, NoticeKind.REOPENING_ASKED),)
        case events.PartnershipNotified():
            kind = NoticeKind.PARTNERSHIP_STAGE if event.of == "stage" else NoticeKind.PARTNERSHIP_RESOLUTION
            return (_to_team(case, kind),)
        case events.MessageReported():
            return (_to_team(case, NoticeKind.UNREADABLE),) if event.message == "unreadable_reply" else ()
        case events.WordsAdded():
            return _words_added(case, event)
        case events.ClockExtended():
            return limits_told.of_extension(case, event)
        case events.ClockSetSooner():
            return limits_told.of_sooner_time(case, event)
        case events.PrioritySet():
            return tuple(_goes_on(case, to, NoticeKind.PRIORITY) for to in _on_the_ladder(case)) if case.stage else ()
        case events.Redated():
            return _redated(case)
        case events.Paused():
            return tuple(_told_of_pause(case, to, event.until) for to in _on_the_ladder(case))
        case events.Resumed():
            # Where it became urgent, that is what is told, and not two things at once.
            return () if event.made_urgent else tuple(_goes_on(case, to) for to in _on_the_ladder(case))
        case events.TrackChanged():
            return _track_changed(case, event)
        case events.PausedTooLong():
            return (_to_team(case, NoticeKind.PAUSED_TOO_LONG, due_at=event.paused_at),)
        case events.RaiserKeptInformed():
            return (_to_raiser(case, NoticeKind.STILL_OPEN),)
        case events.Responded():
            # An answer for a stage already left is there to read; what is to be considered now is the present one's.
            asks = Ask.CONSIDER if event.stage == case.stage else Ask.READ
            return (_to_raiser(case, NoticeKind.ANSWERED, asks=asks),)
        case (
            events.ClockEnded()
            | events.ClockResumed()
            | events.ClockRecounted()
            | events.ClockReopened()
            | events.CauseChanged()
            | events.AccountAdded()
            | events.LookedBack()
            | events.CauseConfirmed()
            | events.MoveProposed()
            | events.ProposalEnded()
            | events.SaidDone()
            | events.Decided()
            | events.PhoneCallNoted()
            | events.FileNoted()
            | events.Linked()
            | events.Unlinked()
            | events.Erased()
            | events.SaidNotUrgent()
        ):
            return ()
        case _:
            assert_never(event)


def _move_due(case: Case, event: events.MoveDue) -> tuple[Notice, ...]:
    """Both sides, at the level that it leaves and the one that it comes to; the raising side can say that it stays."""
    above = case.frame.policy.stage(event.to_stage)
    raising = Recipient(Side.RAISING, case.raising_agency, above.raising_position)
    return (
        _to_raiser(case, NoticeKind.MOVE_DUE, asks=Ask.CHOOSE, due_at=event.takes_effect_at),
        Notice(NoticeKind.MOVE_DUE, raising, Ask.READ, case.stage, event.takes_effect_at),
        *_to_parties(case, NoticeKind.MOVE_DUE, due_at=event.takes_effect_at),
    )


def _objected(case: Case, event: events.MoveObjected) -> tuple[Notice, ...]:
    """The team, which speaks with both sides, and the side that did not say it."""
    team = _to_team(case, NoticeKind.OBJECTED)
    if event.by.side is Side.RESPONDING:
        return (team, _to_raiser(case, NoticeKind.OBJECTED))
    return (team, *_to_parties(case, NoticeKind.OBJECTED))


def _to_raiser(
    case: Case,
    kind: NoticeKind,
    *,
    asks: Ask = Ask.READ,
    due_at: datetime | None = None,
    about: str | None = None,
) -> Notice:
    return Notice(kind, Recipient(Side.RAISING, case.raising_agency, RAISER), asks, case.stage, due_at, about)


def _to_team(case: Case, kind: NoticeKind, *, due_at: datetime | None = None, about: str | None = None) -> Notice:
    return Notice(kind, Recipient(Side.TEAM, None, TEAM_POSITION), Ask.TEAM, case.stage, due_at, about)


def _to_parties(case: Case, kind: NoticeKind, *, due_at: datetime | None = None) -> tuple[Notice, ...]:
    position = case.frame.policy.stage(case.stage).responding_position
    return tuple(
        Notice(kind, Recipient(Side.RESPONDING, party.agency_id, position), Ask.RESPOND, case.stage, due_at)
        for party in case.open_parties
    )


def _raised(case: Case) -> tuple[Notice, ...]:
    receipt = _to_raiser(case, NoticeKind.RECEIPT, asks=_reads_or_completes(case))
    if case.status is Status.HELD:
        return (receipt, _to_team(case, NoticeKind.HELD))
    return (receipt, *_says_urgent(case, case.seen))


def _says_urgent(case: Case, seen: tuple[Seen, ...]) -> tuple[Notice, ...]:
    """The team hears at once that the words are there, and none of them."""
    asked = case.asked_if_urgent and Seen.URGENT_WORDS in seen
    return (_to_team(case, NoticeKind.SAYS_URGENT),) if asked else ()


def _reads_or_completes(case: Case) -> Ask:
    return Ask.COMPLETE if case.incomplete else Ask.READ


def _in_its_name(case: Case, event: events.PassedOn) -> tuple[Notice, ...]:
    """The raising agency's own contact, where the address is not one of the agency's: nobody raises behind its back."""
    if event.sender_stands is None:
        return ()
    to = Recipient(Side.RAISING, case.raising_agency, LEAD)
    asked = Notice(NoticeKind.IN_YOUR_NAME, to, Ask.VOUCH, case.stage)
    return (asked, *(_links_elsewhere(case) if event.sender_stands is Stands.CONTACT else ()))


def _links_elsewhere(case: Case) -> tuple[Notice, ...]:
    """The address that it was raised from, once others hold its links; none where it was entered for somebody."""
    to = Recipient(Side.RAISING, case.raising_agency, WRITER)
    return () if case.quiet else (Notice(NoticeKind.LINKS_ELSEWHERE, to, Ask.READ, 0),)


def _vouched(case: Case, event: events.SenderVouched) -> tuple[Notice, ...]:
    """The team, which has to find out whose it is, the responding side, and the address that it was raised from.

    Where it is theirs after all, whoever raised it has a link again, and the responding side hears that too.
    """
    changes = case.closed_at is None and (not event.theirs or event.was is False)
    others = limits_told.level_of_responding_side(case) if changes else ()
    told = tuple(_goes_on(case, to, NoticeKind.WHOSE) for to in others)
    if event.theirs:
        return (_to_raiser(case, NoticeKind.STILL_OPEN), *told) if changes else ()
    team = () if event.by.side is Side.TEAM else (_to_team(case, NoticeKind.NOT_THEIRS),)
    # Where the agency's contact held the links already, the address was told of that.
    writer = () if case.sender_stands is Stands.CONTACT else _links_elsewhere(case)
    return (*team, *told, *writer)


def _completed(case: Case, event: events.Completed) -> tuple[Notice, ...]:
    """The team hears of it where it holds the case and did not write it itself, and where it is still to look.

    What is passed on in the same act has stopped its clock before. Where the notice of a stage had left already,
    whoever it went to hears that something was added to what they were asked to answer.
    """
    if case.status is Status.OPEN:
        return _to_parties(case, NoticeKind.WORDS_ADDED)
    if case.status is not Status.HELD or event.by.side is Side.TEAM or not case.running(Awaits.LOOK):
        return ()
    return (_to_team(case, NoticeKind.COMPLETED),)


def _words_added(case: Case, event: events.WordsAdded) -> tuple[Notice, ...]:
    """The other side reads them too. What is held is the team's to read, and what is closed is only kept with it.

    Of what the team adds both sides hear: whose words they are the team has read, and nobody has proved.
    """
    if event.by.side is Side.TEAM:
        return _team_added(case)
    return (*_further_words(case, event), *_says_urgent(case, event.seen))


def _further_words(case: Case, event: events.WordsAdded) -> tuple[Notice, ...]:
    if event.by.side is not Side.RAISING:
        return (_to_raiser(case, NoticeKind.WORDS_ADDED),)
    if case.status is Status.HELD:
        return (_to_team(case, NoticeKind.WORDS_ADDED),)
    # Those that raise it together read each other's words; nobody is told of their own.
    together = (_to_raiser(case, NoticeKind.WORDS_ADDED),) if case.co_raisers else ()
    return together if case.status is Status.CLOSED else (*together, *_to_parties(case, NoticeKind.WORDS_ADDED))


def _team_added(case: Case) -> tuple[Notice, ...]:
    if case.status is Status.HELD:
        return ()  # The team itself has it, and nobody else has heard of it yet.
    raiser = _to_raiser(case, NoticeKind.ADDED_BY_TEAM)
    return (raiser,) if case.status is Status.CLOSED else (raiser, *_to_parties(case, NoticeKind.ADDED_BY_TEAM))


def _stage(case: Case, event: events.StageStarted) -> tuple[Notice, ...]:
    policy = case.frame.policy
    rule = policy.stage(event.stage)
    told = [*_asked_at(case, event.stage, event.decider_position)]
    if event.from_stage == 0:
        if event.stage > 1:
            to = Recipient(Side.RAISING, case.raising_agency, rule.raising_position)
            told.append(Notice(NoticeKind.BEGAN_HERE, to, Ask.READ, event.stage))
        return tuple(told)
    told.append(_to_raiser(case, NoticeKind.MOVED))
    told.append(
        Notice(
            NoticeKind.MOVED, Recipient(Side.RAISING, case.raising_agency, rule.raising_position), Ask.READ, event.stage
        )
    )
    left = policy.stage(event.from_stage).responding_position
    if left != rule.responding_position:
        told.extend(
            Notice(NoticeKind.MOVED, Recipient(Side.RESPONDING, party.agency_id, left), Ask.READ, event.stage)
            for party in case.open_parties
        )
    return tuple(told)


def _asked_at(case: Case, stage: int, decider_position: str | None) -> tuple[Notice, ...]:
    """The notices of a stage that begins: to each agency that is to answer there, and to the final body."""
    policy = case.frame.policy
    told: list[Notice] = []
    for party in case.open_parties:
        to = Recipient(Side.RESPONDING, party.agency_id, policy.stage(stage).responding_position)
        told.append(Notice(NoticeKind.ASKED, to, Ask.RESPOND, stage, starts_clocks=True))
        # Leaves in the same call once that notice has arrived, and not at all where it does not (``waits_on``).
        told.append(_to_raiser(case, NoticeKind.REACHED, about=party.agency_id))
    if decider_position is not None:
        to = Recipient(Side.FINAL_BODY, policy.final_body.agency, decider_position)
        told.append(Notice(NoticeKind.ASKED_TO_DECIDE, to, Ask.DECIDE, stage))
    return tuple(told)


def _reported(case: Case, event: events.NoticeReported) -> tuple[Notice, ...]:
    if event.state is DeliveryState.DELIVERED:
        told = event.told_instead
        if told is None or told.because is not Because.ONE_PERSON:
            return ()
        return (_to_team(case, NoticeKind.ONE_PERSON, about=event.notice_id),)
    if event.agency_id is None and not event.to_raiser and event.outside is None:
        return _team_unreached(case, event)
    trouble = _to_team(case, NoticeKind.DELIVERY_TROUBLE, about=event.notice_id)
    if case.status is Status.OPEN and event.starts_clocks:
        return (trouble, _to_raiser(case, NoticeKind.NOT_DELIVERED))
    return (trouble,)


def _team_unreached(case: Case, event: events.NoticeReported) -> tuple[Notice, ...]:
    """The team's own notice did not arrive: its deputy is told, once.

    That notice may not arrive either, and its report comes here too. Were each told of, two dead mailboxes would write
    to each other without end; what is left shows on the board and in the system's own alarms.
    """
    first = all(one.times == 1 for one in case.unreached if one.agency_id is None)
    if not first:
        return ()
    to = Recipient(Side.TEAM, None, TEAM_DEPUTY)
    return (Notice(NoticeKind.DELIVERY_TROUBLE, to, Ask.TEAM, case.stage, about=event.notice_id),)


def _question(case: Case, event: events.ClockStarted) -> tuple[Notice, ...]:
    """A clock that asks somebody something is told of when it starts; the notice of a stage tells of the others."""
    if event.awaits is Awaits.CHOOSE:
        return (
            _to_raiser(case, NoticeKind.ASKED_TO_CHOOSE, asks=Ask.CHOOSE, due_at=event.due_at, about=event.clock_id),
        )
    if event.awaits is Awaits.CONFIRM:
        if event.waits_for is Side.RAISING:
            return (
                _to_raiser(case, NoticeKind.ASKED_TO_CONFIRM, asks=Ask.CONFIRM, due_at=event.due_at, about=event.about),
            )
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
    asks = Ask.READ if case.status is Status.CLOSED else Ask.RESPOND
    told: tuple[Notice, ...] = (
        Notice(kind, Recipient(Side.RESPONDING, claim.agency_id, position), asks, case.stage, about=claim_id),
    )
    answers = kind is NoticeKind.CONFIRMED and Awaits.RESPOND in MEETS[claim.done]
    answers = answers and claim.stage == case.stage and case.status is Status.OPEN
    # What was confirmed to be the answer is now before the raising side like one given in writing.
    return (*told, _to_raiser(case, NoticeKind.ANSWERED, asks=Ask.CONSIDER)) if answers else told


def _misdirected(case: Case, event: events.SaidMisdirected) -> tuple[Notice, ...]:
    """The team, which is to look, and whoever raised it."""
    return (
        _to_team(case, NoticeKind.MISDIRECTED, about=event.agency_id),
        _to_raiser(case, NoticeKind.MISDIRECTED, about=event.agency_id),
    )


def _theirs(case: Case, event: events.FoundTheirs) -> tuple[Notice, ...]:
    """The agency, at its present level, with what is waited for from it; and whoever raised it."""
    asked = (to for to in limits_told.level_of_responding_side(case) if to.agency_id == event.agency_id)
    return (*(_goes_on(case, to, NoticeKind.THEIRS) for to in asked), _to_raiser(case, NoticeKind.THEIRS))


def _party_added(case: Case, event: events.PartyAdded) -> tuple[Notice, ...]:
    """The agency is asked at the level that the case has reached; whoever had it before hears of it."""
    position = case.frame.policy.stage(event.stage).responding_position
    asked = Recipient(Side.RESPONDING, event.agency_id, position)
    return (
        Notice(NoticeKind.ASKED, asked, Ask.RESPOND, event.stage, starts_clocks=True),
        _to_raiser(case, NoticeKind.REACHED, about=event.agency_id),
        *_others_have_it(case, event),
    )


def _party_removed(case: Case, event: events.PartyRemoved) -> tuple[Notice, ...]:
    """Everybody of that agency who had been told, and whoever still has it."""
    # The level above hears of a limit that passed, and so it hears of this.
    above = event.stage + any(
        clock.over and clock.agency_id == event.agency_id and clock.cause for clock in case.clocks
    )
    told = dict.fromkeys(
        Recipient(Side.RESPONDING, event.agency_id, rule.responding_position)
        for rule in case.frame.policy.stages[:above]
        if rule.number not in case.skipped
    )
    removed = (Notice(NoticeKind.REMOVED, to, Ask.READ, event.stage, about=event.because.value) for to in told)
    return (*removed, *_others_have_it(case, event))


def _others_have_it(case: Case, event: events.PartyAdded | events.PartyRemoved) -> tuple[Notice, ...]:
    """Whoever raised it, unless they did it, and each other agency at its present level."""
    raiser = () if event.by.side is Side.RAISING else (_to_raiser(case, NoticeKind.PARTIES),)
    others = (to for to in limits_told.level_of_responding_side(case) if to.agency_id != event.agency_id)
    return (*raiser, *(_goes_on(case, to, NoticeKind.PARTIES) for to in others))


def _of_raisers(
    case: Case,
    event: events.ContactChanged | events.RaisersChanged | events.AgreementNoted | events.AgreementAnswered,
) -> tuple[Notice, ...]:
    """Who raises it, and who is written to; why what the lead agreed is not settled yet, and the team's word on it."""
    match event:
        case events.ContactChanged():
            return _contact_changed(case)
        case events.RaisersChanged():
            return _raisers_changed(case, event)
        case events.AgreementNoted():
            return (_to_raiser(case, NoticeKind.AGREEMENT_WAITS), _to_team(case, NoticeKind.AGREEMENT_WAITS))
        case events.AgreementAnswered():
            # Where it settles it, that is told by what is settled.
            return () if event.settles else (_to_raiser(case, NoticeKind.NOT_SETTLED),)


def _raisers_changed(case: Case, event: events.RaisersChanged) -> tuple[Notice, ...]:
    """Both sides, the team where it did not do it, and an agency that the team took out."""
    if case.status is Status.HELD:
        return ()
    out = () if event.by.side is not Side.TEAM else event.left
    removed = (Notice(NoticeKind.REMOVED, Recipient(Side.RAISING, one, LEAD), Ask.READ, event.stage) for one in out)
    others = (_goes_on(case, to, NoticeKind.RAISERS) for to in limits_told.level_of_responding_side(case))
    team = () if event.by.side is Side.TEAM else (_to_team(case, NoticeKind.RAISERS),)
    return (*removed, _to_raiser(case, NoticeKind.RAISERS), *others, *team)


def _contact_changed(case: Case) -> tuple[Notice, ...]:
    """Whoever is written to from here on, the raising agency's own lead, and the other side, which may have to ring."""
    raiser = _to_raiser(case, NoticeKind.CONTACT, asks=_reads_or_completes(case))
    if case.status is Status.HELD or case.raising_agency is None:
        return (raiser,)
    lead = Notice(NoticeKind.CONTACT, Recipient(Side.RAISING, case.raising_agency, LEAD), Ask.READ, case.stage)
    return (
        raiser,
        lead,
        *(_goes_on(case, to, NoticeKind.CONTACT) for to in limits_told.level_of_responding_side(case)),
    )


def _corrected(case: Case, event: events.Corrected) -> tuple[Notice, ...]:
    """Both sides, each with what is waited for from it now, and the team where it did not say so itself.

    Where it goes back a stage, whoever answers there is asked anew.
    """
    asked = () if event.back_to is None else _asked_at(case, event.back_to, None)
    there = {notice.to for notice in asked if notice.to.position != RAISER}
    ladder = _on_the_ladder(replace(case, stage=event.stage) if event.back_to is not None else case)
    told = tuple(_goes_on(case, to, NoticeKind.CORRECTED) for to in ladder if to not in there)
    team = () if event.by.side is Side.TEAM else (_to_team(case, NoticeKind.CORRECTED),)
    return (*asked, *told, *team)


def _settled(case: Case, event: events.Settled) -> tuple[Notice, ...]:
    if event.ends_the_case:
        return ()  # What is told is that the case is closed, and not two things at once.
    position = case.frame.policy.stage(event.stage).responding_position
    to = Recipient(Side.RESPONDING, event.agency_id, position)
    return (Notice(NoticeKind.SETTLED, to, Ask.READ, event.stage),)


def _closed(case: Case, event: events.Closed) -> tuple[Notice, ...]:
    """Everyone on the ladder so far, on both sides, and the final body where it was asked.

    The team too, where it held the case and somebody else ended it. Nobody but the team ever heard of one that was
    entered quietly and never passed on; nobody else hears of its end.
    """
    held = () if case.stage or event.by.side is Side.TEAM else (_to_team(case, NoticeKind.CLOSED),)
    if case.quiet and not case.stage:
        return held
    others = NoticeKind.TRANSFERRED if event.transferred_to is not None else NoticeKind.CLOSED
    raiser = NoticeKind.REDIRECTED if case.route is not None else others
    raiser = NoticeKind.NOT_FOR_THIS if case.outside is not None else raiser
    told = (
        Notice(raiser if to.position == RAISER else others, to, Ask.READ, case.stage) for to in _on_the_ladder(case)
    )
    return (*told, *advising.told_of_the_end(case, event.at), *held)


def _reopened(case: Case, event: events.Reopened) -> tuple[Notice, ...]:
    """Whoever answers at its stage is asked anew; everybody else who had heard of its end hears that it is open again.

    The team too, where it did not open it and had been told of it. Of what is held again only the team hears, and
    whoever raised it.
    """
    ladder = _on_the_ladder(replace(case, stage=event.from_stage))
    if not event.stage:
        told = () if case.quiet else (_to_raiser(case, NoticeKind.REOPENED),)
        return (*told, _to_team(case, NoticeKind.HELD))
    asked = _asked_at(case, event.stage, event.decider_position)
    there = {notice.to for notice in asked if notice.to.position != RAISER}
    body = case.frame.policy.final_body.agency
    ladder = (*ladder, *(Recipient(Side.FINAL_BODY, body, position) for position in case.decided_by[-1:]))
    others = (Notice(NoticeKind.REOPENED, to, Ask.READ, event.stage) for to in dict.fromkeys(ladder) if to not in there)
    team = event.by.side is not Side.TEAM and case.partnership_told_at is not None
    return (*asked, *others, *((_to_team(case, NoticeKind.REOPENED),) if team else ()))


def _on_the_ladder(case: Case) -> tuple[Recipient, ...]:
    """Whoever raised it, everyone who has been told so far on both sides, and the final body where it was asked."""
    told = [Recipient(Side.RAISING, case.raising_agency, RAISER)]
    for rule in case.frame.policy.stages[: case.stage]:
        if rule.number in case.skipped:
            continue
        told.extend(Recipient(Side.RESPONDING, party.agency_id, rule.responding_position) for party in case.parties)
        if rule.number > 1:
            told.append(Recipient(Side.RAISING, case.raising_agency, rule.raising_position))
    if case.decider_position is not None:
        # Asked to decide, it must not go on preparing a decision that nobody needs, or needs at another time.
        told.append(Recipient(Side.FINAL_BODY, case.frame.policy.final_body.agency, case.decider_position))
    return tuple(dict.fromkeys(told))


def _told_of_pause(case: Case, to: Recipient, until: datetime) -> Notice:
    """Whoever can answer in the meantime, may."""
    party = case.party(to.agency_id)
    answers = to in limits_told.level_of_responding_side(case) and party is not None and party.answered_at is None
    return Notice(NoticeKind.PAUSED, to, Ask.RESPOND if answers else Ask.READ, case.stage, until)


def _goes_on(case: Case, to: Recipient, kind: NoticeKind = NoticeKind.RESUMED) -> Notice:
    """Whoever is waited for hears by when; the others, that it goes on."""
    waiting = [
        clock
        for clock in case.clocks
        if clock.running
        and clock.limit_passed_at is None
        and clock.awaits is not Awaits.SETTLE_ALL
        and to in limits_told.waited_for(case, clock)
    ]
    first = min(waiting, key=lambda clock: clock.due_at, default=None)
    if first is None:
        return Notice(kind, to, Ask.READ, case.stage)
    return Notice(kind, to, ASKED_FOR[first.awaits], case.stage, first.due_at, first.clock_id)


def redated_for(case: Case, to: Recipient) -> tuple[Clock, ...]:
    """The clocks that the last re-date moved and that somebody hears of, the nearest first.

    A responding agency hears nothing of the time that another one has, and nobody of the team's own.
    """
    moved = (
        clock
        for clock in case.clocks
        if clock.redated_from is not None
        and clock.running
        and clock.waits_for is not Side.TEAM
        and (
            to.side is not Side.RESPONDING or clock.agency_id == to.agency_id or clock.waits_for is not Side.RESPONDING
        )
    )
    return tuple(sorted(moved, key=lambda clock: clock.due_at))


def _redated(case: Case) -> tuple[Notice, ...]:
    """Whoever raised it, the present level of each responding agency, and the final body where it is asked."""
    recipients = [Recipient(Side.RAISING, case.raising_agency, RAISER), *limits_told.level_of_responding_side(case)]
    for clock in case.clocks:
        if clock.redated_from is not None and clock.running and clock.waits_for is not Side.TEAM:
            recipients.extend(limits_told.waited_for(case, clock))
    told = (to for to in dict.fromkeys(recipients) if redated_for(case, to))
    return tuple(_goes_on(case, to, NoticeKind.REDATED) for to in told)


def _track_changed(case: Case, event: events.TrackChanged) -> tuple[Notice, ...]:
    """Everybody who has been told of the case, at once; the team too, where it holds it or the partnership was told."""
    told = tuple(_goes_on(case, to, NoticeKind.TRACK) for to in _on_the_ladder(case))
    if event.by.side is Side.TEAM or (case.status is not Status.HELD and case.partnership_told_at is None):
        return told
    return (*told, _to_team(case, NoticeKind.TRACK))


def waits_on(notice: Notice, other: Notice) -> bool:
    """Whether a notice may leave only once another one has arrived: the raiser is told that an agency was reached."""
    return (
        notice.kind is NoticeKind.REACHED
        and other.kind is NoticeKind.ASKED
        and other.stage == notice.stage
        and other.to.agency_id == notice.about
    )


_PASSING = (
    NoticeKind.REMINDER,
    NoticeKind.PLEASE_PHONE,
    NoticeKind.LIMIT_PASSED,
    NoticeKind.ASKED_TO_CHOOSE,
    NoticeKind.ASKED_TO_CONFIRM,
    NoticeKind.ASKED,
    NoticeKind.ASKED_TO_DECIDE,
    NoticeKind.MOVE_INTENDED,
    NoticeKind.MOVE_DUE,
    NoticeKind.STILL_OPEN,
    NoticeKind.HELD,
    NoticeKind.AGENCY_AWAITED,
    NoticeKind.COMPLETED,
    NoticeKind.RESUMED,
    NoticeKind.EXTENDED,
    NoticeKind.SOONER,
    NoticeKind.PRIORITY,
    NoticeKind.REDATED,
    NoticeKind.TRACK,
    NoticeKind.MISDIRECTED,
    NoticeKind.THEIRS,
    NoticeKind.PARTIES,
    NoticeKind.CONTACT,
    NoticeKind.RAISERS,
    NoticeKind.AGREEMENT_WAITS,
    NoticeKind.NOT_SETTLED,
)


_OF_A_CLOCK = (
    NoticeKind.REMINDER,
    NoticeKind.PLEASE_PHONE,
    NoticeKind.ASKED_TO_CHOOSE,
    NoticeKind.EXTENDED,
    NoticeKind.SOONER,
)


def overtaken(
    case: Case,
    kind: NoticeKind,
    *,
    stage: int,
    about: str | None,
    due_at: datetime | None = None,
    to: Recipient | None = None,
) -> bool:
    """Whether a notice that has not left yet has been overtaken by events, and is settled instead of sent.

    Args:
        case: as it stands.
        kind: of the notice.
        stage: at which it was made.
        about: the clock, the plan or the action that it is about, if any.
        due_at: by when it says that something is awaited: nobody is reminded of a time that no longer holds.
        to: whom it is for: an agency that was taken out meanwhile hears that, and nothing else.
    """
    if to is not None and kind is not NoticeKind.REMOVED and not has_a_part(case, to):
        return True
    if kind in {NoticeKind.PAUSED, NoticeKind.PAUSED_TOO_LONG}:
        return case.pause is None
    if kind is NoticeKind.SAYS_URGENT:
        return not case.asked_if_urgent
    if kind not in _PASSING:
        return advising.overtaken(case, kind, about) or promises_told.overtaken(case, kind, about)
    if case.status is Status.CLOSED or stage != case.stage:
        return True
    clock = next((clock for clock in case.clocks if clock.clock_id == about), None)
    if kind in {NoticeKind.HELD, NoticeKind.COMPLETED, NoticeKind.AGENCY_AWAITED}:
        return case.status is not Status.HELD
    if kind is NoticeKind.RESUMED:
        return case.pause is not None
    if kind is NoticeKind.MISDIRECTED:
        party = case.party(about)
        return party is None or party.not_theirs_at is None
    if kind in _OF_A_CLOCK:
        return clock is None or not clock.running or _says_another_time(clock, kind, due_at)
    if kind is NoticeKind.LIMIT_PASSED:
        return clock is not None and (clock.limit_withdrawn or not clock.running)
    return _no_longer(case, kind)


def _no_longer(case: Case, kind: NoticeKind) -> bool:
    """Whether what such a notice tells of a case as a whole holds no longer."""
    match kind:
        case NoticeKind.MOVE_DUE:
            return case.move is None or case.move.by_rule is None
        case NoticeKind.MOVE_INTENDED:
            return case.move is None or case.move.intended_at is None
        case NoticeKind.AGREEMENT_WAITS:
            return case.agreement is None
        case _:
            return False


def _says_another_time(clock: Clock, kind: NoticeKind, due_at: datetime | None) -> bool:
    reminds = kind in {NoticeKind.REMINDER, NoticeKind.PLEASE_PHONE}
    return (reminds and clock.paused_since is not None) or (due_at is not None and due_at != clock.due_at)
