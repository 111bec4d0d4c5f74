"""Cases as a review sees them: folded from the register alone, as known at one of its positions.

A record holds codes, instants and the ids of agencies, because a review counts agencies. Nobody's name and no text ever
comes here: the register has none. What leaves the house is a :class:`rows.Row`, with months in place of dates, types in
place of agencies, and no reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final, assert_never

from escalations.policy import Awaits, Side, Track
from escalations.rules import events, keeping, senders
from escalations.rules.actors import Channel
from escalations.rules.acts import Concern
from escalations.rules.case import (
    MEETS,
    WITHOUT_SETTLEMENT,
    Cause,
    Changed,
    ClockEnd,
    DeliveryState,
    Done,
    Felt,
    FileNote,
    Frame,
    LeaveReason,
    Outcome,
    PartyReason,
    PauseReason,
    Says,
    Status,
    WithdrawReason,
)
from escalations.rules.events import Event
from escalations.rules.linked import LinkReason
from escalations.rules.notices import RAISER
from escalations.rules.plan import Kept, Learning, Plan, Whose

ANSWERS: Final = frozenset({Awaits.ACKNOWLEDGE, Awaits.BE_REACHED, Awaits.RESPOND})
"""What a responding agency is awaited to do."""
NOT_KNOWN: Final = "not-known"
"""The type of an agency that is not known, or that the directory does not hold."""
NOT_THEIRS: Final = "not-theirs"
"""In the place of a raising agency's type: that agency says that the case is not its own."""
UNCOUNTED: Final = "partnership"
"""The type of the partnership's own team and final body, which are no agencies that raise or are raised with."""

LEFT_OUT: Final = (
    events.ReminderFell,
    events.MoveProposed,
    events.ProposalEnded,
    events.Acknowledged,
    events.PersonReached,
    events.SaidDone,
    events.DoneDenied,
    events.MessageReported,
    events.RaiserKeptInformed,
    events.WordsAdded,
    events.PausedTooLong,
    events.PrioritySet,
    events.MoveDue,
    events.MoveObjected,
    events.FoundTheirs,
    events.FollowUpReminded,
    events.FollowUpUnanswered,
    events.Erased,
    events.ReopeningAsked,
    events.SaidNotUrgent,
    events.AdviserEnded,
)
"""What a review takes nothing from: what these bring about stands in the events of clocks, stages and endings."""


class State(StrEnum):
    """How far a finding of delay has come (rules of practice, "Evidence is fair")."""

    CONFIRMED = "confirmed"
    """The team confirmed it, after both agencies had their time to add to it."""
    UNREVIEWED = "unreviewed"
    """Both agencies had their time, and the team has not looked yet."""
    OPEN = "open"
    """The agencies may still add their account."""


class Accounted(StrEnum):
    """What the agencies' own accounts say of a recorded cause (rules of practice: agreed and disputed, apart)."""

    AGREED = "agreed"
    """Every agency that was asked said that it was as recorded."""
    DISPUTED = "disputed"
    """One at least said that it was another way."""
    IN_PART = "in_part"
    """Who gave an account said that it was as recorded; somebody who was asked has given none."""
    NONE = "none"
    """No agency has given an account."""


class Why(StrEnum):
    """Why a case went up a stage."""

    DELAY = "delay"
    """A time limit of the responding side had passed at the stage that was left."""
    ANSWER = "answer"
    """The answer came in time and did not settle it."""
    EARLY = "early"
    """It was taken up before a time limit had passed, and without an answer."""


@dataclass(frozen=True, slots=True)
class Agency:
    """What a review needs of an agency: its type, and when it existed."""

    agency_id: str
    agency_type: str
    active_from: date
    active_to: date | None = None


