"""One escalation, from its first act until nothing is owed: the only code that waits.

What an act or the passing of time brings is decided by the pure rules; this workflow carries it out. Carrying out is
``record``, then evolving with what ``record`` returned and with nothing else: a replay rebuilds the state from history,
and changed rules cannot make memory differ from the register.

``record`` is a local activity: it is a transaction of milliseconds, idempotent by content, and as a local one it
costs a marker in history where a remote one costs six events and a round trip (``docs/adr/0003``). ``deliver`` talks to
relays that may be slow and is a remote activity.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NoReturn

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from escalations import policy
from escalations.rules import acts, case, clocks, decider, events, evolving, passing, workingtime
from escalations.workflows import attributes, contracts
from escalations.workflows.contracts import RecordAnswer

RECORD_TIMEOUT = timedelta(seconds=10)
RECORD_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=250), backoff_coefficient=2, maximum_interval=timedelta(minutes=1)
)
"""Without end: a case whose register cannot be written waits, and the activity says so after five tries."""
RECORD_RETRIED_IN_TASK = timedelta(seconds=5)
"""Up to this pause a try waits within the workflow task, which is kept alive by three events every eight seconds;
beyond it by a timer of the server. A register away for a night would otherwise fill the history with heartbeats."""
DELIVER_TIMEOUT = timedelta(minutes=2)
DELIVER_RETRY = RetryPolicy(initial_interval=timedelta(seconds=10), backoff_coefficient=6, maximum_attempts=3)
"""A few tries only: what has not left then is the post round's, and what became of it is asked again later."""
ASK_AGAIN = timedelta(minutes=10)
ASK_AGAIN_AT_MOST = timedelta(hours=6)
UNSETTLED_WAIT = timedelta(seconds=5)
UNSETTLED_WAIT_AT_MOST = timedelta(minutes=1)
ROUNDS_WITHOUT_PROGRESS = 2


class NoProgressError(Exception):
    """The rules said that something is due, and after it was applied said so again. Fails the workflow task, loudly."""


