"""What time alone brings, and how a run goes on and ends (the design, "The workflow")."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import client as temporal
from temporalio.api.enums.v1 import EventType

from escalations.policy import Awaits
from escalations.rules import acts, events
from escalations.rules.case import DeliveryState, Outcome
from escalations.temporal.client import data_converter
from tests.builders import SOCIAL_CARE, civil, origin, raiser, responder
from tests.workflows.registers import FaultyRegister
from tests.workflows.running import kinds, started, timers, worker

MONDAY = "2027-03-01 09:30"
BEFORE_THE_LIMIT = "2027-03-02 16:30"
AFTER_THE_LIMIT = "2027-03-02 17:01"
"""One working day to acknowledge: it ends at the close of business of Tuesday."""


async def test_an_answer_received_in_time_goes_before_the_limit(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        await case.until(BEFORE_THE_LIMIT)
        register.unsettled_answers = 1_000  # A submission of 16:59 is on its way.
        moving = asyncio.create_task(case.skipper.fast_forward(case.handle, civil(AFTER_THE_LIMIT) - await case.now()))
        while register.unsettled_answers == 1_000:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        outcome = await case.act(acts.Acknowledge(**origin(responder(), civil("2027-03-02 16:59"))))
        register.unsettled_answers = 0
        await moving
        await case.idle()

        assert outcome.applied
        assert "limit_passed" not in case.kinds()
        assert "limit_withdrawn" not in case.kinds()


async def test_an_answer_that_does_not_come_is_asked_for_ever_more_slowly(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        await case.until(BEFORE_THE_LIMIT)
        before = len(list(timers((await case.runs())[0])))
        register.unsettled_answers = 6
        await case.until("2027-03-02 17:10")

        waited = [length.total_seconds() for length in list(timers((await case.runs())[0]))[before:]][:6]
        assert waited == [5, 10, 20, 40, 60, 60]
        passed = [event.awaits for event in case.events() if isinstance(event, events.LimitPassed)]
        assert passed == [Awaits.ACKNOWLEDGE]


async def test_a_notice_that_does_not_arrive_starts_a_clock_of_the_team(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    register.undeliverable = {SOCIAL_CARE}
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)

        awaited = [event.awaits for event in case.events() if isinstance(event, events.ClockStarted)]
        assert Awaits.MEND_DELIVERY in awaited
        assert Awaits.ACKNOWLEDGE not in awaited, "the agency's clocks wait until the notice has arrived"
        reported = [event.state for event in case.events() if isinstance(event, events.NoticeReported)]
        assert reported == [DeliveryState.UNDELIVERED]


async def test_what_left_in_a_delivery_that_did_not_answer_is_asked_again_later(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    register.deliver_fails = 3  # All the tries that a delivery has.
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        while register.deliver_fails:
            assert await case.skipper.fast_forward(case.handle, timedelta(minutes=2))
        await case.until_instant(await case.now() + timedelta(minutes=20))

        assert case.kinds().count("notice_reported") == 1
        assert Awaits.ACKNOWLEDGE in [event.awaits for event in case.events() if isinstance(event, events.ClockStarted)]


async def test_a_waiting_case_makes_no_history(escalations_client: temporal.Client, task_queue: str) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        await case.until("2027-03-03 12:00")  # A reminder, a passed limit, a proposal: all is said by now.
        before = kinds((await case.runs())[0])
        await asyncio.sleep(1)
        await case.until("2027-03-03 13:00")

        assert kinds((await case.runs())[0]) == before
        instants = sum(kind in {"reminder_fell", "limit_passed"} for kind in case.kinds())
        assert before["timer_fired"] <= instants + 2, "one for receipt, and one for each instant of the rules"


async def test_a_move_of_stage_goes_on_in_a_new_run_that_delivers_every_notice_once(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        await case.until(BEFORE_THE_LIMIT)
        assert (await case.act(acts.MoveUp(**origin(raiser(), await case.now())))).applied
        await case.until("2027-03-04 09:00")

        histories = await case.runs()
        assert len(histories) == 2
        assert histories[0][-1].event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
        assert register.case(case.reference).stage == 2
        told = [notice_id for notice_id, _ in register.told[case.reference]]
        assert sorted(register.delivered) == sorted(told)
        assert kinds(histories[1])["activity_task_completed"] >= 1, "the notices of the stage are the new run's"

        # Two acts at once in the new run: still one after the other.
        register.takes_seconds = 0.3
        now = await case.now()
        outcomes = await asyncio.gather(
            case.outcome(acts.Acknowledge(**origin(responder("manager"), now))),
            case.outcome(acts.Acknowledge(**origin(responder("manager"), now))),
        )
        assert sorted(outcome.code for outcome in outcomes) == ["already_acknowledged", "applied"]


async def test_a_run_ends_when_nothing_is_owed(escalations_client: temporal.Client, task_queue: str) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        agreed = acts.Agree(**origin(raiser(), await case.now()), outcome=Outcome.AGREED_AS_ASKED)
        assert (await case.act(agreed)).applied
        await asyncio.wait_for(case.handle.result(), 10)

        described = await case.handle.describe()
        assert described.status is temporal.WorkflowExecutionStatus.COMPLETED
        told = [notice_id for notice_id, _ in register.told[case.reference]]
        assert sorted(register.delivered) == sorted(told), "also what told that it is closed"


async def test_a_rule_that_stays_due_after_it_was_applied_fails_the_task_loudly(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, MONDAY)
        await case.until("2027-03-02 10:00")
        calls = register.calls
        register.swallows = True
        moving = asyncio.create_task(case.skipper.fast_forward(case.handle, civil(AFTER_THE_LIMIT) - await case.now()))
        failed = None
        async with asyncio.timeout(30):
            while failed is None:
                await asyncio.sleep(0.1)
                history = (await case.runs())[0]
                failed = next(
                    (event for event in history if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED), None
                )
        failure = failed.workflow_task_failed_event_attributes.failure
        said = await data_converter().decode_failure(failure)
        assert "something stays due" in str(said)
        assert case.reference in str(said)
        assert register.calls - calls < 20, "it did not go round and round"

        register.swallows = False  # A worker with mended rules goes on from where it was.
        await moving
        await case.idle()
        assert case.kinds().count("limit_passed") == 1
