"""The parts of a message, taken apart within bounds.

Whatever bytes come, they cost no more than their length times a small number: headers, depth and number of parts are
bounded, each level is searched once, and what goes beyond a bound is said (:class:`Oddity`) and kept as it came. The
standard library's parser is not used for whole messages: its time grows with depth times lines, and deep nesting ends
in a recursion error.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from enum import StrEnum
from typing import Final

import charset_normalizer

HEADER_BYTES: Final = 256 * 1024
"""Of one part's header block; what follows is not read as headers."""
HEADER_LINES: Final = 1_500
VALUE_CHARS: Final = 8_192
"""Of one header's value."""
DEPTH: Final = 12
PARTS: Final = 200
GUESSED_BYTES: Final = 32 * 1024
"""Of a text in an unknown charset, to guess it by."""

_FIELD = re.compile(rb"([!-9;-~]{1,120})[ \t]*:")
_BREAK = re.compile(rb"\r\n|\n|\r")
_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n|\r[ \t]*\r")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_HALF = re.compile(r"[\ud800-\udfff]")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_SHORT_BYTES: Final = 40
_HIGH: Final = 0x80
_NOT_TEXT: Final = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_WINDOWS: Final = frozenset({"ascii", "latin-1", "iso8859-1", "cp1252"})


