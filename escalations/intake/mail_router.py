"""Takes stored messages on their way, one after the other, and answers where an answer is owed.

Deciding and what it brings are one transaction; the answer leaves after its commit, at most once, and only within hard
caps (defect 14). An answer that is lost is a courtesy lost: the message is with its case or with the team.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors
from escalations.intake import mail_clock
from escalations.intake.mail_answering import Answering, Post
from escalations.intake.mail_codes import Code
from escalations.intake.mail_routing import Routing, Ways
from escalations.mail.outgoing import Answer, Facts
from escalations.rules.clocks import TEAM_POSITION
from escalations.rules.notices import TEAM_DEPUTY
from escalations.store import directory, mails
from escalations.store.engine import Database
from escalations.store.mails import MailRow, MailState
from escalations.store.vault import Vault

IDLE_SECONDS: Final = 1.0
BACK_OFF: Final = (1, 2, 5, 15, 30, 60, 300)
"""Seconds until a message is decided on again, by how often that was tried."""
TRIES: Final = 8
"""After so many it is held for the team as it is."""
TEAM_TOLD_EVERY: Final = timedelta(minutes=15)
"""How often the team is told by mail that messages wait; the board shows it at once."""
URGENT_TOLD_EVERY: Final = timedelta(minutes=2)
"""The same where a message may be urgent: the first at once, and a flood of them one message."""
LATE_LOOKED_AT_EVERY: Final = timedelta(minutes=1)
"""How often it is looked whether a message has waited beyond the team's own time limit."""

_log = structlog.get_logger()


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
        self._answering = Answering(database=database, vault=vault, ways=ways, post=post, now=now)
        self._now = now
        self._submitted = submitted
        self._woken = asyncio.Event()
        self._team_told_at: datetime | None = None
        self._urgent_told_at: datetime | None = None
        self._owed: bool | None = None
        self._late_looked_at: datetime | None = None
        self._late_told_at: datetime | None = None

    def wake(self) -> None:
        """Look now; a message has just come."""
        self._woken.set()

    async def run(self) -> None:
        """Decide until cancelled."""
        while True:
            if not await self._round():
                await self._tell()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), IDLE_SECONDS)
                self._woken.clear()

    async def drain(self) -> None:
        """Decide on everything that is due now; for those who drive a story."""
        while await self._round():
            pass
        await self._tell()

    async def _tell(self) -> None:
        with suppress(errors.Retry):
            await self._answering.tell_of_again()
        with suppress(errors.Retry):
            await self._answering.tell_of_aside()
        await self._tell_of_owed()
        await self._tell_of_late()

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
                    await self._hold(tx, row, urgent=False)
                    return
                again = timedelta(seconds=BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1])
                await mails.retry(tx, row.mail_id, at=now + again, code=code[:64])

    async def _hold(self, tx: AsyncConnection, row: MailRow, *, urgent: bool) -> datetime | None:
        """Start the team's own clock, at the message's receipt, and give until when it runs."""
        due = mail_clock.due(self._ways.in_force, row.received_at, urgent=urgent)
        await mails.hold_until(tx, row.mail_id, due_at=due, urgent=urgent)
        return due

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
            urgent, due = mail_clock.looked_at_sooner(mail), None
            if routed.state is MailState.HELD:
                due = await self._hold(tx, row, urgent=urgent)
        _log.info(
            "mail_routed", inbound_id=row.mail_id, state=routed.state, code=routed.code, reference=routed.reference
        )
        self._submitted()
        if routed.to_answer is not None:
            await self._answering.answer(row, mail, routed, routed.to_answer, look_by=due)
        if routed.state is MailState.HELD:
            await self._tell_team(urgent=urgent)

    # ---- What the team is told --------------------------------------------------------------------------------------

    async def _tell_team(self, *, urgent: bool) -> None:
        """Tell the team that messages wait: once in a while, and at once of one that may be urgent."""
        now = self._now()
        every = URGENT_TOLD_EVERY if urgent else TEAM_TOLD_EVERY
        before = self._urgent_told_at if urgent else self._team_told_at
        if before is not None and now - before < every:
            self._owed = urgent or bool(self._owed)
            return
        self._owed = None if urgent or not self._owed else self._owed
        self._team_told_at = now
        if urgent:
            self._urgent_told_at = now
        await self._write_to_team(TEAM_POSITION, urgent=urgent, now=now)

    async def _tell_of_owed(self) -> None:
        """Tell the team of what came so soon after another one that it was not told of then."""
        if self._owed is not None:
            with suppress(errors.Retry):
                await self._tell_team(urgent=self._owed)

    async def _tell_of_late(self) -> None:
        """Tell the deputy outside the team, and the team, of messages that were not looked at in time, of each once."""
        now = self._now()
        if self._late_looked_at is not None and now - self._late_looked_at < LATE_LOOKED_AT_EVERY:
            return
        self._late_looked_at = now
        if self._late_told_at is not None and now - self._late_told_at < TEAM_TOLD_EVERY:
            return  # A flood of them is one message too; what is not told of now is told of then.
        with suppress(errors.Retry):
            async with self._database.read() as tx:
                late = await mails.late(tx, now=now)
            if not late:
                return
            async with self._database.write() as tx:
                newly = await mails.newly_late(tx, now=now)
            if newly:
                self._late_told_at = now
                _log.warning("held_mail_late", count=newly)
                for position in (TEAM_DEPUTY, TEAM_POSITION):
                    await self._write_to_team(position, late=late, now=now)

    async def _write_to_team(self, position: str, *, now: datetime, urgent: bool = False, late: int = 0) -> None:
        async with self._database.read() as tx:
            count = (await mails.waiting(tx)).get(MailState.HELD, 0)
            team = await directory.holders(tx, self._vault, None, position, now)
        if team is None or not count:
            return
        link = f"{self._post.web_address}/messages"
        facts = Facts(house=self._post.house, reference="", at=now, link=link, urgent=urgent)
        stamp = f"{'late' if late else 'waits'}-{position}-{int(now.timestamp() * 1000)}"
        await self._answering.send(facts, Answer.MAIL_WAITS, stamp, team.email, waiting=count, late=late)


class _DecidedAlready(errors.RetryOurs):
    """Another router has decided on this message while we did: what we wrote is undone."""

    code = "decided_already"
