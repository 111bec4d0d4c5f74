"""On a computer that others use: what was typed can be cleared, runs out, and stays in no browser (issue 3 used)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from escalations import hourly, parts
from escalations.rules.notices import NoticeKind
from escalations.store import links, tables
from escalations.web.drafts import Drafts
from tests.web import answering
from tests.web.conftest import Office, Page
from tests.web.forms_filled import CHILD, fill, raised


async def _rows(office: Office, table: str) -> int:
    async with office.database.read() as tx:
        return (await tx.execute(select(func.count()).select_from(tables.METADATA.tables[table]))).scalar_one()


def _cookies(page: Page) -> list[str]:
    return [value for name, value in page.answer.headers.multi_items() if name == "set-cookie"]


# ---- The form --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["/raise", "/enter"])
async def test_each_page_says_until_when_what_was_typed_is_kept_and_offers_to_clear_it(
    office: Office, start: str
) -> None:
    await fill(office, start, until="difference")
    for page in ("you", "difference", "check", "people/1", "people"):
        shown = await office.get(f"{start}/{page}")
        assert "kept until 21:30 on Monday 1 March 2027" in shown.text, page
        assert f'href="{start}/clear"' in shown.html
    office.time += timedelta(hours=1)
    assert "21:30" in (await office.get(f"{start}/you")).text, "looking at it keeps it no longer"


async def test_nothing_is_said_to_be_kept_before_anything_is(office: Office) -> None:
    assert "Clear what I typed" not in (await office.get("/raise")).text


async def test_what_was_typed_is_cleared_by_a_button_and_not_by_looking(office: Office) -> None:
    await fill(office, until="difference")
    asks = await office.get("/raise/clear")
    assert "Clear what you typed?" in asks.text
    assert "Nothing of it has been sent" in asks.text
    assert (await office.get("/raise/people")).text.count(CHILD)
    cleared = await office.press("/raise/clear")
    assert "What you typed is cleared" in cleared.text
    assert cleared.answer.headers["clear-site-data"] == '"cache"'
    assert any(cookie.startswith("draft=") and "Max-Age=0" in cookie for cookie in _cookies(cleared))
    assert (await office.get("/raise/you")).value("name") == ""
    assert await _rows(office, "drafts") == 0


async def test_a_clear_that_did_not_come_from_our_page_clears_nothing(office: Office) -> None:
    await fill(office, until="difference")
    refused = await office.post("/raise/clear", token="0" * 64)
    assert refused.status == 403
    assert CHILD in (await office.get("/raise/people")).text


async def test_clearing_twice_is_no_harm_and_another_browser_keeps_its_own(office: Office) -> None:
    await fill(office, until="difference")
    async with office.new_browser() as other:
        await office.press("/raise/clear", browser=other)
        assert CHILD in (await office.get("/raise/people")).text
        assert "Nothing that you typed is kept" in (await office.get("/raise/clear", browser=other)).text


async def test_with_the_database_away_the_browser_forgets_and_says_so(office: Office) -> None:
    await fill(office, until="difference")
    shown = await office.get("/raise/clear")
    office.database.away = True
    cleared = await office.post("/raise/clear", token=shown.token)
    assert "this computer no longer knows it" in cleared.text
    office.database.away = False
    assert (await office.get("/raise/you")).value("name") == ""


async def test_what_was_typed_stays_in_no_browser(office: Office) -> None:
    page = await fill(office, until="people/1")
    assert page.answer.headers["cache-control"] == "no-store"
    assert '<form method="post" novalidate autocomplete="off">' in page.html
    for field in ("person-name", "born-day", "number-oak-school"):
        tag = page.html[page.html.index(f'name="{field}"') - 200 : page.html.index(f'name="{field}"') + 200]
        assert 'autocomplete="name"' not in tag
        assert 'autocomplete="bday' not in tag
    assert not any(CHILD in value for value in office.browser.cookies.values())


async def test_somebody_elses_details_are_not_offered_to_the_browser_to_remember(office: Office) -> None:
    own, theirs = await fill(office, until="you"), await fill(office, "/enter", until="you")
    assert 'autocomplete="email"' in own.html
    assert 'autocomplete="email"' not in theirs.html
    assert 'autocomplete="name"' not in theirs.html


# ---- The link --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def asked(office: Office) -> str:
    reference = await raised(office)
    await office.settle()
    return await answering.link(office, reference, NoticeKind.ASKED)


async def _do(office: Office, page: Page, doing: str, **fields: Any) -> Page:  # noqa: ANN401
    return await office.post(f"/answer/{doing}", token=page.token, once=page.value("once"), **fields)


async def test_whoever_has_finished_leaves_nothing_on_the_computer(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    assert 'href="/answer/leave"' in page.html
    asks = await office.get("/answer/leave")
    assert CHILD in (await office.get("/answer")).text, "looking changes nothing"
    left = await office.post("/answer/leave", token=asks.token)
    assert "This computer has forgotten the escalation" in left.text
    assert (await office.get("/answer")).status == 404
    assert await _rows(office, "link_sessions") == 0
    assert "Send me a code" in (await answering.open_link(office, asked)).text


async def test_a_code_that_runs_out_in_the_middle_loses_nothing(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    await office.until("2027-03-02 09:00")
    late = await _do(office, page, "answer", offers="agreed_in_part", reasons="We visit tomorrow.", plan="By Monday.")
    assert late.status == 403
    assert "kept until 21:00 on Tuesday 2 March 2027" in late.text
    for given in ("We agree to a part of it", "We visit tomorrow.", "By Monday."):
        assert given in late.text
    sent = await office.post("/answer/send-code", token=late.token)
    assert sent.path == "/answer/code"
    back = await office.post(
        "/answer/code",
        token=sent.token,
        code=await answering.newest_code(office),
        name="Tamsin Okoro",
        role="Social worker",
    )
    assert "has not been sent yet" in back.text
    assert (back.value("offers"), back.value("reasons"), back.value("plan")) == (
        "agreed_in_part",
        "We visit tomorrow.",
        "By Monday.",
    )
    done = await _do(office, back, "answer", offers="agreed_in_part", reasons="We visit tomorrow.", plan="By Monday.")
    assert "Recorded" in done.title
    assert await _rows(office, "drafts") == 1, "nothing is kept but who it was, for the next message"


async def test_what_was_typed_on_one_link_comes_back_on_no_other(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    await office.until("2027-03-02 09:00")
    await _do(office, page, "answer", offers="agreed_in_part", reasons="We visit tomorrow.")
    other = await raised(office)
    await office.settle()
    shown = await answering.enter(office, await answering.link(office, other, NoticeKind.ASKED))
    assert "We visit tomorrow." not in shown.text


async def test_choices_and_dates_are_given_back_too_where_there_is_no_form(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    office.database.away = True
    when = {"done_at_day": "1", "done_at_month": "3", "done_at_year": "2027", "done_at_time": "4pm"}
    away = await _do(office, page, "say-done", done="met", **when)
    assert "We have NOT received this" in away.text
    assert "What was done We met" in away.text
    assert "When it happened 1 3 2027 4pm" in away.text


async def test_what_is_over_is_erased_within_the_hour_though_nobody_types(office: Office) -> None:
    await fill(office, until="difference")
    assert await Drafts(office.database, office.vault, office.now).erase_expired() == 0, "its time is not over"
    office.time += timedelta(hours=12, minutes=1)
    async with parts.opened(office.settings, now=office.now) as opened:
        beside = asyncio.create_task(hourly.run(opened))
        while await _rows(office, "drafts"):
            assert not beside.done()
            await asyncio.sleep(0.01)
        beside.cancel()
    keys = tables.DATA_KEYS
    async with office.database.read() as tx:
        erased = (await tx.execute(select(keys.c.wrapped).where(keys.c.erased_at == office.time))).scalars().all()
    assert erased == [None], "the key goes with it"


async def test_the_name_and_role_that_came_with_a_code_are_erased_within_the_hour_once_it_is_over(
    office: Office, asked: str
) -> None:
    await answering.enter(office, asked)
    async with office.database.write() as tx:
        assert await links.erase_expired(tx, office.vault, now=office.time) == 0, "its time is not over"
    office.time += timedelta(days=1)
    async with parts.opened(office.settings, now=office.now) as opened:
        beside = asyncio.create_task(hourly.run(opened))
        while await _rows(office, "link_sessions"):
            assert not beside.done()
            await asyncio.sleep(0.01)
        beside.cancel()
    keys = tables.DATA_KEYS
    async with office.database.read() as tx:
        erased = (await tx.execute(select(keys.c.wrapped).where(keys.c.erased_at == office.time))).scalars().all()
        assert erased, "the key goes with it"
        assert set(erased) == {None}
        codes = (await tx.execute(select(tables.LINK_CODES))).all()
    assert codes, "that a code was asked for shows that the notice arrived"
