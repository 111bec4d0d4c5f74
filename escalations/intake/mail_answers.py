"""Who is answered what, when a message was decided on: the words, whom they go to, and where their link leads.

A link goes to nobody but the address that may use it, as it stands today. Whoever wrote rightly from another one is
told what became of it and how to act, without a link; and whoever reads the address that we write to, with one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake import mail_raising, recipients
from escalations.intake.mail_codes import Code
from escalations.intake.mail_routing import Routed, ToAnswer, Ways
from escalations.mail.outgoing import Answer, Answered, Facts, House
from escalations.mail.parser import Mail
from escalations.mail.words import turn_to
from escalations.policy import Side, Track
from escalations.rules.case import Case, Seen, Status
from escalations.rules.clocks import TEAM_POSITION
from escalations.rules.notices import Ask
from escalations.rules.onward import onward
from escalations.store import directory, links, notices
from escalations.store.mail_asides import Aside
from escalations.store.mails import MailRow, MailState
from escalations.store.notices import NoticeRow

_NAMES_A_CASE: Final = frozenset({Code.REFERENCE_NOT_SIGNED, Code.ADDRESS_NOT_SIGNED, Code.NOTHING_IN_IT})
"""Why a message is held whose writer may be somebody that we write to about the case."""
_WITH_ITS_CASE: Final = frozenset(
    {Code.RAISED, Code.ADDED, Code.ACKNOWLEDGED, Code.UNREADABLE, Code.SAID_URGENT, Code.SAID_NOT_URGENT}
)
"""What became of a message whose writer has heard the reference of the case before."""
_SAYS_URGENT: Final = frozenset({Answer.MAIL_URGENT, Answer.MAIL_NOT_URGENT})
_SAME_FROM_ANY_ADDRESS: Final = frozenset({Answer.MAIL_UNREADABLE, *_SAYS_URGENT})


def _asks_if_urgent(mail: Mail, to_answer: ToAnswer, case: Case) -> bool:
    """Whether it is asked if a case is urgent: as it stands, or by the words that are being added to it now."""
    if case.track is Track.URGENT or case.status is Status.CLOSED or to_answer.answer in _SAYS_URGENT:
        return False
    return case.asked_if_urgent or Seen.URGENT_WORDS in mail_raising.seen_in_reply(mail)


@dataclass(frozen=True, slots=True)
class Letter:
    """One answer, ready to be composed."""

    address: str
    answer: Answer
    facts: Facts
    said: Answered
    to_writer: bool = True
    of_party: bool = False
    """Whether it goes to an address that we write to about the case."""


@dataclass(frozen=True, slots=True)
class Letters:
    """Makes answers of what was decided, in a transaction that may write: it makes their links."""

    ways: Ways
    tx: AsyncConnection
    house: House
    web_address: str
    now: datetime

    async def of(self, row: MailRow, mail: Mail, routed: Routed, to_answer: ToAnswer) -> list[Letter]:
        """The answers to one message: to whoever wrote it first."""
        notice = to_answer.notice
        if notice is not None:
            case = await self.ways.cases.read(self.tx, notice.reference)
            letters = [] if case is None else await self._to_parties(row, mail, to_answer, notice, case)
            asks = case is not None and _asks_if_urgent(mail, to_answer, case)
            return [replace(one, facts=replace(one.facts, may_be_urgent=asks)) for one in letters]
        code = routed.code
        case = None if routed.reference is None else await self.ways.cases.read(self.tx, routed.reference)
        said = Answered(why=code.value)
        facts = self._facts(None)  # Whoever it is whom we do not know is told no reference, in no answer.
        if (
            to_answer.answer is Answer.MAIL_HELD
            and routed.reference is not None
            and await self._is_of_team(mail.sender)
        ):
            board = f"{self.web_address}/board/{routed.reference}"
            facts = replace(facts, reference=routed.reference, link=board, reply_to=None)
            return [Letter(mail.sender, Answer.MAIL_TO_TEAM, facts, said, of_party=True)]
        known = None
        if case is not None and to_answer.answer is Answer.MAIL_HELD and code in _NAMES_A_CASE:
            known = await self._as_written_to(case, mail.sender)
        if case is None or known is None:
            return [Letter(mail.sender, to_answer.answer, facts, said)]
        return [await self._linked(row, to_answer.answer, known, case, said, mail.sender)]

    async def again(self, row: MailRow, mail: Mail) -> Letter:
        """The answer to words that came before: what became of them, and a link for whom we write to about the case."""
        case = None if row.reference is None else await self.ways.cases.read(self.tx, row.reference)
        filed = row.code in _WITH_ITS_CASE
        said = Answered(
            received_at=row.received_at,
            raised=row.code == Code.RAISED,
            filed=filed and row.code != Code.RAISED,
            waits=row.state is MailState.HELD,
        )
        known = None if case is None else await self._as_written_to(case, mail.sender)
        if case is None or known is None:
            return Letter(mail.sender, Answer.MAIL_AGAIN, self._facts(row.reference if filed else None), said)
        return await self._linked(row, Answer.MAIL_AGAIN, known, case, said, mail.sender)

    def aside(self, mail: Mail, aside: Aside) -> Letter:
        """The answer to what the team put aside: fixed words, no reference and no link."""
        said = Answered(turn_to=turn_to(aside.route, aside.elsewhere), sent_there=bool(aside.sent_there))
        return Letter(mail.sender, Answer.MAIL_ASIDE, self._facts(None), said)

    async def _to_parties(
        self, row: MailRow, mail: Mail, to_answer: ToAnswer, notice: NoticeRow, case: Case
    ) -> list[Letter]:
        said = Answered(acknowledged=to_answer.acknowledged, would_acknowledge=to_answer.would_acknowledge)
        found = await recipients.find(
            self.tx,
            self.ways.vault,
            notice.reference,
            notice.notice.to,
            at=self.now,
            instead=notice.told_instead,
        )
        address = found.address if isinstance(found, recipients.Addressee) else None
        if address is not None and address.strip().lower() == mail.sender:
            return [await self._linked(row, to_answer.answer, notice, case, said, address)]
        answer = to_answer.answer if to_answer.answer in _SAME_FROM_ANY_ADDRESS else Answer.MAIL_BESIDE
        facts = replace(self._facts(case.reference), reply_to=self._reply_to(notice))
        letters = [Letter(mail.sender, answer, facts, self._standing(said, case, notice))]
        if address is not None and to_answer.answer not in _SAME_FROM_ANY_ADDRESS:
            copy = await self._linked(row, Answer.MAIL_COLLEAGUE, notice, case, said, address)
            letters.append(replace(copy, to_writer=False))
        return letters

    async def _linked(  # noqa: PLR0917  what a letter is made of
        self, row: MailRow, answer: Answer, notice: NoticeRow, case: Case, said: Answered, address: str
    ) -> Letter:
        """An answer to the address that we write to, with a link for what is to be done there now."""
        leads = onward(case, notice.notice.to)
        # Each time that the same words come again has links of its own: those of before may be old.
        name = f"{row.mail_id}-{row.repeats}" if row.repeats else row.mail_id
        complete = None
        if leads.completes:
            complete = await self._issue(f"complete-{name}", notice, Ask.COMPLETE, leads.stage)
        facts = replace(
            self._facts(case.reference),
            link=await self._issue(f"answer-{name}", notice, leads.asks, leads.stage),
            reply_to=self._reply_to(notice),
            urgent=case.track is Track.URGENT,
        )
        said = replace(self._standing(said, case, notice), may=leads.may, stage=case.stage, complete_link=complete)
        return Letter(address, answer, facts, said, of_party=True)

    async def _issue(self, name: str, notice: NoticeRow, asks: Ask, stage: int) -> str:
        asked = replace(notice.notice, asks=asks, stage=stage, about=None)
        token = await links.issue(
            self.tx, self.ways.vault, notice_id=name, reference=notice.reference, notice=asked, now=self.now
        )
        return f"{self.web_address}/l/{token}"

    async def _is_of_team(self, sender: str) -> bool:
        return await directory.answers_for(self.tx, self.ways.vault, None, TEAM_POSITION, address=sender, on=self.now)

    async def _as_written_to(self, case: Case, sender: str) -> NoticeRow | None:
        """The newest notice of a case that went to somebody whose address of today this is."""
        newest = {row.notice.to: row for row in await notices.of_case(self.tx, case.reference)}
        for to, row in newest.items():
            if to.side is Side.TEAM:
                continue
            found = await recipients.find(self.tx, self.ways.vault, case.reference, to, at=self.now)
            if isinstance(found, recipients.Addressee) and found.address.strip().lower() == sender:
                return row
        return None

    def _facts(self, reference: str | None) -> Facts:
        mailbox = self.ways.reader.replies.addresses.mailbox
        return Facts(house=self.house, reference=reference or "", at=self.now, reply_to=mailbox)

    def _reply_to(self, notice: NoticeRow) -> str:
        return self.ways.reader.replies.address_of(notice.notice_id)

    @staticmethod
    def _standing(said: Answered, case: Case, notice: NoticeRow) -> Answered:
        return replace(said, side=notice.notice.to.side, status=case.status, paused=case.pause is not None)
