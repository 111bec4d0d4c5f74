"""The time on the wall: the one place of the package that reads it. Everything else is handed a clock, or a moment."""

from __future__ import annotations

from datetime import UTC, date, datetime

from escalations.rules.civiltime import civil


def wall_clock() -> datetime:
    """The time on the wall, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The day on the wall, in London."""
    return civil(wall_clock()).date()
