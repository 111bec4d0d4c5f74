"""What came with a message, and whether anybody here can read it.

A file that is encrypted, or a message that some gateway has wrapped into another one, is evidence of its own
(`unreadable_reply`): somebody sent something, and it cannot be read. It is recognised by its bytes first, by its name
and type otherwise, and never opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from escalations.mail.mime import Part


class FileKind(StrEnum):
    """What kind of thing a file is."""

    DOCUMENT = "document"
    SHEET = "sheet"
    PDF = "pdf"
    IMAGE = "image"
    TEXT = "text"
    ARCHIVE = "archive"
    MESSAGE = "message"
    """A whole message, attached."""
    CALENDAR = "calendar"
    SIGNATURE = "signature"
    """A proof of who sent it; nothing to read."""
    OTHER = "other"


class Locked(StrEnum):
    """Why something cannot be read here."""

    PGP = "pgp"
    SMIME = "smime"
    PASSWORD = "password"  # noqa: S105  what a file asks for, not one
    """An archive, a document or a PDF that asks for one."""
    WRAPPED_BY_OUTLOOK = "wrapped_by_outlook"
    """``winmail.dat``."""
    RIGHTS_MANAGED = "rights_managed"
    SECURE_MESSAGE = "secure_message"
    """A gateway's page that has to be opened with an account there."""


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A file that came with a message. Its name may name a child, so it stands only where words may stand."""

    name: str
    media_type: str
    kind: FileKind
    size: int
    """In bytes, without its transfer encoding."""
    locked: Locked | None = None


_KINDS: Final[tuple[tuple[FileKind, tuple[str, ...], tuple[str, ...]], ...]] = (
    (FileKind.PDF, ("application/pdf",), (".pdf",)),
    (FileKind.IMAGE, ("image/",), (".jpg", ".jpeg", ".png", ".gif", ".heic", ".tif", ".tiff", ".bmp", ".webp")),
    (FileKind.CALENDAR, ("text/calendar", "application/ics"), (".ics",)),
    (FileKind.MESSAGE, ("message/rfc822", "message/global", "application/vnd.ms-outlook"), (".eml", ".msg")),
    (
        FileKind.SIGNATURE,
        ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"),
        (".p7s",),
    ),
    (
        FileKind.SHEET,
        ("application/vnd.ms-excel", "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml"),
        (".xls", ".xlsx", ".csv", ".ods"),
    ),
    (
        FileKind.DOCUMENT,
        ("application/msword", "application/rtf", "application/vnd.openxmlformats-officedocument.wordprocessingml"),
        (".doc", ".docx", ".rtf", ".odt", ".ppt", ".pptx"),
    ),
    (
        FileKind.ARCHIVE,
        ("application/zip", "application/x-zip", "application/x-7z", "application/x-rar", "application/gzip"),
        (".zip", ".7z", ".rar", ".gz", ".tar"),
    ),
    (FileKind.TEXT, ("text/",), (".txt", ".log", ".md")),
)
_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE_LOCKED: Final = "EncryptedPackage".encode("utf-16-le")
_TNEF: Final = b"\x78\x9f\x3e\x22"
_ZIP_FLAGS: Final = 6
"""Where they stand in the first entry of an archive; the lowest bit says that it is encrypted."""
_ZIP_ENTRY = re.compile(rb"PK\x01\x02.{4}(.)", re.DOTALL)
_SECURE_PAGE = re.compile(
    r"(?:secure|encrypted|protected)[-_ ]?(?:doc|message|mail|email|attachment)s?[-_0-9 ]{0,24}\.html?|message\.html?",
    re.IGNORECASE,
)
_SECURE_WORDS = re.compile(
    rb"(?:secure|encrypted|protected)[ -](?:e-?mail|message)|read (?:the|your|this) (?:secure |encrypted )?message"
    rb"|open the attach(?:ment|ed) .{0,80}(?:secure|encrypted|password)",
    re.IGNORECASE,
)


def attachment_of(part: Part) -> Attachment:
    """A part as a file."""
    data, _ = part.decoded
    return Attachment(part.name, part.media_type[:120], _kind(part), len(data), _locked(part, data))


def _kind(part: Part) -> FileKind:
    name, media_type = part.name.lower(), part.media_type
    for kind, types, endings in _KINDS:
        if name.endswith(endings) or (media_type.startswith(types) and kind is not FileKind.TEXT):
            return kind
    return FileKind.TEXT if media_type.startswith("text/") else FileKind.OTHER


def _locked(part: Part, data: bytes) -> Locked | None:
    name, media_type = part.name.lower(), part.media_type
    if media_type == "application/pgp-encrypted" or data[:64].lstrip().startswith(b"-----BEGIN PGP MESSAGE-----"):
        return Locked.PGP
    if name.endswith((".gpg", ".pgp")):
        return Locked.PGP
    if media_type in {"application/pkcs7-mime", "application/x-pkcs7-mime"} or name.endswith(".p7m"):
        return Locked.SMIME
    if media_type in {"application/ms-tnef", "application/vnd.ms-tnef"} or name == "winmail.dat":
        return Locked.WRAPPED_BY_OUTLOOK
    if data.startswith(_TNEF):
        return Locked.WRAPPED_BY_OUTLOOK
    if media_type == "application/x-microsoft-rpmsg-message" or name.endswith(".rpmsg"):
        return Locked.RIGHTS_MANAGED
    if _asks_for_a_password(data):
        return Locked.PASSWORD
    page = media_type == "text/html" or name.endswith((".htm", ".html"))
    if page and _SECURE_PAGE.fullmatch(name) and _SECURE_WORDS.search(data[:200_000]):
        return Locked.SECURE_MESSAGE
    return None


def _asks_for_a_password(data: bytes) -> bool:
    if data.startswith(b"PK\x03\x04"):
        flags = data[_ZIP_FLAGS : _ZIP_FLAGS + 1]
        return any(entry[0] & 1 for entry in (flags, *(found[1] for found in _ZIP_ENTRY.finditer(data))) if entry)
    if data.startswith(_OFFICE):
        return _OFFICE_LOCKED in data
    return data.startswith(b"%PDF-") and b"/Encrypt" in data
