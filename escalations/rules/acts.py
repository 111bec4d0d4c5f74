"""What people, and a few parts of the system, can do to a case: a closed union of frozen models.

An act holds codes, ids, positions and times. Whatever a person wrote, and whoever it names, is sealed with the
submission; ``content_digest`` is the SHA-256 of those sealed bytes, so that the register vouches for them unread.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from operator import not_
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from escalations.policy import Position, Side, SkipReason, Slug, Track
from escalations.rules.actors import Actor, Channel
from escalations.rules.case import (
    Cause,
    Changed,
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

Reference = Annotated[str, Field(pattern=r"^[A-Z]{2,6}-[0-9]{2}-[0-9]{4,9}-[0-9A-Z]$")]
"""The reference of another escalation."""


class Concern(StrEnum):
    """Who or what a difference is about."""

    CHILD = "child"
    UNBORN_BABY = "unborn_baby"
    SIBLINGS = "siblings"
    ADULT = "adult"
    FAMILY = "family"
    THEMATIC = "thematic"
    NOT_STATED = "not_stated"
    """A plain mail did not say; whoever sent it is asked to complete it."""


class Reason(StrEnum):
    """The reasons of the usual list, by their codes. A policy may have others: an act holds any code."""

    THRESHOLD = "threshold_not_agreed"
    REFERRAL = "referral_not_accepted"
    PLAN = "plan_not_followed"
    ACTION = "action_not_done"
    NO_RESPONSE = "no_response_or_drift"
    STRATEGY_DISCUSSION = "strategy_discussion_refused_or_delayed"
    CONFERENCE = "conference_decision_or_quoracy"
    ASSESSMENT = "assessment_outcome"
    CLOSURE = "case_closure_or_step_down"
    INFORMATION_SHARING = "information_sharing"
    ROLES = "roles_and_responsibilities"
    RESOURCE = "resource_or_capacity"
    PLACEMENT = "placement_or_care_setting"
    OTHER = "other"
    NOT_STATED = "not_stated"
    """A plain mail did not say; whoever sent it is asked to complete it."""


class LegalStatus(StrEnum):
    """The legal statuses of the usual list, by their codes. A policy may have others."""

    NONE = "none"
    CHILD_IN_NEED = "child_in_need"
    CHILD_PROTECTION = "child_protection"
    CHILD_IN_CARE = "child_in_care"
    ADULT_SAFEGUARDING = "adult_safeguarding"
    NOT_KNOWN = "not_known"


NOT_STATED = "not_stated"
"""The code of a reason, and of a theme, that nobody gave."""
NOT_KNOWN = "not_known"
"""The code of a legal status that nobody knows."""
MOST_LEVELS = 9
"""Levels of need are numbered; published lists have four."""
Level = Annotated[int, Field(ge=1, le=MOST_LEVELS)]


def _is_none(value: object) -> bool:
    return value is None


class ActModel(BaseModel):
    """What every act has.

    A field that came later and is not set is left out of the text of an act or of an event (``exclude_if``), so that
    what is stored and hashed of older ones stays the same to the byte.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    submission_id: str
    by: Actor
    channel: Channel
    received_at: AwareDatetime
    """When it reached us."""
    happened_at: AwareDatetime | None = None
    """When a person says that it happened; never in the future."""
    content_digest: str | None = None


