"""The team's list and the page of a case (issue 3, item 6; rules of practice, "Raised is not notified")."""

from __future__ import annotations

import re

import pytest

from escalations import erasures
from escalations.intake import submissions
from escalations.rules.case import ClaimState, EraseReason
from escalations.rules.notices import NoticeKind
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import CHILD, WORDS, raised


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    return found


async def test_the_list_says_by_when_and_from_whom(office: Office, reference: str) -> None:
    board = await office.get("/board")
    assert reference in board.text
    assert (
        "17:00 on Tuesday 2 March 2027 waiting for an acknowledgement from Wyeford Council children's services"
        in board.text
    )
    assert "As of 09:30 on Monday 1 March 2027" in board.text


async def test_a_passed_limit_shows_its_cause_in_screen_words(office: Office, reference: str) -> None:
    await office.until("2027-03-03 10:00")
    board = await office.get("/board")
    assert "Time limit passed: 17:00 on Tuesday 2 March 2027" in board.text
    assert "Cause, provisional: no reply recorded" in board.text
    assert "A move to stage 2 is proposed to the raising agency" in board.text


async def test_neither_list_nor_case_tells_what_it_is_about_before_the_partnership_is_told(
    office: Office,
    reference: str,
) -> None:
    for path in ("/board", f"/board/{reference}"):
        page = await office.get(path)
        for told in (CHILD, WORDS, "Ottoline", "Perpetua"):
            assert told not in page.html
    assert "Until it does, the team sees reference, agencies, dates" in (await office.get(f"/board/{reference}")).text
    assert not any(what == "read_by_team" for what, _, _ in await office.access_log())


async def _to_stage_2(office: Office, reference: str) -> None:
    await office.until("2027-03-03 10:00")
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_CHOOSE)
    page = await answering.enter(office, token, name="Ottoline Brack", role="Safeguarding lead")
    await office.post("/answer/move-up", token=page.token, once="1", move_text="No word for two days.")
    await office.until("2027-03-05 10:00")


async def test_from_stage_2_the_team_reads_it_and_that_is_written_down(office: Office, reference: str) -> None:
    await _to_stage_2(office, reference)
    page = await office.get(f"/board/{reference}")
    assert WORDS in page.text
    assert "The partnership was told that it reached stage 2." in page.text
    assert any(what == "read_by_team" for what, _, _ in await office.access_log())


async def test_an_erased_text_is_said_to_be_erased(office: Office, reference: str) -> None:
    await _to_stage_2(office, reference)
    async with office.database.write() as tx:
        for row in await submissions.of_case(tx, reference):
            await office.vault.erase(tx, row.key_id, at=office.now())
    page = await office.get(f"/board/{reference}")
    assert "The text has been erased." in page.text
    assert "Stage 2 began" in page.text


async def test_every_deadline_has_a_receipt_that_agrees_with_the_register(office: Office, reference: str) -> None:
    await _to_stage_2(office, reference)
    page = await office.get(f"/board/{reference}")
    assert page.text.count("the same as when this was counted.") == page.html.count('class="site-clock"')
    assert "NOT the same" not in page.text
    assert "Monday 1 March 2027: day zero: the day of the start event does not count" in page.text
    assert "working day 1 of 5" in page.text
    assert "Saturday, not a working day here" in page.text


async def test_the_drawing_and_its_table_hold_the_same(office: Office, reference: str) -> None:
    await _to_stage_2(office, reference)
    page = await office.get(f"/board/{reference}")
    svg = page.html[page.html.index('<svg class="life"') : page.html.index("</svg>")]
    table = page.text[page.text.index("Its life as a table") :]
    drawn = " ".join(re.findall(r'<text class="life-words[^>]*>(.*?)</text>', svg))
    for told in (
        "Time limit passed: acknowledge",
        "Stage 2 began",
        "Partnership told",
        "Move to stage 2 proposed",
        "Now",
    ):
        assert told in drawn
        assert told in table
    assert 'role="img"' in svg
    assert '<title id="life-title">The life of' in svg
    assert "<desc" in svg


async def test_the_register_is_told_in_plain_words(office: Office, reference: str) -> None:
    await _to_stage_2(office, reference)
    text = (await office.get(f"/board/{reference}")).text
    assert "Raised by Oak Lane Primary School with Wyeford Council children's services." in text
    assert "A move up to stage 2 was proposed to the raising agency." in text
    assert "Stage 2 began" in text


async def test_a_phone_call_of_the_team_is_noted_and_is_no_acknowledgement(office: Office, reference: str) -> None:
    page = await office.get(f"/board/{reference}")
    where = f"/board/{reference}/phone-call"
    assert f'href="{where}"' in page.html
    lacking = await office.press(where)
    assert lacking.problems == ["Say whether you reached somebody"]
    done = await office.press(where, reached="yes", spoken_to="The duty desk")
    assert "The partnership team phoned Wyeford Council children's services and reached somebody." in done.text
    assert "(acknowledged)" not in done.text


