"""The doctor: what it finds, what stands between an installation and real people."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from escalations import doctor, going_live, parts, running, settings
from escalations.mail import relay
from escalations.temporal import binaries

KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def chosen(tmp_path: Path) -> settings.Settings:
    return settings.Settings(folder=tmp_path / "var")


def quiet(_line: str) -> None:
    """Say nothing."""


def ready(folder: Path) -> dict[str, object]:
    """Everything that the settings must say before real people may be entered."""
    return {
        "folder": folder,
        "keys": KEY,
        "live": True,
        "impact_assessment_reference": "DPIA-7",
        "impact_assessment_approver": "data protection officer",
        "privacy_notice_url": "https://council.gov.uk/privacy",
        "retention_years": 6,
        "disposal_approver": "business manager",
        "front_door_name": "Front door",
        "front_door_phone": "01432 260800",
        "duty_team_name": "Emergency duty team",
        "duty_team_phone": "+44 330 123 9309",
        "team_phone": "01432 260900",
        "team_email": "partnership@council.gov.uk",
        "partnership_name": "Herefordshire Safeguarding Children Partnership",
        "mail_relay": "relay.council.gov.uk",
        "mail_from": "differences@council.gov.uk",
        "public_url": "https://differences.council.gov.uk",
        "policy_file": folder / "policy.yaml",
    }


def test_nothing_stands_in_the_way_of_settings_that_say_everything(tmp_path: Path) -> None:
    complete = settings.Settings.model_validate(ready(tmp_path))
    assert going_live.obstacles(complete) == ()
    assert going_live.is_live(complete)


@pytest.mark.parametrize(
    ("lacks", "says"),
    [
        ({"impact_assessment_approver": None}, "impact assessment"),
        ({"privacy_notice_url": None}, "privacy notice"),
        ({"retention_years": None}, "how long records are kept"),
        ({"keys": ()}, "beside the data"),
        ({"front_door_phone": "01632 960100"}, "front door's number is invented"),
        ({"team_phone": "01632 960231"}, "team's number or address on the pages is invented"),
        ({"team_email": "team@partnership.example"}, "team's number or address on the pages is invented"),
        ({"duty_team_phone": "+44 7700 900123"}, "duty team's number is invented"),
        ({"duty_team_name": "Duty team (sample)"}, "names on the pages"),
        ({"mail_relay": None}, "no notice would leave"),
        ({"mail_from": "x@partnership.example"}, "invented address"),
        ({"public_url": "http://differences.council.gov.uk"}, "https address"),
        ({"public_url": "https://localhost"}, "https address"),
        ({"policy_file": None}, "policy in force is the sample"),
    ],
)
def test_each_thing_that_is_missing_keeps_it_a_trial(tmp_path: Path, lacks: dict[str, object], says: str) -> None:
    lacking = settings.Settings.model_validate({**ready(tmp_path), **lacks})
    found = going_live.obstacles(lacking)
    assert [obstacle.what for obstacle in found if says in obstacle.what], found
    assert not going_live.is_live(lacking)


async def test_mail_leaves_only_once_nothing_stands_in_the_way(tmp_path: Path) -> None:
    asked_for = settings.Settings.model_validate({**ready(tmp_path), "policy_file": None})
    async with parts.opened(asked_for) as opened:
        assert isinstance(opened.relay, relay.OutboxRelay)
        assert opened.house.trial


def test_nothing_is_live_by_itself(tmp_path: Path) -> None:
    assert not going_live.is_live(settings.Settings.model_validate({**ready(tmp_path), "live": False}))


@pytest.mark.parametrize(
    ("phone", "invented"),
    [
        ("01632 960 001", True),
        ("020 7946 0321", True),
        ("0113 496 0999", True),
        ("+44 (0)7700 900000", True),
        ("999", False),
        ("01432 260800", False),
        ("", True),
        ("see the intranet", True),
    ],
)
def test_numbers_that_are_kept_for_drama_are_known(phone: str, *, invented: bool) -> None:
    assert going_live.is_invented_phone(phone) is invented


async def test_a_folder_where_nothing_was_started_yet_is_no_fault(chosen: settings.Settings) -> None:
    bare = {"PATH": "", "HOME": str(chosen.folder.parent)}
    findings = {finding.part: finding for finding in await doctor.examine(chosen, environ=bare)}
    assert findings["database"].verdict is doctor.Verdict.NOTE
    assert findings["keys"].verdict is doctor.Verdict.NOTE
    assert findings["temporal"].verdict is doctor.Verdict.NOTE
    assert "no temporal command" in findings["temporal"].found
    assert findings["mail in"].verdict is doctor.Verdict.NOTE
    assert "It was not started" in findings["mail in"].found
    assert not chosen.folder.exists(), "the doctor changed something"


@pytest.mark.parametrize(
    ("folder", "file", "verdict"),
    [(0o755, 0o644, doctor.Verdict.WRONG), (0o700, 0o644, doctor.Verdict.NOTE), (0o755, 0o600, None)],
)
async def test_a_file_that_others_can_read_is_found_with_how_to_mend_it(
    chosen: settings.Settings, folder: int, file: int, verdict: doctor.Verdict | None
) -> None:
    running.prepare_folder(chosen, say=lambda _: None)
    async with parts.opened(chosen, migrate=True):
        pass
    kept = chosen.folder / "escalations.db"
    kept.chmod(file)
    chosen.folder.chmod(folder)
    found = [finding for finding in await doctor.examine(chosen, environ={"PATH": ""}) if finding.part == "files"]
    assert [finding.verdict for finding in found] == ([] if verdict is None else [verdict])
    assert all(f"chmod 600 {kept}" in finding.mend for finding in found)


async def test_after_a_start_each_part_is_well_and_the_sample_directory_is_named(chosen: settings.Settings) -> None:
    running.prepare_folder(chosen, say=quiet)
    async with parts.opened(chosen, migrate=True) as opened:
        await running.load_sample_directory(opened, say=quiet)
        obstacles = await going_live.obstacles_in(
            chosen, policy=opened.in_force.policy, database=opened.database, vault=opened.vault, now=opened.now()
        )
    assert any("sample agencies" in obstacle.what for obstacle in obstacles)
    findings = {finding.part: finding for finding in await doctor.examine(chosen, environ={"PATH": ""})}
    for part in ("keys", "database", "register", "submissions", "folder"):
        assert findings[part].verdict is doctor.Verdict.FINE, findings[part]


async def test_a_key_that_others_can_read_is_wrong_and_the_mend_is_a_command(chosen: settings.Settings) -> None:
    running.prepare_folder(chosen, say=quiet)
    assert chosen.keys_path.stat().st_mode & 0o077 == 0
    chosen.keys_path.chmod(0o644)
    findings = {finding.part: finding for finding in await doctor.examine(chosen, environ={"PATH": ""})}
    assert findings["keys"].verdict is doctor.Verdict.WRONG
    assert findings["keys"].mend == f"chmod 600 {chosen.keys_path}"


async def test_parts_that_are_away_are_each_said_and_none_hides_another(tmp_path: Path) -> None:
    away = settings.Settings.model_validate(
        {
            "folder": tmp_path,
            "keys": KEY,
            "database_url": "postgresql+psycopg://nobody:canary@127.0.0.1:9/none",
            "temporal_address": "127.0.0.1:9",
            "mail_relay": "127.0.0.1",
            "mail_port": 9,
        },
    )
    said: list[str] = []
    assert not await doctor.see(away, environ={"PATH": ""}, say=said.append)
    wrong = {line.split()[1] for line in said if line.startswith("wrong")}
    assert wrong >= {"database", "temporal", "mail"}
    assert "canary" not in "\n".join(said)


async def test_a_second_start_makes_no_second_key(chosen: settings.Settings) -> None:
    said: list[str] = []
    say: binaries.Say = said.append
    running.prepare_folder(chosen, say=say)
    first = chosen.wrapping_keys()
    running.prepare_folder(chosen, say=say)
    assert chosen.wrapping_keys() == first
    assert len(said) == 1


ELSEWHERE = ["smtp.council.gov.uk:25", "10.0.0.5:25", "mailpit:1025", "mailhost:25", "a@b:25", "localhost"]


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_mail_catcher_for_the_trial_is_this_machine_and_no_name_of_a_relay(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match="trial_outbox"):
        settings.Settings.model_validate({"folder": tmp_path, "trial_outbox": host})


@pytest.mark.parametrize("host", ["127.0.0.1:1025", "[::1]:1025", "localhost:25"])
async def test_a_trial_hands_its_mail_to_the_catcher_and_a_live_installation_does_not(
    tmp_path: Path, host: str
) -> None:
    def way_out(*, live: bool) -> str:
        said = ready(tmp_path) | {"trial_outbox": host, "live": live}
        found = parts.relay_of(settings.Settings.model_validate(said), None, parts.wall_clock)  # type: ignore[arg-type]  # no database is asked
        assert isinstance(found, relay.SmtpRelay)
        return found._host

    assert way_out(live=False) == host.rpartition(":")[0].strip("[]")
    assert way_out(live=True) == "relay.council.gov.uk"
