"""The forms that say who holds a position, from which day, and until when."""

from __future__ import annotations

from functools import partial

from fastapi import Request
from starlette.responses import Response

from escalations.agencies import empty_posts, keeping, ladder
from escalations.agencies.keeping import Done, Keeper, Refused
from escalations.store import directory
from escalations.store.directory import LEAD, Held
from escalations.web import directory_forms, directory_words
from escalations.web.directory_acting import DirectoryForms, reads_cases
from escalations.web.forms import Problem, Raw, Reading


class PostPages(DirectoryForms):
    """Positions."""

    async def show_appoint(self, request: Request, agency_id: str) -> Response:
        """The form to enter who holds a position: empty, or as somebody holds it."""
        await self.known(agency_id)
        today = keeping.today(self._parts.now())
        asked = request.query_params
        async with self._database.read() as tx:
            held = await directory.holdings(tx, self._parts.vault, agency_id)
        of = next((one for one in held if one.holding_id == asked.get("from")), None)
        if of is not None:
            return await self._appoint_form(
                request, agency_id, directory_forms.of_holding(of, since=max(today, of.since))
            )
        position = asked.get("position", "")
        title = next((one.title for one in reversed(held) if one.position == position), "")
        if not title and position in self._rungs:
            of_type = (await self.known(agency_id)).type
            title = self._positions_of(of_type).get(position, "") if ladder.titles(self._parts.policy, of_type) else ""
        return await self._appoint_form(request, agency_id, directory_forms.new_holding(position, title, since=today))

    async def appoint(self, request: Request, agency_id: str) -> Response:
        """Enter who holds a position from a day on."""

        async def act(keeper: Keeper, reading: Reading) -> Done | Refused | None:
            holding = directory_forms.holding(reading, self._positions)
            return None if holding is None else await keeper.appoint(agency_id, holding)

        return await self.carry_out(
            request,
            agency_id,
            act,
            "appointed",
            partial(self._appoint_form, request, agency_id),
        )

    async def _appoint_form(
        self, request: Request, agency_id: str, raw: Raw, problems: tuple[Problem, ...] = (), status: int = 200
    ) -> Response:
        old = await self.known(agency_id)
        return self.form(
            request,
            "directory_appoint.html",
            old,
            raw,
            problems,
            status,
            positions=self._positions_of(old.type),
            kinds={
                **{kind.value: text for kind, text in directory_words.KINDS.items()},
                directory_forms.VACANT: "Nobody: the post is vacant",
            },
            days=directory_words.DAYS,
        )

    async def show_end_holding(self, request: Request, agency_id: str, holding_id: str) -> Response:
        """The form to say which day is somebody’s last."""
        held = await self.held(agency_id, holding_id)
        raw = directory_forms.of_day("until", held.until) if held.until else {}
        return await self._end_holding_form(request, held, raw)

    async def end_holding(self, request: Request, agency_id: str, holding_id: str) -> Response:
        """Say which day is the last on which somebody holds a position."""
        held = await self.held(agency_id, holding_id)

        async def act(keeper: Keeper, reading: Reading) -> Done | Refused | None:
            until = reading.day("until", "The last day", missing="Enter the last day in post", future=True)
            return None if until is None else await keeper.end_holding(holding_id, until)

        return await self.carry_out(
            request,
            agency_id,
            act,
            "ended",
            partial(self._end_holding_form, request, held),
        )

    async def _end_holding_form(
        self, request: Request, held: Held, raw: Raw, problems: tuple[Problem, ...] = (), status: int = 200
    ) -> Response:
        async with self._database.read() as tx:
            waiting = await empty_posts.waited_for(tx, held.agency_id)
            listed = await directory.holdings(tx, self._parts.vault, held.agency_id)
        return self._parts.show(
            request,
            "directory_end_holding.html",
            status=status,
            f=self._parts.form(request, raw, problems),
            back=f"/directory/agencies/{held.agency_id}",
            held=held,
            waiting_references=waiting.get((held.agency_id, held.position), ()),
            has_lead=any(one.position == LEAD and not one.vacant for one in listed) and held.position != LEAD,
            reads_cases=reads_cases(request),
        )
