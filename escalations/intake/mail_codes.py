"""Why a message went where it went: a closed vocabulary with its words, which pages share with whoever decides."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from escalations.store.mails import NotAnswered


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
    Code.RAISED: "Raised an escalation",
    Code.ADDED: "Added to its escalation",
    Code.ACKNOWLEDGED: "Recorded as an acknowledgement, and added",
    Code.UNREADABLE: "It cannot be read: locked or wrapped",
    Code.AUTOMATIC_REPLY: "An automatic reply",
    Code.UNDELIVERED: "Says that our notice did not arrive",
    Code.OWN: "Our own message that came back",
    Code.READ_RECEIPT: "A read receipt",
    Code.NOT_ABOUT_OURS: "Automatic, and about no notice of ours",
    Code.ARRIVES_LATER: "Says that our notice is late, or arrived after all",
    Code.BOUNCE_UNCLEAR: "Says something about our notice, and not clearly whether it arrived",
    Code.BOUNCE_NOT_SIGNED: "Says that a notice did not arrive, and may not be genuine",
    Code.BOUNCE_LATE: "Says that a notice did not arrive, and came long after it had left",
    Code.BOUNCE_THOUGH_REACHED: "Says that a notice did not arrive, and somebody there has used it",
    Code.SAID_BEFORE: "Says of our notice what is known already",
    Code.UNDELIVERED_CONFIRMED: "Confirmed by the team: our notice did not arrive",
    Code.TEAM_BOUNCE: "Our notice to the team itself did not arrive",
    Code.TO_MANY: "From a list or a program",
    Code.NOTHING_IN_IT: "There is nothing in it that can be read",
    Code.ANOTHER_AGENCY: "An answer from an address of another agency than we had written to",
    Code.OUTSIDE: "An answer from an address that is not known as one of the agency’s own",
    Code.NOT_WHO_RAISED: "An answer from another address than the one that raised it, whose agency is not known",
    Code.TO_THE_TEAM: "An answer to what we wrote to the team",
    Code.ADDRESS_NOT_SIGNED: "An answer, and it does not show to what",
    Code.REFERENCE_NOT_SIGNED: "It names an escalation, and is no answer to a message of ours",
    Code.SENDER_REFUTED: "The sender’s own mail server says that it is not from there",
    Code.NO_SENDER: "It does not say who sent it",
    Code.TOO_MANY: "So many came within the hour that no more are filed by themselves",
    Code.COULD_NOT_BE_ROUTED: "Our system could not work out what it is",
    Code.SAID_URGENT: "Says that its escalation is urgent",
    Code.SAID_NOT_URGENT: "Says that its escalation is not urgent",
    Code.URGENT_THOUGH_CLOSED: "Whoever raised it says that an escalation is urgent, and it has closed",
    Code.PASSED_TO_CASE: "Passed to an escalation by the team",
    Code.NOT_FOR_US: "Put aside by the team",
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
        return "Just received"
