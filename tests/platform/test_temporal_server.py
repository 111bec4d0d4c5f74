"""The Temporal server of our own: it keeps, it comes back, it never hangs on to a broken file."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import stat
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import client as temporal
from temporalio import common, testing, worker, workflow

from escalations.temporal import binaries, devserver, serverconfig


@workflow.defn
class Nap:
    @workflow.run
    async def run(self, days: int) -> str:
        await workflow.sleep(timedelta(days=days))
        return "rested"


@pytest.fixture(scope="module")
def binary() -> binaries.Binary:
    found = binaries.resolve(environ=os.environ, say=print, may_use_address=False).binary
    assert found is not None
    return found


async def test_a_workflow_runs_through_days_in_seconds(temporal_client: temporal.Client, task_queue: str) -> None:
    async with worker.Worker(temporal_client, task_queue=task_queue, workflows=[Nap]):
        handle = await temporal_client.start_workflow(Nap.run, 3, id=task_queue, task_queue=task_queue)
        await testing.TimeSkipper(temporal_client).fast_forward(handle, timedelta(days=4))
        assert await handle.result() == "rested"


async def test_it_listens_on_loopback_only(temporal_server: devserver.DevServer) -> None:
    config = json.loads((temporal_server.data_folder.parent / "config.yaml").read_text(encoding="utf-8"))
    assert temporal_server.address.startswith("127.0.0.1:")
    assert all(service["rpc"]["bindOnLocalHost"] for service in config["services"].values())


async def test_its_file_is_for_this_user_alone(temporal_server: devserver.DevServer) -> None:
    kept = list(temporal_server.data_folder.glob("temporal.db*"))
    assert kept
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in kept)


def test_virtual_time_is_off_unless_asked_for(binary: binaries.Binary, tmp_path: Path) -> None:
    server = devserver.DevServer(binary, tmp_path)
    server._command(tmp_path, serverconfig.Ports.free(), fresh=True)
    assert "TimeSkipping" not in (tmp_path / "dynamic.yaml").read_text(encoding="utf-8")


async def test_what_was_started_is_there_after_a_kill_and_a_start_at_the_same_address(
    binary: binaries.Binary,
    tmp_path: Path,
) -> None:
    keys = [common.SearchAttributeKey.for_keyword("Colour")]
    # A folder name that would mean something else in a `file:` address.
    folder = tmp_path / "with space %41?"
    server = devserver.DevServer(binary, folder, search_attributes=keys)
    async with server:
        assert server.began is devserver.Began.EMPTY
        address = server.address
        client = await server.connect()
        await client.start_workflow(
            "Waits",
            id="waits",
            task_queue="nobody",
            search_attributes=common.TypedSearchAttributes([common.SearchAttributePair(keys[0], "green")]),
        )
        assert server.process_id is not None
        os.kill(server.process_id, signal.SIGKILL)
        assert await server.died() == -signal.SIGKILL
    began = time.monotonic()
    async with devserver.DevServer(binary, folder, search_attributes=keys) as again:
        assert time.monotonic() - began < 5
        assert again.began is devserver.Began.AS_IT_WAS
        assert again.address == address
        description = await (await again.connect()).get_workflow_handle("waits").describe()
        assert description.status is temporal.WorkflowExecutionStatus.RUNNING
        assert description.typed_search_attributes[keys[0]] == "green"


async def test_a_file_that_does_not_start_is_set_aside_and_it_begins_empty(
    binary: binaries.Binary,
    tmp_path: Path,
) -> None:
    data = tmp_path / f"server-{binary.server_version}"
    data.mkdir()
    (data / "temporal.db").write_bytes(b"this was never a database" * 100)
    said: list[str] = []
    async with devserver.DevServer(binary, tmp_path, say=said.append) as server:
        assert server.began is devserver.Began.EMPTY_SET_ASIDE
    assert (tmp_path / f"set-aside-{binary.server_version}-1").is_dir()
    assert any("set aside" in line for line in said)


async def test_the_data_of_another_version_is_left_alone_and_it_begins_empty(
    binary: binaries.Binary,
    tmp_path: Path,
) -> None:
    other = tmp_path / "server-1.0.0"
    other.mkdir()
    (other / "temporal.db").write_bytes(b"older")
    # And what a kill during an earlier first set-up left.
    (tmp_path / "making-half").mkdir()
    said: list[str] = []
    async with devserver.DevServer(binary, tmp_path, say=said.append) as server:
        assert server.began is devserver.Began.EMPTY_OTHER_VERSION
    assert (other / "temporal.db").read_bytes() == b"older"
    assert not (tmp_path / "making-half").exists()
    assert any("server-1.0.0" in line for line in said)


async def test_two_programs_do_not_share_a_folder(binary: binaries.Binary, tmp_path: Path) -> None:
    async with devserver.DevServer(binary, tmp_path):
        with pytest.raises(devserver.AlreadyRunning):
            await devserver.DevServer(binary, tmp_path).start()


OWNER = """
import asyncio, pathlib, sys
from escalations.temporal import binaries, devserver, serverconfig

