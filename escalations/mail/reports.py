"""What a machine reports of a message: that it did not arrive (RFC 3464), or that it was shown (RFC 8098)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from escalations.mail.mime import Part

SEEN_BYTES: Final = 64 * 1024
MOST: Final = 50
"""Recipients of one report, and ids in one message, that are looked at."""

_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_ID = re.compile(r"<([^<>@\s]{1,300})@([^<>@\s]{1,253})>")


class ReportKind(StrEnum):
    """What is reported."""

    DELIVERY = "delivery"
    DISPOSITION = "disposition"
    """A read receipt."""


class Arrival(StrEnum):
    """What a report says of a message's arrival."""

    FAILED = "failed"
    """It will not arrive."""
    PASSING = "passing"
    """It did not arrive now; whoever had it tries on, or it may be sent again."""
    DELAYED = "delayed"
    DELIVERED = "delivered"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """A report in its standard form."""

    kind: ReportKind
    arrival: Arrival
    about: tuple[str, ...]
    """The Message-IDs of what it is about, with their angle brackets."""


def of(whole: Part) -> Report | None:
    """The report that a message is, in the standard form."""
    if whole.media_type != "multipart/report":
        return None
    said = whole.params.get("report-type", "").lower()
    parts = list(whole.walk())
    status = next(
        (part for part in parts if part.media_type in {"message/delivery-status", "text/delivery-status"}), None
    )
    if status is not None or said == "delivery-status":
        fields = status.decoded[0][:SEEN_BYTES].decode("utf-8", "replace") if status is not None else ""
        return Report(ReportKind.DELIVERY, _arrival(fields), _about(parts, fields))
    shown = next((part for part in parts if part.media_type == "message/disposition-notification"), None)
    if shown is not None or said == "disposition-notification":
        fields = shown.decoded[0][:SEEN_BYTES].decode("utf-8", "replace") if shown is not None else ""
        return Report(ReportKind.DISPOSITION, Arrival.DELIVERED, _about(parts, fields))
    return None


def _arrival(fields: str) -> Arrival:
    """By the worst of its recipients: each notice of ours has one, and a list behind it may have several."""
    actions = re.findall(r"^action[ \t]*:[ \t]*([a-z]+)", fields, re.IGNORECASE | re.MULTILINE)[:MOST]
    classes = re.findall(r"^status[ \t]*:[ \t]*([245])\.\d+\.\d+", fields, re.IGNORECASE | re.MULTILINE)[:MOST]
    said = {action.lower() for action in actions}
    if "failed" in said:
        return Arrival.PASSING if classes and "5" not in classes and "4" in classes else Arrival.FAILED
    if "delayed" in said:
        return Arrival.DELAYED
    if said & {"delivered", "relayed", "expanded"}:
        return Arrival.DELIVERED
    return arrival_of_status(classes[0]) if classes else Arrival.UNKNOWN


def arrival_of_status(digit: str) -> Arrival:
    """What the class of an enhanced status code says (RFC 3463)."""
    return {"2": Arrival.DELIVERED, "4": Arrival.PASSING, "5": Arrival.FAILED}.get(digit, Arrival.UNKNOWN)


def status_in(text: str) -> Arrival | None:
    """The same of the first enhanced status code in a text, for those who report in words of their own."""
    found = _STATUS.search(text[:SEEN_BYTES])
    return arrival_of_status(found[1]) if found else None


def _about(parts: list[Part], fields: str) -> tuple[str, ...]:
    found = [part.first("message-id") for part in parts[1:]]
    for part in parts:
        if part.media_type == "text/rfc822-headers":
            text = part.decoded[0][:SEEN_BYTES].decode("utf-8", "replace")
            found += re.findall(r"^message-id[ \t]*:[ \t]*\s?(<[^<>\s]{3,500}>)", text, re.IGNORECASE | re.MULTILINE)
    found += re.findall(r"^original-message-id[ \t]*:[ \t]*(<[^<>\s]{3,500}>)", fields, re.IGNORECASE | re.MULTILINE)
    return ids(" ".join(found))


def ids(text: str) -> tuple[str, ...]:
    """Every Message-ID in a text, in its order."""
    return tuple(dict.fromkeys(found[0] for found in _ID.finditer(text[: SEEN_BYTES * 4])))[:MOST]
