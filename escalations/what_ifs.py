"""``escalations what-if``: the escalations of a year under another policy. A composition root.

Reads codes and times alone: nothing that is sealed is opened, and nothing is written.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors, parts, telemetry
from escalations.intake import submissions
from escalations.intake.opening import InForce
from escalations.packs import reading
from escalations.policy import Policy
from escalations.review import years
from escalations.review.words import counted
from escalations.review.years import Year
from escalations.rules import acts, events, workingtime
from escalations.settings import Settings
from escalations.simulation import what_if
from escalations.simulation.what_if import Compared, Lived, PassedLimit, Recorded
from escalations.store import register
from escalations.store.engine import Database
from escalations.web.words import AWAITED

SAYS = (
    "What people did is taken as it was recorded. With other time limits they would have done other things at other "
    "times, so this shows what a policy asks for, and is a finding about nobody."
)
_SAY_EVERY = 2.0
"""Seconds; what takes no longer is done without a word."""


class CannotCompare(errors.FinalTheirs):
    """What was asked for cannot be made; the text says why."""

    code = "cannot_compare"


@dataclass(frozen=True, slots=True)
class Compares:
    """The escalations of a year under the policies that they were opened under, and under another one."""

    policy: Policy
    year: Year
    cases: tuple[Compared, ...]
    left_out: tuple[str, ...] = ()
    """Those that the other policy's calendar does not reach."""

    def as_data(self) -> dict[str, object]:
        """For machines."""
        return {
            "policy": self.policy.title,
            "version": self.policy.version,
            "policy_hash": self.policy.content_hash,
            "year": self.year.short,
            "says": SAYS,
            "left_out": list(self.left_out),
            "cases": [one.as_data() for one in self.cases],
        }


async def what_if_under(
    settings: Settings,
    file: Path,
    *,
    year: str | None,
    as_json: bool,
    say: Callable[[str], None],
    console: Console | None = None,
) -> None:
    """Compare the escalations received in a year with themselves under another policy, and print that.

    Args:
        settings: of the installation.
        file: the other policy.
        year: as 2025 or 2025/26; the one that is going on by default.
        as_json: whether it is for a machine.
        say: takes lines for the terminal.
        console: where tables are printed.

    Raises:
        CannotCompare: there is no such year, or no escalation in it.
        reading.NotAPolicyError: the file is no policy.
        EscalationsError: the database cannot be used.
    """
    telemetry.configure(settings)
    policy = reading.read(file)
    now = parts.wall_clock()
    starts_in = settings.review_year_starts_in
    chosen = years.of(now, starts_in=starts_in) if year is None else years.read(year, now=now, starts_in=starts_in)
    if isinstance(chosen, years.WrongYear):
        raise CannotCompare(chosen.sentence)
    in_force = InForce(policy, parts.days_off_of(settings.calendar_file))
    async with Database.open(settings.database) as database:
        made = await compared(database, in_force, chosen, now=now, say=say if not as_json else _nothing)
    if not made.cases and not made.left_out:
        raise CannotCompare(
            f"No escalation was received in {chosen.short} ({chosen.words}). --year names another year."
        )
    if as_json:
        say(json.dumps(made.as_data(), indent=2, ensure_ascii=False))
        return
    show(made, console or Console())


async def compared(
    database: Database, other: InForce, year: Year, *, now: datetime, say: Callable[[str], None]
) -> Compares:
    """Live the escalations received in a year again, under another policy.

    Args:
        database: the register's.
        other: the other one, with the installation's own days.
        year: whose escalations.
        now: up to when time passes for those that are open.
        say: takes a line of progress every two seconds.
    """
    found: list[Compared] = []
    left_out: list[str] = []
    said = time.monotonic()
    async with database.read() as tx:
        references = await register.references(tx)
        for number, reference in enumerate(references, 1):
            recorded = await _recorded(tx, reference, year)
            if recorded is not None:
                try:
                    found.append(what_if.compare(recorded, other.frame(recorded.happened[0].at), until=now))
                except workingtime.CalendarExhausted:
                    left_out.append(reference)
            if time.monotonic() - said > _SAY_EVERY:
                said = time.monotonic()
                say(f"Escalations looked at: {number} of {len(references)}.")
    return Compares(other.policy, year, tuple(found), tuple(left_out))


