"""Digests over what mail was received and what the team did with it, and the notice that a report is about.

Revision: 0009, after 0008.
"""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op

from escalations.store.migrations.guards import append_only

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SLUG = sa.String(64)
_DIGESTED = {
    "mails": (
        "mail_id, received_at, kind, arrival, markers, vouched, notice_id, message_key, words_key, sender_key, size,"
        " key_id"
    ),
    "mail_acts": "act_id, mail_id, at, what, reference, key_id, idempotency_key",
}
_SAME_ROW = {
    "mails": ("mail_id = NEW.mail_id", "message_key = NEW.message_key"),
    "mail_acts": ("act_id = NEW.act_id", "idempotency_key = NEW.idempotency_key"),
}


def upgrade() -> None:
    """Apply it."""
    op.add_column("mail_states", sa.Column("notice_id", _SLUG))
    for table, columns in _DIGESTED.items():
        op.add_column(table, sa.Column("content_digest", _SLUG))
        op.add_column(table, sa.Column("row_digest", _SLUG))
        _fill(table, columns)


def _fill(table: str, columns: str) -> None:
    """Give the rows of before their digests; the guards stand aside for it, within this transaction alone."""
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    guards = ("no_update", "no_delete", "no_replace") if sqlite else ("no_change", "no_truncate")
    for guard in guards:
        op.execute(f"DROP TRIGGER {table}_{guard}" + ("" if sqlite else f" ON {table}"))
    key = columns.partition(",")[0]
    query = f"SELECT {columns}, sealed FROM {table}"  # noqa: S608  constants of this migration
    for *values, sealed in bind.execute(sa.text(query)).all():
        content = hashlib.sha256(sealed).hexdigest()
        row = hashlib.sha256(json.dumps([*values, content], ensure_ascii=True).encode()).hexdigest()
        bind.execute(
            sa.text(f"UPDATE {table} SET content_digest = :content, row_digest = :row WHERE {key} = :key"),  # noqa: S608  constants of this migration
            {"content": content, "row": row, "key": values[0]},
        )
    append_only(table, *_SAME_ROW[table])


def downgrade() -> None:
    """Refuse: nobody could say any more whether mail was changed."""
    raise NotImplementedError("this revision is not taken back; restore a backup instead")
