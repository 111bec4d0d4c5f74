"""What people of the simulated year do with what was agreed: propose it, answer, do it or not, and say what came of it.

By a chance of its own, so that what they do before does not depend on whether they plan anything. All of it invented.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random  # noqa: TID251  nothing secret: the same year for the same seed
from typing import Any, Final, Protocol

from escalations.policy import Side
from escalations.rules import acts, events, workingtime
from escalations.rules.actors import Actor
from escalations.rules.acts import Act
from escalations.rules.case import Case, Changed, Outcome
from escalations.rules.events import Event
from escalations.rules.plan import Kept, Learning, NotDone, PlanSays

Make = Callable[[Case, datetime], Act | None]
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


class Cast(Protocol):
    """Who there is in a case, and how something is planned for later."""

    def raiser(self) -> Actor:
        """Whoever raised it."""
        ...

    def responder(self, case: Case, agency: str) -> Actor:
        """Somebody of a responding agency, at the case's stage."""
        ...

    def later(self, at: datetime, make: Make) -> None:
        """Plan something that is done also after the end."""
        ...

    def origin(self, by: Actor, at: datetime, happened: datetime | None = None) -> dict[str, Any]:
        """What every act says of itself."""
        ...


@dataclass(slots=True)
class AfterWords:
    """What comes of an agreement, in one case."""

    chance: Random
    cast: Cast

    def hears(self, case: Case, event: Event) -> None:
        """Something happened; whoever it concerns plans what to do about it."""
        match event:
            case events.Responded() if event.offers is not Outcome.NOT_AGREED_DECIDED and self._happens(0.3):
                self.cast.later(event.at + self._about(2), self._proposes(event.agency_id))
            case events.PlanProposed():
                for one in event.asked:
                    if self._happens(0.8):
                        self.cast.later(
                            event.at + self._about(6), self._answers(event.plan_id, one.side, one.agency_id)
                        )
                for action in event.actions:
                    if self._happens(0.75):
                        self.cast.later(action.due_at + self._about(20) - _DAY, self._reports(action.action_id))
            case events.ActionReported() if self._happens(0.6):
                self.cast.later(event.at + self._about(20), self._checks(event.action_id))
            case events.Settled() if self._happens(0.08):
                self.cast.later(event.at + self._about(20), self._dissents(event.agency_id))
            case events.FollowUpAsked():
                for one in event.asked:
                    if self._happens(0.6):
                        self.cast.later(event.at + self._about(60), self._follows_up(one.side, one.agency_id))
            case _:
                del case

    def _happens(self, share: float) -> bool:
        return self.chance.random() < share

    def _about(self, hours: float) -> timedelta:
        return _HOUR * (hours * self.chance.lognormvariate(0, 0.8))

    def _of(self, case: Case, side: Side, agency: str) -> Actor:
        return self.cast.raiser() if side is Side.RAISING else self.cast.responder(case, agency)

    def _proposes(self, agency: str) -> Make:
        days = self.chance.randint(3, 25)

        def proposes(case: Case, at: datetime) -> Act:
            on = workingtime.civil(at).date() + timedelta(days=days)
            own = acts.ProposedAction(agency_id=agency, due_on=on)
            raising = acts.ProposedAction(agency_id=str(case.raising_agency), due_on=on + timedelta(days=2))
            actions = (own, raising) if self._happens(0.4) else (own,)
            return acts.ProposePlan(**self.cast.origin(self.cast.responder(case, agency), at), actions=actions)

        return proposes

    def _answers(self, plan_id: str, side: Side, agency: str) -> Make:
        def answers(case: Case, at: datetime) -> Act | None:
            plan = case.plan(plan_id)
            if plan is None:
                return None
            several = len(plan.actions) > 1
            says = PlanSays.AGREED if self._happens(0.75) else PlanSays.IN_PART if several else PlanSays.NOT_AGREED
            without = (plan.actions[0].action_id,) if says is PlanSays.IN_PART else ()
            by = self.cast.origin(self._of(case, side, agency), at)
            return acts.AnswerPlan(**by, plan_id=plan_id, agency_id=agency, says=says, without=without)

        return answers

    def _reports(self, action_id: str) -> Make:
        done = self._happens(0.8)
        why = None if done else self.chance.choice(list(NotDone))

        def reports(case: Case, at: datetime) -> Act | None:
            action = case.action(action_id)
            if action is None:
                return None
            side = Side.RAISING if action.agency_id == case.raising_agency else Side.RESPONDING
            by = self.cast.origin(self._of(case, side, action.agency_id), at)
            return acts.ReportAction(**by, action_id=action_id, done=done, why=why)

        return reports

    def _checks(self, action_id: str) -> Make:
        so = self._happens(0.85)

        def checks(case: Case, at: datetime) -> Act | None:
            action = case.action(action_id)
            if action is None:
                return None
            raising = action.agency_id == case.raising_agency
            by = self.cast.responder(case, case.parties[0].agency_id) if raising else self.cast.raiser()
            return acts.CheckAction(**self.cast.origin(by, at), action_id=action_id, so=so)

        return checks

    def _dissents(self, agency: str) -> Make:
        formal = self._happens(0.3)
        return lambda case, at: acts.RecordDissent(
            **self.cast.origin(self.cast.responder(case, agency), at), agency_id=agency, formal=formal
        )

    def _follows_up(self, side: Side, agency: str) -> Make:
        kept, changed = self.chance.choice(list(Kept)), self.chance.choice(list(Changed))
        learning = self.chance.choice(list(Learning))
        return lambda case, at: acts.AnswerFollowUp(
            **self.cast.origin(self._of(case, side, agency), at),
            agency_id=agency,
            kept=kept,
            changed=(changed,),
            learning=(learning,),
        )
