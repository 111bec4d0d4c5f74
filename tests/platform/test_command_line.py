"""The command line: each command says what it found, and ends with a code that a script can read."""

from __future__ import annotations

import base64
import json
import re
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalations import cli, doctor, errors
from escalations.packs import reading
from escalations.settings import Settings
from escalations.store.tables import instant_text

COMMANDS = (
    "run", "worker", "web", "dispatch", "policy", "directory", "register", "workflows", "doctor", "migrate", "alive",
    "people", "what-if", "redate", "erase",
)  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an installation of its own, made by the command itself."""
    monkeypatch.setenv("ESCALATIONS_FOLDER", str(tmp_path / "var"))
    monkeypatch.setenv("ESCALATIONS_LOG_LEVEL", "ERROR")
    return tmp_path / "var"


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_help_lists_every_command() -> None:
    _, said = call("--help")
    assert [name for name in COMMANDS if name not in said] == []


def test_the_sample_policy_has_nothing_wrong_and_says_that_it_is_a_sample(here: Path) -> None:
    code, said = call("policy", "check")
    assert code == 0
    assert "nothing is wrong" in said
    assert "sample" in said
    assert not here.exists()


def test_the_outbox_of_a_trial_is_printed_where_no_page_of_it_is_served(here: Path) -> None:
    assert call("migrate")[0] == 0
    assert call("outbox") == (0, "The outbox is empty.\n")
    raw = b"Subject: PD-27-0001-A: please read\r\nContent-Type: text/plain\r\n\r\nhttp://127.0.0.1:8000/l/abc\r\n"
    with closing(sqlite3.connect(here / "escalations.db")) as database, database:
        database.execute(
            "INSERT INTO outbox (id, made_at, raw, to_hint) VALUES (?, ?, ?, ?)",
            ("1", "2027-03-01T09:30:00.000000Z", raw, "n...@oaklane.example"),
        )
    code, said = call("outbox")
    assert code == 0
    for expected in ("09:30", "n...@oaklane.example", "please read", "/l/abc", "1 messages."):
        assert expected in said


def test_a_policy_with_a_mistake_is_said_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("id: ours\ntitel: Our policy\n", encoding="utf-8")
    code, said = call("policy", "check", str(file))
    assert code == 1
    assert "ours.yaml:2: titel:" in said
    assert "did you mean title?" in said


def test_a_policy_is_shown_with_everything_filled_in() -> None:
    code, said = call("policy", "show", "--json")
    assert code == 0
    assert len(json.loads(said)["stages"]) == 4


def test_a_policy_is_shown_as_a_ladder_that_fits_the_terminal() -> None:
    code, said = call("policy", "show")
    assert code == 0
    for stage in ("Stage 1: Practitioner to practitioner", "Stage 4: Final body", "What waits for the raising side"):
        assert stage in said
    assert "nobody's policy" in said
    assert max(len(line) for line in said.splitlines()) <= 100


def test_a_database_is_made_filled_verified_and_rebuilt(here: Path) -> None:
    assert call("migrate")[1].splitlines()[-1].startswith("The database is at revision")
    assert call("register", "verify") == (0, "The register agrees with itself: 0 events.\n")
    assert call("register", "rebuild") == (0, "The lists were rebuilt from 0 events.\n")
    assert (here / "escalations.db").is_file()


def test_a_row_that_was_put_in_by_hand_is_named(here: Path) -> None:
    call("migrate")
    with sqlite3.connect(here / "escalations.db") as database:
        database.execute(
            "INSERT INTO register (position, reference, seq, kind, recorded_at, body, previous_hash, hash)"
            " VALUES (1, 'PD-26-0001-K', 1, 'raised', '2026-03-02T09:00:00.000000Z', '{}', 'x', 'y')",
        )
    database.close()
    code, said = call("register", "verify")
    assert code == 1
    assert "position 1, PD-26-0001-K, event 1" in said


def test_the_directory_is_shown_within_the_terminal(here: Path) -> None:
    call("migrate")
    for command in (["directory", "show"], ["directory", "show", "ridgeway-academy"]):
        code, said = call(*command)
        assert code == 0
        assert "Petra" in said
        assert "senior manager" in said
        assert max(len(line) for line in said.splitlines()) <= 100
    with pytest.raises(errors.FinalOurs, match="There is no agency elm"):
        call("directory", "show", "elm")
    found = json.loads(call("directory", "show", "--json")[1])
    assert next(one for one in found if one["id"] == "ridgeway-academy")["vacant"] == ["senior_manager"]
    assert json.loads(call("directory", "export", "--json")[1]) == found


def test_a_table_is_checked_loaded_and_the_second_time_changes_nothing(here: Path, tmp_path: Path) -> None:
    call("migrate")
    table = tmp_path / "schools.csv"
    table.write_text("agency;type;town;name;email\nElm School;School;Wyeford;Ada;ada@elm.example\n", encoding="utf-8")
    checked = call("directory", "import", "--check", str(table))[1]
    assert "line 2: new: Elm School: A new agency: school, Wyeford" in checked
    assert "2 new, 0 changed, 0 ends, 0 the same. Nothing was changed." in checked
    assert "Elm School" not in call("directory", "show")[1]
    assert call("directory", "import", str(table))[1].endswith("2 new, 0 changed, 0 ends, 0 the same. Done.\n")
    assert "Elm School" in call("directory", "show")[1]
    assert "1 the same. Nothing was changed." in call("directory", "import", str(table))[1]
    written = tmp_path / "out.csv"
    assert call("directory", "export", str(written))[0] == 0
    assert written.stat().st_mode & 0o077 == 0
    assert written.read_bytes().startswith(b"\xef\xbb\xbfagency id,")
    assert "Nothing was changed." in call("directory", "import", str(written))[1]


def test_a_table_with_a_mistake_is_said_with_its_line_and_nothing_is_loaded(here: Path, tmp_path: Path) -> None:
    call("migrate")
    table = tmp_path / "schools.csv"
    table.write_text("agency,type,town,name,email\nElm School,School,Wyeford,Ada,ada\n", encoding="utf-8")
    code, said = call("directory", "import", str(table))
    assert code == 1
    assert "schools.csv, line 2, email: Write one email address" in said
    assert "1 to put right. Nothing was changed." in said
    assert "Elm School" not in call("directory", "show")[1]
    with pytest.raises(errors.FinalOurs, match="cannot be read: No such file"):
        call("directory", "import", str(tmp_path / "none.csv"))


def test_a_new_type_of_agency_is_said_on_the_command_line(here: Path, tmp_path: Path) -> None:
    call("migrate")
    table = tmp_path / "surgeries.csv"
    table.write_text("agency,type,town,name,email\nElm,GP surgery,W,Ada,ada@elm.example\n", encoding="utf-8")
    code, said = call("directory", "import", str(table))
    assert code == 1
    assert 'If each of them is a new type, say so: --new-type "Gp surgery"' in said
    assert call("directory", "import", str(table), "--new-type", "GP surgery")[1].endswith("Done.\n")


def test_the_doctor_ends_with_one_while_something_stands_in_the_way(here: Path) -> None:
    call("migrate")
    code, said = call("doctor", "--live")
    assert code == 1
    assert "stand between this installation and real people" in said


def test_the_doctor_says_when_the_review_of_the_policy_is_due_or_was(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(reading.sample_text().replace("sample: true", "sample: false"), "utf-8")
    settings = Settings(policy_file=file)

    def found(day: date) -> tuple[doctor.Verdict, str]:
        finding = doctor._policy(settings, day)
        return finding.verdict, finding.found

    assert found(date(2027, 11, 1)) == (
        doctor.Verdict.NOTE,
        "Professional Differences Policy (sample), version 2026-1. Its review is due on 31 December 2027, in 60 days.",
    )
    assert found(date(2027, 9, 29))[0] is doctor.Verdict.FINE
    verdict, said = found(date(2028, 1, 1))
    assert (verdict, "Its review was due on 31 December 2027" in said) == (doctor.Verdict.NOTE, True)
    assert "in force from 1 February 2026, which is still to come" in found(date(2026, 1, 20))[1]


def test_parts_of_their_own_need_a_server_named(here: Path) -> None:
    call("migrate")
    for command in (["worker"], ["web"], ["dispatch"], ["workflows", "restore"]):
        with pytest.raises(errors.FinalOurs, match="TEMPORAL_ADDRESS is not set"):
            call(*command)


def test_a_missing_key_is_not_made_anew_over_what_was_sealed(here: Path) -> None:
    call("migrate")
    keys = here / "keys.txt"
    kept = keys.read_bytes()
    keys.unlink()
    with pytest.raises(errors.FinalOurs, match=r"keys\.txt is missing.*Put it back"):
        call("migrate")
    assert not keys.exists()
    code, said = call("doctor")
    assert code == 1
    assert "wrong keys" in said
    assert "is missing" in said
    keys.write_bytes(kept)
    assert call("migrate")[0] == 0


def test_a_wrong_key_serves_nobody(here: Path) -> None:
    call("migrate")
    (here / "keys.txt").write_bytes(base64.b64encode(bytes(32)) + b"\n")
    for command in (["migrate"], ["run"]):
        with pytest.raises(errors.FinalOurs, match="do not open what this database holds"):
            call(*command)
    code, said = call("doctor")
    assert code == 1
    assert "wrong keys" in said
    assert "do not open" in said
    assert call("register", "verify")[0] == 0  # it needs no key


def test_after_a_rotation_the_old_key_can_leave_the_list(here: Path) -> None:
    call("migrate")
    keys = here / "keys.txt"
    old, new = keys.read_text("ascii"), base64.b64encode(bytes(range(32))).decode() + "\n"
    keys.write_text(new, "ascii")
    assert "do not open what this database holds" in call("doctor")[1], "before it, it must stay"
    keys.write_text(new + old, "ascii")
    code, said = call("keys", "rotate")
    assert code == 0
    assert re.search(r"^[1-9]\d* data keys were wrapped anew with the newest key, \w{12}\.$", said, re.MULTILINE)
    assert re.search(r"^Nothing is wrapped any more with \w{12}: that can leave the list\.$", said, re.MULTILINE)
    keys.write_text(new, "ascii")
    assert re.search(r"^fine +keys", call("doctor")[1], re.MULTILINE)
    assert call("migrate")[0] == 0
    assert call("keys", "rotate")[1].startswith("0 data keys were wrapped anew")
    keys.write_text(old, "ascii")
    assert "do not open what this database holds" in call("doctor")[1], "it opens nothing any more"


def test_a_command_ends_without_taking_the_interpreter_apart() -> None:
    # Met: threads of Temporal's client aborted one migration in four while that was done, after all was done and said.
    program = """
