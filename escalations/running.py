"""``escalations run``: everything in one process, for a first look, a pilot or a small partnership.

The web serves first; the timer service may still be built. What is received meanwhile is stored, and starts when there
is one. Ctrl-C stops the parts in the order in which they need each other: the web, the dispatcher, the worker, and the
server of our own last. Nothing is lost by stopping, in whatever order: that only makes it quick.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import secrets
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI
from temporalio.client import Client
from typing_extensions import override

from escalations import beating, erasures, errors, going_live, hourly, mailing, parts, telemetry
from escalations.intake import restoring
from escalations.settings import Settings
from escalations.simulation import year
from escalations.store import directory, directory_file, people, vault
from escalations.store.heartbeats import Part
from escalations.temporal import binaries, client, devserver, keeping, schedules
from escalations.web import app as web
from escalations.web import slow
from escalations.workflows import attributes

STOPS_WITHIN_SECONDS: Final = 20.0
WORKER_RESTS_SECONDS: Final = 1.0
MOST_CONNECTIONS: Final = 500
"""Below the number of files that a process may usually have open; beyond it, whoever comes is told 503 at once."""

_log = structlog.get_logger()


class PortTaken(errors.FinalOurs):
    """Another program listens where the web should."""

    code = "port_taken"


class QuietServer(uvicorn.Server):
    """Uvicorn without hands on the signals: stopping is decided here, for all parts.

    It takes a bounded number of connections, and closes those whose requests never come.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        """Take where it listens and what it serves."""
        config.limit_concurrency, config.http = MOST_CONNECTIONS, slow.Bounded
        super().__init__(config)

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(
    settings: Settings, *, environ: Mapping[str, str], say: binaries.Say, stop: asyncio.Event | None = None
) -> None:
    """Run everything until Ctrl-C, SIGTERM, or ``stop`` is set.

    Args:
        settings: of the installation.
        environ: for the search for a Temporal server.
        say: takes what a person at the terminal should read, a line at a time.
        stop: ends it, for tests.

    Raises:
        EscalationsError: something without which nobody can be served; the text says what.
    """
    began = time.monotonic()
    telemetry.configure(settings)
    stop = stop or asyncio.Event()
    with listening(settings) as (listener, port), signals(stop):
        settings = settings.model_copy(update={"web_port": port})
        prepare_folder(settings, say=say)
        async with parts.opened(settings, migrate=True) as opened:
            if await load_sample_directory(opened, say=say):
                await fill_for_a_first_look(opened, say=say)
            await load_sample_people(opened, say=say)
            timers = timers_of(opened, environ=environ, say=say)
            dispatcher = opened.dispatcher(lambda: timers.client, owner=f"run-{os.getpid()}")
            served = application(opened, timers_up=timers.answers, wake=dispatcher.wake)
            server = QuietServer(uvicorn.Config(served, log_config=None, access_log=False, lifespan="off"))
            heart = beating.Heart(opened)
            heart.watch(Part.WEB, lambda: server.started)
            heart.watch_dispatcher(dispatcher)
            router = mailing.router_of(opened, submitted=dispatcher.wake)
            # In the order in which they stop.
            running = {
                "web": asyncio.create_task(server.serve(sockets=[listener])),
                "mail": asyncio.create_task(mailing.run(opened, router, heart, say=say, or_any_port=settings.embedded)),
                "dispatcher": asyncio.create_task(dispatcher.run()),
                "worker": asyncio.create_task(work(opened, timers, heart)),
                "timers": asyncio.create_task(timers.run()),
                "hourly": asyncio.create_task(hourly.run(opened)),
                "heart": asyncio.create_task(heart.run()),
            }
            announcing = asyncio.create_task(_announce(settings, timers, say=say, began=began))
            try:
                await until_stopped(running, stop, before=lambda: setattr(server, "should_exit", True))
            finally:
                announcing.cancel()
    say("Stopped. The next start finds everything as it is.")


