"""What a person does with a message: open its link, ask for the code, say who they are."""

from __future__ import annotations

import re

import httpx

from escalations.rules.notices import NoticeKind
from tests.web.conftest import Office, Page

_LINK = re.compile(r"/l/([a-z0-9]+)")


async def link(office: Office, reference: str, kind: NoticeKind, *, agency: str | None = None) -> str:
    """Give the token in the newest message of a kind."""
    rows = [
        row
        for row in await office.notices(reference)
        if row.notice.kind is kind and agency in {None, row.notice.to.agency_id}
    ]
    assert rows, f"no {kind} among {[row.notice.kind.value for row in await office.notices(reference)]}"
    mail = next(mail for mail in reversed(await office.mails()) if f"<{rows[-1].notice_id}@" in mail)
    found = _LINK.search(mail.replace("=\r\n", ""))
    assert found is not None
    return found[1]


async def open_link(office: Office, token: str, *, browser: httpx.AsyncClient | None = None) -> Page:
    """Follow a link."""
    return await office.get(f"/l/{token}", browser=browser)


async def newest_code(office: Office) -> str:
    """Give the code of the newest message."""
    body = (await office.mails())[-1].split("\r\n\r\n", 1)[1]
    found = re.search(r"(?<!\d)(\d{6})(?!\d)", body)
    assert found is not None, body
    return found[1]


async def enter(
    office: Office,
    token: str,
    *,
    name: str = "Tamsin Okoro",
    role: str = "Social worker",
    browser: httpx.AsyncClient | None = None,
) -> Page:
    """Open a link, ask for a code, enter it with name and role; give the page of what is asked."""
    opened = await open_link(office, token, browser=browser)
    await office.post("/answer/send-code", token=opened.token, browser=browser)
    page = await office.get("/answer/code", browser=browser)
    return await office.post(
        "/answer/code", token=page.token, browser=browser, code=await newest_code(office), name=name, role=role
    )
