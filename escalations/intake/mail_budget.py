"""How often one address is answered: a budget of its own, which nobody else's mail uses up.

Two programs that answer each other stop after a day's budget; a person who writes often is told once from when on they
are answered again, and the team sees it. Strangers share a budget besides, so that names made up by the hundred bring
few answers; whoever we write to about a case is never in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from escalations.store.mail_answers import Given

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
ANSWERS_AN_HOUR: Final = 3
"""Answers to one address in an hour; the next one says from when on it is answered again."""
ANSWERS_A_DAY: Final = 12
"""The same in a day: what goes on like that is no person."""
COPIES_AN_HOUR: Final = 3
"""How often in an hour the address that we write to is told that somebody else of the agency wrote."""
ANSWERS_IN_ALL: Final = 60
"""Answers in an hour to all addresses together that we do not write to about a case."""


class Verdict(StrEnum):
    """Whether an address is answered now."""

    ANSWER = "answer"
    LAST = "last"
    """It is told from when on it is answered again, and nothing more until then."""
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Budget:
    """Whether an address is answered now, and otherwise from when on it is again."""

    verdict: Verdict
    again_at: datetime | None = None


def of_address(given: Sequence[Given], now: datetime) -> Budget:
    """Whether an address is answered now.

    Args:
        given: what it was answered within a day, by whatever of its messages.
        now: the moment.
    """
    quiet = max((one.quiet_until for one in given if one.quiet_until is not None), default=now)
    if quiet > now:
        return Budget(Verdict.SILENT, quiet)
    if sum(one.at > now - DAY for one in given) >= ANSWERS_A_DAY:
        return Budget(Verdict.LAST, now + DAY)
    if sum(one.at > now - HOUR for one in given) >= ANSWERS_AN_HOUR:
        return Budget(Verdict.LAST, now + HOUR)
    return Budget(Verdict.ANSWER)
