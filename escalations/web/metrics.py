"""`/metrics`: the figures for whoever watches an installation. Read from the database, whichever process is asked."""

from __future__ import annotations

import hmac
import time

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from escalations import errors
from escalations.metrics import exposition, figures
from escalations.metrics.lateness import Lateness
from escalations.rules import access
from escalations.rules.access import Page, Role, Standing
from escalations.web.parts import Parts
from escalations.web.security import on_this_machine


def routes(parts: Parts) -> APIRouter:
    """The one page. To this machine, and to whoever shows the token; to everybody else there is no such page."""
    router = APIRouter()
    lateness = Lateness(parts.database)

    @router.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if not _may(parts, request):
            raise HTTPException(404)
        return Response(exposition.text(await _seen(parts, lateness)), media_type=exposition.CONTENT_TYPE)

    return router


def _may(parts: Parts, request: Request) -> bool:
    token = parts.settings.metrics_token
    given = request.headers.get("authorization", "")
    has: set[Role | Standing] = {Standing.THIS_MACHINE} if on_this_machine(request) else set()
    if token is not None and hmac.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
        has.add(Standing.WATCHES)
    return access.may_open(Page.METRICS, frozenset(has))


async def _seen(parts: Parts, lateness: Lateness) -> exposition.Seen:
    now, began = parts.now(), time.monotonic()
    found, late = None, None
    try:
        late = await lateness.look(now)
        async with parts.database.read() as tx:
            found = await figures.read(tx, now=now)
    except errors.Retry:
        pass  # That it is away is what is to be said.
    return exposition.Seen(now, await parts.timers_up(), found, late, time.monotonic() - began)
