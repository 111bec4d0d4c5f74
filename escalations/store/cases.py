"""Cases as the register tells of them: read, folded by the rules, and kept for a while in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors, policy
from escalations.rules import acts, case, events, evolving, workingtime
from escalations.rules.acts import Act
from escalations.rules.events import Event
from escalations.store import frozen, register


class UnknownCase(errors.FinalOurs):
    """The register has no case of this reference."""

    code = "unknown_case"


class Named(Protocol):
    """What names a policy and a calendar: the event that opens a case or re-dates it, or the act that does."""

    @property
    def policy_hash(self) -> str:
        """Of the policy's canonical text."""
        ...

    @property
    def calendar_hash(self) -> str:
        """Of the calendar's canonical text."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """A case, and the hash of the last register row that it was folded from."""

    case: case.Case
    head: str


class Cases:
    """Reads cases from the register. What it remembers is only ever a start: newer rows are read each time.

    A remembered case is used where the register still holds the row that it ends with; after a restore from a backup it
    may not, and is then read anew.
    """

    def __init__(self, *, remember: int = 512) -> None:
        """Remember at most so many cases; 512 of them are some 5 MB."""
        self._remember = remember
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._frames: dict[tuple[str, str], case.Frame] = {}

    async def read(self, tx: AsyncConnection, reference: str) -> case.Case | None:
        """The case as the register tells of it now, or none where it has no such case."""
        known = self._known.get(reference)
        if known is not None:
            rows = await register.read(tx, reference, after_seq=known.case.seq - 1)
            if rows and rows[0].hash == known.head:
                return await self._keep(tx, known.case, rows[1:], known.head)
        rows = await register.read(tx, reference)
        if not rows:
            return None
        opening = events.loads(rows[0].body)
        if not isinstance(opening, events.Raised):
            raise UnknownCase(reference)
        return await self._keep(tx, case.new(reference, await self.frame(tx, opening)), rows, "")

    async def frame(self, tx: AsyncConnection, named: Named) -> case.Frame:
        """What a case is frozen to, by its hashes. Read once for all that share it: what is frozen never changes."""
        hashes = (named.policy_hash, named.calendar_hash)
        if hashes not in self._frames:
            self._frames[hashes] = await frame_of(tx, named)
        return self._frames[hashes]

    async def named_by(self, tx: AsyncConnection, act: Act) -> case.Frame | None:
        """What an act wants a case to be frozen to. Where that is not kept, there is none, and the rules refuse it."""
        if not isinstance(act, acts.Redate):
            return None
        try:
            return await self.frame(tx, act)
        except frozen.NotFrozen:
            return None

    async def offering(self, tx: AsyncConnection, state: case.Case, happened: Iterable[Event]) -> case.Case:
        """The same case, with what these events name beside its frame, so that they can be applied to it.

        Raises:
            frozen.NotFrozen: one names what is not kept.
        """
        named = [await self.frame(tx, event) for event in happened if isinstance(event, events.Redated)]
        return case.offering(state, *named)

    def remember(self, state: case.Case, head: str) -> None:
        """Keep a case as somebody has just folded it, with the hash of its last row.

        That row may not come to be committed; then the register does not hold it, and the case is read anew.
        """
        self._known[state.reference] = Known(state, head)
        self._known.move_to_end(state.reference)
        while len(self._known) > self._remember:
            self._known.popitem(last=False)

    async def _keep(self, tx: AsyncConnection, state: case.Case, rows: list[register.Entry], head: str) -> case.Case:
        happened = [events.loads(row.body) for row in rows]
        state = evolving.evolve_all(await self.offering(tx, state, happened), tuple(happened))
        head = rows[-1].hash if rows else head
        self.remember(state, head)
        return state


async def frame_of(tx: AsyncConnection, named: Named) -> case.Frame:
    """What a case is frozen to, by the hashes in its first event, or in that of a re-date.

    Raises:
        frozen.NotFrozen: what it names is not kept.
    """
    return case.Frame(
        policy.load_canonical(await frozen.get(tx, named.policy_hash)),
        workingtime.load_calendar(await frozen.get(tx, named.calendar_hash)),
    )
