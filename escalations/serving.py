"""Parts on their own, for an installation of several processes: the web, a dispatcher, the migration before them."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping

import uvicorn

from escalations import beating, hourly, mailing, parts, running, telemetry
from escalations.settings import PREFIX, Settings, WrongSettings
from escalations.store.heartbeats import Part
from escalations.temporal import binaries, client, devserver
from escalations.workflows import attributes


def elsewhere(settings: Settings) -> Settings:
    """Name the Temporal server that another program keeps: the settings' one, or that of this folder's ``run``.

    Raises:
        WrongSettings: no server is named, and none was ever started in this folder.
    """
    if settings.temporal_address is not None:
        return settings
    address = devserver.address_in(settings.folder / "temporal")
    if address is None:
        raise WrongSettings(
            "TEMPORAL_ADDRESS is not set, and no server was started in this folder: set it, or use `escalations run`."
        )
    return settings.model_copy(update={"temporal_address": address})


async def web(settings: Settings, *, environ: Mapping[str, str], say: binaries.Say) -> None:
    """Serve the web until Ctrl-C or SIGTERM. Dispatchers and workers run elsewhere.

    Raises:
        EscalationsError: nobody can be served; the text says why.
    """
    telemetry.configure(settings)
    settings, stop = elsewhere(settings), asyncio.Event()
    with running.listening(settings) as (listener, port), running.signals(stop):
        settings = settings.model_copy(update={"web_port": port})
        async with parts.opened(settings) as opened:
            timers = running.timers_of(opened, environ=environ, say=say)
            served = running.application(opened, timers_up=timers.answers)
            server = running.QuietServer(uvicorn.Config(served, log_config=None, access_log=False, lifespan="off"))
            heart = beating.Heart(opened)
            heart.watch(Part.WEB, lambda: server.started)
            started = {
                "web": asyncio.create_task(server.serve(sockets=[listener])),
                "timers": asyncio.create_task(timers.run()),
                "hourly": asyncio.create_task(hourly.run(opened)),
                "heart": asyncio.create_task(heart.run()),
            }
            say(f"{settings.product_name}: {settings.web_address}/")
            await running.until_stopped(started, stop, before=lambda: setattr(server, "should_exit", True))


async def work(settings: Settings) -> None:
    """Work for Temporal until Ctrl-C or SIGTERM: what ``worker.py`` does.

    Raises:
        EscalationsError: the database or the settings cannot be used; the text says why.
    """
    telemetry.configure(settings)
    settings, stop = elsewhere(settings), asyncio.Event()
    with running.signals(stop):
        async with parts.opened(settings) as opened:
            timers, heart = running.timers_of(opened, environ={}, say=lambda _: None), beating.Heart(opened)
            started = {
                "worker": asyncio.create_task(running.work(opened, timers, heart)),
                "timers": asyncio.create_task(timers.run()),
                "heart": asyncio.create_task(heart.run()),
            }
            await running.until_stopped(started, stop)


async def dispatch(settings: Settings, *, environ: Mapping[str, str], say: binaries.Say) -> None:
    """Take what was received to Temporal until Ctrl-C or SIGTERM.

    Raises:
        EscalationsError: the database or the settings cannot be used; the text says why.
    """
    telemetry.configure(settings)
    settings, stop = elsewhere(settings), asyncio.Event()
    with running.signals(stop):
        async with parts.opened(settings) as opened:
            timers = running.timers_of(opened, environ=environ, say=say)
            dispatcher = opened.dispatcher(lambda: timers.client, owner=f"{socket.gethostname()}-{os.getpid()}")
            heart = beating.Heart(opened)
            heart.watch_dispatcher(dispatcher)
            say("Taking what was received to Temporal. Ctrl-C stops it.")
            started = {
                "dispatcher": asyncio.create_task(dispatcher.run()),
                "timers": asyncio.create_task(timers.run()),
                "heart": asyncio.create_task(heart.run()),
            }
            await running.until_stopped(started, stop)


async def mail(settings: Settings, *, say: binaries.Say) -> None:
    """Take mail in until Ctrl-C or SIGTERM. A dispatcher elsewhere takes to Temporal what it brings.

    Raises:
        EscalationsError: the database, the port or the settings cannot be used; the text says why.
    """
    telemetry.configure(settings)
    if not settings.takes_mail:
        raise WrongSettings(f"{PREFIX}MAIL_IN is not set, so no notice says that it can be answered by mail: set it.")
    stop = asyncio.Event()
    with running.signals(stop):
        async with parts.opened(settings) as opened:
            heart = beating.Heart(opened)
            started = {
                "mail": asyncio.create_task(mailing.run(opened, mailing.router_of(opened), heart, say=say)),
                "heart": asyncio.create_task(heart.run()),
            }
            await running.until_stopped(started, stop)


async def migrate(settings: Settings, *, say: binaries.Say) -> None:
    """Bring the database to the newest schema, fill an empty directory, and see to the namespace on a server named.

    Raises:
        EscalationsError: a part cannot be reached or used; the text says why.
    """
    telemetry.configure(settings)
    running.prepare_folder(settings, say=say)
    async with parts.opened(settings, migrate=True) as opened:
        await running.load_sample_directory(opened, say=say)
        say(f"The database is at revision {await opened.database.revision()}.")
    if settings.temporal_address is not None:
        connected = await client.connect_as_set(settings)
        await devserver.ensure_namespace(connected)
        await devserver.ensure_search_attributes(connected, attributes.ALL)
        say(f"The namespace {settings.temporal_namespace} is there.")
