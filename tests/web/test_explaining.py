"""The accounts of a case's time limits: every day, every date that was kept, the paragraph, and nobody's name."""

from __future__ import annotations

import json

import pytest

from escalations import explaining
from escalations.explaining import Explained, NoSuchCase
from escalations.packs import reading
from escalations.rules import acts, case, events
from escalations.rules.case import PauseReason, RedateReason
from escalations.rules.workingtime import Amount
from escalations.store import directory_file, register
from escalations.web.telling import Names
from tests.builders import REFERENCE, Story, closed
from tests.web.conftest import BANNED, Office
from tests.web.forms_filled import raised

NAMES = Names({})


def explained(story: Story) -> dict[str, Explained]:
    return {one.life.started.rule_id: one for one in explaining.explain_all(story.case, story.happened)}


def text(story: Story) -> str:
    return "\n".join(explaining.lines(story.case, explaining.explain_all(story.case, story.happened), NAMES))


def in_one_line(said: str) -> str:
    return " ".join(said.split())


def test_every_clock_that_began_is_explained_and_counted_anew_as_it_was_recorded() -> None:
    story = Story(start="2027-03-22 10:00").raised().at("2027-04-20 12:00")
    began = [event.clock_id for event in story.happened if isinstance(event, events.ClockStarted)]
    found = explaining.explain_all(story.case, story.happened)
    assert [one.life.started.clock_id for one in found] == began
    assert all(one.as_recorded for one in found)


def test_what_was_left_out_is_said_day_by_day_with_the_name_of_a_bank_holiday() -> None:
    said = text(Story(start="2027-03-22 10:00").raised())
    for line in (
        "+ Thursday 25 March 2027: working day 3 of 5",
        "- Friday 26 March 2027: bank holiday: Good Friday",
        "- Saturday 27 March 2027: Saturday, not a working day here",
        "- Monday 29 March 2027: bank holiday: Easter Monday",
        "+ Wednesday 31 March 2027: working day 5 of 5",
        "Due 17:00 on Wednesday 31 March 2027",
    ):
        assert line in said
    assert "5 working days from the arrival of the notice, 10:00 on Monday 22 March 2027" in said
    assert "Rule: resolve. Source: not in the document: our choice." in said
    assert max(len(line) for line in said.splitlines()) <= 80
    assert BANNED.findall(said) == []


def test_the_paragraph_behind_a_rule_is_named() -> None:
    policy = reading.read_text(
        reading.sample_text().replace(
            "        awaits: respond\n", "        awaits: respond\n        source: section 4.2\n", 1
        ),
        "ours.yaml",
    )
    assert explained(Story(policy=policy).raised())["resolve"].source == "section 4.2"


def test_an_extension_keeps_both_dates_and_counts_on_from_the_first() -> None:
    story = Story().raised().later(hours=2)
    story.act(
        acts.Extend(
            **story.by_team(), clock_id=story.clock("resolve").clock_id, by_amount=Amount.parse("2 working days")
        )
    )
    found = explained(story)["resolve"]
    assert found.as_recorded, "the first account stays what it was"
    (kept,) = found.kept
    assert kept.receipt is not None
    assert len([day for day in kept.receipt.days if day.counted]) == 2
    said = in_one_line(text(story))
    assert (
        "Moved at 11:30 on Monday 1 March 2027: extended by 2 working days. It was due 17:00 on Monday 8 March" in said
    )
    assert "and is due 17:00 on Wednesday 10 March 2027" in said
    data = explaining.as_data(story.case, explaining.explain_all(story.case, story.happened))
    (extended,) = [one for one in data["clocks"] if one["dates_before"]]
    assert extended["due_at"] != extended["receipt"]["due"]


def test_a_pause_is_said_with_its_times_and_what_it_gave_back() -> None:
    story = Story().raised().later(hours=2)
    story.act(acts.Pause(**story.by_team(), reason=PauseReason.COURT))
    assert "It was paused from 11:30 on Monday 1 March 2027 and still is" in text(story)
    story.later(days=2)
    story.act(acts.Resume(**story.by_team()))
    said = in_one_line(text(story))
    assert "It was paused from 11:30 on Monday 1 March 2027 to 11:30 on Wednesday 3 March 2027" in said
    assert "a pause gave back what it had taken. It was due 17:00 on Monday 8 March 2027, and is due 17:00 on" in said


