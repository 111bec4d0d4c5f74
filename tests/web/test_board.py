"""The board over HTTP (issue 4, item 2): parts, counts, filters in the address, and nothing of what a case is about."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event

from escalations.rules.notices import NoticeKind
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import CHILD, WORDS, raised

_TILE = r'site-counts__number">(\d+)</span> (?:<span class="site-counts__what">)?([^<,]+?)(?:, [^<]*)?</'
_TWICE = ("Waiting for us", "Not delivered, or nobody in post", "Not delivered")


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    return found


async def test_counts_lead_to_the_parts_of_the_board(office: Office, reference: str) -> None:
    held = await raised(office, "/enter")
    await office.settle()
    await office.until("2027-03-01 10:00")
    board = await office.get("/board")
    links = re.findall(r'<a class="site-counts__link" href="#(\w+)"', board.html)
    assert links == ["held", "week"]
    for found in links:
        assert board.html.count(f'id="{found}"') == 1
    assert "1 Held for the team" in board.text
    assert "1 This week" in board.text
    assert "0 Time limit passed" in board.text
    assert board.html.index(f'href="/board/{held}"') < board.html.index(f'href="/board/{reference}"')


async def test_the_headline_is_what_the_tiles_and_the_lists_add_up_to(office: Office, reference: str) -> None:
    await raised(office, "/enter")
    paused = await raised(office, agencies={"with": "police"})
    await office.settle()
    await teamwork.does(office, paused, "pause", reason="court", pause_text="A hearing, until about Friday.")
    for now in ("2027-03-01 10:00", "2027-03-02 17:30", "2027-03-10 10:00"):
        await office.until(now)
        board = await office.get("/board")
        assert "Open escalations (3) 1 of them is held for the team, 1 of them is paused." in board.text
        tiles = {title: int(count) for count, title in re.findall(_TILE, board.html)}
        assert sum(count for title, count in tiles.items() if title not in _TWICE) == 3
        for title, count in re.findall(r'<h2 [^>]*id="\w+">([^<]+?) \((\d+)\)</h2>', board.html):
            part = board.html[board.html.index(f">{title} ({count})") :]
            assert part[: part.index("</table>")].count('<th scope="row"') == tiles[title] == int(count)
    assert f"{paused} Paused" in (await office.get("/board")).text
    assert "Paused" in (await office.get(f"/board/{paused}")).text
    assert ">Open</strong>" not in (await office.get(f"/board/{paused}")).html


async def test_an_urgent_case_is_urgent_in_words_and_comes_first(office: Office, reference: str) -> None:
    urgent = await raised(office, safety={"urgent": "yes"})
    await office.settle()
    await office.until("2027-03-02 17:30")
    board = await office.get("/board")
    assert board.html.index(f'href="/board/{urgent}"') < board.html.index(f'href="/board/{reference}"')
    assert f"{urgent} Urgent" in board.text


async def test_a_case_that_is_about_to_move_up_says_when(office: Office, reference: str) -> None:
    await office.until("2027-03-03 10:00")
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_CHOOSE)
    page = await answering.enter(office, token, name="Ottoline Brack", role="Safeguarding lead")
    await office.post("/answer/move-up", token=page.token, once="1", move_text="No word for two days.")
    board = await office.get("/board")
    assert "Moves to stage 2 at 17:00 on Wednesday 3 March 2027" in board.text
    assert "Nothing" not in board.text.replace("Nothing on this page", "").replace("Nothing that you enter", "")


async def test_one_that_was_phoned_in_shows_when_it_really_began(office: Office, reference: str) -> None:
    await raised(office, "/enter")
    await office.settle()
    board = await office.get("/board")
    assert board.text.count("Began 8 Feb 2027") == 1, "and one raised by form shows when it was received"


async def test_the_filter_is_a_form_whose_address_says_what_was_chosen(office: Office, reference: str) -> None:
    other = await raised(office, agencies={"with": "police"})
    await office.settle()
    shown = await office.get("/board?agency=police&stage=&track=&waiting=")
    assert str(shown.answer.url).endswith("/board?agency=police")
    assert other in shown.text
    assert reference not in shown.text
    assert "1 of 2 fits what you chose." in shown.text
    assert '<option value="police" selected>' in shown.html
    both = await office.get("/board?agency=police&waiting=raising")
    assert other not in both.text
    assert "There is none." in both.text
    assert (await office.get("/board?stage=1&track=standard&waiting=responding")).text.count("Received 1 Mar 2027") == 2


async def test_an_address_with_a_name_in_it_is_answered_without_the_name(office: Office, reference: str) -> None:
    for path in ("/board", "/board/closed"):
        page = await office.get(f"{path}?agency=perpetua-zzyzx&track=Perpetua&child=Perpetua")
        assert page.status == 200
        assert "erpetua" not in page.html
        assert "It was left out." in page.text


async def test_a_part_that_is_long_is_folded_and_has_pages(office: Office) -> None:
    for _ in range(23):
        await raised(office)
    await office.settle()
    board = await office.get("/board")
    assert board.html.count('href="/board/PD-') == 20
    assert "Show all 23: this week" in board.text
    part = await office.get("/board?section=week")
    assert part.html.count('href="/board/PD-') == 23
    assert 'aria-current="page"' in part.html
    assert "Back to the whole list" in part.text
    assert (await office.get("/board?section=today")).text.count("There is none.") == 1


async def test_closed_cases_can_be_narrowed_and_paged(office: Office, reference: str) -> None:
    token = await answering.link(office, reference, NoticeKind.RECEIPT)
    page = await answering.enter(office, token)
    await office.post("/answer/agree", token=page.token, once="1", outcome="agreed_another_way")
    closed = await office.get("/board/closed?agency=&stage=1&track=")
    assert str(closed.answer.url).endswith("/board/closed?stage=1")
    assert "Agreed another way" in closed.text
    assert reference not in (await office.get("/board/closed?stage=2")).text
    assert "There is none that fits what you chose." in (await office.get("/board/closed?agency=police")).text


async def test_no_part_of_the_board_tells_what_a_case_is_about(office: Office, reference: str) -> None:
    await raised(office, "/enter")
    await office.settle()
    await office.until("2027-03-10 10:00")
    for path in ("/board", "/board?section=passed", "/board/closed"):
        page = await office.get(path)
        for told in (CHILD, WORDS, "Ottoline", "plan_not_followed", "child_protection"):
            assert told not in page.html


async def test_the_board_asks_no_more_of_the_database_for_many_cases_than_for_few(office: Office) -> None:
    asked: list[str] = []
    engines = (office.database._readers.sync_engine, office.database._engine.sync_engine)

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    async def opened() -> int:
        asked.clear()
        assert (await office.get("/board")).status == 200
        return len(asked)

    await raised(office)
    await office.settle()
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        few = await opened()
        for _ in range(9):
            await raised(office, agencies={"with": ["childrens-services", "police"]})
        await office.settle()
        assert await opened() == few
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("day", "note"),
    [
        ("2027-09-29 09:30", ""),
        ("2027-09-30 09:30", "The review of the policy is due on 31 December 2027, in 92 days."),
        ("2027-12-30 09:30", "The review of the policy is due on 31 December 2027, in 1 day."),
        ("2028-01-03 09:30", "The review of the policy was due on 31 December 2027."),
    ],
)
async def test_the_list_says_three_months_ahead_that_the_policy_is_to_be_reviewed(
    office: Office, day: str, note: str
) -> None:
    await office.until(day)
    page = await office.get("/board")
    assert ("The review of the policy" in page.text) is bool(note)
    assert note in page.text
