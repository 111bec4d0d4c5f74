"""The team's acts, end to end, with real parts: a plain mail, completed, passed on, extended, paused and ended.

What they bring is in the register and in the lists; whom it concerns hears of it by mail; and what people wrote with it
is in neither Temporal nor the mail.
"""

from __future__ import annotations

import email
import email.policy
from pathlib import Path

import pytest
from temporalio import client as temporal

from escalations.policy import Side
from escalations.rules import acts
from escalations.rules.actors import Channel
from escalations.rules.case import Cause, Outcome, PauseReason
from escalations.rules.workingtime import Amount
from escalations.store import read_models, register
from tests import builders
from tests.builders import SCHOOL, SENDER, SOCIAL_CARE, TEAM, civil, origin
from tests.harness import RAISER_WORDS, Installation, installation, settings
from tests.reading import everything_said, mail_decoded
from tests.workflows.running import runs

WORDS = {"text": "Persephone Canarybird: the hearing is in June.", "by": {"name": "Quentin Canarykeeper"}}
CANARIES = (b"canary", b"hearing", b"quartermaine")


async def does(home: Installation, reference: str, act: acts.Act) -> None:
    settled = await home.act(reference, act, words=WORDS)
    assert settled.state == "applied", settled


async def team(home: Installation, reference: str, at: str, kind: type[acts.ActModel], **values: object) -> None:
    """Let time pass until then, and let the team do this."""
    await home.reaches(reference, at)
    act = kind.model_validate({**origin(TEAM, civil(at), channel=Channel.TEAM), **values})
    await does(home, reference, acts.loads(act.model_dump_json()))


async def subjects(home: Installation, reference: str) -> list[str]:
    """Give what the messages of a case were about, in the order in which they were made."""
    read = [email.message_from_bytes(raw, policy=email.policy.default)["Subject"] for raw in await home.outbox()]
    return [str(subject).partition(": ")[2] for subject in read if str(subject).startswith(reference)]


async def listed(home: Installation, reference: str) -> tuple[read_models.CaseRow, dict[str, read_models.ClockRow]]:
    async with home.parts.database.read() as tx:
        found = await read_models.case_of(tx, reference)
        clocks = {clock.rule_id: clock for clock in await read_models.clocks_of(tx, reference)}
    assert found is not None
    return found, clocks


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_a_plain_mail_is_completed_passed_on_extended_paused_and_ended_on_the_raiser_s_word(
    database: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else None
    async with installation(settings(tmp_path, url), escalations_client, task_queue) as home:
        reference = await home.raised("2027-03-01 09:30", words=RAISER_WORDS, **builders.plain_mail())
        await home.reaches(reference, "2027-03-01 10:00")
        complete = acts.Complete(
            **origin(SENDER, civil("2027-03-01 10:00")),
            responding_agencies=(SOCIAL_CARE,),
            concern=acts.Concern.CHILD,
            reason=acts.Reason.PLAN,
        )
        await does(home, reference, complete)
        found, _ = await listed(home, reference)
        assert (found.status, found.raising_agency, found.reason) == ("held", None, "plan_not_followed")

        known = {"responding_agencies": (SOCIAL_CARE,), "raising_agency": SCHOOL}
        await team(home, reference, "2027-03-01 10:30", acts.PassOn, **known)
        await home.idle(reference)
        found, clocks = await listed(home, reference)
        assert (found.status, found.raising_agency) == ("open", SCHOOL)

        more = {"clock_id": clocks["resolve"].clock_id, "by_amount": Amount.parse("2 working days")}
        await team(home, reference, "2027-03-01 11:00", acts.Extend, **more)
        await team(home, reference, "2027-03-01 12:00", acts.Pause, reason=PauseReason.COURT)
        found, clocks = await listed(home, reference)
        assert (found.paused_since, found.pause_reason) == (civil("2027-03-01 12:00"), "court")
        assert clocks["resolve"].state is read_models.ClockState.PAUSED

        await team(home, reference, "2027-03-03 12:00", acts.Resume)
        found, clocks = await listed(home, reference)
        assert (found.paused_since, found.pauses, found.paused_minutes) == (None, 1, 2 * 24 * 60)
        assert [(kept.due_at, kept.because) for kept in clocks["resolve"].kept_dates] == [
            (civil("2027-03-08 17:00"), "clock_started"),
            (civil("2027-03-10 17:00"), "clock_extended"),
            (civil("2027-03-11 17:00"), "clock_resumed"),
        ]

        right = {"clock_id": clocks["acknowledge"].clock_id, "cause": Cause.CLOSED}
        await team(home, reference, "2027-03-12 10:00", acts.ConfirmCause, **right)
        ends = {"outcome": Outcome.WITHDRAWN, "on_word_of": Side.RAISING}
        await team(home, reference, "2027-03-12 10:30", acts.Close, **ends)
        await home.handle(reference).result()
        found, clocks = await listed(home, reference)
        assert (found.status, found.outcome, found.on_word_of) == ("closed", "withdrawn", "raising")
        assert (clocks["acknowledge"].cause, clocks["acknowledge"].evidence_cause) == ("closed", "silent")

        told = await subjects(home, reference)
        async with home.parts.database.read() as tx:
            assert await register.verify(tx) == []
        mails = {f"mail {number}": mail_decoded(raw) for number, raw in enumerate(await home.outbox())}
        first = (await home.handle(reference).describe()).raw_description.workflow_execution_info.first_run_id
        histories = [
            everything_said(temporal.WorkflowHistory(reference, history))
            for history in await runs(home.client, reference, first)
        ]

    assert "we have received your escalation, please complete it" in told
    assert "completed, please look at this and pass it on" in told
    assert told.count("more time, until 17:00 on Wednesday 10 March 2027") == 2, "both sides"
    assert told.count("paused, its time limits do not run") == 2
    assert len([subject for subject in told if subject.startswith("goes on after a pause")]) == 2
    assert "closed" in told
    for place, text in (*mails.items(), *((f"history {n}", text) for n, text in enumerate(histories))):
        assert not [canary for canary in CANARIES if canary in text.lower()], place
