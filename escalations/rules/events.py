"""What happened to a case: a closed union of frozen models, and the only thing that the register holds.

No event holds a name, an address or a word that a person wrote. An event that came of an act carries the submission's
id and the digest of what is sealed there. ``at`` is when it counts from; the register adds when it was recorded.
"""

from __future__ import annotations

from datetime import datetime
from operator import not_
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from escalations.policy import Awaits, OnLimit, Position, Side, SkipReason, Slug, Track
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Act, Concern
from escalations.rules.case import (
    Cause,
    Changed,
    ClockEnd,
    DeliveryState,
    Done,
    EraseReason,
    Felt,
    FileNote,
    KnownBy,
    LeaveReason,
    Outcome,
    OwnRecord,
    PartyReason,
    PauseReason,
    RedateReason,
    ReopenReason,
    Route,
    Says,
    Seen,
    TransferReason,
    TransferredTo,
    WithdrawReason,
)
from escalations.rules.codelists import Code
from escalations.rules.instead import ToldInstead
from escalations.rules.linked import LinkReason
from escalations.rules.plan import Kept, Learning, NotDone, PlanSays
from escalations.rules.senders import Checked, Known, Outside, Stands, SureBy
from escalations.rules.workingtime import Amount

REOPENED = "reopened"
"""What the receipt says that a time limit counts from which began when its case was opened again."""
CORRECTED = "corrected"
"""The same, for a stage to which it went back because it had been taken up by mistake."""
PARTY_ADDED = "party_added"
"""The same, for an agency that was added later."""
AlternateBecause = Literal["works_for_a_party", "both_work_for_a_party", "decided_before"]
"""Why the final body's alternate decides. Where both it and the holder work for a party, that is said."""


class EventModel(BaseModel):
    """What every event has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime
    """When it counts from: for an act, when that was received."""
    submission_id: str | None = None
    content_digest: str | None = None
    word_due_at: AwareDatetime | None = None
    """When the raiser, who hears of this, is due the next word; none where the raiser does not hear of it."""
    calendar_ended: Literal[True] | None = None
    """Said once in a case: from here on some time limit that can still start cannot be dated within its calendar.
    Such a clock is not started, everything else goes on, and the team is told."""


class ActEventModel(EventModel):
    """An event that a person's act brought."""

    by: Actor
    channel: Channel
    happened_at: AwareDatetime | None = None


class Raised(ActEventModel):
    """The first event of every case; it carries the hashes of what the case is frozen to."""

    kind: Literal["raised"] = "raised"
    policy_hash: str
    calendar_hash: str
    edition: int
    track: Track
    raising_agency: Slug | None = None
    """None where the sender was not recognised."""
    responding_agencies: tuple[Slug, ...]
    concern: Concern
    people: int
    reason: Code
    theme: Annotated[Code | None, Field(exclude_if=not_)] = None
    level_of_need: int | None = None
    legal_status: Code
    held: bool
    quiet: bool = False
    """Entered for somebody: nobody but the team is told until it is passed on."""
    priority: Annotated[Slug | None, Field(exclude_if=not_)] = None
    start_stage: Annotated[int | None, Field(exclude_if=not_)] = None
    """At which stage it starts, where that is not the first."""
    start_because: Annotated[SkipReason | None, Field(exclude_if=not_)] = None
    sender_known: Annotated[Known | None, Field(exclude_if=not_)] = None
    sender_checked: Annotated[Checked | None, Field(exclude_if=not_)] = None
    """How it is known who raised it, as it was found then."""
    seen: Annotated[tuple[Seen, ...], Field(exclude_if=not_)] = ()
    """What a program saw in the words of a plain mail."""
    co_raisers: Annotated[tuple[Slug, ...], Field(exclude_if=not_)] = ()
    """The agencies that raise it together with the one that leads."""
    raisers_to_look_at: Annotated[bool, Field(exclude_if=not_)] = False
    """A plain mail names others that raise it too, and the team is to look first."""


class Completed(ActEventModel):
    """What a plain mail had not said was said; the codes are as they stand from here on."""

    kind: Literal["completed"] = "completed"
    responding_agencies: tuple[Slug, ...]
    """As named so far, told of or not."""
    concern: Concern
    people: int
    reason: Code
    theme: Annotated[Code | None, Field(exclude_if=not_)] = None
    level_of_need: int | None = None
    legal_status: Code


