"""Policy files: the shipped sample is one; of a broken one the file, the line, and what to write instead is said.

Nothing of a broken file is loaded, and a hostile one is refused within a second.
"""

from __future__ import annotations

import re
import time
from importlib import resources
from pathlib import Path

import pytest

from escalations.packs import reading
from escalations.policy import Awaits, OnLimit, Policy, Track, canonical, load_canonical

SAMPLE = resources.files("escalations.packs").joinpath("default-sample.yaml").read_text("utf-8")
ONE_CLOCK = "{id: x, awaits: respond, waits_for: responding, starts_from: delivered, limits: {}}"


def line_of(text: str) -> int:
    """Give the line of the sample on which this stands."""
    return SAMPLE[: SAMPLE.index(text)].count("\n") + 1


def problems(text: str) -> list[reading.Problem]:
    """Give what is wrong with a text."""
    with pytest.raises(reading.NotAPolicyError) as refused:
        reading.read_text(text, "policy.yaml")
    return list(refused.value.problems)


def broken(old: str, new: str) -> list[reading.Problem]:
    """Give what is wrong with the sample once this is changed in it."""
    assert old in SAMPLE
    return problems(SAMPLE.replace(old, new, 1))


# ---- The sample -----------------------------------------------------------------------------------------------------


def test_the_sample_says_that_it_is_one() -> None:
    sample = reading.sample()
    assert sample.sample
    assert "sample" in sample.title.casefold()
    assert len(sample.assumptions) >= 4


def test_the_sample_has_what_the_first_spine_promises() -> None:
    """Four stages, a proposal that a person confirms, told at stage 2, an urgent track, a final body."""
    sample = reading.sample()
    assert len(sample.stages) == 4
    assert [stage.partnership_told for stage in sample.stages] == [False, True, True, True]
    assert sample.stages[-1].decided_by_final_body
    assert sample.final_body.position != sample.final_body.alternate_position
    reached = [clock for clock in sample.stages[0].clocks if clock.awaits is Awaits.BE_REACHED]
    assert list(reached[0].limits) == [Track.URGENT]
    limits = [clock.on_limit for stage in sample.stages[:3] for clock in stage.clocks]
    assert set(limits) == {OnLimit.PROPOSE}
    assert OnLimit.ESCALATE not in {clock.on_limit for stage in sample.stages for clock in stage.clocks}


def test_a_policy_is_the_same_after_it_was_stored() -> None:
    sample = reading.sample()
    text = canonical(sample)
    assert load_canonical(text) == sample
    assert canonical(load_canonical(text)) == text
    assert load_canonical(text) is load_canonical(text), "thousands of cases share one policy"
    assert load_canonical(text).content_hash == sample.content_hash


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(SAMPLE, "utf-8")
    assert reading.read(path) == reading.sample()


