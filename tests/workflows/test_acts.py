"""Acts reach a case in order, one at a time, and each has one outcome (issue 3, "Bad input and faults")."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio import client as temporal

from escalations.policy import Awaits
from escalations.rules import acts
from escalations.rules.case import ClaimState, Done, Outcome
from tests import builders
from tests.builders import SOCIAL_CARE, civil, origin, raiser, responder
from tests.workflows.registers import FaultyRegister
from tests.workflows.running import kinds, raised_now, start, started, worker


def _this_year() -> FaultyRegister:
    return FaultyRegister(builders.closing_ends_it(year=datetime.now(UTC).year))


async def test_an_act_queued_with_the_start_before_any_worker_exists_is_applied_after_it(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = _this_year()
    case = await start(escalations_client, task_queue, register, builders.raise_(datetime.now(UTC)))
    queued = asyncio.create_task(case.act(acts.Acknowledge(**origin(responder(), datetime.now(UTC)))))
    await asyncio.sleep(0.5)  # It waits at the server; nobody is there who could take either of the two.
    assert not queued.done()

    async with worker(escalations_client, task_queue, register):
        outcome = await queued
        await case.idle()

    assert outcome.applied, outcome
    assert case.kinds()[0] == "raised"
    assert case.kinds().count("raised") == case.kinds().count("acknowledged") == 1


async def test_of_two_contradictory_acts_at_once_one_applies_and_one_is_refused_with_a_sentence(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = _this_year()
    async with worker(escalations_client, task_queue, register):
        case = await raised_now(escalations_client, task_queue, register)
        now = datetime.now(UTC)
        said = await case.act(
            acts.SayDone(**origin(responder(), now, happened_at=now), done=Done.ANSWERED, agency_id=SOCIAL_CARE)
        )
        assert said.applied, said

        register.takes_seconds = 0.5  # The second comes while the first is being recorded.
        outcomes = await asyncio.gather(
            case.outcome(acts.ConfirmDone(**origin(raiser(), now), claim_id="c1")),
            case.outcome(acts.DenyDone(**origin(raiser(), now), claim_id="c1")),
        )
        register.takes_seconds = 0.0

        assert [outcome.applied for outcome in outcomes].count(True) == 1
        refused = next(outcome for outcome in outcomes if not outcome.applied)
        assert refused.code in {"already_confirmed", "already_denied"}
        assert refused.sentence.endswith(".")
        claim = register.case(case.reference).claim("c1")
        assert claim is not None
        assert claim.state in {ClaimState.CONFIRMED, ClaimState.DENIED}
        assert (await case.outcome(acts.Agree(**origin(raiser(), now), outcome=Outcome.AGREED_IN_PART))).applied
        await case.handle.result()


async def test_what_the_rules_refuse_is_refused_before_it_is_history(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = _this_year()
    async with worker(escalations_client, task_queue, register):
        case = await raised_now(escalations_client, task_queue, register)
        await case.act(acts.Acknowledge(**origin(responder(), datetime.now(UTC))))
        await case.idle()
        before = kinds((await case.runs())[0])

        refused = await case.outcome(acts.Acknowledge(**origin(responder(), datetime.now(UTC))))

        assert not refused.applied
        assert refused.sentence
        after = kinds((await case.runs())[0])
        assert after["workflow_execution_update_accepted"] == before["workflow_execution_update_accepted"]


async def test_events_that_the_register_has_ahead_are_adopted_and_the_act_is_decided_again(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = _this_year()
    async with worker(escalations_client, task_queue, register):
        case = await raised_now(escalations_client, task_queue, register)
        register.behind_its_back(case.reference, acts.Acknowledge(**origin(responder(), datetime.now(UTC))))

        outcome = await case.act(acts.Respond(**origin(responder(), datetime.now(UTC)), offers=Outcome.AGREED_IN_PART))

        assert outcome.applied
        assert outcome.seq == len(case.events())
        assert case.kinds().count("acknowledged") == case.kinds().count("responded") == 1
        again = await case.outcome(acts.Acknowledge(**origin(responder(), datetime.now(UTC))))
        assert again.code == "already_acknowledged"


async def test_a_workflow_behind_the_register_does_not_refuse_what_the_register_allows(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, "2027-03-01 09:30")
        now = await case.now()
        claim = acts.SayDone(**origin(responder(), now, happened_at=now), done=Done.ANSWERED, agency_id=SOCIAL_CARE)
        register.behind_its_back(case.reference, claim)
        seq = register.case(case.reference).seq

        outcome = await case.outcome(acts.ConfirmDone(**origin(raiser(), now), claim_id="c1"), known_seq=seq)

        assert outcome.applied, outcome


async def test_an_answer_of_record_that_is_lost_after_the_commit_doubles_nothing(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = _this_year()
    async with worker(escalations_client, task_queue, register):
        case = await raised_now(escalations_client, task_queue, register)
        register.loses_answers = 2
        outcome = await case.act(acts.Respond(**origin(responder(), datetime.now(UTC)), offers=Outcome.AGREED_IN_PART))
        await case.idle()

        assert outcome.applied
        assert outcome.seq == len(case.events())
        assert case.kinds().count("responded") == 1
        assert len(register.delivered) == len(set(register.delivered))


async def test_a_register_that_is_away_for_a_while_loses_nothing_and_fills_no_history(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, "2027-03-01 09:30")
        before = len((await case.runs())[0])
        register.fails = 7
        act = acts.Respond(**origin(responder(), await case.now()), offers=Outcome.AGREED_IN_PART)
        answer = asyncio.create_task(case.act(act))
        while register.fails > 1:
            await asyncio.sleep(0.1)
            if register.fails == 2:
                await case.until_instant(await case.now() + timedelta(seconds=30))

        assert (await answer).applied
        await case.idle()
        assert case.kinds().count("responded") == 1
        assert len((await case.runs())[0]) - before < 60


async def test_an_act_received_before_a_limit_that_passed_meanwhile_is_in_time(
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    register = FaultyRegister()
    async with worker(escalations_client, task_queue, register):
        case = await started(escalations_client, task_queue, register, "2027-03-01 09:30")
        await case.until("2027-03-02 17:30")
        assert "limit_passed" in case.kinds()

        outcome = await case.act(acts.Acknowledge(**origin(responder(), civil("2027-03-02 16:59"))))

        assert outcome.applied
        withdrawn = [event for event in case.events() if event.kind == "limit_withdrawn"]
        assert [event.awaits for event in withdrawn] == [Awaits.ACKNOWLEDGE]
