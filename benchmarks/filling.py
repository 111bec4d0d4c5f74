"""Many cases at once: one is lived through by the rules, and written down again under other references.

Each gets its own rows in the register, chained like any other's, its own read models and notices. What it lacks is a
submission of its own: its events name that of the first, so a notice to its raiser goes to the raiser's agency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.installing import Installed, progress
from escalations.policy import Side, Track
from escalations.rules import acts, case, events, evolving
from escalations.rules.actors import Actor, Channel
from escalations.simulation.direct import Direct
from escalations.store import notices, read_models, references, register

RAISER = Actor(side=Side.RAISING, agency_id="oak-school", position="practitioner")
RESPONDER = Actor(side=Side.RESPONDING, agency_id="childrens-services", position="practitioner")
AT_ONCE = 100
"""Cases in one transaction."""


def raising(at: datetime, *, track: Track = Track.STANDARD) -> acts.Raise:
    """The act that raises a case at a moment."""
    return acts.Raise(
        submission_id="",
        by=RAISER,
        channel=Channel.FORM,
        received_at=at,
        raising_agency="oak-school",
        responding_agencies=("childrens-services",),
        concern=acts.Concern.CHILD,
        reason=acts.Reason.PLAN,
        track=track,
    )


async def fill(on: Installed, first: acts.Raise, cases: int, *, closed: bool = False) -> None:
    """Raise so many cases like this one; each is told to everybody, and its clocks run.

    Or each is settled at once, and what is left of it is its follow-up, months ahead.
    """
    pattern = Direct(on.parts)
    await pattern.raises(first, words={"raiser": {"email": "invented@oaklane.example"}})
    if closed:
        origin: dict[str, Any] = {
            "submission_id": "",
            "channel": Channel.LINK,
            "received_at": first.received_at + timedelta(minutes=5),
        }
        await pattern.act(acts.Acknowledge(by=RESPONDER, **origin))
        await pattern.act(acts.Agree(by=RAISER, outcome=case.Outcome.AGREED_AS_ASKED, **origin))
        ended = await pattern.case()
        assert ended.status is case.Status.CLOSED, ended.status
        assert ended.follow_up is not None, "the sample asks later what came of a case"
    async with on.parts.database.read() as tx:
        entries = await register.read(tx, pattern.reference)
        told = await notices.of_case(tx, pattern.reference)
    unopened = case.new(pattern.reference, on.parts.in_force.frame(first.received_at))
    with progress("cases written down", cases) as counting:
        for done in range(1, cases, AT_ONCE):
            async with on.parts.database.write() as tx:
                for _ in range(min(AT_ONCE, cases - done)):
                    reference = await references.allocate(
                        tx, unopened.frame.policy.reference_prefix, references.civil_year(first.received_at)
                    )
                    await _write(tx, replace(unopened, reference=reference), entries, told)
            counting.at(done)


async def _write(
    tx: AsyncConnection,
    state: case.Case,
    entries: Sequence[register.Entry],
    told: Sequence[notices.NoticeRow],
) -> None:
    reference, like = state.reference, entries[0].reference
    bodies = [(entry.kind, entry.body.replace(like, reference)) for entry in entries]
    added = await register.append(tx, reference, after_seq=0, bodies=bodies, recorded_at=entries[0].recorded_at)
    steps: list[read_models.Step] = []
    for entry in added:
        event = events.loads(entry.body)
        state = evolving.evolve(state, event)
        steps.append(read_models.Step(event, state, entry))
    await read_models.project(tx, None, steps)
    await notices.add(
        tx, [replace(row, notice_id=row.notice_id.replace(like, reference), reference=reference) for row in told]
    )
