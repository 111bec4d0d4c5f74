"""What a phone number may look like: one that anybody can dial from outside, with an extension or not."""

from __future__ import annotations

import re
from typing import Final

_EXTENSION: Final = re.compile(
    r"[,;]?\s*\(?(?:\bext(?:ension|n)?|x|\bopt(?:ion)?)[.:]?\s*\d{1,6}\)?\s*$", re.IGNORECASE
)
_SHORT: Final = re.compile(r"10[15]|111|119|116\d{3}")
"""Short codes that anybody can dial, and on which a service is reached: the police's 101, the NHS's 111."""
_EMERGENCY: Final = frozenset({"999", "112", "18000"})
_OURS: Final = re.compile(r"0[1-9]\d{8,9}|08\d{6,7}")
"""Most numbers have eleven figures, some ten; 0800 1111 has eight."""
_MOST_FIGURES: Final = 11
_ABROAD: Final = range(8, 18)


def problem(text: str) -> str | None:
    """What is wrong with a number as it was written, in a sentence; none where nothing is."""
    number, extensions = _EXTENSION.subn("", text.strip())
    figures = re.sub(r"\D", "", number)
    if figures in _EMERGENCY:
        return "Write the number on which this person or team is reached: 999 is for emergencies alone"
    if not figures:
        return (
            "Write a whole number before the extension, like 01632 960 001 ext 12"
            if extensions
            else "Write one phone number, like 01632 960 001"
        )
    if _SHORT.fullmatch(figures):
        return None
    if number.startswith("+") or figures.startswith(("00", "44")):
        return None if len(figures) in _ABROAD else "Write one phone number, like +44 1632 960 001"
    if _OURS.fullmatch(figures):
        return None
    if len(figures) > _MOST_FIGURES:
        return "Write one phone number, like 01632 960 001"
    return (
        "Write the whole number as it is dialled from outside, with its area code, like 01632 960 001. An extension "
        "comes after it: 01632 960 001 ext 12"
    )