@workflow.defn(name=contracts.WORKFLOW)
class EscalationWorkflow:
    """One run of one escalation."""

    @workflow.init
    def __init__(self, opening: contracts.Opening) -> None:
        """Take up what the case is frozen to, and its state so far."""
        frame = _frame(contracts.FrameText(policy=opening.policy, calendar=opening.calendar))
        new = case.new(opening.reference, frame)
        self._case = new if opening.state is None else case.restore(opening.state, frame)
        self._opening = opening
        self._opened = opening.first is None
        self._first_outcome: contracts.ActOutcome | None = None
        self._lock = asyncio.Lock()
        self._to_deliver = list(opening.to_deliver)
        self._unheard: list[str] = []
        """Notices of a delivery that did not answer: some may have left, and started clocks."""
        self._ask_again_at: datetime | None = None
        self._ask_pause = ASK_AGAIN
        self._pause = UNSETTLED_WAIT
        self._stage_at_start = self._case.stage
        self._shown: tuple[object, ...] = (self._case.status, self._case.stage)

    @workflow.run
    async def run(self, opening: contracts.Opening) -> None:
        """Wait for acts and for time, until nothing is owed."""
        if opening.first is not None and not await self._open(opening.first):
            return
        while True:
            if self._run_is_long():
                await self._continue()
            await self._deliver()
            if not self._is_owed():
                await workflow.wait_condition(workflow.all_handlers_finished)
                if not self._is_owed():
                    return
                continue
            if not self._run_is_long():
                await self._wait()

    @workflow.update(name=contracts.ACT)
    async def act(self, request: contracts.ActRequest) -> contracts.ActOutcome:
        """Apply an act: decide again under the lock, record, and only then answer.

        Whoever starts a case sends the act that raises it along in the same call, to hear what became of it; that act
        is the run's own to apply, and only its outcome is given here.
        """
        await workflow.wait_condition(lambda: self._opened)
        if self._first_outcome is not None and request.act == self._opening.first:
            return self._first_outcome
        async with self._lock:
            self._case = _offered(self._case, request.frame)
            return await self._apply(request.act)

    @act.validator
    def _may_act(self, request: contracts.ActRequest) -> None:
        """Refuse early what the rules refuse, before it is history. The handler decides again."""
        if not self._opened or self._lock.locked() or request.act == self._opening.first:
            return
        if self._case.seq < request.known_seq:
            return  # The register has gone on without us. The handler adopts what it holds, and decides on that.
        decided = decider.decide(_offered(self._case, request.frame), request.act, request.act.received_at)
        if isinstance(decided, decider.Refused):
            raise ApplicationError(decided.sentence, type=decided.code, non_retryable=True)

    async def _open(self, first: acts.Raise) -> bool:
        ahead = first.received_at - workflow.now()
        if ahead > timedelta(0):
            # The receiver's clock is ahead of the server's, or a story begins at a set civil time.
            await workflow.sleep(ahead, summary="until it was received")
        async with self._lock:
            outcome = self._first_outcome = await self._apply(first)
            self._shown = (self._case.status, self._case.stage)  # Whoever started it has set the attributes.
            self._opened = True
        if outcome.applied:
            return True
        await workflow.wait_condition(workflow.all_handlers_finished)
        return False

    async def _apply(self, act: acts.Act) -> contracts.ActOutcome:
        while True:
            decided = decider.decide(self._case, act, act.received_at)
            if isinstance(decided, decider.Refused):
                happened: tuple[events.Event, ...] = ()
                refusal = contracts.Refusal(code=decided.code, sentence=decided.sentence)
            else:
                happened, refusal = decided, None
            result = await self._record(happened, submission_id=act.submission_id, refusal=refusal)
            if result.answer is RecordAnswer.AHEAD:
                continue  # The register knew more than we did. Decide again on what is true.
            refused = result.refusal if result.answer is RecordAnswer.SETTLED else refusal
            if refused is not None:
                return contracts.ActOutcome(
                    applied=False, code=refused.code, sentence=refused.sentence, seq=self._case.seq
                )
            return contracts.ActOutcome(applied=True, seq=self._case.seq)

    async def _record(
        self,
        happened: tuple[events.Event, ...],
        *,
        submission_id: str | None = None,
        refusal: contracts.Refusal | None = None,
        received_by: datetime | None = None,
    ) -> contracts.RecordResult:
        request = contracts.RecordRequest(
            reference=self._case.reference,
            after_seq=self._case.seq,
            recorded_at=workflow.now(),
            events=happened,
            submission_id=submission_id,
            refusal=refusal,
            received_by=received_by,
        )
        result = await workflow.execute_local_activity(
            contracts.record,
            request,
            start_to_close_timeout=RECORD_TIMEOUT,
            retry_policy=RECORD_RETRY,
            local_retry_threshold=RECORD_RETRIED_IN_TASK,
        )
        self._case = evolving.evolve_all(_offered(self._case, *result.frames), result.events)
        self._to_deliver.extend(result.to_deliver)
        self._show()
        return result

    def _show(self) -> None:
        """Keep the search attributes and the details that an operator reads true, without names."""
        shown = (self._case.status, self._case.stage)
        if self._opened and shown != self._shown and not self._run_is_long():
            self._shown = shown
            workflow.upsert_search_attributes(attributes.updates(self._case))
        wake = clocks.next_wake(self._case)
        workflow.set_current_details(
            f"{self._case.status} · stage {self._case.stage} · {self._case.track} · {self._case.seq} events · next: "
            f"{workingtime.say(wake) if wake else 'nothing is owed'}"
        )

    async def _wait(self) -> None:
        """Wait for an act or for the next instant that the rules name, whichever is first, and see to what is due."""
        seen, now = self._case.seq, workflow.now()
        wake, ask = clocks.next_wake(self._case), self._ask_again_at
        if wake is not None and wake <= now:
            await self._time_passes()
            return
        if ask is not None and ask <= now:
            self._to_deliver[:0], self._unheard, self._ask_again_at = self._unheard, [], None
            return
        left = min((instant - now for instant in (wake, ask) if instant is not None), default=None)
        # Should it be time, what is left is computed anew: a timer runs from the end of the workflow task.
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._case.seq != seen or bool(self._to_deliver),
                timeout=left,
                timeout_summary=f"next instant of {self._case.reference}",
            )

    async def _time_passes(self) -> None:
        """Record what time alone brought, unless an answer that was received in time is still to be applied."""
        for _ in range(ROUNDS_WITHOUT_PROGRESS):
            async with self._lock:
                now = workflow.now()
                brought = passing.due(self._case, now)
                if not brought:
                    return
                result = await self._record(brought, received_by=_answerable_by(brought, now))
            if result.answer is RecordAnswer.UNSETTLED:
                await self._let_earlier_through()
                return
            self._pause = UNSETTLED_WAIT
            wake = clocks.next_wake(self._case)
            if wake is None or wake > now:
                return
        _no_progress(self._case)

    async def _let_earlier_through(self) -> None:
        """Give an earlier answer the time to arrive. Should it not come, ask again, ever more slowly."""
        seen = self._case.seq
        try:
            await workflow.wait_condition(
                lambda: self._case.seq != seen, timeout=self._pause, timeout_summary="for an answer received in time"
            )
            self._pause = UNSETTLED_WAIT
        except TimeoutError:
            self._pause = min(self._pause * 2, UNSETTLED_WAIT_AT_MOST)

    async def _deliver(self) -> None:
        """Give what is to be told its first try, and let the case hear of what matters."""
        while self._to_deliver:
            batch, self._to_deliver = tuple(self._to_deliver), []
            request = contracts.DeliverRequest(reference=self._case.reference, notice_ids=batch, at=workflow.now())
            try:
                result = await workflow.execute_activity(
                    contracts.deliver,
                    request,
                    start_to_close_timeout=DELIVER_TIMEOUT,
                    retry_policy=DELIVER_RETRY,
                    summary=f"{len(batch)} notices",
                )
            except ActivityError:
                # What has not left is the post round's. What has left may have started clocks, so it is asked again.
                workflow.logger.warning("deliver_did_not_answer")
                self._unheard.extend(batch)
                self._ask_again_at = workflow.now() + self._ask_pause
                self._ask_pause = min(self._ask_pause * 2, ASK_AGAIN_AT_MOST)
                continue
            self._ask_pause = ASK_AGAIN
            if result.deliveries:
                await self._report(result.deliveries)

    async def _report(self, deliveries: tuple[contracts.Delivery, ...]) -> None:
        heard: set[str] = set()
        async with self._lock:
            while True:
                brought: tuple[events.Event, ...] = ()
                reached = self._case
                for delivery in deliveries:
                    if delivery.notice_id in heard:
                        continue
                    act = contracts.delivery_act(
                        delivery, submission_id=f"delivery-{delivery.notice_id}", at=workflow.now()
                    )
                    decided = decider.decide(reached, act, act.received_at)
                    if not isinstance(decided, decider.Refused):
                        brought, reached = (*brought, *decided), evolving.evolve_all(reached, decided)
                if not brought:
                    return
                result = await self._record(brought)
                if result.answer is not RecordAnswer.AHEAD:
                    return
                # A worker that died had recorded this at another moment. What it recorded is not reported again.
                heard.update(event.notice_id for event in result.events if isinstance(event, events.NoticeReported))

    def _is_owed(self) -> bool:
        """Whether this run has something left to do: for its case, or to deliver."""
        return passing.is_owed(self._case) or bool(self._to_deliver or self._unheard)

    def _run_is_long(self) -> bool:
        return self._case.stage > max(self._stage_at_start, 1) or workflow.info().is_continue_as_new_suggested()

    async def _continue(self) -> NoReturn:
        """Go on in a new run, so that a history never grows beyond a stage."""
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(
            self._opening.model_copy(
                update={
                    "first": None,
                    **_refrozen(self._case),
                    "state": case.snapshot(self._case),
                    "to_deliver": (*self._unheard, *self._to_deliver),
                }
            ),
            search_attributes=attributes.of(self._case),
        )


