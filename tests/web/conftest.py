"""An office: the web on a database of its own, driven in this process.

`Office.settle` applies what was submitted with the real rules, the real `record` and the real post, and *without*
Temporal: it stands in for dispatcher and workflow. The story with all parts is told in `tests/workflows` and
`tests/browser`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from escalations.activities.deliver import Postman
from escalations.activities.record import record
from escalations.intake import opening, submissions
from escalations.mail.address import Replies
from escalations.mail.outgoing import House
from escalations.mail.relay import OutboxRelay, Sent, SentCode
from escalations.packs import reading
from escalations.rules import acts, case, clocks, decider, passing
from escalations.rules.access import Role
from escalations.settings import Settings
from escalations.store import notices as notice_rows
from escalations.store import people, sign_ins, tables
from escalations.store.cases import Cases
from escalations.store.engine import Database, DatabaseAway
from escalations.store.vault import Vault
from escalations.web import auth
from escalations.web.app import create_app
from escalations.workflows.contracts import DeliverRequest, RecordAnswer, RecordRequest, Refusal, delivery_act
from tests import builders, furnished

KEY = furnished.KEY
MONDAY = "2027-03-01 09:30"
OFFICE = "office@partnership.example"
SESSION = "a-session-that-never-ends"


BANNED = re.compile(r"\b(breach\w*|silent\w*|owed by|faults?|against|failed|culprits?)\b", re.IGNORECASE)
"""rules of practice, "Words"."""


class SwitchedDatabase(Database):
    """A database that can be away."""

    away = False

    @override
    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        if self.away:
            raise DatabaseAway("switched off")
        async with super().read() as tx:
            yield tx

    @override
    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        if self.away:
            raise DatabaseAway("switched off")
        async with super().write() as tx:
            yield tx


class Post(OutboxRelay):
    """The outbox, and a relay that refuses everything on demand."""

    refuses = False
    taken: tuple[tuple[str, EmailMessage], ...] = ()
    """Whom each message went to. The outbox keeps a hint of the address alone."""

    @override
    async def keep(self, tx: AsyncConnection, message: EmailMessage, *, to: str) -> Sent:
        if not self.refuses:
            self.taken = (*self.taken, (to, message))
        return Sent(SentCode.REFUSED) if self.refuses else await super().keep(tx, message, to=to)


class Office:
    """One installation, its clock, and a browser."""

    def __init__(self, folder: Path, database: SwitchedDatabase) -> None:
        self.settings = Settings(folder=folder, keys_file=folder / "keys.txt")
        (folder / "keys.txt").write_text(base64.b64encode(KEY).decode(), encoding="ascii")
        self.database = database
        self.vault = Vault(self.settings.wrapping_keys())
        self.cases = Cases()
        self.in_force = opening.InForce(reading.sample())
        self.time = builders.civil(MONDAY)
        self.timers = True
        self.relay = Post(database, self.now)
        self.woken = 0
        self.replies: Replies | None = None
        """How notices are answered by mail; none, as where no mail comes in."""
        self.app = self.make_app()
        self.browser = self.new_browser(signed_in=True)
        self.settles_at_once = True
        self.address = "http://127.0.0.1:8000"

    def now(self) -> datetime:
        return self.time

    def make_app(self, **more: Any) -> FastAPI:  # noqa: ANN401
        return create_app(
            settings=self.settings,
            database=self.database,
            vault=self.vault,
            policy=self.in_force.policy,
            now=self.now,
            relay=self.relay,
            dispatcher_wake=self._wake,
            timers_up=self._timers_up,
            cases=self.cases,
            settle_seconds=0.3,
            **more,
        )

    def new_browser(
        self,
        app: FastAPI | None = None,
        *,
        base: str = "http://127.0.0.1:8000",
        client: str = "127.0.0.1",
        signed_in: bool = False,
    ) -> httpx.AsyncClient:
        """Give a browser with no cookies yet, or with that of somebody of every role, whose session never ends."""
        transport = httpx.ASGITransport(app=app or self.app, client=(client, 1234), raise_app_exceptions=False)
        cookies = {("__Host-" if base.startswith("https:") else "") + auth.COOKIE: SESSION} if signed_in else {}
        return httpx.AsyncClient(transport=transport, base_url=base, cookies=cookies)

    async def sign_in(self, *roles: Role, browser: httpx.AsyncClient | None = None) -> httpx.AsyncClient:
        """Let a person with these roles in, by a session that begins now, and give their browser."""
        browser = browser or self.new_browser()
        async with self.database.write() as tx:
            person = await people.add(
                tx,
                self.vault,
                address=f"{secrets.token_hex(4)}@partnership.example",
                name="Perpetua Lisle",
                roles=roles,
                now=self.time,
                by=None,
            )
            assert isinstance(person, str)
            browser.cookies.set(auth.COOKIE, await sign_ins.start(tx, person, now=self.time))
        return browser

    def _wake(self) -> None:
        self.woken += 1

    async def _timers_up(self) -> bool:
        return self.timers

    # ---- What dispatcher, workflow and time would do ----------------------------------------------------------------

    async def settle(self) -> None:
        """Apply what waits, oldest first, deliver what that brings, and so on until nothing is left."""
        while True:
            async with self.database.write() as tx:
                leased = await submissions.lease_next(tx, now=self.time, lease_for=timedelta(seconds=30), owner="test")
            if leased is None:
                return
            await self._apply(
                leased.reference,
                acts.loads(leased.act).model_copy(update={"content_digest": leased.content_digest}),
                leased.submission_id,
            )

    async def _apply(self, reference: str, act: acts.Act, submission_id: str | None) -> None:
        async with self.database.write() as tx:
            known = await self.cases.read(tx, reference)
            if known is None:
                frame = self.in_force.frame(act.received_at)
                await opening.freeze(tx, frame, at=self.time)
                known = case.new(reference, frame)
            named = await self.cases.named_by(tx, act)
            known = known if named is None else case.offering(known, named)
            decided = decider.decide(known, act, act.received_at)
            refused = isinstance(decided, decider.Refused)
            result = await record(
                tx,
                self.cases,
                RecordRequest(
                    reference=reference,
                    after_seq=known.seq,
                    recorded_at=self.time,
                    events=() if isinstance(decided, decider.Refused) else decided,
                    submission_id=submission_id,
                    refusal=Refusal(code=decided.code, sentence=decided.sentence)
                    if isinstance(decided, decider.Refused)
                    else None,
                ),
            )
        assert refused or result.answer is RecordAnswer.RECORDED
        await self._deliver(reference, result.to_deliver)

    async def _deliver(self, reference: str, notice_ids: tuple[str, ...]) -> None:
        postman = Postman(
            database=self.database,
            vault=self.vault,
            cases=self.cases,
            relay=self.relay,
            house=House.of(self.settings, trial=True),
            sender=self.settings.mail_from,
            web_address="http://127.0.0.1:8000",
            now=self.now,
            replies=self.replies,
        )
        result = await postman.deliver(DeliverRequest(reference=reference, notice_ids=notice_ids, at=self.time))
        for delivery in result.deliveries:
            await self._apply(reference, delivery_act(delivery, submission_id="system", at=self.time), None)

    async def until(self, text: str) -> None:
        """Let time pass until a civil time, with everything that it brings to every case."""
        end = builders.civil(text)
        while True:
            wakes = {}
            async with self.database.read() as tx:
                references = (await tx.execute(select(tables.CASES.c.reference))).scalars().all()
                for reference in references:
                    known = await self.cases.read(tx, reference)
                    assert known is not None
                    wake = clocks.next_wake(known)
                    if wake is not None and wake <= end:
                        wakes[reference] = wake
            if not wakes:
                break
            reference = min(wakes, key=lambda found: wakes[found])
            self.time = max(self.time, wakes[reference])
            async with self.database.write() as tx:
                known = await self.cases.read(tx, reference)
                assert known is not None
                result = await record(
                    tx,
                    self.cases,
                    RecordRequest(
                        reference=reference,
                        after_seq=known.seq,
                        recorded_at=self.time,
                        events=passing.due(known, self.time),
                    ),
                )
            await self._deliver(reference, result.to_deliver)
        self.time = max(self.time, end)

    # ---- What a browser does ----------------------------------------------------------------------------------------

    async def get(self, path: str, *, browser: httpx.AsyncClient | None = None) -> Page:
        """Open a page, and follow where it leads."""
        return Page(await (browser or self.browser).get(path, follow_redirects=True))

    async def press(
        self, path: str, *, browser: httpx.AsyncClient | None = None, do: str = "", **fields: object
    ) -> Page:
        """Open a page, fill in its form, press a button, and follow where that leads. Waiting acts are applied."""
        browser = browser or self.browser
        shown = await self.get(path, browser=browser)
        return await self.post(path, browser=browser, token=shown.token, do=do, **fields)

    async def post(
        self, path: str, *, browser: httpx.AsyncClient | None = None, token: str, do: str = "", **fields: object
    ) -> Page:
        browser = browser or self.browser
        data = {
            "token": token,
            **(token.hidden if isinstance(token, Token) and path.startswith(("/answer/", "/board/")) else {}),
            **({"do": do} if do else {}),
            **{name.rstrip("_").replace("_", "-"): value for name, value in fields.items()},
        }
        answer = await browser.post(path, data=data)
        if self.settles_at_once and answer.status_code == 303:
            await self.settle()
        if answer.is_redirect:
            answer = await browser.get(answer.headers["location"], follow_redirects=True)
        return Page(answer)

    async def mails(self) -> list[str]:
        """Give the texts of the outbox, oldest first."""
        async with self.database.read() as tx:
            rows = (await tx.execute(select(tables.OUTBOX).order_by(tables.OUTBOX.c.made_at))).all()
        return [row.raw.decode() for row in rows]

    async def forget_domains(self, agency_id: str) -> None:
        """Leave an agency without mail domains of its own, as one that has stated none."""
        domains = tables.AGENCY_DOMAINS
        async with self.database.write() as tx:
            await tx.execute(delete(domains).where(domains.c.agency_id == agency_id))

    async def access_log(self) -> set[tuple[str, str, str]]:
        """Give who read which case: what, reference, agency."""
        log = tables.ACCESS_LOG
        async with self.database.read() as tx:
            return {(row.what, row.reference, row.agency_id) for row in (await tx.execute(select(log))).all()}

    async def notices(self, reference: str) -> list[notice_rows.NoticeRow]:
        async with self.database.read() as tx:
            return await notice_rows.of_case(tx, reference)


class Token(str):
    """The token of a page's forms, and the other hidden fields that each of them brings along."""

    __slots__ = ("hidden",)
    hidden: dict[str, str]

    def __new__(cls, value: str, hidden: dict[str, str]) -> Self:
        token = super().__new__(cls, value)
        token.hidden = hidden
        return token


