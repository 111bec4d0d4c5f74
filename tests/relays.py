"""A relay for tests: it answers as it is told, and keeps what it took."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage

from typing_extensions import override

from escalations.mail import outgoing
from escalations.mail.relay import Relay, Sent, SentCode

Answer = Callable[[str, str], SentCode]
"""What to answer, by notice and address."""


class ScriptedRelay(Relay):
    """Takes everything until told otherwise."""

    def __init__(self) -> None:
        """Take everything."""
        self.answer: Answer = lambda _notice_id, _to: SentCode.ACCEPTED
        self.tried: Counter[str] = Counter()
        self.taken: list[tuple[str, str, bytes]] = []
        """Notice, address and message of everything that was taken."""
        self.before: Callable[[], None] = lambda: None

    @override
    async def send(self, message: EmailMessage, *, to: str) -> Sent:
        await asyncio.sleep(0)
        self.before()
        notice_id = str(outgoing.notice_id(str(message["Message-ID"])))
        self.tried[notice_id] += 1
        code = self.answer(notice_id, to)
        if code is SentCode.ACCEPTED:
            self.taken.append((notice_id, to, message.as_bytes()))
        return Sent(code, str(message["Message-ID"]) if code is SentCode.ACCEPTED else None)

    def sent(self) -> Counter[str]:
        """Count what was taken, by notice."""
        return Counter(notice_id for notice_id, _, _ in self.taken)
