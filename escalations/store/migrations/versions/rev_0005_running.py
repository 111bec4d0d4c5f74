"""What the running parts say of themselves, and the indexes that the figures of lateness read.

Revision: 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INSTANT = sa.String(27)
_SLUG = sa.String(64)
_LIMITS = sa.text("kind = 'limit_passed'")
_HELD = sa.text("state = 'held'")


def upgrade() -> None:
    """Apply it. Indexes are made in place: rebuilding a table would take the guards off the register."""
    op.create_table(
        "heartbeats",
        sa.Column("part", _SLUG, nullable=False),
        sa.Column("host", sa.String(128), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("part", "host", name="pk_heartbeats"),
    )
    op.create_table(
        "tallies",
        sa.Column("what", _SLUG, nullable=False),
        sa.Column("outcome", _SLUG, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("what", "outcome", name="pk_tallies"),
    )
    op.create_index(
        "ix_register_limits_passed", "register", ["position"], sqlite_where=_LIMITS, postgresql_where=_LIMITS
    )
    op.create_index("ix_notices_state_sent_at_created_at", "notices", ["state", "sent_at", "created_at"])
    op.create_index(
        "ix_submission_states_held", "submission_states", ["received_at"], sqlite_where=_HELD, postgresql_where=_HELD
    )


def downgrade() -> None:
    """Refuse: what was counted would begin at zero again."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
