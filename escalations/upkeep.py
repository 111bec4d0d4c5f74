"""What an operator does to the register and to what is derived from it, from the command line."""

from __future__ import annotations

import email
from email import policy as mail_policy

from sqlalchemy import select

from escalations import beating, errors, going_live, parts, running, serving, telemetry
from escalations.rules.civiltime import say as say_moment
from escalations.settings import Settings
from escalations.store import heartbeats, read_models, register, tables
from escalations.store.engine import Database
from escalations.store.heartbeats import Part
from escalations.temporal import binaries, client


async def verify(settings: Settings, *, say: binaries.Say) -> bool:
    """Recompute the register and name each row that does not agree. True where all do. No key is needed for it.

    Raises:
        EscalationsError: the database cannot be reached or used.
    """
    telemetry.configure(settings)
    async with Database.open(settings.database) as database, database.read() as tx:
        findings = await register.verify(tx)
        last = 0 if findings else await register.last_position(tx)
    for finding in findings:
        where = f"{finding.table} {finding.row}"
        if finding.position is not None:
            where += f" (position {finding.position}, {finding.reference}, event {finding.seq})"
        say(f"{where}: {finding.wrong}")
    if findings:
        say(f"{len(findings)} rows do not agree. The first one is where to look.")
        return False
    say(f"The register agrees with itself: {last} events.")
    return True


async def alive(settings: Settings, part: str, *, say: binaries.Say) -> bool:
    """Whether a part was seen on this machine lately; the post round, which is of no machine, on any.

    Raises:
        FinalOurs: there is no such part.
        EscalationsError: the database cannot be reached.
    """
    telemetry.configure(settings)
    if part not in [one.value for one in Part]:
        raise errors.FinalOurs(f"There is no part {part!r}: {', '.join(Part)}.")
    asked = Part(part)
    async with Database.open(settings.database, pool_size=1) as database, database.read() as tx:
        last = await heartbeats.seen_here(tx, asked, host="" if asked is Part.POST else beating.this_machine())
    now = parts.wall_clock()
    if last is None:
        say(f"{part} was never seen on this machine.")
        return False
    say(f"{part} was seen {(now - last).total_seconds():.0f} s ago.")
    return now - last <= heartbeats.lost_after(asked)


async def show_outbox(settings: Settings, *, most: int, say: binaries.Say) -> None:
    """Print what a trial has kept in its outbox, the newest last: for an installation whose page of it nobody can open.

    Raises:
        EscalationsError: the database cannot be reached, or the installation is live.
    """
    telemetry.configure(settings)
    if going_live.is_live(settings):
        raise errors.FinalOurs("This installation is live: its mail leaves, and the outbox is a trial's.")
    query = select(tables.OUTBOX).order_by(tables.OUTBOX.c.made_at.desc()).limit(most)
    async with Database.open(settings.database, pool_size=1) as database, database.read() as tx:
        rows = (await tx.execute(query)).all()
    for row in reversed(rows):
        message = email.message_from_bytes(row.raw, policy=mail_policy.default)
        body = message.get_body(("plain",))
        text = str(body.get_content()) if body is not None else ""
        say(f"---- {say_moment(row.made_at)}, to {row.to_hint}: {message['Subject']}\n\n{text.replace(chr(13), '')}")
    say(f"{len(rows)} messages." if rows else "The outbox is empty.")


async def rebuild(settings: Settings, *, say: binaries.Say) -> None:
    """Empty the read models, and fill them again from the register.

    Raises:
        EscalationsError: the database cannot be used, or the register cannot be replayed.
    """
    telemetry.configure(settings)
    async with Database.open(settings.database) as database, database.write() as tx:
        count = await read_models.rebuild(tx)
    say(f"The lists were rebuilt from {count} events.")


async def rotate_keys(settings: Settings, *, say: binaries.Say) -> None:
    """Wrap every data key anew with the newest wrapping key, so that the older ones can leave the list.

    Raises:
        EscalationsError: the database cannot be used, or a data key is wrapped by a key that is not in the list.
    """
    telemetry.configure(settings)
    async with parts.opened(settings) as opened:
        count = 0
        while True:
            # In short transactions: whoever receives something meanwhile waits for one of them at most.
            async with opened.database.write() as tx:
                done = await opened.vault.rotate(tx)
            count += done
            if not done:
                break
        async with opened.database.read() as tx:
            wraps = await opened.vault.wraps(tx)
    newest, *older = wraps
    say(f"{count} data keys were wrapped anew with the newest key, {newest}.")
    left = [name for name in older if wraps[name]]
    if left:
        say(f"Still in use: {', '.join(left)}. Was every part started with {newest} first? Then ask again.")
    elif older:
        say(f"Nothing is wrapped any more with {', '.join(older)}: that can leave the list.")


async def restore(settings: Settings, *, say: binaries.Say) -> None:
    """Start a workflow for every escalation that is owed something and has none.

    Raises:
        EscalationsError: a part cannot be reached; what was restored stays so, and asking again goes on.
    """
    telemetry.configure(settings)
    settings = serving.elsewhere(settings)
    async with parts.opened(settings) as opened:
        count = await running.restore(opened, await client.connect_as_set(settings), say=say)
    say(f"{count} open escalations were brought back." if count else "Every open escalation has its workflow already.")
