"""What somebody typed, again: from the act that came of it and the words that were sealed with it.

Where an act was not carried out, its form comes back as it was filled in. The inverse of `link_acts.make`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from escalations.rules import acts
from escalations.rules.acts import Act
from escalations.rules.case import Done, FileNote, Outcome
from escalations.rules.civiltime import civil
from escalations.web import advice, completing, party_forms, plan_forms, together_forms, words
from escalations.web.forms import Raw, first
from escalations.web.link_acts import Doing

_WHEN: Final = frozenset({"before_its_clock", "no_time", "in_the_future"})
"""Refusals that are about the time that was given."""


def _said(options: Mapping[Outcome, str] | Mapping[Done, str]) -> Mapping[str, str]:
    return {code.value: text for code, text in options.items()}


_LABELS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "name": ("Name", {}),
    "role": ("Role", {}),
    "spoken-to": ("Whom you spoke to", {}),
    "offers": ("What you offer", _said(words.OFFERS)),
    "reasons": ("Your reasons", {}),
    "plan": ("What will be done", {}),
    "decision": ("What you decided", _said(words.DECISIONS)),
    "outcome": ("How it is dealt with", _said(words.AGREEMENTS)),
    "done": ("What was done", _said(words.DONE)),
    "done-text": ("Who took part, and what was said or agreed", {}),
    "move-text": ("Why it moves up", {}),
    "stay-text": ("Why it stays", {}),
    "object-text": ("Why you object", {}),
    "sooner-text": ("Why it is needed by then", {}),
    "urgent-text": ("Why it is urgent now", {}),
    "not-urgent-text": ("What you add", {}),
    "withdraw-reason": ("Why you withdraw it", {code.value: text for code, text in words.WITHDRAWN.items()}),
    "read-file-text": ("Which file, and what you add", {}),
    "recorded-text": ("On which file, and what you add", {}),
    "withdraw-text": ("In your own words", {}),
    "route": ("Which way it goes instead", {code.value: text for code, text in words.ROUTES.items()}),
    "redirect-text": ("Why it is not for this policy", {}),
    "deny-text": ("What happened instead", {}),
    "ack-text": ("What you add", {}),
    "confirm-text": ("What you add", {}),
    "agree-text": ("What changed", {}),
    "phone": ("Your phone number", {}),
    "account-says": ("How the delay came about", {says.value: text for says, text in words.SAYS.items()}),
    "changed-text": ("What you add", {}),
    "account-text": ("In your own words", {}),
    "theme": ("The theme", {}),
    "theirs": ("Is it your agency’s?", {"yes": "Yes", "no": "No"}),
    "vouch-text": ("What you add", {}),
    "person-name": ("Name", {}),
    "problem": ("The problem", {}),
    "wanted": ("What you want to happen", {}),
    "tried": ("What has been tried", {}),
    "advice": ("The advice", {}),
    "risk": ("The risk", {}),
    "meanwhile": ("What keeps them safe meanwhile", {}),
    "views": ("The family’s views", {}),
    **advice.LABELS,
    **party_forms.LABELS,
    **together_forms.LABELS,
    **plan_forms.LABELS,
}
"""What each field of a link's forms is called where it is given back, and the words of its choices."""
_DATE: Final = ("done-at-day", "done-at-month", "done-at-year", "done-at-time")


@dataclass(frozen=True, slots=True)
class Given:
    """Something that was typed or chosen, as it can be read and copied."""

    label: str
    value: str


def readable(raw: Mapping[str, Sequence[str]]) -> tuple[Given, ...]:
    """Everything that somebody typed or chose on a form, to be given back where there is no form to show it on."""
    found = []
    for name, values in raw.items():
        label, choices = _LABELS.get(name, ("", {}))
        value = next((value for value in values if value.strip()), "")
        if name == _DATE[0] and (when := " ".join(filter(None, (first(raw, part).strip() for part in _DATE)))):
            found.append(Given("When it happened", when))
        elif label and value:
            found.append(Given(label, choices.get(value, value)))
    return tuple(found)


def doing_of(act: Act) -> Doing | None:  # noqa: C901, PLR0911, PLR0912  one line a kind
    """Which form of a link's page an act came from; none for what no link offers."""
    match act:
        case acts.Acknowledge():
            return Doing.ACKNOWLEDGE
        case acts.ReachedByPerson():
            return Doing.REACHED
        case acts.SayDone():
            return Doing.SAY_DONE
        case acts.Respond():
            return Doing.ANSWER
        case acts.Agree():
            return Doing.AGREE
        case acts.MoveUp():
            return Doing.MOVE_UP
        case acts.Stay():
            return Doing.STAY
        case acts.SetSooner():
            return Doing.SOONER
        case acts.Object():
            return Doing.OBJECT
        case acts.ChangeTrack():
            return Doing.URGENT
        case acts.SayNotUrgent():
            return Doing.NOT_URGENT
        case acts.NoteFile():
            return Doing.READ_FILE if act.note is FileNote.READ else Doing.RECORDED
        case acts.Withdraw():
            return Doing.WITHDRAW
        case acts.Redirect():
            return Doing.REDIRECT
        case acts.ConfirmDone():
            return Doing.CONFIRM
        case acts.DenyDone():
            return Doing.DENY
        case acts.Decide():
            return Doing.DECIDE
        case acts.Account():
            return Doing.ACCOUNT
        case acts.LookBack():
            return Doing.LOOK_BACK
        case acts.Complete():
            return Doing.COMPLETE
        case acts.Misdirected():
            return Doing.MISDIRECTED
        case acts.ChangeParties():
            return Doing.PARTIES
        case acts.ChangeRaisers():
            return Doing.LEAVE
        case acts.ChangeContact():
            return Doing.CONTACT
        case acts.GiveAdvice():
            return Doing.ADVICE
        case acts.VouchForSender():
            return Doing.VOUCH
        case acts.Correct():
            return Doing.CORRECT
        case acts.Reopen():
            return Doing.REOPEN
        case acts.AskToReopen():
            return Doing.ASK_REOPEN
        case acts.ProposePlan():
            return Doing.PLAN
        case acts.AnswerPlan():
            return Doing.PLAN_ANSWER
        case acts.ReportAction():
            return Doing.ACTION
        case acts.CheckAction():
            return Doing.CHECK
        case acts.RecordDissent():
            return Doing.DISSENT
        case acts.AnswerFollowUp():
            return Doing.FOLLOW_UP
        case _:
            return None