class Oddity(StrEnum):
    """What about a message is not as it should be. None of them keeps it from being stored."""

    EMPTY = "empty"
    """Nothing came, or nothing but headers."""
    NOT_MAIL = "not_mail"
    """There is no header at all, so that all of it was taken as text."""
    HEADERS_TOO_LONG = "headers_too_long"
    TOO_DEEP = "too_deep"
    TOO_MANY_PARTS = "too_many_parts"
    NO_BOUNDARY = "no_boundary"
    """It says that it has parts, and has none."""
    TRANSFER_ENCODING = "transfer_encoding"
    """It cannot be decoded as it says."""
    CHARSET_GUESSED = "charset_guessed"
    """Its charset is missing, unknown or wrong, and was guessed."""
    TEXT_TOO_LONG = "text_too_long"
    NO_SENDER = "no_sender"
    SEVERAL_SENDERS = "several_senders"
    NOT_UNDERSTOOD = "not_understood"
    """It defeated us: nothing but its bytes is known."""


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """One part, with the parts in it."""

    headers: Mapping[str, tuple[str, ...]]
    """Decoded values by lower-case name, in their order, each unfolded."""
    body: bytes
    media_type: str
    params: Mapping[str, str]
    disposition: str
    """``inline``, ``attachment``, or nothing."""
    name: str
    """The file name, without a folder; nothing where it has none."""
    children: tuple[Part, ...] = ()

    def first(self, header: str) -> str:
        """The first value of a header, or nothing."""
        values = self.headers.get(header)
        return values[0] if values else ""

    def walk(self) -> Iterator[Part]:
        """Itself and everything in it."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def decoded(self) -> tuple[bytes, bool]:
        """Its bytes without their transfer encoding, and whether that went as it should."""
        match self.first("content-transfer-encoding").strip().lower():
            case "base64":
                return _base64(self.body)
            case "quoted-printable":
                return binascii.a2b_qp(self.body), True
            case "" | "7bit" | "8bit" | "binary":
                return self.body, True
            case _:
                return self.body, False


@dataclass(slots=True)
class Reading:
    """What was met while a message was taken apart."""

    odd: dict[Oddity, None] = field(default_factory=dict)
    parts: int = 0

    def note(self, oddity: Oddity) -> None:
        """Note something odd, once."""
        self.odd[oddity] = None


def take_apart(raw: bytes, reading: Reading) -> Part:
    """The whole message as a tree of parts."""
    return _part(raw, reading, depth=0, default="text/plain")


def _part(raw: bytes, reading: Reading, *, depth: int, default: str) -> Part:
    reading.parts += 1
    headers, body = _headers(raw, reading)
    if not headers and depth == 0 and raw.strip():
        reading.note(Oddity.NOT_MAIL)
    media_type, params = _typed(headers.get("content-type", ("",))[0], default)
    disposition, named = _typed(headers.get("content-disposition", ("",))[0], "")
    name = named.get("filename") or params.get("name", "")
    children: tuple[Part, ...] = ()
    if media_type.startswith("multipart/"):
        children = _children(body, media_type, params, reading, depth=depth)
        if not children:
            media_type = "text/plain"
    elif media_type in {"message/rfc822", "message/global"} and depth < DEPTH and reading.parts < PARTS:
        inner, well = Part(headers, body, media_type, params, disposition, name).decoded
        children = (_part(inner if well else body, reading, depth=depth + 1, default="text/plain"),)
    return Part(headers, body, media_type, params, disposition, _file_name(name), children)


def _children(
    body: bytes, media_type: str, params: Mapping[str, str], reading: Reading, *, depth: int
) -> tuple[Part, ...]:
    boundary = params.get("boundary", "").encode("utf-8", "replace")
    if not boundary or len(boundary) > VALUE_CHARS:
        reading.note(Oddity.NO_BOUNDARY)
        return ()
    if depth >= DEPTH:
        reading.note(Oddity.TOO_DEEP)
        return ()
    line = re.compile(rb"(?:\A|\r\n|\n|\r)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r|\n|\Z)")
    start: int | None = None
    found: list[Part] = []
    default = "message/rfc822" if media_type == "multipart/digest" else "text/plain"

    def add(piece: bytes) -> None:
        found.append(_part(_BREAK.sub(b"", piece, count=1), reading, depth=depth + 1, default=default))

    for mark in line.finditer(body):
        if start is not None:
            if reading.parts >= PARTS:
                reading.note(Oddity.TOO_MANY_PARTS)
                return tuple(found)
            add(body[start : mark.start()])
        start = mark.end()
        if mark[1]:
            return tuple(found)
    if start is None:
        reading.note(Oddity.NO_BOUNDARY)
    elif reading.parts < PARTS:
        add(body[start:])  # It was cut off on its way: what is there is there.
    return tuple(found)


def _headers(raw: bytes, reading: Reading) -> tuple[dict[str, tuple[str, ...]], bytes]:
    head, body = _split(raw[: HEADER_BYTES + 4]), b""
    if head is None and len(raw) > HEADER_BYTES:
        reading.note(Oddity.HEADERS_TOO_LONG)
        head, body = raw[:HEADER_BYTES], raw[HEADER_BYTES:]
    elif head is None:
        head = raw
    else:
        body = raw[len(head) :]
    lines = _BREAK.split(head)
    if lines and lines[0].startswith((b"From ", b">From ")):
        lines = lines[1:]  # As mailbox files put it before each message.
    first = next((line for line in lines if line.strip()), b"")
    if _FIELD.match(first) is None:
        return {}, raw
    if len(lines) > HEADER_LINES:
        reading.note(Oddity.HEADERS_TOO_LONG)
        lines = lines[:HEADER_LINES]
    found: dict[str, list[str]] = {}
    for name, value in _fields(lines):
        found.setdefault(name, []).append(decoded_header(value))
    return {name: tuple(values) for name, values in found.items()}, _after_blank(body)


def _split(raw: bytes) -> bytes | None:
    """The header block, where a blank line ends it."""
    if raw.startswith((b"\n", b"\r\n")):
        return b""
    blank = _BLANK.search(raw)
    return None if blank is None else raw[: blank.start()]


def _after_blank(body: bytes) -> bytes:
    blank = _BLANK.match(body)
    return body[blank.end() :] if blank else body.lstrip(b"\r\n")


def _fields(lines: list[bytes]) -> Iterator[tuple[str, bytes]]:
    name, value = "", bytearray()
    for line in lines:
        if line[:1] in {b" ", b"\t"}:
            if len(value) < VALUE_CHARS:
                value += b" " + line.strip()
            continue
        if name:
            yield name, bytes(value[:VALUE_CHARS])
        name = ""
        mark = _FIELD.match(line)
        if mark is not None:
            name = mark[1].decode("ascii").lower()
            value = bytearray(line[mark.end() :].strip()[:VALUE_CHARS])
    if name:
        yield name, bytes(value[:VALUE_CHARS])


def decoded_header(value: bytes) -> str:
    """A header's value in words: encoded words (RFC 2047) decoded, bare eight-bit bytes read as they were meant."""
    text = _eight_bit(value)
    if "=?" not in text:
        return _one_line(text)
    try:
        words = decode_header(text)
    except (HeaderParseError, ValueError, LookupError):
        return _one_line(text)
    said = []
    for word, charset in words:
        if isinstance(word, bytes):
            said.append(_eight_bit(word) if charset is None else text_of(word, charset)[0])
        else:
            said.append(word)
    return _one_line("".join(said))


