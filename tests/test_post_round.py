"""Notices that could not leave at once: tried again, heard of by their case, and never sent twice.

The post round runs as the workflow that its schedule starts; its clock is moved instead of waiting for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from temporalio import client as temporal

from escalations.intake import submissions
from escalations.mail.relay import SentCode
from escalations.policy import Awaits
from escalations.rules import acts, events
from escalations.rules.case import DeliveryState, Outcome
from escalations.rules.notices import NoticeKind
from escalations.store import notices
from escalations.store.notices import NoticeState
from escalations.workflows import contracts
from escalations.workflows.contracts import PostRoundResult
from tests.builders import origin, raiser
from tests.harness import Installation, installation, settings
from tests.relays import ScriptedRelay


class Wall:
    """The wall's clock, which a test may put on."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def relay() -> ScriptedRelay:
    return ScriptedRelay()


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
async def home(
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
    relay: ScriptedRelay,
    wall: Wall,
) -> AsyncIterator[Installation]:
    async with installation(settings(tmp_path), escalations_client, task_queue, relay=relay, now=wall) as opened:
        yield opened


async def _round(home: Installation, task_queue: str) -> PostRoundResult:
    result: PostRoundResult = await home.client.execute_workflow(
        contracts.POST_ROUND, id=f"round-{task_queue}", task_queue=task_queue, result_type=PostRoundResult
    )
    return result


async def _raised(home: Installation) -> str:
    """Raise a case, and wait until the first try of its notices is over, whatever became of it."""
    return await home.raised_now(words={"raiser": {"email": "z.q@oaklane.example"}})


async def _awaited(home: Installation, reference: str) -> list[Awaits]:
    return [event.awaits for event in await home.events(reference) if isinstance(event, events.ClockStarted)]


async def test_a_notice_that_found_no_relay_leaves_with_the_post_round_and_starts_its_clocks_then(
    home: Installation,
    relay: ScriptedRelay,
    wall: Wall,
    task_queue: str,
) -> None:
    relay.answer = lambda _notice_id, _to: SentCode.TRY_LATER
    reference = await _raised(home)
    assert Awaits.ACKNOWLEDGE not in await _awaited(home, reference)
    assert not relay.taken

    relay.answer = lambda _notice_id, _to: SentCode.ACCEPTED
    wall.ahead = timedelta(minutes=2)
    result = await _round(home, task_queue)
    assert result.reported == 1
    async with home.parts.database.read() as tx:
        (report,) = [row for row in await submissions.of_case(tx, reference) if row.act_kind == "report_delivery"]
    await home.settled(report.submission_id)
    await home.idle(reference)

    assert Awaits.ACKNOWLEDGE in await _awaited(home, reference)
    reported = [event for event in await home.events(reference) if isinstance(event, events.NoticeReported)]
    assert [event.state for event in reported] == [DeliveryState.DELIVERED]
    wall.ahead = timedelta(minutes=10)
    await _round(home, task_queue)
    assert set(relay.sent().values()) == {1}, "each notice left once"
    assert all(row.state is NoticeState.SENT for row in await home.notices(reference))


async def test_a_refusal_by_the_relay_starts_the_teams_clock_and_tells_the_team(
    home: Installation,
    relay: ScriptedRelay,
    wall: Wall,
    task_queue: str,
) -> None:
    relay.answer = lambda _notice_id, to: SentCode.REFUSED if "@council.example" in to else SentCode.ACCEPTED
    reference = await _raised(home)

    assert Awaits.MEND_DELIVERY in await _awaited(home, reference)
    assert Awaits.ACKNOWLEDGE not in await _awaited(home, reference)
    trouble = [row for row in await home.notices(reference) if row.notice.kind is NoticeKind.DELIVERY_TROUBLE]
    assert trouble
    wall.ahead = timedelta(hours=20)
    await _round(home, task_queue)
    refused = [row.notice_id for row in await home.notices(reference) if row.state is NoticeState.UNDELIVERED]
    assert refused
    assert all(relay.tried[notice_id] == 1 for notice_id in refused), "a refusal is not tried again"


