"""Sends somebody the link to sign in with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from escalations.mail import outgoing
from escalations.mail.outgoing import House
from escalations.mail.relay import Relay, SentCode
from escalations.store import people, sign_ins
from escalations.store.engine import Database
from escalations.store.vault import Vault

PATH: Final = "/s/"
"""Where a link leads, before its token."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Desk:
    """What sends links to sign in."""

    database: Database
    keys: Vault
    post: Relay
    house: House
    """What every message says."""
    sender: str
    """The address that messages come from."""
    web_address: str
    """The beginning of the link."""


async def send_link(desk: Desk, address: str, *, now: datetime) -> str | None:
    """Send a link to whoever may sign in with an address, and give its token; nothing where that is nobody.

    Nobody who asks is ever told which it was, so what did not work stands in the log alone, without an address. In an
    installation that is live no link goes to the invented people of a first look.

    Args:
        desk: what sends it.
        address: as somebody typed it.
        now: the moment.
    """
    async with desk.database.write() as tx:
        person = await people.find(tx, desk.keys, address)
        if person is None or (person.sample and not desk.house.trial):
            return None
        link = await sign_ins.new_link(tx, person.person_id, now=now)
    if link is None:
        _log.warning("sign_in_limit", code="too_many_links")
        return None
    message = outgoing.compose_sign_in(
        desk.house,
        f"{desk.web_address}{PATH}{link.token}",
        at=now,
        expires_at=link.expires_at,
        message_id=outgoing.message_id(f"sign-in-{link.link_id}", desk.sender),
        sender=desk.sender,
    )
    sent = await desk.post.send(message, to=person.address)
    if sent.code not in {SentCode.ACCEPTED, SentCode.UNKNOWN}:
        _log.warning("sign_in_link_not_sent", code=sent.code.value, reply=sent.reply)
    return link.token