def typed(act: Act, sealed: Mapping[str, Any]) -> Raw:  # noqa: C901, PLR0911, PLR0912  one line a kind
    """The fields of its form, filled in."""
    text = str(sealed.get("text") or "")
    match act:
        case acts.Acknowledge():
            return {"ack-text": [text]}
        case acts.ReachedByPerson():
            return {"spoken-to": [str(sealed.get("spoken_to") or "")], "reached-agency": [act.agency_id]}
        case acts.SayDone():
            when = {} if act.happened_at is None else moment("done-at", act.happened_at)
            return {"done": [act.done.value], "done-agency": [act.agency_id], **when, "done-text": [text]}
        case acts.Respond():
            return {"offers": [act.offers.value], "reasons": [text], "plan": [str(sealed.get("plan") or "")]}
        case acts.Agree():
            return {
                "outcome": [act.outcome.value],
                "agree-agency": [act.agency_id or "all"],
                "agree-text": [text],
            }
        case acts.MoveUp():
            further = {} if act.to_stage is None else {"to-stage": [str(act.to_stage)]}
            why = {} if act.skip_because is None else {"skip-because": [act.skip_because.value]}
            side = {} if act.skip_side is None else {"skip-side": [act.skip_side.value]}
            return {"move-text": [text], **further, **why, **side}
        case acts.Stay():
            return {"stay-text": [text]}
        case acts.Object():
            return {"object-text": [text]}
        case acts.SetSooner():
            return {"sooner-clock": [act.clock_id], **moment("sooner-at", act.due_at), "sooner-text": [text]}
        case acts.ChangeTrack():
            return {"urgent-text": [text]}
        case acts.SayNotUrgent():
            return {"not-urgent-text": [text]}
        case acts.NoteFile():
            return {"read-file-text" if act.note is FileNote.READ else "recorded-text": [text]}
        case acts.Withdraw():
            return {"withdraw-reason": [act.reason.value], "withdraw-text": [text]}
        case acts.Redirect():
            return {"route": [act.route.value], "redirect-text": [text]}
        case acts.ConfirmDone():
            return {"confirm-text": [text]}
        case acts.DenyDone():
            return {"deny-text": [text]}
        case acts.Decide():
            return {"decision": [act.outcome.value], "reasons": [text]}
        case acts.LookBack():
            felt = {} if act.felt is None else {"felt": [act.felt.value]}
            return {"changed": [changed.value for changed in act.changed], **felt, "changed-text": [text]}
        case acts.Account():
            return {"account-clock": [act.clock_id], "account-says": [act.says.value], "account-text": [text]}
        case acts.Complete():
            return completing.retyped(act, sealed)
        case acts.GiveAdvice():
            return advice.typed(act, sealed) or {}
        case acts.VouchForSender():
            return {"theirs": ["yes" if act.theirs else "no"], "vouch-text": [text]}
        case acts.ChangeRaisers():
            return together_forms.typed(act, sealed)
        case _:
            return party_forms.typed(act, sealed) or plan_forms.typed(act, sealed) or {}


def field_of(doing: Doing, code: str) -> str:
    """The field that a refusal is about: the time that was given, or else the whole form."""
    if doing is Doing.ACTION and code in _WHEN:
        return "action-on-day"
    return "done-at-day" if doing is Doing.SAY_DONE and code in _WHEN else doing.value


def moment(name: str, instant: datetime) -> Raw:
    """The fields of a date and a time, as `forms.Reading.moment` reads them."""
    local = civil(instant)
    # Where the clocks went back, a time came twice, and the form asks which one is meant.
    other = civil(instant + timedelta(hours=1)), civil(instant - timedelta(hours=1))
    twice = any(there.replace(tzinfo=None) == local.replace(tzinfo=None) for there in other)
    zone = f" {local.tzname()}" if twice else ""
    return {
        f"{name}-day": [str(local.day)],
        f"{name}-month": [str(local.month)],
        f"{name}-year": [str(local.year)],
        f"{name}-time": [f"{local:%H:%M}{zone}"],
    }
