"""Plans, actions, dissent and follow-up in plain words: one sentence for each event, and where each action stands.

What an action is stands sealed with the plan; whoever may read the words finds it beside these sentences.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from escalations.policy import Side
from escalations.rules import events
from escalations.rules.civiltime import civil, say, say_day
from escalations.rules.plan import Action, Dissent, PlanSays
from escalations.web import words
from escalations.web.naming import Naming


def sentence(event: events.Promised, names: Naming) -> str:
    """What an event tells, in one sentence."""
    match event:
        case events.PlanProposed():
            who = (
                "The partnership team wrote down" if event.by.side is Side.TEAM else f"{names.actor(event.by)} proposed"
            )
            actions = "; ".join(
                f"{number_of(one.action_id)} for {names.agency(one.agency_id)}, by {day_of(one)}"
                for one in event.actions
            )
            return f"{who} a plan: {actions}."
        case events.PlanAnswered():
            without = ", ".join(number_of(one) for one in event.without)
            said = f"{words.PLAN_SAYS[event.says].lower()}{f', without {without}' if without else ''}"
            return f"{names.agency(event.agency_id)} says to the plan: {said}."
        case events.ActionReminded():
            return (
                f"Reminder {event.reminder} of {event.of} of {number_of(event.action_id)} of "
                f"{names.agency(event.agency_id)}, by {day_of(event)}."
            )
        case events.ActionDatePassed():
            return (
                f"The date of {number_of(event.action_id)} of {names.agency(event.agency_id)} has passed, "
                f"{day_of(event)}. It is not recorded as done."
            )
        case events.ActionReported():
            done = "is done" if event.done else "is not done"
            when = f", at {say(event.happened_at)}" if event.done and event.happened_at else ""
            why = f": {in_line(words.NOT_DONE[event.why])}" if event.why else ""
            return f"{names.agency(event.agency_id)} says that {number_of(event.action_id)} {done}{when}{why}."
        case events.ActionChecked():
            so = "confirmed it" if event.so else "says that it is not so"
            return f"{names.actor(event.by)} {so}: what was said of {number_of(event.action_id)}."
        case events.DissentRecorded():
            kind = "a formal dissent" if event.formal else "on record that it disagrees"
            does = "raises it too, does not agree," if event.beside else "goes along,"
            return f"{names.agency(event.agency_id)} {does} and put {kind}{' on record' if event.formal else ''}."
        case events.FollowUpAsked():
            whom = _listed(names.agency(one.agency_id) for one in event.asked)
            return f"What came of it was asked of {whom or 'nobody'}, by {say(event.until)}."
        case events.FollowUpReminded():
            whom = _listed(names.agency(one.agency_id) for one in event.unanswered)
            return f"{whom} had a reminder of the question what came of it."
        case events.FollowUpUnanswered():
            whom = _listed(names.agency(one.agency_id) for one in event.unanswered)
            return f"No answer on what came of it is recorded from {whom}. The partnership team was told."
        case events.FollowUpAnswered():
            return f"{names.agency(event.agency_id)} said what came of it."
        case _:
            assert_never(event)


def _listed(parts: Iterable[str]) -> str:
    *most, last = [*parts] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def label(event: events.Promised) -> str | None:
    """A few words for a point of the drawing."""
    match event:
        case events.PlanProposed():
            return "Plan proposed"
        case events.PlanAnswered():
            return f"Plan: {words.PLAN_SAYS[event.says].lower()}"
        case events.ActionReminded():
            return f"Reminder: {number_of(event.action_id)}"
        case events.ActionDatePassed():
            return f"Date passed: {number_of(event.action_id)}"
        case events.ActionReported():
            return f"Said {'done' if event.done else 'not done'}: {number_of(event.action_id)}"
        case events.ActionChecked():
            return f"{'Confirmed' if event.so else 'Said not to be so'}: {number_of(event.action_id)}"
        case events.DissentRecorded():
            return "Formal dissent" if event.formal else "Dissent on record"
        case events.FollowUpAsked():
            return "Follow-up asked"
        case events.FollowUpUnanswered():
            return "Follow-up not answered"
        case events.FollowUpAnswered():
            return "Follow-up answered"
        case events.FollowUpReminded():
            return None
        case _:
            assert_never(event)


def number_of(action_id: str) -> str:
    """What an action is called where its words do not stand beside it."""
    return f"action {action_id.removeprefix('a')}"


def day_of(of: Action | events.PlannedAction | events.ActionReminded | events.ActionDatePassed) -> str:
    """The day by which an action is to be done."""
    return say_day(civil(of.due_at).date())


def in_line(text: str) -> str:
    """Words that stand alone elsewhere, inside a sentence."""
    return text[:1].lower() + text[1:]


def stands(action: Action, *, rejected: bool = False) -> str:
    """Where an action stands."""
    if action.done:
        checked = {True: ", and confirmed", False: "", None: ", and not confirmed yet"}[action.checked]
        return f"Said to be done{checked}"
    if action.done is False:
        why = f": {in_line(words.NOT_DONE[action.why])}" if action.why else ""
        return f"Said not to be done{why}"
    if action.denied:
        return "Said to be done, and the other side says that it is not so"
    if rejected or action.refused_by:
        return "Not agreed"
    if not action.stands:
        return "Proposed, and not answered by its owner yet"
    return "Its date has passed, and it is not recorded as done" if action.passed_at else "To be done"


def dissent(found: Dissent, names: Naming) -> str:
    """Who disagrees, beside how a case ended."""
    how = "Formal dissent" if found.formal else "Disagreement on record"
    return f"{how}: {names.agency(found.agency_id)}, {say(found.at)}."


def plan_says(says: PlanSays) -> str:
    """What somebody says to a plan."""
    return words.PLAN_SAYS[says]
