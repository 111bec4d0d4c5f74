"""What a case has to hear of its notices, and which of it the case has not heard yet.

A notice leaves outside the case's own transaction, so between the moment at which it left and the one at which the
case knows, a worker can be killed, a timer service can lose its file, an answer can be lost. What became of a notice
stands in its row; that the case heard of it stands in the register, or waits in a submission. The difference is said
again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import assert_never

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake import submissions
from escalations.policy import Side
from escalations.rules import acts, events
from escalations.rules.case import DeliveryState
from escalations.rules.notices import WRITER
from escalations.store import notices, register
from escalations.store.notices import NoticeRow, NoticeState
from escalations.store.vault import Vault
from escalations.workflows import contracts
from escalations.workflows.contracts import Delivery

_REPORT = "report_delivery"
_REPORTED = "notice_reported"


def report_of(row: NoticeRow, state: NoticeState) -> Delivery | None:
    """What a case has to hear of a notice that is in this state; none where there is nothing.

    It hears that the notice of a stage arrived, which starts clocks, and that somebody was not told. What does not
    reach the team itself is not reported: that would tell the team, and so on without end. It stands in the log and on
    the board. Of what tells an address that it holds no link any more nothing depends.
    """
    if row.notice.to.side is Side.TEAM or row.notice.to.position == WRITER:
        return None
    match state:
        case NoticeState.WAITING | NoticeState.SUPERSEDED:
            return None
        case NoticeState.SENT:
            became = DeliveryState.DELIVERED
        case NoticeState.NO_ONE:
            became = DeliveryState.NO_ONE_IN_POST
        case NoticeState.UNDELIVERED | NoticeState.UNKNOWN:
            became = DeliveryState.UNDELIVERED
        case NoticeState.OFF:
            # The agency is not told by mail. Until the team has told it, what it did not do is not its own delay.
            became = DeliveryState.NOT_SENT
        case _:
            assert_never(state)
    if became is DeliveryState.DELIVERED and not row.notice.starts_clocks:
        return None
    return Delivery(
        notice_id=row.notice_id,
        agency_id=row.notice.to.agency_id,
        to_raiser=row.notice.to.side is Side.RAISING and row.notice.to.agency_id is None,
        outside=row.notice.to.position if row.notice.to.side is Side.OUTSIDE else None,
        stage=row.notice.stage,
        starts_clocks=row.notice.starts_clocks,
        state=became,
        told_instead=row.told_instead,
    )


async def reports(
    tx: AsyncConnection,
    reference: str,
    *,
    among: Collection[str] | None = None,
) -> tuple[Delivery, ...]:
    """What the case has still to hear of notices that are settled, in their order; of these alone, where given."""
    rows = [row for row in await notices.of_case(tx, reference) if among is None or row.notice_id in among]
    found = [report for row in rows if (report := report_of(row, row.state)) is not None]
    if not found:
        return ()
    heard = await _heard(tx, reference)
    return tuple(report for report in found if (report.notice_id, report.state) not in heard)


async def open_deliveries(tx: AsyncConnection, reference: str) -> tuple[str, ...]:
    """The notices that a workflow which starts from the register has to see to: not left yet, or not heard of.

    ``deliver`` tries the first and only reports the others: a notice that has left is never sent again.
    """
    waiting = [row.notice_id for row in await notices.waiting_for(tx, reference)]
    return (*waiting, *(report.notice_id for report in await reports(tx, reference)))


async def submit(tx: AsyncConnection, keys: Vault, reference: str, delivery: Delivery, *, at: datetime) -> None:
    """Let a case hear what became of a notice by a submission, once however often it is said.

    Args:
        tx: the transaction that settles the notice. Apart from it a kill between the two would leave a notice whose
            case never hears of it.
        keys: seals the submission.
        reference: the case.
        delivery: what it has to hear.
        at: the moment.
    """
    await say(tx, keys, reference, contracts.delivery_act(delivery, submission_id=submissions.new_id(at), at=at), {})


async def say(
    tx: AsyncConnection, keys: Vault, reference: str, act: acts.ReportDelivery, sealed: Mapping[str, object]
) -> None:
    """Let a case hear it, by the system or by the team: whichever says it first, for it is said once."""
    await submissions.receive(
        tx,
        keys,
        act_kind=act.kind,
        act_json=acts.dumps(act),
        channel=act.channel,
        received_at=act.received_at,
        sealed=dict(sealed),
        reference=reference,
        submission_id=act.submission_id,
        idempotency_key=f"delivery-{act.notice_id}-{act.state}",
    )


async def _heard(tx: AsyncConnection, reference: str) -> set[tuple[str, DeliveryState]]:
    """What the register holds, and what waits in a submission of the post round and comes to the case by itself."""
    heard: set[tuple[str, DeliveryState]] = set()
    for entry in await register.read(tx, reference, kind=_REPORTED):
        if isinstance(event := events.loads(entry.body), events.NoticeReported):
            heard.add((event.notice_id, event.state))
    for submission in await submissions.of_case(tx, reference, act_kind=_REPORT):
        if isinstance(act := acts.loads(submission.act), acts.ReportDelivery):
            heard.add((act.notice_id, act.state))
    return heard
