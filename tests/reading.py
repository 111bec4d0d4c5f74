"""Reading what was written somewhere, whole: histories with every payload decoded."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

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
