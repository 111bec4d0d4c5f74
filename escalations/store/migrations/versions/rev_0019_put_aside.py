"""Why the team put a message aside and where that goes, and to whom a word of it is still owed.

Revision: 0019, after 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SLUG = sa.String(64)


def upgrade() -> None:
    """Apply it."""
    op.add_column("mail_acts", sa.Column("why", _SLUG))
    op.add_column("mail_acts", sa.Column("route", _SLUG))
    op.add_column("mail_acts", sa.Column("elsewhere", sa.Text()))
    op.add_column("mail_acts", sa.Column("sent_there", sa.Boolean()))
    op.add_column("mail_states", sa.Column("aside_owed_at", sa.String(27)))
    owed = sa.text("aside_owed_at IS NOT NULL")
    op.create_index(
        "ix_mail_states_aside_owed", "mail_states", ["aside_owed_at"], sqlite_where=owed, postgresql_where=owed
    )


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
