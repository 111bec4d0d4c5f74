"""What is pressed with a thumb is at least 24 by 24 pixels, in every table and at every width (WCAG 2.2, 2.5.8)."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, ViewportSize

from tests.browser.conftest import DESKTOP, PHONE
from tests.mail import messages
from tests.web import mailing, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import raised

_SMALL = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  return [...document.querySelectorAll("table a, table button, table input, table summary")].map((one) => {
    const box = one.getBoundingClientRect();
    return [one.textContent.trim(), box.width, box.height];
  });
}"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_in_every_table(office: Office, scripted: BrowserContext, size: ViewportSize) -> None:
    reference = await raised(office)
    ended = await raised(office, "/enter")
    await office.settle()
    await teamwork.does(
        office, ended, "close", outcome="overtaken_by_events", on_word_of="team", close_text="It is over."
    )
    await mailing.receive(office, messages.raw("empty"))
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    seen = 0
    for path in (
        "/board", "/board/closed", f"/board/{reference}", "/directory", "/directory/agencies/childrens-services",
        "/messages", "/people", f"/reads/{reference}", "/review", "/dev/outbox",
    ):  # fmt: skip
        await page.goto(office.address + path)
        found = await page.evaluate(_SMALL)
        seen += len(found)
        assert [one for one in found if min(one[1:]) < 24] == [], path
    assert seen > 20, "there was nothing to measure"
