"""A link that was opened: what it is good for, and who is there."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from escalations.intake import recipients
from escalations.policy import Side
from escalations.rules import access
from escalations.rules.case import Case
from escalations.rules.notices import RAISER
from escalations.rules.senders import RaiserAt
from escalations.store import directory, links, notices
from escalations.store.links import Link, LinkState, Session
from escalations.web import became, retyped, story, telling
from escalations.web.became import Deed, Next, Unnamed
from escalations.web.forms import Raw, first
from escalations.web.parts import Parts
from escalations.web.story import Story, Told
from escalations.web.telling import Names

_LINK_ID: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that was opened, and who is there."""

    link: Link
    session: Session | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Telling:
    """What a page tells of something that was done."""

    deed: Deed | None
    coming: Next


class OpenedLinks:
    """What the pages of links share."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

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

    async def _opened(self, request: Request) -> Opened | None:
        token = self._parts.cookies.read(request, "link")
        now = self._parts.now()
        async with self._parts.database.read() as tx:
            link = await links.find(tx, token) if token else None
            if link is None:
                return None
            if link.to.side is Side.TEAM:
                return Opened(link, None, None)  # No code opens it: the team signs in.
            notice = await notices.get(tx, link.notice_id) if link.notice_id else None
            found = await recipients.find(
                tx,
                self._parts.vault,
                link.reference,
                link.to,
                at=now,
                instead=None if notice is None else notice.told_instead,
            )
            address = found.address if isinstance(found, recipients.Addressee) else None
            case = await self._parts.cases.read(tx, link.reference)
            if case is not None and not access.reads_by_link(case, link.to, now=now):
                return Opened(replace(link, closed_at=link.closed_at or now), None, None)
            cookie = self._parts.cookies.read(request, "session")
            session = (
                await links.session(tx, self._parts.vault, cookie, link=link, address=address, now=now)
                if cookie
                else None
            )
        return Opened(link, session, address)

    def _signs_in(self, request: Request, opened: Opened) -> Response | None:
        """Where it was written to the team: whoever reads a mailbox is not of the team by that, and signs in."""
        link = opened.link
        return self._parts.go(request, f"/board/{link.reference}") if link.to.side is Side.TEAM else None

    async def _of_another(self, request: Request, opened: Opened, raw: Raw) -> Response | None:
        """Where a form was pressed on the page of another link than the one opened last: nothing is done with it."""
        if (elsewhere := self._signs_in(request, opened)) is not None:
            return elsewhere
        posted = first(raw, "link")
        if posted == opened.link.link_id:
            return None
        async with self._parts.database.read() as tx:
            other = await links.get(tx, posted) if _LINK_ID.fullmatch(posted) else None
        now_open = opened.link.reference
        if other is None:
            heading, of = "Please open the link in your message again", "the message about the escalation that you mean"
            why = "We cannot tell which escalation the page was about on which you pressed the button."
        elif other.reference == now_open:
            heading, of = "Please open the link in your message again", "the message that you had open"
            why = f"You have since opened the link of another message about escalation {now_open} in this browser."
        else:
            heading, of = f"The page was about {other.reference}", f"the message about {other.reference}"
            why = f"You have since opened the link of escalation {now_open} in this browser."
        return self._typed(
            request,
            raw,
            heading,
            f"Nothing was sent and nothing was changed. {why} Open the link in {of} again, and press the button there.",
            status=409,
            onward={"href": "/answer", "text": f"Go on with {now_open} instead"},
        )

    def _typed(
        self,
        request: Request,
        raw: Raw,
        heading: str,
        sentence: str,
        *,
        status: int,
        onward: dict[str, str] | None = None,
        ask_code: bool = False,
    ) -> Response:
        """A page that gives back what was typed, for there is no page to type it on again yet."""
        return self._parts.show(
            request,
            "typed.html",
            status=status,
            heading=heading,
            sentence=sentence,
            typed=retyped.readable(raw),
            onward=onward,
            ask_code=ask_code,
            link_id=first(raw, "link"),
        )

    def _no_link(self, request: Request) -> Response:
        return self._say(
            request,
            "Please open the link in your message",
            [
                "This page opens from the link in a message that we sent you.",
                "If you had it open before, your browser no longer remembers it: use the link in the message again.",
                "If this comes up each time, your browser keeps no cookies from this site: allow them, and try again.",
            ],
            status=404,
        )

    async def _told(self, tx: AsyncConnection, opened: Opened, found: Story, told: Told | None) -> Telling:
        """What was done and what comes next, as whoever has this link open may read it."""
        parts, link = self._parts, opened.link
        agencies = await parts.agencies.read(parts.now())
        names = (
            Names(agencies, policy=found.case.frame.policy)
            if opened.session
            else Unnamed(agencies, found.case, link.to)
        )
        deed = None
        if told is not None:
            titles = await directory.titles(tx, link.to.agency_id, parts.now()) if link.to.agency_id else {}
            words = await story.sealed(tx, parts.vault, told.event.submission_id) if opened.session else None
            deed = became.deed(told.event, names, own=link.to, titles=titles, sealed=words)
        return Telling(deed, became.coming(found.case, names, link.to))

    async def _closed(self, request: Request, opened: Opened) -> Response:
        link = opened.link
        if link.to.side is Side.OUTSIDE:
            return self._say(
                request,
                "Your advice is no longer asked for",
                [
                    f"It was about escalation {link.reference}.",
                    "The invitation, or the escalation itself, has ended, and this link shows nothing of it any more.",
                    "What you sent before is kept. If you have something to add, please ring the partnership team.",
                ],
                status=410,
            )
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
        async with self._parts.database.read() as tx:
            found = await story.read(tx, self._parts.cases, link.reference)
            if found is not None and not access.reads_by_link(found.case, link.to, now=self._parts.now()):
                return self._say(
                    request,
                    "This is no longer with your agency",
                    [
                        f"Your agency has no part in escalation {link.reference} any more.",
                        "Nothing is waited for from it, and its links show nothing of what it is about.",
                        "If you think that this is a mistake, please tell the partnership team.",
                    ],
                    status=410,
                )
            if found is not None and (why := no_longer_held(found.case, link)):
                return self._say(request, "This link no longer opens the escalation", list(why), status=410)
            told = None if found is None else await self._told(tx, opened, found, became.ended_by(found, link))
        return self._parts.show(
            request,
            "answer_done.html",
            link=link,
            awaited=telling.ASKED[link.asks],
            deed=told.deed if told else None,
            coming=told.coming if told else None,
            behind_code=opened.session is not None,
        )


_RING: Final = "If you work for an agency and raised it, ring the partnership team, or ask your own safeguarding lead."


def no_longer_held(case: Case, link: Link) -> tuple[str, ...]:
    """Why the address of whoever raised a case does not hold this link any more; nothing where it does."""
    if link.to.position != RAISER or link.to.side is not Side.RAISING:
        return ()
    of = f"This is about escalation {link.reference}."
    if case.raiser_at is RaiserAt.NOBODY:
        return (of, access.NOT_THEIRS, _RING)
    if case.raiser_at is RaiserAt.CONTACT and link.to.agency_id != case.raising_agency:
        return (
            of,
            "It was raised from an address that is not one of the agency’s. The agency’s own contact now has it.",
            "Nothing that you sent is lost.",
            _RING,
        )
    return ()
