"""Databases that are made once by each process that runs tests, and then copied.

A file that was copied is the same as one that was migrated, and costs a hundredth. What migrating does is shown
where it is meant: in `tests/store/test_migrations.py`, and by every installation that a test starts as a process.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy.engine import make_url

from escalations.store import directory, directory_file
from escalations.store.engine import Database
from escalations.store.vault import Vault

KEY = b"k" * 32
"""What the directory of :func:`with_directory` is sealed with."""


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="furnished-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


async def migrated(url: str) -> None:
    """Put an empty database at the newest revision where an address of SQLite says, unless one is there."""
    pattern = _folder() / "migrated.db"
    if not pattern.exists():
        async with Database.open(f"sqlite+aiosqlite:///{pattern}") as database:
            await database.migrate()
    _copy(pattern, url)


async def with_directory(url: str) -> None:
    """Put a database with the sample directory where an address of SQLite says, unless one is there."""
    pattern = _folder() / "with-directory.db"
    if not pattern.exists():
        await migrated(f"sqlite:///{pattern}")
        async with Database.open(f"sqlite+aiosqlite:///{pattern}") as database, database.write() as tx:
            await directory.load(tx, Vault((KEY,)), directory_file.sample())
    _copy(pattern, url)


def _copy(pattern: Path, url: str) -> None:
    place = Path(make_url(url).database or "")
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(pattern, place)
        # As the application makes it.
        place.chmod(0o600)
