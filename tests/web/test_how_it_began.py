"""Entered for somebody who phoned: when it really began is asked, kept and shown (practice, "How it really starts")."""

from __future__ import annotations

import pytest

from escalations.intake import submissions
from escalations.policy import Track
from escalations.rules import acts
from escalations.web import receipt as receipts
from escalations.web.receipt import Held, Receipt
from tests import builders
from tests.web.conftest import Office, Page
from tests.web.forms_filled import fill

WHEN = "About 10 February, with the duty social worker"


async def _entered(office: Office) -> Page:
    check = await fill(office, "/enter")
    assert "Stage 1 tried before" in check.text
    assert WHEN in check.text
    return await office.post("/enter/check", token=check.token, answers=check.value("answers"))


async def test_the_receipt_shows_when_it_really_began_and_which_stages_were_tried(office: Office) -> None:
    receipt = await _entered(office)
    assert "Really began Monday 8 February 2027" in receipt.text
    assert "Stages tried before Stage 1: Practitioner to practitioner" in receipt.text
    assert "Received 09:30 on Monday 1 March 2027" in receipt.text
    assert "Stage 2" not in receipt.text
    assert (await office.get("/enter/receipt")).text == receipt.text, "a reload shows it again"


async def test_it_is_kept_with_the_act_and_what_was_tried_with_the_sealed_words(office: Office) -> None:
    receipt = await _entered(office)
    reference = next(word for word in receipt.text.split() if word.startswith("PD-27-"))
    async with office.database.read() as tx:
        row = (await submissions.of_case(tx, reference))[0]
        sealed = await submissions.content(tx, office.vault, row.submission_id)
    act = acts.loads(row.act)
    assert act.happened_at == builders.civil("2027-02-08 00:00")
    assert WHEN not in row.act
    assert sealed["entered_by_team"] == {
        "began_on": "2027-02-08",
        "stages_tried": {"1": WHEN},
        "account": "They spoke on 10 February.",
    }
    page = await office.get(f"/board/{reference}")
    assert WHEN in page.text


async def test_the_page_asks_when_each_stage_was_tried(office: Office) -> None:
    page = await fill(office, "/enter", until="began")
    for stage in ("Stage 1: Practitioner to practitioner", "Stage 2: Managers", "Stage 3: Senior managers"):
        assert stage in page.text
    typed = await office.press("/enter/began", tried_2=WHEN)
    assert typed.problems == ["Enter the date on which it really began"]
    assert typed.value("tried-2") == WHEN


async def test_a_practitioners_receipt_says_by_when_things_are_to_happen(office: Office) -> None:
    check = await fill(office)
    receipt = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    assert "Raised with Wyeford Council children's services" in receipt.text
    assert "1 working day to acknowledge it and 5 working days to answer" in receipt.text
    assert "Really began" not in receipt.text


@pytest.mark.parametrize(
    "cookie",
    ["", "a", "PD-27-0001-A/first/sent", "é", "e30", "bm90IGpzb24", "A" * 5000, '{"reference":"PD-27-0001-A"}'],
)
async def test_a_cookie_that_is_no_receipt_leads_to_the_start(office: Office, cookie: str) -> None:
    assert receipts.loads(cookie) is None
    if cookie.isascii() and '"' not in cookie:
        office.browser.cookies.set("receipt", cookie)
        assert (await office.get("/raise/receipt")).path == "/raise"


def test_a_receipt_comes_back_as_it_went() -> None:
    told = Receipt(
        reference="PD-27-0001-A",
        received_at=builders.civil("2027-03-01 09:30"),
        held=Held.ADDRESS,
        track=Track.URGENT,
        agencies=("police",),
        tried=("1", "2"),
    )
    assert receipts.loads(told.dumps()) == told
    assert receipts.loads(told.model_copy(update={"reference": "PD-27-0001-B"}).dumps()) is None
