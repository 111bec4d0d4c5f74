"""What a stored message brings: decided from its bytes, after its sender was told that it was taken.

The order is fixed. First what it is: our own, a report, a receipt, an automatic reply and a list are never answered,
never open a case and never count as an answer, whoever they say they are from (defects 14, 15, 19, 21). Then which
notice it answers, by a signature of ours alone; then whether it names a case without one, which files it for the team;
and only what is left raises an escalation. What cannot be decided is held for the team, never lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from escalations.intake import mail_raising, mail_reports, naming, recipients, submissions
from escalations.intake.mail_codes import Code
from escalations.intake.mail_in import Reader
from escalations.intake.opening import InForce
from escalations.mail import labels
from escalations.mail.authentication import CHECKED, PROVEN, Vouched
from escalations.mail.classify import Kind
from escalations.mail.labels import Label
from escalations.mail.outgoing import Answer
from escalations.mail.parser import Mail
from escalations.mail.reports import Arrival
from escalations.policy import Side, Track
from escalations.rules import access, acts
from escalations.rules.actors import SYSTEM, Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Status
from escalations.rules.notices import RAISER, Ask
from escalations.rules.senders import Known
from escalations.store import directory, mails, notices, references
from escalations.store.cases import Cases
from escalations.store.mails import Envelope, MailRow, MailState
from escalations.store.notices import NoticeRow
from escalations.store.vault import Vault

AN_HOUR: Final = timedelta(hours=1)
A_DAY: Final = timedelta(days=1)
RAISED_BY_ONE: Final = 5
"""Escalations that one sender raises by mail in an hour; each brings them an answer. What is more is held."""
RAISED_IN_ALL: Final = 60
"""The same for everybody together, before senders that are not known are held."""
FILED_TO_ONE_CASE: Final = 20
"""Messages of one sender that are added to one case in an hour; each is told to the other side. Two machines that we do
not recognise would otherwise write to each other through us without end."""
FILED_IN_ALL: Final = 60
"""The same of everybody together, beyond which only whom we wrote to adds to it: names of an agency can be made up."""

_REFERENCE = re.compile(r"\b[A-Z]{2,6}-?\d{2}-?\d{4,9}-?[0-9A-Z]\b", re.IGNORECASE)
_MOST_REFERENCES: Final = 5
_ABOUT_A_CASE: Final = frozenset({Label.TO_AGENCY, Label.CHILD, Label.UNBORN_BABY, Label.ADULT, Label.PROBLEM})
"""Labelled lines that stand in no automatic reply to anything."""


@dataclass(frozen=True, slots=True)
class ToAnswer:
    """An automatic answer that a message gets."""

    answer: Answer
    notice: NoticeRow | None = None
    """The notice that it answered, where its words went to the case: whom that was for is told with a link, at their
    address of today, and whoever else wrote without one."""
    acknowledged: bool = False
    would_acknowledge: bool = False
    """Whether it would have acknowledged, had it come from the position that was written to."""


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a message went."""

    state: MailState
    code: Code
    reference: str | None = None
    to_answer: ToAnswer | None = None
    about: str | None = None
    """The notice that a report was found to be about."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What deciding needs."""

    vault: Vault
    cases: Cases
    reader: Reader
    prefix: str
    in_force: InForce
    signed_return_path: bool = False
    """Whether notices left under return paths of their own also before it was noted of each (`mail_reports.Came`)."""