@dataclass(frozen=True, slots=True)
class ClockSpan:
    """One clock's time: what it waited for, from when, until when, and what became of its limit."""

    clock_id: str
    awaits: Awaits
    waits_for: Side
    agency_id: str | None
    stage: int | None
    started_at: datetime
    due_at: datetime
    first_due_at: datetime
    """The limit as it was first set, or counted anew, before any pause or extension."""
    track: Track = Track.STANDARD
    """The track that it ended on, or runs on: a case may have changed to the other one since."""
    ended_at: datetime | None = None
    """When what it waited for happened or was received; for a stopped clock, when it stopped."""
    end: ClockEnd | None = None
    limit_passed_at: datetime | None = None
    cause: Cause | None = None
    accounts_until: datetime | None = None
    confirmed: bool = False
    """Whether the team confirmed the cause."""
    accounts: tuple[tuple[str, Says], ...] = ()
    """What each agency said of the delay, in the order in which it came."""
    all_given: bool = False
    """Whether every agency that is asked has given its account."""
    withdrawn: bool = False
    """The limit had been kept in truth."""
    done_in_time: bool = False
    """The team confirmed of this very limit that what it waited for had been done in time."""
    by_what_was_said: bool = False
    """Met, or kept, only by what was said to be done and confirmed afterwards."""

    @property
    def answered_at(self) -> datetime | None:
        """When what it waited for came; none where that never came, or is no longer awaited."""
        if self.withdrawn and self.awaits not in ANSWERS and not self.done_in_time:
            return None  # A question that should not have been asked.
        return self.ended_at if self.end is ClockEnd.MET or self.withdrawn else None

    @property
    def in_time(self) -> bool | None:
        """Whether its limit was kept; none where nobody can say: still running, or no longer awaited."""
        return self._kept(self.due_at)

    @property
    def in_first_time(self) -> bool | None:
        """The same for the limit as it was first set: without pauses and extensions."""
        return self._kept(self.first_due_at)

    def _kept(self, limit: datetime) -> bool | None:
        unasked = self.withdrawn and self.awaits not in ANSWERS and not self.done_in_time
        if self.cause in {Cause.MISDIRECTED, Cause.RAISED_LATE} or unasked:
            return None
        answered = self.answered_at
        if answered is not None:
            return answered <= limit
        return False if self.limit_passed_at is not None else None

    def state(self, known_at: datetime) -> State:
        """How far the finding has come by a moment."""
        if self.confirmed:
            return State.CONFIRMED
        # As the rules have it: an account at the last instant is in time, where all are given nobody waits, and of
        # what waited for the team nobody is asked.
        asked = self.waits_for is not Side.TEAM and not self.all_given
        still_open = asked and self.accounts_until is not None and known_at <= self.accounts_until
        return State.OPEN if still_open else State.UNREVIEWED

    @property
    def accounted(self) -> Accounted:
        """What both sides said of it: the last word of each."""
        last = dict(self.accounts)
        if not last:
            return Accounted.NONE
        if any(says is not Says.AS_RECORDED for says in last.values()):
            return Accounted.DISPUTED
        return Accounted.AGREED if self.all_given else Accounted.IN_PART


@dataclass(frozen=True, slots=True)
class StageSpan:
    """One stage that a case came to."""

    stage: int
    at: datetime
    decided_at: datetime
    """When somebody took it up; a level that is told first comes to it later."""
    by_a_person: bool
    from_stage: int = 0


@dataclass(frozen=True, slots=True)
class PauseSpan:
    """One pause of a case."""

    reason: PauseReason
    at: datetime
    until: datetime | None = None
    """None while it lasts; one that lasts at the end of a case ends with it."""


