"""What an installation is made with: the lock files, the compose file, the image."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from escalations import settings
from escalations.temporal import binaries, serverconfig
from tests.composing import ROOT, NotSetError, compose, environment, example

OURS = {"migrate", "web", "worker", "dispatcher", "mail"}
ONCE = {"temporal-schema", "migrate"}
"""These end, and others wait for that."""


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def test_the_compose_file_has_each_part_of_its_own() -> None:
    assert set(services()) == OURS | {"postgresql", "temporal-schema", "temporal"}


def test_the_compose_file_sets_only_what_is_a_setting() -> None:
    known = {settings.PREFIX + name.upper() for name in settings.Settings.model_fields}
    for name, service in services().items():
        assert {key for key in service["environment"] if key.startswith(settings.PREFIX)} <= known, name
    assert set(example("deploy/partnership/example-settings.env")) <= known
    taken = {key for name in OURS for key in services()[name]["environment"]}
    assert set(example("deploy/partnership/example-settings.env")) & taken == set(), "the compose file would win"


def test_only_the_migration_knows_the_owner_of_the_tables() -> None:
    knowing = [name for name, service in services().items() if "DATABASE_OWNER_URL" in str(service)]
    assert knowing == ["migrate"]


def test_each_service_is_given_the_secrets_that_it_needs_and_no_other() -> None:
    secret = ("POSTGRES_PASSWORD", "OWNER_PASSWORD", "APP_PASSWORD", "TEMPORAL_PASSWORD", "ESCALATIONS_KEYS")
    given = {
        name: {word for word in secret if f"${{{word}:" in str(service["environment"])}
        for name, service in services().items()
    }
    application = {"APP_PASSWORD", "ESCALATIONS_KEYS"}
    assert given == {
        "postgresql": {"POSTGRES_PASSWORD", "OWNER_PASSWORD", "APP_PASSWORD", "TEMPORAL_PASSWORD"},
        "temporal-schema": {"TEMPORAL_PASSWORD"},
        "temporal": {"TEMPORAL_PASSWORD"},
        "migrate": application | {"OWNER_PASSWORD"},
        **dict.fromkeys(OURS - {"migrate"}, application),
    }


@pytest.mark.parametrize("name", sorted(services()))
def test_no_service_can_write_where_it_need_not_or_gain_rights_or_take_the_machine(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cap_drop"] == ["ALL"]
    assert "privileged" not in service
    assert service["mem_limit"]
    assert service["cpus"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]
    assert service["restart"] == ("on-failure:5" if name in ONCE else "unless-stopped")
    assert "healthcheck" in service or name in ONCE
    # What faces others is a proxy; what is mounted from here is not written to.
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert all(mount.startswith("database:") or mount.endswith(":ro") for mount in service.get("volumes", []))


def test_what_one_service_waits_for_is_there() -> None:
    for name, service in services().items():
        for other, waits in service.get("depends_on", {}).items():
            ends = waits["condition"] == "service_completed_successfully"
            assert ends == (other in ONCE), (name, other)


def test_the_image_runs_as_somebody_who_owns_nothing() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.*)$", text, flags=re.MULTILINE) == ["app"]
    assert "chown" not in text


def test_until_it_is_live_nothing_of_it_hands_mail_to_anybody() -> None:
    """Practice, "Starting quietly, and going live": mail goes to the local outbox alone."""
    for name in OURS:
        told = services()[name]["environment"]
        assert not [key for key in told if key in {"ESCALATIONS_TRIAL_OUTBOX", "ESCALATIONS_MAIL_RELAY"}]


def test_the_servers_of_both_ways_to_run_are_the_same_version_and_tuned_alike() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"temporalio/[a-z-]+:(\S+)", text)) == {binaries.SERVER_VERSION}
    tuned = YAML(typ="safe", pure=True).load((ROOT / "deploy" / "temporal-dynamic.yaml").read_text(encoding="utf-8"))
    assert {key: values[0]["value"] for key, values in tuned.items()} == serverconfig.DYNAMIC_CONFIG


def test_every_image_names_its_version() -> None:
    assert [name for name, service in services().items() if not re.search(r":v?\d", service["image"])] == []


def test_no_password_or_key_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = example("deploy/example.env")
    for name in ("POSTGRES_PASSWORD", "OWNER_PASSWORD", "APP_PASSWORD", "TEMPORAL_PASSWORD", "ESCALATIONS_KEYS"):
        assert f"{name}:?" in text
        assert f"{name}:-" not in text
        assert name in asked
    filled_in = re.findall(r"^(\w+)=(\S+)", (ROOT / "deploy" / "example.env").read_text("utf-8"), flags=re.MULTILINE)
    assert filled_in == []
    with pytest.raises(NotSetError, match="APP_PASSWORD: set it"):
        environment(services()["web"], {})


@pytest.mark.parametrize("script", sorted(file.name for file in (ROOT / "deploy").glob("*.sh")))
def test_every_script_can_be_read_by_a_plain_shell(script: str) -> None:
    subprocess.run(["sh", "-n", ROOT / "deploy" / script], check=True)


@pytest.mark.parametrize("unit", sorted(file.name for file in (ROOT / "deploy" / "systemd").iterdir()))
def test_every_unit_can_be_read_by_systemd(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze on this machine")
    text = (ROOT / "deploy" / "systemd" / unit).read_text(encoding="utf-8")
    # The program of an installation is not on this machine; that it is missing is not what is asked.
    here = tmp_path / unit.replace("@", "@web")
    here.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE), encoding="utf-8")
    if unit.endswith(".timer"):
        (tmp_path / unit.replace(".timer", ".service")).write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    said = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True, check=False)
    assert [line for line in said.stderr.splitlines() if unit.split(".", maxsplit=1)[0].rstrip("@") in line] == []
    named = re.findall(r"^ExecStart=/opt/escalations/\.venv/bin/escalations (\S+)$", text, flags=re.MULTILINE)
    assert set(named) <= {"run", "%i"}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-run.lock", "escalations/temporal/go.lock"])
def test_every_locked_package_has_its_hash_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    packages = re.split(r"\n(?=[a-z])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    assert all("--hash=sha256:" in package for package in packages)


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_what_is_locked_is_installed_as_locked_whatever_was_released_since(name: str) -> None:
    # Met: pip looks for "coverage[toml]" beside the locked "coverage", finds a newer one, and refuses it for its hash.
    locked = [
        line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if "--requirement requirements" in line
    ]
    assert locked
    assert all("--no-deps" in line and "--require-hashes" in line for line in locked)


def test_the_two_locks_agree() -> None:
    def versions(name: str) -> set[str]:
        return set(
            re.findall(r"^[a-z0-9.-]+(?:\[[a-z]+\])?==\S+", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE)
        )

    assert versions("requirements-run.lock") <= versions("requirements.lock")


def test_the_web_packages_are_locked_without_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"]["node_modules/govuk-frontend"]["version"] == "6.3.0"
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_the_built_pages_carry_neither_the_crown_nor_its_typeface() -> None:
    css = (ROOT / "escalations" / "web" / "static" / "govuk.css").read_text(encoding="utf-8")
    assert "GDS Transport" not in css
    assert "@font-face" not in css
    assert "/assets/" not in css
    assert "system-ui" in css


def test_make_help_lists_what_there_is() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("run", "test", "check", "bench", "demo", "soak", "clean", "build-temporal", "lock"):
        assert re.search(rf"^{target} +\S", said, flags=re.MULTILINE), target
