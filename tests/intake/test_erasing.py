"""Erasing a case reaches its mail: as it came, what was made of it, and what the team did with it."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalations import cli, erasures
from escalations.intake import submissions
from escalations.intake.mail_codes import Code
from escalations.rules import acts, events
from escalations.rules.case import EraseReason, Outcome
from escalations.rules.notices import NoticeKind
from escalations.settings import Settings
from escalations.store import erased_list, erasing, links, mails, register
from escalations.store.mails import MailAct, MailState
from escalations.store.vault import Erased
from tests import builders
from tests.builders import origin, raiser
from tests.mailroom import KEY, MailRoomAt, mail_room, message

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
        assert (done.mails, done.notes) == (2, 1)
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


# ---- By command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def reason(tmp_path: Path) -> Path:
    file = tmp_path / "why.txt"
    file.write_text("Kept for six years. Approved by the data protection officer.", encoding="utf-8")
    return file


async def ended(room: MailRoomAt) -> str:
    """Raise one by email, let its raiser use a link, and end it."""
    await room.sends(message(WHOLE))
    (reference,) = await room.references()
    notice = await room.notice(reference, NoticeKind.RECEIPT)
    noor, now = "noor.haverstock@oaklane.example", room.parts.now()
    async with room.parts.database.write() as tx:
        vault = room.parts.vault
        token = await links.issue(
            tx, vault, notice_id=notice.notice_id, reference=reference, notice=notice.notice, now=now
        )
        link = await links.find(tx, token)
        assert link is not None
        await links.start_session(tx, vault, link, name="Noor Haverstock", role="Teacher", address=noor, now=now)
    await room.does(reference, acts.Agree(**origin(raiser(), room.parts.now()), outcome=Outcome.AGREED_AS_ASKED))
    return reference


def call(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str = "") -> tuple[int, str]:
    monkeypatch.setenv("ESCALATIONS_FOLDER", str(folder))
    monkeypatch.setenv("ESCALATIONS_KEYS", KEY)
    monkeypatch.setenv("ESCALATIONS_LOG_LEVEL", "ERROR")
    result = CliRunner().invoke(cli.app, ["erase", *arguments], input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


async def is_readable(folder: Path, reference: str) -> bool:
    async with mail_room(folder) as room, room.parts.database.read() as tx:
        try:
            return await submissions.raised_with(tx, room.parts.vault, reference) is not None
        except Erased:
            return False


async def test_without_who_and_why_it_only_says_what_erasing_would_destroy_and_what_stays(tmp_path: Path) -> None:
    async with mail_room(tmp_path) as room:
        reference = await ended(room)
    said: list[str] = []
    done = await erasures.erase(
        Settings(folder=tmp_path, keys=KEY),  # type: ignore[arg-type]  # as the environment gives it
        reference.lower(),
        decided=None,
        confirmed=lambda _: False,
        say=said.append,
    )
    assert not done
    assert said[0].startswith(f"Erasing {reference} destroys for good: the words and names of ")
    assert "1 email in full, who used a link (1 time)" in said[0]
    assert said[1] == erasures.STAYS
    assert "backup" in said[2]
    assert said[3].startswith("Nothing was erased")
    assert await is_readable(tmp_path, reference)


async def test_it_is_erased_once_recorded_with_who_and_why_and_the_register_verifies(tmp_path: Path) -> None:
    async with mail_room(tmp_path) as room:
        reference = await ended(room)
    said: list[str] = []
    chosen = Settings(folder=tmp_path, keys=KEY)  # type: ignore[arg-type]  # as the environment gives it
    decided = erasures.Decided(EraseReason.RETENTION, "Kept for six years.", "Perpetua Lisle")

    async def erase() -> bool:
        said.clear()
        return await erasures.erase(
            chosen, reference, decided=decided, confirmed=lambda given: given == reference, say=said.append
        )

    assert await erase()
    assert said[-1].endswith("That, by whom and why is in the register.")
    assert not await is_readable(tmp_path, reference)
    assert await erase(), "the second time there is nothing to do"
    assert said[0].startswith(f"{reference} was erased at ")
    assert said[0].endswith("by Perpetua Lisle (retention).")
    assert said[1] == f"Nothing of {reference} is left to erase."
    async with mail_room(tmp_path) as room:
        recorded = [event for event in await room.happened(reference) if isinstance(event, events.Erased)]
        assert len(recorded) == 1
        async with room.parts.database.read() as tx:
            assert await register.verify(tx) == []
            why = await submissions.content(tx, room.parts.vault, str(recorded[0].submission_id))
            rows = [row.body for row in await register.read(tx, reference)]
        assert why == {"by": {"name": "Perpetua Lisle", "role": "by command"}, "text": "Kept for six years."}
        assert not any("Perpetua" in body or "six years" in body for body in rows)
        # What comes in afterwards is there again, and is erased again.
        address = await room.reply_address(reference, NoticeKind.RECEIPT)
        await room.sends(message("Afterthoughts.", to=address), to=(address,))
    assert await erase()
    assert "1 email in full" in said[-1]


def test_the_command_asks_for_the_reference_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: Path
) -> None:
    folder = tmp_path / "var"
    folder.mkdir()

    async def prepare() -> str:
        async with mail_room(folder) as room:
            return await ended(room)

    reference = asyncio.run(prepare())
    given = ("--because", "retention", "--reason-file", str(reason), "--by", "Perpetua Lisle")
    code, said = call(folder, monkeypatch, reference)
    assert (code, "Nothing was erased: this says what would be" in said) == (0, True)
    code, said = call(folder, monkeypatch, reference, "--by", "Perpetua Lisle")
    assert code == 2
    code, said = call(folder, monkeypatch, reference, *given, typed="PD-27-9999-X\n")
    assert (code, "that was not the reference" in said) == (1, True)
    assert asyncio.run(is_readable(folder, reference))
    code, said = call(folder, monkeypatch, reference, *given, typed=f"{reference}\n")
    assert (code, "Erased: the words and names of" in said) == (0, True)
    assert not asyncio.run(is_readable(folder, reference))
    assert call(folder, monkeypatch, reference, *given, "--yes")[0] == 0


async def test_what_has_not_ended_or_is_none_is_not_erased(tmp_path: Path) -> None:
    async with mail_room(tmp_path) as room:
        await room.sends(message(WHOLE))
        (reference,) = await room.references()
    chosen = Settings(folder=tmp_path, keys=KEY)  # type: ignore[arg-type]  # as the environment gives it
    decided = erasures.Decided(EraseReason.OTHER, "Because.", "Perpetua Lisle")
    for asked, why in ((reference, "has not ended"), ("PD-27-0002-A", "check"), ("nonsense", "reference")):
        with pytest.raises(erasures.NotErased, match=f"(?i){why}"):
            await erasures.erase(chosen, asked, decided=decided, confirmed=lambda _: True, say=lambda _: None)
    assert await is_readable(tmp_path, reference)


@pytest.mark.parametrize("text", ["", "   \n"])
def test_a_reason_is_needed(tmp_path: Path, text: str) -> None:
    file = tmp_path / "why.txt"
    with pytest.raises(erasures.NotErased, match="cannot be read"):
        erasures.reason_of(file)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(erasures.NotErased, match="says nothing"):
        erasures.reason_of(file)


# ---- A backup that was made before ----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "var"
    made.mkdir()
    return made


def put_back(copy: Path, folder: Path) -> None:
    for left in folder.glob("escalations.db*"):
        left.unlink()
    shutil.copy(copy, folder / "escalations.db")


DECIDED = erasures.Decided(EraseReason.REQUEST, "They asked.", "Perpetua Lisle")


async def erased_after_a_backup(folder: Path, *, end_first: bool = True) -> str:
    """Back up, erase, and put the backup back: the words can be read again."""
    copy = folder.parent / "backup.db"
    async with mail_room(folder) as room:
        if end_first:
            reference = await ended(room)
        else:
            await room.sends(message(WHOLE))
            (reference,) = await room.references()
    shutil.copy(folder / "escalations.db", copy)
    if not end_first:
        async with mail_room(folder) as room:
            await room.does(
                reference, acts.Agree(**origin(raiser(), room.parts.now()), outcome=Outcome.AGREED_AS_ASKED)
            )
    chosen = Settings(folder=folder, keys=KEY)  # type: ignore[arg-type]  # as the environment gives it
    assert await erasures.erase(chosen, reference, decided=DECIDED, confirmed=lambda _: True, say=lambda _: None)
    put_back(copy, folder)
    assert await is_readable(folder, reference)
    return reference


async def restored(folder: Path) -> list[str]:
    said: list[str] = []
    async with mail_room(folder) as room:
        await erasures.again(room.parts, folder / "erased.txt", say=said.append)
    return said


async def test_what_was_erased_after_a_backup_is_erased_again_once_that_is_restored(folder: Path) -> None:
    reference = await erased_after_a_backup(folder)
    (said,) = await restored(folder)
    assert said.startswith(f"{reference} was erased at ")
    assert said.endswith("after this backup: it is erased again.")
    assert not await is_readable(folder, reference)
    async with mail_room(folder) as room:
        (event,) = [event for event in await room.happened(reference) if isinstance(event, events.Erased)]
        assert event.because is EraseReason.REQUEST
        async with room.parts.database.read() as tx:
            assert await register.verify(tx) == []
    assert await restored(folder) == [], "and nothing is left to do"


async def test_what_is_open_in_the_backup_is_erased_too_and_is_to_be_ended(folder: Path) -> None:
    reference = await erased_after_a_backup(folder, end_first=False)
    (said,) = await restored(folder)
    assert "please end it as it had ended" in said
    assert not await is_readable(folder, reference)


async def test_the_list_has_references_and_ids_and_nothing_that_anybody_wrote_or_is_called(folder: Path) -> None:
    reference = await erased_after_a_backup(folder)
    file = folder / "erased.txt"
    (entry,) = erased_list.read(file)
    assert (entry.reference, entry.because) == (reference, EraseReason.REQUEST)
    text = file.read_text("utf-8")
    assert set(json.loads(text)) == {"act", "at", "because", "keys", "reference"}
    for word in ("Perpetua", "They asked", "Noor", "Persephone", "oaklane"):
        assert word not in text
    assert file.stat().st_mode & 0o077 == 0


async def test_another_case_that_has_its_reference_is_left_alone(folder: Path) -> None:
    async with mail_room(folder) as room:
        reference = await ended(room)
    entry = erased_list.Entry("a", builders.civil("2027-03-05 22:00"), reference, EraseReason.OTHER, ("f" * 32,))
    erased_list.add(folder / "erased.txt", entry)
    assert await restored(folder) == []
    assert await is_readable(folder, reference)


async def test_where_the_list_cannot_be_written_nothing_is_erased(folder: Path) -> None:
    async with mail_room(folder) as room:
        reference = await ended(room)
    (folder / "erased.txt").mkdir()
    chosen = Settings(folder=folder, keys=KEY)  # type: ignore[arg-type]  # as the environment gives it
    with pytest.raises(erased_list.NoList, match="cannot be written, so nothing was erased"):
        await erasures.erase(chosen, reference, decided=DECIDED, confirmed=lambda _: True, say=lambda _: None)
    assert await is_readable(folder, reference)


async def test_a_line_that_cannot_be_read_is_named_and_what_was_taken_back_does_not_stand(tmp_path: Path) -> None:
    file = tmp_path / "erased.txt"
    entry = erased_list.Entry("a", builders.civil("2027-03-05 22:00"), "PD-27-0001-A", EraseReason.OTHER, ("k",))
    erased_list.add(file, entry)
    erased_list.add(file, replace(entry, act_id="b"))
    erased_list.take_back(file, "a")
    assert [one.act_id for one in erased_list.read(file)] == ["b"]
    with file.open("a", encoding="utf-8") as out:
        out.write("half a li")
    with pytest.raises(erased_list.NoList, match="Line 4"):
        await restored(tmp_path)