# ---- Broken files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        pytest.param("on_limit: propose", "on_limt: propose", "on_limit: propose", "did you mean on_limit?", id="typo"),
        pytest.param(
            "        awaits: be_reached",
            "        awaits: be_phoned",
            "        awaits: be_reached",
            "has to be 'acknowledge'",
            id="unknown word",
        ),
        pytest.param(
            "final_body:\n", "final_boddy:\n", "final_body:\n", "did you mean final_body?", id="typo at the top"
        ),
        pytest.param(
            "within: 1 working day,",
            "within: 1 workday,",
            "within: 1 working day,",
            '"1 workday" is not an amount of time',
            id="unknown unit",
        ),
        pytest.param(
            "within: 1 working day,",
            "within: 2 hours,",
            "within: 1 working day,",
            "working hours, elapsed hours",
            id="hours that do not say whether they run by night",
        ),
        pytest.param(
            "title: Managers",
            "title: Managers\n    title: Bosses",
            "    responding_position: manager",
            "is given twice; keep one",
            id="duplicate key",
        ),
        pytest.param(
            'put_live_by: "Sample: the business manager"',
            'put_live_by: "SAMPLE: the executive group "',
            "adoption:",
            "a second person has to put a policy live",
            id="one person alone",
        ),
        pytest.param(
            'in_force_from: "2026-02-01"',
            'in_force_from: "2026-01-01"',
            "adoption:",
            "in_force_from (2026-01-01) is before adopted_on",
            id="in force before it was adopted",
        ),
        pytest.param(
            'review_due: "2027-12-31"',
            'review_due: "2025-12-31"',
            "adoption:",
            "review_due (2025-12-31) has to be later",
            id="review before it is in force",
        ),
        pytest.param(
            '"2026-01-12"', '"12 January 2026"', "adopted_on", "has to be a date such as 2026-02-28", id="date"
        ),
        pytest.param(
            '"2026-01-12"', "2026-02-31", "adopted_on", "2026-02-31 is not a date that exists", id="no such date"
        ),
        pytest.param("number: 3", "number: 5", "stages:\n", "have to be 1, 2, 3 ... in order", id="stage numbers"),
        pytest.param(
            "        on_limit: propose",
            "        on_limit: escalate",
            "      - id: reached",
            "only a policy whose document says so moves a case up by itself",
            id="escalates without a source",
        ),
        pytest.param(
            "        on_limit: propose",
            "        on_limit: escalate\n        source: Not in the document (we like it)",
            "      - id: reached",
            "name the paragraph in source",
            id="escalates by our choice",
        ),
        pytest.param(
            "remind_before: [1 elapsed hour]",
            "remind_before: [2 elapsed hours]",
            "      - id: reached",
            "the reminder 2 elapsed hours before would come before the clock of 2 elapsed hours starts",
            id="reminder longer than its limit",
        ),
        pytest.param(
            "remind_before: [3 working hours]",
            "remind_before: [16 working hours]",
            "      - id: acknowledge",
            "make it shorter",
            id="reminder longer than its limit in another unit",
        ),
        pytest.param(
            "urgent: {within: 24 elapsed hours, remind_before: [4 elapsed hours]}",
            "urgent: {within: 1 working day}",
            "      - id: resolve",
            "on the urgent track limits run in elapsed hours",
            id="urgent in working days",
        ),
        pytest.param(
            "word_to_raiser_every: 5 working days",
            "word_to_raiser_every: 6 working days",
            "word_to_raiser_every",
            "5 working days without word at most",
            id="raiser left without word",
        ),
        pytest.param(
            "told_before_move: {standard: 1 working day, urgent: null}",
            "told_before_move: {urgent: null}",
            "told_before_move",
            "say how long for the standard track, or null",
            id="level passed over",
        ),
        pytest.param(
            "urgent: null}",
            "urgent: 1 working day}",
            "told_before_move",
            "write urgent: null",
            id="urgent move that waits",
        ),
        pytest.param(
            "standard: {within: 1 working day}",
            "standrad: {within: 1 working day}",
            "      standard: {within: 1 working day}",
            "has to be 'standard' or 'urgent'",
            id="unknown track",
        ),
        pytest.param(
            "starts_from: proposed",
            "starts_from: answered",
            "  - id: choose",
            "would never start from answered",
            id="clock that never starts",
        ),
        pytest.param(
            "waits_for: team",
            "waits_for: raising",
            "  - id: team-look",
            "write waits_for: team",
            id="clock that waits for the wrong side",
        ),
        pytest.param(
            "  - id: confirm\n",
            "  - id: choose\n",
            "  - id: confirm\n",
            "two clocks here are called choose",
            id="two clocks of one name",
        ),
        pytest.param(
            "within: 40 working days",
            "within: 400 working days",
            "  - id: whole-process",
            "more than a year",
            id="limit of years",
        ),
        pytest.param(
            "within: 40 working days",
            "within: 0 working days",
            "      standard: {within: 40 working days",
            "is no time at all",
            id="limit of nothing",
        ),
        pytest.param(
            "    decided_by_final_body: true\n",
            "",
            "  - number: 4",
            "nobody decides there",
            id="decision without a body",
        ),
        pytest.param(
            "    partnership_told: true\n    clocks: *ladder",
            "    decided_by_final_body: true\n    clocks: *ladder",
            "  - number: 2",
            "only the last stage can be decided by the final body",
            id="final body too early",
        ),
        pytest.param(
            "alternate_position: alternate_chair",
            "alternate_position: chair",
            "final_body:",
            "the alternate has to be somebody else",
            id="one person as holder and alternate",
        ),
        pytest.param(
            "region: england-and-wales",
            "region: wales",
            "region:",
            "has to be 'england-and-wales', 'scotland'",
            id="unknown region",
        ),
        pytest.param(
            "id: default-sample", "id: Default Sample", "id:", "small letters, digits and dashes", id="bad id"
        ),
        pytest.param(
            "reference_prefix: PD", "reference_prefix: pd", "reference_prefix", "capital letters", id="bad prefix"
        ),
        pytest.param(
            'version: "2026-1"', "version: 2026", "version:", "write it in quotes: '2026'", id="number for text"
        ),
        pytest.param(
            "    clocks: &ladder\n",
            "    clocks: none\n    unused: &ladder\n",
            "    clocks: &ladder",
            "has to be a list",
            id="text for a list",
        ),
        pytest.param(
            "sample: true", "sample: perhaps", "sample:", "has to be true or false", id="neither true nor false"
        ),
        pytest.param(
            "    title: Managers", "    title: ''", "    title: Managers", "at least 1 character", id="no title"
        ),
        pytest.param(
            "  - number: 2",
            "  number: 2",
            "    title: Managers",
            "is not YAML that can be read",
            id="spaces at the start",
        ),
        pytest.param("adoption:\n", "adoption: |\n", "adoption:", "has to have parts of its own", id="text for parts"),
    ],
)
def test_a_broken_file_is_refused_with_its_line_and_what_to_write(old: str, new: str, at: str, says: str) -> None:
    found = broken(old, new)
    lines = [problem.line for problem in found if says in str(problem)]
    assert lines, [str(problem) for problem in found]
    assert abs((lines[0] or 0) - line_of(at)) <= 1, (lines, line_of(at))
    assert str(found[0]).startswith("policy.yaml:")


