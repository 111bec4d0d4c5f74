"""The access matrix: everybody against every route, cell by cell.

Source: the rules of practice, "Who sees what, and when"; issue 4, "Show". The table is written by hand; the routes are
taken from the application itself, so a route without its row fails the first test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from escalations.rules.access import Role
from escalations.rules.notices import NoticeKind
from tests.web import answering
from tests.web.conftest import Office
from tests.web.forms_filled import raised

EVERYBODY = {"signed out", "team", "reviewer", "administrator", "link"}
NOBODY: set[str] = set()
TEAM, ADMINISTRATOR = {"team"}, {"administrator"}

STEP = "you"
OPENS: dict[str, set[str]] = {
    # For everybody.
    "GET /": EVERYBODY,
    "GET /policy": EVERYBODY,
    "GET /policy/ladder.svg": EVERYBODY,
    "GET /policy/second_opinion.py": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /sign-in": EVERYBODY,
    "POST /sign-in": EVERYBODY,
    "GET /sign-in/sent": EVERYBODY,
    "GET /sign-in/open": EVERYBODY,
    "POST /sign-in/open": EVERYBODY,
    "GET /s/{token}": EVERYBODY,
    "GET /sign-out": EVERYBODY,
    "POST /sign-out": EVERYBODY,
    # The form to raise one.
    **{f"{method} /raise{path}": EVERYBODY for method, path in (
        ("GET", ""), ("POST", ""), ("GET", "/refer"), ("GET", "/check"), ("POST", "/check"), ("GET", "/receipt"),
        ("GET", "/clear"), ("POST", "/clear"),
        ("GET", "/people"), ("POST", "/people"), ("GET", "/people/{place}"), ("POST", "/people/{place}"),
        ("GET", "/{step}"), ("POST", "/{step}"),
    )},
    # The pages of a link ask for it, and for a code: they open for whoever has it, signed in or not.
    "GET /l/{token}": EVERYBODY,
    "GET /answer": {"link"},
    "POST /answer/send-code": {"link"},
    "GET /answer/code": {"link"},
    "POST /answer/code": {"link"},
    "GET /answer/outcome/{submission_id}": {"link"},
    "POST /answer/{doing}": {"link"},
    "GET /answer/leave": {"link"},
    "POST /answer/leave": EVERYBODY,
    # The team.
    "GET /board": TEAM,
    "GET /board/closed": TEAM,
    "POST /board/find": TEAM,
    "GET /messages": TEAM,
    "GET /messages/{mail_id}": TEAM,
    "POST /messages/{mail_id}/pass": TEAM,
    "POST /messages/{mail_id}/not-for-us": TEAM,
    "POST /messages/{mail_id}/undelivered": TEAM,
    "GET /redate": TEAM,
    "POST /redate": TEAM,
    "GET /redate/{press}": TEAM,
    "GET /board/{reference}": TEAM,
    "GET /board/{reference}/outcome/{submission_id}": TEAM,
    "POST /board/{reference}/{doing}": TEAM,
    "GET /board/{reference}/{doing}": TEAM,
    **{f"{method} /enter{path}": TEAM for method, path in (
        ("GET", ""), ("POST", ""), ("GET", "/refer"), ("GET", "/check"), ("POST", "/check"), ("GET", "/receipt"),
        ("GET", "/clear"), ("POST", "/clear"),
        ("GET", "/people"), ("POST", "/people"), ("GET", "/people/{place}"), ("POST", "/people/{place}"),
        ("GET", "/{step}"), ("POST", "/{step}"),
    )},
    # Administrators.
    "GET /people": ADMINISTRATOR,
    "GET /people/add": ADMINISTRATOR,
    "POST /people/add": ADMINISTRATOR,
    "GET /people/{person_id}": ADMINISTRATOR,
    "POST /people/{person_id}/roles": ADMINISTRATOR,
    "POST /people/{person_id}/end": ADMINISTRATOR,
    "GET /reads": ADMINISTRATOR,
    "POST /reads": ADMINISTRATOR,
    "GET /reads/{reference}": ADMINISTRATOR,
    # Whoever keeps the directory.
    **{f"{method} /directory{path}": TEAM | ADMINISTRATOR for method, path in (
        ("GET", ""), ("POST", "/find"), ("GET", "/to-tell"), ("GET", "/import"), ("POST", "/import"),
        ("GET", "/export.csv"), ("GET", "/new"), ("POST", "/new"), ("GET", "/agencies/{agency_id}"),
        ("GET", "/agencies/{agency_id}/change"), ("POST", "/agencies/{agency_id}/change"),
        ("GET", "/agencies/{agency_id}/notices"), ("POST", "/agencies/{agency_id}/notices"),
        ("GET", "/agencies/{agency_id}/end"), ("POST", "/agencies/{agency_id}/end"),
        ("GET", "/agencies/{agency_id}/appoint"), ("POST", "/agencies/{agency_id}/appoint"),
        ("GET", "/agencies/{agency_id}/holdings/{holding_id}/end"),
        ("POST", "/agencies/{agency_id}/holdings/{holding_id}/end"),
    )},
    "GET /review": {"team", "reviewer"},
    "GET /review/{year}/{file}": {"team", "reviewer"},
    # At this machine alone, whoever it is; from elsewhere, as here, there is no such page.
    "GET /metrics": NOBODY,
    "GET /dev/outbox": NOBODY,
    "GET /dev/outbox/{mail_id}": NOBODY,
    "GET /dev/outbox/{mail_id}/html": NOBODY,
}  # fmt: skip
THIS_MACHINE = {row for row, opens in OPENS.items() if not opens}
NO_LINK = ("Please open the link in your message", "Please open the link in your message again")
OF_A_LINK = {row for row in OPENS if " /answer" in row}


def routes(app: FastAPI) -> Iterator[str]:
    """Give every route of an application, those of included routers too: "GET /board"."""

    def below(found: BaseRoute) -> Iterator[APIRoute]:
        if isinstance(found, APIRoute):
            yield found
        router = getattr(found, "original_router", None)
        for route in router.routes if router is not None else ():
            yield from below(route)

    for found in app.routes:
        for route in below(found):
            for method in sorted(set(route.methods or ()) - {"HEAD"}):
                yield f"{method} {route.path}"


def test_every_route_has_its_row_and_every_row_its_route(office: Office) -> None:
    assert set(routes(office.app)) == set(OPENS)


def test_a_route_without_its_row_is_found(office: Office) -> None:
    known = set(routes(office.app))
    office.app.add_api_route("/new", lambda: None, methods=["GET", "HEAD"])
    assert set(routes(office.app)) - known == {"GET /new"}


@pytest.fixture
async def reference(office: Office) -> str:
    """Give a case that is open."""
    found = await raised(office)
    await office.settle()
    return found


async def _arrives(office: Office, who: str, reference: str) -> httpx.AsyncClient:
    """Give the browser of one of them, from elsewhere: being at this machine opens nothing here."""
    browser = office.new_browser(client="10.1.2.3")
    if who in set(Role):
        await office.sign_in(Role(who), browser=browser)
    if who == "link":
        browser.cookies.set("link", await answering.link(office, reference, NoticeKind.ASKED))
    return browser


@pytest.mark.parametrize("who", sorted(EVERYBODY))
async def test_each_cell(office: Office, reference: str, who: str) -> None:
    values = {
        "reference": reference,
        "step": STEP,
        "place": "1",
        "doing": "phone-call",
        "submission_id": "00000000-0000-0000-0000-000000000000",
        "person_id": "0" * 32,
        "mail_id": "0" * 32,
        "agency_id": "police",
        "holding_id": "0" * 32,
        "token": "none",
        "year": "2026",
        "file": "measures.csv",
        "press": "abcdefgh1234",
    }
    wrong = []
    for row, opens in OPENS.items():
        method, _, template = row.partition(" ")
        path = re.sub(r"\{(\w+)\}", lambda found: values[found[1]], template.replace("answer/{doing}", "answer/agree"))
        async with await _arrives(office, who, reference) as browser:
            shown = await browser.get("/raise")
            token = re.search(r'name="token" value="([0-9a-f]+)"', shown.text)
            assert token is not None
            answer = await browser.request(method, path, data={"token": token[1]} if method == "POST" else None)
        if _let_in(row, answer) != (who in opens):
            wrong.append((who, row, answer.status_code, answer.headers.get("location")))
    assert wrong == []


def _let_in(row: str, answer: httpx.Response) -> bool:
    """Whether the page itself answered, rather than the guard before it."""
    if row in THIS_MACHINE:
        return answer.status_code != 404
    if row in OF_A_LINK:
        return not any(f"{said}</h1>" in answer.text for said in NO_LINK) or answer.status_code == 409
    sent_to_sign_in = answer.status_code == 303 and answer.headers["location"] == "/sign-in"
    turned_away = answer.status_code == 403 and (
        "This page is for another role" in answer.text or "You are not signed in any more" in answer.text
    )
    assert answer.status_code < 500 or row == "GET /readyz", row  # which says what is not there
    return not (sent_to_sign_in or turned_away)


async def test_whoever_has_another_role_is_told_which_it_needs_and_whom_to_ask(office: Office) -> None:
    async with await office.sign_in(Role.REVIEWER) as browser:
        page = await office.get("/board", browser=browser)
    assert page.status == 403
    assert "It is for the role “partnership team”, and you are signed in as “reviewer”" in page.text
    assert "ask an administrator" in page.text


async def test_the_menu_shows_what_is_for_the_viewer_and_each_of_it_opens(office: Office) -> None:
    for role in Role:
        async with await office.sign_in(role) as browser:
            home = await office.get("/", browser=browser)
            menu = re.search(r'<nav class="site-nav".*?</ul>', home.html, flags=re.DOTALL)
            assert menu is not None
            for href in re.findall(r'href="([^"]+)"', menu[0]):
                assert (await browser.get(href)).status_code == 200, (role, href)
            assert ("/board" in menu[0]) == (role is Role.TEAM)
            assert ("/people" in menu[0]) == (role is Role.ADMINISTRATOR)


async def test_who_is_not_signed_in_sees_no_menu_and_the_way_to_sign_in(office: Office) -> None:
    async with office.new_browser() as browser:
        home = await office.get("/", browser=browser)
    assert "site-nav" not in home.html
    assert 'href="/sign-in"' in home.html


async def test_at_this_machine_the_outbox_is_open_to_everybody(office: Office) -> None:
    async with office.new_browser() as browser:
        assert (await browser.get("/dev/outbox")).status_code == 200