class Raise(ActModel):
    """An escalation is raised."""

    kind: Literal["raise"] = "raise"
    track: Track = Track.STANDARD
    raising_agency: Slug | None
    """None where the sender was not recognised: the case is then held for the team, whatever else is known."""
    responding_agencies: tuple[Slug, ...] = ()
    """Empty where the agency was not recognised: the case is then held for the team."""
    concern: Concern
    people: Annotated[int, Field(ge=0, le=30)] = 1
    reason: Code
    theme: Annotated[Code | None, Field(exclude_if=not_)] = None
    level_of_need: Level | None = None
    legal_status: Code = NOT_KNOWN
    hold: bool = False
    """Entered for somebody: nobody is told until the team presses "tell them"."""
    priority: Annotated[Slug | None, Field(exclude_if=not_)] = None
    """One of the policy's levels, where it has any."""
    start_stage: Annotated[int | None, Field(ge=1, le=9, exclude_if=not_)] = None
    """At which stage it starts, where that is not the first; only as far as the policy lets it."""
    start_because: Annotated[SkipReason | None, Field(exclude_if=not_)] = None
    sender_known: Annotated[Known | None, Field(exclude_if=not_)] = None
    """What the directory has of the address of whoever raised it; none where there is no address."""
    sender_checked: Annotated[Checked | None, Field(exclude_if=not_)] = None
    """What was found of it; none where the team entered it for them."""
    seen: Annotated[tuple[Seen, ...], Field(exclude_if=not_)] = ()
    """What a program saw in the words of a plain mail. It decides nothing."""
    co_raisers: Annotated[tuple[Slug, ...], Field(max_length=9, exclude_if=not_)] = ()
    """The agencies that raise it together with that one, which leads."""
    raisers_to_look_at: Annotated[bool, Field(exclude_if=not_)] = False
    """A plain mail names others that raise it too, known to us or not: it is held, and the team looks."""


class Complete(ActModel):
    """What a plain mail did not say is said: by whoever sent it, by link, or by the team for them.

    Its codes take the place of those that the case was raised with; words and names are sealed with it.
    """

    kind: Literal["complete"] = "complete"
    responding_agencies: tuple[Slug, ...] = ()
    """Empty where whoever completes it does not know either, and where the case has been passed on already."""
    concern: Concern
    people: Annotated[int, Field(ge=0, le=30)] = 1
    reason: Code
    theme: Annotated[Code | None, Field(exclude_if=not_)] = None
    level_of_need: Level | None = None
    legal_status: Code = NOT_KNOWN
    urgent: Annotated[bool | None, Field(exclude_if=_is_none)] = None
    """Whether it is urgent, where that was asked: yes puts it on the urgent track."""


class PassOn(ActModel):
    """The team passes a held case on ("tell them"), naming the responding agencies."""

    kind: Literal["pass_on"] = "pass_on"
    responding_agencies: Annotated[tuple[Slug, ...], Field(min_length=1)]
    raising_agency: Slug | None = None
    """Needed where the sender was not recognised, and also how one that was taken for another agency's is put right."""
    sender_known: Annotated[Known | None, Field(exclude_if=not_)] = None
    """What the directory has of the raiser's address at that agency; none where it was not looked up."""
    sender_stands: Annotated[Stands | None, Field(exclude_if=not_)] = None
    """For whom the team takes them, where their address is not one of that agency's."""
    sender_known_by: Annotated[SureBy | None, Field(exclude_if=not_)] = None
    """How the team knows it; needed where they are taken for somebody of that agency."""


class VouchForSender(ActModel):
    """The raising agency's own contact, or the team on its word, says whether a case raised in its name is theirs."""

    kind: Literal["vouch_for_sender"] = "vouch_for_sender"
    theirs: bool


class Acknowledge(ActModel):
    """The position's holder or deputy says that it has the matter."""

    kind: Literal["acknowledge"] = "acknowledge"


class ReachedByPerson(ActModel):
    """Somebody records whom they spoke to (urgent track); who it was is sealed."""

    kind: Literal["reached_by_person"] = "reached_by_person"
    agency_id: Slug
    position: Position


class Respond(ActModel):
    """The responding side's answer. Its words and reasons are sealed."""

    kind: Literal["respond"] = "respond"
    offers: Literal[
        Outcome.AGREED_AS_ASKED, Outcome.AGREED_IN_PART, Outcome.AGREED_ANOTHER_WAY, Outcome.NOT_AGREED_DECIDED
    ]


