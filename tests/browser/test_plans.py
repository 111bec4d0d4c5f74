"""A plan in a browser, from the proposal to the follow-up, without JavaScript; its pages at both widths, by axe."""

from __future__ import annotations

from playwright.async_api import BrowserContext, Page, expect

from escalations.rules.notices import NoticeKind
from tests.browser.conftest import DESKTOP, PHONE, violations
from tests.web import answering
from tests.web.conftest import Office
from tests.web.forms_filled import raised

SCHOOL, SOCIAL_CARE = "oak-school", "childrens-services"


async def _enters(office: Office, page: Page, token: str) -> None:
    await page.goto(f"{office.address}/l/{token}")
    await page.click("button:has-text('code')")
    await page.fill("#code", await answering.newest_code(office))
    await page.fill("#name", "Tamsin Okoro")
    await page.fill("#role", "Social worker")
    await page.locator("main button[type=submit], main button:not([type])").first.click()


async def _sent(office: Office, page: Page, form: str) -> None:
    await page.locator(f"form[action='/answer/{form}'] button").click()
    await expect(page.locator("h1")).to_contain_text("Re")
    await office.settle()


async def test_a_plan_from_the_proposal_to_the_follow_up(office: Office, plain: Page) -> None:
    reference = await raised(office)
    await office.settle()
    await _enters(office, plain, await answering.link(office, reference, NoticeKind.ASKED))
    await plain.click("#plan summary")
    await plain.fill("#what-1", "A visit each Tuesday.")
    await plain.select_option("#who-1", label="Wyeford Council children's services (practitioner)")
    for part, value in (("day", "9"), ("month", "3"), ("year", "2027")):
        await plain.fill(f"#by-1-{part}", value)
    await _sent(office, plain, "plan")
    await _enters(office, plain, await answering.link(office, reference, NoticeKind.PLAN_PROPOSED))
    await expect(plain.locator("main")).to_contain_text("Action 1: A visit each Tuesday.")
    await plain.get_by_label("Agreed", exact=True).check()
    await _sent(office, plain, "plan-answer")
    await _enters(office, plain, await answering.link(office, reference, NoticeKind.REACHED))
    await plain.get_by_label("Yes: what we asked for is agreed").check()
    await _sent(office, plain, "agree")
    await office.until("2027-03-09 09:00")
    await _enters(office, plain, await answering.link(office, reference, NoticeKind.ACTION_REMINDER))
    await plain.get_by_label("Yes, it is done").check()
    await _sent(office, plain, "action")
    await office.until("2027-05-27 17:00")
    await _enters(office, plain, await answering.link(office, reference, NoticeKind.FOLLOW_UP, agency=SCHOOL))
    await plain.get_by_label("All of it was done").check()
    await plain.get_by_label("A plan was amended").check()
    await plain.get_by_label("Supervision or team meetings").check()
    await _sent(office, plain, "follow-up")
    await plain.goto(f"{office.address}/board")
    await expect(plain.locator("#promised ~ table")).to_contain_text("What came of it: Wyeford Council")
    await plain.goto(f"{office.address}/board/{reference}")
    await expect(plain.locator("main")).to_contain_text("Said to be done, and not confirmed yet")


async def test_axe_finds_nothing_on_the_pages_of_plans(office: Office, scripted: BrowserContext) -> None:
    reference = await raised(office)
    await office.settle()
    page = await scripted.new_page()
    await _enters(office, page, await answering.link(office, reference, NoticeKind.ASKED))
    paths = ["/answer", "/board", f"/board/{reference}", f"/board/{reference}/plan"]
    for width in (DESKTOP, PHONE):
        await page.set_viewport_size(width)  # type: ignore[arg-type]  # two ints
        for path in paths:
            await page.goto(f"{office.address}{path}")
            for shut in await page.locator("details:not([open]) > summary").all():
                if await shut.is_visible():
                    await shut.click()
            assert await violations(page) == [], path
            assert await page.evaluate("document.documentElement.scrollWidth") <= width["width"], path
