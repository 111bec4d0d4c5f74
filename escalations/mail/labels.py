"""Labelled lines in a plain mail (``To agency: …``), read into fields.

A label is recognised by its words alone, whole and in any case; what stands behind it is kept as it was written. Codes
come only of words that mean exactly one of them: nothing is guessed, and what is not understood stays in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from escalations.mail import sentences
from escalations.policy import Policy, SkipReason
from escalations.rules.codelists import CodeList, normal

VALUE_CHARS: Final = 6_000
MOST_VALUES: Final = 12
"""Of one label: agencies or people named one after another."""


_SIGNED_WORDS: Final = 4
"""A longer line that begins like a signature ("Thanks for calling on Monday.") belongs to the account."""


class Label(StrEnum):
    """What a labelled line can say."""

    TO_AGENCY = "to_agency"
    TOGETHER = "together"
    """Other agencies that raise it too."""
    RAISED_WITH = "raised_with"
    """Beside a line that says with whom it is raised, those that raise it too; alone, with whom it is raised."""
    FROM_AGENCY = "from_agency"
    """Helps the team; whoever raises it is known by their address or not at all."""
    ABOUT = "about"
    CHILD = "child"
    UNBORN_BABY = "unborn_baby"
    ADULT = "adult"
    BORN = "born"
    CASE_NUMBER = "case_number"
    REASON = "reason"
    THEME = "theme"
    LEVEL_OF_NEED = "level_of_need"
    LEGAL_STATUS = "legal_status"
    URGENT = "urgent"
    PRIORITY = "priority"
    """One of the policy's levels; where it has none, whether it is urgent."""
    START_STAGE = "start_stage"
    START_BECAUSE = "start_because"
    AROSE_ON = "arose_on"
    PROBLEM = "problem"
    WANTED = "wanted"
    TRIED = "tried"
    RISK = "risk"
    SAFE_MEANWHILE = "safe_meanwhile"
    FAMILY_AWARE = "family_aware"
    NAME = "name"
    ROLE = "role"
    PHONE = "phone"


_WORDS: Final[Mapping[Label, tuple[str, ...]]] = {
    Label.TO_AGENCY: (
        "to agency",
        "to agencies",
        "agency",
        "raise with",
        "responding agency",
        "responding agencies",
        "receiving agency",
        "escalate to",
        "escalation to",
        "for agency",
        "agency escalated to",
        "agency challenged",
        "agency you disagree with",
    ),
    Label.TOGETHER: (
        "together with",
        "raised together with",
        "raising together with",
        "raised jointly with",
        "jointly with",
        "joint with",
        "also raised by",
        "co raised by",
        "co raiser",
        "co raisers",
    ),
    Label.RAISED_WITH: ("raised with",),
    Label.FROM_AGENCY: (
        "from agency",
        "my agency",
        "our agency",
        "raising agency",
        "your agency",
        "agency raising",
        "raised by",
        "organisation",
        "school",
    ),
    Label.ABOUT: (
        "about",
        "children",
        "family",
        "person",
        "concerning",
        "who it is about",
        "subject of escalation",
    ),
    Label.CHILD: ("child", "childs name", "name of child", "child name", "name of the child", "young person", "pupil"),
    Label.UNBORN_BABY: ("unborn baby", "unborn child", "baby"),
    Label.ADULT: ("adult", "adults name", "name of adult", "name of the adult"),
    Label.BORN: ("date of birth", "dob", "d o b", "born", "due date", "childs date of birth"),
    Label.CASE_NUMBER: ("case number", "case reference", "case ref", "our reference", "our ref", "mosaic number"),
    Label.REASON: ("reason", "reason for escalation", "type of disagreement", "reason for disagreement", "category"),
    Label.THEME: ("theme", "theme of escalation", "dataset theme"),
    Label.LEVEL_OF_NEED: ("level of need", "level", "need", "threshold level", "rhrt level", "right help right time"),
    Label.LEGAL_STATUS: ("legal status", "status", "childs status", "plan type"),
    Label.URGENT: ("urgent", "is it urgent", "is this urgent", "urgency", "track"),
    Label.PRIORITY: ("priority", "priority level", "level of priority"),
    Label.START_STAGE: ("start at stage", "stage to start at", "starting stage", "start stage"),
    Label.START_BECAUSE: ("why start higher", "why it starts higher", "reason to start higher"),
    Label.AROSE_ON: (
        "date of disagreement",
        "date of the disagreement",
        "date of decision",
        "date of the decision",
        "date it arose",
        "arose on",
    ),
    Label.PROBLEM: (
        "problem",
        "the problem",
        "what the problem is",
        "what is the problem",
        "concern",
        "concerns",
        "details",
        "details of disagreement",
        "what happened",
        "disagreement",
        "nature of disagreement",
        "summary",
    ),
    Label.WANTED: (
        "wanted",
        "what we want",
        "what i want",
        "what you want",
        "what you want to happen",
        "outcome wanted",
        "desired outcome",
        "outcome sought",
        "what should happen",
        "action wanted",
        "request",
    ),
    Label.TRIED: ("tried", "tried so far", "what has been tried", "what was tried", "steps taken", "action so far"),
    Label.RISK: ("risk", "risks", "risk to the child", "the risk"),
    Label.SAFE_MEANWHILE: ("safe meanwhile", "what keeps them safe", "safety plan", "keeping safe", "interim safety"),
    Label.FAMILY_AWARE: ("family aware", "does the family know", "family informed", "parents aware"),
    Label.NAME: ("name", "my name", "your name", "raised by name", "contact name"),
    Label.ROLE: ("role", "job title", "my role", "your role", "position"),
    Label.PHONE: ("phone", "telephone", "tel", "mobile", "phone number", "contact number", "telephone number"),
}
_LABELS: Final = {word: label for label, words in _WORDS.items() for word in words}
_LINE = re.compile(r"\s{0,8}[-*•_>]{0,3}\s{0,3}([^:：\n]{1,60}?)[*_]{0,2}\s{0,3}[:：][*_]{0,2}\s{0,20}(.*)")
_LONG: Final = frozenset({Label.PROBLEM, Label.WANTED, Label.TRIED, Label.RISK, Label.SAFE_MEANWHILE})
"""What goes on over several lines, and over blank ones, until the next label."""