class SayDone(ActModel):
    """One side says that something was done away from the system, and when."""

    kind: Literal["say_done"] = "say_done"
    done: Done
    agency_id: Slug
    """The responding agency that it was done with, or by."""


class ConfirmDone(ActModel):
    """The other side, or the team, confirms what was said to be done."""

    kind: Literal["confirm_done"] = "confirm_done"
    claim_id: str


class DenyDone(ActModel):
    """The other side, or the team, says that it was not done."""

    kind: Literal["deny_done"] = "deny_done"
    claim_id: str


class Agree(ActModel):
    """The raising side says that the worry is dealt with."""

    kind: Literal["agree"] = "agree"
    outcome: Literal[Outcome.AGREED_AS_ASKED, Outcome.AGREED_IN_PART, Outcome.AGREED_ANOTHER_WAY]
    agency_id: Slug | None = None
    """One of several responding agencies; none means all of them."""


class MoveUp(ActModel):
    """The raising side takes the case to the next stage, as proposed or of its own accord."""

    kind: Literal["move_up"] = "move_up"
    at_stage: int | None = None
    """The stage that whoever did it saw. Two people who both press it move the case up once."""
    to_stage: Annotated[int | None, Field(ge=2, le=9, exclude_if=not_)] = None
    """Where it goes, if not to the next stage or the one proposed; only where the policy lets levels be passed over."""
    skip_because: Annotated[SkipReason | None, Field(exclude_if=not_)] = None
    skip_side: Annotated[Literal[Side.RAISING, Side.RESPONDING] | None, Field(exclude_if=not_)] = None
    """Whose level is not there, where it is one side's."""


class Stay(ActModel):
    """The raising side stays at this stage: a proposal, or its own intention to move up, ends."""

    kind: Literal["stay"] = "stay"
    at_stage: int | None = None
    """The stage that whoever did it saw."""


class Object(ActModel):
    """Either side objects that a case moves up, or moved up, by a rule of the policy alone; why, is sealed.

    What the raising side objects to before it takes effect does not happen. Nothing goes back by it.
    """

    kind: Literal["object"] = "object"


class NoteFile(ActModel):
    """Somebody says that their agency read the file, or recorded this on its own; which file, is sealed."""

    kind: Literal["note_file"] = "note_file"
    note: FileNote


class Withdraw(ActModel):
    """The raising side takes it back, for a reason from a list; in their own words it is sealed."""

    kind: Literal["withdraw"] = "withdraw"
    reason: WithdrawReason


class Redirect(ActModel):
    """The raising side says that it is not for this policy, and which way it goes instead; why, is sealed."""

    kind: Literal["redirect"] = "redirect"
    route: Route


class Misdirected(ActModel):
    """A responding agency says that this is not theirs, or the team writes down that it said so; why, is sealed.

    Nothing moves by it: the team is asked to look, and either says that it is theirs or changes the agencies.
    """

    kind: Literal["misdirected"] = "misdirected"
    agency_id: Slug
    """Whose it is not."""
    should_be: Annotated[Slug | None, Field(exclude_if=not_)] = None
    """Whose it should be, where they know; telling that agency is an act of its own."""


class FindTheirs(ActModel):
    """The team has looked: it is that agency's after all, and its time limits go on; why, is sealed."""

    kind: Literal["find_theirs"] = "find_theirs"
    agency_id: Slug


class ChangeParties(ActModel):
    """The raising side, or the team, changes with whom it is raised: agencies more, fewer, or one for another.

    Why is sealed, beside a reason from a list for whom it is taken from.
    """

    kind: Literal["change_parties"] = "change_parties"
    add: tuple[Slug, ...] = ()
    remove: tuple[Slug, ...] = ()
    because: Annotated[PartyReason | None, Field(exclude_if=not_)] = None
    """Needed where an agency is taken out."""


