"""What a case is: the state that acts and time change, and that ``evolving.evolve`` alone builds.

Frozen dataclasses of codes, ids, positions and instants (aware, UTC). Nothing here says who a case is about: that is
sealed with the submission, and a case knows only the submission's id.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import TypeAdapter

from escalations.policy import Awaits, OnLimit, Policy, Side, SkipReason, Track
from escalations.rules import adviser, linked
from escalations.rules.actors import Actor, Channel
from escalations.rules.adviser import Adviser
from escalations.rules.instead import ToldInstead
from escalations.rules.linked import LinkedWith
from escalations.rules.plan import Action, Dissent, FollowUp, Plan, action_of, plan_of
from escalations.rules.senders import Checked, Known, Outside, RaiserAt, Stands
from escalations.rules.workingtime import Amount, Calendar

EDITION = 1
"""The edition of these rules. What behaves differently gets a new one; a case keeps the one it was opened under."""


class Status(StrEnum):
    """Where a case stands."""

    HELD = "held"
    """Received, and waiting for the partnership team to pass it on. No agency has been told."""
    OPEN = "open"
    CLOSED = "closed"


class Cause(StrEnum):
    """Why a time limit passed, from evidence. Provisional until both sides had their say and the team confirms it."""

    OUR_OUTAGE = "our_outage"
    """Our system did not run when the reminder was due."""
    NOT_SENT = "not_sent"
    """Our notice had not left."""
    UNDELIVERED = "undelivered"
    NO_ONE_IN_POST = "no_one_in_post"
    UNREADABLE_REPLY = "unreadable_reply"
    SAID_DONE_UNCONFIRMED = "said_done_unconfirmed"
    ACKNOWLEDGED_ONLY = "acknowledged_only"
    """A person answered something, but not what was awaited."""
    AUTOMATIC_REPLY_ONLY = "automatic_reply_only"
    SILENT = "silent"
    """Shown as "no reply recorded"."""
    ANSWERED_LATE = "answered_late"
    RECORDED_LATE = "recorded_late"
    """It was done in time and written up afterwards; the passed limit is withdrawn."""
    WAITING_FOR_OTHER_PROCESS = "waiting_for_other_process"
    """A court, the police, a medical or a conference date. Only the team says so, when it confirms the cause."""
    CLOSED = "closed"
    """The agency was closed, for example in school holidays; it counts against nobody. Only the team says so."""
    PAUSED_TOO_LONG = "paused_too_long"
    """It was paused for longer than the policy has it. Only the team says so."""
    MISDIRECTED = "misdirected"
    """It was with an agency that said that it is not theirs; it counts against nobody."""
    RAISED_LATE = "raised_late"
    """A time that counts from the disagreement was over before it was raised, so nobody here could keep it."""


class Says(StrEnum):
    """What a side's account says of the recorded cause of a delay; its own words are sealed."""

    AS_RECORDED = "as_recorded"
    """It was as recorded."""
    DONE_IN_TIME = "done_in_time"
    """What was awaited had been done in time, and was not recorded. The other side is asked to confirm that."""
    NOT_REACHED = "not_reached"
    """Our message did not reach whoever should have had it."""
    NOBODY_THERE = "nobody_there"
    """Nobody was there to do it: absent, closed, or no one in post."""
    OTHER_PROCESS = "other_process"
    """It waited for a court, the police, a medical or a conference."""
    MORE_TIME_NEEDED = "more_time_needed"
    """It needed more time: information, people or capacity were missing."""
    OTHER = "other"
    """It was another way, in the side's own words."""


class Changed(StrEnum):
    """What changed for the child or adult by the end of a case, as a side says."""

    MEETING_HELD = "meeting_held"
    PLAN_AMENDED = "plan_amended"
    ENQUIRY_BEGUN = "enquiry_begun"
    STEP_UP = "step_up"
    """Help at a higher level of need."""
    SERVICE_STARTED = "service_started"
    OTHER = "other"
    """Something else, in the side's own words."""
    NOTHING = "nothing"
    NOT_YET_KNOWN = "not_yet_known"


