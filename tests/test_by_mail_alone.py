"""One escalation by email only, from raising to the closing link, with every part that runs (issue 4, "show")."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
from temporalio import client as temporal

from escalations import parts, running
from escalations.rules import events
from escalations.rules.case import Outcome, Status
from escalations.rules.notices import NoticeKind
from escalations.store import mails
from escalations.store.mails import MailState
from tests.harness import Installation, installation, settings
from tests.mailroom import message
from tests.web.conftest import Page

MAIL = """Dear team,

To agency: Wyeford Council children's services
Child: Persephone Canarybird
Date of birth: 4 May 2019
Reason: plan not followed
Level of need: 3
Problem: The plan says weekly visits, and nobody came since January.
What we want: A visit this week.

Noor Haverstock
Class teacher
"""
TAMSINS = ("Tamsin Okoro", "Social worker")
NOOR, TAMSIN = "noor.haverstock@oaklane.example", "tamsin.okoro@council.example"


class Clock:
    """The wall's, put forward with the time that is skipped on the server."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return parts.wall_clock() + self.ahead


class ByMail:
    """Somebody who has nothing but a mail program and a browser for its links."""

    def __init__(self, home: Installation, port: int) -> None:
        self.home = home
        self.port = port

    async def sends(self, raw: bytes, *, sender: str, to: str) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port, start_tls=False) as client:
            await client.sendmail(sender, [to], raw)

    async def receives(self, part_of_subject: str) -> EmailMessage:
        """Wait for a message, and give the newest of this subject."""
        found: list[EmailMessage] = []

        async def look() -> bool:
            found[:] = [
                made for raw in await self.home.outbox() if part_of_subject in str((made := _read(raw))["Subject"])
            ]
            return bool(found)

        await _until(look)
        return found[-1]

    async def several(self, part_of_subject: str, number: int) -> list[EmailMessage]:
        """Wait for so many messages of a subject, and give them."""
        found: list[EmailMessage] = []

        async def look() -> bool:
            made = [_read(raw) for raw in await self.home.outbox()]
            found[:] = [one for one in made if part_of_subject in str(one["Subject"])]
            return len(found) >= number

        await _until(look)
        return found

    async def follows(self, asked: EmailMessage, *, name: str, role: str) -> tuple[httpx.AsyncClient, Page]:
        """Open the link of a message in a browser of one's own, with the code that comes to the same address."""
        app = running.application(self.home.parts, timers_up=None, wake=self.home.dispatcher.wake)
        browser = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=self.home.parts.settings.web_address
        )
        link = re.search(r"/l/[a-z2-7]+", _text(asked))
        assert link is not None
        page = Page(await browser.get(link[0], follow_redirects=True))
        await browser.post("/answer/send-code", data={"token": page.token, **page.token.hidden})
        code = re.search(r"\b\d{6}\b", _text(await self.receives("your code")))
        assert code is not None
        page = Page(await browser.get("/answer/code"))
        data = {"token": page.token, **page.token.hidden, "code": code[0], "name": name, "role": role}
        return browser, Page(await browser.post("/answer/code", data=data, follow_redirects=True))