@dataclass(frozen=True, slots=True)
class FollowedUp:
    """What an agency said some time after the end."""

    side: Side
    agency_id: str
    kept: Kept
    changed: tuple[Changed, ...]
    learning: tuple[Learning, ...]


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One case, as far as the register tells."""

    reference: str
    frame: Frame
    received_at: datetime
    track: Track
    channel: Channel
    entered_by_team: bool
    raising_agency: str | None
    responding_agencies: tuple[str, ...]
    concern: Concern
    reason: str
    level_of_need: int | None
    legal_status: str
    co_raisers: tuple[str, ...] = ()
    """The agencies that raised it together with that one, which led when the case was last told of."""
    sender_known: senders.Known | None = None
    sender_checked: senders.Checked | None = None
    """How it was known who raised it, as it was found then."""
    disowned: bool = False
    """Whether the agency that it was raised for says that it is not theirs: its last word."""
    status: Status = Status.OPEN
    notified_at: datetime | None = None
    """When the policy told the partnership of it; the case belongs to the year of this moment."""
    stages: tuple[StageSpan, ...] = ()
    answered: tuple[tuple[int, datetime], ...] = ()
    """Stage of each answer, and when it came."""
    settled: tuple[tuple[str, datetime], ...] = ()
    """Each responding agency with which it was settled, and when."""
    theme: str | None = None
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    clocks: tuple[ClockSpan, ...] = ()
    undelivered: int = 0
    """How often a stage's notice did not reach a responding agency."""
    looked_back: tuple[tuple[Side, str, tuple[Changed, ...], Felt | None], ...] = ()
    """What each agency said at the end: its side, its id, what changed, and how it felt; its last word."""
    phone_calls: int = 0
    pauses: tuple[PauseSpan, ...] = ()
    extended: int = 0
    """How often a time limit was extended."""
    redated: int = 0
    """How often its running clocks were counted anew, under another calendar or policy."""
    files_read: int = 0
    """How often an agency said that it had read the file before it answered."""
    recorded_by: tuple[str, ...] = ()
    """The agencies that said that it is recorded on their own files."""
    outside: senders.Outside | None = None
    """Who wrote it, where the team held it and it was not for this process."""
    withdrawn_because: WithdrawReason | None = None
    """Why whoever raised it took it back, where they did so themselves."""
    became_urgent: bool = False
    """Whether it was put on the urgent track after it had been raised."""
    misdirected: int = 0
    """How often a responding agency said that it is not theirs."""
    parties_changed: int = 0
    """How often an agency was added, or taken out, after it had been raised."""
    plans: tuple[Plan, ...] = ()
    """What was planned, and what became of each action."""
    dissents: tuple[tuple[Side, str, bool], ...] = ()
    """Who goes along and disagrees: the side, the agency, and whether formally."""
    advisers_asked: int = 0
    """How often somebody outside was asked for advice ..."""
    advised: tuple[str, ...] = ()
    """... and who of them gave it, by their number in the case."""
    follow_up_asked: tuple[Whose, ...] = ()
    """Who was asked some time after the end what came of it; nobody while it was not asked."""
    followed_up: tuple[FollowedUp, ...] = ()
    """What each agency said then; its last word."""
    corrected: int = 0
    """How often an entry was said to have been a mistake."""
    links: tuple[tuple[str, LinkReason], ...] = ()
    """The escalations that it is linked with, by their reference, and why."""
    reopened: tuple[tuple[datetime, datetime], ...] = ()
    """When it had closed, and when it was opened again, each time."""

    @property
    def paused(self) -> bool:
        """Whether it was paused, or a limit extended, at any time."""
        return bool(self.pauses or self.extended)

    @property
    def settled_at(self) -> datetime | None:
        """When it was settled or decided; none while it is open, and where it ended without either."""
        return None if self.outcome in WITHOUT_SETTLEMENT else self.closed_at

    @property
    def stage(self) -> int:
        """The highest stage that it came to; 0 before the first."""
        return self.stages[-1].stage if self.stages else 0

    @property
    def stage_when_told(self) -> int:
        """The stage at which the partnership was told of it; 0 where it was not told."""
        told = self.notified_at
        return 0 if told is None else max((span.stage for span in self.stages if span.at <= told), default=0)

    def said_of(self, side: Side) -> tuple[tuple[tuple[Changed, ...], Felt | None], ...]:
        """What the agencies of a side said at the end."""
        return tuple((changed, felt) for of, _, changed, felt in self.looked_back if of is side)

    def open_at(self, moment: datetime) -> bool:
        """Whether it was open just before a moment: received, and not yet ended."""
        return self.received_at < moment and (self.closed_at is None or self.closed_at >= moment)

    def came_to(self, stage: int) -> bool:
        """Whether it came to a stage."""
        return any(span.stage == stage for span in self.stages)

    def why_moved(self, span: StageSpan) -> Why:
        """Why it went to a stage above the first: what stood when that was decided, as it is known today."""
        left = [
            clock
            for clock in self.clocks
            if clock.waits_for is Side.RESPONDING and clock.awaits in ANSWERS and clock.stage == span.from_stage
        ]
        passed = [
            clock
            for clock in left
            if clock.limit_passed_at is not None and clock.limit_passed_at <= span.decided_at and not clock.withdrawn
        ]
        if passed or not span.by_a_person:
            return Why.DELAY
        came = any(stage == span.from_stage and at <= span.decided_at for stage, at in self.answered)
        return Why.ANSWER if came else Why.EARLY


