"""One case, for the team: where it stands, its life, its clocks with their receipts, and the team's own acts.

What the case is about is shown only from the point at which the policy tells the partnership, or while it is held for
the team to pass on (rules of practice, "Raised is not notified").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from fastapi import APIRouter, Request
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from escalations.intake import mail_codes, recipients, submissions
from escalations.policy import Awaits, Side
from escalations.rules import access, events
from escalations.rules.access import Page
from escalations.rules.actors import Channel
from escalations.rules.case import Case, ClaimState, Removed, Status
from escalations.rules.civiltime import say
from escalations.rules.telling import Recipient
from escalations.store import access_log, mails
from escalations.store import notices as notice_rows
from escalations.store.access_log import What
from escalations.store.notices import NoticeRow
from escalations.web import (
    accounts_page,
    advice,
    asked_urgent,
    linked,
    plan_page,
    pleading,
    sender_words,
    story,
    summary,
    team_acts,
    telling,
    timeline,
    words,
)
from escalations.web.auth import allowed, signed_in
from escalations.web.opened_case import canonical, log_reading
from escalations.web.parts import Parts, is_submission
from escalations.web.team_acts import TEAM, Doing
from escalations.web.telling import Names


def routes(parts: Parts) -> APIRouter:
    """The page. The team's acts have pages of their own: `team_pages`."""
    router = APIRouter(prefix="/board/{reference}", dependencies=[allowed(parts, Page.CASE)], include_in_schema=False)
    pages = _CasePages(parts)
    router.add_api_route("", pages.page, methods=["GET"])
    return router


_OF_WHO_WROTE = (events.PassedOn, events.SenderVouched, *advice.READ, *linked.READ)


