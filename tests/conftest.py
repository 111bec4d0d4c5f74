"""What every test may ask for: one real Temporal server, one real PostgreSQL, and nothing of the environment.

One of each for each process that runs tests, in temporary folders. What a test is kept apart by: a task queue and
workflow ids of its own on Temporal, a database of its own on PostgreSQL.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import hypothesis
import psycopg
import pytest
from temporalio import client as temporal

from escalations import settings, telemetry
from escalations.store.engine import Database
from escalations.temporal import binaries, client, devserver
from escalations.workflows import attributes
from tests import furnished, hanging, postgres

# The same examples at every run, so that a failure is found again; `--hypothesis-profile soak` looks for new ones.
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
hypothesis.settings.register_profile("soak", max_examples=2_000, deadline=None)
hypothesis.settings.load_profile("repeatable")

pytest_runtest_makereport = hanging.pytest_runtest_makereport

ORDER = ("rules", "store", "intake", "mail", "platform", "activities", "workflows", "web", "docs", "browser")
"""Fast and pure first, the browser last, where one process runs all. Within a folder the order is random, and the seed
is printed."""


UNTRACED = (
    # Whole stories: in a browser, in processes of their own, from recorded histories, of every policy that is shipped.
    "browser/",
    "packs/test_every_pack.py",
    "replay/",
    "simulation/test_trying.py::test_every_shipped_story",
    "test_composed.py",
    "test_killed.py",
    "test_mail_killed.py",
    "test_restored.py",
    # The same lines again and again, with other values.
    "mail/test_notices_in_words.py",
    "rules/test_case_machine.py",
    "rules/test_case_properties.py",
    "rules/test_working_time_clock_changes.py",
    "rules/test_working_time_properties.py",
    "web/test_odd_input.py",
)
"""What runs without coverage, as does the second run of a test that runs once on each kind of database.

Being traced makes a test take two to five times as long. And a line that only a long story comes by is not shown to be
right by it: what coverage is for is to say which lines no test is about.
"""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by folder, after the plugin for random order has shuffled; and mark what runs without coverage."""
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0]
        return ORDER.index(folder) if folder in ORDER else ORDER.index("workflows")

    items.sort(key=rank)
    for item in items:
        told = f"{item.path.relative_to(here).as_posix()}::{item.name}"
        if told.startswith(UNTRACED) or "[postgresql" in told:
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_environment() -> Iterator[None]:
    """Take away settings that a developer may have exported: a test that needs one says so."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("ESCALATIONS_", "TEMPORAL_"))]:
            patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _logs_as_every_test_expects_them(_nothing_of_the_environment: None) -> None:
    """Set up logging anew: a command that ran in this process has set it up by its own settings.

    Strict: a test that makes a log line with something personal in it fails where the line is written.
    """
    telemetry.configure(_of_every_test(), strict=True)


@cache
def _of_every_test() -> settings.Settings:
    # Once: to make them takes longer than a test of the rules, of which there are thousands.
    return settings.Settings(log_format=settings.LogFormat.JSON, log_level="WARNING")


@pytest.fixture(scope="session")
async def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[devserver.DevServer]:
    """One real Temporal server for the session, with virtual time. `make test` sees to it that there is a binary."""
    found = binaries.resolve(environ=os.environ, say=print, may_use_address=False)
    assert found.binary is not None
    folder = tmp_path_factory.mktemp("temporal")
    async with devserver.DevServer(found.binary, folder, virtual_time=True) as server:
        yield server


@pytest.fixture(scope="session")
async def temporal_client(temporal_server: devserver.DevServer) -> temporal.Client:
    """Give a plain client of the session's server. Its namespace is registered."""
    return await temporal_server.connect()


@pytest.fixture
def task_queue(request: pytest.FixtureRequest) -> str:
    """Give a task queue that no other test uses."""
    return f"{request.node.name}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One real PostgreSQL for the session, as the owner's address of its first database."""
    with postgres.serving(tmp_path_factory.mktemp("run")) as address:
        yield address


@pytest.fixture(scope="session")
def chromium_program() -> str:
    """Give the Chromium for the browser tests; skipped, with this reason, where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (found := shutil.which(name)) is not None:
            return found
    pytest.skip("there is no Chromium on the PATH")


_numbers = itertools.count(1)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give the address of an empty database of this test's own: ``postgresql+psycopg://``."""
    with _database(postgres_server, "template0") as url:
        yield url


@contextmanager
def _database(postgres_server: str, pattern: str) -> Iterator[str]:
    """Make a database as a copy of another one, and drop it afterwards."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{pattern}"')
        yield _in_database(postgres_server, name)
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the address of a database file that is not there yet: ``sqlite+aiosqlite:///``."""
    return f"sqlite+aiosqlite:///{tmp_path / 'escalations.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Say which kind of database a test is for, once of each: a test that takes this runs twice."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str) -> str:
    """Give an empty database, once of each kind."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[database_kind]
    return str(request.getfixturevalue(fixture))


@pytest.fixture(scope="session")
async def postgres_pattern(postgres_server: str) -> str:
    """Give the name of a database at the newest revision, to be copied."""
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute("CREATE DATABASE pattern TEMPLATE template0")
    async with Database.open(_in_database(postgres_server, "pattern")) as database:
        await database.migrate()
    return "pattern"


@pytest.fixture
async def migrated_sqlite_url(sqlite_url: str) -> str:
    """Give the address of a database file of this test's own, without rows and at the newest revision."""
    await furnished.migrated(sqlite_url)
    return sqlite_url


@pytest.fixture
def migrated_postgres_url(postgres_server: str, postgres_pattern: str) -> Iterator[str]:
    """Give the address of a database of this test's own, without rows and at the newest revision."""
    with _database(postgres_server, postgres_pattern) as url:
        yield url


@pytest.fixture
def migrated_url(request: pytest.FixtureRequest, database_kind: str) -> str:
    """Give a database without rows at the newest revision, once of each kind."""
    fixture = {"sqlite": "migrated_sqlite_url", "postgresql": "migrated_postgres_url"}[database_kind]
    return str(request.getfixturevalue(fixture))


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    """Open a database without rows at the newest revision, once of each kind."""
    async with Database.open(migrated_url) as opened:
        yield opened


def _in_database(address: str, name: str) -> str:
    """Name another database in the same server's address, for SQLAlchemy with psycopg 3."""
    return re.sub(r"^postgresql://([^/]*)/[^?]*", rf"postgresql+psycopg://\1/{name}", address)


@pytest.fixture(scope="session")
async def escalations_client(temporal_server: devserver.DevServer) -> temporal.Client:
    """Give a client with the package's plugin, on a namespace that knows the search attributes."""
    connected = await client.connect(temporal_server.address, namespace=temporal_server.namespace)
    await devserver.ensure_search_attributes(connected, attributes.ALL)
    return connected
