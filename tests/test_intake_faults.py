"""What is received is never lost, is applied in order, and counts from when it was received (issue 3, "faults")."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from temporalio import client as temporal

from escalations.intake import submissions
from escalations.intake.submissions import State
from escalations.policy import Awaits
from escalations.rules import acts, events
from escalations.rules.case import Outcome
from escalations.rules.notices import NoticeKind
from escalations.store import register
from tests import builders
from tests.builders import SOCIAL_CARE, TEAM, civil, origin, raiser, responder
from tests.harness import RAISER_WORDS, Installation, dispatching, eventually, installation, settings


@pytest.fixture
async def home(tmp_path: Path, escalations_client: temporal.Client, task_queue: str) -> AsyncIterator[Installation]:
    """Give an installation whose dispatcher stands still until a test lets it run."""
    async with installation(settings(tmp_path), escalations_client, task_queue, with_dispatcher=False) as opened:
        yield opened


async def _raised(home: Installation, at: str) -> str:
    async with dispatching(home.dispatcher):
        return await home.raised(at)


async def test_an_answer_received_before_the_limit_and_delivered_after_it_is_in_time(home: Installation) -> None:
    reference = await _raised(home, "2027-03-01 09:30")
    await home.reaches(reference, "2027-03-02 16:58")
    answer = acts.Acknowledge(**origin(responder(), civil("2027-03-02 16:59")))
    receipt = await home.receive(answer, reference=reference)  # It waits: nobody takes it to its case.
    await home.until(reference, civil("2027-03-02 17:02"))

    async with dispatching(home.dispatcher):
        assert (await home.settled(receipt.submission_id)).state is State.APPLIED
        await home.idle(reference)

    kinds = [event.kind for event in await home.events(reference)]
    assert "limit_passed" not in kinds
    assert "limit_withdrawn" not in kinds


async def test_a_limit_that_was_noted_although_it_was_kept_is_withdrawn_and_everyone_who_was_told_hears(
    home: Installation,
) -> None:
    reference = await _raised(home, "2027-03-01 09:30")
    await home.reaches(reference, "2027-03-02 17:05")
    passed = [event for event in await home.events(reference) if isinstance(event, events.LimitPassed)]
    assert [event.awaits for event in passed] == [Awaits.ACKNOWLEDGE]

    # A mailbox was away for ten minutes: its server had the answer before the limit, and we read it only now.
    answer = acts.Acknowledge(**origin(responder(), civil("2027-03-02 16:59")))
    async with dispatching(home.dispatcher):
        assert (await home.act(reference, answer)).state is State.APPLIED

    assert [event.clock_id for event in await home.events(reference) if isinstance(event, events.LimitWithdrawn)] == [
        passed[0].clock_id
    ]
    told = await home.notices(reference)
    of_limit = {row.notice.to for row in told if row.notice.kind is NoticeKind.LIMIT_PASSED}
    relieved = {row.notice.to for row in told if row.notice.kind is NoticeKind.NO_ACTION_NEEDED}
    assert of_limit
    assert of_limit <= relieved


async def test_a_later_act_on_a_closed_case_gets_its_refusal(home: Installation) -> None:
    async with dispatching(home.dispatcher):
        reference = await home.raised_now()
        await home.receive(
            acts.Agree(**origin(raiser(), home.parts.now()), outcome=Outcome.AGREED_AS_ASKED), reference=reference
        )
        await asyncio.wait_for(home.handle(reference).result(), 20)
        late = await home.receive(
            acts.Respond(**origin(responder(), home.parts.now()), offers=Outcome.AGREED_IN_PART), reference=reference
        )
        found = await home.settled(late.submission_id)

    assert (found.state, found.outcome_code) == (State.REFUSED, "closed")
    assert found.outcome_sentence


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_many_acts_on_one_case_keep_their_order_whoever_takes_them(
    database: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else None
    async with installation(settings(tmp_path, url), escalations_client, task_queue) as home:
        reference = await home.raised_now()
        others = [
            home.parts.dispatcher(lambda: escalations_client, owner=f"other-{n}", task_queue=task_queue)
            for n in range(2)
        ]
        async with AsyncExitStack() as stack:
            for other in others:
                await stack.enter_async_context(dispatching(other))
            receipts = []
            for number in range(12):
                act = acts.NotePhoneCall(
                    **origin(TEAM, home.parts.now()), agency_id=SOCIAL_CARE, reached=number % 2 == 0
                )
                receipts.append(await home.receive(act, reference=reference))
                for dispatcher in others:
                    dispatcher.wake()
            states = [(await home.settled(receipt.submission_id)).state for receipt in receipts]

        assert states == [State.APPLIED] * len(receipts)
        noted = [event.submission_id for event in await home.events(reference) if event.kind == "phone_call_noted"]
        assert noted == [receipt.submission_id for receipt in receipts]


async def test_a_stuck_case_does_not_stop_the_others(home: Installation) -> None:
    async with dispatching(home.dispatcher):
        stuck = await home.raised_now()
        other = await home.raised_now()
        async with home.parts.database.write() as tx:
            unreadable = await submissions.receive(
                tx,
                home.parts.vault,
                act_kind="acknowledge",
                act_json="{}",
                channel="link",
                received_at=home.parts.now(),
                sealed={},
                reference=stuck,
            )
        began = asyncio.get_running_loop().time()
        answer = await home.receive(acts.Acknowledge(**origin(responder(), home.parts.now())), reference=other)
        found = await home.settled(answer.submission_id)

        async with home.parts.database.read() as tx:
            waits = await submissions.get(tx, unreadable.submission_id)

    assert found.state is State.APPLIED
    assert asyncio.get_running_loop().time() - began < 10
    assert waits.state in {State.QUEUED, State.IN_FLIGHT}, "it is not lost either"


async def test_an_act_that_was_received_while_temporal_was_away_counts_from_its_receipt(
    home: Installation,
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    present: list[temporal.Client] = []
    dispatcher = home.parts.dispatcher(lambda: present[0] if present else None, owner="away", task_queue=task_queue)
    async with dispatching(dispatcher):
        received_at = home.parts.now() - timedelta(minutes=90)
        receipt = await home.receive(builders.raise_(received_at), reference=None, words=RAISER_WORDS)
        assert receipt.reference
        await asyncio.sleep(0.5)
        async with home.parts.database.read() as tx:
            assert (await submissions.get(tx, receipt.submission_id)).state is State.QUEUED
        present.append(escalations_client)
        dispatcher.wake()
        await home.settled(receipt.submission_id)
        await home.idle(receipt.reference)

    happened = await home.events(receipt.reference)
    assert happened[0].at == received_at
    whole = next(
        event for event in happened if isinstance(event, events.ClockStarted) and event.awaits is Awaits.SETTLE_ALL
    )
    assert whole.at == received_at


async def test_a_register_restored_from_an_old_backup_stops_the_case_with_an_alarm(
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    chosen = settings(tmp_path)
    file, backup = tmp_path / "escalations.db", tmp_path / "backup.db"
    async with installation(chosen, escalations_client, task_queue) as home:
        reference = await home.raised_now()
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as copy:
            source.backup(copy)
        answer = await home.receive(acts.Acknowledge(**origin(responder(), home.parts.now())), reference=reference)
        await home.settled(answer.submission_id)
        await home.idle(reference)
    shutil.copy(backup, file)  # Everything is closed, so no journal lies beside it.

    async with installation(chosen, escalations_client, task_queue) as home:
        async with home.parts.database.read() as tx:
            before = await register.read(tx, reference)
        with capture_logs() as lines:
            await home.receive(
                acts.Respond(**origin(responder(), home.parts.now()), offers=Outcome.AGREED_IN_PART),
                reference=reference,
            )
            await eventually(lambda: any(line["event"] == "activity_keeps_failing" for line in lines))
        async with home.parts.database.read() as tx:
            after = await register.read(tx, reference)
        await home.handle(reference).terminate()

    alarm = next(line for line in lines if line["event"] == "activity_keeps_failing")
    assert (alarm["log_level"], alarm["code"], alarm["reference"]) == ("error", "register_gap", reference)
    assert after == before, "nothing was written over the gap"
