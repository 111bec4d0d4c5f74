"""Reading a policy file: YAML in, a checked policy or sentences with file and line out.

ruamel.yaml is the reader because it keeps the line of every key. It builds nothing but plain values, and an alias that
would unfold without end is refused before anything is built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.reader import ReaderError
from typing_extensions import override

from escalations.packs import instead
from escalations.policy import Policy, ProblemsError

LARGEST_FILE = 40 * 1024
"""Bytes. A policy of nine stages is some 5 kB, and what is larger than this is not read within a second."""
MOST_VALUES = 20_000
"""How many values a file may unfold to, aliases counted each time; a hostile file reaches this at once."""
DEEPEST = 20
"""How many lists and mappings may stand in each other; a policy has seven."""
DEEPEST_IN_A_LINE = 8
"""How many lists may begin on one line; a policy writes one. The reader is slow over files of nothing else."""
LARGEST_NUMBER = 10**9
"""A number of thousands of digits cannot even be said in a sentence about it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a policy file, where, and what to write instead."""

    file: str
    line: int | None
    where: str
    sentence: str

    @override
    def __str__(self) -> str:
        """Return file:line: where: sentence."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.where}: {self.sentence}" if self.where else f"{place}: {self.sentence}"


class NotAPolicyError(ValueError):
    """A file that holds no policy; ``problems`` say why. Nothing of it was loaded."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep every problem: whoever mends a file wants to hear of all of them at once."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Source:
    """A policy together with the file that it stands in, so that whatever is said of it can name a line."""

    name: str
    policy: Policy
    document: CommentedMap

    def problem(self, place: tuple[int | str, ...], sentence: str) -> Problem:
        """Something to say about one place of the policy, with the line of what is nearest to it in the file."""
        return Problem(self.name, _line(self.document, place), _words(place, self.document), sentence)


def sample(name: str = "default-sample") -> Policy:
    """A policy that is shipped, by its id."""
    return read_text(sample_text(name), name)


def sample_text(name: str = "default-sample") -> str:
    """The file of a policy that is shipped."""
    return resources.files("escalations.packs").joinpath(f"{name}.yaml").read_text("utf-8")


def read(path: Path) -> Policy:
    """The policy of a file.

    Raises:
        NotAPolicyError: with a sentence, and a line where there is one, for everything that is wrong.
    """
    return read_text(text_of(path), path.name)


def text_of(path: Path) -> str:
    """What stands in a file.

    Raises:
        NotAPolicyError: it cannot be read, is no text, or is larger than any policy.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise NotAPolicyError((_too_large(path.name),))
        return path.read_text("utf-8")
    except OSError as error:
        raise NotAPolicyError((Problem(path.name, None, "", f"cannot be read: {error.strerror}"),)) from None
    except UnicodeDecodeError:
        raise NotAPolicyError((Problem(path.name, None, "", "is not UTF-8 text; save it as UTF-8"),)) from None


def read_text(text: str, name: str) -> Policy:
    """The policy of a text; ``name`` is what problems call it.

    Raises:
        NotAPolicyError: as ``read``.
    """
    return source(text, name).policy


@lru_cache(maxsize=16)
def source(text: str, name: str) -> Source:
    """The policy of a text, with the text's lines; one that was read before is not read again.

    Raises:
        NotAPolicyError: as ``read``.
    """
    if len(text) > LARGEST_FILE:
        raise NotAPolicyError((_too_large(name),))
    document = _document(text, name)
    try:
        return Source(name, Policy.model_validate(_plain(document, [MOST_VALUES], 0)), document)
    except _TooManyValuesError:
        sentence = (
            f"unfolds to more than {MOST_VALUES} values, or to lists within lists without end; write repeated parts out"
        )
        raise NotAPolicyError((Problem(name, None, "", sentence),)) from None
    except _NotToBeUsedError as error:
        raise NotAPolicyError((Problem(name, error.line, "", error.sentence),)) from None
    except ValidationError as error:
        wrong = [details for details in error.errors() if not _follows(details, error.errors())]
        found = [problem for details in wrong for problem in _problems(name, document, details)]
        # What stands once in the file and is used in three stages is one thing to mend.
        once = {(problem.line or problem.where, problem.sentence): problem for problem in reversed(found)}
        raise NotAPolicyError(tuple(sorted(once.values(), key=lambda problem: problem.line or 0))) from None