CHANGED_NOTHING = (Changed.NOTHING, Changed.NOT_YET_KNOWN)
"""What is said alone: nobody says that a plan was amended and that nothing changed."""


class Felt(StrEnum):
    """How raising, or receiving, an escalation felt to a side. Not saying is an answer too, and is none of these."""

    CLEAR_AND_FAIR = "clear_and_fair"
    MIXED = "mixed"
    HARD = "hard"


class Outcome(StrEnum):
    """How a difference ended."""

    AGREED_AS_ASKED = "agreed_as_asked"
    AGREED_IN_PART = "agreed_in_part"
    AGREED_ANOTHER_WAY = "agreed_another_way"
    DECIDED_AS_ASKED = "decided_as_asked"
    DECIDED_ANOTHER_WAY = "decided_another_way"
    NOT_AGREED_DECIDED = "not_agreed_decided"
    WITHDRAWN = "withdrawn"
    """Its raiser took it back."""
    REDIRECTED = "redirected"
    """It was not for this policy, and goes another way; see ``Route``."""
    OVERTAKEN = "overtaken_by_events"
    """What it was about has changed, or it was raised again."""
    TRANSFERRED = "transferred"
    """It goes on with another partnership or board, which took it; see ``TransferredTo``."""


WITHOUT_SETTLEMENT = (Outcome.WITHDRAWN, Outcome.REDIRECTED, Outcome.OVERTAKEN, Outcome.TRANSFERRED)
"""How a case ends without anybody having agreed or decided; the clock over the whole process is not met by that."""


class Route(StrEnum):
    """Where something goes that is not for this policy."""

    COMPLAINT = "complaint"
    LADO = "lado"
    """Staff conduct: the local authority's designated officer."""
    WHISTLEBLOWING = "whistleblowing"
    INSIDE_ONE_AGENCY = "inside_one_agency"
    """Through that agency's own managers."""
    CONFERENCE_DISSENT = "conference_dissent"
    """Dissent at a child protection conference, where the area has its own route."""
    FRONT_DOOR = "front_door"
    """Children's services' front door: it is a new worry, and wants a referral."""
    OTHER = "other"


class PartyReason(StrEnum):
    """Why a responding agency is taken out of a case; what exactly was said is sealed."""

    MISDIRECTED = "misdirected"
    """It was never for this agency."""
    NAMED_IN_ERROR = "named_in_error"
    """Whoever raised it chose it by mistake."""
    NO_LONGER_INVOLVED = "no_longer_involved"
    """The agency no longer works with the child or adult."""
    OTHER = "other"


class LeaveReason(StrEnum):
    """Why an agency no longer raises an escalation with the others; what exactly was said is sealed."""

    NO_LONGER_OURS = "no_longer_ours"
    """The agency no longer works with the child or adult."""
    DEALT_WITH = "dealt_with"
    """For this agency the worry is dealt with."""
    NAMED_IN_ERROR = "named_in_error"
    OTHER = "other"


class TransferredTo(StrEnum):
    """Who takes over what is transferred; its name, and who took it there, are sealed."""

    ANOTHER_PARTNERSHIP = "another_partnership"
    """The partnership of another area."""
    ADULTS_BOARD = "adults_board"
    CHILDRENS_PARTNERSHIP = "childrens_partnership"
    OTHER = "other"


class TransferReason(StrEnum):
    """Why something is transferred; what exactly happened is sealed."""

    MOVED = "moved"
    """The child or adult moved to another area."""
    OTHER_AREA = "other_area"
    """It was another area's from the start."""
    CAME_OF_AGE = "came_of_age"
    OTHER = "other"


