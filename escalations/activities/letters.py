"""What it takes to send a notice: whether it is to leave, its address, its link and its message.

Everything about one case is looked up once for all notices of it that leave together, in one transaction.
"""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Final, assert_never

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations import errors
from escalations.intake import recipients
from escalations.mail import outgoing
from escalations.mail.address import Replies
from escalations.mail.relay import Sent, SentCode
from escalations.policy import Side, Track
from escalations.rules import notices
from escalations.rules.case import Case
from escalations.rules.clocks import TEAM_POSITION
from escalations.rules.instead import ToldInstead
from escalations.rules.notices import WRITER, NoticeKind, Recipient
from escalations.store import links
from escalations.store import notices as rows
from escalations.store.cases import Cases
from escalations.store.notices import NoticeRow, NoticeState
from escalations.store.vault import Vault

AGAIN_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 60, 120, 120, 240, 240))
"""Until the next try, by how many there were; some 15 hours in all, then it counts as undelivered."""
AGAIN_URGENT = tuple(timedelta(minutes=minutes) for minutes in (1, 1, 2, 5, 5, 5))
"""On the urgent track the team has to know within half an hour that a notice does not get through."""

TEAM_TOLD = "team_told"
"""The code of a notice that went to the team, in the place of an agency whose notices are for the team only."""
_TEAM = Recipient(Side.TEAM, None, TEAM_POSITION)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Became:
    """What became of one try."""

    state: NoticeState
    code: str
    message_id: str | None = None
    again_after: timedelta | None = None
    """For a notice that is still waiting."""
    return_path: bool = False
    """Whether it went under a return path of its own."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a message is made of."""

    case: Case
    to: recipients.Addressee
    token: str | None
    """None where the team alone is told of a notice: an agency's link is nobody else's. And for whom holds none."""
    for_team: bool = False
    """Whether the team gets it in the place of whom it is for."""
    by_hand: bool = False
    """Whether what it tells the team of is a notice to an agency that is not told by mail at all."""
    of_other: ToldInstead | None = None
    """Of a notice that tells of another one: who got that in the place of whoever it was meant for."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message, and where it goes."""

    message: EmailMessage
    address: str
    urgent: bool
    to_the_team: bool = False
    """Whether it goes to the team in the place of the agency, which has then not been told."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A notice, and its message or what became of it without one."""

    row: NoticeRow
    what: Message | Became


class LookedUp:
    """What was found of cases and of addresses, for as long as one transaction sees one moment."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._cases: dict[str, Case | None] = {}
        self._there: dict[tuple[str, Recipient], recipients.Addressee | recipients.NobodyThere] = {}

    async def case(self, tx: AsyncConnection, cases: Cases, reference: str) -> Case | None:
        """The case as it stands."""
        if reference not in self._cases:
            self._cases[reference] = await cases.read(tx, reference)
        return self._cases[reference]

    async def addressee(
        self, tx: AsyncConnection, vault: Vault, reference: str, to: Recipient, at: datetime
    ) -> recipients.Addressee | recipients.NobodyThere:
        """Whose address a recipient's notices go to, or why there is none."""
        if (reference, to) not in self._there:
            found, case = await recipients.find(tx, vault, reference, to, at=at), self._cases.get(reference)
            if case is not None:
                found = await recipients.next_person(tx, vault, case, to, found, at=at)
            self._there[reference, to] = found
        return self._there[reference, to]


