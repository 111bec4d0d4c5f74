"""The vocabulary of notices: what is told, to whom, and what is asked. ``notices`` says when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from escalations.policy import Awaits, Side

RAISER = "raiser"
WRITER = "writer"
"""The address that a case was raised from, where that holds no link of it any more. It is told so, and no more."""
"""Whoever raised the case, at the address that they gave; every other recipient is a position."""
LEAD = "escalation_lead"
"""An agency's lead for escalations, to whom empty positions fall."""
TEAM_DEPUTY = "team_deputy"
"""The deputy outside the team, for what the team itself has not done in time."""


class NoticeKind(StrEnum):
    """What a notice tells; each has one template."""

    RECEIPT = "receipt"
    HELD = "held"
    SAYS_URGENT = "says_urgent"
    """To the team: words in a mail can mean that it is urgent. Whoever wrote is asked."""
    COMPLETED = "completed"
    """To the team: whoever sent it has said what was missing, and it is still the team's to pass on."""
    PASSED_ON = "passed_on"
    """To the raiser: what was held has been passed on."""
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
    MOVE_DUE = "move_due"
    """It moves up by itself, because the partnership's document says so; told before it does."""
    OBJECTED = "objected"
    """Somebody objects that it moves, or moved, by itself."""
    STAYING = "staying"
    MOVED = "moved"
    PARTNERSHIP_STAGE = "partnership_stage"
    PARTNERSHIP_RESOLUTION = "partnership_resolution"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    ASKED_TO_CONFIRM = "asked_to_confirm"
    WORDS_ADDED = "words_added"
    """To the other side: somebody has added words, which can be read."""
    ADDED_BY_TEAM = "added_by_team"
    """To both sides: the team has added an email that had been held for it."""
    CONFIRMED = "confirmed"
    DENIED = "denied"
    BEGAN_HERE = "began_here"
    """To the raising side's level at which it began, above the first stage."""
    ONE_PERSON = "one_person"
    """To the team: at an agency one person holds two adjacent rungs."""
    NO_ACTION_NEEDED = "no_action_needed"
    SETTLED = "settled"
    CLOSED = "closed"
    REDIRECTED = "redirected"
    """To the raiser: it is closed here, and goes another way that the page names."""
    STILL_OPEN = "still_open"
    PAUSED = "paused"
    RESUMED = "resumed"
    PAUSED_TOO_LONG = "paused_too_long"
    """To the team: a case has been paused for as long as the policy has it."""
    EXTENDED = "extended"
    SOONER = "sooner"
    """A sooner time was set, to keep the child safe."""
    PRIORITY = "priority"
    """The case was given a priority, and its time limits follow it."""
    REDATED = "redated"
    """What runs was counted anew, and some of it is due at another time."""
    TRACK = "track"
    """It is urgent now, or it is so no longer."""
    UNREADABLE = "unreadable"
    MISDIRECTED = "misdirected"
    """To the team, which is to look, and to the raiser: an agency says that it is not theirs."""
    THEIRS = "theirs"
    """The team has looked: it is theirs, and goes on."""
    PARTIES = "parties"
    """Other agencies have it from now on than before."""
    REMOVED = "removed"
    """To an agency that has no part in it any more."""
    TRANSFERRED = "transferred"
    """To both sides: it is closed here, and goes on with another partnership or board."""
    CORRECTED = "corrected"
    """An entry was a mistake, and what rested on it is looked at again."""
    REOPENED = "reopened"
    """It had closed, and is open again."""
    REOPENING_ASKED = "reopening_asked"
    """To the team: a side asks that it be opened again."""
    CONTACT = "contact"
    """Somebody else is written to for the raising side."""
    PLAN_PROPOSED = "plan_proposed"
    """To whoever is asked: somebody has proposed what is to be done, by whom and by when."""
    PLAN_ANSWERED = "plan_answered"
    """To whoever proposed it: somebody has said whether they agree."""
    ACTION_REMINDER = "action_reminder"
    ACTION_DATE_PASSED = "action_date_passed"
    ACTION_REPORTED = "action_reported"
    """To the other side: an action is said to be done, or not to be."""
    ACTION_DENIED = "action_denied"
    """To the owner of an action, and to the team: the other side says that it is not so."""
    DISSENT = "dissent"
    """To the other side, and to the team: an agency goes along and puts on record that it disagrees."""
    FOLLOW_UP = "follow_up"
    FOLLOW_UP_REMINDER = "follow_up_reminder"
    FOLLOW_UP_UNANSWERED = "follow_up_unanswered"
    """To the team, and to the agency's lead where the policy says so."""
    NOT_FOR_THIS = "not_for_this"
    """To whoever wrote: it is not for this process, and where to turn. In fixed words."""
    AGENCY_AWAITED = "agency_awaited"
    """To whoever wrote: their agency is added to the directory first, and the team has what they wrote."""
    IN_YOUR_NAME = "in_your_name"
    """To the raising agency's own contact: it was raised in its name, from an address that is not one of its own."""
    TOGETHER = "together"
    """To an agency that raises it together with the lead: that it does, and what it can do."""
    RAISERS = "raisers"
    """To both sides and the team: others raise it from now on than before, or another one leads."""
    AGREEMENT_WAITS = "agreement_waits"
    """To the raising side and the team: the lead agrees over a dissent, and the team decides."""
    NOT_SETTLED = "not_settled"
    """To the raising side: the team has decided that this agreement does not settle it."""
    LINKS_ELSEWHERE = "links_elsewhere"
    """To the address that it was raised from: its links no longer work, as somebody else is written to."""
    WHOSE = "whose"
    """To the responding side: whether the agency that it was raised for says that it is theirs."""
    NOT_THEIRS = "not_theirs"
    """To the team: the agency says that the case is not theirs."""
    ASKED_TO_ADVISE = "asked_to_advise"
    """To somebody outside the escalation: their advice is asked for."""
    ADVISER_ASKED = "adviser_asked"
    """To both sides: somebody was asked for advice, by their role."""
    ADVICE_GIVEN = "advice_given"
    """To both sides, and to the team: whoever was asked has answered."""
    ADVICE_ENDED = "advice_ended"
    """To whoever was asked: their advice is no longer needed."""