async def test_the_team_confirms_what_was_said_to_be_done(office: Office, reference: str) -> None:
    token = await answering.link(office, reference, NoticeKind.ASKED)
    page = await answering.enter(office, token)
    await office.until("2027-03-01 15:00")
    await office.post(
        "/answer/say-done",
        token=page.token,
        once="1",
        done="spoke",
        done_at_day="1",
        done_at_month="3",
        done_at_year="2027",
        done_at_time="11:00",
        done_text="We spoke.",
    )
    shown = await office.get(f"/board/{reference}")
    assert "Said to be done, not confirmed yet" in shown.text
    check = await teamwork.fills(office, reference, "said-done", was_done="yes")
    assert "Wyeford Council children's services (practitioner)" in check.text, "who is told that it counts"
    await teamwork.sends(office, check)
    async with office.database.read() as tx:
        case = await office.cases.read(tx, reference)
    assert case is not None
    assert case.claims[0].state is ClaimState.CONFIRMED


async def test_a_notice_that_nobody_can_get_is_on_the_list(office: Office) -> None:
    reference = await raised(office, agencies={"with": "education-safeguarding"})
    office.relay.refuses = True
    await office.settle()
    board = await office.get("/board")
    assert "Wyeford Council education safeguarding: not delivered (notice of the stage)" in board.text
    page = await office.get(f"/board/{reference}")
    assert "Not delivered" in page.text
    assert "the team to see to a notice that did not arrive at Wyeford Council education safeguarding" in page.text


async def test_a_reference_is_found_however_it_was_written_down(office: Office, reference: str) -> None:
    said = reference.lower().replace("-", " ")
    board = await office.get("/board")
    assert (await office.post("/board/find", token=board.token, reference=said)).path == f"/board/{reference}"
    wrong = await office.post("/board/find", token=board.token, reference="PD-27-0001-2")
    assert wrong.status == 422
    assert len(wrong.problems) == 1
    none = await office.get("/board/PD-27-0002-Y")
    assert none.status == 404


async def test_what_waits_for_the_timer_service_has_a_page_that_says_so(office: Office) -> None:
    office.timers = False
    reference = await raised(office)
    page = await office.get(f"/board/{reference}")
    assert "stored and not open yet" in page.text


async def test_a_closed_case_is_among_the_closed_ones(office: Office, reference: str) -> None:
    token = await answering.link(office, reference, NoticeKind.RECEIPT)
    page = await answering.enter(office, token)
    await office.post("/answer/agree", token=page.token, once="1", outcome="agreed_another_way")
    assert reference not in (await office.get("/board")).text
    assert reference in (await office.get("/board/closed")).text
    assert "Closed at stage 1: agreed another way." in (await office.get(f"/board/{reference}")).text


@pytest.mark.parametrize(
    ("base", "client", "headers"),
    [
        ("http://127.0.0.1:8000", "10.1.2.3", {}),
        ("http://escalations.example", "127.0.0.1", {}),
        ("http://127.0.0.1:8000", "127.0.0.1", {"x-forwarded-for": "10.1.2.3"}),
    ],
)
async def test_the_outbox_is_for_this_machine_alone_whoever_has_signed_in(
    office: Office, base: str, client: str, headers: dict[str, str]
) -> None:
    async with office.new_browser(base=base, client=client, signed_in=True) as browser:
        assert (await browser.get("/dev/outbox", headers=headers)).status_code == 404


async def test_the_outbox_shows_a_message_with_a_link_that_works(office: Office, reference: str) -> None:
    listed = await office.get("/dev/outbox")
    assert f"{reference}: please answer" in listed.text
    mail_id = re.findall(r'href="/dev/outbox/([0-9a-f]+)"', listed.html)
    pages = [await office.get(f"/dev/outbox/{found}") for found in mail_id]
    asked = next(page for page in pages if "please answer" in page.title)
    address = re.search(r'href="(http://127.0.0.1:8000/l/[^"]+)"', asked.html)
    assert address is not None
    assert (await office.get(address[1])).path == "/answer"
    html = await office.browser.get(asked.path + "/html")
    assert "unsafe-inline" in html.headers["content-security-policy"]
    assert "script" not in html.headers["content-security-policy"]
    assert (await office.get("/dev/outbox/none")).status == 404


async def test_a_case_whose_words_were_erased_is_still_there_to_see_for_everybody_who_could(
    office: Office, reference: str
) -> None:
    """Who had it done stands on the team's page, and nobody's words on any."""
    token = await answering.link(office, reference, NoticeKind.RECEIPT)
    page = await answering.enter(office, token, name="Noor Haverstock", role="Teacher")
    await office.post(
        "/answer/agree", token=page.token, once=page.value("once"), outcome="agreed_as_asked", agree_agency="all"
    )
    decided = erasures.Decided(EraseReason.REQUEST, "Asked for in writing.", "Perpetua Lisle")
    said: list[str] = []
    done = await erasures.erase(
        office.settings, reference, decided=decided, confirmed=lambda _: True, say=said.append, now=office.now
    )
    assert done, said
    seen = await office.get(f"/board/{reference}")
    assert seen.status == 200
    assert "had its words erased: somebody asked for it, and had a right to it" in seen.text
    assert CHILD not in seen.html
    left = await office.get("/answer")
    assert left.status == 200
    assert "Noor Haverstock" not in left.text, "the session went with the words"
    again = await answering.enter(office, token, name="Noor Haverstock", role="Teacher")
    assert CHILD not in again.html
