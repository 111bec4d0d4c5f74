"""Who was told in the place of whoever a notice was meant for, and why: no name and no address.

Source: the rules of practice. A closure moves no deadline, it goes to the deputy and then to the stand-in; where one
person holds adjacent rungs the case passes to the next different person. Both are said.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from operator import not_
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from escalations.policy import Position, Slug


class Because(StrEnum):
    """Why somebody else was told."""

    CLOSED = "closed"
    """The agency is closed: school holidays, say."""
    ONE_PERSON = "one_person"
    """One person holds the position and the one on the rung below."""


class By(StrEnum):
    """Who was told."""

    DEPUTY = "deputy"
    STAND_IN = "stand_in"
    """The lead of the agency's parent: a trust's, or the council's education safeguarding lead."""
    NEXT_PERSON = "next_person"
    """The next rung whose holder is another person."""
    SAME_PERSON = "same_person"
    """The same person, who answers again: no rung above is held by another, or the policy says so."""
    NOBODY = "nobody"
    """Nobody stands in; the team was told."""


class ToldInstead(BaseModel):
    """Who was told instead, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    because: Because
    by: By
    position: Annotated[Position | None, Field(exclude_if=not_)] = None
    """The position of the next person."""
    agency_id: Annotated[Slug | None, Field(exclude_if=not_)] = None
    """The agency that stands in."""
    opens_on: Annotated[date | None, Field(exclude_if=not_)] = None
    """The first day on which the agency is open again."""