class ChangeRaisers(ActModel):
    """Who raises it changes: an agency more, one that no longer does, or another one in the lead. Why is sealed.

    The team does all of it; an agency that raises it with others says for itself that it no longer does.
    """

    kind: Literal["change_raisers"] = "change_raisers"
    add: tuple[Slug, ...] = ()
    leave: tuple[Slug, ...] = ()
    because: Annotated[LeaveReason | None, Field(exclude_if=not_)] = None
    """Needed where an agency no longer raises it."""
    lead: Annotated[Slug | None, Field(exclude_if=not_)] = None
    """Which of the others leads from here on."""


class AnswerAgreement(ActModel):
    """The team says whether the lead's agreement settles it, over the recorded dissent of another that raised it."""

    kind: Literal["answer_agreement"] = "answer_agreement"
    settles: bool


class ChangeContact(ActModel):
    """Whoever is written to for the raising side changes; name and address are sealed."""

    kind: Literal["change_contact"] = "change_contact"


class Decide(ActModel):
    """The final body decides, with reasons that are sealed."""

    kind: Literal["decide"] = "decide"
    outcome: Literal[Outcome.DECIDED_AS_ASKED, Outcome.DECIDED_ANOTHER_WAY, Outcome.NOT_AGREED_DECIDED]


class NotePhoneCall(ActModel):
    """The team, asked to phone before "no reply recorded" is written, notes whether it reached somebody.

    Also how it says that it has seen to a notice that did not arrive.
    """

    kind: Literal["note_phone_call"] = "note_phone_call"
    agency_id: Slug | None
    """None for whoever raised it, while their agency is not known."""
    reached: bool
    position: Position | None = None


class Pause(ActModel):
    """The team stops the time of a case, because it waits for something else; what for, is sealed.

    Where both sides agreed to it, who did on each side is sealed too.
    """

    kind: Literal["pause"] = "pause"
    reason: PauseReason
    known_by: Annotated[KnownBy | None, Field(exclude_if=not_)] = None
    """How the team knows that both sides agreed."""


class Resume(ActModel):
    """The team lets the time of a paused case go on; the pause gives back what it took."""

    kind: Literal["resume"] = "resume"


class Extend(ActModel):
    """The team extends one time limit, from when it is due now; why, is sealed.

    One that has passed only where both sides had agreed to it before: ``happened_at`` says when, and who agreed on each
    side is sealed.
    """

    kind: Literal["extend"] = "extend"
    clock_id: str
    by_amount: Amount
    known_by: Annotated[KnownBy | None, Field(exclude_if=not_)] = None
    """How the team knows that it was agreed before."""


class SetSooner(ActModel):
    """The raising side, or the team, sets a sooner time that keeps the child safe; why, is sealed.

    Only where the policy says "or sooner" of that limit.
    """

    kind: Literal["set_sooner"] = "set_sooner"
    clock_id: str
    due_at: AwareDatetime


class SetPriority(ActModel):
    """The raising side, or the team, gives the case one of the policy's levels of priority; why, is sealed."""

    kind: Literal["set_priority"] = "set_priority"
    priority: Slug


class Account(ActModel):
    """A side says how a delay came about: by its link, or through the team, which was told by phone.

    About one passed limit. Its words are sealed; what it says of the recorded cause is a code, so that a report can
    tell what is agreed from what is disputed.
    """

    kind: Literal["account"] = "account"
    clock_id: str
    agency_id: Slug
    """Whose account it is."""
    says: Says


class Redate(ActModel):
    """The team counts what runs anew, under another calendar or another version of the policy; why, is sealed.

    What is applied is what was seen: it names what the preview rested on, and is refused where the case went on since.
    """

    kind: Literal["redate"] = "redate"
    policy_hash: str
    calendar_hash: str
    """The content of what takes the place of what the case has; one of the two may be the same as before."""
    seen_seq: Annotated[int, Field(ge=1)]
    """How many events the case had when the preview was made."""
    because: RedateReason
    also_sooner: bool = False
    """Whether time limits that would become sooner move as well. They stay as they are otherwise."""


