"""The guide's own commands for backing up and restoring, tried for real (issue 4, item 7; docs/operating.md).

An installation is backed up while acts go on, and its backup is put back elsewhere, beside an empty Temporal. What the
guide says is read from the guide: a command that changes there is tried as it stands there.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from temporalio import client as temporal

from escalations.intake.submissions import State
from escalations.rules import acts
from escalations.rules.case import Status
from escalations.settings import Settings
from escalations.store import open_cases
from escalations.temporal import client, devserver
from tests import builders, postgres
from tests.builders import origin, responder
from tests.composing import ROOT
from tests.harness import RAISER_WORDS, Installation, installation

GUIDE = (ROOT / "docs" / "operating.md").read_text("utf-8")
LEAST_CASES = 4


def commands(heading: str) -> list[str]:
    """Give every command of a section of the guide, in its order."""
    section = re.split(rf"^## {heading}$", GUIDE, flags=re.MULTILINE)[1].split("\n## ")[0].split("\n### ")[0]
    return re.findall(r"^ *\$ (.+)$", section, flags=re.MULTILINE)


@dataclass
class Machine:
    """A folder in which an operator works, and what stands in the environment there."""

    folder: Path
    told: dict[str, str]
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put the program and the scripts where an operator has them."""
        programs = self.folder / "programs"
        programs.mkdir(parents=True)
        (programs / "escalations").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m escalations.cli "$@"\n', "utf-8")
        (programs / "escalations").chmod(0o755)
        (self.folder / "deploy").symlink_to(ROOT / "deploy")
        path = (programs, Path(sys.executable).parent, postgres.programs(), "/usr/local/bin", "/usr/bin", "/bin")
        self.told |= {"PATH": ":".join(map(str, path)), "PYTHONPATH": str(ROOT), "HOME": str(self.folder)}

    async def run(self, command: str) -> str:
        """Run one of the guide's commands, and give what it said."""
        made = await asyncio.create_subprocess_shell(
            command, cwd=self.folder, env=self.told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        out, _ = await asyncio.wait_for(made.communicate(), 90)
        assert made.returncode == 0, (command, out.decode())
        self.said.append(out.decode())
        return self.said[-1].strip()

    @property
    def settings(self) -> Settings:
        """What the program reads there."""
        own = {name.removeprefix("ESCALATIONS_").lower(): value for name, value in self.told.items()}
        return Settings.model_validate({name: own[name] for name in own if name in Settings.model_fields})


@pytest.fixture
def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def _with_roles(address: str) -> dict[str, str]:
    """Make the roles and the empty database as the guide says, and give the addresses of owner and application."""
    found = re.search(r"host=([^&]+)", address)
    assert found is not None
    words = {name: secrets.token_hex(8) for name in ("OWNER_PASSWORD", "APP_PASSWORD", "TEMPORAL_PASSWORD")}
    told = {"PATH": f"{postgres.programs()}:/usr/bin:/bin", "PGHOST": found[1], "POSTGRES_USER": "postgres"}
    subprocess.run(["sh", ROOT / "deploy" / "postgres-roles.sh"], env=told | words, check=True, capture_output=True)
    owner = f"escalations_owner:{words['OWNER_PASSWORD']}@/escalations?host={found[1]}"
    return {
        "DATABASE": f"postgresql://{owner}",
        "ESCALATIONS_DATABASE_OWNER_URL": f"postgresql+psycopg://{owner}",
        "ESCALATIONS_DATABASE_URL": (
            f"postgresql+psycopg://escalations:{words['APP_PASSWORD']}@/escalations?host={found[1]}"
        ),
    }


@pytest.fixture(params=["sqlite", "postgresql"])
def machines(
    request: pytest.FixtureRequest, tmp_path: Path, key: str, temporal_server: devserver.DevServer
) -> Iterator[tuple[Machine, Machine]]:
    """Give the machine that is backed up, and another one."""
    (tmp_path / "run").mkdir(mode=0o700)

    def machine(name: str, database: dict[str, str]) -> Machine:
        return Machine(
            tmp_path / name,
            {
                **database,
                "ESCALATIONS_FOLDER": str(tmp_path / name / "var"),
                "ESCALATIONS_KEYS": key,
                "ESCALATIONS_TEMPORAL_ADDRESS": temporal_server.address,
                "ESCALATIONS_TEMPORAL_NAMESPACE": f"{name}-{secrets.token_hex(4)}",
                "ESCALATIONS_LOG_LEVEL": "WARNING",
            },
        )

    if request.param == "sqlite":
        yield machine("here", {}), machine("elsewhere", {})
        return
    with postgres.serving(tmp_path / "run") as here, postgres.serving(tmp_path / "run") as elsewhere:
        yield machine("here", _with_roles(here)), machine("elsewhere", _with_roles(elsewhere))


async def _connected(machine: Machine) -> temporal.Client:
    assert machine.settings.temporal_address is not None
    return await client.connect(machine.settings.temporal_address, namespace=machine.settings.temporal_namespace)


@asynccontextmanager
async def _people_at_work(home: Installation) -> AsyncIterator[list[str]]:
    """Let people raise and acknowledge without end."""
    references: list[str] = []

    async def work() -> None:
        while True:
            raised = await home.receive(builders.raise_(home.parts.now()), reference=None, words=RAISER_WORDS)
            references.append(raised.reference)
            if len(references) > 1:
                act = acts.Acknowledge(**origin(responder(), home.parts.now()))
                await home.receive(act, reference=references[-2])
            await asyncio.sleep(0.3)

    working = asyncio.create_task(work())
    try:
        yield references
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def _back_up(machine: Machine) -> Path:
    """Do as the guide says, for this kind of database."""
    script = next(one for one in commands("Back up") if ("postgresql.sh" in one) == ("DATABASE" in machine.told))
    return machine.folder / await machine.run(script)


async def _restore(machine: Machine, backup: Path) -> int:
    """Do as the guide says, and give how many escalations were brought back."""
    kind = "dump" if "DATABASE" in machine.told else "db"
    shutil.copy(backup, machine.folder / f"backup.{kind}")
    other = "backup.db" if kind == "dump" else "backup.dump"
    for command in commands("Restore"):
        if other not in command:
            await machine.run(command)
    assert "The register agrees with itself" in machine.said[-2]
    found = re.match(r"(\d+) open escalations were brought back", machine.said[-1])
    assert found is not None, machine.said
    return int(found[1])


async def test_a_backup_that_was_made_while_acts_went_on_is_restored_elsewhere_and_goes_on(
    machines: tuple[Machine, Machine],
) -> None:
    here, elsewhere = machines
    await here.run("escalations migrate")
    async with (
        installation(here.settings, await _connected(here), client.TASK_QUEUE) as home,
        _people_at_work(home) as references,
    ):
        async with asyncio.timeout(60):
            while sum((await home.sent()).values()) < LEAST_CASES:  # noqa: ASYNC110  nothing tells of it
                await asyncio.sleep(0.1)
        backup = await _back_up(here)
        seen = len(references)
        async with asyncio.timeout(60):
            while len(references) == seen:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.05)
    # Of the old machine only the backup and the keys are left.
    brought_back = await _restore(elsewhere, backup)

    async with installation(elsewhere.settings, await _connected(elsewhere), client.TASK_QUEUE) as home:
        async with home.parts.database.read() as tx:
            rows = (await open_cases.read(tx)).cases
        assert brought_back == len(rows) >= 1
        for row in rows:
            handle = home.handle(row.reference)
            assert (await handle.describe()).status is temporal.WorkflowExecutionStatus.RUNNING
            await home.idle(row.reference)
        # What had been received and not yet taken to its case is taken now, and a case goes on where it stood.
        case = rows[0]
        assert case.status == Status.OPEN
        late = await home.receive(
            acts.Acknowledge(**origin(responder(), home.parts.now())), reference=case.reference, words={"text": "Yes."}
        )
        assert (await home.settled(late.submission_id)).state in {State.APPLIED, State.REFUSED}
        await home.idle(case.reference)
        sent = await home.sent()
    assert sent
    assert {notice: count for notice, count in sent.items() if count > 1} == {}, "nothing is sent twice"
    assert await elsewhere.run("escalations register verify")


