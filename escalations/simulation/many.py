"""``escalations simulate``: a year of many invented cases under a policy, watched, on all cores."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random  # noqa: TID251  nothing secret: the same year for the same seed
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from escalations import errors
from escalations.intake.opening import InForce
from escalations.policy import Policy, canonical
from escalations.rules import evolving
from escalations.rules.case import Cause, Status, new
from escalations.rules.decider import Refused
from escalations.simulation import behaving
from escalations.simulation.alone import Alone, Happening
from escalations.simulation.watching import Watch
from escalations.web import clock_lives, words

PER_PROCESS = 50
"""Cases that a process is given at a time."""
COUNTED_AGAIN = 20
"""One case in so many has each deadline counted again day by day, and is built anew from its events."""
LONGEST: Final = behaving.GIVES_UP_AFTER + timedelta(days=130)
MOST_STEPS = 2_000
"""Of one case; nobody does so much."""
FIRST_YEAR, LAST_YEAR = 2000, 2089
FAULTS_SHOWN = 20


class NotSimulated(errors.FinalTheirs):
    """A year cannot be simulated as asked; the text says why."""

    code = "not_simulated"


@dataclass(slots=True)
class Sum:
    """What some cases came to."""

    cases: int = 0
    closed: int = 0
    events: int = 0
    notices: int = 0
    clocks: int = 0
    limits_passed: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    """Of the limits that passed and were not withdrawn, by cause and side."""
    stages: Counter[int] = field(default_factory=Counter)
    """By the stage reached."""
    refused: Counter[str] = field(default_factory=Counter)
    """Acts that the rules did not accept, by their code."""
    faults: list[str] = field(default_factory=list)
    latest_seconds: float = 0.0

    def add(self, other: Sum) -> None:
        """Take in what others came to."""
        for name in ("cases", "closed", "events", "notices", "clocks", "limits_passed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.causes.update(other.causes)
        self.stages.update(other.stages)
        self.refused.update(other.refused)
        self.faults.extend(other.faults)
        self.latest_seconds = max(self.latest_seconds, other.latest_seconds)


def live(in_force: InForce, year: int, seed: int, number: int) -> Sum:
    """Live through one case, and give what it came to. The same for the same seed and number, on any machine."""
    chance = Random(f"{seed}/{number}")  # noqa: S311  nothing secret
    first = in_force.frame(datetime.fromisoformat(f"{year}-07-01T12:00:00+00:00")).calendar
    began = behaving.begins(chance, number, year, first)
    frame = in_force.frame(began)
    people = behaving.people(chance, frame.policy, frame.calendar, began)
    watch = Watch(counts_again=number % COUNTED_AGAIN == 0)
    found = Sum(cases=1)

    def hears(case: Any, happening: Happening) -> None:  # noqa: ANN401  a case
        watch.hears(case, happening)
        people.hears(case, happening)

    life = Alone(frame, reference=f"PD-{year % 100:02}-{number:04}-X", post=people.post, hears=hears)
    watch.acting = True
    life.act(people.raises())
    watch.acting = False
    for _ in range(MOST_STEPS):
        if life.case.status is Status.CLOSED:
            people.after_the_end()
        at = people.next_at()
        if at is None or at > began + LONGEST:
            wake = life.next_wake
            if wake is None or wake > began + LONGEST:
                break
            life.until(wake)  # a follow-up may let somebody do something yet
            continue
        wake = life.next_wake
        if wake is not None and wake < at:
            life.until(wake)  # what time brings may let somebody do something sooner
            continue
        act = people.next_act(life.case)
        if act is None:
            continue
        watch.acting = True
        decided = life.act(act)
        watch.acting = False
        if isinstance(decided, Refused):
            found.refused[decided.code] += 1
    life.until(began + LONGEST)
    watch.ends(life.case, began + LONGEST)
    _sum_up(found, life, watch, number)
    return found


def _sum_up(found: Sum, life: Alone, watch: Watch, number: int) -> None:
    happened = [one.event for one in life.happened]
    if life.case.status is Status.CLOSED:
        found.closed = 1
    else:
        watch.faults.append("not closed, though somebody said how it ended")
    if (
        watch.counts_again
        and evolving.evolve_all(new(life.case.reference, life.case.frame), tuple(happened)) != life.case
    ):
        watch.faults.append("its events do not give the state that it has")
    found.events, found.notices = len(happened), watch.told
    found.stages[life.case.stage] += 1
    for clock in clock_lives.lives(happened):
        found.clocks += 1
        if clock.passed and clock.cause is not None:
            found.limits_passed += 1
            found.causes[f"{clock.cause.value}/{clock.started.waits_for.value}"] += 1
        if clock.end is None and life.case.status is Status.CLOSED:
            watch.faults.append(f"{clock.started.clock_id} has no end")
    found.faults = [f"case {number}: {fault}" for fault in watch.faults]
    found.latest_seconds = watch.latest


@lru_cache(maxsize=4)
def _in_force(text: str) -> InForce:
    return InForce(Policy.model_validate_json(text))


def some(of: tuple[str, int, int, int, int]) -> Sum:
    """Live through some cases: in a process of its own."""
    text, year, seed, first, count = of
    in_force = _in_force(text)
    found = Sum()
    for number in range(first, first + count):
        try:
            found.add(live(in_force, year, seed, number))
        except Exception as problem:  # noqa: BLE001  whatever the rules trip over is what is looked for
            found.add(Sum(cases=1, faults=[f"case {number}: {type(problem).__name__}: {problem}"]))
    return found


def year_of(
    policy: Policy, *, year: int, cases: int, seed: int, processes: int | None = None, told: Callable[[int], None]
) -> Sum:
    """Live through a year of cases.

    Args:
        policy: under which.
        year: when each of them is raised.
        cases: how many.
        seed: two runs with one seed agree, however many processes there are.
        processes: how many; as many as there are cores by default.
        told: hears how many are done.
    """
    text = canonical(policy)
    work = [(text, year, seed, first, min(PER_PROCESS, cases - first)) for first in range(0, cases, PER_PROCESS)]
    found = Sum()
    for one in _worked(work, processes or os.cpu_count() or 1):
        found.add(one)
        told(found.cases)
    found.faults.sort()
    return found


def _lives_only() -> None:
    """Make the process one that does nothing else: what lives leave behind makes no cycles, so few are looked for."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def _worked(work: list[tuple[str, int, int, int, int]], processes: int) -> Iterable[Sum]:
    if processes == 1 or len(work) == 1:
        yield from map(some, work)
        return
    with multiprocessing.Pool(min(processes, len(work)), _lives_only) as pool:
        yield from pool.imap_unordered(some, work)


