"""Remembering what was just worked out: the same step is asked for by whoever decides it and by whoever applies it.

A case and an event never change, so what one makes of the other is worked out once. It is known by which objects they
are, and not by what they hold: to compare two cases would cost more than to build the next.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")
Made = TypeVar("Made")
MOST = 256
"""How many steps are kept. Whoever decides an act comes back to its first step after a few dozen."""


def of_the_same(work: Callable[[First, Second], Made]) -> Callable[[First, Second], Made]:
    """Give again what pure work made of the very same two immutable objects a moment ago."""
    kept: dict[tuple[int, int], tuple[First, Second, Made]] = {}

    @wraps(work)
    def remembered(first: First, second: Second) -> Made:
        key = (id(first), id(second))
        found = kept.get(key)
        if found is not None and found[0] is first and found[1] is second:
            return found[2]
        made = work(first, second)
        if len(kept) >= MOST:
            kept.clear()
        # While it is kept, neither object goes, and its id cannot come to mean another.
        kept[key] = (first, second, made)
        return made

    return remembered
