"""A year of invented lives under the sample policy: clocks, reminders, notices and all, by the rules alone.

``python -m benchmarks lives [--cases N] [--seed N]``. Every life is watched, so a life that went wrong breaks the
promise too.
"""

from __future__ import annotations

import os
import time

from benchmarks import installing
from benchmarks.figures import Figure, Found
from escalations.packs import reading
from escalations.simulation import many

YEAR = 2027
WANTED_CASES, WANTED_SECONDS, WANTED_CORES = 100_000, 60, 2


def measure(*, cases: int, seed: int) -> Found:
    """Live through so many on all cores."""
    cores = os.cpu_count() or 1
    began = time.perf_counter()
    with installing.progress("lives", cases) as counting:
        found = many.year_of(reading.sample(), year=YEAR, cases=cases, seed=seed, told=counting.at)
    seconds = time.perf_counter() - began
    each = cases / seconds / cores
    wanted = WANTED_CASES / WANTED_SECONDS / WANTED_CORES
    return Found(
        "lives",
        f"{cases:,} lives of {YEAR}, seed {seed}, on {cores} cores: {found.events:,} events, {found.notices:,} notices",
        (
            Figure("lives a second and core", each, "", f"{wanted:,.0f}", kept=each >= wanted),
            Figure(f"{WANTED_CASES:,} lives on these cores", WANTED_CASES / (each * cores), "s"),
            Figure("missed, doubled, late or out of order", len(found.faults), "", "0", kept=not found.faults),
        ),
    )