@pytest.mark.parametrize("part", ["id", "title", "version", "sample"])
def test_a_missing_part_is_named(part: str) -> None:
    (line,) = [line for line in SAMPLE.splitlines(keepends=True) if line.startswith(f"{part}:")]
    (problem,) = broken(line, "")
    assert problem.where == part
    assert problem.sentence.startswith(f"is missing; write such as {part}: ")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        pytest.param("within: 5 working days", "within: 5", '5 has no unit: write "5 working days"', id="no unit"),
        pytest.param(
            "within: 5 working days", "within: 0 working days", "is no time at all: write 1 or more", id="none"
        ),
        pytest.param(
            "standard: {within: 1 working day}",
            "standard: 1 working day",
            "write such as {within: 1 working day}",
            id="a limit without parts",
        ),
        pytest.param("title: Managers", "title: Managers: both", "a colon in it has to stand in quotes", id="a colon"),
        pytest.param(
            "title: Managers", "title: Man\x00agers", "holds a character that stands in no text", id="no text"
        ),
        pytest.param("title: Managers", "title: *managers", "write it out", id="an alias of nothing"),
        pytest.param("    title: Managers", "\ttitle: Managers", "write spaces, and no tab", id="a tab"),
        pytest.param("\nstages:", "\n---\nstages:", "begins a second policy", id="two policies"),
    ],
)
def test_what_stands_in_the_line_is_said_with_what_to_write_instead(old: str, new: str, says: str) -> None:
    (problem, *_) = broken(old, new)
    assert says in problem.sentence
    assert problem.line is not None


def test_stages_of_which_none_can_be_read_are_not_called_none() -> None:
    said = [one.sentence for one in problems("id: ours\nstages:\n  - number: 1\n")]
    assert not any("at least one" in sentence for sentence in said)
    assert any("at least one" in one.sentence for one in problems("id: ours\nstages: []\n"))


def test_a_space_of_a_word_processor_is_a_space() -> None:
    there = SAMPLE.replace("within: 5 working days", "within: 5\u00a0working\u00a0days").replace(
        "    title", "\u00a0   title"
    )
    assert reading.read_text(there, "policy.yaml") == reading.sample()


