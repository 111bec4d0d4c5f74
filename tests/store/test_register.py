"""The register grows in one order without gaps, and whatever is changed in it is named."""

# ruff: noqa: S608  the statements are made of the names of our own columns

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from escalations.intake import submissions
from escalations.store import frozen, register
from escalations.store.engine import Database
from escalations.store.vault import Erased, Vault

ONE, TWO = "PD-26-0001-6", "PD-26-0002-4"
OTHER_DIGEST = hashlib.sha256(b"other").hexdigest()


def _bodies(*kinds: str) -> list[tuple[str, str]]:
    return [(kind, f'{{"kind":"{kind}"}}') for kind in kinds]


async def _append(
    database: Database,
    reference: str,
    *kinds: str,
    after_seq: int,
    now: datetime,
) -> list[register.Entry]:
    async with database.write() as tx:
        return await register.append(tx, reference, after_seq=after_seq, bodies=_bodies(*kinds), recorded_at=now)


async def _verified(database: Database) -> list[register.Finding]:
    async with database.read() as tx:
        return await register.verify(tx)


async def test_events_come_back_in_order_as_they_were_written(database: Database, now: datetime) -> None:
    first = await _append(database, ONE, "raised", "stage_started", after_seq=0, now=now)
    other = await _append(database, TWO, "raised", after_seq=0, now=now)
    second = await _append(database, ONE, "acknowledged", after_seq=2, now=now + timedelta(microseconds=1))
    async with database.read() as tx:
        assert await register.read(tx, ONE) == first + second
        assert await register.read(tx, ONE, after_seq=2) == second
        assert await register.head(tx, ONE) == second[0]
        assert await register.head(tx, "PD-26-0003-2") is None
        assert await register.references(tx) == [ONE, TWO]
        assert await register.last_position(tx) == 4
        assert [entry async for entry in register.everything(tx)] == first + other + second
    assert [entry.position for entry in first + other + second] == [1, 2, 3, 4]
    assert await _verified(database) == []


async def test_each_event_is_chained_to_the_one_before_it(database: Database, now: datetime) -> None:
    first, second = await _append(database, ONE, "raised", "stage_started", after_seq=0, now=now)
    assert first.previous_hash == register.first_previous_hash(ONE)
    assert second.previous_hash == first.hash
    assert (first.hash, second.hash) == (register.digest(first), register.digest(second))


def test_the_bytes_that_are_hashed_are_these() -> None:
    """Pinned: a change here makes every register that exists fail to verify."""
    entry = register.Entry(
        position=7,
        reference=ONE,
        seq=1,
        kind="raised",
        recorded_at=datetime.fromisoformat("2026-06-01T10:00:00.000001+01:00"),
        body='{"kind":"raised","é":1}',
        previous_hash=register.first_previous_hash(ONE),
        hash="",
    )
    assert register.digest(entry) == "ca66e033308fe6ba5a222819854739b58df7b666231ca71d67583fa1dcf3002a"


async def test_the_same_events_again_change_nothing_and_succeed(database: Database, now: datetime) -> None:
    first = await _append(database, ONE, "raised", "stage_started", after_seq=0, now=now)
    again = await _append(database, ONE, "raised", "stage_started", after_seq=0, now=now + timedelta(hours=1))
    assert again == first
    await _append(database, ONE, "acknowledged", after_seq=2, now=now)
    assert await _append(database, ONE, "raised", "stage_started", after_seq=0, now=now) == first


async def test_other_events_there_are_given_to_who_did_not_know_them(database: Database, now: datetime) -> None:
    there = await _append(database, ONE, "raised", "acknowledged", after_seq=0, now=now)
    for mine, after in ((("raised", "responded"), 0), (("responded",), 1), (("raised", "acknowledged", "closed"), 0)):
        with pytest.raises(register.RegisterAhead) as caught:
            await _append(database, ONE, *mine, after_seq=after, now=now)
        assert list(caught.value.entries) == there[after:]
    assert await _verified(database) == []


async def test_who_believes_in_events_that_are_not_there_is_stopped(database: Database, now: datetime) -> None:
    await _append(database, ONE, "raised", after_seq=0, now=now)
    for reference, after in ((ONE, 2), (TWO, 1)):
        with pytest.raises(register.RegisterGap):
            await _append(database, reference, "closed", after_seq=after, now=now)


async def test_nothing_to_add_adds_nothing(database: Database, now: datetime) -> None:
    assert await _append(database, ONE, after_seq=0, now=now) == []


