"""What a measurement found, and how it is shown."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

_FEW = 10
_MANY = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """One number."""

    what: str
    value: float
    unit: str = ""
    wanted: str = ""
    """What is promised of it, in words; empty where nothing is."""
    kept: bool = True
    """Whether the promise holds."""

    @property
    def said(self) -> str:
        """The number as it is read: three digits are all that is known of it."""
        digits = 2 if self.value < _FEW else 1 if self.value < _MANY else 0
        return f"{self.value:,.{digits}f} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Found:
    """What one measurement found."""

    name: str
    how: str
    """What was measured, in a sentence."""
    figures: tuple[Figure, ...]

    @property
    def kept(self) -> bool:
        """Whether every promise holds."""
        return all(figure.kept for figure in self.figures)


def machine() -> dict[str, Any]:
    """When and where this was measured; the load says how much else ran."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def as_json(found: list[Found], before: dict[str, Any]) -> dict[str, Any]:
    """The same for machines."""
    return {
        "machine_before": before,
        "machine_after": machine(),
        "kept": all(one.kept for one in found),
        "found": [asdict(one) for one in found],
    }


def show(found: Found) -> None:
    """Print one measurement as a table that fits the terminal."""
    table = Table(title=found.how, title_justify="left", title_style="", expand=False)
    table.add_column(found.name)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("wanted", justify="right")
    for figure in found.figures:
        wanted = figure.wanted if figure.kept else f"{figure.wanted}: NOT KEPT"
        table.add_row(figure.what, figure.said, wanted)
    Console().print(table)