class ReopenReason(StrEnum):
    """Why a case that had closed is opened again; what exactly happened is sealed."""

    NOT_DONE = "not_done"
    """What was agreed or decided was not done."""
    SAME_WORRY = "same_worry"
    """The same worry came up again."""
    NEW_INFORMATION = "new_information"
    CLOSED_IN_ERROR = "closed_in_error"
    CAME_BACK = "came_back"
    """It had gone to another partnership, or another way, and came back."""
    OTHER = "other"


class FileNote(StrEnum):
    """What somebody says of their own agency's files; it is evidence, and meets nothing."""

    READ = "read"
    """The responding side read the file before it answers."""
    RECORDED = "recorded"
    """The escalation, or how it ended, is recorded on that agency's files."""


class WithdrawReason(StrEnum):
    """Why whoever raised it takes it back; what exactly happened is sealed."""

    DEALT_WITH = "dealt_with_otherwise"
    """The worry was dealt with outside this."""
    NEW_INFORMATION = "new_information"
    """What became known since shows the matter in another light."""
    RAISED_IN_ERROR = "raised_in_error"
    RAISED_AGAIN = "raised_again"
    """It goes on as another escalation."""
    NO_ANSWER = "no_answer"
    """The raising side no longer waits for an answer. It is counted apart, for it settles nothing."""
    OTHER = "other"


class Done(StrEnum):
    """What one side can say was done, away from the system."""

    SPOKE = "spoke"
    MET = "met"
    ANSWERED = "answered"


MEETS: dict[Done, tuple[Awaits, ...]] = {
    Done.SPOKE: (Awaits.ACKNOWLEDGE, Awaits.BE_REACHED),
    Done.MET: (Awaits.ACKNOWLEDGE, Awaits.BE_REACHED),
    Done.ANSWERED: (Awaits.ACKNOWLEDGE, Awaits.BE_REACHED, Awaits.RESPOND),
}
"""What each kind of thing done meets, once the other side or the team confirms it."""


class DeliveryState(StrEnum):
    """What became of the notice of the present stage, for one responding agency."""

    NOT_SENT = "not_sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    NO_ONE_IN_POST = "no_one_in_post"


class KnownBy(StrEnum):
    """How the team knows of something that it records; who said so, and what exactly, is sealed."""

    PHONE = "phone"
    """Somebody of the team spoke to them."""
    IN_WRITING = "in_writing"
    """They wrote it: a letter, an email, a message."""
    MEETING = "meeting"
    """It was said in a meeting, and stands in its minutes."""
    POSTMASTER = "postmaster"
    """Whoever runs the agency's mail says so."""
    REPORT = "report"
    """The words of the report itself show it."""


class OwnRecord(StrEnum):
    """What our own record says of a time in which our system is said not to have run."""

    AGREES = "agrees"
    """A time limit that was due in it was noted only after it."""
    SAYS_NOTHING = "says_nothing"
    """Nothing was to be done in it that would show: that it did not run is not checked by us."""
    CONTRADICTS = "contradicts"
    """Something was recorded in the middle of it."""


class PauseReason(StrEnum):
    """Why a case is paused; what exactly it waits for is sealed."""

    COURT = "court"
    POLICE_INVESTIGATION = "police_investigation"
    MEDICAL = "medical"
    CONFERENCE_DATE = "conference_date"
    AGREED_BY_BOTH = "agreed_by_both"


class EraseReason(StrEnum):
    """Why the words of a case are erased; what exactly was said is sealed."""

    RETENTION = "retention"
    """It was kept for as long as the partnership keeps such records."""
    REQUEST = "request"
    """Somebody asked for it, and had a right to it."""
    ENTERED_BY_MISTAKE = "entered_by_mistake"
    OTHER = "other"