def test_a_guide_that_lost_a_command_is_noticed() -> None:
    backing_up, restoring = commands("Back up"), commands("Restore")
    assert [one.split()[0] for one in backing_up] == [
        "deploy/backup-sqlite.sh",
        "deploy/backup-postgresql.sh",
        "docker",
        "install",
    ]
    assert [" ".join(one.split()[:2]) for one in restoring] == [
        "install -m",
        "pg_restore --no-owner",
        "escalations migrate",
        "escalations register",
        "escalations workflows",
    ]


@pytest.fixture
def backups(tmp_path: Path) -> Machine:
    """Give a machine with a small database of the embedded kind."""
    machine = Machine(tmp_path / "here", {"ESCALATIONS_FOLDER": "var"})
    (machine.folder / "var").mkdir()
    with closing(sqlite3.connect(machine.folder / "var" / "escalations.db")) as database:
        database.execute("CREATE TABLE t (x)")
        database.commit()
    return machine


async def test_the_newest_backups_are_kept_and_others_may_not_read_them(backups: Machine) -> None:
    folder = backups.folder / "backups"
    folder.mkdir()
    for number in range(60):
        (folder / f"escalations-20200101T0000{number:02}Z.db").touch()
    written = backups.folder / await backups.run("deploy/backup-sqlite.sh backups")
    kept = sorted(folder.iterdir())
    assert len(kept) == 48
    assert written in kept
    assert kept[0].name == "escalations-20200101T000013Z.db"
    assert written.stat().st_mode & 0o077 == 0


async def test_a_backup_of_nothing_is_no_backup(backups: Machine) -> None:
    (backups.folder / "var" / "escalations.db").unlink()
    with pytest.raises(AssertionError, match="unable to open"):
        await backups.run("deploy/backup-sqlite.sh backups")
    assert Counter(file.suffix for file in (backups.folder / "backups").iterdir())[".db"] == 0
