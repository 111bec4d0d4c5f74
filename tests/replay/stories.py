"""What the golden histories tell: between them every way that the shell of the workflow can go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from escalations.rules import acts
from escalations.rules.case import Done, Outcome
from tests.builders import SOCIAL_CARE, civil, origin, raiser, responder
from tests.workflows.registers import FaultyRegister
from tests.workflows.running import Running

Story = Callable[[Running, FaultyRegister], Awaitable[None]]


async def resolution(case: Running, _register: FaultyRegister) -> None:
    """Answered and agreed at stage 1."""
    await case.until("2027-03-01 14:00")
    await case.act(acts.Respond(**origin(responder(), civil("2027-03-01 14:00")), offers=Outcome.AGREED_AS_ASKED))
    await case.act(acts.Agree(**origin(raiser(), civil("2027-03-01 15:00")), outcome=Outcome.AGREED_AS_ASKED))
    await case.handle.result()


async def drift(case: Running, _register: FaultyRegister) -> None:
    """A reminder, a passed limit, a move up in a new run, an answer by phone that is confirmed, and agreement."""
    await case.until("2027-03-03 09:00")
    await case.act(acts.MoveUp(**origin(raiser(), civil("2027-03-03 09:00"))))
    await case.until("2027-03-04 09:00")
    await case.act(
        acts.SayDone(
            **origin(responder("manager"), civil("2027-03-05 10:00"), happened_at=civil("2027-03-04 15:30")),
            done=Done.ANSWERED,
            agency_id=SOCIAL_CARE,
        )
    )
    await case.outcome(acts.DenyDone(**origin(raiser(), civil("2027-03-05 10:30")), claim_id="c9"))
    await case.act(acts.ConfirmDone(**origin(raiser(), civil("2027-03-05 11:00")), claim_id="c1"))
    await case.act(acts.Agree(**origin(raiser(), civil("2027-03-05 11:05")), outcome=Outcome.AGREED_IN_PART))
    await case.handle.result()


async def faults(case: Running, register: FaultyRegister) -> None:
    """A register that is away, one that is ahead, an answer still to come, a delivery that does not answer."""
    register.fails = 6
    answer = asyncio.create_task(case.act(acts.Acknowledge(**origin(responder(), civil("2027-03-01 10:00")))))
    while register.fails > 0:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    await case.until_instant(await case.now() + timedelta(seconds=20))
    await answer
    register.behind_its_back(
        case.reference,
        acts.SayDone(
            **origin(responder(), civil("2027-03-01 10:45"), happened_at=civil("2027-03-01 10:30")),
            done=Done.SPOKE,
            agency_id=SOCIAL_CARE,
        ),
    )
    register.deliver_fails = 3
    await case.act(acts.Respond(**origin(responder(), civil("2027-03-01 11:00")), offers=Outcome.AGREED_IN_PART))
    while register.deliver_fails:
        await case.skipper.fast_forward(case.handle, timedelta(minutes=2))
    await case.until_instant(await case.now() + timedelta(minutes=30))
    register.unsettled_answers = 2
    await case.until("2027-03-05 09:00")


async def undelivered(case: Running, register: FaultyRegister) -> None:
    """Nobody there: the team's clock, its reminder and its limit."""
    register.undeliverable = {SOCIAL_CARE}
    await case.act(acts.MoveUp(**origin(raiser(), civil("2027-03-01 10:00"))))
    await case.until("2027-03-03 12:00")


ALL: dict[str, Story] = {"resolution": resolution, "drift": drift, "faults": faults, "undelivered": undelivered}
