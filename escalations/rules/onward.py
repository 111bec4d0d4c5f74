"""What somebody can do about a case now, by link: where the link in an answer to their mail leads.

An answer never repeats the link of the message that was answered: what that asked may be done since, and a link that is
done has no form. What it leads to follows from the case as it stands and from whom the message was for. Access decides
again when they act (`access`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from escalations.policy import Side
from escalations.rules import access, asking
from escalations.rules.case import Case, Status
from escalations.rules.notices import LEAD, RAISER, Ask, Recipient


class May(StrEnum):
    """What is left for somebody to do, as far as an answer to their mail has to say it."""

    TAKE_BACK = "take_back"
    """It is held for the team: whoever raised it can take it back, or say that it is urgent."""
    SETTLE = "settle"
    """It is the raising side's to end, or to take further."""
    ANSWER = "answer"
    ANSWER_LATE = "answer_late"
    """It has moved up since; an answer is still taken, at the stage left."""
    DECIDE = "decide"
    VOUCH = "vouch"
    """It was raised in their agency's name, and they have not said whether it is theirs."""
    READ = "read"
    """Nothing is asked of them; the page shows how it stands, or how it ended."""


@dataclass(frozen=True, slots=True)
class Onward:
    """What a link asks now, and what that is for its reader."""

    asks: Ask
    stage: int
    may: May
    completes: bool = False
    """Whether something is still missing that whoever raised it is asked for, on a page of questions of its own."""


def onward(case: Case, to: Recipient) -> Onward:
    """What a link that is made now asks of somebody.

    On the raising side that is always to read: such a link serves as long as the case does, and its page offers
    whatever the raising side may do at the time, what is waited for included.

    Args:
        case: as it stands.
        to: whom the message was for that they answered.
    """
    read = Onward(Ask.READ, case.stage, May.READ)
    if to.side is Side.RAISING and to.position == LEAD and case.sender_stands is not None and not case.sender_owned:
        # Until they say that it is theirs, they read who wrote in their name, and nothing of what it is about.
        return Onward(Ask.VOUCH, case.stage, May.VOUCH if case.sender_owned is None else May.READ)
    if case.status is Status.CLOSED:
        return read
    match to.side:
        case Side.RAISING:
            may = May.TAKE_BACK if case.status is Status.HELD else May.SETTLE
            return Onward(Ask.READ, case.stage, may, completes=case.incomplete and to.position == RAISER)
        case Side.RESPONDING:
            stage = access.stage_of(case, to.position)
            if stage is None or asking.is_met(case, Ask.RESPOND, to, stage=stage, about=None):
                return read
            return Onward(Ask.RESPOND, stage, May.ANSWER if stage == case.stage else May.ANSWER_LATE)
        case Side.FINAL_BODY if to.position == case.decider_position:
            return Onward(Ask.DECIDE, case.stage, May.DECIDE)
        case _:
            return read
