"""What lists read is what the register tells, as it happens and rebuilt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Table, delete, select, text

from escalations import policy
from escalations.rules import acts, case, events, evolving, workingtime
from escalations.rules.case import Done, Outcome
from escalations.store import frozen, open_cases, read_models, register, tables
from escalations.store.engine import Database
from escalations.store.read_models import ClockState
from tests import builders
from tests.builders import REFERENCE, SOCIAL_CARE, Story, civil


async def recorded(database: Database, story: Story, reference: str = REFERENCE) -> None:
    """Record what happened in a story, one event a transaction, as the workflow would."""
    state: case.Case | None = None
    async with database.write() as tx:
        await frozen.put(tx, "policy", policy.canonical(story.frame.policy), now=story.now)
        await frozen.put(tx, "calendar", workingtime.canonical_json(story.frame.calendar), now=story.now)
    for seq, event in enumerate(story.happened):
        async with database.write() as tx:
            [entry] = await register.append(
                tx, reference, after_seq=seq, bodies=[(event.kind, events.dumps(event))], recorded_at=event.at
            )
            before, state = state, evolving.evolve(state or case.new(reference, story.frame), event)
            await read_models.project(tx, before, [read_models.Step(event, state, entry)])


async def everything(database: Database) -> list[list[tuple[object, ...]]]:
    async def rows(table: Table) -> list[tuple[object, ...]]:
        async with database.read() as tx:
            return [tuple(row) for row in await tx.execute(select(table).order_by(*table.primary_key.columns))]

    return [await rows(table) for table in tables.READ_MODELS]


async def row(database: Database, reference: str = REFERENCE) -> read_models.CaseRow:
    async with database.read() as tx:
        found = await read_models.case_of(tx, reference)
    assert found is not None
    return found


async def clocks(database: Database, rule: str) -> list[read_models.ClockRow]:
    async with database.read() as tx:
        return [clock for clock in await read_models.clocks_of(tx, REFERENCE) if clock.rule_id == rule]


def answered() -> Story:
    """Raise it, let the limit to acknowledge pass, answer, agree and close."""
    story = Story().raised().at("2027-03-03 12:00")
    story.act(acts.Respond(**builders.origin(builders.responder(), story.now), offers=Outcome.AGREED_AS_ASKED))
    story.later(hours=2)
    story.act(acts.Agree(**builders.origin(builders.raiser(), story.now), outcome=Outcome.AGREED_AS_ASKED))
    return story


async def test_a_case_that_was_raised_is_listed_with_its_nearest_limit(database: Database) -> None:
    story = Story().raised(reason=acts.Reason.STRATEGY_DISCUSSION)
    await recorded(database, story)
    found = await row(database)
    assert (found.status, found.stage, found.raising_agency, found.responding_agencies, found.reason) == (
        "open",
        1,
        builders.SCHOOL,
        (SOCIAL_CARE,),
        "strategy_discussion_refused_or_delayed",
    )
    assert found.received_at == civil("2027-03-01 09:30")
    assert found.next_due_at == min(clock.due_at for clock in story.case.clocks if clock.running)
    assert (found.seq, found.position) == (story.case.seq, len(story.happened))


async def test_a_clock_keeps_its_dates_and_says_what_became_of_it(database: Database) -> None:
    story = Story().raised()
    await recorded(database, story)
    [acknowledge] = await clocks(database, "acknowledge")
    assert acknowledge.state is ClockState.RUNNING
    assert acknowledge.amount == "1 working day"
    assert [kept.due_at for kept in acknowledge.kept_dates] == [civil("2027-03-02 17:00")]
    assert acknowledge.kept_dates[0].because == "clock_started"


async def test_a_passed_limit_is_shown_with_its_cause_and_the_time_to_account_for_it(database: Database) -> None:
    await recorded(database, Story().raised().at("2027-03-02 17:01"))
    [acknowledge] = await clocks(database, "acknowledge")
    assert (acknowledge.state, acknowledge.cause) == (ClockState.LIMIT_PASSED, "silent")
    assert acknowledge.limit_passed_at == civil("2027-03-02 17:00")
    assert acknowledge.accounts_until is not None
    found = await row(database)
    assert found.move_to_stage == 2
    assert found.move_takes_effect_at is None
    assert found.next_due_at is not None
    assert found.next_due_at > civil("2027-03-02 17:00")


async def test_a_closed_case_is_listed_among_the_closed(database: Database) -> None:
    await recorded(database, answered())
    found = await row(database)
    assert (found.status, found.outcome, found.next_due_at) == ("closed", "agreed_as_asked", None)
    async with database.read() as tx:
        assert (await open_cases.read(tx)).cases == ()
        count, closed = await open_cases.closed(tx)
        assert (count, [case.reference for case in closed.cases]) == (1, [REFERENCE])
        assert {clock.state for clock in await read_models.clocks_of(tx, REFERENCE)} <= {
            ClockState.MET,
            ClockState.STOPPED,
        }


async def test_a_limit_that_was_kept_after_all_is_shown_as_withdrawn(database: Database) -> None:
    story = Story().raised().at("2027-03-03 10:00")
    by = builders.responder()
    origin = builders.origin(by, story.now, happened_at=civil("2027-03-02 11:00"))
    story.act(acts.SayDone(**origin, done=Done.SPOKE, agency_id=SOCIAL_CARE))
    [claim] = story.case.claims
    story.act(acts.ConfirmDone(**builders.origin(builders.raiser(), story.now), claim_id=claim.claim_id))
    await recorded(database, story)
    [acknowledge] = await clocks(database, "acknowledge")
    assert (acknowledge.limit_withdrawn, acknowledge.cause) == (True, "recorded_late")
    assert acknowledge.state is ClockState.MET
    assert acknowledge.ended_at == civil("2027-03-02 11:00")


async def test_rebuilt_read_models_are_the_same_to_the_last_value(database: Database) -> None:
    await recorded(database, answered())
    await recorded(database, Story(start="2027-03-04 09:30").raised().at("2027-03-20 12:00"), "PD-27-0002-X")
    before = await everything(database)
    async with database.write() as tx:
        await tx.execute(text("UPDATE cases SET stage = 9, status = 'lost'"))
        await tx.execute(delete(tables.CLOCKS).where(tables.CLOCKS.c.rule_id == "resolve"))
        await tx.execute(
            text(
                "INSERT INTO clocks (reference, clock_id, rule_id, awaits, waits_for, started_at, due_at, kept_dates,"
                " reminders, reminded, receipt_hash, state, limit_withdrawn) SELECT 'PD-27-0009-X', 'x', rule_id,"
                " awaits, waits_for, started_at, due_at, kept_dates, reminders, reminded, receipt_hash, state,"
                " limit_withdrawn FROM clocks LIMIT 1"
            )
        )
    assert await everything(database) != before
    async with database.write() as tx:
        assert await read_models.rebuild(tx) == await register.last_position(tx)
    assert await everything(database) == before


async def test_rebuilding_from_an_empty_register_leaves_nothing(database: Database) -> None:
    async with database.write() as tx:
        assert await read_models.rebuild(tx) == 0
    assert await everything(database) == [[] for _ in tables.READ_MODELS]


async def test_a_case_begins_by_being_raised(database: Database) -> None:
    story = Story().raised()
    entry = register.Entry(1, REFERENCE, 1, "passed_on", story.now, "{}", "", "")
    with pytest.raises(read_models.NotACase):
        async with database.write() as tx:
            await read_models.project(tx, None, [read_models.Step(story.happened[1], story.case, entry)])
    async with database.write() as tx:
        body = events.dumps(events.PassedOn(at=story.now + timedelta(0), responding_agencies=(SOCIAL_CARE,)))
        await register.append(tx, REFERENCE, after_seq=0, bodies=[("passed_on", body)], recorded_at=story.now)
        with pytest.raises(read_models.NotACase):
            await read_models.rebuild(tx)


async def test_a_case_whose_agency_is_not_recognised_is_listed_without_one_until_the_team_says(
    database: Database,
) -> None:
    story = Story().raised(**builders.plain_mail())
    story.later(minutes=5).completes(SOCIAL_CARE, reason=acts.Reason.REFERRAL, level_of_need=3)
    await recorded(database, story)
    found = await row(database)
    assert (found.status, found.raising_agency, found.responding_agencies) == ("held", None, (SOCIAL_CARE,))
    assert (found.concern, found.reason, found.level_of_need) == ("child", "referral_not_accepted", 3)
    before = await everything(database)
    async with database.write() as tx:
        await read_models.rebuild(tx)
    assert await everything(database) == before


async def test_the_codes_of_a_case_completed_at_once_are_those_it_was_completed_with(database: Database) -> None:
    story = Story().raised(**builders.plain_mail())
    story.completes(reason=acts.Reason.REFERRAL)
    await recorded(database, story)
    async with database.write() as tx:
        await read_models.rebuild(tx)  # All of its events in one go.
    assert (await row(database)).reason == "referral_not_accepted"


async def test_a_cause_is_listed_as_evidence_has_it_and_as_the_team_made_it(database: Database) -> None:
    story = Story().raised().at("2027-03-09 17:01")
    clock = story.clock("acknowledge").clock_id
    story.act(acts.ConfirmCause(**story.by_team(), clock_id=clock, cause=case.Cause.CLOSED))
    await recorded(database, story)
    [acknowledge] = await clocks(database, "acknowledge")
    assert (acknowledge.cause, acknowledge.evidence_cause) == ("closed", "silent")
    assert acknowledge.cause_confirmed_at == story.now
    [resolve] = await clocks(database, "resolve")
    assert (resolve.cause, resolve.evidence_cause, resolve.cause_confirmed_at) == ("silent", "silent", None)


async def test_a_closed_case_is_listed_with_whose_word_it_was_and_its_route(database: Database) -> None:
    story = Story().raised(responding_agencies=())
    story.act(acts.Close(**story.by_team(), outcome=Outcome.REDIRECTED, route=case.Route.COMPLAINT))
    await recorded(database, story)
    found = await row(database)
    assert (found.status, found.outcome, found.on_word_of, found.route) == ("closed", "redirected", None, "complaint")
    await recorded(database, answered(), "PD-27-0002-X")
    assert (await row(database, "PD-27-0002-X")).on_word_of == "raising"
