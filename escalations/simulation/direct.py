"""Living through a case without Temporal: the same rules, register, submissions and notices, at moments of one's own.

What the workflow does for a case that runs, this does for one that is written down afterwards: decide, ``record``,
deliver, report. The case that results is one like any other, and is handed to Temporal by ``restoring`` like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.activities.record import record
from escalations.intake import opening, submissions, unheard
from escalations.parts import Parts
from escalations.rules import acts, clocks, decider, passing
from escalations.rules.acts import Act
from escalations.rules.case import Case, new, offering
from escalations.rules.events import Event
from escalations.store import notices
from escalations.store.notices import NoticeState
from escalations.workflows import contracts
from escalations.workflows.contracts import DeliverRequest, Delivery, RecordRequest


class NotAppliedError(RuntimeError):
    """The rules refused an act of a script; its code says why."""


class Direct:
    """One case, driven from act to act. Time passes where an act is later than the last, and at ``until``."""

    def __init__(self, parts: Parts, *, posts: bool = True) -> None:
        """Take an open installation; nothing is raised yet.

        Args:
            parts: the installation.
            posts: whether notices become messages. One of long ago is noted as sent, and no message is made.
        """
        self._posts = posts
        self._moment: datetime | None = None
        self._parts = replace(parts, now=self._now)
        self._postman = self._parts.postman()
        self.reference = ""

    def _now(self) -> datetime:
        assert self._moment is not None, "a case begins by being raised"  # noqa: S101
        return self._moment

    async def raises(self, act: acts.Raise, *, words: Mapping[str, Any]) -> str:
        """Raise the case, and give its reference."""
        self._moment = act.received_at
        async with self._parts.database.write() as tx:
            closed = await opening.closed_by(self._parts.in_force.policy, tx)
            frame = self._parts.in_force.frame(act.received_at, closed)
            await opening.freeze(tx, frame, at=act.received_at)
        unopened = new("", frame)
        await self._apply(unopened, act, words)
        return self.reference

    async def act(self, act: Act, *, words: Mapping[str, Any] | None = None) -> None:
        """Let time pass until an act is received, and apply it.

        Raises:
            NotAppliedError: the rules refuse it.
        """
        await self.until(act.received_at)
        await self._apply(await self.case(), act, words or {})

    async def until(self, moment: datetime) -> None:
        """Let time pass, stopping wherever the rules want to be woken."""
        while (wake := clocks.next_wake(await self.case())) is not None and wake <= moment:
            self._moment = wake
            known = await self.case()
            await self._bring(known, passing.due(known, wake))
        self._moment = moment

    async def next_wake(self) -> datetime | None:
        """When time alone next brings something; none before it is raised, and where nothing is owed."""
        return clocks.next_wake(await self.case()) if self.reference else None

    async def case(self) -> Case:
        """The case as the register tells of it."""
        async with self._parts.database.read() as tx:
            known = await self._parts.cases.read(tx, self.reference)
        if known is None:
            raise NotAppliedError(self.reference)
        return known

    async def _apply(self, known: Case, act: Act, words: Mapping[str, Any]) -> None:
        submission_id = submissions.new_id(act.received_at)
        act = act.model_copy(update={"submission_id": submission_id})
        async with self._parts.database.write() as tx:
            receipt = await submissions.receive(
                tx,
                self._parts.vault,
                act_kind=act.kind,
                act_json=acts.dumps(act),
                channel=act.channel,
                received_at=act.received_at,
                sealed=dict(words),
                reference=self.reference or None,
                submission_id=submission_id,
                prefix=known.frame.policy.reference_prefix,
            )
            stored = await submissions.get(tx, submission_id)
            act = act.model_copy(update={"content_digest": stored.content_digest})
            known = replace(known, reference=receipt.reference)
            named = await self._parts.cases.named_by(tx, act)
            if named is not None:
                known = offering(known, named)
            decided = decider.decide(known, act, act.received_at)
            if isinstance(decided, decider.Refused):
                raise NotAppliedError(decided.code)
            self.reference = receipt.reference
            to_deliver = await self._record(tx, known, decided, submission_id=submission_id)
        await self._deliver(to_deliver)

    async def _bring(self, known: Case, brought: tuple[Event, ...]) -> None:
        async with self._parts.database.write() as tx:
            to_deliver = await self._record(tx, known, brought)
        await self._deliver(to_deliver)

    async def _record(
        self, tx: AsyncConnection, known: Case, brought: tuple[Event, ...], *, submission_id: str | None = None
    ) -> tuple[str, ...]:
        """Record what was decided, and give the notices that are still to be delivered."""
        result = await record(
            tx,
            self._parts.cases,
            RecordRequest(
                reference=self.reference,
                after_seq=known.seq,
                recorded_at=self._now(),
                events=brought,
                submission_id=submission_id,
            ),
        )
        if self._posts or not result.to_deliver:
            return result.to_deliver
        for delivery in await self._as_sent(tx, result.to_deliver):
            await self._report(tx, delivery)
        return ()

    async def _as_sent(self, tx: AsyncConnection, notice_ids: tuple[str, ...]) -> list[Delivery]:
        """Write of notices that they were sent long ago: nobody writes those messages now, or makes their links."""
        waiting = [row for row in await notices.waiting_for(tx, self.reference) if row.notice_id in notice_ids]
        for row in waiting:
            await notices.settle(tx, row.notice_id, state=NoticeState.SENT, code="accepted", at=self._now())
        found = (unheard.report_of(row, NoticeState.SENT) for row in waiting)
        return [delivery for delivery in found if delivery is not None]

    async def _deliver(self, notice_ids: tuple[str, ...]) -> None:
        if not notice_ids:
            return
        delivered = await self._postman.deliver(
            DeliverRequest(reference=self.reference, notice_ids=notice_ids, at=self._now())
        )
        for delivery in delivered.deliveries:
            async with self._parts.database.write() as tx:
                to_deliver = await self._report(tx, delivery)
            await self._deliver(to_deliver)

    async def _report(self, tx: AsyncConnection, delivery: Delivery) -> tuple[str, ...]:
        """Let the case hear what became of a notice."""
        known = await self._parts.cases.read(tx, self.reference)
        if known is None:
            raise NotAppliedError(self.reference)
        report = contracts.delivery_act(delivery, submission_id=f"delivery-{delivery.notice_id}", at=self._now())
        heard = decider.decide(known, report, report.received_at)
        return () if isinstance(heard, decider.Refused) else await self._record(tx, known, heard)
