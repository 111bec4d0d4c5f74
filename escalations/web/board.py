"""The team's board: what is open, by when, what is waited for and from whom, and what needs the team itself.

Nothing here tells what a case is about. How it is laid out is in `board_lines`, what is chosen in `board_filters`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from escalations.agencies import empty_posts
from escalations.packs import warning
from escalations.rules.access import Page
from escalations.rules.civiltime import civil
from escalations.rules.codelists import ListKind
from escalations.store import directory, mails, open_cases, promises, references
from escalations.store.mails import MailState
from escalations.web import board_filters, board_lines, board_promises, words
from escalations.web.auth import allowed
from escalations.web.board_filters import Filters, Section
from escalations.web.forms import Problem, Raw, first
from escalations.web.parts import Parts
from escalations.web.telling import Names


def routes(parts: Parts) -> APIRouter:
    """The board, the closed cases, and the way to a case by its reference."""
    router = APIRouter(prefix="/board", dependencies=[allowed(parts, Page.BOARD)], include_in_schema=False)
    pages = _BoardPages(parts)
    router.add_api_route("", pages.open, methods=["GET"])
    router.add_api_route("/closed", pages.closed, methods=["GET"])
    router.add_api_route("/find", pages.find, methods=["POST"])
    return router


class _BoardPages:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def open(self, request: Request) -> Response:
        filters = board_filters.read(request.query_params)
        if not board_filters.tidy(request.query_params.multi_items()):
            # A form sends what was not chosen as well. The address that is kept or passed on says only what was.
            return self._parts.go(request, f"/board{filters.query}")
        return await self._open(request, filters)

    async def find(self, request: Request) -> Response:
        raw, _, genuine = await self._parts.posted(request)
        found = references.parse(first(raw, "reference"))
        if not genuine:
            return await self._open(request, Filters(), raw=raw, problems=(self._parts.stale(request),))
        if isinstance(found, references.Problem):
            return await self._open(request, Filters(), raw=raw, problems=(Problem("reference", found.sentence),))
        return self._parts.go(request, f"/board/{found}")

    async def _open(
        self,
        request: Request,
        filters: Filters,
        *,
        raw: Raw | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> Response:
        parts, now = self._parts, self._parts.now()
        names = Names(await parts.agencies.read(now))
        stages = {stage.number: stage.title for stage in parts.policy.stages}
        async with parts.database.read() as tx:
            everything = await open_cases.read(tx)
            filters = _known(filters, everything.cases, names)
            board = board_lines.lay_out(everything, names, filters, now=now, stages=stages)
            began = await open_cases.began(tx, board.shown)
            team = await directory.holders(tx, parts.vault, None, "team", now)
            empty = await empty_posts.unfilled(tx, now)
            messages = (await mails.waiting(tx)).get(MailState.HELD, 0)
            messages_late = await mails.late(tx, now=now)
            promised = board_promises.lines(await promises.waiting(tx), names, filters, now=now)
        return parts.show(
            request,
            "board.html",
            empty_posts=len(empty),
            status=422 if problems else 200,
            now=now,
            board=board,
            filters=filters,
            sections=Section,
            once=board_lines.ONCE,
            also=board_lines.ALSO,
            unopened=everything.unopened,
            began=began,
            team=team,
            promised=promised,
            messages=messages,
            messages_late=messages_late,
            choices=_choices(board.agencies, stages, filters, names),
            timers_up=await parts.timers_up(),
            review_note=warning.review_note(parts.policy, civil(now).date()),
            f=parts.form(request, raw, problems),
        )

    async def closed(self, request: Request) -> Response:
        parts, now = self._parts, self._parts.now()
        filters = board_filters.read(request.query_params)
        if not board_filters.tidy(request.query_params.multi_items()):
            return parts.go(request, f"/board/closed{filters.query}")
        names = Names(await parts.agencies.read(now))
        filters = _known(filters, (), names)
        stages = {stage.number: stage.title for stage in parts.policy.stages}
        per_page = board_lines.PER_PAGE
        async with parts.database.read() as tx:
            count, found = await open_cases.closed(
                tx,
                agency=filters.agency,
                stage=filters.stage,
                track=filters.track and filters.track.value,
                offset=(filters.page - 1) * per_page,
                limit=per_page,
            )
            began = await open_cases.began(tx, [case.reference for case in found.cases])
        lines = [
            board_lines.line(case, (), found.troubles.get(case.reference, ()), names, stages, now=now)
            for case in found.cases
        ]
        agencies = {agency.agency_id: agency.name for agency in names.agencies.values()}
        return parts.show(
            request,
            "board_closed.html",
            now=now,
            lines=lines,
            outcomes=parts.policy.codes(ListKind.OUTCOMES),
            count=count,
            pages=max(1, -(-count // per_page)),
            filters=filters,
            began=began,
            choices=_choices(agencies, stages, filters, names),
        )


def _known(filters: Filters, cases: Sequence[open_cases.OpenCase], names: Names) -> Filters:
    """Leave out an agency that is neither in the directory nor in a case: nothing could be said of it by its name."""
    there = {agency for case in cases for agency in case.agencies}
    if filters.agency is None or filters.agency in names.agencies or filters.agency in there:
        return filters
    return replace(filters, agency=None, left_out=True)


def _choices(
    agencies: Mapping[str, str], stages: Mapping[int, str], filters: Filters, names: Names
) -> dict[str, dict[str, str]]:
    """What the filters offer: codes with their words."""
    offered = dict(agencies)
    if filters.agency is not None:
        offered.setdefault(filters.agency, names.agency(filters.agency))
    return {
        "agency": offered,
        "stage": {"0": "Not begun", **{str(number): f"{number}: {title}" for number, title in stages.items()}},
        "track": {track.value: text for track, text in words.TRACKS.items()},
        "waiting": {code.value: words.WAITED_FOR[code.side] for code in board_filters.WaitedFor},
    }