@dataclass(frozen=True, slots=True, repr=False)
class Labelled:
    """What the labelled lines of a message say, as it was written."""

    values: Mapping[Label, tuple[str, ...]]
    rest: str
    """The text without those lines."""
    lines: tuple[tuple[Label, str], ...] = ()
    """The same as the values, in the order in which they were written: whose date of birth it is shows by that."""

    def first(self, label: Label) -> str:
        """The first value of a label, or nothing."""
        values = self.values.get(label)
        return values[0] if values else ""

    def of_each(self, label: Label) -> tuple[str, ...]:
        """What a label says of each person, in their order: where there is one, or where each is followed by their own.

        Nothing where it cannot be told whose it is.
        """
        found: list[list[str]] = []
        for one, value in self.lines:
            if one in PEOPLE:
                found.append([])
            elif one is label and found:
                found[-1].append(value)
        if len(found) == 1:
            return (self.first(label),) if self.first(label) else ()
        told = [values[0] for values in found if len(values) == 1]
        return tuple(told) if told and len(told) == len(found) == len(self.values.get(label, ())) else ()


PEOPLE: Final = (Label.CHILD, Label.UNBORN_BABY, Label.ADULT)
"""The labels behind which somebody is named whom it is about."""
_NAME_AND_BORN = re.compile(
    r"(.{1,200}?)[\s,;(\u2013-]{1,10}(?:d\.?o\.?b\.?|date of birth|born|due(?: date)?)\s{0,3}[:.]?\s{0,5}"
    r"(\d.{3,40}?)\s{0,3}\)?"
    r"|(.{1,200}?)[\s,]{0,10}\((\d{1,2}[^()]{4,30}\d)\)",
    re.IGNORECASE,
)
"""A name and a date of birth on one line, as people write them."""


def read(text: str) -> Labelled:
    """Read labelled lines. What stands before the first of them, and between, is kept as the rest."""
    found: dict[Label, list[str]] = {}
    order: list[tuple[Label, str]] = []
    rest: list[str] = []
    current: Label | None = None
    pieces: list[str] = []

    def close() -> None:
        nonlocal current, pieces
        value = "\n".join(pieces).strip()
        said = ((current, value),) if current not in PEOPLE else _name_and_born(current, value)
        for label, part in said:
            if label is not None and part and len(found.setdefault(label, [])) < MOST_VALUES:
                found[label].append(part[:VALUE_CHARS])
                order.append((label, part[:VALUE_CHARS]))
        current, pieces = None, []

    for line in text.split("\n"):
        label, value = _labelled(line)
        if label is not None:
            close()
            current, pieces = label, [value]
        elif current in _LONG and any(pieces) and len(line.split()) <= _SIGNED_WORDS and sentences.signs(line):
            close()  # Who signs has said it: their name is no part of what was tried.
            rest.append(line)
        elif current is None:
            rest.append(line)
        elif line.strip():
            if current not in _LONG and any(pieces):
                close()
                rest.append(line)
            else:
                pieces.append(line)
        elif current in _LONG:
            pieces.append("")
        elif any(pieces):
            close()
    close()
    _settle_raised_with(found)
    values = {label: tuple(values) for label, values in found.items() if values}
    return Labelled(values, "\n".join(rest).strip(), tuple(order))


