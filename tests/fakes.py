"""Stand-ins for the outside, each with the contract of the real part and nothing of its storage."""

from __future__ import annotations

from collections import defaultdict

from temporalio import activity

from escalations.rules import events, notices
from escalations.rules.case import Case, DeliveryState, Frame, new
from escalations.rules.evolving import evolve
from escalations.workflows import contracts
from escalations.workflows.contracts import RecordAnswer


class MemoryRegister:
    """The activities of a case over plain lists: what a workflow test needs to see what was carried out."""

    def __init__(self, frame: Frame) -> None:
        """Start empty."""
        self.frame = frame
        self.bodies: dict[str, list[str]] = defaultdict(list)
        self.settled: dict[str, contracts.Refusal | None] = {}
        self.unsettled_answers = 0
        """How often to answer ``unsettled`` before letting time through."""
        self.undeliverable: set[str] = set()
        """Agencies whose notices do not arrive."""
        self.told: dict[str, list[tuple[str, notices.Notice]]] = defaultdict(list)

    def events(self, reference: str) -> list[events.Event]:
        """Give what is registered of a case."""
        return [events.loads(body) for body in self.bodies[reference]]

    def case(self, reference: str) -> Case:
        """Give the case that the register tells of."""
        case = new(reference, self.frame)
        for event in self.events(reference):
            case = evolve(case, event)
        return case

    @activity.defn(name="record")
    async def record(self, request: contracts.RecordRequest) -> contracts.RecordResult:
        """Append, idempotent by content."""
        rows = self.bodies[request.reference]
        brought = [events.dumps(event) for event in request.events]
        there = rows[request.after_seq :]
        if there and there != brought:
            return contracts.RecordResult(answer=RecordAnswer.AHEAD, events=tuple(events.loads(body) for body in there))
        if request.submission_id in self.settled and not there:
            return contracts.RecordResult(answer=RecordAnswer.SETTLED, refusal=self.settled[request.submission_id])
        if request.received_by is not None and self.unsettled_answers > 0:
            self.unsettled_answers -= 1
            return contracts.RecordResult(answer=RecordAnswer.UNSETTLED)
        case = self.case(request.reference)
        deliver = []
        for event in request.events:
            case = evolve(case, event)
            for number, notice in enumerate(notices.notices_for(case, event)):
                notice_id = f"{request.reference}-{case.seq}-{number}"
                deliver.append(notice_id)
                self.told[request.reference].append((notice_id, notice))
        rows.extend(brought if not there else [])
        if request.submission_id is not None:
            self.settled[request.submission_id] = request.refusal
        return contracts.RecordResult(answer=RecordAnswer.RECORDED, events=request.events, to_deliver=tuple(deliver))

    @activity.defn(name="deliver")
    async def deliver(self, request: contracts.DeliverRequest) -> contracts.DeliverResult:
        """Deliver everything at once but to the agencies that cannot be reached."""
        by_id = dict(self.told[request.reference])
        deliveries = []
        for notice_id in request.notice_ids:
            notice = by_id[notice_id]
            failed = notice.to.agency_id in self.undeliverable
            if notice.starts_clocks or failed:
                deliveries.append(
                    contracts.Delivery(
                        notice_id=notice_id,
                        agency_id=notice.to.agency_id,
                        stage=notice.stage,
                        starts_clocks=notice.starts_clocks,
                        state=DeliveryState.UNDELIVERED if failed else DeliveryState.DELIVERED,
                    )
                )
        return contracts.DeliverResult(deliveries=tuple(deliveries))