class PassedOn(EventModel):
    """The responding agencies are to be told. The moment from which each of them can be.

    By the team; or by the raising side, where the case was held only because it had not named an agency yet.
    """

    kind: Literal["passed_on"] = "passed_on"
    by: Actor | None = None
    responding_agencies: tuple[Slug, ...]
    raising_agency: Annotated[Slug | None, Field(exclude_if=not_)] = None
    """Where the team said which agency raised it."""
    sender_known: Annotated[Known | None, Field(exclude_if=not_)] = None
    sender_stands: Annotated[Stands | None, Field(exclude_if=not_)] = None
    """Where the raiser's address is not one of that agency's: for whom the team takes them ..."""
    sender_known_by: Annotated[SureBy | None, Field(exclude_if=not_)] = None
    """... and how it knows."""


class AgencyAwaited(ActEventModel):
    """The team adds an agency to the directory first; it is still held, and its clocks go on."""

    kind: Literal["agency_awaited"] = "agency_awaited"


class SenderVouched(ActEventModel):
    """The raising agency said whether a case that was raised in its name is theirs."""

    kind: Literal["sender_vouched"] = "sender_vouched"
    agency_id: Slug
    theirs: bool
    was: bool | None = None
    """What it had said before; none where it had not."""


class StageStarted(EventModel):
    """A stage began, on both sides at once.

    Never before the stage that it left: an act applied late, and received before that began, counts from then.
    """

    kind: Literal["stage_started"] = "stage_started"
    stage: int
    from_stage: int
    by: Actor | None = None
    """Who took it there; none for the first stage, and where a policy's document moves a case up by itself."""
    channel: Channel | None = None
    happened_at: AwareDatetime | None = None
    decider_position: Position | None = None
    alternate_because: AlternateBecause | None = None
    because_of: Annotated[str | None, Field(exclude_if=not_)] = None
    """The clock whose passed limit moved it by itself ..."""
    by_rule: Annotated[Slug | None, Field(exclude_if=not_)] = None
    """... by this rule of the policy ..."""
    source: Annotated[str | None, Field(exclude_if=not_)] = None
    """... which is this paragraph of the document."""
    skip_because: Annotated[SkipReason | None, Field(exclude_if=not_)] = None
    """Why stages between the one left and this one were passed over."""
    skip_side: Annotated[Side | None, Field(exclude_if=not_)] = None


def _none(value: object) -> bool:
    return value is None


class ClockStarted(EventModel):
    """A clock began, with every instant that it will ever act at."""

    kind: Literal["clock_started"] = "clock_started"
    clock_id: str
    rule_id: Slug
    awaits: Awaits
    waits_for: Side
    agency_id: Slug | None = None
    position: Position | None = None
    stage: int | None = None
    amount: str
    due_at: AwareDatetime
    reminders: tuple[AwareDatetime, ...]
    on_limit: OnLimit
    receipt_hash: str
    started_by: str
    """The kind of event that started it, as the receipt names it."""
    about: str | None = None
    paused: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether the case is paused, so that the clock does not run yet."""
    from_stage: Annotated[int | None, Field(exclude_if=_none)] = None
    """The first of the stages that it spans, where it does not span them all ..."""
    to_stage: Annotated[int | None, Field(exclude_if=_none)] = None
    """... and the last."""


class ClockResumed(EventModel):
    """A pause that ends gave a clock back what it had taken, and its due time moved."""

    kind: Literal["clock_resumed"] = "clock_resumed"
    clock_id: str
    awaits: Awaits
    agency_id: Slug | None = None
    was_due_at: AwareDatetime
    due_at: AwareDatetime
    reminders: tuple[AwareDatetime, ...]


class ClockExtended(ActEventModel):
    """A time limit was extended, from when it was due."""

    kind: Literal["clock_extended"] = "clock_extended"
    clock_id: str
    awaits: Awaits
    waits_for: Side
    agency_id: Slug | None = None
    by_amount: Amount
    was_due_at: AwareDatetime
    due_at: AwareDatetime
    reminders: tuple[AwareDatetime, ...]
    recorded_late: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether the limit had passed, and this had been agreed before (``happened_at``): its finding is made anew."""
    known_by: Annotated[KnownBy | None, Field(exclude_if=not_)] = None


class ClockSetSooner(ActEventModel):
    """A sooner time was set for what a clock waits for. One that had passed by then counts from when it was set."""

    kind: Literal["clock_set_sooner"] = "clock_set_sooner"
    clock_id: str
    awaits: Awaits
    waits_for: Side
    agency_id: Slug | None = None
    was_due_at: AwareDatetime
    due_at: AwareDatetime
    reminders: tuple[AwareDatetime, ...]


