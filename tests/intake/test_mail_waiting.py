"""What waits for the team runs on a clock of the team's own, and whoever wrote has the numbers to ring."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from escalations.intake import mail_budget, mail_clock, mail_routing
from escalations.intake.mail_codes import Code
from escalations.intake.mail_routing import RAISED_BY_ONE
from escalations.intake.opening import InForce
from escalations.mail.parser import parse
from escalations.packs import reading
from escalations.store import mails
from escalations.store.mails import MailState
from tests.builders import civil
from tests.mailroom import Clock, MailRoomAt, mail_room, message

NOOR = "noor.haverstock@oaklane.example"


@pytest.fixture
def clock() -> Clock:
    return Clock("2027-03-01 09:30")


@pytest.fixture
async def room(tmp_path: Path, clock: Clock) -> AsyncIterator[MailRoomAt]:
    async with mail_room(tmp_path, clock=clock) as opened:
        yield opened


async def so_many(room: MailRoomAt, subject: str = "A difference") -> None:
    for number in range(RAISED_BY_ONE):
        await room.sends(message(f"Worry number {number}.", subject=subject))


def text(found: EmailMessage) -> str:
    return found.get_body(("plain",)).get_content()  # type: ignore[no-any-return, union-attr]  # it has one


async def answers_of(room: MailRoomAt) -> list[EmailMessage]:
    """Give what told somebody that it waits, because so much came."""
    return [found for found in await room.outbox() if "and it waits for the partnership team" in str(found["Subject"])]


async def told(room: MailRoomAt, subject: str) -> str:
    """Give the words of the newest message with this subject, on one line."""
    found = [text(found) for found in await room.outbox() if str(found["Subject"]) == subject]
    return " ".join(found[-1].split())


async def subjects(room: MailRoomAt) -> list[str]:
    return [str(found["Subject"]) for found in await room.outbox()]


# ---- More than is filed in an hour ----------------------------------------------------------------------------------


async def test_whoever_writes_more_than_is_filed_is_told_once_an_hour_whom_to_ring(
    room: MailRoomAt, clock: Clock
) -> None:
    await so_many(room)
    for number in range(3):
        await room.sends(message(f"Another worry, {number}."))
    answers = await answers_of(room)
    assert len(answers) == 1
    for phone in ("999", "01632 960100", "01632 960199", "01632 960231"):
        assert phone in " ".join(text(answers[0]).split())
    clock.time += timedelta(minutes=61)
    await so_many(room, subject="Later")
    await room.sends(message("And once more."))
    assert len(await answers_of(room)) == 2


@pytest.mark.parametrize(
    "header", [("Auto-Submitted", "auto-replied"), ("Precedence", "bulk"), ("List-Id", "<x.example>")]
)
async def test_what_a_machine_sends_beyond_that_is_answered_by_nothing(
    room: MailRoomAt, header: tuple[str, str]
) -> None:
    await so_many(room)
    await room.sends(message("Again.", headers=(header,)))
    assert await answers_of(room) == []


@pytest.fixture
def low_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a flood begin with the third, so that it is over soon."""
    monkeypatch.setattr(mail_budget, "ANSWERS_IN_ALL", 2)
    monkeypatch.setattr(mail_routing, "RAISED_IN_ALL", 2)


async def flood(room: MailRoomAt, count: int) -> list[EmailMessage]:
    """Let many write, each once, and give what they are answered."""
    for number in range(count):
        await room.hands_over(message(f"Number {number}.", sender=f"somebody{number}@elsewhere.example"))
    await room.router.drain()
    return await answers_of(room)


@pytest.mark.usefixtures("low_caps")
async def test_a_flood_of_others_takes_the_answer_from_nobody_who_is_vouched_for(room: MailRoomAt) -> None:
    """Over loopback all are, so no answer goes to whoever did not write."""
    assert len(await flood(room, 7)) == 5, "all but the two that are filed"


