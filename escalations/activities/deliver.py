"""``deliver`` and the post round: notices leave, once each, for whoever holds the position today.

Nothing here raises because of a relay or an empty post: what became of a notice is a value. A notice that is tried
again later belongs to the post round; an outcome that its case has to hear of then comes back as a submission like any
other act.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from escalations import errors
from escalations.activities.letters import (
    Became,
    Letters,
    LookedUp,
    Message,
    Prepared,
    became_of,
    in_turn,
    stuck,
    together,
)
from escalations.intake import unheard
from escalations.mail import outgoing
from escalations.mail.address import Replies
from escalations.mail.relay import Keeper, Relay
from escalations.store import heartbeats
from escalations.store import notices as rows
from escalations.store.cases import Cases
from escalations.store.engine import Database
from escalations.store.heartbeats import Part
from escalations.store.notices import NoticeRow, NoticeState
from escalations.store.vault import Vault
from escalations.workflows.contracts import DeliverRequest, DeliverResult, PostRoundResult

ROUND = 100
"""Notices of one post round; the next one is a minute later."""

AT_MOST = timedelta(seconds=60)
"""For how long one call begins new tries. With the longest try it stays within a notice's lease and the activity's own
limit: beyond either, somebody else would send what we are still sending."""

FRESH = timedelta(seconds=2)
"""For how long an address and a case stand as they were looked up. Behind a slow relay they are looked up again."""

Lease = Callable[[AsyncConnection], Awaitable[list[NoticeRow]]]
"""Takes the notices that are to be tried."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Tried:
    """What became of a notice."""

    row: NoticeRow
    became: Became
    submitted: bool
    """Whether its case hears of it by a submission."""


