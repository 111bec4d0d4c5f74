"""What the pages need of the rest, given to each of them by `app.create_app`; nothing here is global."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from escalations import errors
from escalations.intake import submissions
from escalations.mail.relay import Relay
from escalations.policy import Policy
from escalations.rules import acts
from escalations.rules.acts import Act
from escalations.settings import Settings
from escalations.store import directory, tables
from escalations.store.calendars import DaysOff
from escalations.store.cases import Cases
from escalations.store.engine import Database
from escalations.store.vault import Vault
from escalations.web.answers import Agency
from escalations.web.drafts import Drafts
from escalations.web.forms import Problem, Raw, raw_of
from escalations.web.pages import Form, Pages
from escalations.web.security import Cookies
from escalations.web.viewer import viewer

_NOT_TO_CHOOSE = "partnership"
_LOOK_AGAIN_SECONDS = 0.1

_STALE = Problem(
    "main-content",
    "This page had been open for too long. Nothing that you typed is lost: please press the button again.",
)


_PRESS: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SUBMISSION: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OF_THE_PRESS: Final = ("submission_id", "received_at")


def is_press(key: str) -> bool:
    """Whether something is a key by which a second press of one button is known, as our pages make them."""
    return _PRESS.fullmatch(key) is not None


def is_submission(submission_id: str) -> bool:
    """Whether something has the form of a submission's id. What has not, no database is asked for."""
    return _SUBMISSION.fullmatch(submission_id) is not None


async def pressed_before(tx: AsyncConnection, key: str) -> bool:
    """Whether a button was pressed before, by the key of its press, and what it sent is stored."""
    of = tables.SUBMISSIONS
    query = select(of.c.submission_id).where(of.c.idempotency_key == key)
    return (await tx.execute(query)).one_or_none() is not None


async def differs(tx: AsyncConnection, receipt: submissions.Receipt, act: Act) -> bool:
    """Whether a second press said something else than the first, which alone is stored: in words or in choices."""
    if not receipt.repeated or receipt.differs:
        return receipt.differs
    of = tables.SUBMISSIONS
    stored = (await tx.execute(select(of.c.act).where(of.c.submission_id == receipt.submission_id))).scalar_one()
    return _said(stored) != _said(acts.dumps(act))


def _said(act: str) -> dict[str, object]:
    said: dict[str, object] = json.loads(act)
    return {name: value for name, value in said.items() if name not in _OF_THE_PRESS}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act within the few seconds that a page waits for it."""

    reference: str
    state: submissions.State
    sentence: str = ""

    @property
    def settled(self) -> bool:
        """Whether it is known yet."""
        return self.state in submissions.SETTLED


@dataclass(slots=True)
class AgencyList:
    """The agencies to choose from. The last list read serves while the database is away."""

    database: Database
    _known: Mapping[str, Agency] = field(default_factory=dict)

    async def read(self, now: datetime, *, though_away: bool = False) -> Mapping[str, Agency]:
        """Every agency in being, in the order in which people look for one: type, then name.

        Args:
            now: the moment.
            though_away: for a page that gives back what somebody typed: none is then better than no page.

        Raises:
            engine.DatabaseAway: it cannot be reached, and no list was read before.
        """
        try:
            async with self.database.read() as tx:
                rows = await directory.agencies(tx, now)
        except errors.Retry:
            if self._known or though_away:
                return self._known
            raise
        found = sorted(
            (
                Agency(row.agency_id, row.name, row.agency_type, row.town)
                for row in rows
                if row.agency_type != _NOT_TO_CHOOSE
            ),
            key=lambda agency: (agency.agency_type, agency.name),
        )
        self._known = {agency.agency_id: agency for agency in found}
        return self._known


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a page may use."""

    settings: Settings
    database: Database
    vault: Vault
    now: Callable[[], datetime]
    policy: Policy
    """The one in force for new escalations."""
    days_off: DaysOff
    """What the installation says of its own days; in force for new escalations too."""
    cases: Cases
    pages: Pages
    cookies: Cookies
    drafts: Drafts
    agencies: AgencyList
    wake: Callable[[], None]
    """Tells the dispatcher that something has come."""
    relay: Relay
    """Takes the codes that links ask for."""
    timers_up: Callable[[], Awaitable[bool]]
    """Whether the timer service answers."""
    settle_seconds: float

    async def posted(self, request: Request) -> tuple[Raw, str, bool]:
        """What was posted: the fields, which button was pressed, and whether it came from a page of ours.

        A stale page of ours gets its words back. What another site posts does not: it would stand on a page of ours.
        """
        if request.headers.get("sec-fetch-site") == "cross-site":
            raise HTTPException(403)
        async with request.form(max_files=0, max_fields=400, max_part_size=200_000) as form:
            items = form.multi_items()
        token = next((value for name, value in items if name == "token" and isinstance(value, str)), "")
        pressed = next((value for name, value in items if name == "do" and isinstance(value, str)), "")
        return raw_of(items), pressed, self.cookies.genuine(request, token)

    def stale(self, request: Request) -> Problem:
        """Why a form of ours was not taken: the page was old, or the browser sent no cookie of ours with it."""
        if self.cookies.read(request, "visitor"):
            return _STALE
        return Problem(
            _STALE.field,
            "Your browser sent no cookie of ours, so this was not kept. Nothing that you typed is lost: please press "
            "the button again. If you read this a second time, your browser keeps no cookies from this site: allow "
            f"them, or phone the partnership team on {self.settings.team_phone}.",
        )

    def form(self, request: Request, raw: Raw | None = None, problems: tuple[Problem, ...] = ()) -> Form:
        """A form for a page, with the token that its post needs."""
        return Form(self.cookies.token(request), raw or {}, problems)

    def show(self, request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """A page for this visitor."""
        values.setdefault("f", self.form(request))
        values.setdefault("viewer", viewer(request))
        response = self.pages.show(template, status=status, values=values)
        self.cookies.keeps(request, response)
        return response

    def go(self, request: Request, where: str) -> Response:
        """Send the visitor on to a page, by a GET."""
        response = Response(status_code=303, headers={"location": where})
        self.cookies.keeps(request, response)
        return response

    async def outcome(self, submission_id: str) -> Outcome:
        """Wait a few seconds for a submission to be applied or refused; whatever it is by then is told."""
        deadline = timedelta(seconds=self.settle_seconds)
        waited = timedelta()
        step = timedelta(seconds=_LOOK_AGAIN_SECONDS)
        while True:
            async with self.database.read() as tx:
                row = await submissions.get(tx, submission_id)
            found = Outcome(row.reference, row.state, row.outcome_sentence or "")
            if found.settled or waited >= deadline:
                return found
            await asyncio.sleep(step.total_seconds())
            waited += step
