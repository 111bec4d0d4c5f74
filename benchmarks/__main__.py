"""Every measurement, or some by name: ``python -m benchmarks [deadlines|lives|throughput|opinions|soak …] [--json]``.

Without a name it runs all but the soak and the second opinions, which are as long as they are told to be. The exit
status is 1 where a promise is not kept. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence

from benchmarks import burst, deadlines, figures, installing, lives, memory, opinions, review, soak, throughput
from benchmarks.figures import Figure, Found

ALL = ("deadlines", "lives", "throughput", "memory", "burst", "review")
THROUGHPUT_CASES = 150
MANY = 10_000
CALLS = 20_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and give the exit status."""
    chosen = _parser().parse_args(arguments)
    measured: dict[str, Callable[[], Found]] = {
        "deadlines": lambda: _deadlines(chosen.calls),
        "lives": lambda: lives.measure(cases=chosen.cases or MANY, seed=chosen.seed),
        "throughput": lambda: asyncio.run(throughput.measure(chosen.cases or THROUGHPUT_CASES, rounds=chosen.rounds)),
        "memory": lambda: asyncio.run(memory.measure(chosen.cases or MANY)),
        "burst": lambda: asyncio.run(burst.measure(chosen.cases or MANY)),
        "review": lambda: asyncio.run(review.measure(chosen.cases or MANY)),
        "opinions": lambda: opinions.measure(deadlines=chosen.deadlines, seed=chosen.seed),
        "soak": lambda: asyncio.run(soak.measure(minutes=chosen.minutes, seed=chosen.seed)),
    }
    before = figures.machine()
    found: list[Found] = []
    for name in chosen.names or ALL:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            found.append(measured[name]())
        except (installing.NoServer, burst.TooSlowError) as reason:
            print(reason, file=sys.stderr)
            return 2
        if not chosen.json:
            figures.show(found[-1])
    if chosen.json:
        print(json.dumps(figures.as_json(found, before), indent=2))
    else:
        load = " ".join(str(one) for one in figures.machine()["load"])
        print(f"{before['at']}, {before['cores']} cores, {before['system']}, Python {before['python']}, load {load}")
    return 0 if all(one.kept for one in found) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*ALL, "opinions", "soak"], metavar="name", help="what to measure")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument(
        "--cases", type=int, help=f"{THROUGHPUT_CASES} for throughput, {MANY:,} for lives, memory, burst and review"
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds of throughput, of which the median counts")
    parser.add_argument("--calls", type=int, default=CALLS, help="calls in each round of deadlines")
    parser.add_argument("--minutes", type=float, default=10, help="how long a soak lasts")
    parser.add_argument("--seed", type=int, default=1, help="what is chosen by chance")
    parser.add_argument("--deadlines", type=int, default=1_000_000, help="how many second opinions are asked for")
    return parser


def _deadlines(calls: int) -> Found:
    rows = deadlines.measure(calls)
    slowest = max(row["deadline_us"] for row in rows)
    longest = max((row for row in rows if "day_by_day_ratio" in row), key=lambda row: row["day_by_day_us"])
    promised = deadlines.PROMISED_MICROSECONDS
    return Found(
        "deadlines",
        f"{len(rows)} amounts, from 1 working day to 1,000, median of seven rounds of {calls:,} calls",
        (
            Figure("the slowest deadline", slowest, "µs", f"{promised:.0f} µs at most", kept=slowest <= promised),
            Figure(f"{longest['amount']} counted day by day, to deadline()", longest["day_by_day_ratio"], "times"),
            *(
                Figure(f"{row['amount']} by numpy.busday_offset, to deadline()", row["busday_offset_ratio"], "times")
                for row in rows
                if "busday_offset_ratio" in row
            ),
            Figure("a receipt of 5 working days, with its hash", deadlines.receipts(calls), "µs"),
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main())
