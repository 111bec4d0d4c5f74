"""The order in which a Temporal server is looked for, with programs that only pretend."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from escalations.temporal import binaries

SERVER = """#!/bin/sh
echo "temporal version 1.32.0"
"""
CLI = """#!/bin/sh
echo "temporal version {version} (Server 1.32.0, UI 2.50.0)"
"""
GO = """#!/bin/sh
if [ "$1" = version ]; then echo "go version go{version} linux/amd64"; exit 0; fi
echo "$@" "CGO_ENABLED=$CGO_ENABLED" >> "$CALLS"
{extra}
cat > "$GOBIN/server" <<'END'
#!/bin/sh
echo "temporal version 1.32.0"
END
chmod +x "$GOBIN/server"
"""


class Machine:
    """A made-up machine: a PATH with only what a test puts there, and a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bin"
        self.path.mkdir()
        self.cache = folder / "cache"
        self.calls = folder / "calls"
        self.said: list[str] = []
        self.stop = threading.Event()
        self.environ = {"PATH": f"{self.path}:/usr/bin:/bin", "HOME": str(folder), "CALLS": str(self.calls)}

    def has(self, name: str, text: str, *, folder: Path | None = None) -> Path:
        program = (folder or self.path) / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
        return program

    def search(self) -> binaries._Search:
        return binaries._Search(environ=self.environ, say=self.said.append, cache=self.cache, stop=self.stop)

    def resolve(self, *, may_build: bool = True) -> binaries.Resolution:
        return binaries.resolve(
            environ=self.environ,
            say=self.said.append,
            cache=self.cache,
            may_download=False,
            may_build=may_build,
            stop=self.stop,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_address_comes_first_and_starts_nothing(machine: Machine) -> None:
    machine.has("temporal", CLI.format(version="1.9.0"))
    machine.environ["TEMPORAL_ADDRESS"] = "temporal.example:7233"
    found = machine.resolve()
    assert (found.source, found.address, found.binary) == (binaries.Source.ADDRESS, "temporal.example:7233", None)


def test_a_command_on_the_path_comes_before_what_is_kept(machine: Machine) -> None:
    command = machine.has("temporal", CLI.format(version="1.9.0"))
    machine.has("temporal-server", SERVER, folder=machine.cache)
    found = machine.resolve()
    assert found.source is binaries.Source.PATH
    assert found.binary == binaries.Binary(path=command, flavour=binaries.Flavour.CLI, server_version="1.32.0")
    assert found.passed_over == ("TEMPORAL_ADDRESS is not set.",)


def test_a_command_that_is_too_old_is_passed_over_and_the_reason_given(machine: Machine) -> None:
    machine.has("temporal", CLI.format(version="1.8.2"))
    machine.has("temporal-server", SERVER, folder=machine.cache)
    found = machine.resolve()
    assert found.source is binaries.Source.CACHE
    assert "The temporal command on the PATH is 1.8.2; 1.9.0 or newer is needed." in found.passed_over


def test_a_command_that_does_not_run_is_passed_over(machine: Machine) -> None:
    machine.has("temporal", "#!/bin/sh\nexit 3\n")
    machine.has("temporal-server", SERVER, folder=machine.cache)
    assert machine.resolve().source is binaries.Source.CACHE


def test_it_is_built_once_with_the_go_on_the_path_and_then_kept(machine: Machine) -> None:
    machine.has("go", GO.format(version="1.26.8", extra=""))
    first = machine.resolve()
    assert first.source is binaries.Source.BUILD
    assert first.binary is not None
    assert first.binary.path == machine.cache / "temporal-server"
    assert any("five to seven minutes" in line for line in machine.said)
    assert machine.resolve().source is binaries.Source.CACHE
    calls = machine.calls.read_text(encoding="utf-8").splitlines()
    assert calls == [f"install -ldflags=-s -w {binaries.SERVER_MODULE} CGO_ENABLED=0"]


def test_a_build_that_does_not_succeed_leaves_nothing_that_looks_built(machine: Machine) -> None:
    machine.has("go", GO.format(version="1.27.0", extra="echo no disk left; exit 1"))
    with pytest.raises(binaries.NoServer, match=r"did not succeed; its messages are in .*build\.log"):
        machine.resolve()
    assert sorted(path.name for path in machine.cache.iterdir()) == ["build.log", "lock"]
    assert "no disk left" in (machine.cache / "build.log").read_text(encoding="utf-8")


def test_an_old_go_is_passed_over_for_the_one_from_the_wheel(machine: Machine) -> None:
    machine.has("go", GO.format(version="1.22.1", extra=""))
    pinned = machine.has("go", GO.format(version="1.27.3", extra=""), folder=machine.cache / "go" / "go" / "bin")
    assert machine.search().go() == str(pinned)


def test_two_processes_do_not_build_at_once(machine: Machine) -> None:
    machine.has("go", GO.format(version="1.26.8", extra="sleep 0.5"))
    found: list[binaries.Resolution] = []
    both = [threading.Thread(target=lambda: found.append(machine.resolve())) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(one.source for one in found) == [binaries.Source.BUILD, binaries.Source.CACHE]
    assert len(machine.calls.read_text(encoding="utf-8").splitlines()) == 1
    assert "Another process is getting the Temporal server; waiting for it." in machine.said


def test_progress_is_said_while_it_takes_long(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "PROGRESS_EVERY_SECONDS", 0.3)
    machine.has("go", GO.format(version="1.26.8", extra="sleep 1"))
    machine.resolve()
    assert any(line.startswith("Building the Temporal server: ") for line in machine.said)


def test_a_child_that_stalls_is_ended(machine: Machine) -> None:
    machine.cache.mkdir()
    began = time.monotonic()
    assert not machine.search()._run(["sleep", "60"], "Downloading", grows=machine.cache, stalls_after=0.3)
    assert time.monotonic() - began < 5


def test_whoever_waits_for_a_build_can_give_up_and_the_build_ends_with_all_that_it_started(machine: Machine) -> None:
    machine.has("go", GO.format(version="1.26.8", extra='sleep 61 & echo $! > "$CALLS.pid"; wait'))
    threading.Timer(0.5, machine.stop.set).start()
    with pytest.raises(binaries.GivenUp):
        machine.resolve()
    compiler = int(machine.calls.with_suffix(".pid").read_text(encoding="ascii"))
    for _ in range(50):
        if not Path(f"/proc/{compiler}").exists() or " Z " in Path(f"/proc/{compiler}/stat").read_text("ascii"):
            break
        threading.Event().wait(0.1)
    else:
        pytest.fail("what the build had started goes on")
    assert not (machine.cache / "temporal-server").exists()


def test_where_nothing_works_each_way_says_what_it_lacked(machine: Machine) -> None:
    with pytest.raises(binaries.NoServer) as problem:
        machine.resolve(may_build=False)
    for sentence in (
        "TEMPORAL_ADDRESS is not set.",
        "There is no temporal command on the PATH.",
        "A download or a build was not asked for.",
    ):
        assert sentence in str(problem.value)
    assert not machine.cache.exists()


def test_the_cache_does_not_depend_on_the_project() -> None:
    assert binaries.cache_folder({"HOME": "/home/a"}) == Path("/home/a/.cache/escalations/temporal-1.32.0")
    assert binaries.cache_folder({"XDG_CACHE_HOME": "/c"}) == Path("/c/escalations/temporal-1.32.0")
