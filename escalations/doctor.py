"""``escalations doctor``: of each part, what was found and how to mend what is not right.

It looks and changes nothing. What it prints names no person, so that it can be sent to whoever helps.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from importlib import resources

from sqlalchemy import func, select
from temporalio import service

from escalations import errors, going_live, parts, serving, walltime
from escalations.mail.address import Replies
from escalations.metrics import figures
from escalations.packs import reading, warning
from escalations.rules.access import Role
from escalations.settings import PREFIX, Settings, WrongSettings
from escalations.store import engine, heartbeats, people, tables, vault
from escalations.temporal import binaries, client, devserver

ANSWERS_WITHIN_SECONDS = 5.0
LEAST_FREE_BYTES = 1_000_000_000
WAITS_TOO_LONG = timedelta(minutes=5)


class Verdict(StrEnum):
    """How a part is."""

    FINE = "fine"
    NOTE = "note"
    """It works; something about it is worth knowing."""

    WRONG = "wrong"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part."""

    part: str
    verdict: Verdict
    found: str
    mend: str = ""


async def see(settings: Settings, *, environ: Mapping[str, str], say: binaries.Say, live: bool = False) -> bool:
    """Look at everything and say it, one part a line. True where nothing is wrong.

    Args:
        settings: of the installation.
        environ: for where a Temporal server would come from.
        say: takes one line.
        live: also say what stands between this installation and real people; then that counts too.
    """
    findings = await examine(settings, environ=environ)
    for finding in findings:
        say(f"{finding.verdict:<6}{finding.part:<13}{finding.found}")
        if finding.mend:
            say(f"{'':<19}{finding.mend}")
    well = all(finding.verdict is not Verdict.WRONG for finding in findings)
    if not live:
        return well
    found = await _obstacles(settings)
    say("")
    if found:
        say(f"{len(found)} things stand between this installation and real people:")
    for number, obstacle in enumerate(found, 1):
        say(f"{number:>4}. {obstacle.what}")
        say(f"{'':<6}{obstacle.mend}")
    if not found:
        say("Nothing stands between this installation and real people.")
        say(
            "It is live." if going_live.is_live(settings) else f"Set {PREFIX}LIVE=true when the partnership decides so."
        )
    return well and not found


async def examine(settings: Settings, *, environ: Mapping[str, str]) -> list[Finding]:
    """Look at every part, each by itself: one that is away hides none of the others."""
    findings = [_program(), _folder(settings), await _keys(settings), _policy(settings, walltime.today()), _pages()]
    findings += await _database(settings)
    findings += _files(settings)
    findings.append(await _temporal(settings, environ))
    findings.append(await _mail(settings))
    findings.append(await _mail_in(settings))
    return findings


async def _obstacles(settings: Settings) -> tuple[going_live.Obstacle, ...]:
    try:
        async with parts.opened(settings) as opened:
            return await going_live.obstacles_in(
                settings,
                policy=opened.in_force.policy,
                database=opened.database,
                vault=opened.vault,
                now=opened.now(),
            )
    except (errors.EscalationsError, reading.NotAPolicyError):
        found = going_live.obstacles(settings)
        return (*found, going_live.Obstacle("The directory could not be read.", "Mend what is wrong above first."))


def _program() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", Verdict.FINE, f"Python {version} on {sys.platform}.")


def _folder(settings: Settings) -> Finding:
    folder = settings.folder.resolve()
    at = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(at, os.W_OK):
        return Finding(
            "folder",
            Verdict.WRONG,
            f"{folder} cannot be written.",
            f"Give this user the folder, or set {PREFIX}FOLDER.",
        )
    free = shutil.disk_usage(at).free
    if free < LEAST_FREE_BYTES:
        return Finding("folder", Verdict.WRONG, f"Only {free // 1_000_000} MB are free at {folder}.", "Make room.")
    return Finding("folder", Verdict.FINE, f"{folder}, {free // 1_000_000_000} GB free.")


