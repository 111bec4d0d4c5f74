"""A partnership's Professional Differences Policy, as data.

A policy is a document that a partnership adopted; this module is that document in a form that rules can follow. It
decides nothing: ``escalations.rules`` does. Every rule in it carries its ``source``, the paragraph behind it or the
words "not in the document: our choice", because a business manager has to be able to say where a deadline came from.

A case is frozen to the policy in force when it was received: the policy's canonical text is stored by its hash, and the
hash stands in the first event of the case.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from operator import not_
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from escalations.rules import civilwords, codelists
from escalations.rules.codelists import CodeList, CodeLists, ListKind
from escalations.rules.workingtime import Amount, DaysEnd, DayZero, OfficeHours, Region, Unit

OUR_CHOICE = "not in the document: our choice"
"""The source of a rule that the partnership's document does not give."""

MOST_WITHOUT_WORD = 5
"""Working days. Source: the rules of practice, whatever a policy says."""

SLUG_FORM = r"^[a-z][a-z0-9-]{0,47}$"
POSITION_FORM = r"^[a-z][a-z_]{0,39}$"
PREFIX_FORM = r"^[A-Z]{2,4}$"

EARLIEST_ADOPTION = date(2000, 1, 1)
"""Before safeguarding partnerships, and the boards before them, there was nobody to adopt a policy."""
LONGEST_UNTIL_REVIEW = 20
"""Years. A date further off is a slip of the pen, and nobody would be asked to look at the policy again."""

