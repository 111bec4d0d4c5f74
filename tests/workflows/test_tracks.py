"""A case that becomes urgent on the real server: its timer wakes it at the urgent limits, and every task replays."""

from __future__ import annotations

from temporalio import client as temporal

from escalations.policy import Awaits, Track
from escalations.rules import acts, events
from escalations.rules.actors import Channel
from tests.builders import TEAM, civil, origin, raiser
from tests.workflows.registers import FaultyRegister
from tests.workflows.running import started, worker


async def test_a_case_that_becomes_urgent_wakes_by_night_and_put_back_at_its_standard_limit(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, "2027-03-01 09:30")
        await case.until("2027-03-01 20:00")
        urgent = acts.ChangeTrack(**origin(raiser(), civil("2027-03-01 20:00")), track=Track.URGENT)
        assert (await case.act(urgent)).applied
        assert (await case.outcome(urgent.model_copy(update={"submission_id": "again"}))).code == "same_track"
        await case.until("2027-03-01 21:59")
        assert "limit_passed" not in case.kinds()
        await case.until("2027-03-01 22:01")
        passed = [event for event in case.events() if isinstance(event, events.LimitPassed)]
        assert [(event.awaits, event.due_at) for event in passed] == [(Awaits.BE_REACHED, civil("2027-03-01 22:00"))]
        back = acts.ChangeTrack(**origin(TEAM, civil("2027-03-01 22:30"), channel=Channel.TEAM), track=Track.STANDARD)
        await case.until("2027-03-01 22:30")
        assert (await case.act(back)).applied
        await case.until("2027-03-08 16:59")
        assert [event.awaits for event in case.events() if isinstance(event, events.LimitPassed)][1:] == [
            Awaits.CHOOSE,
            Awaits.ACKNOWLEDGE,
        ]
        await case.until("2027-03-08 17:01")
        last = [event for event in case.events() if isinstance(event, events.LimitPassed)][-1]
        assert (last.awaits, last.due_at) == (Awaits.RESPOND, civil("2027-03-08 17:00"))