def _settle_raised_with(found: dict[Label, list[str]]) -> None:
    """Two lines cannot both say with whom it is raised: the plain one does, and the other says who raises it too."""
    if Label.RAISED_WITH in found:
        means = Label.TOGETHER if Label.TO_AGENCY in found else Label.TO_AGENCY
        found.setdefault(means, []).extend(found.pop(Label.RAISED_WITH))


def _name_and_born(label: Label | None, value: str) -> tuple[tuple[Label | None, str], ...]:
    both = _NAME_AND_BORN.fullmatch(value)
    if both is None or day(born := (both[2] or both[4])) is None:
        return ((label, value),)
    return (label, (both[1] or both[3]).strip()), (Label.BORN, born.strip())


def _labelled(line: str) -> tuple[Label | None, str]:
    mark = _LINE.match(line)
    if mark is None:
        return None, ""
    return _LABELS.get(normal(mark[1])), mark[2].strip()


# ---- Codes of words that mean exactly one thing ---------------------------------------------------------------------

_LEVEL = re.compile(r"(?:rhrt )?(?:level |l)?([1-9])(?: .{0,60})?")
_YES: Final = frozenset({"yes", "y", "urgent", "true", "high", "immediate"})
_NO: Final = frozenset({"no", "n", "standard", "false", "normal", "low", "not urgent", "routine"})


def level_of_need(listed: CodeList, text: str, on: date) -> int | None:
    """A level of need, by its number or its words."""
    found = _LEVEL.fullmatch(normal(text))
    said = found[1] if found else listed.named(text, on)
    return int(said) if said in listed.offered(on) else None


_DAY_MONTH_YEAR = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ ./-]+(\d{1,2}|[a-z]{3,9})[ ,./-]+(\d{4})")
_YEAR_MONTH_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def day(text: str) -> date | None:
    """A day as it is written here: the day first, or the year with dashes."""
    said = text.strip().casefold()[:40]
    if (found := _YEAR_MONTH_DAY.fullmatch(said)) is not None:
        year, month, number = found.groups()
    elif (found := _DAY_MONTH_YEAR.fullmatch(said)) is not None:
        number, month, year = found.groups()
        if not month.isdecimal():
            month = str(_MONTHS.index(month[:3]) + 1) if month[:3] in _MONTHS else "0"
    else:
        return None
    try:
        return date(int(year), int(month), int(number))
    except ValueError:
        return None


def priority(policy: Policy, text: str) -> str | None:
    """The policy's level of priority that these words name, whole, by its code or its title."""
    said = normal(text)
    found = [level.code for level in policy.priorities if said in {normal(level.code), normal(level.title)}]
    return found[0] if len(found) == 1 and said else None


def urgent(said: Labelled, policy: Policy | None = None) -> bool:
    """Whether it says that it is urgent; a priority says so too, where the policy has no levels of that name."""
    written = said.first(Label.PRIORITY)
    of_policy = policy is not None and priority(policy, written) is not None
    return yes(said.first(Label.URGENT)) is True or (not of_policy and yes(written) is True)


_STAGE = re.compile(r"(?:stage )?([1-9])(?: .{0,60})?")


def stage(text: str) -> int | None:
    """A stage by its number."""
    found = _STAGE.fullmatch(normal(text))
    return int(found[1]) if found else None


def skip_reason(text: str) -> SkipReason | None:
    """Why a stage is passed over, by its code, or by words that mean exactly one of them."""
    said = normal(text)
    return next((one for one, known in _SKIP_REASONS.items() if said in {normal(one.value), *known}), None)


_SKIP_REASONS: Final[Mapping[SkipReason, tuple[str, ...]]] = {
    SkipReason.FLAT_ORGANISATION: ("no such level", "there is no such level"),
    SkipReason.RISK: ("it cannot wait", "cannot wait", "the risk", "risk to the child"),
    SkipReason.TRIED_BEFORE: ("tried", "it was tried", "already tried", "tried already"),
    SkipReason.CONFLICT_OF_INTEREST: ("conflict", "conflict of interest"),
    SkipReason.BOTH_AGREE: ("both agree", "both sides agree"),
    SkipReason.THEMATIC: ("theme", "a theme"),
}


def yes(text: str) -> bool | None:
    """Yes or no, by the first word; none where it is neither."""
    said = normal(text)
    if said in _NO or said.split(" ")[0] in {"no", "not"}:
        return False
    return True if said in _YES or said.split(" ")[0] in {"yes", "urgent"} else None
