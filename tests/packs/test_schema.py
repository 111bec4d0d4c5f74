"""The schema of a policy file: kept the same as the models, and true of every pack that is shipped."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it comes with the charts, and has no types
import pytest
from ruamel.yaml import YAML

from escalations.packs import schema
from tests.packs.calling import call

FOLDER = resources.files("escalations.packs")
PACKS = sorted(
    path
    for path in (Path(__file__).parents[2] / "escalations" / "packs").glob("*-sample.yaml")
    if path.stem != "directory-sample"
)


def plain(path: Path) -> dict[str, Any]:
    """Give a pack as an editor reads it: texts, numbers, lists."""
    read: dict[str, Any] = json.loads(json.dumps(YAML(typ="safe", pure=True).load(path.read_text("utf-8"))))
    return read


def wrong(values: dict[str, Any]) -> list[str]:
    checker = jsonschema.Draft202012Validator(schema.schema())
    return [error.message for error in checker.iter_errors(values)]


def test_the_file_beside_the_packs_is_what_the_models_give() -> None:
    assert FOLDER.joinpath(schema.FILE).read_text("utf-8") == schema.text(), (
        "write it anew: escalations policy schema > escalations/packs/policy.schema.json"
    )


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.schema())


def test_the_command_prints_it() -> None:
    assert json.loads(call("policy", "schema")[1]) == schema.schema()


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_every_pack_is_true_to_it_and_names_it_in_its_first_line(path: Path) -> None:
    assert path.read_text("utf-8").startswith(schema.LINE + "\n")
    assert wrong(plain(path)) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"titel": "x"}, "titel"),
        ({"day_zero": "tomorrow"}, "tomorrow"),
        ({"word_to_raiser_every": "5 days"}, "5 days"),
        ({"stages": []}, ""),
    ],
)
def test_what_is_wrong_is_marked(change: dict[str, Any], named: str) -> None:
    assert any(named in message for message in wrong({**plain(PACKS[0]), **change}))


def test_every_field_that_says_what_it_is_says_it_in_the_editor_too() -> None:
    found = schema.schema()
    limit = found["$defs"]["Limit"]["properties"]
    assert limit["or_sooner"]["description"].startswith("Whether the raising side, or the team")
    assert re.search("Clocks over several stages", found["properties"]["process_clocks"]["description"])
