"""What our own Temporal server is configured with: loopback ports, one SQLite file, one node."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

LOOPBACK = "127.0.0.1"

SERVICES = ("frontend", "matching", "history", "worker")

DYNAMIC_CONFIG: Mapping[str, object] = {
    # One node: four partitions leave pollers waiting at the wrong one, a tail of seconds (docs/operating.md).
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
    # The dispatcher has one act in flight for each case; people who press at once come on top. Ten, the default, is
    # reached by a test that presses twenty times, a hundred is not, and still bounds what a fault can pile up.
    "history.maxInFlightUpdates": 100,
    # New search attributes can be used at once, not after the cache's minute.
    "system.forceSearchAttributesCacheRefreshOnRead": True,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ports:
    """The loopback ports of one server. Kept in the folder, so that clients find it again after a restart."""

    frontend: int
    frontend_membership: int
    matching: int
    matching_membership: int
    history: int
    history_membership: int
    worker: int
    worker_membership: int

    @classmethod
    def free(cls, *, frontend: int | None = None) -> Self:
        """Give ports that are free now. Another program may still take one; the start then tries again."""
        names = [field.name for field in dataclasses.fields(cls)]
        with contextlib.ExitStack() as held:
            ports = {}
            for name in names:
                taken = held.enter_context(socket.socket())
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                taken.bind((LOOPBACK, (frontend or 0) if name == "frontend" else 0))
                ports[name] = taken.getsockname()[1]
        return cls(**ports)

    def are_free(self) -> bool:
        """Whether all can be bound now."""
        with contextlib.ExitStack() as held:
            for port in dataclasses.astuple(self):
                probe = held.enter_context(socket.socket())
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((LOOPBACK, port))
                except OSError:
                    return False
        return True


def server_config(database: Path, ports: Ports, dynamic_file: Path, *, set_up: bool) -> dict[str, Any]:
    """Write what the plain server is configured with, as data."""
    store = {
        "sql": {
            "pluginName": "sqlite",
            # The name ends in a `file:` address, where a space or a percent sign would mean something else.
            "databaseName": urllib.parse.quote(str(database)),
            "connectAddr": "localhost",
            "connectProtocol": "tcp",
            "connectAttributes": {
                "cache": "private",
                "journal_mode": "wal",
                # FULL: what a worker was told is kept stands on the disk, also after a power cut.
                "synchronous": "2",
                **({"setup": "true"} if set_up else {}),
            },
            # More connections are slower: SQLite has one writer, and the others wait and try again.
            "maxConns": 1,
            "maxIdleConns": 1,
        },
    }
    services = {
        name: {
            "rpc": {
                "grpcPort": getattr(ports, name),
                "membershipPort": getattr(ports, f"{name}_membership"),
                "bindOnLocalHost": True,
            },
        }
        for name in SERVICES
    }
    return {
        "log": {"stdout": True, "level": "warn", "format": "json"},
        "persistence": {
            "defaultStore": "sqlite",
            "visibilityStore": "sqlite",
            "numHistoryShards": 1,
            "datastores": {"sqlite": store},
        },
        "global": {"membership": {"maxJoinDuration": "30s", "broadcastAddress": LOOPBACK}},
        "services": services,
        "clusterMetadata": {
            "enableGlobalNamespace": False,
            "failoverVersionIncrement": 10,
            "masterClusterName": "active",
            "currentClusterName": "active",
            "clusterInformation": {
                "active": {
                    "enabled": True,
                    "initialFailoverVersion": 1,
                    "rpcName": "frontend",
                    "rpcAddress": f"{LOOPBACK}:{ports.frontend}",
                },
            },
        },
        "dcRedirectionPolicy": {"policy": "noop"},
        "archival": {
            "history": {"state": "disabled", "enableRead": False},
            "visibility": {"state": "disabled", "enableRead": False},
        },
        "publicClient": {"hostPort": f"{LOOPBACK}:{ports.frontend}"},
        "dynamicConfigClient": {"filepath": str(dynamic_file), "pollInterval": "60s"},
    }


def cli_command(
    program: Path,
    database: Path,
    ports: Ports,
    namespace: str,
    dynamic: Mapping[str, object],
) -> list[str]:
    """Write how the ``temporal`` command is started, with the same promises as the plain server."""
    command = [
        str(program), "server", "start-dev", "--headless",
        "--ip", LOOPBACK,
        "--port", str(ports.frontend),
        "--db-filename", str(database),
        "--namespace", namespace,
        "--log-format", "json",
        "--log-level", "warn",
        "--sqlite-pragma", "journal_mode=wal",
        "--sqlite-pragma", "synchronous=2",
    ]  # fmt: skip
    for key, value in dynamic.items():
        command += ["--dynamic-config-value", f"{key}={json.dumps(value)}"]
    return command
