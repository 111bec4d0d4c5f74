"""Checking packs: each broken file is refused with its sentence, each that will hurt is warned of, at its line.

The first two lines of every file say what is expected: the sentence, and the line that it names.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from escalations.packs import checking, reading
from escalations.packs.checking import Checked, FileKind
from escalations.packs.warning import Posts
from tests.packs.calling import call

HERE = Path(__file__).parent
BROKEN = sorted((HERE / "broken").glob("*.yaml"))
HURTING = sorted((HERE / "hurting").glob("*.yaml"))
PACKS = sorted((Path(__file__).parents[2] / "escalations" / "packs").glob("*.yaml"))
TODAY = date(2027, 3, 1)


def named(path: Path) -> str:
    return path.stem


def expected(path: Path) -> tuple[str, int | None]:
    said, line = path.read_text("utf-8").splitlines()[:2]
    assert said.startswith("# says: ")
    number = line.removeprefix("# line: ")
    return said.removeprefix("# says: "), None if number == "none" else int(number)


def checked(path: Path, posts: Posts | None = None) -> Checked:
    return checking.check(path, today=TODAY, posts=posts)


def test_there_are_files_to_check() -> None:
    assert len(BROKEN) > 12
    assert len(HURTING) > 12
    assert PACKS


@pytest.mark.parametrize("path", BROKEN, ids=named)
def test_a_broken_file_is_refused_with_its_sentence_at_its_line(path: Path) -> None:
    sentence, line = expected(path)
    found = checked(path)
    assert found.policy is None
    (problem, *_) = [problem for problem in found.problems if sentence in problem.sentence] or found.problems
    assert sentence in problem.sentence
    assert problem.line == line
    assert found.warnings == ()


@pytest.mark.parametrize("path", HURTING, ids=named)
def test_what_will_hurt_is_said_at_its_line(path: Path) -> None:
    sentence, line = expected(path)
    found = checked(path)
    assert found.problems == ()
    if sentence == "nothing":
        assert found.warnings == ()
        return
    (said, *_) = [one for one in found.warnings if sentence in one.sentence] or found.warnings
    assert sentence in said.sentence
    assert said.line == line


@pytest.mark.parametrize("path", PACKS, ids=named)
def test_every_shipped_file_passes(path: Path) -> None:
    found = checked(path)
    assert [str(problem) for problem in found.problems] == []


# ---- Positions ------------------------------------------------------------------------------------------------------

FINE = HERE / "hurting" / "nothing.yaml"
EVERYBODY = {"oak-school": frozenset({"manager", "head"}), "partners-panel": frozenset({"chair", "alternate_chair"})}


def about_posts(held: dict[str, frozenset[str]]) -> list[str]:
    return [str(one) for one in checked(FINE, Posts("ours.yaml", held)).warnings]


def test_a_position_that_somebody_holds_is_not_warned_of() -> None:
    assert about_posts(EVERYBODY) == []


def test_a_position_that_nobody_holds_is_named_once_with_its_line() -> None:
    held = {**EVERYBODY, "oak-school": frozenset({"head"})}
    (said,) = about_posts(held)
    assert "no agency of ours.yaml has a manager in post" in said
    line = [number for number, text in enumerate(FINE.read_text("utf-8").splitlines(), 1) if "raising_position" in text]
    assert said.startswith(f"nothing.yaml:{line[0]}: ")


def test_a_final_body_that_is_no_agency_or_has_nobody_in_post_is_named() -> None:
    (said,) = about_posts({"oak-school": EVERYBODY["oak-school"]})
    assert "partners-panel is no agency of ours.yaml" in said
    (said,) = about_posts({**EVERYBODY, "partners-panel": frozenset({"chair"})})
    assert "nobody at partners-panel is in post as alternate chair" in said


def test_who_is_in_post_is_read_from_a_directory_s_file() -> None:
    posts = checking.posts_of(PACKS[0].with_name("directory-sample.yaml"), today=TODAY)
    assert "manager" in posts.held["oak-school"]
    assert "senior_manager" not in posts.held["ridgeway-academy"], "entered there, and vacant"
    with pytest.raises(reading.NotAPolicyError, match=r"nothing\.yaml"):
        checking.posts_of(FINE, today=TODAY)


def test_a_sample_directory_fills_the_sample_policy() -> None:
    posts = checking.posts_of(PACKS[0].with_name("directory-sample.yaml"), today=TODAY)
    assert checking.check_text(reading.sample_text(), "default-sample", today=TODAY, posts=posts).warnings == ()


def test_a_limit_that_escalates_can_ask_whether_it_moves_and_one_that_only_tells_asks_nothing() -> None:
    """An agency that says that it is not theirs does not move by itself to its next level: it is then asked."""
    text = FINE.read_text("utf-8")
    escalates = text.replace("on_limit: propose", "on_limit: escalate")
    assert checking.check_text(escalates, "x.yaml", today=TODAY).warnings == ()
    (choose,) = [line for line in text.splitlines() if "awaits: choose" in line]
    tells = text.replace("on_limit: propose", "on_limit: tell").replace(f"{choose}\n", "")
    found = checking.check_text(tells, "x.yaml", today=TODAY)
    assert found.problems == ()
    asked = checking.check_text(text.replace(f"{choose}\n", ""), "x.yaml", today=TODAY)
    assert {"standard", "urgent"} == {str(one).split(" on the ")[1].split(" track")[0] for one in asked.problems}


def test_how_long_before_a_move_somebody_is_told_need_not_be_written() -> None:
    text = FINE.read_text("utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("told_before_move")]
    unsaid = reading.read_text(text.replace(f"{line}\n", ""), "x.yaml")
    assert unsaid == reading.read_text(text, "x.yaml")


# ---- Kinds of files, and the command --------------------------------------------------------------------------------


def test_a_directory_among_policies_is_known_and_checked_as_one() -> None:
    found = checked(PACKS[0].with_name("directory-sample.yaml"))
    assert (found.kind, found.problems) == (FileKind.DIRECTORY, ())
    assert found.agencies > 5
    broken = checking.check_text("sample: true\nagencies: []\n", "agencies.yaml", today=TODAY)
    assert broken.kind is FileKind.DIRECTORY
    assert "agencies" in str(broken.problems[0])


def test_several_files_are_checked_at_once_and_one_that_is_refused_ends_with_one() -> None:
    code, said = call("policy", "check", *(str(path) for path in PACKS))
    assert code == 0, said
    assert "directory-sample.yaml: a directory of" in said
    assert "default-sample.yaml: it is a sample" in said
    assert "--directory names a directory's file" in said
    code, said = call("policy", "check", str(FINE), str(BROKEN[0]))
    assert code == 1
    assert "nothing.yaml: Settling professional differences, version 2026-1: nothing is wrong" in said
    assert expected(BROKEN[0])[0] in said


def test_a_warning_refuses_only_where_it_is_asked_to() -> None:
    path = str(HERE / "hurting" / "no-reminder.yaml")
    code, said = call("policy", "check", path)
    assert code == 0
    assert re.search(r"no-reminder\.yaml:23: warning: stages 1, .*: nobody is reminded before its 5 working days", said)
    assert "nothing is wrong, and 1 warning of what will hurt" in said
    code, said = call("policy", "check", "--strict", path)
    assert code == 1
    assert "With --strict a warning refuses." in said
    assert call("policy", "check", "--strict", str(FINE))[0] == 0


def test_what_was_found_is_printed_for_a_machine() -> None:
    hurting, broken = HERE / "hurting" / "no-reminder.yaml", HERE / "broken" / "typo.yaml"
    code, said = call("policy", "check", "--json", str(hurting), str(broken))
    found = json.loads(said)
    assert (code, found["fine"]) == (1, False)
    assert [one["file"] for one in found["files"]] == ["no-reminder.yaml", "typo.yaml"]
    assert found["files"][0]["warnings"][0]["line"] == 23
    assert found["files"][0]["problems"] == []
    assert found["files"][1]["problems"][0]["sentence"] == expected(broken)[0]


def test_a_directory_that_is_none_is_said() -> None:
    code, said = call("policy", "check", str(FINE), "--directory", str(BROKEN[0]))
    assert code == 1
    assert BROKEN[0].name in said


def test_the_directory_of_an_installation_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALATIONS_FOLDER", str(tmp_path / "var"))
    monkeypatch.setenv("ESCALATIONS_LOG_LEVEL", "ERROR")
    call("migrate")
    code, said = call("policy", "check", "--installation", "--strict")
    assert (code, "looked up" in said) == (0, False), said
    code, said = call("policy", "check", "--installation", str(FINE).replace("nothing", "same-person-above"))
    assert "in post" not in said


# ---- Versions beside each other -------------------------------------------------------------------------------------

OLDER = reading.sample_text()
RENAMED = (
    OLDER.replace("code: no_response_or_drift", "code: drift", 1)
    .replace('version: "2026-1"', 'version: "2027-1"')
    .replace('in_force_from: "2026-02-01"', 'in_force_from: "2027-02-01"')
)
MAPPED = RENAMED.replace("code: drift", "code: drift\n      was: [no_response_or_drift]", 1)


def beside(newer: str, tmp_path: Path) -> str:
    (tmp_path / "older.yaml").write_text(OLDER, "utf-8")
    (tmp_path / "newer.yaml").write_text(newer, "utf-8")
    return call("policy", "check", str(tmp_path / "newer.yaml"), str(tmp_path / "older.yaml"))[1]


def test_a_code_that_a_newer_version_drops_without_a_place_for_it_is_warned_of_at_its_list(tmp_path: Path) -> None:
    said = beside(RENAMED, tmp_path)
    assert "the reason no_response_or_drift (“There is no response, or things are drifting”) of version 2026-1" in said
    line = RENAMED[: RENAMED.index("  reasons:")].count("\n") + 1
    assert f"newer.yaml:{line}: warning: lists, reasons: " in said
    assert said.count("warning: lists") == 1, "the older version is not warned of"


def test_a_code_that_another_takes_the_place_of_is_not_warned_of(tmp_path: Path) -> None:
    assert "warning: lists" not in beside(MAPPED, tmp_path)


def test_a_version_alone_is_not_warned_of(tmp_path: Path) -> None:
    (tmp_path / "newer.yaml").write_text(RENAMED, "utf-8")
    assert "warning: lists" not in call("policy", "check", str(tmp_path / "newer.yaml"))[1]
