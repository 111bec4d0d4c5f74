"""The words of the screens for the codes of the rules: plain English, and nothing that blames.

rules of practice, "Words", says which words never stand on a screen; a test renders every page and looks for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from escalations.mail.locked import Locked
from escalations.policy import Awaits, Side, SkipReason, StartsFrom, Track
from escalations.rules import wording
from escalations.rules.acts import Concern
from escalations.rules.case import (
    Cause,
    Changed,
    DeliveryState,
    Done,
    EraseReason,
    Felt,
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
    Status,
    TransferReason,
    TransferredTo,
    WithdrawReason,
)
from escalations.rules.notices import RAISER, WRITER, NoticeKind
from escalations.rules.plan import Kept, Learning, NotDone, PlanSays
from escalations.rules.senders import Outside, PutAside
from escalations.store.access_log import What
from escalations.store.mails import MailAct
from escalations.store.notices import NoticeState

CONCERNS: Final[Mapping[Concern, str]] = {
    Concern.CHILD: "A child",
    Concern.UNBORN_BABY: "An unborn baby",
    Concern.SIBLINGS: "Brothers and sisters",
    Concern.ADULT: "An adult",
    Concern.FAMILY: "A family",
    Concern.THEMATIC: "A theme, not one family",
    Concern.NOT_STATED: "Not stated yet",
}


class PersonKind(StrEnum):
    """Who one person on a case is."""

    CHILD = "child"
    UNBORN_BABY = "unborn_baby"
    ADULT = "adult"


PERSON_KINDS: Final[Mapping[PersonKind, str]] = {
    PersonKind.CHILD: "A child or young person",
    PersonKind.UNBORN_BABY: "An unborn baby",
    PersonKind.ADULT: "An adult",
}

ROUTES: Final[Mapping[Route, str]] = {
    Route.COMPLAINT: "A complaint",
    Route.LADO: "Staff conduct: the local authority’s designated officer (LADO)",
    Route.WHISTLEBLOWING: "Whistleblowing",
    Route.INSIDE_ONE_AGENCY: "Inside one agency, through its own managers",
    Route.CONFERENCE_DISSENT: "Dissent at a child protection conference",
    Route.FRONT_DOOR: "A referral to the front door of children’s services",
    Route.OTHER: "Another way",
}
"""Where something goes that is not for this policy."""

ON_WORD_OF: Final[Mapping[Side | None, str]] = {
    Side.RAISING: "The raising side’s",
    Side.FINAL_BODY: "The final body’s",
    None: "The partnership team’s own, while it holds this",
}
"""On whose word a case ends."""

WITHDRAWN: Final[Mapping[WithdrawReason, str]] = {
    WithdrawReason.DEALT_WITH: "The worry was dealt with in another way",
    WithdrawReason.NEW_INFORMATION: "We know more now, and see it differently",
    WithdrawReason.RAISED_IN_ERROR: "It was raised by mistake",
    WithdrawReason.RAISED_AGAIN: "It goes on as another escalation",
    WithdrawReason.NO_ANSWER: "No answer came, and we no longer wait for one",
    WithdrawReason.OTHER: "Another reason",
}
"""Why whoever raised it takes it back."""

ERASED: Final[Mapping[EraseReason, str]] = {
    EraseReason.RETENTION: "It was kept for as long as such records are kept",
    EraseReason.REQUEST: "Somebody asked for it, and had a right to it",
    EraseReason.ENTERED_BY_MISTAKE: "It was entered by mistake",
    EraseReason.OTHER: "Another reason",
}
"""Why the words of an escalation were erased."""
OUTSIDE: Final[Mapping[Outside, str]] = {who: wording.PUT_ASIDE[PutAside(who)].words for who in Outside}
"""Who wrote what is not for this process."""
TRANSFERRED_TO: Final[Mapping[TransferredTo, str]] = {
    TransferredTo.ANOTHER_PARTNERSHIP: "The partnership of another area",
    TransferredTo.ADULTS_BOARD: "The adults’ board",
    TransferredTo.CHILDRENS_PARTNERSHIP: "The children’s partnership",
    TransferredTo.OTHER: "Another body",
}
"""Who takes over what is transferred."""

TRANSFER_REASONS: Final[Mapping[TransferReason, str]] = {
    TransferReason.MOVED: "The child or adult moved",
    TransferReason.OTHER_AREA: "It was another area’s from the start",
    TransferReason.CAME_OF_AGE: "The child came of age",
    TransferReason.OTHER: "Another reason",
}

REOPEN_REASONS: Final[Mapping[ReopenReason, str]] = {
    ReopenReason.NOT_DONE: "What was agreed or decided was not done",
    ReopenReason.SAME_WORRY: "The same worry came up again",
    ReopenReason.NEW_INFORMATION: "More is known now",
    ReopenReason.CLOSED_IN_ERROR: "It was closed by mistake",
    ReopenReason.CAME_BACK: "It had gone elsewhere, and came back",
    ReopenReason.OTHER: "Another reason",
}

ENTRIES: Final[Mapping[str, str]] = {
    "acknowledged": "Acknowledged",
    "responded": "Answered",
    "person_reached": "A person was reached",
    "phone_call_noted": "The team phoned, and reached somebody",
    "said_done": "Said to be done",
    "stage_started": "Moved up",
}
"""What can be said to have been a mistake, by the kind of its event."""

REMOVED: Final[Mapping[PartyReason, str]] = {
    PartyReason.MISDIRECTED: "It was never for this agency",
    PartyReason.NAMED_IN_ERROR: "It was chosen by mistake",
    PartyReason.NO_LONGER_INVOLVED: "It no longer works with the child or adult",
    PartyReason.OTHER: "Another reason",
}
"""Why an agency is taken out."""

LINKED: Final = wording.LINKED
"""Why two escalations are linked."""

LEAVES: Final[Mapping[LeaveReason, str]] = {
    LeaveReason.NO_LONGER_OURS: "The agency no longer works with the child or adult",
    LeaveReason.DEALT_WITH: "For this agency the worry is dealt with",
    LeaveReason.NAMED_IN_ERROR: "It was named by mistake",
    LeaveReason.OTHER: "Something else",
}
"""Why an agency no longer raises something with the others."""

TEAM_ACTS: Final[Mapping[str, str]] = {
    "pass-on": "Tell them: pass it on",
    "add-agency": "Add an agency to the directory first",
    "not-for-this": "It is not for this process: answer it and close it",
    "whose": "Record whether the agency says that it is theirs",
    "phone-call": "Note a phone call",
    "reached": "Record that a person was reached",
    "said-done": "Confirm what was said to be done",
    "pause": "Pause its time limits",
    "resume": "Let its time limits go on",
    "extend": "Extend a time limit",
    "sooner": "Set a sooner time",
    "priority": "Set its priority",
    "account": "Add an agency’s account of a delay",
    "track": "Make it urgent, or put it back",
    "not-urgent": "Record that it is not urgent",
    "cause": "Confirm the cause of a delay",
    "plan": "Write down a plan",
    "plan-answer": "Record whether somebody agrees to a plan",
    "action": "Record whether an action is done",
    "check": "Record whether what was said of an action is so",
    "dissent": "Record a dissent",
    "follow-up": "Write down what somebody says came of it",
    "theirs": "Answer whose it is: it is theirs",
    "misdirected": "Write down that an agency says it is not theirs",
    "parties": "Change the agencies that it is raised with",
    "raisers": "Change who raises it together",
    "agreement": "Decide whether an agreement settles it",
    "contact": "Change who is written to for the raising side",
    "correct": "Say that an entry was a mistake",
    "adviser": "Ask somebody outside it for advice",
    "advice": "Write down what an adviser said",
    "adviser-end": "Ask an adviser no longer",
    "link": "Link it with another escalation",
    "unlink": "Link it with another one no longer",
    "transfer": "Hand it over to another partnership or board",
    "reopen": "Open it again",
    "close": "Close it on somebody’s word",
    "look-back": "Write down what an agency says changed",
}
"""What the team can do on a case, by `team_acts.Doing`."""

REDATES: Final[Mapping[RedateReason, str]] = {
    RedateReason.BANK_HOLIDAY: "A bank holiday was added, moved or taken away",
    RedateReason.CLOSURE: "Offices are closed on some days",
    RedateReason.POLICY: "A new version of the policy is in force",
    RedateReason.PUT_RIGHT: "A date that they rested on was wrong",
}
"""Why open escalations are counted anew."""

OFFERS: Final[Mapping[Outcome, str]] = {
    Outcome.AGREED_AS_ASKED: "We agree to what is asked",
    Outcome.AGREED_IN_PART: "We agree to a part of it",
    Outcome.AGREED_ANOTHER_WAY: "We offer another way",
    Outcome.NOT_AGREED_DECIDED: "We do not agree, and give our reasons",
}
"""What a responding agency can say in its answer. The last is an answer too: whether it deals with the worry is the
raising side's to say."""

