"""One case, for the team: where it stands, its life, its clocks with their receipts, and the team's own acts.

What the case is about is shown only from the point at
which the policy tells the partnership, or while it is held for the team to pass on (rules of practice, "Raised is not
notified").
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from sqlalchemy import insert
from starlette.responses import Response

from escalations import errors
from escalations.intake import submissions
from escalations.policy import Awaits, Side
from escalations.rules import access, acts
from escalations.rules.access import Page
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Case, ClaimState, Status
from escalations.rules.civiltime import say
from escalations.store import notices as notice_rows
from escalations.store import references, tables
from escalations.store.notices import NoticeRow
from escalations.web import questions, story, summary, telling, timeline, words
from escalations.web.answers import Agency, Asking, YesNo
from escalations.web.auth import allowed, signed_in
from escalations.web.forms import LONG, Problem, Raw, Reading, first
from escalations.web.parts import STALE, Parts, differs, is_press, is_submission
from escalations.web.telling import Names

TEAM: Final = Actor(side=Side.TEAM, position="team")


def routes(parts: Parts) -> APIRouter:
    """The page, the team's acts, and what became of one."""
    router = APIRouter(prefix="/board/{reference}", dependencies=[allowed(parts, Page.CASE)], include_in_schema=False)
    pages = _CasePages(parts)
    router.add_api_route("", pages.page, methods=["GET"])
    router.add_api_route("/outcome/{submission_id}", pages.outcome, methods=["GET"])
    router.add_api_route("/{doing}", pages.act, methods=["POST"], dependencies=[allowed(parts, Page.TEAM_ACT)])
    return router


_STORED_BEFORE: Final = Problem(
    "main-content",
    "You had pressed this button before. What you sent then is stored. What you sent now differs, and was NOT stored: "
    "it is still on this page, and pressing the button again sends it as well.",
)


