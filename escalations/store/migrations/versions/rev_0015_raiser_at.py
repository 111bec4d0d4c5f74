"""Who holds the links of whoever raised a case: the address that they gave, the agency's own contact, or nobody.

Revision: 0015, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it. Whatever was there before is held by the address that was given."""
    op.add_column("cases", sa.Column("raiser_at", sa.String(64)))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
