"""Which agency somebody named in a mail: by its exact name, or name and town, and never by best match.

Case, spaces and signs make no difference; words do. A name that is two agencies' is nobody's, and the team is shown
both (the rules of practice: "chosen with town and type, never by best match").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from escalations.mail import labels

_SEVERAL = re.compile(r"[;\n]")
PARTNERSHIP = "partnership"
"""The type of what is no party to a difference: the team itself, and the final body."""


@dataclass(frozen=True, slots=True)
class Named:
    """What came of the agencies that somebody named."""

    agencies: tuple[str, ...] = ()
    """All that were named, where each of them is exactly one; otherwise none."""
    candidates: tuple[str, ...] = ()
    """Where a name is more than one agency's: those."""
    recognised: tuple[str, ...] = ()
    """Those that were named by a name of theirs alone, also where another name was nobody's."""
    unknown: tuple[str, ...] = ()
    """Each name that was not exactly one agency's, as it was written."""


class Agency(Protocol):
    """What has to be known of an agency, as the directory and as the pages know it."""

    @property
    def agency_id(self) -> str:
        """Its id."""
        ...

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def town(self) -> str:
        """Where it is."""
        ...

    @property
    def agency_type(self) -> str:
        """What kind of agency it is."""
        ...


def find(written: Iterable[str], agencies: Sequence[Agency]) -> Named:
    """The agencies of these names.

    Args:
        written: each as it was written; several may stand in one, with semicolons or on lines of their own.
        agencies: those that exist.
    """
    known: dict[str, list[str]] = {}
    for agency in agencies:
        if agency.agency_type == PARTNERSHIP:
            continue
        for words in {_normal(agency.name), _normal(f"{agency.name} {agency.town}")}:
            known.setdefault(words, []).append(agency.agency_id)
    found: list[str] = []
    candidates: list[str] = []
    unknown: list[str] = []
    for name in _each(written, known):
        of_name = known.get(_normal(name), [])
        if len(of_name) == 1:
            found += of_name
        else:
            unknown.append(name.strip())
            candidates += of_name
    recognised = tuple(dict.fromkeys(found))
    return Named(() if unknown else recognised, tuple(dict.fromkeys(candidates)), recognised, tuple(unknown))


def _each(written: Iterable[str], known: dict[str, list[str]]) -> Iterable[str]:
    for text in written:
        if _normal(text) in known:
            yield text
        else:
            yield from (part for part in _SEVERAL.split(text) if part.strip())


def _normal(text: str) -> str:
    return labels.normal(text.replace("&", " and "))
