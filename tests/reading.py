"""Reading what was written somewhere, whole: histories with every payload decoded."""

from __future__ import annotations

import base64
import email
import email.policy
import json
from collections.abc import Iterator

from google.protobuf import json_format
from google.protobuf.message import Message
from temporalio.client import WorkflowHistory


def everything_said(history: WorkflowHistory) -> bytes:
    """Give a history as text, with the bytes of every payload in it (inputs, results, markers, failures, memos)."""
    whole: object = json.loads(history.to_json())
    return history.to_json().encode() + b"\n" + b"\n".join(_payloads(whole))


def _payloads(part: object) -> Iterator[bytes]:
    match part:
        case dict():
            data = part.get("data")
            if "metadata" in part and isinstance(data, str):
                yield base64.b64decode(data)
            for value in part.values():
                yield from _payloads(value)
        case list():
            for value in part:
                yield from _payloads(value)
        case _:
            return


def everything_in(message: Message) -> bytes:
    """Give any answer of the server as text, with the bytes of every payload in it."""
    text = json_format.MessageToJson(message)
    return text.encode() + b"\n" + b"\n".join(_payloads(json.loads(text)))


def mail_decoded(raw: bytes) -> bytes:
    """Give a message as it went and as its reader sees it: headers, and every part without its transfer encoding."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    headers = "\n".join(f"{name}: {value}" for name, value in message.items())
    parts = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    return b"\n".join([raw, headers.encode(), *(part for part in parts if isinstance(part, bytes))])
