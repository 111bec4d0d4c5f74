"""The compose file without a container engine: what each service is told, and how to run its command beside us."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class NotSetError(Exception):
    """A variable has no value and no default, and the compose file says what it is."""


def compose() -> dict[str, dict[str, Any]]:
    """Give the compose file, with its anchors followed."""
    return YAML(typ="safe", pure=True).load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def filled(text: str, given: dict[str, str]) -> str:
    """Put variables into a value, as compose does: with a default, or with a word on why there is none."""

    def value(found: re.Match[str]) -> str:
        name, kind, word = found.groups()
        if given.get(name):
            return given[name]
        if kind == "?":
            raise NotSetError(f"{name}: {word}")
        return word or ""

    return _VARIABLE.sub(value, text)


def example(file: str) -> list[str]:
    """Give the names that an example of an environment file asks for."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return re.findall(r"^#?([A-Z][A-Z_]+)=", text, flags=re.MULTILINE)


def environment(service: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """Give what a service is told."""
    return {name: filled(str(value), given) for name, value in service.get("environment", {}).items()}


def entrypoint() -> list[str]:
    """Give what the image runs its command with."""
    found = re.search(r"^ENTRYPOINT (\[.*\])$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return [str(part) for part in json.loads(found[1])]