class ClockRecounted(EventModel):
    """A clock was counted anew, with the amount that the case's new priority or track gives it.

    A priority counts from the clock's start. The urgent track counts from when it was chosen, and makes nothing later.
    """

    kind: Literal["clock_recounted"] = "clock_recounted"
    clock_id: str
    awaits: Awaits
    agency_id: Slug | None = None
    amount: str
    was_due_at: AwareDatetime
    due_at: AwareDatetime
    reminders: tuple[AwareDatetime, ...]
    receipt_hash: str
    track: Track | None = None
    """The track that the case was changed to; none where it was given a priority."""
    counted_from: AwareDatetime | None = None
    """None where it counts from its start."""


class PrioritySet(ActEventModel):
    """The case was given a priority. What each clock's time limit became comes before this."""

    kind: Literal["priority_set"] = "priority_set"
    priority: Slug
    was: Slug | None = None


class RedatedClock(BaseModel):
    """A clock that was counted anew, from its start; what people agreed on since was given to it again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clock_id: str
    awaits: Awaits
    waits_for: Side
    agency_id: Slug | None = None
    amount: str
    on_limit: OnLimit
    was_due_at: AwareDatetime
    due_at: AwareDatetime
    """The same as before, where only what it is counted with or what its limit does has changed."""
    counted_to: AwareDatetime
    """Where the count from its start ends, without what people agreed on since: what the receipt accounts for."""
    reminders: tuple[AwareDatetime, ...]
    receipt_hash: str


class KeptClock(BaseModel):
    """A clock that keeps its time limit, though it would now be counted to another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clock_id: str
    awaits: Awaits
    waits_for: Side
    agency_id: Slug | None = None
    due_at: AwareDatetime
    would_be_due_at: AwareDatetime
    because: Literal["limit_passed", "sooner"]
    """A limit that has passed stays passed, and its cause is for the team to confirm; one that would be sooner stays
    unless that was chosen."""


class Redated(ActEventModel):
    """What the case is frozen to was changed, and what runs was counted anew. Every date that held before is kept."""

    kind: Literal["redated"] = "redated"
    policy_hash: str
    calendar_hash: str
    was_policy_hash: str
    was_calendar_hash: str
    because: RedateReason
    clocks: tuple[RedatedClock, ...]
    kept: tuple[KeptClock, ...]


class TrackChanged(ActEventModel):
    """The case became urgent, or is so no longer. What each clock became, started or stopped comes before this."""

    kind: Literal["track_changed"] = "track_changed"
    track: Track
    was: Track


class SaidNotUrgent(ActEventModel):
    """It was asked whether it is urgent, because words in a mail can mean that, and it is not."""

    kind: Literal["said_not_urgent"] = "said_not_urgent"


class ReminderFell(EventModel):
    """A reminder's moment came while the clock still waited."""

    kind: Literal["reminder_fell"] = "reminder_fell"
    clock_id: str
    awaits: Awaits
    waits_for: Side
    agency_id: Slug | None = None
    position: Position | None = None
    due_at: AwareDatetime
    reminder: int
    of: int
    phone_call_asked: bool
    """Whether the team is asked to phone once, since nothing is recorded and this is the last reminder."""


class LimitPassed(EventModel):
    """A time limit passed. Its cause is provisional."""

    kind: Literal["limit_passed"] = "limit_passed"
    clock_id: str
    awaits: Awaits
    waits_for: Side
    agency_id: Slug | None = None
    position: Position | None = None
    stage: int | None = None
    due_at: AwareDatetime
    cause: Cause
    accounts_until: AwareDatetime
    """Until when both agencies may add their account, before the team may confirm the cause."""


class LimitWithdrawn(EventModel):
    """A limit that was noted as passed had in truth been kept."""

    kind: Literal["limit_withdrawn"] = "limit_withdrawn"
    clock_id: str
    awaits: Awaits
    agency_id: Slug | None = None
    cause: Literal[Cause.RECORDED_LATE] = Cause.RECORDED_LATE
    kept_at: AwareDatetime
    """When what the clock waited for happened, or reached us: between the clock's beginning and its limit. What is
    older than the clock, as an act applied late may be, counts from when the clock began."""
    undoes_proposal: bool = False
    """Whether the proposal to move up rested on this limit alone, and ends with it."""
    more_time: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether it does not count as passed only because more time had been agreed before."""


class CauseChanged(EventModel):
    """What was awaited came after its limit."""

    kind: Literal["cause_changed"] = "cause_changed"
    clock_id: str
    awaits: Annotated[Awaits | None, Field(exclude_if=_none)] = None
    """What it waited for. None in what was recorded before this was; so are the next two."""
    waits_for: Annotated[Side | None, Field(exclude_if=_none)] = None
    agency_id: Annotated[Slug | None, Field(exclude_if=_none)] = None
    was: Cause
    cause: Cause


class AccountAdded(ActEventModel):
    """A side said how a delay came about. It changes no cause; one that was confirmed before is looked at again."""

    kind: Literal["account_added"] = "account_added"
    clock_id: str
    awaits: Awaits
    side: Side
    agency_id: Slug
    """Whose account it is, whoever wrote it down."""
    says: Says
    cause: Cause
    """The cause as it was recorded when they said so."""
    all_given: bool
    """Whether every agency that is asked has given its account of this delay now."""


class LookedBack(ActEventModel):
    """A side said what changed for the child or adult, and how it felt. It changes nothing of the case."""

    kind: Literal["looked_back"] = "looked_back"
    side: Side
    agency_id: Slug
    """Whose view it is."""
    changed: tuple[Changed, ...]
    felt: Felt | None = None


class PlannedAction(BaseModel):
    """One action of a plan, with every instant that it will ever act at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action_id: str
    agency_id: Slug
    position: Position
    due_at: AwareDatetime
    """Close of business of the day that the plan names."""
    reminders: tuple[AwareDatetime, ...]


