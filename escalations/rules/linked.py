"""Two escalations that belong together: by which reason, and since when. Neither reads of the other by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LinkReason(StrEnum):
    """Why two escalations are linked; what exactly was said is sealed."""

    SAME_PEOPLE = "same_people"
    """The same child, adult or family."""
    SAME_THEME = "same_theme"
    """The same theme between the same agencies."""
    EACH_SIDE_RAISED_ONE = "each_side_raised_one"
    """Each side raised one about the same difference."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class LinkedWith:
    """Another escalation with which one is linked."""

    other: str
    """Its reference."""
    because: LinkReason
    at: datetime


def of(links: Iterable[LinkedWith], other: str) -> LinkedWith | None:
    """The link with that escalation."""
    return next((one for one in links if one.other == other), None)