async def _keys(settings: Settings) -> Finding:
    try:
        keys = settings.wrapping_keys()
    except WrongSettings as problem:
        if settings.embedded_database and not settings.keys_path.exists():
            if vault.holds_data_keys(settings.folder / "escalations.db"):
                return Finding(
                    "keys",
                    Verdict.WRONG,
                    f"{settings.keys_path} is missing, and the database is sealed with the keys that it held.",
                    "Put it back from where keys are kept. Make no new one.",
                )
            return Finding("keys", Verdict.NOTE, "There is no key yet.", "The first `escalations run` makes one.")
        return Finding("keys", Verdict.WRONG, str(problem), "Each key is 32 random bytes: `openssl rand -base64 32`.")
    if not settings.keys and settings.keys_path.stat().st_mode & 0o077:
        return Finding(
            "keys",
            Verdict.WRONG,
            f"{settings.keys_path} can be read by other users of this machine.",
            f"chmod 600 {settings.keys_path}",
        )
    if await _do_not_open(settings, keys):
        return Finding(
            "keys",
            Verdict.WRONG,
            "The wrapping keys do not open what this database holds.",
            "Put back the keys that it was sealed with, from where keys are kept.",
        )
    return Finding("keys", Verdict.FINE, f"{len(keys)} wrapping key{'s' if len(keys) > 1 else ''}.")


async def _do_not_open(settings: Settings, keys: Sequence[bytes]) -> bool:
    if settings.embedded_database and not (settings.folder / "escalations.db").exists():
        return False
    try:
        async with (
            asyncio.timeout(ANSWERS_WITHIN_SECONDS),
            engine.Database.open(settings.database, pool_size=1) as database,
        ):
            if await database.revision() is not None:
                async with database.read() as tx:
                    await vault.Vault(keys).check(tx)
    except vault.WrongKeys:
        return True
    except (errors.EscalationsError, TimeoutError):
        pass  # what is wrong with the database is said of the database
    return False


def _policy(settings: Settings, today: date) -> Finding:
    try:
        policy = parts.policy_of(settings.policy_file)
    except reading.NotAPolicyError as problem:
        return Finding(
            "policy", Verdict.WRONG, str(problem.problems[0]), "`escalations policy check` lists everything."
        )
    dated = warning.dated(policy, today)
    found = " ".join((f"{policy.title}, version {policy.version}.", *dated))
    if policy.sample:
        return Finding("policy", Verdict.NOTE, f"{found} It is a sample.", f"{PREFIX}POLICY_FILE names your own.")
    if dated:
        return Finding("policy", Verdict.NOTE, found, "The adoption in its file gives the dates.")
    return Finding("policy", Verdict.FINE, found)


def _pages() -> Finding:
    if (resources.files("escalations.web") / "static" / "govuk.css").is_file():
        return Finding("pages", Verdict.FINE, "The built files of the pages are there.")
    return Finding("pages", Verdict.WRONG, "The built files of the pages are missing.", "npm ci && npm run build")


async def _database(settings: Settings) -> list[Finding]:
    kind = "SQLite" if settings.database.startswith("sqlite") else "PostgreSQL"
    if settings.embedded_database and not (settings.folder / "escalations.db").exists():
        return [Finding("database", Verdict.NOTE, "There is none yet.", "The first `escalations run` makes it.")]
    try:
        async with (
            asyncio.timeout(ANSWERS_WITHIN_SECONDS),
            engine.Database.open(settings.database, pool_size=1) as database,
        ):
            revision, newest = await database.revision(), engine.newest_revision()
            if revision != newest:
                return [
                    Finding(
                        "database",
                        Verdict.WRONG,
                        f"{kind} at revision {revision or 'none'}, and this program needs {newest}.",
                        "escalations migrate",
                    )
                ]
            async with database.read() as tx:
                unguarded = await engine.missing_guards(tx)
            guarded = (
                Finding(
                    "register",
                    Verdict.WRONG,
                    f"These tables can be rewritten: {', '.join(unguarded)}.",
                    "Restore their triggers from a backup of the schema, then `escalations register verify`.",
                )
                if unguarded
                else Finding("register", Verdict.FINE, "Guarded. `escalations register verify` recomputes every hash.")
            )
            fine = Finding("database", Verdict.FINE, f"{kind} at revision {revision}.")
            now = parts.wall_clock()
            queues = [await _waiting(database, now), await _due(database, now)]
            return [fine, guarded, await _sign_in(database), *queues, *await _seen(database, now)]
    except (errors.EscalationsError, TimeoutError) as problem:
        said = str(problem) if isinstance(problem, errors.Final) else f"{kind} does not answer."
        return [Finding("database", Verdict.WRONG, said, f"Is it running? {PREFIX}DATABASE_URL says where it is.")]


