"""Who may see the team's pages.

Sign-in is the business of a later issue. Until then these pages, and the entry of an escalation for somebody who
phoned, are served to this machine alone (a loopback address, a loopback name, no proxy in between) and only where the
embedded default is in use, unless whoever composes the application says otherwise: `create_app(team_pages_to_all=True)`
is for an installation that puts its own sign-in in front. Everybody else is told that there is no such page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException, Request
from fastapi.params import Depends as Dependency

from escalations.web.security import on_this_machine

if TYPE_CHECKING:
    from escalations.web.parts import Parts


def team_may(parts: Parts, request: Request) -> bool:
    """Whether the team's pages are served to this request."""
    return parts.team_pages_to_all or (embedded(parts) and on_this_machine(request))


def embedded(parts: Parts) -> bool:
    """Whether this is the embedded default: everything on one machine, and mail to nobody."""
    return parts.settings.mail_relay is None and parts.settings.public_url is None


def only_the_team(parts: Parts) -> Dependency:
    """A guard for the team's routes."""

    def guard(request: Request) -> None:
        if not team_may(parts, request):
            raise HTTPException(404)

    return Dependency(guard)
