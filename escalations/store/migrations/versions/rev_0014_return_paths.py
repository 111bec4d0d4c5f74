"""Whether a notice left under a return path of its own, by which a report on it is believed.

Revision: 0014, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.add_column("notices", sa.Column("return_path", sa.Boolean()))


def downgrade() -> None:
    """Refuse: of notices on their way it would be forgotten where their reports come to."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
