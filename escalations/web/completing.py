"""Saying what a plain mail did not say: the questions of the form on one page, filled in with what the mail said.

The readers are those of the form (`questions`), so that a completed mail says what a form says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from escalations.intake import naming
from escalations.intake.naming import Named
from escalations.rules import acts
from escalations.rules.acts import NOT_KNOWN, NOT_STATED, Concern
from escalations.rules.case import Case, Status
from escalations.web import questions
from escalations.web.answers import MOST_AGENCIES, Agency, Asking, FamilyAware, Safety, YesNo, concern_of
from escalations.web.forms import LONG, Problem, Raw, Reading, first
from escalations.web.words import PersonKind

FIELDS: Final = 3
"""How many agencies the page has room for at least; there is one more than the mail named."""

THEME: Final = "theme"
"""The answer to who it is about, where it is about nobody by themselves."""

_IN_SHORT: Final[Mapping[str, str]] = {
    "is-urgent": "urgent or not",
    "phone": "phone number",
    "with": "agency",
    "kind": "who it is about",
    "theme": "the theme",
    "person-name": "name",
    "born": "date of birth",
    "reason": "reason",
    "listed-theme": "listed theme",
    "arose": "when it arose",
    "problem": "problem",
    "wanted": "what you want",
    "tried": "what was tried",
    "manager": "manager",
    "risk": "risk",
    "meanwhile": "what keeps them safe",
    "level": "level of need",
    "legal": "legal status",
    "aware": "family",
}


def in_short(problem: Problem) -> str:
    """What a field that is still missing, or to be put right, is about: a few words for a list on a small screen."""
    for name in (problem.field, problem.field.rpartition("-")[0]):
        if name in _IN_SHORT:
            return _IN_SHORT[name]
    return problem.sentence


def named(raised: acts.Raise, sealed: Mapping[str, Any], agencies: Mapping[str, Agency]) -> Named:
    """The agencies that the mail named, each by itself: what was recognised stands, whatever another name was."""
    written = (sealed.get("mail") or {}).get("to_agency") or ()
    found = naming.find(map(str, written), list(agencies.values()))
    others = tuple(one for one in found.recognised if one != raised.raising_agency)
    return replace(found, recognised=raised.responding_agencies or others)


def fields(of: Named) -> range:
    """One for each agency that was recognised, and one more."""
    return range(min(max(FIELDS, len(of.recognised) + 1), MOST_AGENCIES))


def lacking(raw: Raw, case: Case, agencies: Mapping[str, Agency], *, now: datetime) -> tuple[Problem, ...]:
    """What is still missing of what the page asks, for whoever opens it: each with its field."""
    reading = Reading(raw, now=now)
    _read(reading, case, agencies, {}, mailed=None)
    return tuple(reading.problems)


def prefilled(raised: acts.Raise | None, sealed: Mapping[str, Any] | None, agencies: Mapping[str, Agency]) -> Raw:
    """The fields, with what the mail said."""
    if raised is None or sealed is None:
        return {}
    raw: Raw = {
        "with": list(named(raised, sealed, agencies).recognised),
        "phone": [str((sealed.get("raiser") or {}).get("phone") or "")],
        "problem": [str(sealed.get("problem") or "")],
        "wanted": [str(sealed.get("wanted") or "")],
        "tried": [str(sealed.get("tried") or "")],
        "risk": [str(sealed.get("risk") or "")],
        "meanwhile": [str(sealed.get("safe_meanwhile") or "")],
    }
    if raised.reason != NOT_STATED:
        raw["reason"] = [raised.reason]
    if raised.theme is not None:
        raw["listed-theme"] = [raised.theme]
    if raised.level_of_need is not None:
        raw["level"] = [str(raised.level_of_need)]
    if raised.legal_status != NOT_KNOWN:
        raw["legal"] = [raised.legal_status]
    if sealed.get("arose_on"):
        raw |= _day("arose", str(sealed["arose_on"]))
    raw |= _unread_days((sealed.get("mail") or {}).get("not_recognised") or {})
    people = sealed.get("people") or []
    if people:
        raw |= {"kind": [str(people[0].get("kind") or "")], "person-name": [str(people[0].get("name") or "")]}
        if people[0].get("born_or_due"):
            raw |= _day("born", str(people[0]["born_or_due"]))
    return raw


def _unread_days(written: Mapping[str, str]) -> Raw:
    """The parts of a date that was not understood, in their fields, for whoever wrote it to put right."""
    raw: Raw = {}
    for label, name in (("born", "born"), ("arose_on", "arose")):
        found = _PARTS.fullmatch(str(written.get(label) or "").strip())
        if found is not None:
            raw |= {f"{name}-day": [found[1]], f"{name}-month": [found[2]], f"{name}-year": [found[3] or ""]}
    return raw


_PARTS: Final = re.compile(r"(\d{1,2})[ ./-]+(\d{1,2}|[A-Za-z]{3,9})[ ,./-]*(\d{1,4})?")


def _day(name: str, iso: str) -> Raw:
    day = date.fromisoformat(iso)
    return {f"{name}-day": [str(day.day)], f"{name}-month": [str(day.month)], f"{name}-year": [str(day.year)]}


def make(
    reading: Reading,
    case: Case,
    agencies: Mapping[str, Agency],
    origin: dict[str, Any],
    sealed: dict[str, object],
    *,
    mailed: Mapping[str, Any] | None,
) -> acts.Complete | None:
    """The act of the posted page, or none where something is to be put right; the reading then says what.

    ``mailed`` is what was sealed with the mail: whom it named besides the person on the page stays with the case.
    """
    said = _read(reading, case, agencies, sealed, mailed=mailed)
    return None if reading.problems else acts.Complete(**origin, **said)


def _read(
    reading: Reading,
    case: Case,
    agencies: Mapping[str, Agency],
    sealed: dict[str, object],
    *,
    mailed: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What the page says: the codes of the act; what is sealed with it is put into ``sealed``."""
    others = also_named(mailed)
    asking = Asking(now=reading.now, agencies=agencies, policy=case.frame.policy)
    phone = reading.phone("phone", missing="Enter a phone number on which you can be reached")
    named: tuple[str, ...] = ()
    if case.status is Status.HELD:
        named = questions.read_agencies(reading, asking, raising=case.raising_agency)
    thematic, theme = _subject(reading)
    own = [agency for agency in (case.raising_agency, *named) if agency is not None]
    person = None if thematic else questions.read_person(reading, agencies=tuple(own))
    difference = questions.read_difference(reading, asking)
    tried = questions.read_tried(reading, asking)
    safety = _safety(reading, asking)
    urgent = None
    if case.asked_if_urgent:
        urgent = reading.choice("is-urgent", YesNo, missing="Say whether it is urgent")
    sealed |= {
        "raiser": {**((mailed or {}).get("raiser") or {}), "phone": phone},
        "people": [] if person is None else [questions.sealed_person(person), *others],
        "theme": theme,
        "arose_on": difference.arose_on.isoformat() if difference.arose_on else None,
        "problem": difference.problem,
        "wanted": difference.wanted,
        "tried": tried.tried,
        "manager_consulted": tried.manager_consulted is YesNo.YES,
        "advice": tried.advice,
        "risk": safety.risk,
        "safe_meanwhile": safety.safe_meanwhile,
        "family_aware": safety.family_aware.value if safety.family_aware else None,
        "family_views": safety.family_views,
    }
    return {
        "responding_agencies": named,
        "concern": concern_of(
            () if person is None else (person.kind, *(PersonKind(str(other["kind"])) for other in others))
        ),
        "people": 0 if person is None else 1 + len(others),
        "reason": difference.reason,
        "theme": difference.theme,
        "level_of_need": safety.level_of_need,
        "legal_status": safety.legal_status,
        "urgent": None if urgent is None else urgent is YesNo.YES,
    }


