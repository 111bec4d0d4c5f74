"""Whether the web lives, and whether everything that it needs is there. For machines; nothing personal is in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter
from starlette.responses import JSONResponse

from escalations import errors
from escalations.web.parts import Parts

HEARTBEAT: Final = timedelta(seconds=30)
"""How old the dispatcher's last round may be. It looks at least every few seconds."""


def routes(parts: Parts, *, dispatcher_round_at: Callable[[], datetime | None] | None) -> APIRouter:
    """``/healthz`` and ``/readyz``. Where the dispatcher runs elsewhere, nothing is said of it."""
    router = APIRouter()
    checks: dict[str, Callable[[], Awaitable[bool]]] = {
        "database": lambda: _keeps(parts),
        "temporal": parts.timers_up,
    }
    if dispatcher_round_at is not None:
        checks["dispatcher"] = lambda: _beats(parts, dispatcher_round_at)

    @router.get("/healthz", include_in_schema=False)
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        found = {name: await _works(check) for name, check in checks.items()}
        # Without the database nobody may be told "received". Without the other two what comes is stored and waits.
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


async def _beats(parts: Parts, round_at: Callable[[], datetime | None]) -> bool:
    last = round_at()
    return last is not None and parts.now() - last <= HEARTBEAT