def _read(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def _text(made: EmailMessage) -> str:
    body = made.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await look():  # noqa: ASYNC110  what is looked at has no event of its own
            await asyncio.sleep(0.1)


@asynccontextmanager
async def by_mail(home: Installation) -> AsyncIterator[ByMail]:
    replies = home.parts.replies
    assert replies is not None
    router = home.parts.mail_router(replies, submitted=home.dispatcher.wake)
    router._ways = replace(router._ways, prefix=home.prefix)  # All tests share one Temporal server.
    deciding = asyncio.create_task(router.run())
    try:
        async with home.parts.mail_server(replies, wake=router.wake).serving("127.0.0.1", 0) as port:
            yield ByMail(home, port)
    finally:
        deciding.cancel()
        await asyncio.gather(deciding, return_exceptions=True)


async def test_a_whole_escalation_by_email_only(
    tmp_path: Path, escalations_client: temporal.Client, task_queue: str
) -> None:
    async with (
        installation(
            settings(tmp_path, policy_file=None), escalations_client, task_queue, now=(clock := Clock())
        ) as home,
        by_mail(home) as post,
    ):
        # Raised by a plain email, and answered with a reference.
        raised = message(MAIL, sender=f"Noor Haverstock <{NOOR}>")
        await post.sends(raised, sender=NOOR, to="escalations@partnership.example")
        receipt = await post.receives("we have received your escalation")
        reference = str(receipt["Subject"]).partition(":")[0]
        assert receipt["To"] is None, "the outbox keeps no address"
        assert str(receipt["Auto-Submitted"]).startswith("auto-")

        # The agency is asked, and replies by mail: that acknowledges.
        asked = await post.receives("please answer an escalation raised with your agency")
        reply = message(
            "We have this, and a social worker visits tomorrow.",
            sender=f"Tamsin Okoro <{TAMSIN}>",
            to=str(asked["Reply-To"]),
            subject=f"Re: {asked['Subject']}",
            headers=(("In-Reply-To", str(asked["Message-ID"])),),
        )
        await post.sends(reply, sender=TAMSIN, to=str(asked["Reply-To"]))
        await post.receives("your agency is recorded as having this")
        await post.receives("something was added")

        # It answers by the link of the message that asked it.
        browser, page = await post.follows(asked, name="Tamsin Okoro", role="Social worker")
        assert "a social worker visits tomorrow" in page.text, "and reads there what it had replied"
        data = {"offers": "agreed_as_asked", "reasons": "We visit weekly from tomorrow.", "plan": ""}
        page = Page(
            await browser.post(
                "/answer/answer", data={"token": page.token, **page.token.hidden, **data}, follow_redirects=True
            )
        )
        await browser.aclose()

        # The raiser reads the answer, and a reply that says so does not close it: the closing link does.
        answer = await post.receives("there is an answer")
        agreed = message("Thank you, that is settled. Please close it.", to=str(answer["Reply-To"]))
        await post.sends(agreed, sender=NOOR, to=str(answer["Reply-To"]))
        added = await post.receives("what you wrote was added")
        assert "did not agree, settle, move or decide anything" in _text(added)
        assert (await home.case(reference)).status is Status.OPEN

        browser, page = await post.follows(added, name="Noor Haverstock", role="Class teacher")
        data = {"outcome": "agreed_as_asked", "agree-agency": "childrens-services"}
        page = Page(
            await browser.post(
                "/answer/agree", data={"token": page.token, **page.token.hidden, **data}, follow_redirects=True
            )
        )
        await browser.aclose()
        await post.receives(": closed")

        case = await home.case(reference)
        assert (case.status, case.outcome) == (Status.CLOSED, Outcome.AGREED_AS_ASKED)
        happened = await home.events(reference)
        acknowledged = next(event for event in happened if isinstance(event, events.Acknowledged))
        assert (acknowledged.channel, acknowledged.by.position) == ("mail", "practitioner")
        assert sum(isinstance(event, events.WordsAdded) for event in happened) == 2
        kinds = {row.notice.kind for row in await home.notices(reference)}
        told = {NoticeKind.RECEIPT, NoticeKind.ASKED, NoticeKind.ANSWERED, NoticeKind.WORDS_ADDED, NoticeKind.CLOSED}
        assert kinds >= told
        async with home.parts.database.read() as tx:
            assert {row.state for row in await mails.listed(tx, *MailState)} == {MailState.FILED}

        await _says_what_came_of_it(home, post, clock, reference)


async def _says_what_came_of_it(home: Installation, post: ByMail, clock: Clock, reference: str) -> None:
    """Some time after the end each side is asked by mail. Once both have answered, nothing is left to do."""
    follow_up = (await home.case(reference)).follow_up
    assert follow_up is not None
    await home.idle(reference)
    clock.ahead = follow_up.at + timedelta(minutes=1) - home.parts.now()
    await home.until(reference, home.parts.now())
    questions = await post.several("please say what came of it", 2)
    for asked, (name, role) in zip(questions, (("Noor Haverstock", "Class teacher"), TAMSINS), strict=True):
        browser, page = await post.follows(asked, name=name, role=role)
        data = {"follow-kept": "all", "follow-changed": "plan_amended", "follow-learning": "none"}
        shown = await browser.post(
            "/answer/follow-up", data={"token": page.token, **page.token.hidden, **data}, follow_redirects=True
        )
        assert shown.status_code == 200, shown.text
        await browser.aclose()

    async def answered() -> bool:
        return sum(isinstance(event, events.FollowUpAnswered) for event in await home.events(reference)) == 2

    await _until(answered)
    await home.handle(reference).result()
