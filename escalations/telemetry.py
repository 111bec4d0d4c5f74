"""Logs: one line for each event, with a static name and fields that carry ids.

JSON where a machine reads, columns where a person looks. What must never be in a log is kept out by construction, not
by care: a field whose *name* looks personal and is not on the list of known fields is refused, a value that is an
object becomes its type's name, a value with an at sign is withheld, and an exception is written as its type and the
lines it came through, never with its words (a relay's ``550 <address>`` is how addresses got into logs elsewhere).

Libraries log through the standard library. Their lines pass the same gate; the text of a line is kept only for those
that say nothing about a message or a person.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import logging
import re
import sys
import traceback
import uuid
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from escalations import settings

KNOWN = frozenset({"message_id", "content_digest", "address_digest", "temporal_address", "web_address", "body_bytes"})
"""Fields that look personal by their name, and are not. Whoever adds one says in the review why."""

_PERSONAL = re.compile(
    r"(^|_)(name|names|email|mail|address|phone|tel|mobile|dob|birth|born|due_date|nhs|child|children|adult|family|mother"
    r"|father|parent|sibling|person|people|who|raiser|practitioner|holder|contact|recipient|sender|to|from|cc|subject"
    r"|body|text|words|content|message|msg|comment|note|reason|description|answer|payload|raw|form|password|token|secret"
    r"|key|cookie|code_sent|url|query|ip|user|username)($|_)",
)
_EVENT = re.compile(r"^[a-z][a-z0-9_]{2,60}$")
_ADDED = frozenset({"event", "level", "timestamp", "exc_info", "exception", "logger", "said", "withheld"})
_WITHHELD = "[withheld]"

_MAY_SPEAK = ("uvicorn.error", "alembic", "temporalio.worker._worker", "py.warnings")
"""Libraries whose own words are kept: they speak of themselves, never of a request, a message or an argument."""

_LEVELS = {
    # It logs envelope addresses at INFO, and SQL with its parameters at INFO and below.
    "aiosmtpd": logging.WARNING,
    "mail.log": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "aiosqlite": logging.WARNING,
    # It would write full addresses, with what stands behind the question mark.
    "uvicorn.access": logging.CRITICAL,
    # What they say of an ordinary start and stop helps nobody.
    "uvicorn.error": logging.WARNING,
    "alembic": logging.WARNING,
    "temporalio": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "asyncio": logging.WARNING,
}


class Personal(AssertionError):
    """A log line would have carried what looks personal, or an event's name was not static. Tests see it raised."""


def configure(chosen: settings.Settings, *, stream: TextIO | None = None, strict: bool = False) -> None:
    """Set up structlog and the standard library's logging for this process.

    Args:
        chosen: says how lines are written and which are dropped.
        stream: where lines go; standard error by default.
        strict: raise :class:`Personal` in place of withholding. On in tests, off where a raise would stop a case.
    """
    log_format, level = chosen.log_format, chosen.log_level
    out: TextIO = stream or sys.stderr
    console = log_format is settings.LogFormat.CONSOLE or (log_format is settings.LogFormat.AUTO and out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        exception_without_words,
        Gate(strict=strict),
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(sort_keys=True)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_library, *shared[1:]],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            # Its own rendering of exceptions would write their words.
            keep_exc_info=False,
            pass_foreign_args=True,
        ),
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, least in _LEVELS.items():
        logging.getLogger(name).setLevel(least)
    logging.captureWarnings(capture=True)
    # Where a line cannot be written, the standard library prints it with its arguments and the exception's words.
    logging.raiseExceptions = strict


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gate:
    """The processor that nothing personal passes."""

    strict: bool

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Let through ids, codes, counts and times.

        Raises:
            Personal: only where strict.
        """
        withheld = []
        for field in [field for field in event if field not in _ADDED and not field.startswith("_")]:
            if field not in KNOWN and _PERSONAL.search(field):
                withheld.append(field)
                event[field] = _WITHHELD
                continue
            event[field] = _plain(event[field])
            if event[field] == _WITHHELD:
                withheld.append(field)
        if not _EVENT.match(str(event.get("event", ""))):
            withheld.append("event")
            event["event"] = "unnamed_event"
        if withheld and self.strict:
            raise Personal(f"a log line must not carry {', '.join(sorted(withheld))}; see escalations/telemetry.py")
        if withheld:
            event["withheld"] = sorted(withheld)
        return event


def exception_without_words(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Write an exception as its types and the lines that it came through. Its words may hold anything."""
    given = event.pop("exc_info", None)
    if isinstance(given, BaseException):
        problem: BaseException | None = given
    elif isinstance(given, tuple):
        problem = given[1]
    else:
        problem = sys.exception() if given else None
    if problem is not None:
        event["exception"] = "; caused by ".join(describe(problem))
    return event


def describe(problem: BaseException) -> list[str]:
    """Give an exception and its causes: type, file and line of each, without a word that they said."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = problem
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)[-6:]
        places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
        lines.append(f"{type(current).__module__}.{type(current).__qualname__} at {places or 'an unknown place'}")
        current = current.__cause__ or current.__context__
    return lines


def _library(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    said = event.get("event", "")
    named: EventDict = {
        "event": "library",
        "logger": record.name,
        "exc_info": record.exc_info,
        "_record": record,
        "_from_structlog": False,
    }
    if record.name.startswith(_MAY_SPEAK):
        named["said"] = str(said)
    elif event.get("positional_args"):
        # The sentence with its gaps, not with what was put into them.
        named["said"] = str(record.msg)
    record.exc_info = None
    record.exc_text = None
    return named


def _plain(value: object) -> object:
    match value:
        case enum.Enum():
            return value.value
        case str():
            return _WITHHELD if "@" in value else value
        case None | bool() | int() | float():
            return value
        case dt.datetime() | dt.date():
            return value.isoformat()
        case dt.timedelta():
            return value.total_seconds()
        case uuid.UUID():
            return str(value)
        case list() | tuple():
            plain = [_plain(part) for part in value]
            return _WITHHELD if _WITHHELD in plain else plain
        case _:
            return f"<{type(value).__name__}>"