Slug = Annotated[str, StringConstraints(pattern=SLUG_FORM)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
Position = Annotated[str, StringConstraints(pattern=POSITION_FORM)]


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """What does not hold together in a policy, and at which place in it."""

    place: tuple[int | str, ...]
    sentence: str


class ProblemsError(ValueError):
    """A policy that does not hold together; all that is wrong is said at once."""

    def __init__(self, problems: tuple[PolicyProblem, ...]) -> None:
        """Keep the problems with their places, so that whoever read a file can name lines."""
        super().__init__("; ".join(problem.sentence for problem in problems))
        self.problems = problems


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
    OUTSIDE = "outside"
    """Neither side: somebody who is asked for advice. Nothing waits for them."""


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
    """The process ends, or leaves the stages that the clock spans; a clock over several stages."""
    RAISE = "raise"
    """It is raised, within so long of the disagreement. Met by raising it; late, that is only noted."""


class StartsFrom(StrEnum):
    """The event that starts a clock."""

    RECEIVED = "received"
    """The escalation reached us."""
    STAGE_STARTED = "stage_started"
    """The stage began."""
    DELIVERED = "delivered"
    """The notice of the stage reached the responding agency."""
    ACKNOWLEDGED = "acknowledged"
    """The responding agency acknowledged it at this stage."""
    REACHED = "reached"
    """Somebody of the responding agency was spoken to at this stage."""
    DISAGREEMENT = "disagreement"
    """The disagreement arose, or the decision that is challenged was received, as whoever raised it says."""
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


class OnePerson(StrEnum):
    """What happens where one person holds two adjacent rungs at an agency."""

    NEXT_PERSON = "next_person"
    """The next rung that another person holds is asked."""
    ASKED_AGAIN = "asked_again"
    """The same person is asked at both."""


class AgencyClosed(StrEnum):
    """What the closure of one agency, school holidays say, does to the time limits of what waits for it."""

    DEADLINE_STAYS = "deadline_stays"
    """Nothing: its deputy is told, then whoever stands in, then the team."""
    DAYS_DO_NOT_COUNT = "days_do_not_count"
    """Working days and working hours do not run then; those who stand in are told all the same."""


def _stays(value: object) -> bool:
    return value is AgencyClosed.DEADLINE_STAYS


def _is_any_day(value: object) -> bool:
    return value is DaysEnd.ANY_DAY


def _is_next_person(value: object) -> bool:
    return value is OnePerson.NEXT_PERSON


def _hours(text: str) -> str:
    """Office hours in one form, so that the same hours make the same hash."""
    spells = civilwords.office_hours(text).spells()
    return ", ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in spells)


def _clock(text: str) -> str:
    return f"{civilwords.clock(text):%H:%M}"


def _not_said(value: object) -> bool:
    """Whether a field that came later is left out of a policy's text: the hash of an older one stays as it is."""
    return value is None


LONGEST_PAUSE = Amount(value=20, unit=Unit.WORKING_DAYS)
"""Where a policy does not say: our choice."""


class Allowance(PolicyModel):
    """How long something is allowed to take, when it reminds, and what may change it."""

    within: Amount
    remind_before: tuple[Amount, ...] = ()
    extend_at_most: Annotated[Amount | None, Field(exclude_if=_not_said)] = None
    """How much longer it may become by all extensions together, in the unit of the limit. Not said: as long again."""
    extend_times: Annotated[int | None, Field(ge=1, le=20, exclude_if=_not_said)] = None
    """How often it may be extended. Not said: as often as what all extensions together may be is not used up."""
    or_sooner: Annotated[bool, Field(exclude_if=not_)] = False
    """Whether the raising side, or the team, may set a sooner time that keeps the child safe ("or sooner")."""

    @property
    def longest_extension(self) -> Amount:
        """How much longer it may become by all extensions together."""
        return self.extend_at_most or self.within


class Limit(Allowance):
    """What one track allows; by priority level something else, where the policy says so."""

    by_priority: Annotated[dict[Slug, Allowance], Field(exclude_if=not_)] = {}
    """What is allowed where the case has that priority. A level that is not named has the limit of the track."""

    def for_priority(self, priority: str | None) -> Allowance:
        """What is allowed to a case of a priority, or of none."""
        return self.by_priority.get(priority, self) if priority is not None else self

    @property
    def all_of_them(self) -> tuple[tuple[str | None, Allowance], ...]:
        """The limit of the track, and that of each priority with its code."""
        return ((None, self), *self.by_priority.items())


class PriorityRule(PolicyModel):
    """A level of priority that the raising side or the team can give a case; limits may depend on it."""

    code: Slug
    title: Words
    definition: Words
    """When a case has it, in the document's words."""
    source: str = OUR_CHOICE


class ClockRule(PolicyModel):
    """One clock of a stage or of the whole process."""

    id: Slug
    awaits: Awaits
    waits_for: Side
    starts_from: StartsFrom
    limits: dict[Track, Limit]
    """A track that is not named here does not have this clock."""
    on_limit: OnLimit = OnLimit.TELL
    may_pause: Annotated[bool | None, Field(exclude_if=_not_said)] = None
    """Whether the clock stops while the team has paused a case. Not said: yes, where it waits for a side."""
    may_extend: Annotated[bool | None, Field(exclude_if=_not_said)] = None
    """Whether the team may extend it. Not said: yes, where it waits for a side."""
    from_stage: Annotated[int | None, Field(ge=1, le=9, exclude_if=_not_said)] = None
    """Of a clock over several stages: the first of them. Not said: from receipt on."""
    to_stage: Annotated[int | None, Field(ge=1, le=9, exclude_if=_not_said)] = None
    """Of a clock over several stages: the last of them. Not said: to the end."""
    source: str = OUR_CHOICE

    @property
    def pausable(self) -> bool:
        """Whether it stops while a case is paused."""
        return self._waits_for_a_side if self.may_pause is None else self.may_pause

    @property
    def extendable(self) -> bool:
        """Whether it may be extended."""
        return self._waits_for_a_side if self.may_extend is None else self.may_extend

    @property
    def _waits_for_a_side(self) -> bool:
        """What the team has to do does not wait, and neither does a person to be reached on the urgent track."""
        return self.waits_for is not Side.TEAM and self.awaits not in {Awaits.BE_REACHED, Awaits.RAISE}


class PositionRule(PolicyModel):
    """What a position of the ladder is called: in general, and by type of agency."""

    code: Position
    title: Words
    """In general."""
    titles: Annotated[dict[Slug, Words], Field(exclude_if=not_)] = {}
    """By type of agency, as the directory has the types. A title that an agency gives itself in the directory is
    what it is called there."""
    source: str = OUR_CHOICE


class StageRule(PolicyModel):
    """One rung of the ladder, with a position on each side."""

    number: Annotated[int, Field(ge=1, le=9)]
    title: Words
    formal: bool = True
    raising_position: Position
    responding_position: Position
    clocks: tuple[ClockRule, ...]
    partnership_told: bool = False
    """Whether the partnership is told when this stage begins."""
    decided_by_final_body: bool = False
    no_such_level: Annotated[tuple[Slug, ...], Field(max_length=30, exclude_if=not_)] = ()
    """The types of agencies that have no such level: a person may pass it over for them, and is told so."""
    source: str = OUR_CHOICE


class SkipReason(StrEnum):
    """Why an escalation starts above the first stage, or passes a stage over."""

    FLAT_ORGANISATION = "flat_organisation"
    """An agency has no such level, or one person holds both."""
    RISK = "risk"
    """What may happen meanwhile does not let it wait for every level."""
    TRIED_BEFORE = "tried_before"
    """The level was tried before it was raised here."""
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    """Who holds the level took the decision that is challenged, or has a part in it otherwise."""
    BOTH_AGREE = "both_agree"
    """Both sides agree that the next level has to take it."""
    THEMATIC = "thematic"
    """It is about how agencies work, and no single practitioner can settle it."""


class Skipping(PolicyModel):
    """Whether stages may be passed over, how far, and why. A person does it, and it is recorded for which side."""

    start_at_most: Annotated[int, Field(ge=1, le=9)] = 1
    """The highest stage at which an escalation may start."""
    levels: bool = False
    """Whether a level may be passed over on the way up."""
    because: Annotated[tuple[SkipReason, ...], Field(min_length=1)]
    source: str = OUR_CHOICE


class Thematic(PolicyModel):
    """What becomes of an escalation about how agencies work rather than one family."""

    taken: bool = True
    """Whether this policy is for it. Otherwise it is held for the team, which says where it goes."""
    start_stage: Annotated[int, Field(ge=1, le=9)] = 1
    source: str = OUR_CHOICE


class OverDissent(StrEnum):
    """What the lead's agreement means where another agency that raised it has put on record that it disagrees."""

    TEAM = "team"
    """It is recorded and settles nothing yet: the team decides, and the next stage is offered to both."""
    SETTLES = "settles"
    """It settles it. The dissent stands beside the outcome."""


class RaisedTogether(PolicyModel):
    """Whether several agencies may raise one escalation, with one of them in the lead."""

    taken: bool = True
    """Whether they may. Otherwise each raises its own."""
    tracks: Annotated[tuple[Track, ...], Field(exclude_if=not_)] = ()
    """The tracks on which they may; none is every track."""
    over_dissent: OverDissent = OverDissent.TEAM
    source: str = OUR_CHOICE

    def on(self, track: Track) -> bool:
        """Whether several may raise something on this track."""
        return self.taken and (not self.tracks or track in self.tracks)


class OutOfScope(PolicyModel):
    """What the policy is not for, and where that goes instead. People read it before they raise something."""

    what: Words
    where: Words
    source: str = OUR_CHOICE


LONGEST_ANSWER = Amount(value=10, unit=Unit.WORKING_DAYS)
"""How long each side has to answer a follow-up, where a policy does not say: our choice."""


class Unanswered(StrEnum):
    """What is done where a follow-up is not answered in time. People are told, and nothing else ever comes of it."""

    TEAM = "tell_team"
    """The partnership's team is told, which may phone."""
    TEAM_AND_LEADS = "tell_team_and_leads"
    """The team, and the escalation lead of each agency that has not answered."""


class FollowUpRule(PolicyModel):
    """Each side is asked again, some time after a case has closed: was it done, what changed, what was learnt."""

    after: Amount
    """How long after its end it is asked."""
    asks: Annotated[tuple[Literal[Side.RAISING, Side.RESPONDING], ...], Field(min_length=1, max_length=2)] = (
        Side.RAISING,
        Side.RESPONDING,
    )
    """Whom."""
    answer_within: Amount = LONGEST_ANSWER
    """How long they have to answer."""
    remind_before: tuple[Amount, ...] = ()
    """How long before that time is over whoever has not answered is reminded."""
    unanswered: Unanswered = Unanswered.TEAM
    source: str = OUR_CHOICE


class Closing(PolicyModel):
    """What is asked once a case has closed."""

    feedback: bool = True
    """Whether each side is asked at the end what changed for the child or adult, and how raising or receiving felt."""
    follow_up: FollowUpRule | None = None
    """Whether they are asked again later. None: nobody is."""
    source: str = OUR_CHOICE


class Plans(PolicyModel):
    """What the dates of a plan's actions do: they remind and show. No action's date closes or moves anything."""

    remind_before: Annotated[tuple[Amount, ...], Field(max_length=4)] = (Amount(value=2, unit=Unit.WORKING_DAYS),)
    """How long before its date the owner of an action is reminded."""
    on_the_day: bool = True
    """Whether the owner is reminded in the morning of that date as well."""
    source: str = OUR_CHOICE


class FinalBody(PolicyModel):
    """Who has the last word, and who stands in where the holder works for a party or decided before."""

    agency: Slug
    position: Position = "chair"
    works_for: Slug | None = None
    alternate_position: Position = "alternate_chair"
    alternate_works_for: Slug | None = None
    source: str = OUR_CHOICE

    @model_validator(mode="after")
    def _two_positions(self) -> Self:
        if self.position == self.alternate_position:
            msg = f"position and alternate_position are both {self.position}; the alternate has to be somebody else"
            raise ValueError(msg)
        return self


class AdviserReads(StrEnum):
    """What an adviser reads besides the question that the team writes for them."""

    QUESTION = "question"
    """Nothing: the question alone."""
    SIDE_THAT_ASKED = "side_that_asked"
    """What the side wrote that asked for the advice."""
    BOTH_SIDES = "both_sides"
    """What both sides wrote, though neither was asked; only where the document says so."""


class AdviserRule(PolicyModel):
    """Somebody outside an escalation who may be asked for advice, by a link of their own. The team alone asks them."""

    role: Position
    """Its code: ``designated_doctor``."""
    title: Words
    """What both sides read of who was asked: never a name."""
    asked_by: Annotated[
        tuple[Literal[Side.TEAM, Side.RAISING, Side.RESPONDING], ...], Field(min_length=1, max_length=3)
    ] = (Side.TEAM,)
    """At whose wish the team may ask: its own, or a side's."""
    from_stage: Annotated[int, Field(ge=1, le=9)] = 1
    """The first stage at which they may be asked."""
    reads: AdviserReads = AdviserReads.QUESTION
    within: Amount = Amount(value=10, unit=Unit.WORKING_DAYS)
    """How long their link serves. It ends with the escalation in any case."""
    source: str = OUR_CHOICE


ANY_ADVISER: Final = AdviserRule(role="adviser", title="Adviser")
"""Whom the team may ask under a policy that names no adviser: they read the question and nothing else."""


class Adoption(PolicyModel):
    """Who adopted a version of the policy and who, as a second person, put it live."""

    adopted_by: Words
    adopted_on: date
    put_live_by: Words
    in_force_from: date
    review_due: date

    @model_validator(mode="after")
    def _two_people(self) -> Self:
        if self.adopted_by.casefold() == self.put_live_by.casefold():
            msg = "a second person has to put a policy live; adopted_by and put_live_by name the same one"
            raise ValueError(msg)
        if self.adopted_on < EARLIEST_ADOPTION:
            msg = f"adopted_on ({self.adopted_on}) is before {EARLIEST_ADOPTION.year}; check the year"
            raise ValueError(msg)
        if self.in_force_from < self.adopted_on:
            msg = f"in_force_from ({self.in_force_from}) is before adopted_on ({self.adopted_on})"
            raise ValueError(msg)
        if self.review_due.year - self.in_force_from.year > LONGEST_UNTIL_REVIEW:
            msg = (
                f"review_due ({self.review_due}) is more than {LONGEST_UNTIL_REVIEW} years after in_force_from "
                f"({self.in_force_from}); check the year"
            )
            raise ValueError(msg)
        if self.review_due <= self.in_force_from:
            msg = f"review_due ({self.review_due}) has to be later than in_force_from ({self.in_force_from})"
            raise ValueError(msg)
        return self


class Policy(PolicyModel):
    """A policy as a partnership adopted it."""

    id: Slug
    title: Words
    version: Words
    sample: bool
    """A sample is nobody's policy; every page of a case under it says so."""
    assumptions: tuple[str, ...] = ()
    adoption: Adoption
    reference_prefix: Annotated[str, StringConstraints(pattern=PREFIX_FORM)] = "PD"
    region: Region = Region.ENGLAND_AND_WALES
    day_zero: DayZero = DayZero.NEXT
    office_hours: Annotated[Annotated[str, AfterValidator(_hours)] | None, Field(exclude_if=_not_said)] = None
    """When working hours run: "09:00-12:30, 13:30-17:00"; what lies between is a break. Not said: 9:00 to 17:00."""
    close_of_business: Annotated[Annotated[str, AfterValidator(_clock)] | None, Field(exclude_if=_not_said)] = None
    """When a day counted ends. Not said: when the office hours end."""
    cut_off: Annotated[Annotated[str, AfterValidator(_clock)] | None, Field(exclude_if=_not_said)] = None
    """What comes at this time of day or later counts as having come on the next working day. Not said: none."""
    calendar_days_end: Annotated[DaysEnd, Field(exclude_if=_is_any_day)] = DaysEnd.ANY_DAY
    """Whether a time in calendar days that ends on a day on which nobody works ends on the next working day."""
    stages: Annotated[tuple[StageRule, ...], Field(min_length=1, max_length=9)]
    process_clocks: tuple[ClockRule, ...] = ()
    """Clocks over several stages: moving up does not stop them."""
    raiser_clocks: tuple[ClockRule, ...] = ()
    """Clocks of whoever has to consider, choose or confirm, at any stage."""
    team_clocks: tuple[ClockRule, ...] = ()
    undelivered: Undelivered = Undelivered.WAIT
    told_before_move: dict[Track, Amount | None] = {
        Track.STANDARD: Amount(value=1, unit=Unit.WORKING_DAYS),
        Track.URGENT: None,
    }
    """How long before a move up the level passed over is told; none means at once."""
    word_to_raiser_every: Amount = Amount(value=5, unit=Unit.WORKING_DAYS)
    accounts_within: Amount = Amount(value=5, unit=Unit.WORKING_DAYS)
    """How long both agencies have to add their account before the team may confirm a cause of delay."""
    pause_at_most: Annotated[Amount | None, Field(exclude_if=_not_said)] = None
    """How long a case is paused before the team is told that it still is."""
    resolution_told: bool = True
    """Whether the partnership is told how a case it was told of ended."""
    priorities: Annotated[tuple[PriorityRule, ...], Field(max_length=9, exclude_if=not_)] = ()
    """The levels of priority that a case can have. None: every case has the limits of its track."""
    skipping: Annotated[Skipping | None, Field(exclude_if=_not_said)] = None
    """Whether stages may be passed over. Not said: every escalation goes through all of them, from the first."""
    thematic: Annotated[Thematic | None, Field(exclude_if=_not_said)] = None
    """What becomes of a thematic one. Not said: it goes the same way as any other."""
    raised_together: Annotated[RaisedTogether | None, Field(exclude_if=_not_said)] = None
    """What holds where several agencies raise together. Not said: they may, and the team decides over a dissent."""
    agency_closures: Annotated[AgencyClosed, Field(exclude_if=_stays)] = AgencyClosed.DEADLINE_STAYS
    """What the holidays of an agency do to the time limits of what waits for it."""
    one_person_two_rungs: Annotated[OnePerson, Field(exclude_if=_is_next_person)] = OnePerson.NEXT_PERSON
    """What happens where one person holds a position and the one on the rung below. It is said in any case."""
    out_of_scope: Annotated[tuple[OutOfScope, ...], Field(max_length=20, exclude_if=not_)] = ()
    """What it is not for. Only the team redirects anything, on somebody's word; this is told, and decides nothing."""
    positions: Annotated[tuple[PositionRule, ...], Field(max_length=30, exclude_if=not_)] = ()
    """What the positions are called, also by type of agency. One that is not named is called by its code."""
    lists: Annotated[CodeLists | None, Field(exclude_if=_not_said)] = None
    """The lists that people choose from, with the words and the definitions of the document. Not said: the usual."""
    final_body: FinalBody
    advisers: Annotated[tuple[AdviserRule, ...], Field(max_length=20, exclude_if=not_)] = ()
    """Who may be asked for advice. Not said: the team may ask somebody, who reads its question and nothing else."""
    plans: Annotated[Plans | None, Field(exclude_if=_not_said)] = None
    """When the owner of a plan's action is reminded. Not said: 2 working days before its date, and on the day."""
    closing: Annotated[Closing | None, Field(exclude_if=_not_said)] = None
    """What is asked once a case has closed. Not said: each side's view at the end, and no follow-up."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        problems = (
            *_ladder_problems(self),
            *_clock_problems(self),
            *_priority_problems(self),
            *_list_problems(self),
            *_closing_problems(self),
            *_position_problems(self),
            *_adviser_problems(self),
        )
        if problems:
            raise ProblemsError(problems)
        return self

    def stage(self, number: int) -> StageRule:
        """The rule of one stage. Raises ``KeyError`` where the policy has no such stage."""
        for stage in self.stages:
            if stage.number == number:
                return stage
        raise KeyError(number)

    def priority(self, code: str | None) -> PriorityRule | None:
        """The level of priority of that code."""
        return next((level for level in self.priorities if level.code == code), None)

    def position_title(self, position: str, agency_type: str | None = None) -> str:
        """What a position is called at a type of agency, or in general; its code in words where nothing is said."""
        rule = next((one for one in self.positions if one.code == position), None)
        if rule is None:
            return position.replace("_", " ")
        return rule.titles.get(agency_type, rule.title) if agency_type is not None else rule.title

    @property
    def can_advise(self) -> tuple[AdviserRule, ...]:
        """Who may be asked for advice."""
        return self.advisers or (ANY_ADVISER,)

    def adviser(self, role: str) -> AdviserRule | None:
        """The rule of an adviser's role."""
        return next((one for one in self.can_advise if one.role == role), None)

    @property
    def ladder_positions(self) -> tuple[str, ...]:
        """Every position that a stage asks, and those of the final body."""
        rungs = (position for stage in self.stages for position in (stage.raising_position, stage.responding_position))
        return tuple(dict.fromkeys((*rungs, self.final_body.position, self.final_body.alternate_position)))

    def codes(self, kind: ListKind) -> CodeList:
        """A list that people choose from, as it stands under this policy."""
        return self._codes[kind]

    @functools.cached_property
    def _codes(self) -> dict[ListKind, CodeList]:
        return {kind: codelists.in_force(kind, self.lists) for kind in ListKind}

    @property
    def clocks(self) -> tuple[ClockRule, ...]:
        """Every clock that it has, of the stages first."""
        of_stages = (clock for stage in self.stages for clock in stage.clocks)
        return (*of_stages, *self.process_clocks, *self.raiser_clocks, *self.team_clocks)

    def next_stage(self, number: int) -> StageRule | None:
        """The rung above, or none at the top."""
        return next((stage for stage in self.stages if stage.number == number + 1), None)

    @functools.cached_property
    def hours(self) -> OfficeHours:
        """When working hours run, on Monday to Friday."""
        return OfficeHours() if self.office_hours is None else civilwords.office_hours(self.office_hours)

    @functools.cached_property
    def closes(self) -> time:
        """Close of business."""
        return self.hours.closes if self.close_of_business is None else civilwords.clock(self.close_of_business)

    @functools.cached_property
    def cuts_off(self) -> time | None:
        """From when on what comes counts as having come on the next working day."""
        return None if self.cut_off is None else civilwords.clock(self.cut_off)

    @property
    def follow_up(self) -> FollowUpRule | None:
        """Whether each side is asked again some time after the end."""
        return None if self.closing is None else self.closing.follow_up

    @property
    def together(self) -> RaisedTogether:
        """What holds where several agencies raise together."""
        return self.raised_together or RaisedTogether()

    @property
    def asks_at_the_end(self) -> bool:
        """Whether each side is asked at the end what changed, and how it felt."""
        return self.closing is None or self.closing.feedback

    @property
    def reminds_of_actions(self) -> Plans:
        """When the owner of a plan's action is reminded."""
        return self.plans or Plans()

    @property
    def longest_pause(self) -> Amount:
        """How long a case is paused before the team is told that it still is."""
        return self.pause_at_most or LONGEST_PAUSE

    @functools.cached_property
    def content_hash(self) -> str:
        """SHA-256, in hex, of the canonical text."""
        return hashlib.sha256(canonical(self).encode()).hexdigest()


def _hours_problems(policy: Policy) -> Iterator[PolicyProblem]:
    opens, closes, cut = policy.hours.opens, policy.closes, policy.cuts_off
    if closes <= opens:
        yield PolicyProblem(("close_of_business",), f"is {closes:%H:%M}, and the office opens at {opens:%H:%M}")
    elif cut is not None and not opens < cut <= closes:
        yield PolicyProblem(
            ("cut_off",),
            f"is {cut:%H:%M}, and has to be after the office opens ({opens:%H:%M}) and not after close of business "
            f"({closes:%H:%M})",
        )


def _ladder_problems(policy: Policy) -> Iterator[PolicyProblem]:
    numbers = [stage.number for stage in policy.stages]
    if numbers != list(range(1, len(numbers) + 1)):
        yield PolicyProblem(("stages",), f"the stages' numbers have to be 1, 2, 3 ... in order, and are {numbers}")
    for place, stage in enumerate(policy.stages):
        for sentence in _stage_problems(policy, stage, last=place == len(numbers) - 1):
            yield PolicyProblem(("stages", place), sentence)
    word = policy.word_to_raiser_every
    if word.unit is not Unit.WORKING_DAYS or word.value > MOST_WITHOUT_WORD:
        yield PolicyProblem(
            ("word_to_raiser_every",),
            f"the raiser is left {MOST_WITHOUT_WORD} working days without word at most, and this is {word.words()}",
        )
    pause = policy.longest_pause
    last = len(numbers)
    yield from _hours_problems(policy)
    if policy.skipping is not None and policy.skipping.start_at_most > last:
        yield PolicyProblem(
            ("skipping", "start_at_most"), f"is {policy.skipping.start_at_most}, and the last stage is {last}"
        )
    if policy.thematic is not None and policy.thematic.start_stage > last:
        yield PolicyProblem(
            ("thematic", "start_stage"), f"is {policy.thematic.start_stage}, and the last stage is {last}"
        )
    if pause.value > _LONGEST[pause.unit]:
        yield PolicyProblem(("pause_at_most",), f"{pause.words()} is more than a year")
    for track in Track:
        if track not in policy.told_before_move:
            yield PolicyProblem(("told_before_move",), f"say how long for the {track} track, or null")
    if policy.told_before_move.get(Track.URGENT) is not None:
        yield PolicyProblem(
            ("told_before_move", "urgent"), "on the urgent track a move up waits for nobody; write urgent: null"
        )


def spans(policy: Policy, number: int, track: Track) -> tuple[ClockRule, ...]:
    """The clocks over several stages that run at one of them, on a track."""
    return tuple(
        clock
        for clock in policy.process_clocks
        if clock.awaits is Awaits.SETTLE_ALL
        and track in clock.limits
        and (clock.from_stage or 1) <= number <= (clock.to_stage or number)
    )


def _stage_problems(policy: Policy, stage: StageRule, *, last: bool) -> Iterator[str]:
    """What is wrong with one rung. A document may give a step no time of its own; what is urgent always has one."""
    urgent = any(Track.URGENT in clock.limits for clock in stage.clocks) or spans(policy, stage.number, Track.URGENT)
    if not urgent:
        yield (
            "has no clock on the urgent track, so what cannot wait could drift for ever; add to the limits of a clock "
            "here, of which one awaits respond, such as urgent: {within: 24 elapsed hours}"
        )
    decided = any(clock.awaits is Awaits.DECIDE for clock in stage.clocks)
    if stage.decided_by_final_body and not last:
        yield "only the last stage can be decided by the final body"
    if decided and not stage.decided_by_final_body:
        yield (
            "has a clock for a decision, and nobody decides there; write decided_by_final_body: true, or take the "
            "clock away"
        )
    if stage.decided_by_final_body and not decided:
        yield "is decided by the final body and has no clock for that; add one that awaits decide"


def _priority_problems(policy: Policy) -> Iterator[PolicyProblem]:
    """A priority that a limit names is one of the policy's, and each of them stands there once."""
    codes = [level.code for level in policy.priorities]
    for place, code in enumerate(codes):
        if code in codes[:place]:
            yield PolicyProblem(("priorities", place), f"two priorities are called {code}; give each its own code")
    for where, clock in _placed(policy):
        for track, limit in clock.limits.items():
            for code in limit.by_priority:
                if code not in codes:
                    known = f"; there is {_or(codes)}" if codes else ""
                    yield PolicyProblem(
                        (*where, "limits", track.value, "by_priority", code),
                        f"is not one of the policy's priorities{known}; name it under priorities, or take it away",
                    )


def _position_problems(policy: Policy) -> Iterator[PolicyProblem]:
    """What is named is a position of the ladder, once; a level that is not there can be passed over."""
    codes = [one.code for one in policy.positions]
    for place, code in enumerate(codes):
        if code in codes[:place]:
            yield PolicyProblem(("positions", place), f"{code} is named twice; keep one")
        if code not in policy.ladder_positions:
            yield PolicyProblem(
                ("positions", place, "code"),
                f"{code} is no position of this policy; it asks {_or(policy.ladder_positions)}",
            )
    skipping = policy.skipping
    can = skipping is not None and skipping.levels and SkipReason.FLAT_ORGANISATION in skipping.because
    for place, stage in enumerate(policy.stages):
        if stage.no_such_level and not can:
            yield PolicyProblem(
                ("stages", place, "no_such_level"),
                "names agencies without this level, and no level may be passed over for that; write skipping with "
                "levels: true and flat_organisation among because, or take it away",
            )
        if stage.no_such_level and place in {0, len(policy.stages) - 1}:
            yield PolicyProblem(
                ("stages", place, "no_such_level"),
                "the first and the last stage are passed over for nobody; take it away here",
            )


def _adviser_problems(policy: Policy) -> Iterator[PolicyProblem]:
    """A role stands there once, is asked at a stage that there is, and has a link that ends."""
    roles = [one.role for one in policy.advisers]
    for place, rule in enumerate(policy.advisers):
        where = ("advisers", place)
        if rule.role in roles[:place]:
            yield PolicyProblem((*where, "role"), f"{rule.role} is named twice; keep one")
        if rule.from_stage > len(policy.stages):
            yield PolicyProblem(
                (*where, "from_stage"), f"is {rule.from_stage}, and the last stage is {len(policy.stages)}"
            )
        if rule.within.value > _LONGEST[rule.within.unit]:
            yield PolicyProblem((*where, "within"), f"{rule.within.words()} is more than a year")
        if len(set(rule.asked_by)) < len(rule.asked_by):
            yield PolicyProblem((*where, "asked_by"), "names one side twice; name each once")


def _list_problems(policy: Policy) -> Iterator[PolicyProblem]:
    if policy.lists is not None:
        for place, sentence in codelists.problems(policy.lists):
            yield PolicyProblem(("lists", *place), sentence)


def _closing_problems(policy: Policy) -> Iterator[PolicyProblem]:
    """A follow-up that is never, or of which nobody could be reminded; and reminders of a year and more."""
    rule, where = policy.follow_up, ("closing", "follow_up")
    if rule is not None:
        for name in ("after", "answer_within"):
            amount: Amount = getattr(rule, name)
            if amount.value > _LONGEST[amount.unit]:
                yield PolicyProblem((*where, name), f"{amount.words()} is more than a year")
        if len(set(rule.asks)) < len(rule.asks):
            yield PolicyProblem((*where, "asks"), "names one side twice; name each once")
        for reminder in rule.remind_before:
            if _is_longer(reminder, rule.answer_within):
                yield PolicyProblem(
                    (*where, "remind_before"),
                    f"the reminder {reminder.words()} before would come before anybody is asked, for they have "
                    f"{rule.answer_within.words()}; make it shorter",
                )
    for reminder in policy.reminds_of_actions.remind_before:
        if reminder.value > _LONGEST[reminder.unit]:
            yield PolicyProblem(("plans", "remind_before"), f"{reminder.words()} is more than a year")


def _placed(policy: Policy) -> Iterator[tuple[tuple[int | str, ...], ClockRule]]:
    """Every clock with its place in the policy."""
    for place, stage in enumerate(policy.stages):
        for number, clock in enumerate(stage.clocks):
            yield ("stages", place, "clocks", number), clock
    for group in ("process_clocks", "raiser_clocks", "team_clocks"):
        rules: tuple[ClockRule, ...] = getattr(policy, group)
        for number, clock in enumerate(rules):
            yield (group, number), clock


_PLACES: dict[str, dict[Awaits, tuple[Side, tuple[StartsFrom, ...]]]] = {
    "stages": {
        Awaits.ACKNOWLEDGE: (Side.RESPONDING, (StartsFrom.DELIVERED, StartsFrom.STAGE_STARTED, StartsFrom.RECEIVED)),
        Awaits.BE_REACHED: (Side.RESPONDING, (StartsFrom.STAGE_STARTED, StartsFrom.DELIVERED, StartsFrom.RECEIVED)),
        Awaits.RESPOND: (
            Side.RESPONDING,
            (
                StartsFrom.DELIVERED,
                StartsFrom.STAGE_STARTED,
                StartsFrom.RECEIVED,
                StartsFrom.ACKNOWLEDGED,
                StartsFrom.REACHED,
            ),
        ),
        Awaits.DECIDE: (Side.FINAL_BODY, (StartsFrom.STAGE_STARTED,)),
    },
    "process_clocks": {
        Awaits.SETTLE_ALL: (Side.BOTH, (StartsFrom.RECEIVED, StartsFrom.STAGE_STARTED, StartsFrom.DISAGREEMENT)),
        Awaits.RAISE: (Side.RAISING, (StartsFrom.DISAGREEMENT,)),
    },
    "raiser_clocks": {
        Awaits.CHOOSE: (Side.RAISING, (StartsFrom.PROPOSED,)),
        Awaits.CONSIDER: (Side.RAISING, (StartsFrom.ANSWERED,)),
        Awaits.CONFIRM: (Side.RAISING, (StartsFrom.SAID_DONE,)),
    },
    "team_clocks": {
        Awaits.LOOK: (Side.TEAM, (StartsFrom.HELD,)),
        Awaits.MEND_DELIVERY: (Side.TEAM, (StartsFrom.DELIVERY_FAILED,)),
    },
}
"""What each group of clocks can await, of whom, and from which events. A clock outside this would never start, or never
be met, and nobody would hear of it."""

_LONGEST = {Unit.WORKING_DAYS: 260, Unit.CALENDAR_DAYS: 366, Unit.WORKING_HOURS: 2080, Unit.ELAPSED_HOURS: 8784}
"""A year. No published policy comes near, and a case's calendar reaches five years beyond its own."""
_NO_SOURCE = "not in the document"


def _clock_problems(policy: Policy) -> Iterator[PolicyProblem]:
    for place, stage in enumerate(policy.stages):
        yield from _group_problems("stages", ("stages", place, "clocks"), stage.clocks, stage.number)
    yield from _group_problems("process_clocks", ("process_clocks",), policy.process_clocks, 0)
    for place, clock in enumerate(policy.process_clocks):
        for sentence in _span_problems(clock, last=len(policy.stages)):
            yield PolicyProblem(("process_clocks", place), sentence)
    yield from _group_problems("raiser_clocks", ("raiser_clocks",), policy.raiser_clocks, 0)
    yield from _group_problems("team_clocks", ("team_clocks",), policy.team_clocks, 0)
    yield from _question_problems(policy, "raiser_clocks", "the raising side", policy.raiser_clocks)
    yield from _question_problems(policy, "team_clocks", "the team", policy.team_clocks)


def _group_problems(
    group: str, where: tuple[int | str, ...], clocks: tuple[ClockRule, ...], stage: int
) -> Iterator[PolicyProblem]:
    seen: set[str] = set()
    for place, clock in enumerate(clocks):
        if clock.id in seen:
            yield PolicyProblem((*where, place), f"two clocks here are called {clock.id}; give each its own id")
        seen.add(clock.id)
        for sentence in (*_place_problems(group, stage, clock), *_limit_problems(clock), *_stopping_problems(clock)):
            yield PolicyProblem((*where, place), sentence)
        if group != "process_clocks" and (clock.from_stage is not None or clock.to_stage is not None):
            yield PolicyProblem(
                (*where, place),
                "from_stage and to_stage are for a clock over several stages; name it in process_clocks",
            )
        for track, awaited in _never_before(clocks, clock):
            yield PolicyProblem(
                (*where, place),
                f"starts from {clock.starts_from}, and nothing awaits that on the {track} track; add a clock that "
                f"awaits {awaited}, or write starts_from: delivered",
            )


_STARTED_BY = {StartsFrom.ACKNOWLEDGED: Awaits.ACKNOWLEDGE, StartsFrom.REACHED: Awaits.BE_REACHED}
"""What has to be awaited for a clock to start from it."""


def _never_before(clocks: tuple[ClockRule, ...], clock: ClockRule) -> Iterator[tuple[Track, Awaits]]:
    """Where nobody is asked to acknowledge, or to speak, what starts from that would never, and nobody would know."""
    awaited = _STARTED_BY.get(clock.starts_from)
    if awaited is None:
        return
    for track in clock.limits:
        if not any(other.awaits is awaited and track in other.limits for other in clocks):
            yield track, awaited


def _span_problems(clock: ClockRule, *, last: int) -> Iterator[str]:
    first, to = clock.from_stage or 1, clock.to_stage or last
    if clock.awaits is Awaits.RAISE and (clock.from_stage is not None or clock.to_stage is not None):
        yield "awaits raise, which is before every stage; leave from_stage and to_stage out"
    if to > last:
        yield f"to_stage is {to}, and the last stage is {last}"
    if first > to:
        yield f"from_stage ({first}) is after to_stage ({to})"
    if clock.starts_from is StartsFrom.STAGE_STARTED and clock.from_stage is None:
        yield "starts from stage_started; say which with from_stage, or write starts_from: received"
    if clock.starts_from is not StartsFrom.STAGE_STARTED and first > 1:
        yield f"begins with stage {first}; write starts_from: stage_started, or leave from_stage out"


def can_propose(policy: Policy, track: Track) -> bool:
    """Whether a limit on this track can ask the raising side if a case moves up.

    One that escalates does so where an agency says that it is not theirs: nothing moves by itself then.
    """
    return any(clock.on_limit is not OnLimit.TELL and track in clock.limits for clock in policy.clocks)


def _question_problems(policy: Policy, group: str, whom: str, clocks: tuple[ClockRule, ...]) -> Iterator[PolicyProblem]:
    """Each question that can be asked has one clock on every track: without it a case could wait for ever."""
    for needed, track in itertools.product(_PLACES[group], Track):
        named = [clock.id for clock in clocks if clock.awaits is needed and track in clock.limits]
        if not named and not (needed is Awaits.CHOOSE and not can_propose(policy, track)):
            yield PolicyProblem(
                (group,), f"there is none for {needed} on the {track} track, so a case could wait for {whom} for ever"
            )
        if len(named) > 1:
            yield PolicyProblem((group,), f"{' and '.join(named)} both await {needed} on the {track} track; keep one")


def _place_problems(group: str, stage: int, clock: ClockRule) -> list[str]:
    possible = _PLACES[group]
    if clock.awaits not in possible:
        return [f"what belongs here awaits {_or(possible)}, and this awaits {clock.awaits}"]
    waits_for, starts = possible[clock.awaits]
    problems: list[str] = []
    if clock.waits_for is not waits_for:
        problems.append(f"awaits {clock.awaits}, which only {waits_for} can do; write waits_for: {waits_for}")
    if clock.starts_from not in starts:
        problems.append(
            f"awaits {clock.awaits}, and would never start from {clock.starts_from}; write starts_from: {_or(starts)}"
        )
    elif clock.starts_from is StartsFrom.RECEIVED and stage > 1:
        problems.append("starts from received, which only a clock of stage 1 can; write starts_from: delivered")
    if (
        (clock.on_limit is not OnLimit.TELL and waits_for in {Side.TEAM, Side.FINAL_BODY})
        or (clock.on_limit is not OnLimit.TELL and clock.awaits in {Awaits.CONSIDER, Awaits.CONFIRM, Awaits.RAISE})
        or (clock.on_limit is OnLimit.PROPOSE and clock.awaits is Awaits.CHOOSE)
    ):
        problems.append(
            f"a limit for {clock.awaits} that passes says nothing of the responding side; write on_limit: tell"
        )
    if clock.on_limit is OnLimit.ESCALATE and (
        not clock.source.strip() or clock.source.strip().casefold().startswith(_NO_SOURCE)
    ):
        problems.append(
            "only a policy whose document says so moves a case up by itself; name the paragraph in source, "
            "or write on_limit: propose"
        )
    return problems


def _stopping_problems(clock: ClockRule) -> Iterator[str]:
    """What the team has to do, and a person to be reached, wait for nobody's pause and nobody's extension."""
    never = clock.waits_for is Side.TEAM or clock.awaits in {Awaits.BE_REACHED, Awaits.RAISE}
    for said, name, what in ((clock.may_pause, "may_pause", "stopped"), (clock.may_extend, "may_extend", "extended")):
        if never and said:
            yield f"awaits {clock.awaits}, which is never {what}; write {name}: false, or leave it out"
    for name, limit in _allowances(clock):
        yield from (f"{name}: {sentence}" for sentence in _extension_problems(clock, limit))
        if never and limit.or_sooner:
            yield f"{name}: nobody sets a sooner time for what awaits {clock.awaits}; leave or_sooner out"


def _extension_problems(clock: ClockRule, limit: Allowance) -> Iterator[str]:
    for said, field in ((limit.extend_at_most, "extend_at_most"), (limit.extend_times, "extend_times")):
        if said is not None and not clock.extendable:
            yield f"may not be extended, so leave {field} out"
            return
    if limit.extend_at_most is None:
        return
    if limit.extend_at_most.unit is not limit.within.unit:
        yield (
            f"extend_at_most has to be in the unit of the limit ({limit.within.words()}), and is "
            f"{limit.extend_at_most.words()}"
        )
    elif limit.extend_at_most.value > _LONGEST[limit.extend_at_most.unit]:
        yield f"extend_at_most of {limit.extend_at_most.words()} is more than a year"


def _allowances(clock: ClockRule) -> Iterator[tuple[str, Allowance]]:
    """Every limit of a clock, and what a sentence calls it."""
    for track, limit in clock.limits.items():
        for priority, allowance in limit.all_of_them:
            yield f"{track} track" if priority is None else f"{track} track, priority {priority}", allowance


def _or(options: Iterable[str]) -> str:
    *most, last = options
    return f"{', '.join(most)} or {last}" if most else last


def _limit_problems(clock: ClockRule) -> list[str]:
    problems: list[str] = []
    if not clock.limits:
        problems.append("limits: name at least one track, or take the clock away")
    for name, limit in _allowances(clock):
        within = limit.within
        if within.value > _LONGEST[within.unit]:
            problems.append(f"{name}: {within.words()} is more than a year")
        # The team and the final body keep office hours also for what is urgent, where a policy says so.
        nights = clock.waits_for not in {Side.TEAM, Side.FINAL_BODY}
        nights = nights and clock.awaits is not Awaits.RAISE  # It is over before anything is urgent.
        if name.startswith(Track.URGENT) and within.unit is not Unit.ELAPSED_HOURS and nights:
            problems.append(
                f"on the urgent track limits run in elapsed hours, and this one is {within.words()}; write such as "
                f"{_in_elapsed_hours(within)}"
            )
        problems.extend(
            f"{name}: the reminder {reminder.words()} before would come before the clock of {within.words()} "
            "starts; make it shorter"
            for reminder in limit.remind_before
            if _is_longer(reminder, within)
        )
    return problems


def _in_elapsed_hours(within: Amount) -> str:
    hours = within.value if within.unit is Unit.WORKING_HOURS else 24 * within.value
    return Amount(value=min(hours, _LONGEST[Unit.ELAPSED_HOURS]), unit=Unit.ELAPSED_HOURS).words()


def _is_longer(reminder: Amount, within: Amount) -> bool:
    """Whether a reminder comes before its clock whenever that starts; other pairs of units depend on the day."""
    if reminder.unit is within.unit:
        return reminder.value >= within.value
    if (reminder.unit, within.unit) == (Unit.WORKING_HOURS, Unit.WORKING_DAYS):
        # The day of the start does not count, so a limit of n working days can hold almost n + 1 of office hours.
        return reminder.value >= 8 * (within.value + 1)
    return False


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
