"""Erasing the words of an escalation, from the command line: what it destroys is said first, and who and why is kept.

A composition root. What the rules allow, the record in the register and the erasing itself are one transaction: there
is no moment at which the words are gone and nobody knows by whom. The timer service is not asked; it learns of what the
register holds the next time that something happens to the case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors, parts, telemetry
from escalations.activities.record import record
from escalations.intake import submissions
from escalations.policy import Side
from escalations.rules import acts, decider, events
from escalations.rules.actors import Actor, Channel
from escalations.rules.case import Case, EraseReason
from escalations.rules.civiltime import say as say_moment
from escalations.rules.clocks import TEAM_POSITION
from escalations.settings import Settings
from escalations.store import erased_list, erasing, references, register
from escalations.store.erased_list import Entry
from escalations.store.erasing import Holds
from escalations.temporal import binaries
from escalations.web import story
from escalations.workflows.contracts import RecordRequest

STAYS: Final = (
    "What stays: the reference, agencies, codes, dates, time limits with their causes, which notice went to which "
    "position, and who read it when. No hash changes, so the register verifies as before."
)
BACKUPS: Final = (
    "A backup that was made before holds its words, and their keys, for as long as you keep it. Once it is restored it "
    "is erased there again, by the list of what was erased: keep that file apart from the database."
)


class NotErased(errors.FinalOurs):
    """Nothing was erased, for a reason that the sentence says."""

    code = "not_erased"


@dataclass(frozen=True, slots=True)
class Decided:
    """Who has it erased, and why."""

    because: EraseReason
    reason: str
    """In their own words; sealed."""
    by: str
    """The name of whoever of the partnership decided it; sealed."""


def reason_of(file: Path) -> str:
    """The reason that stands in a file.

    Raises:
        NotErased: there is none.
    """
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise NotErased(f"{file} cannot be read as text, so nothing was erased.") from None
    if not text:
        raise NotErased(f"{file} says nothing, so nothing was erased.")
    return text


async def erase(
    settings: Settings,
    reference: str,
    *,
    decided: Decided | None,
    confirmed: Callable[[str], bool],
    say: binaries.Say,
    now: Callable[[], datetime] = parts.wall_clock,
) -> bool:
    """Say what erasing a case would destroy, and do it where somebody decided so and confirms it.

    Args:
        settings: of the installation.
        reference: the case.
        decided: who and why; None only to say what it would destroy.
        confirmed: asks for the reference once more, and says whether it was given.
        say: prints a line.
        now: the clock.

    Returns:
        Whether all that there was to erase is erased.

    Raises:
        NotErased: there is no such case, or it has not ended.
        EscalationsError: the database cannot be used.
    """
    telemetry.configure(settings)
    async with parts.opened(settings, now=now) as opened:
        async with opened.database.read() as tx:
            case = await _case(tx, opened, reference)
            there = await erasing.holds(tx, case.reference)
            for line in await _erased_before(tx, opened, case):
                say(line)
        for line in _would(case, there):
            say(line)
        if not there.keys:
            return True
        refused = _decide(case, _act(opened, EraseReason.OTHER))
        if isinstance(refused, decider.Refused):
            raise NotErased(refused.sentence)
        if decided is None:
            say("Nothing was erased: this says what would be. Say who has it erased and why, with --because, "
                "--reason-file and --by.")  # fmt: skip
            return False
        if not confirmed(case.reference):
            say("Nothing was erased: that was not the reference.")
            return False
        listed = _Listed(settings.erasures_path)
        try:
            async with opened.database.write() as tx:
                gone = await _erase(tx, opened, case.reference, decided, listed)
        except BaseException:
            listed.take_back()
            raise
    say(f"Erased: {_counted(gone)}. That, by whom and why is in the register.")
    return True


async def _case(tx: AsyncConnection, opened: parts.Parts, reference: str) -> Case:
    found = references.parse(reference)
    if isinstance(found, references.Problem):
        raise NotErased(found.sentence)
    case = await opened.cases.read(tx, str(found))
    if case is None:
        raise NotErased(f"There is no escalation {found} in the register.")
    return case


def _act(opened: parts.Parts, because: EraseReason) -> acts.Erase:
    now = opened.now()
    return acts.Erase(
        submission_id=submissions.new_id(now),
        by=Actor(side=Side.TEAM, position=TEAM_POSITION),
        channel=Channel.TEAM,
        received_at=now,
        because=because,
    )


def _decide(case: Case, act: acts.Erase) -> tuple[events.Event, ...] | decider.Refused:
    return decider.decide(case, act, act.received_at)


class _Listed:
    """The entry of one erasing in the list apart from the database: written before the commit, or taken back."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._entry: Entry | None = None

    def add(self, entry: Entry) -> None:
        erased_list.add(self._file, entry)
        self._entry = entry

    def take_back(self) -> None:
        if self._entry is not None:
            erased_list.take_back(self._file, self._entry.act_id)


