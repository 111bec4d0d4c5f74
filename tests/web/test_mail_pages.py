"""Completing what a plain mail raised, and the team's pages of what came by email and waits for it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from escalations.intake import submissions
from escalations.intake.mail_codes import Code
from escalations.mail.address import Replies
from escalations.mail.locked import Locked
from escalations.policy import Track
from escalations.rules.actors import Channel
from escalations.rules.case import DeliveryState, KnownBy, Status
from escalations.rules.instead import Because, By, ToldInstead
from escalations.rules.notices import NoticeKind
from escalations.store import mails, notices, register, tables
from escalations.store.mails import Envelope, Known, MailRow, MailState
from escalations.web import mail_pages, mail_undelivered, words
from tests.mail import messages
from tests.mailroom import message
from tests.web import answering, mailing, teamwork
from tests.web.conftest import Office, Page
from tests.web.test_completing import folded_fields

CHILD = "Persephone Canarybird"
REST: dict[str, Any] = {
    "phone": "01632 960 309",
    "kind": "child",
    "person_name": CHILD,
    "born_day": "4",
    "born_month": "5",
    "born_year": "2019",
    "reason": "plan_not_followed",
    "arose_day": "20",
    "arose_month": "2",
    "arose_year": "2027",
    "problem": "Nobody came since January.",
    "wanted": "A visit this week.",
    "tried": "We rang twice.",
    "manager": "yes",
    "risk": "Neglect.",
    "meanwhile": "The school sees her daily.",
    "level": "3",
    "legal": "child_in_need",
    "aware": "yes",
}


async def emailed(office: Office, text: str, *, sender: str = "Noor <noor.haverstock@oaklane.example>") -> str:
    row = await mailing.receive(office, message(text, sender=sender))
    assert row.reference is not None
    return row.reference


async def opened(office: Office, reference: str) -> Page:
    token = await answering.link(office, reference, NoticeKind.RECEIPT)
    return await answering.enter(office, token, name="Noor Haverstock", role="Class teacher")


async def case_of(office: Office, reference: str) -> Any:  # noqa: ANN401
    async with office.database.read() as tx:
        return await office.cases.read(tx, reference)


# ---- Completing -----------------------------------------------------------------------------------------------------


async def test_the_page_to_complete_is_filled_in_with_what_the_mail_said(office: Office) -> None:
    reference = await emailed(
        office, f"Child: {CHILD}\nDate of birth: 4 May 2019\nLevel: 3\nProblem: Nobody came.\nWhat we want: A visit."
    )
    page = await opened(office, reference)
    assert "Complete your escalation" in page.text
    assert page.value("person-name") == CHILD
    assert (page.value("born-day"), page.value("born-month"), page.value("born-year")) == ("4", "5", "2019")
    assert page.value("problem") == "Nobody came."
    assert page.value("wanted") == "A visit."
    assert page.value("level") == "3"
    assert page.value("kind") == "child"


async def test_what_the_mail_has_answered_is_folded_and_what_is_missing_stands_open(office: Office) -> None:
    reference = await emailed(
        office, f"Child: {CHILD}\nDate of birth: 4 May 2019\nLevel: 3\nProblem: Nobody came.\nWhat we want: A visit."
    )
    page = await opened(office, reference)
    for answered in ("Who it is about", "The problem, and what you want"):
        assert f"{answered}: filled in from your email" in page.text
    folded = folded_fields(page)
    assert {"person-name", "problem"} <= folded
    assert folded.isdisjoint({"reason", "tried", "risk", "level", "legal", "aware"})
    lacking = await office.post("/answer/complete", token=page.token, **{**REST, "wanted": ""})
    assert "wanted" not in folded_fields(lacking), "what is to be put right is never folded"


async def test_completing_it_with_an_agency_passes_it_on_and_its_words_are_the_completed_ones(office: Office) -> None:
    reference = await emailed(office, "Nobody answers us about a child.")
    assert (await case_of(office, reference)).status is Status.HELD
    page = await opened(office, reference)
    sent = await office.post("/answer/complete", token=page.token, with_=["childrens-services"], **REST)
    assert sent.problems == []
    case = await case_of(office, reference)
    assert (case.status, case.stage, case.incomplete) == (Status.OPEN, 1, False)
    asked = await answering.link(office, reference, NoticeKind.ASKED)
    theirs = await answering.enter(office, asked, browser=office.new_browser())
    assert "Nobody came since January." in theirs.text
    assert CHILD in theirs.text
    assert "Nobody answers us about a child." in theirs.text, "and the mail as it came"


async def test_what_is_missing_is_said_and_nothing_that_was_typed_is_lost(office: Office) -> None:
    reference = await emailed(office, "Nobody answers us.")
    page = await opened(office, reference)
    again = await office.post(
        "/answer/complete", token=page.token, **{**REST, "wanted": "", "risk": "", "reason": "", "tried": "We rang."}
    )
    assert again.status == 422
    assert again.problems[0].startswith("Choose the agency")
    assert "Say what you want to happen" in again.problems
    assert again.value("tried") == "We rang."
    assert (await case_of(office, reference)).incomplete


async def test_what_came_too_late_is_given_back_with_every_field(office: Office) -> None:
    reference = await emailed(office, "Nobody answers us about a child.")
    token = (await opened(office, reference)).token
    office.settles_at_once = False
    said = {**REST, "number_childrens_services": "CS 1"}
    await office.post("/answer/complete", token=token, with_=["childrens-services"], **said)
    token.hidden["once"] = "another-press"
    said["problem"] = "And in February."
    late = await office.post("/answer/complete", token=token, with_=["childrens-services"], **said)
    await office.settle()
    refused = await office.get(late.path)
    assert "This was not carried out" in refused.text
    assert "completed already" in refused.text
    assert "And in February." in refused.text


async def test_of_an_unknown_sender_it_stays_with_the_team(office: Office) -> None:
    reference = await emailed(office, "Nobody answers us.", sender="Somebody <somebody@elsewhere.example>")
    page = await opened(office, reference)
    await office.post("/answer/complete", token=page.token, with_=["childrens-services"], **REST)
    case = await case_of(office, reference)
    assert (case.status, case.raising_agency, case.incomplete) == (Status.HELD, None, False)
    board = await office.get(f"/board/{reference}")
    assert "Nobody came since January." in board.text
    assert "The email as it came" in board.text
    # The receipt went to whoever wrote, and not to ourselves.
    assert "whoever raised it, of an agency not recognised yet" in board.text
    assert "the partnership team (who raised it)" not in board.text


ANSWER_BELOW = """Please see the answer of our service manager below.

