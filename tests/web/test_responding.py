"""Answering by link (issue 3, item 6; rules of practice, "Who sees what, and when"; a defect that peers mended)."""

from __future__ import annotations

from typing import Any

import pytest

from escalations.rules.case import Case, ClaimState, Status
from escalations.rules.notices import NoticeKind
from escalations.store import links
from tests.web import answering
from tests.web.conftest import Office, Page
from tests.web.forms_filled import CHILD, WORDS, raised


async def _case(office: Office, reference: str) -> Case:
    async with office.database.read() as tx:
        case = await office.cases.read(tx, reference)
    assert case is not None
    return case


@pytest.fixture
async def reference(office: Office) -> str:
    """Give the reference of an escalation that children's services were asked to answer."""
    found = await raised(office)
    await office.settle()
    return found


@pytest.fixture
async def asked(office: Office, reference: str) -> str:
    """Give the token of the link that asks children's services to answer."""
    return await answering.link(office, reference, NoticeKind.ASKED)


# ---- The link alone --------------------------------------------------------------------------------------------------


async def test_opening_a_link_changes_nothing_and_sends_nothing(office: Office, reference: str, asked: str) -> None:
    mails = len(await office.mails())
    seq = (await _case(office, reference)).seq
    for _ in range(3):
        assert (await office.browser.head(f"/l/{asked}")).status_code == 303
        await answering.open_link(office, asked)
    assert len(await office.mails()) == mails
    assert (await _case(office, reference)).seq == seq


async def test_a_link_shows_reference_stage_and_date_only(office: Office, reference: str, asked: str) -> None:
    page = await answering.open_link(office, asked)
    assert page.path == "/answer", "the address that stays on the screen is clean"
    assert reference in page.text
    assert "Monday 1 March 2027" in page.text
    for told in (CHILD, WORDS, "Oak Lane", "plan", "child protection"):
        assert told not in page.text


async def test_a_forged_link_says_what_to_do(office: Office) -> None:
    page = await answering.open_link(office, "abcdefghijklmnopqrstuvwxyz234567")
    assert page.status == 404
    assert "newest message" in page.text
    bare = await office.get("/answer")
    assert "open the link in your message" in bare.title.lower()


async def test_an_upper_case_link_still_opens(office: Office, asked: str) -> None:
    assert (await answering.open_link(office, asked.upper())).path == "/answer"


