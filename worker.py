"""The worker: settings, then work. Run as many of these as are wanted; `escalations worker` is the same."""

from __future__ import annotations

import asyncio

from escalations import ending, serving, settings

if __name__ == "__main__":
    asyncio.run(serving.work(settings.read()))
    ending.end(0)