class Concerned(BaseModel):
    """An agency, on its side."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    side: Side
    agency_id: Slug


class PlanProposed(ActEventModel):
    """Somebody proposed what is to be done, by whom and by when. What it is, is sealed."""

    kind: Literal["plan_proposed"] = "plan_proposed"
    plan_id: str
    stage: int
    agency_id: Slug | None = None
    """Who proposed it; none where the team wrote it down."""
    actions: tuple[PlannedAction, ...]
    asked: tuple[Concerned, ...]
    """Who is asked whether they agree."""


class PlanAnswered(ActEventModel):
    """Somebody said whether they agree to a plan."""

    kind: Literal["plan_answered"] = "plan_answered"
    plan_id: str
    side: Side
    agency_id: Slug
    """Whose word it is, whoever wrote it down."""
    says: PlanSays
    without: tuple[str, ...] = ()
    """The actions to which they do not agree."""


class ActionReminded(EventModel):
    """A reminder of an action's date came, and nothing had been said of it."""

    kind: Literal["action_reminded"] = "action_reminded"
    action_id: str
    agency_id: Slug
    position: Position
    due_at: AwareDatetime
    reminder: int
    of: int


class ActionDatePassed(EventModel):
    """An action's date passed, and it is not recorded as done. People are told; nothing closes or moves by it."""

    kind: Literal["action_date_passed"] = "action_date_passed"
    action_id: str
    agency_id: Slug
    position: Position
    due_at: AwareDatetime


class ActionReported(ActEventModel):
    """The owner of an action said that it is done, or that it is not and why."""

    kind: Literal["action_reported"] = "action_reported"
    action_id: str
    agency_id: Slug
    """Whose action it is, whoever wrote it down."""
    done: bool
    why: NotDone | None = None
    due_at: AwareDatetime


class ActionChecked(ActEventModel):
    """The other side said whether what was said of an action is so."""

    kind: Literal["action_checked"] = "action_checked"
    action_id: str
    agency_id: Slug
    """Whose action it is."""
    so: bool


class DissentRecorded(ActEventModel):
    """An agency goes along, and put on record that it disagrees. It moves and holds up nothing.

    Of an agency that raises it beside the lead: that it disagrees, whatever the lead agrees.
    """

    kind: Literal["dissent_recorded"] = "dissent_recorded"
    beside: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether it is such a one's."""
    side: Side
    agency_id: Slug
    stage: int
    formal: bool


class FollowUpAsked(EventModel):
    """Some time after the end each side is asked what came of it."""

    kind: Literal["follow_up_asked"] = "follow_up_asked"
    asked: tuple[Concerned, ...]
    until: AwareDatetime
    """By when an answer is asked for."""
    reminders: tuple[AwareDatetime, ...]


class FollowUpReminded(EventModel):
    """Whoever has not answered is reminded."""

    kind: Literal["follow_up_reminded"] = "follow_up_reminded"
    unanswered: tuple[Concerned, ...]
    until: AwareDatetime
    reminder: int
    of: int


class FollowUpUnanswered(EventModel):
    """The time to answer is over, and somebody has not. The team is told, and that is all that comes of it."""

    kind: Literal["follow_up_unanswered"] = "follow_up_unanswered"
    unanswered: tuple[Concerned, ...]
    until: AwareDatetime


class FollowUpAnswered(ActEventModel):
    """A side said what came of it. It changes nothing of the case."""

    kind: Literal["follow_up_answered"] = "follow_up_answered"
    side: Side
    agency_id: Slug
    """Whose view it is, whoever wrote it down."""
    kept: Kept
    changed: tuple[Changed, ...]
    learning: tuple[Learning, ...]