def _files(settings: Settings) -> list[Finding]:
    """Whether other users of this machine can read what is kept: the trial's outbox in it holds links that work."""
    kept = [settings.folder / f"escalations.db{more}" for more in ("", "-wal", "-shm")] if _keeps_here(settings) else []
    kept += [file for file in settings.folder.glob("temporal/*/temporal.db*") if file.is_file()]
    readable = [file for file in kept if file.exists() and file.stat().st_mode & 0o077]
    if not readable:
        return []
    shut = not settings.folder.stat().st_mode & 0o077
    return [
        Finding(
            "files",
            Verdict.NOTE if shut else Verdict.WRONG,
            f"{', '.join(str(file) for file in readable)} can be read by other users of this machine"
            + (", if somebody lets them into the folder." if shut else "."),
            f"chmod 600 {' '.join(str(file) for file in readable)}",
        )
    ]


def _keeps_here(settings: Settings) -> bool:
    """Whether the database is the embedded one, and was made."""
    return settings.embedded_database and (settings.folder / "escalations.db").exists()


async def _sign_in(database: engine.Database) -> Finding:
    async with database.read() as tx:
        counted = await people.counted(tx)
    if not counted[Role.ADMINISTRATOR]:
        return Finding(
            "sign-in",
            Verdict.NOTE,
            "There is no administrator, so nobody can let anybody in.",
            "`escalations people add ADDRESS --name NAME --role administrator`",
        )
    said = ", ".join(f"{number} {role.value}" for role, number in counted.items())
    return Finding("sign-in", Verdict.FINE, f"May sign in: {said}.")