From: Gwen Achterberg <gwen.achterberg@council.example>
Sent: 2 March 2027 09:02
To: Tamsin Okoro
Subject: Answer

Visits start again on Tuesday. He is in danger tonight if nobody comes. Please do not tell the father.
"""


async def test_an_answer_that_is_forwarded_is_there_to_read_and_its_words_are_looked_at(office: Office) -> None:
    reference = await emailed(office, "To agency: Wyeford Council children's services\nProblem: Nobody came.")
    office.replies = Replies.of(office.settings, office.vault)
    assert office.replies is not None
    asked = next(row for row in await office.notices(reference) if row.notice.kind is NoticeKind.ASKED)
    address = office.replies.address_of(asked.notice_id)
    tamsin = "Tamsin Okoro <tamsin.okoro@council.example>"
    forwarded = message(ANSWER_BELOW, sender=tamsin, to=address, subject="FW: Answer")
    await mailing.receive(office, forwarded, sender="tamsin.okoro@council.example", to=address)
    assert (await case_of(office, reference)).asked_if_urgent
    page = await opened(office, reference)
    assert "Earlier messages below it" in page.text
    assert "Visits start again on Tuesday." in page.text
    assert "“He is in danger tonight if nobody comes.”" in page.text
    assert "can mean that somebody is not to be told: “Please do not tell the father.”" in page.text


async def test_a_plea_stands_above_the_words_for_whoever_may_read_them_and_for_nobody_else(office: Office) -> None:
    said = "To agency: Wyeford Council children's services\nProblem: He must not know that I wrote."
    reference = await emailed(office, said)
    asked = await answering.link(office, reference, NoticeKind.ASKED)
    theirs = await answering.enter(office, asked, browser=office.new_browser())
    warning = "What was written can mean that somebody is not to be told: “He must not know that I wrote.”"
    assert warning in theirs.text, theirs.text
    assert "must not know" not in (await office.get(f"/board/{reference}")).text, "the partnership is not told yet"
    held = await emailed(office, "Please do not tell the parents.")
    for page in (f"/board/{held}", f"/board/{held}/pass-on"):
        assert (
            "can mean that somebody is not to be told: “Please do not tell the parents.”"
            in (await office.get(page)).text
        )


# ---- Is it urgent? --------------------------------------------------------------------------------------------------

WHOLE = "To agency: Wyeford Council children's services\nChild: Persephone Canarybird\nReason: plan not followed\n"
IN_DANGER = "He is in immediate danger tonight."


async def test_the_page_to_complete_asks_it_with_the_words_and_the_numbers(office: Office) -> None:
    reference = await emailed(office, IN_DANGER)
    page = await opened(office, reference)
    assert f"Is it urgent? These words can mean that it is, or that somebody is not safe: “{IN_DANGER}”" in page.text
    assert page.text.index("Please phone first.") < page.text.index("Your phone number")
    again = await office.post("/answer/complete", token=page.token, with_=["childrens-services"], **REST)
    assert again.problems == ["Say whether it is urgent"]
    sent = await office.post(
        "/answer/complete", token=again.token, with_=["childrens-services"], **REST, is_urgent="yes"
    )
    assert sent.problems == []
    case = await case_of(office, reference)
    assert (case.status, case.track, case.asked_if_urgent) == (Status.OPEN, Track.URGENT, False)


async def test_without_such_words_the_page_does_not_ask_it(office: Office) -> None:
    page = await opened(office, await emailed(office, "Nobody came."))
    assert "Is it urgent?" not in page.text


@pytest.mark.parametrize(
    ("press", "said", "track"),
    [("urgent", {"urgent_text": "He is there now."}, Track.URGENT), ("not-urgent", {}, Track.STANDARD)],
)
async def test_the_link_of_the_receipt_asks_it_where_nothing_else_is_missing(
    office: Office, press: str, said: dict[str, Any], track: Track
) -> None:
    reference = await emailed(office, f"{WHOLE}Problem: {IN_DANGER}")
    page = await opened(office, reference)
    assert "Yes, it is urgent" in page.text
    assert "No, it can wait for a working day" in page.text
    await office.post(f"/answer/{press}", token=page.token, **said)
    case = await case_of(office, reference)
    assert (case.track, case.asked_if_urgent) == (track, False)


async def test_the_board_and_the_case_show_it_to_the_team_and_the_words_to_whoever_may_read_them(
    office: Office,
) -> None:
    unheld = await emailed(office, f"{WHOLE}Problem: {IN_DANGER}")
    held = await emailed(office, IN_DANGER)
    board = await office.get("/board")
    assert board.text.count("Urgent? Ask") >= 2
    assert "danger tonight" not in board.text
    assert f"“{IN_DANGER}”" in (await office.get(f"/board/{held}")).text
    page = await office.get(f"/board/{unheld}")
    assert "danger tonight" not in page.text
    assert "Please ring the agency that raised it and ask" in page.text
    form = await office.get(f"/board/{unheld}/not-urgent")
    missing = await office.post(f"/board/{unheld}/not-urgent", token=form.token, once="a-press")
    assert missing.problems == ["Enter who told you: name and role", "Say in their words why it can wait"]
    await office.post(
        f"/board/{unheld}/not-urgent",
        token=form.token,
        once="a-press-more",
        not_urgent_said_by="Noor, teacher",
        not_urgent_text="He is with his aunt until Monday.",
    )
    assert not (await case_of(office, unheld)).asked_if_urgent
    assert "Urgent? Ask" in (await office.get("/board")).text, "of the other one it is still asked"


async def test_what_was_written_and_not_understood_stands_above_its_field_and_in_it_as_far_as_it_goes(
    office: Office,
) -> None:
    said = "To agency: Wyford childrens services\nChild: Persephone Canarybird\nDate of birth: 4/5/19\nReason: rudeness"
    page = await opened(office, await emailed(office, f"{said}\nProblem: Nobody came."))
    assert "Your email says “rudeness”. We did not recognise that, so please answer here." in page.text
    assert "Your email says “4/5/19”." in page.text
    assert (page.value("born-day"), page.value("born-month"), page.value("born-year")) == ("4", "5", "19")
    near = "The names nearest to it are: Wyeford Council children's services, Wyeford (children’s services)"
    assert near in page.text
    assert page.value("with") in {"", None}, "nothing is chosen by that"


async def test_the_team_sees_them_where_it_passes_it_on(office: Office) -> None:
    reference = await emailed(
        office,
        "My agency: Oaklane school\nTo agency: Wyford childrens services\nNobody came.",
        sender="A <a@else.example>",
    )
    page = await office.get(f"/board/{reference}/pass-on")
    assert (
        "The email names “Oaklane school”, which is no agency’s exact name. The names nearest to it are: Oak"
        in page.text
    )
    assert "The email names “Wyford childrens services”" in page.text


# ---- Held for the team ----------------------------------------------------------------------------------------------


async def held(office: Office) -> MailRow:
    reference = await emailed(office, "To agency: Wyeford Council children's services\nProblem: Nobody came.")
    row = await mailing.receive(
        office,
        message(f"About {CHILD}: she was seen today.", sender="Somebody <a@elsewhere.example>", subject=reference),
    )
    assert row.state is MailState.HELD
    return row


async def test_the_board_says_that_a_message_waits_and_the_list_says_why_and_nothing_of_what_was_written(
    office: Office,
) -> None:
    row = await held(office)
    board = (await office.get("/board")).text
    assert "Messages by email (1 to look at)" in board
    assert "1 Message by email to look at" in board
    listed = await office.get("/messages")
    assert "It names an escalation, and is no answer to a message of ours" in listed.text
    assert "11:30 on Monday 1 March 2027" in listed.text, "two working hours"
    assert str(row.reference) in listed.text
    assert CHILD not in listed.text


async def test_a_message_is_read_as_plain_text_and_that_is_written_down(office: Office) -> None:
    row = await held(office)
    page = await office.get(f"/messages/{row.mail_id}")
    assert f"About {CHILD}: she was seen today." in page.text
    assert "Counted from 09:30 on Monday 1 March 2027 (the message reached us)" in page.text
    assert ("mail_read", row.reference) in {(what, reference) for what, reference, _ in await office.access_log()}
    shown = await mailing.receive(
        office, messages.raw("list_newsletter").replace(b"News.", b"<script>alert(1)</script><b>News</b>")
    )
    assert "<script>alert" not in (await office.get(f"/messages/{shown.mail_id}")).html


async def test_words_of_danger_and_a_plea_stand_above_it_with_the_agencies_that_a_name_could_be(office: Office) -> None:
    reference = await emailed(office, "To agency: Wyeford Council children's services\nProblem: Nobody came.")
    said = "To agency: Wyford childrens services\n\nNobody knows where he is. Please do not tell the father."
    row = await mailing.receive(
        office, message(said, sender="Somebody <a@elsewhere.example>", subject=reference), sender="a@elsewhere.example"
    )
    assert row.state is MailState.HELD
    page = await office.get(f"/messages/{row.mail_id}")
    assert (
        "words that can mean that it is urgent, or that somebody is not safe: “Nobody knows where he is.”" in page.text
    )
    assert "It can mean that somebody is not to be told: “Please do not tell the father.”" in page.text
    assert "Not recognised. It could be: Wyeford Council children’s services, Wyeford" in page.text.replace("'", "’")
    listed = await office.get("/messages")
    assert "May be urgent" in listed.text
    assert "father" not in listed.text


async def test_what_raised_a_case_is_not_the_teams_to_read_before_the_partnership_is_told(office: Office) -> None:
    whole = f"To agency: Wyeford Council children's services\nChild: {CHILD}\nProblem: Nobody came.\n"
    row = await mailing.receive(office, message(whole, sender="Noor <noor.haverstock@oaklane.example>"))
    await office.settle()
    case = await case_of(office, str(row.reference))
    assert (case.status, case.partnership_told_at) == ("open", None)
    page = await office.get(f"/messages/{row.mail_id}")
    assert "has not told the partnership of yet" in page.text
    for word in (CHILD, "Nobody came", "Haverstock", "oaklane"):
        assert word not in page.html


async def passes(office: Office, row: MailRow, **fields: str) -> Page:
    """Choose the escalation, check what that does, and add it."""
    page = await office.get(f"/messages/{row.mail_id}")
    where, once = f"/messages/{row.mail_id}/pass", page.value("once")
    filled: dict[str, Any] = {"reference": str(row.reference), **fields}
    check = await office.post(where, token=page.token, once=once, **filled)
    assert check.title.startswith("Check before it is added")
    return await office.post(where, token=check.token, do="send", once=once, **filled)


async def test_the_team_passes_it_to_a_case_where_it_is_added_and_answers_nothing(office: Office) -> None:
    row = await held(office)
    after = await passes(office, row, reference=str(row.reference).lower(), note="From the grandmother’s neighbour.")
    assert after.path == f"/board/{row.reference}"
    case = await case_of(office, str(row.reference))
    assert not case.parties[0].evidence.acknowledged
    assert "No message waits" in (await office.get("/messages")).text
    link = await answering.link(office, str(row.reference), NoticeKind.ASKED)
    theirs = await answering.enter(office, link, browser=office.new_browser())
    assert "she was seen today" in theirs.text
    acts = await _acts(office)
    assert [(act.what, act.reference) for act in acts] == [("pass_to_case", row.reference)]
    assert b"grandmother" not in acts[0].sealed


async def test_before_it_is_added_the_page_says_what_that_does_and_whom_it_tells_and_nothing_is_stored(
    office: Office,
) -> None:
    row = await held(office)
    page = await office.get(f"/messages/{row.mail_id}")
    check = await office.post(
        f"/messages/{row.mail_id}/pass", token=page.token, once=page.value("once"), reference=str(row.reference)
    )
    assert "added what had come by email at 09:30 on Monday 1 March 2027" in check.text
    assert "Oak Lane Primary School (who raised it)" in check.text
    assert "Wyeford Council children's services (practitioner)" in check.text
    assert await _acts(office) == []
    back = await office.post(
        f"/messages/{row.mail_id}/pass",
        token=check.token,
        once=page.value("once"),
        do="change",
        reference=str(row.reference),
        note="Kept.",
    )
    assert back.value("note") == "Kept."


async def test_both_sides_are_told_that_something_was_added_and_not_a_word_of_it(office: Office) -> None:
    row = await held(office)
    before = len(office.relay.taken)
    recorded = await passes(office, row)
    assert "Recorded" in recorded.text
    assert "added what had come by email at 09:30 on Monday 1 March 2027" in recorded.text
    await office.settle()
    told = dict(office.relay.taken[before:])
    assert set(told) == {"noor.haverstock@oaklane.example", "tamsin.okoro@council.example"}
    for mail in told.values():
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one
        assert "something was added" in str(mail["Subject"])
        assert "/l/" in text
        assert CHILD not in text
        assert "seen today" not in text


async def test_a_second_press_adds_it_once_and_leads_to_what_the_first_brought(office: Office) -> None:
    row = await held(office)
    page = await office.get(f"/messages/{row.mail_id}")
    where, once = f"/messages/{row.mail_id}/pass", page.value("once")
    for _ in range(2):
        done = await office.post(where, token=page.token, do="send", once=once, reference=str(row.reference))
        assert "Recorded" in done.text
    assert [act.what for act in await _acts(office)] == ["pass_to_case"]
    case = await case_of(office, str(row.reference))
    async with office.database.read() as tx:
        kinds = [entry.kind for entry in await register.read(tx, case.reference)]
    assert kinds.count("words_added") == 1


async def test_what_was_put_aside_meanwhile_is_not_added(office: Office) -> None:
    row = await held(office)
    page = await office.get(f"/messages/{row.mail_id}")
    await office.post(f"/messages/{row.mail_id}/not-for-us", token=page.token, once=page.value("once"), **ASIDE)
    late = await office.post(
        f"/messages/{row.mail_id}/pass", token=page.token, do="send", once="another", reference=str(row.reference)
    )
    assert "The team put it aside" in late.text
    assert [act.what for act in await _acts(office)] == ["not_for_us"]


ASIDE: dict[str, Any] = {"aside_why": "nobody", "do": "send"}


async def _acts(office: Office) -> list[Any]:
    async with office.database.read() as tx:
        return list((await tx.execute(select(tables.MAIL_ACTS))).all())


async def doubted(office: Office) -> MailRow:
    """Give a report that a notice did not arrive, which came to the address for replies."""
    office.replies = Replies.of(office.settings, office.vault)
    assert office.replies is not None
    reference = await emailed(office, "To agency: Wyeford Council children's services\nProblem: Nobody came.")
    notice = next(row for row in await office.notices(reference) if row.notice.kind is NoticeKind.ASKED)
    bounce = messages.raw("bounce_permanent")
    row = await mailing.receive(office, bounce, sender="", to=office.replies.address_of(notice.notice_id))
    assert row.state is MailState.HELD
    return row


async def test_a_report_that_is_not_believed_stops_nothing_until_the_team_confirms_it(office: Office) -> None:
    row = await doubted(office)
    reference = str(row.reference)
    page = await office.get(f"/messages/{row.mail_id}")
    assert "may have made it up to gain time" in page.text
    assert (await case_of(office, reference)).parties[0].evidence.delivery is DeliveryState.DELIVERED
    sent = await confirms(office, row, page)
    assert sent.path == f"/board/{reference}"
    case = await case_of(office, reference)
    assert case.parties[0].evidence.delivery is DeliveryState.UNDELIVERED
    assert not {"acknowledge", "resolve"} & {clock.rule_id for clock in case.clocks if clock.running}
    assert [(act.what, act.reference) for act in await _acts(office)] == [("confirm_undelivered", reference)]
    again = await office.get(f"/messages/{row.mail_id}")
    assert "The team confirmed what it says: our notice did not arrive" in again.text
    assert "Confirmed that our notice did not arrive by Robin Sayle" in again.text


GROUNDS: dict[str, Any] = {
    "known_by": "phone",
    "known_from": "Ida Marsh, duty desk",
    "known_text": "Nothing came, says Quagga.",
}


async def confirms(office: Office, row: MailRow, page: Page, **other: str) -> Page:
    """Confirm a report in both steps."""
    fields: dict[str, Any] = {"token": page.token, "once": page.value("once"), **GROUNDS, **other}
    await office.post(f"/messages/{row.mail_id}/undelivered", **fields)
    sent = await office.post(f"/messages/{row.mail_id}/undelivered", **fields, do="send")
    await office.settle()
    return await office.get(sent.path)


async def test_what_follows_is_read_before_it_is_confirmed_and_grounds_are_asked_for(office: Office) -> None:
    row = await doubted(office)
    page = await office.get(f"/messages/{row.mail_id}")
    fields: dict[str, Any] = {"token": page.token, "once": page.value("once")}
    lacking = await office.post(f"/messages/{row.mail_id}/undelivered", **fields, known_text="Kept.")
    assert lacking.status == 422
    assert lacking.problems == [
        "Say how you know that it did not arrive",
        "Enter who told you: name, role and agency",
    ]
    assert lacking.value("known-text") == "Kept."
    check = await office.post(f"/messages/{row.mail_id}/undelivered", **fields, **GROUNDS)
    assert "Nothing has been stored or changed yet" in check.text
    stops, runs_on = check.text.split("Runs on, and does not change")
    assert "An acknowledgement from Wyeford Council children's services, due" in stops
    assert "The whole matter to be settled from both sides, due" in runs_on
    assert "Oak Lane Primary School (who raised it)" in runs_on
    assert (await case_of(office, str(row.reference))).parties[0].evidence.delivery is DeliveryState.DELIVERED
    assert await _acts(office) == []


async def test_who_had_got_it_in_whose_place_stays_known_once_it_is_confirmed(office: Office) -> None:
    row = await doubted(office)
    async with office.database.read() as tx:
        notice = await notices.get(tx, str(row.about))
    assert notice is not None
    told = ToldInstead(because=Because.CLOSED, by=By.DEPUTY)
    grounds = mail_undelivered.Grounds(KnownBy.PHONE, "Somebody", "They rang.")
    made = mail_undelivered.made(replace(notice, told_instead=told), grounds, by={}, now=office.now())
    assert made is not None
    assert (made.act.told_instead, made.act.known_by, made.act.channel) == (told, KnownBy.PHONE, Channel.TEAM)


async def test_where_somebody_there_has_acted_the_page_says_that_no_time_limit_stops(office: Office) -> None:
    row = await doubted(office)
    reference = str(row.reference)
    await teamwork.does(office, reference, "phone-call", reached="yes")
    page = await office.get(f"/messages/{row.mail_id}")
    fields: dict[str, Any] = {"token": page.token, "once": page.value("once")}
    check = await office.post(f"/messages/{row.mail_id}/undelivered", **fields, **GROUNDS)
    assert "No time limit stops." in check.text
    assert "An answer from Wyeford Council children's services, due" in check.text.split("Runs on")[1]
    running = {clock.rule_id for clock in (await case_of(office, reference)).clocks if clock.running}
    await confirms(office, row, page)
    after = {clock.rule_id for clock in (await case_of(office, reference)).clocks if clock.running}
    assert running <= after, "and that was true"


async def test_the_register_says_that_the_team_confirmed_it_and_how_it_knows_and_the_page_who(office: Office) -> None:
    row = await doubted(office)
    reference = str(row.reference)
    office.replies = None
    await confirms(office, row, await office.get(f"/messages/{row.mail_id}"))
    async with office.database.read() as tx:
        entries = await register.read(tx, reference, kind="notice_reported")
    assert [("team" in entry.body, '"known_by":"phone"' in entry.body) for entry in entries][-1] == (True, True)
    assert not any(word in entry.body for entry in entries for word in ("Quagga", "Ida Marsh", "Robin"))
    page = await office.get(f"/board/{reference}")
    assert "not delivered. The partnership team confirmed it: we spoke to them by phone. (Robin Sayle)" in page.text
    theirs = await answering.enter(
        office, await answering.link(office, reference, NoticeKind.NOT_DELIVERED), browser=office.new_browser()
    )
    assert "Quagga" not in theirs.text, "on what grounds the team believed it is the team's"


async def test_a_second_tab_is_told_who_did_what_before_and_loses_no_words(office: Office) -> None:
    row = await doubted(office)
    page = await office.get(f"/messages/{row.mail_id}")
    await office.post(f"/messages/{row.mail_id}/not-for-us", token=page.token, once=page.value("once"), **ASIDE)
    for doing in ("undelivered", "not-for-us", "pass"):
        late = await office.post(
            f"/messages/{row.mail_id}/{doing}",
            token=page.token,
            once=f"other-{doing}",
            do="send",
            reference=str(row.reference),
            note="Words of mine.",
            **GROUNDS,
        )
        assert late.status == 409
        assert "Already done by Robin Sayle at" in late.text
        assert "What you pressed now changed nothing" in late.text
        assert "Words of mine." in late.text
    assert [act.what for act in await _acts(office)] == ["not_for_us"]


async def test_the_page_of_a_case_says_that_mail_about_it_waits_and_leads_there(office: Office) -> None:
    row = await doubted(office)
    page = await office.get(f"/board/{row.reference}")
    assert "Messages by email that wait for the team" in page.text
    assert f'href="/messages/{row.mail_id}"' in page.html
    assert "Please look by" in page.text
    await confirms(office, row, await office.get(f"/messages/{row.mail_id}"))
    assert "Messages by email that wait" not in (await office.get(f"/board/{row.reference}")).text


async def test_what_is_no_such_report_cannot_be_confirmed_as_one(office: Office) -> None:
    row = await held(office)
    page = await office.get(f"/messages/{row.mail_id}")
    assert "did not arrive" not in page.text
    await office.post(f"/messages/{row.mail_id}/undelivered", token=page.token, once=page.value("once"))
    assert await _acts(office) == []
    assert (await case_of(office, str(row.reference))).parties[0].evidence.delivery is DeliveryState.DELIVERED


async def test_a_second_press_does_nothing_twice_and_a_wrong_reference_loses_nothing(office: Office) -> None:
    row = await held(office)
    page = await office.get(f"/messages/{row.mail_id}")
    fields: dict[str, Any] = {"token": page.token, "once": page.value("once")}
    wrong = await office.post(f"/messages/{row.mail_id}/pass", **fields, reference="PD-27-9999-X", note="Kept.")
    assert wrong.status == 422
    assert (wrong.problems != [], wrong.value("note")) == (True, "Kept.")
    for _ in range(2):
        await office.post(f"/messages/{row.mail_id}/not-for-us", **fields, **ASIDE)
    assert [act.what for act in await _acts(office)] == ["not_for_us"]


async def test_with_the_database_away_what_was_typed_is_given_back(office: Office) -> None:
    row = await held(office)
    page = await office.get(f"/messages/{row.mail_id}")
    office.database.away = True
    away = await office.post(
        f"/messages/{row.mail_id}/pass", token=page.token, once=page.value("once"), reference="x", note="A long note."
    )
    office.database.away = False
    assert away.status == 503
    assert "NOT" in away.text
    assert "A long note." in away.html
    assert await _acts(office) == []


async def test_the_team_sees_whom_it_does_not_answer_and_what_came_twice(office: Office) -> None:
    reference = await emailed(office, "Nobody came.")
    for number in range(6):
        raw = message(f"What became of it, number {number}?", subject=reference, sender="y@elsewhere.example")
        await mailing.receive(office, raw)
    page = await office.get("/messages")
    assert "1 address gets no automatic answers at present" in page.text
    assert "No automatic answer: so much came from that address" in page.text
    twice: dict[str, Any] = {"subject": reference, "sender": "z@elsewhere.example"}
    row = await mailing.receive(office, message("Twice.", **twice, message_id="<1@x.example>"))
    await mailing.receive(office, message("Twice.", **twice, message_id="<2@x.example>"))
    shown = await office.get(f"/messages/{row.mail_id}")
    assert "The same words came once more, and are kept once" in shown.text


async def test_whoever_sends_many_messages_pushes_nobody_elses_out_of_the_list(office: Office) -> None:
    envelope = Envelope("x@mail.example", ("escalations@partnership.example",), over_loopback=False)
    async with office.database.write() as tx:
        for number in range(mail_pages.PER_PAGE + 1):
            mail_id = submissions.new_id(office.now())
            known = Known("person", None, (), "not", None, mail_id, mail_id, "sender")
            raw = message(f"Number {number}.")
            await mails.receive(tx, office.vault, raw, envelope, known, mail_id=mail_id, received_at=office.now())
            await mails.settle(tx, mail_id, state=MailState.HELD, code=Code.OUTSIDE, at=office.now())
            await mails.hold_until(tx, mail_id, due_at=office.now() + timedelta(hours=number), urgent=False)
    first, second = await office.get("/messages"), await office.get("/messages?page=2")
    assert f"Messages for the team ({mail_pages.PER_PAGE + 1})" in first.text
    assert "Page 1 of 2" in first.text
    shown = [set(re.findall(r"/messages/([0-9a-f-]{36})", page.html)) for page in (first, second)]
    assert [len(one) for one in shown] == [mail_pages.PER_PAGE, 1]
    assert not shown[0] & shown[1]
    for odd in ("0", "-1", "9999999999999999999", "x"):
        assert (await office.get(f"/messages?page={odd}")).status == 200


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("reply_locked_zip", "a file that asks for a password"),
        ("reply_pgp", "a part that is encrypted (PGP)"),
        ("list_newsletter", None),
    ],
)
async def test_the_page_says_what_to_do_with_what_cannot_be_opened(office: Office, name: str, what: str | None) -> None:
    row = await mailing.receive(office, messages.raw(name), sender="somebody@elsewhere.example")
    page = await office.get(f"/messages/{row.mail_id}")
    assert (row.state is MailState.HELD) or what is None
    assert (f"It holds {what}. That cannot be opened here, and is kept as it came. Please ask" in page.text) == bool(
        what
    )
    assert ("cannot be opened here" in page.text) == bool(what)


def test_each_way_of_being_locked_has_its_words() -> None:
    assert set(words.LOCKED) == set(Locked)