class RedateReason(StrEnum):
    """Why open cases are counted anew; what exactly was said is sealed."""

    BANK_HOLIDAY = "bank_holiday"
    """A bank holiday was added, moved or taken away."""
    CLOSURE = "closure"
    """The partnership, or its agencies, are closed."""
    POLICY = "policy"
    """A new version of the policy is in force."""
    PUT_RIGHT = "put_right"
    """What the dates rested on was wrong."""


class Seen(StrEnum):
    """What a program saw in a plain mail, for people to look at: neither a word of it nor a decision."""

    URGENT_WORDS = "urgent_words"
    """Words that can mean that it is urgent, or that somebody is not safe. Whoever wrote them is asked which it is."""
    NOT_TO_TELL = "not_to_tell"
    """Words that ask that somebody is not told. Whoever may read the text is shown them first."""
    NOT_RECOGNISED = "not_recognised"
    """Labelled lines that were not understood. They stay as they were written."""


class AgreedKind(StrEnum):
    """What people gave a clock, beside what the policy does."""

    EXTENDED = "extended"
    PAUSED = "paused"
    SOONER = "sooner"


@dataclass(frozen=True, slots=True)
class Agreed:
    """An extension, a pause that has ended or a sooner time: given again where the clock is counted anew."""

    kind: AgreedKind
    by_amount: Amount | None = None
    """By how much it was extended."""
    since: datetime | None = None
    """When the pause began."""
    until: datetime | None = None
    """When the pause ended, or the sooner time that was set."""


class ClockEnd(StrEnum):
    """How a clock ended."""

    MET = "met"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Account:
    """What one agency says of a delay. Its words are sealed with the submission."""

    side: Side
    agency_id: str
    says: Says
    at: datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock, with its instants. Only what a person does moves them.

    A pause that ends does, an extension, a sooner time, a priority, and a re-date.
    """

    clock_id: str
    rule_id: str
    awaits: Awaits
    waits_for: Side
    agency_id: str | None
    position: str | None
    stage: int | None
    """None for a clock over all stages, which moving up does not stop."""
    started_at: datetime
    due_at: datetime
    reminders: tuple[datetime, ...]
    on_limit: OnLimit
    receipt_hash: str
    about: str | None = None
    """The claim that a clock to confirm is about, or the agency whose answer one to consider is about."""
    reminded: int = 0
    """How many reminders have been dealt with."""
    limit_passed_at: datetime | None = None
    """When the passed limit was noted; the limit itself passed at ``due_at``."""
    accounts_until: datetime | None = None
    """Until when both agencies may add their account of it; the team confirms the cause after that."""
    cause: Cause | None = None
    """As it stands: from evidence, or as the team put it right."""
    evidence_cause: Cause | None = None
    """What evidence alone says."""
    cause_confirmed_at: datetime | None = None
    """None while the cause is provisional; also again where evidence came to say something else."""
    limit_withdrawn: bool = False
    limit_withdrawn_at: datetime | None = None
    kept_at: datetime | None = None
    """When what it waited for was done, where it came out later that this was in time."""
    ended_at: datetime | None = None
    end: ClockEnd | None = None
    reminded_at: datetime | None = None
    """When the last reminder fell; late, where our system did not run at its moment."""
    paused_since: datetime | None = None
    """None where it runs. A clock that began while the case was paused has not run yet."""
    extensions: int = 0
    """How often it was extended ..."""
    extended_by: int = 0
    """... and by how much in all, in the unit of its limit."""
    counted_from: datetime | None = None
    """From when its amount counts, where that is not its start: it became urgent."""
    set_sooner: bool = False
    """Whether somebody set a sooner time for it."""
    accounts: tuple[Account, ...] = ()
    """What each side says of its passed limit, in the order in which it came."""
    amount: str | None = None
    """What it is counted with, from its start."""
    agreed: tuple[Agreed, ...] = ()
    """What people gave it since, in its order."""
    redated_from: datetime | None = None
    """When it was due before the last re-date of its case, where that moved it."""
    spans: tuple[int, int] | None = None
    """The first and the last of the stages that it spans, where it spans several and not all."""
    over: bool = False
    """Whether it belongs to what is past: to an agency that was taken out, or to the time before the case was opened
    again. Nothing that is done later meets it."""
    more_time: bool = False
    """Whether its limit had passed, and more time had been agreed before, as was recorded afterwards."""
    started_by: str | None = None
    """What its receipt says that it counts from."""

    @property
    def running(self) -> bool:
        """Whether it still waits; a clock whose limit has passed still does."""
        return self.end is None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one responding agency at the present stage. Each stage starts it afresh."""

    delivery: DeliveryState = DeliveryState.NOT_SENT
    acknowledged: bool = False
    unreadable_reply: bool = False
    automatic_reply: bool = False
    person_reached: bool = False
    """Somebody recorded that they spoke to a person there. That is no acknowledgement, and no silence either."""
    wrote: bool = False
    """Somebody there added words, by mail. That is no acknowledgement either."""
    phone_asked: bool = False
    """The team was asked to phone, which it is once for an agency and a stage."""
    told_instead: ToldInstead | None = None
    """Who got the notice of the stage in the place of whoever it was meant for."""


