"""A script for one case: what people do, and at which moments of the office. Everybody in one is invented.

A script only says what was done. What that brings, and what time brings in between, is decided by the rules when it is
lived through (``direct``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Literal, Self

from escalations.policy import Side, Track
from escalations.rules import acts, workingtime
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Cause, Changed, DeliveryState, Done, Felt, Outcome, PauseReason, Route, Says
from escalations.rules.workingtime import Amount, Calendar, Unit

TEAM = Actor(side=Side.TEAM, position="team")
RUNGS = ("practitioner", "manager", "senior_manager", "head")
"""Who answers at each stage of the sample policy."""
SAID: Mapping[str, Any] = {
    "by": {"name": "An invented person", "role": "Invented"},
    "text": "Invented: how it was, in a sentence of their own.",
}
"""What somebody writes with an account, or at the end."""
Agreed = Literal[Outcome.AGREED_AS_ASKED, Outcome.AGREED_IN_PART, Outcome.AGREED_ANOTHER_WAY]
Offered = Literal[
    Outcome.AGREED_AS_ASKED, Outcome.AGREED_IN_PART, Outcome.AGREED_ANOTHER_WAY, Outcome.NOT_AGREED_DECIDED
]
Final = Literal[Outcome.DECIDED_AS_ASKED, Outcome.DECIDED_ANOTHER_WAY, Outcome.NOT_AGREED_DECIDED]


@dataclass(frozen=True, slots=True)
class Step:
    """One act, and the words that are sealed with it."""

    act: Act
    words: Mapping[str, Any]

    @property
    def at(self) -> datetime:
        """When it is received."""
        return self.act.received_at


@dataclass(frozen=True, slots=True)
class Facts:
    """What whoever raises it chooses from the form's lists."""

    reason: acts.Reason
    concern: acts.Concern = acts.Concern.CHILD
    level_of_need: int | None = None
    legal_status: acts.LegalStatus = acts.LegalStatus.NOT_KNOWN
    track: Track = Track.STANDARD