@dataclass(frozen=True, slots=True)
class Letters:
    """Prepares notices, with what that needs."""

    cases: Cases
    vault: Vault
    house: outgoing.House
    sender: str
    web_address: str
    replies: Replies | None = None
    """How notices are answered by mail; none where no mail comes in."""

    async def prepared(
        self, tx: AsyncConnection, batch: list[NoticeRow], at: datetime, looked_up: LookedUp
    ) -> list[Prepared]:
        """What it takes to send each of these notices of one case, looked up together.

        Where that does not work it is tried one by one: a notice that cannot be made does not stop the others.

        Args:
            tx: a transaction that may write.
            batch: the notices.
            at: now.
            looked_up: what was found before in this transaction; what is found is added to it.
        """
        try:
            # On PostgreSQL a statement that does not work would otherwise take the whole transaction with it.
            async with nullcontext() if tx.dialect.name == "sqlite" else tx.begin_nested():
                found = await self._found(tx, batch, at, looked_up)
        except errors.Retry:
            raise
        except Exception as error:  # noqa: BLE001  see above; stuck says which
            if len(batch) > 1:
                return [one for row in batch for one in await self.prepared(tx, [row], at, looked_up)]
            return [Prepared(batch[0], stuck(batch[0], error))]
        return [
            Prepared(row, became) if isinstance(became, Became) else self._made(row, became, at)
            for row, became in found
        ]

    async def _found(
        self, tx: AsyncConnection, batch: list[NoticeRow], at: datetime, looked_up: LookedUp
    ) -> list[tuple[NoticeRow, _Found | Became]]:
        """What each is made of, or what becomes of it without; its row says who gets it in whose place."""
        reference = batch[0].reference
        case = await looked_up.case(tx, self.cases, reference)
        if case is None:
            return [(row, Became(NoticeState.SUPERSEDED, "no_case")) for row in batch]
        held_back = {row.notice_id: await _held_back(tx, row, case) for row in batch}
        by_hand = {row.notice_id for row in batch if await _told_by_hand(tx, row) is not None}
        of_other = {row.notice_id: await _instead_of_other(tx, row) for row in batch}
        leaving = [row for row in batch if held_back[row.notice_id] is None]
        there = {
            to: await looked_up.addressee(tx, self.vault, reference, to, at)
            for to in dict.fromkeys(row.notice.to for row in leaving)
        }
        team = None
        if not _FOR_TEAM.isdisjoint(there.values()):
            team = await looked_up.addressee(tx, self.vault, reference, _TEAM, at)
        closed = {
            to: await recipients.nobody_while_closed(tx, to, at)
            for to, found in there.items()
            if found is recipients.NobodyThere.CLOSED
        }
        tokens = await links.issue_all(
            tx,
            self.vault,
            {
                row.notice_id: row.notice
                for row in leaving
                if not isinstance(there[row.notice.to], recipients.NobodyThere) and row.notice.to.position != WRITER
            },
            reference=reference,
            now=at,
        )

        def found(row: NoticeRow) -> tuple[NoticeRow, _Found | Became]:
            became = held_back[row.notice_id]
            if became is not None:
                return row, became
            to = there[row.notice.to]
            if to in _FOR_TEAM and isinstance(team, recipients.Addressee):
                return row, _Found(case, team, None, for_team=True)
            if isinstance(to, recipients.NobodyThere):
                return replace(row, told_instead=closed.get(row.notice.to)), Became(_STATE_OF[to], to.value)
            other = of_other[row.notice_id]
            made = _Found(case, to, tokens.get(row.notice_id), by_hand=row.notice_id in by_hand, of_other=other)
            return replace(row, told_instead=to.instead), made

        return [found(row) for row in batch]

    def _made(self, row: NoticeRow, found: _Found, at: datetime) -> Prepared:
        try:
            facts = outgoing.facts_of(
                found.case,
                row.notice,
                self.house,
                at=at,
                link=self._link(row, found),
                came_to=found.to.came_to,
                by_hand=found.by_hand,
                of_other=found.of_other,
                reply_to=self._reply_to(row, found),
            )
            compose = outgoing.compose_for_team if found.for_team else outgoing.compose
            message = compose(row.notice, facts, message_id=self._message_id(row, found), sender=self.sender)
        except Exception as error:  # noqa: BLE001  one notice that cannot be made does not stop the others
            return Prepared(row, stuck(row, error))
        urgent = found.case.track is Track.URGENT
        return Prepared(row, Message(message, found.to.address, urgent=urgent, to_the_team=found.for_team))

    def _link(self, row: NoticeRow, found: _Found) -> str | None:
        if found.for_team:
            return f"{self.web_address}/board/{row.reference}"
        return None if found.token is None else f"{self.web_address}/l/{found.token}"

    def _reply_to(self, row: NoticeRow, found: _Found) -> str | None:
        """Where it is answered by mail. What the team gets in an agency's place is not, nor is what asks for advice."""
        by_mail = found.token is not None and row.notice.to.side is not Side.OUTSIDE
        return self.replies.address_of(row.notice_id) if self.replies is not None and by_mail else None

    def _message_id(self, row: NoticeRow, found: _Found) -> str:
        # A signature in it would make the team's own reply an act of the agency.
        if self.replies is None or found.token is None:
            return outgoing.message_id(row.notice_id, self.sender)
        return self.replies.message_id(row.notice_id, self.sender)


async def _held_back(tx: AsyncConnection, row: NoticeRow, case: Case) -> Became | None:
    """What becomes of a notice that is not to leave now; none where it is."""
    told = row.notice
    if notices.overtaken(case, told.kind, stage=told.stage, about=told.about, due_at=told.due_at, to=told.to):
        return Became(NoticeState.SUPERSEDED, "overtaken")
    if await _told_by_hand(tx, row) == TEAM_TOLD:
        return Became(NoticeState.SUPERSEDED, TEAM_TOLD)
    return await _held_up(tx, row) if _waits(row) else None


async def _told_by_hand(tx: AsyncConnection, row: NoticeRow) -> str | None:
    """For what tells the team of trouble with a notice: the code of that notice, where it is the team's to tell."""
    if row.notice.kind is not NoticeKind.DELIVERY_TROUBLE:
        return None
    of_case = await rows.of_case(tx, row.reference)
    about = next((other for other in of_case if other.notice_id == row.notice.about), None)
    return about.last_code if about is not None and about.state is NoticeState.OFF else None


