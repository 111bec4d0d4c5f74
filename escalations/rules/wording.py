"""What is awaited, and what people say at the end, in words: each code once, in every form that a sentence needs.

Who asks, who is told and who counts need other parts of speech ("Please acknowledge it", "waiting for an
acknowledgement", "each responding agency acknowledges"). They stand side by side here, so that a new code gets all of
them, and none of them says something else than the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from escalations.policy import Awaits
from escalations.rules.case import Changed, Felt
from escalations.rules.linked import LinkReason
from escalations.rules.plan import Kept, Learning
from escalations.rules.senders import PutAside


@dataclass(frozen=True, slots=True)
class Awaited:
    """One thing that a clock waits for."""

    noun: str
    """What is waited for, told to whoever hears of it: "waiting for ..."."""
    task: str
    """What somebody is asked to do: "Please ..."."""
    says: str
    """What somebody does by it, in the document: "each responding agency ..."."""
    title: str
    """What a clock is called."""
    short: str
    """The same where there is little room."""
    figure: str
    """The head of a row in a table of the review."""


AWAITED: Final[Mapping[Awaits, Awaited]] = {
    Awaits.ACKNOWLEDGE: Awaited(
        noun="an acknowledgement",
        task="acknowledge it",
        says="acknowledges",
        title="Acknowledge",
        short="Acknowledge",
        figure="Acknowledge",
    ),
    Awaits.BE_REACHED: Awaited(
        noun="a call in which both sides speak",
        task="speak to the person who raised it, and record the call",
        says="is reached by a person",
        title="Be reached by a person",
        short="Speak by phone",
        figure="A person reached",
    ),
    Awaits.RESPOND: Awaited(
        noun="an answer",
        task="give your answer",
        says="answers with reasons",
        title="Answer",
        short="Answer",
        figure="Answer",
    ),
    Awaits.CONSIDER: Awaited(
        noun="word on whether the answer deals with the worry",
        task="say whether the answer deals with your worry",
        says="says whether the answer deals with the worry",
        title="Consider the answer",
        short="Say if it is dealt with",
        figure="Raising agency says if it is dealt with",
    ),
    Awaits.CHOOSE: Awaited(
        noun="a choice to move up or stay",
        task="say whether it moves up to the next stage",
        says="says whether it moves up",
        title="Choose whether it moves up",
        short="Move up or stay",
        figure="Raising agency chooses to move up or stay",
    ),
    Awaits.CONFIRM: Awaited(
        noun="a yes or no to what was said to be done",
        task="say whether what we were told was done",
        says="confirms or denies what was said to be done",
        title="Confirm what was said to be done",
        short="Confirm what was done",
        figure="Confirm what was said to be done",
    ),
    Awaits.DECIDE: Awaited(
        noun="a decision",
        task="record your decision",
        says="decides with reasons",
        title="Decide",
        short="Decide",
        figure="Final body decides",
    ),
    Awaits.LOOK: Awaited(
        noun="the team to look at it",
        task="look at it",
        says="looks at what is held and passes it on",
        title="Look at what is held",
        short="Team to look",
        figure="Team looks at what waits for it",
    ),
    Awaits.MEND_DELIVERY: Awaited(
        noun="the team to see to a notice that did not arrive",
        task="see to a notice that did not arrive",
        says="sees to a notice that did not arrive",
        title="See to a notice that did not arrive",
        short="Team to mend delivery",
        figure="Team sees to an undelivered notice",
    ),
    Awaits.SETTLE_ALL: Awaited(
        noun="the whole matter to be settled",
        task="settle it with the other side",
        says="settle the whole matter",
        title="Settle the whole matter",
        short="Whole process",
        figure="Whole matter settled",
    ),
    Awaits.RAISE: Awaited(
        noun="the escalation to be raised",
        task="raise it",
        says="raises it",
        title="Raise it",
        short="Raised",
        figure="Raised within the time for it",
    ),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that a side can give at the end."""

    words: str
    """As a form offers it."""
    figure: str
    """The head of a row in a table of the review."""


