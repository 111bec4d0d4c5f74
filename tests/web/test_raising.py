"""Raising by form (issue 3, item 6, "Bad input and faults"; rules of practice, "A child must not wait ...")."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalations.intake import submissions
from escalations.rules import acts
from escalations.store.notices import NoticeState
from tests.web import teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import CHILD, DIFFERENCE, PERSON, SAFETY, WORDS, YOU, fill, raised


async def _act(office: Office, reference: str) -> acts.Raise:
    async with office.database.read() as tx:
        row = next(row for row in await submissions.of_case(tx, reference) if row.act_kind == "raise")
    act = acts.loads(row.act)
    assert isinstance(act, acts.Raise)
    return act


async def test_an_escalation_is_received_with_a_reference(office: Office) -> None:
    check = await fill(office)
    assert CHILD in check.text
    assert WORDS in check.text
    receipt = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    assert receipt.path == "/raise/receipt"
    assert "PD-27-0001-" in receipt.text
    assert office.woken == 1
    assert CHILD not in receipt.text


async def test_what_was_typed_reaches_the_act_as_codes_and_the_sealed_part_as_words(office: Office) -> None:
    reference = await raised(office)
    act = await _act(office, reference)
    assert act.raising_agency == "oak-school"
    assert act.responding_agencies == ("childrens-services",)
    assert (act.concern, act.reason, act.level_of_need, act.legal_status, act.hold) == (
        "child",
        "plan_not_followed",
        4,
        "child_protection",
        False,
    )
    assert CHILD not in acts.dumps(act)
    async with office.database.read() as tx:
        sealed = await submissions.content(tx, office.vault, act.submission_id)
    assert sealed["raiser"]["email"] == YOU["email"]
    assert sealed["people"][0]["case_numbers"] == {"oak-school": "UPN 12", "childrens-services": "CS-55"}
    assert sealed["problem"] == WORDS


async def test_a_double_press_makes_one_escalation(office: Office) -> None:
    check = await fill(office)
    first = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    second = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    assert "PD-27-0001-" in first.text
    assert "PD-27-0001-" in second.text
    assert "one escalation and not two" in second.text
    assert (await raised(office)).startswith("PD-27-0002-")


async def test_a_referral_comes_first(office: Office) -> None:
    start = await office.get("/raise")
    assert "An escalation is not a referral" in start.text
    assert "complaints route" in start.text
    refer = await office.press("/raise", referred="not_yet")
    assert refer.path == "/raise/refer"
    assert "An escalation does not start help" in refer.text


async def test_missing_values_are_a_list_of_links_to_their_fields(office: Office) -> None:
    await office.press("/raise", referred="none")
    page = await office.press("/raise/you", name="Ottoline Brack", email="not an address")
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert page.problems == [
        "Enter your job title or role",
        "Choose the agency that you work for",
        "Enter an email address in the right form, like name@example.org",
        "Enter a phone number on which you can be reached",
    ]
    assert page.value("name") == "Ottoline Brack"
    assert page.value("email") == "not an address"


@pytest.mark.parametrize(
    ("day", "month", "year", "sentence"),
    [
        ("31", "2", "2016", "The date of birth must be a real date. That month does not have 31 days."),
        ("3", "", "2016", "The date of birth must include a month"),
        ("1", "1", "2030", "The date of birth must be today or in the past. Tuesday 1 January 2030 is in the future."),
        ("1", "13", "2016", "The date of birth must be a real date. Check the month."),
        ("1", "1", "16", "The date of birth must have a year of 4 numbers, like 2026"),
        ("", "", "", "Enter the date of birth or a case number, so that the other agency can find the right person"),
    ],
)
async def test_an_impossible_date_is_said_in_words_and_nothing_is_lost(
    office: Office,
    day: str,
    month: str,
    year: str,
    sentence: str,
) -> None:
    await fill(office, until="people/1")
    page = await office.press(
        "/raise/people/1", kind="child", person_name=CHILD, born_day=day, born_month=month, born_year=year
    )
    assert page.problems == [sentence]
    assert page.value("person-name") == CHILD
    assert page.value("born-day") == day
    again = await office.get("/raise/people/1")
    assert again.value("person-name") == CHILD, "what was typed is kept although it was not complete"


async def test_a_due_date_may_lie_in_the_future(office: Office) -> None:
    baby = {"kind": "unborn_baby", "born_day": "1", "born_month": "june", "born_year": "2027"}
    check = await fill(office, people_1=baby)
    assert "Tuesday 1 June 2027" in check.text


async def test_an_account_that_is_too_long_is_not_cut(office: Office) -> None:
    await fill(office, until="difference")
    page = await office.press("/raise/difference", **{**DIFFERENCE, "problem": "x" * 6001})
    assert page.problems == ["What the problem is must have 6,000 characters or fewer. You have 6,001."]
    assert len(page.value("problem")) == 6001


async def test_going_back_and_forth_loses_nothing(office: Office) -> None:
    await fill(office, until="tried")
    assert (await office.get("/raise/you")).value("name") == YOU["name"]
    assert (await office.get("/raise/difference")).value("problem") == WORDS
    assert (await office.get("/raise/agencies")).value("with") == "childrens-services"


async def test_line_breaks_and_odd_characters_come_back_as_they_were_typed(office: Office) -> None:
    odd = 'First line\r\n  second <b>line</b> & "quotes"\r\n\r\nlast'
    await fill(office, until="difference")
    await office.press("/raise/difference", **{**DIFFERENCE, "problem": odd})
    page = await office.get("/raise/difference")
    assert page.value("problem") == odd.replace("\r\n", "\n")
    assert "<b>line" not in page.html


async def test_a_changed_answer_leads_back_to_the_check(office: Office) -> None:
    await fill(office)
    assert (await office.press("/raise/safety", **{**SAFETY, "urgent": "yes"})).path == "/raise/check"
    check = await office.get("/raise/check")
    assert "please also phone them" in check.text


async def test_the_check_names_what_is_missing_and_offers_no_button(office: Office) -> None:
    await fill(office, until="tried")
    check = await office.get("/raise/check")
    assert "Something is still missing" in check.text
    assert "Say what has been tried so far" in check.text
    assert "Send the escalation" not in check.text


async def test_a_forged_check_page_is_read_again_before_anything_is_stored(office: Office) -> None:
    check = await fill(office)
    emptied = check.value("answers").replace(WORDS, "")
    page = await office.post("/raise/check", token=check.token, answers=emptied)
    assert page.status == 422
    assert "Say what the problem is" in page.text
    assert (await office.post("/raise/check", token=check.token, answers="{")).path == "/raise/check"


async def test_several_agencies_can_be_named_and_each_once(office: Office) -> None:
    await fill(office, until="agencies")
    added = await office.press("/raise/agencies", do="add", with_="childrens-services")
    assert 'id="with-2"' in added.html
    twice = await office.press("/raise/agencies", with_=["childrens-services", "childrens-services"])
    assert twice.problems == ["This agency is named twice. Name each agency once."]
    own = await office.press("/raise/agencies", with_="oak-school")
    assert "goes through that agency's own managers" in own.problems[0]
    both = await office.press("/raise/agencies", unknown="yes", with_="police")
    assert both.problems == ["Choose an agency, or tick that you do not know which one. You have done both."]
    reference = await raised(office, agencies={"with": ["childrens-services", "police"]})
    assert (await _act(office, reference)).responding_agencies == ("childrens-services", "police")


async def test_an_agency_that_is_not_known_is_left_to_the_team(office: Office) -> None:
    reference = await raised(office, agencies={"with": "", "unknown": "yes"})
    await office.settle()
    assert (await _act(office, reference)).responding_agencies == ()
    board = await office.get("/board")
    assert "Held for the team (1)" in board.text
    assert "12:00" not in board.text
    assert "11:30 on Monday 1 March 2027" in board.text, "two working hours to look"


async def test_several_people_can_be_added_changed_and_taken_away(office: Office) -> None:
    await fill(office, until="people")
    await office.press("/raise/people", do="add")
    listed = await office.press("/raise/people/2", **{**PERSON, "person_name": "A second child"})
    assert listed.path == "/raise/people"
    assert "You have added 2 people" in listed.text
    gone = await office.press("/raise/people", do="remove-1")
    assert "You have added 1 person" in gone.text
    assert CHILD not in gone.text
    reference = await raised(office, people_1={})
    assert (await _act(office, reference)).people == 1


async def test_brothers_and_sisters_are_one_concern_and_a_theme_is_another(office: Office) -> None:
    await fill(office)
    await office.press("/raise/people/2", **{**PERSON, "person_name": "A sister"})
    check = await office.get("/raise/check")
    await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    theme = await raised(office, subject={"subject": "theme", "theme": "Strategy discussions on Fridays"})
    assert (await _act(office, theme)).concern == "thematic"
    assert (await _act(office, theme)).people == 0


async def test_with_the_database_away_nobody_is_told_received(office: Office) -> None:
    check = await fill(office)
    office.database.away = True
    page = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    assert page.status == 503
    assert "We have NOT received this escalation" in page.text
    assert "PD-27-" not in page.text
    assert WORDS in page.text
    assert CHILD in page.text
    office.database.away = False
    receipt = await office.post("/raise/check", token=page.token, answers=page.value("answers"))
    assert "PD-27-0001-" in receipt.text


async def test_with_the_database_away_a_page_keeps_what_was_typed(office: Office) -> None:
    await fill(office, until="tried")
    shown = await office.get("/raise/tried")
    office.database.away = True
    page = await office.post("/raise/tried", token=shown.token, tried="I phoned twice.", manager="yes")
    assert page.status == 503
    assert "Nothing has been sent or received" in page.text
    assert page.value("tried") == "I phoned twice."
    assert (await office.get("/raise/tried")).status == 503
    office.database.away = False
    assert (
        await office.post("/raise/tried", token=page.token, tried="I phoned twice.", manager="yes")
    ).path == "/raise/safety"
    assert (await office.get("/raise/you")).value("name") == YOU["name"], "the pages before were not written over"


async def test_with_the_timer_service_away_there_is_a_reference_and_a_word_about_it(office: Office) -> None:
    office.timers = False
    office.settles_at_once = False
    check = await fill(office)
    receipt = await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    assert "PD-27-0001-" in receipt.text
    assert "starts as soon as the timer service is up" in receipt.text
    board = await office.get("/board")
    assert "Received, and not open yet" in board.text
    assert "PD-27-0001-" in board.text
    await office.settle()
    assert "Open escalations (1)" in (await office.get("/board")).text


async def test_a_page_that_was_open_for_too_long_gives_its_words_back(office: Office) -> None:
    await fill(office, until="tried")
    page = await office.post("/raise/tried", token="0" * 64, tried="I phoned twice.", manager="yes")
    assert page.status == 403
    assert page.value("tried") == "I phoned twice."
    assert (
        await office.post("/raise/tried", token=page.token, tried="I phoned twice.", manager="yes")
    ).path == "/raise/safety"


def _stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("escalations.db*"))


async def test_drafts_are_encrypted_and_erased_once_sent(office: Office, tmp_path: Path) -> None:
    check = await fill(office)
    stored = _stored(tmp_path)
    assert CHILD.encode() not in stored
    assert WORDS.encode() not in stored
    await office.post("/raise/check", token=check.token, answers=check.value("answers"))
    stored = _stored(tmp_path)
    assert CHILD.encode() not in stored
    assert (await office.get("/raise/you")).value("name") == ""


async def test_a_draft_is_of_no_use_after_a_working_day(office: Office) -> None:
    await fill(office, until="tried")
    await office.until("2027-03-01 22:00")
    assert (await office.get("/raise/you")).value("name") == ""


async def test_another_browser_does_not_see_a_draft(office: Office) -> None:
    await fill(office, until="tried")
    async with office.new_browser() as other:
        assert (await office.get("/raise/you", browser=other)).value("name") == ""


# ---- Entered by the team for somebody who phoned ---------------------------------------------------------------------


async def test_nobody_is_mailed_of_what_was_entered_until_tell_them_is_pressed(office: Office) -> None:
    reference = await raised(office, "/enter")
    await office.settle()
    act = await _act(office, reference)
    assert act.hold
    assert act.happened_at is not None
    assert act.happened_at < office.now()
    assert {row.notice.to.side for row in await office.notices(reference)} == {"team"}
    page = await office.get(f"/board/{reference}")
    assert "They spoke on 10 February." in page.text
    assert CHILD in page.text
    told = await teamwork.does(office, reference, "pass-on", with_="childrens-services")
    assert told.path == f"/board/{reference}"
    rows = await office.notices(reference)
    assert any(row.notice.to.agency_id == "childrens-services" and row.state is NoticeState.SENT for row in rows)


async def test_somebody_who_phoned_may_have_no_address(office: Office) -> None:
    reference = await raised(office, "/enter", you={"email": ""})
    assert (await _act(office, reference)).by.side == "team"


async def test_a_beginning_in_the_future_is_refused_in_words(office: Office) -> None:
    await office.press("/enter", referred="yes")
    page = await office.press("/enter/began", began_day="2", began_month="3", began_year="2027")
    assert page.problems == ["The date it began must be today or in the past. Tuesday 2 March 2027 is in the future."]
