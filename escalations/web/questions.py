"""What is asked of somebody who raises an escalation: the pages, their fields, and what has to be on each.

The list is the merged record of published policies (`domain.md`, "What gets recorded"). A page's reader turns what was
typed into values, or says what to put right; `whole` reads all pages again before anything is sent, so that what is
sent is what the last page showed, whichever way it got there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

from escalations.policy import Track
from escalations.rules.acts import Concern, LegalStatus, Reason
from escalations.rules.civiltime import say_day
from escalations.web import words
from escalations.web.forms import LONG, Problem, Raw, Reading, first
from escalations.web.words import PersonKind

MOST_AGENCIES: Final = 6
"""How many agencies one escalation can be raised with by form."""
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
    entered_for: bool = False
    """Whether the team enters it for somebody who phoned."""
    stages: Mapping[str, str] = field(default_factory=dict)
    """The policy's stages, by number, for what was tried before it reached us."""


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

    reason: Reason | None
    arose_on: date | None
    problem: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What was done about it before."""

    tried: str
    manager_consulted: YesNo | None
    advice: str


@dataclass(frozen=True, slots=True)
class Safety:
    """How risky it is, and how fast it has to go."""

    urgent: YesNo | None
    level_of_need: int | None
    legal_status: LegalStatus | None
    risk: str
    safe_meanwhile: str
    family_aware: FamilyAware | None
    family_views: str


@dataclass(frozen=True, slots=True)
class Began:
    """What the team adds to what somebody said by phone."""

    began_on: date | None
    stages_tried: tuple[str, ...]
    account: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole escalation as it was asked for. ``problems`` by page; it is complete when there are none."""

    you: You
    agencies: tuple[str, ...]
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
        """Who it is about, in one word. Several children are counted as siblings, children with adults as a family."""
        if self.thematic or not self.people:
            return Concern.THEMATIC
        kinds = {person.kind for person in self.people}
        if len(self.people) == 1:
            return Concern(self.people[0].kind.value)
        return Concern.FAMILY if PersonKind.ADULT in kinds else Concern.SIBLINGS

    @property
    def track(self) -> Track:
        """How fast it has to go."""
        return Track.URGENT if self.safety.urgent is YesNo.YES else Track.STANDARD


def steps(answers: Answers, *, entered_for: bool) -> tuple[Step, ...]:
    """The pages that these answers lead through."""
    left_out = set() if entered_for else {Step.BEGAN}
    if first(answers.page(Step.SUBJECT), "subject") == "theme":
        left_out.add(Step.PEOPLE)
    return tuple(step for step in Step if step not in left_out)


def read_you(reading: Reading, asking: Asking) -> You:
    """Who raises it. Somebody who phoned may have no address; the form has to have one to answer to."""
    they = asking.entered_for
    name = reading.text("name", "The name", missing="Enter their full name" if they else "Enter your full name")
    role = reading.text(
        "role", "The role", missing=("Enter their job title or role" if they else "Enter your job title or role")
    )
    agency = reading.one_of(
        "agency",
        asking.agencies,
        missing=("Choose the agency that they work for" if they else "Choose the agency that you work for"),
    )
    email = ""
    if first(reading.raw, "email").strip() or not they:
        email = reading.email("email", missing="Enter your work email address")
    phone = reading.phone(
        "phone",
        missing=(
            "Enter a phone number on which they can be reached"
            if they
            else "Enter a phone number on which you can be reached"
        ),
    )
    return You(name, email, phone, role, agency)


def agency_fields(raw: Mapping[str, Sequence[str]]) -> list[str]:
    """The agencies chosen so far, with gaps left out; at least one field is shown."""
    return [value for value in raw.get("with", []) if value][:MOST_AGENCIES]


NO_AGENCY: Final = "Choose the agency that you disagree with, or tick that you do not know which one"


