"""What came by email and waits for the team: read as plain text, passed to a case, or put aside.

Nothing of a message is shown as HTML, and no file is handed out. That a message was read is written down.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from escalations import errors
from escalations.intake import mail_raising, mail_reports, submissions
from escalations.intake.mail_codes import Code
from escalations.intake.opening import InForce
from escalations.mail import parser
from escalations.mail.classify import Kind
from escalations.mail.parser import Mail
from escalations.policy import Side
from escalations.rules import access, acts, workingtime
from escalations.rules.access import Page, Role
from escalations.rules.actors import Actor, Channel
from escalations.rules.workingtime import Amount, Unit
from escalations.store import access_log, mails, notices, references
from escalations.store.access_log import What
from escalations.store.mails import MailAct, MailRow, MailState
from escalations.store.notices import NoticeRow
from escalations.store.vault import Erased
from escalations.web.auth import allowed, signed_in
from escalations.web.forms import LONG, Problem, Raw, Reading, first
from escalations.web.parts import Parts, is_press

_ID: Final = re.compile(r"[0-9a-f-]{36}")
_LOOK: Final = Amount(value=2, unit=Unit.WORKING_HOURS)
"""Within which the team looks at what it holds (rules of practice, "A child must not wait in a queue of ours")."""
_TEAM: Final = Actor(side=Side.TEAM, position="team")

WHY: Final[Mapping[Code, str]] = {
    Code.RAISED: "Raised an escalation",
    Code.ADDED: "Added to its escalation",
    Code.ACKNOWLEDGED: "Recorded as an acknowledgement, and added",
    Code.UNREADABLE: "It cannot be read: locked or wrapped",
    Code.AUTOMATIC_REPLY: "An automatic reply",
    Code.UNDELIVERED: "Says that our notice did not arrive",
    Code.OWN: "Our own message that came back",
    Code.READ_RECEIPT: "A read receipt",
    Code.NOT_ABOUT_OURS: "Automatic, and about no notice of ours",
    Code.ARRIVES_LATER: "Says that our notice is late, or arrived after all",
    Code.BOUNCE_UNCLEAR: "Says something about our notice, and not clearly whether it arrived",
    Code.BOUNCE_NOT_SIGNED: "Says that a notice did not arrive, and may not be genuine",
    Code.BOUNCE_LATE: "Says that a notice did not arrive, and came long after it had left",
    Code.BOUNCE_THOUGH_REACHED: "Says that a notice did not arrive, and somebody there has used it",
    Code.SAID_BEFORE: "Says of our notice what is known already",
    Code.UNDELIVERED_CONFIRMED: "Confirmed by the team: our notice did not arrive",
    Code.TEAM_BOUNCE: "Our notice to the team itself did not arrive",
    Code.TO_MANY: "From a list or a program",
    Code.NOTHING_IN_IT: "There is nothing in it that can be read",
    Code.ANOTHER_AGENCY: "An answer from an address of another agency than we had written to",
    Code.OUTSIDE: "An answer from an address that is not known as one of the agency’s own",
    Code.TO_THE_TEAM: "An answer to what we wrote to the team",
    Code.ADDRESS_NOT_SIGNED: "An answer, and it does not show to what",
    Code.REFERENCE_NOT_SIGNED: "It names an escalation, and is no answer to a message of ours",
    Code.SENDER_REFUTED: "The sender’s own mail server says that it is not from there",
    Code.NO_SENDER: "It does not say who sent it",
    Code.TOO_MANY: "So many came within the hour that no more are filed by themselves",
    Code.COULD_NOT_BE_ROUTED: "Our system could not work out what it is",
    Code.PASSED_TO_CASE: "Passed to an escalation by the team",
    Code.NOT_FOR_US: "Put aside by the team",
}
"""Why a message is where it is."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the list. Nothing that somebody wrote stands in it."""

    mail_id: str
    received_at: datetime
    why: str
    reference: str | None
    due_at: datetime | None


def routes(parts: Parts) -> APIRouter:
    """The list, a message, and the team's acts on it."""
    router = APIRouter(prefix="/messages", include_in_schema=False)
    pages = _MailPages(parts)
    router.add_api_route("", pages.listed, methods=["GET"], dependencies=[allowed(parts, Page.BOARD)])
    router.add_api_route("/{mail_id}", pages.message, methods=["GET"], dependencies=[allowed(parts, Page.CASE)])
    for doing, handler in (
        ("pass", pages.passed),
        ("not-for-us", pages.put_aside),
        ("undelivered", pages.confirmed_undelivered),
    ):
        router.add_api_route(
            f"/{{mail_id}}/{doing}", handler, methods=["POST"], dependencies=[allowed(parts, Page.TEAM_ACT)]
        )
    return router


