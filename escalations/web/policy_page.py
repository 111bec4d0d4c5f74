"""The policy in force, for everybody who may open the start page: its ladder, drawn, and every rule in words.

It is the document of a partnership, and nothing on it is about a case or a person.
"""

from __future__ import annotations

from importlib import resources

from fastapi import APIRouter, Request
from starlette.responses import Response

from escalations.packs import drawing, page, warning
from escalations.rules.access import Page
from escalations.rules.civiltime import civil
from escalations.web.auth import allowed
from escalations.web.parts import Parts

_SECOND_OPINION = resources.files("escalations").joinpath("second_opinion.py")


def routes(parts: Parts) -> APIRouter:
    """The page, the drawing as a file, and the file by which anybody counts a deadline again."""
    router = APIRouter(prefix="/policy", dependencies=[allowed(parts, Page.PUBLIC)], include_in_schema=False)

    @router.get("")
    async def policy(request: Request) -> Response:
        notes = warning.dated(parts.policy, civil(parts.now()).date())
        return parts.show(request, "policy.html", policy=parts.policy, body=page.body(parts.policy, notes=notes))

    @router.get("/ladder.svg")
    async def ladder() -> Response:
        return Response(
            drawing.as_document(parts.policy),
            media_type="image/svg+xml",
            headers={"content-disposition": 'attachment; filename="policy-ladder.svg"'},
        )

    @router.get("/second_opinion.py")
    async def second_opinion_file() -> Response:
        return Response(
            _SECOND_OPINION.read_text("utf-8"),
            media_type="text/x-python",
            headers={"content-disposition": 'attachment; filename="second_opinion.py"'},
        )

    return router
