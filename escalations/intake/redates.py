"""Counting open escalations anew: what a new calendar or policy would make of each, and the acts that bring it about.

Looking changes nothing. Bringing it about writes one submission for each case, as every act of a person, and each names
what was seen: a case that went on meanwhile is left as it is, and said to be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake import opening, submissions
from escalations.intake.opening import InForce
from escalations.intake.submissions import State
from escalations.policy import AgencyClosed, Policy, Side
from escalations.rules import acts, redating, workingtime
from escalations.rules.access import Refused
from escalations.rules.actors import Actor, Channel
from escalations.rules.case import Case, Frame, RedateReason
from escalations.rules.civiltime import AgencyClosures
from escalations.rules.redating import Becomes, Recounted
from escalations.rules.workingtime import Closure
from escalations.store import closures, open_cases, tables
from escalations.store.calendars import DaysOff
from escalations.store.cases import Cases
from escalations.store.engine import Database
from escalations.store.vault import Vault

TEAM = Actor(side=Side.TEAM, position="team")
NOTHING_TO_DO = "same_basis"
MOVES = frozenset({Becomes.LATER, Becomes.SOONER})


@dataclass(frozen=True, slots=True)
class Basis:
    """What open escalations are to be counted by."""

    days_off: DaysOff
    """What the installation says of its own days."""
    calendar: bool = True
    """Whether the calendar of each case is built anew, with those days. Otherwise it keeps its own ..."""
    closures: tuple[Closure, ...] = ()
    """... and is closed on these days as well."""
    policy: Policy | None = None
    """The policy that takes the place of each case's own; none leaves that."""
    of_agencies: tuple[AgencyClosures, ...] = ()
    """Days on which agencies are closed, for the cases by whose policy these do not count."""

    def frame(self, case: Case) -> Frame:
        """What a case is to be frozen to."""
        policy, calendar = self.policy or case.frame.policy, case.frame.calendar
        assert case.received_at is not None  # noqa: S101  every case that the register knows was received
        if self.calendar or not opening.counts_as(policy, calendar):
            closed = {one: group.closures for group in self.of_agencies for one in group.agencies}
            counts = policy.agency_closures is AgencyClosed.DAYS_DO_NOT_COUNT
            calendar = InForce(policy, self.days_off).frame(case.received_at, closed if counts else None).calendar
        for closure in self.closures:
            if closure not in calendar.closures:
                calendar = calendar.with_closure(closure)
        return Frame(policy, calendar)

    @property
    def digest(self) -> str:
        """A short name of it, by which it is seen that what is brought about is what was looked at."""
        said = [self.days_off.model_dump_json(), str(self.calendar), self.policy.content_hash if self.policy else ""]
        said += [one.model_dump_json() for one in (*self.closures, *self.of_agencies)]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Line:
    """One open escalation on the new basis."""

    case: Case
    frame: Frame
    clocks: tuple[Recounted, ...] = ()
    refused: Refused | None = None
    """Why it cannot be counted by that."""

    @property
    def reference(self) -> str:
        """Which."""
        return self.case.reference

    @property
    def moves(self) -> bool:
        """Whether a date of it would move."""
        return any(one.becomes in MOVES for one in self.clocks)

    @property
    def looked_at(self) -> tuple[Recounted, ...]:
        """The clocks that somebody has to look at: what moves, and what stays though it would not be there."""
        return tuple(one for one in self.clocks if one.becomes is not Becomes.SAME)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a new basis would make of every open escalation. Nothing has been changed."""

    basis: Basis
    also_sooner: bool
    lines: tuple[Line, ...]
    """Those that are not counted by it already; what moves or is refused comes first."""
    there_already: int
    """How many are counted by it already."""

    @property
    def seen(self) -> dict[str, int]:
        """What was seen of each case that can be counted anew: how many events it had."""
        return {line.reference: line.case.seq for line in self.lines if line.refused is None}

    @property
    def afterwards(self) -> tuple[str, ...]:
        """What another policy changes that no date says yet: what is asked once an escalation has closed."""
        counted = [line for line in self.lines if line.refused is None]
        pairs = [(line.case.frame.policy.follow_up, line.frame.policy.follow_up) for line in counted]
        lost = sum(1 for had, has in pairs if had is not None and has is None)
        new = sum(1 for had, has in pairs if had is None and has is not None)
        other = sum(1 for had, has in pairs if had is not None and has is not None and had != has)
        said = {
            "nobody would be asked after the end what came of it: the new policy has no follow-up.": lost,
            "what came of it would be asked after the end, which it would not be now.": new,
            "what came of it would be asked after the end as the new policy has it, and not as it is now.": other,
        }
        return tuple(f"In {count} {sentence}" for sentence, count in said.items() if count)


async def look(tx: AsyncConnection, cases: Cases, basis: Basis, *, now: datetime, also_sooner: bool = False) -> Preview:
    """Count every open escalation by a new basis, and change nothing; with the days of agencies as they are entered."""
    closed = await closures.closures(tx)
    basis = replace(basis, of_agencies=tuple(AgencyClosures(agencies=(one,), closures=closed[one]) for one in closed))
    found, there_already = list[Line](), 0
    for reference in await open_cases.references(tx):
        case = await cases.read(tx, reference)
        if case is None:
            continue
        frame = basis.frame(case)
        counted = redating.recounted(case, frame, now, also_sooner=also_sooner)
        if not isinstance(counted, Refused):
            found.append(Line(case, frame, counted))
        elif counted.code == NOTHING_TO_DO:
            there_already += 1
        else:
            found.append(Line(case, frame, refused=counted))
    found.sort(key=lambda line: (not (line.looked_at or line.refused), line.reference))
    return Preview(basis, also_sooner, tuple(found), there_already)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was done about a preview."""

    stored: int
    """For so many cases a submission was stored."""
    changed: tuple[str, ...]
    """These went on since it was looked at, and were left as they are."""


