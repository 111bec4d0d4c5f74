"""Pausing a case, letting it go on, and extending a time limit, by the team's pages (issue 4, item 2)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from escalations.rules.civiltime import say
from escalations.rules.notices import NoticeKind
from tests.builders import civil
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import raised
from tests.web.test_team_acts import BOTH, case_of, stored, when

WHY = "The unit asked for two days: the doctor is away, Zanzibar."
"""Words of the team's, with a made-up one that must stand nowhere but where they are read."""


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    return found


async def test_an_extension_shows_the_new_time_limit_and_how_it_is_counted_before_anybody_is_told(
    office: Office, reference: str
) -> None:
    check = await teamwork.fills(office, reference, "extend", clock="3-resolve", more="2", extend_text=WHY)
    assert check.title.startswith(teamwork.CHECK)
    assert "due 17:00 on Wednesday 10 March 2027, and not 17:00 on Monday 8 March 2027" in check.text
    assert "when it was due before it was extended" in check.text
    assert "Wednesday 10 March 2027: working day 2 of 2" in check.text
    assert "Wyeford Council children's services (practitioner)" in check.text
    assert await stored(office, "extend") == 0
    done = await teamwork.sends(office, check)
    assert "Extended by 2 working days: an answer" in done.text
    assert (await case_of(office, reference)).clock("3-resolve").due_at == civil("2027-03-10 17:00")


async def test_every_due_time_that_a_clock_had_stays_with_its_moment_and_what_moved_it(
    office: Office, reference: str
) -> None:
    await teamwork.does(office, reference, "extend", clock="3-resolve", more="1", extend_text=WHY)
    await office.until("2027-03-02 10:00")
    page = await teamwork.does(office, reference, "extend", clock="3-resolve", more="1", extend_text=WHY)
    for told in (
        "Was due 17:00 on Monday 8 March 2027. Moved at 09:30 on Monday 1 March 2027 to 17:00 on Tuesday 9 March 2027:",
        "extended by 1 working day.",
        "Was due 17:00 on Tuesday 9 March 2027. Moved at 10:00 on Tuesday 2 March 2027 to 17:00 on Wednesday 10 March",
        "Was due: answer (3)",
        "Due: answer (3)",
    ):
        assert told in page.text
    assert page.text.count("the same as when this was counted.") == page.html.count('class="site-clock"')
    assert page.html.count('class="life-was-due"') == 2
    assert WHY not in page.html, "the partnership is not told yet, and reads no words"
    assert all("Zanzibar" not in mail for mail in await office.mails())


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        (
            {"clock": "", "more": "", "extend_text": ""},
            [
                "Choose the time limit",
                "Enter how much longer, as a number like 2",
                "Say why it needs longer, and who asked for it",
            ],
        ),
        (
            {"clock": "3-resolve", "more": "two", "extend_text": "W."},
            ["Enter how much longer as a whole number, like 2"],
        ),
        ({"clock": "3-resolve", "more": "0", "extend_text": "W."}, ["Enter how much longer as a whole number, like 2"]),
        ({"clock": "9-none", "more": "2", "extend_text": "W."}, ["Choose the time limit"]),
    ],
)
async def test_an_extension_says_what_is_missing(
    office: Office, reference: str, fields: dict[str, Any], problems: list[str]
) -> None:
    page = await teamwork.fills(office, reference, "extend", **fields)
    assert page.status == 422
    assert page.problems == problems


async def test_more_than_the_policy_lets_is_refused_before_it_is_sent_and_nothing_is_lost(
    office: Office, reference: str
) -> None:
    page = await teamwork.fills(office, reference, "extend", clock="3-resolve", more="9", extend_text=WHY)
    assert page.status == 409
    assert "The policy lets this time limit be extended by 5 working days in all" in page.problems[0]
    assert (page.value("more"), page.value("extend-text")) == ("9", WHY)


async def test_an_extension_pressed_after_the_limit_passed_asks_when_it_had_been_agreed_and_by_whom(
    office: Office, reference: str
) -> None:
    check = await teamwork.fills(office, reference, "extend", clock="3-resolve", more="2", extend_text=WHY)
    await office.until("2027-03-08 17:30")
    late = await teamwork.sends(office, check)
    assert late.status == 422
    assert late.problems == [
        "This time limit has passed. Enter the date on which both sides had agreed to more time",
        "Enter the time at which they agreed, as well as you know it",
        "Enter who agreed for the raising side: name, role and agency",
        "Enter who agreed for the other side: name, role and agency",
        "Say how you know it",
    ]
    assert late.value("extend-text") == WHY
    fields: dict[str, Any] = {
        "clock": "3-resolve",
        "more": "2",
        "extend_text": WHY,
        **when("agreed_at", "5", "10:00"),
        **BOTH,
    }
    check = await teamwork.fills(office, reference, "extend", **fields)
    assert "as both sides had agreed at 10:00 on Friday 5 March 2027 (it was said in a meeting" in check.text
    assert "No longer counted as passed: more time for an answer had been agreed before it passed." in check.text
    done = await teamwork.sends(office, check)
    assert "and recorded after it had passed: an answer, due 17:00 on Wednesday 10 March 2027" in done.text
    case = await case_of(office, reference)
    assert (case.clock("3-resolve").due_at, case.clock("3-resolve").cause) == (civil("2027-03-10 17:00"), None)


