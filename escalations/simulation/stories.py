"""Story files: a start, then acts with times, or nothing at all. YAML in; a story, or sentences with line, out.

A story is read before it is played, as far as that goes: an act that rests on the stage's position, the newest claim or
the running clock of a rule is only made when its moment has come (``acting``).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args

from ruamel.yaml.comments import CommentedMap

from escalations.packs import reading
from escalations.packs.reading import NotAPolicyError, Problem
from escalations.rules import acts, civilwords, workingtime
from escalations.rules.case import DeliveryState
from escalations.rules.workingtime import Amount, Calendar, DayZero, Unit

Place: TypeAlias = tuple[int | str, ...]
ACTS: Final[Mapping[str, type[acts.ActModel]]] = {
    str(kind.model_fields["kind"].default): kind for kind in get_args(acts.Act)
}
"""Every act by its name."""
PARTS: Final = ("story", "start", "raised", "notices", "then", "until")
MOST_ACTS = 500
LONGEST = timedelta(days=800)
"""How long after its start a story may end."""
LATER = timedelta(days=60)
"""How long after its last act a story goes on, where it does not say."""
AT_ONCE = timedelta(0)


class NotAStoryError(ValueError):
    """A file that holds no story; ``problems`` say why, with their lines."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep every problem."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class When:
    """A moment: a civil time, or so long after what came before, and perhaps at a time of that day."""

    moment: datetime | None = None
    after: Amount | timedelta = AT_ONCE
    clock: time | None = None

    def from_(self, before: datetime, calendar: Calendar) -> datetime:
        """The moment itself.

        Raises:
            workingtime.CalendarExhausted: it lies past the calendar's end.
        """
        if self.moment is not None:
            return self.moment
        civil = workingtime.civil(before)
        clock = self.clock or civil.time()
        if isinstance(self.after, timedelta):
            if self.after % timedelta(days=1):
                return before + self.after
            if not self.after and self.clock is None:
                return before
            return workingtime.instant_of(civil.date() + self.after, clock)
        # "1 working day later" is the next one, whatever the policy says of the day on which its clocks start.
        due = workingtime.deadline(
            calendar.model_copy(update={"day_zero": DayZero.NEXT, "cut_off": None}), before, self.after
        )
        if self.after.unit is Unit.WORKING_HOURS:
            return due
        return workingtime.instant_of(workingtime.civil(due).date(), clock)


@dataclass(frozen=True, slots=True)
class Deed:
    """One act of a story, as it is written."""

    kind: str
    when: When
    by: str | None
    position: str | None
    fields: Mapping[str, object]
    place: Place


