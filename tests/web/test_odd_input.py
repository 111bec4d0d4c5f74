"""Whatever somebody types, presses twice, or has switched off: nothing lost, and a sentence that says what to do."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from typing_extensions import override

from escalations.rules.notices import NoticeKind
from tests.web import answering
from tests.web.conftest import Office, Page
from tests.web.forms_filled import CHILD, DIFFERENCE, PERSON, TRIED, YOU, fill, raised

ODD = [
    "Siân O’Hara-Ní Bhriain",
    'D\'Arcy "Bob" <script>alert(1)</script>',
    "محمد بن علي",
    "עומר Ωmega",
    "👩‍👧‍👦 and 🏳️‍🌈",
    "Zoë\u0308\u0301",
    "{{ 7 * 7 }} %s %(x)s ${x}",
    "'; DROP TABLE drafts; --",
]


@pytest.mark.parametrize("name", ODD)
async def test_a_name_comes_back_as_it_was_typed(office: Office, name: str) -> None:
    check = await fill(office, you={"name": name}, people_1={"person_name": name}, difference={"problem": name})
    assert "Check your answers" in check.text
    assert check.text.count(name) == 3
    assert "<script" not in check.html
    assert (await office.get("/raise/you")).value("name") == name
    reference = await raised(office, you={"name": name}, people_1={"person_name": name})
    await office.settle()
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED), name=name)
    assert page.text.count(name) >= 2


@pytest.mark.parametrize("hidden", ["\0", "\x1b[31m", "\x7f", "\u202e", "\u2066", "\x08"])
async def test_what_cannot_be_seen_is_taken_out_and_the_rest_stays(office: Office, hidden: str) -> None:
    check = await fill(office, you={"name": f"Ottoline{hidden} Brack"}, difference={"problem": f"No{hidden} visit"})
    assert "Ottoline Brack" in check.text.replace("[31m", "")
    assert hidden not in check.html
    reference = await raised(office, you={"name": f"Ottoline{hidden} Brack"})
    await office.settle()
    await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED), name=f"T{hidden}amsin")


@pytest.mark.parametrize("step", ["you", "agencies", "subject", "people/1", "difference", "tried", "safety"])
@pytest.mark.parametrize("value", ["x" * 20_000, "\0", "🏳️‍🌈" * 500, "²", "٣", "-1", "9" * 400])
async def test_no_field_of_the_form_breaks_a_page(office: Office, step: str, value: str) -> None:
    page = await fill(office, until=step)
    names = {name for name in _names(page) if name not in {"token", "do"}}
    answer = await office.browser.post(
        f"/raise/{step}", data={"token": str(page.token), **dict.fromkeys(names, value)}, follow_redirects=True
    )
    assert answer.status_code in {200, 422}
    again = Page(answer)
    assert again.answer.status_code == 200 or again.problems


def _names(page: Page) -> set[str]:
    return {part.split('"')[0] for part in page.html.split(' name="')[1:] if part.split('"')[0] != "viewport"}


@pytest.mark.parametrize("doing", ["acknowledge", "answer", "say-done"])
@pytest.mark.parametrize("value", ["x" * 20_000, "\0", "٣", "31"])
async def test_no_field_of_a_link_breaks_a_page(office: Office, doing: str, value: str) -> None:
    reference = await raised(office)
    await office.settle()
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    keep = {"token", "link", "once", "seen-stage"}
    typed: dict[str, Any] = dict.fromkeys(_names(page) - keep, value)
    answer = await office.post(f"/answer/{doing}", token=page.token, **typed)
    assert answer.status in {200, 422}


@pytest.mark.parametrize(("day", "month", "year"), [("31", "2", "2027"), ("0", "1", "2027"), ("29", "2", "2026")])
async def test_a_date_that_never_was_is_said_to_be_none_on_a_link_too(
    office: Office, day: str, month: str, year: str
) -> None:
    reference = await raised(office)
    await office.settle()
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.ASKED))
    when: dict[str, Any] = {"done_at_day": day, "done_at_month": month, "done_at_year": year, "done_at_time": "noon"}
    wrong = await office.post("/answer/say-done", token=page.token, done="met", done_text="We met.", **when)
    assert "must be a real date" in wrong.problems[0]
    assert (wrong.value("done-at-day"), wrong.value("done-text")) == (day, "We met.")
    assert '<details class="govuk-details site-folded" open>' in wrong.html, (
        "what is to be put right is not folded away"
    )


# ---- Cookies ---------------------------------------------------------------------------------------------------------


class _Forgetful(httpx.AsyncBaseTransport):
    """A browser that keeps no cookies."""

    def __init__(self, office: Office) -> None:
        self._inner = httpx.ASGITransport(app=office.app, client=("127.0.0.1", 1), raise_app_exceptions=False)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        answer.headers = httpx.Headers([item for item in answer.headers.multi_items() if item[0] != "set-cookie"])
        return answer


async def test_without_cookies_nothing_is_lost_and_the_page_says_what_to_do(office: Office) -> None:
    async with httpx.AsyncClient(transport=_Forgetful(office), base_url="http://127.0.0.1:8000") as browser:
        page = await office.get("/raise/tried", browser=browser)
        stale = await office.post("/raise/tried", token=page.token, browser=browser, **TRIED)
        assert stale.status == 403
        assert "your browser keeps no cookies from this site: allow them, or phone" in stale.problems[0]
        assert stale.value("tried") == TRIED["tried"]
        reference = await raised(office)
        await office.settle()
        token = await answering.link(office, reference, NoticeKind.ASKED)
        shown = await answering.open_link(office, token, browser=browser)
        assert "your browser keeps no cookies from this site" in shown.text


@pytest.mark.parametrize(
    "path", ["/board/find", "/board/{}/pause", "/directory/import", "/directory/agencies/police/notices"]
)
async def test_a_page_of_the_team_says_as_well_what_to_do_where_no_cookie_came(office: Office, path: str) -> None:
    reference = await raised(office)
    await office.settle()
    office.browser.cookies.delete("visitor")
    stale = await office.post(path.format(reference), token="0" * 64)
    assert "your browser keeps no cookies from this site: allow them, or phone" in stale.text


async def test_a_browser_that_was_closed_in_the_middle_goes_on_at_the_second_press(office: Office) -> None:
    page = await fill(office, until="tried")
    office.browser.cookies.delete("visitor")
    stale = await office.post("/raise/tried", token=page.token, **TRIED)
    assert stale.status == 403
    assert stale.value("tried") == TRIED["tried"]
    assert (await office.post("/raise/tried", token=stale.token, **TRIED)).path == "/raise/safety"


# ---- Two tabs, back, and twice ---------------------------------------------------------------------------------------


async def test_a_person_typed_in_one_tab_stays_though_others_were_taken_away_in_another(office: Office) -> None:
    await fill(office, until="difference")
    await office.press("/raise/people/2", **{**PERSON, "person_name": "A sister"})
    tab = await office.get("/raise/people/3")
    await office.press("/raise/people", do="remove-2")
    await office.press("/raise/people", do="remove-1")
    kept = await office.post("/raise/people/3", token=tab.token, **{**PERSON, "person_name": "A brother"})
    assert kept.path == "/raise/people"
    assert "A brother" in kept.text


async def test_a_page_with_something_to_put_right_is_one_that_back_can_come_to(office: Office) -> None:
    page = await fill(office, until="tried")
    sent = await office.browser.post("/raise/tried", data={"token": str(page.token), "tried": ""})
    assert (sent.status_code, sent.headers["location"]) == (303, "/raise/tried?again=1")
    wrong = await office.get(sent.headers["location"])
    assert wrong.problems[0] == "Say what has been tried so far, or write “nothing yet”"
    assert (await office.get("/raise/tried")).problems == []
    person = await office.browser.post("/raise/people/2", data={"token": str(page.token), "person-name": CHILD})
    assert person.headers["location"] == "/raise/people/2?again=1"
    assert (await office.get("/raise/people/2?again=1")).problems[0] == "Choose who this is"


async def test_a_page_gone_back_to_after_sending_begins_nothing_by_itself(office: Office) -> None:
    check = await fill(office)
    await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    back = await office.post("/raise/difference", token=check.token, **DIFFERENCE)
    assert "PD-27-0001" not in back.text
    again = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    assert "one escalation and not two" in again.text


async def test_whoever_began_one_is_told_before_beginning_another(office: Office) -> None:
    await fill(office, until="difference")
    start = await office.get("/raise")
    assert "You have begun an escalation in this browser" in start.text
    assert CHILD not in start.text


async def test_the_last_person_of_the_form_is_the_twelfth(office: Office) -> None:
    await fill(office, until="difference")
    full = await office.get("/raise/people")
    for place in range(2, 14):
        full = await office.post(
            f"/raise/people/{place}",
            token=(await office.get("/raise/you")).token,
            **{**PERSON, "person_name": f"Child {place}"},
        )
    listed = await office.get("/raise/people")
    assert "You have added 12 people" in listed.text
    assert "Child 12" in listed.text
    assert full.problems == ["There is room for 12 people. Please name further ones where you say what the problem is."]
    assert full.value("person-name") == "Child 13", "what was typed last is not thrown away"
    assert (await office.get("/raise/you")).value("name") == YOU["name"]
