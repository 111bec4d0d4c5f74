"""How a message names what is awaited. One phrase for whoever is asked, one for everybody else.

Source: rules of practice, "Words": plain English, and none of the words that blame.
"""

from __future__ import annotations

from escalations.rules import wording
from escalations.rules.case import RedateReason, Route
from escalations.rules.instead import Because, By, ToldInstead
from escalations.rules.notices import NoticeKind
from escalations.rules.workingtime import say_day

TASK = {code: said.task for code, said in wording.AWAITED.items()}
"""What somebody is asked to do: "Please ..."."""

AWAITED = {code: said.noun for code, said in wording.AWAITED.items()}
"""What is waited for, told to others: "waiting for ..."."""

REDATED: dict[RedateReason, str] = {
    RedateReason.BANK_HOLIDAY: "the bank holidays have changed",
    RedateReason.CLOSURE: "offices are closed on some days",
    RedateReason.POLICY: "a new version of the policy is in force",
    RedateReason.PUT_RIGHT: "a date that they rested on was put right",
}
"""Why time limits were counted anew: "... because ..."."""

TOLD: dict[NoticeKind, str] = {
    NoticeKind.RECEIPT: "the escalation was received",
    NoticeKind.HELD: "the escalation is held for the partnership team",
    NoticeKind.SAYS_URGENT: "words in an email can mean that it is urgent",
    NoticeKind.COMPLETED: "what was missing has been said",
    NoticeKind.PASSED_ON: "the escalation has been passed on",
    NoticeKind.ASKED: "an answer to an escalation is asked of them",
    NoticeKind.ASKED_TO_DECIDE: "a decision is asked of them",
    NoticeKind.REACHED: "the notice has reached the other agency",
    NoticeKind.NOT_DELIVERED: "the notice has not reached the other agency yet",
    NoticeKind.DELIVERY_TROUBLE: "a notice did not arrive",
    NoticeKind.REMINDER: "a reminder of what is waited for",
    NoticeKind.PLEASE_PHONE: "somebody is to be phoned",
    NoticeKind.LIMIT_PASSED: "a time limit has passed",
    NoticeKind.ASKED_TO_CHOOSE: "they are asked whether it moves up",
    NoticeKind.MOVE_INTENDED: "it is about to move up",
    NoticeKind.MOVE_DUE: "it moves up by itself, as the policy says",
    NoticeKind.OBJECTED: "somebody objects that it moves up by itself",
    NoticeKind.STAYING: "it stays at its stage",
    NoticeKind.MOVED: "it has moved up",
    NoticeKind.ONE_PERSON: "one person holds two adjacent rungs at an agency",
    NoticeKind.BEGAN_HERE: "it begins at their level",
    NoticeKind.PARTNERSHIP_STAGE: "it has reached a stage of which the partnership is told",
    NoticeKind.PARTNERSHIP_RESOLUTION: "it was resolved",
    NoticeKind.ACKNOWLEDGED: "it was acknowledged",
    NoticeKind.ANSWERED: "it was answered",
    NoticeKind.ASKED_TO_CONFIRM: "they are asked whether what was reported was done",
    NoticeKind.CONFIRMED: "what they said was done is confirmed",
    NoticeKind.DENIED: "what they said was done is said not to be done",
    NoticeKind.NO_ACTION_NEEDED: "no action is needed any more",
    NoticeKind.SETTLED: "it is settled with an agency",
    NoticeKind.CLOSED: "it is closed",
    NoticeKind.STILL_OPEN: "it is still open",
    NoticeKind.PAUSED: "it is paused, and its time limits do not run",
    NoticeKind.RESUMED: "it was paused, and goes on",
    NoticeKind.PAUSED_TOO_LONG: "it is still paused",
    NoticeKind.EXTENDED: "there is more time",
    NoticeKind.SOONER: "a sooner time was set",
    NoticeKind.PRIORITY: "its priority was set, and its time limits follow it",
    NoticeKind.REDATED: "its time limits were counted anew",
    NoticeKind.TRACK: "it became urgent, or is no longer urgent: the page says which",
    NoticeKind.REDIRECTED: "it is closed here and goes another way",
    NoticeKind.WORDS_ADDED: "something was added to the escalation",
    NoticeKind.ADDED_BY_TEAM: "an email was added to the escalation by the partnership team",
    NoticeKind.UNREADABLE: "a reply cannot be read",
    NoticeKind.MISDIRECTED: "an agency says that it is not theirs, and the partnership team looks",
    NoticeKind.THEIRS: "the partnership team has looked whose it is, and it goes on",
    NoticeKind.PARTIES: "other agencies have it than before: the page says which",
    NoticeKind.REMOVED: "their agency has no part in it any more",
    NoticeKind.TRANSFERRED: "it is closed here, and goes on with another partnership or board: the page says which",
    NoticeKind.CORRECTED: "an entry was a mistake: the page says which, and what is waited for now",
    NoticeKind.REOPENED: "it had been closed, and is open again",
    NoticeKind.REOPENING_ASKED: "somebody asks that it be opened again",
    NoticeKind.CONTACT: "somebody else is written to for the raising agency",
    NoticeKind.TOGETHER: "their agency raises an escalation together with others",
    NoticeKind.RAISERS: "others raise it than before, or another agency leads: the page says which",
    NoticeKind.AGREEMENT_WAITS: "the agency that leads agrees and another one does not: the partnership team decides",
    NoticeKind.NOT_SETTLED: "the partnership team has decided that it is not settled yet",
    NoticeKind.PLAN_PROPOSED: "a plan is proposed, and they are asked whether they agree",
    NoticeKind.PLAN_ANSWERED: "their plan has been answered",
    NoticeKind.ACTION_REMINDER: "a reminder of the date of an action",
    NoticeKind.ACTION_DATE_PASSED: "the date of an action has passed",
    NoticeKind.ACTION_REPORTED: "an action is said to be done, or not to be",
    NoticeKind.ACTION_DENIED: "an action that was said to be done is said not to be",
    NoticeKind.DISSENT: "an agency has put on record that it disagrees",
    NoticeKind.FOLLOW_UP: "they are asked what came of it",
    NoticeKind.FOLLOW_UP_REMINDER: "they are reminded that they are asked what came of it",
    NoticeKind.FOLLOW_UP_UNANSWERED: "what came of it has not been answered",
    NoticeKind.NOT_FOR_THIS: "what they sent is not for this process: the page says where it goes",
    NoticeKind.AGENCY_AWAITED: "their agency is added to the directory first, and what they sent is held meanwhile",
    NoticeKind.IN_YOUR_NAME: "an escalation was raised in the name of their agency, and is it theirs",
    NoticeKind.LINKS_ELSEWHERE: "the links in our messages to them no longer work, as somebody else is written to",
    NoticeKind.WHOSE: "whether the agency that it was raised for says that it is theirs",
    NoticeKind.NOT_THEIRS: "the agency that it was raised for says that it is not theirs",
    NoticeKind.ASKED_TO_ADVISE: "somebody outside it is asked for advice",
    NoticeKind.ADVISER_ASKED: "somebody was asked for advice",
    NoticeKind.ADVICE_GIVEN: "whoever was asked for advice has answered",
    NoticeKind.ADVICE_ENDED: "advice is no longer asked for",
}
"""What the team is to tell somebody who is not told by mail: "Please tell ...: ..."."""


