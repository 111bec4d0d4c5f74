"""The migrations bring an empty database to what the models say, with every guard, under either role."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, exc, insert, select, text
from sqlalchemy.engine import make_url

from escalations.store import engine, read_models, register, tables
from escalations.store.engine import Database


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": tables.METADATA}
    )
    return list(compare_metadata(context, tables.METADATA))


async def test_the_migrated_schema_is_the_one_of_the_models(database: Database) -> None:
    async with database.read() as tx:
        assert await tx.run_sync(_differences) == []


async def test_a_column_that_no_migration_makes_is_noticed(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(text("ALTER TABLE notices DROP COLUMN last_code"))
    async with database.read() as tx:
        assert len(await tx.run_sync(_differences)) == 1


async def test_an_empty_database_is_not_ready_and_a_migrated_one_is(database_url: str) -> None:
    async with Database.open(database_url) as opened:
        assert await opened.revision() is None
        assert not await opened.ready()
        await opened.migrate()
        assert await opened.revision() == engine.newest_revision()
        assert await opened.ready()


async def test_migrating_again_or_from_several_processes_at_once_does_no_harm(database_url: str) -> None:
    opened = [Database.open(database_url, pool_size=1) for _ in range(4)]
    try:
        await asyncio.gather(*(one.migrate() for one in opened))
        await opened[0].migrate()
        assert await opened[0].ready()
    finally:
        for one in opened:
            await one.close()


async def test_rows_of_before_a_migration_are_read_after_it(sqlite_url: str) -> None:
    """A case that agreed and a clock that passed, as they stood before the team could do more to them."""
    from alembic import command  # noqa: PLC0415  a step that the application never takes alone

    async with Database.open(sqlite_url) as opened:

        def upto(connection: Connection, revision: str) -> None:
            config = engine.migration_config()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

        async with opened.write() as tx:
            await tx.run_sync(upto, "0001")
            await tx.execute(
                text(
                    "INSERT INTO cases (reference, seq, position, status, track, stage, raising_agency,"
                    " responding_agencies, edition, received_at, outcome, changed_at) VALUES ('PD-27-0001-X', 9, 9,"
                    " 'closed', 'standard', 1, 'oak-school', '[]', 1, :at, 'agreed_as_asked', :at)"
                ),
                {"at": "2027-03-01T09:30:00.000000Z"},
            )
            await tx.execute(
                text(
                    "INSERT INTO clocks (reference, clock_id, rule_id, awaits, waits_for, started_at, due_at,"
                    " kept_dates, reminders, reminded, receipt_hash, state, cause, limit_withdrawn) VALUES"
                    " ('PD-27-0001-X', '1-a', 'a', 'respond', 'responding', :at, :at,"
                    " '[]', '[]', 0, '', 'met', 'silent', 0)"
                ),
                {"at": "2027-03-01T09:30:00.000000Z"},
            )
        await opened.migrate()
        async with opened.read() as tx:
            case = await read_models.case_of(tx, "PD-27-0001-X")
            [clock] = await read_models.clocks_of(tx, "PD-27-0001-X")
    assert case is not None
    assert (case.raising_agency, case.on_word_of, case.pauses, case.paused_since) == ("oak-school", "raising", 0, None)
    assert (clock.evidence_cause, clock.cause_confirmed_at, clock.extensions) == ("silent", None, 0)


async def test_a_guard_that_a_migration_lost_is_named(database: Database) -> None:
    async with database.write() as tx:
        where = "" if database.is_sqlite else " ON register"
        guard = "no_delete" if database.is_sqlite else "no_truncate"
        await tx.execute(text(f"DROP TRIGGER register_{guard}{where}"))
    async with database.read() as tx:
        assert await engine.missing_guards(tx) == ["register"]
    with pytest.raises(engine.DatabaseUnfit, match="register"):
        await database.migrate()


async def test_alembics_batch_mode_drops_guards_and_that_is_noticed(sqlite_url: str) -> None:
    from alembic.operations import Operations  # noqa: PLC0415  what a careless migration would use

    def careless(connection: Connection) -> None:
        with Operations(MigrationContext.configure(connection)).batch_alter_table("frozen", recreate="always"):
            pass

    async with Database.open(sqlite_url) as opened:
        await opened.migrate()
        async with opened.write() as tx:
            await tx.run_sync(careless)
        async with opened.read() as tx:
            assert await engine.missing_guards(tx) == ["frozen"]


async def test_the_applications_role_works_with_the_tables_and_does_not_own_them(
    postgres_url: str,
    now: datetime,
) -> None:
    role = "escalations_app_" + (make_url(postgres_url).database or "")
    async with Database.open(postgres_url) as owner, owner.write() as tx:
        await tx.execute(text(f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'made-up'"))
    mine = make_url(postgres_url).set(username=role, password="made-up").render_as_string(hide_password=False)
    try:
        async with Database.open(mine, owner_url=postgres_url) as opened:
            await opened.migrate()
            assert await opened.ready()
            async with opened.write() as tx:
                await tx.execute(
                    insert(tables.FROZEN).values(content_hash="h", kind="codes", content="c", first_used_at=now)
                )
                await tx.execute(insert(tables.COUNTERS).values(prefix="PD", year=26, last=1))
                await tx.execute(tables.COUNTERS.delete())
            for forbidden in (
                "ALTER TABLE register DISABLE TRIGGER register_no_change",
                "DROP TABLE register",
                "DROP TRIGGER register_no_change ON register",
                "UPDATE frozen SET content = ''",
                "TRUNCATE frozen",
                "SET session_replication_role = replica",
                "DELETE FROM frozen",
            ):
                with pytest.raises(exc.ProgrammingError):
                    async with opened.write() as tx:
                        await tx.execute(text(forbidden))
            async with opened.read() as tx:
                assert (await tx.execute(select(tables.FROZEN.c.content))).scalar_one() == "c"
    finally:
        async with Database.open(postgres_url) as owner, owner.write() as tx:
            await tx.execute(text(f'DROP OWNED BY "{role}"'))
            await tx.execute(text(f'DROP ROLE "{role}"'))


async def test_mail_of_before_its_digests_verifies_after_them_and_stays_guarded(sqlite_url: str) -> None:
    from alembic import command  # noqa: PLC0415  a step that the application never takes alone

    async with Database.open(sqlite_url) as opened:

        def upto(connection: Connection, revision: str) -> None:
            config = engine.migration_config()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

        at = "2027-03-01T09:30:00.000000Z"
        async with opened.write() as tx:
            await tx.run_sync(upto, "0008")
            for statement in (
                "INSERT INTO data_keys (key_id, wrapped, wrapped_with) VALUES ('k', x'00', 'w')",
                (
                    "INSERT INTO mails (mail_id, received_at, kind, markers, vouched, words_key, size, sealed, key_id)"
                    " VALUES ('m', :at, 'person', '', 'not', 'w', 3, x'616263', 'k')"
                ),
                "INSERT INTO mail_states (mail_id, state, code, changed_at) VALUES ('m', 'not_for_us', 'no', :at)",
                (
                    "INSERT INTO mail_acts (act_id, mail_id, at, what, sealed, key_id, idempotency_key)"
                    " VALUES ('a', 'm', :at, 'not_for_us', x'616263', 'k', 'press')"
                ),
            ):
                await tx.execute(text(statement), {"at": at} if ":at" in statement else {})
        await opened.migrate()
        async with opened.read() as tx:
            assert await register.verify(tx) == []
        for table in ("mails", "mail_acts"):
            with pytest.raises(exc.DatabaseError, match="append-only"):
                async with opened.write() as tx:
                    await tx.execute(text(f"UPDATE {table} SET row_digest = 'x'"))  # noqa: S608  a name from above
