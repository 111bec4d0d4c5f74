"""How a process of ours ends that has talked to Temporal."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from typing import NoReturn


def end(code: int) -> NoReturn:
    """End this process with everything written, and without taking the interpreter apart.

    Threads of Temporal's client live as long as the process does. One that hands over its last answer while the
    interpreter is taken apart aborts the process: of twelve migrations, all of them done, three ended so.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # whoever was to read it has gone
            stream.flush()
    atexit._run_exitfuncs()  # noqa: SLF001  what waits to be tidied up at the end, such as a run's coverage
    os._exit(code)
