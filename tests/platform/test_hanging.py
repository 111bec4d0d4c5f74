"""A test that hangs is ended, and says where it waited."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

HANGS = """
import asyncio

async def the_answer_that_never_comes():
    await asyncio.Event().wait()

async def test_hangs():
    await asyncio.create_task(the_answer_that_never_comes())
"""


def test_a_test_that_hangs_is_ended_and_its_report_names_the_line_at_which_each_task_waits(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(HANGS, "utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.hanging", "-p", "no:cacheprovider", "--timeout=0.2"]
    ran = subprocess.run(
        [*command, f"--config-file={ROOT / 'pyproject.toml'}", f"--rootdir={tmp_path}", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 1, ran.stdout
    assert "from pytest-timeout" in ran.stdout
    assert "in the_answer_that_never_comes" in ran.stdout
