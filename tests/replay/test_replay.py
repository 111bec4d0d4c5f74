"""What ran yesterday runs on today's code: golden histories, what was asked of activities, the order of commands."""

from __future__ import annotations

import inspect
import json

import pytest
from temporalio.client import WorkflowHistory

from escalations.workflows.escalation import EscalationWorkflow
from tests.replay import fingerprint
from tests.replay.replaying import HISTORIES, Asked, Golden, goldens, replayed

WHAT_TO_DO = (
    "\nCases that are open now would stop at their next task. Read docs/changing-a-workflow.md. In short: a change of"
    " the shell's commands goes behind workflow.patched(); a change of the rules gets a new edition; only before the"
    " first release, or for a story that is new, are the goldens recorded anew."
)


def _differences(golden: Golden, asked: tuple[Asked, ...]) -> list[str]:
    told = [
        f"{golden.name}: call {number} of {then.activity} was {json.dumps(then.input)}, and is now "
        f"{json.dumps(now.input)}"
        for number, (then, now) in enumerate(zip(golden.asked, asked, strict=False), 1)
        if then != now
    ]
    if len(golden.asked) != len(asked):
        told.append(f"{golden.name}: {len(golden.asked)} calls then, {len(asked)} now")
    return told


def test_there_are_golden_histories_of_every_kind() -> None:
    names = {file.stem for file in HISTORIES.glob("*.json")}
    assert {"resolution-1", "drift-1", "drift-2", "faults-1", "undelivered-1", "post-round-1"} <= names


@pytest.mark.parametrize("golden", goldens(), ids=lambda golden: golden.name)
async def test_a_golden_history_replays_and_asks_the_same_of_its_activities(golden: Golden) -> None:
    failure, asked = await replayed(golden.parsed())

    assert failure is None, f"{failure}{WHAT_TO_DO}"
    assert _differences(golden, asked) == [], WHAT_TO_DO


async def test_what_was_asked_of_remote_activities_is_what_history_holds() -> None:
    """The file's own list is held to Temporal's record, where that has one; local activities leave no input there."""
    for golden in goldens():
        scheduled = [
            [json.loads(payload.data) for payload in event.activity_task_scheduled_event_attributes.input.payloads]
            for event in golden.parsed().events
            if event.HasField("activity_task_scheduled_event_attributes")
        ]
        assert scheduled == [one.input for one in golden.asked if one.activity in {"deliver", "post_round"}]


async def test_a_broken_history_fails() -> None:
    golden = next(golden for golden in goldens() if golden.name == "drift-1")
    broken = golden.history.replace('"name": "deliver"', '"name": "some_other_activity"')
    assert broken != golden.history
    failure, _ = await replayed(WorkflowHistory.from_json(golden.workflow_id, broken))
    assert failure is not None
    assert "ondetermin" in str(failure)


async def test_a_changed_payload_is_found_although_it_replays() -> None:
    golden = next(golden for golden in goldens() if golden.name == "drift-1")
    failure, asked = await replayed(golden.parsed())
    assert failure is None
    other = Asked("record", json.loads(json.dumps(asked[0].input).replace('"raised"', '"raised_otherwise"')))
    assert _differences(golden, (other, *asked[1:]))
    assert _differences(golden, asked[:-1])


def test_the_order_of_commands_has_not_changed_unnoticed() -> None:
    committed = json.loads(fingerprint.FILE.read_text(encoding="utf-8"))
    assert fingerprint.all_of_them() == committed, (
        "The order of a workflow's commands has changed."
        + WHAT_TO_DO
        + " When that is done: python -m tests.replay.fingerprint"
    )


def test_the_fingerprint_notices_a_command_that_moved() -> None:
    source = inspect.getsource(EscalationWorkflow)
    as_it_is = fingerprint.of_source(source)
    assert as_it_is["_record"] == [
        "execute_local_activity(contracts.record, local_retry_threshold, retry_policy, start_to_close_timeout)",
        "self._show",
    ]
    for was, becomes in (
        ("workflow.execute_local_activity(", "workflow.execute_activity("),
        ("await self._deliver()", "pass"),
        ("timeout=self._pause", "timeout_summary='' if self._pause else ''"),
    ):
        assert was in source
        assert fingerprint.of_source(source.replace(was, becomes, 1)) != as_it_is
