"""What was agreed to be done by a date, what is proposed, and who is asked what came of it: a read model.

Revision: 0016, after 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_SLUG = sa.String(64)
_INSTANT = sa.String(27)


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "promises",
        sa.Column("reference", sa.String(32), nullable=False),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("kind", _SLUG, nullable=False),
        sa.Column("side", _SLUG, nullable=False),
        sa.Column("agency_id", _SLUG, nullable=False),
        sa.Column("due_at", _INSTANT),
        sa.Column("state", _SLUG, nullable=False),
        sa.PrimaryKeyConstraint("reference", "item_id", name="pk_promises"),
    )
    op.create_index("ix_promises_due_at", "promises", ["due_at"])


def downgrade() -> None:
    """Take it back: it can be made again from the register."""
    op.drop_table("promises")