class Postman:
    """The activities, with what they need."""

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        cases: Cases,
        relay: Relay,
        house: outgoing.House,
        sender: str,
        web_address: str,
        now: Callable[[], datetime],
        replies: Replies | None = None,
    ) -> None:
        """Take what delivering needs; ``now`` is the post round's clock, a case's deliveries come with their own."""
        self._database = database
        self._vault = vault
        self._letters = Letters(cases, vault, house, sender, web_address, replies)
        self._relay = relay
        self._now = now

    @activity.defn(name="deliver")
    async def deliver(self, request: DeliverRequest) -> DeliverResult:
        """Try each notice once, and say what the case has to hear.

        A notice that left before is not sent again; what became of it is said again, because the answer may have been
        lost on the way.

        Raises:
            engine.DatabaseAway: tried again.
        """
        at = self._moment(request.at)

        async def lease(tx: AsyncConnection) -> list[NoticeRow]:
            return await rows.lease_due(
                tx, now=at, limit=len(request.notice_ids), ids=request.notice_ids, reference=request.reference
            )

        async def reports(tx: AsyncConnection) -> DeliverResult:
            return DeliverResult(deliveries=await unheard.reports(tx, request.reference, among=request.notice_ids))

        until = self._now() + AT_MOST
        if isinstance(self._relay, Keeper):
            async with self._database.write() as tx:
                tried = await self._keep(tx, self._relay, await lease(tx), at=at, until=until)
                # What waited until this transaction cannot have been reported before; of the others it is asked.
                result = _new(tried) if len(tried) == len(request.notice_ids) else await reports(tx)
            _log_tried(tried)
            return result
        await self._leave(lease, at, until=until)
        async with self._database.read() as tx:
            return await reports(tx)

    @activity.defn(name="post_round")
    async def post_round(self) -> PostRoundResult:
        """Try again what is due, and let the cases hear of what matters as submissions.

        Raises:
            engine.DatabaseAway: the next round tries again.
        """
        now = self._now()

        async def lease(tx: AsyncConnection) -> list[NoticeRow]:
            return await rows.lease_due(tx, now=now, limit=ROUND)

        until = now + AT_MOST
        if isinstance(self._relay, Keeper):
            async with self._database.write() as tx:
                tried = await self._keep(tx, self._relay, await lease(tx), at=now, until=until, submits=True)
            _log_tried(tried)
        else:
            tried = await self._leave(lease, now, until=until, submits=True)
        async with self._database.write() as tx:
            # That a round ended shows that Temporal, its schedule, a worker and the database all do their part.
            await heartbeats.beat(tx, [Part.POST], host="", started_at=now, at=self._now())
        return PostRoundResult(tried=len(tried), reported=sum(one.submitted for one in tried))

    async def _leave(self, lease: Lease, at: datetime, *, until: datetime, submits: bool = False) -> list[_Tried]:
        """Try notices in their turn, and give those that were tried.

        Beyond ``until`` their lease would run out under us: they wait, and the next round takes them.
        """
        left: list[NoticeRow] | None = None
        tried: list[_Tried] = []
        while left is None or (left and self._now() < until):
            fresh_until = min(until, self._now() + FRESH)
            async with self._database.write() as tx:
                left = sorted(await lease(tx), key=in_turn) if left is None else left
                prepared = await self._letters.prepared(tx, together(left), at, LookedUp()) if left else []
            for number, one in enumerate(prepared):
                if number and self._now() >= fresh_until:
                    break  # What was looked up is no longer true enough; it is looked up again.
                tried.append(await self._send(one, at, submits=submits))
                left = left[1:]
        return tried

    async def _keep(
        self,
        tx: AsyncConnection,
        relay: Keeper,
        leased: list[NoticeRow],
        *,
        at: datetime,
        until: datetime,
        submits: bool = False,
    ) -> list[_Tried]:
        """The same where a message leaves by being written to our own database: all of it is one commit."""
        left = sorted(leased, key=in_turn)
        tried: list[_Tried] = []
        looked_up = LookedUp()
        while left and self._now() < until:
            batch = together(left)
            left = left[len(batch) :]
            for one in await self._letters.prepared(tx, batch, at, looked_up):
                became = one.what
                if isinstance(became, Message):
                    sent = await relay.keep(tx, became.message, to=became.address)
                    became = became_of(sent, one.row, became)
                submitted = await self._settle(tx, one.row, became, at, submits=submits)
                tried.append(_Tried(one.row, became, submitted))
        return tried

    async def _send(self, one: Prepared, at: datetime, *, submits: bool) -> _Tried:
        """Send a message, and write down at once what became of it."""
        became = one.what if isinstance(one.what, Became) else await self._sent(one.row, one.what)
        async with self._database.write() as tx:
            tried = _Tried(one.row, became, await self._settle(tx, one.row, became, at, submits=submits))
        _log_tried([tried])
        return tried

    async def _sent(self, row: NoticeRow, message: Message) -> Became:
        try:
            sent = await self._relay.send(message.message, to=message.address)
        except errors.Retry:
            raise
        except Exception as error:  # noqa: BLE001  nor does one that cannot be sent
            return stuck(row, error)
        return became_of(sent, row, message)

    async def _settle(
        self,
        tx: AsyncConnection,
        row: NoticeRow,
        became: Became,
        at: datetime,
        *,
        submits: bool,
    ) -> bool:
        """Write down what became of a notice, and give whether its case hears of it by a submission.

        The submission stands in the transaction that settles the notice. Apart from it a kill between the two would
        leave a notice that has left, whose case never hears of it and whose clocks never start.
        """
        at = self._moment(at)
        if became.again_after is not None:
            await rows.retry(tx, row.notice_id, next_attempt_at=at + became.again_after, code=became.code)
            return False
        settled = await rows.settle(
            tx,
            row.notice_id,
            state=became.state,
            code=became.code,
            at=at,
            message_id=became.message_id,
            return_path=became.return_path,
            told_instead=row.told_instead,
        )
        delivery = unheard.report_of(row, became.state) if settled and submits else None
        if delivery is not None:
            await unheard.submit(tx, self._vault, row.reference, delivery, at=at)
        return delivery is not None

    def _moment(self, asked_at: datetime) -> datetime:
        """Now; or when we were asked, where that is later, as in a story whose clock runs ahead.

        What was asked for may have waited for a worker for hours. A lease counted from then would be over before it
        began, and the post round would send the same notice at the same time; and nobody would see how late it left.
        """
        return max(asked_at, self._now())


def _new(tried: list[_Tried]) -> DeliverResult:
    """What the case has to hear of notices that have just been settled, in the order of its events."""
    in_order = sorted(tried, key=lambda one: (one.row.seq, one.row.notice_id))
    found = (unheard.report_of(one.row, one.became.state) for one in in_order)
    return DeliverResult(deliveries=tuple(report for report in found if report is not None))


def _log_tried(tried: list[_Tried]) -> None:
    for one in tried:
        # What left is on the page of its case; a line for each would hide those that did not.
        log = _log.debug if one.became.state is NoticeState.SENT else _log.info
        log(
            "notice_tried",
            notice_id=one.row.notice_id,
            kind=one.row.notice.kind,
            state=one.became.state,
            code=one.became.code,
        )