async def _recorded(tx: AsyncConnection, reference: str, year: Year) -> Recorded | None:
    rows = await register.read(tx, reference)
    happened = tuple(events.loads(row.body) for row in rows)
    opening = happened[0] if happened else None
    if not isinstance(opening, events.Raised) or not year.holds(opening.at):
        return None
    known = await submissions.of_case(tx, reference)
    deeds = tuple(acts.loads(one.act) for one in known if one.state is submissions.State.APPLIED)
    return Recorded(reference, happened, deeds)


def show(made: Compares, console: Console) -> None:
    """Print what came of it, fit for 80 columns."""
    cases, policy = made.cases, made.policy
    console.print(
        Text(
            f"{counted(len(cases), 'escalation')} received in {made.year.short}, under {policy.title}, "
            f"version {policy.version}",
            style="bold",
        )
    )
    console.print(Text(SAYS, style="dim"))
    console.print()
    _totals(cases, console)
    changed = [one for one in cases if _differs(one)]
    console.print()
    if changed:
        _cases(changed, console)
    else:
        console.print("No escalation would have gone differently.")
    _not_taken(cases, console)
    if made.left_out:
        console.print(f"Left out, because a calendar does not reach that far: {', '.join(made.left_out)}.")


def _totals(cases: Sequence[Compared], console: Console) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", overflow="fold")
    table.add_column("As it was", justify="right")
    table.add_column("Would have been", justify="right")
    rows: tuple[tuple[str, Callable[[Lived], int]], ...] = (
        ("Escalations with a time limit that passed", lambda one: bool(one.drifted)),
        ("Time limits that passed", lambda one: len(one.drifted)),
        ("Escalations that went beyond stage 1", lambda one: one.highest_stage > 1),
        ("Escalations closed", lambda one: one.closed_at is not None),
        ("Asked for what nobody was really asked for", lambda one: bool(one.unknowable)),
    )
    for words, count in rows:
        table.add_row(words, *(str(sum(map(count, lives))) for lives in _both(cases)))
    console.print(table)


def _both(cases: Sequence[Compared]) -> tuple[list[Lived], list[Lived]]:
    return [one.was for one in cases], [one.would for one in cases]


def _differs(one: Compared) -> bool:
    return (one.was.drifted, one.was.highest_stage, one.was.closed_at) != (
        one.would.drifted,
        one.would.highest_stage,
        one.would.closed_at,
    )


def _cases(changed: Sequence[Compared], console: Console) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), header_style="dim")
    table.add_column("Escalation", no_wrap=True)
    table.add_column("As it was", overflow="fold")
    table.add_column("Would have been", overflow="fold")
    for one in changed:
        table.add_row(one.reference, _life(one.was), _life(one.would))
    console.print(table)


def _life(one: Lived) -> str:
    """Its first limit that passed, how many there were, how far it went and how it ended; ``--json`` has them all."""
    lines = [_limit(one.drifted[0])] if one.drifted else ["No time limit passed"]
    if len(one.drifted) > 1:
        lines.append(f"and {len(one.drifted) - 1} more")
    if one.highest_stage > 1:
        lines.append(f"Reached stage {one.highest_stage}")
    lines.append("Open" if one.closed_at is None else f"Closed {_day(one.closed_at)}")
    return "\n".join(lines)


def _limit(one: PassedLimit) -> str:
    where = "whole process" if one.stage is None else f"stage {one.stage}"
    return f"{_day(one.due_at)}: {AWAITED[one.awaits]} ({where})"


def _day(moment: datetime) -> str:
    return f"{workingtime.civil(moment):%-d %b %Y}"


def _not_taken(cases: Sequence[Compared], console: Console) -> None:
    refused = Counter((one.act_kind, one.sentence) for case in cases for one in case.would.not_taken)
    if not refused:
        return
    console.print()
    console.print(Text("What was done and would not have been taken", style="bold"))
    for (kind, sentence), count in refused.most_common():
        console.print(f"{counted(count, 'time')}: {kind.replace('_', ' ')}. {sentence}")


def _nothing(_line: str) -> None:
    """A machine is told nothing on the way."""
