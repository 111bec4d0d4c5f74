"""The directory's pages, at the width of a desk and of a phone: axe-core finds nothing, and nothing is cut off."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Page, ViewportSize

from escalations.agencies.keeping import Keeper
from escalations.store import directory
from escalations.store.directory_file import Notices
from tests.browser.conftest import AXE, DESKTOP, PHONE, violations
from tests.web.conftest import Office
from tests.web.forms_filled import raised


async def _looks_right(page: Page, where: str) -> None:
    assert await violations(page) == [], where
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{where} is {wider} pixels wider than the window"


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci")
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_the_directory(office: Office, scripted: BrowserContext, size: ViewportSize) -> None:
    async with office.database.write() as tx:
        keeper = Keeper(tx, office.vault, at=office.now(), by="the team")
        await keeper.set_notices("childrens-services", Notices.TEAM_ONLY)
        for one in await directory.holdings(tx, office.vault, "childrens-services"):
            if one.position == "practitioner":
                await keeper.end_holding(one.holding_id, office.now().date())
    await raised(office)
    await office.settle()
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    council, academy = "/directory/agencies/childrens-services", "/directory/agencies/ridgeway-academy"
    for path in ("/directory", "/directory/to-tell", council, academy, f"{council}/notices", f"{council}/change"):
        await page.goto(office.address + path)
        await _looks_right(page, path)
    for path in ("/directory/new", f"{academy}/appoint", f"{academy}/end", "/directory/import"):
        await page.goto(office.address + path)
        await _looks_right(page, path)
        await page.click("main form button >> nth=-1")
        assert await page.locator(".govuk-error-summary").count() == 1
        await _looks_right(page, f"{path} with problems")
    for table in (b"agency,type,town,name,email\nElm,School,W,Ada,ada@elm.example\n", b"agency,name\nElm,Ada\n"):
        await page.goto(f"{office.address}/directory/import")
        await page.set_input_files("#file", files={"name": "a.csv", "mimeType": "text/csv", "buffer": table})
        await page.click("main form button")
        await _looks_right(page, "what a table comes to")
    await page.goto(f"{office.address}/directory")
    await page.fill("#who", "petra")
    await page.click("button:has-text('Find')")
    await _looks_right(page, "found")