async def test_a_refusal_in_the_post_round_reaches_the_case_too(
    home: Installation,
    relay: ScriptedRelay,
    wall: Wall,
    task_queue: str,
) -> None:
    relay.answer = lambda _notice_id, _to: SentCode.TRY_LATER
    reference = await _raised(home)
    relay.answer = lambda _notice_id, to: SentCode.REFUSED if "@council.example" in to else SentCode.ACCEPTED
    wall.ahead = timedelta(minutes=2)
    await _round(home, task_queue)
    async with home.parts.database.read() as tx:
        reports = [row for row in await submissions.of_case(tx, reference) if row.act_kind == "report_delivery"]
    for report in reports:
        await home.settled(report.submission_id)
    await home.idle(reference)

    assert Awaits.MEND_DELIVERY in await _awaited(home, reference)


async def test_a_notice_that_was_overtaken_by_events_is_settled_and_not_sent(
    home: Installation,
    relay: ScriptedRelay,
    wall: Wall,
    task_queue: str,
) -> None:
    relay.answer = lambda _notice_id, _to: SentCode.TRY_LATER
    reference = await _raised(home)
    agreed = await home.receive(
        acts.Agree(**origin(raiser(), home.parts.now()), outcome=Outcome.AGREED_AS_ASKED), reference=reference
    )
    await home.settled(agreed.submission_id)
    await asyncio.wait_for(home.handle(reference).result(), 20)

    relay.answer = lambda _notice_id, _to: SentCode.ACCEPTED
    wall.ahead = timedelta(minutes=2)
    await _round(home, task_queue)

    rows = {row.notice.kind: row.state for row in await home.notices(reference)}
    assert rows[NoticeKind.ASKED] is NoticeState.SUPERSEDED
    assert rows[NoticeKind.CLOSED] is NoticeState.SENT
    asked = next(row.notice_id for row in await home.notices(reference) if row.notice.kind is NoticeKind.ASKED)
    assert asked not in relay.sent()


async def test_a_slow_relay_ends_a_round_before_the_leases_of_its_notices_end(
    home: Installation,
    relay: ScriptedRelay,
    wall: Wall,
    task_queue: str,
) -> None:
    relay.answer = lambda _notice_id, _to: SentCode.TRY_LATER
    for _ in range(3):
        await _raised(home)
    relay.answer = lambda _notice_id, _to: SentCode.ACCEPTED
    tried = sum(relay.tried.values())
    began = wall.ahead = timedelta(minutes=2)

    def slow() -> None:
        wall.ahead += timedelta(seconds=20)

    relay.before = slow
    result = await _round(home, task_queue)

    assert wall.ahead - began < notices.LEASE, "the last one was sent while it was still ours"
    assert sum(relay.tried.values()) - tried == result.tried
    relay.before = lambda: None
    for _ in range(3):
        wall.ahead += timedelta(minutes=6)
        await _round(home, task_queue)
    assert set(relay.sent().values()) == {1}


async def test_one_notice_that_cannot_be_made_does_not_stop_the_others(
    home: Installation,
    relay: ScriptedRelay,
    wall: Wall,
    task_queue: str,
) -> None:
    relay.answer = lambda _notice_id, _to: SentCode.TRY_LATER
    first, second = await _raised(home), await _raised(home)

    def defect(notice_id: str, _to: str) -> SentCode:
        if notice_id.startswith(first):
            raise RuntimeError("550 z.q@oaklane.example is not known here")
        return SentCode.ACCEPTED

    relay.answer = defect
    wall.ahead = timedelta(minutes=2)
    with capture_logs() as lines:
        await _round(home, task_queue)

    assert all(row.state is NoticeState.SENT for row in await home.notices(second))
    assert all(row.state is NoticeState.WAITING for row in await home.notices(first))
    stuck = [line for line in lines if line["event"] == "notice_stuck"]
    assert stuck
    assert "oaklane" not in str(lines)
