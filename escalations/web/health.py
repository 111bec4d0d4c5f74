"""Whether the web lives, and whether everything that it needs is there. For machines; nothing personal is in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter
from starlette.responses import JSONResponse

from escalations import errors
from escalations.store import heartbeats
from escalations.store.heartbeats import Part
from escalations.web.parts import Parts

NEEDED: Final = (Part.DISPATCHER, Part.WORKER)
"""Without these what comes is stored and waits. They may run anywhere: what they say of themselves is stored."""
WHERE_USED: Final = (Part.MAIL,)
"""Asked for once it was there: not every installation has one."""


def routes(parts: Parts) -> APIRouter:
    """``/healthz`` and ``/readyz``."""
    router = APIRouter()

    @router.get("/healthz", include_in_schema=False)
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        found = {"database": await _works(lambda: _keeps(parts)), "temporal": await _works(parts.timers_up)}
        found |= await _seen(parts)
        # Without the database nobody may be told "received". Without the others what comes is stored and waits.
        status = "ok" if all(found.values()) else "later" if found["database"] else "away"
        said = {name: "ok" if works else "away" for name, works in found.items()}
        return JSONResponse({"status": status, **said}, status_code=200 if status == "ok" else 503)

    return router


async def _works(check: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await check()
    except errors.EscalationsError:
        return False


async def _keeps(parts: Parts) -> bool:
    """Whether what is received now could be stored, and read again with the keys at hand."""
    database = parts.database
    if not (await database.ready() and await database.takes_writes()):
        return False
    async with database.read() as tx:
        await parts.vault.check(tx)
    return True


async def _seen(parts: Parts) -> dict[str, bool]:
    """Which parts were seen lately, wherever they run. With the database away nobody knows."""
    now = parts.now()
    try:
        async with parts.database.read() as tx:
            seen = await heartbeats.seen(tx, now=now)
    except errors.EscalationsError:
        return dict.fromkeys(NEEDED, False)
    asked = (*NEEDED, *(part for part in WHERE_USED if part in seen))
    return {part.value: part in seen and not seen[part].is_lost(now) for part in asked}