class ChangeTrack(ActModel):
    """A case becomes urgent, by the raising side or the team; or the team puts it back. Why, is sealed."""

    kind: Literal["change_track"] = "change_track"
    track: Track


class SayNotUrgent(ActModel):
    """The raising side, or the team, says that it is not urgent, where words in a mail can mean that it is."""

    kind: Literal["say_not_urgent"] = "say_not_urgent"


class LookBack(ActModel):
    """A side looks back at a closed case, by its link: what changed for the child or adult, and how it felt.

    The last word of an agency counts. Its own words are sealed, and not for the other side.
    """

    kind: Literal["look_back"] = "look_back"
    agency_id: Slug
    """Whose view it is."""
    changed: Annotated[tuple[Changed, ...], Field(min_length=1, max_length=len(Changed))]
    felt: Felt | None = None
    """Not asked for by force: nobody has to say."""


class ProposedAction(BaseModel):
    """One action of a plan that is proposed; what it is, in words, is sealed at its place among the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agency_id: Slug
    """Whose it is."""
    position: Position | None = None
    """None: whoever raised it, or the responding agency's position of the stage."""
    due_on: date
    """Until the end of that day."""


class ProposePlan(ActModel):
    """Somebody proposes what is to be done, by whom and by when: either side, the final body, or the team for them."""

    kind: Literal["propose_plan"] = "propose_plan"
    actions: Annotated[tuple[ProposedAction, ...], Field(min_length=1, max_length=10)]


class AnswerPlan(ActModel):
    """Whoever is asked says whether they agree to a plan; why, is sealed. The team records it from a phone call."""

    kind: Literal["answer_plan"] = "answer_plan"
    plan_id: str
    agency_id: Slug
    """Whose word it is."""
    says: PlanSays
    without: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    """To which actions they do not agree, where they agree in part."""


class ReportAction(ActModel):
    """The owner of an action says that it is done, or that it is not and why; the team records it from a phone call."""

    kind: Literal["report_action"] = "report_action"
    action_id: str
    done: bool
    why: NotDone | None = None
    """Needed where it is not done; in their own words it is sealed."""


class CheckAction(ActModel):
    """The other side says whether what was said of an action is so."""

    kind: Literal["check_action"] = "check_action"
    action_id: str
    so: bool


class RecordDissent(ActModel):
    """An agency goes along, and puts on record that it disagrees; why, is sealed. It moves and holds up nothing."""

    kind: Literal["record_dissent"] = "record_dissent"
    agency_id: Slug
    """Whose it is."""
    formal: bool = False
    """Whether it is a formal dissent, where the area has such a thing, or a note for the record."""


class AnswerFollowUp(ActModel):
    """A side answers what is asked some time after the end; its own words are sealed, and not for the other side.

    The last word of an agency counts.
    """

    kind: Literal["answer_follow_up"] = "answer_follow_up"
    agency_id: Slug
    """Whose view it is."""
    kept: Kept
    """Whether what was agreed was done."""
    changed: Annotated[tuple[Changed, ...], Field(min_length=1, max_length=len(Changed))]
    """What has changed for the child or adult by now."""
    learning: Annotated[tuple[Learning, ...], Field(min_length=1, max_length=len(Learning))]
    """Where what was learnt went."""


class InviteAdviser(ActModel):
    """The team asks somebody outside the escalation for advice, by a link of their own.

    Their name and address, and what they are asked, are sealed.
    """

    kind: Literal["invite_adviser"] = "invite_adviser"
    role: Position
    """One of those whom the policy names."""
    on_word_of: Literal[Side.TEAM, Side.RAISING, Side.RESPONDING] = Side.TEAM
    """At whose wish."""
    agency_id: Slug | None = None
    """Which responding agency wished it, where one did."""
    known_by: KnownBy | None = None
    """How the team knows that both sides agreed that the adviser reads what both wrote; none where they did not."""


