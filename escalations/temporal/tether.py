"""Run a command that ends when its parent ends. Standard library only; started as ``python -I tether.py``.

``tether.py PID_FILE LOCK_FD PARENT_PID command...``

Between fork and exec there is no safe place for this in the parent: ``preexec_fn`` may deadlock in a program with
threads. So this small program does it, and then *becomes* the command: no process stays in between.

* Linux sends SIGTERM when the parent dies, however it dies (``PR_SET_PDEATHSIG``). The parent is the *thread* that
  started us, so start servers from a thread that lives as long as the program.
* Elsewhere, and where even that fails, the lock that the command inherits (``LOCK_FD``) stays held while it lives, and
  its process id stands in ``PID_FILE``: the next start finds the leftover and ends it.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, write down who we are, and become the command."""
    pid_file, lock_fd, parent_pid, *command = arguments
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
            os.write(2, b"tether: the system does not tie children to their parents; going on without\n")
    if os.getppid() != int(parent_pid):
        # It died before the line above took effect: nobody would ever stop the server.
        sys.exit(1)
    os.set_inheritable(int(lock_fd), True)  # noqa: FBT003  its own signature
    Path(pid_file).write_text(str(os.getpid()), encoding="ascii")
    os.execv(command[0], command)  # noqa: S606  no shell is what is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
