"""Types of agencies: which are known, and what is said of one that is not.

The year's figures go by type, so a typing error must not make one. A new type is made by saying that it is new.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Final

COMMON: Final = frozenset(
    {
        "academy-trust",
        "adult-services",
        "ambulance",
        "childrens-services",
        "college",
        "council",
        "early-years",
        "education",
        "fire-and-rescue",
        "gp-practice",
        "health",
        "hospital-trust",
        "housing",
        "partnership",
        "police",
        "prison",
        "probation",
        "school",
        "voluntary",
        "youth-justice",
    }
)
"""Those that partnerships have, whatever the directory holds so far."""


def is_known(code: str, in_use: Collection[str]) -> bool:
    """Whether a type is one that partnerships have, or one that the directory uses."""
    return code in COMMON or code in in_use


def said(code: str) -> str:
    """A type in words: "Academy trust"."""
    return code.replace("-", " ").capitalize()


def nearest(code: str, in_use: Collection[str]) -> str | None:
    """The known type that is written most like this one; none where nothing is."""
    found = difflib.get_close_matches(code, sorted(COMMON | set(in_use)), n=1, cutoff=0.6)
    return found[0] if found else None


def not_known(code: str, in_use: Collection[str], *, how: str) -> str:
    """What to do about a type that is not known; ``how`` says how a new one is made."""
    like = nearest(code, in_use)
    meant = f" Did you mean {said(like)}?" if like else ""
    return f"{said(code)} is not a type that is known here.{meant} {how}"
