"""How people behave in the simulated year: plausibly, and often late, silent, away or mistaken. All of it invented.

Nobody here knows the rules. Each time that something happens whoever it concerns may plan to do something at some later
moment; whether that is still wanted then, the rules say.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random  # noqa: TID251  nothing secret: the same year for the same seed
from typing import Any, Final, TypeAlias

from escalations.policy import Awaits, Policy, Side, Track
from escalations.rules import acts, events, workingtime
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Case, DeliveryState, Done, Outcome, PauseReason, Status
from escalations.rules.codelists import ListKind
from escalations.rules.notices import RAISER, Notice
from escalations.rules.workingtime import Amount, Calendar, CalendarExhausted, Unit
from escalations.simulation.alone import Happening
from escalations.simulation.behaving_after import AfterWords
from escalations.simulation.scripts import Agreed, Offered

Make: TypeAlias = Callable[[Case, datetime], Act | None]
"""Makes an act when its moment has come, as the case then stands; none where it is not wanted any more."""

RAISING: Final = ("oak-school", "elm-academy", "hospital-trust", "police", "housing")
RESPONDING: Final = ("childrens-services", "childrens-services", "childrens-services", "health-visiting", "probation")
GIVES_UP_AFTER: Final = timedelta(days=90)
"""By then somebody has said to the team how it ended, whatever was forgotten."""
_HOUR = timedelta(hours=1)
_TEAM = Actor(side=Side.TEAM, position="team")
_OFFERS: tuple[Offered, ...] = (
    Outcome.AGREED_AS_ASKED,
    Outcome.AGREED_IN_PART,
    Outcome.AGREED_ANOTHER_WAY,
    Outcome.NOT_AGREED_DECIDED,
)
_AGREED: tuple[Agreed, ...] = (Outcome.AGREED_AS_ASKED, Outcome.AGREED_IN_PART, Outcome.AGREED_ANOTHER_WAY)


@dataclass(frozen=True, slots=True)
class Temper:
    """How the people of one case are."""

    silence: float
    """How likely it is that something asked of somebody is not done at all."""
    pace: float
    """How many working hours a thing takes, about."""
    writes_up: float
    """How likely it is that an answer is given by phone, and written up later."""


TEMPERS: Final = (Temper(0.02, 3, 0.1), Temper(0.1, 8, 0.2), Temper(0.3, 20, 0.3), Temper(0.9, 30, 0.1))


@dataclass(slots=True)
class People:
    """Everybody of one case, and what they plan to do."""

    chance: Random
    policy: Policy
    calendar: Calendar
    began: datetime
    raising: str
    responding: tuple[str, ...]
    track: Track
    temper: Temper
    away: dict[str, tuple[DeliveryState, datetime]] = field(default_factory=dict)
    """Of an agency whose notices do not arrive: why, and until when."""
    _plans: list[tuple[datetime, int, bool, Make]] = field(default_factory=list)
    """When, its number, whether also after the end, and what."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _after: AfterWords = field(init=False)

    def __post_init__(self) -> None:
        """What comes of an agreement has a chance of its own, by when and by whom it was raised."""
        seed = f"{self.began.isoformat()}/{self.raising}/{'/'.join(self.responding)}"
        self._after = AfterWords(Random(seed), self)  # noqa: S311  nothing secret

    def next_at(self) -> datetime | None:
        """When somebody next does something."""
        return self._plans[0][0] if self._plans else None

    def next_act(self, case: Case) -> Act | None:
        """What they do then, if it is still wanted."""
        at, _, _, make = heapq.heappop(self._plans)
        return make(case, at)

    def after_the_end(self) -> None:
        """It has closed: what is not about what was agreed is not done any more."""
        if any(not also for _, _, also, _ in self._plans):
            self._plans = [one for one in self._plans if one[2]]
            heapq.heapify(self._plans)

    def post(self, notice: Notice, at: datetime) -> DeliveryState:
        """What becomes of a notice."""
        away = self.away.get(notice.to.agency_id or "")
        return DeliveryState.DELIVERED if away is None or at >= away[1] else away[0]

    def raises(self) -> Act:
        """The beginning."""
        held = _happens(self.chance, 0.06)  # a few are phoned in
        by = _TEAM if held else self._raiser(None)
        self._plan(self.began + GIVES_UP_AFTER, self._gives_up)
        if _happens(self.chance, 0.05):
            self._pauses()
        return acts.Raise(
            **self._origin(by, self.began),
            track=self.track,
            raising_agency=self.raising,
            responding_agencies=() if held else self.responding,
            concern=acts.Concern.CHILD,
            reason=self.chance.choice([one.code for one in self.policy.codes(ListKind.REASONS)]),
            hold=held,
        )

    def hears(self, case: Case, happening: Happening) -> None:
        """Something happened; whoever it concerns plans what to do."""
        event = happening.event
        self._after.hears(case, event)
        match event:
            case events.ClockStarted():
                self._asked(case, event)
            case events.StageStarted():
                self._comes_to(case)
            case events.Responded():
                self._answered(event)
            case events.NoticeReported(state=DeliveryState.DELIVERED, agency_id=str() as agency) if (
                event.starts_clocks and _happens(self.chance, 0.03)  # it comes back after all
            ):
                self._bounces(event, agency)
            case _:
                pass

    # ---- What is asked of whom --------------------------------------------------------------------------------------

    def _asked(self, case: Case, event: events.ClockStarted) -> None:
        agency = event.agency_id
        match event.awaits:
            case Awaits.LOOK:
                self._plan(event.at + self._elapsed(1), self._passes_on)
            case Awaits.MEND_DELIVERY:
                if agency is not None:
                    self._plan(event.at + self._elapsed(2), self._phones(agency))
            case Awaits.ACKNOWLEDGE if agency is not None and not self._silent():
                self._plan(self._in_the_office(event.at, 0.4), self._acknowledges(agency))
                if _happens(self.chance, 0.05):
                    self._plan(event.at + _HOUR / 60, self._automatic_reply(agency))
            case Awaits.BE_REACHED if agency is not None and not self._silent():
                self._plan(event.at + self._elapsed(1), self._reached(agency))
            case Awaits.RESPOND if agency is not None and not self._silent():
                self._plan(self._in_the_office(event.at, 3), self._responds(agency))
                if _happens(self.chance, 0.05):
                    self._plan(self._in_the_office(event.at, 1), self._extends(event.clock_id, event.amount))
            case Awaits.CHOOSE if not self._silent():
                stays = _happens(self.chance, 0.3)
                self._plan(self._in_the_office(event.at, 0.5), self._stays if stays else self._moves_up)
            case Awaits.CONFIRM if event.about is not None and not self._silent():
                denies = _happens(self.chance, 0.2)
                self._plan(self._in_the_office(event.at, 0.5), self._on_claim(event.about, denies=denies))
            case Awaits.DECIDE if not self._silent():
                self._plan(self._in_the_office(event.at, 6), self._decides)
            case _:
                del case

    def _comes_to(self, case: Case) -> None:
        """A stage may have no time limit of its own; people answer there all the same, or do not."""
        rules = self.policy.stage(case.stage).clocks
        if any(rule.awaits in {Awaits.RESPOND, Awaits.DECIDE} and case.track in rule.limits for rule in rules):
            return
        for party in case.open_parties:
            if not self._silent():
                self._plan(self._in_the_office(case.stage_starts[-1], 3), self._responds(party.agency_id))

    def _answered(self, event: events.Responded) -> None:
        if self._silent():
            return
        enough = event.offers is not Outcome.NOT_AGREED_DECIDED and _happens(self.chance, 0.75)
        self._plan(self._in_the_office(event.at, 1), self._agrees(event.agency_id) if enough else self._moves_up)

    def _silent(self) -> bool:
        return _happens(self.chance, self.temper.silence)

    # ---- What they do -----------------------------------------------------------------------------------------------

    def _passes_on(self, case: Case, at: datetime) -> Act | None:
        if case.status is not Status.HELD:
            return None
        return acts.PassOn(**self._origin(_TEAM, at), responding_agencies=self.responding)

    def _phones(self, agency: str) -> Make:
        reached = _happens(self.chance, 0.8)

        def phones(case: Case, at: datetime) -> Act:
            if not reached and case.status is Status.OPEN:
                self._plan(at + 8 * _HOUR, self._phones(agency))
            return acts.NotePhoneCall(**self._origin(_TEAM, at), agency_id=agency, reached=reached)

        return phones

    def _acknowledges(self, agency: str) -> Make:
        return lambda case, at: acts.Acknowledge(**self._origin(self._responder(case, agency), at))

    def _reached(self, agency: str) -> Make:
        return lambda case, at: acts.ReachedByPerson(
            **self._origin(self._raiser(case), at),
            agency_id=agency,
            position=self._rung(case, Side.RESPONDING),
        )

    def _responds(self, agency: str) -> Make:
        offers = self.chance.choice(_OFFERS)
        if self.chance.random() >= self.temper.writes_up:
            return lambda case, at: acts.Respond(**self._origin(self._responder(case, agency), at), offers=offers)
        later = self._elapsed(30)

        def by_phone(case: Case, at: datetime) -> Act | None:
            if case.status is not Status.CLOSED:
                self._plan(at + later, writes_up(at))
            return None

        def writes_up(happened: datetime) -> Make:
            return lambda case, at: acts.SayDone(
                **self._origin(self._responder(case, agency), at, happened),
                done=Done.ANSWERED,
                agency_id=agency,
            )

        return by_phone

    def _automatic_reply(self, agency: str) -> Make:
        return lambda _, at: acts.ReportMessage(**self._origin(SYSTEM, at), agency_id=agency, message="automatic_reply")

    def _bounces(self, event: events.NoticeReported, agency: str) -> None:
        def comes_back(case: Case, at: datetime) -> Act | None:
            if case.stage != event.stage:
                return None
            return acts.ReportDelivery(
                **self._origin(SYSTEM, at),
                notice_id=f"{event.notice_id}-back",
                agency_id=agency,
                stage=event.stage,
                starts_clocks=True,
                state=DeliveryState.UNDELIVERED,
            )

        self._plan(event.at + self._elapsed(0.5), comes_back)

    def _extends(self, clock_id: str, amount: str) -> Make:
        by_amount = Amount(value=1, unit=Amount.parse(amount).unit)
        return lambda _, at: acts.Extend(**self._origin(_TEAM, at), clock_id=clock_id, by_amount=by_amount)

    def _stays(self, case: Case, at: datetime) -> Act:
        return acts.Stay(**self._origin(self._raiser(case), at))

    def _moves_up(self, case: Case, at: datetime) -> Act:
        return acts.MoveUp(**self._origin(self._raiser(case), at))

    def _on_claim(self, claim_id: str, *, denies: bool) -> Make:
        kind = acts.DenyDone if denies else acts.ConfirmDone

        def answers(case: Case, at: datetime) -> Act | None:
            claim = case.claim(claim_id)
            if claim is None:
                return None
            other = self._raiser(case) if claim.by_side is Side.RESPONDING else self._responder(case, claim.agency_id)
            if not denies:
                self._plan(self._in_the_office(at, 1), self._agrees(claim.agency_id))
            return kind(**self._origin(other, at), claim_id=claim_id)

        return answers

    def _agrees(self, agency: str) -> Make:
        outcome = self.chance.choice(_AGREED)
        return lambda case, at: acts.Agree(
            **self._origin(self._raiser(case), at),
            outcome=outcome,
            agency_id=agency if len(case.parties) > 1 else None,
        )

    def _decides(self, case: Case, at: datetime) -> Act | None:
        body = case.frame.policy.final_body
        by = Actor(side=Side.FINAL_BODY, agency_id=body.agency, position=case.decider_position or body.position)
        return acts.Decide(**self._origin(by, at), outcome=Outcome.DECIDED_ANOTHER_WAY)

    def _pauses(self) -> None:
        begins = self._in_the_office(self.began, 2)

        def pauses(case: Case, at: datetime) -> Act:
            del case
            self._plan(at + self._elapsed(200), resumes)
            return acts.Pause(**self._origin(_TEAM, at), reason=PauseReason.COURT)

        def resumes(case: Case, at: datetime) -> Act:
            del case
            return acts.Resume(**self._origin(_TEAM, at))

        self._plan(begins, pauses)

    def _gives_up(self, case: Case, at: datetime) -> Act:
        origin = self._origin(_TEAM, at)
        if case.status is Status.HELD:
            return acts.Close(**origin, outcome=Outcome.OVERTAKEN)
        return acts.Close(**origin, outcome=Outcome.OVERTAKEN, on_word_of=Side.RAISING)

    # ---- When and who -----------------------------------------------------------------------------------------------

    def _plan(self, at: datetime, make: Make, *, also_after_the_end: bool = False) -> None:
        heapq.heappush(self._plans, (at, next(self._numbers), also_after_the_end, make))

    def later(self, at: datetime, make: Make) -> None:
        """Plan something that is done also after the end."""
        self._plan(at, make, also_after_the_end=True)

    def raiser(self) -> Actor:
        """Whoever raised it."""
        return Actor(side=Side.RAISING, agency_id=self.raising, position=RAISER)

    def responder(self, case: Case, agency: str) -> Actor:
        """Somebody of a responding agency, at the case's stage."""
        return self._responder(case, agency)

    def origin(self, by: Actor, at: datetime, happened: datetime | None = None) -> dict[str, Any]:
        """What every act says of itself."""
        return self._origin(by, at, happened)

    def _elapsed(self, about: float) -> timedelta:
        return _HOUR * (about * self.chance.lognormvariate(0, 0.9))

    def _in_the_office(self, after: datetime, share: float) -> datetime:
        """Some working hours after a moment, by their pace; on the urgent track of the clock."""
        hours = min(self.temper.pace * share * self.chance.lognormvariate(0, 0.8), 400)
        if self.track is not Track.STANDARD:
            return after + _HOUR * (hours / 4)
        amount = Amount(value=max(1, round(hours)), unit=Unit.WORKING_HOURS)
        try:
            at = workingtime.deadline(self.calendar, after, amount)
        except CalendarExhausted:
            return after + _HOUR * hours
        # Now and then exactly when a limit ends; mostly at some minute of that hour.
        return at if _happens(self.chance, 0.1) else max(after, at - timedelta(minutes=self.chance.randint(0, 59)))

    def _origin(self, by: Actor, at: datetime, happened: datetime | None = None) -> dict[str, Any]:
        channel = Channel.SYSTEM if by == SYSTEM else Channel.TEAM if by.side is Side.TEAM else Channel.LINK
        return {
            "submission_id": f"s{next(self._numbers)}",
            "by": by,
            "channel": channel,
            "received_at": at,
            "happened_at": happened,
        }

    def _rung(self, case: Case | None, side: Side) -> str:
        rule = self.policy.stage(max(case.stage if case else 1, 1))
        return rule.raising_position if side is Side.RAISING else rule.responding_position

    def _raiser(self, case: Case | None) -> Actor:
        return Actor(side=Side.RAISING, agency_id=self.raising, position=self._rung(case, Side.RAISING))

    def _responder(self, case: Case, agency: str) -> Actor:
        return Actor(side=Side.RESPONDING, agency_id=agency, position=self._rung(case, Side.RESPONDING))