def _follows(details: ErrorDetails, among: list[ErrorDetails]) -> bool:
    """Whether a list is said to be empty only because nothing in it could be read, which is said on its own."""
    place = details["loc"]
    return details["type"] == "too_short" and any(
        len(one["loc"]) > len(place) and one["loc"][: len(place)] == place for one in among
    )


def document(text: str, name: str) -> tuple[CommentedMap, object]:
    """Any other YAML file of a pack, with its lines and as plain values; guarded as a policy is.

    Raises:
        NotAPolicyError: it cannot be read.
    """
    if len(text) > LARGEST_FILE:
        raise NotAPolicyError((_too_large(name),))
    found = _document(text, name)
    try:
        return found, _plain(found, [MOST_VALUES], 0)
    except _TooManyValuesError:
        raise NotAPolicyError((Problem(name, None, "", "unfolds to more than it could mean"),)) from None
    except _NotToBeUsedError as error:
        raise NotAPolicyError((Problem(name, error.line, "", error.sentence),)) from None


def line_of(document: CommentedMap, place: tuple[int | str, ...]) -> int | None:
    """The line of what is nearest to a place in a file."""
    return _line(document, place)


def _too_large(name: str) -> Problem:
    return Problem(name, None, "", f"is larger than {LARGEST_FILE // 1024} kB, which no policy is")


def _document(text: str, name: str) -> CommentedMap:
    if _is_too_deep(text):
        raise NotAPolicyError((Problem(name, None, "", "has lists within lists without end"),))
    yaml = YAML(typ="rt", pure=True)
    yaml.allow_duplicate_keys = False
    try:
        document = yaml.load(text.translate(_SPACES))
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        sentence = "holds a character that stands in no text; write the line anew, or save the file as plain text"
        raise NotAPolicyError((Problem(name, line, "", sentence),)) from None
    except YAMLError as error:
        raise NotAPolicyError((_not_yaml(name, error),)) from None
    except Exception:  # noqa: BLE001  whatever the reader trips over, it is the file that has to be mended
        # The reader's own way to fail on a date such as 2026-02-31, a number of thousands of digits or a malformed tag.
        raise NotAPolicyError((_unreadable(text, name),)) from None
    if not isinstance(document, CommentedMap):
        raise NotAPolicyError((Problem(name, 1, "", "is not a policy: it has to start with lines such as 'id: ...'"),))
    return document


def _is_too_deep(text: str) -> bool:
    """Whether lists stand in lists beyond any policy: the reader takes 20 s over a few thousand brackets."""
    depth = 0
    for sign in text:
        depth += (sign in "[{") - (sign in "]}")
        if depth > DEEPEST:
            return True
    return _DEEP_BLOCKS.search(text) is not None


