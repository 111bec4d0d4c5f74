"""How it is known who raised a case, for the lists.

Revision: 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SLUG = sa.String(64)


def upgrade() -> None:
    """Apply it. What was raised before says nothing of it."""
    op.add_column("cases", sa.Column("sender_known", _SLUG))
    op.add_column("cases", sa.Column("sender_checked", _SLUG))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
