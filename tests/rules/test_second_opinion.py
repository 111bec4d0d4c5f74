"""The second opinion counts every receipt again by another method, and names whatever does not agree."""

from __future__ import annotations

import ast
import copy
import json
import random  # noqa: TID251  a fixed seed
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import opinions
from escalations import explaining, second_opinion
from escalations.rules import workingtime
from escalations.rules.workingtime import Amount, Unit
from escalations.store import calendars
from tests.builders import Story, civil

FILE = Path(second_opinion.__file__)


def proof(start: str = "2027-03-24 15:30", amount: str = "3 working days") -> dict[str, Any]:
    calendar = calendars.build(workingtime.Region.ENGLAND_AND_WALES, 2027)
    counted = workingtime.receipt(
        calendar, start=civil(start), start_event="delivered", amount=Amount.parse(amount), rule="acknowledge"
    )
    given: dict[str, Any] = json.loads(workingtime.prove(calendar, counted).model_dump_json())
    return given


def test_lookup_receipt_and_second_opinion_agree_on_a_sample_of_random_deadlines() -> None:
    offices: dict[str, second_opinion.Office] = {}
    units, regions, seams = set(), set(), 0
    for one in opinions.asked(random.Random(2027), 2_000):  # noqa: S311  nothing secret
        office = offices.setdefault(one.calendar.content_hash, opinions.office_of(one.calendar))
        assert opinions.disagreement(one, office) is None
        units.add(one.amount.unit)
        regions.add(one.calendar.region)
        seams += (one.start.month, one.start.day) in {(3, 28), (10, 27), (12, 31)}
    assert units == set(Unit)
    assert len(regions) > 1
    assert seams > 20


def test_the_comparison_is_able_to_fail() -> None:
    chance = random.Random(1)  # noqa: S311  nothing secret
    one = next(one for one in opinions.asked(chance, 5_000) if one.amount.unit is Unit.WORKING_DAYS)
    office = opinions.office_of(one.calendar)
    for day in range(12):
        office.bank_holidays[one.start.date() + second_opinion.DAY * day] = "A day that we do not know of"
    assert opinions.disagreement(one, office) is not None


@pytest.mark.parametrize("amount", ["3 working days", "10 working hours", "48 elapsed hours", "5 calendar days"])
@pytest.mark.parametrize(
    "start", ["2027-03-24 15:30", "2027-03-27 23:30", "2027-10-30 09:00", "2027-12-31 16:59", "2027-10-31 00:30"]
)
def test_a_true_receipt_is_agreed_to(start: str, amount: str) -> None:
    assert second_opinion.differences(proof(start, amount)) == []


def _another_due(given: dict[str, Any]) -> None:
    given["receipt"]["due"] = "2027-03-30T16:00:00Z"


def _a_day_less(given: dict[str, Any]) -> None:
    del given["receipt"]["days"][2]


def _a_holiday_counted(given: dict[str, Any]) -> None:
    given["receipt"]["days"][2]["mark"] = "counted"


def _another_closure(given: dict[str, Any]) -> None:
    given["calendar"]["closures"] = [{"first": "2027-03-25", "last": "2027-03-25", "why": "added afterwards"}]


def _other_words(given: dict[str, Any]) -> None:
    given["receipt"]["due_words"] = "17:00 on Friday 2 April 2027"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_another_due, "the receipt says that it ends at 17:00 on Tuesday 30 March 2027; counted again, it ends at"),
        (_a_day_less, "Friday 2027-03-26 is left out of the receipt"),
        (_a_holiday_counted, "Friday 2027-03-26 is counted on the receipt, and bank_holiday counted again"),
        (_another_closure, "the calendar beside the receipt is not the one that its hash names"),
        (_other_words, 'the words "17:00 on Friday 2 April 2027" stand for'),
    ],
)
def test_what_was_changed_in_a_receipt_is_named(change: Callable[[dict[str, Any]], None], said: str) -> None:
    given = copy.deepcopy(proof())
    change(given)
    found = second_opinion.differences(given)
    assert any(said in one for one in found), found


def run(tmp_path: Path, content: object) -> tuple[int, str]:
    """Run a copy of the file alone, somewhere else, with nothing of ours to import."""
    copied = tmp_path / "second_opinion.py"
    copied.write_bytes(FILE.read_bytes())
    receipt = tmp_path / "receipt.json"
    receipt.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(copied), str(receipt)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_it_runs_alone_and_says_that_it_agrees(tmp_path: Path) -> None:
    code, said = run(tmp_path, {"anything": [proof(), proof(amount="8 working hours")]})
    assert code == 0
    assert said.splitlines()[0] == (
        "Agreed: 3 working days from 15:30 on Wednesday 24 March 2027 end at 17:00 on Wednesday 31 March 2027."
    )
    assert len(said.splitlines()) == 2


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ({}, 2, "There is no receipt in it"),
        ("not JSON", 2, "cannot be read as JSON"),
        ({**proof(), "calendar": {}}, 2, "NOT COUNTED: the receipt or its calendar does not say 'office_hours'."),
        ({**proof(), "receipt_hash": "0" * 64}, 1, "DIFFERS: 3 working days"),
        ({**proof(), "receipt": "a text"}, 2, "There is no receipt in it"),
        ({**proof(), "receipt": {"amount": 3}}, 2, "NOT COUNTED"),
        ({"due": "2027-03-30T16:00:00Z", "receipts": [proof()]}, 1, "DIFFERS: the sooner one is 17:00 on Wednesday"),
    ],
)
def test_what_does_not_agree_or_cannot_be_counted_ends_with_its_own_code(
    tmp_path: Path, content: object, code: int, said: str
) -> None:
    ended, told = run(tmp_path, content)
    assert (ended, said in told) == (code, True), told
    assert "Traceback" not in told


def test_the_account_of_a_case_is_counted_again_clock_by_clock() -> None:
    story = Story(start="2027-03-22 10:00").raised().at("2027-04-20 12:00")
    found = explaining.explain_all(story.case, story.happened)
    given = list(second_opinion.proofs(json.loads(json.dumps(explaining.as_data(story.case, found)))))
    assert len(given) == len(found) > 3
    assert [second_opinion.differences(one) for one in given] == [[]] * len(found)


def test_it_imports_the_standard_library_and_nothing_of_ours() -> None:
    imported = set()
    for node in ast.walk(ast.parse(FILE.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported - {"__future__"} <= set(sys.stdlib_module_names)
    assert "zoneinfo" not in imported
