"""Why a message is where it is, in the words of the team's pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from escalations.intake.mail_codes import Code
from escalations.store.mails import MailRow

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
    Code.TO_THE_TEAM: "An answer to what we wrote to the team",
    Code.ADDRESS_NOT_SIGNED: "An answer, and it does not show to what",
    Code.REFERENCE_NOT_SIGNED: "It names an escalation, and is no answer to a message of ours",
    Code.SENDER_REFUTED: "The sender’s own mail server says that it is not from there",
    Code.NO_SENDER: "It does not say who sent it",
    Code.TOO_MANY: "So many came within the hour that no more are filed by themselves",
    Code.COULD_NOT_BE_ROUTED: "Our system could not work out what it is",
    Code.PASSED_TO_CASE: "Passed to an escalation by the team",
    Code.NOT_FOR_US: "Put aside by the team",
}
"""Why a message is where it is."""


def why(row: MailRow) -> str:
    """Why this message is where it is."""
    try:
        return WHY[Code(row.code or "")]
    except ValueError:
        return "Just received"
