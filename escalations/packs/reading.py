"""Reading a policy file: YAML in, a checked policy or sentences with file and line out.

ruamel.yaml is the reader because it keeps the line of every key. It builds nothing but plain values, and an alias that
would unfold without end is refused before anything is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from escalations.policy import Policy

LARGEST_FILE = 512 * 1024
"""Bytes. A policy of nine stages is some 5 kB."""
MOST_VALUES = 20_000
"""How many values a file may unfold to, aliases counted each time; a hostile file reaches this at once."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a policy file, where, and what to write instead."""

    file: str
    line: int | None
    where: str
    sentence: str

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


def sample(name: str = "default-sample") -> Policy:
    """A policy that is shipped, by its id."""
    return read_text(resources.files("escalations.packs").joinpath(f"{name}.yaml").read_text("utf-8"), name)


def read(path: Path) -> Policy:
    """The policy of a file.

    Raises:
        NotAPolicyError: with a sentence, and a line where there is one, for everything that is wrong.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise NotAPolicyError(
                (
                    Problem(
                        path.name, None, "", f"the file is larger than {LARGEST_FILE // 1024} kB, which no policy is"
                    ),
                )
            )
        text = path.read_text("utf-8")
    except OSError as error:
        raise NotAPolicyError((Problem(path.name, None, "", f"cannot be read: {error.strerror}"),)) from None
    except UnicodeDecodeError:
        raise NotAPolicyError((Problem(path.name, None, "", "is not UTF-8 text; save it as UTF-8"),)) from None
    return read_text(text, path.name)


def read_text(text: str, name: str) -> Policy:
    """The policy of a text; ``name`` is what problems call it.

    Raises:
        NotAPolicyError: as ``read``.
    """
    yaml = YAML(typ="rt", pure=True)
    yaml.allow_duplicate_keys = False
    try:
        document = yaml.load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark is not None else None
        problem = getattr(error, "problem", None) or "is not YAML"
        raise NotAPolicyError((Problem(name, line, "", str(problem).splitlines()[0]),)) from None
    if not isinstance(document, CommentedMap):
        raise NotAPolicyError((Problem(name, 1, "", "is not a policy: it has to start with lines such as 'id: ...'"),))
    try:
        plain = _plain(document, [MOST_VALUES])
        return Policy.model_validate(plain)
    except _TooManyValuesError:
        raise NotAPolicyError(
            (
                Problem(
                    name, None, "", f"unfolds to more than {MOST_VALUES} values; write the repeated parts out, or once"
                ),
            )
        ) from None
    except ValidationError as error:
        raise NotAPolicyError(tuple(_problem(name, document, found) for found in error.errors())) from None


class _TooManyValuesError(Exception):
    pass


def _plain(value: object, left: list[int]) -> object:
    left[0] -= 1
    if left[0] < 0:
        raise _TooManyValuesError
    if isinstance(value, CommentedMap):
        return {str(key): _plain(part, left) for key, part in value.items()}
    if isinstance(value, CommentedSeq):
        return [_plain(part, left) for part in value]
    return value


def _problem(name: str, document: CommentedMap, found: object) -> Problem:
    assert isinstance(found, dict)  # noqa: S101  pydantic's own shape
    location = tuple(found["loc"])
    message = str(found["msg"]).removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        message = "this is not a part of a policy; check the spelling"
    if found["type"] == "missing":
        message = "this is missing"
    return Problem(name, _line(document, location), ".".join(str(part) for part in location), message)


def _line(document: object, location: tuple[object, ...]) -> int | None:
    """The line of the deepest part of a location that the file has."""
    line = None
    for part in location:
        if isinstance(document, CommentedMap) and part in document:
            line = document.lc.key(part)[0] + 1
            document = document[part]
        elif isinstance(document, CommentedSeq) and isinstance(part, int) and part < len(document):
            line = document.lc.item(part)[0] + 1
            document = document[part]
        else:
            break
    return line
