"""Erasing a case reaches its mail: as it came, what was made of it, and what the team did with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalations.intake import submissions
from escalations.intake.mail_codes import Code
from escalations.store import erasing, mails, register
from escalations.store.mails import MailAct, MailState
from escalations.store.vault import Erased
from tests.mailroom import MailRoomAt, mail_room, message

WHOLE = "To agency: Wyeford Council children's services\nChild: Persephone Canarybird\nProblem: Nobody came.\n"
SOMEBODY = "somebody@elsewhere.example"


async def two_cases_and_what_was_held(room: MailRoomAt) -> tuple[str, str]:
    """Raise two by email, and let the team add a message to the first; another one of it still waits."""
    await room.sends(message(WHOLE))
    await room.sends(message(WHOLE, subject="Another"))
    first, other = await room.references()
    await room.sends(message("She was seen today.", subject=first, sender=SOMEBODY))
    async with room.parts.database.write() as tx:
        held = (await mails.listed(tx, MailState.HELD))[0]
        at = room.parts.now()
        await mails.settle(
            tx,
            held.mail_id,
            state=MailState.FILED,
            code=Code.PASSED_TO_CASE,
            at=at,
            reference=first,
            only_from=(MailState.HELD,),
        )
        await mails.act(
            tx,
            room.parts.vault,
            held.mail_id,
            MailAct.PASS_TO_CASE,
            at=at,
            sealed={"by": "team", "note": "From the neighbour."},
            idempotency_key="press",
            reference=first,
        )
    await room.sends(message("And yesterday.", subject=first, sender=SOMEBODY))
    return first, other


async def readable(room: MailRoomAt, reference: str) -> list[bool]:
    """Say of each message of a case whether its bytes can still be read."""
    found = []
    async with room.parts.database.read() as tx:
        for row in await room.mails():
            if row.reference == reference:
                try:
                    await mails.content(tx, room.parts.vault, row.mail_id)
                    found.append(True)
                except Erased:
                    found.append(False)
    return found


async def test_erasing_a_case_reaches_its_mail_and_nothing_of_another(tmp_path: Path) -> None:
    async with mail_room(tmp_path) as room:
        first, other = await two_cases_and_what_was_held(room)
        async with room.parts.database.write() as tx:
            done = await erasing.case(tx, room.parts.vault, first, at=room.parts.now())
        # What raised it and its email; the report that our notice arrived; the email that was added, and that it was.
        assert done.keys >= 4
        assert done.waiting == 1, "the one that still waits is the team's to decide on"
        assert await readable(room, first) == [False, False, True]
        assert await readable(room, other) == [True]
        async with room.parts.database.read() as tx:
            with pytest.raises(Erased):
                await submissions.raised_with(tx, room.parts.vault, first)
            assert await submissions.raised_with(tx, room.parts.vault, other) is not None
            assert await register.verify(tx) == []
        async with room.parts.database.write() as tx:
            assert (await erasing.case(tx, room.parts.vault, first, at=room.parts.now())).keys == 0