async def _waiting(database: engine.Database, now: datetime) -> Finding:
    states = tables.SUBMISSION_STATES
    async with database.read() as tx:
        count, oldest = (
            await tx.execute(
                select(func.count(), func.min(states.c.received_at)).where(states.c.state.in_(("queued", "in_flight")))
            )
        ).one()
    if count and oldest is not None and now - oldest > WAITS_TOO_LONG:
        minutes = int((now - oldest).total_seconds() // 60)
        return Finding(
            "submissions",
            Verdict.WRONG,
            f"{count} wait for Temporal, the oldest for {minutes} minutes.",
            "Is a dispatcher running, and a worker? They are stored; nothing is lost.",
        )
    return Finding("submissions", Verdict.FINE, f"{count} on their way." if count else "None wait.")


async def _due(database: engine.Database, now: datetime) -> Finding:
    async with database.read() as tx:
        late = {what: queue for what, queue in (await figures.overdue(tx, now=now)).items() if queue.oldest}
    oldest = min((queue.oldest for queue in late.values() if queue.oldest), default=now)
    if now - oldest <= WAITS_TOO_LONG:
        return Finding("clocks", Verdict.FINE, "What is due is recorded.")
    counted = ", ".join(f"{queue.count} of kind {what}" for what, queue in late.items())
    return Finding(
        "clocks",
        Verdict.WRONG,
        f"Due and not recorded: {counted}. The oldest for {int((now - oldest).total_seconds() // 60)} minutes.",
        "Are Temporal and a worker running? If they are: `escalations workflows restore`.",
    )


async def _seen(database: engine.Database, now: datetime) -> list[Finding]:
    async with database.read() as tx:
        seen = await heartbeats.seen(tx, now=now)
    if not seen:
        return [Finding("parts", Verdict.NOTE, "None was ever seen.", "`escalations run` starts them all.")]
    if all(one.is_lost(now) for one in seen.values()):
        last = max(one.at for one in seen.values())
        return [Finding("parts", Verdict.NOTE, f"None runs. One was last seen at {last:%Y-%m-%d %H:%M} UTC.")]
    findings = []
    for part in (*heartbeats.NEEDED, heartbeats.Part.WEB, heartbeats.Part.MAIL):
        one = seen.get(part)
        if one is None and part in {heartbeats.Part.MAIL, heartbeats.Part.POST}:
            continue  # Not every installation takes mail in, and the first post round ends within two minutes.
        if one is None or one.is_lost(now):
            when = f"since {one.at:%Y-%m-%d %H:%M} UTC" if one else "ever"
            found = Finding(part.value, Verdict.WRONG, f"Not seen {when}, while other parts run.", _MEND_OF[part])
        else:
            found = Finding(part.value, Verdict.FINE, f"Seen {int((now - one.at).total_seconds())} s ago.")
        findings.append(found)
    return findings


_MEND_OF = {
    heartbeats.Part.WEB: "Start `escalations web`.",
    heartbeats.Part.DISPATCHER: "Start `escalations dispatch`. What was received is stored and waits.",
    heartbeats.Part.WORKER: "Start `escalations worker`. No time limit is noted and no reminder leaves without one.",
    heartbeats.Part.MAIL: "Start the mail intake. Senders try again for some days.",
    heartbeats.Part.POST: "Look at the worker, and at the schedule `post-round` in Temporal.",
}


async def _temporal(settings: Settings, environ: Mapping[str, str]) -> Finding:
    address = settings.temporal_address or devserver.address_in(settings.folder / "temporal")
    if address is not None:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
                connected = await client.connect_as_set(serving.elsewhere(settings))
                await connected.service_client.check_health()
        except (errors.EscalationsError, service.RPCError, TimeoutError):
            if settings.temporal_address is not None:
                return Finding(
                    "temporal",
                    Verdict.WRONG,
                    f"{address} does not answer.",
                    "Is it running? TEMPORAL_ADDRESS says where.",
                )
        else:
            return Finding("temporal", Verdict.FINE, f"{address} answers, namespace {settings.temporal_namespace}.")
    try:
        found = await asyncio.to_thread(
            binaries.resolve, environ=environ, say=lambda _: None, may_download=False, may_build=False
        )
    except binaries.NoServer as problem:
        return Finding(
            "temporal",
            Verdict.NOTE,
            f"There is no server yet. {problem}",
            "`make build-temporal` gets one; `escalations run` does so by itself, while the web serves.",
        )
    return Finding("temporal", Verdict.FINE, f"Not running now. {found.sentence()}")


async def _mail(settings: Settings) -> Finding:
    where = f"{settings.mail_relay}:{settings.mail_port}"
    if not going_live.is_live(settings) and settings.trial_outbox is not None:
        where = settings.trial_outbox
    elif settings.mail_relay is None:
        return Finding(
            "mail", Verdict.NOTE, "Notices go to the local outbox alone.", f"{PREFIX}MAIL_RELAY names a relay."
        )
    host, _, port = where.rpartition(":")
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return Finding(
            "mail", Verdict.WRONG, f"{where} does not answer.", "Is the address right, and the way to it open?"
        )
    return Finding("mail", Verdict.FINE, f"{where} answers.")


async def _mail_in(settings: Settings) -> Finding:
    if not settings.takes_mail:
        return Finding("mail in", Verdict.NOTE, "No mail comes in.", f"{PREFIX}MAIL_IN=true, and `escalations mail`.")
    if settings.embedded_database and not _keeps_here(settings):
        # Something may answer at that port; it is not ours.
        return Finding(
            "mail in",
            Verdict.NOTE,
            "It was not started: nothing ever ran in this folder.",
            "`escalations run` takes it.",
        )
    try:
        Replies.of(settings, vault.Vault(settings.wrapping_keys()))
        parts.certificate_of(settings)
    except WrongSettings as problem:
        return Finding("mail in", Verdict.WRONG, str(problem), "Mend the setting that it names.")
    where = f"{settings.mail_in_host}:{settings.mail_in_port}"
    found = f"Mail to {settings.mailbox} is taken at {where}."
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
            _, writer = await asyncio.open_connection(settings.mail_in_host, settings.mail_in_port)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return Finding("mail in", Verdict.NOTE, f"{where} does not answer now.", "`escalations run` and `mail` do.")
    if settings.mail_trusted_hop is None and not settings.embedded:
        return Finding(
            "mail in",
            Verdict.NOTE,
            f"{found} No sender is believed, so the team has to say whose each escalation is.",
            f"{PREFIX}MAIL_TRUSTED_HOP names the server whose word on a sender counts.",
        )
    return Finding("mail in", Verdict.FINE, found)