class _CasePages:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def page(self, request: Request, reference: str) -> Response:
        return await self._show(request, self._canonical(reference))

    def _canonical(self, reference: str) -> str:
        found = references.parse(reference)
        if isinstance(found, references.Problem):
            raise HTTPException(404)
        return str(found)

    async def _show(
        self,
        request: Request,
        reference: str,
        raw: Raw | None = None,
        problems: tuple[Problem, ...] = (),
        *,
        status: int = 200,
        unkept: bool = False,
    ) -> Response:
        parts, now = self._parts, self._parts.now()
        agencies = await parts.agencies.read(now)
        async with parts.database.read() as tx:
            found = await story.read(tx, parts.cases, reference)
            if found is None:
                waiting = await submissions.of_case(tx, reference)
                return self._not_open(request, reference, received=bool(waiting))
            reads = access.reads_text(found.case, signed_in(request).roles)
            raised = await story.raised_act(tx, found) if reads else None
            sealed = await story.sealed(tx, parts.vault, found.raised.submission_id) if reads else None
            wrote = await story.written(tx, parts.vault, found) if reads else ()
            rows = await notice_rows.of_case(tx, reference)
        if reads:
            await self._log_reading(reference)
        names = Names(agencies)
        case = found.case
        return parts.show(
            request,
            "case.html",
            status=status,
            case=case,
            reference=reference,
            now=now,
            unkept=unkept,
            f=parts.form(request, raw, problems),
            once=secrets.token_urlsafe(12),
            reads=reads,
            raising=names.raising(case.raising_agency),
            raised=found.raised,
            parties=[{"party": party, "name": names.agency(party.agency_id)} for party in case.parties],
            stage_title=case.frame.policy.stage(case.stage).title if case.stage else "",
            status_words=telling.closed(case) if case.status is Status.CLOSED else words.STATUSES[case.status],
            waiting=telling.waiting(case, names) if case.status is not Status.CLOSED else (),
            drawing=timeline.draw(found, names, now=now),
            names=names,
            entries=[
                {"entry": told.entry, "at": told.event.at, "sentence": telling.sentence(told.event, names)}
                for told in found.told
            ],
            notices=[_notice(row, names) for row in rows],
            wrote=_wrote(wrote, names),
            sections=summary.sections(raised, sealed, agencies) if raised and sealed else (),
            erased=reads and not sealed,
            claims=[
                {"id": claim.claim_id, "words": telling.claim(claim, names)}
                for claim in case.claims
                if claim.state is ClaimState.SAID
            ],
            all_agencies={agency.agency_id: agency.label for agency in agencies.values()},
            chosen=list((raw or {}).get("with", ())) or [party.agency_id for party in case.parties] or [""],
            urgent_waits=bool(case.running(Awaits.BE_REACHED)),
            move=_move(case),
            party_names={party.agency_id: names.agency(party.agency_id) for party in case.parties},
        )

    def _not_open(self, request: Request, reference: str, *, received: bool) -> Response:
        if not received:
            return self._parts.show(
                request,
                "message.html",
                status=404,
                heading="We have no escalation of this reference",
                sentences=[f"{reference} has the right form, but nothing was received under it."],
                onward={"href": "/board", "text": "The team’s list"},
            )
        return self._parts.show(
            request,
            "message.html",
            heading=f"{reference} is stored and not open yet",
            sentences=[
                "What was sent is stored and starts as soon as the timer service is up.",
                "Time limits count from when it was received.",
            ],
            onward={"href": "/board", "text": "The team’s list"},
        )

    async def _log_reading(self, reference: str) -> None:
        async with self._parts.database.write() as tx:
            await tx.execute(
                insert(tables.ACCESS_LOG).values(
                    access_id=secrets.token_hex(16),
                    at=self._parts.now(),
                    role="team",
                    agency_id=None,
                    reference=reference,
                    what="read_by_team",
                )
            )

    # ---- The team's acts --------------------------------------------------------------------------------------------

    async def act(self, request: Request, reference: str, doing: str) -> Response:
        parts, now = self._parts, self._parts.now()
        reference = self._canonical(reference)
        raw, pressed, genuine = await parts.posted(request)
        once = first(raw, "once")
        if not genuine or not is_press(once):
            return await self._show(request, reference, raw, (STALE,), status=403)
        if pressed == "add":
            return await self._show(request, reference, {**raw, "with": [*raw.get("with", []), ""]})
        async with parts.database.read() as tx:
            case = await parts.cases.read(tx, reference)
        if case is None:
            raise HTTPException(404)
        reading = Reading(raw, now=now)
        sealed: dict[str, object] = {"by": signed_in(request).by}
        agencies = await parts.agencies.read(now)
        act = _read(doing, reading, case, agencies, submissions.new_id(now), sealed)
        if reading.problems or act is None:
            return await self._show(request, reference, raw, tuple(reading.problems), status=422)
        try:
            async with parts.database.write() as tx:
                receipt = await submissions.receive(
                    tx,
                    parts.vault,
                    act_kind=act.kind,
                    act_json=acts.dumps(act),
                    channel=Channel.TEAM,
                    received_at=now,
                    sealed=sealed,
                    reference=reference,
                    submission_id=act.submission_id,
                    idempotency_key=f"team:{reference}:{doing}:{once}",
                )
                other = await differs(tx, receipt, act)
        except errors.Retry:
            return await self._show(request, reference, raw, status=503, unkept=True)
        if other:
            return await self._show(request, reference, raw, (_STORED_BEFORE,), status=409)
        parts.wake()
        return parts.go(request, f"/board/{reference}/outcome/{receipt.submission_id}")

    async def outcome(self, request: Request, reference: str, submission_id: str) -> Response:
        if not is_submission(submission_id):
            raise HTTPException(404)
        async with self._parts.database.read() as tx:
            known = await submissions.state(tx, submission_id)
        if known is None or known.reference != self._canonical(reference):
            raise HTTPException(404)
        found = await self._parts.outcome(submission_id)
        if found.state is submissions.State.APPLIED:
            return self._parts.go(request, f"/board/{known.reference}")
        refused = found.state is submissions.State.REFUSED
        return self._parts.show(
            request,
            "message.html",
            heading="This was not carried out" if refused else "Received",
            sentences=[found.sentence]
            if refused
            else [
                f"It is stored with {known.reference} and counts from now.",
                "It starts as soon as the timer service is up."
                if not await self._parts.timers_up()
                else "It is being worked on.",
            ],
            onward={"href": f"/board/{known.reference}", "text": f"Back to {known.reference}"},
        )