async def test_where_the_time_that_was_agreed_is_over_too_the_page_says_that_it_passed_then(
    office: Office, reference: str
) -> None:
    await office.until("2027-03-12 10:00")
    fields: dict[str, Any] = {"clock": "3-resolve", "more": "2", "extend_text": WHY, **BOTH}
    check = await teamwork.fills(office, reference, "extend", **fields, **when("agreed_at", "5", "10:00"))
    assert "Time limit passed: waiting for an answer" in check.text
    assert "due 17:00 on Wednesday 10 March 2027. Cause, provisional: no reply recorded." in check.text
    await teamwork.sends(office, check)
    clock = (await case_of(office, reference)).clock("3-resolve")
    assert (clock.due_at, clock.limit_passed_at) == (civil("2027-03-10 17:00"), office.time)


async def test_that_both_sides_agreed_to_a_pause_needs_their_names_and_how_it_is_known(
    office: Office, reference: str
) -> None:
    fields: dict[str, Any] = {"reason": "agreed_by_both", "pause_text": WHY}
    lacking = await teamwork.fills(office, reference, "pause", **fields)
    assert lacking.problems == [
        "Enter who agreed for the raising side: name, role and agency",
        "Enter who agreed for the other side: name, role and agency",
        "Say how you know it",
    ]
    check = await teamwork.fills(office, reference, "pause", **fields, **BOTH)
    assert BOTH["said_raising"] in check.text
    assert "due 17:00 on Tuesday 2 March 2027 so far, and stands still from now; if it goes on at" in check.text
    done = await teamwork.sends(office, check)
    assert "Paused by the partnership team: agreed by both sides (it was said in a meeting" in done.text.replace(
        "Agreed", "agreed"
    )
    await office.until("2027-03-03 10:00")
    going_on = await teamwork.fills(office, reference, "resume", resume_text="The order is made.")
    assert "it was due 17:00 on Tuesday 2 March 2027, and is then due" in going_on.text
    foretold = re.findall(r"An acknowledgement [^:]*: it was due [^;]*?is then due ([^A]*? 2027)", going_on.text)
    await teamwork.sends(office, going_on)
    after = (await case_of(office, reference)).clock("2-acknowledge").due_at
    assert foretold == [say(after)]


async def test_a_pause_stops_time_is_told_to_both_sides_and_gives_back_what_it_took(
    office: Office, reference: str
) -> None:
    lacking = await teamwork.fills(office, reference, "pause")
    assert lacking.problems == [
        "Say what it waits for",
        "Say in a few words what exactly it waits for, and until about when",
    ]
    check = await teamwork.fills(office, reference, "pause", reason="court", pause_text=WHY)
    assert "Oak Lane Primary School" in check.text
    assert "Wyeford Council children's services" in check.text
    done = await teamwork.sends(office, check)
    assert "Paused by the partnership team: a court." in done.text
    assert "Let its time limits go on" in done.text
    assert "Paused since 09:30 on Monday 1 March 2027: a court" in (await office.get("/board")).text
    await office.until("2027-03-03 10:00")
    assert "0 Time limit passed" in (await office.get("/board")).text
    gone_on = await teamwork.does(office, reference, "resume", resume_text="The order is made.")
    assert "It goes on." in gone_on.text
    assert (await case_of(office, reference)).clock("2-acknowledge").due_at == civil("2027-03-03 17:00")
    assert "a pause gave back what it had taken" in gone_on.text
    svg = gone_on.html[gone_on.html.index('<svg class="life"') : gone_on.html.index("</svg>")]
    assert len(re.findall('class="life-pause"', svg)) == 3
    kinds = {row.notice.kind for row in await office.notices(reference)}
    assert {NoticeKind.PAUSED, NoticeKind.RESUMED} <= kinds


async def test_two_who_pause_at_once_make_one_pause_and_the_second_hears_it(office: Office, reference: str) -> None:
    one = await teamwork.fills(office, reference, "pause", reason="court", pause_text=WHY)
    other = await teamwork.fills(office, reference, "pause", reason="medical", pause_text="Another reason.")
    await teamwork.sends(office, one)
    late = await teamwork.sends(office, other)
    assert "This has been paused since" in late.text
    assert "Another reason." in late.text
    assert (await case_of(office, reference)).pauses == 1


async def test_pausing_pressed_twice_is_one_pause(office: Office, reference: str) -> None:
    check = await teamwork.fills(office, reference, "pause", reason="court", pause_text=WHY)
    first, again = await teamwork.sends(office, check), await teamwork.sends(office, check)
    assert first.answer.url == again.answer.url
    assert await stored(office, "pause") == 1


async def test_a_case_that_is_not_paused_does_not_go_on(office: Office, reference: str) -> None:
    page = await office.get(f"/board/{reference}/resume")
    assert "This cannot be done on this escalation now." in page.text
    form = await office.get(f"/board/{reference}/pause")
    posted = await office.post(f"/board/{reference}/resume", token=form.token)
    assert "This is not paused, and its time limits run." in posted.text


async def test_what_the_team_wrote_is_read_once_the_partnership_is_told(office: Office, reference: str) -> None:
    await teamwork.does(office, reference, "extend", clock="3-resolve", more="1", extend_text=WHY)
    await office.until("2027-03-03 10:00")
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_CHOOSE)
    page = await answering.enter(office, token, name="Ottoline Brack", role="Safeguarding lead")
    await office.post("/answer/move-up", token=page.token, once="1", move_text="No visit.")
    await office.until("2027-03-05 10:00")
    assert WHY in (await office.get(f"/board/{reference}")).text
