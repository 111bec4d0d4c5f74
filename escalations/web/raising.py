"""Raising an escalation by form, and entering one for somebody who phoned.

Both are the same pages. What was typed is kept after every press of a button, whether it was complete or not; the last
page carries all of it, so that even with the database away it stands on the page that says that nothing was received.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from pydantic import ValidationError
from starlette.responses import Response

from escalations import errors
from escalations.intake import submissions
from escalations.policy import Side, Track
from escalations.rules import acts
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import LegalStatus, Reason
from escalations.store import references
from escalations.web import questions, summary
from escalations.web.drafts import Draft, fresh
from escalations.web.forms import Problem, Raw, Reading, first, start_of
from escalations.web.parts import STALE, Parts
from escalations.web.questions import Answers, Asking, Step, Whole
from escalations.web.team import only_the_team

_HOURS: Final = 12
REFERRED: Final = ("yes", "none", "not_yet")
"""Whether a new worry has been referred: an escalation is not a referral."""


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


def routes(parts: Parts) -> APIRouter:
    """The pages of both ways."""
    router = APIRouter()
    _Raising(parts, BY_FORM).add_to(router)
    _Raising(parts, BY_TEAM).add_to(router)
    return router


class _Raising:
    """The pages of one way in."""

    def __init__(self, parts: Parts, way: Way) -> None:
        self._parts = parts
        self._way = way

    def add_to(self, router: APIRouter) -> None:
        start = self._way.start
        guard = [only_the_team(self._parts)] if self._way.entered_for else []
        for path, method, handler in (
            ("", "GET", self.begin),
            ("", "POST", self.begun),
            ("/refer", "GET", self.refer),
            ("/check", "GET", self.check),
            ("/check", "POST", self.send),
            ("/receipt", "GET", self.receipt),
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
        return self._begin(request, {"referred": [draft.answers.referred]} if draft else {}, started=draft is not None)

    def _begin(
        self,
        request: Request,
        raw: Raw,
        problems: tuple[Problem, ...] = (),
        *,
        started: bool = False,
        status: int = 200,
    ) -> Response:
        return self._parts.show(
            request,
            "raise_start.html",
            status=status,
            f=self._parts.form(request, raw, problems),
            way=self._way,
            started=started,
        )

    async def begun(self, request: Request) -> Response:
        raw, _, genuine = await self._parts.posted(request)
        reading = Reading(raw, now=self._parts.now())
        referred = reading.one_of(
            "referred", REFERRED, missing="Say whether there is a new worry that still has to be referred"
        )
        problems = tuple(reading.problems) if genuine else (STALE,)
        if problems:
            return self._begin(request, raw, problems, status=422)
        draft = await self._draft(request)
        answers = draft.answers.model_copy(update={"referred": referred})
        where = f"{self._way.start}/refer" if referred == "not_yet" else self._first(answers)
        return await self._keep_and_go(request, Draft(draft.name, answers), where)

    async def refer(self, request: Request) -> Response:
        return self._parts.show(request, "raise_refer.html", way=self._way, onward=self._first(Answers(key="")))

    def _first(self, answers: Answers) -> str:
        return f"{self._way.start}/{questions.steps(answers, entered_for=self._way.entered_for)[0]}"

    # ---- A page of the form -----------------------------------------------------------------------------------------

    async def step(self, request: Request, step: str) -> Response:
        page = self._page(step)
        draft = await self._draft(request)
        return await self._show_step(request, page, draft, draft.answers.page(page))

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
        return self._parts.show(
            request,
            f"raise_{page}.html",
            status=status,
            f=self._parts.form(request, raw, problems),
            way=self._way,
            asking=asking,
            back=self._before(draft.answers, page),
            unkept=unkept,
            chosen=[*questions.agency_fields(raw), *([""] if more or not questions.agency_fields(raw) else [])],
            agencies={agency.agency_id: agency.label for agency in asking.agencies.values()},
            most=questions.MOST_AGENCIES,
            family_aware={aware.value: text for aware, text in questions.FAMILY_AWARE.items()},
        )

    async def step_posted(self, request: Request, step: str) -> Response:
        page = self._page(step)
        raw, pressed, genuine = await self._parts.posted(request)
        draft, away = await self._draft_or_away(request)
        answers = draft.answers.model_copy(update={"steps": {**draft.answers.steps, page.value: raw}})
        draft = Draft(draft.name, answers)
        if not genuine:
            return await self._show_step(request, page, draft, raw, (STALE,), status=403)
        asking = await self._asking(though_away=True)
        problems = () if pressed == "add" else _problems(page, answers, asking)
        if away or not await self._kept(draft):
            return await self._show_step(request, page, draft, raw, status=503, unkept=True)
        if pressed == "add" or problems:
            shown = await self._show_step(
                request, page, draft, raw, problems, status=422 if problems else 200, more=pressed == "add"
            )
            self._remember(shown, draft)
            return shown
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
            most=questions.MOST_PEOPLE,
        )

    async def people_posted(self, request: Request) -> Response:
        _, pressed, genuine = await self._parts.posted(request)
        draft = await self._draft(request)
        if not genuine:
            return await self._show_people(request, draft, status=403, problems=(STALE,))
        if pressed == "add":
            return self._parts.go(request, f"{self._way.start}/people/{len(draft.answers.people) + 1}")
        if pressed.startswith("remove-") and pressed.removeprefix("remove-").isdecimal():
            place = int(pressed.removeprefix("remove-"))
            people = [raw for number, raw in enumerate(draft.answers.people, 1) if number != place]
            draft = Draft(draft.name, draft.answers.model_copy(update={"people": people}))
            return await self._keep_and_go(request, draft, f"{self._way.start}/people")
        return self._parts.go(request, self._after(draft.answers, Step.PEOPLE, await self._asking()))

    async def person(self, request: Request, place: str) -> Response:
        draft = await self._draft(request)
        number = self._place(place, draft.answers)
        raw = draft.answers.people[number - 1] if number <= len(draft.answers.people) else {}
        return await self._show_person(request, number, draft, raw)

    def _place(self, place: str, answers: Answers) -> int:
        if not place.isdecimal() or not 1 <= int(place) <= min(questions.MOST_PEOPLE, len(answers.people) + 1):
            raise HTTPException(404)
        return int(place)

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
            parties=[(agency, summary.name_of(asking.agencies, agency)) for agency in _parties(draft.answers)],
            back=f"{self._way.start}/people" if draft.answers.people else self._before(draft.answers, Step.PEOPLE),
        )

    async def person_posted(self, request: Request, place: str) -> Response:
        raw, _, genuine = await self._parts.posted(request)
        draft, away = await self._draft_or_away(request)
        number = self._place(place, draft.answers) if draft.answers.people else 1
        if not genuine:
            return await self._show_person(request, number, draft, raw, (STALE,), status=403)
        people = list(draft.answers.people)
        people[number - 1 : number] = [raw]
        draft = Draft(draft.name, draft.answers.model_copy(update={"people": people}))
        reading = Reading(raw, now=self._parts.now())
        questions.read_person(reading, agencies=_parties(draft.answers))
        if away or not await self._kept(draft):
            return await self._show_person(request, number, draft, raw, status=503, unkept=True)
        if reading.problems:
            shown = await self._show_person(request, number, draft, raw, tuple(reading.problems), status=422)
            self._remember(shown, draft)
            return shown
        return self._gone(request, draft, f"{self._way.start}/people")

    # ---- Checking and sending ---------------------------------------------------------------------------------------

    async def check(self, request: Request) -> Response:
        draft = await self._draft(request)
        if not draft.answers.steps:
            return self._parts.go(request, self._way.start)
        asking = await self._asking()
        found = questions.whole(draft.answers, asking)
        return await self._show_check(request, draft.answers, found, asking)

    async def _show_check(
        self,
        request: Request,
        answers: Answers,
        found: Whole,
        asking: Asking,
        *,
        status: int = 200,
        not_received: bool = False,
        stale: bool = False,
    ) -> Response:
        whole = not found.problems
        raised = None if not whole else self._act(found, "", asking)
        sections = (
            ()
            if raised is None
            else summary.sections(raised, questions.sealed(found, referred=answers.referred), asking.agencies)
        )
        lacking = [
            {"page": page, "sentence": problem.sentence}
            for page, problems in found.problems.items()
            for problem in problems
        ]
        return self._parts.show(
            request,
            "raise_check.html",
            status=status,
            way=self._way,
            sections=sections,
            lacking=lacking,
            answers=answers.model_dump_json(),
            not_received=not_received,
            stale=stale,
            held=not found.agencies,
            urgent=raised is not None and raised.track is Track.URGENT,
            back=self._before(answers, Step.CHECK),
        )

    async def send(self, request: Request) -> Response:
        raw, _, genuine = await self._parts.posted(request)
        try:
            answers = Answers.model_validate_json(first(raw, "answers"))
        except ValidationError:
            return self._parts.go(request, f"{self._way.start}/check")
        asking = await self._asking(though_away=True)
        found = questions.whole(answers, asking)
        if not genuine:
            return await self._show_check(request, answers, found, asking, status=403, stale=True)
        if not asking.agencies:
            return await self._show_check(request, answers, found, asking, status=503, not_received=True)
        if found.problems:
            return await self._show_check(request, answers, found, asking, status=422)
        try:
            receipt = await self._receive(request, answers, found, asking)
        except errors.Retry:
            return await self._show_check(request, answers, found, asking, status=503, not_received=True)
        self._parts.wake()
        response = self._parts.go(request, f"{self._way.start}/receipt")
        self._parts.cookies.drop(response, self._way.cookie)
        kept = (
            f"{receipt.reference}/{'again' if receipt.repeated else 'first'}/{'held' if not found.agencies else 'sent'}"
        )
        self._parts.cookies.set(response, "receipt", kept, seconds=_HOURS * 3600)
        return response

    async def _receive(
        self,
        request: Request,
        answers: Answers,
        found: Whole,
        asking: Asking,
    ) -> submissions.Receipt:
        """Store it. Only when the transaction has been committed does anybody read a receipt."""
        name = self._parts.cookies.read(request, self._way.cookie)
        act = self._act(found, submissions.new_id(asking.now), asking)
        async with self._parts.database.write() as tx:
            receipt = await submissions.receive(
                tx,
                self._parts.vault,
                act_kind=act.kind,
                act_json=acts.dumps(act),
                channel=act.channel,
                received_at=asking.now,
                sealed=questions.sealed(found, referred=answers.referred),
                reference=None,
                idempotency_key=f"{self._way.cookie}:{answers.key}",
                submission_id=act.submission_id,
                prefix=self._parts.policy.reference_prefix,
            )
            if name:
                await self._parts.drafts.forget(tx, name)
        return receipt

    def _act(self, found: Whole, submission_id: str, asking: Asking) -> acts.Raise:
        began = found.began.began_on if found.began is not None else found.difference.arose_on
        by = (
            Actor(side=Side.TEAM, position="team")
            if self._way.entered_for
            else Actor(side=Side.RAISING, agency_id=found.you.agency_id, position="practitioner")
        )
        return acts.Raise(
            submission_id=submission_id,
            by=by,
            channel=self._way.channel,
            received_at=asking.now,
            happened_at=start_of(began) if began is not None else None,
            track=found.track,
            raising_agency=found.you.agency_id,
            responding_agencies=found.agencies,
            concern=found.concern,
            people=len(found.people),
            reason=found.difference.reason or Reason.OTHER,
            level_of_need=found.safety.level_of_need,
            legal_status=found.safety.legal_status or LegalStatus.NOT_KNOWN,
            hold=self._way.entered_for,
        )

    async def receipt(self, request: Request) -> Response:
        reference, _, rest = self._parts.cookies.read(request, "receipt").partition("/")
        if isinstance(references.parse(reference), references.Problem):
            return self._parts.go(request, self._way.start)
        repeated, _, held = rest.partition("/")
        return self._parts.show(
            request,
            "raise_receipt.html",
            way=self._way,
            reference=reference,
            repeated=repeated == "again",
            held=held == "held" or self._way.entered_for,
            timers_up=await self._parts.timers_up(),
        )

    # ---- Drafts and the way through ---------------------------------------------------------------------------------

    async def _draft(self, request: Request) -> Draft:
        """The draft of this browser, or a new one: nothing that is posted is ever thrown away for want of one."""
        return await self._parts.drafts.read(self._parts.cookies.read(request, self._way.cookie)) or fresh()

    async def _draft_or_away(self, request: Request) -> tuple[Draft, bool]:
        """The same, and whether the database is away: what we could not read must not be written over."""
        try:
            return await self._draft(request), False
        except errors.Retry:
            return fresh(), True

    async def _kept(self, draft: Draft) -> bool:
        try:
            await self._parts.drafts.keep(draft)
        except errors.Retry:
            return False
        return True

    async def _keep_and_go(self, request: Request, draft: Draft, where: str) -> Response:
        await self._parts.drafts.keep(draft)
        return self._gone(request, draft, where)

    def _gone(self, request: Request, draft: Draft, where: str) -> Response:
        response = self._parts.go(request, where)
        self._remember(response, draft)
        return response

    def _remember(self, response: Response, draft: Draft) -> None:
        self._parts.cookies.set(response, self._way.cookie, draft.name, seconds=_HOURS * 3600)

    async def _asking(self, *, though_away: bool = False) -> Asking:
        now = self._parts.now()
        return Asking(
            now=now,
            agencies=await self._parts.agencies.read(now, though_away=though_away),
            entered_for=self._way.entered_for,
            stages={str(stage.number): f"Stage {stage.number}: {stage.title}" for stage in self._parts.policy.stages},
        )

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


def _parties(answers: Answers) -> tuple[str, ...]:
    """The agencies that may have a case number of their own, in the order in which they were named."""
    own = first(answers.page(Step.YOU), "agency")
    return tuple(
        dict.fromkeys(agency for agency in (own, *questions.agency_fields(answers.page(Step.AGENCIES))) if agency)
    )


def _problems(page: Step, answers: Answers, asking: Asking) -> tuple[Problem, ...]:
    found: Mapping[str, tuple[Problem, ...]] = questions.whole(answers, asking).problems
    return found.get(page, ())