def read_agencies(
    reading: Reading,
    asking: Asking,
    *,
    raising: str,
    missing: str = NO_AGENCY,
) -> tuple[str, ...]:
    """Which agencies it is raised with. None at all means that the team finds out."""
    chosen = agency_fields(reading.raw)
    if reading.ticked("unknown"):
        if chosen:
            reading.problem("with-1", "Choose an agency, or tick that you do not know which one. You have done both.")
        return ()
    if not chosen:
        reading.problem("with-1", missing)
    for place, agency in enumerate(chosen, 1):
        if agency not in asking.agencies:
            reading.problem(f"with-{place}", "Choose an agency from the list")
        elif agency == raising:
            reading.problem(
                f"with-{place}",
                "This is the agency that raises it. A disagreement inside one agency goes "
                "through that agency's own managers.",
            )
        elif agency in chosen[: place - 1]:
            reading.problem(f"with-{place}", "This agency is named twice. Name each agency once.")
    return tuple(chosen)


def read_subject(reading: Reading) -> tuple[bool, str]:
    """Whether it is about people or a theme, and the theme."""
    subject = reading.one_of(
        "subject", ("people", "theme"), missing="Choose whether it is about people or about a theme"
    )
    if subject != "theme":
        return False, ""
    return True, reading.text("theme", "The theme", missing="Say in a few words what the theme is", most=LONG)


def read_person(reading: Reading, *, agencies: tuple[str, ...]) -> Person | None:
    """One of those whom it is about."""
    kind = reading.choice("kind", PersonKind, missing="Choose who this is")
    unborn = kind is PersonKind.UNBORN_BABY
    name = reading.text(
        "person-name",
        "The name",
        missing=(
            "Enter the name of the mother, or the name that you use for the baby" if unborn else "Enter their name"
        ),
    )
    when = reading.day("born", "The due date" if unborn else "The date of birth", missing=None, future=unborn)
    numbers = {
        agency: number
        for agency in agencies
        if (number := reading.text(f"number-{agency}", "The case number", most=60))
    }
    person = (
        None
        if kind is None
        else Person(kind, name, when, numbers, reading.ticked("address-withheld"), reading.ticked("not-safe"))
    )
    if (
        person is not None
        and when is None
        and not numbers
        and not any(problem.field.startswith("born") for problem in reading.problems)
    ):
        reading.problem(
            "born-day",
            (
                "Enter the date of birth or a case number, so that the other agency can find the right person"
                if not unborn
                else "Enter the due date or a case number, so that the other agency can find the right person"
            ),
        )
    return person


def read_difference(reading: Reading) -> Difference:
    """What the disagreement is."""
    return Difference(
        reading.choice("reason", Reason, missing="Choose what the disagreement is about"),
        reading.day(
            "arose",
            "The date of the disagreement",
            missing="Enter the date of the disagreement, or of the decision that you disagree with",
        ),
        reading.text("problem", "What the problem is", missing="Say what the problem is and how you know", most=LONG),
        reading.text("wanted", "What you want to happen", missing="Say what you want to happen", most=LONG),
    )


def read_tried(reading: Reading, asking: Asking) -> Tried:
    """What was done about it before."""
    they = asking.entered_for
    return Tried(
        reading.text(
            "tried", "What has been tried", missing="Say what has been tried so far, or write “nothing yet”", most=LONG
        ),
        reading.choice(
            "manager",
            YesNo,
            missing=(
                "Say whether they have spoken to their manager or safeguarding lead"
                if they
                else "Say whether you have spoken to your manager or safeguarding lead"
            ),
        ),
        reading.text("advice", "The advice", most=LONG),
    )


def read_safety(reading: Reading) -> Safety:
    """How risky it is, and how fast it has to go."""
    urgent = reading.choice("urgent", YesNo, missing="Say whether this is urgent")
    risk = reading.text("risk", "The risk", missing="Say what the risk is", most=LONG)
    meanwhile = reading.text(
        "meanwhile",
        "What keeps them safe",
        missing="Say what keeps them safe meanwhile, or write “nothing that we know of”",
        most=LONG,
    )
    level = reading.one_of("level", words.LEVELS_OF_NEED, missing="Choose the level of need, or “I do not know”")
    return Safety(
        urgent,
        int(level) if level.isdecimal() else None,
        reading.choice("legal", LegalStatus, missing="Choose the legal status, or “I do not know”"),
        risk,
        meanwhile,
        reading.choice("aware", FamilyAware, missing="Say whether the family knows"),
        reading.text("views", "The family's views", most=LONG),
    )


