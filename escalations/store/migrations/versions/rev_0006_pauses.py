"""Pauses and extensions: since when, why and for how long a case was paused, and how often a time limit was extended.

Revision: 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INSTANT = sa.String(27)
_COUNTED = {"cases": ("pauses", "paused_minutes"), "clocks": ("extensions",)}


def upgrade() -> None:
    """Add the columns. Nothing had been paused or extended by then."""
    for table, names in _COUNTED.items():
        op.add_column(table, sa.Column("paused_since", _INSTANT))
        for name in names:
            op.add_column(table, sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("pause_reason", sa.String(64)))
    op.add_column("cases", sa.Column("paused_until", _INSTANT))


def downgrade() -> None:
    """Take them back."""
    op.drop_column("cases", "paused_until")
    op.drop_column("cases", "pause_reason")
    for table, names in _COUNTED.items():
        for name in (*names, "paused_since"):
            op.drop_column(table, name)
