"""Registers over lists that fail, lose answers, are slow or swallow, each in the one way that a test names."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from temporalio import activity
from typing_extensions import override

from escalations.rules import acts, decider, events
from escalations.rules.case import Frame
from escalations.workflows import contracts
from escalations.workflows.contracts import RecordAnswer
from tests import builders
from tests.fakes import MemoryRegister


class DatabaseGoneError(Exception):
    """What a driver raises; its words must reach nobody."""


class FaultyRegister(MemoryRegister):
    """Fails as told, and otherwise records like any other."""

    def __init__(self, frame: Frame | None = None) -> None:
        """Start without faults."""
        super().__init__(frame or builders.closing_ends_it())
        self.fails = 0
        """How many calls of ``record`` fail before anything is written."""
        self.loses_answers = 0
        """How many calls of ``record`` fail after everything is written."""
        self.takes_seconds = 0.0
        self.swallows = False
        """Whether to say "recorded" and write nothing: to the workflow, something then stays due for ever."""
        self.deliver_fails = 0
        self.delivered: list[str] = []
        self.calls = 0
        self.asked: dict[str, list[contracts.Contract]] = defaultdict(list)
        """What each run asked for, in order; what it asked again because of a failure once."""

    @activity.defn(name="record")
    @override
    async def record(self, request: contracts.RecordRequest) -> contracts.RecordResult:
        self.calls += 1
        self._was_asked(request)
        if self.takes_seconds:
            await asyncio.sleep(self.takes_seconds)
        if self.fails:
            self.fails -= 1
            raise DatabaseGoneError("away")
        if self.swallows and request.events:
            return contracts.RecordResult(answer=RecordAnswer.RECORDED)
        result = await super().record(request)
        if self.loses_answers:
            self.loses_answers -= 1
            raise DatabaseGoneError("lost after the commit")
        return result

    @activity.defn(name="deliver")
    @override
    async def deliver(self, request: contracts.DeliverRequest) -> contracts.DeliverResult:
        self._was_asked(request)
        if self.deliver_fails:
            self.deliver_fails -= 1
            raise DatabaseGoneError("away")
        self.delivered.extend(request.notice_ids)
        return await super().deliver(request)

    def _was_asked(self, request: contracts.Contract) -> None:
        asked = self.asked[str(activity.info().workflow_run_id)]
        if not asked or asked[-1] != request:
            asked.append(request)

    def behind_its_back(self, reference: str, act: acts.Act) -> tuple[events.Event, ...]:
        """Register what an act brings without the workflow, as a run that died after its commit did."""
        brought = decider.decide(self.case(reference), act, act.received_at)
        assert not isinstance(brought, decider.Refused), brought
        self.bodies[reference].extend(events.dumps(event) for event in brought)
        return brought
