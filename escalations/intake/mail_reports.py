"""Whether a report that a notice did not arrive is believed. The evidence decides, and otherwise the team.

A believed report takes an agency's clocks back until the notice is sent again. Whoever was written to has the address
that the notice is answered at, and its Message-ID; with them anybody there could make such a report and gain time. So
a report counts only where it came as a relay's does: with an empty sender (RFC 5321, 4.5.5) and to the envelope's
return path, where no reply goes: the notice's own, which we sign, where it left under one. It counts no more once
somebody has used the notice, or long after it left. What is doubted is held, the team is told and shown why, and may
confirm it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake import unheard
from escalations.intake.mail_codes import Code
from escalations.intake.mail_in import Reader
from escalations.mail.address import Replies
from escalations.mail.parser import Mail
from escalations.rules import acts
from escalations.rules.case import Case
from escalations.store import links, mails, notices
from escalations.store.mails import Envelope, MailRow
from escalations.store.notices import NoticeRow, NoticeState
from escalations.store.vault import Vault

BELIEVED_FOR: Final = timedelta(days=5)
"""For how long after a notice left a report on it is believed. A sending server gives up after 4 to 5 days
(RFC 5321, 4.5.4.1); that nothing later counts is our choice."""

LEFT: Final = frozenset({NoticeState.SENT, NoticeState.UNKNOWN})
"""States of a notice of which there can be news."""


@dataclass(frozen=True, slots=True)
class Came:
    """How a report came."""

    envelope: Envelope
    received_at: datetime
    signed_return_path: bool
    """For a notice of which it was not noted whether it went under a return path of its own: whether all did."""


def answered_ids(mail: Mail) -> tuple[str, ...]:
    """The Message-IDs that a message says it answers, the nearest first."""
    return (*mail.in_reply_to, *reversed(mail.references))


async def notice_of(tx: AsyncConnection, reader: Reader, row: MailRow, mail: Mail) -> NoticeRow | None:
    """The notice that a report is about."""
    report = mail.report
    named = (*(report.about if report else ()), *mail.mentions, *answered_ids(mail))
    return await notice_with(tx, reader.replies, row.notice_id, named)


async def notice_with(
    tx: AsyncConnection, replies: Replies, at_address: str | None, message_ids: Iterable[str]
) -> NoticeRow | None:
    """The notice that a message is about, by its signed address or by a Message-ID that we signed.

    Or by one that a relay put in the place of ours: nobody else was told that.

    Args:
        tx: a transaction.
        replies: knows what we signed.
        at_address: the notice whose address the message came to, if any.
        message_ids: what the message names, the nearest first.
    """
    ids = tuple(message_ids)
    signed = (replies.notice_with(found) for found in ids)
    for notice_id in (at_address, *signed):
        if notice_id is not None and (found := await notices.get(tx, notice_id)) is not None:
            return found
    known = await notices.sent_as(tx, ids)
    ours = known is not None and replies.notice_with(known.message_id or "") is None
    # What we gave it ourselves and did not sign, anybody can work out.
    guessable = ours and known is not None and (known.message_id or "").startswith(f"<{known.notice_id}@")
    return known if ours and not guessable else None


async def doubt(tx: AsyncConnection, replies: Replies, came: Came, notice: NoticeRow, case: Case | None) -> Code | None:
    """Why a report that a notice will not arrive is not believed; none where it is.

    Args:
        tx: a transaction.
        replies: knows which addresses are ours.
        came: how the report came.
        notice: what it is about.
        case: the notice's case.
    """
    if not _came_from_a_relay(replies, came, notice):
        return Code.BOUNCE_NOT_SIGNED
    if notice.sent_at is not None and came.received_at - notice.sent_at > BELIEVED_FOR:
        return Code.BOUNCE_LATE
    return Code.BOUNCE_THOUGH_REACHED if await _was_used(tx, notice, case) else None


def _came_from_a_relay(replies: Replies, came: Came, notice: NoticeRow) -> bool:
    recipients = came.envelope.recipients
    if came.envelope.sender.strip("<> "):
        return False
    if any(replies.reported_at(address) == notice.notice_id for address in recipients):
        return True
    signed = came.signed_return_path if notice.return_path is None else notice.return_path
    # Without a return path of its own a notice leaves under our own address, and is answered at another.
    return not signed and all(replies.notice_at(address) is None for address in recipients)


async def _was_used(tx: AsyncConnection, notice: NoticeRow, case: Case | None) -> bool:
    """Whether somebody has used the notice: asked for a code at its link, answered it by mail, or acted at its stage.

    That a link was opened is not kept: mail scanners open links.
    """
    if await links.was_used(tx, notice.notice_id) or await mails.was_answered(tx, notice.notice_id):
        return True
    party = None if case is None or notice.notice.to.agency_id is None else case.party(notice.notice.to.agency_id)
    if case is None or party is None or notice.notice.stage != case.stage:
        return False
    evidence = party.evidence
    return evidence.acknowledged or evidence.wrote or evidence.person_reached or party.answered_at is not None


async def take_back(tx: AsyncConnection, vault: Vault, notice: NoticeRow, *, at: datetime) -> bool:
    """Note that a notice did not arrive, and let its case hear of it; give whether a case has to.

    What does not reach the team itself is not reported to a case: that would tell the team, and so on without end.
    """
    await notices.bounced(tx, notice.notice_id, code="bounced")
    delivery = unheard.report_of(notice, NoticeState.UNDELIVERED)
    if delivery is None:
        return False
    await unheard.submit(tx, vault, notice.reference, delivery, at=at)
    return True


async def confirmed(
    tx: AsyncConnection,
    vault: Vault,
    notice: NoticeRow,
    act: acts.ReportDelivery | None,
    sealed: Mapping[str, object],
) -> None:
    """Note that the team confirmed of a notice that it did not arrive, and let its case hear of it from the team.

    Args:
        tx: the transaction in which the team's word is written down.
        vault: seals it.
        notice: the notice.
        act: what its case hears; none where no case has to hear of it.
        sealed: who confirmed it, and on what grounds.
    """
    await notices.bounced(tx, notice.notice_id, code="bounced")
    if act is not None:
        await unheard.say(tx, vault, notice.reference, act, sealed)
