"""The simulated year: nothing is missed, doubled, late or out of order, and whoever watches would say so if it were."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console
from typer.testing import CliRunner

from escalations import cli
from escalations.intake.opening import InForce
from escalations.packs import reading
from escalations.policy import Policy, canonical
from escalations.rules import changing, events
from escalations.rules.actors import Channel
from escalations.rules.case import Case
from escalations.simulation import alone, behaving, many, stories, trying
from escalations.simulation.alone import Happening
from escalations.simulation.watching import Watch
from tests.builders import civil, frame, raiser

IN_FORCE = InForce(reading.sample())
STORY = """
start: 2027-03-01 09:30
raised: {by: oak-school, with: childrens-services}
then:
  - {when: "2 working days later, 10:00", does: move up}
  - {when: 4 working days later, does: acknowledge}
"""
SILENCE = """
start: 2027-01-04 09:30
raised: {by: oak-school, with: childrens-services}
until: 4 weeks later
"""
SKIPS = """
start: 2027-05-17 09:30
raised: {by: community-health, with: police, about: adult}
then:
  - {when: 1 hour later, does: move up, to stage: 3, skip because: flat organisation}
until: 4 weeks later
"""
HIGHER = """
start: 2027-05-17 09:30
raised: {by: oak-school, with: childrens-services, start stage: 2, start because: tried before}
until: 4 weeks later
"""


@pytest.mark.parametrize("policy", trying.shipped_policies())
def test_a_simulated_year_finds_nothing_missed_doubled_late_or_out_of_order(policy: str) -> None:
    in_force = InForce(reading.sample(policy))
    found = many.Sum()
    for number in range(120):
        found.add(many.live(in_force, 2027, 3, number))
    assert found.faults == []
    assert found.closed == found.cases == 120
    assert found.limits_passed > 50
    assert found.latest_seconds == 0
    assert max(found.stages) > 1


def test_every_bank_holiday_and_both_clock_changes_have_a_case() -> None:
    calendar = IN_FORCE.frame(civil("2027-07-01 12:00")).calendar
    days = behaving.special_days(2027, calendar)
    assert {f"2027-{day}" for day in ("03-28", "10-31", "03-26", "12-27", "01-01", "12-31")} <= {
        str(day) for day in days
    }
    assert all(day in days for day, _ in calendar.bank_holidays if day.year == 2027)


def test_two_runs_with_one_seed_agree_however_many_processes_there_are() -> None:
    def run(processes: int) -> dict[str, object]:
        found = many.year_of(IN_FORCE.policy, year=2027, cases=110, seed=9, processes=processes, told=lambda _: None)
        return many.as_json_of(found, IN_FORCE.policy, year=2027, seed=9)

    assert run(1) == run(2)


def heard(text: str = STORY, policy: str | Policy = "default-sample") -> list[tuple[Case, Happening]]:
    """Everything that happens in a story, with the case after it."""
    found: list[tuple[Case, Happening]] = []
    story = stories.read_text(text, "x.yaml")
    play = trying._Play(story, reading.sample(policy) if isinstance(policy, str) else policy)
    play._life._hears = lambda case, happening: found.append((case, happening))
    play.played()
    return found


def watched(
    change: Callable[[list[tuple[Case, Happening]]], list[tuple[Case, Happening]]],
    text: str = STORY,
    policy: str = "default-sample",
) -> list[str]:
    watch = Watch(counts_again=True, acting=True)
    all_of_it = change(heard(text, policy))
    for case, happening in all_of_it:
        watch.hears(case, happening)
    return watch.faults


def at(kind: type[events.EventModel], found: list[tuple[Case, Happening]]) -> int:
    return next(place for place, (_, one) in enumerate(found) if isinstance(one.event, kind))


def later(one: tuple[Case, Happening], **more: object) -> tuple[Case, Happening]:
    return one[0], replace(one[1], event=one[1].event.model_copy(update=more))


def test_a_story_as_it_happened_has_no_fault() -> None:
    assert watched(lambda found: found) == []


def test_a_first_stage_that_counts_from_receipt_and_was_held_has_no_fault() -> None:
    values = reading.sample().model_dump()
    for clock in values["stages"][0]["clocks"]:
        clock["starts_from"] = "received"
    held = """
story: Held, and passed on when some of its time is over
start: 2027-03-01 09:30
raised: {by: oak-school, with: childrens-services, hold: true}
then:
  - {when: "2027-03-02 16:00", does: pass on, with: childrens-services}