CHANGED: Final[Mapping[Changed, Answer]] = {
    Changed.MEETING_HELD: Answer("A meeting was held", "A meeting was held"),
    Changed.PLAN_AMENDED: Answer("A plan was amended", "A plan was amended"),
    Changed.ENQUIRY_BEGUN: Answer("An enquiry was begun", "An enquiry was begun"),
    Changed.STEP_UP: Answer("Help was stepped up to a higher level of need", "Help was stepped up"),
    Changed.SERVICE_STARTED: Answer("A service was started", "A service was started"),
    Changed.OTHER: Answer("Something else changed", "Something else changed"),
    Changed.NOTHING: Answer("Nothing changed", "Nothing changed"),
    Changed.NOT_YET_KNOWN: Answer("It is not known yet", "Not yet known"),
}
"""What changed for the child or adult by the end."""

FELT: Final[Mapping[Felt, Answer]] = {
    Felt.CLEAR_AND_FAIR: Answer("It was clear and fair", "Clear and fair"),
    Felt.MIXED: Answer("Partly", "Partly"),
    Felt.HARD: Answer("It was hard", "Hard"),
}
"""How raising or receiving it felt."""

PUT_ASIDE: Final[Mapping[PutAside, Answer]] = {
    PutAside.FAMILY: Answer(
        "A parent or somebody of the family, or the child or adult themselves", "A parent, the family, child or adult"
    ),
    PutAside.PUBLIC: Answer("A member of the public", "A member of the public"),
    PutAside.WORKER: Answer(
        "Somebody who works with children or adults, for no agency of this partnership", "Works for no agency of ours"
    ),
    PutAside.OTHER: Answer("Somebody else", "Somebody else"),
    PutAside.SEEN_TO: Answer(
        "It needs nothing more: it is known, or was seen to in another way", "Needed nothing more"
    ),
    PutAside.NOBODY: Answer(
        "Nobody who waits for a word: it is advertising, or a program wrote it", "Advertising, or a program's"
    ),
}
"""Why the team puts something aside: who wrote what is not for this process, or why a message needs nothing."""

KEPT: Final[Mapping[Kept, Answer]] = {
    Kept.ALL: Answer("All of it was done", "All of it was done"),
    Kept.SOME: Answer("Some of it was done", "Some of it was done"),
    Kept.NONE: Answer("Nothing of it was done", "Nothing of it was done"),
    Kept.NOT_KNOWN: Answer("It is not known", "Not known"),
}
"""Whether what was agreed was done."""

LEARNING: Final[Mapping[Learning, Answer]] = {
    Learning.TRAINING: Answer("Training", "Training"),
    Learning.SUPERVISION: Answer("Supervision or team meetings", "Supervision or team meetings"),
    Learning.POLICY_CHANGED: Answer("A policy or procedure was changed", "A policy or procedure was changed"),
    Learning.GUIDANCE: Answer("Guidance for staff was changed or written", "Guidance for staff was changed or written"),
    Learning.CASE_REVIEW: Answer(
        "The partnership’s case reviews or audits", "The partnership’s case reviews or audits"
    ),
    Learning.OTHER: Answer("Somewhere else", "Somewhere else"),
    Learning.NONE: Answer("Nothing was learnt that goes further", "Nothing was learnt that goes further"),
    Learning.NOT_YET_KNOWN: Answer("It is not known yet", "Not yet known"),
}
"""Where what was learnt went."""

LINKED: Final[Mapping[LinkReason, str]] = {
    LinkReason.SAME_PEOPLE: "The same child, adult or family",
    LinkReason.SAME_THEME: "The same theme between the same agencies",
    LinkReason.EACH_SIDE_RAISED_ONE: "Each side raised one",
    LinkReason.OTHER: "Another reason",
}
"""Why two escalations are linked."""