async def main():
    binary = binaries.inspect(pathlib.Path(sys.argv[1]))
    server = devserver.DevServer(binary, pathlib.Path(sys.argv[2]))
    await server.start()
    print(server.process_id, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@contextlib.asynccontextmanager
async def _owner_killed(
    binary: binaries.Binary,
    folder: Path,
    before: Callable[[int], None] = lambda _: None,
) -> AsyncIterator[int]:
    owner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(OWNER),
        str(binary.path),
        str(folder),
        stdout=asyncio.subprocess.PIPE,
    )
    assert owner.stdout is not None
    server_id = int(await owner.stdout.readline())
    before(server_id)
    owner.kill()
    await owner.wait()
    yield server_id


def _runs(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
async def test_the_server_ends_when_its_program_is_killed(binary: binaries.Binary, tmp_path: Path) -> None:
    async with _owner_killed(binary, tmp_path) as server_id:
        for _ in range(200):
            if not _runs(server_id):
                return
            await asyncio.sleep(0.05)
    pytest.fail("the server outlived its program by ten seconds")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_server_that_was_left_behind_is_ended_at_the_next_start(
    binary: binaries.Binary,
    tmp_path: Path,
) -> None:
    # A stopped process does not act on the signal that its parent's death sends, like a system that sends none.
    async with _owner_killed(binary, tmp_path, before=lambda server: os.kill(server, signal.SIGSTOP)) as server_id:
        assert _runs(server_id)
        said: list[str] = []
        began = time.monotonic()
        async with devserver.DevServer(binary, tmp_path, say=said.append) as again:
            assert again.began is devserver.Began.AS_IT_WAS
            assert not _runs(server_id)
        assert time.monotonic() - began < 15
        assert any("left behind" in line for line in said)


async def test_a_port_that_another_program_took_is_no_obstacle(binary: binaries.Binary, tmp_path: Path) -> None:
    async with devserver.DevServer(binary, tmp_path) as first:
        address = first.address
    host, _, port = address.partition(":")
    squatter = await asyncio.start_server(lambda _reader, _writer: None, host, int(port))
    async with squatter, devserver.DevServer(binary, tmp_path) as second:
        assert second.address != address
        assert second.began is devserver.Began.AS_IT_WAS


def test_the_temporal_command_is_started_with_the_same_promises(tmp_path: Path) -> None:
    cli = binaries.Binary(path=Path("/opt/temporal"), flavour=binaries.Flavour.CLI, server_version="1.32.0")
    server = devserver.DevServer(cli, tmp_path, virtual_time=True)
    command = " ".join(server._command(tmp_path, serverconfig.Ports.free(frontend=0), fresh=True))
    assert command.startswith("/opt/temporal server start-dev --headless --ip 127.0.0.1 ")
    assert f"--db-filename {tmp_path / 'temporal.db'}" in command
    assert "--sqlite-pragma synchronous=2" in command
    assert "--dynamic-config-value frontend.WorkflowTimeSkippingEnabled=true" in command


def test_postgres_gives_each_test_a_database_of_its_own(postgres_url: str) -> None:
    assert postgres_url.startswith("postgresql+psycopg://")
