"""How often an address is answered, and what whoever sends the same words again is told (issue 4)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from escalations.intake import mail_budget
from escalations.intake.mail_budget import ANSWERS_A_DAY, ANSWERS_AN_HOUR, Verdict
from escalations.rules.notices import NoticeKind
from escalations.store import mail_answers, mails
from escalations.store.mail_answers import Given
from escalations.store.mails import MailState, NotAnswered
from tests.builders import civil
from tests.mailroom import MAILBOX, Clock, MailRoomAt, mail_room, message

WHOLE = "To agency: Wyeford Council children's services\nProblem: Nobody came.\n"
NOOR = "noor.haverstock@oaklane.example"
TAMSIN = "tamsin.okoro@council.example"
STRANGER = "somebody@elsewhere.example"
NINE = civil("2027-03-01 09:00")


# ---- The budget -----------------------------------------------------------------------------------------------------


def _lives(*, every: timedelta, messages: int) -> list[tuple[timedelta, Verdict]]:
    """Let an address write again and again, and give when it was answered, and how."""
    given: list[Given] = []
    found: list[tuple[timedelta, Verdict]] = []
    for number in range(messages):
        at = NINE + number * every
        lately = tuple(one for one in given if one.at > at - mail_budget.DAY)
        budget = mail_budget.of_address(lately, at)
        if budget.verdict is not Verdict.SILENT:
            given.append(Given(at, "mail_added", budget.again_at))
            found.append((at - NINE, budget.verdict))
    return found


def test_somebody_who_writes_often_is_told_once_from_when_on_they_are_answered_again() -> None:
    found = _lives(every=timedelta(minutes=5), messages=13)
    assert [verdict for _, verdict in found] == [Verdict.ANSWER] * ANSWERS_AN_HOUR + [Verdict.LAST]
    later = _lives(every=timedelta(minutes=5), messages=16)
    assert later[4:] == [(timedelta(minutes=75), Verdict.ANSWER)], "and an hour later, as it was said, they are"


def test_two_programs_that_answer_each_other_stop_within_the_day() -> None:
    within_a_day = [verdict for after, verdict in _lives(every=timedelta(seconds=1), messages=86_400)]
    assert len(within_a_day) <= ANSWERS_A_DAY + 1
    assert within_a_day[-1] is Verdict.LAST


def test_somebody_who_writes_now_and_then_is_always_answered() -> None:
    found = _lives(every=timedelta(minutes=121), messages=40)
    assert {verdict for _, verdict in found} == {Verdict.ANSWER}
    assert len(found) == 40


# ---- Whose budget it is ---------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Clock:
    return Clock("2027-03-01 09:30")


@pytest.fixture
async def room(tmp_path: Path, clock: Clock) -> AsyncIterator[MailRoomAt]:
    async with mail_room(tmp_path, clock=clock) as opened:
        yield opened


async def raised(room: MailRoomAt) -> str:
    await room.sends(message(WHOLE, message_id="<first@oaklane.example>"))
    (reference,) = await room.references()
    return reference


async def answers_of(room: MailRoomAt) -> list[EmailMessage]:
    return [one for one in await room.outbox() if str(one["Message-ID"]).startswith(("<answer-", "<again-", "<copy-"))]


async def subjects(room: MailRoomAt) -> list[str]:
    return [str(one["Subject"]).partition(": ")[2] or str(one["Subject"]) for one in await answers_of(room)]


def in_line(found: EmailMessage) -> str:
    return " ".join(found.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]  # it has one


async def test_strangers_use_up_nothing_of_what_a_party_is_answered(
    room: MailRoomAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_budget, "ANSWERS_IN_ALL", 2)
    reference = await raised(room)
    address = await room.reply_address(reference, NoticeKind.ASKED)
    for number in range(6):
        await room.sends(message(f"Number {number}.", subject=reference, sender=f"somebody{number % 3}@x.example"))
    before = len(await answers_of(room))
    await room.sends(message("We have it.", sender=TAMSIN, to=address), sender=TAMSIN, to=(address,))
    (answer,) = (await answers_of(room))[before:]
    assert "is recorded as having this" in str(answer["Subject"])
    assert "/l/" in in_line(answer)


async def test_what_somebody_sends_in_a_partys_name_uses_up_nothing_of_theirs(tmp_path: Path) -> None:
    async with mail_room(
        tmp_path,
        mail_in=True,
        public_url="https://escalations.partnership.example",
        mail_trusted_hop="mx.partnership.example",
    ) as room:
        vouched = (("Authentication-Results", "mx.partnership.example; dmarc=pass header.from=oaklane.example"),)
        await room.sends(message(WHOLE, headers=vouched))
        (reference,) = await room.references()
        address = await room.reply_address(reference, NoticeKind.RECEIPT)
        for number in range(ANSWERS_AN_HOUR + 3):
            await room.sends(message(f"Forged {number}.", to=address), to=(address,))
        before = len(await answers_of(room))
        await room.sends(message("It is me.", to=address, headers=vouched), to=(address,))
        (answer,) = (await answers_of(room))[before:]
        assert str(answer["Subject"]).endswith("what you wrote was added")


async def test_a_party_over_the_budget_is_told_once_with_a_link_and_the_team_sees_it(
    room: MailRoomAt, clock: Clock
) -> None:
    reference = await raised(room)
    address = await room.reply_address(reference, NoticeKind.RECEIPT)
    for number in range(ANSWERS_AN_HOUR + 4):
        await room.sends(message(f"Again, {number}.", to=address), to=(address,))
    found = await answers_of(room)
    assert len(found) == ANSWERS_AN_HOUR + 1
    last = found[-1]
    assert str(last["Subject"]) == f"{reference}: we have your message, and answer again later"
    assert "From 10:30 on Monday 1 March 2027 on we do so again" in in_line(last)
    assert "/l/" in in_line(last)
    assert "was added to escalation" in in_line(last)
    assert [row.not_answered for row in await room.mails()][-3:] == [NotAnswered.OFTEN] * 3
    assert {row.state for row in await room.mails()} == {MailState.FILED}, "what they wrote is added all the same"
    async with room.parts.database.read() as tx:
        assert await mail_answers.quiet(tx, now=clock.time) == 1
    clock.time += timedelta(hours=1)
    async with room.parts.database.read() as tx:
        assert await mail_answers.quiet(tx, now=clock.time) == 0
    await room.sends(message("And once more.", to=address), to=(address,))
    assert (await subjects(room))[-1] == "what you wrote was added"


async def test_a_stranger_over_the_budget_is_told_no_reference(room: MailRoomAt) -> None:
    reference = await raised(room)
    address = await room.reply_address(reference, NoticeKind.ASKED)
    for number in range(ANSWERS_AN_HOUR + 2):
        await room.sends(message(f"I know, {number}.", sender=STRANGER, to=address), sender=STRANGER, to=(address,))
    found = await answers_of(room)
    assert str(found[-1]["Subject"]) == "we have your message, and answer again later"
    assert not any(reference in f"{one['Subject']} {in_line(one)}" for one in found)


async def test_colleagues_tell_their_position_only_so_often(room: MailRoomAt) -> None:
    reference = await raised(room)
    address = await room.reply_address(reference, NoticeKind.ASKED)
    for number in range(mail_budget.COPIES_AN_HOUR + 3):
        clerk = f"clerk{number}@council.example"
        await room.sends(message(f"Number {number}.", sender=clerk, to=address), sender=clerk, to=(address,))
    found = await subjects(room)
    assert found.count("somebody of your agency wrote, and it was added") == mail_budget.COPIES_AN_HOUR
    assert found.count("what you wrote was added") == mail_budget.COPIES_AN_HOUR + 3


async def test_what_no_budget_is_counted_from_any_more_is_forgotten(room: MailRoomAt, clock: Clock) -> None:
    reference = await raised(room)
    address = await room.reply_address(reference, NoticeKind.RECEIPT)
    await room.sends(message("One.", to=address), to=(address,))
    async with room.parts.database.write() as tx:
        assert await mail_answers.forget(tx, now=clock.time + mail_budget.DAY) == 0
        assert await mail_answers.forget(tx, now=clock.time + 2 * mail_budget.DAY) == 1


# ---- The same words again -------------------------------------------------------------------------------------------


async def test_whoever_sends_the_same_words_again_is_told_that_we_have_them_with_a_link(room: MailRoomAt) -> None:
    reference = await raised(room)
    await room.sends(message(WHOLE, message_id="<second@oaklane.example>"))
    assert len(await room.references()) == 1
    (answer,) = await answers_of(room)
    assert str(answer["Subject"]) == f"{reference}: we have this already"
    assert "were received at 09:30 on Monday 1 March 2027" in in_line(answer)
    assert "They raised escalation" in in_line(answer)
    assert re.search(r"/l/[a-z2-7]+", in_line(answer))
    assert (await room.only()).repeats == 1
    await room.router.drain()
    assert len(await answers_of(room)) == 1, "once"


@pytest.mark.parametrize("second", ["<first@oaklane.example>", ""])
async def test_a_server_that_hands_the_same_message_over_again_is_told_nothing(room: MailRoomAt, second: str) -> None:
    await raised(room)
    await room.sends(message(WHOLE, message_id=second))
    assert await answers_of(room) == []
    assert (await room.only()).repeats == 0


async def test_what_waits_for_the_team_is_said_to_wait_and_names_no_case_to_whom_it_is_not_known(
    room: MailRoomAt,
) -> None:
    reference = await raised(room)
    for number in (1, 2):
        raw = message("What became of it?", subject=f"About {reference}", sender=STRANGER, message_id=f"<{number}@x.y>")
        await room.sends(raw, sender=STRANGER)
    answer = (await answers_of(room))[-1]
    assert str(answer["Subject"]) == "we have this already"
    assert "The partnership team has your message and is to look at it by" in in_line(answer)
    assert reference not in in_line(answer)
    assert "/l/" not in in_line(answer)


async def test_the_same_words_a_hundred_times_are_answered_within_the_budget(room: MailRoomAt) -> None:
    await raised(room)
    for number in range(20):
        await room.hands_over(message(WHOLE, message_id=f"<again{number}@oaklane.example>"))
        await room.router.drain()
    assert len(await answers_of(room)) == ANSWERS_AN_HOUR + 1
    assert (await room.only()).repeats == 20


async def test_what_was_erased_meanwhile_is_answered_by_nothing_and_stops_no_other(room: MailRoomAt) -> None:
    await raised(room)
    row = await room.only()
    await room.hands_over(message(WHOLE, message_id="<second@oaklane.example>"))
    async with room.parts.database.write() as tx:
        key = (await tx.exec_driver_sql("SELECT key_id FROM mails")).scalar_one()
        await room.parts.vault.erase(tx, key, at=room.parts.now())
    await room.router.drain()
    assert await answers_of(room) == []
    async with room.parts.database.read() as tx:
        assert await mails.said_again(tx) is None
    assert row.reference is not None


async def test_a_forged_copy_of_what_somebody_wrote_tells_them_nothing(tmp_path: Path) -> None:
    async with mail_room(
        tmp_path,
        mail_in=True,
        public_url="https://escalations.partnership.example",
        mail_trusted_hop="mx.partnership.example",
    ) as room:
        await room.sends(message(WHOLE, message_id="<1@oaklane.example>"))
        forged = (("Authentication-Results", "mx.partnership.example; dmarc=fail header.from=oaklane.example"),)
        await room.sends(message(WHOLE, message_id="<2@oaklane.example>", headers=forged), to=(MAILBOX,))
        assert await answers_of(room) == []
