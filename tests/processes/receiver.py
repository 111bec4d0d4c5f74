"""Receives escalations and acts on them as the web does, and takes them to Temporal; made to be killed.

Run as a process of its own: ``python -m tests.processes.receiver CASES``. It writes a line for each receipt, and only
after the commit that makes it one. Started again it goes on: what it presses twice, it is given the first receipt for.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator

from escalations import parts, serving, settings, telemetry
from escalations.intake import submissions
from escalations.rules import acts
from escalations.rules.acts import Act
from escalations.rules.case import Outcome
from escalations.temporal import client
from tests import builders
from tests.builders import SOCIAL_CARE, TEAM, origin, raiser, responder
from tests.harness import RAISER_WORDS, dispatching

PAUSE_SECONDS = 0.8
"""Between the acts of one case, so that they go on while one process after another is killed."""


def presses(number: int, opened: parts.Parts) -> Iterator[Act]:
    """Give what happens to one case, in order. The second acknowledgement is refused; every third case is closed."""
    yield builders.raise_(opened.now())
    yield acts.Acknowledge(**origin(responder(), opened.now()))
    yield acts.NotePhoneCall(**origin(TEAM, opened.now()), agency_id=SOCIAL_CARE, reached=False)
    yield acts.Acknowledge(**origin(responder(), opened.now()))
    if number % 3 == 0:
        yield acts.Agree(**origin(raiser(), opened.now()), outcome=Outcome.AGREED_AS_ASKED)


async def press(opened: parts.Parts, act: Act, *, reference: str | None, key: str) -> submissions.Receipt:
    """Receive one act, as the web does."""
    submission_id = submissions.new_id(act.received_at)
    act = act.model_copy(update={"submission_id": submission_id})
    async with opened.database.write() as tx:
        return await submissions.receive(
            tx,
            opened.vault,
            act_kind=act.kind,
            act_json=acts.dumps(act),
            channel=act.channel,
            received_at=act.received_at,
            sealed=dict(RAISER_WORDS),
            reference=reference,
            idempotency_key=key,
            submission_id=submission_id,
        )


async def main() -> None:
    """Receive so many cases, side by side, and then only dispatch."""
    chosen = serving.elsewhere(settings.read())
    telemetry.configure(chosen)
    connected = await client.connect_as_set(chosen)
    async with parts.opened(chosen) as opened:
        dispatcher = opened.dispatcher(lambda: connected, owner=f"receiver-{os.getpid()}")

        async def one(number: int) -> None:
            reference = None
            for step, act in enumerate(presses(number, opened)):
                receipt = await press(opened, act, reference=reference, key=f"case-{number}-{step}")
                reference = receipt.reference
                sys.stdout.write(f"receipt {receipt.submission_id} {receipt.reference}\n")
                sys.stdout.flush()
                dispatcher.wake()
                await asyncio.sleep(PAUSE_SECONDS)

        async with dispatching(dispatcher):
            await asyncio.gather(*(one(number) for number in range(int(sys.argv[1]))))
            sys.stdout.write("all\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