async def test_positions_have_no_gaps_however_many_append_and_some_fail(database: Database, now: datetime) -> None:
    async def case(number: int) -> None:
        reference = f"PD-26-{number:04d}-X"
        await _append(database, reference, "raised", after_seq=0, now=now)
        if number % 5 == 0:
            with pytest.raises(RuntimeError):  # noqa: PT012  the transaction is what is tested
                async with database.write() as tx:
                    await register.append(tx, reference, after_seq=1, bodies=_bodies("lost"), recorded_at=now)
                    raise RuntimeError
        await _append(database, reference, "acknowledged", "closed", after_seq=1, now=now)

    await asyncio.gather(*(case(number) for number in range(50)))
    assert await _verified(database) == []
    async with database.read() as tx:
        assert await register.last_position(tx) == 150


async def test_of_two_who_append_to_one_escalation_one_is_told_of_the_other(database: Database, now: datetime) -> None:
    await _append(database, ONE, "raised", after_seq=0, now=now)
    results = await asyncio.gather(
        *(_append(database, ONE, f"act_{number}", after_seq=1, now=now) for number in range(10)), return_exceptions=True
    )
    won = [result for result in results if isinstance(result, list)]
    lost = [result for result in results if isinstance(result, register.RegisterAhead)]
    assert (len(won), len(lost)) == (1, 9)
    assert all(list(result.entries) == won[0] for result in lost)


async def test_positions_are_in_the_order_of_commits(database: Database, now: datetime) -> None:
    """Whoever begins later waits, so that nothing ever appears before a position that was seen."""
    waiting = asyncio.Event()

    async def later() -> list[register.Entry]:
        await waiting.wait()
        return await _append(database, TWO, "raised", after_seq=0, now=now)

    task = asyncio.create_task(later())
    async with database.write() as tx:
        first = await register.append(tx, ONE, after_seq=0, bodies=_bodies("raised"), recorded_at=now)
        waiting.set()
        done, _ = await asyncio.wait({task}, timeout=0.3)
        assert not done
        async with database.read() as reading:
            assert await register.last_position(reading) == 0
    assert (first[0].position, (await task)[0].position) == (1, 2)


@pytest.fixture
async def history(database: Database, now: datetime) -> Database:
    for number, reference in enumerate((ONE, TWO)):
        await _append(database, reference, "raised", "stage_started", "clock_started", after_seq=0, now=now)
        await _append(database, reference, "acknowledged", after_seq=3, now=now + timedelta(hours=number))
    assert await _verified(database) == []
    return database


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("body", '{"kind":"raised" }'),
        ("kind", "closed"),
        ("recorded_at", "2026-03-02T09:00:00.000001Z"),
        ("previous_hash", "0" * 64),
        ("hash", "0" * 64),
        ("seq", 99),
        ("reference", "PD-26-0009-S"),
        ("position", 99),
    ],
)
async def test_an_edited_row_is_named(history: Database, intruder: Any, column: str, value: object) -> None:  # noqa: ANN401  the driver's own connection
    await intruder.does(f"UPDATE register SET {column} = :value WHERE position = 6", value=value)
    findings = await _verified(history)
    named = 99 if column == "position" else 6
    assert named in {finding.position for finding in findings}
    if column in {"body", "kind", "recorded_at"}:
        assert [(finding.position, finding.reference, finding.seq) for finding in findings] == [(6, TWO, 2)]
        assert findings[0].wrong == "its hash does not agree with what it holds"


async def test_a_row_that_was_edited_with_its_hash_breaks_the_chain_behind_it(history: Database, intruder: Any) -> None:  # noqa: ANN401  the driver's own connection
    async with history.read() as tx:
        edited = (await register.read(tx, TWO))[1]
    forged = register.digest(
        register.Entry(
            position=edited.position,
            reference=edited.reference,
            seq=edited.seq,
            kind=edited.kind,
            recorded_at=edited.recorded_at,
            body="{}",
            previous_hash=edited.previous_hash,
            hash="",
        )
    )
    await intruder.does("UPDATE register SET body = '{}', hash = :hash WHERE position = 6", hash=forged)
    findings = await _verified(history)
    assert [(finding.position, finding.wrong) for finding in findings] == [
        (7, "it does not follow from the event before it")
    ]


async def test_a_missing_row_is_named_by_the_one_behind_it(history: Database, intruder: Any) -> None:  # noqa: ANN401  the driver's own connection
    await intruder.does("DELETE FROM register WHERE position = 2")
    findings = await _verified(history)
    assert findings[0].position == 3
    assert findings[0].wrong == "positions go from 1 to 3"


