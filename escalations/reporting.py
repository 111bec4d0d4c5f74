"""``escalations review``: the review of a year, in the terminal or as a file."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path

from rich.console import Console

from escalations import errors, parts, telemetry
from escalations.review import exports, terminal, years
from escalations.review.exports import Export
from escalations.review.figures import Audience
from escalations.review.reading import Reader
from escalations.settings import Settings
from escalations.store.engine import Database
from escalations.temporal import binaries

_MARKED = "\ufeff"
"""So that a spreadsheet program reads a CSV file as UTF-8."""


class Format(StrEnum):
    """How a review is written."""

    TABLE = "table"
    """For a terminal."""
    HTML = "html"
    """One page that needs nothing else."""
    CSV = "csv"
    """Two files for a spreadsheet: one row a case, and one row a number."""
    JSON = "json"


class CannotReview(errors.FinalTheirs):
    """What was asked for cannot be made; the text says why."""

    code = "cannot_review"


async def review(
    settings: Settings,
    *,
    year: str | None,
    as_format: Format,
    output: Path | None,
    audience: Audience,
    agency: str | None,
    at_position: int | None,
    say: binaries.Say,
    console: Console | None = None,
) -> None:
    """Make the review of a year and print or write it.

    Args:
        settings: of the installation.
        year: as 2025 or 2025/26; the last one that is over by default.
        as_format: how it is written.
        output: the file; standard output where none is given.
        audience: for whom it is.
        agency: whose, where it is for one agency.
        at_position: as the register stood at that position; as it stands now by default.
        say: takes lines for the terminal.
        console: where tables are printed.

    Raises:
        CannotReview: there is no such year, agency or position, or the file cannot be written.
        EscalationsError: the database cannot be used.
    """
    telemetry.configure(settings)
    now = parts.wall_clock()
    starts_in = settings.review_year_starts_in
    chosen = (
        years.of(now, starts_in=starts_in).before if year is None else years.read(year, now=now, starts_in=starts_in)
    )
    if isinstance(chosen, years.WrongYear):
        raise CannotReview(chosen.sentence)
    if (audience is Audience.AGENCY) != (agency is not None):
        raise CannotReview("--audience agency and --agency go together: say whose review it is.")
    if at_position is not None and at_position < 1:
        raise CannotReview("Positions of the register are counted from 1.")
    async with Database.open(settings.database) as database:
        known = await Reader(database).read(now=now, at_position=at_position)
    if agency is not None and agency not in known.agencies:
        raise CannotReview(f"The directory has no agency {agency}. Agencies are named by their ids, such as police.")
    made = exports.export(known, chosen, audience=audience, agency=agency)
    if as_format is Format.TABLE and output is None:
        terminal.show(made, console or Console())
        return
    for name, text in _files(made, as_format, output, settings):
        _put(name, text, say)


def _files(made: Export, as_format: Format, output: Path | None, settings: Settings) -> list[tuple[Path | None, str]]:
    match as_format:
        case Format.HTML:
            return [(output, exports.as_html(made, partnership=settings.partnership_name))]
        case Format.JSON:
            return [(output, exports.as_json(made) + "\n")]
        case Format.CSV:
            return _tables(made, output)
        case Format.TABLE:
            raise CannotReview("A table is for the terminal. Choose --format html, csv or json for a file.")


def _tables(made: Export, output: Path | None) -> list[tuple[Path | None, str]]:
    public = made.review.audience is Audience.PUBLIC
    measures = exports.measures_csv(made)
    if output is None:
        return [(None, measures if public else exports.cases_csv(made))]
    if public:
        return [(output, _MARKED + measures)]
    beside = output.with_name(f"{output.stem}-measures{output.suffix}")
    return [(output, _MARKED + exports.cases_csv(made)), (beside, _MARKED + measures)]


def _put(name: Path | None, text: str, say: binaries.Say) -> None:
    if name is None:
        sys.stdout.write(text)
        return
    try:
        # As they are: a CSV file has its own ends of lines.
        with name.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as problem:
        raise CannotReview(f"{name} cannot be written: {problem.strerror}.") from None
    say(f"{name} was written.")
