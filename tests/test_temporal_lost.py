"""Temporal is away, or has lost its file: nothing is lost, and nothing fires twice (issue 3, "faults").

These tests stop, empty and start a server of their own. Time is the wall's: nothing is due within a test.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import client as temporal
from temporalio.testing import ActivityEnvironment

from escalations.activities.record import record
from escalations.intake import opening, restoring, submissions
from escalations.intake.restoring import Found
from escalations.intake.submissions import State
from escalations.policy import Awaits
from escalations.rules import acts, case, decider, events
from escalations.rules.case import Outcome
from escalations.rules.clocks import next_wake
from escalations.simulation.driving import until_idle
from escalations.store.notices import NoticeState
from escalations.temporal import binaries, client, devserver
from escalations.workflows import attributes
from escalations.workflows.contracts import DeliverRequest, RecordRequest
from tests import builders
from tests.builders import origin, raiser, responder
from tests.harness import RAISER_WORDS, Installation, dispatching, installation, settings


@pytest.fixture(scope="module")
async def own_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[devserver.DevServer]:
    """Give a server that only this module uses, and may stop."""
    found = binaries.resolve(environ=os.environ, say=print, may_use_address=False)
    assert found.binary is not None
    server = devserver.DevServer(
        found.binary, tmp_path_factory.mktemp("own"), virtual_time=True, search_attributes=attributes.ALL
    )
    async with server:
        yield server


async def _connected(server: devserver.DevServer) -> temporal.Client:
    return await client.connect(server.address, namespace=server.namespace)


async def _recorded_without_temporal(home: Installation) -> str:
    """Register a case as a worker did whose server then lost everything it knew."""
    act = builders.raise_(home.parts.now())
    receipt = await home.receive(act, reference=None, words=RAISER_WORDS)
    frame = home.parts.in_force.frame(act.received_at)
    act = act.model_copy(update={"submission_id": receipt.submission_id})
    happened = decider.decide(case.new(receipt.reference, frame), act, act.received_at)
    assert not isinstance(happened, decider.Refused)
    async with home.parts.database.write() as tx:
        await opening.freeze(tx, frame, at=act.received_at)
        await record(
            tx,
            home.parts.cases,
            RecordRequest(
                reference=receipt.reference,
                after_seq=0,
                recorded_at=act.received_at,
                events=happened,
                submission_id=receipt.submission_id,
            ),
        )
    return receipt.reference


async def _sent_without_hearing(home: Installation, reference: str) -> None:
    """Send a case's notices, and lose the answer on its way to the case."""
    request = DeliverRequest(
        reference=reference,
        notice_ids=tuple(row.notice_id for row in await home.notices(reference)),
        at=home.parts.now(),
    )
    result = await ActivityEnvironment().run(home.parts.postman().deliver, request)
    assert result.deliveries


async def _awaited(home: Installation, reference: str) -> list[Awaits]:
    return [event.awaits for event in await home.events(reference) if isinstance(event, events.ClockStarted)]


async def test_what_is_received_while_temporal_is_down_starts_when_it_is_back(
    tmp_path: Path,
    own_server: devserver.DevServer,
    task_queue: str,
) -> None:
    connected = await _connected(own_server)
    async with installation(settings(tmp_path), connected, task_queue) as home:
        before = await home.raised_now()
        await own_server.stop()

        act = builders.raise_(home.parts.now())
        receipt = await home.receive(act, reference=None, words=RAISER_WORDS)
        answer = await home.receive(acts.Acknowledge(**origin(responder(), home.parts.now())), reference=before)
        await asyncio.sleep(1.5)
        async with home.parts.database.read() as tx:
            assert (await submissions.get(tx, receipt.submission_id)).state not in submissions.SETTLED

        await own_server.start()
        async with asyncio.timeout(60):
            assert (await home.settled(receipt.submission_id)).state is State.APPLIED
            assert (await home.settled(answer.submission_id)).state is State.APPLIED
        await home.idle(receipt.reference)
        happened = await home.events(receipt.reference)
        assert happened[0].at == act.received_at
        whole = next(
            event for event in happened if isinstance(event, events.ClockStarted) and event.awaits is Awaits.SETTLE_ALL
        )
        assert whole.at == act.received_at
        assert set((await home.sent()).values()) == {1}


