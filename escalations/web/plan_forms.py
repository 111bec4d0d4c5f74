"""The forms for plans, their actions, dissent and the follow-up: the same fields by link and for the team.

Each is read into an act and back. By link somebody speaks for their own agency (``own``); the team writes down what any
agency said, and chooses which. Whether an act is carried out is said in ``rules.planning``, ``dissenting`` and
``following_up``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from enum import StrEnum
from typing import Any, Final

from escalations.policy import Side
from escalations.rules import acts, dissenting, following_up, planning
from escalations.rules.acts import Act, ProposedAction
from escalations.rules.case import CHANGED_NOTHING, Case, Changed
from escalations.rules.civiltime import civil, instant_of
from escalations.rules.plan import LEARNT_NOTHING, Kept, Learning, NotDone, PlanSays
from escalations.rules.telling import LEAD, RAISER
from escalations.web import words
from escalations.web.answers import YesNo
from escalations.web.forms import LONG, Raw, Reading, first

ROWS: Final = 5
"""How many actions one form takes; another plan can follow."""
SHOWN: Final = 2
"""How many of them stand there without being unfolded."""
_NOON: Final = time(12)


class Dissents(StrEnum):
    """How an agency puts on record that it disagrees."""

    RECORD = "record"
    FORMAL = "formal"


DISSENTS: Final[Mapping[Dissents, str]] = {
    Dissents.RECORD: "For the record",
    Dissents.FORMAL: "As a formal dissent",
}
LABELS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    **{f"what-{number}": (f"Action {number}", {}) for number in range(1, ROWS + 1)},
    "plan-text": ("What you add to the plan", {}),
    "plan-says": ("What is said to the plan", {code.value: text for code, text in words.PLAN_SAYS.items()}),
    "plan-answer-text": ("Why", {}),
    "action-why": ("Why it is not done", {code.value: text for code, text in words.NOT_DONE.items()}),
    "action-text": ("What you add", {}),
    "check-text": ("What you add", {}),
    "dissent-text": ("Why you disagree", {}),
    "follow-kept": ("Whether it was done", {code.value: text for code, text in words.KEPT.items()}),
    "follow-text": ("What you add", {}),
}
"""What each field is called where it is given back, and the words of its choices."""


# ---- What there is to choose from -----------------------------------------------------------------------------------


def owners(case: Case) -> tuple[tuple[str, str], ...]:
    """Who can be given an action: each agency of the case, at the positions that it has come to so far."""
    rungs = [stage for stage in case.frame.policy.stages if stage.number <= max(case.stage, 1)]
    found: list[tuple[str, str]] = []
    for agency in planning.owners(case):
        if case.raises(agency):
            found.append((agency, RAISER if agency == case.raising_agency else LEAD))
            found.extend((agency, stage.raising_position) for stage in rungs[1:])
        else:
            found.extend((agency, stage.responding_position) for stage in rungs)
    return tuple(dict.fromkeys(found))


def to_answer(case: Case, own: str | None) -> tuple[tuple[str, str], ...]:
    """The plans that are waiting for somebody's word, and whose; of one agency by link, of all for the team."""
    found = ((plan.plan_id, agency) for plan in case.plans for _, agency in plan.unanswered)
    waiting = tuple(one for one in found if own in {None, one[1]})
    return waiting if planning.lives(case) else ()


def to_report(case: Case, own: str | None) -> tuple[str, ...]:
    """The actions that are not recorded as done."""
    if not planning.lives(case):
        return ()
    agencies = planning.owners(case) if own is None else (own,)
    return tuple(action for agency in agencies for action in planning.to_report(case, agency))


def to_check(case: Case, side: Side | None, own: str | None) -> tuple[str, ...]:
    """The actions of which something was said that is not confirmed yet; by link, those of the other side."""
    if side is not None:
        return planning.to_check(case, side, own)
    found = (action for plan in case.plans for action in plan.actions)
    return tuple(one.action_id for one in found if one.done is not None and one.checked is None)


def may_dissent(case: Case, own: str | None) -> tuple[str, ...]:
    """The agencies whose dissent can still be put on record."""
    if not dissenting.possible(case):
        return ()
    agencies = planning.owners(case) if own is None else (own,)
    return tuple(agency for agency in agencies if not dissenting.has(case, agency, formal=True))


def to_follow_up(case: Case, own: str | None) -> tuple[str, ...]:
    """The agencies that are asked what came of it."""
    agencies = planning.owners(case) if own is None else (own,)
    return tuple(agency for agency in agencies if following_up.open_to(case, agency))


# ---- Reading a form -------------------------------------------------------------------------------------------------


