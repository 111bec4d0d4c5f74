"""Counting open escalations anew from the command line: looked at, and brought about. A composition root."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from escalations import errors, parts
from escalations.intake import redates
from escalations.intake.redates import Basis, Line, Preview
from escalations.intake.submissions import SETTLED, State
from escalations.packs import days_off, reading
from escalations.rules import workingtime
from escalations.rules.case import RedateReason
from escalations.rules.workingtime import Closure

if TYPE_CHECKING:
    from escalations.settings import Settings

WAITS_SECONDS = 60
_LOOKS_SECONDS = 0.5
LONGEST_REASON = 4_000


class NotUsable(errors.FinalOurs):
    """What was given on the command line cannot be used; the sentence says what to write instead."""

    code = "not_usable"


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody wants open escalations to be counted by. Nothing given: what is in force here."""

    calendar: Path | None = None
    closures: tuple[str, ...] = ()
    policy: Path | None = None
    also_sooner: bool = False


def closure(text: str) -> Closure:
    """Read "2027-03-04..2027-03-05=Office move"; a single day and no reason will do.

    Raises:
        NotUsable: it is nothing of the kind.
    """
    days, _, why = text.partition("=")
    first, _, last = days.partition("..")
    try:
        begins = date.fromisoformat(first.strip())
        return Closure(
            first=begins,
            last=date.fromisoformat(last.strip()) if last else begins,
            why=why.strip() or "the offices are closed",
        )
    except ValueError:
        raise NotUsable(
            f"“{text}” is no closure. Write its first and last day and why: 2027-03-04..2027-03-05=Office move"
        ) from None


def basis(settings: Settings, given: Given) -> Basis:
    """What the command line asks for.

    Raises:
        NotUsable: a file or a closure cannot be used.
        settings.WrongSettings: what is in force here cannot be read.
    """
    own = parts.days_off_of(settings.calendar_file)
    try:
        days = days_off.read(given.calendar) if given.calendar else own
        policy = reading.read(given.policy) if given.policy else None
    except reading.NotAPolicyError as problem:
        raise NotUsable(str(problem)) from None
    nothing = not (given.calendar or given.closures or given.policy)
    if nothing:
        policy = parts.policy_of(settings.policy_file)
    return Basis(
        days_off=days,
        calendar=nothing or given.calendar is not None,
        closures=tuple(closure(text) for text in given.closures),
        policy=policy,
    )


async def preview(settings: Settings, given: Given, *, as_json: bool, say: Callable[[str], None]) -> None:
    """Say what would become of every open escalation. Nothing is changed."""
    wanted = basis(settings, given)
    async with parts.opened(settings) as opened:
        found = await _look(opened, wanted, given)
    if as_json:
        say(json.dumps(as_data(found), indent=2, ensure_ascii=False))
        return
    for line in lines(found):
        say(line)
    say("Nothing was changed.")


async def apply(
    settings: Settings,
    given: Given,
    *,
    reason: Path,
    because: RedateReason,
    by: str,
    seen: Path | None,
    say: Callable[[str], None],
    seconds: float = WAITS_SECONDS,
) -> bool:
    """Count them anew: one act for each case, stored first. True where every one of them was applied.

    Raises:
        NotUsable: a file cannot be used, or what was looked at is not what is asked for now.
    """
    wanted, why = basis(settings, given), _reason(reason)
    async with parts.opened(settings) as opened:
        found = await _look(opened, wanted, given)
        looked_at = found.seen if seen is None else _seen(seen, found)
        for line in lines(found):
            say(line)
        press = secrets.token_urlsafe(12)
        sent = await redates.send(
            opened.database,
            opened.vault,
            found,
            seen=looked_at,
            because=because,
            sealed={"by": {"name": by, "role": "at the command line"}, "text": why},
            press=press,
            now=opened.now(),
        )
        say(f"Stored: {sent.stored}.")
        for reference in sent.changed:
            say(f"{reference}: left as it is, because something happened there since it was looked at.")
        states = await _wait(opened, press, sent.stored, say=say, seconds=seconds)
    if wanted.closures:
        say("New escalations are counted by the calendar file of the settings: put the closure there as well.")
    waiting = sent.stored - states[State.APPLIED] - states[State.REFUSED] - states[State.HELD]
    say(f"Counted anew: {states[State.APPLIED]}. Refused: {states[State.REFUSED]}. Still on their way: {waiting}.")
    return states[State.APPLIED] == sent.stored and not sent.changed


