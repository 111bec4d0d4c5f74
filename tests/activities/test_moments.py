"""The rows say when something really was recorded and left, however long it waited for a database or a worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from typing_extensions import override

from escalations import parts
from escalations.activities.deliver import Postman
from escalations.activities.record import Recorder
from escalations.mail.relay import Sent, SentCode
from escalations.rules import clocks, passing
from escalations.simulation.direct import Direct
from escalations.store import directory, directory_file, notices, register
from escalations.store.notices import NoticeState
from escalations.workflows.contracts import DeliverRequest, RecordRequest
from tests import builders
from tests.builders import civil
from tests.harness import RAISER_WORDS, settings
from tests.relays import ScriptedRelay

RAISED = civil("2027-03-01 09:30")


class Slow(ScriptedRelay):
    """A relay that is slow with the first message: meanwhile the post round goes by."""

    meanwhile: Postman | None = None

    @override
    async def send(self, message: EmailMessage, *, to: str) -> Sent:
        if self.meanwhile is not None:
            postman, self.meanwhile = self.meanwhile, None
            await postman.post_round()
        return await super().send(message, to=to)


class House:
    """An installation with one case, and a clock that a test sets."""

    def __init__(self, opened: parts.Parts, relay: Slow, case: Direct) -> None:
        self.parts = opened
        self.relay = relay
        self.case = case

    async def notices(self) -> list[notices.NoticeRow]:
        async with self.parts.database.read() as tx:
            return await notices.of_case(tx, self.case.reference)


class Clock:
    moment = RAISED

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def house(tmp_path: Path, clock: Clock) -> AsyncIterator[House]:
    """Give an installation with a case none of whose notices has left."""
    relay = Slow()
    relay.answer = lambda _notice_id, _to: SentCode.TRY_LATER
    async with parts.opened(settings(tmp_path), migrate=True, relay=relay, now=clock) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        case = Direct(opened)
        await case.raises(builders.raise_(RAISED), words=RAISER_WORDS)
        relay.answer = lambda _notice_id, _to: SentCode.ACCEPTED
        yield House(opened, relay, case)


async def test_a_delivery_that_waited_for_a_worker_is_said_to_have_left_when_it_did(house: House, clock: Clock) -> None:
    ids = tuple(row.notice_id for row in await house.notices())
    clock.moment = RAISED + timedelta(hours=5)
    await house.parts.postman().deliver(DeliverRequest(reference=house.case.reference, notice_ids=ids, at=RAISED))
    sent = [row for row in await house.notices() if row.state is NoticeState.SENT]
    assert sent
    assert {row.sent_at for row in sent} == {clock.moment}


async def test_a_delivery_that_waited_for_a_worker_and_the_post_round_do_not_send_one_notice_both(
    house: House, clock: Clock
) -> None:
    ids = tuple(row.notice_id for row in await house.notices())
    clock.moment = RAISED + timedelta(hours=5)
    postman = house.relay.meanwhile = house.parts.postman()
    await postman.deliver(DeliverRequest(reference=house.case.reference, notice_ids=ids, at=RAISED))
    assert set(house.relay.sent().values()) == {1}


async def test_a_story_whose_clock_runs_ahead_of_ours_keeps_its_own_moments(house: House, clock: Clock) -> None:
    ids = tuple(row.notice_id for row in await house.notices())
    at = RAISED + timedelta(hours=3)
    await house.parts.postman().deliver(DeliverRequest(reference=house.case.reference, notice_ids=ids, at=at))
    assert {row.sent_at for row in await house.notices() if row.state is NoticeState.SENT} == {at}


async def test_a_limit_is_said_to_be_recorded_when_it_was_though_the_database_had_been_away(
    house: House, clock: Clock
) -> None:
    known = await house.case.case()
    due = clocks.next_wake(known)
    assert due is not None
    clock.moment = due + timedelta(hours=2)
    request = RecordRequest(
        reference=known.reference, after_seq=known.seq, recorded_at=due, events=passing.due(known, due)
    )
    result = await Recorder(house.parts.database, house.parts.cases, clock).record(request)
    async with house.parts.database.read() as tx:
        rows = await register.read(tx, known.reference, after_seq=known.seq)
    assert {row.recorded_at for row in rows} == {clock.moment}
    new = [row for row in await house.notices() if row.notice_id in result.to_deliver]
    assert {row.created_at for row in new} == {clock.moment}
    # The workflow asks for their first try by its own clock, which may stand where it stood.
    assert {row.next_attempt_at for row in new} == {due}
