"""What is asked of somebody who raises an escalation: the pages, their fields, and what has to be on each.

The list is the merged record of published policies. A page's reader turns what was
typed into values, or says what to put right; `whole` reads all pages again before anything is sent, so that what is
sent is what the last page showed, whichever way it got there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from escalations.policy import SkipReason, Track
from escalations.rules.acts import NOT_KNOWN, NOT_STATED
from escalations.rules.codelists import ListKind
from escalations.web.answers import (
    MOST_AGENCIES,
    MOST_PEOPLE,
    MOST_TOGETHER,
    NO_PRIORITY,
    Answers,
    Asking,
    Began,
    Difference,
    FamilyAware,
    Person,
    Safety,
    Step,
    Tried,
    Whole,
    YesNo,
    You,
    higher_stages,
    offered,
    priorities,
    skip_reasons,
)
from escalations.web.forms import LONG, Problem, Reading, first
from escalations.web.words import PersonKind


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


_ALONE: Final = "Leave the other agencies out on the page that names the agency, or change this answer."
NO_AGENCY: Final = "Choose the agency that you disagree with, or tick that you do not know which one"


def read_agencies(
    reading: Reading,
    asking: Asking,
    *,
    raising: str | None,
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


def together_fields(raw: Mapping[str, Sequence[str]]) -> list[str]:
    """The other agencies chosen so far that raise it too, with gaps left out."""
    return [value for value in raw.get("together", []) if value][:MOST_TOGETHER]


def read_together(
    reading: Reading, asking: Asking, *, raising: str | None, responding: Sequence[str]
) -> tuple[str, ...]:
    """Which other agencies raise it too, if any."""
    chosen = together_fields(reading.raw)
    for place, agency in enumerate(chosen, 1):
        if agency not in asking.agencies:
            reading.problem(f"together-{place}", "Choose an agency from the list")
        elif agency == raising:
            reading.problem(f"together-{place}", "This is the agency that leads. Name only the others here.")
        elif agency in responding:
            reading.problem(f"together-{place}", "This agency is asked to answer it, so it cannot raise it too.")
        elif agency in chosen[: place - 1]:
            reading.problem(f"together-{place}", "This agency is named twice. Name each agency once.")
    if chosen and not asking.policy.together.taken:
        reading.problem("together-1", "Under this policy each agency raises its own. Leave the others out.")
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


def read_difference(reading: Reading, asking: Asking) -> Difference:
    """What the disagreement is."""
    lists = offered(asking.policy, asking.now)
    reason = reading.one_of("reason", lists[ListKind.REASONS], missing="Choose what the disagreement is about")
    theme = _listed(reading, "listed-theme", lists[ListKind.THEMES], missing="Choose a theme, or that none fits")
    return Difference(
        reason or NOT_STATED,
        None if theme in {"", NOT_STATED} else theme,
        reading.day(
            "arose",
            "The date of the disagreement",
            missing="Enter the date of the disagreement, or of the decision that you disagree with",
        ),
        reading.text("problem", "What the problem is", missing="Say what the problem is and how you know", most=LONG),
        reading.text("wanted", "What you want to happen", missing="Say what you want to happen", most=LONG),
    )


def read_tried(reading: Reading, asking: Asking, *, thematic: bool = False) -> Tried:
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
        *_read_start(reading, asking, thematic=thematic),
    )


def _read_start(reading: Reading, asking: Asking, *, thematic: bool) -> tuple[int | None, SkipReason | None, str]:
    """Whether it starts above the first stage, and why: asked only where the policy lets it."""
    stages = higher_stages(asking.policy, thematic=thematic)
    chosen = first(reading.raw, "start-stage")
    if not stages or not chosen:
        return None, None, ""
    number = reading.one_of("start-stage", stages, missing="Choose a stage from the list")
    because = reading.one_of(
        "start-because", skip_reasons(asking.policy), missing="Say why it starts above the first stage"
    )
    words = reading.text(
        "start-text",
        "Why it starts higher",
        missing="Say in a few words why it starts above the first stage",
        most=LONG,
    )
    return int(number) if number else None, SkipReason(because) if because else None, words


def _listed(reading: Reading, name: str, options: Mapping[str, str], *, missing: str) -> str:
    """One of a list's codes; nothing where the policy's list is empty, so that nobody is asked."""
    return reading.one_of(name, options, missing=missing) if options else ""


def read_safety(reading: Reading, asking: Asking) -> Safety:
    """How risky it is, and how fast it has to go."""
    lists = offered(asking.policy, asking.now)
    urgent = reading.choice("urgent", YesNo, missing="Say whether this is urgent")
    levels_of_priority = priorities(asking.policy)
    priority = _listed(reading, "priority", levels_of_priority, missing="Choose its priority, or “I do not know”")
    risk = reading.text("risk", "The risk", missing="Say what the risk is", most=LONG)
    meanwhile = reading.text(
        "meanwhile",
        "What keeps them safe",
        missing="Say what keeps them safe meanwhile, or write “nothing that we know of”",
        most=LONG,
    )
    levels = lists[ListKind.LEVELS_OF_NEED]
    level = _listed(reading, "level", levels, missing="Choose the level of need, or “I do not know”")
    statuses = lists[ListKind.LEGAL_STATUSES]
    return Safety(
        urgent,
        priority if priority not in {"", NO_PRIORITY} else None,
        int(level) if level.isdecimal() else None,
        _listed(reading, "legal", statuses, missing="Choose the legal status, or “I do not know”") or NOT_KNOWN,
        risk,
        meanwhile,
        reading.choice("aware", FamilyAware, missing="Say whether the family knows"),
        reading.text("views", "The family's views", most=LONG),
    )


def read_began(reading: Reading, asking: Asking) -> Began:
    """What the team adds to what somebody said by phone. Nothing fires for what is past."""
    return Began(
        reading.day("began", "The date it began", missing="Enter the date on which it really began"),
        {
            number: when
            for number, title in asking.stages.items()
            if (when := reading.text(f"tried-{number}", f"What you write for {title.lower()}"))
        },
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
    together = read_together(reading, asking, raising=you.agency_id, responding=agencies)
    noted(Step.AGENCIES, reading)
    reading = page(Step.SUBJECT)
    thematic, theme = read_subject(reading)
    noted(Step.SUBJECT, reading)
    people: tuple[Person, ...] = ()
    if not thematic:
        people = _people(answers, asking, (you.agency_id, *agencies, *together), problems)
    reading = page(Step.DIFFERENCE)
    difference = read_difference(reading, asking)
    noted(Step.DIFFERENCE, reading)
    reading = page(Step.TRIED)
    tried = read_tried(reading, asking, thematic=thematic)
    noted(Step.TRIED, reading)
    reading = page(Step.SAFETY)
    safety = read_safety(reading, asking)
    track = Track.URGENT if safety.urgent is YesNo.YES else Track.STANDARD
    if together and asking.policy.together.taken and not asking.policy.together.on(track):
        reading.problem("urgent", "Under this policy several agencies do not raise together on this track. " + _ALONE)
    noted(Step.SAFETY, reading)
    return Whole(you, agencies, together, thematic, theme, people, difference, tried, safety, began, problems)


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
        "raiser": {
            "name": found.you.name,
            "email": found.you.email,
            "phone": found.you.phone,
            "role": found.you.role,
            "agency": found.you.agency_id,
        },
        "people": [sealed_person(person) for person in found.people],
        "theme": found.theme,
        "arose_on": found.difference.arose_on.isoformat() if found.difference.arose_on else None,
        "problem": found.difference.problem,
        "wanted": found.difference.wanted,
        "tried": found.tried.tried,
        "manager_consulted": found.tried.manager_consulted is YesNo.YES,
        "advice": found.tried.advice,
        **({"start_reason": found.tried.start_words} if found.tried.start_words else {}),
        "risk": found.safety.risk,
        "safe_meanwhile": found.safety.safe_meanwhile,
        "family_aware": found.safety.family_aware.value if found.safety.family_aware else None,
        "family_views": found.safety.family_views,
        "referred": referred,
    }
    if found.began is not None:
        content["entered_by_team"] = {
            "began_on": found.began.began_on.isoformat() if found.began.began_on else None,
            "stages_tried": dict(found.began.tried),
            "account": found.began.account,
        }
    return content


def sealed_person(person: Person) -> dict[str, object]:
    """One of those whom it is about, as it is sealed."""
    return {
        "kind": person.kind.value,
        "name": person.name,
        "born_or_due": person.born_or_due.isoformat() if person.born_or_due else None,
        "case_numbers": dict(person.case_numbers),
        "address_withheld": person.address_withheld,
        "not_safe_to_tell_family": person.not_safe_to_tell_family,
    }
