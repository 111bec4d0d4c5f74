"""Cases, acts and times, valid by default: one keyword makes the point of a test. Everybody in here is invented."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from escalations.packs import reading
from escalations.policy import Policy, Side, Track
from escalations.rules import acts, case, clocks, decider, events, evolving, notices, passing, workingtime
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Case, Clock, DeliveryState, Done, Frame, Outcome
from escalations.rules.plan import NotDone, PlanSays
from escalations.rules.workingtime import Amount, Calendar, Closure, DayZero, Region, Unit
from escalations.store import calendars

LONDON = ZoneInfo("Europe/London")
SCHOOL = "oak-school"
SOCIAL_CARE = "childrens-services"
POLICE = "police"
REFERENCE = "PD-27-0001-X"

_numbers = itertools.count(1)


def civil(text: str) -> datetime:
    """Read "2027-03-01 09:30" as a civil time in London, given as an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


OLDER = Path(__file__).parent / "packs" / "older" / "default-sample.yaml"
"""The sample as it was before it asked for a follow-up: a case of it is over when it closes."""


def closing_ends_it(*, year: int = 2027) -> Frame:
    """The frame of that older sample."""
    return frame(reading.read(OLDER), year=year)


def frame(policy: Policy | None = None, *, year: int = 2027) -> Frame:
    """Freeze the sample policy, or another, to the calendar of England and Wales."""
    policy = policy or _sample()
    return Frame(policy, _calendar(policy.region, year, policy.day_zero))


@functools.cache
def _sample() -> Policy:
    return reading.sample()


@functools.cache
def _calendar(region: Region, year: int, day_zero: DayZero) -> Calendar:
    return calendars.build(region, year, day_zero=day_zero)


def closed(frame: Frame, first: str, last: str, why: str = "Invented: the offices are closed") -> Frame:
    """Give a frame with a closure more."""
    closure = Closure(first=date.fromisoformat(first), last=date.fromisoformat(last), why=why)
    return Frame(frame.policy, frame.calendar.with_closure(closure))


def with_priorities(*, or_sooner: bool = False) -> Policy:
    """Give the sample with two levels of priority, by which the answer is awaited sooner."""
    values = _sample().model_dump()
    values["priorities"] = [
        {"code": code, "title": code.title(), "definition": f"Invented: {code}", "source": "paragraph 5"}
        for code in ("high", "low")
    ]
    for stage in values["stages"][:3]:
        limit = stage["clocks"][-1]["limits"][Track.STANDARD]
        limit["or_sooner"] = or_sooner
        limit["by_priority"] = {
            "high": {"within": Amount.parse("2 working days"), "remind_before": (Amount.parse("1 working day"),)}
        }
    return Policy.model_validate(values)


