"""The policy in force, looked at in a browser: by width, and as the file that stands alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, ViewportSize

from escalations.packs import page as pages
from escalations.packs import reading
from tests.browser.conftest import AXE, DESKTOP, PHONE, violations
from tests.web.conftest import Office

WIDTHS = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci")


async def _looks_right(page: Page) -> None:
    assert await violations(page) == []
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{wider} pixels wider than the window"
    # Each word of the drawing lies within it, in the typeface that this machine has, and is large enough to read.
    cut = await page.evaluate(
        """() => { const svg = document.querySelector('svg'), box = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text')].filter(text => { const at = text.getBoundingClientRect();
          return at.right > box.right + 0.5 || at.left < box.left || at.height < 12;
        }).map(text => text.textContent); }"""
    )
    assert cut == []


@WIDTHS
async def test_the_page_of_the_policy_in_force(office: Office, scripted: BrowserContext, size: ViewportSize) -> None:
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    await page.goto(f"{office.address}/policy")
    await _looks_right(page)


@WIDTHS
async def test_the_page_that_stands_alone(scripted: BrowserContext, size: ViewportSize, tmp_path: Path) -> None:
    file = tmp_path / "policy.html"
    file.write_text(pages.alone(reading.sample(), notes=("Its review is due.",)), "utf-8")
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    await page.goto(file.as_uri())
    await _looks_right(page)
