"""The list of agencies, the search for somebody by name, and what the team has still to tell."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from escalations.agencies import empty_posts
from escalations.store import directory
from escalations.web import directory_views, directory_words
from escalations.web.directory_acting import DirectoryForms, reads_cases
from escalations.web.forms import Problem, Raw, Reading


class ListPages(DirectoryForms):
    """The list."""

    async def all_of_them(self, request: Request) -> Response:
        """The list by type of agency, with what needs the team."""
        return await self._list(request)

    async def find(self, request: Request) -> Response:
        """Look for somebody by name. What was searched for stands in no address and no log."""
        raw, _, genuine = await self._parts.posted(request)
        if not genuine:
            return await self._list(request, raw, (self._parts.stale(request),), status=403)
        reading = Reading(raw, now=self._parts.now())
        name = reading.text("who", "The name", missing="Enter a name or a part of one")
        if reading.problems:
            return await self._list(request, raw, tuple(reading.problems), status=422)
        async with self._database.read() as tx:
            found = await directory_views.search(tx, self._parts.vault, name, reading.now)
        return self._parts.show(
            request, "directory_found.html", f=self._parts.form(request, raw), found=found, now=reading.now
        )

    async def _list(
        self, request: Request, raw: Raw | None = None, problems: tuple[Problem, ...] = (), *, status: int = 200
    ) -> Response:
        parts, now = self._parts, self._parts.now()
        async with self._database.read() as tx:
            agencies = await directory.all_agencies(tx)
            groups = directory_views.lines(agencies, await directory.spans(tx), now)
            unfilled = await empty_posts.unfilled(tx, now)
            waiting = await empty_posts.to_tell(tx)
        return parts.show(
            request,
            "directory.html",
            status=status,
            f=parts.form(request, raw, problems),
            now=now,
            groups=groups,
            count=sum(map(len, groups.values())),
            unfilled=unfilled,
            names={agency_id: of.name for agency_id, of in agencies.items()},
            to_tell=len(waiting),
            reads_cases=reads_cases(request),
            done=directory_words.DONE.get(request.query_params.get("done", "")),
        )

    async def to_tell(self, request: Request) -> Response:
        """The notices that the team still has to tell an agency of."""
        async with self._database.read() as tx:
            waiting = await empty_posts.to_tell(tx)
            agencies = await directory.all_agencies(tx)
        return self._parts.show(
            request,
            "directory_to_tell.html",
            waiting=waiting,
            agencies=agencies,
            reads_cases=reads_cases(request),
            now=self._parts.now(),
        )
