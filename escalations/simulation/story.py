"""The story of one escalation, told on the real server with virtual time: ``escalations demo``.

Everybody in it is invented. It runs in a folder of its own that is gone afterwards: a real Temporal server, a register,
a worker and a dispatcher, and mail into the outbox. What it shows is what is in the register, and nothing else.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from escalations import parts
from escalations.policy import Awaits, Side
from escalations.rules import acts, events, workingtime
from escalations.rules.actors import Actor, Channel
from escalations.rules.acts import Act
from escalations.rules.case import Case, Done, Outcome
from escalations.settings import Settings
from escalations.simulation.driving import Drive
from escalations.store import directory, directory_file, notices, register
from escalations.store.notices import NoticeRow
from escalations.temporal import client
from escalations.temporal.devserver import DevServer

SCHOOL = "oak-school"
SOCIAL_CARE = "childrens-services"
HOUR = timedelta(hours=1)

RAISER = Actor(side=Side.RAISING, agency_id=SCHOOL, position="practitioner")
MANAGER = Actor(side=Side.RESPONDING, agency_id=SOCIAL_CARE, position="manager")

WORDS: Mapping[str, Any] = {
    "raiser": {
        "name": "Noor Haverstock",
        "email": "noor.haverstock@oaklane.example",
        "phone": "01632 960213",
        "role": "Class teacher",
    },
    "people": [{"name": "An invented child", "date_of_birth": "2019-05-04"}],
    "problem": "Invented: the weekly visits of the plan did not take place.",
    "wanted": "Invented: a visit this week, and the plan followed.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, and who was told of it."""

    seq: int
    event: events.Event
    told: tuple[NoticeRow, ...]


IN_THE_PAST = (
    "The story cannot begin in the past, because the clock of the timer service only runs forward. "
    "Please give a --start that is still to come."
)


class StartInThePastError(ValueError):
    """The timer service cannot go back in time."""


async def tell(
    server: DevServer,
    folder: Path,
    *,
    start: datetime,
    now: datetime,
    told: Callable[[list[Step]], None],
) -> list[Step]:
    """Live through the story, and hand on what happened as it happens.

    Args:
        server: a running server that allows time skipping.
        folder: for the story's database.
        start: when the school raises it.
        now: the time on the wall.
        told: called with each group of steps, in their order.

    Raises:
        StartInThePastError: ``start`` is not later than ``now``.
    """
    if start <= now:
        raise StartInThePastError(IN_THE_PAST)
    async with _opened(server, folder) as drive:
        teller = _Teller(drive, told)
        await teller.live(start)
        return teller.steps


@asynccontextmanager
async def _opened(server: DevServer, folder: Path) -> AsyncIterator[Drive]:
    settings = Settings(folder=folder, keys=base64.b64encode(secrets.token_bytes(32)).decode())  # type: ignore[arg-type]  # as the environment gives it
    connected = await client.connect(server.address, namespace=server.namespace)
    async with parts.opened(settings, migrate=True) as opened:
        async with opened.database.write() as tx:
            await directory.load(tx, opened.vault, directory_file.sample())
        drive = Drive(opened, connected, prefix=opened.in_force.policy.reference_prefix)
        dispatching = asyncio.create_task(drive.dispatcher.run())
        try:
            async with opened.worker(connected):
                yield drive
        finally:
            dispatching.cancel()
            with suppress(asyncio.CancelledError):
                await dispatching


