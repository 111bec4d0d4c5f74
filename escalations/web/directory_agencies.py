"""The page of an agency, and the forms to add one, change it, say how it is told, and end it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from fastapi import HTTPException, Request
from starlette.responses import Response

from escalations import errors
from escalations.agencies import cells, empty_posts, keeping
from escalations.agencies.keeping import Done, Keeper, Refused
from escalations.store import directory
from escalations.store.directory import LEAD
from escalations.store.directory_file import Notices
from escalations.web import directory_forms, directory_views, directory_words, words
from escalations.web.directory_acting import DirectoryForms, reads_cases
from escalations.web.forms import Problem, Raw, Reading, first


class AgencyPages(DirectoryForms):
    """Agencies."""

    async def agency(self, request: Request, agency_id: str) -> Response:
        """One agency: its positions, who waits for them, and what was changed."""
        parts, now = self._parts, self._parts.now()
        async with self._database.read() as tx:
            found = await directory_views.view(tx, parts.vault, agency_id, now, self._rungs)
        if found is None:
            raise HTTPException(404)
        return parts.show(
            request,
            "directory_agency.html",
            view=found,
            now=now,
            today=keeping.today(now),
            saying=directory_words,
            lead_code=LEAD,
            reads_cases=reads_cases(request),
            done=directory_words.DONE.get(request.query_params.get("done", "")),
        )

    async def new(self, request: Request) -> Response:
        """The form to add an agency."""
        return await self._agency_form(request, None, directory_forms.new_agency())

    async def add(self, request: Request) -> Response:
        """Add an agency, with the one contact that is enough to start."""
        raw, _, genuine = await self._parts.posted(request)
        try:
            if not genuine:
                return await self._agency_form(request, None, raw, (self._parts.stale(request),), status=403)
            reading = Reading(raw, now=self._parts.now())
            async with self._database.write() as tx:
                everybody = await directory.all_agencies(tx)
                names = {one.agency_id: one.name for one in everybody.values()}
                entry = directory_forms.agency(
                    reading,
                    agency_id=_fresh(first(raw, "name"), everybody),
                    known=names,
                    old=None,
                    in_use={one.agency_type for one in everybody.values()},
                )
                contact = directory_forms.lead(reading)
                twin = entry and next((one for one in everybody.values() if _same(one, entry.name, entry.town)), None)
                if twin:
                    reading.problem("name", f"{twin.name} in {twin.town} is in the directory already.")
                if entry is not None and not reading.problems:
                    keeper = self.keeper(request, tx, reading)
                    done = await keeper.put(entry)
                    if isinstance(done, Refused):
                        reading.problem(directory_forms.FIELDS.get(done.part, "name"), done.sentence)
                    elif contact is not None:
                        await keeper.appoint(entry.id, contact)
            if entry is None or reading.problems:
                return await self._agency_form(request, None, raw, tuple(reading.problems), status=422)
        except errors.Retry:
            return self.unkept(request, raw)
        return self._parts.go(request, f"/directory/agencies/{entry.id}?done=added")

    async def show_change(self, request: Request, agency_id: str) -> Response:
        """The form to change what is said of an agency."""
        old = await self.known(agency_id)
        return await self._agency_form(request, agency_id, directory_forms.of_agency(old))

    async def change(self, request: Request, agency_id: str) -> Response:
        """Change what is said of an agency."""
        old = await self.known(agency_id)
        async with self._database.read() as tx:
            everybody = await directory.all_agencies(tx)
        names = {one.agency_id: one.name for one in everybody.values() if one.agency_id != agency_id}
        in_use = {one.agency_type for one in everybody.values()}

        async def act(keeper: Keeper, reading: Reading) -> Done | Refused | None:
            entry = directory_forms.agency(reading, agency_id=agency_id, known=names, old=old, in_use=in_use)
            return None if entry is None else await keeper.put(entry)

        return await self.carry_out(
            request,
            agency_id,
            act,
            "changed",
            partial(self._agency_form, request, agency_id),
        )

    async def _agency_form(
        self,
        request: Request,
        agency_id: str | None,
        raw: Raw,
        problems: tuple[Problem, ...] = (),
        status: int = 200,
    ) -> Response:
        parts, now = self._parts, self._parts.now()
        async with self._database.read() as tx:
            agencies = await directory.agencies(tx, now)
        of = next((one for one in agencies if one.agency_id == agency_id), None)
        return parts.show(
            request,
            "directory_agency_form.html",
            status=status,
            f=parts.form(request, raw, problems),
            back=f"/directory/agencies/{agency_id}" if agency_id else "/directory",
            adding=agency_id is None,
            name=of.name if of else "",
            types=sorted({words.agency_type(one.agency_type) for one in agencies}),
            parents={one.agency_id: f"{one.name}, {one.town}" for one in agencies if one.agency_id != agency_id},
            notices=_notices_options(),
        )

    # ---- Notices, and the end of an agency -------------------------------------------------------------------------

    async def show_notices(self, request: Request, agency_id: str) -> Response:
        """The form to say how an agency is told."""
        old = await self.known(agency_id)
        return await self._notices_form(request, agency_id, {"notices": [old.notices.value]})

    async def notices(self, request: Request, agency_id: str) -> Response:
        """Say how an agency is told, from now on."""

        async def act(keeper: Keeper, reading: Reading) -> Done | Refused | None:
            chosen = reading.choice("notices", Notices, missing="Choose how the agency is told")
            return None if chosen is None else await keeper.set_notices(agency_id, chosen)

        return await self.carry_out(
            request,
            agency_id,
            act,
            "notices",
            partial(self._notices_form, request, agency_id),
        )

    async def _notices_form(
        self, request: Request, agency_id: str, raw: Raw, problems: tuple[Problem, ...] = (), status: int = 200
    ) -> Response:
        old = await self.known(agency_id)
        async with self._database.read() as tx:
            waiting = await empty_posts.to_tell(tx, agency_id)
            lead = await directory.holders(tx, self._parts.vault, agency_id, LEAD, self._parts.now())
        return self.form(
            request,
            "directory_notices.html",
            old,
            raw,
            problems,
            status,
            now_set=directory_words.NOTICES[old.notices],
            notices=_notices_options(),
            waiting=waiting,
            lead=lead is not None,
            reads_cases=reads_cases(request),
        )

    async def show_end(self, request: Request, agency_id: str) -> Response:
        """The form to end an agency."""
        old = await self.known(agency_id)
        raw = directory_forms.of_day("until", old.active_to) if old.active_to else {}
        return await self._end_form(request, agency_id, {**raw, "successor": [old.successor or ""]})

    async def end(self, request: Request, agency_id: str) -> Response:
        """Say which is an agency’s last day, and which follows it."""
        await self.known(agency_id)
        async with self._database.read() as tx:
            others = set(await directory.all_agencies(tx)) - {agency_id}

        async def act(keeper: Keeper, reading: Reading) -> Done | Refused | None:
            until = reading.day("until", "The last day", missing="Enter the last day of the agency", future=True)
            successor = reading.one_of("successor", ["", *others], missing="Choose the agency that follows, or none")
            if until is None or reading.problems:
                return None
            return await keeper.end(agency_id, until, successor or None)

        return await self.carry_out(
            request,
            agency_id,
            act,
            "ended",
            partial(self._end_form, request, agency_id),
        )

    async def _end_form(
        self, request: Request, agency_id: str, raw: Raw, problems: tuple[Problem, ...] = (), status: int = 200
    ) -> Response:
        old = await self.known(agency_id)
        now = self._parts.now()
        async with self._database.read() as tx:
            agencies = await directory.agencies(tx, now)
            waiting = await empty_posts.waited_for(tx, agency_id)
        return self.form(
            request,
            "directory_end.html",
            old,
            raw,
            problems,
            status,
            successors={one.agency_id: f"{one.name}, {one.town}" for one in agencies if one.agency_id != agency_id},
            waiting_references=sorted({reference for found in waiting.values() for reference in found}),
            reads_cases=reads_cases(request),
        )


def _notices_options() -> Mapping[str, dict[str, str]]:
    return {
        notices.value: {"text": directory_words.NOTICES[notices], "hint": directory_words.NOTICES_MEAN[notices]}
        for notices in Notices
    }


def _same(one: directory.Agency, name: str, town: str) -> bool:
    return one.name.casefold() == name.casefold() and one.town.casefold() == town.casefold()


def _fresh(name: str, taken: Mapping[str, object]) -> str:
    """An id for a new agency, of its name."""
    try:
        base = cells.code(name)[:40].rstrip("-")
    except cells.Unreadable:
        base = "agency"
    return next(one for one in (base, *(f"{base}-{number}" for number in range(2, 1000))) if one not in taken)
