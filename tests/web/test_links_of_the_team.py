"""What is written to the team leads to its own pages, for which one signs in; a link does what it was sent for.

The rules of practice, "Who sees what, and when": a link shows reference, stage and date only. Whoever reads the team's
mailbox, or stands in for the team outside it, is not of the team by that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from sqlalchemy import func, select

from escalations.policy import Side
from escalations.rules.notices import NoticeKind
from escalations.store import links, tables
from tests.mailroom import message
from tests.web import answering, mailing, teamwork
from tests.web.conftest import Office

CHILD: Final = "Persephone Canarybird"
TEXT: Final = (
    f"To agency: Wyeford Council children's services\nChild: {CHILD}\nReason: plan not followed\nProblem: Nobody came."
)
STRANGER: Final = "ottoline.brack@mail.example"
RANG: Final[Mapping[str, Any]] = {
    "stands": "taken",
    "sure-by": "phoned",
    "spoken-to": "Ms Abel, school office",
    "rang": "01632 960212",
}


async def held(office: Office) -> str:
    row = await mailing.receive(office, message(TEXT, sender=STRANGER), sender=STRANGER)
    assert row.reference is not None
    return row.reference


async def token_for(office: Office, reference: str, side: Side) -> str:
    rows = [row for row in await office.notices(reference) if row.notice.to.side is side]
    async with office.database.write() as tx:
        return await links.issue(
            tx,
            office.vault,
            notice_id=rows[-1].notice_id,
            reference=reference,
            notice=rows[-1].notice,
            now=office.now(),
        )


async def sent(office: Office) -> int:
    async with office.database.read() as tx:
        return int((await tx.execute(select(func.count()).select_from(tables.LINK_CODES))).scalar_one())


@pytest.mark.parametrize("path", ["/answer", "/answer/code"])
async def test_what_is_written_to_the_team_leads_to_signing_in(office: Office, path: str) -> None:
    reference = await held(office)
    browser = office.new_browser()
    await browser.get(f"/l/{await token_for(office, reference, Side.TEAM)}")
    answer = await browser.get(path)
    assert answer.headers["location"] == f"/board/{reference}"


@pytest.mark.parametrize("doing", ["send-code", "code", "say-done", "urgent", "confirm"])
async def test_nobody_acts_or_reads_as_the_team_by_a_link(office: Office, doing: str) -> None:
    reference = await held(office)
    token = await token_for(office, reference, Side.TEAM)
    async with office.database.read() as tx:
        link = await links.find(tx, token)
    assert link is not None
    browser = office.new_browser()
    form = await office.get("/raise", browser=browser)
    await browser.get(f"/l/{token}")
    fields = {"token": str(form.token), "link": link.link_id, "once": "once", "urgent-text": "He is alone tonight"}
    answer = await browser.post(f"/answer/{doing}", data=fields)
    assert answer.headers.get("location") == f"/board/{reference}"
    assert CHILD not in answer.text
    assert not await sent(office)


async def test_whoever_is_asked_whether_it_is_theirs_does_nothing_else_with_it(office: Office) -> None:
    reference = await held(office)
    agencies: Mapping[str, Any] = {"raising_agency": "oak-school", "with": "childrens-services"}
    page = await teamwork.fills(office, reference, "pass-on", **agencies)
    carried = {**teamwork.carried(page), **RANG}
    await teamwork.sends(office, await office.post(page.path, token=page.token, **carried))
    browser = office.new_browser()
    token = await answering.link(office, reference, NoticeKind.IN_YOUR_NAME)
    asked = await answering.enter(office, token, browser=browser)
    for doing in ("withdraw", "agree", "move-up"):
        answer = await office.post(f"/answer/{doing}", token=asked.token, browser=browser, once="abc")
        assert (answer.status, CHILD in answer.text) == (404, False)
    kept = await answering.open_link(office, token, browser=browser)
    refused = await office.post("/answer/vouch", token=kept.token, browser=browser, once="abc")
    assert refused.status == 422