class _Teller:
    """Acts the parts of both sides, each at its moment."""

    def __init__(self, drive: Drive, told: Callable[[list[Step]], None]) -> None:
        self._drive = drive
        self._told = told
        self.steps: list[Step] = []
        self._reference = ""

    async def live(self, start: datetime) -> None:
        """The whole story. Its moments follow from the policy's own deadlines, whatever day it begins on."""
        receipt = await self._drive.raises(
            acts.Raise(
                **_origin(RAISER, start, channel=Channel.FORM),
                raising_agency=SCHOOL,
                responding_agencies=(SOCIAL_CARE,),
                concern=acts.Concern.CHILD,
                reason=acts.Reason.PLAN,
                level_of_need=4,
                legal_status=acts.LegalStatus.CHILD_PROTECTION,
            ),
            words=WORDS,
        )
        self._reference = receipt.reference
        await self._show()

        await self._pass(self._due(await self._case(), Awaits.ACKNOWLEDGE))
        confirmed = self._in_the_office(await self._now(), HOUR / 2)
        await self._act(acts.MoveUp(**_origin(RAISER, confirmed)))

        case = await self._case()
        if case.move is not None and case.move.takes_effect_at is not None:
            await self._pass(case.move.takes_effect_at)
        phoned = self._in_the_office(await self._now(), 2 * HOUR)
        await self._pass(self._due(await self._case(), Awaits.ACKNOWLEDGE))
        written_up = self._in_the_office(max(await self._now(), phoned), HOUR)
        await self._act(
            acts.SayDone(**_origin(MANAGER, written_up, happened_at=phoned), done=Done.ANSWERED, agency_id=SOCIAL_CARE)
        )

        claim = (await self._case()).claims[-1].claim_id
        await self._act(acts.ConfirmDone(**_origin(RAISER, written_up + HOUR / 2), claim_id=claim))
        await self._act(acts.Agree(**_origin(RAISER, written_up + HOUR), outcome=Outcome.AGREED_IN_PART))

    async def _act(self, act: Act) -> None:
        await self._drive.act(self._reference, act)
        await self._show()

    async def _pass(self, moment: datetime) -> None:
        """Let time pass until just after a moment, stopping at each instant at which something was due."""
        await self._drive.until(self._reference, moment + timedelta(seconds=20))
        await self._drive.idle(self._reference)
        await self._show()

    async def _show(self) -> None:
        async with self._drive.parts.database.read() as tx:
            rows = await register.read(tx, self._reference, after_seq=len(self.steps))
            told = await notices.of_case(tx, self._reference)
        new = [
            Step(row.seq, events.loads(row.body), tuple(notice for notice in told if notice.seq == row.seq))
            for row in rows
        ]
        self.steps.extend(new)
        self._told(new)

    async def _case(self) -> Case:
        return await self._drive.case(self._reference)

    async def _now(self) -> datetime:
        return await self._drive.now(self._reference)

    @staticmethod
    def _due(case: Case, awaits: Awaits) -> datetime:
        return case.running(awaits)[0].due_at

    def _in_the_office(self, moment: datetime, into: timedelta) -> datetime:
        """So long into the next office day after a moment: when people get to it."""
        calendar = self._drive.parts.in_force.frame(moment).calendar
        tomorrow = workingtime.civil(moment).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return workingtime.next_open(calendar, tomorrow) + into


def _origin(
    by: Actor,
    at: datetime,
    *,
    channel: Channel = Channel.LINK,
    happened_at: datetime | None = None,
) -> dict[str, Any]:
    return {"submission_id": "", "by": by, "channel": channel, "received_at": at, "happened_at": happened_at}


def as_json(steps: list[Step]) -> list[dict[str, Any]]:
    """The events as a machine reads them: kinds, causes, positions, and civil times to the minute.

    Ids of submissions and hashes of receipts are left out: they hold moments to the microsecond, and two runs with one
    start are to agree.
    """
    return [_event_json(step) for step in steps]


_LEFT_OUT = {"submission_id", "content_digest", "by", "receipt_hash"}


def _event_json(step: Step) -> dict[str, Any]:
    fields = step.event.model_dump(mode="python", exclude_none=True, exclude=_LEFT_OUT)
    shown: dict[str, Any] = {"seq": step.seq, "kind": fields.pop("kind")}
    for name, value in fields.items():
        shown[name] = civil_minute(value) if isinstance(value, datetime) else value
    shown["reminders"] = [civil_minute(moment) for moment in fields["reminders"]] if "reminders" in fields else None
    by = getattr(step.event, "by", None)
    if by is not None:
        shown["by"] = {"side": by.side, "agency_id": by.agency_id, "position": by.position}
    shown["told"] = [
        {
            "notice": row.notice.kind,
            "side": row.notice.to.side,
            "agency_id": row.notice.to.agency_id,
            "position": row.notice.to.position,
            "state": row.state,
        }
        for row in step.told
    ]
    return {name: value for name, value in shown.items() if value is not None}


def civil_minute(moment: datetime) -> str:
    """A civil time in London to the minute, with its offset."""
    return workingtime.civil(moment).replace(second=0, microsecond=0).isoformat(timespec="minutes")