class GiveAdvice(ActModel):
    """An adviser answers, by link, or the team writes it down; their words are sealed.

    It is an entry, and an answer of nobody: it stops, starts and moves nothing.
    """

    kind: Literal["give_advice"] = "give_advice"
    adviser: str
    declined: bool = False
    """Whether they say that they cannot advise on this."""


class EndAdvice(ActModel):
    """The team asks an adviser no longer; their link shows nothing from then on. Why is sealed."""

    kind: Literal["end_advice"] = "end_advice"
    adviser: str


class Link(ActModel):
    """The team links it with another escalation; each of the two is sent an act of its own. A note is sealed.

    Nobody but the team reads of a link, and nobody reads more of either by it.
    """

    kind: Literal["link"] = "link"
    other: Reference
    because: LinkReason


class Unlink(ActModel):
    """The team links it with that escalation no longer. Why is sealed."""

    kind: Literal["unlink"] = "unlink"
    other: Reference


class Erase(ActModel):
    """The words of an escalation that has ended are erased: names, and everything that anybody wrote.

    Who has it done, and why, is sealed with this act and stays.
    """

    kind: Literal["erase"] = "erase"
    because: EraseReason


class ConfirmCause(ActModel):
    """The team makes the cause of a delay final, once both agencies had their time to add an account; or puts it right.

    Why it says so is sealed. What was done in time and recorded later says when it was done (``happened_at``); that our
    system did not run says from when to when.
    """

    kind: Literal["confirm_cause"] = "confirm_cause"
    clock_id: str
    cause: Cause
    known_by: Annotated[KnownBy | None, Field(exclude_if=not_)] = None
    """How the team knows that it was done in time."""
    away_from: Annotated[AwareDatetime | None, Field(exclude_if=not_)] = None
    """Since when our system did not run ..."""
    away_until: Annotated[AwareDatetime | None, Field(exclude_if=not_)] = None
    """... and until when."""
    own_record: Annotated[OwnRecord | None, Field(exclude_if=not_)] = None
    """What our own record says of that time, as whoever took the act read it."""


class Close(ActModel):
    """The team ends a case: on the word of the raising side or of the final body, or one that is held for it."""

    kind: Literal["close"] = "close"
    outcome: Outcome
    on_word_of: Literal[Side.RAISING, Side.FINAL_BODY] | None = None
    """Needed for an open case, and for what was withdrawn."""
    route: Route | None = None
    """Needed for what is redirected, and given for nothing else."""
    outside: Annotated[Outside | None, Field(exclude_if=not_)] = None
    """For what is held and not for this process at all: who wrote it. They are answered in fixed words."""
    sent_there: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether the team has sent it on its way itself; otherwise whoever wrote is told where to turn."""


class AwaitAgency(ActModel):
    """The team keeps what it holds until an agency is in the directory; which one, in words, is sealed."""

    kind: Literal["await_agency"] = "await_agency"


class Correct(ActModel):
    """Whoever made an entry, or the team, says that it was a mistake: it never counted. Why, is sealed.

    The entry stays and is shown as one. What was right in it is entered anew.
    """

    kind: Literal["correct"] = "correct"
    entry: str
    """The submission that made it."""


class Transfer(ActModel):
    """The team hands a case over to another partnership or board, which has taken it: who, and when, is said.

    It is closed here, and is not settled by that. ``happened_at`` is when they took it; who they are is sealed.
    """

    kind: Literal["transfer"] = "transfer"
    to: TransferredTo
    because: TransferReason


class Reopen(ActModel):
    """The raising side, or the team, opens a case again that had closed; why, is sealed beside a reason from a list."""

    kind: Literal["reopen"] = "reopen"
    because: ReopenReason
    at_stage: Annotated[int | None, Field(ge=1, le=9, exclude_if=not_)] = None
    """At which stage it goes on, if not at the one at which it was closed: an earlier one."""


class AskToReopen(ActModel):
    """Either side asks the team to open a case again; why, is sealed."""

    kind: Literal["ask_to_reopen"] = "ask_to_reopen"


class AddWords(ActModel):
    """Somebody adds words or files to what is there: a reply by mail, or a mail that the team passes to its case.

    They are evidence, and an answer to nothing: who wrote a reply is not proved by the address that it came to. So
    adding words never acknowledges, agrees, confirms or moves anything.
    """

    kind: Literal["add_words"] = "add_words"
    files: Annotated[int, Field(ge=0, le=100)] = 0
    """How many came with it."""
    came_at: Annotated[AwareDatetime | None, Field(exclude_if=not_)] = None
    """For a mail that the team passes to its case: when it was received. The wait was ours, and nobody else's delay."""
    seen: Annotated[tuple[Seen, ...], Field(exclude_if=not_)] = ()
    """What a program saw in them. It decides nothing."""


