"""Coming back to a link, and leaving it: what was typed before a code ran out is there again, and goes when one leaves.

What is kept is a draft like that of the form (`drafts`): encrypted, for hours, opened by this browser alone, and shown
only to whoever has entered a code for the same link.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.responses import Response

from escalations import errors
from escalations.rules.civiltime import say
from escalations.store import links
from escalations.store.links import Link
from escalations.web.answers import Answers
from escalations.web.clearing import CLOSE_THE_WINDOW
from escalations.web.drafts import KEPT, Draft, fresh
from escalations.web.forms import Raw
from escalations.web.link_acts import Doing
from escalations.web.opened import Opened, OpenedLinks

_COOKIE: Final = "typed"
_WHO: Final = "who"
_OF_THE_PAGE: Final = frozenset({"link", "once", "seen-stage", "claim"})


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed on a form of a link before, and was not sent."""

    doing: Doing
    raw: Raw


class Returning(OpenedLinks):
    """The pages on which somebody comes back or leaves."""

    async def _code_again(self, request: Request, opened: Opened, doing: Doing, raw: Raw, *, genuine: bool) -> Response:
        """The code has run out in the middle: what was typed is kept, and comes back with the next one."""
        link, kept = opened.link, None
        if genuine:
            typed = {name: values for name, values in raw.items() if name not in _OF_THE_PAGE}
            draft = Draft(fresh().name, Answers(key=link.link_id, steps={doing.value: typed}))
            try:
                kept = await self._parts.drafts.keep(draft)
            except errors.Retry:
                kept = None
        if kept is None or kept.expires_at is None:
            return self._typed(
                request,
                raw,
                "Please ask for a code again",
                "Nothing has been sent yet. A code is kept until the end of the day. Open the link in your message and "
                "ask for a new one.",
                status=403,
            )
        shown = self._typed(
            request,
            raw,
            "Please ask for a code again",
            "Nothing has been sent yet, because the code is kept until the end of the day only. What you typed is kept "
            f"until {say(kept.expires_at)}: it is on the page again once you have entered a new code.",
            status=403,
            ask_code=True,
        )
        self._parts.cookies.set(shown, _COOKIE, kept.name, seconds=int(KEPT.total_seconds()))
        return shown

    async def _typed_before(self, request: Request, link: Link) -> Typed | None:
        """What this browser typed on this link before, and did not send."""
        draft = await self._parts.drafts.read(self._parts.cookies.read(request, _COOKIE))
        if draft is None or draft.answers.key != link.link_id:
            return None
        for name, raw in draft.answers.steps.items():
            return Typed(Doing(name), raw)
        return None

    async def _typed_is_sent(self, request: Request, response: Response) -> None:
        """What was typed before is sent now, or something in its place: it does not come back."""
        name = self._parts.cookies.read(request, _COOKIE)
        if not name:
            return
        self._parts.cookies.drop(response, _COOKIE)
        with contextlib.suppress(errors.Retry):  # Without its name in the browser nobody can open it; it runs out.
            await self._parts.drafts.clear(name)

    # ---- Who it is --------------------------------------------------------------------------------------------------

    async def _who_before(self, request: Request, address: str | None) -> Raw:
        """Name and role as this browser gave them before for the same mailbox. The code is asked for each message."""
        if address is None:
            return {}
        draft = await self._parts.drafts.read(self._parts.cookies.read(request, _WHO))
        if draft is None or draft.answers.key != links.address_digest(self._parts.vault, address):
            return {}
        return draft.answers.steps.get(_WHO, {})

    async def _keep_who(self, request: Request, response: Response, *, address: str, name: str, role: str) -> None:
        """Keep them while this browser is open, and no longer than what is typed is kept; on leaving they go.

        That they cannot be kept is no reason to stop anybody: they are then asked for again.
        """
        if not name or not role:
            return
        cookie = self._parts.cookies.read(request, _WHO)
        who = {"name": [name], "role": [role]}
        answers = Answers(key=links.address_digest(self._parts.vault, address), steps={_WHO: who})
        with contextlib.suppress(errors.Retry):
            before = await self._parts.drafts.read(cookie)
            kept = await self._parts.drafts.keep(Draft(cookie if before else fresh().name, answers))
            self._parts.cookies.set(response, _WHO, kept.name)

    # ---- Leaving ----------------------------------------------------------------------------------------------------

    async def leave(self, request: Request) -> Response:
        """Ask whether this computer is to forget the escalation: a GET never does it."""
        opened = await self._opened(request)
        if opened is None:
            return self._no_link(request)
        return self._parts.show(request, "answer_leave.html", link=opened.link, back="/answer")

    async def left(self, request: Request) -> Response:
        """Have this computer forget the escalation, and whatever was typed and not sent."""
        _, _, genuine = await self._parts.posted(request)
        if not genuine:
            form = self._parts.form(request, {}, (self._parts.stale(request),))
            return self._parts.show(request, "answer_leave.html", status=403, link=None, f=form, back="/answer")
        with contextlib.suppress(errors.Retry):  # The browser forgets it all the same, and what we hold runs out.
            async with self._parts.database.write() as tx:
                cookie = self._parts.cookies.read(request, "session")
                await links.end_session(tx, self._parts.vault, cookie, now=self._parts.now())
        response = self._parts.show(
            request,
            "message.html",
            heading="This computer has forgotten the escalation",
            sentences=[
                CLOSE_THE_WINDOW,
                "To come back, open the link in your message again and ask for a new code.",
            ],
            onward={"href": "/", "text": "Start page"},
        )
        await self._typed_is_sent(request, response)
        with contextlib.suppress(errors.Retry):
            await self._parts.drafts.clear(self._parts.cookies.read(request, _WHO))
        for name in ("link", "session", "receipt", _WHO):
            self._parts.cookies.drop(response, name)
        response.headers["clear-site-data"] = '"cache"'
        return response
