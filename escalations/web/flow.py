"""The two ways into the form, and the way through its pages: drafts, and which page comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.responses import Response

from escalations import errors
from escalations.rules.actors import Channel
from escalations.web import questions
from escalations.web.answers import Answers, Asking, Step
from escalations.web.drafts import KEPT, Draft, fresh
from escalations.web.forms import first
from escalations.web.parts import Parts

HOURS: Final = int(KEPT.total_seconds()) // 3600
"""How long a browser knows its draft and its receipt."""


@dataclass(frozen=True, slots=True)
class Way:
    """One of the two ways in: by whoever raises it, or by the team for somebody who phoned."""

    start: str
    """The address of its first page; the others lie below it."""
    cookie: str
    entered_for: bool
    channel: Channel


BY_FORM = Way("/raise", "draft", entered_for=False, channel=Channel.FORM)
BY_TEAM = Way("/enter", "entry", entered_for=True, channel=Channel.TEAM)


class Flow:
    """What the pages of one way in share."""

    def __init__(self, parts: Parts, way: Way) -> None:
        self._parts = parts
        self._way = way

    async def _draft(self, request: Request) -> Draft:
        """The draft of this browser, or a new one: nothing that is posted is ever thrown away for want of one."""
        return await self._parts.drafts.read(self._parts.cookies.read(request, self._way.cookie)) or fresh()

    async def _draft_or_away(self, request: Request) -> tuple[Draft, bool]:
        """The same, and whether the database is away: what we could not read must not be written over."""
        try:
            return await self._draft(request), False
        except errors.Retry:
            return fresh(), True

    async def _kept(self, draft: Draft) -> Draft | None:
        try:
            return await self._parts.drafts.keep(draft)
        except errors.Retry:
            return None

    async def _keep_and_go(self, request: Request, draft: Draft, where: str) -> Response:
        await self._parts.drafts.keep(draft)
        return self._gone(request, draft, where)

    def _gone(self, request: Request, draft: Draft, where: str) -> Response:
        response = self._parts.go(request, where)
        self._remember(response, draft)
        return response

    def _remember(self, response: Response, draft: Draft) -> None:
        self._parts.cookies.set(response, self._way.cookie, draft.name, seconds=HOURS * 3600)

    async def _asking(self, *, though_away: bool = False) -> Asking:
        now = self._parts.now()
        return Asking(
            now=now,
            agencies=await self._parts.agencies.read(now, though_away=though_away),
            policy=self._parts.policy,
            entered_for=self._way.entered_for,
            stages={str(stage.number): f"Stage {stage.number}: {stage.title}" for stage in self._parts.policy.stages},
        )

    def _first(self, answers: Answers) -> str:
        return f"{self._way.start}/{questions.steps(answers, entered_for=self._way.entered_for)[0]}"

    def _after(self, answers: Answers, page: Step, asking: Asking) -> str:
        """The next page: the check, once everything is there; otherwise the one that follows."""
        if not questions.whole(answers, asking).problems:
            return f"{self._way.start}/{Step.CHECK}"
        through = questions.steps(answers, entered_for=self._way.entered_for)
        return f"{self._way.start}/{through[min(through.index(page) + 1, len(through) - 1)]}"

    def _before(self, answers: Answers, page: Step) -> str:
        through = questions.steps(answers, entered_for=self._way.entered_for)
        place = through.index(page) if page in through else len(through) - 1
        return f"{self._way.start}/{through[place - 1]}" if place else self._way.start


def parties_of(answers: Answers) -> tuple[str, ...]:
    """The agencies that may have a case number of their own, in the order in which they were named."""
    own = first(answers.page(Step.YOU), "agency")
    page = answers.page(Step.AGENCIES)
    others = (*questions.agency_fields(page), *questions.together_fields(page))
    return tuple(dict.fromkeys(agency for agency in (own, *others) if agency))
