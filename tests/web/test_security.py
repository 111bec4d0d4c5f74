"""Headers, cookies, forms, the access log, and what a crash shows (the design, "Web" and "Privacy and trust")."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from fastapi.routing import APIRoute
from starlette.responses import Response

from escalations.store import heartbeats
from escalations.store.heartbeats import Part
from escalations.web import security
from tests.web import answering
from tests.web.conftest import Office
from tests.web.forms_filled import CHILD, fill, raised

PAGES = [
    "/",
    "/raise",
    "/raise/refer",
    "/raise/you",
    "/raise/check",
    "/answer",
    "/l/none",
    "/board",
    "/dev/outbox",
    "/healthz",
    "/readyz",
    "/metrics",
    "/nowhere",
    "/static/none.css",
]


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_has_the_headers(office: Office, path: str) -> None:
    answer = await office.browser.get(path)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(office: Office) -> None:
    answer = await office.browser.get("/raise")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


async def test_over_https_cookies_are_secure_and_bound_to_the_host(office: Office) -> None:
    office.settings = office.settings.model_copy(update={"public_url": "https://escalations.example"})
    async with office.new_browser(office.make_app(), base="https://escalations.example") as browser:
        answer = await browser.get("/raise")
    assert answer.headers["set-cookie"].startswith("__Host-visitor=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


async def test_no_form_is_taken_without_its_token(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    for path in ("/raise", "/raise/you", "/raise/check", f"/board/{reference}/phone-call", "/enter"):
        answer = await office.browser.post(path, data={"token": "", "reached": "yes", "answers": "{}"})
        assert answer.status_code in {303, 403, 422}, path
        assert "/receipt" not in answer.headers.get("location", "")
    assert "phoned" not in (await office.get(f"/board/{reference}")).text


async def test_the_token_of_another_visitor_is_not_taken(office: Office) -> None:
    async with office.new_browser() as other:
        stolen = (await office.get("/raise", browser=other)).token
    await office.get("/raise")
    page = await office.post("/raise", token=stolen, referred="yes")
    assert page.status == 422
    assert "open for too long" in page.text


async def test_a_form_from_another_site_is_not_taken(office: Office) -> None:
    token = (await office.get("/raise")).token
    answer = await office.browser.post(
        "/raise", data={"token": token, "referred": "yes"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403


async def test_every_route_that_is_not_a_post_only_reads(office: Office) -> None:
    included = [getattr(found, "original_router", None) for found in office.app.routes]
    routes = [route for router in included if router is not None for route in router.routes]
    routes = [route for route in (*routes, *office.app.routes) if isinstance(route, APIRoute)]
    for route in routes:
        methods = set(route.methods or ())
        assert methods <= {"GET", "HEAD"} or methods == {"POST"}, route.path
    assert len(routes) > 20


async def test_the_access_log_holds_templates_of_routes_and_nothing_of_a_person(office: Office) -> None:
    lines: list[tuple[str, str, int]] = []
    async with office.new_browser(office.make_app(access_log=lambda *line: lines.append(line))) as office.browser:
        await fill(office)
        reference = await raised(office)
        await office.settle()
        await answering.open_link(office, "abcdefghijklmnop")
        await office.get(f"/board/{reference}")
    written = repr(lines)
    assert len(lines) > 20
    assert "/l/{token}" in written
    assert "/board/{reference}" in written
    for told in ("abcdefghijklmnop", CHILD, "Ottoline", "oaklane.example"):
        assert told not in written


async def test_a_body_that_is_too_long_is_refused_in_words(office: Office) -> None:
    token = (await office.get("/raise")).token
    answer = await office.browser.post("/raise", data={"token": token, "referred": "x" * (security.MOST_BYTES + 1)})
    assert answer.status_code in {400, 413}
    assert "999" in answer.text


async def test_a_crash_shows_a_page_and_logs_no_words(office: Office) -> None:
    async def crash() -> Response:
        raise ValueError(CHILD)

    office.app.router.add_api_route("/crash", crash)
    office.app.router.routes.insert(0, office.app.router.routes.pop())
    with structlog.testing.capture_logs() as lines:
        page = await office.get("/crash")
    assert page.status == 500
    assert "Something is wrong on our side" in page.text
    assert page.answer.headers["referrer-policy"] == "no-referrer"
    assert CHILD not in page.html
    assert any(line["event"] == "page_crashed" and line["code"] == "ValueError" for line in lines)


async def test_health_says_what_is_there_and_readiness_what_lacks(office: Office) -> None:
    assert (await office.browser.get("/healthz")).json() == {"status": "ok"}
    await beats(office, Part.DISPATCHER, Part.WORKER)
    ready = await office.browser.get("/readyz")
    assert ready.json() == {"status": "ok", "database": "ok", "temporal": "ok", "dispatcher": "ok", "worker": "ok"}
    office.timers = False
    away = await office.browser.get("/readyz")
    assert away.status_code == 503
    assert away.json()["temporal"] == "away"
    assert away.json()["status"] == "later"
    office.database.away = True
    assert (await office.browser.get("/readyz")).json()["status"] == "away"
    assert (await office.browser.get("/healthz")).status_code == 200


async def beats(office: Office, *parts: Part) -> None:
    async with office.database.write() as tx:
        await heartbeats.beat(tx, parts, host="somewhere", started_at=office.now(), at=office.now())


async def test_readiness_names_the_part_that_has_not_been_seen_wherever_it_ran(office: Office) -> None:
    assert (await office.browser.get("/readyz")).json()["dispatcher"] == "away"
    await beats(office, Part.DISPATCHER, Part.WORKER)
    office.time += heartbeats.LOST_AFTER
    await beats(office, Part.DISPATCHER)
    assert (await office.browser.get("/readyz")).status_code == 200
    office.time += timedelta(seconds=1)
    ready = await office.browser.get("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {"status": "later", "database": "ok", "temporal": "ok", "dispatcher": "ok", "worker": "away"}


async def test_readiness_speaks_of_the_mail_intake_where_there_was_one(office: Office) -> None:
    await beats(office, Part.DISPATCHER, Part.WORKER, Part.MAIL)
    assert (await office.browser.get("/readyz")).json()["mail"] == "ok"
    office.time += heartbeats.LOST_AFTER * 2
    await beats(office, Part.DISPATCHER, Part.WORKER)
    assert (await office.browser.get("/readyz")).json()["mail"] == "away"


async def test_with_the_database_away_a_page_says_so_in_words(office: Office) -> None:
    office.database.away = True
    for path in ("/board", "/raise/you", "/l/abc"):
        page = await office.get(path)
        assert page.status == 503
        assert "it has NOT been received" in page.text
    assert (await office.get("/")).status == 200


async def test_importing_the_application_connects_to_nothing_and_composing_it_neither(office: Office) -> None:
    office.database.away = True
    assert office.make_app() is not None


async def test_styles_that_were_not_built_are_said_to_be_missing(office: Office, tmp_path: Path) -> None:
    async with office.new_browser(office.make_app(static=tmp_path / "none")) as browser:
        answer = await browser.get("/static/govuk.css")
        assert (await browser.get("/")).status_code == 200
    assert answer.status_code == 404
    assert "npm run build" in answer.text
