"""Checking what was typed, sending it, and the receipt.

The page to check carries everything that it shows, and is read again when it comes back: even with the database away
all of it stands on the page that says that nothing was received.
"""

from __future__ import annotations

from datetime import datetime

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import Response

from escalations import errors
from escalations.intake import submissions
from escalations.policy import Side, Track
from escalations.rules import acts
from escalations.rules.actors import Actor
from escalations.rules.notices import RAISER
from escalations.rules.senders import Checked, Known
from escalations.store import directory
from escalations.store.directory import Whose
from escalations.web import limits, questions, summary
from escalations.web import receipt as receipts
from escalations.web.answers import Answers, Asking, Step, Whole
from escalations.web.auth import signed_in
from escalations.web.drafts import Draft, fresh
from escalations.web.flow import HOURS, Flow
from escalations.web.forms import first, start_of
from escalations.web.parts import differs, is_press
from escalations.web.receipt import Held, Receipt


class Sending(Flow):
    """The last pages of one way in."""

    async def check(self, request: Request) -> Response:
        """Show everything that was typed, or what is still missing."""
        draft = await self._draft(request)
        if not draft.answers.steps:
            return self._parts.go(request, self._way.start)
        asking = await self._asking()
        found = questions.whole(draft.answers, asking)
        outside = not found.problems and not self._is_own(found, await self._whose(found, asking.now))
        return await self._show_check(
            request, draft.answers, found, asking, kept_until=draft.expires_at, outside=outside
        )

    async def _show_check(
        self,
        request: Request,
        answers: Answers,
        found: Whole,
        asking: Asking,
        *,
        status: int = 200,
        not_received: bool = False,
        stale: str = "",
        stored_before: str = "",
        kept_until: datetime | None = None,
        outside: bool = False,
    ) -> Response:
        whole = not found.problems
        raised = None if not whole else self._act(found, "", asking, Whose(found.you.agency_id))
        sections = (
            ()
            if raised is None
            else summary.sections(
                raised, questions.sealed(found, referred=answers.referred), asking.agencies, self._parts.policy
            )
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
            stored_before=stored_before,
            held=not found.agencies,
            outside=outside,
            together=[summary.name_of(asking.agencies, agency) for agency in found.together],
            own_agency=summary.name_of(asking.agencies, found.you.agency_id),
            limits=limits.in_one_line(
                self._parts.policy,
                found.track,
                priority=found.safety.priority,
                stage=found.starts_at(self._parts.policy),
            ),
            elsewhere=found.goes_elsewhere(self._parts.policy),
            look=limits.to_look(self._parts.policy, found.track),
            urgent=raised is not None and raised.track is Track.URGENT,
            back=self._before(answers, Step.CHECK),
            kept_until=kept_until,
        )

    async def send(self, request: Request) -> Response:
        """Read it again, store it, and lead to the receipt."""
        raw, _, genuine = await self._parts.posted(request)
        try:
            answers = Answers.model_validate_json(first(raw, "answers"))
        except ValidationError:
            return self._parts.go(request, f"{self._way.start}/check")
        asking = await self._asking(though_away=True)
        found = questions.whole(answers, asking)
        if not is_press(answers.key):
            answers = answers.model_copy(update={"key": fresh().answers.key})
            genuine = False
        if not genuine:
            return await self._show_check(
                request, answers, found, asking, status=403, stale=self._parts.stale(request).sentence
            )
        if not asking.agencies:
            return await self._show_check(request, answers, found, asking, status=503, not_received=True)
        if found.problems:
            return await self._show_check(request, answers, found, asking, status=422)
        try:
            whose = await self._whose(found, asking.now)
            receipt, other = await self._receive(request, answers, found, asking, whose)
        except errors.Retry:
            return await self._show_check(request, answers, found, asking, status=503, not_received=True)
        if other:
            return await self._stored_before(request, answers, found, asking, reference=receipt.reference)
        self._parts.wake()
        response = self._parts.go(request, f"{self._way.start}/receipt")
        self._parts.cookies.drop(response, self._way.cookie)
        told = Receipt(
            reference=receipt.reference,
            received_at=receipt.received_at,
            repeated=receipt.repeated,
            held=self._held(found, recognised=self._is_own(found, whose)),
            track=found.track,
            priority=found.safety.priority,
            stage=found.starts_at(self._parts.policy),
            agencies=found.agencies,
            began_on=found.began.began_on if found.began else None,
            tried=tuple(found.began.tried) if found.began else (),
        )
        self._parts.cookies.set(response, "receipt", told.dumps(), seconds=HOURS * 3600)
        return response

    def _held(self, found: Whole, *, recognised: bool) -> Held | None:
        """Why it waits for the team, if it does."""
        if self._way.entered_for:
            return Held.ENTERED
        if not recognised:
            return Held.ADDRESS
        if found.goes_elsewhere(self._parts.policy):
            return Held.THEME
        return None if found.agencies else Held.NO_AGENCY

    def _is_own(self, found: Whole, whose: Whose) -> bool:
        """Whether the address is one of the own ones of the agency that was chosen. The team vouches for itself.

        Anybody can type the name of a school into a form. An agency that has stated no domains is known by the
        addresses of those who hold its positions, and nobody else's is taken for its own (practice, "Who sees what,
        and when": a new person outside the agency's own addresses waits for the team).
        """
        return bool(self._way.entered_for) or (whose.agency_id is not None and whose.agency_id == found.you.agency_id)

    async def _whose(self, found: Whole, at: datetime) -> Whose:
        """Whose own the address is that was given.

        Raises:
            engine.DatabaseAway: it cannot be asked.
        """
        async with self._parts.database.read() as tx:
            return await directory.whose_address(tx, self._parts.vault, found.you.email, at)

    async def _receive(
        self,
        request: Request,
        answers: Answers,
        found: Whole,
        asking: Asking,
        whose: Whose,
    ) -> tuple[submissions.Receipt, bool]:
        """Store it; and whether the first press of this button, which alone is stored, said something else.

        Only when the transaction has been committed does anybody read a receipt.
        """
        name = self._parts.cookies.read(request, self._way.cookie)
        act = self._act(found, submissions.new_id(asking.now), asking, whose)
        words = questions.sealed(found, referred=answers.referred)
        if self._way.entered_for:
            words["by"] = signed_in(request).by
        async with self._parts.database.write() as tx:
            receipt = await submissions.receive(
                tx,
                self._parts.vault,
                act_kind=act.kind,
                act_json=acts.dumps(act),
                channel=act.channel,
                received_at=asking.now,
                sealed=words,
                reference=None,
                idempotency_key=f"{self._way.cookie}:{answers.key}",
                submission_id=act.submission_id,
                prefix=self._parts.policy.reference_prefix,
            )
            other = await differs(tx, receipt, act)
            if name and not other:
                await self._parts.drafts.forget(tx, name)
        return receipt, other

    async def _stored_before(
        self, request: Request, answers: Answers, found: Whole, asking: Asking, *, reference: str
    ) -> Response:
        """The same form was sent before in other words: these are not stored, and stay to be changed or sent."""
        answers = answers.model_copy(update={"key": fresh().answers.key})
        draft = Draft(self._parts.cookies.read(request, self._way.cookie) or fresh().name, answers)
        shown = await self._show_check(request, answers, found, asking, status=409, stored_before=reference)
        if await self._kept(draft) is not None:
            self._remember(shown, draft)
        return shown

    def _act(self, found: Whole, submission_id: str, asking: Asking, whose: Whose) -> acts.Raise:
        agency = found.you.agency_id if self._is_own(found, whose) else None
        known = whose.known if whose.agency_id == found.you.agency_id else Known.NOBODY
        began = found.began.began_on if found.began is not None else found.difference.arose_on
        by = (
            Actor(side=Side.TEAM, position="team")
            if self._way.entered_for
            else Actor(side=Side.RAISING, agency_id=agency, position=RAISER)
        )
        return acts.Raise(
            submission_id=submission_id,
            by=by,
            channel=self._way.channel,
            received_at=asking.now,
            happened_at=start_of(began) if began is not None else None,
            track=found.track,
            raising_agency=agency,
            responding_agencies=found.agencies,
            co_raisers=found.together,
            concern=found.concern,
            people=len(found.people),
            reason=found.difference.reason,
            theme=found.difference.theme,
            priority=found.safety.priority,
            start_stage=found.tried.start_stage,
            start_because=found.tried.start_because,
            level_of_need=found.safety.level_of_need,
            legal_status=found.safety.legal_status,
            hold=self._way.entered_for,
            sender_known=known if found.you.email else None,
            sender_checked=None if self._way.entered_for else Checked.NOT_CHECKED,
        )

    async def receipt(self, request: Request) -> Response:
        """Show the reference and what happens next. It comes from a cookie, so that a reload shows it too."""
        told = receipts.loads(self._parts.cookies.read(request, "receipt"))
        if told is None:
            return self._parts.go(request, self._way.start)
        asking = await self._asking(though_away=True)
        return self._parts.show(
            request,
            "raise_receipt.html",
            way=self._way,
            told=told,
            Held=Held,
            agencies=[summary.name_of(asking.agencies, agency) for agency in told.agencies],
            stages=[asking.stages.get(number, f"Stage {number}") for number in told.tried],
            limits=limits.in_one_line(self._parts.policy, told.track, priority=told.priority, stage=told.stage),
            look=limits.to_look(self._parts.policy, told.track),
            urgent=told.track is Track.URGENT,
            timers_up=await self._parts.timers_up(),
        )
