"""On whose word a case ended, which way it goes instead, and what the team made of the cause of a delay.

Revision: 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SLUG = sa.String(64)


def upgrade() -> None:
    """Add the columns. The rows of cases that are there get what the register tells when they are next projected."""
    op.add_column("cases", sa.Column("on_word_of", _SLUG))
    op.add_column("cases", sa.Column("route", _SLUG))
    op.add_column("clocks", sa.Column("evidence_cause", _SLUG))
    op.add_column("clocks", sa.Column("cause_confirmed_at", sa.String(27)))
    # No cause had been confirmed or put right by then.
    op.execute("UPDATE clocks SET evidence_cause = cause")
    # And whoever ended a case had said so themselves: the final body decided, or the raising side agreed.
    op.execute(
        "UPDATE cases SET on_word_of = CASE WHEN outcome IN ('agreed_as_asked', 'agreed_in_part', 'agreed_another_way')"
        " THEN 'raising' ELSE 'final_body' END WHERE outcome IS NOT NULL"
    )


def downgrade() -> None:
    """Take them back."""
    op.drop_column("clocks", "cause_confirmed_at")
    op.drop_column("clocks", "evidence_cause")
    op.drop_column("cases", "route")
    op.drop_column("cases", "on_word_of")
