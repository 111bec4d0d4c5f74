"""What a raised escalation is made of, as it was typed and as it was understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

from escalations.policy import Policy, SkipReason, Track
from escalations.rules.acts import Concern
from escalations.rules.civiltime import civil, say_day
from escalations.rules.codelists import CodeEntry, ListKind
from escalations.web import words
from escalations.web.forms import Problem, Raw
from escalations.web.words import PersonKind

MOST_AGENCIES: Final = 6
"""How many agencies one escalation can be raised with by form."""
MOST_TOGETHER: Final = 3
"""Other agencies that a form offers to name as raising it too; the team can add more."""
MOST_PEOPLE: Final = 12
"""How many people one escalation can be about by form."""


class Step(StrEnum):
    """The pages of the form, in their order. People have a page each, ``people/1`` and so on."""

    BEGAN = "began"
    """Only where the team enters it for somebody: when it really began, and what was tried."""
    YOU = "you"
    AGENCIES = "agencies"
    SUBJECT = "subject"
    PEOPLE = "people"
    DIFFERENCE = "difference"
    TRIED = "tried"
    SAFETY = "safety"
    CHECK = "check"


class YesNo(StrEnum):
    """A plain question."""

    YES = "yes"
    NO = "no"


class FamilyAware(StrEnum):
    """Whether the family knows of the escalation."""

    YES = "yes"
    NO = "no"
    NOT_SAFE = "not_safe"
    NOT_APPLICABLE = "not_applicable"


FAMILY_AWARE: Final[Mapping[FamilyAware, str]] = {
    FamilyAware.YES: "Yes",
    FamilyAware.NO: "No, not yet",
    FamilyAware.NOT_SAFE: "No, it is not safe to tell them",
    FamilyAware.NOT_APPLICABLE: "It is not about a family",
}


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency as a person chooses it: with town and type, never by best match."""

    agency_id: str
    name: str
    agency_type: str
    town: str

    @property
    def label(self) -> str:
        """Its name, town and type in one line."""
        return f"{self.name}, {self.town} ({words.agency_type(self.agency_type).lower()})"


@dataclass(frozen=True, slots=True)
class Asking:
    """What the readers of pages need to know besides what was typed."""

    now: datetime
    agencies: Mapping[str, Agency]
    policy: Policy
    """Whose lists are offered."""
    entered_for: bool = False
    """Whether the team enters it for somebody who phoned."""
    stages: Mapping[str, str] = field(default_factory=dict)
    """The policy's stages, by number, for what was tried before it reached us."""


NO_PRIORITY: Final = "none"
"""What is chosen where no level of priority is given: the limits of the track apply."""


def priorities(policy: Policy) -> dict[str, str]:
    """The levels of priority that a form offers; none where the policy has none."""
    found = {level.code: level.title for level in policy.priorities}
    return {**found, NO_PRIORITY: "I do not know, or it is none of these"} if found else {}


def usual_start(policy: Policy, *, thematic: bool) -> int:
    """The stage at which it starts where nobody says otherwise."""
    return policy.thematic.start_stage if thematic and policy.thematic is not None else 1


def higher_stages(policy: Policy, *, thematic: bool) -> dict[str, str]:
    """The stages above that one at which an escalation may start, where the policy lets it."""
    most = policy.skipping.start_at_most if policy.skipping is not None else 1
    above = policy.stages[usual_start(policy, thematic=thematic) : most]
    return {str(stage.number): f"Stage {stage.number}: {stage.title}" for stage in above}


def skip_reasons(policy: Policy) -> dict[str, str]:
    """Why a stage may be passed over, by the policy."""
    reasons = () if policy.skipping is None else policy.skipping.because
    return {one.value: f"{words.SKIP_REASONS[one][:1].upper()}{words.SKIP_REASONS[one][1:]}" for one in reasons}


def about_themes(policy: Policy) -> str:
    """What becomes of a theme under a policy, where that is not what becomes of anything else."""
    rule = policy.thematic
    if rule is None:
        return ""
    if not rule.taken:
        return "The policy is not for a theme: the partnership team reads it first, and says where it goes."
    return f"A theme starts at stage {rule.start_stage}." if rule.start_stage > 1 else ""


