"""Whether it is asked if a case is urgent, for the lists.

Revision: 0017, after 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it. Of what was raised before it was not asked."""
    op.add_column("cases", sa.Column("asked_if_urgent", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
