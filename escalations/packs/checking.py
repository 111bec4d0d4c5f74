"""Checking files of a pack: several at once, each a policy, a directory, or nothing that is known here.

What is wrong refuses a file; what will hurt is a warning. A file in which anything is wrong has no warnings: they are
about a policy, and there is none yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final

from escalations.packs import reading, unmapped, warning
from escalations.packs.reading import NotAPolicyError, Problem, Source
from escalations.packs.warning import Posts
from escalations.policy import Policy


class FileKind(StrEnum):
    """What a file is."""

    POLICY = "policy"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of one file."""

    file: str
    kind: FileKind
    policy: Policy | None = None
    agencies: int = 0
    """How many a directory has."""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    source: Source | None = None
    """The policy with its lines."""

    def as_data(self) -> dict[str, object]:
        """The same for a machine."""
        found: dict[str, object] = {"file": self.file, "kind": self.kind.value}
        if self.policy is not None:
            found |= {
                "id": self.policy.id,
                "title": self.policy.title,
                "version": self.policy.version,
                "sample": self.policy.sample,
                "hash": self.policy.content_hash,
            }
        if self.kind is FileKind.DIRECTORY and not self.problems:
            found["agencies"] = self.agencies
        for name, said in (("problems", self.problems), ("warnings", self.warnings)):
            found[name] = [{"line": one.line, "where": one.where, "sentence": one.sentence} for one in said]
        return found

    def lines(self) -> Iterator[str]:
        """What to print of it."""
        yield from (str(problem) for problem in self.problems)
        yield from (str(_as_warning(one)) for one in self.warnings)
        if self.problems:
            return
        if self.policy is None:
            yield f"{self.file}: a directory of {self.agencies} agencies: nothing is wrong."
            return
        hurts = f", and {_count(len(self.warnings))} of what will hurt" if self.warnings else ""
        yield (
            f"{self.file}: {self.policy.title}, version {self.policy.version}: nothing is wrong{hurts}. Its hash is "
            f"{self.policy.content_hash[:16]}."
        )
        if self.policy.sample:
            yield f"{self.file}: it is a sample: no partnership adopted it."


def _as_warning(one: Problem) -> Problem:
    return Problem(one.file, one.line, f"warning: {one.where}" if one.where else "warning", one.sentence)


def _count(number: int) -> str:
    return f"{number} warning{'' if number == 1 else 's'}"


_TOP_LEVEL: Final = re.compile(r"^([a-z_]+):", re.MULTILINE)


def kind_of(text: str) -> FileKind:
    """What a text is, by the names at its left edge. Whatever is no directory is read as a policy."""
    names = set(_TOP_LEVEL.findall(text))
    return FileKind.DIRECTORY if "agencies" in names and "stages" not in names else FileKind.POLICY


def check(path: Path, *, today: date, posts: Posts | None = None) -> Checked:
    """Everything that is wrong with a file, or will hurt."""
    try:
        text = reading.text_of(path)
    except NotAPolicyError as wrong:
        return Checked(path.name, FileKind.POLICY, problems=wrong.problems)
    return check_text(text, path.name, today=today, posts=posts)


def check_text(text: str, name: str, *, today: date, posts: Posts | None = None) -> Checked:
    """Everything that is wrong with a text, or will hurt; ``name`` is what it is called."""
    if kind_of(text) is FileKind.DIRECTORY:
        return _directory(text, name)
    try:
        source = reading.source(text, name)
    except NotAPolicyError as wrong:
        return Checked(name, FileKind.POLICY, problems=wrong.problems)
    found = [
        source.problem(one.place, one.sentence) for one in warning.warnings(source.policy, today=today, posts=posts)
    ]
    return Checked(name, FileKind.POLICY, source.policy, warnings=tuple(_once(found)), source=source)


def beside_each_other(found: Sequence[Checked]) -> tuple[Checked, ...]:
    """The same files, where several are versions of one policy with what the newer one leaves behind."""
    policies = [one.policy for one in found if one.policy is not None]
    left = list(unmapped.beside_older(policies))

    def more(one: Checked) -> Checked:
        own = [problem for policy, problem in left if policy is one.policy]
        if one.source is None or not own:
            return one
        said = (one.source.problem(problem.place, problem.sentence) for problem in own)
        return replace(one, warnings=tuple(_once((*one.warnings, *said))))

    return tuple(more(one) for one in found)


def _once(found: Iterable[Problem]) -> Iterator[Problem]:
    """What stands once in the file and is used in three stages is one thing to mend; in the order of the lines."""
    once = {(one.line or one.where, one.sentence): one for one in reversed(list(found))}
    return iter(sorted(once.values(), key=lambda one: one.line or 0))


def _directory(text: str, name: str) -> Checked:
    # Only a pack with a directory in it waits for what a directory needs.
    from escalations.store import directory_file  # noqa: PLC0415  a check of policies alone waits for no directory

    try:
        found = directory_file.read_text(text)
    except directory_file.NotADirectory as wrong:
        problems = tuple(Problem(name, None, "", sentence) for sentence in str(wrong).splitlines())
        return Checked(name, FileKind.DIRECTORY, problems=problems)
    return Checked(name, FileKind.DIRECTORY, agencies=len(found.agencies))


def posts_of(path: Path, *, today: date) -> Posts:
    """Who is in post by a directory's file.

    Raises:
        NotAPolicyError: it cannot be read, or is no directory.
    """
    from escalations.store import directory_file  # noqa: PLC0415  a check of policies alone waits for no directory

    try:
        found = directory_file.read_text(reading.text_of(path))
    except directory_file.NotADirectory as wrong:
        raise NotAPolicyError(
            tuple(Problem(path.name, None, "", sentence) for sentence in str(wrong).splitlines())
        ) from None
    held = {
        agency.id: frozenset(
            one.position
            for one in agency.positions
            if (one.holder or one.deputy) is not None
            and one.since <= today
            and (one.until is None or one.until >= today)
        )
        for agency in found.agencies
        if agency.active_from <= today and (agency.active_to is None or agency.active_to >= today)
    }
    return Posts(path.name, held, {agency.id: agency.type for agency in found.agencies if agency.id in held})
