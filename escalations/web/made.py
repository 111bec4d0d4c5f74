"""What a posted form comes to: an act, and the words that are sealed with it. The same for links and for the team."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Act


@dataclass(frozen=True, slots=True)
class Made:
    """An act, and what is sealed with it."""

    act: Act
    sealed: dict[str, object]


def origin(by: Actor, channel: Channel, *, submission_id: str, now: datetime) -> dict[str, Any]:
    """What every act says of where it comes from."""
    return {"submission_id": submission_id, "by": by, "channel": channel, "received_at": now}