class _CasePages:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def page(self, request: Request, reference: str) -> Response:
        reference = canonical(reference)
        parts, now = self._parts, self._parts.now()
        agencies = await parts.agencies.read(now)
        async with parts.database.read() as tx:
            found = await story.read(tx, parts.cases, reference)
            if found is None:
                waiting = await submissions.of_case(tx, reference)
                return self._not_open(request, reference, received=bool(waiting))
            reads = access.reads_text(found.case, signed_in(request).roles)
            raised, sealed = await story.raised_in_all(tx, parts.vault, found) if reads else (None, None)
            team = await story.of_the_team(tx, parts.vault, found)
            # What an agency tells the team of who wrote in its name, and what the team wrote of it, is the team's own.
            wrote = await story.written(tx, parts.vault, found, only=None if reads else _OF_WHO_WROTE)
            rows = await notice_rows.of_case(tx, reference)
            readings = await access_log.of_case(tx, reference) if found.case.removed else []
            messages = await mails.waiting_about(tx, reference)
            advisers = await _advisers(tx, parts, found.case)
        await log_reading(parts, request, reference, text=reads)
        case, mistakes = found.case, story.mistakes(found)
        names = Names(agencies, policy=case.frame.policy)
        return parts.show(
            request,
            "case.html",
            case=case,
            reference=reference,
            now=now,
            paused=case.pause is not None and case.status is Status.OPEN,
            did=_did(found, request.query_params.get("did", ""), names),
            offers=_offers(case, now),
            reads=reads,
            began=found.raised.happened_at,
            entered=found.raised.channel is Channel.TEAM,
            raising=names.raising(case.raising_agency),
            together=[names.agency(agency) for agency in case.co_raisers],
            sender=sender_words.sentences(
                case.sender_known,
                case.sender_checked,
                agency=names.agency(case.raising_agency) if case.raising_agency else "",
                channel=found.raised.channel,
            ),
            raised=found.raised,
            parties=[{"party": party, "name": names.agency(party.agency_id)} for party in case.parties],
            removed=[_removed(one, readings, names) for one in case.removed],
            stage_title=case.frame.policy.stage(case.stage).title if case.stage else "",
            status_words=telling.closed(case) if case.status is Status.CLOSED else words.STATUSES[case.status],
            waiting=telling.waiting(case, names) if case.status is not Status.CLOSED else (),
            drawing=timeline.draw(found, names, now=now),
            names=names,
            entries=[
                {
                    "entry": told.entry,
                    "at": told.event.at,
                    "sentence": telling.sentence(told.event, names),
                    "who": team.get(told.event.submission_id or "", ""),
                    "mistake": _mistake(mistakes.get(told.event.submission_id or ""), names),
                }
                for told in found.told
            ],
            notices=[_notice(row, names) for row in rows],
            wrote=_wrote((item for item in wrote if not isinstance(item.event, events.AccountAdded)), names),
            accounts_of=accounts_page.beside(found, wrote, names, team),
            confirmable={clock.clock_id for clock in team_acts.confirmable(case, now)},
            sections=summary.sections(raised, sealed, agencies, case.frame.policy, raised_by=case.raising_agency)
            if raised and sealed
            else (),
            urgent_words=asked_urgent.words(case, sealed, (item.words for item in wrote)) if reads else (),
            pleas=pleading.of_case(sealed, (item.words for item in wrote)) if reads else (),
            awaited_accounts={
                clock.clock_id: accounts_page.awaited(case, clock, names)
                for clock in team_acts.to_confirm(case)
                if clock not in team_acts.confirmable(case, now)
            },
            erased=reads and not sealed,
            claims=[
                {"id": claim.claim_id, "words": telling.claim(claim, names)}
                for claim in case.claims
                if claim.state is ClaimState.SAID
            ],
            move=_move(case),
            advisers=advisers,
            links=linked.shown(case),
            plan=plan_page.values(case, names, plan_page.texts(wrote)),
            messages=[{"row": row, "why": mail_codes.said(row.code)} for row in messages],
            look_by=min((clock.due_at for clock in case.running(Awaits.LOOK)), default=None),
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


def _did(found: story.Story, submission_id: str, names: Names) -> list[str]:
    """What an act that the team has just done brought, in the register's own sentences."""
    if not is_submission(submission_id):
        return []
    done = [told.event for told in found.told if told.event.submission_id == submission_id]
    if any(getattr(event, "by", None) not in (None, TEAM) for event in done):
        return []
    return [telling.sentence(event, names) for event in done]


def _offers(case: Case, now: datetime) -> list[dict[str, str]]:
    """The team's acts that the page leads to, each with what there is to say of it beforehand."""
    found = []
    for doing in team_acts.offered(case):
        hint = ""
        if doing is Doing.CAUSE and not team_acts.confirmable(case, now):
            until = min(
                (clock.accounts_until for clock in team_acts.to_confirm(case) if clock.accounts_until), default=None
            )
            hint = f"from {say(until)}, or once everybody who is asked has given an account" if until else ""
        found.append(
            {"href": f"/board/{case.reference}/{doing.value}", "text": words.TEAM_ACTS[doing.value], "hint": hint}
        )
    return found


async def _advisers(tx: AsyncConnection, parts: Parts, case: Case) -> list[str]:
    """Who was asked for advice, by name and address: the team entered them, and nobody else reads them."""
    found = []
    for adviser_id, line in advice.lines(case).items():
        named = await recipients.adviser(tx, parts.vault, case.reference, adviser_id)
        who = "" if named is None else f" ({named.name}, {named.role}, {named.address})"
        found.append(f"{line}{who}")
    return found


def _mistake(event: events.Corrected | None, names: Names) -> str:
    """By whom and when an entry was said to have been a mistake; nothing where it was not."""
    return "" if event is None else f"Corrected by {names.actor(event.by)} at {say(event.at)}: it was a mistake."


def _removed(one: Removed, readings: Sequence[Row[tuple[object, ...]]], names: Names) -> str:
    """An agency that was taken out, and how often somebody there had read it (rules of practice, "Misdirected")."""
    read = [row for row in readings if row.agency_id == one.agency_id and row.what == What.READ_BY_LINK.value]
    seen = (
        f"its page was read {len(read)} time{'' if len(read) == 1 else 's'} there" if read else "nobody there read it"
    )
    why = words.REMOVED[one.because]
    return f"{names.agency(one.agency_id)}, {say(one.at)}: {why[:1].lower()}{why[1:]}; {seen}"


def _move(case: Case) -> str:
    if case.move is None:
        return ""
    if case.move.intended_at is None and case.move.by_rule is not None:
        when = f" at {say(case.move.takes_effect_at)}" if case.move.takes_effect_at else ""
        return f"The policy’s rule “{case.move.by_rule}” moves it to stage {case.move.to_stage}{when}."
    if case.move.intended_at is None:
        return f"A move up to stage {case.move.to_stage} is proposed to the raising agency."
    when = f" from {say(case.move.takes_effect_at)}" if case.move.takes_effect_at else ""
    return f"It goes to stage {case.move.to_stage}{when}."


def _notice(row: NoticeRow, names: Names) -> dict[str, object]:
    to = row.notice.to
    return {
        "kind": words.NOTICES[row.notice.kind],
        "to": _to(to, names),
        "state": words.NOTICE_STATES[row.state],
        "trouble": row.state in notice_rows.NEEDS_THE_TEAM,
        "tries": row.attempts,
        "at": row.sent_at or row.created_at,
    }


def _to(to: Recipient, names: Names) -> str:
    """The agency and the position. Whoever raised it is written to, also while nobody knows of which agency."""
    if to.agency_id is None and to.side is Side.RAISING:
        return "whoever raised it, of an agency not recognised yet"
    if to.side is Side.OUTSIDE:
        return names.recipient(to)
    return f"{names.agency(to.agency_id)} ({names.position(to.agency_id, to.position)})"


def _wrote(wrote: Iterable[story.Written], names: Names) -> list[dict[str, object]]:
    return [
        {
            "who": f"{item.name}{', ' + item.role if item.role else ''}" if item.name != "Somebody" else item.role,
            "sentence": telling.sentence(item.event, names),
            "words": item.words,
            "below": summary.forwarded(item.words),
        }
        for item in wrote
    ]
