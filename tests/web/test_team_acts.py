"""The team's acts, each by its own page (issue 4, item 2): taken, refused, pressed again, contradicting each other."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update

from escalations.policy import Side
from escalations.rules.actors import Actor
from escalations.rules.case import Case, Cause, ClaimState, Outcome, Route, Status
from escalations.rules.notices import NoticeKind
from escalations.store import tables
from escalations.store.notices import NoticeState
from tests.builders import raise_
from tests.web import answering, teamwork
from tests.web.conftest import Office
from tests.web.forms_filled import CHILD, WORDS, raised

SAID = "The head said by phone that the visits are back, Zanzibar."
"""Words of the team's, with a made-up one that must stand nowhere but where they are read."""


@pytest.fixture
async def reference(office: Office) -> str:
    found = await raised(office)
    await office.settle()
    return found


@pytest.fixture
async def held(office: Office) -> str:
    found = await raised(office, "/enter", agencies={"with": "", "unknown": "yes"})
    await office.settle()
    return found


async def case_of(office: Office, reference: str) -> Case:
    async with office.database.read() as tx:
        case = await office.cases.read(tx, reference)
    assert case is not None
    return case


async def stored(office: Office, kind: str) -> int:
    of = tables.SUBMISSIONS
    async with office.database.read() as tx:
        found: int = (await tx.execute(select(func.count()).where(of.c.act_kind == kind))).scalar_one()
    return found


# ---- Pass on ----


async def test_passing_on_needs_an_agency_and_can_name_several(office: Office, held: str) -> None:
    lacking = await teamwork.fills(office, held, "pass-on", with_="")
    assert lacking.problems == ["Choose the agency that is to be told"]
    more = await teamwork.fills(office, held, "pass-on", do="add", with_="police")
    assert 'id="with-2"' in more.html
    assert '<option value="police" selected>' in more.html
    done = await teamwork.does(office, held, "pass-on", with_=["police", "childrens-services"])
    assert done.path == f"/board/{held}"
    assert "Passed on to Three Rivers Police, public protection, Wyeford Council children's services." in done.text
    case = await case_of(office, held)
    assert case.status is Status.OPEN
    assert [party.agency_id for party in case.parties] == ["police", "childrens-services"]


async def test_before_anybody_is_told_the_team_reads_once_more_whom_and_can_still_change_it(
    office: Office, held: str
) -> None:
    check = await teamwork.fills(office, held, "pass-on", with_="police")
    assert check.title.startswith("Check before they are told")
    assert "Three Rivers Police, public protection (practitioner)" in check.text
    assert (await case_of(office, held)).status is Status.HELD
    assert await stored(office, "pass_on") == 0, "nothing is stored before it is sent"
    back = await teamwork.sends(office, check, "change")
    assert '<option value="police" selected>' in back.html


async def test_the_raising_agency_is_chosen_where_it_is_to_be_put_right(office: Office, held: str) -> None:
    same = await teamwork.fills(office, held, "pass-on", raising_agency="police", with_="police")
    assert same.status == 422
    assert "This is the agency that raises it." in same.problems[0]
    who = await teamwork.fills(office, held, "pass-on", raising_agency="police", with_="childrens-services")
    asked = {**teamwork.carried(who), "stands": "contact"}
    await teamwork.sends(office, await office.post(who.path, token=who.token, **asked))
    assert (await case_of(office, held)).raising_agency == "police"


async def test_passed_on_twice_the_second_hears_what_has_changed_and_loses_nothing(office: Office, held: str) -> None:
    one = await teamwork.fills(office, held, "pass-on", with_="police")
    other = await teamwork.fills(office, held, "pass-on", with_="childrens-services")
    await teamwork.sends(office, one)
    late = await teamwork.sends(office, other)
    assert "This has already been passed on." in late.text
    assert [party.agency_id for party in (await case_of(office, held)).parties] == ["police"]


async def test_one_button_pressed_twice_is_one_act(office: Office, held: str) -> None:
    check = await teamwork.fills(office, held, "pass-on", with_="police")
    first = await teamwork.sends(office, check)
    again = await teamwork.sends(office, check)
    assert first.answer.url == again.answer.url
    assert await stored(office, "pass_on") == 1