import sys
from escalations import cli

class Part:
    def __del__(self):
        print("taken apart")

part = Part()
sys.argv = ["escalations", *sys.argv[1:]]
cli.main()
"""
    for command, code in ((["policy", "check"], 0), (["policy", "check", "/nowhere.yaml"], 1), (["nonsense"], 2)):
        ended = subprocess.run([sys.executable, "-c", program, *command], capture_output=True, text=True, check=False)
        assert ended.returncode == code
        assert ended.stdout or ended.stderr
        assert "taken apart" not in ended.stdout


def put(here: Path, table: str, **values: object) -> None:
    """Put a row into the database by hand, without its clients."""
    columns, gaps = ", ".join(values), ", ".join("?" * len(values))
    with closing(sqlite3.connect(here / "escalations.db")) as database, database:
        database.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({gaps})", tuple(values.values()))  # noqa: S608  names above


def beats(here: Path, part: str, *, minutes_ago: float, host: str = "x") -> None:
    at = instant_text(datetime.now(UTC) - timedelta(minutes=minutes_ago))
    put(here, "heartbeats", part=part, host=host, started_at=at, seen_at=at)


def test_a_part_that_was_never_seen_here_is_not_alive(here: Path) -> None:
    call("migrate")
    assert call("alive", "worker") == (1, "worker was never seen on this machine.\n")
    with pytest.raises(errors.FinalOurs, match=r"no part 'wroker': web, dispatcher, worker"):
        call("alive", "wroker")
    beats(here, "worker", minutes_ago=0, host="another-machine")
    assert call("alive", "worker")[0] == 1
    beats(here, "worker", minutes_ago=0, host=socket.gethostname())
    beats(here, "dispatcher", minutes_ago=2, host=socket.gethostname())
    assert call("alive", "worker")[0] == 0
    assert call("alive", "dispatcher") == (1, "dispatcher was seen 120 s ago.\n")


def test_the_doctor_names_the_part_that_has_not_been_seen_while_others_run(here: Path) -> None:
    call("migrate")
    assert "None was ever seen" in call("doctor")[1]
    for part, minutes in (("worker", 0), ("web", 0), ("dispatcher", 9)):
        beats(here, part, minutes_ago=minutes)
    code, said = call("doctor")
    assert code == 1
    assert re.search(r"wrong +dispatcher +Not seen since .*, while other parts run", said)
    assert re.search(r"fine +worker +Seen \d+ s ago", said)
    for part in ("worker", "web", "dispatcher"):
        beats(here, part, minutes_ago=9)
    assert re.search(r"note +parts +None runs. One was last seen at ", call("doctor")[1])


def test_the_doctor_says_what_is_due_and_not_recorded(here: Path) -> None:
    call("migrate")
    at = instant_text(datetime.now(UTC) - timedelta(minutes=30))
    case = {"reference": "PD-26-0001-K", "seq": 1, "position": 1, "status": "open", "track": "standard", "stage": 1}
    parties = {"raising_agency": "oak-school", "responding_agencies": "[]", "edition": 1}
    put(here, "cases", **case, **parties, received_at=at, changed_at=at)
    clock = {"clock_id": "c", "rule_id": "r", "awaits": "respond", "waits_for": "responding", "receipt_hash": ""}
    stands = {"state": "running", "kept_dates": "[]", "reminders": "[]", "reminded": 0, "limit_withdrawn": 0}
    put(here, "clocks", reference="PD-26-0001-K", **clock, **stands, started_at=at, due_at=at)
    code, said = call("doctor")
    assert code == 1
    assert re.search(r"wrong +clocks +Due and not recorded: 1 of kind limit. The oldest for (30|29) minutes", said)


def test_the_first_administrator_is_let_in_from_the_command_line_and_the_last_one_stays(here: Path) -> None:
    call("migrate")
    assert "Nobody yet" in call("people", "list")[1]
    assert "no administrator" in call("doctor")[1]
    code, said = call(
        "people", "add", "boss@council.example", "--name", "Perpetua Lisle", "--role", "administrator", "--role", "team"
    )
    assert code == 0
    assert "/sign-in" in said
    assert call("people", "list")[1].strip() == "boss@council.example  Perpetua Lisle  (administrator, team)"
    assert "May sign in: 1 team, 0 reviewer, 1 administrator." in call("doctor")[1]
    code, said = call("people", "link", "boss@council.example")
    assert code == 0
    assert "/s/" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "boss", "--name", "X", "--role", "team"), "not an address"),
        (("end", "nobody@council.example"), "Nobody with this address"),
        (("link", "nobody@council.example"), "Nobody with this address"),
    ],
)
def test_what_cannot_be_done_about_people_is_a_sentence(here: Path, arguments: tuple[str, ...], says: str) -> None:
    call("migrate")
    with pytest.raises(errors.EscalationsError, match=says):
        call("people", *arguments)


def test_the_last_administrator_is_not_ended_from_the_command_line_either(here: Path) -> None:
    call("migrate")
    for name, role in (("boss", "administrator"), ("other", "team")):
        call("people", "add", f"{name}@council.example", "--name", name, "--role", role)
    assert call("people", "end", "other@council.example")[0] == 0
    with pytest.raises(errors.EscalationsError, match="Nobody else is an administrator"):
        call("people", "end", "boss@council.example")
    assert ", ended 20" in call("people", "list")[1]


def test_open_escalations_are_looked_at_and_nothing_is_changed(here: Path) -> None:
    assert call("migrate")[0] == 0
    code, said = call("redate", "preview", "--closure", "2027-03-04..2027-03-05=Office move")
    assert code == 0
    assert "Open escalations: 0." in said
    assert said.endswith("Nothing was changed.\n")
    assert here.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("preview", "--closure", "next week"), "“next week” is no closure. Write its first and last day"),
        (("preview", "--closure", "2027-03-05..2027-03-04"), "is no closure"),
        (("preview", "--calendar", "none.yaml"), "none.yaml: cannot be read"),
        (("preview", "--policy", "none.yaml"), "none.yaml: cannot be read"),
        (
            ("apply", "--reason-file", "none.txt", "--because", "closure", "--by", "P"),
            "The reason in none.txt cannot be",
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(here: Path, arguments: tuple[str, ...], said: str) -> None:
    assert call("migrate")[0] == 0
    with pytest.raises(errors.EscalationsError) as found:
        call("redate", *arguments)
    assert said in str(found.value)
    assert here.exists()


def test_a_reason_that_is_none_of_them_is_said(here: Path) -> None:
    code, _ = call("redate", "apply", "--reason-file", "why.txt", "--because", "whim", "--by", "P")
    assert code == 2
    assert not here.exists()
