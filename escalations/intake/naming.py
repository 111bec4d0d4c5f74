"""Which agency somebody named in a mail: by its exact name, or name and town, and never by best match.

Case, spaces and signs make no difference; words do. A name that is two agencies' is nobody's, and the team is shown
both (the rules of practice: "chosen with town and type, never by best match").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from escalations.mail import labels
from escalations.store.directory import Agency

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
    unknown = False
    for name in _each(written, known):
        of_name = known.get(_normal(name), [])
        if len(of_name) == 1:
            found += of_name
        else:
            unknown = True
            candidates += of_name
    return Named(() if unknown else tuple(dict.fromkeys(found)), tuple(dict.fromkeys(candidates)))


def _each(written: Iterable[str], known: dict[str, list[str]]) -> Iterable[str]:
    for text in written:
        if _normal(text) in known:
            yield text
        else:
            yield from (part for part in _SEVERAL.split(text) if part.strip())


def _normal(text: str) -> str:
    return labels.normal(text.replace("&", " and "))
