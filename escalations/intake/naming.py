"""Which agency somebody named in a mail: by its exact name, or name and town, and never by best match.

Case, spaces and signs make no difference; words do. A name that is two agencies' is nobody's, and the team is shown
both (the rules of practice: "chosen with town and type, never by best match").
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from escalations.rules import codelists

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


MOST_NEAR: Final = 3
"""How many agencies are shown for a name that was not recognised."""
_NEAR: Final = 0.5
_SAME_WORD: Final = 0.8
_COMPARED_CHARS: Final = 100


def nearest(written: str, agencies: Sequence[Agency]) -> tuple[str, ...]:
    """The agencies whose names are nearest to one that was not recognised, the nearest first.

    They are shown to whoever chooses, and never chosen by themselves. Names are compared as a whole, and word by word:
    what is left out ("CE", "School") or written otherwise counts less than what is there. Initials are names too.
    """
    said = _normal(written)[:_COMPARED_CHARS]
    if not said:
        return ()
    parties = [agency for agency in agencies if agency.agency_type != PARTNERSHIP]
    scored = [
        (max(_alike(said, _normal(name)) for name in (agency.name, f"{agency.name} {agency.town}")), agency.agency_id)
        for agency in parties
    ]
    near = sorted((one for one in scored if one[0] >= _NEAR), key=lambda one: (-one[0], one[1]))
    return tuple(agency_id for _, agency_id in near[:MOST_NEAR])


def _alike(said: str, name: str) -> float:
    """How near two names are, from 0 to 1."""
    of_name = name.split()
    if said.replace(" ", "") == "".join(word[0] for word in of_name):
        return 1.0
    words = said.split()
    found = sum(1 for word in words if difflib.get_close_matches(word, of_name, n=1, cutoff=_SAME_WORD))
    whole = difflib.SequenceMatcher(None, said, name, autojunk=False).ratio()
    return (whole + 2 * found / len(words)) / 3


def _each(written: Iterable[str], known: dict[str, list[str]]) -> Iterable[str]:
    for text in written:
        if _normal(text) in known:
            yield text
        else:
            yield from (part for part in _SEVERAL.split(text) if part.strip())


def _normal(text: str) -> str:
    return codelists.normal(text.replace("&", " and "))
