"""A case whose raising agency has not been recognised yet.

Revision: 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SLUG = sa.String(64)


def upgrade() -> None:
    """Let it be unknown. SQLite makes the table anew for that; it is a read model, and has no guards to lose."""
    with op.batch_alter_table("cases") as cases:
        cases.alter_column("raising_agency", existing_type=_SLUG, nullable=True)


def downgrade() -> None:
    """Take it back. Where a case has none this is refused: what is known must not be made up."""
    with op.batch_alter_table("cases") as cases:
        cases.alter_column("raising_agency", existing_type=_SLUG, nullable=False)