def propose(reading: Reading, case: Case, origin: dict[str, Any], sealed: dict[str, object]) -> Act | None:
    """What is to be done, by whom and by when; rows that are empty are left out."""
    allowed = {f"{agency}|{position}" for agency, position in owners(case)}
    actions: list[ProposedAction] = []
    texts: list[str] = []
    for number in range(1, ROWS + 1):
        parts = (f"what-{number}", f"who-{number}", *(f"by-{number}-{part}" for part in ("day", "month", "year")))
        if number > 1 and not any(first(reading.raw, part).strip() for part in parts):
            continue
        what = reading.text(f"what-{number}", "The action", missing="Say what is to be done", most=LONG)
        who = reading.one_of(f"who-{number}", allowed, missing="Choose who does it")
        day = reading.day(f"by-{number}", "The date", missing="Enter the date by which it is done", future=True)
        if what and who and day is not None:
            agency, _, position = who.partition("|")
            actions.append(ProposedAction(agency_id=agency, position=position, due_on=day))
            texts.append(what)
    sealed["actions"] = texts
    sealed["text"] = reading.text("plan-text", "The note", most=LONG)
    return None if reading.problems else acts.ProposePlan.model_validate({**origin, "actions": actions})


def answer(
    reading: Reading, case: Case, own: str | None, origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """Whether somebody agrees to a plan."""
    choices = [f"{plan}:{agency}" for plan, agency in to_answer(case, own)]
    # What stood on the page is meant, also where a colleague has answered it since.
    found = first(reading.raw, "plan-which")
    plan_id, _, agency = found.partition(":")
    if case.plan(plan_id) is None or own not in {None, agency}:
        found = _which(reading, "plan-which", choices, missing="Choose the plan")
        plan_id, _, agency = found.partition(":")
    says = reading.choice("plan-says", PlanSays, missing="Say whether it is agreed")
    plan = case.plan(plan_id)
    without = [one for one in reading.raw.get("plan-without", []) if one in _ids(case, plan_id)]
    if says is PlanSays.IN_PART and plan is not None and not 0 < len(set(without)) < len(plan.actions):
        reading.problem("plan-without", "Choose the actions that are not agreed: some of them, and not all")
    missing = None if says is PlanSays.AGREED else "Say what is not agreed, and why"
    sealed["text"] = reading.text("plan-answer-text", "The reason", missing=missing, most=LONG)
    if says is None or plan is None:
        return None
    values = {"plan_id": plan_id, "agency_id": agency, "says": says}
    return acts.AnswerPlan.model_validate(
        {**origin, **values, "without": tuple(without) if says is PlanSays.IN_PART else ()}
    )


def _ids(case: Case, plan_id: str) -> set[str]:
    plan = case.plan(plan_id)
    return set() if plan is None else {action.action_id for action in plan.actions}


def report(
    reading: Reading, case: Case, own: str | None, origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """Whether an action is done."""
    action_id = _action(reading, case, "action-which", to_report(case, own))
    done = reading.choice("action-done", YesNo, missing="Say whether it is done")
    why, happened = None, None
    if done is YesNo.NO:
        why = reading.choice("action-why", NotDone, missing="Say why it is not done")
    elif done is YesNo.YES:
        day = reading.day("action-on", "The date", missing=None)
        happened = None if day is None else min(instant_of(day, _NOON), reading.now)
    missing = "Say in a few words why, and what happens next" if done is YesNo.NO else None
    sealed["text"] = reading.text("action-text", "The note", missing=missing, most=LONG)
    if done is None or not action_id:
        return None
    return acts.ReportAction.model_validate(
        {**origin, "happened_at": happened, "action_id": action_id, "done": done is YesNo.YES, "why": why}
    )


def check(  # noqa: PLR0917  as the others, and the side besides
    reading: Reading, case: Case, side: Side | None, own: str | None, origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """Whether what was said of an action is so."""
    action_id = _action(reading, case, "check-which", to_check(case, side, own))
    so = reading.choice("check-so", YesNo, missing="Say whether it is so")
    missing = "Say in a few words what is so instead" if so is YesNo.NO else None
    sealed["text"] = reading.text("check-text", "The note", missing=missing, most=LONG)
    if so is None or not action_id:
        return None
    return acts.CheckAction.model_validate({**origin, "action_id": action_id, "so": so is YesNo.YES})


def dissent(
    reading: Reading, case: Case, own: str | None, origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """That an agency goes along and disagrees."""
    agency = own or _which(reading, "dissent-agency", may_dissent(case, own), missing="Choose the agency")
    kind = reading.choice("dissent-kind", Dissents, missing="Say whether it is formal")
    sealed["text"] = reading.text(
        "dissent-text", "The reason", missing="Say what is disagreed with, and why", most=LONG
    )
    if kind is None or not agency:
        return None
    return acts.RecordDissent.model_validate({**origin, "agency_id": agency, "formal": kind is Dissents.FORMAL})


def follow_up(
    reading: Reading, case: Case, own: str | None, origin: dict[str, Any], sealed: dict[str, object]
) -> Act | None:
    """What came of it."""
    agency = own or _which(reading, "follow-agency", to_follow_up(case, own), missing="Choose the agency")
    kept = reading.choice("follow-kept", Kept, missing="Say whether it was done, or that it is not known")
    changed = _several(
        reading, "follow-changed", Changed, CHANGED_NOTHING, "what changed, or that nothing did or it is not known yet"
    )
    learning = _several(
        reading, "follow-learning", Learning, LEARNT_NOTHING, "where it went, or that there was none or it is not known"
    )
    sealed["text"] = reading.text("follow-text", "What you add", most=LONG)
    if kept is None or not changed or not learning or not agency:
        return None
    return acts.AnswerFollowUp.model_validate(
        {**origin, "agency_id": agency, "kept": kept, "changed": changed, "learning": learning}
    )


def _several(
    reading: Reading,
    name: str,
    vocabulary: type[Changed | Learning],
    alone: Sequence[StrEnum],
    what: str,
) -> list[str]:
    known = {one.value for one in vocabulary}
    chosen = [value for value in reading.raw.get(name, []) if value in known]
    if not chosen:
        reading.problem(name, f"Choose {what}")
    elif len(chosen) > 1 and any(one.value in chosen for one in alone):
        reading.problem(name, f"Choose one or the other: {what}")
    return chosen


def _action(reading: Reading, case: Case, field: str, choices: Sequence[str]) -> str:
    """The action that stood on the page, also where a colleague has spoken of it since; or the only one."""
    found = first(reading.raw, field)
    if case.action(found) is not None:
        return found
    return _which(reading, field, choices, missing="Choose the action")


def _which(reading: Reading, field: str, choices: Sequence[str], *, missing: str) -> str:
    if len(choices) == 1 and not first(reading.raw, field):
        return choices[0]
    return reading.one_of(field, choices, missing=missing)


# ---- And back -------------------------------------------------------------------------------------------------------


def typed(act: Act, sealed: Mapping[str, Any]) -> Raw | None:
    """The fields of the form that an act came from, filled in; none for an act of another kind."""
    text = [str(sealed.get("text") or "")]
    match act:
        case acts.ProposePlan():
            return {**_rows(act, sealed), "plan-text": text}
        case acts.AnswerPlan():
            return {
                "plan-which": [f"{act.plan_id}:{act.agency_id}"],
                "plan-says": [act.says.value],
                "plan-without": list(act.without),
                "plan-answer-text": text,
            }
        case acts.ReportAction():
            why = {} if act.why is None else {"action-why": [act.why.value]}
            on = {} if act.happened_at is None else _day("action-on", act.happened_at)
            done = [(YesNo.YES if act.done else YesNo.NO).value]
            return {"action-which": [act.action_id], "action-done": done, **why, **on, "action-text": text}
        case acts.CheckAction():
            so = [(YesNo.YES if act.so else YesNo.NO).value]
            return {"check-which": [act.action_id], "check-so": so, "check-text": text}
        case acts.RecordDissent():
            kind = [(Dissents.FORMAL if act.formal else Dissents.RECORD).value]
            return {"dissent-agency": [act.agency_id], "dissent-kind": kind, "dissent-text": text}
        case acts.AnswerFollowUp():
            return {
                "follow-agency": [act.agency_id],
                "follow-kept": [act.kept.value],
                "follow-changed": [one.value for one in act.changed],
                "follow-learning": [one.value for one in act.learning],
                "follow-text": text,
            }
        case _:
            return None


def _rows(act: acts.ProposePlan, sealed: Mapping[str, Any]) -> Raw:
    texts = list(sealed.get("actions") or ())
    found: Raw = {}
    for number, one in enumerate(act.actions, 1):
        found[f"what-{number}"] = [str(texts[number - 1]) if number <= len(texts) else ""]
        found[f"who-{number}"] = [f"{one.agency_id}|{one.position or ''}"]
        for part in ("day", "month", "year"):
            found[f"by-{number}-{part}"] = [str(getattr(one.due_on, part))]
    return found


def _day(name: str, instant: datetime) -> Raw:
    day = civil(instant).date()
    return {f"{name}-{part}": [str(getattr(day, part))] for part in ("day", "month", "year")}
