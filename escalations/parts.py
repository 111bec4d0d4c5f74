"""The parts of an installation, opened once: what every entry point shares.

A composition root: nothing but entry points (worker, web, command line, demo) and the tests' harness imports it.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from escalations import errors, going_live, walltime
from escalations.activities.deliver import Postman
from escalations.activities.record import Recorder
from escalations.intake.dispatcher import Dispatcher
from escalations.intake.mail_answering import Post
from escalations.intake.mail_in import MailRoom, Reader
from escalations.intake.mail_router import Router
from escalations.intake.mail_routing import Ways
from escalations.intake.opening import InForce
from escalations.mail.address import Replies
from escalations.mail.authentication import Trust
from escalations.mail.outgoing import House
from escalations.mail.relay import OutboxRelay, Relay, SmtpRelay
from escalations.mail.smtp_server import Limits, Server
from escalations.packs import days_off, reading
from escalations.policy import Policy
from escalations.settings import PREFIX, MailSecurity, Settings, WrongSettings
from escalations.store.calendars import DaysOff
from escalations.store.cases import Cases
from escalations.store.engine import Database
from escalations.store.vault import Vault
from escalations.temporal.client import TASK_QUEUE
from escalations.workflows.escalation import EscalationWorkflow
from escalations.workflows.post_round import PostRoundWorkflow

ACTIVITIES_AT_ONCE = 50
LOCAL_ACTIVITIES_AT_ONCE = 50


wall_clock = walltime.wall_clock


@dataclass(frozen=True, slots=True)
class Parts:
    """What is open, and what is built of it."""

    settings: Settings
    database: Database
    vault: Vault
    cases: Cases
    in_force: InForce
    relay: Relay
    house: House
    now: Callable[[], datetime]
    replies: Replies | None = None
    """How notices are answered by mail; none where no mail comes in."""

    def postman(self) -> Postman:
        """Who delivers notices."""
        return Postman(
            database=self.database,
            vault=self.vault,
            cases=self.cases,
            relay=self.relay,
            house=self.house,
            sender=self.settings.mail_from,
            web_address=self.settings.web_address,
            now=self.now,
            replies=self.replies,
        )

    def worker(self, client: Client, *, task_queue: str = TASK_QUEUE) -> Worker:
        """A worker for the workflows and their activities.

        Pollers scale by themselves: with the SDK's fixed ones a tail of seconds was seen on a small server.
        """
        recorder, postman = Recorder(self.database, self.cases, self.now), self.postman()
        return Worker(
            client,
            task_queue=task_queue,
            workflows=[EscalationWorkflow, PostRoundWorkflow],
            activities=[recorder.record, postman.deliver, postman.post_round],
            max_cached_workflows=self.settings.worker_cached_workflows,
            max_concurrent_activities=ACTIVITIES_AT_ONCE,
            max_concurrent_local_activities=LOCAL_ACTIVITIES_AT_ONCE,
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        )

    def mail_reader(self, replies: Replies) -> Reader:
        """How mail that comes in is read here."""
        settings = self.settings
        own = {settings.mailbox.lower(), settings.mail_from.rpartition("<")[2].strip("> ").lower()}
        trust = Trust(hop=settings.mail_trusted_hop or "", loopback=settings.embedded)
        return Reader(replies, trust, frozenset(own))

    def mail_router(self, replies: Replies, *, submitted: Callable[[], None] = lambda: None) -> Router:
        """Who decides on mail that is stored."""
        ways = Ways(
            self.vault,
            self.cases,
            self.mail_reader(replies),
            self.in_force.policy.reference_prefix,
            self.in_force,
            signed_return_path=bool(self.settings.mail_signed_return_path),
        )
        post = Post(self.relay, self.house, self.settings.mail_from, self.settings.web_address)
        return Router(database=self.database, vault=self.vault, ways=ways, post=post, now=self.now, submitted=submitted)

    def mail_server(self, replies: Replies, *, wake: Callable[[], None] = lambda: None) -> Server:
        """What takes mail in.

        Raises:
            settings.WrongSettings: the certificate cannot be used.
        """
        settings = self.settings
        room = MailRoom(self.database, self.vault, self.mail_reader(replies), now=self.now, wake=wake)
        return Server(
            room.take,
            is_ours=replies.addresses.is_ours,
            hostname=settings.mailbox.rpartition("@")[2],
            limits=Limits(
                megabytes=settings.mail_in_megabytes,
                connections=settings.mail_in_connections,
                silent_seconds=settings.mail_in_seconds,
            ),
            protocol=settings.mail_in_protocol,
            tls=certificate_of(settings),
        )

    def dispatcher(
        self,
        client: Callable[[], Client | None],
        *,
        owner: str,
        task_queue: str = TASK_QUEUE,
    ) -> Dispatcher:
        """A dispatcher; ``client`` gives none while Temporal is away."""
        return Dispatcher(
            database=self.database,
            cases=self.cases,
            in_force=self.in_force,
            client=client,
            now=self.now,
            task_queue=task_queue,
            owner=owner,
        )


@asynccontextmanager
async def opened(
    settings: Settings,
    *,
    now: Callable[[], datetime] = wall_clock,
    relay: Relay | None = None,
    migrate: bool = False,
) -> AsyncIterator[Parts]:
    """Open the parts that the settings name, and close them afterwards.

    Args:
        settings: of the installation.
        now: the clock of everything that stands outside Temporal.
        relay: another way out for mail than the settings'.
        migrate: whether to bring the database to the newest schema first.

    Raises:
        settings.WrongSettings: a key cannot be read.
        packs.reading.NotAPolicyError: the policy file holds no policy.
        store.engine.DatabaseAway, store.engine.DatabaseUnfit: the database cannot be used.
        store.vault.WrongKeys: the keys do not open what the database holds.
    """
    in_force = InForce(policy_of(settings.policy_file), days_off_of(settings.calendar_file))
    async with Database.open(settings.database, owner_url=settings.database_for_migrations) as database:
        if migrate:
            await database.migrate()
        vault = Vault(settings.wrapping_keys(), asks=True)
        replies = Replies.of(settings, vault)
        # A database that is away for the moment is no reason not to start: each part waits for it in its own way.
        with suppress(errors.Retry):
            if await database.revision() is not None:
                async with database.read() as tx:
                    await vault.check(tx)
        yield Parts(
            settings=settings,
            database=database,
            vault=vault,
            cases=Cases(),
            in_force=in_force,
            relay=relay or relay_of(settings, database, now, replies),
            house=House.of(settings, trial=not going_live.is_live(settings)),
            now=now,
            replies=replies,
        )


def certificate_of(settings: Settings) -> ssl.SSLContext | None:
    """What mail in offers STARTTLS with; none where the settings name no certificate.

    Raises:
        settings.WrongSettings: it cannot be used.
    """
    if settings.mail_in_tls_certificate_file is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.mail_in_tls_certificate_file, settings.mail_in_tls_key_file)
    except (OSError, ssl.SSLError):
        raise WrongSettings(
            f"{PREFIX}MAIL_IN_TLS_CERTIFICATE_FILE and its key cannot be used: are both PEM files of one pair?"
        ) from None
    return context


def policy_of(file: Path | None) -> Policy:
    """The policy in force: the settings' file, or the sample."""
    return reading.sample() if file is None else reading.read(file)