@contextlib.contextmanager
def listening(settings: Settings) -> Iterator[tuple[socket.socket, int]]:
    """Take the web's port before anything else, so that a second start says so at once and changes nothing.

    Raises:
        PortTaken: another program has it.
    """
    family = socket.AF_INET6 if ":" in settings.web_host else socket.AF_INET
    try:
        listener = socket.create_server((settings.web_host, settings.web_port), family=family, backlog=2048)
    except OSError as problem:
        raise PortTaken(
            f"{settings.web_host}:{settings.web_port} cannot be listened on: {problem.strerror}. "
            "Is it running already? ESCALATIONS_WEB_PORT chooses another port."
        ) from None
    with listener:
        yield listener, listener.getsockname()[1]


def prepare_folder(settings: Settings, *, say: binaries.Say) -> None:
    """Make the folder of the embedded default, and a wrapping key where there is none and nothing was sealed yet.

    Raises:
        vault.WrongKeys: the file with the keys is gone, and the database holds what was sealed with them.
    """
    if not (settings.embedded_database or settings.temporal_address is None):
        return  # Everything lies elsewhere; in a container the folder may not even be ours to make.
    # What lies in it is for this user alone: the trial's outbox holds links that work.
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if settings.keys or settings.keys_path.exists() or not settings.embedded_database:
        return
    if vault.holds_data_keys(settings.folder / "escalations.db"):
        raise vault.WrongKeys(
            f"{settings.keys_path} is missing, and the database beside it is sealed with the keys that it held. "
            "Put it back from where keys are kept; no new key was made."
        )
    key = base64.b64encode(secrets.token_bytes(32))
    # Exclusive, and for this user alone from the first moment.
    descriptor = os.open(settings.keys_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key + b"\n")
    say(
        f"A key was made in {settings.keys_path}. Whoever loses it cannot read what was entered: keep a copy elsewhere."
    )


async def load_sample_directory(opened: parts.Parts, *, say: binaries.Say) -> bool:
    """Fill an empty directory: from the file that the settings name, else with the sample; give whether it was that."""
    async with opened.database.write() as tx:
        if not await directory.is_empty(tx):
            return False
        chosen = opened.settings.directory_file
        file = directory_file.sample() if chosen is None else directory_file.read_text(_text_of(chosen))
        count = await directory.load(tx, opened.vault, file)
    say(f"{'The sample directory' if chosen is None else chosen.name} was loaded: {count} agencies.")
    return chosen is None


async def load_sample_people(opened: parts.Parts, *, say: binaries.Say) -> None:
    """Let invented people sign in, where nobody may yet: in the embedded default, with the sample directory."""
    async with opened.database.write() as tx:
        agencies = await directory.agencies(tx, opened.now())
        if not opened.settings.first_look or not agencies or not all(agency.sample for agency in agencies):
            return
        if await people.add_samples(tx, opened.vault, now=opened.now()):
            say(f"Invented people may sign in for a first look: {opened.settings.web_address}/sign-in")


async def fill_for_a_first_look(opened: parts.Parts, *, say: binaries.Say) -> None:
    """Write invented escalations of a past year and of today, at the first start with sample directory and policy."""
    if not opened.in_force.policy.sample:
        return
    count = await year.fill(opened, opened.now(), told=year.progress(say))
    if count:
        say(f"{count} invented escalations were written for a first look: a past year, and a few that are open now.")


def application(
    opened: parts.Parts, *, timers_up: Callable[[], Awaitable[bool]] | None, wake: Callable[[], None] | None = None
) -> FastAPI:
    """Compose the web on the open parts; ``wake`` tells a dispatcher of the same process that something has come."""
    return web.create_app(
        settings=opened.settings,
        database=opened.database,
        vault=opened.vault,
        policy=opened.in_force.policy,
        days_off=opened.in_force.days_off,
        now=opened.now,
        relay=opened.relay,
        cases=opened.cases,
        dispatcher_wake=wake,
        timers_up=timers_up,
        live=going_live.is_live(opened.settings),
    )


