"""Who may sign in, the links that are mailed to them, their sessions; and who it was that read a case.

Revision: 0007, after 0006. The columns are added in place: a table that is made anew would lose its guards.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INSTANT = sa.String(27)
_SLUG = sa.String(64)
_NOT_ENDED = sa.text("until IS NULL")


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "people",
        sa.Column("person_id", _SLUG, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", _SLUG, nullable=False),
        sa.Column("address_digest", _SLUG, nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_people")),
    )
    op.create_index(
        "ix_people_current",
        "people",
        ["address_digest"],
        unique=True,
        sqlite_where=_NOT_ENDED,
        postgresql_where=_NOT_ENDED,
    )
    op.create_table(
        "sign_in_links",
        sa.Column("token_hash", _SLUG, nullable=False),
        sa.Column("person_id", _SLUG, nullable=False),
        sa.Column("sent_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name=op.f("fk_sign_in_links_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_links")),
    )
    op.create_index(op.f("ix_sign_in_links_person_id"), "sign_in_links", ["person_id"])
    op.create_index(op.f("ix_sign_in_links_sent_at"), "sign_in_links", ["sent_at"])
    op.create_table(
        "person_sessions",
        sa.Column("session_hash", _SLUG, nullable=False),
        sa.Column("person_id", _SLUG, nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name=op.f("fk_person_sessions_person_id")),
        sa.PrimaryKeyConstraint("session_hash", name=op.f("pk_person_sessions")),
    )
    op.create_index(op.f("ix_person_sessions_person_id"), "person_sessions", ["person_id"])
    op.add_column("access_log", sa.Column("person_id", _SLUG))
    op.add_column("access_log", sa.Column("about_person", _SLUG))
    op.create_index(op.f("ix_access_log_about_person"), "access_log", ["about_person"])


def downgrade() -> None:
    """Refuse: what was read by whom is not taken away."""
    raise NotImplementedError("a revision is not taken back; restore a backup instead")
