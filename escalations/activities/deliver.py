"""``deliver`` and the post round: notices leave, once each, for whoever holds the position today.

Nothing here raises because of a relay or an empty post: what became of a notice is a value. A notice that is tried
again later belongs to the post round; an outcome that its case has to hear of then comes back as a submission like any
other act.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import assert_never

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from escalations import errors
from escalations.intake import recipients, submissions, unheard
from escalations.mail import outgoing
from escalations.mail.relay import Keeper, Relay, Sent, SentCode
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

FRESH = timedelta(seconds=2)
"""For how long an address and a case stand as they were looked up. Behind a slow relay they are looked up again."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Became:
    """What became of one try."""

    state: NoticeState
    code: str
    message_id: str | None = None
    again_after: timedelta | None = None
    """For a notice that is still waiting."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a message is made of."""

    case: Case
    to: recipients.Addressee
    token: str


@dataclass(frozen=True, slots=True)
class _Message:
    """A message, and where it goes."""

    message: EmailMessage
    address: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A notice, and its message or what became of it without one."""

    row: NoticeRow
    what: _Message | _Became


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
                tx, now=request.at, limit=len(request.notice_ids), ids=request.notice_ids, reference=request.reference
            )
        await self._leave(leased, request.at, until=self._now() + AT_MOST)
        async with self._database.read() as tx:
            return DeliverResult(deliveries=await unheard.reports(tx, request.reference, among=request.notice_ids))

    @activity.defn(name="post_round")
    async def post_round(self) -> PostRoundResult:
        """Try again what is due, and let the cases hear of what matters as submissions.

        Raises:
            engine.DatabaseAway: the next round tries again.
        """
        now = self._now()
        async with self._database.write() as tx:
            leased = await rows.lease_due(tx, now=now, limit=ROUND)
        tried, reported = await self._leave(leased, now, until=now + AT_MOST, submits=True)
        return PostRoundResult(tried=tried, reported=reported)

    async def _leave(
        self,
        leased: list[NoticeRow],
        at: datetime,
        *,
        until: datetime,
        submits: bool = False,
    ) -> tuple[int, int]:
        """Try notices in their turn, and give how many were tried and of how many their cases hear by a submission.

        Beyond ``until`` their lease would run out under us: they wait, and the next round takes them.
        """
        left = sorted(leased, key=_in_turn)
        tried = reported = 0
        while left and self._now() < until:
            batch = _together(left)
            fresh_until = min(until, self._now() + FRESH)
            prepared = await self._prepared(batch, at)
            if isinstance(self._relay, Keeper):
                done = len(batch)
                reported += await self._keep(self._relay, prepared, at, submits=submits)
            else:
                done = 0
                for one in prepared:
                    if done and self._now() >= fresh_until:
                        break  # What was looked up is no longer true enough; it is looked up again.
                    reported += await self._send(one, at, submits=submits)
                    done += 1
            tried += done
            left = left[done:]
        return tried, reported

    async def _prepared(self, batch: list[NoticeRow], at: datetime) -> list[_Prepared]:
        """What it takes to send each of these, looked up in one transaction.

        Where that does not work it is tried one by one: a notice that cannot be made does not stop the others.
        """
        try:
            async with self._database.write() as tx:
                found = await self._looked_up(tx, batch, at)
        except errors.Retry:
            raise
        except Exception as error:  # noqa: BLE001  see above; _stuck says which
            if len(batch) > 1:
                return [one for row in batch for one in await self._prepared([row], at)]
            return [_Prepared(batch[0], _stuck(batch[0], error))]
        return [
            _Prepared(row, became) if isinstance(became, _Became) else self._made(row, became, at)
            for row, became in zip(batch, found, strict=True)
        ]

    async def _looked_up(self, tx: AsyncConnection, batch: list[NoticeRow], at: datetime) -> list[_Found | _Became]:
        reference = batch[0].reference
        case = await self._cases.read(tx, reference)
        if case is None:
            return [_Became(NoticeState.SUPERSEDED, "no_case")] * len(batch)
        held_back = {row.notice_id: await _held_back(tx, row, case) for row in batch}
        leaving = [row for row in batch if held_back[row.notice_id] is None]
        there = {
            to: await recipients.find(tx, self._vault, reference, to, at=at)
            for to in dict.fromkeys(row.notice.to for row in leaving)
        }
        tokens = await links.issue_all(
            tx,
            self._vault,
            {
                row.notice_id: row.notice
                for row in leaving
                if not isinstance(there[row.notice.to], recipients.NobodyThere)
            },
            reference=reference,
            now=at,
        )

        def found(row: NoticeRow) -> _Found | _Became:
            became = held_back[row.notice_id]
            if became is not None:
                return became
            to = there[row.notice.to]
            if isinstance(to, recipients.NobodyThere):
                return _Became(_STATE_OF[to], to.value)
            return _Found(case, to, tokens[row.notice_id])

        return [found(row) for row in batch]

    def _made(self, row: NoticeRow, found: _Found, at: datetime) -> _Prepared:
        try:
            facts = outgoing.facts_of(
                found.case,
                row.notice,
                self._house,
                at=at,
                link=f"{self._web_address}/l/{found.token}",
                came_to=found.to.came_to,
            )
            message = outgoing.compose(
                row.notice, facts, message_id=outgoing.message_id(row.notice_id, self._sender), sender=self._sender
            )
        except Exception as error:  # noqa: BLE001  one notice that cannot be made does not stop the others
            return _Prepared(row, _stuck(row, error))
        return _Prepared(row, _Message(message, found.to.address, urgent=found.case.track is Track.URGENT))

    async def _send(self, one: _Prepared, at: datetime, *, submits: bool) -> bool:
        """Send a message, and write down at once what became of it."""
        became = one.what if isinstance(one.what, _Became) else await self._sent(one.row, one.what)
        async with self._database.write() as tx:
            submitted = await self._settle(tx, one.row, became, at, submits=submits)
        _log_tried(one.row, became)
        return submitted

    async def _sent(self, row: NoticeRow, message: _Message) -> _Became:
        try:
            sent = await self._relay.send(message.message, to=message.address)
        except errors.Retry:
            raise
        except Exception as error:  # noqa: BLE001  nor does one that cannot be sent
            return _stuck(row, error)
        return _became(sent, row, urgent=message.urgent)

    async def _keep(self, relay: Keeper, prepared: list[_Prepared], at: datetime, *, submits: bool) -> int:
        """Where a message leaves by being written to our own database, it and what became of it are one commit."""
        done: list[tuple[NoticeRow, _Became]] = []
        submitted = 0
        async with self._database.write() as tx:
            for one in prepared:
                became = (
                    one.what
                    if isinstance(one.what, _Became)
                    else _became(
                        await relay.keep(tx, one.what.message, to=one.what.address), one.row, urgent=one.what.urgent
                    )
                )
                submitted += await self._settle(tx, one.row, became, at, submits=submits)
                done.append((one.row, became))
        for row, became in done:
            _log_tried(row, became)
        return submitted

    async def _settle(
        self,
        tx: AsyncConnection,
        row: NoticeRow,
        became: _Became,
        at: datetime,
        *,
        submits: bool,
    ) -> bool:
        """Write down what became of a notice, and give whether its case hears of it by a submission.

        The submission stands in the transaction that settles the notice. Apart from it a kill between the two would
        leave a notice that has left, whose case never hears of it and whose clocks never start.
        """
        if became.again_after is not None:
            await rows.retry(tx, row.notice_id, next_attempt_at=at + became.again_after, code=became.code)
            return False
        settled = await rows.settle(
            tx, row.notice_id, state=became.state, code=became.code, at=at, message_id=became.message_id
        )
        delivery = unheard.report_of(row, became.state) if settled and submits else None
        if delivery is not None:
            await self._submit(tx, row.reference, delivery, at)
        return delivery is not None

    async def _submit(self, tx: AsyncConnection, reference: str, delivery: Delivery, now: datetime) -> None:
        submission_id = submissions.new_id(now)
        act = contracts.delivery_act(delivery, submission_id=submission_id, at=now)
        await submissions.receive(
            tx,
            self._vault,
            act_kind=act.kind,
            act_json=acts.dumps(act),
            channel=Channel.SYSTEM,
            received_at=now,
            sealed={},
            reference=reference,
            submission_id=submission_id,
            idempotency_key=f"delivery-{delivery.notice_id}-{delivery.state}",
        )


async def _held_back(tx: AsyncConnection, row: NoticeRow, case: Case) -> _Became | None:
    """What becomes of a notice that is not to leave now; none where it is."""
    if notices.overtaken(case, row.notice.kind, stage=row.notice.stage, about=row.notice.about):
        return _Became(NoticeState.SUPERSEDED, "overtaken")
    return await _held_up(tx, row) if _waits(row) else None


async def _held_up(tx: AsyncConnection, row: NoticeRow) -> _Became | None:
    """What becomes of a notice that waits on another one which has not arrived, or never will."""
    first = next(
        (other for other in await rows.of_case(tx, row.reference) if notices.waits_on(row.notice, other.notice)), None
    )
    if first is None or first.state is NoticeState.SENT:
        return None
    if first.state is not NoticeState.WAITING:
        return _Became(NoticeState.SUPERSEDED, "did_not_arrive")
    return _Became(NoticeState.WAITING, "waits_on_another", again_after=AGAIN_AFTER[0])


def _waits(row: NoticeRow) -> bool:
    """Whether a notice may wait on another one."""
    return row.notice.kind is NoticeKind.REACHED


def _in_turn(row: NoticeRow) -> tuple[bool, datetime, int]:
    """Who is asked goes first; then in the order in which things happened. What waits on another goes after it."""
    return (_waits(row), row.created_at, row.seq)


def _together(left: list[NoticeRow]) -> list[NoticeRow]:
    """The first of these, and what follows it of its case that can be looked up with it, waiting on none of them."""
    first = left[0]
    return list(
        itertools.takewhile(lambda row: row.reference == first.reference and _waits(row) == _waits(first), left)
    )


def _stuck(row: NoticeRow, error: Exception) -> _Became:
    _log.error("notice_stuck", notice_id=row.notice_id, kind=row.notice.kind, code=type(error).__name__)
    return _later(row, "could_not_be_made", urgent=False)


def _log_tried(row: NoticeRow, became: _Became) -> None:
    _log.info("notice_tried", notice_id=row.notice_id, kind=row.notice.kind, state=became.state, code=became.code)


_STATE_OF = {
    recipients.NobodyThere.NO_ONE_IN_POST: NoticeState.NO_ONE,
    recipients.NobodyThere.NOT_BY_MAIL: NoticeState.OFF,
}


def _became(sent: Sent, row: NoticeRow, *, urgent: bool) -> _Became:
    match sent.code:
        case SentCode.ACCEPTED:
            return _Became(NoticeState.SENT, sent.code, sent.message_id)
        case SentCode.REFUSED:
            return _Became(NoticeState.UNDELIVERED, sent.code)
        case SentCode.UNKNOWN:
            # It may have been taken. One more try settles it mostly; its Message-ID and link are the same.
            first = row.last_code != SentCode.UNKNOWN
            return (
                _Became(NoticeState.WAITING, sent.code, again_after=AGAIN_AFTER[0])
                if first
                else _Became(NoticeState.UNKNOWN, sent.code)
            )
        case SentCode.TRY_LATER:
            return _later(row, sent.code, urgent=urgent)
        case _:
            assert_never(sent.code)


def _later(row: NoticeRow, code: str, *, urgent: bool) -> _Became:
    """It is tried again, until it was tried for so long that the team has to hear of it."""
    waits = AGAIN_URGENT if urgent else AGAIN_AFTER
    if row.attempts > len(waits):
        return _Became(NoticeState.UNDELIVERED, "tried_for_long")
    return _Became(NoticeState.WAITING, code, again_after=waits[row.attempts - 1])
