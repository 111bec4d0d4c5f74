"""Mail in, as a part of ``escalations run`` and as ``escalations mail``: its port, and who decides on what came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from escalations import beating, errors, parts
from escalations.intake.mail_router import Router
from escalations.settings import PREFIX
from escalations.store.heartbeats import Part


class MailPortTaken(errors.FinalOurs):
    """Another program listens where mail in should."""

    code = "mail_port_taken"


def router_of(opened: parts.Parts, *, submitted: Callable[[], None] = lambda: None) -> Router | None:
    """Who decides on mail; none where none comes in."""
    return None if opened.replies is None else opened.mail_router(opened.replies, submitted=submitted)


async def run(
    opened: parts.Parts,
    router: Router | None,
    heart: beating.Heart,
    *,
    say: Callable[[str], None],
    or_any_port: bool = False,
) -> None:
    """Take mail in and decide on it until cancelled; where none comes in, only wait.

    Args:
        opened: the parts of this installation.
        router: who decides on it.
        heart: beats for it.
        say: takes a line for whoever is at the terminal.
        or_any_port: whether another port serves as well where the one of the settings is taken.

    Raises:
        MailPortTaken: another program listens there.
        settings.WrongSettings: the certificate cannot be used.
    """
    replies, settings = opened.replies, opened.settings
    if router is None or replies is None:
        await asyncio.Event().wait()
        return
    server = opened.mail_server(replies, wake=router.wake)
    host, port = settings.mail_in_host, settings.mail_in_port
    async with AsyncExitStack() as stack:
        try:
            port = await stack.enter_async_context(server.serving(host, port))
        except OSError as problem:
            if not or_any_port:
                raise MailPortTaken(
                    f"{host}:{port} cannot be listened on: {problem.strerror}. {PREFIX}MAIL_IN_PORT chooses another."
                ) from None
            port = await stack.enter_async_context(server.serving(host, 0))
        say(f"Mail to {settings.mailbox} is taken at {host}:{port} ({settings.mail_in_protocol}).")
        with heart.at_work(Part.MAIL):
            await router.run()
