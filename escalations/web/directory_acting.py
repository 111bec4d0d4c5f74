"""What the directory's forms share: a form is read, carried out in one transaction, or given back as it was typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import HTTPException, Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from escalations import errors
from escalations.agencies import keeping, ladder
from escalations.agencies.keeping import Done, Keeper, Refused
from escalations.rules.access import Role
from escalations.store import directory
from escalations.store.directory import Held
from escalations.store.directory_file import AgencyEntry
from escalations.web import auth, directory_forms
from escalations.web.forms import Problem, Raw, Reading
from escalations.web.parts import Parts
from escalations.web.retyped import Given

Act = Callable[[Keeper, Reading], Awaitable[Done | Refused | None]]
"""Reads a form and carries it out; None where something on it is to be put right."""
Again = Callable[[Raw, tuple[Problem, ...], int], Awaitable[Response]]
"""Shows a form once more, as it was typed, with what is to be put right."""


def keeps_for(request: Request) -> str:
    """The name under which a change is written down."""
    return auth.signed_in(request).name


def reads_cases(request: Request) -> bool:
    """Whether this visitor may follow a reference to its case."""
    return Role.TEAM in auth.signed_in(request).roles


class DirectoryForms:
    """What the pages of the directory share."""

    def __init__(self, parts: Parts) -> None:
        """Take what pages use."""
        self._parts = parts
        self._database = parts.database
        self._rungs = ladder.positions(parts.policy)
        self._positions = self._positions_of(None)

    def _positions_of(self, agency_type: str | None) -> dict[str, str]:
        """Every position, as the policy calls it at a type of agency."""
        titles = ((rung, self._parts.policy.position_title(rung, agency_type)) for rung in self._rungs)
        return {rung: f"{title[:1].upper()}{title[1:]}" for rung, title in titles}

    async def carry_out(
        self,
        request: Request,
        agency_id: str,
        act: Act,
        done_word: str,
        again: Again,
    ) -> Response:
        """Read a form, carry it out in one transaction, and go to the agency's page; or give the form back."""
        raw, _, genuine = await self._parts.posted(request)
        if not genuine:
            return await again(raw, (self._parts.stale(request),), 403)
        reading = Reading(raw, now=self._parts.now())
        try:
            async with self._database.write() as tx:
                done = await act(self.keeper(request, tx, reading), reading)
            if isinstance(done, Refused):
                reading.problem(directory_forms.FIELDS.get(done.part, "main-content"), done.sentence)
            if reading.problems or not isinstance(done, Done):
                return await again(raw, tuple(reading.problems), 422)
        except errors.Retry:
            return self.unkept(request, raw)
        return self._parts.go(request, f"/directory/agencies/{agency_id}?done={done_word if done.changed else 'same'}")

    def form(  # noqa: PLR0917  as a form is shown again
        self,
        request: Request,
        template: str,
        of: AgencyEntry,
        raw: Raw,
        problems: tuple[Problem, ...],
        status: int,
        **values: object,
    ) -> Response:
        """A form about an agency, which leads back to its page."""
        return self._parts.show(
            request,
            template,
            status=status,
            f=self._parts.form(request, raw, problems),
            back=f"/directory/agencies/{of.id}",
            name=of.name,
            **values,
        )

    def keeper(self, request: Request, tx: AsyncConnection, reading: Reading) -> Keeper:
        """Who changes the directory, for whoever is there."""
        return Keeper(tx, self._parts.vault, at=reading.now, by=keeps_for(request))

    async def known(self, agency_id: str) -> AgencyEntry:
        """An agency as it is. There is no page of one that the directory does not have."""
        async with self._database.read() as tx:
            found = await directory.agency(tx, agency_id)
            if found is None:
                raise HTTPException(404)
            return keeping.entry_of(found, await directory.domains_of(tx, agency_id))

    async def held(self, agency_id: str, holding_id: str) -> Held:
        """A holding of an agency. There is no page of one that does not stand."""
        async with self._database.read() as tx:
            found = await directory.holding(tx, self._parts.vault, holding_id)
        if found is None or found.agency_id != agency_id:
            raise HTTPException(404)
        return found

    def unkept(self, request: Request, raw: Raw) -> Response:
        """Our database is away: what was typed is given back, for there is no form to be made without it."""
        return self._parts.show(
            request,
            "typed.html",
            status=503,
            heading="This could not be stored",
            sentence="Our system cannot be reached at the moment. Nothing was changed. Go back in your browser, where "
            "what you typed still stands, and press the button again in a few minutes.",
            typed=[
                Given(_label(name), ", ".join(values)) for name, values in raw.items() if any(map(str.strip, values))
            ],
            onward={"href": "/directory", "text": "The directory"},
        )


def _label(name: str) -> str:
    """What a field is called, of its name: "Deputy email"."""
    return name.replace("-", " ").capitalize()