def _read(  # noqa: PLR0917  what an act is made of
    doing: str,
    reading: Reading,
    case: Case,
    agencies: Mapping[str, Agency],
    submission_id: str,
    sealed: dict[str, object],
) -> Act | None:
    origin = {"submission_id": submission_id, "by": TEAM, "channel": Channel.TEAM, "received_at": reading.now}
    match doing:
        case "pass-on":
            asking = Asking(now=reading.now, agencies=agencies)
            chosen = questions.read_agencies(
                reading, asking, raising=case.raising_agency, missing="Choose the agency that is to be told"
            )
            return (
                acts.PassOn.model_validate({**origin, "responding_agencies": chosen})
                if chosen and not reading.problems
                else None
            )
        case "phone-call":
            agency = _party(reading, case)
            reached = reading.choice("reached", YesNo, missing="Say whether you reached somebody")
            sealed["spoken_to"] = reading.text("spoken-to", "The name")
            sealed["text"] = reading.text("phone-text", "The note", most=LONG)
            if agency is None or reached is None:
                return None
            return acts.NotePhoneCall.model_validate({**origin, "agency_id": agency, "reached": reached is YesNo.YES})
        case "reached":
            agency = _party(reading, case)
            sealed["spoken_to"] = reading.text("spoken-to", "The name", missing="Say whom you spoke to")
            position = case.frame.policy.stage(max(case.stage, 1)).responding_position
            return (
                None
                if agency is None
                else acts.ReachedByPerson.model_validate({**origin, "agency_id": agency, "position": position})
            )
        case "confirm" | "deny":
            claim = first(reading.raw, "claim")
            sealed["text"] = reading.text("claim-text", "The note", most=LONG)
            of = acts.ConfirmDone if doing == "confirm" else acts.DenyDone
            return of.model_validate({**origin, "claim_id": claim}) if case.claim(claim) is not None else None
        case _:
            raise HTTPException(404)


def _party(reading: Reading, case: Case) -> str | None:
    if len(case.parties) == 1:
        return case.parties[0].agency_id
    return reading.one_of("agency", [party.agency_id for party in case.parties], missing="Choose the agency") or None


def _move(case: Case) -> str:
    if case.move is None:
        return ""
    if case.move.intended_at is None:
        return f"A move up to stage {case.move.to_stage} is proposed to the raising agency."
    when = f" from {say(case.move.takes_effect_at)}" if case.move.takes_effect_at else ""
    return f"It goes to stage {case.move.to_stage}{when}."


def _notice(row: NoticeRow, names: Names) -> dict[str, object]:
    to = row.notice.to
    return {
        "kind": words.NOTICES[row.notice.kind],
        "to": f"{names.agency(to.agency_id)} ({words.position(to.position)})",
        "state": words.NOTICE_STATES[row.state],
        "trouble": row.state in notice_rows.NEEDS_THE_TEAM,
        "tries": row.attempts,
        "at": row.sent_at or row.created_at,
    }


def _wrote(wrote: tuple[story.Written, ...], names: Names) -> list[dict[str, object]]:
    return [
        {
            "who": f"{item.name}{', ' + item.role if item.role else ''}" if item.name != "Somebody" else item.role,
            "sentence": telling.sentence(item.event, names),
            "words": item.words,
        }
        for item in wrote
    ]
