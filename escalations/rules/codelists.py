"""The lists from which people choose: reasons, themes, outcomes, levels of need, legal status. A policy brings its own.

A code is what is counted, words are what people read, and a definition says which of them is meant. What a policy does
not list has the lists below: the merged record of published policies. A newer version of a list says of each entry
which older codes it takes the place of (``was``), so that cases under several versions are counted in one list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import not_
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

CODE_FORM: Final = r"^[a-z0-9][a-z0-9_]{0,59}$"
Code = Annotated[str, StringConstraints(pattern=CODE_FORM)]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class ListKind(StrEnum):
    """What a list is of."""

    REASONS = "reasons"
    THEMES = "themes"
    OUTCOMES = "outcomes"
    LEVELS_OF_NEED = "levels_of_need"
    LEGAL_STATUSES = "legal_statuses"

    @property
    def heading(self) -> str:
        """What it is called."""
        return _TITLES[self]

    @property
    def one(self) -> str:
        """What one entry of it is called."""
        return _ONE[self]


_TITLES: Final = {
    ListKind.REASONS: "Reasons",
    ListKind.THEMES: "Themes",
    ListKind.OUTCOMES: "Outcomes",
    ListKind.LEVELS_OF_NEED: "Levels of need",
    ListKind.LEGAL_STATUSES: "Legal status",
}
_ONE: Final = {
    ListKind.REASONS: "reason",
    ListKind.THEMES: "theme",
    ListKind.OUTCOMES: "outcome",
    ListKind.LEVELS_OF_NEED: "level of need",
    ListKind.LEGAL_STATUSES: "legal status",
}


def _none(value: object) -> bool:
    return value is None


class CodeEntry(BaseModel):
    """One entry of a list that people choose from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    """What is stored and counted. It stays the same while the words may improve."""
    words: Said
    """What a form offers."""
    short: Annotated[Said | None, Field(exclude_if=_none)] = None
    """What the head of a row in a table says. Not said: the words."""
    definition: Annotated[Said | None, Field(exclude_if=_none)] = None
    """What is meant by it, and what is not."""
    synonyms: Annotated[tuple[Said, ...], Field(max_length=30, exclude_if=not_)] = ()
    """What else people write for it in an email ("Reason: ...")."""
    no_longer_used_from: Annotated[date | None, Field(exclude_if=_none)] = None
    """From this day on it is not offered any more. What was recorded with it stays, and is counted."""
    was: Annotated[tuple[Code, ...], Field(max_length=30, exclude_if=not_)] = ()
    """The codes of earlier versions of the list that it takes the place of."""

    @property
    def heading(self) -> str:
        """What the head of a row says."""
        return self.short or self.words


Entries = Annotated[tuple[CodeEntry, ...] | None, Field(max_length=60, exclude_if=_none)]


