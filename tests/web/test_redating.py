"""The team counts open escalations anew, by its page: what it would do, why, and what became of each."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from escalations.intake import opening
from escalations.rules.access import Role
from escalations.rules.case import Case
from escalations.rules.notices import NoticeKind
from escalations.rules.workingtime import Closure
from escalations.store.calendars import DaysOff
from tests.builders import civil
from tests.web import answering, teamwork
from tests.web.conftest import Office, Page
from tests.web.forms_filled import raised
from tests.web.test_team_acts import case_of

WHY = "The council's offices close for the move, Zanzibar."
CLOSED = DaysOff(closures=(Closure(first=date(2027, 3, 4), last=date(2027, 3, 5), why="The offices move"),))


def in_force(office: Office, days: DaysOff) -> None:
    """Put another calendar into force, as a start with another calendar file does."""
    office.in_force = opening.InForce(office.in_force.policy, days)
    office.app = office.make_app(days_off=days)
    office.browser = office.new_browser(signed_in=True)


@pytest.fixture
async def reference(office: Office) -> str:
    """Raise one, and let a closure become known afterwards."""
    found = await raised(office)
    await office.settle()
    in_force(office, CLOSED)
    return found


def answer_due(case: Case) -> str:
    due = next(clock.due_at for clock in case.clocks if clock.rule_id == "resolve")
    return due.strftime("%Y-%m-%d %H:%M")


async def fills(office: Office, page: Page, **fields: str) -> Page:
    return await office.post("/redate", token=page.token, **{**teamwork.carried(page), **fields})


async def test_looking_shows_both_dates_and_changes_nothing(office: Office, reference: str) -> None:
    page = await office.get("/redate")
    assert reference in page.text
    assert "Later: 17:00 on Wednesday 10 March 2027, and not 17:00 on Monday 8 March 2027" in page.text
    assert "A date would move in 1 escalation." in page.text
    assert answer_due(await case_of(office, reference)) == "2027-03-08 17:00"


async def test_it_is_done_after_a_look_at_what_was_typed_and_both_sides_are_told(
    office: Office, reference: str
) -> None:
    check = await fills(office, await office.get("/redate"), because="closure", redate_text=WHY)
    assert check.title.startswith(teamwork.CHECK)
    assert "1 escalation is counted anew. In 1 a date moves" in check.text
    assert WHY in check.text
    assert answer_due(await case_of(office, reference)) == "2027-03-08 17:00"
    done = await teamwork.sends(office, check)
    assert "1 of 1 counted anew" in done.text
    assert reference in done.text
    assert answer_due(await case_of(office, reference)) == "2027-03-10 17:00"
    told = [
        mail for mail in await office.mails() if "It was 17:00 on Monday 8 March 2027 before" in " ".join(mail.split())
    ]
    assert len(told) == 2
    assert all("Zanzibar" not in mail for mail in await office.mails())
    case = await office.get(f"/board/{reference}")
    assert "Was due 17:00 on Monday 8 March 2027." in case.text
    assert "to 17:00 on Wednesday 10 March 2027: counted anew (offices are closed on some days)" in case.text
    assert "closed: The offices move" in case.text
    assert "NOT the same" not in case.text
    link = await answering.enter(office, await answering.link(office, reference, NoticeKind.REDATED))
    assert "Time limits counted anew" in link.text
    assert WHY in link.text, "why is there for both sides to read"
    again = await office.get("/redate")
    assert "There is nothing to count anew." in again.text
    assert "1 is counted by it already." in again.text


async def test_while_the_timer_service_is_away_it_is_stored_and_said_to_be(office: Office, reference: str) -> None:
    office.settles_at_once = office.timers = False
    check = await fills(office, await office.get("/redate"), because="closure", redate_text=WHY)
    done = await teamwork.sends(office, check)
    assert "0 of 1 counted anew" in done.text
    assert "1 is stored and on its way. It starts as soon as the timer service is up." in done.text
    await office.settle()
    assert "1 of 1 counted anew" in (await office.get(done.path)).text


async def test_a_case_that_goes_on_meanwhile_is_left_as_it_is_and_named(office: Office, reference: str) -> None:
    check = await fills(office, await office.get("/redate"), because="closure", redate_text=WHY)
    await teamwork.does(office, reference, "pause", reason="court", pause_text="The hearing.")
    await office.settle()
    done = await teamwork.sends(office, check)
    assert "something happened there since you looked" in done.text
    assert reference in done.text
    await office.settle()
    assert answer_due(await case_of(office, reference)) == "2027-03-08 17:00"


async def test_a_second_press_of_the_button_stores_nothing(office: Office, reference: str) -> None:
    check = await fills(office, await office.get("/redate"), because="closure", redate_text=WHY)
    await teamwork.sends(office, check)
    await teamwork.sends(office, check)
    await office.settle()
    assert (await case_of(office, reference)).redates == 1


async def test_what_is_missing_is_asked_for_and_nothing_typed_is_lost(office: Office, reference: str) -> None:
    page = await fills(office, await office.get("/redate"), redate_text=WHY)
    assert page.status == 422
    assert "Say what has changed" in page.text
    assert WHY in page.text
    page = await fills(office, await office.get("/redate"), because="closure")
    assert "Say why, in words that both sides can read" in page.text
    assert (await case_of(office, reference)).redates == 0


async def test_another_calendar_than_the_one_looked_at_is_not_applied(office: Office, reference: str) -> None:
    page = await office.get("/redate")
    in_force(office, DaysOff())
    now = await office.get("/redate")
    shown = await office.post(
        "/redate", token=now.token, **{**teamwork.carried(page), "because": "closure", "redate_text": WHY}
    )
    assert shown.status == 409
    assert "has changed since you looked" in shown.text
    assert WHY in shown.text
    assert (await case_of(office, reference)).redates == 0


async def test_what_would_be_sooner_stays_unless_that_is_ticked(office: Office, reference: str) -> None:
    await teamwork.sends(office, await fills(office, await office.get("/redate"), because="closure", redate_text=WHY))
    await office.settle()
    in_force(office, DaysOff())
    page = await office.get("/redate")
    assert "it would be sooner, 17:00 on Monday 8 March 2027" in page.text
    ticked = await office.get("/redate?what=calendar&sooner=yes")
    assert "Sooner: 17:00 on Monday 8 March 2027, and not 17:00 on Wednesday 10 March 2027" in ticked.text
    await teamwork.sends(office, await fills(office, ticked, because="put_right", redate_text=WHY))
    await office.settle()
    assert answer_due(await case_of(office, reference)) == "2027-03-08 17:00"


async def test_what_is_received_after_the_calendar_changed_is_counted_by_it_from_the_start(office: Office) -> None:
    in_force(office, CLOSED)
    found = await raised(office)
    await office.settle()
    assert answer_due(await case_of(office, found)) == "2027-03-10 17:00"
    assert (await case_of(office, found)).received_at == civil("2027-03-01 09:30")


async def test_a_new_version_of_the_policy_is_shown_with_what_it_refuses(office: Office, reference: str) -> None:
    values = office.in_force.policy.model_dump()
    values["version"] = "2"
    for clock in values["stages"][0]["clocks"]:
        if clock["id"] == "resolve":
            clock["id"] = "answer"
    office.in_force = opening.InForce(type(office.in_force.policy).model_validate(values))
    office.app = office.make_app()
    office.browser = office.new_browser(signed_in=True)
    page = await office.get("/redate?what=policy")
    assert "1 cannot be counted by it" in page.text
    assert "The new policy has no time limit “resolve” there" in page.text
    assert "There is nothing to count anew." in page.text


async def test_no_such_press_is_no_page(office: Office) -> None:
    assert (await office.get("/redate/abcdefgh1234")).status == 404
    assert (await office.get("/redate/not%20one")).status == 404


async def test_only_the_team_gets_there(office: Office) -> None:
    browser: httpx.AsyncClient
    for role in (Role.ADMINISTRATOR, Role.REVIEWER):
        async with await office.sign_in(role) as browser:
            assert (await office.get("/redate", browser=browser)).status == 403
