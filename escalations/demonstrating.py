"""``escalations demo``: the story of one escalation, printed as it happens, or as JSON for a machine."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from escalations import errors, parts, running, telemetry
from escalations.policy import Side
from escalations.review import years
from escalations.rules import events, workingtime
from escalations.settings import Settings
from escalations.simulation import story, year
from escalations.store import directory_file
from escalations.store.notices import NoticeRow
from escalations.temporal import binaries, devserver
from escalations.web import words
from escalations.web.answers import Agency
from escalations.web.telling import Names, sentence
from escalations.workflows import attributes

FIRST_MONDAY = 7
QUIET = (events.ClockEnded, events.ClockStarted, events.NoticeReported)
"""What the story is told without; the JSON has everything."""


class WrongStart(errors.FinalTheirs):
    """The civil time that the story is to begin at cannot be used."""

    code = "wrong_start"


class WrongYear(errors.FinalTheirs):
    """The year that is asked for cannot be written."""

    code = "wrong_year"


async def demo(
    *,
    start: str | None,
    as_json: bool,
    environ: Mapping[str, str],
    say: binaries.Say,
    console: Console | None = None,
) -> None:
    """Play the story and print it.

    Args:
        start: a civil time in London still to come, as 2027-03-01T09:30; by default a Monday morning next spring.
        as_json: print the events and nothing else.
        environ: for the search for a Temporal server.
        say: takes lines about the server.
        console: where the story is printed.

    Raises:
        WrongStart: it is no time, or is over.
        EscalationsError: there is no Temporal server, or it does not start.
    """
    now = parts.wall_clock()
    begins = _begin(start, now)
    if begins <= now:
        raise WrongStart(story.IN_THE_PAST)
    telemetry.configure(Settings(log_level="ERROR"))
    console = console or Console()
    found = binaries.resolve(environ=environ, say=(lambda _: None) if as_json else say, may_use_address=False)
    if found.binary is None:
        raise binaries.NoServer("There is no Temporal server on this machine: `make build-temporal` gets one.")
    with tempfile.TemporaryDirectory(prefix="escalations-demo-") as folder:
        home = Path(folder)
        async with devserver.DevServer(
            found.binary, home / "temporal", virtual_time=True, search_attributes=attributes.ALL
        ) as server:
            printer = _Printer(console, quiet=as_json)
            try:
                steps = await story.tell(server, home, start=begins, now=now, told=printer.steps)
            except story.StartInThePastError as problem:
                raise WrongStart(str(problem)) from None
    if as_json:
        say(json.dumps(story.as_json(steps), ensure_ascii=False, indent=2))
        return
    took = parts.wall_clock() - now
    civil_days = (steps[-1].event.at - steps[0].event.at) / timedelta(days=1)
    console.print(
        f"\n{civil_days:.0f} days of one escalation, {len(steps)} events in its register, on a real timer "
        f"service in {took.total_seconds():.0f} s. Everybody in it is invented."
    )


async def write_year(settings: Settings, which: str | None, *, say: binaries.Say) -> None:
    """Write an invented year into an installation with the sample policy and directory, and an empty register.

    Args:
        settings: of the installation.
        which: the year, as 2025 or 2025/26; the last one that is over by default.
        say: takes lines for the terminal.

    Raises:
        WrongYear: it is no year, or is not over.
        year.NotForAYear: this installation is not one for invented escalations.
        EscalationsError: the database cannot be used.
    """
    telemetry.configure(settings)
    now = parts.wall_clock()
    first = None
    if which is not None:
        found = years.read(which, now=now, starts_in=settings.review_year_starts_in)
        if isinstance(found, years.WrongYear):
            raise WrongYear(found.sentence)
        if found.ends > now:
            raise WrongYear(f"{found.short} is not over. Please choose an earlier one, such as {found.before.key}.")
        first = found.first
    running.prepare_folder(settings, say=say)
    async with parts.opened(settings, migrate=True) as opened:
        await running.load_sample_directory(opened, say=say)
        count = await year.fill(opened, now, begins=first, told=year.progress(say))
    if not count:
        raise year.NotForAYear(
            "The register holds escalations already, so no invented year is written beside them. "
            "ESCALATIONS_FOLDER names another folder, in which everything begins anew."
        )
    say(f"{count} invented escalations were written: a past year, and a few that are open now.")


def _begin(start: str | None, now: datetime) -> datetime:
    if start is None:
        year = workingtime.civil(now).year + 1
        first = next(day for day in range(1, 1 + FIRST_MONDAY) if datetime(year, 3, day).weekday() == 0)  # noqa: DTZ001  a day, not an instant
        start = f"{year}-03-{first:02}T09:30"
    try:
        given = datetime.fromisoformat(start)
    except ValueError:
        raise WrongStart(f"{start} is not a date and time. Write it as 2027-03-01T09:30.") from None
    if given.tzinfo is not None:
        return given
    try:
        return workingtime.instant_of(given.date(), given.time())
    except ValueError as problem:
        raise WrongStart(str(problem)) from None


class _Printer:
    """Prints each step with its civil time: what happened, and who was told."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._console = console
        self._quiet = quiet
        self._names = Names(_agencies())
        self._day = ""

    def steps(self, steps: list[story.Step]) -> None:
        if self._quiet:
            return
        for step in steps:
            if isinstance(step.event, QUIET) and not step.told:
                continue
            self._print(step)

    def _print(self, step: story.Step) -> None:
        civil = workingtime.civil(step.event.at)
        day = workingtime.say_day(civil.date())
        if day != self._day:
            self._day = day
            self._console.print(Text(f"\n{day}", style="bold"))
        line = Table.grid(padding=(0, 2))
        line.add_column(width=5, style="cyan")
        line.add_column(overflow="fold")
        line.add_row(f"{civil:%H:%M}", sentence(step.event, self._names))
        for told in _told(step.told, self._names):
            line.add_row("", Text(f"→ {told}", style="dim"))
        self._console.print(Padding(line, (0, 0, 0, 2)))


def _told(rows: tuple[NoticeRow, ...], names: Names) -> list[str]:
    return [f"{words.NOTICES[row.notice.kind]}: {_who(row, names)}" for row in rows]


def _who(row: NoticeRow, names: Names) -> str:
    to = row.notice.to
    if to.side is Side.OUTSIDE:
        return names.recipient(to)
    if to.agency_id is None:
        return "the partnership team"
    return f"{words.position(to.position)}, {names.agency(to.agency_id)}"


def _agencies() -> dict[str, Agency]:
    return {
        entry.id: Agency(entry.id, entry.name, entry.type, entry.town) for entry in directory_file.sample().agencies
    }
