"""How answers leave: once, within the budget of whoever gets them, and noted before they do.

An answer that is lost is a courtesy lost: the message is with its case or with the team.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake import mail_answers, mail_budget, mail_clock
from escalations.intake.mail_answers import Letter
from escalations.intake.mail_budget import Budget, Verdict
from escalations.intake.mail_codes import Code
from escalations.intake.mail_routing import Routed, ToAnswer, Ways
from escalations.mail import outgoing, pleas
from escalations.mail.authentication import PROVEN
from escalations.mail.outgoing import Answer, Answered, Facts, House
from escalations.mail.parser import Mail
from escalations.mail.relay import Relay
from escalations.store import mail_answers as answered
from escalations.store import mail_asides, mails
from escalations.store.engine import Database
from escalations.store.mails import MailRow, MailState, NotAnswered
from escalations.store.vault import Erased, Vault

_ADDED: Final = frozenset({Code.ADDED, Code.ACKNOWLEDGED})

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Post:
    """How answers leave."""

    relay: Relay
    house: House
    sender: str
    web_address: str


class Answering:
    """Answers what was decided on."""

    def __init__(
        self, *, database: Database, vault: Vault, ways: Ways, post: Post, now: Callable[[], datetime]
    ) -> None:
        """Take what it needs."""
        self._database = database
        self._vault = vault
        self._ways = ways
        self._post = post
        self._now = now

    async def answer(
        self, row: MailRow, mail: Mail, routed: Routed, to_answer: ToAnswer, *, look_by: datetime | None
    ) -> None:
        """Answer a message that was decided on, within the budgets; what is not answered is noted.

        Args:
            row: the message.
            mail: as it was understood.
            routed: where it went.
            to_answer: what it is answered.
            look_by: by when the team looks at it, where it waits for the team.
        """
        now = self._now()
        async with self._database.write() as tx:
            budget = await self._budget(tx, row, now)
            if budget.verdict is Verdict.SILENT:
                await mails.not_answered(tx, row.mail_id, NotAnswered.OFTEN)
                return
            if not await mails.mark_answered(tx, row.mail_id, at=now):
                return
            letters = await self._making(tx, now).of(row, mail, routed, to_answer)
            leaving = [
                letter
                for one in letters
                if (letter := await self._within(tx, row, one, budget, now, filed=routed.code in _ADDED))
            ]
        for found in leaving:
            held = routed.state is MailState.HELD
            letter = replace(found, facts=_as_held(found.facts, mail, look_by)) if held else found
            name = f"answer-{row.mail_id}" if letter.to_writer else f"copy-{row.mail_id}"
            await self._leave(letter, name, answers=mail.message_id if letter.to_writer else "")

    async def tell_of_again(self) -> None:
        """Tell whoever sent the same words again that we have them."""
        while True:
            async with self._database.read() as tx:
                row = await mails.said_again(tx)
            if row is None:
                return
            now, letter, message_id = self._now(), None, ""
            async with self._database.write() as tx:
                if not await mails.told_of_again(tx, row.mail_id):
                    continue  # Another router has.
                budget = await self._budget(tx, row, now)
                if budget.verdict is Verdict.SILENT:
                    await mails.not_answered(tx, row.mail_id, NotAnswered.OFTEN)
                    continue
                with suppress(Erased):
                    _, raw = await mails.content(tx, self._vault, row.mail_id)
                    mail = await self._ways.reader.parsed(raw)
                    made = await self._making(tx, now).again(row, mail)
                    letter = await self._within(tx, row, made, budget, now, filed=row.code in _ADDED)
                    message_id = mail.message_id
                    if letter is not None and row.state is MailState.HELD:
                        letter = replace(letter, facts=_as_held(letter.facts, mail, row.due_at))
            if letter is not None:
                await self._leave(letter, f"again-{row.mail_id}-{row.repeats}", answers=message_id)

    async def tell_of_aside(self) -> None:
        """Tell whoever wrote what the team put aside, once for each message."""
        while True:
            async with self._database.read() as tx:
                mail_id = await mail_asides.owed(tx)
            if mail_id is None:
                return
            now, letter, message_id = self._now(), None, ""
            async with self._database.write() as tx:
                if not await mail_asides.word_leaves(tx, mail_id):
                    continue  # Another router has.
                row, aside = await mails.get(tx, mail_id), await mail_asides.of(tx, mail_id)
                budget = await self._budget(tx, row, now)
                if budget.verdict is Verdict.SILENT:
                    await mails.not_answered(tx, mail_id, NotAnswered.OFTEN)
                    continue
                with suppress(Erased):
                    _, raw = await mails.content(tx, self._vault, mail_id)
                    mail = await self._ways.reader.parsed(raw)
                    if aside is not None:
                        made = self._making(tx, now).aside(mail, aside)
                        letter = await self._within(tx, row, made, budget, now, filed=False)
                        message_id = mail.message_id
            if letter is not None:
                await self._leave(letter, f"aside-{mail_id}", answers=message_id)

    def _making(self, tx: AsyncConnection, now: datetime) -> mail_answers.Letters:
        return mail_answers.Letters(self._ways, tx, self._post.house, self._post.web_address, now)

    async def _budget(self, tx: AsyncConnection, row: MailRow, now: datetime) -> Budget:
        given = await answered.to_address(
            tx, row.sender_key or "", proven=row.vouched in PROVEN, since=now - mail_budget.DAY
        )
        return mail_budget.of_address(given, now)

    async def _within(
        self, tx: AsyncConnection, row: MailRow, letter: Letter, budget: Budget, now: datetime, *, filed: bool
    ) -> Letter | None:
        """The letter that leaves within the budgets, noted; none where none does."""
        proven, until = row.vouched in PROVEN, None
        key = mails.address_key(self._vault, letter.address)
        given = await answered.to_address(
            tx, key, proven=proven, since=now - mail_budget.HOUR, to_writer=letter.to_writer
        )
        if not letter.to_writer:
            if len(given) >= mail_budget.COPIES_AN_HOUR:
                return None
        elif letter.answer is Answer.MAIL_MANY and any(one.what == Answer.MAIL_MANY for one in given):
            return None  # That so much came is said once an hour.
        elif await self._is_flooded(tx, letter, now, first=proven and not given):
            await mails.not_answered(tx, row.mail_id, NotAnswered.FLOOD)
            return None
        if letter.to_writer and budget.verdict is Verdict.LAST:
            until = budget.again_at
            said = replace(letter.said, until=until, filed=filed)
            letter = replace(letter, answer=Answer.MAIL_ENOUGH, said=said)
        await answered.write(
            tx,
            row.mail_id,
            at=now,
            address_key=key,
            what=letter.answer.value,
            proven=proven,
            of_party=letter.of_party,
            to_writer=letter.to_writer,
            quiet_until=until,
        )
        return letter

    @staticmethod
    async def _is_flooded(tx: AsyncConnection, letter: Letter, now: datetime, *, first: bool) -> bool:
        """Whether so much came from all whom we do not know that this one is not answered.

        Each answer has the numbers to ring. So whoever their mail server vouches for gets one an hour in any case: a
        flood of others must not take it from them, and it goes to nobody who did not write. Whom we write to about the
        case is never in the flood.
        """
        if letter.of_party or first:
            return False
        return await answered.to_others(tx, since=now - mail_budget.HOUR) >= mail_budget.ANSWERS_IN_ALL

    async def _leave(self, letter: Letter, name: str, *, answers: str) -> None:
        await self.send(letter.facts, letter.answer, name, letter.address, answers=answers, said=letter.said)

    async def send(
        self,
        facts: Facts,
        answer: Answer,
        name: str,
        address: str,
        *,
        answers: str = "",
        said: Answered | None = None,
        waiting: int = 0,
        late: int = 0,
    ) -> None:
        """Send an answer once. One that does not leave undoes nothing."""
        sender = self._post.sender
        message = outgoing.compose_answer(
            facts,
            answer,
            message_id=outgoing.message_id(name, sender),
            sender=sender,
            said=said,
            answers=answers,
            waiting=waiting,
            late=late,
        )
        try:
            sent = await self._post.relay.send(message, to=address)
        except Exception as error:  # noqa: BLE001  an answer that does not leave undoes nothing
            _log.warning("answer_not_sent", code=type(error).__name__)
            return
        _log.info("answer_tried", kind=answer, code=sent.code)


def _as_held(facts: Facts, mail: Mail, look_by: datetime | None) -> Facts:
    """What is said besides to whoever wrote what waits for the team."""
    return replace(
        facts,
        due_at=look_by,
        may_be_urgent=mail_clock.looked_at_sooner(mail),
        asks_not_to_tell=bool(pleas.found(mail.subject, mail.text)),
    )
