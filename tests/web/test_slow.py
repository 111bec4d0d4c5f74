"""Whoever is slow, goes away, or comes through a proxy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import structlog
import uvicorn

from escalations.running import QuietServer
from escalations.web import slow
from tests.web.conftest import Office

PROXIES = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "cf-connecting-ip",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-real-ip",
]


@pytest.mark.parametrize("name", PROXIES)
async def test_whatever_a_proxy_adds_is_not_this_machine(office: Office, name: str) -> None:
    assert (await office.browser.get("/dev/outbox")).status_code == 200
    assert (await office.browser.get("/dev/outbox", headers={name: "127.0.0.1"})).status_code == 404


async def _raw(office: Office, headers: list[tuple[bytes, bytes]]) -> int:
    status = 0

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = int(str(message["status"]))

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/dev/outbox",
        "raw_path": b"/dev/outbox",
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
        "http_version": "1.0",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
    await office.app(scope, receive, send)  # type: ignore[arg-type]  # plain messages
    return status


async def test_without_a_host_it_is_not_this_machine(office: Office) -> None:
    assert await _raw(office, [(b"host", b"127.0.0.1:8000")]) == 200
    assert await _raw(office, []) == 404
    assert await _raw(office, [(b"host", b"")]) == 404
    for impossible in (b"127.0.0.1:99999", b"127.0.0.1:x", b"localhost:-1", b"a@127.0.0.1", b"127.0.0.1/a"):
        assert await _raw(office, [(b"host", impossible)]) == 404


@pytest.fixture
async def served(office: Office, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Serve the office as it is served for people, with little patience; give the port."""
    monkeypatch.setattr(slow.Bounded, "headers_seconds", 0.5)
    app = office.make_app(body_seconds=0.5)
    server = QuietServer(uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off"))
    assert server.config.limit_concurrency
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn gives nothing to wait for
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await running


_HALF = b"POST /raise HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize("sent", [_HALF + b"content-length: 100\r\n\r\ntoken=", _HALF, b"PO", b""])
async def test_what_is_sent_by_half_is_closed_by_us_and_others_are_served(served: int, sent: bytes) -> None:
    held = [await asyncio.open_connection("127.0.0.1", served) for _ in range(20)]
    try:
        for _, writer in held:
            writer.write(sent)
        # Half a second is asked of us; a machine that does ten things at once takes longer over twenty.
        answers = await asyncio.wait_for(asyncio.gather(*(reader.read() for reader, _ in held)), 60)
    finally:
        for _, writer in held:
            writer.close()
    for answer in answers:
        assert answer == b"" or (b" 408 " in answer.split(b"\r\n")[0] and b"NOT been received" in answer)
    assert any(answers) == (b"token" in sent)
    reader, writer = await asyncio.open_connection("127.0.0.1", served)
    writer.write(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
    assert b" 200 " in (await reader.read()).split(b"\r\n")[0]
    writer.close()


async def test_whoever_leaves_while_sending_is_no_crash(office: Office) -> None:
    lines: list[tuple[str, str, int]] = []
    app = office.make_app(access_log=lambda *line: lines.append(line))

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(_: dict[str, object]) -> None:
        raise AssertionError("nobody is there")

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/raise",
        "raw_path": b"/raise",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/x-www-form-urlencoded")],
        "scheme": "http",
        "http_version": "1.1",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
    with structlog.testing.capture_logs() as logged:
        await app(scope, receive, send)  # type: ignore[arg-type]  # plain messages
    assert not [line for line in logged if line["event"] == "page_crashed"]
    assert lines == [("POST", "/raise", 499)]
