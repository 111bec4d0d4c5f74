"""What the workflow is given, and what passes between it and its activities: one frozen model in, one out.

The activities themselves live in ``escalations.activities``; here are typed stubs of the same names, so that the
sandbox that re-executes the workflow never sees a database or a mail library. No model holds personal data.
"""

from __future__ import annotations

from enum import StrEnum
from operator import not_
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from temporalio import activity

from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.acts import AnyAct, Raise, ReportDelivery
from escalations.rules.case import DeliveryState, KnownBy
from escalations.rules.events import AnyEvent
from escalations.rules.instead import ToldInstead

WORKFLOW = "Escalation"
"""The workflow's type. Whoever starts or updates one names it so, and need not import the code that waits."""
ACT = "act"
"""The name of its one update."""


POST_ROUND = "PostRound"
"""The type of the workflow that the post round's schedule starts."""


class Contract(BaseModel):
    """Frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Opening(Contract):
    """What a run starts from: what the case is frozen to, and either the first act or the state so far."""

    reference: str
    policy: str
    """The canonical text of the frozen policy."""
    calendar: str
    """The canonical text of the frozen calendar."""
    first: Raise | None = None
    """The act that raises the case; none where the register knows it already."""
    state: str | None = None
    """The snapshot of the case so far."""
    to_deliver: tuple[str, ...] = ()
    """Notices recorded by the run before, whose first delivery is this run's."""


class FrameText(Contract):
    """The canonical texts of a policy and a calendar that an act or an event names by their hashes."""

    policy: str
    calendar: str


def _none(value: object) -> bool:
    return value is None


class ActRequest(Contract):
    """An act to apply."""

    act: AnyAct
    frame: Annotated[FrameText | None, Field(exclude_if=_none)] = None
    """For a re-date: what the case is to be frozen to."""
    known_seq: int = 0
    """How many events the register held when this was sent. A workflow that knows of fewer does not refuse early."""


class ActOutcome(Contract):
    """What became of an act. A refusal is a value, never an exception."""

    applied: bool
    code: str = "applied"
    sentence: str = ""
    seq: int
    """How many events the case has."""


class RecordAnswer(StrEnum):
    """How ``record`` answers."""

    RECORDED = "recorded"
    """The events are in the register, now or already from an earlier try with the same content."""
    AHEAD = "ahead"
    """The register holds other events after this point; they are returned, and they are the truth."""
    UNSETTLED = "unsettled"
    """A submission received in time is still to be applied; it goes first."""
    SETTLED = "settled"
    """The submission was settled before; nothing was written."""


class Refusal(Contract):
    """Why an act is refused."""

    code: str
    sentence: str


class RecordRequest(Contract):
    """Events to append, and the submission that they settle."""

    reference: str
    after_seq: int
    recorded_at: AwareDatetime
    """The workflow's time. The register has it, or when it was really written down, where that is later."""
    events: tuple[AnyEvent, ...] = ()
    submission_id: str | None = None
    refusal: Refusal | None = None
    received_by: AwareDatetime | None = None
    """Answer ``unsettled`` if a submission received up to this instant is not settled yet."""


class RecordResult(Contract):
    """What the register holds after ``after_seq``; the workflow evolves with this and with nothing else."""

    answer: RecordAnswer
    events: tuple[AnyEvent, ...] = ()
    to_deliver: tuple[str, ...] = ()
    """The notices that these events brought, for a first delivery at once."""
    refusal: Refusal | None = None
    """For a submission that was settled before as refused."""
    frames: Annotated[tuple[FrameText, ...], Field(exclude_if=not_)] = ()
    """What the re-dates among these events name."""


class DeliverRequest(Contract):
    """The notices of one case to deliver, in one call."""

    reference: str
    notice_ids: tuple[str, ...]
    at: AwareDatetime
    """The workflow's time. The notices' rows are marked with it, or with when they really left, where that is later."""


class Delivery(Contract):
    """What became of a notice that matters to the case: one that starts clocks, or one that did not arrive."""

    notice_id: str
    agency_id: str | None
    to_raiser: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether it was for whoever raised it while their agency is not known."""
    outside: Annotated[str | None, Field(exclude_if=not_)] = None
    """Which adviser it was for, where it was for one."""
    stage: int
    starts_clocks: bool
    state: DeliveryState
    told_instead: Annotated[ToldInstead | None, Field(exclude_if=_none)] = None
    """Who was told in the place of whoever it was meant for."""


def delivery_act(
    delivery: Delivery, *, submission_id: str, at: AwareDatetime, by: Actor = SYSTEM, known_by: KnownBy | None = None
) -> ReportDelivery:
    """The act that reports a delivery to its case: the system's, or the team's, which says how it knows."""
    return ReportDelivery(
        submission_id=submission_id,
        by=by,
        channel=Channel.SYSTEM if by == SYSTEM else Channel.TEAM,
        received_at=at,
        known_by=known_by,
        notice_id=delivery.notice_id,
        agency_id=delivery.agency_id,
        to_raiser=delivery.to_raiser,
        outside=delivery.outside,
        stage=delivery.stage,
        starts_clocks=delivery.starts_clocks,
        state=delivery.state,
        told_instead=delivery.told_instead,
    )


class DeliverResult(Contract):
    """The deliveries that the case is to hear of. What is still to be tried again is left to the post round."""

    deliveries: tuple[Delivery, ...] = ()


@activity.defn(name="record")
async def record(request: RecordRequest) -> RecordResult:
    """Append events to the register in one transaction with read models, notices and the submission's settlement."""
    raise NotImplementedError(request.reference)


@activity.defn(name="deliver")
async def deliver(request: DeliverRequest) -> DeliverResult:
    """Try once to deliver these notices."""
    raise NotImplementedError(request.reference)


class PostRoundResult(Contract):
    """What one round over the waiting notices did."""

    tried: int
    reported: int
    """How many outcomes went back to their cases as submissions."""


@activity.defn(name="post_round")
async def post_round() -> PostRoundResult:
    """Try again what could not be delivered at once."""
    raise NotImplementedError
