"""How an event changes a case: the only way that one changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from escalations.policy import Awaits, Side, Track
from escalations.rules import events, keeping, remembering
from escalations.rules.actors import Channel
from escalations.rules.acts import NOT_STATED, Concern
from escalations.rules.case import (
    MEETS,
    Account,
    Agreed,
    AgreedKind,
    Case,
    Claim,
    ClaimState,
    Clock,
    DeliveryState,
    Entry,
    Evidence,
    FileNote,
    FrameNotOfferedError,
    Move,
    NotedFile,
    Party,
    Pause,
    Removed,
    Seen,
    Status,
    Unreached,
    Waiting,
)
from escalations.rules.changing import replace
from escalations.rules.events import ActEventModel, Event
from escalations.rules.linked import LinkedWith
from escalations.rules.plan import FollowUp
from escalations.rules.senders import Checked, Stands
from escalations.rules.telling import RAISER


@remembering.of_the_same
def evolve(case: Case, event: Event) -> Case:
    """The case after one more event."""
    after = _with_entry(case, _applied(case, event), event)
    unreached = after.unreached
    if unreached and isinstance(event, ActEventModel) and (event.by.agency_id or event.by.side is Side.TEAM):
        # Whoever acts has been reached after all.
        unreached = _without(unreached, event.by.agency_id)
    if _by_code(event):
        after = replace(after, sender_checked=Checked.CODE)
    return replace(
        after,
        seq=case.seq + 1,
        word_due_at=event.word_due_at or after.word_due_at,
        unreached=unreached,
        calendar_ended=after.calendar_ended or event.calendar_ended is True,
    )


def _by_code(event: Event) -> bool:
    """Whether whoever raised it did this by their own link: they read the mailbox, since a code went there."""
    if not isinstance(event, ActEventModel | events.Closed) or event.by.position != RAISER:
        return False
    return isinstance(event, events.Closed) or event.channel is Channel.LINK


def evolve_all(case: Case, happened: tuple[Event, ...]) -> Case:
    """The case after these events, in their order."""
    for event in happened:
        case = evolve(case, event)
    return case


def _applied(case: Case, event: Event) -> Case:  # noqa: C901, PLR0911, PLR0912, PLR0915  one line a kind, and closed
    if isinstance(event, events.Promised):
        return keeping.evolve(case, event)
    if isinstance(event, events.Advising):
        return keeping.advised(case, event)
    match event:
        case events.Raised():
            return _raised(case, event)
        case events.Completed():
            return _completed(case, event)
        case events.PassedOn():
            lead = event.raising_agency or case.raising_agency
            return replace(
                case,
                status=Status.OPEN,
                raising_agency=lead,
                co_raisers=tuple(agency for agency in case.co_raisers if agency != lead),
                sender_known=event.sender_known or case.sender_known,
                sender_stands=event.sender_stands,
                parties=_parties(event.responding_agencies),
                raisers_to_look_at=False,
            )
        case events.AgencyAwaited():
            return replace(case, agency_awaited_at=event.at)
        case events.SenderVouched():
            return replace(case, sender_owned=event.theirs)
        case events.StageStarted():
            return _stage_started(case, event)
        case events.ClockStarted():
            return _clock_started(case, event)
        case events.ClockResumed() | events.ClockExtended() | events.ClockSetSooner() | events.ClockRecounted():
            return _moved(case, event)
        case events.PrioritySet():
            return replace(case, priority=event.priority)
        case events.Redated():
            return _redated(case, event)
        case events.TrackChanged():
            # What was extended was the limit of the track that it leaves.
            clocks = tuple(replace(one, extensions=0, extended_by=0) if one.running else one for one in case.clocks)
            return replace(case, track=event.track, track_since=event.at, clocks=clocks, asked_if_urgent=False)
        case events.SaidNotUrgent():
            return replace(case, asked_if_urgent=False)
        case events.ReminderFell():
            return _reminded(case, event)
        case events.LimitPassed():
            return _limit_passed(case, event)
        case events.LimitWithdrawn():
            move = None if event.undoes_proposal else case.move
            return replace(_with_cause(case, event), move=move)
        case events.CauseChanged():
            return _with_cause(case, event)
        case events.AccountAdded():
            return _account_added(case, event)
        case events.LookedBack():
            return case  # It has closed, and what came of it is for the review.
        case events.CauseConfirmed():
            return _with_clock(case, event.clock_id, cause=event.cause, cause_confirmed_at=event.at)
        case events.ClockEnded():
            return _with_clock(case, event.clock_id, ended_at=event.counts_from, end=event.end, paused_since=None)
        case events.MoveProposed():
            return replace(case, move=Move(to_stage=event.to_stage, because_of=event.because_of, proposed_at=event.at))
        case events.MoveDue():
            return replace(
                case,
                move=Move(
                    to_stage=event.to_stage,
                    because_of=event.because_of,
                    by_rule=event.by_rule,
                    proposed_at=event.at,
                    takes_effect_at=event.takes_effect_at,
                ),
            )
        case events.MoveObjected():
            return replace(case, objected=(*case.objected, event.agency_id or ""))
        case events.MoveIntended():
            move = case.move or Move(to_stage=event.to_stage)
            return replace(
                case,
                move=replace(
                    move,
                    to_stage=event.to_stage,
                    skip_because=event.skip_because,
                    skip_side=event.skip_side,
                    intended_at=event.at,
                    takes_effect_at=event.takes_effect_at,
                    intended_by=event.by,
                    submission_id=event.submission_id,
                    channel=event.channel,
                    happened_at=event.happened_at,
                ),
            )
        case events.MoveDropped() | events.ProposalEnded():
            return replace(case, move=None)
        case events.Acknowledged():
            return _with_evidence(case, event.agency_id, event.stage, acknowledged=True)
        case events.PersonReached():
            return _with_evidence(case, event.agency_id, case.stage, person_reached=True)
        case events.Responded():
            return _answered(case, event)
        case events.SaidDone():
            return _said_done(case, event)
        case events.DoneConfirmed():
            return _confirmed(case, event)
        case events.DoneDenied():
            return _with_claim(case, event.claim_id, ClaimState.DENIED)
        case events.Settled():
            settled = {"settled_stage": event.stage, "settled_at": event.at, "outcome": event.outcome}
            return _with_party(case, event.agency_id, settled=True, not_theirs_at=None, **settled)
        case events.SaidMisdirected():
            case = _with_party(case, event.agency_id, not_theirs_at=event.at)
            return _with_evidence(case, event.agency_id, case.stage, wrote=True)
        case events.FoundTheirs():
            return _with_party(case, event.agency_id, not_theirs_at=None)
        case events.RaisersChanged():
            return _raisers_changed(case, event)
        case events.AgreementNoted():
            return replace(case, agreement=Waiting(event.agencies, event.outcome, event.dissenting))
        case events.AgreementAnswered():
            return replace(case, agreement=None)
        case events.PartyAdded():
            return replace(case, parties=(*case.parties, Party(agency_id=event.agency_id)))
        case events.PartyRemoved():
            return _without_party(case, event)
        case events.ContactChanged():
            # Whom a message for the raising side goes to is looked up when it leaves. Whoever of the agency, or the
            # team, names somebody else has settled who holds those links; whoever held them cannot settle that.
            return case if event.by.position == RAISER else replace(case, sender_stands=None, sender_owned=None)
        case events.Linked():
            return replace(case, links=(*case.links, LinkedWith(event.other, event.because, event.at)))
        case events.Unlinked():
            return replace(case, links=tuple(one for one in case.links if one.other != event.other))
        case events.Erased():
            return replace(case, erased_at=event.at)
        case events.Decided():
            return replace(case, decided_by=(*case.decided_by, event.position))
        case events.Closed():
            return replace(
                case,
                status=Status.CLOSED,
                closed_at=event.at,
                outcome=event.outcome,
                on_word_of=event.on_word_of or (None if event.by.side is Side.TEAM else event.by.side),
                route=event.route,
                outside=event.outside,
                sent_there=event.sent_there,
                move=None,
                agreement=None,
                asked_if_urgent=False,
                word_due_at=None,
                follow_up=None if event.follow_up_at is None else FollowUp(at=event.follow_up_at),
                advisers=keeping.ended_with(case, event.at),
                **_no_longer_paused(case, event.at),
            )
        case events.Reopened():
            return _reopened(case, event)
        case events.Corrected():
            return _corrected(case, event)
        case events.ClockReopened():
            return _clock_reopened(case, event)
        case events.ReopeningAsked():
            return replace(case, reopening_asked=(*case.reopening_asked, event.agency_id or ""))
        case events.PartnershipNotified():
            return replace(case, partnership_told_at=case.partnership_told_at or event.at)
        case events.NoticeReported():
            return _reported(case, event)
        case events.MessageReported():
            return _with_evidence(case, event.agency_id, case.stage, **{event.message: True})
        case events.WordsAdded():
            return _wrote(_saw(case, event), event)
        case events.FileNoted():
            noted = NotedFile(event.agency_id, event.note, event.stage)
            return _wrote(replace(case, files=(*case.files, noted)), event)
        case events.PhoneCallNoted():
            return _phoned(case, event) if event.reached else case
        case events.Paused():
            return _paused(case, event)
        case events.Resumed():
            return replace(
                case,
                clocks=tuple(_went_on(clock, event.at) for clock in case.clocks),
                **_no_longer_paused(case, event.at),
            )
        case events.PausedTooLong():
            return case if case.pause is None else replace(case, pause=replace(case.pause, told=True))
        case events.RaiserKeptInformed():
            return replace(case, word_due_at=event.word_due_at)
        case _:
            assert_never(event)


def _parties(agencies: tuple[str, ...]) -> tuple[Party, ...]:
    return tuple(Party(agency_id=agency) for agency in agencies)


def _raisers_changed(case: Case, event: events.RaisersChanged) -> Case:
    """Who raises it from here on. Another lead's own contact has it; what still waits for the raising side is its."""
    raisers = tuple(agency for agency in (*case.raisers, *event.added) if agency not in event.left)
    back = set(event.added)
    left = tuple(agency for agency in (*case.left_raising, *event.left) if agency not in back)
    waiting = case.agreement
    if waiting is not None and (event.lead is not None or not set(waiting.dissenting) - set(event.left)):
        case = replace(case, agreement=None)  # The one that agreed leads no longer, or nobody who disagrees is left.
    lead = event.lead or case.raising_agency
    case = replace(case, co_raisers=tuple(agency for agency in raisers if agency != lead), left_raising=left)
    if event.lead is None:
        return case
    clocks = tuple(
        replace(one, agency_id=lead) if one.running and one.waits_for is Side.RAISING else one for one in case.clocks
    )
    return replace(
        case,
        raising_agency=lead,
        raised_as=lead,
        sender_stands=Stands.CONTACT,
        sender_owned=None,
        clocks=clocks,
    )


