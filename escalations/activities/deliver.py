"""``deliver`` and the post round: notices leave, once each, for whoever holds the position today.

Nothing here raises because of a relay or an empty post: what became of a notice is a value. A notice that is tried
again later belongs to the post round; an outcome that its case has to hear of then comes back as a submission like any
other act.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from escalations import errors
from escalations.intake import recipients, submissions, unheard
from escalations.mail import outgoing
from escalations.mail.relay import Relay, Sent, SentCode
from escalations.policy import Track
from escalations.rules import acts, notices
from escalations.rules.actors import Channel
from escalations.rules.case import Case
from escalations.rules.notices import NoticeKind
from escalations.store import links
from escalations.store import notices as rows
from escalations.store.cases import Cases
from escalations.store.engine import Database
from escalations.store.notices import NoticeRow, NoticeState
from escalations.store.vault import Vault
from escalations.workflows import contracts
from escalations.workflows.contracts import DeliverRequest, DeliverResult, Delivery, PostRoundResult

AGAIN_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 60, 120, 120, 240, 240))
"""Until the next try, by how many there were; some 15 hours in all, then it counts as undelivered."""
AGAIN_URGENT = tuple(timedelta(minutes=minutes) for minutes in (1, 1, 2, 5, 5, 5))
"""On the urgent track the team has to know within half an hour that a notice does not get through."""
ROUND = 100
"""Notices of one post round; the next one is a minute later."""

AT_MOST = timedelta(seconds=60)
"""For how long one call begins new tries. With the longest try it stays within a notice's lease and the activity's own
limit: beyond either, somebody else would send what we are still sending."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Became:
    """What became of one try."""

    state: NoticeState
    code: str
    message_id: str | None = None
    again_after: timedelta | None = None
    """For a notice that is still waiting."""


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
    ) -> None:
        """Take what delivering needs; ``now`` is the post round's clock, a case's deliveries come with their own."""
        self._database = database
        self._vault = vault
        self._cases = cases
        self._relay = relay
        self._house = house
        self._sender = sender
        self._web_address = web_address
        self._now = now

    @activity.defn(name="deliver")
    async def deliver(self, request: DeliverRequest) -> DeliverResult:
        """Try each notice once, and say what the case has to hear.

        A notice that left before is not sent again; what became of it is said again, because the answer may have been
        lost on the way.

        Raises:
            engine.DatabaseAway: tried again.
        """
        async with self._database.write() as tx:
            leased = await rows.lease_due(
                tx, now=request.at, limit=len(request.notice_ids), ids=request.notice_ids,
                reference=request.reference)
        until = self._now() + AT_MOST
        for row in sorted(leased, key=_in_turn):
            if self._now() < until:
                await self._try(row, request.at)
        async with self._database.read() as tx:
            still = await unheard.reports(tx, request.reference)
        return DeliverResult(deliveries=tuple(
            delivery for delivery in still if delivery.notice_id in request.notice_ids))

    @activity.defn(name="post_round")
    async def post_round(self) -> PostRoundResult:
        """Try again what is due, and let the cases hear of what matters as submissions.

        Raises:
            engine.DatabaseAway: the next round tries again.
        """
        now = self._now()
        async with self._database.write() as tx:
            leased = await rows.lease_due(tx, now=now, limit=ROUND)
        tried = reported = 0
        for row in sorted(leased, key=_in_turn):
            if self._now() >= now + AT_MOST:
                break  # Their lease would run out under us. They wait, and the next round takes them.
            reported += await self._try(row, now, submits=True)
            tried += 1
        return PostRoundResult(tried=tried, reported=reported)

    async def _try(self, row: NoticeRow, at: datetime, *, submits: bool = False) -> bool:
        """Try a notice once, and write down what became of it; give whether its case hears of it by a submission.

        The submission stands in the transaction that settles the notice. Apart from it a kill between the two would
        leave a notice that has left, whose case never hears of it and whose clocks never start.
        """
        try:
            became = await self._send(row, at)
        except errors.Retry:
            raise
        except Exception as error:  # noqa: BLE001  one notice that cannot be made does not stop the others
            _log.error("notice_stuck", notice_id=row.notice_id, kind=row.notice.kind, code=type(error).__name__)
            became = _later(row, "could_not_be_made", urgent=False)
        submitted = False
        async with self._database.write() as tx:
            if became.again_after is not None:
                await rows.retry(tx, row.notice_id, next_attempt_at=at + became.again_after, code=became.code)
            elif await rows.settle(
                    tx, row.notice_id, state=became.state, code=became.code, at=at, message_id=became.message_id):
                delivery = unheard.report_of(row, became.state) if submits else None
                if delivery is not None:
                    await self._submit(tx, row.reference, delivery, at)
                    submitted = True
        _log.info("notice_tried", notice_id=row.notice_id, kind=row.notice.kind, state=became.state, code=became.code)
        return submitted

    async def _send(self, row: NoticeRow, at: datetime) -> _Became:
        async with self._database.write() as tx:
            case = await self._cases.read(tx, row.reference)
            if case is None:
                return _Became(NoticeState.SUPERSEDED, "no_case")
            if notices.overtaken(case, row.notice.kind, stage=row.notice.stage, about=row.notice.about):
                return _Became(NoticeState.SUPERSEDED, "overtaken")
            held_up = await _held_up(tx, row)
            if held_up is not None:
                return held_up
            found = await recipients.find(tx, self._vault, row.reference, row.notice.to, at=at)
            if isinstance(found, recipients.NobodyThere):
                return _Became(_STATE_OF[found], found.value)
            token = await links.issue(
                tx, self._vault, notice_id=row.notice_id, reference=row.reference, notice=row.notice, now=at)
        facts = outgoing.facts_of(
            case, row.notice, self._house, at=at, link=f"{self._web_address}/l/{token}", came_to=found.came_to)
        message = outgoing.compose(
            row.notice, facts, message_id=outgoing.message_id(row.notice_id, self._sender), sender=self._sender)
        return _became(await self._relay.send(message, to=found.address), row, case)

    async def _submit(self, tx: AsyncConnection, reference: str, delivery: Delivery, now: datetime) -> None:
        submission_id = submissions.new_id(now)
        act = contracts.delivery_act(delivery, submission_id=submission_id, at=now)
        await submissions.receive(
            tx, self._vault, act_kind=act.kind, act_json=acts.dumps(act), channel=Channel.SYSTEM, received_at=now,
            sealed={}, reference=reference, submission_id=submission_id,
            idempotency_key=f"delivery-{delivery.notice_id}-{delivery.state}")