AGREEMENTS: Final[Mapping[Outcome, str]] = {
    Outcome.AGREED_AS_ASKED: "Yes: what we asked for is agreed",
    Outcome.AGREED_IN_PART: "Yes: a part of it is agreed, and that is enough",
    Outcome.AGREED_ANOTHER_WAY: "Yes: we agreed on another way",
}

DECISIONS: Final[Mapping[Outcome, str]] = {
    Outcome.DECIDED_AS_ASKED: "As the raising agency asked",
    Outcome.DECIDED_ANOTHER_WAY: "Another way",
    Outcome.NOT_AGREED_DECIDED: "Not as the raising agency asked",
}

DONE: Final[Mapping[Done, str]] = {
    Done.SPOKE: "We spoke",
    Done.MET: "We met",
    Done.ANSWERED: "The answer was given",
}

CAUSES: Final[Mapping[Cause, str]] = {
    Cause.OUR_OUTAGE: "our system was not running",
    Cause.NOT_SENT: "our notice had not been sent",
    Cause.UNDELIVERED: "our notice was not delivered",
    Cause.NO_ONE_IN_POST: "nobody is in post",
    Cause.UNREADABLE_REPLY: "a reply came that cannot be read",
    Cause.SAID_DONE_UNCONFIRMED: "said to be done, and not confirmed yet",
    Cause.ACKNOWLEDGED_ONLY: "acknowledged, and not answered yet",
    Cause.AUTOMATIC_REPLY_ONLY: "only an automatic reply is recorded",
    Cause.SILENT: "no reply recorded",
    Cause.ANSWERED_LATE: "answered after the time limit",
    Cause.RECORDED_LATE: "done in time, and recorded later",
    Cause.WAITING_FOR_OTHER_PROCESS: "waiting for another process",
    Cause.CLOSED: "the agency was closed",
    Cause.PAUSED_TOO_LONG: "paused for longer than the policy has it",
    Cause.MISDIRECTED: "it was with an agency that says it is not theirs",
    Cause.RAISED_LATE: "it was raised when this time was over",
}