def _without_party(case: Case, event: events.PartyRemoved) -> Case:
    """The agency has no part in it from here on; what was noted of its clocks stays, and is met by nothing later."""
    return replace(
        case,
        parties=tuple(party for party in case.parties if party.agency_id != event.agency_id),
        removed=(*case.removed, Removed(event.agency_id, event.at, event.because)),
        objected=tuple(agency for agency in case.objected if agency != event.agency_id),
        clocks=tuple(
            replace(clock, over=True) if event.agency_id in {clock.agency_id, clock.about} else clock
            for clock in case.clocks
        ),
    )


def _raised(case: Case, event: events.Raised) -> Case:
    return replace(
        case,
        status=Status.HELD if event.held else Status.OPEN,
        edition=event.edition,
        track=event.track,
        priority=event.priority,
        start_stage=event.start_stage or 1,
        raising_agency=event.raising_agency,
        raised_as=event.raising_agency,
        co_raisers=event.co_raisers,
        raisers_to_look_at=event.raisers_to_look_at,
        sender_known=event.sender_known,
        sender_checked=event.sender_checked,
        parties=_parties(event.responding_agencies),
        received_at=event.at,
        quiet=event.quiet,
        incomplete=_lacks_something(event),
        by_mail=event.channel is Channel.MAIL,
        seen=event.seen,
        asked_if_urgent=Seen.URGENT_WORDS in event.seen and event.track is Track.STANDARD,
    )