class CauseConfirmed(ActEventModel):
    """The team made the cause of a delay final, as evidence has it or as it put it right."""

    kind: Literal["cause_confirmed"] = "cause_confirmed"
    clock_id: str
    awaits: Awaits
    agency_id: Slug | None = None
    was: Cause
    cause: Cause
    known_by: Annotated[KnownBy | None, Field(exclude_if=not_)] = None
    away_from: Annotated[AwareDatetime | None, Field(exclude_if=not_)] = None
    away_until: Annotated[AwareDatetime | None, Field(exclude_if=not_)] = None
    own_record: Annotated[OwnRecord | None, Field(exclude_if=not_)] = None
    """For a time in which our system is said not to have run: what our own record says of it."""


class ClockEnded(EventModel):
    """A clock was met or stopped."""

    kind: Literal["clock_ended"] = "clock_ended"
    clock_id: str
    awaits: Awaits
    end: ClockEnd
    counts_from: AwareDatetime
    """When what it waited for happened or was received; for a stopped clock, when it stopped. Never before the clock
    began: what is older, as an act applied late may be, counts from then."""


class MoveProposed(EventModel):
    """Time alone can only propose: the raising side is asked whether the case moves up."""

    kind: Literal["move_proposed"] = "move_proposed"
    to_stage: int
    because_of: str
    """The clock whose limit passed."""


class MoveDue(EventModel):
    """The document of the partnership moves a case up by itself, and the level passed over is told first.

    Until it takes effect the raising side can say that it stays, and an answer ends it.
    """

    kind: Literal["move_due"] = "move_due"
    to_stage: int
    because_of: str
    """The clock whose limit passed."""
    by_rule: Slug
    source: str
    """The paragraph of the document."""
    takes_effect_at: AwareDatetime


class MoveObjected(ActEventModel):
    """Somebody objects that a rule alone moves a case up, or moved it."""

    kind: Literal["move_objected"] = "move_objected"
    stage: int
    agency_id: Slug | None = None
    by_rule: Slug


class ProposalEnded(EventModel):
    """The question whether to move up ended by itself: what it rested on was answered late, or is settled.

    An answer brings a question of its own, which a move up can follow; two would ask one person the same thing twice.
    """

    kind: Literal["proposal_ended"] = "proposal_ended"
    to_stage: int
    because: Literal["answered", "settled", "removed"]


class MoveIntended(ActEventModel):
    """The raising side takes it up, and the level passed over is told first."""

    kind: Literal["move_intended"] = "move_intended"
    to_stage: int
    takes_effect_at: AwareDatetime
    skip_because: Annotated[SkipReason | None, Field(exclude_if=not_)] = None
    skip_side: Annotated[Side | None, Field(exclude_if=not_)] = None


class MoveDropped(ActEventModel):
    """The raising side stays at this stage."""

    kind: Literal["move_dropped"] = "move_dropped"
    to_stage: int


class Acknowledged(ActEventModel):
    """A responding agency has the matter."""

    kind: Literal["acknowledged"] = "acknowledged"
    agency_id: Slug
    stage: int


class PersonReached(ActEventModel):
    """Somebody spoke to a person of the responding agency."""

    kind: Literal["person_reached"] = "person_reached"
    agency_id: Slug
    position: Position


class Responded(ActEventModel):
    """A responding agency answered."""

    kind: Literal["responded"] = "responded"
    agency_id: Slug
    stage: int
    offers: Outcome


class SaidDone(ActEventModel):
    """One side says that something was done. It counts for nothing until it is confirmed."""

    kind: Literal["said_done"] = "said_done"
    claim_id: str
    done: Done
    agency_id: Slug
    stage: int


class DoneConfirmed(ActEventModel):
    """What was said to be done was confirmed, and counts from when it happened."""

    kind: Literal["done_confirmed"] = "done_confirmed"
    claim_id: str
    done: Done
    agency_id: Slug
    stage: int
    counts_from: AwareDatetime


class DoneDenied(ActEventModel):
    """What was said to be done was denied, and never counted."""

    kind: Literal["done_denied"] = "done_denied"
    claim_id: str
    done: Done
    agency_id: Slug


class Settled(ActEventModel):
    """The matter is settled with one responding agency."""

    kind: Literal["settled"] = "settled"
    agency_id: Slug
    stage: int
    outcome: Outcome
    ends_the_case: bool = False
    """Settled with all that were left, at once: what is told is that the case is closed."""