class _MailPages:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def listed(self, request: Request) -> Response:
        async with self._parts.database.read() as tx:
            held = await mails.listed(tx, MailState.HELD)
            others = await mails.listed(
                tx, MailState.FILED, MailState.SET_ASIDE, MailState.NOT_FOR_US, MailState.RECEIVED, at_most=50
            )
        return self._parts.show(
            request,
            "messages.html",
            now=self._parts.now(),
            held=[self._line(row) for row in held],
            others=[self._line(row) for row in others],
        )

    def _line(self, row: MailRow) -> Line:
        due = None
        if row.state is MailState.HELD:
            try:
                calendar = InForce(self._parts.policy).frame(row.received_at).calendar
                due = workingtime.deadline(calendar, row.received_at, _LOOK)
            except workingtime.CalendarExhausted:
                due = None
        return Line(row.mail_id, row.received_at, _why(row), row.reference, due)

    async def message(self, request: Request, mail_id: str) -> Response:
        return await self._show(request, mail_id)

    async def _show(
        self,
        request: Request,
        mail_id: str,
        raw: Raw | None = None,
        problems: tuple[Problem, ...] = (),
        *,
        status: int = 200,
        unkept: bool = False,
    ) -> Response:
        row, mail = await self._read(mail_id)
        who = signed_in(request)
        withheld = await self._is_withheld(row, who.roles)
        mail = None if withheld else mail
        async with self._parts.database.write() as tx:
            await access_log.write(
                tx,
                What.MAIL_READ,
                at=self._parts.now(),
                role="team",
                person_id=who.person_id or None,
                reference=row.reference,
            )
        return self._parts.show(
            request,
            "message_read.html",
            status=status,
            row=row,
            line=self._line(row),
            mail=mail,
            withheld=withheld,
            held=row.state is MailState.HELD,
            reported=await self._reported(row),
            vouched=row.vouched in {"by_hop", "by_loopback"},
            unkept=unkept,
            once=first(raw or {}, "once") or secrets.token_urlsafe(12),
            f=self._parts.form(request, raw or {"reference": [row.reference or ""]}, problems),
        )

    async def _is_withheld(self, row: MailRow, roles: frozenset[Role]) -> bool:
        """Whether what it says is not for the team: it stands in a case that the partnership was not told of.

        What is held is the team's to read, or nobody could see where it belongs.
        """
        if row.state is MailState.HELD or row.reference is None:
            return False
        async with self._parts.database.read() as tx:
            case = await self._parts.cases.read(tx, row.reference)
        return case is None or not access.reads_text(case, roles)

    async def _reported(self, row: MailRow) -> NoticeRow | None:
        """The notice that the team can confirm did not arrive; none where the message is no such report."""
        if row.state is not MailState.HELD or row.kind != Kind.BOUNCE or row.about is None:
            return None
        async with self._parts.database.read() as tx:
            notice = await notices.get(tx, row.about)
        return notice if notice is not None and notice.state in mail_reports.LEFT else None

    async def _read(self, mail_id: str) -> tuple[MailRow, Mail | None]:
        """A message; without its words where their key was erased."""
        if not _ID.fullmatch(mail_id):
            raise HTTPException(404)
        async with self._parts.database.read() as tx:
            try:
                row = await mails.get(tx, mail_id)
            except mails.UnknownMail:
                raise HTTPException(404) from None
            try:
                _, raw = await mails.content(tx, self._parts.vault, mail_id)
            except Erased:
                return row, None
        return row, parser.parse(raw)

    async def passed(self, request: Request, mail_id: str) -> Response:
        """Pass it to a case: its words are added there, and say that the team did it."""
        raw, _, genuine = await self._parts.posted(request)
        if not genuine or not is_press(first(raw, "once")):
            return await self._show(request, mail_id, raw, (self._parts.stale(request),), status=403)
        found = references.parse(first(raw, "reference"))
        if isinstance(found, references.Problem):
            return await self._show(request, mail_id, raw, (Problem("reference", found.sentence),), status=422)
        reference = str(found)
        async with self._parts.database.read() as tx:
            known = await self._parts.cases.read(tx, reference)
        if known is None:
            problem = Problem("reference", "We have no open or closed escalation of this reference. Check it again.")
            return await self._show(request, mail_id, raw, (problem,), status=422)
        row, mail = await self._read(mail_id)
        return await self._done(
            request, row, raw, MailAct.PASS_TO_CASE, MailState.FILED, Code.PASSED_TO_CASE, reference, mail
        )

    async def put_aside(self, request: Request, mail_id: str) -> Response:
        """Say that it is nobody's escalation."""
        raw, _, genuine = await self._parts.posted(request)
        if not genuine or not is_press(first(raw, "once")):
            return await self._show(request, mail_id, raw, (self._parts.stale(request),), status=403)
        row, _ = await self._read(mail_id)
        return await self._done(request, row, raw, MailAct.NOT_FOR_US, MailState.NOT_FOR_US, Code.NOT_FOR_US)

    async def confirmed_undelivered(self, request: Request, mail_id: str) -> Response:
        """Confirm what a report says that was not believed by itself: the notice counts as not delivered."""
        raw, _, genuine = await self._parts.posted(request)
        if not genuine or not is_press(first(raw, "once")):
            return await self._show(request, mail_id, raw, (self._parts.stale(request),), status=403)
        row, _ = await self._read(mail_id)
        notice = await self._reported(row)
        if notice is None:
            return await self._show(request, mail_id)
        return await self._done(
            request,
            row,
            raw,
            MailAct.CONFIRM_UNDELIVERED,
            MailState.FILED,
            Code.UNDELIVERED_CONFIRMED,
            notice.reference,
            notice=notice,
        )

    async def _done(  # noqa: PLR0917  what an act on a message is made of
        self,
        request: Request,
        row: MailRow,
        raw: Raw,
        what: MailAct,
        state: MailState,
        code: Code,
        reference: str | None = None,
        mail: Mail | None = None,
        notice: NoticeRow | None = None,
    ) -> Response:
        parts, now = self._parts, self._parts.now()
        reading = Reading(raw, now=now)
        note = reading.text("note", "The note", most=LONG)
        if reading.problems:
            return await self._show(request, row.mail_id, raw, tuple(reading.problems), status=422)
        by = signed_in(request).by
        key = f"message:{row.mail_id}:{first(raw, 'once')}"
        try:
            async with parts.database.write() as tx:
                if await mails.settle(
                    tx,
                    row.mail_id,
                    state=state,
                    code=code,
                    at=now,
                    reference=reference or row.reference,
                    only_from=(MailState.HELD,),
                ):
                    await mails.act(
                        tx,
                        parts.vault,
                        row.mail_id,
                        what,
                        at=now,
                        sealed={"by": by, "note": note},
                        idempotency_key=key,
                        reference=reference,
                    )
                    if notice is not None:
                        await mail_reports.take_back(tx, parts.vault, notice, at=now)
                    if reference is not None and mail is not None:
                        await self._add(tx, row, mail, reference, by=by, note=note, key=key)
        except errors.Retry:
            return await self._show(request, row.mail_id, raw, status=503, unkept=True)
        parts.wake()
        return parts.go(request, "/messages" if reference is None else f"/board/{reference}")

    async def _add(
        self, tx: AsyncConnection, row: MailRow, mail: Mail, reference: str, *, by: dict[str, str], note: str, key: str
    ) -> None:
        now = self._parts.now()
        act = acts.AddWords(
            submission_id=submissions.new_id(now),
            by=_TEAM,
            channel=Channel.TEAM,
            received_at=now,
            files=min(len(mail.attachments), mail_raising.FILES),
        )
        said = f"{note}\n\n" if note else ""
        who = f"{mail.sender_name or mail.sender or 'Somebody'} wrote by email, {workingtime.say(row.received_at)}:"
        await submissions.receive(
            tx,
            self._parts.vault,
            act_kind=act.kind,
            act_json=acts.dumps(act),
            channel=act.channel,
            received_at=now,
            sealed={
                "by": by,
                "text": f"{said}{who}\n{mail.text[: mail_raising.WORDS]}",
                "mail": mail_raising.as_it_came(mail, row.mail_id),
            },
            reference=reference,
            submission_id=act.submission_id,
            idempotency_key=key,
        )


def _why(row: MailRow) -> str:
    try:
        return WHY[Code(row.code or "")]
    except ValueError:
        return "Just received"
