"""What the receipt says. It stands in a cookie, so that a reload shows it, and says nothing of whom it is about.

Nothing is looked up by it: whoever writes such a cookie reads what they wrote.
"""

from __future__ import annotations

import base64
import binascii
from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from escalations.policy import Track
from escalations.store import references


class Held(StrEnum):
    """Why the team looks before an agency is told."""

    NO_AGENCY = "no_agency"
    ADDRESS = "address"
    """The address is not one of the agency's own."""
    THEME = "theme"
    """The policy is not for a theme; the team says where it goes."""
    ENTERED = "entered"
    """The team entered it, and presses "tell them" itself."""


class Receipt(BaseModel):
    """What somebody is told when it was stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str
    received_at: AwareDatetime
    repeated: bool = False
    held: Held | None = None
    track: Track = Track.STANDARD
    priority: str | None = None
    stage: int = 1
    """At which it starts."""
    agencies: tuple[str, ...] = ()
    """The responding agencies."""
    began_on: date | None = None
    tried: tuple[str, ...] = ()
    """The stages that were tried before it reached us."""

    def dumps(self) -> str:
        """As a cookie holds it."""
        return base64.urlsafe_b64encode(self.model_dump_json(exclude_defaults=True).encode()).decode().rstrip("=")


def loads(text: str) -> Receipt | None:
    """The receipt in a cookie, or none."""
    try:
        found = Receipt.model_validate_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValidationError, ValueError, binascii.Error):
        return None
    return None if isinstance(references.parse(found.reference), references.Problem) else found
