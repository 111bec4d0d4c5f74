"""What comes of the agreements of the invented year: plans, dissent, and what each side says some time after the end.

Which cases have what follows from the day on which they began, and takes nothing from the chance that makes the year.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from escalations.rules import acts, workingtime
from escalations.rules.actors import Actor
from escalations.rules.acts import Act
from escalations.rules.case import Changed
from escalations.rules.plan import Kept, Learning, NotDone, PlanSays
from escalations.rules.workingtime import Amount, Unit
from escalations.simulation.scripts import SAID, Script, Step, origin

_ENDS: Final = (acts.Agree, acts.Decide, acts.Close)
_HOUR: Final = timedelta(hours=1)
_WORDS: Final = {"by": SAID["by"], "actions": ["Invented: somebody visits each week, and says how it went."]}


def after(script: Script) -> Script:
    """What was agreed is planned, kept or not, and followed up; in some of the cases."""
    ended = next((step for step in reversed(script.steps) if isinstance(step.act, _ENDS)), None)
    if ended is None:
        return script
    number = script.began.toordinal()
    if isinstance(ended.act, acts.Agree) and number % 5 in {0, 2, 3}:
        _planned(script, ended, number)
    if isinstance(ended.act, acts.Agree) and number % 11 == 0:
        responder = _last_answer(script)
        if responder is not None and responder.agency_id is not None:
            at = ended.at + 2 * _HOUR
            _add(
                script,
                acts.RecordDissent(**origin(responder, at), agency_id=responder.agency_id, formal=number % 2 > 0),
            )
    _followed_up(script, ended, number)
    script.steps.sort(key=lambda step: step.at)
    return script


def _add(script: Script, act: Act, words: dict[str, Any] | None = None) -> None:
    script.steps.append(Step(act, words or SAID))


def _last_answer(script: Script) -> Actor | None:
    answers = [step.act.by for step in script.steps if isinstance(step.act, acts.Respond)]
    return answers[-1] if answers else None


def _planned(script: Script, ended: Step, number: int) -> None:
    """Whoever answered last proposes a plan, the raising side agrees, and the action is done, or not."""
    answered = [step for step in script.steps if isinstance(step.act, acts.Respond) and step.at < ended.at]
    if not answered or ended.at - answered[-1].at < 2 * _HOUR:
        return
    at, by = answered[-1].at, answered[-1].act.by
    on = workingtime.civil(ended.at).date() + timedelta(days=14)
    action = acts.ProposedAction(agency_id=str(by.agency_id), due_on=on)
    _add(script, acts.ProposePlan(**origin(by, at + _HOUR / 3), actions=(action,)), dict(_WORDS))
    agrees = origin(ended.act.by, at + _HOUR)
    _add(script, acts.AnswerPlan(**agrees, plan_id="p1", agency_id=script.raising, says=PlanSays.AGREED))
    if number % 7 == 0:
        return  # Nobody says anything of it, and its date passes.
    done, why = (True, None) if number % 3 else (False, NotDone.UNDER_WAY)
    _add(script, acts.ReportAction(**origin(by, ended.at + timedelta(days=11)), action_id="a1", done=done, why=why))
    if number % 2:
        _add(script, acts.CheckAction(**origin(ended.act.by, ended.at + timedelta(days=12)), action_id="a1", so=True))


_CHANGED: Final = ((Changed.PLAN_AMENDED,), (Changed.SERVICE_STARTED,), (Changed.NOT_YET_KNOWN,), (Changed.STEP_UP,))
_LEARNING: Final = (
    (Learning.SUPERVISION,),
    (Learning.TRAINING, Learning.SUPERVISION),
    (Learning.NONE,),
    (Learning.GUIDANCE,),
    (Learning.CASE_REVIEW,),
)
_KEPT: Final = (Kept.ALL, Kept.SOME, Kept.ALL, Kept.NOT_KNOWN)


def _followed_up(script: Script, ended: Step, number: int) -> None:
    """Not all answer."""
    rule = Amount(value=64, unit=Unit.WORKING_DAYS)
    try:
        at: datetime = workingtime.deadline(script.calendar, ended.at, rule)
    except workingtime.CalendarExhausted:
        return
    sides = (
        (script.raising, ended.act.by if isinstance(ended.act, acts.Agree) else None),
        (script.responding[0], None),
    )
    for place, (agency, by) in enumerate(sides):
        if (number + place) % 3 == 0:
            continue
        who = by or script.actor(agency)
        _add(
            script,
            acts.AnswerFollowUp(
                **origin(who, at - (1 + place) * _HOUR),
                agency_id=agency,
                kept=_KEPT[(number + place) % len(_KEPT)],
                changed=_CHANGED[(number // 2 + place) % len(_CHANGED)],
                learning=_LEARNING[(number // 3 + place) % len(_LEARNING)],
            ),
        )
