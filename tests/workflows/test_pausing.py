"""A case that the team pauses and extends, on the real server: its timer follows, and every task replays."""

from __future__ import annotations

from temporalio import client as temporal

from escalations.policy import Awaits
from escalations.rules import acts, events
from escalations.rules.actors import Channel
from escalations.rules.case import PauseReason
from escalations.rules.workingtime import Amount
from tests.builders import TEAM, civil, origin, raiser
from tests.workflows.registers import FaultyRegister
from tests.workflows.running import Running, started, worker

MONDAY = "2027-03-01 09:30"


def passed(case: Running) -> list[tuple[Awaits, str]]:
    """Give what passed so far, with the day on which it did."""
    return [
        (event.awaits, f"{event.at:%d %B %H:%M}") for event in case.events() if isinstance(event, events.LimitPassed)
    ]


async def pause(case: Running, at: str) -> None:
    await case.until(at)
    act = acts.Pause(**origin(TEAM, civil(at), channel=Channel.TEAM), reason=PauseReason.MEDICAL)
    assert (await case.act(act)).applied


async def resume(case: Running, at: str) -> None:
    await case.until(at)
    assert (await case.act(acts.Resume(**origin(TEAM, civil(at), channel=Channel.TEAM)))).applied


async def test_a_paused_case_sleeps_past_its_limit_and_wakes_at_the_one_that_it_got(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        await pause(case, "2027-03-01 12:00")
        await case.until("2027-03-03 12:00")
        assert passed(case) == []
        await resume(case, "2027-03-03 12:30")
        # Tuesday was taken. Monday, on which the time began, does not count.
        await case.until("2027-03-03 16:59")
        assert passed(case) == []
        await case.until("2027-03-03 17:01")
        assert passed(case) == [(Awaits.ACKNOWLEDGE, "03 March 17:00")]


async def test_an_extended_limit_is_waited_for_and_the_earlier_one_is_not(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        clock = next(
            event
            for event in case.events()
            if isinstance(event, events.ClockStarted) and event.rule_id == "acknowledge"
        )
        act = acts.Extend(
            **origin(TEAM, civil("2027-03-01 12:00"), channel=Channel.TEAM),
            clock_id=clock.clock_id,
            by_amount=Amount.parse("1 working day"),
        )
        await case.until("2027-03-01 12:00")
        assert (await case.act(act)).applied
        assert (await case.outcome(act.model_copy(update={"submission_id": "again"}))).code == "extended_too_long"
        await case.until("2027-03-03 16:59")
        assert passed(case) == []
        await case.until("2027-03-03 17:01")
        assert passed(case) == [(Awaits.ACKNOWLEDGE, "03 March 17:00")]


async def test_a_pause_lasts_through_a_move_of_stage_and_its_new_run(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        await case.until("2027-03-01 12:00")
        assert (await case.act(acts.MoveUp(**origin(raiser(), civil("2027-03-01 12:00"))))).applied
        await pause(case, "2027-03-01 14:00")
        await case.until("2027-03-10 12:00")
        assert len(await case.runs()) == 2
        assert passed(case) == []
        await resume(case, "2027-03-10 12:30")
        # The stage began at a close of business, in the pause: one working day was ahead, to the close of the next.
        await case.until("2027-03-10 17:01")
        assert passed(case) == [(Awaits.ACKNOWLEDGE, "10 March 17:00")]


async def test_a_case_that_is_paused_for_too_long_is_put_before_the_team_once(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        await pause(case, "2027-03-01 12:00")
        await case.until("2027-04-30 12:00")
        assert case.kinds().count("paused_too_long") == 1
        assert passed(case) == []
