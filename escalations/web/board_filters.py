"""What of the board is to be seen: filters that stand in its address, in codes and with nothing personal.

Whatever else an address holds is left out and never shown again: somebody may have typed a name into it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import urlencode

from escalations.policy import SLUG_FORM, Side, Track
from escalations.web.forms import number_of

NAMES: Final = ("agency", "stage", "track", "waiting", "section", "page")
"""The fields of an address, in the order in which they stand in it."""

_SLUG: Final = re.compile(SLUG_FORM)
_MOST_STAGES: Final = 9


class Section(StrEnum):
    """A part of the board; what is for the team to do comes first."""

    HELD = "held"
    OURS = "ours"
    UNDELIVERED = "undelivered"
    PASSED = "passed"
    TODAY = "today"
    WEEK = "week"
    LATER = "later"


class WaitedFor(StrEnum):
    """Whom a case waits for."""

    RAISING = "raising"
    RESPONDING = "responding"
    TEAM = "team"
    FINAL_BODY = "final-body"

    @property
    def side(self) -> Side:
        """The side of the rules."""
        return Side(self.value.replace("-", "_"))


Code = TypeVar("Code", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Filters:
    """What is chosen. Each narrows what the others leave."""

    agency: str | None = None
    """An agency that raised it, alone or with others, or that it was raised with."""
    stage: int | None = None
    """0 before the first."""
    track: Track | None = None
    waiting: WaitedFor | None = None
    """Whom it waits for; of the chosen agency, where one is chosen."""
    section: Section | None = None
    """This part alone, page by page; none for all of them, each with its first lines."""
    page: int = 1
    left_out: bool = False
    """Whether the address held something that is none of these."""

    @property
    def any(self) -> bool:
        """Whether anything is chosen but a part of the board."""
        return (self.agency, self.stage, self.track, self.waiting) != (None, None, None, None)

    @property
    def query(self) -> str:
        """The filters as they stand in an address: "?agency=police&stage=2", or nothing."""
        values = {
            "agency": self.agency,
            "stage": self.stage,
            "track": self.track and self.track.value,
            "waiting": self.waiting and self.waiting.value,
            "section": self.section and self.section.value,
            "page": self.page if self.page > 1 else None,
        }
        written = urlencode({name: value for name, value in values.items() if value is not None})
        return f"?{written}" if written else ""

    def on(self, section: Section | None, page: int = 1) -> Filters:
        """The same, for one part of the board."""
        return replace(self, section=section, page=page)


def read(query: Mapping[str, str]) -> Filters:
    """The filters of an address. A code that is none is left out, as if it had not been there."""
    agency, stage, page = query.get("agency", ""), query.get("stage", ""), query.get("page", "")
    number = number_of(stage)
    found = Filters(
        agency=agency if _SLUG.fullmatch(agency) else None,
        stage=number if number is not None and number <= _MOST_STAGES else None,
        track=_code(Track, query.get("track", "")),
        waiting=_code(WaitedFor, query.get("waiting", "")),
        section=_code(Section, query.get("section", "")),
        page=max(number_of(page) or 1, 1),
    )
    known = {"agency": found.agency, "stage": found.stage, "track": found.track, "waiting": found.waiting}
    left_out = any(query.get(name) and value is None for name, value in known.items())
    return replace(found, left_out=left_out or any(name not in NAMES for name in query))


def tidy(query: Collection[tuple[str, str]]) -> bool:
    """Whether an address has nothing empty in it, as a form that was sent with nothing chosen has."""
    return all(value for _, value in query)


def _code(vocabulary: type[Code], value: str) -> Code | None:
    try:
        return vocabulary(value)
    except ValueError:
        return None