_CAUSES_OF: Final[Mapping[tuple[Cause, Awaits], str]] = {
    (Cause.ACKNOWLEDGED_ONLY, Awaits.SETTLE_ALL): "somebody replied, and it is not settled yet",
    (Cause.ANSWERED_LATE, Awaits.SETTLE_ALL): "settled after the time limit",
    (Cause.ANSWERED_LATE, Awaits.RAISE): "raised after the time limit",
    (Cause.ANSWERED_LATE, Awaits.ACKNOWLEDGE): "acknowledged after the time limit",
    (Cause.ANSWERED_LATE, Awaits.BE_REACHED): "spoken to after the time limit",
    (Cause.ANSWERED_LATE, Awaits.LOOK): "passed on after the time limit",
    (Cause.ANSWERED_LATE, Awaits.MEND_DELIVERY): "seen to after the time limit",
    (Cause.ACKNOWLEDGED_ONLY, Awaits.ACKNOWLEDGE): "somebody there replied, and has not acknowledged it yet",
    (Cause.ACKNOWLEDGED_ONLY, Awaits.BE_REACHED): "somebody there replied, and nobody has been spoken to yet",
    (Cause.SILENT, Awaits.LOOK): "not passed on yet",
    (Cause.SILENT, Awaits.MEND_DELIVERY): "not seen to yet",
    (Cause.SILENT, Awaits.DECIDE): "no decision recorded",
    (Cause.ANSWERED_LATE, Awaits.DECIDE): "decided after the time limit",
}
"""Where the usual words for a cause would be untrue of what a time limit waited for."""


