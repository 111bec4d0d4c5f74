"""Words of urgency or danger in a mail: the team hears at once, whoever wrote is asked, and a reply answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from escalations.intake.mail_codes import Code
from escalations.policy import Awaits, Track
from escalations.rules import acts, events
from escalations.rules.case import Seen, Status
from escalations.rules.notices import NoticeKind
from escalations.store.mails import MailState
from tests import builders
from tests.mailroom import Clock, MailRoomAt, mail_room, message

NOOR = "Noor Haverstock <noor.haverstock@oaklane.example>"
TAMSIN = "Tamsin Okoro <tamsin.okoro@council.example>"
WHOLE = "To agency: Wyeford Council children's services\nChild: Persephone Canarybird\nReason: plan not followed\n"
DANGER = f"{WHOLE}Problem: He is in immediate danger tonight.\n"


@pytest.fixture
def clock() -> Clock:
    return Clock("2027-03-05 22:00")  # a Friday night


@pytest.fixture
async def room(tmp_path: Path, clock: Clock) -> AsyncIterator[MailRoomAt]:
    async with mail_room(tmp_path, clock=clock) as opened:
        yield opened


def words(found: EmailMessage) -> str:
    return " ".join(found.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]  # it has one


async def raised(room: MailRoomAt, text: str = DANGER, **more: Any) -> str:  # noqa: ANN401
    await room.sends(message(text, **more))
    return (await room.references())[-1]


async def newest(room: MailRoomAt, subject: str) -> str:
    return words([found for found in await room.outbox() if subject in str(found["Subject"])][-1])


async def replies(
    room: MailRoomAt, reference: str, text: str, *, kind: NoticeKind = NoticeKind.RECEIPT, sender: str = NOOR
) -> None:
    address = await room.reply_address(reference, kind)
    await room.sends(message(text, sender=sender, to=address, subject="Re: your receipt"), to=(address,))


@pytest.mark.parametrize(("text", "more"), [(DANGER, {}), (f"{WHOLE}Problem: Nobody came.\n", {"subject": "URGENT"})])
async def test_the_receipt_asks_plainly_and_the_team_is_told_at_once(
    room: MailRoomAt, text: str, more: dict[str, str]
) -> None:
    reference = await raised(room, text, **more)
    case = await room.case(reference)
    assert (case.status, case.track, case.asked_if_urgent) == (Status.OPEN, Track.STANDARD, True)
    receipt = await newest(room, "we have received your escalation, please answer one question")
    assert receipt.startswith("If a child or adult is in danger now, phone 999 and do not wait for us.")
    assert "You do not have to do anything" not in receipt
    assert "Is it urgent? What you wrote has words that can mean that it is urgent" in receipt
    for said in ("In danger now: phone 999", "Urgent: yes", "Urgent: no", "01632 960199"):
        assert said in receipt
    assert "danger tonight" not in receipt
    told = await newest(room, "please look now, it may be urgent")
    assert "by 23:00 on Friday 5 March 2027" in told
    assert "danger tonight" not in told
    assert (await room.words(reference))["mail"]["urgent_words"]


async def test_of_what_is_held_the_team_hears_in_the_one_message_that_it_gets(room: MailRoomAt) -> None:
    reference = await raised(room, "Nobody knows where he is.", sender="Somebody <somebody@elsewhere.example>")
    case = await room.case(reference)
    assert (case.status, case.asked_if_urgent) == (Status.HELD, True)
    assert {f"{clock.due_at:%H:%M}" for clock in case.running(Awaits.LOOK)} == {"23:00"}
    assert "is to look at it by 23:00 on Friday 5 March 2027" in await newest(room, "we have received your escalation")
    told = [str(found["Subject"]) for found in await room.outbox() if "please look now" in str(found["Subject"])]
    assert len(told) == 1


async def test_what_is_held_without_such_words_says_until_when_too(room: MailRoomAt) -> None:
    await raised(room, "Nobody came.")
    assert "is to look at it by 11:00 on Monday 8 March 2027" in await newest(room, "we have received your escalation")


@pytest.mark.parametrize("held", [False, True])
async def test_a_reply_of_one_line_makes_it_urgent(room: MailRoomAt, *, held: bool) -> None:
    reference = await raised(room, "He is in danger." if held else DANGER)
    await replies(room, reference, "Urgent: yes\n")
    case = await room.case(reference)
    assert (case.track, case.asked_if_urgent) == (Track.URGENT, False)
    changed = next(one for one in await room.happened(reference) if isinstance(one, events.TrackChanged))
    assert (changed.channel, changed.by.position) == ("mail", "raiser")
    assert not [one for one in await room.happened(reference) if isinstance(one, events.WordsAdded)]
    assert (await room.mails())[-1].code == Code.SAID_URGENT
    said = await newest(room, "recorded as urgent")
    assert said.index("phone 999") < said.index(reference)


async def test_it_does_so_after_completing_as_well_and_keeps_what_else_was_written(room: MailRoomAt) -> None:
    reference = await raised(room, "He is in danger.")
    case = await room.case(reference)
    assert case.incomplete
    act = acts.Complete(
        submission_id="complete",
        by=next(one for one in await room.happened(reference) if isinstance(one, events.Raised)).by,
        channel="link",  # type: ignore[arg-type]  # pydantic reads it
        received_at=room.parts.now(),
        responding_agencies=("childrens-services",),
        concern=acts.Concern.CHILD,
        reason=acts.Reason.PLAN,
    )
    await room._apply(reference, act, None)
    assert (await room.case(reference)).asked_if_urgent
    await replies(room, reference, "Urgent: yes\n\nShe rang again.", kind=NoticeKind.PASSED_ON)
    assert (await room.case(reference)).track is Track.URGENT
    assert [one for one in await room.happened(reference) if isinstance(one, events.WordsAdded)]


async def test_no_leaves_it_on_the_standard_track_and_is_recorded(room: MailRoomAt) -> None:
    reference = await raised(room)
    await replies(room, reference, "Urgent: no\n")
    case = await room.case(reference)
    assert (case.track, case.asked_if_urgent) == (Track.STANDARD, False)
    assert "keeps the time limits that it has" in await newest(room, "recorded as not urgent")
    await replies(room, reference, "Urgent: yes\n")
    assert (await room.case(reference)).track is Track.URGENT, "and it can still become urgent"


async def test_a_reply_without_the_line_is_asked_again(room: MailRoomAt) -> None:
    reference = await raised(room)
    await replies(room, reference, "Yes it is!")
    assert (await room.case(reference)).track is Track.STANDARD
    assert "Is it urgent?" in await newest(room, "what you wrote was added")


async def test_the_same_line_again_counts_once_it_was_taken_back_and_is_one_message_until_then(
    room: MailRoomAt,
) -> None:
    reference = await raised(room)
    await replies(room, reference, "Urgent: yes\n")
    await replies(room, reference, "Urgent: yes\n")
    assert [one.code for one in await room.mails()].count(Code.SAID_URGENT) == 1, "nothing has changed in between"
    back = acts.ChangeTrack(**builders.origin(builders.TEAM, room.parts.now()), track=Track.STANDARD)
    await room.does(reference, back)
    await replies(room, reference, "Urgent: yes\n")
    assert (await room.case(reference)).track is Track.URGENT
    assert [one.code for one in await room.mails()].count(Code.SAID_URGENT) == 2


async def test_the_other_sides_word_makes_nothing_urgent_and_the_team_and_the_raiser_hear_of_it(
    room: MailRoomAt,
) -> None:
    reference = await raised(room, f"{WHOLE}Problem: Nobody came.\n")
    await replies(room, reference, "Urgent: yes\nHe has gone missing.", kind=NoticeKind.ASKED, sender=TAMSIN)
    case = await room.case(reference)
    assert (case.track, case.asked_if_urgent) == (Track.STANDARD, True)
    assert "please look now, it may be urgent" in str([str(one["Subject"]) for one in await room.outbox()])
    assert "Is it urgent?" in await newest(room, "something was added, please read it")
    answer = await newest(room, "your agency is recorded as having this")
    assert "Whoever raised it can put it on the urgent track" in answer
    assert "Urgent: yes" not in answer


async def test_of_one_that_has_closed_it_waits_for_the_team_which_hears_at_once(room: MailRoomAt) -> None:
    reference = await raised(room, f"{WHOLE}Problem: Nobody came.\n")
    by = next(one for one in await room.happened(reference) if isinstance(one, events.Raised)).by
    act = acts.Withdraw(submission_id="w", by=by, channel="link", received_at=room.parts.now(), reason="other")  # type: ignore[arg-type]  # pydantic reads it
    await room._apply(reference, act, None)
    await replies(room, reference, "Urgent: yes\n")
    row = (await room.mails())[-1]
    assert (row.state, row.code, row.urgent) == (MailState.HELD, Code.URGENT_THOUGH_CLOSED, True)
    assert "is to look at it by 23:00" in await newest(room, "We have received your message")
    assert await newest(room, "Please look now: 1 message for the partnership team")


async def test_a_receipt_that_is_quoted_without_marks_answers_and_asks_nothing(room: MailRoomAt) -> None:
    """Some programs put what they answer below without any mark: our own lines are no answer to our question."""
    reference = await raised(room)
    receipt = [found for found in await room.outbox() if "please answer one question" in str(found["Subject"])][-1]
    quoted = str(receipt.get_body(("plain",)).get_content())  # type: ignore[union-attr]  # it has one
    await replies(room, reference, f"Thank you.\n\n{quoted}")
    case = await room.case(reference)
    assert (case.track, case.asked_if_urgent) == (Track.STANDARD, True)
    added = [one for one in await room.happened(reference) if isinstance(one, events.WordsAdded)]
    assert [one.seen for one in added] == [()]


async def test_a_plea_is_answered_with_who_reads_it(room: MailRoomAt) -> None:
    reference = await raised(room, f"{WHOLE}Problem: Please do not tell the father.\n")
    assert (await room.case(reference)).seen == (Seen.NOT_TO_TELL,)
    receipt = await newest(room, "we have received your escalation")
    assert "Each agency that it is raised with can read all of what you wrote" in receipt
    assert "Your message has words that can mean that somebody is not to be told." in receipt
    assert "father" not in receipt


async def test_lines_that_were_not_understood_are_said_to_be_and_not_repeated(room: MailRoomAt) -> None:
    await raised(room, "Child: Persephone Canarybird\nDate of birth: spring\nReason: rudeness\nProblem: Nobody came.")
    receipt = await newest(room, "we have received your escalation")
    assert "Some of your labelled lines were not understood" in receipt
    assert "rudeness" not in receipt
