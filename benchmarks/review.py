"""The review of a year with many cases: from the register's first row to the page, and again when little is new.

``python -m benchmarks review [--cases N]``. An invented year is lived through by the rules, and its cases are written
down again under other references until there are as many as wanted. No timer service is needed.
"""

from __future__ import annotations

import base64
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.figures import Figure, Found
from benchmarks.installing import progress
from escalations import parts, telemetry
from escalations.parts import Parts
from escalations.review import exports
from escalations.review.reading import Reader
from escalations.review.years import Year, of
from escalations.settings import Settings
from escalations.simulation import year as invented
from escalations.store import directory, directory_file, references, register
from escalations.store.register import Entry

AT_MOST_SECONDS = 60.0
"""For a page that nobody has asked for since the start."""
AGAIN_SECONDS = 30.0
AT_ONCE = 200


async def measure(cases: int) -> Found:
    """Measure with so many cases in the register."""
    async with _opened() as on:
        await invented.fill(on, on.now())
        await _copied(on, cases)
        year = of(on.now()).before
        reader = Reader(on.database)
        began = time.perf_counter()
        known = await reader.read(now=on.now())
        read = time.perf_counter()
        made = exports.export(known, year)
        counted = time.perf_counter()
        exports.body(made)
        drawn = time.perf_counter()
        again = await _again(reader, year, on)
    return Found(
        "review",
        f"The review of a year of {made.review.cases:,} cases, out of {len(known.cases):,} in the register",
        (
            Figure("read from the register's first row", read - began, "s"),
            Figure("counted", counted - read, "s"),
            Figure("drawn and written as a page", drawn - counted, "s"),
            Figure(
                "all of it",
                drawn - began,
                "s",
                f"{AT_MOST_SECONDS:.0f} s at most",
                kept=drawn - began <= AT_MOST_SECONDS,
            ),
            Figure("the same page again", again, "s", f"{AGAIN_SECONDS:.0f} s at most", kept=again <= AGAIN_SECONDS),
        ),
    )


async def _again(reader: Reader, year: Year, on: Parts) -> float:
    began = time.perf_counter()
    exports.body(exports.export(await reader.read(now=on.now()), year))
    return time.perf_counter() - began


@asynccontextmanager
async def _opened() -> AsyncIterator[Parts]:
    with tempfile.TemporaryDirectory() as name:
        keys = Path(name) / "keys.txt"
        keys.write_text(base64.b64encode(secrets.token_bytes(32)).decode(), encoding="ascii")
        settings = Settings(folder=Path(name), keys_file=keys, log_level="ERROR")
        telemetry.configure(settings)
        async with parts.opened(settings, migrate=True) as opened:
            async with opened.database.write() as tx:
                await directory.load(tx, opened.vault, directory_file.sample())
            yield opened


async def _copied(on: Parts, cases: int) -> None:
    async with on.database.read() as tx:
        patterns = [await register.read(tx, reference) for reference in await register.references(tx)]
    with progress("cases written down", cases) as counting:
        for done in range(len(patterns), cases, AT_ONCE):
            async with on.database.write() as tx:
                for number in range(done, min(done + AT_ONCE, cases)):
                    like = patterns[number % len(patterns)]
                    prefix, year = on.in_force.policy.reference_prefix, references.civil_year(like[0].recorded_at)
                    await _write(tx, like, await references.allocate(tx, prefix, year))
            counting.at(done)


async def _write(tx: AsyncConnection, like: Sequence[Entry], reference: str) -> None:
    bodies = [(entry.kind, entry.body.replace(like[0].reference, reference)) for entry in like]
    await register.append(tx, reference, after_seq=0, bodies=bodies, recorded_at=like[0].recorded_at)