@dataclass(frozen=True, slots=True)
class Post:
    """What becomes of the notices to an agency, and until when; after that they arrive."""

    state: DeliveryState
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A story, ready to be played."""

    title: str
    start: datetime
    raised: Deed
    then: tuple[Deed, ...]
    post: Mapping[str, Post]
    """What becomes of the notices to an agency, where they do not all arrive."""
    until: When | None
    name: str
    document: CommentedMap = field(repr=False, compare=False)

    def problem(self, place: Place, sentence: str) -> Problem:
        """Something to say about one place of the file."""
        return Problem(self.name, reading.line_of(self.document, place), _where(place), sentence)


def read(path: Path) -> Story:
    """The story of a file.

    Raises:
        NotAStoryError: with a sentence, and its line, for everything that is wrong.
    """
    try:
        return read_text(reading.text_of(path), path.name)
    except NotAPolicyError as problem:
        raise NotAStoryError(problem.problems) from None


def read_text(text: str, name: str) -> Story:
    """The story of a text; ``name`` is what problems call it.

    Raises:
        NotAStoryError: as ``read``.
    """
    try:
        document, plain = reading.document(text, name)
    except NotAPolicyError as problem:
        said = tuple(
            Problem(
                one.file,
                one.line,
                one.where,
                one.sentence.replace("a policy", "a story").replace("'id: ...'", "'story: ...'"),
            )
            for one in problem.problems
        )
        raise NotAStoryError(said) from None
    return _Reader(name, document, dict(plain) if isinstance(plain, dict) else {}).story()


def _where(place: Place) -> str:
    said = [f"act {part + 1}" if isinstance(part, int) else part for part in place if part != "then"]
    return ", ".join(said)


class _Reader:
    """Reads one file, and gathers what is wrong with it."""

    def __init__(self, name: str, document: CommentedMap, plain: dict[str, Any]) -> None:
        self._name = name
        self._document = document
        self._plain = plain
        self._wrong: list[Problem] = []

    def _say(self, place: Place, sentence: str) -> None:
        self._wrong.append(Problem(self._name, reading.line_of(self._document, place), _where(place), sentence))

    def story(self) -> Story:
        for part in self._plain:
            if part not in PARTS:
                self._say((part,), f"is not a part of a story{_near(part, PARTS)}")
        start = self._moment("start")
        raised = self._deed("raise", self._mapping("raised", needed=True), ("raised",))
        then = self._then()
        post = self._post()
        until = self._when(self._plain.get("until"), ("until",)) if "until" in self._plain else None
        if self._wrong or start is None or raised is None:
            raise NotAStoryError(tuple(sorted(self._wrong, key=lambda problem: problem.line or 0)))
        title = str(self._plain.get("story") or self._name.removesuffix(".yaml"))
        return Story(title, start, raised, then, post, until, self._name, self._document)

    def _mapping(self, part: str, *, needed: bool = False) -> dict[str, Any]:
        found = self._plain.get(part)
        if found is None and not needed:
            return {}
        if not isinstance(found, dict):
            what = (
                "has to be written, with parts of its own"
                if part in self._plain
                else "is missing: write it with parts of its own"
            )
            self._say((part,), f"{what}, such as {_EXAMPLES[part]}")
            return {}
        return found

    def _moment(self, part: str) -> datetime | None:
        if part not in self._plain:
            self._say((part,), f'is missing: write "{part}: 2027-03-01 09:30"')
            return None
        try:
            return civilwords.moment(str(self._plain[part]))
        except ValueError as problem:
            self._say((part,), str(problem))
            return None

    def _then(self) -> tuple[Deed, ...]:
        found = self._plain.get("then") or []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self._say(("then",), "has to be a list of acts, each beginning with '- when: ...' or '- does: ...'")
            return ()
        if len(found) > MOST_ACTS:
            self._say(("then",), f"has {len(found)} acts; a story has {MOST_ACTS} at most")
            return ()
        deeds = []
        for number, one in enumerate(found):
            place: Place = ("then", number)
            kind = _code(one.get("does"))
            if kind not in ACTS or kind == "raise":
                said = (
                    f"{str(one.get('does'))!r} is not something that can be done"
                    if "does" in one
                    else "says nothing of what is done: write 'does: acknowledge'"
                )
                self._say((*place, "does") if "does" in one else place, f"{said}{_near(kind, ACTS)}")
                continue
            deed = self._deed(kind, one, place)
            if deed is not None:
                deeds.append(deed)
        return tuple(deeds)

    def _deed(self, kind: str, said: dict[str, Any], place: Place) -> Deed | None:
        when = self._when(said.get("when"), (*place, "when")) if "when" in said else When()
        fields: dict[str, object] = {}
        names = set(ACTS[kind].model_fields) - set(_OURS)
        for key, value in said.items():
            # What an act calls by that very word, it means: "because" of an agency taken out is its own.
            name = _code(key) if _code(key) in names else _ALIASES.get(_code(key), _code(key))
            if name in {"when", "does", "by", "position"} and name not in names:
                continue
            if name not in names:
                known = [*(SAID.get(one, one.replace("_", " ")) for one in sorted(names)), "when", "by", "position"]
                said_so = f"is not a part of {kind.replace('_', ' ')!r}{_near(key, known)}"
                self._say((*place, key), f"{said_so}; its parts are: {', '.join(known)}")
                continue
            fields[name] = value
        by = said.get("by")
        position = None if "position" in names else said.get("position")
        return Deed(
            kind,
            when or When(),
            None if by is None else str(by),
            None if position is None else _code(position),
            fields,
            place,
        )

    def _post(self) -> dict[str, Post]:
        post = {}
        for agency, said in self._mapping("notices").items():
            state, _, until = str(said).partition(" until ")
            try:
                ends = civilwords.moment(until) if until else None
                post[agency] = Post(_delivery(state), ends)
            except ValueError as problem:
                self._say(("notices", agency), str(problem))
        return post

    def _when(self, said: object, place: Place) -> When | None:
        try:
            return when(str(said))
        except ValueError as problem:
            self._say(place, str(problem))
            return None


def _delivery(said: str) -> DeliveryState:
    try:
        return DeliveryState(_code(said))
    except ValueError:
        known = ", ".join(one.replace("_", " ") for one in DeliveryState)
        near = _near(_code(said), list(DeliveryState))
        sentence = f"{said!r} is nothing that becomes of a notice{near}; write one of {known}"
        raise ValueError(sentence) from None


_OURS: Final = ("kind", "submission_id", "by", "channel", "received_at", "content_digest")
_ALIASES: Final = {
    "with": "responding_agencies",
    "together_with": "co_raisers",
    "agency": "agency_id",
    "about": "concern",
    "because": "reason",
    "claim": "claim_id",
    "clock": "clock_id",
    "happened": "happened_at",
    "by_how_much": "by_amount",
    "to": "responding_agencies",
    "for": "raising_agency",
}
SAID: Final = {
    "responding_agencies": "with",
    "co_raisers": "together with",
    "agency_id": "agency",
    "concern": "about",
    "reason": "because",
    "claim_id": "claim",
    "clock_id": "clock",
    "happened_at": "happened",
    "raising_agency": "for",
}
"""The words of a story for what an act calls otherwise."""
_EXAMPLES: Final = {
    "raised": "'by: oak-school' and 'with: childrens-services'",
    "notices": "'childrens-services: undelivered'",
}


def _code(text: object) -> str:
    """A name as the code has it: "move up" is move_up."""
    return re.sub(r"[ -]+", "_", str(text).strip().lower()) if text is not None else ""


def _near(said: str, known: object) -> str:
    names = {str(one).replace("_", " "): one for one in known}  # type: ignore[attr-defined]  # any collection of names
    near = difflib.get_close_matches(str(said).replace("_", " "), list(names), n=1)
    return f"; did you mean {near[0]}?" if near else ""


_LATER = re.compile(
    r"(?:(?:the )?(?P<same>same day)|(?:the )?(?P<next>next working day)|(?:the )?(?P<tomorrow>next day)"
    r"|(?P<number>\d{1,4}|an?|one|two|three|four|five) (?P<unit>minute|hour|day|week|working day|working hour)s? later)"
    r"(?:,? (?:at )?(?P<clock>\d{1,2}:\d{2}))?",
    re.IGNORECASE,
)
_NUMBERS: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_ELAPSED: Final = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}


def when(text: str) -> When:
    """A moment as a story says it: a civil time, "3 days later", "2 working days later at 10:00", "same day, 14:00".

    Raises:
        ValueError: with a sentence, where it is no such thing.
    """
    said = " ".join(text.split())
    if said.lower() in {"at once", "now"}:
        return When()
    found = _LATER.fullmatch(said)
    if found is None:
        if re.match(r"\d{4}-|\d{1,2}/", said):
            return When(moment=civilwords.moment(said))
        sentence = (
            f'"{said}" is not a time of a story: write 2027-03-01 09:30, "3 days later", '
            '"2 working days later, 10:00", "1 hour later", "same day, 14:00" or "at once"'
        )
        raise ValueError(sentence)
    clock = civilwords.clock(found["clock"]) if found["clock"] else None
    if found["same"]:
        return When(clock=clock)
    if found["next"]:
        return When(after=Amount(value=1, unit=Unit.WORKING_DAYS), clock=clock)
    if found["tomorrow"]:
        return When(after=timedelta(days=1), clock=clock)
    number = _NUMBERS.get(found["number"].lower()) or int(found["number"])
    unit = found["unit"].lower()
    if number == 0:
        sentence = f'"{said}" is no later at all: write "at once"'
        raise ValueError(sentence)
    if unit in _ELAPSED:
        return When(after=_ELAPSED[unit] * number, clock=clock)
    return When(after=Amount(value=number, unit=Unit(f"{unit.replace(' ', '_')}s")), clock=clock)