async def test_a_link_whose_asking_is_done_says_so(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    await office.post(
        "/answer/answer", token=page.token, once="1", offers="agreed_as_asked", reasons="We visit tomorrow."
    )
    again = await answering.open_link(office, asked)
    assert "What this link asked is done" in again.text
    assert WORDS not in again.text


async def test_an_old_link_points_to_the_newest_message(office: Office, reference: str) -> None:
    token = await answering.link(office, reference, NoticeKind.RECEIPT)
    office.time = office.time.replace(month=7)
    page = await answering.open_link(office, token)
    assert page.status == 410
    assert "newest message" in page.text


# ---- The code --------------------------------------------------------------------------------------------------------


async def test_the_code_goes_to_the_same_address_and_names_no_one(office: Office, asked: str) -> None:
    opened = await answering.open_link(office, asked)
    page = await office.post("/answer/send-code", token=opened.token)
    assert page.path == "/answer/code"
    assert "t...@council.example" in page.text
    mail = (await office.mails())[-1]
    assert CHILD not in mail
    assert await answering.newest_code(office) not in mail.split("\r\n\r\n")[0], "a subject shows on locked screens"


async def test_a_wrong_code_keeps_name_and_role(office: Office, asked: str) -> None:
    opened = await answering.open_link(office, asked)
    await office.post("/answer/send-code", token=opened.token)
    right = await answering.newest_code(office)
    page = await office.get("/answer/code")
    wrong = await office.post(
        "/answer/code",
        token=page.token,
        code="000000" if right != "000000" else "111111",
        name="Tamsin Okoro",
        role="Social worker",
    )
    assert wrong.problems == ["This code is not right. Check the newest message and enter its 6 numbers again."]
    assert wrong.value("name") == "Tamsin Okoro"
    assert WORDS not in wrong.text
    assert WORDS in (await office.post("/answer/code", token=wrong.token, code=right, name="T", role="S")).text


async def test_name_and_role_are_asked_for(office: Office, asked: str) -> None:
    opened = await answering.open_link(office, asked)
    await office.post("/answer/send-code", token=opened.token)
    page = await office.get("/answer/code")
    lacking = await office.post("/answer/code", token=page.token, code="")
    assert lacking.problems == [
        "Enter the code of 6 numbers from the message",
        "Enter your full name",
        "Enter your job title or role",
    ]


async def test_the_session_of_one_link_opens_no_other(office: Office, reference: str, asked: str) -> None:
    assert WORDS in (await answering.enter(office, asked)).text
    other = await answering.link(office, reference, NoticeKind.RECEIPT)
    page = await answering.open_link(office, other)
    assert "Send me a code" in page.text
    assert WORDS not in page.text


async def test_a_colleague_without_the_code_sees_nothing(office: Office, asked: str) -> None:
    await answering.enter(office, asked)
    async with office.new_browser() as other:
        page = await answering.open_link(office, asked, browser=other)
    assert "Send me a code" in page.text


async def test_the_responding_agency_reads_its_own_case_number_first(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    person = page.text[page.text.index("Person 1") :]
    assert person.index("CS-55") < person.index(CHILD) < person.index("UPN 12")


async def test_that_somebody_read_it_is_written_down(office: Office, reference: str, asked: str) -> None:
    await answering.enter(office, asked)
    read = await office.access_log()
    assert ("read_by_link", reference, "childrens-services") in read


# ---- Acts ------------------------------------------------------------------------------------------------------------


async def _do(office: Office, page: Page, doing: str, **fields: Any) -> Page:  # noqa: ANN401
    return await office.post(
        f"/answer/{doing}", token=page.token, once=page.value("once"), seen_stage=page.value("seen-stage"), **fields
    )


async def test_an_acknowledgement_is_recorded(office: Office, reference: str, asked: str) -> None:
    page = await _do(office, await answering.enter(office, asked), "acknowledge")
    assert "Recorded" in page.title
    assert (await _case(office, reference)).parties[0].evidence.acknowledged
    assert "Acknowledge it" not in (await office.get("/answer")).text


async def test_an_answer_is_put_before_the_raiser_with_its_reasons(office: Office, reference: str, asked: str) -> None:
    await _do(
        office,
        await answering.enter(office, asked),
        "answer",
        offers="agreed_in_part",
        reasons="We read the file. Two visits were made.",
        plan="A visit on 3 March, by Tamsin Okoro.",
    )
    async with office.new_browser() as raiser:
        token = await answering.link(office, reference, NoticeKind.ANSWERED)
        page = await answering.enter(office, token, name="Ottoline Brack", role="Safeguarding lead", browser=raiser)
        assert "Is your worry dealt with?" in page.text
        assert "Two visits were made." in page.text
        assert "A visit on 3 March" in page.text
        done = await office.post("/answer/agree", token=page.token, once="1", outcome="agreed_in_part", browser=raiser)
        assert "Recorded" in done.title
    assert (await _case(office, reference)).status is Status.CLOSED


async def test_what_was_settled_by_phone_is_said_then_confirmed_by_the_other_side(
    office: Office,
    reference: str,
    asked: str,
) -> None:
    await office.until("2027-03-02 10:00")
    said = await _do(
        office,
        await answering.enter(office, asked),
        "say-done",
        done="answered",
        done_at_day="1",
        done_at_month="3",
        done_at_year="2027",
        done_at_time="4pm",
        done_text="We agreed a visit.",
    )
    assert "said to be done" in said.text
    async with office.new_browser() as raiser:
        token = await answering.link(office, reference, NoticeKind.ASKED_TO_CONFIRM)
        page = await answering.enter(office, token, browser=raiser)
        assert "16:00 on Monday 1 March 2027" in page.text
        assert "says: at 16:00 on Monday 1 March 2027 the answer was given." in page.text
        assert "We agreed a visit." in page.text
        await office.post("/answer/confirm", token=page.token, once="1", browser=raiser)
    claim = (await _case(office, reference)).claims[0]
    assert claim.state is ClaimState.CONFIRMED


async def test_what_was_said_to_be_done_can_be_denied(office: Office, reference: str, asked: str) -> None:
    await office.until("2027-03-02 10:00")
    await _do(
        office,
        await answering.enter(office, asked),
        "say-done",
        done="spoke",
        done_at_day="1",
        done_at_month="3",
        done_at_year="2027",
        done_at_time="16:00",
        done_text="We spoke.",
    )
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_CONFIRM)
    page = await answering.enter(office, token)
    await _do(office, page, "deny", deny_text="Nobody rang.")
    assert (await _case(office, reference)).claims[0].state is ClaimState.DENIED


async def test_a_time_before_the_clock_began_is_refused_with_a_sentence(office: Office, asked: str) -> None:
    page = await _do(
        office,
        await answering.enter(office, asked),
        "say-done",
        done="spoke",
        done_at_day="1",
        done_at_month="2",
        done_at_year="2027",
        done_at_time="16:00",
        done_text="We spoke.",
    )
    assert "This was not carried out" in page.text
    assert "what was tried earlier belongs in the text" in page.text
    assert page.value("done-text") == "We spoke."


async def test_what_is_missing_is_asked_for_and_nothing_is_lost(office: Office, asked: str) -> None:
    page = await _do(
        office,
        await answering.enter(office, asked),
        "say-done",
        done_at_day="32",
        done_at_month="3",
        done_at_year="2027",
        done_at_time="1pm",
        done_text="We agreed a visit.",
    )
    assert page.status == 422
    assert page.problems == ["Say what was done", "The time must be a real date. Check the day."]
    assert page.value("done-text") == "We agreed a visit."
    lacking = await _do(office, page, "answer")
    assert lacking.problems == ["Say what you offer", "Give your answer with its reasons"]


async def test_silence_leads_to_a_question_and_a_yes_moves_it_up(office: Office, reference: str) -> None:
    await office.until("2027-03-03 10:00")
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_CHOOSE)
    page = await answering.enter(office, token)
    assert "Does it move up?" in page.text
    assert "no reply recorded" in page.text
    moved = await _do(office, page, "move-up", move_text="No word for two days.")
    assert "Recorded" in moved.title
    await office.until("2027-03-05 10:00")
    assert (await _case(office, reference)).stage == 2