class SaidMisdirected(ActEventModel):
    """A responding agency says that it is not theirs. Nothing moves by it, and the team is asked to look."""

    kind: Literal["said_misdirected"] = "said_misdirected"
    agency_id: Slug
    stage: int
    should_be: Annotated[Slug | None, Field(exclude_if=not_)] = None


class FoundTheirs(ActEventModel):
    """The team has looked: it is that agency's, and goes on."""

    kind: Literal["found_theirs"] = "found_theirs"
    agency_id: Slug
    stage: int


class PartyAdded(ActEventModel):
    """An agency more has it, from here on: its clocks begin with its own notice, at the present stage."""

    kind: Literal["party_added"] = "party_added"
    agency_id: Slug
    stage: int


class PartyRemoved(ActEventModel):
    """An agency no longer has it. What waited for it has stopped."""

    kind: Literal["party_removed"] = "party_removed"
    agency_id: Slug
    stage: int
    because: PartyReason


class ContactChanged(ActEventModel):
    """Somebody else is written to for the raising side; who it is, is sealed."""

    kind: Literal["contact_changed"] = "contact_changed"
    stage: int


class AdviserInvited(ActEventModel):
    """Somebody outside the escalation was asked for advice; who, by name, is sealed."""

    kind: Literal["adviser_invited"] = "adviser_invited"
    adviser: str
    """Their number in the case; no more is known of them outside what is sealed."""
    role: Position
    stage: int
    on_word_of: Side
    agency_id: Slug | None = None
    reads_of: tuple[Slug, ...] = ()
    """The agencies whose words they read; none, where they read the question alone."""
    known_by: KnownBy | None = None
    until: AwareDatetime
    """When their link ends, if the escalation does not end before."""


class AdviceGiven(ActEventModel):
    """An adviser answered. It is an entry, and an answer of no side."""

    kind: Literal["advice_given"] = "advice_given"
    adviser: str
    role: Position
    stage: int
    declined: bool = False


class AdviserEnded(ActEventModel):
    """The team asks an adviser no longer."""

    kind: Literal["adviser_ended"] = "adviser_ended"
    adviser: str
    role: Position
    stage: int


class RaisersChanged(ActEventModel):
    """Who raises it changed. It goes on as it was: nobody's time limit has moved by that."""

    kind: Literal["raisers_changed"] = "raisers_changed"
    stage: int
    added: tuple[Slug, ...] = ()
    left: tuple[Slug, ...] = ()
    because: LeaveReason | None = None
    lead: Slug | None = None
    """Which agency leads from here on, where that changed ..."""
    led: Slug | None = None
    """... and which one did before."""


class AgreementNoted(ActEventModel):
    """The lead agrees, and another agency that raises it is on record as disagreeing. Nothing is settled yet."""

    kind: Literal["agreement_noted"] = "agreement_noted"
    stage: int
    agencies: tuple[Slug, ...]
    """The responding agencies with which it would be settled."""
    outcome: Outcome
    dissenting: tuple[Slug, ...]


class AgreementAnswered(ActEventModel):
    """The team said whether the lead's agreement settles it."""

    kind: Literal["agreement_answered"] = "agreement_answered"
    stage: int
    settles: bool


class Linked(ActEventModel):
    """The team linked it with another escalation, whose register says the same."""

    kind: Literal["linked"] = "linked"
    other: str
    because: LinkReason


class Unlinked(ActEventModel):
    """The team links it with that escalation no longer."""

    kind: Literal["unlinked"] = "unlinked"
    other: str
    because: LinkReason
    """Why it had been linked."""


class Erased(ActEventModel):
    """The words of the case were erased; its codes and dates stay. Who had it done is sealed."""

    kind: Literal["erased"] = "erased"
    because: EraseReason


class Decided(ActEventModel):
    """The final body decided."""

    kind: Literal["decided"] = "decided"
    position: Position
    outcome: Outcome


class Closed(EventModel):
    """The case is closed, because the raising side or the final body said so; never by time.

    What is held, the team itself may end.
    """

    kind: Literal["closed"] = "closed"
    by: Actor
    stage: int
    outcome: Outcome
    on_word_of: Annotated[Side | None, Field(exclude_if=not_)] = None
    """On whose word the team closed it; none where whoever says so did it themselves."""
    route: Annotated[Route | None, Field(exclude_if=not_)] = None
    happened_at: Annotated[AwareDatetime | None, Field(exclude_if=not_)] = None
    """When they said so to the team."""
    outside: Annotated[Outside | None, Field(exclude_if=not_)] = None
    """For what was not for this process at all: who wrote it ..."""
    sent_there: Annotated[bool, Field(exclude_if=not_)] = False
    """... and whether the team has sent it on its way itself."""
    withdrawn_because: Annotated[WithdrawReason | None, Field(exclude_if=not_)] = None
    """Why whoever raised it took it back, where they did so themselves."""
    follow_up_at: Annotated[AwareDatetime | None, Field(exclude_if=not_)] = None
    """When each side is asked what came of it; none where the policy asks nothing."""
    transferred_to: Annotated[TransferredTo | None, Field(exclude_if=not_)] = None
    """Who has taken it over ..."""
    transferred_because: Annotated[TransferReason | None, Field(exclude_if=not_)] = None
    """... and why."""


