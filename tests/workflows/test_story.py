"""The workflow carries out what the rules decide: on the real server, with virtual time."""

from __future__ import annotations

from temporalio import client as temporal

from escalations.rules import acts
from escalations.rules.case import Outcome
from tests import builders
from tests.builders import origin
from tests.fakes import MemoryRegister
from tests.workflows.running import started, worker


async def test_an_escalation_is_raised_reminded_moved_up_answered_and_closed(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = MemoryRegister(builders.closing_ends_it())
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, "2027-03-01 09:30")
        await case.until("2027-03-03 09:00")
        assert "limit_passed" in case.kinds()
        outcome = await case.act(acts.MoveUp(**origin(builders.raiser(), await case.now())))
        assert outcome.applied
        await case.until("2027-03-04 09:00")
        assert register.case(task_queue).stage == 2
        outcome = await case.act(
            acts.Respond(**origin(builders.responder("manager"), await case.now()), offers=Outcome.AGREED_IN_PART)
        )
        assert outcome.applied, outcome
        outcome = await case.act(
            acts.Agree(**origin(builders.raiser(), await case.now()), outcome=Outcome.AGREED_IN_PART)
        )
        assert outcome.applied
        await case.handle.result()
        assert register.case(task_queue).status == "closed"