async def test_what_was_raised_can_be_read_where_agencies_are_chosen_and_that_is_written_down(
    office: Office, held: str
) -> None:
    form = await office.get(f"/board/{held}/pass-on")
    assert WORDS in form.text
    assert any(what == "read_by_team" for what, _, _ in await office.access_log())


# ---- Phone calls, and what was said to be done ----


async def test_a_call_about_a_notice_that_did_not_arrive_sees_to_it(office: Office) -> None:
    office.relay.refuses = True
    reference = await raised(office, agencies={"with": "education-safeguarding"})
    await office.settle()
    assert "1 Not delivered, or nobody in post" in (await office.get("/board")).text
    await teamwork.does(office, reference, "phone-call", agency="education-safeguarding", reached="yes")
    await teamwork.does(office, reference, "phone-call", agency="oak-school", reached="yes")
    board = await office.get("/board")
    assert "0 Waiting for us" in board.text
    for agency in ("Wyeford Council education safeguarding", "Oak Lane Primary School"):
        assert f"{agency}: not delivered" not in board.text
    assert "The partnership team: not delivered" in board.text, "no call puts the team's own mailbox right"


async def test_a_call_needs_an_agency_of_the_case(office: Office, reference: str) -> None:
    page = await teamwork.fills(office, reference, "phone-call", agency="police", reached="yes", phone_text=SAID)
    assert page.problems == ["Choose the agency that you phoned"]
    assert page.value("phone-text") == SAID


async def test_what_was_said_to_be_done_is_confirmed_or_denied_once(office: Office, reference: str) -> None:
    token = await answering.link(office, reference, NoticeKind.ASKED)
    page = await answering.enter(office, token)
    await office.until("2027-03-01 15:00")
    said_at: dict[str, Any] = {
        "done_at_day": "1",
        "done_at_month": "3",
        "done_at_year": "2027",
        "done_at_time": "11:00",
    }
    await office.post("/answer/say-done", token=page.token, once="1", done="spoke", **said_at, done_text="We spoke.")
    yes = await teamwork.fills(office, reference, "said-done", was_done="yes", claim_text=SAID)
    no = await teamwork.fills(office, reference, "said-done", was_done="no", claim_text=SAID)
    assert yes.title.startswith(teamwork.CHECK)
    await teamwork.sends(office, yes)
    assert (await case_of(office, reference)).claims[0].state is ClaimState.CONFIRMED
    late = await teamwork.sends(office, no)
    assert (await case_of(office, reference)).claims[0].state is ClaimState.CONFIRMED
    assert "This was not carried out" in late.text
    assert SAID in late.text, "what was typed is given back"


async def test_a_person_reached_ends_that_clock_and_the_raiser_hears_of_it(office: Office) -> None:
    reference = await raised(office, safety={"urgent": "yes"})
    await office.settle()
    lacking = await teamwork.fills(office, reference, "reached")
    assert lacking.problems == ["Say whom you spoke to"]
    done = await teamwork.does(office, reference, "reached", spoken_to="The duty manager")
    assert "A person of Wyeford Council children's services was spoken to." in done.text
    assert "Record that a person was reached" not in done.text


# ---- The cause of a delay ----


async def test_a_cause_is_confirmed_once_both_agencies_had_their_time(office: Office, reference: str) -> None:
    await office.until("2027-03-03 10:00")
    early = await office.get(f"/board/{reference}")
    assert "from 17:00 on Tuesday 9 March 2027, or once everybody who is asked has given an account" in early.text
    form = await office.get(f"/board/{reference}/cause")
    assert "can be confirmed after 17:00 on Tuesday 9 March 2027" in form.text
    assert "<form method" not in form.html[form.html.index("<main") :], "there is nothing to send yet"
    await office.until("2027-03-09 17:01")
    done = await teamwork.does(office, reference, "cause", clock="2-acknowledge", cause="silent")
    assert done.path == f"/board/{reference}"
    clock = (await case_of(office, reference)).clock("2-acknowledge")
    assert clock.cause is Cause.SILENT
    assert clock.cause_confirmed_at is not None
    assert "no reply recorded (confirmed)" in done.text