class Reopened(ActEventModel):
    """A case that had closed was opened again. The stage begins anew, and everything before it stays on record."""

    kind: Literal["reopened"] = "reopened"
    stage: int
    """At which it goes on; 0 for one that no agency had been told of, and that the team holds again."""
    from_stage: int
    """At which it had been closed."""
    because: ReopenReason
    was: Outcome
    """How it had ended."""
    decider_position: Annotated[Position | None, Field(exclude_if=not_)] = None
    alternate_because: Annotated[AlternateBecause | None, Field(exclude_if=not_)] = None


class Corrected(ActEventModel):
    """An entry was a mistake, and never counted. It stays on record; what each clock became comes before this.

    Where the case goes back a stage by it, the clocks of that stage come after.
    """

    kind: Literal["corrected"] = "corrected"
    entry: str
    """The submission that made it."""
    entry_kind: str
    agency_id: Slug | None = None
    """The responding agency that it concerned."""
    stage: int
    back_to: Annotated[int | None, Field(exclude_if=not_)] = None
    """The stage to which it goes back, where what was a mistake had taken it up."""


class ClockReopened(EventModel):
    """What had met a clock was a mistake: it waits again, by the time limit that it had."""

    kind: Literal["clock_reopened"] = "clock_reopened"
    clock_id: str
    awaits: Awaits
    agency_id: Slug | None = None
    due_at: AwareDatetime
    reminders: tuple[AwareDatetime, ...]
    limit_stands: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether its limit had been noted as passed, which stays so."""
    paused: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether the case is paused, so that it does not run yet."""


class ReopeningAsked(ActEventModel):
    """A side asked the team to open the case again. Nothing runs by it."""

    kind: Literal["reopening_asked"] = "reopening_asked"
    agency_id: Slug | None = None
    stage: int


class PartnershipNotified(EventModel):
    """The policy tells the partnership: that a case reached a stage, or how it ended."""

    kind: Literal["partnership_notified"] = "partnership_notified"
    of: Literal["stage", "resolution"]
    stage: int


class NoticeReported(EventModel):
    """What became of a notice that matters."""

    kind: Literal["notice_reported"] = "notice_reported"
    notice_id: str
    agency_id: Slug | None = None
    """None for the partnership's team, and for whoever raised a case while their agency is not known."""
    to_raiser: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether it was for whoever raised it while their agency is not known, and not for the team."""
    outside: Annotated[str | None, Field(exclude_if=not_)] = None
    """Which adviser it was for, where it was for one."""
    stage: int
    starts_clocks: bool
    state: DeliveryState
    by: Annotated[Actor | None, Field(exclude_if=not_)] = None
    """The team, where it confirmed that it did not arrive; none where the system reports it."""
    known_by: Annotated[KnownBy | None, Field(exclude_if=not_)] = None
    """How the team knows."""
    told_instead: Annotated[ToldInstead | None, Field(exclude_if=_none)] = None
    """Who was told in the place of whoever it was meant for."""


class MessageReported(EventModel):
    """An automatic reply, or one that cannot be read, came. It never starts, stops or meets a clock."""

    kind: Literal["message_reported"] = "message_reported"
    agency_id: Slug
    message: Literal["automatic_reply", "unreadable_reply"]


class PhoneCallNoted(ActEventModel):
    """The team phoned once, and noted whether it reached somebody."""

    kind: Literal["phone_call_noted"] = "phone_call_noted"
    agency_id: Slug | None = None
    """None for whoever raised it, while their agency is not known."""
    reached: bool
    position: Position | None = None


class WordsAdded(ActEventModel):
    """Somebody added words or files. It answers nothing, and stops no clock."""

    kind: Literal["words_added"] = "words_added"
    agency_id: Slug | None = None
    """The agency that was written to; none for the team, and for whoever raised it while their agency is not known."""
    stage: int
    files: int
    came_at: AwareDatetime | None = None
    """For a mail that the team has passed to its case: when it was received."""
    seen: Annotated[tuple[Seen, ...], Field(exclude_if=not_)] = ()
    """What a program saw in them."""


class FileNoted(ActEventModel):
    """An agency read the file, or recorded the escalation on its own. It answers nothing, and stops no clock."""

    kind: Literal["file_noted"] = "file_noted"
    agency_id: Slug
    note: FileNote
    stage: int


class Paused(ActEventModel):
    """The team paused the case: these clocks do not run until it is resumed."""

    kind: Literal["paused"] = "paused"
    reason: PauseReason
    until: AwareDatetime
    """When the team is told that it is still paused."""
    clock_ids: tuple[str, ...]
    known_by: Annotated[KnownBy | None, Field(exclude_if=not_)] = None
    """How the team knows that both sides agreed, where they did."""


class Resumed(ActEventModel):
    """The team resumed a paused case. What each clock got back comes before this."""

    kind: Literal["resumed"] = "resumed"
    paused_at: AwareDatetime
    made_urgent: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether it goes on because it became urgent; that is then what is told."""