def cause(found: Cause, awaits: Awaits) -> str:
    """A cause of delay, in words that are true of what the time limit waited for."""
    return _CAUSES_OF.get((found, awaits), CAUSES[found])


SAYS: Final[Mapping[Says, str]] = {
    Says.AS_RECORDED: "It was as recorded",
    Says.DONE_IN_TIME: "It had been done in time, and was not recorded",
    Says.NOT_REACHED: "The message did not reach whoever should have had it",
    Says.NOBODY_THERE: "Nobody was there: absent, closed, or no one in post",
    Says.OTHER_PROCESS: "It waited for a court, the police, a medical or a conference",
    Says.MORE_TIME_NEEDED: "It needed more time: information, people or capacity were missing",
    Says.OTHER: "It was another way",
}
"""What a side's account says of the recorded cause of a delay."""

CHANGED: Final[Mapping[Changed, str]] = {code: said.words for code, said in wording.CHANGED.items()}
"""What changed for the child or adult by the end."""

FELT: Final[Mapping[Felt, str]] = {code: said.words for code, said in wording.FELT.items()}
"""How raising or receiving it felt."""

PLAN_SAYS: Final[Mapping[PlanSays, str]] = {
    PlanSays.AGREED: "Agreed",
    PlanSays.IN_PART: "Agreed in part",
    PlanSays.NOT_AGREED: "Not agreed",
}
"""What somebody who is asked says to a plan."""

NOT_DONE: Final[Mapping[NotDone, str]] = {
    NotDone.UNDER_WAY: "It is under way, and needs more time",
    NotDone.NO_CAPACITY: "People or means were missing",
    NotDone.CIRCUMSTANCES_CHANGED: "It is no longer needed, or no longer right",
    NotDone.NOT_CONSENTED: "The child, adult or family did not want it",
    NotDone.WAITING_FOR_OTHER_PROCESS: "It waits for a court, the police, a medical or a conference",
    NotDone.OTHER: "Another reason",
}
"""Why an action is not done."""

KEPT: Final[Mapping[Kept, str]] = {code: said.words for code, said in wording.KEPT.items()}
"""Whether what was agreed was done."""

LEARNING: Final[Mapping[Learning, str]] = {code: said.words for code, said in wording.LEARNING.items()}
"""Where what was learnt went."""

AWAITED: Final[Mapping[Awaits, str]] = {code: said.noun for code, said in wording.AWAITED.items()}

SHORT_AWAITED: Final[Mapping[Awaits, str]] = {code: said.short for code, said in wording.AWAITED.items()}


def together(first: int, last: int) -> str:
    """The title of a clock over some of the stages: "Stages 1 to 3 together"."""
    return f"Stage {first} as a whole" if first == last else f"Stages {first} to {last} together"


STARTS: Final[Mapping[StartsFrom, str]] = {
    StartsFrom.RECEIVED: "the escalation reached us",
    StartsFrom.STAGE_STARTED: "the stage began",
    StartsFrom.DELIVERED: "the notice of the stage arrived",
    StartsFrom.ANSWERED: "the responding agency answered",
    StartsFrom.PROPOSED: "a move up was proposed",
    StartsFrom.SAID_DONE: "something was said to be done",
    StartsFrom.ACKNOWLEDGED: "it was acknowledged",
    StartsFrom.REACHED: "both sides spoke",
    StartsFrom.DISAGREEMENT: "the disagreement arose, or the decision was received",
    StartsFrom.HELD: "it was held for the team",
    StartsFrom.DELIVERY_FAILED: "a notice did not arrive",
}
"""The event that a clock counts from."""