@pytest.mark.usefixtures("low_caps")
async def test_names_that_nobody_vouches_for_are_answered_within_the_cap_of_all(tmp_path: Path) -> None:
    async with mail_room(
        tmp_path, mail_in=True, public_url="https://escalations.partnership.example", mail_trusted_hop="mx.example"
    ) as room:
        assert len(await flood(room, 7)) == 2


# ---- The team hears -------------------------------------------------------------------------------------------------


async def test_the_team_is_told_at_once_of_what_says_that_it_is_urgent_and_of_a_flood_of_it_once(
    room: MailRoomAt,
) -> None:
    await so_many(room)
    await room.sends(message("One more."))
    await room.sends(message("A quiet one."))
    assert (await subjects(room)).count("1 message for the partnership team") == 1
    await room.sends(message("Urgent: yes\n\nShe is at home with him now."))
    assert (await subjects(room))[-1] == "Please look now: 3 messages for the partnership team"
    told = next(found for found in await room.outbox() if str(found["Subject"]).startswith("Please look now"))
    assert "at home with him" not in text(told)
    for number in range(5):
        await room.sends(message(f"URGENT again {number}"))
    assert len([said for said in await subjects(room) if said.startswith("Please look now")]) == 1


@pytest.mark.parametrize(
    ("written", "urgent"),
    [
        ("Urgent: yes\nNobody came.", True),
        ("This is urgent.", True),
        ("The child isn’t safe tonight.", True),
        ("Is there an emergency number?", True),
        ("Nobody knows where he is.", True),
        ("Missing since Friday.", True),
        ("This is not urgent.", False),
        ("Nobody came on Tuesday.", False),
        ("We are insurgents.", False),
    ],
)
def test_what_is_looked_at_sooner(written: str, *, urgent: bool) -> None:
    assert mail_clock.looked_at_sooner(parse(message(written))) is urgent


# ---- The team's own clock -------------------------------------------------------------------------------------------


async def held(room: MailRoomAt, words: str = "What became of PD-27-0001-A?") -> mails.MailRow:
    """Let a message come that names a case without our signature."""
    await room.sends(message("To agency: Wyeford Council children's services\nProblem: Nobody came."))
    (reference,) = await room.references()
    await room.sends(message(words, subject=reference, sender="somebody@elsewhere.example"))
    found = (await room.mails())[-1]
    assert found.state is MailState.HELD
    return found


async def test_a_message_that_waits_has_the_time_limit_of_what_the_policy_lets_the_team_hold(room: MailRoomAt) -> None:
    row = await held(room)
    assert row.due_at is not None
    assert row.due_at.replace(second=0, microsecond=0) == civil("2027-03-01 11:30"), "two working hours"
    assert not row.urgent


@pytest.mark.parametrize(
    "words", ["This is urgent.", "Nobody knows where he is.", "Missing since noon", "He is not safe"]
)
async def test_one_that_may_be_urgent_has_one_hour_that_simply_passes_and_its_sender_is_told_until_when(
    room: MailRoomAt, clock: Clock, words: str
) -> None:
    clock.time = civil("2027-03-05 22:00")  # a Friday night
    row = await held(room, words)
    assert row.due_at is not None
    assert row.due_at.replace(second=0, microsecond=0) == civil("2027-03-05 23:00")
    assert row.urgent
    said = await told(room, "We have received your message")
    assert "is to look at it by 23:00 on Friday 5 March 2027" in said
    assert said.index("in danger now, phone 999") < said.index("is to look at it by")
    assert words not in said
    assert "Please look now: 1 message for the partnership team" in await subjects(room), "and the team at once"


async def test_one_that_may_not_be_urgent_says_until_when_in_office_hours(room: MailRoomAt, clock: Clock) -> None:
    clock.time = civil("2027-03-05 16:30")  # a Friday afternoon
    await held(room, "What became of this?")
    said = await told(room, "We have received your message")
    assert "is to look at it by 10:30 on Monday 8 March 2027" in said
    assert "phone 999" in said
    assert "not told" not in said


