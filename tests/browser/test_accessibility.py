"""Every kind of page, at the width of a desk and of a phone: axe-core finds nothing, and nothing is cut off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import BrowserContext, Page, ViewportSize

from escalations.mail.address import Replies
from escalations.rules import acts
from escalations.rules.case import Outcome
from escalations.rules.notices import NoticeKind
from escalations.store import people
from tests.browser.conftest import AXE, DESKTOP, PHONE, violations
from tests.builders import origin, raiser
from tests.mail import messages
from tests.mailroom import message
from tests.web import answering, mailing
from tests.web.conftest import Office
from tests.web.forms_filled import raised
from tests.web.test_completing import mailed

WIDTHS = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci")


async def _looks_right(page: Page, where: str) -> None:
    await page.wait_for_load_state()  # a click that led here waits for the page alone, and not for how it is to look
    assert await violations(page) == [], where
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{where} is {wider} pixels wider than the window"


async def _unfold(page: Page) -> None:
    """Open everything that can be unfolded, and what is folded in it."""
    closed = page.locator("main details:not([open]) > summary:visible")
    while await closed.count():
        await closed.first.click()


@needs_axe
@WIDTHS
async def test_the_form(office: Office, scripted: BrowserContext, size: ViewportSize) -> None:
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    for path in ("/", "/raise", "/raise/refer"):
        await page.goto(office.address + path)
        await _looks_right(page, path)
    steps = ("you", "agencies", "subject", "people/1", "difference", "tried", "safety")
    await page.goto(f"{office.address}/raise")
    await page.check("#referred")
    await page.click("main button")
    for step in steps:
        await page.goto(f"{office.address}/raise/{step}")
        await _looks_right(page, step)
        await page.click("main form button.govuk-button >> nth=-1")
        assert await page.locator(".govuk-error-summary").count() == 1
        await _looks_right(page, f"{step} with problems")
    await page.goto(f"{office.address}/raise/people")
    await _looks_right(page, "people")
    await page.goto(f"{office.address}/raise/check")
    await _looks_right(page, "check, incomplete")
    await page.goto(f"{office.address}/raise/clear")
    await _looks_right(page, "clear")
    await page.goto(f"{office.address}/enter/began")
    await _looks_right(page, "began")


@needs_axe
@WIDTHS
async def test_the_link(office: Office, scripted: BrowserContext, size: ViewportSize) -> None:
    reference = await raised(office, people_1={"not_safe": "yes"})
    await office.settle()
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    await page.goto(f"{office.address}/l/none")
    await _looks_right(page, "unknown link")
    await page.goto(f"{office.address}/l/{await answering.link(office, reference, NoticeKind.ASKED)}")
    await _looks_right(page, "link")
    await page.click("button:has-text('Send me a code')")
    await _looks_right(page, "code")
    await page.fill("#code", await answering.newest_code(office))
    await page.fill("#name", "Tamsin Okoro")
    await page.fill("#role", "Social worker")
    await page.click("button:has-text('Continue')")
    await _looks_right(page, "what is asked")
    await page.click("button:has-text('Send the answer')")
    await _looks_right(page, "what is asked, with problems")
    await page.click("button:has-text('We have this')")
    await _looks_right(page, "received")
    await office.settle()
    await page.reload()
    await _looks_right(page, "recorded")
    await page.goto(f"{office.address}/answer")
    await page.click("summary:has-text('Write up what was done')")
    await _looks_right(page, "write up")


@needs_axe
@WIDTHS
async def test_completing_by_link(office: Office, scripted: BrowserContext, size: ViewportSize) -> None:
    reference = await mailed(office, "A child")
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    await page.goto(f"{office.address}/l/{await answering.link(office, reference, NoticeKind.RECEIPT)}")
    await page.click("button:has-text('Send me a code')")
    await page.fill("#code", await answering.newest_code(office))
    await page.fill("#name", "Ottoline Brack")
    await page.fill("#role", "Safeguarding lead")
    await page.click("button:has-text('Continue')")
    await _looks_right(page, "what is to be completed")
    await page.click("section:has(#complete) button")
    await _looks_right(page, "what is to be completed, with problems")
    await page.goto(f"{office.address}/answer/leave")
    await _looks_right(page, "leaving")


@needs_axe
@WIDTHS
async def test_the_teams_pages(office: Office, scripted: BrowserContext, size: ViewportSize) -> None:
    reference = await raised(office)
    held = await raised(office, "/enter")
    await office.settle()
    await office.until("2027-03-03 10:00")
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    acts = (f"/board/{reference}/account", f"/board/{reference}/cause")
    for path in ("/board", "/board/closed", f"/board/{reference}", *acts, f"/board/{held}", "/dev/outbox"):
        await page.goto(office.address + path)
        for summary in await page.locator("summary:visible").all():
            await summary.click()
        await _looks_right(page, path)
    await page.click("main a >> nth=0")
    await _looks_right(page, "a message")


@needs_axe
@WIDTHS
async def test_what_came_by_email(office: Office, scripted: BrowserContext, size: ViewportSize) -> None:
    row = await mailing.receive(office, messages.raw("raise_plain"))
    held = await mailing.receive(office, messages.raw("list_newsletter"))
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    for path in ("/messages", f"/messages/{held.mail_id}", f"/messages/{row.mail_id}"):
        await page.goto(office.address + path)
        await _unfold(page)
        await _looks_right(page, path)
    await page.goto(f"{office.address}/messages/{held.mail_id}")
    await page.click("button:has-text('Add it to this escalation')")
    await _looks_right(page, "passed on without a reference")
    await page.click("button:has-text('Put it aside')")
    await _looks_right(page, "put aside without a reason")
    await page.check("input[name=aside-why][value=nobody]")
    await page.click("button:has-text('Put it aside')")
    await _looks_right(page, "put aside, to be checked")
    await page.goto(f"{office.address}/messages/{held.mail_id}")
    await page.fill("#reference", str(row.reference))
    await page.fill("#note", "From a colleague.")
    await page.click("button:has-text('Add it to this escalation')")
    await _looks_right(page, "what adding it does")
    await page.click("button:has-text('Add it')")
    await office.settle()
    await _looks_right(page, "added")
    await page.goto(f"{office.address}/l/{await answering.link(office, str(row.reference), NoticeKind.RECEIPT)}")
    await page.click("button:has-text('Send me a code')")
    await page.fill("#code", await answering.newest_code(office))
    await page.fill("#name", "Noor Haverstock")
    await page.fill("#role", "Class teacher")
    await page.click("button:has-text('Continue')")
    await _looks_right(page, "to complete")
    await page.click("form[action='/answer/complete'] button.govuk-button >> nth=-1")
    assert await page.locator(".govuk-error-summary").count() == 1
    await _looks_right(page, "to complete, with problems")


@needs_axe
@WIDTHS
async def test_the_review(office: Office, scripted: BrowserContext, size: ViewportSize) -> None:
    reference = await raised(office)
    await office.settle()
    await office.until("2027-03-02 17:30")
    await office._apply(reference, acts.MoveUp(**origin(raiser(), office.time)), None)
    await office.until("2027-03-30 10:00")
    await office._apply(reference, acts.Agree(**origin(raiser(), office.time), outcome=Outcome.AGREED_IN_PART), None)
    office.time = office.time.replace(month=6)
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    for path in ("/review?year=2026", "/review?year=2025", "/review?year=soon", "/review?year=2026&audience=public"):
        await page.goto(office.address + path)
        await _unfold(page)
        await _looks_right(page, path)
        assert (await page.locator(".review-drawing svg").count() > 5) == (path == "/review?year=2026")


@needs_axe
@WIDTHS
async def test_the_teams_acts(office: Office, scripted: BrowserContext, size: ViewportSize) -> None:
    reference = await raised(office, safety={"urgent": "yes"})
    held = await raised(office, "/enter")
    await office.settle()
    await office.until("2027-03-10 10:00")
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    for path in (
        "/board?section=passed",
        "/board?agency=police&stage=2",
        f"/board/{held}/pass-on",
        f"/board/{held}/close",
        *(f"/board/{reference}/{doing}" for doing in ("phone-call", "reached", "pause", "extend", "cause", "close")),
    ):
        await page.goto(office.address + path)
        await _looks_right(page, path)
    await page.goto(f"{office.address}/board/{reference}/close")
    await page.click("main button")
    assert await page.locator(".govuk-error-summary").count() == 1
    await _looks_right(page, "close, with problems")
    await page.goto(f"{office.address}/board/{held}/pass-on")
    await page.click("button:has-text('Continue')")
    await _looks_right(page, "check before they are told")


@needs_axe
@WIDTHS
async def test_signing_in_and_the_pages_of_administrators(
    office: Office, scripted: BrowserContext, size: ViewportSize
) -> None:
    reference = await raised(office)
    await office.settle()
    async with office.database.write() as tx:
        for address, name, role in people.SAMPLES:
            await people.add(
                tx, office.vault, address=address, name=name, roles=(role,), now=office.now(), by=None, sample=True
            )
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    for path in (f"/board/{reference}", "/people", "/people/add", "/reads", f"/reads/{reference}", "/sign-out"):
        await page.goto(office.address + path)
        await _looks_right(page, path)
    await page.goto(office.address + "/people")
    await page.click("main tbody a >> nth=0")
    await _looks_right(page, "a person")
    await page.click("button:has-text('Sign out')")
    await _looks_right(page, "signed out")
    await page.goto(office.address + "/board")
    await _looks_right(page, "sent to sign in")
    await page.click("button:has-text('Send me a link')")
    await _looks_right(page, "no address")
    await page.fill("#address", "nobody@partnership.example")
    await page.click("button:has-text('Send me a link')")
    await _looks_right(page, "sent")
    await page.goto(office.address + "/sign-in")
    await page.click("button:has-text('sample reviewer')")
    await _looks_right(page, "open")
    await page.click("button:has-text('Sign in')")
    await _looks_right(page, "for another role")
    assert "This page is for another role" in await page.inner_text("main")


@needs_axe
@WIDTHS
async def test_a_report_that_the_team_is_asked_to_confirm_and_that_waits_too_long(
    office: Office, scripted: BrowserContext, size: ViewportSize
) -> None:
    office.replies = Replies.of(office.settings, office.vault)
    assert office.replies is not None
    whole = message("To agency: Wyeford Council children's services\nProblem: Nobody came.\n")
    raised_by = await mailing.receive(office, whole)
    notices = await office.notices(str(raised_by.reference))
    asked = next(row for row in notices if row.notice.kind is NoticeKind.ASKED)
    to = office.replies.address_of(asked.notice_id)
    report = await mailing.receive(office, messages.raw("bounce_permanent"), to=to, sender="")
    office.time += timedelta(days=1)
    page = await scripted.new_page()
    await page.set_viewport_size(size)
    for path in ("/board", "/messages", f"/messages/{report.mail_id}"):
        await page.goto(office.address + path)
        await _unfold(page)
        await _looks_right(page, path)
    assert await page.locator("button:has-text('It did not arrive')").count() == 1
