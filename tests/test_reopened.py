"""A case whose workflow had ended is opened again, on the real server: a new run waits for its new time limits."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from temporalio import client as temporal

from escalations.policy import Awaits
from escalations.rules import acts
from escalations.rules.case import Outcome, ReopenReason
from escalations.store import read_models, register
from tests.builders import civil, origin, raiser
from tests.harness import installation, settings


async def test_a_new_run_goes_on_from_the_register_and_wakes_at_the_new_limit(
    tmp_path: Path, escalations_client: temporal.Client, task_queue: str
) -> None:
    async with installation(settings(tmp_path), escalations_client, task_queue) as home:
        reference = await home.raised("2027-03-01 09:30")
        await home.reaches(reference, "2027-03-01 11:00")
        agree = acts.Agree(**origin(raiser(), civil("2027-03-01 11:00")), outcome=Outcome.AGREED_AS_ASKED)
        assert (await home.act(reference, agree)).state == "applied"
        await home.handle(reference).result()

        again = acts.Reopen(**origin(raiser(), civil("2027-03-15 10:00")), because=ReopenReason.NOT_DONE)
        receipt = await home.receive(again, reference=reference)  # No run has a clock to move until this starts one.
        assert (await home.settled(receipt.submission_id)).state == "applied"
        await home.idle(reference)
        # The new run's clock is that of the wall: its notices arrive by that, and what they start counts from then.
        due_at = (await home.case(reference)).running(Awaits.ACKNOWLEDGE)[0].due_at
        await home.until(reference, due_at + timedelta(minutes=1))
        await home.idle(reference)
        async with home.parts.database.read() as tx:
            found = await read_models.case_of(tx, reference)
            limits = [clock for clock in await read_models.clocks_of(tx, reference) if clock.limit_passed_at]
            assert await register.verify(tx) == []
        assert found is not None
        assert (found.status, found.closed_at, found.outcome) == ("open", None, None)
        assert [(clock.awaits, clock.due_at) for clock in limits] == [("acknowledge", due_at)]
        kinds = [row.notice.kind.value for row in await home.notices(reference)]
        assert kinds.count("asked") == 2
        assert "reopened" in kinds