async def test_one_that_asks_that_somebody_is_not_told_says_who_reads_it(room: MailRoomAt) -> None:
    await held(room, "Please do not tell the father.")
    said = await told(room, "We have received your message")
    assert "Nobody else reads what you wrote until the team passes it on" in said
    assert "can mean that somebody is not to be told" in said
    assert "father" not in said


async def test_what_comes_soon_after_another_is_told_to_the_team_a_little_later(room: MailRoomAt, clock: Clock) -> None:
    await held(room, "This is urgent.")
    await room.sends(message("He is missing. PD-27-0001-A", sender="another@elsewhere.example"))
    assert (await subjects(room))[-2:] != ["Please look now: 2 messages for the partnership team"]
    before = len(await room.outbox())
    clock.time += timedelta(minutes=3)
    await room.router.drain()
    assert (await subjects(room))[before:] == ["Please look now: 2 messages for the partnership team"]
    clock.time += timedelta(minutes=3)
    await room.router.drain()
    assert len(await room.outbox()) == before + 1


async def test_where_the_policy_has_no_such_clock_it_is_two_working_hours() -> None:
    policy = reading.sample().model_copy(update={"team_clocks": ()})
    due = mail_clock.due(InForce(policy), civil("2027-03-01 16:00"), urgent=False)
    receipt = mail_clock.receipt(InForce(policy), civil("2027-03-01 16:00"), urgent=False)
    assert due == civil("2027-03-02 10:00")
    assert receipt is not None
    assert receipt.due == due


async def test_of_what_waits_beyond_it_the_deputy_and_the_team_hear_once(room: MailRoomAt, clock: Clock) -> None:
    await held(room)
    before = len(await room.outbox())
    clock.time = civil("2027-03-01 11:29")
    await room.router.drain()
    assert len(await room.outbox()) == before
    clock.time = civil("2027-03-01 11:31")
    await room.router.drain()
    told = (await room.outbox())[before:]
    assert {str(found["Subject"]) for found in told} == {
        "1 message for the partnership team, 1 beyond its own time limit"
    }
    assert len(told) == 2
    clock.time = civil("2027-03-01 15:00")
    await room.router.drain()
    assert len(await room.outbox()) == before + 2


async def test_a_flood_of_late_ones_is_one_message_to_each_in_a_quarter_of_an_hour(
    room: MailRoomAt, clock: Clock
) -> None:
    await held(room)
    for minute in range(5):
        clock.time = civil(f"2027-03-01 10:0{minute}")
        await room.sends(message(f"Number {minute} about PD-27-0001-A", sender="somebody@elsewhere.example"))
    clock.time = civil("2027-03-01 11:59")
    await room.router.drain()
    before = len(await room.outbox())
    for minute in range(5):
        clock.time = civil(f"2027-03-01 12:0{minute}") + timedelta(seconds=30)
        await room.router.drain()
    assert len(await room.outbox()) == before
    clock.time = civil("2027-03-01 12:15")
    await room.router.drain()
    assert len(await room.outbox()) == before + 2
    async with room.parts.database.read() as tx:
        assert await mails.late(tx, now=clock.time) == 6


async def test_what_the_team_looked_at_is_late_no_more_and_it_is_known_when_it_did(
    room: MailRoomAt, clock: Clock
) -> None:
    row = await held(room)
    clock.time = civil("2027-03-01 12:00")
    async with room.parts.database.write() as tx:
        assert await mails.late(tx, now=clock.time) == 1
        await mails.settle(
            tx,
            row.mail_id,
            state=MailState.NOT_FOR_US,
            code=Code.NOT_FOR_US,
            at=clock.time,
            only_from=(MailState.HELD,),
        )
        assert await mails.late(tx, now=clock.time) == 0
        (waited,) = await mails.waited(tx)
    assert waited.looked_at is not None
    assert waited.looked_at > waited.due_at
