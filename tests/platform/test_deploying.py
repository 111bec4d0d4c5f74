"""What an installation is made with: the lock files, the compose file, the image."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from escalations import settings
from escalations.temporal import binaries, serverconfig

ROOT = Path(__file__).parents[2]


def compose() -> dict[str, dict[str, dict[str, object]]]:
    return YAML(typ="safe", pure=True).load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_the_compose_file_has_each_part_of_its_own() -> None:
    assert set(compose()["services"]) == {
        "postgresql", "temporal-schema", "temporal", "migrate", "web", "worker", "dispatcher",
    }  # fmt: skip


def test_the_compose_file_sets_only_what_is_a_setting() -> None:
    known = {settings.PREFIX + name.upper() for name in settings.Settings.model_fields}
    for name, service in compose()["services"].items():
        environment = service["environment"]
        assert isinstance(environment, dict)
        assert {key for key in environment if key.startswith(settings.PREFIX)} <= known, name


def test_only_the_migration_knows_the_owner_of_the_tables() -> None:
    knowing = [name for name, service in compose()["services"].items() if "DATABASE_OWNER_URL" in str(service)]
    assert knowing == ["migrate"]


def test_the_servers_of_both_ways_to_run_are_the_same_version_and_tuned_alike() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"temporalio/[a-z-]+:(\S+)", text)) == {binaries.SERVER_VERSION}
    tuned = YAML(typ="safe", pure=True).load((ROOT / "deploy" / "temporal-dynamic.yaml").read_text(encoding="utf-8"))
    assert {key: values[0]["value"] for key, values in tuned.items()} == serverconfig.DYNAMIC_CONFIG


def test_no_password_or_key_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for name in ("POSTGRES_PASSWORD", "OWNER_PASSWORD", "APP_PASSWORD", "TEMPORAL_PASSWORD", "ESCALATIONS_KEYS"):
        assert f"{name}:?" in text
        assert f"{name}:-" not in text


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