def _subject(reading: Reading) -> tuple[bool, str]:
    """As on the form, where it takes two questions: here a theme is one of the answers to who it is about."""
    thematic = first(reading.raw, "kind") == THEME
    asked = Reading({**reading.raw, "subject": [THEME if thematic else "people"]}, now=reading.now)
    said = questions.read_subject(asked)
    for problem in asked.problems:
        reading.problem(problem.field, problem.sentence)
    return said


def _safety(reading: Reading, asking: Asking) -> Safety:
    """As on the form, without the question whether it is urgent: that is asked where the mail leaves it open."""
    asked = Reading({**reading.raw, "urgent": [YesNo.NO.value]}, now=reading.now)
    safety = questions.read_safety(asked, asking)
    for problem in asked.problems:
        reading.problem(problem.field, problem.sentence)
    return safety


def also_named(sealed: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    """Whom the mail named besides the person on the page. They stay as it named them."""
    return tuple((sealed or {}).get("people") or ())[1:]


def retyped(act: acts.Complete, sealed: Mapping[str, Any]) -> Raw:
    """The page again, as it was filled in, where what it sent was not carried out."""
    raw: Raw = {
        "with": list(act.responding_agencies) or [""],
        "phone": [str((sealed.get("raiser") or {}).get("phone") or "")],
        "kind": [THEME] if act.concern is Concern.THEMATIC else [],
        "reason": [act.reason],
        "listed-theme": [act.theme or NOT_STATED],
        "level": [str(act.level_of_need or "unknown")],
        "legal": [act.legal_status],
        "manager": [YesNo.YES.value if sealed.get("manager_consulted") else YesNo.NO.value],
        "aware": [str(sealed.get("family_aware") or FamilyAware.NO.value)],
    }
    if act.urgent is not None:
        raw["is-urgent"] = [YesNo.YES.value if act.urgent else YesNo.NO.value]
    names = {"meanwhile": "safe_meanwhile", "views": "family_views"}
    for field in ("theme", "problem", "wanted", "tried", "advice", "risk", "meanwhile", "views"):
        raw[field] = [str(sealed.get(names.get(field, field)) or "")[:LONG]]
    if sealed.get("arose_on"):
        raw |= _day("arose", str(sealed["arose_on"]))
    for person in (sealed.get("people") or [])[:1]:
        raw |= {"kind": [person["kind"]], "person-name": [person["name"]]}
        if person.get("born_or_due"):
            raw |= _day("born", person["born_or_due"])
        for agency, number in (person.get("case_numbers") or {}).items():
            raw[f"number-{agency}"] = [number]
    return raw