async def send(
    database: Database,
    vault: Vault,
    preview: Preview,
    *,
    seen: Mapping[str, int],
    because: RedateReason,
    sealed: Mapping[str, object],
    press: str,
    now: datetime,
    only: frozenset[str] | None = None,
) -> Sent:
    """Store one act for each case that was seen and has not gone on since.

    Args:
        database: where it is stored.
        vault: seals why, and who.
        preview: as it is now.
        seen: as it was when somebody looked: how many events each case had.
        because: the kind of reason.
        sealed: the reason in words, and who gives it.
        press: names this one pressing of the button; a second one stores nothing.
        now: the moment.
        only: these cases; all that were seen where none is given.
    """
    stored, changed, frozen = 0, list[str](), list[Frame]()
    for line in preview.lines:
        if line.refused is not None or line.reference not in seen or (only is not None and line.reference not in only):
            continue
        if line.case.seq != seen[line.reference]:
            changed.append(line.reference)
            continue
        async with database.write() as tx:
            if line.frame not in frozen:
                await opening.freeze(tx, line.frame, at=now)
                frozen.append(line.frame)
            await _store(tx, vault, line, preview, because=because, sealed=sealed, press=press, now=now)
        stored += 1
    return Sent(stored, tuple(changed))


async def _store(
    tx: AsyncConnection,
    vault: Vault,
    line: Line,
    preview: Preview,
    *,
    because: RedateReason,
    sealed: Mapping[str, object],
    press: str,
    now: datetime,
) -> None:
    submission_id = submissions.new_id(now)
    act = acts.Redate(
        submission_id=submission_id,
        by=TEAM,
        channel=Channel.TEAM,
        received_at=now,
        policy_hash=line.frame.policy.content_hash,
        calendar_hash=line.frame.calendar.content_hash,
        seen_seq=line.case.seq,
        because=because,
        also_sooner=preview.also_sooner,
    )
    await submissions.receive(
        tx,
        vault,
        act_kind=act.kind,
        act_json=acts.dumps(act),
        channel=Channel.TEAM,
        received_at=now,
        sealed=dict(sealed),
        reference=line.reference,
        submission_id=submission_id,
        idempotency_key=f"{_key(press)}{line.reference}",
    )


def _key(press: str) -> str:
    return f"redate:{press}:"


@dataclass(frozen=True, slots=True)
class Became:
    """What became of one case's act."""

    reference: str
    state: State
    sentence: str = ""
    """Why it was refused."""


async def became(tx: AsyncConnection, press: str) -> tuple[Became, ...]:
    """What became of the acts of one pressing of the button so far, by reference."""
    rows, states = tables.SUBMISSIONS, tables.SUBMISSION_STATES
    query = (
        select(states.c.reference, states.c.state, states.c.outcome_sentence)
        .join(rows, rows.c.submission_id == states.c.submission_id)
        .where(rows.c.idempotency_key.startswith(_key(press), autoescape=True))
        .order_by(states.c.reference)
    )
    found = await tx.execute(query)
    return tuple(Became(row.reference, State(row.state), row.outcome_sentence or "") for row in found)


def says(one: Recounted) -> str:
    """What becomes of one time limit, in words."""
    was, due = workingtime.say(one.clock.due_at), workingtime.say(one.due_at)
    match one.becomes:
        case Becomes.LATER:
            return f"later: {due}, and not {was}"
        case Becomes.SOONER:
            return f"sooner: {due}, and not {was}"
        case Becomes.KEPT_SOONER:
            return f"stays {was}; it would be sooner, {due}"
        case Becomes.KEPT_PASSED:
            return f"stays passed, {was}; it would be {due}, so the cause is to be looked at"
        case Becomes.SAME:
            return f"the same: {was}"