async def test_staying_ends_the_question(office: Office, reference: str) -> None:
    await office.until("2027-03-03 10:00")
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_CHOOSE)
    await _do(office, await answering.enter(office, token), "stay")
    assert (await _case(office, reference)).move is None


async def test_of_two_acts_that_contradict_one_applies_and_one_gets_a_sentence(office: Office, reference: str) -> None:
    await office.until("2027-03-03 10:00")
    token = await answering.link(office, reference, NoticeKind.ASKED_TO_CHOOSE)
    page = await answering.enter(office, token)
    office.settles_at_once = False
    agreed = await _do(office, page, "agree", outcome="agreed_as_asked")
    moved = await _do(office, page, "move-up", move_text="No word.")
    assert "Received" in agreed.title
    assert "Received" in moved.title
    await office.settle()
    assert "Recorded" in (await office.get(agreed.path)).title
    refused = await office.get(moved.path)
    assert "This was not carried out" in refused.text
    assert "was closed at" in refused.text


async def test_a_double_press_is_one_act(office: Office, reference: str, asked: str) -> None:
    page = await answering.enter(office, asked)
    office.settles_at_once = False
    first = await _do(office, page, "acknowledge")
    second = await _do(office, page, "acknowledge")
    assert first.path == second.path
    await office.settle()
    assert "Recorded" in (await office.get(second.path)).title


