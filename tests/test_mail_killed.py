"""``kill -9`` of the mail intake between commit and answer: the sender's retry makes no second escalation (issue 4)."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

import aiosmtplib
from sqlalchemy import func, select

from escalations import parts
from escalations.intake.mail_codes import Code
from escalations.settings import Settings
from escalations.store import directory, directory_file, mails, tables
from escalations.store.mails import MailState
from tests.harness import eventually
from tests.mailroom import KEY, message

MAILBOX = "escalations@partnership.example"


async def _started(folder: Path) -> tuple[asyncio.subprocess.Process, list[str], asyncio.Task[None]]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ESCALATIONS_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.processes.mail_intake",
        env={**environ, "ESCALATIONS_FOLDER": str(folder), "ESCALATIONS_KEYS": KEY, "ESCALATIONS_LOG_LEVEL": "ERROR"},
        stdout=asyncio.subprocess.PIPE,
    )
    lines: list[str] = []

    async def read() -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            lines.append(line.decode().strip())

    reading = asyncio.create_task(read())
    await eventually(lambda: any(line.startswith("port ") for line in lines), seconds=60)
    return process, lines, reading


async def _sends(lines: list[str], raw: bytes) -> None:
    port = int(next(line for line in lines if line.startswith("port ")).split()[1])
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=30) as client:
        await client.sendmail("noor.haverstock@oaklane.example", [MAILBOX], raw)


async def test_a_sender_that_was_cut_off_tries_again_and_there_is_one_escalation(tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    await asyncio.to_thread(hold.touch)
    raw = message(
        "To agency: Wyeford Council children's services\nProblem: Nobody came.", message_id="<kill@oaklane.example>"
    )
    chosen = Settings(folder=tmp_path, keys=KEY)  # type: ignore[arg-type]  # as the environment gives it
    async with parts.opened(chosen, migrate=True) as opened, opened.database.write() as tx:
        await directory.load(tx, opened.vault, directory_file.sample())

    process, lines, reading = await _started(tmp_path)
    sending = asyncio.create_task(_sends(lines, raw))
    await eventually(lambda: "committed" in lines)
    process.kill()
    await process.wait()
    with suppress(aiosmtplib.SMTPException, OSError):
        await sending
    assert sending.exception() is not None, "its sender heard nothing, and keeps the message"
    await reading

    await asyncio.to_thread(hold.unlink)
    process, lines, reading = await _started(tmp_path)
    try:
        await _sends(lines, raw)
        async with parts.opened(chosen) as opened:
            async with asyncio.timeout(60):
                while not (found := await _filed(opened)):  # noqa: ASYNC110  another process does it
                    await asyncio.sleep(0.1)
            raises = tables.SUBMISSIONS
            async with opened.database.read() as tx:
                count = (
                    await tx.execute(select(func.count()).select_from(raises).where(raises.c.act_kind == "raise"))
                ).scalar_one()
    finally:
        process.kill()
        await process.wait()
        await reading
    assert [row.code for row in found] == [Code.RAISED]
    assert count == 1


async def _filed(opened: parts.Parts) -> list[mails.MailRow]:
    async with opened.database.read() as tx:
        return await mails.listed(tx, MailState.FILED)
