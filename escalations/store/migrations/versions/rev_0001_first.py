"""Every table, and the guards of those that are append-only.

Revision: 0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INSTANT = sa.String(27)
_SLUG = sa.String(64)
_REFERENCE = sa.String(32)
_UNSETTLED = sa.text("state IN ('queued', 'in_flight')")

_APPEND_ONLY = {
    "register": ("position = NEW.position", "reference = NEW.reference AND seq = NEW.seq"),
    "frozen": ("content_hash = NEW.content_hash",),
    "submissions": ("submission_id = NEW.submission_id", "idempotency_key = NEW.idempotency_key"),
    "access_log": ("access_id = NEW.access_id",),
}
"""Each with the condition of every unique key, under which an insert would replace a row."""


def upgrade() -> None:
    """Apply it."""
    _register()
    _submissions()
    _directory()
    _outgoing()
    _read_models()
    _guards()


def downgrade() -> None:
    """Refuse: there is nothing before the register, and taking it away is not a migration."""
    raise NotImplementedError("the first revision is not taken back; restore a backup instead")


def _guards() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table, same_row in _APPEND_ONLY.items():
            _guard_sqlite(table, same_row)
        return
    op.execute("""
        CREATE FUNCTION escalations_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END $$""")
    for table in _APPEND_ONLY:
        # By statement, so that it is refused even where no row would be touched; ALWAYS, so that a session which plays
        # a replica is refused too.
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION escalations_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION escalations_append_only()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate")


def _guard_sqlite(table: str, same_row: tuple[str, ...]) -> None:
    for what in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{what} BEFORE {what.upper()} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, 'append-only: {what} on {table} is refused'); END"
        )
    # REPLACE deletes without telling the delete trigger unless recursive_triggers is on, and that is a setting of each
    # connection: a shell opened on the file has it off. So an insert over an existing row is refused by itself.
    conditions = (*same_row, "rowid = NEW.rowid")
    exists = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {condition})" for condition in conditions)  # noqa: S608  constants above
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {exists}"
        f" BEGIN SELECT RAISE(ABORT, 'append-only: {table} has this row already'); END"
    )


def _register() -> None:
    op.create_table(
        "register",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reference", _REFERENCE, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", _SLUG, nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous_hash", _SLUG, nullable=False),
        sa.Column("hash", _SLUG, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_register")),
        sa.UniqueConstraint("reference", "seq", name=op.f("uq_register_reference_seq")),
    )
    op.create_table(
        "frozen",
        sa.Column("content_hash", _SLUG, nullable=False),
        sa.Column("kind", _SLUG, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("first_used_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_frozen")),
    )
    op.create_table(
        "data_keys",
        sa.Column("key_id", _SLUG, nullable=False),
        sa.Column("wrapped", sa.LargeBinary()),
        sa.Column("wrapped_with", _SLUG),
        sa.Column("erased_at", _INSTANT),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_data_keys")),
    )
    op.create_index(op.f("ix_data_keys_wrapped_with"), "data_keys", ["wrapped_with"])


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("submission_id", _SLUG, nullable=False),
        sa.Column("reference", _REFERENCE, nullable=False),
        sa.Column("act_kind", _SLUG, nullable=False),
        sa.Column("channel", _SLUG, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", _SLUG, nullable=False),
        sa.Column("content_digest", _SLUG, nullable=False),
        sa.Column("keyed_digest", _SLUG, nullable=False),
        sa.Column("idempotency_key", sa.String(128)),
        sa.Column("row_digest", _SLUG, nullable=False),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_submissions_idempotency_key")),
    )
    op.create_index(op.f("ix_submissions_keyed_digest_received_at"), "submissions", ["keyed_digest", "received_at"])
    op.create_index(op.f("ix_submissions_reference"), "submissions", ["reference"])
    op.create_table(
        "submission_states",
        sa.Column("submission_id", _SLUG, nullable=False),
        sa.Column("reference", _REFERENCE, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("arrival", sa.Integer(), nullable=False),
        sa.Column("state", _SLUG, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", _INSTANT),
        sa.Column("leased_until", _INSTANT),
        sa.Column("outcome_code", _SLUG),
        sa.Column("outcome_sentence", sa.Text()),
        sa.Column("settled_at", _INSTANT),
        sa.Column("first_position", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.submission_id"], name=op.f("fk_submission_states_submission_id")
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submission_states")),
        sa.UniqueConstraint("reference", "arrival", name=op.f("uq_submission_states_reference_arrival")),
    )
    op.create_index(
        "ix_submission_states_unsettled",
        "submission_states",
        ["reference", "received_at", "arrival"],
        sqlite_where=_UNSETTLED,
        postgresql_where=_UNSETTLED,
    )
    op.create_index(
        "ix_submission_states_unsettled_oldest",
        "submission_states",
        ["received_at"],
        sqlite_where=_UNSETTLED,
        postgresql_where=_UNSETTLED,
    )
    op.create_table(
        "submission_lanes",
        sa.Column("reference", _REFERENCE, nullable=False),
        sa.Column("arrivals", sa.Integer(), nullable=False),
        sa.Column("submission_id", _SLUG),
        sa.Column("leased_until", _INSTANT),
        sa.Column("owner", sa.String(128)),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_submission_lanes")),
    )
    op.create_table(
        "reference_counters",
        sa.Column("prefix", sa.String(8), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", "year", name=op.f("pk_reference_counters")),
    )


def _directory() -> None:
    op.create_table(
        "agencies",
        sa.Column("agency_id", _SLUG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agency_type", _SLUG, nullable=False),
        sa.Column("town", sa.Text(), nullable=False),
        sa.Column("parent", _SLUG),
        sa.Column("successor", _SLUG),
        sa.Column("notices", _SLUG, nullable=False),
        sa.Column("active_from", sa.Date(), nullable=False),
        sa.Column("active_to", sa.Date()),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["agencies.agency_id"], name=op.f("fk_agencies_parent")),
        sa.ForeignKeyConstraint(["successor"], ["agencies.agency_id"], name=op.f("fk_agencies_successor")),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_agencies")),
    )
    op.create_table(
        "positions",
        sa.Column("holding_id", _SLUG, nullable=False),
        sa.Column("agency_id", _SLUG, nullable=False),
        sa.Column("position", _SLUG, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", _SLUG, nullable=False),
        sa.Column("working_days", _REFERENCE, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("sealed_holder", sa.LargeBinary()),
        sa.Column("sealed_deputy", sa.LargeBinary()),
        sa.Column("key_id", _SLUG),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.agency_id"], name=op.f("fk_positions_agency_id")),
        sa.PrimaryKeyConstraint("holding_id", name=op.f("pk_positions")),
    )
    op.create_index(op.f("ix_positions_agency_id_position"), "positions", ["agency_id", "position"])


def _outgoing() -> None:
    op.create_table(
        "notices",
        sa.Column("notice_id", _SLUG, nullable=False),
        sa.Column("reference", _REFERENCE, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", _SLUG, nullable=False),
        sa.Column("side", _SLUG, nullable=False),
        sa.Column("agency_id", _SLUG),
        sa.Column("position", _SLUG),
        sa.Column("asks", _SLUG),
        sa.Column("stage", sa.Integer()),
        sa.Column("due_at", _INSTANT),
        sa.Column("about", _SLUG),
        sa.Column("state", _SLUG, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", _INSTANT),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("sent_at", _INSTANT),
        sa.Column("last_code", _SLUG),
        sa.Column("message_id", sa.Text()),
        sa.Column("starts_clocks", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_reference"), "notices", ["reference"])
    op.create_index(op.f("ix_notices_state_next_attempt_at"), "notices", ["state", "next_attempt_at"])
    op.create_table(
        "outbox",
        sa.Column("id", _SLUG, nullable=False),
        sa.Column("notice_id", _SLUG),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("to_hint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_made_at"), "outbox", ["made_at"])
    op.create_table(
        "links",
        sa.Column("link_id", _SLUG, nullable=False),
        sa.Column("token_hash", _SLUG, nullable=False),
        sa.Column("notice_id", _SLUG),
        sa.Column("reference", _REFERENCE, nullable=False),
        sa.Column("agency_id", _SLUG),
        sa.Column("position", _SLUG),
        sa.Column("side", _SLUG, nullable=False),
        sa.Column("asks", _SLUG),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("about", _SLUG),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("closed_at", _INSTANT),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_links_token_hash")),
    )
    op.create_index(op.f("ix_links_reference"), "links", ["reference"])
    op.create_table(
        "link_codes",
        sa.Column("code_id", _SLUG, nullable=False),
        sa.Column("link_id", _SLUG, nullable=False),
        sa.Column("code_hash", _SLUG, nullable=False),
        sa.Column("address_digest", _SLUG, nullable=False),
        sa.Column("sent_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used_at", _INSTANT),
        sa.ForeignKeyConstraint(["link_id"], ["links.link_id"], name=op.f("fk_link_codes_link_id")),
        sa.PrimaryKeyConstraint("code_id", name=op.f("pk_link_codes")),
    )
    op.create_index(op.f("ix_link_codes_link_id"), "link_codes", ["link_id"])
    op.create_table(
        "link_sessions",
        sa.Column("session_hash", _SLUG, nullable=False),
        sa.Column("link_id", _SLUG, nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("key_id", _SLUG),
        sa.Column("address_digest", _SLUG, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["links.link_id"], name=op.f("fk_link_sessions_link_id")),
        sa.PrimaryKeyConstraint("session_hash", name=op.f("pk_link_sessions")),
    )
    op.create_index(op.f("ix_link_sessions_link_id"), "link_sessions", ["link_id"])
    op.create_table(
        "drafts",
        sa.Column("draft_id", _SLUG, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", _SLUG, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_drafts")),
    )
    op.create_table(
        "access_log",
        sa.Column("access_id", _SLUG, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("role", _SLUG, nullable=False),
        sa.Column("agency_id", _SLUG),
        sa.Column("reference", _REFERENCE),
        sa.Column("what", _SLUG, nullable=False),
        sa.PrimaryKeyConstraint("access_id", name=op.f("pk_access_log")),
    )
    op.create_index(op.f("ix_access_log_reference"), "access_log", ["reference"])


def _read_models() -> None:
    op.create_table(
        "cases",
        sa.Column("reference", _REFERENCE, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("status", _SLUG, nullable=False),
        sa.Column("track", _SLUG, nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("raising_agency", _SLUG, nullable=False),
        sa.Column("responding_agencies", sa.Text(), nullable=False),
        sa.Column("concern", _SLUG),
        sa.Column("reason", _SLUG),
        sa.Column("level_of_need", sa.Integer()),
        sa.Column("legal_status", _SLUG),
        sa.Column("policy_hash", _SLUG),
        sa.Column("calendar_hash", _SLUG),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("stage_started_at", _INSTANT),
        sa.Column("partnership_told_at", _INSTANT),
        sa.Column("word_due_at", _INSTANT),
        sa.Column("next_due_at", _INSTANT),
        sa.Column("move_to_stage", sa.Integer()),
        sa.Column("move_takes_effect_at", _INSTANT),
        sa.Column("closed_at", _INSTANT),
        sa.Column("outcome", _SLUG),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_received_at"), "cases", ["received_at"])
    op.create_index(op.f("ix_cases_status_next_due_at"), "cases", ["status", "next_due_at"])
    op.create_table(
        "clocks",
        sa.Column("reference", _REFERENCE, nullable=False),
        sa.Column("clock_id", _SLUG, nullable=False),
        sa.Column("rule_id", _SLUG, nullable=False),
        sa.Column("awaits", _SLUG, nullable=False),
        sa.Column("waits_for", _SLUG, nullable=False),
        sa.Column("agency_id", _SLUG),
        sa.Column("position", _SLUG),
        sa.Column("stage", sa.Integer()),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("kept_dates", sa.Text(), nullable=False),
        sa.Column("reminders", sa.Text(), nullable=False),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Text()),
        sa.Column("receipt_hash", _SLUG, nullable=False),
        sa.Column("state", _SLUG, nullable=False),
        sa.Column("cause", _SLUG),
        sa.Column("accounts_until", _INSTANT),
        sa.Column("limit_passed_at", _INSTANT),
        sa.Column("limit_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.PrimaryKeyConstraint("reference", "clock_id", name=op.f("pk_clocks")),
    )
    op.create_index(op.f("ix_clocks_state_due_at"), "clocks", ["state", "due_at"])