TURN_TO: dict[Route, str] = {
    Route.COMPLAINT: "the complaints procedure of the service that it is about",
    Route.LADO: "the local authority’s designated officer, who looks at the conduct of people who work with children",
    Route.WHISTLEBLOWING: "the whistleblowing procedure of the organisation that it is about",
    Route.INSIDE_ONE_AGENCY: "that agency’s own managers",
    Route.CONFERENCE_DISSENT: "whoever chairs the child protection conference",
    Route.FRONT_DOOR: "the front door of children’s services, at the number below",
    Route.OTHER: "another service, which the partnership team names if you ring it",
}
"""Where somebody turns with what is not for this process: "The right place for it: ..."."""


def turn_to(route: Route | None, elsewhere: str | None = None) -> str:
    """The same; in the words of the policy's document, where that names it. Empty where it goes nowhere."""
    return elsewhere or ("" if route is None else TURN_TO[route])


_INSTEAD: dict[tuple[Because, By], str] = {
    (Because.CLOSED, By.DEPUTY): "Its deputy was told instead.",
    (Because.CLOSED, By.STAND_IN): "Whoever stands in for it was told instead.",
    (Because.CLOSED, By.NOBODY): "Nobody stands in for it, so the partnership team was told, to find somebody.",
    (Because.ONE_PERSON, By.NEXT_PERSON): "The next level that another person holds was told instead.",
    (
        Because.ONE_PERSON,
        By.SAME_PERSON,
    ): "The same person was asked again: no level above is held by somebody else, or the policy says so.",
}


def instead(told: ToldInstead) -> str:
    """Who got a notice in the place of whoever it was meant for, and why: two sentences without a name."""
    sentence = _INSTEAD.get((told.because, told.by), "Somebody else was told instead.")
    if told.because is Because.ONE_PERSON:
        return f"At this agency one person holds this level and the one below. {sentence}"
    until = "" if told.opens_on is None else f" until {say_day(told.opens_on)}"
    return f"The agency is closed{until}. {sentence}"
