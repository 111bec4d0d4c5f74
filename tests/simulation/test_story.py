"""The demo's story, by its command: what it always contains, and that two runs with one start agree."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from escalations import demonstrating


async def demo(*arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "escalations.cli", "demo", *arguments, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode, said.decode()


async def test_the_story_shows_drift_a_move_up_a_call_written_up_later_and_an_end_and_two_runs_agree() -> None:
    start = ("--start", "2027-05-28T15:30", "--json")
    (code, first), (_, second) = await asyncio.gather(demo(*start), demo(*start))
    assert code == 0
    assert first == second
    told = json.loads(first)
    assert [event["cause"] for event in told if event["kind"] == "limit_passed"] == ["silent", "silent"]
    moved = next(event for event in told if event["kind"] == "stage_started" and event["stage"] == 2)
    assert moved["by"]["side"] == "raising"
    written_up = next(event for event in told if event["kind"] == "said_done")
    assert written_up["happened_at"] < written_up["at"]
    assert next(event for event in told if event["kind"] == "closed")["stage"] == 2
    assert told[0]["at"] == "2027-05-28T15:30+01:00"


@pytest.mark.parametrize(("start", "says"), [("2020-03-02T09:30", "in the past"), ("next week", "not a date and time")])
async def test_a_start_that_cannot_be_is_refused_in_a_sentence(start: str, says: str) -> None:
    with pytest.raises(demonstrating.WrongStart, match=says):
        await demonstrating.demo(start=start, as_json=True, environ={"PATH": ""}, say=lambda _: None)
