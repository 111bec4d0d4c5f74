"""What a test that took too long was waiting for.

pytest-timeout ends it and shows the threads; but what hangs here is nearly always an await, where the thread says only
that its loop is idle. So the report of such a test names every task and the line at which it waits.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a test that was ended by its time limit where each task waited."""
    report = yield
    if call.excinfo is not None and "from pytest-timeout" in str(call.excinfo.value):
        report.sections.append(("Tasks, and where each waits", waiting(call.excinfo)))
    return report


def waiting(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """Say of every task of the loops that an exception came through at which line it waits."""
    said = io.StringIO()
    runs = [entry.frame.f_locals.get("self") for entry in excinfo.traceback]
    for loop in {run for run in runs if isinstance(run, asyncio.AbstractEventLoop)}:
        for task in asyncio.all_tasks(loop):
            task.print_stack(file=said)
    return said.getvalue() or "There was no loop."