async def test_two_rows_that_changed_places_are_named(history: Database, intruder: Any) -> None:  # noqa: ANN401  the driver's own connection
    for was, becomes in ((2, 100), (6, 2), (100, 6)):
        await intruder.does(f"UPDATE register SET position = {becomes} WHERE position = {was}")
    assert {finding.position for finding in await _verified(history)} >= {2, 6}


async def test_a_frozen_text_that_was_changed_is_named(database: Database, intruder: Any, now: datetime) -> None:  # noqa: ANN401  the driver's own connection
    async with database.write() as tx:
        content_hash = await frozen.put(tx, frozen.Kind.POLICY, "five working days", now=now)
    await intruder.does("UPDATE frozen SET content = 'six working days'")
    assert [(finding.table, finding.row) for finding in await _verified(database)] == [("frozen", content_hash)]


@pytest.fixture
async def recorded(database: Database, keys: Vault, now: datetime) -> submissions.Receipt:
    """Give a submission that was received, recorded and settled."""
    async with database.write() as tx:
        receipt = await submissions.receive(
            tx,
            keys,
            act_kind="raise",
            act_json="{}",
            channel="form",
            received_at=now,
            sealed={"child": "Canary Quillfeather"},
            reference=None,
        )
        known = await submissions.get(tx, receipt.submission_id)
        body = f'{{"submission_id":"{receipt.submission_id}","content_digest":"{known.content_digest}"}}'
        added = await register.append(tx, receipt.reference, after_seq=0, bodies=[("raised", body)], recorded_at=now)
        await submissions.settle(
            tx,
            receipt.submission_id,
            state=submissions.State.APPLIED,
            code="applied",
            sentence="",
            at=now,
            first_position=added[0].position,
        )
    assert await _verified(database) == []
    return receipt


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ("sealed = :other", "its sealed text is not the one that was received"),
        ("sealed = :other, content_digest = :digest", "it does not agree with its own digest"),
        ('act = \'{"by":"another"}\'', "it does not agree with its own digest"),
        ("received_at = '2026-03-02T08:00:00.000000Z'", "it does not agree with its own digest"),
    ],
)
async def test_a_submission_that_was_changed_is_named(
    database: Database,
    intruder: Any,  # noqa: ANN401  the driver's own connection
    recorded: submissions.Receipt,
    change: str,
    wrong: str,
) -> None:
    given = {name: value for name, value in (("other", b"other"), ("digest", OTHER_DIGEST)) if f":{name}" in change}
    await intruder.does(f"UPDATE submissions SET {change}", **given)
    assert [(finding.row, finding.wrong) for finding in await _verified(database)] == [(recorded.submission_id, wrong)]


async def test_a_replaced_text_is_named_even_where_its_row_was_made_to_fit(
    database: Database,
    intruder: Any,  # noqa: ANN401  the driver's own connection
    recorded: submissions.Receipt,
) -> None:
    await intruder.does(
        "UPDATE submissions SET sealed = :other, content_digest = :digest", other=b"other", digest=OTHER_DIGEST
    )
    async with database.read() as tx:
        row = (await tx.execute(submissions._ROWS.select())).mappings().one()
    await intruder.does("UPDATE submissions SET row_digest = :d", d=register.submission_digest(dict(row)))
    assert [(finding.row, finding.wrong) for finding in await _verified(database)] == [
        (recorded.submission_id, "its sealed text is not the one that the register vouches for")
    ]


async def test_a_submission_that_the_register_names_and_that_is_gone_is_named(
    database: Database,
    intruder: Any,  # noqa: ANN401  the driver's own connection
    recorded: submissions.Receipt,
) -> None:
    await intruder.does("DELETE FROM submission_states")
    await intruder.does("DELETE FROM submissions")
    assert [finding.wrong for finding in await _verified(database)] == [
        "the register names it, and it is not there",
        "it counts 1 submissions, and number 1 is not there",
        "the last reference given is number 1, and number 1 has no submission",
    ]
    assert (await _verified(database))[0].row == recorded.submission_id


async def test_a_register_that_lost_its_end_is_noticed_by_what_was_settled_there(
    database: Database,
    intruder: Any,  # noqa: ANN401  the driver's own connection
    recorded: submissions.Receipt,
) -> None:
    await intruder.does("DELETE FROM register")
    findings = await _verified(database)
    assert [(finding.table, finding.row, finding.reference) for finding in findings] == [
        ("register", "end", recorded.reference)
    ]


async def test_erasing_a_key_erases_the_words_and_leaves_the_chain(
    database: Database,
    keys: Vault,
    recorded: submissions.Receipt,
    now: datetime,
) -> None:
    async with database.write() as tx:
        known = await submissions.get(tx, recorded.submission_id)
        assert await keys.erase(tx, known.key_id, at=now)
    async with database.read() as tx:
        with pytest.raises(Erased):
            await submissions.content(tx, keys, recorded.submission_id)
    assert await _verified(database) == []


