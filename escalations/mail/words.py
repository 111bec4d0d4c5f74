"""How a message names what is awaited. One phrase for whoever is asked, one for everybody else.

Source: rules of practice, "Words": plain English, and none of the words that blame.
"""

from __future__ import annotations

from escalations.policy import Awaits

TASK: dict[Awaits, str] = {
    Awaits.ACKNOWLEDGE: "acknowledge it",
    Awaits.BE_REACHED: "speak to the person who raised it, and record the call",
    Awaits.RESPOND: "give your answer",
    Awaits.CONSIDER: "say whether the answer deals with your worry",
    Awaits.CHOOSE: "say whether it moves up to the next stage",
    Awaits.CONFIRM: "say whether what we were told was done",
    Awaits.DECIDE: "record your decision",
    Awaits.LOOK: "look at it and pass it on",
    Awaits.MEND_DELIVERY: "see to a notice that did not arrive",
    Awaits.SETTLE_ALL: "settle it with the other side",
}
"""What somebody is asked to do: "Please ..."."""

AWAITED: dict[Awaits, str] = {
    Awaits.ACKNOWLEDGE: "an acknowledgement",
    Awaits.BE_REACHED: "a conversation with a person",
    Awaits.RESPOND: "an answer",
    Awaits.CONSIDER: "word on whether the answer deals with the worry",
    Awaits.CHOOSE: "word on whether it moves up to the next stage",
    Awaits.CONFIRM: "word on whether what was reported was done",
    Awaits.DECIDE: "a decision",
    Awaits.LOOK: "the partnership team to look at it and pass it on",
    Awaits.MEND_DELIVERY: "the partnership team to see to a notice that did not arrive",
    Awaits.SETTLE_ALL: "the whole escalation to be settled",
}
"""What is waited for, told to others: "waiting for ..."."""
