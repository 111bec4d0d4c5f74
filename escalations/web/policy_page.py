"""The policy in force, for everybody who may open the start page: its ladder, drawn, and every rule in words.

It is the document of a partnership, and nothing on it is about a case or a person.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from escalations.packs import drawing, page, warning
from escalations.rules.access import Page
from escalations.rules.civiltime import civil
from escalations.web.auth import allowed
from escalations.web.parts import Parts


def routes(parts: Parts) -> APIRouter:
    """The page, and the drawing as a file."""
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

    return router
