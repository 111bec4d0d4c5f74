"""The web application, composed. Nothing connects when this is imported, and nothing here is global.

app = create_app(settings=settings, database=database, vault=vault, policy=policy, now=clock,
                 dispatcher_wake=dispatcher.wake)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from importlib import resources
from pathlib import Path

import structlog
from fastapi import Depends, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from escalations import errors
from escalations.mail.relay import Relay
from escalations.policy import Policy
from escalations.settings import Settings
from escalations.store.calendars import NO_DAYS_OFF, DaysOff
from escalations.store.cases import Cases
from escalations.store.engine import Database
from escalations.store.vault import Vault
from escalations.web import (
    auth,
    board,
    case_page,
    directory_pages,
    health,
    mail_pages,
    metrics,
    outbox,
    people_page,
    policy_page,
    raising,
    redating_page,
    responding,
    reviewing,
    security,
    signing_in,
    team_pages,
)
from escalations.web.drafts import Drafts
from escalations.web.pages import Pages, Site
from escalations.web.parts import AgencyList, Parts
from escalations.web.security import Cookies, Guarded, TooLong, TooSlow

_log = structlog.get_logger()


async def _never() -> bool:
    return False


def create_app(
    *,
    settings: Settings,
    database: Database,
    vault: Vault,
    policy: Policy,
    now: Callable[[], datetime],
    relay: Relay,
    dispatcher_wake: Callable[[], None] | None = None,
    timers_up: Callable[[], Awaitable[bool]] | None = None,
    cases: Cases | None = None,
    live: bool = False,
    settle_seconds: float = 4.0,
    days_off: DaysOff = NO_DAYS_OFF,
    access_log: Callable[[str, str, int], None] | None = None,
    body_seconds: float = security.BODY_SECONDS,
    static: Path | None = None,
) -> FastAPI:
    """Compose the application.

    Args:
        settings: names, numbers, addresses and keys.
        database: where everything is kept; nothing connects before the first request.
        vault: seals what people type.
        policy: in force for new escalations.
        now: the clock; pages, links and lists all ask it.
        relay: takes the codes that links ask for.
        dispatcher_wake: tells a dispatcher in this process that something has come.
        timers_up: whether Temporal answers. Without it the pages say that the timer service is not running yet.
        cases: where cases are read from, to share what it remembers.
        live: whether real people may be entered; every page says "Trial" until then.
        settle_seconds: how long a page waits for the outcome of an act.
        days_off: what the installation says of its own days.
        access_log: takes method, route template and status of each request, in place of the log.
        body_seconds: how long a form may take to arrive.
        static: the folder of styles and pictures, in place of the one that is built beside the pages.
    """
    parts = Parts(
        settings=settings,
        database=database,
        vault=vault,
        now=now,
        policy=policy,
        days_off=days_off,
        cases=cases or Cases(),
        pages=Pages(Site.of(settings, live=live)),
        cookies=Cookies(
            secure=settings.web_address.startswith("https:"), key=security.form_key(settings.wrapping_keys()[0])
        ),
        drafts=Drafts(database, vault, now),
        agencies=AgencyList(database),
        relay=relay,
        wake=dispatcher_wake or (lambda: None),
        timers_up=timers_up or _never,
        settle_seconds=settle_seconds,
    )
    # No pages that describe the application: they load scripts from elsewhere.
    app = FastAPI(
        title=settings.product_name,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(auth.know(parts))],
    )
    app.include_router(health.routes(parts))
    app.include_router(metrics.routes(parts))
    app.include_router(signing_in.routes(parts))
    app.include_router(policy_page.routes(parts))
    app.include_router(raising.routes(parts))
    app.include_router(responding.routes(parts))
    app.include_router(board.routes(parts))
    app.include_router(mail_pages.routes(parts))
    app.include_router(case_page.routes(parts))
    app.include_router(team_pages.routes(parts))
    app.include_router(redating_page.routes(parts))
    app.include_router(reviewing.routes(parts))
    app.include_router(people_page.routes(parts))
    app.include_router(directory_pages.routes(parts))
    app.include_router(outbox.routes(parts))
    app.mount("/static", _static(static or Path(str(resources.files("escalations.web") / "static"))))
    _add_home(app, parts)
    _add_troubles(app, parts)
    app.add_middleware(
        Guarded,
        log=access_log or _access,
        crashed=lambda error: _crashed(parts, error),
        https=settings.web_address.startswith("https:"),
        body_seconds=body_seconds,
    )
    return app


def _static(folder: Path) -> ASGIApp:
    if folder.is_dir():
        return StaticFiles(directory=folder)
    _log.warning("static_not_built", code="static_not_built", mend="npm run build")
    return PlainTextResponse("The styles were not built: npm run build makes them, and so does make run.\n", 404)


def _add_home(app: FastAPI, parts: Parts) -> None:
    @app.get("/", include_in_schema=False)
    async def home(request: Request) -> Response:
        return parts.show(
            request,
            "home.html",
            timers_up=await parts.timers_up(),
            outbox=auth.first_look(parts, request),
        )


def _add_troubles(app: FastAPI, parts: Parts) -> None:
    look = auth.know(parts)

    @app.exception_handler(auth.NotLetIn)
    async def not_let_in(_: Request, error: Exception) -> Response:
        return error.response if isinstance(error, auth.NotLetIn) else Response(status_code=403)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: Exception) -> Response:
        await look(request)
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 404:  # noqa: PLR2004  not found
            return parts.show(
                request,
                "message.html",
                status=404,
                heading="There is no such page",
                onward={"href": "/", "text": "Start page"},
                sentences=[
                    "If you came by a link in a message, check that all of it was copied.",
                    "If you typed the address, check that it is right.",
                ],
            )
        return parts.show(
            request,
            "message.html",
            status=status,
            heading="That did not work",
            onward={"href": "/", "text": "Start page"},
            sentences=["Please go back and try again."],
        )

    @app.exception_handler(errors.Retry)
    async def away(request: Request, error: Exception) -> Response:
        _log.warning("page_without_database", code=error.code if isinstance(error, errors.Retry) else "retry")
        if (given_back := await team_pages.not_received(parts, request)) is not None:
            return given_back
        return parts.show(
            request,
            "message.html",
            status=503,
            heading="This does not work at the moment",
            onward=None,
            sentences=[
                "Our system cannot be reached. If you were sending something, it has NOT been received.",
                "What you had typed on earlier pages is kept. Please go back and try again in a few minutes.",
                "If somebody is at risk, do not wait for this: use the numbers at the top of the page.",
            ],
        )

    @app.exception_handler(TooLong)
    async def too_long(request: Request, _: Exception) -> Response:
        return parts.show(
            request,
            "message.html",
            status=413,
            heading="That is too long",
            onward=None,
            sentences=[
                "What you sent is longer than any form of ours, and it has not been received.",
                "Please go back and shorten it.",
            ],
        )

    @app.exception_handler(TooSlow)
    async def too_slow(request: Request, _: Exception) -> Response:
        response = parts.show(
            request,
            "message.html",
            status=408,
            heading="That took too long to arrive",
            onward=None,
            sentences=[
                "What you were sending did not reach us in time, and it has NOT been received.",
                "Please go back, check your connection, and press the button again.",
            ],
        )
        # What is left of it must not be read as the next request.
        response.headers["connection"] = "close"
        return response


def _crashed(parts: Parts, error: Exception) -> Response:
    _log.error("page_crashed", code=type(error).__name__, exc_info=error)
    return parts.pages.show(
        "message.html",
        status=500,
        values={
            "heading": "Something is wrong on our side",
            "onward": {"href": "/", "text": "Start page"},
            "sentences": [
                "If you were sending something, it may not have been received. Please go back and try again.",
                "If it happens again, tell the partnership team.",
                "If somebody is at risk, do not wait for this: use the numbers at the top of the page.",
            ],
        },
    )


def _access(method: str, route: str, status: int) -> None:
    _log.info("page", method=method, route=route, status=status)
