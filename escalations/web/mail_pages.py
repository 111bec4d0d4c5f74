"""What came by email and waits for the team: read as plain text, passed to a case, or put aside.

Nothing of a message is shown as HTML, and no file is handed out. That a message was read is written down.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from escalations import errors
from escalations.intake import mail_clock, mail_codes, mail_reports, submissions
from escalations.intake.mail_codes import Code
from escalations.intake.opening import InForce
from escalations.mail import parser, pleas, urgency
from escalations.mail.authentication import CHECKED, Vouched
from escalations.mail.classify import Kind
from escalations.mail.labels import Label
from escalations.mail.parser import Mail
from escalations.rules import access, acts, wording
from escalations.rules.access import Page, Role
from escalations.store import access_log, directory, mail_answers, mail_asides, mails, notices, references
from escalations.store.access_log import What
from escalations.store.mail_asides import Aside
from escalations.store.mails import MailAct, MailRow, MailState
from escalations.store.notices import NoticeRow
from escalations.store.vault import Erased
from escalations.web import mail_adding, mail_aside, mail_undelivered, named, sender_words, team_check, words
from escalations.web.auth import allowed, signed_in
from escalations.web.forms import LONG, Problem, Raw, Reading, first, number_of
from escalations.web.made import Made
from escalations.web.mail_aside import PuttingAside
from escalations.web.mail_undelivered import Grounds
from escalations.web.parts import Parts, is_press
from escalations.web.telling import Names

PER_PAGE: Final = 100
"""Messages that wait, of one page of the list: whoever sends many pushes nobody else's out of it."""
_ID: Final = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the list. Nothing that somebody wrote stands in it."""

    mail_id: str
    received_at: datetime
    why: str
    reference: str | None
    due_at: datetime | None
    """By when the team has to look, while it waits."""
    urgent: bool = False
    not_answered: str = ""
    """Why whoever wrote it was not answered by ourselves."""


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
        self._in_force = InForce(parts.policy, parts.days_off)

    async def listed(self, request: Request) -> Response:
        now = self._parts.now()
        async with self._parts.database.read() as tx:
            waiting = (await mails.waiting(tx)).get(MailState.HELD, 0)
            pages = max(1, -(-waiting // PER_PAGE))
            page = min(max(number_of(request.query_params.get("page", "")) or 1, 1), pages)
            held = await mails.listed(tx, MailState.HELD, at_most=PER_PAGE, after=(page - 1) * PER_PAGE)
            late = await mails.late(tx, now=now)
            others = await mails.listed(
                tx, MailState.FILED, MailState.SET_ASIDE, MailState.NOT_FOR_US, MailState.RECEIVED, at_most=50
            )
            quiet = await mail_answers.quiet(tx, now=now)
        return self._parts.show(
            request,
            "messages.html",
            now=now,
            quiet=quiet,
            held=[self._line(row) for row in held],
            waiting=waiting,
            page=page,
            pages=pages,
            late=late,
            others=[self._line(row) for row in others],
        )

    def _line(self, row: MailRow) -> Line:
        # What waited before the clock was kept with it has the one that it would have now.
        due = row.due_at or mail_clock.due(self._in_force, row.received_at, urgent=row.urgent)
        held = row.state is MailState.HELD
        return Line(
            row.mail_id,
            row.received_at,
            mail_codes.said(row.code),
            row.reference,
            due if held else None,
            urgent=row.urgent,
            not_answered="" if row.not_answered is None else mail_codes.NOT_ANSWERED[row.not_answered],
        )

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
        again: bool = False,
    ) -> Response:
        row, mail = await self._read(mail_id)
        who = signed_in(request)
        withheld = await self._is_withheld(row, who.roles)
        mail = None if withheld else mail
        agencies = await self._parts.agencies.read(self._parts.now())
        async with self._parts.database.write() as tx:
            await access_log.write(
                tx,
                What.MAIL_READ,
                at=self._parts.now(),
                role="team",
                person_id=who.person_id or None,
                reference=row.reference,
            )
            done = await mails.deeds(tx, self._parts.vault, mail_id)
        return self._parts.show(
            request,
            "message_read.html",
            done=done,
            done_before=again and row.state is not MailState.HELD,
            words=words,
            grounds={known.value: words.KNOWN_BY[known] for known in mail_undelivered.GROUNDS},
            status=status,
            row=row,
            line=self._line(row),
            about=mail_codes.ABOUT,
            mail=mail,
            withheld=withheld,
            held=row.state is MailState.HELD,
            reported=await self._reported(row),
            why_aside=mail_aside.WHY,
            goes=mail_aside.ways(self._parts.policy),
            asides=[_said_of(deed.aside) for deed in done],
            urgent_words=urgency.found(mail.subject, mail.text, mail.history) if mail else (),
            pleas=pleas.found(mail.subject, mail.text, mail.history) if mail else (),
            named=named.each(mail.labelled.values.get(Label.TO_AGENCY, ()), agencies) if mail else (),
            receipt=mail_clock.receipt(self._in_force, row.received_at, urgent=row.urgent),
            sender=await self._sender(row, mail),
            unkept=unkept,
            once=first(raw or {}, "once") or secrets.token_urlsafe(12),
            f=self._parts.form(request, raw or {"reference": [row.reference or ""]}, problems),
        )

    async def _sender(self, row: MailRow, mail: Mail | None) -> str:
        """How it is known who wrote: what the directory has of the address today, and what was checked of it."""
        if mail is None or not mail.sender:
            return ""
        async with self._parts.database.read() as tx:
            whose = await directory.whose_address(tx, self._parts.vault, mail.sender, self._parts.now())
        names = Names(await self._parts.agencies.read(self._parts.now()))
        agency = names.agency(whose.agency_id) if whose.agency_id else ""
        return sender_words.sentences(whose.known, CHECKED[Vouched(row.vouched)], agency=agency)

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
        """Pass it to a case: first what that does and who is told, and at the second press it is added there."""
        raw, pressed, genuine = await self._parts.posted(request)
        once = first(raw, "once")
        if not genuine or not is_press(once):
            return await self._show(request, mail_id, raw, (self._parts.stale(request),), status=403)
        if pressed == "change":
            return await self._show(request, mail_id, raw)
        found = references.parse(first(raw, "reference"))
        if isinstance(found, references.Problem):
            return await self._show(request, mail_id, raw, (Problem("reference", found.sentence),), status=422)
        row, mail = await self._read(mail_id)
        if row.state is not MailState.HELD:
            return await self._added_before(request, row, raw, once)
        try:
            return await self._pass(request, row, mail, raw, str(found), send=pressed == "send")
        except errors.Retry:
            return await self._show(request, mail_id, raw, status=503, unkept=True)

    async def _added_before(self, request: Request, row: MailRow, raw: Raw, once: str) -> Response:
        """The second press of one button: what the first one brought. For any other, who had done what already."""
        async with self._parts.database.read() as tx:
            added = await submissions.with_key(tx, _key(row.mail_id, once))
        if added is None:
            return await self._show(request, row.mail_id, raw, status=409, again=True)
        return self._parts.go(request, f"/board/{row.reference}/outcome/{added}")

    async def _pass(
        self, request: Request, row: MailRow, mail: Mail | None, raw: Raw, reference: str, *, send: bool
    ) -> Response:
        parts, now = self._parts, self._parts.now()
        async with parts.database.read() as tx:
            case = await parts.cases.read(tx, reference)
        if case is None:
            problem = Problem("reference", "We have no open or closed escalation of this reference. Check it again.")
            return await self._show(request, row.mail_id, raw, (problem,), status=422)
        reading = Reading(raw, now=now)
        note = reading.text("note", "The note", most=LONG)
        if mail is None:
            reading.problem("reference", "What it said was erased, so there is nothing to add")
        if mail is None or reading.problems:
            return await self._show(request, row.mail_id, raw, tuple(reading.problems), status=422)
        made = mail_adding.made(row, mail, by=signed_in(request).by, note=note, now=now)
        names = Names(await parts.agencies.read(now))
        looked = team_check.preview(case, made.act, names, now=now)
        if looked.refused is not None:
            return await self._show(
                request, row.mail_id, raw, (Problem("reference", looked.refused.sentence),), status=409
            )
        if not send:
            return parts.show(
                request,
                "message_check.html",
                row=row,
                case=case,
                rows=mail_adding.rows(row, mail, case, names, note=note),
                looked=looked,
                hidden=[(name, value) for name, values in raw.items() for value in values],
            )
        return await self._store(request, row, raw, made, note=note, reference=reference)

    async def _store(
        self, request: Request, row: MailRow, raw: Raw, made: Made, *, note: str, reference: str
    ) -> Response:
        parts, now, key = self._parts, self._parts.now(), _key(row.mail_id, first(raw, "once"))
        async with parts.database.write() as tx:
            still_held = await self._settle(
                tx, request, row, raw, MailAct.PASS_TO_CASE, now=now, note=note, reference=reference
            )
            if still_held:
                await submissions.receive(
                    tx,
                    parts.vault,
                    act_kind=made.act.kind,
                    act_json=acts.dumps(made.act),
                    channel=made.act.channel,
                    received_at=now,
                    sealed=made.sealed,
                    reference=reference,
                    submission_id=made.act.submission_id,
                    idempotency_key=key,
                )
        if not still_held:
            return await self._show(request, row.mail_id, raw, status=409, again=True)
        parts.wake()
        return parts.go(request, f"/board/{reference}/outcome/{made.act.submission_id}")

    async def put_aside(self, request: Request, mail_id: str) -> Response:
        """Say that it is nobody's escalation: first what that does and who is told, and then it is put aside."""
        raw, pressed, genuine = await self._parts.posted(request)
        if not genuine or not is_press(first(raw, "once")):
            return await self._show(request, mail_id, raw, (self._parts.stale(request),), status=403)
        if pressed == "change":
            return await self._show(request, mail_id, raw)
        row, mail = await self._read(mail_id)
        if row.state is not MailState.HELD:
            return await self._show(request, mail_id, raw, status=409, again=True)
        reading = Reading(raw, now=self._parts.now())
        putting = mail_aside.read(reading, self._parts.policy)
        if putting is None:
            return await self._show(request, mail_id, raw, tuple(reading.problems), status=422)
        if pressed != "send":
            return self._parts.show(
                request,
                "message_aside.html",
                row=row,
                rows=mail_aside.rows(row, mail, putting),
                answered=mail_aside.is_answered(row, mail, putting.aside),
                hidden=[(name, value) for name, values in raw.items() for value in values],
            )
        return await self._store_aside(request, row, mail, raw, putting)

    async def _store_aside(
        self, request: Request, row: MailRow, mail: Mail | None, raw: Raw, putting: PuttingAside
    ) -> Response:
        parts, now = self._parts, self._parts.now()
        try:
            async with parts.database.write() as tx:
                settled = await self._settle(
                    tx, request, row, raw, MailAct.NOT_FOR_US, now=now, note=putting.note, aside=putting.aside
                )
                if settled and mail_aside.is_answered(row, mail, putting.aside):
                    await mail_asides.owe(tx, row.mail_id, at=now)
        except errors.Retry:
            return await self._show(request, row.mail_id, raw, status=503, unkept=True)
        if not settled:
            return await self._show(request, row.mail_id, raw, status=409, again=True)
        parts.wake()
        return parts.go(request, "/messages")

    async def confirmed_undelivered(self, request: Request, mail_id: str) -> Response:
        """Confirm what a report says that was not believed: first on what grounds and what follows, then it counts."""
        raw, pressed, genuine = await self._parts.posted(request)
        if not genuine or not is_press(first(raw, "once")):
            return await self._show(request, mail_id, raw, (self._parts.stale(request),), status=403)
        if pressed == "change":
            return await self._show(request, mail_id, raw)
        row, _ = await self._read(mail_id)
        notice = await self._reported(row)
        if notice is None:
            return await self._show(request, mail_id, raw, status=409, again=True)
        reading = Reading(raw, now=self._parts.now())
        grounds = mail_undelivered.read(reading)
        if grounds is None:
            return await self._show(request, mail_id, raw, tuple(reading.problems), status=422)
        try:
            return await self._confirm(request, row, notice, raw, grounds, send=pressed == "send")
        except errors.Retry:
            return await self._show(request, mail_id, raw, status=503, unkept=True)

    async def _confirm(
        self, request: Request, row: MailRow, notice: NoticeRow, raw: Raw, grounds: Grounds, *, send: bool
    ) -> Response:
        parts, now = self._parts, self._parts.now()
        made = mail_undelivered.made(notice, grounds, by=signed_in(request).by, now=now)
        async with parts.database.read() as tx:
            case = await parts.cases.read(tx, notice.reference)
        if case is None:
            raise HTTPException(404)
        names = Names(await parts.agencies.read(now), policy=case.frame.policy)
        found = mail_undelivered.follows(case, made, names, now=now)
        if found.refused is not None:
            problem = mail_undelivered.refused(found.refused)
            return await self._show(request, row.mail_id, raw, (problem,), status=409)
        if not send:
            return parts.show(
                request,
                "message_undelivered.html",
                row=row,
                case=case,
                rows=mail_undelivered.rows(notice, grounds, names),
                follows=found,
                hidden=[(name, value) for name, values in raw.items() for value in values],
            )
        async with parts.database.write() as tx:
            what = MailAct.CONFIRM_UNDELIVERED
            settled = await self._settle(
                tx, request, row, raw, what, now=now, note=grounds.text, reference=notice.reference
            )
            if settled:
                await mail_reports.confirmed(
                    tx, parts.vault, notice, *((made.act, made.sealed) if made is not None else (None, {}))
                )
        if not settled:
            return await self._show(request, row.mail_id, raw, status=409, again=True)
        parts.wake()
        if made is None:
            return parts.go(request, "/messages")
        return parts.go(request, f"/board/{notice.reference}/outcome/{made.act.submission_id}")

    async def _settle(
        self,
        tx: AsyncConnection,
        request: Request,
        row: MailRow,
        raw: Raw,
        what: MailAct,
        *,
        now: datetime,
        note: str,
        reference: str | None = None,
        aside: Aside | None = None,
    ) -> bool:
        """Write down what is done with a message that waits, and give whether it still did."""
        state, code = _BECOMES[what]
        if not await mails.settle(
            tx,
            row.mail_id,
            state=state,
            code=code,
            at=now,
            reference=reference or row.reference,
            only_from=(MailState.HELD,),
        ):
            return False
        return await mails.act(
            tx,
            self._parts.vault,
            row.mail_id,
            what,
            at=now,
            sealed={"by": signed_in(request).by, "note": note},
            idempotency_key=_key(row.mail_id, first(raw, "once")),
            reference=reference,
            aside=aside,
        )


_BECOMES: Final = {
    MailAct.PASS_TO_CASE: (MailState.FILED, Code.PASSED_TO_CASE),
    MailAct.NOT_FOR_US: (MailState.NOT_FOR_US, Code.NOT_FOR_US),
    MailAct.CONFIRM_UNDELIVERED: (MailState.FILED, Code.UNDELIVERED_CONFIRMED),
}
"""What becomes of a message by what the team does with it."""


def _said_of(aside: Aside | None) -> tuple[str, ...]:
    """Why it was put aside, and where it goes, for whoever reads the message later."""
    if aside is None:
        return ()
    said = [wording.PUT_ASIDE[aside.why].words]
    if aside.route is not None:
        sent = "sent there by the team" if aside.sent_there else "whoever wrote turns there themselves"
        said.append(f"Where it goes: {mail_aside.goes_to(aside)} ({sent})")
    return tuple(said)


def _key(mail_id: str, once: str) -> str:
    return f"message:{mail_id}:{once}"