class Page:
    """What a browser shows."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.html = answer.text
        self.path = answer.url.path
        if "<main" in self.html:
            self._says_what_every_page_says()

    def _says_what_every_page_says(self) -> None:
        """What holds for every page that any test opens (rules of practice, "A child must not wait", "Words")."""
        for said in (
            "999",
            "01632 960100",
            "01632 960199",
            "evenings, nights, weekends",
            "01632 960231",
            "team@partnership.example",
            "Trial: do not enter real people",
        ):
            assert said in self.text, f"{self.path} does not say {said}"
        assert BANNED.findall(f"{self.title} {self.text}") == [], self.path
        assert "<script" not in self.html
        assert " style=" not in self.html
        assert not re.search(r"\b(None|undefined)\b", self.text), self.text

    @property
    def text(self) -> str:
        """What can be read of it."""
        body = re.sub(r"<(script|style)\b.*?</\1>", " ", self.html, flags=re.DOTALL)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()

    @property
    def title(self) -> str:
        found = re.search(r"<title>(.*?)</title>", self.html, flags=re.DOTALL)
        return unescape(found[1]).strip() if found else ""

    @property
    def token(self) -> Token:
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.html)
        assert found is not None, f"no form on {self.path}: {self.text[:300]}"
        return Token(found[1], {name: value for name in ("link", "once") if (value := self.value(name))})

    @property
    def problems(self) -> list[str]:
        """What the summary at the top says is to be put right, each of which is a link to its field."""
        summary = re.search(r"govuk-error-summary__list.*?</ul>", self.html, flags=re.DOTALL)
        if summary is None:
            return []
        found = re.findall(r'<a href="#([^"]+)"\s*>(.*?)</a>', summary[0], flags=re.DOTALL)
        for field, _ in found:
            assert f'id="{field}"' in self.html, f"the link to #{field} leads nowhere"
        return [unescape(sentence).strip() for _, sentence in found]

    def value(self, name: str) -> str:
        """Give what stands in a field."""
        area = re.search(rf'<textarea[^>]*name="{name}"[^>]*>(.*?)</textarea>', self.html, flags=re.DOTALL)
        if area:
            return unescape(area[1])
        for tag in re.findall(r"<input[^>]*>", self.html):
            if f'name="{name}"' in tag and (("radio" not in tag and "checkbox" not in tag) or " checked" in tag):
                found = re.search(r'value="([^"]*)"', tag)
                return unescape(found[1]) if found else ""
        chosen = re.search(rf'<select[^>]*name="{name}".*?</select>', self.html, flags=re.DOTALL)
        picked = re.search(r'<option value="([^"]*)" selected', chosen[0]) if chosen else None
        return picked[1] if picked else ""


@pytest.fixture(scope="session")
async def furnished_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database file with the schema, the sample directory and the office's people, to be copied."""
    file = tmp_path_factory.mktemp("furnished") / "escalations.db"
    url = f"sqlite+aiosqlite:///{file}"
    await furnished.with_directory(url)
    async with Database.open(url) as database, database.write() as tx:
        await _admit_the_office(tx)
    return file


async def _admit_the_office(tx: AsyncConnection) -> None:
    """Somebody of every role, signed in for good: most tests are not about signing in."""
    began = builders.civil("2026-01-05 09:00")
    person = await people.add(
        tx, Vault((KEY,)), address=OFFICE, name="Robin Sayle", roles=tuple(Role), now=began, by=None
    )
    await tx.execute(
        insert(tables.PERSON_SESSIONS).values(
            session_hash=hashlib.sha256(SESSION.encode()).hexdigest(),
            person_id=person,
            started_at=began,
            seen_at=began + timedelta(days=3650),
            expires_at=began + timedelta(days=3650),
        )
    )


@pytest.fixture
async def office(tmp_path: Path, furnished_office: Path) -> AsyncIterator[Office]:
    """Give an office with the sample policy and directory."""
    file = tmp_path / "escalations.db"
    shutil.copyfile(furnished_office, file)
    async with SwitchedDatabase.open(f"sqlite+aiosqlite:///{file}") as database:
        found = Office(tmp_path, database)
        yield found
        await found.browser.aclose()