# ---- The command ----------------------------------------------------------------------------------------------------


def simulate(
    policy: Policy, *, year: int, cases: int, seed: int, as_json: bool, console: Console, processes: int | None = None
) -> bool:
    """Simulate a year, and print what it came to; false where anything was missed, doubled, late or out of order.

    Raises:
        NotSimulated: it cannot be simulated as asked.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotSimulated(
            f"The year is one from {FIRST_YEAR} to {LAST_YEAR}, and not {year}: "
            "further off nobody knows the bank holidays."
        )
    if cases < 1:
        raise NotSimulated("At least one case is simulated: --cases 1.")
    began = time.perf_counter()
    errors_console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors_console, transient=True, disable=not errors_console.is_terminal) as bar:
        task = bar.add_task(f"Cases of {year}", total=cases)
        found = year_of(
            policy,
            year=year,
            cases=cases,
            seed=seed,
            processes=processes,
            told=lambda done: bar.update(task, completed=done),
        )
    seconds = time.perf_counter() - began
    if as_json:
        said = json.dumps(as_json_of(found, policy, year=year, seed=seed), ensure_ascii=False, indent=2)
        console.file.write(said + "\n")
    else:
        _show(found, policy, console, year=year, seed=seed, seconds=seconds)
    return not found.faults


def as_json_of(found: Sum, policy: Policy, *, year: int, seed: int) -> dict[str, Any]:
    """Everything, for a machine; the same for the same seed."""
    return {
        "policy": {"id": policy.id, "version": policy.version, "hash": policy.content_hash},
        "year": year,
        "seed": seed,
        "cases": found.cases,
        "closed": found.closed,
        "events": found.events,
        "notices": found.notices,
        "clocks": found.clocks,
        "limits_passed": found.limits_passed,
        "drift": [
            {"cause": name.split("/")[0], "waits_for": name.split("/")[1], "limits": count}
            for name, count in sorted(found.causes.items())
        ],
        "stage_reached": {str(stage): found.stages[stage] for stage in sorted(found.stages)},
        "acts_refused": {code: found.refused[code] for code in sorted(found.refused)},
        "latest_seconds": found.latest_seconds,
        "faults": found.faults,
    }


def _show(found: Sum, policy: Policy, console: Console, *, year: int, seed: int, seconds: float) -> None:
    console.print(f"{policy.title}, version {policy.version}: {found.cases:,} invented cases of {year}, seed {seed}")
    drift = Table(title="Time limits that passed, by cause", title_justify="left", title_style="", expand=False)
    drift.add_column("Cause (provisional)")
    sides = list(dict.fromkeys(name.split("/")[1] for name in sorted(found.causes)))
    for side in sides:
        drift.add_column(side.replace("_", " "), justify="right")
    for cause in sorted({name.split("/")[0] for name in found.causes}):
        counts = (f"{found.causes[f'{cause}/{side}']:,}" for side in sides)
        drift.add_row(words.CAUSES[Cause(cause)], *counts)
    console.print(drift)
    stages = ", ".join(f"stage {stage}: {found.stages[stage]:,}" for stage in sorted(found.stages))
    console.print(f"Reached {stages}. Closed: {found.closed:,}.")
    console.print(
        f"{found.clocks:,} clocks, of whose limits {found.limits_passed:,} passed; {found.events:,} events; "
        f"{found.notices:,} notices; {sum(found.refused.values()):,} acts refused."
    )
    console.print(f"{found.cases / max(seconds, 0.001):,.0f} lives a second, in {seconds:.0f} s.")
    for fault in found.faults[:FAULTS_SHOWN]:
        console.print(f"FAULT {fault}", highlight=False)
    if len(found.faults) > FAULTS_SHOWN:
        console.print(f"... and {len(found.faults) - FAULTS_SHOWN:,} more.")
    if not found.faults:
        console.print("Nothing was missed, doubled, late or out of order.")
