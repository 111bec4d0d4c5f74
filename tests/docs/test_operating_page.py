"""The page for operators names every command, every log event that may call a person, and what Temporal shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import typer.main
from temporalio.api.enums.v1 import IndexedValueType

from escalations import cli
from escalations.metrics import exposition, figures
from escalations.metrics.lateness import Lateness
from escalations.store import heartbeats
from escalations.store.engine import Database
from escalations.store.heartbeats import Part
from escalations.workflows import attributes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {page.name: page.read_text("utf-8") for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))}

CALLS_A_PERSON = {"warning": "warning", "error": "error", "exception": "error", "critical": "critical"}
LOGS = {"_log", "log", "logger"}
OF_LIBRARIES = "library"
"""Not an event of ours: what a library's own lines become."""


def commands() -> set[str]:
    """Give every command of the command line, groups spelt out: "policy check"."""
    top = typer.main.get_command(cli.app)
    found = set()
    for name, command in top.commands.items():  # type: ignore[attr-defined]  # a group, which typer does not say
        below = getattr(command, "commands", None)
        found |= {name} if below is None else {f"{name} {inner}" for inner in below}
    return found


def undocumented_commands(there: set[str], text: str) -> set[str]:
    return {name for name in there if not re.search(rf"\bescalations {name}\b", text)}


def unknown_commands(there: set[str], text: str) -> set[str]:
    """Commands that a text names in code and that are none. What follows a command is its argument."""
    named = re.findall(r"(?:`|^\$ |^)escalations ((?:[a-z]+(?:-[a-z]+)* ?){1,2})", text, flags=re.MULTILINE)
    known = {*there, *(name.split()[0] for name in there if " " not in name)}
    return {
        said.strip()
        for said in named
        if said.strip() not in known and said.split()[0] not in {name for name in there if " " not in name}
    }


def logged(source: str) -> Iterator[tuple[str, str]]:
    """Give name and level of each log event in a source that may call a person. A name that is not static is `?`."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        level, logger = CALLS_A_PERSON.get(node.func.attr), node.func.value
        name = logger.id if isinstance(logger, ast.Name) else logger.attr if isinstance(logger, ast.Attribute) else ""
        if level is None or name not in LOGS:
            continue
        said = node.args[0] if node.args else None
        yield (said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else "?", level)


def events_of_the_code() -> set[tuple[str, str]]:
    files = [*ROOT.glob("escalations/**/*.py"), ROOT / "worker.py"]
    return {event for file in files for event in logged(file.read_text("utf-8"))}


def events_of_the_page(text: str) -> set[tuple[str, str]]:
    rows = re.findall(
        r"^\| `(\w+)` \| (warning|error|critical|any) \| [^|]+\S \| [^|]+\S \|$", text, flags=re.MULTILINE
    )
    return {(name, level) for name, level in rows if name != OF_LIBRARIES}


def search_attributes_of_the_page(text: str) -> set[tuple[str, str]]:
    return set(re.findall(r"^\| `(Escalation\w+)` \| (\w+) \|", text, flags=re.MULTILINE))


def test_every_command_is_in_the_readme_or_on_the_page() -> None:
    assert undocumented_commands(commands(), README + PAGE) == set()


def test_every_command_that_a_page_names_is_one() -> None:
    assert {page: unknown for page, text in PAGES.items() if (unknown := unknown_commands(commands(), text))} == {}


def test_a_command_without_its_line_and_a_line_without_its_command_are_found() -> None:
    there = {"run", "policy check", "policy show", "what-if"}
    text = (
        "`escalations run`\n`escalations what-if --policy FILE`\n$ escalations policy check ours.yaml\n"
        "`escalations policy burn` `escalations fly --high`"
    )
    assert undocumented_commands(there, text) == {"policy show"}
    assert unknown_commands(there, text) == {"policy burn", "fly"}


def test_every_event_that_may_call_a_person_says_what_to_do() -> None:
    assert events_of_the_page(PAGE) == events_of_the_code()
    assert f"| `{OF_LIBRARIES}` |" in PAGE


def test_an_event_without_its_line_and_one_without_a_static_name_are_found() -> None:
    source = '_log.error("lost", code=1)\nworkflow.logger.warning("late")\n_log.info("fine")\n_log.error(f"{x}")\n'
    assert set(logged(source)) == {("lost", "error"), ("late", "warning"), ("?", "error")}
    row = "| `lost` | error | What it means. | What to do. |"
    assert events_of_the_page(row) == {("lost", "error")}
    assert events_of_the_page("| `lost` | error | What it means. | |") == set()


def metrics_of_the_page(text: str) -> set[tuple[str, str]]:
    """Give each metric of the page with its label."""
    rows = re.findall(r"^\| `(escalations_\w+)` \| (?:`(\w+)`)? ?\| [^|]+\S \|", text, flags=re.MULTILINE)
    return {(name, label) for name, label in rows}


async def metrics_of_the_code(database: Database) -> set[tuple[str, str]]:
    """Give each metric that an installation shows in which everything happened once."""
    now = datetime(2027, 3, 1, tzinfo=UTC)
    async with database.write() as tx:
        await heartbeats.beat(tx, list(Part), host="one", started_at=now, at=now)
    async with database.read() as tx:
        found = await figures.read(tx, now=now)
    seen = exposition.Seen(now, temporal_up=True, figures=found, late=await Lateness(database).look(now), seconds=0.0)
    return {
        (family.name + ("_total" if family.type == "counter" else ""), next(iter(sample.labels), ""))
        for family in exposition.families(seen)
        for sample in family.samples
        if not sample.name.endswith(("_sum", "_count"))
    }


async def test_every_metric_says_when_to_look(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        await database.migrate()
        assert metrics_of_the_page(PAGE) == await metrics_of_the_code(database)


def test_a_metric_without_its_line_is_found() -> None:
    row = "| `escalations_lost` | `state` | What it is. | more than 5 |\n| `escalations_found` | | What. | |"
    assert metrics_of_the_page(row) == {("escalations_lost", "state"), ("escalations_found", "")}


def test_every_search_attribute_is_on_the_page_with_its_type() -> None:
    shown = {"INDEXED_VALUE_TYPE_KEYWORD": "Keyword", "INDEXED_VALUE_TYPE_INT": "Int"}
    registered = {(key.name, shown[IndexedValueType.Name(int(key.indexed_value_type))]) for key in attributes.ALL}  # type: ignore[arg-type]  # its number is all that it takes
    assert search_attributes_of_the_page(PAGE) == registered


def test_a_search_attribute_without_its_line_is_found() -> None:
    assert search_attributes_of_the_page("| `EscalationStage` | Int | The stage. |") == {("EscalationStage", "Int")}
    assert search_attributes_of_the_page("Escalation stages are shown.") == set()
