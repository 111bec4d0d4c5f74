"""The page to count open escalations anew, at the width of a desk and of a phone: axe-core finds nothing wrong."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.async_api import BrowserContext, Page, ViewportSize

from escalations.intake import opening
from escalations.rules.workingtime import Closure
from escalations.store.calendars import DaysOff
from tests.browser.conftest import AXE, DESKTOP, PHONE, violations
from tests.web.conftest import Office
from tests.web.forms_filled import raised

MOVE = DaysOff(closures=(Closure(first=date(2027, 3, 4), last=date(2027, 3, 5), why="The offices move"),))


async def _looks_right(page: Page, where: str) -> None:
    assert await violations(page) == [], where
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{where} is {wider} pixels wider than the window"


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci")
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_open_escalations_are_counted_anew(office: Office, scripted: BrowserContext, size: ViewportSize) -> None:
    # Raised while a closure was in force that is not to be: what is served knows of none, so dates become sooner.
    office.in_force = opening.InForce(office.in_force.policy, MOVE)
    await raised(office)
    await raised(office)
    await office.settle()
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    await page.goto(f"{office.address}/redate")
    await _looks_right(page, "the dates")
    await page.check("input[name=sooner]")
    await page.click("text=Look at the dates")
    await _looks_right(page, "the dates, with those that become sooner")
    await page.click("text=Continue")
    assert await page.locator(".govuk-error-summary").count() == 1
    await _looks_right(page, "the dates with problems")
    await page.check("input[name=because][value=put_right]")
    await page.fill("textarea[name=redate-text]", "The move was called off.")
    await page.click("text=Continue")
    await _looks_right(page, "the page to check")
    await page.click("button:has-text('Count them anew')")
    await page.wait_for_selector("text=0 of 2 counted anew")
    await _looks_right(page, "what is on its way")
    await office.settle()
    await page.click("text=Look again")
    assert await page.locator("h1:has-text('2 of 2 counted anew')").count() == 1
    await _looks_right(page, "what became of it")
    await page.click("main ul a >> nth=0")
    assert await page.locator("text=Was due").count() >= 1
    await _looks_right(page, "the page of the case")
