"""The days on which agencies are closed, from the command line: loaded, and shown. A composition root."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors, parts, telemetry
from escalations.packs import term_dates
from escalations.packs.term_dates import Days, NotTermDates
from escalations.policy import SLUG_FORM, AgencyClosed
from escalations.rules import workingtime
from escalations.settings import Settings
from escalations.store import closures, directory
from escalations.temporal.binaries import Say

SCHOOL = "school"


class NotLoaded(errors.FinalOurs):
    """The days cannot be loaded; the text says why, and what to write instead."""

    code = "days_not_loaded"


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody wants to load."""

    file: Path
    council: str | None = None
    agency: str | None = None
    types: tuple[str, ...] = ()
    """Of agencies that follow a council's dates."""
    terms: bool = False
    only: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        """Whose days they are.

        Raises:
            NotLoaded: that is not said, or said twice.
        """
        if (self.council is None) == (self.agency is None):
            raise NotLoaded("Say whose days they are: --council NAME for all its schools, or --agency ID for one.")
        owner = str(self.council or self.agency)
        if re.fullmatch(SLUG_FORM, owner) is None:
            raise NotLoaded(f"“{owner}” is no short name. Use small letters, digits and dashes.")
        if self.agency is not None and self.types:
            raise NotLoaded("--type is for a council's dates. What is loaded for one agency holds for that one alone.")
        return owner


async def load(settings: Settings, given: Given, *, only_check: bool, say: Say) -> None:
    """Load the days of a file, or only say what was read.

    Raises:
        NotLoaded: they cannot be loaded.
        EscalationsError: the database cannot be used.
    """
    telemetry.configure(settings)
    owner = given.owner
    try:
        days = term_dates.read(given.file, terms=given.terms, only=given.only)
    except NotTermDates as problem:
        raise NotLoaded(str(problem)) from None
    types = (given.types or (SCHOOL,)) if given.council is not None else ()
    if types and any(one.opens for one in days):
        raise NotLoaded("Only one agency says that it is open on days on which others are closed: use --agency.")
    for one in days:
        say(_line(one))
    async with parts.opened(settings) as opened:
        async with opened.database.read() as tx:
            await _known(tx, given, types)
        if only_check:
            say(f"{len(days)} read. Nothing was changed.")
            return
        async with opened.database.write() as tx:
            new, replaced = await closures.put(tx, owner, days, types=types, at=opened.now())
    instead = f", in the place of {replaced} that stood there" if replaced else ""
    say(f"{new} entered for {owner}{instead}. No time limit has moved.")
    if opened.in_force.policy.agency_closures is AgencyClosed.DAYS_DO_NOT_COUNT:
        say("By the policy such days do not count: `escalations redate preview` says what that makes of what is open.")


async def _known(tx: AsyncConnection, given: Given, types: tuple[str, ...]) -> None:
    agencies = await directory.all_agencies(tx)
    if given.agency is not None and given.agency not in agencies:
        raise NotLoaded(f"There is no agency {given.agency}. `escalations directory show` lists them all.")
    in_use = {agency.agency_type for agency in agencies.values()}
    for one in types:
        if one not in in_use and given.types:
            raise NotLoaded(f"No agency is of the type {one}. There are: {', '.join(sorted(in_use))}.")


def _line(one: Days) -> str:
    until = "" if one.last == one.first else f" to {workingtime.say_day(one.last)}"
    return f"{'Open' if one.opens else 'Closed'}: {workingtime.say_day(one.first)}{until} ({one.why})"


async def show(settings: Settings, agency_id: str | None, *, say: Say) -> None:
    """Print on which days agencies are closed, from today on.

    Raises:
        EscalationsError: the database cannot be used.
    """
    telemetry.configure(settings)
    async with parts.opened(settings) as opened, opened.database.read() as tx:
        today = workingtime.civil(opened.now()).date()
        found = await closures.closures(tx)
        agencies = await directory.all_agencies(tx)
    if agency_id is not None and agency_id not in agencies:
        raise NotLoaded(f"There is no agency {agency_id}. `escalations directory show` lists them all.")
    shown = {one: days for one, days in found.items() if agency_id in {None, one}}
    if not shown:
        say(f"No days are entered on which {agency_id or 'an agency'} is closed.")
    for one, days in shown.items():
        ahead = [day for day in days if day.last >= today]
        say(f"{agencies[one].name} ({one})")
        for closure in ahead:
            say(f"  {_line(Days(closure.first, closure.last, closure.why))}")
        if not ahead:
            say("  Nothing from today on: please load the next year.")
