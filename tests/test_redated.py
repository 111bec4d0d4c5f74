"""A closure becomes known while an escalation runs: nothing moves until the team moves it, and then openly.

The same story on SQLite and on PostgreSQL, with the real timer service and virtual time.
"""

from __future__ import annotations

import json
from datetime import timedelta
from email import message_from_bytes
from email import policy as mail_policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from temporalio import client as temporal

from escalations import redates
from escalations.intake import opening
from escalations.rules import acts, events
from escalations.rules.case import Frame, RedateReason
from escalations.store import read_models, register, tables
from tests import builders
from tests.builders import TEAM, civil, closed, origin
from tests.harness import Installation, installation, settings


async def frozen(home: Installation, frame: Frame) -> Frame:
    async with home.parts.database.write() as tx:
        await opening.freeze(tx, frame, at=civil("2027-03-01 12:00"))
    return frame


async def redate(home: Installation, reference: str, frame: Frame, at: str, **more: Any) -> acts.Redate:  # noqa: ANN401
    await home.until(reference, civil(at))
    return acts.Redate(
        **origin(TEAM, civil(at), channel="team"),
        policy_hash=frame.policy.content_hash,
        calendar_hash=frame.calendar.content_hash,
        seen_seq=(await home.case(reference)).seq,
        because=RedateReason.CLOSURE,
        **more,
    )


async def due(home: Installation, reference: str, rule: str) -> str:
    clock = [clock for clock in (await home.case(reference)).clocks if clock.rule_id == rule][-1]
    return clock.due_at.astimezone(builders.LONDON).strftime("%Y-%m-%d %H:%M")


