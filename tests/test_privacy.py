"""Who a case is about, who raised it and what they wrote stands sealed in one place and nowhere else.

A made-up child, an invented raiser and their words are planted where they belong, every failure that could carry them
off is provoked, and then every place that anything is written to is searched: the whole history with its payloads, what
the server says of a running workflow, the log at its lowest level, the mail, and the bytes of the database's files.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from pathlib import Path

import pytest
import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import insert
from temporalio import activity
from temporalio import client as temporal
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker
from typing_extensions import override

from escalations import settings as installation_settings
from escalations import telemetry
from escalations.activities.record import Recorder
from escalations.intake import submissions
from escalations.mail.relay import Relay, SentCode, SmtpRelay
from escalations.rules import acts
from escalations.rules.case import Done, LeaveReason, Outcome
from escalations.rules.linked import LinkReason
from escalations.rules.notices import LEAD
from escalations.settings import LogFormat, MailSecurity
from escalations.store import mails, tables
from escalations.store.vault import Vault
from escalations.workflows.contracts import RecordRequest, RecordResult
from escalations.workflows.escalation import EscalationWorkflow
from tests import builders
from tests.builders import SOCIAL_CARE, TEAM, origin, raiser, responder
from tests.harness import Installation, dispatching, installation, settings
from tests.reading import everything_in, everything_said, mail_decoded
from tests.relays import ScriptedRelay
from tests.test_by_mail_alone import by_mail
from tests.workflows.running import runs

CHILD, RAISER, ADDRESS = "Persephone Canarybird", "Zebedee Quartermaine", "z.quartermaine@oaklane.example"
SAID = "she was seen alone by the kingfisher weir"
HEALTH = "community-health"
CANARIES = tuple(text.casefold().encode() for text in ("Canarybird", "Quartermaine", "kingfisher"))
WORDS = {
    "raiser": {"name": RAISER, "email": ADDRESS, "phone": "01632 960300"},
    "people": [{"name": CHILD, "date_of_birth": "2019-05-04"}],
    "problem": f"{CHILD}: {SAID}.",
}
LATER = {
    "text": f"{RAISER} was told that {CHILD} {SAID}.",
    "by": {"name": RAISER},
    "adviser": {"name": RAISER, "email": ADDRESS},
}


def found(places: Mapping[str, bytes]) -> list[str]:
    """Name the places that hold a canary."""
    return [place for place, text in places.items() if any(canary in text.lower() for canary in CANARIES)]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Give everything that is logged, by us and by every library, at the lowest level, as an operator would have it."""
    stream = io.StringIO()
    strict = installation_settings.Settings(log_format=LogFormat.JSON, log_level="WARNING")
    telemetry.configure(
        installation_settings.Settings(log_format=LogFormat.JSON, log_level="DEBUG"), stream=stream, strict=False
    )
    yield stream
    telemetry.configure(strict, strict=True)


def _database(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("escalations.db*")}


async def _of_temporal(home: Installation, reference: str) -> dict[str, bytes]:
    handle = home.handle(reference)
    described = (await handle.describe()).raw_description
    first = described.workflow_execution_info.first_run_id
    places = {"description": everything_in(described)}
    for number, history in enumerate(await runs(home.client, reference, first), 1):
        run = temporal.WorkflowHistory(reference, history)
        places[f"history of run {number}"] = everything_said(run)
    with suppress(temporal.RPCError, temporal.WorkflowQueryFailedError):
        places["details"] = repr(await handle.query("__temporal_workflow_metadata")).encode()
    return places


async def _act(home: Installation, reference: str, act: acts.Act) -> submissions.Submission:
    receipt = await home.receive(act, reference=reference, words=LATER)
    outcome = await home.settled(receipt.submission_id)
    with suppress(TimeoutError):
        await home.idle(reference)
    return outcome


