"""What the board reads: the same few statements for many cases as for one, and only what nobody has seen to yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert

from escalations.policy import Side
from escalations.rules.notices import Ask, Notice, NoticeKind, Recipient
from escalations.store import notices as notice_rows
from escalations.store import open_cases, tables
from escalations.store.engine import Database
from escalations.store.notices import NoticeRow, NoticeState
from tests.builders import POLICE, SCHOOL, SOCIAL_CARE, civil

NOW = civil("2027-03-03 10:00")


async def case(database: Database, reference: str = "PD-27-0001-X", **more: Any) -> str:  # noqa: ANN401
    """Put a case into the read models."""
    values = {
        "seq": 3,
        "position": 3,
        "status": "open",
        "track": "standard",
        "stage": 1,
        "raising_agency": SCHOOL,
        "responding_agencies": f'["{SOCIAL_CARE}"]',
        "edition": 1,
        "received_at": NOW,
        "changed_at": NOW,
        **more,
    }
    async with database.write() as tx:
        await tx.execute(insert(tables.CASES).values(reference=reference, **values))
    return reference


async def clock(database: Database, reference: str, clock_id: str = "1-resolve", **more: Any) -> None:  # noqa: ANN401
    """Put a clock of a case into the read models."""
    values = {
        "rule_id": "resolve",
        "awaits": "respond",
        "waits_for": "responding",
        "agency_id": SOCIAL_CARE,
        "started_at": NOW,
        "due_at": NOW + timedelta(days=2),
        "kept_dates": "[]",
        "reminders": "[]",
        "reminded": 0,
        "receipt_hash": "0" * 64,
        "state": "running",
        "limit_withdrawn": False,
        **more,
    }
    async with database.write() as tx:
        await tx.execute(insert(tables.CLOCKS).values(reference=reference, clock_id=clock_id, **values))


async def notice(  # noqa: PLR0917  what became of it, and when
    database: Database,
    reference: str,
    number: int,
    became: NoticeState,
    at: datetime = NOW,
    to: Recipient | None = None,
    *,
    starts_clocks: bool = True,
    stage: int = 1,
) -> None:
    """Put a notice, and what became of it a minute later."""
    to = to or Recipient(Side.RESPONDING, SOCIAL_CARE, "practitioner")
    kind = NoticeKind.ASKED if starts_clocks else NoticeKind.REMINDER
    one = Notice(kind, to, Ask.RESPOND, stage, starts_clocks=starts_clocks)
    row = NoticeRow.new(reference, number, 1, one, at=at)
    async with database.write() as tx:
        await notice_rows.add(tx, [row])
        await notice_rows.settle(tx, row.notice_id, state=became, code="test", at=at + timedelta(minutes=1))


async def troubles(database: Database, reference: str = "PD-27-0001-X") -> list[NoticeState]:
    async with database.read() as tx:
        found = await open_cases.read(tx)
    return [trouble.state for trouble in found.troubles.get(reference, ())]


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Give every statement that is sent while this is open."""
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            sent.append(statement)

    engine = database._readers.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def _statements(database: Database) -> int:
    with counted(database) as sent:
        async with database.read() as tx:
            found = await open_cases.read(tx)
            await open_cases.began(tx, [row.reference for row in found.cases])
    return len(sent)


async def test_a_hundred_open_cases_are_read_in_as_many_statements_as_one(database: Database) -> None:
    await clock(database, await case(database))
    one = await _statements(database)
    assert one == 5
    for number in range(2, 101):
        await clock(database, await case(database, f"PD-27-{number:04}-X"))
    assert await _statements(database) == one


async def test_open_cases_come_with_what_still_waits_and_without_what_ended(database: Database) -> None:
    reference = await case(database)
    await clock(database, reference, "1-acknowledge", state="limit_passed", cause="silent", awaits="acknowledge")
    await clock(database, reference, "2-resolve")
    await clock(database, reference, "3-choose", state="met")
    await clock(database, await case(database, "PD-27-0002-X", status="closed", closed_at=NOW), "1-resolve")
    async with database.read() as tx:
        found = await open_cases.read(tx)
    assert [row.reference for row in found.cases] == [reference]
    assert found.cases[0].responding_agencies == (SOCIAL_CARE,)
    assert [(waiting.awaits, waiting.limit_passed, waiting.cause) for waiting in found.waiting[reference]] == [
        ("acknowledge", True, "silent"),
        ("respond", False, None),
    ]
    assert "PD-27-0002-X" not in found.waiting


