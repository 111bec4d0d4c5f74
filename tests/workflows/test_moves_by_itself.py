"""A case that the partnership's document moves up by itself, on the real server, and one that a person keeps."""

from __future__ import annotations

from temporalio import client as temporal

from escalations.rules import acts, events
from tests import builders
from tests.builders import civil, origin, raiser
from tests.rules.test_the_ladder import escalating
from tests.workflows.registers import FaultyRegister
from tests.workflows.running import Running, started, worker

MONDAY = "2027-03-01 09:30"


def stages(case: Running) -> list[tuple[int, str | None, str]]:
    """Give the stages so far, by which rule each began, and when."""
    return [
        (event.stage, event.by_rule, f"{event.at:%d %B %H:%M}")
        for event in case.events()
        if isinstance(event, events.StageStarted)
    ]


async def test_it_is_told_first_and_then_moves_by_the_rule(
    escalations_client: temporal.Client, task_queue: str
) -> None:
    register = FaultyRegister(frame=builders.frame(escalating()))
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        await case.until("2027-03-03 16:59")
        assert [stage for stage, _, _ in stages(case)] == [1]
        assert any(isinstance(event, events.MoveDue) for event in case.events())
        await case.until("2027-03-03 17:01")
        assert stages(case)[1:] == [(2, "acknowledge", "03 March 17:00")]


async def test_a_person_of_the_raising_side_keeps_it(escalations_client: temporal.Client, task_queue: str) -> None:
    register = FaultyRegister(frame=builders.frame(escalating()))
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        await case.until("2027-03-03 10:00")
        assert (await case.act(acts.Object(**origin(raiser(), civil("2027-03-03 10:00"))))).applied
        await case.until("2027-03-03 17:01")
        assert [stage for stage, _, _ in stages(case)] == [1]