@dataclass(slots=True)
class Routing:
    """Decides on one message, in one transaction with what it brings."""

    ways: Ways
    tx: AsyncConnection
    row: MailRow
    mail: Mail
    envelope: Envelope
    now: datetime
    _made: int = field(default=0)

    async def decide(self) -> Routed:
        """Where this message goes; what it brings is written in the same transaction."""
        match Kind(self.row.kind):
            case Kind.OWN:
                return Routed(MailState.SET_ASIDE, Code.OWN)
            case Kind.BOUNCE:
                return await self._bounce()
            case Kind.READ_RECEIPT:
                return Routed(MailState.SET_ASIDE, Code.READ_RECEIPT)
            case Kind.AUTOMATIC_REPLY:
                return await self._automatic()
            case Kind.LIST:
                return Routed(MailState.HELD, Code.TO_MANY)
            case Kind.PERSON:
                return await self._person()

    # ---- Machines ---------------------------------------------------------------------------------------------------

    async def _bounce(self) -> Routed:
        notice = await mail_reports.notice_of(self.tx, self.ways.reader, self.row, self.mail)
        if notice is None:
            known = await self._named_case()
            if known is not None:
                return Routed(MailState.HELD, Code.BOUNCE_NOT_SIGNED, known)
            return Routed(MailState.SET_ASIDE, Code.NOT_ABOUT_OURS)
        match Arrival(self.row.arrival or Arrival.UNKNOWN):
            case Arrival.FAILED:
                return await self._undelivered(notice)
            case Arrival.UNKNOWN:
                return Routed(MailState.HELD, Code.BOUNCE_UNCLEAR, notice.reference, about=notice.notice_id)
            case Arrival.PASSING | Arrival.DELAYED | Arrival.DELIVERED:
                return Routed(MailState.SET_ASIDE, Code.ARRIVES_LATER, notice.reference, about=notice.notice_id)

    async def _undelivered(self, notice: NoticeRow) -> Routed:
        if notice.state not in mail_reports.LEFT:
            return Routed(MailState.SET_ASIDE, Code.SAID_BEFORE, notice.reference, about=notice.notice_id)
        case = await self.ways.cases.read(self.tx, notice.reference)
        came = mail_reports.Came(self.envelope, self.row.received_at, signed_return_path=self.ways.signed_return_path)
        doubt = await mail_reports.doubt(self.tx, self.ways.reader.replies, came, notice, case)
        if doubt is not None:
            return Routed(MailState.HELD, doubt, notice.reference, about=notice.notice_id)
        told = await mail_reports.take_back(self.tx, self.ways.vault, notice, at=self.now)
        state, code = (MailState.FILED, Code.UNDELIVERED) if told else (MailState.HELD, Code.TEAM_BOUNCE)
        return Routed(state, code, notice.reference, about=notice.notice_id)

    async def _automatic(self) -> Routed:
        notice = await self._answered()
        if notice is None and _ABOUT_A_CASE & self.mail.labelled.values.keys():
            # A school's own system sent it: it opens nothing by itself, and nobody else would ever see it.
            return Routed(MailState.HELD, Code.TO_MANY)
        if notice is None:
            return Routed(MailState.SET_ASIDE, Code.NOT_ABOUT_OURS)
        since = self.now - A_DAY
        if not await mails.count_since(self.tx, since, about=notice.notice_id, code=Code.AUTOMATIC_REPLY):
            # A thousand of them say no more than one, and each would be an entry of the case.
            await self._report(notice, "automatic_reply")
        return Routed(MailState.FILED, Code.AUTOMATIC_REPLY, notice.reference, about=notice.notice_id)

    async def _report(self, notice: NoticeRow, message: str) -> None:
        """Let a case hear of a message that is no act of a person; only of those whom it was raised with."""
        to = notice.notice.to
        if to.side is not Side.RESPONDING or to.agency_id is None:
            return
        act = acts.ReportMessage.model_validate(
            {**self._origin(SYSTEM, Channel.SYSTEM), "agency_id": to.agency_id, "message": message}
        )
        await self._submit(act, notice.reference)

    # ---- People -----------------------------------------------------------------------------------------------------

    async def _person(self) -> Routed:
        notice = await self._answered() or await self._quoted()
        if notice is not None:
            return await self._reply(notice)
        known = await self._named_case()
        if known is not None:
            return self._held(Code.REFERENCE_NOT_SIGNED, known)
        if self._looks_like_an_answer():
            return self._held(Code.ADDRESS_NOT_SIGNED)
        return await self._raise()

    async def _reply(self, notice: NoticeRow) -> Routed:
        to, reference = notice.notice.to, notice.reference
        if self.row.vouched == Vouched.REFUTED:
            return Routed(MailState.HELD, Code.SENDER_REFUTED, reference)
        if to.side is Side.TEAM:
            return self._held(Code.TO_THE_TEAM, reference)
        if to.side is Side.OUTSIDE:
            return self._held(Code.TO_AN_ADVISER, reference)  # Advice is given on its page, and adds nothing by mail.
        of_position = await self._is_of_position(notice)
        if not of_position and (stranger := await self._stranger(notice)) is not None:
            return self._held(stranger, reference)
        if await self._adds_too_much(reference, of_position=of_position):
            return self._held(Code.TOO_MANY, reference, Answer.MAIL_MANY)
        if self.mail.locked:
            await self._report(notice, "unreadable_reply")
        if not self.mail.readable and (self.mail.locked or not self.mail.attachments):
            if self.mail.locked and to.side is Side.RESPONDING:
                unreadable = ToAnswer(Answer.MAIL_UNREADABLE, notice)
                return Routed(MailState.FILED, Code.UNREADABLE, reference, unreadable, notice.notice_id)
            return self._held(Code.NOTHING_IN_IT, reference)
        actor = Actor(side=to.side, agency_id=to.agency_id, position=to.position)
        if of_position and to.side is Side.RAISING and (routed := await self._says_urgent(notice, actor)) is not None:
            return routed
        would = await self._would_acknowledge(notice, actor)
        acknowledges = of_position and would
        if acknowledges:
            by = {"by": self._words()["by"]}
            await self._submit(acts.Acknowledge(**self._origin(actor)), reference, sealed=by)
        await self._add(actor, reference)
        code = Code.ACKNOWLEDGED if acknowledges else Code.ADDED
        said = Answer.MAIL_ACKNOWLEDGED if acknowledges else Answer.MAIL_ADDED
        answer = ToAnswer(said, notice, acknowledged=acknowledges, would_acknowledge=would and not acknowledges)
        return Routed(MailState.FILED, code, reference, answer, notice.notice_id)

    async def _adds_too_much(self, reference: str, *, of_position: bool) -> bool:
        since = self.now - AN_HOUR
        own = await self._own_since(since, reference=reference)
        if own >= FILED_TO_ONE_CASE or of_position:
            return own >= FILED_TO_ONE_CASE
        return await mails.count_since(self.tx, since, reference=reference) >= FILED_IN_ALL

    async def _add(self, actor: Actor, reference: str) -> None:
        files = min(len(self.mail.attachments), mail_raising.FILES)
        seen = mail_raising.seen_in_reply(self.mail)
        await self._submit(
            acts.AddWords(**self._origin(actor), files=files, seen=seen), reference, sealed=self._words()
        )

    async def _says_urgent(self, notice: NoticeRow, actor: Actor) -> Routed | None:
        """What whoever raised it says in a labelled line, ``Urgent: yes`` or ``no``, from the address that we write to.

        Their word is a person's. It makes nothing later, and so it needs no more proof than words that are added.
        """
        says = labels.yes(self.mail.labelled.first(Label.URGENT))
        case = None if says is None else await self.ways.cases.read(self.tx, notice.reference)
        if says is None or case is None:
            return None
        if case.status is Status.CLOSED:
            return self._held(Code.URGENT_THOUGH_CLOSED, notice.reference) if says else None
        if says and case.track is Track.STANDARD:
            urgent = acts.ChangeTrack(**self._origin(actor), track=Track.URGENT)
            await self._submit(urgent, notice.reference, sealed=self._words())
        elif not says and case.asked_if_urgent:
            await self._submit(acts.SayNotUrgent(**self._origin(actor)), notice.reference, sealed=self._words())
        elif not says:
            return None
        if self.mail.labelled.rest or len(self.mail.labelled.values) > 1 or self.mail.attachments:
            await self._add(actor, notice.reference)
        said = ToAnswer(Answer.MAIL_URGENT if says else Answer.MAIL_NOT_URGENT, notice)
        code = Code.SAID_URGENT if says else Code.SAID_NOT_URGENT
        return Routed(MailState.FILED, code, notice.reference, said, notice.notice_id)

    async def _would_acknowledge(self, notice: NoticeRow, actor: Actor) -> bool:
        """Whether a reply of the position acknowledges: where it was asked to answer, and nobody there has done so."""
        if notice.notice.asks is not Ask.RESPOND or notice.notice.to.side is not Side.RESPONDING:
            return False
        case = await self.ways.cases.read(self.tx, notice.reference)
        if case is None or case.status is not Status.OPEN:
            return False
        party = case.party(actor.agency_id)
        if party is None or party.settled or access.stage_of(case, actor.position) != case.stage:
            return False
        return not party.evidence.acknowledged and party.answered_at is None

    async def _stranger(self, notice: NoticeRow) -> Code | None:
        """Why the sender's address is not one of the agency that was written to; none where it is.

        The signed address proves whom we wrote to, not who answers. A colleague's words are added and acknowledge
        nothing; a person outside the agency's own addresses waits for the team.
        """
        addressed = notice.notice.to.agency_id
        if addressed is None and notice.notice.to.side is Side.RAISING:
            # Written to before it was known who raised it; the team may have said so since.
            case = await self.ways.cases.read(self.tx, notice.reference)
            addressed = None if case is None else case.raising_agency
        if addressed is None:
            return Code.NOT_WHO_RAISED
        agency = await directory.agency_of_address(self.tx, self.ways.vault, self.mail.sender, self.now)
        if agency is None:
            return Code.OUTSIDE
        told = notice.told_instead
        stands_in = told is not None and told.agency_id == agency
        return None if agency == addressed or stands_in else Code.ANOTHER_AGENCY

    async def _is_of_position(self, notice: NoticeRow) -> bool:
        """Whether the sender is whom the notice is for: its address of today, or the position's holder or deputy."""
        to = notice.notice.to
        if to.position == RAISER or to.agency_id is None:
            found = await recipients.find(self.tx, self.ways.vault, notice.reference, to, at=self.now)
            return isinstance(found, recipients.Addressee) and found.address.strip().lower() == self.mail.sender
        told = notice.told_instead
        return await directory.answers_for(
            self.tx,
            self.ways.vault,
            to.agency_id,
            to.position if told is None or told.position is None else told.position,
            address=self.mail.sender,
            on=self.now,
            closed=await recipients.is_shut(self.tx, to.agency_id, self.now) is not None,
        )

    async def _raise(self) -> Routed:
        if self.row.vouched == Vouched.REFUTED:
            return Routed(MailState.HELD, Code.SENDER_REFUTED)
        if not self.mail.sender:
            return Routed(MailState.HELD, Code.NO_SENDER)
        if not self.mail.text and not self.mail.subject and not self.mail.attachments:
            return self._held(Code.NOTHING_IN_IT)
        agencies = await directory.agencies(self.tx, self.now)
        parties = {agency.agency_id for agency in agencies if agency.agency_type != naming.PARTNERSHIP}
        whose = await directory.whose_address(self.tx, self.ways.vault, self.mail.sender, self.now)
        agency = whose.agency_id if self.row.vouched in PROVEN else None
        if await self._are_too_many(known=agency is not None):
            return self._held(Code.TOO_MANY, answer=Answer.MAIL_MANY)
        raised = mail_raising.raised(
            self.mail,
            mail_id=self.row.mail_id,
            submission_id=submissions.new_id(self.row.received_at),
            agency=agency if agency in parties else None,
            known=whose.known if whose.agency_id in parties else Known.NOBODY,
            checked=CHECKED[Vouched(self.row.vouched)],
            named=naming.find(self.mail.labelled.values.get(Label.TO_AGENCY, ()), agencies),
            together=naming.find(self.mail.labelled.values.get(Label.TOGETHER, ()), agencies),
            at=self.row.received_at,
            policy=self.ways.in_force.policy,
        )
        reference = await self._submit(raised.act, None, sealed=raised.sealed)
        return Routed(MailState.FILED, Code.RAISED, reference)

    async def _are_too_many(self, *, known: bool) -> bool:
        """Whether so many came that this one is held. Nobody else's mail holds up an agency that we know."""
        since = self.now - AN_HOUR
        own = await self._own_since(since, code=Code.RAISED)
        if own >= RAISED_BY_ONE or known:
            return own >= RAISED_BY_ONE
        return await mails.count_since(self.tx, since, code=Code.RAISED) >= RAISED_IN_ALL

    async def _own_since(self, since: datetime, *, reference: str | None = None, code: str | None = None) -> int:
        """How much came of this sender, as they are known: what others send under their address uses up nothing."""
        proven = self.row.vouched in PROVEN
        ways = PROVEN if proven else frozenset(Vouched) - PROVEN
        return await mails.count_since(
            self.tx, since, sender_key=self.row.sender_key, reference=reference, code=code, vouched=ways
        )

    # ---- What it answers --------------------------------------------------------------------------------------------

    async def _answered(self) -> NoticeRow | None:
        """The notice that it answers, by its signed address or by the Message-IDs that it says it answers."""
        return await mail_reports.notice_with(
            self.tx, self.ways.reader.replies, self.row.notice_id, mail_reports.answered_ids(self.mail)
        )

    async def _quoted(self) -> NoticeRow | None:
        """The notice whose signed address stands in what it quotes."""
        for text in (self.mail.history, self.mail.text):
            notice_id = self.ways.reader.replies.notice_in(text)
            if notice_id is not None and (found := await notices.get(self.tx, notice_id)) is not None:
                return found
        return None

    async def _named_case(self) -> str | None:
        """The reference of an escalation that stands in it, also of one that is stored and not open yet.

        It names the escalation, and proves nothing.
        """
        said = f"{self.mail.subject}\n{self.mail.text[:4_000]}\n{self.mail.history[:4_000]}"
        for place, found in enumerate(_REFERENCE.finditer(said)):
            if place >= _MOST_REFERENCES:
                break
            reference = references.parse(found[0])
            if isinstance(reference, references.Reference):
                known = str(reference)
                is_open = await self.ways.cases.read(self.tx, known) is not None
                if is_open or await submissions.of_case(self.tx, known, act_kind="raise"):
                    return known
        return None

    def _looks_like_an_answer(self) -> bool:
        """Whether it was sent to an address in the form of a signed one, or answers a message from our own domain."""
        addresses = self.ways.reader.replies.addresses
        if any(address.strip().lower() != addresses.mailbox.lower() for address in self.envelope.recipients):
            return True
        domain = addresses.mailbox.rpartition("@")[2].lower()
        return any(found.lower().endswith(f"@{domain}>") for found in mail_reports.answered_ids(self.mail))

    # ---- What it brings ---------------------------------------------------------------------------------------------

    def _held(self, code: Code, reference: str | None = None, answer: Answer = Answer.MAIL_HELD) -> Routed:
        """Held for the team, and whoever wrote it is told so; whom their domain disowns is told nothing."""
        answered = bool(self.mail.sender) and self.row.vouched != Vouched.REFUTED
        return Routed(MailState.HELD, code, reference, ToAnswer(answer) if answered else None)

    def _origin(self, by: Actor, channel: Channel = Channel.MAIL) -> dict[str, Any]:
        return {
            "submission_id": submissions.new_id(self.row.received_at),
            "by": by,
            "channel": channel,
            "received_at": self.row.received_at,
        }

    def _words(self) -> dict[str, object]:
        name = self.mail.sender_name or self.mail.sender
        return {
            "by": {"name": name, "role": "by email"},
            "text": self.mail.text[: mail_raising.WORDS],
            "mail": mail_raising.as_it_came(self.mail, self.row.mail_id),
        }

    async def _submit(
        self, act: Act, reference: str | None, *, sealed: dict[str, object] | None = None, key: str | None = None
    ) -> str:
        self._made += 1
        receipt = await submissions.receive(
            self.tx,
            self.ways.vault,
            act_kind=act.kind,
            act_json=acts.dumps(act),
            channel=act.channel,
            received_at=act.received_at,
            sealed=sealed or {},
            reference=reference,
            idempotency_key=key or f"mail:{self.row.mail_id}:{self._made}",
            submission_id=act.submission_id,
            prefix=self.ways.prefix,
        )
        return receipt.reference
