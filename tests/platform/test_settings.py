"""Settings: read once, each documented, and wrong ones are said without being repeated."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from escalations import settings

KEY = base64.b64encode(b"k" * 32).decode()
OLDER = base64.b64encode(b"o" * 32).decode()


def test_the_embedded_default_needs_no_setting() -> None:
    chosen = settings.read()
    assert chosen.embedded_database
    assert chosen.database.startswith("sqlite+aiosqlite:////")
    assert chosen.web_address == "http://127.0.0.1:8000"
    assert not chosen.live


def test_the_table_in_the_docs_is_true() -> None:
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    assert settings.table() in page, "docs/settings.md: put in what `python -m escalations.settings` prints"


def test_each_setting_says_what_it_is_for() -> None:
    assert not [name for name, field in settings.Settings.model_fields.items() if not field.description]


def test_a_misspelt_setting_is_named_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALATIONS_WEB_PROT", "8080")
    with pytest.raises(settings.WrongSettings, match="WEB_PROT is not a setting; did you mean ESCALATIONS_WEB_PORT"):
        settings.read()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ESCALATIONS_KEYS", "canary-not-a-key"),
        ("ESCALATIONS_WEB_PORT", "canary"),
        ("ESCALATIONS_DATABASE_OWNER_URL", ""),
        ("ESCALATIONS_LOG_LEVEL", "canary"),
    ],
)
def test_what_cannot_be_used_is_named_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
) -> None:
    monkeypatch.setenv(name, value)
    if value:
        with pytest.raises(settings.WrongSettings) as problem:
            settings.read()
        assert name in str(problem.value)
        assert "canary" not in str(problem.value)
    else:
        assert settings.read().database_owner_url is None


def test_keys_come_newest_first_from_the_setting_or_else_from_the_file(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "keys.txt").write_text(f"{OLDER}\n", encoding="ascii")
    monkeypatch.setenv("ESCALATIONS_FOLDER", str(tmp_path))
    assert settings.read().wrapping_keys() == (b"o" * 32,)
    monkeypatch.setenv("ESCALATIONS_KEYS", f"{KEY},{OLDER}")
    chosen = settings.read()
    assert chosen.wrapping_keys() == (b"k" * 32, b"o" * 32)
    assert KEY not in repr(chosen)


def test_without_any_key_the_sentence_says_where_one_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(settings.WrongSettings, match=r"keys\.txt cannot be read"):
        settings.Settings(folder=tmp_path).wrapping_keys()


def test_the_name_that_temporal_uses_counts_after_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "theirs:7233")
    assert settings.read().temporal_address == "theirs:7233"
    monkeypatch.setenv("ESCALATIONS_TEMPORAL_ADDRESS", "ours:7233")
    assert settings.read().temporal_address == "ours:7233"


def test_nothing_is_read_when_the_package_is_imported() -> None:
    """A wrong setting breaks no import: nothing looks before an entry point asks."""
    modules = "escalations.settings, escalations.telemetry, escalations.temporal.keeping, escalations.store.engine"
    done = subprocess.run(
        [sys.executable, "-c", f"import {modules}"],
        env={"ESCALATIONS_WEB_PORT": "canary", "PATH": ""},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
