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
from escalations.rules.acts import LegalStatus, Reason
from escalations.store import references
from escalations.web import questions, summary
from escalations.web.answers import Answers, Asking, Step, Whole
from escalations.web.auth import signed_in
from escalations.web.drafts import Draft, fresh
from escalations.web.flow import HOURS, Flow
from escalations.web.forms import first, start_of
from escalations.web.parts import differs, is_press


class Sending(Flow):
    """The last pages of one way in."""

    async def check(self, request: Request) -> Response:
        """Show everything that was typed, or what is still missing."""
        draft = await self._draft(request)
        if not draft.answers.steps:
            return self._parts.go(request, self._way.start)
        asking = await self._asking()
        found = questions.whole(draft.answers, asking)
        return await self._show_check(request, draft.answers, found, asking, kept_until=draft.expires_at)

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
        stored_before: str = "",
        kept_until: datetime | None = None,
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
            stored_before=stored_before,
            held=not found.agencies,
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
            return await self._show_check(request, answers, found, asking, status=403, stale=True)
        if not asking.agencies:
            return await self._show_check(request, answers, found, asking, status=503, not_received=True)
        if found.problems:
            return await self._show_check(request, answers, found, asking, status=422)
        try:
            receipt, other = await self._receive(request, answers, found, asking)
        except errors.Retry:
            return await self._show_check(request, answers, found, asking, status=503, not_received=True)
        if other:
            return await self._stored_before(request, answers, found, asking, reference=receipt.reference)
        self._parts.wake()
        response = self._parts.go(request, f"{self._way.start}/receipt")
        self._parts.cookies.drop(response, self._way.cookie)
        kept = (
            f"{receipt.reference}/{'again' if receipt.repeated else 'first'}/{'held' if not found.agencies else 'sent'}"
        )
        self._parts.cookies.set(response, "receipt", kept, seconds=HOURS * 3600)
        return response

    async def _receive(
        self,
        request: Request,
        answers: Answers,
        found: Whole,
        asking: Asking,
    ) -> tuple[submissions.Receipt, bool]:
        """Store it; and whether the first press of this button, which alone is stored, said something else.

        Only when the transaction has been committed does anybody read a receipt.
        """
        name = self._parts.cookies.read(request, self._way.cookie)
        act = self._act(found, submissions.new_id(asking.now), asking)
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
        """Show the reference and what happens next. It comes from a cookie, so that a reload shows it too."""
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
