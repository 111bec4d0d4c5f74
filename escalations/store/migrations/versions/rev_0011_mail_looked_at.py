"""By when the team looks at a message that waits for it, whether it is urgent, and that somebody was told it is late.

Revision: 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INSTANT = sa.String(27)
_HELD = sa.text("state = 'held'")


def upgrade() -> None:
    """Apply it."""
    op.add_column("mail_states", sa.Column("urgent", sa.Boolean()))
    op.add_column("mail_states", sa.Column("due_at", _INSTANT))
    op.add_column("mail_states", sa.Column("looked_at", _INSTANT))
    op.add_column("mail_states", sa.Column("late_told_at", _INSTANT))
    op.create_index("ix_mail_states_waiting", "mail_states", ["due_at"], sqlite_where=_HELD, postgresql_where=_HELD)


def downgrade() -> None:
    """Refuse: what the team did not look at in time would be forgotten."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
