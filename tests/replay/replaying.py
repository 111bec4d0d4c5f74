"""Replaying a recorded history with today's code, and seeing what today's code would ask of its activities.

A replay alone compares the *kinds* of commands with history, and notices no changed payload. So an interceptor keeps
the input of every activity that the replayed workflow asks for, and the tests compare those with what was asked then.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle
from typing_extensions import override

from escalations.temporal.client import plugin
from escalations.workflows.escalation import EscalationWorkflow
from escalations.workflows.post_round import PostRoundWorkflow

HISTORIES = Path(__file__).parent / "histories"


@dataclass(frozen=True)
class Asked:
    """What a workflow asked of an activity."""

    activity: str
    input: object
    """As JSON."""

    @classmethod
    def of(cls, activity: str, args: Sequence[Any]) -> Asked:
        """Give it in a form that is the same today and in the file."""
        return cls(activity, [arg.model_dump(mode="json") if isinstance(arg, BaseModel) else arg for arg in args])


@dataclass(frozen=True)
class Golden:
    """A run as it was recorded."""

    name: str
    workflow_id: str
    history: str
    asked: tuple[Asked, ...]

    def parsed(self) -> WorkflowHistory:
        """Give it as the replayer takes it."""
        return WorkflowHistory.from_json(self.workflow_id, self.history)

    def write(self) -> None:
        """Write it as a file that a review can read."""
        whole = {
            "workflow_id": self.workflow_id,
            "asked": [{"activity": one.activity, "input": one.input} for one in self.asked],
            "history": json.loads(self.history),
        }
        (HISTORIES / f"{self.name}.json").write_text(
            json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )

    @classmethod
    def read(cls, file: Path) -> Golden:
        """Read such a file."""
        whole = json.loads(file.read_text(encoding="utf-8"))
        asked = tuple(Asked(one["activity"], one["input"]) for one in whole["asked"])
        return cls(file.stem, whole["workflow_id"], json.dumps(whole["history"]), asked)


def goldens() -> list[Golden]:
    """Give every recorded run."""
    return [Golden.read(file) for file in sorted(HISTORIES.glob("*.json"))]


class Capturing(Interceptor):
    """Keeps what the workflows of a worker ask of their activities."""

    def __init__(self) -> None:
        """Start empty."""
        self.asked: list[Asked] = []

    @override
    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,
    ) -> type[WorkflowInboundInterceptor] | None:
        asked = self.asked

        class Outbound(WorkflowOutboundInterceptor):
            @override
            def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:
                asked.append(Asked.of(input.activity, input.args))
                return super().start_activity(input)

            @override
            def start_local_activity(self, input: StartLocalActivityInput) -> ActivityHandle[Any]:
                asked.append(Asked.of(input.activity, input.args))
                return super().start_local_activity(input)

        class Inbound(WorkflowInboundInterceptor):
            @override
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(Outbound(outbound))

        return Inbound


async def replayed(history: WorkflowHistory) -> tuple[Exception | None, tuple[Asked, ...]]:
    """Replay a history with today's code; give what did not agree, and what was asked of activities on the way."""
    capturing = Capturing()
    replayer = Replayer(workflows=[EscalationWorkflow, PostRoundWorkflow], plugins=[plugin()], interceptors=[capturing])
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return result.replay_failure, tuple(capturing.asked)