async def test_another_cause_than_the_recorded_one_needs_a_reason(office: Office, reference: str) -> None:
    await office.until("2027-03-10 10:00")
    lacking = await teamwork.fills(office, reference, "cause", clock="2-acknowledge", cause="closed")
    assert lacking.problems == ["Say in a few words what shows that it was another cause"]
    assert 'value="closed" checked' in lacking.html.replace("  ", " ")
    await teamwork.does(
        office, reference, "cause", clock="2-acknowledge", cause="closed", cause_text="School holidays."
    )
    assert (await case_of(office, reference)).clock("2-acknowledge").cause is Cause.CLOSED


async def test_done_in_time_and_recorded_later_says_when_and_who_confirms_it_on_each_side(
    office: Office, reference: str
) -> None:
    await office.until("2027-03-10 10:00")
    fields: dict[str, Any] = {"clock": "2-acknowledge", "cause": "recorded_late", "cause_text": "It was done."}
    lacking = await teamwork.fills(office, reference, "cause", **fields)
    assert lacking.problems == [
        "Enter the date on which it was done",
        "Enter the time at which it was done, as well as you know it",
        "Enter who confirms it for the raising side: name, role and agency",
        "Enter who confirms it for the other side: name, role and agency",
        "Say how you know it",
    ]
    said = {**fields, **when("done_at", "2", "11:00"), **BOTH}
    page = await teamwork.fills(office, reference, "cause", **said)
    assert page.status == 409, "what is still waited for is said to be done first"
    assert "said to be done" in page.problems[0]
    assert (page.value("cause-text"), page.value("said-raising")) == ("It was done.", BOTH["said_raising"])
    assert await stored(office, "confirm_cause") == 0


BOTH: dict[str, Any] = {
    "said_raising": "Ottoline Brack, lead, Oak Lane",
    "said_responding": "Tamsin Okoro, manager, Wyeford",
    "known_by": "meeting",
}


def when(name: str, day: str, time: str) -> dict[str, Any]:
    return {f"{name}_day": day, f"{name}_month": "3", f"{name}_year": "2027", f"{name}_time": time}


async def test_that_our_system_did_not_run_is_compared_with_our_own_record(office: Office, reference: str) -> None:
    await office.until("2027-03-10 10:00")
    fields: dict[str, Any] = {"clock": "2-acknowledge", "cause": "our_outage", "cause_text": "The server was away."}
    lacking = await teamwork.fills(office, reference, "cause", **fields)
    assert "Enter the date from which our system did not run" in lacking.problems
    against = await teamwork.fills(
        office, reference, "cause", **fields, **when("away_from", "2", "12:00"), **when("away_until", "2", "18:00")
    )
    assert against.status == 409
    assert "Our own record has something in the middle of that time" in against.problems[0]
    assert against.value("away-from-time") == "12:00"
    check = await teamwork.fills(
        office, reference, "cause", **fields, **when("away_from", "2", "09:00"), **when("away_until", "2", "10:00")
    )
    assert "Not checked by us: nothing that would show it was to be done in that time" in check.text
    assert await stored(office, "confirm_cause") == 0
    done = await teamwork.sends(office, check)
    assert "our system was not running, from 09:00 on Tuesday 2 March 2027 to 10:00" in done.text
    assert "(not checked by us:" in done.text
    assert (await case_of(office, reference)).clock("2-acknowledge").cause is Cause.OUR_OUTAGE


# ---- Closing ----