def _lacks_something(event: events.Raised) -> bool:
    """Whether whoever raised it is asked to say more. On the form "I do not know" is an answer; a mail gave none."""
    return (
        event.concern is Concern.NOT_STATED
        or event.reason == NOT_STATED
        or (event.channel is Channel.MAIL and not event.responding_agencies)
    )


def _completed(case: Case, event: events.Completed) -> Case:
    case = replace(case, incomplete=False)
    # Whom a held case names is not told of it yet. An open one has its agencies, with all that is known of them.
    return replace(case, parties=_parties(event.responding_agencies)) if case.status is Status.HELD else case


def _reminded(case: Case, event: events.ReminderFell) -> Case:
    case = _with_clock(case, event.clock_id, reminded=event.reminder, reminded_at=event.at)
    return _with_evidence(case, event.agency_id, case.stage, phone_asked=True) if event.phone_call_asked else case


def _saw(case: Case, event: events.WordsAdded) -> Case:
    """What was seen in further words; whether it is urgent is asked of what can still become so."""
    asks = Seen.URGENT_WORDS in event.seen and case.track is Track.STANDARD and case.status is not Status.CLOSED
    seen = tuple(dict.fromkeys((*case.seen, *event.seen)))
    return replace(case, seen=seen, asked_if_urgent=case.asked_if_urgent or asks)