def _happens(chance: Random, share: float) -> bool:
    """Whether something that happens in this share of cases happens in this one."""
    return chance.random() < share


def people(chance: Random, policy: Policy, calendar: Calendar, began: datetime) -> People:
    """Cast the people of one case."""
    raising = chance.choice(RAISING)
    first = chance.choice(RESPONDING)
    both = _happens(chance, 0.12)  # a few are raised with two agencies
    responding = (first, chance.choice([one for one in RESPONDING if one != first])) if both else (first,)
    urgent = _happens(chance, 0.12)
    cast = People(
        chance=chance,
        policy=policy,
        calendar=calendar,
        began=began,
        raising=raising,
        responding=responding,
        track=Track.URGENT if urgent else Track.STANDARD,
        temper=chance.choice(TEMPERS),
    )
    if _happens(chance, 0.08):  # a dead address, or nobody in post while somebody new is found
        state = chance.choice((DeliveryState.UNDELIVERED, DeliveryState.NO_ONE_IN_POST, DeliveryState.NOT_SENT))
        whose = chance.choice((*responding, raising))
        cast.away[whose] = (state, began + timedelta(hours=chance.choice((1, 30, 400))))
    return cast


def begins(chance: Random, number: int, year: int, calendar: Calendar) -> datetime:
    """When a case is raised: each bank holiday and each clock change has one of the first, and then any day."""
    special = special_days(year, calendar)
    any_day = date(year, 1, 1) + timedelta(days=chance.randint(0, 364))
    day = special[number] if number < len(special) else any_day
    hour = chance.choice((0, 1, 2, 8, 9, 9, 10, 11, 12, 14, 15, 16, 16, 17, 20, 23))
    return workingtime.instant_of(day, time(hour, chance.choice((0, 0, 29, chance.randint(0, 59)))))


def special_days(year: int, calendar: Calendar) -> tuple[date, ...]:
    """Every bank holiday of a year with the day before, both clock changes with theirs, and the year's ends."""
    days = {day for day, _ in calendar.bank_holidays if day.year == year}
    for month in (3, 10):
        last = date(year, month, 31)
        days.add(last - timedelta(days=(last.weekday() + 1) % 7))
    eves = {day - timedelta(days=1) for day in days}
    return tuple(sorted({day for day in (*days, *eves) if day.year == year} | {date(year, 1, 1), date(year, 12, 31)}))
