"""Living through a case without Temporal: the same rules, register, submissions and notices, at moments of one's own.

What the workflow does for a case that runs, this does for one that is written down afterwards: decide, ``record``,
deliver, report. The case that results is one like any other, and is handed to Temporal by ``restoring`` like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from escalations.activities.record import record
from escalations.intake import opening, submissions
from escalations.parts import Parts
from escalations.rules import acts, clocks, decider, passing
from escalations.rules.acts import Act
from escalations.rules.case import Case, new
from escalations.rules.events import Event
from escalations.workflows import contracts
from escalations.workflows.contracts import DeliverRequest, RecordRequest


class NotAppliedError(RuntimeError):
    """The rules refused an act of a script; its code says why."""


class Direct:
    """One case, driven from act to act. Time passes where an act is later than the last, and at ``until``."""

    def __init__(self, parts: Parts) -> None:
        """Take an open installation; nothing is raised yet."""
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
        frame = self._parts.in_force.frame(act.received_at)
        async with self._parts.database.write() as tx:
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
            await self._record(known, passing.due(known, wake))
        self._moment = moment

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
        self.reference = receipt.reference
        act = act.model_copy(update={"content_digest": stored.content_digest})
        known = replace(known, reference=receipt.reference)
        decided = decider.decide(known, act, act.received_at)
        if isinstance(decided, decider.Refused):
            raise NotAppliedError(decided.code)
        await self._record(known, decided, submission_id=submission_id)

    async def _record(
        self,
        known: Case,
        brought: tuple[Event, ...],
        *,
        submission_id: str | None = None,
    ) -> None:
        async with self._parts.database.write() as tx:
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
        if not result.to_deliver:
            return
        delivered = await self._postman.deliver(
            DeliverRequest(reference=self.reference, notice_ids=result.to_deliver, at=self._now())
        )
        for delivery in delivered.deliveries:
            known = await self.case()
            report = contracts.delivery_act(delivery, submission_id=f"delivery-{delivery.notice_id}", at=self._now())
            heard = decider.decide(known, report, report.received_at)
            if not isinstance(heard, decider.Refused):
                await self._record(known, heard)
