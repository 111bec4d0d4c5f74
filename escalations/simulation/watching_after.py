"""Watching what was agreed, and the follow-up, from outside: what had to happen, kept apart from the rules.

It believes the instants that stand in a plan, in the end of a case and in the question of the follow-up, and nothing
after that. What comes late, twice or not at all is a fault, with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from escalations.rules import events
from escalations.rules.events import Event

BY_SOMEBODY: Final = (
    events.PlanProposed,
    events.PlanAnswered,
    events.ActionReported,
    events.ActionChecked,
    events.DissentRecorded,
    events.FollowUpAnswered,
)
"""What time alone never brings."""


@dataclass(slots=True)
class _Action:
    due_at: datetime
    reminders: tuple[datetime, ...]
    known_at: datetime
    """When it was last agreed to or spoken of: what lay before that already could only be noted then."""
    reminded: int = 0
    passed: bool = False


@dataclass(slots=True)
class Promises:
    """What was agreed in one case, and what is asked after its end."""

    _actions: dict[str, _Action] = field(default_factory=dict)
    _plans: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _follow_up_at: datetime | None = None
    _until: datetime | None = None
    _asked: set[str] = field(default_factory=set)

    def hears(self, event: Event) -> Iterator[tuple[str, str, datetime | None]]:  # noqa: C901, PLR0912  one line a kind
        """What is wrong with an event: what, why, and when it was due, where it is about that."""
        match event:
            case events.Closed():
                self._follow_up_at = event.follow_up_at
            case events.PlanProposed():
                self._plans[event.plan_id] = tuple(one.action_id for one in event.actions)
                for one in event.actions:
                    self._actions[one.action_id] = _Action(one.due_at, one.reminders, event.at)
            case events.PlanAnswered():
                for action_id in self._plans[event.plan_id]:
                    self._actions[action_id].known_at = event.at
            case events.ActionReported() | events.ActionChecked():
                self._actions[event.action_id].known_at = event.at
            case events.ActionReminded():
                yield from self._reminded(event)
            case events.ActionDatePassed():
                action = self._actions[event.action_id]
                if action.passed:
                    yield "doubled", event.action_id, None
                action.passed = True
                yield "on time", event.action_id, max(action.due_at, action.known_at)
            case events.FollowUpAsked():
                if self._follow_up_at is None:
                    yield "doubled", "a follow-up that nobody expected", None
                else:
                    yield "on time", "the follow-up", self._follow_up_at
                self._follow_up_at, self._until = None, event.until
                self._asked = {one.agency_id for one in event.asked}
            case events.FollowUpAnswered():
                self._asked.discard(event.agency_id)
            case events.FollowUpUnanswered():
                if self._until is None or not self._asked:
                    yield "doubled", "told of answers that nobody waits for", None
                else:
                    yield "on time", "the time to answer", self._until
                self._until = None
            case _:
                pass

    def _reminded(self, event: events.ActionReminded) -> Iterator[tuple[str, str, datetime | None]]:
        action = self._actions[event.action_id]
        if event.reminder <= action.reminded or action.passed:
            yield "doubled", event.action_id, None
            return
        action.reminded = event.reminder
        yield "on time", event.action_id, max(action.reminders[event.reminder - 1], action.known_at)

    def overdue(self, now: datetime) -> Iterator[str]:
        """What should have happened by now."""
        if self._follow_up_at is not None and self._follow_up_at < now:
            yield f"missed: the follow-up of {self._follow_up_at.isoformat()}, not asked by {now}"
            self._follow_up_at = None
        if self._until is not None and self._asked and self._until < now:
            yield f"missed: that the time to answer is over, {self._until.isoformat()}, not told by {now}"
            self._until = None