class PausedTooLong(EventModel):
    """A case has been paused for as long as the policy has it. It stays paused, and the team is told."""

    kind: Literal["paused_too_long"] = "paused_too_long"
    paused_at: AwareDatetime
    until: AwareDatetime


class RaiserKeptInformed(EventModel):
    """The raiser was due a word and gets one, though nothing happened."""

    kind: Literal["raiser_kept_informed"] = "raiser_kept_informed"


OfPlans = PlanProposed | PlanAnswered | ActionReminded | ActionDatePassed | ActionReported | ActionChecked
"""What happens to a plan, and to its actions."""
Promised = OfPlans | DissentRecorded | FollowUpAsked | FollowUpReminded | FollowUpUnanswered | FollowUpAnswered
"""Everything of plans, dissent and follow-up."""

Advising = AdviserInvited | AdviceGiven | AdviserEnded
"""Somebody outside an escalation is asked for advice."""

Linking = Linked | Unlinked
"""Two escalations that belong together."""

Event = (
    Raised
    | Completed
    | PassedOn
    | SenderVouched
    | AgencyAwaited
    | StageStarted
    | ClockStarted
    | ClockResumed
    | ClockExtended
    | ClockSetSooner
    | ClockRecounted
    | PrioritySet
    | Redated
    | TrackChanged
    | SaidNotUrgent
    | ReminderFell
    | LimitPassed
    | LimitWithdrawn
    | CauseChanged
    | AccountAdded
    | LookedBack
    | PlanProposed
    | PlanAnswered
    | ActionReminded
    | ActionDatePassed
    | ActionReported
    | ActionChecked
    | DissentRecorded
    | FollowUpAsked
    | FollowUpReminded
    | FollowUpUnanswered
    | FollowUpAnswered
    | AdviserInvited
    | AdviceGiven
    | AdviserEnded
    | Linked
    | Unlinked
    | CauseConfirmed
    | ClockEnded
    | MoveProposed
    | MoveDue
    | MoveObjected
    | ProposalEnded
    | MoveIntended
    | MoveDropped
    | Acknowledged
    | PersonReached
    | Responded
    | SaidDone
    | DoneConfirmed
    | DoneDenied
    | Settled
    | SaidMisdirected
    | FoundTheirs
    | PartyAdded
    | PartyRemoved
    | ContactChanged
    | RaisersChanged
    | AgreementNoted
    | AgreementAnswered
    | Erased
    | Decided
    | Closed
    | Reopened
    | ReopeningAsked
    | Corrected
    | ClockReopened
    | PartnershipNotified
    | NoticeReported
    | MessageReported
    | PhoneCallNoted
    | WordsAdded
    | FileNoted
    | Paused
    | Resumed
    | PausedTooLong
    | RaiserKeptInformed
)
"""Everything that can have happened to a case."""

AnyEvent = Annotated[Event, Field(discriminator="kind")]

_ADAPTER: TypeAdapter[Event] = TypeAdapter(AnyEvent)


def origin(act: Act, at: datetime) -> dict[str, Any]:
    """What every event that an act brings says of it."""
    return {
        "at": at,
        "by": act.by,
        "channel": act.channel,
        "happened_at": act.happened_at,
        "submission_id": act.submission_id,
        "content_digest": act.content_digest,
    }


def dumps(event: Event) -> str:
    """An event as the register keeps it: JSON in the order of its fields, without what is not set."""
    return event.model_dump_json(exclude_none=True)


def loads(text: str | bytes) -> Event:
    """The event behind a row of the register.

    Raises:
        pydantic.ValidationError: the text is no event.
    """
    return _ADAPTER.validate_json(text)
