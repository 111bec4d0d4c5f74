"""Raising an escalation by form, and entering one for somebody who phoned.

Both are the same pages. What was typed is kept after every press of a button, whether it was complete or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from escalations.policy import Track
from escalations.rules.access import Page
from escalations.web import limits, questions, summary
from escalations.web.answers import (
    FAMILY_AWARE,
    MOST_AGENCIES,
    MOST_PEOPLE,
    MOST_TOGETHER,
    Answers,
    Asking,
    Step,
    about_themes,
    higher_stages,
    meanings,
    offered,
    priorities,
    skip_reasons,
    usual_start,
)
from escalations.web.auth import allowed
from escalations.web.clearing import Clearing
from escalations.web.drafts import Draft
from escalations.web.flow import BY_FORM, BY_TEAM, HOURS, parties_of
from escalations.web.forms import Problem, Raw, Reading, first, number_of
from escalations.web.parts import Parts
from escalations.web.sending import Sending

AGAIN: Final = "again"
"""In the address of a page that says what is to be put right on it."""
MORE: Final = "more"
"""In the address of a page with one field more for an agency."""

REFERRED: Final = ("yes", "none", "not_yet")
"""Whether a new worry has been referred: an escalation is not a referral."""


_NO_ROOM: Final = Problem(
    "person-name",
    f"There is room for {MOST_PEOPLE} people. Please name further ones where you say what the problem is.",
)


def routes(parts: Parts) -> APIRouter:
    """The pages of both ways."""
    router = APIRouter()
    _Raising(parts, BY_FORM).add_to(router)
    _Raising(parts, BY_TEAM).add_to(router)
    return router


class _Raising(Sending, Clearing):
    """The pages of one way in."""

    def add_to(self, router: APIRouter) -> None:
        start = self._way.start
        guard = [allowed(self._parts, Page.ENTER)] if self._way.entered_for else []
        for path, method, handler in (
            ("", "GET", self.begin),
            ("", "POST", self.begun),
            ("/refer", "GET", self.refer),
            ("/check", "GET", self.check),
            ("/check", "POST", self.send),
            ("/receipt", "GET", self.receipt),
            ("/clear", "GET", self.clear),
            ("/clear", "POST", self.cleared),
            ("/people", "GET", self.people),
            ("/people", "POST", self.people_posted),
            ("/people/{place}", "GET", self.person),
            ("/people/{place}", "POST", self.person_posted),
            ("/{step}", "GET", self.step),
            ("/{step}", "POST", self.step_posted),
        ):
            router.add_api_route(start + path, handler, methods=[method], dependencies=guard, include_in_schema=False)

    # ---- The first page ---------------------------------------------------------------------------------------------

    async def begin(self, request: Request) -> Response:
        draft = await self._parts.drafts.read(self._parts.cookies.read(request, self._way.cookie))
        raw = {"referred": [draft.answers.referred]} if draft else {}
        return self._begin(request, raw, started=draft is not None, kept_until=draft.expires_at if draft else None)

    def _begin(
        self,
        request: Request,
        raw: Raw,
        problems: tuple[Problem, ...] = (),
        *,
        started: bool = False,
        kept_until: datetime | None = None,
        status: int = 200,
    ) -> Response:
        return self._parts.show(
            request,
            "raise_start.html",
            status=status,
            f=self._parts.form(request, raw, problems),
            way=self._way,
            started=started,
            kept_until=kept_until,
            hours=HOURS,
            elsewhere=self._parts.policy.out_of_scope,
        )

    async def begun(self, request: Request) -> Response:
        raw, _, genuine = await self._parts.posted(request)
        reading = Reading(raw, now=self._parts.now())
        referred = reading.one_of(
            "referred", REFERRED, missing="Say whether there is a new worry that still has to be referred"
        )
        problems = tuple(reading.problems) if genuine else (self._parts.stale(request),)
        if problems:
            return self._begin(request, raw, problems, status=422)
        draft = await self._draft(request)
        answers = draft.answers.model_copy(update={"referred": referred})
        where = f"{self._way.start}/refer" if referred == "not_yet" else self._first(answers)
        return await self._keep_and_go(request, Draft(draft.name, answers), where)

    async def refer(self, request: Request) -> Response:
        return self._parts.show(request, "raise_refer.html", way=self._way, onward=self._first(Answers(key="")))

    # ---- A page of the form -----------------------------------------------------------------------------------------

    async def step(self, request: Request, step: str) -> Response:
        page = self._page(step)
        draft = await self._draft(request)
        problems: tuple[Problem, ...] = ()
        if AGAIN in request.query_params:
            problems = _problems(page, draft.answers, await self._asking())
        return await self._show_step(
            request,
            page,
            draft,
            draft.answers.page(page),
            problems,
            status=422 if problems else 200,
            more=MORE in request.query_params,
        )

    def _page(self, step: str) -> Step:
        try:
            page = Step(step)
        except ValueError:
            raise HTTPException(404) from None
        if page is Step.BEGAN and not self._way.entered_for:
            raise HTTPException(404)
        return page

    async def _show_step(
        self,
        request: Request,
        page: Step,
        draft: Draft,
        raw: Raw,
        problems: tuple[Problem, ...] = (),
        *,
        status: int = 200,
        unkept: bool = False,
        more: bool = False,
    ) -> Response:
        asking = await self._asking(though_away=unkept)
        thematic = first(draft.answers.page(Step.SUBJECT), "subject") == "theme"
        return self._parts.show(
            request,
            f"raise_{page}.html",
            status=status,
            f=self._parts.form(request, raw, problems),
            way=self._way,
            asking=asking,
            back=self._before(draft.answers, page),
            kept_until=draft.expires_at,
            unkept=unkept,
            chosen=[*questions.agency_fields(raw), *([""] if more or not questions.agency_fields(raw) else [])],
            agencies={agency.agency_id: agency.label for agency in asking.agencies.values()},
            most=MOST_AGENCIES,
            together=[*questions.together_fields(raw), *[""] * MOST_TOGETHER][:MOST_TOGETHER],
            may_together=self._parts.policy.together.taken,
            urgent_limits=limits.in_one_line(
                self._parts.policy,
                Track.URGENT,
                stage=questions.whole(draft.answers, asking).starts_at(self._parts.policy),
            ),
            family_aware={aware.value: text for aware, text in FAMILY_AWARE.items()},
            priorities=priorities(self._parts.policy),
            higher=higher_stages(self._parts.policy, thematic=thematic),
            skip_reasons=skip_reasons(self._parts.policy),
            first_stage=self._parts.policy.stage(usual_start(self._parts.policy, thematic=thematic)),
            about_themes=about_themes(self._parts.policy),
            lists=offered(self._parts.policy, asking.now),
            meanings=meanings(self._parts.policy, asking.now),
        )

    async def step_posted(self, request: Request, step: str) -> Response:
        page = self._page(step)
        raw, pressed, genuine = await self._parts.posted(request)
        draft, away = await self._draft_or_away(request)
        answers = draft.answers.model_copy(update={"steps": {**draft.answers.steps, page.value: raw}})
        draft = Draft(draft.name, answers)
        if not genuine:
            return await self._show_step(request, page, draft, raw, (self._parts.stale(request),), status=403)
        asking = await self._asking(though_away=True)
        problems = () if pressed == "add" else _problems(page, answers, asking)
        if away or (kept := await self._kept(draft)) is None:
            return await self._show_step(request, page, draft, raw, status=503, unkept=True)
        if pressed == "add" or problems:
            # Asked for anew, so that "Back" never comes to a page that the browser would have to send again.
            return self._gone(request, kept, f"{self._way.start}/{page}?{MORE if pressed == 'add' else AGAIN}=1")
        return self._gone(request, draft, self._after(answers, page, asking))

    # ---- People -----------------------------------------------------------------------------------------------------

    async def people(self, request: Request) -> Response:
        draft = await self._draft(request)
        if not draft.answers.people:
            return self._parts.go(request, f"{self._way.start}/people/1")
        return await self._show_people(request, draft)

    async def _show_people(
        self, request: Request, draft: Draft, *, status: int = 200, problems: tuple[Problem, ...] = ()
    ) -> Response:
        return self._parts.show(
            request,
            "raise_people.html",
            status=status,
            f=self._parts.form(request, {}, problems),
            way=self._way,
            people=[
                {"name": first(raw, "person-name") or "No name yet", "kind": first(raw, "kind")}
                for raw in draft.answers.people
            ],
            back=self._before(draft.answers, Step.PEOPLE),
            kept_until=draft.expires_at,
            most=MOST_PEOPLE,
        )

    async def people_posted(self, request: Request) -> Response:
        _, pressed, genuine = await self._parts.posted(request)
        draft = await self._draft(request)
        if not genuine:
            return await self._show_people(request, draft, status=403, problems=(self._parts.stale(request),))
        if pressed == "add":
            return self._parts.go(request, f"{self._way.start}/people/{len(draft.answers.people) + 1}")
        if pressed.startswith("remove-") and (place := number_of(pressed.removeprefix("remove-"))) is not None:
            people = [raw for number, raw in enumerate(draft.answers.people, 1) if number != place]
            draft = Draft(draft.name, draft.answers.model_copy(update={"people": people}))
            return await self._keep_and_go(request, draft, f"{self._way.start}/people")
        return self._parts.go(request, self._after(draft.answers, Step.PEOPLE, await self._asking()))

    async def person(self, request: Request, place: str) -> Response:
        draft = await self._draft(request)
        number = self._place(place, draft.answers)
        raw = draft.answers.people[number - 1] if number <= len(draft.answers.people) else {}
        reading = Reading(raw, now=self._parts.now())
        if AGAIN in request.query_params:
            questions.read_person(reading, agencies=parties_of(draft.answers))
        problems = tuple(reading.problems)
        return await self._show_person(request, number, draft, raw, problems, status=422 if problems else 200)

    def _place(self, place: str, answers: Answers) -> int:
        number = number_of(place)
        if number is None or not 1 <= number <= min(MOST_PEOPLE, len(answers.people) + 1):
            raise HTTPException(404)
        return number

    async def _show_person(
        self,
        request: Request,
        number: int,
        draft: Draft,
        raw: Raw,
        problems: tuple[Problem, ...] = (),
        *,
        status: int = 200,
        unkept: bool = False,
    ) -> Response:
        asking = await self._asking(though_away=unkept)
        return self._parts.show(
            request,
            "raise_person.html",
            status=status,
            f=self._parts.form(request, raw, problems),
            way=self._way,
            number=number,
            unkept=unkept,
            parties=[(agency, summary.name_of(asking.agencies, agency)) for agency in parties_of(draft.answers)],
            back=f"{self._way.start}/people" if draft.answers.people else self._before(draft.answers, Step.PEOPLE),
            kept_until=draft.expires_at,
        )

    async def person_posted(self, request: Request, place: str) -> Response:
        raw, _, genuine = await self._parts.posted(request)
        draft, away = await self._draft_or_away(request)
        # Somebody may have been taken away in another tab meanwhile: what was typed is then one more person.
        number = max(1, min(number_of(place) or 1, len(draft.answers.people) + 1))
        if not genuine:
            return await self._show_person(request, number, draft, raw, (self._parts.stale(request),), status=403)
        if number > MOST_PEOPLE:
            return await self._show_person(request, MOST_PEOPLE, draft, raw, (_NO_ROOM,), status=422)
        people = list(draft.answers.people)
        people[number - 1 : number] = [raw]
        draft = Draft(draft.name, draft.answers.model_copy(update={"people": people}))
        reading = Reading(raw, now=self._parts.now())
        questions.read_person(reading, agencies=parties_of(draft.answers))
        if away or (kept := await self._kept(draft)) is None:
            return await self._show_person(request, number, draft, raw, status=503, unkept=True)
        if reading.problems:
            return self._gone(request, kept, f"{self._way.start}/people/{number}?{AGAIN}=1")
        return self._gone(request, draft, f"{self._way.start}/people")


def _problems(page: Step, answers: Answers, asking: Asking) -> tuple[Problem, ...]:
    found: Mapping[str, tuple[Problem, ...]] = questions.whole(answers, asking).problems
    return found.get(page, ())