@pytest.mark.parametrize(
    ("group", "needed"),
    [
        ("raiser_clocks", "choose"),
        ("raiser_clocks", "consider"),
        ("raiser_clocks", "confirm"),
        ("team_clocks", "look"),
        ("team_clocks", "mend_delivery"),
    ],
)
@pytest.mark.parametrize("track", ["standard", "urgent"])
def test_a_question_without_a_clock_on_a_track_is_named(group: str, needed: str, track: str) -> None:
    values = reading.sample().model_dump(mode="json")
    for clock in values[group]:
        if clock["awaits"] == needed:
            del clock["limits"][track]
    with pytest.raises(ValueError, match=f"none for {needed} on the {track} track"):
        Policy.model_validate(values)


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file() -> None:
    text = SAMPLE.replace("number: 3", "number: 5").replace("within: 1 working day,", "within: 1 workday,")
    assert len(problems(text)) == 1, "what cannot be read hides what does not hold together"
    text = SAMPLE.replace("number: 3", "number: 5").replace("within: 40 working days", "within: 400 working days")
    text = text.replace("remind_before: [1 elapsed hour]", "remind_before: [2 elapsed hours]", 1)
    found = problems(text)
    assert len(found) == 3
    assert [problem.line for problem in found] == sorted(problem.line or 0 for problem in found)


# ---- Hostile and hopeless files -------------------------------------------------------------------------------------

