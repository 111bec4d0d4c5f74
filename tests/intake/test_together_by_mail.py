"""A mail that says who raises it too: its lines are read, the team looks, and nobody is told before that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from escalations.rules import acts
from escalations.rules.case import Status
from escalations.rules.notices import NoticeKind
from escalations.store import notices
from tests.builders import SOCIAL_CARE, TEAM, origin
from tests.mailroom import MailRoomAt, mail_room, message

SCHOOL, HEALTH, POLICE = "oak-school", "community-health", "police"
TO = "To agency: Wyeford Council children's services\n"
PROBLEM = "Child: Persephone Canarybird\nReason: plan not followed\nProblem: Nobody came.\n"
BOTH = "Vale Community Health; Three Rivers Police, public protection"
READ = {
    TO + "Together with: Vale Community Health\n": (HEALTH,),
    TO + "Raised with: vale community HEALTH, Marchbury\n": (HEALTH,),
    "Raised with: Vale Community Health\n" + TO: (HEALTH,),
    TO + f"Together with: {BOTH}\n": (HEALTH, POLICE),
    # Named twice, it is one; what is not known is no agency's, and takes the others nothing.
    TO + f"Together with: Vale Community Health\nAlso raised by: {BOTH}\n": (HEALTH, POLICE),
    TO + "Together with: Somewhere Else; Vale Community Health\n": (HEALTH,),
    TO + "Together with: Somewhere Else\n": (),
    # Nobody is on both sides, and whoever leads is not one of the others.
    TO + "Together with: Wyeford Council children's services\n": (),
    TO + "Raised with: Wyeford Council children's services; Vale Community Health\n": (HEALTH,),
    TO + "Together with: Oak Lane Primary School; Vale Community Health\n": (HEALTH,),
}
"""Which agencies raise it too, by the lines that say so."""
ALONE = (
    "Raised with: Wyeford Council children's services\n",
    TO + "Together with: Oak Lane Primary School\n",
)
"""Lines of somebody who raises it for their own agency alone."""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[MailRoomAt]:
    async with mail_room(tmp_path) as opened:
        yield opened


async def raised(room: MailRoomAt, lines: str) -> str:
    known = set(await room.references())
    sender = f"staff.{len(known)}@oaklane.example"  # Of one address only a few are taken in an hour.
    await room.sends(message(lines + PROBLEM, sender=sender), sender=sender)
    (reference,) = set(await room.references()) - known
    return reference


async def told(room: MailRoomAt, reference: str) -> set[tuple[NoticeKind, str | None]]:
    async with room.parts.database.read() as tx:
        return {(row.notice.kind, row.notice.to.agency_id) for row in await notices.of_case(tx, reference)}


async def test_who_raises_it_too_is_read_and_nobody_is_told_before_the_team_passes_it_on(room: MailRoomAt) -> None:
    for lines, others in READ.items():
        reference = await raised(room, lines)
        case = await room.case(reference)
        assert (case.status, case.raising_agency, case.co_raisers) == (Status.HELD, SCHOOL, others), lines
        assert [party.agency_id for party in case.parties] == [SOCIAL_CARE], lines
        assert case.raisers_to_look_at, lines
        assert {kind for kind, _ in await told(room, reference)} == {NoticeKind.RECEIPT, NoticeKind.HELD}, lines
        passes = acts.PassOn(**origin(TEAM, room.parts.now()), responding_agencies=(SOCIAL_CARE,))
        await room.does(reference, passes)
        after = await told(room, reference)
        assert {agency for kind, agency in after if kind is NoticeKind.TOGETHER} == set(others), lines
        assert (NoticeKind.ASKED, SOCIAL_CARE) in after, lines


async def test_whoever_names_only_their_own_agency_raises_it_alone_and_waits_for_nobody_of_the_team(
    room: MailRoomAt,
) -> None:
    for lines in ALONE:
        reference = await raised(room, lines)
        case = await room.case(reference)
        assert (case.status, case.co_raisers, case.raisers_to_look_at) == (Status.OPEN, (), False), lines
        assert (NoticeKind.ASKED, SOCIAL_CARE) in await told(room, reference), lines


async def test_the_receipt_says_why_it_waits_and_that_the_others_read_it_as_well(room: MailRoomAt) -> None:
    await raised(room, next(iter(READ)))
    mails = [" ".join(mail.get_body(("plain",)).get_content().split()) for mail in await room.outbox()]  # type: ignore[union-attr]  # it has one
    (receipt,) = [text for text in mails if "keep this reference" in text]
    assert "No agency has been told yet, because your message names other agencies that raise it too." in receipt
    assert "each agency that it is raised with, and each that then raises it with you, can read all of it" in receipt
    await raised(room, ALONE[0])
    newest = [" ".join(mail.get_body(("plain",)).get_content().split()) for mail in await room.outbox()]  # type: ignore[union-attr]  # it has one
    assert sum("raises it with you" in text for text in newest) == 1
    assert not any("Vale Community" in text or "Canarybird" in text for text in newest)


async def test_what_was_written_of_the_others_is_kept_for_the_team_to_read(room: MailRoomAt) -> None:
    reference = await raised(room, TO + "Together with: Somewhere Else; Vale Community Health\n")
    assert (await room.words(reference))["mail"]["together"] == ["Somewhere Else; Vale Community Health"]