@dataclass(slots=True)
class Life:
    """A case that is being read: each event of the register changes it, in their order."""

    record: CaseRecord
    _clocks: dict[str, ClockSpan] = field(default_factory=dict)
    _confirming: events.DoneConfirmed | None = None
    _put_right: str | None = None
    """The clock of which the team has just confirmed that it was done in time."""
    _answers: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """Each answer by the submission that gave it: one can turn out to have been a mistake."""
    _intended_at: datetime | None = None
    """When the move was decided that is still to take effect."""

    @classmethod
    def begun(cls, reference: str, event: events.Raised, frame: Frame) -> Life:
        """Begin with the first event of a case."""
        return cls(
            CaseRecord(
                reference=reference,
                frame=frame,
                received_at=event.at,
                track=event.track,
                channel=event.channel,
                entered_by_team=event.by.side is Side.TEAM,
                raising_agency=event.raising_agency,
                responding_agencies=event.responding_agencies,
                concern=event.concern,
                reason=event.reason,
                level_of_need=event.level_of_need,
                legal_status=event.legal_status,
                co_raisers=event.co_raisers,
                sender_known=event.sender_known,
                sender_checked=event.sender_checked,
                theme=event.theme,
                status=Status.HELD if event.held else Status.OPEN,
            )
        )

    def framed(self, frame: Frame) -> None:
        """Take what the case is frozen to from here on."""
        self.record = replace(self.record, frame=frame)

    def told(self) -> CaseRecord:
        """The case as far as it was read."""
        return replace(self.record, clocks=tuple(self._clocks.values()))

    def tell(self, event: Event) -> None:  # noqa: C901, PLR0912, PLR0915  one line a kind, and closed
        """Take in what happened next."""
        now = self.record
        if not isinstance(event, events.ClockEnded | events.LimitWithdrawn | events.CauseChanged):
            self._confirming = event if isinstance(event, events.DoneConfirmed) else None
        match event:
            case events.Completed():
                self.record = replace(
                    now,
                    responding_agencies=event.responding_agencies,
                    concern=event.concern,
                    reason=event.reason,
                    level_of_need=event.level_of_need,
                    legal_status=event.legal_status,
                    theme=event.theme,
                )
            case events.PassedOn():
                self.record = replace(
                    now,
                    status=Status.OPEN,
                    raising_agency=event.raising_agency or now.raising_agency,
                    responding_agencies=event.responding_agencies,
                )
            case events.StageStarted():
                decided = event.at if self._intended_at is None else self._intended_at
                by_a_person = event.by is not None or event.from_stage == 0
                self.record = replace(
                    now,
                    stages=(
                        *now.stages,
                        StageSpan(event.stage, event.at, decided, by_a_person=by_a_person, from_stage=event.from_stage),
                    ),
                )
                self._intended_at = None
            case events.MoveIntended():
                self._intended_at = event.at
            case events.MoveDropped():
                self._intended_at = None
            case (
                events.ClockStarted()
                | events.LimitPassed()
                | events.LimitWithdrawn()
                | events.CauseChanged()
                | events.AccountAdded()
                | events.CauseConfirmed()
                | events.ClockEnded()
            ):
                self._tell_of_clock(event)
            case events.ClockResumed() | events.ClockSetSooner() | events.ClockRecounted():
                self._change(event.clock_id, due_at=event.due_at)
            case events.Redated():
                self._tell_of_redate(event)
            case events.ClockExtended():
                self._change(event.clock_id, due_at=event.due_at, **self._made_anew(event))
                self.record = replace(now, extended=now.extended + 1)
            case events.Paused():
                self.record = replace(now, pauses=(*now.pauses, PauseSpan(event.reason, event.at)))
            case events.Resumed():
                self.record = replace(now, pauses=(*now.pauses[:-1], replace(now.pauses[-1], until=event.at)))
            case events.TrackChanged():
                self._tell_of_track(event)
            case events.FileNoted():
                self._tell_of_file(event)
            case events.Responded():
                if event.submission_id is not None:
                    self._answers[event.submission_id] = (event.stage, event.at)
                self.record = replace(now, answered=(*now.answered, (event.stage, event.at)))
            case events.DoneConfirmed():
                if event.done is Done.ANSWERED:
                    self.record = replace(now, answered=(*now.answered, (event.stage, event.counts_from)))
            case events.SenderVouched():
                self.record = replace(now, disowned=not event.theirs)
            case events.ContactChanged():
                # Whoever of the agency, or the team, names somebody else has settled whose it is (`rules.evolving`).
                self.record = replace(now, disowned=now.disowned and event.by.position == RAISER)
            case events.SaidMisdirected() | events.PartyAdded() | events.PartyRemoved():
                self._tell_of_parties(event)
            case events.RaisersChanged():
                self._tell_of_raisers(event)
            case events.Settled():
                self.record = replace(now, settled=(*now.settled, (event.agency_id, event.at)))
            case events.Closed():
                self.record = replace(
                    now,
                    status=Status.CLOSED,
                    closed_at=event.at,
                    outcome=event.outcome,
                    withdrawn_because=event.withdrawn_because,
                    outside=event.outside,
                )
            case events.Reopened():
                self._tell_of_reopening(event)
            case events.Corrected():
                self._tell_of_correction(event)
            case events.ClockReopened():
                self._tell_of_clock_reopened(event)
            case events.PartnershipNotified():
                self.record = replace(now, notified_at=now.notified_at or event.at)
            case events.NoticeReported():
                if event.starts_clocks and event.state is not DeliveryState.DELIVERED:
                    self.record = replace(now, undelivered=now.undelivered + 1)
            case events.LookedBack():
                others = tuple(one for one in now.looked_back if one[1] != event.agency_id)
                said = (event.side, event.agency_id, event.changed, event.felt)
                self.record = replace(now, looked_back=(*others, said))
            case (
                events.PlanProposed()
                | events.PlanAnswered()
                | events.ActionReminded()
                | events.ActionDatePassed()
                | events.ActionReported()
                | events.ActionChecked()
            ):
                self.record = replace(now, plans=keeping.of_plans(now.plans, event))
            case events.DissentRecorded():
                dissents = tuple(one for one in now.dissents if one[1] != event.agency_id)
                self.record = replace(now, dissents=(*dissents, (event.side, event.agency_id, event.formal)))
            case events.AdviserInvited():
                self.record = replace(now, advisers_asked=now.advisers_asked + 1)
            case events.AdviceGiven():
                given = tuple(dict.fromkeys((*now.advised, event.adviser)))
                self.record = replace(now, advised=now.advised if event.declined else given)
            case events.Linked():
                self.record = replace(now, links=(*now.links, (event.other, event.because)))
            case events.Unlinked():
                self.record = replace(now, links=tuple(one for one in now.links if one[0] != event.other))
            case events.FollowUpAsked():
                asked = tuple((one.side, one.agency_id) for one in event.asked)
                self.record = replace(now, follow_up_asked=asked)
            case events.FollowUpAnswered():
                rest = tuple(one for one in now.followed_up if one.agency_id != event.agency_id)
                answer = FollowedUp(event.side, event.agency_id, event.kept, event.changed, event.learning)
                self.record = replace(now, followed_up=(*rest, answer))
            case events.PhoneCallNoted():
                self.record = replace(now, phone_calls=now.phone_calls + 1)
            case (
                events.Raised()  # It began the life.
                | events.Decided()  # The end of the case, which follows at once, says how it ended.
                | events.ReminderFell()
                | events.MoveProposed()
                | events.ProposalEnded()
                | events.Acknowledged()
                | events.PersonReached()
                | events.SaidDone()
                | events.DoneDenied()
                | events.MessageReported()
                | events.RaiserKeptInformed()
                | events.WordsAdded()
                | events.PausedTooLong()
                | events.PrioritySet()
                | events.MoveDue()
                | events.MoveObjected()
                | events.FoundTheirs()
                | events.FollowUpReminded()
                | events.FollowUpUnanswered()
                | events.Erased()
                | events.AgencyAwaited()
                | events.ReopeningAsked()
                | events.SaidNotUrgent()
                | events.AdviserEnded()
                | events.AgreementNoted()  # The dissent is told of; and the end, where it comes to one.
                | events.AgreementAnswered()
            ):
                pass  # The others are LEFT_OUT, and mostly not even read.
            case _:
                assert_never(event)

    def _tell_of_parties(self, event: events.SaidMisdirected | events.PartyAdded | events.PartyRemoved) -> None:
        """With whom it was raised in truth: who had a part in it for a time stays counted, a mistake does not."""
        now = self.record
        with_whom = now.responding_agencies
        match event:
            case events.SaidMisdirected():
                self.record = replace(now, misdirected=now.misdirected + 1)
                return
            case events.PartyAdded():
                with_whom = (*(agency for agency in with_whom if agency != event.agency_id), event.agency_id)
            case events.PartyRemoved(because=PartyReason.MISDIRECTED | PartyReason.NAMED_IN_ERROR):
                with_whom = tuple(agency for agency in with_whom if agency != event.agency_id)
            case events.PartyRemoved():
                pass
            case _:
                assert_never(event)
        self.record = replace(now, responding_agencies=with_whom, parties_changed=now.parties_changed + 1)

    def _tell_of_raisers(self, event: events.RaisersChanged) -> None:
        """Who raised it: it is counted once, under the lead; who did so for a time stays, and a mistake does not."""
        now = self.record
        raised = [one for one in (now.raising_agency, *now.co_raisers, *event.added) if one is not None]
        if event.because is LeaveReason.NAMED_IN_ERROR:
            raised = [agency for agency in raised if agency not in event.left]
        lead = event.lead or now.raising_agency
        others = tuple(dict.fromkeys(agency for agency in raised if agency != lead))
        self.record = replace(now, raising_agency=lead, co_raisers=others)

    def _tell_of_correction(self, event: events.Corrected) -> None:
        """What was a mistake is not counted: an answer that was none, or a stage to which it never should have gone."""
        now = self.record
        answer = self._answers.pop(event.entry, None)
        back = event.back_to is not None and bool(now.stages) and now.stages[-1].stage == event.stage
        self.record = replace(
            now,
            corrected=now.corrected + 1,
            answered=tuple(one for one in now.answered if one != answer),
            stages=now.stages[:-1] if back else now.stages,
        )

    def _tell_of_clock_reopened(self, event: events.ClockReopened) -> None:
        stands: dict[str, object] = {"ended_at": None, "end": None, "by_what_was_said": False}
        if not event.limit_stands:
            stands |= {"limit_passed_at": None, "cause": None, "confirmed": False, "withdrawn": False}
        self._change(event.clock_id, **stands)

    def _tell_of_reopening(self, event: events.Reopened) -> None:
        """It is one case, and counts once: as it ends at last. What settled it before does not hold any more."""
        now = self.record
        self.record = replace(
            now,
            status=Status.OPEN if event.stage else Status.HELD,
            closed_at=None,
            outcome=None,
            withdrawn_because=None,
            settled=tuple(one for one in now.settled if one[1] != now.closed_at),
            reopened=(*now.reopened, (now.closed_at or event.at, event.at)),
        )

    def _tell_of_file(self, event: events.FileNoted) -> None:
        now = self.record
        if event.note is FileNote.READ:
            self.record = replace(now, files_read=now.files_read + 1)
        else:
            self.record = replace(now, recorded_by=(*now.recorded_by, event.agency_id))

    def _tell_of_track(self, event: events.TrackChanged) -> None:
        """The case is counted on the track that it came to; what had ended before, on the one on which it ended."""
        urgent = self.record.became_urgent or event.track is Track.URGENT
        self.record = replace(self.record, track=event.track, became_urgent=urgent)
        for clock in list(self._clocks.values()):
            if clock.end is None:
                self._change(clock.clock_id, track=event.track)

    def _tell_of_clock(
        self,
        event: events.ClockStarted
        | events.LimitPassed
        | events.LimitWithdrawn
        | events.CauseChanged
        | events.AccountAdded
        | events.CauseConfirmed
        | events.ClockEnded,
    ) -> None:
        match event:
            case events.ClockStarted():
                self._clocks[event.clock_id] = _span(event, self.record.track)
            case events.LimitPassed():
                self._change(
                    event.clock_id,
                    limit_passed_at=event.at,
                    cause=event.cause,
                    accounts_until=event.accounts_until,
                )
            case events.LimitWithdrawn(more_time=True):
                self._change(event.clock_id, **_NOT_PASSED, by_what_was_said=True)
            case events.LimitWithdrawn():
                self._change(
                    event.clock_id,
                    withdrawn=True,
                    cause=event.cause,
                    ended_at=event.kept_at,
                    done_in_time=self._put_right == event.clock_id,
                    by_what_was_said=self._confirming is not None or self._put_right == event.clock_id,
                )
            case events.CauseChanged():
                # Evidence says something else now, so whatever had been confirmed is to be looked at again.
                self._change(event.clock_id, cause=event.cause, confirmed=False)
            case events.AccountAdded():
                # An account that comes after the cause was confirmed is looked at, as in the rules.
                accounts = (*self._clocks[event.clock_id].accounts, (event.agency_id, event.says))
                self._change(event.clock_id, accounts=accounts, all_given=event.all_given, confirmed=False)
            case events.CauseConfirmed():
                self._put_right = event.clock_id if event.cause is Cause.RECORDED_LATE else None
                self._change(event.clock_id, cause=event.cause, confirmed=True)
            case events.ClockEnded():
                self._ended(event)
            case _:
                assert_never(event)

    def _made_anew(self, event: events.ClockExtended) -> Mapping[str, object]:
        """What more time that had been agreed before the limit leaves of the finding: nothing, where it runs."""
        if not event.recorded_late:
            return {}
        return _NOT_PASSED if self._clocks[event.clock_id].end is None else {"confirmed": False}

    def _ended(self, event: events.ClockEnded) -> None:
        clock = self._clocks[event.clock_id]
        said = self._confirming
        by_what_was_said = (
            event.end is ClockEnd.MET
            and said is not None
            and clock.agency_id == said.agency_id
            and clock.awaits in MEETS[said.done]
        )
        self._change(event.clock_id, ended_at=event.counts_from, end=event.end, by_what_was_said=by_what_was_said)

    def _tell_of_redate(self, event: events.Redated) -> None:
        """From here on the new dates are in force, and what is late is late by them."""
        for clock in event.clocks:
            self._change(clock.clock_id, due_at=clock.due_at, first_due_at=clock.counted_to)
        self.record = replace(self.record, redated=self.record.redated + 1)

    def _change(self, clock_id: str, **changes: object) -> None:
        self._clocks[clock_id] = replace(self._clocks[clock_id], **changes)  # type: ignore[arg-type]  # checked by the caller's keywords


