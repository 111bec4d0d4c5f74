"""``escalations what-if``: an invented year, lived again from the real register."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from escalations import cli, parts, what_ifs
from escalations.intake.opening import InForce
from escalations.packs import reading
from escalations.policy import Awaits, Policy
from escalations.review.years import Year
from escalations.simulation import year
from escalations.store import directory, directory_file
from escalations.store.engine import Database
from tests.builders import civil
from tests.harness import settings

NOW = civil("2026-11-23 12:00")


@pytest.fixture(scope="module")
async def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of an installation with an invented year."""
    folder = tmp_path_factory.mktemp("lived")
    async with parts.opened(settings(folder, policy_file=None), migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        await year.fill(opened, NOW)
    return folder


async def _compared(folder: Path, policy: Policy) -> what_ifs.Compares:
    said: list[str] = []
    async with Database.open(settings(folder, policy_file=None).database) as database:
        return await what_ifs.compared(database, InForce(policy), Year(2025), now=NOW, say=said.append)


def _shown(made: what_ifs.Compares) -> str:
    out = io.StringIO()
    what_ifs.show(made, Console(file=out, width=80))
    return out.getvalue()


async def test_under_the_policy_that_it_was_lived_under_a_whole_year_goes_as_it_went(lived: Path) -> None:
    """What ran through register and notices, and the rules alone over the same acts, come to the same."""
    made = await _compared(lived, reading.sample())
    assert len(made.cases) > 40
    assert made.left_out == ()
    assert [one.reference for one in made.cases if one.was.drifted != one.would.drifted] == []
    assert [one for one in made.cases if one.would.not_taken or one.would.unknowable] == []
    assert "No escalation would have gone differently." in _shown(made)


async def test_a_shorter_limit_shows_which_would_have_drifted_and_when(lived: Path) -> None:
    data = reading.sample().model_dump()
    for clock in data["stages"][0]["clocks"]:
        if clock["awaits"] is Awaits.RESPOND:
            clock["limits"]["standard"] = {"within": {"value": 1, "unit": "working_days"}}
    made = await _compared(lived, Policy.model_validate(data))
    newly = [one for one in made.cases if one.would.drifted and not one.was.drifted]
    assert newly
    shown = _shown(made)
    assert all(one.reference in shown for one in newly)
    assert max(map(len, shown.splitlines())) <= 80
    assert "an answer (stage 1)" in shown
    assert "a finding about nobody" in " ".join(shown.split())


def test_the_command_prints_every_escalation_for_a_machine(lived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path(__file__).parents[2] / "escalations" / "packs" / "default-sample.yaml"
    monkeypatch.setenv("ESCALATIONS_FOLDER", str(lived))
    monkeypatch.setenv("ESCALATIONS_LOG_LEVEL", "ERROR")
    result = CliRunner().invoke(cli.app, ["what-if", "--policy", str(file), "--year", "2025", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["year"] == "2025/26"
    assert {"reference", "was", "would_have_been"} == set(told["cases"][0])


def test_the_other_policy_is_counted_by_the_installation_s_own_days(
    lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The year was lived without them; one who counts without them finds no difference, and this one does."""
    calendar = tmp_path / "calendar.yaml"
    closure = "{first: 2025-06-01, last: 2025-07-31, why: Invented}"
    calendar.write_text(f"closures:\n  - {closure}\n", encoding="utf-8")
    file = Path(__file__).parents[2] / "escalations" / "packs" / "default-sample.yaml"
    monkeypatch.setenv("ESCALATIONS_FOLDER", str(lived))
    monkeypatch.setenv("ESCALATIONS_CALENDAR_FILE", str(calendar))
    monkeypatch.setenv("ESCALATIONS_LOG_LEVEL", "ERROR")
    result = CliRunner().invoke(cli.app, ["what-if", "--policy", str(file), "--year", "2025", "--json"])
    assert result.exit_code == 0, result.output
    cases = json.loads(result.output)["cases"]
    assert [one for one in cases if one["was"]["limits_passed"] != one["would_have_been"]["limits_passed"]]


def test_a_year_without_escalations_and_a_file_that_is_no_policy_are_said(
    lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESCALATIONS_FOLDER", str(lived))
    monkeypatch.setenv("ESCALATIONS_LOG_LEVEL", "ERROR")
    file = Path(__file__).parents[2] / "escalations" / "packs" / "default-sample.yaml"
    result = CliRunner().invoke(cli.app, ["what-if", "--policy", str(file), "--year", "2019"])
    assert result.exception is not None
    assert "No escalation was received in 2019/20" in str(result.exception)
    wrong = tmp_path / "ours.yaml"
    wrong.write_text("id: ours\ntitel: Our policy\n", encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["what-if", "--policy", str(wrong)])
    assert result.exit_code == 1
    assert "ours.yaml:2: titel:" in result.output