async def test_an_open_case_ends_on_somebodys_word_and_everybody_hears_of_it(office: Office, reference: str) -> None:
    lacking = await teamwork.fills(office, reference, "close")
    assert lacking.problems == [
        "Say how it ended",
        "Say on whose word it ends",
        "Say who told you, with their role",
        "Say in their own words how it ended, or why it is not for this policy",
    ]
    fields: dict[str, Any] = {
        "outcome": "agreed_another_way",
        "on_word_of": "raising",
        "said_by_name": "Ottoline Brack",
        "close_text": SAID,
    }
    check = await teamwork.fills(office, reference, "close", **fields)
    assert "Wyeford Council children's services (practitioner)" in check.text
    assert SAID in check.text
    done = await teamwork.sends(office, check)
    assert "on the word of the raising agency" in done.text
    case = await case_of(office, reference)
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.AGREED_ANOTHER_WAY)
    closing = [row for row in await office.notices(reference) if row.notice.kind is NoticeKind.CLOSED]
    assert {row.state for row in closing} == {NoticeState.SENT}
    assert all("Zanzibar" not in mail for mail in await office.mails())


async def test_nobody_closes_an_open_case_on_the_teams_own_judgement(office: Office, reference: str) -> None:
    form = await office.get(f"/board/{reference}/close")
    assert 'value="team"' not in form.html
    fields: dict[str, Any] = {
        "outcome": "overtaken_by_events",
        "on_word_of": "team",
        "said_by_name": "",
        "close_text": SAID,
    }
    page = await teamwork.fills(office, reference, "close", **fields)
    assert page.status == 409
    assert "it ends when the raising side or the final body says so" in page.problems[0]
    assert page.value("close-text") == SAID
    assert (await case_of(office, reference)).status is Status.OPEN


async def test_what_is_held_can_be_redirected_with_its_way(office: Office, held: str) -> None:
    fields: dict[str, Any] = {"outcome": "redirected", "on_word_of": "team", "close_text": "It is about staff conduct."}
    lacking = await teamwork.fills(office, held, "close", **fields)
    assert lacking.problems == ["Say which way it goes instead"]
    await teamwork.does(office, held, "close", **fields, route="lado")
    case = await case_of(office, held)
    assert (case.status, case.route) == (Status.CLOSED, Route.LADO)


async def test_the_page_to_note_a_call_says_whom_to_phone_on_which_number(office: Office, reference: str) -> None:
    page = await office.get(f"/board/{reference}/phone-call")
    assert "Wyeford Council children's services: Social worker, 01632 960201 (from the directory)" in page.text


async def test_a_wrong_time_of_the_end_is_said_at_its_own_field(office: Office, reference: str) -> None:
    fields: dict[str, Any] = {
        "outcome": "agreed_as_asked",
        "on_word_of": "raising",
        "said_by_name": "Ottoline Brack",
        "close_text": SAID,
        "said_at_day": "1",
        "said_at_month": "2",
        "said_at_year": "2027",
        "said_at_time": "10:00",
    }
    page = await teamwork.fills(office, reference, "close", **fields)
    assert page.status == 409
    assert "That is before this escalation was raised" in page.problems[0]
    assert 'href="#said-at-day"' in page.html
    assert page.value("close-text") == SAID


async def test_closed_twice_the_second_hears_it_and_gets_the_words_back(office: Office, reference: str) -> None:
    fields: dict[str, Any] = {"on_word_of": "raising", "said_by_name": "Ottoline Brack", "close_text": SAID}
    one = await teamwork.fills(office, reference, "close", outcome="agreed_as_asked", **fields)
    other = await teamwork.fills(office, reference, "close", outcome="withdrawn", **fields)
    await teamwork.sends(office, one)
    late = await teamwork.sends(office, other)
    assert "This escalation was closed at" in late.text
    assert SAID in late.text
    assert (await case_of(office, reference)).outcome is Outcome.AGREED_AS_ASKED
    gone = await office.get(f"/board/{reference}/close")
    assert "Already done by Robin Sayle at" in gone.text


# ---- What holds for all of them ----


async def test_with_the_database_away_nobody_is_told_received_and_the_words_come_back(
    office: Office, reference: str
) -> None:
    form = await office.get(f"/board/{reference}/phone-call")
    office.database.away = True
    page = await office.post(f"/board/{reference}/phone-call", token=form.token, reached="no", phone_text=SAID)
    assert page.status == 503
    assert "We have NOT received this" in page.text
    assert SAID in page.text


