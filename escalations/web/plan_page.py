"""What pages show of plans, dissent and the follow-up, and what their forms offer to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, assert_never

from escalations.policy import Side
from escalations.rules import acts, events, planning
from escalations.rules.case import Case
from escalations.rules.civiltime import say, say_day
from escalations.rules.plan import Action, Plan
from escalations.web import plan_forms, promised, words
from escalations.web.story import Written
from escalations.web.telling import Names


def texts(wrote: Iterable[Written]) -> Mapping[str, str]:
    """What each action is, in the words of whoever proposed it; by its id. Nothing where nobody may read them."""
    found: dict[str, str] = {}
    for item in wrote:
        if isinstance(item.event, events.PlanProposed):
            said = list(item.words.get("actions") or ())
            found.update({action.action_id: str(text) for action, text in zip(item.event.actions, said, strict=False)})
    return found


def values(
    case: Case,
    names: Names,
    said: Mapping[str, str],
    *,
    side: Side | None = None,
    own: str | None = None,
    about: str | None = None,
) -> dict[str, Any]:
    """Everything about plans that a page shows.

    Args:
        case: as it stands.
        names: of agencies.
        said: what each action is, by its id, as far as the reader may read it.
        side: of whoever reads by link; none for the team.
        own: their agency; none for the team.
        about: the plan or the action that a link is about, which is then the one that is asked of first.
    """
    answers = sorted(plan_forms.to_answer(case, own), key=lambda one: one[0] != about)
    plans = {plan.plan_id: plan for plan in case.plans}
    return {
        "plans": [_plan(plan, case, names, said) for plan in case.plans],
        "dissents": [promised.dissent(one, names) for one in case.dissents],
        "follow_up": follow_up(case, names),
        "owners": {
            f"{agency}|{position}": _owner(agency, position, names) for agency, position in plan_forms.owners(case)
        },
        "rows": range(1, plan_forms.SHOWN + 1),
        "more_rows": range(plan_forms.SHOWN + 1, plan_forms.ROWS + 1),
        "answers": {
            f"{plan}:{agency}": f"Plan {plan.removeprefix('p')}{'' if own else ', ' + names.agency(agency)}"
            for plan, agency in answers
        },
        "without": {
            action.action_id: _named(action, names, said)
            for plan in dict.fromkeys(plan for plan, _ in answers)
            for action in plans[plan].actions
        },
        "says": {code.value: text for code, text in words.PLAN_SAYS.items()},
        "reports": _choices(case, plan_forms.to_report(case, own), names, said, about),
        "why": {code.value: text for code, text in words.NOT_DONE.items()},
        "checks": {
            action_id: f"{label}: {promised.in_line(_stands(case, action_id))}"
            for action_id, label in _choices(case, plan_forms.to_check(case, side, own), names, said, about).items()
        },
        "dissenting": {agency: names.agency(agency) for agency in plan_forms.may_dissent(case, own)},
        "dissent_kinds": {code.value: text for code, text in plan_forms.DISSENTS.items()},
        "following": {agency: names.agency(agency) for agency in plan_forms.to_follow_up(case, own)},
        "kept": {code.value: text for code, text in words.KEPT.items()},
        "changed": {code.value: text for code, text in words.CHANGED.items()},
        "learning": {code.value: text for code, text in words.LEARNING.items()},
    }


def _owner(agency: str, position: str, names: Names) -> str:
    return f"{names.agency(agency)} ({words.position(position)})"


def _choices(
    case: Case, ids: Iterable[str], names: Names, said: Mapping[str, str], about: str | None
) -> dict[str, str]:
    ordered = sorted(ids, key=lambda action_id: action_id != about)
    found = ((action_id, case.action(action_id)) for action_id in ordered)
    return {action_id: _named(action, names, said) for action_id, action in found if action is not None}


def _named(action: Action, names: Names, said: Mapping[str, str]) -> str:
    """An action, where it is to be chosen: its words, where they may be read, its owner and its date."""
    text = said.get(action.action_id)
    number = promised.number_of(action.action_id)
    of = f"{names.agency(action.agency_id)}, by {promised.day_of(action)}"
    return f"{number[:1].upper()}{number[1:]}: {text} ({of})" if text else f"{number[:1].upper()}{number[1:]} ({of})"


def _stands(case: Case, action_id: str) -> str:
    action = case.action(action_id)
    return "" if action is None else promised.stands(action)


def _plan(plan: Plan, case: Case, names: Names, said: Mapping[str, str]) -> dict[str, Any]:
    who = (
        "The partnership team wrote it down"
        if plan.side is Side.TEAM
        else f"Proposed by {names.agency(plan.agency_id)}"
    )
    answers = [f"{names.agency(one.agency_id)}: {promised.plan_says(one.says).lower()}" for one in plan.answers]
    if planning.lives(case):
        answers += [f"{names.agency(agency)}: not answered yet" for _, agency in plan.unanswered]
    return {
        "number": plan.plan_id.removeprefix("p"),
        "who": f"{who}, {say(plan.proposed_at)}",
        "answers": answers,
        "actions": [
            {
                "number": action.action_id.removeprefix("a"),
                "text": said.get(action.action_id, ""),
                "who": _owner(action.agency_id, action.position, names),
                "by": promised.day_of(action),
                "stands": promised.stands(action, rejected=plan.rejected),
            }
            for action in plan.actions
        ],
    }


def follow_up(case: Case, names: Names) -> str:
    """How the follow-up of a closed case stands; nothing where there is none."""
    found = case.follow_up
    if found is None:
        return ""
    if found.asked_at is None:
        return f"What came of it is asked at {say(found.at)}."
    if not found.asked:
        return ""
    late = " and ".join(names.agency(agency) for _, agency in found.unanswered)
    if not late:
        return "Both sides have said what came of it." if len(found.asked) > 1 else "They have said what came of it."
    by = f", by {say(found.until)}" if found.until is not None and found.over_at is None else ""
    return f"What came of it was asked at {say(found.asked_at)}. Not answered yet: {late}{by}."


Planned: TypeAlias = (
    acts.ProposePlan | acts.AnswerPlan | acts.ReportAction | acts.CheckAction | acts.RecordDissent | acts.AnswerFollowUp
)
"""What is said of a plan, of what came of it, and some time after the end."""


def rows(
    act: Planned,
    sealed: Mapping[str, object],
    case: Case,
    names: Names,
) -> Iterator[tuple[str, str]]:
    """What the team wrote down, to be read once more before it is sent."""
    match act:
        case acts.ProposePlan():
            said = sealed.get("actions")
            written = [str(one) for one in said] if isinstance(said, list) else []
            for text, one in zip(written, act.actions, strict=False):
                owner = _owner(one.agency_id, one.position or "", names)
                yield "Action", f"{text}\n{owner}, by {say_day(one.due_on)}"
        case acts.AnswerPlan():
            yield "Whose word", names.agency(act.agency_id)
            yield "To the plan", words.PLAN_SAYS[act.says]
            if act.without:
                yield "Not agreed", "\n".join(_of(case, one, names) for one in act.without)
        case acts.ReportAction():
            yield "Action", _of(case, act.action_id, names)
            yield "Is it done?", "Yes" if act.done else words.NOT_DONE[act.why] if act.why else "No"
        case acts.CheckAction():
            yield "Action", _of(case, act.action_id, names)
            yield "Is it so?", "Yes" if act.so else "No"
        case acts.RecordDissent():
            yield "Whose dissent", names.agency(act.agency_id)
            yield "How", plan_forms.DISSENTS[plan_forms.Dissents.FORMAL if act.formal else plan_forms.Dissents.RECORD]
        case acts.AnswerFollowUp():
            yield "Whose answers", names.agency(act.agency_id)
            yield "Was it done?", words.KEPT[act.kept]
            yield "What has changed", "\n".join(words.CHANGED[one] for one in act.changed)
            yield "Where the learning went", "\n".join(words.LEARNING[one] for one in act.learning)
        case _:
            assert_never(act)


def _of(case: Case, action_id: str, names: Names) -> str:
    action = case.action(action_id)
    return action_id if action is None else _named(action, names, {})