def _wrote(case: Case, event: events.WordsAdded | events.FileNoted) -> Case:
    if event.by.side is not Side.RESPONDING or case.party(event.agency_id) is None:
        return case
    return _with_evidence(case, event.agency_id, event.stage, wrote=True)


def _account_added(case: Case, event: events.AccountAdded) -> Case:
    """An account that comes after the cause was confirmed is looked at: it is provisional again."""
    clock = case.clock(event.clock_id)
    account = Account(side=event.side, agency_id=event.agency_id, says=event.says, at=event.at)
    case = _with_clock(case, event.clock_id, accounts=(*clock.accounts, account), cause_confirmed_at=None)
    # Somebody there has our notices, and "no reply recorded" of what is still to come would be untrue.
    return _with_evidence(case, event.agency_id, case.stage, wrote=True) if event.by.side is Side.RESPONDING else case


def _phoned(case: Case, event: events.PhoneCallNoted) -> Case:
    if event.agency_id is None:
        return case
    if case.party(event.agency_id) is not None:
        return _with_evidence(case, event.agency_id, case.stage, person_reached=True)
    return replace(case, unreached=_without(case.unreached, event.agency_id))


def _reported(case: Case, event: events.NoticeReported) -> Case:
    if case.party(event.agency_id) is not None:
        if not event.starts_clocks:
            return case
        told = event.told_instead
        return _with_evidence(case, event.agency_id, event.stage, delivery=event.state, told_instead=told)
    if event.outside is not None:
        return keeping.of_adviser(case, event.outside, unreached=event.state is not DeliveryState.DELIVERED)
    if event.to_raiser:
        return case  # The team is told at once. No clock waits for an agency that is not known.
    before = next((one.times for one in case.unreached if one.agency_id == event.agency_id), 0)
    others = _without(case.unreached, event.agency_id)
    if event.state is DeliveryState.DELIVERED:
        return replace(case, unreached=others)
    return replace(case, unreached=(*others, Unreached(event.agency_id, event.state, before + 1)))


def _without(unreached: tuple[Unreached, ...], agency_id: str | None) -> tuple[Unreached, ...]:
    return tuple(one for one in unreached if one.agency_id != agency_id)


def _stage_started(case: Case, event: events.StageStarted) -> Case:
    return replace(
        case,
        stage=event.stage,
        stage_starts=(*case.stage_starts, *(event.at for _ in range(len(case.stage_starts), event.stage))),
        skipped=(*case.skipped, *range(event.from_stage + 1, event.stage)),
        moved_by_rule=event.by_rule,
        objected=(),
        move=None,
        agreement=None,
        decider_position=event.decider_position,
        parties=tuple(
            party if party.settled else replace(party, evidence=Evidence(), answered_at=None) for party in case.parties
        ),
        clocks=tuple(clock for clock in case.clocks if clock.running or clock.limit_passed_at is not None),
    )


_ENTRIES = (
    events.Acknowledged,
    events.Responded,
    events.PersonReached,
    events.PhoneCallNoted,
    events.SaidDone,
    events.StageStarted,
)
"""What can be said later to have been a mistake."""