COUNTED_FROM: Final[Mapping[str, str]] = {
    **{code.value: text for code, text in STARTS.items()},
    "extended": "when it was due before it was extended",
    "reopened": "it was opened again",
    "party_added": "the agency was added",
    "urgent_words": "when words came that can mean that it is urgent",
}
"""What a receipt counts from."""

SKIP_REASONS: Final[Mapping[SkipReason, str]] = {
    SkipReason.FLAT_ORGANISATION: "an agency has no such level, or one person holds both",
    SkipReason.RISK: "what may happen meanwhile does not let it wait",
    SkipReason.TRIED_BEFORE: "it was tried before it was raised here",
    SkipReason.CONFLICT_OF_INTEREST: "whoever holds that level has a part in it",
    SkipReason.BOTH_AGREE: "both sides agree to it",
    SkipReason.THEMATIC: "it is about how agencies work",
}
"""Why a level is passed over."""

SIDES: Final[Mapping[Side, str]] = {
    Side.RAISING: "the raising agency",
    Side.RESPONDING: "the responding agency",
    Side.BOTH: "both sides",
    Side.TEAM: "our system or the partnership team",
    Side.FINAL_BODY: "the final body",
    Side.OUTSIDE: "an adviser",
}

WAITED_FOR: Final[Mapping[Side, str]] = {
    Side.RAISING: "The raising agency",
    Side.RESPONDING: "A responding agency",
    Side.TEAM: "The partnership team",
    Side.FINAL_BODY: "The final body",
}
"""Whom the board can be narrowed to."""

TRACKS: Final[Mapping[Track, str]] = {Track.STANDARD: "Standard", Track.URGENT: "Urgent"}

STATUSES: Final[Mapping[Status, str]] = {
    Status.HELD: "Held for the team",
    Status.OPEN: "Open",
    Status.CLOSED: "Closed",
}

KNOWN_BY: Final[Mapping[KnownBy, str]] = {
    KnownBy.PHONE: "We spoke to them by phone",
    KnownBy.IN_WRITING: "They wrote it",
    KnownBy.MEETING: "It was said in a meeting, and stands in its minutes",
    KnownBy.POSTMASTER: "Whoever runs the agency’s mail says so",
    KnownBy.REPORT: "The text of the report shows it",
}
"""How the team knows of what it records."""

BOTH_SIDES: Final[Mapping[str, str]] = {
    "said_raising": "For the raising side",
    "said_responding": "For the other side",
}
"""Who said so on each side, by the name under which it is sealed."""

OWN_RECORDS: Final[Mapping[OwnRecord, str]] = {
    OwnRecord.AGREES: "our own record agrees: a time limit of that time was noted only after it",
    OwnRecord.SAYS_NOTHING: "not checked by us: nothing that would show it was to be done in that time",
    OwnRecord.CONTRADICTS: "our own record has something in the middle of that time",
}
"""What our own record says of a time in which our system is said not to have run."""

LOCKED: Final[Mapping[Locked, str]] = {
    Locked.PGP: "a part that is encrypted (PGP)",
    Locked.SMIME: "a part that is encrypted (S/MIME)",
    Locked.PASSWORD: "a file that asks for a password",
    Locked.WRAPPED_BY_OUTLOOK: "a file in which Outlook wrapped something (winmail.dat)",
    Locked.RIGHTS_MANAGED: "a part that only certain readers may open",
    Locked.SECURE_MESSAGE: "a message of a secure mail service, which opens only with an account there",
}
"""What came by mail and cannot be opened here: "It holds ..."."""

MAIL_ACTS: Final[Mapping[MailAct, str]] = {
    MailAct.PASS_TO_CASE: "Passed to an escalation",
    MailAct.NOT_FOR_US: "Put aside, as not for us",
    MailAct.CONFIRM_UNDELIVERED: "Confirmed that our notice did not arrive",
}
"""What the team did with a message."""

