"""One case driven by the rules alone: no server, database or mail. What stories, the simulated year and tests drive.

What the workflow does between two acts this does in memory: it stops wherever the rules want to be woken, applies what
they bring, hands each notice to whoever plays the post, and reports to the case what it has to hear of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from escalations.policy import Side
from escalations.rules import acts, clocks, decider, evolving, notices, passing
from escalations.rules.actors import SYSTEM, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Case, DeliveryState, Frame, new
from escalations.rules.decider import Refused
from escalations.rules.events import Event
from escalations.rules.notices import Notice

REFERENCE = "PD-00-0000-X"
Post = Callable[[Notice, datetime], DeliveryState | None]
"""Says what becomes of a notice; none where nothing is heard of it yet."""


def everything_arrives(notice: Notice, at: datetime) -> DeliveryState:
    """The post of a good day."""
    del notice, at
    return DeliveryState.DELIVERED


def _leaves(notice: Notice, beside: Iterable[tuple[Notice, DeliveryState | None]]) -> bool:
    """Whether a notice leaves at once: the raiser is told that an agency was reached only where it was."""
    return all(state is DeliveryState.DELIVERED or not notices.waits_on(notice, other) for other, state in beside)


class NoProgressError(AssertionError):
    """The rules wanted to be woken, and then had nothing to say; or they still have something to say after that."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event, and whom it was told to."""

    event: Event
    told: tuple[Notice, ...]


class Alone:
    """A case, from before it is raised."""

    def __init__(
        self,
        frame: Frame,
        *,
        reference: str = REFERENCE,
        post: Post = everything_arrives,
        hears: Callable[[Case, Happening], None] = lambda _case, _happening: None,
    ) -> None:
        """Begin with nothing.

        Args:
            frame: the policy and calendar.
            reference: what the case is called.
            post: says what becomes of each notice.
            hears: told of each thing that happens, with the case as it stands after it.
        """
        self.case = new(reference, frame)
        self.happened: list[Happening] = []
        self._now: datetime | None = None
        self._post = post
        self._hears = hears
        self._notices = 0

    def act(self, act: Act) -> tuple[Event, ...] | Refused:
        """Let time pass until an act is received, and let it be decided. At one instant an act goes before a limit."""
        self._pass(act.received_at, act_follows=True)
        decided = decider.decide(self.case, act, act.received_at)
        if not isinstance(decided, Refused):
            self._apply(decided, act.received_at)
        return decided

    def until(self, moment: datetime) -> None:
        """Let time pass, through everything that is due by then."""
        self._pass(moment, act_follows=False)
        self._now = moment

    def until_just_before(self, moment: datetime) -> None:
        """Let time pass up to an act that is still to be made: what is due at its very instant comes after it."""
        self._pass(moment, act_follows=True)

    @property
    def next_wake(self) -> datetime | None:
        """When time alone next brings something."""
        return clocks.next_wake(self.case) if self.case.seq else None

    def _pass(self, moment: datetime, *, act_follows: bool) -> None:
        while (wake := self.next_wake) is not None and (wake < moment or (wake == moment and not act_follows)):
            # What lay in the past when it came to be due, as after a pause, is due now: time does not go back.
            wake = wake if self._now is None else max(wake, self._now)
            brought = passing.due(self.case, wake)
            if not brought:
                sentence = f"woken at {wake} for nothing"
                raise NoProgressError(sentence)
            self._apply(brought, wake)
            after = self.next_wake
            if after is not None and after <= wake:
                sentence = f"still due at {wake} after what was due was applied"
                raise NoProgressError(sentence)

    def _apply(self, brought: tuple[Event, ...], at: datetime) -> None:
        """The case changes by each event; then each is told, and what became of the notices is reported."""
        self._now = at
        came: list[tuple[Notice, DeliveryState | None]] = []
        for event in brought:
            self.case = evolving.evolve(self.case, event)
            found = [(notice, self._post(notice, at)) for notice in notices.notices_for(self.case, event)]
            came.extend(found)
            happening = Happening(event, tuple(notice for notice, _ in found if _leaves(notice, found)))
            self.happened.append(happening)
            self._hears(self.case, happening)
        for notice, state in came:
            self._notices += 1
            self.report(notice, state, at, notice_id=f"{self.case.reference}-n{self._notices}")

    def report(self, notice: Notice, state: DeliveryState | None, at: datetime, *, notice_id: str) -> None:
        """Let the case hear what became of a notice, where that matters to it: as ``intake.unheard`` has it."""
        if state is None or notice.to.side is Side.TEAM:
            return
        if state is DeliveryState.DELIVERED and not notice.starts_clocks:
            return
        act = acts.ReportDelivery(
            submission_id=f"delivery-{notice_id}",
            by=SYSTEM,
            channel=Channel.SYSTEM,
            received_at=at,
            notice_id=notice_id,
            agency_id=notice.to.agency_id,
            to_raiser=notice.to.side is Side.RAISING and notice.to.agency_id is None,
            outside=notice.to.position if notice.to.side is Side.OUTSIDE else None,
            stage=notice.stage,
            starts_clocks=notice.starts_clocks,
            state=state,
        )
        heard = decider.decide(self.case, act, at)
        if not isinstance(heard, Refused):
            self._apply(heard, at)