async def test_findings_do_not_depend_on_the_size_of_a_page(
    history: Database,
    intruder: Any,  # noqa: ANN401  the driver's own connection
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(register, "_PAGE", 2)
    assert await _verified(history) == []
    await intruder.does("UPDATE register SET body = '{}' WHERE position = 3")
    assert [finding.position for finding in await _verified(history)] == [3]


async def test_a_body_keeps_every_byte(database: Database, now: datetime) -> None:
    body = '{"b":1,"a":[1.0,1e3],"é":"\\u00e9 \\"quoted\\"  two spaces","z":null}'
    async with database.write() as tx:
        await register.append(tx, ONE, after_seq=0, bodies=[("raised", body)], recorded_at=now)
        stored = (await tx.execute(text("SELECT body FROM register"))).scalar_one()
    assert stored == body


async def test_rows_that_cannot_be_read_are_named_and_hide_nothing_else(history: Database, intruder: Any) -> None:  # noqa: ANN401  the driver's own connection
    if not history.is_sqlite:
        await intruder.does("UPDATE register SET recorded_at = '1 March 2026' WHERE position = 2")
        assert [(found.row, found.wrong) for found in await _verified(history)] == [
            ("2", "its recorded_at is not an instant")
        ]
        return
    for change, row, wrong in (
        ("recorded_at = '1 March 2026' WHERE position = 2", "2", "its recorded_at is not an instant"),
        ("recorded_at = '2026-03-02 09:00:00.000000Z' WHERE position = 3", "3", "its recorded_at is not an instant"),
        ("body = CAST(x'7bff7d' AS TEXT) WHERE position = 4", "4", "its body is not in UTF-8"),
        ("kind = x'ff' WHERE position = 5", "5", "its kind is stored as blob, not as text"),
        ("seq = 'x' WHERE position = 6", "6", "its seq is stored as text, not as integer"),
        ("position = 'nine' WHERE position = 8", "nine", "its position is stored as text, not as integer"),
    ):
        await intruder.does(f"UPDATE register SET {change}")
        assert (row, wrong) in {(found.row, found.wrong) for found in await _verified(history)}
    assert {found.row for found in await _verified(history)} == {"2", "3", "4", "5", "6", "nine"}


@pytest.mark.parametrize(
    ("change", "table", "wrong"),
    [
        ("UPDATE submissions SET sealed = 'edited'", "submissions", "its sealed is stored as text, not as blob"),
        ("UPDATE submissions SET act = CAST(x'ff' AS TEXT)", "submissions", "its act is not in UTF-8"),
        ("UPDATE submission_states SET attempts = 'x'", "submission_states", "its attempts is stored as text"),
        ("UPDATE submission_lanes SET arrivals = x'00'", "submission_lanes", "its arrivals is stored as blob"),
        ("DROP TABLE cases", "cases", "it cannot be read"),
    ],
)
@pytest.mark.usefixtures("recorded")
async def test_whatever_somebody_put_into_a_file_is_named(
    database: Database,
    intruder: Any,  # noqa: ANN401  the driver's own connection
    change: str,
    table: str,
    wrong: str,
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL takes nothing of another type")
    await intruder.does(change)
    assert any(found.table == table and found.wrong.startswith(wrong) for found in await _verified(database))


@pytest.mark.parametrize(
    ("change", "table", "wrong"),
    [
        ("DELETE FROM submission_states", "submission_states", "it is not there"),
        ("UPDATE submission_states SET first_position = NULL", "submission_states", "it says applied, and not where"),
        ("UPDATE submission_states SET state = 'refused'", "submission_states", "it says refused, and the register"),
        ("UPDATE submission_states SET state = 'queued'", "submission_states", "it says queued, and the register"),
        ("UPDATE submission_states SET settled_at = NULL", "submission_states", "it says applied, and not when"),
        ("UPDATE submission_states SET state = 'x'", "submission_states", "its state is none"),
        ("UPDATE submission_states SET reference = 'x'", "submission_states", "it names another escalation"),
        ("DELETE FROM submission_lanes", "submission_lanes", "it is not there"),
        ("UPDATE submission_lanes SET arrivals = 0", "submission_lanes", "it counts 0 submissions, and there is"),
        ("UPDATE submission_lanes SET arrivals = 2", "submission_lanes", "it counts 2 submissions, and number 2"),
        ("UPDATE reference_counters SET last = 0", "reference_counters", "the last reference given is number 0"),
        ("UPDATE reference_counters SET last = 2", "reference_counters", "the last reference given is number 2"),
        ("DELETE FROM reference_counters", "reference_counters", "references were given"),
        ("DELETE FROM data_keys", "data_keys", "submission "),
        ("DELETE FROM register", "register", "the event of submission "),
    ],
)
@pytest.mark.usefixtures("recorded")
async def test_what_does_not_go_together_is_named(
    database: Database,
    intruder: Any,  # noqa: ANN401  the driver's own connection
    change: str,
    table: str,
    wrong: str,
) -> None:
    await intruder.does(change)
    found = await _verified(database)
    assert [one for one in found if one.table == table and one.wrong.startswith(wrong)], found


async def test_a_submission_is_applied_where_its_own_event_stands(
    database: Database,
    keys: Vault,
    intruder: Any,  # noqa: ANN401  the driver's own connection
    recorded: submissions.Receipt,
    now: datetime,
) -> None:
    async with database.write() as tx:
        receipt = await submissions.receive(
            tx,
            keys,
            act_kind="raise",
            act_json="{}",
            channel="form",
            received_at=now,
            sealed={},
            reference=recorded.reference,
        )
    assert await _verified(database) == []
    await intruder.does(
        "UPDATE submission_states SET state = 'applied', outcome_code = 'applied', settled_at = received_at,"
        " first_position = 1 WHERE state = 'queued'"
    )
    assert [(found.row, found.wrong) for found in await _verified(database)] == [
        (receipt.submission_id, "it says applied at 1, and the register does not hold its event there")
    ]


async def test_frozen_texts_that_the_register_names_are_missed_and_keep_their_kind(
    database: Database,
    intruder: Any,  # noqa: ANN401  the driver's own connection
    now: datetime,
) -> None:
    async with database.write() as tx:
        policy = await frozen.put(tx, frozen.Kind.POLICY, "five working days", now=now)
        calendar = await frozen.put(tx, frozen.Kind.CALENDAR, "no holidays", now=now)
        body = f'{{"policy_hash":"{policy}","calendar_hash":"{calendar}"}}'
        await register.append(tx, ONE, after_seq=0, bodies=[("raised", body)], recorded_at=now)
    assert await _verified(database) == []
    await intruder.does("UPDATE frozen SET kind = 'codes' WHERE kind = 'policy'")
    assert [(found.table, found.row) for found in await _verified(database)] == [("frozen", policy)]
    await intruder.does("DELETE FROM frozen")
    assert {(found.row, found.wrong) for found in await _verified(database)} == {
        (name, "the register names it, and it is not there") for name in (policy, calendar)
    }


async def test_a_notice_of_an_event_that_is_gone_bears_witness(
    history: Database,
    intruder: Any,  # noqa: ANN401  the driver's own connection
    now: datetime,
) -> None:
    await intruder.does(
        "INSERT INTO notices (notice_id, reference, seq, kind, side, state, attempts, created_at, starts_clocks)"
        f" VALUES ('n1', '{TWO}', 4, 'raised', 'raising', 'sent', 1, '{now:%Y-%m-%dT%H:%M:%S.%fZ}', false)"
    )
    assert await _verified(history) == []
    await intruder.does("DELETE FROM register WHERE position = 8")
    assert [(found.table, found.row, found.wrong) for found in await _verified(history)] == [
        ("register", "end", f"notices knows of event 4 of {TWO}, and the newest there is 3")
    ]


async def test_a_report_of_a_notice_is_applied_where_its_event_stands_though_that_names_no_submission(
    database: Database,
    keys: Vault,
    intruder: Any,  # noqa: ANN401  the driver's own connection
    recorded: submissions.Receipt,
    now: datetime,
) -> None:
    async with database.write() as tx:
        receipt = await submissions.receive(
            tx,
            keys,
            act_kind="report_delivery",
            act_json="{}",
            channel="system",
            received_at=now,
            sealed={},
            reference=recorded.reference,
        )
        added = await register.append(
            tx, recorded.reference, after_seq=1, bodies=_bodies("notice_reported"), recorded_at=now
        )
        await submissions.settle(
            tx,
            receipt.submission_id,
            state=submissions.State.APPLIED,
            code="applied",
            sentence="",
            at=now,
            first_position=added[0].position,
        )
    assert await _verified(database) == []
    await intruder.does(
        f"UPDATE submission_states SET first_position = 3 WHERE submission_id = '{receipt.submission_id}'"
    )
    assert {found.row for found in await _verified(database)} == {"end"}
