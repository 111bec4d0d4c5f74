"""What an answer to somebody's mail says, and where its link leads: by state of the case and by who wrote (issue 4)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from escalations.policy import Side
from escalations.rules import acts
from escalations.rules.actors import Actor, Channel
from escalations.rules.case import Case, Done, Outcome, PauseReason, Status
from escalations.rules.notices import RAISER, Ask
from escalations.store import links
from escalations.store.links import Link, LinkState
from escalations.store.notices import NoticeRow, of_case
from escalations.web import link_acts
from escalations.web.link_acts import Doing
from tests.builders import SCHOOL, SOCIAL_CARE, TEAM, civil, origin, raiser, responder
from tests.mailroom import MAILBOX, Clock, MailRoomAt, mail_room, message

WITHOUT_AGENCY = "Nobody came, and I worry."
LACKING = "To agency: Wyeford Council children's services\nProblem: Nobody came.\n"
WITH_TWO = (
    "To agency: Wyeford Council children's services; Three Rivers Police, public protection\nProblem: Nobody came.\n"
)
NOOR = "noor.haverstock@oaklane.example"
TAMSIN = "tamsin.okoro@council.example"
IDRIS = "idris.pennant@council.example"
CLERK = "front.desk@council.example"
TEAMS = "team@partnership.example"
STRANGER = "somebody@elsewhere.example"

NOBODY_TOLD = "No agency has been told of the escalation yet"
END_IT = {Doing.AGREE, Doing.WITHDRAW, Doing.REDIRECT, Doing.SAY_DONE}
ACT = {Doing.ANSWER, Doing.SAY_DONE}


@dataclass(frozen=True)
class Told:
    """What somebody is answered, and what the link in it leads to."""

    subject: str
    says: str
    asks: Ask | None = None
    """None where there is no link of the case in it."""
    offers: frozenset[Doing] | set[Doing] = frozenset()
    never: frozenset[Doing] | set[Doing] = frozenset()


# ---- States ---------------------------------------------------------------------------------------------------------


async def held(room: MailRoomAt) -> str:
    await room.sends(message(WITHOUT_AGENCY))
    (reference,) = await room.references()
    return reference


async def raised(room: MailRoomAt) -> str:
    await room.sends(message(LACKING))
    (reference,) = await room.references()
    return reference


async def completed(room: MailRoomAt) -> str:
    """The raiser said by link what their mail had not said; the link to complete it is done."""
    reference = await raised(room)
    by = Actor(side=Side.RAISING, agency_id=SCHOOL, position=RAISER)
    said: dict[str, Any] = {"concern": "child", "reason": "plan_not_followed", "level_of_need": 3}
    await room.does(reference, acts.Complete(**_now(room, by), responding_agencies=(SOCIAL_CARE,), **said))
    assert not (await room.case(reference)).incomplete
    return reference


async def acknowledged(room: MailRoomAt) -> str:
    reference = await completed(room)
    await room.does(reference, acts.Acknowledge(**_now(room, responder())))
    return reference


async def answered(room: MailRoomAt) -> str:
    reference = await acknowledged(room)
    await room.does(reference, acts.Respond(**_now(room, responder()), offers=Outcome.AGREED_IN_PART))
    return reference


async def said_done(room: MailRoomAt) -> str:
    """The responding side wrote up a call, and the raising side is asked whether it was so."""
    reference = await acknowledged(room)
    happened = {"happened_at": civil("2027-03-01 09:50")}
    await room.does(
        reference, acts.SayDone(**_now(room, responder(), **happened), done=Done.ANSWERED, agency_id=SOCIAL_CARE)
    )
    return reference


async def moved_up(room: MailRoomAt) -> str:
    reference = await completed(room)
    await room.does(reference, acts.MoveUp(**_now(room, raiser())))
    case = await room.case(reference)
    if case.stage == 1:  # The level passed over is told first.
        assert case.move is not None
        assert case.move.takes_effect_at is not None
        await room.passes(reference, until=case.move.takes_effect_at)
    assert (await room.case(reference)).stage == 2
    return reference


async def paused(room: MailRoomAt) -> str:
    reference = await completed(room)
    await room.does(reference, acts.Pause(**_now(room, TEAM, channel=Channel.TEAM), reason=PauseReason.COURT))
    assert (await room.case(reference)).pause is not None
    return reference


async def settled_with_one(room: MailRoomAt) -> str:
    await room.sends(message(WITH_TWO))
    (reference,) = await room.references()
    agree = acts.Agree(**_now(room, raiser()), outcome=Outcome.AGREED_AS_ASKED, agency_id=SOCIAL_CARE)
    await room.does(reference, agree)
    assert (await room.case(reference)).status is Status.OPEN
    return reference


async def closed(room: MailRoomAt) -> str:
    reference = await completed(room)
    await room.does(reference, acts.Agree(**_now(room, raiser()), outcome=Outcome.AGREED_AS_ASKED))
    assert (await room.case(reference)).status is Status.CLOSED
    return reference


def _now(room: MailRoomAt, by: Actor, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {**origin(by, room.parts.now()), **more}


# ---- Who writes, to which address -----------------------------------------------------------------------------------

WRITERS = {
    "raiser": NOOR,
    "responder": TAMSIN,
    "position above": IDRIS,
    "team": TEAMS,
    "stranger": STRANGER,
    "colleague": CLERK,
}


async def writes(room: MailRoomAt, reference: str, who: str) -> list[EmailMessage]:
    """Let somebody write about the case, as they would, and give what that is answered with."""
    before = len(await room.outbox())
    sender = WRITERS[who]
    notice = await _answers(room, reference, who)
    to = MAILBOX if notice is None else room.replies.address_of(notice.notice_id)
    raw = message(f"Words of the {who}.", sender=sender, to=to, subject="Re: it" if notice else f"About {reference}")
    await room.sends(raw, sender=sender, to=(to,))
    found = (await room.outbox())[before:]
    return [one for one in found if str(one["Message-ID"]).startswith(("<answer-", "<copy-"))]


async def _answers(room: MailRoomAt, reference: str, who: str) -> NoticeRow | None:
    """The notice that somebody has before them; none where they only know the reference."""
    async with room.parts.database.read() as tx:
        rows = await of_case(tx, reference)
    if who == "raiser":
        return next(row for row in rows if row.notice.to.position == RAISER)
    if who == "team":
        return None
    asked = [row for row in rows if row.notice.asks is Ask.RESPOND and row.notice.to.agency_id == SOCIAL_CARE]
    own = [row for row in asked if row.notice.to.position == "manager"] if who == "position above" else []
    return next(iter(own or asked), None)


async def link_in(room: MailRoomAt, answer: EmailMessage) -> Link | None:
    token = re.search(r"/l/([a-z2-7]+)", text(answer))
    if token is None:
        return None
    async with room.parts.database.read() as tx:
        return await links.find(tx, token[1])


def text(answer: EmailMessage) -> str:
    return str(answer.get_body(("plain",)).get_content())  # type: ignore[union-attr]  # it has one


def in_line(answer: EmailMessage) -> str:
    return " ".join(text(answer).split())


# ---- The table ------------------------------------------------------------------------------------------------------

ADDED, HELD_MAIL, HAS_IT = "what you wrote was added", "We have received your message", "is recorded as having this"
TO_TEAM = Told("your message waits with the messages for the team", "passes nothing on and decides nothing")
UNKNOWN = Told(HELD_MAIL, "an address that we do not know as one of the agency's")
ONLY_NAMES = Told(HELD_MAIL, "names an escalation and is not a reply to a message of ours")
BESIDE = Told(ADDED, "a code, which it sends to the address that our message came to")
BESIDE_UNACKNOWLEDGED = Told(ADDED, "had it come from the address that we write to")
MAY_END = Told(ADDED, "whether the matter is dealt with, and what is to happen next", Ask.READ, END_IT)
MAY_ANSWER = Told(ADDED, "An answer to it is still awaited", Ask.RESPOND, ACT)
HOW_IT_ENDED = Told(ADDED, "read how it ended", Ask.READ, never=END_IT | ACT)
WHERE_IT_STANDS = Told(ADDED, "read where it stands", Ask.READ, never=ACT)

State = Callable[[MailRoomAt], Awaitable[str]]
TABLE: dict[str, tuple[State, dict[str, Told]]] = {
    "held": (
        held,
        {
            "raiser": Told(ADDED, NOBODY_TOLD, Ask.READ, {Doing.WITHDRAW, Doing.REDIRECT, Doing.URGENT}, {Doing.AGREE}),
            "responder": ONLY_NAMES,
            "position above": ONLY_NAMES,
            "team": TO_TEAM,
            "stranger": ONLY_NAMES,
            "colleague": ONLY_NAMES,
        },
    ),
    "raised": (
        raised,
        {
            "raiser": MAY_END,
            "colleague": BESIDE_UNACKNOWLEDGED,
            "position above": BESIDE_UNACKNOWLEDGED,
            "stranger": UNKNOWN,
            "team": TO_TEAM,
            "responder": Told(HAS_IT, "An answer to it is still awaited", Ask.RESPOND, ACT),
        },
    ),
    "completed": (
        completed,
        {"raiser": MAY_END, "responder": Told(HAS_IT, "still awaited", Ask.RESPOND, ACT), "stranger": UNKNOWN},
    ),
    "acknowledged": (
        acknowledged,
        {
            "raiser": MAY_END,
            "responder": MAY_ANSWER,
            "position above": BESIDE,
            "colleague": BESIDE,
            "stranger": UNKNOWN,
            "team": TO_TEAM,
        },
    ),
    "answered": (
        answered,
        {
            "raiser": Told(ADDED, "is dealt with", Ask.READ, END_IT | {Doing.MOVE_UP}),
            "responder": WHERE_IT_STANDS,
            "position above": BESIDE,
            "colleague": BESIDE,
            "stranger": UNKNOWN,
            "team": TO_TEAM,
        },
    ),
    "said to be done": (
        said_done,
        {
            "raiser": Told(ADDED, "is dealt with", Ask.READ, END_IT | {Doing.CONFIRM, Doing.DENY}),
            "responder": Told(ADDED, "still awaited", Ask.RESPOND, ACT, {Doing.CONFIRM}),
        },
    ),
    "moved up": (
        moved_up,
        {
            "raiser": MAY_END,
            "responder": Told(ADDED, "has moved up to stage 2 since then", Ask.RESPOND, ACT),
            "colleague": BESIDE,
            "position above": Told(HAS_IT, "An answer to it is still awaited", Ask.RESPOND, ACT),
            "stranger": UNKNOWN,
            "team": TO_TEAM,
        },
    ),
    "paused": (
        paused,
        {
            "raiser": Told(ADDED, "The escalation is paused", Ask.READ, END_IT),
            "colleague": BESIDE_UNACKNOWLEDGED,
            "responder": Told(HAS_IT, "The escalation is paused", Ask.RESPOND, ACT),
            "stranger": UNKNOWN,
            "team": TO_TEAM,
        },
    ),
    "settled with one": (
        settled_with_one,
        {"raiser": MAY_END, "responder": WHERE_IT_STANDS, "colleague": BESIDE, "stranger": UNKNOWN, "team": TO_TEAM},
    ),
    "closed": (
        closed,
        {
            "raiser": Told(ADDED, "read how it ended", Ask.READ, {Doing.REOPEN}, END_IT | ACT),
            "responder": HOW_IT_ENDED,
            "position above": BESIDE,
            "colleague": BESIDE,
            "stranger": UNKNOWN,
            "team": TO_TEAM,
        },
    ),
}


@pytest.mark.parametrize("state", list(TABLE))
async def test_whoever_writes_is_told_what_became_of_it_and_led_to_what_they_may_do_now(
    tmp_path: Path, state: str
) -> None:
    reaches, expected = TABLE[state]
    async with mail_room(tmp_path, clock=Clock("2027-03-01 09:50")) as room:
        reference = await reaches(room)
        for who, told in expected.items():
            answers = await writes(room, reference, who)
            assert answers, f"{who} hears nothing"
            first = answers[0]
            assert told.subject in str(first["Subject"]), who
            assert told.says in in_line(first), f"{who}: {in_line(first)}"
            await _leads(room, await room.case(reference), first, told, who)


async def _leads(room: MailRoomAt, case: Case, answer: EmailMessage, told: Told, who: str) -> None:
    link = await link_in(room, answer)
    if told.asks is None:
        assert link is None, f"{who} is not to have a link"
        return
    assert link is not None, who
    assert (link.asks, link.state(room.parts.now())) == (told.asks, LinkState.OPEN), who
    offered = set(link_acts.offered(case, link))
    assert offered >= told.offers, f"{who}: {offered}"
    assert offered.isdisjoint(told.never), f"{who}: {offered}"


async def test_whoever_raised_it_can_still_complete_it_by_the_answer(tmp_path: Path) -> None:
    async with mail_room(tmp_path) as room:
        reference = await held(room)
        (answer,) = await writes(room, reference, "raiser")
        tokens = re.findall(r"/l/([a-z2-7]+)", text(answer))
        assert len(tokens) == 2
        async with room.parts.database.read() as tx:
            asks = [found.asks for token in tokens if (found := await links.find(tx, token)) is not None]
        assert asks == [Ask.READ, Ask.COMPLETE]


async def test_the_position_is_told_with_a_link_that_a_colleague_wrote_and_the_colleague_without_one(
    tmp_path: Path,
) -> None:
    async with mail_room(tmp_path) as room:
        reference = await raised(room)
        to_clerk, to_position = await writes(room, reference, "colleague")
        assert await link_in(room, to_clerk) is None
        assert "somebody of your agency wrote" in str(to_position["Subject"])
        link = await link_in(room, to_position)
        assert link is not None
        assert Doing.ACKNOWLEDGE in link_acts.offered(await room.case(reference), link)
        assert "In-Reply-To" not in to_position, "the position has not seen what it answers"


async def test_a_deputys_reply_acknowledges_and_both_are_told(tmp_path: Path) -> None:
    async with mail_room(tmp_path) as room:
        reference = await raised(room)
        notice = await _answers(room, reference, "responder")
        assert notice is not None
        to = room.replies.address_of(notice.notice_id)
        before = len(await room.outbox())
        deputy = "duty.desk@council.example"
        await room.sends(message("We have it.", sender=deputy, to=to), sender=deputy, to=(to,))
        found = [
            one for one in (await room.outbox())[before:] if str(one["Message-ID"]).startswith(("<answer", "<copy"))
        ]
        assert (await room.case(reference)).parties[0].evidence.acknowledged
        assert len(found) == 2
        assert all("is recorded that your agency has it" in in_line(one) for one in found)


async def test_the_raiser_who_only_names_the_reference_gets_a_link_all_the_same(tmp_path: Path) -> None:
    """It goes to the address that raised it, and there the code goes too."""
    async with mail_room(tmp_path) as room:
        reference = await completed(room)
        before = len(await room.outbox())
        await room.sends(message("What became of it?", subject=f"About {reference}"))
        answer = (await room.outbox())[before]
        link = await link_in(room, answer)
        assert link is not None
        assert set(link_acts.offered(await room.case(reference), link)) >= END_IT
        assert "You need not wait for the team" in in_line(answer)


async def test_a_reply_from_a_private_address_to_a_raiser_whose_agency_is_not_known_is_told_why(tmp_path: Path) -> None:
    async with mail_room(tmp_path) as room:
        await room.sends(message(LACKING, sender="n.haverstock@home.example"), sender="n.haverstock@home.example")
        (reference,) = await room.references()
        (answer,) = await writes(room, reference, "raiser")
        assert "came from another address than theirs" in in_line(answer)


async def test_what_cannot_be_read_is_not_said_to_be_an_address_that_we_do_not_know(tmp_path: Path) -> None:
    async with mail_room(tmp_path) as room:
        await room.sends(message("", subject=""))
        answer = (await room.outbox())[0]
        assert "nothing in your message that we can read" in in_line(answer)
        assert "address" not in in_line(answer).partition("# ")[0].partition("If a child")[0]


async def test_an_escalation_that_is_stored_and_not_open_yet_is_not_raised_again_by_its_reference(
    tmp_path: Path,
) -> None:
    async with mail_room(tmp_path) as room:
        await room.hands_over(message(LACKING))
        await room.router.drain()
        row = await room.only()
        assert row.reference is not None
        await room.hands_over(message("What became of it?", subject=f"About {row.reference}"))
        await room.router.drain()
        assert [one.code for one in await room.mails()] == ["raised", "reference_not_signed"]
