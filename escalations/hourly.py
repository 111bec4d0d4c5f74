"""What is done once an hour beside serving: what was typed and not sent is erased when its time is over.

So are the name and the role that somebody gave with a code, once the code is over, and which address was answered, once
no budget is counted from it. A composition root, for whoever serves the web. Pages erase what was typed whenever
something else is kept; where nobody types for a day, this does.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from escalations import errors, parts
from escalations.store import links, mail_answers
from escalations.web.drafts import Drafts

EVERY_SECONDS: Final = 3600.0

_log = structlog.get_logger()


async def run(opened: parts.Parts) -> None:
    """Do it now, and then every hour. A database that is away is asked again the next time."""
    drafts = Drafts(opened.database, opened.vault, opened.now)
    while True:
        try:
            count = await drafts.erase_expired()
            async with opened.database.write() as tx:
                sessions = await links.erase_expired(tx, opened.vault, now=opened.now())
                await mail_answers.forget(tx, now=opened.now())
        except errors.Retry as problem:
            _log.warning("hourly_upkeep_waits", code=problem.code)
        else:
            if count or sessions:
                _log.info("expired_erased", drafts=count, sessions=sessions)
        await asyncio.sleep(EVERY_SECONDS)