def origin(by: Actor, at: datetime, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Give what every act has."""
    return {"submission_id": f"s{next(_numbers)}", "by": by, "channel": Channel.LINK, "received_at": at, **more}


def raiser(agency: str = SCHOOL, position: str = "practitioner") -> Actor:
    """Give somebody of the raising side."""
    return Actor(side=Side.RAISING, agency_id=agency, position=position)


def responder(position: str = "practitioner", agency: str = SOCIAL_CARE) -> Actor:
    """Give the holder of a position of the responding side."""
    return Actor(side=Side.RESPONDING, agency_id=agency, position=position)


TEAM = Actor(side=Side.TEAM, position="team")
SENDER = Actor(side=Side.RAISING, position=notices.RAISER)
"""Whoever sent the mail that raised a case, while their agency is not known."""


def plain_mail(**more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Give what a plain mail from somebody who is not recognised says: hardly anything."""
    return {
        "by": SENDER,
        "channel": Channel.MAIL,
        "raising_agency": None,
        "responding_agencies": (),
        "concern": acts.Concern.NOT_STATED,
        "reason": acts.Reason.NOT_STATED,
        **more,
    }


def raise_(at: datetime, **more: Any) -> acts.Raise:  # noqa: ANN401
    """Raise an escalation of a school with children's services."""
    fields: dict[str, Any] = {
        "channel": Channel.FORM,
        "raising_agency": SCHOOL,
        "responding_agencies": (SOCIAL_CARE,),
        "concern": acts.Concern.CHILD,
        "reason": acts.Reason.PLAN,
        **more,
    }
    return acts.Raise(**origin(fields.pop("by", raiser()), at, **fields))


E = TypeVar("E", bound=events.EventModel)


def _times(more: dict[str, Any]) -> dict[str, Any]:
    """Read a civil time given as text."""
    happened = more.get("happened_at")
    return {**more, "happened_at": civil(happened)} if isinstance(happened, str) else more


class Story:
    """One case driven by the rules alone: acts at civil times, and what time brings in between."""

    def __init__(self, *, policy: Policy | None = None, start: str = "2027-03-01 09:30") -> None:
        """Start before anything has happened."""
        self.frame = frame(policy, year=civil(start).year)
        self.case: Case = case.new(REFERENCE, self.frame)
        self.now = civil(start)
        self.happened: list[events.Event] = []
        self.delivers = True
        """Whether the notice of a stage reaches everybody at once, as it mostly does."""

    def raised(self, **more: Any) -> Story:  # noqa: ANN401
        """Raise it now."""
        self.act(raise_(self.now, **more))
        return self

    def act(self, act: Act) -> tuple[events.Event, ...]:
        """Do something that the rules accept, and give what it brought."""
        decided = decider.decide(self.case, act, act.received_at)
        assert not isinstance(decided, decider.Refused), decided
        self._apply(decided)
        return decided

    def refused(self, act: Act) -> decider.Refused:
        """Do something that the rules refuse, and give the refusal."""
        decided = decider.decide(self.case, act, act.received_at)
        assert isinstance(decided, decider.Refused), [event.kind for event in decided]
        return decided

    def at(self, text: str) -> Story:
        """Let time pass until a civil time."""
        return self.until(civil(text))

    def until(self, when: datetime) -> Story:
        """Let time pass, stopping wherever the rules want to be woken."""
        while (wake := clocks.next_wake(self.case)) is not None and wake <= when:
            self.now = max(wake, self.now)
            brought = passing.due(self.case, self.now)
            assert brought, "a wake without a reason"
            self._apply(brought)
            assert passing.due(self.case, self.now) == ()
        self.now = max(self.now, when)
        return self

    def later(self, **length: float) -> Story:
        """Let elapsed time pass."""
        return self.until(self.now + timedelta(**length))

    def _apply(self, brought: tuple[events.Event, ...]) -> None:
        for event in brought:
            self.case = evolving.evolve(self.case, event)
            self.happened.append(event)
        begun = events.StageStarted | events.Reopened
        back = any(isinstance(event, events.Corrected) and event.back_to is not None for event in brought)
        if self.delivers and self.case.stage and (back or any(isinstance(event, begun) for event in brought)):
            for party in self.case.open_parties:
                self.delivered(party.agency_id)
        elif self.delivers:
            for event in brought:
                if isinstance(event, events.PartyAdded):
                    self.delivered(event.agency_id)

    def delivered(self, agency: str = SOCIAL_CARE, state: DeliveryState = DeliveryState.DELIVERED) -> None:
        """Report what became of the notice of the present stage."""
        self.act(
            acts.ReportDelivery(
                **{**origin(SYSTEM, self.now), "channel": Channel.SYSTEM},
                notice_id=f"{REFERENCE}-n",
                agency_id=agency,
                stage=self.case.stage,
                starts_clocks=True,
                state=state,
            )
        )

    def after(self, *, working_days: int = 0, working_hours: int = 0) -> Story:
        """Let working time pass: days end at close of business, and the next morning begins at nine."""
        when = self.now
        for value, unit in ((working_days, Unit.WORKING_DAYS), (working_hours, Unit.WORKING_HOURS)):
            if value:
                when = workingtime.deadline(self.frame.calendar, when, Amount(value=value, unit=unit))
        return self.until(when)

    def by_responder(self, position: str = "practitioner", agency: str = SOCIAL_CARE, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Give what an act of the responding side has, done now."""
        return origin(responder(position, agency), self.now, **_times(more))

    def by_raiser(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Give what an act of the raising side has, done now."""
        return origin(raiser(), self.now, **_times(more))

    def by_team(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Give what an act of the partnership's team has, done now."""
        return origin(TEAM, self.now, **{"channel": Channel.TEAM, **_times(more)})

    def acknowledges(self, position: str = "practitioner", agency: str = SOCIAL_CARE, **more: Any) -> None:  # noqa: ANN401
        """Let the responding side acknowledge."""
        self.act(acts.Acknowledge(**self.by_responder(position, agency, **more)))

    def responds(self, position: str = "practitioner", agency: str = SOCIAL_CARE, **more: Any) -> None:  # noqa: ANN401
        """Let the responding side answer."""
        self.act(acts.Respond(**self.by_responder(position, agency, **more), offers=Outcome.AGREED_IN_PART))

    def says_done(
        self,
        happened: str,
        *,
        done: Done = Done.ANSWERED,
        position: str = "practitioner",
        agency: str = SOCIAL_CARE,
    ) -> str:
        """Let the responding side say that something was done, and give the claim's id."""
        self.act(acts.SayDone(**self.by_responder(position, agency, happened_at=happened), done=done, agency_id=agency))
        return self.case.claims[-1].claim_id

    def confirms(self, claim_id: str) -> None:
        """Let the raising side confirm it."""
        self.act(acts.ConfirmDone(**self.by_raiser(), claim_id=claim_id))

    def denies(self, claim_id: str) -> None:
        """Let the raising side deny it."""
        self.act(acts.DenyDone(**self.by_raiser(), claim_id=claim_id))

    def moves_up(self) -> None:
        """Let the raising side take it up."""
        self.act(acts.MoveUp(**self.by_raiser()))

    def stays(self) -> None:
        """Let the raising side stay at this stage."""
        self.act(acts.Stay(**self.by_raiser()))

    def agrees(
        self,
        outcome: Literal[
            Outcome.AGREED_AS_ASKED, Outcome.AGREED_IN_PART, Outcome.AGREED_ANOTHER_WAY
        ] = Outcome.AGREED_AS_ASKED,
        *,
        agency: str | None = None,
    ) -> None:
        """Let the raising side say that the worry is dealt with, with one agency or with all."""
        self.act(acts.Agree(**self.by_raiser(), outcome=outcome, agency_id=agency))

    def proposes(self, *actions: tuple[str, str], by: Actor | None = None, position: str | None = None) -> str:
        """Let somebody propose a plan, of agencies and dates such as "2027-03-10", and give its id."""
        planned = tuple(
            acts.ProposedAction(agency_id=agency, position=position, due_on=date.fromisoformat(day))
            for agency, day in actions
        )
        self.act(acts.ProposePlan(**origin(by or responder(), self.now), actions=planned))
        return self.case.plans[-1].plan_id

    def answers_plan(
        self, says: PlanSays = PlanSays.AGREED, *, of: str = SCHOOL, without: tuple[str, ...] = (), plan: str = ""
    ) -> None:
        """Let an agency say whether it agrees to a plan, the newest where none is named."""
        by = raiser() if of == SCHOOL else responder(agency=of)
        plan_id = plan or self.case.plans[-1].plan_id
        self.act(acts.AnswerPlan(**origin(by, self.now), plan_id=plan_id, agency_id=of, says=says, without=without))

    def reports(self, action: str, *, of: str = SOCIAL_CARE, why: NotDone | None = None, **more: Any) -> None:  # noqa: ANN401
        """Let the owner of an action say that it is done, or why it is not."""
        by = raiser() if of == SCHOOL else responder(agency=of)
        self.act(acts.ReportAction(**origin(by, self.now, **_times(more)), action_id=action, done=why is None, why=why))

    def checks(self, action: str, *, so: bool = True) -> None:
        """Let the raising side say whether what was said of an action is so."""
        self.act(acts.CheckAction(**self.by_raiser(), action_id=action, so=so))

    def passes_on(self, *agencies: str, raised_by: str | None = None) -> None:
        """Let the team pass a held case on, saying who raised it where that is not known."""
        self.act(
            acts.PassOn(**self.by_team(), responding_agencies=agencies or (SOCIAL_CARE,), raising_agency=raised_by)
        )

    def completes(self, *agencies: str, by: Actor | None = None, **more: Any) -> None:  # noqa: ANN401
        """Let whoever raised it say what a plain mail had not said."""
        said = {"concern": acts.Concern.CHILD, "reason": acts.Reason.PLAN, **more}
        by = by or Actor(side=Side.RAISING, agency_id=self.case.raised_as, position=notices.RAISER)
        self.act(acts.Complete(**origin(by, self.now), responding_agencies=agencies, **said))

    def team_phones(self, agency: str = SOCIAL_CARE, *, reached: bool = True) -> None:
        """Let the team phone, and note whether it reached somebody."""
        self.act(acts.NotePhoneCall(**self.by_team(), agency_id=agency, reached=reached))

    def adds_words(self, by: Actor | None = None, *, files: int = 0, came_at: datetime | None = None) -> None:
        """Let somebody add words by mail."""
        origin_ = origin(by or responder(), self.now, channel=Channel.MAIL)
        self.act(acts.AddWords(**origin_, files=files, came_at=came_at))

    def message_comes(self, message: Literal["automatic_reply", "unreadable_reply"], agency: str = SOCIAL_CARE) -> None:
        """Let a message come that is no person's act."""
        self.act(
            acts.ReportMessage(**origin(SYSTEM, self.now, channel=Channel.SYSTEM), agency_id=agency, message=message)
        )

    def clock(self, rule: str, *, agency: str | None = None) -> Clock:
        """Give the newest clock of a rule."""
        return [clock for clock in self.case.clocks if clock.rule_id == rule and agency in {None, clock.agency_id}][-1]

    def runs(self, rule: str, *, agency: str | None = None) -> bool:
        """Say whether a clock of this rule still waits."""
        return any(
            clock.running for clock in self.case.clocks if clock.rule_id == rule and agency in {None, clock.agency_id}
        )

    def last(self, kind: type[E]) -> E:
        """Give the last event of a kind."""
        return [event for event in self.happened if isinstance(event, kind)][-1]

    def notices(self) -> Iterator[tuple[events.Event, notices.Notice]]:
        """Give whom each thing that happened obliges us to tell."""
        state = case.new(REFERENCE, self.frame)
        for event in self.happened:
            state = evolving.evolve(state, event)
            for notice in notices.notices_for(state, event):
                yield event, notice

    def kinds(self) -> list[str]:
        """Give the kinds of what happened so far."""
        return [event.kind for event in self.happened]

    def causes(self) -> list[str]:
        """Give the causes of the limits that passed, as they stand now."""
        return [str(clock.cause) for clock in self.case.clocks if clock.limit_passed_at is not None]