class CodeLists(BaseModel):
    """The lists that people choose from. One that is left out is the list that comes with the software."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Said
    """Which version of the lists it is, as the document calls it."""
    reasons: Entries = None
    """Why agencies differ."""
    themes: Entries = None
    """What a difference is part of, for a dataset or a report. Not said: nobody is asked."""
    outcomes: Entries = None
    """How a difference ends, in the document's words. Their codes are those of the rules; one that is left out keeps
    its usual words."""
    levels_of_need: Entries = None
    """Their codes are numbers from 1 to 9. An empty list: nobody is asked."""
    legal_statuses: Entries = None
    """An empty list: nobody is asked."""
    source: Said = "not in the document: our choice"

    def of(self, kind: ListKind) -> tuple[CodeEntry, ...] | None:
        """One of them; none where it is not said."""
        found: tuple[CodeEntry, ...] | None = getattr(self, kind.value)
        return found


@dataclass(frozen=True, slots=True)
class CodeList:
    """A list in force: what a policy says, or what comes with the software."""

    kind: ListKind
    entries: tuple[CodeEntry, ...]
    unsaid: CodeEntry | None = None
    """What is recorded where nobody said, or nobody knew. It stands in no policy's list."""

    def __iter__(self) -> Iterator[CodeEntry]:
        """Go through its entries."""
        return iter(self.entries)

    def entry(self, code: object) -> CodeEntry | None:
        """The entry of a code."""
        every = (*self.entries, self.unsaid) if self.unsaid is not None else self.entries
        return next((one for one in every if one.code == str(code)), None)

    def words(self, code: object) -> str:
        """What a person reads for a code; the code itself with spaces, where the list does not have it."""
        found = self.entry(code)
        return found.words if found is not None else str(code).replace("_", " ").capitalize()

    def heading(self, code: object) -> str:
        """What the head of a row says for a code."""
        found = self.entry(code)
        return found.heading if found is not None else str(code).replace("_", " ").capitalize()

    def offered(self, on: date, *, unsaid: bool = False) -> dict[str, str]:
        """What a form offers on a day, with its words; and that nobody knows, where that is an answer."""
        found = {
            one.code: one.words
            for one in self.entries
            if one.no_longer_used_from is None or on < one.no_longer_used_from
        }
        if unsaid and self.unsaid is not None and found:
            found[self.unsaid.code] = self.unsaid.words
        return found

    def present(self, code: object) -> str | None:
        """What a code of this list or of an earlier one is in this list; none where it is in neither."""
        if self.entry(code) is not None:
            return str(code)
        return next((one.code for one in self.entries if str(code) in one.was), None)

    def named(self, text: str, on: date) -> str | None:
        """The code that these words name whole: by code, words or a synonym; none where they name none, or several."""
        said = normal(text)
        found = {
            one.code
            for one in self.entries
            if (one.no_longer_used_from is None or on < one.no_longer_used_from) and said in _names(one)
        }
        return found.pop() if len(found) == 1 and said else None


def _names(entry: CodeEntry) -> frozenset[str]:
    return frozenset(normal(word) for word in (entry.code, entry.words, entry.heading, *entry.synonyms))


_NOT_WORD = re.compile(r"[^\w]+")


def normal(text: str) -> str:
    """Words as they are compared: without case, signs, and more than one space between them."""
    return " ".join(_NOT_WORD.sub(" ", text.casefold().replace("'", "").replace("’", "").replace("_", " ")).split())


def in_force(kind: ListKind, said: CodeLists | None) -> CodeList:
    """A list as a policy has it."""
    own = said.of(kind) if said is not None else None
    usual = USUAL[kind]
    if own is None:
        return usual
    if kind is ListKind.OUTCOMES:
        there = {one.code for one in own}
        own = (*own, *(one for one in usual.entries if one.code not in there))
    return CodeList(kind, own, usual.unsaid)


def problems(said: CodeLists) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """What does not hold together in the lists of a policy, each with its place."""
    for kind in ListKind:
        entries = said.of(kind)
        if entries is None:
            continue
        if kind is ListKind.REASONS and not entries:
            yield (kind.value,), "has no entry; name the reasons, or leave the list out for the usual ones"
        yield from (((kind.value, *place), sentence) for place, sentence in _entry_problems(kind, entries))


def _entry_problems(kind: ListKind, entries: tuple[CodeEntry, ...]) -> Iterator[tuple[tuple[int | str, ...], str]]:
    codes = [one.code for one in entries]
    for place, one in enumerate(entries):
        if one.code in codes[:place]:
            yield (place, "code"), f"two entries have the code {one.code}; give each its own"
        sentence = _code_problem(kind, one.code)
        if sentence:
            yield (place, "code"), sentence
        for older in one.was:
            if older in codes:
                yield (place, "was"), f"{older} is in the list itself, so nothing takes its place; take it away here"
    yield from _twice(entries)


def _code_problem(kind: ListKind, code: str) -> str:
    usual = USUAL[kind]
    if usual.unsaid is not None and code == usual.unsaid.code:
        return f"{code} is what is recorded where nobody says, and needs no entry; take it away, or name it otherwise"
    if kind is ListKind.LEVELS_OF_NEED and (not code.isdecimal() or not 1 <= int(code) <= _MOST_LEVELS):
        return f"a level of need has a number from 1 to {_MOST_LEVELS} for its code, and this is {code}"
    if kind is ListKind.OUTCOMES and usual.entry(code) is None:
        return f"{code} is no outcome that the rules know; they know {', '.join(entry.code for entry in usual)}"
    return ""