_NOT_PASSED: Final[Mapping[str, object]] = {
    "limit_passed_at": None,
    "cause": None,
    "accounts_until": None,
    "confirmed": False,
    "accounts": (),
    "all_given": False,
}
"""A limit that does not count as passed, for more time had been agreed before."""


def _span(event: events.ClockStarted, track: Track) -> ClockSpan:
    return ClockSpan(
        track=track,
        clock_id=event.clock_id,
        awaits=event.awaits,
        waits_for=event.waits_for,
        agency_id=event.agency_id,
        stage=event.stage,
        started_at=event.at,
        due_at=event.due_at,
        first_due_at=event.due_at,
    )


@dataclass(frozen=True, slots=True)
class Message:
    """A message by email that waited for the team: of which case, and what it said, is not asked here."""

    received_at: datetime
    due_at: datetime
    looked_at: datetime | None
    """None where it still waits."""
    put_aside: bool = False
    """Whether the team put it aside when it looked."""
    why: senders.PutAside | None = None
    """Why it did; none where that was not asked yet."""

    def in_time(self, now: datetime) -> bool | None:
        """Whether the team looked by its own time limit; none while nobody can say yet."""
        if self.looked_at is not None:
            return self.looked_at <= self.due_at
        return None if now <= self.due_at else False


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that a review is made from."""

    cases: tuple[CaseRecord, ...]
    agencies: Mapping[str, Agency]
    position: int
    """Of the register, that this is as of; 0 for an empty one."""
    known_at: datetime
    """The moment that this is as of."""
    began_at: datetime | None = None
    """When the register's first event was recorded; none for an empty one."""
    messages: tuple[Message, ...] = ()
    """The messages by email that waited for the team, as far as they are known by then."""

    def type_of(self, agency_id: str | None) -> str:
        """The type of an agency."""
        found = self.agencies.get(agency_id or "")
        return found.agency_type if found else NOT_KNOWN
