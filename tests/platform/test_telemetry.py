"""Logs carry ids and codes. What looks personal does not pass, whoever logs it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from typing_extensions import override

from escalations import settings, telemetry

CHILD = "Zebedee Quarrel"


class Written:
    """What came out."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def configure(self, *, strict: bool = False, log_format: settings.LogFormat = settings.LogFormat.JSON) -> None:
        chosen = settings.Settings(log_format=log_format, log_level="DEBUG")
        telemetry.configure(chosen, stream=self.stream, strict=strict)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def written() -> Iterator[Written]:
    out = Written()
    out.configure()
    yield out
    telemetry.configure(settings.Settings(log_format=settings.LogFormat.JSON, log_level="WARNING"), strict=True)


def test_a_line_has_its_name_its_level_its_instant_and_its_ids(written: Written) -> None:
    structlog.get_logger().info("case_opened", reference="PD-26-0042-K", events=3)
    (line,) = written.lines()
    assert {key: line[key] for key in ("event", "level", "reference", "events")} == {
        "event": "case_opened",
        "level": "info",
        "reference": "PD-26-0042-K",
        "events": 3,
    }
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "field",
    ["child_name", "name", "email", "raiser_phone", "date_of_birth", "body", "subject", "text", "to", "recipient"],
)
def test_a_field_that_looks_personal_is_withheld_and_raises_in_tests(written: Written, field: str) -> None:
    structlog.get_logger().warning("something_happened", **{field: CHILD})
    assert CHILD not in written.text
    assert written.lines()[0]["withheld"] == [field]
    written.configure(strict=True)
    with pytest.raises(telemetry.Personal, match=field):
        structlog.get_logger().warning("something_happened", **{field: CHILD})


def test_a_known_field_passes(written: Written) -> None:
    written.configure(strict=True)
    structlog.get_logger().info("notice_sent", message_id="n-1", content_digest="ab12")
    assert written.lines()[0]["message_id"] == "n-1"


def test_a_value_that_is_an_object_or_an_address_does_not_pass(written: Written) -> None:
    class Case:
        @override
        def __repr__(self) -> str:
            return CHILD

    structlog.get_logger().info("case_seen", case=Case(), hint="zebedee@school.example", many=["a@b.example"])
    assert CHILD not in written.text
    assert "@" not in written.text


def test_the_name_of_an_event_is_static(written: Written) -> None:
    structlog.get_logger().info(f"Opened for {CHILD}")
    assert CHILD not in written.text
    assert written.lines()[0]["event"] == "unnamed_event"


def test_an_exception_is_its_type_and_its_lines_without_its_words(written: Written) -> None:
    try:
        try:
            int(f"550 no such user {CHILD}")
        except ValueError as cause:
            raise RuntimeError(f"could not tell {CHILD}") from cause
    except RuntimeError:
        structlog.get_logger().exception("notice_not_sent", attempt=2)
    line = written.lines()[0]
    assert CHILD not in written.text
    assert "RuntimeError at test_telemetry.py:" in line["exception"]
    assert "ValueError at test_telemetry.py:" in line["exception"]


@pytest.mark.parametrize("log_format", [settings.LogFormat.JSON, settings.LogFormat.CONSOLE])
def test_a_library_keeps_its_sentence_and_not_what_it_put_in(written: Written, log_format: settings.LogFormat) -> None:
    written.configure(log_format=log_format)
    try:
        Path(CHILD).read_bytes()
    except OSError:
        logging.getLogger("aiosmtplib").exception("refused for %s", CHILD)
    logging.getLogger("aiosmtplib").warning(f"refused for {CHILD}")  # noqa: G004  that is how some do it
    assert CHILD not in written.text
    assert "refused for %s" in written.text


def test_libraries_that_log_addresses_are_quiet(written: Written) -> None:
    logging.getLogger("aiosmtpd.smtp").info("peer said %s", CHILD)
    logging.getLogger("uvicorn.access").info("GET /answer?name=%s", CHILD)
    logging.getLogger("sqlalchemy.engine").info("INSERT %s", CHILD)
    assert written.text == ""