def _twice(entries: tuple[CodeEntry, ...]) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """What would be counted in two places, or could not be told apart in an email."""
    taken: dict[str, str] = {}
    said: dict[str, str] = {}
    for place, one in enumerate(entries):
        for older in one.was:
            if older in taken:
                yield (place, "was"), f"{older} is counted as {taken[older]} already; name it once"
            taken.setdefault(older, one.code)
        for name in sorted(_names(one)):
            other = said.setdefault(name, one.code)
            if other != one.code:
                yield (place,), f"“{name}” means {other} as well, so an email that says it names neither; keep one"


_MOST_LEVELS: Final = 9


# ---- What comes with the software -----------------------------------------------------------------------------------


def _entries(rows: Iterable[tuple[str, str, str, str, tuple[str, ...]]]) -> tuple[CodeEntry, ...]:
    return tuple(
        CodeEntry(
            code=code,
            words=words,
            short=None if short == words else short,
            definition=definition or None,
            synonyms=synonyms,
        )
        for code, words, short, definition, synonyms in rows
    )


_REASONS: Final = _entries(
    (
        (
            "threshold_not_agreed",
            "We do not agree on the threshold or level of need",
            "Threshold or level of need not agreed",
            "The agencies see the level of need, or whether a threshold is met, differently.",
            ("threshold", "threshold not agreed", "level of need", "thresholds", "threshold dispute"),
        ),
        (
            "referral_not_accepted",
            "A referral was not accepted",
            "Referral not accepted",
            "A referral or request for a service was turned down or sent back.",
            ("referral", "referral refused"),
        ),
        (
            "plan_not_followed",
            "A plan is not being followed",
            "Plan not followed",
            "A plan that was agreed is not carried out as it says.",
            ("plan", "plan is not followed"),
        ),
        (
            "action_not_done",
            "An agreed action has not been done",
            "Agreed action not done",
            "One action that was agreed, with or without a plan, is not done.",
            ("action", "action not done", "actions not done"),
        ),
        (
            "no_response_or_drift",
            "There is no response, or things are drifting",
            "No response, or drift",
            "Nothing comes back, or a matter goes on without a decision.",
            ("no response", "drift", "delay", "drift and delay", "no reply"),
        ),
        (
            "strategy_discussion_refused_or_delayed",
            "A strategy discussion was refused or delayed",
            "Strategy discussion refused or delayed",
            "A strategy discussion or meeting that was asked for was not held, or not in time.",
            ("strategy discussion", "strategy meeting", "strategy discussion refused", "strategy discussion delayed"),
        ),
        (
            "conference_decision_or_quoracy",
            "A conference decision, or who was there to make it (quoracy)",
            "Conference decision or quoracy",
            "What a child protection conference decided, or whether enough agencies took part.",
            ("conference", "conference decision", "quoracy", "icpc"),
        ),
        (
            "assessment_outcome",
            "The outcome of an assessment",
            "Outcome of an assessment",
            "What an assessment came to, or what it did not look at.",
            ("assessment", "assessment outcome"),
        ),
        (
            "case_closure_or_step_down",
            "A case was closed or stepped down",
            "Case closed or stepped down",
            "Help was ended, or went to a lower level of need.",
            ("case closure", "closure", "step down", "case closed"),
        ),
        (
            "information_sharing",
            "Information was not shared",
            "Information sharing",
            "Information that was needed was not shared, or was shared too late.",
            ("information not shared",),
        ),
        (
            "roles_and_responsibilities",
            "Who is responsible for what",
            "Roles and responsibilities",
            "Which agency, or who in it, is to do something.",
            ("roles", "who is responsible"),
        ),
        (
            "resource_or_capacity",
            "There is not the resource or capacity",
            "Resource or capacity",
            "It is agreed what is needed, and there is nobody or nothing to do it with.",
            ("resource", "resources", "capacity"),
        ),
        (
            "placement_or_care_setting",
            "A placement or care setting",
            "Placement or care setting",
            "Where somebody lives or is cared for, and what is done there.",
            ("placement", "care setting", "a placement or care setting"),
        ),
        ("other", "Something else", "Another reason", "No other entry fits.", ("other",)),
    )
)
_OUTCOMES: Final = _entries(
    (
        ("agreed_as_asked", "Agreed as asked", "Agreed as asked", "Both sides settled on what was asked for.", ()),
        ("agreed_in_part", "Agreed in part", "Agreed in part", "Both sides settled on a part of it.", ()),
        (
            "agreed_another_way",
            "Agreed another way",
            "Agreed another way",
            "Both sides settled on something else.",
            (),
        ),
        ("decided_as_asked", "Decided as asked", "Decided as asked", "The final body decided as was asked.", ()),
        (
            "decided_another_way",
            "Decided another way",
            "Decided another way",
            "The final body decided something else.",
            (),
        ),
        (
            "not_agreed_decided",
            "Not agreed; decided by the final body",
            "Not agreed; decided by the final body",
            "The final body decided otherwise than was asked.",
            (),
        ),
        (
            "withdrawn",
            "Withdrawn by whoever raised it",
            "Withdrawn by whoever raised it",
            "Whoever raised it took it back, with a reason of their own.",
            (),
        ),
        (
            "redirected",
            "Redirected",
            "Redirected to another route",
            "It was not for this policy, and goes another way.",
            (),
        ),
        (
            "overtaken_by_events",
            "Overtaken by events",
            "Overtaken by events",
            "What it was about has changed, or it was raised again.",
            (),
        ),
        (
            "transferred",
            "Transferred to another partnership or board",
            "Transferred to another partnership or board",
            "Another partnership or board has taken it, and it goes on there. It is not settled by that.",
            (),
        ),
    )
)
_LEVELS: Final = _entries(
    (
        ("1", "Level 1: universal", "Level 1", "Universal services meet the need.", ()),
        ("2", "Level 2: early help", "Level 2", "Early help by one agency or several.", ()),
        ("3", "Level 3: targeted or complex", "Level 3", "Several agencies, with one plan.", ()),
        (
            "4",
            "Level 4: specialist, statutory or immediate risk",
            "Level 4",
            "Statutory or specialist help; a risk of significant harm.",
            (),
        ),
    )
)
_LEGAL: Final = _entries(
    (
        (
            "none",
            "No legal status",
            "No legal status",
            "No statutory plan or order.",
            ("no", "universal", "early help"),
        ),
        (
            "child_in_need",
            "Child in need (CIN)",
            "Child in need",
            "A plan under section 17 of the Children Act 1989.",
            ("cin", "cin plan", "child in need plan", "section 17", "s17"),
        ),
        (
            "child_protection",
            "Child protection plan (CP)",
            "Child protection plan",
            "A child protection plan, or enquiries that may lead to one.",
            ("cp", "cp plan", "cpp"),
        ),
        (
            "child_in_care",
            "Child in care",
            "Child in care",
            "Looked after by a local authority.",
            ("cic", "lac", "looked after", "looked after child", "in care"),
        ),
        (
            "adult_safeguarding",
            "Adult safeguarding enquiry",
            "Adult safeguarding enquiry",
            "An enquiry under section 42 of the Care Act 2014.",
            ("section 42", "s42"),
        ),
    )
)
USUAL: Final[Mapping[ListKind, CodeList]] = {
    ListKind.REASONS: CodeList(
        ListKind.REASONS, _REASONS, CodeEntry(code="not_stated", words="Not stated yet", short="Not stated")
    ),
    ListKind.THEMES: CodeList(
        ListKind.THEMES,
        (),
        CodeEntry(code="not_stated", words="It is none of these, or I do not know", short="Not stated"),
    ),
    ListKind.OUTCOMES: CodeList(ListKind.OUTCOMES, _OUTCOMES),
    ListKind.LEVELS_OF_NEED: CodeList(
        ListKind.LEVELS_OF_NEED, _LEVELS, CodeEntry(code="unknown", words="I do not know", short="Not stated")
    ),
    ListKind.LEGAL_STATUSES: CodeList(
        ListKind.LEGAL_STATUSES,
        _LEGAL,
        CodeEntry(
            code="not_known",
            words="I do not know",
            short="Not known to whoever raised it",
            synonyms=("unknown", "dont know"),
        ),
    ),
}
"""The lists of a policy that has none of its own. Levels as Right Help Right Time numbers them."""
