"""What a re-date names is kept, found again, given to the workflow, and missed where it is gone."""

from __future__ import annotations

import pytest

from escalations.activities.record import record
from escalations.intake import opening
from escalations.rules import acts, case, decider
from escalations.rules.actors import SYSTEM, Channel
from escalations.rules.case import Case, Frame, RedateReason
from escalations.rules.events import Event
from escalations.store import frozen, register
from escalations.store.cases import Cases
from escalations.store.engine import Database
from escalations.workflows.contracts import RecordAnswer, RecordRequest, RecordResult
from tests import builders
from tests.builders import REFERENCE, TEAM, civil, closed, origin
from tests.store.conftest import Intruder

AT = civil("2027-03-01 09:30")


async def recorded(database: Database, cases: Cases, known: Case, brought: tuple[Event, ...]) -> RecordResult:
    request = RecordRequest(reference=REFERENCE, after_seq=known.seq, recorded_at=AT, events=brought)
    async with database.write() as tx:
        return await record(tx, cases, request)


def decided(known: Case, act: acts.Act) -> tuple[Event, ...]:
    found = decider.decide(known, act, act.received_at)
    assert not isinstance(found, decider.Refused), found
    return found


async def known(database: Database, cases: Cases) -> Case:
    async with database.read() as tx:
        found = await cases.read(tx, REFERENCE)
    assert found is not None
    return found


async def redated(database: Database, cases: Cases) -> tuple[Case, Frame, tuple[Event, ...]]:
    """Raise a case and count it anew; give it as it was before, the new frame, and what happened."""
    first = case.new(REFERENCE, builders.frame())
    frame = closed(first.frame, "2027-03-04", "2027-03-05")
    async with database.write() as tx:
        await opening.freeze(tx, first.frame, at=AT)
        await opening.freeze(tx, frame, at=AT)
    await recorded(database, cases, first, decided(first, builders.raise_(AT)))
    before = await known(database, cases)
    act = acts.Redate(
        **origin(TEAM, AT, channel=Channel.TEAM),
        policy_hash=frame.policy.content_hash,
        calendar_hash=frame.calendar.content_hash,
        seen_seq=before.seq,
        because=RedateReason.CLOSURE,
    )
    return before, frame, decided(case.offering(before, frame), act)


async def test_a_case_is_read_with_what_it_was_counted_by_last_also_by_whoever_knew_it_before(
    database: Database,
) -> None:
    cases = Cases()
    before, frame, happened = await redated(database, cases)
    await recorded(database, cases, before, happened)
    assert (await known(database, cases)).frame == frame
    assert (await known(database, Cases())).frame == frame
    assert await known(database, Cases()) == await known(database, cases)


async def test_the_workflow_is_given_what_the_register_names_also_where_the_register_knew_of_it_first(
    database: Database,
) -> None:
    cases = Cases()
    before, frame, happened = await redated(database, cases)
    applied = await recorded(database, cases, before, happened)
    assert applied.answer is RecordAnswer.RECORDED
    assert applied.frames == (opening.frame_text(frame),)
    report = acts.ReportMessage(
        **origin(SYSTEM, AT, channel=Channel.SYSTEM), agency_id=builders.SOCIAL_CARE, message="automatic_reply"
    )
    ahead = await recorded(database, cases, before, decided(before, report))
    assert ahead.answer is RecordAnswer.AHEAD
    assert ahead.frames == (opening.frame_text(frame),)
    again = await recorded(database, cases, before, happened)
    assert (again.answer, again.frames) == (RecordAnswer.RECORDED, applied.frames)


async def test_a_calendar_that_a_redate_names_and_that_is_gone_is_found_and_nothing_goes_on_under_another(
    database: Database, intruder: Intruder
) -> None:
    cases = Cases()
    before, frame, happened = await redated(database, cases)
    await recorded(database, cases, before, happened)
    await intruder.does("DELETE FROM frozen WHERE content_hash = :hash", hash=frame.calendar.content_hash)
    async with database.read() as tx:
        found = await register.verify(tx)
    assert frame.calendar.content_hash in {finding.row for finding in found}
    with pytest.raises(frozen.NotFrozen):
        await known(database, Cases())
