"""``escalations people``: who may sign in, from the command line. The first administrator comes from here."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Final

from escalations import errors, parts, telemetry
from escalations.mail import sign_in
from escalations.rules.access import Refused, Role
from escalations.settings import Settings
from escalations.store import access_log, people, sign_ins
from escalations.store.access_log import What
from escalations.temporal import binaries

_ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class NotDone(errors.FinalOurs):
    """What was asked of who may sign in was not done. The text says why."""

    code = "not_done"


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[parts.Parts]:
    telemetry.configure(settings)
    async with parts.opened(settings) as opened:
        if not await opened.database.ready():
            raise NotDone("The database is not at the newest schema. `escalations migrate` brings it there.")
        yield opened


async def add(settings: Settings, address: str, *, name: str, roles: Collection[Role], say: binaries.Say) -> None:
    """Let somebody sign in.

    Raises:
        NotDone: the address is none, somebody has it already, or there is no role.
        EscalationsError: the database cannot be used.
    """
    if not _ADDRESS.fullmatch(address):
        raise NotDone("That is not an address of electronic mail. Write it like name@example.org.")
    async with _opened(settings) as opened, opened.database.write() as tx:
        done = await people.add(tx, opened.vault, address=address, name=name, roles=roles, now=opened.now(), by=None)
        if isinstance(done, Refused):
            raise NotDone(done.sentence)
    say(f"They may sign in now, at {settings.web_address}/sign-in")


async def listed(settings: Settings, *, say: binaries.Say) -> None:
    """Say who may sign in, with which roles, and who once could.

    Raises:
        EscalationsError: the database or a key cannot be used.
    """
    async with _opened(settings) as opened, opened.database.read() as tx:
        found = await people.listed(tx, opened.vault)
    for person in found:
        roles = ", ".join(sorted(person.roles))
        ended = f", ended {person.until:%Y-%m-%d}" if person.until is not None else ""
        say(f"{person.address}  {person.name}  ({roles}{', invented' if person.sample else ''}{ended})")
    if not found:
        say("Nobody yet. `escalations people add` lets somebody in.")


async def end(settings: Settings, address: str, *, say: binaries.Say) -> None:
    """Let somebody in no more, from the next page on.

    Raises:
        NotDone: nobody has that address, or it is the last administrator's.
        EscalationsError: the database cannot be used.
    """
    async with _opened(settings) as opened, opened.database.write() as tx:
        person = await people.find(tx, opened.vault, address)
        refused = people.NOBODY if person is None else await people.end(tx, person.person_id, now=opened.now(), by=None)
        if refused is not None:
            raise NotDone(refused.sentence)
    say("Their access has ended.")


async def link(settings: Settings, address: str, *, say: binaries.Say) -> None:
    """Print a link to sign in, for when no mail arrives: it works once, for half an hour. It is written down.

    Raises:
        NotDone: nobody has that address.
        EscalationsError: the database cannot be used.
    """
    async with _opened(settings) as opened, opened.database.write() as tx:
        now = opened.now()
        person = await people.find(tx, opened.vault, address)
        made = await sign_ins.new_link(tx, person.person_id, now=now, limited=False) if person is not None else None
        if person is None or made is None:
            raise NotDone(people.NOBODY.sentence)
        await access_log.write(tx, What.LINK_PRINTED, at=now, role=Role.ADMINISTRATOR, about_person=person.person_id)
    say(f"{settings.web_address}{sign_in.PATH}{made.token}")
