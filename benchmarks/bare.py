"""The same commands as an escalation gives, and nothing behind them: what the server and the SDK alone cost.

As many local activities, activities, timers, updates and search attributes as an escalation that is settled at its
first stage, with texts as long as its own; the figures say how many history events each has. No rules, no database.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import SearchAttributeKey

RECORDED = 1500
"""Characters of what ``record`` is given and gives; in an escalation 1,100 to 2,000."""
DELIVERED = 150
"""The same for ``deliver``."""
ACTED = 500
"""And of an act."""
# Named again: the sandbox would otherwise re-execute a package of ours for each run.
STATUS = SearchAttributeKey.for_keyword("EscalationStatus")
TRACK = SearchAttributeKey.for_keyword("EscalationTrack")
STAGE = SearchAttributeKey.for_int("EscalationStage")


@dataclass(frozen=True)
class Bare:
    """How many acts it takes; the text is as long as an opening's, and ``of`` says of which round it is."""

    acts: int
    text: str
    of: str


_delivered: Counter[str] = Counter()


def delivered(of: str) -> int:
    """How many deliveries of a round were made."""
    return _delivered[of]


@activity.defn(name="bare_record")
async def record(text: str) -> str:
    """Do nothing."""
    return text


@activity.defn(name="bare_deliver")
async def deliver(text: str) -> str:
    """Do nothing but count: the text begins with the name of a round."""
    _delivered[text.partition(" ")[0]] += 1
    return text


@workflow.defn(name="Bare")
class BareWorkflow:
    """Opens, waits for acts, closes, waits on: with the commands of an escalation settled at its first stage."""

    @workflow.init
    def __init__(self, bare: Bare) -> None:
        self._text = bare.text
        self._of = bare.of
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
            else:
                await self._wait()
        # A case that has closed waits for its follow-up; nothing comes here any more.
        await self._wait()

    @workflow.update
    async def opened(self, text: str) -> str:  # noqa: ARG002  as long as an act
        """Answer once it is open."""
        await workflow.wait_condition(lambda: self._opened)
        return "applied"

    @workflow.update
    async def act(self, text: str) -> str:  # noqa: ARG002  as long as an act
        """Take one act. The last one closes, as it does in an escalation."""
        await workflow.wait_condition(lambda: self._opened)
        await self._record()
        self._left -= 1
        self._pending += 1
        if not self._left:
            workflow.upsert_search_attributes(
                [STATUS.value_set("closed"), TRACK.value_set("standard"), STAGE.value_set(1)]
            )
        return "applied"

    async def _wait(self) -> None:
        await workflow.wait_condition(
            lambda: bool(self._pending), timeout=timedelta(days=1), timeout_summary="next instant of PD-26-0042-K"
        )

    async def _record(self) -> None:
        text = self._text[:RECORDED]
        await workflow.execute_local_activity(record, text, start_to_close_timeout=timedelta(seconds=10))

    async def _deliver(self) -> None:
        text = f"{self._of} {self._text}"[:DELIVERED]
        await workflow.execute_activity(
            deliver, text, start_to_close_timeout=timedelta(seconds=10), summary="3 notices"
        )
