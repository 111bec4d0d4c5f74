"""The main job, end to end, with real parts: the same story on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio import client as temporal

from escalations.rules import acts
from escalations.rules.case import Cause, Done, Outcome, Status
from escalations.store import register
from tests import builders
from tests.builders import civil, origin
from tests.harness import installation, settings


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_an_escalation_drifts_moves_up_is_answered_by_phone_and_closes(
    database: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else None
    async with installation(settings(tmp_path, url), escalations_client, task_queue) as home:
        reference = await home.raised("2027-03-01 09:30")

        await home.reaches(reference, "2027-03-03 09:00")
        case = await home.case(reference)
        assert [clock.cause for clock in case.clocks if clock.limit_passed_at] == [Cause.SILENT]
        assert case.move is not None

        moved = await home.act(reference, acts.MoveUp(**origin(builders.raiser(), civil("2027-03-03 09:00"))))
        assert moved.state == "applied"
        await home.reaches(reference, "2027-03-04 08:00")
        assert (await home.case(reference)).stage == 2

        said = await home.act(
            reference,
            acts.SayDone(
                **origin(
                    builders.responder("manager"), civil("2027-03-05 10:00"), happened_at=civil("2027-03-04 15:30")
                ),
                done=Done.ANSWERED,
                agency_id=builders.SOCIAL_CARE,
            ),
        )
        assert said.state == "applied", said
        await home.act(
            reference, acts.ConfirmDone(**origin(builders.raiser(), civil("2027-03-05 11:00")), claim_id="c1")
        )
        agreed = await home.act(
            reference,
            acts.Agree(**origin(builders.raiser(), civil("2027-03-05 11:05")), outcome=Outcome.AGREED_IN_PART),
        )
        assert agreed.state == "applied"

        case = await home.case(reference)
        assert case.status is Status.CLOSED
        kinds = [event.kind for event in await home.events(reference)]
        assert kinds.count("partnership_notified") == 2
        async with home.parts.database.read() as tx:
            assert await register.verify(tx) == []
        assert await home.outbox()
