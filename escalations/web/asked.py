"""What a link asks: the page for it, the act that comes of it, and what became of that."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException, Request
from starlette.responses import Response

from escalations import errors
from escalations.intake import submissions
from escalations.policy import Side
from escalations.rules import acts
from escalations.rules.actors import Channel
from escalations.rules.case import Case
from escalations.rules.notices import Ask
from escalations.store import access_log, directory
from escalations.store.access_log import What
from escalations.store.links import Link, LinkState, Session
from escalations.web import completing, link_acts, link_page, retyped
from escalations.web.forms import Problem, Raw, Reading, first
from escalations.web.link_acts import Doing
from escalations.web.made import Made
from escalations.web.opened import Opened, no_longer_held
from escalations.web.parts import differs, is_press, pressed_before
from escalations.web.returning import Returning

_NOT_YOUR_ADDRESS = (
    "We do not know this address to be one of the agency’s own, so only the partnership team can write to it. Please "
    "enter another one, or ask the team."
)


class Asked(Returning):
    """The pages of what is asked."""

    async def _show(
        self,
        request: Request,
        opened: Opened,
        raw: Raw | None = None,
        problems: tuple[Problem, ...] = (),
        *,
        status: int = 200,
        unkept: bool = False,
        doing: str = "",
        refused: bool = False,
        returned: bool = False,
    ) -> Response:
        """The page of an open link, for somebody who may read it; that they read it is written down."""
        parts, link = self._parts, opened.link
        read = await link_page.read(parts, link)
        if read is None:
            return self._say(
                request,
                "This is not ready yet",
                [f"Escalation {link.reference} is stored, and is not open yet. Please try again in a few minutes."],
                status=503,
            )
        await self._log_reading(link)
        lacking: tuple[Problem, ...] = ()

        def form(typed: Raw | None) -> dict[str, Any]:
            return {
                "status": status,
                "f": parts.form(request, typed, problems),
                "refused": refused,
                "returned": returned,
                "unkept": unkept,
                "once": once if is_press(once := first(typed or {}, "once")) else secrets.token_urlsafe(12),
            }

        if link.asks is Ask.VOUCH:
            return parts.show(request, "answer_vouch.html", **form(raw), **link_page.vouching(read, link))
        adviser = read.found.case.adviser(link.to.position)
        if link.to.side is Side.OUTSIDE and adviser is not None:
            return parts.show(request, "answer_advise.html", **form(raw), **link_page.advising(read, link, adviser))
        prefilled = raw is None and link.asks is Ask.COMPLETE
        if prefilled:
            raw = completing.prefilled(read.raised, read.sealed, read.agencies)
            lacking = completing.lacking(raw, read.found.case, read.agencies, now=parts.now())
        return parts.show(
            request,
            "answer_act.html",
            **form(raw),
            doing=doing,
            Doing=Doing,
            lacking=lacking,
            missing=[(one.field, completing.in_short(one)) for one in lacking],
            prefilled=prefilled,
            **link_page.values(read, link, now=parts.now()),
        )

    async def _log_reading(self, link: Link) -> None:
        async with self._parts.database.write() as tx:
            await access_log.write(
                tx,
                What.READ_BY_LINK,
                at=self._parts.now(),
                role=link.to.position,
                agency_id=link.to.agency_id,
                reference=link.reference,
            )

    async def act(self, request: Request, doing: str) -> Response:
        """Take what was posted. Whatever is in its way, what was typed is given back."""
        try:
            does = Doing(doing)
        except ValueError:
            raise HTTPException(404) from None
        raw, _, genuine = await self._parts.posted(request)
        try:
            return await self._act(request, does, raw, genuine=genuine)
        except errors.Retry:
            return self._typed(
                request,
                raw,
                "We have NOT received this",
                "Our system cannot store anything at the moment. "
                "Please go back and press the button again in a few minutes.",
                status=503,
            )

    async def _act(self, request: Request, does: Doing, raw: Raw, *, genuine: bool) -> Response:
        opened = await self._opened(request)
        if opened is None:
            return self._typed(
                request,
                raw,
                "Please open the link in your message again",
                "Nothing has been sent yet. Your browser no longer remembers which link you came by.",
                status=403,
            )
        if (refused := await self._of_another(request, opened, raw)) is not None:
            return refused
        if not link_acts.is_for(does, opened.link):
            raise HTTPException(404)
        closed = opened.link.state(self._parts.now()) is not LinkState.OPEN
        if closed and not (opened.session and genuine and await self._pressed_before(opened, does, raw)):
            return await self._too_late(request, opened, raw)
        if opened.session is None:
            return await self._code_again(request, opened, does, raw, genuine=genuine)
        if not genuine or not is_press(first(raw, "once")):
            return await self._show(request, opened, raw, (self._parts.stale(request),), status=403, doing=does)
        return await self._submit(request, opened, opened.session, does, raw)

    async def _submit(self, request: Request, opened: Opened, session: Session, doing: Doing, raw: Raw) -> Response:
        parts, link, now = self._parts, opened.link, self._parts.now()
        reading = Reading(raw, now=now)
        async with parts.database.read() as tx:
            case = await parts.cases.read(tx, link.reference)
        if case is None:
            raise HTTPException(404)
        made = link_acts.make(
            doing,
            reading,
            case=case,
            link=link,
            session=session,
            submission_id=submissions.new_id(now),
            now=now,
            agencies=await parts.agencies.read(now),
            mailed=await self._mailed(link) if doing is Doing.COMPLETE else None,
        )
        if made is not None and isinstance(made.act, acts.ChangeContact) and not await self._own(case, made):
            reading.problem("contact-email", _NOT_YOUR_ADDRESS)
            made = None
        if made is None:
            return await self._show(request, opened, raw, tuple(reading.problems), status=422, doing=doing)
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
                idempotency_key=_key(link, doing, raw),
                submission_id=made.act.submission_id,
            )
            other = await differs(tx, receipt, made.act)
        if other:
            return await self._stored_before(request, opened, doing, raw, case=case)
        parts.wake()
        sent = parts.go(request, f"/answer/outcome/{receipt.submission_id}")
        await self._typed_is_sent(request, sent)
        return sent

    async def _own(self, case: Case, made: Made) -> bool:
        """Whether the address of a new contact is one of the raising agency's own; any other waits for the team."""
        who = made.sealed.get("raiser")
        address = str(who.get("email") or "") if isinstance(who, dict) else ""
        async with self._parts.database.read() as tx:
            found = await directory.agency_of_address(tx, self._parts.vault, address, self._parts.now())
        return found is not None and found == case.raising_agency

    async def _mailed(self, link: Link) -> Mapping[str, Any] | None:
        """What was sealed with the mail that is completed: whom else it named stays as the mail named them."""
        read = await link_page.read(self._parts, link)
        return None if read is None else read.sealed

    async def _pressed_before(self, opened: Opened, doing: Doing, raw: Raw) -> bool:
        """Whether this button of this page was pressed before, and what it sent is stored."""
        if not is_press(first(raw, "once")):
            return False
        async with self._parts.database.read() as tx:
            return await pressed_before(tx, _key(opened.link, doing, raw))

    async def _stored_before(self, request: Request, opened: Opened, doing: Doing, raw: Raw, *, case: Case) -> Response:
        """The same button of the same page was pressed again with other words: they are given back, as not stored."""
        link = opened.link
        stored = (
            f"You had pressed this button before. What you sent then is stored with escalation {link.reference}. "
            "What you sent now differs, and was NOT stored."
        )
        if link.state(self._parts.now()) is LinkState.OPEN and doing in link_acts.offered(case, link):
            again = {name: values for name, values in raw.items() if name != "once"}
            sentence = f"{stored} It is still on this page: press the button again to send it as well."
            return await self._show(
                request, opened, again, (Problem("main-content", sentence),), status=409, doing=doing
            )
        return self._typed(
            request,
            raw,
            "Your first press is stored; this one is not",
            f"{stored} If it has to be known, use the link in the newest message about {link.reference}, or tell the "
            "partnership team.",
            status=409,
            onward={"href": "/answer", "text": f"Back to escalation {link.reference}"},
        )

    async def _too_late(self, request: Request, opened: Opened, raw: Raw) -> Response:
        """The link had closed when the button was pressed: whatever was typed is given back."""
        link = opened.link
        if not retyped.readable(raw):
            return await self._closed(request, opened)
        async with self._parts.database.read() as tx:
            case = await self._parts.cases.read(tx, link.reference)
        if case is not None and (why := no_longer_held(case, link)):
            return self._typed(
                request,
                raw,
                "This was not stored: this link no longer opens the escalation",
                " ".join(why),
                status=409,
            )
        return self._typed(
            request,
            raw,
            "This was not stored: what the link asked is done",
            f"Somebody else who reads the same mailbox may have done it, or events have overtaken it. To add to "
            f"escalation {link.reference}, use the link in the newest message about it.",
            status=409,
            onward={"href": "/answer", "text": f"Back to escalation {link.reference}"},
        )


def _key(link: Link, doing: Doing, raw: Raw) -> str:
    return f"link:{link.link_id}:{doing}:{first(raw, 'once')}"
