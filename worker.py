"""The worker: settings, telemetry, connect, work; nothing else. Run as many of these as are wanted."""

from __future__ import annotations

import asyncio

from escalations import parts, settings, telemetry
from escalations.temporal import client


async def main() -> None:
    """Work until interrupted."""
    chosen = settings.read()
    telemetry.configure(chosen)
    async with parts.opened(chosen) as opened:
        connected = await client.connect_as_set(chosen)
        await opened.worker(connected).run()


if __name__ == "__main__":
    asyncio.run(main())