def test_a_re_dated_limit_is_explained_as_it_was_counted_first_and_as_it_is_counted_now() -> None:
    story = Story().raised()
    frame = closed(story.frame, "2027-03-05", "2027-03-05", "The council is closed")
    story.case = case.offering(story.case, frame)
    story.act(
        acts.Redate(
            **story.by_team(),
            policy_hash=frame.policy.content_hash,
            calendar_hash=frame.calendar.content_hash,
            seen_seq=story.case.seq,
            because=RedateReason.CLOSURE,
            also_sooner=False,
        )
    )
    found = explained(story)["resolve"]
    assert found.as_recorded
    ((_, first),) = found.earlier
    assert (first.due_words, found.receipt.due_words) == (
        "17:00 on Monday 8 March 2027",
        "17:00 on Tuesday 9 March 2027",
    )
    said = text(story)
    assert "At first: 5 working days from the arrival of the notice" in said
    assert "- Friday 5 March 2027: closed: The council is closed" in said
    assert "NOT as it was recorded" not in said
    data = explaining.as_data(story.case, explaining.explain_all(story.case, story.happened))
    assert [len(one["earlier_receipts"]) for one in data["clocks"] if one["awaits"] == "respond"] == [1]


def test_a_receipt_that_is_not_what_was_recorded_is_said() -> None:
    story = Story().raised()
    story.happened = [
        event.model_copy(update={"receipt_hash": "0" * 64}) if isinstance(event, events.ClockStarted) else event
        for event in story.happened
    ]
    assert not any(one.as_recorded for one in explaining.explain_all(story.case, story.happened))
    assert "NOT as it was recorded" in text(story)
    assert "`escalations register verify`" in in_one_line(text(story))


def test_what_is_printed_for_a_machine_is_json_with_every_receipt() -> None:
    story = Story().raised().at("2027-03-20 12:00")
    data = json.loads(json.dumps(explaining.as_data(story.case, explaining.explain_all(story.case, story.happened))))
    assert data["reference"] == REFERENCE
    assert {one["awaits"] for one in data["clocks"]} >= {"acknowledge", "respond", "settle_all", "choose"}
    assert all(one["receipt"]["days"] and one["as_recorded"] for one in data["clocks"])
    (late,) = [one for one in data["clocks"] if one["awaits"] == "acknowledge"]
    assert (late["cause"], late["cause_confirmed"]) == ("silent", False)


# ---- From the register ----------------------------------------------------------------------------------------------


async def test_a_case_of_the_register_is_explained_without_a_key_and_names_nobody(office: Office) -> None:
    reference = await raised(office)
    await office.settle()
    await office.until("2027-03-10 10:00")
    said: list[str] = []
    settings = office.settings.model_copy(update={"keys_file": None})
    assert await explaining.explain(settings, reference.lower(), as_json=False, say=said.append)
    assert said[0].startswith(f"{reference}, standard track, stage 1")
    assert "Wyeford Council children's services" in in_one_line("\n".join(said))
    machine: list[str] = []
    assert await explaining.explain(settings, reference, as_json=True, say=machine.append)
    assert len(json.loads(machine[0])["clocks"]) > 3
    people = [
        person
        for agency in directory_file.sample().agencies
        for holding in agency.positions
        for person in (holding.holder, holding.deputy)
        if person is not None
    ]
    both = "\n".join((*said, *machine))
    assert [person for person in people if person.name in both or person.email in both] == []


async def test_a_reference_that_is_none_or_unknown_is_said(office: Office) -> None:
    for typed, sentence in (("PD-27-0001", "does not look like a reference"), ("PD-27-0001-X", "wrong, or two are in")):
        with pytest.raises(NoSuchCase, match=sentence):
            await explaining.explain(office.settings, typed, as_json=False, say=print)
    reference = await raised(office)
    async with office.database.read() as tx:
        assert await register.read(tx, reference) == []
    with pytest.raises(NoSuchCase, match=f"The register has no escalation {reference}"):
        await explaining.explain(office.settings, reference, as_json=False, say=print)