"""
    found = heard(held, Policy.model_validate(values))
    watch = Watch(counts_again=True, acting=True)
    for case, happening in found:
        watch.hears(case, happening)
    assert watch.faults == []
    assert any(
        isinstance(one.event, events.ClockStarted) and one.event.at < civil("2027-03-02 16:00") for _, one in found
    )


@pytest.mark.parametrize("kind", [events.LimitPassed, events.ReminderFell, events.RaiserKeptInformed])
def test_what_does_not_happen_is_missed(kind: type[events.EventModel]) -> None:
    def without(found: list[tuple[Case, Happening]]) -> list[tuple[Case, Happening]]:
        return [one for one in found if not isinstance(one[1].event, kind)]

    assert any(fault.startswith("missed") for fault in watched(without))


@pytest.mark.parametrize("kind", [events.LimitPassed, events.ReminderFell, events.ClockStarted, events.ClockEnded])
def test_what_happens_twice_is_doubled(kind: type[events.EventModel]) -> None:
    def twice(found: list[tuple[Case, Happening]]) -> list[tuple[Case, Happening]]:
        place = at(kind, found)
        return [*found[: place + 1], *found[place:]]

    assert any(fault.startswith("doubled") for fault in watched(twice))


def test_what_happens_late_or_before_what_came_last_is_said() -> None:
    def late(found: list[tuple[Case, Happening]]) -> list[tuple[Case, Happening]]:
        place = at(events.LimitPassed, found)
        event = found[place][1].event
        return [*found[:place], later(found[place], at=event.at + timedelta(seconds=1)), *found[place + 1 :]]

    faults = watched(late)
    assert any(fault.startswith("late: limit_passed") for fault in faults)
    assert any(fault.startswith("out of order") for fault in faults)


def test_a_deadline_that_is_not_the_one_of_its_receipt_is_found() -> None:
    def moved(found: list[tuple[Case, Happening]]) -> list[tuple[Case, Happening]]:
        place = at(events.ClockStarted, found)
        event = found[place][1].event
        assert isinstance(event, events.ClockStarted)
        return [*found[:place], later(found[place], due_at=event.due_at + timedelta(hours=1)), *found[place + 1 :]]

    assert any(fault.startswith("miscounted") for fault in watched(moved))


def test_a_move_that_the_document_brings_is_watched_as_one_that_a_person_intends_is() -> None:
    def by(seconds: int) -> list[str]:
        def moved(found: list[tuple[Case, Happening]]) -> list[tuple[Case, Happening]]:
            place = next(
                place
                for place, (_, one) in enumerate(found)
                if isinstance(one.event, events.StageStarted) and one.event.from_stage == 1
            )
            at = found[place][1].event.at + timedelta(seconds=seconds)
            return [*found[:place], later(found[place], at=at), *found[place + 1 :]]

        return watched(moved, SILENCE, "strict-sample")

    assert by(0) == []
    assert any(fault.startswith("early: stage_started") for fault in by(-1))
    assert any(fault.startswith("missed: a move up") for fault in by(1))


def test_a_case_goes_beyond_the_next_stage_only_where_it_was_said_to() -> None:
    def unsaid(found: list[tuple[Case, Happening]]) -> list[tuple[Case, Happening]]:
        return [one for one in found if not isinstance(one[1].event, events.MoveIntended)]

    passed_over = (SKIPS, "pan-lancashire-adults-sample")
    assert watched(lambda found: found, *passed_over) == []
    assert any(fault.startswith("out of order: stage_started") for fault in watched(unsaid, *passed_over))
    assert watched(lambda found: found, HIGHER, "somerset-sample") == []


def test_what_time_alone_never_brings_is_a_fault_where_nobody_did_it() -> None:
    watch = Watch(counts_again=False)
    case = alone.Alone(frame()).case
    dropped = events.MoveDropped(at=civil("2027-03-01 09:30"), by=raiser(), channel=Channel.LINK, to_stage=2)
    watch.hears(case, Happening(dropped, ()))
    assert watch.faults
    assert watch.faults[0].startswith("by time alone")


def test_whatever_the_rules_trip_over_is_a_fault_of_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    def trips(*_: object) -> many.Sum:
        raise KeyError("1-acknowledge")

    monkeypatch.setattr(many, "live", trips)
    found = many.some((canonical(IN_FORCE.policy), 2027, 1, 4, 2))
    assert found.cases == 2
    assert found.faults == ["case 4: KeyError: '1-acknowledge'", "case 5: KeyError: '1-acknowledge'"]


def test_the_command_says_what_it_came_to_and_ends_with_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(cli.app, ["simulate", "--cases", "30", "--seed", "4"])
    assert result.exit_code == 0
    assert "Nothing was missed, doubled, late or out of order." in result.output
    assert max(len(line) for line in result.output.splitlines()) <= 80
    said = json.loads(CliRunner().invoke(cli.app, ["simulate", "--cases", "30", "--json"]).stdout)
    assert (said["cases"], said["faults"]) == (30, [])

    monkeypatch.setattr(many, "some", lambda _: many.Sum(cases=30, faults=["case 1: missed"]))
    result = CliRunner().invoke(cli.app, ["simulate", "--cases", "30"])
    assert (result.exit_code, "FAULT case 1: missed" in result.output) == (1, True)


def test_what_cannot_be_simulated_is_a_sentence() -> None:
    for year, cases in ((1066, 10), (2027, 0)):
        with pytest.raises(many.NotSimulated):
            many.simulate(IN_FORCE.policy, year=year, cases=cases, seed=1, as_json=False, console=Console())
    assert "shipped are" in CliRunner().invoke(cli.app, ["simulate", "--policy", "none"]).output


def test_a_copy_with_changes_is_the_one_that_the_standard_library_makes() -> None:
    case, _ = heard()[-1]
    changes = {"seq": 99, "quiet": True}
    assert changing.replace(case, **changes) == replace(case, **changes)  # type: ignore[arg-type]  # both are right
    with pytest.raises(TypeError, match="no field nothing"):
        changing.replace(case, nothing=1)  # type: ignore[call-arg]  # what is refused