async def _instead_of_other(tx: AsyncConnection, row: NoticeRow) -> ToldInstead | None:
    """For what tells of another notice: who got that in the place of whoever it was meant for."""
    if row.notice.kind not in {NoticeKind.REACHED, NoticeKind.DELIVERY_TROUBLE, NoticeKind.ONE_PERSON}:
        return None
    of_case = await rows.of_case(tx, row.reference)
    told = (
        other.told_instead
        for other in of_case
        if other.notice_id == row.notice.about or notices.waits_on(row.notice, other.notice)
    )
    return next((one for one in told if one is not None), None)


async def _held_up(tx: AsyncConnection, row: NoticeRow) -> Became | None:
    """What becomes of a notice that waits on another one which has not arrived, or never will."""
    first = next(
        (other for other in await rows.of_case(tx, row.reference) if notices.waits_on(row.notice, other.notice)), None
    )
    if first is None or first.state is NoticeState.SENT:
        return None
    if first.state is not NoticeState.WAITING:
        return Became(NoticeState.SUPERSEDED, "did_not_arrive")
    return Became(NoticeState.WAITING, "waits_on_another", again_after=AGAIN_AFTER[0])


def _waits(row: NoticeRow) -> bool:
    """Whether a notice may wait on another one."""
    return row.notice.kind is NoticeKind.REACHED


def in_turn(row: NoticeRow) -> tuple[bool, datetime, int]:
    """Who is asked goes first; then in the order in which things happened. What waits on another goes after it."""
    return (_waits(row), row.created_at, row.seq)


def together(left: list[NoticeRow]) -> list[NoticeRow]:
    """The first of these, and what follows it of its case that can be looked up with it, waiting on none of them."""
    first = left[0]
    return list(
        itertools.takewhile(lambda row: row.reference == first.reference and _waits(row) == _waits(first), left)
    )


def stuck(row: NoticeRow, error: Exception) -> Became:
    """What becomes of a notice that could not be made or sent for a reason that nobody foresaw."""
    _log.error("notice_stuck", notice_id=row.notice_id, kind=row.notice.kind, code=type(error).__name__)
    return _later(row, "could_not_be_made", urgent=False)


_STATE_OF = {
    recipients.NobodyThere.NO_ONE_IN_POST: NoticeState.NO_ONE,
    recipients.NobodyThere.CLOSED: NoticeState.NO_ONE,
    recipients.NobodyThere.NOT_BY_MAIL: NoticeState.OFF,
    recipients.NobodyThere.TEAM_ONLY: NoticeState.OFF,
    recipients.NobodyThere.NOT_THEIRS: NoticeState.OFF,
}
_FOR_TEAM: Final = frozenset({recipients.NobodyThere.TEAM_ONLY, recipients.NobodyThere.NOT_THEIRS})
"""Where the team is told in the place of whom a notice is for."""


def became_of(sent: Sent, row: NoticeRow, message: Message) -> Became:
    """What becomes of a notice by what a relay answered."""
    became = _by_answer(sent, row, urgent=message.urgent)
    if not message.to_the_team or became.again_after is not None:
        return became
    # The agency has not been told: whether its clocks run is not for a message to the team to say.
    arrived = became.state is NoticeState.SENT
    return replace(became, state=NoticeState.OFF, code=TEAM_TOLD if arrived else became.code)


def _by_answer(sent: Sent, row: NoticeRow, *, urgent: bool) -> Became:
    match sent.code:
        case SentCode.ACCEPTED:
            return Became(NoticeState.SENT, sent.code, sent.message_id, return_path=sent.return_path)
        case SentCode.REFUSED:
            return Became(NoticeState.UNDELIVERED, sent.code)
        case SentCode.UNKNOWN:
            # It may have been taken. One more try settles it mostly; its Message-ID and link are the same.
            first = row.last_code != SentCode.UNKNOWN
            return (
                Became(NoticeState.WAITING, sent.code, again_after=AGAIN_AFTER[0])
                if first
                else Became(NoticeState.UNKNOWN, sent.code, return_path=sent.return_path)
            )
        case SentCode.TRY_LATER:
            return _later(row, sent.code, urgent=urgent)
        case _:
            assert_never(sent.code)


def _later(row: NoticeRow, code: str, *, urgent: bool) -> Became:
    """It is tried again, until it was tried for so long that the team has to hear of it."""
    waits = AGAIN_URGENT if urgent else AGAIN_AFTER
    if row.attempts > len(waits):
        return Became(NoticeState.UNDELIVERED, "tried_for_long")
    return Became(NoticeState.WAITING, code, again_after=waits[row.attempts - 1])
