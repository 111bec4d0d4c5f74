"""What Alembic runs. The connection, and its transaction, come from the caller; nothing here reads the environment."""

from __future__ import annotations

from alembic import context

from escalations.store import tables

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("migrations run through Database.migrate, which passes its connection")

context.configure(
    connection=connection, target_metadata=tables.METADATA, compare_type=True, compare_server_default=True
)
with context.begin_transaction():
    context.run_migrations()
