"""Who may sign in, for administrators: add somebody, give other roles, end access. And who read a case."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from escalations.rules.access import Page, Refused, Role
from escalations.store import access_log, people, references
from escalations.store.access_log import What
from escalations.store.people import Person
from escalations.web import words
from escalations.web.auth import allowed, signed_in
from escalations.web.forms import SHORT, Problem, Raw, Reading, first
from escalations.web.parts import Parts
from escalations.web.viewer import ROLES

_ID_LENGTH: Final = 32
_FIELD_OF: Final = {people.ALREADY_THERE.code: "address", people.NO_ROLE.code: "roles"}


def routes(parts: Parts) -> APIRouter:
    """The pages of administrators."""
    router = APIRouter(include_in_schema=False)
    pages, reads = _People(parts), _Reads(parts)
    administrators = [allowed(parts, Page.PEOPLE)]
    router.add_api_route("/people", pages.listed, methods=["GET"], dependencies=administrators)
    router.add_api_route("/people/add", pages.add, methods=["GET"], dependencies=administrators)
    router.add_api_route("/people/add", pages.added, methods=["POST"], dependencies=administrators)
    router.add_api_route("/people/{person_id}", pages.one, methods=["GET"], dependencies=administrators)
    router.add_api_route("/people/{person_id}/roles", pages.roles, methods=["POST"], dependencies=administrators)
    router.add_api_route("/people/{person_id}/end", pages.end, methods=["POST"], dependencies=administrators)
    readers = [allowed(parts, Page.READ_LOG)]
    router.add_api_route("/reads", reads.ask, methods=["GET"], dependencies=readers)
    router.add_api_route("/reads", reads.asked, methods=["POST"], dependencies=readers)
    router.add_api_route("/reads/{reference}", reads.of_case, methods=["GET"], dependencies=readers)
    return router


class _People:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def listed(self, request: Request) -> Response:
        """Everybody, and what was changed lately."""
        async with self._parts.database.read() as tx:
            found = await people.listed(tx, self._parts.vault)
            rows = await access_log.about_people(tx)
        known = {person.person_id: person.name for person in found}
        changes = [
            {
                "at": row.at,
                "what": words.ACCESS[What(row.what)],
                "about": known.get(row.about_person, "Somebody"),
                "by": known.get(row.person_id, "Somebody") if row.person_id else "somebody at the server",
            }
            for row in rows
        ]
        return self._parts.show(request, "people.html", people=found, roles=ROLES, changes=changes)

    async def add(self, request: Request) -> Response:
        """Ask whom to let in."""
        return self._show_add(request)

    def _show_add(
        self, request: Request, raw: Raw | None = None, problems: tuple[Problem, ...] = (), *, status: int = 200
    ) -> Response:
        return self._parts.show(
            request,
            "person_add.html",
            status=status,
            f=self._parts.form(request, raw, problems),
            roles=_options(),
            back="/people",
        )

    async def added(self, request: Request) -> Response:
        """Let somebody in."""
        parts, now = self._parts, self._parts.now()
        raw, _, genuine = await parts.posted(request)
        if not genuine:
            return self._show_add(request, raw, (self._parts.stale(request),), status=403)
        reading = Reading(raw, now=now)
        name = reading.text("name", "The name", missing="Enter the person’s full name", most=SHORT)
        address = reading.email("address", missing="Enter the person’s work email address")
        roles = _roles(raw)
        if not roles:
            reading.problem("roles", "Choose what they are here for")
        if reading.problems:
            return self._show_add(request, raw, tuple(reading.problems), status=422)
        async with parts.database.write() as tx:
            done = await people.add(
                tx,
                parts.vault,
                address=address,
                name=name,
                roles=roles,
                now=now,
                by=signed_in(request).person_id,
            )
        if isinstance(done, Refused):
            return self._show_add(request, raw, (_problem(done),), status=422)
        return parts.go(request, "/people")

    async def one(self, request: Request, person_id: str) -> Response:
        """Show somebody, with what can be changed."""
        return self._show_one(request, await self._person(person_id))

    async def _person(self, person_id: str) -> Person:
        if len(person_id) != _ID_LENGTH or not person_id.isalnum():
            raise HTTPException(404)
        async with self._parts.database.read() as tx:
            found = await people.get(tx, self._parts.vault, person_id)
        if found is None:
            raise HTTPException(404)
        return found

    def _show_one(
        self,
        request: Request,
        person: Person,
        raw: Raw | None = None,
        problems: tuple[Problem, ...] = (),
        *,
        status: int = 200,
    ) -> Response:
        raw = {"roles": sorted(person.roles)} if raw is None else raw
        return self._parts.show(
            request,
            "person.html",
            status=status,
            person=person,
            f=self._parts.form(request, raw, problems),
            roles=_options(),
            said=ROLES,
            back="/people",
        )

    async def roles(self, request: Request, person_id: str) -> Response:
        """Give somebody other roles."""
        person = await self._person(person_id)
        raw, _, genuine = await self._parts.posted(request)
        if not genuine:
            return self._show_one(request, person, raw, (self._parts.stale(request),), status=403)
        async with self._parts.database.write() as tx:
            refused = await people.change_roles(
                tx, person_id, _roles(raw), now=self._parts.now(), by=signed_in(request).person_id
            )
        if refused is not None:
            return self._show_one(request, person, raw, (_problem(refused),), status=422)
        return self._parts.go(request, "/people")

    async def end(self, request: Request, person_id: str) -> Response:
        """Let somebody in no more."""
        person = await self._person(person_id)
        _, _, genuine = await self._parts.posted(request)
        if not genuine:
            return self._show_one(request, person, None, (self._parts.stale(request),), status=403)
        async with self._parts.database.write() as tx:
            refused = await people.end(tx, person_id, now=self._parts.now(), by=signed_in(request).person_id)
        if refused is not None:
            return self._show_one(request, person, None, (_problem(refused),), status=422)
        return self._parts.go(request, "/people")


class _Reads:
    """Who read a case. Nothing here tells what it is about."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def ask(self, request: Request) -> Response:
        """Ask which case."""
        return self._parts.show(request, "reads_ask.html", back="/people")

    async def asked(self, request: Request) -> Response:
        """Go to the log of that case."""
        raw, _, genuine = await self._parts.posted(request)
        found = references.parse(first(raw, "reference"))
        if genuine and not isinstance(found, references.Problem):
            return self._parts.go(request, f"/reads/{found}")
        stale = self._parts.stale(request)
        problem = Problem("reference", found.sentence) if isinstance(found, references.Problem) else stale
        return self._parts.show(
            request,
            "reads_ask.html",
            status=422 if genuine else 403,
            f=self._parts.form(request, raw, (problem,)),
            back="/people",
        )

    async def of_case(self, request: Request, reference: str) -> Response:
        """Show who read it, the newest first. This reading is written down too."""
        found = references.parse(reference)
        if isinstance(found, references.Problem):
            raise HTTPException(404)
        parts, now = self._parts, self._parts.now()
        there = signed_in(request)
        async with parts.database.write() as tx:
            rows = await access_log.of_case(tx, str(found))
            names = await people.names(tx, parts.vault, [row.person_id for row in rows if row.person_id])
            await access_log.write(
                tx,
                What.LOG_READ,
                at=now,
                role=Role.ADMINISTRATOR,
                person_id=there.person_id,
                reference=str(found),
            )
        agencies = await parts.agencies.read(now)
        return parts.show(
            request,
            "reads.html",
            reference=str(found),
            most=access_log.MOST,
            back="/reads",
            reads=[
                {
                    "at": row.at,
                    "who": names.get(row.person_id, "Somebody who had signed in")
                    if row.person_id
                    else agencies[row.agency_id].name
                    if row.agency_id in agencies
                    else "Somebody by link",
                    "role": ROLES[Role(row.role)] if row.person_id else words.position(row.role),
                    "what": words.ACCESS[What(row.what)],
                }
                for row in rows
            ],
        )


def _options() -> dict[str, str]:
    return {role.value: text for role, text in ROLES.items()}


def _roles(raw: Raw) -> Collection[Role]:
    return [role for role in Role if role.value in raw.get("roles", ())]


def _problem(refused: Refused) -> Problem:
    return Problem(_FIELD_OF.get(refused.code, "main-content"), refused.sentence)
