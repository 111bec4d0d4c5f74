"""Clearing what was typed: these pages are used on computers that other people use too."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fastapi import Request
from starlette.responses import Response

from escalations import errors
from escalations.web.flow import HOURS, Flow
from escalations.web.forms import Problem

CLOSE_THE_WINDOW: Final = "Close the browser window too: while it is open, it can remember a page that it has shown."


class Clearing(Flow):
    """The page that asks, and what the button does."""

    async def clear(self, request: Request) -> Response:
        """Ask whether what was typed is to be cleared: a GET never does it."""
        draft = await self._parts.drafts.read(self._parts.cookies.read(request, self._way.cookie))
        return self._ask_to_clear(request, kept_until=draft.expires_at if draft else None)

    def _ask_to_clear(
        self,
        request: Request,
        problems: tuple[Problem, ...] = (),
        *,
        kept_until: datetime | None = None,
        status: int = 200,
    ) -> Response:
        return self._parts.show(
            request,
            "raise_clear.html",
            status=status,
            f=self._parts.form(request, {}, problems),
            way=self._way,
            kept_until=kept_until,
            back=self._way.start,
        )

    async def cleared(self, request: Request) -> Response:
        """Erase what was typed, and have this browser forget it."""
        _, _, genuine = await self._parts.posted(request)
        if not genuine:
            return self._ask_to_clear(request, (self._parts.stale(request),), status=403)
        sentences = ["Nothing of it was sent, and nothing of it is left on this computer."]
        try:
            await self._parts.drafts.clear(self._parts.cookies.read(request, self._way.cookie))
        except errors.Retry:
            sentences = [
                "Nothing of it was sent, and this computer no longer knows it.",
                f"Our system cannot be reached. What it holds is encrypted, and not kept for more than {HOURS} hours.",
            ]
        response = self._parts.show(
            request,
            "message.html",
            heading="What you typed is cleared",
            sentences=[*sentences, CLOSE_THE_WINDOW],
            onward={"href": "/", "text": "Start page"},
        )
        for cookie in (self._way.cookie, "receipt"):
            self._parts.cookies.drop(response, cookie)
        response.headers["clear-site-data"] = '"cache"'
        return response
