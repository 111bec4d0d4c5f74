"""How long histories are, with every real part (issue 3, "Measured").

What virtual time leaves in a history is not counted; nothing else is left out, the start and the end included.
"""

from __future__ import annotations

from pathlib import Path

from temporalio import client as temporal
from temporalio.api.history.v1 import HistoryEvent

from escalations.policy import Track
from escalations.rules import acts
from escalations.rules.case import Outcome, Status
from tests.builders import civil, origin, raiser, responder
from tests.harness import Installation, installation, settings
from tests.workflows.running import kinds, runs

RESOLUTION_AT_MOST = 65
STAGE_AT_MOST = 45
WAKE = 12
"""What one instant of the rules costs: a timer set and fired, a record, a delivery, and their two workflow tasks."""


async def _runs(home: Installation, reference: str) -> list[list[HistoryEvent]]:
    described = await home.handle(reference).describe()
    return await runs(home.client, reference, described.raw_description.workflow_execution_info.first_run_id)


async def test_a_resolution_at_stage_one_with_two_acts_stays_within_its_budget(
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    async with installation(settings(tmp_path), escalations_client, task_queue) as home:
        reference = await home.raised("2027-03-01 09:30")
        await home.act(
            reference, acts.Respond(**origin(responder(), civil("2027-03-01 14:00")), offers=Outcome.AGREED_AS_ASKED)
        )
        await home.act(
            reference, acts.Agree(**origin(raiser(), civil("2027-03-01 15:00")), outcome=Outcome.AGREED_AS_ASKED)
        )
        await home.handle(reference).result()

        (history,) = await _runs(home, reference)
        assert (await home.case(reference)).status is Status.CLOSED
        assert len(history) <= RESOLUTION_AT_MOST, kinds(history)


async def test_a_further_stage_with_a_reminder_and_a_passed_limit_stays_within_its_budget(
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    """On the urgent track, where a move takes effect at once: one reminder, one passed limit, one move."""
    async with installation(settings(tmp_path), escalations_client, task_queue) as home:
        reference = await home.raised("2027-03-01 09:30", track=Track.URGENT)
        await home.act(reference, acts.MoveUp(**origin(raiser(), civil("2027-03-01 10:00"))))
        await home.reaches(reference, "2027-03-01 12:30")
        kinds_so_far = [event.kind for event in await home.events(reference)]
        assert kinds_so_far.count("reminder_fell") == kinds_so_far.count("limit_passed") == 1
        await home.act(reference, acts.MoveUp(**origin(raiser(), civil("2027-03-01 13:00"))))

        histories = await _runs(home, reference)
        assert (await home.case(reference)).stage == len(histories) == 3
        assert len(histories[1]) <= STAGE_AT_MOST, kinds(histories[1])


async def test_a_further_stage_that_its_raiser_lets_wait_costs_one_more_wake(
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    """On the standard track the question whether to move up has a limit of its own, which passes here too."""
    async with installation(settings(tmp_path), escalations_client, task_queue) as home:
        reference = await home.raised("2027-03-01 09:30")
        await home.act(reference, acts.MoveUp(**origin(raiser(), civil("2027-03-01 10:00"))))
        await home.reaches(reference, "2027-03-04 17:05")
        await home.act(reference, acts.MoveUp(**origin(raiser(), civil("2027-03-04 18:00"))))

        histories = await _runs(home, reference)
        assert (await home.case(reference)).stage == len(histories) == 3
        assert len(histories[1]) <= STAGE_AT_MOST + WAKE, kinds(histories[1])