async def test_a_page_that_was_open_for_too_long_gives_its_words_back(office: Office, reference: str) -> None:
    stale = await office.post(f"/board/{reference}/close", token="0" * 64, once="1", close_text=SAID)
    assert stale.status == 403
    assert stale.value("close-text") == SAID
    assert await stored(office, "close") == 0


async def test_opening_a_form_does_nothing_and_an_act_that_is_none_is_no_page(office: Office, reference: str) -> None:
    before = (await case_of(office, reference)).seq
    for doing in ("phone-call", "close"):
        assert (await office.get(f"/board/{reference}/{doing}")).status == 200
    assert (await case_of(office, reference)).seq == before
    for path in ("burn", "outcome", "confirm"):
        assert (await office.get(f"/board/{reference}/{path}")).status == 404
    assert (await office.get("/board/PD-27-0099-X/close")).status == 404


async def test_the_outcome_of_somebody_elses_act_is_not_shown_to_the_team(office: Office, reference: str) -> None:
    """What a link's act says may be read only once the partnership is told."""
    token = await answering.link(office, reference, NoticeKind.ASKED)
    page = await answering.enter(office, token)
    await office.post("/answer/answer", token=page.token, once="1", offers="agreed_as_asked", reasons="R.", plan="")
    of = tables.SUBMISSIONS
    async with office.database.read() as tx:
        found = (await tx.execute(select(of.c.submission_id).where(of.c.act_kind == "respond"))).scalar_one()
    assert (await office.get(f"/board/{reference}/outcome/{found}")).status == 404


async def test_no_form_of_the_team_tells_what_a_case_is_about_before_the_partnership_is_told(
    office: Office, reference: str
) -> None:
    await office.until("2027-03-10 10:00")
    for doing in ("phone-call", "cause", "close"):
        page = await office.get(f"/board/{reference}/{doing}")
        for told in (CHILD, WORDS, "Ottoline"):
            assert told not in page.html


async def test_why_it_stays_is_read_on_the_case_page_from_the_notification_on(office: Office, reference: str) -> None:
    await office.until("2027-03-03 10:00")
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_CHOOSE)
    page = await answering.enter(office, token, name="Ottoline Brack", role="Safeguarding lead")
    await office.post("/answer/stay", token=page.token, once="1", stay_text="They rang; we wait until Friday.")
    assert "we wait until Friday" not in (await office.get(f"/board/{reference}")).text
    await office.until("2027-03-09 10:00")
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_CHOOSE)
    page = await answering.enter(office, token, name="Ottoline Brack", role="Safeguarding lead")
    await office.post("/answer/move-up", token=page.token, once="2", move_text="No visit.")
    await office.until("2027-03-11 10:00")
    assert "They rang; we wait until Friday." in (await office.get(f"/board/{reference}")).text


async def test_where_the_sender_was_not_recognised_the_team_says_which_agency_it_is(office: Office) -> None:
    """A plain mail from an address that the directory does not know."""
    mailed = await raised(office)
    async with office.database.write() as tx:
        found = (await tx.execute(select(tables.SUBMISSIONS.c.submission_id))).scalar_one()
        await tx.execute(update(tables.SUBMISSION_STATES).values(state="held"))
    nobody = Actor(side=Side.RAISING, position="practitioner")
    unknown = raise_(office.time, by=nobody, raising_agency=None, responding_agencies=())
    await office._apply(mailed, unknown.model_copy(update={"submission_id": found}), None)
    board = await office.get("/board")
    assert "An agency not recognised yet with an agency to be found out" in board.text
    lacking = await teamwork.fills(office, mailed, "pass-on", raising_agency="", with_="police")
    assert lacking.problems == ["Choose the agency that raised it"]
    assert '<option value="police" selected>' in lacking.html
    await teamwork.does(office, mailed, "pass-on", raising_agency="oak-school", with_="police")
    case = await case_of(office, mailed)
    assert (case.status, case.raising_agency) == (Status.OPEN, "oak-school")
