"""The list of what was erased, in a file apart from the database: a restored backup has those words and keys again.

One line for each time that a case was erased: when, which case, which of the reasons, and the ids of the data keys. No
name, no word and no key. A line is written before the database has it for good, and taken back where it never gets it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from escalations import errors
from escalations.rules.case import EraseReason


class NoList(errors.FinalOurs):
    """The file cannot be read or written. Its message is a sentence that says which."""

    code = "no_list_of_erasures"


@dataclass(frozen=True, slots=True)
class Entry:
    """One time that a case was erased."""

    act_id: str
    """The act by which it was, in the register."""
    at: datetime
    reference: str
    because: EraseReason
    keys: tuple[str, ...]
    """The ids of the data keys that were destroyed."""


def add(file: Path, entry: Entry) -> None:
    """Write an entry, so that it is on the disk when this returns.

    Raises:
        NoList: it cannot be written.
    """
    said: dict[str, object] = {
        "act": entry.act_id,
        "at": entry.at.isoformat(),
        "reference": entry.reference,
        "because": entry.because.value,
        "keys": list(entry.keys),
    }
    _write(file, said)


def take_back(file: Path, act_id: str) -> None:
    """Say that what an entry tells of did not come about.

    Raises:
        NoList: it cannot be written.
    """
    _write(file, {"not": act_id})


def _write(file: Path, said: dict[str, object]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as out:
            out.write(json.dumps(said, sort_keys=True) + "\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError:
        raise NoList(f"The list of what was erased, {file}, cannot be written, so nothing was erased.") from None


def read(file: Path) -> tuple[Entry, ...]:
    """Every entry that stands, oldest first; none where there is no such file.

    Raises:
        NoList: a line of it cannot be read. Nobody can say then what has to be erased again.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError):
        raise NoList(f"The list of what was erased, {file}, cannot be read.") from None
    found: dict[str, Entry] = {}
    for number, line in enumerate(lines, 1):
        try:
            said = json.loads(line)
            if "not" in said:
                found.pop(said["not"], None)
                continue
            at, because = datetime.fromisoformat(said["at"]), EraseReason(said["because"])
            found[said["act"]] = Entry(said["act"], at, said["reference"], because, tuple(said["keys"]))
        except (ValueError, KeyError, TypeError):
            raise NoList(f"Line {number} of the list of what was erased, {file}, cannot be read.") from None
    return tuple(found.values())
