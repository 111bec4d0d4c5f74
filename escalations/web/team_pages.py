"""The team's acts, each a page of its own: the form, what is checked before anybody is told, and what became of it.

A press is stored before it is acknowledged, once however often it is pressed. Whatever is in its way, the form comes
back as it was filled in.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from escalations import errors
from escalations.intake import submissions
from escalations.rules import access, acts
from escalations.rules.access import Page, Refused
from escalations.rules.actors import Channel
from escalations.rules.acts import Act
from escalations.rules.case import Case
from escalations.store import own_record
from escalations.web import (
    accounts_page,
    calling,
    done_before,
    linked_both,
    named,
    passing_on,
    plan_page,
    pleading,
    sender_words,
    story,
    summary,
    team_acts,
    team_check,
    team_choices,
    words,
)
from escalations.web.auth import allowed, signed_in
from escalations.web.forms import Problem, Raw, Reading, first
from escalations.web.made import Made
from escalations.web.opened_case import canonical, log_reading
from escalations.web.parts import Parts, differs, is_press, is_submission, pressed_before
from escalations.web.retyped import Given
from escalations.web.team_acts import Doing
from escalations.web.telling import Names

_STORED_BEFORE: Final = Problem(
    "main-content",
    "You had pressed this button before. What you sent then is stored. What you sent now differs, and was NOT stored: "
    "it is still on this page, and pressing the button again sends it as well.",
)


def routes(parts: Parts) -> APIRouter:
    """The form of each act, its post, and what became of one."""
    router = APIRouter(
        prefix="/board/{reference}", dependencies=[allowed(parts, Page.TEAM_ACT)], include_in_schema=False
    )
    pages = _TeamPages(parts)
    router.add_api_route("/outcome/{submission_id}", pages.outcome, methods=["GET"])
    router.add_api_route("/{doing}", pages.form, methods=["GET"])
    router.add_api_route("/{doing}", pages.act, methods=["POST"])
    return router


async def not_received(parts: Parts, request: Request) -> Response | None:
    """What was typed on a form of the team, given back where not even who has signed in can be looked up.

    None where nothing was posted to one of these pages, or it did not come from a page of ours.
    """
    if request.method != "POST" or not request.url.path.startswith("/board/"):
        return None
    try:
        raw, _, genuine = await parts.posted(request)
    except HTTPException:
        return None
    return _not_received(parts, request, raw) if genuine and team_check.readable(raw) else None


def _not_received(parts: Parts, request: Request, raw: Raw) -> Response:
    return parts.show(
        request,
        "typed.html",
        status=503,
        heading="We have NOT received this",
        sentence="Our system cannot store anything at the moment. Please go back and press the button again in a few "
        "minutes.",
        typed=team_check.readable(raw),
        onward=None,
    )


def _to_be_read(act: Act) -> bool:
    """Whether what would be recorded is read once more, though nobody is told: what our own record says of us."""
    return isinstance(act, acts.ConfirmCause) and act.own_record is not None


def _doing(code: str) -> Doing:
    try:
        return Doing(code)
    except ValueError:
        raise HTTPException(404) from None


_OF_PLANS = frozenset({Doing.PLAN, Doing.PLAN_ANSWER, Doing.ACTION, Doing.CHECK, Doing.DISSENT, Doing.FOLLOW_UP})
"""The forms that show what is planned."""


class _TeamPages:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # ---- The form ---------------------------------------------------------------------------------------------------

    async def form(self, request: Request, reference: str, doing: str) -> Response:
        does = _doing(doing)
        case = await self._case(canonical(reference))
        if does not in team_acts.offered(case):
            before = await self._done_before(case, does, None)
            return self._not_now(request, case, before or "This cannot be done on this escalation now.")
        chosen = {
            name: [value]
            for name, value in request.query_params.items()
            if (name == "claim" and value in team_acts.said(case))
            or (name == "clock" and value in {clock.clock_id for clock in case.clocks})
        }
        return await self._show(request, case, does, None, chosen=chosen)

    async def _case(self, reference: str) -> Case:
        async with self._parts.database.read() as tx:
            case = await self._parts.cases.read(tx, reference)
        if case is None:
            raise HTTPException(404)
        return case

    async def _show(
        self,
        request: Request,
        case: Case,
        doing: Doing,
        raw: Raw | None,
        problems: tuple[Problem, ...] = (),
        *,
        status: int = 200,
        refused: bool = False,
        chosen: Raw | None = None,
    ) -> Response:
        """The form: as it was typed, or as it stands before anybody types, with what the address chose."""
        parts, now = self._parts, self._parts.now()
        agencies = await parts.agencies.read(now, though_away=True)
        names = Names(agencies, policy=case.frame.policy)
        raised, sealed = await self._raised(request, case) if doing is Doing.PASS_ON else (None, None)
        said = named.said_of(sealed, agencies)
        if raw is None:
            raw = {**team_choices.known(doing, case, said), **(chosen or {})}
        return parts.show(
            request,
            "team_act.html",
            status=status,
            doing=doing,
            Doing=Doing,
            case=case,
            title=words.TEAM_ACTS[doing.value],
            refused=refused,
            once=secrets.token_urlsafe(12),
            f=parts.form(request, raw, problems),
            all_agencies={agency.agency_id: agency.label for agency in agencies.values()},
            addable=team_choices.addable(case, agencies.values()),
            chosen=raw.get("with") or [""],
            sections=summary.sections(raised, sealed, agencies, case.frame.policy) if raised and sealed else (),
            pleas=pleading.of_case(sealed, ()),
            near=named.not_recognised(sealed, agencies),
            said=said if case.raising_agency is None else None,
            sender=self._sender_of(case, sealed) if doing is Doing.PASS_ON else None,
            no_number=doing is Doing.PASS_ON and sealed is not None and passing_on.without_number(case, sealed),
            numbers=await self._numbers(case, names) if doing in {Doing.PHONE_CALL, Doing.REACHED} else {},
            reads=access.reads_text(case, signed_in(request).roles),
            accounts_of=await self._accounts(request, case, names) if doing is Doing.CAUSE else (),
            **team_choices.of(
                doing, case, names, now=now, said_of=await self._actions(request, case) if doing in _OF_PLANS else {}
            ),
        )

    @staticmethod
    def _sender_of(case: Case, sealed: Mapping[str, Any] | None) -> dict[str, str] | None:
        """Who wrote: the address in full, and how it is known."""
        raiser = (sealed or {}).get("raiser") or {}
        if not raiser.get("email"):
            return None
        known = sender_words.sentences(case.sender_known, case.sender_checked)
        return {"address": str(raiser["email"]), "known": known, "phone": str(raiser.get("phone") or "")}

    async def _raised(self, request: Request, case: Case) -> tuple[acts.Raise | None, Mapping[str, Any] | None]:
        """What was raised, where somebody has to read it to choose agencies. That it was read is written down."""
        if not access.reads_text(case, signed_in(request).roles):
            return None, None
        async with self._parts.database.read() as tx:
            found = await story.read(tx, self._parts.cases, case.reference)
            if found is None:
                return None, None
            read = await story.raised_in_all(tx, self._parts.vault, found)
        await log_reading(self._parts, request, case.reference, text=True)
        return read

    async def _actions(self, request: Request, case: Case) -> Mapping[str, str]:
        """What each action of a plan is, where the team may read it. That it was read is written down."""
        if not case.plans or not access.reads_text(case, signed_in(request).roles):
            return {}
        async with self._parts.database.read() as tx:
            found = await story.read(tx, self._parts.cases, case.reference)
            wrote = () if found is None else await story.written(tx, self._parts.vault, found)
        await log_reading(self._parts, request, case.reference, text=True)
        return plan_page.texts(wrote)

    async def _numbers(self, case: Case, names: Names) -> dict[str, tuple[str, calling.Number]]:
        """Whom to phone at each agency that it was raised with, and on which number, as the directory has it."""
        async with self._parts.database.read() as tx:
            numbers = calling.Numbers(tx, self._parts.vault, case, names, self._parts.now())
            found = {party.agency_id: await numbers.of_agency(party.agency_id) for party in case.open_parties}
        return {names.agency(agency): number for agency, number in found.items()}

    async def _accounts(self, request: Request, case: Case, names: Names) -> tuple[accounts_page.Delay, ...]:
        """What both sides say of each delay, before a cause is confirmed. That it was read is written down."""
        reads = access.reads_text(case, signed_in(request).roles)
        async with self._parts.database.read() as tx:
            found = await story.read(tx, self._parts.cases, case.reference)
            wrote = await story.written(tx, self._parts.vault, found) if reads and found is not None else ()
            team = await story.of_the_team(tx, self._parts.vault, found) if found is not None else {}
        if found is None:
            return ()
        await log_reading(self._parts, request, case.reference, text=reads)
        return accounts_page.beside(found, wrote, names, team)

    # ---- What was posted --------------------------------------------------------------------------------------------

    async def act(self, request: Request, reference: str, doing: str) -> Response:
        does, reference = _doing(doing), canonical(reference)
        raw, pressed, genuine = await self._parts.posted(request)
        try:
            return await self._take(request, reference, does, raw, pressed, genuine=genuine)
        except errors.Retry:
            return _not_received(self._parts, request, raw)

    async def _take(
        self, request: Request, reference: str, doing: Doing, raw: Raw, pressed: str, *, genuine: bool
    ) -> Response:
        now, case = self._parts.now(), await self._case(reference)
        once = first(raw, "once")
        if not genuine or not is_press(once):
            return await self._show(request, case, doing, raw, (self._parts.stale(request),), status=403)
        if pressed in {"add", "change"}:
            more = {**raw, "with": [*raw.get("with", []), ""]} if pressed == "add" else raw
            return await self._show(request, case, doing, more)
        key = f"team:{reference}:{doing.value}:{once}"
        reading = Reading(raw, now=now)
        agencies = await self._parts.agencies.read(now)
        by = signed_in(request).by
        who = await passing_on.sender(self._parts, case, raw, agencies) if doing is Doing.PASS_ON else None
        made = team_acts.make(
            doing, reading, case=case, agencies=agencies, by=by, submission_id=submissions.new_id(now), who=who
        )
        if made is None and who is not None and {one.field for one in reading.problems} <= passing_on.FIELDS:
            return await self._show_who(request, case, raw, who, tuple(reading.problems))
        if made is None:
            return await self._show(request, case, doing, raw, tuple(reading.problems), status=422)
        made = await self._with_own_record(made)
        async with self._parts.database.read() as tx:
            again = await pressed_before(tx, key)
        if isinstance(made.act, linked_both.Linking):
            return await self._link(request, case, doing, raw, made.act, made, key)
        if pressed != "send" and not again:
            looked = team_check.preview(case, made.act, Names(agencies, policy=case.frame.policy), now=now)
            if looked.refused is not None:
                before = await self._done_before(case, doing, made.act)
                sentence = f"{before} {looked.refused.sentence}" if before else looked.refused.sentence
                problem = Problem(team_check.field_of(doing, looked.refused.code), sentence)
                return await self._show(request, case, doing, raw, (problem,), status=409, refused=True)
            if looked.told or _to_be_read(made.act):
                return self._check(request, case, doing, raw, made, looked, Names(agencies, policy=case.frame.policy))
        return await self._store(request, case, doing, raw, made, key)

    async def _link(  # noqa: PLR0917  what is stored
        self, request: Request, case: Case, doing: Doing, raw: Raw, act: linked_both.Linking, made: Made, key: str
    ) -> Response:
        """Store an act for each of two escalations; nobody is told of it, so there is nothing to check."""
        stored = await linked_both.store(self._parts, case, act, made, key)
        if isinstance(stored, Refused):
            problem = Problem(team_check.field_of(doing, stored.code), stored.sentence)
            return await self._show(request, case, doing, raw, (problem,), status=409, refused=True)
        if stored.differs:
            return await self._show(request, case, doing, raw, (_STORED_BEFORE,), status=409)
        self._parts.wake()
        receipt = stored.receipt
        return self._parts.go(request, f"/board/{receipt.reference}/outcome/{receipt.submission_id}")

    async def _with_own_record(self, made: Made) -> Made:
        """The act with what our own record says, where it says that our system did not run for a time."""
        act = made.act
        if not isinstance(act, acts.ConfirmCause) or act.away_from is None or act.away_until is None:
            return made
        async with self._parts.database.read() as tx:
            found, _ = await own_record.of(tx, since=act.away_from, until=act.away_until)
        return replace(made, act=act.model_copy(update={"own_record": found}))

    async def _done_before(self, case: Case, doing: Doing, act: Act | None) -> str:
        """Whether somebody did it already, who, and when; nothing where nobody did."""
        agencies = await self._parts.agencies.read(self._parts.now(), though_away=True)
        names = Names(agencies, policy=case.frame.policy)
        async with self._parts.database.read() as tx:
            found = await story.read(tx, self._parts.cases, case.reference)
            if found is None:
                return ""
            team = await story.of_the_team(tx, self._parts.vault, found)
        return done_before.sentence(found, doing, act, names, team)

    async def _show_who(
        self, request: Request, case: Case, raw: Raw, who: passing_on.Sender, problems: tuple[Problem, ...]
    ) -> Response:
        """Ask for whom somebody is taken whose address is not one of the agency's. That it was read is written down."""
        await log_reading(self._parts, request, case.reference, text=True)
        return self._parts.show(
            request,
            "team_pass_on.html",
            status=422 if problems else 200,
            case=case,
            title=words.TEAM_ACTS[Doing.PASS_ON.value],
            f=self._parts.form(request, raw, problems),
            hidden=[
                (name, value)
                for name, values in raw.items()
                for value in values
                if name not in passing_on.FIELDS and name != "who-of"
            ],
            **passing_on.page(who),
        )

    def _check(  # noqa: PLR0917  what stands on the page
        self,
        request: Request,
        case: Case,
        doing: Doing,
        raw: Raw,
        made: Made,
        looked: team_check.Preview,
        names: Names,
    ) -> Response:
        return self._parts.show(
            request,
            "team_check.html",
            doing=doing,
            case=case,
            title=words.TEAM_ACTS[doing.value],
            rows=team_check.rows(made, case, names),
            looked=looked,
            hidden=[(name, value) for name, values in raw.items() for value in values],
        )

    async def _store(  # noqa: PLR0917  what is stored
        self, request: Request, case: Case, doing: Doing, raw: Raw, made: Made, key: str
    ) -> Response:
        parts = self._parts
        async with parts.database.write() as tx:
            receipt = await submissions.receive(
                tx,
                parts.vault,
                act_kind=made.act.kind,
                act_json=acts.dumps(made.act),
                channel=Channel.TEAM,
                received_at=made.act.received_at,
                sealed=made.sealed,
                reference=case.reference,
                submission_id=made.act.submission_id,
                idempotency_key=key,
            )
            other = await differs(tx, receipt, made.act)
        if other:
            return await self._show(request, case, doing, raw, (_STORED_BEFORE,), status=409)
        parts.wake()
        return parts.go(request, f"/board/{case.reference}/outcome/{receipt.submission_id}")

    # ---- What became of it ------------------------------------------------------------------------------------------

    async def outcome(self, request: Request, reference: str, submission_id: str) -> Response:
        if not is_submission(submission_id):
            raise HTTPException(404)
        async with self._parts.database.read() as tx:
            known = await submissions.state(tx, submission_id)
        if known is None or known.reference != canonical(reference) or acts.loads(known.act).by != team_acts.TEAM:
            raise HTTPException(404)
        found = await self._parts.outcome(submission_id)
        if found.state is submissions.State.APPLIED:
            return self._parts.go(request, f"/board/{known.reference}?did={submission_id}")
        if found.state is submissions.State.REFUSED:
            return await self._refused(request, known.submission_id)
        up = await self._parts.timers_up()
        return self._parts.show(
            request,
            "message.html",
            heading="Received",
            sentences=[
                f"It is stored with {known.reference} and counts from now.",
                "It is being worked on." if up else "It starts as soon as the timer service is up.",
            ],
            onward={"href": f"/board/{known.reference}", "text": f"Back to {known.reference}"},
        )

    async def _refused(self, request: Request, submission_id: str) -> Response:
        """Its form again, filled in as it was; or the words, where the form is not offered any more."""
        async with self._parts.database.read() as tx:
            known = await submissions.get(tx, submission_id)
            sealed = await story.sealed(tx, self._parts.vault, known.submission_id) or {}
        sentence, code = known.outcome_sentence or "", known.outcome_code or ""
        case, act = await self._case(known.reference), acts.loads(known.act)
        back = team_check.typed(act, sealed)
        before = await self._done_before(case, back[0], act) if back is not None else ""
        sentence = f"{before} {sentence}" if before else sentence
        if back is not None and back[0] in team_acts.offered(case):
            doing, raw = back
            problem = Problem(team_check.field_of(doing, code), sentence)
            return await self._show(request, case, doing, raw, (problem,), refused=True)
        return self._not_now(request, case, sentence, team_check.readable(back[1]) if back else ())

    def _not_now(self, request: Request, case: Case, sentence: str, typed: tuple[Given, ...] | None = None) -> Response:
        return self._parts.show(
            request,
            "typed.html",
            heading="This was not carried out" if typed is not None else "Not now",
            sentence=sentence,
            typed=typed or (),
            onward={"href": f"/board/{case.reference}", "text": f"Back to {case.reference}"},
        )
