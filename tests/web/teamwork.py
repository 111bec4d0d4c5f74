"""What the partnership's team does on the pages of a case: open the form, fill it in, check it, send it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx

from tests.web.conftest import Office, Page

CHECK = "Check before they are told"


async def fills(
    office: Office,
    reference: str,
    doing: str,
    *,
    browser: httpx.AsyncClient | None = None,
    **fields: Any,  # noqa: ANN401
) -> Page:
    """Fill in the form of an act and press its button; what comes is the page to check where others are told."""
    where = f"/board/{reference}/{doing}"
    form = await office.get(where, browser=browser)
    return await office.post(where, token=form.token, browser=browser, **fields)


async def does(
    office: Office,
    reference: str,
    doing: str,
    *,
    browser: httpx.AsyncClient | None = None,
    **fields: Any,  # noqa: ANN401
) -> Page:
    """Do an act: fill in its form and, where others are told, check and send it. Gives the page that comes then."""
    page = await fills(office, reference, doing, browser=browser, **fields)
    return await sends(office, page, browser=browser) if page.title.startswith(CHECK) else page


async def sends(office: Office, check: Page, do: str = "send", *, browser: httpx.AsyncClient | None = None) -> Page:
    """Press a button of the page to check, which carries everything that was typed."""
    return await office.post(check.path, token=check.token, do=do, browser=browser, **carried(check))


def carried(check: Page) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', check.html):
        if name != "token":
            found.setdefault(name, []).append(unescape(value))
    return found
