"""What became of what somebody sent: recorded, with what comes next; or not carried out, with the form as it was.

Whatever is in the way of an act, what was typed is not lost: an act that the rules refuse is stored all the same, and
its form comes back filled in to whoever has shown a code for this link.
"""

from __future__ import annotations

from fastapi import HTTPException, Request
from starlette.responses import Response

from escalations.intake import submissions
from escalations.intake.submissions import State, Submission
from escalations.rules import acts
from escalations.rules.acts import Act
from escalations.store import links
from escalations.store.links import LinkState
from escalations.web import became, link_acts, retyped, story
from escalations.web.asked import Asked
from escalations.web.forms import Problem
from escalations.web.link_page import by_this_position
from escalations.web.opened import Opened
from escalations.web.parts import Outcome, is_submission


class Outcomes(Asked):
    """The pages of what became of it."""

    async def outcome(self, request: Request, submission_id: str) -> Response:
        """What became of an act, within the few seconds that a person waits for a page."""
        if not is_submission(submission_id):
            raise HTTPException(404)
        opened = await self._opened(request)
        if opened is None:
            return self._no_link(request)
        async with self._parts.database.read() as tx:
            known = await submissions.state(tx, submission_id)
        if known is None or known.reference != opened.link.reference or not by_this_position(known, opened.link):
            raise HTTPException(404)
        found = await self._parts.outcome(submission_id)
        if found.state is State.REFUSED and opened.session is not None:
            return await self._refused(request, opened, submission_id)
        return await self._became(request, opened, known, found)

    async def _became(self, request: Request, opened: Opened, known: Submission, found: Outcome) -> Response:
        parts, told = self._parts, None
        # A link that this very act has closed is read again: the page must not offer to go on where nothing is left.
        async with parts.database.read() as tx:
            link = await links.get(tx, opened.link.link_id) or opened.link
            case = await story.read(tx, parts.cases, link.reference)
            if found.state is State.APPLIED and case is not None:
                told = await self._told(tx, opened, case, became.by_submission(case, known.submission_id))
        return parts.show(
            request,
            "answer_outcome.html",
            link=link,
            outcome=found,
            State=State,
            timers_up=found.settled or await parts.timers_up(),
            more=link.state(parts.now()) is LinkState.OPEN,
            kind=known.act_kind,
            deed=told.deed if told else None,
            coming=told.coming if told else None,
            received_at=known.received_at,
        )

    async def _refused(self, request: Request, opened: Opened, submission_id: str) -> Response:
        """It was not carried out: its form again, as it was filled in, or the words where there is no form any more."""
        parts, link = self._parts, opened.link
        async with parts.database.read() as tx:
            row = await submissions.get(tx, submission_id)
            words = await story.sealed(tx, parts.vault, submission_id) or {}
            case = await parts.cases.read(tx, link.reference)
        act: Act = acts.loads(row.act)
        doing = retyped.doing_of(act)
        sentence = row.outcome_sentence or ""
        typed = retyped.typed(act, words)
        offered = () if case is None else link_acts.offered(case, link)
        if doing is None or doing not in offered or link.state(parts.now()) is not LinkState.OPEN:
            return self._typed(
                request,
                typed,
                "This was not carried out",
                f"{sentence} What you sent is kept with escalation {link.reference}.",
                status=200,
                onward={"href": "/answer", "text": f"Back to escalation {link.reference}"},
            )
        problem = Problem(retyped.field_of(doing, row.outcome_code or ""), sentence)
        return await self._show(request, opened, typed, (problem,), doing=doing, refused=True)