def timers_of(opened: parts.Parts, *, environ: Mapping[str, str], say: binaries.Say) -> keeping.Timers:
    """Give what keeps the timer service within reach, with what to do each time that it comes up."""
    settings = opened.settings

    async def connect(address: str) -> Client:
        return await client.connect_as_set(settings.model_copy(update={"temporal_address": address}))

    async def prepare(connected: Client, began: devserver.Began | None) -> None:
        await schedules.ensure(connected, task_queue=client.TASK_QUEUE)
        if began is None or began is devserver.Began.AS_IT_WAS:
            return
        restored = await restore(opened, connected, say=say)
        if restored:
            say(f"{restored} open escalations were brought back to Temporal from the register.")

    return keeping.Timers(
        connect=connect,
        prepare=prepare,
        say=say,
        folder=settings.folder / "temporal",
        environ=environ,
        address=settings.temporal_address,
        namespace=settings.temporal_namespace,
        port=settings.temporal_port,
        search_attributes=attributes.ALL,
    )


async def restore(opened: parts.Parts, connected: Client, *, say: binaries.Say) -> int:
    """Start a workflow for each case that is owed something and has none; give how many were started.

    Before that, what was erased after a backup that was restored is erased again, by the list apart from the database.
    """
    await erasures.again(opened, opened.settings.erasures_path, say=say)
    found = restoring.restore(
        database=opened.database, cases=opened.cases, client=connected, task_queue=client.TASK_QUEUE
    )
    return sum([1 async for one in found if one.found is restoring.Found.RESTORED])


async def work(opened: parts.Parts, timers: keeping.Timers, heart: beating.Heart) -> None:
    """Work whenever there is a timer service, with a new worker for each time that it comes up."""
    while True:
        connected = await timers.wait_until_up()
        worker = opened.worker(connected)
        working = asyncio.create_task(worker.run())
        gone = asyncio.create_task(timers.wait_until_away())
        try:
            with heart.at_work(Part.WORKER):
                await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
            if working.done() and (problem := working.exception()) is not None:
                _log.error("worker_ended", code=type(problem).__name__, exc_info=problem)
        finally:
            gone.cancel()
            working.cancel()
            await asyncio.gather(gone, working, return_exceptions=True)
        await asyncio.sleep(WORKER_RESTS_SECONDS)


async def _announce(settings: Settings, timers: keeping.Timers, *, say: binaries.Say, began: float) -> None:
    say(f"{settings.product_name}: {settings.web_address}/")
    if settings.mail_relay is None or not going_live.is_live(settings):
        say(f"Notices go to the local outbox: {settings.trial_outbox or f'{settings.web_address}/dev/outbox'}")
    if not going_live.is_live(settings):
        say("This is a trial: do not enter real people.")
    await timers.wait_until_up()
    say(f"Ready after {time.monotonic() - began:.1f} s. Ctrl-C stops it.")


async def until_stopped(
    running: Mapping[str, asyncio.Task[None]], stop: asyncio.Event, *, before: Callable[[], None] = lambda: None
) -> None:
    """Wait for ``stop``, or for a part that ends by itself, and then stop the parts in their order.

    Args:
        running: the parts by name, in the order in which they stop.
        stop: set by a signal.
        before: called before the first is stopped.

    Raises:
        Exception: that of the part that ended by itself.
        RetryOurs: a part ended by itself and gave no reason.
    """
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopping, *running.values()}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        ended = next((name for name, task in running.items() if task.done()), None)
        before()
        await _stop(running)
    if ended is not None and not stop.is_set():
        if (problem := running[ended].exception()) is not None:
            raise problem
        raise errors.RetryOurs(f"The {ended} ended by itself.")


async def _stop(running: Mapping[str, asyncio.Task[None]]) -> None:
    for name, task in running.items():
        if name != "web":  # it ends by itself, once those who were being answered have their answer
            task.cancel()
        done, _ = await asyncio.wait({task}, timeout=STOPS_WITHIN_SECONDS)
        if not done:
            _log.warning("part_did_not_stop", part=name)
            task.cancel()


@contextlib.contextmanager
def signals(stop: asyncio.Event) -> Iterator[None]:
    """Set ``stop`` on Ctrl-C and on SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise errors.FinalOurs(f"{file} cannot be read as UTF-8 text.") from None