def read_began(reading: Reading, asking: Asking) -> Began:
    """What the team adds to what somebody said by phone. Nothing fires for what is past."""
    tried = tuple(number for number in reading.raw.get("stages", []) if number in asking.stages)
    return Began(
        reading.day("began", "The date it began", missing="Enter the date on which it really began"),
        tried,
        reading.text("account", "The account", most=LONG),
    )


def whole(answers: Answers, asking: Asking) -> Whole:
    """Everything that was typed, read again from the first page to the last."""
    problems: dict[str, tuple[Problem, ...]] = {}

    def page(step: Step) -> Reading:
        return Reading(answers.page(step), now=asking.now)

    def noted(name: str, reading: Reading) -> None:
        if reading.problems:
            problems[name] = tuple(reading.problems)

    began = None
    if asking.entered_for:
        reading = page(Step.BEGAN)
        began = read_began(reading, asking)
        noted(Step.BEGAN, reading)
    reading = page(Step.YOU)
    you = read_you(reading, asking)
    noted(Step.YOU, reading)
    reading = page(Step.AGENCIES)
    agencies = read_agencies(reading, asking, raising=you.agency_id)
    noted(Step.AGENCIES, reading)
    reading = page(Step.SUBJECT)
    thematic, theme = read_subject(reading)
    noted(Step.SUBJECT, reading)
    people: tuple[Person, ...] = ()
    if not thematic:
        people = _people(answers, asking, (you.agency_id, *agencies), problems)
    reading = page(Step.DIFFERENCE)
    difference = read_difference(reading)
    noted(Step.DIFFERENCE, reading)
    reading = page(Step.TRIED)
    tried = read_tried(reading, asking)
    noted(Step.TRIED, reading)
    reading = page(Step.SAFETY)
    safety = read_safety(reading)
    noted(Step.SAFETY, reading)
    return Whole(you, agencies, thematic, theme, people, difference, tried, safety, began, problems)


def _people(
    answers: Answers,
    asking: Asking,
    agencies: tuple[str, ...],
    problems: dict[str, tuple[Problem, ...]],
) -> tuple[Person, ...]:
    found: list[Person] = []
    for place, raw in enumerate(answers.people[:MOST_PEOPLE], 1):
        reading = Reading(raw, now=asking.now)
        person = read_person(reading, agencies=agencies)
        if person is not None:
            found.append(person)
        if reading.problems:
            problems[f"{Step.PEOPLE}/{place}"] = tuple(reading.problems)
    if not answers.people:
        problems[Step.PEOPLE] = (Problem("add", "Add at least one person whom this is about"),)
    return tuple(found)


def sealed(found: Whole, *, referred: str) -> dict[str, object]:
    """The personal and free-text part of a submission. Everything in it is encrypted before it is stored."""
    content: dict[str, object] = {
        "raiser": {"name": found.you.name, "email": found.you.email, "phone": found.you.phone, "role": found.you.role},
        "people": [
            {
                "kind": person.kind.value,
                "name": person.name,
                "born_or_due": person.born_or_due.isoformat() if person.born_or_due else None,
                "case_numbers": dict(person.case_numbers),
                "address_withheld": person.address_withheld,
                "not_safe_to_tell_family": person.not_safe_to_tell_family,
            }
            for person in found.people
        ],
        "theme": found.theme,
        "arose_on": found.difference.arose_on.isoformat() if found.difference.arose_on else None,
        "problem": found.difference.problem,
        "wanted": found.difference.wanted,
        "tried": found.tried.tried,
        "manager_consulted": found.tried.manager_consulted is YesNo.YES,
        "advice": found.tried.advice,
        "risk": found.safety.risk,
        "safe_meanwhile": found.safety.safe_meanwhile,
        "family_aware": found.safety.family_aware.value if found.safety.family_aware else None,
        "family_views": found.safety.family_views,
        "referred": referred,
    }
    if found.began is not None:
        content["entered_by_team"] = {
            "began_on": found.began.began_on.isoformat() if found.began.began_on else None,
            "stages_tried": list(found.began.stages_tried),
            "account": found.began.account,
        }
    return content
