"""The pages about deadlines and about trying a policy: what they show is what the commands say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalations import cli, deadlines
from escalations.packs import reading
from escalations.simulation import stories, trying

DOCS = Path(__file__).parents[2] / "docs"
TRYING = (DOCS / "trying-a-policy.md").read_text("utf-8")
DEADLINES = (DOCS / "deadlines.md").read_text("utf-8")


def shown(text: str, command: str) -> list[tuple[str, list[str]]]:
    """Each call of a command that a page shows, with the lines that it shows of its answer."""
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    found = []
    for block in blocks:
        first, *lines = block.splitlines()
        if first.startswith(f"$ escalations {command}") and ">" not in first:
            found.append((first.removeprefix("$ escalations "), [line for line in lines if line not in {"...", ""}]))
    return found


@pytest.mark.parametrize(
    ("call", "lines"), [*shown(DEADLINES, "deadline"), *shown(TRYING, "policy try default-sample")]
)
def test_what_a_page_shows_of_a_command_is_what_it_says(call: str, lines: list[str]) -> None:
    said = CliRunner().invoke(cli.app, shlex.split(call)).output.splitlines()
    assert lines
    assert [line for line in lines if line not in said] == []


def test_the_story_of_the_page_can_be_played() -> None:
    written = re.findall(r"```yaml\n(story:.*?)```", TRYING, flags=re.DOTALL)
    assert len(written) == 1
    played = trying.play(stories.read_text(written[0], "page.yaml"), reading.sample())
    assert not any(isinstance(line, trying.Refusal) for line in played.lines)
    assert played.case.outcome is not None


@pytest.mark.parametrize("part", [*stories.PARTS])
def test_every_part_of_a_story_is_on_the_page(part: str) -> None:
    assert f"`{part}`" in TRYING


@pytest.mark.parametrize("column", [*deadlines.COLUMNS, *deadlines.ANSWERS])
def test_every_column_of_a_table_of_deadlines_is_on_the_page(column: str) -> None:
    assert f"`{column}`" in DEADLINES