def _with_entry(before: Case, case: Case, event: Event) -> Case:
    if not isinstance(event, _ENTRIES) or event.by is None:
        return case
    # What was intended takes effect later, by time: it is still the entry of whoever intended it.
    intended = before.move.submission_id if isinstance(event, events.StageStarted) and before.move else None
    submission_id = event.submission_id or intended
    if submission_id is None:
        return case
    if isinstance(event, events.PhoneCallNoted) and not event.reached:
        return case
    entry = Entry(
        submission_id=submission_id,
        kind=event.kind,
        by=event.by,
        agency_id=None if isinstance(event, events.StageStarted) else event.agency_id,
        stage=before.stage if isinstance(event, events.PersonReached | events.PhoneCallNoted) else event.stage,
        at=event.at,
        happened_at=event.happened_at,
        claim_id=event.claim_id if isinstance(event, events.SaidDone) else None,
        from_stage=event.from_stage if isinstance(event, events.StageStarted) else 0,
    )
    return replace(case, entries=(*case.entries, entry))


def _corrected(case: Case, event: events.Corrected) -> Case:
    """Without an entry that was a mistake: what rested on it alone is believed no more."""
    entries = tuple(
        replace(entry, struck=True) if entry.submission_id == event.entry else entry for entry in case.entries
    )
    claims = {entry.claim_id for entry in entries if entry.submission_id == event.entry}
    case = replace(
        case,
        entries=entries,
        claims=tuple(
            replace(claim, state=ClaimState.DENIED) if claim.claim_id in claims else claim for claim in case.claims
        ),
    )
    if event.back_to is not None:
        return begun_again(case, event.back_to, event.at, decider_position=None)
    party = case.party(event.agency_id)
    if party is None or event.stage != case.stage:
        return case
    standing = [one for one in case.entries if _stands(one, party.agency_id, case.stage)]
    confirmed = [
        claim
        for claim in case.claims
        if claim.agency_id == party.agency_id
        and claim.stage == case.stage
        and claim.state is ClaimState.CONFIRMED
        and not claim.over
    ]
    answers = [one.at for one in standing if one.kind == "responded"]
    answers += [claim.happened_at for claim in confirmed if Awaits.RESPOND in MEETS[claim.done]]
    kinds = {one.kind for one in standing}
    case = _with_party(case, party.agency_id, answered_at=min(answers, default=None))
    return _with_evidence(
        case,
        party.agency_id,
        case.stage,
        acknowledged=bool(kinds & {"acknowledged", "responded"} or confirmed),
        person_reached=bool(kinds & {"person_reached", "phone_call_noted"}),
        wrote=party.evidence.wrote or event.by.side is Side.RESPONDING,
    )


def _stands(entry: Entry, agency_id: str, stage: int) -> bool:
    return (entry.agency_id, entry.stage) == (agency_id, stage) and not entry.struck and not entry.over


def _clock_reopened(case: Case, event: events.ClockReopened) -> Case:
    changes: dict[str, object] = {
        "ended_at": None,
        "end": None,
        "reminders": event.reminders,
        "reminded": len(event.reminders) if event.limit_stands else 0,
        "reminded_at": None,
        "paused_since": event.at if event.paused else None,
    }
    if not event.limit_stands:
        changes |= {
            "limit_passed_at": None,
            "accounts_until": None,
            "cause": None,
            "evidence_cause": None,
            "cause_confirmed_at": None,
            "limit_withdrawn": False,
        }
    return _with_clock(case, event.clock_id, **changes)


def _reopened(case: Case, event: events.Reopened) -> Case:
    """It goes on where it was closed or earlier, with all with whom the end had settled it; what was before is over."""
    case = replace(
        case,
        parties=tuple(
            replace(party, settled=False, settled_stage=None, settled_at=None, outcome=None)
            if party.settled_at == case.closed_at
            else party
            for party in case.parties
        ),
        status=Status.OPEN if event.stage else Status.HELD,
        closed_at=None,
        outcome=None,
        on_word_of=None,
        route=None,
        follow_up=None,
        outside=None,
        sent_there=False,
        reopened=case.reopened + 1,
        reopening_asked=(),
    )
    return begun_again(case, event.stage, event.at, decider_position=event.decider_position)


