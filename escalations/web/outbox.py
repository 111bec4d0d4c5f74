"""The outbox of the embedded default: what would have been mailed. On this machine alone, and never elsewhere."""

from __future__ import annotations

import email
import re
from email import policy as mail_policy
from email.message import EmailMessage
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.params import Depends as Dependency
from markupsafe import Markup, escape
from sqlalchemy import select
from starlette.responses import HTMLResponse, Response

from escalations.rules.access import Page
from escalations.store import tables
from escalations.web.auth import allowed, first_look
from escalations.web.parts import Parts

_OUTBOX = tables.OUTBOX
_MOST: Final = 200
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")
_MAIL_ID: Final = re.compile(r"[0-9a-f]{32}")
_HTML_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
"""For a message's own HTML part, which brings its styles with it."""


def routes(parts: Parts) -> APIRouter:
    """The list and the messages."""

    def here(request: Request) -> None:
        if not first_look(parts, request):
            raise HTTPException(404)

    router = APIRouter(prefix="/dev/outbox", dependencies=[allowed(parts, Page.OUTBOX), Dependency(here)])

    @router.get("", include_in_schema=False)
    async def listed(request: Request) -> Response:
        query = select(_OUTBOX).order_by(_OUTBOX.c.made_at.desc(), _OUTBOX.c.id).limit(_MOST)
        async with parts.database.read() as tx:
            rows = (await tx.execute(query)).all()
        mails = [
            {"id": row.id, "made_at": row.made_at, "to": row.to_hint, "subject": _read(row.raw)["Subject"]}
            for row in rows
        ]
        return parts.show(request, "outbox.html", mails=mails)

    @router.get("/{mail_id}", include_in_schema=False)
    async def one(request: Request, mail_id: str) -> Response:
        raw, made_at, hint = await _raw(parts, mail_id)
        message = _read(raw)
        headers = [
            (name, str(message[name]))
            for name in ("Subject", "From", "Date", "Message-ID", "Auto-Submitted")
            if message[name]
        ]
        return parts.show(
            request,
            "outbox_mail.html",
            mail_id=mail_id,
            headers=headers,
            made_at=made_at,
            to=hint,
            text=_linked(_part(message, "plain")),
            subject=message["Subject"],
        )

    @router.get("/{mail_id}/html", include_in_schema=False)
    async def html(mail_id: str) -> HTMLResponse:
        raw, _, _ = await _raw(parts, mail_id)
        return HTMLResponse(_part(_read(raw), "html"), headers={"content-security-policy": _HTML_POLICY})

    return router


async def _raw(parts: Parts, mail_id: str) -> tuple[bytes, object, str]:
    if not _MAIL_ID.fullmatch(mail_id):
        raise HTTPException(404)
    async with parts.database.read() as tx:
        row = (await tx.execute(select(_OUTBOX).where(_OUTBOX.c.id == mail_id))).one_or_none()
    if row is None:
        raise HTTPException(404)
    return row.raw, row.made_at, row.to_hint


def _read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=mail_policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError(type(message).__name__)
    return message


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def _linked(text: str) -> Markup:
    """Plain text with its addresses as links."""
    parts, last = [], 0
    for found in _ADDRESS.finditer(text):
        address = found[0].rstrip(".,)")
        parts += [
            escape(text[last : found.start()]),
            Markup('<a class="govuk-link" href="{0}">{0}</a>').format(address),
        ]
        last = found.start() + len(address)
    return Markup("").join([*parts, escape(text[last:])])
