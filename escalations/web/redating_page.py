"""Counting open escalations anew, by the team: what it would do to each, then why, then what became of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from escalations import errors
from escalations.intake import redates
from escalations.intake.redates import Basis, Preview
from escalations.intake.submissions import SETTLED, State
from escalations.rules.access import Page
from escalations.rules.case import RedateReason
from escalations.store import references
from escalations.web import words
from escalations.web.auth import allowed, signed_in
from escalations.web.forms import LONG, Problem, Raw, Reading, first
from escalations.web.parts import Parts, is_press
from escalations.web.retyped import Given
from escalations.web.telling import Names, awaited

_LOOK_AGAIN_SECONDS: Final = 0.1
_MOST_NAMED: Final = 100
"""So many references of what was left as it is are named; an address is no longer than a browser takes."""


class What(StrEnum):
    """What of each case is to be that which is in force."""

    CALENDAR = "calendar"
    POLICY = "policy"
    BOTH = "both"


WHAT: Final[Mapping[What, str]] = {
    What.CALENDAR: "The calendar in force",
    What.POLICY: "The policy in force",
    What.BOTH: "Both",
}
_CHANGED_BASIS: Final = Problem(
    "main-content",
    "The calendar or the policy in force has changed since you looked. Nothing was changed. Please look at the dates "
    "again; what you typed stands below.",
)


def routes(parts: Parts) -> APIRouter:
    """The team's pages to count open escalations anew."""
    router = APIRouter(include_in_schema=False)
    pages, team = _Redating(parts), [allowed(parts, Page.REDATE)]
    router.add_api_route("/redate", pages.look, methods=["GET"], dependencies=team)
    router.add_api_route("/redate", pages.posted, methods=["POST"], dependencies=team)
    router.add_api_route("/redate/{press}", pages.became, methods=["GET"], dependencies=team)
    return router