def _frame(text: contracts.FrameText) -> case.Frame:
    return case.Frame(policy.load_canonical(text.policy), workingtime.load_calendar(text.calendar))


def _offered(known: case.Case, *texts: contracts.FrameText | None) -> case.Case:
    """The case, with what a re-date names beside what it is frozen to. By itself that changes nothing of it."""
    return case.offering(known, *(_frame(text) for text in texts if text is not None))


def _refrozen(known: case.Case) -> dict[str, str]:
    """The texts of what a case is frozen to, where a re-date has changed it."""
    if not known.redates:
        return {}
    frame = known.frame
    return {"policy": policy.canonical(frame.policy), "calendar": workingtime.canonical_json(frame.calendar)}


def _answerable_by(brought: tuple[events.Event, ...], now: datetime) -> datetime | None:
    """Until when a submission received has to go first: the latest of the limits, dates and moves in these events."""
    limits = [event.due_at for event in brought if isinstance(event, events.LimitPassed | events.ActionDatePassed)]
    limits += [event.until for event in brought if isinstance(event, events.FollowUpUnanswered)]
    if any(isinstance(event, events.StageStarted) for event in brought):
        limits.append(now)
    return max(limits, default=None)


def _no_progress(stuck: case.Case) -> NoReturn:
    message = f"{stuck.reference}: something stays due after it was applied, {ROUNDS_WITHOUT_PROGRESS} times"
    raise NoProgressError(message)