@pytest.mark.parametrize("became", sorted(notice_rows.NEEDS_THE_TEAM))
async def test_what_did_not_arrive_is_there_until_it_is_seen_to(database: Database, became: NoticeState) -> None:
    reference = await case(database)
    await notice(database, reference, 1, became)
    assert await troubles(database) == [became]
    await clock(
        database,
        reference,
        "2-team-mend",
        awaits="mend_delivery",
        waits_for="team",
        state="met",
        ended_at=NOW + timedelta(hours=1),
    )
    assert await troubles(database) == []


async def test_what_was_seen_to_before_says_nothing_of_a_later_notice(database: Database) -> None:
    reference = await case(database)
    await clock(database, reference, "2-team-mend", awaits="mend_delivery", waits_for="team", state="met", ended_at=NOW)
    await notice(database, reference, 1, NoticeState.UNDELIVERED, NOW + timedelta(hours=1))
    assert await troubles(database) == [NoticeState.UNDELIVERED]


async def test_a_later_notice_that_left_sees_to_an_earlier_one(database: Database) -> None:
    reference = await case(database)
    await notice(database, reference, 1, NoticeState.UNDELIVERED)
    other = Recipient(Side.RESPONDING, POLICE, "practitioner")
    await notice(database, reference, 2, NoticeState.SENT, NOW + timedelta(hours=1), other)
    assert await troubles(database) == [NoticeState.UNDELIVERED], "to another agency"
    await notice(database, reference, 3, NoticeState.SENT, NOW + timedelta(hours=2))
    assert await troubles(database) == []


async def test_a_reminder_is_no_substitute_for_the_notice_of_a_stage(database: Database) -> None:
    reference = await case(database)
    await notice(database, reference, 1, NoticeState.UNDELIVERED)
    await notice(database, reference, 2, NoticeState.UNDELIVERED, starts_clocks=False)
    await notice(database, reference, 3, NoticeState.SENT, NOW + timedelta(hours=1), starts_clocks=False)
    assert await troubles(database) == [NoticeState.UNDELIVERED], (
        "the reminder arrived, the notice of the stage did not"
    )


async def test_the_notice_of_a_stage_left_needs_nobody_and_the_teams_own_does(database: Database) -> None:
    reference = await case(database, stage=2)
    await notice(database, reference, 1, NoticeState.NO_ONE)
    assert await troubles(database) == []
    await notice(
        database, reference, 2, NoticeState.UNKNOWN, to=Recipient(Side.TEAM, None, "team"), starts_clocks=False
    )
    assert await troubles(database) == [NoticeState.UNKNOWN]


async def test_closed_cases_come_page_by_page_with_the_newest_first_and_their_troubles(database: Database) -> None:
    for number in range(1, 6):
        await case(
            database,
            f"PD-27-{number:04}-X",
            status="closed",
            closed_at=NOW + timedelta(hours=number),
            stage=1 + number % 2,
            responding_agencies=f'["{POLICE if number == 3 else SOCIAL_CARE}"]',
        )
    await notice(database, "PD-27-0005-X", 1, NoticeState.UNDELIVERED, starts_clocks=False)
    async with database.read() as tx:
        count, page = await open_cases.closed(tx, limit=2, offset=0)
        _, second = await open_cases.closed(tx, limit=2, offset=2)
        of_police, _ = await open_cases.closed(tx, agency=POLICE)
        of_stage, _ = await open_cases.closed(tx, stage=2, track="standard")
        urgent, none = await open_cases.closed(tx, track="urgent")
    assert (count, of_police, of_stage, urgent, none.cases) == (5, 1, 3, 0, ())
    assert [row.reference[6:10] for row in (*page.cases, *second.cases)] == ["0005", "0004", "0003", "0002"]
    assert list(page.troubles) == ["PD-27-0005-X"]


async def test_with_nothing_open_there_is_nothing(database: Database) -> None:
    async with database.read() as tx:
        assert await open_cases.read(tx) == open_cases.Everything(())
        assert await open_cases.began(tx, ()) == {}
