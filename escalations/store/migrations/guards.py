"""The guards of a table to which rows are only ever added, for migrations after the first."""

from __future__ import annotations

from alembic import op


def append_only(table: str, *same_row: str) -> None:
    """Guard a table that a migration has just made.

    Args:
        table: its name.
        same_row: for each unique key, the condition under which an insert would replace a row.
    """
    if op.get_bind().dialect.name == "sqlite":
        _sqlite(table, same_row)
        return
    for guard, when in (("no_change", "UPDATE OR DELETE"), ("no_truncate", "TRUNCATE")):
        op.execute(
            f"CREATE TRIGGER {table}_{guard} BEFORE {when} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION escalations_append_only()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{guard}")


def _sqlite(table: str, same_row: tuple[str, ...]) -> None:
    for what in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{what} BEFORE {what.upper()} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, 'append-only: {what} on {table} is refused'); END"
        )
    conditions = (*same_row, "rowid = NEW.rowid")
    exists = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {condition})" for condition in conditions)  # noqa: S608  constants of a migration
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {exists}"
        f" BEGIN SELECT RAISE(ABORT, 'append-only: {table} has this row already'); END"
    )
