"""The agencies that raise a case with the one that leads, for the lists.

Revision: 0020, after 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it. A case's line says it from its next event on, or once the lists are rebuilt from the register."""
    op.add_column("cases", sa.Column("co_raisers", sa.Text(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