FULL = reading.LARGEST_FILE
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
STAGES = "stages:\n" + "".join(
    f"  - {{number: {number}, title: T, clocks: [{ONE_CLOCK}]}}\n" for number in range(1, 1_001)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(LAUGHS, "unfolds to more than", id="billion laughs"),
        pytest.param("a: &a\n  - *a\n", "is not a part of a policy", id="a list in itself"),
        pytest.param("a: &a {b: *a}\n", "is not a part of a policy", id="a part of itself"),
        pytest.param("x: " + "[" * 10_000, "lists within lists without end", id="brackets"),
        pytest.param("".join(f"{' ' * depth}- a:\n" for depth in range(0, 200, 2)), "lists within lists", id="depth"),
        pytest.param("- " * 5_000, "lists within lists without end", id="dashes"),
        pytest.param(STAGES, "is larger than 40 kB", id="a thousand stages"),
        pytest.param("x" * 2_000_000, "is larger than 40 kB", id="two megabytes"),
        pytest.param("title: {a: b", "is not YAML that can be read", id="not YAML"),
        pytest.param("\t- x", "is not YAML that can be read", id="a tab"),
        pytest.param("\x00\x01", "a character that stands in no text", id="bytes"),
        pytest.param("", "is not a policy", id="nothing"),
        pytest.param("- one\n- two\n", "is not a policy", id="a list"),
        pytest.param("Dear colleague, here is our policy.", "is not a policy", id="a letter"),
        pytest.param("\n" * FULL, "is not a policy", id="blank lines"),
        pytest.param(" " * FULL, "is not a policy", id="spaces"),
        pytest.param(" \n" * (FULL // 2), "is not a policy", id="lines of a space"),
        pytest.param("- " * (FULL // 2), "lists within lists without end", id="40 kB of dashes"),
        pytest.param(("- " * 19 + "\n") * (FULL // 39), "lists within lists without end", id="lines of dashes"),
        pytest.param("'" * FULL, "is not a policy", id="quotes"),
        pytest.param('"' * FULL, "is not YAML that can be read", id="double quotes"),
        pytest.param("a: !!python/object/apply:os.system ['true']", "is missing", id="a program"),
    ],
)
def test_a_hostile_or_hopeless_file_is_refused_within_a_second(text: str, says: str) -> None:
    began = time.process_time()
    found = problems(text)
    assert time.process_time() - began < 1
    assert any(says in str(problem) for problem in found), [str(problem) for problem in found]


def test_blank_lines_cost_in_proportion_and_not_by_their_square() -> None:
    """Twice as many blank lines after a policy take about twice as long, however loaded the machine is."""

    def took(lines: int) -> float:
        began = time.process_time()
        for _ in range(3):
            reading.read_text(SAMPLE + "\n" * lines, "policy.yaml")
        return time.process_time() - began

    took(0)
    assert took(24_000) < 5 * took(6_000) + 0.3


@pytest.mark.parametrize("digits", ["0o" + "7" * 9_000, "0x" + "f" * 9_000, "9" * 9_000, "[1, " + "9" * 20 + "]"])
@pytest.mark.parametrize("key", ["id", "version", "region"])
def test_a_number_without_end_is_refused_with_its_line(key: str, digits: str) -> None:
    text = "".join(
        f"{key}: {digits}\n" if line.startswith(f"{key}:") else line for line in SAMPLE.splitlines(keepends=True)
    )
    (found,) = problems(text)
    number = next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(f"{key}:"))
    assert found.line == number
    assert "holds a number beyond" in found.sentence


@pytest.mark.parametrize("sign", [r"\0", r"\e[2J", r"\r", r"\u202E", r"\u2066", r"\N", r"\L"])
def test_a_sign_that_nobody_sees_is_refused_with_its_line(sign: str) -> None:
    """It would stand in pages, messages and terminals, and change how the rest of a line is read."""
    text = SAMPLE.replace('title: "', f'title: "{sign}', 1)
    (found,) = problems(text)
    assert found.line == next(number for number, line in enumerate(text.splitlines(), 1) if sign in line)
    assert found.sentence == "holds a sign that cannot be seen; write it again by hand, in plain text"


def test_whatever_the_reader_trips_over_is_a_problem_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def trips(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr("escalations.packs.reading.YAML.load", trips)
    (found,) = problems(f"{SAMPLE}# Not read before.\n")
    assert "cannot be read" in found.sentence


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("adopted_on", "1999-12-31", "adopted_on (1999-12-31) is before 2000"),
        ("review_due", "2099-12-31", "review_due (2099-12-31) is more than 20 years after in_force_from"),
    ],
)
def test_dates_that_no_policy_has_are_refused_in_a_sentence(old: str, new: str, says: str) -> None:
    text = re.sub(rf"{old}: .*", f'{old}: "{new}"', SAMPLE)
    assert any(says in str(problem) and problem.line for problem in problems(text))


def test_the_largest_file_that_is_read_is_read_within_a_second() -> None:
    padding = "".join(f'  - "assumption {number}, written out at some length"\n' for number in range(600))
    text = SAMPLE.replace("adoption:\n", padding + "adoption:\n", 1)
    assert len(text) < reading.LARGEST_FILE
    began = time.process_time()
    assert len(reading.read_text(text, "policy.yaml").assumptions) == len(reading.sample().assumptions) + 600
    assert time.process_time() - began < 1


def test_a_file_that_is_not_there_or_not_text_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(reading.NotAPolicyError, match="No such file"):
        reading.read(tmp_path / "nowhere.yaml")
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(reading.NotAPolicyError, match="is not UTF-8 text"):
        reading.read(path)
    path.write_bytes(b"x" * 100_000)
    with pytest.raises(reading.NotAPolicyError, match="larger than"):
        reading.read(path)


RESOLVE = "standard: {within: 5 working days, remind_before: [1 working day]}"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (RESOLVE, RESOLVE.replace("}", ", extend_at_most: 48 elapsed hours}"), "has to be in the unit of the limit"),
        (RESOLVE, RESOLVE.replace("}", ", extend_at_most: 300 working days}"), "300 working days is more than a year"),
        ("awaits: look", "awaits: look\n    may_pause: true", "awaits look, which is never stopped"),
        ("awaits: look", "awaits: look\n    may_extend: true", "awaits look, which is never extended"),
        ("awaits: look", "awaits: look\n    may_pause: maybe", "has to be true or false"),
        ("accounts_within:", "pause_at_most: 300 working days\naccounts_within:", "is more than a year"),
    ],
)
def test_what_is_paused_and_extended_is_checked(old: str, new: str, says: str) -> None:
    assert old in SAMPLE
    found = problems(SAMPLE.replace(old, new, 1))
    assert any(says in str(problem) and problem.line for problem in found), [str(problem) for problem in found]


def test_what_may_not_be_extended_has_no_longest_extension() -> None:
    text = SAMPLE.replace(RESOLVE, RESOLVE.replace("}", ", extend_at_most: 2 working days}"), 1)
    assert reading.read_text(text, "policy.yaml").stages[0].clocks[-1].limits[Track.STANDARD].extend_at_most is not None
    text = text.replace("awaits: respond", "awaits: respond\n        may_extend: false", 1)
    assert any("so leave extend_at_most out" in str(problem) for problem in problems(text))


def test_a_policy_that_says_nothing_of_pauses_has_the_text_that_it_had_before() -> None:
    """Its hash is what open cases find it by."""
    text = canonical(reading.sample())
    assert not [name for name in ("may_pause", "may_extend", "extend_at_most", "pause_at_most") if name in text]
    assert reading.sample().longest_pause.words() == "20 working days"
