"""Takes stored messages on their way, one after the other, and answers where an answer is owed.

Deciding and what it brings are one transaction; the answer leaves after its commit, at most once, and only within hard
caps (defect 14). An answer that is lost is a courtesy lost: the message is with its case or with the team.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors
from escalations.intake import recipients
from escalations.intake.mail_codes import Code
from escalations.intake.mail_routing import AN_HOUR, Routed, Routing, ToAnswer, Ways
from escalations.mail import outgoing
from escalations.mail.outgoing import Answer, Facts, House
from escalations.mail.parser import Mail
from escalations.mail.relay import Relay
from escalations.store import directory, links, mails
from escalations.store.engine import Database
from escalations.store.mails import MailRow, MailState
from escalations.store.vault import Vault

IDLE_SECONDS: Final = 1.0
BACK_OFF: Final = (1, 2, 5, 15, 30, 60, 300)
"""Seconds until a message is decided on again, by how often that was tried."""
TRIES: Final = 8
"""After so many it is held for the team as it is."""
ANSWERS_TO_ONE: Final = 3
"""Automatic answers to one sender in an hour,"""
ANSWERS_ABOUT_ONE: Final = 4
"""about one case,"""
ANSWERS_IN_ALL: Final = 60
"""and in all."""
TEAM_TOLD_EVERY: Final = timedelta(minutes=15)
"""How often the team is told by mail that messages wait; the board shows it at once."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Post:
    """How answers leave."""

    relay: Relay
    house: House
    sender: str
    web_address: str