def begun_again(case: Case, stage: int, at: datetime, *, decider_position: str | None) -> Case:
    """A case at a stage that begins anew, whatever it had been at before: evidence starts afresh, as at each stage."""
    return replace(
        case,
        stage=stage,
        stage_starts=(*case.stage_starts[: max(stage - 1, 0)], *((at,) if stage else ())),
        skipped=tuple(number for number in case.skipped if number < stage),
        moved_by_rule=None,
        objected=(),
        move=None,
        decider_position=decider_position,
        parties=tuple(
            party if party.settled else replace(party, evidence=Evidence(), answered_at=None, not_theirs_at=None)
            for party in case.parties
        ),
        claims=tuple(replace(claim, over=True) for claim in case.claims),
        entries=tuple(replace(entry, over=True) for entry in case.entries),
        files=tuple(one for one in case.files if one.note is FileNote.RECORDED or one.stage < stage),
        clocks=tuple(
            clock if clock.running else replace(clock, over=True)
            for clock in case.clocks
            if clock.running or clock.limit_passed_at is not None
        ),
    )


def _clock_started(case: Case, event: events.ClockStarted) -> Case:
    clock = Clock(
        clock_id=event.clock_id,
        rule_id=event.rule_id,
        awaits=event.awaits,
        waits_for=event.waits_for,
        agency_id=event.agency_id,
        position=event.position,
        stage=event.stage,
        started_at=event.at,
        due_at=event.due_at,
        reminders=event.reminders,
        on_limit=event.on_limit,
        receipt_hash=event.receipt_hash,
        about=event.about,
        paused_since=event.at if event.paused else None,
        started_by=event.started_by,
        spans=None if event.to_stage is None else (event.from_stage or 1, event.to_stage),
        amount=event.amount,
    )
    return replace(case, clocks=(*case.clocks, clock), started_clocks=case.started_clocks + 1)


_NOT_PASSED: Final[Mapping[str, object]] = {
    "limit_passed_at": None,
    "accounts_until": None,
    "accounts": (),
    "cause": None,
    "evidence_cause": None,
    "cause_confirmed_at": None,
    "limit_withdrawn": False,
    "limit_withdrawn_at": None,
    "kept_at": None,
}
"""What nothing is known of any more, once more time had been agreed before the limit."""


def _moved(
    case: Case, event: events.ClockResumed | events.ClockExtended | events.ClockSetSooner | events.ClockRecounted
) -> Case:
    """A due time moved, and the reminders follow it; those that fell for the earlier one are over."""
    changes: dict[str, object] = {"due_at": event.due_at, "reminders": event.reminders, "reminded": 0}
    clock = case.clock(event.clock_id)
    if isinstance(event, events.ClockExtended):
        changes["extensions"] = clock.extensions + 1
        changes["extended_by"] = clock.extended_by + event.by_amount.value
        changes["agreed"] = (*clock.agreed, Agreed(AgreedKind.EXTENDED, by_amount=event.by_amount))
        if event.recorded_late:
            changes["more_time"] = True
            changes.update(_NOT_PASSED if clock.running else {"cause_confirmed_at": None})
    if isinstance(event, events.ClockSetSooner):
        changes["set_sooner"] = True
        changes["agreed"] = (*clock.agreed, Agreed(AgreedKind.SOONER, until=event.due_at))
    if isinstance(event, events.ClockRecounted):
        changes["receipt_hash"] = event.receipt_hash
        changes["amount"] = event.amount
        if event.track is not None:
            # What people had agreed on was about the limit of the track that it left.
            changes["counted_from"] = event.counted_from
            changes["agreed"] = ()
    return _with_clock(case, event.clock_id, **changes)


def _redated(case: Case, event: events.Redated) -> Case:
    frame = case.frame.named(event.policy_hash, event.calendar_hash)
    if frame is None:
        raise FrameNotOfferedError(event.calendar_hash)
    moved = {clock.clock_id: clock for clock in event.clocks}
    return replace(
        case,
        frame=frame,
        clocks=tuple(_counted_anew(clock, moved.get(clock.clock_id)) for clock in case.clocks),
        redates=case.redates + 1,
        redated_because=event.because,
    )


def _counted_anew(clock: Clock, now: events.RedatedClock | None) -> Clock:
    """A clock after a re-date. Where its due time moved, its reminders are those of the new one."""
    if now is None:
        return replace(clock, redated_from=None)
    clock = replace(clock, amount=now.amount, on_limit=now.on_limit, receipt_hash=now.receipt_hash, redated_from=None)
    if now.due_at == now.was_due_at:
        return clock
    return replace(clock, due_at=now.due_at, reminders=now.reminders, reminded=0, redated_from=now.was_due_at)


