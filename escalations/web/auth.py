"""Who is there, and whether a page is for them. What is decided stands in `escalations.rules.access`.

`know` finds out who has signed in, once for each request; `allowed` guards a router or a route. Whoever is not signed
in is sent to sign in and comes back to where they were going; what they had typed is given back to them. Whoever has
another role is told so. Pages for this machine alone do not exist for anybody else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from fastapi import HTTPException, Request
from fastapi.params import Depends as Dependency
from starlette.responses import Response

from escalations import errors
from escalations.mail.relay import OutboxRelay
from escalations.rules import access
from escalations.rules.access import LETS_IN, Page, Role, Standing
from escalations.store import sign_ins
from escalations.web.forms import Raw
from escalations.web.security import on_this_machine
from escalations.web.viewer import ROLES, Viewer, signed_in, viewer

if TYPE_CHECKING:
    from escalations.web.parts import Parts

__all__ = ["COOKIE", "NotLetIn", "Viewer", "allowed", "first_look", "know", "onward", "signed_in", "viewer"]

COOKIE: Final = "signed-in"
ONWARD: Final = "onward"
_ONWARD_SECONDS: Final = 30 * 60
_LONGEST_PATH: Final = 300


class NotLetIn(Exception):
    """A page is not for whoever asked for it. It carries the page that they get instead."""

    def __init__(self, response: Response) -> None:
        """Take the page."""
        super().__init__()
        self.response = response


def know(parts: Parts) -> Callable[[Request], Awaitable[None]]:
    """Find out who has signed in, before any page is made: a dependency of the whole application."""

    async def look(request: Request) -> None:
        if hasattr(request.state, "looked"):
            return
        request.state.looked = True
        cookie = parts.cookies.read(request, COOKIE)
        if not cookie:
            return
        now = parts.now()
        try:
            async with parts.database.read() as tx:
                found = await sign_ins.session(tx, parts.vault, cookie, now=now)
            if found is None or (found.person.sample and not parts.pages.site.trial):
                return
            if found.to_be_seen:
                async with parts.database.write() as tx:
                    await sign_ins.seen(tx, cookie, now=now)
        except errors.Retry as away:
            # Pages for everybody are served all the same.
            request.state.away = away
            return
        request.state.viewer = Viewer(found.person.person_id, found.person.name, found.person.roles)

    return look


def first_look(parts: Parts, request: Request) -> bool:
    """Whether this is the embedded default, at its own machine: mail goes to nobody and there is no public address."""
    return parts.settings.first_look and isinstance(parts.relay, OutboxRelay) and on_this_machine(request)


def allowed(parts: Parts, page: Page) -> Dependency:
    """A guard for a router or a route: lets in whomever the table of `rules.access` lets in."""
    look = know(parts)

    async def guard(request: Request) -> None:
        await look(request)
        found = viewer(request)
        has: set[Role | Standing] = set(found.roles) if found is not None else set()
        if on_this_machine(request):
            has.add(Standing.THIS_MACHINE)
        if access.may_open(page, frozenset(has)):
            return
        if Standing.THIS_MACHINE in LETS_IN[page]:
            raise HTTPException(404)
        if isinstance(away := getattr(request.state, "away", None), errors.Retry):
            raise NotLetIn(await _given_back(parts, request)) if request.method == "POST" else away
        raise NotLetIn(await _turned_away(parts, request, page, found))

    return Dependency(guard)


def onward(parts: Parts, request: Request) -> str:
    """Where somebody was going when they were sent to sign in; nothing but a path of our own."""
    path = unquote(parts.cookies.read(request, ONWARD))
    own = path.startswith("/") and path.isprintable() and not path.startswith(("//", "/\\")) and "\\" not in path
    return path if own and len(path) <= _LONGEST_PATH else ""


def _typed(raw: Raw) -> list[dict[str, str]]:
    """What somebody wrote in their own words, whatever the page was: what has a blank in it is no code of ours."""
    return [
        {"label": name.replace("-", " ").capitalize(), "value": value}
        for name, values in raw.items()
        if name != "answers"
        for value in values
        if len(value.split()) > 1
    ]


async def _given_back(parts: Parts, request: Request) -> Response:
    """Nobody can be known while the database is away, and nothing can be stored; what was typed is not lost."""
    raw, _, _ = await parts.posted(request)
    return parts.show(
        request,
        "typed.html",
        status=503,
        heading="We have NOT received this",
        sentence="Our system cannot be reached at the moment. Nothing was sent and nothing was changed. Please go back "
        "and press the button again in a few minutes.",
        typed=_typed(raw),
        onward=None,
    )


async def _turned_away(parts: Parts, request: Request, page: Page, found: Viewer | None) -> Response:
    raw: Raw = {}
    if request.method == "POST":
        raw, _, _ = await parts.posted(request)
    if found is not None:
        return _of_another_role(parts, request, page, found, raw)
    if request.method == "POST":
        return parts.show(
            request,
            "typed.html",
            status=403,
            heading="You are not signed in any more",
            sentence="Nothing was sent and nothing was changed. Sign in again in another window, come back to the page "
            "that you were on, and press the button again.",
            typed=_typed(raw),
            onward={"href": "/sign-in", "text": "Sign in"},
        )
    response = parts.go(request, "/sign-in")
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    parts.cookies.set(response, ONWARD, quote(path), seconds=_ONWARD_SECONDS)
    return response


def _of_another_role(parts: Parts, request: Request, page: Page, found: Viewer, raw: Raw) -> Response:
    wanted = " or ".join(text.lower() for role, text in ROLES.items() if role in LETS_IN[page])
    return parts.show(
        request,
        "typed.html",
        status=403,
        heading="This page is for another role",
        sentence=f"It is for the role “{wanted}”, and you are signed in as “{found.roles_said.lower()}”. If you should "
        "have that role, ask an administrator of the partnership. Nothing was sent and nothing was changed.",
        typed=_typed(raw),
        onward={"href": "/", "text": "Start page"},
    )