async def test_nothing_personal_is_anywhere_but_sealed(
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
    log: io.StringIO,
) -> None:
    async with installation(settings(tmp_path), escalations_client, task_queue) as home:
        reference = await home.raised_now(words=WORDS, co_raisers=(HEALTH,))
        now = home.parts.now()
        await _act(
            home,
            reference,
            acts.SayDone(**origin(responder(), now, happened_at=now), done=Done.SPOKE, agency_id=SOCIAL_CARE),
        )
        await _act(home, reference, acts.DenyDone(**origin(raiser(), home.parts.now()), claim_id="c1"))
        refused = await _act(home, reference, acts.DenyDone(**origin(raiser(), home.parts.now()), claim_id="c1"))
        await _act(
            home, reference, acts.Respond(**origin(responder(), home.parts.now()), offers=Outcome.AGREED_IN_PART)
        )
        leaves = acts.ChangeRaisers(
            **origin(raiser(HEALTH, LEAD), home.parts.now()), leave=(HEALTH,), because=LeaveReason.NO_LONGER_OURS
        )
        left = await _act(home, reference, leaves)
        asked = await _act(home, reference, acts.InviteAdviser(**origin(TEAM, home.parts.now()), role="adviser"))
        links = acts.Link(**origin(TEAM, home.parts.now()), other="PD-27-0009-T", because=LinkReason.SAME_PEOPLE)
        linked = await _act(home, reference, links)
        running = await _of_temporal(home, reference)
        await _act(home, reference, acts.MoveUp(**origin(raiser(), home.parts.now())))
        await _act(home, reference, acts.Agree(**origin(raiser(), home.parts.now()), outcome=Outcome.AGREED_IN_PART))
        await asyncio.wait_for(home.handle(reference).result(), 20)

        places = {
            **running,
            **{f"{place}, closed": text for place, text in (await _of_temporal(home, reference)).items()},
        }
        mail = await home.outbox()
        places |= {f"mail {number}": mail_decoded(raw) for number, raw in enumerate(mail)}
        places |= _database(tmp_path)
        places["log"] = log.getvalue().encode()
        async with home.parts.database.read() as tx:
            (first, *_) = await submissions.of_case(tx, reference)
            kept = await submissions.content(tx, home.parts.vault, first.submission_id)

    assert refused.outcome_sentence
    assert {asked.state, left.state, linked.state} == {submissions.State.APPLIED}
    assert len(mail) > 3
    assert "escalations.db-wal" in places, "what is not in the file yet was searched too"
    assert b"notice_tried" in places["log"]
    assert b"Escalation" in places["history of run 1"]
    assert kept == WORDS, "and it is there, sealed"
    assert found(places) == []