@dataclass(slots=True)
class Script:
    """One case. Days are working days after the one on which it was raised; hours are of the clock."""

    calendar: Calendar
    began: datetime
    raising: str
    responding: tuple[str, ...]
    facts: Facts
    steps: list[Step] = field(default_factory=list)
    stage: int = 1

    def at(self, day: int, hour: float) -> datetime:
        """A time of the working day that is so many after the first; of the first day itself for 0."""
        if day:
            closes = workingtime.deadline(self.calendar, self.began, Amount(value=day, unit=Unit.WORKING_DAYS))
            on = workingtime.civil(closes).date()
        else:
            on = workingtime.civil(self.began).date()
        return workingtime.instant_of(on, time(int(hour), round(hour % 1 * 60)))

    def raised(self, *, held: bool = False) -> Self:
        """It is raised, or entered by the team for somebody and held."""
        by = TEAM if held else Actor(side=Side.RAISING, agency_id=self.raising, position="practitioner")
        act = acts.Raise(
            **origin(by, self.began, channel=Channel.TEAM if held else Channel.FORM),
            track=self.facts.track,
            raising_agency=self.raising,
            responding_agencies=() if held else self.responding,
            concern=self.facts.concern,
            reason=self.facts.reason,
            level_of_need=self.facts.level_of_need,
            legal_status=self.facts.legal_status,
            hold=held,
        )
        self.steps.append(Step(act, _words(self.raising)))
        return self

    def passed_on(self, day: int, hour: float) -> Self:
        """The team passes it on."""
        return self._step(acts.PassOn(**self._by_team(day, hour), responding_agencies=self.responding))

    def acknowledged(self, day: int, hour: float, *, agency: str | None = None) -> Self:
        """The responding side has it."""
        return self._step(acts.Acknowledge(**self._by_responder(day, hour, agency)))

    def reached(self, day: int, hour: float) -> Self:
        """Somebody was spoken to (urgent track)."""
        return self._step(
            acts.ReachedByPerson(
                **self._by_raiser(day, hour), agency_id=self.responding[0], position=RUNGS[self.stage - 1]
            )
        )

    def answered(
        self, day: int, hour: float, *, offers: Offered = Outcome.AGREED_IN_PART, agency: str | None = None
    ) -> Self:
        """The responding side answers."""
        return self._step(acts.Respond(**self._by_responder(day, hour, agency), offers=offers), answer=True)

    def said(self, day: int, hour: float, *, happened: tuple[int, float], done: Done = Done.ANSWERED) -> Self:
        """The responding side writes up what was done by phone or in a meeting."""
        origin = self._by_responder(day, hour, None)
        origin["happened_at"] = self.at(*happened)
        return self._step(acts.SayDone(**origin, done=done, agency_id=self.responding[0]), answer=True)

    def confirmed(self, day: int, hour: float, *, claim: int = 1) -> Self:
        """The raising side confirms it."""
        return self._step(acts.ConfirmDone(**self._by_raiser(day, hour), claim_id=f"c{claim}"))

    def denied(self, day: int, hour: float, *, claim: int = 1) -> Self:
        """The raising side says that it was not done."""
        return self._step(acts.DenyDone(**self._by_raiser(day, hour), claim_id=f"c{claim}"))

    def stayed(self, day: int, hour: float) -> Self:
        """The raising side stays at this stage."""
        return self._step(acts.Stay(**self._by_raiser(day, hour)))

    def moved_up(self, day: int, hour: float) -> Self:
        """The raising side takes it up; from here on the next rung answers."""
        self._step(acts.MoveUp(**self._by_raiser(day, hour)))
        self.stage += 1
        return self

    def phoned(self, day: int, hour: float, *, reached: bool = True, agency: str | None = None) -> Self:
        """The team phones."""
        return self._step(
            acts.NotePhoneCall(
                **self._by_team(day, hour), agency_id=agency or self.responding[0], reached=reached, position=None
            )
        )

    def bounced(self, day: int, hour: float) -> Self:
        """The stage's notice comes back."""
        report = origin(SYSTEM, self.at(day, hour), channel=Channel.SYSTEM)
        return self._step(
            acts.ReportDelivery(
                **report,
                notice_id="invented-bounce",
                agency_id=self.responding[0],
                stage=self.stage,
                starts_clocks=True,
                state=DeliveryState.UNDELIVERED,
            )
        )

    def automatic_reply(self, day: int, hour: float) -> Self:
        """An automatic reply comes."""
        report = origin(SYSTEM, self.at(day, hour), channel=Channel.SYSTEM)
        return self._step(acts.ReportMessage(**report, agency_id=self.responding[0], message="automatic_reply"))

    def agreed(
        self, day: int, hour: float, *, outcome: Agreed = Outcome.AGREED_AS_ASKED, agency: str | None = None
    ) -> Self:
        """The raising side says that the worry is dealt with."""
        return self._step(acts.Agree(**self._by_raiser(day, hour), outcome=outcome, agency_id=agency))

    def decided(self, day: int, hour: float, *, body: str, outcome: Final = Outcome.DECIDED_ANOTHER_WAY) -> Self:
        """The final body decides."""
        by = Actor(side=Side.FINAL_BODY, agency_id=body, position="chair")
        return self._step(acts.Decide(**origin(by, self.at(day, hour)), outcome=outcome), answer=True)

    def closed(
        self,
        day: int,
        hour: float,
        outcome: Outcome,
        *,
        on_word_of: Literal[Side.RAISING, Side.FINAL_BODY] | None = None,
        route: Route | None = None,
    ) -> Self:
        """The team writes down on whose word it ends, or ends what it holds."""
        return self._step(acts.Close(**self._by_team(day, hour), outcome=outcome, on_word_of=on_word_of, route=route))

    def paused(self, day: int, hour: float, reason: PauseReason) -> Self:
        """The team stops its time."""
        return self._step(acts.Pause(**self._by_team(day, hour), reason=reason))

    def resumed(self, day: int, hour: float) -> Self:
        """The team lets its time go on."""
        return self._step(acts.Resume(**self._by_team(day, hour)))

    def extended(self, day: int, hour: float, *, clock: str, days: int) -> Self:
        """The team gives one time limit longer."""
        by_amount = Amount(value=days, unit=Unit.WORKING_DAYS)
        return self._step(acts.Extend(**self._by_team(day, hour), clock_id=clock, by_amount=by_amount))

    def cause_confirmed(self, day: int, hour: float, *, clock: str, cause: Cause) -> Self:
        """The team makes the cause of a delay final."""
        return self._step(acts.ConfirmCause(**self._by_team(day, hour), clock_id=clock, cause=cause))

    def accounted(self, day: int, hour: float, *, clock: str, says: Says, of_raising: bool = False) -> Self:
        """A side says how a delay came about."""
        origin = self._by_raiser(day, hour) if of_raising else self._by_responder(day, hour, None)
        agency = self.raising if of_raising else self.responding[0]
        return self._step(acts.Account(**origin, clock_id=clock, agency_id=agency, says=says), says=SAID)

    def looked_back(
        self, after: int, hour: float, *, changed: tuple[Changed, ...], felt: Felt | None, agency: str | None = None
    ) -> Self:
        """A side says what changed, working days after what was done last; the raising side where none is named."""
        closes = workingtime.deadline(self.calendar, self.steps[-1].at, Amount(value=after, unit=Unit.WORKING_DAYS))
        at = workingtime.instant_of(workingtime.civil(closes).date(), time(int(hour), round(hour % 1 * 60)))
        side = Side.RAISING if agency is None else Side.RESPONDING
        by = Actor(side=side, agency_id=agency or self.raising, position=RUNGS[0])
        return self._step(
            acts.LookBack(**origin(by, at), agency_id=agency or self.raising, changed=changed, felt=felt), says=SAID
        )

    def actor(self, agency: str) -> Actor:
        """Somebody of an agency of the case, at the first rung."""
        side = Side.RAISING if agency == self.raising else Side.RESPONDING
        return Actor(side=side, agency_id=agency, position=RUNGS[0])

    def _step(self, act: Act, *, answer: bool = False, says: Mapping[str, Any] | None = None) -> Self:
        words = says or ({"answer": "Invented: what was looked at, and why."} if answer else {})
        self.steps.append(Step(act, words))
        return self

    def _by_team(self, day: int, hour: float) -> dict[str, Any]:
        return origin(TEAM, self.at(day, hour), channel=Channel.TEAM)

    def _by_raiser(self, day: int, hour: float) -> dict[str, Any]:
        by = Actor(side=Side.RAISING, agency_id=self.raising, position=RUNGS[self.stage - 1])
        return origin(by, self.at(day, hour))

    def _by_responder(self, day: int, hour: float, agency: str | None) -> dict[str, Any]:
        by = Actor(side=Side.RESPONDING, agency_id=agency or self.responding[0], position=RUNGS[self.stage - 1])
        return origin(by, self.at(day, hour))


def origin(by: Actor, at: datetime, *, channel: Channel = Channel.LINK) -> dict[str, Any]:
    """What every act of a script says of itself; its id is given when it is received."""
    return {"submission_id": "", "by": by, "channel": channel, "received_at": at, "happened_at": None}


def _words(agency: str) -> Mapping[str, Any]:
    return {
        "raiser": {
            "name": "Invented Raiser",
            "email": f"raiser@{agency}.example",
            "phone": "01632 960250",
            "role": "Invented",
        },
        "people": [
            {
                "kind": "child",
                "name": "An invented child",
                "born_or_due": "2018-05-04",
                "case_numbers": {},
                "address_withheld": False,
                "not_safe_to_tell_family": False,
            }
        ],
        "problem": "Invented, so that there is something to look at: what was agreed was not done.",
        "wanted": "Invented: what was agreed, this week.",
        "tried": "Invented: two calls and a message.",
        "referred": "not_a_new_worry",
    }
