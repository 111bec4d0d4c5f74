"""Agencies' own mail domains, holders' addresses to look up by, and what people change in the directory.

Revision: 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from escalations.store.migrations.guards import append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = sa.String(27)
_SLUG = sa.String(64)


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "agency_domains",
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("agency_id", _SLUG, nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.agency_id"], name=op.f("fk_agency_domains_agency_id")),
        sa.PrimaryKeyConstraint("domain", "agency_id", name=op.f("pk_agency_domains")),
    )
    for column in (
        sa.Column("holder_digest", _SLUG),
        sa.Column("deputy_digest", _SLUG),
        sa.Column("replaced_at", _INSTANT),
    ):
        op.add_column("positions", column)
    op.create_index(op.f("ix_positions_holder_digest"), "positions", ["holder_digest"])
    op.create_index(op.f("ix_positions_deputy_digest"), "positions", ["deputy_digest"])
    op.create_table(
        "directory_changes",
        sa.Column("change_id", _SLUG, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("agency_id", _SLUG, nullable=False),
        sa.Column("holding_id", _SLUG),
        sa.Column("what", _SLUG, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", _SLUG, nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_directory_changes")),
    )
    op.create_index(op.f("ix_directory_changes_agency_id_at"), "directory_changes", ["agency_id", "at"])
    append_only("directory_changes", "change_id = NEW.change_id")


def downgrade() -> None:
    """Refuse: what people changed in the directory would be lost."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