@dataclass(frozen=True, slots=True)
class Party:
    """One responding agency."""

    agency_id: str
    evidence: Evidence = field(default_factory=Evidence)
    answered_at: datetime | None = None
    """When its answer at the present stage was received."""
    settled: bool = False
    settled_stage: int | None = None
    settled_at: datetime | None = None
    outcome: Outcome | None = None
    """How it was settled with this agency."""
    not_theirs_at: datetime | None = None
    """When it said that this is not theirs; none once the team has looked."""


class ClaimState(StrEnum):
    """What became of something said to be done."""

    SAID = "said"
    CONFIRMED = "confirmed"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that one side said was done, and when it said that it happened."""

    claim_id: str
    done: Done
    by_side: Side
    agency_id: str
    """The responding agency whose clocks it would meet."""
    stage: int
    happened_at: datetime
    state: ClaimState = ClaimState.SAID
    over: bool = False
    """Whether it belongs to the time before the case was opened again."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move up: proposed by time, intended by a person, or both."""

    to_stage: int
    because_of: str | None = None
    """The clock whose passed limit proposed it."""
    proposed_at: datetime | None = None
    intended_at: datetime | None = None
    takes_effect_at: datetime | None = None
    by_rule: str | None = None
    """The policy's rule that moves it by itself, where its document says so and no person intends it."""
    skip_because: SkipReason | None = None
    skip_side: Side | None = None
    intended_by: Actor | None = None
    submission_id: str | None = None
    """Of whoever intends it."""
    channel: Channel | None = None
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """The team has paused a case; its clocks that wait for a side do not run."""

    paused_at: datetime
    reason: PauseReason
    until: datetime
    """When it has been paused for as long as the policy has it; the team is told then, and it stays paused."""
    told: bool = False
    """Whether the team has been told."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """Whom our notices did not reach, apart from responding agencies: the raising side, the final body, the team."""

    agency_id: str | None
    """None for the partnership's team."""
    state: DeliveryState
    times: int = 1
    """How often in a row."""


@dataclass(frozen=True, slots=True)
class NotedFile:
    """What an agency said of its files."""

    agency_id: str
    note: FileNote
    stage: int


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that a person recorded, as far as it can be said later to have been a mistake."""

    submission_id: str
    kind: str
    """Of the event that it brought."""
    by: Actor
    agency_id: str | None
    """The responding agency that it concerns."""
    stage: int
    at: datetime
    happened_at: datetime | None = None
    claim_id: str | None = None
    from_stage: int = 0
    """For a move up: the stage that it left."""
    struck: bool = False
    """Whether it has been said to be a mistake."""
    over: bool = False
    """Whether it belongs to the time before the case was opened again."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A responding agency that was taken out of a case."""

    agency_id: str
    at: datetime
    because: PartyReason