class Router:
    """Decides on stored messages until it is stopped. As many as wanted can run at once."""

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        ways: Ways,
        post: Post,
        now: Callable[[], datetime],
        submitted: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what it needs; ``submitted`` tells a dispatcher of this process that something has come."""
        self._database = database
        self._vault = vault
        self._ways = ways
        self._post = post
        self._now = now
        self._submitted = submitted
        self._woken = asyncio.Event()
        self._team_told_at: datetime | None = None

    def wake(self) -> None:
        """Look now; a message has just come."""
        self._woken.set()

    async def run(self) -> None:
        """Decide until cancelled."""
        while True:
            if not await self._round():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), IDLE_SECONDS)
                self._woken.clear()

    async def drain(self) -> None:
        """Decide on everything that is due now; for those who drive a story."""
        while await self._round():
            pass

    async def _round(self) -> bool:
        try:
            async with self._database.write() as tx:
                row = await mails.lease_next(tx, now=self._now())
        except errors.Retry:
            _log.warning("router_database_away")
            return False
        if row is None:
            return False
        try:
            await self._take(row)
        except errors.Retry as error:
            _log.warning("mail_waits", inbound_id=row.mail_id, code=error.code)
            return False  # Its lease runs out by itself.
        except Exception as error:  # noqa: BLE001  a message that cannot be decided on does not stop the others
            await self._failed(row, error)
        return True

    async def _failed(self, row: MailRow, error: Exception) -> None:
        code = type(error).__name__
        _log.error("mail_stuck", inbound_id=row.mail_id, code=code, attempts=row.attempts, exc_info=error)
        now = self._now()
        with suppress(errors.Retry):
            async with self._database.write() as tx:
                if row.attempts >= TRIES:
                    await mails.settle(tx, row.mail_id, state=MailState.HELD, code=Code.COULD_NOT_BE_ROUTED, at=now)
                    return
                again = timedelta(seconds=BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1])
                await mails.retry(tx, row.mail_id, at=now + again, code=code[:64])

    async def _take(self, row: MailRow) -> None:
        async with self._database.read() as tx:
            envelope, raw = await mails.content(tx, self._vault, row.mail_id)
        mail = await self._ways.reader.parsed(raw)
        now = self._now()
        async with self._database.write() as tx:
            routed = await Routing(self._ways, tx, row, mail, envelope, now).decide()
            if not await mails.settle(
                tx,
                row.mail_id,
                state=routed.state,
                code=routed.code,
                at=now,
                reference=routed.reference,
                notice_id=routed.about,
            ):
                raise _DecidedAlready
        _log.info(
            "mail_routed", inbound_id=row.mail_id, state=routed.state, code=routed.code, reference=routed.reference
        )
        self._submitted()
        if routed.to_answer is not None:
            await self._answer(row, mail, routed, routed.to_answer)
        if routed.state is MailState.HELD:
            await self._tell_team()

    # ---- Answers ----------------------------------------------------------------------------------------------------

    async def _answer(self, row: MailRow, mail: Mail, routed: Routed, to_answer: ToAnswer) -> None:
        now = self._now()
        async with self._database.write() as tx:
            if await self._enough(tx, row, routed, now) or not await mails.mark_answered(tx, row.mail_id, at=now):
                return
            address = mail.sender
            link = None
            if to_answer.notice is not None:
                notice = to_answer.notice
                found = await recipients.find(tx, self._vault, notice.reference, notice.notice.to, at=now)
                if not isinstance(found, recipients.Addressee):
                    return
                address = found.address
                token = await links.issue(
                    tx,
                    self._vault,
                    notice_id=notice.notice_id,
                    reference=notice.reference,
                    notice=notice.notice,
                    now=now,
                )
                link = f"{self._post.web_address}/l/{token}"
        replies = self._ways.reader.replies
        reply_to = replies.addresses.mailbox
        if to_answer.notice is not None:
            reply_to = replies.address_of(to_answer.notice.notice_id)
        facts = Facts(house=self._post.house, reference=routed.reference or "", at=now, link=link, reply_to=reply_to)
        await self._send(facts, to_answer.answer, f"answer-{row.mail_id}", address, answers=mail.message_id)

    async def _enough(self, tx: AsyncConnection, row: MailRow, routed: Routed, now: datetime) -> bool:
        """Whether we have answered enough within the hour: one sender, about one case, or in all."""
        since = now - AN_HOUR
        if await mails.answered_since(tx, since) >= ANSWERS_IN_ALL:
            return True
        if (
            row.sender_key is not None
            and await mails.answered_since(tx, since, sender_key=row.sender_key) >= ANSWERS_TO_ONE
        ):
            return True
        reference = routed.reference
        return reference is not None and await mails.answered_since(tx, since, reference=reference) >= ANSWERS_ABOUT_ONE

    async def _tell_team(self) -> None:
        """Tell the team that messages wait, once in a while."""
        now = self._now()
        if self._team_told_at is not None and now - self._team_told_at < TEAM_TOLD_EVERY:
            return
        self._team_told_at = now
        async with self._database.read() as tx:
            count = (await mails.waiting(tx)).get(MailState.HELD, 0)
            team = await directory.holders(tx, self._vault, None, "team", now)
        if team is None or not count:
            return
        link = f"{self._post.web_address}/messages"
        facts = Facts(house=self._post.house, reference="", at=now, link=link)
        stamp = f"waits-{int(now.timestamp())}"
        await self._send(facts, Answer.MAIL_WAITS, stamp, team.email, waiting=count)

    async def _send(
        self, facts: Facts, answer: Answer, name: str, address: str, *, answers: str = "", waiting: int = 0
    ) -> None:
        sender = self._post.sender
        message = outgoing.compose_answer(
            facts,
            answer,
            message_id=outgoing.message_id(name, sender),
            sender=sender,
            answers=answers,
            waiting=waiting,
        )
        try:
            sent = await self._post.relay.send(message, to=address)
        except Exception as error:  # noqa: BLE001  an answer that does not leave undoes nothing
            _log.warning("answer_not_sent", code=type(error).__name__)
            return
        _log.info("answer_tried", kind=answer, code=sent.code)


class _DecidedAlready(errors.RetryOurs):
    """Another router has decided on this message while we did: what we wrote is undone."""

    code = "decided_already"
