"""Plans of actions, dissent and follow-up: what was agreed and what became of it, as a case keeps it.

Frozen dataclasses of codes, ids and instants. What an action is, in words, is sealed with the submission that proposed
it; here are only its owner and its date. The functions are the only way in which plans change; ``evolving`` and the
review both use them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from escalations.policy import Side
from escalations.rules.changing import replace

Whose = tuple[Side, str]
"""A side, and an agency of it."""


class PlanSays(StrEnum):
    """What somebody who was asked says to a plan."""

    AGREED = "agreed"
    IN_PART = "in_part"
    """To all of it but some of its actions."""
    NOT_AGREED = "not_agreed"


class NotDone(StrEnum):
    """Why an action was not done; in the owner's own words it is sealed."""

    UNDER_WAY = "under_way"
    """It was begun, and needs more time."""
    NO_CAPACITY = "no_capacity"
    """People or means were missing."""
    CIRCUMSTANCES_CHANGED = "circumstances_changed"
    """It is no longer needed, or no longer right."""
    NOT_CONSENTED = "not_consented"
    """Whoever it is about, or their family, did not want it."""
    WAITING_FOR_OTHER_PROCESS = "waiting_for_other_process"
    """A court, the police, a medical or a conference."""
    OTHER = "other"


class Kept(StrEnum):
    """Whether what was agreed was done, as a side says at a follow-up."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    NOT_KNOWN = "not_known"


class Learning(StrEnum):
    """Where the learning of a case went, as a side says at a follow-up."""

    TRAINING = "training"
    SUPERVISION = "supervision"
    POLICY_CHANGED = "policy_changed"
    GUIDANCE = "guidance"
    """What staff are told of how to work was changed, or put in words."""
    CASE_REVIEW = "case_review"
    """It went to the partnership's case reviews or audits."""
    OTHER = "other"
    NONE = "none"
    NOT_YET_KNOWN = "not_yet_known"


