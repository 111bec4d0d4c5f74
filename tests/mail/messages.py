"""Messages as they really come, from invented people: the files in ``messages/``."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "messages"


def raw(name: str) -> bytes:
    """Give the bytes of one."""
    return (FOLDER / f"{name}.eml").read_bytes()


def names() -> list[str]:
    """Give the names of all."""
    return sorted(path.stem for path in FOLDER.glob("*.eml"))
