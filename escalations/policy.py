"""A partnership's Professional Differences Policy, as data.

A policy is a document that a partnership adopted; this module is that document in a form that rules can follow. It
decides nothing: ``escalations.rules`` does. Every rule in it carries its ``source``, the paragraph behind it or the words
"not in the document: our choice", because a business manager has to be able to say where a deadline came from.

A case is frozen to the policy in force when it was received: the policy's canonical text is stored by its hash, and the
hash stands in the first event of the case.
"""

from __future__ import annotations

import functools
import hashlib
import json
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from escalations.rules.workingtime import Amount, DayZero, Region, Unit

OUR_CHOICE = "not in the document: our choice"
"""The source of a rule that the partnership's document does not give."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,47}$")]
Position = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]


class PolicyModel(BaseModel):
    """Frozen, and strict about names: a misspelt rule is refused and not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Side(StrEnum):
    """Whom something concerns, or whom a clock waits for."""

    RAISING = "raising"
    RESPONDING = "responding"
    BOTH = "both"
    """Of a clock over the whole process, which waits for no side alone."""
    TEAM = "team"
    FINAL_BODY = "final_body"


class Track(StrEnum):
    """How fast a case runs. On the urgent track limits are elapsed hours."""

    STANDARD = "standard"
    URGENT = "urgent"


class Awaits(StrEnum):
    """What has to happen for a clock to be met."""

    ACKNOWLEDGE = "acknowledge"
    """The responding position says that it has the matter."""
    BE_REACHED = "be_reached"
    """Somebody records whom they spoke to (urgent track)."""
    RESPOND = "respond"
    """The responding side gives its answer with reasons, so that the difference can be settled."""
    CONSIDER = "consider"
    """The raising side says whether the answer deals with the worry."""
    CHOOSE = "choose"
    """The raising side says whether the case moves up."""
    CONFIRM = "confirm"
    """The other side confirms or denies what was said to be done."""
    DECIDE = "decide"
    """The final body decides."""
    LOOK = "look"
    """The partnership team looks at what is held and passes it on."""
    MEND_DELIVERY = "mend_delivery"
    """The partnership team sees to a notice that did not arrive."""
    SETTLE_ALL = "settle_all"
    """The whole process ends; a clock over all stages."""


class StartsFrom(StrEnum):
    """The event that starts a clock."""

    RECEIVED = "received"
    """The escalation reached us."""
    STAGE_STARTED = "stage_started"
    """The stage began."""
    DELIVERED = "delivered"
    """The notice of the stage reached the responding agency."""
    ANSWERED = "answered"
    """The responding side answered."""
    PROPOSED = "proposed"
    """A move up was proposed to the raising side."""
    SAID_DONE = "said_done"
    """One side said that something was done."""
    HELD = "held"
    """Something was held for the partnership team."""
    DELIVERY_FAILED = "delivery_failed"
    """A notice did not arrive."""


class OnLimit(StrEnum):
    """What a passed limit does. None of them judges, closes or withdraws anything."""

    PROPOSE = "propose"
    """Both sides and their managers are told, and the raising side is asked whether to move up."""
    TELL = "tell"
    """Those concerned are told."""
    ESCALATE = "escalate"
    """The case moves up by itself. Only where the partnership's document says so."""


class Undelivered(StrEnum):
    """What a notice that does not arrive does to the clocks that it would have started."""

    WAIT = "wait"
    """They do not start; the team's own clock to mend the delivery does."""
    START = "start"
    """They start when the delivery failed, and the case shows it."""


class Limit(PolicyModel):
    """How long one track allows, and when it reminds."""

    within: Amount
    remind_before: tuple[Amount, ...] = ()


class ClockRule(PolicyModel):
    """One clock of a stage or of the whole process."""

    id: Slug
    awaits: Awaits
    waits_for: Side
    starts_from: StartsFrom
    limits: dict[Track, Limit]
    """A track that is not named here does not have this clock."""
    on_limit: OnLimit = OnLimit.TELL
    source: str = OUR_CHOICE


class StageRule(PolicyModel):
    """One rung of the ladder, with a position on each side."""

    number: Annotated[int, Field(ge=1, le=9)]
    title: str
    formal: bool = True
    raising_position: Position
    responding_position: Position
    clocks: tuple[ClockRule, ...]
    partnership_told: bool = False
    """Whether the partnership is told when this stage begins."""
    decided_by_final_body: bool = False
    source: str = OUR_CHOICE


class FinalBody(PolicyModel):
    """Who has the last word, and who stands in where the holder works for a party or decided before."""

    agency: Slug
    position: Position = "chair"
    works_for: Slug | None = None
    alternate_position: Position = "alternate_chair"
    alternate_works_for: Slug | None = None
    source: str = OUR_CHOICE


class Adoption(PolicyModel):
    """Who adopted a version of the policy and who, as a second person, put it live."""

    adopted_by: str
    adopted_on: str
    put_live_by: str
    in_force_from: str
    review_due: str

    @model_validator(mode="after")
    def _two_people(self) -> Self:
        if self.adopted_by.strip().casefold() == self.put_live_by.strip().casefold():
            msg = "adoption: a second person has to put a policy live; adopted_by and put_live_by name the same one"
            raise ValueError(msg)
        return self


