"""The review of a year: its figures, drawn and as tables, and the same as files. Nothing here is about one case.

For the partnership's team and reviewers. No page or file of it holds a name, a reference or a word of a case.
"""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from escalations.review import exports, years
from escalations.review.dataset import Known
from escalations.review.exports import Export
from escalations.review.figures import Audience
from escalations.review.reading import Reader
from escalations.review.years import WrongYear, Year
from escalations.rules.access import Page, Role
from escalations.store import access_log
from escalations.store.access_log import What
from escalations.web.auth import allowed, signed_in
from escalations.web.forms import Problem
from escalations.web.parts import Parts

SHOWN: Final = {
    Audience.PARTNERSHIP: "The partnership: all figures, not for publication",
    Audience.PUBLIC: "The public: what may be published",
}
"""The audiences of the page; one agency's own review is made on the command line."""
_MOST_YEARS: Final = 8


_FILES: Final = {
    "cases.csv": "text/csv; charset=utf-8",
    "measures.csv": "text/csv; charset=utf-8",
    "review.json": "application/json",
    "review.html": "text/html; charset=utf-8",
}
_MARKED: Final = "\ufeff"
"""So that a spreadsheet program reads a CSV file as UTF-8."""


def routes(parts: Parts) -> APIRouter:
    """The page and its files."""
    router = APIRouter(prefix="/review", dependencies=[allowed(parts, Page.REVIEW)], include_in_schema=False)
    reader = Reader(parts.database)

    @router.get("")
    async def review(request: Request, year: str = "", audience: str = "", tables: str = "") -> Response:
        known = await reader.read(now=parts.now())
        chosen = _year(parts, year, known)
        shown, unfolded = _audience(audience), tables == "open"
        problem = Problem("year", chosen.sentence) if isinstance(chosen, WrongYear) else None
        made = None if isinstance(chosen, WrongYear) else await _made(known, chosen, shown)
        return parts.show(
            request,
            "review.html",
            status=422 if problem else 200,
            review=None if made is None else made.review,
            body=None if made is None else await asyncio.to_thread(exports.body, made, unfolded=unfolded),
            unfolded=unfolded,
            rows=made is not None and bool(made.rows),
            audiences=SHOWN,
            audience=shown,
            choices=_choices(parts, known),
            typed=year,
            f=parts.form(request, {"year": [year]}, (problem,) if problem else ()),
        )

    @router.get("/{year}/{file}")
    async def export(request: Request, year: str, file: str, audience: str = "") -> Response:
        known = await reader.read(now=parts.now())
        chosen = years.read(year, now=parts.now(), starts_in=parts.settings.review_year_starts_in)
        if isinstance(chosen, WrongYear) or file not in _FILES:
            raise HTTPException(404)
        made = await _made(known, chosen, _audience(audience))
        if file == "cases.csv" and made.review.audience is Audience.PUBLIC:
            raise HTTPException(404)
        text = await asyncio.to_thread(_written, made, file, parts.settings.partnership_name)
        await _write_down(parts, request)
        name, ending = file.split(".")
        named = f"review-{chosen.short.replace('/', '-')}{'' if name == 'review' else f'-{name}'}.{ending}"
        return Response(
            text, media_type=_FILES[file], headers={"content-disposition": f'attachment; filename="{named}"'}
        )

    return router


async def _write_down(parts: Parts, request: Request) -> None:
    """Keep who took a file away, before it is given."""
    there = signed_in(request)
    role = Role.REVIEWER if Role.REVIEWER in there.roles else Role.TEAM
    async with parts.database.write() as tx:
        await access_log.write(tx, What.EXPORTED, at=parts.now(), role=role, person_id=there.person_id)


def _year(parts: Parts, text: str, known: Known) -> Year | WrongYear:
    """The year that was asked for; without one the last that is over, or this one where the register is that young."""
    starts_in, now = parts.settings.review_year_starts_in, parts.now()
    if text.strip():
        return years.read(text, now=now, starts_in=starts_in)
    this = years.of(now, starts_in=starts_in)
    began = this if known.began_at is None else years.of(known.began_at, starts_in=starts_in)
    return this if began >= this else this.before


def _choices(parts: Parts, known: Known) -> list[Year]:
    """The years that the register knows, newest first."""
    starts_in = parts.settings.review_year_starts_in
    this = years.of(parts.now(), starts_in=starts_in)
    began = this if known.began_at is None else years.of(known.began_at, starts_in=starts_in)
    first = max(min(began, this).begins_in, this.begins_in - _MOST_YEARS)
    return [Year(begins_in, starts_in) for begins_in in range(this.begins_in, first - 1, -1)]


def _audience(text: str) -> Audience:
    return Audience.PUBLIC if text == Audience.PUBLIC else Audience.PARTNERSHIP


async def _made(known: Known, year: Year, audience: Audience) -> Export:
    """Counting thousands of cases takes a moment, in which others are served."""
    return await asyncio.to_thread(exports.export, known, year, audience=audience)


def _written(made: Export, file: str, partnership: str) -> str:
    match file:
        case "cases.csv":
            return _MARKED + exports.cases_csv(made)
        case "measures.csv":
            return _MARKED + exports.measures_csv(made)
        case "review.json":
            return exports.as_json(made)
        case _:
            return exports.as_html(made, partnership=partnership)