PAUSE_REASONS: Final[Mapping[PauseReason, str]] = {
    PauseReason.COURT: "A court",
    PauseReason.POLICE_INVESTIGATION: "A police investigation",
    PauseReason.MEDICAL: "A medical",
    PauseReason.CONFERENCE_DATE: "The date of a conference",
    PauseReason.AGREED_BY_BOTH: "Agreed by both sides",
}

DELIVERIES: Final[Mapping[DeliveryState, str]] = {
    DeliveryState.NOT_SENT: "not sent yet",
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.UNDELIVERED: "not delivered",
    DeliveryState.NO_ONE_IN_POST: "nobody in post",
}

AGENCY_TYPES: Final[Mapping[str, str]] = {
    "childrens-services": "Children’s services",
    "adult-services": "Adult services",
}
"""Types whose words are not simply their code with spaces."""

NOTICES: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.RECEIPT: "Receipt",
    NoticeKind.HELD: "Held for the team",
    NoticeKind.SAYS_URGENT: "Words that can mean urgent",
    NoticeKind.COMPLETED: "Completed, and still held for the team",
    NoticeKind.PASSED_ON: "Passed on",
    NoticeKind.ASKED: "Notice of the stage",
    NoticeKind.ASKED_TO_DECIDE: "Asked to decide",
    NoticeKind.REACHED: "Notice has arrived",
    NoticeKind.NOT_DELIVERED: "Notice has not arrived",
    NoticeKind.DELIVERY_TROUBLE: "A notice needs the team",
    NoticeKind.REMINDER: "Reminder",
    NoticeKind.PLEASE_PHONE: "Please phone once",
    NoticeKind.LIMIT_PASSED: "Time limit passed",
    NoticeKind.ASKED_TO_CHOOSE: "Asked whether it moves up",
    NoticeKind.MOVE_INTENDED: "It is about to move up",
    NoticeKind.STAYING: "It stays at this stage",
    NoticeKind.MOVED: "It moved up",
    NoticeKind.BEGAN_HERE: "It begins at this level",
    NoticeKind.ONE_PERSON: "One person at two levels",
    NoticeKind.PARTNERSHIP_STAGE: "Partnership told of the stage",
    NoticeKind.PARTNERSHIP_RESOLUTION: "Partnership told how it ended",
    NoticeKind.ACKNOWLEDGED: "Acknowledged",
    NoticeKind.ANSWERED: "Answered",
    NoticeKind.ASKED_TO_CONFIRM: "Asked to confirm what was done",
    NoticeKind.WORDS_ADDED: "Words were added",
    NoticeKind.ADDED_BY_TEAM: "The team added an email",
    NoticeKind.CONFIRMED: "Confirmed",
    NoticeKind.DENIED: "Said not to be done",
    NoticeKind.NO_ACTION_NEEDED: "No action needed",
    NoticeKind.SETTLED: "Settled",
    NoticeKind.CLOSED: "Closed",
    NoticeKind.REDIRECTED: "Closed, and goes another way",
    NoticeKind.STILL_OPEN: "Still open",
    NoticeKind.PAUSED: "Paused",
    NoticeKind.RESUMED: "Goes on after a pause",
    NoticeKind.PAUSED_TOO_LONG: "Still paused, for the team to look at",
    NoticeKind.EXTENDED: "More time",
    NoticeKind.MOVE_DUE: "Moves up by itself, as the policy says",
    NoticeKind.OBJECTED: "Somebody objects that it moves by itself",
    NoticeKind.SOONER: "A sooner time",
    NoticeKind.PRIORITY: "Priority set",
    NoticeKind.REDATED: "Time limits counted anew",
    NoticeKind.TRACK: "Urgent, or no longer urgent",
    NoticeKind.UNREADABLE: "A reply cannot be read",
    NoticeKind.MISDIRECTED: "An agency says that it is not theirs",
    NoticeKind.THEIRS: "The team has looked: it is theirs",
    NoticeKind.PARTIES: "Other agencies have it than before",
    NoticeKind.REMOVED: "No longer with this agency",
    NoticeKind.CONTACT: "Somebody else is written to",
    NoticeKind.TOGETHER: "Raised together with others",
    NoticeKind.RAISERS: "Others raise it than before",
    NoticeKind.AGREEMENT_WAITS: "Agreed over a dissent, for the team to decide",
    NoticeKind.NOT_SETTLED: "The team has decided: not settled",
    NoticeKind.PLAN_PROPOSED: "A plan is proposed",
    NoticeKind.PLAN_ANSWERED: "The plan was answered",
    NoticeKind.ACTION_REMINDER: "Reminder of an action",
    NoticeKind.ACTION_DATE_PASSED: "Date of an action passed",
    NoticeKind.ACTION_REPORTED: "An action is said to be done, or not",
    NoticeKind.ACTION_DENIED: "What was said of an action is not so",
    NoticeKind.DISSENT: "A dissent is on record",
    NoticeKind.FOLLOW_UP: "Asked what came of it",
    NoticeKind.FOLLOW_UP_REMINDER: "Reminder of what is asked after the end",
    NoticeKind.FOLLOW_UP_UNANSWERED: "Not answered what came of it",
    NoticeKind.NOT_FOR_THIS: "Not for this process, and where to turn",
    NoticeKind.AGENCY_AWAITED: "An agency is added to the directory first",
    NoticeKind.IN_YOUR_NAME: "Asked whether it is theirs",
    NoticeKind.LINKS_ELSEWHERE: "Their links no longer work: somebody else is written to",
    NoticeKind.WHOSE: "Whether it is the raising agency’s",
    NoticeKind.NOT_THEIRS: "The agency says that it is not theirs",
    NoticeKind.ASKED_TO_ADVISE: "Asked for advice",
    NoticeKind.ADVISER_ASKED: "Somebody was asked for advice",
    NoticeKind.ADVICE_GIVEN: "Advice was given",
    NoticeKind.ADVICE_ENDED: "Advice is no longer asked for",
    NoticeKind.TRANSFERRED: "Closed here, and goes on elsewhere",
    NoticeKind.REOPENED: "Open again",
    NoticeKind.CORRECTED: "An entry was a mistake",
    NoticeKind.REOPENING_ASKED: "Asked to open it again",
}

