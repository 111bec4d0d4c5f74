"""A sooner time and a priority, by the pages of the team and of whoever raised it."""

from __future__ import annotations

from typing import Any

import pytest

from escalations.intake import opening
from escalations.rules.notices import NoticeKind
from tests.builders import civil, with_priorities
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import SAFETY, raised
from tests.web.test_team_acts import case_of

WHY = "The contact visit is on Wednesday, Zanzibar."


@pytest.fixture
async def reference(office: Office) -> str:
    """Raise one under a policy that says "or sooner" and has priorities."""
    office.in_force = opening.InForce(with_priorities(or_sooner=True))
    office.app = office.make_app()
    office.browser = office.new_browser(signed_in=True)
    found = await raised(office, safety={**SAFETY, "priority": "none"})
    await office.settle()
    return found


def at(day: str, month: str, time: str) -> dict[str, Any]:
    return {"sooner-at-day": day, "sooner-at-month": month, "sooner-at-year": "2027", "sooner-at-time": time}


async def test_the_team_sets_a_sooner_time_and_sees_first_who_is_told(office: Office, reference: str) -> None:
    fields: dict[str, Any] = {"sooner_clock": "3-resolve", "sooner_text": WHY, **at("3", "3", "12:00")}
    check = await teamwork.fills(office, reference, "sooner", **fields)
    assert check.title.startswith(teamwork.CHECK)
    assert "due 12:00 on Wednesday 3 March 2027, and not 17:00 on Monday 8 March 2027" in check.text
    await teamwork.sends(office, check)
    assert (await case_of(office, reference)).clock("3-resolve").due_at == civil("2027-03-03 12:00")
    page = await office.get(f"/board/{reference}")
    assert "a sooner time was set" in page.text
    assert all("Zanzibar" not in mail for mail in await office.mails())


async def test_a_time_that_has_gone_is_asked_about_and_nothing_typed_is_lost(office: Office, reference: str) -> None:
    fields: dict[str, Any] = {"sooner_clock": "3-resolve", "sooner_text": WHY, **at("1", "3", "08:00")}
    page = await teamwork.fills(office, reference, "sooner", **fields)
    assert page.status == 422
    assert "The sooner time must be still to come" in page.text
    assert WHY in page.text


async def test_the_team_sets_a_priority_and_the_time_limits_follow_it(office: Office, reference: str) -> None:
    page = await teamwork.does(office, reference, "priority", priority="high", priority_text=WHY)
    assert "set its priority: high" in page.text
    assert (await case_of(office, reference)).clock("3-resolve").due_at == civil("2027-03-03 17:00")
    again = await teamwork.fills(office, reference, "priority", priority="high", priority_text=WHY)
    assert "This has that priority already" in again.text


async def test_whoever_raised_it_sets_a_sooner_time_by_link(office: Office, reference: str) -> None:
    page = await answering.enter(office, await answering.link(office, reference, NoticeKind.REACHED))
    assert "It is needed sooner" in page.text
    await office.post(
        "/answer/sooner",
        token=page.token,
        once=page.value("once"),
        sooner_clock="3-resolve",
        sooner_text=WHY,
        **at("3", "3", "12:00"),
    )
    assert (await case_of(office, reference)).clock("3-resolve").due_at == civil("2027-03-03 12:00")


async def test_neither_is_offered_where_the_policy_says_nothing_of_it(office: Office) -> None:
    plain = await raised(office)
    await office.settle()
    page = await office.get(f"/board/{plain}")
    assert "Set a sooner time" not in page.text
    assert "Set its priority" not in page.text
    assert "Extend a time limit" in page.text