async def _erase(
    tx: AsyncConnection, opened: parts.Parts, reference: str, decided: Decided, listed: _Listed | None = None
) -> Holds:
    """Store who and why, record it, and erase: one transaction. None is listed of what is erased once more."""
    case = await _case(tx, opened, reference)
    act = _act(opened, decided.because)
    await submissions.receive(
        tx,
        opened.vault,
        act_kind=act.kind,
        act_json=acts.dumps(act),
        channel=act.channel,
        received_at=act.received_at,
        sealed={"by": {"name": decided.by, "role": "by command"}, "text": decided.reason},
        reference=reference,
        submission_id=act.submission_id,
    )
    stored = await submissions.get(tx, act.submission_id)
    brought = _decide(case, act.model_copy(update={"content_digest": stored.content_digest}))
    if isinstance(brought, decider.Refused):
        raise NotErased(brought.sentence)
    request = RecordRequest(
        reference=reference,
        after_seq=case.seq,
        recorded_at=act.received_at,
        events=brought,
        submission_id=act.submission_id,
    )
    await record(tx, opened.cases, request)
    if listed is not None:
        keys = await erasing.keys_of(tx, reference)
        listed.add(Entry(act.submission_id, act.received_at, reference, decided.because, keys))
    return await erasing.case(tx, opened.vault, reference, at=act.received_at)


async def again(opened: parts.Parts, file: Path, *, say: binaries.Say) -> None:
    """Erase once more what the list has and a restored backup brought back; nothing where nothing came back.

    By the ids of data keys, so that another case that was given a lost reference anew is never meant. What was erased
    after its end can be open in the backup: its words are erased all the same, for a person decided so, and whoever
    restores is told to end it as it had ended.

    Raises:
        NoList: the list cannot be read.
    """
    for entry in erased_list.read(file):
        async with opened.database.write() as tx:
            back = await erasing.there_again(tx, entry.keys)
            if not back:
                continue
            case = await opened.cases.read(tx, entry.reference)
            ended = case is not None and not isinstance(_decide(case, _act(opened, entry.because)), decider.Refused)
            if ended:
                why = f"Erased at {say_moment(entry.at)}, after the backup that was restored; once more, by the list."
                await _erase(tx, opened, entry.reference, Decided(entry.because, why, "the list of what was erased"))
            for key_id in await erasing.there_again(tx, back):
                await opened.vault.erase(tx, key_id, at=opened.now())
        after = "" if ended else " It had ended by then and is open in this backup: please end it as it had ended."
        say(f"{entry.reference} was erased at {say_moment(entry.at)}, after this backup: it is erased again.{after}")


async def _erased_before(tx: AsyncConnection, opened: parts.Parts, case: Case) -> list[str]:
    lines = []
    for row in await register.read(tx, case.reference):
        event = events.loads(row.body) if row.kind == "erased" else None
        if isinstance(event, events.Erased):
            words = await story.sealed(tx, opened.vault, event.submission_id) or {}
            who = str((words.get("by") or {}).get("name") or "somebody")
            lines.append(f"{case.reference} was erased at {say_moment(event.at)} by {who} ({event.because.value}).")
    return lines


def _would(case: Case, there: Holds) -> list[str]:
    if not there.keys:
        lines = [f"Nothing of {case.reference} is left to erase."]
    else:
        lines = [f"Erasing {case.reference} destroys for good: {_counted(there)}.", STAYS, BACKUPS]
    if there.waiting:
        lines.append(
            f"Not erased: {_number(there.waiting, 'email')} that may belong to it and wait for the team. Once it has "
            "decided on them, ask again."
        )
    return lines


def _counted(there: Holds) -> str:
    counted = (
        (there.submissions, "the words and names of {}", "act"),
        (there.mails, "{} in full", "email"),
        (there.notes, "what the team did with emails ({})", "time"),
        (there.sessions, "who used a link ({})", "time"),
    )
    return ", ".join(said.format(_number(count, what)) for count, said, what in counted if count)


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
