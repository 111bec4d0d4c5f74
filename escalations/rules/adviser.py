"""Somebody outside an escalation who was asked for advice, as its case keeps it. ``advising`` has the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from escalations.policy import Side

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Adviser:
    """One invitation. Who it is, by name and address, is sealed with the act that asked them."""

    adviser_id: str
    role: str
    stage: int
    invited_at: datetime
    until: datetime
    """When their link ends, if the escalation does not end before."""
    on_word_of: Side
    reads_of: tuple[str, ...] = ()
    """The agencies whose words they read; none, where they read the question alone."""
    advised_at: datetime | None = None
    """When they answered, last."""
    declined: bool = False
    """Whether they said that they cannot advise on this."""
    ended_at: datetime | None = None
    """Since when nothing is asked of them any more."""
    unreached: bool = False
    """Whether our message did not reach them."""

    def serves(self, now: datetime) -> bool:
        """Whether their link is good for anything."""
        return self.ended_at is None and now <= self.until


def numbered(count: int) -> str:
    """The name of the next adviser of a case that has had so many: ``adviser_a``. It reveals nothing."""
    letters = ""
    while True:
        count, place = divmod(count, len(_LETTERS))
        letters = _LETTERS[place] + letters
        if not count:
            return f"adviser_{letters}"
        count -= 1


def of(advisers: tuple[Adviser, ...], adviser_id: str | None) -> Adviser | None:
    """The adviser of that name."""
    return next((one for one in advisers if one.adviser_id == adviser_id), None)
