"""`escalations deadline`: one deadline with its receipt, a table of them, a sentence for what cannot be meant."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalations import cli, deadlines, second_opinion
from escalations.rules import clocks, workingtime
from tests.builders import Story

FRIDAY = "2027-03-26T15:30"


def call(*arguments: str) -> str:
    result = CliRunner().invoke(cli.app, ["deadline", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def refused(*arguments: str) -> str:
    with pytest.raises(deadlines.NoDeadline) as problem:
        call(*arguments)
    return str(problem.value)


def test_a_deadline_is_shown_day_by_day_in_eighty_columns() -> None:
    said = call(
        "--from", FRIDAY, "--within", "3 working days", "--region", "england-and-wales",
        "--closure", "2027-04-01..2027-04-05=Easter holidays of the whole partnership, as it decided in January",
    )  # fmt: skip
    assert "Due 17:00 on Tuesday 6 April 2027" in said
    assert "bank holiday: Good Friday" in said
    assert "working day 3 of 3" in said
    assert max(len(line) for line in said.splitlines()) <= 80


def test_the_receipt_is_the_one_that_a_case_names() -> None:
    story = Story(start="2027-03-24 15:30").raised()
    clock = story.clock("acknowledge")
    said = json.loads(
        call(
            "--from", workingtime.civil(clock.started_at).isoformat(), "--within", "1 working day",
            "--event", "delivered", "--rule", "acknowledge", "--json",
        )
    )  # fmt: skip
    named = clocks.start(
        story.case, clocks.rule_of(story.case, clock), clock.started_at, agency_id=clock.agency_id
    ).receipt_hash
    assert said["receipts"][0]["receipt_hash"] == named
    assert second_opinion.differences(said["receipts"][0]) == []


def test_of_two_amounts_and_a_moment_the_sooner_counts() -> None:
    asked = ["--from", "2027-10-29T16:00", "--within", "1 working day", "--within", "24 elapsed hours"]
    assert "The sooner: due 16:00 on Saturday 30 October 2027" in call(*asked)
    assert "The sooner: due 09:00 on Saturday 30 October 2027" in call(*asked, "--or-by", "2027-10-30T09:00")


def test_office_hours_with_a_break_and_the_days_worked_count() -> None:
    said = call(
        "--from", "2027-03-24T12:00", "--within", "2 working hours", "--office-hours", "09:00-12:30,13:30-17:00",
        "--weekdays", "monday, wednesday",
    )  # fmt: skip
    assert "Due 15:00 on Wednesday 24 March 2027" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2027-03-28T01:30", "--within", "3 working days"), "never comes"),
        (("--from", "2027-10-31T01:30", "--within", "3 working days"), "comes twice"),
        (("--from", FRIDAY, "--within", "3 working dys"), 'Did you mean "3 working days"?'),
        (("--from", FRIDAY, "--within", "0 working days"), "is no time at all: write 1 or more"),
        (("--from", FRIDAY, "--within", "200000 working days"), "200000 is not a number of hours or days"),
        (("--from", FRIDAY, "--within", "9999 working days"), "lies outside the calendar for England and Wales"),
        (("--from", "2127-03-26T15:30", "--within", "1 working day"), "is outside 2000 to 2090"),
        (("--from", FRIDAY, "--within", "1 working day", "--region", "wales"), '"wales" is not a region'),
        (("--from", FRIDAY, "--within", "1 working day", "--closure", "2047-04-01"), "Check the year."),
        (("--from", FRIDAY, "--within", "1 working day", "--close", "08:00"), "later than the office opens"),
        (("--from", FRIDAY, "--within", "1 working day", "--weekdays", "mnday"), 'Did you mean "monday"?'),
        (("--within", "1 working day"), '"from" is empty: it has to say when the time begins'),
        ((), '"within" is empty: it has to say how long'),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    assert said in refused(*arguments)


def table(tmp_path: Path, text: str | bytes, *arguments: str) -> tuple[int, list[dict[str, str]]]:
    file = tmp_path / "asked.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = CliRunner().invoke(cli.app, ["deadline", "--csv", str(file), *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, list(csv.DictReader(io.StringIO(result.stdout)))


def test_a_table_is_answered_line_by_line_with_errors_beside_their_lines(tmp_path: Path) -> None:
    code, rows = table(
        tmp_path,
        "Case,From,Within,Region\n"
        "A,26/03/2027 15:30,3 working days,\n"
        "B,2027-03-28T01:30,1 working hour,\n"
        "\n"
        "C,2027-03-26T15:30,3 working days,scotland\n"
        "D,,,\n"
        "E,2027-03-26T15:30,3 working days,scotland,more\n",
    )
    assert code == 1
    assert [row["Case"] for row in rows] == ["A", "B", "C", "D", "E"]
    assert [row["due"] for row in rows] == ["2027-04-01T17:00:00+01:00", "", "2027-03-31T17:00:00+01:00", "", ""]
    assert rows[0]["due in words"] == "17:00 on Thursday 1 April 2027"
    assert "never comes" in rows[1]["error"]
    assert '"from" is empty' in rows[3]["error"]
    assert "This line has 5 cells, and the heading 4." in rows[4]["error"]


def test_answers_can_be_asked_again_and_what_the_command_says_holds_for_every_line(tmp_path: Path) -> None:
    code, rows = table(tmp_path, "from;due;error\n2027-03-26T15:30;old;old\n", "--within", "1 working day")
    assert (code, rows[0]["due"], rows[0]["error"]) == (0, "2027-03-30T17:00:00+01:00", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it names nothing"),
        ("start,length\n", "from and within among them"),
        ("from,within,from\n", "names the column from twice"),
    ],
)
def test_what_is_no_table_of_deadlines_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(deadlines.NoDeadline, match=said):
        table(tmp_path, text)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in refused("--csv", str(tmp_path / "nothing.csv"))
