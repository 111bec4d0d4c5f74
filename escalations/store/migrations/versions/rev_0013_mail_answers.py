"""What was answered to whom, so that each address has a budget of its own; and the same words that came again.

Revision: 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INSTANT = sa.String(27)
_SLUG = sa.String(64)
_AGAIN = sa.text("repeated_at IS NOT NULL")
_QUIET = sa.text("quiet_until IS NOT NULL")


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "mail_answers",
        sa.Column("answer_id", _SLUG, nullable=False),
        sa.Column("mail_id", _SLUG, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("address_key", _SLUG, nullable=False),
        sa.Column("what", _SLUG, nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("of_party", sa.Boolean(), nullable=False),
        sa.Column("to_writer", sa.Boolean(), nullable=False),
        sa.Column("quiet_until", _INSTANT),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_mail_answers")),
    )
    op.create_index(op.f("ix_mail_answers_address_key_at"), "mail_answers", ["address_key", "at"])
    op.create_index(op.f("ix_mail_answers_at"), "mail_answers", ["at"])
    op.create_index(
        "ix_mail_answers_quiet", "mail_answers", ["quiet_until"], sqlite_where=_QUIET, postgresql_where=_QUIET
    )
    op.add_column("mail_states", sa.Column("not_answered", _SLUG))
    op.add_column("mail_states", sa.Column("repeats", sa.Integer(), server_default="0", nullable=False))
    op.add_column("mail_states", sa.Column("repeated_at", _INSTANT))
    op.create_index(
        "ix_mail_states_repeated", "mail_states", ["repeated_at"], sqlite_where=_AGAIN, postgresql_where=_AGAIN
    )


def downgrade() -> None:
    """Refuse: whoever was told from when on they are answered would be told it again."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
