"""Which agencies were named in what was raised and is held: shown to somebody of the team, who passes it on.

Nothing is chosen here. An agency is named by what was picked on the form or, in a mail, by a name that is its alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from escalations.intake import naming
from escalations.web.answers import Agency


@dataclass(frozen=True, slots=True)
class Said:
    """What was said, and nobody has confirmed."""

    raising: str = ""
    """The agency that whoever raised it said to be theirs; empty where no one agency of the directory fits."""
    written: str = ""
    """As it was chosen or written; empty where nothing was."""
    responding: tuple[str, ...] = ()
    """Those of the agencies named to be told that are known."""


@dataclass(frozen=True, slots=True)
class Written:
    """An agency's name as somebody wrote it."""

    written: str
    near: tuple[str, ...]
    """The agency that it is or, where it was not recognised, those that it could be: each with town and type."""
    recognised: bool


def each(written: Iterable[str], agencies: Mapping[str, Agency]) -> tuple[Written, ...]:
    """Each name that was written, with the agency that it is, or those whose names are nearest to it."""
    known = list(agencies.values())
    found = naming.find(written, known)
    return (
        *(Written(agencies[one].name, (agencies[one].label,), recognised=True) for one in found.recognised),
        *(_unknown(name, agencies) for name in found.unknown),
    )


def _unknown(name: str, agencies: Mapping[str, Agency]) -> Written:
    """One that is several agencies' is shown with those; otherwise with what is nearest."""
    known = list(agencies.values())
    could_be = naming.find([name], known).candidates or naming.nearest(name, known)
    return Written(name, tuple(agencies[one].label for one in could_be), recognised=False)


def said_of(sealed: Mapping[str, Any] | None, agencies: Mapping[str, Agency]) -> Said:
    """Read it from what was sealed with the case."""
    if not sealed:
        return Said()
    mail = sealed.get("mail") or {}
    known = list(agencies.values())
    chosen = agencies.get(str((sealed.get("raiser") or {}).get("agency") or ""))
    written = chosen.label if chosen else str(mail.get("from_agency") or "")
    found = (chosen.agency_id,) if chosen else naming.find([written] if written else [], known).agencies
    raising = found[0] if len(found) == 1 else ""
    to = naming.find(map(str, mail.get("to_agency") or ()), known).recognised
    return Said(raising, written, tuple(one for one in to if one != raising))


def not_recognised(sealed: Mapping[str, Any] | None, agencies: Mapping[str, Agency]) -> tuple[Written, ...]:
    """Each agency that a mail named by no name of its own: that it writes from first, then those to be told."""
    mail = (sealed or {}).get("mail") or {}
    names = (str(mail.get("from_agency") or ""), *map(str, mail.get("to_agency") or ()))
    return tuple(name for name in each(filter(None, names), agencies) if not name.recognised)
