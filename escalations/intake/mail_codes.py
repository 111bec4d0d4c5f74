"""Why a message went where it went: a closed vocabulary with its words, which pages share with whoever decides."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from escalations.store.mails import MailState, NotAnswered


class Code(StrEnum):
    """Why a message went where it went. The team is shown it in words."""

    RAISED = "raised"
    ADDED = "added"
    ACKNOWLEDGED = "acknowledged"
    UNREADABLE = "unreadable"
    AUTOMATIC_REPLY = "automatic_reply"
    UNDELIVERED = "undelivered"
    OWN = "own"
    READ_RECEIPT = "read_receipt"
    NOT_ABOUT_OURS = "not_about_ours"
    """A machine's word on something that is not a message of ours."""
    ARRIVES_LATER = "arrives_later"
    """A report that a message of ours is late, or arrived after all."""
    BOUNCE_UNCLEAR = "bounce_unclear"
    BOUNCE_NOT_SIGNED = "bounce_not_signed"
    """It came in a way in which whoever was written to could have made it up."""
    BOUNCE_LATE = "bounce_late"
    """It came long after the notice had left."""
    BOUNCE_THOUGH_REACHED = "bounce_though_reached"
    """Somebody has used the notice that it says did not arrive."""
    SAID_BEFORE = "said_before"
    """What it says of a notice is known already."""
    UNDELIVERED_CONFIRMED = "undelivered_confirmed"
    """The team looked at the report, and confirmed it."""
    TEAM_BOUNCE = "team_bounce"
    """What we wrote to the team itself did not arrive."""
    TO_MANY = "to_many"
    NOTHING_IN_IT = "nothing_in_it"
    ANOTHER_AGENCY = "another_agency"
    """It answers a notice to one agency, and comes from an address of another."""
    OUTSIDE = "outside"
    """It answers a notice to an agency, and comes from an address that nobody knows as one of that agency's own."""
    NOT_WHO_RAISED = "not_who_raised"
    """It answers a notice to whoever raised an escalation, from another address; their agency is not known."""
    TO_THE_TEAM = "to_the_team"
    """It answers what we wrote to the team."""
    TO_AN_ADVISER = "to_an_adviser"
    """It answers what we wrote to somebody who was asked for advice."""
    ADDRESS_NOT_SIGNED = "address_not_signed"
    REFERENCE_NOT_SIGNED = "reference_not_signed"
    """It names an escalation, or a message of ours, without an address that we signed."""
    SENDER_REFUTED = "sender_refuted"
    NO_SENDER = "no_sender"
    TOO_MANY = "too_many"
    COULD_NOT_BE_ROUTED = "could_not_be_routed"
    SAID_URGENT = "said_urgent"
    """Whoever raised an escalation says, in answer to a notice, that it is urgent."""
    SAID_NOT_URGENT = "said_not_urgent"
    URGENT_THOUGH_CLOSED = "urgent_though_closed"
    """The same of one that has closed."""
    PASSED_TO_CASE = "passed_to_case"
    NOT_FOR_US = "not_for_us"


WHY: Final[Mapping[Code, str]] = {
    Code.RAISED: "It raised an escalation",
    Code.ADDED: "It was added to the escalation that it answers",
    Code.ACKNOWLEDGED: "It was recorded as an acknowledgement, and what it says was added to the escalation",
    Code.UNREADABLE: "It cannot be read, because it is locked or wrapped; that it came is recorded",
    Code.AUTOMATIC_REPLY: "It is an automatic reply, which answers nothing",
    Code.UNDELIVERED: "It says that our notice did not arrive, and that is recorded",
    Code.OWN: "It is our own message, which came back",
    Code.READ_RECEIPT: "It is a read receipt, which answers nothing",
    Code.NOT_ABOUT_OURS: "It is automatic, and about no notice of ours",
    Code.ARRIVES_LATER: "It says that our notice is late, or arrived after all",
    Code.BOUNCE_UNCLEAR: "It says something about our notice, and not clearly whether that arrived",
    Code.BOUNCE_NOT_SIGNED: "It says that a notice did not arrive, and may not be genuine",
    Code.BOUNCE_LATE: "It says that a notice did not arrive, and came long after that had left",
    Code.BOUNCE_THOUGH_REACHED: "It says that a notice did not arrive, and somebody there has used that notice",
    Code.SAID_BEFORE: "It says of our notice what is known already",
    Code.UNDELIVERED_CONFIRMED: "The team confirmed what it says: our notice did not arrive",
    Code.TEAM_BOUNCE: "It says that our notice to the team itself did not arrive",
    Code.TO_MANY: "It comes from a list or a program",
    Code.NOTHING_IN_IT: "There is nothing in it that can be read",
    Code.ANOTHER_AGENCY: "It answers a notice of ours, from an address of another agency than we had written to",
    Code.OUTSIDE: "It answers a notice of ours, from an address that is not known as one of the agency’s own",
    Code.NOT_WHO_RAISED: "It answers a notice of ours, not from the address that raised it, whose agency is not known",
    Code.TO_THE_TEAM: "It answers what we wrote to the team",
    Code.TO_AN_ADVISER: "It answers what we wrote to somebody who was asked for advice",
    Code.ADDRESS_NOT_SIGNED: "It is an answer, and does not show to what",
    Code.REFERENCE_NOT_SIGNED: "It names an escalation, and is no answer to a message of ours",
    Code.SENDER_REFUTED: "Our mail server found that its sender’s mail domain says it is not from there",
    Code.NO_SENDER: "It does not say who sent it",
    Code.TOO_MANY: "So many messages came within the hour that no more are filed by themselves",
    Code.COULD_NOT_BE_ROUTED: "Our system could not work out what it is",
    Code.SAID_URGENT: "It says that its escalation is urgent",
    Code.SAID_NOT_URGENT: "It says that its escalation is not urgent",
    Code.URGENT_THOUGH_CLOSED: "Whoever raised an escalation says in it that this is urgent, and it has closed",
    Code.PASSED_TO_CASE: "The team added it to an escalation",
    Code.NOT_FOR_US: "The team put it aside",
}
"""Each in the words of the team's pages."""

NOT_ANSWERED: Final[Mapping[NotAnswered, str]] = {
    NotAnswered.OFTEN: "No automatic answer: so much came from that address",
    NotAnswered.FLOOD: "No automatic answer: so much came from people whom we do not know",
}
"""Why whoever wrote it was not answered."""


def said(code: str | None) -> str:
    """Why a message is where it is, in words."""
    try:
        return WHY[Code(code or "")]
    except ValueError:
        return "It has just been received"


ABOUT: Final[Mapping[MailState, str]] = {
    MailState.RECEIVED: "It may concern",
    MailState.HELD: "It may concern",
    MailState.FILED: "The escalation is",
    MailState.SET_ASIDE: "It is about",
    MailState.NOT_FOR_US: "Before that, it was thought to concern",
}
"""What is said before the reference of an escalation, by what became of the message."""
