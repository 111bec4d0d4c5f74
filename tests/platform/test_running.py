"""`escalations run` as a person at a terminal meets it: a process, its lines, Ctrl-C, kills, and the next start."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from escalations.temporal import binaries

READY = "Ready after"


class Program:
    """One `escalations run`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def until(self, says: str, *, seconds: float = 180) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            while line := (await self.process.stdout.readline()).decode():
                self.lines.append(line.rstrip())
                if says in line:
                    return line
        pytest.fail(f"it never said {says!r}: {self.lines}")

    @property
    def address(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+", "\n".join(self.lines))
        assert found is not None
        return found[0]

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(self.address + path)

    async def interrupt(self) -> int:
        """Ctrl-C, and what it says until it has ended."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout is not None
        async with asyncio.timeout(90):
            self.lines += (await self.process.stdout.read()).decode().splitlines()
            return await self.process.wait()


@pytest.fixture
def server() -> binaries.Binary:
    """See to it that a server is there: what is measured here is not its build."""
    found = binaries.resolve(environ=os.environ, say=print, may_use_address=False).binary
    assert found is not None
    return found


@contextlib.asynccontextmanager
async def started(folder: Path, *, command: str = "run", **environ: str) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "escalations.cli",
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "ESCALATIONS_WEB_PORT": "0", **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    program = Program(process)
    try:
        yield program
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _server_process(folder: Path) -> int:
    return int((folder / "var" / "temporal" / "server.pid").read_text(encoding="ascii"))


def _runs(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.usefixtures("server")
async def test_it_starts_says_where_it_is_stops_with_every_child_and_does_once_what_is_done_once(
    tmp_path: Path,
) -> None:
    async with started(tmp_path) as first:
        await first.until(READY)
        assert (await first.get("/healthz")).status_code == 200
        assert (await first.get("/")).status_code == 200
        assert any("do not enter real people" in line for line in first.lines)
        child = _server_process(tmp_path)
        assert _runs(child)
        assert await first.interrupt() == 0
        assert first.lines[-1] == "Stopped. The next start finds everything as it is."
        assert not _runs(child)
    async with started(tmp_path) as second:
        await second.until(READY)
        once = ("key was made", "directory was loaded", "invented escalations")
        assert not [line for line in second.lines if any(said in line for said in once)]
        assert await second.interrupt() == 0


@pytest.mark.usefixtures("server")
async def test_when_the_temporal_server_is_killed_it_is_started_again_while_the_web_serves(tmp_path: Path) -> None:
    async with started(tmp_path) as program:
        await program.until(READY)
        os.kill(_server_process(tmp_path), signal.SIGKILL)
        await program.until("ended by itself; starting it again")
        assert (await program.get("/healthz")).status_code == 200
        async with asyncio.timeout(90):
            while (await program.get("/readyz")).json()["temporal"] != "ok":  # noqa: ASYNC110  it is another process
                await asyncio.sleep(0.1)
        assert await program.interrupt() == 0


async def test_without_a_server_the_web_serves_and_says_so(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    # No temporal, no Go, no cache, and a download that finds no way out.
    bare = {"PATH": str(nothing), "HOME": str(nothing), "HTTPS_PROXY": "http://127.0.0.1:9", "PIP_NO_INDEX": "1"}
    async with started(tmp_path, **bare, PIP_FIND_LINKS=str(nothing)) as program:
        await program.until("What is received is stored", seconds=120)
        ready = await program.get("/readyz")
        assert ready.json()["database"] == "ok"
        assert ready.json()["temporal"] != "ok"
        assert (await program.get("/")).status_code == 200
        assert await program.interrupt() == 0


async def test_while_the_server_is_built_the_web_serves_and_ctrl_c_ends_the_build(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    go = tools / "go"
    go.write_text('#!/bin/sh\n[ "$1" = version ] && echo go1.27.0 && exit\n/bin/sleep 600\n', encoding="ascii")
    go.chmod(0o755)
    bare = {"PATH": str(tools), "HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    async with started(tmp_path, **bare) as program:
        await program.until("Building the Temporal server", seconds=120)
        assert (await program.get("/")).status_code == 200
        assert await program.interrupt() == 0


async def test_a_second_start_beside_the_first_says_so_in_one_sentence(tmp_path: Path) -> None:
    listening = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, started(tmp_path, ESCALATIONS_WEB_PORT=str(port)) as program:
        await program.until("ESCALATIONS_WEB_PORT chooses another port")
        assert await program.process.wait() == 1
        assert len(program.lines) == 1
        assert not (tmp_path / "var").exists()


async def test_a_wrong_setting_is_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    async with started(tmp_path, ESCALATIONS_WEB_PORT="canary") as program:
        await program.until("ESCALATIONS_WEB_PORT")
        assert await program.process.wait() == 1
        assert "Traceback" not in "".join(program.lines)
        assert "canary" not in "".join(program.lines)


@pytest.mark.usefixtures("server")
async def test_each_part_runs_alone_beside_a_server_that_another_program_keeps(tmp_path: Path) -> None:
    async with started(tmp_path) as everything:
        await everything.until(READY)
        async with started(tmp_path, command="web") as web, started(tmp_path, command="dispatch") as dispatcher:
            await web.until("http://")
            await dispatcher.until("Taking what was received")
            async with asyncio.timeout(90):
                while (found := (await web.get("/readyz")).json())["status"] != "ok":  # noqa: ASYNC110  as above
                    await asyncio.sleep(0.1)
            # Dispatchers and workers elsewhere say by the database that they are there.
            parts = ("status", "database", "temporal", "dispatcher", "worker", "mail")
            assert found == dict.fromkeys(parts, "ok")
            assert await web.interrupt() == 0
            assert await dispatcher.interrupt() == 0
        assert await everything.interrupt() == 0
