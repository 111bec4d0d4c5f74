"""The numbers to ring are on every page, and on a phone they leave room for it (practice: "must not wait")."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, ViewportSize, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.web.conftest import Office

NUMBERS = ("999", "01632960100", "01632960199")
FOLDED = 170
"""How many pixels of a phone's 740 may go by before the page itself begins."""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_each_number_stands_once_at_the_top_and_can_be_pressed(
    office: Office, scripted: BrowserContext, size: ViewportSize
) -> None:
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    await page.goto(f"{office.address}/raise/you")
    for number in NUMBERS:
        await expect(page.locator(f".site-emergency a[href='tel:{number}']:visible")).to_have_count(1)
    team = page.locator(".site-footer")
    await expect(team.locator("a[href='tel:01632960231']")).to_be_visible()
    await expect(team.locator("a[href='mailto:team@partnership.example']")).to_be_visible()


async def test_on_a_phone_the_numbers_take_little_room_and_the_hours_unfold(
    office: Office, scripted: BrowserContext
) -> None:
    page = await scripted.new_page()
    await page.set_viewport_size(ViewportSize(width=PHONE["width"], height=PHONE["height"]))
    await page.goto(f"{office.address}/raise/you")
    box = await page.locator(".site-emergency").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= FOLDED
    hours = page.locator(".site-emergency details p", has_text="evenings, nights, weekends")
    await expect(hours).to_be_hidden()
    await page.click("text=Who answers, and when")
    await expect(hours).to_be_visible()
