"""Mail that was received, what became of it, and what the team did with it.

Revision: 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from escalations.store.migrations.guards import append_only

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INSTANT = sa.String(27)
_SLUG = sa.String(64)
_RECEIVED = sa.text("state = 'received'")


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "mails",
        sa.Column("mail_id", _SLUG, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("kind", _SLUG, nullable=False),
        sa.Column("arrival", _SLUG),
        sa.Column("markers", sa.Text(), nullable=False),
        sa.Column("vouched", _SLUG, nullable=False),
        sa.Column("notice_id", _SLUG),
        sa.Column("message_key", _SLUG),
        sa.Column("words_key", _SLUG, nullable=False),
        sa.Column("sender_key", _SLUG),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", _SLUG, nullable=False),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_mails")),
        sa.UniqueConstraint("message_key", name=op.f("uq_mails_message_key")),
    )
    op.create_index(op.f("ix_mails_words_key_received_at"), "mails", ["words_key", "received_at"])
    op.create_index(op.f("ix_mails_sender_key_received_at"), "mails", ["sender_key", "received_at"])
    op.create_index(op.f("ix_mails_received_at"), "mails", ["received_at"])
    op.create_table(
        "mail_states",
        sa.Column("mail_id", _SLUG, nullable=False),
        sa.Column("state", _SLUG, nullable=False),
        sa.Column("reference", sa.String(32)),
        sa.Column("code", _SLUG),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", _INSTANT),
        sa.Column("answered_at", _INSTANT),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.mail_id"], name=op.f("fk_mail_states_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_mail_states")),
    )
    op.create_index(op.f("ix_mail_states_state"), "mail_states", ["state"])
    op.create_index(op.f("ix_mail_states_reference"), "mail_states", ["reference"])
    op.create_index(op.f("ix_mail_states_answered_at"), "mail_states", ["answered_at"])
    op.create_index(
        "ix_mail_states_received",
        "mail_states",
        ["next_attempt_at"],
        sqlite_where=_RECEIVED,
        postgresql_where=_RECEIVED,
    )
    op.create_table(
        "mail_acts",
        sa.Column("act_id", _SLUG, nullable=False),
        sa.Column("mail_id", _SLUG, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("what", _SLUG, nullable=False),
        sa.Column("reference", sa.String(32)),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", _SLUG, nullable=False),
        sa.Column("idempotency_key", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_mail_acts")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_mail_acts_idempotency_key")),
    )
    op.create_index(op.f("ix_mail_acts_mail_id"), "mail_acts", ["mail_id"])
    append_only("mails", "mail_id = NEW.mail_id", "message_key = NEW.message_key")
    append_only("mail_acts", "act_id = NEW.act_id", "idempotency_key = NEW.idempotency_key")


def downgrade() -> None:
    """Refuse: what people wrote would be lost."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