async def test_after_temporals_file_is_deleted_every_open_case_comes_back_and_nothing_fires_twice(
    tmp_path: Path,
    own_server: devserver.DevServer,
    task_queue: str,
) -> None:
    chosen = settings(tmp_path)
    async with installation(chosen, await _connected(own_server), task_queue) as home:
        open_case = await home.raised_now()
        closed = await home.raised_now()
        agreed = await home.receive(
            acts.Agree(**origin(raiser(), home.parts.now()), outcome=Outcome.AGREED_AS_ASKED), reference=closed
        )
        await home.settled(agreed.submission_id)
        await asyncio.wait_for(home.handle(closed).result(), 30)

    # Two cases at the worst moment: the notices of one were not tried yet, those of the other left unheard.
    async with installation(
        chosen, await _connected(own_server), task_queue, with_worker=False, with_dispatcher=False
    ) as home:
        untold = await _recorded_without_temporal(home)
        unheard = await _recorded_without_temporal(home)
        await _sent_without_hearing(home, unheard)
        happened = {reference: await home.events(reference) for reference in (open_case, closed, untold, unheard)}
        sent = await home.sent()

    await own_server.stop()
    shutil.rmtree(own_server.data_folder)
    await own_server.start()

    async with installation(chosen, await _connected(own_server), task_queue) as home:

        async def restore() -> dict[str, Found]:
            return {
                one.reference: one.found
                async for one in restoring.restore(
                    database=home.parts.database, cases=home.parts.cases, client=home.client, task_queue=task_queue
                )
            }

        assert await restore() == {
            open_case: Found.RESTORED,
            closed: Found.ENDED,
            untold: Found.RESTORED,
            unheard: Found.RESTORED,
        }
        for reference in (open_case, untold, unheard):
            await home.idle(reference)
        assert await restore() == {
            open_case: Found.RUNNING,
            closed: Found.ENDED,
            untold: Found.RUNNING,
            unheard: Found.RUNNING,
        }

        # Silence: of all cases nothing was sent, but what had never left.
        now_sent = await home.sent()
        never_left = {row.notice_id for row in await home.notices(untold)}
        assert set(now_sent) - set(sent) == never_left
        assert set(now_sent.values()) == {1}
        assert await home.events(open_case) == happened[open_case]
        assert await home.events(closed) == happened[closed]
        # What had left unheard is heard once, and what it starts runs.
        new = (await home.events(unheard))[len(happened[unheard]) :]
        assert [event.kind for event in new].count("notice_reported") == 1
        assert Awaits.ACKNOWLEDGE in await _awaited(home, unheard)
        assert Awaits.ACKNOWLEDGE in await _awaited(home, untold)

        # Their clocks run on: what falls due fires once. A late act on the closed case is refused, with a sentence.
        due = next_wake(await home.case(open_case))
        assert due is not None
        await home.until(open_case, due + timedelta(seconds=1))
        await home.idle(open_case)
        assert [event.kind for event in (await home.events(open_case))[len(happened[open_case]) :]] == ["reminder_fell"]
        late = await home.receive(acts.Acknowledge(**origin(responder(), home.parts.now())), reference=closed)
        assert (await home.settled(late.submission_id)).outcome_code == "closed"


async def test_an_act_on_a_case_whose_workflow_was_lost_brings_it_back_with_what_it_had_not_heard(
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    async with installation(settings(tmp_path), escalations_client, task_queue, with_dispatcher=False) as home:
        reference = await _recorded_without_temporal(home)
        await _sent_without_hearing(home, reference)
        sent = await home.sent()
        async with dispatching(home.dispatcher):
            receipt = await home.receive(
                acts.NotePhoneCall(
                    **origin(builders.TEAM, home.parts.now()), agency_id=builders.SOCIAL_CARE, reached=False
                ),
                reference=reference,
            )
            assert (await home.settled(receipt.submission_id)).state is State.APPLIED
            await until_idle(home.handle(reference), home.skipper)

        assert Awaits.ACKNOWLEDGE in await _awaited(home, reference), "the delivery was heard, and started its clock"
        assert await home.sent() == sent
        assert all(row.state is NoticeState.SENT for row in await home.notices(reference))