async def _look(opened: parts.Parts, wanted: Basis, given: Given) -> Preview:
    async with opened.database.read() as tx:
        return await redates.look(tx, opened.cases, wanted, now=opened.now(), also_sooner=given.also_sooner)


async def _wait(
    opened: parts.Parts, press: str, stored: int, *, say: Callable[[str], None], seconds: float
) -> Counter[State]:
    """Say of each what became of it, as it becomes known; for a minute, and then what is not known yet."""
    told: set[str] = set()
    left = seconds
    while True:
        async with opened.database.read() as tx:
            found = await redates.became(tx, press)
        for one in found:
            if one.state in SETTLED and one.reference not in told:
                told.add(one.reference)
                say(f"{len(told)} of {stored}  {one.reference}: {one.sentence or 'counted anew'}")
        if len(told) >= stored or left <= 0:
            return Counter(one.state for one in found)
        await asyncio.sleep(_LOOKS_SECONDS)
        left -= _LOOKS_SECONDS


def _reason(file: Path) -> str:
    try:
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise NotUsable(f"The reason in {file.name} cannot be read. It is a text file, in UTF-8.") from None
    if not text or len(text) > LONGEST_REASON:
        raise NotUsable(f"{file.name}: say why in 1 to {LONGEST_REASON:,} characters. Both sides can read it.")
    return text


def _seen(file: Path, found: Preview) -> Mapping[str, int]:
    """What a preview said before, as `--json` printed it."""
    try:
        said = json.loads(file.read_text("utf-8"))
        digest, also_sooner = str(said["basis"]), bool(said["also_sooner"])
        looked_at = {str(reference): int(seq) for reference, seq in said["seen"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise NotUsable(f"{file.name} is not what “escalations redate preview --json” prints.") from None
    if (digest, also_sooner) != (found.basis.digest, found.also_sooner):
        raise NotUsable(f"{file.name} is of another calendar or policy than what is asked for now. Look at it again.")
    return looked_at


def lines(found: Preview) -> list[str]:
    """A preview, to read."""
    said = list[str]()
    quiet = [line for line in found.lines if line.refused is None and not line.looked_at]
    for line in found.lines:
        if line.refused is not None:
            said.append(f"{line.reference}  refused: {line.refused.sentence}")
        elif line.looked_at:
            said.append(line.reference)
            said += [f"    {_what(line, place)}: {redates.says(one)}" for place, one in enumerate(line.looked_at)]
    said.extend(found.afterwards)
    said.append(
        f"Open escalations: {len(found.lines) + found.there_already}. A date would move in "
        f"{sum(1 for line in found.lines if line.moves)}; no date in {len(quiet)}; refused "
        f"{sum(1 for line in found.lines if line.refused)}; counted by that already {found.there_already}."
    )
    return said


def _what(line: Line, place: int) -> str:
    clock = line.looked_at[place].clock
    whom = clock.agency_id or clock.waits_for.value.replace("_", " ")
    return f"{clock.rule_id}, stage {clock.stage}, {whom}" if clock.stage else f"{clock.rule_id}, {whom}"


def as_data(found: Preview) -> dict[str, object]:
    """A preview, for a machine; `redate apply --seen` reads it."""
    return {
        "basis": found.basis.digest,
        "also_sooner": found.also_sooner,
        "seen": found.seen,
        "counted_by_that_already": found.there_already,
        "afterwards": list(found.afterwards),
        "cases": [
            {
                "reference": line.reference,
                "refused": None if line.refused is None else {"code": line.refused.code, "why": line.refused.sentence},
                "clocks": [
                    {
                        "clock_id": one.clock.clock_id,
                        "awaits": one.clock.awaits.value,
                        "waits_for": one.clock.waits_for.value,
                        "agency_id": one.clock.agency_id,
                        "due_at": workingtime.civil(one.clock.due_at).isoformat(),
                        "new_due_at": workingtime.civil(one.due_at).isoformat(),
                        "becomes": one.becomes.value,
                    }
                    for one in line.clocks
                ],
            }
            for line in found.lines
        ],
    }
