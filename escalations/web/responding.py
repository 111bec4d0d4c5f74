"""Answering by link: from the message, through a code to the same address, to what is asked.

A link shows reference, stage and date. Whoever reads the mailbox that it was sent to proves that by a code, gives name
and role, and has until the end of the day. Opening a link changes and sends nothing: mail scanners open them all.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from sqlalchemy import insert
from starlette.responses import Response

from escalations import errors
from escalations.intake import recipients, submissions
from escalations.mail import codes, relay
from escalations.mail.codes import CodeState
from escalations.mail.outgoing import House
from escalations.policy import Side
from escalations.rules import acts
from escalations.rules.actors import Channel
from escalations.rules.case import Status
from escalations.rules.notices import Ask
from escalations.store import links, tables
from escalations.store.links import Checked, Link, LinkState, Session
from escalations.web import link_acts, story, summary, telling
from escalations.web.forms import SHORT, Problem, Raw, Reading, first
from escalations.web.link_acts import Doing
from escalations.web.parts import STALE, Parts
from escalations.web.story import Story
from escalations.web.team import team_may

LINK_SECONDS: Final = 12 * 3600

_NOT_SENT: Final = {
    CodeState.TOO_MANY: "Several codes were sent within the last hour. Please use the newest one (look in the junk "
    "folder too) or try again later.",
    CodeState.NOT_OPEN: "What this link asked is done, so no code is needed.",
    CodeState.NOT_SENT: "The code could not be sent at the moment. Please try again in a few minutes.",
}


@dataclass(frozen=True, slots=True)
class _Opened:
    """A link that was opened, and who is there."""

    link: Link
    session: Session | None
    address: str | None


def routes(parts: Parts) -> APIRouter:
    """The pages of links."""
    router = APIRouter(include_in_schema=False)
    pages = _Responding(parts)
    router.add_api_route("/l/{token}", pages.follow, methods=["GET", "HEAD"])
    router.add_api_route("/answer", pages.answer, methods=["GET"])
    router.add_api_route("/answer/send-code", pages.send_code, methods=["POST"])
    router.add_api_route("/answer/code", pages.code, methods=["GET"])
    router.add_api_route("/answer/code", pages.code_entered, methods=["POST"])
    router.add_api_route("/answer/outcome/{submission_id}", pages.outcome, methods=["GET"])
    router.add_api_route("/answer/{doing}", pages.act, methods=["POST"])
    return router


class _Responding:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # ---- The link and the code --------------------------------------------------------------------------------------

    async def follow(self, request: Request, token: str) -> Response:
        """Keep the token in a cookie, so that the address that stays on the screen is clean."""
        async with self._parts.database.read() as tx:
            link = await links.find(tx, token)
        if link is None:
            return self._unknown(request)
        response = self._parts.go(request, "/answer")
        self._parts.cookies.set(response, "link", token, seconds=LINK_SECONDS)
        return response

    def _unknown(self, request: Request) -> Response:
        return self._say(
            request,
            "We do not know this link",
            [
                "Perhaps not all of it was copied. Please open it from the message itself, or copy the whole line.",
                "If it still does not work, use the link in the newest message about this escalation.",
                "If there is none, ask the partnership team to send it again.",
            ],
            status=404,
        )

    def _say(self, request: Request, heading: str, sentences: list[str], *, status: int = 200) -> Response:
        return self._parts.show(
            request, "message.html", status=status, heading=heading, sentences=sentences, onward=None
        )

    async def _opened(self, request: Request) -> _Opened | None:
        token = self._parts.cookies.read(request, "link")
        now = self._parts.now()
        async with self._parts.database.read() as tx:
            link = await links.find(tx, token) if token else None
            if link is None:
                return None
            found = await recipients.find(tx, self._parts.vault, link.reference, link.to, at=now)
            address = found.address if isinstance(found, recipients.Addressee) else None
            cookie = self._parts.cookies.read(request, "session")
            session = (
                await links.session(tx, self._parts.vault, cookie, link=link, address=address, now=now)
                if cookie
                else None
            )
        return _Opened(link, session, address)

    def _no_link(self, request: Request) -> Response:
        return self._say(
            request,
            "Please open the link in your message",
            [
                "This page opens from the link in a message that we sent you.",
                "If you had it open before, your browser no longer remembers it: use the link in the message again.",
            ],
            status=404,
        )

    def _closed(self, request: Request, link: Link) -> Response:
        if link.state(self._parts.now()) is LinkState.OLD:
            return self._say(
                request,
                "This link is old",
                [
                    f"It belongs to escalation {link.reference}.",
                    "Please use the link in the newest message about it, or ask the partnership team to send it again.",
                ],
                status=410,
            )
        return self._parts.show(request, "answer_done.html", link=link, awaited=telling.ASKED[link.asks])

    async def answer(self, request: Request) -> Response:
        """What the link leads to: what is asked or, before the code, reference, stage and date."""
        opened = await self._opened(request)
        if opened is None:
            return self._no_link(request)
        link = opened.link
        if link.state(self._parts.now()) is not LinkState.OPEN:
            return self._closed(request, link)
        if link.asks is Ask.TEAM:
            if team_may(self._parts, request):
                return self._parts.go(request, f"/board/{link.reference}")
            return self._say(
                request,
                "This is for the partnership team",
                [f"Escalation {link.reference} waits on the team’s own pages, which have their own way in."],
            )
        if opened.session is None:
            return self._parts.show(request, "answer_link.html", link=link, address_known=opened.address is not None)
        return await self._show(request, opened)

    async def send_code(self, request: Request) -> Response:
        _, _, genuine = await self._parts.posted(request)
        opened = await self._opened(request)
        if opened is None:
            return self._no_link(request)
        if not genuine:
            return self._parts.show(
                request,
                "answer_link.html",
                status=403,
                link=opened.link,
                address_known=opened.address is not None,
                f=self._parts.form(request, {}, (STALE,)),
            )
        settings = self._parts.settings
        if opened.address is None:
            return self._say(
                request,
                "No code was sent",
                ["We have no address for this position at present. Please ask the partnership team."],
            )
        sent = await codes.send_code(
            self._parts.database,
            self._parts.vault,
            self._parts.relay,
            opened.link,
            address=opened.address,
            house=House.of(settings, trial=self._parts.pages.site.trial),
            sender=settings.mail_from,
            now=self._parts.now(),
        )
        if sent.state is CodeState.ON_ITS_WAY:
            return self._parts.go(request, "/answer/code")
        return self._say(
            request,
            "No code was sent",
            [_NOT_SENT[sent.state]],
            status=503 if sent.state is CodeState.NOT_SENT else 200,
        )

    async def code(self, request: Request) -> Response:
        opened = await self._opened(request)
        if opened is None:
            return self._no_link(request)
        return self._show_code(request, opened)

    def _show_code(
        self,
        request: Request,
        opened: _Opened,
        raw: Raw | None = None,
        problems: tuple[Problem, ...] = (),
        *,
        status: int = 200,
    ) -> Response:
        return self._parts.show(
            request,
            "answer_code.html",
            status=status,
            link=opened.link,
            f=self._parts.form(request, raw, problems),
            hint=relay.hint(opened.address) if opened.address else "",
            back="/answer",
        )

    async def code_entered(self, request: Request) -> Response:
        raw, _, genuine = await self._parts.posted(request)
        opened = await self._opened(request)
        if opened is None or opened.address is None:
            return self._no_link(request)
        if not genuine:
            return self._show_code(request, opened, raw, (STALE,), status=403)
        now = self._parts.now()
        reading = Reading(raw, now=now)
        digits = reading.text("code", "The code", missing="Enter the code of 6 numbers from the message")
        name = reading.text("name", "Your name", missing="Enter your full name", most=SHORT)
        role = reading.text("role", "Your role", missing="Enter your job title or role", most=SHORT)
        if reading.problems:
            return self._show_code(request, opened, raw, tuple(reading.problems), status=422)
        async with self._parts.database.write() as tx:
            checked = await links.check_code(
                tx, self._parts.vault, opened.link, digits, address=opened.address, now=now
            )
            cookie = (
                await links.start_session(
                    tx,
                    self._parts.vault,
                    opened.link,
                    name=name,
                    role=role,
                    address=opened.address,
                    now=now,
                )
                if checked is Checked.RIGHT
                else ""
            )
        if checked is not Checked.RIGHT:
            sentence = (
                "This code is not right. Check the newest message and enter its 6 numbers again."
                if checked is Checked.WRONG
                else "This code can no longer be used. Please ask for a new one with the button below."
            )
            return self._show_code(request, opened, raw, (Problem("code", sentence),), status=422)
        response = self._parts.go(request, "/answer")
        self._parts.cookies.set(response, "session", cookie, seconds=LINK_SECONDS)
        return response

    # ---- What is asked ----------------------------------------------------------------------------------------------

    async def _show(
        self,
        request: Request,
        opened: _Opened,
        raw: Raw | None = None,
        problems: tuple[Problem, ...] = (),
        *,
        status: int = 200,
        unkept: bool = False,
        doing: str = "",
    ) -> Response:
        """The page of an open link, for somebody who may read it; that they read it is written down."""
        parts, link = self._parts, opened.link
        agencies = await parts.agencies.read(parts.now())
        async with parts.database.read() as tx:
            found = await story.read(tx, parts.cases, link.reference)
            raised = None if found is None else await story.raised_act(tx, found)
            sealed = None if found is None else await story.sealed(tx, parts.vault, found.raised.submission_id)
            wrote = () if found is None else await story.written(tx, parts.vault, found)
        if found is None:
            return self._say(
                request,
                "This is not ready yet",
                [f"Escalation {link.reference} is stored, and is not open yet. Please try again in a few minutes."],
                status=503,
            )
        await self._log_reading(link)
        case = found.case
        names = telling.Names(agencies)
        claim = link_acts.claim_of(case, link) if link.asks is Ask.CONFIRM else None
        return parts.show(
            request,
            "answer_act.html",
            status=status,
            link=link,
            case=case,
            unkept=unkept,
            doing=doing,
            f=parts.form(request, raw, problems),
            once=first(raw or {}, "once") or secrets.token_urlsafe(12),
            offered=link_acts.offered(case, link),
            Doing=Doing,
            heading=telling.HEADINGS[link.asks],
            sections=_own_number_first(
                summary.sections(raised, sealed, agencies), summary.name_of(agencies, link.to.agency_id)
            )
            if raised and sealed
            else (),
            unsafe=any(person.get("not_safe_to_tell_family") for person in (sealed or {}).get("people", [])),
            withheld=any(person.get("address_withheld") for person in (sealed or {}).get("people", [])),
            wrote=[
                {
                    "who": f"{item.name}{', ' + item.role if item.role else ''}",
                    "sentence": telling.sentence(item.event, names),
                    "words": item.words,
                }
                for item in wrote
            ],
            waiting=telling.waiting(case, names),
            claim=claim,
            claim_words=telling.claim(claim, names) if claim else "",
            parties={party.agency_id: names.agency(party.agency_id) for party in case.open_parties},
            several=len(case.open_parties) > 1,
            raising=link.to.side is Side.RAISING,
            above=case.frame.policy.next_stage(case.stage),
            status_words=_status(found),
        )

    async def _log_reading(self, link: Link) -> None:
        async with self._parts.database.write() as tx:
            await tx.execute(
                insert(tables.ACCESS_LOG).values(
                    access_id=secrets.token_hex(16),
                    at=self._parts.now(),
                    role=link.to.position,
                    agency_id=link.to.agency_id,
                    reference=link.reference,
                    what="read_by_link",
                )
            )

    async def act(self, request: Request, doing: str) -> Response:
        try:
            does = Doing(doing)
        except ValueError:
            raise HTTPException(404) from None
        raw, _, genuine = await self._parts.posted(request)
        try:
            opened = await self._opened(request)
        except errors.Retry:
            return self._typed(
                request,
                raw,
                "We have NOT received this",
                "Our system cannot store anything at the moment. "
                "Please go back and press the button again in a few minutes.",
                status=503,
            )
        if opened is None:
            return self._typed(
                request,
                raw,
                "Please open the link in your message again",
                "Nothing has been sent yet. Your browser no longer remembers which link you came by.",
                status=403,
            )
        if opened.link.state(self._parts.now()) is not LinkState.OPEN:
            return self._closed(request, opened.link)
        if opened.session is None:
            return self._typed(
                request,
                raw,
                "Please ask for a code again",
                "Nothing has been sent yet. A code is kept for "
                "one working day. Open the link in your message and ask for a new one.",
                status=403,
            )
        if not genuine:
            return await self._show(request, opened, raw, (STALE,), status=403, doing=does)
        return await self._submit(request, opened, opened.session, does, raw)

    async def _submit(self, request: Request, opened: _Opened, session: Session, doing: Doing, raw: Raw) -> Response:
        parts, link, now = self._parts, opened.link, self._parts.now()
        reading = Reading(raw, now=now)
        async with parts.database.read() as tx:
            case = await parts.cases.read(tx, link.reference)
        if case is None:
            raise HTTPException(404)
        made = link_acts.make(
            doing, reading, case=case, link=link, session=session, submission_id=submissions.new_id(now), now=now
        )
        if made is None:
            return await self._show(request, opened, raw, tuple(reading.problems), status=422, doing=doing)
        once = first(raw, "once")
        try:
            async with parts.database.write() as tx:
                receipt = await submissions.receive(
                    tx,
                    parts.vault,
                    act_kind=made.act.kind,
                    act_json=acts.dumps(made.act),
                    channel=Channel.LINK,
                    received_at=now,
                    sealed=made.sealed,
                    reference=link.reference,
                    idempotency_key=f"link:{link.link_id}:{doing}:{once}" if once else None,
                    submission_id=made.act.submission_id,
                )
        except errors.Retry:
            return self._typed(
                request,
                raw,
                "We have NOT received this",
                "Our system cannot store anything at the moment. "
                "Please go back and press the button again in a few minutes.",
                status=503,
            )
        parts.wake()
        return parts.go(request, f"/answer/outcome/{receipt.submission_id}")

    def _typed(self, request: Request, raw: Raw, heading: str, sentence: str, *, status: int) -> Response:
        """A page that gives back what was typed, for there is no page to type it on again yet."""
        typed = [
            value
            for name, values in raw.items()
            if name.endswith(("text", "reasons", "plan"))
            for value in values
            if value
        ]
        return self._parts.show(request, "typed.html", status=status, heading=heading, sentence=sentence, typed=typed)

    async def outcome(self, request: Request, submission_id: str) -> Response:
        """What became of an act, within the few seconds that a person waits for a page."""
        opened = await self._opened(request)
        if opened is None:
            return self._no_link(request)
        async with self._parts.database.read() as tx:
            known = await submissions.state(tx, submission_id)
        if known is None or known.reference != opened.link.reference:
            raise HTTPException(404)
        found = await self._parts.outcome(submission_id)
        return self._parts.show(
            request,
            "answer_outcome.html",
            link=opened.link,
            outcome=found,
            State=submissions.State,
            timers_up=found.settled or await self._parts.timers_up(),
            more=opened.link.state(self._parts.now()) is LinkState.OPEN,
            kind=known.act_kind,
        )


def _own_number_first(sections: tuple[summary.Section, ...], own: str) -> tuple[summary.Section, ...]:
    """Each agency reads of people in its own terms: its case number first."""

    def ordered(section: summary.Section) -> summary.Section:
        rows = sorted(section.rows, key=lambda row: row.key != f"Case number of {own}")
        return (
            summary.Section(section.title, section.page, tuple(rows))
            if section.title.startswith("Person ")
            else section
        )

    return tuple(ordered(section) for section in sections)


def _status(found: Story) -> str:
    case = found.case
    if case.status is Status.CLOSED:
        return telling.closed(case)
    if case.status is Status.HELD:
        return "The partnership team has it and has not passed it on yet."
    return f"It is at stage {case.stage}: {case.frame.policy.stage(case.stage).title}."