def days_off_of(file: Path | None) -> DaysOff:
    """What the installation says of its own days.

    Raises:
        settings.WrongSettings: the file holds no calendar; its sentences say what is wrong, by line.
    """
    try:
        return days_off.read(file)
    except reading.NotAPolicyError as problem:
        raise WrongSettings(f"{PREFIX}CALENDAR_FILE cannot be used:\n{problem}") from None


def relay_of(
    settings: Settings, database: Database, now: Callable[[], datetime], replies: Replies | None = None
) -> Relay:
    """The way out for mail. Until an installation is live that is the local outbox alone, whatever relay is named.

    Where a mail catcher is named for the trial, that is the outbox: it stands beside us and forwards nothing.
    """
    return_path = replies.return_path if replies is not None and settings.signs_return_paths else _no_path
    if settings.mail_relay is None or not going_live.is_live(settings):
        if settings.trial_outbox is None:
            return OutboxRelay(database, now, return_path=return_path)
        host, _, port = settings.trial_outbox.rpartition(":")
        return SmtpRelay(
            host.strip("[]"),
            int(port),
            sender=settings.mail_from,
            security=MailSecurity.NONE,
            seconds=settings.mail_seconds,
            return_path=return_path,
        )
    password = settings.mail_password
    return SmtpRelay(
        settings.mail_relay,
        settings.mail_port,
        sender=settings.mail_from,
        security=settings.mail_security,
        user=settings.mail_user,
        password=password.get_secret_value() if password else None,
        seconds=settings.mail_seconds,
        return_path=return_path,
    )


def _no_path(message_id: str) -> None:
    """Reports on this message, as on every other, go to the address that notices come from."""
    del message_id
