"""Each dependency has its line, with the version that is asked for and why it is here."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "parts.md").read_text("utf-8")
LEAST_WORDS = 3
"""A reason is a sentence, not a name repeated."""


def asked_for() -> dict[str, str]:
    """Give name and version line of every dependency, of both files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    web = json.loads((ROOT / "package.json").read_text("utf-8"))
    lines = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    found = {name: line.removeprefix(name) for line in lines for name in re.findall(r"^[\w.-]+(?:\[[\w,]+\])?", line)}
    found.update(web["dependencies"])
    found.update(web["devDependencies"])
    return found


def explained(text: str) -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| (.*?) ?\|$", text, flags=re.MULTILINE)
    return {name: (version, why) for name, version, why in rows}


def test_every_dependency_has_its_line_and_every_line_its_dependency() -> None:
    assert {name: version for name, (version, _) in explained(PAGE).items()} == asked_for()


def test_every_dependency_says_why_it_is_here() -> None:
    assert [name for name, (_, why) in explained(PAGE).items() if len(why.split()) < LEAST_WORDS] == []


def test_a_line_that_is_missing_old_or_without_a_reason_is_seen() -> None:
    assert "leftpad" not in explained("| leftpad | 1 | Pads on the left, as is known. |")
    assert explained("| `leftpad` | `>=1` | |") == {"leftpad": (">=1", "")}
