"""What both sides said to the team: who agreed, or confirms it, on each side, and how the team knows.

Asked wherever the team records something that rests on both: a pause that both agreed to, more time that had been
agreed before, and what was done in time and recorded later. The names are sealed with the act; how it is known stands
in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from escalations.rules.case import KnownBy
from escalations.web.forms import Raw, Reading, first

KNOWN: Final = (KnownBy.PHONE, KnownBy.IN_WRITING, KnownBy.MEETING)
"""How the team can know of what both sides said."""
FIELDS: Final = ("said-raising", "said-responding", "known-by")
"""The fields of a form that ask it."""


def read(reading: Reading, sealed: dict[str, object], *, what: str, of_both: bool = True) -> KnownBy | None:
    """Read who said so on each side, and how it is known.

    Args:
        reading: what was typed.
        sealed: takes the names.
        what: what they did, in the sentences of what is missing: "agreed".
        of_both: whether both sides are needed, or one of them is enough.
    """
    for side, name in (("raising", "the raising side"), ("responding", "the other side")):
        other = first(reading.raw, f"said-{'responding' if side == 'raising' else 'raising'}").strip()
        missing = f"Enter who {what} for {name}: name, role and agency" if of_both or not other else None
        sealed[f"said_{side}"] = reading.text(f"said-{side}", "The name", missing=missing)
    known = reading.choice("known-by", KnownBy, missing="Say how you know it")
    if known is not None and known not in KNOWN:
        reading.problem("known-by", "Say how you know it")
        return None
    return known


def keep(reading: Reading, sealed: dict[str, object]) -> None:
    """Keep what was typed where it is not asked for, so that nothing of it is lost."""
    for name in FIELDS[:2]:
        if written := first(reading.raw, name).strip():
            sealed[name.replace("-", "_")] = written


def typed(sealed: Mapping[str, Any], known_by: KnownBy | None) -> Raw:
    """The fields as they were typed."""
    found = {name: [str(sealed.get(name.replace("-", "_")) or "")] for name in FIELDS[:2]}
    return {**found, "known-by": [known_by.value if known_by else ""]}
