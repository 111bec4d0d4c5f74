"""The same commands as an escalation gives, and nothing behind them: what the server and the SDK alone cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow


@dataclass(frozen=True)
class Bare:
    """How many commands of each kind; the text is as long as an opening's."""

    acts: int
    text: str


@activity.defn(name="bare_record")
async def record(text: str) -> str:
    """Do nothing."""
    return text


@activity.defn(name="bare_deliver")
async def deliver(text: str) -> str:
    """Do nothing."""
    return text


@workflow.defn(name="Bare", sandboxed=True)
class BareWorkflow:
    """Opens, waits for acts, closes: with the commands of an escalation settled at its first stage."""

    @workflow.init
    def __init__(self, bare: Bare) -> None:
        self._text = bare.text[:2000]
        self._left = bare.acts
        self._opened = False
        self._pending = 0

    @workflow.run
    async def run(self, bare: Bare) -> None:  # noqa: ARG002  the SDK gives it to both
        """Open, deliver, record what was delivered; then wait for each act and deliver what it brings."""
        await self._record()
        self._opened = True
        await self._deliver()
        await self._record()
        while self._left or self._pending:
            if self._pending:
                self._pending -= 1
                await self._deliver()
                continue
            before = (self._left, self._pending)
            try:
                await workflow.wait_condition(lambda: before != (self._left, self._pending), timeout=timedelta(days=1))  # noqa: B023  read at once
            except TimeoutError:
                return
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def opened(self) -> None:
        """Answer once it is open."""
        await workflow.wait_condition(lambda: self._opened)

    @workflow.update
    async def act(self, text: str) -> str:
        """Take one act."""
        await workflow.wait_condition(lambda: self._opened)
        await self._record()
        self._left -= 1
        self._pending += 1
        return text

    async def _record(self) -> None:
        await workflow.execute_local_activity(record, self._text, start_to_close_timeout=timedelta(seconds=10))

    async def _deliver(self) -> None:
        await workflow.execute_activity(deliver, self._text, start_to_close_timeout=timedelta(seconds=10))
