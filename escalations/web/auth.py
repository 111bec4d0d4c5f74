"""Who is there, and whether a page is for them. What is decided stands in `escalations.rules.access`.

Until sign-in is merged everybody at this machine, in the embedded default, counts as somebody of the team, a reviewer
and an administrator at once; everybody else is told that there is no such page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import HTTPException, Request
from fastapi.params import Depends as Dependency

from escalations.rules import access
from escalations.rules.access import Page, Role, Standing
from escalations.web.team import team_may

if TYPE_CHECKING:
    from escalations.web.parts import Parts

_ROLES = {Role.TEAM: "Partnership team", Role.REVIEWER: "Reviewer", Role.ADMINISTRATOR: "Administrator"}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who has signed in."""

    person_id: str
    name: str
    roles: frozenset[Role]

    @property
    def by(self) -> dict[str, str]:
        """Who did it, to be sealed with what they do: ``sealed["by"]`` of a submission. Never a part of the act."""
        return {"name": self.name, "role": _ROLES[Role.TEAM]}


def viewer(request: Request) -> Viewer | None:
    """Who is signed in, or none."""
    found = getattr(request.state, "viewer", None)
    return found if isinstance(found, Viewer) else None


def signed_in(request: Request) -> Viewer:
    """Who is signed in, on a page that lets in nobody else."""
    found = viewer(request)
    if found is None:
        raise HTTPException(403)
    return found


def allowed(parts: Parts, page: Page) -> Dependency:
    """A guard for a router or a route: lets in whomever the table of `rules.access` lets in."""

    def guard(request: Request) -> None:
        if team_may(parts, request):
            request.state.viewer = Viewer("", "", frozenset(Role))
        found = viewer(request)
        standing = {Standing.THIS_MACHINE} if found is not None else set[Standing]()
        if not access.may_open(page, frozenset({*standing, *(found.roles if found is not None else ())})):
            raise HTTPException(404)

    return Dependency(guard)
