"""Cases, acts and times, valid by default: one keyword makes the point of a test. Everybody in here is invented."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from escalations.packs import reading
from escalations.policy import Policy, Side
from escalations.rules import acts, case, clocks, decider, events, evolving, passing
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Case, DeliveryState, Done, Frame, Outcome
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


def frame(policy: Policy | None = None, *, year: int = 2027) -> Frame:
    """Freeze the sample policy, or another, to the calendar of England and Wales."""
    policy = policy or reading.sample()
    return Frame(policy, calendars.build(policy.region, year, day_zero=policy.day_zero))


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
        if self.delivers and any(isinstance(event, events.StageStarted) for event in brought):
            for party in self.case.open_parties:
                self.delivered(party.agency_id)

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

    def acknowledges(self, position: str = "practitioner", agency: str = SOCIAL_CARE) -> None:
        """Let the responding side acknowledge."""
        self.act(acts.Acknowledge(**origin(responder(position, agency), self.now)))

    def responds(self, position: str = "practitioner", agency: str = SOCIAL_CARE) -> None:
        """Let the responding side answer."""
        self.act(acts.Respond(**origin(responder(position, agency), self.now), offers=Outcome.AGREED_IN_PART))

    def says_done(self, happened: str, *, done: Done = Done.ANSWERED, position: str = "practitioner") -> str:
        """Let the responding side say that something was done, and give the claim's id."""
        self.act(
            acts.SayDone(
                **origin(responder(position), self.now, happened_at=civil(happened)), done=done, agency_id=SOCIAL_CARE
            )
        )
        return self.case.claims[-1].claim_id

    def confirms(self, claim_id: str) -> None:
        """Let the raising side confirm it."""
        self.act(acts.ConfirmDone(**origin(raiser(), self.now), claim_id=claim_id))

    def denies(self, claim_id: str) -> None:
        """Let the raising side deny it."""
        self.act(acts.DenyDone(**origin(raiser(), self.now), claim_id=claim_id))

    def moves_up(self) -> None:
        """Let the raising side take it up."""
        self.act(acts.MoveUp(**origin(raiser(), self.now)))

    def agrees(self, outcome: Outcome = Outcome.AGREED_AS_ASKED) -> None:
        """Let the raising side say that the worry is dealt with."""
        self.act(acts.Agree(**origin(raiser(), self.now), outcome=outcome))

    def kinds(self) -> list[str]:
        """Give the kinds of what happened so far."""
        return [event.kind for event in self.happened]

    def causes(self) -> list[str]:
        """Give the causes of the limits that passed, as they stand now."""
        return [str(clock.cause) for clock in self.case.clocks if clock.limit_passed_at is not None]