@dataclass(frozen=True, slots=True)
class Waiting:
    """The lead's agreement, over the recorded dissent of another agency that raised it: it settles nothing yet."""

    agencies: tuple[str, ...]
    """The responding agencies with which it would be settled."""
    outcome: Outcome
    dissenting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a case was opened under, shared by all cases with the same: never part of what is serialised."""

    policy: Policy
    calendar: Calendar
    offered: tuple[Frame, ...] = field(default=(), compare=False, repr=False)
    """What can take its place: whoever drives a case puts here what an act or an event of it names by its hash."""

    def offering(self, *frames: Frame) -> Frame:
        """The same, with these beside those that are there already."""
        new = tuple(frame for frame in frames if frame not in self.offered)
        return replace(self, offered=(*self.offered, *new)) if new else self

    def named(self, policy_hash: str, calendar_hash: str) -> Frame | None:
        """What has these hashes, of this and of what is offered; none where it is not there.

        What it takes the place of stays beside it: the dates that were counted by that are explained by that.
        """
        for frame in (self, *self.offered):
            if (frame.policy.content_hash, frame.calendar.content_hash) == (policy_hash, calendar_hash):
                return replace(frame, offered=self.offering(replace(self, offered=())).offered)
        return None

    def calendar_named(self, calendar_hash: str) -> Calendar:
        """The calendar of that hash, of this and of what stands beside it; its own where none has it."""
        calendars = (self.calendar, *(frame.calendar for frame in self.offered))
        of_agencies = (
            one.of_agency(agency) for one in calendars for group in one.of_agencies for agency in group.agencies
        )
        named = (one for one in (*calendars, *of_agencies) if one.content_hash == calendar_hash)
        return next(named, self.calendar)

    def calendar_for(self, agency_id: str | None, *, side: Side = Side.RESPONDING) -> Calendar:
        """The calendar of the side that a clock waits for: an agency's own closures count where the policy has it so.

        What waits for the team names the agency that it is to see to, whose holidays are not the team's.
        """
        return self.calendar if side is Side.TEAM else self.calendar.of_agency(agency_id)


@dataclass(frozen=True)
class Case:
    """One escalation. Without slots, so that ``changing.replace`` copies it at once."""

    reference: str
    frame: Frame
    seq: int = 0
    """How many events made it."""
    edition: int = EDITION
    status: Status = Status.OPEN
    track: Track = Track.STANDARD
    track_since: datetime | None = None
    """When it was changed to its track; none where it was raised on it."""
    priority: str | None = None
    """One of the policy's levels; none has the limits of the track."""
    raising_agency: str | None = None
    """None while the sender has not been recognised; such a case is held."""
    raised_as: str | None = None
    """The agency that it was raised for. The team may put it right when it passes a held case on, and the raiser's own
    links go on serving."""
    co_raisers: tuple[str, ...] = ()
    """The agencies that raise it together with that one, which leads."""
    left_raising: tuple[str, ...] = ()
    """Those that raised it too, and do so no longer."""
    raisers_to_look_at: bool = False
    """A plain mail names others that raise it too: none is told before the team has looked."""
    agreement: Waiting | None = None
    """The lead's agreement that waits for the team's word, because another agency that raises it disagrees."""
    sender_known: Known | None = None
    sender_checked: Checked | None = None
    """How it is known who raised it; none for what was raised before that was written down."""
    sender_stands: Stands | None = None
    """For whom the team took them when it passed the case on, where their address is not one of the agency's."""
    sender_owned: bool | None = None
    """Whether the raising agency says that the case is theirs; none where it has said nothing of it."""
    seen: tuple[Seen, ...] = ()
    """What a program saw in the mails of whoever wrote."""
    asked_if_urgent: bool = False
    """Words can mean that it is urgent, nobody has said yet whether it is, and it is on the standard track."""
    by_mail: bool = False
    """Whether a plain mail raised it."""
    incomplete: bool = False
    """A plain mail raised it and did not say all that a form asks; whoever sent it has a link to complete it."""
    parties: tuple[Party, ...] = ()
    received_at: datetime | None = None
    stage: int = 0
    stage_starts: tuple[datetime, ...] = ()
    """When each stage from the first began; the last is the present one. One passed over began with the next."""
    skipped: tuple[int, ...] = ()
    """The stages that were passed over: nobody at these levels was asked."""
    start_stage: int = 1
    """At which stage it starts, where it is still held."""
    moved_by_rule: str | None = None
    """The policy's rule that brought it to the present stage by itself."""
    objected: tuple[str, ...] = ()
    """The agencies that object to its moving by itself, to the present stage or from it."""
    clocks: tuple[Clock, ...] = ()
    """Those that still wait, those of the present stage, and every one whose limit passed."""
    started_clocks: int = 0
    claims: tuple[Claim, ...] = ()
    move: Move | None = None
    pause: Pause | None = None
    pauses: int = 0
    """How often it was paused ..."""
    paused_for: timedelta = timedelta(0)
    """... and for how long in all, without a pause that lasts."""
    partnership_told_at: datetime | None = None
    word_due_at: datetime | None = None
    """When the raiser is next due a word, whatever happens."""
    decider_position: str | None = None
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    on_word_of: Side | None = None
    """On whose word it ended: the raising side's or the final body's. None for what was held, and the team ended."""
    route: Route | None = None
    """Where it goes instead, for what was redirected."""
    outside: Outside | None = None
    """Who wrote it, where it was not for this process at all ..."""
    sent_there: bool = False
    """... and whether the team has sent it on its way itself."""
    agency_awaited_at: datetime | None = None
    """Since when the team holds it until an agency is in the directory; the last time that it said so."""
    decided_by: tuple[str, ...] = ()
    quiet: bool = False
    """Entered for somebody: until the team presses "tell them" nobody but the team hears anything."""
    unreached: tuple[Unreached, ...] = ()
    files: tuple[NotedFile, ...] = ()
    """What agencies said of their files."""
    erased_at: datetime | None = None
    """When the words of the case were erased, last."""
    calendar_ended: bool = False
    """Some clock that can still start ends past the frozen calendar; the team has been told."""
    entries: tuple[Entry, ...] = ()
    """What people recorded and can say to have been a mistake, in its order."""
    reopened: int = 0
    """How often it was opened again after it had closed."""
    reopening_asked: tuple[str, ...] = ()
    """The agencies that asked the team to open it again since it closed."""
    removed: tuple[Removed, ...] = ()
    """The responding agencies that were taken out, in that order."""
    redates: int = 0
    """How often its running clocks were counted anew, under another calendar or policy ..."""
    redated_because: RedateReason | None = None
    """... and why, the last time."""
    plans: tuple[Plan, ...] = ()
    """What was proposed to be done, by whom and by when, and what became of it."""
    dissents: tuple[Dissent, ...] = ()
    """Who goes along and puts on record that they disagree."""
    follow_up: FollowUp | None = None
    """What is asked of each side some time after the end; none while it is open, and where nothing is."""
    advisers: tuple[Adviser, ...] = ()
    """Who was asked for advice, in that order."""
    links: tuple[LinkedWith, ...] = ()
    """The escalations that the team linked it with. Neither side reads of them."""

    def party(self, agency_id: str | None) -> Party | None:
        """The responding agency of that id."""
        return next((party for party in self.parties if party.agency_id == agency_id), None)

    def running(self, *awaits: Awaits, agency_id: str | None = None) -> tuple[Clock, ...]:
        """The clocks that still wait for one of these, of one agency where it is given."""
        return tuple(
            clock
            for clock in self.clocks
            if clock.running and clock.awaits in awaits and (agency_id is None or clock.agency_id == agency_id)
        )

    def clock(self, clock_id: str) -> Clock:
        """The clock of that id. Raises ``KeyError`` where there is none, or it ended with an earlier stage."""
        for clock in self.clocks:
            if clock.clock_id == clock_id:
                return clock
        raise KeyError(clock_id)

    def link_with(self, other: str) -> LinkedWith | None:
        """The link with another escalation."""
        return linked.of(self.links, other)

    def claim(self, claim_id: str) -> Claim | None:
        """The claim of that id."""
        return next((claim for claim in self.claims if claim.claim_id == claim_id), None)

    def action(self, action_id: str | None) -> Action | None:
        """The action of that id."""
        found = action_of(self.plans, action_id)
        return None if found is None else found[1]

    def adviser(self, adviser_id: str | None) -> Adviser | None:
        """Whoever was asked for advice under that name."""
        return adviser.of(self.advisers, adviser_id)

    def plan(self, plan_id: str | None) -> Plan | None:
        """The plan of that id."""
        return plan_of(self.plans, plan_id)

    def stage_at(self, moment: datetime) -> int:
        """The stage that the case was at, or 0 before the first."""
        return sum(1 for start in self.stage_starts if start <= moment)

    def raises(self, agency_id: str | None) -> bool:
        """Whether an agency raises it: the one that leads, or one of the others."""
        return agency_id is not None and (agency_id == self.raising_agency or agency_id in self.co_raisers)

    def speaker(self, side: Side, agency_id: str | None) -> str | None:
        """For which agency somebody of a side speaks: of the raising side for the lead, unless they are another's."""
        if side is not Side.RAISING or agency_id in (*self.co_raisers, *self.left_raising):
            return agency_id
        return self.raising_agency

    @property
    def raisers(self) -> tuple[str, ...]:
        """Every agency that raises it, the lead first; none while it is not known which that is."""
        return (() if self.raising_agency is None else (self.raising_agency,)) + self.co_raisers

    @property
    def first_stage(self) -> int:
        """The stage at which it began."""
        return next((number for number in range(1, self.stage + 1) if number not in self.skipped), 1)

    @property
    def moves_by_itself(self) -> bool:
        """Whether a rule of the policy is about to move it, or has brought it to where it is."""
        return self.moved_by_rule is not None or (self.move is not None and self.move.by_rule is not None)

    @property
    def raiser_at(self) -> RaiserAt:
        """Who holds the links of whoever raised it."""
        if self.sender_owned is False:
            return RaiserAt.NOBODY
        return RaiserAt.CONTACT if self.sender_stands is Stands.CONTACT else RaiserAt.ADDRESS

    @property
    def open_parties(self) -> tuple[Party, ...]:
        """The responding agencies with which the matter is not settled."""
        return tuple(party for party in self.parties if not party.settled)


_STATE = TypeAdapter(Case)
_VALUES = TypeAdapter(dict[str, object])


class FrameNotOfferedError(LookupError):
    """An event names a policy or a calendar that whoever drives the case did not put beside it. A defect of ours."""


def offering(case: Case, *frames: Frame) -> Case:
    """The same case, with what its next acts or events name beside its frame."""
    frame = case.frame.offering(*frames)
    return case if frame is case.frame else replace(case, frame=frame)


def new(reference: str, frame: Frame) -> Case:
    """A case to which nothing has happened yet."""
    return Case(reference=reference, frame=frame)


def snapshot(case: Case) -> str:
    """The state as JSON, without its frame; what a new run of the workflow starts from."""
    return _STATE.dump_json(case, exclude={"frame"}).decode()


def restore(state: str, frame: Frame) -> Case:
    """The case behind a snapshot.

    Raises:
        pydantic.ValidationError: the text is not a snapshot of a case.
    """
    values = _VALUES.validate_json(state)
    return _STATE.validate_python({**values, "frame": frame})