NOTICE_STATES: Final[Mapping[NoticeState, str]] = {
    NoticeState.WAITING: "Waiting to leave",
    NoticeState.SENT: "Sent",
    NoticeState.UNDELIVERED: "Not delivered",
    NoticeState.UNKNOWN: "Not known whether it arrived",
    NoticeState.SUPERSEDED: "Not needed any more",
    NoticeState.NO_ONE: "Nobody in post",
    NoticeState.OFF: "Not by email: the team tells them",
}


def agency_type(code: str) -> str:
    """The words of an agency's type."""
    return AGENCY_TYPES.get(code, code.replace("_", " ").replace("-", " ").capitalize())


def position(code: str | None) -> str:
    """The words of a position: its code with spaces, where the directory has no title for it."""
    if code == WRITER:
        return "the address that it was raised from"
    return "who raised it" if code == RAISER else (code or "").replace("_", " ") or "nobody named"


ACCESS: Final[Mapping[What, str]] = {
    What.READ_BY_LINK: "read it by link",
    What.READ_BY_TEAM: "read it, with what it is about",
    What.MAIL_READ: "read a message that came by email",
    What.SEEN_BY_TEAM: "saw reference, agencies and dates",
    What.EXPORTED: "exported",
    What.LOG_READ: "looked at who read it",
    What.SIGNED_IN: "signed in",
    What.SIGNED_OUT: "signed out",
    What.PERSON_ADDED: "added",
    What.ROLES_CHANGED: "roles changed",
    What.ACCESS_ENDED: "access ended",
    What.LINK_PRINTED: "link to sign in made",
}
"""What stands in the log of readings, and in that of who may sign in."""