def offered(policy: Policy, now: datetime) -> dict[str, Mapping[str, str]]:
    """What each list of a policy offers today; nothing where nobody is asked."""
    day = civil(now).date()
    unsaid = {ListKind.THEMES, ListKind.LEVELS_OF_NEED, ListKind.LEGAL_STATUSES}
    return {kind.value: policy.codes(kind).offered(day, unsaid=kind in unsaid) for kind in ListKind}


def meanings(policy: Policy, now: datetime) -> dict[str, list[CodeEntry]]:
    """What the entries that are offered mean, where the policy says so."""
    there = offered(policy, now)
    return {
        kind.value: [one for one in policy.codes(kind) if one.definition and one.code in there[kind.value]]
        for kind in ListKind
    }


class Answers(BaseModel):
    """What was typed so far, exactly as typed. This is what a draft holds."""

    model_config = ConfigDict(extra="forbid")

    key: str
    """The idempotency key: however often it is sent, it is one escalation."""
    referred: str = ""
    steps: dict[str, Raw] = {}
    people: list[Raw] = []

    def page(self, step: Step) -> Raw:
        """What was typed on one page."""
        return self.steps.get(step, {})


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever it is about."""

    kind: PersonKind
    name: str
    born_or_due: date | None
    case_numbers: Mapping[str, str]
    """By agency: each has its own."""
    address_withheld: bool
    not_safe_to_tell_family: bool

    @property
    def date_words(self) -> str:
        """The date of birth, or the date that a baby is due."""
        if self.born_or_due is None:
            return "Not known"
        return f"{'Due' if self.kind is PersonKind.UNBORN_BABY else 'Born'} {say_day(self.born_or_due)}"


@dataclass(frozen=True, slots=True)
class You:
    """Who raises it."""

    name: str
    email: str
    phone: str
    role: str
    agency_id: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What the disagreement is."""

    reason: str
    theme: str | None
    """Of the policy's list, where it has one."""
    arose_on: date | None
    problem: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What was done about it before."""

    tried: str
    manager_consulted: YesNo | None
    advice: str
    start_stage: int | None = None
    """Where it starts above the first stage, as the policy lets it ..."""
    start_because: SkipReason | None = None
    start_words: str = ""
    """... and why, in words."""


@dataclass(frozen=True, slots=True)
class Safety:
    """How risky it is, and how fast it has to go."""

    urgent: YesNo | None
    priority: str | None
    """One of the policy's levels, where it has any."""
    level_of_need: int | None
    legal_status: str
    risk: str
    safe_meanwhile: str
    family_aware: FamilyAware | None
    family_views: str


@dataclass(frozen=True, slots=True)
class Began:
    """What the team adds to what somebody said by phone."""

    began_on: date | None
    tried: Mapping[str, str]
    """By the number of each stage that was tried before it reached us: when and with whom, as they told it."""
    account: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole escalation as it was asked for. ``problems`` by page; it is complete when there are none."""

    you: You
    agencies: tuple[str, ...]
    together: tuple[str, ...]
    """Other agencies that raise it too."""
    thematic: bool
    theme: str
    people: tuple[Person, ...]
    difference: Difference
    tried: Tried
    safety: Safety
    began: Began | None
    problems: Mapping[str, tuple[Problem, ...]]

    @property
    def concern(self) -> Concern:
        """Who it is about, in one word."""
        return concern_of(() if self.thematic else tuple(person.kind for person in self.people))

    def starts_at(self, policy: Policy) -> int:
        """The stage at which it starts."""
        return max(self.tried.start_stage or 1, usual_start(policy, thematic=self.thematic))

    def goes_elsewhere(self, policy: Policy) -> bool:
        """Whether the policy is not for it, so that the team says where it goes."""
        return self.thematic and policy.thematic is not None and not policy.thematic.taken

    @property
    def track(self) -> Track:
        """How fast it has to go."""
        return Track.URGENT if self.safety.urgent is YesNo.YES else Track.STANDARD


def concern_of(kinds: Sequence[PersonKind]) -> Concern:
    """Who it is about, in one word. Several children are counted as siblings, children with adults as a family."""
    if len(kinds) < 2:  # noqa: PLR2004  one alone is who it is
        return Concern(kinds[0].value) if kinds else Concern.THEMATIC
    return Concern.FAMILY if PersonKind.ADULT in kinds else Concern.SIBLINGS
