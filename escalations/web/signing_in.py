"""Signing in: an address, a link that is mailed to it, and a button.

Whoever asks gets the same answer whether the address is known or not, before anything is looked for. Opening a link
changes nothing: mail scanners open them all; the token goes into a cookie, and the address that stays is clean.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from escalations.mail import relay, sign_in
from escalations.mail.outgoing import House
from escalations.rules.access import Page, Role
from escalations.store import access_log, people, sign_ins
from escalations.store.access_log import What
from escalations.store.people import Person
from escalations.store.sign_ins import LinkState
from escalations.web.auth import COOKIE, ONWARD, first_look, onward, viewer
from escalations.web.forms import Problem, Raw, Reading
from escalations.web.parts import Parts
from escalations.web.viewer import ROLES, Viewer

LINK: Final = "sign-in"
"""The cookie with the token of a link that was opened."""
_LINK_SECONDS: Final = int(sign_ins.LINK_FOR.total_seconds())
_SESSION_SECONDS: Final = int(sign_ins.LONGEST.total_seconds())

_ROLES: Final = list(Role)
_NOT_GOOD: Final = {
    LinkState.USED: ("This link has been used", "A link works once. Ask for another one; it takes a minute."),
    LinkState.OLD: ("This link is old", "A link works for 30 minutes. Ask for another one; it takes a minute."),
    LinkState.UNKNOWN: (
        "We do not know this link",
        "Perhaps not all of it was copied. Open it from the message itself, or ask for another one.",
    ),
}


def routes(parts: Parts) -> APIRouter:
    """The way in, and out."""
    router = APIRouter(include_in_schema=False)
    pages = _SigningIn(parts)
    router.add_api_route("/sign-in", pages.ask, methods=["GET"])
    router.add_api_route("/sign-in", pages.asked, methods=["POST"])
    router.add_api_route("/sign-in/sent", pages.sent, methods=["GET"])
    router.add_api_route(sign_in.PATH + "{token}", pages.follow, methods=["GET", "HEAD"])
    router.add_api_route("/sign-in/open", pages.open, methods=["GET"])
    router.add_api_route("/sign-in/open", pages.pressed, methods=["POST"])
    router.add_api_route("/sign-out", pages.leave, methods=["GET"])
    router.add_api_route("/sign-out", pages.left, methods=["POST"])
    return router


class _SigningIn:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._desk = sign_in.Desk(
            parts.database,
            parts.vault,
            parts.relay,
            House.of(parts.settings, trial=parts.pages.site.trial),
            parts.settings.mail_from,
            parts.settings.web_address,
        )

    # ---- Asking for a link ------------------------------------------------------------------------------------------

    async def ask(self, request: Request) -> Response:
        """Ask for the address; whoever is signed in goes on to where they were going."""
        known = viewer(request)
        if known is not None:
            return self._parts.go(request, onward(self._parts, request) or _first_page(known))
        return await self._ask(request)

    async def _ask(
        self, request: Request, raw: Raw | None = None, problems: tuple[Problem, ...] = (), *, status: int = 200
    ) -> Response:
        samples: list[Person] = []
        if first_look(self._parts, request):
            async with self._parts.database.read() as tx:
                found = await people.listed(tx, self._parts.vault)
            samples = sorted(
                (person for person in found if person.sample and person.until is None),
                key=lambda person: min(_ROLES.index(role) for role in person.roles),
            )
        return self._parts.show(
            request,
            "sign_in.html",
            status=status,
            f=self._parts.form(request, raw, problems),
            samples=samples,
            roles=ROLES,
            back="/",
        )

    async def asked(self, request: Request) -> Response:
        """Send a link to whoever may sign in with that address, after the answer: it takes as long for nobody."""
        parts, now = self._parts, self._parts.now()
        raw, _, genuine = await parts.posted(request)
        if not genuine:
            return await self._ask(request, raw, (self._parts.stale(request),), status=403)
        reading = Reading(raw, now=now)
        address = reading.email("address", missing="Enter your email address")
        if reading.problems:
            return await self._ask(request, raw, tuple(reading.problems), status=422)
        # Asked by everybody alike: where the database is away nobody is told that a message is on its way.
        async with parts.database.read() as tx:
            sample = await people.is_sample(tx, parts.vault, address)
        if sample and first_look(parts, request):
            return await self._sample(request, address)
        response = parts.go(request, "/sign-in/sent")
        response.background = BackgroundTask(sign_in.send_link, self._desk, address, now=now)
        return response

    async def _sample(self, request: Request, address: str) -> Response:
        """Open at once what lies in the outbox of this machine: whoever sits here could open it there as well."""
        token = await sign_in.send_link(self._desk, address, now=self._parts.now())
        response = self._parts.go(request, "/sign-in/open" if token else "/sign-in/sent")
        if token:
            self._parts.cookies.set(response, LINK, token, seconds=_LINK_SECONDS)
        return response

    async def sent(self, request: Request) -> Response:
        """Say what happens now, in the same words to everybody."""
        return self._parts.show(
            request, "sign_in_sent.html", most=sign_ins.LINKS_WHILE_GOOD, outbox=first_look(self._parts, request)
        )

    # ---- Using it ---------------------------------------------------------------------------------------------------

    async def follow(self, request: Request, token: str) -> Response:
        """Keep the token in a cookie, so that the address that stays on the screen is clean."""
        response = self._parts.go(request, "/sign-in/open")
        self._parts.cookies.set(response, LINK, token, seconds=_LINK_SECONDS)
        return response

    async def open(self, request: Request) -> Response:
        """Show the button, or why there is none."""
        token = self._parts.cookies.read(request, LINK)
        async with self._parts.database.read() as tx:
            state, person = await sign_ins.look(tx, self._parts.vault, token, now=self._parts.now())
        if state is not LinkState.GOOD or person is None:
            return self._not_good(request, state)
        return self._show_button(request, person)

    def _show_button(
        self, request: Request, person: Person, problems: tuple[Problem, ...] = (), *, status: int = 200
    ) -> Response:
        return self._parts.show(
            request,
            "sign_in_open.html",
            status=status,
            f=self._parts.form(request, {}, problems),
            hint=relay.hint(person.address),
            outbox=person.sample and first_look(self._parts, request),
        )

    def _not_good(self, request: Request, state: LinkState) -> Response:
        heading, sentence = _NOT_GOOD.get(state, _NOT_GOOD[LinkState.USED])
        return self._parts.show(
            request,
            "message.html",
            status=410 if state in {LinkState.USED, LinkState.OLD} else 404,
            heading=heading,
            sentences=[sentence],
            onward={"href": "/sign-in", "text": "Ask for a link"},
        )

    async def pressed(self, request: Request) -> Response:
        """Use the link up, and begin a session."""
        parts, now = self._parts, self._parts.now()
        _, _, genuine = await parts.posted(request)
        token = parts.cookies.read(request, LINK)
        if not genuine:
            async with parts.database.read() as tx:
                state, person = await sign_ins.look(tx, parts.vault, token, now=now)
            if state is LinkState.GOOD and person is not None:
                return self._show_button(request, person, (self._parts.stale(request),), status=403)
            return self._not_good(request, state)
        async with parts.database.write() as tx:
            state, _ = await sign_ins.look(tx, parts.vault, token, now=now)
            used = await sign_ins.use(tx, parts.vault, token, now=now)
            if used is None:
                return self._not_good(request, state)
            person, cookie = used
            await access_log.write(tx, What.SIGNED_IN, at=now, role=min(person.roles), person_id=person.person_id)
        there = Viewer(person.person_id, person.name, person.roles)
        response = parts.go(request, onward(parts, request) or _first_page(there))
        parts.cookies.set(response, COOKIE, cookie, seconds=_SESSION_SECONDS)
        parts.cookies.drop(response, LINK)
        parts.cookies.drop(response, ONWARD)
        return response

    # ---- And out ----------------------------------------------------------------------------------------------------

    async def leave(self, request: Request) -> Response:
        """Ask, for whoever came by an address."""
        return self._parts.show(request, "sign_out.html", back="/")

    async def left(self, request: Request) -> Response:
        """End the session at once."""
        parts = self._parts
        _, _, genuine = await parts.posted(request)
        if not genuine:
            form = parts.form(request, {}, (parts.stale(request),))
            return parts.show(request, "sign_out.html", status=403, back="/", f=form)
        known = viewer(request)
        async with parts.database.write() as tx:
            await sign_ins.stop(tx, parts.cookies.read(request, COOKIE))
            if known is not None:
                await access_log.write(
                    tx, What.SIGNED_OUT, at=parts.now(), role=min(known.roles), person_id=known.person_id
                )
        response = parts.show(
            request,
            "message.html",
            heading="You are signed out",
            sentences=["Close the window if others use this computer."],
            onward={"href": "/", "text": "Start page"},
            viewer=None,
        )
        parts.cookies.drop(response, COOKIE)
        parts.cookies.drop(response, ONWARD)
        return response


def _first_page(there: Viewer) -> str:
    """The page that somebody signs in for, where they were going nowhere in particular."""
    if there.opens(Page.BOARD):
        return "/board"
    return "/people" if Role.ADMINISTRATOR in there.roles else "/"