class _Talkative:
    """An SMTP server whose refusals repeat everything that it was told, as many do."""

    async def handle_RCPT(  # noqa: N802  aiosmtpd's names
        self,
        _server: SMTP,
        _session: Session,
        _envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        return f"550 5.1.1 <{address}> {RAISER} is unknown here; see your message about {CHILD}"


@asynccontextmanager
async def _talkative_relay() -> AsyncIterator[Relay]:
    sessions: list[SMTP] = []

    def connection() -> SMTP:
        sessions.append(SMTP(_Talkative(), hostname="relay.test"))
        return sessions[-1]

    server = await asyncio.get_running_loop().create_server(connection, host="127.0.0.1", port=0)
    try:
        yield SmtpRelay(
            "127.0.0.1",
            int(server.sockets[0].getsockname()[1]),
            sender="escalations@partnership.example",
            security=MailSecurity.NONE,
            seconds=5,
        )
    finally:
        server.close()
        for session in sessions:
            if session.transport is not None:
                session.transport.close()
        await server.wait_closed()


async def test_a_relay_that_repeats_names_and_addresses_is_not_repeated(
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
    log: io.StringIO,
) -> None:
    async with (
        _talkative_relay() as relay,
        installation(settings(tmp_path), escalations_client, task_queue, relay=relay) as home,
    ):
        reference = await home.raised_now(words=WORDS)
        places = {**await _of_temporal(home, reference), **_database(tmp_path), "log": log.getvalue().encode()}

    assert b"refused" in places["log"]
    assert found(places) == []


class _Failing(Recorder):
    """Fails in every way that has words in it, one after the other, before it records."""

    def failures(self) -> Iterator[Exception]:
        yield RuntimeError(f"could not record {CHILD}")
        yield ApplicationError(f"{RAISER} <{ADDRESS}>", {"about": CHILD}, type="OddError")
        error = KeyError(f"no such person: {CHILD}")
        error.__cause__ = ValueError(SAID)
        yield error

    def __init__(self, home: Installation) -> None:
        super().__init__(home.parts.database, home.parts.cases, home.parts.now)
        self._left = list(self.failures())

    @activity.defn(name="record")
    @override
    async def record(self, request: RecordRequest) -> RecordResult:
        if self._left:
            raise self._left.pop()
        if request.after_seq == 0 and not hasattr(self, "broke"):
            self.broke = True
            async with self._database.write() as tx:  # A statement that fails with the words among its parameters.
                await tx.execute(insert(tables.NOTICES).values(notice_id=CHILD, reference=ADDRESS, last_code=SAID))
        return await super().record(request)


async def test_activities_that_fail_with_personal_words_leave_none_behind(
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
    log: io.StringIO,
) -> None:
    relay = ScriptedRelay()

    def explodes(_notice_id: str, to: str) -> SentCode:
        raise OSError(f"550 <{to}> about {CHILD}")

    relay.answer = explodes
    places: dict[str, bytes] = {}
    async with installation(
        settings(tmp_path), escalations_client, task_queue, relay=relay, with_worker=False, with_dispatcher=False
    ) as home:
        postman = home.parts.postman()

        @activity.defn(name="deliver")
        async def deliver(_request: object) -> None:
            raise RuntimeError(f"{ADDRESS}: {SAID}")  # Remote: its last failure stands in the pending activity.

        failing = _Failing(home)
        async with (
            dispatching(home.dispatcher),
            Worker(
                escalations_client,
                task_queue=task_queue,
                workflows=[EscalationWorkflow],
                activities=[failing.record, deliver],
            ),
        ):
            receipt = await home.receive(builders.raise_(home.parts.now()), reference=None, words=WORDS)
            await home.settled(receipt.submission_id)
            async with asyncio.timeout(20):
                while b"lastFailure" not in places.get("description", b""):
                    await asyncio.sleep(0.2)
                    places |= await _of_temporal(home, receipt.reference)
        # The real ones: a relay that raises, and a wrong key, which opens no address.
        wrong = Vault((bytes(32),))
        postman_with_wrong_key = type(postman)(
            database=home.parts.database,
            vault=wrong,
            cases=home.parts.cases,
            relay=relay,
            house=home.parts.house,
            sender="escalations@partnership.example",
            web_address="http://127.0.0.1",
            now=home.parts.now,
        )
        for someone in (postman, postman_with_wrong_key):
            await someone.post_round()
        places |= {**_database(tmp_path), "log": log.getvalue().encode()}
        await home.handle(receipt.reference).terminate()

    assert b"activity_failed" in places["log"]
    assert b"notice_stuck" in places["log"]
    assert b"OddError" in places["log"]
    assert found(places) == []


async def test_the_search_finds_what_is_planted_in_each_place(
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
    log: io.StringIO,
) -> None:
    async with installation(settings(tmp_path), escalations_client, task_queue) as home:
        reference = await home.raised_now(words=WORDS)
        # Codes are free text to the type; a part that put a name there would do this.
        planted = acts.NotePhoneCall(
            **origin(TEAM, home.parts.now()), agency_id=SOCIAL_CARE, reached=True, position="canarybird"
        )
        receipt = await home.receive(planted, reference=reference)
        await home.settled(receipt.submission_id)
        structlog.get_logger().warning("planted", code="Canarybird")
        logging.getLogger("escalations.planted").warning("Canarybird")
        places = {**await _of_temporal(home, reference), **_database(tmp_path), "log": log.getvalue().encode()}

    assert {"history of run 1", "log", "escalations.db-wal"} <= set(found(places))
    encoded = b"Content-Transfer-Encoding: base64\nContent-Type: text/plain\n\nQ2FuYXJ5YmlyZA==\n"
    assert found({"mail": encoded}) == []
    assert found({"mail": mail_decoded(encoded)}) == ["mail"]


async def test_nothing_of_a_mail_is_anywhere_but_sealed(
    tmp_path: Path, escalations_client: temporal.Client, task_queue: str, log: io.StringIO
) -> None:
    """A child's name in the subject, the text, the name of a file; the sender's own: raised, replied and bounced."""
    made = EmailMessage()
    made["From"], made["To"] = f"{RAISER} <{ADDRESS}>", "escalations@partnership.example"
    made["Subject"] = f"About {CHILD}"
    made.set_content(f"To agency: Wyeford Council children's services\nChild: {CHILD}\nProblem: {SAID}.")
    made.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename=f"{CHILD}.pdf")
    async with installation(settings(tmp_path), escalations_client, task_queue) as home, by_mail(home) as post:
        await post.sends(made.as_bytes(), sender=ADDRESS, to="escalations@partnership.example")
        receipt = await post.receives("we have received your escalation")
        reference = str(receipt["Subject"]).partition(":")[0]
        del made["To"], made["Subject"]
        made["To"], made["Subject"] = str(receipt["Reply-To"]), f"Re: {CHILD}"
        await post.sends(made.as_bytes(), sender=ADDRESS, to=str(receipt["Reply-To"]))
        del made["Subject"]
        made["Subject"] = f"Undeliverable: {CHILD}"
        made["X-Failed-Recipients"] = ADDRESS
        await post.sends(made.as_bytes(), sender="", to=str(receipt["Reply-To"]))
        del made["To"], made["X-Failed-Recipients"], made["Subject"]
        made["To"], made["Subject"] = "escalations@partnership.example", f"{CHILD} and {reference}"
        await post.sends(made.as_bytes(), sender=ADDRESS, to="escalations@partnership.example")
        async with asyncio.timeout(30):
            while len(await _decided(home)) < 4:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.1)
        await home.idle(reference)
        outbox = await home.outbox()
        places = {**await _of_temporal(home, reference), **_database(tmp_path), "log": log.getvalue().encode()}
        places |= {f"mail {number}": mail_decoded(raw) for number, raw in enumerate(outbox)}
        await home.handle(reference).terminate()

    assert b"mail_routed" in places["log"]
    assert found(places) == []


async def _decided(home: Installation) -> list[mails.MailRow]:
    async with home.parts.database.read() as tx:
        return await mails.listed(tx, *(state for state in mails.MailState if state is not mails.MailState.RECEIVED))
