"""What keeps the pages to those whom they are for: cookies, form tokens, headers, and whose machine this is.

A form is taken only with a token that is bound to the visitor's cookie. That cookie is ``SameSite=Lax`` and not
``Strict``: whoever comes from a link in a web mail would otherwise arrive without it, be given another, and lose what
stands half typed in another tab. ``Lax`` lets it through on navigations alone, and here a GET never acts.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 1_000_000
"""The longest form that is read: twelve people and every account at its longest fit several times over."""

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""Nothing runs, and nothing comes from elsewhere."""

BODY_SECONDS: Final = 30.0
"""How long the whole of a form may take to arrive. Nobody's line is slower; whoever holds one open is not served."""

_CLIENT_GONE: Final = 499
"""Stands in the access log where nobody was there any more to be answered."""

_OF_PROXIES: Final = frozenset(
    {
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-original-host",
        "cf-connecting-ip",
        "true-client-ip",
    }
)
"""What a proxy adds, and a browser on this machine never sends; beside every ``x-forwarded-...``."""

HEADERS: Final = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-robots-tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Cookies:
    """How this installation sets its cookies."""

    secure: bool
    key: bytes
    """What form tokens are made with."""

    def set(self, response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
        """Set a cookie that scripts cannot read; without ``seconds`` it ends with the browser."""
        response.set_cookie(
            self._name(name), value, max_age=seconds, secure=self.secure, httponly=True, samesite="lax", path="/"
        )

    def drop(self, response: Response, name: str) -> None:
        """Take a cookie away."""
        response.delete_cookie(self._name(name), secure=self.secure, httponly=True, samesite="lax", path="/")

    def read(self, request: Request, name: str) -> str:
        """The value of a cookie, or nothing."""
        return request.cookies.get(self._name(name), "")

    def _name(self, name: str) -> str:
        # The prefix keeps other hosts of the same domain from setting it.
        return f"__Host-{name}" if self.secure else name

    def visitor(self, request: Request) -> str:
        """The visitor that a form belongs to: from the cookie or, on the first page, made anew."""
        known = getattr(request.state, "visitor", "") or self.read(request, "visitor")
        if len(known) < 32:  # noqa: PLR2004  what we make is longer
            known = secrets.token_urlsafe(32)
            request.state.visitor_is_new = True
        request.state.visitor = known
        return known

    def token(self, request: Request) -> str:
        """The token that a form on this page has to bring back."""
        return hmac.new(self.key, self.visitor(request).encode(), hashlib.sha256).hexdigest()

    def keeps(self, request: Request, response: Response) -> None:
        """Give the visitor's cookie to a visitor who has none."""
        if getattr(request.state, "visitor_is_new", False):
            self.set(response, "visitor", request.state.visitor)

    def genuine(self, request: Request, token: str) -> bool:
        """Whether a posted form came from a page of ours that this visitor was shown."""
        if not self.read(request, "visitor"):
            return False
        return hmac.compare_digest(self.token(request).encode(), token.encode())


def form_key(wrapping_key: bytes) -> bytes:
    """The key of form tokens, derived so that it opens nothing else."""
    return hmac.new(wrapping_key, b"escalations form token v1", hashlib.sha256).digest()


def on_this_machine(request: Request) -> bool:
    """Whether the request comes from this machine, to a name of this machine, and through no proxy.

    The name matters as well as the address: a page elsewhere can point a name of its own at 127.0.0.1.
    """
    if any(name in _OF_PROXIES or name.startswith("x-forwarded-") for name in request.headers):
        return False
    if not request.headers.get("host"):
        return False  # The address would then be the one that we listen on, which says nothing of whom was asked for.
    return _loopback(request.client.host if request.client else "") and _loopback(_asked_for(request))


def _asked_for(request: Request) -> str:
    """The name that was asked for, as the header says it; nothing where that cannot be one.

    For a header that is no address `Request.url` has the address that we listen on.
    """
    said = request.headers.get("host", "")
    try:
        asked = urlsplit(f"//{said}")
        _ = asked.port
    except ValueError:
        return ""
    return (asked.hostname or "") if asked.netloc == said and "@" not in said else ""


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guarded:
    """Sets the headers of every answer, refuses bodies that are too long, and writes the access log.

    The log holds the template of the route and never the URL: a link's token is in it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        log: Callable[[str, str, int], None],
        crashed: Callable[[Exception], Response],
        https: bool,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        """Take the application, where a line of the log goes, and the page for what nobody foresaw.

        Args:
            app: the application.
            log: takes method, route template and status.
            crashed: takes an exception whose words may hold anything, and gives a page without them.
            https: whether people come by https.
            body_seconds: how long the whole of a body may take to arrive.
        """
        self._body_seconds = body_seconds
        self._app = app
        self._log = log
        self._crashed = crashed
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def write(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    if name not in headers:
                        headers[name] = value
                if self._https:
                    headers["strict-transport-security"] = "max-age=31536000"
            await send(message)

        try:
            await self._app(scope, _bounded(receive, seconds=self._body_seconds), write)
        except ClientDisconnect:
            status = status or _CLIENT_GONE
        except Exception as error:  # noqa: BLE001  further out it would be printed with its words
            page = self._crashed(error)
            if status == 0:
                await page(scope, receive, write)
        finally:
            route = scope.get("route")
            self._log(scope["method"], getattr(route, "path", "none"), status or 500)


def _bounded(receive: Receive, *, seconds: float) -> Receive:
    """Read no body that is longer than any form of ours, or that takes longer to arrive."""
    taken = 0
    whole = False
    until = asyncio.get_running_loop().time() + seconds

    async def read() -> Message:
        nonlocal taken, whole
        if whole:
            return await receive()  # That somebody leaves may take as long as it likes.
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise TooSlow from None
        whole = not message.get("more_body", False)
        taken += len(message.get("body", b""))
        if taken > MOST_BYTES:
            raise TooLong
        return message

    return read


class TooSlow(Exception):
    """A body did not arrive within the time in which any form of ours does."""


class TooLong(Exception):
    """A body was longer than any form of ours can be."""
