"""A story is played by the rules alone: its timeline is as expected, and what makes no story is said with its line."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalations import cli
from escalations.packs import reading
from escalations.policy import Awaits
from escalations.rules import events, workingtime
from escalations.rules.workingtime import Amount
from escalations.simulation import alone, stories, trying
from escalations.simulation.stories import NotAStoryError, When
from tests.builders import civil, frame

STORIES = Path(reading.__file__).parent / "stories"
SHIPPED = [(policy, file) for policy in trying.shipped_policies() for file in trying.shipped(policy)]

START = """
story: A test
start: 2027-03-01 09:30
raised:
  by: oak-school
  with: childrens-services
"""


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, ["policy", "try", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def played(more: str = "", start: str = START) -> trying.Played:
    return trying.play(stories.read_text(start + more, "test.yaml"), reading.sample())


def refused(more: str = "", start: str = START) -> str:
    with pytest.raises(NotAStoryError) as problem:
        played(more, start)
    return str(problem.value)


@pytest.mark.parametrize(("policy", "file"), SHIPPED, ids=lambda one: getattr(one, "stem", one))
def test_every_shipped_story_has_the_timeline_that_is_expected(policy: str, file: Path) -> None:
    found = trying.text(trying.play(stories.read(file), reading.sample(policy)))
    assert found == file.with_suffix(".expected").read_text("utf-8")
    assert max(len(line) for line in found.splitlines()) <= trying.WIDTH


def what_is_missing(folder: Path) -> list[str]:
    """What a folder lacks to be the stories of a policy: four of them, and a timeline for each and for nothing else."""
    told, expected = ({file.stem for file in folder.glob(kind)} for kind in ("*.yaml", "*.expected"))
    few = [] if len(told) >= 4 else [f"{folder.name}: {len(told)} stories, and four are needed"]
    return [*few, *(f"{folder.name}: {name} has only one of its two files" for name in sorted(told ^ expected))]


@pytest.mark.parametrize("policy", trying.shipped_policies())
def test_every_policy_that_is_shipped_has_four_stories_at_least_each_with_its_timeline(policy: str) -> None:
    assert what_is_missing(STORIES / policy) == []


def test_every_folder_of_stories_is_that_of_a_policy_that_is_shipped() -> None:
    assert {folder.name for folder in STORIES.iterdir() if folder.is_dir()} <= set(trying.shipped_policies())


def test_a_policy_without_stories_is_found_out_and_so_is_a_story_without_its_timeline(tmp_path: Path) -> None:
    assert what_is_missing(tmp_path / "new-sample") == ["new-sample: 0 stories, and four are needed"]
    for name in "abcd":
        (tmp_path / f"{name}.yaml").touch()
        (tmp_path / f"{name}.expected").touch()
    assert what_is_missing(tmp_path) == []
    (tmp_path / "b.expected").unlink()
    assert what_is_missing(tmp_path) == [f"{tmp_path.name}: b has only one of its two files"]


def test_a_question_that_should_not_have_been_asked_is_not_said_to_be_answered_in_time() -> None:
    found = played(
        "then:\n  - when: 2027-03-02 10:00\n    does: acknowledge\n  - when: 2027-03-10 10:00\n    does: say done\n"
        "    done: answered\n    happened: 2027-03-05 15:00\n  - when: 1 hour later\n    does: confirm done\n"
        "until: 1 hour later\n"
    )
    told = " ".join(trying.text(found).split())
    assert told.count("was done on time (15:00 on Friday 5 March 2027) and recorded later.") == 1
    assert (
        "the question to Oak Lane Primary School whether it moves up rested on a time limit that had been kept" in told
    )
    assert "from Oak Lane Primary School was done on time" not in told
    choice = next(clock for clock in found.clocks if clock.started.awaits is Awaits.CHOOSE)
    assert choice.state == "Not counted: it rested on a time limit that had been kept"


@pytest.mark.parametrize(
    ("policy", "story", "said", "untrue"),
    [
        ("strict-sample", "three-levels-together", "somebody replied, and it is not settled yet", "not answered yet"),
        ("sunderland-adults-sample", "raised-late", "raised after the time limit", "answered after"),
        ("somerset-sample", "the-panel-is-late", "decided after the time limit", "answered after"),
    ],
)
def test_a_cause_is_said_in_words_that_are_true_of_what_was_waited_for(
    policy: str, story: str, said: str, untrue: str
) -> None:
    file = STORIES / policy / f"{story}.yaml"
    _, _, clocks = trying.text(trying.play(stories.read(file), reading.sample(policy))).partition("\nClocks\n")
    told = " ".join(clocks.split())
    assert said in told
    assert untrue not in told


def test_a_call_that_no_clock_waits_for_at_this_stage_is_refused_with_a_sentence_that_is_true() -> None:
    at_the_final_body = START.replace("with: childrens-services", "with: childrens-services\n  track: urgent")
    story = stories.read_text(
        at_the_final_body + "then:\n  - when: 2 days later\n    does: reached by person\n", "t.yaml"
    )
    found = trying.play(story, reading.sample("strict-sample"))
    refusal = next(line for line in found.lines if isinstance(line, trying.Refusal))
    assert "this stage waits for no call" in refusal.refused.sentence


def test_a_story_without_acts_is_what_time_alone_brings() -> None:
    found = played("until: 3 weeks later\n")
    kinds = [line.event.kind for line in found.lines if isinstance(line, alone.Happening)]
    assert "move_proposed" in kinds
    assert found.case.stage == 1
    assert not {"closed", "paused", "settled"} & set(kinds)


def test_a_refusal_of_the_rules_is_shown_as_what_it_is_and_the_story_goes_on() -> None:
    found = played("then:\n  - when: 1 hour later\n    does: resume\n  - when: 1 hour later\n    does: acknowledge\n")
    refusal = next(line for line in found.lines if isinstance(line, trying.Refusal))
    assert refusal.refused.sentence in " ".join(trying.text(found).split())
    assert any(isinstance(line, alone.Happening) and line.event.kind == "acknowledged" for line in found.lines)


def test_the_raiser_is_not_told_of_an_arrival_that_was_none() -> None:
    found = played("notices:\n  childrens-services: undelivered until 2027-03-01 12:00\nuntil: 1 day later\n")
    told = [notice.kind for line in found.lines if isinstance(line, alone.Happening) for notice in line.told]
    assert "not_delivered" in told
    assert "reached" not in told


def test_whom_a_story_names_does_it_at_the_rung_of_the_stage() -> None:
    found = played(
        "then:\n  - when: next working day, 10:00\n    does: move up\n  - when: 2 working days later, 12:00\n"
        "    by: childrens services\n    does: acknowledge\n"
        "  - when: same day, 15:00\n    by: the team\n    does: extend\n    clock: resolve\n"
        "    by amount: 2 working days\n"
    )
    last = [line.event for line in found.lines if isinstance(line, alone.Happening)]
    acknowledged = next(event for event in last if isinstance(event, events.Acknowledged))
    assert (acknowledged.by.position, acknowledged.stage) == ("manager", 2)
    assert any(isinstance(event, events.ClockExtended) for event in last)


def test_every_act_can_be_told_in_a_story_by_whoever_does_such_a_thing() -> None:
    more = {
        "withdraw": "    reason: other\n",
        "redirect": "    route: complaint\n",
        "note_file": "    note: recorded\n",
        "set_sooner": "    clock: resolve\n    due at: 16:00\n",
        "change_track": "    track: urgent\n",
        "pause": "    reason: court\n",
        "change_parties": "    add: police\n",
        "transfer": "    to: adults board\n    because: came of age\n",
        "reopen": "    because: not done\n",
        "extend": "    clock: resolve\n    by amount: 1 working day\n",
        "link": "    other: PD-27-0002-H\n    because: same people\n",
        "unlink": "    other: PD-27-0002-H\n",
        "propose_plan": "    actions: [{agency: childrens-services, by: 2027-03-10}]\n",
    }
    for kind in stories.ACTS:
        if kind not in {
            "raise",
            "pass_on",
            "complete",
            "redate",
            "account",
            "look_back",
            "confirm_cause",
            "close",
            "set_priority",
            "give_advice",  # Somebody has to be asked first.
        }:
            found = played(f"then:\n  - when: 1 hour later\n    does: {kind.replace('_', ' ')}\n{more.get(kind, '')}")
            codes = {line.refused.code for line in found.lines if isinstance(line, trying.Refusal)}
            assert "not_your_side" not in codes, kind


def test_a_withdrawal_ends_a_story() -> None:
    found = played("then:\n  - when: 1 hour later\n    does: withdraw\n    reason: other\n")
    assert found.case.status == "closed"


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("at once", "2027-03-26 15:30"),
        ("30 minutes later", "2027-03-26 16:00"),
        ("3 days later", "2027-03-29 15:30"),
        ("a week later, 09:00", "2027-04-02 09:00"),
        ("the same day at 17:00", "2027-03-26 17:00"),
        ("next day, 10:00", "2027-03-27 10:00"),
        ("next working day, 10:00", "2027-03-30 10:00"),
        ("2 working days later", "2027-03-31 15:30"),
        ("1 working hour later", "2027-03-30 10:00"),
        ("26/03/2027 18:00", "2027-03-26 18:00"),
    ],
)
def test_times_are_read_as_people_say_them(said: str, means: str) -> None:
    assert stories.when(said).from_(civil("2027-03-26 15:30"), frame().calendar) == civil(means)


def test_a_working_day_later_is_the_next_one_whatever_day_zero_the_policy_has() -> None:
    same = frame().calendar.model_copy(update={"day_zero": workingtime.DayZero.SAME})
    one = When(after=Amount.parse("1 working day"))
    assert one.from_(civil("2027-03-01 09:30"), same) == civil("2027-03-02 09:30")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "then:\n  - does: acknowlege\n",
            "test.yaml:8: act 1, does: 'acknowlege' is not something that can be done; did you mean acknowledge?",
        ),
        ("then:\n  - when: soon\n    does: stay\n", 'test.yaml:8: act 1, when: "soon" is not a time of a story: write'),
        ("then:\n  - when: 2027-03-28 01:30\n    does: acknowledge\n", "never comes"),
        ("then:\n  - when: 2027-02-28 10:00\n    does: stay\n", "before what came last (09:30 on Monday 1 March 2027)"),
        ("then:\n  - does: agree\n    outcom: agreed in part\n", "'agree'; did you mean outcome?"),
        ("then:\n  - does: agree\n    outcome: happy\n", "act 1: outcome: has to be agreed as asked, "),
        ("then:\n  - does: extend\n", "clock id is needed to extend"),
        (
            "then:\n  - does: extend\n    clock: nothing\n    by amount: 1 working day\n",
            "there is no clock 'nothing' then; there are: whole-process",
        ),
        ("then:\n  - by: Ünknown\n    does: acknowledge\n", "is no agency's id"),
        ("then:\n  - when: 900 days later\n    does: acknowledge\n", "is more than 800 days after the start"),
        ("then:\n  - when: 2000 working days later\n    does: acknowledge\n", "lies outside the calendar"),
        ("then: acknowledge\n", "has to be a list of acts"),
        ("then:\n  - when: 1 hour later\n", "says nothing of what is done: write 'does: acknowledge'"),
        ("notices:\n  childrens-services: lost\n", "'lost' is nothing that becomes of a notice"),
        ("until: 2027-01-01 10:00\n", "is before the last act"),
        ("unti: 1 day later\n", "is not a part of a story; did you mean until?"),
        ("story: Again\n", "is given twice; keep one"),
    ],
)  # fmt: skip
def test_what_makes_no_story_is_said_with_its_line(more: str, said: str) -> None:
    assert said in refused(more)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("start: 2027-03-01 09:30\n", "raised: is missing: write it with parts of its own, such as 'by: oak-school'"),
        ("raised:\n  by: oak-school\n", 'start: is missing: write "start: 2027-03-01 09:30"'),
        ("start: 2027-03-01 09:30\nraised:\n  with: childrens-services\n", "has to say which agency raises it"),
        ("- a list\n", "is not a story"),
        ("", "is not a story"),
        ("a: &a [*a, *a]\n", "test.yaml"),
    ],
)
def test_a_file_that_is_no_story_is_said(start: str, said: str) -> None:
    assert said in refused(start=start)


def test_the_command_checks_plays_and_prints_for_machines(tmp_path: Path) -> None:
    assert call("default-sample", "--check") == (
        0, "".join(f"{file.name}: as expected.\n" for file in trying.shipped("default-sample"))
    )  # fmt: skip
    code, said = call("default-sample", "settled-at-once", "--json")
    assert (code, json.loads(said)["status"]) == (0, "closed")
    story = tmp_path / "ours.yaml"
    story.write_text(START, encoding="utf-8")
    assert "there is no ours.expected beside it" in call("default-sample", str(story), "--check")[1]
    story.with_suffix(".expected").write_text("Something else\n", encoding="utf-8")
    code, said = call("default-sample", str(story), "--check")
    assert code == 1
    assert "-Something else" in said


def test_what_is_not_there_is_said_with_what_is() -> None:
    assert "shipped are: " in call("no-such-policy")[1]
    code, said = call("default-sample", "no-such-story")
    assert code == 1
    assert "settled-at-once" in said


def test_rules_that_wake_for_nothing_are_found_out() -> None:
    life = alone.Alone(frame())
    life.case = trying.play(stories.read_text(START, "x.yaml"), reading.sample()).case
    life._apply = lambda *_: None  # type: ignore[method-assign]  # what is due is never applied
    with pytest.raises(alone.NoProgressError):
        life.until(civil("2027-06-01 09:00") + timedelta(days=1))


def test_a_limit_that_a_pause_left_in_the_past_passes_when_the_case_goes_on_and_not_before() -> None:
    found = played(
        "then:\n  - when: 2027-03-02 17:00\n    does: pause\n    reason: court\n"
        "  - when: 2027-03-02 23:00\n    does: resume\nuntil: 1 hour later\n"
    )
    at = [line.event.at for line in found.lines if isinstance(line, alone.Happening)]
    assert at == sorted(at)
    happened = [line.event for line in found.lines if isinstance(line, alone.Happening)]
    passed = next(event for event in happened if isinstance(event, events.LimitPassed))
    assert (passed.at, passed.due_at) == (civil("2027-03-02 23:00"), civil("2027-03-02 17:00"))