def _went_on(clock: Clock, at: datetime) -> Clock:
    """A clock once the pause has ended, which it may have to be given again."""
    if clock.paused_since is None:
        return clock
    if at <= clock.paused_since:
        return replace(clock, paused_since=None)  # It took nothing.
    agreed = Agreed(AgreedKind.PAUSED, since=clock.paused_since, until=at)
    return replace(clock, paused_since=None, agreed=(*clock.agreed, agreed))


def _paused(case: Case, event: events.Paused) -> Case:
    clocks = tuple(
        replace(clock, paused_since=event.at) if clock.clock_id in event.clock_ids else clock for clock in case.clocks
    )
    pause = Pause(paused_at=event.at, reason=event.reason, until=event.until)
    return replace(case, clocks=clocks, pause=pause, pauses=case.pauses + 1)


def _no_longer_paused(case: Case, at: datetime) -> dict[str, Any]:
    if case.pause is None:
        return {}
    return {"pause": None, "paused_for": case.paused_for + max(at - case.pause.paused_at, timedelta(0))}


def _limit_passed(case: Case, event: events.LimitPassed) -> Case:
    # The reminders that were still to come have lost their purpose with the limit.
    clocks = tuple(
        replace(
            clock,
            limit_passed_at=event.at,
            accounts_until=event.accounts_until,
            cause=event.cause,
            evidence_cause=event.cause,
            reminded=len(clock.reminders),
        )
        if clock.clock_id == event.clock_id
        else clock
        for clock in case.clocks
    )
    return replace(case, clocks=clocks)


def _answered(case: Case, event: events.Responded) -> Case:
    if event.stage != case.stage:
        return case  # An answer for a stage already left is recorded there and changes nothing at this one.
    case = _with_evidence(case, event.agency_id, event.stage, acknowledged=True)
    return _with_party(case, event.agency_id, answered_at=event.at, not_theirs_at=None)


def _said_done(case: Case, event: events.SaidDone) -> Case:
    claim = Claim(
        claim_id=event.claim_id,
        done=event.done,
        by_side=event.by.side,
        agency_id=event.agency_id,
        stage=event.stage,
        happened_at=event.happened_at or event.at,
    )
    return replace(case, claims=(*case.claims, claim))


def _confirmed(case: Case, event: events.DoneConfirmed) -> Case:
    case = _with_claim(case, event.claim_id, ClaimState.CONFIRMED)
    if event.stage != case.stage:
        return case
    case = _with_evidence(case, event.agency_id, event.stage, acknowledged=True)
    if Awaits.RESPOND in MEETS[event.done]:
        case = _with_party(case, event.agency_id, answered_at=event.counts_from)
    return case


def _with_cause(case: Case, event: events.LimitWithdrawn | events.CauseChanged) -> Case:
    """Evidence says something else now. Whatever the team had confirmed is to be looked at again."""
    changes: dict[str, object] = {}
    if isinstance(event, events.LimitWithdrawn):
        changes = {"limit_withdrawn": True, "limit_withdrawn_at": event.at, "kept_at": event.kept_at}
    return _with_clock(
        case,
        event.clock_id,
        cause=event.cause,
        evidence_cause=event.cause,
        cause_confirmed_at=None,
        **changes,
    )


def _with_clock(case: Case, clock_id: str, **changes: object) -> Case:
    return replace(
        case,
        clocks=tuple(
            replace(clock, **changes) if clock.clock_id == clock_id else clock  # type: ignore[arg-type]  # checked by the caller's keywords
            for clock in case.clocks
        ),
    )


def _with_party(case: Case, agency_id: str, **changes: object) -> Case:
    return replace(
        case,
        parties=tuple(
            replace(party, **changes) if party.agency_id == agency_id else party  # type: ignore[arg-type]  # as above
            for party in case.parties
        ),
    )


def _with_evidence(case: Case, agency_id: str | None, stage: int, **changes: object) -> Case:
    if stage != case.stage:
        return case
    return replace(
        case,
        parties=tuple(
            replace(party, evidence=replace(party.evidence, **changes))  # type: ignore[arg-type]  # as above
            if party.agency_id == agency_id
            else party
            for party in case.parties
        ),
    )


def _with_claim(case: Case, claim_id: str, state: ClaimState) -> Case:
    return replace(
        case,
        claims=tuple(replace(claim, state=state) if claim.claim_id == claim_id else claim for claim in case.claims),
    )
