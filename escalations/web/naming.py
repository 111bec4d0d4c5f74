"""What the parts of ``telling`` need of its names: ``telling`` calls them, so they cannot call it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from escalations.policy import Policy
from escalations.rules.actors import Actor
from escalations.rules.case import Outcome


class Naming(Protocol):
    """How agencies, and those who act for them, are called (``telling.Names``)."""

    @property
    def policy(self) -> Policy | None:
        """Of the case that is told of."""
        ...

    def agency(self, agency_id: str | None) -> str:
        """An agency's name."""
        ...

    def each(self, agencies: Iterable[str]) -> str:
        """Several agencies, one after another."""
        ...

    def actor(self, by: Actor) -> str:
        """Who did something: a position of an agency."""
        ...

    def outcome(self, code: Outcome) -> str:
        """How it ended, within a sentence."""
        ...