async def test_with_the_timer_service_away_the_act_is_received(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    office.timers = False
    office.settles_at_once = False
    received = await _do(office, page, "acknowledge")
    assert "Received" in received.title
    assert "as soon as the timer service is up" in received.text


async def test_with_the_database_away_nothing_is_received_and_the_words_come_back(office: Office, asked: str) -> None:
    page = await answering.enter(office, asked)
    office.database.away = True
    away = await _do(office, page, "answer", offers="agreed_as_asked", reasons="We visit tomorrow.")
    assert away.status == 503
    assert "We have NOT received this" in away.text
    assert "We visit tomorrow." in away.text


async def test_after_the_working_day_a_new_code_is_asked_for_and_the_words_come_back(
    office: Office, asked: str
) -> None:
    page = await answering.enter(office, asked)
    await office.until("2027-03-02 09:00")
    late = await _do(office, page, "answer", offers="agreed_as_asked", reasons="We visit tomorrow.")
    assert late.status == 403
    assert "Please ask for a code again" in late.text
    assert "We visit tomorrow." in late.text


async def test_an_act_of_somebody_elses_is_not_offered_and_not_taken(
    office: Office, reference: str, asked: str
) -> None:
    page = await answering.enter(office, asked)
    assert "It moves up" not in page.text
    refused = await _do(office, page, "move-up", move_text="x")
    assert "Only the agency that raised this can do this." in refused.text
    assert (await _case(office, reference)).stage == 1


async def test_an_urgent_case_asks_whom_somebody_spoke_to(office: Office) -> None:
    found = await raised(office, safety={"urgent": "yes"})
    await office.settle()
    token = await answering.link(office, found, NoticeKind.ASKED)
    page = await answering.enter(office, token)
    assert "Record a phone call" in page.text
    done = await _do(office, page, "reached", spoken_to="Ottoline Brack, safeguarding lead")
    assert "Recorded" in done.title


async def test_what_is_unsafe_to_tell_stands_at_the_top(office: Office) -> None:
    found = await raised(office, people_1={"not_safe": "yes", "address_withheld": "yes"})
    await office.settle()
    page = await answering.enter(office, await answering.link(office, found, NoticeKind.ASKED))
    assert page.text.index("not safe to tell the family") < page.text.index("Asked of you")
    assert "address in this case is withheld" in page.text


async def test_what_the_other_side_says_was_done_can_be_confirmed_on_a_page_that_asks_for_nothing(
    office: Office, reference: str, asked: str
) -> None:
    """And what stood on the page is meant, though another claim waits when the button is pressed."""
    await office.until("2027-03-02 10:00")
    when: dict[str, Any] = {"done_at_day": "1", "done_at_month": "3", "done_at_year": "2027", "done_text": "We spoke."}
    for time, done in (("16:00", "spoke"), ("16:30", "met")):
        page = await answering.enter(office, asked)
        once = page.value("once")
        await office.post("/answer/say-done", token=page.token, once=once, done=done, done_at_time=time, **when)
    to_raiser = await answering.link(office, reference, NoticeKind.REACHED)
    page = await answering.enter(office, to_raiser, name="Noor Haverstock")
    assert "Yes, it was done" in page.text
    assert page.value("claim") == "c1"
    for _ in range(2):
        await office.post("/answer/confirm", token=page.token, once=page.value("once"), claim="c1", confirm_text="Yes.")
        page = await office.get("/answer")
    assert page.value("claim") == "c2"
    assert [claim.state for claim in (await _case(office, reference)).claims] == [ClaimState.CONFIRMED, ClaimState.SAID]


async def test_a_wrong_code_and_a_name_that_is_missing_are_said_at_once_and_nothing_typed_is_lost(
    office: Office, asked: str
) -> None:
    opened = await answering.open_link(office, asked)
    await office.post("/answer/send-code", token=opened.token)
    page = await office.get("/answer/code")
    code = await answering.newest_code(office)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    again = await office.post("/answer/code", token=page.token, code=wrong, name="", role="Social worker")
    assert len(again.problems) == 2
    assert "This code is not right." in again.problems[0]
    assert "Enter your full name" in again.problems[1]
    assert (again.value("code"), again.value("role")) == (wrong, "Social worker")
    right = await office.post("/answer/code", token=again.token, code=code, name="", role="Social worker")
    assert right.problems == ["Enter your full name"]


async def test_a_page_that_says_that_no_code_was_sent_can_be_loaded_again_without_asking_for_one(
    office: Office, asked: str
) -> None:
    opened = await answering.open_link(office, asked)
    for _ in range(links.CODES_AN_HOUR):
        await office.post("/answer/send-code", token=opened.token)
    said = await office.post("/answer/send-code", token=opened.token)
    assert "Several codes were sent" in said.text
    before = len(await office.mails())
    assert "Several codes were sent" in (await office.get(str(said.answer.url.raw_path, "ascii"))).text
    assert "use the newest one" in said.text
    page = await office.get("/answer/code")
    for _ in range(links.TRIES):
        page = await office.post("/answer/code", token=page.token, code="no code", name="Mallory", role="Nobody")
    said = await office.get(str(said.answer.url.raw_path, "ascii"))
    assert "none of them can be used any more" in said.text
    assert f"ring the partnership team on {office.settings.team_phone}" in said.text
    assert len(await office.mails()) == before