def _one_line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())


def _eight_bit(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def _typed(value: str, default: str) -> tuple[str, dict[str, str]]:
    """A value with parameters, such as a content type. What cannot be read is as if it were not there."""
    if not value:
        return default, {}
    holder = Message()
    holder["content-type"] = value
    try:
        params = holder.get_params(failobj=[], header="content-type", unquote=True)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        params = []
    kind = value.partition(";")[0].strip().lower()
    found: dict[str, str] = {}
    for name, given in params[1:] if params else []:
        found.setdefault(name.lower(), _param(given))
    return kind or default, found


def _param(given: str | tuple[str | None, str | None, str]) -> str:
    if isinstance(given, str):
        return decoded_header(given.encode("utf-8", "surrogateescape")) if "=?" in given else given
    charset, _, value = given
    return text_of(value.encode("latin-1", "replace"), charset or "utf-8")[0]


def _file_name(name: str) -> str:
    return _UNSEEN.sub("", _one_line(re.split(r"[/\\]", name)[-1]))[:200]


def _base64(body: bytes) -> tuple[bytes, bool]:
    clean = _NOT_BASE64.sub(b"", body)
    whole = len(clean) - len(clean) % 4
    rest = clean[whole:]
    padded = clean[:whole] + (rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b"")
    try:
        return binascii.a2b_base64(padded), bool(clean) or not body.strip()
    except binascii.Error:
        return body, False


def text_of(data: bytes, charset: str) -> tuple[str, bool]:
    """Bytes as text, and whether the charset that was given fits them; otherwise it was guessed.

    What says Latin-1 or ASCII and is not is Windows' own mostly, so that is what both are read as. Half a character,
    which UTF-7 can say, is none: no text with one can be stored or shown.
    """
    text, fits = _text_of(data, charset)
    whole = _HALF.sub("\ufffd", text)
    return whole, fits and whole == text


def _text_of(data: bytes, charset: str) -> tuple[str, bool]:
    declared = _codec(charset)
    if declared is not None:
        try:
            if declared in _WINDOWS:
                return _windows(data), declared != "ascii" or data.isascii()
            return data.decode(declared), True
        except (UnicodeError, ValueError):
            pass
    for known in ("utf-8-sig", "utf-16"):
        if known == "utf-16" and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            continue
        try:
            return data.decode(known), charset == "" and data.isascii()
        except UnicodeError:
            continue
    if len(data) < _SHORT_BYTES or sum(byte >= _HIGH for byte in data[:GUESSED_BYTES]) * 4 < len(data[:GUESSED_BYTES]):
        return _windows(data), False  # Mostly Latin letters, or too little to guess by: what is used around here.
    best = charset_normalizer.from_bytes(data[:GUESSED_BYTES]).best()
    guessed = None if best is None else _codec(best.encoding)
    return (data.decode(guessed, "replace") if guessed else _windows(data)), False


def _windows(data: bytes) -> str:
    if data.isascii():
        return data.decode("ascii")
    try:
        return data.decode("utf-8")  # Nothing else looks like it by chance.
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _codec(charset: str) -> str | None:
    """The name of a codec for text, or none."""
    wanted = charset.strip().strip("\"'").lower()[:60]
    if not wanted.isascii() or not wanted or "\x00" in wanted:
        return None
    try:
        found = codecs.lookup(wanted)
    except (LookupError, ValueError):
        return None
    if found.name in _NOT_TEXT or not getattr(found, "_is_text_encoding", False):
        return None
    return found.name
