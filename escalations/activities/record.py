"""``record``: one transaction for register, read models, notices and the submission's settlement.

Idempotent by content: the same events after the same row are a success however often they come, and other events there
are returned as the truth. The submission's row is the only truth about an act.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from escalations.intake import opening, submissions
from escalations.rules import case, events, evolving, notices
from escalations.rules.events import Event
from escalations.store import links, read_models, register
from escalations.store import notices as notice_rows
from escalations.store.cases import Cases
from escalations.store.engine import Database
from escalations.store.notices import NoticeRow
from escalations.workflows.contracts import FrameText, RecordAnswer, RecordRequest, RecordResult, Refusal


class Recorder:
    """The activity with what it needs."""

    def __init__(self, database: Database, cases: Cases, now: Callable[[], datetime]) -> None:
        """Take the database, where cases are read from, and the clock that says when something was recorded."""
        self._database = database
        self._cases = cases
        self._now = now

    @activity.defn(name="record")
    async def record(self, request: RecordRequest) -> RecordResult:
        """Append what was decided, unless something received in time goes first, or the register knows more.

        Raises:
            register.RegisterGap: the register lacks rows that the workflow has; tried again until an operator restores.
            engine.DatabaseAway: the database is away or busy; tried again.
        """
        async with self._database.write() as tx:
            # The workflow's time is that of the first try. Where the database was away since then, the register says
            # when it was written down; a story's clock may run ahead of ours.
            return await record(tx, self._cases, request, recorded_at=max(request.recorded_at, self._now()))


async def record(
    tx: AsyncConnection, cases: Cases, request: RecordRequest, *, recorded_at: datetime | None = None
) -> RecordResult:
    """The same within a transaction of the caller, for those who drive a case without Temporal.

    Args:
        tx: the transaction.
        cases: where cases are read from.
        request: what was decided.
        recorded_at: when it is written down, where that is later than the moment of the request.
    """
    recorded_at = recorded_at or request.recorded_at
    known = await cases.read(tx, request.reference)
    seq = 0 if known is None else known.seq
    if seq > request.after_seq:
        return await _already_there(tx, cases, request)
    state = None if request.submission_id is None else await submissions.state(tx, request.submission_id)
    if state is not None and state.state in submissions.SETTLED:
        return _settled(state)
    if request.received_by is not None and await submissions.unsettled(
        tx, request.reference, received_by=request.received_by
    ):
        return RecordResult(answer=RecordAnswer.UNSETTLED)
    rows = await register.append(
        tx,
        request.reference,
        after_seq=request.after_seq,
        bodies=[(event.kind, events.dumps(event)) for event in request.events],
        recorded_at=recorded_at,
    )
    to_deliver = await _project(tx, cases, known, request, rows)
    if state is not None:  # Otherwise an act of the workflow itself, such as the report of a delivery.
        await _settle(tx, state.submission_id, request, rows)
    return RecordResult(
        answer=RecordAnswer.RECORDED,
        events=request.events,
        to_deliver=to_deliver,
        frames=await _frames(tx, cases, request.events),
    )


async def _already_there(tx: AsyncConnection, cases: Cases, request: RecordRequest) -> RecordResult:
    rows = await register.read(tx, request.reference, after_seq=request.after_seq)
    there = tuple(events.loads(row.body) for row in rows)
    same = bool(request.events) and [row.body for row in rows] == [events.dumps(event) for event in request.events]
    waiting = await notice_rows.waiting_for(tx, request.reference)
    return RecordResult(
        answer=RecordAnswer.RECORDED if same else RecordAnswer.AHEAD,
        events=there,
        to_deliver=tuple(row.notice_id for row in waiting if row.seq > request.after_seq),
        frames=await _frames(tx, cases, there),
    )


async def _frames(tx: AsyncConnection, cases: Cases, happened: tuple[Event, ...]) -> tuple[FrameText, ...]:
    """What re-dates among these name: the workflow has no other way to it."""
    return tuple(
        [opening.frame_text(await cases.frame(tx, event)) for event in happened if isinstance(event, events.Redated)]
    )


def _settled(state: submissions.Submission) -> RecordResult:
    refusal = None
    if state.state is submissions.State.REFUSED:
        refusal = Refusal(code=state.outcome_code or "refused", sentence=state.outcome_sentence or "")
    return RecordResult(answer=RecordAnswer.SETTLED, refusal=refusal)


async def _project(
    tx: AsyncConnection,
    cases: Cases,
    known: case.Case | None,
    request: RecordRequest,
    rows: list[register.Entry],
) -> tuple[str, ...]:
    """Bring the read models up to these rows, and write down whom they oblige us to tell."""
    if not rows:
        return ()
    state = known if known is not None else case.new(request.reference, await _frame(tx, cases, request.events[0]))
    state = await cases.offering(tx, state, request.events)
    steps: list[read_models.Step] = []
    obliged: list[NoticeRow] = []
    for event, row in zip(request.events, rows, strict=True):
        state = evolving.evolve(state, event)
        steps.append(read_models.Step(event, state, row))
        obliged.extend(
            # Due from the moment of the request: the workflow asks for the first try by its own clock.
            replace(
                NoticeRow.new(request.reference, row.seq, number, notice, at=row.recorded_at),
                next_attempt_at=request.recorded_at,
            )
            for number, notice in enumerate(notices.notices_for(state, event), 1)
        )
    await read_models.project(tx, known, steps)
    if known is not None:  # A case that is new has been asked of nobody.
        await links.close_done(tx, state, at=request.recorded_at)
    cases.remember(state, rows[-1].hash)
    return tuple(await notice_rows.add(tx, obliged))


async def _frame(tx: AsyncConnection, cases: Cases, first: Event) -> case.Frame:
    assert isinstance(first, events.Raised)  # noqa: S101  the rules begin every case with it
    return await cases.frame(tx, first)


async def _settle(
    tx: AsyncConnection,
    submission_id: str,
    request: RecordRequest,
    rows: list[register.Entry],
) -> None:
    refusal = request.refusal
    if refusal is not None:
        await submissions.settle(
            tx,
            submission_id,
            state=submissions.State.REFUSED,
            code=refusal.code,
            sentence=refusal.sentence,
            at=request.recorded_at,
        )
        return
    await submissions.settle(
        tx,
        submission_id,
        state=submissions.State.APPLIED,
        code="applied",
        sentence="",
        at=request.recorded_at,
        first_position=rows[0].position if rows else None,
    )
