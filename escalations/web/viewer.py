"""Who has signed in and looks at a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from escalations.rules import access
from escalations.rules.access import Page, Role, Standing

ROLES: Final = {
    Role.TEAM: "Partnership team",
    Role.REVIEWER: "Reviewer",
    Role.ADMINISTRATOR: "Administrator",
}
"""The roles in words."""


@dataclass(frozen=True, slots=True)
class Item:
    """One of the pages that somebody who has signed in can go to from everywhere."""

    page: Page
    href: str
    text: str
    """Short, for the menu."""
    heading: str
    """For the start page."""
    about: str


MENU: Final = (
    Item(
        Page.BOARD,
        "/board",
        "List",
        "The partnership team’s list",
        "Open escalations, what each waits for, and what was held.",
    ),
    Item(
        Page.ENTER,
        "/enter",
        "Enter one",
        "Enter an escalation for somebody who phoned",
        "It is held until you pass it on.",
    ),
    Item(
        Page.REVIEW,
        "/review",
        "Review",
        "The review of a year",
        "What the partnership was told of, how it went, and the same as files.",
    ),
    Item(
        Page.DIRECTORY,
        "/directory",
        "Directory",
        "The directory",
        "Agencies, who holds which position, and how each is told.",
    ),
    Item(Page.PEOPLE, "/people", "People", "People who may sign in", "Add somebody, change roles, end access."),
    Item(Page.READ_LOG, "/reads", "Readings", "Who read a case", "Every reading of a case, by whom and when."),
)
"""The menu, in its order. Each shows what is for them."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who has signed in."""

    person_id: str
    name: str
    roles: frozenset[Role]

    @property
    def by(self) -> dict[str, str]:
        """Who did it, to be sealed with what they do: ``sealed["by"]`` of a submission. Never a part of the act."""
        return {"name": self.name, "role": ROLES[Role.TEAM]}

    @property
    def roles_said(self) -> str:
        """Their roles in words."""
        return ", ".join(text for role, text in ROLES.items() if role in self.roles)

    def opens(self, page: Page) -> bool:
        """Whether a page of that kind is for them."""
        return access.may_open(page, frozenset[Role | Standing](self.roles))


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
