"""Answering by link: from the message, through a code to the same address, to what is asked.

A link shows reference, stage and date. Whoever reads the mailbox that it was sent to proves that by a code, gives name
and role, and has until the end of the day. Opening a link changes and sends nothing: mail scanners open them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from escalations.mail import codes, relay
from escalations.mail.codes import CodeState
from escalations.mail.outgoing import House
from escalations.store import links
from escalations.store.links import Checked, Link, LinkState
from escalations.web.forms import SHORT, Problem, Raw, Reading, first
from escalations.web.opened import Opened
from escalations.web.outcomes import Outcomes
from escalations.web.parts import Parts

LINK_SECONDS: Final = 12 * 3600

_WHY: Final = "not-sent"
_NO_ADDRESS: Final = "no_address"
_NOT_SENT: Final[Mapping[str, str]] = {
    _NO_ADDRESS: "We have no address for this position at present. Please ask the partnership team.",
    CodeState.TOO_MANY: "Several codes were sent within the last hour. Please use the newest one (look in the junk "
    "folder too) or try again later.",
    CodeState.NOT_OPEN: "What this link asked is done, so no code is needed.",
    CodeState.NOT_SENT: "The code could not be sent at the moment. Please try again in a few minutes.",
}

_ALL_SPENT: Final = (
    "Several codes were sent within the last hour, and none of them can be used any more, because wrong numbers were "
    "entered too often. That may have been somebody else who has this link. Another code can be sent within the hour. "
    "If it cannot wait, ring the partnership team on {phone}, or use the link of another message about this escalation."
)


def routes(parts: Parts) -> APIRouter:
    """The pages of links."""
    router = APIRouter(include_in_schema=False)
    pages = _Responding(parts)
    router.add_api_route("/l/{token}", pages.follow, methods=["GET", "HEAD"])
    router.add_api_route("/answer", pages.answer, methods=["GET"])
    router.add_api_route("/answer/send-code", pages.send_code, methods=["POST"])
    router.add_api_route("/answer/leave", pages.leave, methods=["GET"])
    router.add_api_route("/answer/leave", pages.left, methods=["POST"])
    router.add_api_route("/answer/code", pages.code, methods=["GET"])
    router.add_api_route("/answer/code", pages.code_entered, methods=["POST"])
    router.add_api_route("/answer/outcome/{submission_id}", pages.outcome, methods=["GET"])
    router.add_api_route("/answer/{doing}", pages.act, methods=["POST"])
    return router


class _Responding(Outcomes):
    async def follow(self, request: Request, token: str) -> Response:
        """Keep the token in a cookie, so that the address that stays on the screen is clean."""
        async with self._parts.database.read() as tx:
            link = await links.find(tx, token)
        if link is None:
            return self._unknown(request)
        response = self._parts.go(request, "/answer")
        self._parts.cookies.set(response, "link", token, seconds=LINK_SECONDS)
        return response

    async def answer(self, request: Request) -> Response:
        """What the link leads to: what is asked or, before the code, reference, stage and date."""
        opened = await self._opened(request)
        if opened is None:
            return self._no_link(request)
        link = opened.link
        if link.state(self._parts.now()) is not LinkState.OPEN:
            return await self._closed(request, opened)
        if (elsewhere := self._signs_in(request, opened)) is not None:
            return elsewhere
        if opened.session is None:
            return await self._show_link(request, opened)
        typed = await self._typed_before(request, link)
        if typed is not None:
            return await self._show(request, opened, typed.raw, doing=typed.doing, returned=True)
        return await self._show(request, opened)

    async def _show_link(
        self, request: Request, opened: Opened, problems: tuple[Problem, ...] = (), *, status: int = 200
    ) -> Response:
        """Reference, stage and date: all that a link shows by itself. The stage is the one that the case is at now."""
        async with self._parts.database.read() as tx:
            case = await self._parts.cases.read(tx, opened.link.reference)
        return self._parts.show(
            request,
            "answer_link.html",
            status=status,
            link=opened.link,
            stage=opened.link.stage if case is None else case.stage,
            address_known=opened.address is not None,
            f=self._parts.form(request, {}, problems),
        )

    async def send_code(self, request: Request) -> Response:
        raw, _, genuine = await self._parts.posted(request)
        opened = await self._opened(request)
        if opened is None:
            return self._no_link(request)
        if (refused := await self._of_another(request, opened, raw)) is not None:
            return refused
        if not genuine:
            return await self._show_link(request, opened, (self._parts.stale(request),), status=403)
        settings = self._parts.settings
        if opened.address is None:
            return self._parts.go(request, f"/answer/code?{_WHY}={_NO_ADDRESS}")
        sent = await codes.send_code(
            self._parts.database,
            self._parts.vault,
            self._parts.relay,
            opened.link,
            address=opened.address,
            house=House.of(settings, trial=self._parts.pages.site.trial),
            sender=settings.mail_from,
            now=self._parts.now(),
        )
        if sent.state is CodeState.ON_ITS_WAY:
            response = self._parts.go(request, "/answer/code")
            name, role = first(raw, "name").strip()[:SHORT], first(raw, "role").strip()[:SHORT]
            await self._keep_who(request, response, address=opened.address, name=name, role=role)
            return response
        # What is shown is a page of its own, so that a reload asks for no further code.
        return self._parts.go(request, f"/answer/code?{_WHY}={sent.state.value}")

    async def code(self, request: Request) -> Response:
        opened = await self._opened(request)
        if opened is None:
            return self._no_link(request)
        if (elsewhere := self._signs_in(request, opened)) is not None:
            return elsewhere
        why = request.query_params.get(_WHY, "")
        if why in _NOT_SENT:
            status = 503 if why == CodeState.NOT_SENT else 200
            spent = why == CodeState.TOO_MANY and not await self._has_code(opened)
            sentence = _ALL_SPENT.format(phone=self._parts.settings.team_phone) if spent else _NOT_SENT[why]
            return self._say(request, "No code was sent", [sentence], status=status)
        if opened.link.state(self._parts.now()) is not LinkState.OPEN:
            return await self._closed(request, opened)
        return await self._show_code(request, opened, await self._who_before(request, opened.address))

    async def _has_code(self, opened: Opened) -> bool:
        """Whether a code that was sent for this link can still be entered."""
        if opened.address is None:
            return False
        async with self._parts.database.read() as tx:
            return await links.sent_code(
                tx, self._parts.vault, opened.link, address=opened.address, now=self._parts.now()
            )

    async def _show_code(
        self,
        request: Request,
        opened: Opened,
        raw: Raw | None = None,
        problems: tuple[Problem, ...] = (),
        *,
        status: int = 200,
    ) -> Response:
        return self._parts.show(
            request,
            "answer_code.html",
            status=status,
            link=opened.link,
            sent=await self._has_code(opened),
            known=bool(raw) and not problems,
            f=self._parts.form(request, raw, problems),
            hint=relay.hint(opened.address) if opened.address else "",
            back="/answer",
        )

    async def code_entered(self, request: Request) -> Response:
        raw, _, genuine = await self._parts.posted(request)
        opened = await self._opened(request)
        if opened is None:
            return self._no_link(request)
        if (refused := await self._of_another(request, opened, raw)) is not None:
            return refused
        if not genuine:
            return await self._show_code(request, opened, raw, (self._parts.stale(request),), status=403)
        if opened.address is None:
            return self._no_link(request)
        now = self._parts.now()
        reading = Reading(raw, now=now)
        digits = reading.text("code", "The code", missing="Enter the code of 6 numbers from the message")
        name = reading.text("name", "Your name", missing="Enter your full name", most=SHORT)
        role = reading.text("role", "Your role", missing="Enter your job title or role", most=SHORT)
        if not digits:
            return await self._show_code(request, opened, raw, tuple(reading.problems), status=422)
        async with self._parts.database.write() as tx:
            checked = await links.check_code(
                tx, self._parts.vault, opened.link, digits, address=opened.address, now=now
            )
            cookie, other = "", None
            if checked is Checked.RIGHT and not reading.problems:
                cookie = await links.start_session(
                    tx, self._parts.vault, opened.link, name=name, role=role, address=opened.address, now=now
                )
            elif checked is Checked.WRONG:
                other = await links.of_another(
                    tx, self._parts.vault, opened.link, digits, address=opened.address, now=now
                )
        # All that is to be put right is said at once: nobody corrects a name to hear then that the code was wrong.
        wrong = () if checked is Checked.RIGHT else (Problem("code", _not_right(checked, opened.link, other)),)
        if wrong or reading.problems:
            return await self._show_code(request, opened, raw, (*wrong, *reading.problems), status=422)
        response = self._parts.go(request, "/answer")
        self._parts.cookies.set(response, "session", cookie, seconds=LINK_SECONDS)
        await self._keep_who(request, response, address=opened.address, name=name, role=role)
        return response


def _not_right(checked: Checked, link: Link, other: Link | None) -> str:
    """What to do about a code that opens nothing here."""
    if other is not None:
        about = "this escalation" if other.reference == link.reference else f"escalation {other.reference}"
        return (
            f"This code belongs to another message of ours, about {about}. Each message has a code of its own. Press "
            "the button below to have one sent for the message that you opened last."
        )
    if checked is Checked.WRONG:
        return "This code is not right. Check the newest message and enter its 6 numbers again."
    return "This code can no longer be used. Please ask for a new one with the button below."
