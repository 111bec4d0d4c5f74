"""Days on which agencies are closed, and who was told in the place of whom.

Revision: 0018, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_SLUG = sa.String(64)


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "closed_days",
        sa.Column("day_id", sa.String(64), nullable=False),
        sa.Column("owner", _SLUG, nullable=False),
        sa.Column("types", sa.Text()),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("opens", sa.Boolean(), nullable=False),
        sa.Column("entered_at", sa.String(27), nullable=False),
        sa.Column("replaced_at", sa.String(27)),
        sa.PrimaryKeyConstraint("day_id", name=op.f("pk_closed_days")),
    )
    op.create_index(op.f("ix_closed_days_last"), "closed_days", ["last"])
    op.add_column("notices", sa.Column("told_instead", sa.Text()))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
