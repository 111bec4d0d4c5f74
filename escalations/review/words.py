"""The words of a review for the codes of the rules: short, of nobody's side, and nothing that blames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from escalations.policy import Awaits, Side, Track
from escalations.review.dataset import NOT_KNOWN, NOT_THEIRS, Accounted, State, Why
from escalations.rules import wording
from escalations.rules.acts import Concern
from escalations.rules.case import (
    Cause,
    Changed,
    Felt,
    PauseReason,
    WithdrawReason,
)
from escalations.rules.plan import Kept, Learning

CONCERNS: Final[Mapping[Concern, str]] = {
    Concern.CHILD: "A child",
    Concern.UNBORN_BABY: "An unborn baby",
    Concern.SIBLINGS: "Brothers and sisters",
    Concern.ADULT: "An adult",
    Concern.FAMILY: "A family",
    Concern.THEMATIC: "A theme, not one family",
    Concern.NOT_STATED: "Not stated",
}

CAUSES: Final[Mapping[Cause, str]] = {
    Cause.OUR_OUTAGE: "Our system was not running",
    Cause.NOT_SENT: "Our notice had not been sent",
    Cause.UNDELIVERED: "Our notice was not delivered",
    Cause.NO_ONE_IN_POST: "Nobody in post",
    Cause.UNREADABLE_REPLY: "A reply came that cannot be read",
    Cause.SAID_DONE_UNCONFIRMED: "Said to be done, not confirmed",
    Cause.ACKNOWLEDGED_ONLY: "Acknowledged, and not answered",
    Cause.AUTOMATIC_REPLY_ONLY: "Only an automatic reply",
    Cause.SILENT: "No reply recorded",
    Cause.ANSWERED_LATE: "Answered after the time limit",
    Cause.RECORDED_LATE: "Done in time, and recorded later",
    Cause.WAITING_FOR_OTHER_PROCESS: "Waiting for another process",
    Cause.PAUSED_TOO_LONG: "Paused for longer than the policy has it",
    Cause.CLOSED: "The agency was closed",
    Cause.MISDIRECTED: "It was with an agency that says it is not theirs",
    Cause.RAISED_LATE: "It was raised when this time was over",
}

STATES: Final[Mapping[State, str]] = {
    State.CONFIRMED: "Confirmed by the team",
    State.UNREVIEWED: "Provisional, not reviewed",
    State.OPEN: "Provisional, agencies may still add to it",
}

ACCOUNTED: Final[Mapping[Accounted, str]] = {
    Accounted.AGREED: "Agreed: everybody asked says it was as recorded",
    Accounted.DISPUTED: "Disputed: one at least says it was another way",
    Accounted.IN_PART: "As recorded, by one side; the other gave no account",
    Accounted.NONE: "No account given",
}

CHANGED: Final[Mapping[Changed, str]] = {code: said.figure for code, said in wording.CHANGED.items()}

FELT: Final[Mapping[Felt, str]] = {code: said.figure for code, said in wording.FELT.items()}

KEPT: Final[Mapping[Kept, str]] = {code: said.figure for code, said in wording.KEPT.items()}
LEARNING: Final[Mapping[Learning, str]] = {code: said.figure for code, said in wording.LEARNING.items()}

WHY: Final[Mapping[Why, str]] = {
    Why.DELAY: "Delay: a time limit of the responding side passed",
    Why.ANSWER: "An answer came in time and did not settle it",
    Why.EARLY: "Taken up early, without an answer",
}

AWAITED: Final[Mapping[Awaits, str]] = {code: said.figure for code, said in wording.AWAITED.items()}

SIDES: Final[Mapping[Side, str]] = {
    Side.RAISING: "The raising agency",
    Side.RESPONDING: "The responding agency",
    Side.BOTH: "Both sides (the whole process)",
    Side.TEAM: "Our system or the partnership team",
    Side.FINAL_BODY: "The final body",
    Side.OUTSIDE: "An adviser",
}

PAUSES: Final[Mapping[PauseReason, str]] = {
    PauseReason.COURT: "Waiting for a court",
    PauseReason.POLICE_INVESTIGATION: "Waiting for a police investigation",
    PauseReason.MEDICAL: "Waiting for a medical examination or report",
    PauseReason.CONFERENCE_DATE: "Waiting for the date of a conference",
    PauseReason.AGREED_BY_BOTH: "Agreed by both sides",
}

WITHDRAWN: Final[Mapping[WithdrawReason, str]] = {
    WithdrawReason.DEALT_WITH: "dealt with in another way",
    WithdrawReason.NEW_INFORMATION: "more is known now",
    WithdrawReason.RAISED_IN_ERROR: "raised by mistake",
    WithdrawReason.RAISED_AGAIN: "goes on as another escalation",
    WithdrawReason.NO_ANSWER: "no answer came, and it is no longer waited for",
    WithdrawReason.OTHER: "another reason",
}

TRACKS: Final[Mapping[Track, str]] = {Track.STANDARD: "Standard track", Track.URGENT: "Urgent track"}

AGENCY_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "childrens-services": ("Children’s services", "children’s services"),
    "adult-services": ("Adult services", "adult services"),
    "health": ("Health", "health agencies"),
    "police": ("Police", "police agencies"),
    "education": ("Education services", "education services"),
    "probation": ("Probation", "probation agencies"),
    "housing": ("Housing", "housing agencies"),
    "gp": ("GP practice", "GP practices"),
    NOT_KNOWN: ("Not known", "agencies that are not known"),
    NOT_THEIRS: ("In the name of an agency that says it is not theirs", "agencies that say it is not theirs"),
}
"""Types whose words, or whose plural, are not simply their code with spaces."""


def agency_type(code: str) -> str:
    """The words of an agency's type, for the head of a row."""
    found = AGENCY_TYPES.get(code)
    return found[0] if found else code.replace("_", " ").replace("-", " ").capitalize()


def agencies(code: str) -> str:
    """Several agencies of a type, within a sentence: none of 98 schools."""
    found = AGENCY_TYPES.get(code)
    plain = code.replace("_", " ").replace("-", " ")
    return found[1] if found else plain if plain.endswith("s") else f"{plain}s"


def counted(number: int, one: str, several: str | None = None) -> str:
    """A number with what it counts: 1 case, 2 cases, no cases."""
    said = one if number == 1 else several or f"{one}s"
    return f"{number or 'no'} {said}"