class _Redating:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def look(self, request: Request) -> Response:
        """What it would do. Nothing is changed."""
        asked = request.query_params
        return await self._show(request, {"what": [asked.get("what", "")], "sooner": [asked.get("sooner", "")]})

    def _basis(self, raw: Raw) -> Basis:
        try:
            what = What(first(raw, "what"))
        except ValueError:
            what = What.CALENDAR
        return Basis(
            days_off=self._parts.days_off,
            calendar=what is not What.POLICY,
            policy=None if what is What.CALENDAR else self._parts.policy,
        )

    async def _preview(self, raw: Raw) -> Preview:
        async with self._parts.database.read() as tx:
            return await redates.look(
                tx,
                self._parts.cases,
                self._basis(raw),
                now=self._parts.now(),
                also_sooner=bool(first(raw, "sooner")),
            )

    async def _show(
        self, request: Request, raw: Raw, problems: tuple[Problem, ...] = (), *, status: int = 200
    ) -> Response:
        preview = await self._preview(raw)
        raw = {**raw, "what": [first(raw, "what") if first(raw, "what") in set(What) else What.CALENDAR.value]}
        return self._parts.show(
            request,
            "redate.html",
            status=status,
            f=self._parts.form(request, raw, problems),
            what={one.value: text for one, text in WHAT.items()},
            reasons={one.value: text for one, text in words.REDATES.items()},
            policy=self._parts.policy,
            hidden=_hidden(preview, raw),
            **await self._values(preview),
        )

    async def _values(self, preview: Preview) -> dict[str, Any]:
        names = Names(await self._parts.agencies.read(self._parts.now(), though_away=True))
        return {
            "preview": preview,
            "shown": [
                {
                    "reference": line.reference,
                    "refused": line.refused.sentence if line.refused else "",
                    "clocks": [
                        {
                            "what": awaited(one.clock.awaits, one.clock.waits_for, one.clock.agency_id, names),
                            "becomes": redates.says(one),
                        }
                        for one in line.looked_at
                    ],
                }
                for line in preview.lines
                if line.refused or line.looked_at
            ],
            "quiet": sum(1 for line in preview.lines if not (line.refused or line.looked_at)),
            "moving": sum(1 for line in preview.lines if line.moves),
            "refused": sum(1 for line in preview.lines if line.refused),
        }

    async def posted(self, request: Request) -> Response:
        """Why, then a look at what was typed, then it is done."""
        raw, pressed, genuine = await self._parts.posted(request)
        try:
            return await self._take(request, raw, pressed, genuine=genuine)
        except errors.Retry:
            typed = [Given("Why", first(raw, "redate-text"))] if first(raw, "redate-text").strip() else []
            return self._parts.show(
                request,
                "typed.html",
                status=503,
                heading="We have NOT received this",
                sentence="Our system cannot store anything at the moment. Nothing was changed. Please go back and "
                "press the button again in a few minutes.",
                typed=typed,
                onward=None,
            )

    async def _take(self, request: Request, raw: Raw, pressed: str, *, genuine: bool) -> Response:
        press = first(raw, "press")
        if not genuine or not is_press(press):
            return await self._show(request, raw, (self._parts.stale(request),), status=403)
        if pressed == "change":
            return await self._show(request, raw)
        reading = Reading(raw, now=self._parts.now())
        because = reading.choice("because", RedateReason, missing="Say what has changed")
        missing = "Say why, in words that both sides can read"
        text = reading.text("redate-text", "The reason", missing=missing, most=LONG)
        if reading.problems or because is None:
            return await self._show(request, raw, tuple(reading.problems), status=422)
        preview = await self._preview(raw)
        if first(raw, "basis") != preview.basis.digest:
            return await self._show(request, raw, (_CHANGED_BASIS,), status=409)
        seen = _seen(first(raw, "seen"))
        if pressed != "send":
            return self._parts.show(
                request,
                "redate_check.html",
                because=words.REDATES[because],
                text=text,
                afterwards=preview.afterwards,
                moving=sum(1 for line in preview.lines if line.moves and line.reference in seen),
                counted=sum(1 for line in preview.lines if line.refused is None and line.reference in seen),
                hidden=[(name, value) for name, values in raw.items() for value in values],
            )
        sent = await redates.send(
            self._parts.database,
            self._parts.vault,
            preview,
            seen=seen,
            because=because,
            sealed={"by": signed_in(request).by, "text": text},
            press=press,
            now=reading.now,
        )
        self._parts.wake()
        left = f"?left={'.'.join(sent.changed[:_MOST_NAMED])}" if sent.changed else ""
        return self._parts.go(request, f"/redate/{press}{left}")

    async def became(self, request: Request, press: str) -> Response:
        """How far it is: what became of each case."""
        if not is_press(press):
            raise HTTPException(404)
        waited = 0.0
        while True:
            async with self._parts.database.read() as tx:
                found = await redates.became(tx, press)
            if all(one.state in SETTLED for one in found) or waited >= self._parts.settle_seconds:
                break
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            waited += _LOOK_AGAIN_SECONDS
        left = [
            one
            for one in request.query_params.get("left", "").split(".")
            if isinstance(references.parse(one), references.Reference)
        ]
        if not found and not left:
            raise HTTPException(404)
        return self._parts.show(
            request,
            "redate_became.html",
            left=left,
            applied=[one for one in found if one.state is State.APPLIED],
            refused=[one for one in found if one.state in SETTLED and one.state is not State.APPLIED],
            waiting=[one for one in found if one.state not in SETTLED],
            total=len(found),
            again=f"{request.url.path}{'?' + request.url.query if request.url.query else ''}",
            timers_up=await self._parts.timers_up(),
        )


def _hidden(preview: Preview, raw: Raw) -> list[tuple[str, str]]:
    """What the form carries, so that what is applied is what was seen."""
    return [
        ("press", secrets.token_urlsafe(12)),
        ("what", first(raw, "what")),
        ("sooner", "yes" if preview.also_sooner else ""),
        ("basis", preview.basis.digest),
        ("seen", " ".join(f"{reference}:{seq}" for reference, seq in preview.seen.items())),
    ]


def _seen(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in text.split():
        reference, _, seq = one.rpartition(":")
        if reference and seq.isdecimal() and len(seq) < 9:  # noqa: PLR2004  no case has so many events
            found[reference] = int(seq)
    return found
