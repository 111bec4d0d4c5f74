"""The directory from the command line: shown, written out, and loaded from a table. A composition root."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from escalations import errors, parts, telemetry
from escalations.agencies import cells, ladder, plan, showing, table, types
from escalations.agencies.keeping import Keeper, Refused
from escalations.agencies.plan import Kind, Plan
from escalations.settings import Settings
from escalations.temporal.binaries import Say

BY = "the command line"
_WORDS = {Kind.NEW: "new", Kind.CHANGED: "changed", Kind.ENDED: "ends", Kind.SAME: "the same"}


class NotATable(errors.FinalOurs):
    """The table cannot be loaded. The text says what to put right, line by line."""

    code = "not_a_table"


class NoSuchAgency(errors.FinalOurs):
    """The directory has no agency of this id today."""

    code = "no_such_agency"


async def show(settings: Settings, agency_id: str | None, *, as_json: bool, console: Console) -> None:
    """Print the agencies, or one with its positions.

    Raises:
        NoSuchAgency: there is none of this id.
        EscalationsError: the database cannot be used.
    """
    telemetry.configure(settings)
    async with parts.opened(settings) as opened, opened.database.read() as tx:
        now = opened.now()
        found = await showing.listed(tx, opened.vault, now)
    if agency_id is not None:
        found = [one for one in found if one.agency.agency_id == agency_id]
        if not found:
            raise NoSuchAgency(f"There is no agency {agency_id}. `escalations directory show` lists them all.")
    if as_json:
        console.print_json(json.dumps(showing.as_data(found, now), ensure_ascii=False))
    elif agency_id is not None:
        showing.show_one(found[0], console, now)
    else:
        showing.show(found, console, now)


async def export(settings: Settings, *, as_json: bool) -> str:
    """The directory as a table that can be loaded again, or as data.

    Raises:
        EscalationsError: the database cannot be used.
    """
    telemetry.configure(settings)
    async with parts.opened(settings) as opened, opened.database.read() as tx:
        now = opened.now()
        found = await showing.listed(tx, opened.vault, now)
    if as_json:
        return json.dumps(showing.as_data(found, now), indent=2, ensure_ascii=False) + "\n"
    return showing.as_csv(found)


async def load(settings: Settings, file: Path, *, only_check: bool, say: Say, new_types: Sequence[str] = ()) -> bool:
    """Load a table, or only say what it would change. Nothing is changed where anything is wrong.

    Args:
        settings: of the installation.
        file: the table.
        only_check: whether nothing is to be changed.
        say: takes one line.
        new_types: the types that are new to the directory, as they are written in the table.

    Returns:
        Whether nothing was wrong with it.

    Raises:
        NotATable: the file cannot be read.
        EscalationsError: the database cannot be used.
    """
    telemetry.configure(settings)
    read, new = table.read(_content(file)), _codes(new_types)
    async with parts.opened(settings) as opened:
        force = opened.in_force.policy
        allowed = ladder.positions(force)
        if only_check:
            async with opened.database.read() as tx:
                made = await plan.make(
                    tx, opened.vault, read, now=opened.now(), positions=allowed, policy=force, new_types=new
                )
            return _say(made, file, say, done=False)
        async with opened.database.write() as tx:
            keeper = Keeper(tx, opened.vault, at=opened.now(), by=BY)
            await keeper.lock()
            made = await plan.make(
                tx, opened.vault, read, now=opened.now(), positions=allowed, policy=force, new_types=new
            )
            refused = None if made.wrong else await plan.carry_out(keeper, made)
            if isinstance(refused, Refused):
                raise NotATable(refused.sentence)
    return _say(made, file, say, done=True)


def _codes(new_types: Sequence[str]) -> frozenset[str]:
    try:
        return frozenset(cells.code(one) for one in new_types)
    except cells.Unreadable as problem:
        raise NotATable(f"--new-type: {problem}.") from None


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise NotATable(f"{file} cannot be read: {problem.strerror}") from None


def _say(made: Plan, file: Path, say: Say, *, done: bool) -> bool:
    for wrong in made.wrong:
        say(f"{file.name}, {wrong}")
    if made.unread:
        say(f"Not read, because no column has this name: {', '.join(made.unread)}.")
    if made.only_new_types:
        said = " ".join(f'--new-type "{types.said(one)}"' for one in made.new_types)
        say(f"If each of them is a new type, say so: {said}")
    if made.wrong:
        say(f"{len(made.wrong)} to put right. Nothing was changed.")
        return False
    for line in made.lines:
        if line.kind is not Kind.SAME:
            say(f"line {line.line}: {_WORDS[line.kind]}: {line.agency}: {line.sentence}")
    counts = ", ".join(f"{made.count(kind)} {_WORDS[kind]}" for kind in Kind)
    say(f"{counts}. " + ("Done." if done and made.changes else "Nothing was changed."))
    return True