class Policy(PolicyModel):
    """A policy as a partnership adopted it."""

    id: Slug
    title: str
    version: str
    sample: bool
    """A sample is nobody's policy; every page of a case under it says so."""
    assumptions: tuple[str, ...] = ()
    adoption: Adoption
    reference_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}$")] = "PD"
    region: Region = Region.ENGLAND_AND_WALES
    day_zero: DayZero = DayZero.NEXT
    stages: Annotated[tuple[StageRule, ...], Field(min_length=1, max_length=9)]
    process_clocks: tuple[ClockRule, ...] = ()
    """Clocks over several stages: moving up does not stop them."""
    raiser_clocks: tuple[ClockRule, ...] = ()
    """Clocks of whoever has to consider, choose or confirm, at any stage."""
    team_clocks: tuple[ClockRule, ...] = ()
    undelivered: Undelivered = Undelivered.WAIT
    told_before_move: dict[Track, Amount | None]
    """How long before a move up the level passed over is told; none means at once."""
    word_to_raiser_every: Amount = Amount(value=5, unit=Unit.WORKING_DAYS)
    accounts_within: Amount = Amount(value=5, unit=Unit.WORKING_DAYS)
    """How long both agencies have to add their account before the team may confirm a cause of delay."""
    resolution_told: bool = True
    """Whether the partnership is told how a case it was told of ended."""
    final_body: FinalBody

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        problems = [*_ladder_problems(self), *_clock_problems(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def stage(self, number: int) -> StageRule:
        """The rule of one stage. Raises ``KeyError`` where the policy has no such stage."""
        for stage in self.stages:
            if stage.number == number:
                return stage
        raise KeyError(number)

    def next_stage(self, number: int) -> StageRule | None:
        """The rung above, or none at the top."""
        return next((stage for stage in self.stages if stage.number == number + 1), None)

    @functools.cached_property
    def content_hash(self) -> str:
        """SHA-256, in hex, of the canonical text."""
        return hashlib.sha256(canonical(self).encode()).hexdigest()


def _ladder_problems(policy: Policy) -> list[str]:
    problems = []
    numbers = [stage.number for stage in policy.stages]
    if numbers != list(range(1, len(numbers) + 1)):
        problems.append(f"stages: numbers have to be 1, 2, 3 ... in order, and are {numbers}")
    finals = [stage.number for stage in policy.stages if stage.decided_by_final_body]
    if finals and finals != [numbers[-1]]:
        problems.append(f"stages: only the last stage can be decided by the final body, and stages {finals} are")
    for stage in policy.stages:
        for track in Track:
            if not any(track in clock.limits for clock in stage.clocks):
                problems.append(f"stage {stage.number}: has no clock on the {track} track, so it could drift for ever")
    if policy.word_to_raiser_every.unit is not Unit.WORKING_DAYS or not 1 <= policy.word_to_raiser_every.value <= 5:
        problems.append("word_to_raiser_every: the raiser is never left more than 5 working days without word")
    problems.extend(f"told_before_move: say how long for the {track} track, or null" for track in Track
                    if track not in policy.told_before_move)
    return problems


def _clock_problems(policy: Policy) -> list[str]:
    problems = []
    groups = [(f"stage {stage.number}", stage.clocks) for stage in policy.stages]
    groups += [("process_clocks", policy.process_clocks), ("raiser_clocks", policy.raiser_clocks),
               ("team_clocks", policy.team_clocks)]
    for where, clocks in groups:
        ids = [clock.id for clock in clocks]
        problems.extend(f"{where}: two clocks are called {name}" for name in dict.fromkeys(ids) if ids.count(name) > 1)
        for clock in clocks:
            if clock.on_limit is OnLimit.ESCALATE and clock.source == OUR_CHOICE:
                problems.append(f"{where}, clock {clock.id}: only a policy whose document says so moves a case up by "
                                "itself; name the paragraph in source, or use propose")
            for track, limit in clock.limits.items():
                if limit.within.value < 1:
                    problems.append(f"{where}, clock {clock.id}, {track} track: a limit is at least 1")
                if track is Track.URGENT and limit.within.unit is not Unit.ELAPSED_HOURS and clock.waits_for not in {
                        Side.TEAM, Side.FINAL_BODY}:
                    problems.append(
                        f"{where}, clock {clock.id}: on the urgent track limits run in elapsed hours, "
                        f"and this one is {limit.within.words()}")
                problems.extend(
                    f"{where}, clock {clock.id}, {track} track: the reminder {reminder.words()} before would come "
                    f"before the clock of {limit.within.words()} starts"
                    for reminder in limit.remind_before
                    if reminder.unit is limit.within.unit and reminder.value >= limit.within.value)
    awaited = {clock.awaits for clock in policy.raiser_clocks}
    problems.extend(f"raiser_clocks: there is none for {needed}, so a case could wait for the raising side for ever"
                    for needed in (Awaits.CHOOSE, Awaits.CONFIRM, Awaits.CONSIDER) if needed not in awaited)
    awaited = {clock.awaits for clock in policy.team_clocks}
    problems.extend(f"team_clocks: there is none for {needed}, so a case could wait for the team for ever"
                    for needed in (Awaits.LOOK, Awaits.MEND_DELIVERY) if needed not in awaited)
    return problems


def canonical(policy: Policy) -> str:
    """The one text of a policy that is stored and hashed: JSON, keys sorted, no spaces."""
    return json.dumps(policy.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@functools.lru_cache(maxsize=64)
def load_canonical(content: str) -> Policy:
    """The policy behind a stored text. Equal texts share one object, so that thousands of cases cost one policy.

    Raises:
        pydantic.ValidationError: the text is not a policy.
    """
    return Policy.model_validate_json(content)
