"""A computer that others use, in a real browser without JavaScript: what was cleared does not come back by "Back"."""

from __future__ import annotations

from playwright.async_api import Page, expect

from escalations.rules.notices import NoticeKind
from tests.web import answering
from tests.web.conftest import Office
from tests.web.forms_filled import CHILD, WORDS, raised


async def test_back_shows_nothing_of_what_was_cleared(office: Office, plain: Page) -> None:
    await plain.goto(f"{office.address}/raise")
    await plain.check("#referred")
    await plain.click("main button")
    await plain.fill("#name", "Ottoline Brack")
    await plain.click("button:has-text('Save and continue')")
    await plain.goto(f"{office.address}/raise/people/1")
    await plain.fill("#person-name", CHILD)
    await plain.click("button:has-text('Save and continue')")
    await expect(plain.locator("main")).to_contain_text("kept until")
    await plain.click("text=Clear what I typed")
    await plain.click("button:has-text('Clear what I typed')")
    await expect(plain.locator("h1")).to_have_text("What you typed is cleared")
    for _ in range(4):
        await plain.go_back()
        assert CHILD not in await plain.content()
    await plain.goto(f"{office.address}/raise/you")
    await expect(plain.locator("#name")).to_have_value("")


async def test_back_shows_nothing_of_an_escalation_that_was_left(office: Office, plain: Page) -> None:
    reference = await raised(office)
    await office.settle()
    await plain.goto(f"{office.address}/l/{await answering.link(office, reference, NoticeKind.ASKED)}")
    await plain.click("button:has-text('Send me a code')")
    await plain.fill("#code", await answering.newest_code(office))
    await plain.fill("#name", "Tamsin Okoro")
    await plain.fill("#role", "Social worker")
    await plain.click("button:has-text('Continue')")
    await expect(plain.locator("main")).to_contain_text(WORDS)
    await plain.click("text=I have finished here")
    await plain.click("button:has-text('Yes, forget it here')")
    await expect(plain.locator("h1")).to_have_text("This computer has forgotten the escalation")
    for _ in range(4):
        await plain.go_back()
        text = await plain.content()
        assert WORDS not in text
        assert CHILD not in text