async def _held_up(tx: AsyncConnection, row: NoticeRow) -> _Became | None:
    """What becomes of a notice that waits on another one which has not arrived, or never will."""
    first = next((other for other in await rows.of_case(tx, row.reference)
                  if notices.waits_on(row.notice, other.notice)), None)
    if first is None or first.state is NoticeState.SENT:
        return None
    if first.state is not NoticeState.WAITING:
        return _Became(NoticeState.SUPERSEDED, "did_not_arrive")
    return _Became(NoticeState.WAITING, "waits_on_another", again_after=AGAIN_AFTER[0])


def _in_turn(row: NoticeRow) -> tuple[bool, datetime, int]:
    """Who is asked goes first; then in the order in which things happened. What waits on another goes after it."""
    return (row.notice.kind is NoticeKind.REACHED, row.created_at, row.seq)


_STATE_OF = {
    recipients.NobodyThere.NO_ONE_IN_POST: NoticeState.NO_ONE,
    recipients.NobodyThere.NOT_BY_MAIL: NoticeState.OFF,
}


def _became(sent: Sent, row: NoticeRow, case: Case) -> _Became:
    match sent.code:
        case SentCode.ACCEPTED:
            return _Became(NoticeState.SENT, sent.code, sent.message_id)
        case SentCode.REFUSED:
            return _Became(NoticeState.UNDELIVERED, sent.code)
        case SentCode.UNKNOWN:
            # It may have been taken. One more try settles it mostly; its Message-ID and link are the same.
            first = row.last_code != SentCode.UNKNOWN
            return _Became(NoticeState.WAITING, sent.code, again_after=AGAIN_AFTER[0]) if first else _Became(
                NoticeState.UNKNOWN, sent.code)
        case SentCode.TRY_LATER:
            return _later(row, sent.code, urgent=case.track is Track.URGENT)
        case _:
            assert_never(sent.code)


def _later(row: NoticeRow, code: str, *, urgent: bool) -> _Became:
    """It is tried again, until it was tried for so long that the team has to hear of it."""
    waits = AGAIN_URGENT if urgent else AGAIN_AFTER
    if row.attempts > len(waits):
        return _Became(NoticeState.UNDELIVERED, "tried_for_long")
    return _Became(NoticeState.WAITING, code, again_after=waits[row.attempts - 1])
