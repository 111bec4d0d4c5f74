"""Takes mail in, and is killed between the commit of a message and its answer.

Run as a process of its own: ``python -m tests.processes.mail_intake``. It writes its port, then a line for each commit,
and waits before it answers as long as the file ``hold`` lies in its folder.
"""

from __future__ import annotations

import asyncio
import sys

from escalations import parts, settings, telemetry
from escalations.store.mails import Envelope


async def main() -> None:
    """Serve until killed."""
    chosen = settings.read()
    telemetry.configure(chosen)
    async with parts.opened(chosen, migrate=True) as opened:
        assert opened.replies is not None
        router = opened.mail_router(opened.replies)
        server = opened.mail_server(opened.replies, wake=router.wake)
        take, hold = server._take, chosen.folder / "hold"

        async def slowly(raw: bytes, envelope: Envelope) -> None:
            await take(raw, envelope)
            say("committed")
            while await asyncio.to_thread(hold.exists):  # noqa: ASYNC110  a file has no event
                await asyncio.sleep(0.05)

        server._take = slowly
        async with server.serving("127.0.0.1", 0) as port:
            say(f"port {port}")
            await router.run()


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