class ReportDelivery(ActModel):
    """What became of a notice that matters. An act of the system.

    That one did not arrive, the team confirms as well, where a report of it was not believed by itself; it then says
    how it knows (``known_by``).
    """

    kind: Literal["report_delivery"] = "report_delivery"
    notice_id: str
    agency_id: Slug | None = None
    """None for the partnership's team, and for whoever raised a case while their agency is not known."""
    to_raiser: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether it was for whoever raised it while their agency is not known, and not for the team."""
    outside: Annotated[str | None, Field(exclude_if=not_)] = None
    """Which adviser it was for, where it was for one."""
    stage: int
    starts_clocks: bool
    """Whether it was the notice of the stage, which starts the clocks of whom it reaches."""
    state: DeliveryState
    known_by: Annotated[KnownBy | None, Field(exclude_if=not_)] = None
    """For what the team confirms."""
    told_instead: Annotated[ToldInstead | None, Field(exclude_if=not_)] = None
    """Who was told in the place of whoever it was meant for."""


class ReportMessage(ActModel):
    """A message came that is no person's act: an automatic reply, or a file that cannot be read."""

    kind: Literal["report_message"] = "report_message"
    agency_id: Slug
    message: Literal["automatic_reply", "unreadable_reply"]


Act = (
    Raise
    | Complete
    | PassOn
    | VouchForSender
    | AwaitAgency
    | Acknowledge
    | ReachedByPerson
    | Respond
    | SayDone
    | ConfirmDone
    | DenyDone
    | Agree
    | MoveUp
    | Stay
    | NoteFile
    | Withdraw
    | Redirect
    | Object
    | Misdirected
    | FindTheirs
    | ChangeParties
    | ChangeContact
    | ChangeRaisers
    | AnswerAgreement
    | Decide
    | NotePhoneCall
    | Pause
    | Resume
    | Extend
    | SetSooner
    | SetPriority
    | Account
    | LookBack
    | ProposePlan
    | AnswerPlan
    | ReportAction
    | CheckAction
    | RecordDissent
    | AnswerFollowUp
    | InviteAdviser
    | GiveAdvice
    | EndAdvice
    | Link
    | Unlink
    | Erase
    | Redate
    | ChangeTrack
    | SayNotUrgent
    | ConfirmCause
    | Close
    | Correct
    | Transfer
    | Reopen
    | AskToReopen
    | AddWords
    | ReportDelivery
    | ReportMessage
)
"""Everything that can be done to a case."""

AnyAct = Annotated[Act, Field(discriminator="kind")]

_ADAPTER: TypeAdapter[Act] = TypeAdapter(AnyAct)


def dumps(act: Act) -> str:
    """An act as JSON."""
    return act.model_dump_json()


def loads(text: str | bytes) -> Act:
    """The act behind a text.

    Raises:
        pydantic.ValidationError: the text is no act.
    """
    return _ADAPTER.validate_json(text)