async def lists(home: Installation) -> list[list[tuple[object, ...]]]:
    async with home.parts.database.read() as tx:
        return [
            [tuple(row) for row in await tx.execute(select(table).order_by(*table.primary_key.columns))]
            for table in tables.READ_MODELS
        ]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_a_closure_moves_an_open_deadline_only_once_the_team_says_so(
    database: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    escalations_client: temporal.Client,
    task_queue: str,
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else None
    async with installation(settings(tmp_path, url), escalations_client, task_queue) as home:
        reference = await home.raised("2027-03-01 09:30")
        await home.act(reference, acts.Acknowledge(**origin(builders.responder(), civil("2027-03-01 11:00"))))
        frame = await frozen(home, closed((await home.case(reference)).frame, "2027-03-04", "2027-03-05"))
        assert await due(home, reference, "resolve") == "2027-03-08 17:00"

        late = await redate(home, reference, frame, "2027-03-02 10:00")
        stale = late.model_copy(update={"seen_seq": late.seen_seq - 1})
        refused = await home.act(reference, stale)
        assert (refused.state, refused.outcome_code) == ("refused", "changed_since")
        assert await due(home, reference, "resolve") == "2027-03-08 17:00"

        unknown = await home.act(reference, late.model_copy(update={"calendar_hash": "0" * 64}))
        assert (unknown.state, unknown.outcome_code) == ("refused", "not_on_file")

        applied = await home.act(
            reference, await redate(home, reference, frame, "2027-03-02 11:00"), words={"text": "Zanzibar"}
        )
        assert applied.state == "applied", applied.outcome_sentence
        assert await due(home, reference, "resolve") == "2027-03-10 17:00"
        told = [
            " ".join(message_from_bytes(raw, policy=mail_policy.default).get_body(("plain",)).get_content().split())  # type: ignore[union-attr]  # every message of ours has one
            for raw in await home.outbox()
        ]
        both = [
            text
            for text in told
            if "until 17:00 on Wednesday 10 March 2027. It was 17:00 on Monday 8 March 2027 before." in text
        ]
        assert len(both) == 2, "one to each side"
        assert not [text for text in told if "Zanzibar" in text]

        # The timer goes by the new date, in the same run ...
        await home.reaches(reference, "2027-03-09 12:00")
        passed = [event for event in await home.events(reference) if isinstance(event, events.LimitPassed)]
        assert passed == []
        await home.reaches(reference, "2027-03-10 17:01")
        passed = [event for event in await home.events(reference) if isinstance(event, events.LimitPassed)]
        assert [event.due_at for event in passed] == [civil("2027-03-10 17:00")]

        # ... and the next run, of the next stage, is counted by the new calendar too.
        again = await frozen(home, closed((await home.case(reference)).frame, "2027-03-12", "2027-03-12"))
        moved = await home.act(reference, acts.MoveUp(**origin(builders.raiser(), civil("2027-03-10 17:05"))))
        assert moved.state == "applied"
        await home.reaches(reference, "2027-03-11 18:00")
        assert (await home.case(reference)).stage == 2
        before = await due(home, reference, "resolve")
        second = await home.act(reference, await redate(home, reference, again, "2027-03-11 18:05"))
        assert second.state == "applied", second.outcome_sentence
        assert await due(home, reference, "resolve") > before

        async with home.parts.database.read() as tx:
            assert await register.verify(tx) == []
            row = await read_models.case_of(tx, reference)
            kept = {clock.clock_id: clock.kept_dates for clock in await read_models.clocks_of(tx, reference)}
        assert row is not None
        assert row.calendar_hash == again.calendar.content_hash
        first = next(dates for clock_id, dates in kept.items() if clock_id.endswith("-resolve"))
        assert [(date.due_at, date.because) for date in first] == [
            (civil("2027-03-08 17:00"), "clock_started"),
            (civil("2027-03-10 17:00"), "redated"),
        ]
        as_it_was = await lists(home)
        async with home.parts.database.write() as tx:
            await read_models.rebuild(tx)
        assert await lists(home) == as_it_was


async def test_from_the_command_line_it_is_looked_at_and_applied_only_as_it_was_seen(
    tmp_path: Path, escalations_client: temporal.Client, task_queue: str
) -> None:
    chosen = settings(tmp_path)
    async with installation(chosen, escalations_client, task_queue) as home:
        moved, went_on = await home.raised_now(), await home.raised_now()
        tomorrow = home.parts.now().date() + timedelta(days=1)
        week = f"{tomorrow}..{tomorrow + timedelta(days=6)}=The offices move"
        given = redates.Given(closures=(week,))
        said: list[str] = []
        await redates.preview(chosen, given, as_json=False, say=said.append)
        assert said[-1] == "Nothing was changed."
        assert "A date would move in 2" in said[-2]
        seen = tmp_path / "seen.json"
        printed: list[str] = []
        await redates.preview(chosen, given, as_json=True, say=printed.append)
        seen.write_text(printed[0], encoding="utf-8")
        cases = {one["reference"]: one for one in json.loads(printed[0])["cases"]}
        clock = next(one for one in cases[moved]["clocks"] if one["awaits"] == "respond")
        assert (clock["becomes"], clock["due_at"] < clock["new_due_at"]) == ("later", True)

        acknowledged = acts.Acknowledge(**origin(builders.responder(), home.parts.now()))
        await home.receive(acknowledged, reference=went_on)
        await home.idle(went_on)
        reason = tmp_path / "why.txt"
        reason.write_text("Zanzibar: the offices move.", encoding="utf-8")
        said.clear()
        fine = await redates.apply(
            chosen, given, reason=reason, because=RedateReason.CLOSURE, by="Perpetua Lisle", seen=seen, say=said.append
        )
        assert not fine, "one of them was left as it is"
        assert f"1 of 1  {moved}: counted anew" in said
        assert f"{went_on}: left as it is, because something happened there since it was looked at." in said
        assert (await home.case(moved)).redates == 1
        assert (await home.case(went_on)).redates == 0
        assert not any("Zanzibar" in line for line in said)

        other = redates.Given(closures=(f"{tomorrow}=Another",))
        with pytest.raises(redates.NotUsable, match="of another calendar or policy"):
            await redates.apply(
                chosen, other, reason=reason, because=RedateReason.CLOSURE, by="P", seen=seen, say=said.append
            )
