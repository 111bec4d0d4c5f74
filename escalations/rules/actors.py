"""Who does something to a case, and by which way it reached us."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from escalations.policy import Position, Side, Slug


class Channel(StrEnum):
    """How an act reached us."""

    FORM = "form"
    LINK = "link"
    TEAM = "team"
    """Entered by the partnership team, for somebody or for itself."""
    MAIL = "mail"
    SYSTEM = "system"


class Actor(BaseModel):
    """Who did it: a side, an agency and a position; never a name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    side: Side
    agency_id: Slug | None = None
    position: Position | None = None


SYSTEM = Actor(side=Side.TEAM, position="system")
"""The system itself, which only ever reports what became of a notice or of a message."""
