"""Signing in by emailed link, seen from a browser (issue 4, item 3; the design, "Web")."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import quote

import httpx
import pytest
import structlog
from sqlalchemy import select
from starlette.types import Message, Receive, Scope, Send
from typing_extensions import override

from escalations import telemetry
from escalations.mail.relay import Sent
from escalations.rules.access import Role
from escalations.settings import Settings
from escalations.store import people, sign_ins, tables
from escalations.web import auth
from tests.web.conftest import OFFICE, Office, Page, Post
from tests.web.forms_filled import CHILD, WORDS, raised


async def ask(office: Office, browser: httpx.AsyncClient, address: str = OFFICE) -> Page:
    return await office.press("/sign-in", browser=browser, address=address)


async def link(office: Office) -> str:
    """Give the path of the newest link to sign in that was mailed."""
    mails = [mail for mail in await office.mails() if "Your link to sign in" in mail]
    found = re.search(r"http://127\.0\.0\.1:8000(/s/[a-z2-7]{32})\b", mails[-1])
    assert found is not None, mails[-1]
    return found[1]


async def sign_in(office: Office, browser: httpx.AsyncClient) -> Page:
    await ask(office, browser)
    shown = await office.get(await link(office), browser=browser)
    assert shown.path == "/sign-in/open"
    return await office.post("/sign-in/open", browser=browser, token=shown.token)


async def test_a_link_that_is_mailed_lets_its_reader_in(office: Office) -> None:
    async with office.new_browser() as browser:
        board = await sign_in(office, browser)
        assert board.path == "/board"
        assert "Signed in: Robin Sayle" in board.text


async def test_the_answer_is_the_same_whether_an_address_is_known_or_not(office: Office) -> None:
    answers = []
    for address in (OFFICE, "nobody@partnership.example"):
        async with office.new_browser() as browser:
            token = (await office.get("/sign-in", browser=browser)).token
            answer = await browser.post("/sign-in", data={"token": token, "address": address})
            shown = await office.get("/sign-in/sent", browser=browser)
            answers.append((answer.status_code, answer.text, sorted(answer.headers.items()), shown.text))
    assert answers[0] == answers[1]
    assert len([mail for mail in await office.mails() if "sign in" in mail]) == 1


async def test_the_message_names_nobody_and_no_case(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    async with office.new_browser() as browser:
        await ask(office, browser)
    mail = (await office.mails())[-1]
    assert "Your link to sign in" in mail
    for told in ("Robin", "Sayle", OFFICE, reference, CHILD, WORDS):
        assert told not in mail
    assert "999" in mail


@pytest.mark.parametrize("address", ["", "nobody", "two words@partnership.example", "a" * 300 + "@partnership.example"])
async def test_what_is_no_address_gets_a_sentence_and_stays_typed(office: Office, address: str) -> None:
    async with office.new_browser() as browser:
        page = await ask(office, browser, address)
    assert page.status == 422
    assert len(page.problems) == 1
    assert page.value("address") == address


async def test_opening_a_link_any_number_of_times_uses_nothing_up(office: Office) -> None:
    async with office.new_browser() as browser, office.new_browser() as scanner:
        await ask(office, browser)
        path = await link(office)
        for method in ("GET", "HEAD", "GET"):
            answer = await scanner.request(method, path, follow_redirects=True)
            assert answer.status_code in {200, 405}
            assert (await scanner.get("/sign-in/open")).status_code == 200
        shown = await office.get(path, browser=browser)
        assert (await office.post("/sign-in/open", browser=browser, token=shown.token)).path == "/board"


async def test_the_token_leaves_the_address_bar_at_once(office: Office) -> None:
    async with office.new_browser() as browser:
        await ask(office, browser)
        path = await link(office)
        answer = await browser.get(path)
        token = path.rpartition("/")[2]
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in/open"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert token not in (await browser.get("/sign-in/open")).text


async def test_a_link_works_once_and_then_says_so(office: Office) -> None:
    async with office.new_browser() as browser:
        await sign_in(office, browser)
    async with office.new_browser() as other:
        again = await office.get(await link(office), browser=other)
        assert again.status == 410
        assert "This link has been used" in again.text


async def test_an_old_link_and_an_unknown_one_say_what_to_do(office: Office) -> None:
    async with office.new_browser() as browser:
        await ask(office, browser)
        shown = await office.get(await link(office), browser=browser)
        office.time += timedelta(minutes=31)
        late = await office.post("/sign-in/open", browser=browser, token=shown.token)
        assert late.status == 410
        assert "This link is old" in late.text
        unknown = await office.get("/s/none", browser=browser)
        assert unknown.status == 404
        assert "Ask for a link" in unknown.text


async def test_no_more_links_than_the_page_says_go_to_one_address(office: Office) -> None:
    async with office.new_browser() as browser:
        pages = [await ask(office, browser) for _ in range(sign_ins.LINKS_WHILE_GOOD + 2)]
        assert "We send at most 5 links in half an hour to one address" in pages[-1].text
    assert len(await office.mails()) == sign_ins.LINKS_WHILE_GOOD


async def test_with_the_database_away_nobody_is_told_that_a_link_is_on_its_way(office: Office) -> None:
    async with office.new_browser() as browser:
        token = (await office.get("/sign-in", browser=browser)).token
        office.database.away = True
        for address in (OFFICE, "nobody@partnership.example"):
            answer = await browser.post("/sign-in", data={"token": token, "address": address})
            assert answer.status_code == 503


async def test_a_relay_that_takes_nothing_is_logged_without_an_address_and_told_to_nobody(office: Office) -> None:
    telemetry.configure(Settings(log_level="WARNING"), strict=True)
    office.relay.refuses = True
    async with office.new_browser() as browser:
        with structlog.testing.capture_logs() as lines:
            page = await ask(office, browser)
    assert page.path == "/sign-in/sent"
    (line,) = [line for line in lines if line["event"] == "sign_in_link_not_sent"]
    assert OFFICE not in repr(line)
    assert "Robin" not in repr(line)


# ---- The session ----------------------------------------------------------------------------------------------------


async def test_the_sessions_cookie_is_out_of_reach(office: Office) -> None:
    async with office.new_browser() as browser:
        await ask(office, browser)
        shown = await office.get(await link(office), browser=browser)
        answer = await browser.post("/sign-in/open", data={"token": shown.token})
    cookie = next(
        value for name, value in answer.headers.multi_items() if name == "set-cookie" and auth.COOKIE + "=" in value
    )
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert f"Max-Age={8 * 3600}" in cookie


async def test_signing_out_ends_the_session_itself(office: Office) -> None:
    async with office.new_browser() as browser:
        board = await sign_in(office, browser)
        cookie = browser.cookies[auth.COOKIE]
        out = await office.post("/sign-out", browser=browser, token=board.token)
        assert "You are signed out" in out.text
        assert "Signed in" not in out.text
        browser.cookies.set(auth.COOKIE, cookie)
        assert (await browser.get("/board")).headers["location"] == "/sign-in"


async def test_signing_out_needs_the_token_of_a_page(office: Office) -> None:
    async with office.new_browser() as browser:
        await sign_in(office, browser)
        page = Page(await browser.post("/sign-out", data={"token": "made-up"}))
        assert page.status == 403
        assert (await browser.get("/board")).status_code == 200
        assert "You are signed out" in (await office.press("/sign-out", browser=browser)).text


async def test_a_session_ends_by_itself(office: Office) -> None:
    async with await office.sign_in(Role.TEAM) as browser:
        office.time += timedelta(hours=1, minutes=50)
        assert (await browser.get("/board")).status_code == 200
        office.time += timedelta(hours=1, minutes=50)
        assert (await browser.get("/board")).status_code == 200
        office.time += timedelta(hours=2, minutes=1)
        assert (await browser.get("/board")).status_code == 303


async def test_ending_access_counts_at_the_next_page(office: Office) -> None:
    async with await office.sign_in(Role.TEAM) as browser:
        assert (await browser.get("/board")).status_code == 200
        async with office.database.write() as tx:
            (person,) = [one for one in await people.listed(tx, office.vault) if one.name == "Perpetua Lisle"]
            await people.change_roles(tx, person.person_id, (Role.REVIEWER,), now=office.now(), by=None)
        assert (await browser.get("/board")).status_code == 403
        async with office.database.write() as tx:
            await people.end(tx, person.person_id, now=office.now(), by=None)
        assert (await browser.get("/board")).status_code == 303


async def test_with_the_database_away_pages_for_everybody_are_served_and_others_say_so(office: Office) -> None:
    async with await office.sign_in(Role.TEAM) as browser:
        office.database.away = True
        assert (await browser.get("/")).status_code == 200
        answer = await browser.get("/board")
        assert answer.status_code == 503


async def test_signing_in_and_out_are_written_down(office: Office) -> None:
    async with office.new_browser() as browser:
        page = await sign_in(office, browser)
        await office.post("/sign-out", browser=browser, token=page.token)
    log = tables.ACCESS_LOG
    async with office.database.read() as tx:
        person = await people.find(tx, office.vault, OFFICE)
        rows = (await tx.execute(select(log).where(log.c.what.in_(["signed_in", "signed_out"])))).all()
    assert person is not None
    assert {(row.what, row.person_id) for row in rows} == {
        ("signed_in", person.person_id),
        ("signed_out", person.person_id),
    }


# ---- Where somebody was going ---------------------------------------------------------------------------------------


async def test_whoever_was_sent_to_sign_in_comes_back_to_where_they_were_going(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    async with office.new_browser() as browser:
        away = await browser.get(f"/board/{reference}")
        assert away.headers["location"] == "/sign-in"
        assert (await sign_in(office, browser)).path == f"/board/{reference}"
        assert auth.ONWARD not in browser.cookies


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/a\r\nset-cookie: x=1", ""],
)
async def test_nobody_is_led_to_another_site(office: Office, elsewhere: str) -> None:
    async with office.new_browser() as browser:
        browser.cookies.set(auth.ONWARD, quote(elsewhere))
        assert (await sign_in(office, browser)).path == "/board"


async def test_what_was_typed_is_given_back_when_the_session_is_over(office: Office) -> None:
    reference = await raised(office, "/enter")
    await office.settle()
    async with await office.sign_in(Role.TEAM) as browser:
        page = await office.get(f"/board/{reference}", browser=browser)
        office.time += timedelta(hours=3)
        late = await office.post(
            f"/board/{reference}/phone-call",
            browser=browser,
            token=page.token,
            reached="yes",
            phone_text="The duty desk rings back at four.",
        )
    assert late.status == 403
    assert "Nothing was sent and nothing was changed" in late.text
    assert "The duty desk rings back at four." in late.text
    assert "The duty desk" not in (await office.get(f"/board/{reference}")).text


async def test_the_link_of_a_notice_to_the_team_leads_through_the_sign_in(office: Office) -> None:
    reference = await raised(office, "/enter")
    await office.settle()
    mail = next(mail for mail in await office.mails() if reference in mail)
    found = re.search(r"http://127\.0\.0\.1:8000(/l/[a-z2-7]+)", mail)
    assert found is not None
    async with office.new_browser() as browser:
        assert (await office.get(found[1], browser=browser)).path == "/sign-in"
        assert (await sign_in(office, browser)).path == f"/board/{reference}"


# ---- A first look ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def samples(office: Office) -> Office:
    """An office in which nobody but invented people may sign in."""
    async with office.database.write() as tx:
        for address, name, role in people.SAMPLES:
            await people.add(
                tx, office.vault, address=address, name=name, roles=(role,), now=office.now(), by=None, sample=True
            )
    return office


async def test_a_newcomer_is_in_with_two_clicks(samples: Office) -> None:
    async with samples.new_browser() as browser:
        page = await samples.get("/sign-in", browser=browser)
        assert "Send a link to the sample team member" in page.text
        shown = await samples.post("/sign-in", browser=browser, token=page.token, address="team@partnership.example")
        assert shown.path == "/sign-in/open"
        board = await samples.post("/sign-in/open", browser=browser, token=shown.token)
        assert board.path == "/board"
    assert "Your link to sign in" in (await samples.mails())[-1]


async def test_from_elsewhere_nobody_is_offered_and_a_sample_gets_the_answer_of_everybody(samples: Office) -> None:
    async with samples.new_browser(client="10.1.2.3") as browser:
        page = await samples.get("/sign-in", browser=browser)
        assert "sample" not in page.text.lower().replace("sample safeguarding partnership", "").replace("(sample)", "")
        sent = await samples.post("/sign-in", browser=browser, token=page.token, address="team@partnership.example")
        assert sent.path == "/sign-in/sent"
        assert "/dev/outbox" not in sent.html
        assert (await browser.get("/sign-in/open")).status_code == 404


async def test_in_a_live_installation_invented_people_are_not_let_in(samples: Office) -> None:
    app = samples.make_app(live=True)
    async with samples.new_browser(app) as browser:
        async with samples.database.write() as tx:
            person = await people.find(tx, samples.vault, "team@partnership.example")
            assert person is not None
            browser.cookies.set(auth.COOKIE, await sign_ins.start(tx, person.person_id, now=samples.now()))
        assert (await browser.get("/board")).status_code == 303
        token = re.search(r'name="token" value="([0-9a-f]+)"', (await browser.get("/sign-in")).text)
        assert token is not None
        await browser.post("/sign-in", data={"token": token[1], "address": "team@partnership.example"})
    assert await samples.mails() == []


class NotingPost(Post):
    """A relay that notes when it is asked."""

    order: list[str]

    @override
    async def send(self, message: EmailMessage, *, to: str) -> Sent:
        self.order.append("mail")
        return await super().send(message, to=to)


async def test_the_answer_leaves_before_the_message_so_that_its_time_tells_nothing(office: Office) -> None:
    office.relay = NotingPost(office.database, office.now)
    office.relay.order = order = []
    app = office.make_app()

    async def noted(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            order.append(message["type"])
            await send(message)

        await app(scope, receive, sent)

    async with office.new_browser(noted) as browser:  # type: ignore[arg-type]  # an application around ours
        token = (await office.get("/sign-in", browser=browser)).token
        order.clear()
        await browser.post("/sign-in", data={"token": token, "address": OFFICE})
    assert order.index("http.response.body") < order.index("mail")
