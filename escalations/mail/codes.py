"""Sends the code that a link asks for, to the address that the link's position has now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from escalations.mail import outgoing, relay
from escalations.mail.outgoing import Facts, House
from escalations.mail.relay import Relay, SentCode
from escalations.store import links
from escalations.store.engine import Database
from escalations.store.links import Code, Link, NotSent
from escalations.store.vault import Vault


class CodeState(StrEnum):
    """What became of a code that somebody asked for."""

    ON_ITS_WAY = "on_its_way"
    """The relay took it, or may have."""
    TOO_MANY = "too_many"
    NOT_OPEN = "not_open"
    NOT_SENT = "not_sent"
    """The relay did not take it now; asking again in a few minutes may help."""


@dataclass(frozen=True, slots=True)
class CodeSent:
    """What the page that asked for a code can say."""

    state: CodeState
    hint: str | None = None
    """Enough of the address for its own reader to recognise; never the whole of it."""
    expires_at: datetime | None = None


async def send_code(
    database: Database,
    keys: Vault,
    post: Relay,
    link: Link,
    *,
    address: str,
    house: House,
    sender: str,
    now: datetime,
) -> CodeSent:
    """Send a new code for a link. Only ever on a press of a button: opening a link sends nothing.

    Args:
        database: where codes are kept; the code is committed before it leaves, so none arrives that would not be right.
        keys: for its keyed digest.
        post: how mail leaves.
        link: the link that was opened.
        address: where a notice to the link's recipient would go now; looked up anew each time.
        house: what every message says.
        sender: the address that it comes from.
        now: the moment.
    """
    async with database.write() as tx:
        made = await links.new_code(tx, keys, link, address=address, now=now)
    match made:
        case NotSent.TOO_MANY:
            return CodeSent(CodeState.TOO_MANY)
        case NotSent.NOT_OPEN:
            return CodeSent(CodeState.NOT_OPEN)
        case Code():
            message = outgoing.compose_code(
                Facts(house=house, reference=link.reference, at=now),
                made.digits,
                expires_at=made.expires_at,
                message_id=outgoing.message_id(f"code-{made.code_id}", sender),
                sender=sender,
            )
            sent = await post.send(message, to=address)
            if sent.code in {SentCode.ACCEPTED, SentCode.UNKNOWN}:
                return CodeSent(CodeState.ON_ITS_WAY, relay.hint(address), made.expires_at)
            return CodeSent(CodeState.NOT_SENT)
        case _:
            assert_never(made)
