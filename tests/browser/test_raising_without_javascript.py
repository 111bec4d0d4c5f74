"""The main job in a real browser without JavaScript: raised, on the list, answered by link (issue 3, "Show")."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from escalations.rules.notices import NoticeKind
from tests.web import answering
from tests.web.conftest import Office
from tests.web.forms_filled import CHILD


async def _raise(page: Page, address: str) -> str:
    """Fill in the form as a person does, with a mistake on the way, and give the reference."""
    await page.goto(f"{address}/")
    await page.click("text=Raise an escalation")
    await page.check("text=Yes, it has been referred")
    await page.click("button:has-text('Start')")
    await page.click("button:has-text('Save and continue')")
    await expect(page.locator(".govuk-error-summary li")).to_have_count(5)
    await page.click(".govuk-error-summary a >> nth=0")
    await page.keyboard.type("Ottoline Brack")
    await page.fill("#role", "Designated safeguarding lead")
    await page.select_option("#agency", "oak-school")
    await page.fill("#email", "ottoline.brack@oaklane.example")
    await page.fill("#phone", "01632 960 301")
    await page.click("button:has-text('Save and continue')")
    await page.select_option("#with-1", "childrens-services")
    await page.click("button:has-text('Save and continue')")
    await page.check("#subject")
    await page.click("button:has-text('Save and continue')")
    await page.check("#kind")
    await page.fill("#person-name", CHILD)
    await page.fill("#born-day", "27")
    await page.fill("#born-month", "3")
    await page.fill("#born-year", "2016")
    await page.click("button:has-text('Save and continue')")
    await page.click("button:has-text('Save and continue')")
    await page.check("#reason-3")
    await page.fill("#arose-day", "24")
    await page.fill("#arose-month", "2")
    await page.fill("#arose-year", "2027")
    await page.fill("#problem", "No visit\nfor four weeks.")
    await page.fill("#wanted", "A visit this week.")
    await page.click("button:has-text('Save and continue')")
    await page.fill("#tried", "I phoned twice.")
    await page.check("#manager")
    await page.click("button:has-text('Save and continue')")
    await page.check("#urgent-2")
    await page.fill("#risk", "Neglect goes on.")
    await page.fill("#meanwhile", "School sees the child.")
    await page.check("#level-4")
    await page.check("#legal-3")
    await page.check("#aware")
    await page.click("button:has-text('Save and continue')")
    await expect(page.locator("h1")).to_have_text("Check your answers")
    await expect(page.locator("main")).to_contain_text(CHILD)
    await page.click("button:has-text('Send the escalation')", click_count=2)
    await expect(page.locator("h1")).to_contain_text("Received")
    found = re.search(r"PD-\d\d-\d{4}-\w", await page.inner_text("main"))
    assert found is not None
    return found[0]


async def test_raised_without_javascript_it_is_on_the_list_with_its_deadline_and_its_receipt(
    office: Office,
    plain: Page,
) -> None:
    reference = await _raise(plain, office.address)
    await office.settle()
    await plain.goto(f"{office.address}/board")
    row = plain.locator("tr", has_text=reference)
    await expect(row).to_contain_text("17:00 on Tuesday 2 March 2027")
    await plain.click(f"text={reference}")
    await plain.click("text=How clock 2 was counted")
    await expect(plain.locator("main")).to_contain_text("working day 1 of 1")
    await expect(plain.locator("svg.life")).to_be_visible()


async def test_the_notice_is_in_the_outbox_and_its_link_acknowledges(office: Office, plain: Page) -> None:
    reference = await _raise(plain, office.address)
    await office.settle()
    await plain.goto(f"{office.address}/dev/outbox")
    await plain.click(f"text={reference}: please answer")
    token = await answering.link(office, reference, NoticeKind.ASKED)
    await expect(plain.locator(f"a[href$='/l/{token}']")).to_have_count(1)
    await plain.goto(f"{office.address}/l/{token}")
    assert plain.url == f"{office.address}/answer"
    await plain.click("button:has-text('Send me a code')")
    await plain.fill("#code", await answering.newest_code(office))
    await plain.fill("#name", "Tamsin Okoro")
    await plain.fill("#role", "Social worker")
    await plain.click("button:has-text('Continue')")
    await expect(plain.locator("main")).to_contain_text(CHILD)
    await plain.click("button:has-text('We have this')")
    await office.settle()
    await plain.reload()
    await expect(plain.locator("h1")).to_have_text("Recorded")
    await plain.goto(f"{office.address}/board/{reference}")
    await expect(plain.locator("main")).to_contain_text("(acknowledged)")