LEARNT_NOTHING = (Learning.NONE, Learning.NOT_YET_KNOWN)
"""What is said alone."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that somebody is to do, by a date."""

    action_id: str
    agency_id: str
    """Whose it is."""
    position: str
    due_at: datetime
    """Close of business of the day that the plan names."""
    reminders: tuple[datetime, ...] = ()
    refused_by: tuple[str, ...] = ()
    """The agencies that do not agree to it."""
    stands: bool = False
    """Whether its owner has taken it on, and nobody who was asked is against it."""
    reminded: int = 0
    """How many reminders have been dealt with."""
    passed_at: datetime | None = None
    """When it was noted that its date had passed."""
    done: bool | None = None
    """What was said of it last; none while nothing was, and where that was denied."""
    why: NotDone | None = None
    done_at: datetime | None = None
    """When it was done, as was said; where nothing was, when that was received."""
    checked: bool | None = None
    """Whether the other side confirmed it, or said that it is not so."""
    denied: bool = False
    """Whether it was said to be done, and the other side said that it is not so; until it is said again."""


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """What one agency says to a plan."""

    side: Side
    agency_id: str
    says: PlanSays
    at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """Actions that somebody proposed together."""

    plan_id: str
    side: Side
    agency_id: str | None
    """Who proposed it; no agency where the team did."""
    stage: int
    proposed_at: datetime
    asked: tuple[Whose, ...]
    """Whose word is asked."""
    actions: tuple[Action, ...]
    answers: tuple[PlanAnswer, ...] = ()
    """The last one of each agency."""

    def answer_of(self, agency_id: str | None) -> PlanAnswer | None:
        """What an agency says to it."""
        return next((one for one in self.answers if one.agency_id == agency_id), None)

    @property
    def unanswered(self) -> tuple[Whose, ...]:
        """Whose word is still waited for."""
        return tuple(whose for whose in self.asked if self.answer_of(whose[1]) is None)

    @property
    def rejected(self) -> bool:
        """Whether somebody does not agree to any of it."""
        return any(answer.says is PlanSays.NOT_AGREED for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Dissent:
    """An agency goes along with how it stands or ended, and puts on record that it disagrees."""

    side: Side
    agency_id: str
    formal: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is asked of each side some time after the end."""

    at: datetime
    """When it is to be asked."""
    asked_at: datetime | None = None
    asked: tuple[Whose, ...] = ()
    until: datetime | None = None
    """Until when it is to be answered."""
    reminders: tuple[datetime, ...] = ()
    reminded: int = 0
    over_at: datetime | None = None
    """When it was noted that somebody had not answered by then."""
    answered: tuple[str, ...] = ()
    """The agencies that have."""

    @property
    def unanswered(self) -> tuple[Whose, ...]:
        """Who was asked and has not answered."""
        return tuple(whose for whose in self.asked if whose[1] not in self.answered)


def action_of(plans: tuple[Plan, ...], action_id: str | None) -> tuple[Plan, Action] | None:
    """The action of that id, with its plan."""
    found = ((plan, action) for plan in plans for action in plan.actions if action.action_id == action_id)
    return next(found, None)


def plan_of(plans: tuple[Plan, ...], plan_id: str | None) -> Plan | None:
    """The plan of that id."""
    return next((plan for plan in plans if plan.plan_id == plan_id), None)


def proposed(plans: tuple[Plan, ...], plan: Plan) -> tuple[Plan, ...]:
    """The plans with one more."""
    return (*plans, _looked_at(plan))


def answered(
    plans: tuple[Plan, ...], plan_id: str, answer: PlanAnswer, without: tuple[str, ...] = ()
) -> tuple[Plan, ...]:
    """The plans after somebody's word on one of them. What was to be reminded of before that is over."""

    def after(action: Action) -> Action:
        against = answer.says is PlanSays.NOT_AGREED or action.action_id in without
        others = tuple(agency for agency in action.refused_by if agency != answer.agency_id)
        over = sum(1 for moment in action.reminders if moment <= answer.at)
        refused_by = (*others, answer.agency_id) if against else others
        return replace(action, refused_by=refused_by, reminded=max(action.reminded, over))

    return tuple(
        _looked_at(
            replace(
                plan,
                answers=(*(one for one in plan.answers if one.agency_id != answer.agency_id), answer),
                actions=tuple(after(action) for action in plan.actions),
            )
        )
        if plan.plan_id == plan_id
        else plan
        for plan in plans
    )


def _looked_at(plan: Plan) -> Plan:
    """Which of its actions stand: those that their owner proposed or agreed to, and that nobody is against."""

    def taken_on(action: Action) -> bool:
        return action.agency_id == plan.agency_id or plan.answer_of(action.agency_id) is not None

    return replace(
        plan,
        actions=tuple(
            replace(action, stands=taken_on(action) and not action.refused_by and not plan.rejected)
            for action in plan.actions
        ),
    )


def reported(
    plans: tuple[Plan, ...], action_id: str, *, done: bool, why: NotDone | None, at: datetime
) -> tuple[Plan, ...]:
    """The plans after what was said of an action."""
    return changed(plans, action_id, done=done, why=why, done_at=at if done else None, checked=None, denied=False)


def checked(plans: tuple[Plan, ...], action_id: str, *, so: bool) -> tuple[Plan, ...]:
    """The plans after the other side's word on what was said of an action. What is denied was never done."""
    found = action_of(plans, action_id)
    if found is not None and found[1].done and not so:
        return changed(plans, action_id, done=None, done_at=None, checked=False, denied=True)
    return changed(plans, action_id, checked=so)


def changed(plans: tuple[Plan, ...], action_id: str, **changes: object) -> tuple[Plan, ...]:
    """The plans with something else of one action."""
    return tuple(
        replace(
            plan,
            actions=tuple(
                replace(action, **changes) if action.action_id == action_id else action  # type: ignore[arg-type]  # checked by the caller's keywords
                for action in plan.actions
            ),
        )
        for plan in plans
    )
