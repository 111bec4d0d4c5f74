"""A button pressed twice: one act where it says the same, and no words lost where it does not (peers mended that)."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from escalations.rules.case import Case
from escalations.rules.notices import NoticeKind
from escalations.store import tables
from tests.web import answering
from tests.web.conftest import Office, Page
from tests.web.forms_filled import answers, raised


async def _case(office: Office, reference: str) -> Case:
    async with office.database.read() as tx:
        case = await office.cases.read(tx, reference)
    assert case is not None
    return case


async def _stored(office: Office, kind: str) -> int:
    of = tables.SUBMISSIONS
    async with office.database.read() as tx:
        rows = await tx.execute(select(of.c.submission_id).where(of.c.act_kind == kind))
        return len(rows.all())


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    return found


@pytest.fixture
async def page(office: Office, reference: str) -> Page:
    """Give the responding agency's page."""
    return await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))


@pytest.mark.parametrize(("offers", "reasons"), [("agreed_as_asked", "OTHER WORDS"), ("agreed_in_part", "FIRST")])
async def test_other_words_or_choices_before_the_first_is_applied_stay_on_the_page(
    office: Office, reference: str, page: Page, offers: str, reasons: str
) -> None:
    office.settles_at_once = False
    await office.post("/answer/answer", token=page.token, offers="agreed_as_asked", reasons="FIRST")
    again = await office.post("/answer/answer", token=page.token, offers=offers, reasons=reasons)
    assert again.status == 409
    assert f"stored with escalation {reference}" in again.problems[0]
    assert "NOT stored" in again.problems[0]
    assert (again.value("reasons"), again.value("offers")) == (reasons, offers)
    assert again.value("once") != page.value("once")
    assert await _stored(office, "respond") == 1
    sent = await office.post("/answer/answer", token=again.token, offers=offers, reasons=reasons)
    assert "/answer/outcome/" in sent.path
    assert await _stored(office, "respond") == 2


async def test_other_words_after_the_link_is_done_are_given_back(office: Office, reference: str, page: Page) -> None:
    await office.post("/answer/answer", token=page.token, offers="agreed_as_asked", reasons="FIRST")
    same = await office.post("/answer/answer", token=page.token, offers="agreed_as_asked", reasons="FIRST")
    assert "Recorded" in same.title
    other = await office.post("/answer/answer", token=page.token, offers="agreed_as_asked", reasons="OTHER WORDS")
    assert other.status == 409
    assert reference in other.text
    assert "NOT stored" in other.text
    assert "OTHER WORDS" in other.text
    late = await office.post("/answer/say-done", token=page.token, done_text="WE SPOKE TOO")
    assert late.status == 409
    assert "not stored" in late.text
    assert "WE SPOKE TOO" in late.text


@pytest.mark.parametrize("once", ["", "x" * 65, "a b"])
async def test_without_a_key_of_ours_nothing_is_stored_and_the_words_stay(
    office: Office, page: Page, once: str
) -> None:
    stale = await office.post("/answer/answer", token=page.token, once=once, offers="agreed_as_asked", reasons="FIRST")
    assert "open for too long" in stale.problems[0]
    assert stale.value("reasons") == "FIRST"
    assert await _stored(office, "respond") == 0
    await office.post("/answer/answer", token=stale.token, offers="agreed_as_asked", reasons="FIRST")
    assert await _stored(office, "respond") == 1


async def test_raising_twice_with_other_words_stores_the_first_and_says_so(office: Office) -> None:
    begin = await office.get("/raise")
    typed = answers()
    receipt = await office.post("/raise/check", token=begin.token, answers=typed.model_dump_json())
    again = await office.post("/raise/check", token=begin.token, answers=typed.model_dump_json())
    assert "This had reached us before" in again.text
    typed.people[0]["person-name"] = ["Right Child"]
    other = await office.post("/raise/check", token=begin.token, answers=typed.model_dump_json())
    assert other.status == 409
    (reference,) = {word.strip(".,;") for word in receipt.text.split() if word.startswith("PD-27-")}
    assert f"{reference} is stored; what is on this page is NOT" in other.text
    assert "Right Child" in other.text
    assert await _stored(office, "raise") == 1
    assert "Right Child" in (await office.get("/raise/people")).text, "the words are kept to be changed"
    await office.post("/raise/check", token=other.token, answers=other.value("answers"))
    assert await _stored(office, "raise") == 2


@pytest.mark.parametrize("key", ["", "a\0b", "k" * 65])
async def test_a_raise_without_a_key_of_ours_is_not_stored_and_can_be_pressed_again(office: Office, key: str) -> None:
    begin = await office.get("/raise")
    typed = answers().model_copy(update={"key": key})
    stale = await office.post("/raise/check", token=begin.token, answers=typed.model_dump_json())
    assert stale.status == 403
    assert "open for too long" in stale.text
    assert await _stored(office, "raise") == 0
    assert (await office.post("/raise/check", token=stale.token, answers=stale.value("answers"))).path == (
        "/raise/receipt"
    )


async def test_the_teams_other_words_stay_on_the_page(office: Office, reference: str) -> None:
    await office.until("2027-03-10 10:00")
    where = f"/board/{reference}/phone-call"
    page = await office.get(where)
    office.settles_at_once = False
    await office.post(where, token=page.token, once="1", reached="yes", spoken_to="The desk")
    other = await office.post(where, token=page.token, once="1", reached="no", spoken_to="The desk")
    assert other.status == 409
    assert "NOT stored" in other.text
    assert other.value("spoken-to") == "The desk"
    assert await _stored(office, "note_phone_call") == 1
    assert (await office.post(where, token=page.token, once="", reached="yes", spoken_to="A")).status == 403


@pytest.mark.parametrize("wrong", ["%00", "a", "%FF", "9" * 5000])
async def test_what_is_no_id_is_no_page_and_no_query(office: Office, reference: str, page: Page, wrong: str) -> None:
    assert page.status == 200
    for path in ("/answer/outcome/", f"/board/{reference}/outcome/", "/dev/outbox/", "/raise/people/"):
        where = httpx.URL("http://127.0.0.1:8000").copy_with(raw_path=(path + wrong).encode())
        assert (await office.browser.get(where)).status_code == 404, path


async def test_a_place_of_thousands_of_figures_removes_nobody(office: Office) -> None:
    begin = await office.get("/raise")
    page = await office.post("/raise/people", token=begin.token, do="remove-" + "9" * 5_000)
    assert page.status < 500