_DEEP_BLOCKS = re.compile(rf"^(?: {{{4 * DEEPEST},}}\S|[ \t]*(?:[-?] ){{{DEEPEST_IN_A_LINE},}})", re.MULTILINE)
"""Looks at each line once: were it to go over the ends of lines, it would read a file of blank ones again for each."""
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_LONG_NUMBER = re.compile(r"\b\d[\d_]{1000,}")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a reader of a page, a message or a terminal does not see, and what changes how they see the rest."""
_UNSEEN_SIGN = "holds a sign that cannot be seen; write it again by hand, in plain text"
_TOO_LARGE_NUMBER = f"holds a number beyond {LARGEST_NUMBER:,}, which no policy has"


def _unreadable(text: str, name: str) -> Problem:
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        if _LONG_NUMBER.search(line):
            return Problem(name, number, "", _TOO_LARGE_NUMBER)
        for written in _DATE.findall(line):
            try:
                date.fromisoformat(written)
            except ValueError:
                return Problem(name, number, "", f"{written} is not a date that exists; write dates as 2026-02-28")
    return Problem(name, None, "", "holds something that cannot be read; a policy has texts, numbers, dates and lists")


def _not_yaml(name: str, error: YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = None if mark is None else mark.line + 1
    said = str(getattr(error, "problem", None) or "").splitlines()
    if isinstance(error, DuplicateKeyError) and said:
        key = said[0].split('"')[1] if '"' in said[0] else "a key"
        return Problem(name, line, key, "is given twice; keep one")
    return Problem(name, line, "", instead.of_yaml(said[0] if said else ""))


_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f\u2009\u2003\u2002", " "))
"""What a word processor writes for a space, and nobody can tell from one."""


class _TooManyValuesError(Exception):
    """A file that unfolds to more than any policy is."""


class _NotToBeUsedError(Exception):
    """A number or a sign that no policy has; ``line`` is that of the part that holds it."""

    def __init__(self, sentence: str, line: int | None) -> None:
        """Keep what is wrong, and the line."""
        super().__init__(sentence, line)
        self.sentence, self.line = sentence, line


def _plain(value: object, left: list[int], depth: int) -> object:
    left[0] -= 1
    if left[0] < 0 or depth > DEEPEST:
        raise _TooManyValuesError
    if isinstance(value, CommentedMap):
        parts: dict[str, object] = {}
        for key, part in value.items():
            _refuse(value, key, key, part)
            parts[str(key)] = _plain(part, left, depth + 1)
        return parts
    if isinstance(value, CommentedSeq):
        for place, part in enumerate(value):
            _refuse(value, place, part)
        return [_plain(part, left, depth + 1) for part in value]
    return value


def _refuse(parts: CommentedMap | CommentedSeq, place: object, *values: object) -> None:
    if any(isinstance(value, int) and abs(value) > LARGEST_NUMBER for value in values):
        raise _NotToBeUsedError(_TOO_LARGE_NUMBER, _own_line(parts, place))
    if any(isinstance(value, str) and _UNSEEN.search(value) for value in values):
        raise _NotToBeUsedError(_UNSEEN_SIGN, _own_line(parts, place))


def _own_line(parts: CommentedMap | CommentedSeq, place: object) -> int | None:
    """The line of one part; the reader keeps none for what a merge or a strange tag brought."""
    try:
        found = parts.lc.key(place) if isinstance(parts, CommentedMap) else parts.lc.item(place)
    except (LookupError, TypeError, AttributeError):
        return None
    return None if found is None else int(found[0]) + 1


def _problems(name: str, document: CommentedMap, details: ErrorDetails) -> list[Problem]:
    location = tuple(part for part in details["loc"] if part != "[key]")
    raised = details.get("ctx", {}).get("error")
    if isinstance(raised, ProblemsError):
        return [
            Problem(name, _line(document, problem.place), _words(problem.place, document), problem.sentence)
            for problem in raised.problems
        ]
    return [Problem(name, _line(document, location), _words(location, document), instead.sentence(details))]


def _words(location: tuple[int | str, ...], document: object) -> str:
    """A place as a person names it: stages 2, clocks resolve, limits standard."""
    said: list[str] = []
    for part in location:
        inner = _part(document, part)
        if isinstance(part, int):
            called = (
                inner.get("id") or inner.get("code") or inner.get("number") if isinstance(inner, CommentedMap) else None
            )
            said[-1:] = [f"{said[-1] if said else ''} {called or part + 1}".strip()]
        else:
            said.append(part)
        document = inner
    return ", ".join(said)


def _part(document: object, part: int | str) -> object:
    if isinstance(document, CommentedMap):
        return document.get(part)
    if isinstance(document, CommentedSeq) and isinstance(part, int) and part < len(document):
        return document[part]
    return None


def _line(document: object, location: tuple[int | str, ...]) -> int | None:
    """The line of the deepest part of a location that the file has."""
    line = None
    for part in location:
        if not isinstance(document, CommentedMap | CommentedSeq):
            break
        own = _own_line(document, part)
        if own is None:
            break
        line, document = own, _part(document, part)
    return line