class Ask(StrEnum):
    """What the link in a notice lets its reader do; the link serves until that is done."""

    READ = "read"
    VOUCH = "vouch"
    """To say whether what was raised in an agency's name is theirs."""
    RESPOND = "respond"
    CHOOSE = "choose"
    CONSIDER = "consider"
    CONFIRM = "confirm"
    DECIDE = "decide"
    COMPLETE = "complete"
    """Say what a plain mail did not say."""
    PLAN = "plan"
    """Say whether they agree to a plan."""
    ACTION = "action"
    """Say whether an action is done."""
    CHECK = "check"
    """Say whether what was said of an action is so."""
    FOLLOW_UP = "follow_up"
    """Say what came of it, some time after the end."""
    ADVISE = "advise"
    """Give advice, as somebody who has no part in the escalation."""
    TEAM = "team"
    """The team's own page of the case, behind its own way in."""


ASKED_FOR = {
    Awaits.ACKNOWLEDGE: Ask.RESPOND,
    Awaits.BE_REACHED: Ask.RESPOND,
    Awaits.RESPOND: Ask.RESPOND,
    Awaits.CONSIDER: Ask.CONSIDER,
    Awaits.CHOOSE: Ask.CHOOSE,
    Awaits.CONFIRM: Ask.CONFIRM,
    Awaits.DECIDE: Ask.DECIDE,
    Awaits.LOOK: Ask.TEAM,
    Awaits.MEND_DELIVERY: Ask.TEAM,
    Awaits.SETTLE_ALL: Ask.READ,
    Awaits.RAISE: Ask.READ,
}
"""What whoever a clock waits for is asked."""


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
    """The clock, the claim, the plan or the action that it concerns."""
    starts_clocks: bool = False
