"""A real browser at an office that is really served: Chromium of the machine, over loopback."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from escalations.web import app as web_app
from escalations.web import auth
from tests.web.conftest import SESSION, Office, SwitchedDatabase, furnished_office

__all__ = ["furnished_office"]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(web_app.__file__).parents[2]
STATIC = Path(web_app.__file__).parent / "static" / "govuk.css"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP = {"width": 1100, "height": 900}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="session")
async def chromium(chromium_program: str) -> AsyncIterator[Browser]:
    """Give the machine's Chromium."""
    if not STATIC.exists():
        pytest.skip("the web assets are not built: npm ci && npm run build")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_program, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def office(tmp_path: Path, furnished_office: Path) -> AsyncIterator[Office]:
    """Give an office that a browser can reach at ``office.address``."""
    shutil.copyfile(furnished_office, tmp_path / "escalations.db")
    async with SwitchedDatabase.open(f"sqlite+aiosqlite:///{tmp_path / 'escalations.db'}") as database:
        found = Office(tmp_path, database)
        config = uvicorn.Config(found.app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  uvicorn gives nothing to wait for
            await asyncio.sleep(0.02)
        found.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        yield found
        await found.browser.aclose()
        server.should_exit = True
        await serving


async def signed_in(context: BrowserContext, office: Office) -> BrowserContext:
    """Somebody of every role is signed in for good in this browser: most pages are not about signing in."""
    await context.add_cookies([{"name": auth.COOKIE, "value": SESSION, "url": office.address}])
    return context


@pytest.fixture
async def plain(chromium: Browser, office: Office) -> AsyncIterator[Page]:
    """Give a page in a browser without JavaScript, signed in."""
    context = await chromium.new_context(java_script_enabled=False, viewport=DESKTOP)  # type: ignore[arg-type]  # two ints
    yield await (await signed_in(context, office)).new_page()
    await context.close()


@pytest.fixture
async def scripted(chromium: Browser, office: Office) -> AsyncIterator[BrowserContext]:
    """Give a browser that runs axe, signed in; our pages' own policy lets no script run, so it is lifted here."""
    context = await chromium.new_context(bypass_csp=True)
    yield await signed_in(context, office)
    await context.close()


async def violations(page: Page) -> list[str]:
    """Give what axe-core finds on a page, by WCAG 2.2 AA and best practice."""
    await page.add_script_tag(path=AXE)
    found: dict[str, Any] = await page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [
        f"{item['id']}: {node['target']} {node['failureSummary']}"
        for item in found["violations"]
        for node in item["nodes"]
    ]
