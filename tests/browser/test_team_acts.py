"""The main acts of the team in a browser without JavaScript: pass on, a call, confirm a cause, close."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.web.conftest import Office
from tests.web.forms_filled import raised


async def _chooses(page: Page, label: str) -> None:
    await page.get_by_label(label, exact=True).check()


async def test_a_held_case_is_found_on_the_board_read_and_passed_on(office: Office, plain: Page) -> None:
    reference = await raised(office, "/enter", agencies={"with": "", "unknown": "yes"})
    await office.settle()
    await plain.goto(f"{office.address}/board")
    await plain.click("nav >> text=Held for the team")
    await plain.click(f"#held ~ table >> text={reference}")
    await plain.click("text=Tell them: pass it on")
    await plain.click("button:has-text('Continue')")
    await expect(plain.locator(".govuk-error-summary")).to_contain_text("Choose the agency that is to be told")
    await plain.click(".govuk-error-summary a")
    await plain.select_option("#with-1", "childrens-services")
    await plain.click("button:has-text('Continue')")
    await expect(plain.locator("main")).to_contain_text("Wyeford Council children's services (practitioner)")
    await plain.click("button:has-text('Change it')")
    await plain.click("button:has-text('Continue')")
    await plain.click("button:has-text('Tell them')")
    await office.settle()
    await plain.reload()
    await expect(plain.locator(".govuk-notification-banner")).to_contain_text("Passed on to Wyeford Council")


async def test_a_call_is_noted_a_cause_confirmed_and_the_case_closed(office: Office, plain: Page) -> None:
    reference = await raised(office)
    await office.settle()
    await office.until("2027-03-10 10:00")
    await plain.goto(f"{office.address}/board?waiting=responding")
    await plain.click(f"text={reference}")
    await plain.click("text=Note a phone call")
    await _chooses(plain, "No")
    await plain.click("button:has-text('Note the call')")
    await office.settle()
    await plain.reload()
    await expect(plain.locator(".govuk-notification-banner")).to_contain_text("and reached nobody")

    await plain.click("text=Confirm the cause of a delay")
    await plain.locator("input[name=clock]").first.check()
    await _chooses(plain, "No reply recorded")
    await plain.click("button:has-text('Confirm the cause')")
    await office.settle()
    await plain.reload()
    await expect(plain.locator(".site-clock", has_text="Acknowledge")).to_contain_text("no reply recorded (confirmed)")

    await plain.click("text=Close it on somebody’s word")
    await _chooses(plain, "Agreed another way")
    await _chooses(plain, "The raising side’s")
    await plain.get_by_label("Who told you?").fill("Ottoline Brack, safeguarding lead")
    await plain.get_by_label("In their own words").fill("The visits are back.")
    await plain.click("button:has-text('Continue')")
    await expect(plain.locator("main")).to_contain_text("The visits are back.")
    await plain.click("button:has-text('Tell them')")
    await office.settle()
    await plain.reload()
    await expect(plain.locator(".govuk-notification-banner")).to_contain_text("on the word of the raising agency")
    await plain.goto(f"{office.address}/board/closed")
    await expect(plain.locator("tr", has_text=reference)).to_contain_text("Agreed another way")
