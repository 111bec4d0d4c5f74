"""How a plan, an action, a dissent, the follow-up and advice change a case; ``evolving`` has the rest."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_never

from escalations.rules import events, plan
from escalations.rules.adviser import Adviser
from escalations.rules.case import Case
from escalations.rules.changing import replace
from escalations.rules.plan import Action, Dissent, FollowUp, Plan, PlanAnswer, Whose


def evolve(case: Case, event: events.Promised) -> Case:
    """The case after one of these."""
    match event:
        case (
            events.PlanProposed()
            | events.PlanAnswered()
            | events.ActionReminded()
            | events.ActionDatePassed()
            | events.ActionReported()
            | events.ActionChecked()
        ):
            return replace(case, plans=of_plans(case.plans, event))
        case events.DissentRecorded():
            dissent = Dissent(event.side, event.agency_id, event.formal, event.at)
            others = tuple(one for one in case.dissents if one.agency_id != event.agency_id)
            return replace(case, dissents=(*others, dissent))
        case (
            events.FollowUpAsked() | events.FollowUpReminded() | events.FollowUpUnanswered() | events.FollowUpAnswered()
        ):
            return case if case.follow_up is None else replace(case, follow_up=followed_up(case.follow_up, event))
        case _:
            assert_never(event)


def of_plans(plans: tuple[Plan, ...], event: events.OfPlans) -> tuple[Plan, ...]:
    """The plans after what happened to one of them."""
    match event:
        case events.PlanProposed():
            return plan.proposed(plans, _plan(event))
        case events.PlanAnswered():
            said = PlanAnswer(event.side, event.agency_id, event.says, event.at)
            return plan.answered(plans, event.plan_id, said, event.without)
        case events.ActionReminded():
            return plan.changed(plans, event.action_id, reminded=event.reminder)
        case events.ActionDatePassed():
            return plan.changed(plans, event.action_id, passed_at=event.at)
        case events.ActionReported():
            at = event.happened_at or event.at
            return plan.reported(plans, event.action_id, done=event.done, why=event.why, at=at)
        case events.ActionChecked():
            return plan.checked(plans, event.action_id, so=event.so)
        case _:
            assert_never(event)


def _plan(event: events.PlanProposed) -> Plan:
    return Plan(
        plan_id=event.plan_id,
        side=event.by.side,
        agency_id=event.agency_id,
        stage=event.stage,
        proposed_at=event.at,
        asked=_whose(event.asked),
        actions=tuple(
            Action(one.action_id, one.agency_id, one.position, one.due_at, one.reminders) for one in event.actions
        ),
    )


def _whose(concerned: tuple[events.Concerned, ...]) -> tuple[Whose, ...]:
    return tuple((one.side, one.agency_id) for one in concerned)


def followed_up(
    follow_up: FollowUp,
    event: events.FollowUpAsked | events.FollowUpReminded | events.FollowUpUnanswered | events.FollowUpAnswered,
) -> FollowUp:
    """What is known of a follow-up after one of these."""
    match event:
        case events.FollowUpAsked():
            return replace(
                follow_up,
                asked_at=event.at,
                asked=_whose(event.asked),
                until=event.until,
                reminders=event.reminders,
            )
        case events.FollowUpReminded():
            return replace(follow_up, reminded=event.reminder)
        case events.FollowUpUnanswered():
            return replace(follow_up, over_at=event.at)
        case events.FollowUpAnswered():
            others = tuple(agency for agency in follow_up.answered if agency != event.agency_id)
            return replace(follow_up, answered=(*others, event.agency_id))
        case _:
            assert_never(event)


def advised(case: Case, event: events.Advising) -> Case:
    """The case after somebody outside it was asked for advice, gave it, or is asked no longer."""
    match event:
        case events.AdviserInvited():
            asked = Adviser(
                adviser_id=event.adviser,
                role=event.role,
                stage=event.stage,
                invited_at=event.at,
                until=event.until,
                on_word_of=event.on_word_of,
                reads_of=event.reads_of,
            )
            return replace(case, advisers=(*case.advisers, asked))
        case events.AdviceGiven():
            return of_adviser(case, event.adviser, advised_at=event.at, declined=event.declined, unreached=False)
        case events.AdviserEnded():
            return of_adviser(case, event.adviser, ended_at=event.at)
        case _:
            assert_never(event)


def of_adviser(case: Case, adviser_id: str, **what: Any) -> Case:  # noqa: ANN401  whatever of it changes
    """The case with something of one adviser changed."""
    advisers = tuple(replace(one, **what) if one.adviser_id == adviser_id else one for one in case.advisers)
    return replace(case, advisers=advisers)


def ended_with(case: Case, at: datetime) -> tuple[Adviser, ...]:
    """The advisers once the escalation has ended: what was asked of them has ended with it, also if it opens again."""
    return tuple(replace(one, ended_at=at) if one.ended_at is None else one for one in case.advisers)
